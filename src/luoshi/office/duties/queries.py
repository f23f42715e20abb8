"""Read the ledger: one filter for page, export and API, keyset pages, facets with counts, all in a fixed number of queries."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, F, Prefetch, Q, QuerySet, Sum

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
    return rows if wanted.any_role else rows.filter(leads=True)


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
        return rows.filter(pk__in=search.among(found))
    return rows.annotate(row=F("id") + 0).filter(row__in=search.all_matching(SEARCH_TABLE, q))


def ledger_page(wanted: LedgerFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[Duty]:
    """Return one page in the order (due date, id), complete with organs, limits, targets and instruments."""
    return keyset_page(complete(duties(wanted)), ORDER, size=size, after=after, before=before)


def complete(rows: QuerySet[Duty]) -> QuerySet[Duty]:
    """Let `rows` be read with organs, limits and instruments in three more queries, however many they are."""
    return rows.select_related("instrument").prefetch_related(
        Prefetch("organs", queryset=DutyOrgan.objects.order_by("duty_id", "-leads", "seq")),
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
    """Count the duties that fit, up to the bound; the whole ledger from what each import noted."""
    return _Everything(wanted).total() if wanted.empty else bounded_total(duties(wanted))


@dataclass(frozen=True, slots=True)
class Facets:
    """How many duties fit, and how they spread over organs, documents and origins.

    Each facet is counted without its own condition, so that a reader sees what choosing another value would give.
    """

    total: Total
    organs: list[FacetCount]
    documents: list[FacetCount]
    origins: list[FacetCount]


def facets(wanted: LedgerFilter) -> Facets:
    """Count what fits `wanted`. Where more than the bound fit, values come without counts."""
    spreads: dict[LedgerFilter, _Spread] = {}

    def spread(of: LedgerFilter) -> _Spread:
        if of not in spreads:
            spreads[of] = _Everything(of) if of.empty else _Matched(of)
        return spreads[of]

    by_organ = spread(replace(wanted, organs=())).organs()
    by_document = spread(replace(wanted, documents=())).documents()
    by_origin = spread(replace(wanted, origins=())).origins()
    total = spread(wanted).total()
    if not total.exact:
        total = _total_of_one_condition(wanted, by_organ, by_origin) or total
    labels = dict(Duty.Origin.choices)
    titles = Instrument.objects.in_bulk(list(by_document)[:_FACET_NAMES])
    return Facets(
        total,
        [FacetCount(str(name), str(name), n) for name, n in by_organ.items()],
        [FacetCount(titles[key].key, titles[key].name, n) for key, n in by_document.items() if key in titles],
        [FacetCount(key, str(labels[key]), by_origin.get(key, 0 if None not in by_origin.values() else None)) for key in labels],
    )


def _total_of_one_condition(
    wanted: LedgerFilter, by_organ: Mapping[Any, int | None], by_origin: Mapping[Any, int | None]
) -> Total | None:
    # With one organ or one origin as the only condition the facet already counted all of them.
    for chosen, counts, rest in (
        (wanted.organs, by_organ, replace(wanted, organs=())),
        (wanted.origins, by_origin, replace(wanted, origins=())),
    ):
        if rest.empty and len(chosen) == 1 and (n := counts.get(chosen[0])) is not None:
            return Total(n, True)
    return None


class _Everything:
    """The whole ledger, counted by the database from its indexes."""

    def __init__(self, wanted: LedgerFilter) -> None:
        self._wanted = wanted
        self._rows = Duty.objects.filter(is_current=True)

    def total(self) -> Total:
        noted = Instrument.objects.filter(is_current=True).aggregate(n=Sum("duty_count"))["n"]
        return Total(noted or 0, True)

    def organs(self) -> Mapping[Any, int | None]:
        return _counted(_organs(self._wanted), "name")

    def documents(self) -> Mapping[Any, int | None]:
        rows = Instrument.objects.filter(is_current=True, duty_count__gt=0).order_by("-duty_count", "-id")
        return dict(rows.values_list("pk", "duty_count")[:_FACET_NAMES])

    def origins(self) -> Mapping[Any, int | None]:
        return _counted(self._rows, "origin")


class _Matched:
    """What fits a filter: up to the bound, fetched once and counted here."""

    def __init__(self, wanted: LedgerFilter) -> None:
        self._wanted = wanted
        rows = duties(wanted).order_by().values_list("pk", "instrument_id", "origin")[: COUNT_BOUND + 1]
        self._rows = list(rows)
        self._exact = len(self._rows) <= COUNT_BOUND

    def total(self) -> Total:
        return Total(min(len(self._rows), COUNT_BOUND), self._exact)

    def organs(self) -> Mapping[Any, int | None]:
        rows = _organs(self._wanted).filter(duty__in=search.among([row[0] for row in self._rows]))
        return self._shown(Counter(_counted(rows, "name")))

    def documents(self) -> Mapping[Any, int | None]:
        return self._shown(Counter(row[1] for row in self._rows))

    def origins(self) -> Mapping[Any, int | None]:
        return self._shown(Counter(row[2] for row in self._rows))

    def _shown(self, counts: Counter[Any]) -> Mapping[Any, int | None]:
        return {value: n if self._exact else None for value, n in counts.most_common(_FACET_NAMES)}


_Spread = _Everything | _Matched


def _counted(rows: QuerySet[Any], field: str) -> Mapping[Any, int]:
    counts = rows.order_by().values(field).annotate(n=Count("pk")).order_by("-n", field)[:_FACET_NAMES]
    return {row[field]: row["n"] for row in counts}


def names_of(documents: Sequence[str]) -> Mapping[str, str]:
    """Return the titles of instruments by key."""
    return {row.key: row.name for row in Instrument.objects.filter(is_current=True, key__in=documents)}


def next_dated(on: datetime.date, size: int) -> Sequence[Duty]:
    """Return the duties whose printed date comes next, on or after `on`."""
    rows = Duty.objects.filter(is_current=True, due_sort__gte=on, due_sort__lt=datetime.date(9998, 1, 1))
    return list(complete(rows).order_by("due_sort", "id")[:size])
