"""Queue a job, carry it out, report how far it is, stop it.

A kind of job is a function registered with `handler`; it gets the job's arguments and a `Progress` and returns plain
JSON data. Jobs are claimed one by one under a lock, so that any number of processes may work on the same queue. A job
whose process was killed is begun again: what a handler writes is one transaction, or can be done twice.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, ClassVar, NamedTuple

from django.db import close_old_connections, transaction
from django.utils import timezone

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.jobs import liveness
from luoshi.office.jobs.models import Job
from luoshi.office.locks import serialise
from luoshi.office.permissions import may, require

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
"""A job that was lost so often is not begun again: it may be what kills the process."""


class _Kind(NamedTuple):
    function: Callable[..., Any]
    permission: str | None


_HANDLERS: dict[str, _Kind] = {}
_wake = threading.Event()


class Stopped(Exception):  # noqa: N818 - not an error: somebody asked for it
    """Raised inside a job that was asked to stop; its open transaction is undone."""


class Progress:
    """What a running job tells the people who wait.

    Kept in memory for readers of the same process, because a row written inside the job's own transaction is seen by
    nobody before its end; written to the job's row, at most twice a second, while no transaction is open. Each report
    is a place where the job can be stopped.
    """

    _live: ClassVar[dict[int, tuple[str, int, int]]] = {}
    _stopping: ClassVar[set[int]] = set()

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._last = 0.0
        self._phase = ""

    def __call__(self, phase: str, n: int = 0, total: int = 0) -> None:
        """Report that `n` of `total` things of `phase` are done; raises `Stopped` when the job was asked to stop."""
        self._live[self._job_id] = (phase, n, total)
        if self._job_id in self._stopping:
            raise Stopped
        now = time.monotonic()
        if (phase == self._phase and now - self._last < 0.5) or transaction.get_connection().in_atomic_block:
            return
        self._last, self._phase = now, phase
        row = Job.objects.filter(pk=self._job_id)
        row.update(phase=phase, n=n, total=total, seen_at=timezone.now())
        if row.exclude(stop_asked_by="").exists():
            raise Stopped

    @classmethod
    def of(cls, job: Job) -> tuple[str, int, int]:
        """Return the newest known (phase, n, total) of `job`."""
        return cls._live.get(job.pk, (job.phase, job.n, job.total))

    @classmethod
    def stop(cls, job: Job) -> None:
        """Let the job stop at its next report, if this process carries it out."""
        cls._stopping.add(job.pk)

    @classmethod
    def forget(cls, job: Job) -> None:
        """Drop what memory holds of a job that has ended."""
        cls._live.pop(job.pk, None)
        cls._stopping.discard(job.pk)


def handler(kind: str, permission: str | None = None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated `function(progress, actor, **arguments)` as what carries out jobs of `kind`.

    `permission` is what its asker needs when it is queued; the function then acts as a program, with the asker's name,
    user id and whom they act for.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _HANDLERS[kind] = _Kind(function, permission)
        return function

    return register


def enqueue(kind: str, *, actor: Actor, arguments: dict[str, Any]) -> Job:
    """Put a job of `kind` in the queue; `arguments` are plain JSON data. E_FORBIDDEN for who may not have it done."""
    registered = _HANDLERS.get(kind)
    if registered is not None and registered.permission is not None:
        require(actor, registered.permission)
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


def may_stop(actor: Actor, job: Job) -> bool:
    """Tell whether `actor` may stop `job`: who asked for it, and who administers the system."""
    own = actor.user_id is not None and actor.user_id == job.by_id
    return not job.finished and (own or may(actor, "health.see"))


def stop(*, actor: Actor, job_id: int) -> Job:
    """Stop a job: at once while it waits, at its next report while it runs; what it wrote halfway is undone.

    Side effects: the row, one audit entry. Errors: E_NOT_FOUND, E_FORBIDDEN for another's job, E_STATE when it ended.
    """
    with transaction.atomic():
        job = Job.objects.select_for_update().filter(pk=job_id).first()
        if job is None:
            raise LuoshiError("E_NOT_FOUND", f"没有第 {job_id} 号任务。")
        if job.finished:
            raise LuoshiError("E_STATE", f"第 {job_id} 号任务已经结束（{job.get_state_display()}），不能再停。")
        if not may_stop(actor, job):
            raise LuoshiError("E_FORBIDDEN", f"第 {job_id} 号任务是{job.by}提出的，只有本人或系统管理可以停下。")
        before = job.state
        job.stop_asked_by = actor.name
        if job.state == Job.State.WAITING:
            job.state, job.finished_at = Job.State.CANCELLED, timezone.now()
            job.error = _stopped(job)
        job.save(update_fields=["stop_asked_by", "state", "finished_at", "error"])
        append(
            actor=actor,
            act="job.stop",
            subject=f"job:{job.pk}",
            before={"state": before},
            after={"state": job.state, "stop_asked_by": job.stop_asked_by},
            permission="job.see",
        )
    if job.state == Job.State.RUNNING:
        Progress.stop(job)
    return job


def _stopped(job: Job) -> dict[str, str]:
    message = f"{job.stop_asked_by or '系统管理'}停下了这个任务，库中没有留下半份记录。"
    return {"code": "E_STATE", "message": message}


def run_next() -> Job | None:
    """Carry out the oldest waiting job and return it; None when none waits."""
    if not Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).exists():
        return None
    with ExitStack() as until:
        job = _claim(until)
        if job is None:
            return None
        try:
            result = _HANDLERS[job.kind].function(Progress(job.pk), _asker(job), **job.arguments)
            _finish(job, Job.State.DONE, result=result)
        except Stopped:
            job.refresh_from_db(fields=["stop_asked_by"])
            _finish(job, Job.State.CANCELLED, error=_stopped(job))
        except LuoshiError as error:
            _finish(job, Job.State.FAILED, error={"code": error.code, "message": error.message})
        except Exception:
            log.exception("job %s (%s) failed", job.pk, job.kind)
            message = f"后台任务第 {job.pk} 号中断，库中没有留下任何改动。请把任务号告诉管理员后再试。"
            _finish(job, Job.State.FAILED, error={"code": "E_INTERNAL", "message": message})
    return job


def _asker(job: Job) -> Actor:
    """Return who the job acts as: a program whose asker was checked, by the asker's name and hand."""
    return Actor(
        job.by,
        "job",
        user_id=job.by_id,
        for_id=job.for_id,
        for_name=job.for_name,
        request_id=job.request_id,
        trusted=True,
    )


@transaction.atomic
def _claim(until: ExitStack) -> Job | None:
    serialise("jobs")
    for row in Job.objects.filter(state=Job.State.RUNNING):
        if liveness.lost(row):
            _take_back(row)
    job = Job.objects.filter(state=Job.State.WAITING).order_by("id").first()
    if job is not None:
        job.state, job.started_at, job.worker = Job.State.RUNNING, timezone.now(), secrets.token_hex(16)
        job.seen_at = job.started_at
        job.attempts += 1
        job.save(update_fields=["state", "started_at", "seen_at", "worker", "attempts"])
        liveness.hold(job, until)
    return job


def _take_back(job: Job) -> None:
    """Let a lost job be begun again, or end it when it was asked to stop or lost too often."""
    job.worker, job.phase, job.n, job.total = "", "", 0, 0
    if job.stop_asked_by:
        job.state, job.finished_at, job.error = Job.State.CANCELLED, timezone.now(), _stopped(job)
    elif job.attempts >= MAX_ATTEMPTS:
        job.state, job.finished_at = Job.State.FAILED, timezone.now()
        message = f"办这个任务的进程中断了 {job.attempts} 次，不再重试。库中没有留下任何改动，请把任务号告诉管理员。"
        job.error = {"code": "E_INTERNAL", "message": message}
    else:
        job.state = Job.State.WAITING
    job.save()


def _finish(job: Job, state: Job.State, *, result: Any = None, error: Any = None) -> None:
    """Note how the run ended, unless another has the job by now."""
    job.state, job.result, job.error, job.finished_at = state, result, error, timezone.now()
    told = {"state": state, "result": result, "error": error, "finished_at": job.finished_at}
    if not Job.objects.filter(pk=job.pk, worker=job.worker, state=Job.State.RUNNING).update(**told):
        log.error("job %s was taken over by another process before it ended", job.pk)
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
