"""SQL that refuses the removal of rows on PostgreSQL; on SQLite `models.Kept` refuses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_REFUSE = """CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{table} keeps its rows'; END $$;
CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_kept()"""


def keep_rows(table: str) -> tuple[Callable[[Any, Any], None], Callable[[Any, Any], None]]:
    """Return the two functions a `RunPython` needs: refuse DELETE on `table`, and undo that."""

    def forwards(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(_REFUSE.format(table=table))

    def backwards(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "postgresql":
            editor.execute(f"DROP FUNCTION {table}_kept() CASCADE")

    return forwards, backwards
