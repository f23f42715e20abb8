"""A parameter in words: its value with unit, where it comes from, its history drawn as steps."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.citation import Citation, clause_url
from luoshi.kernel.parameters import DatedValue, Parameter
from luoshi.office.instruments.queries import known_keys
from luoshi.office.parameters.queries import standing_of
from luoshi.office.parameters.values import as_text
from luoshi.site.present import Cite, short_number
from luoshi.site.typography import date_words

STANDINGS = {
    "clause": (gettext_lazy("出自条款"), ""),
    "confirmed": (gettext_lazy("已确认"), "green"),
    "unconfirmed": (gettext_lazy("默认值，未经确认"), "yellow"),
    "missing": (gettext_lazy("这一天没有值"), "red"),
}
"""How well founded a value is: words and tone of the badge."""
SOURCES = {
    "clause": gettext_lazy("条款"),
    "outside_rule": gettext_lazy("外部规定"),
    "default": gettext_lazy("默认值"),
    "unconfirmed": gettext_lazy("待核实"),
}
STATES = {
    "proposed": (gettext_lazy("待批准"), "yellow"),
    "approved": (gettext_lazy("已批准"), "green"),
    "refused": (gettext_lazy("不予批准"), "red"),
    "withdrawn": (gettext_lazy("已撤回"), ""),
}
KINDS = {
    "integer": gettext_lazy("整数"),
    "decimal": gettext_lazy("小数"),
    "boolean": gettext_lazy("是或否"),
    "choice": gettext_lazy("几种之一"),
    "text": gettext_lazy("文字"),
    "json": gettext_lazy("列表或表"),
}
_NO_UNIT = frozenset({"", "decimal", "时刻", "文本", "是否"})
_PAIR = 2


def shown(value: Any, unit: str = "") -> str:
    """Return a value as a page shows it: with its unit, numbers grouped, lists without brackets."""
    if value is None:
        return _("未定")
    if isinstance(value, Mapping):
        return "；".join(f"{key}：{shown(part)}" for key, part in value.items())
    if isinstance(value, (list, tuple)):
        flat = all(not isinstance(part, (list, tuple, Mapping)) for part in value)
        return ("–" if flat and len(value) == _PAIR else "、").join(shown(part) for part in value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        text = f"{value:,}"
    else:
        text = as_text(value)
    if unit in ("%", "‰"):
        return f"{text}{unit}"
    return f"{text} {unit}" if unit not in _NO_UNIT and isinstance(value, (int, Decimal)) else text


def held(parameter: Parameter, value: Any) -> str:
    """Return a value of a parameter as a page shows it: a word that stands for something by what it means."""
    if isinstance(value, str) and value in parameter.choices:
        return parameter.choices[value]
    return shown(value, parameter.unit)


def span_words(first: datetime.date, last: datetime.date | None) -> str:
    """Return the days of a value in words."""
    if last is None:
        return _("%s起") % date_words(first)
    return f"{date_words(first)}–{date_words(last)}"


def cites(texts: Iterable[str]) -> dict[str, Cite]:
    """Return a chip for each citation, in one query: with the address of its clause where the library has it."""
    parsed = {text: Citation.parse(text) for text in texts if text}
    known = known_keys([str(citation.instrument) for citation in parsed.values() if citation is not None])
    return {text: _cite(text, citation, known) for text, citation in parsed.items()}


def _cite(text: str, citation: Citation | None, known: Iterable[str]) -> Cite:
    if citation is None:
        return Cite(text, text, "", "", "", text)
    number, path = str(citation.instrument), str(citation.locator)
    href = clause_url(number, citation.locator.path) if number in known else ""
    return Cite(number, short_number(number), citation.locator.path, path, href, text)


@dataclass(frozen=True, slots=True)
class ValueRow:
    """A dated value as a page shows it."""

    value: str
    days: str
    cite: Cite | None
    source: str
    standing: str
    badge: str
    tone: str
    confirmed_by: str
    current: bool = False


def basis_text(dated: DatedValue) -> str:
    """Return the clause or the named rule a value rests on, empty where there is none."""
    return str(dated.citation) if dated.citation is not None else dated.basis or ""


def value_row(
    parameter: Parameter, dated: DatedValue | None, chips: Mapping[str, Cite], *, current: bool = False
) -> ValueRow:
    """Return a value in words with its chip out of `cites`; what is missing says so."""
    standing = standing_of(dated)
    badge, tone = STANDINGS[standing]
    if dated is None:
        return ValueRow("—", "—", None, "", standing, str(badge), tone, "", current)
    return ValueRow(
        value=held(parameter, dated.value),
        days=span_words(dated.valid_from, dated.valid_to),
        cite=chips.get(basis_text(dated)),
        source=str(SOURCES[dated.source.value]),
        standing=standing,
        badge=str(badge),
        tone=tone,
        confirmed_by=dated.confirmed_by or "",
        current=current,
    )


# --- history as steps -------------------------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _TOP, _BOTTOM, _LEFT = 680, 132, 34, 96, 8
_MARGIN = datetime.timedelta(days=420)


def steps(parameter: Parameter, today: datetime.date, proposed: Sequence[DatedValue] = ()) -> SafeString:
    """Draw the values over time: a line a value, its height by size where it is a number, what waits dashed.

    Long stretches before the first change are cut to a year; the figure's label says all of it in words.
    """
    values = list(parameter.values)
    if not values:
        return SafeString("")
    first, last = _reach([*values, *proposed], today)
    scale = _heights([*values, *proposed])

    def across(day: datetime.date) -> float:
        share = (min(max(day, first), last) - first).days / max((last - first).days, 1)
        return round(_LEFT + share * (_WIDTH - 2 * _LEFT), 1)

    lines = format_html_join(
        "",
        '<path d="M{} {}H{}" fill="none" stroke="{}" stroke-width="{}"{}/>'
        '<text x="{}" y="{}" font-size="12" fill="#14232A">{}</text>'
        '<text x="{}" y="116" font-size="12" fill="#566970">{}</text>',
        [
            (
                across(value.valid_from), high, across(value.valid_to or last), "#126374" if kept else "#9A8558",
                3 if kept else 2, SafeString("" if kept else ' stroke-dasharray="6 4"'),
                across(max(value.valid_from, first)) + 3, high - 7, held(parameter, value.value)[:24],
                across(max(value.valid_from, first)) + 3, "" if value.valid_from < first else
                f"{value.valid_from.year}.{value.valid_from.month}.{value.valid_from.day}",
            )
            for value, high, kept in _levels(values, proposed, scale)
        ],
    )  # fmt: skip
    now = across(today)
    label = "；".join(f"{span_words(v.valid_from, v.valid_to)} {held(parameter, v.value)}" for v in values)
    return format_html(
        '<svg class="ls-steps-drawn" viewBox="0 0 {} {}" role="img" aria-label="{}" font-family="inherit">'
        '<path d="M{} 100H{}" stroke="#DDE4E5"/><path d="M{} 20V104" stroke="#F3C846" stroke-width="2"/>'
        '<text x="{}" y="14" font-size="12" fill="#6E5200" text-anchor="{}">{}</text>{}</svg>',
        _WIDTH, _HEIGHT, label, _LEFT, _WIDTH - _LEFT, now, min(max(now, 20), _WIDTH - 20), "middle", _("今天"), lines,
    )  # fmt: skip


def _reach(values: Sequence[DatedValue], today: datetime.date) -> tuple[datetime.date, datetime.date]:
    changes = sorted(value.valid_from for value in values)
    first = (changes[1] if len(changes) > 1 else today) - _MARGIN
    ends = [value.valid_to for value in values if value.valid_to is not None]
    last = max([today, *changes, *ends]) + _MARGIN
    return max(min(first, today - _MARGIN), changes[0] - _MARGIN), last


def _heights(values: Sequence[DatedValue]) -> Mapping[int, float]:
    numbers = [v.value for v in values if isinstance(v.value, (int, Decimal)) and not isinstance(v.value, bool)]
    if len(numbers) < len(values) or not numbers:
        return {}
    low, high = min(numbers), max(numbers)
    spread = float(high - low) or 1.0
    return {
        id(value): round(_BOTTOM - 8 - float(value.value - low) / spread * (_BOTTOM - 8 - _TOP), 1)
        if high != low
        else (_TOP + _BOTTOM) / 2
        for value in values
    }


def _levels(
    values: Sequence[DatedValue], proposed: Sequence[DatedValue], scale: Mapping[int, float]
) -> Iterable[tuple[DatedValue, float, bool]]:
    middle = (_TOP + _BOTTOM) / 2
    for value in values:
        yield value, scale.get(id(value), middle), True
    for value in proposed:
        yield value, scale.get(id(value), middle + 22), False
