"""The clerk's day and the reviewer's in a real browser: owed, reported, returned, handed in again, crossed off."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.office.accounts.models import User
from luoshi.office.duties.matter_models import Evidence, Matter
from luoshi.office.roles import Role
from tests.office.people import OFFICE, person
from tests.site import matters_made as made
from tests.site.browsing import complaints, faults, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLES = ("audit_auditentry", "audit_auditseal", "duties_matterevent")
WORDS = "各镇区街边长椅已逐把登记编号，登记册已交档案馆。"


@pytest.fixture
def people() -> dict[str, User]:
    """A clerk of the finance bureau and a supervision clerk of the Government Office."""
    return {
        "clerk": person("clerk", (Role.CLERK, "finance"), name="测试丙"),
        "sup": person("sup", (Role.SUPERVISOR, OFFICE), name="测试庚"),
    }


def test_clerk_reports_and_the_reviewer_returns_then_crosses_off(browser, live_server, people):
    made.matter("登记街边长椅", due=3, state="in_progress", coop=("audit",), basis="测政发〔2019〕2号 第三条")
    made.matter("逾期的事", due=-3, state="in_progress")
    clerk, sup = (page_of(browser, live_server, people[who]) for who in ("clerk", "sup"))
    told, wrong = [complaints(page) for page in (clerk, sup)], []

    # The desk says what is owed; what is overdue is red by itself.
    clerk.goto(live_server.url + reverse("desk"))
    expect(clerk.locator("#desk-overdue")).to_contain_text("逾期的事")
    expect(clerk.locator("#desk-overdue")).to_contain_text("红 逾期")
    wrong += faults(clerk, "desk")
    clerk.get_by_role("link", name="登记街边长椅").first.click()

    # A report that is refused keeps what was typed; then it is taken, with a file.
    clerk.get_by_role("link", name="填报进展").click()
    expect(clerk.get_by_role("heading", name="填报进展").first).to_be_visible()
    wrong += faults(clerk, "report form")
    clerk.get_by_label("完成比例（%）").fill("120")
    clerk.get_by_label("进展情况").fill(WORDS)
    clerk.get_by_role("button", name="存下这次进展").click()
    expect(clerk.get_by_role("alert")).to_contain_text("0到100")
    expect(clerk.get_by_label("进展情况")).to_have_value(WORDS)
    wrong += faults(clerk, "refused form")
    clerk.get_by_label("完成比例（%）").fill("100")
    clerk.get_by_label(re.compile("证据文件")).set_input_files(
        {"name": "登记册.txt", "mimeType": "text/plain", "buffer": "一号到九十九号".encode()}
    )
    clerk.get_by_role("button", name="存下这次进展").click()
    expect(clerk.get_by_role("status").first).to_contain_text("进展已存")
    expect(clerk.get_by_role("link", name="登记册.txt")).to_be_visible()
    wrong += faults(clerk, "matter with evidence")
    clerk.get_by_role("link", name="送核验", exact=True).click()
    expect(clerk.get_by_text("是否按期以现在收到的时刻为准")).to_be_visible()
    clerk.get_by_role("button", name="送市政府办督查核验").click()
    expect(clerk.get_by_role("status").first).to_contain_text("已送市政府办督查核验")

    # The reviewer finds it on the desk, reads, returns it.
    sup.goto(live_server.url + reverse("desk"))
    wrong += faults(sup, "reviewer's desk")
    sup.get_by_role("link", name="登记街边长椅").first.click()
    expect(sup.get_by_text("第二人").first).to_be_visible()
    wrong += faults(sup, "matter to check")
    with sup.expect_download() as download:
        sup.get_by_role("link", name="登记册.txt").click()
    assert download.value.suggested_filename == "登记册.txt"
    sup.get_by_role("button", name="退回（写理由）").click()
    sup.get_by_label("退回理由").fill("缺各镇区签收单")
    sup.get_by_role("button", name="退回办理人").click()
    expect(sup.get_by_role("status").first).to_contain_text("已退回")

    # The clerk sees the reason, adds the file, hands in again.
    clerk.goto(live_server.url + reverse("desk"))
    clerk.get_by_role("link", name="登记街边长椅").first.click()
    expect(clerk.get_by_text("缺各镇区签收单").first).to_be_visible()
    clerk.get_by_role("link", name="填报进展").click()
    clerk.get_by_label("完成比例（%）").fill("100")
    clerk.get_by_label("进展情况").fill(WORDS + "签收单已补齐。")
    clerk.get_by_label(re.compile("证据文件")).set_input_files(
        {"name": "签收单.txt", "mimeType": "text/plain", "buffer": "十七个镇区都已签收".encode()}
    )
    clerk.get_by_role("button", name="存下并送核验").click()
    expect(clerk.get_by_role("status").first).to_contain_text("并已送市政府办督查核验")

    # The reviewer accepts and crosses it off; nobody without having read.
    sup.goto(sup.url.partition("?")[0])
    sup.get_by_role("button", name="接受并销号").click()
    expect(sup.get_by_text("确认后会发生")).to_be_visible()
    wrong += faults(sup, "cross off")
    sup.get_by_role("button", name="接受并销号").click()
    expect(sup.get_by_role("alert")).to_contain_text("已看过")
    sup.get_by_label(re.compile("证据已看过")).check()
    sup.get_by_role("button", name="接受并销号").click()
    expect(sup.get_by_role("status").first).to_contain_text("已核验销号")
    expect(sup.locator("h1 + span + span")).to_have_text("销号")
    wrong += faults(sup, "crossed off")
    assert Matter.objects.get(title="登记街边长椅").state == "crossed_off"
    assert Evidence.objects.count() == 2
    clerk.context.close()
    sup.context.close()
    assert [*wrong, *told[0], *told[1]] == []


def test_reviewer_narrows_the_ledger_ticks_across_pages_and_reminds(browser, live_server, people):
    for number in range(45):
        made.matter(f"事项{number:02}", due=number // 8, state="in_progress", holder=people["clerk"])
    made.measured(title="量得出的", due=9)
    page = page_of(browser, live_server, people["sup"])
    wrong = complaints(page)
    page.goto(live_server.url + reverse("duties"))
    wrong += faults(page, "ledger")
    bar = page.locator("[data-ls-bulk]")
    expect(bar).to_be_hidden()
    page.get_by_label("事项00").check()
    expect(bar).to_contain_text("已选 1 条")
    page.get_by_role("link", name="下一页").click()
    expect(page.get_by_label("事项40")).to_be_visible()
    expect(bar).to_contain_text("跨页 1 条")
    page.get_by_label("事项40").check()
    expect(bar).to_contain_text("已选 2 条，跨页 1 条")
    page.get_by_role("link", name="上一页").click()
    expect(page.get_by_label("事项00")).to_be_checked()
    wrong += faults(page, "ledger with ticked rows")
    page.get_by_role("button", name="催办").click()
    expect(page.get_by_role("heading", name="将催办这 2 件")).to_be_visible()
    wrong += faults(page, "reminding")
    page.get_by_label(re.compile("催办时说的话")).fill("请今天回")
    page.get_by_role("button", name="催办 2 件").click()
    expect(page.get_by_role("status").first).to_contain_text("已催办 2 件")
    page.get_by_role("link", name="回到列表").click()
    page.get_by_role("link", name=re.compile("绿 正常")).click()
    expect(page.locator(".ls-chip")).to_contain_text("正常")
    expect(page).to_have_url(re.compile("light=green"))
    page.go_back()
    expect(page.locator(".ls-chip")).to_have_count(0)
    page.context.close()
    assert wrong == []


def test_keys_move_between_rows_and_open_one(browser, live_server, people):
    for number in range(3):
        made.matter(f"事项{number}", due=0)
    page = page_of(browser, live_server, people["clerk"])
    page.goto(live_server.url + reverse("desk"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("a.ls-act").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("事项1")
    page.context.close()


def test_day_works_without_scripts(browser, live_server, people):
    made.matter("登记街边长椅", due=3)
    page = page_of(browser, live_server, people["clerk"], java_script_enabled=False)
    page.goto(live_server.url + reverse("desk"))
    page.get_by_role("link", name="登记街边长椅").first.click()
    page.get_by_role("link", name="填报进展").click()
    page.get_by_label("完成比例（%）").fill("30")
    page.get_by_label("进展情况").fill(WORDS)
    page.get_by_role("button", name="存下这次进展").click()
    expect(page.get_by_role("status").first).to_contain_text("进展已存")
    page.goto(live_server.url + reverse("duties"))
    page.get_by_label("登记街边长椅").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="导出所选").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.context.close()


def test_days_list_prints_without_the_shell(browser, live_server, people):
    made.matter("登记街边长椅", due=0, holder=people["clerk"])
    page = page_of(browser, live_server, people["clerk"])
    page.goto(live_server.url + reverse("desk"))
    page.emulate_media(media="print")
    expect(page.locator(".ls-rail")).to_be_hidden()
    expect(page.get_by_role("link", name="登记街边长椅").first).to_be_visible()
    expect(page.locator(".ls-print-foot")).to_be_visible()
    page.context.close()


def test_empty_desk_and_ledger_pass_axe(browser, live_server, people):
    row = made.matter("别家的", organ="audit", due=11)
    page, wrong = page_of(browser, live_server, people["clerk"]), []
    places = {
        "desk": "/desk",
        "ledger": "/registers/duties/",
        "filtered": "/registers/duties/?light=red",
        "404": f"/tasks/{row.pk}/",
        "403": "/audit/",
    }
    for name, path in places.items():
        page.goto(live_server.url + path)
        wrong += faults(page, name)
    page.context.close()
    assert wrong == []
