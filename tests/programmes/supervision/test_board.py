"""The board: an item's progress, plan and light, exactly; what is shown to whom, in a handful of queries."""

from __future__ import annotations

import datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of
from luoshi.office.duties import curve, hooks, lights, matter_actions, matter_reports
from luoshi.office.duties.matter_models import Matter, ProgressReport
from luoshi.office.roles import Role
from luoshi.programmes.supervision import board, demo_many, letters, rollup, summing
from luoshi.programmes.supervision.alike import WHOLE
from luoshi.programmes.supervision.models import ItemDay, KeyItem, Leaf, LeafSums, Node, SupervisionLetter
from luoshi.site.registry import load_programmes
from tests.office.people import OFFICE, actor, client_of, person
from tests.programmes.supervision import running_made as made

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
    tasks = board.tasks_of([tile.item.pk], 1000)[tile.item.pk]
    assert len(tasks) == tile.count == 10
    assert sum(task.share for task in tasks) == 1
    assert tile.planned == sum((task.share * task.plan(found.day) for task in tasks), Fraction(0))
    args = (found.plan, tile.item, tile.sums)
    assert board.light_of(*args, Fraction(50), Fraction(25), found.day) == "red"
    assert board.light_of(*args, Fraction(50), Fraction(2501, 100), found.day) == "yellow"
    assert board.light_of(*args, Fraction(50), Fraction(4001, 100), found.day) == "green"
    assert board.light_of(*args, Fraction(50), Fraction(40), datetime.date(2019, 4, 1)) == "grey"
    for matter in Matter.objects.filter(work_leaf__node__item=tile.item, is_open=True):
        matter.state = "paused"
        lights.derive(matter)
        matter.save()
        hooks.call(matter, "changed", "pause")
    again = board.board(actor("du2", (Role.SUPERVISOR, OFFICE)), CLOCK.today())
    assert again.tiles[0].light == "paused"
    assert rollup.anew(tile.item.pk)[1] == 0


def test_sums_follow_every_act_and_the_night_finds_what_was_written_past_them(filled):
    organ, head, office = "finance", actor("ju", (Role.LEADER, "finance")), actor("du", (Role.SUPERVISOR, OFFICE))
    assert rollup.check_all() == (6, [])
    rows = Matter.objects.filter(organ=organ, is_open=True, late_on__gt=CLOCK.today()).order_by("pk")
    words = "按计划推进，本期任务已完成。"
    one, other = rows[0], rows[1]
    for matter, value in ((one, "71.5"), (other, "93"), (one, "80.25")):
        matter_actions.report_progress(actor=head, matter=matter.pk, narrative=words, value=value, reason="核对")
        if matter is one:
            matter_reports.accept_report(actor=office, matter=matter.pk)
    matter_reports.return_report(actor=office, matter=other.pk, reason="数字不对")
    leaf = Leaf.objects.select_related("sums").get(matter=one)
    assert leaf.sums.month == "2019-10"
    assert Leaf.objects.get(matter=other).sums.month == "2019-09"
    assert ItemDay.objects.get(item=leaf.item, day=CLOCK.today()).reports == 2
    assert rollup.check_all() == (6, [])
    Matter.objects.filter(pk=one.pk).update(value=12)
    LeafSums.objects.filter(pk=leaf.sums_id).update(count=7)
    assert rollup.check_all() == (6, [leaf.item_id])
    assert rollup.check_all() == (6, [])


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
    Leaf.objects.filter(node__item__seq=2).update(latitude="36.9", longitude="121.5")
    shown = client.get("/supervision/?view=map").content.decode()
    assert shown.count('class="sv-map"') == 1
    assert shown.count("<title>02 ") == 10
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
    exact = board.reached_by_item(found, datetime.date(2019, 9, 30))
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


DAYS = st.dates(datetime.date(2019, 4, 1), datetime.date(2019, 12, 31))


@st.composite
def _sums(draw):
    start, due = sorted(draw(st.tuples(DAYS, DAYS)))
    corners = sorted(draw(st.sets(DAYS, max_size=2))) if draw(st.booleans()) else []
    percents = sorted(draw(st.lists(st.integers(0, 100), min_size=len(corners), max_size=len(corners))))
    points = tuple((str(day), str(percent)) for day, percent in zip(corners, percents, strict=True))
    part = draw(st.integers(0, WHOLE))
    return board.Sums(1, start, due, points, True, False, True, "", draw(st.integers(1, 9)), part)


@given(st.lists(_sums(), max_size=6), DAYS)
def test_plans_added_up_are_the_sum_of_each_tasks_plan_by_the_definition(sums, day):
    slow = Fraction(0)
    for one in sums:
        points = [(datetime.date.fromisoformat(at), Fraction(percent)) for at, percent in one.points]
        slow += Fraction(one.part, WHOLE) * curve.planned(one.start, one.due, points, day)
    plans = board.Plans(sums)
    assert plans.at(day) == slow
    assert plans.about(day) == pytest.approx(float(slow), abs=1e-6)


def _days_by_hand(item):
    """Return what `rollup.days_of` says, by its definition: every report of every task, one after the other."""
    gained, counts = {}, {}
    for leaf in Leaf.objects.filter(item=item, sums__isnull=False).select_related("matter"):
        before = Fraction(0)
        rows = [
            row
            for row in leaf.matter.reports.all()
            if row.state == "accepted" or (not leaf.matter.accepted_only and row.state != "returned")
        ]
        for row in sorted(rows, key=lambda one: (one.decided_at or one.filed_at, one.pk)):
            leaf.matter.value, leaf.matter.percent_bp = row.value, row.percent_bp
            percent, day = lights.progress(leaf.matter), day_of(row.decided_at or row.filed_at)
            gained[day] = gained.get(day, Fraction(0)) + (percent - before) * leaf.part / WHOLE
            counts[day] = counts.get(day, 0) + 1
            before = percent
    return {day: (gained[day], counts[day]) for day in counts}


def test_days_added_up_by_the_database_are_those_of_the_reports_one_by_one(filled):
    item = KeyItem.objects.get(seq=2)
    rows = list(ProgressReport.objects.filter(matter__work_leaf__item=item).order_by("pk"))
    # Around midnight in Shanghai, twice on a day, taken back, never decided, a fraction without end, a value that fell.
    midnight = datetime.datetime(2019, 8, 9, 23, 59, 59, 999_999, tzinfo=SHANGHAI)
    for n, row in enumerate(rows):
        row.value = Decimal(n * 7 % 90) + Decimal("0.333333")
        row.filed_at = midnight + datetime.timedelta(microseconds=n % 3 - 1, days=n % 2)
        row.decided_at = None if n % 4 == 0 else row.filed_at + datetime.timedelta(seconds=n % 5)
        row.state = ("accepted", "accepted", "returned")[n % 3]
        row.save()
    matters = Matter.objects.filter(work_leaf__item=item).order_by("pk")
    for n, matter in enumerate(matters):
        matter.accepted_only, matter.target_value, matter.baseline = n % 2 == 0, Decimal(97 + n), Decimal(n)
        matter.save()
    ProgressReport.objects.filter(pk=rows[0].pk).update(state="filed")
    found = _days_by_hand(item)
    assert rollup.days_of(item.pk) == found
    assert {datetime.date(2019, 8, 9), datetime.date(2019, 8, 10)} <= set(found)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("市市场监管局", "市场监管局"),
        ("市场监管局", "市场监管局"),
        ("市委组织部", "市委组织部"),
        ("市财政局", "财政局"),
        ("乳山市水利局", "水利局"),
    ],
)
def test_a_tile_keeps_the_market_in_the_name_of_its_bureau(name: str, said: str) -> None:
    assert board.short(name) == said


@pytest.mark.django_db
def test_a_red_item_tells_the_letter_that_is_out() -> None:
    made.at("2019-04-20 09:00")
    late = made.leaf("2019-04-26")
    made.director()
    made.step("2019-04-27", "2019-04-30", "2019-05-08")
    late.refresh_from_db()
    assert board._step(late) == "已起草督办函，送主任"
    made.at("2019-05-08 09:00")
    letters.sign(actor=made.director(), letter=SupervisionLetter.objects.get().pk)
    assert board._step(late) == "乳督函〔2019〕1号 待回复"
    CLOCK.release()


def test_other_rooms_overdue_matters_are_counted_by_kind_and_the_longest_overdue_named(filled):
    """Of this room's own tasks none is among them, nor what was past when it was entered, is closed or not late yet."""
    day = CLOCK.today()

    def matter(name, module, late, kind="instrument_duty", **more):
        due = day - datetime.timedelta(days=late)
        values = {"late_on": due + datetime.timedelta(days=1)} | more
        return Matter.objects.create(
            module=module, external_id=name, title=name, kind=kind, organ="finance", start=demo_many.ISSUED,
            due_on=due, due_sort=due, created_at=NOW, updated_at=NOW, handed_at=NOW, **values,
        )  # fmt: skip

    for n in range(7):
        matter(f"供热{n}", ("rural_heating", "tax")[n % 2], 30 + n)
    matter("会议", "a-program", 40, "meeting")
    matter("未到期", "tax", -3)
    matter("旧账", "tax", 90, backlog=True)
    matter("已办", "tax", 90, is_open=False, state="crossed_off", crossed_off_at=NOW,
           completed_at=NOW)  # fmt: skip
    found = board.elsewhere(actor("du", (Role.SUPERVISOR, OFFICE)), day)
    assert [(one["kind"], one["n"]) for one in found["counts"]] == [("instrument_duty", 7), ("meeting", 1)]
    assert [one["title"] for one in found["rows"]] == ["会议", "供热6", "供热5", "供热4", "供热3"]
    assert board.elsewhere(actor("gong", (Role.CLERK, "industry-it")), day) == {"counts": [], "rows": []}


def test_who_stands_behind_each_red_item_is_asked_for_all_of_them_at_once(filled):
    found = board.board(actor("du", (Role.SUPERVISOR, OFFICE)), CLOCK.today())
    rows = board.reds(found)
    assert rows
    with CaptureQueriesContext(connection) as asked:
        told = board.stands(found, rows)
    assert len(asked) <= 2 + sum(not row.first for row in rows) + len(rows)
    for row, (who, _step) in zip(rows, told, strict=True):
        leaves = Leaf.objects.filter(item=row.tile.item, matter__is_open=True).select_related("matter")
        late = leaves.filter(matter__late_on__lte=found.day).order_by("matter__due_on", "pk").first()
        chosen = late or leaves.order_by("red_on", "pk").first()
        assert who == f"{board.short(found.names[chosen.matter.organ], chosen.matter.organ)} · {chosen.post}"


def _tampers(item: int, other: int):
    """Return what somebody could write past the acts: each makes what is kept of an item wrong."""
    leaves = Leaf.objects.filter(item=item).select_related("node", "matter").order_by("pk")
    one, two = leaves[0], leaves[1]
    matter, sums, node = Matter.objects.filter(pk=one.matter_id), LeafSums.objects.filter(pk=one.sums_id), one.node
    straight = [["2019-07-01", "30"]]
    reports = ProgressReport.objects.filter(matter=one.matter_id)
    taken_out = Node.objects.filter(pk=node.pk)
    return {
        "a value": lambda: matter.update(value=Decimal("12.345678")),
        "a percentage": lambda: matter.update(target_value=None, percent_bp=4321),
        "a target": lambda: matter.update(target_value=Decimal("97.5")),
        "a baseline": lambda: matter.update(baseline=Decimal("1.25")),
        "a day": lambda: matter.update(start=datetime.date(2019, 3, 1)),
        "the corners": lambda: matter.update(planned_points=straight),
        "red": lambda: Leaf.objects.filter(pk=one.pk).update(red_on=datetime.date(2019, 5, 1)),
        "a part": lambda: Leaf.objects.filter(pk=one.pk).update(part=one.part + 1),
        "two parts": lambda: (
            Leaf.objects.filter(pk=one.pk).update(part=one.part + 1),
            Leaf.objects.filter(pk=two.pk).update(part=two.part - 1),
        ),
        "its item": lambda: Leaf.objects.filter(pk=one.pk).update(item=other),
        "out of the sums": lambda: Leaf.objects.filter(pk=one.pk).update(sums=None),
        "a count": lambda: sums.update(count=99),
        "a sum's part": lambda: sums.update(part=1),
        "a sum's month": lambda: sums.update(month="2019-08"),
        "an empty sum": lambda: LeafSums.objects.create(
            item_id=item, start=NOW, due=NOW, open=True, paused=False, late=False, count=3
        ),
        "a task's progress": lambda: Node.objects.filter(pk=node.pk).update(actual="7/2"),
        "a group's progress": lambda: Node.objects.filter(pk=node.parent_id).update(actual="7/2"),
        "the item's progress": lambda: KeyItem.objects.filter(pk=item).update(actual="7/2"),
        "a weight": lambda: Node.objects.filter(pk=node.parent_id).update(weight_bp=1),
        "a month reported": lambda: [
            reports.filter(pk=pk).update(period=f"2019-W4{n}")
            for n, pk in enumerate(reports.values_list("pk", flat=True))
        ],
        "a quarter reported": lambda: reports.filter(period="2019-09").update(period="2019-Q4"),
        "returned": lambda: reports.filter(period="2019-09").update(state="returned"),
        "a node taken out": lambda: taken_out.update(ended_at=NOW),
        "a paused one": lambda: Matter.objects.filter(pk__in=leaves.values("matter"), is_open=True).update(
            state="paused"
        ),
        "a report's day": lambda: reports.update(decided_at=NOW, filed_at=NOW),
    }  # fmt: skip


def test_sums_asked_in_sets_find_what_the_old_way_finds_task_by_task(filled):
    """Whatever is written past the acts, asking in sets sees it when reading every task does; both mend it."""
    first, second = KeyItem.objects.filter(seq__in=(1, 2)).values_list("pk", flat=True).order_by("pk")
    assert rollup.anew(first) == (rollup.task_by_task(first)[0], 0)
    for name in _tampers(first, second):
        with transaction.atomic():
            outer = transaction.savepoint()
            _tampers(first, second)[name]()
            inner = transaction.savepoint()
            total, wrong = rollup.task_by_task(first)
            transaction.savepoint_rollback(inner)
            agreed = summing.agreed(first)
            days = rollup.days_anew(first)
            assert (wrong > 0, name) == (agreed is None or days, name)
            assert wrong > 0, name
            transaction.savepoint_rollback(inner)
            assert rollup.anew(first)[0] == total, name
            assert rollup.anew(first) == (total, 0), name
            assert summing.agreed(first) == total, name
            transaction.savepoint_rollback(outer)


def test_sums_asked_in_sets_are_exact_for_fractions_without_end(filled):
    item = KeyItem.objects.get(seq=2).pk
    matters = Matter.objects.filter(work_leaf__item=item).order_by("pk")
    for n, matter in enumerate(matters):
        matter.target_value, matter.baseline, matter.value = Decimal(97 + n), Decimal(n) / 2, Decimal("33.333333") + n
        matter.save()
    total, wrong = rollup.anew(item)
    assert wrong
    assert total.denominator > 10**6
    assert rollup.anew(item) == (total, 0) == rollup.task_by_task(item)


def test_a_night_in_which_all_agrees_reads_no_task(filled):
    with CaptureQueriesContext(connection) as asked:
        assert rollup.check_all() == (6, [])
    assert len([one for one in asked if "planned_points" in one["sql"] and "GROUP BY" not in one["sql"]]) == 0
    assert len(asked) <= 6 * 14 + 2
