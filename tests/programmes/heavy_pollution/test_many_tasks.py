"""Lists, counts and the map of a response stay quick with very many tasks: what is read is what is shown."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from luoshi.programmes.heavy_pollution import board, tasks
from luoshi.programmes.heavy_pollution.models import MeasureTask
from tests.office.people import client_of, everybody
from tests.programmes.heavy_pollution.test_indicators import NOW, _on_a_day, episode

__all__ = ["_on_a_day"]

pytestmark = pytest.mark.django_db
ORGANS = ("economy-it", "education", "housing", "xiacun")


@pytest.fixture
def response():
    return episode(released="")


def fill(response, n, seed=14):
    chosen = random.Random(seed)
    states = [*MeasureTask.State.values]
    MeasureTask.objects.bulk_create(
        MeasureTask(
            response=response, measure=chosen.choice(("E6", "P3", "S1")), organ=chosen.choice(ORGANS),
            town=chosen.choice(("xiacun", "xiachu", "")), object_kind="firm", object_id=f"F{seed}{i}",
            object_name=f"测试{i}", text="x", sent_at=NOW, state_at=NOW, state=chosen.choice(states),
            closed=chosen.choice(("", "", "", "措施已被替代")),
        )
        for i in range(n)
    )  # fmt: skip


def test_the_organs_of_a_response_are_found_without_reading_its_tasks(response):
    assert tasks.leads_of(response, None) == []
    fill(response, 60)
    assert tasks.leads_of(response, None) == sorted(ORGANS)
    assert tasks.leads_of(response, frozenset({"education", "finance"})) == ["education"]
    # Who sees a town's objects meets whatever organ has tasks on them.
    assert tasks.leads_of(response, frozenset({"xiachu"})) == sorted(ORGANS)


@pytest.mark.parametrize("over", [False, True])
def test_the_board_counts_what_a_count_task_by_task_gives(response, over):
    fill(response, 300)
    response.measures = ["E6", "P3", "S1"]
    response.ended_at = NOW if over else None
    rows = [one for one in MeasureTask.objects.all() if over or not one.closed]
    state = MeasureTask.State
    for reach in (None, frozenset({"education"}), frozenset({"xiachu"})):
        mine = [one for one in rows if reach is None or one.organ in reach or one.town in reach]
        for found in board.measures(response, reach):
            these = Counter(one.state for one in mine if one.measure == found["measure"].id)
            assert found["total"] == these.total()
            assert found["done"] == these[state.IN_PLACE] + these[state.EXCUSED]
            assert (found["failed"], found["unread"]) == (these[state.FAILED], these[state.SENT])
    for town, share in board.towns(response).items():
        these = Counter(one.state for one in rows if one.town == town)
        done = these[state.IN_PLACE] + these[state.EXCUSED]
        assert (share["total"], share["done"], share["failed"]) == (these.total(), done, these[state.FAILED])


def test_of_very_many_objects_no_map_is_made_and_the_page_says_so(response, monkeypatch):
    fill(response, 30)
    client = client_of(everybody())
    assert "对象太多" not in client.get(reverse("pollution")).text
    monkeypatch.setattr(board, "MOST_MAPPED", 10)
    assert board.object_map(response, None, NOW.date())["many"]
    assert "对象太多，图上分不清，请看镇区到位率。" in client.get(reverse("pollution")).text


@pytest.mark.parametrize("name", ["pollution", "pollution-tasks", "pollution-duties"])
def test_pages_ask_as_much_of_few_tasks_as_of_many(response, name):
    client = client_of(everybody())

    def asked():
        client.get(reverse(name))
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(name)).status_code == 200
        return len(found)

    fill(response, 120)  # more than one page of the list
    few = asked()
    fill(response, 300, seed=15)
    assert asked() == few
