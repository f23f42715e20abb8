"""What happens by itself: loans past their last day are overdue, banks are reminded of their monthly reports."""

from __future__ import annotations

import datetime

from luoshi.kernel.clock import day_of
from luoshi.office.timer import timer
from luoshi.programmes.mitigation_fund import lending, monitoring, owing


@timer("mitigation_fund.overdue", every=datetime.timedelta(hours=1), catch_up=False)
def look_at_due_days(moment: datetime.datetime) -> int:
    """Enter loans as overdue on the day after their last; return how many."""
    return lending.note_overdue(day_of(moment))


@timer("mitigation_fund.reports", every=datetime.timedelta(hours=6), catch_up=False)
def remind_of_reports(moment: datetime.datetime) -> int:
    """Remind banks of reports of the last month that are still owed; return how many banks."""
    return monitoring.remind(day_of(moment))


@timer("mitigation_fund.owing", at=datetime.timedelta(hours=2), catch_up=False)
def what_is_owed(moment: datetime.datetime) -> int:
    """Let the circular, the banks' scores and the review before the end fall due; return how many are new."""
    return owing.owe(day_of(moment))
