"""Indicators on pages, by API and by command."""

from __future__ import annotations

import datetime
import json
import re
from fractions import Fraction

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts import credentials
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.indicators import actions
from luoshi.office.indicators.models import Measurement
from luoshi.office.roles import Role
from luoshi.site import charts
from luoshi.site.commands import indicators as commands
from tests.office.indicators.trial import OTHER, OWNER, PEAK, TOWN, came
from tests.office.people import client_of, person

ANYBODY = Actor.system("测试甲", "test")
DAY = datetime.date


@pytest.fixture
def clerk(counted):
    return client_of(person("hb", (Role.CLERK, OWNER)))


@pytest.fixture
def measured(counted):
    came(DAY(2019, 1, 5), TOWN, 4)
    came(DAY(2019, 1, 6), OTHER, 1, in_time=False)
    came(DAY(2019, 2, 6), TOWN, 3)
    actions.compute(actor=ANYBODY, indicator=counted, first=DAY(2018, 12, 1), last=DAY(2019, 3, 4))
    actions.compute(actor=ANYBODY, indicator=PEAK, first=DAY(2019, 1, 1), last=DAY(2019, 2, 28))
    return counted


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def page(**query):
    address = reverse("indicator", args=["trial.on_time"])
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def row_of(answer, title):
    rows = re.findall(r"<tr>.*?</tr>", answer.content.decode(), re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", next(row for row in rows if f">{title}<" in row)))


def test_index_holds_the_newest_figure_with_data_against_its_target(clerk, measured):
    answer = clerk.get(reverse("indicators"))
    row = row_of(answer, "按时报送率")
    for words in ("达到", "≥ 90 %", "100.00", "2019年2月", "比上期升 20 个百分点", "市环境保护局"):
        assert words in row
    assert "无数据" in row_of(answer, "最高日均值")
    assert "还没有测算" in row_of(answer, "提前量")
    assert "按时报送率" in text_of(clerk.get(reverse("indicators") + "?verdict=met&p=trial"))
    assert "按时报送率" not in text_of(clerk.get(reverse("indicators") + "?verdict=not_met&p=trial"))
    assert "没有这样的指标" in text_of(clerk.get(reverse("indicators") + "?owner=finance&p=trial"))


def test_index_costs_the_same_queries_for_many_indicators(clerk, measured):
    from dataclasses import replace

    from django.db import connection

    from luoshi.office.indicators import declaration

    def count():
        seen = []
        with connection.execute_wrapper(lambda run, *given: (seen.append(1), run(*given))[1]):
            clerk.get(reverse("indicators"))
        return len(seen)

    count()
    one = count()
    keys = [f"trial.more{number}" for number in range(20)]
    try:
        for key in keys:
            actions.compute(actor=ANYBODY, indicator=declaration.register(replace(measured, key=key)),
                            first=DAY(2019, 1, 1), last=DAY(2019, 2, 1))  # fmt: skip
        assert count() == one
    finally:
        for key in keys:
            declaration._INDICATORS.pop(key, None)


def test_one_indicator_shows_line_places_parts_and_table(clerk, measured):
    answer = clerk.get(page(period="2019-01"))
    said = text_of(answer)
    for words in (
        "80.00",
        "未达到",
        "差 10",
        "按时报送",
        "应报送",
        "育黎镇",
        "崖子镇",
        "按时报送 ÷ 应报送",
        "同数据表格",
        "2018年12月",
    ):
        assert words in said
    svg = re.search(r'<svg class="ls-chart".*?</svg>', answer.content.decode(), re.S)[0]
    assert "2019年1月 80.00" in svg
    assert svg.count("<circle") == 2
    assert "≥ 90 %" in svg
    town = text_of(clerk.get(page(place=TOWN)))
    assert "育黎镇逐期" in town
    quarter = text_of(clerk.get(page(kind="quarter")))
    assert "2019年一季度" in quarter
    assert "87.50" in quarter
    assert "进行中" in quarter


def test_running_period_has_not_failed_yet(clerk, counted):
    came(DAY(2019, 3, 1), TOWN, 1, in_time=False)
    actions.compute(actor=ANYBODY, indicator=counted, first=DAY(2019, 3, 1), last=DAY(2019, 3, 4))
    assert "还没有达到" in text_of(clerk.get(page()))


def test_figure_of_another_day_is_as_it_was_known(clerk, measured):
    CLOCK.advance(datetime.timedelta(days=2))
    came(DAY(2019, 2, 7), TOWN, 7, in_time=False)
    actions.compute(actor=ANYBODY, indicator=measured, first=DAY(2019, 2, 1), last=DAY(2019, 2, 28))
    assert "30.00" in text_of(clerk.get(page(period="2019-02")))
    assert "这一期测算过几次" in text_of(clerk.get(page(period="2019-02")))
    then = text_of(clerk.get(page(period="2019-02", on="2019-03-05")))
    assert "30.00" not in then
    assert "重新测算" not in then


def test_records_behind_a_figure(clerk, measured):
    href = reverse("indicator-behind", args=["trial.on_time"])
    assert (
        f"{href}?period=2019-01&amp;kind=month&amp;place=&amp;part=denominator"
        in clerk.get(page(period="2019-01")).content.decode()
    )
    said = text_of(clerk.get(f"{href}?period=2019-01&part=denominator"))
    assert "5 条" in said
    assert "迟报" in said
    assert "没有您能看的记录" in text_of(clerk.get(f"{href}?period=2019-01&part=numerator&place={OTHER}"))
    for wrong in ("part=middle&period=2019-01", "part=numerator&period=2019-99"):
        assert clerk.get(f"{href}?{wrong}").status_code == 422
    came(DAY(2019, 1, 7), TOWN, 60)
    second = text_of(clerk.get(f"{href}?period=2019-01&part=denominator&after=50"))
    assert "第 51–65 条" in second


def test_who_may_see_and_measure(measured):
    assert Client().get(reverse("indicators")).status_code == 302
    assert client_of(person("gl", (Role.ADMINISTRATOR, OWNER))).get(reverse("indicators")).status_code == 403
    other = client_of(person("cz", (Role.CLERK, "finance")))
    assert other.get(page()).status_code == 200
    address = reverse("indicator-compute", args=["trial.on_time"])
    assert other.post(address).status_code == 403
    mine = client_of(person("hb", (Role.CLERK, OWNER)))
    before = Measurement.objects.count()
    came(DAY(2019, 2, 8), TOWN, 1, in_time=False)
    assert mine.post(address, {"first": "2019-02-01", "last": "2019-02-28"}).status_code == 303
    assert Measurement.objects.count() == before + 2
    assert mine.get("/indicators/no.such/").status_code == 404


def test_place_stands_in_the_rail(clerk, measured):
    html = clerk.get(reverse("indicators")).content.decode()
    rail = html.split('class="ls-rail"')[1].split("</nav>")[0]
    assert 'href="/indicators/" aria-current="page"' in rail


# --- API and command --------------------------------------------------------------------------------------------------


@pytest.fixture
def call(counted):
    user = person("api", (Role.CLERK, OWNER))
    until = CLOCK.today() + datetime.timedelta(days=2)
    _, token = credentials.give_token(actor=standing(user).actor("test"), label="t", expires_on=until)

    def send(path, body=None):
        headers = {"Authorization": f"Bearer {token}"}
        method = "POST" if body is not None else "GET"
        address = f"/api/v1/indicators{path}"
        answer = Client().generic(method, address, json.dumps(body or {}), "application/json", headers=headers)
        return answer.status_code, json.loads(answer.content)

    return send


def test_api_gives_exact_figures(call, measured):
    one = next(row for row in call("")[1] if row["key"] == "trial.on_time")
    assert (one["latest"]["period"], one["latest"]["verdict"]) == ("2019-02", "met")
    series = call("/trial.on_time/series")[1]
    january = next(row for row in series if row["period"] == "2019-01")
    assert (january["numerator"], january["denominator"], january["value"], january["exact"], january["target"]) == (
        "4", "5", "80.00", "80", "90",
    )  # fmt: skip
    assert [row["verdict"] for row in series] == ["no_data", "not_met", "met", "no_data"]
    quarter = call("/trial.on_time/series?kind=quarter")[1][-1]
    assert (quarter["value"], quarter["parts"], quarter["of"]) == ("87.50", 3, 3)
    places = call("/trial.on_time/places?period=2019-01")[1]
    assert [(row["place"], row["value"]) for row in places] == [(TOWN, "100.00"), (OTHER, "0.00")]
    assert len(call("/trial.on_time/behind?period=2019-01&part=denominator")[1]) == 5
    assert call("/trial.on_time/places?period=2019-13")[0] == 422
    assert call("/no.such")[0] == 404
    came(DAY(2019, 1, 9), TOWN)
    done = call("/trial.on_time/compute", {"first": "2019-01-01", "last": "2019-01-31"})
    assert done == (200, {"periods": 1, "figures": 3, "new": 0, "changed": 2})


def run(*arguments):
    return CliRunner().invoke(commands.command, list(arguments), catch_exceptions=False)


def test_command_measures_and_shows(counted):
    came(DAY(2019, 1, 5), TOWN, 4)
    done = json.loads(run("compute", "trial.on_time", "--from", "2019-01-01", "--to", "2019-01-31").stdout)
    assert done == [{"key": "trial.on_time", "periods": 1, "figures": 3, "new": 3, "changed": 0}]
    assert json.loads(run("show", "trial.on_time").stdout)[0]["value"] == "100.00"
    places = json.loads(run("show", "trial.on_time", "--period", "2019-01").stdout)
    assert [(row["place"], row["verdict"]) for row in places] == [(TOWN, "met"), (OTHER, "no_data")]
    listed = json.loads(run("list", "--programme", "trial").stdout)
    assert [row["verdict"] for row in listed] == ["met", "no_data", "no_data"]
    assert json.loads(run("show", "no.such").stderr)["code"] == "E_NOT_FOUND"


# --- the drawing ------------------------------------------------------------------------------------------------------


def test_line_is_broken_where_nothing_was_measured_and_starts_at_zero():
    points = [
        charts.Point("1", Fraction(50), "50.00 %", Fraction(90)),
        charts.Point("2", None, "", Fraction(90)),
        charts.Point("3", Fraction(100), "100.00 %", Fraction(95)),
    ]
    drawn = str(charts.line(points, finding="一句话", target_words="≥ 95 %", ceiling=Fraction(100)))
    path = re.search(r'<path d="([^"]+)" fill="none" stroke="#126374"', drawn)[1]
    assert path.count("M") == 2
    assert "L" not in path
    assert 'role="img" aria-label="一句话"' in drawn
    assert ">100.00 %</text>" in drawn
    assert re.findall(r">(\d+)</text>", drawn)[:5] == ["0", "25", "50", "75", "100"]
    assert "≥ 95 %" in drawn
    assert re.search(r">0</text>", drawn)


def test_drawing_escapes_what_it_is_given():
    drawn = str(charts.line([charts.Point("<b>", Fraction(1), "<i>")], finding='"><script>'))
    assert "<b>" not in drawn
    assert "<i>" not in drawn
    assert "<script>" not in drawn
