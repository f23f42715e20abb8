"""Limits against a slow definition of each form, and the rules that no example shows."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.clock import SHANGHAI
from luoshi.kernel.counting import add_months
from luoshi.kernel.dues import Due, Extension, Form, Pause, Roll, Unit
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limits import TimeLimit, revise

calendar = announced_calendar()
days = st.dates(date(2005, 1, 1), date(2025, 6, 1))
numbers = st.integers(1, 60)


def wd(n: int, event: date, **more: object) -> date:
    return TimeLimit(n, Unit.WORKING_DAY).due(event, calendar, **more).due_on  # type: ignore[arg-type]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# --- slow definitions -------------------------------------------------------------------------------------------------


def slowly(n: int, event: date, *, working: bool, paused: set[date]) -> date:
    """Tick off day after day on paper until n days have been counted."""
    ticked: list[date] = []
    day = event
    while len(ticked) < n:
        day += timedelta(days=1)
        if day in paused or (working and not calendar.is_working(day)):
            continue
        ticked.append(day)
    return day


@st.composite
def pauses_from(draw: st.DrawFn, event: date) -> list[Pause]:
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begins = event + timedelta(days=draw(st.integers(0, 40)))
        found.append(Pause(begins, begins + timedelta(days=draw(st.integers(0, 25)))))
    return found


@given(days, numbers, st.booleans(), st.data())
def test_days_after_agree_with_ticking_them_off(event: date, n: int, working: bool, data: st.DataObject) -> None:
    pauses = data.draw(pauses_from(event))
    unit = Unit.WORKING_DAY if working else Unit.DAY
    due = TimeLimit(n, unit).due(event, calendar, pauses=pauses)
    ignored = [step for step in due.steps if not step.ok]
    taken = sorted(pauses)[: len(pauses) - len(ignored)]
    paused = {
        pause.begins + timedelta(days=k) for pause in taken for k in range(1, (pause.ends - pause.begins).days + 1)
    }
    assert due.due_on == slowly(n, event, working=working, paused=paused)
    counted = [cell.day for cell in due.cells if cell.ordinal]
    assert len(counted) == n
    assert counted[-1] == due.due_on
    assert [cell.day for cell in due.cells] == list(calendar.days(event, due.due_on))


@given(days, numbers)
def test_days_before_mirror_days_after(event: date, n: int) -> None:
    last = TimeLimit(n, Unit.WORKING_DAY, Form.BEFORE).due(event, calendar).due_on
    assert calendar.is_working(last)
    assert calendar.working_days(last, event - timedelta(days=1)) == n


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-200, 200))
def test_months_keep_the_day_number_or_take_the_last(day: date, months: int) -> None:
    found = add_months(day, months)
    assert (found.year - day.year) * 12 + found.month - day.month == months
    assert found.day == min(day.day, monthrange(found.year, found.month)[1])


@given(days, st.integers(1, 36))
def test_term_and_next_term_leave_no_gap(first: date, months: int) -> None:
    first = first.replace(day=min(first.day, 28))
    last = TimeLimit(months, Unit.MONTH, Form.TERM).due(first, calendar).due_on
    assert last + timedelta(days=1) == add_months(first, months)


@given(days, st.integers(1, 90))
def test_rolled_limit_ends_on_the_first_working_day_from_the_last_day_on(event: date, n: int) -> None:
    plain = TimeLimit(n, Unit.DAY).due(event, calendar).due_on
    rolled = TimeLimit(n, Unit.DAY, roll=Roll.NEXT).due(event, calendar)
    assert calendar.is_working(rolled.due_on)
    assert calendar.working_days(plain, rolled.due_on) == 1
    assert [cell.day for cell in rolled.cells] == list(calendar.days(event, rolled.due_on))


hours_of_pauses = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 30)), max_size=3)


@given(st.integers(1, 72), hours_of_pauses)
def test_hours_agree_with_counting_every_hour(n: int, spans: list[tuple[int, int]]) -> None:
    start = moment("2018-02-10T09:00")
    hour = timedelta(hours=1)
    pauses = sorted(Pause(start + a * hour, start + (a + length) * hour) for a, length in spans)
    due = TimeLimit(n, Unit.HOUR).due(start, calendar, pauses=pauses)
    taken = pauses[: len(pauses) - len([step for step in due.steps if not step.ok])]
    left, at = n, start
    while left:
        left -= not any(pause.begins <= at < pause.ends for pause in taken)  # type: ignore[operator]
        at += hour
    assert due.until == at


@given(days, st.integers(0, 23), st.integers(1, 60))
def test_working_hours_agree_with_counting_every_half_hour(day: date, hour: int, n: int) -> None:
    start = datetime.combine(day, time(hour), SHANGHAI)
    due = TimeLimit(n, Unit.WORKING_HOUR).due(start, calendar)
    left, at = 2 * n, start
    while left:
        clock = at.time()
        inside = time(8, 30) <= clock < time(12) or time(13, 30) <= clock < time(17, 30)
        left -= inside and calendar.is_working(at.date())
        at += timedelta(minutes=30)
    assert due.until == at


# --- single rules -----------------------------------------------------------------------------------------------------


def test_hour_of_the_event_changes_nothing_for_days() -> None:
    assert TimeLimit(10, Unit.WORKING_DAY).due(moment("2018-09-20T23:59"), calendar).due_on == date(2018, 10, 10)


def test_days_end_at_midnight_and_hours_at_the_instant() -> None:
    by_day = TimeLimit(5, Unit.WORKING_DAY).due(date(2018, 2, 10), calendar)
    assert (by_day.in_time(moment("2018-02-22T23:59:59")), by_day.in_time(moment("2018-02-23T00:00"))) == (True, False)
    by_hour = TimeLimit(24, Unit.HOUR).due(moment("2018-01-13T00:00"), calendar)
    assert (by_hour.in_time(moment("2018-01-14T00:00:00")), by_hour.in_time(moment("2018-01-14T00:00:01"))) == (
        True,
        False,
    )


def test_clock_time_of_the_last_day_is_in_time() -> None:
    due = TimeLimit(1, Unit.WORKING_DAY, at=time(12)).due(date(2018, 4, 27), calendar)
    assert due.until == moment("2018-04-28T12:00")
    assert due.in_time(moment("2018-04-28T12:00"))
    assert due.text == "2018-04-28 12:00"


def test_no_days_means_the_day_of_the_event() -> None:
    assert wd(0, date(2018, 2, 10)) == date(2018, 2, 10)


def test_month_limit_always_counts_from_the_first_date() -> None:
    ends = [TimeLimit(n, Unit.YEAR).due(date(2020, 2, 29), calendar).due_on for n in (1, 2, 3, 4, 5)]
    assert ends == [date(2021, 2, 28), date(2022, 2, 28), date(2023, 2, 28), date(2024, 2, 29), date(2025, 2, 28)]


@pytest.mark.parametrize(
    ("first", "months", "last"),
    [
        ("2018-03-01", 36, "2021-02-28"),
        ("2018-01-31", 1, "2018-02-28"),
        ("2020-02-29", 12, "2021-02-28"),
        ("2018-03-01", 24, "2020-02-29"),
    ],
)
def test_term_ends_on_the_day_number_minus_one(first: str, months: int, last: str) -> None:
    limit = TimeLimit(months, Unit.MONTH, Form.TERM)
    assert limit.due(date.fromisoformat(first), calendar).due_on == date.fromisoformat(last)


def test_term_of_days_counts_its_first_day() -> None:
    assert TimeLimit(7, Unit.DAY, Form.TERM).due(date(2018, 3, 1), calendar).due_on == date(2018, 3, 7)
    assert TimeLimit(5, Unit.WORKING_DAY, Form.TERM).due(date(2018, 3, 1), calendar).due_on == date(2018, 3, 7)


def test_pause_in_a_month_limit_moves_the_end_by_the_days_taken_out() -> None:
    pause = Pause(date(2018, 3, 10), date(2018, 3, 15))
    assert TimeLimit(1, Unit.MONTH).due(date(2018, 3, 1), calendar, pauses=[pause]).due_on == date(2018, 4, 6)


def test_pause_recorded_after_the_end_is_not_applied() -> None:
    late = Pause(date(2018, 9, 25), date(2018, 9, 28), recorded_at=date(2018, 10, 11))
    due = TimeLimit(10, Unit.WORKING_DAY).due(date(2018, 9, 20), calendar, pauses=[late])
    assert due.due_on == date(2018, 10, 10)
    assert [step.rule for step in due.steps if not step.ok] == ["pause"]


def test_pause_of_a_kind_not_listed_is_not_applied() -> None:
    pause = Pause(date(2018, 9, 25), date(2018, 9, 28), "休假")
    assert wd(10, date(2018, 9, 20), pauses=[pause], pause_kinds=["检测"]) == date(2018, 10, 10)


def test_pause_still_on_counts_to_the_day_asked_and_is_provisional() -> None:
    limit = TimeLimit(10, Unit.WORKING_DAY)
    due = limit.due(date(2018, 4, 23), calendar, pauses=[Pause(date(2018, 4, 26), None)], as_of=date(2018, 5, 8))
    assert (due.due_on, due.provisional) == (date(2018, 5, 17), True)
    with pytest.raises(LuoshiError):
        limit.due(date(2018, 4, 23), calendar, pauses=[Pause(date(2018, 4, 26), None)])


def test_reset_starts_afresh() -> None:
    assert wd(10, date(2018, 9, 1), reset_at=date(2018, 9, 20)) == date(2018, 10, 10)


def test_extension_runs_from_the_old_due_day_and_only_as_often_as_allowed() -> None:
    in_time = Extension(10, Unit.WORKING_DAY, moment("2018-10-19T16:00"))
    late = Extension(10, Unit.WORKING_DAY, date(2018, 10, 20))
    start = date(2018, 9, 17)
    assert wd(20, start) == date(2018, 10, 19)
    assert wd(20, start, extensions=[in_time]) == date(2018, 11, 2)
    assert wd(20, start, extensions=[late]) == date(2018, 10, 19)
    assert wd(20, start, extensions=[in_time, in_time], max_extensions=1) == date(2018, 11, 2)


def test_month_limit_shows_its_first_and_last_days() -> None:
    due = TimeLimit(3, Unit.MONTH, roll=Roll.NEXT).due(date(2018, 7, 2), calendar)
    shown = [(cell.day.isoformat()[5:], cell.role) for cell in due.cells]
    assert (shown[0], shown[1], shown[-1]) == (("07-02", "start"), ("10-02", "off"), ("10-08", "due"))
    assert len(shown) == 8


def test_extension_of_hours() -> None:
    start = moment("2018-05-01T22:10")
    due = TimeLimit(5, Unit.HOUR).due(start, calendar, extensions=[Extension(30, Unit.MINUTE)])
    assert due.until == moment("2018-05-02T03:40")
    with pytest.raises(LuoshiError):
        TimeLimit(5, Unit.HOUR).due(start, calendar, extensions=[Extension(1, Unit.DAY)])


def test_counting_words() -> None:
    due = TimeLimit(5, Unit.WORKING_DAY).due(date(2018, 9, 28), calendar)
    assert due.due_on == date(2018, 10, 10)
    assert due.working_days_overdue(date(2018, 10, 11), calendar) == 1
    assert due.working_days_remaining(date(2018, 9, 30), calendar) == 4
    assert (due.days_late(date(2018, 10, 9)), due.days_late(date(2018, 10, 13))) == (0, 3)


def test_limit_runs_to_its_last_minute() -> None:
    due = TimeLimit(10, Unit.WORKING_DAY).due(date(2018, 9, 20), calendar)
    assert due.in_time(moment("2018-10-10T23:59"))
    assert not due.in_time(moment("2018-10-11T00:00"))


def test_provisional_date_bears_no_tacit_effect() -> None:
    year = max(calendar.years)
    due = TimeLimit(10, Unit.WORKING_DAY).due(date(year, 12, 25), calendar)
    assert due.provisional
    with pytest.raises(LuoshiError) as refusal:
        due.require_final()
    assert refusal.value.code == "E_CALENDAR_MISSING"
    assert not TimeLimit(30, Unit.DAY).due(date(year, 12, 25), calendar).provisional
    assert TimeLimit(30, Unit.DAY, roll=Roll.NEXT).due(date(year, 12, 25), calendar).provisional


def test_limit_before_the_first_year_is_refused_where_the_calendar_matters() -> None:
    with pytest.raises(LuoshiError) as refusal:
        wd(5, date(2003, 5, 1))
    assert refusal.value.code == "E_CALENDAR_MISSING"
    assert TimeLimit(5, Unit.DAY).due(date(1999, 5, 1), calendar).due_on == date(1999, 5, 6)


def test_hours_need_an_instant_and_before_cannot_pause() -> None:
    with pytest.raises(LuoshiError):
        TimeLimit(4, Unit.HOUR).due(date(2018, 1, 1), calendar)
    with pytest.raises(LuoshiError):
        TimeLimit(5, Unit.DAY, Form.BEFORE).due(
            date(2018, 1, 9), calendar, pauses=[Pause(date(2018, 1, 2), date(2018, 1, 3))]
        )


# --- a calendar changed while a limit ran -----------------------------------------------------------------------------


def test_late_change_keeps_old_and_new() -> None:
    changed = [date(2020, 1, 31), date(2020, 2, 1)]
    known_then = calendar.with_change(worked=changed, source="原安排")
    limit = TimeLimit(10, Unit.WORKING_DAY)
    old = limit.due(date(2020, 1, 20), known_then)
    after = known_then.with_change(off=changed, source="延长假期")
    revision = revise(old, lambda table: limit.due(date(2020, 1, 20), table), after, date(2020, 1, 27))
    assert (revision.old.due_on, revision.holds.due_on) == (date(2020, 2, 7), date(2020, 2, 11))
    assert revision.old.calendar_version != revision.holds.calendar_version


@given(days, numbers, st.sets(st.integers(1, 40), max_size=12), st.integers(0, 90))
def test_no_open_limit_moves_before_the_end_of_the_next_working_day(
    event: date, n: int, offsets: set[int], entered: int
) -> None:
    limit = TimeLimit(n, Unit.WORKING_DAY)
    turned = [event + timedelta(days=offset) for offset in offsets]
    after = calendar.with_change(worked=turned, source="测试")
    old: Due = limit.due(event, calendar)
    entered_on = event + timedelta(days=entered)
    holds = revise(old, lambda table: limit.due(event, table), after, entered_on).holds
    computed = limit.due(event, after)
    assert computed.until <= holds.until <= old.until
    assert holds.until == computed.until or holds.due_on >= min(old.due_on, after.shift(entered_on, 1))
