"""SQL that makes a table append-only on SQLite and on PostgreSQL, for use in migrations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection

PROTECTED = ("audit_auditentry", "audit_auditseal")
"""The tables of the trail that must have their triggers."""

_SQLITE = """CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"""

# Emptying an empty table changes nothing.
_POSTGRESQL = """CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
IF TG_OP = 'TRUNCATE' AND NOT EXISTS (SELECT 1 FROM {table}) THEN RETURN NULL; END IF;
RAISE EXCEPTION '{table} is append-only';
END $$;
CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}
FOR EACH ROW EXECUTE FUNCTION {table}_append_only();
CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_append_only()"""


def append_only(table: str) -> tuple[Callable[[Any, Any], None], Callable[[Any, Any], None]]:
    """Return the two functions a `RunPython` needs: make `table` append-only, and undo that."""

    def forwards(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                editor.execute(_SQLITE.format(table=table, verb=verb))
        else:
            editor.execute(_POSTGRESQL.format(table=table))

    def backwards(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                editor.execute(f"DROP TRIGGER {table}_no_{verb}")
        else:
            editor.execute(f"DROP FUNCTION {table}_append_only() CASCADE")

    return forwards, backwards


def unguarded(tables: Iterable[str] = PROTECTED) -> list[str]:
    """Return the names of triggers that should protect `tables` and are missing or switched off."""
    verbs = ("UPDATE", "DELETE") if connection.vendor == "sqlite" else ("change", "truncate")
    wanted = [f"{table}_no_{verb}" for table in tables for verb in verbs]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        else:
            cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")
        present = {row[0] for row in cursor.fetchall()}
    return [name for name in wanted if name not in present]
