"""Cases: steps a second beside django-viewflow and SpiffWorkflow; lists, the tick and a changed calendar at a million.

    luoshi bench cases [--open 1000000] [--keep DIR] [--database sqlite|postgresql|both] [--seconds 8]

Fills a database with open cases, then measures on it. With `--keep DIR` it is filled once and kept there; PostgreSQL is
started in DIR, unless LUOSHI_BENCH_DATABASE_URL (or `--url`) names one. The peers run in the same process on the same
database, their rounds in turn with ours; one that is not installed is named and left out. A step of ours checks who may
take it, the revision and the state, ends a limit and starts the next, says whose turn it is, tells them, writes the
story and the chained trail; the peers do less (see `_viewflow`, `_spiff`). Ratios are medians over the rounds. Exit
status 1 when an aim is missed.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from luoshi.site.bench._kept import ask_where, on_each, opened
from luoshi.site.bench._scratch import say

NAME = "luoshi_bench_cases"
OPINION = {"opinion": "符合条件，同意"}
_ROUNDS = 5
_PAGE, _FAR_PAGE = 50, 100
_PEER_TIMERS = 300


class Line(NamedTuple):
    """One line of the table: what was measured, ours, the aim it must reach, and what a peer needs for it."""

    what: str
    ours: float
    unit: str
    aim: float | None = None
    peer: str = ""
    ratio: float | None = None

    @property
    def verdict(self) -> str:
        """PASS or miss; nothing where there is no aim. What is counted a second must not be less, times not more."""
        if self.aim is None:
            return ""
        reached = self.ratio is not None and self.ratio >= self.aim if self.peer else self.ours <= self.aim
        return "PASS" if reached else "miss"


def run(argv: list[str]) -> None:
    """Measure and print a table; exit status 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="luoshi bench cases")
    parser.add_argument("--open", type=int, default=1_000_000, help="open cases")
    parser.add_argument("--due", type=int, default=10_000, help="cases whose limit has just ended")
    parser.add_argument("--seconds", type=float, default=8.0, help="for the steps of each")
    ask_where(parser, "both")
    parser.add_argument("--only", default="", help="of steps,pages,tick,calendar those named")
    options = parser.parse_args(argv)
    sys.exit(1 if on_each(options, _one) else 0)


def _one(folder: Path, kind: str, options: argparse.Namespace, told: Any) -> None:
    filled = folder / f"{kind}.cases"
    if _installed("viewflow"):
        os.environ["DJANGO_SETTINGS_MODULE"] = "luoshi.site.bench._peer_settings"
    with opened(folder, kind, options.url, NAME):
        from luoshi.kernel.clock import CLOCK
        from luoshi.office.cases import demo_many

        CLOCK.set(demo_many.NOW)
        demo_many.procedure()
        if not filled.exists():
            begun = time.perf_counter()
            demo_many.fill(options.open)
            filled.write_text(str(options.open), encoding="utf-8")
            say(f"{kind}: {options.open:,} open cases made in {time.perf_counter() - begun:.0f} s")
        elif (held := filled.read_text(encoding="utf-8")) != str(options.open):
            say(f"{folder} holds {held} cases")
        people = _people()
        parts = {"steps": _steps, "pages": _pages, "tick": _tick, "calendar": _calendar}
        wanted = [part for part in options.only.split(",") if part] or list(parts)
        lines = [line for part in wanted for line in parts[part](people, options)]
    _show(kind, lines)
    told.put(any(line.verdict == "miss" for line in lines))


def _installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _show(kind: str, lines: Sequence[Line]) -> None:
    say(f"\n{kind}\n{'':58} {'ours':>10} {'':8} {'peer':>26} {'ratio':>6} {'aim':>7}")
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.1f}x"
        sign = "" if line.aim is None else f">= {line.aim:g}x" if line.peer else f"<= {line.aim:g}"
        ours = f"{line.ours:,.0f}" if line.ours >= 100 else f"{line.ours:,.1f}"
        say(f"{line.what:58} {ours:>10} {line.unit:8} {line.peer:>26} {ratio:>6} {sign:>7}  {line.verdict}")


def _people() -> dict[str, Any]:
    """Return who acts, made when they are not there: a person for each party, two who change the calendar."""
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.accounts.models import Assignment, User
    from luoshi.office.accounts.queries import standing
    from luoshi.office.roles import Role

    held = {
        "clerk": (Role.CLERK, "finance"),
        "officer": (Role.REVIEWER, "agriculture"),
        "head": (Role.LEADER, "agriculture"),
        "archivist": (Role.ARCHIVIST, "government-office"),
        "supervisor": (Role.SUPERVISOR, "government-office"),
    }
    people = {}
    for key, (role, organ) in held.items():
        made = {"name": f"测试{key}", "created_at": CLOCK.now(), "created_by": "量速"}
        user, fresh = User.objects.get_or_create(login=f"bench-{key}", defaults=made)
        if fresh:
            since = datetime.date(2018, 1, 1)
            Assignment.objects.create(
                user=user, role=role, organ=organ, valid_from=since, granted_by="量速", granted_at=CLOCK.now()
            )
        people[key] = standing(user).actor("bench")
    return people


# --- steps ------------------------------------------------------------------------------------------------------------


def _steps(people: dict[str, Any], options: argparse.Namespace) -> list[Line]:
    from luoshi.office.cases import actions, demo_many

    def open_one() -> Any:
        facts = {"organ": "agriculture"}
        return actions.open_case(actor=people["clerk"], procedure="bench.permit", title="量速许可一件", facts=facts)

    def through(_n: int) -> None:
        case = open_one()
        for n in range(1, demo_many.STEPS + 1):
            actor = people[("clerk", "officer", "head")[n % 3]]
            case = actions.act(actor=actor, case=case.pk, step=f"t{n}", data=OPINION, revision=case.revision)
        assert not case.is_open

    runners: dict[str, Callable[[int], None]] = {"luoshi": through}
    if _installed("viewflow"):
        from luoshi.site.bench import _viewflow

        runners["django-viewflow"] = _viewflow.steps(people["clerk"].user_id)
    else:
        say("django-viewflow: not installed")
    if _installed("SpiffWorkflow"):
        from luoshi.site.bench import _spiff

        runners["SpiffWorkflow"] = _spiff.steps()
    else:
        say("SpiffWorkflow: not installed")
    rates = _in_turn(runners, options.seconds)
    ours = [rate * demo_many.STEPS for rate in rates["luoshi"]]
    lines = [Line("opened and taken through 8 steps", statistics.median(ours), "steps/s")]
    for name, found in rates.items():
        if name != "luoshi":
            theirs = [rate * demo_many.STEPS for rate in found]
            ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            aim = 3.0 if name == "django-viewflow" else None
            peer = f"{name} {statistics.median(theirs):,.0f}"
            lines.append(Line(f"  beside {name}", statistics.median(ours), "steps/s", aim, peer, ratio))

    def stop_and_go(_n: int) -> None:
        case = open_one()
        actions.pause(actor=people["officer"], case=case.pk, kind="expert", reason="送专家评审")
        actions.resume(actor=people["officer"], case=case.pk, kind="expert")

    opened_a_second = statistics.median(_in_turn({"": lambda _n: open_one()}, options.seconds / 2)[""])
    paused_a_second = 2 * statistics.median(_in_turn({"": stop_and_go}, options.seconds / 2)[""])
    return [
        *lines,
        Line("open", opened_a_second, "cases/s"),
        Line("stop and resume a limit", paused_a_second, "acts/s"),
    ]


def _in_turn(runners: dict[str, Callable[[int], None]], seconds: float) -> dict[str, list[float]]:
    """Return how often a second each runs, in rounds that take turns: what slows the machine slows all of them."""
    rates: dict[str, list[float]] = {name: [] for name in runners}
    for run_one in runners.values():
        run_one(0)
    for _ in range(_ROUNDS):
        for name, run_one in runners.items():
            done, begun = 0, time.perf_counter()
            while (passed := time.perf_counter() - begun) < seconds / _ROUNDS:
                run_one(done)
                done += 1
            rates[name].append(done / passed)
    return rates


# --- lists ------------------------------------------------------------------------------------------------------------


def _pages(people: dict[str, Any], _options: argparse.Namespace) -> list[Line]:
    from luoshi.office.actors import Actor
    from luoshi.office.cases.demo_many import NOW
    from luoshi.office.cases.queries import CaseFilter, CaseLedger, beside

    readers = {
        "everything": (Actor.system("量速", "bench"), CaseFilter(overdue=True)),
        "an organ's": (people["officer"], CaseFilter(overdue=True, own=True)),
        "my turn": (people["head"], CaseFilter(overdue=True, mine=True)),
    }
    lines = []
    for name, (actor, wanted) in readers.items():
        cursors = [""]
        for _ in range(_FAR_PAGE - 1):
            cursors.append(CaseLedger(wanted, actor=actor, now=NOW).page(size=_PAGE, after=cursors[-1]).next)

        def page(after: str, wanted: CaseFilter = wanted, actor: Any = actor) -> int:
            found = CaseLedger(wanted, actor=actor, now=NOW).page(size=_PAGE, after=after)
            beside(found.rows, NOW.date())
            return len(found.rows)

        for number in (1, _FAR_PAGE):
            assert page(cursors[number - 1]) == _PAGE
            took = [_timed(partial(page, cursors[number - 1])) * 1000 for _ in range(20)]
            lines.append(Line(f"overdue, {name}, page {number}", statistics.median(took), "ms", 20.0))
    return lines


def _timed(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


# --- what happens by itself -------------------------------------------------------------------------------------------


def _tick(_people: dict[str, Any], options: argparse.Namespace) -> list[Line]:
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.cases.demo_many import fill_due
    from luoshi.office.cases.expiry import fire
    from luoshi.office.cases.models import CaseEvent

    def said(act: str) -> int:
        return CaseEvent.objects.filter(act=act, hand="timer", user=None).count()

    fire(CLOCK.now())
    fill_due(options.due)
    before = said("silent"), said("expire")
    took = _timed(lambda: fire(CLOCK.now()))
    after = said("silent"), said("expire")
    assert [b - a for a, b in zip(before, after, strict=True)] == [options.due // 2] * 2, (before, after)
    lines = [Line(f"tick with {options.due:,} limits ended", took, "s", 10.0)]
    if _installed("viewflow"):
        from luoshi.site.bench import _viewflow

        fire_theirs = _viewflow.fire(_PEER_TIMERS)
        theirs = _PEER_TIMERS / _timed(fire_theirs)
        ours = options.due / took
        lines.append(Line("  beside its timers", ours, "ends/s", None, f"django-viewflow {theirs:,.0f}", ours / theirs))
    return lines


def _calendar(people: dict[str, Any], options: argparse.Namespace) -> list[Line]:
    from luoshi.office.calendar import actions as calendars
    from luoshi.office.calendar import book
    from luoshi.office.cases.demo_many import MOVING
    from luoshi.office.cases.models import CaseClock, ClockChange
    from luoshi.office.cases.recount import recount

    recount()
    days: dict[str, Any] = {"off": [MOVING]} if book.calendar().is_working(MOVING) else {"worked": [MOVING]}
    change = calendars.propose(actor=people["archivist"], source="量速通知〔2018〕1号", **days)
    calendars.approve(actor=people["supervisor"], change=change.pk)
    before, moved = ClockChange.objects.count(), 0

    def count_again() -> None:
        nonlocal moved
        moved = recount()

    took = _timed(count_again)
    assert ClockChange.objects.count() - before == moved >= options.open // 10, moved
    version = book.calendar().version
    assert not CaseClock.objects.filter(state="running", limit="l1").exclude(calendar=version).exists()
    return [Line(f"{moved:,} limits counted again after a holiday changed", took, "s", 60.0)]
