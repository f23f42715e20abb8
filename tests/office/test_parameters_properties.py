"""Any order of proposals, approvals, refusals and dates: one value a day at most, the one the rule says, for good."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, Provenance, superseding
from luoshi.office.actors import Actor
from luoshi.office.parameters import actions, book, queries
from luoshi.office.parameters.models import ParameterChange, ParameterSpan
from luoshi.office.roles import Role
from tests.office.people import OFFICE, actor

pytestmark = pytest.mark.django_db

START = datetime.date(2030, 1, 1)
DELIVERED = datetime.date(1949, 10, 1), None, 5
PEOPLE = ("p", "q", "r")

spans = st.tuples(st.integers(0, 12), st.none() | st.integers(0, 6))
acts = st.lists(
    st.tuples(spans, st.integers(1, 9), st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), st.integers(0, 9)),
    min_size=1, max_size=7,
)  # fmt: skip


def day(number: int) -> datetime.date:
    return START + datetime.timedelta(days=number)


def slow_value(approved: list[tuple[datetime.date, datetime.date | None, int]], on: datetime.date) -> int | None:
    """The definition, day by day: a decision holds on a day it covers unless a later one ended it or took its place."""
    every = [DELIVERED, *approved]
    held = [
        value
        for place, (first, last, value) in enumerate(every)
        if first <= on
        and (last is None or on <= last)
        and not any(
            first < begins <= on or (begins <= first and (ends is None or first <= ends))
            for begins, ends, _value in every[place + 1 :]
        )
    ]
    assert len(held) <= 1
    return held[0] if held else None


def outcome(act: Callable[[], object]) -> str:
    """Return how an act ended: done, or the code of its refusal."""
    try:
        act()
    except LuoshiError as error:
        return error.code
    return "done"


@pytest.fixture
def people(db) -> dict[str, Actor]:
    return {name: actor(name, (Role.ARCHIVIST, OFFICE), (Role.REVIEWER, OFFICE)) for name in PEOPLE}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(acts)
def test_book_is_what_was_decided_and_nothing_decided_changes(people, sequence):
    # Examples follow each other in one database: each has a book of its own to start from.
    ParameterSpan.objects.filter(until__isnull=True).update(until=10**6)
    already = set(ParameterChange.objects.values_list("pk", flat=True))
    waiting: list[ParameterChange] = []
    approved: list[tuple[datetime.date, datetime.date | None, int]] = []
    decided: dict[int, dict[str, object]] = {}
    for (first, length), value, maker, second, choice in sequence:
        last = None if length is None else day(first + length)
        given = {"room": "organs", "name": "stale_after", "value": value, "valid_from": day(first), "valid_to": last,
                 "citation": "测政发〔2026〕3号 二(一)", "reason": "试"}  # fmt: skip
        ended = outcome(partial(_propose, waiting, people[maker], given))
        assert ended in ("done", "E_DUPLICATE", "E_INPUT")
        if not waiting:
            continue
        change = waiting[choice % len(waiting)]
        seen = {"actor": people[second], "change_id": change.pk, "version": _version(change)}
        refuses = choice == 9
        ended = outcome(partial(actions.refuse, **seen, answer="否") if refuses else partial(actions.approve, **seen))
        assert ended == ("E_SELF" if people[second].user_id == change.proposed_by_id else "done")
        if ended != "done":
            continue
        waiting.remove(change)
        if not refuses:
            approved.append((change.valid_from, change.valid_to, change.value))
        decided[change.pk] = ParameterChange.objects.filter(pk=change.pk).values().get()

    known = queries.read_book()
    made = set(decided)
    windows = {("organs", "stale_after"): tuple((first, last) for first, last, _value in approved)}
    present = book.Book(known.name, known.spans, windows if approved else {}).parameter("organs", "stale_after")
    for number in range(-2, 25):
        held = [value for value in present.values if value.covers(day(number))]
        assert len(held) <= 1
        assert (held[0].value if held else None) == slow_value(approved, day(number)), day(number)
    for pk, row in decided.items():
        assert ParameterChange.objects.filter(pk=pk).values().get() == row
    for change in ParameterChange.objects.filter(state="approved").exclude(pk__in=already):
        assert change.proposed_by_id != change.decided_by_id
    assert made.isdisjoint(already)
    for change in waiting:
        actions.refuse(actor=_other(people, change), change_id=change.pk, version=_version(change), answer="收尾")


def _propose(waiting: list[ParameterChange], maker: Actor, given: dict[str, Any]) -> None:
    waiting.append(actions.propose(actor=maker, **given))


def _other(people: dict[str, Actor], change: ParameterChange) -> Actor:
    return next(one for one in people.values() if one.user_id != change.proposed_by_id)


def _version(change: ParameterChange) -> int:
    change.refresh_from_db()
    return change.version


@given(st.lists(st.tuples(spans, st.integers(1, 9)), max_size=12))
def test_kernel_supersedes_day_by_day(sequence):
    values = (DatedValue(5, DELIVERED[0], None, None, Provenance.DEFAULT),)
    approved = []
    for (first, length), value in sequence:
        last = None if length is None else day(first + length)
        approved.append((day(first), last, value))
        values = superseding(values, DatedValue(value, day(first), last, None, Provenance.DEFAULT))
    for number in range(-2, 25):
        held = [value.value for value in values if value.covers(day(number))]
        assert held == [value for value in [slow_value(approved, day(number))] if value is not None]
