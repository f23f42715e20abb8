"""The board: an item's progress, plan and light, exactly; what is shown to whom, in a handful of queries."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.duties import curve, hooks
from luoshi.office.duties.matter_models import Matter
from luoshi.office.roles import Role
from luoshi.programmes.supervision import board, demo_many, rollup
from luoshi.programmes.supervision.models import KeyItem, Leaf, Node
from luoshi.site.registry import load_programmes
from tests.office.people import OFFICE, actor, client_of, person

NOW = datetime.datetime(2019, 10, 15, 9, tzinfo=SHANGHAI)
ORGANS = ["industry-it", "finance", "agriculture"]


@pytest.fixture
def filled(db):
    load_programmes()
    CLOCK.set(NOW)
    yield demo_many.fill(60, items=6, organs=ORGANS)
    CLOCK.release()


def test_progress_of_a_task_is_carried_up_its_path_only(filled):
    item = KeyItem.objects.get(seq=2)
    leaf = Leaf.objects.select_related("node", "matter").filter(node__item=item, matter__is_open=True).first()
    before = rollup.recompute(item.pk)
    others = dict(Node.objects.exclude(pk__in=[leaf.node_id, leaf.node.parent_id]).values_list("pk", "actual"))
    matter = leaf.matter
    was, matter.value = Fraction(matter.value), matter.value + 1
    matter.save()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        hooks.call(matter, "changed", "report")
    item.refresh_from_db()
    share = Fraction(leaf.node.weight_bp, 10_000) * Fraction(leaf.node.parent.weight_bp, 10_000)
    assert Fraction(item.actual) == before + share
    assert Fraction(Node.objects.get(pk=leaf.node_id).actual) == was + 1
    assert dict(Node.objects.filter(pk__in=others).values_list("pk", "actual")) == others
    assert len(asked) < 20
    assert rollup.recompute(item.pk) == Fraction(item.actual)


def test_worked_example_3_of_an_item_with_three_tasks():
    parts = [(3000, curve.actual(120, 151)), (4500, curve.actual(61, 97)), (2500, curve.actual(6, 6))]
    assert curve.written(curve.rolled([(weight, one.percent) for weight, one in parts])) == "77.14"


def test_light_of_an_item_follows_plan_and_progress_of_all_its_tasks(filled):
    found = board.board(actor("du", (Role.SUPERVISOR, OFFICE)), CLOCK.today())
    tile = found.tiles[0]
    shares = sum(task.share for task in tile.tasks)
    assert shares == 1
    assert tile.planned == sum((task.share * task.plan(found.day) for task in tile.tasks), Fraction(0))
    args = (found.plan, tile.item, tile.tasks)
    assert board.light_of(*args, Fraction(50), Fraction(25), found.day) == "red"
    assert board.light_of(*args, Fraction(50), Fraction(2501, 100), found.day) == "yellow"
    assert board.light_of(*args, Fraction(50), Fraction(4001, 100), found.day) == "green"
    assert board.light_of(*args, Fraction(50), Fraction(40), datetime.date(2019, 4, 1)) == "grey"
    Matter.objects.filter(work_leaf__node__item=tile.item, is_open=True).update(state="paused")
    again = board.board(actor("du2", (Role.SUPERVISOR, OFFICE)), CLOCK.today())
    assert again.tiles[0].light == "paused"


def test_the_board_asks_as_much_for_many_items_as_for_few(filled):
    client = client_of(person("du", (Role.SUPERVISOR, OFFICE)))
    client.get("/supervision/")
    with CaptureQueriesContext(connection) as asked:
        page = client.get("/supervision/")
    assert page.status_code == 200
    few = KeyItem.objects.filter(seq__gt=2)
    with CaptureQueriesContext(connection) as fewer:
        client.get("/supervision/?chapter=0")
    assert len(asked) - len(fewer) <= 4, few
    assert len(asked) <= 45
    for view in ("timeline", "table", "tiles&screen=1", "tiles&q=%E5%85%BB%E8%80%81&light=red&month=2019-12"):
        assert client.get(f"/supervision/?view={view}").status_code == 200
    assert client.get("/supervision/board.xlsx").content[:2] == b"PK"
    assert client.get("/supervision/due/?month=2019-12").status_code == 200


def test_an_organ_sees_its_own_items(filled):
    one = actor("gong", (Role.CLERK, "industry-it"))
    seen = board.board(one, CLOCK.today())
    assert {tile.leads[0] for tile in seen.everything} == {"industry-it"}
    html = client_of(person("gong")).get("/supervision/posts/").content.decode()
    assert "科长" in html


def test_course_of_the_year_and_last_week(filled):
    found = board.board(actor("du", (Role.SUPERVISOR, OFFICE)), CLOCK.today())
    rows = board.course(found)
    assert rows[0].day == demo_many.ISSUED
    assert rows[-1].planned == pytest.approx(100)
    assert rows[-1].actual is None
    assert next(row for row in rows if row.day == found.day).actual == float(found.actual)
    # Half of what September's report says was accepted in July.
    july = next(row for row in rows if row.day == datetime.date(2019, 7, 31))
    september = next(row for row in rows if row.day == datetime.date(2019, 9, 30))
    assert july.actual == pytest.approx(september.actual / 2)
    exact = board.reached_by_item(found, datetime.datetime(2019, 9, 30, tzinfo=SHANGHAI))
    mean = board.mean((tile.item, exact[tile.item.pk]) for tile in found.tiles)
    assert september.actual == pytest.approx(float(mean))
    week = board.last_week(found)
    assert (week["owing"], week["filed"]) == (5, 0)


def test_everybody_reads_the_public_page_without_names(filled, client):
    answer = client.get("/open/supervision/")
    assert answer.status_code == 200
    words = answer.content.decode()
    assert "重点工作进展" in words
    assert "科长" not in words
    told = client.get("/api/v1/open/supervision").json()
    assert len(told["items"]) == 6
    assert set(told["items"][0]) == {"seq", "title", "leads", "targets", "percent", "light", "due", "updated"}
