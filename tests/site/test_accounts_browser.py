"""The shell and the account pages in a real browser: by keyboard alone, without scripts, large, on a phone."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.auth.hashers import make_password
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts import demo
from luoshi.office.accounts.delegations import give_delegation
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.roles import Role
from luoshi.site.context import UNTIL
from tests.office.people import OFFICE, client_of, person
from tests.site.browsing import PHONE, complaints, faults, faults_in_every_size, followed, page_of, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "长椅-bench-四把-2019"


def head_and_clerk() -> tuple[User, User]:
    """Return a bureau's head and its clerk, who may act for her."""
    head, clerk = person("tou", (Role.LEADER, "finance")), person("jia", (Role.CLERK, "finance"))
    give_delegation(
        actor=standing(head).actor("test"),
        taker_login="jia",
        assignment_id=head.assignments.get().pk,
        valid_from=CLOCK.today(),
        valid_to=CLOCK.today() + datetime.timedelta(days=7),
        basis="授权书1号",
    )
    return head, clerk


def test_account_pages_pass_axe_and_fit_in_every_size_of_type(browser, live_server, settings):
    settings.DEMO = True
    demo.load_people()
    head, clerk = head_and_clerk()
    admin = person("guan", (Role.ADMINISTRATOR, OFFICE))
    asked = [(None, "/login/"), (None, "/keys/"), (client_of(clerk), "/account/"), (client_of(clerk), "/delegations/"),
             (client_of(clerk), "/system/roles/"), (client_of(clerk), "/design/"),
             (client_of(clerk), "/system/people/"),
             (client_of(admin), "/system/"), (client_of(admin), "/system/people/?q=测试"),
             (client_of(admin), f"/system/people/{head.pk}/"), (client_of(admin), "/account/password/")]  # fmt: skip
    wrong: list[str] = []
    for client, path in asked:
        page = page_of(browser, live_server, client)
        told = complaints(page)
        page.goto(live_server.url + path)
        wrong += [*faults_in_every_size(page, path), *told]
        page.context.close()
    assert wrong == []


def test_login_by_keyboard_alone_leads_back_to_the_page_asked_for(browser, live_server):
    user = person("jia", (Role.CLERK, "finance"))
    User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))
    page = page_of(browser, live_server, None)
    page.goto(f"{live_server.url}{reverse('account')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.get_by_label("账号").focus()
    page.keyboard.type("jia")
    page.keyboard.press("Tab")
    page.keyboard.type("falsch-falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("账号或口令不对")
    expect(page.get_by_label("账号")).to_have_value("jia")
    page.get_by_label("口令").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("我的账号")
    page.wait_for_load_state()
    page.locator(".ls-person > summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="退出登录")).to_be_hidden()
    expect(page.locator(".ls-person > summary")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="退出登录").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    page.context.close()


def test_acting_for_another_tints_the_bar_and_names_both(browser, live_server):
    _, clerk = head_and_clerk()
    page = page_of(browser, live_server, clerk)
    page.goto(f"{live_server.url}/delegations/")
    page.locator(".ls-person > summary").click()
    page.get_by_role("button", name=re.compile("^代 测试tou")).click()
    expect(page.locator("body.ls-acting")).to_have_count(1)
    expect(page.locator(".ls-person > summary")).to_contain_text("测试jia 代 测试tou")
    expect(page.locator("main")).to_contain_text("不能再转授")
    assert faults(page, "acting") == []
    page.locator(".ls-person > summary").click()
    page.get_by_role("button", name="回到本人身份").click()
    expect(page.locator("body.ls-acting")).to_have_count(0)
    page.context.close()


def test_end_of_the_login_is_told_and_one_key_goes_on(browser, live_server):
    client = client_of(person("jia", (Role.CLERK, "finance")))
    session = client.session
    session[UNTIL] = int(CLOCK.now().timestamp()) + 100
    session.save()
    page = page_of(browser, live_server, client)
    page.goto(f"{live_server.url}/account/")
    dialog = page.get_by_role("dialog", name="登录快到期了")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    expect(dialog.get_by_role("button", name=re.compile("继续使用"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    page.reload()
    expect(page.locator("html[data-session-left]")).to_have_count(1)
    assert int(page.locator("html").get_attribute("data-session-left")) > 20_000
    page.context.close()


def test_end_of_the_login_offers_another_window_and_keeps_what_was_typed(browser, live_server):
    client = client_of(person("jia", (Role.CLERK, "finance")))
    session = client.session
    session[UNTIL] = int(CLOCK.now().timestamp()) + 1000
    session.save()
    page = page_of(browser, live_server, client)
    page.clock.install()
    page.goto(f"{live_server.url}/account/")
    page.evaluate("document.querySelector('#f-label').value = '统计'")
    page.clock.fast_forward(1_001_000)
    expect(page.get_by_role("link", name="在新窗口登录")).to_be_visible()
    assert page.evaluate("document.querySelector('#f-label').value") == "统计"
    page.context.close()


def test_keys_are_listed_and_can_be_switched_off(browser, live_server):
    client = client_of(person("jia", (Role.CLERK, "finance")))
    page = page_of(browser, live_server, client)
    page.goto(f"{live_server.url}/account/")
    page.locator("h1").click()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="快捷键")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_label(re.compile("使用单键快捷键")).uncheck()
    followed(page.get_by_role("button", name="存下"))
    expect(page.locator("html[data-shortcuts=off]")).to_have_count(1)
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(dialog).to_be_hidden()
    page.keyboard.press("/")
    expect(page.locator("#ls-search")).not_to_be_focused()
    page.get_by_role("link", name="快捷键").click()
    expect(dialog).to_be_visible()
    page.context.close()


def test_phone_has_the_bar_of_the_role(browser, live_server):
    head, clerk = head_and_clerk()
    for user, words in ((head, ["今日", "签批", "督办", "找人"]), (clerk, ["工作台", "台账", "政策", "我"])):
        page = page_of(browser, live_server, user, PHONE)
        page.goto(f"{live_server.url}/account/")
        bar = page.get_by_role("navigation", name="常用位置")
        expect(bar.locator("li")).to_have_text(words)
        expect(page.get_by_role("navigation", name="主要位置")).to_be_hidden()
        page.context.close()


def test_large_type_has_three_steps_and_writes_are_hidden_on_another_day(browser, live_server):
    page = page_of(browser, live_server, person("jia", (Role.CLERK, "finance")))
    page.goto(f"{live_server.url}/delegations/")
    for size in ("[data-size=large]", "[data-size=largest]", ":not([data-size])"):
        page.locator(".ls-rail-end a").first.click()
        expect(page.locator(f"html{size}")).to_have_count(1)
    expect(page.get_by_role("button", name="授权代行")).to_be_visible()
    page.goto(f"{live_server.url}/delegations/?on=2018-03-08")
    expect(page.locator(".ls-stripe")).to_contain_text("2018年3月8日")
    expect(page.get_by_role("button", name="授权代行")).to_have_count(0)
    page.context.close()


def test_ticked_rows_bring_the_bar_of_acts(browser, live_server):
    page = page_of(browser, live_server, None)
    page.goto(f"{live_server.url}/design/")
    bar = page.locator(".ls-bulk")
    expect(bar).to_be_hidden()
    page.locator("[data-ls-tick]").first.check()
    expect(bar).to_contain_text("已选 1 条")
    page.locator("[data-ls-tick-all]").check()
    expect(bar).to_contain_text("已选 2 条")
    bar.get_by_role("button", name="取消选择").click()
    expect(bar).to_be_hidden()
    page.context.close()


def test_pages_work_without_scripts(browser, live_server, settings):
    settings.DEMO = True
    demo.load_people()
    page = page_of(browser, live_server, None, java_script_enabled=False)
    page.goto(f"{live_server.url}/login/?next=/account/")
    page.locator('button[value="caizheng1"]').click()
    expect(page.locator("h1")).to_have_text("我的账号")
    page.locator("#f-label").fill("统计")
    page.locator("#f-expires_on").fill((CLOCK.today() + datetime.timedelta(days=5)).isoformat())
    page.get_by_role("button", name="发一个令牌").click()
    expect(page.locator("main")).to_contain_text("只显示这一次")
    page.goto(f"{live_server.url}/design/")
    expect(page.locator(".ls-bulk")).to_be_visible()
    page.locator(".ls-unfold > summary").first.click()
    expect(page.locator(".ls-derivation").first).to_be_visible()
    page.context.close()
