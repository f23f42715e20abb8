"""A database to measure on: SQLite in a temporary folder, or one beside LUOSHI_DATABASE_URL's; removed afterwards."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


@contextmanager
def scratch() -> Iterator[None]:
    """Make the database, bring it to the present form, and remove it in the end."""
    with tempfile.TemporaryDirectory(prefix="luoshi-bench-") as folder:
        os.environ["LUOSHI_DATA"] = folder
        os.environ["LUOSHI_JOBS"] = "off"
        os.environ["LUOSHI_HOSTS"] = "*"
        url, name = os.environ.get("LUOSHI_DATABASE_URL", ""), f"luoshi_bench_{os.getpid()}"
        if url:
            _administer(url, f'CREATE DATABASE "{name}"')
            os.environ["LUOSHI_DATABASE_URL"] = urlsplit(url)._replace(path=f"/{name}").geturl()
        from luoshi.site.setup import migrate, prepare

        prepare()
        migrate()
        try:
            yield
        finally:
            from django.db import connections

            connections.close_all()
            if url:
                _administer(url, f'DROP DATABASE "{name}"')


def _administer(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
