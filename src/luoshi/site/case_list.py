"""The list of cases as an address: which conditions it asks for, in words, as tabs, facets and chips.

One reading of the address serves the list, its tabs' counts and the Excel file: they cannot differ.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.procedures import Status
from luoshi.office.actors import Actor
from luoshi.office.cases.queries import ALL, CLOSED, OPEN, CaseFacets, CaseFilter, CaseLedger, Facet
from luoshi.office.paging import Total
from luoshi.office.permissions import may
from luoshi.office.programme import programmes
from luoshi.site.addresses import Address, facet

NAME = "cases"
"""The name under which views of this list are saved."""
VIEWS = ("mine", "own", "all")
_TAB_BOUND = 500
"""Tabs count up to here: nobody reads more rows one by one."""
_MOST_CHOICES = 20
_MOST_WORDS = 60
WHICH = {OPEN: gettext_lazy("在办"), CLOSED: gettext_lazy("已办结"), ALL: gettext_lazy("在办和已办结")}
SPANS = {
    "today": gettext_lazy("今天到期"),
    "soon": gettext_lazy("三个工作日内到期"),
    "week": gettext_lazy("本周到期"),
}
"""Spans counted from today, so that a saved view means the same tomorrow."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: the office's filter, the tab, the chosen span."""

    filter: CaseFilter
    view: str
    span: str

    @property
    def plain(self) -> bool:
        """Whether nothing narrows the tab."""
        own = {"mine": CaseFilter(mine=True), "own": CaseFilter(own=True), "all": CaseFilter()}[self.view]
        return self.filter in (own, replace(own, overdue=True))


def first_view(actor: Actor) -> str:
    """Return the tab with which the list opens: one's own turn, for whoever takes steps."""
    return "mine" if actor.grants and may(actor, "case.act") else "all"


def read(query: QueryDict, actor: Actor, day: datetime.date, calendar: WorkingCalendar) -> Asked:
    """Read the conditions from an address; values that mean nothing are left out."""
    view = query.get("view", "") if query.get("view") in VIEWS else first_view(actor)
    span = query.get("due", "") if query.get("due") in SPANS else ""
    which = query.get("which", OPEN) if query.get("which") in WHICH else OPEN
    drill = {"1": True, "0": False}.get(query.get("exercise", ""))
    wanted = CaseFilter(
        mine=view == "mine",
        own=view == "own",
        organs=_texts(query, "organ"),
        holders=_texts(query, "holder"),
        which=which,
        programmes=_texts(query, "p"),
        procedures=_texts(query, "procedure"),
        states=_texts(query, "state"),
        statuses=tuple(value for value in _texts(query, "status") if value in set(Status)),
        overdue=query.get("overdue") == "1",
        due_to=_end_of(span, day, calendar) if span else None,
        exercise=drill,
        q=query.get("q", "").replace("\0", "").strip()[:_MOST_WORDS],
    )
    return Asked(wanted, view, span)


def _end_of(span: str, day: datetime.date, calendar: WorkingCalendar) -> datetime.date:
    if span == "today":
        return day
    return calendar.shift(day, 3) if span == "soon" else day + datetime.timedelta(days=6 - day.weekday())


def _texts(query: QueryDict, name: str) -> tuple[str, ...]:
    found = (text.strip()[:80] for text in query.getlist(name)[:_MOST_CHOICES] if text.strip("\0 "))
    return tuple(dict.fromkeys(found))


def address(**conditions: str) -> str:
    """Return the address of the list under `conditions`."""
    asked = {name: value for name, value in conditions.items() if value}
    return reverse("cases") + (f"?{urlencode(asked)}" if asked else "")


def tabs(
    asked: Asked, actor: Actor, now: datetime.datetime, calendar: WorkingCalendar, known: Mapping[CaseFilter, Total]
) -> list[dict[str, Any]]:
    """Return the tabs with their counts; `known` are totals that need not be counted again."""
    found = [(_("已逾期"), "all", True), (_("全部在办"), "all", False)]
    if actor.grants:
        found.insert(0, (_("本单位的"), "own", False))
    if first_view(actor) == "mine":
        found.insert(0, (_("轮到我办"), "mine", False))
    rows = []
    for label, view, late in found:
        wanted = CaseFilter(mine=view == "mine", own=view == "own", overdue=late)
        total = known.get(wanted)
        if total is None:
            total = CaseLedger(wanted, actor=actor, now=now, calendar=calendar).total(_TAB_BOUND)
        exact = total.exact and total.value <= _TAB_BOUND
        rows.append(
            {
                "label": label if exact else f"{label} {_TAB_BOUND:,}+",
                "href": address(view=view, overdue="1" if late else ""),
                "count": total.value if exact else None,
                "current": (view, late) == (asked.view, asked.filter.overdue and asked.view == "all"),
            }
        )
    return rows


def facets(at: Address, asked: Asked, found: CaseFacets) -> list[dict[str, Any]]:
    """Return the ways to narrow the list, each option a link with its count."""
    wanted = asked.filter
    shown = []
    rooms = [(room.key, room.title, None) for room in programmes()]
    if len(rooms) > 1:
        shown.append(facet(at, "p", _("领域"), rooms, wanted.programmes))
    if len(wanted.procedures) == 1:
        shown.append(facet(at, "state", _("办到哪一步"), _rows(found.states, wanted.states), wanted.states))
    else:
        shown.append(facet(at, "status", _("状态"), _rows(found.statuses, wanted.statuses), wanted.statuses))
    shown.append(
        facet(at, "procedure", _("办件种类"), _rows(found.procedures, wanted.procedures), wanted.procedures, 8)
    )
    if found.holders:
        shown.append(facet(at, "holder", _("在谁手上"), _rows(found.holders, wanted.holders), wanted.holders, 8))
    return shown


def _rows(found: Iterable[Facet], keep: Sequence[str]) -> list[tuple[str, str, int | None]]:
    return [(one.value, one.label, one.count) for one in found if one.count != 0 or one.value in keep]


def conditions(
    asked: Asked, found: CaseFacets, organs: Mapping[str, str], kinds: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    """Return the conditions in force as (parameter, value, label, words)."""
    wanted = asked.filter
    rooms = {room.key: room.title for room in programmes()}
    states = {one.value: one.label for one in found.states}
    rows = [("p", key, _("领域"), rooms.get(key, key)) for key in wanted.programmes]
    rows += [("procedure", key, _("种类"), kinds.get(key, key)) for key in wanted.procedures]
    rows += [("state", key, _("步骤"), states.get(key, key)) for key in wanted.states]
    rows += [("status", value, _("状态"), Status(value).title) for value in wanted.statuses]
    rows += [("organ", slug, _("有关单位"), organs.get(slug, slug)) for slug in wanted.organs]
    rows += [("holder", slug, _("在谁手上"), organs.get(slug, slug)) for slug in wanted.holders]
    if wanted.overdue and asked.view != "all":
        rows.append(("overdue", "1", _("期限"), _("已逾期")))
    if asked.span:
        rows.append(("due", asked.span, _("期限"), str(SPANS[asked.span])))
    if wanted.which != OPEN:
        rows.append(("which", wanted.which, _("范围"), str(WHICH[wanted.which])))
    if wanted.exercise is not None:
        words = _("只看演练") if wanted.exercise else _("不看演练")
        rows.append(("exercise", "1" if wanted.exercise else "0", _("演练"), words))
    if wanted.q:
        rows.append(("q", wanted.q, _("含"), wanted.q))
    return rows


def described(rows: Sequence[tuple[str, str, str, str]], view: str) -> str:
    """Return conditions in words, for the foot of a print or an export."""
    base = {"mine": _("轮到我办"), "own": _("本单位的"), "all": _("全部")}[view]
    return "；".join([base, *(f"{label} {words}" for _name, _value, label, words in rows)])


def count_words(total: Total) -> str:
    """Return how many there are, in words."""
    return (_("%s 件") if total.exact else _("约 %s 件以上")) % f"{total.value:,}"


def picture(counts: Mapping[tuple[str, str], int], kinds: Mapping[str, str], view: str) -> dict[str, Any]:
    """Return the cases of an organ by kind and state, as the head looks at them: rows, columns, links to each cell."""
    columns = [status for status in Status if any(of == status.value for _kind, of in counts)]
    totals: Counter[str] = Counter()
    for (kind, _of), n in counts.items():
        totals[kind] += n
    return {
        "columns": [status.title for status in columns],
        "rows": [
            {
                "title": kinds.get(key, key),
                "href": address(view=view, procedure=key),
                "cells": [
                    {"n": counts.get((key, status.value), 0),
                     "href": address(view=view, procedure=key, status=status.value), "words": status.title}
                    for status in columns
                ],
                "total": total,
            }
            for key, total in totals.most_common()
        ],
    }  # fmt: skip
