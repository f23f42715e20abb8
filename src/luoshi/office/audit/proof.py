"""Prove the trail whole, or name what is wrong and where.

Every entry is read once, in the order of its stream, as plain columns. What can be told: an entry whose content is not
what was hashed (`changed`), missing positions (`missing`), entries that stand in each other's place (`order`), a link
that does not hold (`link`), a tail that head or seal know of and that is gone (`cut`), a past other than the one sealed
(`rewritten`), a seal that is not what was signed (`seal`).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from luoshi.office.audit import chain
from luoshi.office.audit.models import AuditEntry, Stream

_BATCH = 5_000
_BOUND = 100
_READ = ("id", "version", "digest", *chain.COLUMNS)
_AT = [chain.COLUMNS.index(name) for name in ("at", "received_at")]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its kind, where (stream and position), and a sentence for people."""

    kind: str
    stream: str
    position: int
    message: str
    entry: int | None = None


@dataclass(slots=True)
class StreamProof:
    """What was found in one stream: how many entries were read, the last position and digest, what is wrong."""

    stream: str
    entries: int = 0
    position: int = 0
    digest: str = chain.GENESIS
    findings: list[Finding] = field(default_factory=list)
    faults: int = 0

    def add(self, kind: str, position: int, message: str, entry: int | None = None) -> None:
        """Note what is wrong; only the first hundred are kept, all are counted."""
        self.faults += 1
        if len(self.findings) < _BOUND:
            self.findings.append(Finding(kind, self.stream, position, message, entry))


def first_broken() -> AuditEntry | None:
    """Return the first entry that does not hold, None when all chains are whole."""
    for stream in Stream.values:
        for finding in prove_stream(stream).findings:
            if finding.entry is not None:
                return AuditEntry.objects.get(pk=finding.entry)
    return None


def prove_stream(stream: str) -> StreamProof:
    """Read one stream through."""
    proof = StreamProof(stream)
    expected, previous, last_id = 1, chain.GENESIS, 0
    for entry_id, version, digest, values in _rows(stream, 0):
        position = values[1]
        proof.entries += 1
        if position != expected:
            proof.add("missing", expected, f"缺第 {expected} 条到第 {position - 1} 条", entry_id)
        elif values[2] != previous:
            proof.add("link", position, f"第 {position} 条与前一条接不上", entry_id)
        if entry_id <= last_id:
            proof.add("order", position, f"第 {position} 条的次序被改动", entry_id)
        if _digest(version, values) != digest:
            proof.add("changed", position, f"第 {position} 条的内容与摘要不符", entry_id)
        expected, previous, last_id = position + 1, digest, entry_id
    proof.position, proof.digest = expected - 1, previous
    return proof


def _digest(version: int, values: Sequence[Any]) -> str:
    if version == chain.VERSION:
        return chain.digest_of(values)
    named = dict(zip(chain.COLUMNS, values, strict=True))
    at = datetime.datetime.fromisoformat(named["at"]).replace(tzinfo=datetime.UTC)
    before, after = (None if named[name] is None else json.loads(named[name]) for name in ("before", "after"))
    return chain.old_digest_of(
        named["previous"],
        at,
        named["who"],
        named["via"],
        named["act"],
        named["subject"],
        before,
        after,
        named["result"],
    )


def _rows(stream: str, after: int) -> Iterator[tuple[int, int, str, Sequence[Any]]]:
    """Yield id, version, digest and the hashed columns of the entries behind position `after`, moments as text."""
    textual = connection.vendor == "sqlite"
    # Without its declared type SQLite's text of a moment comes as it is stored, which is what was hashed.
    plain = {name: f"{name} || ''" for name in ("at", "received_at")} if textual else {}
    columns = ", ".join(plain.get(name, name) for name in _READ)
    statement = (
        f"SELECT {columns} FROM audit_auditentry WHERE stream = %s AND position > %s ORDER BY position LIMIT {_BATCH}"  # noqa: S608
    )
    with connection.cursor() as cursor:
        while True:
            cursor.execute(statement, [stream, after])
            rows = cursor.fetchall()
            for row in rows:
                values = list(row[3:])
                if not textual:
                    for place in _AT:
                        values[place] = chain.moment(values[place])
                yield row[0], row[1], row[2], values
            if len(rows) < _BATCH:
                return
            after = rows[-1][_READ.index("position")]
