"""Operations of key-work supervision: assessment runs, one organ's line, another run."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import assessing, carrying, checking, reviewing
from luoshi.programmes.supervision.models import AnnualReview, AssessmentLine, AssessmentRun, Plan

router = Router()
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))
_PLAIN = r"^[^\x00]*$"


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


class RunIn(Schema):
    """A period to reckon: month, half or year, its last day, the reason for another run."""

    kind: Annotated[str, Field(pattern="^(month|half|year)$")]
    until: datetime.date
    reason: Annotated[str, Field(max_length=1000, pattern=_PLAIN)] = ""


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


def _told(row: AssessmentRun) -> dict[str, Any]:
    return {
        "id": row.pk, "title": row.title, "kind": row.kind, "after": str(row.after), "until": str(row.until),
        "seq": row.seq, "state": row.state, "reason": row.reason, "digest": row.digest,
        "objections_until": row.objections_until and str(row.objections_until),
    }  # fmt: skip


def _line(one: AssessmentLine) -> dict[str, Any]:
    return {
        "organ": one.organ, "name": one.name, "group": one.group, "rank": one.rank, "leaves": one.leaves,
        "score": None if one.score is None else str(one.score), "exact": one.exact, "parts": one.parts,
    }  # fmt: skip


@router.get("/supervision/scores", auth=Needs("work.see"), response=_ANSWERS)
def score_runs(request: HttpRequest) -> dict[str, Any]:
    """Return the runs the caller sees, newest period first, at most 200."""
    return {"runs": [_told(one) for one in assessing.runs(actor_of(request))[:200]]}


@router.get("/supervision/scores/{int:run}", auth=Needs("work.see"), response=_ANSWERS)
def score_run(request: HttpRequest, run: int) -> dict[str, Any]:
    """Return a run with the lines the caller sees and the parameters it was reckoned with."""
    actor = actor_of(request)
    row = assessing.one(actor, run)
    return {**_told(row), "parameters": row.parameters, "lines": [_line(one) for one in assessing.lines(actor, row)]}


@router.get("/supervision/scores/{int:run}/{organ}", auth=Needs("work.see"), response=_ANSWERS)
def score_line(request: HttpRequest, run: int, organ: str) -> dict[str, Any]:
    """Return one organ's line with every task and count behind it, exactly."""
    one = assessing.line(actor_of(request), run, organ)
    return {**_line(one), "inputs": one.inputs, "objection": one.objection, "answer": one.answer}


@router.post("/supervision/scores", auth=Needs("work.score"), response=_ANSWERS)
def score_new(request: HttpRequest, body: RunIn) -> dict[str, Any]:
    """Reckon a period; runs made before stay."""
    made = assessing.run(
        actor=actor_of(request), plan=assessing.plan_for(body.until).pk, kind=body.kind, until=body.until,
        reason=body.reason,
    )  # fmt: skip
    return _told(made)


class ReviewActIn(Schema):
    """What to do with the review of a year: take the picture, sign it with the others, sign it, carry over."""

    act: Annotated[str, Field(pattern="^(draft|cosign|sign|carry)$")]


def _reviewed(row: AnnualReview) -> dict[str, Any]:
    return {
        "year": row.plan.year, "day": str(row.day), "due": str(row.due), "state": row.state, "digest": row.digest,
        "signatures": [
            {"organ": one.organ, "name": one.signed_name, "at": one.signed_at.isoformat()}
            for one in row.signatures.order_by("pk")
        ],
        "missing": reviewing.missing(row), "signed_by": row.signed_name, "notice": row.notice_id,
        "items": [
            {"item": one.item.code, "category": one.category, "actual": one.actual, "counts": one.counts,
             "carried": one.carried}
            for one in row.lines.select_related("item__plan").order_by("item__seq")
        ],
        "carried": [
            {"from": one.matter.external_id, "to": one.node.code}
            for one in row.carried_tasks.select_related("matter", "node").order_by("pk")
        ],
    }  # fmt: skip


def _plan(year: int) -> int:
    found = Plan.objects.filter(year=year, kind="work_points").values_list("pk", flat=True).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的计划。")
    return found


@router.get("/supervision/review/{int:year}", auth=Needs("work.see"), response=_ANSWERS, summary="年度评价")
def review_seen(request: HttpRequest, year: int) -> dict[str, Any]:
    """Return the review of a year: categories, who signed, what is carried over; for who sees every organ's score."""
    row = AnnualReview.objects.select_related("plan").filter(plan__year=year).first()
    if row is None or not assessing.sees_all(actor_of(request)):
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的年度评价。")
    return _reviewed(row)


@router.post("/supervision/review/{int:year}", auth=Needs("work.see"), response=_ANSWERS, summary="办年度评价")
def review_do(request: HttpRequest, year: int, body: ReviewActIn) -> dict[str, Any]:
    """Take the picture of a year, sign it with the others or as the leader, carry over what is left."""
    actor, plan = actor_of(request), _plan(year)
    if body.act == "draft":
        reviewing.draft(actor=actor, plan=plan)
    elif body.act == "cosign":
        reviewing.co_sign(actor=actor, plan=plan)
    elif body.act == "sign":
        reviewing.sign(actor=actor, plan=plan)
    else:
        carrying.carry_over(actor=actor, plan=plan)
    return _reviewed(AnnualReview.objects.select_related("plan").get(plan=plan))


@router.get("/supervision/checks/{quarter}", auth=Needs("work.score"), response=_ANSWERS, summary="抽取记录")
def check_record(request: HttpRequest, quarter: str) -> dict[str, Any]:
    """Return the draw of a quarter (2019-Q2) as a record from which anybody can draw it again."""
    row = checking.checks().filter(quarter=quarter[:7]).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"{quarter[:7]}没有抽过。")
    return checking.exported(row)
