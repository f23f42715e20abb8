"""Take a decision from the command line: with this installation's parameter book, where it keeps one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luoshi.kernel import decisions
from luoshi.kernel.decisions import Decision, Rerun


def decide_here(
    key: str, facts: Mapping[str, Any] | str | bytes, on: datetime.date, overrides: Mapping[str, Any] | None = None
) -> Decision:
    """Take a decision by key with the book in force; without a database, with the parameters as delivered."""
    if not keeps_data():
        return decisions.decide(key, facts, on, overrides)
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.office.parameters import book

    return book.decide(key, facts, on, overrides)


def rerun_here(receipt: Mapping[str, Any]) -> Rerun:
    """Take the decision of a receipt again with the values it names, compared with the book in force."""
    from luoshi.site.setup import prepare

    prepare()
    from luoshi.office.parameters import book

    return book.rerun(receipt)


def keeps_data() -> bool:
    """Whether this installation has a database at all; looking for it makes none."""
    from luoshi.site.environment import databases, read

    known = read()
    base = databases(known["LUOSHI_DATABASE_URL"], Path(known["LUOSHI_DATA"]))
    return not base["ENGINE"].endswith("sqlite3") or Path(base["NAME"]).exists()
