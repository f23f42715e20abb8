"""Take decisions over to a new version: the same words keep theirs, changed words put the correction first in line.

Matching needs no row ids: first the anchor itself, then the same words under another clause number, then the likeliest
reading of the same kind. A correction that finds no place stays as a conflict; a plain confirmation of words that are
gone rests until they come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from difflib import SequenceMatcher

from luoshi.office.instruments.models import Clause, Instrument, ReviewRecord
from luoshi.office.instruments.review_readings import Reading, readings_of, same_words
from luoshi.office.search import fold

SHORTEST_MOVE = 6
"""Fewest folded characters by which words are known again under another clause number."""
_ALIKE_HERE = 0.5
_ALIKE_ELSEWHERE = 0.75
_MOST_COMPARED = 60
_UNCOMPARED = ("repair", "warning")


def matched(
    records: Sequence[ReviewRecord], found: Sequence[Reading], known: Collection[str] = ()
) -> dict[int, tuple[Reading, bool]]:
    """Return for each record (by its place in `records`) its reading, and whether that has the same words.

    A reading is given to one record only; those with the anchors `known` stood in the former version already, so no
    other record's words can have become theirs.
    """
    result: dict[int, tuple[Reading, bool]] = {}
    free = {reading.anchor: reading for reading in found}
    for place, record in enumerate(records):
        if record.reading is not None and record.anchor in free:
            result[place] = free.pop(record.anchor), True
    left = [(n, record) for n, record in enumerate(records) if record.reading is not None and n not in result]
    free = {anchor: reading for anchor, reading in free.items() if anchor not in known}
    _moved(left, free, result)
    for place, record in left:
        if place in result or record.decision in ("", "confirmed"):
            continue
        if (near := _likeliest(record, list(free.values()))) is not None:
            result[place] = near, False
            del free[near.anchor]
    return result


def _moved(
    left: Sequence[tuple[int, ReviewRecord]], free: dict[str, Reading], result: dict[int, tuple[Reading, bool]]
) -> None:
    """Give records the reading with the very same words under another clause, where there is exactly one of each."""
    by_words: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for reading in free.values():
        by_words[reading.kind, fold(reading.quote)].append(reading)
    wanted: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, record in left:
        wanted[record.kind, fold(record.quote)].append(place)
    for words, places in wanted.items():
        if len(places) == 1 and len(by_words[words]) == 1 and len(words[1]) >= SHORTEST_MOVE:
            reading = by_words[words][0]
            result[places[0]] = reading, True
            del free[reading.anchor]


def _likeliest(record: ReviewRecord, free: Sequence[Reading]) -> Reading | None:
    own = fold(record.quote)
    here = [reading for reading in free if reading.kind == record.kind and reading.clause == record.clause]
    there = [reading for reading in free if reading.kind == record.kind and reading.clause != record.clause]
    for candidates, least in ((here, _ALIKE_HERE), (there, _ALIKE_ELSEWHERE)):
        scored = [(_alike(own, fold(reading.quote)), reading) for reading in candidates[:_MOST_COMPARED]]
        best = max(scored, key=lambda pair: pair[0], default=(0.0, None))
        if best[0] >= least:
            return best[1]
    return None


def _alike(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE_HERE else 0.0


def clause_words(item: Instrument, path: str) -> str:
    """Return what a clause says: an added record is held to it, for it has no words of its own."""
    row = Clause.objects.filter(instrument=item, path=path).values_list("heading", "text").first()
    return " ".join(row) if row else ""


def carry(*, rows: Sequence[Instrument]) -> dict[str, list[ReviewRecord]]:
    """Take the decisions on former versions over to the new versions `rows`; returns the records by key.

    In the caller's transaction. Side effects: records point at their new readings, confirmed corrections are shown in
    the new version's rows, conflicts are marked; the reviews' counts are the caller's affair (`review_actions`).
    """
    from luoshi.office.instruments.review_ledger import show

    by_key = {row.key: row for row in rows}
    records: dict[str, list[ReviewRecord]] = defaultdict(list)
    for record in ReviewRecord.objects.select_for_update().filter(key__in=by_key).order_by("pk"):
        records[record.key].append(record)
    old = {row.key: row for row in _former([by_key[key] for key in records])}
    found = readings_of([*(by_key[key] for key in records), *old.values()]) if records else {}
    for key, own in records.items():
        item = by_key[key]
        known = {reading.anchor for reading in found[old[key].pk]} if key in old else set()
        pairs = matched(own, found[item.pk], known)
        # Anchors are unique: those that move are put aside before they take the place of another.
        for place, (reading, _same) in pairs.items():
            if own[place].anchor != reading.anchor:
                ReviewRecord.objects.filter(pk=own[place].pk).update(anchor=f"~{own[place].pk}")
        for place, record in enumerate(own):
            effective = record.effective
            _place(record, item, *pairs.get(place, (None, False)))
            record.rows, record.effective, record.applied_to = [], None, None
            if effective and not record.conflict and (record.reading is None or place in pairs):
                show(record, item, effective, matters=False)
            record.save()
    return records


def _former(rows: Sequence[Instrument]) -> list[Instrument]:
    """Return the versions before `rows`."""
    wanted = {(row.key, row.version - 1) for row in rows}
    found = Instrument.objects.filter(key__in=[row.key for row in rows])
    return [row for row in found if (row.key, row.version) in wanted]


def _place(record: ReviewRecord, item: Instrument, reading: Reading | None, same: bool) -> None:
    if record.reading is None:
        _place_added(record, item)
        return
    if reading is None:
        if record.decision not in ("", "confirmed"):
            record.conflict, record.conflict_with = "gone", None
        return
    before = record.reading["content"]
    if not same:
        record.conflict, record.conflict_with = "text", before
    elif record.decision == "confirmed" and record.kind not in _UNCOMPARED and not same_words(before, reading.content):
        record.conflict, record.conflict_with = "reading", before
    elif record.conflict == "gone":
        record.conflict, record.conflict_with = "", None
    record.anchor, record.clause, record.quote = reading.anchor, reading.clause, reading.quote
    record.reading = reading.as_json()


def _place_added(record: ReviewRecord, item: Instrument) -> None:
    if record.decision != "added":
        return
    said = clause_words(item, record.clause)
    if not said and record.clause:
        record.conflict, record.conflict_with = "gone", None
    elif fold(said) != fold(record.quote):
        record.conflict, record.conflict_with = "text", {"text": record.quote}
        record.quote = said
