"""The timer: once, in order, however late; what a day does to matters."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection, transaction

from luoshi.kernel.clock import CLOCK, start_of
from luoshi.office import timer as timers
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties import timers as matter_timers
from luoshi.office.duties.matter_models import Fired, Matter, MatterEvent
from luoshi.office.messages.models import Message
from luoshi.office.roles import Role
from tests.office.matters import clerk, handed_in, moment, pushed, supervisor
from tests.office.people import OFFICE, actor
from tests.office.test_two_at_once import at_once


@pytest.fixture(autouse=True)
def clock():
    yield
    CLOCK.release()


@pytest.fixture(autouse=True)
def of_matters(monkeypatch):
    """Leave the timers of matters only: months of nights here, and those of other rooms have tests of their own."""
    timers.autodiscover_modules("timers")
    monkeypatch.setattr(timers, "_TIMERS", {k: t for k, t in timers._TIMERS.items() if k.startswith("matters.")})


@pytest.fixture
def only(monkeypatch):
    """Leave no timers but those a test registers."""
    monkeypatch.setattr(timers, "_TIMERS", {})
    monkeypatch.setattr(timers, "autodiscover_modules", lambda _name: None)


def at(text: str) -> datetime.datetime:
    CLOCK.set(moment(text))
    return CLOCK.now()


def test_each_moment_fires_once_in_order_and_as_of_itself(db, only):
    seen = []
    timers.timer("b", at=datetime.timedelta(hours=1))(lambda due: seen.append(("b", due)) or 1)
    timers.timer("a")(lambda due: seen.append(("a", due)) or 1)
    timers.tick(at("2019-10-08T09:00"))
    timers.tick(at("2019-10-08T09:00"))
    assert [name for name, _ in seen] == ["a", "b"]
    timers.tick(at("2019-10-10T00:30"))
    assert [(name, f"{due:%d %H}") for name, due in seen[2:]] == [("a", "09 00"), ("b", "09 01"), ("a", "10 00")]
    assert Fired.objects.count() == 5


def test_a_step_that_fails_is_tried_again_and_holds_up_only_its_own(db, only, caplog):
    seen, broken = [], [True]

    def step(due):
        if broken[0]:
            raise RuntimeError("no")
        seen.append(due.day)
        return 1

    timers.timer("bad")(step)
    timers.timer("good")(lambda due: seen.append(f"good {due.day}") or 1)
    Fired.objects.create(kind="bad", subject="", moment=moment("2019-10-06T00:00"), at=moment("2019-10-06T00:00"))
    timers.tick(at("2019-10-08T09:00"))
    assert seen == ["good 8"]
    broken[0] = False
    timers.tick(at("2019-10-08T09:05"))
    assert seen == ["good 8", 7, 8]
    assert "timer bad" in caplog.text


def test_without_catching_up_only_the_latest_moment_fires(db, only):
    seen = []
    timers.timer("ten", every=datetime.timedelta(minutes=10), catch_up=False)(lambda due: seen.append(due) or 1)
    timers.tick(at("2019-10-08T09:05"))
    timers.tick(at("2019-10-09T12:39"))
    assert [f"{due:%d %H:%M}" for due in seen] == ["08 09:00", "09 12:30"]


def days(first: str, last: str) -> None:
    """Tick at 00:01 of each day."""
    day, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    while day <= end:
        CLOCK.set(start_of(day) + datetime.timedelta(minutes=1))
        timers.tick()
        day += datetime.timedelta(days=1)


def fired(matter: Matter) -> list[tuple[str, str]]:
    rows = MatterEvent.objects.filter(matter=matter, who="系统").order_by("id")
    return [(row.act, f"{row.at.astimezone(CLOCK.now().tzinfo):%m-%d}") for row in rows]


LADDERS = [
    # Worked example 9 of supervision.md: holder, head, letter, leader, referral; over two holidays.
    ("2019-04-26", ["04-27", "04-28", "04-30", "05-08", "05-20", "06-11"], "2019-06-20"),
    ("2019-09-27", ["09-28", "09-29", "10-08", "10-12", "10-23", "11-13"], "2019-11-20"),
]


@pytest.mark.parametrize(("due", "expected", "until"), LADDERS)
@pytest.mark.parametrize("late", [False, True])
def test_the_ladder_climbs_by_working_days_however_late_the_timer_is(db, due, expected, until, late):
    at(f"{due[:7]}-01T09:00")
    matter = pushed(due=due)
    days(f"{due[:7]}-02", f"{due[:7]}-02")
    if not late:
        days(f"{due[:7]}-03", until)
    at(f"{until}T10:00")
    timers.tick()
    acts = ["overdue", "supervise", "head", "letter", "leader", "referral"]
    assert fired(matter) == list(zip(acts, expected, strict=True))
    matter.refresh_from_db()
    assert (matter.escalated, f"{matter.supervised_at.astimezone(CLOCK.now().tzinfo):%m-%d}") == (6, expected[1])


def test_holders_are_reminded_before_on_and_after_the_day(db):
    at("2019-10-01T09:00")
    person, matter = clerk(), pushed(due="2019-10-14")
    days("2019-10-02", "2019-10-16")
    texts = list(Message.objects.filter(user=person.user_id, kind="due").order_by("id").values_list("text", flat=True))
    assert texts == [f"{words}：{matter.title}" for words in ("3个工作日后到期", "今天到期", "已逾期")]


def test_nothing_is_overdue_while_paused_handed_in_in_time_or_extended(db):
    at("2019-10-08T09:00")
    paused, handed, longer, sup = pushed(), pushed(), pushed(), supervisor()
    steps.pause(actor=sup, matter=paused.pk, kind="superior", reason="等批复")
    handed_in(handed, clerk())
    steps.ask_extension(actor=clerk(), matter=longer.pk, new_due=datetime.date(2019, 11, 30), reason="汛期")
    steps.decide_extension(actor=sup, matter=longer.pk, grant=True)
    days("2019-10-09", "2019-10-25")
    assert [fired(row) for row in (paused, handed, longer)] == [[], [], []]


def test_an_extension_ends_the_episode_and_a_new_one_begins(db):
    at("2019-10-08T09:00")
    matter, sup = pushed(due="2019-10-10"), supervisor()
    steps.ask_extension(actor=clerk(), matter=matter.pk, new_due=datetime.date(2019, 10, 21), reason="汛期")
    days("2019-10-09", "2019-10-12")
    assert [act for act, _ in fired(matter)] == ["overdue", "supervise"]
    steps.decide_extension(actor=sup, matter=matter.pk, grant=True)
    matter.refresh_from_db()
    assert (matter.escalated, matter.supervised_at) == (0, None)
    days("2019-10-13", "2019-10-22")
    assert fired(matter)[2:] == [("overdue", "10-22"), ("supervise", "10-22")]


def test_a_matter_returned_after_its_day_takes_up_the_ladder(db):
    at("2019-10-08T09:00")
    matter = pushed(due="2019-10-10")
    handed_in(matter, clerk())
    days("2019-10-09", "2019-10-20")
    assert fired(matter) == []
    work.return_matter(actor=supervisor(), matter=matter.pk, reason="不实")
    days("2019-10-21", "2019-10-21")
    assert fired(matter) == [(act, "10-21") for act in ("overdue", "supervise", "head", "letter")]


def test_heads_and_supervision_are_told(db):
    at("2019-04-10T09:00")
    head = actor("head", (Role.LEADER, "finance"))
    sup, director = supervisor(), actor("director", (Role.LEADER, OFFICE))
    pushed(due="2019-04-26")
    days("2019-04-24", "2019-06-12")
    assert Message.objects.filter(user=head.user_id, kind="ladder").count() == 1
    assert Message.objects.filter(user=director.user_id, kind="ladder").count() == 3
    assert Message.objects.filter(user=sup.user_id, text__startswith="新进入督办").count() == 1


def test_the_next_months_matters_are_made_a_month_ahead(db, monkeypatch):
    calls = []
    monkeypatch.setattr(
        matter_timers,
        "materialise",
        lambda first, last, **more: calls.append((str(first), str(last))) or type("Made", (), {"made": 0}),
    )
    at("2019-09-28T09:00")
    timers.tick()
    days("2019-09-29", "2019-11-02")
    assert calls == [("2019-11-01", "2019-12-01"), ("2019-12-01", "2020-01-01")]


def test_two_ticks_at_once_fire_once(transactional_db, only):
    seen = []
    timers.timer("one")(lambda due: seen.append(due) or 1)
    CLOCK.set(moment("2019-10-08T09:00"))
    results = at_once(timers.tick, timers.tick, timers.tick)
    assert len(seen) == 1
    assert sorted(len(found) for found in results) == [0, 0, 1]


def test_a_fired_step_is_rolled_back_with_its_work(db, only):
    def step(due):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        raise RuntimeError("late failure")

    timers.timer("bad")(step)
    timers.tick(at("2019-10-08T09:00"))
    assert Fired.objects.count() == 0
