"""Random histories of money as hypothesis machines: a fault comes back as the shortest story that shows it.

LUOSHI_MACHINE_STEPS sets how many steps a run has (10,000 for a long one); the normal run is short and the same each
time. A story has some two hundred steps at most: what hypothesis draws for longer ones it cuts off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from luoshi.kernel.clock import CLOCK

STEPS = int(os.environ.get("LUOSHI_MACHINE_STEPS", "600"))
_LONGEST, _FEWEST = 200, 15
CHANCE = st.randoms(use_true_random=False)


def run(machine: type[RuleBasedStateMachine]) -> None:
    """Play `STEPS` steps of a machine in stories; a broken invariant fails with the story that led there."""
    stories = max(_FEWEST, STEPS // _LONGEST)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=stories, stateful_step_count=max(STEPS // stories, 1), deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        CLOCK.release()


class Story(RuleBasedStateMachine):
    """A story in a transaction of its own, undone at its end."""

    def __init__(self) -> None:
        super().__init__()
        self.around = transaction.atomic()
        self.around.__enter__()

    def teardown(self) -> None:
        """Undo the story."""
        transaction.set_rollback(True)
        self.around.__exit__(None, None, None)
        CLOCK.release()


def machine(begin: Callable[[], Any], acts: Mapping[str, int], holds: Callable[[Any], None]) -> type[Story]:
    """Return a machine over a world: its methods named in `acts`, each as often as told, in any order.

    A world draws from `world.random`, set for each act; `holds` asserts what must be so after every one.
    """

    class Played(Story):
        def __init__(self) -> None:
            super().__init__()
            self.world = begin()

        @invariant()
        def holds(self) -> None:
            holds(self.world)

    for name, often in acts.items():
        for n in range(often):
            setattr(Played, f"{name}_{n}", _rule(f"{name}_{n}", name))
    return Played


def _rule(called: str, name: str) -> Any:
    def act(self: Any, chance: Random) -> None:
        self.world.random = chance
        getattr(self.world, name)()

    act.__name__ = called
    return rule(chance=CHANCE)(act)
