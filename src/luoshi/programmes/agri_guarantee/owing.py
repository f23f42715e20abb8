"""What is owed every month, quarter and year (spec section 9): matters with a day and a holder, each made once."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from luoshi.office.actors import Actor
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind, Matter
from luoshi.office.funds.models import Book
from luoshi.programmes.agri_guarantee import fund
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, POLICY
from luoshi.programmes.agri_guarantee.models import Loan

MODULE = "agri-guarantee"
_ACTOR = Actor.system("定时", "timer")
_REPORT_DAY = 5
"""Banks report by this day of a month."""


class Owed(NamedTuple):
    """One duty of a period: its id, who owes what, by when, by which clause."""

    key: str
    organ: str
    title: str
    due_on: datetime.date
    basis: str


def owed(day: datetime.date, banks: list[str]) -> list[Owed]:
    """Return what is owed in the month, the quarter and the year of a day."""
    year, quarter = day.year, (day.month - 1) // 3 + 1
    quarter_end = datetime.date(year + quarter // 4, quarter * 3 % 12 + 1, 1) - datetime.timedelta(days=1)
    year_end = datetime.date(year, 12, 31)
    month = f"{year}-{day.month:02d}"
    found = [
        Owed(f"balances:{month}:{bank}", bank, f"报送{day.month}月惠农贷余额和逾期清单", day.replace(day=_REPORT_DAY),
             f"{FUND} 第十五条")
        for bank in banks
    ]  # fmt: skip
    return [
        *found,
        Owed(f"supervise:{year}Q{quarter}", "fin-agri-group", f"{year}年第{quarter}季度风险补偿基金监督情况",
             quarter_end, f"{FUND} 第十五条"),
        Owed(f"round:{year}", "agriculture", f"完成{year}年度经营主体建档", year_end, f"{POLICY} 二(二)2"),
        Owed(f"publicity:{year}", "fin-agri-group", f"{year}年惠农贷政策宣传", year_end, f"{POLICY} 二(二)1"),
        Owed(f"assess:{year}", "fin-agri-group", f"{year}年镇街道考评和合作银行考评", year_end, f"{POLICY} 三(三)"),
        Owed(f"adequate:{year}", "finance", f"核算{year}年末风险补偿基金应补充的资金", year_end, f"{FUND} 第五条"),
    ]  # fmt: skip


def owe(day: datetime.date) -> int:
    """Push what is owed on a day and is not there yet; return how many are new. Nothing before the fund is open."""
    if not Book.objects.filter(key=fund.BOOK).exists():
        return 0
    running = Loan.objects.filter(void=False, status__in=[Loan.Status.ACTIVE, Loan.Status.OVERDUE])
    rows = owed(day, sorted(set(running.values_list("bank", flat=True))))
    known = set(Matter.objects.filter(module=MODULE, external_id__in=[one.key for one in rows])
                .values_list("external_id", flat=True))  # fmt: skip
    fresh = [one for one in rows if one.key not in known and one.due_on >= day]
    for one in fresh:
        push_matter(actor=_ACTOR, module=MODULE, external_id=one.key, kind=Kind.INSTRUMENT_DUTY, title=one.title,
                    organ=one.organ, due_on=one.due_on, basis=one.basis, href="/guarantee/")  # fmt: skip
    return len(fresh)
