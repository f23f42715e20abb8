"""Whether instruments are in force on a day, by the decision `instruments.validity`: for one or a page of them."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from luoshi.office.instruments.decisions import validity
from luoshi.office.instruments.models import Instrument, Relation


@dataclass(frozen=True, slots=True)
class WhyValid:
    """One reason, with the clause it rests on as printed, or ''."""

    ok: bool | None
    text: str
    citation: str


@dataclass(frozen=True, slots=True)
class Validity:
    """The state on a day and its reasons; `estimated` when it stands on the dates of neighbouring numbers."""

    state: str
    on: datetime.date
    estimated: bool
    reasons: tuple[WhyValid, ...]


def judge(rows: Sequence[Instrument], on: datetime.date, *, estimate: bool = False) -> Mapping[int, Validity]:
    """Return the validity of each of `rows` by primary key, in one query.

    With `estimate` (one more query) an undated instrument is judged by the dates of the numbers before and after it.
    """
    repeals = _repeals_of(rows)
    found = {}
    for row in rows:
        names = dict.fromkeys(name for name in (row.key, row.title, row.covering_title) if name)
        facts: dict[str, Any] = {
            "number": row.number or None,
            "issued_on": row.issued_on,
            "effective_from": row.effective_from,
            "expires_on": row.expires_on,
            "repeals": [
                {
                    "by": relation.instrument.number or None,
                    "clause": relation.clause_path or None,
                    "effective_from": relation.instrument.effective_from,
                    "issued_on": relation.instrument.issued_on,
                }
                for name in names
                for relation in repeals[name]
            ],
        }
        if estimate and row.begins_on is None:
            facts["neighbours"] = _neighbours(row)
        decision = validity(facts, on)
        reasons = tuple(WhyValid(r.ok, r.text, str(r.citation or "")) for r in decision.reasons)
        found[row.pk] = Validity(decision.value["status"], on, decision.value["estimated"], reasons)
    return found


def _repeals_of(rows: Sequence[Instrument]) -> Mapping[str, list[Relation]]:
    """Return the repeals of `rows` by current instruments, under the number or title they use."""
    names = {name for row in rows for name in (row.key, row.title, row.covering_title) if name}
    by_name = Q(target_number__in=names) | Q(target_number="", target_title__in=names)
    found: dict[str, list[Relation]] = defaultdict(list)
    relations = Relation.objects.filter(by_name, type="repeals", instrument__is_current=True)
    for relation in relations.select_related("instrument").order_by("instrument_id", "seq"):
        found[relation.target_number or relation.target_title].append(relation)
    return found


def _neighbours(row: Instrument) -> dict[str, datetime.date | None]:
    """Return the dates of the nearest dated numbers before and after `row` in its series."""
    series = Instrument.objects.filter(
        is_current=True, issuer_word=row.issuer_word, year=row.year, serial__isnull=False, issued_on__isnull=False
    )
    own = row.serial or 0
    dates = [(serial or 0, day) for serial, day in series.order_by("serial").values_list("serial", "issued_on")]
    before = [day for serial, day in dates if serial < own]
    after = [day for serial, day in dates if serial > own]
    return {"before": before[-1] if before else None, "after": after[0] if after else None}
