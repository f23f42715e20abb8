"""What the books do by themselves: messages to banks, questions after silence, the nightly re-sum, late differences."""

from __future__ import annotations

import datetime
import logging
from typing import Any

from luoshi.office.actors import Actor
from luoshi.office.funds import links, proof, reconcile, tasks
from luoshi.office.funds.models import Book
from luoshi.office.jobs.actions import enqueue, handler
from luoshi.office.jobs.models import Job
from luoshi.office.timer import timer

log = logging.getLogger("luoshi.funds")
SEND_JOB = "funds.send"
_ACTOR = Actor.system("资金账簿", "timer")


@handler(SEND_JOB)
def send_as_job(report: Any, actor: Actor) -> dict[str, int]:
    """Send what waits for banks as a job: the timer's own transaction touches nothing outside."""
    return links.send_due(report)


@timer(SEND_JOB, every=datetime.timedelta(minutes=1), catch_up=False)
def queue_sending(moment: datetime.datetime) -> int:
    """Ask about silent instructions; queue a job when a message waits and none is being sent."""
    asked = links.ask_silent()
    if not links.due().exists():
        return asked
    if not Job.objects.filter(kind=SEND_JOB, state__in=(Job.State.WAITING, Job.State.RUNNING)).exists():
        enqueue(SEND_JOB, actor=_ACTOR, arguments={})
    return asked + 1


@timer("funds.proof", at=datetime.timedelta(hours=2), catch_up=False)
def prove_books(moment: datetime.datetime) -> int:
    """Re-sum every book; a fault is logged and becomes a matter of who keeps the book. Returns how many had faults."""
    faulty = 0
    for book in Book.objects.order_by("pk"):
        last = proof.last_of(book)
        # A book nothing was posted to since its last whole result is not summed again before a week is over.
        if (
            last
            and last.last_no == book.last_no
            and not last.faults
            and last.made_at > moment - datetime.timedelta(days=7)
        ):
            continue
        found = proof.prove(book)
        if found.faults:
            faulty += 1
            log.error("book %s does not agree: %s", book.key, found.faults[0])
            tasks.fault(book, found.number, found.faults)
    return faulty


@timer("funds.differences", at=datetime.timedelta(minutes=5), catch_up=False)
def push_differences(moment: datetime.datetime) -> int:
    """Put differences older than three working days into the duties' ledger."""
    return reconcile.push_overdue()
