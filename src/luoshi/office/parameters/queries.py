"""Read the book: its editions, its parameters on a day, the changes that wait, what a change would bring about."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet

from luoshi.kernel.decisions import Definition, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DatedValue, Parameter, plain
from luoshi.office.actors import Actor
from luoshi.office.parameters import packaged
from luoshi.office.parameters.book import DELIVERED, Book, Key, Span, current
from luoshi.office.parameters.models import ParameterChange, ParameterSpan
from luoshi.office.permissions import may

APPROVED, PROPOSED = ParameterChange.State.APPROVED, ParameterChange.State.PROPOSED
_SAMPLES, _SAMPLES_SHOWN = 40, 6

# --- editions ---------------------------------------------------------------------------------------------------------


def edition_name(book: int, digest: str) -> str:
    """Return how a receipt names an edition of the book."""
    return f"{book}:{digest[:16]}"


def newest_edition() -> str:
    """Return the name of the edition in force, empty for the book as delivered; one look into a unique index."""
    approved = ParameterChange.objects.filter(book__isnull=False).order_by("-book").values_list("book", "digest")
    try:
        row = approved.first()
    except DatabaseError:
        # A database of before there was a book: nobody can have changed it.
        if ParameterChange._meta.db_table in connection.introspection.table_names():
            raise
        return DELIVERED.name
    return DELIVERED.name if row is None else edition_name(row[0] or 0, row[1])


def read_book(edition: int | None = None) -> Book:
    """Return the newest edition, or that of a number, in two queries."""
    changes = ParameterChange.objects.filter(state=APPROVED).order_by("book")
    standing = ParameterSpan.objects.filter(until__isnull=True)
    if edition is not None:
        changes = changes.filter(book__lte=edition)
        standing = ParameterSpan.objects.filter(since__lte=edition).filter(Q(until__isnull=True) | Q(until__gt=edition))
    by_id = {change.pk: change for change in changes}
    windows: dict[Key, list[tuple[datetime.date, datetime.date | None]]] = {}
    for change in by_id.values():
        windows.setdefault((change.room, change.name), []).append((change.valid_from, change.valid_to))
    spans: dict[Key, list[Span]] = {}
    for row in standing.order_by("valid_from"):
        # An edition approved between the two queries is left for the next reading.
        if (made_by := by_id.get(row.change_id)) is not None:
            spans.setdefault((row.room, row.name), []).append(span_of(row, made_by))
    last = max(by_id.values(), key=lambda change: change.book or 0, default=None)
    return Book(
        DELIVERED.name if last is None else edition_name(last.book or 0, last.digest),
        {key: tuple(rows) for key, rows in spans.items()},
        {key: tuple(rows) for key, rows in windows.items()},
    )


def span_of(row: ParameterSpan, change: ParameterChange) -> Span:
    """Return a stored span with what its change says."""
    return Span(
        row.room,
        row.name,
        row.valid_from,
        row.valid_to,
        change.value,
        change.source,
        change.citation,
        change.confirmed_by,
    )


# --- the list ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BookFilter:
    """What a reader of the list asks for; empty means no condition. `q` is looked for in titles and names."""

    on: datetime.date
    rooms: tuple[str, ...] = ()
    standings: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    waiting: bool = False
    q: str = ""

    @property
    def empty(self) -> bool:
        """Whether everything is asked for."""
        return not (self.rooms or self.standings or self.owners or self.waiting or self.q)


class BookRow(NamedTuple):
    """One parameter on a day: its value then, None where it has none, and how many changes of it wait."""

    room: packaged.Room
    parameter: Parameter
    dated: DatedValue | None
    waiting: int

    @property
    def owner(self) -> str:
        """The slug of the organ that keeps it."""
        return packaged.owner_of(self.parameter)

    @property
    def standing(self) -> str:
        """`clause`, `confirmed`, `unconfirmed`, or `missing` on that day."""
        return standing_of(self.dated)


def standing_of(dated: DatedValue | None) -> str:
    """Return in one word how well founded a value is."""
    if dated is None:
        return "missing"
    if dated.needs_confirmation:
        return "unconfirmed"
    return "clause" if dated.confirmed_by is None else "confirmed"


def value_on(parameter: Parameter, day: datetime.date) -> DatedValue | None:
    """Return the value of a day, None where there is none."""
    return next((value for value in parameter.values if value.covers(day)), None)


def rows(actor: Actor, wanted: BookFilter, book: Book | None = None) -> list[BookRow]:
    """Return the parameters that fit, by room; one query besides that of the book."""
    book = current() if book is None else book
    waits = waiting_counts(actor)
    return [row for row in _all_rows(book, wanted.on, waits) if fits(row, wanted)]


def _all_rows(book: Book, on: datetime.date, waits: Mapping[Key, int]) -> Iterator[BookRow]:
    for room in packaged.rooms().values():
        for name, delivered in room.table.items():
            parameter = book.apply(room.key, delivered)
            yield BookRow(room, parameter, value_on(parameter, on), waits.get((room.key, name), 0))


def fits(row: BookRow, wanted: BookFilter) -> bool:
    """Tell whether a row is what a reader asks for."""
    q = wanted.q.casefold()
    return (
        (not wanted.rooms or row.room.key in wanted.rooms)
        and (not wanted.standings or row.standing in wanted.standings)
        and (not wanted.owners or row.owner in wanted.owners)
        and (not wanted.waiting or row.waiting > 0)
        and (not q or q in f"{row.parameter.title} {row.room.key}.{row.parameter.name}".casefold())
    )


# --- changes ----------------------------------------------------------------------------------------------------------


def sees_drafts(actor: Actor) -> bool:
    """Whether an actor sees changes that are not approved: staff do, visitors do not."""
    return may(actor, "desk.see")


def visible_changes(actor: Actor) -> QuerySet[ParameterChange]:
    """Return the changes an actor may see: the one filter of lists, counts, pages and API."""
    changes = ParameterChange.objects.all()
    return changes if sees_drafts(actor) else changes.filter(state=APPROVED)


def waiting_counts(actor: Actor) -> dict[Key, int]:
    """Return how many changes wait, by parameter."""
    found: dict[Key, int] = {}
    for room, name in visible_changes(actor).filter(state=PROPOSED).values_list("room", "name"):
        found[room, name] = found.get((room, name), 0) + 1
    return found


def changes_of(actor: Actor, room: str, name: str, limit: int = 200) -> list[ParameterChange]:
    """Return the changes of a parameter that an actor may see, newest first."""
    return list(visible_changes(actor).filter(room=room, name=name).order_by("-id")[:limit])


def change(actor: Actor, pk: int) -> ParameterChange:
    """Return a change; E_NOT_FOUND for one that is not there or not to be seen."""
    found = visible_changes(actor).filter(pk=pk).first() if 0 < pk < 2**63 else None
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号参数变更。", fields={"change": pk})
    return found


# --- what a change would bring about ----------------------------------------------------------------------------------


class Sample(NamedTuple):
    """An example of a decision before and after a change: both answers, or the refusal in words."""

    key: str
    title: str
    facts: Mapping[str, Any]
    before: Any
    after: Any

    @property
    def differs(self) -> bool:
        """Whether the answer changes."""
        return bool(self.before != self.after)


@dataclass(frozen=True, slots=True)
class Consequence:
    """What a change would do: the history before and after, days left without value, sample decisions, readers.

    `past` is the span of days already gone for which the value would change, None where there are none.
    """

    before: Parameter
    after: Parameter
    readers: Sequence[Definition]
    samples: Sequence[Sample]
    gap_from: datetime.date | None
    past: tuple[datetime.date, datetime.date] | None
    displaced: Sequence[DatedValue]


def consequence(proposed: ParameterChange, today: datetime.date, book: Book | None = None) -> Consequence:
    """Return what approving a change, stored or not, would do to the book as it stands."""
    book = current() if book is None else book
    room, name = proposed.room, proposed.name
    before = book.parameter(room, name)
    after_book = with_change(book, proposed)
    after = after_book.parameter(room, name)
    readers = packaged.readers(room, name)
    last = proposed.valid_to
    beyond = None if last is None else last + datetime.timedelta(days=1)
    gap = beyond if beyond and value_on(before, beyond) and not value_on(after, beyond) else None
    past = None
    if proposed.kind == ParameterChange.Kind.VALUE and proposed.valid_from < today:
        yesterday = today - datetime.timedelta(days=1)
        past = (proposed.valid_from, yesterday if last is None else min(last, yesterday))
    return Consequence(
        before,
        after,
        readers,
        _samples(readers, book, after_book, proposed.valid_from),
        gap,
        past,
        [
            value
            for value in before.values
            if value.valid_from > proposed.valid_from and (last is None or value.valid_from <= last)
        ],
    )


def with_change(book: Book, proposed: ParameterChange) -> Book:
    """Return the book as it would be with a change approved."""
    key = proposed.room, proposed.name
    new = Span(
        *key,
        proposed.valid_from,
        proposed.valid_to,
        plain(proposed.value),
        proposed.source,
        proposed.citation,
        proposed.document or None,
    )
    standing = tuple(cut_spans(book.spans.get(key, ()), new.valid_from, new.valid_to))
    window = (new.valid_from, new.valid_to)
    return Book(
        f"{book.name}+",
        {**book.spans, key: tuple(sorted([*standing, new], key=lambda span: span.valid_from))},
        {**book.windows, key: (*book.windows.get(key, ()), window)},
    )


def cut_spans(spans: Sequence[Span], first: datetime.date, last: datetime.date | None) -> Iterator[Span]:
    """Return what is left of standing spans when a new one takes the days from `first` to `last`."""
    for span in spans:
        if span.valid_from < first:
            if span.valid_to is None or span.valid_to >= first:
                span = span._replace(valid_to=first - datetime.timedelta(days=1))
            yield span
        elif last is not None and span.valid_from > last:
            yield span


def _samples(readers: Sequence[Definition], before: Book, after: Book, on: datetime.date) -> list[Sample]:
    """Return examples of the decisions on a day, before and after; those that differ stand first."""
    found = list(_taken(readers, before, after, on))
    return sorted(found, key=lambda sample: not sample.differs)[:_SAMPLES_SHOWN]


def _taken(readers: Sequence[Definition], before: Book, after: Book, on: datetime.date) -> Iterator[Sample]:
    for definition in readers:
        for facts in example_facts(definition)[:_SAMPLES]:
            yield Sample(
                definition.key, definition.title, facts, _answer(before, definition.key, facts, on),
                _answer(after, definition.key, facts, on),
            )  # fmt: skip


def _answer(book: Book, key: str, facts: Mapping[str, Any], on: datetime.date) -> Any:
    try:
        taken = decide(book.definition(key), facts, on)
    except LuoshiError as error:
        return error.message
    return {"value": plain(taken.value) if not isinstance(taken.value, dict) else taken.value,
            "outcome": taken.outcome.value, "reasons": [reason.text for reason in taken.reasons]}  # fmt: skip


def example_facts(definition: Definition) -> list[dict[str, Any]]:
    """Return the examples that the facts of a decision come with."""
    return list(definition.facts_model.model_json_schema().get("examples", ()))
