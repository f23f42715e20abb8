"""Read the ledger: one filter for page, export and API, keyset pages, facets with counts, all in a fixed number of queries."""

from __future__ import annotations

import calendar
import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import BigIntegerField, Count, F, Prefetch, Q, QuerySet, Sum
from django.db.models.expressions import RawSQL

from luoshi.office import search
from luoshi.office.duties.actions import SEARCH_TABLE
from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import Instrument
from luoshi.office.paging import COUNT_BOUND, Key, KeysetPage, Total, bounded_total, keyset_page

ORDER = (Key("due_sort", datetime.date.fromisoformat), Key("id", int))
_RARE = 2000
_FACET_NAMES = 200


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What a reader of the ledger asks for; empty means no condition.

    `organs` are names as printed or slugs; `documents` are instrument keys; `month` is the first day of a month;
    `on` leaves only duties of instruments in force on that day.
    """

    organs: tuple[str, ...] = ()
    any_role: bool = False
    documents: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    month: datetime.date | None = None
    local: bool = False
    q: str = ""
    on: datetime.date | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == LedgerFilter(any_role=self.any_role)


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value of a facet; `count` is None where counting would be long."""

    value: str
    label: str
    count: int | None


def duties(wanted: LedgerFilter) -> QuerySet[Duty]:
    """Return the duties of current instruments that fit `wanted`: the one place that decides what the ledger shows."""
    rows = Duty.objects.filter(is_current=True)
    if wanted.organs:
        slugs = [name for name in wanted.organs if name.isascii()]
        named = Q(name__in=wanted.organs) | Q(slug__in=slugs) if slugs else Q(name__in=wanted.organs)
        rows = rows.filter(pk__in=_organs(wanted).filter(named).values("duty"))
    if wanted.documents:
        rows = rows.filter(instrument__in=_ids(Instrument.objects.filter(is_current=True, key__in=wanted.documents)))
    if wanted.origins:
        rows = rows.filter(origin__in=wanted.origins)
    if wanted.month:
        rows = rows.filter(pk__in=_due_in(wanted.month))
    if wanted.local:
        rows = rows.filter(local=True)
    if wanted.on:
        rows = _of_instruments_in_force(rows, wanted.on)
    return _containing(rows, wanted.q) if wanted.q else rows


def _organs(wanted: LedgerFilter) -> QuerySet[DutyOrgan]:
    rows = DutyOrgan.objects.filter(is_current=True)
    return rows if wanted.any_role else rows.filter(role=DutyOrgan.Role.LEAD)


def _ids(rows: QuerySet[Instrument]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def _due_in(month: datetime.date) -> QuerySet[TimeLimit, dict[str, int]]:
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    limits = TimeLimit.objects.annotate(bit=F("months").bitand(1 << month.month))
    dated, recurring = Q(due_on__gte=month, due_on__lte=last), Q(months__gt=0, bit__gt=0)
    return limits.filter(dated).values("duty").union(limits.filter(recurring).values("duty"))  # type: ignore[return-value]


def _of_instruments_in_force(rows: QuerySet[Duty], on: datetime.date) -> QuerySet[Duty]:
    # Few instruments in force: their ids lead to the duties. Many: the ledger's order is walked and they are tested.
    in_force = instruments_in_force(on).filter(duty_count__gt=0)
    some = list(in_force.values_list("pk", flat=True)[: _RARE // 10 + 1])
    if len(some) <= _RARE // 10:
        return rows.filter(instrument__in=some)
    return rows.annotate(document=F("instrument_id") + 0).filter(document__in=in_force.values("pk"))


def instruments_in_force(on: datetime.date) -> QuerySet[Instrument]:
    """Return current instruments that on that day had begun and not ended; those without any printed date too."""
    begun = Q(begins_on__lte=on) | Q(begins_on__isnull=True)
    return Instrument.objects.filter(begun, is_current=True, ends_on__gte=on)


def _containing(rows: QuerySet[Duty], q: str) -> QuerySet[Duty]:
    # Rare words: the index gives the rows. Common words: walking the ledger's order fills a page soon, so the rows are
    # tested against the index's answer; `+ 0` keeps the planner from starting there.
    found = search.matching_ids(SEARCH_TABLE, q, _RARE + 1)
    if len(found) <= _RARE:
        return rows.filter(pk__in=found)
    statement = search.matching(SEARCH_TABLE, q, 10**9)
    if statement is None:
        return rows.none()
    return rows.annotate(row=F("id") + 0).filter(row__in=RawSQL(*statement, output_field=BigIntegerField()))  # noqa: S611


def ledger_page(wanted: LedgerFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[Duty]:
    """Return one page in the order (due date, id), complete with organs, limits, targets and instruments."""
    return keyset_page(complete(duties(wanted)), ORDER, size=size, after=after, before=before)


def complete(rows: QuerySet[Duty]) -> QuerySet[Duty]:
    """Let `rows` be read with organs, limits and instruments in three more queries, however many they are."""
    return rows.select_related("instrument").prefetch_related(
        Prefetch("organs", queryset=DutyOrgan.objects.order_by("duty_id", "role", "seq")),
        Prefetch("limits", queryset=TimeLimit.objects.order_by("duty_id", "seq")),
    )


def targets_by_clause(rows: Sequence[Duty]) -> Mapping[int, list[Target]]:
    """Return the targets of the clauses of `rows`, by clause id."""
    found: dict[int, list[Target]] = defaultdict(list)
    clauses = {row.clause_id for row in rows if row.clause_id is not None}
    for target in Target.objects.filter(clause__in=clauses).order_by("instrument_id", "seq"):
        found[target.clause_id].append(target)
    return found


def total(wanted: LedgerFilter) -> Total:
    """Count the duties that fit; all of them are counted from what each instrument's import noted."""
    if wanted.empty:
        noted = Instrument.objects.filter(is_current=True).aggregate(n=Sum("duty_count"))["n"]
        return Total(noted or 0, True)
    return bounded_total(duties(wanted))


def organ_facet(wanted: LedgerFilter) -> list[FacetCount]:
    """Return the organs that lead (or take part, with `any_role`) and how many duties of the filter each has."""
    rows, counted = _organs(wanted), True
    if not (rest := replace(wanted, organs=())).empty:
        some = duties(rest).order_by()
        counted = bounded_total(some).exact
        rows = rows.filter(duty__in=some.values("pk")[:COUNT_BOUND])
    grouped = rows.values("name").annotate(n=Count("pk")).order_by("-n", "name")
    return [FacetCount(row["name"], row["name"], row["n"] if counted else None) for row in grouped[:_FACET_NAMES]]


def document_facet(wanted: LedgerFilter) -> list[FacetCount]:
    """Return the instruments and how many duties of the filter each has."""
    counts, counted = _grouped(replace(wanted, documents=()), "instrument_id")
    titles = {
        row.pk: row for row in Instrument.objects.filter(pk__in=[key for key, _ in counts]).only("key", "title", "covering_title", "number")
    }
    return [FacetCount(titles[key].key, titles[key].name, n if counted else None) for key, n in counts]


def origin_facet(wanted: LedgerFilter) -> list[FacetCount]:
    """Return how limits arose and how many duties of the filter each has."""
    counts, counted = _grouped(replace(wanted, origins=()), "origin")
    number = dict(counts)
    return [
        FacetCount(origin.value, origin.label, number.get(origin.value, 0) if counted else None)
        for origin in Duty.Origin
    ]


def _grouped(wanted: LedgerFilter, field: str) -> tuple[list[tuple[int | str, int]], bool]:
    rows, counted = duties(wanted).order_by(), True
    if not wanted.empty:
        counted = bounded_total(rows).exact
        rows = Duty.objects.filter(pk__in=rows.values("pk")[:COUNT_BOUND])
    grouped = rows.values(field).annotate(n=Count("pk")).order_by("-n", field)
    return [(row[field], row["n"]) for row in grouped[:_FACET_NAMES]], counted


def next_dated(on: datetime.date, size: int) -> Sequence[Duty]:
    """Return the duties whose printed date comes next, on or after `on`."""
    rows = Duty.objects.filter(is_current=True, due_sort__gte=on, due_sort__lt=datetime.date(9998, 1, 1))
    return list(complete(rows).order_by("due_sort", "id")[:size])
