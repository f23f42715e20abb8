"""What stands ready between episodes: plans of firms and organs, inspections, drills, the roster, and their pages."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.decisions import Outcome, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.notices.kinds import kind_of
from luoshi.office.registers import actions as records
from luoshi.office.registers.declaration import find
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import budget, drills, organ_plans, plan_sheets, site_plans, violations
from luoshi.programmes.heavy_pollution.decisions.plans import LEVELS, faults, gaps
from luoshi.programmes.heavy_pollution.models import (
    BudgetAccount,
    BudgetPosting,
    CitizenReport,
    Contact,
    Enterprise,
    Inspection,
    PlanVersion,
    Shift,
    SitePlan,
)
from tests.office.people import actor, client_of, person

PROGRAM = Actor.system("测试甲", "test")
CODE = "913710830000000195"
NOW = datetime.datetime(2018, 11, 20, 10, tzinfo=SHANGHAI)
STEPS = {level: [{"process": "涂装线", "action": "限产", "limit": "20%"}] for level in LEVELS}
RISING = {level: {"pm": str(10 * n), "vocs": str(25 * n)} for n, level in enumerate(LEVELS, 1)}


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(NOW)
    yield
    CLOCK.release()


@pytest.fixture
def firm(db):
    return Enterprise.objects.create(
        credit_code=CODE, name="测试化工有限公司", town="xiacun", sector="chemical", pm=100, vocs=250, list_year=2018
    )


def clerk(organ, role=Role.CLERK, login=""):
    return actor(login or f"{organ}-{role}", (role, organ))


# --- pure -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ([5, 10, 20, 20], []),
        ([0, 0, 0, 0], []),
        ([100, 100, 100, 100], []),
        ([100.001, 100.001, 100.001, 100.001], ["IV大于", "III大于", "II大于", "I大于"]),
        ([-1, 0, 0, 0], ["IV为负", "IV小于"]),
        ([10, 9.999, 20, 20], ["III小于"]),
        ([10, 20, 30, 29], ["I小于"]),
        ([30, 10, 20, 40], ["III小于", "II小于"]),
    ],
)
def test_a_plan_is_sound_when_reductions_rise_and_stay_below_the_baseline(amounts, found):
    reductions = {level: {"pm": Decimal(str(amount))} for level, amount in zip(LEVELS, amounts, strict=True)}
    said = faults({"pm": Decimal(100)}, reductions, dict.fromkeys(LEVELS, 1))
    words = [one.level + next(w for w in ("为负", "大于", "小于") if w in one.reason.text) for one in said]
    assert words == found
    assert all("颗粒物" in one.reason.text and LEVELS[one.level] in one.reason.text for one in said)


def test_every_level_needs_a_step():
    said = faults({}, {}, {"IV": 1, "II": 2})
    assert [(one.level, one.pollutant) for one in said] == [("III", ""), ("I", "")]


_BASE = datetime.datetime(2018, 11, 15, tzinfo=SHANGHAI)


@given(st.lists(st.tuples(st.integers(-200, 1600), st.integers(1, 900)), max_size=12))
def test_gaps_are_the_minutes_no_shift_covers(spans):
    shifts = [
        (_BASE + datetime.timedelta(minutes=start), _BASE + datetime.timedelta(minutes=start + length))
        for start, length in spans
    ]
    covered = {minute for start, length in spans for minute in range(start, start + length)}
    found = gaps(shifts, _BASE, _BASE + datetime.timedelta(days=1))
    assert sum(one.minutes for one in found) == sum(minute not in covered for minute in range(1440))
    assert all(one.ends > one.begins for one in found)
    assert all(before.ends < after.begins for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ({"process": "", "action": "限产", "limit": "20%"}, "process-IV-0"),
        ({"process": "熔炼", "action": "减产", "limit": "20%"}, "action-IV-0"),
        ({"process": "熔炼", "action": "限产", "limit": "120%"}, "limit-IV-0"),
        ({"process": "熔炼", "action": "限产", "limit": ""}, "limit-IV-0"),
        ({"process": "熔炼", "action": "停产", "hours": "三"}, "hours-IV-0"),
    ],
)
def test_a_line_of_a_plan_says_which_field_is_wrong(line, place):
    with pytest.raises(LuoshiError) as refused:
        site_plans.read_steps({"IV": [line]})
    assert list(refused.value.fields["fields"]) == [place]


# --- firms' plans -----------------------------------------------------------------------------------------------------


def test_a_plan_is_seen_and_drawn_up_by_the_firms_own_town(firm):
    town, other, bureau = clerk("xiacun"), clerk("xiachu"), clerk("environment")
    row = site_plans.draft(actor=town, firm=CODE, steps=STEPS, reductions=RISING)
    assert (row.edition, row.state, row.case.facts["drawer"]) == (1, "draft", "xiacun")
    for act in (lambda: site_plans.draft(actor=other, firm=CODE), lambda: site_plans.visible(other, row.pk)):
        with pytest.raises(LuoshiError) as refused:
            act()
        assert refused.value.code in ("E_FORBIDDEN", "E_NOT_FOUND")
    with pytest.raises(LuoshiError, match="已有未办结"):
        site_plans.draft(actor=bureau, firm=CODE)
    assert site_plans.visible(bureau, row.pk) == row


def test_a_plan_is_changed_by_one_hand_at_a_time_and_not_once_it_is_out(firm):
    town = clerk("xiacun")
    row = site_plans.draft(actor=town, firm=CODE, steps=STEPS, reductions=RISING)
    more = {**RISING, "I": {"pm": "60", "vocs": "120"}}
    site_plans.change(actor=town, pk=row.pk, steps=STEPS, reductions=more, version=1)
    with pytest.raises(LuoshiError) as refused:
        site_plans.change(actor=town, pk=row.pk, steps=STEPS, reductions=RISING, version=1)
    assert refused.value.code == "E_VERSION"
    cases.act(actor=town, case=row.case_id, step="submit")
    with pytest.raises(LuoshiError) as refused:
        site_plans.change(actor=town, pk=row.pk, steps=STEPS, reductions=RISING)
    assert refused.value.code == "E_STATE"


def test_who_changed_the_draft_may_not_approve_it_though_another_submitted(firm):
    town, bureau, head = clerk("xiacun"), clerk("environment"), clerk("environment", Role.LEADER)
    row = site_plans.draft(actor=town, firm=CODE, steps=STEPS, reductions=RISING)
    site_plans.change(actor=bureau, pk=row.pk, steps=STEPS, reductions={**RISING, "I": {"pm": "50", "vocs": "120"}})
    cases.act(actor=town, case=row.case_id, step="submit")
    with pytest.raises(LuoshiError) as refused:
        cases.act(actor=bureau, case=row.case_id, step="approve", data={"reason": "按核定负荷执行"})
    assert refused.value.code == "E_SELF"
    cases.act(actor=head, case=row.case_id, step="approve", data={"reason": "按核定负荷执行"})
    row.refresh_from_db()
    assert (row.state, row.comment) == ("approved", "按核定负荷执行")


def test_a_new_edition_takes_the_old_one_over_and_is_compared_with_it(firm):
    first = site_plans.draft(actor=PROGRAM, firm=CODE, steps=STEPS, reductions=RISING)
    cases.act(actor=PROGRAM, case=first.case_id, step="withdraw", data={"reason": "停产"})
    second = site_plans.draft(actor=PROGRAM, firm=CODE)
    assert (second.edition, second.steps, second.reductions) == (2, first.steps, first.reductions)
    assert site_plans.comparison(second, first) == []
    changed = {**STEPS, "I": [{"process": "涂装线", "action": "停产"}]}
    second = site_plans.change(actor=PROGRAM, pk=second.pk, steps=changed, reductions=RISING)
    assert [one["title"] for one in site_plans.comparison(second, first)] == ["Ⅰ级 停限工序"]


def test_plans_go_out_as_a_table_and_come_back_in(firm):
    row = site_plans.draft(actor=PROGRAM, firm=CODE, steps=STEPS, reductions=RISING)
    data = plan_sheets.workbook([row], actor=PROGRAM, described="全部")
    same = plan_sheets.look(actor=PROGRAM, name="a.xlsx", data=data)
    assert (same.rows, same.faults, same.unchanged, same.new, same.changed) == (4, [], 1, [], [])
    SitePlan.objects.filter(pk=row.pk).update(reductions={}, steps={})
    found = plan_sheets.look(actor=PROGRAM, name="a.xlsx", data=data)
    assert len(found.changed) == 1
    with pytest.raises(LuoshiError) as refused:
        plan_sheets.take_in(actor=PROGRAM, name="a.xlsx", data=data, digest="another")
    assert refused.value.code == "E_VERSION"
    plan_sheets.take_in(actor=PROGRAM, name="a.xlsx", data=data, digest=found.digest)
    row.refresh_from_db()
    assert {level: Decimal(one["pm"]) for level, one in row.reductions.items()} == {
        "IV": 10, "III": 20, "II": 30, "I": 40,
    }  # fmt: skip


def _lines(*amounts):
    return [f"{CODE},2018,{level},涂装线,限产,20%,{amount}" for level, amount in zip("ⅣⅢⅡⅠ", amounts, strict=True)]


def test_a_table_with_one_wrong_row_writes_nothing_and_names_the_row(firm):
    head = "统一社会信用代码,年度,级别,工序,停或限,限产比例,颗粒物减排\n"
    lines = [
        f"{CODE},2018,{level},涂装线,限产,20%,{amount}" for level, amount in zip("ⅣⅢⅡⅠ", (5, 10, 200, 9), strict=True)
    ]
    text = (
        head + "\n".join([*lines, "913710830000000000,2018,Ⅳ,涂装线,限产,20%,5", f"{CODE},2018,五,x,限产,1,"])
    ).encode()
    found = plan_sheets.look(actor=PROGRAM, name="a.csv", data=text)
    assert [one.row for one in found.faults] == [4, 5, 6, 7]
    with pytest.raises(LuoshiError) as refused:
        plan_sheets.take_in(actor=PROGRAM, name="a.csv", data=text, digest=found.digest)
    assert (refused.value.code, SitePlan.objects.count()) == ("E_ROWS", 0)
    with pytest.raises(LuoshiError) as refused:
        plan_sheets.look(actor=PROGRAM, name="a.csv", data=b"a,b\n1,2\n")
    assert refused.value.code == "E_HEADER"


# --- plans of organs, inspections, drills -----------------------------------------------------------------------------


def test_an_organ_of_no_command_has_no_plan_to_make(db):
    with pytest.raises(LuoshiError, match="不是指挥部成员单位"):
        organ_plans.begin(actor=PROGRAM, organ="audit")
    row = organ_plans.begin(actor=PROGRAM, organ="public-security")
    assert (row.kind, row.named, row.due_on) == ("department", True, None)
    assert organ_plans.begin(actor=PROGRAM, organ="xiachu").kind == "town"
    assert len(organ_plans.NAMED) == 10


def test_what_is_published_was_filed_by_the_database_too(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        PlanVersion.objects.create(kind="town", organ="xiachu", title="x", issued_on=NOW.date(), published_at=NOW)


def test_an_inspection_without_a_finding_opens_no_case_and_a_far_one_is_flagged(firm):
    Enterprise.objects.filter(pk=firm.pk).update(lat="36.9", lon="121.5")
    bureau = clerk("environment")
    row = violations.inspect(
        actor=bureau, kind="firm", object_id=CODE, finding="none", text="", lat="36.9", lon="121.6"
    )
    assert (row.case, row.object_name, row.town) == (None, "测试化工有限公司", "xiacun")
    assert "公里" in row.flagged
    assert violations.seen(clerk("xiacun")).count() == 1
    assert violations.seen(clerk("xiachu")).count() == 0
    case = organ_plans.begin(actor=PROGRAM, organ="xiachu").case
    with pytest.raises(IntegrityError), transaction.atomic():
        Inspection.objects.filter(pk=row.pk).update(case=case)


def test_checks_that_stand_at_any_time_count_what_their_organ_did(office):
    officer = clerk("enforcement")
    for finding, text in (("none", ""), ("other", "露天烧烤")):
        violations.inspect(actor=officer, kind="place", name=f"测试{finding}", finding=finding, text=text,
                           town="xiacun")  # fmt: skip
    rows = {one["id"]: one for one in violations.standing(PROGRAM)}
    organs = {"B1": "enforcement", "B2": "housing-construction", "B3": "highway", "B4": "environment",
              "B5": "health-family"}  # fmt: skip
    assert {key: one["organ"] for key, one in rows.items()} == organs
    assert (rows["B1"]["checks"], rows["B1"]["findings"], rows["B1"]["last"]) == (2, 1, NOW)
    assert (rows["B4"]["checks"], rows["B4"]["last"]) == (0, None)
    CLOCK.advance(datetime.timedelta(days=violations.LATELY, seconds=1))
    assert {one["checks"] for one in violations.standing(PROGRAM)} == {0}
    assert [one["id"] for one in violations.standing(clerk("highway"))] == ["B3"]
    assert "露天焚烧" in office.get(reverse("pollution-inspections")).content.decode()


@pytest.mark.parametrize(
    ("hours", "ends", "ok"), [(24, 12, False), (12, 12, True), (13, 12, False), (24, 24, True), (12, 11, False)]
)
def test_a_roster_covers_as_many_hours_of_each_day_as_the_parameter_says(hours, ends, ok):
    day = datetime.datetime(2018, 11, 20, tzinfo=SHANGHAI)
    shift = (day.isoformat(), (day + datetime.timedelta(hours=ends)).isoformat())
    asked = {"begins": day.isoformat(), "ends": (day + datetime.timedelta(days=1)).isoformat(), "shifts": [shift]}
    found = decide("heavy_pollution.roster", asked, day.date(), {"hp.contact": hours})
    assert (found.value["ok"], found.value["minutes"]) == (ok, (24 - ends) * 60)
    assert found.outcome is (Outcome.ALLOW if ok else Outcome.REFUSE)
    named = {
        "from": asked["begins"],
        "to": asked["ends"],
        "shifts": [{"from": shift[0], "to": shift[1], "person": "x"}],
    }
    assert decide("heavy_pollution.roster", named, day.date(), {"hp.contact": hours}).value == found.value


def test_citizens_reports_are_bounded_and_lead_back_to_nobody(db):
    given = {"kind": "smoke", "town": "xiacun", "place": "测试路1号"}
    first = violations.report(address="192.0.2.1", text="夜里冒烟", **given)
    assert violations.report(address="192.0.2.1", text="夜里冒烟", **given) == first
    assert "192.0.2.1" not in first.origin
    for n in range(violations.A_DAY - 1):
        violations.report(address="192.0.2.1", text=f"夜里冒烟{n}", **given)
    for trap, address in (("", "192.0.2.1"), ("http://x", "192.0.2.2")):
        with pytest.raises(LuoshiError) as refused:
            violations.report(address=address, text="又冒烟了", trap=trap, **given)
        assert refused.value.code == "E_CAPACITY"
    violations.report(address="192.0.2.2", text="又冒烟了", **given)
    with pytest.raises(LuoshiError) as refused:
        violations.report(address="192.0.2.3", kind="x", town="nowhere", place="", text="", phone="abc")
    assert set(refused.value.fields["fields"]) == {"kind", "town", "place", "text", "phone"}
    violations.dismiss(actor=clerk("xiacun"), report=first.pk, answer="经查为锅炉正常启动")
    assert violations.answer_of(first.code.lower())["answer"] == "经查为锅炉正常启动"
    with pytest.raises(LuoshiError) as refused:
        violations.dismiss(actor=clerk("xiachu"), report=first.pk + 1, answer="不归我们管")
    assert refused.value.code == "E_NOT_FOUND"


def test_a_drill_is_an_exercise_from_its_first_line_and_the_commands_own(db):
    plan = {"title": "推演", "planned_on": "2018-11-21", "aim": "检验名单", "people": "联络员", "content": "会商"}
    row = drills.draw_up(actor=clerk("air-command"), **plan)
    case = drills.case_of(row)
    assert (case.exercise, case.title, row.season) == (True, "【演练】推演", 2018)
    with pytest.raises(LuoshiError) as refused:
        drills.draw_up(actor=clerk("finance"), **plan)
    assert refused.value.code == "E_FORBIDDEN"
    with pytest.raises(LuoshiError) as refused:
        drills.draw_up(actor=PROGRAM, **plan | {"aim": "", "content": "x"})
    assert set(refused.value.fields["fields"]) == {"aim", "content"}


REGISTERS = (
    ("heavy_pollution.trainings", {"code": "PX-1", "title": "培训", "organ": "市环保局", "planned_on": "2018-11-01",
                                   "audience": "联络员", "hours": "6", "attended": "30"}, "hours", "201"),
    ("heavy_pollution.roster", {"organ": "市环保局", "begins": "2018-11-20 08:00", "ends": "2018-11-20 20:00",
                                "person": "测试一", "phone": "13600000000"}, "ends", "2018-11-20 07:00"),
    ("heavy_pollution.supplies", {"code": "WZ-1", "name": "监测车", "kind": "vehicle", "organ": "市环保局",
                                  "quantity": "1", "unit": "辆", "condition": "good"}, "kind", "飞机"),
    ("heavy_pollution.forecasters", {"code": "YB-1", "organ": "市气象局", "name": "测试一", "full_time": "是"},
     "organ", "没有的局"),
    ("heavy_pollution.drills", {"code": "YL-1", "title": "推演", "mode": "desk", "season": "2018",
                                "planned_on": "2018-11-01", "aim": "a", "people": "b", "content": "c"},
     "summary", "已演练"),
    (
        "heavy_pollution.enterprises",
        {"credit_code": CODE, "name": "测试化工", "town": "夏村镇", "sector": "化工", "list_year": "2018", "pm": "10"},
        "exempt",
        "群众基本生活",
    ),
    (
        "heavy_pollution.pledges",
        {"object_id": CODE, "object_name": "化工", "year": "2018", "signed_on": "2018-10-01", "signatory": "测试一"},
        "signed_on",
        "2018-12-01",
    ),
    (
        "heavy_pollution.contacts",
        {"organ": "市环保局", "kind": "责任人", "name": "测试一", "phone": "13600000000"},
        "phone",
        "12",
    ),
    (
        "heavy_pollution.schools",
        {"code": "XX-1", "name": "测试小学", "stage": "小学", "town": "夏村镇", "students": "10"},
        "students",
        "-1",
    ),
    (
        "heavy_pollution.roads",
        {"code": "LD-1", "name": "测试路", "organ": "市住建局", "town": "夏村镇", "km": "2", "waterings": "2"},
        "waterings",
        "49",
    ),
    ("heavy_pollution.berths", {"code": "BW-1", "name": "一号", "town": "夏村镇", "bulk": "是"}, "bulk", "也许"),
    (
        "heavy_pollution.stations",
        {"code": "371083051", "name": "测试站", "station_class": "国控", "town": "夏村镇", "active_from": "2017-01-01"},
        "station_class",
        "村控",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("key", "cells", "column", "wrong"), REGISTERS, ids=[one[0] for one in REGISTERS])
def test_registers_take_a_record_and_refuse_a_wrong_cell(db, key, cells, column, wrong):
    register = find(key)
    assert records.create(actor=PROGRAM, register=register, given=cells).record.pk
    again = cells | {register.natural_key[0]: cells[register.natural_key[0]], column: wrong}
    if "code" in again:
        again["code"] = "ZZ-9"
    with pytest.raises(LuoshiError) as refused:
        records.create(actor=PROGRAM, register=register, given=again)
    assert refused.value.code in ("E_INPUT", "E_NOT_FOUND", "E_FUTURE")


def test_medical_stock_belongs_to_an_institution(db):
    hospital = {"code": "YY-1", "name": "测试医院", "level": "二级", "town": "夏村镇", "beds": "10", "on_call": "2"}
    records.create(actor=PROGRAM, register=find("heavy_pollution.hospitals"), given=hospital)
    cells = {"institution": "YY-1", "item": "制氧机", "quantity": "5", "least": "4", "unit": "台", "town": "夏村镇"}
    made = records.create(actor=PROGRAM, register=find("heavy_pollution.stock"), given=cells).record
    assert str(made.institution) == "测试医院"


def test_a_drill_counts_when_it_was_held_before_the_heating_season_of_its_year(db):
    """The first day of the season is the parameter hp.heating.start, how many drills are owed hp.drill."""
    register = find("heavy_pollution.drills")
    for n, day in enumerate(("2018-11-14", "2018-11-15", "")):
        cells = {"code": f"YL-{n}", "title": "推演", "mode": "desk", "season": "2018", "planned_on": "2018-11-01",
                 "aim": "a", "people": "b", "content": "c", "held_on": day}  # fmt: skip
        records.create(actor=PROGRAM, register=register, given=cells)
    assert (drills.held_before_season(2018), drills.held_before_season(2019), drills.owed_drills()) == (1, 0, 1)


def test_papers_of_this_kind_are_delivered():
    for name in ("stop_order", "accountability", "drill_plan", "drill_summary", "supervision", "training_plan",
                 "start_order", "filing_form"):  # fmt: skip
        assert kind_of(f"heavy_pollution.{name}").words["body"]


# --- pages ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def office(db):
    return client_of(person("office1", (Role.CLERK, "air-command"), (Role.CLERK, "environment")))


PAGES = (
    "pollution-plans", "pollution-plan-import", "pollution-organ-plans", "pollution-inspections", "pollution-inspect",
    "pollution-citizen-reports", "pollution-drills", "pollution-drill-new", "pollution-roster",
)  # fmt: skip


def test_pages_open_empty_and_the_public_ones_without_login(office):
    for name in PAGES:
        assert office.get(reverse(name)).status_code == 200, name
    for name in ("open-pollution-report", "open-pollution-plans"):
        assert Client().get(reverse(name)).status_code == 200


def test_the_list_of_plans_asks_the_same_with_one_firm_and_with_many(office, firm):
    def asked():
        office.get(reverse("pollution-plans"))
        with CaptureQueriesContext(connection) as found:
            assert office.get(reverse("pollution-plans"), {"ready": "no", "town": "xiacun"}).status_code == 200
        return len(found)

    one = asked()
    firms = [
        Enterprise(credit_code=f"X{n:017}", name=f"测试{n}", town="xiacun", sector="rubber", list_year=2018)
        for n in range(30)
    ]
    Enterprise.objects.bulk_create(firms)
    rows = Enterprise.objects.exclude(pk=firm.pk)
    SitePlan.objects.bulk_create([SitePlan(enterprise=one, year=2018, drawn_by="测试甲") for one in rows])
    assert asked() == one


def test_a_plan_is_filled_in_submitted_and_refused_on_its_pages(office, firm):
    begun = office.post(reverse("pollution-plan-begin"), {"firm": CODE, "year": "2018"})
    row = SitePlan.objects.get()
    assert (begun.status_code, begun["Location"]) == (303, reverse("pollution-plan-edit", args=[row.pk]))
    typed = {"version": "1"}
    for n, level in enumerate(LEVELS, 1):
        typed |= {f"process-{level}-0": "涂装线", f"action-{level}-0": "限产", f"limit-{level}-0": "20%"}
        typed |= {f"{name}-{level}": "" for name in ("so2", "nox", "vocs")} | {f"pm-{level}": str(30 * n)}
    wrong = office.post(begun["Location"], typed | {"limit-III-0": "多"})
    assert wrong.status_code == 422
    assert 'href="#limit-III-0"' in wrong.content.decode()
    assert office.post(begun["Location"], typed).status_code == 303
    refused = office.post(reverse("pollution-plan", args=[row.pk]), {"step": "submit"})
    assert refused.status_code == 422
    assert "大于基准" in refused.content.decode()
    typed["pm-I"] = "95"
    office.post(begun["Location"], typed | {"version": "2"})
    assert office.post(reverse("pollution-plan", args=[row.pk]), {"step": "submit"}).status_code == 303
    assert office.get(reverse("pollution-plan-export")).content[:2] == b"PK"
    closed = office.get(begun["Location"])
    assert closed.status_code == 422
    assert "不能再改。要改请另起一版。" in closed.content.decode()
    assert "保存草稿" not in closed.content.decode()


def test_a_table_of_plans_is_previewed_before_it_is_written(office, firm):
    lines = [
        f"{CODE},2018,{level},涂装线,限产,20%,{amount}" for level, amount in zip("ⅣⅢⅡⅠ", (5, 10, 20, 30), strict=True)
    ]
    text = "统一社会信用代码,年度,级别,工序,停或限,限产比例,颗粒物减排\n" + "\n".join(lines)
    file = io.BytesIO(text.encode())
    file.name = "plans.csv"
    sent = office.post(reverse("pollution-plan-import"), {"file": file})
    assert sent.status_code == 303
    assert SitePlan.objects.count() == 0
    seen = office.get(sent["Location"]).content.decode()
    digest = seen.split('name="digest" value="')[1].split('"')[0]
    assert office.post(sent["Location"], {"digest": digest}).status_code == 303
    assert SitePlan.objects.get().reductions["I"]["pm"] == "30"
    assert office.post(reverse("pollution-plan-import"), {}).status_code == 422


def test_an_inspection_is_recorded_from_a_phone_and_shows_its_way(office, firm):
    given = {"kind": "firm", "object_id": CODE, "finding": "not_done", "text": "涂装线仍在生产", "organ": "environment"}
    assert office.post(reverse("pollution-inspect"), given | {"text": ""}).status_code == 422
    made = office.post(reverse("pollution-inspect"), given)
    assert made.status_code == 303
    shown = office.get(made["Location"]).content.decode()
    assert "WGCC-2018-0001" in shown
    assert "轮到" in shown
    assert "测试化工有限公司" in office.get(reverse("pollution-inspections")).content.decode()


def test_the_public_form_keeps_what_was_typed_and_gives_a_code(db):
    visitor, where = Client(), reverse("open-pollution-report")
    wrong = visitor.post(where, {"kind": "smoke", "town": "xiacun", "place": "测试路1号", "text": ""})
    assert wrong.status_code == 422
    assert 'value="测试路1号"' in wrong.content.decode()
    sent = visitor.post(where, {"kind": "smoke", "town": "xiacun", "place": "测试路1号", "text": "夜里车间冒烟"})
    row = CitizenReport.objects.get()
    assert sent.status_code == 303
    assert row.code in visitor.get(sent["Location"]).content.decode()
    assert visitor.post(
        where, {"kind": "smoke", "town": "xiacun", "place": "测试路1号", "text": "冒烟", "website": "x"}
    )
    for n in range(violations.A_DAY):
        last = visitor.post(where, {"kind": "smoke", "town": "xiacun", "place": "测试路1号", "text": f"又冒烟了{n}"})
    assert last.status_code == 429


def test_the_roster_shows_where_nobody_is_on_duty(office):
    day = datetime.datetime(2018, 11, 20, tzinfo=SHANGHAI)
    for hours in range(0, 14 * 24, 12):
        late = 30 if hours == 48 else 0
        Shift.objects.create(
            organ="air-command", begins=day + datetime.timedelta(hours=hours, minutes=late),
            ends=day + datetime.timedelta(hours=hours + 12), person=f"测试{hours}", phone="13600000000",
        )  # fmt: skip
    shown = office.get(reverse("pollution-roster")).content.decode()
    assert "两周内有 30 分钟无人值班" in shown
    assert [one.minutes for one in drills.uncovered("air-command", day, day + datetime.timedelta(days=3))] == [30]
    with pytest.raises(IntegrityError), transaction.atomic():
        Shift.objects.create(organ="weather", begins=day, ends=day, person="测试", phone="1")


def test_the_call_list_is_printed_by_an_act_that_is_recorded(office):
    Contact.objects.create(organ="finance", kind="liaison", name="测试乙", phone="13700000001")
    where = reverse("pollution-contacts")
    assert office.get(where).status_code == 405
    assert "13700000001" in office.post(where).content.decode()
    other = client_of(person("other1", (Role.CLERK, "finance")))
    assert other.post(where).status_code == 403


def test_the_api_lists_draws_up_and_publishes_plans(firm):
    client = client_of(person("bureau1", (Role.CLERK, "environment")))
    body = {"firm": CODE, "steps": STEPS, "reductions": RISING}
    made = client.post("/api/v1/pollution/plans", body, content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (200, "draft")
    pk = made.json()["id"]
    changed = client.put(f"/api/v1/pollution/plans/{pk}", body | {"version": 1}, content_type="application/json")
    assert changed.json()["version"] == 2
    assert client.get(f"/api/v1/pollution/plans/{pk}").json()["sound"]["ok"] is True
    assert [one["ready"] for one in client.get("/api/v1/pollution/plans").json()["plans"]] == [False]
    published = client.post("/api/v1/pollution/plans/publish", {"year": 2018}, content_type="application/json")
    assert published.json() == {"listed": 1, "ready": 0, "not_ready": 1, "matters": 1}


# --- budget -----------------------------------------------------------------------------------------------------------


def _balances():
    account = BudgetAccount.objects.get()
    return tuple(fen // 100 for fen in (account.appropriated, account.available, account.committed, account.paid))


def test_money_goes_from_available_to_committed_to_paid_and_back_by_counter_entries(db):
    def made(kind, yuan, commitment=None):
        return budget.post(actor=PROGRAM, kind=kind, amount=str(yuan), text="监测服务", year=2018, purpose="monitoring",
                           commitment=commitment)  # fmt: skip

    made("appropriation", 1000)
    bound = made("commitment", 600).pk
    assert _balances() == (1000, 400, 600, 0)
    refusals = (("commitment", 401, None), ("payment", 601, bound), ("refund", 1, bound), ("reduction", 401, None))
    for kind, yuan, commitment in refusals:
        with pytest.raises(LuoshiError) as refused:
            made(kind, yuan, commitment)
        assert refused.value.code == "E_CAPACITY"
    with pytest.raises(LuoshiError, match="哪一笔承诺"):
        made("payment", 1)
    made("payment", 250, bound)
    made("refund", 50, bound)
    made("release", 100, bound)
    made("reduction", 300)
    assert _balances() == (700, 200, 300, 200)
    assert budget.left_of(BudgetPosting.objects.get(pk=bound)) == 30_000


def test_the_database_keeps_the_ledger_whole(db):
    budget.post(actor=PROGRAM, kind="appropriation", amount="10", text="预算", year=2018, purpose="warning")
    row = BudgetPosting.objects.get()
    for act in (
        lambda: BudgetAccount.objects.update(available=999),
        lambda: BudgetAccount.objects.update(available=-100, committed=1100),
        lambda: BudgetPosting.objects.create(account=row.account, kind="payment", fen=1, text="x", at=NOW, by="x"),
        lambda: BudgetPosting.objects.create(account=row.account, kind="commitment", fen=0, text="x", at=NOW, by="x"),
        lambda: BudgetPosting.objects.filter(pk=row.pk).update(fen=5),
        lambda: row.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


def test_finance_appropriates_the_office_commits_and_others_see_nothing(office):
    money = client_of(person("money1", (Role.CLERK, "finance")))
    given = {"kind": "appropriation", "purpose": "response", "year": "2018", "amount": "1万元", "text": "年度预算"}
    where = reverse("pollution-budget")
    assert office.post(where, given).status_code == 403
    assert money.post(where, given).status_code == 303
    assert office.post(where, given | {"kind": "commitment", "amount": "2万元"}).status_code == 409
    assert office.post(where, given | {"kind": "commitment", "amount": "4,000"}).status_code == 303
    assert "6,000.00" in office.get(where).content.decode()
    assert money.get(reverse("pollution-budget-export")).content[:2] == b"PK"
    assert client_of(person("school1", (Role.CLERK, "education"))).get(where).status_code == 403
