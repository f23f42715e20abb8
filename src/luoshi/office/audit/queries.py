"""Read the trail: one filter for page, export and API, newest first, in a fixed number of queries."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Max, QuerySet, Sum

from luoshi.kernel.clock import CLOCK, end_of, start_of
from luoshi.office.audit.models import AuditEntry, AuditHead, AuditSeal, Stream
from luoshi.office.paging import Key, KeysetPage, Total, bounded_total, keyset_page

_NEWEST = (Key("id", int, descending=True),)
_IN_STREAM = (Key("position", int, descending=True),)
_EXPORT = 2_000


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a reader of the trail asks for; empty means no condition. `since` and `until` are days, both included."""

    who: str = ""
    act: str = ""
    subject: str = ""
    organ: str = ""
    since: datetime.date | None = None
    until: datetime.date | None = None
    stream: str = ""
    result: str = ""

    @property
    def _by_index(self) -> bool:
        return bool(self.who or self.act or self.subject or self.organ or self.result)

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return self == AuditFilter()


def entries(wanted: AuditFilter) -> QuerySet[AuditEntry]:
    """Return the entries that fit.

    Days become bounds of ids, which follow the order of receipt: then every filter's index (column, id) serves them.
    """
    rows = AuditEntry.objects.all()
    for column in ("who", "act", "subject", "organ", "stream", "result"):
        if value := getattr(wanted, column):
            rows = rows.filter(**{column: value})
    if wanted.since:
        first = _first_id(start_of(wanted.since))
        rows = rows.filter(pk__gte=first) if first is not None else rows.none()
    if wanted.until and (beyond := _first_id(end_of(wanted.until))) is not None:
        rows = rows.filter(pk__lt=beyond)
    return rows


def _first_id(moment: datetime.datetime) -> int | None:
    rows = AuditEntry.objects.filter(received_at__gte=moment).order_by("received_at", "id")
    return rows.values_list("id", flat=True).first()


def audit_page(wanted: AuditFilter, *, size: int, after: str = "", before: str = "") -> KeysetPage[AuditEntry]:
    """Return one page, newest first; what is before and after an act is left to the entry's own page."""
    # A small stream alone is read along its own positions: along the ids it would be far between.
    alone = wanted.stream not in ("", Stream.OFFICE) and not wanted._by_index
    rows = entries(wanted).defer("before", "after")
    return keyset_page(rows, _IN_STREAM if alone else _NEWEST, size=size, after=after, before=before)


def total(wanted: AuditFilter) -> Total:
    """Count what fits, up to the bound; a whole stream, or all, from its head."""
    if wanted == AuditFilter(stream=wanted.stream):
        heads = AuditHead.objects.filter(pk=wanted.stream) if wanted.stream else AuditHead.objects.all()
        return Total(heads.aggregate(n=Sum("position"))["n"] or 0, True)
    return bounded_total(entries(wanted))


def entry(pk: int) -> AuditEntry | None:
    """Return one entry."""
    return AuditEntry.objects.filter(pk=pk).first()


def neighbours(row: AuditEntry) -> tuple[int | None, int | None]:
    """Return the ids of the entries before and after `row` in its stream."""
    found = AuditEntry.objects.filter(stream=row.stream, position__in=(row.position - 1, row.position + 1))
    by_place = dict(found.values_list("position", "id"))
    return by_place.get(row.position - 1), by_place.get(row.position + 1)


def known_acts() -> list[str]:
    """Return every act there is an entry of: found by hopping along the index, not by reading the trail."""
    return _distinct("act")


def known_results() -> list[str]:
    """Return every result there is an entry of."""
    return _distinct("result")


def _distinct(column: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE hop(value) AS (SELECT min({column}) FROM audit_auditentry UNION ALL "  # noqa: S608
            f"SELECT (SELECT min({column}) FROM audit_auditentry WHERE {column} > hop.value) FROM hop "
            f"WHERE hop.value IS NOT NULL) SELECT value FROM hop WHERE value IS NOT NULL LIMIT 500"
        )
        return [row[0] for row in cursor.fetchall()]


def all_entries(wanted: AuditFilter) -> Iterator[AuditEntry]:
    """Yield what fits, oldest first, for an export: read in pieces, never all at once."""
    last = AuditEntry.objects.aggregate(n=Max("id"))["n"] or 0
    rows, after = entries(wanted).filter(pk__lte=last).order_by("id"), 0
    while True:
        piece = list(rows.filter(pk__gt=after)[:_EXPORT])
        yield from piece
        if len(piece) < _EXPORT:
            return
        after = piece[-1].pk


def heads() -> Sequence[AuditHead]:
    """Return the heads of the streams."""
    return list(AuditHead.objects.order_by("stream"))


def seals_page(*, size: int, after: str = "", before: str = "") -> KeysetPage[AuditSeal]:
    """Return one page of seals, newest first."""
    return keyset_page(AuditSeal.objects.all(), _NEWEST, size=size, after=after, before=before)


def last_seal() -> AuditSeal | None:
    """Return the newest seal of the stream of acts."""
    return AuditSeal.objects.filter(stream=Stream.OFFICE).order_by("-number").first()


def days_unsealed() -> int:
    """Return how many days have passed since the first entry not sealed; 0 when all before today is."""
    sealed = {row["stream"]: row["n"] for row in AuditSeal.objects.values("stream").annotate(n=Max("position"))}
    oldest = []
    for stream in Stream.values:
        rows = AuditEntry.objects.filter(stream=stream, position__gt=sealed.get(stream, 0)).order_by("position")
        if (first := rows.values_list("received_at", flat=True).first()) is not None:
            oldest.append(first)
    return max((CLOCK.now() - min(oldest)).days, 0) if oldest else 0


def plain(row: AuditEntry) -> dict[str, Any]:
    """Return an entry as plain JSON data, with everything that was hashed."""
    names = [field.attname for field in AuditEntry._meta.concrete_fields]
    told = {name: getattr(row, name) for name in names}
    for name in ("at", "received_at"):
        told[name] = told[name].astimezone(datetime.UTC).isoformat()
    return told
