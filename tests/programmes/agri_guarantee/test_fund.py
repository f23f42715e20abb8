"""The fund's book: what must hold, after every step of a random history and where the rules draw a line.

LUOSHI_MACHINE_STEPS sets how many steps a history has; the normal run is short.
"""

from __future__ import annotations

import datetime
import os
import random

import pytest
from django.db import transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import bank, links, payments
from luoshi.office.funds.actions import post_many
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.orders import Order, credit, debit
from luoshi.office.roles import Role
from luoshi.programmes.agri_guarantee import fund, scenes, timers
from luoshi.programmes.agri_guarantee.models import FundState, Halt
from luoshi.site.registry import load_decisions, load_programmes
from tests.office import funds_made, people

pytestmark = pytest.mark.django_db

STEPS = int(os.environ.get("LUOSHI_MACHINE_STEPS", "90"))
START = datetime.datetime(2019, 1, 2, 9, 0, tzinfo=SHANGHAI)
ACTOR = Actor.system("测试甲", "test")
EXPECTED = {"E_CAPACITY", "E_RULE", "E_STATE", "E_DUPLICATE", "E_CONFLICT", "E_TXN_CONFLICT"}
State = PaymentInstruction.State


@pytest.fixture(autouse=True)
def opened():
    load_decisions()
    load_programmes()
    CLOCK.set(START)
    fund.open_fund(actor=ACTOR, opened_on=START.date(), bank=(scenes.BANK, scenes.NUMBER))
    links.set_link(actor=ACTOR, bank=scenes.BANK, name="试验银行", key=funds_made.KEY)
    yield
    CLOCK.release()


def tell(kind: str, **more: object) -> dict[str, object]:
    return bank.receive(funds_made.message(kind, bank=scenes.BANK, account=scenes.NUMBER, **more)).as_json()


_count = iter(range(1, 10**9))


def booked(event: str, amount: int, **more) -> None:
    number = next(_count)
    fund.post(actor=ACTOR, event=event, key=f"{event}:{number}", value_on=CLOCK.today(),
              lines=fund.lines_of(event, amount, txn=f"T{number}", **more))  # fmt: skip


class World:
    """A fund with its two hands and what was sent to the bank; every act is one somebody could try."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.clerk = people.actor("clerk", (Role.CLERK, "state-capital-co"))
        self.head = people.actor("head", (Role.REVIEWER, "state-capital-co"))
        self.sent: list[PaymentInstruction] = []
        self.paid = 0
        self.refused: set[str] = set()

    def loan(self) -> str:
        return f"DK-{self.random.randint(1, 4)}"

    def fen(self, most: int = 3_000) -> int:
        return self.random.randint(1, most)

    # --- events ---

    def appropriate(self) -> None:
        booked("J1", self.fen(600), account=self.random.choice(fund.SOURCES))

    def place(self) -> None:
        booked("J7", self.fen(1_500), account=self.random.choice(fund.PLACED))

    def mature(self) -> None:
        code = self.random.choice(fund.PLACED)
        placed = fund.figures(fund.fund()).accounts[code]
        if placed:
            principal = self.random.randint(1, placed)
            booked("J7", principal + self.random.randint(0, 50), principal=principal, account=code)

    def interest(self) -> None:
        booked("J8", self.fen(100))

    def loss(self) -> None:
        booked("J10", self.fen(200), account=self.random.choice(("1001", *fund.PLACED)))

    def restore(self) -> None:
        booked("J11", self.fen(200))

    def unidentified(self) -> None:
        booked("J12", self.fen(300))

    def identified(self) -> None:
        booked("J12", self.fen(300), account=self.random.choice(fund.SOURCES))

    def recover(self) -> None:
        amount = self.fen(500)
        booked("J2", amount, loan=self.loan(), surplus=self.random.choice((0, 0, amount // 3, amount)))

    def give_back(self) -> None:
        amount = self.fen(100)
        booked("J13", amount, loan=self.loan())
        self.paid -= amount

    def compensate(self) -> None:
        row = payments.draft_payment(
            actor=self.clerk, book=fund.BOOK, claim=f"C{next(_count)}", lines=[("3101", self.loan(), self.fen(900))],
            transit="2001", account="1001", payee=payments.Payee("公司", "62220001", "银行"), basis="第十二条",
            events=payments.Events("J3", "J4", "J5", "J6"),
        )  # fmt: skip
        self.sent.append(payments.check_payment(actor=self.head, payment=row.pk))

    def hand_over(self) -> None:
        row = fund.hand_over(actor=self.clerk, amount=self.fen(100), key=f"L{next(_count)}",
                             payee=payments.Payee("经费", "62220002", "银行"))  # fmt: skip
        self.sent.append(payments.check_payment(actor=self.head, payment=row.pk))

    def answer(self) -> None:
        if self.sent:
            row = PaymentInstruction.objects.get(pk=self.random.choice(self.sent).pk)
            outcome = self.random.choice(("success", "success", "success", "failed", "unknown"))
            moved = {"bank_txn_no": f"B{row.pk}", "direction": "D", "amount_fen": row.amount}
            tell("RESULT", instr_id=row.instr_id, ref=row.instr_id, result=outcome,
                 **(moved if outcome == "success" else {}))  # fmt: skip
            before, row = row.state, PaymentInstruction.objects.get(pk=row.pk)
            if row.state == State.CONFIRMED != before and row.events["instructed"] == "J3":
                self.paid += row.amount

    def come_back(self) -> None:
        row = PaymentInstruction.objects.filter(state=State.CONFIRMED).order_by("?").first()
        if row is not None:
            tell("RETURNED", instr_id=row.instr_id, ref=row.instr_id, bank_txn_no=f"R{row.pk}", direction="C",
                 amount_fen=row.amount)  # fmt: skip
            if row.events["instructed"] == "J3":
                self.paid -= row.amount

    def again(self) -> None:
        row = PaymentInstruction.objects.filter(state=State.RETURNED).first()
        if row is not None:
            fresh = payments.reissue(actor=self.clerk, payment=row.pk)
            self.sent.append(payments.check_payment(actor=self.head, payment=fresh.pk))

    def taken_by_the_bank(self) -> None:
        tell("MOVEMENT", bank_txn_no=f"F{next(_count)}", direction="D", amount_fen=self.fen(50))

    def received(self) -> None:
        tell("MOVEMENT", bank_txn_no=f"F{next(_count)}", direction="C", amount_fen=self.fen(300))

    def resume(self) -> None:
        fund.resume(actor=ACTOR, cause="查明", measures="整改", decision_no="纪要")

    def step(self) -> str:
        act = self.random.choice([*ACTS, *[World.compensate] * 3, *[World.answer] * 5])
        halts, halted = Halt.objects.count(), fund.live_halt() is not None
        try:
            with transaction.atomic():
                act(self)
        except LuoshiError as refused:
            self.refused.add(refused.code)
        self.hold(act.__name__, halts, halted)
        return act.__name__

    def hold(self, act: str, halts: int, halted: bool) -> None:
        """What must hold, found without the room's own sums."""
        book = fund.fund()
        assert fund.faults(book) == [], act
        found = fund.figures(book)
        assert found.paid == self.paid, act
        assert found.existing == found.balance + found.accounts["3101"] - self.paid
        if halted and act != "resume":
            assert fund.live_halt() is not None, "a halt never lifts itself"
        resumed = Halt.objects.filter(resumed_at__isnull=False).exists()
        if 5 * self.paid > found.existing and not resumed:
            assert fund.live_halt() is not None, f"{act}: over the line and not halted"
        if Halt.objects.count() > halts:
            row = Halt.objects.order_by("-pk")[0]
            assert 5 * row.paid > row.existing


ACTS = [
    World.appropriate, World.place, World.mature, World.interest, World.loss, World.restore, World.unidentified,
    World.identified, World.recover, World.give_back, World.compensate, World.hand_over, World.answer, World.come_back,
    World.again, World.taken_by_the_bank, World.received, World.resume,
]  # fmt: skip


@pytest.mark.parametrize("seed", [4])
def test_the_fund_holds_after_every_step_of_a_random_history(seed: int) -> None:
    world = World(seed)
    booked("J1", 4_000)
    seen = {world.step() for _ in range(STEPS)}
    assert len(seen) > 14
    assert Halt.objects.exists(), "the history should reach the line"
    assert "E_RULE" in world.refused
    assert world.refused <= EXPECTED


# --- the lines the rules draw -----------------------------------------------------------------------------------------


def compensate(loan: str, amount: int, *, confirm: bool = True) -> PaymentInstruction:
    clerk = people.actor(f"c{next(_count)}", (Role.CLERK, "state-capital-co"))
    head = people.actor(f"h{next(_count)}", (Role.REVIEWER, "state-capital-co"))
    row = payments.draft_payment(
        actor=clerk, book=fund.BOOK, claim=f"C{next(_count)}", lines=[("3101", loan, amount)], transit="2001",
        account="1001", payee=payments.Payee("公司", "62220001", "银行"), basis="第十二条",
        events=payments.Events("J3", "J4", "J5", "J6"),
    )  # fmt: skip
    row = payments.check_payment(actor=head, payment=row.pk)
    if confirm:
        tell("RESULT", instr_id=row.instr_id, ref=row.instr_id, result="success", bank_txn_no=f"B{row.pk}",
             direction="D", amount_fen=amount)  # fmt: skip
    return row


def code_of(act) -> str:
    with pytest.raises(LuoshiError) as refused, transaction.atomic():
        act()
    return refused.value.code


def test_interest_and_suspense_never_pay_compensation() -> None:
    booked("J1", 1_000)
    booked("J8", 300)
    booked("J12", 200)
    assert code_of(lambda: compensate("DK-1", 1_001)) == "E_CAPACITY"
    compensate("DK-1", 1_000)
    assert fund.figures(fund.fund()).free == 0


def test_compensation_is_booked_by_payments_only() -> None:
    booked("J1", 1_000)
    assert code_of(lambda: booked("J3", 1)) == "E_INPUT"
    lines = [debit("3101", 5, "DK-1"), credit("1001", 5)]
    act = {"actor": ACTOR, "key": "x", "value_on": CLOCK.today(), "lines": lines}
    assert code_of(lambda: fund.post(event="J3", **act)) == "E_STATE"
    assert code_of(lambda: fund.post(event="J10", **act)) == "E_RULE"


def test_a_recovery_stays_within_what_the_loan_cost_the_fund() -> None:
    booked("J1", 10_000)
    compensate("DK-1", 100)
    assert code_of(lambda: booked("J2", 101, loan="DK-1")) == "E_RULE"
    booked("J2", 101, loan="DK-1", surplus=1)
    assert code_of(lambda: booked("J2", 1, loan="DK-1")) == "E_RULE"
    assert code_of(lambda: booked("J13", 1, loan="DK-1")) == "E_RULE"
    fund.post(actor=ACTOR, event="J13", key="back", value_on=CLOCK.today(), lines=[
        debit("1001", 40), credit("3101", 40, "DK-1"), debit("3004", 40, "DK-1"), credit("2003", 40),
    ])  # fmt: skip
    found = fund.figures(fund.fund())
    assert (found.paid, found.accounts["3101"], found.accounts["3004"], found.accounts["2003"]) == (60, 60, 60, 41)


def test_a_share_that_comes_before_the_payment_waits_in_suspense() -> None:
    booked("J1", 10_000)
    compensate("DK-1", 100, confirm=False)
    assert code_of(lambda: booked("J2", 50, loan="DK-1")) == "E_RULE"
    booked("J2", 50, loan="DK-1", surplus=50)


def test_only_what_was_really_paid_is_given_back() -> None:
    booked("J1", 10_000)
    compensate("DK-1", 100)
    row = compensate("DK-1", 50, confirm=False)
    assert code_of(lambda: booked("J13", 101, loan="DK-1")) == "E_RULE"
    booked("J13", 100, loan="DK-1")
    tell("RESULT", instr_id=row.instr_id, ref=row.instr_id, result="failed")
    assert fund.faults() == []
    assert fund.figures(fund.fund()).paid == 0


def test_money_given_back_and_returned_as_well_is_taken_in() -> None:
    booked("J1", 10_000)
    row = compensate("DK-1", 100)
    booked("J13", 60, loan="DK-1")
    answer = tell(
        "RETURNED", instr_id=row.instr_id, ref=row.instr_id, bank_txn_no="BACK", direction="C", amount_fen=100
    )
    assert answer["booked"] is True
    assert fund.faults() == []


def test_placing_waits_for_claims_and_stops_at_the_cap() -> None:
    booked("J1", 1_000)
    assert code_of(lambda: booked("J7", 801)) == "E_RULE"
    booked("J7", 800)
    compensate("DK-1", 100)
    assert code_of(lambda: booked("J7", 1)) == "E_RULE"


def test_the_same_key_twice_is_one_entry_and_one_look() -> None:
    for _ in range(2):
        fund.post(actor=ACTOR, event="J1", key="once", value_on=CLOCK.today(), lines=fund.lines_of("J1", 500))
    assert fund.figures(fund.fund()).balance == 500


def test_an_entry_booked_by_hand_is_found_by_the_timer() -> None:
    booked("J1", 1_200)
    compensate("DK-1", 200)
    assert fund.live_halt() is None
    lines = [debit("1101", 1), credit("1001", 1)]
    post_many(book=fund.BOOK, actor=ACTOR, orders=[Order("by-hand", CLOCK.today(), lines, "J10", "", "依据")])
    assert fund.live_halt() is None
    assert timers.look_at_halt_line(CLOCK.now()) == 1
    assert timers.look_at_halt_line(CLOCK.now()) == 0
    assert fund.live_halt() is not None


def test_a_fee_taken_by_the_bank_halts_at_once() -> None:
    booked("J1", 1_200)
    compensate("DK-1", 200)
    tell("MOVEMENT", bank_txn_no="FEE", direction="D", amount_fen=1)
    assert fund.live_halt() is not None
    assert fund.figures(fund.fund()).accounts["1101"] == 1


def test_what_does_not_hold_is_named() -> None:
    booked("J1", 1_000)
    compensate("DK-1", 100)
    FundState.objects.update(paid=99)
    assert any("在途补偿" in fault for fault in fund.faults())


def test_the_gauges_show_what_is_paid_and_placed() -> None:
    booked("J1", 1_000)
    booked("J7", 500)
    compensate("DK-1", 100)
    paid, placed = fund.shown(fund.fund())
    assert (paid.part, paid.whole, placed.part, placed.whole) == (100, 900, 500, 900)
    assert [mark.title for mark in paid.marks] == ["提醒", "暂停新增"]
