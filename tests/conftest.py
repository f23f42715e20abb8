"""Choose the database: SQLite, or with LUOSHI_TEST_DATABASE=postgresql a PostgreSQL of the suite's own.

PostgreSQL is started in a temporary directory on a free port, and stopped afterwards. It refuses to run as root, so
root runs it as the user `postgres`. Nothing is written to the data directory of whoever runs the suite.
"""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.commands import flush
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from hypothesis import settings as hypothesis_settings

from luoshi.site.environment import databases

# A busy machine must not decide whether a property holds: examples have no deadline.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")

_FOLDER = Path(tempfile.mkdtemp(prefix="luoshi-test-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
settings.DATA_DIR = _FOLDER / "data"
settings.DATA_DIR.mkdir()
settings.JOBS = "off"
settings.PUBLIC_AGE_S = 0


def _start_postgresql() -> str:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
    data, log = _FOLDER / "pg", _FOLDER / "pg.log"
    data.mkdir()
    prefix: list[str] = []
    if os.geteuid() == 0:
        _FOLDER.chmod(0o755)
        log.touch()
        for path in (data, log):
            shutil.chown(path, "postgres", "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL}
    initialise = [binaries / "initdb", "-D", data, "-U", "luoshi", "-A", "trust", "-E", "UTF8", "--no-locale"]
    subprocess.run([*prefix, *initialise], **quiet)
    options = f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    subprocess.run([*prefix, binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"], **quiet)
    stop = [*prefix, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
    atexit.register(subprocess.run, stop, cwd="/", stdout=subprocess.DEVNULL)
    return f"postgresql://luoshi@127.0.0.1:{port}/postgres"


def _use(url: str) -> None:
    # The settings have been read before this file is: what Django made of them is dropped, nothing is open yet.
    settings.DATABASES = {"default": databases(url, settings.DATA_DIR)}
    connections._settings = None
    connections.__dict__.pop("settings", None)
    if hasattr(connections._connections, "default"):
        del connections["default"]


_POSTGRESQL = os.environ.get("LUOSHI_TEST_DATABASE") == "postgresql"
_use(_start_postgresql() if _POSTGRESQL else "")

_WITH_DATABASE = {"db", "transactional_db", "live_server", "client", "django_db_setup"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what touches no database: it says there what it says on SQLite."""
    if not _POSTGRESQL:
        return
    needing = [
        item
        for item in items
        if item.get_closest_marker("django_db") or not _WITH_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))
    ]
    if others := [item for item in items if item not in set(needing)]:
        config.hook.pytest_deselected(items=others)
        items[:] = needing


_flush = flush.sql_flush


def _lifting_guards(style: Any, connection: Any, **options: Any) -> list[str]:
    """Empty all tables as tests with several connections do afterwards; the triggers that forbid it rest meanwhile."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            before, after = [f'DROP TRIGGER "{name}"' for name, _sql in triggers], [sql for _name, sql in triggers]
        else:
            cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
            tables = [table for (table,) in cursor.fetchall()]
            before = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in tables]
            after = [f"ALTER TABLE {table} ENABLE TRIGGER USER" for table in tables]
    return [*before, *_flush(style, connection, **options), *after]


flush.sql_flush = _lifting_guards


@pytest.fixture
def own_connection(db: None) -> Iterator[None]:
    """Let the test keep its connection, which the real application would close between requests."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
