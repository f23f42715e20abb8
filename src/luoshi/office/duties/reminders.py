"""What a day does to matters by itself: reminders before the due day, overdue, supervision, the ladder of messages.

Every function is for one day and is called once for it by the timer, with the moment (00:00) at which it fell due; it
writes histories with that moment, however late the timer was. People get one message a day and kind, naming how many.
The ladder (supervision D7): 3, 7, 15, 30 working days after the due day; here it is messages, rooms that do more at a
step listen with `hooks.on_step`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, Min, QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import acts, concern, hooks, workdays
from luoshi.office.duties.matter_models import Matter, MatterEvent, State
from luoshi.office.roles import Role

TIMER = Actor.system("系统", "timer")
BEFORE_WD = 3
"""Working days before the due day on which the holder is reminded."""
LADDER: tuple[tuple[int, int, str, str], ...] = (
    (3, 3, "逾期满3个工作日，报责任单位负责人", "head"),
    (4, 7, "逾期满7个工作日，督办函待签发", "letter"),
    (5, 15, "逾期满15个工作日，报分包领导，列入下期通报", "leader"),
    (6, 30, "逾期满30个工作日，移交建议待审", "referral"),
)
"""Step, working days after the due day, what it says, whom it is for (supervision D7; esc_* of its section 5)."""
_BATCH = 5000
_HEARD = 100_000
"""Matters of one step that its listeners are told of at once."""
_TOLD = ("pk", "holder", "organ", "title", "due_on", "version")


def remind_before(moment: datetime.datetime) -> int:
    """Remind holders three working days before the due day, and on it; return how many matters."""
    day = day_of(moment)
    ahead = [later for n in range(1, 25) if workdays.shift(later := day + n * ONE_DAY, -BEFORE_WD) == day]
    running = _running()
    soon = _alike(running.filter(due_sort__in=ahead, backlog=False)) if ahead else {}
    today = _alike(running.filter(due_sort=day, backlog=False))
    _tell_holders(soon, f"matters.soon:{day}", f"{BEFORE_WD}个工作日后到期")
    _tell_holders(today, f"matters.today:{day}", "今天到期")
    return sum(some.count for some in (*soon.values(), *today.values()))


def mark_overdue(moment: datetime.datetime) -> int:
    """Tell holders of what has become overdue, once an episode, the day after the due day whether worked or not."""
    day = day_of(moment)
    found = _step_up(_late(day, 1), 1, moment, "overdue", "已过最后一日，逾期")
    _tell_holders(found, f"matters.overdue:{day}", "已逾期")
    return _count(found)


def enter_supervision(moment: datetime.datetime) -> int:
    """Let what is overdue enter supervision on the next working day, once; return how many."""
    day = day_of(moment)
    if not workdays.is_working(day):
        return 0
    rows = _late(day, 2).filter(due_sort__lt=reached_before(day, 1))
    found = _step_up(rows, 2, moment, "supervise", "进入督办", supervised_at=moment)
    if found:
        first = min(some.first for some in found.values())
        acts.tell_supervision(key=f"matters.supervise:{day}", text=f"新进入督办 {_count(found)} 件", pk=first)
    return _count(found)


def climb_ladder(moment: datetime.datetime) -> int:
    """Take the steps of the ladder reached on a working day, each once an episode; return how many."""
    day, climbed = day_of(moment), 0
    if not workdays.is_working(day):
        return 0
    for step, wd, text, whom in LADDER:
        found = _step_up(_late(day, step).filter(due_sort__lt=reached_before(day, wd)), step, moment, whom, text)
        _tell_ladder(found, f"matters.{whom}:{day}", text, whom)
        climbed += _count(found)
    return climbed


def reached_before(day: datetime.date, wd: int) -> datetime.date:
    """Return the day before which a matter was due that is `wd` or more working days late on the working day `day`."""
    return workdays.shift(day, 1 - wd)


def _running() -> QuerySet[Matter]:
    return Matter.objects.filter(is_open=True).exclude(state__in=[State.PAUSED, State.SUBMITTED])


def _late(day: datetime.date, step: int) -> QuerySet[Matter]:
    """Return what is overdue on the day and has not reached the step of the ladder."""
    return Matter.objects.filter(is_open=True, late_on__lte=day, escalated__lt=step)


Who = tuple[int | None, str]
"""The holder of matters, or the organ of those nobody holds."""


@dataclass(slots=True)
class _Some:
    """Matters that are told of together: how many, the first of them."""

    count: int
    first: int
    title: str = ""


def _alike(rows: QuerySet[Matter]) -> dict[Who, _Some]:
    """Return matters by who is told, the earliest due first; no matter is read but the first of each."""
    found: dict[Who, _Some] = {}
    totals = (
        rows.order_by("due_sort").values_list("holder", "organ", "due_sort").annotate(n=Count("id"), first=Min("id"))
    )
    for holder, organ, _due, count, first in totals:
        some = found.setdefault((holder, "" if holder else organ), _Some(0, first))
        some.count += count
    titles = dict(Matter.objects.filter(pk__in=[some.first for some in found.values()]).values_list("pk", "title"))
    for some in found.values():
        some.title = titles.get(some.first, "")
    return found


def _count(found: dict[Who, _Some]) -> int:
    return sum(some.count for some in found.values())


def _step_up(
    rows: QuerySet[Matter], step: int, moment: datetime.datetime, act: str, text: str, **also: Any
) -> dict[Who, _Some]:
    """Take matters up a step, with a line in the history of each; return them by holder and organ.

    Only the matters that take the step are read, and as few columns as do: a whole plan may fall due on one day.
    """
    found: dict[Who, _Some] = {}
    at = CLOCK.now().isoformat()
    with transaction.atomic():
        ids = list(rows.order_by("late_on", "id").select_for_update().values_list("pk", flat=True))
        for first in range(0, len(ids), _BATCH):
            some = ids[first : first + _BATCH]
            told = {row[0]: row for row in Matter.objects.filter(pk__in=some).values_list(*_TOLD)}
            events = []
            for pk in some:
                _pk, holder, organ, title, due_on, version = told[pk]
                found.setdefault((holder, organ), _Some(0, pk, title)).count += 1
                data = {"due_on": str(due_on), "carried_out_at": at}
                events.append(
                    MatterEvent(
                        matter_id=pk, at=moment, act=act, text=text, who=TIMER.name, organ=organ, data=data,
                        version=version,
                    )
                )  # fmt: skip
            MatterEvent.objects.bulk_create(events)
            Matter.objects.filter(pk__in=some).update(escalated=step, **also)
        if not ids:
            return found
        append(
            actor=TIMER, act=f"matter.{act}", subject=f"day:{day_of(moment)}",
            after={"count": len(ids), "first": ids[:20]},
        )  # fmt: skip
        if hooks.heard(act):
            for first in range(0, len(ids), _HEARD):
                some = ids[first : first + _HEARD]
                whole = Matter.objects.filter(pk__in=some).defer("derivation").order_by("late_on", "id")
                hooks.stepped(act, list(whole), moment)
    return found


def _by(found: dict[Who, _Some], who: Callable[[Who], Who]) -> dict[Who, _Some]:
    """Return the same put together by another word for who is told; the first stays the first."""
    grouped: dict[Who, _Some] = {}
    for key, some in found.items():
        whole = grouped.setdefault(who(key), _Some(0, some.first, some.title))
        whole.count += some.count
    return grouped


def _said(some: _Some, text: str) -> str:
    return f"{text}：{some.title}" + (f"等 {some.count} 件" if some.count > 1 else "")


def _tell_holders(found: dict[Who, _Some], key: str, text: str) -> None:
    for (holder, organ), some in _by(found, lambda who: (who[0], "" if who[0] else who[1])).items():
        if holder is not None:
            acts.tell([holder], key=f"{key}:{holder}", text=_said(some, text), pk=some.first, kind="due")
        elif organ:
            roles = (Role.CLERK, Role.LEADER)
            acts.tell_organ(organ, roles, key=f"{key}:{organ}", text=_said(some, text), pk=some.first, kind="due")


def _tell_ladder(found: dict[Who, _Some], key: str, text: str, whom: str) -> None:
    if not found:
        return
    if whom != "head":
        roles = (Role.LEADER,) if whom in ("letter", "leader", "referral") else (Role.SUPERVISOR,)
        office, some = concern.GOVERNMENT_OFFICE, _by(found, lambda _who: (None, ""))[None, ""]
        words, first = _said(some, text), some.first
        acts.tell_organ(office, (*roles, Role.SUPERVISOR), key=key, text=words, pk=first, kind="ladder")
        return
    for (_holder, organ), some in _by(found, lambda who: (None, who[1])).items():
        acts.tell_organ(
            organ, (Role.LEADER,), key=f"{key}:{organ}", text=_said(some, text), pk=some.first, kind="ladder"
        )
