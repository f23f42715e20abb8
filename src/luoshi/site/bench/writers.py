"""Eight writers at once for a minute: nobody is refused, nothing is lost.

    luoshi bench writers [--writers 8] [--seconds 60]

Every writer is a process of its own, as the site, the command line and the timer are. Each keeps doing what clerks do:
a file is kept; then people are told, a job is queued, the act goes into the audit trail, in one transaction. Afterwards
every act that was confirmed is counted in the database and the trail is proven. Exit status 1 for any refusal.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from typing import Any

from luoshi.site.bench._scratch import say, scratch


def run(argv: list[str]) -> None:
    """Measure and print; exit status 1 when a writer was refused or an act is missing."""
    parser = argparse.ArgumentParser(prog="luoshi bench writers")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args(argv)
    with scratch():
        faults = _measure(options.writers, options.seconds)
    sys.exit(1 if faults else 0)


def _measure(writers: int, seconds: float) -> bool:
    from django.db import connection, connections

    from luoshi.kernel.clock import CLOCK
    from luoshi.office.accounts.models import User
    from luoshi.office.audit import proof
    from luoshi.office.audit.models import AuditEntry
    from luoshi.office.files.models import FileUse
    from luoshi.office.messages.models import Message

    user = User.objects.create(login="bench", name="测试甲", created_at=CLOCK.now(), created_by="量速")
    connections.close_all()
    context = multiprocessing.get_context("spawn")
    told: Any = context.Queue()
    started = context.Barrier(writers)
    processes = [
        context.Process(target=_write, args=(number, seconds, user.pk, started, told)) for number in range(writers)
    ]
    for process in processes:
        process.start()
    results = [told.get() for _ in processes]
    for process in processes:
        process.join()
    acts = sum(result["acts"] for result in results)
    waits = sorted(wait for result in results for wait in result["waits"])
    faults = [fault for result in results for fault in result["faults"]]
    kept = AuditEntry.objects.filter(act="matter.report").count()
    whole = proof.verify(workers=1).whole
    say(f"{connection.vendor}: {writers} writers, {seconds:.0f} s: {acts:,} acts, {acts / seconds:,.0f}/s")
    say(f"wait: median {waits[len(waits) // 2] * 1000:.0f} ms, 99 % {waits[len(waits) * 99 // 100] * 1000:.0f} ms, "
        f"longest {waits[-1] * 1000:.0f} ms")  # fmt: skip
    say(f"refused: {len(faults)}{'; ' + faults[0] if faults else ''}")
    same = kept == acts == FileUse.objects.count() == Message.objects.count()
    say(f"in the database: {kept:,} acts, {'all' if same else 'NOT all'} with file and message; trail "
        f"{'whole' if whole else 'BROKEN'}")  # fmt: skip
    return bool(faults) or not same or not whole


def _write(number: int, seconds: float, user: int, started: Any, told: Any) -> None:
    from luoshi.site.setup import prepare

    prepare()
    from django.db import DatabaseError, transaction

    from luoshi.office.actors import Actor
    from luoshi.office.audit.actions import append
    from luoshi.office.files.actions import attach, keep
    from luoshi.office.jobs.actions import enqueue
    from luoshi.office.messages.actions import tell

    actor, acts, waits, faults = Actor(f"测试{number}", "bench", user_id=user), 0, [], []
    started.wait()
    until = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        subject = f"matter:{number}:{acts}"
        try:
            file = keep(actor=actor, name="进展.txt", data=f"{subject} 已完成".encode())
            with transaction.atomic():
                attach(actor=actor, file=file, subject=subject)
                tell(key=subject, users=[user], kind="matter.report", text="有新的进展", href="/desk")
                enqueue("bench", actor=actor, arguments={"subject": subject})
                append(actor=actor, act="matter.report", subject=subject, before={"n": 0}, after={"n": acts})
            acts += 1
        except DatabaseError as fault:
            faults.append(str(fault))
        waits.append(time.perf_counter() - begun)
    told.put({"acts": acts, "waits": waits, "faults": faults})
