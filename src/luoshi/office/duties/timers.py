"""The steps of matters that the timer carries out at 00:00 of each day, in this order."""

from __future__ import annotations

import datetime

from luoshi.kernel.clock import day_of
from luoshi.kernel.counting import add_months
from luoshi.office.duties import matter_reports, reminders
from luoshi.office.duties.schedule import HORIZON_DAYS, materialise
from luoshi.office.duties.versions import follow_successions
from luoshi.office.timer import timer


@timer("matters.successions")
def successions(moment: datetime.datetime) -> int:
    """Let matters follow confirmed successions of organs."""
    return follow_successions(day_of(moment))


@timer("matters.window")
def window(moment: datetime.datetime) -> int:
    """Make the matters of the periods that begin in the month that has come within the horizon."""
    day = day_of(moment) + datetime.timedelta(days=HORIZON_DAYS)
    # Every period begins with a month.
    return materialise(day, add_months(day, 1), recurring_only=True).made if day.day == 1 else 0


timer("matters.reports")(matter_reports.accept_in_silence)
timer("matters.before")(reminders.remind_before)
timer("matters.overdue")(reminders.mark_overdue)
timer("matters.supervision")(reminders.enter_supervision)
timer("matters.ladder")(reminders.climb_ladder)
