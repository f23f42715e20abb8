"""Append to the audit trail and prove it whole."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils import timezone

from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.locks import serialise

GENESIS = "0" * 64


def digest_of(entry: AuditEntry) -> str:
    """Return the SM3 digest of `entry` and the digest before it, as 64 hex digits."""
    content = [
        entry.previous,
        entry.at.isoformat(),
        entry.who,
        entry.via,
        entry.act,
        entry.subject,
        entry.before,
        entry.after,
        entry.result,
    ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.new("sm3", text.encode()).hexdigest()


def append(
    *, actor: Actor, act: str, subject: str, before: Any = None, after: Any = None, result: str = "done"
) -> AuditEntry:
    """Append one entry inside the caller's transaction, so that act and entry stand or fall together.

    `before` and `after` are plain JSON data; money and dates go in as strings, since they are hashed as read back.
    """
    serialise("audit")
    last = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first()
    entry = AuditEntry(
        at=timezone.now(),
        who=actor.name,
        via=actor.via,
        act=act,
        subject=subject,
        before=before,
        after=after,
        result=result,
        previous=last or GENESIS,
    )
    entry.digest = digest_of(entry)
    entry.save(force_insert=True)
    return entry


def first_broken() -> AuditEntry | None:
    """Return the first entry whose digest or link does not hold, None when the chain is whole."""
    previous = GENESIS
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if entry.previous != previous or entry.digest != digest_of(entry):
            return entry
        previous = entry.digest
    return None
