"""A supervised account's book under random orders of every event: section 8.2 holds after every step."""

from __future__ import annotations

import datetime
from random import Random

import pytest
from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import bank, payments
from luoshi.office.funds.models import Account, PaymentInstruction
from luoshi.office.funds.orders import Hand, Order, credit, debit
from luoshi.office.funds.writing import ledger_of, post_all
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import (
    course,
    earning,
    freezing,
    incoming,
    paying,
    proving,
    queries,
    refunding,
    releasing,
    signing,
)
from luoshi.programmes.home_escrow.models import Hold, Sale
from tests.office import histories, people
from tests.office.funds_made import ACTOR, BANK, NUMBER, clock_at

START = datetime.date(2018, 5, 21)
HAND = Hand("测试甲", "test")
BUYER, SELLER, LENDER = "测试甲", "测试乙", "测试银行"
TO_SELLER = payments.Payee(SELLER, "6222000000000018", "测试银行")
TO_BUYER = payments.Payee(BUYER, "6222000000000034", "测试银行")
TO_LENDER = payments.Payee(LENDER, "3705000000000007", "测试银行")
EXPECTED = {"E_RULE", "E_CAPACITY", "E_STATE", "E_DUPLICATE", "E_CONFLICT", "E_NOT_YET"}
NAMES = [f"JG2018010{n:06d}" for n in range(1, 4)]


@pytest.fixture(autouse=True)
def released():
    yield
    CLOCK.release()


class World:
    """An account with three sales, two hands, a bank that answers at random."""

    def __init__(self) -> None:
        self.random, self.day, self.count = Random(1), START, 0
        clock_at(self.day)
        self.clerk = people.actor("clerk", (Role.CLERK, "housing-admin"))
        self.head = people.actor("head", (Role.REVIEWER, "housing-admin"))
        self.book = signing.open_account(actor=ACTOR, bank=BANK, name="测试银行", number=NUMBER, opened_on=START)
        self.account = Account.objects.select_related("book").get(book=self.book, code="1001")
        self.names, self.signed = list(NAMES), len(NAMES)

    def sign(self, name: str, plan: str = "SINGLE", own: int = 300, loan: int = 500) -> None:
        lines = [{"kind": "首付款", "amount": own}, {"kind": "按揭贷款", "amount": loan, "lender": LENDER}]
        signing.sign(
            actor=ACTOR, book=self.book, agreement_no=name, contract_no=f"HT{name}", price=own + loan, plan=plan,
            unit_code=f"371083001001GB00001F{int(name[-6:]):08d}", buyer=BUYER, seller=SELLER, lines=lines,
        )  # fmt: skip

    def came(self, name: str, fen: int, payer: str = BUYER, txn: str = "") -> None:
        txn = txn or self.next()
        body = {"direction": "C", "amount_fen": fen, "counter_name": payer, "ref": name, "bank_txn_no": txn}
        bank.book_movement(self.account, "C", fen, txn, self.day, body)

    def next(self) -> str:
        self.count += 1
        return f"k{self.count}"

    def try_(self, act):
        """Carry an act out; a refusal must be one that may come, anything else is a fault."""
        try:
            with transaction.atomic():
                return act()
        except LuoshiError as refused:
            if refused.code not in EXPECTED:
                raise
            return None

    # --- events ---

    def deposit(self) -> None:
        name = self.random.choice(self.names)
        payer = self.random.choice((BUYER, BUYER, LENDER, LENDER, "测试丙"))
        fen = {BUYER: 300, LENDER: 500}.get(payer, 7) if self.random.random() < 0.7 else self.random.randint(1, 600)
        self.try_(lambda: self.came(name, fen, payer))

    def identify(self) -> None:
        name = self.random.choice(self.names)
        fen, key = self.random.randint(1, 300), self.next()
        for _ in range(2):
            self.try_(lambda: incoming.identify(
                actor=self.clerk, checker=self.head, agreement_no=name, amount=fen, key=key,
                payer="测试丙"))  # fmt: skip

    def send_back(self) -> None:
        row = self.try_(lambda: paying.send_back(
            actor=self.clerk, book=self.book, amount=self.random.randint(1, 200), key=self.next(),
            payee=TO_BUYER))  # fmt: skip
        if row is not None:
            self.try_(lambda: payments.check_payment(actor=self.head, payment=row.pk))

    def file(self, name: str = "") -> None:
        name = name or self.random.choice(self.names)
        self.try_(lambda: signing.file(actor=ACTOR, agreement_no=name))

    def register(self, name: str = "") -> None:
        name = name or self.random.choice(self.names)
        self.try_(lambda: signing.register(actor=ACTOR, agreement_no=name, on=self.day))

    def release(self, name: str = "") -> None:
        name = name or self.random.choice(self.names)
        amount = None if self.random.random() < 0.7 else self.random.randint(1, 400)
        row = self.try_(lambda: releasing.release(
            actor=self.clerk, agreement_no=name, payee=TO_SELLER, amount=amount,
            applied_by=["buyer", "seller"]))  # fmt: skip
        if row is not None:
            self.check(row)

    def check(self, row: PaymentInstruction) -> None:
        accept = self.random.random() < 0.85
        if self.try_(lambda: payments.check_payment(
            actor=self.head, payment=row.pk, accept=accept, reason="不对")) is None:  # fmt: skip
            payments.check_payment(actor=self.head, payment=row.pk, accept=False, reason="变了")

    def terminate(self, name: str = "") -> None:
        name = name or self.random.choice(self.names)
        facts = {"ground": 2, "legal_document": True} if self.random.random() < 0.3 else {"ground": 1, "joint": True}
        self.try_(lambda: refunding.terminate(actor=ACTOR, agreement_no=name, facts=facts))

    def refund(self, name: str = "") -> None:
        name = name or self.random.choice(self.names)
        for row in self.try_(lambda: refunding.refund(
            actor=self.clerk, agreement_no=name, buyer=TO_BUYER, lenders={LENDER: TO_LENDER})) or ():  # fmt: skip
            self.check(row)

    def answer(self) -> None:
        rows = list(PaymentInstruction.objects.filter(state__in=["checked", "sent", "unknown"]).order_by("pk"))
        for row in rows[:2]:
            result = self.random.choice(("success", "success", "success", "failed", "unknown"))
            txn = f"T{self.next()}" if result == "success" else ""
            locked = payments.locked(row.instr_id)
            self.try_(lambda locked=locked, result=result, txn=txn: payments.apply_result(
                locked, result, txn=txn, on=self.day, reason="", hand=HAND))  # fmt: skip

    def come_back(self) -> None:
        rows = list(PaymentInstruction.objects.filter(state="confirmed").order_by("pk"))
        if rows and self.random.random() < 0.5:
            locked = payments.locked(self.random.choice(rows).instr_id)
            self.try_(lambda: payments.apply_return(locked, txn=self.next(), on=self.day, reason="销户", hand=HAND))

    def reissue(self) -> None:
        for row in PaymentInstruction.objects.filter(state__in=["returned", "failed"]).order_by("pk")[:2]:
            again = self.try_(lambda row=row: payments.reissue(actor=self.clerk, payment=row.pk))
            if again is not None:
                self.check(again)

    def freeze(self) -> None:
        name = self.random.choice(self.names)
        to_on = self.random.choice((None, self.day, self.day + datetime.timedelta(days=9)))
        self.try_(lambda: freezing.freeze(actor=ACTOR, agreement_no=name, authority="某法院", document_no="测试1号",
                                       amount=self.random.randint(1, 200), to_on=to_on))  # fmt: skip

    def lift(self) -> None:
        row = Hold.objects.filter(lifted_by="").order_by("pk").first()
        if row is not None:
            self.try_(lambda: freezing.lift(actor=ACTOR, hold=row.pk, document_no="测试2号"))

    def deduct(self) -> None:
        row = Hold.objects.order_by("-pk").first()
        if row is not None:
            self.try_(lambda: incoming.deduct(
                actor=self.clerk, checker=self.head, hold=row.pk, amount=self.random.randint(1, 150), key=self.next(),
                account=self.random.choice(("2001", "2001", "2002")),
            ))  # fmt: skip

    def reverse(self) -> None:
        name = self.random.choice(self.names)
        if self.random.random() < 0.3:
            self.try_(lambda: incoming.reverse(
                actor=self.clerk, checker=self.head, agreement_no=name, amount=self.random.randint(1, 100),
                key=self.next(), loan=self.random.random() < 0.4,
            ))  # fmt: skip

    def interest(self) -> None:
        first = self.day - datetime.timedelta(days=5)
        self.try_(lambda: earning.interest(
            actor=ACTOR, book=self.book, amount=self.random.randint(1, 90), first_on=first, last_on=self.day,
            key=self.next()))  # fmt: skip

    def sold(self) -> None:
        name = self.random.choice(self.names)
        for act in (self.file, self.register, self.release):
            act(name)

    def fallen_through(self) -> None:
        name = self.random.choice(self.names)
        self.terminate(name)
        self.refund(name)

    def bank_error(self) -> None:
        self.try_(lambda: bank.book_movement(
            self.account, "D", self.random.randint(1, 50), self.next(), self.day, {"direction": "D"}))  # fmt: skip

    def tomorrow(self) -> None:
        self.day += datetime.timedelta(days=self.random.choice((1, 3)))
        clock_at(self.day)

    def renew(self) -> None:
        """Let another sale take the place of one that is over: a long run never runs out of money to move."""
        over = Sale.objects.filter(agreement_no__in=self.names, live=False).values_list("agreement_no", flat=True)
        for old in over:
            self.signed += 1
            name = f"JG2018010{self.signed:06d}"
            self.sign(name, self.random.choice(("SINGLE", "STAGED")))
            self.names[self.names.index(old)] = name


ACTS = {"deposit": 3, "identify": 1, "send_back": 1, "file": 1, "register": 1, "release": 2, "terminate": 1,
        "refund": 2, "answer": 3, "come_back": 1, "reissue": 1, "freeze": 1, "lift": 1, "deduct": 1, "reverse": 1,
        "sold": 3, "fallen_through": 2, "interest": 1, "bank_error": 1, "tomorrow": 1, "renew": 1}  # fmt: skip
"""How often each act stands among those a history is drawn from."""


@pytest.mark.django_db
def test_random_orders_of_every_event() -> None:
    moved: set[str] = set()

    def begin() -> World:
        world = World()
        for n, name in enumerate(NAMES):
            world.sign(name, "STAGED" if n else "SINGLE")
            world.came(name, 300)
            world.came(name, 500, LENDER)
        return world

    def holds(world: World) -> None:
        assert proving.faults(world.book) == []
        moved.update(way for way in ("released", "refunded") if Sale.objects.filter(**{f"{way}__gt": 0}).exists())

    histories.run(histories.machine(begin, ACTS, holds))
    assert moved == {"released", "refunded"}


@pytest.mark.django_db
def test_what_must_hold_is_seen_when_it_does_not() -> None:
    world = World()
    world.sign(NAMES[0])
    assert proving.faults(world.book) == []
    lines = [debit("1001", 10), credit("2001", 10, NAMES[0])]
    post_all(ledger_of(world.book), [Order("x", START, lines)], HAND)
    assert any(NAMES[0] in fault for fault in proving.faults(world.book))


@pytest.mark.django_db
def test_what_comes_next_names_the_money_that_has_not_come_in() -> None:
    world = World()
    for name, plan in ((NAMES[0], "SINGLE"), (NAMES[1], "STAGED")):
        world.sign(name, plan)
        world.came(name, 300)
    whole, staged = (course.sale_of(name) for name in NAMES[:2])
    assert queries.next_of(whole, "registered").startswith("其余 5.00 元存入")
    assert queries.next_of(staged, "registered") == "双方共同申请划转"
    world.came(NAMES[0], 500, LENDER)
    assert queries.next_of(course.sale_of(NAMES[0]), "registered") == "双方共同申请划转"


@pytest.mark.django_db
def test_one_sale_never_pays_another() -> None:
    world = World()
    for name in NAMES[:2]:
        world.sign(name)
    world.came(NAMES[0], 300)
    lines = [debit("2001", 1, NAMES[1]), credit("1001", 1)]
    with pytest.raises(LuoshiError) as refused:
        post_all(ledger_of(world.book), [Order("x", START, lines)], HAND)
    assert refused.value.code == "E_CAPACITY"


@pytest.mark.django_db
def test_release_and_termination_are_never_both_open() -> None:
    world = World()
    world.sign(NAMES[0])
    world.came(NAMES[0], 300)
    world.came(NAMES[0], 500, LENDER)
    signing.file(actor=ACTOR, agreement_no=NAMES[0])
    ended = {"ground": 2, "legal_document": True}
    signing.register(actor=ACTOR, agreement_no=NAMES[0], on=START)
    row = releasing.release(actor=world.clerk, agreement_no=NAMES[0], payee=TO_SELLER, applied_by=["buyer", "seller"])
    with pytest.raises(LuoshiError) as refused:
        refunding.terminate(actor=ACTOR, agreement_no=NAMES[0], facts=ended)
    assert refused.value.code == "E_STATE"
    payments.check_payment(actor=world.head, payment=row.pk, accept=False, reason="不对")
    refunding.terminate(actor=ACTOR, agreement_no=NAMES[0], facts=ended)
    with pytest.raises(LuoshiError) as refused:
        releasing.release(actor=world.clerk, agreement_no=NAMES[0], payee=TO_SELLER, applied_by=["buyer", "seller"])
    assert refused.value.code == "E_STATE"


@pytest.mark.django_db
def test_a_freeze_after_drafting_stops_the_payment() -> None:
    world = World()
    world.sign(NAMES[0], "STAGED")
    world.came(NAMES[0], 300)
    signing.file(actor=ACTOR, agreement_no=NAMES[0])
    signing.register(actor=ACTOR, agreement_no=NAMES[0], on=START)
    row = releasing.release(actor=world.clerk, agreement_no=NAMES[0], payee=TO_SELLER, applied_by=["buyer", "seller"])
    freezing.freeze(actor=ACTOR, agreement_no=NAMES[0], authority="某法院", document_no="测试1号", amount=1)
    with pytest.raises(LuoshiError) as refused:
        payments.check_payment(actor=world.head, payment=row.pk)
    assert refused.value.code == "E_CAPACITY"
    with pytest.raises(IntegrityError), transaction.atomic():
        Sale.objects.filter(agreement_no=NAMES[0]).update(deposits=801)


@pytest.mark.django_db
def test_interest_follows_the_principal() -> None:
    world = World()
    for name, fen in zip(NAMES, (300, 300, 300), strict=True):
        world.sign(name, "STAGED")
        world.came(name, fen)
    parts = earning.interest(actor=ACTOR, book=world.book, amount=100, first_on=START, last_on=START, key="i")
    assert list(parts.values()) == [34, 33, 33]
    signing.file(actor=ACTOR, agreement_no=NAMES[0])
    signing.register(actor=ACTOR, agreement_no=NAMES[0], on=START)
    row = releasing.release(actor=world.clerk, agreement_no=NAMES[0], payee=TO_SELLER, applied_by=["buyer", "seller"])
    assert row.amount == 334
    payments.check_payment(actor=world.head, payment=row.pk)
    payments.apply_result(payments.locked(row.instr_id), "success", txn="t", on=START, reason="", hand=HAND)
    assert (Sale.objects.get(agreement_no=NAMES[0]).released, proving.faults(world.book)) == (300, [])
