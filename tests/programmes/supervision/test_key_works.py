"""Key works outside the plan: judged by their own profile, set by who may, decomposed, ordered to be put right."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import curve, lights, matter_actions, matter_reports, matter_steps, workdays
from luoshi.office.duties.matter_models import Matter
from luoshi.office.messages.models import Message
from luoshi.office.roles import Role
from luoshi.programmes.supervision import (
    board,
    correcting,
    demo_works,
    plan_actions,
    plan_sheets,
    reporting,
    rollup,
    signing,
    timers,
    works,
)
from luoshi.programmes.supervision.decisions.course import planned_governance
from luoshi.programmes.supervision.decisions.settings import PARAMETERS
from luoshi.programmes.supervision.models import Correction, KeyItem, Leaf, Plan, of_code
from luoshi.programmes.supervision.works import Work
from luoshi.site.registry import load_programmes
from tests.office.people import client_of, person
from tests.programmes.supervision import running_made as made
from tests.programmes.supervision.facts import take

SAID = "基础已开挖，等钢筋进场后加一个班组，月底赶上。"
GOVERNANCE = curve.GOVERNANCE


@pytest.fixture
def morning(db: None) -> Iterator[None]:
    load_programmes()
    made.at("2018-03-01 09:00")
    yield
    CLOCK.release()


# --- how they are judged ----------------------------------------------------------------------------------------------


def test_profiles_are_what_the_parameters_say() -> None:
    def value(name: str) -> Any:
        return PARAMETERS[name].values[0].value

    assert (curve.WORKPOINTS.yellow, curve.WORKPOINTS.red) == (value("gap_yellow"), value("gap_red"))
    held = (GOVERNANCE.yellow, GOVERNANCE.red, GOVERNANCE.grace)
    assert held == (value("gov_yellow"), value("gov_red"), value("gov_overdue"))


def task(start: date, due: date, percent: Fraction, profile: str = "governance", **more: Any) -> Matter:
    """Return a running task as the database would hold it, not stored."""
    found = Matter(
        start=start, due_on=due, percent_bp=int(percent * 100), profile=profile, state="in_progress", **more
    )  # fmt: skip
    lights.derive(found)
    return found


@settings(max_examples=120, deadline=None)
@given(
    st.dates(date(2018, 2, 20), date(2018, 10, 1)),
    st.integers(0, 60),
    st.integers(0, 9999),
    st.sampled_from(["governance", "workpoints"]),
)
def test_the_days_kept_with_a_task_are_those_of_the_decision(start: date, span: int, bp: int, profile: str) -> None:
    due, percent = start + timedelta(days=span), Fraction(bp, 100)
    row = task(start, due, percent, profile)
    for step in range(-2, span + 15):
        day = start + timedelta(days=step)
        facts = {"profile": profile, "start": str(start), "due": str(due), "actual": str(float(percent))}
        wanted = take("light", facts | {"day": str(day)}, day).value["light"] if day >= start else "grey"
        assert lights.lamp(row, day).light == wanted, (day, wanted)


@settings(max_examples=120, deadline=None)
@given(
    st.dates(date(2018, 2, 20), date(2018, 10, 1)), st.integers(0, 90), st.fractions(0, 100, max_denominator=60),
    st.integers(1, 40),
)  # fmt: skip
def test_first_day_beyond_a_gap_is_the_first(start: date, span: int, percent: Fraction, gap: int) -> None:
    due = start + timedelta(days=span)
    from_day = GOVERNANCE.from_day(start)
    days = [start + timedelta(days=step) for step in range(span + 1)]
    slow = next((day for day in days if planned_governance(start, due, day) - percent > gap), None)
    assert curve.first_day_behind(from_day, due, (), percent, gap, beyond=True) == slow
    assert [curve.planned(from_day, due, (), day) for day in days] == [
        planned_governance(start, due, day) for day in days
    ]


@pytest.mark.parametrize(
    ("first", "second", "light", "deviation"),
    [(80, 50, "red", "-20"), (95, 65, "green", "-5"), (75, 70, "yellow", "-15")],
)
def test_example_2_on_the_board(morning: None, first: int, second: int, light: str, deviation: str) -> None:
    """Leaves L1 (60) and L2 (40) of the spec on 31 March, with the levels of their leaves raised to the work."""
    item = begun("2018-03-01", "2018-04-09", (6000, "2018-03-01", "2018-03-31"), (4000, "2018-03-11", "2018-04-09"))
    for leaf, percent in zip(Leaf.objects.order_by("node__code"), (first, second), strict=True):
        Matter.objects.filter(pk=leaf.matter_id).update(percent_bp=percent * 100)
        row = Matter.objects.get(pk=leaf.matter_id)
        lights.derive(row)
        row.save()
    rollup.recompute(item.pk)
    day = date(2018, 3, 31)
    tile = shown(item, day)
    assert str(tile.actual - tile.planned) == deviation
    # L1 stands at 100 by plan on its last day: 95 is -5, green; 75 is red and raises what is green to yellow at least.
    assert tile.light == light
    for on, planned in (("2018-02-28", "0.00"), ("2018-03-01", "1.94"), ("2018-03-10", "19.35"),
                        ("2018-03-31", "88.00"), ("2018-04-09", "100.00")):  # fmt: skip
        assert curve.written(shown(item, date.fromisoformat(on)).planned) == planned


def test_example_3_overdue_is_yellow_for_five_working_days() -> None:
    row = task(date(2018, 3, 1), date(2018, 3, 31), Fraction(99))
    lamps = {day: lights.lamp(row, date.fromisoformat(day)).light for day in ("2018-04-01", "2018-04-09", "2018-04-10")}
    assert lamps == {"2018-04-01": "yellow", "2018-04-09": "yellow", "2018-04-10": "red"}
    assert workdays.after(date(2018, 3, 31), date(2018, 4, 9)) == 5


def test_a_task_behind_raises_its_work_to_yellow_only(morning: None) -> None:
    item = begun("2018-03-01", "2018-04-09", (100, "2018-03-01", "2018-03-31"), (9900, "2018-03-11", "2018-04-09"))
    late, ahead = (leaf.matter for leaf in Leaf.objects.order_by("node__code"))
    Matter.objects.filter(pk=ahead.pk).update(percent_bp=9900)
    rollup.recompute(item.pk)
    tile = shown(item, date(2018, 3, 31))
    assert lights.lamp(late, date(2018, 3, 31)).light == "red"
    assert (tile.gap < 0, tile.light) == (True, "yellow")


# --- setting them -----------------------------------------------------------------------------------------------------


def told(**more: Any) -> Work:
    return Work(
        **{
            "title": "测试滨河步道贯通", "lead": "housing-construction", "begins_on": date(2018, 3, 1),
            "due": date(2018, 4, 9), "source": "meeting", "basis": "市政府第9次常务会议（测试）",
            "coop": ("finance",), **more,
        }
    )  # fmt: skip


def begun(begins: str, due: str, *parts: tuple[int, str, str]) -> KeyItem:
    """Return a key work whose tasks, each of a weight and two days, are approved and run."""
    work = told(begins_on=date.fromisoformat(begins), due=date.fromisoformat(due), coop=())
    item = works.set_work(actor=made.leader(), work=work)
    clerk = made.clerk("housing-construction")
    for place, (weight, start, end) in enumerate(parts, 1):
        row = {
            "title": f"测试分段{place}", "kind": "leaf", "weight_bp": weight, "start": date.fromisoformat(start),
            "due": date.fromisoformat(end), "organ": "housing-construction", "post": "测试岗",
            "deliverable": "测试成果", "evidence_types": ["photo"],
        }  # fmt: skip
        plan_actions.save_node(actor=clerk, item=item.pk, row=row)
    plan_actions.propose(actor=clerk, item=item.pk)
    return plan_actions.approve(actor=made.leader(), item=item.pk)


def shown(item: KeyItem, day: date) -> board.Tile:
    fresh = KeyItem.objects.select_related("plan").get(pk=item.pk)
    return board.board_of(fresh.plan, [fresh], day).everything[0]


def test_a_work_is_set_decomposed_and_runs_by_its_profile(morning: None) -> None:
    item = begun("2018-03-01", "2018-04-09", (6000, "2018-03-01", "2018-03-31"), (4000, "2018-03-11", "2018-04-09"))
    assert (item.code, item.plan.kind, item.plan.status) == ("2018-Z001", "key_works", "active")
    assert KeyItem.objects.get(of_code("2018-Z001")) == item
    rows = list(Matter.objects.filter(module="supervision").order_by("external_id"))
    assert [row.external_id for row in rows] == ["2018-Z001.01", "2018-Z001.02"]
    assert {(row.profile, row.basis) for row in rows} == {("governance", item.basis)}
    assert set(Leaf.objects.values_list("cycle", flat=True)) == {"weekly"}
    assert not rollup.check_all()[1]


def test_a_work_of_a_year_reports_monthly(morning: None) -> None:
    item = works.set_work(actor=made.supervisor(), work=told(begins_on=date(2018, 3, 1), due=date(2019, 2, 28)))
    assert plan_actions.usual_cycle(item) == "monthly"
    other = told(title="测试另一件", begins_on=date(2018, 3, 2), due=date(2019, 2, 28))
    assert plan_actions.usual_cycle(works.set_work(actor=made.supervisor(), work=other)) == "weekly"


@pytest.mark.parametrize(
    ("more", "field", "word"),
    [
        ({"title": " "}, "title", "名称"),
        ({"basis": ""}, "basis", "依据"),
        ({"source": "rumour"}, "source", "来源"),
        ({"lead": "nobody"}, "lead", "责任单位"),
        ({"coop": ("nobody",)}, "coop", "没有单位"),
        ({"begins_on": None}, "begins_on", "开始日"),
        ({"due": None}, "due", "完成日"),
        ({"due": date(2018, 2, 28)}, "due", "晚于"),
        ({"begins_on": date(2018, 1, 2), "due": date(2018, 2, 28)}, "due", "已经过了"),
        ({"due": date(2090, 1, 1)}, "due", "5年"),
        ({"begins_on": date(2009, 1, 1)}, "begins_on", "上年到下年"),
        ({"title": "长" * 201}, "title", "200字"),
    ],
)
def test_what_is_missing_or_wrong_is_named(morning: None, more: dict[str, Any], field: str, word: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        works.set_work(actor=made.leader(), work=told(**more))
    assert refused.value.fields["field"] == field
    assert word in refused.value.message
    assert not KeyItem.objects.exists()
    assert not Plan.objects.exists()


def test_who_may_set_and_that_one_name_runs_once(morning: None) -> None:
    for nobody in (made.clerk(), made.head(), made.director()):
        with pytest.raises(LuoshiError) as refused:
            works.set_work(actor=nobody, work=told())
        assert refused.value.code == "E_FORBIDDEN"
    first = works.set_work(actor=made.leader(), work=told())
    with pytest.raises(LuoshiError) as refused:
        works.set_work(actor=made.supervisor(), work=told())
    assert (refused.value.code, refused.value.fields["item"]) == ("E_DUPLICATE", first.code)
    second = works.set_work(actor=made.supervisor(), work=told(title="测试另一件", source="clause"))
    assert (second.code, [one.title for one in second.plan.chapters.order_by("no")]) == (
        "2018-Z002", ["文件条款", "会议决定"],
    )  # fmt: skip


def test_tasks_lie_inside_the_work_and_have_no_points(morning: None) -> None:
    item = works.set_work(actor=made.leader(), work=told(coop=()))
    row = {
        "title": "测试分段", "kind": "leaf", "weight_bp": 9900, "start": date(2018, 2, 27), "due": date(2018, 4, 10),
        "organ": "housing-construction", "post": "测试岗", "deliverable": "测试成果", "evidence_types": ["photo"],
    }  # fmt: skip
    clerk = made.clerk("housing-construction")
    with pytest.raises(LuoshiError, match="不填计划点"):
        plan_actions.save_node(actor=clerk, item=item.pk, row=row | {"planned_points": [(date(2018, 3, 9), "20")]})
    plan_actions.save_node(actor=clerk, item=item.pk, row=row)
    said = " ".join(one["text"] for one in plan_actions.failures(item))
    assert all(word in said for word in ("早于本项的开始日", "2018-04-10", "99"))


def test_a_change_is_approved_again_and_a_past_day_does_not_move(morning: None) -> None:
    item = begun("2018-03-01", "2018-04-09", (10000, "2018-03-01", "2018-04-09"))
    later = told(coop=(), due=date(2018, 4, 20))
    with pytest.raises(LuoshiError) as refused:
        works.change_work(actor=made.leader(), item=item.pk, work=later)
    assert refused.value.fields["field"] == "reason"
    changed = works.change_work(actor=made.leader(), item=item.pk, work=later, reason="会议改定", version=item.version)
    assert (changed.due, changed.decomposition) == (date(2018, 4, 20), "drafted")
    with pytest.raises(LuoshiError) as refused:
        works.change_work(actor=made.leader(), item=item.pk, work=later, reason="再改", version=item.version)
    assert refused.value.code == "E_VERSION"
    with pytest.raises(LuoshiError, match="还有最小颗粒"):
        works.change_work(actor=made.leader(), item=item.pk, work=told(lead="finance", coop=()), reason="换单位")
    made.at("2018-04-23 09:00")
    with pytest.raises(LuoshiError, match="原定日期照算"):
        works.change_work(actor=made.leader(), item=item.pk, work=told(coop=(), due=date(2018, 5, 20)), reason="延")


def test_a_work_of_several_years_is_changed_in_any_of_them(morning: None) -> None:
    work = told(coop=(), due=date(2022, 12, 31))
    item = works.set_work(actor=made.leader(), work=work)
    CLOCK.set(made.moment("2021-03-01 09:00"))
    changed = works.change_work(actor=made.leader(), item=item.pk, work=replace(work, words="加一段步道"))
    assert (changed.words, changed.code) == ("加一段步道", "2018-Z001")


def test_a_withdrawn_work_takes_its_tasks_with_it(morning: None) -> None:
    item = begun("2018-03-01", "2018-04-09", (10000, "2018-03-01", "2018-04-09"))
    with pytest.raises(LuoshiError, match="分包领导"):
        works.withdraw_work(actor=made.supervisor(), item=item.pk, reason="并入另一件")
    works.withdraw_work(actor=made.leader(), item=item.pk, reason="并入另一件")
    assert Matter.objects.get().state == "withdrawn"
    assert shown(item, date(2018, 3, 20)).light == "blue"
    assert not rollup.check_all()[1]


def test_more_time_ends_with_the_work_and_not_with_the_year(morning: None) -> None:
    begun("2018-03-01", "2019-01-31", (10000, "2018-03-01", "2018-12-20"))
    row, head = Matter.objects.get(), made.head("housing-construction")
    with pytest.raises(LuoshiError, match="本项重点工作的完成日（2019-01-31）"):
        matter_steps.ask_extension(actor=head, matter=row.pk, new_due=date(2019, 2, 1), reason="供货推迟一月")
    CLOCK.set(made.moment("2018-12-20 09:00"))
    matter_steps.ask_extension(actor=head, matter=row.pk, new_due=date(2019, 1, 31), reason="供货推迟一月")


def test_work_points_are_not_changed_here(morning: None) -> None:
    with pytest.raises(LuoshiError, match="以文件为准"):
        works.withdraw_work(actor=made.leader(), item=made.item(2018).pk, reason="并入另一件")


# --- orders to explain and to put right -------------------------------------------------------------------------------


def night(day: str) -> None:
    """Let the night before a day give its orders."""
    CLOCK.set(made.moment(f"{day} 00:01"))
    timers.corrections(made.moment(f"{day} 00:00"))


def test_yellow_asks_to_explain_red_for_a_plan_with_dates(morning: None) -> None:
    begun("2018-03-01", "2018-03-31", (10000, "2018-03-01", "2018-03-31"))
    row = Matter.objects.get()
    # 2 March is 2/31 of the plan, 6.45 points; 5 March 5/31, 16.13.
    night("2018-03-01")
    assert not Correction.objects.exists()
    night("2018-03-02")
    first = Correction.objects.get()
    assert (first.level, first.due_on, first.ordered_by) == ("yellow", date(2018, 3, 5), None)
    night("2018-03-03")
    assert Correction.objects.count() == 1
    night("2018-03-05")
    red = Correction.objects.get(ended_at=None)
    assert (red.level, red.due_on, red.again) == ("red", date(2018, 3, 7), False)
    first.refresh_from_db()
    assert first.ended_at is not None
    CLOCK.set(made.moment("2018-03-06 10:00"))
    clerk = made.clerk("housing-construction")
    for words, steps, field in (
        ("短", [], "answer"),
        (SAID, [], "steps"),
        (SAID, [(date(2018, 3, 5), "补上")], "steps"),
    ):
        with pytest.raises(LuoshiError) as refused:
            correcting.answer(actor=clerk, correction=red.pk, words=words, steps=steps)
        assert refused.value.fields["field"] == field
    with pytest.raises(LuoshiError) as refused:
        correcting.answer(actor=made.clerk(), correction=red.pk, words=SAID, steps=[(date(2018, 3, 9), "补上")])
    assert refused.value.code == "E_NOT_FOUND"
    steps = correcting.steps_of("2018-03-09 钢筋进场\n\n2018-03-20：基础完工")
    kept = correcting.answer(actor=clerk, correction=red.pk, words=SAID, steps=steps)
    assert kept.steps == [["2018-03-09", "钢筋进场"], ["2018-03-20", "基础完工"]]
    with pytest.raises(LuoshiError) as refused:
        correcting.answer(actor=clerk, correction=red.pk, words=SAID, steps=steps)
    assert refused.value.code == "E_STATE"
    row.refresh_from_db()
    assert row.due_on == date(2018, 3, 31)


def report(row: Matter, percent: int) -> None:
    """Report, sign and accept."""
    matter_actions.report_progress(
        actor=made.clerk("housing-construction"), matter=row.pk, percent=percent, narrative=made.PLAIN,
        evidence=made.proof(),
    )  # fmt: skip
    signing.sign_report(actor=made.head("housing-construction"), matter=row.pk)
    matter_reports.accept_report(actor=made.supervisor(), matter=row.pk)


def test_what_is_better_ends_the_order_and_red_again_is_told_to_the_leader(morning: None) -> None:
    begun("2018-03-01", "2018-03-31", (10000, "2018-03-01", "2018-03-31"))
    row = Matter.objects.get()
    night("2018-03-06")
    assert Correction.objects.get().level == "red"
    CLOCK.set(made.moment("2018-03-06 10:00"))
    report(row, 60)
    night("2018-03-07")
    assert not Correction.objects.filter(ended_at=None).exists()
    night("2018-03-30")
    again = Correction.objects.get(ended_at=None)
    assert again.again
    assert "约谈" in again.words
    assert Message.objects.filter(key__startswith=f"correct:{again.pk}").exists()


def test_nobody_answers_and_it_is_told(morning: None) -> None:
    begun("2018-03-01", "2018-03-31", (10000, "2018-03-01", "2018-03-31"))
    head, office = made.head("housing-construction"), made.supervisor()
    night("2018-03-02")
    night("2018-03-05")
    night("2018-03-07")
    before = Message.objects.count()
    night("2018-03-08")
    texts = Message.objects.order_by("pk")[before:]
    assert {one.user_id for one in texts} == {head.user_id, office.user_id}
    assert all("还没有" in one.text for one in texts)
    night("2018-03-09")
    assert Message.objects.count() == before + 2


def test_orders_by_hand_hold_in_both_profiles_and_end_with_the_task(morning: None) -> None:
    row = made.leaf("2018-12-31")
    with pytest.raises(LuoshiError) as refused:
        correcting.order(actor=made.head(), matter=row.pk, level="red", words="进度与现场不符，请核实。")
    assert refused.value.code == "E_FORBIDDEN"
    one = correcting.order(actor=made.supervisor(), matter=row.pk, level="red", words="进度与现场不符，请核实。")
    night("2018-03-02")
    one.refresh_from_db()
    assert one.ended_at is None
    end = CLOCK.today() + timedelta(days=30)
    matter_steps.pause(
        actor=made.leader(), matter=row.pk, kind="superior", reason="等待上级批复用地手续", expected_end=end
    )  # fmt: skip
    one.refresh_from_db()
    assert one.ended_at is not None
    with pytest.raises(LuoshiError, match="不用纠偏"):
        correcting.order(actor=made.supervisor(), matter=row.pk, level="red", words="请核实。")


def test_who_gets_a_task_may_ask_once_within_a_working_day_to_have_it_corrected(morning: None) -> None:
    item = begun("2018-03-01", "2018-04-09", (10000, "2018-03-01", "2018-04-09"))
    row, clerk = Matter.objects.get(), made.clerk("housing-construction")
    assert works.object_by(row) == date(2018, 3, 2)
    with pytest.raises(LuoshiError, match="请写明"):
        works.object_to(actor=clerk, matter=row.pk, reason=" ")
    with pytest.raises(LuoshiError) as refused:
        works.object_to(actor=made.supervisor(), matter=row.pk, reason="期限太短")
    assert refused.value.code == "E_FORBIDDEN"
    CLOCK.set(made.moment("2018-03-02 23:59"))
    works.object_to(actor=clerk, matter=row.pk, reason="期限太短，应到月底")
    item.refresh_from_db()
    assert item.decomposition == "drafted"
    assert "请改正任务2018-Z001.01" in item.events.order_by("-pk").first().text
    with pytest.raises(LuoshiError, match="视为已经接受"):
        works.object_to(actor=clerk, matter=row.pk, reason="再改一次")


def test_silence_for_a_working_day_accepts_a_task(morning: None) -> None:
    begun("2018-03-01", "2018-04-09", (10000, "2018-03-01", "2018-04-09"))
    row, clerk = Matter.objects.get(), made.clerk("housing-construction")
    page = client_of(person("clerk-housing-construction"))
    assert "可请牵头单位改一次" in page.get(f"/tasks/{row.pk}/").content.decode()
    CLOCK.set(made.moment("2018-03-03 00:00"))
    assert "可请牵头单位改一次" not in page.get(f"/tasks/{row.pk}/").content.decode()
    with pytest.raises(LuoshiError, match="视为已经接受"):
        works.object_to(actor=clerk, matter=row.pk, reason="期限太短")
    assert works.object_by(made.leaf("2018-12-31")) is None


@pytest.mark.parametrize("line", ["完工", "2018-13-01 完工", "三月完工"])
def test_a_step_without_its_day_is_refused_by_its_line(line: str) -> None:
    with pytest.raises(LuoshiError, match="第2行"):
        correcting.steps_of(f"2018-03-09 进场\n{line}")


def test_two_reports_missed_are_yellow_and_one_report_ends_it(morning: None) -> None:
    """Weekly: nothing by the last days of two weeks in a row, with all the progress that was asked for."""
    begun("2018-03-01", "2018-05-31", (10000, "2018-03-01", "2018-05-31"))
    row = Matter.objects.get()
    Matter.objects.filter(pk=row.pk).update(percent_bp=9000)
    for step in range(1, 21):
        day = date(2018, 3, 1) + timedelta(days=step)
        CLOCK.set(datetime.datetime.combine(day, datetime.time(0, 1), made.moment("2018-03-01").tzinfo))
        timers.late_reports(CLOCK.now())
    row.refresh_from_db()
    assert row.yellow_on == row.silent_on < date(2018, 3, 20)
    lamp = lights.lamp(row, CLOCK.today())
    assert (lamp.light, lamp.reason) == ("yellow", "连续2期没有填报")
    matter_actions.report_progress(
        actor=made.clerk("housing-construction"), matter=row.pk, percent=91, narrative=made.PLAIN,
        evidence=made.proof(),
    )  # fmt: skip
    row.refresh_from_db()
    assert lights.lamp(row, CLOCK.today()).light == "green"


def test_silence_verifies_no_report_of_a_key_work_and_is_told(morning: None) -> None:
    begun("2018-03-01", "2018-05-31", (10000, "2018-03-01", "2018-05-31"))
    row = Matter.objects.get()
    matter_actions.report_progress(
        actor=made.clerk("housing-construction"), matter=row.pk, percent=9, narrative=made.PLAIN, evidence=made.proof()
    )  # fmt: skip
    signing.sign_report(actor=made.head("housing-construction"), matter=row.pk)
    office, director = made.supervisor(), made.director()
    for day, told in (("2018-03-05", 0), ("2018-03-06", 2), ("2018-03-07", 2), ("2018-03-20", 2)):
        CLOCK.set(made.moment(f"{day} 00:01"))
        assert matter_reports.accept_in_silence(made.moment(f"{day} 00:00")) == 0
        reporting.tell_unverified(made.moment(f"{day} 00:00"))
        assert Message.objects.filter(key__startswith="work.unverified").count() == told, day
    assert {one.user_id for one in Message.objects.filter(key__startswith="work.unverified")} == {
        office.user_id, director.user_id,
    }  # fmt: skip
    row.refresh_from_db()
    assert row.percent_bp == 0


# --- the board and its pages ------------------------------------------------------------------------------------------


def test_the_board_keeps_both_plans_apart(morning: None) -> None:
    begun("2018-03-01", "2018-04-09", (10000, "2018-03-01", "2018-04-09"))
    made.item(2018)
    client = client_of(person("head-city-government"))
    outside = client.get("/supervision/", {"kind": "key_works"}).content.decode()
    inside = client.get("/supervision/").content.decode()
    assert "测试滨河步道贯通" in outside
    assert "测试滨河步道贯通" not in inside
    assert "测试事项" in inside
    sheet = CalamineWorkbook.from_filelike(
        io.BytesIO(client.get("/supervision/board.xlsx", {"kind": "key_works"}).content)
    ).get_sheet_by_index(0)
    assert any("Z001" in row for row in sheet.to_python())
    assert "测试事项" not in outside


def test_the_pages_set_change_and_withdraw_a_work(morning: None) -> None:
    made.leader()
    client = client_of(person("head-city-government"))
    form = {
        "title": "测试河东市场搬迁", "lead": "housing-construction", "coop": ["finance"], "begins_on": "2018-03-01",
        "due": "2018-02-01", "source": "meeting", "basis": "第10次会议（测试）",
    }  # fmt: skip
    refused = client.post("/supervision/works/new/", form)
    assert refused.status_code == 422
    assert "开始日2018-03-01晚于完成日2018-02-01" in refused.content.decode()
    assert "测试河东市场搬迁" in refused.content.decode()
    done = client.post("/supervision/works/new/", form | {"due": "2018-04-30"})
    assert done.headers["Location"] == "/supervision/items/2018-Z001/"
    item = KeyItem.objects.get()
    assert "测试河东市场搬迁" in client.get("/supervision/works/").content.decode()
    assert "没有合条件" in client.get("/supervision/works/", {"q": "别的"}).content.decode()
    stale = client.post("/supervision/works/2018-Z001/", form | {"due": "2018-05-30", "version": "77"})
    assert stale.status_code == 409
    client.post("/supervision/works/2018-Z001/", form | {"due": "2018-05-30", "version": str(item.version)})
    item.refresh_from_db()
    assert item.due == date(2018, 5, 30)
    empty = client.post("/supervision/works/2018-Z001/withdraw/", {"reason": " "})
    assert empty.status_code == 422
    client.post("/supervision/works/2018-Z001/withdraw/", {"reason": "并入另一件"})
    item.refresh_from_db()
    assert item.state == "withdrawn"
    made.clerk()
    other = client_of(person("clerk-finance"))
    assert other.get("/supervision/works/new/").status_code == 403
    assert other.get("/supervision/items/2018-Z001/").status_code == 200
    assert "撤销这件重点工作" not in other.get("/supervision/items/2018-Z001/").content.decode()


def test_the_pages_order_and_answer(morning: None) -> None:
    begun("2018-03-01", "2018-03-31", (10000, "2018-03-01", "2018-03-31"))
    row = Matter.objects.get()
    made.supervisor()
    office, clerk = client_of(person("ducha")), client_of(person("clerk-housing-construction"))
    at = f"/supervision/tasks/{row.pk}/correct/"
    assert office.post(at, {"act": "order", "level": "red", "words": ""}).status_code == 422
    assert clerk.post(at, {"act": "order", "level": "red", "words": "请核实。"}).status_code == 403
    assert office.post(at, {"act": "order", "level": "red", "words": "请核实。"}).status_code == 303
    order = Correction.objects.get()
    assert f"{at}" in clerk.get(f"/tasks/{row.pk}/").content.decode()
    wrong = clerk.post(at, {"correction": str(order.pk), "answer": SAID, "steps": "明天 补上"})
    assert wrong.status_code == 422
    assert "第1行" in wrong.content.decode()
    assert SAID in wrong.content.decode()
    done = clerk.post(at, {"correction": str(order.pk), "answer": SAID, "steps": "2018-03-09 补上"})
    assert done.status_code == 303
    assert "补上" in office.get(f"/tasks/{row.pk}/").content.decode()
    assert "已答复" in office.get(at).content.decode()


def test_the_interface_does_what_the_pages_do(morning: None) -> None:
    made.leader()
    client = client_of(person("head-city-government"))
    body = {
        "title": "测试河东市场搬迁", "lead": "housing-construction", "begins_on": "2018-03-01", "due": "2018-04-30",
        "source": "meeting", "basis": "第10次会议（测试）",
    }  # fmt: skip

    def send(verb: str, path: str, given: dict[str, Any]) -> Any:
        return getattr(client, verb)(f"/api/v1{path}", given, content_type="application/json")

    refused = send("post", "/supervision/works", body | {"lead": "nobody"})
    assert (refused.status_code, refused.json()["code"]) == (422, "E_INPUT")
    found = send("post", "/supervision/works", body).json()
    assert (found["code"], found["profile"], found["basis"]) == ("2018-Z001", "governance", "第10次会议（测试）")
    listed = client.get("/api/v1/supervision/works").json()["works"]
    assert [(one["code"], one["source"], one["light"], one["planned"]) for one in listed] == [
        ("2018-Z001", "meeting", "green", "1.64")
    ]
    changed = send("put", "/supervision/works/2018-Z001", body | {"due": "2018-05-30", "version": found["version"]})
    assert changed.json()["due"] == "2018-05-30"
    assert send("put", "/supervision/works/2018-Z001", body | {"version": found["version"]}).status_code == 409
    assert (
        send("post", "/supervision/works/2018-Z001/withdraw", {"reason": "并入另一件"}).json()["state"] == "withdrawn"
    )


def test_a_tree_by_table_has_the_codes_of_its_work(morning: None) -> None:
    item = works.set_work(actor=made.leader(), work=told(coop=()))
    clerk = made.clerk("housing-construction")
    head = ",".join(title for _name, title, _width in plan_sheets.COLUMNS)
    cells = {
        "code": "2018-Z001.01", "title": "测试分段", "kind": "最小颗粒", "weight": "100", "start": "2018-03-01",
        "due": "2018-04-09", "organ": "市住建局", "post": "测试岗", "deliverable": "测试成果", "evidence_types": "照片",
    }  # fmt: skip

    def look(**more: str) -> plan_sheets.Planned:
        row = ",".join((cells | more).get(name, "") for name, _title, _width in plan_sheets.COLUMNS)
        data = f"{head}\n{row}".encode()
        return plan_sheets.look(actor=clerk, plan=item.plan, item=item, name="t.csv", data=data)

    assert look().new == ["2018-Z001.01"]
    assert [one.words for one in look(code="2018-01.01").faults] == [
        "编号“2018-01.01”应如2018-Z001.03.02，每级两位，至多四级"
    ]


def test_the_demonstration_has_works_of_every_light(morning: None) -> None:
    for login, grant in (
        ("shizheng1", (Role.LEADER, "city-government")), ("ducha1", (Role.SUPERVISOR, "government-office")),
        ("zhujian1", (Role.CLERK, "housing-construction")), ("zhujian2", (Role.LEADER, "housing-construction")),
        ("jingxin1", (Role.CLERK, "industry-it")),
    ):  # fmt: skip
        person(login, grant)
    made.at("2018-11-23 09:00")
    said = list(demo_works.load(CLOCK.now()))
    assert len(said) == 1
    assert list(demo_works.load(made.moment("2018-11-23 09:00"))) == []
    CLOCK.set(made.moment("2018-11-23 09:00"))
    tiles = board.board(made.supervisor(), CLOCK.today(), board.Wanted(kind="key_works")).tiles
    assert {tile.light for tile in tiles} >= {"green", "yellow", "red"}
    assert Correction.objects.exclude(answer="").count() == 1
    assert not rollup.check_all()[1]
