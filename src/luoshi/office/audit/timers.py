"""What of the trail falls due by itself: yesterday is sealed, old answers are dropped."""

from __future__ import annotations

import datetime

from luoshi.office.audit.seals import seal_due
from luoshi.office.repetition import forget_old
from luoshi.office.timer import timer


@timer("audit.seal", at=datetime.timedelta(minutes=5))
def seal_yesterday(moment: datetime.datetime) -> int:
    """Seal every day that has ended."""
    return len(seal_due(moment))


@timer("answers.forget", at=datetime.timedelta(hours=3), catch_up=False)
def forget_answers(moment: datetime.datetime) -> int:
    """Drop the answers kept for repeated writes after a week."""
    return forget_old(moment)
