"""The indicators I1 to I9 of the guarantee (spec section 10); amounts in yuan."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Count, F, Q, Sum

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.office.cases.models import CaseClock
from luoshi.office.duties import concern
from luoshi.office.funds.models import Book
from luoshi.office.indicators.declaration import CITY, Behind, Indicator, Part, Records, Target, register
from luoshi.office.indicators.figures import Direction, Number
from luoshi.office.indicators.spans import Span
from luoshi.office.permissions import scope_of
from luoshi.office.registers import reach
from luoshi.programmes.agri_guarantee import board, fund
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, POLICY
from luoshi.programmes.agri_guarantee.models import Claim, Loan, Operator, Receipt, TownScore
from luoshi.programmes.agri_guarantee.registers import LOANS, OPERATORS, TOWN_SCORES

ROOM = "agri_guarantee"
OFFICE, COMPANY, CUSTODIAN = "fin-agri-group", "agri-guarantee--office", "state-capital-co"
_declare = partial(Indicator, programme=ROOM)
_LONGER = ("quarter", "year")
_Counts = Mapping[str, Number | None]
_STANDS = ("active", "overdue", "subrogated")


def _now(span: Span) -> bool:
    """Tell whether a span holds today: registers say how things stand now, not how they stood."""
    return span.first <= CLOCK.today() <= span.last


def _towns() -> list[str]:
    return sorted(concern.towns())


def _places(rows: Any, name: str, value: Any) -> dict[str, Number | None]:
    return {one[name]: one["n"] for one in rows.values(name).annotate(n=value)}


# --- I1, I2 -----------------------------------------------------------------------------------------------------------


def surveyed(span: Span) -> _Counts:
    """Count operators of a year's round by town."""
    return _places(Operator.objects.filter(void=False, round=span.first.year), "town", Count("pk"))


def archived(span: Span) -> _Counts:
    """Count those of them that are archived."""
    rows = Operator.objects.filter(void=False, round=span.first.year, status=Operator.Status.ARCHIVED)
    return _places(rows, "town", Count("pk"))


def _operators(only: bool) -> Any:
    def rows(actor: Any, span: Span, place: str) -> Records:
        found = Operator.objects.filter(void=False, round=span.first.year)
        found = found.filter(reach.within(OPERATORS, reach.reach(actor, OPERATORS)))
        found = found.filter(town=place) if place != CITY else found
        found = found.filter(status=Operator.Status.ARCHIVED) if only else found
        return Records(found.order_by("pk"), lambda one: Behind(one.name, f"/registers/{OPERATORS.key}/{one.pk}/",
                                                                str(one.get_status_display()), one.town))  # fmt: skip

    return rows


def balance(span: Span) -> _Counts:
    """Sum what is outstanding by town, in yuan; of today's register."""
    if not _now(span):
        return {CITY: None}
    rows = Loan.objects.filter(void=False, status__in=_STANDS)
    found = _places(rows, "town", Sum(F("disbursed") - F("repaid") - F("covered")))
    return {town: Decimal(int(fen or 0)) / 100 for town, fen in found.items()}


def loans(span: Span) -> _Counts:
    """Count running loans by town."""
    if not _now(span):
        return {CITY: None}
    return _places(Loan.objects.filter(void=False, status__in=_STANDS), "town", Count("pk"))


def _loan_rows(actor: Any, _span: Span, place: str) -> Records:
    found = board.loans_seen(actor).filter(status__in=_STANDS)
    found = found.filter(town=place) if place != CITY else found
    return Records(found.order_by("pk"), _loan_shown)


def _loan_shown(one: Loan) -> Behind:
    return Behind(f"{one.number} {one.borrower}", f"/registers/{LOANS.key}/{one.pk}/", "", one.town)


register(
    _declare(
        key=f"{ROOM}.archived", number="I1", title="经营主体建档率", unit="%", period="year", places=_towns,
        numerator=Part("已建档", archived, _operators(True)), denominator=Part("已调查", surveyed, _operators(False)),
        target=Target(value=100), owner="agriculture", citation=f"{POLICY} 二(二)2", formula="已建档 ÷ 已调查",
        note="按建档年度；文件没有写目标，100%为自定", reads=(OPERATORS.key,),
    )
)  # fmt: skip
register(
    _declare(
        key=f"{ROOM}.balance", number="I2", title="在保余额", unit="元", period="month", longer=_LONGER, over="last",
        numerator=Part("在保本金余额", balance, _loan_rows), owner=COMPANY, citation=f"{POLICY} 三(三)",
        formula="各笔贷款的本金余额之和", places=_towns, reads=(LOANS.key,), note="取当期末台账的余额",
    )
)  # fmt: skip
register(
    _declare(
        key=f"{ROOM}.loans", number="I2", title="在保笔数", unit="笔", period="month", longer=_LONGER, over="last",
        numerator=Part("在保贷款", loans, _loan_rows), owner=COMPANY, citation=f"{POLICY} 三(三)", decimals=0,
        formula="在保贷款的笔数", places=_towns, reads=(LOANS.key,),
    )
)  # fmt: skip

# --- I3 to I5: the fund now -------------------------------------------------------------------------------------------


def _of_fund(name: str) -> Any:
    def count(span: Span) -> _Counts:
        book = Book.objects.filter(key=fund.BOOK).first()
        if book is None or not _now(span):
            return {CITY: None}
        return {CITY: Decimal(max(int(getattr(fund.figures(book), name)), 0)) / 100}

    return count


def exposed(span: Span) -> _Counts:
    """What the city answers for, in yuan."""
    found = board.picture() if _now(span) else None
    return {CITY: None if found is None or not found["exposure"] else Decimal(found["exposure"]) / 100}


_FUND = (
    ("use", "I3", "累计代偿占现有基金", ("累计代偿", _of_fund("paid")), ("现有基金", _of_fund("existing")),
     Target(parameter=f"{ROOM}.halt_line", direction=Direction.AT_MOST), OFFICE, f"{FUND} 第十四条", "least",
     "超过即停办新增，等于不停"),
    ("coverage", "I4", "基金覆盖率", ("基金余额", _of_fund("balance")), ("市里承担的敞口", exposed), None, "finance",
     f"{FUND} 第五条", "most", "目标覆盖率没有规定"),
    ("placed", "I5", "存放占基金余额", ("存放", _of_fund("placed")), ("基金余额", _of_fund("balance")),
     Target(parameter=f"{ROOM}.place_cap", direction=Direction.AT_MOST), CUSTODIAN, f"{FUND} 第九条", "least",
     "付出补偿后被动超过的，不得新存"),
)  # fmt: skip
for _key, _number, _title, _part, _whole, _target, _owner, _clause, _rank, _note in _FUND:
    register(
        _declare(
            key=f"{ROOM}.{_key}", number=_number, title=_title, unit="%", period="month", longer=_LONGER, over="last",
            numerator=Part(*_part), denominator=Part(*_whole), target=_target, owner=_owner, citation=_clause,
            formula=f"{_part[0]} ÷ {_whole[0]}", rank=_rank, note=f"取当期末账簿的余额；{_note}",
        )
    )  # fmt: skip

# --- I6: claims in time -----------------------------------------------------------------------------------------------

_PARTIES = frozenset((OFFICE, COMPANY, CUSTODIAN))


def _seen(actor: Any, rows: Any) -> Any:
    """Leave the rows of claims to who is a party to claims, or sees all cases."""
    organs = concern.organs_within(scope_of(actor, "case.see"))
    return rows if organs is None or not organs.isdisjoint(_PARTIES) else rows.none()


def _claim_shown(one: Any) -> Behind:
    return Behind(one.case.number, f"/cases/{one.case_id}/")


def _ended(span: Span) -> Any:
    rows = CaseClock.objects.filter(case__procedure="agri_guarantee.claim", limit="review", case__exercise=False)
    return rows.filter(until__date__gte=span.first, until__date__lte=span.last)


def _claims_behind(state: str = "") -> Any:
    def rows(actor: Any, span: Span, _place: str) -> Records:
        found = _ended(span).filter(state=state) if state else _ended(span)
        return Records(_seen(actor, found).select_related("case").order_by("pk"), _claim_shown)

    return rows


def decided(span: Span) -> _Counts:
    """Count review limits that ended in the span, by act or by themselves."""
    return {CITY: _ended(span).filter(~Q(state__in=["running", "paused", "stopped"])).count()}


def in_time(span: Span) -> _Counts:
    """Count those kept."""
    return {CITY: _ended(span).filter(state="met").count()}


def tacit(span: Span) -> _Counts:
    """Count claims approved by silence."""
    rows = Claim.objects.filter(tacit=True, delivered_at__date__gte=span.first, delivered_at__date__lte=span.last)
    return {CITY: rows.count()}


def _tacit_rows(actor: Any, span: Span, _place: str) -> Records:
    rows = Claim.objects.filter(tacit=True, delivered_at__date__gte=span.first, delivered_at__date__lte=span.last)
    return Records(_seen(actor, rows).select_related("case").order_by("pk"), _claim_shown)


register(
    _declare(
        key=f"{ROOM}.claims_on_time", number="I6", title="拨款单按时审查率", unit="%", period="quarter",
        longer=("year",), numerator=Part("十个工作日内办理", in_time, _claims_behind("met")),
        denominator=Part("审查期限已届满或已办", decided, _claims_behind()), target=Target(value=100), owner=OFFICE,
        citation=f"{FUND} 第十二条", formula="期限内同意或退回 ÷ 期限已了的拨款单", note="100%为自定",
    )
)  # fmt: skip
register(
    _declare(
        key=f"{ROOM}.tacit", number="I6", title="期满视为无异议的拨款单", unit="件", period="quarter",
        longer=("year",), numerator=Part("视为无异议", tacit, _tacit_rows), decimals=0, rank="least", owner=OFFICE,
        target=Target(value=0, direction=Direction.AT_MOST), citation=f"{FUND} 第十二条",
        formula="没有在期限内同意或退回的拨款单", note="按送达日期计；0件为自定",
    )
)  # fmt: skip

# --- I7: cost ---------------------------------------------------------------------------------------------------------


def _signed(span: Span) -> list[Loan]:
    return list(Loan.objects.filter(void=False, signed_on__range=(span.first, span.last)).select_related("operator"))


def weighted(span: Span) -> _Counts:
    """Sum rate and fee of loans signed in the span, weighted by their amounts (yuan)."""
    return {CITY: sum((one.rate + one.fee) / 100 * one.amount / 100 for one in _signed(span)) or Decimal(0)}


def signed_amount(span: Span) -> _Counts:
    """Sum the amounts of loans signed in the span (yuan)."""
    return {CITY: Decimal(sum(one.amount for one in _signed(span))) / 100}


def floated(span: Span) -> _Counts:
    """Count loans signed in the span whose rate is above the ordinary mark-up."""
    return {CITY: len(_above(span))}


def _above(span: Span) -> list[Loan]:
    found = []
    for one in _signed(span):
        taken = fund.decide(
            "agri_guarantee.cost",
            {"rate": str(one.rate), "start": one.starts_on.isoformat(), "end": one.ends_on.isoformat(),
             "signed_on": one.signed_on.isoformat()},
        )  # fmt: skip
        if taken.value["rate_result"] == "REASON_REQUIRED":
            found.append(one)
    return found


def _above_rows(actor: Any, span: Span, _place: str) -> Records:
    seen = set(board.loans_seen(actor).values_list("pk", flat=True))
    return Records([one for one in _above(span) if one.pk in seen], _loan_shown)


register(
    _declare(
        key=f"{ROOM}.cost", number="I7", title="加权综合成本", unit="%", period="quarter", longer=("year",),
        numerator=Part("利率加担保费率，按金额加权", weighted), denominator=Part("签约金额", signed_amount),
        owner=COMPANY, citation=f"{POLICY} 二(一)3", formula="Σ（利率＋费率）×金额 ÷ Σ金额", rank="least",
        reads=(LOANS.key,),
    )
)  # fmt: skip
register(
    _declare(
        key=f"{ROOM}.floated", number="I7", title="利率超过上浮幅度的贷款", unit="笔", period="quarter",
        longer=("year",), numerator=Part("超过上浮幅度", floated, _above_rows), decimals=0, rank="least",
        target=Target(value=0, direction=Direction.AT_MOST), owner=COMPANY, citation=f"{POLICY} 二(一)3",
        formula="签约利率超过基准上浮幅度的笔数", note="文件写“一般不超过”，超过的要有理由；0笔为自定",
        reads=(LOANS.key,),
    )
)  # fmt: skip

# --- I8, I9 -----------------------------------------------------------------------------------------------------------


def recovered(span: Span) -> _Counts:
    """Sum net recoveries up to the end of the span, by loan and base never below nothing (yuan)."""
    nets: dict[tuple[str, str], int] = defaultdict(int)
    for one in Receipt.objects.filter(withdrawn=False, received_on__lte=span.last):
        nets[one.loan, one.base] += one.gross - one.costs
    return {CITY: Decimal(sum(max(net, 0) for net in nets.values())) / 100}


def lost(span: Span) -> _Counts:
    """Sum the loss bases of payouts up to the end of the span (yuan)."""
    rows = Claim.objects.filter(live=True, paid_out_on__lte=span.last)
    return {CITY: Decimal(int(rows.aggregate(n=Sum("loss"))["n"] or 0)) / 100}


def _lost_rows(actor: Any, span: Span, _place: str) -> Records:
    rows = Claim.objects.filter(live=True, paid_out_on__lte=span.last).select_related("case").order_by("pk")
    return Records(_seen(actor, rows), _claim_shown)


def scored(span: Span) -> _Counts:
    """Sum a year's points by town."""
    rows = TownScore.objects.filter(void=False, ended_on=None, year=span.first.year)
    found: Counter[str] = Counter()
    for one in rows:
        found[one.town] += one.score  # type: ignore[assignment]
    return dict(found)


def weights(span: Span) -> _Counts:
    """Sum the points there were by town."""
    return _places(TownScore.objects.filter(void=False, ended_on=None, year=span.first.year), "town", Sum("weight"))


register(
    _declare(
        key=f"{ROOM}.recovery", number="I8", title="追偿率", unit="%", period="quarter", longer=("year",),
        over="last", numerator=Part("累计净追回", recovered), denominator=Part("累计损失", lost, _lost_rows),
        owner=COMPANY, citation=f"{FUND} 第十三条", formula="Σ净追回 ÷ Σ损失基数", note="净追回为追回减费用，不低于零",
    )
)  # fmt: skip
register(
    _declare(
        key=f"{ROOM}.town_score", number="I9", title="镇考评得分率", unit="%", period="year", places=_towns,
        numerator=Part("得分", scored), denominator=Part("分值", weights), owner=OFFICE, citation=f"{POLICY} 三(三)",
        formula="得分 ÷ 分值", note="项目和分值按考评办法登记，导出供百分考核", reads=(TOWN_SCORES.key,),
    )
)  # fmt: skip


def measure(first: datetime.date, last: datetime.date | None = None) -> int:
    """Measure every indicator of this room in the periods of the days given; return how many figures are new."""
    from luoshi.office.actors import Actor
    from luoshi.office.indicators import actions
    from luoshi.office.indicators.declaration import indicators

    actor, count = Actor.system("定时", "timer"), 0
    for one in indicators(ROOM):
        done = actions.compute(actor=actor, indicator=one, first=first, last=last or day_of(CLOCK.now()))
        count += done.new + done.changed
    return count
