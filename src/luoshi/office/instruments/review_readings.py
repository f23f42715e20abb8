"""What the compiler read from an instrument, one `Reading` for each thing a person confirms, with its anchor.

An anchor is a digest of the clause's path, the kind, the printed words and, where the same words stand twice in a
clause, their ordinal. Blanks, punctuation and case do not count, so a better scan of the same words keeps it. Readings
are always the compiler's own: what a confirmed correction changed in the library is put back before they are counted.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import QuerySet

from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import (
    Appointment,
    Clause,
    CompilerWarning,
    Instrument,
    Membership,
    Relation,
    Repair,
    ReviewRecord,
)
from luoshi.office.search import fold

HEAD = ""
"""The unit of what stands before, between and after the clauses."""
HEAD_FIELDS = ("title", "number", "issued_on", "effective_from", "expires_on")
HEAD_DOUBTS = {"title": "没有读出标题", "number": "没有读出文号", "issued_on": "没有印出成文日期"}
"""What is said where a field is missing that every document has."""
_UNNUMBERED = ("dash", "paragraph")
QUIET_REPAIRS = ("joined_line", "removed_blank")
SURE = 0.7
"""A duty read with less confidence than this is in doubt."""
_BATCH = 500
_EXAMPLES = 6
_ORDER = ("head", "duty", "target", "limit", "membership", "appointment", "relation", "warning", "repair")
_PROPOSED = re.compile(r"没有“(.+?)”.*?是否为“(.+?)”")
_UNKNOWN = re.compile(r"没有“(.+?)”")
MARKED = ("mark", "declaration")
"""How a duty's lead was read where a mark of responsibility says it."""
MISPRINTS = ("unknown_organ",)
"""Codes of warnings that are about how a printed name is to be read: two persons decide."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing read: `clause` is the path of its numbered clause, `row` the primary key where it is stored (0: none).

    `content` has the fields of `review_content` for its kind; `doubt` says why the compiler itself is unsure.
    """

    anchor: str
    kind: str
    clause: str
    quote: str
    content: Mapping[str, Any]
    start: int
    end: int
    row: int = 0
    doubt: str = ""
    basis: str = ""
    confidence: float | None = None
    misprint: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """The clause it is filed under, numbered or not; '' outside all clauses."""
        return str(self.extra.get("path") or self.clause)

    def as_json(self) -> dict[str, Any]:
        """Return the reading as plain data, as a record keeps it."""
        return asdict(self)


def reading_of(kept: Mapping[str, Any]) -> Reading:
    """Return the reading a record kept."""
    return Reading(**kept)


def anchor_of(clause: str, kind: str, quote: str, ordinal: int) -> str:
    """Return the anchor: 24 hex digits over clause, kind, folded words and ordinal."""
    text = "\0".join((clause, kind, fold(quote), str(ordinal)))
    return hashlib.new("sm3", text.encode(errors="surrogatepass")).hexdigest()[:24]


class Places:
    """Where an instrument's clauses stand; a unit is a numbered clause, and what lies in it without a number.

    `units` has the unit of each path; the clauses come as (path, kind, start, end) in the order of the text.
    """

    def __init__(self, clauses: Iterable[tuple[str, str, int, int]]) -> None:
        self.units: dict[str, str] = {}
        self._known: list[tuple[int, int, str]] = []
        for path, kind, start, end in clauses:
            above = self.units.get(path.rpartition("/")[0], "") if kind in _UNNUMBERED else ""
            self.units[path] = above or path
            self._known.append((start, end, path))
        self._known.sort()
        self._starts = [start for start, _end, _path in self._known]
        self._last = max((end for _start, end, _path in self._known), default=0)

    def unit_at(self, start: int) -> str:
        """Return the unit in which a place of the file lies."""
        index = bisect_right(self._starts, start) - 1
        return self.units[self._known[index][2]] if index >= 0 and start < self._last else HEAD


@dataclass(slots=True)
class _Source:
    """The stored rows of one instrument."""

    item: Instrument
    clauses: list[Clause] = field(default_factory=list)
    rows: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    records: list[ReviewRecord] = field(default_factory=list)


def readings(item: Instrument) -> list[Reading]:
    """Return the readings of one instrument in the order of its text."""
    return readings_of([item])[item.pk]


def readings_of(items: Sequence[Instrument]) -> dict[int, list[Reading]]:
    """Return the readings of each of `items` by primary key, in a fixed number of queries a few hundred items."""
    found: dict[int, list[Reading]] = {}
    for first in range(0, len(items), _BATCH):
        for source in _sources(items[first : first + _BATCH]):
            found[source.item.pk] = _readings(source)
    return found


def _sources(items: Sequence[Instrument]) -> list[_Source]:
    sources = {item.pk: _Source(item) for item in items}
    for clause in Clause.objects.filter(instrument__in=sources).order_by("instrument_id", "seq").defer("text"):
        sources[clause.instrument_id].clauses.append(clause)
    others = (("target", Target), ("membership", Membership), ("appointment", Appointment), ("relation", Relation))
    for kind, model in others:
        for row in model.objects.filter(instrument__in=sources).order_by("instrument_id", "seq"):
            sources[row.instrument_id].rows[kind].append(row)
    for warning in CompilerWarning.objects.filter(instrument__in=sources).order_by("start", "pk"):
        sources[warning.instrument_id or 0].rows["warning"].append(warning)
    organs: dict[int, list[DutyOrgan]] = defaultdict(list)
    for organ in DutyOrgan.objects.filter(duty__instrument__in=sources).order_by("duty_id", "-leads", "seq"):
        organs[organ.duty_id].append(organ)
    limits: dict[int, list[TimeLimit]] = defaultdict(list)
    for limit in TimeLimit.objects.filter(duty__instrument__in=sources).order_by("duty_id", "seq"):
        limits[limit.duty_id].append(limit)
    for duty in Duty.objects.filter(instrument__in=sources).order_by("instrument_id", "seq"):
        sources[duty.instrument_id].rows["duty"].append((duty, organs[duty.pk], limits[duty.pk]))
    for pk, repair in placed({item.pk: item for item in items}, Repair.objects.order_by("start", "pk")):
        sources[pk].rows["repair"].append(repair)
    by_key = {item.key: item.pk for item in items}
    for record in ReviewRecord.objects.filter(key__in=by_key, applied_to__in=sources).order_by("pk"):
        sources[record.applied_to or 0].records.append(record)
    return list(sources.values())


def placed(items: Mapping[int, Instrument], repairs: QuerySet[Repair]) -> Iterator[tuple[int, Repair]]:
    """Yield those of `repairs` that lie in one of `items` (by primary key), each with the item's key."""
    by_issue: dict[int, list[Instrument]] = defaultdict(list)
    for item in sorted(items.values(), key=lambda item: item.start):
        by_issue[item.issue_id].append(item)
    starts = {issue: [item.start for item in own] for issue, own in by_issue.items()}
    for repair in repairs.filter(issue__in=by_issue):
        place = bisect_right(starts[repair.issue_id], repair.start) - 1
        if place >= 0 and repair.start < max(by_issue[repair.issue_id][place].end, 1):
            yield by_issue[repair.issue_id][place].pk, repair


class _Maker:
    """Makes readings of one instrument, counting equal words in a clause."""

    def __init__(self, source: _Source) -> None:
        self.item = source.item
        places = Places((one.path, one.kind, one.start, one.end) for one in source.clauses)
        self.units, self.unit_at = places.units, places.unit_at
        self.order = {path: place for place, path in enumerate(dict.fromkeys(self.units.values()), 1)}
        self.found: list[Reading] = []
        self._seen: dict[tuple[str, str, str], int] = defaultdict(int)

    def add(self, kind: str, clause: str, quote: str, content: Mapping[str, Any], **more: Any) -> None:
        """Add a reading filed under the unit of `clause`."""
        unit = self.units.get(clause, HEAD)
        ordinal = self._seen[unit, kind, fold(quote)]
        self._seen[unit, kind, fold(quote)] += 1
        anchor = anchor_of(unit, kind, quote, ordinal)
        self.found.append(Reading(anchor, kind, unit, quote, content, **more))

    def in_order(self) -> list[Reading]:
        """Return the readings by clause, kind and place."""
        rank = {kind: place for place, kind in enumerate(_ORDER)}
        return sorted(self.found, key=lambda one: (self.order.get(one.clause, 0), rank[one.kind], one.start))


def _readings(source: _Source) -> list[Reading]:
    make = _Maker(source)
    undo = _Undo(source.records)
    _heads(make, undo)
    duties = _duties(make, undo, source.rows["duty"])
    _limits(make, duties)
    _targets(make, undo, source.rows["target"], duties)
    for kind, content in (("membership", _membership), ("appointment", _appointment), ("relation", _relation)):
        rows = [(row.seq, row.start, row.end, row.pk, getattr(row, "clause_path", ""), content(row))
                for row in source.rows[kind] if row.pk not in undo.made[kind]]  # fmt: skip
        for seq, start, end, pk, path, said in undo.restored(kind, rows):
            unit = path if path in make.units else make.unit_at(start)
            quote = " ".join(str(value) for value in said.values() if value)
            make.add(kind, unit, quote, said, start=start, end=end, row=pk, extra={"seq": seq, "path": path})
    _warnings(make, source.rows["warning"])
    _repairs(make, source.rows["repair"])
    return make.in_order()


class _Undo:
    """Knows what confirmed corrections changed in the rows, and what stood there before."""

    def __init__(self, records: Sequence[ReviewRecord]) -> None:
        self.before: dict[str, dict[int, Reading]] = defaultdict(dict)
        self.made: dict[str, set[int]] = defaultdict(set)
        self.heads: dict[str, Any] = {}
        self.limits: dict[tuple[int, int], dict[str, Any]] = {}
        for record in records:
            if record.kind in ("warning", "repair"):
                continue
            if record.reading is None:
                self.made[record.kind] |= set(record.rows)
                continue
            # Rows a split made stay out of the readings when the split is taken back.
            if record.kind == "duty":
                self.made["duty"] |= set(record.rows[1:])
            if record.effective is None:
                continue
            if record.kind == "head":
                self.heads[record.reading["content"]["field"]] = record.reading["content"]["value"]
            elif record.kind == "limit":
                self.limits |= {(duty, seq): dict(record.reading["content"]) for duty, seq in record.rows}
            else:
                own = reading_of(record.reading)
                self.before[record.kind][record.rows[0] if record.rows else -record.pk] = own

    def restored(self, kind: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Return rows of (seq, start, end, pk, path, content) with the compiler's own in place of corrected ones."""
        before = self.before[kind]
        kept = [row for row in rows if row[3] not in before]
        kept += [
            (own.extra.get("seq", 0), own.start, own.end, pk, own.extra.get("path", own.clause), own.content)
            for pk, own in before.items()
        ]
        return sorted(kept, key=lambda row: row[0])


def _heads(make: _Maker, undo: _Undo) -> None:
    item = make.item
    printed: dict[str, Any] = {
        "title": item.title or None,
        "number": item.number or None,
        "issued_on": item.issued_on and item.issued_on.isoformat(),
        "effective_from": item.effective_from and item.effective_from.isoformat(),
        "expires_on": item.expires_on and item.expires_on.isoformat(),
    } | undo.heads
    for name in HEAD_FIELDS:
        doubt = "" if printed[name] else HEAD_DOUBTS.get(name, "")
        make.add("head", HEAD, name, {"field": name, "value": printed[name]}, start=item.start, end=item.start,
                 doubt=doubt)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _DutyRead:
    """A duty as read, with the limits it carries."""

    pk: int
    clause: str
    basis: str
    content: dict[str, Any]


def _duties(
    make: _Maker, undo: _Undo, rows: Sequence[tuple[Duty, list[DutyOrgan], list[TimeLimit]]]
) -> list[_DutyRead]:
    found: list[tuple[int, _DutyRead, dict[str, Any]]] = []
    for duty, organs, limits in rows:
        if duty.pk in undo.made["duty"]:
            continue
        if (own := undo.before["duty"].get(duty.pk)) is not None:
            content, extra = dict(own.content), dict(own.extra)
            place = {"start": own.start, "end": own.end, "basis": own.basis, "confidence": own.confidence}
        else:
            content, extra = _duty_content(duty, organs, _limits_of(duty.pk, limits, undo)), {"seq": duty.seq}
            place = {"start": duty.start, "end": duty.end, "basis": duty.basis, "confidence": duty.confidence}
        read = _DutyRead(duty.pk, duty.clause_path, str(place["basis"]), content)
        found.append((extra.get("seq", duty.seq), read, place | {"extra": extra | {"path": duty.clause_path}}))
    for _seq, read, more in sorted(found, key=lambda one: one[0]):
        sure = more["confidence"] or 0.0
        doubt = "没有责任括注，按句子读出，把握不大" if sure < SURE else ""
        unit = read.clause if read.clause in make.units else make.unit_at(more["start"])
        make.add("duty", unit, str(read.content["action"]), read.content, row=read.pk, doubt=doubt, **more)
    return [read for _seq, read, _more in found]


def _limits_of(duty: int, rows: Sequence[TimeLimit], undo: _Undo) -> list[dict[str, Any]]:
    """Return the limits of a duty as the compiler read them."""
    own = {
        row.seq: {"kind": row.kind, "value": row.value, "text": row.text, "start": row.start, "end": row.end}
        for row in rows
    }
    own |= {seq: content for (owner, seq), content in undo.limits.items() if owner == duty}
    return [own[seq] for seq in sorted(own)]


def _duty_content(duty: Duty, organs: Sequence[DutyOrgan], limits: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": duty.summary,
        "lead": [{"name": o.name, "slug": o.slug or None} for o in organs if o.leads],
        "cooperating": [{"name": o.name, "slug": o.slug or None} for o in organs if not o.leads],
        "local": duty.local,
        "local_text": duty.local_text,
        "open_ended": duty.open_ended,
        "action": duty.action,
        "limits": limits,
    }


def _limits(make: _Maker, duties: Sequence[_DutyRead]) -> None:
    """Add each printed limit once, with the duties it holds for."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], list[tuple[int, int]], list[str], str, str]] = {}
    for duty in duties:
        for seq, limit in enumerate(duty.content["limits"]):
            unit = make.units.get(duty.clause, HEAD)
            key = (unit, limit["start"], limit["end"], limit["kind"], limit["value"], limit["text"])
            _own, places, owners, _unit, _path = found.setdefault(key, (limit, [], [], unit, duty.clause))
            places.append((duty.pk, seq))
            owners.append(duty.content["summary"])
    for limit, places, owners, unit, path in found.values():
        make.add("limit", unit, limit["text"] or limit["value"], limit, start=limit["start"], end=limit["end"],
                 extra={"places": [list(place) for place in places], "owners": owners, "path": path})  # fmt: skip


def _targets(make: _Maker, undo: _Undo, rows: Sequence[Target], duties: Sequence[_DutyRead]) -> None:
    marked: dict[str, list[str]] = {}
    for duty in duties:
        if duty.basis in MARKED and duty.content["lead"]:
            marked.setdefault(duty.clause, [organ["name"] for organ in duty.content["lead"]])
    own = [(row.seq, row.start, row.end, row.pk, row.clause_path, _target(row))
           for row in rows if row.pk not in undo.made["target"]]  # fmt: skip
    for seq, start, end, pk, path, content in undo.restored("target", own):
        names = {organ["name"] for organ in content["lead"]}
        other = doubtful_target(names, marked.get(path, []))
        doubt = "主语与段末括注不一致，请定由谁考核" if other else ""
        unit = path if path in make.units else make.unit_at(start)
        quote = f"{content['subject']} {content['op']} {content['value']}{content['unit']}"
        make.add("target", unit, quote, content, start=start, end=end, row=pk, doubt=doubt,
                 extra={"seq": seq, "path": path, "marked": marked.get(path, [])})  # fmt: skip


def doubtful_target(names: Collection[str], marked: Collection[str]) -> bool:
    """Tell whether a target's own lead is another than its clause's mark of responsibility names."""
    return bool(names) and bool(marked) and set(names) != set(marked)


def _target(row: Target) -> dict[str, Any]:
    return {
        "subject": row.subject,
        "op": row.op,
        "value": row.value,
        "unit": row.unit,
        "by": row.by.isoformat() if row.by else None,
        "baseline": row.baseline or None,
        "aspiration": row.aspiration,
        "lead": [{"name": organ["name"], "slug": organ["slug"] or None} for organ in row.lead],
    }


def _membership(row: Membership) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("group", "role", "person", "post", "organ_name")}


def _appointment(row: Appointment) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("action", "person", "post", "organ_name", "title", "remark")}


def _relation(row: Relation) -> dict[str, Any]:
    return {"type": row.type, "number": row.target_number, "title": row.target_title}


def _warnings(make: _Maker, rows: Sequence[CompilerWarning]) -> None:
    for row in rows:
        misprint = row.code in MISPRINTS
        content: dict[str, Any] = {"code": row.code, "message": row.message}
        if misprint and (match := _PROPOSED.search(row.message) or _UNKNOWN.search(row.message)):
            content |= {"printed": match[1], "proposal": match[2] if match.re is _PROPOSED else ""}
        make.add("warning", make.unit_at(row.start), f"{row.code} {content.get('printed', row.excerpt)}", content,
                 start=row.start, end=row.end, row=row.pk, doubt=row.message, misprint=misprint,
                 extra={"excerpt": row.excerpt, "line": row.line})  # fmt: skip


def _repairs(make: _Maker, rows: Sequence[Repair]) -> None:
    """Add what was moved or supplied one by one, joined lines and removed blanks as one reading a clause."""
    quiet: dict[str, list[Repair]] = defaultdict(list)
    for row in rows:
        unit = make.unit_at(row.start)
        if row.kind in QUIET_REPAIRS:
            quiet[unit].append(row)
            continue
        content = {"kind": row.kind, "before": row.before[:300], "after": row.after[:300], "count": 1}
        make.add("repair", unit, f"{row.kind} {row.before} {row.after}", content, start=row.start, end=row.end,
                 row=row.pk)  # fmt: skip
    for unit, own in quiet.items():
        content = {"kind": "quiet", "count": len(own), "places": [[row.start, row.end] for row in own[:_EXAMPLES]]}
        make.add("repair", unit, "quiet", content, start=own[0].start, end=own[-1].end)


_PLACES = ("start", "end", "places", "slug")


def same_words(one: Any, other: Any) -> bool:
    """Tell whether two contents say the same, wherever in the file they stand."""
    return bool(_without_places(one) == _without_places(other))


def _without_places(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {name: _without_places(value) for name, value in content.items() if name not in _PLACES}
    if isinstance(content, (list, tuple)):
        return [_without_places(value) for value in content]
    return content
