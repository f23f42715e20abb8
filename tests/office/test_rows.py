"""Rows written and read by statements made once are what Django writes and reads, be they few or many."""

from __future__ import annotations

import datetime

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import SHANGHAI
from luoshi.office import rows
from luoshi.office.cases.models import Case, CaseEvent, CaseParty
from luoshi.office.rows import OvertakenError, Question, Writing

pytestmark = pytest.mark.django_db
MOMENT = datetime.datetime(2018, 9, 20, 10, 30, 15, 250, tzinfo=SHANGHAI)
FACTS = {"words": "引号'、\"、反斜杠\\、百分号%s%%、换行\n，𠮷", "n": [1, 2.5, None, True], "in": {"a": {}}}
COUNTS = (1, 3, 40)


def case(number: int, **more: object) -> Case:
    given = {
        "number": f"R-{number}", "procedure": "test.rows", "version": "2018-01-01", "programme": "test",
        "title": "测试一号%s", "state": "s", "status": "draft", "facts": FACTS, "rules_on": datetime.date(2018, 9, 20),
        "opened_at": MOMENT, "entered_at": MOMENT, "due_at": MOMENT,
    }  # fmt: skip
    return Case(**given | more)


def stored(*made: Case) -> list[Case]:
    for row in made:
        rows.add(row)
    return list(made)


@pytest.mark.parametrize("count", COUNTS)
def test_what_is_inserted_is_read_by_django_and_what_django_writes_is_read_here(count):
    (owner,) = stored(case(0))
    events = [
        CaseEvent(case_id=owner.pk, n=n, at=MOMENT, received_at=MOMENT, hand="person", act="a", to_state="s",
                  text=FACTS["words"], who="测试甲", data=FACTS if n % 2 else None)
        for n in range(1, count + 1)
    ]  # fmt: skip
    writing = Writing()
    writing.insert(events)
    assert not CaseEvent.objects.exists()
    writing.send()
    found = list(CaseEvent.objects.order_by("n"))
    assert [model_to_dict(row, exclude=["id"]) for row in found] == [model_to_dict(e, exclude=["id"]) for e in events]
    mine = Question(CaseEvent, "case_id = %s ORDER BY n").rows(owner.pk)
    assert [model_to_dict(row) for row in mine] == [model_to_dict(row) for row in found]
    assert mine[0].at == MOMENT
    assert not mine[0]._state.adding


@pytest.mark.parametrize("count", COUNTS)
def test_rows_are_changed_all_or_the_writing_says_that_it_was_overtaken(count):
    cases = stored(*[case(n) for n in range(count)])
    for n, row in enumerate(cases):
        row.title, row.facts, row.closed_at, row.is_open, row.revision = f"改{n}", {"n": n}, MOMENT, False, 2
    names = ("title", "facts", "closed_at", "is_open", "revision")
    writing = Writing()
    writing.update(cases, names, guard="revision")
    writing.send()
    found = Case.objects.order_by("id")
    assert [(row.title, row.facts, row.closed_at, row.is_open, row.revision) for row in found] == [
        (f"改{n}", {"n": n}, MOMENT, False, 2) for n in range(count)
    ]
    # Somebody else was quicker with the last of them.
    Case.objects.filter(pk=cases[-1].pk).update(revision=3)
    for row in cases:
        row.revision += 1
    writing.update(cases, names, guard="revision")
    with pytest.raises(OvertakenError), transaction.atomic():
        writing.send()
    assert set(Case.objects.values_list("revision", flat=True)) <= {2, 3}


def test_questions_are_answered_in_their_order_and_together():
    first, second = stored(case(1), case(2, parent=None, exercise=True))
    Writing().send()
    wanted = Question(Case, "id = %s", lock=True), Question(Case, "id IN %s ORDER BY id DESC")
    with CaptureQueriesContext(connection) as asked:
        one, both, plain = rows.ask(
            wanted[0].of(first.pk), wanted[1].among([first.pk, second.pk]), rows.Asked(None, "SELECT 7, %s", ["%s"])
        )
    assert [row.number for row in one] == ["R-1"]
    assert [(row.number, row.exercise, row.facts) for row in both] == [("R-2", True, FACTS), ("R-1", False, FACTS)]
    assert [tuple(row) for row in plain] == [(7, "%s")]
    assert len(asked) == (1 if connection.vendor == "postgresql" else 3)


def test_what_is_asked_first_may_add_to_what_is_sent():
    (owner,) = stored(case(1))
    writing, order = Writing(), []
    writing.insert([CaseParty(case_id=owner.pk, party="a", organ="x", role="clerk", due_at=MOMENT)])

    def then(found: list[Case]) -> None:
        order.append(found[0].number)
        writing.insert([CaseParty(case_id=owner.pk, party="b", organ=found[0].number, role="clerk", due_at=MOMENT)])

    writing.ask(Question(Case, "id = %s").of(owner.pk), then)
    assert not order
    writing.send()
    assert list(CaseParty.objects.order_by("party").values_list("party", "organ")) == [("a", "x"), ("b", "R-1")]


def test_constraints_hold_as_ever():
    (owner,) = stored(case(1))
    writing = Writing()
    writing.insert([CaseParty(case_id=owner.pk, party="a", organ="x", role="clerk", due_at=MOMENT) for _ in range(9)])
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.send()
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.add(case(1))


def test_what_has_changed_inside_a_list_is_written_and_what_has_not_is_left_alone():
    (owner,) = stored(case(1))
    (row,) = Question(Case, "id = %s").rows(owner.pk)
    writing = Writing()
    with CaptureQueriesContext(connection) as asked:
        writing.update([row], ("title", "facts"))
        writing.send()
    assert len(asked) == 0
    for inside in ({"b": 1}, {"b": True}, {"b": '𠮷\n"'}, {}):
        row.facts["in"]["a"] = inside
        writing.update([row], ("title", "facts"))
        writing.send()
        assert repr(Case.objects.get(pk=owner.pk).facts["in"]["a"]) == repr(inside)


def test_a_text_is_kept_whole_or_refused_at_a_nul():
    if connection.vendor == "sqlite":
        (row,) = stored(case(1, title="前\0后"))
        assert Case.objects.get(pk=row.pk).title == "前\0后"
        return
    with pytest.raises(DataError), transaction.atomic():
        rows.add(case(1, title="前\0后"))
    # Nothing was sent: the connection goes on.
    assert not Case.objects.exists()
    stored(case(1))


def test_a_refusal_in_the_middle_leaves_nothing_and_the_connection_goes_on():
    (owner,) = stored(case(1))
    party = {"case_id": owner.pk, "organ": "x", "role": "clerk", "due_at": MOMENT}
    writing = Writing()
    for key in ("a", "b", "a", "c"):
        writing.insert([CaseParty(party=key, **party)])
    with pytest.raises(IntegrityError), transaction.atomic():
        writing.send()
    assert not CaseParty.objects.exists()
    writing.insert([CaseParty(party="a", **party)])
    writing.send()
    assert [found.party for found in Question(CaseParty, "case_id = %s").rows(owner.pk)] == ["a"]
