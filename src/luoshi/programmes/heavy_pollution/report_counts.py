"""What a daily report begins with: how many tasks there are, in place and failed, as the tasks themselves say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Count, Q, QuerySet

from luoshi.office.duties import concern
from luoshi.programmes.heavy_pollution.models import EpisodeDuty, MeasureTask, Response

_KINDS = (EpisodeDuty.Kind.DAILY, EpisodeDuty.Kind.COMPILED)
_STATES: Mapping[str, str] = {MeasureTask.State.IN_PLACE: "in_place", MeasureTask.State.FAILED: "failed"}


def tasks_of(row: EpisodeDuty) -> QuerySet[MeasureTask]:
    """Return the tasks an organ reports on: its own; for a town also those of objects that lie in it."""
    mine = Q(organ=row.organ)
    return row.response.tasks.filter(mine | Q(town=row.organ) if row.organ in concern.towns() else mine)


def known(rows: Iterable[EpisodeDuty]) -> Mapping[int, Mapping[str, int]]:
    """Return by report `due`, `in_place`, `failed` as they stand now; the compiled report is of the whole city.

    Excused tasks are not due. One query however many reports.
    """
    asked = [row for row in rows if row.kind in _KINDS and row.state == EpisodeDuty.State.DUE]
    if not asked:
        return {}
    responses = {row.response_id for row in asked}
    ended = Response.objects.filter(pk__in=responses, ended_at__isnull=False).values("pk")
    # Two readings of an index instead of one of the tasks: what stands, and what was closed before a response ended.
    standing = MeasureTask.objects.filter(response__in=responses, closed="").order_by()
    closed = MeasureTask.objects.filter(response__in=ended).exclude(closed="").order_by()
    found: dict[tuple[int, str], Counter[str]] = {}
    towns = concern.towns()
    # By measure too, though nobody asks: in the order of the index nothing has to be sorted.
    alike = ("response", "measure", "organ", "town", "state")
    groups = [part.values_list(*alike).annotate(n=Count("*")) for part in (standing, closed)]
    for response, _measure, organ, town, state, n in groups[0].union(groups[1], all=True):
        if state == MeasureTask.State.EXCUSED:
            continue
        for whose in {"", organ, town if town in towns else organ}:
            counter = found.setdefault((response, whose), Counter())
            counter["due"] += n
            if state in _STATES:
                counter[_STATES[state]] += n
    nothing: Counter[str] = Counter()
    return {
        row.pk: _shown(
            found.get((row.response_id, "" if row.kind == EpisodeDuty.Kind.COMPILED else row.organ), nothing)
        )
        for row in asked
    }


def _shown(counter: Counter[str]) -> dict[str, Any]:
    return {name: counter[name] for name in ("due", "in_place", "failed")}
