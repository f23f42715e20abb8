"""Pollution processes and the grade of a warning (3.1.3, 3.1.5), on hours laid out by `windows`.

A process is a chain of anchors: hours above 200 whose running daily mean is above 200 too. Anchors belong together
unless a release stretch, 36 counted hours of at most 150, begins between them. Everything is one pass over the hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from luoshi.programmes.heavy_pollution.windows import Line

NONE, BLUE, YELLOW, ORANGE, RED = range(5)
"""Grades by rank."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of 3.1.3 and 3.1.5 in force on a day."""

    heavy: int = 200
    severe: int = 300
    top: int = 500
    yellow_hours: int = 48
    orange_hours: int = 72
    orange_severe: int = 1
    red_hours: int = 96
    red_severe_hours: int = 48
    release: int = 150
    release_hours: int = 36
    gap_counts: bool = True
    elapsed_counts: bool = True


class Stretch(NamedTuple):
    """A maximal run of clean hours: from `first` up to `end`, which is not in it; `counted` leaves out dust."""

    first: int
    end: int
    counted: int


class Process(NamedTuple):
    """A process: first and last anchor, length to the end of the last one's window, how long it was severe."""

    first: int
    last: int
    window: int
    severe_hours: int
    severe_windows: int
    bridged: bool
    max_daily: int

    @property
    def end(self) -> int:
        """The hour at which the last anchor's window ends."""
        return self.last + self.window

    @property
    def hours(self) -> int:
        """Duration."""
        return self.end - self.first


class Judged(NamedTuple):
    """A grade with what it rests on: the process (None: a window or nothing), where it begins and ends."""

    grade: int
    process: Process | None
    start: int | None
    end: int | None


def clean_stretches(line: Line, limits: Limits, start: int = 0) -> list[Stretch]:
    """Return every maximal run of hours not above the release limit; missing and partial hours break it, not dust."""
    found = []
    first, end, counted = -1, -1, 0
    for hour in range(start, len(line)):
        if line.excluded[hour]:
            continue
        value = line.aqi[hour]
        if value is not None and value <= limits.release and not line.partial[hour]:
            first = hour if counted == 0 else first
            end, counted = hour + 1, counted + 1
        elif counted:
            found.append(Stretch(first, end, counted))
            counted = 0
    if counted:
        found.append(Stretch(first, end, counted))
    return found


def release_stretches(line: Line, limits: Limits) -> list[Stretch]:
    """Return the runs long enough to end a process."""
    return [stretch for stretch in clean_stretches(line, limits) if stretch.counted >= limits.release_hours]


def processes(line: Line, limits: Limits, *, bridging: bool = True) -> list[Process]:
    """Return the processes in order. Without `bridging` they also end where no anchor's window reaches the next one."""
    anchors = [hour for hour in range(len(line.daily)) if _is_anchor(line, hour, limits.heavy)]
    if not anchors:
        return []
    breaks = iter([stretch.first for stretch in release_stretches(line, limits)])
    next_break = next(breaks, None)
    chains: list[list[int]] = [[anchors[0]]]
    for before, anchor in pairwise(anchors):
        while next_break is not None and next_break <= before:
            next_break = next(breaks, None)
        parted = next_break is not None and next_break <= anchor
        if parted or (not bridging and anchor - before > line.window):
            chains.append([])
        chains[-1].append(anchor)
    return [_process(line, chain, limits) for chain in chains]


def _is_anchor(line: Line, hour: int, above: int) -> bool:
    value, daily = line.aqi[hour], line.daily[hour].aqi
    return value is not None and not line.excluded[hour] and value > above and daily is not None and daily > above


def _process(line: Line, anchors: Sequence[int], limits: Limits) -> Process:
    first, last = anchors[0], anchors[-1]
    longest, chain_first, before = 0, -1, -1
    for hour in anchors:
        if _is_anchor(line, hour, limits.severe):
            chain_first = hour if before < 0 or hour - before > line.window else chain_first
            before = hour
            longest = max(longest, hour - chain_first + line.window)
    peak, severe = 0, 0
    for hour in range(first, last + 1):
        daily = line.daily[hour].aqi
        if daily is not None:
            peak, severe = max(peak, daily), severe + (daily > limits.severe)
    bridged = any(after - hour > line.window for hour, after in pairwise(anchors))
    return Process(first, last, line.window, longest, severe, bridged, peak)


def judge(line: Line, now: Fraction | int, limits: Limits, *, bridging: bool = True) -> Judged:
    """Return the grade at `now` (in hours from hour 0), from the worst down; the first process that meets a test."""
    found = processes(line, limits, bridging=bridging)
    live = [process for process in found if process.end > now]
    windows = [
        hour
        for hour, daily in enumerate(line.daily)
        if daily.aqi is not None and daily.aqi > limits.heavy and hour + line.window > now
    ]
    top = next((hour for hour in windows if (line.daily[hour].aqi or 0) >= limits.top), None)
    if top is not None:
        holder = next((process for process in live if process.first <= top <= process.last), live[0] if live else None)
        return _judged(RED, holder, windows, line)
    for grade in (RED, ORANGE, YELLOW):
        for process in live:
            if meets(process, grade, limits):
                return _judged(grade, process, windows, line)
    if live or windows:
        return _judged(BLUE, live[0] if live else None, windows, line)
    return Judged(NONE, None, None, None)


def meets(process: Process, grade: int, limits: Limits) -> bool:
    """Whether a process meets the condition of a grade above blue."""
    if grade == RED:
        return process.hours >= limits.red_hours and process.severe_hours >= limits.red_severe_hours
    if grade == ORANGE:
        return process.hours >= limits.orange_hours and process.severe_windows >= limits.orange_severe
    return process.hours >= limits.yellow_hours


def _judged(grade: int, process: Process | None, windows: Sequence[int], line: Line) -> Judged:
    if process is not None:
        return Judged(grade, process, process.first, process.end)
    return Judged(grade, None, windows[0], windows[-1] + line.window)


def cut_at(line: Line, hour: int) -> Line:
    """Return the line from an hour on, as if nothing had been before."""
    start = line.moment(hour)
    return Line(
        line.aqi[hour:], line.excluded[hour:], line.partial[hour:], line.daily[hour:], start, line.window, line.means
    )


# --- release ----------------------------------------------------------------------------------------------------------


class Release(NamedTuple):
    """Whether a warning may be released: from `hour` on, or not, with the longest clean stretch and what ends it.

    `hour` None: refused. `ended_by` is the hour that ends the stretch, `why` above, missing, partial or horizon.
    """

    hour: int | None
    until: int | None
    longest: Stretch | None
    ended_by: int | None
    why: str


def release(line: Line, earliest: int, limits: Limits) -> Release:
    """Return the first full hour from `earliest` on from which enough clean hours follow, dust left out."""
    stretches = clean_stretches(line, limits, earliest)
    for stretch in stretches:
        if stretch.counted >= limits.release_hours:
            first = stretch.first
            while first > earliest and line.excluded[first - 1]:
                first -= 1
            return Release(first, _counted_end(line, stretch, limits.release_hours), stretch, None, "")
    if not stretches:
        worst = next((hour for hour in range(earliest, len(line)) if not line.excluded[hour]), None)
        return Release(None, None, None, worst, "horizon" if worst is None else _why(line, worst, limits))
    longest = max(stretches, key=lambda stretch: stretch.counted)
    ended = next((hour for hour in range(longest.end, len(line)) if not line.excluded[hour]), None)
    if ended is None:
        return Release(None, None, longest, len(line), "horizon")
    return Release(None, None, longest, ended, _why(line, ended, limits))


def _why(line: Line, hour: int, limits: Limits) -> str:
    value = line.aqi[hour]
    if value is None:
        return "missing"
    return "above" if value > limits.release else "partial"


def _counted_end(line: Line, stretch: Stretch, needed: int) -> int:
    """The end of the hour with which enough hours have been counted."""
    for hour in range(stretch.first, stretch.end):
        needed -= not line.excluded[hour]
        if not needed:
            return hour + 1
    return stretch.end
