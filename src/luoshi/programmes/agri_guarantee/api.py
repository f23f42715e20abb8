"""What other systems ask of the guarantee: figures of the fund, what may be lent, balances, applications, claims."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions as cases
from luoshi.office.registers import reach
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.agri_guarantee import archive, board, claims, lending, public_views, reports, subsidies
from luoshi.programmes.agri_guarantee.models import Claim, Loan
from luoshi.programmes.agri_guarantee.registers import LOANS, OPERATORS

router = Router()
Text = Annotated[str, Field(max_length=200)]
Fen = Annotated[int, Field(ge=0, lt=10**14)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


@router.get("/guarantee/fund", auth=Needs("case.see"), response=_ANSWERS)
def fund_figures(request: HttpRequest) -> dict[str, Any]:
    """Return the fund's figures in fen: balance (F), paid (S), existing (E), placed (P), exposure, coverage, halt."""
    found = board.picture()
    if found is None:
        return {"open": False}
    now, halt = found["now"], found["halt"]
    return {
        "open": True, "balance": now.balance, "paid": now.paid, "existing": now.existing, "placed": now.placed,
        "outstanding": found["outstanding"], "exposure": found["exposure"], "coverage": found["coverage"],
        "proposal": found["proposal"], "halted_at": None if halt is None else local(halt.halted_at).isoformat(),
    }  # fmt: skip


@router.get("/guarantee/limits", auth=Needs("open.see"), response=_ANSWERS)
def limits(
    request: HttpRequest, category: Text, amount: Text = "", owed: Text = "", project_type: Text = "ORDINARY",
    scope: Text = "GRAIN", months: Text = "12", mechanised: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return what an operator may have (可贷多少) and what it costs; amounts asked in yuan, answered in fen."""
    asked = {"category": category, "amount": amount, "owed": owed, "project_type": project_type, "scope": scope,
             "months": months, "mechanised": "1" if mechanised else ""}  # fmt: skip
    return public_views.reckon(asked)


class ApplicationIn(Schema):
    """A farmer's application: who (archive number, identity code or name), how much in yuan, what for."""

    archive: Text
    requested: Text
    project_type: Text = "ORDINARY"
    bank: Text = "rural-commercial-bank"
    months: Annotated[int, Field(ge=1, le=600)] | None = None
    purpose: Annotated[str, Field(max_length=2000)]


@router.post("/guarantee/applications", auth=Needs("case.open"), response=_ANSWERS)
def apply(request: HttpRequest, body: ApplicationIn) -> dict[str, Any]:
    """Take an application in; the case goes on with the steps of `agri_guarantee.guarantee`."""
    actor = actor_of(request)
    scope = reach.reach(actor, OPERATORS)
    operator = archive.find(body.archive, None if scope.everywhere else frozenset(scope.organs))
    facts = {key: value for key, value in body.dict().items() if value is not None} | {"archive": operator.number}
    case = cases.open_case(actor=actor, procedure=archive.GUARANTEE, title=f"{operator.name}申请惠农贷",
                           organ=operator.town, facts=facts)  # fmt: skip
    return {"case": case.pk, "number": case.number, "state": case.state}


class ClaimIn(Schema):
    """A claim for a payout; amounts in yuan."""

    loan: Text
    loss: Text
    payout: Text
    principal: Text = ""
    paid_out_on: datetime.date
    notice_no: Text
    certificate_no: Text
    sealed: bool
    payout_notice: bool
    payout_certificate: bool


@router.post("/guarantee/claims", auth=Needs("case.open"), response=_ANSWERS)
def claim(request: HttpRequest, body: ClaimIn) -> dict[str, Any]:
    """Deliver a claim on the fund: opened and delivered in one act; the receipt is dated today."""
    actor = actor_of(request)
    row = board.loans_seen(actor).filter(number=body.loan).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有编号为“{body.loan[:40]}”的担保贷款。")
    data = body.dict(exclude={"loan", "loss", "payout"}) | {"paid_out_on": body.paid_out_on.isoformat()}
    pk = claims.open_and_deliver(actor=actor, loan=row, loss=body.loss, payout=body.payout,
                                 data={key: value for key, value in data.items() if value != ""})  # fmt: skip
    found = Claim.objects.select_related("case").get(case=pk)
    return {"case": pk, "number": found.case.number, "compensation": found.compensation,
            "received_on": found.received_on.isoformat()}  # fmt: skip


class BalanceIn(Schema):
    """A loan's balance, fen."""

    number: Text
    date: datetime.date
    principal: Fen
    interest: Fen = 0
    overdue_days: Annotated[int, Field(ge=0, le=36500)] = 0


@router.post("/guarantee/balances", auth=Needs("register.edit"), response=_ANSWERS)
def balance(request: HttpRequest, body: BalanceIn) -> dict[str, Any]:
    """Report a loan's balance; the same again changes nothing."""
    actor = actor_of(request)
    row = Loan.objects.filter(number=body.number, void=False).first()
    if row is None or not reach.covers(LOANS, reach.reach(actor, LOANS), {"town": row.town, "bank": row.bank}):
        raise LuoshiError("E_NOT_FOUND", f"没有编号为“{body.number[:40]}”的担保贷款。")
    reach.require_act(actor, LOANS, "edit", {"town": row.town, "bank": row.bank})
    lending.report(actor=actor, number=body.number, on=body.date, principal=body.principal, interest=body.interest,
                   overdue_days=body.overdue_days)  # fmt: skip
    row.refresh_from_db()
    return {"number": row.number, "outstanding": row.outstanding, "status": row.status}


@router.get("/guarantee/subsidies/{year}", auth=Needs("case.see"), response=_ANSWERS)
def subsidy_rows(request: HttpRequest, year: int) -> dict[str, Any]:
    """Return a year's subsidies the caller sees: loan, days, parts and total in fen, how far each is."""
    rows = [subsidies.told(one) for one in subsidies.visible(actor_of(request))[:5000]]
    return {"year": year, "subsidies": [one for one in rows if one["year"] == year]}


@router.get("/guarantee/cases/{number}/reports", auth=Needs("case.see"), response=_ANSWERS)
def report_rows(request: HttpRequest, number: Text) -> dict[str, Any]:
    """Return due-diligence reports and review results as the caller may read them now."""
    actor = actor_of(request)
    found = reports.read(actor, reports.visible_case(actor, number))
    return {"reports": [
        {"kind": one["kind"], "side": one["side"], "filed": one["filed"],
         **({} if one["row"] is None else {"passed": one["row"].passed, "amount": one["row"].amount,
                                           "opinion": one["row"].opinion, "on": str(one["row"].on)})}
        for one in found
    ]}  # fmt: skip
