"""A book is opened by two hands, from what its plan asks for; who sees it beside its keeper."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import openings, plans, queries
from luoshi.office.funds.models import Account, Book, Opening
from luoshi.office.roles import Role
from tests.office import people
from tests.office.funds_made import BANK, NUMBER, book, clock_at

DAY = datetime.date(2019, 3, 1)
PLAN = plans.declare(
    plans.BookPlan(
        "trial/many", "试验专户", "finance", (plans.AccountPlan("1001", "活期", "asset", part="bank"),
                                          plans.AccountPlan("3001", "拨款", "fund")),
        sees=("audit",),
        opening=plans.OpeningPlan(
            "{bank}-{number_tail}", "专户（{name}）",
            (plans.Field("bank", "行号", "bank"), plans.Field("number", "账号", "account"), plans.Field("name", "银行"),
             plans.Field("multiple", "倍数", "number"),
             plans.Field("sort", "种类", "choice", optional=True, choices={"a": "甲类", "b": "乙类"})),
        ),
    )
)  # fmt: skip
VALUES = {"bank": BANK, "number": "370500000000000001", "name": "试验银行", "multiple": "9.00"}


@pytest.fixture(autouse=True)
def _day(db):
    clock_at(datetime.date(2019, 3, 5))
    yield
    CLOCK.release()


@pytest.fixture
def hands():
    return people.actor("clerk", (Role.CLERK, "finance")), people.actor("head", (Role.REVIEWER, "finance"))


def _refused(code: str, act, **told) -> LuoshiError:
    with pytest.raises(LuoshiError) as refused:
        act(**told)
    assert refused.value.code == code, refused.value.message
    return refused.value


def test_one_hand_proposes_another_opens(hands, monkeypatch):
    clerk, head = hands
    made: list[str] = []
    monkeypatch.setitem(openings._OPENED, PLAN.key, lambda told: made.append(told.book.key))
    row = openings.propose(actor=clerk, plan=PLAN.key, opened_on=DAY, values=VALUES)
    assert not Book.objects.exists()
    assert not made
    assert [one.pk for one in openings.waiting(head)] == [row.pk]
    assert queries.awaited(head, 9).openings == (1, f"/funds/openings/{row.pk}/")
    assert queries.awaited(clerk, 9).openings == (0, "")
    again = openings.propose
    _refused("E_DUPLICATE", again, actor=clerk, plan=PLAN.key, opened_on=DAY, values=VALUES)
    _refused("E_FORBIDDEN", openings.decide, actor=clerk, opening=row.pk, accept=True)
    _refused("E_VERSION", openings.decide, actor=head, opening=row.pk, accept=True, version=9)
    _refused("E_INCOMPLETE", openings.decide, actor=head, opening=row.pk, accept=False)
    # A program without a person behind it is no second person.
    _refused("E_SELF", openings.decide, actor=Actor.system("测试", "test"), opening=row.pk, accept=True)
    done = openings.decide(actor=head, opening=row.pk, accept=True)
    found = Book.objects.get()
    assert done.book == found
    assert found.key == f"trial/{BANK}-00000001"
    assert found.title == "专户（试验银行）"
    assert Account.objects.get(book=found, code="1001").number == VALUES["number"]
    assert made == [found.key]
    _refused("E_STATE", openings.decide, actor=head, opening=row.pk, accept=True)
    known = _refused("E_DUPLICATE", again, actor=clerk, plan=PLAN.key, opened_on=DAY, values=VALUES)
    assert known.fields["book"] == found.key


def test_one_person_with_both_roles_is_one_hand():
    both = people.actor("both", (Role.CLERK, "finance"), (Role.REVIEWER, "finance"))
    row = openings.propose(actor=both, plan=PLAN.key, opened_on=DAY, values=VALUES)
    _refused("E_SELF", openings.decide, actor=both, opening=row.pk, accept=True)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"bank": "12345"}, "E_INPUT", "bank"), ({"bank": "１２３４５６７８９０１２"}, "E_INPUT", "bank"),
        ({"number": "账号"}, "E_INPUT", "number"), ({"number": ""}, "E_INCOMPLETE", "number"),
        ({"name": "甲" * 81}, "E_INPUT", "name"), ({"name": "甲\x07"}, "E_INPUT", "name"),
        ({"multiple": "九"}, "E_INPUT", "multiple"), ({"multiple": "NaN"}, "E_INPUT", "multiple"),
        ({"sort": "c"}, "E_INPUT", "sort"), ({"strange": "1"}, "E_INPUT", "strange"),
    ],
)  # fmt: skip
def test_what_is_told_is_read(change, code, field):
    fault = _refused(code, openings.read, actor=Actor.system("测试", "test"), plan=PLAN.key, opened_on=DAY,
                     values=VALUES | change)  # fmt: skip
    assert fault.fields["field"] == field


def test_refusals_name_what_stands_in_the_way(hands, monkeypatch):
    clerk, head = hands
    program = Actor.system("测试", "test")

    def refuse(told):
        raise LuoshiError("E_RULE", "倍数不合规定。")

    asked = {"actor": clerk, "plan": PLAN.key, "opened_on": DAY, "values": VALUES}
    _refused("E_FUTURE", openings.propose, **asked | {"opened_on": datetime.date(2019, 3, 6)})
    _refused("E_NOT_FOUND", openings.propose, **asked | {"plan": "trial/none"})
    _refused("E_FORBIDDEN", openings.propose, **asked | {"actor": people.actor("other", (Role.CLERK, "audit"))})
    book()
    taken = _refused("E_DUPLICATE", openings.propose, **asked | {"values": VALUES | {"number": NUMBER}})
    assert "试验基金" in taken.message
    assert taken.fields["field"] == "number"
    row = openings.propose(**asked)
    monkeypatch.setitem(openings._CHECKS, PLAN.key, refuse)
    _refused("E_RULE", openings.decide, actor=head, opening=row.pk, accept=True)
    _refused("E_RULE", openings.open_at_once, **asked | {"actor": program})
    assert Book.objects.count() == 1
    assert Opening.objects.get().state == "proposed"
    assert openings.decide(actor=head, opening=row.pk, accept=False, reason="账号不对").book is None
    monkeypatch.undo()
    first = openings.open_at_once(**asked | {"actor": program})
    assert openings.open_at_once(**asked | {"actor": program}) == first


def test_organs_of_the_plan_see_the_book_and_do_nothing_in_it(hands):
    one = openings.open_at_once(actor=Actor.system("测试", "test"), plan=PLAN.key, opened_on=DAY, values=VALUES)
    seer, stranger = (
        people.actor("seer", (Role.REVIEWER, "audit")),
        people.actor("far", (Role.REVIEWER, "housing-admin")),
    )
    assert list(queries.visible_books(seer)) == [one]
    assert queries.visible_book(seer, one.key) == one
    assert not queries.visible_books(stranger).exists()
    _refused("E_NOT_FOUND", queries.visible_book, actor=stranger, key=one.key)
    row = openings.propose(actor=hands[0], plan=PLAN.key, opened_on=DAY, values=VALUES | {"number": "2"})
    assert openings.opening_of(seer, row.pk) == row
    _refused("E_NOT_FOUND", openings.opening_of, actor=stranger, opening=row.pk)
    _refused("E_FORBIDDEN", openings.decide, actor=seer, opening=row.pk, accept=True)
    assert not openings.proposable(seer, PLAN)
    assert openings.proposable(hands[0], PLAN)
