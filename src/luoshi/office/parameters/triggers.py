"""SQL for both databases: a decided change never changes, a span is only ever ended, no day has two values."""

from __future__ import annotations

from typing import Any

CHANGE, SPAN = "parameters_parameterchange", "parameters_parameterspan"

_OVERLAP = f"""EXISTS (SELECT 1 FROM {SPAN} AS other WHERE other.until IS NULL AND NEW.until IS NULL
AND other.id <> NEW.id AND other.room = NEW.room AND other.name = NEW.name
AND (NEW.valid_to IS NULL OR other.valid_from <= NEW.valid_to)
AND (other.valid_to IS NULL OR other.valid_to >= NEW.valid_from))"""  # noqa: S608
_FIXED = ("change_id", "room", "name", "valid_from", "valid_to", "since")

_SQLITE = (
    f"""CREATE TRIGGER {CHANGE}_decided BEFORE UPDATE ON {CHANGE} WHEN OLD.state <> 'proposed'
BEGIN SELECT RAISE(ABORT, 'a decided parameter change is append-only'); END""",
    f"""CREATE TRIGGER {CHANGE}_kept BEFORE DELETE ON {CHANGE}
BEGIN SELECT RAISE(ABORT, 'a parameter change is kept'); END""",
    f"""CREATE TRIGGER {SPAN}_once AFTER INSERT ON {SPAN} WHEN {_OVERLAP}
BEGIN SELECT RAISE(ABORT, 'a parameter has one value a day'); END""",
    f"""CREATE TRIGGER {SPAN}_ended BEFORE UPDATE ON {SPAN} WHEN OLD.until IS NOT NULL OR NEW.until IS NULL
OR {" OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in _FIXED)}
BEGIN SELECT RAISE(ABORT, 'a parameter span is only ended'); END""",
    f"""CREATE TRIGGER {SPAN}_kept BEFORE DELETE ON {SPAN}
BEGIN SELECT RAISE(ABORT, 'a parameter span is kept'); END""",
)

_POSTGRESQL = f"""
CREATE FUNCTION {CHANGE}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a parameter change is kept'; END IF;
IF OLD.state <> 'proposed' THEN RAISE EXCEPTION 'a decided parameter change is append-only'; END IF;
RETURN NEW; END $$;
CREATE TRIGGER {CHANGE}_guard BEFORE UPDATE OR DELETE ON {CHANGE} FOR EACH ROW EXECUTE FUNCTION {CHANGE}_guard();
CREATE FUNCTION {SPAN}_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
PERFORM pg_advisory_xact_lock(hashtext('{SPAN}'));
IF {_OVERLAP} THEN RAISE EXCEPTION 'a parameter has one value a day'; END IF;
RETURN NEW; END $$;
CREATE TRIGGER {SPAN}_once AFTER INSERT ON {SPAN} FOR EACH ROW EXECUTE FUNCTION {SPAN}_once();
CREATE FUNCTION {SPAN}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF TG_OP = 'DELETE' THEN RAISE EXCEPTION 'a parameter span is kept'; END IF;
IF OLD.until IS NOT NULL OR NEW.until IS NULL
OR {" OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in _FIXED)}
THEN RAISE EXCEPTION 'a parameter span is only ended'; END IF;
RETURN NEW; END $$;
CREATE TRIGGER {SPAN}_guard BEFORE UPDATE OR DELETE ON {SPAN} FOR EACH ROW EXECUTE FUNCTION {SPAN}_guard();
"""


def guard(_apps: Any, editor: Any) -> None:
    """Set the triggers."""
    for statement in _SQLITE if editor.connection.vendor == "sqlite" else (_POSTGRESQL,):
        editor.execute(statement)


def lift(_apps: Any, editor: Any) -> None:
    """Take the triggers away."""
    if editor.connection.vendor == "sqlite":
        for trigger in (f"{CHANGE}_decided", f"{CHANGE}_kept", f"{SPAN}_once", f"{SPAN}_ended", f"{SPAN}_kept"):
            editor.execute(f"DROP TRIGGER {trigger}")
    else:
        for function in (f"{CHANGE}_guard", f"{SPAN}_once", f"{SPAN}_guard"):
            editor.execute(f"DROP FUNCTION {function}() CASCADE")
