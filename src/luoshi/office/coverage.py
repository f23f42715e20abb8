"""Coverage: what carries each clause of a programme's documents, and whether what is named exists and is tested.

A programme's `coverage.yaml` says it, clause by clause; what stands at a clause holds for everything under it:

    乳政办发〔2018〕2号:
      3.1.3(4): [decision:heavy_pollution.grade, page:pollution]
      3.3: [limit:heavy_pollution.warning/lists, step:heavy_pollution.warning/list]
      1.1: {exhortation: 目的，没有要执行的}
      5.3: [duty:ledger, {judgement: 情节由有权机关认定}]

This module is the format and the counting; it reads no database and no registry. What a name means is asked of the
function that is given to `report`. What of a room stands in no registry its module `covered` declares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from luoshi.kernel import yaml_text
from luoshi.kernel.citation import Locator
from luoshi.kernel.errors import LuoshiError

NOTICE = "通知"
"""The key of what the covering notice itself orders: it is no clause of the text it carries."""
KINDS: Mapping[str, str] = {
    "decision": "决定",
    "procedure": "程序",
    "step": "步骤",
    "limit": "期限",
    "duty": "责任",
    "indicator": "指标",
    "notice": "文书",
    "register": "台账",
    "parameter": "参数",
    "measure": "措施",
    "page": "页面",
    "test": "测试",
}
"""What may carry a clause."""
REASONS: Mapping[str, str] = {"exhortation": "没有要执行的", "judgement": "要由人判断"}
"""What may be said of a clause that software cannot carry."""


class State(StrEnum):
    """How a clause stands; the worst of what it names."""

    MISSING = "missing"
    UNKNOWN = "unknown"
    UNTESTED = "untested"
    CARRIED = "carried"
    JUDGEMENT = "judgement"
    EXHORTATION = "exhortation"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The Chinese word."""
        return STATE_TITLES[self]

    @property
    def good(self) -> bool:
        """Whether nothing is left to do."""
        return self not in (State.MISSING, State.UNKNOWN, State.UNTESTED)


STATE_TITLES: Mapping[State, str] = {
    State.MISSING: "没有承载",
    State.UNKNOWN: "所指不存在",
    State.UNTESTED: "没有测试",
    State.CARRIED: "已承载",
    State.JUDGEMENT: "由人判断",
    State.EXHORTATION: "无须执行",
}


@dataclass(frozen=True, slots=True)
class Artefact:
    """Something named as carrying a clause: `decision:heavy_pollution.grade`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at a clause: artefacts, or why there are none."""

    path: str
    written: str
    artefacts: tuple[Artefact, ...] = ()
    reasons: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a name: its title and address here; `exists` False: there is no such thing, None: not known here.

    `exercised`: whether a test or scenario names it, None where no tests are at hand; `where`: the first that does.
    """

    title: str = ""
    href: str = ""
    exists: bool | None = True
    exercised: bool | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class ClauseRef:
    """A clause as the library or the coverage file has it. Headings without words of their own are not counted."""

    path: str
    heading: str = ""
    text: str = ""

    @property
    def counts(self) -> bool:
        """Whether it says something of its own."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Line:
    """A clause with what carries it; `entry` may stand at a clause above."""

    clause: ClauseRef
    state: State
    entry: Entry | None = None
    found: tuple[tuple[Artefact, Found], ...] = ()

    @property
    def above(self) -> str:
        """The clause at which the entry stands, empty for its own."""
        return "" if self.entry is None or self.entry.path == self.clause.path else self.entry.path


@dataclass(frozen=True, slots=True)
class Report:
    """The coverage of one document. `stray`: entries for clauses it has not; `library`: its text was at hand."""

    instrument: str
    lines: tuple[Line, ...]
    stray: tuple[Entry, ...] = ()
    library: bool = True
    title: str = ""

    @property
    def figures(self) -> dict[str, int]:
        """How many clauses there are, and how many of each state."""
        counted = Counter(line.state.value for line in self.lines if line.clause.counts)
        return {"clauses": counted.total(), **{state.value: counted[state.value] for state in State}}

    @property
    def complete(self) -> bool:
        """Whether every clause is carried by something that exists and is tested, or says why not."""
        return not self.stray and all(line.state.good for line in self.lines if line.clause.counts)


Look = Callable[[Artefact, str, str], Found]
"""Says what became of a name: the artefact, the document and the clause at which it stands."""


# --- the file ---------------------------------------------------------------------------------------------------------


def read(path: Path) -> dict[str, list[Entry]]:
    """Return the entries of a coverage file by document; none where there is no file. E_INPUT names every fault."""
    if not path.is_file():
        return {}
    try:
        data = yaml_text.read(path.read_text("utf-8"))
    except yaml.YAMLError as error:
        raise LuoshiError("E_INPUT", f"{path.name}不是有效的YAML：{error}") from None
    return parse(data or {}, str(path.name))


def parse(data: Any, name: str = "coverage.yaml") -> dict[str, list[Entry]]:
    """Return the entries of coverage data by document; E_INPUT names every fault."""
    if not isinstance(data, Mapping) or not all(isinstance(part, Mapping) for part in data.values()):
        raise LuoshiError("E_INPUT", f"{name}应是：文号 → 条款 → 由什么承载。")
    faults: list[str] = []
    found = {str(number): list(_entries(clauses, faults)) for number, clauses in data.items()}
    for number, entries in found.items():
        twice = [path for path, n in Counter(entry.path for entry in entries).items() if n > 1]
        faults += [f"{number} {path}：写了两次" for path in twice]
    if faults:
        raise LuoshiError("E_INPUT", f"{name}有误：" + "；".join(faults), fields={"faults": faults})
    return found


def _entries(clauses: Mapping[Any, Any], faults: list[str]) -> Iterable[Entry]:
    for written, value in clauses.items():
        if not isinstance(written, str):
            faults.append(f"{written}：条款要加引号，否则读作数字")
            continue
        place = written
        path = place if place == NOTICE else Locator.parse(place).path
        artefacts: list[Artefact] = []
        reasons: dict[str, str] = {}
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, Mapping) and part and set(part) <= set(REASONS):
                reasons |= {str(kind): str(why).strip() for kind, why in part.items()}
            elif isinstance(part, str) and part.partition(":")[0] in KINDS and part.partition(":")[2].strip():
                kind, _colon, name = part.partition(":")
                artefacts.append(Artefact(kind, name.strip()))
            else:
                faults.append(f"{place}：“{part}”应如 decision:名称，或 exhortation: 理由")
        faults += [f"{place}：{kind}要写明理由" for kind, why in reasons.items() if not why]
        if not artefacts and not reasons and value in (None, []):
            faults.append(f"{place}：什么也没有写")
        yield Entry(path, place, tuple(artefacts), reasons or None)


# --- the report -------------------------------------------------------------------------------------------------------


def clauses_of(entries: Sequence[Entry]) -> list[ClauseRef]:
    """Return the clauses a coverage file itself names: what is counted where the document is not in the library."""
    return [ClauseRef(entry.path, text=entry.written) for entry in entries]


def report(
    instrument: str, clauses: Sequence[ClauseRef], entries: Sequence[Entry], look: Look, *, library: bool = True,
    title: str = "",
) -> Report:  # fmt: skip
    """Return how the clauses of one document stand."""
    by_path = {entry.path: entry for entry in entries}
    every = list(clauses)
    if NOTICE in by_path and library:
        every.insert(0, ClauseRef(NOTICE, heading="发文通知", text=NOTICE))
    known = {clause.path for clause in every}
    asked: dict[str, tuple[tuple[Artefact, Found], ...]] = {
        entry.path: tuple((one, look(one, instrument, entry.path)) for one in entry.artefacts)
        for entry in entries
        if entry.path in known
    }
    lines = []
    for clause in every:
        entry = by_path.get(_nearest(clause.path, by_path))
        found = asked.get(entry.path, ()) if entry else ()
        lines.append(Line(clause, _state(entry, found), entry, found))
    stray = tuple(entry for entry in entries if entry.path not in known)
    return Report(instrument, tuple(lines), stray, library, title)


def _nearest(path: str, by_path: Mapping[str, Entry]) -> str:
    """Return the path of the clause itself or the nearest one above that has an entry, empty for none."""
    while path and path not in by_path:
        path = path.rpartition("/")[0]
    return path


def _state(entry: Entry | None, found: Iterable[tuple[Artefact, Found]]) -> State:
    if entry is None:
        return State.MISSING
    standing = [one for _artefact, one in found]
    if any(one.exists is False for one in standing):
        return State.UNKNOWN
    if any(one.exercised is False for one in standing):
        return State.UNTESTED
    if standing:
        return State.CARRIED
    return State.EXHORTATION if "exhortation" in (entry.reasons or {}) else State.JUDGEMENT


def as_data(one: Report, *, only_open: bool = False) -> dict[str, Any]:
    """Return a report as JSON data; `only_open`: only clauses with something left to do."""
    return {
        "instrument": one.instrument,
        "title": one.title,
        "library": one.library,
        "complete": one.complete,
        "figures": one.figures,
        "stray": [entry.written for entry in one.stray],
        "clauses": [
            {
                "path": line.clause.path,
                "locator": locator_words(line.clause.path),
                "heading": line.clause.heading,
                "state": line.state.value,
                "from": locator_words(line.above),
                "carried_by": [
                    {"kind": artefact.kind, "name": artefact.name, "title": found.title, "href": found.href,
                     "exists": found.exists, "exercised": found.exercised, "where": found.where}
                    for artefact, found in line.found
                ],
                **((line.entry.reasons if line.entry else None) or {}),
            }
            for line in one.lines
            if line.clause.counts and not (only_open and line.state.good)
        ],
    }  # fmt: skip


def locator_words(path: str) -> str:
    """Return a path as it is cited: `3/3.1/3.1.3/(4)` is 3.1.3(4)."""
    return str(Locator.parse(path)) if path and path != NOTICE else path


# --- what rooms name besides the registries ---------------------------------------------------------------------------

_DECLARED: dict[tuple[str, str], Found] = {}


def declare(kind: str, name: str, title: str, href: str = "") -> None:
    """Make a thing of a room known that stands in no registry of the office: a measure, a duty it schedules itself."""
    if kind not in KINDS:
        raise ValueError(f"coverage knows no {kind!r}")
    _DECLARED[kind, name] = Found(title, href)


def declared(artefact: Artefact) -> Found | None:
    """Return what a room declared under the name."""
    return _DECLARED.get((artefact.kind, artefact.name))
