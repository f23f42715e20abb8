"""An episode gone through again: what stood at a moment, not what stands now."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import replay_views, replaying
from luoshi.programmes.heavy_pollution.models import MeasureTask, WarningChange
from tests.office.people import client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, at, episode, owe, task

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(NOW)
    yield
    CLOCK.release()


@pytest.fixture
def response():
    """Yellow on the 12th, 16:00; orange on the 14th, 09:30; the end, on the 18th, 08:00, announced the day before."""
    made = episode()
    for kind, colour, when, effective in (
        ("issue", "yellow", "2018-01-12 16:00", ""), ("upgrade", "orange", "2018-01-14 09:30", ""),
        ("release", "orange", "2018-01-17 10:00", "2018-01-18 08:00"),
    ):  # fmt: skip
        WarningChange.objects.create(warning=made.warning, kind=kind, colour=colour, at=at(when),
                                     effective_at=at(effective or when))  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("when", "colour", "level", "word"),
    [
        ("2018-01-12 15:59", "", "", "尚未发布"),
        ("2018-01-12 16:00", "yellow", "III", "正在生效"),
        ("2018-01-14 09:29", "yellow", "III", "正在生效"),
        ("2018-01-14 09:30", "orange", "II", "正在生效"),
        ("2018-01-17 10:00", "orange", "II", "已公告，01-18 08:00 解除"),
        ("2018-01-18 08:00", "", "II", "已解除"),
    ],
)
def test_the_warning_as_it_stood(response, when, colour, level, word):
    found = replaying.state_at(response.warning, at(when))
    assert (found["colour"], found["level"], found["word"]) == (colour, level, word)


def counts(response, when):
    return {row["measure"].id: (row["done"], row["going"], row["failed"])
            for row in replaying.measures(response, at(when))}  # fmt: skip


def test_tasks_as_they_stood(response):
    sent, told, closed = at("2018-01-12 16:00"), at("2018-01-13 09:00"), at("2018-01-18 08:00")
    MeasureTask.objects.all().delete()
    task(response, "E6", "economy-it")
    task(response, "E6", "economy-it", closed="响应终止", acted_at=told)
    task(response, "E4", "economy-it", state="sent", closed="措施已被替代")
    MeasureTask.objects.update(sent_at=sent)
    MeasureTask.objects.filter(closed="").update(state_at=told)
    MeasureTask.objects.filter(closed="响应终止").update(state_at=closed)
    MeasureTask.objects.filter(measure="E4").update(state_at=at("2018-01-14 09:30"))
    # Failed first, in place later: the trail tells what it was between.
    twice = MeasureTask.objects.filter(closed="").get()
    MeasureTask.objects.filter(pk=twice.pk).update(version=3, state_at=at("2018-01-15 08:00"))
    CLOCK.set(told)
    append(actor=Actor.system("测试甲", "test"), act="pollution.task", subject=f"hp-task:{twice.pk}",
           after={"state": "failed"})  # fmt: skip
    CLOCK.set(NOW)
    assert counts(response, "2018-01-12 15:59") == {}
    assert counts(response, "2018-01-12 16:00") == {"E4": (0, 1, 0), "E6": (0, 2, 0)}
    assert counts(response, "2018-01-13 09:00") == {"E4": (0, 1, 0), "E6": (1, 0, 1)}
    assert counts(response, "2018-01-15 08:00") == {"E6": (2, 0, 0)}


def test_reports_as_they_stood(response):
    owe(response, "lists", "environment", "2018-01-12 20:00", "2018-01-12 19:00")
    owe(response, "lists", "highway", "2018-01-12 20:00", "2018-01-12 21:00")
    owe(response, "daily", "weather", "2018-01-13 15:00", "2018-01-13 14:00")
    found = replaying.reports(response, at("2018-01-12 20:30"))
    assert (found["owed"], found["came"], [row["duty"].organ for row in found["late"]]) == (2, 1, ["highway"])
    assert (found["next_came"], found["next_total"]) == (0, 1)
    found = replaying.reports(response, at("2018-01-13 14:30"))
    assert (found["owed"], found["came"], found["next_came"]) == (2, 2, 1)


def test_the_page_has_the_control_and_asks_no_more_of_many_tasks(response):
    auditor = client_of(person("au", (Role.AUDITOR, "audit")))
    href = reverse("pollution-replay", args=[response.warning.pk])
    task(response, "E6", "economy-it")
    MeasureTask.objects.update(sent_at=at("2018-01-12 16:00"))

    def asked():
        with CaptureQueriesContext(connection) as made:
            answer = auditor.get(f"{href}?at=2018-01-14T09:30")
        assert answer.status_code == 200
        return len(made), answer.content.decode()

    few, html = asked()
    assert "橙色预警" in html
    assert "当时看到的空气" in html
    assert "data-hp-play" in html
    for _n in range(30):
        task(response, "E6", "economy-it")
    MeasureTask.objects.update(sent_at=at("2018-01-12 16:00"))
    assert asked()[0] <= few
    assert auditor.get(f"{href}?at=gestern").status_code == 422


def test_the_moment_is_kept_within_the_episode():
    first, last = at("2018-01-12 10:00"), at("2018-01-18 08:00")
    assert replay_views._moment("", first, last) == last
    assert replay_views._moment("2017-01-01", first, last) == first
    assert replay_views._moment("2018-01-14T09:30", first, last) == at("2018-01-14 09:30")
    with pytest.raises(LuoshiError, match="不是时刻"):
        replay_views._moment("x", first, last)
