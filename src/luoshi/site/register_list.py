"""A register as an address: which records it asks for; tabs, facets, chips, columns; one reading for all."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.office.paging import Total
from luoshi.office.programme import programmes
from luoshi.office.registers.declaration import Column, Register
from luoshi.office.registers.queries import STATES, RecordRow, RegisterFilter, RegisterList, sortable
from luoshi.site.addresses import Address, facet

_MOST_CHOICES = 20
_MOST_WORDS = 60
_TAB_BOUND = 500
STATE_WORDS = {
    "current": gettext_lazy("现行"),
    "ended": gettext_lazy("已终止"),
    "void": gettext_lazy("已作废"),
    "all": gettext_lazy("全部"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the list: its column's title, what it says, whether figures are aligned to the right."""

    title: str
    words: str
    right: bool
    wide: bool


_TAKEN = frozenset(("after", "before", "cols", "d", "on", "p", "q", "sort", "state", "view"))


def parameter(column: Column) -> str:
    """Return under which name a column stands in an address: its own, unless the list has that name for itself."""
    return f"{column.name}_" if column.name in _TAKEN else column.name


def read(query: QueryDict, register: Register) -> RegisterFilter:
    """Read the conditions from an address; values that mean nothing are left out."""
    chosen = {}
    for column in register.facets:
        texts = query.getlist(parameter(column))[:_MOST_CHOICES]
        chosen[column.name] = tuple(text.strip()[:80] for text in texts if text.strip("\0 "))
    sort = query.get("sort", "")
    known = {column.name for column in sortable(register)}
    return RegisterFilter(
        chosen={name: values for name, values in chosen.items() if values},
        q=query.get("q", "").replace("\0", "").strip()[:_MOST_WORDS],
        state=query.get("state", "") if query.get("state") in STATES else "current",
        sort=sort.removeprefix("-") if sort.removeprefix("-") in known else "",
        descending=sort.startswith("-"),
    )


def columns(query: QueryDict, found: RegisterList) -> list[Column]:
    """Return the columns to show: those ticked, else those the register lists."""
    ticked = query.getlist("cols")
    chosen = [column for column in found.columns if column.name in ticked]
    return chosen or [column for column in found.columns if column.listed]


def conditions(found: RegisterList, labels: dict[tuple[str, str], str]) -> list[tuple[str, str, str, str]]:
    """Return the conditions in force as (parameter, value, label, words)."""
    wanted, register = found.wanted, found.register
    rows = [
        (parameter(column), text, column.title, labels.get((column.name, text), text))
        for column in register.facets
        for text in wanted.chosen.get(column.name, ())
    ]
    if wanted.state != "current":
        rows.append(("state", wanted.state, _("效力"), str(STATE_WORDS[wanted.state])))
    if wanted.q:
        rows.append(("q", wanted.q, _("含"), wanted.q))
    return rows


def described(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return conditions in words, for the foot of a print or an export."""
    return "；".join(f"{label} {words}" for _name, _value, label, words in rows) or _("全部现行记录")


def tabs(found: RegisterList, path: str, query: QueryDict, actor: Any) -> list[dict[str, Any]]:
    """Return the tabs by state with their counts."""
    shown = []
    for state in STATES:
        asked = RegisterFilter(state=state)
        total = RegisterList(found.register, asked, actor=actor, day=found.day).total(_TAB_BOUND)
        current = found.wanted.state == state
        if state in ("ended", "void") and not total.value and not current:
            continue
        label = str(STATE_WORDS[state])
        kept = {"on": query.get("on", ""), "d": query.get("d", ""), "state": "" if state == "current" else state}
        given = urlencode({name: value for name, value in kept.items() if value})
        shown.append(
            {
                "label": label if total.exact else f"{label} {total.value:,}+",
                "href": f"{path}?{given}" if given else path,
                "count": total.value if total.exact else None,
                "current": current,
            }
        )
    return shown


def facets(at: Address, found: RegisterList) -> tuple[list[dict[str, Any]], dict[tuple[str, str], str]]:
    """Return the facets as links, and the words of every value by (column, text)."""
    shown: list[dict[str, Any]] = []
    labels: dict[tuple[str, str], str] = {}
    for column, values in found.facets():
        rows = [(value.value, value.label, value.count) for value in values]
        labels |= {(column.name, value.value): value.label for value in values}
        chosen = found.wanted.chosen.get(column.name, ())
        if len(rows) > 1 or chosen:
            shown.append(facet(at, parameter(column), column.title, rows, chosen, 12))
    return shown, labels


def heads(at: Address, found: RegisterList, shown: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the heads of the columns; those a list can be sorted by are links."""
    known = {column.name for column in sortable(found.register)} if not found.past else set()
    order, down = found.wanted.sort or found.register.order, found.wanted.descending
    rows = []
    for column in shown:
        here = column.name == order and column.name in known
        to = f"-{column.name}" if here and not down else column.name
        rows.append(
            {
                "title": column.header,
                "right": column.right,
                "href": at.having(sort=to) if column.name in known else "",
                "sorted": ("descending" if down else "ascending") if here else "",
            }
        )
    return rows


def cells(found: RegisterList, row: RecordRow, shown: Sequence[Column]) -> list[Cell]:
    """Return the cells of a row; what is not filled in says so."""
    return [
        Cell(column.title, found.words(column, row.values[column.name]), column.right, column.kind in ("text", "area"))
        for column in shown
    ]


def count_words(total: Total) -> str:
    """Return how many there are, in words."""
    return (_("%s 条") if total.exact else _("约 %s 条以上")) % f"{total.value:,}"


def state_words(row: RecordRow, day: datetime.date) -> tuple[str, str]:
    """Return a record's state in a word, and the tone of its tag."""
    if row.void:
        return _("已作废"), "red"
    if row.ended_on is not None and row.ended_on < day:
        return _("%s终止") % f"{row.ended_on.year}年{row.ended_on.month}月{row.ended_on.day}日", "grey"
    return _("现行"), "green"


def programme_title(key: str) -> str:
    """Return what a programme is called."""
    return next((one.title for one in programmes() if one.key == key), key)


def crumbs(register: Register, *more: dict[str, str]) -> list[dict[str, str]]:
    """Return where a page of the register stands: place, programme, register."""
    return [
        {"title": _("台账"), "href": reverse("registers")},
        *more,
    ]


def own_crumb(register: Register) -> dict[str, str]:
    """Return the register as a part of the way to a page inside it."""
    return {"title": register.title, "href": reverse("register", args=[register.key])}
