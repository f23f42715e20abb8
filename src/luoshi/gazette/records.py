"""The records a compiled gazette consists of: the public JSON contract, version 1.

`to_json` turns any of them into plain data in the field order below; `schema/gazette-v1.schema.json` says the same.
Spans (`start`, `end`) count characters of the original file, `end` exclusive. Dates are ISO strings or None; a value
the text does not print is None, never guessed. Field meanings follow the conventions in docs/gazette-contract.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

CONTRACT_VERSION = 1

KINDS = ("opinion", "plan", "measures", "emergency_plan", "notice", "work_points", "appointment", "other")
"""Kinds of instrument: 意见, 方案, 办法, 预案, 通知, 要点, 任免, anything else."""

CLAUSE_KINDS = (
    "chapter", "section", "article", "cn", "cn_paren", "num", "num_paren", "circle", "decimal", "annex", "part",
    "dash", "paragraph",
)  # fmt: skip
"""Kinds of clause: 第一章, 第一节, 第一条, 一、, (一), 1., (1), ①, 3.1.3, 附件, a part's title, ——, unnumbered."""


@dataclass(slots=True)
class Organ:
    """An organ as a duty names it: `name` as printed, shared prefixes supplied; `slug` from the directory or None."""

    name: str
    slug: str | None = None


@dataclass(slots=True)
class Limit:
    """A time limit: `kind` by|from|between|within|every, `value` normalised, `text` with its trigger as printed."""

    kind: str
    value: str
    text: str
    start: int = -1
    end: int = -1


@dataclass(slots=True)
class Clause:
    """One clause of the flattened tree: `path` is its labels joined by `/`; `text` is its own, without children."""

    path: str
    label: str
    kind: str
    heading: str | None
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Duty:
    """One clause's statement that an organ must do something; `basis` says which reading produced it."""

    clause: str
    action: str
    summary: str
    lead: list[Organ]
    cooperating: list[Organ]
    local: bool
    local_text: list[str]
    time_limits: list[Limit]
    start: int
    end: int
    basis: str
    confidence: float
    open_ended: bool = False


@dataclass(slots=True)
class Target:
    """A printed figure an organ is measured on: `op` >=|<=|>|<|=|~, `value` and `unit` as printed."""

    subject: str
    op: str
    value: str
    unit: str
    by: str | None
    baseline: str | None
    aspiration: bool
    clause: str
    lead: list[Organ]
    start: int
    end: int


@dataclass(slots=True)
class PolicyParameter:
    """A figure of the policy itself (rate, cap, fee, threshold of a procedure), which nobody is measured on."""

    subject: str
    op: str
    value: str
    unit: str
    clause: str
    start: int
    end: int


@dataclass(slots=True)
class Membership:
    """One seat of a leading group: named lists give persons, lists of posts give posts."""

    group: str
    role: str
    person: str | None
    organ: Organ | None
    post: str | None
    clause: str
    start: int
    end: int


@dataclass(slots=True)
class Appointment:
    """One act of an appointment order: `action` appoint|remove, `post` as printed, split into `organ` and `title`."""

    action: str
    person: str
    post: str
    organ: Organ
    title: str
    remark: str | None
    start: int
    end: int


@dataclass(slots=True)
class Reference:
    """The instrument a relation points at: its number where printed, else its title."""

    number: str | None
    title: str | None


@dataclass(slots=True)
class Relation:
    """repeals | based_on | cites | implements | amends, and the clause that says so."""

    type: str
    target: Reference
    clause: str
    start: int
    end: int


@dataclass(slots=True)
class NumberParts:
    """The three parts of a document number: 乳政办发, 2018, 2."""

    issuer_word: str
    year: int
    serial: int


@dataclass(slots=True)
class Instrument:
    """One document of the gazette."""

    number: str | None
    number_parts: NumberParts | None
    title: str | None
    covering_title: str | None
    kind: str
    trial: bool
    issuer: str | None
    addressees: list[str]
    signed_by: str | None
    issued_on: str | None
    disclosure: str | None
    effective_from: str | None
    expires_on: str | None
    start: int
    end: int
    relations: list[Relation] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)
    duties: list[Duty] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    memberships: list[Membership] = field(default_factory=list)
    appointments: list[Appointment] = field(default_factory=list)
    parameters: list[PolicyParameter] = field(default_factory=list)


@dataclass(slots=True)
class Gazette:
    """The issue itself, as far as a cover gives it."""

    title: str | None = None
    year: int | None = None
    issue: int | None = None
    publisher: str | None = None


@dataclass(slots=True)
class Repair:
    """What was mended, and where: `kind` e.g. joined_line, removed_blank, moved_block, supplied_label."""

    kind: str
    start: int
    end: int
    before: str
    after: str


@dataclass(slots=True)
class Warning:  # noqa: A001 - the contract's own word
    """What a reader should check: a code such as `missing_date`, a Chinese sentence, and the place."""

    code: str
    message: str
    start: int
    end: int
    instrument: str | None = None


@dataclass(slots=True)
class Compilation:
    """Everything read from one file."""

    gazette: Gazette
    instruments: list[Instrument]
    repairs: list[Repair]
    warnings: list[Warning]
    version: int = CONTRACT_VERSION


def to_json(record: Any) -> Any:
    """Return `record` (any dataclass of this module, list or scalar) as plain JSON data."""
    if is_dataclass(record) and not isinstance(record, type):
        return {f.name: to_json(getattr(record, f.name)) for f in fields(record)}
    if isinstance(record, list):
        return [to_json(item) for item in record]
    return record
