"""What other pages show of cases: the desk's block 轮到我办的办件."""

from __future__ import annotations

from typing import Any

from django import template

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.calendar.book import calendar
from luoshi.office.cases.queries import CaseFilter, CaseLedger
from luoshi.office.permissions import may
from luoshi.site.case_list import address
from luoshi.site.case_rows import rows_of

register = template.Library()

SHOWN = 8
_BOUND = 200


@register.inclusion_tag("site/_desk_cases.html", takes_context=True)
def desk_cases(context: Any) -> dict[str, Any]:
    """Show the cases that wait for a role of whoever looks, the one that ends first in front; nothing where none do."""
    actor: Actor | None = context.get("actor")
    if actor is None or not actor.grants or not may(actor, "case.act") or context.get("readonly"):
        return {"rows": []}
    now, table = CLOCK.now(), calendar()
    book = CaseLedger(CaseFilter(mine=True), actor=actor, now=now, calendar=table)
    found = book.page(size=SHOWN)
    if not found.rows:
        return {"rows": []}
    total = book.total(_BOUND)
    return {
        "rows": rows_of(found.rows, now, table),
        "total": total.value,
        "exact": total.exact,
        "href": address(view="mine"),
    }
