"""An episode gone through again, minute by minute: the board as it stood at a moment. Reads only, nothing is stored.

What was known then: hours measured, forecasts issued, dust confirmed, steps taken, tasks and reports reported by that
moment. Hours that were corrected later are shown as corrected.
"""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils.translation import gettext as _

from luoshi.kernel.clock import CLOCK, local
from luoshi.office.audit.models import AuditEntry
from luoshi.office.cases.models import Case, CaseEvent
from luoshi.office.duties import concern
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.models import (
    CityHour,
    Consultation,
    EpisodeDuty,
    ForecastRun,
    MeasureTask,
    PollutionWarning,
    Response,
    WarningChange,
)

State = MeasureTask.State
_REPLACED = "措施已被替代"
_HOUR = datetime.timedelta(hours=1)
MOST_STOPS = 1_000
BEFORE = datetime.timedelta(hours=6)
"""So long before the first consultation the replay begins."""


class Stop(NamedTuple):
    """A moment of the replay and what happened at it."""

    at: datetime.datetime
    words: str


def cases_of(warning: PollutionWarning) -> list[Case]:
    """Return the warning's case and those of its consultations and changes, the first opened first."""
    chains = WarningChange.objects.filter(warning=warning).values("approval")
    held = Consultation.objects.filter(warning=warning).values("approval")
    rows = Case.objects.filter(Q(pk__in=chains) | Q(pk__in=held) | Q(pk=warning.case_id))
    return list(rows.order_by("opened_at", "pk"))


def bounds(warning: PollutionWarning, cases: list[Case] | None = None) -> tuple[datetime.datetime, datetime.datetime]:
    """Return the first and the last moment of the replay, to the minute: up to its closing, or now."""
    rows = cases if cases is not None else cases_of(warning)
    first = min([row.opened_at for row in rows], default=warning.issued_at) - BEFORE
    last = warning.case.closed_at or CLOCK.now()
    return local(first).replace(second=0, microsecond=0), local(max(last, warning.issued_at))


def stops(warning: PollutionWarning) -> list[Stop]:
    """Return what happened, in order: steps of its cases, forecasts, messages, every full hour that was measured."""
    rows = cases_of(warning)
    first, last = bounds(warning, rows)
    found = [
        Stop(local(at), f"{text}（{who}）" if who else text)
        for at, text, who in CaseEvent.objects.filter(case__in=rows, at__lte=last).values_list("at", "text", "who")
    ]
    runs = ForecastRun.objects.filter(received_at__gte=first, received_at__lte=last, current=True)
    found += [Stop(local(run.received_at), _("收到%s预报") % run.get_issuer_display()) for run in runs]
    found += [Stop(local(one.sent), f"CAP {one.msg_type}") for one in warning.messages.filter(sent__lte=last)]
    over = min(last, local(warning.released_at) + _HOUR if warning.released_at else last)
    hours = CityHour.objects.filter(hour__gte=first - _HOUR, hour__lte=over - _HOUR)
    found += [
        Stop(
            local(hour) + _HOUR,
            _("%(at)s 实测AQI %(aqi)s") % {"at": f"{local(hour):%H:%M}", "aqi": _("缺测") if aqi is None else aqi},
        )
        for hour, aqi in hours.values_list("hour", "aqi")
    ]
    return sorted(found)[:MOST_STOPS]


def state_at(warning: PollutionWarning, at: datetime.datetime) -> dict[str, Any]:
    """Return colour, level and word of the warning at a moment; `colour` empty before its issue and after its end."""
    changes = list(warning.changes.filter(at__lte=at).order_by("at", "pk"))
    signed = [one for one in changes if one.kind != WarningChange.Kind.RELEASE]
    over = warning.released_at is not None and warning.released_at <= at
    if not signed:
        return {"colour": "", "level": "", "word": _("尚未发布"), "issued": False}
    colour = signed[-1].colour
    coming = next((one for one in changes if one.kind == WarningChange.Kind.RELEASE), None)
    word = _("已解除") if over else _("正在生效")
    if coming is not None and not over:
        word = _("已公告，%s 解除") % f"{local(coming.effective_at):%m-%d %H:%M}"
    return {"colour": "" if over else colour, "last": colour, "level": plan.LEVEL_OF[colour], "word": word,
            "issued": True}  # fmt: skip


def measures(response: Response, at: datetime.datetime) -> list[dict[str, Any]]:
    """Return the measures with how far their tasks were at a moment."""
    counts: dict[str, dict[str, int]] = {}
    for measure, state in _states(response, at):
        one = counts.setdefault(measure, {"done": 0, "going": 0, "failed": 0})
        name = "done" if state in (State.IN_PLACE, State.EXCUSED) else "failed" if state == State.FAILED else "going"
        one[name] += 1
    known = plan.measures()
    return [{"measure": known[key], **counts[key]} for key in known if key in counts]


def _states(response: Response, at: datetime.datetime) -> list[tuple[str, str]]:
    """Return measure and state of every task that was open or ended with the response at a moment."""
    found, unsure = [], []
    rows = MeasureTask.objects.filter(response_id=response.pk, sent_at__lte=at).only(
        "measure", "state", "state_at", "acted_at", "closed", "version"
    )
    for row in rows:
        if row.closed == _REPLACED and row.state_at <= at:
            continue
        # Closing stamps the task anew; when it was reported is kept beside it.
        told = row.acted_at if row.closed and row.acted_at is not None else row.state_at
        if told <= at and row.state != State.CLOSED:
            found.append((row.measure, row.state))
        elif row.version > 2:
            unsure.append(row)
        else:
            found.append((row.measure, State.SENT))
    known = _told_before({f"hp-task:{row.pk}" for row in unsure}, at) if unsure else {}
    return found + [(row.measure, known.get(f"hp-task:{row.pk}", State.SENT)) for row in unsure]


def _told_before(subjects: set[str], at: datetime.datetime) -> dict[str, str]:
    """Return what the trail says of tasks that changed again after a moment: their state by then."""
    rows = AuditEntry.objects.filter(act="pollution.task", subject__in=subjects, at__lte=at).order_by("at", "pk")
    return {row.subject: str((row.after or {}).get("state", State.SENT)) for row in rows}


def reports(response: Response, at: datetime.datetime) -> dict[str, Any]:
    """Return the reports owed by a moment: how many had come, what the next are, who was late."""
    rows = list(response.duties.exclude(state=EpisodeDuty.State.VOID).order_by("due_at", "organ"))
    owed = [row for row in rows if row.due_at <= at]
    late = [row for row in owed if row.received_at is None or row.received_at > at]
    coming = [row for row in rows if row.due_at > at]
    due = coming[0].due_at if coming else None
    names = concern.titles({row.organ for row in late})
    return {
        "owed": len(owed),
        "came": len(owed) - len(late),
        "late": [{"organ": names.get(row.organ, row.organ), "duty": row} for row in late[:12]],
        "more": max(0, len(late) - 12),
        "next": due,
        "next_kind": coming[0].get_kind_display() if coming else "",
        "next_came": sum(row.received_at is not None and row.received_at <= at for row in coming if row.due_at == due),
        "next_total": sum(row.due_at == due for row in coming),
    }


def story(warning: PollutionWarning, at: datetime.datetime, count: int = 12) -> list[Stop]:
    """Return the last things that had happened by a moment, the latest first; hours are left out."""
    rows = cases_of(warning)
    events = CaseEvent.objects.filter(case__in=rows, at__lte=at).order_by("-at", "-pk")[:count]
    return [Stop(local(one.at), f"{one.text}（{one.who}）" if one.who else one.text) for one in events]


def day_words(moment: datetime.datetime) -> str:
    """Return a moment as the address of the replay has it."""
    return f"{local(moment):%Y-%m-%dT%H:%M:%S}"
