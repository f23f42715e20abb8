"""Make a backup: one snapshot of every table, the file store, optionally the keys, packed into one archive."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

import luoshi
from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import key
from luoshi.office.backup import tables
from luoshi.office.backup.archive import Parts
from luoshi.office.files import store

Report = Callable[[str, int, int], None]
_NAME = re.compile(r"luoshi-\d{8}-\d{6}\.tar")


def _silent(_phase: str, _n: int = 0, _total: int = 0) -> None:
    """Report to nobody."""


def backup(
    *, actor: Actor, folder: Path, keys: bool = False, keep: int | None = None, report: Report = _silent
) -> Path:
    """Write a backup into `folder` and return its path; with `keep` only the newest so many stay there.

    Everybody goes on working meanwhile: all tables are read in one snapshot, and a content of the file store never
    changes. With `keys` the secret keys go along: then the archive itself must be kept as a secret.
    Side effects: the archive, and a line in the file `backups.jsonl` of the data directory. The trail is left alone, so
    that its heads in the archive are those of the database.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = CLOCK.now()
    target = folder / f"luoshi-{now:%Y%m%d-%H%M%S}.tar"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".backup-") as work:
        parts = Parts(Path(work))
        with _snapshot() as connection:
            about = _dump(connection, parts, report)
        known = sorted(path for path in store.folder().glob("??/*") if not path.name.startswith("."))
        for place, file in enumerate(known):
            parts.add_file(f"files/{file.parent.name}/{file.name}", file)
            report("files", place + 1, len(known))
        for file in (Path(settings.DATA_DIR) / "secret.key", key.key_file()) if keys else ():
            if file.exists():
                parts.add_file(f"keys/{file.name}", file)
        about |= {"version": luoshi.__version__, "made_at": now.isoformat(), "files": len(known), "keys": keys}
        report("packing", 0, 0)
        parts.pack(target, about)
    pruned = _prune(folder, keep) if keep is not None else []
    told = {
        "at": now.isoformat(),
        "by": actor.name,
        "file": str(target.resolve()),
        "bytes": target.stat().st_size,
        "heads": about["heads"],
        "keys": keys,
        "pruned": pruned,
    }
    with backup_log().open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(told, ensure_ascii=False) + "\n")
    return target


def backup_log() -> Path:
    """Return the file that tells every backup made."""
    return Path(settings.DATA_DIR) / "backups.jsonl"


def last_backup() -> dict[str, Any] | None:
    """Return what is told of the newest backup, None when there was none."""
    try:
        lines = backup_log().read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    found: dict[str, Any] | None = json.loads(lines[-1]) if lines else None
    return found


@contextmanager
def _snapshot() -> Iterator[BaseDatabaseWrapper]:
    """Yield a connection of its own, inside a transaction that sees one state of the database and holds up nobody."""
    connection = connections.create_connection("default")
    connection.settings_dict = deepcopy(connection.settings_dict)
    begin = "BEGIN" if connection.vendor == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    try:
        with connection.cursor() as cursor:
            cursor.execute(begin)
        yield connection
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
    finally:
        connection.close()


def _dump(connection: BaseDatabaseWrapper, parts: Parts, report: Report) -> dict[str, Any]:
    present = set(connection.introspection.table_names())
    found = [table for table in tables.tables() if table.name in present]
    told = []
    for place, table in enumerate(found):
        report("tables", place, len(found))
        rows = parts.add_lines(f"tables/{table.name}.jsonl.gz", tables.lines(connection, table))
        told.append(asdict(table) | {"rows": rows})
    with connection.cursor() as cursor:
        cursor.execute("SELECT stream, position, digest FROM audit_audithead ORDER BY stream")
        heads = {stream: {"position": position, "digest": digest} for stream, position, digest in cursor.fetchall()}
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    return {"database": connection.vendor, "tables": told, "heads": heads, "migrations": applied}


def _prune(folder: Path, keep: int) -> list[str]:
    """Remove all but the newest `keep` backups of the folder; return the names of those removed."""
    known = sorted((path for path in folder.iterdir() if _NAME.fullmatch(path.name)), reverse=True)
    for path in known[keep:]:
        path.unlink()
    return [path.name for path in known[keep:]]
