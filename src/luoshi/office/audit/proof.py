"""Prove the trail whole, or name what is wrong and where.

Every entry is read once, in the order of its stream, as plain columns. What can be told:

- `changed`: an entry is not what was hashed; which of its columns, the digest cannot tell;
- `missing`: positions that are not there, an entry removed;
- `order`: entries that stand in each other's place;
- `link`: an entry that does not continue the one before it;
- `cut`: a tail that the head, a seal or the file of seals knows of and that is gone;
- `rewritten`: a past that is whole in itself but not the one that was sealed;
- `seal`: a seal that is not what was signed.
"""

from __future__ import annotations

import datetime
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import django
from django.db import OperationalError, connection
from django.db.models import Max

from luoshi.office.audit import chain, key, seals, triggers
from luoshi.office.audit.models import AuditEntry, AuditHead, AuditSeal, Stream

BATCH = 5_000
_BOUND = 100
_POSITION = chain.COLUMNS.index("position")
_PREVIOUS = chain.COLUMNS.index("previous")
_AT, _RECEIVED = chain.COLUMNS.index("at"), chain.COLUMNS.index("received_at")
_OLD = frozenset({"stream", "position", "previous", "at", "received_at", "who", "via", "act", "subject"}) | {
    "before",
    "after",
    "result",
}

_PART = 100_000
"""How many positions one process reads at a time."""
_LONG = 500_000

Report = Callable[[str, int, int], None]
_Changed = tuple[int, str, list[Any]]
_Heads = Mapping[int, tuple[str, str, int]]
"""By position: the digest sealed there, the day, the position of the seal before."""


def _silent(_phase: str, _n: int = 0, _total: int = 0) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: kind, stream, position, a sentence for people, the entry's id where there is one."""

    kind: str
    stream: str
    position: int
    message: str
    entry: int | None = None


@dataclass(slots=True)
class StreamProof:
    """One stream as read: how many entries, the last position and digest, what is wrong (the first hundred)."""

    stream: str
    entries: int = 0
    position: int = 0
    digest: str = chain.GENESIS
    seals: int = 0
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)

    def add(self, kind: str, position: int, message: str, entry: int | None = None) -> None:
        """Note what is wrong."""
        self.faults += 1
        if len(self.findings) < _BOUND:
            self.findings.append(Finding(kind, self.stream, position, message, entry))


@dataclass(slots=True)
class _Part(StreamProof):
    """A stretch of a stream as read, and the columns of what was changed in it."""

    changed: list[_Changed] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Proof:
    """The whole trail: its streams, triggers that are missing, whether signatures could be checked."""

    streams: list[StreamProof]
    unguarded: list[str]
    signatures: bool

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong with any entry or seal."""
        return not any(stream.faults for stream in self.streams)

    @property
    def findings(self) -> list[Finding]:
        """What is wrong, of all streams."""
        return [finding for stream in self.streams for finding in stream.findings]

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON data."""
        return {
            "whole": self.whole,
            "entries": sum(stream.entries for stream in self.streams),
            "signatures_checked": self.signatures,
            "missing_triggers": self.unguarded,
            "streams": [asdict(stream) for stream in self.streams],
        }


def verify(report: Report = _silent, *, workers: int | None = None) -> Proof:
    """Read all streams and seals through; changes nothing. A long trail is shared among `workers` processes.

    Without `workers` there are as many as processors where the trail is long, else none but this one.
    """
    secret = key.known_key()
    total = sum(AuditHead.objects.values_list("position", flat=True))
    if workers is None:
        workers = (os.cpu_count() or 1) if total > _LONG else 1
    done, streams = 0, []
    with ExitStack() as stack:
        pool = stack.enter_context(_pool(workers)) if workers > 1 else None
        for stream in Stream.values:
            proof = prove_stream(
                stream,
                secret,
                lambda n, done=done: report("verifying", done + n, total),  # type: ignore[misc]
                pool,
            )
            done += proof.entries
            streams.append(proof)
    return Proof(streams, triggers.unguarded(), secret is not None)


def first_broken() -> AuditEntry | None:
    """Return the first entry that does not hold, None when every chain is whole."""
    for stream in Stream.values:
        for finding in prove_stream(stream).findings:
            if finding.entry is not None:
                return AuditEntry.objects.get(pk=finding.entry)
    return None


def _pool(workers: int) -> ProcessPoolExecutor:
    # Started anew, not forked: the site's process has threads, and connections may not be shared.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=django.setup)


def prove_stream(
    stream: str,
    secret: bytes | None = None,
    report: Callable[[int], None] | None = None,
    pool: ProcessPoolExecutor | None = None,
) -> StreamProof:
    """Read one stream through; with `secret` the signatures of its seals are checked too."""
    proof = StreamProof(stream)
    sealed = list(AuditSeal.objects.filter(stream=stream).order_by("number"))
    heads = {seal.position: (seal.head, str(seal.day), seal.position - seal.count) for seal in sealed}
    changed: list[_Changed] = []
    for part in _parts(stream, heads, pool):
        proof.entries += part.entries
        proof.position, proof.digest = part.position, part.digest
        proof.faults += part.faults
        proof.findings += part.findings[: _BOUND - len(proof.findings)]
        changed += part.changed[: _BOUND - len(changed)]
        if report is not None:
            report(proof.entries)
    _name_swaps(proof, changed)
    _compare_head(proof)
    _prove_seals(proof, sealed, secret)
    return proof


def _parts(stream: str, heads: _Heads, pool: ProcessPoolExecutor | None) -> Iterator[_Part]:
    last = AuditEntry.objects.filter(stream=stream).aggregate(n=Max("position"))["n"] or 0
    bounds = [(start, min(start + _PART, last)) for start in range(0, last, _PART)]
    if pool is None:
        yield from (_read_part(stream, after, until, heads) for after, until in bounds)
        return
    near = [{place: head for place, head in heads.items() if after < place <= until} for after, until in bounds]
    starts, ends = [after for after, _ in bounds], [until for _, until in bounds]
    yield from pool.map(_read_part, [stream] * len(bounds), starts, ends, near)


def _read_part(stream: str, after: int, until: int, heads: _Heads) -> _Part:
    """Read the entries behind position `after` up to `until`, continuing from the entry that stands before them."""
    part = _Part(stream)
    rows = AuditEntry.objects.filter(stream=stream, position__lte=after).order_by("-position")
    before = rows.values_list("position", "id", "digest", "received_at", "version").first() if after else None
    last_id, received, old = 0, "", stream == Stream.OFFICE
    if before is not None:
        part.position, last_id, part.digest = before[:3]
        received, old = chain.moment(before[3]), old and before[4] == 1
    for row in _rows(stream, after, until):
        entry_id, position, digest, expected = row.id, row.position, row.digest, part.position + 1
        part.entries += 1
        if position != expected:
            gone = f"第 {expected} 条" if position == expected + 1 else f"第 {expected}–{position - 1} 条"
            part.add("missing", expected, f"缺{gone}：被移走")
        elif row.previous != part.digest:
            part.add("link", position, f"第 {position} 条接不上前一条", entry_id)
        if entry_id <= last_id or row.received < received:
            part.add("order", position, f"第 {position} 条与前一条的先后被改动", entry_id)
        old = old and row.version == 1
        if not _holds(row, old):
            part.add("changed", position, f"第 {position} 条的内容与摘要不符：有一栏或几栏被改动", entry_id)
            if len(part.changed) < _BOUND:
                part.changed.append((position, digest, _values(entry_id)))
        if (head := heads.get(position)) is not None and head[0] != digest:
            told = f"第 {head[2] + 1}–{position} 条与{head[1]}的封存不符：封存以后被改写"
            part.add("rewritten", position, told, entry_id)
        part.position, part.digest, last_id, received = position, digest, entry_id, row.received
    return part


class _Row(NamedTuple):
    """One entry as read: what its place tells, and the bytes that are hashed after the version."""

    id: int
    version: int
    digest: str
    position: int
    previous: str
    received: str
    text: bytes


def _holds(row: _Row, old: bool) -> bool:
    """Tell whether the entry is what was hashed; `old`: none of a later version stands before it."""
    if row.version == chain.VERSION and chain.digest_of_text(row.text) == row.digest:
        return True
    if row.version == chain.VERSION and connection.vendor != "sqlite":
        return False
    # Before anybody is accused the text that SQLite wrote is written once more here.
    values = _values(row.id)
    return _digest(row.version, values, old) == row.digest


def _digest(version: int, values: Sequence[Any], old: bool) -> str:
    if any(isinstance(value, bytes) for value in values):
        return ""
    if version == chain.VERSION:
        return chain.digest_of(values)
    named = dict(zip(chain.COLUMNS, values, strict=True))
    if version != 1 or not old or any(named[name] for name in chain.COLUMNS if name not in _OLD):
        return ""
    told = {name: named[name] for name in ("previous", "who", "via", "act", "subject", "result")}
    told["at"] = datetime.datetime.fromisoformat(named["at"]).replace(tzinfo=datetime.UTC)
    for name in ("before", "after"):
        told[name] = None if named[name] is None else json.loads(named[name])
    return chain.old_digest_of(**told)


def _columns() -> str:
    # Without its declared type SQLite's text of a moment comes as it is stored, which is what was hashed.
    plain = {name: f"{name} || ''" for name in ("at", "received_at")} if connection.vendor == "sqlite" else {}
    return ", ".join(plain.get(name, name) for name in chain.COLUMNS)


def _values(entry: int) -> list[Any]:
    """Return the columns of one entry as they are hashed."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_columns()} FROM audit_auditentry WHERE id = %s", [entry])  # noqa: S608 - ours
        return _told(cursor.fetchone())


def _told(columns: Sequence[Any]) -> list[Any]:
    values = list(columns)
    if connection.vendor != "sqlite":
        values[_AT], values[_RECEIVED] = chain.moment(values[_AT]), chain.moment(values[_RECEIVED])
    return values


def _rows(stream: str, after: int, until: int) -> Iterator[_Row]:
    """Yield the entries in `after` < position <= `until`."""
    batch = _written if connection.vendor == "sqlite" else _read
    while True:
        try:
            rows = batch(stream, after, until)
        except OperationalError:
            # A column holds what no entry has: JSON has no word for it.
            rows = _read(stream, after, until)
        yield from rows
        if len(rows) < BATCH:
            return
        after = rows[-1].position


def _written(stream: str, after: int, until: int) -> list[_Row]:
    """Read a batch whose text SQLite itself writes, which takes half the time."""
    text = f"CAST(json_array({_columns()}) AS BLOB)"
    return [_Row(*row) for row in _batch(f"position, previous, received_at || '', {text}", stream, after, until)]


def _read(stream: str, after: int, until: int) -> list[_Row]:
    rows = []
    for entry_id, version, digest, *columns in _batch(_columns(), stream, after, until):
        values = _told(columns)
        place = (values[_POSITION], values[_PREVIOUS], values[_RECEIVED])
        strange = any(isinstance(value, bytes) for value in values)
        rows.append(_Row(entry_id, version, digest, *place, b"" if strange else chain.text_of(values)))
    return rows


def _batch(columns: str, stream: str, after: int, until: int) -> list[tuple[Any, ...]]:
    statement = (
        f"SELECT id, version, digest, {columns} FROM audit_auditentry "  # noqa: S608 - names are ours
        f"WHERE stream = %s AND position > %s AND position <= %s ORDER BY position LIMIT {BATCH}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [stream, after, until])
        return list(cursor.fetchall())


def _name_swaps(proof: StreamProof, changed: Sequence[_Changed]) -> None:
    """Tell entries that are whole in themselves and only stand in another's place from those that were changed."""
    places = [position for position, _, _ in changed]
    moved: dict[int, int] = {}
    for position, digest, values in changed:
        for place in places:
            if place != position and chain.digest_of([*values[:_POSITION], place, *values[_POSITION + 1 :]]) == digest:
                moved[position] = place
    if not moved:
        return
    kept = []
    for finding in proof.findings:
        if finding.kind == "changed" and finding.position in moved:
            told = f"第 {finding.position} 条原在第 {moved[finding.position]} 条的位置：次序被调换"
            kept.append(Finding("order", proof.stream, finding.position, told, finding.entry))
        elif finding.kind == "link" and {finding.position, finding.position - 1} & moved.keys():
            proof.faults -= 1
        else:
            kept.append(finding)
    proof.findings = kept


def _compare_head(proof: StreamProof) -> None:
    head = AuditHead.objects.filter(pk=proof.stream).first()
    if head is None:
        if proof.entries:
            proof.add("cut", proof.position, "链首尾登记缺失")
    elif head.position > proof.position:
        proof.add("cut", proof.position + 1, f"末尾被截：登记到第 {head.position} 条，现在只到第 {proof.position} 条")
    elif head.position < proof.position:
        proof.add("rewritten", head.position + 1, f"登记只到第 {head.position} 条，后面的是绕过系统加的")
    elif head.digest != proof.digest:
        proof.add("rewritten", head.position, f"末条（第 {head.position} 条）的摘要与登记不符：被改写")


def _prove_seals(proof: StreamProof, sealed: Sequence[AuditSeal], secret: bytes | None) -> None:
    previous, expected, until = chain.GENESIS, 1, 0
    proof.seals = len(sealed)
    for seal in sorted(sealed, key=lambda row: row.number):
        name = f"第 {seal.number} 次封存（{seal.day}）"
        if seal.number != expected or seal.previous != previous:
            proof.add("seal", seal.position, f"{name}与前一次接不上")
        if chain.seal_digest_of(seals.columns_of(seal)) != seal.digest or seal.count != seal.position - until:
            proof.add("seal", seal.position, f"{name}的内容被改动")
        elif secret is not None and key.sign(seal.digest, secret) != seal.signature:
            proof.add("seal", seal.position, f"{name}的签名不是本系统密钥签的")
        if seal.position > proof.position:
            proof.add("cut", proof.position + 1, f"{name}时有 {seal.position} 条，现在只到第 {proof.position} 条")
        previous, expected, until = seal.digest, seal.number + 1, seal.position
    known = {seal.number: seal.digest for seal in sealed}
    for told in seals.seals_outside():
        if told["stream"] == proof.stream and known.get(told["number"]) != told["digest"]:
            proof.add("seal", told["position"], f"库外存有第 {told['number']} 次封存（{told['day']}），库里没有或不同")
