"""What happens by itself: whatever waits longer than the parameters say is told of; nothing is decided."""

from __future__ import annotations

import datetime

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases.models import Case
from luoshi.office.duties import workdays
from luoshi.office.messages.actions import tell_organ
from luoshi.office.parameters import book
from luoshi.office.roles import Role
from luoshi.office.timer import timer
from luoshi.programmes.home_escrow import contracts, holds, owing
from luoshi.programmes.home_escrow.common import ENDING, ORGAN, ROOM, SALE

_WAITS = (
    (SALE, "filing", "review_days", "备案待审核"),
    (SALE, "requested", "review_days", "划转待审核"),
    (ENDING, "verified", "review_days", "解除待出通知单"),
    (SALE, "releasing", "bank_days", "银行还没有付款"),
    (ENDING, "refunding", "bank_days", "银行还没有退款"),
)
"""Kind of case, state, parameter, words. The text prints no limits: without a parameter nobody is reminded."""


@timer(f"{ROOM}.remind", every=datetime.timedelta(days=1), catch_up=False)
def remind(_moment: datetime.datetime) -> int:
    """Tell the Department of what waits too long, once a case, state and working day; return how many were told."""
    values, told = book.current().values(ROOM, CLOCK.today()), 0
    for kind, state, name, words in _WAITS:
        if values[name] is None:
            continue
        try:
            before = workdays.shift(CLOCK.today(), -int(values[name]))
        except LuoshiError:
            # A year that is not announced yet has no working days to count.
            continue
        for row in Case.objects.filter(procedure=kind, state=state, is_open=True).order_by("entered_at")[:500]:
            if day_of(local(row.entered_at)) < before:
                told += tell_organ(
                    key=f"escrow.wait:{row.pk}:{row.entered_event}:{CLOCK.today()}", organ=ORGAN, kind="case.remind",
                    roles=(Role.REVIEWER, Role.LEADER), text=f"{row.number} {words}", href=contracts.href_of(row),
                )  # fmt: skip
    return told


@timer(f"{ROOM}.lapse", every=datetime.timedelta(days=1), catch_up=False)
def lapse(_moment: datetime.datetime) -> int:
    """End the cases of freezes whose last day is past (the money is free by itself); return how many."""
    return holds.lapse()


@timer(f"{ROOM}.owing", at=datetime.timedelta(hours=2), catch_up=False)
def what_is_owed(moment: datetime.datetime) -> int:
    """Let the quarter's inspection and the review before the rules' end fall due; return how many are new."""
    return owing.owe(day_of(moment))
