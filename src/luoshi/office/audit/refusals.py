"""Take down who was refused what: in the stream `access`, in a transaction of its own, bounded in rate.

A refusal is told by its code only, never with what was typed. Nobody can fill the disk by being refused: a person, or
an address, has so many entries a minute; what is above is counted and told with the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict

from django.db import DatabaseError

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import Stream

log = logging.getLogger(__name__)

CODES = frozenset({"E_FORBIDDEN", "E_NOT_FOUND", "E_SELF", "E_INTEREST", "E_NO_DELEGATION", "E_PURPOSE", "E_LOGIN"})
"""The refusals that are about who asks."""

_A_MINUTE = 60.0
_EACH = 20
_KEPT = 10_000


class _Rate:
    """Counts entries by asker: `take` returns how many were left out before this one, None when it is left out too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: OrderedDict[str, tuple[float, int, int]] = OrderedDict()

    def take(self, asker: str) -> int | None:
        now = time.monotonic()
        with self._lock:
            since, count, left_out = self._seen.pop(asker, (now, 0, 0))
            if now - since > _A_MINUTE:
                since, count = now, 0
            allowed = count < _EACH
            self._seen[asker] = (since, count + 1, 0 if allowed else left_out + 1)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return left_out if allowed else None

    def forget(self) -> None:
        with self._lock:
            self._seen.clear()


_rate = _Rate()


def refused(*, actor: Actor, error: LuoshiError, subject: str, address: str = "") -> bool:
    """Take down that `actor` was refused `subject` (`GET /path`) with `error`; return whether it was written.

    What is not about who asks is not taken down, nor what an unknown visitor did not find. `address` is where the
    request came from. Fails silently but for the log: the answer is a refusal already.
    """
    if error.code not in CODES or (error.code == "E_NOT_FOUND" and actor.user_id is None):
        return False
    left_out = _rate.take(f"user:{actor.user_id}" if actor.user_id is not None else f"from:{address}")
    if left_out is None:
        return False
    told = {"code": error.code, "address": address} | ({"left_out": left_out} if left_out else {})
    told |= {name: error.fields[name] for name in ("permission",) if name in error.fields}
    try:
        append(
            actor=actor,
            act="access.refused",
            subject=subject,
            after=told,
            result="refused",
            stream=Stream.ACCESS,
            permission=str(error.fields.get("permission", "")),
        )
    except DatabaseError:
        log.exception("refusal of %s not taken down", subject)
        return False
    return True


def forget() -> None:
    """Begin counting anew; for tests."""
    _rate.forget()
