"""Substring search in Chinese text, the same on SQLite (FTS5) and PostgreSQL (tsvector).

Chinese is written without blanks, so a text is indexed as its overlapping pairs of characters and a query is the phrase
of its pairs: `修补街` finds the texts with 修补 followed by 补街. Punctuation, blanks and case do not count.
A part's last character is indexed alone too: a query of one character is a prefix, and no phrase spans two parts.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField
from django.db.models.expressions import RawSQL

from luoshi.office.pipeline import Told

_WORDLESS = re.compile(r"[\W_]+")
_MAX_QUERY = 60
COMMON = 10_000
"""A word in so many texts or more is common."""


def fold(text: str) -> str:
    """Return what of `text` is indexed: letters, digits and ideographs in one case, nothing between them."""
    return _WORDLESS.sub("", unicodedata.normalize("NFKC", text)).lower()


def _pairs(folded: str) -> list[str]:
    return [folded[i : i + 2] for i in range(len(folded))]


def table_operations(table: str) -> tuple[Callable[[Any, Any], None], Callable[[Any, Any], None]]:
    """Return the functions with which a `RunPython` makes the index `table` and drops it."""

    def forwards(_apps: Any, editor: Any) -> None:
        if editor.connection.vendor == "sqlite":
            editor.execute(
                f"CREATE VIRTUAL TABLE {table} USING fts5"
                "(pairs, content='', columnsize=0, prefix='1', tokenize='unicode61 remove_diacritics 0')"
            )
        else:
            editor.execute(f"CREATE TABLE {table} (rowid bigint PRIMARY KEY, pairs tsvector NOT NULL)")
            editor.execute(f"CREATE INDEX {table}_gin ON {table} USING gin (pairs)")

    def backwards(_apps: Any, editor: Any) -> None:
        editor.execute(f"DROP TABLE {table}")

    return forwards, backwards


def index(table: str, texts: Iterable[tuple[int, Iterable[str]]]) -> None:
    """Add rows of an id and the parts of its text; a part a reviewer corrects is indexed anew by `reindex`."""
    told = indexing(table, texts)
    with connection.cursor() as cursor:
        cursor.executemany(told.sql, told.rows)


def indexing(table: str, texts: Iterable[tuple[int, Iterable[str]]]) -> Told:
    """Return the statement that adds rows, as `index` does."""
    written, value = (" ".join, "%s") if connection.vendor == "sqlite" else (_tsvector, "%s::tsvector")
    rows = [(key, written([pair for part in parts for pair in _pairs(fold(part))])) for key, parts in texts]
    return Told(f"INSERT INTO {table} (rowid, pairs) VALUES (%s, {value})", rows)  # noqa: S608


def reindex(table: str, key: int, old: Iterable[str], new: Iterable[str]) -> None:
    """Index a row anew under its changed parts; `old` are the parts it was indexed with."""
    if connection.vendor == "sqlite":
        # The index keeps no text of its own, so what is taken out has to be told again.
        before = " ".join(pair for part in old for pair in _pairs(fold(part)))
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} ({table}, rowid, pairs) VALUES ('delete', %s, %s)", [key, before])  # noqa: S608
    else:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE rowid = %s", [key])  # noqa: S608
    index(table, [(key, new)])


def _tsvector(pairs: list[str]) -> str:
    # PostgreSQL counts positions up to 16383 and keeps 255 of one lexeme: more of a single text is not searched.
    return " ".join(f"'{pair}':{place}" for place, pair in enumerate(pairs[:16383], 1))


def all_matching(table: str, query: str, limit: int | None = None) -> RawSQL:
    """Return, as a subquery, the ids whose text contains `query`: all of them, or any `limit` of them.

    None if the query holds no letter, digit or ideograph.
    """
    folded = fold(query)[:_MAX_QUERY]
    pairs = _pairs(folded)[:-1]
    if not folded:
        return RawSQL("SELECT 0 AS rowid WHERE 1 = 0", [], output_field=BigIntegerField())
    if connection.vendor == "sqlite":
        phrase = f'"{" ".join(pairs)}"' if pairs else f'"{folded}" *'
        condition = f"{table} MATCH %s"
    else:
        phrase = " <-> ".join(f"'{pair}'" for pair in pairs) if pairs else f"'{folded}':*"
        condition = "pairs @@ %s::tsquery"
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    statement = f"SELECT rowid FROM {table} WHERE {condition}{bound}"  # noqa: S608 - the table's name is ours
    return RawSQL(statement, [phrase], output_field=BigIntegerField())  # noqa: S611 - words are parameters


def common(table: str, query: str) -> bool:
    """Tell whether so many texts contain `query` that asking about each of them takes long."""
    matching = all_matching(table, query, COMMON)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({matching.sql}) AS found", matching.params)  # noqa: S608 - our own words
        return bool(cursor.fetchone()[0] >= COMMON)


def some_matching(table: str, query: str, limit: int) -> list[int]:
    """Return any `limit` of the ids whose text contains `query`, or all where they are fewer."""
    matching = all_matching(table, query, limit)
    with connection.cursor() as cursor:
        cursor.execute(matching.sql, matching.params)
        return [row[0] for row in cursor.fetchall()]


def newest_matching(table: str, query: str, limit: int) -> list[int]:
    """Return the highest ids whose text contains `query`, at most `limit`, highest first."""
    matching = all_matching(table, query)
    statement = f"SELECT rowid FROM ({matching.sql}) AS found ORDER BY rowid DESC LIMIT %s"  # noqa: S608 - our own words
    with connection.cursor() as cursor:
        cursor.execute(statement, [*matching.params, limit])
        return [row[0] for row in cursor.fetchall()]


def among(ids: Collection[int]) -> RawSQL:
    """Return `ids` as a subquery of one parameter: thousands of parameters would cost more than the query."""
    if connection.vendor == "sqlite":
        return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(list(ids))], output_field=BigIntegerField())
    return RawSQL("SELECT unnest(%s::bigint[])", [list(ids)], output_field=BigIntegerField())
