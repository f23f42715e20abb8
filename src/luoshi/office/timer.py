"""The timer: what falls due by itself is carried out in order, exactly once, however often or late the timer runs.

A room registers a step with `@timer("matters.overdue")`; it is called with the moment at which it fell due, inside a
transaction that also notes (kind, moment) in the table of what was fired. Two timers at once: one waits for the other
and finds the step done. A timer that was off for days carries out each day in turn, each with its own moment.
"""

from __future__ import annotations

import datetime
import logging
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from django.db import IntegrityError, close_old_connections, transaction
from django.utils.module_loading import autodiscover_modules

from luoshi.kernel.clock import CLOCK, local, start_of

log = logging.getLogger(__name__)

Step = Callable[[datetime.datetime], int]
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Timer:
    """A registered step: its kind, what it does, how often, at which hour, whether missed moments are made up for."""

    kind: str
    step: Step
    every: datetime.timedelta
    at: datetime.timedelta
    catch_up: bool


@dataclass(frozen=True, slots=True)
class Firing:
    """One step carried out: kind, the moment at which it fell due, how many things it touched."""

    kind: str
    moment: datetime.datetime
    count: int


_TIMERS: dict[str, Timer] = {}


def timer(
    kind: str,
    *,
    every: datetime.timedelta = DAY,
    at: datetime.timedelta = datetime.timedelta(0),
    catch_up: bool = True,
) -> Callable[[Step], Step]:
    """Register the decorated `step(moment) -> count`, due each `every` from midnight and `at` on.

    Put it into a module `timers` of its room, which is found by itself. Of steps due at one moment the one registered
    first goes first. Without `catch_up` only the latest missed moment is carried out. A step must look at the state as
    it is, and touch nothing outside the database but through jobs: it is repeated when its transaction fails.
    """

    def register(step: Step) -> Step:
        _TIMERS[kind] = Timer(kind, step, every, at, catch_up)
        return step

    return register


_EVERY_TICK: dict[str, Step] = {}


def every_tick(kind: str) -> Callable[[Step], Step]:
    """Register the decorated `step(upto) -> count`, called at each tick after what is due by the day.

    For things that keep their own moments, each in its row: the step itself sees to order and to once.
    """

    def register(step: Step) -> Step:
        _EVERY_TICK[kind] = step
        return step

    return register


def tick(at: datetime.datetime | None = None, *, without: Collection[str] = ()) -> list[Firing]:
    """Carry out everything that has fallen due by `at` (now unless given) and return it in order.

    `without`: kinds that are left for a later tick.

    A step that fails is logged and tried again at the next tick, and so is what it holds up of its own kind; the others
    go on.
    """
    autodiscover_modules("timers")
    upto, failed, done = local(at or CLOCK.now()), set(), []
    wanted = [one for one in _TIMERS.values() if one.kind not in without]
    waiting = [(moment, number, one) for number, one in enumerate(wanted) for moment in _due(one, upto)]
    for moment, _number, one in sorted(waiting, key=lambda item: item[:2]):
        if one.kind in failed:
            continue
        try:
            count = _fire(one, moment)
        except Exception:
            log.exception("timer %s of %s failed", one.kind, moment)
            failed.add(one.kind)
            continue
        if count is not None:
            done.append(Firing(one.kind, moment, count))
    for kind, step in _EVERY_TICK.items():
        try:
            count = step(upto)
        except Exception:
            log.exception("timer %s at %s failed", kind, upto)
            continue
        if count:
            done.append(Firing(kind, upto, count))
    return done


def _due(one: Timer, upto: datetime.datetime) -> Iterator[datetime.datetime]:
    """Yield the moments of a timer that have come and were not carried out; of one that never ran, the latest."""
    from luoshi.office.duties.models import Fired

    latest = start_of(upto.date()) + one.at
    latest = latest + (upto - latest) // one.every * one.every
    last = Fired.objects.filter(kind=one.kind).order_by("-moment").values_list("moment", flat=True).first()
    if last is None or not one.catch_up:
        if last is None or local(last) < latest:
            yield latest
        return
    moment = local(last) + one.every
    while moment <= latest:
        yield moment
        moment += one.every


def _fire(one: Timer, moment: datetime.datetime) -> int | None:
    """Carry out one step; None when somebody else has."""
    from luoshi.office.duties.models import Fired

    with transaction.atomic():
        try:
            with transaction.atomic():
                Fired.objects.create(kind=one.kind, subject="", moment=moment, at=CLOCK.now())
        except IntegrityError:
            return None
        return one.step(moment)


def start_thread(pause_s: float = 30.0) -> threading.Thread:
    """Start the thread that ticks for as long as this process lives; one a process is enough, more do no harm."""
    thread = threading.Thread(target=_work, args=(pause_s,), name="luoshi-timer", daemon=True)
    thread.start()
    return thread


_stop = threading.Event()


def _work(pause_s: float) -> None:
    while not _stop.is_set():
        try:
            close_old_connections()
            tick()
        except Exception:
            log.exception("timer not readable")
        _stop.wait(pause_s)
