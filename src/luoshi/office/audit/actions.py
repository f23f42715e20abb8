"""Append to the audit trail. If the trail cannot be written, the act it belongs to fails with it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import chain
from luoshi.office.audit.models import AuditEntry, AuditHead, Stream
from luoshi.office.roles import PERMISSIONS, Reach
from luoshi.office.rows import Question, Writing, add, made

KEY: ContextVar[str] = ContextVar("audit_key", default="")
"""The idempotency key under which the present request writes; `repetition` sets it."""


_STREAMS = frozenset(Stream.values)


class Act(NamedTuple):
    """One entry to be appended; see `append` for what its fields hold."""

    actor: Actor
    act: str
    subject: str
    before: Any = None
    after: Any = None
    result: str = "done"
    purpose: str = ""
    basis: str = ""
    permission: str = ""
    at: datetime.datetime | None = None


def append(
    *,
    actor: Actor,
    act: str,
    subject: str,
    before: Any = None,
    after: Any = None,
    result: str = "done",
    purpose: str = "",
    basis: str = "",
    stream: str = "office",
    permission: str = "",
    at: datetime.datetime | None = None,
) -> AuditEntry:
    """Append one entry inside the caller's transaction, so that act and entry stand or fall together.

    `act` is `room.verb`, `subject` `kind:id`; `before` and `after` are plain JSON data (dates and decimals go in as
    text), `basis` a clause or document, `permission` the key by which the act was allowed (taken from `act` where they
    are the same), `at` when it was done if that is not now. Appends to one stream wait for each other until the
    transaction ends: an action appends last.
    """
    one = Act(actor, act, subject, before, after, result, purpose, basis, permission, at)
    return append_all([one], stream=stream)[0]


def append_all(acts: Sequence[Act], *, stream: str = "office", writing: Writing | None = None) -> list[AuditEntry]:
    """Append entries in their order, as `append` does one: the head is read and written once.

    With `writing` they are made and go when it is sent; nothing is returned.
    """
    if stream not in _STREAMS:
        raise ValueError(f"no audit stream {stream!r}")
    if not acts:
        return []
    if writing is not None:

        def go_on(found: list[AuditHead]) -> None:
            head = found[0] if found else _first(stream)
            writing.insert(_continue(head, acts))
            writing.update([head], _HEAD_MOVES)

        writing.ask(_HEAD.of(stream), go_on)
        return []
    with transaction.atomic(savepoint=False):
        found = _HEAD.rows(stream)
        head = found[0] if found else _first(stream)
        entries = _continue(head, acts)
        for entry in entries:
            add(entry)
        AuditHead.objects.filter(pk=stream).update(**{name: getattr(head, name) for name in _HEAD_MOVES})
    return entries


_HEAD_MOVES = ("position", "received_at", "digest")


def _continue(head: AuditHead, acts: Sequence[Act]) -> list[AuditEntry]:
    """Return the entries that follow `head`, which is moved on."""
    now = CLOCK.now()
    received = max(now, head.received_at) if head.received_at else now
    key, entries = _fit(KEY.get(), 100), []
    for one in acts:
        role, organ = _acting_as(one.actor, one.permission or one.act)
        entry = made(
            AuditEntry,
            version=chain.VERSION,
            stream=head.stream,
            position=head.position + 1,
            previous=head.digest,
            at=one.at or now,
            received_at=received,
            who=_fit(one.actor.name, 100),
            user_id=one.actor.user_id,
            role=role,
            organ=organ,
            for_id=one.actor.for_id,
            for_name=_fit(one.actor.for_name, 100),
            via=one.actor.via,
            act=one.act,
            subject=_fit(one.subject, 200),
            before=one.before,
            after=one.after,
            purpose=_fit(one.purpose, 200),
            basis=_fit(one.basis, 200),
            request_id=_fit(one.actor.request_id, 40),
            key=key,
            result=_fit(one.result, 30),
        )
        entry.digest = digest_of(entry)
        head.position, head.received_at, head.digest = entry.position, received, entry.digest
        entries.append(entry)
    return entries


def digest_of(entry: AuditEntry) -> str:
    """Return the digest `entry` must have for what it holds."""
    if entry.version == 1:
        return chain.old_digest_of(
            entry.previous,
            entry.at.astimezone(datetime.UTC),
            entry.who,
            entry.via,
            entry.act,
            entry.subject,
            entry.before,
            entry.after,
            entry.result,
        )
    return chain.digest_of(chain.columns_of(entry))


def read_sensitive(*, actor: Actor, subject: str, fields: list[str], purpose: str) -> AuditEntry:
    """Take down in the stream `sensitive` that `actor` reads `fields` of `subject`; E_PURPOSE without a purpose."""
    if not purpose.strip():
        raise LuoshiError("E_PURPOSE", "查看敏感信息须写明用途，写明后才显示。", fields={"fields": fields})
    return append(
        actor=actor,
        act="sensitive.read",
        subject=subject,
        after={"fields": fields},
        purpose=purpose.strip(),
        stream=Stream.SENSITIVE,
    )


# Locked until the transaction ends; SQLite's transactions have one writer anyway.
_HEAD = Question(AuditHead, "stream = %s", lock=True)


def _first(stream: str) -> AuditHead:
    """Return the head of a stream that nothing was written to yet, locked."""
    AuditHead.objects.bulk_create([AuditHead(stream=stream, position=0, digest=chain.GENESIS)], ignore_conflicts=True)
    return _HEAD.rows(stream)[0]


def _acting_as(actor: Actor, permission: str) -> tuple[str, str]:
    """Return the role and the organ of the grant that allows `permission`, of the first grant where none is named."""
    if not actor.grants:
        return "", ""
    reach = PERMISSIONS[permission].reach if permission in PERMISSIONS else None
    fitting = (grant for grant in actor.grants if reach and reach[grant.role] is not Reach.NONE)
    grant = next(fitting, actor.grants[0])
    return grant.role.value, grant.organ


def _fit(text: str, length: int) -> str:
    """Return text that every database keeps: without NUL, cut with an ellipsis; the trail must not refuse a name."""
    if text.isascii() and len(text) <= length and "\0" not in text:
        return text
    text = text.replace("\0", "�").encode("utf-8", "replace").decode()
    return text if len(text) <= length else text[: length - 1] + "…"
