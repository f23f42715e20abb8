"""Make a long trail quickly: ten years of entries for measuring, chained like real ones. Deterministic, invented."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from luoshi.kernel.clock import SHANGHAI
from luoshi.office.audit import chain
from luoshi.office.audit.models import AuditHead, Stream, canonical

_BEGIN = datetime.datetime(2016, 1, 4, 8, 30, tzinfo=SHANGHAI)
_BATCH = 20_000
_PEOPLE = [f"测试{sign}{number}" for number in range(30) for sign in "甲乙丙丁戊己庚辛壬癸"]
_ORGANS = ("finance", "agriculture", "housing", "education", "health", "transport", "government-office", "taxation")
_ACTS = ("matter.report", "matter.check", "matter.remind", "instrument.import", "parameter.propose", "file.keep")
_COLUMNS = ("version", *chain.COLUMNS, "digest")


def fill(count: int, *, begin: datetime.datetime = _BEGIN, step: datetime.timedelta | None = None) -> None:
    """Append `count` entries to the stream `office`: spread over ten years where it is empty, else a second apart."""
    with transaction.atomic():
        defaults = {"position": 0, "digest": chain.GENESIS}
        _, empty = AuditHead.objects.get_or_create(stream=Stream.OFFICE, defaults=defaults)
    if step is None:
        step = datetime.timedelta(days=3650) / max(count, 1) if empty else datetime.timedelta(seconds=1)
    for start in range(0, count, _BATCH):
        with transaction.atomic():
            head = AuditHead.objects.select_for_update().get(pk=Stream.OFFICE)
            if not start and head.received_at:
                begin = max(begin, head.received_at)
            rows = list(_entries(head, begin, step, start, min(_BATCH, count - start)))
            _insert(rows)
            head.position, head.digest = rows[-1][1 + chain.COLUMNS.index("position")], rows[-1][-1]
            head.received_at = begin + step * (start + len(rows) - 1)
            head.save()


def _entries(
    head: AuditHead, begin: datetime.datetime, step: datetime.timedelta, start: int, count: int
) -> Iterator[list[Any]]:
    previous = head.digest
    for n in range(start, start + count):
        at = chain.moment(begin + step * n)
        person, subject = n * 7919 % len(_PEOPLE), f"matter:{n * 31 % 300_000 + 1}"
        before = {"percent": n % 100, "state": "open"}
        after = before | {"percent": n % 100 + 1, "note": "已完成第一段，第二段下月开工"}
        result = "refused" if n % 499 == 0 else "done"
        act = _ACTS[0] if n % 3 else _ACTS[n % len(_ACTS)]
        values = [
            Stream.OFFICE.value, head.position + n - start + 1, previous, at, at, _PEOPLE[person], person + 1, "clerk",
            _ORGANS[person % len(_ORGANS)], None, "", "web", act, subject, canonical(before), canonical(after),
            "", "", f"{n:08x}", "", result,
        ]  # fmt: skip
        previous = chain.digest_of(values)
        yield [chain.VERSION, *values, previous]


def _insert(rows: Sequence[Sequence[Any]]) -> None:
    names = ", ".join(_COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY audit_auditentry ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([f"{value}+00" if place in (4, 5) else value for place, value in enumerate(row)])
        else:
            marks = ", ".join(["%s"] * len(_COLUMNS))
            cursor.executemany(f"INSERT INTO audit_auditentry ({names}) VALUES ({marks})", rows)  # noqa: S608
