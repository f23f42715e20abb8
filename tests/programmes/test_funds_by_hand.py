"""What two hands book on the pages obeys the programmes' rules at once, not at the next look of a timer."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions as cases
from luoshi.office.funds import actions, queries
from luoshi.office.funds.orders import credit, debit
from luoshi.office.roles import Role
from luoshi.programmes.agri_guarantee import fund as guarantee
from luoshi.programmes.mitigation_fund import fund as mitigation
from luoshi.site.registry import load_decisions, load_programmes
from tests.office import people
from tests.office.funds_made import ACTOR, BANK, clock_at

pytestmark = pytest.mark.django_db
DAY = datetime.date(2019, 7, 1)


@pytest.fixture(autouse=True)
def _day():
    load_decisions()
    load_programmes()
    clock_at(DAY)
    yield
    CLOCK.release()


class Desk:
    """Two hands of an organ at a book."""

    def __init__(self, organ: str, book: str) -> None:
        self.clerk = people.actor("clerk", (Role.CLERK, organ))
        self.head = people.actor("head", (Role.REVIEWER, organ))
        self.book = book

    def propose(self, *lines, event=""):
        told = {"memo": "记账", "basis": "回单1号", "event": event}
        return actions.propose(actor=self.clerk, book=self.book, value_on=DAY, lines=lines, **told)

    def books(self, *lines, event=""):
        return actions.decide(actor=self.head, draft=self.propose(*lines, event=event).pk, accept=True)

    def refused(self, *lines, event="") -> str:
        with pytest.raises(LuoshiError) as refused:
            self.propose(*lines, event=event)
        return refused.value.code


def authorised() -> None:
    """Office and company authorise a placement: the standing authorisation is on file."""
    told = {"product": "TIME_DEPOSIT", "principal": "1", "rate": "1.5", "matures_on": "2020-07-01",
            "contract_no": "DQ-1", "at_account_bank": True}  # fmt: skip
    hands = [people.actor(name, (role, organ)) for name, role, organ in (
        ("placer", Role.CLERK, "state-capital-co"), ("office", Role.LEADER, "fin-agri-group"),
        ("company", Role.LEADER, "agri-guarantee"))]  # fmt: skip
    case = cases.open_case(actor=hands[0], procedure="agri_guarantee.placing", title="存放", facts=told)
    for one in hands[1:]:
        cases.act(actor=one, case=case.pk, step="authorise")


def test_guarantee_fund_by_hand():
    book = guarantee.open_fund(actor=ACTOR, opened_on=DAY, bank=(BANK, "3705001"))
    desk = Desk("state-capital-co", book.key)
    desk.books(debit("1001", 100_000_000), credit("3001", 100_000_000), event="J1")
    assert desk.refused(debit("3101", 5, "loan-1"), credit("1001", 5)) == "E_RULE"
    assert desk.refused(debit("1001", 5), credit("3004", 5, "loan-1"), event="J2") == "E_RULE"
    assert desk.refused(debit("1001", 5), credit("2003", 5), event="J4") == "E_RULE"
    assert desk.refused(debit("1003", 80_000_001), credit("1001", 80_000_001)) == "E_RULE"
    # Money leaves the custody account for a placement both have authorised, for nothing else (6.15).
    assert desk.refused(debit("1003", 50_000_000), credit("1001", 50_000_000)) == "E_RULE"
    assert desk.refused(debit("3001", 5), credit("1001", 5)) == "E_RULE"
    authorised()
    first, second = (desk.propose(debit("1003", fen), credit("1001", fen)) for fen in (50_000_000, 40_000_000))
    actions.decide(actor=desk.head, draft=first.pk, accept=True)
    # What was within the cap when it was prepared is beyond it now.
    with pytest.raises(LuoshiError, match="不能存放"):
        actions.decide(actor=desk.head, draft=second.pk, accept=True)
    # A loss takes the fund below five times what was paid: new guarantees stop with that entry.
    state = guarantee.state_of(book)
    state.paid = 19_000_000
    state.save()
    assert guarantee.live_halt(book) is None
    desk.books(debit("1101", 10_000_000), credit("1001", 10_000_000), event="J10")
    assert guarantee.live_halt(book) is not None


def test_mitigation_fund_by_hand():
    one = mitigation.open_bank(actor=ACTOR, bank=BANK, name="试验银行", number="3705001", multiple="9", signed_on=DAY)
    desk = Desk("local-finance-center", one.book.key)
    whole = 2_000_000_000
    assert desk.refused(debit("1001", whole + 1), credit("3001", whole + 1), event="J1") == "E_RULE"
    desk.books(debit("1001", 500_000), credit("3001", 500_000), event="J1")
    desk.books(debit("1001", 70), credit("2002", 70), event="J7")
    assert desk.refused(debit("3101", 5, "claim"), credit("1001", 5)) == "E_RULE"
    assert desk.refused(debit("1001", 5), credit("3002", 5, "claim")) == "E_RULE"
    # Interest is in the account and not the fund's.
    assert desk.refused(debit("1201", 500_001), credit("1001", 500_001), event="J2") == "E_CAPACITY"
    # What the bank took is booked whatever is left of the fund.
    desk.books(debit("1101", 500_050), credit("1001", 500_050), event="J9")
    assert queries.balances(one.book)["1001"] == 20
