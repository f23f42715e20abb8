"""The books in a real browser: an entry by two hands, read on a phone, and every page of a book without complaint."""

from __future__ import annotations

import datetime
from fractions import Fraction

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.queries import actor_named
from luoshi.office.funds import bank, gauge, payments, reconcile, statements
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.writing import post_all
from luoshi.office.roles import Role
from tests.office import people
from tests.office.funds_made import HAND, book, clock_at, deposit, funded, linked, movement
from tests.site.browsing import faults, faults_in_every_size, followed, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

D = datetime.date
BOOK = ["trial", "fund"]
CSV = (
    "日期,流水号,收入（元）,支出（元）,余额（元）,对方户名\n"
    "2019-03-01,T0,1000000,,1000000,\n2019-03-04,B1,0.70,,1000000.70,测试乙\n"
)


@pytest.fixture
def hands(monkeypatch):
    clock_at(D(2019, 3, 5))
    clerk = people.person("f-clerk", (Role.CLERK, "finance"), name="测试甲")
    head = people.person("f-head", (Role.REVIEWER, "finance"), name="测试乙")
    ledger = book()
    linked()
    funded(ledger, 100_000_000, D(2019, 3, 1), txn="T0")
    post_all(ledger, [deposit(f"d{n}", f"测试合作社第{n}户", 12_345_678, D(2019, 3, 2)) for n in range(12)], HAND)
    bank.receive(movement("T9", "C", 70))
    marks = (gauge.Mark("提醒", Fraction(15, 100)), gauge.Mark("停办", Fraction(20, 100), stop=True))
    shown = gauge.Gauge("累计代偿占现有基金", 1_626, 10_000, pending=70, pending_count=1, marks=marks)
    monkeypatch.setitem(gauge.GAUGES, "trial/fund", lambda _book: [shown])
    yield ledger, clerk, head
    CLOCK.release()


def test_entry_is_prepared_by_one_and_posted_by_another(browser, live_server, hands):
    _ledger, clerk, head = hands
    mine = page_of(browser, live_server.url, clerk)
    mine.goto(live_server.url + reverse("fund-book", args=BOOK))
    assert faults_in_every_size(mine, "book") == []
    mine.get_by_role("link", name="记一笔（送复核）").click()
    mine.get_by_label("摘要").fill("季度结息")
    mine.get_by_label("依据").fill("银行回单 20190305-1")
    mine.get_by_label("第 1 行科目").select_option("1001")
    mine.get_by_label("第 1 行借方").fill("9874.06")
    mine.get_by_label("第 2 行科目").select_option("3001")
    mine.get_by_label("第 2 行贷方").fill("9874.60")
    mine.get_by_role("button", name="送另一人复核").click()
    expect(mine.get_by_role("alert")).to_contain_text("借贷不平")
    assert faults(mine, "new entry") == []
    mine.get_by_label("第 2 行贷方").fill("9874.06")
    mine.get_by_role("button", name="送另一人复核").click()
    expect(mine.get_by_role("status").first).to_contain_text("已送复核")
    other = page_of(browser, live_server.url, head)
    other.goto(mine.url)
    assert faults(other, "draft") == []
    followed(other.get_by_role("button", name="复核无误，入账"))
    followed(other.get_by_role("link", name="JZ-0015"))
    assert faults(other, "entry") == []
    other.get_by_role("link", name="1001 活期").click()
    expect(other.get_by_role("row", name="JZ-0015")).to_contain_text("9,874.06")
    assert faults(other, "statement") == []
    for page in (mine, other):
        page.context.close()


def test_pages_of_a_book_are_without_complaint(browser, live_server, hands):
    ledger, _clerk, head = hands
    account, who = ledger.accounts["1001"], actor_named("f-clerk", "web")
    statements.import_file(actor=who, account=account, name="a.csv", data=CSV.encode())
    sheet = reconcile.make_sheet(actor=who, account=account, on=D(2019, 3, 5))
    payments.draft_payment(
        actor=who, book="trial/fund", claim="DC1", lines=[("3101", "", 5_000)], basis="乳政办发〔2018〕7号 十二",
        payee=payments.Payee("测试公司", "62220001", "测试银行"), events=payments.Events("J3", "J4", "J5", "J6"),
    )  # fmt: skip
    page = page_of(browser, live_server.url, head)
    found = []
    for name, address in {
        "books": reverse("funds"), "trial": reverse("fund-trial", args=BOOK),
        "journal": reverse("fund-journal", args=BOOK), "past": reverse("fund-book", args=BOOK) + "?on=2019-03-02",
        "subjects": reverse("fund-account", args=[*BOOK, "2001"]) + "?view=subjects",
        "payments": reverse("fund-payments", args=BOOK),
        "payment": reverse("fund-payment", args=[PaymentInstruction.objects.get().pk]),
        "bank": reverse("fund-bank-account", args=[*BOOK, "1001"]), "sheet": reverse("fund-sheet", args=[sheet.pk]),
        "drafts": reverse("fund-drafts", args=BOOK),
    }.items():  # fmt: skip
        page.goto(live_server.url + address)
        found += faults(page, name)
    assert found == []
    page.context.close()
