"""What the API sends and takes."""

from __future__ import annotations

import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

ERRORS = frozenset((400, 403, 404, 405, 409, 422))
"""The statuses of a refusal; each answer is a `Problem`."""


class Problem(Schema):
    """An error (RFC 9457): `code` is for machines, `detail` a Chinese sentence."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    instance: str = ""
    fields: dict[str, Any] = Field(default_factory=dict)
    citation: str | None = None


class OrganOut(Schema):
    """An organ as a duty names it."""

    name: str
    slug: str | None = None


class LimitOut(Schema):
    """A time limit: normalised, as printed, and when it falls due next."""

    kind: str
    value: str
    text: str
    words: str
    due_on: datetime.date | None = None
    next_due: datetime.date | None = None


class TargetOut(Schema):
    """A printed figure an organ is measured on."""

    subject: str
    op: str
    value: str
    unit: str
    by: datetime.date | None = None
    baseline: str | None = None
    aspiration: bool


class DutyOut(Schema):
    """One duty of the ledger."""

    id: int
    instrument: str = Field(description="文件的键：文号，或无文号文件的编号")
    instrument_title: str
    clause: str
    citation: str
    href: str
    summary: str
    action: str
    lead: list[OrganOut]
    cooperating: list[OrganOut]
    local: bool
    local_text: list[str]
    time_limits: list[LimitOut]
    targets: list[TargetOut]
    origin: str
    basis: str
    confidence: float
    open_ended: bool


class DutyPage(Schema):
    """A page of duties; `next` is the cursor of the following one."""

    items: list[DutyOut]
    next: str | None = None
    total: int
    exact: bool


class ReasonOut(Schema):
    """One reason with the clause it rests on."""

    ok: bool | None = None
    text: str
    citation: str | None = None


class ValidityOut(Schema):
    """Whether an instrument is in force on a day."""

    state: str
    on: datetime.date
    estimated: bool = Field(False, description="据前后文号的日期推定")
    reasons: list[ReasonOut] = Field(default_factory=list)


class InstrumentOut(Schema):
    """One instrument, without its clauses."""

    key: str
    number: str | None = None
    version: int
    is_current: bool
    title: str | None = None
    covering_title: str | None = None
    kind: str
    trial: bool
    issuer: str | None = None
    issued_on: datetime.date | None = None
    effective_from: datetime.date | None = None
    expires_on: datetime.date | None = None
    validity: ValidityOut
    clause_count: int
    duty_count: int
    target_count: int
    warning_count: int
    href: str


class InstrumentPage(Schema):
    """A page of instruments."""

    items: list[InstrumentOut]
    next: str | None = None
    total: int
    exact: bool


class RelationOut(Schema):
    """What an instrument says about another."""

    type: str
    number: str | None = None
    title: str | None = None
    clause: str


class InstrumentDetail(InstrumentOut):
    """One instrument with what its head prints and its relations."""

    addressees: list[str]
    signed_by: str | None = None
    disclosure: str | None = None
    gazette: int
    relations: list[RelationOut]
    versions: list[int]


class ClauseOut(Schema):
    """One clause."""

    path: str
    label: str
    kind: str
    heading: str | None = None
    text: str
    start: int
    end: int
    href: str


class ClausePage(Schema):
    """Clauses in the order of the text."""

    items: list[ClauseOut]
    next: str | None = None
    total: int


class GazetteOut(Schema):
    """One imported file."""

    id: int
    filename: str
    title: str | None = None
    year: int | None = None
    issue: int | None = None
    publisher: str | None = None
    digest: str
    imported_at: datetime.datetime
    instruments: int
    clauses: int
    duties: int
    time_limits: int
    targets: int
    warnings: int


class GazettePage(Schema):
    """A page of imported files, newest first."""

    items: list[GazetteOut]
    next: str | None = None


class CompileIn(Schema):
    """A text to compile; nothing is kept."""

    text: str


class JobOut(Schema):
    """A long job."""

    id: int
    kind: str
    state: str
    phase: str
    n: int
    total: int
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    href: str


class DecideIn(Schema):
    """Facts of a decision, the day whose rules count (default today), and what-if values."""

    facts: dict[str, Any]
    on: datetime.date | None = None
    set: dict[str, Any] = Field(default_factory=dict)


class DecisionName(Schema):
    """A decision that can be asked for."""

    key: str
    title: str
    citation: str | None = None
