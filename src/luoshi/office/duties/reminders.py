"""What a day does to matters by itself: reminders before the due day, overdue, supervision, the ladder of messages.

Every function is for one day and is called once for it by the timer, with the moment (00:00) at which it fell due; it
writes histories with that moment, however late the timer was. People get one message a day and kind, naming how many.
The ladder (supervision D7): 3, 7, 15, 30 working days after the due day; here it is messages, rooms that do more at a
step listen with `hooks.on_step`.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

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
_BATCH = 1000


def remind_before(moment: datetime.datetime) -> int:
    """Remind holders three working days before the due day, and on it; return how many matters."""
    day = day_of(moment)
    ahead = [later for n in range(1, 25) if workdays.shift(later := day + n * ONE_DAY, -BEFORE_WD) == day]
    running = _running()
    soon = list(running.filter(due_sort__in=ahead, backlog=False).order_by("due_sort", "id")) if ahead else []
    today = list(running.filter(due_sort=day, backlog=False).order_by("id"))
    _tell_holders(soon, f"matters.soon:{day}", f"{BEFORE_WD}个工作日后到期")
    _tell_holders(today, f"matters.today:{day}", "今天到期")
    return len(soon) + len(today)


def mark_overdue(moment: datetime.datetime) -> int:
    """Tell holders of what has become overdue, once an episode, the day after the due day whether worked or not."""
    day = day_of(moment)
    rows = list(_late(day, 1).order_by("late_on", "id"))
    _step_up(rows, 1, moment, "overdue", "已过最后一日，逾期")
    _tell_holders(rows, f"matters.overdue:{day}", "已逾期")
    return len(rows)


def enter_supervision(moment: datetime.datetime) -> int:
    """Let what is overdue enter supervision on the next working day, once; return how many."""
    day = day_of(moment)
    if not workdays.is_working(day):
        return 0
    rows = [row for row in _late(day, 2) if row.due_on and workdays.after(row.due_on, day) >= 1]
    _step_up(rows, 2, moment, "supervise", "进入督办")
    Matter.objects.filter(pk__in=_ids(rows)).update(supervised_at=moment)
    if rows:
        acts.tell_supervision(key=f"matters.supervise:{day}", text=f"新进入督办 {len(rows)} 件", pk=rows[0].pk)
    return len(rows)


def climb_ladder(moment: datetime.datetime) -> int:
    """Take the steps of the ladder reached on a working day, each once an episode; return how many."""
    day, climbed = day_of(moment), 0
    if not workdays.is_working(day):
        return 0
    for step, wd, text, whom in LADDER:
        latest = workdays.shift(day, -wd)
        rows = [row for row in _late(day, step).filter(due_sort__lte=latest) if workdays.after(row.due_sort, day) >= wd]
        _step_up(rows, step, moment, whom, text)
        _tell_ladder(rows, f"matters.{whom}:{day}", text, whom)
        climbed += len(rows)
    return climbed


def _running() -> QuerySet[Matter]:
    return Matter.objects.filter(is_open=True).exclude(state__in=[State.PAUSED, State.SUBMITTED])


def _late(day: datetime.date, step: int) -> QuerySet[Matter]:
    """Return what is overdue on the day and has not reached the step of the ladder."""
    return Matter.objects.filter(is_open=True, late_on__lte=day, escalated__lt=step)


def _ids(rows: Iterable[Matter]) -> list[int]:
    return [row.pk for row in rows]


def _step_up(rows: Sequence[Matter], step: int, moment: datetime.datetime, act: str, text: str) -> None:
    for first in range(0, len(rows), _BATCH):
        some = rows[first : first + _BATCH]
        Matter.objects.filter(pk__in=_ids(some)).update(escalated=step)
        MatterEvent.objects.bulk_create(
            MatterEvent(
                matter=row,
                at=moment,
                act=act,
                text=text,
                who=TIMER.name,
                organ=row.organ,
                data={"due_on": str(row.due_on), "carried_out_at": CLOCK.now().isoformat()},
                version=row.version,
            )
            for row in some
        )
    if rows:
        append(
            actor=TIMER,
            act=f"matter.{act}",
            subject=f"day:{day_of(moment)}",
            after={"count": len(rows), "first": _ids(rows[:20])},
        )
        hooks.stepped(act, rows, moment)


def _grouped(rows: Iterable[Matter]) -> dict[tuple[int | None, str], list[Matter]]:
    found: dict[tuple[int | None, str], list[Matter]] = defaultdict(list)
    for row in rows:
        found[row.holder_id, "" if row.holder_id else row.organ].append(row)
    return found


def _said(rows: Sequence[Matter], text: str) -> str:
    return f"{text}：{rows[0].title}" + (f"等 {len(rows)} 件" if len(rows) > 1 else "")


def _tell_holders(rows: Iterable[Matter], key: str, text: str) -> None:
    for (holder, organ), some in _grouped(rows).items():
        if holder is not None:
            acts.tell([holder], key=f"{key}:{holder}", text=_said(some, text), pk=some[0].pk, kind="due")
        elif organ:
            acts.tell_organ(
                organ,
                (Role.CLERK, Role.LEADER),
                key=f"{key}:{organ}",
                text=_said(some, text),
                pk=some[0].pk,
                kind="due",
            )


def _tell_ladder(rows: Sequence[Matter], key: str, text: str, whom: str) -> None:
    if not rows:
        return
    if whom != "head":
        roles = (Role.LEADER,) if whom in ("letter", "leader", "referral") else (Role.SUPERVISOR,)
        acts.tell_organ(
            concern.GOVERNMENT_OFFICE,
            (*roles, Role.SUPERVISOR),
            key=key,
            text=_said(rows, text),
            pk=rows[0].pk,
            kind="ladder",
        )
        return
    by_organ: dict[str, list[Matter]] = defaultdict(list)
    for row in rows:
        by_organ[row.organ].append(row)
    for organ, some in by_organ.items():
        acts.tell_organ(
            organ, (Role.LEADER,), key=f"{key}:{organ}", text=_said(some, text), pk=some[0].pk, kind="ladder"
        )
