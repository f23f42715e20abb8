"""Papers: draft, revise, check, sign, publish, make void. What procedures call as effects of their steps.

    from luoshi.office.notices import actions as notices

    paper = notices.draft(actor=clerk, kind="heavy_pollution.warning", fields={"colour": "橙色", ...}, case=case.pk)
    notices.sign(actor=head, notice=paper.pk)                     # takes the number
    notices.publish(actor=clerk, notice=paper.pk, channels={"web": True, "feed": True, "sms": numbers})

Each act holds the lock under which numbers are taken, asks the permission at the issuing organ, compares the version
where one is given, writes, appends to the audit trail and tells people, all in one transaction: the caller's where
there is one. Publication is in `publishing`, the words of the kinds in `templates`, the series in `numbers`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.messages import actions as messages
from luoshi.office.notices import content, facts, numbers, queries, templates
from luoshi.office.notices.acts import address, in_state, may_at, name_of, note, opened, require_at, written
from luoshi.office.notices.kinds import PARTS, kind_of
from luoshi.office.notices.models import Notice, Publication, Sending, digest_of
from luoshi.office.notices.numbers import open_series, register_series, take_number
from luoshi.office.notices.publishing import publish, receive, record_proof, retry, withdraw_publication
from luoshi.office.permissions import require_other_hand
from luoshi.office.roles import Role

__all__ = [
    "ask_void", "check", "draft", "open_series", "publish", "receive", "record_proof", "register_series", "retry",
    "revise", "sign", "take_number", "void", "withdraw", "withdraw_publication", "withdraw_void",
]  # fmt: skip

State = Notice.State
OPEN = (State.DRAFT, State.CHECKED)
OUT = (State.SIGNED, State.ISSUED)


def draft(
    *,
    actor: Actor,
    kind: str,
    fields: Mapping[str, Any],
    case: int | None = None,
    subject: str = "",
    organ: str = "",
    exercise: bool = False,
    key: str = "",
    replaces: int | None = None,
    texts: Mapping[str, str] | None = None,
) -> Notice:
    """Write a paper of `kind` from `fields` and return the draft.

    `case` and `subject` (`kind:id`) say what it belongs to, `organ` issues it (the kind's own unless given), `exercise`
    marks a drill for good, `replaces` is the signed paper it takes the place of, `texts` are parts written by hand
    (title, to, body ...). The same `key` again returns the same draft. Side effects: one row, an audit entry; where a
    person drafts, a message to those who check or sign it.

    Errors: E_NOT_FOUND for the kind, E_FORBIDDEN; E_INPUT with `faults` by field, or by part and line of the words.
    """
    today = CLOCK.today()
    words = templates.on_day(kind, today)
    issuer = organ or words.kind.organ
    require_at(actor, "notice.draft", issuer)
    if issuer != words.kind.organ and not concern.known(issuer):
        raise LuoshiError("E_INPUT", f"没有单位“{issuer[:60]}”，请从单位名册里选。", fields={"field": "organ"})
    series = words.kind.series_of(issuer)
    values = facts.plain(words.kind.fields, fields, today)
    text = content.compose(words.kind, values, on=today, organ=issuer, exercise=exercise, written=_by_hand(texts))
    with transaction.atomic():
        numbers.lock()
        if key and (known := Notice.objects.filter(key=key).first()) is not None:
            return known
        followed = _followed(actor, replaces)
        row = Notice.objects.create(
            kind=kind,
            title=text.title,
            content=text.content,
            organ=issuer,
            slug=_slug(),
            key=key[:150] or None,
            case=case,
            subject=subject[:200],
            exercise=exercise,
            demo=bool(settings.DEMO),
            public=words.kind.public,
            series=series,
            fields=values,
            edition=words.edition,
            edited=bool(texts),
            replaces=followed,
            drafted_by_id=actor.user_id,
            drafted_for_id=actor.for_id,
            drafted_name=name_of(actor),
            drafted_at=CLOCK.now(),
            hands=sorted(actor.hands),
        )
        if not actor.trusted:
            _tell_next(row, Role.REVIEWER if words.kind.check else Role.LEADER)
        note(actor, row, "draft", after={"kind": kind, "title": row.title, "fields": values, "exercise": exercise})
    return row


def revise(
    *,
    actor: Actor,
    notice: int,
    version: int | None = None,
    fields: Mapping[str, Any] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Notice:
    """Change a draft: other `fields` write it anew, `texts` are parts written by hand. A check made before is void.

    Side effects: one row, an audit entry. Errors: as for `draft`; E_NOT_FOUND, E_VERSION, E_STATE once it is signed.
    """
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.draft", row.organ)
        in_state(row, OPEN, "改稿")
        before = {"title": row.title, "fields": row.fields, "content": row.content}
        today = CLOCK.today()
        words = templates.on_day(row.kind, today)
        values = row.fields if fields is None else facts.plain(words.kind.fields, fields, today)
        kept = content.parts_of(row.title, row.content) if fields is None and row.edited else None
        edited = {**(kept or {}), **(_by_hand(texts) or {})} or None
        text = content.compose(words.kind, values, on=today, organ=row.organ, exercise=row.exercise, written=edited)
        row.title, row.content, row.fields = text.title, text.content, values
        row.edition, row.edited = words.edition, bool(edited)
        row.state = State.DRAFT
        row.checked_by = row.checked_for = row.checked_at = None
        row.checked_name = ""
        row.hands = sorted({*row.hands, *actor.hands})
        row.drafted_by_id, row.drafted_for_id = actor.user_id, actor.for_id
        row.drafted_name = name_of(actor)
        written(row)
        note(actor, row, "revise", before=before, after={"title": row.title, "fields": values, "content": row.content})
    return row


def check(*, actor: Actor, notice: int, version: int | None = None) -> Notice:
    """Confirm a draft as a second person before it goes to be signed.

    Side effects: one row, audit entry, a message to those who may sign it. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF,
    E_VERSION, E_STATE.
    """
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.check", row.organ)
        require_other_hand(actor, row.hands, "核稿")
        in_state(row, (State.DRAFT,), "核稿")
        row.state, row.checked_at, row.checked_name = State.CHECKED, CLOCK.now(), name_of(actor)
        row.checked_by_id, row.checked_for_id = actor.user_id, actor.for_id
        written(row)
        _tell_next(row, Role.LEADER)
        note(actor, row, "check")
    return row


def withdraw(*, actor: Actor, notice: int, version: int | None = None) -> Notice:
    """Take back a draft; it stays readable as withdrawn. E_NOT_FOUND, E_FORBIDDEN, E_VERSION, E_STATE once signed."""
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.draft", row.organ)
        in_state(row, OPEN, "撤回")
        row.state = State.WITHDRAWN
        written(row)
        note(actor, row, "withdraw", permission="notice.draft")
    return row


def sign(*, actor: Actor, notice: int, version: int | None = None) -> Notice:
    """Sign a paper: it takes its number and today's date, and nothing of it changes any more.

    Only somebody who never had a hand in its text may. Side effects: a number of the organ's series (a drill's own
    for a drill), the row, an audit entry, a message to whoever drafted it. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF,
    E_VERSION; E_STATE when it is signed, withdrawn, or not yet checked where its kind asks for that; E_SERIES_FULL.
    """
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.sign", row.organ)
        require_other_hand(actor, row.hands, "签发")
        in_state(row, OPEN, "签发")
        if kind_of(row.kind).check and row.state != State.CHECKED:
            raise LuoshiError("E_STATE", f"“{row.title}”还没有核稿，不能签发。请先由审核人员核稿。")
        if row.replaces is not None and row.replaces.state not in OUT:
            raise LuoshiError("E_STATE", f"它要替代的“{row.replaces.title}”已{row.replaces.get_state_display()}。")
        before = row.state
        row.signed_at, row.dated, row.state = CLOCK.now(), CLOCK.today(), State.SIGNED
        row.signed_by_id, row.signed_for_id = actor.user_id, actor.for_id
        row.signed_name = name_of(actor)
        if row.series:
            row.number = numbers.take(
                word=row.series, year=row.dated.year, subject=f"notice:{row.pk}", organ=row.organ, exercise=row.exercise
            )
            row.number_text = row.number.text
        row.digest = digest_of(row)
        written(row)
        messages.tell(
            key=f"notice.signed:{row.pk}",
            users={one for one in (row.drafted_by_id, row.drafted_for_id) if one is not None},
            kind="notice",
            text=f"您拟的“{row.title}”已由{row.signed_name}签发{f'，{row.number_text}' if row.number_text else ''}。",
            href=address(row),
        )
        after = {"state": row.state, "number": row.number_text, "digest": row.digest}
        note(actor, row, "sign", before={"state": before}, after=after)
    return row


def ask_void(*, actor: Actor, notice: int, reason: str, version: int | None = None) -> Notice:
    """Propose to make a signed paper void; another person has to confirm it. Nothing changes before.

    Side effects: the row, an audit entry, a message to those who may confirm. Errors: E_NOT_FOUND, E_FORBIDDEN,
    E_VERSION, E_STATE, E_INPUT without a reason.
    """
    if not 4 <= len(reason.strip()) <= 500:
        raise LuoshiError(
            "E_INPUT",
            "请写明作废的理由，4 至 500 字。",
            fields={"faults": [{"field": "reason", "fault": "请写明作废的理由，4 至 500 字。"}]},
        )
    with transaction.atomic():
        row = opened(actor, notice, version)
        if not may_at(actor, "notice.sign", row.organ):
            require_at(actor, "notice.draft", row.organ)
        in_state(row, OUT, "作废")
        if row.void_asked_at is not None:
            raise LuoshiError("E_STATE", f"{row.void_asked_name}已提出作废，待另一人确认。")
        row.void_reason, row.void_asked_at = facts.clean(reason).strip(), CLOCK.now()
        row.void_asked_by_id, row.void_asked_for_id = actor.user_id, actor.for_id
        row.void_asked_name = name_of(actor)
        written(row)
        messages.tell_organ(
            key=f"notice.void_asked:{row.pk}:{row.version}",
            organ=row.organ,
            roles=[Role.LEADER],
            kind="notice",
            text=f"{row.void_asked_name}提出作废 {row.number_text or row.title}，待您确认。",
            href=address(row),
        )
        note(actor, row, "ask_void", after={"reason": row.void_reason}, permission="notice.draft")
    return row


def withdraw_void(*, actor: Actor, notice: int, version: int | None = None) -> Notice:
    """Take back, or as the second person refuse, the proposal to make a paper void; the paper stays as it was."""
    with transaction.atomic():
        row = opened(actor, notice, version)
        if not actor.hands & {row.void_asked_by_id, row.void_asked_for_id}:
            require_at(actor, "notice.sign", row.organ)
        if row.state not in OUT or row.void_asked_at is None:
            raise LuoshiError("E_STATE", f"“{row.title}”没有待确认的作废。")
        before = {"reason": row.void_reason, "asked": row.void_asked_name}
        row.void_asked_by = row.void_asked_for = row.void_asked_at = None
        row.void_asked_name = row.void_reason = ""
        written(row)
        note(actor, row, "withdraw_void", before=before, permission="notice.draft")
    return row


def void(*, actor: Actor, notice: int, version: int | None = None) -> Notice:
    """Make a paper void, as the second person after `ask_void`. It stays readable, marked 作废, its number with it.

    Side effects: the row, the number, what was not yet sent is withdrawn, an audit entry, messages to the organs it was
    served on. Errors: E_NOT_FOUND, E_FORBIDDEN, E_SELF, E_VERSION, E_STATE while nobody has proposed it.
    """
    with transaction.atomic():
        row = opened(actor, notice, version)
        require_at(actor, "notice.sign", row.organ)
        if row.state not in OUT or row.void_asked_at is None:
            raise LuoshiError("E_STATE", f"“{row.title}”还没有人提出作废，请先由一人写明理由提出，再由另一人确认。")
        require_other_hand(actor, [row.void_asked_by_id, row.void_asked_for_id], "作废")
        before = row.state
        row.state, row.void_at, row.void_name = State.VOID, CLOCK.now(), name_of(actor)
        row.void_by_id, row.void_for_id = actor.user_id, actor.for_id
        if row.number is not None:
            numbers.make_void(row.number, row.void_reason)
        written(row)
        Sending.objects.filter(publication__notice=row, state=Sending.State.WAITING).update(
            state=Sending.State.WITHDRAWN, addresses=""
        )
        waiting = row.publications.filter(state=Publication.State.WAITING)
        waiting.update(state=Publication.State.WITHDRAWN, next_try_at=None)
        for slug in row.publications.filter(channel="inside", sent_at__isnull=False).values_list("target", flat=True):
            messages.tell_organ(
                key=f"notice.void:{row.pk}:{slug}",
                organ=slug,
                roles=[Role.CLERK, Role.LEADER],
                kind="notice",
                text=f"{row.number_text or row.title}已作废：{row.void_reason}",
                href=address(row),
            )
        after = {"state": row.state, "reason": row.void_reason, "number": row.number_text}
        note(actor, row, "void", before={"state": before}, after=after, permission="notice.sign")
    return row


# --- small parts ------------------------------------------------------------------------------------------------------


def _followed(actor: Actor, replaces: int | None) -> Notice | None:
    if replaces is None:
        return None
    found = queries.notice(actor, replaces)
    if found.state not in OUT:
        raise LuoshiError("E_STATE", f"“{found.title}”{found.get_state_display()}，不能被替代。")
    return found


def _by_hand(texts: Mapping[str, str] | None) -> dict[str, str] | None:
    if texts is None:
        return None
    if extra := set(texts) - set(PARTS):
        raise LuoshiError("E_INPUT", f"文书没有“{'、'.join(sorted(extra))}”这一部分。", fields={"known": list(PARTS)})
    return {part: str(words) for part, words in texts.items()}


def _tell_next(row: Notice, role: Role) -> None:
    """Tell those who may check or sign it that a paper waits for them, once."""
    words = "核稿" if role is Role.REVIEWER else "签发"
    messages.tell_organ(
        key=f"notice.{role.value}:{row.pk}",
        organ=row.organ,
        roles=[role],
        kind="notice",
        text=f"{'【演练】' if row.exercise else ''}“{row.title}”待您{words}。",
        href=address(row),
    )


def _slug() -> str:
    # 16 of 32 letters: 80 bits, read aloud without mistakes.
    return "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(16))
