"""Review what was read: decide, undo, add, send to the second person, confirm, send back; carry over to new versions.

Corrections take effect in library and ledger when the second person confirms them; plain confirmations need none. Any
decision after the first signature voids it. Every act is one transaction with one audit entry and one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.instruments import review_carry
from luoshi.office.instruments.models import Instrument, Review, ReviewRecord, ReviewStep
from luoshi.office.instruments.review_content import ADDABLE, checked, checked_parts
from luoshi.office.instruments.review_ledger import show
from luoshi.office.instruments.review_models import CORRECTIONS, DECISIONS
from luoshi.office.instruments.review_queries import Item, Progress, item_of, items, join, progress, reviewed
from luoshi.office.instruments.review_readings import anchor_of, readings_of, same_words
from luoshi.office.locks import serialise
from luoshi.office.permissions import require, require_other_hand
from luoshi.office.roles import Role

_SETTLING = ("confirmed", "changed", "split", "excluded")


class Decided(NamedTuple):
    """A record after an act, with its review and everything there is to review."""

    record: ReviewRecord
    review: Review
    items: list[Item]
    progress: Progress


class Tick(NamedTuple):
    """What the second person ticks: a record as it was seen."""

    anchor: str
    version: int


class _Open:
    """An instrument's review held by the current transaction: nobody else writes in it meanwhile."""

    def __init__(self, key: str) -> None:
        serialise("import")
        self.item = reviewed(key)
        review, _made = Review.objects.get_or_create(key=self.item.key)
        self.review = Review.objects.select_for_update().get(pk=review.pk)
        self.items = items(self.item)

    def reread(self) -> Progress:
        """Read what there is to review again, and note the counts in the review (unsaved)."""
        self.items = items(self.item)
        return note(self.review, self.items)


def note(review: Review, found: Sequence[Item]) -> Progress:
    """Set a review's counts from its items; unsaved."""
    counted = progress(found)
    review.total, review.decided, review.doubtful = counted.total, counted.decided, counted.doubtful
    review.waiting, review.conflicts = counted.waiting, counted.conflicts
    return counted


def decide(
    *, actor: Actor, key: str, anchor: str, decision: str, version: int, content: Any = None, note_text: str = ""
) -> Decided:
    """Decide on one reading: confirmed, changed, split, excluded or doubtful.

    `content` is the corrected content for changed, a list of at least two for split. Side effects: a step, an audit
    entry; an earlier signature is voided. Corrections wait for a second person, who alone lets them take effect; so
    does everything about a misprint. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION with both states, E_INPUT.
    """
    with transaction.atomic():
        require(actor, "review.decide")
        if decision not in DECISIONS or decision == "added":
            raise LuoshiError("E_INPUT", f"没有“{decision[:20]}”这种核对结论。", fields={"decision": decision[:20]})
        held = _Open(key)
        one = item_of(held.items, anchor)
        record = _record(held, one, version)
        said = _checked(one, decision, content)
        before = _state(record)
        # Words put in by hand stay what they are: an added record is changed by saying it anew.
        if decision == "changed" and one.reading is None:
            decision = _kept_by_hand(record, held.item)
        _set(record, actor, decision, said, note_text)
        record.needs_second = _needs_second(record, one)
        return _finish(held, record, actor, "decide", before)


def add(*, actor: Actor, key: str, clause: str, kind: str, content: Any, note_text: str = "") -> Decided:
    """Add a record the compiler did not read to a clause; it waits for a second person.

    Errors: E_FORBIDDEN, E_NOT_FOUND for a clause that is not there, E_INPUT, E_DUPLICATE for the same record again.
    """
    with transaction.atomic():
        require(actor, "review.decide")
        if kind not in ADDABLE:
            raise LuoshiError(
                "E_INPUT", "这类记录不能补。可补责任、目标、名单、任免、引用。", fields={"kind": kind[:20]}
            )
        held = _Open(key)
        if clause and not held.item.clauses.filter(path=clause).exists():
            raise LuoshiError(
                "E_NOT_FOUND", f"{held.item.key} 没有条款“{clause[:80]}”。", fields={"clause": clause[:200]}
            )
        content = checked(kind, content)
        for one in held.items:
            if (
                one.kind == kind
                and one.clause == clause
                and one.state != "excluded"
                and same_words(one.content, content)
            ):
                raise LuoshiError("E_DUPLICATE", "这一条已经有相同的记录，没有再补。", fields={"anchor": one.anchor})
        ordinal = ReviewRecord.objects.filter(key=held.item.key, kind=kind, reading__isnull=True).count()
        anchor = anchor_of(clause, f"added-{kind}", "", ordinal)
        words = review_carry.clause_words(held.item, clause)
        record = ReviewRecord(key=held.item.key, anchor=anchor, kind=kind, clause=clause, quote=words)
        _set(record, actor, "added", content, note_text)
        record.needs_second = True
        return _finish(held, record, actor, "decide", None)


def undo(*, actor: Actor, key: str, anchor: str, version: int) -> Decided:
    """Go back to what stood before the last decision on a record; the undone decision stays among its steps.

    What a second person has already confirmed keeps its effect until a second person confirms the step back too.
    Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE where there is nothing to undo.
    """
    with transaction.atomic():
        require(actor, "review.decide")
        held = _Open(key)
        one = item_of(held.items, anchor)
        record = _record(held, one, version)
        stack = _stack(record)
        if not stack:
            raise LuoshiError("E_STATE", "这条记录还没有核对过，没有可撤销的。")
        before, former = _state(record), stack[-2] if len(stack) > 1 else None
        decision = former.decision if former else ""
        if record.reading is None and not decision and record.effective is not None:
            decision = "excluded"
        _set(record, actor, decision, former.content if former else None, "")
        record.needs_second = _needs_second(record, one)
        return _finish(held, record, actor, "undo", before)


def send(*, actor: Actor, key: str, version: int | None = None) -> Review:
    """Sign first and send the review to the second person.

    Side effects: an audit entry; a message to those who may confirm. Errors: E_FORBIDDEN, E_INCOMPLETE with how many
    readings are left, E_STATE when it is already sent, E_VERSION.
    """
    with transaction.atomic():
        require(actor, "review.decide")
        held = _Open(key)
        review = held.review
        _same_version(review, version)
        if review.stage != Review.Stage.OPEN:
            raise LuoshiError("E_STATE", "已送第二人确认，不必再送。")
        counted = note(review, held.items)
        if counted.open:
            raise LuoshiError(
                "E_INCOMPLETE",
                f"还差 {counted.open} 处没有核对，不能送第二人确认。可按 N 到下一处存疑，或点“只看未核”。",
                fields={"open": counted.open, "conflicts": counted.conflicts},
            )
        review.stage, review.voided = Review.Stage.SENT, ""
        review.first_by, review.first_name, review.first_at = actor.user_id, actor.name[:60], CLOCK.now()
        review.second_by, review.second_name, review.second_at = None, "", None
        _save(review, actor)
        _tell(held.item, review, actor)
        append(
            actor=actor,
            act="review.send",
            permission="review.decide",
            subject=f"instrument:{held.item.key}",
            after={"total": review.total, "waiting": review.waiting, "doubtful": review.doubtful},
        )
        return review


def confirm(*, actor: Actor, key: str, ticks: Sequence[Tick]) -> Review:
    """Confirm what waits, as the second person, and sign when nothing is left.

    `ticks` names each record as it was seen. Side effects: the confirmed corrections take effect in library and ledger;
    with the review sent and nothing left open the instrument is reviewed (done); an audit entry. Errors: E_FORBIDDEN,
    E_SELF for a record's own maker or the first signer, E_VERSION for a record changed since, E_STATE for a doubt,
    which has to be settled, E_INCOMPLETE where something that waits is not ticked when signing.
    """
    with transaction.atomic():
        require(actor, "review.confirm")
        held = _Open(key)
        review = held.review
        done: dict[str, str] = {}
        require_other_hand(actor, [review.first_by] if review.stage == Review.Stage.SENT else [], "核对的第二人确认")
        for tick in ticks:
            one = item_of(held.items, tick.anchor)
            record = _record(held, one, tick.version)
            _require_waiting(one)
            if record.decision == "doubtful":
                raise LuoshiError("E_STATE", "存疑的记录须选定一种读法，不能只打勾。", fields={"anchor": one.anchor})
            require_other_hand(actor, [record.decided_by], "更正的第二人确认")
            _confirm(record, held.item, actor)
            done[one.anchor] = record.decision
        counted = held.reread()
        signing = review.stage == Review.Stage.SENT and not counted.open
        if signing and counted.waiting:
            if not ticks:
                raise LuoshiError("E_INCOMPLETE", f"还有 {counted.waiting} 处更正没有逐条勾选，不能签字。")
        elif signing:
            review.stage = Review.Stage.DONE
            review.second_by, review.second_name, review.second_at = actor.user_id, actor.name[:60], CLOCK.now()
        elif not ticks:
            raise LuoshiError("E_INCOMPLETE", "没有勾选任何一处，也还没有送来签字。")
        _save(review, actor)
        append(
            actor=actor,
            act="review.confirm",
            subject=f"instrument:{held.item.key}",
            after={"records": done, "stage": str(review.stage)},
        )
        return review


def settle(*, actor: Actor, key: str, anchor: str, decision: str, version: int, content: Any = None) -> Decided:
    """Settle, as the second person, a doubt the first one left: the decision is then that of two hands.

    Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE where nothing was left in doubt, E_INPUT.
    """
    with transaction.atomic():
        require(actor, "review.confirm")
        if decision not in _SETTLING:
            raise LuoshiError("E_INPUT", f"没有“{decision[:20]}”这种核对结论。", fields={"decision": decision[:20]})
        held = _Open(key)
        one = item_of(held.items, anchor)
        record = _record(held, one, version)
        if not (record.decision == "doubtful" and record.waits):
            raise LuoshiError("E_STATE", "这条记录没有留给第二人的存疑。")
        require_other_hand(actor, [record.decided_by], "存疑的定读")
        before = _state(record)
        record.decision, record.content = decision, _checked(one, decision, content)
        _confirm(record, held.item, actor, step=False)
        return _finish(held, record, actor, "confirm", before, voids=False)


def send_back(*, actor: Actor, key: str, anchor: str, version: int, note_text: str) -> Decided:
    """Send a correction back to its maker with the reason; the record is open again and the first signature void.

    Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE, E_INPUT without a reason.
    """
    with transaction.atomic():
        require(actor, "review.confirm")
        if not note_text.strip():
            raise LuoshiError(
                "E_INPUT", "退回须写明理由。", fields={"faults": [{"field": "note", "fault": "没有填写"}]}
            )
        held = _Open(key)
        one = item_of(held.items, anchor)
        record = _record(held, one, version)
        _require_waiting(one)
        require_other_hand(actor, [record.decided_by], "退回更正")
        before = _state(record)
        # The correction stays among the steps, and stands in the form when it is taken up again.
        record.decision, record.needs_second, record.note = "", False, f"{actor.name}退回：{note_text.strip()}"[:500]
        if record.reading is None:
            record.decision, record.needs_second = "excluded", False
        return _finish(held, record, actor, "return", before)


# --- parts ------------------------------------------------------------------------------------------------------------


def _record(held: _Open, one: Item, version: int) -> ReviewRecord:
    """Return the item's record, a new one if it has none; E_VERSION when it is no longer what was seen."""
    record = one.record
    if record is None:
        assert one.reading is not None
        record = ReviewRecord(
            key=held.item.key,
            anchor=one.anchor,
            kind=one.kind,
            clause=one.clause,
            quote=one.reading.quote,
            reading=one.reading.as_json(),
        )
    if record.version != version:
        who = record.decided_name or "另一人"
        raise LuoshiError(
            "E_VERSION",
            f"{who}已先改过这条记录。您的内容还在，请比对后再存。",
            fields={"anchor": one.anchor, "yours": version, "now": record.version, "state": _state(record)},
        )
    return record


def _same_version(review: Review, version: int | None) -> None:
    if version is not None and review.version != version:
        raise LuoshiError("E_VERSION", "核对的情况已有变化。请看过现在的情况再送。", fields={"now": review.version})


def _checked(one: Item, decision: str, content: Any) -> Any:
    if decision == "changed":
        said = checked(one.kind, content)
        if one.reading and same_words(said, _like(one, said)):
            raise LuoshiError("E_INPUT", "与读出的没有差别。读得对请按“确认”，要改请改动至少一项。")
        return said
    if decision == "split":
        return checked_parts(one.kind, content)
    return None


def _kept_by_hand(record: ReviewRecord, item: Instrument) -> str:
    """Let a correction whose printed words are gone stand on its own, as if it had been added; returns the decision."""
    if record.kind not in ADDABLE:
        raise LuoshiError("E_STATE", "新版本里没有这处文字，这类记录不能单独保留。可选“不再适用”。")
    if record.reading is not None:
        record.reading, record.quote = None, review_carry.clause_words(item, record.clause)
        if record.clause and not record.quote:
            record.clause = ""
    return "added"


def _like(one: Item, said: Mapping[str, Any]) -> Any:
    """Return an item's reading in the form of the correction `said`, which may leave limits and sentence alone."""
    left = {name: None for name in ("limits", "action") if name in said and said[name] is None}
    try:
        return checked(one.kind, one.original | left)
    except LuoshiError:
        return one.original


def _needs_second(record: ReviewRecord, one: Item) -> bool:
    """Corrections and doubts, all about misprints, and the way back from an effect a second person confirmed."""
    if not record.decision:
        return record.effective is not None
    if record.reading is None and record.decision == "excluded":
        return record.effective is not None
    misprint = one.reading is not None and one.reading.misprint
    return record.decision in (*CORRECTIONS, "doubtful") or misprint or record.effective is not None


def _set(record: ReviewRecord, actor: Actor, decision: str, content: Any, note_text: str) -> None:
    record.decision, record.content, record.note = decision, content, note_text.strip()[:500]
    record.decided_by, record.decided_name, record.decided_at = actor.user_id, actor.name[:60], CLOCK.now()
    record.second_by, record.second_name, record.second_at = None, "", None
    record.conflict, record.conflict_with = "", None


def _require_waiting(one: Item) -> None:
    if not one.waits:
        raise LuoshiError("E_STATE", "这条记录没有在等第二人确认。", fields={"anchor": one.anchor})


def _confirm(record: ReviewRecord, item: Instrument, actor: Actor, *, step: bool = True) -> None:
    """Sign a record second and let it take effect."""
    corrected = record.decision in CORRECTIONS and not (record.reading is None and record.decision == "excluded")
    show(record, item, {"decision": record.decision, "content": record.content} if corrected else None)
    record.second_by, record.second_name, record.second_at = actor.user_id, actor.name[:60], CLOCK.now()
    if step:
        record.version += 1
        record.save()
        _step(record, actor, "confirm")


def _finish(held: _Open, record: ReviewRecord, actor: Actor, act: str, before: Any, *, voids: bool = True) -> Decided:
    record.version += 1
    record.save()
    _step(record, actor, act)
    review = held.review
    if voids and review.stage != Review.Stage.OPEN:
        moment = CLOCK.now()
        review.voided = f"{actor.name}又改动了一处（{moment:%Y-%m-%d}），{review.first_name}的签字作废"[:200]
        review.stage = Review.Stage.OPEN
        review.first_by, review.first_name, review.first_at = None, "", None
        review.second_by, review.second_name, review.second_at = None, "", None
    counted = held.reread()
    _save(review, actor)
    append(
        actor=actor,
        act=f"review.{act}",
        permission="review.decide" if act in ("decide", "undo") else "review.confirm",
        subject=f"reading:{held.item.key}:{record.anchor}",
        before=before,
        after=_state(record),
    )
    return Decided(record, review, held.items, counted)


def _save(review: Review, actor: Actor) -> None:
    review.version += 1
    review.last_name, review.last_at = actor.name[:60], CLOCK.now()
    review.save()


def _step(record: ReviewRecord, actor: Actor, act: str) -> None:
    ReviewStep.objects.create(
        record=record,
        version=record.version,
        act=act,
        decision=record.decision,
        content=record.content,
        note=record.note,
        by=actor.user_id,
        by_name=actor.name[:60],
        at=CLOCK.now(),
    )


def _stack(record: ReviewRecord) -> list[ReviewStep]:
    """Return the decisions that would be undone one after the other, the last one last."""
    stack: list[ReviewStep] = []
    for step in record.steps.order_by("version"):
        if step.act == "undo":
            stack = stack[:-1]
        elif step.act in ("decide", "return") or (step.act == "confirm" and step.decision != _top(stack)):
            stack.append(step)
    return stack


def _top(stack: Sequence[ReviewStep]) -> str:
    return stack[-1].decision if stack else ""


def _state(record: ReviewRecord) -> Mapping[str, Any] | None:
    if record.pk is None:
        return None
    return {"decision": record.decision, "content": record.content, "note": record.note, "by": record.decided_name}


def _tell(item: Instrument, review: Review, actor: Actor) -> None:
    """Tell those of the sender's organ who may confirm."""
    from luoshi.office.messages.actions import tell_organ

    if actor.organ:
        tell_organ(
            key=f"review:{item.key}:{review.version}",
            organ=actor.organ,
            roles=(Role.ARCHIVIST, Role.SUPERVISOR),
            kind="review",
            text=f"{actor.name}送来核对：{item.name}，更正和存疑 {review.waiting} 处，请第二人确认",
            href=f"/instruments/{quote(item.key)}/review/second",
        )


# --- new versions -----------------------------------------------------------------------------------------------------


def carry_over(*, rows: Sequence[Instrument], actor: Actor) -> None:
    """Take the decisions over to new versions, in the import's transaction; a signed review is open again."""
    records = review_carry.carry(rows=rows)
    if not records:
        return
    by_key = {row.key: row for row in rows}
    found = readings_of([by_key[key] for key in records])
    for review in Review.objects.select_for_update().filter(key__in=records):
        item = by_key[review.key]
        counted = note(review, join(found[item.pk], records[review.key]))
        if review.stage != Review.Stage.OPEN:
            review.voided = f"导入了第 {item.version} 版，还有 {counted.open} 处要核，{review.first_name}的签字作废"[
                :200
            ]
        review.stage = Review.Stage.OPEN
        review.first_by, review.first_name, review.first_at = None, "", None
        review.second_by, review.second_name, review.second_at = None, "", None
        review.version += 1
        review.save()
    carried = [record for own in records.values() for record in own]
    for record in carried:
        record.version += 1
        record.save(update_fields=["version"])
    moment = CLOCK.now()
    ReviewStep.objects.bulk_create(
        ReviewStep(
            record=record,
            version=record.version,
            act="carry",
            decision=record.decision,
            content=record.content,
            note=record.conflict,
            by_name=actor.name[:60],
            at=moment,
        )
        for record in carried
    )


__all__ = ["Decided", "Tick", "add", "carry_over", "confirm", "decide", "send", "send_back", "settle", "undo"]
