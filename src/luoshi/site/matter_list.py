"""The ledger of matters as an address: which conditions it asks for, in words, as tabs, facets and chips.

One reading of the address serves the list, its tabs' counts, the Excel file and the desk's links: they cannot differ.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, workdays
from luoshi.office.duties.matter_models import Kind, Light, State
from luoshi.office.duties.matter_queries import ORIGINS, MatterFacets, MatterFilter, matters
from luoshi.office.paging import Total, bounded_totals
from luoshi.office.permissions import may
from luoshi.site import switching
from luoshi.site.addresses import Address, chips, facet
from luoshi.site.present import day_words
from luoshi.site.templatetags.ls import LAMPS

NAME = "matters"
"""The name under which views of this list are saved."""
_MOST_CHOICES = 20
_MOST_WORDS = 60
_MONTH_DAYS = 31
_TAB_BOUND = 500
"""Tabs count up to here: nobody reads more rows one by one."""
FLAGS = ("overdue", "mine", "check", "town", "closed", "changed", "backlog", "own")
FLAG_WORDS = {
    "overdue": (gettext_lazy("状态"), gettext_lazy("已逾期")),
    "mine": (gettext_lazy("办理人"), gettext_lazy("我")),
    "check": (gettext_lazy("核验"), gettext_lazy("等我核验")),
    "town": (gettext_lazy("范围"), gettext_lazy("镇区任务")),
    "closed": (gettext_lazy("状态"), gettext_lazy("含已销号")),
    "changed": (gettext_lazy("文件"), gettext_lazy("有新版待定")),
    "backlog": (gettext_lazy("期限"), gettext_lazy("录入时已过期")),
    "own": (gettext_lazy("牵头"), gettext_lazy("我单位")),
}
LIGHT_WORDS = {
    Light.RED: gettext_lazy("逾期或严重滞后"),
    Light.YELLOW: gettext_lazy("滞后"),
    Light.GREEN: gettext_lazy("正常"),
    Light.GREY: gettext_lazy("未开始"),
    Light.PAUSED: gettext_lazy("暂停"),
    Light.BLUE: gettext_lazy("已销号"),
}
COLUMNS = {
    "cite": gettext_lazy("依据"),
    "organ": gettext_lazy("牵头"),
    "coop": gettext_lazy("配合"),
    "done": gettext_lazy("完成 / 目标"),
    "holder": gettext_lazy("在谁手上"),
    "progress": gettext_lazy("最近进展"),
}
"""Columns a reader may take off; lamp, task and due day always stand."""


PLAIN = MatterFilter(current=True)
"""What the list shows to who asks for nothing: without what was past already when an old gazette was taken in."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: the office's filter, the chosen span (today, soon, week, month), flags, programme."""

    filter: MatterFilter
    span: str
    flags: frozenset[str]
    organs: tuple[str, ...]
    room: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def plain(self) -> bool:
        """Whether nothing is asked for."""
        return self.filter == PLAIN


def read(query: QueryDict, actor: Actor, day: datetime.date) -> Asked:
    """Read the conditions from an address; values that mean nothing are left out."""
    flags = frozenset(name for name in FLAGS if query.get(name) == "1")
    organs = _texts(query, "organ")
    span = query.get("due", "") if query.get("due") in SPANS else ""
    first, last = _span_of(span, day) if span else (_day(query.get("from", "")), _day(query.get("to", "")))
    own = tuple(sorted(concern.own_organs(actor))) if "own" in flags else ()
    wanted = MatterFilter(
        organs=organs or own or (("-",) if "own" in flags else ()),
        any_role=query.get("role") == "any",
        documents=_texts(query, "document") or switching.documents(query),
        origins=_known(query, "origin", ORIGINS),
        kinds=_known(query, "kind", Kind.values),
        states=_known(query, "state", State.values),
        lights=_known(query, "light", Light.values),
        overdue="overdue" in flags,
        month=_month(query.get("month", "")),
        due_from=first,
        due_to=last,
        mine="mine" in flags,
        checking="check" in flags,
        towns="town" in flags,
        backlog="backlog" in flags,
        changed="changed" in flags,
        closed="closed" in flags,
        duty=_number(query.get("duty", "")),
        q=query.get("q", "").replace("\0", "").strip()[:_MOST_WORDS],
    )
    room = () if "document" in query else tuple(switching.condition(query))
    return Asked(PLAIN if wanted == MatterFilter() else wanted, span, flags, organs, room)


SPANS: Mapping[str, Any] = {
    "today": gettext_lazy("今天到期"),
    "soon": gettext_lazy("三个工作日内"),
    "week": gettext_lazy("本周"),
    "month": gettext_lazy("一个月内"),
}
"""Spans counted from the day looked at, so that a saved view means the same tomorrow."""


def _span_of(span: str, day: datetime.date) -> tuple[datetime.date, datetime.date]:
    if span == "today":
        return day, day
    if span == "soon":
        return day, workdays.shift(day, 3)
    if span == "week":
        return day, day + datetime.timedelta(days=6 - day.weekday())
    return day, day + datetime.timedelta(days=_MONTH_DAYS)


def _texts(query: QueryDict, name: str) -> tuple[str, ...]:
    return tuple(text.strip()[:200] for text in query.getlist(name)[:_MOST_CHOICES] if text.strip("\0 "))


def _known(query: QueryDict, name: str, values: Any) -> tuple[str, ...]:
    known = {str(value) for value in values}
    return tuple(value for value in dict.fromkeys(query.getlist(name)) if value in known)


def _day(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        return None
    return day if 1949 <= day.year <= 2100 else None


def _month(text: str) -> datetime.date | None:
    return _day(f"{text}-01") if len(text) == 7 else None


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None


def address(path: str = "", **conditions: str) -> str:
    """Return the address of the ledger under `conditions`."""
    asked = {name: value for name, value in conditions.items() if value}
    return (path or reverse("duties")) + (f"?{urlencode(asked)}" if asked else "")


def conditions(
    asked: Asked, day: datetime.date, organs: Mapping[str, str], documents: Mapping[str, str]
) -> list[tuple[str, str, str, str]]:
    """Return the conditions in force as (parameter, value, label, words)."""
    wanted = asked.filter
    role = _("参与") if wanted.any_role else _("牵头")
    found = [("organ", slug, role, organs.get(slug, slug)) for slug in asked.organs]
    found += asked.room or [("document", key, _("文件"), documents.get(key, key)) for key in wanted.documents]
    found += [("light", value, _("状态"), f"{LAMPS[value]} {LIGHT_WORDS[Light(value)]}") for value in wanted.lights]
    found += [("state", value, _("进度"), str(State(value).label)) for value in wanted.states]
    found += [("origin", value, _("期限"), ORIGINS[value]) for value in wanted.origins]
    found += [("kind", value, _("来源"), str(Kind(value).label)) for value in wanted.kinds]
    if asked.span:
        found.append(("due", asked.span, _("期限"), _between(wanted.due_from, wanted.due_to, day)))
    else:
        if wanted.due_from:
            found.append(("from", f"{wanted.due_from}", _("期限"), _("%s起") % day_words(wanted.due_from, day)))
        if wanted.due_to:
            found.append(("to", f"{wanted.due_to}", _("期限"), _("到%s") % day_words(wanted.due_to, day)))
    if wanted.month:
        found.append(("month", f"{wanted.month:%Y-%m}", _("到期月份"), f"{wanted.month:%Y-%m}"))
    found += [(name, "1", str(FLAG_WORDS[name][0]), str(FLAG_WORDS[name][1])) for name in FLAGS if name in asked.flags]
    if wanted.duty is not None:
        found.append(("duty", f"{wanted.duty}", _("条文责任"), _("第 %d 号") % wanted.duty))
    if wanted.q:
        found.append(("q", wanted.q, _("含"), wanted.q))
    return found


def _between(first: datetime.date | None, last: datetime.date | None, day: datetime.date) -> str:
    if first is None or last is None:
        return ""
    return day_words(first, day) if first == last else f"{day_words(first, day)}–{day_words(last, day)}"


def described(rows: Sequence[tuple[str, str, str, str]]) -> str:
    """Return conditions in words, for the foot of a print or an export."""
    return "；".join(f"{label} {words}" for _name, _value, label, words in rows) or _("全部在办事项")


@dataclass(frozen=True, slots=True)
class View:
    """A tab the list always has; `when_any`: only when there is something under it."""

    label: str
    query: dict[str, str]
    when_any: bool = False


def views(actor: Actor, supervising: bool) -> list[View]:
    """Return the tabs of the list: for supervision by lamp, else by what is due and whose it is."""
    if supervising:
        found = [View(_("全部在办"), {}), View(_("红灯"), {"light": "red"}), View(_("黄灯"), {"light": "yellow"})]
        found += [View(_("本周到期"), {"due": "week"}), View(_("待核验"), {"state": "submitted"})]
    else:
        found = [View(_("全部在办"), {}), View(_("一个月内到期"), {"due": "month"})]
        found.append(View(_("已逾期"), {"overdue": "1"}))
        if actor.grants:
            found.append(View(_("我单位牵头"), {"own": "1"}))
    if may(actor, "matter.check"):
        found.append(View(_("等我核验"), {"check": "1"}))
    if concern.sees_local(concern.organs_for(actor, "matter.see")):
        found.append(View(_("镇区任务"), {"town": "1"}))
    found.append(View(_("待核实"), {"backlog": "1"}, when_any=True))
    return found


def tabs(
    query: QueryDict,
    path: str,
    actor: Actor,
    day: datetime.date,
    supervising: bool,
    known: Mapping[MatterFilter, Total],
) -> list[dict[str, Any]]:
    """Return the tabs with their counts; the one in force is that whose conditions all stand in the address.

    `known` are totals that need not be counted again.
    """
    found = views(actor, supervising)
    fitting = [view for view in found if all(query.getlist(name) == [value] for name, value in view.query.items())]
    current = max(fitting, key=lambda view: len(view.query))
    # More than the tab's own conditions: somebody narrowed it, or it is a saved view.
    kept = {name: query.get(name, "") for name in ("on", "d")}
    asked = [read(QueryDict(urlencode(view.query)), actor, day).filter for view in found]
    unknown = [wanted for wanted in dict.fromkeys(asked) if wanted not in known]
    counted = bounded_totals([matters(wanted, actor=actor, day=day) for wanted in unknown], _TAB_BOUND)
    totals = {**known, **dict(zip(unknown, counted, strict=True))}
    rows = []
    for view, wanted in zip(found, asked, strict=True):
        total = totals[wanted]
        total = Total(min(total.value, _TAB_BOUND), total.exact and total.value <= _TAB_BOUND)
        if view.when_any and not total.value and view is not current:
            continue
        rows.append(
            {
                "label": view.label if total.exact else f"{view.label} {total.value:,}+",
                "href": address(path, **view.query, **kept),
                "count": total.value if total.exact else None,
                "current": view is current,
            }
        )
    return rows


def facets(at: Address, asked: Asked, found: MatterFacets) -> list[dict[str, Any]]:
    """Return the ways to narrow the list, each option a link with its count."""
    wanted = asked.filter
    lights = [(row.value, str(LIGHT_WORDS[Light(row.value)]), row.count) for row in found.lights]
    shown = [
        {"lamps": True} | facet(at, "light", _("状态"), lights, wanted.lights),
        facet(at, "organ", _("牵头单位"), _rows(found.organs), asked.organs, 10),
        facet(at, "document", _("文件"), _rows(found.documents), wanted.documents, 8),
        facet(at, "origin", _("期限怎么来"), _rows(found.origins, drop=True, keep=wanted.origins), wanted.origins),
    ]
    kinds = _rows(found.kinds, drop=True, keep=wanted.kinds)
    if len(kinds) > 1 or wanted.kinds:
        shown.append(facet(at, "kind", _("来源"), kinds, wanted.kinds))
    return shown


def _rows(found: Sequence[Any], *, drop: bool = False, keep: Sequence[str] = ()) -> list[tuple[str, str, int | None]]:
    return [(row.value, row.label, row.count) for row in found if not drop or row.count != 0 or row.value in keep]


def chips_of(at: Address, rows: Sequence[tuple[str, str, str, str]]) -> list[dict[str, str]]:
    """Return the conditions as chips that can be taken off."""
    return chips(at, rows)


def count_words(total: Total) -> str:
    """Return how many there are, in words."""
    number = f"{total.value:,}"
    return (_("%s 条") if total.exact else _("约 %s 条以上")) % number


def columns(query: QueryDict) -> frozenset[str]:
    """Return the columns to show: those ticked, all of them when nothing was chosen."""
    return frozenset(COLUMNS) & frozenset(query.getlist("cols")) if "cols" in query else frozenset(COLUMNS)


def require_rows(total: Total, bound: int) -> None:
    """Refuse with E_TOO_LARGE what one file cannot hold."""
    if total.value > bound:
        raise LuoshiError("E_TOO_LARGE", _("符合条件的超过 %s 条，请加上单位、文件或期限条件后再导出。") % f"{bound:,}")
