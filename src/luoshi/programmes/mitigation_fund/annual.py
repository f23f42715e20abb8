"""The fund's year, bank by bank: what each account had, what came and went, what it has (fen); page and workbook."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Q, Sum

from luoshi.kernel.clock import CLOCK
from luoshi.office.funds.models import Day
from luoshi.programmes.mitigation_fund.models import Agreement
from luoshi.programmes.mitigation_fund.postings import ACCOUNTS

OWN = ("3001", "3002", "3003", "3101", "1101", "1201")
"""What the fund is made of: sources, and what goes off them."""


def years() -> list[int]:
    """Return the years there is a statement for, newest first."""
    first = Agreement.objects.order_by("signed_on").values_list("signed_on", flat=True).first()
    now = CLOCK.today().year
    return list(range(now, min(first.year, now) - 1, -1)) if first is not None else []


def statement(year: int) -> dict[str, Any]:
    """Return a year: by bank and together, every account's opening, debit, credit and closing, and F."""
    first, last = datetime.date(year, 1, 1), min(datetime.date(year, 12, 31), CLOCK.today())
    before, within = Q(value_on__lt=first), Q(value_on__gte=first)
    rows = Day.objects.filter(account__book__in=Agreement.objects.values("book"), subject="", value_on__lte=last)
    found: dict[tuple[int, str], tuple[int, int, int]] = {}
    sums = rows.order_by().values_list("account__book", "account__code").annotate(
        d0=Sum("debit", filter=before), c0=Sum("credit", filter=before),
        d1=Sum("debit", filter=within), c1=Sum("credit", filter=within),
    )  # fmt: skip
    for book, code, *told in sums:
        d0, c0, d1, c1 = (int(one or 0) for one in told)
        found[book, code] = (d0 - c0, d1, c1)
    banks: list[dict[str, Any]] = []
    for row in Agreement.objects.order_by("bank"):
        lines = [_line(code, found.get((row.pk, code), (0, 0, 0))) for code in ACCOUNTS]
        banks.append({"row": row, "lines": lines, "fund": _fund(lines)})
    together = [_line(code, _sums(found, code)) for code in ACCOUNTS]
    return {"year": year, "first": first, "last": last, "banks": banks, "lines": together, "fund": _fund(together)}


def _sums(found: dict[tuple[int, str], tuple[int, int, int]], code: str) -> tuple[int, ...]:
    rows = [told for (_book, of), told in found.items() if of == code]
    return tuple(sum(told[n] for told in rows) for n in range(3))


def _line(code: str, told: tuple[int, ...]) -> dict[str, Any]:
    title, side = ACCOUNTS[code]
    way = 1 if side == "D" else -1
    opening, debit, credit = told
    return {"code": code, "title": title, "opening": way * opening, "debit": debit, "credit": credit,
            "closing": way * (opening + debit - credit)}  # fmt: skip


def _fund(lines: list[dict[str, Any]]) -> dict[str, int]:
    """Return the fund balance F at both ends: deposits less what is in transit, interest, unidentified."""
    told = {one["code"]: one for one in lines}
    return {name: told["1001"][name] - sum(told[code][name] for code in ("2001", "2002", "2003"))
            for name in ("opening", "closing")}  # fmt: skip
