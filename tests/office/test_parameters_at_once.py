"""Two approvers at the same moment; needs a database with more than one connection, so PostgreSQL."""

from __future__ import annotations

import datetime

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.parameters import actions, book
from luoshi.office.parameters.models import ParameterChange, ParameterSpan
from luoshi.office.roles import Role
from tests.office.people import OFFICE, actor
from tests.office.test_two_at_once import at_once

DAY = datetime.date(2030, 1, 1)


def propose(by: Actor, value: int, first: datetime.date = DAY) -> ParameterChange:
    return actions.propose(
        actor=by, room="organs", name="stale_after", value=value, valid_from=first, citation="测政发〔2026〕3号 二"
    )


def told(function):
    """Return the outcome of an action in a word."""

    def run() -> str:
        try:
            function()
        except LuoshiError as error:
            return error.code
        return "done"

    return run


def test_one_change_is_approved_once(transactional_db):
    clerk, one, two = (actor(name, (role, OFFICE)) for name, role in (
        ("clerk", Role.CLERK), ("one", Role.REVIEWER), ("two", Role.LEADER)))  # fmt: skip
    change = propose(clerk, 3)
    results = at_once(
        *[told(lambda by=by: actions.approve(actor=by, change_id=change.pk, version=1)) for by in (one, two)]
    )
    assert sorted(results) == ["E_STATE", "done"]
    assert ParameterSpan.objects.filter(until__isnull=True).count() == 1


def test_two_changes_of_one_parameter_are_approved_in_turn(transactional_db):
    clerk, one, two = (actor(name, (role, OFFICE)) for name, role in (
        ("clerk", Role.CLERK), ("one", Role.REVIEWER), ("two", Role.LEADER)))  # fmt: skip
    early, late = propose(clerk, 3), propose(clerk, 4, datetime.date(2031, 1, 1))
    results = at_once(
        told(lambda: actions.approve(actor=one, change_id=early.pk, version=1)),
        told(lambda: actions.approve(actor=two, change_id=late.pk, version=1)),
    )
    assert sorted(results) == ["E_VERSION", "done"]
    assert list(ParameterChange.objects.filter(book__isnull=False).values_list("book", flat=True)) == [1]


def test_changes_of_two_parameters_make_two_editions(transactional_db):
    clerk, one, two = (actor(name, (role, OFFICE)) for name, role in (
        ("clerk", Role.CLERK), ("one", Role.REVIEWER), ("two", Role.LEADER)))  # fmt: skip
    first = propose(clerk, 3)
    other = actions.propose(
        actor=clerk, room="organs", name="town_count", value=16, valid_from=DAY, citation="测政发〔2026〕3号 二"
    )
    results = at_once(
        told(lambda: actions.approve(actor=one, change_id=first.pk, version=1)),
        told(lambda: actions.approve(actor=two, change_id=other.pk, version=1)),
    )
    assert results == ["done", "done"]
    assert sorted(ParameterChange.objects.values_list("book", flat=True)) == [1, 2]
    assert book.current().name.startswith("2:")


def test_same_proposal_twice_waits_once(transactional_db):
    clerk = actor("clerk", (Role.CLERK, OFFICE))
    results = at_once(*[told(lambda: propose(clerk, 3))] * 2)
    assert sorted(results) == ["E_DUPLICATE", "done"]
    assert ParameterChange.objects.count() == 1
