"""SQL for both databases: numbers without gaps, papers fixed by their signature, drills that stay in.

Tables are filled again from a backup in the order of their names: what a trigger looks up elsewhere lies in a table
whose name comes before.
"""

from __future__ import annotations

from typing import Any

SERIES, NUMBER, EDITION = "notices_numberseries", "notices_takennumber", "notices_templateedition"
NOTICE, PUBLICATION, SENDING = "notices_notice", "notices_publication", "notices_sending"

# As it was when the migration was written: a later change of the model brings a migration of its own.
_SIGNED = (
    "kind", "title", "organ", "slug", "key", "case", "subject", "exercise", "demo", "public", "series", "fields",
    "content", "edition_id", "edited", "replaces_id", "drafted_by_id", "drafted_for_id", "drafted_name", "drafted_at",
    "hands", "checked_by_id", "checked_for_id", "checked_name", "checked_at", "signed_by_id", "signed_for_id",
    "signed_name", "signed_at", "dated", "number_id", "number_text", "digest",
)  # fmt: skip
_NUMBER = ("series_id", "n", "text", "taken_at")
_SENT = ("publication_id", "place", "key", "count", "digest")

_GAP = f"""EXISTS (SELECT 1 FROM {SERIES} s WHERE s.id = NEW.series_id AND s.gapless)
AND NEW.n <> COALESCE((SELECT MAX(t.n) + 1 FROM {NUMBER} t WHERE t.series_id = NEW.series_id AND t.id <> NEW.id),
(SELECT s.first FROM {SERIES} s WHERE s.id = NEW.series_id))"""  # noqa: S608
_DRILL = f"NEW.exercise <> (SELECT n.exercise FROM {NOTICE} n WHERE n.id = NEW.notice_id)"  # noqa: S608
_OUT = f"(SELECT p.exercise FROM {PUBLICATION} p WHERE p.id = NEW.publication_id)"  # noqa: S608


def _changed(columns: tuple[str, ...], differs: str) -> str:
    # JSON on PostgreSQL (jsonb) and text compare alike; "case" and "key" need their quotes.
    return " OR ".join(f'OLD."{column}" {differs} NEW."{column}"' for column in columns)


def _sqlite() -> tuple[str, ...]:
    def trigger(name: str, event: str, table: str, when: str, words: str) -> str:
        condition = f" WHEN {when}" if when else ""
        return f"CREATE TRIGGER {name} {event} ON {table}{condition} BEGIN SELECT RAISE(ABORT, '{words}'); END"

    differs = "IS NOT"
    kept = [
        trigger(f"{table}_kept", "BEFORE DELETE", table, "", f"{table} is kept")
        for table in (SERIES, NUMBER, EDITION, NOTICE, PUBLICATION, SENDING)
    ]
    return (
        *kept,
        trigger(f"{NUMBER}_gapless", "BEFORE INSERT", NUMBER, _GAP, "a number would leave a gap"),
        trigger(
            f"{NUMBER}_fixed", "BEFORE UPDATE", NUMBER,
            f"OLD.state = 'void' OR (OLD.subject <> '' AND OLD.subject <> NEW.subject) OR {_changed(_NUMBER, differs)}",
            "a number taken is only made void",
        ),
        trigger(
            f"{SERIES}_fixed", "BEFORE UPDATE", SERIES,
            _changed(("word", "year", "part", "gapless", "first"), differs), "a series of numbers is fixed",
        ),
        trigger(f"{EDITION}_fixed", "BEFORE UPDATE", EDITION, "OLD.state <> 'proposed'", "a decided edition is fixed"),
        trigger(
            f"{NOTICE}_signed", "BEFORE UPDATE", NOTICE,
            f"OLD.exercise IS NOT NEW.exercise OR OLD.state IN ('void', 'withdrawn') OR (OLD.signed_at IS NOT NULL "
            f"AND (NEW.state NOT IN ('signed', 'issued', 'void') OR {_changed(_SIGNED, differs)}))",
            "a signed paper is fixed",
        ),
        trigger(f"{PUBLICATION}_drill", "BEFORE INSERT", PUBLICATION, _DRILL, "a drill says that it is one"),
        trigger(
            f"{PUBLICATION}_fixed", "BEFORE UPDATE", PUBLICATION,
            _changed(("notice_id", "channel", "target", "exercise", "made_at"), differs), "a publication is fixed",
        ),
        trigger(f"{SENDING}_drill", "BEFORE INSERT", SENDING, _OUT, "a drill reaches no gateway"),
        trigger(f"{SENDING}_fixed", "BEFORE UPDATE", SENDING, _changed(_SENT, differs), "a parcel is fixed"),
    )  # fmt: skip


def _function(table: str, body: str) -> str:
    return f"""CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'DELETE' THEN RAISE EXCEPTION '{table} is kept'; END IF;
{body}
RETURN NEW; END $$;
CREATE TRIGGER {table}_guard BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW
EXECUTE FUNCTION {table}_guard();"""


def _postgresql() -> tuple[str, ...]:
    differs = "IS DISTINCT FROM"

    def refuse(event: str, when: str, words: str) -> str:
        return f"IF TG_OP = '{event}' THEN IF {when} THEN RAISE EXCEPTION '{words}'; END IF; END IF;"

    return (
        _function(SERIES, refuse("UPDATE", _changed(("word", "year", "part", "gapless", "first"), differs),
                                 "a series of numbers is fixed")),
        _function(NUMBER, refuse("INSERT", _GAP, "a number would leave a gap") + refuse(
            "UPDATE", "OLD.state = 'void' OR (OLD.subject <> '' AND OLD.subject <> NEW.subject) OR "
            + _changed(_NUMBER, differs), "a number taken is only made void")),
        _function(EDITION, refuse("UPDATE", "OLD.state <> 'proposed'", "a decided edition is fixed")),
        _function(NOTICE, refuse(
            "UPDATE", "OLD.exercise <> NEW.exercise OR OLD.state IN ('void', 'withdrawn') OR (OLD.signed_at IS NOT NULL"
            f" AND (NEW.state NOT IN ('signed', 'issued', 'void') OR {_changed(_SIGNED, differs)}))",
            "a signed paper is fixed")),
        _function(PUBLICATION, refuse("INSERT", _DRILL, "a drill says that it is one") + refuse(
            "UPDATE", _changed(("notice_id", "channel", "target", "exercise", "made_at"), differs),
            "a publication is fixed")),
        _function(SENDING, refuse("INSERT", _OUT, "a drill reaches no gateway") + refuse(
            "UPDATE", _changed(_SENT, differs), "a parcel is fixed")),
    )  # fmt: skip


def guard(_apps: Any, editor: Any) -> None:
    """Set the triggers."""
    for statement in _sqlite() if editor.connection.vendor == "sqlite" else _postgresql():
        editor.execute(statement)


def lift(_apps: Any, editor: Any) -> None:
    """Take the triggers away."""
    if editor.connection.vendor == "sqlite":
        for statement in _sqlite():
            editor.execute(f"DROP TRIGGER {statement.split()[2]}")
    else:
        for table in (SERIES, NUMBER, EDITION, NOTICE, PUBLICATION, SENDING):
            editor.execute(f"DROP FUNCTION {table}_guard() CASCADE")
