"""Lists of cases: what each person sees, in the order of the ends of limits, read along the indexes of `models`.

A list is asked for as a `CaseFilter`. Whose it is decides where the database begins to read: at one's own turn in the
index of the worklist, at an organ's part, else at all open cases by their end. So page 100 costs what page 1 costs,
whoever asks. What a person may not see is not in any list, count or facet.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL

from luoshi.kernel.calendar import ONE_DAY, WorkingCalendar
from luoshi.kernel.clock import day_of, end_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure, State, Status
from luoshi.office import search
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.cases import clocks, procedures
from luoshi.office.cases.models import SEARCH_TABLE, Case, CaseClock, CaseParty
from luoshi.office.duties import concern
from luoshi.office.paging import COUNT_BOUND, KeysetPage, Total
from luoshi.office.rows import Question, ask

OPEN, CLOSED, ALL = "open", "closed", "all"
_ROWS = Question(Case, "id IN %s", without=("facts",))
_CLOCKS = Question(CaseClock, "case_id IN %s AND state IN ('running', 'paused') ORDER BY until, id")
_TURNS = Question(CaseParty, "case_id IN %s AND acts ORDER BY id")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_ROLES = ("clerk", "reviewer", "leader", "supervisor")
_FACET_NAMES = 40


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What a list of cases asks for; conditions that are not given do not narrow it.

    `mine`: it is the turn of a role the actor holds; `own`: an organ of the actor takes part; `organs`: one of these
    takes part or it is its case; `holders`: it is the turn of one of these; `which`: open, closed or all; `states` are
    those of the procedure, `statuses` the shared ones; `due_to`: a limit ends by the end of that day; `overdue`: a
    limit has ended; `q`: words of title or number, or the subject as it stands.
    """

    mine: bool = False
    own: bool = False
    organs: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    which: str = OPEN
    programmes: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    overdue: bool = False
    due_to: datetime.date | None = None
    exercise: bool | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class Facet:
    """One value a list can be narrowed to, and how many rows it would leave; None where counting would be long."""

    value: str
    label: str
    count: int | None


@dataclass(frozen=True, slots=True)
class CaseFacets:
    """How many cases fit, and how they spread; each facet is counted without its own condition."""

    total: Total
    statuses: list[Facet]
    procedures: list[Facet]
    states: list[Facet]
    holders: list[Facet]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: the end and id of the last row seen, and how many rows came before."""

    due_at: datetime.datetime
    pk: int
    position: int

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Return the place a page's address names; E_INPUT for what is none."""
        if not text:
            return None
        try:
            due, pk, position = (int(part) for part in text.split("."))
            if not (0 <= pk < 2**62 and 0 <= position < 10**9):
                raise ValueError
            return cls(_EPOCH + due * _MICROSECOND, pk, position)
        except (ValueError, OverflowError):
            raise LuoshiError("E_INPUT", "翻页的位置不对，请回到第一页。", fields={"cursor": text[:80]}) from None

    @property
    def text(self) -> str:
        """The place as an address carries it."""
        return f"{(self.due_at - _EPOCH) // _MICROSECOND}.{self.pk}.{self.position}"


@dataclass(frozen=True, slots=True)
class _Stream:
    """Rows in the order of an index: cases, or (`of_parties`) parts of organs in cases, `turns` whose turn it is."""

    rows: QuerySet[Any]
    of_parties: bool = False
    turns: bool = False

    @property
    def case(self) -> str:
        """The column with the case."""
        return "case_id" if self.of_parties else "pk"

    @property
    def prefix(self) -> str:
        """What stands before the name of a case's column."""
        return "case__" if self.of_parties else ""


class CaseLedger:
    """One question to the cases: its pages, its count, its facets, asked by `actor` at the moment `now`."""

    def __init__(
        self, wanted: CaseFilter, *, actor: Actor, now: datetime.datetime, calendar: WorkingCalendar | None = None
    ) -> None:
        self.wanted, self._actor, self._now, self._calendar = wanted, actor, now, calendar
        self._memo: dict[str, frozenset[str]] = {}
        self._kept: dict[CaseFilter, list[int]] = {}

    def page(self, *, size: int, after: str = "", before: str = "") -> KeysetPage[Case]:
        """Return a page of open cases by their end, of closed ones by their number, newest first; without facts."""
        backwards = bool(before) and not after
        cursor = Cursor.read(before if backwards else after)
        with concern.remembered(self._memo):
            ids = self._walk(self.wanted, cursor, backwards=backwards, count=size + 1)
        more, ids = len(ids) > size, ids[:size]
        if backwards:
            ids.reverse()
        known = {row.pk: row for row in ask(_ROWS.among(ids))[0]} if ids else {}
        rows = [known[pk] for pk in ids if pk in known]
        first = 1 if cursor is None else max(cursor.position - len(rows), 1) if backwards else cursor.position + 1
        has_previous, has_next = (more, True) if backwards else (cursor is not None, more)
        return KeysetPage(
            rows,
            Cursor(rows[0].due_at, rows[0].pk, first).text if rows and has_previous else "",
            Cursor(rows[-1].due_at, rows[-1].pk, first + len(rows) - 1).text if rows and has_next else "",
            first,
        )

    def total(self, bound: int = COUNT_BOUND) -> Total:
        """Count what fits, up to the bound."""
        if self.wanted in self._kept:
            found = len(self._kept[self.wanted])
        else:
            with concern.remembered(self._memo):
                found = self._count(self.wanted, bound + 1)
        return Total(min(found, bound), found <= bound)

    # --- where the reading begins ------------------------------------------------------------------------------------

    def _walk(self, wanted: CaseFilter, cursor: Cursor | None, *, backwards: bool, count: int) -> list[int]:
        """Return the ids of the next rows behind (in front of) the cursor, nearest first."""
        by_due = wanted.which == OPEN
        descending = backwards is by_due
        sign = "-" if descending else ""
        parts = []
        for stream in self._streams(wanted):
            rows, columns = stream.rows, ("due_at", stream.case) if by_due else (stream.case,)
            if cursor is not None:
                rows = rows.filter(_beyond(cursor, rows.model, stream.case, by_due=by_due, descending=descending))
            rows = rows.order_by(*(f"{sign}{column}" for column in columns)).values_list(*columns)
            # An organ may be several parties of one case.
            parts.append((rows.distinct() if stream.of_parties else rows)[:count])
        order = ", ".join(f"{place}{' DESC' if descending else ''}" for place in ((1, 2) if by_due else (1,)))
        return [row[-1] for row in _united(parts, f" ORDER BY {order} LIMIT {count:d}")]

    def _count(self, wanted: CaseFilter, bound: int) -> int:
        parts = []
        for stream in self._streams(wanted):
            rows = stream.rows.order_by().values_list(stream.case)
            parts.append((rows.distinct() if stream.of_parties else rows)[:bound])
        return len(_united(parts, f" LIMIT {bound:d}"))

    def _streams(self, wanted: CaseFilter) -> list[_Stream]:
        """Return what has to be read for a question, each in the order of one index, together all that fits."""
        actor, reach = self._actor, concern.organs_for(self._actor, "case.see")
        few = self._few(wanted.q) if wanted.q else None
        tests = {
            "seen": _seen(reach) if reach is not None else Q(),
            "mine": _turn_of(self._posts) if wanted.mine and not actor.trusted else Q(),
            "holders": _held_by(wanted.holders) if wanted.holders else Q(),
            "organs": _concerning(wanted.organs) if wanted.organs else Q(),
            "own": _concerning(self._own) if wanted.own and not actor.trusted else Q(),
        }
        # What a stream says by itself need not be tested row by row.
        if few is not None:
            streams = [_Stream(Case.objects.filter(pk__in=search.among(few)))]
        elif tests["mine"]:
            streams = [_turns(organ, role) for organ, role in sorted(self._posts)]
            del tests["mine"], tests["seen"]
        elif tests["holders"]:
            streams = [_turns(organ, role) for organ in wanted.holders for role in _ROLES]
            del tests["holders"]
        elif tests["organs"]:
            streams = [stream for organ in wanted.organs for stream in _of_organ(organ)]
            del tests["organs"]
        elif tests["own"]:
            streams = [stream for organ in sorted(self._own) for stream in _of_organ(organ)]
            del tests["own"], tests["seen"]
        elif tests["seen"]:
            streams = [stream for organ in sorted(reach or ()) for stream in _of_organ(organ)]
            streams += [_Stream(Case.objects.filter(procedure=key)) for key in self._public]
            del tests["seen"]
        else:
            streams = [_Stream(Case.objects.all())]
        left = Q(*[test for test in tests.values() if test])
        return [self._narrowed(stream, wanted, left, by_title=few is None) for stream in streams]

    def _narrowed(self, stream: _Stream, wanted: CaseFilter, test: Q, *, by_title: bool) -> _Stream:
        at, rows = stream.prefix, stream.rows
        if wanted.which != ALL and not (stream.turns and wanted.which == OPEN):
            # A party knows whether its case is open; it is nobody's turn in one that is closed.
            rows = rows.filter(is_open=wanted.which == OPEN)
        for name, values in (("programme", wanted.programmes), ("procedure", wanted.procedures),
                             ("state", wanted.states), ("status", wanted.statuses)):  # fmt: skip
            if values:
                rows = rows.filter(**{f"{at}{name}__in": values} if len(values) > 1 else {f"{at}{name}": values[0]})
        if wanted.overdue:
            rows = rows.filter(due_at__lte=self._now)
            if self._calendar is not None and self._calendar.is_provisional(day_of(self._now)):
                rows = rows.exclude(Exists(_provisional(stream.case)))
        if wanted.due_to is not None:
            rows = rows.filter(due_at__lte=end_of(wanted.due_to))
        if wanted.exercise is not None:
            rows = rows.filter(**{f"{at}exercise": wanted.exercise})
        if wanted.q and by_title:
            rows = rows.filter(**{f"{at}title__icontains": wanted.q})
        if test:
            rows = rows.filter(Exists(Case.objects.filter(test, pk=OuterRef(stream.case))) if at else test)
        return replace(stream, rows=rows)

    def _few(self, q: str) -> list[int] | None:
        """Return what title, number or subject says, None where it is too much to begin with."""
        ids = search.newest_matching(SEARCH_TABLE, q, COUNT_BOUND + 1)
        ids += Case.objects.filter(subject=q).order_by().values_list("pk", flat=True)[: COUNT_BOUND + 1]
        return ids if len(ids) <= COUNT_BOUND else None

    @cached_property
    def _posts(self) -> frozenset[tuple[str, str]]:
        """The organs and roles as which the actor may take steps."""
        grants = self._actor.grants
        return frozenset((organ, str(grant.role)) for grant in grants for organ in concern.served_by(grant.organ))

    @cached_property
    def _own(self) -> frozenset[str]:
        """The organs of the actor's roles, as far as their cases may be seen."""
        own, reach = concern.own_organs(self._actor), concern.organs_for(self._actor, "case.see")
        return own if reach is None else own & reach

    @cached_property
    def _kinds(self) -> dict[str, Procedure]:
        return {one.key: one for one in procedures.all_procedures()}

    @property
    def _public(self) -> list[str]:
        return [one.key for one in self._kinds.values() if one.public]

    # --- counts by value ---------------------------------------------------------------------------------------------

    def facets(self) -> CaseFacets:
        """Count what fits by value."""
        with concern.remembered(self._memo):
            wanted = self.wanted
            total = self.total()
            statuses = self._spread(replace(wanted, statuses=()), "status", total)
            kinds = self._spread(replace(wanted, procedures=(), states=()), "procedure", total)
            states = self._spread(replace(wanted, states=()), "state", total) if len(wanted.procedures) == 1 else {}
            holders = self._holders(total)
        names = concern.titles(holders, day_of(self._now))
        # What is not there when all was counted is none; else nobody knows.
        none = 0 if total.exact else None
        return CaseFacets(
            total,
            [Facet(one.value, one.title, statuses.get(one.value, none)) for one in self._statuses(statuses)],
            [Facet(key, self.title_of(key), count) for key, count in kinds.items()],
            [Facet(one.key, one.title, states.get(one.key, none)) for one in self._states()],
            [Facet(slug, names.get(slug, slug), count) for slug, count in holders.items()],
        )

    def title_of(self, key: str) -> str:
        """Return the title of a kind of case; the key itself for one whose file is gone."""
        return self._kinds[key].title if key in self._kinds else key

    def _statuses(self, counts: Mapping[str, int | None]) -> list[Status]:
        offered = {state.status for one in self._kinds.values() for state in one.states.values() if self._fits(state)}
        return [status for status in Status if status in offered or counts.get(status.value)]

    def _states(self) -> list[State]:
        found = self._kinds.get(self.wanted.procedures[0]) if len(self.wanted.procedures) == 1 else None
        return [state for state in found.states.values() if self._fits(state)] if found else []

    def _fits(self, state: State) -> bool:
        return self.wanted.which == ALL or state.ends is (self.wanted.which == CLOSED)

    def by_kind_and_state(self) -> Mapping[tuple[str, str], int] | None:
        """Count what fits by procedure and shared state, for the picture a head looks at; None where it is long."""
        with concern.remembered(self._memo):
            if not self.total().exact:
                return None
            rows = Case.objects.filter(pk__in=search.among(self._ids(self.wanted))).order_by()
            return Counter(rows.values_list("procedure", "status"))

    def _ids(self, wanted: CaseFilter) -> list[int]:
        if wanted not in self._kept:
            self._kept[wanted] = self._walk(wanted, None, backwards=False, count=COUNT_BOUND + 1)
        return self._kept[wanted]

    def _spread(self, wanted: CaseFilter, name: str, total: Total) -> dict[str, int | None]:
        """Count by one column; the names alone where counting would be long."""
        ids = self._ids(wanted) if total.exact else []
        if not total.exact or len(ids) > COUNT_BOUND:
            return dict.fromkeys(self._kinds) if name == "procedure" else {}
        rows = Case.objects.filter(pk__in=search.among(ids)).order_by().values_list(name, flat=True)
        return dict(Counter(rows).most_common(_FACET_NAMES))

    def _holders(self, total: Total) -> dict[str, int | None]:
        wanted = replace(self.wanted, holders=())
        if not total.exact or wanted.which != OPEN or len(ids := self._ids(wanted)) > COUNT_BOUND:
            return dict.fromkeys(self.wanted.holders)
        rows = CaseParty.objects.filter(case__in=search.among(ids), acts=True).order_by()
        return dict(Counter(organ for organ, _case in set(rows.values_list("organ", "case"))).most_common(_FACET_NAMES))


# --- streams ----------------------------------------------------------------------------------------------------------


def _turns(organ: str, role: str) -> _Stream:
    return _Stream(CaseParty.objects.filter(acts=True, organ=organ, role=role), of_parties=True, turns=True)


def _of_organ(organ: str) -> list[_Stream]:
    """Return what an organ takes part in, and what is its case, whether it takes part or not."""
    return [_Stream(CaseParty.objects.filter(organ=organ), of_parties=True), _Stream(Case.objects.filter(organ=organ))]


def _beyond(cursor: Cursor, model: type[Model], pk: str, *, by_due: bool, descending: bool) -> Q | RawSQL:
    if not by_due:
        return Q(**{f"{pk}__{'lt' if descending else 'gt'}": cursor.pk})
    # Both columns as one, so that the index is entered at the row: thousands of limits end at the same midnight.
    table, key = model._meta.db_table, str(model._meta.pk.column) if pk == "pk" else pk
    words = f'("{table}"."due_at", "{table}"."{key}") {"<" if descending else ">"} (%s, %s)'
    due = connection.ops.adapt_datetimefield_value(cursor.due_at)
    return RawSQL(words, [due, cursor.pk], output_field=BooleanField())  # noqa: S611 - our own words


def _united(parts: Iterable[QuerySet[Any]], rest: str) -> list[tuple[Any, ...]]:
    """Return the first rows of all parts together in one query; each part has its own first rows."""
    selects: list[str] = []
    params: list[Any] = []
    for part in parts:
        try:
            sql, values = part.query.sql_with_params()
        except EmptyResultSet:
            continue
        selects.append(sql)
        params += values
    if not selects:
        return []
    # A case may be in several parts: the union leaves it once.
    united = " UNION ".join(f"SELECT * FROM ({sql}) AS s{place}" for place, sql in enumerate(selects))  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(selects[0] if len(selects) == 1 else united + rest, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _provisional(reference: str) -> QuerySet[CaseClock]:
    """Return the running limits of a case that end on a day not yet announced: nothing is late by them."""
    return CaseClock.objects.filter(case=OuterRef(reference), state=CaseClock.State.RUNNING, provisional=True)


def _seen(reach: Collection[str]) -> Q:
    public = [one.key for one in procedures.all_procedures() if one.public]
    return _concerning(reach) | Q(procedure__in=public) if public else _concerning(reach)


def _concerning(organs: Collection[str]) -> Q:
    return Q(organ__in=organs) | Q(Exists(CaseParty.objects.filter(case=OuterRef("pk"), organ__in=organs)))


def _held_by(organs: Collection[str]) -> Q:
    return Q(Exists(CaseParty.objects.filter(case=OuterRef("pk"), acts=True, organ__in=organs)))


def _turn_of(posts: Collection[tuple[str, str]]) -> Q:
    held = Q(pk__in=[])
    for organ, role in posts:
        held |= Q(organ=organ, role=role)
    return Q(Exists(CaseParty.objects.filter(held, case=OuterRef("pk"), acts=True)))


# --- what lists show beside a row -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a case: the party's title, its organ and role."""

    party: str
    title: str
    organ: str
    organ_title: str
    role: str


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the rows of a list, by case: running limits, first end in front; whose turn it is."""

    clocks: Mapping[int, list[CaseClock]] = field(default_factory=dict)
    holders: Mapping[int, list[Holder]] = field(default_factory=dict)
    organs: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[tuple[str, str], Procedure | None] = field(default_factory=dict)


def beside(rows: Sequence[Case], day: datetime.date) -> Beside:
    """Return what a list shows beside its rows, in three queries however many there are."""
    if not rows:
        return Beside()
    by_case = {row.pk: row for row in rows}
    known: dict[tuple[str, str], Procedure | None] = {}
    for row in rows:
        if (row.procedure, row.version) not in known:
            known[row.procedure, row.version] = kind_of(row)
    running: dict[int, list[CaseClock]] = {}
    found, parties = ask(_CLOCKS.among(list(by_case)), _TURNS.among(list(by_case)))
    for clock in found:
        running.setdefault(clock.case_id, []).append(clock)
    names = concern.titles({party.organ for party in parties} | {row.organ for row in rows}, day)
    holders: dict[int, list[Holder]] = {}
    for party in parties:
        row = by_case[party.case_id]
        kind = known[row.procedure, row.version]
        title = kind.parties[party.party].title if kind and party.party in kind.parties else party.party
        holders.setdefault(party.case_id, []).append(
            Holder(party.party, title, party.organ, names.get(party.organ, party.organ), party.role)
        )
    return Beside(running, holders, names, known)


def kind_of(case: Case) -> Procedure | None:
    """Return the case's version of its procedure, None when its file is gone: lists show it all the same."""
    try:
        return procedures.version(case.procedure, case.version)
    except LuoshiError:
        return None


@lru_cache(maxsize=50_000)
def working_days(first: datetime.date, last: datetime.date, calendar: WorkingCalendar) -> int:
    """Return the working days after `first` up to and including `last`; 0 when `last` is not later."""
    return calendar.working_days(first + ONE_DAY, last) if last > first else 0


def last_day(until: datetime.datetime, *, inclusive: bool) -> datetime.date:
    """Return the last day of a limit that ends at `until`."""
    return day_of(until if inclusive else until - _MICROSECOND)


def never(moment: datetime.datetime) -> bool:
    """Tell whether a case without a running limit says so by this end."""
    return moment >= clocks.FAR


def people_of(posts: Collection[tuple[str, str]], day: datetime.date) -> dict[tuple[str, str], list[str]]:
    """Return the names of those who hold roles at organs on the day, by (organ, role), in one query."""
    if not posts:
        return {}
    held = Assignment.objects.filter(
        organ__in={organ for organ, _ in posts}, role__in={role for _, role in posts}, valid_from__lte=day
    )
    found: dict[tuple[str, str], list[str]] = {}
    for row in held.select_related("user").order_by("id"):
        if (row.organ, row.role) in posts and row.held_on(day) and row.user.is_active:
            found.setdefault((row.organ, row.role), []).append(row.user.name)
    return found
