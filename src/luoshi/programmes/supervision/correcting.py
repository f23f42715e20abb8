"""Orders to explain or to put right what is behind its plan (纠偏): given, answered, ended.

Of key works outside the plan they are given each night: yellow asks the holder to explain within one working day, red
asks the lead for a plan with dates within two (services-governance 7.1). Of the work points somebody gives them by
hand; there the ladder climbs by itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q, QuerySet

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import acts, concern, hooks, lights, workdays
from luoshi.office.duties.matter_models import Light, Matter, State
from luoshi.office.messages.actions import tell_organ
from luoshi.office.permissions import may
from luoshi.office.roles import Role
from luoshi.programmes.supervision.crossing import leaf_of
from luoshi.programmes.supervision.letters import ROOM, setting
from luoshi.programmes.supervision.models import Correction

CLAUSE = "乳政发〔2018〕2号 40"
"""The platform traces each step and corrects it as it goes."""
TIMER = Actor.system("系统", "timer")
Level = Correction.Level
_DAYS = {Level.YELLOW: "gov_explain_wd", Level.RED: "gov_correct_wd"}
_ASKED = {Level.YELLOW: "{reason}。请说明原因和下步怎么办。", Level.RED: "{reason}。请报纠偏安排，逐步写明日期。"}
_MOST_STEPS = 30


def of(matter: Matter) -> QuerySet[Correction]:
    """Return the orders on a task, newest first."""
    return Correction.objects.filter(matter=matter).order_by("-id")


def running(matter: Matter) -> Correction | None:
    """Return the order that runs on a task."""
    return of(matter).filter(ended_at=None).first()


def may_order(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody may order a correction by hand: supervision, or the leader in charge of the item."""
    leaf = leaf_of(matter)
    return leaf is not None and (
        may(actor, "work.letter") or acts.reaches(actor, "work.lead", [leaf.node.item.leader_organ])
    )


def may_answer(actor: Actor, matter: Matter) -> bool:
    """Tell whether somebody may answer for the organ that holds the task."""
    return acts.reaches(actor, "work.reply", [matter.organ])


def order(*, actor: Actor, matter: int, level: str, words: str, version: int | None = None) -> Correction:
    """Order by hand that a task is explained (yellow) or put right (red); the running order ends.

    Side effects: history, audit, a message to the organ. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT.
    """
    words = words.replace("\0", "").strip()
    if not 1 <= len(words) <= 1000:
        raise LuoshiError("E_INPUT", "请写明要纠正什么，至多1,000字。", fields={"field": "words"})
    if level not in Level.values:
        raise LuoshiError("E_INPUT", "纠偏的种类应为说明或纠偏。", fields={"field": "level"})
    with transaction.atomic():
        row = _opened(actor, matter)
        acts.expect(row, version)
        if not may_order(actor, row):
            raise LuoshiError("E_FORBIDDEN", "纠偏由市政府办督查员或分包领导提出。")
        if not row.is_open or row.state == State.PAUSED:
            raise LuoshiError("E_STATE", f"这件任务现在是“{row.get_state_display()}”，不用纠偏。")
        return _give(row, level, words, CLOCK.now(), actor)


def _opened(actor: Actor, matter: int) -> Matter:
    row = acts.opened(actor, matter)
    if leaf_of(row) is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {matter} 号任务。")
    return row


def _give(row: Matter, level: str, words: str, moment: datetime.datetime, actor: Actor) -> Correction:
    day = day_of(moment)
    known = Correction.objects.filter(matter=row)
    known.filter(ended_at=None).update(ended_at=moment)
    again = level == Level.RED and known.filter(level=Level.RED).exists()
    if again:
        words = f"{words}再次转红，由分包领导约谈，列入督查。"[:1000]
    due_on = workdays.shift(day, setting(_DAYS[Level(level)], day))
    made = Correction.objects.create(
        matter=row, level=level, words=words, again=again, ordered_at=moment, ordered_by_id=actor.user_id,
        ordered_name=actor.name[:100], due_on=due_on,
    )  # fmt: skip
    title = made.get_level_display()
    acts.record(row, actor=actor, act="correct", text=f"要求{title}，限{due_on}：{words}"[:400],
                data={"correction": made.pk})  # fmt: skip
    audit.append(
        actor=actor, act="work.correct", subject=f"matter:{row.pk}", basis=CLAUSE,
        after={"correction": made.pk, "level": level, "due_on": str(due_on), "again": again},
    )  # fmt: skip
    _tell(row, made, f"{due_on}前{title}：{row.title}")
    return made


def _tell(row: Matter, made: Correction, text: str) -> None:
    """Tell the holder and, of red, the head; of red again also the leader in charge and supervision."""
    acts.tell_holder(row, key=f"correct:{made.pk}", text=text[:300])
    told = [(row.organ, Role.LEADER)] if made.level == Level.RED and row.holder_id else []
    if made.again and (leaf := leaf_of(row)) is not None:
        told += [(leaf.node.item.leader_organ, Role.LEADER), (concern.GOVERNMENT_OFFICE, Role.SUPERVISOR)]
    for organ, role in told:
        tell_organ(
            key=f"correct:{made.pk}:{organ}", organ=organ, roles=(role,), kind="ladder", text=text[:300],
            href=acts.href(row.pk),
        )  # fmt: skip


def steps_of(text: str) -> list[tuple[datetime.date, str]]:
    """Return the steps of a plan written one a line, day first (2018-04-20 基础完工); E_INPUT names the line."""
    found: list[tuple[datetime.date, str]] = []
    for place, line in enumerate((one.strip() for one in text.replace("\0", "").splitlines()), 1):
        if not line:
            continue
        day, _blank, words = line.replace("：", " ").replace(":", " ").partition(" ")
        try:
            found.append((datetime.date.fromisoformat(day), words.strip()))
        except ValueError:
            words = f"纠偏安排第{place}行“{line[:20]}”应先写日期，如2018-04-20 基础完工。"
            raise LuoshiError("E_INPUT", words, fields={"field": "steps"}) from None
    return found


def answer(
    *,
    actor: Actor,
    correction: int,
    words: str,
    steps: Sequence[tuple[datetime.date, str]] = (),
    version: int | None = None,
) -> Correction:
    """Answer an order for the organ that holds the task: why it is behind; of red also the new plan with its dates.

    A plan does not move the task's due day: the old one counts. Side effects: history, audit, a message to who ordered.
    Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE (answered, ended), E_INPUT with the field.
    """
    words = words.replace("\0", "").strip()
    if not 10 <= len(words) <= 2000:
        raise LuoshiError("E_INPUT", "请写明原因和下步怎么办，10到2,000字。", fields={"field": "answer"})
    with transaction.atomic():
        # The task first, as whoever orders: two at once wait for each other in one order.
        matter = Correction.objects.filter(pk=correction).values_list("matter", flat=True).first()
        if matter is None:
            raise LuoshiError("E_NOT_FOUND", "没有这件纠偏。")
        row = _opened(actor, matter)
        made = Correction.objects.select_for_update(of=("self",)).get(pk=correction)
        acts.expect(row, version)
        if not may_answer(actor, row):
            raise LuoshiError("E_FORBIDDEN", f"由{concern.title(row.organ)}的人员答复。")
        if made.ended_at is not None or made.answer:
            raise LuoshiError("E_STATE", "这件已经答复，或已由后来的代替。请刷新后再看。")
        kept = _kept(steps, made)
        made.answer, made.steps, made.answered_at = words, kept, CLOCK.now()
        made.answered_by_id, made.answered_name = actor.user_id, actor.name[:100]
        made.save()
        acts.record(row, actor=actor, act="correct_answer", text=f"{made.get_level_display()}：{words}"[:400],
                    data={"correction": made.pk, "steps": kept})  # fmt: skip
        audit.append(
            actor=actor, act="work.correct_answer", subject=f"matter:{row.pk}", basis=CLAUSE,
            permission="work.reply", after={"correction": made.pk, "text": words[:400], "steps": len(kept)},
        )  # fmt: skip
        acts.tell_supervision(
            key=f"correct.answered:{made.pk}", text=f"已{made.get_level_display()}：{row.title}"[:300], pk=row.pk
        )
        return made


def _kept(steps: Sequence[tuple[datetime.date, str]], made: Correction) -> list[list[str]]:
    if made.level == Level.YELLOW:
        steps = ()
    elif not steps:
        raise LuoshiError("E_INPUT", "请写纠偏安排，每行一步：日期和做到什么。", fields={"field": "steps"})
    if len(steps) > _MOST_STEPS:
        raise LuoshiError("E_INPUT", f"纠偏安排至多{_MOST_STEPS}步。", fields={"field": "steps"})
    before = CLOCK.today()
    for day, words in steps:
        if day < before or not words.strip() or len(words) > 200:
            raise LuoshiError(
                "E_INPUT", f"纠偏安排的{day}应在今天以后、逐步往后，并写明做到什么（至多200字）。",
                fields={"field": "steps"},
            )  # fmt: skip
        before = day
    return [[day.isoformat(), words.strip()] for day, words in steps]


# --- each night -------------------------------------------------------------------------------------------------------


def look_after(moment: datetime.datetime) -> int:
    """Order what the lights of the day ask of key works outside the plan, end what they no longer ask; return how many.

    The system's own order runs as long as the light; of a light that turned red a new one takes its place. On the day
    after its last an order nobody answered is told to the head of the organ and to supervision.
    """
    day = day_of(moment)
    with transaction.atomic():
        made = _reckon_again(day)
    _end(moment)
    behind = Matter.objects.filter(is_open=True, profile="governance", yellow_on__lte=day, work_leaf__isnull=False)
    kept = dict(Correction.objects.filter(ended_at=None).values_list("matter", "level"))
    for row in behind.exclude(state=State.PAUSED).select_related("holder").order_by("pk"):
        lamp = lights.lamp(row, day)
        level = {Light.RED: Level.RED, Light.YELLOW: Level.YELLOW}.get(Light(lamp.light))
        if level is None or kept.get(row.pk) in (level, Level.RED):
            continue
        with transaction.atomic():
            _give(row, level, _ASKED[level].format(reason=lamp.reason), moment, TIMER)
        made += 1
    return made + _late(day)


def _reckon_again(day: datetime.date) -> int:
    """Reckon anew the day on which overdue tasks turn red, which holidays move; return how many moved."""
    moved = 0
    late = Matter.objects.select_for_update(of=("self",)).filter(is_open=True, profile="governance", late_on__lte=day)
    for row in late.order_by("pk"):
        before, known = acts.picture(row), row.red_on
        lights.derive(row)
        if row.red_on != known:
            acts.written(row, actor=TIMER, act="recount", text=f"放假安排有变，{row.red_on}转红", before=before)
            moved += 1
    return moved


def _end(moment: datetime.datetime) -> None:
    """End the orders on tasks that are closed or paused, and those the system gave whose light is gone."""
    day = day_of(moment)
    rows = Correction.objects.filter(ended_at=None)
    closed = Q(matter__is_open=False) | Q(matter__state=State.PAUSED)
    better = Q(level=Level.RED, matter__red_on__gt=day) | Q(
        level=Level.YELLOW, matter__yellow_on__gt=day, matter__red_on__gt=day
    )
    rows.filter(closed | better & Q(ordered_by=None)).update(ended_at=moment)


def _late(day: datetime.date) -> int:
    told = 0
    rows = Correction.objects.filter(ended_at=None, answer="", due_on__lt=day).select_related("matter")
    for one in rows.order_by("due_on", "pk"):
        text = f"{one.due_on}前应{one.get_level_display()}，还没有：{one.matter.title}"[:300]
        for organ, role in ((one.matter.organ, Role.LEADER), (concern.GOVERNMENT_OFFICE, Role.SUPERVISOR)):
            told += tell_organ(
                key=f"correct.late:{one.pk}:{organ}", organ=organ, roles=(role,), kind="ladder", text=text,
                href=acts.href(one.matter_id),
            )  # fmt: skip
    return told


@hooks.on(ROOM, "changed")
def follow(matter: Matter, act: str) -> None:
    """End the running order of a task that is closed or whose clock is stopped."""
    if act in ("cross_off", "pause", "withdraw", "adjust", "push") and (
        not matter.is_open or matter.state == State.PAUSED
    ):
        Correction.objects.filter(matter=matter, ended_at=None).update(ended_at=CLOCK.now())


def waiting_for(organs: Sequence[str]) -> QuerySet[Correction]:
    """Return the orders that wait for an answer of some organs, the one due first before."""
    rows = Correction.objects.filter(ended_at=None, answer="", matter__organ__in=organs)
    return rows.order_by("due_on", "pk")
