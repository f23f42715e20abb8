"""What becomes of matters when a new version of their document comes, or an organ's work passes to another.

A matter somebody has worked on is never silently changed: it moves to the same duty of the new version when that says
the same; where the new version says otherwise, or nothing, it waits for a clerk's decision (`settle_changed_matter`).
Matters nobody has touched follow: moved, or withdrawn and made anew.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import acts, concern
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_actions import need
from luoshi.office.duties.matter_models import Matter, MatterEvent, MatterOrgan, State
from luoshi.office.duties.models import Duty
from luoshi.office.duties.owed import Limit, Slot, slots
from luoshi.office.duties.schedule import MODULE, TIMER, derivation, external_id, materialise, title_of
from luoshi.office.instruments.models import Instrument
from luoshi.office.locks import serialise
from luoshi.office.permissions import require
from luoshi.office.roles import Role

SAME, SIMILAR = 1.0, 0.6
"""Bigram overlap from which two summaries of the same clause are taken as the same duty, changed."""
_BATCH = 500


def similarity(one: str, other: str) -> float:
    """Return the share of pairs of characters two texts have in common (Jaccard), 1.0 for equal ones."""
    if one == other:
        return SAME
    a, b = ({text[i : i + 2] for i in range(len(text) - 1)} for text in (one, other))
    return len(a & b) / len(a | b) if a | b else 0.0


def carry_over(instruments: Sequence[Instrument]) -> None:
    """Let the open matters of superseded versions follow the versions in `instruments`; in the caller's transaction.

    The duties of both are stored. Side effects: matters moved, marked as waiting, or withdrawn; their histories.
    """
    for instrument in instruments:
        if instrument.version < 2:
            continue
        old = Matter.objects.filter(
            module=MODULE, is_open=True, instrument__key=instrument.key, duty__is_current=False
        ).exclude(instrument=instrument)
        rows = list(old.select_related("duty").prefetch_related("duty__organs", "duty__limits"))
        if rows:
            duties = Duty.objects.filter(instrument=instrument).prefetch_related("organs", "limits")
            _carry(rows, list(duties), instrument.version)


def _carry(rows: Sequence[Matter], duties: Sequence[Duty], version: int) -> None:
    follows = _matched({row.duty_id: row.duty for row in rows if row.duty is not None}.values(), duties)
    events: list[MatterEvent] = []
    for row in rows:
        assert row.duty is not None
        found = follows[row.duty.pk]
        if found is not None and _says_the_same(row.duty, found):
            _move(row, found)
            events.append(_event(row, "move", f"文件已有第{version}版，本条未变，随之转入"))
        elif row.worked:
            row.pending_duty = found or row.duty
            row.version += 1
            text = "内容有改动" if found else "没有对应的一条"
            events.append(_event(row, "changed", f"文件已有第{version}版，{text}，等文书决定"))
        else:
            row.state = State.WITHDRAWN
            row.version += 1
            events.append(_event(row, "withdraw", f"文件已有第{version}版，原条尚未办理，撤回后按新版另立"))
        row.updated_at = CLOCK.now()
        derive(row)
    fields = [
        "duty", "instrument", "external_id", "pending_duty", "state", "is_open", "version", "updated_at", "green_on",
        "yellow_on", "red_on", "late_on", "escalated", "supervised_at",
    ]  # fmt: skip
    Matter.objects.bulk_update(rows, fields, batch_size=_BATCH)
    closed = [row.pk for row in rows if not row.is_open]
    for at in range(0, len(closed), _BATCH):
        MatterOrgan.objects.filter(matter__in=closed[at : at + _BATCH]).update(is_open=False)
    MatterEvent.objects.bulk_create(events, batch_size=_BATCH)


def _matched(old: Iterable[Duty], new: Sequence[Duty]) -> dict[int, Duty | None]:
    """Return by old duty the one of the new version that takes its place: its own words, else its clause's nearest.

    Each new duty takes one place at most; where words stand several times, the first takes the first.
    """
    by_clause: dict[str, list[Duty]] = defaultdict(list)
    by_action: dict[str, list[Duty]] = defaultdict(list)
    for duty in sorted(new, key=lambda one: one.seq):
        by_clause[duty.clause_path].append(duty)
        by_action[duty.action].append(duty)
    ordered = sorted(old, key=lambda one: one.seq)
    taken: set[int] = set()
    follows: dict[int, Duty | None] = {}
    for exact in (True, False):
        for duty in ordered:
            if follows.get(duty.pk) is not None:
                continue
            found = _same_words(duty, by_action, taken) if exact else _nearest_words(duty, by_clause, taken)
            follows[duty.pk] = found
            if found is not None:
                taken.add(found.pk)
    return follows


def _same_words(old: Duty, by_action: Mapping[str, Sequence[Duty]], taken: Collection[int]) -> Duty | None:
    same = [duty for duty in by_action.get(old.action, ()) if duty.pk not in taken]
    return next((duty for duty in same if duty.clause_path == old.clause_path), same[0] if same else None)


def _nearest_words(old: Duty, by_clause: Mapping[str, Sequence[Duty]], taken: Collection[int]) -> Duty | None:
    free = [duty for duty in by_clause.get(old.clause_path, ()) if duty.pk not in taken]
    near = [(similarity(old.summary, duty.summary), -duty.seq, duty) for duty in free]
    best = max(near, default=None, key=lambda item: item[:2])
    return best[2] if best is not None and best[0] >= SIMILAR else None


def _says_the_same(old: Duty, new: Duty) -> bool:
    def said(duty: Duty) -> tuple[object, ...]:
        organs = [(organ.leads, organ.slug or organ.name) for organ in duty.organs.all()]
        limits = [(limit.kind, limit.value) for limit in duty.limits.all()]
        return duty.action, duty.summary, sorted(organs), sorted(limits)

    return said(old) == said(new)


def _move(row: Matter, duty: Duty) -> None:
    printed = row.external_id.rpartition("/")[2]
    row.duty, row.instrument_id = duty, duty.instrument_id
    row.external_id = external_id(duty.pk, row.period, printed)
    row.version += 1


def _event(row: Matter, act: str, text: str, at: datetime.datetime | None = None) -> MatterEvent:
    return MatterEvent(
        matter=row, at=at or CLOCK.now(), act=act, text=text, who=TIMER.name, organ=row.organ, version=row.version
    )


def settle_changed_matter(
    *, actor: Actor, matter: int, decision: str, reason: str, version: int | None = None, key: str = ""
) -> Matter:
    """Decide what becomes of a worked-on matter whose duty a new version changed; return the matter.

    `decision` move: it goes over to the new duty, with its words and day; keep: it stays as it was begun; withdraw.
    Side effects: the matter, what the new duty owes besides, history, audit, a message to the holder. Errors:
    E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_CONFLICT, E_STATE (it does not wait, or nothing to move to), E_INPUT.
    """
    reason = reason.replace("\0", "").strip()
    with transaction.atomic():
        # Before the matter, as an import takes them: what the new duty owes besides is made in the same transaction.
        serialise("matters.materialise")
        row = acts.opened(actor, matter)
        if acts.answered(actor, key, "settle", [matter, decision, reason]) is not None:
            return row
        require(actor, "review.decide")
        acts.expect(row, version)
        duty = row.pending_duty
        if duty is None:
            raise LuoshiError("E_STATE", "这件事项没有在等新旧版的决定。")
        if decision not in ("move", "keep", "withdraw"):
            raise LuoshiError("E_INPUT", "请选：转入新版、按原版办完、撤回。", fields={"field": "decision"})
        need(reason, "理由")
        before = acts.picture(row)
        row.pending_duty = None
        text = {"move": "转入新版", "keep": "按原版办完", "withdraw": "撤回"}[decision] + f"：{reason}"
        if decision == "move":
            if not duty.is_current:
                raise LuoshiError("E_STATE", "新版里没有对应的一条，不能转入。可选按原版办完或撤回。")
            _rewrite(row, duty)
        elif decision == "withdraw":
            row.state, row.submitted_at = State.WITHDRAWN, None
        acts.written(row, actor=actor, act="settle", text=text, before=before, data={"decision": decision})
        materialise(duties=Duty.objects.filter(pk=duty.pk), actor=actor)
        acts.tell_holder(row, key=f"matter.settle:{row.pk}:{row.version}", text=f"{text}（{row.title}）"[:300])
        acts.answer(actor, key, "settle", [matter, decision, reason], {"version": row.version})
        return row


def _rewrite(row: Matter, duty: Duty) -> None:
    today = CLOCK.today()
    limits = [Limit(one.kind, one.value, one.text) for one in duty.limits.order_by("seq")]
    owed = slots(limits, duty.instrument.begins_on, duty.instrument.ends_on, row.start, max(today, row.start))
    slot = _nearest(row, owed)
    if slot is not None:
        row.period, row.origin, row.start, row.due_on = slot.period, slot.origin, slot.start, slot.due_on
        row.derivation = derivation(slot)
    if row.due_on is not None:
        row.start = min(row.start, row.due_on)
    # A new day that is still to come is known in time.
    row.backlog = row.backlog and row.due_on is not None and row.due_on < today
    row.title = title_of(duty, row.period)
    _move(row, duty)
    row.version -= 1
    other = Matter.objects.filter(module=MODULE, external_id=row.external_id).exclude(pk=row.pk).first()
    if other is not None:
        # Made meanwhile for the same thing: it gives its place to the one somebody has worked on.
        other.external_id, other.state = f"{other.external_id}~{other.pk}"[:200], State.WITHDRAWN
        acts.written(other, actor=TIMER, act="withdraw", text=f"与第{row.pk}号事项是同一件", before=acts.picture(other))


def follow_correction(*, duties: Sequence[int]) -> None:
    """Let open matters follow duties that a reviewer corrected in place or excluded; in the caller's transaction.

    Untouched ones are withdrawn and made anew as the corrected duty says; one somebody has worked on waits for a
    clerk's decision when what it owes has changed. Side effects: matters, histories.
    """
    changed: set[int] = set()
    open_ones = Matter.objects.filter(module=MODULE, is_open=True, duty__in=duties, pending_duty__isnull=True)
    for row in open_ones.select_related("duty__instrument"):
        duty = row.duty
        assert duty is not None
        if duty.is_current and _still_owed(row, duty):
            continue
        changed.add(duty.pk)
        if row.worked:
            row.pending_duty = duty
            text = "责任已更正，等文书决定" if duty.is_current else "责任已被排除，等文书决定"
            acts.written(row, actor=TIMER, act="changed", text=text, before=acts.picture(row))
        else:
            before, row.state = acts.picture(row), State.WITHDRAWN
            # Its id is free again: the correction may be taken back.
            row.external_id = f"{row.external_id}~{row.pk}"[:200]
            acts.written(row, actor=TIMER, act="withdraw", text="责任已更正，原件尚未办理，撤回", before=before)
    materialise(duties=Duty.objects.filter(pk__in=list(duties)), audited=False)


def _still_owed(row: Matter, duty: Duty) -> bool:
    """Tell whether the corrected duty still owes just this: its words, its day, its lead."""
    limits = [Limit(one.kind, one.value, one.text) for one in duty.limits.order_by("seq")]
    first = min(row.start, row.due_on or row.start)
    owed = slots(limits, duty.instrument.begins_on, duty.instrument.ends_on, first, max(first, row.due_on or first))
    heads = [organ.slug or organ.name[:100] for organ in duty.organs.filter(leads=True).order_by("seq")]
    printed = row.external_id.rpartition("/")[2]
    wild = any(concern.expand(name) for name in heads)
    return (
        any(slot.period == row.period for slot in owed)
        and row.title == title_of(duty, row.period)
        and (printed in heads[:1] or wild or not heads)
    )


def _nearest(row: Matter, owed: Iterable[Slot]) -> Slot | None:
    def far(slot: Slot) -> int:
        if slot.period == row.period:
            return -1
        return abs((slot.due_on - row.due_on).days) if slot.due_on and row.due_on else 10**6

    return min(owed, key=far, default=None)


def follow_successions(day: datetime.date) -> int:
    """Let open matters follow confirmed successions of organs as of `day`; return how many changed hands.

    An organ that ended without a successor keeps its matters, marked 承接单位待定; one that is found again loses the
    mark. Side effects: holder organ (its person is to be named anew), history, a message to the new organ.
    """
    moved, successors = 0, concern.Successors(day)
    for slug in list(Matter.objects.filter(is_open=True).order_by("organ").values_list("organ", flat=True).distinct()):
        if not slug:
            continue
        now = successors.of(slug)
        rows = Matter.objects.filter(is_open=True, organ=slug)
        if now == slug or now is None:
            rows.exclude(organ_pending=now is None).update(organ_pending=now is None)
            continue
        with transaction.atomic():
            moved += _hand_over(list(rows.select_for_update()), slug, now)
    return moved


def _hand_over(rows: Sequence[Matter], old: str, new: str) -> int:
    names = concern.titles([old, new])
    at = CLOCK.now()
    ids = [row.pk for row in rows]
    for row in rows:
        row.organ, row.organ_pending, row.holder, row.handed_at, row.updated_at = new, False, None, at, at
        row.version += 1
    text = f"{names[old]}的工作由{names[new]}承接，随之移交"
    for first in range(0, len(ids), _BATCH):
        some = ids[first : first + _BATCH]
        # The successor may already cooperate: it leads now, and is named once.
        sides = MatterOrgan.objects.filter(matter__in=some)
        sides.filter(organ=new).exclude(role=MatterOrgan.Role.LEAD).delete()
        sides.filter(organ=old, role=MatterOrgan.Role.LEAD).update(organ=new, name=names[new])
    fields = ["organ", "organ_pending", "holder", "handed_at", "updated_at", "version"]
    Matter.objects.bulk_update(rows, fields, batch_size=_BATCH)
    MatterEvent.objects.bulk_create([_event(row, "succeed", text, at) for row in rows], batch_size=_BATCH)
    if rows:
        acts.tell_organ(
            new,
            (Role.CLERK, Role.LEADER),
            key=f"matters.succeed:{old}:{new}",
            text=f"{text}：{len(rows)}件",
            pk=rows[0].pk,
        )
    return len(rows)
