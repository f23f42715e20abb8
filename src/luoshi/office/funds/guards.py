"""SQL for both databases: what must never be false in the books. The words of a refusal are `funds:<code>`.

Entries and postings are nothing until a seal covers them, and a seal is inserted only once, when all is there:
- SQLite: an entry opens the book's gate, a row whose deferred foreign key points to nothing, so that no transaction
  commits while the gate is open. Only the seal closes it: inserting it tests its entries as a set, adds them to the
  kept balances and moves the book's number on; afterwards nothing can be added in its range. The kept rows move between
  "the seal is there" and "the book has moved on" only, a state that exists inside that trigger alone.
  (A deferred key from entry to seal would do the same, but SQLite then looks through all children at each parent.)
- PostgreSQL: entries, postings and seal come in one statement. Statement triggers with transition tables test the
  postings as a set; an entry that is not whole and sealed by the end of the statement is refused. Kept rows are written
  from triggers only (pg_trigger_depth).

As they were when the migration was written: a later change brings a migration of its own.
"""

# ruff: noqa: S608 - the words of every statement are our own
from __future__ import annotations

from typing import Any

BOOK, LINE = 1 << 32, 1 << 16
APPEND_ONLY = ("funds_entry", "funds_posting", "funds_seal", "funds_period", "funds_proof")
KEPT = ("funds_balance", "funds_day")

# --- SQLite -----------------------------------------------------------------------------------------------------------

_LO, _HI = f"NEW.id * {LINE}", f"(NEW.book_id * {BOOK} + NEW.last_no + 1) * {LINE}"
_LINES = f"funds_posting WHERE id > {_LO} AND id < {_HI}"
_ENTRIES = f"funds_entry WHERE id >= NEW.id AND id <= NEW.book_id * {BOOK} + NEW.last_no"
_SEALING = "EXISTS (SELECT 1 FROM funds_gate WHERE sealing = 1)"
_BACK = """WITH later AS (SELECT value_on, sum(debit - credit) OVER (ORDER BY value_on DESC) - (debit - credit) AS after
FROM funds_day WHERE account_id = NEW.account_id AND subject = NEW.subject AND value_on >= NEW.since_on)
SELECT 1 FROM later WHERE NEW.net - NEW.sign * after < 0"""


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


def _refuse(code: str, condition: str) -> str:
    return f"SELECT RAISE(ABORT, 'funds:{code}') WHERE {condition}"


_SEAL = (
    _refuse("order", "NEW.first_no <> (SELECT last_no + 1 FROM funds_book WHERE id = NEW.book_id) "
                     "OR (SELECT closed_on FROM funds_book WHERE id = NEW.book_id) IS NOT NULL"),
    "UPDATE funds_gate SET sealing = 1 WHERE book_id = NEW.book_id",
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
    "UPDATE funds_book SET last_no = NEW.last_no WHERE id = NEW.book_id",
    "DELETE FROM funds_gate WHERE book_id = NEW.book_id",
)  # fmt: skip


# One look at the gate's row for each row written; what is left (no gaps, nothing beyond) the seal asks once.
_CLOSED = """NOT EXISTS (SELECT 1 FROM funds_gate g WHERE g.book_id = NEW.book_id AND NEW.id >= g.first_entry)
OR EXISTS (SELECT 1 FROM funds_entry e WHERE e.book_id = NEW.book_id AND e.key = NEW.key)"""
_OPEN_GATE = f"""SELECT RAISE(ABORT, 'funds:order') WHERE EXISTS (SELECT 1 FROM funds_gate g
WHERE g.book_id = NEW.book_id AND NEW.id < g.first_entry) OR NEW.id <= NEW.book_id * {BOOK}
+ coalesce((SELECT last_no FROM funds_book WHERE id = NEW.book_id), {BOOK});
SELECT RAISE(ABORT, 'funds:entry_key') WHERE EXISTS (SELECT 1 FROM funds_entry e WHERE e.book_id = NEW.book_id
AND e.key = NEW.key);
INSERT INTO funds_gate (book_id, first_entry, seal_id) SELECT id, id * {BOOK} + last_no + 1, 1 FROM funds_book
WHERE id = NEW.book_id"""
_NOT_OPEN = f"""NOT EXISTS (SELECT 1 FROM funds_gate g WHERE g.book_id = NEW.entry_id / {BOOK}
AND NEW.entry_id >= g.first_entry) OR (NEW.bank_txn_no <> '' AND EXISTS (SELECT 1 FROM funds_posting p
WHERE p.account_id = NEW.account_id AND p.bank_txn_no = NEW.bank_txn_no))"""
_POSTING_REFUSED = """SELECT RAISE(ABORT, 'funds:txn') WHERE EXISTS (SELECT 1 FROM funds_posting p
WHERE NEW.bank_txn_no <> '' AND p.account_id = NEW.account_id AND p.bank_txn_no = NEW.bank_txn_no);
SELECT RAISE(ABORT, 'funds:sealed')"""
_GATE = (
    "CREATE TABLE funds_never (id integer PRIMARY KEY)",
    """CREATE TABLE funds_gate (book_id integer PRIMARY KEY, first_entry integer NOT NULL,
sealing integer NOT NULL DEFAULT 0,
seal_id integer NOT NULL REFERENCES funds_never (id) DEFERRABLE INITIALLY DEFERRED)""",
)


def _trigger(name: str, event: str, table: str, when: str, body: str) -> str:
    condition = f" WHEN {when}" if when else ""
    return f"CREATE TRIGGER {name} {event} ON {table}{condition} BEGIN {body}; END"


def _raise(code: str) -> str:
    return f"SELECT RAISE(ABORT, 'funds:{code}')"


_BOOK_FIXED = "OLD.id <> NEW.id OR OLD.key <> NEW.key OR OLD.opened_on <> NEW.opened_on OR {back}"
_ACCOUNT_COLUMNS = ("id", "book_id", "code", "kind", "normal", "by_subject", "guarded", "part")
_INSTRUCTION_COLUMNS = (
    "book_id", "account_id", "transit_id", "instr_id", "claim", "claim_part", "amount", "payee_suite", "payee_sealed",
    "lines", "basis", "drafted_by_id", "drafted_at", "replaces_id",
)  # fmt: skip
_LIVE = "('drafted', 'checked', 'sent', 'unknown', 'confirmed')"
_STEPS = (
    "(OLD.state = 'drafted' AND NEW.state IN ('checked', 'cancelled')) OR (OLD.state = 'checked' AND NEW.state IN "
    "('sent', 'confirmed', 'failed', 'unknown')) OR (OLD.state = 'sent' AND NEW.state IN ('confirmed', 'failed', "
    "'unknown')) OR (OLD.state = 'unknown' AND NEW.state IN ('confirmed', 'failed')) OR (OLD.state = 'confirmed' AND "
    "NEW.state = 'returned') OR OLD.state = NEW.state"
)


def _sqlite() -> tuple[str, ...]:
    fixed = [
        trigger
        for table in (*APPEND_ONLY, "funds_bankmessage")
        for trigger in (_trigger(f"{table}_kept", "BEFORE DELETE", table, "", _raise("append-only")),)
    ]
    fixed += [_trigger(f"{table}_fixed", "BEFORE UPDATE", table, "", _raise("append-only")) for table in APPEND_ONLY]
    kept = []
    for table in KEPT:
        guard = _trigger("{0}", "{1}", table, f"NOT ({_SEALING})", _raise("kept"))
        kept += [
            guard.replace("{0}", f"{table}_in").replace("{1}", "AFTER INSERT"),
            guard.replace("{0}", f"{table}_moved").replace("{1}", "BEFORE UPDATE"),
            _trigger(f"{table}_out", "BEFORE DELETE", table, "", _raise("kept")),
        ]
    backdated = [
        _trigger(f"funds_balance_{name}", f"AFTER {event}", "funds_balance",
                 "NEW.guarded AND NEW.since_on < NEW.last_on", _refuse("overdraft", f"EXISTS ({_BACK})"))
        for name, event in (("first", "INSERT"), ("back", "UPDATE"))
    ]  # fmt: skip
    return (
        *fixed, *kept, *backdated,
        _trigger("funds_seal_books", "AFTER INSERT", "funds_seal", "", "; ".join(_SEAL)),
        _trigger("funds_seal_once", "BEFORE INSERT", "funds_seal",
                 "NEW.first_no <= (SELECT last_no FROM funds_book WHERE id = NEW.book_id)", _raise("order")),
        _trigger("funds_entry_next", "BEFORE INSERT", "funds_entry", _CLOSED, _OPEN_GATE),
        _trigger("funds_gate_fixed", "BEFORE UPDATE", "funds_gate", f"""NOT EXISTS (SELECT 1 FROM funds_book b
JOIN funds_seal s ON s.id = b.id * {BOOK} + b.last_no + 1 WHERE b.id = NEW.book_id)""", _raise("sealed")),
        _trigger("funds_gate_opens", "BEFORE INSERT", "funds_gate", f"""NEW.sealing <> 0 OR NEW.first_entry <>
NEW.book_id * {BOOK} + 1 + coalesce((SELECT last_no FROM funds_book WHERE id = NEW.book_id), -1)""", _raise("sealed")),
        _trigger("funds_gate_closes", "BEFORE DELETE", "funds_gate", f"""EXISTS (SELECT 1 FROM funds_entry e
WHERE e.id > OLD.book_id * {BOOK} + (SELECT last_no FROM funds_book WHERE id = OLD.book_id)
AND e.id < (OLD.book_id + 1) * {BOOK}) OR EXISTS (SELECT 1 FROM funds_posting p
WHERE p.id >= (OLD.book_id * {BOOK} + 1 + (SELECT last_no FROM funds_book WHERE id = OLD.book_id)) * {LINE}
AND p.id < (OLD.book_id + 1) * {BOOK} * {LINE})""", _raise("unsealed")),
        _trigger("funds_never_empty", "BEFORE INSERT", "funds_never", "", _raise("sealed")),
        _trigger("funds_posting_sealed", "BEFORE INSERT", "funds_posting", _NOT_OPEN, _POSTING_REFUSED),
        _trigger("funds_book_kept", "BEFORE DELETE", "funds_book", "", _raise("append-only")),
        _trigger("funds_book_first", "BEFORE INSERT", "funds_book",
                 "NEW.last_no <> 0 OR NEW.closed_through IS NOT NULL", _raise("kept")),
        _trigger("funds_book_fixed", "BEFORE UPDATE", "funds_book",
                 _BOOK_FIXED.format(back="(OLD.last_no <> NEW.last_no AND NOT EXISTS (SELECT 1 FROM funds_seal s WHERE "
                                    f"s.id = NEW.id * {BOOK} + OLD.last_no + 1 AND s.last_no = NEW.last_no)) OR "
                                    "(OLD.closed_through IS NOT NEW.closed_through AND (NEW.closed_through IS NULL OR "
                                    "OLD.closed_through > NEW.closed_through OR NOT EXISTS (SELECT 1 FROM "
                                    "funds_period p WHERE p.book_id = NEW.id AND p.last_on = NEW.closed_through)))"),
                 _raise("kept")),
        _trigger("funds_account_kept", "BEFORE DELETE", "funds_account", "", _raise("append-only")),
        _trigger("funds_account_fixed", "BEFORE UPDATE", "funds_account", _changed(_ACCOUNT_COLUMNS, "IS NOT"),
                 _raise("fixed")),
        _trigger("funds_period_next", "BEFORE INSERT", "funds_period",
                 "NEW.first_on <= (SELECT closed_through FROM funds_book WHERE id = NEW.book_id)", _raise("order")),
        _trigger("funds_period_closes", "AFTER INSERT", "funds_period", "",
                 "UPDATE funds_book SET closed_through = NEW.last_on WHERE id = NEW.book_id"),
        _trigger("funds_instruction_kept", "BEFORE DELETE", "funds_paymentinstruction", "", _raise("append-only")),
        _trigger("funds_instruction_fixed", "BEFORE UPDATE", "funds_paymentinstruction",
                 f"NOT ({_STEPS}) OR {_changed(_INSTRUCTION_COLUMNS, 'IS NOT')}", _raise("instruction")),
        _trigger("funds_bankmessage_fixed", "BEFORE UPDATE", "funds_bankmessage",
                 _changed(_MESSAGE_COLUMNS, "IS NOT"), _raise("append-only")),
    )  # fmt: skip


_MESSAGE_COLUMNS = ("way", "bank", "msg_id", "type", "digest", "body")


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _function(name: str, body: str, declare: str = "") -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {declare} BEGIN {body} RETURN NULL; END $$;"
    )


def _rows(name: str, table: str, event: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$;"
        f"CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"
    )


def _unless(code: str, condition: str) -> str:
    return f"IF {condition} THEN RAISE EXCEPTION 'funds:{code}' USING ERRCODE = '23514'; END IF;"


# The row proposed for a kept balance is the new sum (CHECK looks at it before it is known to be an update): the book is
# locked first. A scalar subquery for each row stays a look-up by primary key whatever the planner believes.
_POSTED = (
    f"PERFORM 1 FROM funds_book WHERE id = ANY(ARRAY(SELECT DISTINCT entry_id / {BOOK} FROM fresh)) "
    "ORDER BY id FOR NO KEY UPDATE;"
    + _unless("unbalanced", f"""EXISTS (SELECT 1 FROM (SELECT entry_id, count(*) AS n, sum(debit) AS d,
sum(credit) AS c, min(value_on) AS v1, max(value_on) AS v2, max(id) AS top FROM fresh GROUP BY entry_id) g
WHERE g.d <> g.c OR coalesce((SELECT g.n = e.lines AND g.top = e.id * {LINE} + e.lines AND g.v1 = e.value_on
AND g.v2 = e.value_on FROM funds_entry e WHERE e.id = g.entry_id), false) = false)""")
    + _unless("account", f"""EXISTS (SELECT 1 FROM (SELECT DISTINCT account_id, entry_id / {BOOK} AS book,
subject <> '' AS named FROM fresh) t WHERE coalesce((SELECT a.book_id = t.book AND a.by_subject = t.named
AND a.closed_on IS NULL FROM funds_account a WHERE a.id = t.account_id), false) = false)""")
    + """WITH f AS MATERIALIZED (SELECT account_id, subject, value_on, sum(debit)::bigint AS d,
sum(credit)::bigint AS c, count(*) AS n FROM fresh GROUP BY 1, 2, 3),
k AS MATERIALIZED (SELECT account_id, subject, value_on, d, c, n FROM f WHERE subject <> ''
UNION ALL SELECT account_id, '', value_on, sum(d)::bigint, sum(c)::bigint, sum(n)::bigint FROM f GROUP BY 1, 3),
days AS (INSERT INTO funds_day AS t (account_id, subject, value_on, debit, credit)
SELECT account_id, subject, value_on, d, c FROM k ORDER BY 1, 2, 3
ON CONFLICT (account_id, subject, value_on) DO UPDATE SET debit = t.debit + excluded.debit,
credit = t.credit + excluded.credit)
INSERT INTO funds_balance AS t (account_id, subject, sign, guarded, debit, credit, net, count, last_on, since_on)
SELECT g.account_id, g.subject, a.sign, a.guarded, coalesce(b.debit, 0) + g.d, coalesce(b.credit, 0) + g.c,
coalesce(b.net, 0) + a.sign * (g.d - g.c), coalesce(b.count, 0) + g.n, greatest(b.last_on, g.last),
CASE a.sign WHEN 1 THEN g.first_c ELSE g.first_d END
FROM (SELECT account_id, subject, sum(d)::bigint AS d, sum(c)::bigint AS c, sum(n)::bigint AS n, max(value_on) AS last,
coalesce(min(value_on) FILTER (WHERE d > c), '9999-12-31') AS first_d,
coalesce(min(value_on) FILTER (WHERE c > d), '9999-12-31') AS first_c FROM k GROUP BY 1, 2) g
CROSS JOIN LATERAL (SELECT guarded, CASE normal WHEN 'D' THEN 1 ELSE -1 END AS sign FROM funds_account
WHERE id = g.account_id OFFSET 0) a
LEFT JOIN LATERAL (SELECT * FROM funds_balance o WHERE o.account_id = g.account_id AND o.subject = g.subject OFFSET 0) b
ON true ORDER BY 1, 2
ON CONFLICT (account_id, subject) DO UPDATE SET debit = excluded.debit, credit = excluded.credit, net = excluded.net,
count = excluded.count, last_on = excluded.last_on, since_on = excluded.since_on;"""
)  # fmt: skip

_ENTERED = _unless("unsealed", f"""EXISTS (SELECT 1 FROM fresh e WHERE coalesce((SELECT s.book_id = e.book_id
AND e.id >= s.id AND e.id <= s.book_id * {BOOK} + s.last_no FROM funds_seal s WHERE s.id = e.seal_id), false) = false
OR (SELECT p.id FROM funds_posting p WHERE p.id = e.id * {LINE} + 1) IS NULL)""")  # fmt: skip

_SEALED = f"""FOR one IN SELECT s.id, s.book_id, s.first_no, s.last_no, b.closed_through, b.closed_on,
b.last_no AS stood, (s.booked_at AT TIME ZONE 'Asia/Shanghai')::date AS today
FROM fresh s LEFT JOIN funds_book b ON b.id = s.book_id ORDER BY s.id LOOP
{_unless("order", "one.stood IS NULL OR one.first_no <> one.stood + 1 OR one.closed_on IS NOT NULL")}
SELECT count(*) FILTER (WHERE seal_id = one.id) AS n, min(value_on) AS least, max(value_on) AS most INTO found
FROM funds_entry WHERE id BETWEEN one.id AND one.book_id * {BOOK} + one.last_no;
{_unless("entries", "found.n <> one.last_no - one.first_no + 1")}
{_unless("future", "found.most > one.today")}
{_unless("closed", "found.least <= one.closed_through")}
UPDATE funds_book SET last_no = one.last_no WHERE id = one.book_id;
END LOOP;"""


_POST = f"""CREATE FUNCTION funds_post(p_book bigint, p_at timestamptz, p_who text[], p_ids bigint[], p_digest text,
p_keys text[], p_dates date[], p_events text[], p_memos text[], p_bases text[], p_cases text[], p_counters bigint[],
p_lines int[], p_entry int[], p_line int[], p_accounts bigint[], p_subjects text[], p_debits bigint[],
p_credits bigint[], p_txns text[], OUT o_first bigint, OUT o_known text[]) LANGUAGE plpgsql AS $$
BEGIN
SELECT last_no + 1 INTO o_first FROM funds_book WHERE id = p_book FOR NO KEY UPDATE;
SELECT array_agg(k) INTO o_known FROM unnest(p_keys) k
WHERE (SELECT e.id FROM funds_entry e WHERE e.book_id = p_book AND e.key = k) IS NOT NULL;
IF o_known IS NOT NULL OR o_first IS NULL THEN RETURN; END IF;
WITH entry AS (INSERT INTO funds_entry (id, book_id, seal_id, key, value_on, event, memo, basis, "case", counter_of_id,
lines) SELECT p_book * {BOOK} + o_first + n - 1, p_book, p_book * {BOOK} + o_first, k, v, e, m, b, c, u, l
FROM unnest(p_keys, p_dates, p_events, p_memos, p_bases, p_cases, p_counters, p_lines)
WITH ORDINALITY AS t(k, v, e, m, b, c, u, l, n)),
posting AS (INSERT INTO funds_posting (id, entry_id, account_id, subject, value_on, debit, credit, bank_txn_no)
SELECT (p_book * {BOOK} + o_first + e) * {LINE} + l, p_book * {BOOK} + o_first + e, a, s, p_dates[e + 1], d, c, x
FROM unnest(p_entry, p_line, p_accounts, p_subjects, p_debits, p_credits, p_txns) AS t(e, l, a, s, d, c, x))
INSERT INTO funds_seal (id, book_id, first_no, last_no, booked_at, maker, maker_id, checker, checker_id, via,
request_id, digest) VALUES (p_book * {BOOK} + o_first, p_book, o_first,
o_first + cardinality(p_keys) - 1, p_at,
p_who[1], p_ids[1], p_who[2], p_ids[2], p_who[3], p_who[4], p_digest);
END $$;"""


def _statement(name: str, table: str, event: str, function: str, fresh: bool = True) -> str:
    told = " REFERENCING NEW TABLE AS fresh" if fresh else ""
    return f"CREATE TRIGGER {name} {event} ON {table}{told} FOR EACH STATEMENT EXECUTE FUNCTION {function}();"


def _postgresql() -> tuple[str, ...]:
    refuse = [_function("funds_append_only", "RAISE EXCEPTION 'funds:append-only' USING ERRCODE = '23514';")]
    refuse += [
        _statement(f"{table}_fixed", table, "BEFORE UPDATE OR DELETE OR TRUNCATE", "funds_append_only", fresh=False)
        for table in APPEND_ONLY
    ]
    refuse += [
        _statement(f"{table}_kept", table, "BEFORE DELETE OR TRUNCATE", "funds_append_only", fresh=False)
        for table in ("funds_book", "funds_account", "funds_paymentinstruction", "funds_bankmessage")
    ]
    kept = [_function("funds_kept", "RAISE EXCEPTION 'funds:kept' USING ERRCODE = '23514';")]
    kept += [
        f"CREATE TRIGGER {table}_kept BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT "
        "WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION funds_kept();"
        for table in KEPT
    ]
    differs = "IS DISTINCT FROM"
    return (
        *refuse, *kept,
        _function("funds_posted", _POSTED),
        _statement("funds_posting_posted", "funds_posting", "AFTER INSERT", "funds_posted"),
        _function("funds_entered", _ENTERED),
        _statement("funds_entry_entered", "funds_entry", "AFTER INSERT", "funds_entered"),
        _function("funds_sealed", _SEALED, "DECLARE one record; found record;"),
        _statement("funds_seal_sealed", "funds_seal", "AFTER INSERT", "funds_sealed"),
        _function("funds_backdated", _unless("overdraft", f"EXISTS ({_BACK})")),
        """CREATE TRIGGER funds_balance_back AFTER INSERT OR UPDATE ON funds_balance FOR EACH ROW
WHEN (NEW.guarded AND NEW.since_on < NEW.last_on) EXECUTE FUNCTION funds_backdated();""",
        _rows("funds_book_fixed", "funds_book", "BEFORE INSERT OR UPDATE",
              "IF TG_OP = 'INSERT' THEN " + _unless("kept", "NEW.last_no <> 0 OR NEW.closed_through IS NOT NULL")
              + " ELSE " + _unless("kept", _BOOK_FIXED.format(
                  back="(pg_trigger_depth() < 2 AND (OLD.last_no <> NEW.last_no OR OLD.closed_through IS DISTINCT FROM "
                  "NEW.closed_through))")) + " END IF;"),
        _rows("funds_account_fixed", "funds_account", "BEFORE UPDATE",
              _unless("fixed", _changed(_ACCOUNT_COLUMNS, differs))),
        _rows("funds_period_closes", "funds_period", "BEFORE INSERT",
              _unless("order", "NEW.first_on <= (SELECT closed_through FROM funds_book WHERE id = NEW.book_id)")
              + 'UPDATE funds_book SET closed_through = NEW.last_on WHERE id = NEW.book_id;'),
        _rows("funds_instruction_fixed", "funds_paymentinstruction", "BEFORE UPDATE",
              _unless("instruction", f"NOT ({_STEPS}) OR {_changed(_INSTRUCTION_COLUMNS, differs)}")),
        _rows("funds_bankmessage_fixed", "funds_bankmessage", "BEFORE UPDATE",
              _unless("append-only", _changed(_MESSAGE_COLUMNS, differs))),
        _POST,
    )  # fmt: skip


def guard(_apps: Any, editor: Any) -> None:
    """Set the triggers. They also do, for all rows at once, what foreign keys do row by row."""
    if editor.connection.vendor == "sqlite":
        for statement in (*_GATE, *_sqlite()):
            editor.execute(statement)
        return
    for statement in _postgresql():
        editor.execute(statement)


# --- SQLite: a seal of one entry --------------------------------------------------------------------------------------
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
    "UPDATE funds_gate SET sealing = 1 WHERE book_id = NEW.book_id",
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
    *_SEAL[-2:],
)
_BOOKS, _BOOKS_ONE = "funds_seal_books", "funds_seal_books_one"


def quicken(_apps: Any, editor: Any) -> None:
    """Give the seal of one entry a trigger of its own."""
    if editor.connection.vendor == "sqlite":
        editor.execute(f"DROP TRIGGER {_BOOKS}")
        for name, when, parts in ((_BOOKS, "<>", _SEAL), (_BOOKS_ONE, "=", _SEAL_OF_ONE)):
            fires = f"NEW.first_no {when} NEW.last_no"
            editor.execute(_trigger(name, "AFTER INSERT", "funds_seal", fires, "; ".join(parts)))


def slow(_apps: Any, editor: Any) -> None:
    """Take it away again."""
    if editor.connection.vendor == "sqlite":
        editor.execute(f"DROP TRIGGER {_BOOKS_ONE}")
        editor.execute(f"DROP TRIGGER {_BOOKS}")
        editor.execute(_trigger(_BOOKS, "AFTER INSERT", "funds_seal", "", "; ".join(_SEAL)))


# --- SQLite: a bank's number is looked up in its index ----------------------------------------------------------------
# SQLite takes a partial index only where it reads the index's own condition; without it the whole account was read.

_IN_INDEX = "AND NOT (p.bank_txn_no = '') AND p.bank_txn_no = NEW.bank_txn_no"


def index_numbers(_apps: Any, editor: Any) -> None:
    """Have a posting's bank number looked for in the index of numbers."""
    _number_trigger(editor, _IN_INDEX)


def scan_numbers(_apps: Any, editor: Any) -> None:
    """Have it looked for as before."""
    _number_trigger(editor, "AND p.bank_txn_no = NEW.bank_txn_no")


def _number_trigger(editor: Any, found: str) -> None:
    if editor.connection.vendor == "sqlite":
        when, body = (
            part.replace("AND p.bank_txn_no = NEW.bank_txn_no", found) for part in (_NOT_OPEN, _POSTING_REFUSED)
        )
        editor.execute("DROP TRIGGER funds_posting_sealed")
        editor.execute(_trigger("funds_posting_sealed", "BEFORE INSERT", "funds_posting", when, body))


# --- SQLite: a row is refused without having to undo its statement ---------------------------------------------------
# Where a statement may ABORT, SQLite first copies every page it changes: for a batch that was two thirds of its work.
# A row that FAILs is not written either; rows before it stay behind an open gate, which no transaction commits.

_ROW_GUARDS = ("funds_entry_next", "funds_gate_opens", "funds_posting_sealed")


def fail_rows(_apps: Any, editor: Any) -> None:
    """Have the guards of single rows refuse by FAIL."""
    _refuse_rows(editor, "ABORT", "FAIL")


def abort_rows(_apps: Any, editor: Any) -> None:
    """Have them refuse by ABORT as before."""
    _refuse_rows(editor, "FAIL", "ABORT")


def _refuse_rows(editor: Any, old: str, new: str) -> None:
    if editor.connection.vendor != "sqlite":
        return
    for name in _ROW_GUARDS:
        with editor.connection.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s", [name])
            (words,) = cursor.fetchone()
        editor.execute(f"DROP TRIGGER {name}")
        editor.execute(words.replace(f"RAISE({old},", f"RAISE({new},"))


# --- PostgreSQL: an entry of two lines -------------------------------------------------------------------------------
# Nearly every entry is a pair. A view stands for it: its trigger tests and adds up in six statements that name their
# rows, without sets. Within a trigger the guards for sets do not run a second time; raw SQL meets them as before.

_PAIR_COLUMNS = {
    "book_id": "bigint", "no": "bigint", "key": "text", "value_on": "date", "event": "text", "memo": "text",
    "basis": "text", "case": "text", "counter_of_id": "bigint", "booked_at": "timestamptz", "maker": "text",
    "maker_id": "bigint", "checker": "text", "checker_id": "bigint", "via": "text", "request_id": "text",
    "digest": "text", "account1": "bigint", "subject1": "text", "debit1": "bigint", "credit1": "bigint", "txn1": "text",
    "account2": "bigint", "subject2": "text", "debit2": "bigint", "credit2": "bigint", "txn2": "text",
}  # fmt: skip
_PAIR_LINES = """(VALUES (NEW.account1, NEW.subject1, NEW.debit1, NEW.credit1),
(NEW.account2, NEW.subject2, NEW.debit2, NEW.credit2)) v(a, s, d, c)"""
_PAIR_ACCOUNT = "f.book_id = NEW.book_id AND f.by_subject = (v.s <> '') AND f.closed_on IS NULL"
_PAIR_OWN = "through date; shut date; own bigint; moved int; made int; wanted int;"
_PAIR = f"""UPDATE funds_book SET last_no = last_no + 1 WHERE id = NEW.book_id
RETURNING last_no, closed_through, closed_on INTO NEW.no, through, shut;
IF NOT FOUND THEN RETURN NULL; END IF;
own := NEW.book_id * {BOOK} + NEW.no;
INSERT INTO funds_entry (id, book_id, seal_id, key, value_on, event, memo, basis, "case", counter_of_id, lines)
VALUES (own, NEW.book_id, own, NEW.key, NEW.value_on, NEW.event, NEW.memo, NEW.basis, NEW."case", NEW.counter_of_id, 2);
{_unless("order", "shut IS NOT NULL")}
{_unless("closed", "NEW.value_on <= through")}
{_unless("future", "NEW.value_on > (NEW.booked_at AT TIME ZONE 'Asia/Shanghai')::date")}
{_unless("unbalanced", "NEW.debit1 <> NEW.credit2 OR NEW.credit1 <> NEW.debit2")}
{_unless("account", "NEW.account1 = NEW.account2")}
INSERT INTO funds_posting (id, entry_id, account_id, subject, value_on, debit, credit, bank_txn_no) VALUES
(own * {LINE} + 1, own, NEW.account1, NEW.subject1, NEW.value_on, NEW.debit1, NEW.credit1, NEW.txn1),
(own * {LINE} + 2, own, NEW.account2, NEW.subject2, NEW.value_on, NEW.debit2, NEW.credit2, NEW.txn2);
INSERT INTO funds_day AS t (account_id, subject, value_on, debit, credit)
SELECT v.a, v.s, NEW.value_on, v.d, v.c FROM (VALUES
(true, NEW.account1, '', NEW.debit1, NEW.credit1), (true, NEW.account2, '', NEW.debit2, NEW.credit2),
(NEW.subject1 <> '', NEW.account1, NEW.subject1, NEW.debit1, NEW.credit1),
(NEW.subject2 <> '', NEW.account2, NEW.subject2, NEW.debit2, NEW.credit2)) v(kept, a, s, d, c) WHERE v.kept
ON CONFLICT (account_id, subject, value_on) DO UPDATE SET debit = t.debit + excluded.debit,
credit = t.credit + excluded.credit;
UPDATE funds_balance t SET debit = t.debit + v.d, credit = t.credit + v.c, net = t.net + t.sign * (v.d - v.c),
count = t.count + 1, last_on = greatest(t.last_on, NEW.value_on),
since_on = CASE WHEN t.sign * (v.d - v.c) < 0 THEN NEW.value_on ELSE '9999-12-31' END
FROM {_PAIR_LINES}, funds_account f
WHERE f.id = v.a AND {_PAIR_ACCOUNT} AND t.account_id = v.a AND t.subject = ANY (ARRAY['', v.s]);
GET DIAGNOSTICS moved = ROW_COUNT;
wanted := 2 + (NEW.subject1 <> '')::int + (NEW.subject2 <> '')::int;
IF moved < wanted THEN
INSERT INTO funds_balance (account_id, subject, sign, guarded, debit, credit, net, count, last_on, since_on)
SELECT v.a, k.s, f.sign, f.guarded, v.d, v.c, f.sign * (v.d - v.c), 1, NEW.value_on,
CASE WHEN f.sign * (v.d - v.c) < 0 THEN NEW.value_on ELSE '9999-12-31' END
FROM {_PAIR_LINES}
JOIN (SELECT *, CASE normal WHEN 'D' THEN 1 ELSE -1 END AS sign FROM funds_account) f ON f.id = v.a AND {_PAIR_ACCOUNT}
CROSS JOIN LATERAL (SELECT '' UNION SELECT v.s) k(s)
WHERE NOT EXISTS (SELECT 1 FROM funds_balance o WHERE o.account_id = v.a AND o.subject = k.s);
GET DIAGNOSTICS made = ROW_COUNT;
{_unless("account", "moved + made < wanted")}
END IF;
INSERT INTO funds_seal (id, book_id, first_no, last_no, booked_at, maker, maker_id, checker, checker_id, via,
request_id, digest) VALUES (own, NEW.book_id, NEW.no, NEW.no, NEW.booked_at, NEW.maker, NEW.maker_id, NEW.checker,
NEW.checker_id, NEW.via, NEW.request_id, NEW.digest);
RETURN NEW;"""
_FOR_SETS = (
    ("funds_posting_posted", "funds_posting", "funds_posted"),
    ("funds_entry_entered", "funds_entry", "funds_entered"),
    ("funds_seal_sealed", "funds_seal", "funds_sealed"),
)
_RAW = "WHEN (pg_trigger_depth() = 0) "
_BOOK_TRIGGER = "CREATE TRIGGER {} BEFORE {} ON funds_book FOR EACH ROW {}EXECUTE FUNCTION funds_book_fixed()"


def _for_sets(when: str) -> list[str]:
    return [
        part
        for name, table, function in _FOR_SETS
        for part in (
            f"DROP TRIGGER {name} ON {table}",
            _statement(name, table, "AFTER INSERT", function).replace("EXECUTE", f"{when}EXECUTE"),
        )
    ]


def pair(_apps: Any, editor: Any) -> None:
    """Give an entry of two lines a way of its own."""
    if editor.connection.vendor == "sqlite":
        return
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in _PAIR_COLUMNS.items())
    for statement in (
        *_for_sets(_RAW),
        # Within a trigger only the books' own acts change a book; outside the function is asked.
        "DROP TRIGGER funds_book_fixed ON funds_book",
        _BOOK_TRIGGER.format("funds_book_first", "INSERT", ""),
        _BOOK_TRIGGER.format("funds_book_fixed", "UPDATE", _RAW),
        f"CREATE VIEW funds_pair AS SELECT {columns} WHERE false",
        f"CREATE FUNCTION funds_pair() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE {_PAIR_OWN} BEGIN {_PAIR} END $$",
        "CREATE TRIGGER funds_pair INSTEAD OF INSERT ON funds_pair FOR EACH ROW EXECUTE FUNCTION funds_pair()",
    ):
        editor.execute(statement)


def unpair(_apps: Any, editor: Any) -> None:
    """Take it away again."""
    if editor.connection.vendor == "sqlite":
        return
    for statement in (
        "DROP VIEW funds_pair",
        "DROP FUNCTION funds_pair",
        *_for_sets(""),
        "DROP TRIGGER funds_book_first ON funds_book",
        "DROP TRIGGER funds_book_fixed ON funds_book",
        _BOOK_TRIGGER.format("funds_book_fixed", "INSERT OR UPDATE", ""),
    ):
        editor.execute(statement)


# --- PostgreSQL: a batch asks once a seal, not once an entry ----------------------------------------------------------
# Keys that are known the unique index finds while it takes the rows. Lines are counted in their range of the primary
# key: that an entry has a first line is what is asked; that it is whole and balances the postings' own guard tests.

_KNOWN_FIRST = _POST[_POST.index("SELECT array_agg(k)") : _POST.index("WITH entry AS")]
_POST_AT_ONCE = _POST.replace(_KNOWN_FIRST, "IF o_first IS NULL THEN RETURN; END IF;\n").replace(
    "OUT o_first bigint, OUT o_known text[]", "OUT o_first bigint"
)
_ENTERED_AT_ONCE = _unless("unsealed", f"""EXISTS (SELECT 1 FROM (SELECT book_id, seal_id, min(id) AS least,
max(id) AS most, count(*) AS n FROM fresh GROUP BY 1, 2) g WHERE coalesce((SELECT s.book_id = g.book_id
AND g.least >= s.id AND g.most <= s.book_id * {BOOK} + s.last_no FROM funds_seal s WHERE s.id = g.seal_id), false)
= false OR g.n <> (SELECT count(*) FROM funds_posting p WHERE p.id > g.least * {LINE} AND p.id < (g.most + 1) * {LINE}
AND mod(p.id, {LINE}) = 1))""")  # fmt: skip


def at_once(_apps: Any, editor: Any) -> None:
    """Have a batch tested with a question a seal."""
    _test_batches(editor, _POST_AT_ONCE, _ENTERED_AT_ONCE)
    if editor.connection.vendor != "sqlite":
        # A session that first posted to an empty table would keep the plan that reads all of it.
        editor.execute("ALTER FUNCTION funds_entered() SET enable_seqscan = off")


def one_by_one(_apps: Any, editor: Any) -> None:
    """Have it tested as before."""
    _test_batches(editor, _POST, _ENTERED)


def _test_batches(editor: Any, post: str, entered: str) -> None:
    if editor.connection.vendor == "sqlite":
        return
    editor.execute("DROP FUNCTION funds_post")
    editor.execute(post)
    editor.execute(_function("funds_entered", entered).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))


def lift(_apps: Any, editor: Any) -> None:
    """Take the triggers away."""
    if editor.connection.vendor == "sqlite":
        for statement in _sqlite():
            editor.execute(f"DROP TRIGGER {statement.split()[2]}")
        for statement in reversed(_GATE):
            editor.execute(f"DROP TABLE {statement.split()[2]}")
        return
    for statement in _postgresql():
        kind, name = statement.split()[1], statement.split()[2].partition("(")[0]
        if kind == "FUNCTION":
            editor.execute(f"DROP FUNCTION {name} CASCADE")
