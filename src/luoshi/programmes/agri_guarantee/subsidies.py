"""Interest and fee subsidies (6.14): applied for at the station, computed by the decision, paid from their own book.

A loan has one subsidy a year. What was decided stands in the case; the money moves in `agri_guarantee/subsidy`.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import QuerySet

from luoshi.kernel.clock import day_of
from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.funds import payments
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.office.locks import serialise
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import scope_of
from luoshi.programmes.agri_guarantee import archive, fund, lending
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY
from luoshi.programmes.agri_guarantee.models import Loan

SUBSIDY = "agri_guarantee.subsidy"
_CLAUSE = f"{POLICY} 三(二)"
_DEAD = ("refused", "withdrawn")


def visible(actor: Actor) -> QuerySet[Case]:
    """Return the subsidy cases an actor sees, newest first: all for the Office and Finance, a town's own for it."""
    rows = Case.objects.filter(procedure=SUBSIDY).order_by("-opened_at", "-pk")
    reach = concern.organs_within(scope_of(actor, "case.see"))
    if reach is None or reach & {"fin-agri-group", "finance"}:
        return rows
    return rows.filter(organ__in=reach)


def told(case: Case) -> dict[str, Any]:
    """Return what lists show of a subsidy (fen); amounts that are not decided yet are None."""
    known = case.facts
    return {
        "number": case.number, "case": case.pk, "loan": known.get("loan"), "borrower": known.get("borrower"),
        "year": known.get("year"), "days": known.get("days"), "state": case.state,
        "interest": known.get("interest_part"), "fee": known.get("fee_part"), "total": known.get("total"),
    }  # fmt: skip


def _loan(turn: Turn) -> Loan:
    found = lending.loan_of(str(turn.facts["loan"]).strip())
    if found is None or not found.disbursed or found.disbursed_on is None:
        raise LuoshiError("E_STATE", f"台账里没有“{str(turn.facts['loan'])[:40]}”这笔已放款的贷款。",
                          fields={"fields": {"loan": "没有这笔贷款"}})  # fmt: skip
    return found


@effect("agri_guarantee.subsidy_applied")
def subsidy_applied(turn: Turn) -> None:
    """Take the loan from the register; one subsidy a loan and year, days that lie in the year and the loan."""
    known, loan = turn.facts, _loan(turn)
    if not turn.actor.trusted and loan.town not in concern.served_by(turn.case.organ):
        raise LuoshiError("E_NOT_FOUND", "没有这笔贷款。", fields={"fields": {"loan": "没有这笔贷款"}})
    year, days = int(known["year"]), int(known["days"])
    assert loan.disbursed_on is not None
    first = max(loan.disbursed_on, datetime.date(min(max(year, 1), 9998), 1, 1))
    last = min(loan.ends_on, datetime.date(min(max(year, 1), 9998), 12, 31), day_of(turn.at))
    most = max((last - first).days + 1, 0)
    if not 0 < days <= most:
        raise LuoshiError("E_INPUT", f"{year}年这笔贷款最多用款 {most} 天。",
                          fields={"fields": {"days": f"至多 {most} 天"}})  # fmt: skip
    serialise(f"ag-subsidy:{loan.number}:{year}")
    same = Case.objects.filter(procedure=SUBSIDY, subject=f"ag-subsidy:{loan.number}:{year}").exclude(state__in=_DEAD)
    if same.exists():
        raise LuoshiError("E_DUPLICATE", f"{loan.number} {year}年的补助已经申请过。",
                          fields={"fields": {"year": "已经申请过"}})  # fmt: skip
    turn.case.subject = f"ag-subsidy:{loan.number}:{year}"
    turn.case.facts |= {"borrower": loan.borrower, "principal": loan.disbursed}


@facts("agri_guarantee.subsidy_facts")
def subsidy_facts(turn: Turn) -> dict[str, Any]:
    """The loan as the register has it, the days and what was really paid."""
    known, loan = turn.facts, _loan(turn)
    return {
        "principal": loan.disbursed, "days": int(known["days"]), "start": loan.starts_on.isoformat(),
        "end": loan.ends_on.isoformat(), "signed_on": loan.signed_on.isoformat(),
        "interest_paid": int(known["interest_paid"]), "fee_paid": int(known["fee_paid"]),
    }  # fmt: skip


@effect("agri_guarantee.subsidy_checked")
def subsidy_checked(turn: Turn) -> None:
    """Keep what the decision gives; nothing before the rules of the leading group are recorded."""
    archive.require_unrelated(turn)
    taken = parameters.decide(SUBSIDY, subsidy_facts(turn), day_of(turn.at))
    if taken.outcome is not Outcome.ALLOW:
        words = "；".join(one.text for one in taken.reasons if one.ok is False)
        raise LuoshiError("E_RULE", f"不能补助：{words}。", citation=_CLAUSE)
    names = ("benchmark", "benchmark_interest", "interest_part", "fee_part", "total")
    turn.case.facts |= {name: taken.value[name] for name in names}
    if not taken.value["total"]:
        raise LuoshiError("E_RULE", "补助为零，不能办理。", citation=_CLAUSE)


@effect("agri_guarantee.subsidy_approved")
def subsidy_approved(turn: Turn) -> None:
    """Finance has decided: it may be paid."""
    archive.require_unrelated(turn)
    turn.tell("finance", f"{turn.case.number} 补助 {Money(int(turn.facts['total']))} 元已审定，请拟付款")


# --- it is paid -------------------------------------------------------------------------------------------------------


@effect("agri_guarantee.subsidy_instruct")
def subsidy_instruct(turn: Turn) -> None:
    """Draft the payment from the subsidies' own book; another hand checks it. What came back is sent again."""
    known = turn.facts
    if not Book.objects.filter(key=fund.SUBSIDY).exists():
        raise LuoshiError("E_STATE", "补助资金的账簿还没有开立，请先在资金页开立。", citation=_CLAUSE)
    payee = payments.Payee(str(known["borrower"]), str(turn.data["number"]), str(turn.data["payee_bank"]))
    rows = PaymentInstruction.objects.filter(book__key=fund.SUBSIDY, claim=turn.case.number)
    back = rows.filter(state=PaymentInstruction.State.RETURNED, replaced_by__isnull=True).first()
    if back is not None:
        payments.reissue(actor=turn.actor, payment=back.pk, payee=payee, reason="付后退回")
    else:
        payments.draft_payment(
            actor=turn.actor, book=fund.SUBSIDY, claim=turn.case.number, part=1 + rows.count(), account="S1001",
            lines=[("S3101", str(known["loan"]), int(known["total"]))], transit="S2001", payee=payee,
            purpose=f"{known['year']}年补助", basis=_CLAUSE, case=turn.case.number,
            events=payments.Events("S2", "S3", "S2", "S3"),
        )  # fmt: skip
    turn.data["number"] = f"尾号{str(turn.data['number']).strip()[-4:]}"


def _state(turn: Turn) -> str:
    rows = PaymentInstruction.objects.filter(book__key=fund.SUBSIDY, claim=turn.case.number).order_by("-pk")
    return rows.values_list("state", flat=True).first() or ""


@effect("agri_guarantee.subsidy_paid")
def subsidy_paid(turn: Turn) -> None:
    """The bank has confirmed; a person's word for it is not enough."""
    if _state(turn) != PaymentInstruction.State.CONFIRMED:
        raise LuoshiError("E_STATE", "银行还没有确认付款成功，不能办结。")


@effect("agri_guarantee.subsidy_unpaid")
def subsidy_unpaid(turn: Turn) -> None:
    """The payment failed, was sent back by the checker, or came back: only then may it be instructed again."""
    gone = PaymentInstruction.State
    if _state(turn) not in (gone.FAILED, gone.RETURNED, gone.CANCELLED):
        raise LuoshiError("E_STATE", "这笔付款没有失败，不能重新指令。")


def bank_said(payment: PaymentInstruction, step: str) -> None:
    """Move the subsidy's case on by what the bank said: `pay`, `fail` or `come_back`."""
    case = Case.objects.filter(procedure=SUBSIDY, number=payment.claim).first()
    if case is not None:
        cases.act(actor=PROGRAM, case=case.pk, step=step, data={})
