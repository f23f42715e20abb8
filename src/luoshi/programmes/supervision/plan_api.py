"""What other systems ask of the plan and do with it: load, read names, decompose, approve, activate."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Router, Schema
from ninja.files import UploadedFile
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import Needs, actor_of, attachment
from luoshi.programmes.supervision import plan_actions, plan_import, plan_queries, plan_sheets
from luoshi.programmes.supervision.models import KeyItem, Node, Plan

router = Router()
Text = Annotated[str, Field(max_length=1000)]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


class LoadIn(Schema):
    """Which instrument of the library to read into a plan."""

    instrument: Text
    year: Annotated[int, Field(ge=1949, le=2100)] | None = None


class VersionIn(Schema):
    """The version the caller saw; nothing to overwrite whatever is there."""

    version: Number | None = None


class SettledItem(Schema):
    """What one item is given; what is left out stays, a weight of null is none."""

    seq: Annotated[int, Field(ge=1, le=9999)]
    leader_post: Annotated[str, Field(max_length=100)] | None = None
    weight_bp: Annotated[int, Field(ge=0, le=10000)] | None = None
    public: bool | None = None


class SettleIn(VersionIn):
    """Leaders in charge, weights and publicity of items by number."""

    items: Annotated[list[SettledItem], Field(max_length=500)]


class ReadingIn(Schema):
    """A reading proposed (`organ`, `reason`), or a decision on the one proposed (`confirm`)."""

    organ: Text = ""
    reason: Text = ""
    confirm: bool | None = None


class ReasonIn(VersionIn):
    """A reason."""

    reason: Text


class WaiverIn(ReasonIn):
    """A cooperating organ without a task of its own, and why."""

    organ: Text


class DesignateIn(VersionIn):
    """The towns a wildcard means in an item, or why none."""

    entry: Number
    members: list[Text] = Field(default_factory=list)
    none_reason: Text = ""


class TargetIn(Schema):
    """A target the compiler did not read."""

    name: Text
    comparator: Text = ">="
    value: Decimal | None = None
    upper: Decimal | None = None
    unit: Text = ""
    scope: Text = ""
    due: datetime.date | None = None
    context: bool = False


class NodeIn(VersionIn):
    """A node of the tree; `weight_bp` in 1/10,000 of its siblings, `planned_points` [[day, cumulative percent]]."""

    parent: Text = ""
    title: Text
    kind: Text = "leaf"
    weight_bp: int
    start: datetime.date | None = None
    due: datetime.date | None = None
    organ: Text = ""
    post: Text = ""
    deliverable: Text = ""
    target: Text = ""
    baseline: Decimal | None = None
    target_value: Decimal | None = None
    unit: Text = ""
    evidence_types: list[Text] = Field(default_factory=list)
    cycle: Text = ""
    planned_points: list[tuple[datetime.date, Decimal]] = Field(default_factory=list)
    latitude: Decimal | None = Field(default=None, description="地点纬度，度（CGCS2000）")
    longitude: Decimal | None = Field(default=None, description="地点经度，度")


def plan_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data, with the figures of its load and what stands in the way of activation."""
    return {
        "id": plan.pk,
        "year": plan.year,
        "title": plan.title,
        "instrument": plan.instrument_key,
        "issued_on": plan.issued_on,
        "status": plan.status,
        "version": plan.version,
        "check": plan_import.load_check(plan),
        "faults": plan_actions.activation_faults(plan) if plan.status == Plan.Status.LOADING else [],
    }


def _item(item: KeyItem) -> dict[str, Any]:
    fresh = KeyItem.objects.select_related("plan", "plan__instrument", "chapter").get(pk=item.pk)
    return plan_queries.as_data(fresh, CLOCK.today())


@router.post("/supervision/plans", auth=Needs("work.plan"), response=_ANSWERS)
def load(request: HttpRequest, body: LoadIn) -> dict[str, Any]:
    """Read work points of the library into the plan of their year."""
    return plan_data(plan_import.load_plan(actor=actor_of(request), key=body.instrument, year=body.year))


@router.get("/supervision/plans/{int:year}", auth=Needs("work.see"), response=_ANSWERS)
def show(request: HttpRequest, year: int) -> dict[str, Any]:
    """Return a plan with the items the caller may see: number, title, organs, state of the tree, progress."""
    plan, actor = plan_queries.plan_of(year), actor_of(request)
    items = [
        {
            "code": one["code"],
            "title": one["item"].title,
            "chapter": chapter["no"],
            "lead": [entry["organ"] or entry["raw"] for entry in one["lead"]],
            "coop": [entry["organ"] or entry["token"] or entry["raw"] for entry in one["coop"]],
            "state": one["item"].state,
            "decomposition": one["item"].decomposition,
            "due": one["item"].due,
            "percent": plan_queries.shown_percent(one["item"].actual),
        }
        for chapter in plan_queries.overview(actor, plan)
        for one in chapter["items"]
    ]
    return plan_data(plan) | {"items": items}


@router.post("/supervision/plans/{int:year}/activate", auth=Needs("work.activate"), response=_ANSWERS)
def activate(request: HttpRequest, year: int, body: VersionIn) -> dict[str, Any]:
    """Activate a plan; E_INCOMPLETE lists in `reasons` what stands in the way."""
    plan = plan_queries.plan_of(year)
    return plan_data(plan_actions.activate(actor=actor_of(request), plan=plan.pk, version=body.version))


@router.put("/supervision/plans/{int:year}/items", auth=Needs("work.plan"), response=_ANSWERS)
def settle(request: HttpRequest, year: int, body: SettleIn) -> dict[str, Any]:
    """Say who leads items, what they weigh (all or none, 10,000 in all), whether they are public."""
    plan = plan_queries.plan_of(year)
    rows = {}
    for one in body.items:
        given = one.dict(exclude_unset=True, exclude={"seq"})
        rows[one.seq] = {name: value for name, value in given.items() if name == "weight_bp" or value is not None}
    changed = plan_actions.settle_items(actor=actor_of(request), plan=plan.pk, rows=rows, version=body.version)
    return {"changed": [item.code for item in changed]}


@router.post("/supervision/entries/{int:entry}/reading", auth=Needs("work.plan"), response=_ANSWERS)
def reading(request: HttpRequest, entry: int, body: ReadingIn) -> dict[str, Any]:
    """Propose how an unread name is read, or as another person confirm or refuse the reading proposed."""
    actor = actor_of(request)
    if body.confirm is None:
        made = plan_actions.propose_reading(actor=actor, entry=entry, reading=body.organ, reason=body.reason)
        return {"entry": entry, "reading": made.reading, "state": "proposed"}
    row = plan_actions.decide_reading(actor=actor, entry=entry, confirm=body.confirm)
    return {"entry": entry, "organ": row.organ, "resolution": row.resolution}


@router.get("/supervision/items/{code}", auth=Needs("work.see"), response=_ANSWERS)
def item(request: HttpRequest, code: str) -> dict[str, Any]:
    """Return an item (2019-24): organs, targets, tree, progress."""
    return plan_queries.as_data(plan_queries.item_of(actor_of(request), code), CLOCK.today())


@router.get("/supervision/items/{code}/failures", auth=Needs("work.see"), response=_ANSWERS)
def failures(request: HttpRequest, code: str) -> dict[str, Any]:
    """Return what the decomposition of an item lacks (D3), with node codes."""
    found = plan_actions.failures(plan_queries.item_of(actor_of(request), code))
    return {"complete": not found, "failures": found}


@router.post("/supervision/items/{code}/targets", auth=Needs("work.plan"), response=_ANSWERS)
def add_target(request: HttpRequest, code: str, body: TargetIn) -> dict[str, Any]:
    """Add a target that the compiler did not read."""
    actor = actor_of(request)
    made = plan_actions.add_target(actor=actor, item=plan_queries.item_of(actor, code).pk, **body.dict())
    return plan_queries.target_shown(made)


@router.post("/supervision/items/{code}/designate", auth=Needs("work.see"), response=_ANSWERS)
def designate(request: HttpRequest, code: str, body: DesignateIn) -> dict[str, Any]:
    """Say which towns a wildcard of the item means."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    if not row.organs.filter(pk=body.entry).exists():
        raise LuoshiError("E_NOT_FOUND", "没有这个责任单位条目。")
    plan_actions.designate(
        actor=actor, entry=body.entry, members=body.members, none_reason=body.none_reason, version=body.version
    )
    return _item(row)


@router.post("/supervision/items/{code}/waivers", auth=Needs("work.see"), response=_ANSWERS)
def waive(request: HttpRequest, code: str, body: WaiverIn) -> dict[str, Any]:
    """Write down why a cooperating organ has no task of its own."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    plan_actions.waive(actor=actor, item=row.pk, organ=body.organ, reason=body.reason, version=body.version)
    return _item(row)


@router.post("/supervision/items/{code}/nodes", auth=Needs("work.see"), response=_ANSWERS)
def add_node(request: HttpRequest, code: str, body: NodeIn) -> dict[str, Any]:
    """Add a node to the tree of an item; answers its code."""
    return _put(request, code, "", body)


@router.put("/supervision/items/{code}/nodes/{node}", auth=Needs("work.see"), response=_ANSWERS)
def change_node(request: HttpRequest, code: str, node: str, body: NodeIn) -> dict[str, Any]:
    """Change a node of the tree."""
    actor = actor_of(request)
    if not Node.objects.filter(item=plan_queries.item_of(actor, code), code=node, ended_at=None).exists():
        raise LuoshiError("E_NOT_FOUND", f"没有节点“{node[:30]}”。")
    return _put(request, code, node, body)


def _put(request: HttpRequest, code: str, node: str, body: NodeIn) -> dict[str, Any]:
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    values = body.dict(exclude={"parent", "version"})
    made = plan_actions.save_node(
        actor=actor, item=row.pk, code=node, parent=body.parent, row=values, version=body.version
    )
    return {"code": made.code, "item": row.code, "version": KeyItem.objects.get(pk=row.pk).version}


@router.delete("/supervision/items/{code}/nodes/{node}", auth=Needs("work.see"), response=_ANSWERS)
def end_node(request: HttpRequest, code: str, node: str, version: int | None = None) -> dict[str, Any]:
    """Take a node, with all below it, out of the tree."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    plan_actions.remove_node(actor=actor, item=row.pk, code=node, version=version)
    return _item(row)


@router.post("/supervision/items/{code}/propose", auth=Needs("work.see"), response=_ANSWERS)
def propose(request: HttpRequest, code: str, body: VersionIn) -> dict[str, Any]:
    """Hand a complete tree to the leader in charge."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    plan_actions.propose(actor=actor, item=row.pk, version=body.version)
    return _item(row)


@router.post("/supervision/items/{code}/approve", auth=Needs("work.lead"), response=_ANSWERS)
def approve(request: HttpRequest, code: str, body: VersionIn) -> dict[str, Any]:
    """Approve a tree; its smallest tasks become matters."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    plan_actions.approve(actor=actor, item=row.pk, version=body.version)
    return _item(row)


@router.post("/supervision/items/{code}/send-back", auth=Needs("work.lead"), response=_ANSWERS)
def send_back(request: HttpRequest, code: str, body: ReasonIn) -> dict[str, Any]:
    """Send a proposed tree back with a reason."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    plan_actions.send_back(actor=actor, item=row.pk, reason=body.reason, version=body.version)
    return _item(row)


@router.get("/supervision/items/{code}/tree.xlsx", auth=Needs("work.see"), response=_ANSWERS)
def tree(request: HttpRequest, code: str) -> HttpResponse:
    """Return the tree as a table that can be sent back."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    return attachment(plan_sheets.workbook(row.plan, row, actor=actor), f"tasks-{row.code}.xlsx")


@router.post("/supervision/items/{code}/tree", auth=Needs("work.see"), response=_ANSWERS)
def take_tree(request: HttpRequest, code: str, file: File[UploadedFile], digest: str = "") -> dict[str, Any]:
    """Look at a table of nodes; with the digest of that look in the query (`digest`) take it in, all or nothing."""
    actor = actor_of(request)
    row = plan_queries.item_of(actor, code)
    name, data = str(file.name), file.read()
    given: dict[str, Any] = {"actor": actor, "plan": row.plan, "item": row, "name": name, "data": data}
    found = plan_sheets.take_in(**given, digest=digest) if digest else plan_sheets.look(**given)
    return {
        "digest": found.digest,
        "taken": bool(digest),
        "rows": found.rows,
        "new": found.new,
        "changed": found.changed,
        "unchanged": found.unchanged,
        "faults": [{"cell": one.cell, "row": one.row, "text": one.words} for one in found.faults],
    }
