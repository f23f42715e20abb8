"""What both databases hold to: which tables only grow, what of a row never changes, how it may move on."""

from __future__ import annotations

BOOK, LINE = 1 << 32, 1 << 16
APPEND_ONLY = ("funds_entry", "funds_posting", "funds_seal", "funds_period", "funds_proof")
KEPT = ("funds_balance", "funds_day")
ACCOUNT_COLUMNS = ("id", "book_id", "code", "kind", "normal", "by_subject", "guarded", "part")
INSTRUCTION_COLUMNS = (
    "book_id", "account_id", "transit_id", "instr_id", "claim", "claim_part", "amount", "payee_suite", "payee_sealed",
    "lines", "basis", "drafted_by_id", "drafted_at", "replaces_id",
)  # fmt: skip
MESSAGE_COLUMNS = ("way", "bank", "msg_id", "type", "digest", "body")
STEPS = (
    "(OLD.state = 'drafted' AND NEW.state IN ('checked', 'cancelled')) OR (OLD.state = 'checked' AND NEW.state IN "
    "('sent', 'confirmed', 'failed', 'unknown')) OR (OLD.state = 'sent' AND NEW.state IN ('confirmed', 'failed', "
    "'unknown')) OR (OLD.state = 'unknown' AND NEW.state IN ('confirmed', 'failed')) OR (OLD.state = 'confirmed' AND "
    "NEW.state = 'returned') OR OLD.state = NEW.state"
)

BOOK_FIXED = "OLD.id <> NEW.id OR OLD.key <> NEW.key OR OLD.opened_on <> NEW.opened_on OR {back}"
BACK = """WITH later AS (SELECT value_on, sum(debit - credit) OVER (ORDER BY value_on DESC) - (debit - credit) AS after
FROM funds_day WHERE account_id = NEW.account_id AND subject = NEW.subject AND value_on >= NEW.since_on)
SELECT 1 FROM later WHERE NEW.net - NEW.sign * after < 0"""


def changed(columns: tuple[str, ...], differs: str) -> str:
    """Return the condition that one of the columns is another than before; `differs` is the database's operator."""
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)
