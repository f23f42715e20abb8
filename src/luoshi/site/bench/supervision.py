"""Key-work supervision: the board, one report's way up the tree, the night's lights and ladder, on an invented plan.

    luoshi bench supervision [--leaves 5000] [--keep DIR] [--database sqlite|postgresql|both]

Makes a plan of 52 items with so many smallest tasks (the plan of a year has about 1,500, all supervised instruments
about 5,000, the greatest stress 5,000,000), each with three or four accepted reports; then measures on it. Most of a
small plan's night are the letters, one an organ: it does not grow with the tasks, so nothing is reckoned up from it.
Exit status 1 when an aim is missed.
"""

from __future__ import annotations

import argparse
import datetime
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from luoshi.site.bench._kept import ask_where, on_each, opened
from luoshi.site.bench._scratch import say
from luoshi.site.bench.cases import Line, _show

NAME = "luoshi_bench_supervision"
_BOARD_S, _REPORT_MS, _NIGHT_S = 1.0, 200.0, 600.0


def run(argv: list[str]) -> None:
    """Measure and print a table; exit status 1 when an aim is missed."""
    parser = argparse.ArgumentParser(prog="luoshi bench supervision")
    parser.add_argument("--leaves", type=int, default=5000, help="smallest tasks")
    ask_where(parser, "sqlite")
    options = parser.parse_args(argv)
    sys.exit(1 if on_each(options, _one) else 0)


def _one(folder: Path, kind: str, options: argparse.Namespace, told: Any) -> None:
    filled = folder / f"{kind}.supervision"
    with opened(folder, kind, options.url, NAME):
        from luoshi.kernel.clock import CLOCK, SHANGHAI
        from luoshi.programmes.supervision import demo_many
        from luoshi.site.registry import load_decisions, load_programmes

        load_decisions()
        load_programmes()
        CLOCK.set(datetime.datetime.combine(demo_many.TODAY, datetime.time(9), SHANGHAI))
        if not filled.exists():
            begun = time.perf_counter()
            demo_many.fill(options.leaves)
            filled.write_text(str(options.leaves), encoding="utf-8")
            say(f"{kind}: {options.leaves:,} smallest tasks made in {time.perf_counter() - begun:.0f} s")
        elif (held := filled.read_text(encoding="utf-8")) != str(options.leaves):
            say(f"{folder} holds {held} smallest tasks")
        leaves = int(filled.read_text(encoding="utf-8"))
        lines = [*_board(leaves), *_report(), *_night()]
    _show(kind, lines)
    told.put(any(line.verdict == "miss" for line in lines))


def _timed(function: Callable[[], object]) -> float:
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def _board(leaves: int) -> list[Line]:
    from luoshi.kernel.clock import CLOCK
    from luoshi.office.actors import Actor
    from luoshi.programmes.supervision import board, public_views

    actor, day = Actor.system("量速", "bench"), CLOCK.today()

    def whole() -> None:
        found = board.board(actor, day)
        board.course(found)
        board.last_week(found)
        board.stands(found, board.reds(found)[:12])
        board.by_month(found)
        board.letters(actor, day)
        board.elsewhere(actor, day)

    whole()
    took = statistics.median(_timed(whole) for _ in range(5))
    public = statistics.median(_timed(lambda: public_views.published(day)) for _ in range(3))
    return [
        Line(f"board of {leaves:,} smallest tasks, all of it", took, "s", _BOARD_S),
        Line("public page, when it is not at hand", public, "s", _BOARD_S),
    ]


def _report() -> list[Line]:
    from luoshi.office.actors import Actor
    from luoshi.office.duties import hooks, matter_actions
    from luoshi.programmes.supervision.models import Leaf

    actor = Actor.system("量速", "bench")
    leaves = Leaf.objects.filter(matter__is_open=True, matter__value__lt=90).select_related("matter").order_by("pk")
    rows = [leaf.matter for leaf in leaves[:20] if leaf.matter is not None]
    words = "按计划推进，本期任务已完成。"
    filed, carried = [], []
    for row in rows:
        value = str((row.value or 0) + 1)
        file_it = partial(
            matter_actions.report_progress, actor=actor, matter=row.pk, narrative=words, value=value, reason="量速"
        )
        filed.append(_timed(file_it))
        row.refresh_from_db()
        row.value = (row.value or 0) + 1
        carried.append(_timed(partial(hooks.call, row, "changed", "accept_report")))
    return [
        Line("a report filed", statistics.median(filed) * 1000, "ms"),
        Line("an accepted value carried up to its item", statistics.median(carried) * 1000, "ms", _REPORT_MS),
    ]


def _night() -> list[Line]:
    from luoshi.kernel.clock import CLOCK, start_of
    from luoshi.office.duties import reminders
    from luoshi.office.duties.matter_models import Light, Matter
    from luoshi.office.duties.matter_queries import light_condition
    from luoshi.programmes.supervision import rollup

    day = CLOCK.today()
    moment = start_of(day)

    def lamps() -> None:
        for light in Light.values:
            Matter.objects.filter(light_condition(light, day), module="supervision").count()

    def ladder() -> None:
        reminders.remind_before(moment)
        reminders.mark_overdue(moment)
        reminders.enter_supervision(moment)
        reminders.climb_ladder(moment)

    first, again = _timed(ladder), _timed(ladder)
    lights, sums = _timed(lamps), _timed(rollup.check_all)
    return [
        Line("every light of a night counted", lights, "s"),
        Line("the night's ladder, every step due at once", first, "s"),
        Line("the same night again: nothing is done twice", again, "s"),
        Line("both", first + lights, "s", _NIGHT_S),
        Line("all sums of the board made anew and compared", sums, "s"),
    ]
