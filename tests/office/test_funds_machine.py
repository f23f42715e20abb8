"""Random orders of every event, with repetitions and a bank that loses, doubles and delays: the invariants hold always.

LUOSHI_MACHINE_STEPS sets how many steps a run has (10,000 for a long one); the normal run is short.
"""

from __future__ import annotations

import datetime
import json
import os
import random

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import bank, payments, proof, queries, reconcile
from luoshi.office.funds.actions import counter, decide, propose, propose_close
from luoshi.office.funds.models import Balance, BankMessage, Draft, Entry, PaymentInstruction, Posting
from luoshi.office.funds.orders import Line, Order, credit, debit
from luoshi.office.funds.writing import post_all
from luoshi.office.roles import Role
from luoshi.site.banksim import Bank
from tests.office import people
from tests.office.funds_made import ACTOR, BANK, HAND, KEY, NUMBER, book, clock_at, linked

STEPS = int(os.environ.get("LUOSHI_MACHINE_STEPS", "150"))
START = datetime.date(2019, 1, 2)
EXPECTED = {"E_CAPACITY", "E_STATE", "E_DUPLICATE", "E_CONFLICT", "E_TXN_CONFLICT", "E_NOT_YET", "E_SUM", "E_FUTURE",
            "E_DUPLICATE_FILE", "E_STALE", "E_NOT_FOUND"}  # fmt: skip


class World:
    """A fund, its two hands, and a simulated bank whose messages wait in a bag from which they are drawn at random."""

    def __init__(self, seed: int) -> None:
        self.random, self.day, self.count = random.Random(seed), START, 0
        clock_at(self.day)
        self.ledger = book()
        linked()
        self.clerk = people.actor("clerk", (Role.CLERK, "finance"))
        self.head = people.actor("head", (Role.REVIEWER, "finance"))
        self.bag: list[bytes] = []
        self.taken: list[bytes] = []
        self.bank = Bank(key=KEY, send=lambda body: self.bag.append(json.dumps(body).encode()), now=CLOCK.now)
        self.orders: list[Order] = []
        self.model: dict[tuple[str, str], int] = {}

    def try_(self, act):
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

    def post(self) -> None:
        fen, subject = self.random.randint(1, 500), f"户{self.random.randint(1, 4)}"
        day = self.day - datetime.timedelta(days=self.random.choice((0, 0, 0, 1, 9)))
        lines: list[Line] = self.random.choice((
            [debit("1001", fen), credit("3001", fen)],
            [debit("1001", fen), credit("2001", fen, subject)],
            [debit("2001", fen, subject), credit("1001", fen)],
            [debit("2001", fen, subject), credit("2001", fen, f"户{self.random.randint(1, 4)}")],
            [debit("3001", fen), credit("1001", fen)],
        ))  # fmt: skip
        order = Order(self.key(), day, lines, "J1", "", "依据")
        if self.try_(lambda: post_all(self.ledger, [order], HAND)):
            self.orders.append(order)

    def post_again(self) -> None:
        if self.orders:
            order = self.random.choice(self.orders)
            assert not post_all(self.ledger, [order], HAND)[0].new

    def batch(self) -> None:
        orders = [
            Order(self.key(), self.day, [debit("1001", n + 1), credit("2001", n + 1, f"户{n}")], "J1") for n in range(3)
        ]
        if self.random.random() < 0.3:
            orders.append(Order(self.key(), self.day, [debit("2001", 10**9, "户1"), credit("1001", 10**9)]))
        self.try_(lambda: post_all(self.ledger, orders, HAND))

    def undo(self) -> None:
        no = self.random.randint(1, max(Entry.objects.count(), 1))
        self.try_(lambda: counter(book=self.ledger, actor=ACTOR, entry=no, key=self.key(), value_on=self.day))

    def deposit(self) -> None:
        self.bank.deposit(BANK, NUMBER, self.random.randint(1, 900), name="测试乙", tell=self.random.random() < 0.8)

    def pay(self) -> None:
        self.bank.plan = [
            self.random.choice(("success", "failed", "unknown", "silent", "twice", "late", "return", "lost"))
        ]
        claim = f"DC{self.random.randint(1, 6)}"
        row = self.try_(lambda: payments.draft_payment(
            actor=self.clerk, book="trial/fund", claim=claim, lines=[("3101", "", self.random.randint(1, 300))],
            payee=payments.Payee("测试公司", "62220001", "测试银行"), basis="依据",
            events=payments.Events("J3", "J4", "J5", "J6"),
        ))  # fmt: skip
        if row is not None and self.random.random() < 0.8:
            accept = self.random.random() < 0.9
            self.try_(lambda: payments.check_payment(actor=self.head, payment=row.pk, accept=accept, reason="不对"))

    def reissue(self) -> None:
        for row in PaymentInstruction.objects.filter(state="returned")[:1]:
            again = self.try_(lambda row=row: payments.reissue(actor=self.clerk, payment=row.pk))
            if again is not None:
                payments.check_payment(actor=self.head, payment=again.pk)

    def send(self) -> None:
        """Hand what waits to the bank, some of it twice."""
        from luoshi.office.funds.links import mark_sent

        for row in BankMessage.objects.filter(way="out", state="waiting"):
            for _ in range(self.random.choice((1, 1, 2))):
                status, _answer = self.bank.take(row.body.encode())
                assert status == 200
            row.state = "sent"
            row.save()
            mark_sent(row)

    def hear(self) -> None:
        """Take a message out of the bag, in any order; now and then one that was taken before."""
        if self.bag:
            data = self.bag.pop(self.random.randrange(len(self.bag)))
            self.taken.append(data)
        elif self.taken:
            data = self.random.choice(self.taken)
        else:
            return
        self.try_(lambda: bank.receive(data, channel="file"))
        if self.random.random() < 0.2:
            self.try_(lambda: bank.receive(data, channel="file"))

    def statement(self) -> None:
        body = self.bank.statement(BANK, NUMBER)
        assert bank.receive(json.dumps(body).encode()).result == "accepted"

    def sheet(self) -> None:
        account = self.ledger.accounts["1001"]
        found = self.try_(lambda: reconcile.make_sheet(actor=self.clerk, account=account, on=self.day))
        # Entries made by hand stand in the list of what the bank has not: nothing is ever outside the equation.
        assert found is None or found.difference == 0

    def hands(self) -> None:
        lines = [debit("1001", 7), credit("3001", 7)]
        self.try_(
            lambda: propose(
                actor=self.clerk, book="trial/fund", value_on=self.day, lines=lines, memo="手工", basis="单"
            )
        )
        for row in Draft.objects.filter(state="proposed")[:2]:
            self.try_(
                lambda row=row: decide(actor=self.head, draft=row.pk, accept=self.random.random() < 0.7, reason="退")
            )

    def next_day(self) -> None:
        self.day += datetime.timedelta(days=self.random.choice((1, 1, 12)))
        clock_at(self.day)

    def close(self) -> None:
        self.ledger.book.refresh_from_db()
        from luoshi.office.funds.actions import next_month

        self.try_(lambda: propose_close(actor=self.clerk, book="trial/fund", month=next_month(self.ledger.book)))

    # --- invariants ---

    def check(self) -> None:
        sums = Posting.objects.aggregate(d=Sum("debit"), c=Sum("credit"))
        assert sums["d"] == sums["c"]
        assert not Balance.objects.filter(guarded=True, net__lt=0).exists()
        paid = PaymentInstruction.objects.filter(state="confirmed").values_list("claim", flat=True)
        assert len(paid) == len(set(paid))
        under_way = PaymentInstruction.objects.filter(state__in=["checked", "sent", "unknown", "returned"])
        replaced = PaymentInstruction.objects.filter(replaces__isnull=False).exclude(state="cancelled")
        taken_up = set(replaced.values_list("replaces", flat=True))
        in_transit = sum(row.amount for row in under_way if row.state != "returned" or row.pk not in taken_up)
        owed = sum(PaymentInstruction.objects.filter(state="failed", replaces__isnull=False, replaced_by__isnull=True)
                   .values_list("amount", flat=True))  # fmt: skip
        by_hand = queries.balance(self.ledger.accounts["2002"])
        assert by_hand == in_transit + owed

    def prove(self) -> None:
        assert proof.prove(self.ledger.book, keep=False, whole=True).faults == []


EVENTS = {"post": 6, "post_again": 1, "batch": 1, "undo": 1, "deposit": 3, "pay": 4, "reissue": 1, "send": 4, "hear": 7,
          "statement": 1, "sheet": 1, "hands": 1, "next_day": 2, "close": 1}  # fmt: skip


WEIGHTED = [name for name, weight in EVENTS.items() for _ in range(weight)]
EXAMPLES = 3 if STEPS <= 150 else 10


@pytest.mark.django_db
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), events=st.lists(st.sampled_from(WEIGHTED), min_size=STEPS // EXAMPLES,
                                                   max_size=STEPS // EXAMPLES + 10))  # fmt: skip
def test_every_invariant_holds_after_every_event(seed, events):
    try:
        with transaction.atomic():
            world = World(seed)
            for step, name in enumerate(events):
                getattr(world, name)()
                world.check()
                if step % 50 == 49:
                    world.prove()
            world.prove()
            transaction.set_rollback(True)
    finally:
        CLOCK.release()
