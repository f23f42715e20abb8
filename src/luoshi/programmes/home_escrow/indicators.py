"""What the programme measures: the share supervised, the money, the days to the seller, the bank's messages, checks."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Avg, Count, F, QuerySet, Sum
from django.urls import reverse

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases.models import Case
from luoshi.office.duties import workdays
from luoshi.office.funds.models import BankMessage, Day, Difference, PaymentInstruction
from luoshi.office.indicators.declaration import CITY, Behind, Indicator, Part, Records, Target, register
from luoshi.office.indicators.figures import Direction
from luoshi.office.indicators.spans import Span
from luoshi.programmes.home_escrow import queries
from luoshi.programmes.home_escrow.common import ORGAN, OWN, PLAN
from luoshi.programmes.home_escrow.contracts import DISCIPLINE
from luoshi.programmes.home_escrow.decisions.settings import ROOM, RULES
from luoshi.programmes.home_escrow.models import Outside, Sale

Counts = Mapping[str, Any]
_LONGER = ("quarter", "year")
_declare = partial(Indicator, programme=ROOM, owner=ORGAN, period="month")


def _filed(span: Span) -> QuerySet[Sale]:
    return Sale.objects.filter(filed_on__range=(span.first, span.last))


def _outside(span: Span) -> QuerySet[Outside]:
    return Outside.objects.filter(filed_on__range=(span.first, span.last))


def _sale(row: Sale) -> Behind:
    return Behind(f"{row.agreement_no} {row.address}", reverse("escrow-sale", args=[row.agreement_no]),
                  row.get_state_display())  # fmt: skip


def _behind(rows: Callable[[Span], QuerySet[Sale]]) -> Callable[[Any, Span, str], Records]:
    def found(actor: Any, span: Span, _place: str) -> Records:
        seen = queries.visible_sales(actor).values("pk")
        return Records(rows(span).filter(pk__in=seen).order_by("pk"), _sale)

    return found


def supervised(span: Span) -> Counts:
    """K1: contracts filed in the period that are supervised."""
    return {CITY: _filed(span).count()}


def filed(span: Span) -> Counts:
    """K1: all contracts filed in the period, whatever their route."""
    return {CITY: _filed(span).count() + _outside(span).count()}


register(
    _declare(
        key=f"{ROOM}.share", number="K1", title="纳入监管的合同占备案合同", unit="%", longer=_LONGER,
        numerator=Part("纳入监管的", supervised, _behind(_filed)), denominator=Part("备案的合同", filed),
        citation=f"{RULES} 第四条", formula="纳入监管的 ÷ 备案的（自行划转、不纳入、豁免的计入分母）",
    )
)  # fmt: skip


def money(span: Span) -> Counts:
    """K2: what buyers and lenders have in the accounts on the last day of the period, in yuan."""
    rows = Day.objects.filter(account__book__plan=PLAN, account__code__in=OWN, subject="", value_on__lte=span.last)
    fen = rows.aggregate(n=Sum(F("credit") - F("debit")))["n"]
    return {CITY: None if fen is None else Decimal(int(fen)) / 100}


register(
    _declare(
        key=f"{ROOM}.money", number="K2", title="监管中的资金", unit="元", longer=_LONGER, over="last", decimals=2,
        numerator=Part("买受人的钱和贷款的钱", money), citation=f"{RULES} 第五条", formula="期末 2001 与 2002 余额之和",
    )
)  # fmt: skip


def _waits(span: Span) -> list[int]:
    """Return the working days from registration to the seller's account, sale by sale, of money paid in the period."""
    rows = PaymentInstruction.objects.filter(
        book__plan=PLAN, type="RELEASE", state="confirmed", result_at__gte=span.begins, result_at__lt=span.ends
    )
    paid = dict(rows.order_by("result_at").values_list("case", "result_at"))
    days = []
    for number, first in Sale.objects.filter(agreement_no__in=list(paid)).values_list("agreement_no", "registered_on"):
        if first is None or (at := paid[number]) is None:
            continue
        try:
            days.append(_working(first, day_of(local(at))))
        except LuoshiError:
            # A year that is not announced yet counts no working days.
            continue
    return sorted(days)


def _working(first: datetime.date, last: datetime.date) -> int:
    n, day = 0, first
    while day < last and n < 250:
        day = workdays.shift(day, 1)
        n += day <= last
    return n


def _percentile(share: int) -> Callable[[Span], Counts]:
    def count(span: Span) -> Counts:
        """The day by which so many percent of the sales had their money: the nearest rank."""
        days = _waits(span)
        return {CITY: days[max(-(-len(days) * share // 100), 1) - 1] if days else None}

    return count


for _key, _title, _share in (
    ("days_median", "登记到到账的工作日（中位数）", 50),
    ("days_90", "登记到到账的工作日（九成以内）", 90),
):
    register(
        _declare(
            key=f"{ROOM}.{_key}", number="K3", title=_title, unit="工作日", decimals=0, rank="least",
            numerator=Part("工作日", _percentile(_share)), citation=f"{RULES} 第四条",
            formula="登记之日到银行确认到账之日的工作日，各笔交易从小到大排列",
        )
    )  # fmt: skip


def delay(span: Span) -> Counts:
    """K4: seconds between the bank's time of a deposit message and its booking, on average."""
    rows = BankMessage.objects.filter(way="in", type="DEPOSIT", account__book__plan=PLAN, at__gte=span.begins,
                                      at__lt=span.ends)  # fmt: skip
    found = rows.aggregate(n=Avg(F("at") - F("created_at")))["n"]
    return {CITY: None if found is None else int(found.total_seconds())}


register(
    _declare(
        key=f"{ROOM}.delay", number="K4", title="存款报文时延", unit="秒", decimals=0, rank="least",
        numerator=Part("平均秒数", delay), citation=f"{RULES} 第七条", formula="入账时刻减报文时刻的平均",
    )
)  # fmt: skip


def differences(span: Span) -> Counts:
    """K5: differences with the bank open at the end of the period for more than three working days."""
    rows = Difference.objects.filter(account__book__plan=PLAN, due_on__lt=span.last, since_on__lte=span.last)
    return {CITY: rows.filter(open=True).count()}


register(
    _declare(
        key=f"{ROOM}.differences", number="K5", title="超过三个工作日的未达账项", unit="笔", over="last", decimals=0,
        rank="least", numerator=Part("未达账项", differences), citation=f"{RULES} 第七条",
        target=Target(value=0, direction=Direction.AT_MOST), formula="期末仍未了结、已超过三个工作日的笔数",
    )
)  # fmt: skip


def _registered(span: Span) -> QuerySet[Sale]:
    return Sale.objects.filter(registered_on__range=(span.first, span.last))


def _checked(span: Span) -> QuerySet[Sale]:
    rows = _registered(span).filter(checks__organ__in=("land-resources", "tax"))
    return rows.annotate(n=Count("checks__organ", distinct=True)).filter(n=2)


register(
    _declare(
        key=f"{ROOM}.checked", number="K6", title="受理前核对备案", unit="%", longer=_LONGER, target=Target(value=100),
        numerator=Part("登记、税务都核对过的", lambda span: {CITY: _checked(span).count()}, _behind(_checked)),
        denominator=Part("过户的", lambda span: {CITY: _registered(span).count()}, _behind(_registered)),
        citation=f"{RULES} 第五条", formula="核对过备案的 ÷ 过户的",
    )
)  # fmt: skip


def findings(span: Span) -> Counts:
    """K7: findings opened in the period."""
    rows = Case.objects.filter(procedure=DISCIPLINE, opened_at__gte=span.begins, opened_at__lt=span.ends)
    return {CITY: rows.count()}


register(
    _declare(
        key=f"{ROOM}.findings", number="K7", title="违规查处", unit="件", longer=_LONGER, decimals=0, rank="least",
        numerator=Part("立案的违规", findings), citation=f"{RULES} 第十九条", formula="本期立案的违规件数",
    )
)  # fmt: skip
