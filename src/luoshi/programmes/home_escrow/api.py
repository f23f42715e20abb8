"""What other systems ask of this room: is a contract filed, which sales there are, one sale's money; a sale opened."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.home_escrow import contracts, course, holds, queries, supplements, suspense
from luoshi.programmes.home_escrow.models import Hold, Sale

router = Router()
_PLAIN = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=300, pattern=_PLAIN)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


class AskedIn(Schema):
    """A contract number or a unit code."""

    asked: Annotated[str, Field(min_length=1, max_length=60, pattern=_PLAIN)]


@router.post("/escrow/status", auth=Needs("escrow.check"), response=_ANSWERS)
def status(request: HttpRequest, body: AskedIn) -> dict[str, Any]:
    """Answer registry or tax whether a contract is signed online and filed; the question is kept with who asked."""
    return dict(contracts.check_status(actor=actor_of(request), asked=body.asked).answer)


@router.get("/escrow/sales", auth=Needs("escrow.see"), response=_ANSWERS)
def sale_list(request: HttpRequest, q: str = "", state: str = "live", after: int = 0) -> dict[str, Any]:
    """Return the sales the actor sees, 200 at a time, newest first; `after` is the last id seen."""
    rows = queries.matching(queries.visible_sales(actor_of(request)), q[:100])
    rows = rows if q or state == "all" else queries.in_state(rows, state[:20])
    rows = rows.filter(pk__lt=after) if 0 < after < 2**63 else rows
    found = list(rows.order_by("-pk")[:200])
    return {
        "sales": [
            {"id": one["sale"].pk, "state": one["state"], "days": one["days"], "balance": one["balance"],
             "held": one["held"], **_told(one["sale"])}
            for one in queries.listed(found)
        ],
        "next": found[-1].pk if len(found) == 200 else None,
    }  # fmt: skip


def _told(sale: Sale) -> dict[str, Any]:
    return {
        "agreement_no": sale.agreement_no, "contract_no": sale.contract_no, "unit_code": sale.unit_code,
        "price": sale.price, "supervised": sale.supervised, "deposits": sale.deposits, "released": sale.released,
        "refunded": sale.refunded, "deducted": sale.deducted, "reversed": sale.reversed,
        "signed_on": str(sale.signed_on), "filed_on": sale.filed_on and str(sale.filed_on),
        "registered_on": sale.registered_on and str(sale.registered_on),
    }  # fmt: skip


@router.get("/escrow/sales/{number}", auth=Needs("escrow.see"), response=_ANSWERS)
def one_sale(request: HttpRequest, number: str) -> dict[str, Any]:
    """Return a sale with its money line by line (fen), what is frozen, what is free, what it waits for."""
    sale = queries.visible_sale(actor_of(request), number[:40])
    state, money = queries.state_of(sale), queries.money_of(sale)
    title, reasons = queries.why(sale, state)
    lines = [
        {"kind": one["line"].kind, "payer": one["payer"], "amount": one["line"].amount,
         "deposited": one["line"].deposited, "before_filing": one["line"].before_filing}
        for one in money.pop("lines")
    ]  # fmt: skip
    return {"state": state, "next": queries.waits_on(sale, state), "money": money, "lines": lines, "waits_for": title,
            "reasons": reasons, **_told(sale)}  # fmt: skip


@router.get("/escrow/suspense", auth=Needs("escrow.see"), response=_ANSWERS)
def waiting_money(request: HttpRequest) -> dict[str, Any]:
    """Return what lies in suspense in the accounts the caller sees, transaction by transaction (fen), oldest first.

    A case of the procedure `home_escrow.suspense` with the transaction's number disposes of it (`/cases`).
    """
    books = [one.book for one in queries.visible_accounts(actor_of(request))]
    rows = [one for one in suspense.inflows(books) if one.left > 0 or one.case is not None]
    return {
        "total": queries.books_total(books)["2005"],
        "transactions": [
            {"account": one.book.key, "txn": one.txn, "on": str(one.on), "payer": one.payer, "ref": one.ref,
             "memo": one.memo, "amount": one.amount, "left": one.left, "case": one.case.number if one.case else None}
            for one in rows
        ],
    }  # fmt: skip


class SaleIn(Schema):
    """The agreement of a sale; amounts in yuan as text, parties `name number [share]` line by line."""

    account: Text
    contract_no: Text
    contract_on: Text
    unit_code: Text
    title_no: Text
    address: Text
    area: Text = ""
    buyers: Annotated[str, Field(max_length=2000, pattern=_PLAIN)]
    sellers: Annotated[str, Field(max_length=2000, pattern=_PLAIN)]
    price: Text
    mode: Annotated[str, Field(pattern="^(FULL|PARTIAL)$")] = "FULL"
    contract_supervised: Text
    own: Text = ""
    loan: Text = ""
    lender: Text = ""
    more_loans: Text = ""
    plan: Annotated[str, Field(pattern="^(SINGLE|STAGED)$")] = "SINGLE"


@router.post("/escrow/sales", auth=Needs("case.open"), response=_ANSWERS)
def open_sale(request: HttpRequest, body: SaleIn) -> dict[str, Any]:
    """Open the case of a sale whose agreement was signed; steps go on under /cases/{case}."""
    case = contracts.open_sale(actor=actor_of(request), told=body.dict())
    return {"agreement_no": case.number, "case": case.pk, "state": case.state}


class SupplementIn(Schema):
    """What a sale becomes: amounts in yuan as text, parties only where they change, `name number [share]` a line."""

    contract_no: Text = ""
    price: Text
    contract_supervised: Text
    own: Text = ""
    loan: Text = ""
    lender: Text = ""
    more_loans: Text = ""
    buyers: Annotated[str, Field(max_length=2000, pattern=_PLAIN)] = ""
    sellers: Annotated[str, Field(max_length=2000, pattern=_PLAIN)] = ""
    all_signed: bool = False
    reason: Text


@router.post("/escrow/sales/{number}/supplements", auth=Needs("case.open"), response=_ANSWERS)
def supplement(request: HttpRequest, number: str, body: SupplementIn) -> dict[str, Any]:
    """Ask for a supplementary agreement; another hand agrees under /cases/{case}, and then the sale changes."""
    actor = actor_of(request)
    sale = queries.visible_sale(actor, number[:40])
    told = body.dict() | {"agreement_no": sale.agreement_no, "all_signed": "1" if body.all_signed else ""}
    case = supplements.open_supplement(actor=actor, told=told)
    return {"case": case.pk, "number": case.number, "state": case.state}


class FreezeIn(Schema):
    """An authority's order against a sale's money."""

    authority: Annotated[str, Field(min_length=1, max_length=100, pattern=_PLAIN)]
    document_no: Annotated[str, Field(min_length=1, max_length=80, pattern=_PLAIN)]
    amount: Annotated[int, Field(gt=0, le=10**15)]
    party: Annotated[str, Field(max_length=100, pattern=_PLAIN)] = ""
    to_on: datetime.date | None = None


@router.post("/escrow/sales/{number}/holds", auth=Needs("fund.post"), response=_ANSWERS)
def freeze(request: HttpRequest, number: str, body: FreezeIn) -> dict[str, Any]:
    """Note a freeze of a sale's money (fen): held from now on; another hand confirms it under /cases/{case}."""
    actor = actor_of(request)
    sale = queries.visible_sale(actor, number[:40])
    told = {"agreement_no": sale.agreement_no, "authority": body.authority, "document_no": body.document_no,
            "party": body.party, "amount": str(Money(body.amount)),
            "to_on": body.to_on.isoformat() if body.to_on else ""}  # fmt: skip
    case = holds.open_hold(actor=actor, told=told)
    return {"hold": case.facts["hold"], "case": case.pk, "state": case.state, "held": course.held(sale),
            "free": course.free(sale)}  # fmt: skip


class LiftIn(Schema):
    """The document by which a freeze ends."""

    document_no: Annotated[str, Field(min_length=1, max_length=80, pattern=_PLAIN)]


@router.post("/escrow/sales/{number}/holds/{hold}/lift", auth=Needs("fund.post"), response=_ANSWERS)
def lift(request: HttpRequest, number: str, hold: int, body: LiftIn) -> dict[str, Any]:
    """Ask for a freeze to be lifted by a document; another hand lifts it under /cases/{case}."""
    actor = actor_of(request)
    sale = queries.visible_sale(actor, number[:40])
    if not 0 < hold < 2**63 or not Hold.objects.filter(pk=hold, sale=sale).exists():
        raise LuoshiError("E_NOT_FOUND", "没有这道冻结。")
    case = holds.ask_lift(actor=actor, hold=hold, document_no=body.document_no)
    return {"hold": hold, "case": case.pk, "state": case.state, "held": course.held(sale)}
