"""Read the ledger: one filter for page, export and API; pages and facets in a fixed number of queries."""

from __future__ import annotations

import calendar
import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Sum

from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, whole
from luoshi.office.duties.actions import SEARCH_TABLE
from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import Instrument
from luoshi.office.paging import COUNT_BOUND, Key, KeysetPage, Total, keyset_page

ORDER = (Key("due_sort", datetime.date.fromisoformat), Key("id", int))
_FACET_NAMES = 200


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """What a reader of the ledger asks for; empty means no condition.

    `organs` are names as printed or slugs; `documents` are instrument keys; `month` is the first day of a month;
    `on` leaves only duties of instruments in force on that day. `seen_by` is whom the reader answers for (slugs), None
    for everything: set by `scoped`, never by the reader.
    """

    organs: tuple[str, ...] = ()
    any_role: bool = False
    documents: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    month: datetime.date | None = None
    local: bool = False
    q: str = ""
    on: datetime.date | None = None
    seen_by: frozenset[str] | None = None

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


def scoped(wanted: LedgerFilter, actor: Actor) -> LedgerFilter:
    """Return `wanted` narrowed to what `actor` may see: bureaus their own, towns also what every town owes."""
    return replace(wanted, seen_by=concern.organs_for(actor, "duty.see"))


def duties(wanted: LedgerFilter, *, walking: bool = False, texts: int | None = None) -> QuerySet[Duty]:
    """Return the duties of current instruments that fit `wanted`: the one place that decides what the ledger shows.

    With `walking` the conditions are written so that the database reads the ledger in its order and tests row by row,
    which fills a page soon where much fits; without, so that it starts from the few rows that fit. With `texts` only so
    many texts with the word are looked at.
    """
    rows = Duty.objects.filter(is_current=True)
    if wanted.seen_by is not None:
        rows = _seen(rows, wanted.seen_by, walking)
    if wanted.organs:
        slugs = [name for name in wanted.organs if name.isascii()]
        named = Q(name__in=wanted.organs) | Q(slug__in=slugs) if slugs else Q(name__in=wanted.organs)
        rows = _having(rows, _organs(wanted).filter(named), walking)
    if wanted.documents:
        rows = rows.filter(instrument__in=_ids(Instrument.objects.filter(is_current=True, key__in=wanted.documents)))
    if wanted.origins:
        rows = rows.filter(origin__in=wanted.origins)
    if wanted.month:
        rows = _having(rows, _due_in(wanted.month), walking)
    if wanted.local:
        rows = rows.filter(local=True)
    # A computed column is in no index, so the walk is not left for it.
    if wanted.on:
        in_force = instruments_in_force(wanted.on).filter(duty_count__gt=0).values("pk")
        rows = rows.annotate(document=F("instrument_id") + 0) if walking else rows
        rows = rows.filter(**{"document__in" if walking else "instrument__in": in_force})
    if wanted.q:
        rows = rows.annotate(row=F("id") + 0) if walking else rows
        rows = rows.filter(**{"row__in" if walking else "pk__in": search.all_matching(SEARCH_TABLE, wanted.q, texts)})
    return rows


def _seen(rows: QuerySet[Duty], organs: frozenset[str], walking: bool) -> QuerySet[Duty]:
    concerned = DutyOrgan.objects.filter(is_current=True, slug__in=sorted(organs))
    seen = Q(Exists(concerned.filter(duty=OuterRef("pk")))) if walking else Q(pk__in=concerned.values("duty"))
    return rows.filter(seen | Q(local=True)) if concern.sees_local(organs) else rows.filter(seen)


def visible(actor: Actor) -> QuerySet[Duty]:
    """Return every duty the actor may see, those of superseded versions too."""
    organs = concern.organs_for(actor, "duty.see")
    rows = Duty.objects.all()
    if organs is None:
        return rows
    seen = Q(Exists(DutyOrgan.objects.filter(slug__in=sorted(organs), duty=OuterRef("pk"))))
    return rows.filter(seen | Q(local=True)) if concern.sees_local(organs) else rows.filter(seen)


def _having(rows: QuerySet[Duty], parts: QuerySet[Any], walking: bool) -> QuerySet[Duty]:
    if walking:
        return rows.filter(Exists(parts.filter(duty=OuterRef("pk"))))
    return rows.filter(pk__in=parts.values("duty"))


def _organs(wanted: LedgerFilter) -> QuerySet[DutyOrgan]:
    rows = DutyOrgan.objects.filter(is_current=True)
    return rows if wanted.any_role else rows.filter(leads=True)


def _ids(rows: QuerySet[Instrument]) -> list[int]:
    return list(rows.values_list("pk", flat=True))


def _due_in(month: datetime.date) -> QuerySet[TimeLimit]:
    last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
    limits = TimeLimit.objects.annotate(bit=F("months").bitand(1 << month.month))
    return limits.filter(Q(due_on__gte=month, due_on__lte=last) | Q(months__gt=0, bit__gt=0))


def instruments_in_force(on: datetime.date) -> QuerySet[Instrument]:
    """Return current instruments that on that day had begun and not ended; those without any printed date too."""
    begun = Q(begins_on__lte=on) | Q(begins_on__isnull=True)
    return Instrument.objects.filter(begun, is_current=True, ends_on__gte=on)


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
        if target.clause_id is not None:
            found[target.clause_id].append(target)
    return found


@dataclass(frozen=True, slots=True)
class Facets:
    """How many duties fit, and how they spread over organs, documents and origins.

    Each facet is counted without its own condition, so that a reader sees what choosing another value would give.
    """

    total: Total
    organs: list[FacetCount]
    documents: list[FacetCount]
    origins: list[FacetCount]


class Ledger:
    """One question of `actor` to the ledger: its pages, its count, its facets; what several need is asked once."""

    def __init__(self, wanted: LedgerFilter, *, actor: Actor) -> None:
        self._wanted = scoped(wanted, actor)
        self._spreads: dict[LedgerFilter, _Everything | _Matched] = {}

    def _spread(self, **without: Any) -> _Everything | _Matched:
        """Return what fits, or what fits without one of the conditions."""
        of = replace(self._wanted, **without)
        if of not in self._spreads:
            # What is too much to count is so without the condition too.
            narrower = self._spread() if of != self._wanted and not of.empty else None
            beyond = isinstance(narrower, _Matched) and (self._common or not narrower.exact)
            self._spreads[of] = _Everything(of) if of.empty else _Matched(of, beyond=beyond, common=self._common)
        return self._spreads[of]

    @cached_property
    def _common(self) -> bool:
        return bool(self._wanted.q) and search.common(SEARCH_TABLE, self._wanted.q)

    def page(self, *, size: int, after: str = "", before: str = "") -> KeysetPage[Duty]:
        """Return one page in the order (due date, id), complete with organs, limits and instruments."""
        found = self._spread()
        if isinstance(found, _Matched) and found.exact:
            rows = Duty.objects.filter(pk__in=search.among(found.ids))
        else:
            rows = duties(self._wanted, walking=True)
        return keyset_page(complete(rows), ORDER, size=size, after=after, before=before)

    def total(self) -> Total:
        """Count what fits, up to the bound; the whole ledger from what each import noted."""
        return self._spread().total()

    def facets(self) -> Facets:
        """Count what fits by value. Where more than the bound fit, values come without counts."""
        by_organ = self._spread(organs=()).organs()
        by_document = self._spread(documents=()).documents()
        by_origin = self._spread(origins=()).origins()
        total = self.total()
        if not total.exact:
            total = _total_of_one_condition(self._wanted, by_organ, by_origin) or total
        named = Instrument.objects.filter(pk__in=list(by_document)).values_list("pk", "key", "title", "covering_title")
        titles = {pk: (key, title or covering or key) for pk, key, title, covering in named}
        unlisted = None if None in by_origin.values() else 0
        return Facets(
            total,
            [FacetCount(name, name, n) for name, n in by_organ.items()],
            [FacetCount(*titles[pk], n) for pk, n in by_document.items() if pk in titles],
            [FacetCount(key, str(label), by_origin.get(key, unlisted)) for key, label in Duty.Origin.choices],
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
        self._any_role = wanted.any_role

    def total(self) -> Total:
        noted = Instrument.objects.filter(is_current=True).aggregate(n=Sum("duty_count"))["n"]
        return Total(noted or 0, True)

    def organs(self) -> Mapping[str, int | None]:
        rows = _organs(LedgerFilter(any_role=self._any_role))
        return whole.counted(("duties by organ", self._any_role), lambda: _counted(rows, "name"))

    def documents(self) -> Mapping[int, int | None]:
        rows = Instrument.objects.filter(is_current=True, duty_count__gt=0).order_by("-duty_count", "-id")
        return dict(rows.values_list("pk", "duty_count")[:_FACET_NAMES])

    def origins(self) -> Mapping[str, int | None]:
        return whole.counted("duties by origin", lambda: _counted(Duty.objects.filter(is_current=True), "origin"))


class _Matched:
    """What fits a filter: up to the bound, fetched once and counted here. What is `beyond` it is not asked for."""

    def __init__(self, wanted: LedgerFilter, *, beyond: bool, common: bool) -> None:
        self._wanted = wanted
        self._rows: list[tuple[int, int, str]] = []
        # A word in very many texts is found too often within the first of them already, by who sees everything.
        if not beyond and common and replace(wanted, q="").empty:
            beyond = len(self._found(search.COMMON)) > COUNT_BOUND
        if not beyond:
            self._rows = self._found(None)
        self.exact = not beyond and len(self._rows) <= COUNT_BOUND
        self.ids = [row[0] for row in self._rows]

    def _found(self, texts: int | None) -> list[tuple[int, int, str]]:
        rows = duties(self._wanted, texts=texts).order_by().values_list("pk", "instrument_id", "origin")
        return list(rows[: COUNT_BOUND + 1])

    def total(self) -> Total:
        return Total(len(self._rows), True) if self.exact else Total(COUNT_BOUND, False)

    def organs(self) -> Mapping[str, int | None]:
        if not self.exact:
            return dict.fromkeys(self._everything.organs() if self._wanted.seen_by is None else self._own())
        return _counted(_organs(self._wanted).filter(duty__in=search.among(self.ids)), "name")

    def _own(self) -> list[str]:
        """The names of the reader's own organs: others are not told where counting would be long."""
        slugs = sorted(self._wanted.seen_by or ())[:_FACET_NAMES]
        rows = DutyOrgan.objects.filter(is_current=True, slug__in=slugs)
        return sorted(rows.order_by().values_list("name", flat=True).distinct()[:_FACET_NAMES])

    def documents(self) -> Mapping[int, int | None]:
        if not self.exact:
            return dict.fromkeys(self._everything.documents()) if self._wanted.seen_by is None else {}
        return dict(Counter(row[1] for row in self._rows).most_common(_FACET_NAMES))

    def origins(self) -> Mapping[str, int | None]:
        if not self.exact:
            return dict.fromkeys(Duty.Origin.values)
        return dict(Counter(row[2] for row in self._rows))

    @cached_property
    def _everything(self) -> _Everything:
        # Too much to count: what there is in the whole ledger, without numbers.
        return _Everything(self._wanted)


def _counted(rows: QuerySet[Any], field: str) -> Mapping[str, int]:
    counts = rows.order_by().values(field).annotate(n=Count("pk")).order_by("-n", field)[:_FACET_NAMES]
    return {row[field]: row["n"] for row in counts}


def names_of(documents: Sequence[str]) -> Mapping[str, str]:
    """Return the titles of instruments by key."""
    return {row.key: row.name for row in Instrument.objects.filter(is_current=True, key__in=documents)}
