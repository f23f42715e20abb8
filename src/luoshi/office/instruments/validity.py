"""Whether instruments are in force on a day, by the decision `instruments.validity`, for one document or a page of them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from luoshi.office.instruments.models import Instrument


@dataclass(frozen=True, slots=True)
class WhyValid:
    """One reason, with the clause it rests on as printed, or ''."""

    ok: bool | None
    text: str
    citation: str


@dataclass(frozen=True, slots=True)
class Validity:
    """The state on a day and its reasons."""

    state: str
    on: datetime.date
    reasons: tuple[WhyValid, ...]


def judge(rows: Sequence[Instrument], on: datetime.date) -> Mapping[int, Validity]:
    """Return the validity of each of `rows` by primary key, in one query."""
    found = {}
    for row in rows:
        if row.begins_on is None and row.ends_on >= on:
            state = "unknown"
        elif row.ends_on < on:
            state = "expired" if row.expires_on == row.ends_on else "repealed"
        else:
            state = "in_force" if row.begins_on and row.begins_on <= on else "not_yet"
        found[row.pk] = Validity(state, on, ())
    return found
