"""Cases: lists, one case now or as it stood, its story, opening one, steps, limits, papers, handing over."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import File, Form, Header, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import AfterValidator, Field

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.calendar.book import calendar
from luoshi.office.cases import actions, queries
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CasePaper
from luoshi.office.cases.offers import Offer, Why
from luoshi.office.cases.queries import Beside, CaseFilter, CaseLedger
from luoshi.office.cases.replay import ClockView, Whole, expiry_words, whole
from luoshi.office.files.queries import used_elsewhere
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.case_acts import upload
from luoshi.site.case_rows import case_href
from luoshi.site.registry import load_decisions

router = Router()

Key = Annotated[str, Header(alias="Idempotency-Key", max_length=100, description="幂等键：同键同内容得第一次的答复")]
Moment = Annotated[datetime.datetime, AfterValidator(local)]
Revision = Annotated[int | None, Field(ge=1, description="打开时看到的 revision；不同则答 E_VERSION")]
Reason = Annotated[str, Field(max_length=400)]
Slug = Annotated[str, Field(max_length=80)]


class PartyOut(Schema):
    """Who takes part; `acts`: it is this party's turn."""

    party: str
    title: str
    organ: str
    organ_title: str
    role: str
    acts: bool


class DueOut(Schema):
    """The end of a limit: in time is what happens before `until`, where `inclusive` at it too."""

    limit: str
    title: str
    until: Moment
    inclusive: bool
    provisional: bool
    overdue: bool
    state: str


class CaseOut(Schema):
    """One case of a list; `due` is the running limit that ends first."""

    id: int
    number: str
    procedure: str
    version: str
    programme: str
    title: str
    subject: str | None = None
    organ: str | None = None
    state: str
    state_title: str
    status: str
    is_open: bool
    exercise: bool
    opened_at: Moment
    entered_at: Moment
    closed_at: Moment | None = None
    due: DueOut | None = None
    holders: list[PartyOut]
    revision: int
    href: str


class CasePage(Schema):
    """A page of cases; `next` is the cursor of the following one."""

    items: list[CaseOut]
    next: str | None = None
    total: int
    exact: bool


class StepOut(Schema):
    """One step of a derivation."""

    rule: str
    text: str
    ok: bool


class PauseOut(Schema):
    """A stop of a limit."""

    kind: str
    begins: Moment
    ends: Moment | None = None


class ExtensionOut(Schema):
    """A prolongation of a limit."""

    n: int
    unit: str
    at: Moment
    reason: str


class ChangeOut(Schema):
    """A limit counted again after the calendar changed: both dates."""

    old_until: Moment
    new_until: Moment
    old_calendar: str
    new_calendar: str
    why: str
    at: Moment


class LimitOut(DueOut):
    """A limit with its derivation and all that was taken out and added."""

    citation: str | None = None
    started_at: Moment
    ended_at: Moment | None = None
    calendar: str
    expiry: str = Field(description="期满会发生什么")
    derivation: list[StepOut]
    pauses: list[PauseOut]
    extensions: list[ExtensionOut]
    changes: list[ChangeOut]


class CaseReasonOut(Schema):
    """Why a step may or may not be taken; `ok` null: it cannot be told yet."""

    ok: bool | None = None
    text: str
    citation: str | None = None


class AskOut(Schema):
    """What a step asks for."""

    name: str
    title: str
    type: str
    required: bool
    choices: dict[str, str]


class OfferOut(Schema):
    """A step of the present state: who takes it, whether whoever asks may, and why not."""

    step: str
    title: str
    kind: str
    by: list[str]
    aside: bool
    may: bool
    allowed: bool | None = None
    reasons: list[CaseReasonOut]
    asks: list[AskOut]
    needs: list[str]


class VoiceOut(Schema):
    """A party's voice in a joint step."""

    step: str
    party: str
    agrees: bool
    text: str
    who: str
    at: Moment


class PaperOut(Schema):
    """A paper: a file by its digest, or a notice."""

    id: int
    kind: str
    title: str
    name: str | None = None
    digest: str | None = None
    size_bytes: int | None = None
    used_elsewhere: int = 0
    """How many other records use the same file."""
    notice: int | None = None
    event: int
    at: Moment


class CaseEventOut(Schema):
    """A line of the story: `at` when it took effect, `received_at` when it was written; `hand` what did it."""

    n: int
    at: Moment
    received_at: Moment
    hand: str = Field(description="person | auto | timer | system")
    act: str
    from_state: str | None = None
    to_state: str
    text: str
    who: str
    party: str | None = None
    organ: str | None = None
    data: dict[str, Any] | None = None
    decisions: list[dict[str, Any]] | None = None


class EventPage(Schema):
    """Events in their order; `next` is the number to go on after."""

    items: list[CaseEventOut]
    next: int | None = None


class CaseFull(CaseOut):
    """One case whole, now or as it stood at `at`; of a moment that is past nothing is offered."""

    at: Moment | None = None
    state_status: str
    facts: dict[str, Any]
    limits: list[LimitOut]
    parties: list[PartyOut]
    voices: list[VoiceOut]
    papers: list[PaperOut]
    offered: list[OfferOut]
    acts: dict[str, Any]
    events: int


class OpenIn(Schema):
    """A case to open; `facts` are what the kind asks for."""

    procedure: Annotated[str, Field(max_length=80)]
    title: Annotated[str, Field(max_length=300)]
    facts: dict[str, Any] = Field(default_factory=dict)
    subject: Annotated[str, Field(max_length=120)] = ""
    organ: Slug = ""
    at: datetime.datetime | None = None
    exercise: bool = False


class StepIn(Schema):
    """What a step is given; in a joint step `agrees` and `remark` are this party's voice."""

    data: dict[str, Any] = Field(default_factory=dict)
    agrees: bool | None = None
    remark: Annotated[str, Field(max_length=600)] = ""
    revision: Revision = None


class LimitIn(Schema):
    """Stop limits or let them go on, on a ground of the procedure."""

    kind: Annotated[str, Field(max_length=40)]
    reason: Reason = ""
    revision: Revision = None


class ExtendIn(Schema):
    """Prolong a limit as its rule allows."""

    limit: Annotated[str, Field(max_length=40)]
    reason: Reason
    revision: Revision = None


class MoveIn(Schema):
    """Put a case under another version of its procedure."""

    version: Annotated[str, Field(max_length=10)]
    reason: Reason
    revision: Revision = None


class ReassignIn(Schema):
    """Hand every part of an organ in a case to another organ."""

    origin: Slug
    target: Slug
    reason: Reason


class ReassignManyIn(ReassignIn):
    """The same for many cases at one instant."""

    cases: Annotated[list[RowId], Field(min_length=1, max_length=5000)]


class CaseAnswer(Schema):
    """What an act leaves."""

    id: int
    number: str
    state: str
    is_open: bool
    revision: int


class MovedOut(Schema):
    """How many cases were handed over."""

    moved: int


# --- reading ----------------------------------------------------------------------------------------------------------


@router.get("/cases", auth=Needs("case.see"), response={200: CasePage, ERRORS: Problem}, summary="办件列表")
def list_cases(
    request: HttpRequest,
    mine: Annotated[bool, Query(description="只看轮到我办的")] = False,
    own: Annotated[bool, Query(description="只看本单位有份的")] = False,
    which: Literal["open", "closed", "all"] = "open",
    procedure: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    programme: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    state: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    status: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    organ: Annotated[list[str], Query(max_length=20, description="有份的单位")] = [],  # noqa: B006
    holder: Annotated[list[str], Query(max_length=20, description="在谁手上")] = [],  # noqa: B006
    overdue: bool = False,
    due_to: datetime.date | None = None,
    exercise: bool | None = None,
    q: Annotated[str, Query(max_length=60)] = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CasePage:
    """List the cases visible to whoever asks: open ones by the end of their limit, others newest first."""
    wanted = CaseFilter(
        mine=mine, own=own, which=which, procedures=tuple(procedure), programmes=tuple(programme), states=tuple(state),
        statuses=tuple(status), organs=tuple(organ), holders=tuple(holder), overdue=overdue, due_to=due_to,
        exercise=exercise, q=q.replace("\0", "").strip(),
    )  # fmt: skip
    now = CLOCK.now()
    book = CaseLedger(wanted, actor=actor_of(request), now=now, calendar=calendar())
    found, total = book.page(size=limit, after=after), book.total()
    known = queries.beside(found.rows, now.date())
    return CasePage(
        items=[_row(row, known, now) for row in found.rows],
        next=found.next or None,
        total=total.value,
        exact=total.exact,
    )


# Before the address of one case, which would take its last word for a number.
@router.post(
    "/cases/reassign", auth=Needs("case.manage"), response={200: MovedOut, ERRORS: Problem}, summary="整批移交"
)
def reassign_many(request: HttpRequest, body: ReassignManyIn, key: Key = "") -> MovedOut:
    """Hand an organ's part in many cases to another organ, at one instant."""
    moved = actions.reassign(
        actor=actor_of(request), cases=body.cases, origin=body.origin, target=body.target, reason=body.reason
    )
    return MovedOut(moved=moved)


@router.get("/cases/{id}", auth=Needs("case.see"), response={200: CaseFull, ERRORS: Problem}, summary="一件办件")
def one_case(
    request: HttpRequest,
    id: RowId,  # noqa: A002
    at: Annotated[datetime.datetime | None, Query(description="看哪一刻的情况，默认现在")] = None,
) -> CaseFull:
    """Return one case whole: limits with derivations, parties, papers, what is offered to whoever asks and why not."""
    load_decisions()
    return _whole(whole(actor_of(request), id, at))


@router.get("/cases/{id}/events", auth=Needs("case.see"), response={200: EventPage, ERRORS: Problem}, summary="经过")
def events(
    request: HttpRequest,
    id: RowId,  # noqa: A002
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> EventPage:
    """Return the story of a case in its order."""
    case = actions.opened(actor_of(request), id, lock=False).case
    rows = list(CaseEvent.objects.filter(case=case, n__gt=after).order_by("n")[: limit + 1])
    return EventPage(items=[_event(row) for row in rows[:limit]], next=rows[limit - 1].n if len(rows) > limit else None)


@router.get(
    "/cases/{id}/steps", auth=Needs("case.see"), response={200: list[OfferOut], ERRORS: Problem}, summary="现在能办什么"
)
def offered(request: HttpRequest, id: RowId) -> list[OfferOut]:  # noqa: A002
    """Return the steps of the present state, who takes them, and why they may or may not be taken now."""
    load_decisions()
    found = whole(actor_of(request), id)
    return [_offer(found, offer) for offer in found.offers]


# --- acts -------------------------------------------------------------------------------------------------------------


@router.post("/cases", auth=Needs("case.open"), response={201: CaseAnswer, ERRORS: Problem}, summary="立案")
def open_case(request: HttpRequest, body: OpenIn, key: Key = "") -> Status[CaseAnswer]:
    """Open a case under the version of its kind that holds on the day it was received."""
    made = actions.open_case(
        actor=actor_of(request), procedure=body.procedure, title=body.title, facts=body.facts, subject=body.subject,
        organ=body.organ, at=body.at, exercise=body.exercise,
    )  # fmt: skip
    return Status(201, _answer(made))


@router.post(
    "/cases/{id}/steps/{step}", auth=Needs("case.act"), response={200: CaseAnswer, ERRORS: Problem}, summary="办一步"
)
def take_step(request: HttpRequest, id: RowId, step: str, body: StepIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Take a step. A file is first put in as a paper; the step is given its id."""
    load_decisions()
    data = dict(body.data)
    if body.agrees is not None:
        data |= {"agrees": "yes" if body.agrees else "no", "remark": body.remark}
    return _answer(
        actions.act(actor=actor_of(request), case=id, step=step[:40], data=data, revision=body.revision)
    )  # fmt: skip


@router.post("/cases/{id}/pause", auth=Needs("case.act"), response={200: CaseAnswer, ERRORS: Problem}, summary="停表")
def pause(request: HttpRequest, id: RowId, body: LimitIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Stop the limits that this ground stops."""
    return _answer(
        actions.pause(actor=actor_of(request), case=id, kind=body.kind, reason=body.reason, revision=body.revision)
    )


@router.post(
    "/cases/{id}/resume", auth=Needs("case.act"), response={200: CaseAnswer, ERRORS: Problem}, summary="恢复计时"
)
def resume(request: HttpRequest, id: RowId, body: LimitIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Let the limits go on that this ground has stopped."""
    return _answer(
        actions.resume(actor=actor_of(request), case=id, kind=body.kind, reason=body.reason, revision=body.revision)
    )


@router.post(
    "/cases/{id}/extend", auth=Needs("case.act"), response={200: CaseAnswer, ERRORS: Problem}, summary="延长期限"
)
def extend(request: HttpRequest, id: RowId, body: ExtendIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Prolong a limit as its rule allows; the old end is kept."""
    return _answer(
        actions.extend(actor=actor_of(request), case=id, limit=body.limit, reason=body.reason, revision=body.revision)
    )


@router.post(
    "/cases/{id}/papers", auth=Needs("case.act"), response={201: PaperOut, ERRORS: Problem}, summary="存入材料"
)
def add_paper(
    request: HttpRequest,
    id: RowId,  # noqa: A002
    title: Annotated[str, Form(max_length=200)],
    file: Annotated[UploadedFile, File(description="文件")],
    kind: Annotated[str, Form(max_length=60, description="程序要的名称，默认同 title")] = "",
    key: Key = "",
) -> Status[PaperOut]:
    """Put a file into the case (multipart)."""
    made = actions.add_paper(
        actor=actor_of(request), case=id, kind=kind or title, title=title, upload=upload(file, "file")
    )
    return Status(201, _paper(made, used_elsewhere([made.file_id], f"case:{id}") if made.file_id else {}))


@router.post(
    "/cases/{id}/move", auth=Needs("case.manage"), response={200: CaseAnswer, ERRORS: Problem}, summary="换版本"
)
def move(request: HttpRequest, id: RowId, body: MoveIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Put an open case under another version of its procedure."""
    return _answer(
        actions.move(actor=actor_of(request), case=id, version=body.version, reason=body.reason, revision=body.revision)
    )


@router.post(
    "/cases/{id}/reassign", auth=Needs("case.manage"), response={200: CaseAnswer, ERRORS: Problem}, summary="移交单位"
)
def reassign(request: HttpRequest, id: RowId, body: ReassignIn, key: Key = "") -> CaseAnswer:  # noqa: A002
    """Hand an organ's part in a case to another organ; E_STATE when it has none."""
    actor = actor_of(request)
    actions.opened(actor, id, lock=False)
    moved = actions.reassign(actor=actor, cases=[id], origin=body.origin, target=body.target, reason=body.reason)
    if not moved:
        raise LuoshiError("E_STATE", "这件办件里没有由该单位承担的身份，或已办结，没有移交。")
    return _answer(Case.objects.get(pk=id))


# --- what is sent -----------------------------------------------------------------------------------------------------


def _answer(case: Case) -> CaseAnswer:
    return CaseAnswer(id=case.pk, number=case.number, state=case.state, is_open=case.is_open, revision=case.revision)


def _row(case: Case, known: Beside, now: datetime.datetime) -> CaseOut:
    kind = known.kinds.get((case.procedure, case.version))
    running = known.clocks.get(case.pk, [])
    first = next((clock for clock in running if clock.state == CaseClock.State.RUNNING), None)
    due = None
    if first is not None:
        limit = kind.limits.get(first.limit) if kind else None
        late = now >= first.until and not first.provisional
        due = DueOut(
            limit=first.limit, title=limit.title if limit else first.limit, until=first.until,
            inclusive=first.inclusive, provisional=first.provisional, overdue=late, state=first.state,
        )  # fmt: skip
    holders = [
        PartyOut(
            party=one.party, title=one.title, organ=one.organ, organ_title=one.organ_title, role=one.role, acts=True
        )
        for one in known.holders.get(case.pk, [])
    ]
    return CaseOut(
        **_head(case),
        state=case.state,
        state_title=kind.states[case.state].title if kind and case.state in kind.states else case.state,
        status=case.status,
        is_open=case.is_open,
        entered_at=case.entered_at,
        due=due,
        holders=holders,
    )


def _head(case: Case) -> dict[str, Any]:
    return {
        "id": case.pk,
        "number": case.number,
        "procedure": case.procedure,
        "version": case.version,
        "programme": case.programme,
        "title": case.title,
        "subject": case.subject or None,
        "organ": case.organ or None,
        "exercise": case.exercise,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "revision": case.revision,
        "href": case_href(case.pk),
    }


def _whole(found: Whole) -> CaseFull:
    parties = [
        PartyOut(party=one.key, title=one.title, organ=one.organ, organ_title=found.organs.get(one.organ, one.organ),
                 role=one.role, acts=one.acts)
        for one in found.parties
    ]  # fmt: skip
    going = next((view for view in found.running if view.state == CaseClock.State.RUNNING), None)
    return CaseFull(
        **_head(found.case),
        state=found.state.key,
        state_title=found.state.title,
        status=found.state.status.value,
        state_status=found.state.status.title,
        is_open=found.is_open,
        entered_at=found.entered_at,
        due=DueOut(**_due(found, going)) if going is not None else None,
        holders=[one for one in parties if one.acts],
        at=found.at,
        facts=dict(found.facts),
        limits=[_limit(found, view) for view in found.clocks],
        parties=parties,
        voices=[
            VoiceOut(step=one.step, party=one.party, agrees=one.agrees, text=one.text, who=one.who, at=one.at)
            for one in found.voices
        ],
        papers=[_paper(one, found.reused) for one in found.papers],
        offered=[_offer(found, offer) for offer in found.offers],
        acts={
            "pause": dict(found.acts.pause), "resume": dict(found.acts.resume), "extend": dict(found.acts.extend),
            "move": list(found.acts.move), "reassign": found.acts.reassign, "papers": found.acts.paper,
        },
        events=len(found.events),
    )  # fmt: skip


def _due(found: Whole, view: ClockView) -> dict[str, Any]:
    running = view.state == CaseClock.State.RUNNING
    return {
        "limit": view.row.limit,
        "title": view.limit.title if view.limit else view.row.limit,
        "until": view.until,
        "inclusive": view.inclusive,
        "provisional": view.provisional,
        "overdue": running and found.moment >= view.until and not view.provisional,
        "state": view.state,
    }


def _limit(found: Whole, view: ClockView) -> LimitOut:
    ended = view.row.ended_at
    return LimitOut(
        **_due(found, view),
        citation=(view.limit.citation or None) if view.limit else None,
        started_at=view.row.started_at,
        ended_at=ended if ended is not None and ended <= found.moment else None,
        calendar=view.due.calendar_version if view.due else view.row.calendar,
        expiry=expiry_words(found, view.limit) if view.limit else "",
        derivation=[StepOut(rule=one.rule, text=one.text, ok=one.ok) for one in view.due.steps] if view.due else [],
        pauses=[
            PauseOut(kind=one["kind"], begins=one["begins"], ends=one["ends"] or None) for one in view.pauses
        ],
        extensions=[
            ExtensionOut(n=one["n"], unit=one["unit"], at=one["at"], reason=one.get("reason", ""))
            for one in view.extensions
        ],
        changes=[
            ChangeOut(old_until=one.old_until, new_until=one.new_until, old_calendar=one.old_calendar,
                      new_calendar=one.new_calendar, why=one.why, at=one.at)
            for one in view.changes
        ],
    )  # fmt: skip


def _reason(why: Why) -> CaseReasonOut:
    return CaseReasonOut(ok=why.ok, text=why.text, citation=why.citation or None)


def _offer(found: Whole, offer: Offer) -> OfferOut:
    step = offer.step
    return OfferOut(
        step=step.key,
        title=step.title,
        kind=step.kind,
        by=list(step.by),
        aside=step.aside or bool(step.counter_of),
        may=offer.may,
        allowed=offer.allowed,
        reasons=[_reason(why) for why in (*offer.guard, *offer.whys)],
        asks=[
            AskOut(name=ask.name, title=ask.title, type=ask.type, required=ask.required, choices=dict(ask.choices))
            for ask in step.asks
        ],
        needs=list(step.needs),
    )


def _paper(paper: CasePaper, reused: Mapping[int, int]) -> PaperOut:
    file = paper.file
    return PaperOut(
        id=paper.pk, kind=paper.kind, title=paper.title, name=file.name if file else None,
        digest=file.digest if file else None, size_bytes=file.size_bytes if file else None,
        used_elsewhere=reused.get(paper.file_id or 0, 0), notice=paper.notice_id, event=paper.event, at=paper.at,
    )  # fmt: skip


def _event(event: CaseEvent) -> CaseEventOut:
    return CaseEventOut(
        n=event.n, at=event.at, received_at=event.received_at, hand=event.hand, act=event.act,
        from_state=event.from_state or None, to_state=event.to_state, text=event.text, who=event.who,
        party=event.party or None, organ=event.organ or None, data=event.data, decisions=event.decisions,
    )  # fmt: skip


__all__ = ["router"]
