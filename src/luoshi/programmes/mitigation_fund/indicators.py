"""The indicators K1 to K7 of the fund (spec section 10): balances by value date, loans as they stood; by bank."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import F, Q, Sum

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import CaseEvent
from luoshi.office.funds.models import Day
from luoshi.office.indicators import actions
from luoshi.office.indicators.declaration import CITY, Behind, Indicator, Part, Records, Target, indicators, register
from luoshi.office.indicators.figures import Direction
from luoshi.office.indicators.spans import Span
from luoshi.office.parameters import book as parameters
from luoshi.programmes.mitigation_fund import board, lending, monitoring
from luoshi.programmes.mitigation_fund.decisions.settings import RULES, in_fen
from luoshi.programmes.mitigation_fund.fund import ORGAN, PLAN, ROOM
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Loan

Counts = dict[str, Any]
_declare = partial(Indicator, programme=ROOM)
_LONGER = ("quarter", "year")


def _net(span: Span, codes: Iterable[str]) -> Counts:
    """Return debit less credit of accounts up to the last day of a period, in yuan, by bank and for the city."""
    rows = Day.objects.filter(
        account__book__plan=PLAN, account__code__in=list(codes), subject="", value_on__lte=span.last
    )
    by_book = dict(rows.values_list("account__book").annotate(n=Sum(F("debit") - F("credit"))))
    found: Counts = {CITY: Decimal(sum(by_book.values())) / 100}
    for one in Agreement.objects.filter(book__in=by_book).exclude(organ=""):
        found[one.organ] = found.get(one.organ, Decimal(0)) + Decimal(by_book[one.pk]) / 100
    return found


def in_place(span: Span) -> Counts:
    """K1: the fund balance, what of the accounts is the fund's."""
    return _net(span, ("1001", "2001", "2002", "2003"))


def allocated(span: Span) -> Counts:
    """What the treasury allocated, net of returns."""
    return {place: -value for place, value in _net(span, ("3001",)).items()}


def compensated(span: Span) -> Counts:
    """K7: compensation paid or in transit."""
    return _net(span, ("3101",))


def size(span: Span) -> Counts:
    """K1: the size of the fund by the parameter of the period's last day."""
    values = parameters.current().values(ROOM, max(span.last, lending.FIRST_DAY))
    return {CITY: Decimal(in_fen(values, "fund_total")) / 100}


def _told(data: Any, name: str) -> int:
    return int((data or {}).get(name) or 0)


def _as_it_stood(span: Span) -> list[tuple[Loan, int]]:
    """Return the loans drawn by the end of a period with what was outstanding then (fen): later repayments put back."""
    rows = (
        Loan.objects.filter(disbursed_at__lt=span.ends)
        .select_related("agreement", "application__case", "firm")
        .order_by("pk")
    )
    after: dict[str, int] = {}
    events = CaseEvent.objects.filter(at__gte=span.ends, case__programme=ROOM)
    for number, data in events.filter(act="repay").values_list("case__number", "data"):
        after[number] = after.get(number, 0) + _told(data, "principal_paid")
    for number, data in events.filter(act="unrepay").values_list("case__number", "data"):
        after[number] = after.get(number, 0) - _told(data, "principal_back")
    for subject, data in events.filter(act="recovered").values_list("case__subject", "data"):
        after[subject] = after.get(subject, 0) + _told(data, "amount")
    return [
        (one, min(one.outstanding + after.get(str(one.application.case_id), 0) + after.get(f"mf-loan:{one.pk}", 0),
                  one.disbursed or 0))
        for one in rows
    ]  # fmt: skip


def _sums(rows: Iterable[tuple[str, int]]) -> Counts:
    found: Counts = {CITY: Decimal(0)}
    for organ, fen in rows:
        found[CITY] += Decimal(fen) / 100
        if organ:
            found[organ] = found.get(organ, Decimal(0)) + Decimal(fen) / 100
    return found


def outstanding(span: Span) -> Counts:
    """K6: what was outstanding at the end of a period, in yuan."""
    return _sums((one.agreement.organ, fen) for one, fen in _as_it_stood(span))


def used(span: Span) -> Counts:
    """K2: of each firm what was larger, its loan or what was approved and not drawn, in yuan."""
    use: dict[tuple[str, int], int] = {}
    for one, fen in _as_it_stood(span):
        key = one.agreement.organ, one.firm_id
        use[key] = use.get(key, 0) + fen
    waiting = Application.objects.filter(passed_at__lt=span.ends).exclude(loan__disbursed_at__lt=span.ends)
    waiting = waiting.filter(Q(live=True) | Q(loan__disbursed_at__gte=span.ends))
    for organ, firm, approved in waiting.values_list("agreement__organ", "firm", "approved"):
        use[organ, firm] = max(use.get((organ, firm), 0), approved or 0)
    return _sums((organ, fen) for (organ, _firm), fen in use.items())


def _loans(span: Span) -> Any:
    return Loan.objects.filter(disbursed_at__gte=span.begins, disbursed_at__lt=span.ends)


def _shown(one: Loan) -> Behind:
    return Behind(one.contract_no, f"/cases/{one.application.case.pk}/", one.firm.name, one.agreement.organ)


def _loans_behind(actor: Any, span: Span, place: str) -> Records:
    rows = board.loans(actor).filter(disbursed_at__gte=span.begins, disbursed_at__lt=span.ends).order_by("pk")
    return Records(rows.filter(agreement__organ=place) if place else rows, _shown)


def _counted(span: Span, value: Any) -> Counts:
    rows = _loans(span)
    found: Counts = dict(rows.exclude(agreement__organ="").values_list("agreement__organ").annotate(n=value))
    return found | {CITY: rows.aggregate(n=value)["n"] or 0}


def firms(span: Span) -> Counts:
    """K3: firms that drew a loan."""
    return {CITY: _loans(span).values("firm").distinct().count()}


def loans(span: Span) -> Counts:
    """K3: loans drawn."""
    return {CITY: _loans(span).count()}


def interest(span: Span) -> Counts:
    """K3: a year's interest of what was drawn, in yuan."""
    rows = _loans(span).values_list("disbursed", "rate")
    return {CITY: sum((Decimal(fen or 0) / 100 * rate / 100 for fen, rate in rows), Decimal(0))}


def drawn(span: Span) -> Counts:
    """K3: what was drawn, in yuan."""
    return {place: Decimal(fen or 0) / 100 for place, fen in _counted(span, Sum("disbursed")).items()}


def _concluded(span: Span) -> list[Application]:
    """Return the applications the committee or the platform decided in a period."""
    rows = Application.objects.select_related("case", "firm", "agreement")
    passed = rows.filter(passed_at__gte=span.begins, passed_at__lt=span.ends)
    rejected = rows.filter(rejected=True, case__closed_at__gte=span.begins, case__closed_at__lt=span.ends)
    return [*passed.order_by("pk"), *rejected.order_by("pk")]


def _applications_behind(only: bool) -> Callable[[Any, Span, str], Records]:
    def behind(actor: Any, span: Span, _place: str) -> Records:
        reach = monitoring.reach_of(actor)
        rows = [one for one in _concluded(span) if one.passed_at is not None or not only]
        return Records([one for one in rows if reach is None or one.agreement.organ in reach], _application)

    return behind


def _application(one: Application) -> Behind:
    at = one.passed_at or (one.case.closed_at if one.case is not None else None)
    days = (day_of(local(at)) - one.filed_on).days if at is not None else 0
    word = "通过" if one.passed_at is not None else "不通过"
    return Behind(one.case.number if one.case is not None else one.firm.name, board.shown_href(one),
                  f"{one.firm.name} {word}，{days} 天", one.agreement.organ)  # fmt: skip


def _reports_behind(in_time: bool) -> Callable[[Any, Span, str], Records]:
    def behind(actor: Any, span: Span, place: str) -> Records:
        reach = monitoring.reach_of(actor)
        rows = [one for one in _due(span) if place in ("", one.organ) and (reach is None or one.organ in reach)]
        return Records([one for one in rows if not in_time or _in_time(one)], _report)

    return behind


def _in_time(one: monitoring.Owed) -> bool:
    return one.complete and one.received_on is not None and one.received_on <= one.due_on


def _report(one: monitoring.Owed) -> Behind:
    came = f"{one.received_on} 收到" if one.received_on is not None else "没有收到"
    return Behind(f"{one.name} {one.month:%Y-%m}", f"/registers/{ROOM}.reports/",
                  f"应于 {one.due_on} 前，{came}，{one.told} / {one.loans} 笔", one.organ)  # fmt: skip


def _owing_behind(late: bool) -> Callable[[Any, Span, str], Records]:
    def behind(actor: Any, span: Span, place: str) -> Records:
        reach, since = monitoring.reach_of(actor), _since(span)
        rows = [
            (one, fen) for one, fen in _as_it_stood(span)
            if fen and place in ("", one.agreement.organ) and (reach is None or one.agreement.organ in reach)
            and (not late or (one.unpaid_since is not None and one.unpaid_since <= since))
        ]  # fmt: skip
        return Records(rows, _owing)

    return behind


def _owing(told: tuple[Loan, int]) -> Behind:
    one, fen = told
    return Behind(one.contract_no, f"/cases/{one.application.case.pk}/", f"{one.firm.name} {Money(fen)} 元",
                  one.agreement.organ)  # fmt: skip


def passed(span: Span) -> Counts:
    """K4: applications that passed."""
    return {CITY: sum(1 for one in _concluded(span) if one.passed_at is not None)}


def concluded(span: Span) -> Counts:
    """K4: applications decided."""
    return {CITY: len(_concluded(span))}


def days_taken(span: Span) -> Counts:
    """K4: days from application to result, added up."""
    total = 0
    for one in _concluded(span):
        at = one.passed_at or one.case.closed_at
        total += (day_of(local(at)) - one.filed_on).days if at is not None else 0
    return {CITY: total}


def _due(span: Span) -> list[monitoring.Owed]:
    """Return the reports of the months in a period whose day has come."""
    today, month, found = CLOCK.today(), span.first.replace(day=1), []
    while month <= span.last:
        found += [one for one in monitoring.owed(month) if one.due_on < today or one.complete]
        month = monitoring.month_before(month, -1)
    return found


def _reports(span: Span, *, in_time: bool) -> Counts:
    found: Counts = {CITY: 0}
    for one in _due(span):
        counts = not in_time or _in_time(one)
        found[one.organ] = found.get(one.organ, 0) + int(counts)
        found[CITY] += int(counts)
    return found


def _since(span: Span) -> datetime.date:
    """Return the last due day whose loans are overdue at the end of a period."""
    last = min(span.last, CLOCK.today())
    limit = int(parameters.current().values(ROOM, max(last, lending.FIRST_DAY))["overdue_days"])
    return last - datetime.timedelta(days=limit)


def overdue(span: Span) -> Counts:
    """K6: principal of loans thirty days overdue or more at the end of a period, in yuan."""
    since = _since(span)
    rows = _as_it_stood(span)
    return _sums(
        (one.agreement.organ, fen) for one, fen in rows if one.unpaid_since is not None and one.unpaid_since <= since
    )


IN_PLACE = register(
    _declare(
        key=f"{ROOM}.in_place", number="K1", title="基金余额", unit="元", period="month", longer=_LONGER, over="last",
        numerator=Part("各行专户的基金余额", in_place), owner="finance", citation=f"{RULES} 第六条",
        formula="专户存款减在途、利息、待查", note="按起息日",
    )
)  # fmt: skip
ALLOCATED = register(
    _declare(
        key=f"{ROOM}.allocated", number="K1", title="拨款占总规模", unit="%", period="month", longer=_LONGER,
        over="last", numerator=Part("财政拨款净额", lambda span: {CITY: allocated(span)[CITY]}),
        denominator=Part("总规模", size), target=Target(value=100, direction=Direction.AT_MOST), owner="finance",
        citation=f"{RULES} 第六条", formula="拨款净额 ÷ 总规模",
    )
)  # fmt: skip
LEVERAGE = register(
    _declare(
        key=f"{ROOM}.leverage", number="K2", title="放大倍数", unit="倍", period="month", longer=_LONGER, over="last",
        numerator=Part("在贷和已通过未放款（元）", used), denominator=Part("基金余额（元）", in_place),
        target=Target(parameter=f"{ROOM}.multiple_min", aim=True), owner=ORGAN, citation=f"{RULES} 第四条",
        formula="已用额度 ÷ 基金余额", note="额度用足时8至10倍",
    )
)  # fmt: skip
FIRMS = register(
    _declare(
        key=f"{ROOM}.firms", number="K3", title="支持企业", unit="家", period="month", longer=_LONGER,
        numerator=Part("放款的企业", firms, _loans_behind), owner=ORGAN, citation=f"{RULES} 第一条",
        formula="本期放款的企业数", decimals=0,
    )
)  # fmt: skip
LOANS = register(
    _declare(
        key=f"{ROOM}.loans", number="K3", title="放款笔数", unit="笔", period="month", longer=_LONGER,
        numerator=Part("放款", loans, _loans_behind), owner=ORGAN, citation=f"{RULES} 第一条", formula="本期放款的笔数",
        decimals=0,
    )
)  # fmt: skip
RATE = register(
    _declare(
        key=f"{ROOM}.rate", number="K3", title="加权平均利率", unit="%", period="month", longer=_LONGER,
        numerator=Part("放款一年的利息（元）", interest),
        denominator=Part("放款（元）", lambda span: {CITY: drawn(span)[CITY]}), owner=ORGAN,
        citation=f"{RULES} 第四条", formula="Σ放款×利率 ÷ Σ放款", rank="least", decimals=4,
    )
)  # fmt: skip
PASSED = register(
    _declare(
        key=f"{ROOM}.passed", number="K4", title="联审通过率", unit="%", period="month", longer=_LONGER,
        numerator=Part("通过", passed, _applications_behind(only=True)),
        denominator=Part("出结果的申请", concluded, _applications_behind(only=False)), owner=ORGAN,
        citation=f"{RULES} 第十一条", formula="通过 ÷ 通过和不通过",
    )
)  # fmt: skip
DAYS = register(
    _declare(
        key=f"{ROOM}.days", number="K4", title="从申请到结果的天数", unit="天", period="month", longer=_LONGER,
        numerator=Part("天数合计", days_taken, _applications_behind(only=False)),
        denominator=Part("出结果的申请", concluded, _applications_behind(only=False)), owner=ORGAN,
        citation=f"{RULES} 第十一条", formula="天数合计 ÷ 件数", rank="least", decimals=1,
    )
)  # fmt: skip
ON_TIME = register(
    _declare(
        key=f"{ROOM}.reports_on_time", number="K5", title="贷后月报按时率", unit="%", period="month", longer=_LONGER,
        numerator=Part("按时报全", partial(_reports, in_time=True), _reports_behind(in_time=True)),
        denominator=Part("应报", partial(_reports, in_time=False), _reports_behind(in_time=False)),
        target=Target(value=100), owner=ORGAN,
        citation=f"{RULES} 第十三条", formula="按时报全 ÷ 应报", note="次月10日前，按默认值",
        reads=(f"{ROOM}.reports",),
    )
)  # fmt: skip
OVERDUE = register(
    _declare(
        key=f"{ROOM}.overdue", number="K6", title="逾期满30天的比例", unit="%", period="month", longer=_LONGER,
        over="last", numerator=Part("逾期满30天的本金（元）", overdue, _owing_behind(late=True)),
        denominator=Part("贷款余额（元）", outstanding, _owing_behind(late=False)),
        owner=ORGAN, citation=f"{RULES} 第十四条", formula="逾期满30天的本金 ÷ 贷款余额", rank="least",
    )
)  # fmt: skip
LOSS = register(
    _declare(
        key=f"{ROOM}.loss", number="K7", title="基金损失率", unit="%", period="month", longer=_LONGER, over="last",
        numerator=Part("累计补偿（元）", compensated), denominator=Part("累计拨款净额（元）", allocated), owner=ORGAN,
        citation=f"{RULES} 第十五条", formula="累计补偿 ÷ 累计拨款净额", rank="least", note="按起息日，未减追回",
    )
)  # fmt: skip


def measure(first: datetime.date, last: datetime.date) -> int:
    """Measure every indicator of this room in the periods of the days given; return how many figures are new."""
    actor, count = Actor.system("定时", "timer"), 0
    for one in indicators(ROOM):
        done = actions.compute(actor=actor, indicator=one, first=first, last=last)
        count += done.new + done.changed
    return count
