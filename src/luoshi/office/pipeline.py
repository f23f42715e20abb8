"""Statements to PostgreSQL in one journey: planned once a connection, their values sent beside their words.

The driver's own way takes a journey for each statement, and reads the words anew each time; here any number go at once
through libpq's pipeline, the first of a transaction with its beginning. What a statement refuses ends the transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg.pq.abc import PGconn, PGresult
    from psycopg.waiting import Ready, Wait


class Told(NamedTuple):
    """A statement (`%s` for each value) to be carried out with each of `rows`. `often`: its plan is kept."""

    sql: str
    rows: Sequence[Sequence[Any]]
    often: bool = True


class Answer(NamedTuple):
    """What a statement brought: rows, and how many it returned or changed."""

    rows: list[tuple[Any, ...]]
    reached: int


def deliver(link: BaseDatabaseWrapper, told: Sequence[Told]) -> list[Answer]:
    """Carry out statements in their order and return what each brought; psycopg's error for one that is refused."""
    from psycopg.pq import TransactionStatus

    link.validate_no_broken_transaction()
    link.close_if_health_check_failed()
    link.ensure_connection()
    begun, driver = time.monotonic(), link.connection
    line, pg = _line(driver), driver.pgconn
    names = line.named(driver, [one.sql for one in told if one.often])
    sent: list[Callable[[], None]] = []
    if starts := link.in_atomic_block and pg.transaction_status == TransactionStatus.IDLE:
        sent.append(partial(pg.send_query_params, b"BEGIN", None))
    for one in told:
        for row in one.rows:
            values = [None if value is None else _text(value) for value in row]
            if one.often:
                sent.append(partial(pg.send_query_prepared, names[one.sql], values))
            else:
                sent.append(partial(pg.send_query_params, _numbered(one.sql), values))
    found = iter(_carried_out(driver, sent)[starts:])
    if link.queries_logged:
        sql = "; ".join(one.sql for one in told)
        link.queries_log.append({"sql": sql, "time": f"{time.monotonic() - begun:.3f}"})
    return [line.answer([next(found) for _ in one.rows]) for one in told]


def ask_alone(link: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Carry out one statement that is a transaction by itself and return its rows; psycopg's error when refused.

    The plan is kept, and libpq itself waits: the driver's own way waits in turns, which takes longer than the journey.
    """
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    driver = link.connection
    line = _line(driver)
    name = line.named(driver, [sql])[sql]
    result = driver.pgconn.exec_prepared(name, [None if value is None else _text(value) for value in values])
    if result.status not in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        raise error_from_result(result)
    return line.answer([result]).rows


class _Line:
    """What is known of a connection: the statements it has a plan for, and how its answers are read."""

    def __init__(self) -> None:
        self._names: dict[str, bytes] = {}
        self._reader = _reader()

    def named(self, driver: Connection[Any], wanted: Sequence[str]) -> dict[str, bytes]:
        """Return the names of statements, planned now where they are not."""
        if fresh := [sql for sql in dict.fromkeys(wanted) if sql not in self._names]:
            given = {sql: b"ls_%d" % (len(self._names) + place) for place, sql in enumerate(fresh)}
            plan = driver.pgconn.send_prepare
            _carried_out(driver, [partial(plan, name, _numbered(sql)) for sql, name in given.items()])
            self._names |= given
        return self._names

    def answer(self, results: Sequence[PGresult]) -> Answer:
        """Return what the results of a statement hold."""
        rows: list[tuple[Any, ...]] = []
        for result in results:
            if result.ntuples:
                self._reader.set_pgresult(result)
                rows += self._reader.load_rows(0, result.ntuples, tuple)
        return Answer(rows, sum(result.command_tuples or 0 for result in results))


_LINES: WeakKeyDictionary[Any, _Line] = WeakKeyDictionary()


def _line(driver: Any) -> _Line:
    if (line := _LINES.get(driver)) is None:
        line = _LINES[driver] = _Line()
    return line


def _reader() -> Any:
    """Return what makes values of answers: moments in UTC, JSON as it is written."""
    from psycopg import adapters
    from psycopg.adapt import AdaptersMap, Transformer
    from psycopg.types.string import TextLoader

    context: Any = SimpleNamespace(adapters=AdaptersMap(adapters), connection=None)
    for name in ("json", "jsonb"):
        context.adapters.register_loader(name, TextLoader)
    return Transformer(context)


def _carried_out(driver: Connection[Any], sent: Sequence[Callable[[], None]]) -> list[PGresult]:
    """Send everything at once and return the results; psycopg's error where one is refused."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    pg = driver.pgconn
    try:
        pg.enter_pipeline_mode()
        for send in sent:
            send()
        pg.pipeline_sync()
        found = driver.wait(_results(pg))
        pg.exit_pipeline_mode()
    except BaseException:
        # Nobody knows what is still to come.
        driver.close()
        raise
    for result in found:
        if result.status == ExecStatus.FATAL_ERROR:
            raise error_from_result(result)
    return found


def _results(pg: PGconn) -> Generator[Wait, Ready | int, list[PGresult]]:
    """Wait for the results of everything sent, as psycopg wants it told: by yielding what it is to wait for."""
    from psycopg.pq import ExecStatus
    from psycopg.waiting import Ready, Wait

    while pg.flush():
        if (yield Wait.RW) & Ready.R:
            pg.consume_input()
    found: list[PGresult] = []
    while True:
        while pg.is_busy():
            yield Wait.R
            pg.consume_input()
        result = pg.get_result()
        if result is None:
            continue
        if result.status == ExecStatus.PIPELINE_SYNC:
            return found
        found.append(result)


def _text(value: Any) -> bytes:
    """Return a value as PostgreSQL reads it; psycopg's DataError for what would be cut off at a NUL."""
    if isinstance(value, str):
        if "\0" in value:
            from psycopg import DataError

            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return value.encode()
    if isinstance(value, bool):
        return b"t" if value else b"f"
    if isinstance(value, (int, float, Decimal, datetime, date)):
        return str(value).encode()
    raise TypeError(type(value))


@lru_cache(maxsize=512)
def _numbered(sql: str) -> bytes:
    """Return words with `$1`, `$2` for each value."""
    first, *rest = sql.split("%s")
    return (first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))).encode()
