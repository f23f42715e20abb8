"""What the Department owes by the calendar (spec section 9): the quarter's inspection, the review before the end."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind, Matter
from luoshi.office.parameters import book as parameters
from luoshi.programmes.home_escrow.common import ORGAN, ROOM
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale

MODULE = "home-escrow"
_ACTOR = Actor.system("定时", "timer")
_AHEAD = datetime.timedelta(days=92)
"""How long before its day the review of the rules is put on the desk."""


class Owed(NamedTuple):
    """One duty: its id, what, by when, by which clause."""

    key: str
    title: str
    due_on: datetime.date
    basis: str


def owed(day: datetime.date, last: datetime.date) -> list[Owed]:
    """Return what is owed on a day; `last` is the rules' last day. The review is due three months before it."""
    quarter = (day.month - 1) // 3 + 1
    end = datetime.date(day.year + quarter // 4, quarter * 3 % 12 + 1, 1) - datetime.timedelta(days=1)
    found = [Owed(f"inspect:{day.year}Q{quarter}", f"{day.year}年第{quarter}季度资金监管指导检查情况", end,
                  f"{RULES} 第五条")]  # fmt: skip
    review = months_before(last, 3)
    if review - _AHEAD <= day <= review:
        found.append(Owed(f"sunset:{last}", f"监管办法{last.year}年期满前的评估", review, f"{RULES} 第二十三条"))
    return found


def months_before(day: datetime.date, months: int) -> datetime.date:
    """Return the same day some months earlier, the month's last where it has none."""
    at = day.year * 12 + day.month - 1 - months
    first = datetime.date(at // 12, at % 12 + 1, 1)
    last = (first + datetime.timedelta(days=31)).replace(day=1) - datetime.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def owe(day: datetime.date) -> int:
    """Push what is owed on a day and is not there yet; return how many are new. Nothing before the first sale."""
    if not Sale.objects.exists():
        return 0
    values = parameters.current().values(ROOM, CLOCK.today())
    rows = owed(day, datetime.date.fromisoformat(str(values["successor_to"] or values["valid_to"])))
    known = set(Matter.objects.filter(module=MODULE, external_id__in=[one.key for one in rows])
                .values_list("external_id", flat=True))  # fmt: skip
    fresh = [one for one in rows if one.key not in known]
    for one in fresh:
        push_matter(actor=_ACTOR, module=MODULE, external_id=one.key, kind=Kind.INSTRUMENT_DUTY, title=one.title,
                    organ=ORGAN, due_on=one.due_on, basis=one.basis, href="/escrow/")  # fmt: skip
    return len(fresh)
