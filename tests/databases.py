"""The databases of a run of the suite: made once, copied for every worker, and put back after tests that commit.

SQLite (default) is a file for each worker, with a connection a thread, as in the application. With
LUOSHI_TEST_DATABASE=postgresql one server is started in a temporary directory on a free port, and stopped afterwards;
it refuses to run as root, so root runs it as the user `postgres`. Migrations run once: what they made is the template
that workers, and tests that want a database of their own, begin with. Nothing is written to anybody's data directory.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from luoshi.office.migrating import draw_only_what_is_new
from luoshi.site.environment import databases

POSTGRESQL = os.environ.get("LUOSHI_TEST_DATABASE") == "postgresql"
_TEMPLATE = "luoshi_template"


def begin() -> None:
    """Start the run in its first process, join it in the others, and let the settings name this worker's database."""
    if "LUOSHI_TEST_RUN" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="luoshi-test-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        if POSTGRESQL:
            os.environ["LUOSHI_TEST_SERVER"] = _start_postgresql(folder)
        os.environ["LUOSHI_TEST_RUN"] = str(folder)
    mine = _run() / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    settings.DATA_DIR = mine / "data"
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    url = f"{os.environ['LUOSHI_TEST_SERVER']}/luoshi_{mine.name}" if POSTGRESQL else ""
    # The settings have been read before this: what Django made of them is dropped, nothing is open yet.
    settings.DATABASES = {"default": databases(url, settings.DATA_DIR)}
    if not POSTGRESQL:
        options = settings.DATABASES["default"]["OPTIONS"]
        options["init_command"] = options["init_command"].replace("synchronous=NORMAL", "synchronous=OFF")
        options["timeout"] = 300
    connections._settings = None
    connections.__dict__.pop("settings", None)
    if hasattr(connections._connections, "default"):
        del connections["default"]


def make() -> None:
    """Make this worker's database: the first that comes runs the migrations, the others copy what they made."""
    with _alone():
        if _made().exists():
            _copy()
        else:
            _migrate()
            _made().touch()
    remember()


def remember() -> None:
    """Let `put_back` give what stands in the database now: tables and rows on SQLite, on PostgreSQL tables only."""
    if not POSTGRESQL:
        _backup(_mine())


def put_back() -> None:
    """Make the database again what it was before any test, after one that committed."""
    if not POSTGRESQL:
        connection.ensure_connection()
        with closing(sqlite3.connect(_mine())) as before:
            before.backup(connection.connection)
        return
    # A table of no size has no rows. What migrations wrote stands in tables that no test writes to.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "AND pg_relation_size(oid) > 0 AND relname <> ALL (%s)",
            [sorted(_written_by_migrations())],
        )
        if tables := [table for (table,) in cursor.fetchall()]:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            cursor.execute("SET session_replication_role = DEFAULT")


def empty() -> str:
    """Return the address of a new PostgreSQL database without tables; '' on SQLite, where a new data folder is one."""
    return _another("") if POSTGRESQL else ""


def migrated(data: Path) -> str:
    """Return the address of a new database for the data folder `data`, with all tables and no rows; '' on SQLite."""
    if POSTGRESQL:
        return _another(f' TEMPLATE "{_TEMPLATE}"')
    data.mkdir(parents=True, exist_ok=True)
    shutil.copy(_file(), data / "luoshi.sqlite3")
    return ""


def _another(like: str) -> str:
    name = f"luoshi_{uuid.uuid4().hex}"
    with _alone():
        _administer(f'CREATE DATABASE "{name}"{like}')
    return f"{os.environ['LUOSHI_TEST_SERVER']}/{name}"


_rows_of_migrations: set[str] = set()


def _written_by_migrations() -> set[str]:
    if not _rows_of_migrations:
        import psycopg

        with psycopg.connect(f"{os.environ['LUOSHI_TEST_SERVER']}/{_TEMPLATE}") as template:
            found = template.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
                "AND pg_relation_size(oid) > 0"
            )
            _rows_of_migrations.update(name for (name,) in found)
    return _rows_of_migrations


def _run() -> Path:
    return Path(os.environ["LUOSHI_TEST_RUN"])


def _file() -> Path:
    return _run() / "template.sqlite3"


def _mine() -> Path:
    return settings.DATA_DIR.parent / "before.sqlite3"


def _made() -> Path:
    return _run() / "made"


def _migrate() -> None:
    if POSTGRESQL:
        _administer(f'CREATE DATABASE "{connection.settings_dict["NAME"]}"')
    draw_only_what_is_new()
    call_command("migrate", interactive=False, verbosity=0)
    if POSTGRESQL:
        connection.close()
        _administer(f'CREATE DATABASE "{_TEMPLATE}" TEMPLATE "{connection.settings_dict["NAME"]}"')
    else:
        _backup(_file())


def _backup(target: Path) -> None:
    connection.ensure_connection()
    with closing(sqlite3.connect(target)) as copy:
        connection.connection.backup(copy)


def _copy() -> None:
    if POSTGRESQL:
        _administer(f'CREATE DATABASE "{connection.settings_dict["NAME"]}" TEMPLATE "{_TEMPLATE}"')
    else:
        shutil.copy(_file(), connection.settings_dict["NAME"])


@contextmanager
def _alone() -> Iterator[None]:
    """One process of the run at a time."""
    with (_run() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _administer(statement: str) -> None:
    import psycopg

    with psycopg.connect(f"{os.environ['LUOSHI_TEST_SERVER']}/postgres", autocommit=True) as server:
        server.execute(statement.encode())


def _start_postgresql(folder: Path) -> str:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[-1]
    data, log = folder / "pg", folder / "pg.log"
    data.mkdir()
    prefix: list[str] = []
    if os.geteuid() == 0:
        folder.chmod(0o755)
        log.touch()
        for path in (data, log):
            shutil.chown(path, "postgres", "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet: dict[str, Any] = {"check": True, "cwd": "/", "stdout": subprocess.DEVNULL}
    initialise = [binaries / "initdb", "-D", data, "-U", "luoshi", "-A", "trust", "-E", "UTF8", "--no-locale"]
    subprocess.run([*prefix, *initialise], **quiet)
    options = (
        f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off -c full_page_writes=off -c synchronous_commit=off "
        "-c max_connections=300"
    )
    subprocess.run([*prefix, binaries / "pg_ctl", "-D", data, "-l", log, "-o", options, "-w", "start"], **quiet)
    stop = [*prefix, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop"]
    atexit.register(subprocess.run, stop, cwd="/", stdout=subprocess.DEVNULL)
    return f"postgresql://luoshi@127.0.0.1:{port}"
