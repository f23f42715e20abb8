"""The fund\'s book: what must hold, after every step of a random history and where the rules draw a line."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

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
from tests.office import funds_made, histories, people

pytestmark = pytest.mark.django_db

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


FEN = st.integers(1, 900)
LOANS = st.sampled_from(["DK-1", "DK-2", "DK-3", "DK-4"])
PICK = st.integers(0, 10**6)
"""Which one of what is there: taken modulo how many there are."""
SAYS = st.sampled_from(["success", "success", "success", "failed", "unknown"])


class History(histories.Story):
    """A fund with its two hands and what was sent to the bank; every act is one somebody could try."""

    seen: ClassVar[set[str]] = set()
    refused: ClassVar[set[str]] = set()

    def __init__(self) -> None:
        super().__init__()
        CLOCK.set(START)
        self.clerk = people.actor("clerk", (Role.CLERK, "state-capital-co"))
        self.head = people.actor("head", (Role.REVIEWER, "state-capital-co"))
        self.sent: list[PaymentInstruction] = []
        self.paid, self.halts, self.halted, self.act = 0, 0, False, ""
        booked("J1", 4_000)

    def tried(self, act: str, do: Callable[[], Any]) -> Any:
        """Carry an act out; a refusal must be one that may come, anything else is a fault."""
        self.act = act
        self.seen.add(act)
        try:
            with transaction.atomic():
                return do()
        except LuoshiError as refusal:
            if refusal.code not in EXPECTED:
                raise
            self.refused.add(refusal.code)
            return None

    # --- money in and out of accounts ---

    @rule(fen=FEN, account=st.sampled_from(fund.SOURCES))
    def appropriate(self, fen: int, account: str) -> None:
        self.tried("appropriate", lambda: booked("J1", fen, account=account))

    @rule(fen=FEN, account=st.sampled_from(fund.PLACED))
    def place(self, fen: int, account: str) -> None:
        self.tried("place", lambda: booked("J7", fen, account=account))

    @rule(share=PICK, over=st.integers(0, 50), account=st.sampled_from(fund.PLACED))
    def mature(self, share: int, over: int, account: str) -> None:
        if placed := fund.figures(fund.fund()).accounts[account]:
            principal = share % placed + 1
            self.tried("mature", lambda: booked("J7", principal + over, principal=principal, account=account))

    @rule(event=st.sampled_from(["J8", "J11", "J12"]), fen=FEN)
    def simple(self, event: str, fen: int) -> None:
        self.tried(event, lambda: booked(event, fen))

    @rule(fen=FEN, account=st.sampled_from(["1001", *fund.PLACED]))
    def loss(self, fen: int, account: str) -> None:
        self.tried("loss", lambda: booked("J10", fen, account=account))

    @rule(fen=FEN, account=st.sampled_from(fund.SOURCES))
    def identified(self, fen: int, account: str) -> None:
        self.tried("identified", lambda: booked("J12", fen, account=account))

    @rule(fen=FEN, loan=LOANS, part=st.sampled_from([0, 0, 1, 3]))
    def recover(self, fen: int, loan: str, part: int) -> None:
        self.tried("recover", lambda: booked("J2", fen, loan=loan, surplus=fen // part if part else 0))

    @rule(fen=FEN, loan=LOANS)
    def give_back(self, fen: int, loan: str) -> None:
        def do() -> None:
            booked("J13", fen, loan=loan)
            self.paid -= fen

        self.tried("give back", do)

    # --- payments and the bank ---

    @rule(fen=FEN, loan=LOANS, says=SAYS)
    def compensate(self, fen: int, loan: str, says: str) -> None:
        def do() -> PaymentInstruction:
            row = payments.draft_payment(
                actor=self.clerk, book=fund.BOOK, claim=f"C{next(_count)}", lines=[("3101", loan, fen)],
                transit="2001", account="1001", payee=payments.Payee("公司", "62220001", "银行"), basis="第十二条",
                events=payments.Events("J3", "J4", "J5", "J6"),
            )  # fmt: skip
            return payments.check_payment(actor=self.head, payment=row.pk)

        self.asked("compensate", do, says)

    @rule(fen=FEN, says=SAYS)
    def hand_over(self, fen: int, says: str) -> None:
        def do() -> PaymentInstruction:
            row = fund.hand_over(actor=self.clerk, amount=fen, key=f"L{next(_count)}",
                                 payee=payments.Payee("经费", "62220002", "银行"))  # fmt: skip
            return payments.check_payment(actor=self.head, payment=row.pk)

        self.asked("hand over", do, says)

    def asked(self, act: str, do: Callable[[], PaymentInstruction], says: str) -> None:
        """Have a payment made by two hands, and sometimes answered at once."""
        row = self.tried(act, do)
        if row is not None:
            self.sent.append(row)
            if says == "success":
                self.told(row.pk, says)

    @rule(which=PICK, says=SAYS, times=st.sampled_from([1, 1, 2]))
    def answer(self, which: int, says: str, times: int) -> None:
        """The bank answers what was sent, some of it twice, whatever it said before."""
        if self.sent:
            for _ in range(times):
                self.tried("answer", lambda: self.told(self.sent[which % len(self.sent)].pk, says))

    def told(self, pk: int, says: str) -> None:
        row = PaymentInstruction.objects.get(pk=pk)
        moved = {"bank_txn_no": f"B{row.pk}", "direction": "D", "amount_fen": row.amount}
        tell("RESULT", instr_id=row.instr_id, ref=row.instr_id, result=says, **(moved if says == "success" else {}))
        before, row = row.state, PaymentInstruction.objects.get(pk=row.pk)
        if row.state == State.CONFIRMED != before and row.events["instructed"] == "J3":
            self.paid += row.amount

    @rule(which=PICK)
    def come_back(self, which: int) -> None:
        rows = PaymentInstruction.objects.filter(state=State.CONFIRMED).order_by("pk")
        if rows:
            row = rows[which % len(rows)]

            def do() -> None:
                tell("RETURNED", instr_id=row.instr_id, ref=row.instr_id, bank_txn_no=f"R{row.pk}", direction="C",
                     amount_fen=row.amount)  # fmt: skip
                if row.events["instructed"] == "J3":
                    self.paid -= row.amount

            self.tried("come back", do)

    @rule()
    def again(self) -> None:
        row = PaymentInstruction.objects.filter(state=State.RETURNED).order_by("pk").first()
        if row is not None:

            def do() -> None:
                fresh = payments.reissue(actor=self.clerk, payment=row.pk)
                self.sent.append(payments.check_payment(actor=self.head, payment=fresh.pk))

            self.tried("again", do)

    @rule(fen=FEN, way=st.sampled_from(["D", "C"]))
    def moved_at_the_bank(self, fen: int, way: str) -> None:
        self.tried(way, lambda: tell("MOVEMENT", bank_txn_no=f"F{next(_count)}", direction=way, amount_fen=fen))

    @rule()
    def resume(self) -> None:
        self.tried("resume", lambda: fund.resume(actor=ACTOR, cause="查明", measures="整改", decision_no="纪要"))

    # --- what must hold, found without the room's own sums ---

    @invariant()
    def the_books_and_the_halt_are_as_the_rules_say(self) -> None:
        book = fund.fund()
        assert fund.faults(book) == []
        found = fund.figures(book)
        assert found.paid == self.paid
        assert found.existing == found.balance + found.accounts["3101"] - self.paid
        if self.halted and self.act != "resume":
            assert fund.live_halt() is not None, "a halt never lifts itself"
        resumed = Halt.objects.filter(resumed_at__isnull=False).exists()
        # Of a fund that has lost more than it held nothing is left, not less: while nothing is paid, nothing is over.
        if 5 * self.paid > max(found.existing, 0) and not resumed:
            assert fund.live_halt() is not None, "over the line and not halted"
        if Halt.objects.count() > self.halts:
            row = Halt.objects.order_by("-pk")[0]
            assert 5 * row.paid > row.existing
            self.seen.add("halt")
        self.halts, self.halted = Halt.objects.count(), fund.live_halt() is not None


def test_the_fund_holds_after_every_step_of_a_random_history() -> None:
    History.seen.clear()
    History.refused.clear()
    histories.run(History)
    assert len(History.seen) > 14
    assert "halt" in History.seen, "the history should reach the line"
    assert "E_RULE" in History.refused


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


def test_a_resumption_when_more_came_back_than_was_paid_leaves_the_book_open() -> None:
    """Compensation stood below nothing when business was resumed: what is counted from then on begins at nothing."""
    booked("J1", 1_000)
    row = compensate("DK-1", 300)
    booked("J13", 250, loan="DK-1")
    tell("RETURNED", instr_id=row.instr_id, ref=row.instr_id, bank_txn_no="BACK", direction="C", amount_fen=300)
    assert fund.figures(fund.fund()).paid == -250
    fund.resume(actor=ACTOR, cause="查明", measures="整改", decision_no="纪要")
    booked("J8", 5)
    compensate("DK-2", 100)
    assert fund.live_halt() is None
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
