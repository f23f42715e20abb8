"""A case in a real browser: opened, refused with what was typed, done by two hands, gone through again by keyboard."""

from __future__ import annotations

import datetime
import itertools
import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import User
from luoshi.office.cases.models import Case
from luoshi.office.roles import Role
from tests.office.cases_made import known_procedures, people
from tests.office.people import OFFICE, person
from tests.site.browsing import complaints, faults, followed, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


def test_a_case_from_opening_to_consent_and_its_replay(browser, live_server):
    who = {name: User.objects.get(pk=one.user_id) for name, one in people().items()}
    told: list[list[str]] = []
    wrong: list[str] = []

    def window(user):
        page = page_of(browser, live_server, user)
        told.append(complaints(page))
        return page

    applicant, officer, head = (window(who[name]) for name in ("applicant", "officer", "head"))
    applicant.goto(live_server.url + reverse("cases"))
    expect(applicant.get_by_text("现在没有轮到您办的")).to_be_visible()
    followed(applicant.get_by_role("link", name="立一件").first)
    followed(applicant.get_by_role("link", name="测试补偿"))
    wrong += faults(applicant, "opening form")
    applicant.get_by_label("办件名称").fill("测试甲家庭农场补偿")
    applicant.get_by_label("金额").fill("很多")
    applicant.get_by_role("button", name="立案").click()
    expect(applicant.get_by_role("alert")).to_contain_text("金额")
    expect(applicant.get_by_label("金额")).to_have_value("很多")
    applicant.get_by_label("金额").fill("97,300.00")
    applicant.get_by_role("button", name="立案").click()
    expect(applicant.get_by_role("status").first).to_contain_text("已立案")
    wrong += faults(applicant, "case of the applicant")

    CLOCK.advance(datetime.timedelta(minutes=7))
    # It is the officer's turn: on the desk, in the list, in the bar.
    officer.goto(live_server.url + reverse("desk"))
    expect(officer.get_by_role("heading", name="轮到我办的办件")).to_be_visible()
    wrong += faults(officer, "desk")
    officer.goto(live_server.url + reverse("cases"))
    wrong += faults(officer, "list")
    officer.get_by_role("link", name="测试甲家庭农场补偿").click()
    officer.get_by_role("link", name="出具审查意见").click()
    expect(officer.get_by_text("确认后会发生")).to_be_visible()
    wrong += faults(officer, "step form")
    officer.get_by_label("意见", exact=True).fill("与回单相符")
    officer.get_by_role("button", name="出具审查意见").click()
    expect(officer.get_by_role("status").first).to_contain_text("已“出具审查意见”")

    CLOCK.advance(datetime.timedelta(minutes=9))
    # The second hand finds both slots and consents.
    pk = Case.objects.get().pk
    head.goto(f"{live_server.url}/cases/{pk}/")
    expect(head.get_by_text("第二人").first).to_be_visible()
    wrong += faults(head, "two hands")
    head.get_by_role("button", name="同意", exact=True).click()
    expect(head.get_by_role("heading", name="同意")).to_be_visible()
    head.locator("#cs-act").get_by_role("button", name="同意", exact=True).click()
    expect(head.locator("#cs-state")).to_have_text("已通过")

    # The auditor goes back through the story by keyboard; the control keeps the focus.
    auditor = window(person("au", (Role.AUDITOR, "audit"), name="测试申"))
    auditor.goto(f"{live_server.url}/cases/{pk}/")
    expect(auditor.get_by_role("button", name=re.compile("同意|支付"))).to_have_count(0)
    auditor.get_by_role("link", name="回看经过").click()
    expect(auditor.get_by_text("您在看过去某一刻的情况")).to_be_visible()
    wrong += faults(auditor, "replay")
    slider = auditor.get_by_role("slider")
    slider.focus()
    auditor.keyboard.press("End")
    expect(auditor.locator("#cs-state")).to_have_text("已通过")
    expect(slider).to_be_focused()
    auditor.keyboard.press("Home")
    expect(auditor.locator("#cs-state")).to_have_text("审查")
    expect(auditor).to_have_url(re.compile("at="))
    assert [*wrong, *itertools.chain(*told)] == []
    for page in (applicant, officer, head, auditor):
        page.context.close()


def test_calendar_is_changed_by_two_hands(browser, live_server):
    wrong: list[str] = []
    first = page_of(browser, live_server, person("ar", (Role.ARCHIVIST, OFFICE), name="测试甲"))
    first.goto(live_server.url + reverse("calendar"))
    wrong += faults(first, "calendar")
    first.get_by_label("依据").fill("测试通知〔2018〕1号")
    first.get_by_label("放假的日子").fill("2018-09-21")
    first.get_by_role("button", name="先看会改什么").click()
    expect(first.get_by_text("1 天改了性质")).to_be_visible()
    wrong += faults(first, "look at a change")
    first.get_by_role("button", name="送另一人批准").click()
    expect(first.get_by_role("status").first).to_contain_text("等另一人批准")
    second = page_of(browser, live_server, person("su", (Role.SUPERVISOR, OFFICE), name="测试寅"))
    second.goto(live_server.url + reverse("calendar"))
    wrong += faults(second, "change to approve")
    second.get_by_role("button", name="批准，日历生效").click()
    expect(second.get_by_role("status").first).to_contain_text("已批准")
    expect(second.get_by_title("2018年9月21日，周五，节假日，后来改的")).to_be_visible()
    assert wrong == []
    for page in (first, second):
        page.context.close()
