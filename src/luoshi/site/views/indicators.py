"""Indicators: target against measurement for all programmes, one indicator over time and by place, what is behind."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import concern
from luoshi.office.indicators import actions, figures, queries, spans
from luoshi.office.indicators.declaration import CITY, Indicator, Part, find, indicators
from luoshi.office.indicators.figures import SIGNS, Held, Verdict
from luoshi.office.indicators.queries import Figure
from luoshi.office.indicators.spans import Span
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.permissions import may
from luoshi.site import charts, drawing, present
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.parameter_words import cites
from luoshi.site.register_list import programme_title

MOST_BARS = 12
_PAGE = 50
_ROWS = 24
VERDICTS: dict[Verdict, tuple[str, Any]] = {
    Verdict.MET: ("green", gettext_lazy("达到")),
    Verdict.NOT_MET: ("red", gettext_lazy("未达到")),
    Verdict.AIM_MET: ("green", gettext_lazy("达到力争目标")),
    Verdict.AIM_OPEN: ("grey", gettext_lazy("力争，未到")),
    Verdict.NO_DATA: ("grey", gettext_lazy("无数据")),
    Verdict.NO_TARGET: ("", gettext_lazy("只报告")),
}
"""The lamp of a verdict, and its word."""
TABS = (
    ("", gettext_lazy("全部")),
    ("not_met", gettext_lazy("未达到")),
    ("met", gettext_lazy("达到")),
    ("open", gettext_lazy("力争、只报告")),
    ("no_data", gettext_lazy("无数据")),
)
_OF_TAB = {
    "not_met": {Verdict.NOT_MET},
    "met": {Verdict.MET, Verdict.AIM_MET},
    "open": {Verdict.AIM_OPEN, Verdict.NO_TARGET},
    "no_data": {Verdict.NO_DATA},
}


def verdict_of(figure: Figure) -> dict[str, Any]:
    """Return lamp and word of a figure; a running period has not failed yet."""
    light, words = VERDICTS[figure.verdict]
    if figure.verdict is Verdict.NOT_MET and figure.span.running:
        light, words = "yellow", _("还没有达到")
    return {"light": light, "words": str(words), "key": figure.verdict.value}


def target_words(target: Held | None, unit: str) -> str:
    """Return a target in words: `≥ 90 %`, `力争 ≥ 96 %`; empty for none."""
    if target is None:
        return ""
    aim = _("力争 ") if target.aim else ""
    value = f"{target.value:f}"
    value = value.rstrip("0").rstrip(".") if "." in value else value
    return f"{aim}{SIGNS[target.direction]} {value} {unit}".strip()


def bar_of(figure: Figure, top: Fraction) -> Any:
    """Draw a figure as a bar with a tick at its target; nothing without data. `top` is the whole width."""
    if figure.value is None:
        return ""
    tone = {Verdict.NOT_MET: "yellow" if figure.span.running else "red", Verdict.AIM_OPEN: "sea"}.get(
        figure.verdict, "sea" if figure.verdict is Verdict.NO_TARGET else "green"
    )
    target = figure.target
    label = _("现为 %s") % figure.words()
    if target is not None:
        label += _("，目标 %s") % target_words(target, "")
    tick = float(Fraction(target.value) / top * 100) if target is not None else None
    return drawing.bar(float(figure.value / top * 100), tick, tone, label)


def _top(indicator: Indicator, found: list[Figure]) -> Fraction:
    """Return the width of the bars: 100 for a share, else a little over the greatest."""
    values = [figure.value for figure in found if figure.value is not None]
    values += [Fraction(figure.target.value) for figure in found if figure.target is not None]
    top = max([*values, Fraction(0)])
    scale = Fraction(figures.scale_of(indicator.unit))
    return scale if scale > 1 and top <= scale else top * Fraction(21, 20) or Fraction(1)


# --- all of them ------------------------------------------------------------------------------------------------------


@needs("indicator.see")
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show every indicator: its newest figure held against its target."""
    seen, at = as_of(request), Address(request)
    programme, tab, owner = (request.GET.get(name, "") for name in ("p", "verdict", "owner"))
    wanted = [one for one in indicators(programme) if not owner or one.owner == owner]
    recent = queries.recent_of(wanted, day=seen.date if seen.active else None)
    chip_of = cites(dict.fromkeys(one.citation for one in wanted if one.citation))
    names = concern.titles({one.owner for one in indicators() if one.owner}, seen.date)
    rows: dict[str, list[dict[str, Any]]] = {}
    counts = dict.fromkeys(_OF_TAB, 0)
    for one in wanted:
        figure, before = recent.get(one.key, (None, None))
        verdict = figure.verdict if figure is not None else Verdict.NO_DATA
        for name, members in _OF_TAB.items():
            counts[name] += verdict in members
        if tab in _OF_TAB and verdict not in _OF_TAB[tab]:
            continue
        row = _index_row(one, figure, before) | {"cite": chip_of.get(one.citation), "owner": names.get(one.owner, "")}
        rows.setdefault(one.programme, []).append(row)
    programmes = sorted({one.programme for one in indicators()})
    context = {
        "page_title": _("指标"),
        "lead": _("做到多少、差多少"),
        "crumbs": [],
        "tabs": [
            {"label": str(words), "href": at.having(verdict=name), "count": counts[name] if name else len(wanted),
             "current": tab == name}
            for name, words in TABS
        ],
        "programmes": [
            {"title": _("全部领域"), "href": at.having(p=""), "current": not programme},
            *({"title": programme_title(key), "href": at.having(p=key), "current": programme == key}
              for key in programmes),
        ],
        "owners": [("", _("全部单位")), *sorted(names.items(), key=lambda item: item[1])],
        "owner": owner,
        "hidden": at.hidden("owner"),
        "groups": [{"title": programme_title(key), "rows": own} for key, own in rows.items()],
        "none_yet": not indicators(),
        "path": request.path,
    }  # fmt: skip
    return page(request, "site/indicators.html", context, fragment="results")


def _index_row(one: Indicator, figure: Figure | None, before: Figure | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "title": one.title,
        "number": one.number,
        "href": reverse("indicator", args=[one.key]),
        "unit": one.unit,
        "figure": None,
    }
    if figure is None:
        return row | {"verdict": {"light": "grey", "words": _("还没有测算"), "key": "none"}}
    top = _top(one, [figure])
    return row | {
        "figure": figure,
        "words": figure.words(one.decimals),
        "period": figure.span.words,
        "running": figure.span.running,
        "target": target_words(figure.target, one.unit),
        "verdict": verdict_of(figure),
        "bar": bar_of(figure, top),
        "change": _change(one, figure, before),
        "gap": _gap(one, figure),
    }


def _change(one: Indicator, figure: Figure, before: Figure | None) -> str:
    if before is None or before.value is None or figure.value is None:
        return ""
    step = figure.value - before.value
    if not step:
        return _("与上期持平")
    # A share changes by percentage points, which is another word than percent.
    unit = _("个百分点") if one.unit == "%" else one.unit
    size = figures.shown(abs(step), places=one.decimals)
    size = size.rstrip("0").rstrip(".") if "." in size else size
    return (_("比上期升 %(size)s %(unit)s") if step > 0 else _("比上期降 %(size)s %(unit)s")) % {
        "size": size, "unit": unit
    }  # fmt: skip


def _gap(one: Indicator, figure: Figure) -> str:
    if figure.value is None or figure.target is None or figure.verdict in (Verdict.MET, Verdict.AIM_MET):
        return ""
    size = figures.shown(abs(figures.gap(figure.value, figure.target)), places=one.decimals)
    return _("差 %s") % (size.rstrip("0").rstrip(".") if "." in size else size)


# --- one --------------------------------------------------------------------------------------------------------------


@needs("indicator.see")
@require_safe
def indicator(request: HttpRequest, key: str) -> HttpResponse:
    """Show one indicator: the figure, its line over periods, the places side by side, its versions."""
    one, seen, at = find(key), as_of(request), Address(request)
    day = seen.date if seen.active else None
    kind = request.GET.get("kind", "")
    kind = kind if kind in one.longer else one.period
    place = request.GET.get("place", CITY)[:80]
    line = queries.series(one, place=place, kind=kind, day=day)
    chosen = _chosen(one, kind, request.GET.get("period", ""), line)
    current = next((figure for figure in line if chosen and figure.span.key == chosen.key), None)
    if current is None and chosen is not None:
        current = queries.figure(one, chosen, place, day=day)
    by_place = queries.places_in(one, chosen, day=day) if chosen is not None else []
    names = queries.place_titles(one, [place, *(figure.place for figure in by_place)], seen.date)
    target = target_words(current.target, one.unit) if current else ""
    context: dict[str, Any] = {
        "page_title": one.title,
        "crumbs": [{"title": _("指标"), "href": reverse("indicators")},
                   {"title": programme_title(one.programme), "href": f"{reverse('indicators')}?p={one.programme}"}],
        "one": one,
        "cite": cites([one.citation]).get(one.citation) if one.citation else None,
        "target_cite": _target_cite(one, current),
        "owner": concern.titles([one.owner], seen.date).get(one.owner, "") if one.owner else "",
        "place": place,
        "place_title": names.get(place, place),
        "city_href": at.having(place="") if place else "",
        "current": current,
        "words": current.words(one.decimals) if current else "",
        "target": target,
        "verdict": verdict_of(current) if current else None,
        "gap": _gap(one, current) if current else "",
        "parts": _parts(one, current, place) if current else [],
        "kinds": _kinds(one, kind, at),
        "periods": [(figure.span.key, figure.span.words) for figure in reversed(line)],
        "period": chosen.key if chosen else "",
        "hidden": at.hidden("period"),
        "chart": _chart(one, line, names.get(place, place), target) if line else "",
        "series": [_series_row(one, figure, at) for figure in reversed(line)],
        "bars": _bars(one, by_place, names, at)[:MOST_BARS],
        "more_bars": _bars(one, by_place, names, at)[MOST_BARS:],
        "versions": queries.versions(one, chosen, place, day=day) if chosen and kind == one.period else [],
        "can_compute": not seen.active and may(actor_of(request), "indicator.compute"),
        "as_of_words": present.day_words(seen.date),
    }  # fmt: skip
    return page(request, "site/indicator.html", context)


def _chosen(one: Indicator, kind: str, key: str, line: list[Figure]) -> Span | None:
    if key:
        return next((figure.span for figure in line if figure.span.key == key), None) or one.span(kind, key)
    known = [figure.span for figure in line if figure.value is not None] or [figure.span for figure in line]
    return known[-1] if known else None


def _target_cite(one: Indicator, current: Figure | None) -> Any:
    if current is None or current.target is None or current.target.citation in ("", one.citation):
        return None
    return cites([current.target.citation]).get(current.target.citation)


def _parts(one: Indicator, figure: Figure, place: str) -> list[dict[str, Any]]:
    """Return numerator and denominator with the way to the records behind each."""
    asked = {"period": figure.span.key, "kind": figure.span.kind, "place": place}
    shown = []
    parts: list[tuple[str, Part | None, Any]] = [
        ("numerator", one.numerator, figure.numerator),
        ("denominator", one.denominator, figure.denominator),
    ]
    for name, part, value in parts:
        if part is None or (one.whole and part.rows is None):
            continue
        href = reverse("indicator-behind", args=[one.key])
        shown.append(
            {
                "title": part.title,
                "words": figures.plain(value) if value is not None else _("无数据"),
                "href": f"{href}?{urlencode({**asked, 'part': name})}" if part.rows is not None else "",
            }
        )
    return shown


def _kinds(one: Indicator, kind: str, at: Address) -> list[dict[str, Any]]:
    if not one.longer:
        return []
    return [
        {"label": _("按%s") % spans.WORDS[name], "href": at.having(kind="" if name == one.period else name, period=""),
         "count": None, "current": name == kind}
        for name in (one.period, *one.longer)
    ]  # fmt: skip


def _chart(one: Indicator, line: list[Figure], place: str, target: str) -> Any:
    points = [
        charts.Point(
            _short(figure.span),
            figure.value,
            figure.words(one.decimals) + (one.unit if one.unit in ("%", "‰") else ""),
            Fraction(figure.target.value) if figure.target is not None else None,
        )
        for figure in line[-_ROWS:]
    ]
    known = [figure for figure in line if figure.value is not None]
    if not known:
        finding = _("%(place)s%(title)s：还没有数据。") % {"place": place, "title": one.title}
    else:
        first, last = known[0], known[-1]
        finding = _("%(place)s%(title)s：%(first)s %(a)s，%(last)s %(b)s %(unit)s。") % {
            "place": place, "title": one.title, "first": first.span.words, "a": first.words(one.decimals),
            "last": last.span.words, "b": last.words(one.decimals), "unit": one.unit,
        }  # fmt: skip
        if target:
            finding += _("目标 %s。") % target
    scale = figures.scale_of(one.unit)
    held = next((figure.target for figure in reversed(line) if figure.target is not None), None)
    # At the end of the line stands the bound alone; the unit is said beside it.
    short = target_words(held, one.unit if one.unit in ("%", "‰") else "")
    return charts.line(points, finding=finding, target_words=short, ceiling=Fraction(scale) if scale > 1 else None)


def _short(span: Span) -> str:
    if span.kind == "day":
        return f"{span.first.month}.{span.first.day}"
    if span.kind == "month":
        return f"{span.first.year}.{span.first.month}"
    return span.words.removesuffix("采暖季")


def _series_row(one: Indicator, figure: Figure, at: Address) -> dict[str, Any]:
    return {
        "period": figure.span.words,
        "href": at.having(period=figure.span.key),
        "running": figure.span.running,
        "numerator": figures.plain(figure.numerator) if figure.numerator is not None else "",
        "denominator": figures.plain(figure.denominator) if figure.denominator is not None else "",
        "words": figure.words(one.decimals),
        "target": target_words(figure.target, one.unit),
        "verdict": verdict_of(figure),
        "partly": _("%(n)d／%(of)d 期有数") % {"n": figure.parts, "of": figure.of} if figure.parts < figure.of else "",
    }


def _bars(one: Indicator, found: list[Figure], names: dict[str, str], at: Address) -> list[dict[str, Any]]:
    top = _top(one, found)
    ranks = figures.ranked([figure.value for figure in found], most_first=one.rank == "most")
    return [
        {
            "rank": rank,
            "name": names.get(figure.place, figure.place),
            "href": at.having(place=figure.place),
            "numerator": figures.plain(figure.numerator) if figure.numerator is not None else "",
            "denominator": figures.plain(figure.denominator) if figure.denominator is not None else "",
            "words": figure.words(one.decimals),
            "bar": bar_of(figure, top),
            "verdict": verdict_of(figure),
        }
        for figure, rank in zip(found, ranks, strict=True)
    ]


# --- what is behind ---------------------------------------------------------------------------------------------------


@needs("indicator.see")
@require_safe
def behind(request: HttpRequest, key: str) -> HttpResponse:
    """List the records behind a numerator or a denominator."""
    one, seen, at = find(key), as_of(request), Address(request)
    name, place = request.GET.get("part", "numerator"), request.GET.get("place", CITY)[:80]
    span = one.span(request.GET.get("kind", "") or one.period, request.GET.get("period", ""))
    found = queries.behind(actor_of(request), one, name, span, place)
    part = queries.part_of(one, name)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if isinstance(found.rows, QuerySet):
        rows = keyset_page(found.rows, (Key("pk", int),), size=_PAGE, after=after, before=before)
        links = page_links(at, rows, bounded_total(found.rows))
        shown = [found.shown(row) for row in rows.rows]
    else:
        listed = list(found.rows)
        start = int(after) if after.isdecimal() and len(after) < 9 else 0
        shown = [found.shown(row) for row in listed[start : start + _PAGE]]
        links = {
            "prev_href": at.having(after=str(max(start - _PAGE, 0))) if start else "",
            "next_href": at.having(after=str(start + _PAGE)) if start + _PAGE < len(listed) else "",
            "first": start + 1, "shown": len(shown), "count_words": _("%s 条") % f"{len(listed):,}",
        }  # fmt: skip
    names = queries.place_titles(one, [place, *(row.place for row in shown if row.place)], seen.date)
    back = f"{reverse('indicator', args=[key])}?{urlencode({'period': span.key, 'kind': span.kind, 'place': place})}"
    context = {
        "page_title": part.title,
        "crumbs": [{"title": _("指标"), "href": reverse("indicators")}, {"title": one.title, "href": back}],
        "one": one,
        "period": span.words,
        "place_title": names.get(place, place),
        "rows": [{"row": row, "place": names.get(row.place, row.place) if row.place else ""} for row in shown],
        "link": found.link,
        "page": links,
        "back": back,
    }
    return page(request, "site/indicator_behind.html", context, fragment="results")


@needs("indicator.compute")
@require_POST
def compute(request: HttpRequest, key: str) -> HttpResponse:
    """Measure an indicator anew in the days given, a year back unless said otherwise."""
    one = find(key)
    last = _day(request.POST.get("last", "")) or CLOCK.today()
    first = _day(request.POST.get("first", "")) or last - datetime.timedelta(days=365)
    actions.compute(actor=actor_of(request), indicator=one, first=first, last=last)
    return HttpResponseRedirect(reverse("indicator", args=[key]), status=303)


def _day(text: str) -> datetime.date | None:
    if not text.strip():
        return None
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise LuoshiError("E_INPUT", _("“%s”不是日期，应如 2018-03-08。") % text[:20]) from None


urlpatterns: list[URLPattern] = [
    path("indicators/", index, name="indicators"),
    path("indicators/<str:key>/", indicator, name="indicator"),
    path("indicators/<str:key>/behind/", behind, name="indicator-behind"),
    path("indicators/<str:key>/compute/", compute, name="indicator-compute"),
]
