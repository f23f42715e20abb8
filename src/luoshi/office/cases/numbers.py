"""Numbers of cases: unique, never reused, gaps allowed (conventions section 3)."""

from __future__ import annotations

import datetime
import re

from django.db import connection

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure

_N = re.compile(r"\{n(?::(\d+))?\}")
_NEXT = (
    "INSERT INTO cases_caseseries (name, last) VALUES (%s, 1) "
    "ON CONFLICT (name) DO UPDATE SET last = cases_caseseries.last + 1 RETURNING last"
)
PLAIN = "BJ-{year}-{n:06}"
"""The number of a case whose procedure names none."""


def take(procedure: Procedure, at: datetime.datetime) -> str:
    """Return the next number of the procedure's series for the year. Needs a transaction. E_SERIES_FULL."""
    pattern = procedure.number or PLAIN
    year = local(at).year
    series = _N.sub("#", pattern).replace("{year}", str(year))
    with connection.cursor() as cursor:
        # Who comes second waits here until the first one's transaction ends.
        cursor.execute(_NEXT, [series])
        n = cursor.fetchone()[0]
    width = next((int(match[1]) for match in _N.finditer(pattern) if match[1]), 0)
    if width and n >= 10**width:
        raise LuoshiError("E_SERIES_FULL", f"{year}年“{procedure.title}”的编号已用完。请联系系统管理员加长编号。")
    return _N.sub(f"{n:0{width}d}", pattern).replace("{year}", str(year))
