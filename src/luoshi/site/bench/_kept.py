"""Databases that are filled once and kept in a folder: SQLite, a PostgreSQL of the bench's own, or one given by URL."""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from luoshi.kernel.clock import SHANGHAI

NAME = "luoshi_bench_pages"
BEGIN = datetime.datetime(2016, 1, 1, tzinfo=SHANGHAI)


def ask_where(parser: argparse.ArgumentParser, default: str) -> None:
    """Let a benchmark be told on which database, `default` if not told, and where it is kept."""
    url = os.environ.get("LUOSHI_BENCH_DATABASE_URL", "")
    parser.add_argument("--keep", default="", help="folder that keeps the filled databases")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both" if url else default)
    parser.add_argument("--url", default=url, help="PostgreSQL to fill a database on; else one is started")


def on_each(options: argparse.Namespace, one: Callable[[Path, str, argparse.Namespace, Any], None]) -> bool:
    """Run `one` (folder, kind, options, queue) for each database in a process of its own; tell whether any missed.

    `one` puts True into the queue when an aim was missed; a process that breaks off has missed too.
    """
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    with tempfile.TemporaryDirectory(prefix="luoshi-bench-") as scratch:
        folder = Path(options.keep or scratch).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        # PostgreSQL's own account has to reach its files.
        folder.chmod(0o755)
        context, missed = multiprocessing.get_context("spawn"), False
        for kind in kinds:
            told: Any = context.Queue()
            child = context.Process(target=one, args=(folder, kind, options, told))
            child.start()
            child.join()
            missed = missed or child.exitcode != 0 or told.get()
    return missed


@contextmanager
def opened(folder: Path, kind: str, url: str = "", name: str = NAME) -> Iterator[None]:
    """Let this process work on the kept database `kind` (sqlite, postgresql), brought to the present form.

    Without `url` PostgreSQL is started in `folder`/pg and stopped afterwards; with it the database `name` beside it is
    used. Run once in a process: Django reads its settings once.
    """
    data = folder / kind
    data.mkdir(parents=True, exist_ok=True)
    os.environ.update(LUOSHI_DATA=str(data), LUOSHI_JOBS="off", LUOSHI_HOSTS="*", LUOSHI_DATABASE_URL="")
    stop: list[str] = []
    if kind == "postgresql":
        if not url:
            url, stop = _start(folder / "pg")
        _create(url, name)
        os.environ["LUOSHI_DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
    try:
        from luoshi.kernel.clock import CLOCK
        from luoshi.site.setup import migrate, prepare

        prepare()
        # What a new database writes into its trail comes before the years that are filled in.
        CLOCK.set(BEGIN)
        migrate()
        CLOCK.release()
        yield
    finally:
        from django.db import connections

        connections.close_all()
        if stop:
            subprocess.run(stop, cwd="/", stdout=subprocess.DEVNULL, check=False)  # noqa: S603 - our own words


def _start(data: Path) -> tuple[str, list[str]]:
    """Start PostgreSQL in `data`, made when it is not there; return its address and the command that stops it."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
    prefix: list[str] = []
    log = data.with_suffix(".log")
    fresh = not (data / "PG_VERSION").exists()
    data.mkdir(parents=True, exist_ok=True)
    log.touch()
    if os.geteuid() == 0:
        # It refuses to run as root.
        prefix = ["runuser", "-u", "postgres", "--"]
        for path in (data, log):
            shutil.chown(path, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    control = [*prefix, str(binaries / "pg_ctl"), "-D", str(data)]
    if fresh:
        make = [str(binaries / "initdb"), "-D", str(data), "-U", "luoshi", "-A", "trust", "-E", "UTF8", "--no-locale"]
        subprocess.run([*prefix, *make], check=True, cwd="/", stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    options = f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off -c synchronous_commit=off -c shared_buffers=1GB"
    options += " -c max_wal_size=8GB -c effective_cache_size=4GB"
    start = [*control, "-l", str(log), "-o", options, "-w", "-t", "120", "start"]
    subprocess.run(start, check=True, cwd="/", stdout=subprocess.DEVNULL)  # noqa: S603 - our own words
    return f"postgresql://luoshi@127.0.0.1:{port}/postgres", [*control, "-m", "fast", "-w", "stop"]


def _create(url: str, name: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if known is None:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
