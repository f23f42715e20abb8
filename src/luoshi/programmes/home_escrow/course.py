"""A sale as it stands: found and locked, its cases moved on, what it has, what is held and free, when it is over."""

from __future__ import annotations

import datetime
from enum import IntEnum

from django.db.models import QuerySet, Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions as cases
from luoshi.office.cases import procedures
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM
from luoshi.office.funds import queries
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.programmes.home_escrow.common import ENDING, HOLD, OWN, SALE, State
from luoshi.programmes.home_escrow.models import Hold, Sale

_WAITING = ("drafted", "checked", "sent", "unknown", "returned")


class Lock(IntEnum):
    """How much is locked with a sale. The order is always: book, termination's case, sale's case, sale.

    A step of the sale's case holds that case already and takes the sale alone; a step of a termination takes the sale's
    case too; what posts takes the book first, so that nobody waits for somebody who waits for him.
    """

    NONE = 0
    SALE = 1
    CASE = 2
    BOOK = 3


def sale_of(agreement_no: str, *, lock: Lock = Lock.NONE) -> Sale:
    """Return a sale by its agreement number, locked for a change; E_NOT_FOUND."""
    found = Sale.objects.select_related("book").filter(agreement_no=agreement_no).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有监管协议“{agreement_no[:40]}”。")
    if not lock:
        return found
    if lock >= Lock.BOOK:
        Book.objects.select_for_update().get(pk=found.book_id)
        list(Case.objects.select_for_update().filter(procedure=ENDING, subject=f"sale:{agreement_no}", is_open=True))
    if lock >= Lock.CASE:
        list(Case.objects.select_for_update().filter(procedure=SALE, number=agreement_no))
    return Sale.objects.select_for_update(of=("self",)).select_related("book").get(pk=found.pk)


def case_of(agreement_no: str) -> Case | None:
    """Return the case of a sale: it bears the agreement's number."""
    return Case.objects.filter(procedure=SALE, number=agreement_no).first()


def ending_of(agreement_no: str) -> Case | None:
    """Return the open case that would end the supervision of a sale, else the last one."""
    rows = Case.objects.filter(procedure=ENDING, subject=f"sale:{agreement_no}")
    return rows.order_by("-is_open", "-pk").first()


def hold_case(hold: int) -> Case | None:
    """Return the case of a freeze: the open one, else the last one."""
    return Case.objects.filter(procedure=HOLD, subject=f"hold:{hold}").order_by("-is_open", "-pk").first()


def advance(case: Case | None, step: str) -> None:
    """Let a case take a step by what the bank did; nothing where there is no case or it stands elsewhere."""
    if case is None:
        return
    found = procedures.version(case.procedure, case.version).steps[step]
    state = Case.objects.filter(pk=case.pk).values_list("state", flat=True).get()
    if state in found.sources:
        cases.act(actor=PROGRAM, case=case.pk, step=step, data={})


def follow(sale: Sale) -> None:
    """Move the case of a sale to what is paid in: begun, complete for filing, or short again."""
    case = case_of(sale.agreement_no)
    if case is None or sale.state != State.FUNDING:
        return
    if sale.deposits > sale.reversed:
        advance(case, "deposit")
    lacking = any(one.amount > one.deposited for one in sale.lines.all() if one.before_filing)
    advance(case, "unfund" if lacking else "fund")


def money(sale: Sale) -> dict[str, int]:
    """Return what a sale has: 2001, 2002, 2006 (fen)."""
    kept = queries.balances_of_subject(sale.book, sale.agreement_no)
    return {code: kept.get(code, 0) for code in (*OWN, "2006")}


def live_holds(on: datetime.date | None = None) -> QuerySet[Hold]:
    """Return the freezes that hold on a day: begun, not past their end, not lifted."""
    day = on or CLOCK.today()
    return Hold.objects.filter(lifted_by="", from_on__lte=day).exclude(to_on__lt=day)


def held(sale: Sale, on: datetime.date | None = None) -> int:
    """Return what is frozen of a sale on a day (fen)."""
    told = live_holds(on).filter(sale=sale).aggregate(a=Sum("amount"), u=Sum("used"))
    return int(told["a"] or 0) - int(told["u"] or 0)


def frozen(book: Book, on: datetime.date | None = None) -> Hold | None:
    """Return the freeze of a whole account, None when there is none."""
    return live_holds(on).filter(book=book).first()


def free(sale: Sale) -> int:
    """Return what of a sale may be paid (fen)."""
    kept = money(sale)
    return max(kept["2001"] + kept["2002"] - held(sale), 0)


def open_payment(sale: Sale, *, besides: int | None = None) -> str:
    """Return the kind of a payment of the sale that is not settled, empty when there is none."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, state__in=_WAITING)
    rows = rows.exclude(state="returned", replaced_by__isnull=False)
    rows = rows if besides is None else rows.exclude(pk=besides)
    return rows.values_list("type", flat=True).first() or ""


def settle(sale: Sale, besides: int | None = None) -> None:
    """Close a sale of which nothing is left: all came in and went out again, or its supervision ended.

    Interest that came while the last money was on its way does not keep it open: it is paid after (`pay_interest`).
    """
    case = case_of(sale.agreement_no)
    complete = sale.deposits - sale.reversed >= sale.supervised or sale.state == State.TERMINATING
    gone = sale.released + sale.refunded > 0 or sale.registered_on is not None
    kept = money(sale)
    if complete and gone and not any(kept[code] for code in OWN) and not open_payment(sale, besides=besides):
        sale.state, sale.live = State.CLOSED, False
        sale.save()
        # What a court deducted leaves nothing to apply for.
        if case is not None and case.state in ("requested", "approved"):
            advance(case, "void_request")
        advance(case, "pay")
