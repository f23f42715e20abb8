"""Lists, counts, facets and the desk of matters: what each person sees, and what it costs."""

from __future__ import annotations

import datetime
import time
from dataclasses import replace
from fractions import Fraction

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor, Grant
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_queries as queries
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties import whole
from luoshi.office.duties.desk import desk
from luoshi.office.duties.lights import derive, lamp, planned
from luoshi.office.duties.matter_models import FAR, Light, Matter, MatterEvent, State
from luoshi.office.duties.matter_queries import MatterFilter, MatterLedger, light_condition
from luoshi.office.roles import PERMISSIONS, Reach, Role
from tests.office.matters import clerk, handed_in, moment, pushed, reported, supervisor
from tests.office.people import OFFICE, actor

D = datetime.date
TODAY = D(2019, 10, 15)


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(moment("2019-10-15T09:12"))
    yield
    CLOCK.release()


def matter(**more) -> Matter:
    """Return a matter that is not stored, with its derived days."""
    fields = {"start": D(2019, 4, 10), "due_on": D(2019, 12, 31), "percent_bp": 0, "state": "open", "title": "事"}
    row = Matter(**(fields | more))
    derive(row)
    return row


# --- the light -----------------------------------------------------------------------------------------------------


def test_the_plan_runs_by_calendar_days():
    # Worked example 7 of supervision.md.
    row = matter(state="in_progress")
    assert planned(row, D(2019, 6, 30)) == Fraction(1620, 53)
    assert [planned(row, day) for day in (D(2019, 4, 9), D(2019, 4, 10), D(2019, 12, 31))] == [0, 0, 100]


@pytest.mark.parametrize(
    ("bp", "light"), [(2500, "red"), (2501, "yellow"), (4000, "yellow"), (4001, "green"), (10000, "green")]
)
def test_a_gap_of_10_is_yellow_and_of_25_red_both_included(bp, light):
    # 50 % of the plan: half of 100 days.
    row = matter(start=D(2019, 10, 15), due_on=D(2020, 1, 23), percent_bp=bp, state="in_progress")
    assert planned(row, D(2019, 12, 4)) == 50
    assert lamp(row, D(2019, 12, 4)).light == light


@given(
    st.integers(0, 400), st.integers(0, 10000), st.sampled_from(["open", "in_progress", "returned", "paused"]),
    st.integers(-30, 450),
)  # fmt: skip
def test_the_stored_days_give_the_light_the_definition_gives(span, bp, state, offset):
    start = D(2019, 1, 1)
    row = matter(start=start, due_on=start + datetime.timedelta(span), percent_bp=bp, state=state)
    day = start + datetime.timedelta(offset)
    plan = planned(row, day)
    gap = plan - Fraction(bp, 100)
    if state == "paused":
        expected = "paused"
    elif day > row.due_on or (day >= start and gap >= 25):
        expected = "red"
    elif day < start:
        expected = "grey"
    else:
        expected = "yellow" if gap >= 10 else "green"
    assert lamp(row, day).light == expected


@pytest.mark.parametrize(
    ("more", "light"),
    [
        ({"due_on": None}, "grey"),
        ({"due_on": None, "state": "in_progress"}, "green"),
        ({"due_on": D(2019, 10, 14)}, "red"),
        ({"due_on": D(2019, 10, 14), "provisional": True}, "yellow"),
        ({"due_on": D(2019, 10, 14), "backlog": True}, "grey"),
        ({"due_on": D(2019, 10, 14), "state": "submitted", "submitted_at": moment("2019-10-14T23:59:59")}, "green"),
        ({"due_on": D(2019, 10, 14), "state": "submitted", "submitted_at": moment("2019-10-15T00:00")}, "red"),
        ({"state": "crossed_off"}, "blue"),
        ({"start": D(2019, 11, 1)}, "grey"),
    ],
)
def test_special_cases_of_the_light(more, light):
    assert lamp(matter(**more), TODAY).light == light


def test_the_condition_of_each_light_selects_what_the_lamp_shows(db):
    clerk_, sup = clerk(), supervisor()
    rows = [pushed(due=due) for due in ("2019-10-15", "2019-10-16", "2020-06-30", None)]
    reported(rows[0], clerk_, percent=50)
    steps.pause(actor=sup, matter=rows[1].pk, kind="superior", reason="等批复")
    handed_in(rows[2], clerk_)
    late = pushed(due="2019-10-16")
    done = pushed()
    handed_in(done, clerk_)
    work.accept_and_cross_off(actor=sup, matter=done.pk)
    for day in (TODAY, D(2019, 10, 17), D(2020, 7, 1), D(2019, 1, 1)):
        for light in Light.values:
            found = set(Matter.objects.filter(light_condition(light, day)).values_list("pk", flat=True))
            assert found == {row.pk for row in Matter.objects.all() if lamp(row, day).light == light}, (light, day)
    assert late.pk in set(Matter.objects.filter(light_condition("red", D(2019, 10, 17))).values_list("pk", flat=True))


# --- who sees what -------------------------------------------------------------------------------------------------


@pytest.fixture
def city(db):
    """Matters of two bureaus, one with a partner, one that every town owes."""
    rows = {
        "finance": pushed("finance", "2019-10-14", title="补助资金", start=D(2019, 1, 1), cooperating=["agriculture"]),
        "agriculture": pushed("agriculture", "2019-10-20", title="畜禽台账"),
        "town": pushed("xiacun", "2019-10-21", title="夏村路灯"),
        "local": pushed("water", "2019-10-22", title="镇区河道"),
    }
    Matter.objects.filter(pk=rows["local"].pk).update(local=True)
    Matter.objects.filter(pk=rows["finance"].pk).update(backlog=False, late_on=D(2019, 10, 15), red_on=D(2019, 10, 15))
    return rows


SEEN = {
    "finance": {"finance"},
    "agriculture": {"finance", "agriculture"},
    "xiacun": {"town", "local"},
    "public-security": set(),
}


@pytest.mark.parametrize("organ", SEEN)
@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.LEADER, Role.PERSONNEL])
def test_each_organ_sees_its_own_in_lists_counts_facets_and_search(city, organ, role):
    who = Actor("测试", "test", user_id=None, grants=(Grant(role, organ),))
    expected = {city[name].pk for name in SEEN[organ]}
    asked = MatterLedger(MatterFilter(), actor=who, day=TODAY)
    assert {row.pk for row in asked.page(size=50).rows} == expected
    assert asked.total().value == len(expected)
    facets = asked.facets()
    for facet in (facets.lights, facets.states, facets.organs, facets.origins, facets.kinds):
        assert sum(item.count or 0 for item in facet) == len(expected)
    assert {item.value for item in facets.organs} == {city[name].organ for name in SEEN[organ]}
    for name, row in city.items():
        found = MatterLedger(MatterFilter(q=row.title), actor=who, day=TODAY).page(size=9).rows
        assert [one.pk for one in found] == ([row.pk] if name in SEEN[organ] else [])
        named = MatterLedger(MatterFilter(organs=(row.organ,)), actor=who, day=TODAY).total().value
        assert named == sum(city[one].organ == row.organ for one in SEEN[organ])
        if name not in SEEN[organ]:
            with pytest.raises(LuoshiError, match="E_NOT_FOUND"):
                queries.detail(who, row.pk, TODAY)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_how_far_the_table_says_is_how_far_lists_reach(city, role):
    who = Actor("测试", "test", grants=(Grant(role, "finance"),))
    seen = {row.pk for row in MatterLedger(MatterFilter(), actor=who, day=TODAY).page(size=50).rows}
    expected = {
        Reach.ALL: {row.pk for row in city.values()},
        Reach.OWN: {city["finance"].pk},
        Reach.NONE: set(),
    }[PERMISSIONS["matter.see"].reach[role]]
    assert seen == expected
    shown = desk(who, TODAY, view="all")
    assert {row.pk for group in shown.groups for row in group.rows} <= expected
    assert all(event.matter_id in expected for event in shown.changes)


@pytest.mark.parametrize("organ", [*SEEN, ""])
@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({}, lambda row: True),
        ({"overdue": True}, lambda row: row.late_on <= TODAY),
        ({"backlog": True}, lambda row: row.backlog),
        ({"current": True}, lambda row: not row.backlog),
        ({"month": D(2019, 10, 1), "due_from": D(2019, 10, 20)}, lambda row: row.due_on >= D(2019, 10, 20)),
        ({"due_to": D(2019, 10, 14), "closed": True}, lambda row: row.due_on <= D(2019, 10, 14)),
        ({"organs": ("agriculture",), "any_role": True}, lambda row: row.title in ("补助资金", "畜禽台账")),
        ({"organs": ("agriculture",), "any_role": True, "overdue": True}, lambda row: row.title == "补助资金"),
        ({"q": "台账"}, lambda row: row.title == "畜禽台账"),
    ],
)
def test_conditions_select_the_same_whichever_way_they_are_written(city, organ, conditions, fits):
    old = pushed("finance", "2019-09-30", title="旧事", start=D(2019, 1, 1), cooperating=["agriculture"])
    assert old.backlog
    who = Actor("测试", "test", grants=(Grant(Role.CLERK, organ),)) if organ else supervisor()
    seen = {city[name].pk for name in SEEN[organ]} if organ else {row.pk for row in city.values()}
    seen |= {old.pk} if organ in ("finance", "agriculture", "") else set()
    expected = {row.pk for row in Matter.objects.filter(pk__in=seen) if fits(row)}
    if conditions.get("organs"):
        expected.discard(old.pk)
        expected |= {old.pk} & seen if not conditions.get("overdue") else set()
    for walking in (False, True):
        rows = queries.matters(MatterFilter(**conditions), actor=who, day=TODAY, walking=walking)
        assert set(rows.values_list("pk", flat=True)) == expected, walking


def test_of_what_is_too_much_only_the_few_are_counted(city, monkeypatch):
    monkeypatch.setattr(queries, "COUNT_BOUND", 2)
    asked = MatterLedger(MatterFilter(), actor=supervisor(), day=TODAY)
    found = asked.facets()
    assert (found.total.value, found.total.exact) == (2, False)
    assert {item.value: item.count for item in found.lights} == {
        "red": 1, "yellow": 0, "paused": 0, "green": None, "grey": None, "blue": None,
    }  # fmt: skip
    assert {item.count for item in found.states} == {None}
    assert {item.value: item.count for item in found.organs} == dict.fromkeys(
        ("agriculture", "finance", "water", "xiacun"), 1
    )
    assert {row.pk for row in asked.page(size=9).rows} == {row.pk for row in city.values()}
    # One condition more, and it is little enough to be counted; without it, it is not.
    narrow = MatterLedger(MatterFilter(kinds=("meeting",), organs=("finance",)), actor=supervisor(), day=TODAY).facets()
    assert narrow.total.value == 1
    assert {item.value: item.count for item in narrow.origins}["given"] == 1
    assert {item.count for item in narrow.organs} == {None}
    # What is too much already is not asked for again without one of its conditions.
    with CaptureQueriesContext(connection) as captured:
        MatterLedger(MatterFilter(kinds=("meeting",), origins=("given",)), actor=supervisor(), day=TODAY).facets()
    assert sum("LIMIT 3" in query["sql"] for query in captured) == 1


def test_counts_of_a_whole_ledger_are_new_after_each_write_and_a_minute_old_when_it_is_large(city, monkeypatch):
    def counts():
        return whole.counted("测试", lambda: {"件": Matter.objects.count()})

    assert counts() == {"件": 4}
    pushed()
    assert counts() == {"件": 5}
    monkeypatch.setattr(whole, "LARGE", 5)
    pushed()
    assert counts() == {"件": 5}
    now = time.monotonic()
    monkeypatch.setattr(whole.time, "monotonic", lambda: now + 61)
    assert counts() == {"件": 6}


def test_filters_narrow(city):
    who = supervisor()

    def found(**conditions):
        rows = MatterLedger(MatterFilter(**conditions), actor=who, day=TODAY).page(size=50).rows
        return {name for name, row in city.items() if row.pk in {one.pk for one in rows}}

    assert found(overdue=True) == {"finance"}
    assert found(lights=("red",)) == {"finance"}
    assert found(organs=("agriculture",)) == {"agriculture"}
    assert found(organs=("agriculture",), any_role=True) == {"agriculture", "finance"}
    assert found(month=D(2019, 10, 1)) == set(city)
    assert found(due_from=D(2019, 10, 21), due_to=D(2019, 10, 21)) == {"town"}
    assert found(towns=True) == {"local"}
    assert found(origins=("every",)) == set()
    assert found(kinds=("meeting",)) == set(city)
    assert found(states=("submitted",)) == set()
    assert found(mine=True) == found(checking=True) == found(backlog=True) == set()
    assert found(q="路灯") == {"town"}


def test_pages_follow_each_other_without_gap_or_repetition(db):
    for n in range(7):
        pushed(due=f"2019-11-0{n % 3 + 1}")
    who, seen, after = supervisor(), [], ""
    while True:
        page = MatterLedger(MatterFilter(), actor=who, day=TODAY).page(size=3, after=after)
        seen += [row.pk for row in page.rows]
        if not (after := page.next):
            break
    assert seen == list(Matter.objects.order_by("due_sort", "id").values_list("pk", flat=True))


def test_a_page_its_facets_and_the_desk_cost_the_same_for_one_row_and_for_many(db):
    who, counts = clerk(), []
    for many in (1, 25):
        for _ in range(many):
            handed_in(pushed(due="2019-10-18", cooperating=["agriculture"]), who)
            pushed(due="2019-10-18")
        with CaptureQueriesContext(connection) as captured:
            asked = MatterLedger(MatterFilter(organs=("finance",)), actor=who, day=TODAY)
            page = asked.page(size=40)
            asked.facets()
            queries.who_holds(page.rows, TODAY)
            [row.organs.all()[0].name for row in page.rows]
        first = len(captured)
        with CaptureQueriesContext(connection) as captured:
            found = desk(who, TODAY)
            queries.who_holds([row for group in found.groups for row in group.rows], TODAY)
        counts.append((first, len(captured)))
    assert counts[0] == counts[1]


# --- desk ----------------------------------------------------------------------------------------------------------


def test_the_desk_groups_by_working_days(db):
    # 15 October 2019 is a Tuesday: three working days on is Friday the 18th.
    who = clerk()
    dues = ["2019-10-15", "2019-10-16", "2019-10-18", "2019-10-19", "2019-10-31", "2019-11-01", None]
    rows = [pushed(due=due) for due in dues]
    stopped, sup = pushed(due="2019-10-30"), supervisor()
    steps.pause(actor=sup, matter=stopped.pk, kind="superior", reason="等批复")
    late = pushed(due="2019-10-16")
    Matter.objects.filter(pk=late.pk).update(
        start=D(2019, 10, 1), due_on=D(2019, 10, 14), due_sort=D(2019, 10, 14), late_on=TODAY
    )
    found = desk(who, TODAY)
    assert {group.key: [row.pk for row in group.rows] for group in found.groups} == {
        "overdue": [late.pk],
        "today": [rows[0].pk],
        "soon": [rows[1].pk, rows[2].pk],
        "month": [rows[3].pk, rows[4].pk],
        "paused": [stopped.pk],
    }
    counts = (found.overdue, found.today, found.soon, found.checking, found.waiting)
    assert [count.value for count in counts] == [1, 1, 2, 0, 0]
    assert found.undated.value == 1
    assert found.months == {D(2019, 10, day): 1 for day in (14, 15, 16, 18, 19, 31)}


def test_the_desk_reads_no_rows_of_groups_beyond_the_fold(db):
    who = clerk()
    for due in ("2019-10-15", "2019-10-15", "2019-10-16", "2019-10-30"):
        pushed(due=due)

    def rows(fold_at):
        return [len(group.rows) for group in desk(who, TODAY, fold_at=fold_at).groups if group.total.value]

    assert [rows(fold_at) for fold_at in (None, 4, 3, 2, 1, 0)] == [
        [2, 1, 1], [2, 1, 1], [2, 1, 0], [2, 0, 0], [2, 0, 0], [0, 0, 0],
    ]  # fmt: skip


def test_the_desk_says_what_waits_and_what_changed(db):
    who, sup = clerk(), supervisor()
    row = pushed(due="2019-10-18")
    handed_in(row, who)
    CLOCK.set(moment("2019-10-17T09:00"))
    own, theirs = desk(who, D(2019, 10, 17)), desk(sup, D(2019, 10, 17), view="check")
    assert [(one.matter.pk, one.what, one.working_days) for one in own.waiting_rows] == [(row.pk, "核验销号", 2)]
    assert (theirs.checking.value, theirs.soon.value) == (1, 1)
    work.return_matter(actor=sup, matter=row.pk, reason="缺附件")
    again = desk(who, D(2019, 10, 17), since=moment("2019-10-16T18:00"))
    assert [event.act for event in again.changes] == ["return"]
    assert (again.changed.value, again.waiting.value) == (1, 0)


def test_the_desk_names_the_next_one_when_nothing_is_due(db):
    row = pushed(due="2019-11-23")
    found = desk(clerk(), TODAY)
    assert not any(group.rows for group in found.groups)
    assert found.next_due.pk == row.pk


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("new", ("", "未指定办理人", "")),
        ("assigned", ("测试own", "经办", "")),
        ("submitted", ("", "督查", "")),
        ("paused", ("", "未指定办理人", "停表")),
        ("pending", ("", "未指定办理人", "承接单位待定")),
    ],
)
def test_every_open_matter_says_who_holds_it(db, step, expected):
    row = pushed(due="2019-11-23")
    head = actor("head", (Role.LEADER, "finance"))
    own = actor("own", (Role.CLERK, "finance"))
    if step == "assigned":
        steps.assign(actor=head, matter=row.pk, user=own.user_id)
    elif step == "submitted":
        handed_in(row, clerk())
    elif step == "paused":
        steps.pause(actor=supervisor(), matter=row.pk, kind="superior", reason="等批复")
    elif step == "pending":
        Matter.objects.filter(pk=row.pk).update(organ_pending=True)
    found = queries.who_holds([Matter.objects.select_related("holder").get(pk=row.pk)], D(2019, 10, 18))[row.pk]
    assert (found.person, found.role, found.note) == expected
    assert found.working_days == 3
    assert found.organ == (OFFICE if step == "submitted" else "finance")


def test_the_acts_offered_are_those_that_succeed(db):
    row, own, sup = pushed(due="2019-11-23"), clerk(), supervisor()
    head = actor("head", (Role.LEADER, "finance"))
    assert queries.acts_open(own, row) == {"report", "ask_extension"}
    assert queries.acts_open(head, row) == {"report", "ask_extension", "assign"}
    assert queries.acts_open(sup, row) == {"pause", "remind"}
    handed_in(row, own)
    row.refresh_from_db()
    assert queries.acts_open(own, row) == frozenset()
    assert queries.acts_open(sup, row) == {"check"}
    assert queries.acts_open(replace(sup, for_id=own.user_id), row) == frozenset()
    work.accept_and_cross_off(actor=sup, matter=row.pk)
    row.refresh_from_db()
    assert queries.acts_open(sup, row) == {"reopen"}
    assert (row.state, row.late_on) == (State.CROSSED_OFF, FAR)


def test_the_default_list_can_leave_out_what_was_past_when_it_was_entered(db):
    old, new = pushed(due="2019-10-18"), pushed(due="2019-10-18")
    Matter.objects.filter(pk=old.pk).update(backlog=True)
    who = supervisor()
    for wanted, expected in (
        (MatterFilter(), {old.pk, new.pk}),
        (MatterFilter(current=True), {new.pk}),
        (MatterFilter(backlog=True), {old.pk}),
    ):
        asked = MatterLedger(wanted, actor=who, day=TODAY)
        assert {row.pk for row in asked.page(size=9).rows} == expected
        assert asked.total().value == len(expected)
    assert MatterFilter(current=True).empty


def test_changes_leave_out_what_only_went_over_and_put_alike_ones_into_one_line(db):
    who, rows = clerk(), [pushed(due="2019-10-18") for _ in range(4)]
    begun = CLOCK.now()
    CLOCK.set(moment("2019-10-17T09:00"))

    def happened(row, act, text):
        MatterEvent.objects.create(
            matter=row, at=CLOCK.now(), act=act, text=text, who="系统", organ="finance", version=1
        )

    happened(rows[0], "overdue", "到期未办结，逾期")
    for row in rows:
        happened(row, "move", "文件已有第2版，本条未变，随之转入")
        happened(row, "remind_before", "三个工作日后到期")
    found = desk(who, TODAY, since=begun)
    assert [event.text for event in found.changes if event.user_id is None] == [
        "三个工作日后到期，连同此件共4件",
        "到期未办结，逾期",
    ]
