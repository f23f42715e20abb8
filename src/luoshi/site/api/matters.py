"""Matters: what is to be done by when, progress with evidence, check, cross-off; the desk; other rooms push here."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import File, Form, Header, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AfterValidator, Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import desk as desks
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_queries
from luoshi.office.duties import matter_reports as reports
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.lights import lamp, shown
from luoshi.office.duties.matter_models import (
    CrossOff,
    Evidence,
    Extension,
    Kind,
    Light,
    Matter,
    MatterEvent,
    MatterPause,
    ProgressReport,
    State,
)
from luoshi.office.duties.matter_queries import ORIGINS, Holding, MatterFilter, MatterLedger
from luoshi.office.duties.owed import period_words
from luoshi.office.duties.versions import settle_changed_matter
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.present import cite

router = Router()

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=100, description="幂等键：同键同内容得第一次的答复")]
Version = Annotated[int | None, Field(ge=1, description="打开时看到的版本；不同则答 E_VERSION")]
Day = Annotated[datetime.date | None, Query(description="以哪一天看灯和逾期，默认今天")]
Moment = Annotated[datetime.datetime, AfterValidator(local)]
Text = Annotated[str, Field(max_length=1000)]


class MatterOrganOut(Schema):
    """An organ a matter concerns."""

    slug: str | None = None
    name: str
    role: str


class HoldingOut(Schema):
    """Who has it now, since when, who is next."""

    person: str | None = None
    organ: str | None = None
    organ_title: str
    role: str
    since: Moment
    working_days: int
    next_hand: str
    note: str


class MatterOut(Schema):
    """One matter; `percent` and `planned` are percentages with two decimals, `light` holds on the day asked about."""

    id: int
    module: str
    external_id: str
    kind: str
    title: str
    period: str | None = None
    origin: str
    instrument: str | None = None
    clause: str | None = None
    citation: str | None = None
    duty: int | None = None
    basis: str | None = None
    organ: str | None = None
    organs: list[MatterOrganOut]
    local: bool
    start: datetime.date
    due_on: datetime.date | None = None
    due_time: datetime.time | None = None
    provisional: bool
    backlog: bool
    state: str
    light: str
    light_reason: str
    overdue: bool
    percent: str
    planned: str | None = None
    value: str | None = None
    target_value: str | None = None
    target_unit: str | None = None
    target_text: str | None = None
    stage: str | None = None
    holding: HoldingOut
    reminders: int
    supervised_at: Moment | None = None
    last_progress_at: Moment | None = None
    completed_at: Moment | None = None
    completed_late: bool | None = None
    version: int


class MatterPage(Schema):
    """A page of matters; `next` is the cursor of the following one."""

    items: list[MatterOut]
    next: str | None = None
    total: int
    exact: bool


class EvidenceOut(Schema):
    """A file behind a report."""

    digest: str
    name: str
    size_bytes: int
    media_type: str
    reused_from: int | None = None


class ReportOut(Schema):
    """A progress report."""

    id: int
    matter: int
    period: str
    version: int
    state: str
    percent: str
    value: str | None = None
    stage: str
    narrative: str
    obstacles: str
    help_from: str | None = None
    help_text: str
    reason: str
    filed_at: Moment
    filed_by: str
    decided_at: Moment | None = None
    decision_reason: str = ""
    tacit: bool = False
    evidence: list[EvidenceOut] = Field(default_factory=list)


class CheckOut(Schema):
    """A submission and what came of it."""

    id: int
    matter: int
    submitted_at: Moment
    effective_at: Moment
    decision: str | None = None
    decided_at: Moment | None = None
    checker_organ: str | None = None
    reason: str
    late: bool | None = None
    late_wd: int
    snapshot: list[dict[str, Any]]


class ExtensionOut(Schema):
    """A request for more time."""

    id: int
    matter: int
    old_due: datetime.date
    new_due: datetime.date
    reason: str
    asked_at: Moment
    decision: str | None = None
    decided_at: Moment | None = None
    decision_reason: str


class PauseOut(Schema):
    """A stop of the clock."""

    id: int
    matter: int
    kind: str
    reason: str
    begins: datetime.date
    expected_end: datetime.date | None = None
    ends: datetime.date | None = None


class EventOut(Schema):
    """A line of the history."""

    at: Moment
    act: str
    text: str
    who: str
    version: int


class MatterFull(MatterOut):
    """One matter with all that belongs to it."""

    derivation: dict[str, Any]
    reports: list[ReportOut]
    checks: list[CheckOut]
    extensions: list[ExtensionOut]
    pauses: list[PauseOut]
    events: list[EventOut]
    may: list[str]


class PushIn(Schema):
    """What another room says somebody owes."""

    module: Annotated[str, Field(max_length=40)]
    external_id: Annotated[str, Field(max_length=200)]
    kind: Annotated[str, Field(max_length=24)]
    title: Annotated[str, Field(max_length=400)]
    organ: Annotated[str, Field(max_length=80)]
    due_on: datetime.date | None = None
    due_time: datetime.time | None = None
    start: datetime.date | None = None
    co_leads: Annotated[list[str], Field(max_length=60, default_factory=list)]
    cooperating: Annotated[list[str], Field(max_length=60, default_factory=list)]
    basis: Annotated[str, Field(max_length=300)] = ""
    href: Annotated[str, Field(max_length=300, pattern=r"^(|/[^/].*)$")] = ""
    target_value: Decimal | None = None
    target_unit: Annotated[str, Field(max_length=40)] = ""
    withdrawn: bool = False


class SubmitIn(Schema):
    """Hand in for check."""

    note: Text = ""
    version: Version = None


class ReturnIn(Schema):
    """Send back."""

    reason: Text
    formal: bool = False
    version: Version = None


class ReasonIn(Schema):
    """An act with a reason."""

    reason: Text
    version: Version = None


class AssignIn(Schema):
    """Name who holds it."""

    user: Annotated[int, Field(ge=1, le=2**63 - 1)]
    version: Version = None


class RemindIn(Schema):
    """Chase it."""

    text: Annotated[str, Field(max_length=300)] = ""


class ExtendIn(Schema):
    """Ask for more time (`new_due`), or decide on a request (`grant`)."""

    new_due: datetime.date | None = None
    grant: bool | None = None
    reason: Text = ""
    version: Version = None


class PauseIn(Schema):
    """Stop the clock, or with `resume` let it run again."""

    kind: Annotated[str, Field(max_length=16)] = ""
    reason: Text = ""
    expected_end: datetime.date | None = None
    resume: bool = False
    version: Version = None


class SettleIn(Schema):
    """Decide on a matter whose duty a new version changed."""

    decision: Annotated[str, Field(max_length=10, description="move | keep | withdraw")]
    reason: Text
    version: Version = None


class GroupOut(Schema):
    """One group of the desk."""

    key: str
    title: str
    total: int
    exact: bool
    items: list[MatterOut]


class WaitingOut(Schema):
    """What lies with somebody else."""

    matter: int
    title: str
    what: str
    holder: str
    since: Moment
    working_days: int


class DeskOut(Schema):
    """The desk: six counts, groups by due day, the month, what changed, whom one waits for."""

    view: str
    since: Moment
    counts: dict[str, int]
    groups: list[GroupOut]
    months: dict[str, int]
    changes: list[EventOut]
    waiting: list[WaitingOut]
    backlog: int
    undated: int


class Answer(Schema):
    """What a simple act leaves."""

    id: int
    state: str
    version: int


@router.get("/matters", auth=Needs("matter.see"), response={200: MatterPage, ERRORS: Problem}, summary="事项台账")
def list_matters(
    request: HttpRequest,
    organ: Annotated[list[str], Query(max_length=20, description="单位代号或名称")] = [],  # noqa: B006
    any_role: Annotated[bool, Query(description="配合单位也算")] = False,
    instrument: Annotated[list[str], Query(max_length=20, description="文件的键")] = [],  # noqa: B006
    origin: Annotated[list[str], Query(max_length=5, description="by | within | every | none | given")] = [],  # noqa: B006
    kind: Annotated[list[str], Query(max_length=8)] = [],  # noqa: B006
    state: Annotated[list[str], Query(max_length=7)] = [],  # noqa: B006
    light: Annotated[list[str], Query(max_length=6)] = [],  # noqa: B006
    overdue: bool = False,
    month: Annotated[str, Query(pattern=r"^(?:|(?:19|20)\d\d-(?:0[1-9]|1[0-2]))$", description="到期月份")] = "",
    due_from: datetime.date | None = None,
    due_to: datetime.date | None = None,
    mine: bool = False,
    checking: Annotated[bool, Query(description="等我核验")] = False,
    towns: Annotated[bool, Query(description="只看镇区也要办的")] = False,
    backlog: Annotated[bool, Query(description="只看录入时已过期的")] = False,
    changed: Annotated[bool, Query(description="只看文件改版后等决定的")] = False,
    closed: Annotated[bool, Query(description="已销号、已撤回的也列")] = False,
    duty: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    q: Annotated[str, Query(max_length=60)] = "",
    on: Day = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MatterPage:
    """List the matters visible to whoever asks, by due day; open ones unless states, lights or `closed` say more."""
    wanted = MatterFilter(
        organs=tuple(organ),
        any_role=any_role,
        documents=tuple(instrument),
        origins=tuple(value for value in origin if value in ORIGINS),
        kinds=tuple(value for value in kind if value in Kind.values),
        states=tuple(value for value in state if value in State.values),
        lights=tuple(value for value in light if value in Light.values),
        overdue=overdue,
        month=datetime.date.fromisoformat(f"{month}-01") if month else None,
        due_from=due_from,
        due_to=due_to,
        mine=mine,
        checking=checking,
        towns=towns,
        backlog=backlog,
        changed=changed,
        closed=closed,
        duty=duty,
        q=q.replace("\0", "").strip(),
    )
    day = on or CLOCK.today()
    asked = MatterLedger(wanted, actor=actor_of(request), day=day)
    found, total = asked.page(size=limit, after=after), asked.total()
    holding = matter_queries.who_holds(found.rows, day)
    return MatterPage(
        items=[_matter(row, holding[row.pk], day) for row in found.rows],
        next=found.next or None,
        total=total.value,
        exact=total.exact,
    )


@router.post(
    "/matters",
    auth=Needs("matter.push"),
    response={200: MatterOut, 201: MatterOut, ERRORS: Problem},
    summary="送入督办事项",
)
def push(request: HttpRequest, body: PushIn, key: Key = "") -> Status[MatterOut]:
    """Take a matter in, or update the one known by (module, external_id): 201 when it is new, 200 when it was known."""
    row, new = push_matter(actor=actor_of(request), key=key, **body.dict())
    return Status(201 if new else 200, _one(request, row.pk))


@router.get("/matters/{id}", auth=Needs("matter.see"), response={200: MatterFull, ERRORS: Problem}, summary="一件事项")
def one_matter(request: HttpRequest, id: RowId, on: Day = None) -> MatterFull:  # noqa: A002
    """Return one matter with reports, checks, extensions, pauses, history and the acts open to whoever asks."""
    day = on or CLOCK.today()
    found = matter_queries.detail(actor_of(request), id, day)
    return MatterFull(
        **_matter(found.matter, found.holding, day).dict(),
        derivation=found.matter.derivation,
        reports=[_report(row, found.evidence.get(row.pk, [])) for row in found.reports],
        checks=[_check(row) for row in found.checks],
        extensions=[_extension(row) for row in found.extensions],
        pauses=[_pause(row) for row in found.pauses],
        events=[_event(row) for row in found.events],
        may=sorted(found.may),
    )


@router.post(
    "/matters/{id}/reports", auth=Needs("matter.report"), response={201: ReportOut, ERRORS: Problem}, summary="填报进展"
)
def report(
    request: HttpRequest,
    id: RowId,  # noqa: A002
    narrative: Annotated[str, Form(max_length=4000, description="进展情况，10到2000字")],
    percent: Annotated[str, Form(max_length=20)] = "",
    value: Annotated[str, Form(max_length=30)] = "",
    stage: Annotated[str, Form(max_length=60)] = "",
    obstacles: Annotated[str, Form(max_length=2000)] = "",
    help_from: Annotated[str, Form(max_length=80)] = "",
    help_text: Annotated[str, Form(max_length=1000)] = "",
    period: Annotated[str, Form(max_length=16)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "",
    version: Annotated[int | None, Form(ge=1)] = None,
    evidence: Annotated[list[UploadedFile], File(description="证据文件")] = [],  # noqa: B006
    key: Key = "",
) -> Status[ReportOut]:
    """File a report, with files as evidence (multipart)."""
    row = work.report_progress(
        actor=actor_of(request),
        matter=id,
        narrative=narrative,
        percent=percent,
        value=value,
        stage=stage,
        obstacles=obstacles,
        help_from=help_from,
        help_text=help_text,
        period=period,
        reason=reason,
        version=version,
        evidence=[(file.name or "未命名", file.read()) for file in evidence],
        key=key,
    )
    return Status(201, _report(row, list(row.evidence.order_by("id"))))


@router.post(
    "/matters/{id}/submit", auth=Needs("matter.report"), response={200: CheckOut, ERRORS: Problem}, summary="送核验"
)
def submit(request: HttpRequest, id: RowId, body: SubmitIn, key: Key = "") -> CheckOut:  # noqa: A002
    """Hand the open report in; the server's receipt decides whether it was in time."""
    return _check(
        work.submit_for_check(actor=actor_of(request), matter=id, version=body.version, note=body.note, key=key)
    )


@router.post(
    "/matters/{id}/return", auth=Needs("matter.check"), response={200: CheckOut, ERRORS: Problem}, summary="退回"
)
def send_back(request: HttpRequest, id: RowId, body: ReturnIn, key: Key = "") -> CheckOut:  # noqa: A002
    """Send a submission back, with a reason."""
    return _check(
        work.return_matter(
            actor=actor_of(request), matter=id, reason=body.reason, formal=body.formal, version=body.version, key=key
        )
    )


@router.post(
    "/matters/{id}/cross-off", auth=Needs("matter.check"), response={200: CheckOut, ERRORS: Problem}, summary="销号"
)
def cross_off(request: HttpRequest, id: RowId, body: SubmitIn, key: Key = "") -> CheckOut:  # noqa: A002
    """Accept what was handed in and cross the matter off; by another hand and another organ."""
    return _check(
        work.accept_and_cross_off(actor=actor_of(request), matter=id, note=body.note, version=body.version, key=key)
    )


@router.post(
    "/matters/{id}/accept-report",
    auth=Needs("matter.check"),
    response={200: ReportOut, ERRORS: Problem},
    summary="接受填报",
)
def accept_report(request: HttpRequest, id: RowId, body: SubmitIn, key: Key = "") -> ReportOut:  # noqa: A002
    """Accept the waiting report of a matter whose figures count once accepted; by another hand than who filed it."""
    return _report(
        reports.accept_report(actor=actor_of(request), matter=id, note=body.note, version=body.version, key=key), []
    )


@router.post(
    "/matters/{id}/return-report",
    auth=Needs("matter.check"),
    response={200: ReportOut, ERRORS: Problem},
    summary="退回填报",
)
def return_report(request: HttpRequest, id: RowId, body: ReasonIn, key: Key = "") -> ReportOut:  # noqa: A002
    """Send the waiting report back with a reason; what was accepted before stands."""
    return _report(
        reports.return_report(actor=actor_of(request), matter=id, reason=body.reason, version=body.version, key=key), []
    )


@router.post(
    "/matters/{id}/reopen", auth=Needs("matter.reopen"), response={200: Answer, ERRORS: Problem}, summary="重新打开"
)
def reopen(request: HttpRequest, id: RowId, body: ReasonIn, key: Key = "") -> Answer:  # noqa: A002
    """Open a crossed-off matter again."""
    return _answer(work.reopen(actor=actor_of(request), matter=id, reason=body.reason, version=body.version, key=key))


@router.post(
    "/matters/{id}/assign", auth=Needs("matter.assign"), response={200: Answer, ERRORS: Problem}, summary="指定办理人"
)
def assign(request: HttpRequest, id: RowId, body: AssignIn, key: Key = "") -> Answer:  # noqa: A002
    """Name the person of the organ who holds it."""
    return _answer(steps.assign(actor=actor_of(request), matter=id, user=body.user, version=body.version, key=key))


@router.post(
    "/matters/{id}/remind", auth=Needs("matter.remind"), response={200: Answer, ERRORS: Problem}, summary="催办"
)
def remind(request: HttpRequest, id: RowId, body: RemindIn, key: Key = "") -> Answer:  # noqa: A002
    """Chase it; counted."""
    return _answer(steps.remind(actor=actor_of(request), matter=id, text=body.text, key=key))


@router.post(
    "/matters/{id}/extend",
    auth=Needs("matter.see"),
    response={200: ExtensionOut, ERRORS: Problem},
    summary="申请延期，批延期",
)
def extend(request: HttpRequest, id: RowId, body: ExtendIn, key: Key = "") -> ExtensionOut:  # noqa: A002
    """Ask for more time with `new_due` (who reports), or decide with `grant` (who checks, another person)."""
    actor = actor_of(request)
    if (body.new_due is None) == (body.grant is None):
        raise LuoshiError("E_INPUT", "申请延期写 new_due，批延期写 grant，二者择一。")
    if body.new_due is not None:
        row = steps.ask_extension(
            actor=actor, matter=id, new_due=body.new_due, reason=body.reason, version=body.version, key=key
        )
    else:
        row = steps.decide_extension(
            actor=actor, matter=id, grant=bool(body.grant), reason=body.reason, version=body.version, key=key
        )
    return _extension(row)


@router.post(
    "/matters/{id}/pause", auth=Needs("matter.see"), response={200: Answer, ERRORS: Problem}, summary="停表、恢复"
)
def pause(request: HttpRequest, id: RowId, body: PauseIn, key: Key = "") -> Answer:  # noqa: A002
    """Stop the clock on one of the listed grounds, or let it run again."""
    actor = actor_of(request)
    if body.resume:
        return _answer(steps.resume(actor=actor, matter=id, version=body.version, key=key))
    made = steps.pause(
        actor=actor,
        matter=id,
        kind=body.kind,
        reason=body.reason,
        expected_end=body.expected_end,
        version=body.version,
        key=key,
    )
    return _answer(made.matter)


@router.post(
    "/matters/{id}/settle",
    auth=Needs("review.decide"),
    response={200: Answer, ERRORS: Problem},
    summary="文件改版后的决定",
)
def settle(request: HttpRequest, id: RowId, body: SettleIn, key: Key = "") -> Answer:  # noqa: A002
    """Decide what becomes of a worked-on matter whose duty a new version changed."""
    return _answer(
        settle_changed_matter(
            actor=actor_of(request),
            matter=id,
            decision=body.decision,
            reason=body.reason,
            version=body.version,
            key=key,
        )
    )


@router.get("/desk", auth=Needs("desk.see"), response={200: DeskOut, ERRORS: Problem}, summary="工作台")
def desk(
    request: HttpRequest,
    view: Annotated[str, Query(pattern="^(mine|organ|check|all)$")] = "mine",
    since: Annotated[datetime.datetime | None, Query(description="上次离开的时刻")] = None,
    on: Day = None,
) -> DeskOut:
    """Return what whoever asks owes, what changed, whom they wait for."""
    day = on or CLOCK.today()
    found = desks.desk(actor_of(request), day, view=view, since=since)
    rows = [row for group in found.groups for row in group.rows]
    holding = matter_queries.who_holds(rows, day)
    counts = {
        name: getattr(found, name).value for name in ("overdue", "today", "soon", "checking", "waiting", "changed")
    }
    return DeskOut(
        view=found.view,
        since=found.since,
        counts=counts,
        groups=[
            GroupOut(
                key=group.key,
                title=group.title,
                total=group.total.value,
                exact=group.total.exact,
                items=[_matter(row, holding[row.pk], day) for row in group.rows],
            )
            for group in found.groups
        ],
        months={str(one): n for one, n in found.months.items()},
        changes=[_event(row) for row in found.changes],
        waiting=[
            WaitingOut(
                matter=row.matter.pk,
                title=row.matter.title,
                what=row.what,
                holder=row.holder,
                since=row.since,
                working_days=row.working_days,
            )
            for row in found.waiting_rows
        ],
        backlog=found.backlog.value,
        undated=found.undated.value,
    )


# --- what is sent ------------------------------------------------------------------------------------------------


def _one(request: HttpRequest, pk: int) -> MatterOut:
    day = CLOCK.today()
    row = matter_queries.get(actor_of(request), pk)
    return _matter(row, matter_queries.who_holds([row], day)[pk], day)


def _decimal(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"


def _matter(row: Matter, holding: Holding, day: datetime.date) -> MatterOut:
    light = lamp(row, day)
    instrument = row.instrument
    return MatterOut(
        id=row.pk,
        module=row.module,
        external_id=row.external_id,
        kind=row.kind,
        title=row.title,
        period=period_words(row.period) or None,
        origin=row.origin,
        instrument=instrument.key if instrument else None,
        clause=row.duty.clause_path if row.duty else None,
        citation=_citation(row),
        duty=row.duty_id,
        basis=row.basis or None,
        organ=row.organ or None,
        organs=[MatterOrganOut(slug=one.organ or None, name=one.name, role=one.role) for one in row.organs.all()],
        local=row.local,
        start=row.start,
        due_on=row.due_on,
        due_time=row.due_time,
        provisional=row.provisional,
        backlog=row.backlog,
        state=row.state,
        light=light.light,
        light_reason=light.reason,
        overdue=light.overdue,
        percent=shown(light.done),
        planned=None if light.planned is None else shown(light.planned),
        value=_decimal(row.value),
        target_value=_decimal(row.target_value),
        target_unit=row.target_unit or None,
        target_text=row.target_text or None,
        stage=row.stage or None,
        holding=HoldingOut(
            person=holding.person or None,
            organ=holding.organ or None,
            organ_title=holding.organ_title,
            role=holding.role,
            since=holding.since,
            working_days=holding.working_days,
            next_hand=holding.next_hand,
            note=holding.note,
        ),
        reminders=row.reminders,
        supervised_at=row.supervised_at,
        last_progress_at=row.last_progress_at,
        completed_at=row.completed_at,
        completed_late=row.completed_late,
        version=row.version,
    )


def _citation(row: Matter) -> str | None:
    if row.duty is None or row.instrument is None:
        return row.basis or None
    return cite(row.instrument, row.duty.clause_path).text


def _report(row: ProgressReport, evidence: list[Evidence]) -> ReportOut:
    return ReportOut(
        id=row.pk,
        matter=row.matter_id,
        period=row.period,
        version=row.version,
        state=row.state,
        percent=f"{Decimal(row.percent_bp) / 100:f}",
        value=_decimal(row.value),
        stage=row.stage,
        narrative=row.narrative,
        obstacles=row.obstacles,
        help_from=row.help_from or None,
        help_text=row.help_text,
        reason=row.reason,
        filed_at=row.filed_at,
        filed_by=row.filed_name,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
        tacit=row.tacit,
        evidence=[
            EvidenceOut(
                digest=one.digest,
                name=one.name,
                size_bytes=one.size_bytes,
                media_type=one.media_type,
                reused_from=one.reused_from_id,
            )
            for one in evidence
        ],
    )


def _check(row: CrossOff) -> CheckOut:
    return CheckOut(
        id=row.pk,
        matter=row.matter_id,
        submitted_at=row.submitted_at,
        effective_at=row.effective_at,
        decision=row.decision or None,
        decided_at=row.decided_at,
        checker_organ=row.checker_organ or None,
        reason=row.reason,
        late=row.late,
        late_wd=row.late_wd,
        snapshot=row.snapshot,
    )


def _extension(row: Extension) -> ExtensionOut:
    return ExtensionOut(
        id=row.pk,
        matter=row.matter_id,
        old_due=row.old_due,
        new_due=row.new_due,
        reason=row.reason,
        asked_at=row.asked_at,
        decision=row.decision or None,
        decided_at=row.decided_at,
        decision_reason=row.decision_reason,
    )


def _pause(row: MatterPause) -> PauseOut:
    return PauseOut(
        id=row.pk,
        matter=row.matter_id,
        kind=row.kind,
        reason=row.reason,
        begins=row.begins,
        expected_end=row.expected_end,
        ends=row.ends,
    )


def _event(row: MatterEvent) -> EventOut:
    return EventOut(at=row.at, act=row.act, text=row.text, who=row.who, version=row.version)


def _answer(row: Matter) -> Answer:
    return Answer(id=row.pk, state=row.state, version=row.version)


__all__ = ["router"]
