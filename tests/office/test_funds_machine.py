"""Random orders of every event, repetitions, a bank that loses, doubles and delays: what must hold holds always."""

from __future__ import annotations

import datetime
import json

import pytest
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import bank, payments, proof, queries, reconcile
from luoshi.office.funds.actions import counter, decide, next_month, propose, propose_close
from luoshi.office.funds.links import mark_sent
from luoshi.office.funds.models import Balance, BankMessage, Draft, Entry, PaymentInstruction, Posting
from luoshi.office.funds.orders import Line, Order, credit, debit
from luoshi.office.funds.writing import post_all
from luoshi.office.roles import Role
from luoshi.site.banksim import Bank
from tests.office import histories, people
from tests.office.funds_made import ACTOR, BANK, HAND, KEY, NUMBER, book, clock_at, linked

START = datetime.date(2019, 1, 2)
EXPECTED = {"E_CAPACITY", "E_STATE", "E_DUPLICATE", "E_CONFLICT", "E_TXN_CONFLICT", "E_NOT_YET", "E_SUM", "E_FUTURE",
            "E_DUPLICATE_FILE", "E_STALE", "E_NOT_FOUND"}  # fmt: skip
SUBJECTS = st.sampled_from(["户1", "户2", "户3", "户4"])
PICK = st.integers(0, 10**6)
"""Which one of what is there: taken modulo how many there are."""


def entry(shape: str, fen: int, subject: str, other: str) -> list[Line]:
    """Return the lines of an entry of one of the shapes that money takes here."""
    return {
        "grant": [debit("1001", fen), credit("3001", fen)],
        "deposit": [debit("1001", fen), credit("2001", fen, subject)],
        "withdrawal": [debit("2001", fen, subject), credit("1001", fen)],
        "among subjects": [debit("2001", fen, subject), credit("2001", fen, other)],
        "grant taken back": [debit("3001", fen), credit("1001", fen)],
        "of three lines": [debit("1001", fen + 1), credit("2001", fen, subject), credit("3001", 1)],
    }[shape]


SHAPES = ("grant", "deposit", "withdrawal", "among subjects", "grant taken back", "of three lines")


class Fund(histories.Story):
    """A fund, its two hands, and a simulated bank whose messages wait in a bag and are drawn from it in any order."""

    def teardown(self) -> None:
        try:
            assert proof.prove(self.ledger.book, keep=False, whole=True).faults == []
        finally:
            super().teardown()

    @initialize()
    def opened(self) -> None:
        self.day, self.count = START, 0
        clock_at(self.day)
        self.ledger = book()
        linked()
        self.clerk = people.actor("clerk", (Role.CLERK, "finance"))
        self.head = people.actor("head", (Role.REVIEWER, "finance"))
        self.bag: list[bytes] = []
        self.taken: list[bytes] = []
        self.bank = Bank(key=KEY, send=lambda body: self.bag.append(json.dumps(body).encode()), now=CLOCK.now)
        self.orders: list[Order] = []

    def attempt(self, act):
        """Carry an act out; a refusal must be one that may come, anything else is a fault."""
        try:
            return act()
        except LuoshiError as refused:
            if refused.code not in EXPECTED:
                raise
            return None

    def key(self) -> str:
        self.count += 1
        return f"k{self.count}"

    # --- events ---

    @rule(shape=st.sampled_from(SHAPES), fen=st.integers(1, 500), subject=SUBJECTS, other=SUBJECTS,
          back=st.sampled_from([0, 0, 0, 1, 9]))  # fmt: skip
    def post(self, shape: str, fen: int, subject: str, other: str, back: int) -> None:
        day = self.day - datetime.timedelta(days=back)
        order = Order(self.key(), day, entry(shape, fen, subject, other), "J1", "", "依据")
        if self.attempt(lambda: post_all(self.ledger, [order], HAND)):
            self.orders.append(order)

    @rule(which=PICK, fen=st.integers(1, 500))
    def post_again(self, which: int, fen: int) -> None:
        if self.orders:
            order = self.orders[which % len(self.orders)]
            assert not post_all(self.ledger, [order], HAND)[0].new
            other = order._replace(memo=f"另{fen}")
            assert self.attempt(lambda: post_all(self.ledger, [other], HAND)) is None, "a known key with another body"

    @rule(more=st.integers(0, 3), overdrawn=st.booleans())
    def batch(self, more: int, overdrawn: bool) -> None:
        orders = [
            Order(self.key(), self.day, [debit("1001", n + 1), credit("2001", n + 1, f"户{n}")], "J1")
            for n in range(2 + more)
        ]
        if overdrawn:
            orders.append(Order(self.key(), self.day, [debit("2001", 10**9, "户1"), credit("1001", 10**9)]))
        done = self.attempt(lambda: post_all(self.ledger, orders, HAND))
        assert not (done and overdrawn), "money that is not there"

    @rule(which=PICK)
    def undo(self, which: int) -> None:
        no = which % max(Entry.objects.count(), 1) + 1
        self.attempt(lambda: counter(book=self.ledger, actor=ACTOR, entry=no, key=self.key(), value_on=self.day))

    @rule(fen=st.integers(1, 900), tell=st.sampled_from([True, True, True, True, False]))
    def deposit(self, fen: int, tell: bool) -> None:
        self.bank.deposit(BANK, NUMBER, fen, name="测试乙", tell=tell)

    @rule(does=st.sampled_from(["success", "failed", "unknown", "silent", "twice", "late", "return", "lost"]),
          claim=st.integers(1, 6), fen=st.integers(1, 300),
          then=st.sampled_from(["accept", "accept", "refuse", "wait"]))  # fmt: skip
    def pay(self, does: str, claim: int, fen: int, then: str) -> None:
        self.bank.plan = [does]
        row = self.attempt(lambda: payments.draft_payment(
            actor=self.clerk, book="trial/fund", claim=f"DC{claim}", lines=[("3101", "", fen)],
            payee=payments.Payee("测试公司", "62220001", "测试银行"), basis="依据",
            events=payments.Events("J3", "J4", "J5", "J6"),
        ))  # fmt: skip
        if row is not None and then != "wait":
            self.attempt(
                lambda: payments.check_payment(actor=self.head, payment=row.pk, accept=then == "accept", reason="不对")
            )

    @rule()
    def reissue(self) -> None:
        for row in PaymentInstruction.objects.filter(state="returned")[:1]:
            again = self.attempt(lambda row=row: payments.reissue(actor=self.clerk, payment=row.pk))
            if again is not None:
                payments.check_payment(actor=self.head, payment=again.pk)

    @rule(times=st.lists(st.sampled_from([1, 1, 2]), min_size=4, max_size=4))
    def send(self, times: list[int]) -> None:
        """Hand what waits to the bank, some of it twice."""
        for place, row in enumerate(BankMessage.objects.filter(way="out", state="waiting")):
            for _ in range(times[place % 4]):
                status, _answer = self.bank.take(row.body.encode())
                assert status == 200
            row.state = "sent"
            row.save()
            mark_sent(row)

    @rule(picks=st.lists(st.tuples(PICK, st.sampled_from([1, 1, 1, 2])), min_size=1, max_size=5))
    def hear(self, picks: list[tuple[int, int]]) -> None:
        """Take messages out of the bag, in any order, some twice; of an empty bag one that was taken before."""
        for which, times in picks:
            if self.bag:
                data = self.bag.pop(which % len(self.bag))
                self.taken.append(data)
            elif self.taken:
                data = self.taken[which % len(self.taken)]
            else:
                return
            for _ in range(times):
                self.attempt(lambda data=data: bank.receive(data, channel="file"))

    @rule()
    def statement(self) -> None:
        body = self.bank.statement(BANK, NUMBER)
        assert bank.receive(json.dumps(body).encode()).result == "accepted"

    @rule()
    def sheet(self) -> None:
        account = self.ledger.accounts["1001"]
        found = self.attempt(lambda: reconcile.make_sheet(actor=self.clerk, account=account, on=self.day))
        # Entries made by hand stand in the list of what the bank has not: nothing is ever outside the equation.
        assert found is None or found.difference == 0

    @rule(accepted=st.lists(st.booleans(), min_size=2, max_size=2))
    def hands(self, accepted: list[bool]) -> None:
        lines = [debit("1001", 7), credit("3001", 7)]
        self.attempt(
            lambda: propose(
                actor=self.clerk, book="trial/fund", value_on=self.day, lines=lines, memo="手工", basis="单"
            )
        )
        for row, accept in zip(Draft.objects.filter(state="proposed")[:2], accepted, strict=False):
            self.attempt(
                lambda row=row, accept=accept: decide(actor=self.head, draft=row.pk, accept=accept, reason="退")
            )

    @rule(days=st.sampled_from([1, 1, 12]))
    def next_day(self, days: int) -> None:
        self.day += datetime.timedelta(days=days)
        clock_at(self.day)

    @rule()
    def close(self) -> None:
        self.ledger.book.refresh_from_db()
        self.attempt(lambda: propose_close(actor=self.clerk, book="trial/fund", month=next_month(self.ledger.book)))

    # --- invariants ---

    @invariant()
    def books_balance_and_nothing_is_overdrawn(self) -> None:
        sums = Posting.objects.aggregate(d=Sum("debit"), c=Sum("credit"))
        assert sums["d"] == sums["c"]
        assert not Balance.objects.filter(guarded=True, net__lt=0).exists()

    @invariant()
    def a_claim_is_paid_once(self) -> None:
        paid = PaymentInstruction.objects.filter(state="confirmed").values_list("claim", flat=True)
        assert len(paid) == len(set(paid))

    @invariant()
    def money_in_transit_is_that_of_the_payments_under_way(self) -> None:
        under_way = PaymentInstruction.objects.filter(state__in=["checked", "sent", "unknown", "returned"])
        replaced = PaymentInstruction.objects.filter(replaces__isnull=False).exclude(state="cancelled")
        taken_up = set(replaced.values_list("replaces", flat=True))
        in_transit = sum(row.amount for row in under_way if row.state != "returned" or row.pk not in taken_up)
        owed = sum(PaymentInstruction.objects.filter(state="failed", replaces__isnull=False, replaced_by__isnull=True)
                   .values_list("amount", flat=True))  # fmt: skip
        assert queries.balance(self.ledger.accounts["2002"]) == in_transit + owed

    @rule()
    def night(self) -> None:
        """The nightly re-sum, over the whole book."""
        assert proof.prove(self.ledger.book, keep=False, whole=True).faults == []


@pytest.mark.django_db
def test_every_invariant_holds_after_every_event():
    histories.run(Fund)
