"""The archivist's day in a real browser: confirm by keys, split, leave in doubt, the second person, a later import."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments import queries, review_queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Review
from luoshi.office.roles import Role
from tests.office.people import OFFICE, person
from tests.office.sample import GAZETTE
from tests.site.browsing import faults, followed, page_of, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEY = "测政办发〔2019〕7号"
CORRECTED = GAZETTE.replace("完好率达到95%以上", "完好率达到96%以上")


def archivist(browser: Browser, server, login: str, **options) -> Page:
    """Return a page of an archivist."""
    return page_of(browser, server, person(login, (Role.ARCHIVIST, OFFICE)), **options)


def items(clause: str, kind: str = ""):
    found = review_queries.items(queries.instrument(KEY))
    return [one for one in found if one.clause == clause and kind in ("", one.kind)]


def states(clause: str) -> list[str]:
    return [one.state for one in items(clause)]


def taken(text: str, name: str) -> None:
    import_gazette(text, actor=Actor.system("测试程序", "test"), filename=name)


def test_the_archivists_day(live_server, browser):
    taken(GAZETTE, "一期.txt")
    page = first = archivist(browser, live_server, "甲")
    review = live_server.url + reverse("review", args=[KEY])
    page.goto(f"{review}?clause=二/(一)")

    # Confirmed by keyboard: the card says so, and the next open record is in hand.
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("[data-ls-card]").first).to_contain_text("已确认")
    expect(page.locator("#rv-progress")).to_contain_text("已核 1 /")
    expect(page.locator("[data-ls-card]").nth(1)).to_be_focused()
    assert states("二/(一)")[0] == "confirmed"

    # Undone by U, split by S.
    page.keyboard.press("k")
    page.keyboard.press("u")
    expect(page.locator("#rv-progress")).to_contain_text("已核 0 /")
    page.keyboard.press("s")
    card = page.locator("[data-ls-card]").first
    card.locator("[data-ls-split] input[name='0-summary']").fill("登记长椅")
    card.locator("[data-ls-split] input[name='1-summary']").fill("给长椅编号")
    card.locator("[data-ls-split] input[name='1-lead']").fill("市财政局")
    card.locator("[data-ls-split] input[name='1-cooperating']").fill("市住建局")
    card.get_by_role("button", name="拆成两条，等第二人").click()
    expect(page.locator("[data-ls-card]").first).to_have_attribute("data-state", "split")
    assert states("二/(一)")[0] == "split"

    # Another is left in doubt; letters typed into a field are no keys.
    page.goto(f"{review}?clause=二/(二)")
    page.locator("#ls-search").fill("x u e")
    page.locator("[data-ls-card]").first.focus()
    page.keyboard.press("?")
    expect(page.locator("[data-ls-card]").first).to_have_attribute("data-state", "doubtful")
    assert states("二/(二)")[0] == "doubtful"
    assert not Duty.objects.filter(summary="给长椅编号").exists()

    # Everything else is confirmed and sent.
    for one in review_queries.items(queries.instrument(KEY)):
        if one.open:
            page.goto(f"{review}?clause={one.clause or 'head'}&r={one.anchor}#r-{one.anchor}")
            page.locator(f"[id='r-{one.anchor}'] [data-ls-act=confirm]").click()
            expect(page.locator(f"[id='r-{one.anchor}']")).to_contain_text("已确认")
    page.get_by_role("button", name="送第二人确认").click()
    expect(page.locator("h1")).to_contain_text("第二人确认")
    assert violations(page) == []

    # The second person ticks the split, settles the doubt, signs.
    page = other = archivist(browser, live_server, "乙")
    page.goto(live_server.url + reverse("review-second", args=[KEY]))
    assert violations(page) == []
    followed(page.get_by_role("button", name="按所选定读"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="签字").click()
    expect(page.locator("#rv-progress")).to_contain_text("已核")
    assert Review.objects.get().stage == "done"
    duties = set(Duty.objects.filter(is_current=True).values_list("summary", flat=True))
    assert {"登记长椅", "给长椅编号"} <= duties

    # A corrected file keeps all of it; only what changed is open.
    taken(CORRECTED, "更正.txt")
    assert set(Duty.objects.filter(is_current=True).values_list("summary", flat=True)) == duties
    assert Duty.objects.get(is_current=True, summary="给长椅编号").organs.get(leads=True).name == "市财政局"
    assert states("二/(一)")[0] == "split"
    page.goto(live_server.url + reverse("review-queue"))
    expect(page.locator("main")).to_contain_text("在核")
    assert {one.clause for one in review_queries.items(queries.instrument(KEY)) if one.open} == {"一"}
    first.context.close()
    other.context.close()


def test_review_pages_have_no_serious_fault_and_do_not_overflow(live_server, browser):
    taken(GAZETTE, "一期.txt")
    page, wrong = archivist(browser, live_server, "甲"), []
    for address in (
        reverse("review", args=[KEY]),
        reverse("review", args=[KEY]) + "?clause=二/(一)&text=raw&only=open",
        reverse("review-second", args=[KEY]),
        reverse("review-queue"),
        reverse("search") + "?q=长椅",
        reverse("search") + "?q=无此词语",
        reverse("instrument", args=[KEY]) + "?tab=versions",
    ):
        page.goto(live_server.url + address)
        wrong += faults(page, address)
    page.context.close()
    assert wrong == []


def test_the_review_works_without_scripts(live_server, browser):
    taken(GAZETTE, "一期.txt")
    page = archivist(browser, live_server, "甲", java_script_enabled=False)
    page.goto(live_server.url + reverse("review", args=[KEY]) + "?clause=二/(一)")
    card = page.locator("[data-ls-card]").first
    card.locator("[data-ls-act=confirm]").click()
    expect(card).to_have_attribute("data-state", "confirmed")
    expect(page).to_have_url(re.compile("clause="))
    assert states("二/(一)")[0] == "confirmed"
    card.locator("[data-ls-act=undo]").click()
    expect(card).to_have_attribute("data-state", "open")
    assert states("二/(一)")[0] == "open"
    page.context.close()


def test_the_first_hit_opens_with_enter(live_server, browser):
    taken(GAZETTE, "一期.txt")
    page = archivist(browser, live_server, "甲")
    page.goto(live_server.url + reverse("search") + "?q=7号 二(一)")
    page.keyboard.press("Enter")
    page.wait_for_url("**/instruments/**")
    expect(page.locator("main")).to_contain_text("逐把登记")
    page.context.close()
