"""A report is for the period of its task's cycle, stands on the desk before its last day, and is called late after."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import matter_actions as work
from luoshi.office.messages.models import Message
from luoshi.programmes.supervision import desk, reporting, rollup, signing
from luoshi.programmes.supervision.alike import newest_month
from luoshi.programmes.supervision.models import LeafSums
from tests.office.matters import proof
from tests.programmes.supervision import running_made as made

MOMENT = datetime.datetime(2019, 4, 26, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    yield
    CLOCK.release()


@pytest.mark.parametrize(
    ("cycle", "day", "period", "last"),
    [
        # 25 May 2019 is a Saturday: Monday the 27th. Week 18 ends with May Day: Friday 3 May is a holiday, so Sunday
        # the 5th, which is worked. The quarter's day is that of its last month.
        ("monthly", "2019-05-20", "2019-05", "2019-05-27"),
        ("weekly", "2019-05-01", "2019-W18", "2019-05-05"),
        ("weekly", "2019-12-31", "2020-W01", "2020-01-03"),
        ("quarterly", "2019-05-20", "2019-Q2", "2019-06-25"),
        ("event", "2019-05-20", "2019-05", "2019-05-27"),
    ],
)
@pytest.mark.django_db
def test_the_period_of_a_day(cycle, day, period, last):
    found = reporting.period_on(cycle, datetime.date.fromisoformat(day))
    assert (found, str(reporting.last_day(found, datetime.date(2019, 5, 1)))) == (period, last)


@pytest.mark.django_db
def test_a_quarterly_report_counts_for_its_quarter_without_anybody_typing_it():
    made.at("2019-05-20 09:00")
    row = made.leaf("2019-12-31", cycle="quarterly")
    report = work.report_progress(actor=made.clerk(), matter=row.pk, percent=20, narrative=made.PLAIN, evidence=proof())
    assert report.period == "2019-Q2"
    assert newest_month(["2019-Q2", "2019-W18", "2019-05", "2019"]) == "2019-06"
    item = made.item()
    officer = made.supervisor()
    assert desk.accepting(officer, 200) == desk.NOTHING
    signing.sign_report(actor=made.head(), matter=row.pk)
    assert desk.accepting(officer, 200) == (1, f"/tasks/{row.pk}/", None)
    assert desk.accepting(made.clerk(), 200) == desk.NOTHING
    rollup.check_all()
    assert list(LeafSums.objects.filter(item=item, count__gt=0).values_list("month", flat=True)) == ["2019-06"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("now", "period"),
    [("2026-09-28 08:00", "2026-W40"), ("2019-12-30 08:00", "2020-W01"), ("2021-01-03 23:00", "2020-W53")],
)  # fmt: skip
def test_a_weekly_report_is_taken_from_the_first_day_of_its_week_on(now, period):
    """Weeks are those of ISO 8601: the first begins on its Monday, whatever day of the week the year begins on."""
    made.at(now)
    row = made.leaf(f"{period[:4]}-12-31", cycle="weekly")
    report = work.report_progress(actor=made.clerk(), matter=row.pk, percent=20, narrative=made.PLAIN, evidence=proof())
    assert report.period == period
    with pytest.raises(LuoshiError, match="没有第54周"):
        work.report_progress(
            actor=made.clerk(), matter=row.pk, percent=30, narrative=made.PLAIN, evidence=proof(), period="2026-W54"
        )


@pytest.mark.django_db
def test_what_is_owed_stands_on_the_desk_from_a_week_before_and_is_called_late_after():
    made.at("2019-04-10 09:00")
    first, second, weekly = (made.leaf("2019-12-31", cycle=one) for one in ("monthly", "monthly", "event"))
    mine, others = made.clerk(), made.clerk("culture-tourism")
    made.head()
    day = datetime.date(2019, 4, 18)
    assert desk.due_reports(mine, day - datetime.timedelta(days=1)) == desk.NOTHING
    assert desk.due_reports(mine, day) == (2, "/field/", datetime.date(2019, 4, 25))
    assert desk.due_reports(others, day) == desk.NOTHING
    # A desk may be looked at on any day: before there were rules nothing was owed.
    assert desk.due_reports(mine, datetime.date(1990, 1, 1)) == desk.NOTHING
    made.at("2019-04-19 09:00")
    work.report_progress(actor=mine, matter=first.pk, percent=20, narrative=made.PLAIN, evidence=proof())
    assert desk.due_reports(mine, day).many == 1
    made.at("2019-04-26 00:01")
    assert reporting.tell_late(MOMENT - datetime.timedelta(days=1)) == 0
    assert reporting.tell_late(MOMENT) == 2
    late = Message.objects.filter(key__startswith="work.report_late:2019-04:finance:")
    assert set(late.values_list("text", flat=True)) == {"2019-04的进展填报4月25日截止，还有1个最小任务没有填报"}
    made.at("2019-04-26 09:00")
    work.report_progress(actor=mine, matter=second.pk, percent=20, narrative=made.PLAIN, evidence=proof())
    assert desk.due_reports(mine, datetime.date(2019, 4, 26)) == desk.NOTHING
    assert weekly.pk
