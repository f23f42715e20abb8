"""The board: the air as hours, days or a table, a feed that stopped, a warning found by its number."""

from __future__ import annotations

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import board, papers, plan, public_views, tasks, views
from luoshi.programmes.heavy_pollution.models import CityHour, WarningChange
from tests.office.people import client_of, person
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, at, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "shown"), [("", "hp-chart"), ("days", "hp-days-chart"), ("table", "逐小时"), ("x", "hp-chart")]
)
def test_the_air_is_shown_as_hours_as_days_and_as_a_table(kind, shown):
    for hour in range(24):
        CityHour.objects.create(hour=at(f"2018-02-13 {hour:02}:00"), aqi=120, pm25=90, pm10=110, so2=10, no2=10, co=1,
                                o3=20, stations=3, received_at=NOW)  # fmt: skip
    client = client_of(person("chief", (Role.CLERK, plan.COMMAND)))
    text = client.get(reverse("pollution"), {"chart": kind}).content.decode()
    assert shown in text
    current = kind if kind in ("days", "table") else "hours"
    assert (
        f'id="hp-chart-{current}" hx-get="?chart={current}" hx-target="#board" hx-push-url="true" aria-current="true"'
        in text
    )


def test_a_feed_that_stopped_hours_ago_leaves_gaps_and_no_refusal():
    """The morning board and the public page open though the last measured hour lies far back and no forecast came."""
    CityHour.objects.create(hour=at("2018-02-14 03:00"), aqi=119, pm25=90, stations=3, received_at=NOW)
    found = board.picture()
    assert [one["aqi"] for one in found["hours"]] == [119, *[None] * 6]
    assert found["gaps"] == 6
    client = client_of(person("chief", (Role.CLERK, plan.COMMAND)))
    assert client.get(reverse("pollution")).status_code == 200
    assert client.get(reverse("open-pollution")).status_code == 200


def test_a_warning_is_found_by_its_number():
    response = episode()
    assert board.numbered(" RSZWR-2018-001 ").pk == response.warning.pk
    with pytest.raises(LuoshiError, match="编号如"):
        board.numbered("2018-1")


@pytest.mark.parametrize(
    ("found", "forward", "live", "words"),
    [
        ("orange", "orange", "orange", "与在发一致"),
        ("red", "yellow", "orange", "高于在发的橙色，应提出升级"),
        ("orange", "yellow", "orange", "与在发的橙色比，今后为黄色"),
        ("none", "none", "blue", "与在发的蓝色比，今后为无"),
    ],
)
def test_the_grade_found_is_held_against_the_live_warning(found, forward, live, words):
    assert views._compared(found, forward, live) == words


def test_the_grounds_of_an_announcement_leave_old_dust_out_and_say_hours_as_people_do():
    told = [
        {"ok": True, "text": "沙尘暴经确认，不计入分级", "citation": "乳政办发〔2018〕2号 1.3"},
        {
            "ok": True,
            "text": "自2026-11-22 08:00至2026-11-27 08:00大于200共120小时",
            "citation": "乳政办发〔2018〕2号 3.1.3(4)",
        },
        {"ok": False, "text": "最高355", "citation": "乳政办发〔2018〕2号 3.1.3(4)"},
    ]
    assert papers._grounds(told) == "自11月22日8时至11月27日8时大于200共120小时"
    assert papers._grounds([]) == "会商研判"


@pytest.mark.parametrize(
    ("sent", "due"),
    [("2018-01-12 10:59", "2018-01-12 15:00"), ("2018-01-12 11:00", "2018-01-12 15:00"),
     ("2018-01-12 11:01", "2018-01-13 15:00"), ("2018-01-12 16:00", "2018-01-13 15:00")],
)  # fmt: skip
def test_a_task_is_due_by_the_first_daily_report_after_it_was_sent(sent, due):
    response = episode(released="", issued=sent)
    tasks.send(response, at(sent))
    assert set(response.tasks.values_list("due_at", flat=True)) == {at(due)}


def test_tasks_are_counted_and_chosen_by_organ():
    response = episode(released="")
    tasks.send(response, at("2018-01-12 16:00"))
    own = response.tasks.filter(organ="public-security").count()
    client = client_of(person("chief", (Role.CLERK, plan.COMMAND)))
    text = client.get(reverse("pollution-tasks"), {"organ": "public-security"}).content.decode()
    assert f"共 {own} 条" in text
    assert text.count("hp-task") == own
    assert "已过" in text


@pytest.mark.parametrize(
    ("release", "levels"),
    [("", ["refuse", "refuse", "refuse"]), ("2018-02-15 00:00", ["refuse", "allow", "allow"]),
     ("2018-02-15 06:00", ["refuse", "refuse", "allow"])],
)  # fmt: skip
def test_a_driver_is_told_of_the_days_until_the_release(release, levels):
    response = episode(released="", highest="red", colour="red", expected_end=at("2018-02-17 00:00"),
                       release_at=at(release) if release else None)  # fmt: skip
    given = {"category": "载货", "fuel": "柴油", "use": "", "plate": "鲁K00001", "place": "建成区内"}
    answers = public_views._answers(given, response.warning, NOW)
    assert [one["outcome"] for one in answers] == levels
    assert [str(one["day_word"]) for one in answers] == ["14日", "15日", "16日"]


def test_the_head_of_every_page_says_when_a_warning_was_raised():
    response = episode(released="")
    assert "1月12日 16:00发布" in str(public_views.emergency().words)
    WarningChange.objects.create(warning=response.warning, kind="upgrade", colour="red", at=at("2018-01-14 09:30"),
                                 effective_at=at("2018-01-14 09:30"))  # fmt: skip
    assert "1月14日 09:30调整" in str(public_views.emergency().words)
    assert public_views.live_warning().changed_at == at("2018-01-14 09:30")


def test_without_hours_the_board_says_that_it_cannot_tell_and_where_to_begin():
    client = client_of(person("officer", (Role.CLERK, "air-command")))
    text = client.get(reverse("pollution")).content.decode()
    assert "还没有监测和预报，不能定级。" in text
    assert f'href="{reverse("pollution-air")}">导入监测和预报' in text
    assert 'id="hp-grade">系统定级</h2><span class="ls-tag">不能确定</span>' in text
