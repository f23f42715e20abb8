"""Ten years of a county's matters for the bench: what the synthetic library owes, worked on in every state.

The same library gives the same states. Rows are written in bulk, past the actions: they are for measuring lists, not
for looking at one matter's proof.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from luoshi.kernel.clock import CLOCK, end_of
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_models import FAR, Matter, MatterEvent, MatterOrgan
from luoshi.office.duties.schedule import Report, _silent, materialise

_CHUNK = 2000
_SIGNS = "甲乙丙丁戊己庚辛壬癸"
_ORGANS = ("finance", "agriculture", "housing", "education", "health", "transport", "government-office", "taxation")
_ACTS = (
    "matter.report",
    "matter.check",
    "matter.report",
    "matter.remind",
    "file.keep",
    "matter.report",
    "matter.submit",
)
_TOLD = [
    (f'{{"percent":{n},"state":"open"}}', f'{{"note":"已完成第一段，第二段下月开工","percent":{n + 1},"state":"open"}}')
    for n in range(100)
]
_SPREAD = (
    "state", "worked", "backlog", "percent_bp", "last_progress_at", "submitted_at", "green_on", "yellow_on", "red_on",
    "late_on",
)  # fmt: skip


def fill(day: datetime.date, *, months: int = 18, report: Report = _silent) -> int:
    """Make the matters of the last `months` and of the horizon, and spread them over all states; return how many.

    Of what fell due more than a month ago 97 in 100 are crossed off; the rest is late. Of what is open two thirds are
    reported on, a tenth waits for check, a fortieth is returned or paused.
    """
    first = day - datetime.timedelta(days=months * 31)
    materialise(first, day + datetime.timedelta(days=31), report=report)
    settled = day - datetime.timedelta(days=30)
    with transaction.atomic():
        old = Matter.objects.annotate(draw=F("id") % 100).filter(due_on__lt=settled, draw__lt=97)
        done = end_of(settled)
        old.update(
            state="crossed_off", is_open=False, crossed_off_at=done, completed_at=done, completed_late=False,
            percent_bp=10000, worked=True, backlog=False, green_on=FAR, yellow_on=FAR, red_on=FAR, late_on=FAR,
        )  # fmt: skip
        MatterOrgan.objects.filter(matter__is_open=False).update(is_open=False)
    total = Matter.objects.filter(is_open=True).count()
    after = seen = 0
    while rows := list(Matter.objects.filter(is_open=True, pk__gt=after).order_by("pk")[:_CHUNK]):
        _work(rows, day)
        after = rows[-1].pk
        seen += len(rows)
        report("matters", seen, total)
    return Matter.objects.count()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, datetime.date) else value


def _work(rows: list[Matter], day: datetime.date) -> None:
    now, events = CLOCK.now(), []
    for row in rows:
        draw = row.pk * 7919 % 120
        if draw < 80:
            row.state, row.worked, row.percent_bp = "in_progress", True, draw * 125
            row.last_progress_at = now - datetime.timedelta(days=draw % 30)
        elif draw < 92:
            row.state, row.worked, row.percent_bp = "submitted", True, 10000
            row.submitted_at = now - datetime.timedelta(days=draw % 9)
        elif draw < 95:
            row.state, row.worked, row.percent_bp = ("returned" if draw % 2 else "paused"), True, 6000
        # What nobody has taken up since it was entered late stays so.
        row.backlog = row.backlog and not row.worked
        derive(row)
        if row.state != "open":
            events.append(
                MatterEvent(
                    matter=row, at=row.last_progress_at or now, act="report", text="填报进展", who="测试甲",
                    organ=row.organ, version=row.version,
                )
            )  # fmt: skip
    # One statement a row, prepared once: a bulk update would write a CASE for each column of each row.
    columns = ", ".join(f"{name} = %s" for name in _SPREAD)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE duties_matter SET {columns} WHERE id = %s",  # noqa: S608 - the columns are ours
            [[_plain(getattr(row, name)) for name in _SPREAD] + [row.pk] for row in rows],
        )
    MatterEvent.objects.bulk_create(events, batch_size=1000)


def audit_entries(count: int) -> int:
    """Append `count` chained entries to the trail, spread over ten years; return how many.

    The digests are real; what repeats is made once, and the indexes are built when all entries stand.
    """
    from luoshi.office.audit import chain
    from luoshi.office.audit.demo import _BATCH, _BEGIN, _insert
    from luoshi.office.audit.models import AuditEntry, AuditHead, Stream

    head = AuditHead.objects.filter(pk=Stream.OFFICE).first()
    begun, digest = (head.position, head.digest) if head else (0, chain.GENESIS)
    indexes, at = AuditEntry._meta.indexes, ""
    step = datetime.timedelta(days=3650) / max(count, 1)
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.remove_index(AuditEntry, index)
    for first in range(0, count, _BATCH):
        rows = []
        for n in range(first, min(first + _BATCH, count)):
            at, person, told = chain.moment(_BEGIN + step * n), n * 7919 % 300, _TOLD[n % 100]
            values = [
                "office", begun + n + 1, digest, at, at, f"测试{_SIGNS[person % 10]}{person // 10}", person + 1,
                "clerk", _ORGANS[person % 8], None, "", "web", _ACTS[n % 7], f"matter:{n * 31 % 300_000 + 1}",
                *told, "", "", f"{n:08x}", "", "done" if n % 499 else "refused",
            ]  # fmt: skip
            digest = chain.digest_of(values)
            rows.append([chain.VERSION, *values, digest])
        with transaction.atomic():
            _insert(rows)
            AuditHead.objects.update_or_create(
                stream=Stream.OFFICE,
                defaults={"position": begun + first + len(rows), "digest": digest, "received_at": f"{at}+00:00"},
            )
    with connection.schema_editor() as editor:
        for index in indexes:
            editor.add_index(AuditEntry, index)
    return count


def analyse() -> None:
    """Let the database look at what it holds, as after any load in bulk."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
