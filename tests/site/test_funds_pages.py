"""Every page of the books answers, says what is there, and asks the same number of queries however many rows."""

from __future__ import annotations

import datetime
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.money import rate
from luoshi.office.accounts.queries import standing
from luoshi.office.funds import gauge, payments, queries, reconcile
from luoshi.office.funds.models import BankMessage, Book, Difference, Draft, Entry, Opening, PaymentInstruction, Sheet
from luoshi.office.funds.orders import Order, credit, debit
from luoshi.office.funds.writing import post_all
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
        marks=(gauge.Mark("提醒", rate("15%")), gauge.Mark("停办", rate("20%"), stop=True)),
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
    assert "三组借贷都相等" in text
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


def test_statement_carries_its_balance_from_page_to_page(client, fund):
    post_all(fund, [deposit(f"d{n}", "甲", 100, D(2019, 3, 2)) for n in range(60)], HAND)
    address = reverse("fund-account", args=[*BOOK, "1001"])
    first = table_of(client, address)
    assert first[0][2:] == ["期初余额", "", "", "", "平", "0.00"]
    assert first[1][1:] == ["JZ-0001", "拨款", "3001 拨款", "1,000.00", "", "借", "1,000.00"]
    assert first[-1][2:] == ["过次页", "", "", "", "借", "1,049.00"]
    following = re.search(r'rel="next" href="([^"]+)"', client.get(address).content.decode()).group(1)
    second = table_of(client, following.replace("&amp;", "&"))
    assert second[0][2:] == ["承前页", "", "", "", "借", "1,049.00"]
    assert second[-1][2:] == ["本期合计、期末余额", "", "1,060.00", "0.00", "借", "1,060.00"]
    assert len(first) + len(second) == 61 + 4
    march = table_of(client, f"{address}?from=2019-03-02&to=2019-03-31")
    assert march[0][2:] == ["期初余额", "", "", "", "借", "1,000.00"]
    assert table_of(client, f"{address}?from=2018-01-01&to=2018-12-31")[1][2] == "这段时间没有分录"


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
    assert [row[1] for row in table_of(client, href)] == ["", "JZ-0002", ""]


def cells(answer):
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0)
    return sheet.to_python(skip_empty_area=False)


def test_books_go_out_as_spreadsheets_that_add_up(client, fund):
    post_all(fund, [deposit("d1", "=甲", 10), deposit("d2", "乙", 20, D(2018, 12, 31))], HAND)
    journal = cells(client.get(reverse("fund-journal-export", args=BOOK)))
    assert "序时账 2019-01-01 至 2019-03-05" in journal[0][0]
    assert [row[0] for row in journal[2:6]] == ["JZ-0001", "JZ-0001", "JZ-0002", "JZ-0002"]
    assert journal[5][7:10] == ["'=甲", "", 0.1]
    assert journal[6][:1] + journal[6][8:10] == ["合计", 1000.1, 1000.1]
    told = cells(client.get(reverse("fund-account-export", args=[*BOOK, "2001"]) + "?subject=乙&from=2018-01-01"))
    assert [row[6:10] for row in told[2:5]] == [["", "", "平", 0.0], ["", 0.2, "贷", 0.2], [0.0, 0.2, "贷", 0.2]]
    trial = cells(client.get(reverse("fund-trial-export", args=BOOK)))
    assert trial[-2][2:] == [0.2, 0.2, 1000.1, 1000.1, 1000.3, 1000.3]


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
