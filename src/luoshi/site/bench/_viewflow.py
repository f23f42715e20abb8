"""The eight human steps with django-viewflow, through its public interface, as its own views take them.

What it does less: no deadline, no audit trail, nobody is told; the permission is one word.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from viewflow import this
from viewflow.workflow import flow, lock
from viewflow.workflow.models import Task
from viewflow.workflow.timers import fire_due_timers

from luoshi.office.accounts.models import User
from luoshi.office.cases.demo_many import STEPS

OPINION = "符合条件，同意"


def _begin(activation: Any, title: str) -> Any:
    activation.process.data = {"title": title}
    return activation.process


class PermitFlow(flow.Flow):  # type: ignore[misc]
    """Eight steps one after the other, each for those who have its permission."""

    lock_impl = lock.SelectForUpdateLock()
    start = flow.StartHandle(_begin).Next(this.t1)
    t1 = flow.View(None).Permission("bench.t1").Next(this.t2)
    t2 = flow.View(None).Permission("bench.t2").Next(this.t3)
    t3 = flow.View(None).Permission("bench.t3").Next(this.t4)
    t4 = flow.View(None).Permission("bench.t4").Next(this.t5)
    t5 = flow.View(None).Permission("bench.t5").Next(this.t6)
    t6 = flow.View(None).Permission("bench.t6").Next(this.t7)
    t7 = flow.View(None).Permission("bench.t7").Next(this.t8)
    t8 = flow.View(None).Permission("bench.t8").Next(this.end)
    end = flow.End()


class TimedFlow(flow.Flow):  # type: ignore[misc]
    """One step whose time is over at once: the timer takes it away and goes on."""

    lock_impl = lock.SelectForUpdateLock()
    start = flow.StartHandle(_begin).Next(this.t1)
    t1 = flow.View(None).Permission("bench.t1").OnTimeout(datetime.timedelta(0), this.t2).Next(this.t2)
    t2 = flow.View(None).Permission("bench.t2").Next(this.end)
    end = flow.End()


def steps(person: int) -> Callable[[int], None]:
    """Return what takes a process through its eight steps."""
    user = User.objects.get(pk=person)
    allowed = {f"bench.t{n}" for n in range(1, STEPS + 1)}
    user.has_perm = lambda permission, obj=None: permission in allowed  # type: ignore[attr-defined]

    def run(n: int) -> None:
        process = PermitFlow.start.run(title=f"量速{n}")
        for _ in range(STEPS):
            with PermitFlow.lock(process.pk):
                task = Task.objects.get(process=process.pk, status="NEW")
                activation = task.flow_task.activation_class(task)
                if not activation.assign.has_perm(user):
                    raise PermissionError
                activation.assign(user)
                if not task.flow_task.can_execute(user, task=task):
                    raise PermissionError
                activation.start(None)
                task.data["opinion"] = OPINION
                activation.execute()
        process.refresh_from_db()
        if process.status != "DONE":
            raise RuntimeError(process.status)

    return run


def fire(count: int) -> Callable[[], int]:
    """Make `count` timers that are due, and return what fires them."""
    for n in range(count):
        TimedFlow.start.run(title=f"量速{n}")
    return lambda: int(fire_due_timers())
