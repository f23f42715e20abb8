"""The books: what is posted, what is refused, and that the database itself refuses it."""

from __future__ import annotations

import datetime

import pytest
from django.db import DatabaseError, connection, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.funds.actions import counter, post
from luoshi.office.funds.guards import guard
from luoshi.office.funds.models import (
    BOOK,
    LINE,
    WITH_CASE,
    WITH_SUBJECT,
    WITH_TXN,
    Account,
    Balance,
    Book,
    Day,
    Entry,
    Period,
    Posting,
    Seal,
)
from luoshi.office.funds.orders import Line, Order, credit, debit
from luoshi.office.funds.proof import prove
from luoshi.office.funds.writing import order_of, post_all
from tests.office.funds_made import ACTOR, DAY, HAND, book, deposit, funded, withdrawal

D = datetime.date


def code_of(act):
    with pytest.raises(LuoshiError) as caught:
        act()
    return caught.value.code


def net(ledger, account, subject=""):
    row = Balance.objects.filter(account=ledger.ids[account], subject=subject).first()
    return row.net if row else 0


@pytest.mark.django_db
def test_entry_posts_once_and_its_key_answers_with_the_first():
    ledger = book()
    order = deposit("d1", "甲", 500)
    first, again = post_all(ledger, [order], HAND)[0], post_all(ledger, [order], HAND)[0]
    assert (first.no, first.new) == (1, True)
    assert again == (first.entry, 1, False)
    assert code_of(lambda: post_all(ledger, [deposit("d1", "甲", 501)], HAND)) == "E_CONFLICT"
    assert [net(ledger, "1001"), net(ledger, "2001"), net(ledger, "2001", "甲")] == [500, 500, 500]
    assert order_of(Entry.objects.get()) == order._replace(lines=list(order.lines))
    assert Entry.objects.get().number == "JZ-0001"


@pytest.mark.django_db
def test_batch_is_all_or_nothing_and_skips_what_is_known():
    ledger = book()
    post_all(ledger, [deposit("d1", "甲", 500)], HAND)
    done = post_all(ledger, [deposit("d1", "甲", 500), deposit("d2", "乙", 1), withdrawal("w1", "甲", 500)], HAND)
    assert [(one.no, one.new) for one in done] == [(1, False), (2, True), (3, True)]
    assert code_of(lambda: post_all(ledger, [deposit("d3", "丙", 9), withdrawal("w2", "乙", 2)], HAND)) == "E_CAPACITY"
    assert Entry.objects.count() == 3
    assert Book.objects.get().last_no == 3
    assert Seal.objects.count() == 2


FAULTS = [
    ("E_SUM", [debit("1001", 5), credit("3001", 6)], DAY),
    ("E_SUM", [debit("1001", 5)], DAY),
    ("E_AMOUNT", [debit("1001", 0), credit("3001", 0)], DAY),
    ("E_AMOUNT", [debit("1001", -5), credit("3001", -5)], DAY),
    ("E_AMOUNT", [debit("1001", 5.0), credit("3001", 5)], DAY),
    ("E_AMOUNT", [Line("1001", 5, 5), credit("3001", 5)], DAY),
    ("E_AMOUNT", [debit("1001", 10**16), credit("3001", 10**16)], DAY),
    ("E_INPUT", [debit("9999", 5), credit("3001", 5)], DAY),
    ("E_INPUT", [debit("1001", 5), credit("2001", 5)], DAY),
    ("E_INPUT", [debit("1001", 5, "甲"), credit("3001", 5)], DAY),
    ("E_INPUT", [debit("1001", 5, "", "T\x1f1"), credit("3001", 5)], DAY),
    ("E_FUTURE", [debit("1001", 5), credit("3001", 5)], D(2999, 1, 1)),
    ("E_CAPACITY", [debit("3001", 5), credit("1001", 5)], DAY),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "lines", "day"), FAULTS)
def test_faulty_entry_is_refused_in_words_and_leaves_nothing(code, lines, day):
    ledger = book()
    assert code_of(lambda: post_all(ledger, [Order("x", day, lines)], HAND)) == code
    assert not Entry.objects.exists()
    assert not Balance.objects.exists()


@pytest.mark.django_db
def test_overdraft_is_refused_at_every_value_date():
    ledger = book()
    post_all(ledger, [deposit("d1", "甲", 100, D(2019, 1, 10)), deposit("d2", "甲", 50, D(2019, 2, 10))], HAND)
    early = [withdrawal("w1", "甲", 120, D(2019, 1, 20))]
    assert code_of(lambda: post_all(ledger, early, HAND)) == "E_CAPACITY"
    assert code_of(lambda: post_all(ledger, [withdrawal("w0", "甲", 1, D(2019, 1, 9))], HAND)) == "E_CAPACITY"
    post_all(ledger, [withdrawal("w2", "甲", 100, D(2019, 1, 20)), withdrawal("w3", "甲", 50, D(2019, 2, 10))], HAND)
    assert net(ledger, "2001", "甲") == 0
    # The money of the one never pays for the other, though the account as a whole could.
    post_all(ledger, [deposit("d3", "乙", 1000)], HAND)
    assert code_of(lambda: post_all(ledger, [withdrawal("w4", "甲", 1)], HAND)) == "E_CAPACITY"


@pytest.mark.django_db
def test_one_batch_may_not_borrow_from_its_own_later_days():
    ledger = book()
    orders = [withdrawal("w", "甲", 5, D(2019, 1, 1)), deposit("d", "甲", 5, D(2019, 1, 2))]
    assert code_of(lambda: post_all(ledger, orders, HAND)) == "E_CAPACITY"
    assert post_all(ledger, [orders[1], orders[0]._replace(value_on=D(2019, 1, 2))], HAND)


@pytest.mark.django_db
def test_bank_number_is_booked_once_and_an_entry_undone_once():
    ledger = book()
    funded(ledger, 100, txn="T1")
    assert code_of(lambda: funded(ledger, 100, key="other", txn="T1")) == "E_TXN_CONFLICT"
    undone = counter(book=ledger, actor=ACTOR, entry=1, key="undo", value_on=DAY)
    assert code_of(lambda: counter(book=ledger, actor=ACTOR, entry=1, key="undo2", value_on=DAY)) == "E_DUPLICATE"
    assert code_of(lambda: counter(book=ledger, actor=ACTOR, entry=undone.entry, key="undo3")) == "E_STATE"
    assert Entry.objects.get(pk=undone.entry).counter_of_id == ledger.book.pk * BOOK + 1
    assert net(ledger, "1001") == 0


@pytest.mark.django_db
def test_post_within_a_room_s_transaction_stands_or_falls_with_it():
    ledger = book()

    def undone():
        with transaction.atomic():
            post(book=ledger, actor=ACTOR, key="x", value_on=DAY, lines=[debit("1001", 5), credit("3001", 5)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    assert not Entry.objects.exists()
    assert Book.objects.get().last_no == 0
    assert post(book="trial/fund", actor=ACTOR, key="x", value_on=DAY,
                lines=[debit("1001", 5), credit("3001", 5)]).no == 1  # fmt: skip


# --- the database itself ----------------------------------------------------------------------------------------------


def run(*statements):
    """Carry the statements out in one transaction of their own, which must fail."""

    def carry_out():
        with transaction.atomic(), connection.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
            connection.check_constraints()

    with pytest.raises(DatabaseError) as caught:
        carry_out()
    return str(caught.value)


RAW = {
    "posting changed": "UPDATE funds_posting SET debit = 7 WHERE debit > 0",
    "posting removed": "DELETE FROM funds_posting",
    "entry changed": "UPDATE funds_entry SET memo = '另一笔'",
    "entry removed": "DELETE FROM funds_entry",
    "seal changed": "UPDATE funds_seal SET maker = '测试乙'",
    "seal removed": "DELETE FROM funds_seal",
    "balance changed": "UPDATE funds_balance SET debit = debit + 1, net = net + sign",
    "balance removed": "DELETE FROM funds_balance",
    "balance made": "INSERT INTO funds_balance "
    "(account_id, subject, sign, guarded, debit, credit, net, count, last_on, since_on) "
    "SELECT account_id, '乙', sign, guarded, debit, credit, net, count, last_on, since_on FROM funds_balance",
    "day changed": "UPDATE funds_day SET debit = debit + 1",
    "day removed": "DELETE FROM funds_day",
    "number moved": "UPDATE funds_book SET last_no = 0",
    "number moved on": "UPDATE funds_book SET last_no = 99",
    "closed by hand": "UPDATE funds_book SET closed_through = '2018-12-31'",
    "book removed": "DELETE FROM funds_book",
    "account turned": "UPDATE funds_account SET normal = 'C' WHERE code = '1001'",
    "guard taken off": "UPDATE funds_account SET guarded = NOT guarded",
    "account removed": "DELETE FROM funds_account",
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("name", RAW)
def test_database_refuses_raw_change(name):
    post_all(book(), [deposit("d1", "甲", 500)], HAND)
    said = run(RAW[name])
    assert "funds:" in said, said
    assert net(book(), "1001") == 500


def raw_entry(ledger, no, lines, *, seal=True, day="2019-03-01", first=None, at="2019-06-01 00:00:00+00:00"):
    """Return the statements that write an entry by hand, as one statement where the database has such."""
    entry, first = ledger.book.pk * BOOK + no, first or no
    own = ledger.book.pk * BOOK + first
    rows = ", ".join(
        f"({entry * LINE + n}, {entry}, {account}, '{subject}', '{day}', {d}, {c}, '')"
        for n, (account, subject, d, c) in enumerate(lines, 1)
    )
    head = (
        'INSERT INTO funds_entry (id, book_id, seal_id, key, value_on, event, memo, basis, "case", lines) VALUES '
        f"({entry}, {ledger.book.pk}, {own}, 'raw{no}', '{day}', '', '', '', '', {max(len(lines), 2)})"
    )
    body = (
        "INSERT INTO funds_posting (id, entry_id, account_id, subject, value_on, debit, credit, bank_txn_no) "
        f"VALUES {rows}"
    )
    tail = (
        "INSERT INTO funds_seal (id, book_id, first_no, last_no, booked_at, maker, checker, via, request_id, digest) "
        f"VALUES ({own}, {ledger.book.pk}, {first}, {no}, '{at}', '测试甲', '', 'x', '', '')"
    )
    parts = [head, *([body] if lines else []), *([tail] if seal else [])]
    if connection.vendor == "sqlite":
        return parts
    last = parts.pop()
    return [("WITH " + ", ".join(f"p{n} AS ({one})" for n, one in enumerate(parts)) + " " if parts else "") + last]


def test_raw_whole_entry_is_taken_so_the_refusals_below_mean_something(db):
    ledger = book()
    with transaction.atomic(), connection.cursor() as cursor:
        for sql in raw_entry(ledger, 1, [(ledger.ids["1001"], "", 5, 0), (ledger.ids["3001"], "", 0, 5)]):
            cursor.execute(sql)
    assert net(ledger, "1001") == 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "no", "lines", "more"),
    [
        ("unbalanced", 1, [("1001", "", 5, 0), ("3001", "", 0, 6)], {}),
        ("a side missing", 1, [("1001", "", 5, 0)], {}),
        ("nothing in it", 1, [], {}),
        ("both sides of a line", 1, [("1001", "", 5, 5), ("3001", "", 5, 5)], {}),
        ("negative", 1, [("1001", "", -5, 0), ("3001", "", 0, -5)], {}),
        ("overdraft", 1, [("1001", "", 0, 5), ("3001", "", 5, 0)], {}),
        ("subject missing", 1, [("1001", "", 5, 0), ("2001", "", 0, 5)], {}),
        ("another book's account", 1, [("other", "", 5, 0), ("3001", "", 0, 5)], {}),
        ("future", 1, [("1001", "", 5, 0), ("3001", "", 0, 5)], {"day": "2019-06-02"}),
        ("number with a gap", 2, [("1001", "", 5, 0), ("3001", "", 0, 5)], {}),
        ("no seal", 1, [("1001", "", 5, 0), ("3001", "", 0, 5)], {"seal": False}),
    ],
)
def test_database_refuses_raw_entry(fault, no, lines, more):
    ledger, other = book(), book("trial/other")
    ids = {**ledger.ids, "other": other.ids["1001"]}
    lines = [(ids[code], subject, d, c) for code, subject, d, c in lines]
    statements = raw_entry(ledger, no, lines, **more)
    assert run(*statements)
    assert not Balance.objects.exists()


@pytest.mark.django_db
def test_database_adds_nothing_to_a_sealed_entry_and_takes_no_second_key():
    ledger = book()
    posted = post_all(ledger, [deposit("d1", "甲", 500)], HAND)[0]
    ids = (ledger.ids["1001"], ledger.ids["3001"])
    for line in (2, 3):
        row = f"({posted.entry * LINE + line}, {posted.entry}, {ids[0]}, '', '2019-03-01', 5, 0, '')"
        verbs = ("INSERT", "INSERT OR REPLACE", "INSERT OR FAIL") if connection.vendor == "sqlite" else ("INSERT",)
        for verb in verbs:
            run(
                f"{verb} INTO funds_posting (id, entry_id, account_id, subject, value_on, debit, credit, bank_txn_no) "
                f"VALUES {row}"
            )
    assert Posting.objects.count() == 2
    assert Day.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("bare", [1, 2])
def test_database_refuses_a_batch_of_which_one_entry_has_no_lines(bare):
    ledger, full = book(), 3 - bare
    lines = [(ledger.ids["1001"], "", 5, 0), (ledger.ids["3001"], "", 0, 5)]
    whole, base = raw_entry(ledger, 2, lines, first=1), ledger.book.pk * BOOK
    row = f"({base + 1}, {ledger.book.pk}, {base + 1}, 'raw1', '2019-03-01', '', '', '', '', 2), "
    both = [one.replace('"case", lines) VALUES ', '"case", lines) VALUES ' + row) for one in whole]
    # The lines of entry 2 are moved to the entry that shall have them.
    for n in (1, 2):
        place = f"({(base + 2) * LINE + n}, {base + 2},"
        both = [one.replace(place, f"({(base + full) * LINE + n}, {base + full},") for one in both]
    said = run(*both)
    assert "funds:un" in said, said
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL undoes the whole statement")
@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR FAIL"])
def test_rows_before_a_refused_row_stay_behind_the_gate(verb):
    ledger = book()
    old = post_all(ledger, [deposit("d1", "甲", 500)], HAND)[0].entry
    head, body, tail = raw_entry(ledger, 2, [(ledger.ids["1001"], "", 5, 0), (ledger.ids["3001"], "", 0, 5)])
    entry, account = old + 1, ledger.ids["1001"]
    # A good line, then one for the entry that is sealed: the statement is refused at the second.
    half = body.rpartition(", (")[0] + f", ({old * LINE + 9}, {old}, {account}, '', '2019-03-01', 5, 0, '')"
    twice = head + f", ({entry + 1}, {ledger.book.pk}, {entry}, 'd1', '2019-03-01', '', '', '', '', 2)"
    for statements in ((head, half), (head, half, tail), (twice,), (twice, tail)):
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            refused = []
            for sql in statements:
                try:
                    cursor.execute(sql.replace("INSERT", verb, 1))
                except DatabaseError as said:
                    refused.append(str(said))
            assert len(refused) == len(statements) - (len(statements) > 1 and statements[0] == head), refused
            with pytest.raises(DatabaseError, match="FOREIGN KEY"):
                cursor.execute("COMMIT")
            cursor.execute("ROLLBACK")
    # By itself, without a transaction around it.
    for sql in (head, half, twice):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(sql.replace("INSERT", verb, 1))
    assert (Entry.objects.count(), Posting.objects.count(), Balance.objects.count()) == (1, 2, 3)
    assert prove(ledger.book, keep=False, whole=True).faults == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has no gate")
def test_gate_is_closed_by_the_seal_only():
    ledger = book()
    post_all(ledger, [deposit("d1", "甲", 500)], HAND)
    head, body, _seal = raw_entry(ledger, 2, [(ledger.ids["1001"], "", 5, 0), (ledger.ids["3001"], "", 0, 5)])
    for statements in ((head,), (head, body), ("UPDATE funds_book SET gate = 1",)):
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            for sql in statements:
                cursor.execute(sql)
            for way in ("gate = NULL", "gate = 2", "last_no = 2, gate = NULL", "last_no = 2"):
                # A gate behind which nothing lies may be shut again: that says nothing false.
                if statements[0] == head or "last_no" in way:
                    with pytest.raises(DatabaseError, match="funds:"):
                        cursor.execute(f"UPDATE funds_book SET {way}")
            with pytest.raises(DatabaseError, match="FOREIGN KEY"):
                cursor.execute("COMMIT")
            cursor.execute("ROLLBACK")
    columns, values = "account_id, subject, value_on, debit, credit", f"{ledger.ids['1001']}, '', '2019-01-01', 5, 0"
    for sql in (
        "INSERT INTO funds_never VALUES (1)",
        "UPDATE funds_day SET debit = debit + 1",
        f"INSERT INTO funds_day ({columns}) VALUES ({values})",
    ):
        assert "funds:" in run(sql)
    assert prove(ledger.book, keep=False, whole=True).faults == []


@pytest.mark.django_db(transaction=True)
def test_order_that_commits_by_itself_is_whole_or_nothing():
    ledger = book()
    first = post_all(ledger, [deposit("d1", "甲", 500)], HAND)[0]
    assert post_all(ledger, [deposit("d1", "甲", 500)], HAND) == [(first.entry, 1, False)]
    for orders, code in (
        ([withdrawal("w1", "甲", 501)], "E_CAPACITY"),
        ([deposit("d1", "甲", 501)], "E_CONFLICT"),
        ([deposit("d2", "甲", 5, D(2030, 1, 1))], "E_FUTURE"),
        ([deposit("d2", "甲", 5), withdrawal("w1", "乙", 5)], "E_CAPACITY"),
    ):
        assert code_of(lambda orders=orders: post_all(ledger, orders, HAND)) == code
    # What was refused left the connection as it was.
    assert post_all(ledger, [withdrawal("w1", "甲", 500), deposit("d2", "乙", 7)], HAND)[1].no == 3
    assert [net(ledger, "1001"), net(ledger, "2001", "甲"), net(ledger, "2001", "乙")] == [7, 0, 7]
    assert prove(ledger.book, keep=False, whole=True).faults == []


@pytest.mark.django_db(transaction=True)
def test_guards_written_anew_are_the_guards_that_are_there():
    ledger = book()
    post_all(ledger, [deposit("d1", "甲", 500)], HAND)
    names = (
        "SELECT name, sql FROM sqlite_master WHERE tbl_name LIKE 'funds%' ORDER BY 1"
        if connection.vendor == "sqlite"
        else "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname LIKE 'funds%' ORDER BY 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(names)
        before = cursor.fetchall()
        with connection.schema_editor() as editor:
            guard(None, editor)
        cursor.execute(names)
        assert cursor.fetchall() == before
    post_all(ledger, [deposit("d2", "甲", 500)], HAND)
    assert prove(ledger.book, keep=False, whole=True).faults == []


@pytest.mark.django_db
def test_closed_month_takes_nothing_and_does_not_open_again():
    ledger = book()
    funded(ledger, 100, D(2019, 1, 5))
    Period.objects.create(
        book=ledger.book, first_on=D(2018, 1, 1), last_on=D(2019, 1, 31), last_no=1, maker="测试甲", checker="测试乙",
        closed_at=CLOCK.now(),
    )  # fmt: skip
    assert code_of(lambda: funded(ledger, 1, D(2019, 1, 31), key="late")) == "E_STATE"
    funded(ledger, 1, D(2019, 2, 1), key="next")
    assert "funds:" in run("DELETE FROM funds_period")
    assert "funds:" in run("UPDATE funds_book SET closed_through = NULL")
    assert "funds:" in run("UPDATE funds_book SET closed_through = '2018-12-31'")


@pytest.mark.django_db
def test_closed_account_takes_nothing():
    ledger = book()
    Account.objects.filter(pk=ledger.ids["3001"]).update(closed_on=DAY)
    assert code_of(lambda: funded(ledger, 5)) == "E_STATE"


PAIR_FAULTS = {
    "unbalanced": {"credit2": 6},
    "a side missing": {"debit1": None, "credit2": None},
    "nothing on either side": {"debit1": 0, "credit2": 0},
    "both sides of a line": {"credit1": 5, "debit2": 5},
    "negative": {"debit1": -5, "credit2": -5},
    "overdraft": {"debit1": 0, "credit1": 5, "debit2": 5, "credit2": 0},
    "subject missing": {"account2": "2001"},
    "subject of an account without": {"subject2": "甲"},
    "one account twice": {"account2": "1001"},
    "another book's account": {"account2": "other"},
    "no such account": {"account2": "none"},
    "future": {"value_on": "2019-06-02"},
    "no date": {"value_on": None},
    "no key": {"key": ""},
    "key known": {"key": "grant"},
    "one person as two hands": {"maker_id": 7, "checker_id": 7},
    "closed month": {"value_on": "2019-01-31"},
    "closed account": {"account2": "3900"},
    "closed book": {"book_id": "other"},
    "bank number known": {"txn1": "T1"},
}


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no such view")
@pytest.mark.parametrize("fault", [None, *PAIR_FAULTS])
def test_database_refuses_raw_pair(fault):
    """What the sets' triggers refuse, the way of two lines refuses too (it passes them by)."""
    ledger, other = book(), book("trial/other")
    funded(ledger, 3, D(2019, 2, 1), txn="T1")
    Period.objects.create(
        book=ledger.book, first_on=D(2018, 1, 1), last_on=D(2019, 1, 31), last_no=1, maker="测试甲", checker="测试乙",
        closed_at=CLOCK.now(),
    )  # fmt: skip
    Account.objects.filter(pk=ledger.ids["3900"]).update(closed_on=DAY)
    Book.objects.filter(pk=other.book.pk).update(closed_on=DAY)
    accounts = {**ledger.ids, "other": other.ids["1001"], "none": 10**9}
    row = {
        "book_id": ledger.book.pk, "key": "raw", "value_on": "2019-03-01", "event": "", "memo": "", "basis": "",
        "case": "", "booked_at": "2019-06-01 00:00:00+00:00", "maker": "测试甲", "maker_id": None, "checker": "",
        "checker_id": None, "via": "x", "request_id": "", "digest": "", "account1": "1001", "subject1": "",
        "debit1": 5, "credit1": 0, "txn1": "", "account2": "3001", "subject2": "", "debit2": 0, "credit2": 5,
        "txn2": "",
    } | PAIR_FAULTS.get(fault, {})  # fmt: skip
    for name in ("account1", "account2"):
        row[name] = accounts[row[name]]
    if row["book_id"] == "other":
        row |= {"book_id": other.book.pk, "account1": other.ids["1001"], "account2": other.ids["3001"]}
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join(["%s"] * len(row))

    def carry_out():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO funds_pair ({names}) VALUES ({marks})", list(row.values()))

    if fault is None:
        carry_out()
        assert [net(ledger, "1001"), net(ledger, "3001"), Entry.objects.count()] == [8, 8, 2]
        return
    with pytest.raises(DatabaseError):
        carry_out()
    assert [net(ledger, "1001"), net(ledger, "3001"), Entry.objects.count()] == [3, 3, 1]


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads values when it plans")
def test_subject_number_and_case_are_found_in_their_indexes():
    """A partial index is taken only where its own condition is read; else one page costs a walk over the account."""
    ledger = book()
    for rows, index in (
        (Posting.objects.filter(WITH_SUBJECT, account_id=1, subject="甲").order_by("-value_on", "-pk"), "subject"),
        (Posting.objects.filter(WITH_TXN, account_id=1, bank_txn_no="T1"), "txn"),
        (Entry.objects.filter(WITH_CASE, book=ledger.book, case="C1").order_by("-pk"), "case"),
    ):
        assert f"_{index} " in rows.explain(), rows.explain()
    with connection.cursor() as cursor:
        cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'funds_posting_sealed'")
        words = cursor.fetchone()[0]
        assert words.count("NOT (p.bank_txn_no = '')") == 2
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT 1 FROM funds_posting p WHERE p.account_id = 1 AND NOT (p.bank_txn_no = '') "
            "AND p.bank_txn_no = (SELECT digest FROM funds_seal)"
        )
        assert "posting_txn" in str(cursor.fetchall())
