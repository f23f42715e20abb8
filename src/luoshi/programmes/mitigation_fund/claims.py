"""Claims for lost principal (P3): filed, voted on by three organs, instructed in turn, paid, recovered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import actions, hooks, payments
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.office.funds.orders import credit, debit
from luoshi.office.permissions import require
from luoshi.programmes.mitigation_fund import fund
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ORGAN, ROOM, decide, refuse
from luoshi.programmes.mitigation_fund.models import Agreement, Claim, ClaimVote

State = Claim.State


def masked(data: dict[str, Any]) -> dict[str, Any]:
    """Return what a step was told as its case may keep it: of a payee's account the last four digits."""
    return data | {"payee_number": f"**** {str(data['payee_number'])[-4:]}"}


def file_claim(
    *,
    actor: Actor,
    agreement: Agreement,
    number: str,
    contract_no: str,
    firm: str,
    facts: Mapping[str, Any],
    case: str | None = None,
) -> Claim:
    """File a bank's claim: `facts` are those of `mitigation_fund.loss` and of `mitigation_fund.coverage`.

    `case` is the number of the case it is filed by (whose parties were asked already); a claim sent back is filed anew.
    Errors: E_FORBIDDEN, E_RULE (not covered, no loss, the paper is not final), E_DUPLICATE (a second claim for a loan).
    """
    if case is None:
        require(actor, "fund.post", [ORGAN])
    shared, asked = {"approved", "disbursed"}, {"passed_on", "disbursed_on", "passed", "old_repaid"}
    lost = {name: value for name, value in facts.items() if name not in asked}
    told = {name: value for name, value in facts.items() if name in shared | asked}
    cover = decide("coverage", told)
    if not cover.value.get("covered"):
        refuse(cover, "不在基金保障内")
    taken = decide("loss", lost)
    refuse(taken, "补偿申请不成立")
    half = decide("compensation", {**lost, "balance": 10**16})
    refuse(half, "补偿申请不成立")
    if facts.get("judicial_end") is None:
        raise LuoshiError(
            "E_INCOMPLETE", "缺少司法终结文书：终结执行裁定或破产程序终结裁定。", citation=f"{RULES} 第十五条"
        )
    try:
        with transaction.atomic():
            row = Claim.objects.filter(case_id=case).first() if case else None
            row = row or Claim(agreement=agreement, number=number, contract_no=contract_no, firm=firm, case_id=case)
            row.principal, row.recovered = int(facts["principal"]), int(facts.get("recovered", 0))
            row.approved, row.disbursed = int(facts["approved"]), int(facts["disbursed"])
            row.loss, row.half, row.receipt = taken.value["loss"], half.value["half"], half.receipt
            row.filed_at, row.state = CLOCK.now(), State.FILED
            row.save()
            audit.append(
                actor=actor, act="mitigation.claim", subject=f"claim:{number}", permission="fund.post",
                after={"loss": row.loss, "half": row.half, "contract": contract_no}, basis=f"{RULES} 第十五条",
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", f"合同 {contract_no} 已申请过补偿。") from None
    return row


def vote(*, actor: Actor, claim: int, organ: str, passes: bool, reason: str = "") -> Claim:
    """Vote for an organ; three passes pass the claim, one rejection ends it. Return the claim.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE, E_DUPLICATE (the organ has voted), E_INCOMPLETE (a rejection without
    reason), E_INPUT (no member).
    """
    if organ not in ClaimVote.Organ.values:
        raise LuoshiError("E_INPUT", "只有金融服务中心、财政局、税务局表决。", fields={"field": "organ"})
    require(actor, "mitigation.vote", [organ])
    if not passes and not reason.strip():
        raise LuoshiError("E_INCOMPLETE", "不通过要写明原因。", fields={"field": "reason"})
    with transaction.atomic():
        row = locked(claim)
        if row.case_id is not None:
            raise LuoshiError("E_STATE", f"{row.number} 在会签里表决，请在办件里办理。")
        if row.votes.filter(organ=organ).exists():
            raise LuoshiError("E_DUPLICATE", f"{ClaimVote.Organ(organ).label}已经表决，不能再改。")
        if row.state != State.FILED:
            raise LuoshiError(
                "E_STATE", f"{row.number} {row.get_state_display()}，不在表决。", fields={"state": row.state}
            )
        ClaimVote.objects.create(
            claim=row, organ=organ, passes=passes, reason=reason.strip()[:300], voter=actor.name[:100], at=CLOCK.now()
        )
        names = {"local-finance-center": "centre", "finance": "finance", "tax": "tax"}
        votes = {names[one.organ]: "pass" if one.passes else "reject" for one in row.votes.all()}
        taken = decide("review", {"platform": False, **votes})
        if taken.value["result"] == "PASS":
            row.state, row.passed_at = State.PASSED, CLOCK.now()
        elif taken.value["result"] == "REJECTED":
            row.state = State.REJECTED
        row.save()
        audit.append(
            actor=actor, act="mitigation.vote", subject=f"claim:{row.number}", permission="mitigation.vote",
            after={"organ": organ, "passes": passes, "state": row.state}, basis=f"{RULES} 第三条",
        )  # fmt: skip
    return row


def instruct(*, actor: Actor, claim: int, payee: payments.Payee) -> PaymentInstruction | None:
    """Draft the payment of a passed claim; None where there is nothing to pay: the claim is closed with its reason.

    What the first instruction fixed is paid again unchanged when it failed. Errors: E_FORBIDDEN, E_STATE (not passed,
    or an earlier claim waits: first those that passed first), those of drafting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        row = locked(claim)
        if row.state != State.PASSED:
            raise LuoshiError(
                "E_STATE", f"{row.number} {row.get_state_display()}，不能发指令。", fields={"state": row.state}
            )
        _in_turn(row)
        amount = row.compensation if row.compensation is not None else amount_now(row)
        if amount == 0:
            row.state, row.compensation = State.CLOSED, 0
            row.closing = "专户余额不足或损失不足一分，补偿为零，不记账"
            row.save()
            audit.append(
                actor=actor, act="mitigation.close", subject=f"claim:{row.number}", permission="fund.post",
                after={"compensation": 0}, basis=f"{RULES} 第十五条",
            )  # fmt: skip
            return None
        return payments.draft_payment(
            actor=actor, book=row.agreement.book.key, claim=row.number, lines=[("3101", row.number, amount)],
            transit="2001", account="1001", payee=payee, purpose="本金损失补偿", basis=f"{RULES} 第十五条",
            case=row.number, events=payments.Events("J3", "J4", "J5", "R"), meta={"claim": row.pk},
        )  # fmt: skip


def amount_now(row: Claim) -> int:
    """Return G now: the half, at most what the account has free for it."""
    facts = {"loss": row.loss, "balance": max(fund.available(row.agreement.book), 0)}
    return int(decide("compensation", facts).value["compensation"])


def _in_turn(row: Claim) -> None:
    first = (
        Claim.objects.filter(agreement=row.agreement, state=State.PASSED, compensation__isnull=True)
        .order_by("passed_at", "number")
        .first()
    )
    if row.compensation is None and first is not None and first.pk != row.pk:
        raise LuoshiError(
            "E_STATE",
            f"{first.number} 先通过，应先发指令。",
            fields={"first": first.number},
            citation=f"{RULES} 第十五条",
        )


def locked(claim: int) -> Claim:
    """Return a claim, its account and itself locked; E_NOT_FOUND."""
    row = Claim.objects.select_related("agreement__book").filter(pk=claim).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这件补偿申请。")
    # The account first, as every posting locks it; then the claim as it stands under that lock.
    Book.objects.select_for_update().get(pk=row.agreement.book_id)
    return Claim.objects.select_for_update(of=("self",)).select_related("agreement__book").get(pk=claim)


# --- told by the bank -------------------------------------------------------------------------------------------------


def _of(told: hooks.Told) -> Claim | None:
    pk = told.payment.meta.get("claim") if told.payment is not None else None
    return None if pk is None else locked(int(pk))


@hooks.on(ROOM, "payment.instructed")
def instructed(told: hooks.Told) -> None:
    """The first instruction fixes G, tested again under the account's lock; interest and suspense never pay."""
    row, payment = _of(told), told.payment
    if payment is None:
        return
    now = fund.figures(told.book).balance - fund.committed(told.book, row.pk if row else None)
    if row is None:
        if payment.events.get("instructed") == "J11" and now < 0:
            raise LuoshiError("E_CAPACITY", f"基金余额只够 {Money(max(now + payment.amount, 0))} 元。")
        return
    _in_turn(row)
    if row.compensation is None:
        facts = {"loss": row.loss, "balance": max(now + payment.amount, 0)}
        due = decide("compensation", facts).value["compensation"]
        if due != payment.amount:
            raise LuoshiError(
                "E_CAPACITY", f"专户余额变了，{row.number} 现应补偿 {Money(due)} 元，请退回重拟。", fields={"due": due}
            )
        row.compensation = payment.amount
    elif now < 0:
        raise LuoshiError("E_CAPACITY", "专户余额不够再付这笔补偿。", fields={"room": max(now + payment.amount, 0)})
    row.state = State.INSTRUCTED
    row.save()


moved_on: list[Callable[[Claim, str], None]] = []
"""Who is told when the bank has paid a claim, refused it or sent the money back: `pay`, `fail`, `come_back`."""
paid_out: list[Callable[[PaymentInstruction, str], None]] = []
"""Who is told the same of a payment that is no compensation."""


@hooks.on(ROOM, "payment.confirmed")
def confirmed(told: hooks.Told) -> None:
    """The bank has paid."""
    _moved(told, State.PAID, "pay")


@hooks.on(ROOM, "payment.failed")
def failed(told: hooks.Told) -> None:
    """The bank refused: G stays committed, or in transit when it had come back, and is instructed again unchanged."""
    payment = told.payment
    again = payment is not None and payment.replaces_id is not None
    _moved(told, State.INSTRUCTED if again else State.PASSED, "fail")


@hooks.on(ROOM, "payment.returned")
def returned(told: hooks.Told) -> None:
    """The payee's bank sent it back: in transit again, paid by a new instruction."""
    _moved(told, State.INSTRUCTED, "come_back")


def _moved(told: hooks.Told, state: Claim.State, step: str) -> None:
    row = _of(told)
    if row is None:
        if told.payment is not None:
            for tell_out in paid_out:
                tell_out(told.payment, step)
        return
    row.state = state
    row.save()
    if row.case_id is not None:
        for tell in moved_on:
            tell(row, step)


def recovered(row: Claim, amount: int) -> tuple[int, int]:
    """Note money recovered after payment that the bank sent in; return the fund's part and what is too much (fen).

    What comes in is the fund's part of a recovery as the bank reckons it: it is booked up to G, never beyond.
    """
    held = locked(row.pk)
    part = min(amount, (held.compensation or 0) - held.recovered_after)
    held.recovered_after += part
    held.save()
    return part, amount - part


def recover(*, actor: Actor, claim: int, amount: int, key: str, txn: str = "") -> int:
    """Book the fund's part of `amount` recovered from the debtor after payment (J6); return that part (fen).

    Errors: E_FORBIDDEN, E_STATE (not paid), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        row = locked(claim)
        if row.state != State.PAID:
            raise LuoshiError("E_STATE", f"{row.number} 尚未补偿。", fields={"state": row.state})
        taken = decide("recovery", {
            "compensation": row.compensation, "loss": row.loss, "recovered": amount, "before": row.recovered_all,
            "fund_before": row.recovered_after,
        })  # fmt: skip
        part = int(taken.value["fund"])
        if fund.known(row.agreement.book, key):
            return part
        row.recovered_all += amount
        row.recovered_after += part
        row.save()
        if part:
            actions.post(
                book=row.agreement.book.key, actor=actor, key=key, value_on=CLOCK.today(), event="J6", case=row.number,
                lines=[debit("1001", part, bank_txn_no=txn), credit("3002", part, row.number)],
                memo=f"追回归基金 {row.number}", basis=f"{RULES} 第十五条",
            )  # fmt: skip
    return part
