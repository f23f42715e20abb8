"""The clerk's story in a real browser: proposed from a date, approved by a second person, shown by the calculator."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from luoshi.office.roles import Role
from tests.office.people import OFFICE, person
from tests.site.browsing import PHONE, faults, followed, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def calm(page: Page) -> None:
    """Assert that axe finds nothing and that the page fits its window, wide and on a phone."""
    assert faults(page) == []


def test_clerk_proposes_a_second_approves_and_the_calculator_shows_it(browser, live_server):
    clerk = page_of(browser, live_server, person("clerk", (Role.CLERK, OFFICE)))
    clerk.goto(live_server.url + reverse("parameters"))
    calm(clerk)
    followed(clerk.get_by_role("link", name="任职依据超过多少年标为陈旧"))
    calm(clerk)
    clerk.get_by_role("link", name="拟改").click()
    clerk.get_by_role("button", name="看后果").click()
    expect(clerk.get_by_role("alert")).to_contain_text("请填写新值")
    calm(clerk)
    clerk.get_by_label("新值（年）").fill("3")
    clerk.get_by_label("自哪一天起").fill("2098-01-01")
    clerk.get_by_label("依据 可不填").fill("测政发〔2026〕3号 二(一)")
    clerk.get_by_role("button", name="看后果").click()
    expect(clerk.get_by_text("2098年1月1日起的办理和试算按 3 年")).to_be_visible()
    calm(clerk)
    clerk.get_by_role("button", name="送另一人批准").click()
    expect(clerk.get_by_role("heading", name="待批准：改值")).to_be_visible()
    expect(clerk.get_by_role("button", name="批准，自2098年1月1日起执行")).to_have_count(0)
    calm(clerk)
    clerk.context.close()

    second = page_of(browser, live_server, person("second", (Role.REVIEWER, OFFICE)))
    second.goto(live_server.url + reverse("parameter", args=["organs", "stale_after"]))
    calm(second)
    second.get_by_role("button", name="批准，自2098年1月1日起执行").click()
    expect(second.get_by_role("cell", name="已批准 第 1 版")).to_be_visible()
    calm(second)
    second.context.close()

    visitor = page_of(browser, live_server, None)
    visitor.goto(live_server.url + reverse("calculators"))
    calm(visitor)
    followed(visitor.get_by_role("link", name="任职：某日某职务由谁担任"))
    calm(visitor)
    visitor.get_by_label("按哪一天的规定").fill("2098-06-01")
    visitor.get_by_label("机构").fill("市商务局")
    visitor.get_by_label("职务").fill("局长")
    visitor.get_by_role("button", name="计算").click()
    answer = visitor.get_by_role("region", name="结果")
    expect(answer).to_contain_text("3 年")
    expect(answer).to_contain_text("2098年1月1日起")
    expect(answer).to_contain_text("测政发〔2026〕3号")
    calm(visitor)
    visitor.get_by_text("看回执，重新计算并比对").click()
    visitor.get_by_role("button", name="重新计算并比对").click()
    expect(visitor.get_by_role("heading", name="结果相同")).to_be_visible()
    calm(visitor)
    visitor.context.close()


def test_calculator_works_without_scripts(browser, live_server):
    page = page_of(browser, live_server, None, PHONE, java_script_enabled=False)
    page.goto(live_server.url + reverse("calculator", args=["calendar.limit"]))
    page.get_by_label("期限的文字").fill("10 working days")
    page.get_by_label("起算的事件").fill("2018-09-20")
    page.get_by_role("button", name="计算").click()
    expect(page.get_by_role("region", name="结果")).to_contain_text("2018年10月10日 24:00")
    page.context.close()
