"""What pages of programmes take from the house: a limit's gauge as the books draw it, cases as the lists show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from luoshi.kernel.clock import CLOCK
from luoshi.office.calendar.book import calendar
from luoshi.office.cases.models import Case
from luoshi.office.funds.gauge import Gauge
from luoshi.site.case_rows import rows_of
from luoshi.site.fund_words import gauge_drawn, yuan

register = template.Library()


@register.inclusion_tag("funds/_gauge.html")
def ls_gauge(gauge: Gauge) -> dict[str, Any]:
    """Draw a gauge (picture 05); the page loads `ls/funds.css`."""
    return {"one": gauge_drawn(gauge)}


@register.inclusion_tag("site/_case_table.html")
def ls_cases(cases: Sequence[Case], caption: str = "") -> dict[str, Any]:
    """Show cases with their limits counted down, whose turn it is; the page loads `ls/cases.css`."""
    return {"groups": [{"title": "", "rows": rows_of(cases, CLOCK.now(), calendar())}], "caption": caption}


@register.simple_tag
def ls_yuan(fen: int | None) -> str:
    """Show an amount of fen in yuan, two decimals; a dash for none."""
    return "—" if fen is None else yuan(fen)
