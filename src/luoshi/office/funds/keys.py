"""A primary key that is given, not counted up: on SQLite the row's own number, without an index beside it."""

from __future__ import annotations

from typing import Any

from django.db import models


class PlacedKey(models.BigIntegerField):  # type: ignore[type-arg]
    """A BIGINT whose column SQLite declares INTEGER, as only that makes a primary key the row's own number."""

    def db_type(self, connection: Any) -> str | None:
        """Return the column's type."""
        return "integer" if connection.vendor == "sqlite" else super().db_type(connection)

    def rel_db_type(self, connection: Any) -> str | None:
        """Return the type of a column that refers to it."""
        return models.BigIntegerField().db_type(connection)
