"""Cases of sales: two writers at one sale (G15), what no other hand may skip, what is kept of numbers."""

from __future__ import annotations

import datetime
import json

import pytest
from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases import procedures
from luoshi.office.cases.models import CaseEvent
from luoshi.office.funds import bank, payments
from luoshi.office.funds.models import Account, PaymentInstruction
from luoshi.office.funds.orders import Hand
from luoshi.office.notices.models import Notice
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import (
    common,
    contracts,
    course,
    earning,
    freezing,
    holds,
    incoming,
    owing,
    paying,
    proving,
    queries,
    releasing,
    signing,
    supplements,
)
from luoshi.programmes.home_escrow.models import Payout
from luoshi.site import banksim
from luoshi.site.registry import load_decisions, load_programmes
from tests.office import people
from tests.office.funds_made import ACTOR, BANK, NUMBER, clock_at
from tests.office.test_two_at_once import at_once

DAY = datetime.date(2018, 6, 20)
ACCOUNT = "6222000000000018"
HAND = Hand("银行", "test")


class World:
    """A sale whose release waits for approval, and its people."""

    def __init__(self) -> None:
        load_decisions()
        load_programmes()
        clock_at(DAY)
        organ = "housing-admin"
        self.clerk = people.actor("clerk", (Role.CLERK, organ))
        self.reviewer = people.actor("reviewer", (Role.REVIEWER, organ))
        self.book = signing.open_account(actor=ACTOR, bank=BANK, name="测试银行", number=NUMBER, opened_on=DAY)
        self.case = contracts.open_sale(actor=self.clerk, told={
            "account": self.book.key, "contract_no": "HT-1", "contract_on": "2018-06-19", "address": "测试路1号",
            "unit_code": "371083001001GB00001F00010001", "title_no": "鲁（2018）乳山市不动产权第0000001号",
            "buyers": "测试甲 371083197001010014", "sellers": "测试乙 371083197002020011", "price": "8000",
            "mode": "FULL", "contract_supervised": "8000", "own": "8000", "plan": "SINGLE",
        })  # fmt: skip
        self.number = self.case.number
        account = Account.objects.select_related("book").get(book=self.book, code="1001")
        body = {"direction": "C", "amount_fen": 800_000, "counter_name": "测试甲", "ref": self.number}
        with transaction.atomic():
            bank.book_movement(account, "C", 800_000, "t1", DAY, body | {"bank_txn_no": "t1"})

    def act(self, step: str, who=None, **data) -> None:
        cases.act(actor=who or self.clerk, case=self.case.pk, step=step, data=data)

    def registered(self) -> None:
        self.registered_on("2018-06-20")

    def registered_on(self, day: str) -> None:
        self.act("submit", **dict.fromkeys(("paper_agreement", "paper_vouchers", "paper_identity", "paper_title"), "1"))
        self.act("file", self.reviewer)
        for step in ("registry_check", "tax_check"):
            self.act(step, ACTOR)
        self.act("register", registered_on=day, certificate_no="测试1号")

    def request(self) -> None:
        self.act("request", buyer_applied="1", seller_applied="1", owner="测试乙", number=ACCOUNT,
                 payee_bank="测试银行", basis="own")  # fmt: skip

    def ending(self, ground: str = "1", **more):
        told = {"agreement_no": self.number, "ground": ground, "buyer_applied": "1", "seller_applied": "1"}
        return contracts.open_ending(actor=self.clerk, told=told | {"print_on": "2018-06-20"} | more)

    def state(self) -> str:
        return str(course.case_of(self.number).state)


def test_release_and_ending_at_the_same_moment_one_wins(transactional_db):
    world = World()
    world.registered()
    world.request()
    now = CLOCK.now()

    def tried(act):
        def run():
            CLOCK.set(now)
            try:
                act()
            except LuoshiError as refusal:
                return refusal.code, refusal.message
            return "done", ""

        return run

    results = at_once(tried(lambda: world.act("approve", world.reviewer)), tried(world.ending))
    codes = sorted(code for code, _words in results)
    assert codes in (["E_RULE", "done"], ["E_STATE", "done"]), results
    refused = next(words for code, words in results if code != "done")
    assert ("解除正在办理" in refused) or ("划转正在办理" in refused)
    assert world.state() == ("requested" if "解除正在办理" in refused else "approved")
    assert proving.faults(world.book) == []
    CLOCK.release()


@pytest.mark.django_db
def test_guards_judge_on_the_day_of_the_step_and_not_on_the_day_the_case_was_opened():
    world = World()
    clock_at(DAY + datetime.timedelta(days=40))
    with pytest.raises(LuoshiError, match="晚于今天") as late:
        world.registered_on("2018-07-31")
    assert late.value.code == "E_FUTURE"
    world.act("register", registered_on="2018-07-30", certificate_no="测试1号")
    world.request()
    world.act("approve", world.reviewer)
    taken = CaseEvent.objects.get(case=world.case, act="approve").decisions[0]
    assert taken["inputs"]["day"] == "2018-07-30", "the receipt says on which day the release was judged"
    assert taken["on"] == str(DAY), "and by the parameters under which the sale was signed"
    sale = course.sale_of(world.number)
    given = releasing.release_facts(sale, None) | {"applied_by": ["buyer", "seller"]}
    ahead = common.decide("release", given | {"day": "2018-07-29"})
    assert (ahead.value["result"], ahead.value["code"]) == ("REFUSE", "E_FUTURE")
    assert common.decide("release", given).value["result"] == "OK", "a question without a day of its own asks nothing"
    CLOCK.release()


def test_each_step_of_a_sale_cites_the_item_the_table_of_clauses_names():
    load_programmes()
    steps = {one.key: one for one in procedures.procedure("home_escrow.sale").steps.values()}
    item = "乳政办发〔2018〕10号 第十五条"
    wanted = {"(二)": ["deposit", "fund"], "(三)": ["submit", "file"],
              "(四)": ["request", "approve", "instruct", "pay", "reissue"]}  # fmt: skip
    assert {name: str(steps[name].citation) for names in wanted.values() for name in names} == {
        name: item + number for number, names in wanted.items() for name in names
    }
    assert str(steps["register"].citation) == "乳政办发〔2018〕10号 第五条"


@pytest.mark.django_db
def test_a_verified_court_document_voids_an_approval_whose_money_is_not_on_its_way():
    world = World()
    world.registered()
    world.request()
    same = people.actor("clerk", (Role.REVIEWER, "housing-admin"))
    with pytest.raises(LuoshiError, match="另一人"):
        world.act("approve", same)
    world.act("approve", world.reviewer)
    world.act("instruct")
    assert world.state() == "releasing"
    case = world.ending("2", document_no="测试判决1号")
    cases.act(actor=world.clerk, case=case.pk, step="verify", data={})
    assert world.state() == "registered"
    assert course.open_payment(course.sale_of(world.number)) == ""
    assert not Payout.objects.filter(live=True).exists()
    cases.act(actor=world.reviewer, case=case.pk, step="issue", data={})
    assert world.state() == "terminating"
    # The full numbers of persons and accounts stand nowhere in the case's story.
    told = str(list(CaseEvent.objects.values_list("data", "text"))) + str(world.case.facts)
    assert "371083197001010014" not in told
    assert ACCOUNT not in told
    assert contracts.status_of("HT-1") | {"reasons": []} == {
        "result": "OK", "online_signed": True, "filed": True, "filed_on": "2018-06-20", "route": "SUPERVISED",
        "price": 800_000, "contract_no": "HT-1", "unit_code": "371083001001GB00001F00010001",
        "agreement_no": world.number, "state": "terminating", "reasons": [],
    }  # fmt: skip
    CLOCK.release()


@pytest.mark.django_db
def test_a_freeze_holds_at_once_and_one_hand_neither_confirms_nor_lifts_it():
    world = World()
    case = holds.open_hold(actor=world.clerk, told={
        "agreement_no": world.number, "authority": "测试法院", "document_no": "测试冻1号", "amount": "3000",
    })  # fmt: skip
    sale = course.sale_of(world.number)
    assert (case.state, course.held(sale), course.free(sale)) == ("noted", 300_000, 500_000)
    same = people.actor("clerk", (Role.REVIEWER, "housing-admin"))
    with pytest.raises(LuoshiError, match="另一人"):
        cases.act(actor=same, case=case.pk, step="confirm")
    cases.act(actor=world.reviewer, case=case.pk, step="confirm")
    hold = int(case.facts["hold"])
    with pytest.raises(LuoshiError, match="文书"):
        holds.ask_lift(actor=world.clerk, hold=hold, document_no=" ")
    holds.ask_lift(actor=world.clerk, hold=hold, document_no="测试解1号")
    with pytest.raises(LuoshiError, match="另一人"):
        cases.act(actor=same, case=case.pk, step="lift")
    assert course.held(sale) == 300_000
    cases.act(actor=world.reviewer, case=case.pk, step="lift")
    assert course.held(sale) == 0
    # A false note frees the money again; one whose last day is past ends by itself.
    wrong = holds.open_hold(actor=world.clerk, told={
        "agreement_no": world.number, "authority": "测试法院", "document_no": "测试冻2号", "amount": "1",
    })  # fmt: skip
    cases.act(actor=world.reviewer, case=wrong.pk, step="refuse", data={"reason": "没有这道文书"})
    assert course.held(sale) == 0
    whole = holds.open_hold(actor=world.clerk, told={
        "account": world.book.key, "authority": "测试法院", "document_no": "测试冻3号", "to_on": "2018-06-21",
    })  # fmt: skip
    assert course.frozen(world.book) is not None
    clock_at(datetime.date(2018, 6, 22))
    assert (course.frozen(world.book), holds.lapse()) == (None, 1)
    assert holds.case_of(int(whole.facts["hold"])).state == "lapsed"
    CLOCK.release()


@pytest.mark.django_db
def test_a_supplementary_agreement_changes_a_sale_only_when_another_hand_agrees_and_never_below_what_is_in():
    world = World()
    told = {"agreement_no": world.number, "price": "9000", "contract_supervised": "9000", "own": "8000",
            "more_loans": "测试银行甲 600；测试银行乙 400", "contract_no": "HT-2", "all_signed": "1", "reason": "改价",
            "buyers": "测试甲 371083197001010014\n测试丙 371083197003030019"}  # fmt: skip
    for wrong, words in (
        ({"own": "7999", "price": "8999", "contract_supervised": "8999"}, "已存入"), ({"all_signed": ""}, "三方"),
        ({"contract_supervised": "8000"}, "监管资金"), ({"buyers": "测试丙 371083197003030019"}, "不能整个换人"),
        ({"buyers": "测试甲 371083197001010014\n测试乙 371083197002020011"}, "同一人"),
        ({"more_loans": "测试银行甲 600；测试银行甲 400"}, "两次"),
    ):  # fmt: skip
        with pytest.raises(LuoshiError, match=words):
            supplements.open_supplement(actor=world.clerk, told=told | wrong)
    case = supplements.open_supplement(actor=world.clerk, told=told)
    assert course.sale_of(world.number).price == 800_000
    with pytest.raises(LuoshiError, match="另一人"):
        cases.act(actor=people.actor("clerk", (Role.REVIEWER, "housing-admin")), case=case.pk, step="agree")
    cases.act(actor=world.reviewer, case=case.pk, step="agree")
    sale = course.sale_of(world.number)
    assert (sale.price, sale.supervised, sale.contract_no, sale.buyer) == (900_000, 900_000, "HT-2", "测试甲、测试丙")
    lines = [(one.lender, one.amount, one.deposited) for one in sale.lines.all()]
    assert lines == [("", 800_000, 800_000), ("测试银行甲", 60_000, 0), ("测试银行乙", 40_000, 0)]
    row = sale.supplements.get()
    assert (row.before["price"], row.after["price"], proving.faults(world.book)) == (800_000, 900_000, [])
    # No number of a person stands in the story or the record; a lender's money goes back to that lender's account.
    case.refresh_from_db()
    assert "371083197003030019" not in str(case.facts) + str(row.after) + str(list(CaseEvent.objects.values("data")))
    lends(world)
    ending = world.ending()
    cases.act(actor=world.clerk, case=ending.pk, step="verify", data={})
    cases.act(actor=world.reviewer, case=ending.pk, step="issue", data={})
    payee = {"owner": "测试甲", "number": ACCOUNT, "payee_bank": "测试银行", "basis": "own"}
    with pytest.raises(LuoshiError, match="每家一行"):
        cases.act(actor=world.clerk, case=ending.pk, step="refund", data=payee | {"lender_number": "90001"})
    accounts = "测试银行甲 9000000000000011 总行\n测试银行乙 9000000000000022"
    cases.act(actor=world.clerk, case=ending.pk, step="refund", data=payee | {"lender_accounts": accounts})
    orders = PaymentInstruction.objects.filter(case=world.number).order_by("claim_part")
    found = [(one.payee_name, one.payee_tail, one.amount) for one in orders]
    assert found == [("测试甲", ACCOUNT[-4:], 800_000), ("测试银行甲", "0011", 60_000),
                     ("测试银行乙", "0022", 40_000)]  # fmt: skip
    assert "9000000000000011" not in str(list(CaseEvent.objects.values("data")))
    CLOCK.release()


def lends(world: World) -> None:
    account = Account.objects.select_related("book").get(book=world.book, code="1001")
    for n, (name, fen) in enumerate((("测试银行甲", 60_000), ("测试银行乙", 40_000))):
        body = {"direction": "C", "amount_fen": fen, "counter_name": name, "ref": world.number}
        with transaction.atomic():
            bank.book_movement(account, "C", fen, f"l{n}", DAY, body | {"bank_txn_no": f"l{n}"})


@pytest.mark.parametrize(
    ("day", "keys"),
    [
        (datetime.date(2019, 9, 24), ["inspect:2019Q3"]),
        (datetime.date(2019, 9, 25), ["inspect:2019Q3", "sunset:2020-03-26"]),
        (datetime.date(2019, 12, 26), ["inspect:2019Q4", "sunset:2020-03-26"]),
        (datetime.date(2019, 12, 27), ["inspect:2019Q4"]),
    ],
)
def test_the_quarter_s_inspection_and_the_review_before_the_end_are_owed(day, keys):
    rows = {one.key: one.due_on for one in owing.owed(day, datetime.date(2020, 3, 26))}
    assert list(rows) == keys
    assert rows.get("sunset:2020-03-26", datetime.date(2019, 12, 26)) == datetime.date(2019, 12, 26)
    assert owing.months_before(datetime.date(2019, 5, 31), 3) == datetime.date(2019, 2, 28)


def test_what_orders_nothing_moves_no_money_at_the_simulated_bank():
    simulated = banksim.Bank(key="k" * 48)
    simulated.deposit("402465000025", "1", 500, tell=False)
    told = {"type": "HOLD_INFO", "bank": "402465000025", "account": "1", "msg_id": "LS-1", "amount_fen": 300}
    answer = simulated.take(json.dumps(banksim.signed(told, simulated.key)).encode())
    assert answer == (200, {"result": "accepted"})
    assert [one.balance for one in simulated.accounts.values()] == [500]


def told(world: World, **more):
    """Return what opens a second sale on the world's account."""
    return {
        "account": world.book.key, "contract_no": "HT-9", "contract_on": "2018-06-19", "address": "测试路9号",
        "unit_code": "371083001001GB00001F00010009", "title_no": "鲁(2018)乳山市不动产权第0000009号",
        "buyers": "John A. Smith 护照 E1234567", "sellers": "测试乙 371083197002020011", "price": "8000",
        "mode": "FULL", "contract_supervised": "8000", "own": "8000", "plan": "SINGLE", **more,
    }  # fmt: skip


@pytest.mark.django_db
def test_names_keep_their_blanks_and_a_price_is_more_than_nothing():
    world = World()
    for wrong, words in (({"price": "-5"}, "房价款应大于零"), ({"price": "0"}, "房价款应大于零"),
                         ({"contract_supervised": "0"}, "监管资金应大于零"), ({"buyers": "测试甲"}, "第 1 行"),
                         ({"sellers": "测试乙 371083197002020011 0"}, "第 1 行")):  # fmt: skip
        with pytest.raises(LuoshiError, match=words):
            contracts.open_sale(actor=world.clerk, told=told(world, **wrong))
    case = contracts.open_sale(actor=world.clerk, told=told(world))
    sale = course.sale_of(case.number)
    assert (sale.buyer, sale.parties.get(side="buyer").tail) == ("John A. Smith", "4567")
    found = contracts.people_of("测试甲 371083197001010014 50\nAnna  Lee,护照E1，30", "seller")
    assert [(one.name, one.number, one.share) for one in found] == [
        ("测试甲", "371083197001010014", 50), ("Anna Lee", "护照E1", 30),
    ]  # fmt: skip
    # The paper that names the query code is the agreement, as the public page says.
    paper = Notice.objects.get(subject=f"sale:{case.number}", kind="home_escrow.agreement")
    assert len(sale.code) == 8
    assert paper.fields["code"] == sale.code
    CLOCK.release()


@pytest.mark.django_db
def test_sellers_who_are_paid_by_shares_need_no_common_account_and_the_notice_says_how_much_each():
    world = World()
    row = course.sale_of(world.number)
    signing.add_party(row, common.Person("seller", "测试丙", "371083197003030019"))
    row.seller = "测试乙、测试丙"
    row.save()
    world.registered()
    applied = {"buyer_applied": "1", "seller_applied": "1"}
    with pytest.raises(LuoshiError, match="请写收款户名、请写收款账号") as lacking:
        world.act("request", **applied)
    assert set(lacking.value.fields["fields"]) == {"owner", "number", "payee_bank"}
    assert queries.waits_on(row, "registered") == "双方共同申请划转"
    earning.interest(actor=ACTOR, book=world.book, amount=101, first_on=DAY, last_on=DAY, key="i")
    world.act(
        "request", by_shares=f"测试 乙 {ACCOUNT} 测试银行 城区支行\n测试丙，6222000000000026，测试银行", **applied
    )
    world.act("approve", world.reviewer)
    paper = Notice.objects.get(subject=f"sale:{world.number}", kind="home_escrow.release_notice").fields
    assert [(one["owner"], one["amount"]) for one in paper["payees"]] == [
        ("测试 乙", "4,000.00"),
        ("测试丙", "4,000.00"),
    ]
    assert (paper["interest"], paper["registered"]) == ("1.01元（壹元零壹分）", "2018年6月20日")
    world.act("instruct")
    assert [one.amount for one in PaymentInstruction.objects.order_by("pk")] == [400_051, 400_050]
    CLOCK.release()


@pytest.mark.django_db
def test_interest_that_comes_while_the_money_is_on_its_way_does_not_keep_the_sale_open():
    world = World()
    world.registered()
    world.request()
    world.act("approve", world.reviewer)
    world.act("instruct")
    row = PaymentInstruction.objects.get()
    sale = course.sale_of(world.number)
    assert queries.waits_on(sale, "releasing") == "房产管理部门另一人复核付款指令"
    payments.check_payment(actor=world.reviewer, payment=row.pk)
    assert queries.waits_on(sale, "releasing") == "监管银行付款"
    earning.interest(actor=ACTOR, book=world.book, amount=77, first_on=DAY, last_on=DAY, key="i")
    payments.apply_result(payments.locked(row.instr_id), "success", txn="b1", on=DAY, reason="", hand=HAND)
    sale = course.sale_of(world.number)
    assert (sale.state, world.state(), sale.released, course.money(sale)["2006"]) == ("closed", "closed", 800_000, 77)
    (paid,) = paying.pay_interest(actor=world.clerk, agreement_no=world.number)
    assert (paid.amount, paid.payee_name) == (77, "测试乙")
    payments.check_payment(actor=world.reviewer, payment=paid.pk)
    payments.apply_result(payments.locked(paid.instr_id), "success", txn="b2", on=DAY, reason="", hand=HAND)
    assert (course.money(sale)["2006"], world.state(), proving.faults(world.book)) == (0, "closed", [])
    CLOCK.release()


@pytest.mark.django_db
def test_the_notice_of_the_end_names_only_what_goes_back():
    world = World()
    case = world.ending()
    cases.act(actor=world.clerk, case=case.pk, step="verify", data={})
    cases.act(actor=world.reviewer, case=case.pk, step="issue", data={})
    paper = Notice.objects.get(kind="home_escrow.ending_notice")
    assert paper.fields["refunds"] == [{"to": "买受人指定的账户", "amount": "8,000.00元（捌仟元整）"}]
    assert paper.fields["papers"] == "双方申请和2018年6月20日出具的登记簿或权属查询证明"
    assert queries.waits_on(course.sale_of(world.number), "terminating") == "房产管理部门拟退款指令"
    CLOCK.release()


def paid(row: PaymentInstruction, result: str, txn: str = "") -> None:
    payments.apply_result(payments.locked(row.instr_id), result, txn=txn, on=DAY, reason="", hand=HAND)


def back(row: PaymentInstruction, txn: str) -> None:
    payments.apply_return(payments.locked(row.instr_id), txn=txn, on=DAY, reason="销户", hand=HAND)


def two_sellers(plan: str = "SINGLE") -> World:
    """A registered sale of two sellers, 5 to 3, with an application by shares that is approved and instructed."""
    world = World()
    row = course.sale_of(world.number)
    row.parties.filter(side="seller").update(share=5)
    signing.add_party(row, common.Person("seller", "测试丙", "371083197003030019", 3))
    row.seller, row.plan = "测试乙、测试丙", plan
    row.save()
    world.registered()
    world.by_shares = f"测试乙 {ACCOUNT} 测试银行\n测试丙 6222000000000026 测试银行"
    more = {"amount": "4000"} if plan == "STAGED" else {}
    world.act("request", by_shares=world.by_shares, buyer_applied="1", seller_applied="1", **more)
    world.act("approve", world.reviewer)
    world.act("instruct")
    return world


def orders(world: World) -> list[tuple[str, int, str]]:
    rows = PaymentInstruction.objects.filter(case=world.number).order_by("pk")
    return [(one.payee_name, one.amount, str(one.state)) for one in rows]


@pytest.mark.django_db
@pytest.mark.parametrize("plan", ["SINGLE", "STAGED"])
def test_the_seller_who_was_paid_gets_nothing_of_what_is_drafted_again_for_the_other(plan):
    world = two_sellers(plan)
    first, second = PaymentInstruction.objects.filter(case=world.number).order_by("pk")
    wanted = (500_000, 300_000) if plan == "SINGLE" else (250_000, 150_000)
    assert (first.amount, second.amount) == wanted
    for row in (first, second):
        payments.check_payment(actor=world.reviewer, payment=row.pk)
    paid(first, "success", "b1")
    paid(second, "failed")
    assert world.state() == "approved"
    world.act("instruct")
    assert orders(world)[2:] == [("测试丙", wanted[1], "drafted")]
    # The other hand sends it back, the clerk drafts it once more: still only what is the second seller's.
    third = PaymentInstruction.objects.order_by("pk").last()
    payments.check_payment(actor=world.reviewer, payment=third.pk, accept=False, reason="账号不对")
    world.act("redraft")
    world.act("instruct")
    fourth = PaymentInstruction.objects.order_by("pk").last()
    assert (fourth.payee_name, fourth.amount) == ("测试丙", wanted[1])
    payments.check_payment(actor=world.reviewer, payment=fourth.pk)
    paid(fourth, "success", "b2")
    assert course.sale_of(world.number).released == sum(wanted)
    assert world.state() == ("closed" if plan == "SINGLE" else "registered")
    if plan == "STAGED":
        # The next part goes by what each has had: to the fen over both parts.
        world.act("request", by_shares=world.by_shares, buyer_applied="1", seller_applied="1", amount="0.01")
        world.act("approve", world.reviewer)
        world.act("instruct")
        assert PaymentInstruction.objects.order_by("pk").last().payee_name == "测试乙"
    assert proving.faults(world.book) == []
    CLOCK.release()


@pytest.mark.django_db
def test_two_payments_that_came_back_are_put_right_one_after_the_other_each_for_its_own_seller():
    world = two_sellers()
    first, second = PaymentInstruction.objects.filter(case=world.number).order_by("pk")
    for n, row in enumerate((first, second)):
        payments.check_payment(actor=world.reviewer, payment=row.pk)
        paid(row, "success", f"b{n}")
    back(first, "r1")
    back(second, "r2")
    assert world.state() == "owed"
    told = {"payee_bank": "测试银行", "basis": "own"}
    with pytest.raises(LuoshiError, match="不能付到这个账户"):
        world.act("reissue", owner="测试甲", number="6222000000000034", **told)
    world.act("reissue", owner="测试乙", number="6222000000000042", **told)
    again = PaymentInstruction.objects.order_by("pk").last()
    assert (again.payee_name, again.amount, again.replaces_id) == ("测试乙", 500_000, first.pk)
    payments.check_payment(actor=world.reviewer, payment=again.pk)
    paid(again, "success", "b3")
    assert world.state() == "owed", "the second seller's money is still to be put right"
    world.act("reissue", owner="测试丙", number="6222000000000059", **told)
    last = PaymentInstruction.objects.order_by("pk").last()
    assert (last.payee_name, last.replaces_id) == ("测试丙", second.pk)
    payments.check_payment(actor=world.reviewer, payment=last.pk)
    paid(last, "success", "b4")
    assert (world.state(), proving.faults(world.book)) == ("closed", [])
    CLOCK.release()


@pytest.mark.django_db
def test_a_refund_that_came_back_goes_only_to_the_party_who_paid_it():
    world = World()
    told = {"agreement_no": world.number, "price": "9000", "contract_supervised": "9000", "own": "8000",
            "more_loans": "测试银行甲 600；测试银行乙 400", "all_signed": "1", "reason": "改价"}  # fmt: skip
    case = supplements.open_supplement(actor=world.clerk, told=told)
    cases.act(actor=world.reviewer, case=case.pk, step="agree")
    lends(world)
    ending = world.ending()
    cases.act(actor=world.clerk, case=ending.pk, step="verify", data={})
    cases.act(actor=world.reviewer, case=ending.pk, step="issue", data={})
    accounts = "测试银行甲 9000000000000011 总行\n测试银行乙 9000000000000022"
    cases.act(actor=world.clerk, case=ending.pk, step="refund", data={
        "owner": "测试甲", "number": ACCOUNT, "payee_bank": "测试银行", "basis": "own", "lender_accounts": accounts,
    })  # fmt: skip
    rows = list(PaymentInstruction.objects.filter(case=world.number).order_by("pk"))
    for n, row in enumerate(rows):
        payments.check_payment(actor=world.reviewer, payment=row.pk)
        paid(row, "success", f"b{n}")
    back(rows[0], "r0")
    back(rows[2], "r2")

    def again(owner: str) -> None:
        given = {"owner": owner, "number": "6222000000000042", "payee_bank": "测试银行"}
        cases.act(actor=world.clerk, case=ending.pk, step="reissue", data=given)

    for wrong in ("测试银行甲", "测试乙"):
        with pytest.raises(LuoshiError, match="退款只能退给付款的一方：测试银行乙、测试甲"):
            again(wrong)
    again("测试 甲")
    repeated = PaymentInstruction.objects.order_by("pk").last()
    assert (repeated.replaces_id, repeated.amount) == (rows[0].pk, 800_000)
    payments.check_payment(actor=world.reviewer, payment=repeated.pk)
    paid(repeated, "success", "b8")
    again("测试银行乙")
    last = PaymentInstruction.objects.order_by("pk").last()
    assert (last.replaces_id, last.amount) == (rows[2].pk, 40_000)
    payments.check_payment(actor=world.reviewer, payment=last.pk)
    paid(last, "success", "b9")
    assert (world.state(), proving.faults(world.book)) == ("closed", [])
    CLOCK.release()


@pytest.mark.django_db
def test_a_stale_register_print_is_replaced_in_the_same_case_and_its_days_run_afresh():
    world = World()
    case = world.ending(print_on="2018-06-14")

    def renewed(day: str, whose: str = "seller") -> None:
        cases.act(actor=world.clerk, case=case.pk, step="new_print", data={"print_on": day, "title_in": whose})

    due = case.clocks.get(state="running")
    # 3 working days after Thursday 14 June 2018, over the Dragon Boat holiday of 16 to 18 June: the 15th, 19th, 20th.
    assert f"{due.until.astimezone(SHANGHAI) - datetime.timedelta(seconds=1):%m-%d}" == "06-20"
    clock_at(datetime.date(2018, 6, 21))
    with pytest.raises(LuoshiError, match="已4个工作日，超过3个工作日"):
        cases.act(actor=world.clerk, case=case.pk, step="verify", data={})
    with pytest.raises(LuoshiError, match="早于原来的"):
        renewed("2018-06-13")
    renewed("2018-06-21")
    due = case.clocks.get(state="running")
    assert f"{due.until.astimezone(SHANGHAI) - datetime.timedelta(seconds=1):%m-%d}" == "06-26"
    cases.act(actor=world.clerk, case=case.pk, step="verify", data={})
    renewed("2018-06-21", "buyer")
    with pytest.raises(LuoshiError, match="已登记在买受人名下"):
        cases.act(actor=world.reviewer, case=case.pk, step="issue", data={})
    CLOCK.release()


def deducted(world: World, fen: int) -> None:
    case = holds.open_hold(actor=world.clerk, told={
        "agreement_no": world.number, "authority": "测试法院", "document_no": "测试冻1号", "amount": str(Money(fen)),
    })  # fmt: skip
    incoming.deduct(actor=world.clerk, checker=world.reviewer, hold=int(case.facts["hold"]), amount=fen, key="d")


@pytest.mark.django_db
def test_a_sale_whose_money_a_court_took_can_be_cancelled_and_its_interest_goes_to_the_buyer():
    world = World()
    with pytest.raises(LuoshiError, match="不能取消，请办理解除"):
        signing.cancel(actor=ACTOR, agreement_no=world.number)
    earning.interest(actor=ACTOR, book=world.book, amount=77, first_on=DAY, last_on=DAY, key="i")
    deducted(world, 800_000)
    assert (world.state(), course.sale_of(world.number).live) == ("funding", True), "the buyer may pay in again"
    world.act("cancel", all_agree="1", reason="款项被扣划，不再交易")
    assert (world.state(), course.sale_of(world.number).live) == ("cancelled", False)
    with pytest.raises(LuoshiError, match="请写买受人的收款账户"):
        paying.pay_interest(actor=world.clerk, agreement_no=world.number)
    with pytest.raises(LuoshiError, match="付给买受人本人"):
        paying.pay_interest(actor=world.clerk, agreement_no=world.number,
                           payee=payments.Payee("测试乙", ACCOUNT, "测试银行"))  # fmt: skip
    (row,) = paying.pay_interest(actor=world.clerk, agreement_no=world.number,
                                payee=payments.Payee("测试甲", ACCOUNT, "测试银行"))  # fmt: skip
    assert (row.amount, row.type) == (77, "REFUND")
    payments.check_payment(actor=world.reviewer, payment=row.pk)
    paid(row, "success", "b1")
    assert (world.state(), proving.faults(world.book)) == ("cancelled", [])
    CLOCK.release()


@pytest.mark.django_db
def test_a_transferred_sale_of_which_a_court_took_the_last_is_over_whatever_was_applied_for():
    world = World()
    world.registered()
    world.request()
    world.act("approve", world.reviewer)
    deducted(world, 800_000)
    assert (world.state(), course.sale_of(world.number).state) == ("closed", "closed")
    assert not Payout.objects.filter(live=True).exists()
    assert proving.faults(world.book) == []
    with pytest.raises(LuoshiError, match="止日早于今天"):
        freezing.freeze_account(actor=ACTOR, book=world.book, authority="测试法院", document_no="测试冻2号",
                             to_on=DAY - datetime.timedelta(days=1))  # fmt: skip
    CLOCK.release()


@pytest.mark.django_db
def test_a_contract_outside_supervision_is_refused_at_once_where_it_could_never_be_filed():
    world = World()
    good = {
        "route": "OPT_OUT", "contract_no": "HT-8", "unit_code": "371083001001GB00001F00010008", "buyer": "测试戊",
        "seller": "测试己", "price": "5000", "buyer_signed": "1", "seller_signed": "1", "risk_read": "1",
    }  # fmt: skip

    def opened(**more):
        return cases.open_case(actor=world.clerk, procedure=contracts.OUTSIDE, title="测试", facts=good | more)

    for wrong, words in (
        ({"unit_code": "123"}, "不合规则"), ({"unit_code": "371083001001JC00001F00010008"}, "集体所有"),
        ({"unit_code": "371083001001GB00001F00010001"}, "已有在办监管"), ({"contract_no": "HT-1"}, "已纳入监管"),
        ({"price": "0"}, "应大于零"), ({"seller": "测试 戊"}, "同一人"),
    ):  # fmt: skip
        with pytest.raises(LuoshiError, match=words):
            opened(**wrong)
    first, second = opened(), opened()
    for case in (first, second):
        cases.act(actor=world.clerk, case=case.pk, step="check", data={"opinion": "齐全"})
    cases.act(actor=world.reviewer, case=first.pk, step="certify")
    with pytest.raises(LuoshiError, match="已备案"):
        cases.act(actor=world.reviewer, case=second.pk, step="certify")
    CLOCK.release()


@pytest.mark.django_db
def test_buyers_who_paid_apart_are_refunded_apart_to_the_fen_and_nobody_twice():
    world = World()
    case = contracts.open_sale(actor=world.clerk, told=told(
        world, buyers="测试甲 371083197001010014\n测试丙 371083197003030019"))  # fmt: skip
    number = case.number
    account = Account.objects.select_related("book").get(book=world.book, code="1001")
    for n, (name, fen) in enumerate((("测试甲", 533_333), ("测试 丙", 266_667))):
        body = {"direction": "C", "amount_fen": fen, "counter_name": name, "ref": number, "bank_txn_no": f"q{n}"}
        with transaction.atomic():
            bank.book_movement(account, "C", fen, f"q{n}", DAY, body)
    world.number = number
    earning.interest(actor=ACTOR, book=world.book, amount=202, first_on=DAY, last_on=DAY, key="i")
    ending = world.ending()
    cases.act(actor=world.clerk, case=ending.pk, step="verify", data={})
    cases.act(actor=world.reviewer, case=ending.pk, step="issue", data={})

    def asks(words: str) -> None:
        cases.act(actor=world.clerk, case=ending.pk, step="refund", data={"buyer_accounts": words})

    first, second = f"测试甲 {ACCOUNT} 测试银行", "测试丙 6222000000000026 测试银行"
    for wrong in (first, f"{first}\n测试乙 6222000000000026 测试银行", f"{first}\n{first}", "测试甲"):
        with pytest.raises(LuoshiError, match="买受人"):
            asks(wrong)
    asks(f"{first}\n{second}")
    rows = list(PaymentInstruction.objects.filter(case=number).order_by("pk"))
    # Half of 202 fen of interest is this sale's: 101, two parts of three and one of three: 67 and 34.
    assert [(one.payee_name, one.amount) for one in rows] == [("测试甲", 533_400), ("测试丙", 266_701)]
    for row in rows:
        payments.check_payment(actor=world.reviewer, payment=row.pk)
    paid(rows[0], "success", "b1")
    paid(rows[1], "failed")
    asks(f"{first}\n{second}")
    again = PaymentInstruction.objects.filter(case=number).order_by("pk").last()
    assert orders(world)[2:] == [("测试丙", 266_701, "drafted")]
    payments.check_payment(actor=world.reviewer, payment=again.pk)
    paid(again, "success", "b2")
    back(rows[0], "r1")
    given = {"number": "6222000000000042", "payee_bank": "测试银行"}
    with pytest.raises(LuoshiError, match="退款只能退给付款的一方：测试甲"):
        cases.act(actor=world.clerk, case=ending.pk, step="reissue", data=given | {"owner": "测试丙"})
    cases.act(actor=world.clerk, case=ending.pk, step="reissue", data=given | {"owner": "测试甲"})
    last = PaymentInstruction.objects.order_by("pk").last()
    payments.check_payment(actor=world.reviewer, payment=last.pk)
    earning.interest(actor=ACTOR, book=world.book, amount=1_000, first_on=DAY, last_on=DAY, key="late")
    paid(last, "success", "b3")
    assert (world.state(), proving.faults(world.book)) == ("closed", [])
    late = course.money(course.sale_of(number))["2006"]
    mine, other = paying.pay_interest(actor=world.clerk, agreement_no=number)
    # Whom the money went to shares what came late: two parts of three and one of three.
    assert sorted([(mine.payee_name, mine.amount), (other.payee_name, other.amount)]) == sorted(
        [("测试甲", late - late // 3), ("测试丙", late // 3)])  # fmt: skip
    assert {one.payee_tail for one in (mine, other)} == {"0042", "0026"}, "the account the money went to at last"
    for row in (mine, other):
        payments.check_payment(actor=world.reviewer, payment=row.pk)
    paid(mine, "success", "b4")
    paid(other, "failed")
    (rest,) = paying.pay_interest(actor=world.clerk, agreement_no=number)
    assert (rest.payee_name, rest.amount) == (other.payee_name, other.amount), "who has got his part gets none twice"
    payments.check_payment(actor=world.reviewer, payment=rest.pk)
    paid(rest, "success", "b5")
    assert (course.money(course.sale_of(number))["2006"], proving.faults(world.book)) == (0, [])
    CLOCK.release()
