"""The audit trail: appends a second by one and by eight writers, entries proven a second, its list at full length.

    luoshi bench audit [--entries 5000000] [--seconds 5]

Peer, in the same run on the same entries: a bare loop of `hashlib` SM3 over what is hashed, without database, columns
or checks. Aim: a list page under 100 ms whatever the filter.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import statistics
import sys
import threading
import time
from collections.abc import Callable

from luoshi.site.bench._scratch import say, scratch

_WRITERS = 8
_PEER = 100_000


def run(argv: list[str]) -> None:
    """Measure and print a table; exit status 1 when a page is above its aim."""
    parser = argparse.ArgumentParser(prog="luoshi bench audit")
    parser.add_argument("--entries", type=int, default=5_000_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--aim", type=float, default=100.0, help="milliseconds")
    options = parser.parse_args(argv)
    with scratch():
        _fill(options.entries)
        _appends(options.seconds)
        slow = _pages(options.aim)
        _proof()
    sys.exit(1 if slow else 0)


def _fill(count: int) -> None:
    from django.db import connection

    from luoshi.office.audit import demo

    begun = time.perf_counter()
    demo.fill(count)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
    say(f"{connection.vendor}: {count:,} entries in {time.perf_counter() - begun:.0f} s")


def _appends(seconds: float) -> None:
    for writers in (1, _WRITERS):
        counts, waits = _at_once(writers, seconds)
        longest = max(waits) * 1000
        say(f"{writers} writers: {sum(counts) / seconds:,.0f} appends/s, longest {longest:.0f} ms")


def _at_once(writers: int, seconds: float) -> tuple[list[int], list[float]]:
    from django.db import connections, transaction

    from luoshi.office.actors import Actor
    from luoshi.office.audit.actions import append

    counts, waits, until = [0] * writers, [0.0] * writers, time.perf_counter() + seconds

    def write(number: int) -> None:
        actor = Actor(f"测试{number}", "bench", user_id=number)
        try:
            while (begun := time.perf_counter()) < until:
                with transaction.atomic():
                    append(actor=actor, act="matter.report", subject=f"matter:{number}", after={"percent": 50})
                counts[number] += 1
                waits[number] = max(waits[number], time.perf_counter() - begun)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts, waits


def _pages(aim: float) -> bool:
    from luoshi.office.audit.queries import AuditFilter, audit_page, known_acts, total

    day = datetime.date
    asked = (
        ("all", AuditFilter(), ""),
        ("page far down", AuditFilter(), "1000000.4000000"),
        ("who", AuditFilter(who="测试甲7"), ""),
        ("who, unknown", AuditFilter(who="无此人"), ""),
        ("act, many", AuditFilter(act="matter.report"), ""),
        ("act, none", AuditFilter(act="none.such"), ""),
        ("subject", AuditFilter(subject="matter:777"), ""),
        ("organ", AuditFilter(organ="finance"), ""),
        ("refused", AuditFilter(result="refused"), ""),
        ("stream access", AuditFilter(stream="access"), ""),
        ("a day", AuditFilter(since=day(2018, 6, 1), until=day(2018, 6, 1)), ""),
        ("a year", AuditFilter(since=day(2018, 1, 1), until=day(2018, 12, 31)), ""),
        ("who in a year", AuditFilter(who="测试甲7", since=day(2018, 1, 1), until=day(2018, 12, 31)), ""),
        ("refused, organ, month", AuditFilter(organ="health", result="refused", since=day(2018, 6, 1)), ""),
    )
    slow = False
    for name, wanted, after in asked:

        def ask(wanted: AuditFilter = wanted, after: str = after) -> None:
            audit_page(wanted, size=50, after=after)
            total(wanted)

        slow = _timed(f"list: {name}", ask, aim) or slow
    return _timed("facet: acts", known_acts, aim) or slow


def _timed(name: str, function: Callable[[], object], aim: float) -> bool:
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        function()
        times.append((time.perf_counter() - begun) * 1000)
    median = statistics.median(times)
    say(f"{median:8.1f} ms  {name}{'  *' if median > aim else ''}")
    return median > aim


def _proof() -> None:
    from luoshi.office.audit import proof
    from luoshi.office.audit.models import Stream

    for workers in (1, None):
        begun = time.perf_counter()
        told = proof.verify(workers=workers)
        seconds, entries = time.perf_counter() - begun, sum(stream.entries for stream in told.streams)
        assert told.whole, told.findings
        say(f"proof, {workers or 'all'} processes: {entries / seconds:,.0f} entries/s ({seconds:.1f} s)")
    texts = [row.text for row in proof._rows(Stream.OFFICE, 0, _PEER)]
    begun = time.perf_counter()
    for text in texts:
        hashlib.new("sm3", text).hexdigest()
    seconds = time.perf_counter() - begun
    say(f"peer, bare SM3 loop: {len(texts) / seconds:,.0f} entries/s")
