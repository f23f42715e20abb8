"""Operations on key works outside the yearly plan, and on orders to explain or to put right."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties import curve
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import board, correcting, plan_queries, works
from luoshi.programmes.supervision.models import SOURCES, Correction, Plan
from luoshi.programmes.supervision.task_views import task_of

router = Router()
_PLAIN = r"^[^\x00]*$"
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))
Version = Annotated[int | None, Field(ge=1, lt=2**31)]
Short = Annotated[str, Field(max_length=200, pattern=_PLAIN)]
Long = Annotated[str, Field(max_length=4000, pattern=_PLAIN)]
Day = Annotated[datetime.date | None, Query(description="以哪一天看，默认今天")]
Year = Annotated[int | None, Query(ge=2000, le=2100)]


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


class WorkIn(Schema):
    """A key work: what it is, who leads (slug of an organ) and who helps, its days, what set it."""

    title: Short
    lead: Short = Field(description="责任单位代号")
    coop: list[Short] = Field(default_factory=list, max_length=80, description="配合单位代号")
    begins_on: datetime.date
    due: datetime.date
    source: Short = Field(description="clause 文件条款、meeting 会议决定、report 政府工作报告、leader 领导交办")
    basis: Short = Field(description="依据：文号和条号、哪次会议")
    words: Long = ""
    leader_post: Short = ""

    def work(self) -> works.Work:
        """Return it as the act takes it."""
        given = self.dict(exclude={"version", "reason"})
        return works.Work(**given)


class WorkChangeIn(WorkIn):
    """What a key work says from now on; with a reason once it is decomposed."""

    version: Version = None
    reason: Annotated[str, Field(max_length=400, pattern=_PLAIN)] = ""


class WithdrawIn(Schema):
    """Why a key work is withdrawn."""

    reason: Annotated[str, Field(max_length=400, pattern=_PLAIN)]
    version: Version = None


class OrderIn(Schema):
    """An order by hand: `yellow` asks for an explanation, `red` for a plan with dates."""

    level: Short
    words: Annotated[str, Field(max_length=1000, pattern=_PLAIN)]
    version: Version = None


class StepIn(Schema):
    """One step of a plan that puts right."""

    day: datetime.date
    words: Short


class AnswerIn(Schema):
    """The answer to an order; of a red one with the steps of the new plan."""

    answer: Annotated[str, Field(max_length=2000, pattern=_PLAIN)]
    steps: list[StepIn] = Field(default_factory=list, max_length=30)
    version: Version = None


def _told(one: Correction) -> dict[str, Any]:
    return {
        "id": one.pk, "matter": one.matter_id, "level": one.level, "words": one.words, "again": one.again,
        "ordered_at": one.ordered_at.isoformat(), "ordered_by": one.ordered_name, "due_on": str(one.due_on),
        "answer": one.answer, "steps": one.steps,
        "answered_at": one.answered_at.isoformat() if one.answered_at else None,
        "ended_at": one.ended_at.isoformat() if one.ended_at else None,
    }  # fmt: skip


@router.get("/supervision/works", auth=Needs("work.see"), response=_ANSWERS, summary="计划外重点工作")
def listed(request: HttpRequest, year: Year = None, on: Day = None) -> dict[str, Any]:
    """Return the key works of a year that the caller sees: what set them, light, plan and progress in percent."""
    kind = str(Plan.Kind.KEY_WORKS)
    found = board.board(actor_of(request), on or CLOCK.today(), board.Wanted(year=year, kind=kind))
    chapters = {chapter.pk: chapter.no for chapter, _tiles in found.chapters}
    sources = list(SOURCES)
    return {
        "year": found.plan.year if found.plan else None,
        "day": str(found.day),
        "lights": found.spread,
        "works": [
            {
                "code": found.plan.code(tile.item.seq), "title": tile.item.title, "basis": tile.item.basis,
                "source": sources[chapters[tile.item.chapter_id] - 1], "leads": list(tile.leads),
                "begins_on": str(tile.item.begins_on), "due": str(tile.item.due), "state": tile.item.state,
                "decomposition": tile.item.decomposition, "light": tile.light, "planned": curve.written(tile.planned),
                "actual": curve.shown(tile.actual, 100), "exact": str(tile.actual), "tasks": tile.count,
            }
            for tile in found.tiles if found.plan is not None
        ],
    }  # fmt: skip


@router.post("/supervision/works", auth=Needs("work.set"), response=_ANSWERS, summary="设立重点工作")
def set_work(request: HttpRequest, body: WorkIn) -> dict[str, Any]:
    """Set a key work outside the yearly plan, as mayor, vice mayor or supervision; answers the item."""
    made = works.set_work(actor=actor_of(request), work=body.work())
    return plan_queries.as_data(made, CLOCK.today())


@router.put("/supervision/works/{code}", auth=Needs("work.set"), response=_ANSWERS, summary="改重点工作")
def change_work(request: HttpRequest, code: str, body: WorkChangeIn) -> dict[str, Any]:
    """Change what is said of a key work; a due day that is past moves no more."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    made = works.change_work(
        actor=actor, item=item.pk, work=body.work(), reason=body.reason, version=body.version
    )  # fmt: skip
    return plan_queries.as_data(made, CLOCK.today())


@router.post("/supervision/works/{code}/withdraw", auth=Needs("work.lead"), response=_ANSWERS, summary="撤销重点工作")
def withdraw(request: HttpRequest, code: str, body: WithdrawIn) -> dict[str, Any]:
    """Withdraw a key work, with its open tasks."""
    actor = actor_of(request)
    item = plan_queries.item_of(actor, code)
    made = works.withdraw_work(actor=actor, item=item.pk, reason=body.reason, version=body.version)
    return {"code": made.code, "state": made.state}


@router.post(
    "/supervision/tasks/{int:task}/object", auth=Needs("matter.report"), response=_ANSWERS, summary="请改正任务"
)
def object_to(request: HttpRequest, task: int, body: WithdrawIn) -> dict[str, Any]:
    """Ask once, within a working day of getting it, to have a task of a key work corrected."""
    made = works.object_to(actor=actor_of(request), matter=task, reason=body.reason, version=body.version)
    return {"matter": made.pk, "version": made.version}


@router.get(
    "/supervision/tasks/{int:task}/corrections", auth=Needs("work.see"), response=_ANSWERS, summary="任务的纠偏"
)
def corrections(request: HttpRequest, task: int) -> dict[str, Any]:
    """Return the orders on a task, newest first."""
    return {"corrections": [_told(one) for one in correcting.of(task_of(actor_of(request), task))]}


@router.post(
    "/supervision/tasks/{int:task}/corrections", auth=Needs("work.see"), response=_ANSWERS, summary="要求说明或纠偏"
)
def order(request: HttpRequest, task: int, body: OrderIn) -> dict[str, Any]:
    """Order by hand that a task is explained or put right, as supervision or the leader in charge."""
    return _told(correcting.order(actor=actor_of(request), matter=task, **body.dict()))


@router.post(
    "/supervision/corrections/{int:correction}", auth=Needs("work.reply"), response=_ANSWERS, summary="说明、纠偏"
)
def answer(request: HttpRequest, correction: int, body: AnswerIn) -> dict[str, Any]:
    """Answer an order for the organ that holds the task."""
    steps = [(one.day, one.words) for one in body.steps]
    made = correcting.answer(
        actor=actor_of(request), correction=correction, words=body.answer, steps=steps, version=body.version
    )
    return _told(made)
