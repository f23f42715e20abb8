"""Counts over a whole ledger: made anew after every write, of a large ledger once a minute at most.

Counting hundreds of thousands of rows takes longer than all the rest of a page, and a number of that size tells
nothing more for being of this second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from luoshi.office.audit.models import AuditEntry

LARGE = 50_000
"""From so many rows on counts may be a minute old."""
_SECONDS = 60
_KEPT: dict[Hashable, tuple[str, float, Mapping[Any, int]]] = {}


def counted(what: Hashable, count: Callable[[], Mapping[Any, int]]) -> Mapping[Any, int]:
    """Return the counts by value called `what`, from `count` unless those made last still hold."""
    # Every write appends to the audit trail, so its last digest names the state.
    state = AuditEntry.objects.order_by("-id").values_list("digest", flat=True).first() or ""
    if (kept := _KEPT.get(what)) is not None:
        of, at, counts = kept
        if (state and of == state) or (sum(counts.values()) >= LARGE and time.monotonic() - at < _SECONDS):
            return counts
    counts = count()
    _KEPT[what] = (state, time.monotonic(), counts)
    return counts
