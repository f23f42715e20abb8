"""The pages in a real browser: the main path, keys and focus, no scripts, no overflow, and axe on every page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from luoshi.gazette import records as r
from luoshi.kernel.citation import clause_url
from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import GazetteIssue, Instrument
from luoshi.office.jobs.actions import run_next
from tests.office import sample
from tests.office.people import client_of, everybody

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
RULES = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }
}
WIDTHS = (1440, 1024, 390)

GAZETTE = """测山市人民政府办公室
关于加强公园长椅管护工作的意见
测政办发〔2019〕7号
各镇人民政府，市政府各部门、单位：
为做好公园长椅管护，经市政府同意，提出以下意见。
一、总体要求
到2019年底，完好率达到95%以上。
二、重点任务
（一）逐把登记。2019年10月底前完成登记编号。（责任单位：市住建局；配合单位：市财政局）
（二）及时修补。接到报修后5个工作日内修好。（责任单位：市综合执法局）
（三）按月巡查。每月巡查一次，结果报市政府办公室。（责任单位：市住建局）
测山市人民政府办公室
2019年8月20日
（此件公开发布）
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; the test is skipped where the machine has none."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    # Playwright keeps an event loop in this thread, which Django would take for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def records() -> list[r.Instrument]:
    """Return two documents with every kind of record the pages show."""
    limits = (
        (("by", "2018-10-31", "2018年10月底前"),), (("every", "yearly by 10-31", "每年10月底前"),),
        (("within", "10 working days", "收到申请后10个工作日内"),), (),
    )  # fmt: skip
    full = sample.instrument(expires_on="2030-12-31", effective_from="2018-03-05", end=600)
    full.duties = [
        sample.duty(
            ("一/(一)", "一")[n % 2], lead=("市甲局", "市乙局")[: 1 + n % 2], limits=limits[n % 4], local=n % 3 == 0
        )
        for n in range(70)
    ]
    full.memberships = [r.Membership("长椅领导小组", "组长", "测试甲", r.Organ("市甲局"), "市甲局局长", "一", 20, 24)]
    full.parameters = [r.PolicyParameter("每把补助", "<=", "200", "元", "一", 20, 24)]
    full.relations = [r.Relation("repeals", r.Reference("测政发〔2017〕9号", "长椅旧办法"), "一", 20, 24)]
    order = sample.instrument("测政任〔2018〕1号", "关于测试乙等任职的通知", start=700, end=760)
    order.clauses, order.duties, order.targets, order.kind = [], [], [], "appointment"
    order.appointments = [r.Appointment("appoint", "测试乙", "市乙局副局长", r.Organ("市乙局"), "副局长", None, 20, 24)]
    return [full, order]


@pytest.fixture
def library(live_server, monkeypatch) -> str:
    """The address of a site whose library holds the two documents, one of them in two versions."""
    with monkeypatch.context() as patch:
        sample.compiled(patch, *records(), warnings=3)
        import_gazette("一期" * 400, actor=Actor.system("测试甲", "test"), filename="一期.txt")
        changed = records()
        changed[0].clauses[0].text = "修补全市街边和公园长椅。"
        sample.compiled(patch, *changed, warnings=3)
        import_gazette("二期" * 400, actor=Actor.system("测试甲", "test"), filename="二期.txt")
    return live_server.url


def addresses() -> dict[str, str]:
    """Return every kind of page, filled and empty."""
    item = clause_url(Instrument.objects.get(is_current=True, number=sample.NUMBER).key)
    order = clause_url(Instrument.objects.get(number="测政任〔2018〕1号").key)
    duties, policy = reverse("duties"), reverse("policy")
    return {
        "desk": reverse("desk"),
        "policy": policy,
        "policy on a day": f"{policy}?on=2018-01-01",
        "policy empty": f"{policy}?q=无此词语",
        "upload": reverse("upload"),
        "imports": reverse("imports"),
        "import": reverse("import", args=[GazetteIssue.objects.latest("pk").pk]),
        "duties": duties,
        "duties loose": f"{duties}?d=loose",
        "duties filtered": f"{duties}?organ=市甲局",
        "duties empty": f"{duties}?organ=市无此局",
        "duty": reverse("duty", args=[Duty.objects.filter(is_current=True).first().pk]),
        "clause": f"{item}一",
        "compare clause": f"{item}?tab=compare&clause=一",
        "compare as printed": f"{item}?tab=compare&clause=一&text=raw",
        "compare unknown clause": f"{item}?tab=compare&clause=九十九",
        "compare without clauses": f"{order}?tab=compare",
        "order": order,
        "old version": f"{item}?v=1",
        "not found": "/nowhere",
        "design": reverse("design"),
        "interface": reverse("api-docs"),
        **{f"instrument {tab}": f"{item}?tab={tab}" for tab in
           ("clauses", "compare", "duties", "targets", "lists", "relations", "versions", "repairs")},
    }  # fmt: skip


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def open_page(browser: Browser, width: int, **options) -> Page:
    """Return a page of a fresh context, logged in with every role, with a patience a busy machine needs."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", **options)
    user = User.objects.filter(login="office").first() or everybody()
    cookies = client_of(user).cookies.items()
    context.add_cookies(
        [{"name": name, "value": morsel.value, "domain": "localhost", "path": "/"} for name, morsel in cookies]
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    return page


def violations(page: Page) -> list[str]:
    """Return what axe finds on the page, each with the first place."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


def faults_of(page: Page, name: str, widths: tuple[int, ...]) -> list[str]:
    """Return what is wrong with the open page at these widths: axe's findings and horizontal overflow."""
    faults = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        faults += [f"{name} at {width}: {fault}" for fault in violations(page)]
        if overflow(page):
            faults.append(f"{name} at {width}: {overflow(page)} px too wide")
    for width in (1024, 768, 320):
        page.set_viewport_size({"width": width, "height": 900})
        if overflow(page):
            faults.append(f"{name} at {width}: {overflow(page)} px too wide")
    return faults


def test_every_page_passes_axe_and_fits(browser, library):
    page, faults = open_page(browser, 1440), []
    page.on("console", lambda message: "Content Security Policy" in message.text and faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    for name, path in addresses().items():
        page.goto(library + path)
        faults += faults_of(page, name, WIDTHS)
    page.context.close()
    assert not faults, "\n".join(faults)


def test_large_type_passes_axe_and_fits(browser, library):
    page, faults = open_page(browser, 1440), []
    page.goto(f"{library}{reverse('size')}?to=large&next=/desk")
    for name, path in addresses().items():
        page.goto(library + path)
        assert page.locator("html").get_attribute("data-size") == "large"
        faults += faults_of(page, name, WIDTHS[:1])
    page.context.close()
    assert not faults, "\n".join(faults)


def test_empty_library_says_what_fills_it(browser, live_server):
    page = open_page(browser, 1440)
    for name in ("desk", "policy", "duties", "imports"):
        page.goto(live_server.url + reverse(name))
        expect(page.get_by_role("link", name="上传一份公报")).to_be_visible()
        assert violations(page) == []
    page.context.close()


def test_clerk_uploads_a_gazette_and_exports_the_ledger(browser, live_server):
    """The main path: file, preview, job, summary, instrument, ledger, filter, Excel."""
    page = open_page(browser, 1440)
    page.goto(live_server.url + reverse("policy"))
    page.get_by_role("link", name="上传公报").click()
    file = {"name": "测山公报2019-8.txt", "mimeType": "text/plain", "buffer": GAZETTE.encode()}
    page.get_by_label("选一个文件").set_input_files(file)
    page.get_by_role("button", name="读出来看看").click()
    expect(page.get_by_text("测政办发〔2019〕7号").first).to_be_visible()
    assert Instrument.objects.count() == 0
    assert violations(page) == []

    page.get_by_role("button", name=re.compile("存入文件库")).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    assert violations(page) == []
    assert run_next() is not None
    link = page.get_by_role("link", name=re.compile("关于加强公园长椅管护工作的意见"))
    expect(link).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)
    assert violations(page) == []

    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("关于加强公园长椅管护工作的意见")
    expect(page.locator("article")).to_contain_text("（责任单位：市住建局；配合单位：市财政局）")

    page.get_by_role("link", name="台账", exact=True).click()
    page.get_by_role("link", name=re.compile("^市住建局")).first.click()
    expect(page.locator(".ls-chip")).to_contain_text("市住建局")
    assert "organ=市住建局" in unquote(page.url)
    with page.expect_download() as download:
        page.get_by_role("link", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    page.context.close()


def test_upload_without_a_file_is_refused_and_told(browser, live_server):
    page = open_page(browser, 390)
    page.goto(live_server.url + reverse("upload"))
    page.get_by_role("button", name="读出来看看").click()
    expect(page.get_by_role("alert")).to_contain_text("还没有选择文件")
    assert violations(page) == []
    page.context.close()


def test_drawer_opens_from_a_chip_and_gives_the_focus_back(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    before = page.url
    chip = page.locator("a.ls-cite").nth(1)
    chip.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2).first).to_be_focused()
    expect(drawer).to_contain_text("修补全市街边和公园长椅")
    assert "/instruments/" in page.url
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()
    assert page.url == before
    page.context.close()


def test_drawer_address_is_a_page_of_its_own(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    page.locator("a.ls-cite").nth(1).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.NUMBER)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("责任台账")
    page.context.close()


def test_filter_moves_the_focus_and_back_undoes_it(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    page.locator("a.ls-opt").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ls-chip")).to_have_count(1)
    assert page.evaluate("document.activeElement !== document.body")
    page.go_back()
    expect(page.locator(".ls-chip")).to_have_count(0)
    expect(page.get_by_role("navigation", name="主要位置")).to_be_visible()
    page.context.close()


def test_keys_search_and_move_between_rows(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("a.ls-act").nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("a.ls-act").nth(0)).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#ls-search")).to_be_focused()
    page.keyboard.type("jk")
    expect(page.locator("#ls-search")).to_have_value("jk")
    page.context.close()


def test_clause_asked_for_by_its_address_is_in_sight(browser, library):
    page = open_page(browser, 1440)
    page.set_viewport_size({"width": 1440, "height": 420})
    page.goto(library + addresses()["compare clause"])
    expect(page.locator(".ls-marked .ls-here").first).to_be_in_viewport()
    page.context.close()


def test_first_tab_stop_skips_to_the_text(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("policy"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.context.close()


def test_pages_work_without_scripts(browser, library):
    page = open_page(browser, 1440, java_script_enabled=False)
    page.goto(library + reverse("duties"))
    # Nothing in this library is overdue: the red lamp, first of the filters, would leave no row.
    page.locator("a.ls-opt", has_text="未开始").click()
    assert page.locator(".ls-chip").count() == 1
    page.locator("a.ls-cite").first.click()
    assert sample.NUMBER in page.locator("h1").inner_text()
    page.context.close()


def test_as_of_day_marks_the_page_and_stays_in_links(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("policy"))
    page.locator("summary", has_text="看的是").click()
    page.get_by_label("看哪一天的情况").fill("2018-01-01")
    page.get_by_role("button", name="按这一天看").click()
    expect(page.locator(".ls-stripe")).to_contain_text("2018年1月1日")
    assert "on=2018-01-01" in page.url
    page.goto(f"{library}{reverse('duties')}?on=2018-06-01")
    page.locator("a.ls-cite").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("2018年6月1日")
    assert "on=2018-06-01" in page.url
    page.keyboard.press("Escape")
    page.get_by_role("link", name="回到今天").first.click()
    expect(page.locator(".ls-stripe")).to_have_count(0)
    page.context.close()


def test_english_is_offered(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Duty ledger")
    assert violations(page) == []
    page.context.close()


def test_ledger_prints_without_the_shell(browser, library):
    page = open_page(browser, 1440)
    page.goto(library + reverse("duties"))
    page.emulate_media(media="print")
    expect(page.locator(".ls-rail")).to_be_hidden()
    expect(page.locator(".ls-print-foot")).to_be_visible()
    expect(page.locator("table thead").first).to_be_visible()
    page.context.close()
