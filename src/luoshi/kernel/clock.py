"""The clock: the only source of now, and the one time zone (Asia/Shanghai, +08:00, no summer time).

Instants are stored in UTC, shown and exchanged with +08:00. A test, a scenario or a demonstration sets the clock.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Offset of every moment this software shows. Fixed: China has kept no summer time since 1991."""


def local(moment: datetime) -> datetime:
    """Return the moment in Shanghai time; a moment without offset is taken as Shanghai time."""
    return moment.replace(tzinfo=SHANGHAI) if moment.tzinfo is None else moment.astimezone(SHANGHAI)


def day_of(moment: date | datetime) -> date:
    """Return the Shanghai calendar day on which the moment lies."""
    return local(moment).date() if isinstance(moment, datetime) else moment


def start_of(day: date) -> datetime:
    """Return 00:00 of the day."""
    return datetime.combine(day, time(), SHANGHAI)


def end_of(day: date) -> datetime:
    """Return 24:00 of the day, that is 00:00 of the next."""
    return start_of(day + timedelta(days=1))


class Clock:
    """Tells the time. `set` fixes it, `advance` moves it on, `release` gives it back to the machine."""

    def __init__(self, fixed: datetime | None = None) -> None:
        self._fixed = None if fixed is None else local(fixed)

    def now(self) -> datetime:
        """Return the present moment, in Shanghai time."""
        return self._fixed if self._fixed is not None else datetime.now(SHANGHAI)

    def today(self) -> date:
        """Return the present day."""
        return self.now().date()

    def set(self, moment: datetime) -> None:
        """Stop the clock at the moment."""
        self._fixed = local(moment)

    def advance(self, by: timedelta) -> datetime:
        """Move the clock on from where it stands and stop it there; return the new now. `by` may not be negative."""
        if by < timedelta(0):
            raise ValueError("时钟不能倒拨")
        self._fixed = self.now() + by
        return self._fixed

    def release(self) -> None:
        """Let the clock run again."""
        self._fixed = None


CLOCK = Clock()
"""The clock of this process."""
