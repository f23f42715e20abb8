"""What is hashed, and how: one function for writing and for proof. Pure, but for the columns' names.

The digest of an entry is SM3 over the version byte and the canonical JSON list of every column in the order of
`COLUMNS`; moments as UTC text, `before` and `after` as the JSON text that is stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from luoshi.office.json_text import encoder

GENESIS = "0" * 64
"""What stands for the digest before the first."""
VERSION = 2

COLUMNS = (
    "stream",
    "position",
    "previous",
    "at",
    "received_at",
    "who",
    "user_id",
    "role",
    "organ",
    "for_id",
    "for_name",
    "via",
    "act",
    "subject",
    "before",
    "after",
    "purpose",
    "basis",
    "request_id",
    "key",
    "result",
)
"""The columns of an entry in the order in which they are hashed."""
_DATA = [COLUMNS.index(name) for name in ("before", "after")]
_MOMENTS = [COLUMNS.index(name) for name in ("at", "received_at")]
_columns = attrgetter(*COLUMNS)
SEAL_COLUMNS = ("stream", "number", "day", "position", "count", "head", "made_at", "previous")

_old = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
_entry, _seal = hashlib.new("sm3", b"\x02"), hashlib.new("sm3", b"\x12")


_list = encoder(compact=True)


def moment(value: datetime) -> str:
    """Return a moment as it is hashed: UTC, `2026-01-31 09:30:00.000000` without a fraction that is nought."""
    return str(value.astimezone(UTC).replace(tzinfo=None))


def digest_of(values: Sequence[Any]) -> str:
    """Return the digest of an entry whose columns are `values`, in the order of `COLUMNS`, moments as text."""
    return digest_of_text(text_of(values))


def digest_of_text(text: bytes) -> str:
    """Return the digest of an entry from what is hashed of it."""
    state = _entry.copy()
    state.update(text)
    return state.hexdigest()


def text_of(values: Sequence[Any]) -> bytes:
    """Return what is hashed of an entry after the version byte."""
    return _list(values).encode("utf-8", "surrogatepass")


def seal_digest_of(values: Sequence[Any]) -> str:
    """Return the digest of a seal whose columns are `values`, in the order of `SEAL_COLUMNS`, all plain data."""
    state = _seal.copy()
    state.update(_list(values).encode())
    return state.hexdigest()


def old_digest_of(
    previous: str, at: datetime, who: str, via: str, act: str, subject: str, before: Any, after: Any, result: str
) -> str:
    """Return the digest of an entry of version 1: only what it had then."""
    text = _old([previous, at.isoformat(), who, via, act, subject, before, after, result])
    return hashlib.new("sm3", text.encode()).hexdigest()


def columns_of(entry: Any) -> list[Any]:
    """Return the columns of an entry as they are hashed."""
    from luoshi.office.audit.models import canonical

    values = list(_columns(entry))
    for place in _DATA:
        values[place] = canonical(values[place])
    for place in _MOMENTS:
        values[place] = moment(values[place])
    return values
