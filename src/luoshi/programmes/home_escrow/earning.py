"""Interest on an account, split over its sales by the sums of their end-of-day balances (J11, 6.12)."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import actions
from luoshi.office.funds.models import Book, Posting
from luoshi.office.funds.orders import credit, debit
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common
from luoshi.programmes.home_escrow.common import ORGAN, OWN
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale


def interest(
    *, actor: Actor, book: Book, amount: int, first_on: datetime.date, last_on: datetime.date, key: str, txn: str = ""
) -> dict[str, int]:  # fmt: skip
    """Book interest for a period, split over the sales by the sums of their end-of-day balances (J11); return parts.

    Errors: E_FORBIDDEN, E_STATE (no sale had money), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=book.pk)
        parts = split(book, amount, first_on, last_on)
        if not parts:
            raise LuoshiError("E_STATE", "这一期没有可分利息的交易。", citation=f"{RULES} 第十条")
        lines = [debit("1001", amount, bank_txn_no=txn), *(credit("2006", fen, name) for name, fen in parts.items())]
        actions.post(book=book.key, actor=actor, key=key, value_on=CLOCK.today(), event="J11", lines=lines,
                     memo=f"{first_on}至{last_on}利息", basis=f"{RULES} 第十条")  # fmt: skip
    return parts


UNSPLIT = "ACCOUNT"
"""The subject under which interest is kept that is not split (interest_mode none)."""


def split(book: Book, amount: int, first: datetime.date, last: datetime.date) -> dict[str, int]:
    """Return what of an interest belongs to each sale: by the sums of end-of-day balances; empty: no sale had money."""
    rows = [{"sale": name, "weight": weight} for name, weight in weights_of(book, first, last).items()]
    taken = common.decide("interest", {"interest": amount, "sales": rows})
    if taken.value["result"] == "KEPT":
        return {UNSPLIT: amount}
    if taken.value["result"] != "OK":
        return {}
    return {name: int(fen) for name, fen in taken.value["sales"].items() if fen}


def weights_of(book: Book, first: datetime.date, last: datetime.date) -> dict[str, int]:
    """Return the sums of the sales' end-of-day balances in a period (fen times days), what is on its way included.

    The money of sale d lies in 2001.d and 2002.d, on its way in 2003 and 2004 under entries that bear its number.
    """
    lines = Posting.objects.filter(account__book=book, account__code__in=(*OWN, "2003", "2004"), value_on__lte=last)
    moves = lines.exclude(entry__case="").values_list("entry__case", "value_on").annotate(
        net=Sum("credit") - Sum("debit")
    )  # fmt: skip
    found: dict[str, int] = {}
    for name, day, net in moves:
        found[name] = found.get(name, 0) + net * ((last - max(day, first)).days + 1)
    known = set(Sale.objects.filter(book=book).values_list("agreement_no", flat=True))
    return {name: weight for name, weight in sorted(found.items()) if weight > 0 and name in known}
