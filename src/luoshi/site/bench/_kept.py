"""Databases that are filled once and kept in a folder: SQLite, a PostgreSQL of the bench's own, or one given by URL."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from luoshi.kernel.clock import SHANGHAI

NAME = "luoshi_bench_pages"
BEGIN = datetime.datetime(2016, 1, 1, tzinfo=SHANGHAI)


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
