"""The map of a response: every kind of object that has a place, in its worst state; what has none is counted."""

from __future__ import annotations

import pytest
from django.urls import reverse

from luoshi.programmes.heavy_pollution import board, maps
from luoshi.programmes.heavy_pollution.models import Enterprise, MeasureTask, PortBerth, School
from tests.office.people import client_of, everybody
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db


def task(response, kind, object_id, state, measure="P3"):
    MeasureTask.objects.create(
        response=response, measure=measure, organ="education", object_kind=kind, object_id=object_id, object_name="x",
        text="x", sent_at=NOW, state=state, state_at=NOW,
    )  # fmt: skip


def test_schools_and_berths_are_on_the_map_where_they_have_a_place():
    response = episode(released="")
    client = client_of(everybody())
    for n, lat in enumerate(("36.9", None)):
        School.objects.create(code=f"XX-{n}", name=f"测试学校{n}", stage="primary", town="xiacun", lat=lat,
                              lon="121.5" if lat else None)  # fmt: skip
        task(response, "school", f"XX-{n}", "in_place")
    task(response, "school", "XX-0", "failed", "P4")
    PortBerth.objects.create(code="BW-1", name="测试泊位", town="rushankou", bulk=True, lat="36.8", lon="121.5")
    task(response, "port", "BW-1", "received", "H1")
    Enterprise.objects.create(credit_code="BW-1", name="同号的企业", town="xiacun", sector="rubber", list_year=2018,
                              lat="36.9", lon="121.5")  # fmt: skip
    found = board.object_map(response, None, NOW.date())
    assert found["counts"] == {"failed": 1, "going": 1, "in_place": 1, "none": 0}
    assert (found["placed"], found["unplaced"], found["svg"].count("<circle"), found["svg"].count("<path")) == (
        2,
        1,
        1,
        1,
    )
    School.objects.update(lat=None, lon=None)
    PortBerth.objects.update(lat=None, lon=None)
    assert "还没有一个对象登记了坐标" in client.get(reverse("pollution")).content.decode()


AREA = [(36.88, 121.48), (36.88, 121.58), (36.95, 121.58), (36.95, 121.48)]


def test_the_built_up_area_is_named_above_what_is_drawn_and_beside_the_points():
    """The word stood beneath the points, where they lay close behind the outline it could not be read."""
    wide, high = maps._WORD
    north = [maps.Point(36.955 + n / 1000, 121.49 + m / 50, "failed") for n in range(12) for m in range(5)]
    for points in ([], north):
        svg = str(maps.objects(points, AREA, "x"))
        assert svg.endswith("建成区</text></svg>")
        places = [maps.place(one.lat, one.lon) for one in points]
        x, y = maps.word_place(AREA, places)
        assert not [one for one in places if x <= one[0] <= x + wide and y - high <= one[1] <= y]
    everywhere = [(float(x), float(y)) for x in range(0, maps.WIDTH, 4) for y in range(0, maps.HEIGHT, 4)]
    x, y = maps.word_place(AREA, everywhere)
    assert 0 <= x <= maps.WIDTH - wide
    assert high <= y <= maps.HEIGHT
