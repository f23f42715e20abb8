"""Triggers at rest while rows are loaded that were written under them, and the same triggers again afterwards.

The books (`office.funds`) take entries only through their seal and keep balances themselves: rows of an archive, which
are both, come in past them. What was loaded so must be proven before it is used (`restore.prove`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from luoshi.kernel.errors import LuoshiError

RESTING = "funds_"
"""How the tables begin whose triggers rest; every other table is loaded under its triggers."""

_SETTLED = ("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
"""A table with foreign keys still to be checked cannot be altered."""


@contextmanager
def triggers_at_rest() -> Iterator[None]:
    """Hold the transaction of a load; when it ends well, every trigger is what it was before, else nothing is changed.

    The user must own the tables, as the one who migrates does. Errors: E_STATE when a trigger did not come back.
    """
    before = _triggers()
    with transaction.atomic():
        if connection.vendor == "sqlite":
            _run(f"DROP TRIGGER {connection.ops.quote_name(name)}" for name in before)
        else:
            tables = _tables()
            _run(_SETTLED)
            _run(f"ALTER TABLE {connection.ops.quote_name(table)} DISABLE TRIGGER USER" for table in tables)
        yield
        if connection.vendor == "sqlite":
            _run(before.values())
        else:
            _run(_SETTLED)
            _run(f"ALTER TABLE {connection.ops.quote_name(table)} ENABLE TRIGGER USER" for table in tables)
        if (after := _triggers()) != before:
            lost = sorted(before.keys() - after.keys()) or sorted(before)
            raise LuoshiError("E_STATE", f"触发器 {lost[0]} 没有装回，没有恢复。")


def _run(statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _tables() -> list[str]:
    return sorted(name for name in connection.introspection.table_names() if name.startswith(RESTING))


def _triggers() -> dict[str, str]:
    """Return the triggers of the tables by name: on SQLite their words, on PostgreSQL their words and state."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
        else:
            cursor.execute(
                "SELECT t.tgname || ' ' || c.relname, t.tgenabled::text || pg_get_triggerdef(t.oid), c.relname "
                "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace"
            )
        return {name: words for name, words, table in cursor.fetchall() if table.startswith(RESTING)}
