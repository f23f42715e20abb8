"""What must never be false in the books, as triggers of both databases. The words of a refusal are `funds:<code>`.

Entries and postings are nothing until a seal covers them, and a seal is inserted only once, when all is there.
`guard` takes away what is there and writes all of it anew: a change here needs a migration that runs it again, and so
does every migration that has Django rebuild one of these tables on SQLite, which loses triggers and the gate.
"""

from __future__ import annotations

from typing import Any

from luoshi.office.funds.guards import postgresql, sqlite


def guard(_apps: Any, editor: Any) -> None:
    """Set the triggers; they also do, for all rows at once, what foreign keys do row by row."""
    lite = editor.connection.vendor == "sqlite"
    (_lift_sqlite if lite else _lift_postgresql)(editor)
    for statement in (sqlite if lite else postgresql).statements():
        editor.execute(statement)


def _lift_sqlite(editor: Any) -> None:
    for name in _asked(editor, "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name GLOB 'funds_*'"):
        editor.execute(f"DROP TRIGGER {name}")
    editor.execute("DROP TABLE IF EXISTS funds_gate")
    if "gate" not in _asked(editor, "SELECT name FROM pragma_table_info('funds_book')"):
        for statement in sqlite.GATE:
            editor.execute(statement)


def _lift_postgresql(editor: Any) -> None:
    editor.execute("DROP VIEW IF EXISTS funds_pair")
    for name in _asked(editor, "SELECT proname FROM pg_proc WHERE proname LIKE 'funds\\_%' "
                               "AND pronamespace::regnamespace::text = current_schema()"):  # fmt: skip
        editor.execute(f"DROP FUNCTION {name} CASCADE")


def _asked(editor: Any, question: str) -> list[str]:
    with editor.connection.cursor() as cursor:
        cursor.execute(question)
        return [name for (name,) in cursor.fetchall()]
