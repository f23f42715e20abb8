"""Indicators for tests, counted from a table in memory."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from luoshi.office.indicators import declaration
from luoshi.office.indicators.declaration import Behind, Indicator, Part, Records, Target
from luoshi.office.indicators.figures import Direction
from luoshi.office.indicators.spans import Span

TOWN, OTHER = "yuli", "yazi"
OWNER = "environment"
RETURNS: list[tuple[datetime.date, str, bool]] = []
"""Returns that were due: day, town, whether in time."""
PEAKS: list[tuple[datetime.date, int]] = []


def _due(span):
    return [row for row in RETURNS if span.first <= row[0] <= span.last]


def count_on_time(span):
    found = {}
    for _day, town, in_time in _due(span):
        found[town] = found.get(town, 0) + in_time
    return found


def count_due(span):
    found = {}
    for _day, town, _in_time in _due(span):
        found[town] = found.get(town, 0) + 1
    return found


def rows_due(actor, span, place):
    rows = [row for row in _due(span) if place in ("", row[1])]
    return Records(rows, lambda row: Behind(f"{row[0]} {row[1]}", "/desk/", "按时" if row[2] else "迟报", row[1]))


ON_TIME = Indicator(
    key="trial.on_time", title="按时报送率", programme="trial", unit="%", period="month",
    numerator=Part("按时报送", count_on_time, lambda a, s, p: Records([r for r in rows_due(a, s, p).rows if r[2]],
                                                                rows_due(a, s, p).shown)),
    denominator=Part("应报送", count_due, rows_due),
    target=Target(value=90), formula="按时报送 ÷ 应报送", owner=OWNER, citation="乳政办发〔2018〕2号 3.3",
    longer=("quarter", "year"), places=(TOWN, OTHER),
)  # fmt: skip
PEAK = Indicator(
    key="trial.peak", title="最高日均值", programme="trial", unit="微克", period="month", over="most", longer=("year",),
    numerator=Part("最高日均值", lambda span: {"": max((v for d, v in PEAKS if span.first <= d <= span.last),
                                                     default=None)}),
    target=Target(value=Decimal("200"), direction=Direction.AT_MOST, aim=True), rank="least",
)  # fmt: skip
LEAD = Indicator(
    key="trial.lead", title="提前量", programme="trial", unit="%", period="episode",
    numerator=Part("提前发布", lambda span: {"": 1}), denominator=Part("发布", lambda span: {"": 2}),
    target=Target(parameter="organs.stale_after"),
    periods=lambda first, last: [Span("episode", "RS-2019-001", datetime.date(2019, 1, 14),
                                      datetime.date(2019, 1, 17), "第1次过程")],
)  # fmt: skip


@pytest.fixture
def counted(db):
    """The three indicators, nothing counted yet."""
    RETURNS.clear()
    PEAKS.clear()
    for one in (ON_TIME, PEAK, LEAD):
        declaration.register(one)
    yield ON_TIME
    for one in (ON_TIME, PEAK, LEAD):
        declaration._INDICATORS.pop(one.key)


def came(day, town=TOWN, times=1, in_time=True):
    """Let returns be due on a day."""
    RETURNS.extend([(day, town, in_time)] * times)
