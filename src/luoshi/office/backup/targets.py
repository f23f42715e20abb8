"""Where a restore goes: a database made beside the present one, put in its place in one step when all is proven."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from luoshi.kernel.errors import LuoshiError

_STAGE = "luoshi_restore"


class Target(Protocol):
    """A database to restore into."""

    name: str

    def refuse_unless_empty(self, replace: bool) -> None:
        """Refuse with E_STATE when there is data and `replace` is not set."""

    def stage(self) -> str:
        """Return the address of a new empty database beside it."""

    def drop_stage(self) -> None:
        """Remove what was staged."""

    def put_in_place(self) -> str:
        """Put the staged database in place; return where the one of before is kept, empty when it held nothing."""


def target_of(url: str, data: Path) -> Target:
    """Return the target for a database address; the SQLite file of `data` when it is empty."""
    parts = urlsplit(url)
    if parts.scheme in ("postgresql", "postgres"):
        return Postgresql(url)
    if url and parts.scheme != "sqlite":
        raise LuoshiError("E_INPUT", "--into 应以 postgresql:// 或 sqlite:/// 开头。")
    return Sqlite(Path(unquote(parts.path)) if url else data / "luoshi.sqlite3")


def _refuse(name: str, table: str) -> None:
    raise LuoshiError(
        "E_STATE",
        f"{name} 里已有数据（表 {table}），没有恢复。要换成备份的内容，请停下服务，加 --replace；原来的库会改名留着。",
    )


class Sqlite:
    """A file; another beside it takes its place by renaming."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._staged = file.with_name(f".restore-{file.name}")
        self.name = str(file)
        self._holds = False

    def refuse_unless_empty(self, replace: bool) -> None:
        """Refuse with E_STATE when there is data and `replace` is not set."""
        if not self._file.exists():
            return
        connection = sqlite3.connect(self._file)
        try:
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            own = [name for name in tables if name in _TELLING]
            holding = [name for name in own if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone()]  # noqa: S608
        finally:
            connection.close()
        self._holds = bool(tables)
        if holding and not replace:
            _refuse(self.name, holding[0])

    def stage(self) -> str:
        """Return the address of a new empty file beside it."""
        self.drop_stage()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return f"sqlite://{self._staged}"

    def drop_stage(self) -> None:
        """Remove what was staged."""
        for ending in ("", "-wal", "-shm"):
            Path(f"{self._staged}{ending}").unlink(missing_ok=True)

    def put_in_place(self) -> str:
        """Rename: the present file away, the staged one to its name."""
        connection = sqlite3.connect(self._staged)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        for ending in ("-wal", "-shm"):
            Path(f"{self._staged}{ending}").unlink(missing_ok=True)
        kept = ""
        if self._file.exists():
            kept = f"{self._file}.before-{time.strftime('%Y%m%d-%H%M%S')}"
            for ending in ("-wal", "-shm", ""):
                part = Path(f"{self._file}{ending}")
                if part.exists():
                    part.rename(f"{kept}{ending}")
        self._staged.rename(self._file)
        return kept if self._holds else ""


_TELLING = ("audit_auditentry", "accounts_user", "instruments_instrument", "duties_duty", "jobs_job")
"""Tables that hold something in every database that was worked with."""


class Postgresql:
    """A database whose schema `public` is exchanged for a staged one in one transaction."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts = urlsplit(url)
        self.name = f"{parts.hostname or ''}{parts.path}"
        self._holds = False

    def _execute(self, *statements: str) -> list[Any]:
        import psycopg

        address = urlsplit(self._url)._replace(query="").geturl()
        found: list[Any] = []
        with psycopg.connect(address) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
                found = cursor.fetchall() if cursor.description else []
        return found

    def refuse_unless_empty(self, replace: bool) -> None:
        """Refuse with E_STATE when there is data and `replace` is not set."""
        tables = self._execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        self._holds = bool(tables)
        for (table,) in tables:
            if table in _TELLING and self._execute(f"SELECT 1 FROM public.{table} LIMIT 1") and not replace:  # noqa: S608
                _refuse(self.name, table)

    def stage(self) -> str:
        """Return the address of a new schema of the same database."""
        self.drop_stage()
        self._execute(f"CREATE SCHEMA {_STAGE}")
        parts = urlsplit(self._url)
        query = dict(parse_qsl(parts.query))
        query["options"] = f"{query.get('options', '-c jit=off')} -c search_path={_STAGE}"
        return parts._replace(query=urlencode(query)).geturl()

    def drop_stage(self) -> None:
        """Remove what was staged."""
        self._execute(f"DROP SCHEMA IF EXISTS {_STAGE} CASCADE")

    def put_in_place(self) -> str:
        """Rename: `public` away, the staged schema to `public`; in one transaction."""
        kept = f"public_before_{time.strftime('%Y%m%d_%H%M%S')}"
        away = f"ALTER SCHEMA public RENAME TO {kept}" if self._holds else "DROP SCHEMA IF EXISTS public CASCADE"
        self._execute(away, f"ALTER SCHEMA {_STAGE} RENAME TO public")
        return f"{self.name} 的模式 {kept}" if self._holds else ""
