"""Loans of the programme in their register: signed, disbursed, reported by banks, overdue, paid out for, settled."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases.turns import Turn
from luoshi.office.funds import hooks
from luoshi.office.registers import actions as records
from luoshi.programmes.agri_guarantee import archive
from luoshi.programmes.agri_guarantee.models import Loan, LoanBalance
from luoshi.programmes.agri_guarantee.registers import LOANS, ROOM

PROGRAM = Actor.system("系统", "case")
_BANK = Actor.system("银行", "bank")


def yuan(fen: int) -> str:
    """Return an amount as it is typed into a register: yuan, exact."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def loan_of(number: str, *, lock: bool = False) -> Loan | None:
    """Return the loan of a case's number, None where it is not in the register."""
    rows = Loan.objects.select_for_update() if lock else Loan.objects
    return rows.filter(number=number, void=False).first()


def sign(turn: Turn) -> None:
    """Enter the loan of a guarantee whose contracts are signed. E_DUPLICATE where a contract's number is taken."""
    told = turn.data
    operator = archive.of_case(turn.case)
    if operator is None:
        return
    row = {
        "number": turn.case.number, "borrower": operator.name, "operator": operator.pk, "town": operator.town,
        "bank": turn.organ_of("bank"), "project_type": turn.facts["project_type"],
        "entrusted_no": told["entrusted_no"], "guarantee_no": told["guarantee_no"], "contract_no": told["loan_no"],
        "signed_on": day_of(turn.at), "amount": int(told["amount"]), "rate": Decimal(told["rate"]),
        "fee": Decimal(told["fee"]), "starts_on": datetime.date.fromisoformat(told["start"]),
        "ends_on": datetime.date.fromisoformat(told["end"]), "disbursed": 0, "repaid": 0, "covered": 0, "interest": 0,
        "overdue_days": 0, "level": Loan.Level.NORMAL, "status": Loan.Status.SIGNED,
    }  # fmt: skip
    try:
        with transaction.atomic():
            records.enter(actor=PROGRAM, register=LOANS, rows=[row], reason=f"{turn.case.number}签约")
    except (IntegrityError, LuoshiError) as refused:
        if isinstance(refused, LuoshiError) and refused.code != "E_DUPLICATE":
            raise
        raise LuoshiError("E_DUPLICATE", "合同编号已经用过，请核对三份合同的编号。",
                          fields={"fields": {"guarantee_no": "已经用过"}}) from None  # fmt: skip


def change(number: str, reason: str, *, actor: Actor = PROGRAM, **given: Any) -> Loan | None:
    """Correct what the register says of a loan; amounts in fen. None where the loan is not in the register."""
    row = loan_of(number)
    if row is None:
        return None
    cells = {name: yuan(value) if LOANS.column(name).kind == "money" else value for name, value in given.items()}
    if all(getattr(row, name) == value for name, value in given.items()):
        return row
    records.correct(actor=actor, register=LOANS, record_id=row.pk, version=row.version, given=cells, reason=reason)
    return loan_of(number)


def disbursed(turn: Turn, fen: int, day: datetime.date) -> None:
    """The bank paid the loan out."""
    change(turn.case.number, "放款", disbursed=fen, disbursed_on=day, status=Loan.Status.ACTIVE)


def paid_out(number: str, principal: int) -> None:
    """The guarantor paid out: what of the principal it covered is owed to the bank no more."""
    row = loan_of(number)
    if row is not None:
        change(number, "代偿", covered=row.covered + min(principal, row.outstanding), status=Loan.Status.SUBROGATED)


# --- what banks report ------------------------------------------------------------------------------------------------


def report(
    *, actor: Actor, number: str, on: datetime.date, principal: int, interest: int = 0, overdue_days: int = 0
) -> LoanBalance:
    """Take a balance of a loan in (fen); the newest one stands in the register. The same again changes nothing.

    Errors: E_NOT_FOUND, E_STATE before it was disbursed, E_FUTURE, E_AMOUNT, E_CONFLICT (another figure for that day).
    """
    if on > CLOCK.today():
        raise LuoshiError("E_FUTURE", f"余额日期{on}晚于今天，请核对。", fields={"field": "date"})
    if principal < 0 or interest < 0 or overdue_days < 0:
        raise LuoshiError("E_AMOUNT", "余额、欠息和逾期天数不得为负。", fields={"field": "principal"})
    with transaction.atomic():
        loan = loan_of(number, lock=True)
        if loan is None:
            raise LuoshiError("E_NOT_FOUND", f"没有编号为“{number[:40]}”的担保贷款，请核对办件编号。")
        if not loan.disbursed:
            raise LuoshiError("E_STATE", f"{number}还没有放款，没有余额可报。")
        if principal > loan.disbursed - loan.covered:
            raise LuoshiError("E_AMOUNT", "本金余额大于放款减代偿，请核对。", fields={"field": "principal"})
        known = LoanBalance.objects.filter(loan=loan, on=on).first()
        if known is not None:
            if (known.principal, known.interest, known.overdue_days) != (principal, interest, overdue_days):
                raise LuoshiError("E_CONFLICT", f"{number}{on}的余额已报过别的数，没有改动。")
            return known
        row = LoanBalance.objects.create(loan=loan, on=on, principal=principal, interest=interest,
                                         overdue_days=overdue_days, at=CLOCK.now())  # fmt: skip
        if loan.reported_on is None or on > loan.reported_on:
            status = loan.status
            if status in (Loan.Status.ACTIVE, Loan.Status.OVERDUE):
                status = Loan.Status.OVERDUE if overdue_days else Loan.Status.ACTIVE
            change(number, f"银行报{on}余额", actor=actor if actor.trusted else PROGRAM,
                   repaid=loan.disbursed - loan.covered - principal, interest=interest, reported_on=on,
                   overdue_days=overdue_days, status=status)  # fmt: skip
    return row


@hooks.on(ROOM, "bank.LOAN_BALANCE")
def balance_told(told: hooks.Told) -> dict[str, Any]:
    """A bank reports a loan: `case_no`, `date`, `principal`, `interest` (fen), `overdue_days`."""
    message = told.message
    row = report(
        actor=_BANK, number=str(message.get("case_no") or ""), on=_day(message),
        principal=_whole(message, "principal"), interest=_whole(message, "interest", 0),
        overdue_days=_whole(message, "overdue_days", 0),
    )  # fmt: skip
    return {"case_no": row.loan.number, "outstanding": row.principal}


@hooks.on(ROOM, "bank.LOAN_DISBURSED")
def disbursed_told(told: hooks.Told) -> dict[str, Any]:
    """A bank says that it paid a loan out: `case_no`, `date`, `principal` (fen). The case takes its eighth step."""
    from luoshi.office.cases import actions as cases
    from luoshi.office.cases.models import Case

    message = told.message
    case = Case.objects.filter(procedure=archive.GUARANTEE, number=str(message.get("case_no") or "")).first()
    if case is None:
        raise LuoshiError("E_NOT_FOUND", f"没有编号为“{str(message.get('case_no'))[:40]}”的担保办件。")
    if case.state == "contracted":
        cases.act(
            actor=_BANK,
            case=case.pk,
            step="disburse",
            data={"disbursed": yuan(_whole(message, "principal")), "disbursed_on": _day(message).isoformat()},
        )
    return {"case_no": case.number}


def _day(message: Mapping[str, Any]) -> datetime.date:
    try:
        return datetime.date.fromisoformat(str(message.get("date") or message.get("business_date") or ""))
    except ValueError:
        raise LuoshiError("E_INPUT", "报文缺余额日期 date。", fields={"field": "date"}) from None


def _whole(message: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = message.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**16:
        raise LuoshiError("E_INPUT", f"报文的 {name} 应为不小于零的整数。", fields={"field": name})
    return value
