"""Take a file in: bounded, checked by its content, named by its digest, written whole or not at all."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.files import content, store
from luoshi.office.files.models import FileUse, StoredFile


def keep(*, actor: Actor, name: str, data: bytes) -> StoredFile:
    """Keep `data` under its digest and return its record; the same content again gives the same record.

    What its content says must agree with the name's ending, else it is quarantined: `state` and `reason` say so, and it
    is never given out. Side effects: the bytes in the store, one row, one audit entry. Errors: E_TOO_LARGE above the
    bound of LUOSHI_UPLOAD_MB, E_FILE for nothing at all.
    """
    name = content.clean_name(name)
    if not data:
        raise LuoshiError("E_FILE", f"“{name}”是空的，没有接收。请重新选择文件。")
    if len(data) > settings.UPLOAD_BYTES:
        bound = settings.UPLOAD_BYTES // (1024 * 1024)
        raise LuoshiError(
            "E_TOO_LARGE", f"“{name}”有 {len(data) / 1024 / 1024:.1f} MB，超过上限 {bound} MB。请压缩或拆分后再传。"
        )
    digest = hashlib.new("sm3", data).hexdigest()
    verdict = content.examine(name, data)
    # Before the transaction, so that nobody waits for the disk; a content without a row harms nobody.
    store.write(digest, data)
    with transaction.atomic():
        if (known := StoredFile.objects.filter(digest=digest).first()) is not None:
            return known
        row, made = StoredFile.objects.get_or_create(
            digest=digest,
            defaults={
                "sha256": hashlib.sha256(data).hexdigest(),
                "name": name,
                "size_bytes": len(data),
                "media_type": verdict.media_type,
                "state": StoredFile.State.QUARANTINED if verdict.reason else StoredFile.State.KEPT,
                "reason": verdict.reason,
                "received_at": CLOCK.now(),
                "received_by": actor.name,
                "received_by_id": actor.user_id,
            },
        )
        if made:
            append(
                actor=actor,
                act="file.keep",
                subject=f"file:{row.pk}",
                after={"name": name, "digest": digest, "size": len(data), "state": row.state, "reason": row.reason},
                result="quarantined" if verdict.reason else "done",
            )
    return row


def attach(*, actor: Actor, file: StoredFile, subject: str, name: str = "") -> FileUse:
    """Use `file` as evidence of `subject` (`kind:id`); E_FILE when it is quarantined.

    The same content used by another record is not refused: `queries.used_elsewhere` tells the checker.
    """
    if file.state != StoredFile.State.KEPT:
        raise LuoshiError("E_FILE", f"“{file.name}”没有通过检查（{file.reason}），不能作为证据。请换一个文件。")
    row, _ = FileUse.objects.get_or_create(
        file=file,
        subject=subject,
        defaults={
            "name": content.clean_name(name or file.name),
            "at": CLOCK.now(),
            "by": actor.name,
            "by_id": actor.user_id,
        },
    )
    return row
