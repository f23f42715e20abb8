"""The parameter book: values by date, changes proposed and approved by two persons, receipts taken again."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema, Status
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.parameters import DatedValue, Parameter, plain
from luoshi.office.parameters import actions, packaged, queries
from luoshi.office.parameters.book import current, rerun
from luoshi.office.parameters.models import ParameterChange
from luoshi.office.parameters.values import kind_of
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.registry import load_decisions

router = Router()

Source = Literal["clause", "outside_rule", "default", "unconfirmed"]


class DatedValueOut(Schema):
    """A value and the days for which it holds, both included; decimals are text."""

    value: Any
    valid_from: datetime.date = Field(serialization_alias="from")
    valid_to: datetime.date | None = Field(None, serialization_alias="to")
    citation: str | None = None
    basis: str | None = None
    source: Source
    confirmed_by: str | None = None
    needs_confirmation: bool


class ParameterOut(Schema):
    """A parameter and its value on the day asked about, null where it has none."""

    room: str
    name: str
    title: str
    unit: str
    kind: Literal["integer", "decimal", "boolean", "choice", "text", "json"]
    choices: dict[str, str] = Field(default_factory=dict, description="可取的值及其含义；空为不限于几种")
    owner: str
    today: DatedValueOut | None = Field(None, serialization_alias="value_on")
    waiting: int = Field(0, description="待批准的变更；未登录不显示")
    href: str


class ChangeOut(Schema):
    """A change: what is proposed, by whom, and what became of it."""

    id: int
    room: str
    name: str
    kind: Literal["value", "confirm"]
    value: Any
    valid_from: datetime.date = Field(serialization_alias="from")
    valid_to: datetime.date | None = Field(None, serialization_alias="to")
    source: Source
    citation: str
    document: str
    reason: str
    owner: str
    state: Literal["proposed", "approved", "refused", "withdrawn"]
    version: int
    proposed_name: str
    proposed_at: datetime.datetime
    decided_name: str
    decided_at: datetime.datetime | None = None
    answer: str
    book: int | None = None
    digest: str


class ParameterDetail(ParameterOut):
    """A parameter with all its values, the decisions that read it, and its changes."""

    values: list[DatedValueOut]
    read_by: list[str]
    changes: list[ChangeOut]


class ParameterList(Schema):
    """The parameters that fit, by room, and the edition of the book they are from."""

    book: str = Field(description="参数簿的版次，空为随软件交付的值")
    on: datetime.date
    items: list[ParameterOut]


class ChangePage(Schema):
    """A page of changes, newest first; `next` is the id to go on from."""

    items: list[ChangeOut]
    next: int | None = None


class ChangeIn(Schema):
    """A change to propose; `value` of the parameter's kind, decimals as text."""

    value: Any
    valid_from: datetime.date = Field(alias="from")
    valid_to: datetime.date | None = Field(None, alias="to")
    source: Source = "clause"
    citation: str = ""
    document: str = ""
    reason: str = ""


class ConfirmIn(Schema):
    """A confirmation to propose: of the value on a day (default today), by a document."""

    on: datetime.date | None = None
    document: str
    reason: str = ""


class DecideOnIn(Schema):
    """The version of the change that was looked at."""

    version: int


class RefuseIn(DecideOnIn):
    """Why a change is refused."""

    answer: str


class ReceiptIn(Schema):
    """The receipt of a decision, as it was given."""

    receipt: dict[str, Any]


class RerunOut(Schema):
    """A decision taken again with the values of its receipt."""

    same: bool
    differences: list[str]
    key: str
    value: Any
    outcome: str


@router.get(
    "/parameters", auth=Needs("parameter.see"), response={200: ParameterList, ERRORS: Problem}, by_alias=True,
    summary="参数及其在某日的值",
)  # fmt: skip
def parameters(
    request: HttpRequest,
    on: datetime.date | None = None,
    room: Annotated[list[str], Query(max_length=50)] = [],  # noqa: B006
    standing: Annotated[list[Literal["clause", "confirmed", "unconfirmed", "missing"]], Query()] = [],  # noqa: B006
    waiting: bool = False,
    q: Annotated[str, Query(max_length=60)] = "",
) -> ParameterList:
    """List the parameters with their values on a day, today unless given."""
    day, book = on or CLOCK.today(), current()
    wanted = queries.BookFilter(day, rooms=tuple(room), standings=tuple(standing), waiting=waiting, q=q)
    found = queries.rows(actor_of(request), wanted, book)
    items = [_parameter(row.room.key, row.parameter, row.dated, row.waiting) for row in found]
    return ParameterList(book=book.name, on=day, items=[ParameterOut(**item) for item in items])


@router.get(
    "/parameters/{room}/{name}", auth=Needs("parameter.see"), response={200: ParameterDetail, ERRORS: Problem},
    by_alias=True, summary="一个参数的历史",
)  # fmt: skip
def parameter(request: HttpRequest, room: str, name: str, on: datetime.date | None = None) -> ParameterDetail:
    """Return a parameter with its history and the decisions that read it."""
    load_decisions()
    found, actor = current().parameter(room, name), actor_of(request)
    changes = queries.changes_of(actor, room, name)
    waiting = sum(change.state == "proposed" for change in changes)
    return ParameterDetail(
        **_parameter(room, found, queries.value_on(found, on or CLOCK.today()), waiting),
        values=[_dated(value) for value in found.values],
        read_by=[definition.key for definition in packaged.readers(room, name)],
        changes=[_change(change) for change in changes],
    )


@router.post(
    "/parameters/{room}/{name}/changes", auth=Needs("parameter.propose"), response={201: ChangeOut, ERRORS: Problem},
    by_alias=True, summary="拟改参数",
)  # fmt: skip
def propose(request: HttpRequest, room: str, name: str, body: ChangeIn) -> Status[ChangeOut]:
    """Propose a value from a day on; another person has to approve it."""
    made = actions.propose(
        actor=actor_of(request), room=room, name=name, value=body.value, valid_from=body.valid_from,
        valid_to=body.valid_to, source=body.source, citation=body.citation, document=body.document, reason=body.reason,
    )  # fmt: skip
    return Status(201, _change(made))


@router.post(
    "/parameters/{room}/{name}/confirmations", auth=Needs("parameter.propose"),
    response={201: ChangeOut, ERRORS: Problem}, by_alias=True, summary="拟确认现值",
)  # fmt: skip
def propose_confirmation(request: HttpRequest, room: str, name: str, body: ConfirmIn) -> Status[ChangeOut]:
    """Propose to confirm the value of a day by a document; another person has to approve it."""
    made = actions.propose_confirmation(
        actor=actor_of(request), room=room, name=name, on=body.on or CLOCK.today(), document=body.document,
        reason=body.reason,
    )  # fmt: skip
    return Status(201, _change(made))


@router.get(
    "/parameter-changes", auth=Needs("parameter.see"), response={200: ChangePage, ERRORS: Problem}, by_alias=True,
    summary="参数的变更",
)  # fmt: skip
def changes(
    request: HttpRequest,
    state: Literal["proposed", "approved", "refused", "withdrawn"] | None = None,
    after: Annotated[int | None, Query(ge=1, lt=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ChangePage:
    """List changes, newest first; visitors see the approved ones."""
    found = queries.visible_changes(actor_of(request)).order_by("-id")
    if state is not None:
        found = found.filter(state=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found[: limit + 1])
    shown = rows[:limit]
    return ChangePage(items=[_change(row) for row in shown], next=shown[-1].pk if len(rows) > limit else None)


@router.post(
    "/parameter-changes/{pk}/approve", auth=Needs("parameter.approve"), response={200: ChangeOut, ERRORS: Problem},
    by_alias=True, summary="批准参数变更",
)  # fmt: skip
def approve(request: HttpRequest, pk: int, body: DecideOnIn) -> ChangeOut:
    """Approve another person's change: from now on decisions of its days are taken with it."""
    return _change(actions.approve(actor=actor_of(request), change_id=pk, version=body.version))


@router.post(
    "/parameter-changes/{pk}/refuse", auth=Needs("parameter.approve"), response={200: ChangeOut, ERRORS: Problem},
    by_alias=True, summary="不予批准",
)  # fmt: skip
def refuse(request: HttpRequest, pk: int, body: RefuseIn) -> ChangeOut:
    """Refuse another person's change, saying why."""
    return _change(actions.refuse(actor=actor_of(request), change_id=pk, version=body.version, answer=body.answer))


@router.post(
    "/parameter-changes/{pk}/withdraw", auth=Needs("parameter.propose"), response={200: ChangeOut, ERRORS: Problem},
    by_alias=True, summary="撤回自己拟的变更",
)  # fmt: skip
def withdraw(request: HttpRequest, pk: int, body: DecideOnIn) -> ChangeOut:
    """Take back one's own proposal while it waits."""
    return _change(actions.withdraw(actor=actor_of(request), change_id=pk, version=body.version))


@router.post(
    "/receipts/check", auth=Needs("decision.run"), response={200: RerunOut, ERRORS: Problem}, summary="复核回执"
)
def check_receipt(request: HttpRequest, body: ReceiptIn) -> RerunOut:
    """Take the decision of a receipt again with the values it names; say whether the answer is the same."""
    load_decisions()
    again = rerun(body.receipt)
    return RerunOut(
        same=again.same,
        differences=list(again.differences),
        key=again.decision.definition.key,
        value=again.decision.as_dict()["value"],
        outcome=again.decision.outcome.value,
    )


def _parameter(room: str, found: Parameter, dated: DatedValue | None, waiting: int) -> dict[str, Any]:
    return {
        "room": room,
        "name": found.name,
        "title": found.title,
        "unit": found.unit,
        "kind": kind_of(found),
        "choices": dict(found.choices),
        "owner": packaged.owner_of(found),
        "today": None if dated is None else _dated(dated),
        "waiting": waiting,
        "href": f"/policy/parameters/{room}/{found.name}/",
    }


def _dated(value: DatedValue) -> DatedValueOut:
    return DatedValueOut(
        value=plain(value.value),
        valid_from=value.valid_from,
        valid_to=value.valid_to,
        citation=None if value.citation is None else str(value.citation),
        basis=value.basis,
        source=value.source.value,
        confirmed_by=value.confirmed_by,
        needs_confirmation=value.needs_confirmation,
    )


def _change(change: ParameterChange) -> ChangeOut:
    return ChangeOut(**{name: getattr(change, name) for name in ChangeOut.model_fields if name != "id"}, id=change.pk)
