"""PostgreSQL: entries, postings and seal come in one statement.

Statement triggers with transition tables test the postings as a set; an entry that is not whole and sealed by the end
of the statement is refused. Kept rows are written from triggers only (pg_trigger_depth).
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


def _function(name: str, body: str, declare: str = "") -> str:
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {declare} BEGIN {body} RETURN NULL; END $$;"
    )


def _row(name: str, body: str) -> str:
    return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;"


def _rows(name: str, table: str, event: str, body: str) -> str:
    return f"{_row(name, body)} CREATE TRIGGER {name} {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();"


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

# Lines are counted in their range of the primary key: that an entry has a first line is what is asked; that it is whole
# and balances the postings' own guard tests.
_ENTERED = _unless("unsealed", f"""EXISTS (SELECT 1 FROM (SELECT book_id, seal_id, min(id) AS least,
max(id) AS most, count(*) AS n FROM fresh GROUP BY 1, 2) g WHERE coalesce((SELECT s.book_id = g.book_id
AND g.least >= s.id AND g.most <= s.book_id * {BOOK} + s.last_no FROM funds_seal s WHERE s.id = g.seal_id), false)
= false OR g.n <> (SELECT count(*) FROM funds_posting p WHERE p.id > g.least * {LINE} AND p.id < (g.most + 1) * {LINE}
AND mod(p.id, {LINE}) = 1))""")  # fmt: skip

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


# Keys that are known the unique index finds while it takes the rows.
_POST = f"""CREATE FUNCTION funds_post(p_book bigint, p_at timestamptz, p_who text[], p_ids bigint[], p_digest text,
p_keys text[], p_dates date[], p_events text[], p_memos text[], p_bases text[], p_cases text[], p_counters bigint[],
p_lines int[], p_entry int[], p_line int[], p_accounts bigint[], p_subjects text[], p_debits bigint[],
p_credits bigint[], p_txns text[], OUT o_first bigint) LANGUAGE plpgsql AS $$
BEGIN
SELECT last_no + 1 INTO o_first FROM funds_book WHERE id = p_book FOR NO KEY UPDATE;
IF o_first IS NULL THEN RETURN; END IF;
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


_RAW = "WHEN (pg_trigger_depth() = 0)"


def _refused(name: str, table: str, event: str, function: str, when: str = "") -> str:
    return f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH STATEMENT {when} EXECUTE FUNCTION {function}();"


def _set(name: str, table: str, function: str) -> str:
    return f"""CREATE TRIGGER {name} AFTER INSERT ON {table} REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT {_RAW}
EXECUTE FUNCTION {function}();"""


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


_BOOK = "CREATE TRIGGER {} BEFORE {} ON funds_book FOR EACH ROW {} EXECUTE FUNCTION funds_book_fixed()"


def statements() -> tuple[str, ...]:
    """Return the functions, the triggers and the view."""
    refuse = [_function("funds_append_only", "RAISE EXCEPTION 'funds:append-only' USING ERRCODE = '23514';")]
    refuse += [
        _refused(f"{table}_fixed", table, "UPDATE OR DELETE OR TRUNCATE", "funds_append_only") for table in APPEND_ONLY
    ]
    refuse += [
        _refused(f"{table}_kept", table, "DELETE OR TRUNCATE", "funds_append_only")
        for table in ("funds_book", "funds_account", "funds_paymentinstruction", "funds_bankmessage")
    ]
    kept = [_function("funds_kept", "RAISE EXCEPTION 'funds:kept' USING ERRCODE = '23514';")]
    kept += [
        _refused(f"{table}_kept", table, "INSERT OR UPDATE OR DELETE OR TRUNCATE", "funds_kept", _RAW) for table in KEPT
    ]
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in _PAIR_COLUMNS.items())
    pair = (
        f"CREATE VIEW funds_pair AS SELECT {columns} WHERE false",
        f"CREATE FUNCTION funds_pair() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE {_PAIR_OWN} BEGIN {_PAIR} END $$",
        "CREATE TRIGGER funds_pair INSTEAD OF INSERT ON funds_pair FOR EACH ROW EXECUTE FUNCTION funds_pair()",
    )
    differs = "IS DISTINCT FROM"
    return (
        *refuse, *kept,
        _function("funds_posted", _POSTED),
        _set("funds_posting_posted", "funds_posting", "funds_posted"),
        _function("funds_entered", _ENTERED),
        # A session that first posted to an empty table would keep the plan that reads all of it.
        "ALTER FUNCTION funds_entered() SET enable_seqscan = off",
        _set("funds_entry_entered", "funds_entry", "funds_entered"),
        _function("funds_sealed", _SEALED, "DECLARE one record; found record;"),
        _set("funds_seal_sealed", "funds_seal", "funds_sealed"),
        _function("funds_backdated", _unless("overdraft", f"EXISTS ({BACK})")),
        """CREATE TRIGGER funds_balance_back AFTER INSERT OR UPDATE ON funds_balance FOR EACH ROW
WHEN (NEW.guarded AND NEW.since_on < NEW.last_on) EXECUTE FUNCTION funds_backdated();""",
        _row("funds_book_fixed", "IF TG_OP = 'INSERT' THEN "
             + _unless("kept", "NEW.last_no <> 0 OR NEW.closed_through IS NOT NULL") + " ELSE "
             + _unless("kept", BOOK_FIXED.format(back="""(pg_trigger_depth() < 2 AND (OLD.last_no <> NEW.last_no
OR OLD.closed_through IS DISTINCT FROM NEW.closed_through))""")) + " END IF;"),
        # Within a trigger only the books' own acts change a book; outside the function is asked.
        _BOOK.format("funds_book_first", "INSERT", ""), _BOOK.format("funds_book_fixed", "UPDATE", _RAW),
        _rows("funds_account_fixed", "funds_account", "BEFORE UPDATE",
              _unless("fixed", changed(ACCOUNT_COLUMNS, differs))),
        _rows("funds_period_closes", "funds_period", "BEFORE INSERT",
              _unless("order", "NEW.first_on <= (SELECT closed_through FROM funds_book WHERE id = NEW.book_id)")
              + 'UPDATE funds_book SET closed_through = NEW.last_on WHERE id = NEW.book_id;'),
        _rows("funds_instruction_fixed", "funds_paymentinstruction", "BEFORE UPDATE",
              _unless("instruction", f"NOT ({STEPS}) OR {changed(INSTRUCTION_COLUMNS, differs)}")),
        _rows("funds_bankmessage_fixed", "funds_bankmessage", "BEFORE UPDATE",
              _unless("append-only", changed(MESSAGE_COLUMNS, differs))),
        _POST, *pair,
        # Room on each page for the next version of a kept row: no index learns of it.
        *(f"ALTER TABLE {table} SET (fillfactor = 70)" for table in KEPT),
    )  # fmt: skip
