"""Organs, posts, persons, groups: who handles what, who held which post, and how we know."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.library_facts import complete
from luoshi.office.organs import actions, queries, shapes
from luoshi.office.organs.models import Proposal
from luoshi.office.parameters.book import decide
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.gazettes import RowId
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Said = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
Asked = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$", min_length=1)]
On = Annotated[datetime.date | None, Query(description="查询日，默认今天")]


def _day(on: datetime.date | None) -> datetime.date:
    return on or CLOCK.today()


# Addresses of one word stand before those with a slug or an id in their place: Django takes the first that fits.


# --- proposals --------------------------------------------------------------------------------------------------------


class OrganIn(Schema):
    """A new organ, or the correction of one."""

    slug: Annotated[str, Field(max_length=80)]
    name: Said
    kind: str
    level: str = "city"
    english: Said = ""
    parent: Said = ""
    uscc: Annotated[str, Field(max_length=30)] = ""
    not_before: datetime.date | None = None
    not_after: datetime.date | None = None
    note: Said = ""
    explanation: Said = ""


class NameIn(Schema):
    """A written form of an organ's name; `end` that it is no longer one."""

    organ: Said
    text: Said
    kind: str = "alias"
    ambiguous: bool = False
    instrument: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    end: bool = False


class RelationIn(Schema):
    """A relation; `director_note` names the director's approval where its day has passed."""

    origin: Said = Field(alias="from")
    target: Said = Field(alias="to")
    kind: str
    effective: datetime.date | None = None
    effective_after: datetime.date | None = None
    effective_until: datetime.date | None = None
    function: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    evidence: list[str] = Field(default_factory=list, max_length=10)
    instrument: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    clause: Said = ""
    director_note: Said = ""


class BatchRelationIn(Schema):
    """One relation of a reform batch."""

    origin: Said = Field(alias="from")
    target: Said = Field(alias="to")
    kind: str
    function: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    evidence: list[str] = Field(default_factory=list, max_length=10)


class BatchIn(Schema):
    """A reform batch."""

    title: Annotated[str, Field(max_length=150, pattern=r"^[^\x00]*$")]
    effective: datetime.date
    relations: list[BatchRelationIn] = Field(max_length=200)
    ended_organs: list[Said] = Field(default_factory=list, max_length=200)
    instrument: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""
    director_note: Said = ""


class ReadingIn(Schema):
    """How a misprinted or ambiguous name is to be read."""

    text: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
    organ: Said


class PostIn(Schema):
    """A post."""

    organ: Said
    title: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]
    kind: str = ""
    seats: Annotated[int, Field(ge=1, le=1000)] | None = None
    is_public: bool = True


class ActIn(Schema):
    """One act of an appointment list; `person_id` chooses among namesakes."""

    action: Literal["appoint", "remove"]
    person: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
    person_id: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    organ: Said
    post: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    remark: Said = ""
    explanation: Said = ""


class AppointmentsIn(Schema):
    """An appointment list; `explanation` answers warnings."""

    number: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")]
    issued_on: datetime.date
    acts: list[ActIn] = Field(max_length=500)
    explanation: Said = ""


class MergeIn(Schema):
    """Two persons who are one."""

    kept: Annotated[int, Field(ge=1, lt=2**62)]
    merged: Annotated[int, Field(ge=1, lt=2**62)]
    reason: Said


class UnmergeIn(Schema):
    """A merger to take back."""

    merged: Annotated[int, Field(ge=1, lt=2**62)]
    reason: Said


class MemberIn(Schema):
    """Who sits on a seat from a day: a person by id, or a new one by name."""

    order: Annotated[int, Field(ge=1, le=32767)]
    person: Annotated[int, Field(ge=1, lt=2**62)] | None = None
    name: Annotated[str, Field(max_length=60, pattern=r"^[^\x00]*$")] = ""
    on: datetime.date
    reason: Said = ""


class DissolveIn(Schema):
    """From which day a group is dissolved."""

    on: datetime.date
    instrument: Annotated[str, Field(max_length=120, pattern=r"^[^\x00]*$")] = ""


class DecideIn(Schema):
    """The version of the proposal one has read; a reason where it is sent back."""

    version: Annotated[int, Field(ge=1, lt=2**31)]
    reason: Said = ""


_MADE = {201: shapes.ProposalRow, ERRORS: Problem}


def _made(request: HttpRequest, row: Proposal) -> Status[shapes.ProposalRow]:
    return Status(201, queries.proposal(row.pk, reader=actor_of(request)))


@router.get(
    "/proposals",
    auth=Needs("search.use"),
    response={200: list[shapes.ProposalRow], ERRORS: Problem},
    summary="待确认事项",
)
def proposals(
    request: HttpRequest,
    state: Literal["open", "confirmed", "refused", "withdrawn"] = "open",
    kind: Annotated[str, Query(max_length=16)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[shapes.ProposalRow]:
    """List the proposals one may prepare or confirm, newest first."""
    return queries.proposals(reader=actor_of(request), state=state, kind=kind, limit=limit)


@router.get(
    "/proposals/{id}",
    auth=Needs("search.use"),
    response={200: shapes.ProposalRow, ERRORS: Problem},
    summary="一份拟办",
)
def proposal(request: HttpRequest, id: RowId) -> shapes.ProposalRow:  # noqa: A002
    """Return one proposal."""
    return queries.proposal(id, reader=actor_of(request))


@router.post("/organs", auth=Needs("organ.edit"), response=_MADE, summary="拟新设或更正单位")
def propose_organ(request: HttpRequest, body: OrganIn) -> Status[shapes.ProposalRow]:
    """Propose a new organ or a correction."""
    return _made(request, actions.propose_organ(actor=actor_of(request), **body.dict()))


@router.post("/organs/names", auth=Needs("organ.edit"), response=_MADE, summary="拟登记或停用名称")
def propose_name(request: HttpRequest, body: NameIn) -> Status[shapes.ProposalRow]:
    """Propose a written form of a name; an owned one must be flagged ambiguous."""
    return _made(request, actions.propose_name(actor=actor_of(request), **body.dict()))


@router.post("/organs/relations", auth=Needs("organ.edit"), response=_MADE, summary="拟定承接关系")
def propose_relation(request: HttpRequest, body: RelationIn) -> Status[shapes.ProposalRow]:
    """Propose a relation; circles are refused."""
    return _made(request, actions.propose_relation(actor=actor_of(request), **body.dict()))


@router.post("/organs/batches", auth=Needs("organ.edit"), response=_MADE, summary="拟定机构改革批次")
def propose_batch(request: HttpRequest, body: BatchIn) -> Status[shapes.ProposalRow]:
    """Propose a reform batch."""
    given = body.dict()
    relations = [{**one, "from": one["origin"], "to": one["target"]} for one in given.pop("relations")]
    return _made(request, actions.propose_batch(actor=actor_of(request), relations=relations, **given))


@router.post("/organs/readings", auth=Needs("name.decide"), response=_MADE, summary="拟定误印、歧义名称的读法")
def propose_reading(request: HttpRequest, body: ReadingIn) -> Status[shapes.ProposalRow]:
    """Propose how a misprinted or ambiguous name is to be read."""
    return _made(request, actions.propose_reading(actor=actor_of(request), **body.dict()))


@router.post("/posts", auth=Needs("post.edit"), response=_MADE, summary="拟登记职务")
def propose_post(request: HttpRequest, body: PostIn) -> Status[shapes.ProposalRow]:
    """Propose a post or its number of seats."""
    return _made(request, actions.propose_post(actor=actor_of(request), **body.dict()))


@router.post("/appointments", auth=Needs("post.edit"), response=_MADE, summary="登记任免名单")
def propose_appointments(request: HttpRequest, body: AppointmentsIn) -> Status[shapes.ProposalRow]:
    """Enter an appointment list; an occupied post needs an explanation."""
    return _made(request, actions.propose_appointments(actor=actor_of(request), **body.dict()))


@router.post("/persons/merges", auth=Needs("person.merge"), response=_MADE, summary="拟合并同名人员")
def propose_merge(request: HttpRequest, body: MergeIn) -> Status[shapes.ProposalRow]:
    """Propose that two persons of one name are one."""
    return _made(request, actions.propose_merge(actor=actor_of(request), **body.dict()))


@router.post("/persons/unmerges", auth=Needs("person.merge"), response=_MADE, summary="拟撤销合并")
def propose_unmerge(request: HttpRequest, body: UnmergeIn) -> Status[shapes.ProposalRow]:
    """Propose to take a merger back."""
    return _made(request, actions.propose_unmerge(actor=actor_of(request), **body.dict()))


@router.post("/groups/{id}/members", auth=Needs("group.propose"), response=_MADE, summary="拟调整成员")
def propose_member(request: HttpRequest, id: RowId, body: MemberIn) -> Status[shapes.ProposalRow]:  # noqa: A002
    """Propose who sits on a seat."""
    return _made(request, actions.propose_member(actor=actor_of(request), group=id, **body.dict()))


@router.post("/groups/{id}/dissolution", auth=Needs("group.propose"), response=_MADE, summary="拟撤销小组")
def propose_dissolution(request: HttpRequest, id: RowId, body: DissolveIn) -> Status[shapes.ProposalRow]:  # noqa: A002
    """Propose that a group is dissolved."""
    return _made(request, actions.propose_dissolution(actor=actor_of(request), group=id, **body.dict()))


@router.post(
    "/proposals/{id}/confirm",
    auth=Needs("search.use"),
    response={200: shapes.ProposalRow, ERRORS: Problem},
    summary="确认",
)
def confirm(request: HttpRequest, id: RowId, body: DecideIn) -> shapes.ProposalRow:  # noqa: A002
    """Confirm a proposal by another hand; the right it needs goes by its kind."""
    row = actions.confirm(actor=actor_of(request), proposal_id=id, version=body.version)
    return queries.proposal(row.pk, reader=actor_of(request))


@router.post(
    "/proposals/{id}/refuse",
    auth=Needs("search.use"),
    response={200: shapes.ProposalRow, ERRORS: Problem},
    summary="退回",
)
def refuse(request: HttpRequest, id: RowId, body: DecideIn) -> shapes.ProposalRow:  # noqa: A002
    """Send a proposal back with a reason."""
    row = actions.refuse(actor=actor_of(request), proposal_id=id, version=body.version, reason=body.reason)
    return queries.proposal(row.pk, reader=actor_of(request))


@router.post(
    "/proposals/{id}/withdraw",
    auth=Needs("search.use"),
    response={200: shapes.ProposalRow, ERRORS: Problem},
    summary="撤回",
)
def withdraw(request: HttpRequest, id: RowId, body: DecideIn) -> shapes.ProposalRow:  # noqa: A002
    """Take one's own proposal back."""
    row = actions.withdraw(actor=actor_of(request), proposal_id=id, version=body.version, reason=body.reason)
    return queries.proposal(row.pk, reader=actor_of(request))


# --- reading ----------------------------------------------------------------------------------------------------------


class MembersOut(Schema):
    """What a wildcard stands for."""

    text: str
    count: int
    members: list[shapes.OrganName]


class CitedOut(Schema):
    """What a citation points at: `status` instrument, clause_found, clause_not_found, ambiguous, parsed, none."""

    status: str
    citation: str | None = None
    number: str | None = None
    path: str | None = None
    candidates: list[str] = Field(default_factory=list)
    reasons: list[dict[str, Any]]


class QueuesOut(Schema):
    """What waits for somebody."""

    names: list[shapes.UnresolvedName]
    relations: list[shapes.RelationRow]
    duties: list[shapes.PendingDuty]
    suggestions: list[list[shapes.PersonPosts]]


@router.get("/organs", auth=Needs("organ.see"), response={200: shapes.OrganList, ERRORS: Problem}, summary="单位名录")
def organs(
    request: HttpRequest,
    on: On = None,
    kind: Annotated[str, Query(max_length=20)] = "",
    q: Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")] = "",
    after: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.OrganList:
    """List organs by slug, with where their duties lie on the day; `q` finds any written form."""
    return queries.organ_list(on=_day(on), kind=kind, q=q.strip(), after=after, size=limit)


@router.get(
    "/organs/resolve", auth=Needs("organ.see"), response={200: shapes.Found, ERRORS: Problem}, summary="名称指谁"
)
def resolve(request: HttpRequest, text: Asked, on: On = None) -> shapes.Found:
    """Say what a printed name means and who answers for it on the day; candidates where that is open."""
    return queries.resolve(text, _day(on))


@router.get(
    "/organs/expand", auth=Needs("organ.see"), response={200: MembersOut, ERRORS: Problem}, summary="各镇区指哪些"
)
def expand(request: HttpRequest, text: Asked, on: On = None) -> MembersOut:
    """Say which organs a wildcard (各镇区, 各镇, 各镇(街道)) stands for; none where they are chosen case by case."""
    members = queries.expand(text)
    names = queries.titles(members, _day(on))
    return MembersOut(text=text, count=len(members), members=[shapes.OrganName(slug, names[slug]) for slug in members])


@router.get("/cite", auth=Needs("organ.see"), response={200: CitedOut, ERRORS: Problem}, summary="引用指向哪里")
def cite(request: HttpRequest, text: Asked) -> CitedOut:
    """Say which instrument and clause a citation points at, looked up where the library holds the instrument."""
    on = CLOCK.today()
    taken = decide("organs.citation", complete("organs.citation", {"text": text}, on), on)
    reasons = [reason.as_dict() for reason in taken.reasons]
    return CitedOut(**taken.value, reasons=reasons)


@router.get(
    "/organs/succession",
    auth=Needs("organ.see"),
    response={200: shapes.SuccessionGraph, ERRORS: Problem},
    summary="承接关系图",
)
def succession(request: HttpRequest, on: On = None) -> shapes.SuccessionGraph:
    """Return all relations that move duties, confirmed or not."""
    return queries.succession_graph(_day(on))


@router.get("/organs/queues", auth=Needs("name.decide"), response={200: QueuesOut, ERRORS: Problem}, summary="待办清单")
def queues(request: HttpRequest, on: On = None) -> QueuesOut:
    """Return what waits: unresolved names, unconfirmed relations, duties without a live organ, namesakes."""
    found = queries.open_queues(_day(on), reader=actor_of(request))
    return QueuesOut(
        names=list(found.names),
        relations=list(found.relations),
        duties=list(found.duties),
        suggestions=[list(one) for one in found.suggestions],
    )


@router.get(
    "/organs/indicators",
    auth=Needs("organ.see"),
    response={200: list[shapes.Indicator], ERRORS: Problem},
    summary="单位数据的指标",
)
def indicators(request: HttpRequest, on: On = None) -> list[shapes.Indicator]:
    """Return resolved names, instruments with a known start, homeless duties, unconfirmed relations."""
    return queries.indicators(_day(on))


@router.get(
    "/organs/{slug}", auth=Needs("organ.see"), response={200: shapes.OrganPage, ERRORS: Problem}, summary="一个单位"
)
def organ(request: HttpRequest, slug: str, on: On = None) -> shapes.OrganPage:
    """Return names, relations, posts with holders, groups, instruments that burden the organ."""
    return queries.organ_page(_slug(slug), _day(on), reader=actor_of(request))


def _slug(text: str) -> str:
    if not text.replace("-", "").isalnum() or not text.isascii() or len(text) > 80:
        raise LuoshiError("E_NOT_FOUND", "没有这个代号的单位。")
    return text


@router.get(
    "/organs/{slug}/holder",
    auth=Needs("organ.see"),
    response={200: shapes.HolderAnswer, ERRORS: Problem},
    summary="某日谁任某职",
)
def holder(
    request: HttpRequest,
    slug: str,
    post: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="职务；不写为正职")] = "",
    on: On = None,
) -> shapes.HolderAnswer:
    """Say who held the post on the day, by what evidence of which instrument; without `post`, who headed the organ."""
    post = post.strip() or queries.head_post(_slug(slug))
    return queries.holder(_slug(slug), post, _day(on), reader=actor_of(request))


@router.get(
    "/groups", auth=Needs("organ.see"), response={200: list[shapes.GroupRow], ERRORS: Problem}, summary="领导小组"
)
def groups(
    request: HttpRequest,
    on: On = None,
    instrument: Annotated[str, Query(max_length=120, pattern=r"^[^\x00]*$", description="文号")] = "",
) -> list[shapes.GroupRow]:
    """List leading groups, joint conferences and command posts, newest first."""
    return queries.group_list(on=_day(on), number=instrument)


@router.get(
    "/groups/{id}", auth=Needs("organ.see"), response={200: shapes.GroupPage, ERRORS: Problem}, summary="某日的成员"
)
def group(request: HttpRequest, id: RowId, on: On = None) -> shapes.GroupPage:  # noqa: A002 - the address's own word
    """Return the members of a group on the day, its office, and whom succession by post would bring."""
    return queries.group_page(id, _day(on), reader=actor_of(request))


@router.get("/persons", auth=Needs("person.see"), response={200: shapes.PersonList, ERRORS: Problem}, summary="人员")
def persons(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=60, pattern=r"^[^\x00]*$")] = "",
    after: Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> shapes.PersonList:
    """List persons by name."""
    return queries.person_list(q=q, after=after, size=limit)


@router.get(
    "/persons/{id}", auth=Needs("organ.see"), response={200: shapes.PersonPage, ERRORS: Problem}, summary="一个人员"
)
def person(request: HttpRequest, id: RowId) -> shapes.PersonPage:  # noqa: A002
    """Return public tenures and seats; internal parts for those with person.see."""
    return queries.person_page(id, reader=actor_of(request))


class PurposeIn(Schema):
    """Why a private identifier is read."""

    purpose: Said


class IdentifierOut(Schema):
    """A private identifier: in full for personnel officers, masked for auditors."""

    value: str


@router.post(
    "/persons/{id}/identifiers/{kind}/read",
    auth=Needs("person.see"),
    response={200: IdentifierOut, ERRORS: Problem},
    summary="查看人员内部信息",
)
def read_identifier(
    request: HttpRequest,
    id: RowId,  # noqa: A002
    kind: Literal["id_number", "phone"],
    body: PurposeIn,
) -> IdentifierOut:
    """Read a private identifier for a stated purpose; the reading is logged."""
    value = actions.read_identifier(actor=actor_of(request), person=id, kind=kind, purpose=body.purpose)
    return IdentifierOut(value=value)
