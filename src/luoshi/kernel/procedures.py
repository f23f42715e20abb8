"""Procedures: a kind of case as data. States, steps, who does them, what guards them, limits, what their expiry does.

A procedure is read from YAML that a programme officer can read, checked as a whole, and never changed: another version
is another `Procedure` of the same key with a later `effective_from`. An open case keeps the version it was opened
under.

    key: demo.permit
    title: 许可
    from: 2018-01-01
    parties:
      clerk: {title: 经办, organ: finance, role: clerk}
      head: {title: 负责人, organ: finance, role: leader}
    states:
      review: {title: 审查, status: in_review}
      granted: {title: 已许可, status: approved, ends: true}
    start: review
    steps:
      grant: {title: 许可, from: [review], to: granted, by: [head], other_hand_than: [open]}
    limits:
      review: {title: 审查期限, within: 10wd, from: [open], until: [grant], expiry: {kind: escalate, to: head}}

What runs procedures is `office.cases`; this module holds no state and knows no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from luoshi.kernel.citation import Citation
from luoshi.kernel.dues import Form, Roll
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.limit_words import read_unit
from luoshi.kernel.limits import TimeLimit

OPEN = "open"
"""The name of the act that opens a case, where a step or limit refers to it."""


class Status(StrEnum):
    """The states every programme shares (conventions section 5); a procedure's finer states map to these."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    IN_REVIEW = "in_review"
    WAITING = "waiting"
    PAUSED = "paused"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUED = "issued"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    CROSSED_OFF = "crossed_off"
    CLOSED = "closed"
    REOPENED = "reopened"
    ARCHIVED = "archived"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The Chinese word."""
        return STATUS_TITLES[self]


STATUS_TITLES: Mapping[Status, str] = {
    Status.DRAFT: "草稿",
    Status.SUBMITTED: "已提交",
    Status.RETURNED: "退回补正",
    Status.ACCEPTED: "已受理",
    Status.IN_REVIEW: "审查中",
    Status.WAITING: "等待他方",
    Status.PAUSED: "计时中止",
    Status.APPROVED: "通过",
    Status.REFUSED: "不予通过",
    Status.ISSUED: "已制发",
    Status.IN_FORCE: "生效",
    Status.SUSPENDED: "暂停效力",
    Status.EXPIRED: "期满",
    Status.SUPERSEDED: "被替代",
    Status.REVOKED: "撤销",
    Status.WITHDRAWN: "撤回",
    Status.LAPSED: "失效",
    Status.CROSSED_OFF: "销号",
    Status.CLOSED: "办结",
    Status.REOPENED: "重新打开",
    Status.ARCHIVED: "归档",
}


class Expiry(StrEnum):
    """What the end of a limit does (conventions section 5); one per limit."""

    REMIND = "remind"
    ESCALATE = "escalate"
    CARD = "card"
    MARK_LATE = "mark_late"
    BLOCK = "block"
    PROVISIONAL = "provisional"
    LAPSE = "lapse"
    CLOSE = "close"
    TACIT_APPROVE = "tacit_approve"
    DEEMED_ACCEPT = "deemed_accept"
    TACIT_RENEW = "tacit_renew"
    TACIT_CONFIRM = "tacit_confirm"

    @property
    def title(self) -> str:  # type: ignore[override]
        """The Chinese word."""
        return EXPIRY_TITLES[self]

    @property
    def by_silence(self) -> bool:
        """Whether silence decides: never on a provisional date."""
        return self in _BY_SILENCE


EXPIRY_TITLES: Mapping[Expiry, str] = {
    Expiry.REMIND: "到期提醒",
    Expiry.ESCALATE: "逾期上报",
    Expiry.CARD: "逾期亮牌",
    Expiry.MARK_LATE: "逾期仍受理，记为迟报",
    Expiry.BLOCK: "逾期不得再办",
    Expiry.PROVISIONAL: "逾期按替代规则暂定",
    Expiry.LAPSE: "期满失效",
    Expiry.CLOSE: "期满办结",
    Expiry.TACIT_APPROVE: "期满视为同意",
    Expiry.DEEMED_ACCEPT: "期满视为受理",
    Expiry.TACIT_RENEW: "期满视为准予延续",
    Expiry.TACIT_CONFIRM: "期满视为无异议",
}
_BY_SILENCE = frozenset(
    {Expiry.LAPSE, Expiry.CLOSE, Expiry.PROVISIONAL, Expiry.TACIT_APPROVE, Expiry.DEEMED_ACCEPT, Expiry.TACIT_RENEW,
     Expiry.TACIT_CONFIRM}
)  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Party(_Part):
    """Who takes part: an organ (slug, or `fact:town` for one named by the case) and the role held there."""

    key: str = ""
    title: str
    organ: str
    role: Literal["clerk", "reviewer", "leader", "supervisor"] = "clerk"


class State(_Part):
    """Where a case may stand. `ends`: nothing is owed any more; `holder`: who has it when no step says so."""

    key: str = ""
    title: str
    status: Status
    ends: bool = False
    note: str = ""


class Ask(_Part):
    """One thing a step asks for. `keep`: it becomes a fact of the case under its name.

    `past`: a date of what has happened, which may be the day of the step at the latest.
    """

    name: str
    title: str
    type: Literal["text", "long", "date", "moment", "integer", "decimal", "money", "choice", "tick", "file", "list"] = (
        "text"
    )
    required: bool = True
    choices: Mapping[str, str] = Field(default_factory=dict)
    keep: bool = True
    past: bool = False
    help: str = ""


class Step(_Part):
    """One act on a case.

    `kind`: `human` (a party of `by`), `joint` (all of `by`, in any order), `auto` (by itself as soon as it may),
    `timer` (only by the end of a limit). `to` is empty for a step that leaves the state as it is. `guard` is the key of
    a decision that must allow it, `facts` the name of the function that gathers its facts (default: the facts of the
    case and what the step was given). `after`: steps that must have been done since the state was entered;
    `voice_after`: the step that must have been done before a party of a joint step speaks, by party.
    `other_hand_than`: steps whose doers may not do this one. `on_refusal`: the step taken when one of a joint step
    refuses. `counter_of`: the step whose effect it takes back. `aside`: it may be taken, but nobody waits for it.
    """

    key: str = ""
    title: str
    kind: Literal["human", "joint", "auto", "timer"] = "human"
    sources: tuple[str, ...] = Field(alias="from")
    to: str = ""
    by: tuple[str, ...] = ()
    guard: str = ""
    facts: str = ""
    after: tuple[str, ...] = ()
    voice_after: Mapping[str, str] = Field(default_factory=dict)
    other_hand_than: tuple[str, ...] = ()
    on_refusal: str = ""
    counter_of: str = ""
    aside: bool = False
    asks: tuple[Ask, ...] = ()
    needs: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    pauses: str = ""
    resumes: str = ""
    citation: str = ""
    note: str = ""

    @field_validator("sources", "by", "after", "other_hand_than", "needs", "issues", "effects", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @property
    def by_person(self) -> bool:
        """Whether a person does it."""
        return self.kind in ("human", "joint")


class OnExpiry(_Part):
    """What happens at the end of a limit: its kind, the step taken or the party told."""

    kind: Expiry = Expiry.REMIND
    step: str = ""
    to: str = ""


class Prolongation(_Part):
    """How a limit may be extended: by how much, how often, by whom, asked or granted before the limit ends."""

    by: str
    most: int = 1
    who: tuple[str, ...] = ()
    decided: Literal["granted", "asked"] = "granted"


_SHORT = re.compile(r"(\d+)\s*([A-Za-z_]+|[\u4e00-\u9fff]+)")


def read_span(text: str) -> tuple[int, str]:
    """Return number and unit of `10wd`, `4h`, `3个月`; E_INPUT for what is none."""
    if (match := _SHORT.fullmatch(text.strip())) is None:
        raise LuoshiError("E_INPUT", f"期限“{text}”应如 10wd、4h、3mo、10个工作日。", fields={"limit": text})
    return int(match[1]), read_unit(match[2]).value


class Limit(_Part):
    """A time limit of a case.

    `within` (10wd, 4h, 3mo) after the steps of `from`; `before` the moment in a fact; `clock` (15:00) of the first day
    that owes it (`cutoff`); `at_fact`: the moment in a fact itself. `parameter` names the dated parameter that gives
    the number instead of the one printed in `within`. It stops with the steps of `until` or when the case leaves
    `while`. `pauses`: the kinds of pause that take days out of it; `resets`: steps that start it afresh.
    `remind`: how long before its end people are reminded.
    """

    key: str = ""
    title: str
    within: str = ""
    before: str = ""
    clock: str = ""
    cutoff: str = ""
    at_fact: str = ""
    parameter: str = ""
    starts: tuple[str, ...] = Field(default=(OPEN,), alias="from")
    event_fact: str = ""
    until: tuple[str, ...] = ()
    during: tuple[str, ...] = Field(default=(), alias="while")
    roll: Roll = Roll.NONE
    pauses: tuple[str, ...] = ()
    resets: tuple[str, ...] = ()
    extension: Prolongation | None = None
    remind: tuple[str, ...] = ()
    expiry: OnExpiry = OnExpiry()
    party: str = ""
    outer: bool = False
    citation: str = ""
    note: str = ""

    @field_validator("starts", "until", "during", "pauses", "resets", "remind", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        forms = [form for form in (self.within, self.before, self.clock, self.at_fact) if form]
        if len(forms) != 1:
            raise ValueError(f"期限“{self.title}”应当只写 within、before、clock、at_fact 中的一个")
        if (self.before or self.at_fact) and not (self.event_fact or self.at_fact):
            raise ValueError(f"期限“{self.title}”的 before 要写明 event_fact")
        return self

    @property
    def words(self) -> str:
        """The limit in Chinese words."""
        if self.clock:
            return f"当日{self.clock}前"
        if self.at_fact:
            return "至所定时刻"
        n, unit = read_span(self.within or self.before)
        limit = TimeLimit(n, read_unit(unit), Form.AFTER if self.within else Form.BEFORE)
        return str(limit)


class PauseRule(_Part):
    """A ground on which limits may be stopped, and who may do it."""

    title: str
    by: tuple[str, ...] = ()
    citation: str = ""


class Procedure(_Part):
    """A kind of case, in one version. `number` is the pattern of case numbers; `one_open`: one open case a subject."""

    key: str
    title: str
    programme: str = ""
    citation: str = ""
    effective_from: date = Field(alias="from")
    number: str = ""
    one_open: bool = False
    public: bool = False
    start: str
    opened_by: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    issues: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    parties: Mapping[str, Party]
    states: Mapping[str, State]
    steps: Mapping[str, Step]
    limits: Mapping[str, Limit] = Field(default_factory=dict)
    pauses: Mapping[str, PauseRule] = Field(default_factory=dict)
    note: str = ""

    @field_validator("opened_by", "issues", "effects", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _name_parts(cls, data: Any) -> Any:
        """Give each part its key, so that it can be written once."""
        data = dict(data)
        for kind in ("parties", "states", "steps", "limits"):
            parts = data.get(kind) or {}
            data[kind] = {key: {"key": key, **(part or {})} for key, part in parts.items()}
        data.setdefault("programme", str(data.get("key", "")).partition(".")[0])
        return data

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        faults = list(self._faults())
        if faults:
            raise ValueError("；".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        if self.start not in self.states:
            yield f"start“{self.start}”不是状态"
        known_steps = {*self.steps, OPEN}
        for step in self.steps.values():
            named = f"步骤“{step.key}”"
            for state in (*step.sources, *([step.to] if step.to else [])):
                if state not in self.states:
                    yield f"{named}：没有状态“{state}”"
            for party in step.by:
                if party not in self.parties:
                    yield f"{named}：没有参与方“{party}”"
            named_steps = (*step.after, *step.voice_after.values(), *step.other_hand_than)
            for other in (*named_steps, *filter(None, (step.on_refusal, step.counter_of))):
                if other not in known_steps:
                    yield f"{named}：没有步骤“{other}”"
            for party in step.voice_after:
                if step.kind != "joint" or party not in step.by:
                    yield f"{named}：voice_after 里的“{party}”不是共同办理这一步的一方"
            if step.by_person and not step.by:
                yield f"{named}：没有写由谁办(by)"
            if step.pauses and step.pauses not in self.pauses:
                yield f"{named}：没有中止情形“{step.pauses}”"
            if step.citation:
                Citation.of(step.citation)
        for limit in self.limits.values():
            for other in (*limit.starts, *limit.until, *limit.resets, *filter(None, (limit.expiry.step,))):
                if other not in known_steps:
                    yield f"期限“{limit.key}”：没有步骤“{other}”"
            for state in limit.during:
                if state not in self.states:
                    yield f"期限“{limit.key}”：没有状态“{state}”"
            for kind in limit.pauses:
                if kind not in self.pauses:
                    yield f"期限“{limit.key}”：没有中止情形“{kind}”"
            if limit.expiry.kind.by_silence and limit.expiry.kind is not Expiry.PROVISIONAL and not limit.expiry.step:
                yield f"期限“{limit.key}”：{limit.expiry.kind.title}要写明走哪一步(step)"
        yield from self._unreachable()

    def _unreachable(self) -> Iterator[str]:
        seen, waiting = {self.start}, [self.start]
        while waiting:
            here = waiting.pop()
            for step in self.steps_from(here):
                if step.to and step.to not in seen:
                    seen.add(step.to)
                    waiting.append(step.to)
        for key, state in self.states.items():
            if key not in seen:
                yield f"状态“{key}”到不了"
            if not state.ends and not any(step.to and step.to != key for step in self.steps_from(key)):
                yield f"状态“{key}”出不去"

    @property
    def version(self) -> str:
        """The name of this version: the day from which it holds."""
        return self.effective_from.isoformat()

    def steps_from(self, state: str) -> list[Step]:
        """Return the steps that may be taken in a state, in the order written."""
        return self._from.get(state, [])

    @cached_property
    def _from(self) -> dict[str, list[Step]]:
        table: dict[str, list[Step]] = {}
        for step in self.steps.values():
            for state in step.sources:
                table.setdefault(state, []).append(step)
        return table

    @cached_property
    def path(self) -> list[State]:
        """The states of the plain way through, from the start to an end: the bar at the head of a case's page."""
        way, here = [self.states[self.start]], self.start
        while not self.states[here].ends:
            onward = [
                step.to
                for step in self.steps_from(here)
                if step.to and self.states[step.to] not in way and not step.counter_of and not step.aside
            ]
            if not onward:
                break
            here = onward[0]
            way.append(self.states[here])
        return way


def read_procedure(data: Mapping[str, Any], name: str = "") -> Procedure:
    """Return the procedure that YAML data describes; E_INPUT names file, place and what is wrong."""
    try:
        return Procedure.model_validate(data)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, one['loc'])) or '整体'}：{one['msg']}" for one in error.errors()]
        raise LuoshiError(
            "E_INPUT", f"程序{name or data.get('key', '')}有误：" + "；".join(faults), fields={"faults": faults}
        ) from None


def moment_of(value: Any) -> datetime | date:
    """Return the moment or day a fact holds; E_INPUT for what is none."""
    if isinstance(value, datetime | date):
        return value
    text = str(value)
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text}”应是日期或时刻。") from None


def clock_of(text: str) -> time:
    """Return the clock time `15:00`; E_INPUT for what is none."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text}”应如 15:00。") from None
