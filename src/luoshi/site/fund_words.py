"""Amounts, addresses and gauges of the books, as pages show them."""

from __future__ import annotations

import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.money import Money
from luoshi.office.funds.gauge import Gauge, Point, percent
from luoshi.office.funds.models import Book
from luoshi.site.parameter_words import cites


def yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals and thousands."""
    return str(Money(fen))


def split_yuan(fen: int) -> dict[str, Any]:
    """Return an amount whose size is read at a glance: yuan and fen apart."""
    whole, _point, part = yuan(fen).partition(".")
    return {"whole": whole, "part": part, "negative": fen < 0}


_MESSAGES = {
    "MOVEMENT": _lazy("动账通知"), "RESULT": _lazy("付款结果"), "RETURNED": _lazy("退汇"), "STATEMENT": _lazy("对账单"),
    "QUERY": _lazy("查询"), "PAY": _lazy("付款指令"),
    # Those of rooms' own links.
    "DEPOSIT": _lazy("存款"), "DEPOSIT_REVERSED": _lazy("存款冲回"), "INTEREST": _lazy("利息"), "FEE": _lazy("扣费"),
    "FREEZE": _lazy("冻结"), "UNFREEZE": _lazy("解除冻结"), "DEDUCTION": _lazy("扣划"), "HOLD_INFO": _lazy("冻结通知"),
    "AGREEMENT_SIGNED": _lazy("签约"), "RELEASE": _lazy("划转指令"), "REFUND": _lazy("退款指令"),
    "SEND_BACK": _lazy("退回指令"), "LOAN_DISBURSED": _lazy("放贷"), "LOAN_BALANCE": _lazy("贷款余额"),
    "LOAN_REPAID": _lazy("还款"), "RATE_SET": _lazy("调息"), "OVERDUE": _lazy("逾期"), "RECOVERY": _lazy("追偿"),
}  # fmt: skip


def message_word(kind: str) -> str:
    """Return the word for a type of bank message; one nobody has named stands as it is."""
    return str(_MESSAGES.get(kind, kind))


def book_href(name: str, book: Book, *more: object) -> str:
    """Return the address of a page of a book."""
    room, _slash, own = book.key.partition("/")
    return reverse(name, args=[room, own, *more])


def crumbs() -> list[dict[str, str]]:
    """Return the way to the list of books."""
    return [{"title": _("资金"), "href": reverse("funds")}]


def cite_of(text: str) -> Any:
    """Return what a citation chip shows: a link where the library has the clause, else the words; None for none."""
    if not text:
        return None
    found = cites([text])
    return found.get(text) or None


def gauge_drawn(one: Gauge) -> dict[str, Any]:
    """Return a gauge as it is drawn: places in percent of its width, words beside them."""
    scale = one.scale

    def at(value: Any) -> str:
        return f"{min(max(float(value / scale) * 100, 0), 100):.2f}"

    marks = sorted(one.marks, key=lambda mark: mark.at)
    stop = next((mark for mark in marks if mark.stop), None)
    passed = one.passed
    after = one.after
    room = one.room()
    return {
        "title": one.title,
        "cite": cite_of(one.citation),
        "now": percent(one.ratio, marks),
        "now_at": at(one.ratio) if one.ratio is not None else "0",
        "after": percent(after, marks) if one.pending and after is not None else "",
        "after_at": at(after) if one.pending and after is not None else "",
        "after_left": after is not None and after / scale > 0.75,
        "pending_count": one.pending_count,
        "tone": "red" if passed and passed.stop else "yellow" if passed else "sea",
        "warn_from": at(marks[0].at) if marks and not marks[0].stop else "",
        "stop_from": at(stop.at) if stop else "",
        "marks": [
            {
                "title": mark.title,
                "words": f"{percent(mark.at)}%".replace(".00", ""),
                "at": at(mark.at),
                "stop": mark.stop,
            }
            for mark in marks
        ],
        "top": f"{percent(scale)}%".replace(".00", ""),
        "sum": f"{one.part_title} {yuan(one.part)} ÷ {one.whole_title} {yuan(one.whole)}".strip(),
        "room": yuan(room) if room is not None else "",
        "stop": stop.title if stop else "",
        "drains": one.drains,
        "course": _course(one),
        "passed": passed.title if passed else "",
    }


def _course(one: Gauge) -> dict[str, Any] | None:
    """Return a gauge's past as steps: places in percent of a square, lines of its marks, months, rows of the table."""
    if not one.course:
        return None
    today, scale = CLOCK.today(), one.course_scale
    first = one.course[0].on
    span = max((today - first).days, 1)
    marks = sorted(one.marks, key=lambda mark: mark.at)
    steps: list[str] = []
    rows: list[dict[str, Any]] = []
    for point in (*one.course, Point(today, one.part, one.whole)):
        if point.ratio is None:
            continue
        across, up = (point.on - first).days * 100 / span, 100 - float(point.ratio / scale) * 100
        # A share stays until the day on which it changes.
        steps += [f"{across:.2f},{steps[-1].partition(',')[2]}"] if steps else []
        steps.append(f"{across:.2f},{up:.2f}")
        rows.append({"on": point.on, "words": percent(point.ratio, marks)})
    if len(steps) < 2:
        return None
    months = [day for n in range(span + 1) if (day := first + datetime.timedelta(days=n)).day == 1]
    step = max(-(-len(months) // 6), 1)
    return {
        "points": " ".join(steps),
        "marks": [{"title": mark.title, "words": f"{percent(mark.at)}%".replace(".00", ""), "stop": mark.stop,
                   "at": f"{100 - float(mark.at / scale) * 100:.2f}"} for mark in marks],
        "months": [{"at": f"{(day - first).days * 100 / span:.2f}",
                    "words": _("%d年") % day.year if day.month == 1 else _("%d月") % day.month}
                   for day in months[::step] if (day - first).days * 100 / span < 93],
        "rows": rows[-60:],
    }  # fmt: skip
