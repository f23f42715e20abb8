"""What is owed by the calendar (spec section 9): the circular, the banks' scores, the review before the rules' end."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from luoshi.office.actors import Actor
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind, Matter
from luoshi.office.parameters import book as parameters
from luoshi.programmes.mitigation_fund import lending
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ORGAN, ROOM
from luoshi.programmes.mitigation_fund.models import Agreement

MODULE = "mitigation-fund"
_ACTOR = Actor.system("定时", "timer")
_AHEAD = datetime.timedelta(days=92)
"""How long before its day the review of the rules is put on the desks."""


class Owed(NamedTuple):
    """One duty: its id, who owes what, by when, by which clause."""

    key: str
    organ: str
    title: str
    due_on: datetime.date
    basis: str


def owed(day: datetime.date, cycle: int, banks: Sequence[tuple[str, str]], review: datetime.date) -> list[Owed]:
    """Return what is owed on a day: a circular every `cycle` months, each bank's score a quarter, the review."""
    quarter = quarter_of(day)
    last = _end(day.year, (day.month - 1) // cycle * cycle + cycle)
    found = [Owed(f"circular:{last:%Y-%m}", ORGAN, f"向成员单位通报基金运行情况（至{last.year}年{last.month}月）", last,
                  f"{RULES} 第十三条")]  # fmt: skip
    found += [
        Owed(f"score:{quarter}:{bank}", ORGAN, f"{name}{quarter}季度绩效评价", _end(day.year, quarter_month(day)),
             f"{RULES} 第八条")
        for bank, name in banks
    ]  # fmt: skip
    if review - _AHEAD <= day <= review:
        found += [Owed(f"sunset:{review}:{organ}", organ, "基金管理办法期满前的评估", review, f"{RULES} 第十八条")
                  for organ in (ORGAN, "finance", "tax")]  # fmt: skip
    return found


def quarter_of(day: datetime.date) -> str:
    """Return a quarter as it is written: 2020Q1."""
    return f"{day.year}Q{(day.month - 1) // 3 + 1}"


def quarter_month(day: datetime.date) -> int:
    """Return the last month of the day's quarter."""
    return (day.month - 1) // 3 * 3 + 3


def _end(year: int, month: int) -> datetime.date:
    """Return the last day of a month; months beyond December are those of the next year."""
    return datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)


def owe(day: datetime.date) -> int:
    """Push what is owed on a day and is not there yet; return how many are new. Nothing without an agreement."""
    banks = list(Agreement.objects.filter(ended_on__isnull=True).order_by("bank").values_list("bank", "name"))
    if not banks:
        return 0
    values = parameters.current().values(ROOM, max(day, lending.FIRST_DAY))
    review = datetime.date.fromisoformat(str(values["sunset_review_on"]))
    rows = owed(day, int(values["member_brief_cycle"]), banks, review)
    known = set(Matter.objects.filter(module=MODULE, external_id__in=[one.key for one in rows])
                .values_list("external_id", flat=True))  # fmt: skip
    fresh = [one for one in rows if one.key not in known]
    for one in fresh:
        push_matter(actor=_ACTOR, module=MODULE, external_id=one.key, kind=Kind.INSTRUMENT_DUTY, title=one.title,
                    organ=one.organ, due_on=one.due_on, basis=one.basis, href="/mitigation/")  # fmt: skip
    return len(fresh)
