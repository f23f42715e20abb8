"""Entries a second with every check on, single and batched, with one writer and eight, on a book that has many already.

    luoshi bench ledger [--postings 100000] [--seconds 5] [--writers 8] [--batch 10000] [--peers] [--no-resum]

On SQLite in a temporary folder (synchronous=FULL), or beside LUOSHI_DATABASE_URL's PostgreSQL. Peers in the same run,
on the same server, right after ours: the bare INSERT of two rows, the same with a key that is there once and an index
by account (no balances, no checks), and with `--peers` django-hordak (PostgreSQL only: its migrations
refuse SQLite). An entry is: its key unique, two balanced lines, kept balances of two accounts and a subject, and days.
"""

from __future__ import annotations

import argparse
import datetime
import gc
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from luoshi.site.bench._scratch import say, scratch

FIRST = datetime.date(2010, 1, 1)
DAYS = 3_650
SUBJECTS = 1_000


def run(argv: list[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="luoshi bench ledger")
    parser.add_argument("--postings", type=int, default=100_000, help="postings the book has before")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--no-resum", action="store_true", help="leave the re-sum out, which reads every posting")
    options = parser.parse_args(argv)
    if options.peers and not os.environ.get("LUOSHI_DATABASE_URL"):
        say("django-hordak needs PostgreSQL (LUOSHI_DATABASE_URL): left out")
        options.peers = False
    with scratch():
        _measure(options)


def _plan() -> None:
    from luoshi.office.funds import plans

    accounts = (
        plans.AccountPlan("1001", "银行存款", "asset", part="bank"),
        plans.AccountPlan("2001", "各户资金", "liability", by_subject=True),
        plans.AccountPlan("3001", "拨款", "fund"),
    )
    plans.declare(plans.BookPlan("bench/ledger", "量速", "finance", accounts))


def _ledger(key: str) -> Any:
    from luoshi.office.actors import Actor
    from luoshi.office.funds.actions import open_book
    from luoshi.office.funds.writing import ledger_of

    _plan()
    open_book(actor=Actor.system("测试甲", "bench"), plan="bench/ledger", opened_on=FIRST, key=key)
    return ledger_of(key)


def _orders(first: int, count: int, prefix: str, day: datetime.date | None = None) -> list[Any]:
    from luoshi.office.funds.orders import Order, credit, debit

    found = []
    for n in range(first, first + count):
        subject = f"LD-{n % SUBJECTS:06d}"
        # Four times round the subjects money comes in, the fifth time some goes out, in the order of days.
        own, other = debit("1001", 100 + n % 900), credit("2001", 100 + n % 900, subject)
        if n // SUBJECTS % 5 == 4:
            own, other = credit("1001", 100), debit("2001", 100, subject)
        on = day or FIRST + datetime.timedelta(days=n * DAYS // max(first + count, DAYS))
        found.append(Order(f"{prefix}{n}", on, (own, other), "J1", "存入", "乳政办发〔2018〕7号 九", ""))
    return found


def _measure(options: Any) -> None:
    from django.db import connection, connections

    from luoshi.office.funds import proof, queries
    from luoshi.office.funds.orders import Hand
    from luoshi.office.funds.writing import post_all

    hand = Hand("测试甲", "bench")
    _full(connection)
    ledger = _ledger("bench/one")
    entries, done, begun = options.postings // 2, 0, time.perf_counter()
    while done < entries:
        count = min(options.batch, entries - done)
        post_all(ledger, _filled(done, count, entries), hand)
        done += count
    say(f"{connection.vendor}: filled with {2 * done:,} postings in {time.perf_counter() - begun:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    last = FIRST + datetime.timedelta(days=DAYS + 1)

    prepared = [_orders(n * options.batch, options.batch, f"b{n}:", last) for n in range(6)]
    # What was made beforehand is not looked through again and again while posting is measured.
    gc.freeze()
    batches = _within(options.seconds, lambda n: post_all(ledger, prepared[n], hand), prepared)
    bulk = batches[0] * options.batch / batches[1]
    say(f"bulk of {options.batch:,}, every check on: {bulk:,.0f} entries/s ({bulk * 2:,.0f} postings/s)")

    singles = iter(_orders(0, 200_000, "s", last))
    gc.freeze()
    worked = time.process_time()
    count, spent = _within(options.seconds, lambda _n: post_all(ledger, [next(singles)], hand))
    single, worked = count / spent, (time.process_time() - worked) / count
    say(f"single commits, 1 writer: {single:,.0f} entries/s, {worked * 1e6:,.0f} us of this process each")
    bare = _bare(options.seconds)
    say(f"bare INSERT of two rows, 1 writer: {bare[0]:,.0f} entries/s single, {bare[1]:,.0f} in bulk; "
        f"ours {single / bare[0]:.2f} of it single, {bulk / bare[1]:.2f} in bulk")  # fmt: skip
    keyed = _keyed(options.seconds)
    say(f"key and two indexed rows, no checks, 1 writer: {keyed:,.0f} entries/s; ours {single / keyed:.2f} of it")
    if options.peers:
        _hordak(options.seconds, single, bulk)

    connections.close_all()
    many = _many(options)
    say(f"single commits, {options.writers} writers, a book each: {many[0]:,.0f} entries/s; one book: {many[1]:,.0f}")

    account, subject = ledger.accounts["2001"], "LD-000007"
    for name, act in (
        ("balance", lambda: queries.balance(account, subject)),
        ("balance on a day", lambda: queries.balance_on(account, last - datetime.timedelta(days=400))),
        ("statement page of an account", lambda: queries.account_statement(account)),
        ("statement page of a subject", lambda: queries.account_statement(account, subject=subject)),
        ("gauge with its course of a year", lambda: _gauge(ledger.book, last)),
        ("journal page", lambda: queries.journal(ledger.book)),
        ("trial balance of a month", lambda: queries.trial_balance(ledger.book, last.replace(day=1), last)),
    ):
        say(f"{name}: {_best(act) * 1000:.2f} ms")
    if options.no_resum:
        return
    begun = time.perf_counter()
    found = proof.prove(ledger.book)
    words = "whole" if not found.faults else found.faults[0]
    say(f"re-sum of {found.last_no:,} entries: {time.perf_counter() - begun:.1f} s, {words}")


def _gauge(book: Any, last: datetime.date) -> Any:
    """Return a gauge as a room shows it: two balances now, and how they stood on every day of the last year."""
    from luoshi.office.funds import queries
    from luoshi.office.funds.gauge import Gauge, course_of

    now, since = queries.balances(book), last - datetime.timedelta(days=365)
    course = course_of(queries.days_of(book, since), lambda stood: (stood["2001"], stood["1001"]))
    return Gauge("量速", now["2001"], now["1001"], course=course)


def _filled(first: int, count: int, entries: int) -> list[Any]:
    days = [FIRST + datetime.timedelta(days=n * DAYS // max(entries, 1)) for n in range(first, first + count)]
    return [order._replace(value_on=day) for order, day in zip(_orders(first, count, "f"), days, strict=True)]


def _full(connection: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


def _within(seconds: float, act: Callable[[int], Any], bounded: list[Any] | None = None) -> tuple[int, float]:
    """Carry `act` out until the time is over, or what is `bounded` is used up; return how often, and the seconds."""
    count, begun = 0, time.perf_counter()
    while (spent := time.perf_counter() - begun) < seconds and (bounded is None or count < len(bounded)):
        act(count)
        count += 1
    return max(count, 1), spent if bounded is None else time.perf_counter() - begun


def _best(act: Callable[[], Any], times: int = 15) -> float:
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        act()
        found.append(time.perf_counter() - begun)
    return min(found)


def _bare(seconds: float) -> tuple[float, float]:
    """The floor: two rows without constraint or trigger, through the driver itself."""
    from django.db import connection

    connection.ensure_connection()
    link, mark = connection.connection, "?" if connection.vendor == "sqlite" else "%s"
    words = "CREATE TABLE bench_bare (id bigint, account bigint, amount bigint)"
    link.execute(words)
    insert = f"INSERT INTO bench_bare VALUES ({mark}, 1, 5), ({mark}, 2, -5)"  # noqa: S608 - our own words

    def one(n: int) -> None:
        link.execute(insert, (n, n))

    count, spent = _within(seconds, one)
    begun, size = time.perf_counter(), 20_000
    row = f"INSERT INTO bench_bare VALUES ({mark}, {mark}, {mark})"  # noqa: S608 - our own words
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.executemany(row if mark == "%s" else row.replace("?", "%s"), [(n, n % 2, 5) for n in range(size)])
        cursor.execute("COMMIT")
    return count / spent, size / 2 / (time.perf_counter() - begun)


def _keyed(seconds: float) -> float:
    """Return entries a second of what an entry is at least: a key that is there once, two rows found by account."""
    from django.db import connection

    connection.ensure_connection()
    link, lite = connection.connection, connection.vendor == "sqlite"
    for words in ("CREATE TABLE bench_key (key varchar(60) PRIMARY KEY)",
                  "CREATE TABLE bench_row (key varchar(60), account bigint, amount bigint)",
                  "CREATE INDEX bench_row_account ON bench_row (account, key)"):  # fmt: skip
        link.execute(words)
    key, rows = "INSERT INTO bench_key VALUES (?)", "INSERT INTO bench_row VALUES (?, 1, 5), (?, 2, -5)"
    both = f"WITH k AS ({key.replace('?', '%s')}) {rows.replace('?', '%s')}"

    def one(n: int) -> None:
        name = f"bench:{n}"
        if not lite:
            link.execute(both, (name, name, name))
            return
        link.execute("BEGIN IMMEDIATE")
        link.execute(key, (name,))
        link.execute(rows, (name, name))
        link.execute("COMMIT")

    count, spent = _within(seconds, one)
    return count / spent


def _many(options: Any) -> tuple[float, float]:
    """Return entries a second of `writers` processes, each on a book of its own, then all on one."""
    found = []
    for shared in (False, True):
        context = multiprocessing.get_context("spawn")
        told: Any = context.Queue()
        started = context.Barrier(options.writers)
        keys = ["bench/one" if shared else f"bench/w{n}" for n in range(options.writers)]
        for key in set(keys):
            _ledger(key)
        from django.db import connections

        connections.close_all()
        processes = [
            context.Process(target=_writer, args=(n, key, shared, options.seconds, started, told))
            for n, key in enumerate(keys)
        ]
        for process in processes:
            process.start()
        counts = [told.get() for _ in processes]
        for process in processes:
            process.join()
        found.append(sum(counts) / options.seconds)
    return found[0], found[1]


def _writer(number: int, key: str, shared: bool, seconds: float, started: Any, told: Any) -> None:
    from luoshi.site.setup import prepare

    prepare()
    from django.db import connection

    from luoshi.office.funds.orders import Hand
    from luoshi.office.funds.writing import ledger_of, post_all

    _full(connection)
    ledger, hand = ledger_of(key), Hand("测试甲", "bench")
    day = FIRST + datetime.timedelta(days=DAYS + 2)
    orders: Iterator[Any] = iter(_orders(0, 60_000, f"w{number}{shared}:", day))
    started.wait()
    count, _spent = _within(seconds, lambda _n: post_all(ledger, [next(orders)], hand))
    told.put(count)


# --- the peer ---------------------------------------------------------------------------------------------------------


def _hordak(seconds: float, single: float, bulk: float) -> None:
    """Measure django-hordak in a process of its own, on a database of its own beside ours."""
    import importlib.util
    import subprocess
    import sys

    if importlib.util.find_spec("hordak") is None:
        say("django-hordak is not installed (pip install -r requirements/bench.lock): left out")
        return
    words = [sys.executable, "-c", _HORDAK, str(seconds)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if ended.returncode:
        say(f"django-hordak failed: {ended.stderr.strip().splitlines()[-1] if ended.stderr else ''}")
        return
    own, batch = (float(part) for part in ended.stdout.split())
    say(f"django-hordak: {own:,.0f} entries/s single, {batch:,.0f} in bulk; "
        f"ours {single / own:.1f} times and {bulk / batch:.1f} times")  # fmt: skip


_HORDAK = """
import os, sys, time
from urllib.parse import urlsplit
url = urlsplit(os.environ["LUOSHI_DATABASE_URL"])
import psycopg
name = f"luoshi_bench_hordak_{os.getpid()}"
base = url._replace(path="/postgres").geturl()
with psycopg.connect(base, autocommit=True) as server:
    server.execute(f'CREATE DATABASE "{name}"')
try:
    import django
    from django.conf import settings
    settings.configure(
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "mptt", "hordak"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": url.username or "",
                               "PASSWORD": url.password or "", "HOST": url.hostname or "", "PORT": url.port or ""}},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField", USE_TZ=True, SECRET_KEY="x",
    )
    django.setup()
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
    from django.db import connection, transaction
    from djmoney.money import Money
    from hordak.models import Account, AccountType, Leg, Transaction
    one = Account.objects.create(name="a", type=AccountType.asset, code="1", currencies=["EUR"])
    two = Account.objects.create(name="b", type=AccountType.income, code="2", currencies=["EUR"])
    seconds, count, begun = float(sys.argv[1]), 0, time.perf_counter()
    while time.perf_counter() - begun < seconds:
        with transaction.atomic():
            made = Transaction.objects.create(description="x")
            Leg.objects.create(transaction=made, account=one, debit=Money(5, "EUR"))
            Leg.objects.create(transaction=made, account=two, credit=Money(5, "EUR"))
        count += 1
    single = count / (time.perf_counter() - begun)
    size, begun = 5000, time.perf_counter()
    with transaction.atomic():
        made = Transaction.objects.bulk_create([Transaction(description="x") for _ in range(size)])
        Leg.objects.bulk_create([leg for t in made for leg in (
            Leg(transaction=t, account=one, debit=Money(5, "EUR")),
            Leg(transaction=t, account=two, credit=Money(5, "EUR")))])
    print(single, size / (time.perf_counter() - begun))
finally:
    try:
        connection.close()
    except NameError:
        pass
    with psycopg.connect(base, autocommit=True) as server:
        server.execute(f'DROP DATABASE "{name}"')
"""
