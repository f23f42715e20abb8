"""Finance's instructions on the fund's money (P4) and the banks' agreements (P5): tested, then carried out."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.programmes.mitigation_fund import claims, committee, fund, owing
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import decide, refuse, wrong
from luoshi.programmes.mitigation_fund.models import Agreement, Score

MONEY, AGREEMENT = "mitigation_fund.money", "mitigation_fund.agreement"
_PAID = {"hand_over_interest": "interest", "return": "treasury", "send_back": "suspense"}
_KEPT = {"keep_interest": ("2002", "待处理的利息"), "hand_over_interest": ("2002", "待处理的利息"),
         "send_back": ("2003", "待查来款")}  # fmt: skip
"""What of the account is not the fund's, and what an instruction may take of it."""
State = PaymentInstruction.State


def _bank(word: Any, field: str = "bank") -> Agreement:
    """Return the agreement of a bank by its number or its name."""
    told = str(word or "").strip()
    found = Agreement.objects.select_related("book").filter(Q(bank=told) | Q(name=told)).first()
    if found is None:
        names = "、".join(Agreement.objects.order_by("bank").values_list("name", flat=True)[:10])
        raise wrong("E_NOT_FOUND", f"没有这家合作银行，请写行号或名称：{names or '还没有合作银行'}。", field)
    return found


def _test(turn: Turn) -> None:
    """Refuse what cannot be carried out as things stand; tested again when it is."""
    told = turn.facts
    row, amount = _bank(told["bank"]), int(told["amount"])
    if amount <= 0:
        raise wrong("E_AMOUNT", "金额应大于零。", "amount")
    match told["what"]:
        case "allocate":
            total, year = fund.allocated()
            facts = {"amount": amount, "total": total, "total_2019": year, "value_on": day_of(turn.at).isoformat()}
            refuse(decide("allocation", facts), "拨款超过规模")
        case "move":
            if _bank(told.get("to_bank"), "to_bank").pk == row.pk:
                raise wrong("E_INPUT", "调入银行应是另一家。", "to_bank")
            _room(row, amount)
        case "return":
            _room(row, amount)
            turn.facts["unprotected"] = _unprotected(row, amount)
        case what:
            code, title = _KEPT[what]
            kept = fund.figures(row.book).accounts[code]
            if amount > kept:
                raise wrong("E_CAPACITY", f"{title}只有 {Money(kept)} 元。", "amount")


def _room(row: Agreement, amount: int) -> None:
    room = max(fund.available(row.book), 0)
    if amount > room:
        raise wrong("E_CAPACITY", f"{row.name}可动用的基金余额 {Money(room)} 元，不够。", "amount")


def _unprotected(row: Agreement, amount: int) -> str:
    """Tell what a return leaves without protection: running loans above what the rest of the fund carries."""
    left, used = fund.available(row.book) - amount, fund.use_of(row)
    if used * 100 <= left * row.multiple:
        return ""
    return f"退回后基金余额 {Money(left)} 元，不够在贷和已通过的 {Money(used)} 元"


def must_be_voted_on(told: Mapping[str, Any]) -> bool:
    """Tell whether a return would leave loans unprotected as things stand, and the three have not passed it."""
    return not told.get("release_passed") and bool(_unprotected(_bank(told["bank"]), int(told["amount"])))


def _protected(turn: Turn, row: Agreement, amount: int) -> None:
    """Refuse a return that leaves loans unprotected unless the three members have passed that very return."""
    lacking = _unprotected(row, amount)
    if lacking and not turn.facts.get("release_passed"):
        raise LuoshiError("E_RULE", f"{lacking}，须先经三家表决。", citation=f"{RULES} 第二条")


@effect("mitigation_fund.release_asked")
def release_asked(turn: Turn) -> None:
    """Put a return that leaves loans unprotected to the committee (J11)."""
    told = turn.facts
    if told["what"] != "return":
        raise LuoshiError("E_STATE", "只有退回财政的才须三家表决。")
    row, amount = _bank(told["bank"]), int(told["amount"])
    lacking = _unprotected(row, amount)
    if not lacking:
        raise LuoshiError("E_STATE", "退回后余额够用，不须表决，可以直接办理。")
    summary = f"{row.name}专户退回财政 {Money(amount)} 元（{told['document']}）。{lacking}。"
    committee.open_review(turn, "release", summary, {})


@effect("mitigation_fund.release_decided")
def release_decided(turn: Turn) -> None:
    """The committee's result on the return: with three passes it may be carried out."""
    passed = turn.step is not None and turn.step.key == "pass"
    committee.require_result(turn, "passed" if passed else "rejected")
    turn.facts["release_passed"] = passed
    turn.tell("centre", f"{turn.case.number} 三家表决{'通过，可以办理退回' if passed else '没有通过'}")


@effect("mitigation_fund.money_asked")
def money_asked(turn: Turn) -> None:
    """An instruction names a bank there is and an amount that can be had."""
    _test(turn)
    row = _bank(turn.facts["bank"])
    turn.facts.update(bank=row.bank, bank_name=row.name)
    if turn.facts["what"] == "move":
        turn.facts["to_bank"] = _bank(turn.facts.get("to_bank"), "to_bank").bank


@effect("mitigation_fund.money_tested")
def money_tested(turn: Turn) -> None:
    """Tested again when it is decided."""
    _test(turn)


def _day(turn: Turn) -> datetime.date:
    return datetime.date.fromisoformat(str(turn.data["value_on"]))


@effect("mitigation_fund.carry_out")
def carry_out(turn: Turn) -> None:
    """Book what Finance instructed; a move and a payment have steps of their own."""
    told, row = turn.facts, _bank(turn.facts["bank"])
    amount, key, txn = int(told["amount"]), turn.case.number, str(turn.data.get("txn") or "")
    what, document = str(told["what"]), str(told["document"])
    if what == "move":
        raise LuoshiError("E_STATE", "银行间调拨先办“调出”，到账后办“调入到账”。")
    if what in _PAID:
        raise LuoshiError("E_STATE", "这是付款，请办“拟付款，送复核”。")
    if what == "allocate":
        if not txn:
            raise wrong("E_INCOMPLETE", "拨款到账要写银行流水号。", "txn")
        fund.allocate(actor=turn.actor, agreement=row, amount=amount, value_on=_day(turn), key=key, txn=txn)
    else:
        fund.keep_interest(actor=turn.actor, agreement=row, amount=amount, key=key, document=document)


@effect("mitigation_fund.pay_out")
def pay_out(turn: Turn) -> None:
    """Draft the payment Finance instructed: it is done when the bank has paid, and may be drafted again if not."""
    told, row, data = turn.facts, _bank(turn.facts["bank"]), turn.data
    amount, what = int(told["amount"]), str(told["what"])
    if what not in _PAID:
        raise LuoshiError("E_STATE", "这不是付款，请办“办理入账”或“调出”。")
    _test(turn)
    if what == "return":
        _protected(turn, row, amount)
    payee = payments.Payee(str(data["payee"]), str(data["payee_number"]), str(data["payee_bank"]))
    fund.pay_out(actor=turn.actor, agreement=row, what=_PAID[what], amount=amount, key=turn.case.number, payee=payee,
                 document=str(told["document"]))  # fmt: skip
    turn.data = claims.masked(data)


def _last_payment(turn: Turn) -> PaymentInstruction | None:
    return PaymentInstruction.objects.filter(claim=turn.case.number, book__plan=fund.PLAN).order_by("-pk").first()


@effect("mitigation_fund.money_paid")
def money_paid(turn: Turn) -> None:
    """The bank has confirmed; a person's word for it is not enough."""
    payment = _last_payment(turn)
    if payment is None or payment.state != State.CONFIRMED:
        raise LuoshiError("E_STATE", "银行还没有确认付款成功。")


@effect("mitigation_fund.money_unpaid")
def money_unpaid(turn: Turn) -> None:
    """The payment failed or its checker sent it back: only then it may be drafted again."""
    payment = _last_payment(turn)
    if payment is None or payment.state not in (State.FAILED, State.CANCELLED):
        raise LuoshiError("E_STATE", "这笔付款没有失败，不能重新拟。")
    turn.tell("centre", f"{turn.case.number} 付款未成：{payment.reason or '没有写明原因'}，可重新拟付款")


def bank_said(payment: PaymentInstruction, step: str) -> None:
    """Move an instruction's case on by what the bank said of its payment."""
    case = Case.objects.filter(number=payment.claim, procedure=MONEY, state="paying").first()
    following = {"pay": "paid", "fail": "unpaid"}.get(step)
    if case is not None and following is not None:
        cases.act(actor=PROGRAM, case=case.pk, step=following)


claims.paid_out.append(bank_said)


def _moved(turn: Turn) -> dict[str, Any]:
    told = turn.facts
    if told["what"] != "move":
        raise LuoshiError("E_STATE", "这不是银行间调拨，请办“办理入账”或“拟付款”。")
    return {"actor": turn.actor, "source": _bank(told["bank"]), "target": _bank(told["to_bank"]),
            "amount": int(told["amount"]), "value_on": _day(turn), "txn": str(turn.data.get("txn") or "")}  # fmt: skip


@effect("mitigation_fund.send")
def send(turn: Turn) -> None:
    """Take the money out of one bank's account: it is under way."""
    fund.move(**_moved(turn), key=f"{turn.case.number}:out")


@effect("mitigation_fund.arrive")
def arrive(turn: Turn) -> None:
    """Book it in the other bank's account."""
    fund.arrive(**_moved(turn), key=f"{turn.case.number}:in")


# --- agreements -------------------------------------------------------------------------------------------------------


@effect("mitigation_fund.agreement_drafted")
def agreement_drafted(turn: Turn) -> None:
    """A draft names a bank without an agreement and a multiple that may be signed."""
    told = turn.facts
    number = str(told["bank"])
    if not (len(number) == 12 and number.isascii() and number.isdigit()):
        raise wrong("E_INPUT", "银行行号应为12位数字。", "bank")
    if Agreement.objects.filter(bank=number, ended_on__isnull=True).exists():
        raise wrong("E_DUPLICATE", "这家银行已有未终止的合作协议。", "bank")
    organ = str(told.get("bank_organ") or "")
    if organ and not concern.known(organ):
        raise wrong("E_INPUT", f"没有单位“{organ[:60]}”。", "bank_organ")
    refuse(decide("agreement", {"multiple": str(told["multiple"])}), "协议不能签")


@effect("mitigation_fund.sign")
def sign(turn: Turn) -> None:
    """Sign it: the agreement stands and the book of its special account is open."""
    told = turn.facts
    row = fund.open_bank(
        actor=turn.actor, bank=str(told["bank"]), name=str(told["bank_name"]), number=str(told["account"]),
        multiple=str(told["multiple"]), signed_on=day_of(turn.at), organ=str(told.get("bank_organ") or ""),
    )  # fmt: skip
    if row.ended_on is not None:
        row.ended_on, row.signed_on = None, day_of(turn.at)
        row.multiple, row.organ = int(exact(str(told["multiple"])) * 100), str(told.get("bank_organ") or "")
        row.save()
    turn.case.subject = f"mf-bank:{row.bank}"


@effect("mitigation_fund.scored")
def scored(turn: Turn) -> None:
    """Keep the last review of the bank's performance."""
    score = Decimal(str(turn.data["score"]))
    if not 0 <= score <= 100:
        raise wrong("E_INPUT", "得分应在0到100之间。", "score")
    today = owing.quarter_of(day_of(turn.at))
    quarter = str(turn.data.get("quarter") or today).strip().upper()
    if not re.fullmatch(r"20\d\dQ[1-4]", quarter) or quarter > today:
        raise wrong("E_INPUT", "季度应如 2020Q1，不晚于本季度。", "quarter")
    row = _bank(turn.facts["bank"])
    Score.objects.create(agreement=row, quarter=quarter, score=score, by=turn.actor.name[:100], at=turn.at,
                         remarks=str(turn.data.get("remarks") or "")[:500])  # fmt: skip
    Agreement.objects.filter(pk=row.pk).update(score=score, scored_on=day_of(turn.at))


@effect("mitigation_fund.agreement_ended")
def agreement_ended(turn: Turn) -> None:
    """No new loans from now on; running ones stay covered."""
    Agreement.objects.filter(bank=str(turn.facts["bank"])).update(ended_on=day_of(turn.at))
