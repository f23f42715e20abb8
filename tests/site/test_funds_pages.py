"""Every page of the books answers, says what is there, and asks the same number of queries however many rows."""

from __future__ import annotations

import datetime
import io
import json
import re
from fractions import Fraction

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.queries import standing
from luoshi.office.funds import gauge, payments, queries, reconcile, sheets
from luoshi.office.funds.models import BankMessage, Book, Difference, Draft, Entry, Opening, PaymentInstruction, Sheet
from luoshi.office.funds.orders import Order, credit, debit
from luoshi.office.funds.writing import post_all
from luoshi.office.notices.paper import html
from luoshi.office.roles import Role
from luoshi.site import fund_sheet
from luoshi.site.waiting import funds
from tests.office import people
from tests.office.funds_made import BANK, HAND, NUMBER, book, clock_at, deposit, funded, linked, message, movement

D = datetime.date
TODAY = D(2019, 3, 5)
BOOK = ["trial", "fund"]


@pytest.fixture(autouse=True)
def _day(db):
    clock_at(TODAY)
    yield
    CLOCK.release()


@pytest.fixture
def fund():
    ledger = book()
    linked()
    funded(ledger, 100_000, D(2019, 3, 1), txn="T0")
    return ledger


@pytest.fixture
def clerk():
    return people.person("clerk", (Role.CLERK, "finance"))


@pytest.fixture
def head():
    return people.person("head", (Role.REVIEWER, "finance"))


def test_list_and_book_show_money_and_gauge(client, fund, monkeypatch):
    shown = gauge.Gauge(
        "累计代偿占现有基金", 1_626, 10_000, pending=70, pending_count=1,
        marks=(gauge.Mark("提醒", Fraction(15, 100)), gauge.Mark("停办", Fraction(20, 100), stop=True)),
        citation="乳政办发〔2018〕7号 十四",
    )  # fmt: skip
    monkeypatch.setitem(gauge.GAUGES, "trial/fund", lambda _book: [shown])
    assert "1,000.00" in client.get(reverse("funds")).content.decode()
    text = client.get(reverse("fund-book", args=BOOK)).content.decode()
    for words in ("16.26", "17.08", "停办 20%", "JZ-0001", "拨款", "活期"):
        assert words in text


def test_journal_of_one_event(client, fund):
    post_all(fund, [Order("paid", TODAY, [debit("3101", 5), credit("1001", 5)], "J4", "银行付款")], HAND)
    page = reverse("fund-book", args=BOOK)
    text = client.get(page + "?event=J4").content.decode()
    assert "银行付款" in text
    assert "JZ-0001" not in text
    assert "没有这个事项的分录" in client.get(page + "?event=J3").content.decode()
    assert [one["no"] for one in client.get("/api/v1/funds/books/trial/fund/entries?event=J4").json()["rows"]] == [2]


def test_journal_says_what_the_book_held_after_each_entry(client, fund):
    """Of the whole journal only: between the entries of one event others have moved the book."""
    post_all(fund, [Order("paid", TODAY, [debit("3101", 500), credit("1001", 500)], "J4", "银行付款")], HAND)
    post_all(fund, [deposit("d1", "甲", 10)], HAND)
    entries = list(Entry.objects.filter(book=fund.book).order_by("-pk"))
    assert [queries.running(fund.book, entries)[one.pk] for one in entries] == [99_500, 99_500, 100_000]
    older = queries.running(fund.book, entries[2:])
    assert older == {entries[2].pk: 100_000}, "a page further back takes away what came later"
    page = reverse("fund-book", args=BOOK)
    told = client.get(page).content.decode()
    assert "995.00" in told
    assert "净资产余额</th>" in told
    assert "净资产余额</th>" not in client.get(page + "?event=J4").content.decode()


def test_journal_asks_the_same_for_one_row_as_for_many(client, fund):
    def asked(name, *more):
        with CaptureQueriesContext(connection) as found:
            assert client.get(reverse(name, args=[*BOOK, *more])).status_code == 200
        return len(found)

    names = [("fund-book",), ("fund-account", "1001"), ("fund-account", "2001"), ("fund-trial",)]
    post_all(fund, [deposit("first", "甲", 10)], HAND)
    client.get(reverse("funds"))
    few = [asked(*one) for one in names]
    post_all(fund, [deposit(f"d{n}", f"户{n}", 10) for n in range(40)], HAND)
    many = [asked(*one) for one in names]
    assert all(b <= a for a, b in zip(few, many, strict=True)), (few, many)


def test_statement_subjects_trial_and_entry_pages(client, fund):
    post_all(fund, [deposit("d1", "甲", 10), deposit("d2", "乙", 20)], HAND)
    text = client.get(reverse("fund-account", args=[*BOOK, "2001"])).content.decode()
    assert "0.30" in text
    text = client.get(reverse("fund-account", args=[*BOOK, "2001"]) + "?view=subjects&q=甲").content.decode()
    assert "甲" in text
    assert ">乙<" not in text
    text = client.get(reverse("fund-account", args=[*BOOK, "2001"]) + "?subject=甲&from=2019-03-01&to=2019-03-31")
    assert "期初余额" in text.content.decode()
    text = client.get(reverse("fund-trial", args=BOOK)).content.decode()
    assert "四组借贷都相等" in text
    assert "1,000.30" in text
    text = client.get(reverse("fund-entry", args=[*BOOK, 2])).content.decode()
    assert "测试甲" in text
    assert client.get(reverse("fund-entry", args=[*BOOK, 99])).status_code == 404
    assert client.get(reverse("fund-account", args=[*BOOK, "1001"]) + "?from=x").status_code == 422


def test_entry_goes_through_two_hands_on_pages(fund, clerk, head):
    mine, other = people.client_of(clerk), people.client_of(head)
    form = {
        "value_on": "2019-03-05", "memo": "利息", "basis": "银行回单 1", "event": "", "case": "",
        "account": ["1001", "3001", ""], "subject": ["", "", ""],
        "debit": ["12.34", "", ""], "credit": ["", "12.34", ""],
    }  # fmt: skip
    assert "第 1 行没有选科目" not in mine.get(reverse("fund-new", args=BOOK)).content.decode()
    bad = mine.post(reverse("fund-new", args=BOOK), {**form, "credit": ["", "12.35", ""]})
    assert bad.status_code == 422
    assert "借贷不平" in bad.content.decode()
    assert "12.35" in bad.content.decode()
    done = mine.post(reverse("fund-new", args=BOOK), form)
    assert done.status_code == 303
    draft = Draft.objects.get()
    page = reverse("fund-draft", args=[draft.pk])
    assert "复核无误，入账" not in mine.get(page).content.decode()
    assert "复核无误，入账" in other.get(page).content.decode()
    assert mine.post(page, {"act": "accept"}).status_code == 403
    assert other.post(page, {"act": "refuse"}).status_code == 422
    assert other.post(page, {"act": "accept", "version": "1"}).status_code == 303
    entry = Entry.objects.order_by("-pk").first()
    assert entry.memo == "利息"
    asked = mine.post(reverse("fund-counter", args=[*BOOK, entry.no]), {"reason": ""})
    assert asked.status_code == 422
    assert mine.post(reverse("fund-counter", args=[*BOOK, entry.no]), {"reason": "重复"}).status_code == 303
    undo = Draft.objects.order_by("-pk").first()
    assert "重复" in other.get(reverse("fund-draft", args=[undo.pk])).content.decode()
    other.post(reverse("fund-draft", args=[undo.pk]), {"act": "accept"})
    text = other.get(reverse("fund-entry", args=[*BOOK, entry.no])).content.decode()
    assert "已由 JZ-0003 对冲" in text or "对冲分录" in text
    assert "待复核" in mine.get(reverse("fund-drafts", args=BOOK)).content.decode()


def test_payment_pages(fund, clerk, head):
    row = payments.draft_payment(
        actor=standing(clerk).actor("web"), book="trial/fund", claim="DC2019-0001", lines=[("3101", "", 600)],
        payee=payments.Payee("测试担保公司", "6222000000001234", "测试银行"), basis="乳政办发〔2018〕7号 十二",
        due_on=D(2019, 3, 7),
    )  # fmt: skip
    mine, other = people.client_of(clerk), people.client_of(head)
    page = reverse("fund-payment", args=[row.pk])
    text = other.get(page).content.decode()
    assert "6222000000001234" not in text
    assert "复核无误，送银行" in text
    assert "DC2019-0001" in mine.get(reverse("fund-payments", args=BOOK) + "?state=drafted").content.decode()
    assert mine.post(page, {"act": "accept"}).status_code == 403
    assert other.post(page, {"act": "accept", "version": "1"}).status_code == 303
    assert PaymentInstruction.objects.get().state == "checked"
    text = other.get(reverse("fund-bank-account", args=[*BOOK, "1001"])).content.decode()
    assert "PAY" in text
    sent = mine.post(reverse("fund-bank-account", args=[*BOOK, "1001"]), {"act": "file"})
    assert sent["Content-Disposition"].endswith('_20190305_01.jsonl"')
    assert BankMessage.objects.get().state == "sent"


CSV = (
    "日期,流水号,收入（元）,支出（元）,余额（元）,对方户名\n"
    "2019-03-01,T0,1000,,1000,\n2019-03-04,B1,0.70,,1000.70,测试乙\n"
)


def test_statement_is_looked_at_then_imported_settled_and_reconciled(fund, clerk, head, monkeypatch):
    mine, other = people.client_of(clerk), people.client_of(head)
    page = reverse("fund-bank-account", args=[*BOOK, "1001"])
    assert mine.get(reverse("fund-bank", args=BOOK)).status_code == 302
    assert mine.post(page, {"act": "look"}).status_code == 422

    def look(text):
        return mine.post(page, {"act": "look", "file": SimpleUploadedFile("a.csv", text.encode())})

    text = look(CSV.replace("1000.70", "1000.71")).content.decode()
    assert "可能缺行" in text
    assert "导入并勾对" not in text
    looked = look(CSV)
    assert "账上没有" in looked.content.decode()
    assert not Difference.objects.exists()
    done = mine.post(page, {"act": "import", "key": looked.context["preview"]["key"]})
    assert done.status_code == 303
    text = mine.get(page).content.decode()
    assert "记待认领，送复核" in text
    settled = mine.post(reverse("fund-settle", args=[Difference.objects.get().pk]))
    assert settled.status_code == 303
    with monkeypatch.context() as closed:
        closed.setattr(Book, "open_day", lambda _book, _day: D(2019, 4, 1))
        assert "该月已结账，记在2019年4月1日" in other.get(settled.url).content.decode(), "what is signed says when"
    other.post(reverse("fund-draft", args=[Draft.objects.get().pk]), {"act": "accept"})
    assert "没有差异" in mine.get(page).content.decode()
    made = mine.post(page, {"act": "sheet", "on": "2019-03-04"})
    assert made.status_code == 303
    sheet = reverse("fund-sheet", args=[Sheet.objects.get().pk])
    assert mine.post(sheet, {"act": "sign"}).status_code == 403
    assert "调节后相符" in other.get(sheet).content.decode()
    assert other.post(sheet, {"act": "sign"}).status_code == 303
    pdf = other.get(reverse("fund-sheet-pdf", args=[Sheet.objects.get().pk]))
    assert pdf.content.startswith(b"%PDF")
    assert mine.get(reverse("fund-template")).status_code == 200


def test_month_is_proposed_from_the_trial_page(fund, clerk, head):
    mine, other = people.client_of(clerk), people.client_of(head)
    trial, close = reverse("fund-trial", args=BOOK), reverse("fund-close", args=BOOK)
    assert mine.post(close).status_code == 303
    waits = reverse("fund-draft", args=[Draft.objects.get().pk])
    assert mine.post(close).url == waits, "who comes second is led to what waits"
    assert f'href="{waits}"' in mine.get(trial).content.decode()
    assert "复核无误，结账" in other.get(waits).content.decode()
    assert "借 0.00 元，贷 0.00 元" in other.get(waits).content.decode(), (
        "the sums of the month are seen where it is signed"
    )
    other.post(waits, {"act": "accept"})
    assert Book.objects.get().closed_through == D(2018, 1, 31)
    assert "2018-01" in other.get(trial).content.decode()
    late = other.post(waits, {"act": "accept"}).content.decode()
    assert "2018年1月结账：已结账，不能再复核" in late
    clock_at(D(2018, 2, 20))
    early = mine.post(close)
    assert early.status_code == 422
    assert "2018年2月还没有过完，2018-03-01起可以结账" in early.content.decode()


def test_another_organ_sees_no_book(fund):
    outside = people.client_of(people.person("other", (Role.CLERK, "housing")))
    assert "试验基金" not in outside.get(reverse("funds")).content.decode()
    for name in ("fund-book", "fund-trial", "fund-payments", "fund-bank", "fund-drafts", "fund-new"):
        assert outside.get(reverse(name, args=BOOK)).status_code == 404


# --- the interface ----------------------------------------------------------------------------------------------------


def posted(client, data, path="/api/v1/bank/messages"):
    return client.generic("POST", path, data, content_type="application/json")


def test_bank_speaks_without_login_and_is_believed_by_its_signature(fund, clerk):
    from django.test import Client

    stranger = Client()
    answer = posted(stranger, movement("T1", "C", 70))
    assert (answer.status_code, answer.json()["result"], answer.json()["entry"]) == (200, "accepted", 2)
    forged = posted(stranger, movement("T2", "C", 70, key="x" * 40))
    assert (forged.status_code, forged.json()["code"]) == (401, "E_SIG")
    wrong = posted(stranger, movement("T2", "C", 70, account="1"))
    assert (wrong.status_code, wrong.json()["code"]) == (404, "E_ACCOUNT")
    for junk in (b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"v":1e999}', b'{"bank":[]}', b"9" * 10_000):
        assert posted(stranger, junk).status_code in (404, 422)
    inside = people.client_of(clerk)
    for path in ("/api/v1/bank/messages", "/api/v1/bank/files/bad"):
        assert posted(inside, movement("T3", "C", 70), path).status_code == 403
    assert Entry.objects.count() == 2
    assert posted(stranger, b"x", "/api/v1/bank/files/bad").json()["code"] == "E_FILE"
    assert stranger.get("/api/v1/funds/books").status_code == 401


def test_api_reads_and_two_hands(fund, clerk, head):
    mine, other = people.client_of(clerk), people.client_of(head)
    base = "/api/v1/funds/books/trial/fund"

    def sent(client, path, body):
        return client.post(path, json.dumps(body), content_type="application/json")

    assert mine.get("/api/v1/funds/books").json()[0]["bank_fen"] == 100_000
    assert mine.get(f"{base}/accounts?on=2019-02-01").json()[0]["balance_fen"] == 0
    assert mine.get(f"{base}/trial").json()["balances"]
    body = {"value_on": "2019-03-05", "memo": "利息", "basis": "回单", "lines": [
        {"account": "1001", "debit_fen": 5}, {"account": "3001", "credit_fen": 5}]}  # fmt: skip
    draft = sent(mine, f"{base}/entries", body).json()
    assert sent(mine, f"/api/v1/funds/drafts/{draft['id']}", {"accept": True}).status_code == 403
    assert sent(other, f"/api/v1/funds/drafts/{draft['id']}", {"accept": True}).json()["entry"] == 2
    rows = mine.get(f"{base}/entries").json()["rows"]
    assert [row["no"] for row in rows] == [2, 1]
    assert rows[0]["maker"] != rows[0]["checker"]
    assert mine.get(f"{base}/entries/2").json()["lines"][0]["debit_fen"] == 5
    assert mine.get(f"{base}/accounts/1001/statement").json()["rows"][0]["after_fen"] == 100_005
    assert mine.get(f"{base}/accounts/2001/subjects").json()["rows"] == []
    assert mine.post(f"{base}/proof").json()["faults"] == []
    made = mine.generic("POST", f"{base}/accounts/1001/statements/a.csv", CSV.encode(), content_type="text/csv")
    assert made.json() == {"lines": 2, "opening_fen": 0, "closing_fen": 100_070}
    assert [row["sort"] for row in mine.get(f"{base}/accounts/1001/differences").json()] == ["bank_only", "book_only"]
    sheet = sent(mine, f"{base}/accounts/1001/sheets", {"on": "2019-03-05"}).json()
    assert sheet["difference_fen"] == 0
    assert mine.get(f"{base}/payments").json() == []
    assert mine.get(f"{base}/drafts").json() == []
    assert sent(mine, f"{base}/close", {}).json()["act"] == "close"
    assert reconcile.push_overdue() == 0
    assert message
    assert NUMBER


# --- as a bound book has it -------------------------------------------------------------------------------------------


def table_of(client, address):
    """Return the cells of the page's first table, row by row, without blanks."""
    text = client.get(address).content.decode()
    rows = text.split("<tbody>")[1].split("</tbody>")[0].split("<tr")[1:]
    found = [re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in found]


def following(client, address):
    """Return the address of the next page."""
    return re.search(r'rel="next" href="([^"]+)"', client.get(address).content.decode()).group(1).replace("&amp;", "&")


@pytest.mark.both
def test_statement_carries_its_balance_from_page_to_page(client, fund):
    post_all(fund, [deposit(f"d{n}", "甲", 100, D(2019, 3, 2)) for n in range(60)], HAND)
    address = reverse("fund-account", args=[*BOOK, "1001"])
    first = table_of(client, address)
    assert first[0][2:] == ["期初余额", "", "", "", "", "平", "0.00"]
    assert first[1][1:] == ["JZ-0001", "拨款", "3001 拨款", "T0", "1,000.00", "", "借", "1,000.00"]
    assert first[-1][2:] == ["过次页", "", "", "1,049.00", "0.00", "借", "1,049.00"]
    second = table_of(client, following(client, address))
    assert second[0][2:] == ["承前页", "", "", "1,049.00", "0.00", "借", "1,049.00"]
    assert second[-1][2:] == ["本期合计、期末余额", "", "", "1,060.00", "0.00", "借", "1,060.00"]
    assert [row[2] for row in second[-3:-1]] == ["本月合计", "本年累计"], "the month ends once, where its last line is"
    assert len(first) + len(second) == 61 + 4 + 2
    march = table_of(client, f"{address}?from=2019-03-02&to=2019-03-31")
    assert march[0][2:] == ["期初余额", "", "", "", "", "借", "1,000.00"]
    assert table_of(client, f"{address}?from=2018-01-01&to=2018-12-31")[1][2] == "这段时间没有分录"


@pytest.mark.both
def test_a_month_is_summed_under_its_last_line_and_the_year_begins_anew(client, fund):
    """As a bound book has it: 本月合计 and 本年累计 of whole months, 上年结转 where a year begins."""
    orders = [deposit(f"d{n}", "甲", 100, D(2018, 11, 30)) for n in range(49)]
    orders += [deposit("e1", "甲", 7, D(2018, 12, 31)), deposit("e2", "乙", 5, D(2018, 12, 2))]
    post_all(fund, [*orders, deposit("f1", "甲", 3, D(2019, 1, 2)), deposit("f2", "乙", 2, D(2019, 3, 4))], HAND)
    page = reverse("fund-account", args=[*BOOK, "2001"]) + "?from=2018-11-30&to=2019-03-04"
    first = table_of(client, page)
    assert [row[2] for row in first[-4:]] == ["本月合计", "本年累计", "存入 乙", "过次页"], "November ends on the page"
    assert first[-4][4:] == ["0.00", "49.00", "贷", "49.00"]
    assert first[-1][4:] == ["0.00", "49.05", "贷", "49.05"]
    second = table_of(client, following(client, page))
    assert [[row[0], *row[2:3], *row[4:]] for row in second if not row[2].startswith("存入")] == [
        ["", "承前页", "0.00", "49.05", "贷", "49.05"],
        ["2018年12月31日", "本月合计", "0.00", "0.12", "贷", "49.12"],
        ["2018年12月31日", "本年累计", "0.00", "49.12", "贷", "49.12"],
        ["2019年1月1日", "上年结转", "", "", "贷", "49.12"],
        ["2019年1月31日", "本月合计", "0.00", "0.03", "贷", "49.15"],
        ["2019年1月31日", "本年累计", "0.00", "0.03", "贷", "49.15"],
        ["2019年3月4日", "本月合计", "0.00", "0.02", "贷", "49.17"],
        ["2019年3月4日", "本年累计", "0.00", "0.05", "贷", "49.17"],
        ["2019年3月4日", "本期合计、期末余额", "0.00", "49.17", "贷", "49.17"],
    ]
    of_one = table_of(client, page + "&subject=乙")
    assert [row[4:] for row in of_one if row[2] == "本年累计"] == [
        ["0.00", "0.05", "贷", "0.05"],
        ["0.00", "0.02", "贷", "0.07"],
    ]
    year = table_of(client, reverse("fund-account", args=[*BOOK, "2001"]))
    assert year[0][2:] == ["上年结转", "", "", "", "贷", "49.12"]
    back = re.search(r'rel="prev" href="([^"]+)"', client.get(following(client, page)).content.decode()).group(1)
    assert table_of(client, back.replace("&amp;", "&")) == first


def test_a_month_that_ends_with_the_page_is_summed_there(client, fund):
    post_all(fund, [deposit(f"d{n}", "甲", 100, D(2019, 2, 1)) for n in range(50)], HAND)
    page = reverse("fund-account", args=[*BOOK, "2001"])
    assert [row[2] for row in table_of(client, page)[-3:]] == ["本月合计", "本年累计", "本期合计、期末余额"]
    post_all(fund, [deposit("x", "甲", 1, D(2019, 3, 1))], HAND)
    assert [row[2] for row in table_of(client, page)[-3:]] == ["本月合计", "本年累计", "过次页"]
    assert [row[2] for row in table_of(client, following(client, page))][1:] == [
        "存入 甲",
        "本月合计",
        "本年累计",
        "本期合计、期末余额",
    ]


@pytest.mark.both
def test_journal_has_debit_left_credit_right_and_goes_out_as_it_is_seen(client, fund):
    """A row a posting, by the numbers of the vouchers; the file has the rows of the filter and no others."""
    post_all(fund, [Order("paid", TODAY, [debit("3101", 500), credit("1001", 500)], "J4", "银行付款")], HAND)
    post_all(fund, [deposit("d1", "甲", 10, D(2018, 12, 31))], HAND)
    page = reverse("fund-journal", args=BOOK)
    text = client.get(page).content.decode()
    rows = [re.findall(r"<t[dh].*?</t[dh]>", row, re.DOTALL) for row in text.split("<tr")[2:]]
    told = [[" ".join(re.sub(r"<[^>]+>", "", cell).split()) for cell in row] for row in rows]
    assert [row[2:7] for row in told] == [
        ["JZ-0001", "拨款", "1001 活期", "1,000.00", ""],
        ["", "", "3001 拨款", "", "1,000.00"],
        ["JZ-0002", "银行付款", "3101 已补偿", "5.00", ""],
        ["", "", "1001 活期", "", "5.00"],
        ["", "本期合计", "", "1,005.00", "1,005.00"],
    ]
    for asked, numbers in (
        ("event=J4", ["JZ-0002"]),
        ("from=2018-12-01&to=2018-12-31", ["JZ-0003"]),
        ("from=2018-01-01&to=2019-12-31", ["JZ-0001", "JZ-0002", "JZ-0003"]),
    ):
        text = client.get(f"{page}?{asked}").content.decode()
        assert list(dict.fromkeys(re.findall(r">(JZ-\d+)<", text))) == numbers
        href = re.search(r'href="([^"]+journal\.xlsx[^"]*)"', text).group(1).replace("&amp;", "&")
        assert sorted({row[0] for row in cells(client.get(href))[3:] if row[0].startswith("JZ")}) == numbers
    text = client.get(reverse("fund-book", args=BOOK) + "?event=J4").content.decode()
    href = re.search(r'href="([^"]+journal\.xlsx[^"]*)"', text).group(1).replace("&amp;", "&")
    assert {row[0] for row in cells(client.get(href))[3:5]} == {"JZ-0002"}, "the list of one event goes out as that"
    assert "这段时间没有分录" in client.get(page + "?from=2018-01-01&to=2018-01-31").content.decode()


def test_journal_is_summed_by_page_and_as_a_whole(client, fund):
    post_all(fund, [deposit(f"d{n}", "甲", 100, D(2019, 3, 2)) for n in range(60)], HAND)
    page = reverse("fund-journal", args=BOOK)
    text = client.get(page).content.decode()
    assert "1,049.00" in text.split("本页合计")[1]
    assert "本期合计" not in text
    text = client.get(following(client, page)).content.decode()
    assert "11.00" in text.split("本页合计")[1]
    assert "1,060.00" in text.split("本期合计")[1]


@pytest.mark.both
def test_books_are_seen_as_of_a_day(client, clerk, fund):
    """Under the stripe that names a day stand the balances of that day, and nothing can be written."""
    post_all(fund, [deposit("d1", "甲", 70, D(2019, 3, 4)), deposit("d2", "乙", 5, D(2019, 3, 3))], HAND)
    mine = people.client_of(clerk)
    assert "记一笔" in mine.get(reverse("fund-book", args=BOOK)).content.decode()
    text = mine.get(reverse("fund-book", args=BOOK) + "?on=2019-03-03").content.decode()
    assert "1,000.05" in text
    assert "1,000.75" not in text
    assert "JZ-0002" not in text
    assert "记一笔" not in text
    assert "1,000.05" in mine.get(reverse("funds") + "?on=2019-03-03").content.decode()
    for name, more in (("fund-account", ["1001"]), ("fund-trial", []), ("fund-journal", [])):
        text = mine.get(reverse(name, args=[*BOOK, *more]) + "?on=2019-03-03").content.decode()
        assert "1,000.05" in text, name
        assert "1,000.75" not in text, name
        assert 'value="2019-03-03"' in text, name
    subjects = reverse("fund-account", args=[*BOOK, "2001"]) + "?view=subjects&on=2019-03-03"
    assert [row[0] for row in table_of(mine, subjects)] == ["乙", "全部子目合计"]
    assert table_of(mine, subjects)[-1][2] == "0.05"
    for name, more in (("fund-payments", []), ("fund-drafts", []), ("fund-bank-account", ["1001"])):
        text = mine.get(reverse(name, args=[*BOOK, *more]) + "?on=2019-03-03").content.decode()
        assert "这一页列的是今天的情况" in text, name
        assert "先看一遍" not in text, name
        assert "journal/?on=2019-03-03" in text, "the way on keeps the day"
    assert "记错了" not in mine.get(reverse("fund-entry", args=[*BOOK, 1]) + "?on=2019-03-03").content.decode()


def test_lines_that_are_not_listed_are_counted(client, fund):
    lines = [credit("2001", 1, f"户{n}") for n in range(8)]
    post_all(fund, [Order("many", TODAY, [debit("1001", 8), *lines], "", "利息")], HAND)
    assert "另 4 行" in client.get(reverse("fund-book", args=BOOK)).content.decode(), "1 and 4 of 9 are listed"


def test_voucher_names_sum_in_capitals_and_hands(client, fund, monkeypatch):
    row = queries.journal_rows([Entry.objects.get(book=fund.book)])[0]
    paper = sheets.voucher(fund.book, row)
    text = html(paper)
    for words in ("记账凭证", "JZ-0001", "壹仟元整", "制单（经办）", "复核", "1001 活期", "T0", "2019年3月1日"):
        assert words in text
    answer = client.get(reverse("fund-voucher", args=[*BOOK, 1]))
    assert answer.content.startswith(b"%PDF")
    monkeypatch.setattr(sheets, "VOUCHER_LINES", 1)
    refused = client.get(reverse("fund-voucher", args=[*BOOK, 1]))
    assert (refused.status_code, "最多打印 1 行" in refused.content.decode()) == (422, True)


@pytest.mark.both
def test_subjects_go_out_as_they_are_listed(client, fund):
    post_all(fund, [deposit("d1", "甲", 10), deposit("d2", "乙", 20)], HAND)
    post_all(fund, [Order("back", TODAY, [debit("2001", 20, "乙"), credit("2002", 20)])], HAND)
    page = reverse("fund-account", args=[*BOOK, "2001"]) + "?view=subjects"
    for asked, names in (("", ["甲"]), ("&all=1", ["乙", "甲"]), ("&all=1&q=乙", ["乙"])):
        text = client.get(page + asked).content.decode()
        href = re.search(r'href="([^"]+subjects\.xlsx[^"]*)"', text).group(1).replace("&amp;", "&")
        rows = cells(client.get(href))
        assert sorted(row[0] for row in rows[3:-2]) == sorted(names)
        assert rows[-2][0] == "合计"


def test_overdrawn_settlement_account_stands_on_the_other_side(client, fund):
    post_all(fund, [Order("x", D(2019, 3, 2), [debit("3900", 70), credit("3001", 70)])], HAND)
    rows = table_of(client, reverse("fund-account", args=[*BOOK, "3900"]))
    assert rows[-1][4:] == ["0.70", "0.00", "借", "0.70"]


def test_pages_lead_from_voucher_to_voucher_and_to_the_account_of_its_year(client, fund):
    post_all(fund, [deposit("d1", "甲&乙", 10, D(2018, 12, 31)), deposit("d2", "甲&乙", 20)], HAND)
    text = client.get(reverse("fund-entry", args=[*BOOK, 2])).content.decode()
    for no in (1, 3):
        assert f'href="{reverse("fund-entry", args=[*BOOK, no])}"' in text
    href = re.search(r'href="([^"]+accounts/2001/[^"]+)"', text).group(1).replace("&amp;", "&")
    assert [row[1] for row in table_of(client, href)] == ["", "JZ-0002", "", "", ""]


def cells(answer):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    return sheet.to_python(skip_empty_area=False)


def test_books_go_out_as_spreadsheets_that_add_up(client, fund):
    post_all(fund, [deposit("d1", "=甲", 10), deposit("d2", "乙", 20, D(2018, 12, 31))], HAND)
    journal = cells(client.get(reverse("fund-journal-export", args=BOOK)))
    assert "序时账 2019-01-01 至 2019-03-05" in journal[0][0]
    assert journal[1][0].startswith("记账单位：")
    assert "单位：元" in journal[1][0]
    assert [row[0] for row in journal[3:7]] == ["JZ-0001", "JZ-0001", "JZ-0002", "JZ-0002"]
    assert journal[6][7:10] == ["'=甲", "", 0.1]
    assert journal[7][:1] + journal[7][8:10] == ["合计", 1000.1, 1000.1]
    told = cells(client.get(reverse("fund-account-export", args=[*BOOK, "2001"]) + "?subject=乙&from=2018-01-01"))
    assert "科目：2001 " in told[1][0]
    assert "乙" in told[1][0]
    assert [row[2:3] + row[6:10] for row in told[3:4] + told[5:8]] == [
        ["期初余额", "", "", "平", 0.0],
        ["本月合计", 0.0, 0.2, "贷", 0.2],
        ["本年累计", 0.0, 0.2, "贷", 0.2],
        ["本期合计、期末余额", 0.0, 0.2, "贷", 0.2],
    ]
    assert told[4][6:10] == ["", 0.2, "贷", 0.2]
    trial = cells(client.get(reverse("fund-trial-export", args=BOOK)))
    assert trial[-2][2:] == [0.2, 0.2, 1000.1, 1000.1, 1000.1, 1000.1, 1000.3, 1000.3]


def test_span_with_too_many_lines_is_refused_with_the_way_out(client, fund, monkeypatch):
    monkeypatch.setattr(fund_sheet, "LIMIT", 1)
    post_all(fund, [deposit("d1", "甲", 10)], HAND)
    for name in (["fund-journal-export", BOOK], ["fund-account-export", [*BOOK, "1001"]]):
        answer = client.get(reverse(name[0], args=name[1]))
        assert (answer.status_code, "缩短" in answer.content.decode()) == (422, True)


def test_no_book_yet_says_what_books_are_kept_of(clerk, db):
    text = people.client_of(clerk).get(reverse("funds")).content.decode()
    assert "还没有开立账簿" in text
    assert "试验基金" in text
    outside = people.client_of(people.person("other", (Role.CLERK, "housing")))
    assert "试验基金" not in outside.get(reverse("funds")).content.decode()


def test_a_book_is_opened_by_two_hands_on_pages(clerk, head):
    """From the list to the open book; what is missing is said at its field, and the desk of the second hand says so."""
    mine, other = people.client_of(clerk), people.client_of(head)
    assert reverse("fund-open-kinds") in mine.get(reverse("funds")).content.decode()
    assert reverse("fund-open", args=BOOK) in mine.get(reverse("fund-open-kinds")).content.decode()
    form = {"opened_on": "2019-03-01", "bank": "12", "number": NUMBER}
    bad = mine.post(reverse("fund-open", args=BOOK), form)
    assert bad.status_code == 422
    assert "12位数字" in bad.content.decode()
    assert NUMBER in bad.content.decode()
    done = mine.post(reverse("fund-open", args=BOOK), form | {"bank": BANK})
    assert done.status_code == 303
    page = reverse("fund-opening", args=[Opening.objects.get().pk])
    assert page in other.get(reverse("funds")).content.decode()
    assert [one.href for one in funds(standing(head).actor("web"), TODAY) if one.count] == [page]
    assert "复核无误，开立" not in mine.get(page).content.decode()
    assert "复核无误，开立" in other.get(page).content.decode()
    opened = other.post(page, {"act": "accept", "version": "1"})
    assert opened.status_code == 303
    assert "账簿已开立" in other.get(opened["Location"]).content.decode()
    assert "已开立" in mine.get(page).content.decode()
    assert mine.post(reverse("fund-open", args=BOOK), form | {"bank": BANK}).status_code == 422


def test_a_book_is_opened_through_the_api(clerk, head):
    mine, other = people.client_of(clerk), people.client_of(head)
    kind = next(one for one in mine.get("/api/v1/funds/kinds").json() if one["plan"] == "trial/fund")
    assert [one["name"] for one in kind["fields"]] == ["bank", "number"]
    body = {"plan": "trial/fund", "opened_on": "2019-03-01", "values": {"bank": BANK, "number": NUMBER}}
    row = mine.post("/api/v1/funds/openings", json.dumps(body), "application/json").json()
    assert row["state"] == "proposed"
    answer = json.dumps({"accept": True, "version": row["version"]})
    assert mine.post(f"/api/v1/funds/openings/{row['id']}", answer, "application/json").status_code == 403
    assert other.post(f"/api/v1/funds/openings/{row['id']}", answer, "application/json").json()["state"] == "done"
    assert mine.get("/api/v1/funds/openings").json() == []
    again = mine.post("/api/v1/funds/openings", json.dumps(body), "application/json")
    assert (again.status_code, again.json()["code"]) == (409, "E_DUPLICATE")
