"""What is owed every month, quarter and year (spec section 9): matters with a day and a holder, each made once."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from luoshi.office.actors import Actor
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind, Matter
from luoshi.office.funds.models import Book, Posting
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


def standing(day: datetime.date, *, ruled: bool, owed_by: str = "") -> list[Owed]:
    """Return what stands until it is done: rules on subsidies, the custodian's control report, a loss made good.

    `ruled`: the leading group's rules on subsidies are recorded; `owed_by` names the entry of a loss not made good.
    """
    year_end = datetime.date(day.year, 12, 31)
    found = [Owed(f"control:{day.year}", "state-capital-co", f"{day.year}年基金托管内部控制报告", year_end,
                  f"{FUND} 第十条")]  # fmt: skip
    if not ruled:
        found.append(Owed("subsidy-rules", "fin-agri-group", "制定贴息和担保费补助办法", year_end, f"{POLICY} 三(二)"))
    if owed_by:
        found.append(Owed(f"restore:{owed_by}", "state-capital-co", f"以自有资金全额归还基金损失（{owed_by}）", day,
                          f"{FUND} 第十条"))  # fmt: skip
    return found


def _loss(book: Book) -> str:
    """Return the number of the last entry of a loss while something of it is owed, empty else."""
    if fund.figures(book).accounts["1101"] <= 0:
        return ""
    rows = Posting.objects.filter(account__book=book, account__code="1101", debit__gt=0).order_by("-pk")
    return str(rows.values_list("entry__number", flat=True).first() or "")


def owe(day: datetime.date) -> int:
    """Push what is owed on a day and is not there yet; return how many are new. Nothing before the fund is open."""
    if not Book.objects.filter(key=fund.BOOK).exists():
        return 0
    running = Loan.objects.filter(void=False, status__in=[Loan.Status.ACTIVE, Loan.Status.OVERDUE])
    rows = owed(day, sorted(set(running.values_list("bank", flat=True))))
    rows += standing(day, ruled=bool(fund.values()["subsidy_rules"]), owed_by=_loss(fund.fund()))
    known = set(Matter.objects.filter(module=MODULE, external_id__in=[one.key for one in rows])
                .values_list("external_id", flat=True))  # fmt: skip
    fresh = [one for one in rows if one.key not in known and one.due_on >= day]
    for one in fresh:
        push_matter(actor=_ACTOR, module=MODULE, external_id=one.key, kind=Kind.INSTRUMENT_DUTY, title=one.title,
                    organ=one.organ, due_on=one.due_on, basis=one.basis, href="/guarantee/")  # fmt: skip
    return len(fresh)
