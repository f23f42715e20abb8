"""What supervision does by itself at 00:00, after the office's own steps of the day."""

from __future__ import annotations

import datetime

from luoshi.office.timer import timer
from luoshi.programmes.supervision import (
    correcting,
    crossing,
    integrity,
    ladder,
    letters,
    plan_actions,
    reporting,
    rollup,
)


@timer("supervision.letters")
def unanswered_letters(moment: datetime.datetime) -> int:
    """Mark letters nobody answered, draft the second ones, then the referrals of two unanswered."""
    return letters.look_after(moment) + ladder.refer_unanswered(moment)


@timer("supervision.silence")
def silence(moment: datetime.datetime) -> int:
    """Take silence of cooperating organs for consent."""
    return crossing.silence_agrees(moment)


@timer("supervision.verify")
def unverified(moment: datetime.datetime) -> int:
    """Tell the director of cross-offs nobody verified."""
    return crossing.escalate_unverified(moment)


@timer("supervision.reports")
def late_reports(moment: datetime.datetime) -> int:
    """Tell organs, on the day after the last, which reports are late."""
    return reporting.tell_late(moment) + reporting.note_silence(moment) + reporting.tell_unverified(moment)


@timer("supervision.corrections")
def corrections(moment: datetime.datetime) -> int:
    """Order explanations and corrections of key works outside the plan that are behind."""
    return correcting.look_after(moment)


@timer("supervision.integrity")
def integrity_cases(moment: datetime.datetime) -> int:
    """Warn of promises and judgments that fall due, note those in breach, propose sanctions."""
    return integrity.look_after(moment)


@timer("supervision.undecomposed")
def undecomposed(moment: datetime.datetime) -> int:
    """Tell heads which of their items are not decomposed in time."""
    return plan_actions.remind_undecomposed(moment)


@timer("supervision.sums")
def sums(_moment: datetime.datetime) -> int:
    """Make progress and sums of every item anew from tasks and reports; return how many were not what they said."""
    return len(rollup.check_all()[1])


@timer("supervision.duties")
def duties_taken_up(moment: datetime.datetime) -> int:
    """End new periods of duties that smallest tasks stand for."""
    return plan_actions.take_up_new(moment)
