"""指标：luoshi indicators list、compute、show。"""

from __future__ import annotations

import datetime
from typing import Any

import click

from luoshi.kernel.clock import CLOCK
from luoshi.site.console import AS, DAY, Problems, acting, tell


@click.group(cls=Problems, help=__doc__)
def command() -> None:
    """Group of what is done with indicators."""


@command.command("list")
@AS
@click.option("--programme", default="", help="只看此领域。")
def list_(login: str, programme: str) -> None:
    """列出指标、目标和最近一期的数。"""
    actor = acting(login)
    from luoshi.office.indicators import queries
    from luoshi.office.indicators.declaration import indicators

    queries.require_seen(actor)
    wanted = indicators(programme)
    recent = queries.recent_of(wanted)
    tell([_row(one, recent.get(one.key, (None, None))[0]) for one in wanted])


@command.command()
@AS
@click.argument("key", required=False, default="")
@click.option("--programme", default="", help="只测算此领域。")
@click.option("--from", "first", type=DAY, default=None, help="从哪一天，默认一年前。")
@click.option("--to", "last", type=DAY, default=None, help="到哪一天，默认今天。")
def compute(login: str, key: str, programme: str, first: datetime.date | None, last: datetime.date | None) -> None:
    """测算一个指标，不写代号为全部；数没变的不动。"""
    actor = acting(login)
    from luoshi.office.indicators import actions
    from luoshi.office.indicators.declaration import find, indicators

    to = last or CLOCK.today()
    since = first or to - datetime.timedelta(days=365)
    told = []
    for one in [find(key)] if key else indicators(programme):
        done = actions.compute(actor=actor, indicator=one, first=since, last=to)
        told.append({"key": one.key, "periods": done.periods, "figures": done.figures, "new": done.new,
                     "changed": done.changed})  # fmt: skip
    tell(told)


@command.command()
@AS
@click.argument("key")
@click.option("--kind", default="", help="周期：月、季度等的代号，如 quarter；默认基本周期。")
@click.option("--place", default="", help="哪个单位，代号；默认全市。")
@click.option("--period", default="", help="写了就列出这一期各单位的数，如 2018-01。")
@click.option("--on", type=DAY, default=None, help="按哪一天所知的数。")
def show(login: str, key: str, kind: str, place: str, period: str, on: datetime.date | None) -> None:
    """一个指标逐期的数，或一期各单位的数。"""
    actor = acting(login)
    from luoshi.office.indicators import queries
    from luoshi.office.indicators.declaration import find

    queries.require_seen(actor)
    one, day = find(key), on
    if period:
        found = queries.places_in(one, one.span(kind or one.period, period), day=day)
    else:
        found = queries.series(one, place=place, kind=kind, day=day)
    tell([_row(one, figure) for figure in found])


def _row(one: Any, figure: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"key": one.key, "title": one.title, "unit": one.unit}
    if figure is None:
        return row | {"period": None, "verdict": "no_data"}
    target = figure.target
    return row | {
        "period": figure.span.key,
        "place": figure.place,
        "numerator": None if figure.numerator is None else str(figure.numerator),
        "denominator": None if figure.denominator is None else str(figure.denominator),
        "value": figure.words(one.decimals) or None,
        "target": None if target is None else f"{target.direction.value} {target.value:f}",
        "aim": bool(target and target.aim),
        "verdict": figure.verdict.value,
    }
