"""The main path in a browser: the day's forecast comes, the warning goes out, a driver asks, an auditor replays."""

from __future__ import annotations

import datetime
import itertools
import re

import pytest
from django.urls import reverse
from lxml import etree
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.cases.models import Case
from luoshi.office.roles import Role
from luoshi.programmes.heavy_pollution import cap, publication, scenes
from luoshi.programmes.heavy_pollution.models import (
    CapMessage,
    ConstructionSite,
    Enterprise,
    PollutionWarning,
    School,
    VehicleScheme,
)
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import client_of, person
from tests.site.browsing import (
    PHONE,
    WIDE,
    complaints,
    faults,
    page_of,
    sized,
    too_wide,
    violations,
)

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime.datetime(2018, 1, 12, 9, tzinfo=SHANGHAI)
FORECAST = "日期,AQI\n2018-01-12,120\n2018-01-13,140\n2018-01-14,220\n2018-01-15,315\n2018-01-16,240\n2018-01-17,110\n"
LOOKED_AT = ("会商提出建议", "签发")
"""Forms that are looked at: the one with most fields, and the one signed on a phone."""
PEOPLE = {
    "forecaster": (Role.CLERK, "environment"), "weather": (Role.CLERK, "weather"),
    "officer": (Role.CLERK, "air-command"), "director": (Role.REVIEWER, "air-command"),
    "commander": (Role.LEADER, "air-command"),
    "committee": (Role.LEADER, "emergency-commission"), "auditor": (Role.AUDITOR, "audit"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def morning():
    load_decisions()
    load_programmes()
    publication.drop()
    CLOCK.set(NOW)
    scenes.measured(None, None, {"hours": [[48, 90]]})
    Enterprise.objects.create(credit_code="913710830000000195", name="测试橡胶厂", town="xiacun", sector="rubber",
                              list_year=2018, lat="36.90", lon="121.52")  # fmt: skip
    ConstructionSite.objects.create(code="GD-1", name="测试工地", kind="building", town="xiacun", lat="36.91",
                                    lon="121.50")  # fmt: skip
    School.objects.create(code="XX-1", name="测试学校", stage="primary", town="xiacun")
    VehicleScheme.objects.create(
        effective_from=datetime.date(2018, 1, 8), signed_by="测试丙",
        area=[[36.88, 121.48], [36.88, 121.58], [36.95, 121.58], [36.95, 121.48], [36.88, 121.48]],
    )  # fmt: skip
    yield
    publication.drop()
    CLOCK.release()


class Story:
    """Windows of the people of the story, what their scripts complained of, and what was wrong with pages."""

    def __init__(self, browser, url):
        self.browser, self.url, self.wrong, self.told, self.pages = browser, str(url), [], [], []
        self.phones = []
        # Before any page is open: nobody else writes then.
        self.clients = {key: client_of(person(key, held, name=f"测试{key}")) for key, held in PEOPLE.items()}

    def window(self, key, **options):
        page = page_of(self.browser, self.url, self.clients[key] if key else None, **options)
        self.told.append(complaints(page))
        self.pages.append(page)
        if options.get("width") == PHONE:
            self.phones.append(page.context)
        return page

    def at(self, page, name, *, both=False):
        """Look at a page as its reader has it, `both`: wide and on a phone; it fits at every width."""
        self.wrong += faults(page, name) if both else self._narrow(page, name)
        sized(page, self._width(page))

    def _narrow(self, page, name):
        found = too_wide(page, name)
        sized(page, self._width(page))
        return found + [f"{name}: {fault}" for fault in violations(page)]

    def _width(self, page):
        return PHONE if page.context in self.phones else WIDE

    def form_at(self, page, name):
        """Look at a form in a window as high as it is: what can be scrolled clear of the bar is not hidden by it."""
        self.wrong += too_wide(page, name)
        page.set_viewport_size({"width": self._width(page), "height": 3000})
        self.wrong += [f"{name}: {fault}" for fault in violations(page)]
        sized(page, self._width(page))

    def step(self, page, case, title, **typed):
        """Take the step `title` on the case's page, from its button to its form."""
        CLOCK.advance(datetime.timedelta(minutes=10))
        page.goto(f"{self.url}/cases/{case}/")
        form = page.locator("#cs-act")
        if form.count() == 0 or form.get_by_role("heading", name=title, exact=True).count() == 0:
            page.get_by_role("link", name=title, exact=True).or_(
                page.get_by_role("button", name=title, exact=True)
            ).first.click()
        expect(form.get_by_role("heading", name=title, exact=True)).to_be_visible()
        if title in LOOKED_AT:
            self.form_at(page, f"form of {title}")
        for label, value in typed.items():
            field = form.get_by_label(label)
            if field.evaluate("one => one.tagName") == "SELECT":
                field.select_option(label=value)
            else:
                field.fill(value)
        form.get_by_role("button", name=title, exact=True).click()
        expect(page.get_by_role("status").first).to_be_visible()


def test_from_the_days_forecast_to_the_replay(browser, live_server):
    story = Story(browser, live_server)
    # 1. The forecaster brings the day's forecast.
    forecaster = story.window("forecaster")
    forecaster.goto(story.url + reverse("pollution-air"))
    story.at(forecaster, "air")
    box = forecaster.locator("form", has=forecaster.get_by_role("button", name="导入预报"))
    box.get_by_label("文件").set_input_files(
        {"name": "forecast.csv", "mimeType": "text/csv", "buffer": FORECAST.encode()}
    )
    box.get_by_label("发布单位").select_option("rushan_environment")
    box.get_by_label("发布时间").fill("2018-01-12T08:30")
    box.get_by_role("button", name="导入预报").click()
    expect(forecaster.get_by_role("status").first).to_contain_text("已接收 6 个时段的预报")

    # 2. The board says the grade, why, and by which clause.
    forecaster.goto(story.url + reverse("pollution"))
    graded = forecaster.locator("section", has=forecaster.get_by_role("heading", name="系统定级"))
    expect(graded).to_contain_text("橙色")
    expect(graded.locator(".ls-cite").filter(has_text="3.1.3(3)").first).to_be_visible()

    # 3. Both bureaus hold the consultation.
    forecaster.get_by_role("button", name="开会商").click()
    expect(forecaster.get_by_role("heading", name="各家预报")).to_be_visible()
    forecaster.get_by_label("会商记录").fill("静稳天气持续，扩散条件不利。")
    forecaster.get_by_role("button", name="采用并定级").click()
    expect(forecaster.get_by_text("最高日均")).to_be_visible()
    story.at(forecaster, "consultation graded", both=True)
    case = Case.objects.get(procedure="heavy_pollution.approval").pk
    story.step(forecaster, case, "会商提出建议", 建议等级="橙色")
    assert Case.objects.get(pk=case).state == "consulting"
    weather = story.window("weather")
    story.step(weather, case, "会商提出建议", 建议等级="橙色")
    assert Case.objects.get(pk=case).state == "proposed"

    # 4. Confirmed, submitted, consented; signed on a phone; issued.
    story.step(story.window("director"), case, "确认会商结果")
    officer = story.window("officer")
    story.step(officer, case, "报请市应急委")
    story.step(story.window("committee"), case, "同意", 同意的等级="橙色")
    commander = story.window("commander", width=PHONE, has_touch=True)
    story.step(commander, case, "签发")
    assert Case.objects.get(pk=case).state == "signed"
    story.step(officer, case, "发布")
    warning = PollutionWarning.objects.get()
    assert (warning.colour, warning.case.number, warning.live) == ("orange", "RSZWR-2018-001", True)

    officer.goto(story.url + reverse("pollution"))
    expect(officer.locator(".hp-band")).to_contain_text("橙色预警")
    story.at(officer, "board under the warning", both=True)
    for name in ("pollution-tasks", "pollution-duties", "pollution-simulator"):
        officer.goto(story.url + reverse(name))
        story.at(officer, name)

    # 5. Everybody sees it: page, feed, CAP; a driver asks.
    visitor = story.window("", width=PHONE)
    visitor.goto(story.url + reverse("open-pollution"))
    expect(visitor.locator(".now")).to_contain_text("橙色预警")
    expect(visitor.locator(".now")).to_contain_text("RSZWR-2018-001")
    story.at(visitor, "public page", both=True)
    feed = etree.fromstring(visitor.request.get(story.url + reverse("open-pollution-feed")).body())
    (href,) = feed.xpath("//*[local-name()='entry']/*[local-name()='id']/text()")
    message = cap.read(visitor.request.get(href).body())
    assert message.findtext("{*}identifier") == CapMessage.objects.get().identifier
    CLOCK.set(NOW.replace(day=14))
    visitor.goto(story.url + reverse("open-pollution"))
    visitor.locator("label", has_text="货车").click()
    visitor.get_by_label("车牌号").fill("鲁K12A4B")
    visitor.get_by_role("button", name="看能不能上路").click()
    # An even plate on the 14th: yes; on the 15th: no.
    expect(visitor.get_by_role("status")).to_contain_text("今天可以上路")
    expect(visitor.get_by_role("status").locator("li", has_text="明天")).to_contain_text("不可以")
    assert "12A4B" not in visitor.url
    story.at(visitor, "driver's answer")
    for name in ("open-pollution-firms", "open-pollution-plans", "open-pollution-report"):
        visitor.goto(story.url + reverse(name))
        story.at(visitor, name)

    # 6. The auditor goes through it again, and changes nothing.
    auditor = story.window("auditor")
    auditor.goto(f"{story.url}{reverse('pollution-replay', args=[warning.pk])}?at=2018-01-12T09:00")
    expect(auditor.locator(".hp-band")).to_contain_text("没有预警")
    story.at(auditor, "replay")
    slider = auditor.get_by_role("slider")
    slider.focus()
    auditor.keyboard.press("End")
    expect(auditor.locator(".hp-band")).to_contain_text("橙色预警")
    expect(slider).to_be_focused()
    auditor.goto(f"{story.url}/cases/{case}/")
    expect(auditor.get_by_role("button", name=re.compile("签发|发布"))).to_have_count(0)
    auditor.get_by_role("link", name="回看经过").click()
    expect(auditor.get_by_text("您在看过去某一刻的情况")).to_be_visible()
    story.at(auditor, "replay of the case")

    assert [*story.wrong, *itertools.chain(*story.told)] == []
    for page in story.pages:
        page.context.close()
