"""Every night the running period of every indicator is measured, and the one before it."""

from __future__ import annotations

import datetime
import logging

from luoshi.kernel.clock import day_of
from luoshi.office.actors import Actor
from luoshi.office.indicators.actions import compute_all
from luoshi.office.indicators.declaration import indicators
from luoshi.office.timer import timer

log = logging.getLogger(__name__)


@timer("indicators.compute", at=datetime.timedelta(minutes=30), catch_up=False)
def compute_nightly(moment: datetime.datetime) -> int:
    """Measure as of the day before: its figures are complete. One indicator that fails stops no other."""
    from django.db import transaction

    actor, day, count = Actor.system("定时", "timer"), day_of(moment) - datetime.timedelta(days=1), 0
    for one in indicators():
        try:
            with transaction.atomic():
                done = compute_all(actor=actor, indicators=[one], on=day)
        except Exception:
            log.exception("indicator %s could not be measured", one.key)
            continue
        count += done.new + done.changed
    return count
