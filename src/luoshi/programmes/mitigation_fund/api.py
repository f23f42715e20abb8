"""What other systems ask of this room: the terms, banks and what they may lend, firms, loans, claims; applications."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions as cases
from luoshi.office.parameters import book as parameters
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.mitigation_fund import annual, board, lending, monitoring
from luoshi.programmes.mitigation_fund.decisions.settings import in_fen
from luoshi.programmes.mitigation_fund.fund import ROOM
from luoshi.programmes.mitigation_fund.models import Firm

router = Router()
Text = Annotated[str, Field(max_length=1000)]
Code = Annotated[str, Field(max_length=40)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


@router.get("/mitigation/terms", auth=Needs("open.see"), response=_ANSWERS)
def terms(request: HttpRequest) -> dict[str, Any]:
    """Return what anybody may know: ceilings in fen, months, the highest rate today, the last day of the rules."""
    day = CLOCK.today()
    values = parameters.current().values(ROOM, max(day, lending.FIRST_DAY))
    return {
        "cap_neeq": in_fen(values, "cap_neeq"), "cap_regional": in_fen(values, "cap_regional"),
        "loan_months": values["loan_months"], "line_months": values["line_months"],
        "highest_rate": lending.highest_rate(day), "valid_to": str(values["valid_to"]),
    }  # fmt: skip


@router.get("/mitigation/years/{year}", auth=Needs("mitigation.see"), response=_ANSWERS)
def one_year(request: HttpRequest, year: int) -> dict[str, Any]:
    """Return the fund's year by bank and together: opening, debit, credit, closing of each account (fen), and F."""
    if monitoring.reach_of(actor_of(request)) is not None or year not in annual.years():
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的报表。")
    told = annual.statement(year)
    banks = [{"bank": one["row"].bank, "lines": one["lines"], "fund": one["fund"]} for one in told["banks"]]
    return {"year": year, "lines": told["lines"], "fund": told["fund"], "banks": banks}


@router.get("/mitigation/banks", auth=Needs("mitigation.see"), response=_ANSWERS)
def banks(request: HttpRequest) -> dict[str, Any]:
    """Return the banks the caller sees: fund, multiple, what may be lent, is used, is free (fen), loans, overdue."""
    rows = board.stands(monitoring.agreements(actor_of(request)))
    return {
        "banks": [
            {"bank": one.row.bank, "name": one.row.name, "multiple": one.multiple, "fund": one.balance,
             "committed": one.committed, "cap": one.cap, "used": one.used, "free": one.free, "loans": one.loans,
             "outstanding": one.outstanding, "overdue": one.overdue}
            for one in rows
        ]
    }  # fmt: skip


@router.get("/mitigation/firms/{code}", auth=Needs("mitigation.see"), response=_ANSWERS)
def firm(request: HttpRequest, code: Code) -> dict[str, Any]:
    """Return whether a firm qualifies today, its ceiling, the highest rate, months of its line used and left."""
    row = Firm.objects.filter(credit_code=code).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "挂牌企业台账里没有这家企业。")
    stand = board.firm_stand(row, CLOCK.today())
    return {
        "credit_code": row.credit_code, "name": row.name, "boards": stand["boards"],
        "eligible": stand["eligible"].value["result"] == "ELIGIBLE",
        "reasons": [one.as_dict() for one in stand["eligible"].reasons],
        "ceiling": stand["ceiling"].value["ceiling"], "highest_rate": stand["highest"],
        "months_used": stand["line"].used, "months_left": stand["line"].left,
    }  # fmt: skip


@router.get("/mitigation/loans", auth=Needs("mitigation.see"), response=_ANSWERS)
def loans(request: HttpRequest, overdue: bool = False) -> dict[str, Any]:
    """Return the loans the caller sees, at most 200, the newest first; `overdue`: only those with something unpaid."""
    rows = board.loans(actor_of(request)).order_by("-start", "-pk")
    rows = rows.filter(unpaid_since__isnull=False) if overdue else rows
    return {
        "loans": [
            {"contract_no": one.contract_no, "bank": one.agreement.bank, "firm": one.firm.credit_code,
             "approved": one.approved, "disbursed": one.disbursed, "outstanding": one.outstanding,
             "rate": f"{one.rate.normalize():f}", "start": str(one.start), "end": str(one.end),
             "unpaid_since": one.unpaid_since and str(one.unpaid_since), "case": one.application.case.pk}
            for one in rows[: board.MOST]
        ]
    }  # fmt: skip


@router.get("/mitigation/claims/{number}", auth=Needs("mitigation.see"), response=_ANSWERS)
def claim(request: HttpRequest, number: Code) -> dict[str, Any]:
    """Return a claim step by step, in fen: P, R, loss, half, balance, what the fund and what the bank bears."""
    row = board.claims(actor_of(request)).filter(number=number).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这件补偿申请。")
    steps = board.claim_steps(row)
    return {
        "number": row.number, "state": row.state, "principal": row.principal, "recovered": row.recovered,
        "loss": row.loss, "loss_all": steps["whole"], "half": row.half, "available": steps["available"],
        "compensation": steps["paid"], "fixed": steps["fixed"], "bank_share": steps["bank"],
        "passed_at": row.passed_at and local(row.passed_at).isoformat(), "recovered_later": row.recovered_all,
        "fund_part": row.recovered_after,
    }  # fmt: skip


class ApplicationIn(Schema):
    """A firm's application as its bank takes it in; the amount in yuan as text."""

    firm: Annotated[str, Field(max_length=18)]
    amount: Annotated[str, Field(max_length=20)]
    purpose: Annotated[str, Field(max_length=300)]
    material: bool = False


@router.post("/mitigation/applications", auth=Needs("case.open"), response=_ANSWERS)
def apply(request: HttpRequest, body: ApplicationIn) -> dict[str, Any]:
    """Open an application for the caller's bank; its case goes on with the steps of `mitigation_fund.application`."""
    row = lending.firm_of(body.firm)
    opened = cases.open_case(
        actor=actor_of(request), procedure=lending.APPLICATION, title=row.name,
        facts={"firm": body.firm, "amount": body.amount, "purpose": body.purpose, "material": body.material},
    )  # fmt: skip
    return {"case": opened.pk, "number": opened.number, "state": opened.state}


@router.get("/mitigation/reports/{month}", auth=Needs("mitigation.see"), response=_ANSWERS)
def reports(request: HttpRequest, month: Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]) -> dict[str, Any]:
    """Return which banks owe the report of a month (`2020-03`), by when, and whether it is complete."""
    year, number = month.split("-")
    first = CLOCK.today().replace(year=int(year), month=int(number), day=1)
    rows = monitoring.owed(first, monitoring.reach_of(actor_of(request)))
    return {
        "month": month,
        "reports": [
            {"name": one.name, "due_on": str(one.due_on), "received_on": one.received_on and str(one.received_on),
             "loans": one.loans, "told": one.told, "complete": one.complete}
            for one in rows
        ],
    }  # fmt: skip
