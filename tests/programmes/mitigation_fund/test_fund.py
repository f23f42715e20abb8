"""The fund's books under random orders of every event, and two claims at once: section 8.2 holds after every step."""

from __future__ import annotations

import datetime
from random import Random

import pytest
from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import actions, hooks, payments, reconcile, statements
from luoshi.office.funds.models import Account, Difference, PaymentInstruction
from luoshi.office.funds.orders import Hand, Order, credit, debit
from luoshi.office.funds.writing import ledger_of, post_all
from luoshi.office.roles import Role
from luoshi.programmes.mitigation_fund import board, claims, fund
from luoshi.programmes.mitigation_fund.models import Claim, ClaimVote
from tests.office import histories, people
from tests.office.funds_made import ACTOR, clock_at

START = datetime.date(2019, 7, 1)
BANKS = ("313465000019", "313465000027")
PAYEE = payments.Payee("测试银行", "6222000000000018", "测试银行")
HAND = Hand("测试甲", "test")
EXPECTED = {"E_RULE", "E_CAPACITY", "E_STATE", "E_DUPLICATE", "E_CONFLICT"}


@pytest.fixture(autouse=True)
def released():
    yield
    CLOCK.release()


class World:
    """Two banks' books, two hands, three voters, claims at random."""

    def __init__(self) -> None:
        self.random, self.day, self.count = Random(1), START, 0
        clock_at(self.day)
        self.clerk = people.actor("clerk", (Role.CLERK, "local-finance-center"))
        self.head = people.actor("head", (Role.REVIEWER, "local-finance-center"))
        self.banks = [
            fund.open_bank(actor=ACTOR, bank=bank, name=f"银行{n}", number=f"3705{n}", multiple="9", signed_on=START)
            for n, bank in enumerate(BANKS)
        ]

    def try_(self, act):
        """Carry an act out; a refusal must be one that may come, anything else is a fault."""
        try:
            with transaction.atomic():
                return act()
        except LuoshiError as refused:
            if refused.code not in EXPECTED:
                raise
            return None

    def next(self) -> str:
        self.count += 1
        return f"k{self.count}"

    def some(self, *states: str) -> Claim | None:
        rows = list(Claim.objects.filter(state__in=states).order_by("pk"))
        return self.random.choice(rows) if rows else None

    # --- events ---

    def allocate(self) -> None:
        fen, key = self.random.choice((1, 40_000, 200_000_000, 600_000_000)), self.next()
        bank = self.random.choice(self.banks)
        for _ in range(self.random.choice((1, 1, 2))):
            self.try_(lambda: fund.allocate(actor=ACTOR, agreement=bank, amount=fen, value_on=self.day, key=key))

    def move(self) -> None:
        one, other = self.random.sample(self.banks, 2)
        fen, key = self.random.randint(1, 50_000), self.next()
        given = {"actor": ACTOR, "source": one, "target": other, "amount": fen, "value_on": self.day}
        if self.try_(lambda: fund.move(**given, key=f"{key}o")) and self.random.random() < 0.8:
            self.try_(lambda: fund.arrive(**given, key=f"{key}i"))

    def interest(self) -> None:
        bank, fen = self.random.choice(self.banks), self.random.randint(1, 900)
        self.try_(lambda: fund.interest(actor=ACTOR, agreement=bank, amount=fen, value_on=self.day, key=self.next()))

    def keep(self) -> None:
        bank, fen = self.random.choice(self.banks), self.random.randint(1, 900)
        self.try_(
            lambda: fund.keep_interest(actor=ACTOR, agreement=bank, amount=fen, key=self.next(), document="某通知")
        )

    def pay_out(self) -> None:
        bank, what = self.random.choice(self.banks), self.random.choice(("interest", "suspense", "treasury"))
        row = self.try_(lambda: fund.pay_out(
            actor=self.clerk, agreement=bank, what=what, amount=self.random.randint(1, 20_000), key=self.next(),
            payee=PAYEE, document="某通知",
        ))  # fmt: skip
        if row is not None:
            self.try_(lambda: payments.check_payment(actor=self.head, payment=row.pk))

    def file(self) -> None:
        # Numbers move on with the run: a long one is never out of loans to claim for.
        lost, number = self.random.randint(1, 300_000), f"BC{self.count // 100 + self.random.randint(1, 30)}"
        facts = {"principal": lost, "recovered": self.random.choice((0, lost // 3, lost)), "approved": 10**6,
                 "disbursed": 10**6 + self.random.choice((0, 99_000)), "judicial_end": "bankruptcy_ended"}  # fmt: skip
        bank = self.random.choice(self.banks)
        self.try_(lambda: claims.file_claim(
            actor=ACTOR, agreement=bank, number=number, contract_no=number, firm="测试公司", facts=facts))  # fmt: skip

    def vote(self) -> None:
        row = self.some("filed", "filed", "passed", "rejected")
        if row is not None:
            most = self.random.choice((1, 3, 3))
            organs = self.random.sample(ClaimVote.Organ.values, most)
            for organ in organs:
                passes = self.random.random() < 0.97
                self.try_(lambda organ=organ, passes=passes: claims.vote(
                    actor=ACTOR, claim=row.pk, organ=organ, passes=passes, reason="有异议"))  # fmt: skip

    def instruct(self) -> None:
        row = self.some("passed", "passed", "paid")
        if row is None:
            return
        payment = self.try_(lambda: claims.instruct(actor=self.clerk, claim=row.pk, payee=PAYEE))
        if payment is not None and self.random.random() < 0.85:
            accept = self.random.random() < 0.9
            if self.try_(lambda: payments.check_payment(
                actor=self.head, payment=payment.pk, accept=accept, reason="不对")) is None:  # fmt: skip
                payments.check_payment(actor=self.head, payment=payment.pk, accept=False, reason="余额变了")

    def answer(self) -> None:
        rows = list(PaymentInstruction.objects.filter(state__in=["checked", "sent", "unknown"]).order_by("pk"))
        if not rows:
            return
        locked = payments.locked(self.random.choice(rows).instr_id)
        result = self.random.choice(("success", "success", "failed", "unknown"))
        txn = f"T{self.next()}" if result == "success" else ""
        self.try_(lambda: payments.apply_result(locked, result, txn=txn, on=self.day, reason="", hand=HAND))

    def come_back(self) -> None:
        rows = list(PaymentInstruction.objects.filter(state="confirmed").order_by("pk"))
        if rows:
            locked = payments.locked(self.random.choice(rows).instr_id)
            self.try_(lambda: payments.apply_return(locked, txn=self.next(), on=self.day, reason="销户", hand=HAND))

    def reissue(self) -> None:
        for row in PaymentInstruction.objects.filter(state__in=["returned", "failed"]).order_by("pk")[:2]:
            again = self.try_(lambda row=row: payments.reissue(actor=self.clerk, payment=row.pk))
            if again is not None:
                self.try_(lambda again=again: payments.check_payment(actor=self.head, payment=again.pk))

    def recover(self) -> None:
        row = self.some("paid", "passed")
        if row is not None:
            fen = self.random.randint(1, 90_000)
            self.try_(lambda: claims.recover(actor=ACTOR, claim=row.pk, amount=fen, key=self.next()))

    def tomorrow(self) -> None:
        self.day += datetime.timedelta(days=self.random.choice((1, 9, 120)))
        clock_at(self.day)


ACTS = {"allocate": 2, "move": 1, "interest": 1, "keep": 1, "pay_out": 1, "file": 2, "vote": 4, "instruct": 2,
        "answer": 2, "come_back": 1, "reissue": 1, "recover": 1, "tomorrow": 1}  # fmt: skip
"""How often each act stands among those a history is drawn from."""


@pytest.mark.django_db
def test_random_orders_of_every_event() -> None:
    paid: set[str] = set()

    def begin() -> World:
        world = World()
        fund.allocate(actor=ACTOR, agreement=world.banks[0], amount=200_000, value_on=START, key="first")
        return world

    def holds(_world: World) -> None:
        assert fund.faults() == []
        paid.update(Claim.objects.filter(state="paid").values_list("number", flat=True))

    histories.run(histories.machine(begin, ACTS, holds))
    assert paid


@pytest.mark.django_db
def test_what_must_hold_is_seen_when_it_does_not() -> None:
    world = World()
    book = ledger_of(world.banks[0].book)
    fund.allocate(actor=ACTOR, agreement=world.banks[0], amount=1000, value_on=START, key="a")
    post_all(book, [Order("x", START, [debit("3101", 10, "BC9"), credit("2001", 10)])], HAND)
    assert any("BC9" in fault for fault in fund.faults())
    post_all(book, [Order("y", START, [debit("1101", 10), credit("3001", 10)])], HAND)
    assert len(fund.faults()) == 1


@pytest.mark.django_db
def test_the_bank_s_money_is_booked_where_it_belongs() -> None:
    world = World()
    row = world.banks[0]
    account = Account.objects.select_related("book").get(book=row.book, code="1001")

    def told(**body: object) -> hooks.Booking | None:
        return hooks.fire(hooks.Told("bank.movement", row.book, account, None, {"direction": "C", **body}))

    interest = told(amount_fen=5, memo="第三季度结息")
    assert interest is not None
    assert (interest.event, [line.account for line in interest.lines]) == ("J7", ["2002"])
    assert told(amount_fen=5, ref="BC1") is None
    assert told(amount_fen=5, direction="D") is None


@pytest.mark.django_db
def test_interest_on_a_statement_waits_for_finance_and_is_not_unidentified() -> None:
    world = World()
    row = world.banks[0]
    account = Account.objects.select_related("book").get(book=row.book, code="1001")
    text = "日期,流水号,收入（元）,支出（元）,摘要\n2019-06-21,JX1,12.34,,第二季度结息\n"
    statements.import_file(actor=world.clerk, account=account, name="a.csv", data=text.encode())
    difference = Difference.objects.get(account=account, open=True)
    draft = reconcile.propose_settle(actor=world.clerk, difference=difference.pk)
    actions.decide(actor=world.head, draft=draft.pk, accept=True)
    now = fund.figures(row.book)
    assert (now.accounts["2002"], now.accounts["2003"], now.balance) == (1234, 0, 0)


@pytest.mark.django_db
def test_a_loan_is_claimed_for_once_and_never_above_half() -> None:
    world = World()
    facts = {"principal": 101, "recovered": 0, "approved": 500, "disbursed": 500, "judicial_end": "bankruptcy_ended"}
    given = {"actor": ACTOR, "agreement": world.banks[0], "contract_no": "甲", "firm": "测试公司", "facts": facts}
    row = claims.file_claim(number="BC1", **given)
    with pytest.raises(LuoshiError) as refused:
        claims.file_claim(number="BC2", **given)
    assert refused.value.code == "E_DUPLICATE"
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.filter(pk=row.pk).update(compensation=51)
    for lacking in ("judicial_end", "principal"):
        less = {name: value for name, value in facts.items() if name != lacking}
        with pytest.raises(LuoshiError):
            claims.file_claim(**{**given, "contract_no": "乙", "number": "BC3", "facts": less})


@pytest.mark.django_db
def test_a_claim_s_sheet_says_what_capped_it_before_and_after_it_is_paid() -> None:
    world = World()
    bank = world.banks[0]
    fund.allocate(actor=ACTOR, agreement=bank, amount=60_000_000, value_on=START, key="first")
    facts = {"principal": 240_000_001, "recovered": 70_000_000, "approved": 300_000_000, "disbursed": 300_000_000,
             "judicial_end": "enforcement_ended"}  # fmt: skip
    row = claims.file_claim(actor=ACTOR, agreement=bank, number="BC1", contract_no="甲", firm="测试公司", facts=facts)
    told = board.claim_steps(row)
    assert (told["fixed"], told["capped"], told["available"], told["paid"], told["bank"]) == (
        False, True, 60_000_000, 60_000_000, 110_000_001,
    )  # fmt: skip
    for organ in ClaimVote.Organ.values:
        claims.vote(actor=ACTOR, claim=row.pk, organ=organ, passes=True)
    payment = claims.instruct(actor=world.clerk, claim=row.pk, payee=PAYEE)
    payments.check_payment(actor=world.head, payment=payment.pk)
    told = board.claim_steps(Claim.objects.select_related("agreement__book").get(pk=row.pk))
    # What is left now says nothing of what there was; the reasons still tell the loss and its half.
    assert (told["fixed"], told["capped"], told["available"], told["paid"]) == (True, True, 0, 60_000_000)
    assert [word in "".join(one.text for one in told["reasons"]) for word in ("1,700,000.01", "850,000.00")] == [
        True
    ] * 2


@pytest.mark.django_db
def test_votes_are_the_members_own() -> None:
    world = World()
    facts = {"principal": 100, "recovered": 0, "approved": 500, "disbursed": 500, "judicial_end": "bankruptcy_ended"}
    row = claims.file_claim(
        actor=ACTOR, agreement=world.banks[0], number="BC1", contract_no="甲", firm="测试公司", facts=facts
    )
    with pytest.raises(LuoshiError) as refused:
        claims.vote(actor=world.head, claim=row.pk, organ="tax", passes=True)
    assert refused.value.code == "E_FORBIDDEN"
    with pytest.raises(LuoshiError) as refused:
        claims.vote(actor=world.head, claim=row.pk, organ="local-finance-center", passes=False)
    assert refused.value.code == "E_INCOMPLETE"
    claims.vote(actor=world.head, claim=row.pk, organ="local-finance-center", passes=False, reason="有失信记录")
    assert Claim.objects.get(pk=row.pk).state == "rejected"
