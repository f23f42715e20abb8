"""The main path in a real browser: signed, paid in, filed, transferred, released, and what the buyer sees of it."""

from __future__ import annotations

import datetime
import re

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import expect

from luoshi.kernel.clock import CLOCK
from luoshi.office.cases import actions as cases
from luoshi.office.funds import bank, payments
from luoshi.office.funds.models import Account, PaymentInstruction
from luoshi.office.funds.orders import Hand
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import course, signing
from luoshi.programmes.home_escrow.models import Bank, EscrowAccount, Sale
from luoshi.site.registry import load_decisions, load_programmes
from tests.office import people
from tests.office.funds_made import ACTOR, BANK, NUMBER, clock_at
from tests.site.browsing import faults, followed, page_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY = datetime.date(2018, 6, 20)
TYPED = {
    "合同编号": "HT-1", "网上签订日期": "2018-06-19", "不动产单元代码": "371083001001GB00001F00010001",
    "权属证书号": "鲁(2018)乳山市不动产权第0000001号", "坐落": "测试路1号", "买受人 1 姓名或名称": "测试甲",
    "出卖人 1 姓名或名称": "测试乙", "房价款（元）": "8000", "合同写明的监管资金（元）": "8000",
    "自有资金（元），备案前存足": "8000",
}  # fmt: skip


@pytest.fixture
def office():
    load_decisions()
    load_programmes()
    clock_at(DAY)
    organ = "housing-admin"
    clerk = people.person("he-clerk", (Role.CLERK, organ), name="测试丙")
    reviewer = people.person("he-reviewer", (Role.REVIEWER, organ), name="测试丁")
    book = signing.open_account(actor=ACTOR, bank=BANK, name="测试银行", number=NUMBER, opened_on=DAY)
    row = Bank.objects.create(code="01", name="测试银行", number=BANK, stage="active")
    EscrowAccount.objects.create(book=book, bank=row, tail=NUMBER[-4:], status="active", seal_card_on=DAY)
    yield book, clerk, reviewer
    CLOCK.release()


def test_a_sale_from_the_agreement_to_the_seller(browser, live_server, office):
    book, *users = office
    clerk, reviewer = (page_of(browser, live_server, user) for user in users)
    wrong = []
    clerk.goto(live_server.url + reverse("escrow-new"))
    for label, text in TYPED.items():
        clerk.get_by_label(re.compile(f"^{re.escape(label)}")).first.fill(text)
    clerk.locator("#buyers_number_1").fill("371083197001010015")
    clerk.locator("#sellers_number_1").fill("371083197002020011")
    clerk.get_by_role("button", name="签订监管协议").click()
    expect(clerk.get_by_role("alert")).to_contain_text("校验位")
    wrong += faults(clerk, "refused form")
    clerk.locator("#buyers_number_1").fill("371083197001010014")
    clerk.get_by_role("button", name="签订监管协议").click()
    expect(clerk.get_by_role("heading", level=1)).to_contain_text("JG201801000001")

    sale = Sale.objects.get()
    account = Account.objects.select_related("book").get(book=book, code="1001")
    body = {"direction": "C", "amount_fen": 800_000, "counter_name": "测试甲", "ref": sale.agreement_no}
    with transaction.atomic():
        bank.book_movement(account, "C", 800_000, "t1", DAY, body | {"bank_txn_no": "t1"})
    clerk.reload()
    expect(clerk.get_by_text("备案前应存入的款项都已存足")).to_be_visible()
    clerk.get_by_text("申请备案…").click()
    for paper in ("监管协议", "存款凭证", "各方身份证明", "权属证书"):
        clerk.get_by_role("checkbox", name=paper).check()
    clerk.get_by_role("button", name="申请备案").click()
    expect(clerk.get_by_text("没有轮到您办的步骤")).to_be_visible()

    # Another hand files; registry and tax have looked it up; the title goes over.
    address = live_server.url + reverse("escrow-sale", args=[sale.agreement_no])
    reviewer.goto(address)
    reviewer.get_by_role("button", name="准予备案").click()
    expect(reviewer.get_by_text("已备案，待过户").first).to_be_visible()
    case = course.case_of(sale.agreement_no)
    for step in ("registry_check", "tax_check"):
        cases.act(actor=ACTOR, case=case.pk, step=step)
    cases.act(actor=ACTOR, case=case.pk, step="register", data={"registered_on": "2018-06-20", "certificate_no": "1"})

    clerk.goto(address)
    clerk.get_by_text("申请划转…").click()
    clerk.get_by_role("checkbox", name="买受人（全部）已申请").first.check()
    clerk.get_by_role("checkbox", name="出卖人（全部）已申请").first.check()
    for label, text in (("收款户名", "测试乙"), ("收款账号", "6222000000000018"), ("开户银行", "测试银行")):
        clerk.get_by_label(re.compile(f"^{label}")).first.fill(text)
    followed(clerk.get_by_role("button", name="申请划转"))
    wrong += faults(clerk, "sale")
    reviewer.reload()
    reviewer.get_by_role("button", name="批准划转").click()
    expect(reviewer.get_by_text("划转已批准").first).to_be_visible()
    clerk.reload()
    clerk.get_by_role("button", name="拟划转指令").click()
    expect(clerk.get_by_role("row", name=re.compile("测试乙 尾号 0018"))).to_contain_text("8,000.00")

    row = PaymentInstruction.objects.get()
    payments.check_payment(actor=people.actor("he-reviewer"), payment=row.pk)
    with transaction.atomic():
        locked = payments.locked(row.instr_id)
        payments.apply_result(locked, "success", txn="t2", on=DAY, reason="", hand=Hand("测试银行", "bank"))
    clerk.goto(live_server.url + reverse("escrow") + "?state=all")
    expect(clerk.get_by_role("row", name=re.compile("JG201801000001"))).to_contain_text("办结")
    wrong += faults(clerk, "workbench")

    visitor = page_of(browser, live_server, None, 390)
    visitor.goto(live_server.url + reverse("open-escrow"))
    visitor.get_by_label("监管协议编号").fill(sale.agreement_no)
    visitor.get_by_label("查询码").fill(sale.code)
    visitor.get_by_role("button", name="查", exact=True).click()
    expect(visitor.get_by_role("list", name="四个步骤")).to_contain_text("8,000.00")
    wrong += faults(visitor, "the buyer's view")
    assert wrong == []
