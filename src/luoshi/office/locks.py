"""One writer at a time where a chain or a number is continued."""

from __future__ import annotations

import hashlib

from django.db import connection


def serialise(name: str) -> None:
    """Hold the lock called `name` until the current transaction ends; needs an open transaction.

    SQLite's transactions begin IMMEDIATE (settings), so there is one writer already; PostgreSQL takes an advisory lock.
    """
    if connection.vendor == "postgresql":
        number = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])
