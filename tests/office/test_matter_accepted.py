"""Matters whose figures count once a report is accepted, plans with points, targets that fall: lights and acts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import hooks, matter_actions, matter_reports
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.lights import flag, lamp, planned, progress, reached
from luoshi.office.duties.matter_models import FAR, Matter, ProgressReport, State
from tests.office.matters import PROGRAM, clerk, moment, supervisor

WORDS = "测试工程已完成主体，正在做收尾。"
D = datetime.date


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    yield
    CLOCK.release()


def _at(text: str) -> datetime.datetime:
    CLOCK.set(moment(text))
    return CLOCK.now()


def _matter(**fields: Any) -> Matter:
    row, _new = push_matter(
        actor=PROGRAM, module="supervision", external_id="2026-01.01", kind="work_point", title="测试最小颗粒",
        organ="finance", start=D(2026, 1, 5), due_on=D(2026, 6, 30), target_value=100, target_unit="件",
    )  # fmt: skip
    Matter.objects.filter(pk=row.pk).update(**({"accepted_only": True} | fields))
    return Matter.objects.get(pk=row.pk)


def _report(row: Matter, value: int, reason: str = "") -> ProgressReport:
    return matter_actions.report_progress(actor=clerk(), matter=row.pk, narrative=WORDS, value=value, reason=reason)


@pytest.mark.parametrize(
    ("target", "baseline", "comparator", "upper", "value", "percent", "there", "odd"),
    [
        ("100", None, "", None, "40", 40, False, ""),
        ("40", "100", "<=", None, "70", 50, False, ""),
        ("40", "100", "<=", None, "40", 100, True, ""),
        ("40", "100", "<=", None, "110", 0, False, "低于基期"),
        ("20", None, "range", "30", "19", 95, False, ""),
        ("20", None, "range", "30", "30", 100, True, ""),
        ("20", None, "range", "30", "31", 100, False, "超出区间"),
        ("26", None, "=", None, "27", 100, False, ""),
        ("0", None, "<=", None, "0", 100, True, ""),
        ("0", None, "<=", None, "1", 0, False, ""),
    ],
)
def test_a_value_is_held_against_its_target(
    target: str, baseline: str | None, comparator: str, upper: str | None, value: str, percent: int, there: bool,
    odd: str,
) -> None:  # fmt: skip
    row = Matter(
        target_value=Decimal(target), baseline=baseline and Decimal(baseline), comparator=comparator,
        upper=upper and Decimal(upper), value=Decimal(value),
    )  # fmt: skip
    assert (progress(row), reached(row), flag(row)) == (percent, there, odd)


def test_a_plan_goes_over_its_points() -> None:
    row = Matter(
        start=D(2019, 4, 11), due_on=D(2019, 10, 31), planned_points=[["2019-05-31", "20"], ["2019-08-31", "60"]]
    )
    days = {D(2019, 5, 1): Fraction(8), D(2019, 5, 31): Fraction(20), D(2019, 7, 16): Fraction(40)}
    assert {day: planned(row, day) for day in days} == days
    assert planned(row, D(2019, 9, 30)) == Fraction(4860, 61)


@pytest.mark.django_db
def test_what_is_reported_counts_once_accepted() -> None:
    _at("2026-03-02T09:00")
    row = _matter()
    told: list[str] = []

    def heard(matter: Matter, act: str) -> None:
        told.append(f"{act} {progress(matter)}")

    hooks.on("supervision", "changed")(heard)
    try:
        _report(row, 60)
        row.refresh_from_db()
        assert (progress(row), row.state, lamp(row, D(2026, 6, 1)).light) == (0, State.IN_PROGRESS, "red")
        matter_reports.accept_report(actor=supervisor(), matter=row.pk)
    finally:
        hooks._LISTENERS["supervision", "changed"].remove(heard)
    row.refresh_from_db()
    assert told == ["report 0", "accept_report 60"]
    assert (progress(row), lamp(row, D(2026, 6, 1)).light) == (60, "yellow")
    # Below what was accepted, or far beyond the target, only with a reason.
    for value in (59, 151):
        with pytest.raises(LuoshiError) as refused:
            _report(row, value)
        assert refused.value.code == "E_IMPLAUSIBLE"
    _report(row, 59, reason="重新核对过台账")
    matter_reports.return_report(actor=supervisor(), matter=row.pk, reason="请附核对记录")
    row.refresh_from_db()
    assert (progress(row), row.state) == (60, State.RETURNED)
    assert list(row.reports.order_by("id").values_list("state", flat=True)) == ["accepted", "returned"]
    with pytest.raises(LuoshiError) as refused:
        matter_reports.accept_report(actor=supervisor(), matter=row.pk)
    assert refused.value.code == "E_STATE"


@pytest.mark.django_db
def test_silence_for_three_working_days_accepts_and_says_so() -> None:
    # Thursday; the third working day after it is Tuesday 10 March, which ends at 24:00.
    _at("2026-03-05T17:00")
    row = _matter()
    report = _report(row, 60)
    assert matter_reports.accept_in_silence(_at("2026-03-10T00:00")) == 0
    report.refresh_from_db()
    assert report.state == "filed"
    assert matter_reports.accept_in_silence(_at("2026-03-11T00:00")) == 1
    report.refresh_from_db()
    row.refresh_from_db()
    assert (report.state, report.tacit, progress(row)) == ("accepted", True, 60)


@pytest.mark.django_db
def test_a_range_overshot_is_not_crossed_off() -> None:
    _at("2026-03-02T09:00")
    row = _matter(target_value=20, upper=30, comparator="range")
    matter_actions.report_progress(
        actor=clerk(), matter=row.pk, narrative=WORDS, value=31, evidence=[("名单.txt", "测试名单".encode())]
    )
    with pytest.raises(LuoshiError) as refused:
        matter_actions.submit_for_check(actor=clerk(), matter=row.pk)
    assert "超出区间" in refused.value.message
    _report(row, 25)
    matter_actions.submit_for_check(actor=clerk(), matter=row.pk)
    matter_actions.accept_and_cross_off(actor=supervisor(), matter=row.pk)
    row.refresh_from_db()
    assert (row.state, row.value, row.late_on) == (State.CROSSED_OFF, 25, FAR)
