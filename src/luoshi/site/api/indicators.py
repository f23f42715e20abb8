"""Indicators: what there is, figures over time and by place held against their targets, the records behind them."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Path, Query, Router, Schema
from pydantic import AfterValidator, Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.indicators import actions, figures, queries
from luoshi.office.indicators.declaration import Indicator, find, indicators
from luoshi.office.indicators.queries import Figure
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Key = Annotated[str, Path(max_length=60)]
Moment = Annotated[datetime.datetime, AfterValidator(local)]
Day = Annotated[datetime.date | None, Query(description="按哪一天所知的数，默认今天")]
_BEHIND = 500


class FigureOut(Schema):
    """A figure: exact numerator and denominator as text, the value as shown, its target and the verdict."""

    period_kind: str
    period: str
    first: datetime.date
    last: datetime.date
    place: str
    numerator: str | None = None
    denominator: str | None = None
    value: str | None = Field(None, description="如显示；比较按准确值")
    exact: str | None = Field(None, description="准确值，分数写法")
    target: str | None = None
    direction: str | None = None
    aim: bool
    verdict: str
    parts: int
    of: int
    version: int
    computed_at: Moment | None = None
    data_version: str


class IndicatorOut(Schema):
    """An indicator and its newest figure for the whole city."""

    key: str
    title: str
    number: str
    programme: str
    unit: str
    period: str
    longer: list[str]
    formula: str
    owner: str
    citation: str
    latest: FigureOut | None = None
    href: str


class BehindOut(Schema):
    """A record behind a figure."""

    title: str
    href: str
    note: str
    place: str


class ComputeIn(Schema):
    """Measure in these days."""

    first: datetime.date
    last: datetime.date


class ComputedOut(Schema):
    """What measuring did."""

    periods: int
    figures: int
    new: int
    changed: int


def figure_out(one: Indicator, figure: Figure) -> FigureOut:
    """Return a figure as the API shows it."""
    target = figure.target
    return FigureOut(
        period_kind=figure.span.kind,
        period=figure.span.key,
        first=figure.span.first,
        last=figure.span.last,
        place=figure.place,
        numerator=None if figure.numerator is None else figures.exact(figure.numerator),
        denominator=None if figure.denominator is None else figures.exact(figure.denominator),
        value=figure.words(one.decimals).replace(",", "") or None,
        exact=None if figure.value is None else str(figure.value),
        target=None if target is None else f"{target.value:f}",
        direction=None if target is None else target.direction.value,
        aim=bool(target and target.aim),
        verdict=figure.verdict.value,
        parts=figure.parts,
        of=figure.of,
        version=figure.version,
        computed_at=figure.computed_at,
        data_version=figure.data_version,
    )


def _indicator(one: Indicator, figure: Figure | None) -> IndicatorOut:
    return IndicatorOut(
        key=one.key,
        title=one.title,
        number=one.number,
        programme=one.programme,
        unit=one.unit,
        period=one.period,
        longer=list(one.longer),
        formula=one.formula,
        owner=one.owner,
        citation=one.citation,
        latest=None if figure is None else figure_out(one, figure),
        href=f"/indicators/{one.key}/",
    )


def _day(on: datetime.date | None) -> datetime.date | None:
    return on if on is not None and on < CLOCK.today() else None


@router.get(
    "/indicators", auth=Needs("indicator.see"), response={200: list[IndicatorOut], ERRORS: Problem}, summary="指标"
)
def list_indicators(request: HttpRequest, programme: str = "", on: Day = None) -> list[IndicatorOut]:
    """Return every indicator with its newest figure."""
    wanted = indicators(programme)
    recent = queries.recent_of(wanted, day=_day(on))
    return [_indicator(one, recent.get(one.key, (None, None))[0]) for one in wanted]


@router.get(
    "/indicators/{key}", auth=Needs("indicator.see"), response={200: IndicatorOut, ERRORS: Problem}, summary="一个指标"
)
def show_indicator(request: HttpRequest, key: Key, on: Day = None) -> IndicatorOut:
    """Return one indicator with its newest figure."""
    one = find(key)
    return _indicator(one, queries.latest(one, day=_day(on)))


@router.get(
    "/indicators/{key}/series",
    auth=Needs("indicator.see"),
    response={200: list[FigureOut], ERRORS: Problem},
    summary="逐期的数",
)
def show_series(
    request: HttpRequest,
    key: Key,
    place: Annotated[str, Query(max_length=80)] = "",
    kind: Annotated[str, Query(max_length=8)] = "",
    on: Day = None,
    limit: Annotated[int, Query(ge=1, le=400)] = 60,
) -> list[FigureOut]:
    """Return the figures of a place over time, oldest first; `kind` rolls them up to longer periods."""
    one = find(key)
    found = queries.series(one, place=place, kind=kind, day=_day(on), limit=limit)
    return [figure_out(one, figure) for figure in found]


@router.get(
    "/indicators/{key}/places",
    auth=Needs("indicator.see"),
    response={200: list[FigureOut], ERRORS: Problem},
    summary="一期各单位的数",
)
def show_places(
    request: HttpRequest, key: Key, period: str, kind: Annotated[str, Query(max_length=8)] = "", on: Day = None
) -> list[FigureOut]:
    """Return the figures of every place in a period, in the indicator's order."""
    one = find(key)
    span = one.span(kind or one.period, period)
    return [figure_out(one, figure) for figure in queries.places_in(one, span, day=_day(on))]


@router.get(
    "/indicators/{key}/behind",
    auth=Needs("indicator.see"),
    response={200: list[BehindOut], ERRORS: Problem},
    summary="数后面的记录",
)
def show_behind(
    request: HttpRequest,
    key: Key,
    period: str,
    part: str = "numerator",
    kind: Annotated[str, Query(max_length=8)] = "",
    place: Annotated[str, Query(max_length=80)] = "",
) -> list[BehindOut]:
    """Return the first 500 records behind a numerator or a denominator that the asker may see."""
    one = find(key)
    found = queries.behind(actor_of(request), one, part, one.span(kind or one.period, period), place)
    shown = [found.shown(row) for row in found.rows[:_BEHIND]]
    return [BehindOut(title=row.title, href=row.href, note=row.note, place=row.place) for row in shown]


@router.post(
    "/indicators/{key}/compute",
    auth=Needs("indicator.compute"),
    response={200: ComputedOut, ERRORS: Problem},
    summary="重新测算",
)
def compute(request: HttpRequest, key: Key, body: ComputeIn) -> ComputedOut:
    """Measure an indicator anew in the days given."""
    one = find(key)
    if (body.last - body.first).days > 3700:
        raise LuoshiError("E_INPUT", "一次最多测算十年，请分段。")
    done: Any = actions.compute(actor=actor_of(request), indicator=one, first=body.first, last=body.last)
    return ComputedOut(periods=done.periods, figures=done.figures, new=done.new, changed=done.changed)
