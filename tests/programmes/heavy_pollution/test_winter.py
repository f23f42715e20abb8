"""The demonstration's winter, and every page of the room upon it: what officials and citizens see."""

from __future__ import annotations

import datetime
import io

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import etree

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.audit.models import AuditEntry
from luoshi.programmes.heavy_pollution import air_actions, cap, demo, tasks
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    CityHour,
    DustRecord,
    EpisodeDuty,
    HourlyObservation,
    MeasureTask,
    PollutionWarning,
)
from tests.office.people import client_of
from tests.programmes import case_pages

NOW = datetime.datetime(2026, 11, 22, 10, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def played(django_db_setup, django_db_blocker):
    """The demonstration of this room, played once for all these tests; each of them leaves nothing behind."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_people()
        list(demo.load(NOW))
        yield
        transaction.set_rollback(True)


@pytest.fixture
def winter(played, db):
    """The winter, and the clock standing at its end."""
    CLOCK.set(NOW)
    yield
    CLOCK.release()


def of(login):
    return standing(User.objects.get(login=login)).actor("test")


def browser(login):
    return client_of(User.objects.get(login=login))


def test_the_page_of_every_kind_and_state_of_case_opens(winter):
    assert case_pages.refused() == {}


def test_the_winter_and_its_pages(winter):
    over, live = PollutionWarning.objects.order_by("issued_at")
    assert (over.highest, over.live, over.case.state, live.colour, live.live) == (
        "yellow",
        False,
        "closed",
        "orange",
        True,
    )
    assert {str(one) for one in CapMessage.objects.values_list("msg_type", flat=True)} == {"Alert", "Cancel"}
    assert CityHour.objects.filter(aqi=None).count() < CityHour.objects.count() / 50
    # The dust of a sandstorm both bureaus confirmed has brought no warning.
    assert DustRecord.objects.get().confirmed_at is not None
    assert HourlyObservation.objects.filter(revision=2, current=True).exists()

    staff = browser("huanbao1")
    for name, words in (
        ("pollution", "橙色预警"), ("pollution-air", "导入预报"), ("pollution-tasks", "报已落实"),
        ("pollution-duties", "每日落实情况报告"), ("pollution-simulator", "按次序补足"),
    ):  # fmt: skip
        answer = staff.get(reverse(name))
        assert answer.status_code == 200, name
        assert words in answer.content.decode(), name
    assert staff.get(reverse("pollution-warning", args=[over.pk])).status_code == 200
    desk = reverse("desk")
    assert "ls-emergency-orange" in staff.get(desk).content.decode()
    PollutionWarning.objects.filter(live=True).update(exercise=True)
    assert "ls-emergency" not in staff.get(desk).content.decode()
    chain = over.changes.order_by("id").first().approval_id
    assert "环保、气象双方会商" in staff.get(reverse("pollution-consultation", args=[chain])).content.decode()
    assert Client().get(reverse("pollution")).status_code == 302


def test_the_public_page_and_the_driver(winter):
    visitor = Client()
    html = visitor.get(reverse("open-pollution")).content.decode()
    assert "橙色预警" in html
    assert "<script" not in html
    assert len(html) < 100_000
    before = AuditEntry.objects.count()
    asked = {"category": "载货", "fuel": "柴油", "plate": "鲁K1230挂", "place": "建成区内"}
    answer = visitor.post(reverse("open-pollution-vehicle"), asked)
    html = answer.content.decode()
    # Even digit, 22 November: may drive, at the head and in the row of days; the next day not.
    assert html.count("✓") == 3
    assert html.count("✕") == 1
    assert "no-store" in answer["Cache-Control"]
    assert AuditEntry.objects.count() == before
    nothing = visitor.post(reverse("open-pollution-vehicle"), {"category": "飞机"})
    assert nothing.status_code in (200, 422)
    feed = etree.fromstring(visitor.get(reverse("open-pollution-feed")).content)
    first = feed.findtext("{*}entry/{*}id")
    message = visitor.get("/" + first.split("/", 3)[3])
    assert cap.read(message.content) is not None
    listed = visitor.get(reverse("open-pollution-firms")).content.decode()
    assert "测试橡胶01号有限公司" in listed
    assert "1380000" not in listed


def test_a_task_is_reported_and_odd_evidence_is_flagged(winter):
    police = of("gongan1")
    task = MeasureTask.objects.filter(organ="public-security", closed="").first()
    done = tasks.report(actor=police, task=task.pk, state="in_place", version=task.version)
    assert (done.state, done.by) == ("in_place", police.name)
    with pytest.raises(LuoshiError) as again:
        tasks.report(actor=police, task=task.pk, state="received", version=task.version)
    assert again.value.code == "E_VERSION"
    school = MeasureTask.objects.filter(organ="education", closed="").first()
    with pytest.raises(LuoshiError) as foreign:
        tasks.report(actor=police, task=school.pk, state="in_place")
    assert foreign.value.code == "E_NOT_FOUND"
    with pytest.raises(LuoshiError, match="原因"):
        tasks.report(actor=of("jiaoyu1"), task=school.pk, state="failed")
    firm = MeasureTask.objects.filter(organ="economy-it", object_kind="firm", closed="").first()
    odd = tasks.report(actor=of("jingxin1"), task=firm.pk, state="in_place", lat="37.5", lon="121.5",
                       acted_at=NOW - datetime.timedelta(days=2))  # fmt: skip
    assert "公里" in odd.flagged
    assert "补报" in odd.flagged


def test_a_report_after_its_moment_is_late_for_ever(winter):
    duty = EpisodeDuty.objects.filter(state="due", kind="daily").order_by("due_at").first()
    CLOCK.set(duty.due_at + datetime.timedelta(seconds=1))
    answer = browser("huanbao1").post(reverse("pollution-duties"), {"duty": duty.pk, "text": "迟报"})
    duty.refresh_from_db()
    assert answer.status_code in (303, 403)
    if answer.status_code == 303:
        assert duty.state == "late"


def test_files_of_hours_and_forecasts_good_and_bad(winter):
    forecaster, weather = of("huanbao1"), of("qixiang1")
    head = "站点,时间,SO2,NO2,CO,O3,PM10,PM2.5\n"
    row = "371083051,2026-11-22 09:00,12,30,0.9,40,300,251\n"
    known = HourlyObservation.objects.get(
        station__code="371083051", hour=NOW - datetime.timedelta(hours=1), current=True
    )
    with pytest.raises(LuoshiError) as unsaid:
        air_actions.import_hours(actor=forecaster, name="a.csv", data=(head + row).encode("gb18030"))
    assert unsaid.value.code == "E_INCOMPLETE"
    taken = air_actions.import_hours(actor=forecaster, name="a.csv", data=(head + row).encode(), reason="仪器校准")
    assert (taken["corrected"], taken["new"]) == (1, 0)
    known.refresh_from_db()
    assert not known.current
    for bad, words in (
        ("371083051,2026-11-22 09:00,-3,30,0.9,40,300,251\n", "浓度值无效"),
        ("371083051,2026-11-22 09:00,3,30,200,40,300,251\n", "mg/m³"),
        ("371083051,2026-11-23 09:00,3,30,1,40,300,251\n", "晚于现在"),
        ("999,2026-11-22 09:00,3,30,1,40,300,251\n", "请先登记站点"),
    ):  # fmt: skip
        with pytest.raises(LuoshiError, match=words) as refused:
            air_actions.import_hours(actor=forecaster, name="b.csv", data=(head + bad).encode(), reason="x")
        assert "第 2 行" in refused.value.message
    days = "发布单位,发布时间,日期,AQI低值,AQI高值,AQI\n乳山气象,2026-11-22 07:30,2026-11-23,{},260,240\n"
    air_actions.import_forecast(actor=weather, name="f.csv", data=days.format(220).encode())
    with pytest.raises(LuoshiError) as same:
        air_actions.import_forecast(actor=weather, name="f.csv", data=days.format(220).encode())
    with pytest.raises(LuoshiError) as other:
        air_actions.import_forecast(actor=weather, name="f.csv", data=days.format(230).encode())
    with pytest.raises(LuoshiError, match="大于高值"):
        air_actions.import_forecast(actor=weather, name="f.csv", data=days.format(270).encode())
    assert (same.value.code, other.value.code) == ("E_DUPLICATE_FILE", "E_CONFLICT")
    with pytest.raises(LuoshiError) as not_his:
        air_actions.import_hours(actor=weather, name="a.csv", data=(head + row).encode())
    assert not_his.value.code == "E_FORBIDDEN"
    page = browser("huanbao1").post(reverse("pollution-air"), {"act": "hours", "file": io.BytesIO(b"\x00\x01")})
    assert page.status_code == 422


def test_pages_ask_no_query_a_row(winter):
    staff = browser("huanbao1")
    staff.get(reverse("pollution-tasks"))
    with CaptureQueriesContext(connection) as few:
        staff.get(reverse("pollution-tasks") + "?measure=H1")
    with CaptureQueriesContext(connection) as many:
        staff.get(reverse("pollution-tasks"))
    assert len(many) <= len(few) + 1
    with CaptureQueriesContext(connection) as whole:
        staff.get(reverse("pollution"))
    # Two of them count the papers of the episode.
    assert len(whole) <= 47


def test_a_forecast_with_holes_is_taken_in_and_its_holes_are_named(winter):
    """A file without the hours of a day is no fault, and nobody should believe it whole."""
    weather, begin = of("qixiang1"), NOW.replace(minute=0, second=0, microsecond=0)
    hours = [begin + datetime.timedelta(hours=n) for n in (*range(20), *range(44, 60), 61)]
    text = "发布单位,发布时间,时间,AQI\n" + "".join(
        f"乳山气象,{begin:%Y-%m-%d %H:%M},{hour:%Y-%m-%d %H:%M},90\n" for hour in hours
    )
    page = browser("qixiang1").post(reverse("pollution-air"), {"act": "forecast", "file": io.BytesIO(text.encode())})
    first, last, other = (begin + datetime.timedelta(hours=n) for n in (20, 43, 60))
    holes = f"{first:%m月%d日%H时}至{last:%m月%d日%H时}共24小时、{other:%m月%d日%H时}至{other:%m月%d日%H时}共1小时"
    assert f"已接收 37 个时段的预报。定级已按最新预报重算。文件里缺{holes}" in page.content.decode()
    twice = "日期,AQI\n" + f"{begin:%Y-%m-%d},90\n" * 2
    with pytest.raises(LuoshiError, match=f"{begin:%Y-%m-%d}出现了两次，请只留一行"):
        air_actions.import_forecast(actor=weather, name="g.csv", data=twice.encode(), issuer="乳山气象",
                                    issued_at=begin)  # fmt: skip
