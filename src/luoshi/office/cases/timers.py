"""What cases do by themselves at each tick."""

from __future__ import annotations

import datetime

from luoshi.office.cases.expiry import fire
from luoshi.office.cases.recount import recount
from luoshi.office.timer import every_tick


@every_tick("cases.calendar")
def calendar(_upto: datetime.datetime) -> int:
    """Count limits again that were counted by a calendar no longer in force."""
    return recount()


every_tick("cases.limits")(fire)
