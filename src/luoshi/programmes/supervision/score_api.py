"""Operations of key-work supervision: assessment runs, one organ's line, another run."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import assessing
from luoshi.programmes.supervision.board import plan_of
from luoshi.programmes.supervision.models import AssessmentLine, AssessmentRun

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
    plan = plan_of()
    if plan is None:
        raise LuoshiError("E_NOT_FOUND", "还没有执行中的年度计划。")
    made = assessing.run(
        actor=actor_of(request), plan=plan.pk, kind=body.kind, until=body.until, reason=body.reason
    )  # fmt: skip
    return _told(made)
