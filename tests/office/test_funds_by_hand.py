"""What a person books by hand passes the rules of the programme, when it is prepared and again when it is posted."""

from __future__ import annotations

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds import actions, hooks, queries
from luoshi.office.funds.models import Draft
from luoshi.office.funds.orders import credit, debit
from luoshi.office.roles import Role
from tests.office import people
from tests.office.funds_made import DAY, book, clock_at, funded


@pytest.fixture
def ledger(db):
    clock_at(DAY)
    found = book()
    funded(found, 1_000)
    yield found
    CLOCK.release()


@pytest.fixture
def ruled(ledger, monkeypatch):
    """A rule and a listener of the programme around entries booked by hand; what they were told, and what to refuse."""
    told: list[hooks.Told] = []
    refusing: list[str] = []

    def rule(one: hooks.Told) -> None:
        told.append(one)
        if one.event in refusing:
            raise LuoshiError("E_RULE", "业务已经暂停。")

    for event in ("entry.proposed", "entry.posted"):
        monkeypatch.setitem(hooks._HOOKS, ("trial", event), rule)
    return told, refusing


def _hands():
    return people.actor("clerk", (Role.CLERK, "finance")), people.actor("head", (Role.REVIEWER, "finance"))


@pytest.mark.parametrize("refused", ["entry.proposed", "entry.posted"])
def test_rules_of_the_programme_hold_when_a_hand_books(ledger, ruled, refused):
    """What became forbidden between the two hands is refused at the second, and nothing of it stays."""
    told, refusing = ruled
    clerk, head = _hands()
    lines = [debit("1001", 70), credit("3001", 70)]
    propose = {
        "actor": clerk,
        "book": ledger.book.key,
        "value_on": DAY,
        "lines": lines,
        "memo": "拨款",
        "basis": "回单1号",
    }
    row = actions.propose(**propose)
    assert [(one.event, one.order.lines[0].debit) for one in told] == [("entry.proposed", 70)]
    refusing.append(refused)
    before = queries.balances(ledger.book)
    with pytest.raises(LuoshiError, match="暂停"):
        actions.decide(actor=head, draft=row.pk, accept=True)
    assert queries.balances(ledger.book) == before
    assert Draft.objects.get(pk=row.pk).state == "proposed"
    refusing.clear()
    told.clear()
    done = actions.decide(actor=head, draft=row.pk, accept=True)
    assert [(one.event, one.entry) for one in told] == [("entry.proposed", None), ("entry.posted", done.entry_id)]
    refusing.append("entry.proposed")
    with pytest.raises(LuoshiError, match="暂停"):
        actions.propose(**propose)
    with pytest.raises(LuoshiError, match="暂停"):
        actions.propose_counter(actor=clerk, book=ledger.book.key, entry=done.entry_id, reason="重复")
    refusing.clear()
    undo = actions.propose_counter(actor=clerk, book=ledger.book.key, entry=done.entry_id, reason="重复")
    told.clear()
    actions.decide(actor=head, draft=undo.pk, accept=True)
    assert [(one.event, one.order.counter_of) for one in told] == [
        ("entry.proposed", done.entry_id), ("entry.posted", done.entry_id)
    ]  # fmt: skip


def test_money_in_transit_is_not_booked_by_hand(ledger):
    clerk, _head = _hands()
    with pytest.raises(LuoshiError, match="只随付款") as refused:
        actions.propose(actor=clerk, book=ledger.book.key, value_on=DAY, memo="付款", basis="回单2号",
                        lines=[debit("2002", 5), credit("1001", 5)])  # fmt: skip
    assert (refused.value.code, refused.value.fields["account"]) == ("E_RULE", "2002")
