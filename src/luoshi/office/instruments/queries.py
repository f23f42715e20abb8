"""Read the library: list with filters, facets and pages; one instrument with its clauses, relations and versions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Substr

from luoshi.kernel.citation import DocumentNumber
from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.instruments.actions import SEARCH_TABLE
from luoshi.office.instruments.models import Clause, GazetteIssue, Instrument, Relation, SourceFile
from luoshi.office.paging import COUNT_BOUND, Key, KeysetPage, Total, bounded_total, keyset_page

ORDER = (Key("sort_on", datetime.date.fromisoformat, descending=True), Key("id", int, descending=True))
EXPIRY = (Key("expires_on", datetime.date.fromisoformat), Key("id", int))
WARNED = (180, 90)
"""Days before the end of its term at which an instrument's keeper is warned (conventions 11.6)."""
STATES = ("in_force", "not_yet", "expired", "repealed", "unknown")
_FACET_SIZE = 200


@dataclass(frozen=True, slots=True)
class LibraryFilter:
    """What a reader of the list asks for; empty means no condition.

    `states` are validity states on the day `on`; `expiring` leaves what its own term ends in so many days from then;
    `numbers` are document numbers.
    `texts` are the ids of the texts that contain `q`, `many` says that they are too many to be counted: never asked by
    the reader, but set by `looked_up`.
    """

    on: datetime.date
    issuers: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    q: str = ""
    expiring: int = 0
    numbers: tuple[str, ...] = ()
    texts: tuple[int, ...] | None = None
    many: bool = False


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value of a facet and how many instruments of the filter have it; None where counting would be long."""

    value: str
    count: int | None


def in_state(state: str, on: datetime.date) -> Q:
    """Return the condition that an instrument is in `state` on the day `on`, by its derived dates."""
    ended = Q(ends_on__lt=on)
    return {
        "in_force": Q(begins_on__lte=on, ends_on__gte=on),
        "not_yet": Q(begins_on__gt=on, ends_on__gte=on),
        "expired": ended & Q(expires_on=F("ends_on")),
        "repealed": ended & (Q(expires_on__isnull=True) | Q(expires_on__gt=F("ends_on"))),
        "unknown": Q(begins_on__isnull=True, ends_on__gte=on),
    }[state]


def instruments(wanted: LibraryFilter) -> QuerySet[Instrument]:
    """Return the current instruments that fit: the one place that decides what the list shows."""
    rows = Instrument.objects.filter(is_current=True)
    if wanted.issuers:
        rows = rows.filter(issuer__in=wanted.issuers)
    if wanted.numbers:
        rows = rows.filter(key__in=wanted.numbers)
    if wanted.years:
        rows = rows.filter(year__in=wanted.years)
    if wanted.kinds:
        rows = rows.filter(kind__in=wanted.kinds)
    if wanted.states:
        condition = Q(pk__in=[])
        for state in wanted.states:
            condition |= in_state(state, wanted.on)
        rows = rows.filter(condition)
    if wanted.expiring:
        last = wanted.on + datetime.timedelta(days=wanted.expiring)
        rows = rows.filter(expires_on__gte=wanted.on, expires_on__lte=last, ends_on__gte=wanted.on)
    return _containing(rows, wanted) if wanted.q else rows


def _containing(rows: QuerySet[Instrument], wanted: LibraryFilter) -> QuerySet[Instrument]:
    if (number := DocumentNumber.parse(wanted.q)) is not None:
        return rows.filter(key=str(number))
    if wanted.texts is not None:
        return rows.filter(pk__in=search.among(wanted.texts))
    return rows.filter(pk__in=search.all_matching(SEARCH_TABLE, wanted.q))


def looked_up(wanted: LibraryFilter) -> LibraryFilter:
    """Return `wanted` with its word looked up, once for page, count and facets."""
    if not wanted.q or DocumentNumber.parse(wanted.q) is not None:
        return wanted
    ids = search.some_matching(SEARCH_TABLE, wanted.q, COUNT_BOUND + 1)
    return replace(wanted, texts=tuple(ids)) if len(ids) <= COUNT_BOUND else replace(wanted, many=True)


def library_page(wanted: LibraryFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[Instrument]:
    """Return one page of the list, newest first; what expires by the day it does."""
    order = EXPIRY if wanted.expiring else ORDER
    return keyset_page(instruments(wanted), order, size=size, after=after, before=before)


def total(wanted: LibraryFilter) -> Total:
    """Count the instruments that fit."""
    return bounded_total(instruments(wanted))


def issuer_facet(wanted: LibraryFilter) -> list[FacetCount]:
    """Return the issuers and how many instruments of the filter each has."""
    return _grouped(replace(wanted, issuers=()), "issuer")


def year_facet(wanted: LibraryFilter) -> list[FacetCount]:
    """Return the years, newest first, and how many instruments of the filter each has."""
    return sorted(_grouped(replace(wanted, years=()), "year"), key=lambda item: item.value, reverse=True)


def kind_facet(wanted: LibraryFilter) -> list[FacetCount]:
    """Return the kinds and how many instruments of the filter each has."""
    return _grouped(replace(wanted, kinds=()), "kind")


def state_facet(wanted: LibraryFilter) -> list[FacetCount]:
    """Return the validity states on the filter's day and how many instruments of the filter are in each."""
    if wanted.many:
        return [FacetCount(state, None) for state in STATES]
    rows = instruments(replace(wanted, states=())).order_by()
    counts = rows.aggregate(**{state: Count("pk", filter=in_state(state, wanted.on)) for state in STATES})
    return [FacetCount(state, counts[state]) for state in STATES]


def _grouped(wanted: LibraryFilter, field: str) -> list[FacetCount]:
    # Where the word is in too many texts, the values of all of them, without numbers.
    rows = instruments(replace(wanted, q="") if wanted.many else wanted).order_by()
    counts = rows.values(field).annotate(n=Count("pk")).order_by("-n", field)[:_FACET_SIZE]
    return [FacetCount(str(row[field]), None if wanted.many else row["n"]) for row in counts if row[field]]


def hits(rows: Sequence[Instrument], q: str) -> Mapping[int, str]:
    """Return for each of `rows` some text around `q` from its first clause that contains it."""
    found: dict[int, str] = {}
    clauses = Clause.objects.filter(instrument__in=rows, text__contains=q).order_by("instrument_id", "seq")
    for instrument, text in clauses.values_list("instrument_id", "text"):
        if instrument not in found:
            place = text.find(q)
            found[instrument] = text[max(place - 20, 0) : place + len(q) + 40]
    return found


def instrument(key: str, version: int | None = None) -> Instrument:
    """Return the current version of the instrument `key`, or the one asked for; E_NOT_FOUND otherwise."""
    rows = Instrument.objects.select_related("issue__source").defer("issue__source__text").filter(key=key)
    rows = rows.filter(is_current=True) if version is None else rows.filter(version=version)
    found = rows.first()
    if found is None and version is None:
        # A number corrected in review leads to the instrument, whose key stays.
        own = Instrument.objects.select_related("issue__source").defer("issue__source__text")
        found = own.filter(is_current=True, number=key).exclude(number="").first()
    if found is None and (number := DocumentNumber.parse(key)) is not None and str(number) != key:
        return instrument(str(number), version)
    if found is None:
        what = f"{key}" if version is None else f"{key} 的第 {version} 版"
        raise LuoshiError(
            "E_NOT_FOUND", f"库里没有 {what[:80]}。文号可能抄错，或所在的公报还没有导入。", fields={"key": key[:120]}
        )
    return found


def clause(of: Instrument, path: str) -> Clause:
    """Return the clause at `path`; E_NOT_FOUND otherwise.

    Numbers that run through all chapters are cited without them (`51` for 八/51): taken where only one clause has it.
    """
    found = of.clauses.filter(path=path).first()
    if found is None and path and "/" not in path:
        below = list(of.clauses.filter(path__endswith=f"/{path}")[:2])
        found = below[0] if len(below) == 1 else None
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"{of.key} 没有条款“{path[:80]}”。", fields={"path": path[:200]})
    return found


def source_text(of: Instrument) -> str:
    """Return the stored text of the instrument's span of its file."""
    rows = SourceFile.objects.filter(issue_read=of.issue_id)
    return str(rows.values_list(Substr("text", of.start + 1, max(of.end - of.start, 0)), flat=True).get())


def incoming(of: Instrument) -> list[Relation]:
    """Return what current instruments say about this one."""
    names = [name for name in (of.title, of.covering_title) if name]
    rows = Relation.objects.filter(
        Q(target_number=of.key) | Q(target_number="", target_title__in=names), instrument__is_current=True
    )
    return list(rows.select_related("instrument").order_by("instrument_id", "seq"))


def known_keys(numbers: Sequence[str]) -> set[str]:
    """Return which of `numbers` the library has."""
    return set(Instrument.objects.filter(is_current=True, key__in=numbers).values_list("key", flat=True))


def versions(key: str) -> list[Instrument]:
    """Return all versions of an instrument, newest first."""
    rows = Instrument.objects.filter(key=key).select_related("issue__source").defer("issue__source__text")
    return list(rows.order_by("-version"))


def changed_clauses(new: Instrument, old: Instrument) -> list[tuple[str, str, str]]:
    """Return (path, old text, new text) of clauses that differ between two versions; an absent one has the text ''."""
    before = {row.path: f"{row.heading}\n{row.text}".strip() for row in old.clauses.order_by("seq")}
    after = {row.path: f"{row.heading}\n{row.text}".strip() for row in new.clauses.order_by("seq")}
    paths = [*after, *(path for path in before if path not in after)]
    return [(p, before.get(p, ""), after.get(p, "")) for p in paths if before.get(p) != after.get(p)]


def issues() -> QuerySet[GazetteIssue]:
    """Return what has been imported, newest first, without the files' texts."""
    return GazetteIssue.objects.select_related("source").defer("source__text").order_by("-id")
