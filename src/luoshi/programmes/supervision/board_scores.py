"""What the board shows of the assessment: the newest run's first three and last two organs of the departments."""

from __future__ import annotations

from typing import Any

from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.programmes.supervision import assessing, board
from luoshi.programmes.supervision.models import AssessmentLine, AssessmentRun


def newest(actor: Actor) -> dict[str, Any]:
    """Return the newest run with lines: its words and the organs the actor may see; empty before there is one."""
    run = AssessmentRun.objects.order_by("-id").first()
    if run is None:
        return {}
    rows = list(
        AssessmentLine.objects.filter(run=run, group=AssessmentLine.Group.CITY, score__isnull=False).order_by(
            "rank", "organ"
        )
    )
    if run.state != AssessmentRun.State.PUBLISHED and not assessing.sees_all(actor):
        organs = concern.organs_for(actor, "work.see") or frozenset()
        rows = [row for row in rows if row.organ in organs]
    shown = rows if len(rows) <= 5 else [*rows[:3], *rows[-2:]]
    names = concern.titles({row.organ for row in shown})
    return {
        "run": run,
        "count": len(rows),
        "rows": [
            {
                "rank": row.rank,
                "name": board.short(names.get(row.organ, row.organ), row.organ),
                "score": row.score,
                "bar": float(row.score or 0),
            }
            for row in shown
        ],
    }
