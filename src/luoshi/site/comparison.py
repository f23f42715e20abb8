"""One instrument's text beside the records read from it: outline, marked text, records of the chosen clause.

Places count characters of the instrument's own span of its file. A *unit* is a numbered clause with the unnumbered ones
under it; what stands before, between and after the clauses is the unit `HEAD`.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from luoshi.gazette.text import fold
from luoshi.office.duties.dates import next_due, words
from luoshi.office.duties.models import Duty, DutyOrgan, TimeLimit
from luoshi.office.duties.queries import complete
from luoshi.office.instruments import queries
from luoshi.office.instruments.models import Appointment, Clause, CompilerWarning, Instrument, Relation, Repair
from luoshi.site import markup, present
from luoshi.site.markup import Span
from luoshi.site.templatetags.ls import ls_label, ls_run_in
from luoshi.site.typography import typeset
from luoshi.site.words import MARK, RELATION, REPAIR, WARNING, WEEKDAY

HEAD = "head"
_UNNUMBERED = ("dash", "paragraph")
_SHOWN = 400
_QUOTED = 300
_AROUND = 8
_BEFORE_LABEL = 4
_LINE = re.compile(r"^[#*>\s]*(\S.*?)\s*$", re.MULTILINE)
_RECORDS_SHOWN = 200


@dataclass(slots=True)
class Unit:
    """One entry of the outline."""

    path: str
    clause: Clause | None
    count: int = 0
    doubtful: bool = False


class _Duty(NamedTuple):
    """What the text needs of a duty; the record itself is read for the chosen clause only."""

    pk: int
    clause_path: str
    start: int
    end: int
    basis: str
    local_text: list[str]
    summary: str


@dataclass(slots=True)
class _Read:
    """Everything the software read from an instrument, with its marks."""

    item: Instrument
    text: str
    clauses: list[Clause]
    duties: list[_Duty]
    organs: dict[int, dict[str, str]]
    repairs: list[Repair]
    warnings: list[CompilerWarning]
    marks: list[Span] = field(default_factory=list)
    records: dict[str, dict[str, list[Any]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))

    def local(self, record: Any) -> tuple[int, int]:
        """Return where a record stands in the instrument's text."""
        return record.start - self.item.start, record.end - self.item.start

    def printed(self, record: Any) -> str:
        """Return the words of the file at a record's place."""
        start, end = self.local(record)
        found = self.text[max(start, 0) : max(end, 0)].strip()
        return found if len(found) <= _QUOTED else found[:_QUOTED] + "…"

    def mark(self, kind: str, start: int, end: int) -> None:
        """Mark a stretch; blanks are marked by what stands around them."""
        self.marks.append(markup.widened(Span(kind, start, end), self.text))


def _units(clauses: Sequence[Clause]) -> tuple[dict[str, Unit], dict[str, str]]:
    """Return the units in the order of the text, and the unit of each clause by path."""
    units = {HEAD: Unit(HEAD, None)}
    of: dict[str, str] = {}
    for clause in clauses:
        above = of.get(clause.path.rpartition("/")[0], "") if clause.kind in _UNNUMBERED else ""
        of[clause.path] = above or clause.path
        if not above:
            units[clause.path] = Unit(clause.path, clause)
    return units, of


def _read(item: Instrument) -> _Read:
    repairs = item.issue.repairs.filter(start__gte=item.start, start__lt=max(item.end, item.start + 1))
    return _Read(
        item,
        queries.source_text(item),
        list(item.clauses.order_by("seq")),
        [_Duty(*row) for row in item.duties.order_by("seq").values_list(*_Duty._fields)],
        _organs(item),
        list(repairs.order_by("start", "pk")),
        list(item.warnings.order_by("start", "pk")),
    )


def _organs(item: Instrument) -> dict[int, dict[str, str]]:
    """Return for each duty the kind of mark of each organ it names; who leads does not cooperate as well."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = DutyOrgan.objects.filter(duty__instrument=item).order_by("duty_id", "leads", "seq")
    for duty, name, leads in rows.values_list("duty_id", "name", "leads"):
        found[duty][name] = "lead" if leads else "cooperating"
    return found


def _mark_duty(read: _Read, duty: _Duty) -> None:
    """Mark the organs a duty names where they are printed in its span; without any, the span itself."""
    start, end = read.local(duty)
    roles = dict(read.organs.get(duty.pk, {}))
    towns = "cooperating" if "lead" in roles.values() else "lead"
    roles |= {name: towns for name in duty.local_text if name not in roles}
    start = max(start, 0)
    found = markup.located(roles, fold(read.text[start:end]), last=duty.basis == "mark")
    for name, (first, after) in found.items():
        read.mark(roles[name], start + first, start + after)
    if not found:
        read.mark("duty", start, end)


def _place(read: _Read, of: dict[str, str]) -> Callable[[Any], str]:
    """Return what gives the unit of a record that names no clause, by its place."""
    known = sorted((clause.start, clause.end, clause.path) for clause in read.clauses)
    starts = [start for start, _end, _path in known]
    last = max((end for _start, end, _path in known), default=0)

    def unit(record: Any) -> str:
        index = bisect_right(starts, record.start) - 1
        return of[known[index][2]] if index >= 0 and record.start < last else HEAD

    return unit


def _limits(read: _Read) -> dict[tuple[int, int, str], tuple[TimeLimit, list[_Duty]]]:
    """Return each printed limit once, with the duties it holds for."""
    found: dict[tuple[int, int, str], tuple[TimeLimit, list[_Duty]]] = {}
    duties = {duty.pk: duty for duty in read.duties}
    for limit in TimeLimit.objects.filter(duty__instrument=read.item).order_by("duty__seq", "seq"):
        found.setdefault((limit.start, limit.end, limit.value), (limit, []))[1].append(duties[limit.duty_id])
    return found


def _collect(read: _Read, of: dict[str, str]) -> None:
    """File every record under its unit and mark its place."""
    item, place = read.item, _place(read, of)

    def file(kind: str, record: Any, path: str, shown: Any = None) -> None:
        read.records[of.get(path) or place(record)][kind].append(shown or record)

    for duty in read.duties:
        file("duty", duty, duty.clause_path)
        _mark_duty(read, duty)
    for limit, owners in _limits(read).values():
        file("limit", limit, owners[0].clause_path, (limit, owners))
    for kind, rows in (
        ("target", item.targets.order_by("seq")),
        ("seat", item.memberships.order_by("seq")),
        ("act", item.appointments.order_by("seq")),
        ("cites", item.relations.order_by("seq")),
        ("repair", read.repairs),
        ("warning", read.warnings),
    ):
        for row in rows:
            file(kind, row, getattr(row, "clause_path", ""))
    marked = {"seat": "list", "act": "list", "limit": "limit", "target": "target", "cites": "cites"}
    for unit in read.records.values():
        for kind, name in marked.items():
            for record in unit[kind]:
                start, end = read.local(record[0] if kind == "limit" else record)
                if 0 <= start < end:
                    read.mark(name, start, end)
        for name in ("repair", "warning"):
            for record in unit[name]:
                read.mark(name, *read.local(record))


# --- text -------------------------------------------------------------------------------------------------------------


def _rest(read: _Read, clauses: Sequence[Clause], whole: bool) -> list[tuple[int, int]]:
    """Return the printed stretches that no clause holds; of a part of the clauses only those between them."""
    found, at = [], 0 if whole else max(min(c.start for c in clauses) - read.item.start, 0)
    for start, end in [*sorted(read.local(c) for c in clauses), *([(len(read.text),) * 2] if whole else ())]:
        stretch = read.text[at:start]
        if stretch.strip():
            found.append((start - len(stretch.lstrip()), at + len(stretch.rstrip())))
        at = max(at, end)
    return found


def _overlapping(marks: Sequence[Span], start: int, end: int, reach: Sequence[int]) -> Iterable[Span]:
    """Return the marks (in order, `reach` their furthest ends so far) that touch a stretch."""
    for index in range(bisect_right(reach, start), len(marks)):
        if marks[index].start >= end:
            return
        if marks[index].end > start:
            yield marks[index]


def _source_of(read: _Read, clause: Clause, folded: str, starts: Sequence[int]) -> str:
    """Return the canonical source of a clause, what was taken out of its middle made blank.

    `starts` are those of the repairs.
    """
    start, end = read.local(clause)
    source = folded[max(start, 0) : end]
    for repair in read.repairs[bisect_right(starts, clause.start) : bisect_left(starts, clause.end)]:
        if repair.end < clause.end and not repair.after:
            first, after = repair.start - clause.start, repair.end - clause.start
            source = source[:first] + " " * (after - first) + source[after:]
    return source


def _moved(marks: Iterable[Span], places: Sequence[int]) -> list[Span]:
    """Return the marks as spans of a text whose characters stand at `places`; those taken out mark what is beside."""
    moved = []
    for mark in marks:
        span = markup.projected(mark, places)
        if span.start == span.end and mark.kind in ("repair", "warning"):
            span = Span(mark.kind, span.start - 1, span.end + 1)
        moved.append(span)
    return moved


def _repaired(clause: Clause, source: str, marks: Iterable[Span], start: int, opening: Mapping[str, str]) -> SafeString:
    """Return a clause as print sets it, with the marks moved from the file to its label, heading and text."""
    shown = ls_label(clause)
    label = "" if clause.kind in _UNNUMBERED else clause.label.partition("~")[0]
    if label not in source[: len(label) + _BEFORE_LABEL]:
        label = ""
    moved: list[Span] = []
    if marks:
        places = markup.origins(label + clause.heading + clause.text, source)
        moved = _moved(marks, [place + start for place in places])
    first = format_html("{}{}", _html(shown[: len(label)], moved, 0, opening), shown[len(label) :])
    heading = _html(typeset(clause.heading), moved, len(label), opening) if clause.heading else ""
    if heading and not clause.text:
        return format_html("<h3>{}{}</h3>", first, heading)
    bold = format_html("<b>{}</b>{}", heading, ls_run_in(clause.heading)) if heading else ""
    text = _html(typeset(clause.text), moved, len(label) + len(clause.heading), opening)
    return format_html("<p>{}{}{}</p>", first, bold, text)


def _lines(read: _Read, start: int, end: int, marks: Iterable[Span], opening: Mapping[str, str]) -> SafeString:
    """Return a stretch that no clause holds line by line, mended, without blank lines and the marks of Markdown."""
    places: list[int] = []
    at = start
    for first, after in (read.local(repair) for repair in read.repairs if not repair.before.strip()):
        if at <= first < after <= end:
            places += range(at, first)
            at = after
    places += range(at, end)
    mended = "".join(read.text[place] for place in places)
    moved = _moved(marks, places)
    lines = [(_html(typeset(fold(line[1])), moved, line.start(1), opening),) for line in _LINE.finditer(mended)]
    return format_html_join("", "<p>{}</p>", lines)


def _printed(text: SafeString) -> SafeString:
    return format_html('<div class="ls-printed">{}</div>', text)


def _html(text: str, marks: Iterable[Span], by: int, opening: Mapping[str, str]) -> SafeString:
    """Return a text with the marks, which are moved back by `by`."""
    return markup.html(markup.segments(text, [Span(m.kind, m.start - by, m.end - by) for m in marks]), opening)


def _block(anchor: str, classes: str, label: str, body: SafeString) -> SafeString:
    mark = format_html('<span class="ls-mark" aria-hidden="true">{}</span>', label) if label else ""
    return format_html('<div class="ls-clause {}" id="{}">{}{}</div>', classes, anchor, mark, body)


def _text(
    read: _Read,
    of: dict[str, str],
    clauses: Sequence[Clause],
    chosen: str,
    raw: bool,
    whole: bool,
    opening: Mapping[str, str],
) -> SafeString:
    marks = sorted(read.marks, key=lambda span: span.start)
    reach = list(accumulate((span.end for span in marks), max))
    folded, starts = "" if raw else fold(read.text), [repair.start for repair in read.repairs]
    shown: list[tuple[float, SafeString]] = []
    covered = -1
    for clause in sorted(clauses, key=lambda c: c.start):
        start, end = read.local(clause)
        start = max(start, covered, 0) if raw else max(start, 0)
        covered = max(covered, end)
        near = list(_overlapping(marks, start, end, reach))
        if raw:
            body = _printed(_html(read.text[start:end], near, start, opening))
        else:
            body = _repaired(clause, _source_of(read, clause, folded, starts), near, start, opening)
        label = "" if clause.kind in _UNNUMBERED else typeset(clause.label.partition("~")[0])
        classes = f"ls-k-{clause.kind} ls-here" if of[clause.path] == chosen else f"ls-k-{clause.kind}"
        shown.append((start if raw else clause.seq, _block(f"c{clause.seq}", classes, label, body)))
    for start, end in _rest(read, clauses, whole):
        near = list(_overlapping(marks, start, end, reach))
        body = (
            _printed(_html(read.text[start:end], near, start, opening))
            if raw
            else _lines(read, start, end, near, opening)
        )
        following = min((c.seq for c in clauses if c.start - read.item.start >= end), default=len(read.clauses) + 1)
        block = _block(f"head{start}", "ls-here" if chosen == HEAD else "", "", body)
        shown.append((start if raw else following - 0.5, block))
    return SafeString("\n".join(block for _order, block in sorted(shown, key=lambda pair: pair[0])))


def _legend(read: _Read) -> list[dict[str, Any]]:
    counts: dict[str, int] = defaultdict(int)
    for kind, _start, _end in {(mark.kind, mark.start, mark.end) for mark in read.marks}:
        counts[kind] += 1
    return [{"kind": kind, "word": word, "count": counts[kind]} for kind, word in MARK.items() if counts[kind]]


# --- records ----------------------------------------------------------------------------------------------------------


def _day(limit: TimeLimit, on: datetime.date) -> tuple[str, str]:
    """Say which day a limit gives, or which rule and why no day."""
    if limit.due_on:
        return f"{present.day_words(limit.due_on)} {WEEKDAY[limit.due_on.weekday()]}", ""
    rule = words(limit.kind, limit.value)
    if due := next_due(limit.kind, limit.value, on):
        day = {"day": present.day_words(due), "weekday": WEEKDAY[due.weekday()]}
        return rule, _("下一次 %(day)s %(weekday)s") % day
    return rule, "" if limit.kind in ("from", "every") else _("哪一天到期要看何时起算")


def _seen(text: str) -> str:
    """Make the blanks of a short text visible."""
    return re.sub(r"\s*[\r\n]\s*", "⏎", text).replace(" ", "␣").replace("\u3000", "␣")


def _around(read: _Read, record: Repair) -> tuple[str, str]:
    """Return what a repair found and what it made, with a few characters on both sides where it mended blanks."""
    if record.kind not in ("joined_line", "removed_blank"):
        return record.before.strip(), record.after.strip()
    start, end = read.local(record)
    before, after = read.text[max(start - _AROUND, 0) : start], read.text[end : end + _AROUND]
    before, after = before.rpartition("\n")[2], after.partition("\n")[0]
    return before + _seen(record.before) + after, before + record.after + after


def _shown(read: _Read, unit: str, on: datetime.date) -> list[dict[str, Any]]:
    """Return the records of a unit by kind, ready to be shown."""
    item, records = read.item, read.records[unit]

    def row(record: Any, path: str | None = None, **more: Any) -> dict[str, Any]:
        path = getattr(record, "clause_path", "") if path is None else path
        return {
            "printed": read.printed(record),
            "cite": present.cite(item, path or ("" if unit == HEAD else unit)),
        } | more

    def act(record: Appointment) -> dict[str, Any]:
        word = _("任命") if record.action == "appoint" else _("免去")
        return row(record, title=record.person, detail=f"{word} {record.post}")

    def cites(record: Relation) -> dict[str, Any]:
        return row(
            record, title=record.target_number or f"《{record.target_title}》", detail=str(RELATION[record.type])
        )

    def repair(record: Repair) -> dict[str, Any]:
        word = str(REPAIR.get(record.kind, _("修补")))
        before, after = _around(read, record)
        return row(record, title=word, printed="", before=before, after=after)

    def limit(pair: tuple[TimeLimit, list[_Duty]]) -> dict[str, Any]:
        found, owners = pair
        title, day = _day(found, on)
        path, summaries = owners[0].clause_path, [duty.summary for duty in owners]
        return row(found, path, title=title, day=day, printed=found.text, owners=summaries)

    def target(record: Any) -> dict[str, Any]:
        shown = present.target_row(record, item)
        return row(record, title=shown.words, by=shown.by, baseline=shown.baseline, lead=shown.lead)

    wanted = [duty.pk for duty in records["duty"][:_RECORDS_SHOWN]]
    whole = {duty.pk: duty for duty in complete(Duty.objects.filter(pk__in=wanted))}
    makers: tuple[tuple[str, Callable[[Any], dict[str, Any]]], ...] = (
        ("duty", lambda x: row(x, duty=present.duty_row(whole[x.pk], on, {}))),
        ("limit", limit),
        ("target", target),
        ("seat", lambda x: row(x, title=x.person or x.post or x.organ_name, detail=f"{x.group} {x.role}".strip())),
        ("act", act),
        ("cites", cites),
        ("repair", repair),
        ("warning", lambda x: row(x, title=str(WARNING.get(x.code, _("存疑"))), message=x.message)),
    )  # fmt: skip
    titles = {
        "duty": _("责任"), "limit": _("时限"), "target": _("目标"), "seat": _("名单"), "act": _("任免"),
        "cites": _("引用"), "repair": _("修补"), "warning": _("存疑"),
    }  # fmt: skip
    return [
        {
            "kind": kind,
            "mark": {"duty": "lead", "seat": "list", "act": "list"}.get(kind, kind),
            "title": titles[kind],
            "count": len(records[kind]),
            "rows": [make(record) for record in records[kind][:_RECORDS_SHOWN]],
            "more": max(len(records[kind]) - _RECORDS_SHOWN, 0),
        }
        for kind, make in makers
        if records[kind]
    ]


# --- the page ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page shows; `unknown` is a clause that was asked for and does not exist."""

    units: list[Unit]
    chosen: Unit
    text: SafeString
    legend: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    unknown: str
    before: str
    after: str


class Place(NamedTuple):
    """A stretch of the file that a record stands for: marked so that the record can be pointed at in the text."""

    ref: str
    start: int
    end: int
    names: Sequence[str] = ()
    marked: bool = False


_BRACKETS = ("(", ")")
_MARK_HEAD = 12


def _narrowed(place: Place, read: _Read) -> Span:
    """Return the stretch to be set off: of a duty only where its organs stand, with the bracket round them."""
    start, end = max(place.start - read.item.start, 0), place.end - read.item.start
    source = fold(read.text[start:end])
    found = markup.located(place.names, source, last=place.marked).values() if place.names else ()
    if found:
        first, after = min(a for a, _b in found), max(b for _a, b in found)
        opened = source.rfind(_BRACKETS[0], max(first - _MARK_HEAD, 0), first)
        closed = source.find(_BRACKETS[1], after)
        if place.marked and opened >= 0 and closed >= 0:
            first, after = opened, closed + 1
        start, end = start + first, start + after
    return markup.widened(Span(f"ref:{place.ref}", start, end), read.text)


def compare(
    item: Instrument,
    wanted: str,
    *,
    raw: bool,
    on: datetime.date,
    places: Callable[[str], Sequence[Place]] | None = None,
    now: str = "",
    hidden: Collection[str] = (),
) -> Comparison:
    """Return the text of an instrument beside what was read from it, with the records of the clause `wanted`.

    With `places` (of the chosen clause) the text carries an address for each, the one of `now` is set off, and the
    records themselves are left to the caller; `hidden` kinds are not marked.
    """
    read = _read(item)
    units, of = _units(read.clauses)
    _collect(read, of)
    for path, kinds in read.records.items():
        units[path].count = sum(len(rows) for rows in kinds.values())
        units[path].doubtful = bool(kinds["warning"])
    path = wanted if wanted == HEAD else of.get(wanted, "")
    unknown = wanted if wanted and not path else ""
    path = (
        path
        or next((name for name, unit in units.items() if unit.count), "")
        or next((name for name in units if name != HEAD), HEAD)
    )
    anchor = units[path].clause
    page = anchor.seq // _SHOWN if anchor else 0
    clauses = read.clauses[page * _SHOWN : (page + 1) * _SHOWN]
    seen = {of[clause.path] for clause in clauses} | {HEAD}
    legend = _legend(read)
    read.marks = [mark for mark in read.marks if mark.kind not in hidden]
    opening = markup.tags({kind: str(word) for kind, word in MARK.items()})
    for place in places("" if path == HEAD else path) if places else ():
        kind = f"ref:{place.ref}"
        opening[kind] = (
            f'<span class="ls-ref{" ls-now" if place.ref == now else ""}" data-ls-ref="{escape(place.ref)}">'
        )
        read.marks.append(_narrowed(place, read))
    edges = [read.clauses[n].path for n in (page * _SHOWN - 1, (page + 1) * _SHOWN) if 0 <= n < len(read.clauses)]
    return Comparison(
        units=[unit for unit in units.values() if unit.path in seen],
        chosen=units[path],
        text=_text(read, of, clauses, path, raw, len(clauses) == len(read.clauses), opening),
        legend=legend,
        groups=_shown(read, path, on) if places is None else [],
        unknown=unknown,
        before=edges[0] if page else "",
        after=edges[-1] if (page + 1) * _SHOWN < len(read.clauses) else "",
    )
