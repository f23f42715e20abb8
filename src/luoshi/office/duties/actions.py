"""Write the duties and targets of an instrument, and let them follow its versions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from luoshi.gazette import records
from luoshi.office import search
from luoshi.office.duties.dates import Occurrence, occurrence
from luoshi.office.duties.models import RECURRING, UNDATED, Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.instruments.models import Clause, Instrument

SEARCH_TABLE = "duties_duty_search"
_BATCH = 500


def record_duties(instruments: Sequence[tuple[Instrument, records.Instrument, Mapping[str, Clause]]]) -> None:
    """Store the duties and targets of new instrument versions, in the caller's transaction.

    Each comes with the record it was read from and its stored clauses by path. Open matters of the versions before
    them follow (`versions.carry_over`), and what the new duties owe is made (`schedule.materialise`).
    """
    duties: list[Duty] = []
    sources: list[records.Duty] = []
    targets: list[Target] = []
    for instrument, record, clauses in instruments:
        for seq, duty in enumerate(record.duties):
            duties.append(_duty(instrument, clauses.get(duty.clause), seq, duty))
            sources.append(duty)
        targets += [_target(instrument, clauses.get(t.clause), seq, t) for seq, t in enumerate(record.targets)]
    Duty.objects.bulk_create(duties, batch_size=_BATCH)
    organs: list[DutyOrgan] = []
    limits: list[TimeLimit] = []
    for row, source in zip(duties, sources, strict=True):
        organs += _organs(row, True, source.lead)
        organs += _organs(row, False, source.cooperating)
        limits += [_limit(row, seq, limit) for seq, limit in enumerate(source.time_limits)]
    DutyOrgan.objects.bulk_create(organs, batch_size=_BATCH)
    TimeLimit.objects.bulk_create(limits, batch_size=_BATCH)
    Target.objects.bulk_create(targets, batch_size=_BATCH)
    search.index(SEARCH_TABLE, ((row.pk, (row.summary, row.action)) for row in duties))


def follow_versions(instruments: Sequence[Instrument]) -> None:
    """Let matters follow new versions and make those that are owed now, in the caller's transaction.

    To be called when the duties stand as they are meant to: after what reviewers corrected has been taken over.
    """
    # Both write through this module's neighbours, which read the search table named above.
    from luoshi.office.duties.schedule import materialise
    from luoshi.office.duties.versions import carry_over

    carry_over(instruments)
    current = search.among([row.pk for row in instruments if row.is_current])
    materialise(duties=Duty.objects.filter(instrument__in=current), audited=False)


def retire_duties(instruments: Sequence[Instrument]) -> None:
    """Take the duties of superseded versions out of the ledger, in the caller's transaction."""
    Duty.objects.filter(instrument__in=instruments).update(is_current=False)
    DutyOrgan.objects.filter(duty__instrument__in=instruments).update(is_current=False)


def _duty(instrument: Instrument, clause: Clause | None, seq: int, duty: records.Duty) -> Duty:
    occurrences = [occurrence(limit.kind, limit.value) for limit in duty.time_limits]
    return Duty(
        instrument=instrument,
        clause=clause,
        seq=seq,
        is_current=instrument.is_current,
        clause_path=duty.clause,
        action=duty.action,
        summary=duty.summary[:400],
        basis=duty.basis,
        confidence=duty.confidence,
        open_ended=duty.open_ended,
        local=duty.local,
        local_text=duty.local_text,
        origin=_origin(duty.time_limits, occurrences),
        due_sort=_due_sort(occurrences),
        start=duty.start,
        end=duty.end,
    )


def _due_sort(occurrences: Sequence[Occurrence]) -> datetime.date:
    dated = [found.due_on for found in occurrences if found.due_on]
    if dated:
        return max(dated)
    return RECURRING if any(found.months for found in occurrences) else UNDATED


def _origin(limits: Sequence[records.Limit], occurrences: Sequence[Occurrence]) -> str:
    if any(found.due_on for found in occurrences):
        return Duty.Origin.BY
    if any(found.months for found in occurrences):
        return Duty.Origin.EVERY
    return Duty.Origin.WITHIN if any(limit.kind in ("within", "between") for limit in limits) else Duty.Origin.NONE


def _organs(duty: Duty, leads: bool, organs: Sequence[records.Organ]) -> list[DutyOrgan]:
    return [
        DutyOrgan(
            duty=duty, leads=leads, seq=seq, name=organ.name[:200], slug=organ.slug or "", is_current=duty.is_current
        )
        for seq, organ in enumerate(organs)
    ]


def _limit(duty: Duty, seq: int, limit: records.Limit) -> TimeLimit:
    found = occurrence(limit.kind, limit.value)
    return TimeLimit(
        duty=duty,
        seq=seq,
        kind=limit.kind,
        value=limit.value[:60],
        text=limit.text[:400],
        due_on=found.due_on,
        months=found.months,
        day=found.day,
        start=max(limit.start, 0),
        end=max(limit.end, 0),
    )


def _target(instrument: Instrument, clause: Clause | None, seq: int, target: records.Target) -> Target:
    return Target(
        instrument=instrument,
        clause=clause,
        seq=seq,
        clause_path=target.clause,
        subject=target.subject[:300],
        op=target.op,
        value=target.value[:40],
        unit=target.unit[:40],
        by=datetime.date.fromisoformat(target.by) if target.by else None,
        baseline=(target.baseline or "")[:200],
        aspiration=target.aspiration,
        lead=[{"name": organ.name, "slug": organ.slug} for organ in target.lead],
        start=target.start,
        end=target.end,
    )
