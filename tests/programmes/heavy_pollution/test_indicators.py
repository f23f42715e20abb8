"""The indicators K1 to K15: each figure against one reckoned by hand, and how many questions it asks."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.indicators import actions, queries
from luoshi.office.indicators.declaration import find, indicators
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import counting, skill
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    ConstructionSite,
    Drill,
    DustRecord,
    EmissionInventory,
    Enterprise,
    EpisodeDuty,
    ForecastRun,
    ForecastValue,
    MeasureTask,
    PlanVersion,
    Pledge,
    PollutionWarning,
    Response,
    Shift,
    SitePlan,
)
from luoshi.site.registry import load_programmes
from tests.office.people import actor

pytestmark = pytest.mark.django_db
TEST = Actor.system("测试甲", "test")
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


NOW = at("2018-02-14 10:00")


@pytest.fixture(autouse=True)
def _on_a_day():
    load_programmes()
    CLOCK.set(NOW)
    yield
    CLOCK.release()


def episode(number="RSZWR-2018-001", issued="2018-01-12 16:00", released="2018-01-18 08:00", **given):
    """A warning, orange unless said otherwise, with its response at Ⅱ."""
    issued_at = at(issued)
    case = Case.objects.create(
        number=number, procedure="heavy_pollution.warning", version="2018-01-08", programme="heavy_pollution",
        title="重污染天气预警", state="live", status="open", rules_on=issued_at.date(), opened_at=issued_at,
        entered_at=issued_at, due_at=at("9999-12-31 00:00"),
    )  # fmt: skip
    ended = at(released) if released else None
    chosen = {
        "colour": "orange", "highest": "orange", "onset": at("2018-01-14 00:00"),
        "expected_end": at("2018-01-17 00:00"),
        "live": ended is None,
    } | given  # fmt: skip
    warning = PollutionWarning.objects.create(case=case, issued_at=issued_at, released_at=ended, **chosen)
    level = {"blue": "IV", "yellow": "III", "orange": "II", "red": "I"}[chosen["highest"]]
    return Response.objects.create(
        warning=warning, level=level, highest=level, started_at=issued_at, ended_at=ended, measures=[]
    )


def value(key, kind, period, place=""):
    """Measure an indicator in a period and return numerator, denominator, verdict of a place."""
    one = find(f"heavy_pollution.{key}")
    span = one.span(kind, period)
    actions._measure(TEST, one, span)
    found = queries.figure(one, span, place)
    return found.numerator, found.denominator, found.verdict.value


def owe(response, kind, organ, due, came="", state=""):
    late = bool(came) and at(came) > at(due)
    EpisodeDuty.objects.create(
        response=response, kind=kind, organ=organ, period=due, due_at=at(due), citation="x",
        received_at=at(came) if came else None, state=state or ("late" if late else "done" if came else "due"),
    )  # fmt: skip


def test_lead_counts_first_issues_that_were_forecast():
    episode()
    episode("RSZWR-2018-002", "2018-01-25 09:00", "2018-01-27 08:00", late_s=1, late_reason="突变")
    episode("RSZWR-2018-003", "2018-01-29 09:00", "2018-01-30 08:00", basis="nowcast", late_s=86400)
    episode("RSZWR-2018-004", "2018-01-30 09:00", "2018-01-31 08:00", exercise=True)
    # Two forecast ones, one a second late: 1 of 2.
    assert value("lead", "month", "2018-01") == (1, 2, "not_met")
    assert value("lead", "month", "2018-02") == (0, 0, "no_data")
    behind = queries.behind(TEST, find("heavy_pollution.lead"), "denominator", find("heavy_pollution.lead").span(
        "month", "2018-01"))  # fmt: skip
    assert [behind.shown(row).note for row in behind.rows.order_by("pk")] == [
        "2018年01月12日 16:00发布，提前量足够", "2018年01月25日 09:00发布，晚0小时0分（突变）",
    ]  # fmt: skip


def test_reports_count_what_is_due_by_now_and_came_in_time():
    response = episode()
    owe(response, "lists", "environment", "2018-01-12 20:00", "2018-01-12 20:00")
    owe(response, "lists", "economy-it", "2018-01-12 20:00", "2018-01-12 20:01")
    owe(response, "lists", "highway", "2018-01-12 20:00")
    # Not due yet, so not counted; came early, so counted; no longer needed.
    owe(response, "daily", "weather", "2018-02-14 15:00")
    owe(response, "daily", "transport", "2018-02-14 15:00", "2018-02-14 09:00")
    owe(response, "daily", "education", "2018-01-13 15:00", state="void")
    owe(response, "publicity", "publicity-dept", "2018-01-12 18:00", "2018-01-12 17:00")
    number = response.warning.case.number
    assert value("lists_on_time", "episode", number) == (1, 3, "not_met")
    assert value("lists_on_time", "episode", number, "highway") == (0, 1, "not_met")
    assert value("daily_on_time", "episode", number) == (1, 1, "met")
    assert value("publicity_on_time", "episode", number) == (1, 1, "met")
    assert value("evaluation_on_time", "episode", number) == (0, 0, "no_data")
    one = find("heavy_pollution.lists_on_time")
    # A bureau's clerk finds only his own report behind the city's figure.
    clerk = actor("c", (Role.CLERK, "highway"))
    found = one.denominator.rows(clerk, one.span("episode", number), "")
    assert [found.shown(row).note for row in found.rows] == ["待报：应于01月12日 20:00前，未报"]


def test_an_episode_is_a_period_that_runs_until_its_release():
    episode()
    episode("RSZWR-2018-002", "2018-02-13 09:00", "", expected_end=at("2018-02-16 09:00"))
    spans = list(counting.episodes(datetime.date(2018, 1, 18), datetime.date(2018, 2, 14)))
    assert [(one.key, str(one.first), str(one.last)) for one in spans] == [
        ("RSZWR-2018-001", "2018-01-12", "2018-01-18"), ("RSZWR-2018-002", "2018-02-13", "2018-02-16"),
    ]  # fmt: skip
    assert [one.key for one in counting.episodes(datetime.date(2018, 1, 19), datetime.date(2018, 2, 12))] == []


def task(response, measure, organ, town="", state="in_place", note="电表读数", n=[0], **given):  # noqa: B006
    n[0] += 1
    MeasureTask.objects.create(
        response=response, measure=measure, organ=organ, town=town, object_kind="firm", object_id=str(n[0]),
        text="停", sent_at=NOW, state=state, state_at=NOW, note=note, **given,
    )  # fmt: skip


def test_tasks_count_by_organ_and_town_and_once_for_the_city():
    response = episode()
    task(response, "E6", "economy-it", "xiacun")
    task(response, "E6", "economy-it", "xujia", note="")
    task(response, "E6", "economy-it", "xujia", state="failed")
    task(response, "I1", "xujia", "xujia")
    task(response, "E6", "economy-it", "xujia", state="excused")
    task(response, "E5", "economy-it", "xujia", closed="措施已被替代")
    number = response.warning.case.number
    assert value("tasks_verified", "episode", number) == (2, 4, "no_target")
    assert value("tasks_verified", "episode", number, "economy-it") == (1, 3, "no_target")
    assert value("tasks_verified", "episode", number, "xujia") == (1, 3, "no_target")


def firm(number, town="xiacun", sector="chemical", **given):
    return Enterprise.objects.create(
        credit_code=f"91371083{number:010d}", name=f"测试化工{number}", town=town, sector=sector, list_year=2018,
        **({"pm": 100, "vocs": 250} | given),
    )  # fmt: skip


def reductions(vocs_at_two):
    """Spec 14.10: a chemical firm (PM 100, VOCs 250 kg/d) owes 10 % at Ⅲ, 20 % at Ⅱ and Ⅰ of each."""
    return {"IV": {"pm": "0", "vocs": "0"}, "III": {"pm": "10", "vocs": "25"},
            "II": {"pm": "20", "vocs": str(vocs_at_two)}, "I": {"pm": "20", "vocs": "50"}}  # fmt: skip


def test_pledges_plans_and_trades_of_the_list():
    good, short, none, gone = (firm(n, town) for n, town in ((1, "xiacun"), (2, "xiacun"), (3, "xujia"), (4, "xujia")))
    Enterprise.objects.filter(pk=gone.pk).update(ended_on=datetime.date(2018, 1, 31))
    site = ConstructionSite.objects.create(code="GD-1", name="测试工地", kind="building", town="xujia")
    for one, vocs in ((good, 50), (short, 49)):
        SitePlan.objects.create(enterprise=one, year=2018, state="approved", reductions=reductions(vocs),
                                drawn_by="测试甲")  # fmt: skip
    SitePlan.objects.create(enterprise=none, year=2018, state="submitted", reductions=reductions(50), drawn_by="x")
    for one, year in ((good.credit_code, 2018), (short.credit_code, 2017), (site.code, 2018)):
        Pledge.objects.create(object_id=one, object_name="x", year=year, signed_on=NOW.date(), signatory="测试乙")
    assert value("pledges", "year", "2018") == (2, 4, "not_met")
    assert value("pledges", "year", "2018", "xujia") == (1, 2, "not_met")
    assert value("site_plans", "year", "2018") == (2, 3, "not_met")
    # 49 of 250 kg of VOCs is 19.6 %, below 20 %: the second firm falls short.
    assert value("sector_reductions", "year", "2018") == (1, 3, "not_met")
    one = find("heavy_pollution.sector_reductions")
    found = one.denominator.rows(TEST, one.span("year", "2018"), "")
    assert [found.shown(row).note for row in found.rows] == [
        "化工：Ⅱ级不足", "化工：没有经审核的方案", "化工：各级都达到",
    ]  # fmt: skip


def test_plans_of_organs_are_filed_in_time_or_late():
    issued = datetime.date(2018, 1, 8)
    city = PlanVersion.objects.create(kind="city", organ="air-command", title="预案", issued_on=issued)
    for organ, filed in (("education", "2018-01-29 23:00"), ("weather", "2018-01-30 00:00"), ("transport", "")):
        PlanVersion.objects.create(
            kind="department", organ=organ, title=organ, issued_on=issued, parent=city,
            due_on=datetime.date(2018, 1, 29), filed_at=at(filed) if filed else None,
        )  # fmt: skip
    assert value("organ_plans", "year", "2018") == (1, 3, "not_met")
    assert value("organ_plans", "year", "2018", "weather") == (0, 1, "not_met")


def inventory():
    """Spec 14.10: base SO2 4000, NOx 6000, PM 9000, VOCs 5000 kg/d; at Ⅱ exactly 40 %, 20 % and 15 %."""
    rows = {
        "iv": (0, 0, 450, 250), "iii": (240, 840, 900, 500), "ii": (440, 1740, 1800, 750), "i": (2400, 0, 2700, 1000),
    }  # fmt: skip
    names = ("so2", "nox", "pm", "vocs")
    cuts = {f"{name}_{level}": amount for level, row in rows.items() for name, amount in zip(names, row, strict=True)}
    EmissionInventory.objects.create(year=2018, source="industry", category="工业", **dict(zip(
        names, (4000, 6000, 9000, 5000), strict=True)), **cuts)  # fmt: skip


def test_city_reductions_before_and_after():
    inventory()
    # Ⅳ has two targets, the others three each; all are reached, the joint one by nothing to spare.
    assert value("reductions_planned", "year", "2018") == (11, 11, "met")
    assert value("reductions_planned", "year", "2018", "II") == (3, 3, "met")
    response = episode()
    for n in range(4):
        task(response, "E6", "economy-it", "xiacun", state="in_place" if n else "failed")
    # Three of four firms are in place: 30 %, 15 % and 11.25 % of 40, 20 and 15.
    assert value("reductions_reached", "episode", "RSZWR-2018-001") == (0, 3, "not_met")
    one = find("heavy_pollution.reductions_reached")
    found = one.denominator.rows(TEST, one.span("episode", "RSZWR-2018-001"), "")
    assert [found.shown(row).note for row in found.rows] == [
        "减排15.0%，须20%以上，未达到", "减排11.2%，须15%以上，未达到", "减排30.0%，须40%以上，未达到",
    ]  # fmt: skip


def test_drills_before_the_season_and_gaps_of_the_roster():
    for code, held in (("YL-1", datetime.date(2018, 11, 14)), ("YL-2", datetime.date(2018, 11, 15)), ("YL-3", None)):
        Drill.objects.create(code=code, title=code, season=2018, planned_on=datetime.date(2018, 11, 1), held_on=held,
                             aim="x", people="x", content="x")  # fmt: skip
    assert counting.drills_held(find("heavy_pollution.drills").span("year", "2018")) == {"": 1}
    for begins, ends in (("2018-01-01 00:00", "2018-01-15 08:00"), ("2018-01-15 08:30", "2018-02-01 00:00")):
        Shift.objects.create(organ="weather", begins=at(begins), ends=at(ends), person="测试丙", phone="1")
    # Nobody for half an hour; the others keep no roster: 31 days of 1,440 minutes each.
    others = len(counting.roster_organs()) - 1
    # Before the plan there was nothing to hold.
    assert value("drills", "year", "2017")[0] == 0
    assert value("roster_gaps", "month", "2018-01", "weather") == (30, None, "not_met")
    assert value("roster_gaps", "month", "2018-01") == (30 + others * 44_640, None, "not_met")
    # Of the running month only what has passed: 13 days and 10 hours.
    assert value("roster_gaps", "month", "2018-02", "weather") == (13 * 1440 + 600, None, "not_met")


def test_nothing_was_heavy_by_the_plan_before_it():
    hours("2017-12-20 00:00", [160] * 48)
    for name in ("forecast_hits", "false_alarms"):
        assert value(name, "month", "2017-12")[0] == 0


def hours(first, levels):
    """Measured PM2.5 hour after hour (24 at 160 make an index of 210 in an hour)."""
    CityHour.objects.bulk_create(
        [
            CityHour(hour=at(first) + n * HOUR, pm25=Decimal(level), aqi=skill_index(level), stations=3,
                     received_at=at(first))
            for n, level in enumerate(levels)
        ]
    )  # fmt: skip


def skill_index(level):
    """150 to 250 µg/m³ is 200 to 300: an index of 50 + level; above 250 it is level + 50 too, up to 350."""
    return level + 50


def forecast(day, aqi, issued, issuer="rushan_environment"):
    run, _new = ForecastRun.objects.get_or_create(
        issuer=issuer, issued_at=at(issued), kind="daily",
        defaults={"digest": f"{issuer}{issued}", "received_at": at(issued), "received_by": "测试辛"},
    )  # fmt: skip
    ForecastValue.objects.create(run=run, valid_from=at(day), aqi=aqi)


def test_forecast_skill_by_days():
    # Days of 160, 100, 160, 100 µg/m³: indexes 210, 132, 210, 132.
    hours("2018-01-14 00:00", [160] * 24 + [100] * 24 + [160] * 24 + [100] * 24)
    forecast("2018-01-14 00:00", 150, "2018-01-12 17:00")
    forecast("2018-01-14 00:00", 205, "2018-01-13 17:00")
    forecast("2018-01-14 00:00", 120, "2018-01-13 18:00", "weihai_centre")
    forecast("2018-01-15 00:00", 230, "2018-01-14 17:00")
    forecast("2018-01-16 00:00", 200, "2018-01-15 17:00")
    # Issued when the day had begun: not counted; so the day is not judged.
    forecast("2018-01-17 00:00", 100, "2018-01-17 00:00")
    span = find("heavy_pollution.forecast_hits").span("month", "2018-01")
    assert [(one.day.day, one.forecast, one.measured, one.kind) for one in skill.days(span)] == [
        (14, 205, 210, "hit"), (15, 230, 132, "false"), (16, 200, 210, "miss"),
    ]  # fmt: skip
    assert value("forecast_hits", "month", "2018-01") == (1, 2, "no_target")
    assert value("false_alarms", "month", "2018-01") == (1, 2, "no_target")


def test_what_was_announced_against_what_was_measured():
    episode(onset=at("2018-01-14 00:00"))
    # 100 until 13 January 20:00, then two days of 160, then good again: yellow from 20:00 less what the mean still
    # carries. The mean of 24 hours exceeds 150 (index 200) from the first hour that has 21 of 160 and 3 of 100 on.
    hours("2018-01-10 00:00", [100] * 92 + [160] * 48 + [60] * 60)
    found = skill._hindsight(find("heavy_pollution.colour_error").span("episode", "RSZWR-2018-001"))
    assert found is not None
    assert (found[1]["grade"], found[1]["start_at"]) == ("yellow", "2018-01-13T20:00:00+08:00")
    assert value("colour_error", "episode", "RSZWR-2018-001") == (1, None, "no_target")
    assert value("onset_error", "episode", "RSZWR-2018-001")[0] == 4
    live = episode("RSZWR-2018-002", "2018-02-13 09:00", "")
    assert value("colour_error", "episode", live.warning.case.number) == (None, None, "no_data")


def test_peaks_of_a_season_against_the_one_before():
    CLOCK.set(at("2019-02-14 10:00"))
    hours("2018-01-10 00:00", [160] * 26 + [60] * 24)
    hours("2019-01-10 00:00", [160] * 30 + [310] * 24 + [60] * 24)
    dust = DustRecord.objects.create(grade="沙尘暴", begins=at("2019-01-10 00:00"), ends=at("2019-01-10 04:00"),
                                     evidence="x", entered_by="x", entered_at=NOW)  # fmt: skip
    assert value("heavy_hours", "season", "2017S") == (26, None, "no_target")
    # Dust counts until both bureaus confirm it.
    assert value("heavy_hours", "season", "2018S") == (54, None, "aim_open")
    DustRecord.objects.filter(pk=dust.pk).update(confirmed_at=NOW, confirmed_by="测试辛")
    assert value("heavy_hours", "season", "2018S") == (50, None, "aim_open")
    assert value("severe_hours", "season", "2017S") == (0, None, "no_target")
    assert value("severe_hours", "season", "2018S") == (24, None, "aim_open")
    assert value("peak", "season", "2017S") == (210, None, "no_target")
    assert value("peak", "season", "2018S") == (360, None, "aim_open")


def test_all_are_declared_and_ask_as_much_of_many_rows_as_of_few():
    assert {one.number for one in indicators("heavy_pollution")} == {f"K{n}" for n in range(1, 16)}

    def asked():
        counts = {}
        for one in indicators("heavy_pollution"):
            kind = {"episode": "RSZWR-2018-001", "year": "2018", "month": "2018-01", "season": "2017S"}[one.period]
            span = one.span(one.period, kind)
            actions.counts(one, span)
            with CaptureQueriesContext(connection) as queries_made:
                actions.counts(one, span)
            counts[one.key] = len(queries_made)
        return counts

    response = episode()
    inventory()

    def more(first, count):
        for n in range(first, first + count):
            one = firm(n)
            SitePlan.objects.create(enterprise=one, year=2018, state="filed", reductions=reductions(50), drawn_by="x")
            task(response, "E6", "economy-it", "xiacun")
            owe(response, "lists", f"organ{n}", "2018-01-12 20:00", "2018-01-12 19:00")
            Shift.objects.create(organ="weather", begins=at("2018-01-01 00:00") + n * DAY,
                                 ends=at("2018-01-02 00:00") + n * DAY, person="测试丙", phone="1")  # fmt: skip

    more(1, 2)
    hours("2018-01-12 00:00", [160] * 78)
    few = asked()
    more(3, 12)
    hours("2018-01-15 06:00", [160] * 48)
    assert asked() == few
    assert max(few.values()) <= 14


def test_measuring_is_part_of_the_night_and_fills_every_period():
    from luoshi.programmes.heavy_pollution import indicators as room

    episode()
    assert room.measure(datetime.date(2018, 1, 1)) > 30
    assert room.measure(datetime.date(2018, 1, 1)) == 0
