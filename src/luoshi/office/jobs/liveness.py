"""Tell whether the process that runs a job still lives.

SQLite is one file on one machine: a running job holds the lock of a file beside it, which the system frees the moment
the process ends, however it ends. PostgreSQL may serve several machines: there a second connection notes a sign of
life every few seconds, and a job without one for a while is lost.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from luoshi.office.jobs.models import Job

log = logging.getLogger(__name__)

LOST_AFTER = timedelta(seconds=90)
_BEAT_S = 15.0


def _file(job_id: int) -> Path:
    folder = Path(settings.DATA_DIR) / "jobs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{job_id}.lock"


def hold(job: Job, until: ExitStack) -> None:
    """Show signs of life of `job` until the stack ends; called while the claim is not yet seen by others."""
    until.enter_context(_locked(job) if connection.vendor == "sqlite" else _beating(job))


@contextmanager
def _locked(job: Job) -> Iterator[None]:
    with _file(job.pk).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            yield
        finally:
            _file(job.pk).unlink(missing_ok=True)


@contextmanager
def _beating(job: Job) -> Iterator[None]:
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(job.pk, job.worker, ended), name="luoshi-job-beat", daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()


def _beat(job_id: int, worker: str, ended: threading.Event) -> None:
    while not ended.wait(_BEAT_S):
        try:
            Job.objects.filter(pk=job_id, worker=worker).update(seen_at=timezone.now())
        except DatabaseError:
            log.warning("job %s: no sign of life noted", job_id)
        finally:
            connection.close()


def lost(job: Job) -> bool:
    """Tell whether nobody carries out `job` any more, though its row says it runs."""
    if connection.vendor != "sqlite":
        return job.seen_at is None or job.seen_at < timezone.now() - LOST_AFTER
    try:
        held = os.open(_file(job.pk), os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True
