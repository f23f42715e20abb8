"""Seal each day: what the streams were then, signed with a key the database does not hold, repeated in a file.

`seal_due` is for the timer: it seals every day that has ended and is not sealed, however late it runs, once.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, day_of, end_of
from luoshi.office.audit import chain, key
from luoshi.office.audit.models import AuditEntry, AuditHead, AuditSeal, Stream


def seal_due(now: datetime.datetime | None = None) -> list[AuditSeal]:
    """Seal every day before that of `now` which has entries not yet sealed; return the seals made."""
    return seal_day(day_of(now or CLOCK.now()) - datetime.timedelta(days=1))


def seal_day(day: datetime.date) -> list[AuditSeal]:
    """Seal `day` and the days before it that have entries not yet sealed; return the seals made."""
    return [seal for stream in Stream.values for seal in _seal_stream(stream, day)]


def _seal_stream(stream: str, last: datetime.date) -> list[AuditSeal]:
    made = []
    with transaction.atomic():
        head = AuditHead.objects.select_for_update().filter(pk=stream).first()
        if head is None:
            return []
        before = AuditSeal.objects.filter(stream=stream).order_by("-number").first()
        while (until := _end_of_next_day(stream, before, head, last)) is not None:
            day, position = until
            before = _write(stream, day, position, before)
            made.append(before)
        rows = list(made)
        transaction.on_commit(lambda: repeat_outside(rows))
    return made


def _end_of_next_day(
    stream: str, before: AuditSeal | None, head: AuditHead, last: datetime.date
) -> tuple[datetime.date, int] | None:
    """Return the next day with entries not sealed, and the last position received on it; None when there is none."""
    done = before.position if before else 0
    rows = AuditEntry.objects.filter(stream=stream, position__gt=done).order_by("position")
    first = rows.values_list("received_at", flat=True).first()
    if first is None or day_of(first) > last:
        return None
    day = day_of(first)
    later = rows.filter(received_at__gte=end_of(day)).values_list("position", flat=True).first()
    return day, later - 1 if later is not None else head.position


def _write(stream: str, day: datetime.date, position: int, before: AuditSeal | None) -> AuditSeal:
    seal = AuditSeal(
        stream=stream,
        number=before.number + 1 if before else 1,
        day=day,
        position=position,
        count=position - (before.position if before else 0),
        head=AuditEntry.objects.values_list("digest", flat=True).get(stream=stream, position=position),
        made_at=CLOCK.now(),
        previous=before.digest if before else chain.GENESIS,
    )
    seal.digest = chain.seal_digest_of(columns_of(seal))
    seal.signature = key.sign(seal.digest, key.signing_key())
    seal.save(force_insert=True)
    return seal


def columns_of(seal: AuditSeal) -> list[Any]:
    """Return the columns of a seal as they are hashed."""
    values = {name: getattr(seal, name) for name in chain.SEAL_COLUMNS}
    return list((values | {"day": seal.day.isoformat(), "made_at": chain.moment(seal.made_at)}).values())


def repeat_outside(seals: Sequence[AuditSeal]) -> None:
    """Append `seals` to the file outside the database."""
    if not seals:
        return
    with key.seal_log().open("a", encoding="utf-8") as stream:
        for seal in seals:
            stream.write(line_of(seal) + "\n")


def line_of(seal: AuditSeal) -> str:
    """Return a seal as one line of JSON."""
    told = dict(zip(chain.SEAL_COLUMNS, columns_of(seal), strict=True))
    return json.dumps(told | {"digest": seal.digest, "signature": seal.signature})


def seals_outside() -> list[dict[str, Any]]:
    """Return the seals as the file outside the database tells them."""
    try:
        lines = key.seal_log().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines if line.strip()]
