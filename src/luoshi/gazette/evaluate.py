"""Compare a compilation with hand-labelled records, and count: precision, recall and F1 of each measure.

A label file (YAML or JSON, already read into plain data) says what a careful reader finds in one text::

    file: sample.txt
    complete: true                      # optional: any further instrument in the compilation is an error
    instruments:
      - number: 测政发〔2018〕1号          # or null; the other head fields are optional
        title: 测试方案
        covers:                         # what was read: "all", the clause paths that were, or all except some
          clauses: all
          duties: ["一/(一)", "二"]       # every duty of these clauses
          marks: all                    # only the duties stated by a responsibility mark
          limits: {except: ["二"]}       # left out: clauses on which careful readers would differ
          targets: all
          memberships: [附件]            # those printed in these clauses
          appointments: all
        clauses: [{path: "一", start: 120}, {path: "一/(一)"}]
        duties: [{clause: "一/(一)", lead: [市甲局], cooperating: [], basis: mark}]
        limits: [{clause: "一/(一)", kind: by, value: "2018-12-31"}]
        targets: [{clause: "一/(一)", op: ">=", value: "98", unit: "%"}]
        memberships: [{role: 组长, person: [310, 312], post: 副市长}]
        appointments: [{action: appoint, person: [400, 402], post: 某市甲局局长}]

A measure that `covers` does not name is not counted for that instrument. A person is labelled by the span [start, end)
where the text prints the name, never by the name. Names and posts are compared after NFKC and without blanks.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luoshi.gazette.records import Compilation, to_json

HEAD_FIELDS = ("number", "title", "covering_title", "issuer", "issued_on", "effective_from", "expires_on", "repeals")
MEASURES = ("heads", "clauses", "starts", "marks", "duties", "limits", "targets", "memberships", "appointments")
"""Measures in the order they are printed; `starts` counts only labelled clauses whose label gives a start."""

_BLANKS = re.compile(r"\s+")
Key = tuple[Any, ...]


@dataclass(slots=True)
class Measure:
    """Counts of one measure, with what was missed and what was found too much, as printable lines."""

    expected: int = 0
    found: int = 0
    correct: int = 0
    misses: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """Share of the found that is right; None where nothing was found."""
        return self.correct / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the expected that was found; None where nothing was expected."""
        return self.correct / self.expected if self.expected else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None where nothing was expected and nothing found."""
        total = self.expected + self.found
        return 2 * self.correct / total if total else None

    def count(self, place: str, expected: Iterable[Key], found: Iterable[Key]) -> None:
        """Add one place's expected and found items (each as often as it occurs) to the counts."""
        wanted, had = Counter(expected), Counter(found)
        self.expected += wanted.total()
        self.found += had.total()
        self.correct += (wanted & had).total()
        self.misses += [f"{place} {_show(key)}" for key in (wanted - had).elements()]
        self.extras += [f"{place} {_show(key)}" for key in (had - wanted).elements()]

    def add(self, other: Measure) -> None:
        """Add the counts and lists of `other`."""
        self.expected += other.expected
        self.found += other.found
        self.correct += other.correct
        self.misses += other.misses
        self.extras += other.extras


@dataclass(slots=True)
class Report:
    """One `Measure` for each name in `MEASURES`."""

    measures: dict[str, Measure] = field(default_factory=lambda: {name: Measure() for name in MEASURES})

    def add(self, other: Report) -> None:
        """Add the counts of another text's report."""
        for name, measure in other.measures.items():
            self.measures[name].add(measure)

    def to_json(self) -> dict[str, Any]:
        """Return counts, figures and lists as plain data."""
        return {
            name: {
                "expected": m.expected,
                "found": m.found,
                "correct": m.correct,
                "precision": m.precision,
                "recall": m.recall,
                "f1": m.f1,
                "misses": m.misses,
                "extras": m.extras,
            }
            for name, m in self.measures.items()
        }

    def table(self) -> str:
        """Return the figures as a text table, one line for each measure that counted anything."""
        lines = [f"{'measure':<14}{'expected':>9}{'found':>7}{'correct':>9}{'precision':>11}{'recall':>8}{'F1':>8}"]
        for name, m in self.measures.items():
            if m.expected or m.found:
                lines.append(
                    f"{name:<14}{m.expected:>9}{m.found:>7}{m.correct:>9}"
                    f"{_figure(m.precision):>11}{_figure(m.recall):>8}{_figure(m.f1):>8}"
                )
        return "\n".join(lines)

    def details(self) -> str:
        """Return every miss and every item found too much, a line each, under the measure's name."""
        lines: list[str] = []
        for name, m in self.measures.items():
            lines += [f"{name}: missed {item}" for item in m.misses]
            lines += [f"{name}: extra  {item}" for item in m.extras]
        return "\n".join(lines)


def evaluate(
    compilation: Compilation | Mapping[str, Any], labels: Mapping[str, Any], text: str | None = None
) -> Report:
    """Return the report of one compiled text against its labels.

    `text` is the original text the spans of persons point into; without it a labelled person is right when the record
    names somebody and its span holds the labelled one.
    """
    data = compilation if isinstance(compilation, Mapping) else to_json(compilation)
    report = Report()
    left = list(data["instruments"])
    for wanted in labels["instruments"]:
        found = _take(wanted, left, alone=len(labels["instruments"]) == 1)
        _compare(report, wanted, found, text)
    if labels.get("complete"):
        for extra in left:
            report.measures["heads"].count(
                _place(extra), [], [("number", _plain(extra["number"])), ("title", _plain(extra["title"]))]
            )
    return report


def _take(wanted: Mapping[str, Any], left: list[Any], alone: bool) -> Mapping[str, Any] | None:
    """Take the instrument that `wanted` labels out of `left`: same number, else same title, else the only one."""
    for name in ("number", "title"):
        value = _plain(wanted.get(name))
        for index, candidate in enumerate(left):
            if value is not None and _plain(candidate[name]) == value:
                return dict(left.pop(index))
    if alone and len(left) == 1:
        return dict(left.pop())
    return None


def _compare(report: Report, wanted: Mapping[str, Any], found: Mapping[str, Any] | None, text: str | None) -> None:
    """Count every measure that the labels of one instrument cover."""
    place = _place(wanted)
    covers: Mapping[str, Any] = wanted.get("covers") or {}
    record: Mapping[str, Any] = found or {}
    count = report.measures

    fields = [name for name in HEAD_FIELDS if name in wanted]
    count["heads"].count(
        place, [_head(wanted, name) for name in fields], [_head(record, name) for name in fields] if found else []
    )
    if "clauses" in covers:
        _compare_clauses(report, place, wanted.get("clauses") or [], record.get("clauses") or [], covers["clauses"])

    labelled, compiled = wanted.get("duties") or [], record.get("duties") or []
    if "duties" in covers:
        scope = covers["duties"]
        count["duties"].count(place, _duties(labelled, scope), _duties(compiled, scope))
    if "marks" in covers:
        scope = covers["marks"]
        count["marks"].count(place, _duties(_marked(labelled), scope), _duties(_marked(compiled), scope))
    if "limits" in covers:
        scope = covers["limits"]
        limits = ({"clause": d["clause"], **limit} for d in compiled for limit in d["time_limits"])
        count["limits"].count(place, _limits(wanted.get("limits") or [], scope), _limits(limits, scope))
    if "targets" in covers:
        scope = covers["targets"]
        count["targets"].count(
            place, _targets(wanted.get("targets") or [], scope), _targets(record.get("targets") or [], scope)
        )
    for name, keys in (("memberships", ("role", "post")), ("appointments", ("action", "post", "remark"))):
        if name in covers:
            seats = [item for item in record.get(name) or [] if _within(item.get("clause", ""), covers[name])]
            expected, had = _people(wanted.get(name) or [], seats, keys, text)
            count[name].count(place, expected, had)


def _compare_clauses(report: Report, place: str, wanted: Sequence[Any], found: Sequence[Any], scope: Any) -> None:
    """Count clause paths, and starts where the label gives one."""
    expected = [_clause(item) for item in wanted]
    starts = {path: start for path, start in expected if start is not None}
    had = [
        (c["path"], c["start"]) for c in found if c["kind"] not in ("dash", "paragraph") and _within(c["path"], scope)
    ]
    report.measures["clauses"].count(place, [(path,) for path, _ in expected], [(path,) for path, _ in had])
    report.measures["starts"].count(place, starts.items(), [(path, start) for path, start in had if path in starts])


def _clause(item: Any) -> tuple[str, int | None]:
    """Return path and start of a labelled clause, written as a mapping or as the bare path."""
    return (item, None) if isinstance(item, str) else (item["path"], item.get("start"))


def _within(path: str, scope: Any) -> bool:
    """Tell whether a measure covers the clause `path`; see the module's text for the forms of `scope`."""
    if isinstance(scope, Mapping):
        return path not in scope["except"]
    return scope == "all" or path in scope


def _marked(duties: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [duty for duty in duties if duty["basis"] in ("mark", "declaration")]


def _duties(duties: Iterable[Mapping[str, Any]], scope: Any) -> set[Key]:
    """Return the duties of the covered clauses as (clause, lead names, cooperating names)."""
    return {
        (d["clause"], _names(d["lead"]), _names(d.get("cooperating") or []))
        for d in duties
        if _within(d["clause"], scope)
    }


def _limits(limits: Iterable[Mapping[str, Any]], scope: Any) -> set[Key]:
    """Return the limits of the covered clauses, each (clause, kind, value) once."""
    return {(x["clause"], x["kind"], str(x["value"])) for x in limits if _within(x["clause"], scope)}


def _targets(targets: Iterable[Mapping[str, Any]], scope: Any) -> list[Key]:
    """Return the targets of the covered clauses, one for each printed figure."""
    return [(x["clause"], x["op"], str(x["value"]), _plain(x["unit"])) for x in targets if _within(x["clause"], scope)]


def _names(organs: Iterable[Any]) -> tuple[str, ...]:
    """Return organ names (records or bare strings) as a set would hold them, in a printable order."""
    return tuple(sorted({_plain(o if isinstance(o, str) else o["name"]) or "" for o in organs}))


def _head(record: Mapping[str, Any], name: str) -> Key:
    """Return one head field as an item; documents repealed come by number, else by title."""
    if name != "repeals":
        return name, _plain(record.get(name))
    if "repeals" in record:
        return name, tuple(sorted(_plain(value) or "" for value in record["repeals"]))
    targets = (r["target"] for r in record.get("relations") or [] if r["type"] == "repeals")
    return name, tuple(sorted({_plain(t["number"] or t["title"]) or "" for t in targets}))


def _people(
    wanted: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], keys: Sequence[str], text: str | None
) -> tuple[list[Key], list[Key]]:
    """Return labelled and compiled people as items that agree in the person and in `keys`.

    A person stands as the start of the labelled span, so that no report prints a name.
    """
    expected: list[Key] = []
    spans: list[tuple[int, int]] = []
    for item in wanted:
        span = item.get("person")
        if span:
            spans.append((span[0], span[1]))
        expected.append((span[0] if span else None, *(_plain(item.get(key)) for key in keys)))
    had = [(_person(item, spans, text), *(_plain(item.get(key)) for key in keys)) for item in found]
    return expected, had


def _person(item: Mapping[str, Any], spans: Sequence[tuple[int, int]], text: str | None) -> int | None:
    """Return the start of the labelled span whose person the record names, -1 for another person, None for nobody."""
    if item.get("person") is None:
        return None
    inside = [(start, end) for start, end in spans if item["start"] <= start and end <= item["end"]]
    for start, end in inside or spans:
        if text is None:
            return start if inside else -1
        if _plain(text[start:end]) == _plain(item["person"]):
            return start
    return -1


def _place(record: Mapping[str, Any]) -> str:
    return f"[{record.get('number') or record.get('title') or '-'}]"


def _plain(value: Any) -> str | None:
    """Return a printed value without blanks and in NFKC form; None stays None."""
    return None if value is None else _BLANKS.sub("", unicodedata.normalize("NFKC", str(value)))


def _show(key: Key) -> str:
    return " | ".join("、".join(part) if isinstance(part, tuple) else str(part) for part in key)


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
