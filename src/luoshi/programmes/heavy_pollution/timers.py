"""What an episode does by itself at each tick: daily reports fall due, late ones are told of."""

from __future__ import annotations

import datetime

from django.db import transaction

from luoshi.office.timer import every_tick
from luoshi.programmes.heavy_pollution import duties, public_views
from luoshi.programmes.heavy_pollution.models import Response


@every_tick("heavy_pollution.daily")
def daily(upto: datetime.datetime) -> int:
    """Owe the daily reports of running responses, a day ahead."""
    total = 0
    for response in Response.objects.filter(ended_at=None):
        with transaction.atomic():
            total += duties.owe_daily(response, upto + datetime.timedelta(days=1))
    return total


@every_tick("heavy_pollution.overdue")
def overdue(upto: datetime.datetime) -> int:
    """Tell of reports that are past their moment."""
    with transaction.atomic():
        return duties.tell_overdue(upto)


@every_tick("heavy_pollution.public")
def public_copies(_upto: datetime.datetime) -> int:
    """Make the public page ahead, so that nobody waits for it; nothing where copies are not kept."""
    return public_views.make_ahead()
