"""Two at the same moment on PostgreSQL: one order posts once, one balance pays once, one claim is paid once."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import bank, payments, proof, queries
from luoshi.office.funds.models import Book, Entry, PaymentInstruction
from luoshi.office.funds.writing import ledger_of, post_all
from tests.office.funds_made import ACTOR, HAND, book, clock_at, deposit, funded, linked, movement, withdrawal
from tests.office.test_two_at_once import at_once

DAY = datetime.date(2019, 3, 5)


@pytest.fixture
def on_the_day(transactional_db):
    clock_at(DAY)
    yield
    CLOCK.release()


def code(act):
    def run():
        try:
            act()
        except LuoshiError as refused:
            return refused.code
        return "done"

    return run


def test_one_order_by_four_is_posted_once(on_the_day):
    book()
    orders = [deposit("d", "甲", 5), deposit("e", "乙", 6)]
    answers = at_once(*[lambda: [one.new for one in post_all(ledger_of("trial/fund"), orders, HAND)]] * 4)
    assert sorted(answers) == [[False, False]] * 3 + [[True, True]]
    assert Entry.objects.count() == 2


def test_two_claims_on_one_balance_one_is_refused(on_the_day):
    ledger = book()
    post_all(ledger, [deposit("d", "甲", 100)], HAND)
    acts = [
        code(lambda n=n: post_all(ledger_of("trial/fund"), [withdrawal(f"w{n}", "甲", 60)], HAND)) for n in range(3)
    ]
    assert sorted(at_once(*acts)) == ["E_CAPACITY", "E_CAPACITY", "done"]
    assert queries.balance(ledger.accounts["2001"], "甲") == 40
    assert proof.prove(Book.objects.get(), whole=True).faults == []


def test_many_writers_leave_no_gap_and_no_difference(on_the_day):
    book()

    def write(n):
        def run():
            ledger = ledger_of("trial/fund")
            for m in range(15):
                post_all(ledger, [deposit(f"{n}:{m}", f"户{m % 3}", m + 1)], HAND)
            return n

        return run

    assert sorted(at_once(*[write(n) for n in range(4)])) == [0, 1, 2, 3]
    assert Book.objects.get().last_no == Entry.objects.count() == 60
    assert proof.prove(Book.objects.get(), whole=True).faults == []


def test_one_claim_is_drafted_once_and_one_message_booked_once(on_the_day):
    ledger = book()
    linked()
    funded(ledger, 1000)
    payee = payments.Payee("测试公司", "62220001", "测试银行")
    draft = code(lambda: payments.draft_payment(actor=ACTOR, book="trial/fund", claim="DC1", lines=[("3101", "", 5)],
                                                payee=payee, basis="依据"))  # fmt: skip
    assert sorted(at_once(draft, draft, draft)) == ["E_DUPLICATE", "E_DUPLICATE", "done"]
    assert PaymentInstruction.objects.count() == 1
    data = movement("T1", "C", 70)
    answers = at_once(*[lambda: bank.receive(data).result] * 3)
    assert sorted(answers) == ["accepted", "duplicate", "duplicate"]
    assert queries.balance(ledger.accounts["2003"]) == 70
