"""Operations of key-work supervision: the board and the public items, read-only."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router, Schema

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties import curve
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import board, public_views

router = Router()
_REFUSALS = frozenset((400, 401, 403, 404, 405, 422))
Day = Annotated[datetime.date | None, Query(description="以哪一天看，默认今天")]
Year = Annotated[int | None, Query(ge=2000, le=2100)]


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


@router.get("/supervision/board", auth=Needs("work.see"), response=_ANSWERS)
def show(request: HttpRequest, year: Year = None, on: Day = None) -> dict[str, Any]:
    """Return the items the caller sees on a day: light, plan and progress in percent (two decimals, and exactly)."""
    found = board.board(actor_of(request), on or CLOCK.today(), board.Wanted(year=year))
    return {
        "year": found.plan.year if found.plan else None,
        "day": str(found.day),
        "tasks": found.tasks,
        "actual": curve.written(found.actual),
        "planned": curve.written(found.planned),
        "lights": found.spread,
        "items": [
            {
                "seq": tile.item.seq, "title": tile.item.title, "leads": list(tile.leads), "light": tile.light,
                "state": tile.item.state, "due": str(tile.item.due), "planned": curve.written(tile.planned),
                "actual": curve.shown(tile.actual, 100), "exact": str(tile.actual), "tasks": tile.count,
            }
            for tile in found.tiles
        ],
    }  # fmt: skip


@router.get("/open/supervision", auth=Needs("open.see"), response=_ANSWERS)
def published(request: HttpRequest) -> dict[str, Any]:
    """Return the public items: lead organs, targets, accepted progress, light, when last updated."""
    plan, rows = public_views.published(CLOCK.today())
    return {
        "year": plan.year if plan else None,
        "items": [
            {
                "seq": row.seq, "title": row.title, "leads": row.leads, "targets": row.targets, "percent": row.percent,
                "light": row.light, "due": str(row.due), "updated": str(row.updated) if row.updated else None,
            }
            for row in rows
        ],
    }  # fmt: skip
