"""SQLite: the gate of a book, and what its seal does.

An entry opens the gate of its book, a deferred foreign key that points to nothing, so that no transaction commits while
the gate is open. Only the seal closes it: inserting it tests its entries as a set, adds them to the kept balances and
moves the book's number on; afterwards nothing can be added in its range. The kept rows move between "the seal is
there" and "the book has moved on" only, a state that exists inside that trigger alone. (A deferred key from entry to
seal would do the same, but SQLite then looks through all children at each parent.)

Guards of single rows FAIL and do not ABORT: where a statement may ABORT, SQLite first copies every page it changes,
which was two thirds of the work of a batch. A row that fails is not written; rows before it stay behind the gate.
"""

# ruff: noqa: S608 - the words of every statement are our own
from __future__ import annotations

from luoshi.office.funds.guards.rules import (
    ACCOUNT_COLUMNS,
    APPEND_ONLY,
    BACK,
    BOOK,
    BOOK_FIXED,
    INSTRUCTION_COLUMNS,
    KEPT,
    LINE,
    MESSAGE_COLUMNS,
    STEPS,
    changed,
)

# --- a seal of many entries -------------------------------------------------------------------------------------------

_LO, _HI = f"NEW.id * {LINE}", f"(NEW.book_id * {BOOK} + NEW.last_no + 1) * {LINE}"
_LINES = f"funds_posting WHERE id > {_LO} AND id < {_HI}"
_ENTRIES = f"funds_entry WHERE id >= NEW.id AND id <= NEW.book_id * {BOOK} + NEW.last_no"


def _refuse(code: str, condition: str) -> str:
    return f"SELECT RAISE(ABORT, 'funds:{code}') WHERE {condition}"


def _fail(code: str, condition: str) -> str:
    return f"SELECT RAISE(FAIL, 'funds:{code}') WHERE {condition}"


def _kept_days(columns: str, where: str, group: str) -> str:
    return f"""INSERT INTO funds_day (account_id, subject, value_on, debit, credit)
SELECT account_id, {columns}, value_on, sum(debit), sum(credit) FROM {_LINES}{where} GROUP BY {group}
ON CONFLICT (account_id, subject, value_on) DO UPDATE SET debit = debit + excluded.debit,
credit = credit + excluded.credit"""


def _kept_balances(columns: str, where: str, group: str) -> str:
    # The row proposed is the new sum, not the step: CHECK looks at what is proposed before it is known to be an update.
    return f"""INSERT INTO funds_balance
(account_id, subject, sign, guarded, debit, credit, net, count, last_on, since_on)
SELECT g.account_id, g.subject, g.sign, a.guarded, coalesce(b.debit, 0) + g.d, coalesce(b.credit, 0) + g.c,
coalesce(b.net, 0) + (g.d - g.c) * g.sign, coalesce(b.count, 0) + g.n, max(coalesce(b.last_on, ''), g.last),
CASE g.sign WHEN 1 THEN g.first_c ELSE g.first_d END
FROM (SELECT account_id, {columns} AS subject, sum(debit) AS d, sum(credit) AS c, count(*) AS n, max(value_on) AS last,
min(CASE WHEN debit > 0 THEN value_on ELSE '9999-12-31' END) AS first_d,
min(CASE WHEN credit > 0 THEN value_on ELSE '9999-12-31' END) AS first_c,
(SELECT CASE normal WHEN 'D' THEN 1 ELSE -1 END FROM funds_account WHERE id = account_id) AS sign
FROM {_LINES}{where} GROUP BY {group}) g CROSS JOIN funds_account a ON a.id = g.account_id
LEFT JOIN funds_balance b ON b.account_id = g.account_id AND b.subject = g.subject WHERE true
ON CONFLICT (account_id, subject) DO UPDATE SET debit = excluded.debit, credit = excluded.credit, net = excluded.net,
count = excluded.count, last_on = excluded.last_on, since_on = excluded.since_on"""


_MOVE_ON = "UPDATE funds_book SET last_no = NEW.last_no, gate = NULL WHERE id = NEW.book_id"
_SEAL = (
    _refuse("order", "NEW.first_no <> (SELECT last_no + 1 FROM funds_book WHERE id = NEW.book_id) "
                     "OR (SELECT closed_on FROM funds_book WHERE id = NEW.book_id) IS NOT NULL"),
    _refuse("entries", f"(SELECT count(*) FROM {_ENTRIES} AND seal_id = NEW.id) <> NEW.last_no - NEW.first_no + 1"),
    _refuse("unbalanced", f"""EXISTS (SELECT 1 FROM funds_entry e WHERE e.id >= NEW.id
AND e.id <= NEW.book_id * {BOOK} + NEW.last_no AND coalesce((SELECT sum(debit) = sum(credit) AND count(*) = e.lines
AND max(id) = e.id * {LINE} + e.lines AND min(value_on) = e.value_on AND max(value_on) = e.value_on
FROM funds_posting p WHERE p.id > e.id * {LINE} AND p.id < (e.id + 1) * {LINE}), 0) = 0)"""),
    _refuse("future", f"(SELECT max(value_on) FROM {_ENTRIES}) > date(NEW.booked_at, '+8 hours')"),
    _refuse("closed", f"(SELECT min(value_on) FROM {_ENTRIES}) <= "
                      "(SELECT closed_through FROM funds_book WHERE id = NEW.book_id)"),
    _refuse("account", f"""EXISTS (SELECT 1 FROM (SELECT DISTINCT +account_id AS account_id, subject <> '' AS named
FROM {_LINES}) t
LEFT JOIN funds_account a ON a.id = t.account_id
WHERE a.id IS NULL OR a.book_id <> NEW.book_id OR a.by_subject <> t.named OR a.closed_on IS NOT NULL)"""),
    _kept_days("''", "", "+account_id, +value_on"),
    _kept_days("subject", " AND +subject <> ''", "+account_id, +subject, +value_on"),
    _kept_balances("''", "", "+account_id"),
    _kept_balances("subject", " AND +subject <> ''", "+account_id, +subject"),
    _MOVE_ON,
)  # fmt: skip

# --- a seal of one entry ----------------------------------------------------------------------------------------------
# The same tests and sums as `_SEAL` in fewer statements: one look at entry, book and lines, one statement a kept table.

_ONE = f"id > NEW.id * {LINE} AND id < (NEW.id + 1) * {LINE}"
_WHOLE_AND_SUBJECT = f"""SELECT account_id, '' AS subject, value_on, debit, credit FROM funds_posting WHERE {_ONE}
UNION ALL SELECT account_id, subject, value_on, debit, credit FROM funds_posting WHERE {_ONE} AND +subject <> ''"""
_SEAL_OF_ONE = (
    f"""SELECT CASE
WHEN b.id IS NULL OR NEW.first_no <> b.last_no + 1 OR b.closed_on IS NOT NULL THEN RAISE(ABORT, 'funds:order')
WHEN e.id IS NULL OR e.seal_id <> NEW.id THEN RAISE(ABORT, 'funds:entries')
WHEN p.n = 0 OR p.n <> e.lines OR p.top <> e.id * {LINE} + e.lines OR p.d <> p.c OR p.first_on <> e.value_on
OR p.last_on <> e.value_on THEN RAISE(ABORT, 'funds:unbalanced')
WHEN e.value_on > date(NEW.booked_at, '+8 hours') THEN RAISE(ABORT, 'funds:future')
WHEN e.value_on <= b.closed_through THEN RAISE(ABORT, 'funds:closed')
WHEN p.strange > 0 THEN RAISE(ABORT, 'funds:account') END
FROM (SELECT count(*) AS n, max(p.id) AS top, sum(p.debit) AS d, sum(p.credit) AS c, min(p.value_on) AS first_on,
max(p.value_on) AS last_on, sum(a.id IS NULL OR a.book_id <> NEW.book_id OR a.by_subject <> (p.subject <> '')
OR a.closed_on IS NOT NULL) AS strange FROM funds_posting p LEFT JOIN funds_account a ON a.id = p.account_id
WHERE p.{_ONE.replace("AND id", "AND p.id")}) p
LEFT JOIN funds_entry e ON e.id = NEW.id LEFT JOIN funds_book b ON b.id = NEW.book_id""",
    f"""INSERT INTO funds_day (account_id, subject, value_on, debit, credit)
SELECT account_id, subject, value_on, debit, credit FROM ({_WHOLE_AND_SUBJECT}) WHERE true
ON CONFLICT (account_id, subject, value_on) DO UPDATE SET debit = debit + excluded.debit,
credit = credit + excluded.credit""",
    f"""INSERT INTO funds_balance
(account_id, subject, sign, guarded, debit, credit, net, count, last_on, since_on)
SELECT g.account_id, g.subject, g.sign, a.guarded, coalesce(b.debit, 0) + g.d, coalesce(b.credit, 0) + g.c,
coalesce(b.net, 0) + (g.d - g.c) * g.sign, coalesce(b.count, 0) + g.n, max(coalesce(b.last_on, ''), g.last),
CASE g.sign WHEN 1 THEN g.first_c ELSE g.first_d END
FROM (SELECT account_id, subject, sum(debit) AS d, sum(credit) AS c, count(*) AS n, max(value_on) AS last,
min(CASE WHEN debit > 0 THEN value_on ELSE '9999-12-31' END) AS first_d,
min(CASE WHEN credit > 0 THEN value_on ELSE '9999-12-31' END) AS first_c,
(SELECT CASE normal WHEN 'D' THEN 1 ELSE -1 END FROM funds_account WHERE id = account_id) AS sign
FROM ({_WHOLE_AND_SUBJECT}) GROUP BY account_id, subject) g CROSS JOIN funds_account a ON a.id = g.account_id
LEFT JOIN funds_balance b ON b.account_id = g.account_id AND b.subject = g.subject WHERE true
ON CONFLICT (account_id, subject) DO UPDATE SET debit = excluded.debit, credit = excluded.credit, net = excluded.net,
count = excluded.count, last_on = excluded.last_on, since_on = excluded.since_on""",
    _MOVE_ON,
)

# --- rows and their triggers ------------------------------------------------------------------------------------------

# That the seal of the book's next entries is there and the book has not moved on: seen by the seal's own trigger only.
_SEALING = f"""EXISTS (SELECT 1 FROM funds_account a CROSS JOIN funds_book b ON b.id = a.book_id
CROSS JOIN funds_seal s ON s.id = b.id * {BOOK} + b.last_no + 1 WHERE a.id = NEW.account_id)"""
# One look at the book for each row written; what is left (no gaps, nothing beyond) the seal asks once.
_OPEN = f"""EXISTS (SELECT 1 FROM funds_book b WHERE b.id = {{book}} AND b.gate = 1
AND {{entry}} > b.id * {BOOK} + b.last_no)"""
_KNOWN = "EXISTS (SELECT 1 FROM funds_entry e WHERE e.book_id = NEW.book_id AND e.key = NEW.key)"
_OPEN_GATE = (
    _fail("order", f"""NEW.id <= NEW.book_id * {BOOK}
+ coalesce((SELECT last_no FROM funds_book WHERE id = NEW.book_id), {BOOK})"""),
    _fail("entry_key", _KNOWN),
    "UPDATE funds_book SET gate = 1 WHERE id = NEW.book_id",
)  # fmt: skip
# SQLite takes a partial index only where it reads the index's own condition; without it the whole account was read.
_BOOKED = """(NEW.bank_txn_no <> '' AND EXISTS (SELECT 1 FROM funds_posting p WHERE p.account_id = NEW.account_id
AND NOT (p.bank_txn_no = '') AND p.bank_txn_no = NEW.bank_txn_no))"""
_BEYOND = f"""EXISTS (SELECT 1 FROM funds_entry e
WHERE e.id > NEW.id * {BOOK} + NEW.last_no AND e.id < (NEW.id + 1) * {BOOK}) OR EXISTS (SELECT 1 FROM funds_posting p
WHERE p.id >= (NEW.id * {BOOK} + 1 + NEW.last_no) * {LINE} AND p.id < (NEW.id + 1) * {BOOK} * {LINE})"""
GATE = (
    "CREATE TABLE IF NOT EXISTS funds_never (id integer PRIMARY KEY)",
    "ALTER TABLE funds_book ADD COLUMN gate integer REFERENCES funds_never (id) DEFERRABLE INITIALLY DEFERRED",
)


def _trigger(name: str, event: str, table: str, when: str, body: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER {name} {event} ON {table}{condition} BEGIN {body}; END"


def _raise(code: str, how: str = "ABORT") -> str:
    return f"SELECT RAISE({how}, 'funds:{code}')"


def statements() -> tuple[str, ...]:
    """Return the triggers; `GATE` has what they need in tables."""
    fixed = [
        _trigger(f"{table}_kept", "BEFORE DELETE", table, "", _raise("append-only"))
        for table in (*APPEND_ONLY, "funds_bankmessage", "funds_book", "funds_account", "funds_paymentinstruction")
    ]
    fixed += [_trigger(f"{table}_fixed", "BEFORE UPDATE", table, "", _raise("append-only")) for table in APPEND_ONLY]
    kept = [
        _trigger(f"{table}_{name}", event, table, when, _raise("kept"))
        for table in KEPT
        for name, event, when in (
            ("in", "AFTER INSERT", f"NOT {_SEALING}"), ("moved", "BEFORE UPDATE", f"NOT {_SEALING}"),
            ("out", "BEFORE DELETE", ""),
        )
    ]  # fmt: skip
    backdated = [
        _trigger(f"funds_balance_{name}", f"AFTER {event}", "funds_balance",
                 "NEW.guarded AND NEW.since_on < NEW.last_on", _refuse("overdraft", f"EXISTS ({BACK})"))
        for name, event in (("first", "INSERT"), ("back", "UPDATE"))
    ]  # fmt: skip
    return (
        *fixed, *kept, *backdated,
        _trigger("funds_seal_books", "AFTER INSERT", "funds_seal", "NEW.first_no <> NEW.last_no", "; ".join(_SEAL)),
        _trigger("funds_seal_books_one", "AFTER INSERT", "funds_seal", "NEW.first_no = NEW.last_no",
                 "; ".join(_SEAL_OF_ONE)),
        _trigger("funds_seal_once", "BEFORE INSERT", "funds_seal",
                 "NEW.first_no <= (SELECT last_no FROM funds_book WHERE id = NEW.book_id)", _raise("order")),
        _trigger("funds_entry_next", "BEFORE INSERT", "funds_entry",
                 f"NOT {_OPEN.format(book='NEW.book_id', entry='NEW.id')} OR {_KNOWN}", "; ".join(_OPEN_GATE)),
        _trigger("funds_posting_sealed", "BEFORE INSERT", "funds_posting",
                 f"NOT {_OPEN.format(book=f'NEW.entry_id / {BOOK}', entry='NEW.entry_id')} "
                 f"OR {_BOOKED}",
                 f"{_fail('txn', _BOOKED)}; {_raise('sealed', 'FAIL')}"),
        _trigger("funds_never_empty", "BEFORE INSERT", "funds_never", "", _raise("sealed")),
        _trigger("funds_book_shut", "BEFORE UPDATE", "funds_book",
                 f"OLD.gate IS NOT NULL AND NEW.gate IS NOT OLD.gate AND ({_BEYOND})", _raise("unsealed", "FAIL")),
        _trigger("funds_book_first", "BEFORE INSERT", "funds_book",
                 "NEW.last_no <> 0 OR NEW.closed_through IS NOT NULL OR NEW.gate IS NOT NULL", _raise("kept")),
        _trigger("funds_book_fixed", "BEFORE UPDATE", "funds_book",
                 BOOK_FIXED.format(back="(OLD.last_no <> NEW.last_no AND NOT EXISTS (SELECT 1 FROM funds_seal s WHERE "
                                    f"s.id = NEW.id * {BOOK} + OLD.last_no + 1 AND s.last_no = NEW.last_no)) OR "
                                    "(OLD.closed_through IS NOT NEW.closed_through AND (NEW.closed_through IS NULL OR "
                                    "OLD.closed_through > NEW.closed_through OR NOT EXISTS (SELECT 1 FROM "
                                    "funds_period p WHERE p.book_id = NEW.id AND p.last_on = NEW.closed_through)))"),
                 _raise("kept", "FAIL")),
        _trigger("funds_account_fixed", "BEFORE UPDATE", "funds_account", changed(ACCOUNT_COLUMNS, "IS NOT"),
                 _raise("fixed")),
        _trigger("funds_period_next", "BEFORE INSERT", "funds_period",
                 "NEW.first_on <= (SELECT closed_through FROM funds_book WHERE id = NEW.book_id)", _raise("order")),
        _trigger("funds_period_closes", "AFTER INSERT", "funds_period", "",
                 "UPDATE funds_book SET closed_through = NEW.last_on WHERE id = NEW.book_id"),
        _trigger("funds_instruction_fixed", "BEFORE UPDATE", "funds_paymentinstruction",
                 f"NOT ({STEPS}) OR {changed(INSTRUCTION_COLUMNS, 'IS NOT')}", _raise("instruction")),
        _trigger("funds_bankmessage_fixed", "BEFORE UPDATE", "funds_bankmessage",
                 changed(MESSAGE_COLUMNS, "IS NOT"), _raise("append-only")),
    )  # fmt: skip
