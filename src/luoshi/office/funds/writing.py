"""The posting path: entries, postings and their seal in raw SQL, any number of them in one journey.

The database decides (`guards`); what it refuses is explained here in words. PostgreSQL: one call of `funds_post`, which
locks the book and inserts all three tables in one statement; an entry of two lines goes
through the view `funds_pair`. SQLite: three statements and the seal. Outside a transaction each call commits by itself.
"""

# ruff: noqa: S608 - the words of every statement are our own
from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.funds.models import BOOK, LINE, Account, Balance, Book, Entry
from luoshi.office.funds.orders import MOST_FEN, Hand, Line, Order, checked_content, faults
from luoshi.office.pipeline import ask_alone

_REFUSED = ("balance_no_overdraft", "overdraft", "entry_key", "posting_txn", "txn", "entry_undone_once", "unbalanced",
            "future", "closed", "account", "posting_one_side", "entry_lines", "order", "sealed")  # fmt: skip


class Posted(NamedTuple):
    """What became of an order: the entry's id, its number in the book, whether it was posted now or known before."""

    entry: int
    no: int
    new: bool


class Ledger(NamedTuple):
    """A book with its accounts, read once and used for any number of orders."""

    book: Book
    accounts: dict[str, Account]
    ids: dict[str, int]
    rules: dict[str, tuple[int, bool]]


def ledger_of(book: Book | str) -> Ledger:
    """Return the book (by its key) with its accounts; E_NOT_FOUND."""
    if isinstance(book, str):
        found = Book.objects.filter(key=book).first()
        if found is None:
            raise LuoshiError("E_NOT_FOUND", f"没有账簿“{book[:80]}”。")
        book = found
    accounts = {one.code: one for one in Account.objects.filter(book=book).order_by("seq", "code")}
    return Ledger(
        book,
        accounts,
        {code: one.pk for code, one in accounts.items()},
        {code: (one.pk, one.by_subject) for code, one in accounts.items()},
    )


def post_all(ledger: Ledger, orders: Sequence[Order], hand: Hand) -> list[Posted]:
    """Post `orders` as one act, all or none, and return what became of each; known keys with the same body are skipped.

    Errors: E_SUM (does not balance), E_AMOUNT, E_INPUT (account, subject, text), E_FUTURE, E_STATE (closed period or
    book), E_CAPACITY (overdraft at any posting or value date), E_CONFLICT (key known with another body),
    E_TXN_CONFLICT (the bank's number is booked), E_DUPLICATE (an entry undone twice).
    """
    if not orders:
        return []
    keys = [order.key for order in orders]
    if len(orders) > 1 and len(set(keys)) != len(keys):
        raise LuoshiError("E_INPUT", "同一批分录里有相同的幂等键。")
    # Asked for once: every look through Django's proxy costs as much as a small statement.
    here = connections[DEFAULT_DB_ALIAS]
    try:
        text = checked_content(orders)
        alone = len(orders) == 1 and (here.vendor == "sqlite" or _is_pair(orders[0]))
        columns = _single(ledger, orders[0]) if alone else _columns(ledger, orders)
    except (TypeError, KeyError, AttributeError, ValueError, OverflowError):
        raise _first_fault(ledger, orders) or LuoshiError("E_INPUT", "分录的内容读不出。") from None
    digest = hashlib.new("sm3", text.encode()).hexdigest()
    write = _sqlite if here.vendor == "sqlite" else _postgresql
    try:
        first = write(here, ledger, columns, hand, digest)
    except DatabaseError as fault:
        # Which keys are known is asked only when something was refused: the index finds them anyway.
        stored = _stored(ledger, keys) if _code(fault) else {}
        if not stored:
            raise _explained(ledger, orders, fault) from fault
        return _replayed(ledger, orders, stored, hand)
    if first is None:
        return _replayed(ledger, orders, _stored(ledger, keys), hand)
    base = ledger.book.pk * BOOK + first
    return [Posted(base + place, first + place, True) for place in range(len(orders))]


class _Single(NamedTuple):
    """One order as the rows the database takes, without the numbers that the book gives."""

    order: Order
    day: str
    lines: list[tuple[int, str, str, int, int, str]]


def _single(ledger: Ledger, order: Order) -> _Single:
    """Return what `_columns` does for one order: no columns to make and take apart again."""
    key, value_on, given, event, memo, basis, case, _counter = order
    if type(value_on) is not datetime.date or len(key) > 120 or len(event) > 20:
        raise ValueError
    if len(memo) > 200 or len(basis) > 200 or len(case) > 80:
        raise ValueError
    ids, day, lines = ledger.ids, value_on.isoformat(), []
    for code, debit, credit, subject, txn in given:
        if type(debit) is not int or type(credit) is not int or not (0 <= debit < MOST_FEN and 0 <= credit < MOST_FEN):
            raise ValueError
        if len(subject) > 60 or len(txn) > 60:
            raise ValueError
        lines.append((ids[code], subject, day, debit, credit, txn))
    if not lines:
        raise ValueError
    return _Single(order, day, lines)


def _is_pair(order: Order) -> bool:
    """Say whether an order has two lines on two accounts: PostgreSQL has a way of its own for such (`funds_pair`)."""
    return len(order.lines) == 2 and order.lines[0][0] != order.lines[1][0]


class _Columns(NamedTuple):
    """The orders as columns: of the entries, then of the postings."""

    entries: tuple[list[Any], ...]
    postings: tuple[list[Any], ...]


def _columns(ledger: Ledger, orders: Sequence[Order]) -> _Columns:
    ids = ledger.ids
    # Columns of plain values, no tuple a line: the garbage collector walks what is made in such numbers.
    lines = [line for order in orders for line in order.lines]
    places = [place for place, order in enumerate(orders) for _ in order.lines]
    numbers = [number for order in orders for number in range(1, len(order.lines) + 1)]
    codes, debits, credits_, subjects, txns = map(list, zip(*lines, strict=True))
    top = max(max(debits), max(credits_))
    least = min(min(debits), min(credits_))
    if type(sum(debits)) is not int or type(sum(credits_)) is not int or top >= MOST_FEN or least < 0:
        raise ValueError
    entries: tuple[list[Any], ...] = (
        [o[0] for o in orders], [o[1] for o in orders], [o[3] for o in orders], [o[4] for o in orders],
        [o[5] for o in orders], [o[6] for o in orders], [o[7] for o in orders], [len(o[2]) for o in orders],
    )  # fmt: skip
    if set(map(type, entries[1])) != {datetime.date} or max([len(key) for key in entries[0]]) > 120:
        raise ValueError
    for column, most in ((2, 20), (3, 200), (4, 200), (5, 80)):
        if max([len(text) for text in entries[column]]) > most:
            raise ValueError
    if max(map(len, subjects)) > 60 or max(map(len, txns)) > 60:
        raise ValueError
    return _Columns(entries, (places, numbers, [ids[code] for code in codes], subjects, debits, credits_, txns))


# --- PostgreSQL -------------------------------------------------------------------------------------------------------

_CALL = (
    "SELECT o_first FROM funds_post(%s::bigint, %s::timestamptz, %s::text[], %s::bigint[], %s::text, "
    "%s::text[], %s::date[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::int[], %s::int[], "
    "%s::int[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::text[])"
)
_PAIR = (
    "INSERT INTO funds_pair (book_id, booked_at, digest, maker, via, maker_id, checker, checker_id, request_id, key, "
    'value_on, event, memo, basis, "case", counter_of_id, account1, subject1, debit1, credit1, txn1, account2, '
    "subject2, debit2, credit2, txn2) VALUES (" + ", ".join(["%s"] * 26) + ") RETURNING no"
)


def _postgresql(here: Any, ledger: Ledger, columns: _Columns | _Single, hand: Hand, digest: str) -> int:
    words, values = (
        _called(ledger, columns, hand, digest)
        if isinstance(columns, _Columns)
        else _paired(ledger, columns, hand, digest)
    )
    here.ensure_connection()
    if here.in_atomic_block or not here.autocommit:
        with transaction.atomic():
            answer = _asked(here, words, values)
    else:
        with here.wrap_database_errors:
            answer = next(iter(ask_alone(here, words, values)), None)
    if answer is None or answer[0] is None:
        raise LuoshiError("E_NOT_FOUND", "没有这本账簿。")
    return int(answer[0])


def _asked(here: Any, words: str, values: list[Any]) -> tuple[Any, ...] | None:
    import psycopg

    with here.wrap_database_errors:
        # The driver's own cursor binds at the server and keeps the plan; Django's makes the words anew each time.
        return psycopg.Cursor(here.connection).execute(words, values, prepare=True).fetchone()


def _called(ledger: Ledger, columns: _Columns, hand: Hand, digest: str) -> tuple[str, list[Any]]:
    keys, dates, events, memos, bases, cases, counters, lines = columns.entries
    places, numbers, accounts, subjects, debits, credits_, txns = columns.postings
    return _CALL, [
        ledger.book.pk, CLOCK.now(), _texts([hand.maker, hand.checker, hand.via, hand.request_id]),
        _numbers([hand.maker_id, hand.checker_id]), digest, _texts(keys), _numbers(dates), _texts(events),
        _texts(memos), _texts(bases), _texts(cases), _numbers(counters), _numbers(lines), _numbers(places),
        _numbers(numbers), _numbers(accounts), _texts(subjects), _numbers(debits), _numbers(credits_), _texts(txns),
    ]  # fmt: skip


def _paired(ledger: Ledger, one: _Single, hand: Hand, digest: str) -> tuple[str, list[Any]]:
    key, _day, _lines, event, memo, basis, case, counter = one.order
    maker, via, maker_id, checker, checker_id, request_id = hand
    values: list[Any] = [ledger.book.pk, CLOCK.now(), digest, maker, via, maker_id, checker, checker_id, request_id,
                         key, one.day, event, memo, basis, case, counter]  # fmt: skip
    for account, subject, _value_on, debit, credit, txn in one.lines:
        values += (account, subject, debit, credit, txn)
    # As text whatever its size: the driver would send 5 and 50,000 as two types, and each has a plan of its own.
    return _PAIR, [str(value) if type(value) is int else value for value in values]


def _numbers(values: Sequence[Any]) -> str:
    """Return PostgreSQL's text of an array of numbers or dates."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _texts(values: Sequence[str]) -> str:
    text = '","'.join(values)
    if text.count('"') != 2 * (len(values) - 1) or "\\" in text:
        text = '","'.join([value.replace("\\", "\\\\").replace('"', '\\"') for value in values])
    return '{"' + text + '"}'


# --- SQLite -----------------------------------------------------------------------------------------------------------

_ENTRY = (
    "INSERT OR FAIL INTO funds_entry (id, book_id, seal_id, key, value_on, event, memo, basis, "
    '"case", counter_of_id, lines) VALUES '
    "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_POSTING = (
    "INSERT OR FAIL INTO funds_posting (id, entry_id, account_id, subject, value_on, debit, credit, bank_txn_no) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_SEAL = (
    "INSERT INTO funds_seal (id, book_id, first_no, last_no, booked_at, maker, maker_id, checker, checker_id, via, "
    "request_id, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_NEXT = (
    "SELECT b.last_no, (SELECT e.key FROM funds_entry e WHERE e.book_id = b.id AND e.key = ?) FROM funds_book b "
    "WHERE b.id = ?"
)


_AT_ONCE = 32
"""Rows in one statement. They say OR FAIL, as their guards do: SQLite then keeps no copies to undo a statement by."""


@lru_cache(maxsize=2 * _AT_ONCE)
def _words(insert: str, rows: int) -> str:
    """Return an INSERT of one row as one of so many."""
    head, values, row = insert.partition(" VALUES ")
    return head + values + ", ".join([row] * rows)


def _insert_rows(link: Any, insert: str, columns: tuple[Sequence[Any], ...]) -> None:
    values = list(chain.from_iterable(zip(*columns, strict=True)))
    step = _AT_ONCE * len(columns)
    for at in range(0, len(values), step):
        some = values[at : at + step]
        link.execute(_words(insert, len(some) // len(columns)), some)


def _sqlite(here: Any, ledger: Ledger, columns: _Columns | _Single, hand: Hand, digest: str) -> int | None:
    here.ensure_connection()
    link = here.connection
    begin, end, undo = ("SAVEPOINT funds", "RELEASE funds", "ROLLBACK TO funds")
    if not here.in_atomic_block:
        begin, end, undo = ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
    with here.wrap_database_errors:
        link.execute(begin)
        try:
            if isinstance(columns, _Single):
                first = _insert_one(link, ledger.book.pk, columns, hand, digest)
            else:
                first = _insert(link, ledger.book.pk, columns, hand, digest)
            link.execute(end)
        except BaseException:
            link.execute(undo)
            if here.in_atomic_block:
                link.execute(end)
            raise
    return first


def _insert_one(link: Any, book: int, one: _Single, hand: Hand, digest: str) -> int | None:
    """Post one order and return its number; None when its key is known."""
    key, _day, given, event, memo, basis, case, counter = one.order
    row = link.execute(_NEXT, (key, book)).fetchone()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这本账簿。")
    if row[1] is not None:
        return None
    first: int = row[0] + 1
    entry = book * BOOK + first
    link.execute(_ENTRY, (entry, book, entry, key, one.day, event, memo, basis, case, counter, len(given)))
    for at in range(0, len(one.lines), _AT_ONCE):
        some = enumerate(one.lines[at : at + _AT_ONCE], entry * LINE + 1 + at)
        values = [value for place, line in some for value in (place, entry, *line)]
        link.execute(_words(_POSTING, len(values) // 8), values)
    now = CLOCK.now().astimezone(datetime.UTC).replace(tzinfo=None)
    maker, via, maker_id, checker, checker_id, request_id = hand
    link.execute(_SEAL, (entry, book, first, first, str(now), maker, maker_id, checker, checker_id, via, request_id,
                         digest))  # fmt: skip
    return first


def _insert(link: Any, book: int, columns: _Columns, hand: Hand, digest: str) -> int:
    keys, dates, events, memos, bases, cases, counters, lines = columns.entries
    row = link.execute(_NEXT, (keys[0], book)).fetchone()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这本账簿。")
    first: int = row[0] + 1
    count, seal = len(keys), book * BOOK + first
    days = {day: day.isoformat() for day in set(dates)}
    texts = [days[day] for day in dates]
    rows = (range(seal, seal + count), [book] * count, [seal] * count, keys, texts, events, memos, bases, cases,
            counters, lines)  # fmt: skip
    places, numbers, accounts, subjects, debits, credits_, txns = columns.postings
    entries = [seal + place for place in places]
    ids = [entry * LINE + number for entry, number in zip(entries, numbers, strict=True)]
    own = (ids, entries, accounts, subjects, [texts[place] for place in places], debits, credits_, txns)
    _insert_rows(link, _ENTRY, rows)
    _insert_rows(link, _POSTING, own)
    now = CLOCK.now().astimezone(datetime.UTC).replace(tzinfo=None)
    link.execute(_SEAL, (seal, book, first, first + count - 1, str(now), hand.maker, hand.maker_id, hand.checker,
                         hand.checker_id, hand.via, hand.request_id, digest))  # fmt: skip
    return first


# --- what was refused, in words ---------------------------------------------------------------------------------------


def _stored(ledger: Ledger, keys: Sequence[str]) -> dict[str, Entry]:
    """Return the entries of the book whose keys are among `keys`."""
    return {
        one.key: one
        for at in range(0, len(keys), 1_000)
        for one in Entry.objects.filter(book=ledger.book, key__in=keys[at : at + 1_000])
    }


def _replayed(ledger: Ledger, orders: Sequence[Order], stored: dict[str, Entry], hand: Hand) -> list[Posted]:
    """Answer orders whose keys are known with what was posted then, post the rest; E_CONFLICT for another body."""
    codes = {one.pk: code for code, one in ledger.accounts.items()}
    for order in orders:
        if (entry := stored.get(order.key)) is None:
            continue
        if checked_content([order]) != checked_content([order_of(entry, codes)]):
            raise LuoshiError(
                "E_CONFLICT",
                f"幂等键“{order.key}”已记过内容不同的分录 {entry.number}，没有再记。",
                fields={"key": order.key, "entry": entry.no},
            )
    rest = [order for order in orders if order.key not in stored]
    done = iter(post_all(ledger, rest, hand))
    answers = []
    for order in orders:
        found = stored.get(order.key)
        answers.append(next(done) if found is None else Posted(found.pk, found.no, False))
    return answers


def order_of(entry: Entry, codes: dict[int, str] | None = None) -> Order:
    """Return an entry as the order that made it; `codes` are {account id: code} of its book."""
    if codes is None:
        codes = dict(Account.objects.filter(book=entry.book_id).values_list("pk", "code"))
    lines = [
        Line(codes[one.account_id], one.debit, one.credit, one.subject, one.bank_txn_no)
        for one in entry.postings.filter(pk__gt=entry.pk * LINE, pk__lt=(entry.pk + 1) * LINE).order_by("pk")
    ]
    return Order(
        entry.key, entry.value_on, lines, entry.event, entry.memo, entry.basis, entry.case, entry.counter_of_id
    )


def _first_fault(ledger: Ledger, orders: Sequence[Order]) -> LuoshiError | None:
    return next((fault for order in orders if (fault := faults(order, ledger.rules)) is not None), None)


def _explained(ledger: Ledger, orders: Sequence[Order], fault: DatabaseError) -> Exception:
    """Return the refusal in words: what the database said says which rule, the rows say where."""
    code = _code(fault)
    if code is None:
        return fault
    if (
        code in ("unbalanced", "posting_one_side", "entry_lines", "account")
        and (found := _first_fault(ledger, orders)) is not None
    ):
        return found
    ledger.book.refresh_from_db()
    if code == "future":
        late = max(order.value_on for order in orders)
        return LuoshiError("E_FUTURE", f"起息日 {late} 晚于今天，没有入账。", fields={"value_on": str(late)})
    if code == "closed":
        early = min(order.value_on for order in orders)
        return LuoshiError(
            "E_STATE",
            f"{ledger.book.title}已结账至 {ledger.book.closed_through}，起息日 {early} 不能再入账。"
            "请记在未结账的日期。",
            fields={"closed_through": str(ledger.book.closed_through), "value_on": str(early)},
        )
    if code == "order":
        return LuoshiError("E_STATE", f"账簿“{ledger.book.title}”已停用，没有入账。")
    if code in ("posting_txn", "txn"):
        numbers = [line.bank_txn_no for order in orders for line in order.lines if line.bank_txn_no]
        return LuoshiError(
            "E_TXN_CONFLICT", "这个银行流水号在该账户已入过账，没有再记。", fields={"bank_txn_no": numbers[:20]}
        )
    if code == "entry_undone_once":
        return LuoshiError("E_DUPLICATE", "这笔分录已经对冲过，没有再对冲。")
    if code in ("balance_no_overdraft", "overdraft"):
        return _overdraft(ledger, orders)
    if code == "account":
        return LuoshiError("E_STATE", "分录里有已停用的科目，没有入账。")
    return fault


def _code(fault: DatabaseError) -> str | None:
    cause = fault.__cause__
    name = getattr(getattr(cause, "diag", None), "constraint_name", None)
    if name in _REFUSED:
        return str(name)
    text = str(fault).partition("\n")[0]
    if text.startswith("funds:"):
        return text.removeprefix("funds:")
    for column, code in (("funds_entry.key", "entry_key"), ("bank_txn_no", "posting_txn"),
                         ("counter_of_id", "entry_undone_once")):  # fmt: skip
        if column in text:
            return code
    return next((name for name in _REFUSED if name in text), None)


def _overdraft(ledger: Ledger, orders: Sequence[Order]) -> LuoshiError:
    moved: dict[tuple[str, str], int] = {}
    for order in orders:
        for one in order.lines:
            for subject in {one.subject, ""}:
                step = ledger.accounts[one.account].sign * (one.debit - one.credit)
                moved[one.account, subject] = moved.get((one.account, subject), 0) + step
    kept = {
        (row.account_id, row.subject): row.net
        for row in Balance.objects.filter(
            account__in={ledger.ids[code] for code, _ in moved}, subject__in={subject for _, subject in moved}
        )
    }
    short = [
        (code, subject, kept.get((ledger.ids[code], subject), 0), step)
        for (code, subject), step in moved.items()
        if ledger.accounts[code].guarded and kept.get((ledger.ids[code], subject), 0) + step < 0
    ]
    # The subject says more than its account.
    for code, subject, has, step in sorted(short, key=lambda one: not one[1]):
        title = f"{code} {ledger.accounts[code].title}" + (f" {subject}" if subject else "")
        return LuoshiError(
            "E_CAPACITY",
            f"{title} 余额 {Money(has)} 元，不够减少 {Money(-step)} 元，没有入账。",
            fields={"account": code, "subject": subject, "balance": has, "needed": -step},
        )
    return LuoshiError(
        "E_CAPACITY",
        "按起息日看，有一天的余额会成为负数，没有入账。请把起息日改为钱到账之后。",
        fields={"value_on": [str(order.value_on) for order in orders[:20]]},
    )
