"""The pages in a real browser, a library behind them: axe and no overflow, keys and focus, the drawer, no scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from luoshi.gazette import records as r
from luoshi.kernel.citation import clause_url
from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import GazetteIssue, Instrument
from luoshi.site.views import ledger, printed
from tests.office import sample
from tests.site.browsing import PHONE, complaints, faults, faults_in_every_size, office, page_of, served, violations

# No test here writes: the library is made once for all of them.
pytestmark = pytest.mark.browser


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
        for n in range(24)
    ]
    full.memberships = [r.Membership("长椅领导小组", "组长", "测试甲", r.Organ("市甲局"), "市甲局局长", "一", 20, 24)]
    full.parameters = [r.PolicyParameter("每把补助", "<=", "200", "元", "一", 20, 24)]
    full.relations = [r.Relation("repeals", r.Reference("测政发〔2017〕9号", "长椅旧办法"), "一", 20, 24)]
    order = sample.instrument("测政任〔2018〕1号", "关于测试乙等任职的通知", start=700, end=760)
    order.clauses, order.duties, order.targets, order.kind = [], [], [], "appointment"
    order.appointments = [r.Appointment("appoint", "测试乙", "市乙局副局长", r.Organ("市乙局"), "副局长", None, 20, 24)]
    return [full, order]


@pytest.fixture(scope="module")
def library(django_db_setup, django_db_blocker) -> Iterator[str]:
    """The address of a site whose library holds the two documents, one of them in two versions."""
    with served(django_db_blocker) as url, pytest.MonkeyPatch.context() as patch:
        for view in (ledger, printed):
            patch.setattr(view, "PAGE_SIZE", 10)
        sample.compiled(patch, *records(), warnings=3)
        import_gazette("一期" * 400, actor=Actor.system("测试甲", "test"), filename="一期.txt")
        changed = records()
        changed[0].clauses[0].text = "修补全市街边和公园长椅。"
        sample.compiled(patch, *changed, warnings=3)
        import_gazette("二期" * 400, actor=Actor.system("测试甲", "test"), filename="二期.txt")
        yield url


def open_page(browser: Browser, url: str, **options) -> Page:
    """Return a page of somebody with every role."""
    return page_of(browser, url, office(), **options)


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
        "duties as printed": reverse("printed-duties"),
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


PLACES = (
    "desk", "policy", "policy on a day", "policy empty", "upload", "imports", "import", "duties", "duties loose",
    "duties as printed", "duties filtered", "duties empty", "duty", "clause", "compare clause",
    "compare as printed", "compare unknown clause", "compare without clauses", "order", "old version", "not found",
    "design", "interface", "instrument clauses", "instrument compare", "instrument duties", "instrument targets",
    "instrument lists", "instrument relations", "instrument versions", "instrument repairs",
)  # fmt: skip


LONG = ("interface",)
"""Pages so long that axe takes its time: in larger type they are like the rest."""


def test_every_address_is_looked_at(library):
    assert set(addresses()) == set(PLACES)


@pytest.mark.parametrize("name", PLACES)
def test_every_page_passes_axe_and_fits(browser, library, name):
    page = open_page(browser, library)
    told = complaints(page)
    page.goto(library + addresses()[name])
    found = faults(page, name) if name in LONG else faults_in_every_size(page, name)
    assert [*found, *told] == []
    page.context.close()


def test_drawer_opens_from_a_chip_and_gives_the_focus_back(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("duties"))
    before = page.url
    chip = page.locator("a.ls-cite").nth(1)
    chip.focus()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_role("heading", level=2).first).to_be_focused()
    expect(drawer).to_contain_text("修补全市街边和公园长椅")
    expect(page).to_have_url(re.compile("/instruments/"))
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()
    expect(page).to_have_url(before)
    page.context.close()


def test_drawer_address_is_a_page_of_its_own(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("duties"))
    page.locator("a.ls-cite").nth(1).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text(sample.NUMBER)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("责任台账")
    page.context.close()


def test_filter_moves_the_focus_and_back_undoes_it(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("duties"))
    page.locator("a.ls-opt").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ls-chip")).to_have_count(1)
    expect(page.locator(":focus")).to_have_count(1)
    page.go_back()
    expect(page.locator(".ls-chip")).to_have_count(0)
    expect(page.get_by_role("navigation", name="主要位置")).to_be_visible()
    page.context.close()


def test_keys_search_and_move_between_rows(browser, library):
    page = open_page(browser, library)
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
    page = open_page(browser, library)
    page.set_viewport_size({"width": 1440, "height": 420})
    page.goto(library + addresses()["compare clause"])
    expect(page.locator(".ls-marked .ls-here").first).to_be_in_viewport()
    page.context.close()


@pytest.mark.parametrize("width", [PHONE, 768, 1024])
def test_menus_open_inside_the_window(browser, library, width):
    """A menu whose button stands near an edge is moved back: what cannot be seen cannot be filled in."""
    page = page_of(browser, library, office(), width)
    seen = 0
    for path in ("duties", "cases"):
        page.goto(library + reverse(path))
        for menu in page.locator("details.ls-menu:visible").all():
            menu.locator("summary").click()
            page.wait_for_function("menu => menu.matches('[open]')", arg=menu.element_handle())
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            place = menu.locator(".ls-menu-box").bounding_box()
            assert place["x"] >= 0, menu.inner_text()
            assert place["x"] + place["width"] <= width, menu.inner_text()
            menu.locator("summary").click()
            seen += 1
    assert seen >= 6


def test_first_tab_stop_skips_to_the_text(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("policy"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到正文")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.context.close()


def test_pages_work_without_scripts(browser, library):
    page = open_page(browser, library, java_script_enabled=False)
    page.goto(library + reverse("duties"))
    # Nothing in this library is overdue: the red lamp, first of the filters, would leave no row.
    page.locator("a.ls-opt", has_text="未开始").click()
    expect(page.locator(".ls-chip")).to_have_count(1)
    page.locator("a.ls-cite").first.click()
    expect(page.locator("h1")).to_contain_text(sample.NUMBER)
    page.context.close()


def test_as_of_day_marks_the_page_and_stays_in_links(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("policy"))
    page.locator("summary", has_text="看的是").click()
    page.get_by_label("看哪一天的情况").fill("2018-01-01")
    page.get_by_role("button", name="按这一天看").click()
    expect(page.locator(".ls-stripe")).to_contain_text("2018年1月1日")
    expect(page).to_have_url(re.compile("on=2018-01-01"))
    page.goto(f"{library}{reverse('duties')}?on=2018-06-01")
    page.locator("a.ls-cite").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("2018年6月1日")
    expect(page).to_have_url(re.compile("on=2018-06-01"))
    page.keyboard.press("Escape")
    page.get_by_role("link", name="回到今天").first.click()
    expect(page.locator(".ls-stripe")).to_have_count(0)
    page.context.close()


def test_english_is_offered(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("duties"))
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("heading", level=1)).to_have_text("Duty ledger")
    assert violations(page) == []
    page.context.close()


def test_ledger_prints_without_the_shell(browser, library):
    page = open_page(browser, library)
    page.goto(library + reverse("duties"))
    page.emulate_media(media="print")
    expect(page.locator(".ls-rail")).to_be_hidden()
    expect(page.locator(".ls-print-foot")).to_be_visible()
    expect(page.locator("table thead").first).to_be_visible()
    page.context.close()
