"""The public page: made ahead and never out of date, its words in two languages, map and chart, a driver's question."""

from __future__ import annotations

import datetime
import os
import time
from decimal import Decimal

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office import ready
from luoshi.programmes.heavy_pollution import air, maps, publication, timers, words_shown
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    Enterprise,
    HourlyObservation,
    SitePlan,
    Station,
    VehicleScheme,
)
from tests.programmes.heavy_pollution.test_indicators import episode

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2018, 1, 15, 10, tzinfo=SHANGHAI)
HOUR = datetime.timedelta(hours=1)
PAGE = "/open/pollution/"


@pytest.fixture(autouse=True)
def _on_a_day():
    CLOCK.set(NOW)
    publication.drop()
    yield
    publication.drop()
    CLOCK.release()


def station(code="S1", town="xiacun", lat="36.900000", lon="121.500000"):
    return Station.objects.create(
        code=code, name=f"测试{code}站", station_class="city", town=town, lat=Decimal(lat), lon=Decimal(lon),
        active_from=datetime.date(2017, 1, 1),
    )  # fmt: skip


def measured(level=160, hours=60):
    CityHour.objects.bulk_create(
        [
            CityHour(hour=NOW - (n + 1) * HOUR, pm25=Decimal(level), aqi=level + 50, stations=1, received_at=NOW)
            for n in range(hours)
        ]
    )  # fmt: skip


def test_a_copy_is_given_out_until_it_is_old_or_something_happens(django_capture_on_commit_callbacks):
    visitor = Client()
    with override_settings(PUBLIC_AGE_S=20):
        assert "目前没有预警" in visitor.get(PAGE).content.decode()
        with django_capture_on_commit_callbacks() as happened:
            response = episode(issued="2018-01-15 09:00", released="", expected_end=NOW + 48 * HOUR)
        # Within twenty seconds the copy stands, until what happened is committed.
        assert "目前没有预警" in visitor.get(PAGE).content.decode()
        assert len(happened) == 1
        happened[0]()
        html = visitor.get(PAGE).content.decode()
        assert "橙色预警" in html
        assert "RSZWR-2018-001" in html
        # Ended without a word to this process: the copy on file grows old and is made anew.
        type(response.warning).objects.update(live=False)
        assert "橙色预警" in visitor.get(PAGE).content.decode()
        for held in list(publication._copies):
            publication._copies[held] = publication._copies[held]._replace(made=time.time() - 21)
        for file in publication._folder().iterdir():
            os.utime(file, (time.time() - 21,) * 2)
        ready.forget()
        assert "目前没有预警" in visitor.get(PAGE).content.decode()


def test_yesterdays_copy_is_never_todays():
    visitor = Client()
    with override_settings(PUBLIC_AGE_S=20):
        CLOCK.set(NOW.replace(hour=23, minute=59, second=59))
        assert "1月15日 23:59 更新" in visitor.get(PAGE).content.decode()
        answer = visitor.get(PAGE)
        # What stands in front of Django keeps it to midnight, not for twenty seconds.
        assert float(answer[ready.MARK]) - time.time() <= 1
        CLOCK.set(NOW.replace(day=16, hour=0, minute=0, second=1))
        assert "1月16日 00:00 更新" in visitor.get(PAGE).content.decode()


def test_another_process_finds_the_copy_on_file():
    with override_settings(PUBLIC_AGE_S=20):
        assert timers.public_copies(NOW) == 1
        (file,) = publication._folder().iterdir()
        assert file.name == "20180115-page-zh-hans-normal.html"
        publication._copies.clear()
        file.write_text("由另一进程做成")
        assert publication.copy_of("page-zh-hans-normal.html", lambda: "").body.decode() == "由另一进程做成"
    # Where nothing is kept, nothing is made ahead.
    assert timers.public_copies(NOW) == 0


def test_what_is_ready_is_given_without_django(own_connection):
    asked = []

    class Counting(WSGIHandler):
        def get_response(self, request):
            asked.append(request.path)
            return super().get_response(request)

    front = ready.Ready(Counting())

    def get(path=PAGE, **more):
        told = {}

        def start(status, headers, *_rest):
            told.update(dict(headers), status=status)

        body = b"".join(front(RequestFactory().get(path, **more).environ, start))
        return told, body

    with override_settings(PUBLIC_AGE_S=20):
        first, body = get()
        again, same = get()
        assert (first["status"], again["status"], body == same, len(asked)) == ("200 OK", "200 OK", True, 1)
        assert ready.MARK not in first
        assert "Content-Security-Policy" in again
        assert again["Cache-Control"] == "public, max-age=20"
        # A question, another language, another size of type, another host and compression are other answers.
        get(PAGE + "?x=1")
        assert b"No warning" in get(HTTP_COOKIE="ls_lang=en")[1]
        get(HTTP_COOKIE="a=b; ls_size=large")
        get(HTTP_ACCEPT_ENCODING="gzip, br")
        assert len(asked) == 5
        get(HTTP_COOKIE="ls_size=large; other=1")
        assert len(asked) == 5
        assert get(HTTP_IF_NONE_MATCH=first["ETag"]) == (
            {k: v for k, v in again.items() if k != "Content-Length"} | {"status": "304 Not Modified"}, b"",
        )  # fmt: skip
        publication.drop()
        get()
        assert len(asked) == 6
    # A page that is not marked is asked for each time.
    get("/login/")
    get("/login/")
    assert len(asked) == 8


def test_shortly_before_a_copy_ends_one_request_makes_the_next_and_the_others_get_the_old(own_connection):
    """In a rush everybody waited, every twenty seconds, for who made the next copy."""
    made, meanwhile = [], []

    class Asking(WSGIHandler):
        def get_response(self, request):
            made.append(ready.RENEWAL in request.META)
            if made[-1]:
                meanwhile.extend(get() for _ in range(5))
            return super().get_response(request)

    front = ready.Ready(Asking())

    def get():
        return b"".join(front(RequestFactory().get(PAGE).environ, lambda *_told: None))

    def age(seconds):
        for key, held in list(publication._copies.items()):
            publication._copies[key] = held._replace(made=held.made - seconds)
        for file in publication._folder().iterdir():
            os.utime(file, (file.stat().st_mtime - seconds,) * 2)
        for key, kept in list(ready._kept.items()):
            ready._kept[key] = kept._replace(until=kept.until - seconds, body=b"old")

    with override_settings(PUBLIC_AGE_S=20):
        get()
        age(10)
        assert (get(), made) == (b"old", [False])
        age(6)
        renewed = get()
        assert "目前没有预警" in renewed.decode()
        assert (made, meanwhile) == ([False, True], [b"old"] * 5)
        # What was made is what the others get from now on, for its full time.
        assert (get(), made) == (renewed, [False, True])
        age(14)
        assert (get(), made) == (b"old", [False, True])
        publication.drop()
        get()
        assert made == [False, True, False]


def test_the_page_says_what_is_in_force_in_two_languages():
    station()
    measured()
    HourlyObservation.objects.create(station=Station.objects.get(), hour=NOW - HOUR, pm25=Decimal(170), source="x",
                                     received_at=NOW)  # fmt: skip
    VehicleScheme.objects.create(
        effective_from=datetime.date(2018, 1, 8), signed_by="测试丙",
        area=[[36.88, 121.48], [36.88, 121.58], [36.95, 121.58], [36.88, 121.48]],
    )  # fmt: skip
    episode(issued="2018-01-13 16:00", released="", expected_end=NOW + 48 * HOUR, exercise=False)
    html = Client().get(PAGE).content.decode()
    for words in ("橙色预警", "Ⅱ级响应", "今天是第 3 天", "现在：重度污染（5级）", "AQI", "老人和孩子", "建成区",
                  "220 重度污染", "举报违规排放", "应急预案与限行方案"):  # fmt: skip
        assert words in html, words
    visitor = Client()
    visitor.cookies["ls_lang"] = "en"
    english = visitor.get(PAGE).content.decode()
    for words in ("Orange warning", "Heavily polluted", "May my car be on the road today", "Built-up area"):
        assert words in english, words
    assert '<html lang="en"' in english


def test_every_line_of_a_drill_says_so():
    episode(issued="2018-01-13 16:00", released="", expected_end=NOW + 48 * HOUR, exercise=True)
    html = Client().get(PAGE).content.decode()
    advice = html.split('id="do-h"')[1].split("</section>")[0]
    assert advice.count("<li>") > 10
    assert advice.count("<li>") == advice.count("<li><b>演练</b>")
    banner = html.split('class="now')[1].split("</section>")[0]
    assert banner.count("演练") == 1 + banner.count("<br>") + 2
    asked = Client().post("/open/pollution/vehicle/", {"category": "载货", "fuel": "柴油", "plate": "鲁K12345"})
    answer = asked.content.decode().split('class="answer"')[1].split("<form")[0]
    assert answer.count("演练") == answer.count("<li") + 2


def test_the_list_of_firms_says_where_each_reduces_and_who_is_not_ready():
    amounts = {"town": "xiacun", "sector": "rubber", "list_year": 2018, "published": True}
    ready, waiting = (
        Enterprise.objects.create(credit_code=code, name=name, **amounts)
        for code, name in (("913710830000000195", "测试橡胶甲厂"), ("913710830000000276", "测试橡胶乙厂"))
    )
    Enterprise.objects.create(credit_code="913710830000000357", name="上一年的厂", **(amounts | {"list_year": 2017}))
    limited, stopped = ({"process": name, "action": "限产", "limit": "37%"} for name in ("硫化线", "密炼机"))
    steps = {"IV": [limited], "III": [limited], "II": [limited, stopped], "I": [limited, stopped]}
    for firm, state in ((ready, "filed"), (waiting, "submitted")):
        SitePlan.objects.create(enterprise=firm, year=2018, edition=1, state=state, steps=steps)
    html = Client().get("/open/pollution/firms/").content.decode()
    rows = {name: html.split(name)[1].split("</tr>")[0] for name in (ready.name, waiting.name)}
    assert "硫化线（Ⅳ级起）、密炼机（Ⅱ级起）" in rows[ready.name]
    assert "未就绪" not in rows[ready.name]
    assert "未就绪" in rows[waiting.name]
    assert "硫化线" not in rows[waiting.name]
    for word in ("37%", "上一年的厂", ready.credit_code):
        assert word not in html
    assert "2018 年共 2 家，1 家" in html


def test_words_of_classes_are_those_of_the_standard():
    assert {one.number: one.name for one in air.classes()} == {n: str(w) for n, w in words_shown.CLASSES.items()}
    assert {one.number: one.everyone for one in air.classes()} == {n: str(w) for n, w in words_shown.ADVICE.items()}
    assert all(one.name.startswith(str(words_shown.SHORT_CLASSES[one.number])) for one in air.classes())


def test_words_of_stations_that_lie_together_do_not_cover_each_other():
    taken: list[tuple[float, float]] = []
    for _n in range(4):
        edge, level = maps._free(100.0, 150.0, taken)
        assert all(abs(edge - x) >= maps._LABEL or abs(level - y) >= maps._LINES for x, y in taken)
        taken.append((edge, level))
    # At the right edge the words stand on the left.
    assert maps._free(340.0, 150.0, [])[0] < 340 - maps._LABEL


def test_a_driver_is_answered_and_nothing_is_kept():
    episode(issued="2018-01-13 16:00", released="", expected_end=NOW + 24 * HOUR)
    visitor = Client(enforce_csrf_checks=True)
    asked = {"category": "载货", "fuel": "柴油", "plate": "鲁K12A4B", "place": "建成区内"}
    answer = visitor.post(reverse("open-pollution-vehicle"), asked)
    html = answer.content.decode()
    # At Ⅱ an even plate: not on the 15th, but on the 16th; on the 17th nothing is expected any more.
    assert "今天不可以上路" in html
    assert html.count('class="allow"') == 2
    assert answer["Cache-Control"] == "no-store, private"
    assert "sessionid" not in answer.cookies
    assert visitor.get(reverse("open-pollution-vehicle")).status_code == 200
