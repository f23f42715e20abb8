"""Claims on the fund: delivered, examined within ten working days or approved by silence, paid through the bank (P3).

The way is `procedures/claim.yaml`; the money goes through `office.funds`. The halt and the account claims are paid to
are cases as well (`procedures/halt.yaml`, `procedures/payee.yaml`).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case, CaseClock
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind as MatterKind
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.payments import Events, Payee
from luoshi.office.organs.sealing import seal, unseal
from luoshi.programmes.agri_guarantee import archive, fund, lending, recovery
from luoshi.programmes.agri_guarantee.decisions.settings import FUND
from luoshi.programmes.agri_guarantee.models import Claim, Halt, Loan, PayeeAccount

CLAIM, HALT, PAYEE = "agri_guarantee.claim", "agri_guarantee.halt", "agri_guarantee.payee"
_REVIEW = f"{FUND} 第十二条"
_PAPERS = ("payment_form", "payout_notice", "payout_certificate")


# --- a claim is delivered ---------------------------------------------------------------------------------------------


@effect("agri_guarantee.claim_opened")
def claim_opened(turn: Turn) -> None:
    """Take borrower and bank from the register of loans; nothing is paid out for a loan before it was disbursed."""
    told = turn.facts
    loan = lending.loan_of(str(told["loan"]))
    if loan is None:
        lacking = {name: "台账里没有这笔贷款，请填写" for name in ("borrower", "bank") if not told.get(name)}
        if lacking:
            raise LuoshiError(
                "E_INPUT", f"台账里没有“{told['loan']}”这笔贷款，请核对编号。", fields={"fields": lacking}
            )
        return
    if not loan.disbursed:
        raise LuoshiError("E_STATE", f"{loan.number}还没有放款，不能代偿。", fields={"fields": {"loan": "还没有放款"}})
    told |= {"borrower": loan.borrower, "bank": concern.title(loan.bank), "in_programme": True,
             "contract_on": loan.signed_on.isoformat()}  # fmt: skip


def _earlier(turn: Turn) -> list[Claim]:
    rows = Claim.objects.filter(loan=str(turn.facts["loan"]), live=True).exclude(case=turn.case)
    return list(rows.order_by("part"))


def _told(turn: Turn) -> dict[str, Any]:
    """What is known of a claim: a loan of the register is one of the programme, whatever was ticked."""
    told = turn.facts | turn.data
    loan = lending.loan_of(str(told["loan"]))
    return told if loan is None else told | {"in_programme": True, "contract_on": loan.signed_on.isoformat()}


@facts("agri_guarantee.claim_facts")
def claim_facts(turn: Turn) -> dict[str, Any]:
    """What a claim is computed from: the payouts of the loan so far and this one, what was claimed, the papers."""
    told, before = _told(turn), _earlier(turn)
    again = any(one.certificate_no == told.get("certificate_no") and one.bank == told.get("bank") for one in before)
    halt = fund.live_halt()
    return {
        "payouts": [*(one.payout for one in before), int(told["payout"])],
        "compensated": [one.compensation for one in before],
        "in_programme": bool(told.get("in_programme")),
        "paid": bool(told.get("paid_out_on")),
        "payment_form": bool(told.get("sealed")),
        **{name: bool(told.get(name)) for name in _PAPERS[1:]},
        "not_claimed_before": not again,
        "halt_period": halt is not None and day_of(halt.halted_at).isoformat() <= str(told.get("contract_on") or ""),
    }


@effect("agri_guarantee.deliver")
def deliver(turn: Turn) -> None:
    """Enter payout and claim, each once; the receipt is issued by the server, dated today."""
    told, before = _told(turn), _earlier(turn)
    archive.require_delegation(turn.organ, "claim", day_of(turn.at))
    loss, payout = int(told["loss"]), int(told["payout"])
    paid_on = datetime.date.fromisoformat(str(told["paid_out_on"]))
    if payout > loss:
        raise LuoshiError("E_INPUT", "代偿金额大于损失基数，请核对。", fields={"fields": {"payout": "大于损失基数"}})
    shared = fund.decide("agri_guarantee.sharing", {"loss": loss, "payout": payout}).value
    taken = fund.decide("agri_guarantee.compensation", claim_facts(turn))
    fields = {
        "loan": str(told["loan"]), "borrower": str(told["borrower"])[:100], "bank": str(told["bank"])[:80],
        "loss": loss, "payout": payout, "compensation": taken.value["amount"], "paid_out_on": paid_on,
        "notice_no": str(told["notice_no"])[:60], "certificate_no": str(told["certificate_no"])[:60],
        "deviates": shared["deviation"], "flags": taken.value["flags"], "delivered_at": turn.at,
        "received_on": day_of(turn.at), "live": True, "tacit": False,
    }  # fmt: skip
    try:
        with transaction.atomic():
            row = Claim.objects.filter(case=turn.case).first()
            first = row is None
            if row is None:
                row = Claim(case=turn.case, part=1 + max((one.part for one in before), default=0))
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()
    except IntegrityError:
        raise LuoshiError(
            "E_DUPLICATE", "这笔代偿或这份代偿证明书已经申请过补偿，请核对贷款编号和证明书编号。",
            fields={"fields": {"certificate_no": "已经申请过"}},
        ) from None  # fmt: skip
    if first:
        lending.paid_out(row.loan, int(told.get("principal") or payout))
        recovery.begin(row.loan, row.borrower, turn.case)
    turn.case.facts |= {"compensation": row.compensation, "received_on": row.received_on.isoformat(),
                        "deviates": row.deviates, "flags": row.flags}  # fmt: skip
    turn.tell("reviewer", f"拨款单 {turn.case.number} 已送达，十个工作日内未办即视为无异议")


def claim_of(case: Case) -> Claim:
    """Return the claim of a case, locked."""
    return Claim.objects.select_for_update().get(case=case)


@effect("agri_guarantee.examined")
def examined(turn: Turn) -> None:
    """A payout that is not the share of the loss must have been seen before it is approved."""
    archive.require_unrelated(turn)
    row = claim_of(turn.case)
    if row.deviates and not turn.data.get("deviation_seen"):
        raise LuoshiError(
            "E_INCOMPLETE", "实际代偿与应代偿不同，请看过偏差后勾选“已看到偏差”。",
            fields={"fields": {"deviation_seen": "请勾选"}},
        )  # fmt: skip


@effect("agri_guarantee.unrelated_leader")
def unrelated_leader(turn: Turn) -> None:
    """Nobody approves a claim on a loan of the own household or firm."""
    archive.require_unrelated(turn)


@effect("agri_guarantee.returned")
def returned(turn: Turn) -> None:
    """A claim sent back is no claim until it is delivered again: its certificate may be claimed by another."""
    Claim.objects.filter(case=turn.case).update(live=False)


@effect("agri_guarantee.tacit")
def tacit(turn: Turn) -> None:
    """Silence approved; it is recorded for supervision."""
    Claim.objects.filter(case=turn.case).update(tacit=True)
    audit.append(actor=PROGRAM, act="agri.tacit", subject=f"case:{turn.case.pk}", permission="case.act",
                 after={"number": turn.case.number, "at": turn.at}, basis=_REVIEW)  # fmt: skip
    turn.tell("company", f"拨款单 {turn.case.number} 期满视为无异议，可凭拨款单和收到回执通知托管机构")


def open_and_deliver(*, actor: Actor, loan: Loan, loss: str, payout: str, data: Mapping[str, Any]) -> int:
    """Open a claim for a payout of a loan and deliver it, all or nothing; return the case's id."""
    with transaction.atomic():
        case = cases.open_case(
            actor=actor, procedure=CLAIM, title=f"{loan.borrower}代偿补偿",
            facts={"loan": loan.number, "loss": loss, "payout": payout},
        )  # fmt: skip
        cases.act(actor=actor, case=case.pk, step="deliver", data=data)
    return int(case.pk)


# --- it is paid -------------------------------------------------------------------------------------------------------


def payee() -> Payee:
    """Return the account claims are paid to; E_STATE before one was approved by both sides."""
    row = PayeeAccount.objects.order_by("-pk").first()
    if row is None:
        raise LuoshiError("E_STATE", "还没有双方同意的收款账户，请先办理“补偿收款账户”。")
    return Payee(row.name, unseal(row.suite, row.sealed, f"agri_payee.{row.case_id}"), row.bank)


@effect("agri_guarantee.notified")
def notified(turn: Turn) -> None:
    """The office of the company notifies on its behalf: it needs a live delegation."""
    archive.require_delegation(turn.organ, "claim", day_of(turn.at))


@effect("agri_guarantee.ready")
def ready(turn: Turn) -> None:
    """From now on the claim is to be paid; claims are paid in this order."""
    Claim.objects.filter(case=turn.case).update(ready_at=turn.at)


WAITING = ("approved", "notified", "failed", "queued")


def before(row: Claim) -> list[Claim]:
    """Return the claims that are to be paid before this one and are not yet instructed."""
    rows = Claim.objects.filter(live=True, ready_at__isnull=False, case__state__in=WAITING).exclude(pk=row.pk)
    if row.ready_at is not None:
        rows = rows.filter(ready_at__lte=row.ready_at)
        rows = rows.exclude(ready_at=row.ready_at, pk__gt=row.pk)
    return list(rows.select_related("case").order_by("ready_at", "pk"))


def room() -> tuple[int, int]:
    """Return what demand money may be instructed now, drafts taken off, and what the fund has besides in placements."""
    book = fund.fund()
    now = fund.figures(book, fund.state_of(book, lock=True))
    drafted = PaymentInstruction.objects.filter(book=book, state=PaymentInstruction.State.DRAFTED, replaces=None)
    waiting = sum(drafted.exclude(events__instructed="J12").values_list("amount", flat=True))
    return now.free - waiting, now.placed


@effect("agri_guarantee.instruct")
def instruct(turn: Turn) -> None:
    """Draft the payment; another hand checks it in the funds' room, then it goes to the bank.

    Where the fund is short what it allows is paid, in the order of approval or notice; the rest is queued.
    """
    row = claim_of(turn.case)
    back = _came_back(row)
    if back is not None:
        row.payment = payments.reissue(actor=turn.actor, payment=back.pk, payee=payee(), reason="付后退回")
    else:
        amount = _payable(row)
        tries = PaymentInstruction.objects.filter(claim=turn.case.number, book__key=fund.BOOK).count()
        row.payment = payments.draft_payment(
            actor=turn.actor, book=fund.BOOK, claim=turn.case.number, part=1 + tries,
            lines=[("3101", row.loan, amount)], transit="2001", account="1001", payee=payee(),
            purpose=f"补偿 {row.loan}", basis=_REVIEW, case=turn.case.number, events=Events("J3", "J4", "J5", "J6"),
            due_on=_pay_by(turn),
        )  # fmt: skip
    row.save(update_fields=["payment"])
    turn.tell("checker", f"补偿 {turn.case.number} 的付款待复核")


def _pay_by(turn: Turn) -> datetime.date | None:
    """Return the last day on which the custodian pays in time."""
    ends = [one.until for one in turn.clocks if one.limit == "payment" and one.state == CaseClock.State.RUNNING]
    return day_of(ends[0] - datetime.timedelta(seconds=1)) if ends else None


def _came_back(row: Claim) -> PaymentInstruction | None:
    """Return the payment of a claim whose money came back and has not been sent again."""
    state = PaymentInstruction.State
    sent = PaymentInstruction.objects.filter(claim=row.case.number, book__key=fund.BOOK)
    again = sent.filter(replaces__isnull=False).exclude(state=state.CANCELLED).values("replaces")
    owed = sent.filter(state=state.RETURNED) | sent.filter(state=state.FAILED, replaces__isnull=False)
    return owed.exclude(pk__in=again).order_by("pk").first()


def _payable(row: Claim) -> int:
    """Return what may be instructed of a claim now (fen). Errors: E_STATE (others come first), E_CAPACITY (nothing)."""
    free, placed = room()
    left = row.compensation - row.settled
    ahead = before(row)
    first = sum(one.compensation - one.settled for one in ahead)
    if free >= first + left:
        return left
    if free + placed >= first + left:
        raise LuoshiError(
            "E_CAPACITY", f"可动用活期 {Money(max(free, 0))} 元不够，存放还有 {Money(placed)} 元，请先提前支取。",
            fields={"room": max(free, 0), "placed": placed}, citation=f"{FUND} 第九条",
        )  # fmt: skip
    if ahead and free < first + left:
        raise LuoshiError(
            "E_STATE", f"基金不足，先同意或通知的先付：{ahead[0].case.number} 在前，请先办。",
            fields={"case": ahead[0].case_id, "number": ahead[0].case.number}, citation=f"{FUND} 第五条",
        )  # fmt: skip
    if placed:
        raise LuoshiError(
            "E_CAPACITY", f"可动用活期 {Money(max(free, 0))} 元不够，请先提前支取存放 {Money(placed)} 元。",
            fields={"room": max(free, 0), "placed": placed}, citation=f"{FUND} 第九条",
        )  # fmt: skip
    if free <= 0:
        raise LuoshiError(
            "E_CAPACITY", "基金没有可以支付的钱，请按“基金不足，排队待付”，并请财政补充。", fields={"room": 0},
            citation=f"{FUND} 第五条",
        )  # fmt: skip
    return free


@effect("agri_guarantee.queued")
def queued(turn: Turn) -> None:
    """Only where the fund is short: Finance owes an urgent replenishment."""
    row = claim_of(turn.case)
    free, placed = room()
    left = row.compensation - row.settled
    if free + placed >= left + sum(one.compensation - one.settled for one in before(row)):
        raise LuoshiError("E_STATE", "基金够付，不用排队，请拟付款指令。")
    ask_for_money(turn, row, left)


def ask_for_money(turn: Turn, row: Claim, left: int) -> None:
    """Tell Finance that the fund cannot pay what it owes: a matter, urgent."""
    push_matter(
        actor=PROGRAM, module="agri-guarantee", external_id=f"replenish:{turn.case.number}:{row.settled}",
        kind=MatterKind.INSPECTION_RECTIFICATION, title=f"补充风险补偿基金：{turn.case.number}尚欠{Money(left)}元",
        organ="finance", due_on=day_of(turn.at), basis=f"{FUND} 第五条", href="/guarantee/fund/",
    )  # fmt: skip


def _settled(row: Claim) -> int:
    sent = PaymentInstruction.objects.filter(claim=row.case.number, book__key=fund.BOOK,
                                             state=PaymentInstruction.State.CONFIRMED)  # fmt: skip
    return int(sum(sent.values_list("amount", flat=True)))


def _confirmed(turn: Turn) -> Claim:
    row = claim_of(turn.case)
    if row.payment is None or row.payment.state != PaymentInstruction.State.CONFIRMED:
        raise LuoshiError("E_STATE", "银行还没有确认付款成功，不能办结。")
    row.settled = _settled(row)
    return row


@effect("agri_guarantee.paid")
def paid(turn: Turn) -> None:
    """Close the claim when the bank has confirmed all of it; a person's word for it is not enough."""
    row = _confirmed(turn)
    if row.settled < row.compensation:
        raise LuoshiError("E_STATE", f"还有 {Money(row.compensation - row.settled)} 元没有支付，不能办结。")
    row.paid_on = day_of(turn.at)
    row.save(update_fields=["paid_on", "settled"])
    recovery.move_waiting(row.loan, PROGRAM)


@effect("agri_guarantee.paid_part")
def paid_part(turn: Turn) -> None:
    """The bank has confirmed a part: the rest waits until the fund has money again."""
    row = _confirmed(turn)
    if row.settled >= row.compensation:
        raise LuoshiError("E_STATE", "已经全部支付，请按“银行确认支付”。")
    row.save(update_fields=["settled"])
    recovery.move_waiting(row.loan, PROGRAM)
    ask_for_money(turn, row, row.compensation - row.settled)


@effect("agri_guarantee.unpaid")
def unpaid(turn: Turn) -> None:
    """The payment failed, was refused by the checker, or came back: only then may it be instructed again."""
    row = claim_of(turn.case)
    payment = row.payment
    gone = (PaymentInstruction.State.FAILED, PaymentInstruction.State.RETURNED, PaymentInstruction.State.CANCELLED)
    if (payment is None or payment.state not in gone) and _came_back(row) is None:
        raise LuoshiError("E_STATE", "这笔付款没有失败，不能重新指令。")
    row.paid_on, row.settled = None, _settled(row)
    row.save(update_fields=["paid_on", "settled"])


def bank_said(payment: PaymentInstruction, step: str) -> None:
    """Move the claim of a payment on, by what the bank said: `pay`, `fail` or `come_back`."""
    row = Claim.objects.filter(case__number=payment.claim).select_related("case").first()
    if row is None:
        return
    if step == "come_back" and row.case.state == "instructed":
        # Another part is on its way: what came back is sent again when that one is done.
        Claim.objects.filter(pk=row.pk).update(settled=_settled(row))
        return
    if step == "pay" and _settled(row) < row.compensation:
        step = "pay_part"
    cases.act(actor=PROGRAM, case=row.case_id, step=step, data={})


# --- the account, the halt --------------------------------------------------------------------------------------------


@effect("agri_guarantee.payee_approved")
def payee_approved(turn: Turn) -> None:
    """Both sides approved: claims are paid to this account from now on; its number is kept sealed."""
    told = turn.facts
    number = str(told.get("number") or "")
    suite, sealed = seal(number, f"agri_payee.{turn.case.pk}")
    PayeeAccount.objects.create(name=str(told["name"])[:100], bank=str(told["payee_bank"])[:100], suite=suite,
                                sealed=sealed, tail=number[-4:], case=turn.case, at=turn.at)  # fmt: skip


@effect("agri_guarantee.enquire")
def enquire(turn: Turn) -> None:
    """The enquiry is about the halt in force; there is none without one."""
    row = fund.live_halt()
    if row is None:
        raise LuoshiError("E_STATE", "业务没有暂停，不需要核查。")
    Halt.objects.filter(pk=row.pk).update(case=turn.case)


@effect("agri_guarantee.resume")
def resume(turn: Turn) -> None:
    """The leading group's decision ends the halt."""
    told = turn.facts | turn.data
    fund.resume(actor=turn.actor, cause=str(told.get("cause") or ""), measures=str(told.get("measures") or ""),
                decision_no=str(told.get("decision_no") or ""))  # fmt: skip
