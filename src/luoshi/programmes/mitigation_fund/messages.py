"""What a bank tells of its loans (spec 8.3): money already out is a fact and is kept, flagged where it breaks a rule.

Fields of the types: `contract_no`; LOAN_DISBURSED `amount_fen`; LOAN_REPAID `principal_fen`, `interest_settled`;
LOAN_BALANCE `outstanding_fen`; RATE_SET `rate` (percent); OVERDUE `due`; RECOVERY `amount_fen`. A contract nobody here
knows is answered with the flag `uncovered`: its message is kept by the books, the Centre is told.
"""

from __future__ import annotations

import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import hooks
from luoshi.office.messages.actions import tell_organ
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund import fund, lending
from luoshi.programmes.mitigation_fund.fund import ORGAN, ROOM, decide
from luoshi.programmes.mitigation_fund.models import Agreement, Firm, Loan, UnknownLoan


def _loan(told: hooks.Told) -> Loan | None:
    agreement = Agreement.objects.filter(book=told.book).first()
    number = str(told.message.get("contract_no") or told.message.get("ref") or "")
    rows = Loan.objects.select_for_update(of=("self",)).select_related("firm", "agreement__book", "application__case")
    # A contract the bank gave up before it drew is like one nobody passed, should money go out under it after all.
    given_up = Q(application__case__state="declined", disbursed__isnull=True)
    return rows.filter(agreement=agreement, contract_no=number).exclude(given_up).first()


def _fen(told: hooks.Told, name: str, least: int = 1) -> int:
    value = told.message.get(name)
    if type(value) is not int or not least <= value <= 10**15:
        raise LuoshiError("E_INPUT", f"{name} 应为整数分。", fields={"field": name})
    return value


def _unknown(told: hooks.Told) -> dict[str, Any]:
    """Tell the Centre of a contract nobody here passed; money that went out or came back under it is kept as a fact.

    E_DUPLICATE for the same contract with another amount.
    """
    number = str(told.message.get("contract_no") or "")[:60]
    kept = _kept(told, number)
    tell_organ(
        key=f"mf-unknown:{told.book.pk}:{told.message.get('msg_id')}", organ=ORGAN, roles=(Role.CLERK,),
        kind="mitigation", text=f"{told.book.title}报来没有审查过或已不再放款的合同 {number}：不在基金保障内，请核对",
        href="/mitigation/",
    )  # fmt: skip
    return {"loan": "unknown", "flag": "uncovered", **kept}


def _kept(told: hooks.Told, number: str) -> dict[str, Any]:
    body, agreement = told.message, Agreement.objects.filter(book=told.book).first()
    if agreement is None or not number:
        return {}
    row = UnknownLoan.objects.select_for_update().filter(agreement=agreement, contract_no=number).first()
    if told.event == "bank.LOAN_DISBURSED":
        amount = _fen(told, "amount_fen")
        if row is None:
            UnknownLoan.objects.create(
                agreement=agreement, contract_no=number, disbursed=amount, at=CLOCK.now(),
                firm=str(body.get("firm") or body.get("counter_name") or "")[:100],
                msg_id=str(body.get("msg_id") or "")[:80],
            )  # fmt: skip
        elif row.disbursed != amount:
            raise LuoshiError(
                "E_DUPLICATE", f"合同 {number} 已记放款 {Money(row.disbursed)} 元，与报文不同，没有受理。",
                fields={"disbursed": row.disbursed},
            )  # fmt: skip
    elif row is not None and told.event == "bank.LOAN_REPAID":
        row.repaid += _fen(told, "principal_fen", 0)
        row.save(update_fields=["repaid"])
    return {}


def _act(loan: Loan, step: str, data: dict[str, Any] | None = None) -> None:
    cases.act(actor=PROGRAM, case=loan.application.case.pk, step=step, data=data or {})


@hooks.on(ROOM, "bank.LOAN_DISBURSED")
def disbursed(told: hooks.Told) -> dict[str, Any]:
    """Keep a disbursement: once a contract; uncovered or in breach where a rule says so, never refused for that."""
    loan, amount = _loan(told), _fen(told, "amount_fen")
    if loan is None:
        return _unknown(told)
    if loan.disbursed is not None:
        if loan.disbursed == amount:
            return {"loan": "duplicate", "contract_no": loan.contract_no}
        raise LuoshiError(
            "E_DUPLICATE", f"合同 {loan.contract_no} 已记放款 {Money(loan.disbursed)} 元，与报文不同，没有受理。",
            fields={"disbursed": loan.disbursed},
        )  # fmt: skip
    Firm.objects.select_for_update().get(pk=loan.firm_id)
    fund.lock(loan.agreement)
    now = CLOCK.now()
    loan.uncovered, loan.breaches = _uncovered(loan, amount, now), _breaches(loan, amount, now)
    loan.disbursed, loan.outstanding, loan.disbursed_at = amount, amount, now
    loan.save()
    loan.application.live = False
    loan.application.save(update_fields=["live"])
    _act(loan, "told_disbursed")
    flag = "uncovered" if loan.uncovered else "breach" if loan.breaches else ""
    return {"loan": "recorded", "flag": flag, "breaches": loan.breaches}


def _uncovered(loan: Loan, amount: int, at: datetime.datetime) -> str:
    owed = any(one["principal"] or one["interest"] for one in lending.earlier_loans(loan.firm, loan.pk))
    passed = loan.application.passed_at
    taken = decide("coverage", {
        "passed": passed is not None, "passed_on": passed and local(passed).isoformat(), "old_repaid": not owed,
        "disbursed_on": at.isoformat(), "approved": loan.approved, "disbursed": amount,
    })  # fmt: skip
    if taken.outcome is not Outcome.REFUSE:
        return ""
    return "；".join(one.text for one in taken.reasons if one.ok is False)[:300]


def _breaches(loan: Loan, amount: int, at: datetime.datetime) -> list[str]:
    day = local(at).date()
    boards = lending.boards_of(loan.firm, day)
    term = {"start": loan.start.isoformat(), "end": loan.end.isoformat()}
    rows = [
        one | {"principal": 0, "interest": 0, "repaid_at": None} for one in lending.earlier_loans(loan.firm, loan.pk)
    ]
    tests = {
        "ceiling": decide("ceiling", {"boards": boards or ["OTHER"], "amount": amount}),
        "capacity": fund.capacity(loan.agreement, amount=amount, firm=loan.firm_id),
        "term": decide("term", {**term, "drawn_at": at.isoformat(), "loans": rows}),
    }
    found = [name for name, taken in tests.items() if taken.outcome is Outcome.REFUSE]
    return found if boards else [*found, "listing"]


@effect("mitigation_fund.told_disbursed")
def told_disbursed(turn: Turn) -> None:
    """The bank's message has it: only the programme says so."""
    if turn.actor.user_id is not None or lending.loan_of(turn).disbursed is None:
        raise LuoshiError("E_STATE", "放款由银行办理，或由银行报文记入。")
    turn.tell("centre", f"{turn.case.number} 银行报文：已放款，请核对是否合规")


@hooks.on(ROOM, "bank.LOAN_REPAID")
def repaid(told: hooks.Told) -> dict[str, Any]:
    """Enter a repayment; since recourse began it is money recovered, and during a claim the Centre is told."""
    loan = _loan(told)
    if loan is None:
        return _unknown(told)
    paid = _fen(told, "principal_fen", 0)
    begun = lending.recourse_on(loan) if paid else None
    if begun is not None:
        return _in_recourse(told, loan, begun, paid)
    settled = told.message.get("interest_settled") is True
    yuan = f"{Money(paid)}".replace(",", "")
    _act(loan, "repay", {"principal_paid": yuan, "interest_settled": settled})
    return {"loan": "recorded", "outstanding_fen": loan.outstanding - paid}


def _in_recourse(told: hooks.Told, loan: Loan, begun: Case, fen: int) -> dict[str, Any]:
    """Enter what came back as recovered while the loss is not fixed; afterwards tell the Centre, which shares it."""
    if begun.state in lending.RECOVERING:
        yuan = f"{Money(fen)}".replace(",", "")
        cases.act(actor=PROGRAM, case=begun.pk, step="recovered", data={"amount": yuan, "source": "银行报文"})
        return {"loan": "recorded", "recourse": begun.number, "outstanding_fen": max(loan.outstanding - fen, 0)}
    tell_organ(
        key=f"mf-recovered:{loan.pk}:{told.message.get('msg_id')}", organ=ORGAN, roles=(Role.CLERK,),
        kind="mitigation", href=f"/cases/{begun.pk}/",
        text=f"{begun.number} 银行报来收回 {Money(fen)} 元：补偿申请之后收回的，请按补偿后追回办理",
    )  # fmt: skip
    return {"loan": "in_claim", "recourse": begun.number}


@hooks.on(ROOM, "bank.LOAN_BALANCE")
def balance(told: hooks.Told) -> dict[str, Any]:
    """Compare what the bank has as outstanding with what stands here; a difference is told to the Centre."""
    loan = _loan(told)
    if loan is None:
        return _unknown(told)
    said = _fen(told, "outstanding_fen", 0)
    if said != loan.outstanding:
        tell_organ(
            key=f"mf-balance:{loan.pk}:{told.message.get('msg_id')}", organ=ORGAN, roles=(Role.CLERK,),
            kind="mitigation", href=f"/cases/{loan.application.case.pk}/",
            text=f"合同 {loan.contract_no} 银行余额 {Money(said)} 元，这里 {Money(loan.outstanding)} 元，请核对",
        )  # fmt: skip
    return {"matches": said == loan.outstanding, "outstanding_fen": loan.outstanding}


@hooks.on(ROOM, "bank.RATE_SET")
def rate_set(told: hooks.Told) -> dict[str, Any]:
    """Test a rate on the day it is set and keep it; above the highest one is a breach for the committee."""
    loan = _loan(told)
    if loan is None:
        return _unknown(told)
    try:
        rate = Decimal(str(told.message.get("rate")))
    except InvalidOperation:
        rate = Decimal(-1)
    if not rate.is_finite() or not 0 <= rate < 100 or -int(rate.as_tuple().exponent) > 4:
        raise LuoshiError("E_INPUT", "rate 应为百分数，至多四位小数。", fields={"field": "rate"})
    bench = lending.benchmark(CLOCK.today())
    taken = decide("rate", {"rate": str(rate), **({} if bench is None else {"bench": str(bench)})})
    loan.rate = rate
    if taken.outcome is Outcome.REFUSE and "rate" not in loan.breaches:
        loan.breaches = [*loan.breaches, "rate"]
    loan.save(update_fields=["rate", "breaches"])
    return {"result": taken.value["result"], "highest": taken.value["highest"]}


@hooks.on(ROOM, "bank.OVERDUE")
def overdue(told: hooks.Told) -> dict[str, Any]:
    """Enter a loan as overdue; one that is so already stays."""
    loan = _loan(told)
    if loan is None:
        return _unknown(told)
    if loan.unpaid_since is None:
        word = str(told.message.get("due") or "")
        if loan.application.case.state == "disbursed":
            lending.unpaid_before_filing(loan, _due(word))
        else:
            _act(loan, "default", {"due": word})
        return {"loan": "recorded"}
    return {"loan": "known", "since": loan.unpaid_since.isoformat()}


def _due(word: str) -> datetime.date:
    """Return a due day that has passed. Errors: E_INPUT, E_NOT_YET."""
    try:
        due = datetime.date.fromisoformat(word)
    except ValueError:
        raise LuoshiError("E_INPUT", "due 应为日期，如 2020-03-10。", fields={"field": "due"}) from None
    if due >= CLOCK.today():
        raise LuoshiError("E_NOT_YET", f"到期日 {due} 还没有过。", fields={"field": "due"})
    return due


@hooks.on(ROOM, "bank.RECOVERY")
def recovery(told: hooks.Told) -> dict[str, Any]:
    """Enter what was recovered before the judicial end; what comes after payment is money and is booked as such."""
    loan = _loan(told)
    if loan is None:
        return _unknown(told)
    begun = lending.recourse_on(loan)
    if begun is None:
        return {"loan": "not_in_recourse"}
    return _in_recourse(told, loan, begun, _fen(told, "amount_fen"))
