"""Queue a job, carry it out, report how far it is.

A kind of job is a function registered with `handler`; it gets the job's arguments and a `Progress` and returns plain
JSON data. Jobs are claimed one by one under a lock, so that any number of processes may work on the same queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from django.db import close_old_connections, transaction
from django.utils import timezone

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.jobs.models import Job
from luoshi.office.locks import serialise

log = logging.getLogger(__name__)

_HANDLERS: dict[str, Callable[..., Any]] = {}
_LOST_AFTER = timedelta(minutes=3)
_wake = threading.Event()


class Progress:
    """What a running job tells the people who wait.

    Kept in memory for readers of the same process, because a row written inside the job's own transaction is seen by
    nobody before its end; written to the job's row, at most twice a second, while no transaction is open.
    """

    _live: ClassVar[dict[int, tuple[str, int, int]]] = {}

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._last = 0.0
        self._phase = ""

    def __call__(self, phase: str, n: int = 0, total: int = 0) -> None:
        """Report that `n` of `total` things of `phase` are done."""
        self._live[self._job_id] = (phase, n, total)
        now = time.monotonic()
        if (phase == self._phase and now - self._last < 0.5) or transaction.get_connection().in_atomic_block:
            return
        self._last, self._phase = now, phase
        Job.objects.filter(pk=self._job_id).update(phase=phase, n=n, total=total, seen_at=timezone.now())

    @classmethod
    def of(cls, job: Job) -> tuple[str, int, int]:
        """Return the newest known (phase, n, total) of `job`."""
        return cls._live.get(job.pk, (job.phase, job.n, job.total))

    @classmethod
    def forget(cls, job: Job) -> None:
        """Drop what memory holds of a job that has ended."""
        cls._live.pop(job.pk, None)


def handler(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated `function(progress, actor, **arguments)` as what carries out jobs of `kind`."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _HANDLERS[kind] = function
        return function

    return register


def enqueue(kind: str, *, actor: Actor, arguments: dict[str, Any]) -> Job:
    """Put a job of `kind` in the queue; `arguments` are plain JSON data."""
    job = Job.objects.create(
        kind=kind,
        arguments=arguments,
        by=actor.name,
        by_id=actor.user_id,
        for_id=actor.for_id,
        for_name=actor.for_name,
        request_id=actor.request_id,
        created_at=timezone.now(),
    )
    transaction.on_commit(_wake.set)
    return job


def run_next() -> Job | None:
    """Carry out the oldest waiting job and return it; None when none waits."""
    job = _claim()
    if job is None:
        return None
    try:
        function = _HANDLERS[job.kind]
        result = function(Progress(job.pk), Actor.system(job.by, "job", user_id=job.by_id), **job.arguments)
        _finish(job, Job.State.DONE, result=result)
    except LuoshiError as error:
        _finish(job, Job.State.FAILED, error={"code": error.code, "message": error.message})
    except Exception:
        log.exception("job %s (%s) failed", job.pk, job.kind)
        message = f"后台任务第 {job.pk} 号中断，库中没有留下任何改动。请把任务号告诉管理员后再试。"
        _finish(job, Job.State.FAILED, error={"code": "E_INTERNAL", "message": message})
    return job


@transaction.atomic
def _claim() -> Job | None:
    serialise("jobs")
    lost = Job.objects.filter(state=Job.State.RUNNING, seen_at__lt=timezone.now() - _LOST_AFTER)
    lost.update(state=Job.State.WAITING, phase="", n=0, total=0)
    job = Job.objects.filter(state=Job.State.WAITING).order_by("id").first()
    if job is not None:
        job.state, job.started_at = Job.State.RUNNING, timezone.now()
        job.seen_at = job.started_at
        job.save(update_fields=["state", "started_at", "seen_at"])
    return job


def _finish(job: Job, state: Job.State, *, result: Any = None, error: Any = None) -> None:
    job.state, job.result, job.error, job.finished_at = state, result, error, timezone.now()
    job.save(update_fields=["state", "result", "error", "finished_at"])
    Progress.forget(job)


def start_thread(pause_s: float = 2.0) -> threading.Thread:
    """Start the thread that carries out jobs for as long as this process lives."""
    thread = threading.Thread(target=_work, args=(pause_s,), name="luoshi-jobs", daemon=True)
    thread.start()
    return thread


def _work(pause_s: float) -> None:
    while True:
        try:
            close_old_connections()
            if run_next() is not None:
                continue
        except Exception:
            log.exception("job queue not readable")
        _wake.wait(pause_s)
        _wake.clear()
