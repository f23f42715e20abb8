"""Matters for tests of pages: made directly, in any state, around the day of the clock."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_models import Matter, MatterEvent, MatterOrgan

TODAY = datetime.date(2026, 11, 18)
"""A Wednesday without holidays around it."""
NOW = datetime.datetime(2026, 11, 18, 9, 12, tzinfo=SHANGHAI)


def day(offset: int) -> datetime.date:
    """Return the day `offset` days from the clock's today."""
    return CLOCK.today() + datetime.timedelta(days=offset)


def matter(
    title: str = "登记街边长椅",
    *,
    organ: str = "finance",
    due: int | None = 10,
    start: int = -20,
    coop: tuple[str, ...] = (),
    **more: Any,
) -> Matter:
    """Return a matter of `organ` due in `due` days; `more` are fields."""
    due_on = None if due is None else day(due)
    begins = min(day(start), due_on) if due_on else day(start)
    count = Matter.objects.count()
    state = more.get("state", "open")
    if state == "submitted":
        more.setdefault("submitted_at", CLOCK.now())
    if state == "crossed_off":
        more.setdefault("crossed_off_at", CLOCK.now())
        more.setdefault("completed_at", CLOCK.now())
        more.setdefault("completed_late", False)
    row = Matter(
        module=more.pop("module", "test"),
        external_id=more.pop("external_id", f"T-{count + 1}"),
        kind=more.pop("kind", "work_point"),
        title=title,
        organ=organ,
        organ_name=more.pop("organ_name", organ),
        handed_at=more.pop("handed_at", CLOCK.now() - datetime.timedelta(days=5)),
        start=begins,
        due_on=due_on,
        origin=more.pop("origin", "by" if due_on else "none"),
        created_at=CLOCK.now(),
        updated_at=CLOCK.now(),
        **more,
    )
    derive(row)
    row.save()
    sides = [("lead", organ), *(("coop", other) for other in coop)]
    MatterOrgan.objects.bulk_create(
        MatterOrgan(matter=row, seq=seq, organ=slug, name=slug, role=role, is_open=row.is_open, due_sort=row.due_sort)
        for seq, (role, slug) in enumerate(sides)
        if slug
    )
    return row


def event(row: Matter, text: str, who: str = "测试戊", **more: Any) -> MatterEvent:
    """Append a line to the history of `row`."""
    more.setdefault("at", CLOCK.now())
    return MatterEvent.objects.create(
        matter=row, act="report", text=text, who=who, organ=row.organ, version=row.version, **more
    )


def measured(**more: Any) -> Matter:
    """Return a matter measured against a figure: 14 of 17."""
    return matter(
        target_value=Decimal(17), target_unit="个", value=Decimal(14), state="in_progress", percent_bp=8235, **more
    )
