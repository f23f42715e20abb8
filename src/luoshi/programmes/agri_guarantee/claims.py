"""Claims on the fund: delivered, examined within ten working days or approved by silence, paid through the bank (P3).

The way is `procedures/claim.yaml`; the money goes through `office.funds`. The halt and the account claims are paid to
are cases as well (`procedures/halt.yaml`, `procedures/payee.yaml`).
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit import actions as audit
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.payments import Events, Payee
from luoshi.office.organs.sealing import seal, unseal
from luoshi.programmes.agri_guarantee import fund
from luoshi.programmes.agri_guarantee.decisions.settings import FUND
from luoshi.programmes.agri_guarantee.models import Claim, Halt, PayeeAccount

CLAIM, HALT, PAYEE = "agri_guarantee.claim", "agri_guarantee.halt", "agri_guarantee.payee"
_REVIEW = f"{FUND} 第十二条"
_PAPERS = ("payment_form", "payout_notice", "payout_certificate")


# --- a claim is delivered ---------------------------------------------------------------------------------------------


def _earlier(turn: Turn) -> list[Claim]:
    rows = Claim.objects.filter(loan=str(turn.facts["loan"]), live=True).exclude(case=turn.case)
    return list(rows.order_by("part"))


@facts("agri_guarantee.claim_facts")
def claim_facts(turn: Turn) -> dict[str, Any]:
    """What a claim is computed from: the payouts of the loan so far and this one, what was claimed, the papers."""
    told, before = turn.facts | turn.data, _earlier(turn)
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
    told, before = turn.facts | turn.data, _earlier(turn)
    loss, payout = int(told["loss"]), int(told["payout"])
    paid_on = datetime.date.fromisoformat(str(told["paid_out_on"]))
    if paid_on > day_of(turn.at):
        raise LuoshiError("E_FUTURE", "代偿日期晚于今天，请核对。", fields={"fields": {"paid_out_on": "晚于今天"}})
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
    turn.case.facts |= {"compensation": row.compensation, "received_on": row.received_on.isoformat(),
                        "deviates": row.deviates, "flags": row.flags}  # fmt: skip
    turn.tell("reviewer", f"拨款单 {turn.case.number} 已送达，十个工作日内未办即视为无异议")


def claim_of(case: Case) -> Claim:
    """Return the claim of a case, locked."""
    return Claim.objects.select_for_update().get(case=case)


@effect("agri_guarantee.examined")
def examined(turn: Turn) -> None:
    """A payout that is not the share of the loss must have been seen before it is approved."""
    row = claim_of(turn.case)
    if row.deviates and not turn.data.get("deviation_seen"):
        raise LuoshiError(
            "E_INCOMPLETE", "实际代偿与应代偿不同，请看过偏差后勾选“已看到偏差”。",
            fields={"fields": {"deviation_seen": "请勾选"}},
        )  # fmt: skip


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


# --- it is paid -------------------------------------------------------------------------------------------------------


def payee() -> Payee:
    """Return the account claims are paid to; E_STATE before one was approved by both sides."""
    row = PayeeAccount.objects.order_by("-pk").first()
    if row is None:
        raise LuoshiError("E_STATE", "还没有双方同意的收款账户，请先办理“补偿收款账户”。")
    return Payee(row.name, unseal(row.suite, row.sealed, f"agri_payee.{row.case_id}"), row.bank)


@effect("agri_guarantee.instruct")
def instruct(turn: Turn) -> None:
    """Draft the payment; another hand checks it in the funds' room, then it goes to the bank."""
    row = claim_of(turn.case)
    if row.payment is not None and row.payment.state == PaymentInstruction.State.RETURNED:
        row.payment = payments.reissue(actor=turn.actor, payment=row.payment_id or 0, payee=payee(), reason="付后退回")
    else:
        tries = PaymentInstruction.objects.filter(claim=turn.case.number, book__key=fund.BOOK).count()
        row.payment = payments.draft_payment(
            actor=turn.actor, book=fund.BOOK, claim=turn.case.number, part=1 + tries,
            lines=[("3101", row.loan, row.compensation)], transit="2001", account="1001", payee=payee(),
            purpose=f"补偿 {row.loan}", basis=_REVIEW, case=turn.case.number, events=Events("J3", "J4", "J5", "J6"),
        )  # fmt: skip
    row.save(update_fields=["payment"])
    turn.tell("checker", f"补偿 {turn.case.number} 的付款待复核")


@effect("agri_guarantee.paid")
def paid(turn: Turn) -> None:
    """Close the claim when the bank has confirmed; a person's word for it is not enough."""
    row = claim_of(turn.case)
    payment = row.payment
    if payment is None or payment.state != PaymentInstruction.State.CONFIRMED:
        raise LuoshiError("E_STATE", "银行还没有确认付款成功，不能办结。")
    row.paid_on = day_of(turn.at)
    row.save(update_fields=["paid_on"])


@effect("agri_guarantee.unpaid")
def unpaid(turn: Turn) -> None:
    """The payment failed, was refused by the checker, or came back: only then may it be instructed again."""
    row = claim_of(turn.case)
    payment = row.payment
    gone = (PaymentInstruction.State.FAILED, PaymentInstruction.State.RETURNED, PaymentInstruction.State.CANCELLED)
    if payment is None or payment.state not in gone:
        raise LuoshiError("E_STATE", "这笔付款没有失败，不能重新指令。")
    row.paid_on = None
    row.save(update_fields=["paid_on"])


def bank_said(payment: PaymentInstruction, step: str) -> None:
    """Move the claim of a payment on, by what the bank said: `pay`, `fail` or `come_back`."""
    row = Claim.objects.filter(payment=payment).select_related("case").first()
    if row is None:
        return
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
