"""Money in suspense: every excess is asked about, nobody is given what another paid, a loan finds its line."""

from __future__ import annotations

import datetime
import json

import pytest
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.duties.matter_models import Matter
from luoshi.office.funds import bank, envelope, links, payments, queries
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.orders import Hand
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import contracts, course, incoming, proving, signing, suspense
from luoshi.programmes.home_escrow.models import Agency
from luoshi.site.registry import load_decisions, load_programmes
from tests.office import people
from tests.office.funds_made import ACTOR, BANK, NUMBER, clock_at

DAY = datetime.date(2018, 6, 20)
KEY = "test-key-" + "0" * 40
LENDER = "测试银行"
SALE = "JG201801000001"


class World:
    """An account with a sale of 300 own and 500 loan (fen), its bank linked, two hands."""

    def __init__(self) -> None:
        load_decisions()
        load_programmes()
        clock_at(DAY)
        self.clerk = people.actor("clerk", (Role.CLERK, "housing-admin"))
        self.head = people.actor("head", (Role.REVIEWER, "housing-admin"))
        self.book = signing.open_account(actor=ACTOR, bank=BANK, name="测试银行", number=NUMBER, opened_on=DAY)
        links.set_link(actor=Actor.system("测试", "test"), bank=BANK, name="测试银行", key=KEY)
        lines = [{"kind": "首付款", "amount": 300}, {"kind": "按揭贷款", "amount": 500, "lender": LENDER}]
        signing.sign(actor=ACTOR, book=self.book, agreement_no=SALE, contract_no="HT-1", price=800, buyer="John Smith",
                   unit_code="371083001001GB00001F00000001", seller="测试乙", lines=lines)  # fmt: skip

    def says(self, kind: str, txn: str, fen: int, payer: str = "", way: str = "C", **more):
        body = {
            "v": 1, "bank": BANK, "account": NUMBER, "msg_id": f"M-{txn}", "type": kind, "direction": way,
            "created_at": CLOCK.now().isoformat(), "business_date": str(DAY), "bank_txn_no": txn, "amount_fen": fen,
            "currency": "CNY", "counter_account": "", "counter_name": payer, "ref": SALE, "memo": "", **more,
        }  # fmt: skip
        return bank.receive(json.dumps(envelope.signed(body, KEY), ensure_ascii=False).encode())

    def asks(self, payer: str, yuan: str, **more):
        told = {"account": self.book.key, "payer": payer, "amount": yuan, **more}
        return cases.open_case(actor=self.clerk, procedure=contracts.SUSPENSE, title=payer, facts=told)

    def act(self, case, step: str, who=None, **data) -> None:
        cases.act(actor=who or self.head, case=case.pk, step=step, data=data)

    def kept(self) -> dict[str, int]:
        return {code: fen for code, fen in queries.balances(self.book).items() if fen}

    def waiting(self) -> list[str]:
        rows = Matter.objects.filter(external_id__startswith="unclaimed:").exclude(state="withdrawn")
        return [one.title.split(" ", 1)[1] for one in rows.order_by("pk")]


@pytest.fixture
def world(db):
    yield World()
    CLOCK.release()


def test_what_exceeds_the_open_amount_is_a_task_of_its_own(world):
    world.says("DEPOSIT", "t1", 350, "John Smith")
    assert world.kept() == {"1001": 350, "2001": 300, "2005": 50}
    assert world.waiting() == ["来款待认领 0.50 元"]


def test_a_name_with_spaces_or_wide_signs_is_the_same_payer(world):
    world.says("DEPOSIT", "t1", 100, "JOHN　SMITH")
    world.says("DEPOSIT", "t2", 500, "测试 银行")
    assert world.kept() == {"1001": 600, "2001": 100, "2002": 500}
    Agency.objects.create(credit_code="91371083MA3CTXYT1X", name="测试中介（乳山）公司")
    world.says("DEPOSIT", "t3", 7, "测试中介(乳山) 公司")
    assert world.kept()["2005"] == 7, "an agency's money is never a buyer's, however the bank spells it"
    assert incoming.agency_kind("测试中介(乳山)公司") == "agency"


def test_nobody_is_given_what_another_paid_in(world):
    world.says("DEPOSIT", "t1", 100, "测试丙")
    world.says("DEPOSIT", "t2", 70, "测试丁")
    for payer, yuan, words in (("测试丙", "1.01", "单笔最多还有 1.00 元"), ("测试戊", "0.01", "没有“测试戊”付的钱")):
        with pytest.raises(LuoshiError, match=words):
            world.asks(payer, yuan)
    first = world.asks("测试丙", "0.60")
    with pytest.raises(LuoshiError, match=r"单笔最多还有 0.40 元"):
        world.asks("测试丙", "0.41")
    world.act(first, "refuse", reason="没有签字")
    back = world.asks("测试丙", "1.00")
    world.act(back, "send_back", world.clerk, number="6222000000000099", payee_bank="测试银行")
    with pytest.raises(LuoshiError, match=r"最多还有 0.00 元"):
        world.asks("测试丙", "0.01")
    # The draft is sent back by the other hand: the money waits again, and goes back by a new case.
    row = PaymentInstruction.objects.get(claim=back.number)
    payments.check_payment(actor=world.head, payment=row.pk, accept=False, reason="账号不对")
    again = world.asks("测试丙", "1.00", txn="t1")
    world.act(again, "send_back", world.clerk, number="6222000000000099", payee_bank="测试银行")
    row = PaymentInstruction.objects.get(claim=again.number)
    payments.check_payment(actor=world.head, payment=row.pk)
    assert world.waiting() == ["来款待认领 1.00 元", "来款待认领 0.70 元"]
    with transaction.atomic():
        payments.apply_result(payments.locked(row.instr_id), "success", txn="b1", on=DAY, reason="",
                              hand=Hand("银行", "test"))  # fmt: skip
    assert world.kept() == {"1001": 70, "2005": 70}
    assert world.waiting() == ["来款待认领 0.70 元"]
    assert [(one.payer, one.left) for one in suspense.inflows([world.book])] == [("测试丙", 0), ("测试丁", 70)]


def test_loan_money_under_another_name_is_identified_to_the_loan_s_line(world):
    world.says("DEPOSIT", "t1", 500, "测试银行乳山支行贷款户")
    case = world.asks("测试银行乳山支行贷款户", "5.00", agreement_no=SALE, both_signed="1", line="loan")
    world.act(case, "identify")
    sale = course.sale_of(SALE)
    assert world.kept() == {"1001": 500, "2002": 500}
    assert [(one.lender, one.deposited) for one in sale.lines.all()] == [("", 0), (LENDER, 500)]
    assert [(one.payer, one.bank_txn_no) for one in sale.vouchers.all()] == [("测试银行乳山支行贷款户", "t1")]
    assert (world.waiting(), proving.faults(world.book)) == ([], [])
    world.says("DEPOSIT", "t2", 1, "测试丙")
    over = world.asks("测试丙", "0.01", agreement_no=SALE, both_signed="1", line="loan")
    with pytest.raises(LuoshiError, match=r"测试银行待存 0.00 元，不能认领 0.01 元"):
        world.act(over, "identify")


def test_a_reversed_deposit_takes_back_its_excess_too_and_a_stranger_s_money_is_nobody_s_debt(world):
    world.says("DEPOSIT", "t1", 350, "John Smith")
    world.says("DEPOSIT_REVERSED", "r1", 350, "John Smith", way="D", ground="误入账")
    assert world.kept() == {}
    assert course.sale_of(SALE).reversed == 300
    world.says("DEPOSIT", "t2", 70, "测试丙", ref="")
    world.says("DEPOSIT", "t3", 90, "测试丁", ref="")
    world.says("DEPOSIT_REVERSED", "r2", 70, "测试丙", way="D", ground="误入账", ref="")
    assert world.kept() == {"1001": 90, "2005": 90}
    # What a reversal takes beyond what is there the bank owes; another's money in suspense stays.
    world.says("DEPOSIT", "t4", 30, "测试戊", ref="")
    world.says("DEPOSIT_REVERSED", "r3", 100, "测试丁", way="D", ground="误入账", ref="", reversed_txn="t3")
    assert world.kept() == {"1001": 20, "1101": 10, "2005": 30}
    assert [one.left for one in suspense.inflows([world.book])] == [0, 0, 0, 30]
    assert proving.faults(world.book) == []
