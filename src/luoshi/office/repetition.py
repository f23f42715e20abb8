"""A write is carried out once however often it is sent: an idempotency key, the body it came with, the first answer.

The answer is kept in the transaction of the write itself, so there is never one without the other. The same key and
body get the first answer again; the same key with another body is refused; two at once run one after the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import KEY
from luoshi.office.audit.models import KeptAnswer
from luoshi.office.locks import serialise

KEPT_DAYS = 7
"""How long an answer is kept; after that the key may be used anew."""
MAX_KEY = 100


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered with; `repeated` when it was given before, `body` None where it was not kept."""

    status: int
    body: bytes | None = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    repeated: bool = False


def once(*, actor: Actor, key: str, body_digest: str, function: Callable[[], Answer]) -> Answer:
    """Return the answer of `function`, called only when `actor` did not send `key` before.

    An answer of 400 and above is not kept: what was refused may be tried again. Errors: E_INPUT for a key that is
    none, E_CONFLICT when `key` came before with another body.
    """
    if not 0 < len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise LuoshiError("E_INPUT", f"防重键应是 1 至 {MAX_KEY} 个可打印的英文字符。", fields={"key": key[:20]})
    asker = f"user:{actor.user_id}" if actor.user_id is not None else f"program:{actor.name}"[:80]
    with transaction.atomic():
        serialise(f"once:{asker}:{key}")
        if (kept := KeptAnswer.objects.filter(asker=asker, key=key).first()) is not None:
            if kept.body_digest != body_digest:
                raise LuoshiError(
                    "E_CONFLICT",
                    f"防重键“{key[:20]}”已用于另一次内容不同的提交，没有再办。请换一个键，或核对内容。",
                    fields={"key": key},
                )
            body = None if kept.status == 0 else bytes(kept.body)
            return Answer(kept.headers.get("status", kept.status), body, kept.headers.get("headers", {}), True)
        token = KEY.set(key)
        try:
            answer = function()
        finally:
            KEY.reset(token)
        if answer.status < 400:
            KeptAnswer.objects.create(
                asker=asker,
                key=key,
                body_digest=body_digest,
                status=0 if answer.body is None else answer.status,
                headers={"status": answer.status, "headers": dict(answer.headers)},
                body=answer.body or b"",
                at=CLOCK.now(),
            )
    return answer


def forget_old(now: datetime.datetime | None = None) -> int:
    """Drop answers older than a week; return how many."""
    bound = (now or CLOCK.now()) - datetime.timedelta(days=KEPT_DAYS)
    return KeptAnswer.objects.filter(at__lt=bound).delete()[0]
