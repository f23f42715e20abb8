"""The board: the air as hours, days or a table, a feed that stopped, a warning found by its number."""

from __future__ import annotations

import pytest
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import board, papers, plan, views
from luoshi.programmes.heavy_pollution.models import CityHour
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
