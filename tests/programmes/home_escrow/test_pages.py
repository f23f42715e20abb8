"""The demonstration's sales and the pages on them: what each finds, what a form answers, what the public sees."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.demo import load_people
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.funds.bank_models import BankMessage
from luoshi.office.funds.models import Account, Book
from luoshi.office.indicators.declaration import indicators
from luoshi.office.indicators.spans import Span
from luoshi.office.parameters import book as parameters
from luoshi.programmes.home_escrow import common, contracts, course, demo, holds, proving, suspense
from luoshi.programmes.home_escrow.models import Hold, Sale, StatusCheck, Voucher
from luoshi.site.registry import load_decisions, load_programmes
from tests.office.people import client_of
from tests.programmes import case_pages

CONTRACT = {
    "contract_no": "HT-99", "unit_code": "371083001001GB00001F00009999",
    "title_no": "鲁（2018）乳山市不动产权第0000099号",
    "address": "测试路99号", "area": "90.5", "buyers_name_1": "测试某", "buyers_number_1": "371083197001010014",
    "sellers_name_1": "测试他", "sellers_number_1": "371083197002020011", "price": "800000", "mode": "FULL",
    "contract_supervised": "800000", "own": "320000", "loan": "480000", "lender": "测试银行", "plan": "SINGLE",
}  # fmt: skip


def browser(login: str) -> Client:
    return client_of(User.objects.get(login=login))


@pytest.mark.django_db
def test_the_demonstration_has_a_sale_at_every_step_and_its_pages_say_so():
    load_decisions()
    load_programmes()
    load_people()
    assert len(list(demo.load())) == 1
    states = set(Case.objects.filter(procedure=common.SALE).values_list("state", flat=True))
    assert states == {"signed", "funding", "funded", "filing", "filed", "registered", "requested", "approved",
                      "releasing", "owed", "terminating", "closed"}  # fmt: skip
    assert [proving.faults(book) for book in Book.objects.filter(plan=common.PLAN)] == [[], []]
    assert "已装入过" in next(iter(demo.load()))
    assert case_pages.refused() == {}
    clerk = browser("fangguan1")
    workbench(clerk)
    waiting_money(clerk)
    one_sale(clerk)
    form(clerk)
    counters()
    public()
    figures()


def workbench(clerk: Client) -> None:
    html = clerk.get(reverse("escrow")).content.decode()
    assert "监管中的钱" in html
    assert "冻结 200,000.00" in html
    row = Sale.objects.order_by("pk").last()
    for text in (
        row.agreement_no,
        row.contract_no,
        row.buyer,
        row.parties.first().tail,
        "371083001001GB00001F00000018",
    ):
        found = clerk.get(reverse("escrow"), {"q": text}).content.decode()
        assert row.agreement_no in found, text
    assert "这个条件下没有交易" in clerk.get(reverse("escrow"), {"q": "无此人"}).content.decode()
    # A bank sees its own account's sales, another organ's clerk none.
    other = Sale.objects.filter(agreement_no__startswith="JG", book__key__contains="313465000027").first()
    teller = browser("nongshang1")
    assert other.agreement_no not in teller.get(reverse("escrow"), {"state": "all"}).content.decode()
    assert teller.get(reverse("escrow-sale", args=[other.agreement_no])).status_code == 404
    assert "JG" not in browser("shuiwu3").get(reverse("escrow")).content.decode()
    assert clerk.get(reverse("escrow-export"), {"state": "all"}).content[:2] == b"PK"


def waiting_money(clerk: Client) -> None:
    """A stranger's money is asked for by its transaction; an agency's can only go back; a bank's people only look."""
    address = reverse("escrow-suspense")
    assert address in clerk.get(reverse("escrow")).content.decode()
    html = clerk.get(address).content.decode()
    assert "测试外人" in html
    assert html.count("中介或担保机构代付，只能退回") == 1
    assert html.count("认领到交易…") == 1
    assert "退回付款人…" not in browser("nongshang1").get(address).content.decode()
    book = Book.objects.filter(plan=common.PLAN).order_by("pk")[0]
    stranger, agency = suspense.inflows([book])
    number = Sale.objects.filter(book=book, state="funding").order_by("pk").last().agreement_no
    asked = {"act": "identify", "entry": stranger.entry, "amount": "50000.01", "agreement_no": number, "line": "own"}
    unsigned = clerk.post(address, asked)
    assert (unsigned.status_code, "由买受人和付款人签字" in unsigned.content.decode()) == (422, True)
    more = clerk.post(address, asked | {"both_signed": "1"})
    assert (more.status_code, "单笔最多还有 50,000.00 元" in more.content.decode()) == (422, True)
    assert clerk.post(address, asked | {"entry": "0", "both_signed": "1"}).status_code == 404
    done = clerk.post(address, asked | {"amount": "20000", "both_signed": "1"})
    assert done.status_code == 303
    case = Case.objects.get(procedure=contracts.SUSPENSE)
    cases.act(actor=standing(User.objects.get(login="fangguan2")).actor("web"), case=case.pk, step="identify")
    assert [one.left for one in suspense.inflows([book])] == [3_000_000, agency.left]
    told = clerk.get("/api/v1/escrow/suspense").json()
    assert [(one["txn"], one["payer"], one["left"]) for one in told["transactions"]] == [
        (stranger.txn, "测试外人", 3_000_000), (agency.txn, agency.payer, agency.left),
    ]  # fmt: skip
    assert told["total"] == 3_000_000 + agency.left
    stranger_s = browser("shuiwu3").get("/api/v1/escrow/suspense").json()
    assert stranger_s == {"total": 0, "transactions": []}
    back = clerk.post(address, {"act": "send_back", "entry": agency.entry, "amount": "30000"})
    assert (back.status_code, suspense.inflows([book])[1].left) == (303, 0)
    assert "在办" in clerk.get(address).content.decode()


def one_sale(clerk: Client) -> None:
    hold = Hold.objects.select_related("sale").get()
    funded = Sale.objects.filter(state="funding").first()
    changing = reverse("escrow-sale", args=[funded.agreement_no])
    assert "签补充协议" in clerk.get(changing).content.decode()
    refused = clerk.post(changing, {"act": "supplement", "price": "1", "contract_supervised": "1", "own": "1"})
    assert refused.status_code == 422
    address = reverse("escrow-sale", args=[hold.sale.agreement_no])
    assert "签补充协议" not in clerk.get(address).content.decode()
    html = clerk.get(address).content.decode()
    assert "放款还差什么" in html
    assert "买受人、出卖人没有申请，须双方共同申请" in html
    assert "371083" in html
    assert course.sale_of(hold.sale.agreement_no).parties.first().tail in html
    refused = clerk.post(address, {"act": "freeze", "authority": "某法院", "document_no": "测试2号", "amount": ""})
    assert refused.status_code == 422
    assert "请写金额" in refused.content.decode()
    done = clerk.post(address, {"act": "lift", "hold": hold.pk, "document_no": "测试解1号"})
    assert done.status_code == 303
    # One hand asks, another lifts: the money stays held until then.
    assert course.held(hold.sale) == 20_000_000
    lifting = holds.case_of(hold.pk)
    assert "解除待复核" in clerk.get(address).content.decode()
    with pytest.raises(LuoshiError, match="由房产管理审核人"):
        cases.act(actor=standing(User.objects.get(login="fangguan1")).actor("web"), case=lifting.pk, step="lift")
    cases.act(actor=standing(User.objects.get(login="fangguan2")).actor("web"), case=lifting.pk, step="lift")
    assert course.held(hold.sale) == 0
    told = json.loads(BankMessage.objects.get(type="HOLD_INFO").body)
    assert (told["act"], told["ref"], told["basis"]) == ("UNFREEZE", hold.sale.agreement_no, "测试解1号")
    reasons = Sale.objects.get(pk=hold.sale_id).registered_on
    assert f"{reasons.year}年{reasons.month}月{reasons.day}日" in html
    assert 'class="ls-cite"' in html
    lender = {"step": "request", "buyer_applied": "1", "seller_applied": "1", "owner": "测试房产", "number": "62220001",
              "payee_bank": "测试银行", "basis": "own"}  # fmt: skip
    refused = clerk.post(address, lender)
    assert refused.status_code == 422
    assert "没有公证书" in refused.content.decode()
    assert "62220001" in refused.content.decode()


def form(clerk: Client) -> None:
    account = Book.objects.get(key__contains="402465000025")
    told = CONTRACT | {"account": account.key, "contract_on": CLOCK.today().isoformat()}
    assert clerk.get(reverse("escrow-new")).status_code == 200
    for wrong, words in (
        ({"buyers_number_1": "371083197001010015"}, "校验位"), ({"own": "320001"}, "相差"),
        ({"contract_supervised": "700000"}, "监管资金"), ({"unit_code": "371083001001JC00001F00009999"}, "集体"),
        ({"loan": "480000", "lender": ""}, "贷款银行"), ({"buyers_number_1": "371083197002020011"}, "同一人"),
    ):  # fmt: skip
        answer = clerk.post(reverse("escrow-new"), told | wrong)
        assert answer.status_code == 422, wrong
        assert words in answer.content.decode(), wrong
        assert "测试路99号" in answer.content.decode()
    answer = clerk.post(reverse("escrow-new"), told)
    assert answer.status_code == 303, answer.content.decode()
    assert "待存入" in clerk.get(answer["Location"]).content.decode()
    assert clerk.post(reverse("escrow-new"), told | {"contract_no": "HT-98"}).status_code == 409


def counters() -> None:
    tax = browser("shuiwu3")
    filed = Sale.objects.filter(state="filed").first()
    before = StatusCheck.objects.count()
    assert "已备案，可以受理" in tax.post(reverse("escrow-check"), {"asked": filed.contract_no}).content.decode()
    assert "已备案，可以受理" in tax.post(reverse("escrow-check"), {"asked": filed.unit_code}).content.decode()
    assert "未备案，不能受理" in tax.post(reverse("escrow-check"), {"asked": "没有的合同"}).content.decode()
    assert "已备案" in tax.post(reverse("escrow-check"), {"asked": "CSW-1"}).content.decode()
    assert StatusCheck.objects.count() == before + 4
    body = json.dumps({"asked": filed.contract_no})
    told = tax.post("/api/v1/escrow/status", body, content_type="application/json").json()
    assert (told["filed"], told["route"], told["price"]) == (True, "SUPERVISED", filed.price)
    assert tax.get(f"/api/v1/escrow/sales/{filed.agreement_no}").status_code == 404
    seen = browser("fangguan2").get(f"/api/v1/escrow/sales/{filed.agreement_no}").json()
    assert seen["money"]["balance"] == filed.deposits
    assert [one["amount"] for one in seen["lines"]] == [one.amount for one in filed.lines.all()]


def public() -> None:
    visitor, sale = Client(), Sale.objects.exclude(code="").filter(state="filed").first()
    address = reverse("open-escrow")
    assert "测试农商银行" in visitor.get(address).content.decode()
    mine = visitor.post(address, {"act": "sale", "number": sale.agreement_no, "code": sale.code.lower()})
    assert mine.status_code == 200
    html = mine.content.decode()
    assert "登记、税务窗口核对后办理过户" in html
    assert sale.buyer not in html
    assert visitor.post(address, {"act": "sale", "number": sale.agreement_no, "code": "0" * 8}).status_code == 422
    voucher = Voucher.objects.first()
    printed = visitor.post(address, {"act": "pdf", "voucher": voucher.number, "check": voucher.code})
    assert printed.content[:5] == b"%PDF-"
    assert visitor.post(address, {"act": "pdf", "voucher": voucher.number, "check": "1" * 8}).status_code == 422
    told = {"act": "voucher", "voucher": voucher.number, "check": voucher.code}
    assert "是真的" in visitor.post(address, told).content.decode()
    assert "不是本系统出的" in visitor.post(address, told | {"check": "1" * 8}).content.decode()


def figures() -> None:
    today = CLOCK.today()
    span = Span("year", str(today.year), today.replace(month=1, day=1), today.replace(month=12, day=31), "")
    found = {one.key: one.numerator.count(span)[""] for one in indicators(contracts.ROOM)}
    assert found["home_escrow.money"] > 0
    assert found["home_escrow.findings"] == 1
    assert found["home_escrow.delay"] == 0
    share = next(one for one in indicators(contracts.ROOM) if one.key == "home_escrow.share")
    assert share.denominator.count(span)[""] == share.numerator.count(span)[""] + 1
    assert found["home_escrow.checked"] == Sale.objects.filter(registered_on__year=today.year).count()
    # Supervision is free (article 4): the parameter home_escrow.fee is nothing, and no account could take a fee.
    assert parameters.current().values(contracts.ROOM, today)["fee"] == 0
    assert not Account.objects.filter(book__plan=common.PLAN, title__contains="费").exists()
