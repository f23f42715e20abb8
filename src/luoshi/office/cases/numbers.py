"""Numbers of cases: unique, never reused, gaps allowed (conventions section 3)."""

from __future__ import annotations

import datetime
import re

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure
from luoshi.office.rows import Asked

_N = re.compile(r"\{n(?::(\d+))?\}")
_NEXT = (
    "INSERT INTO cases_caseseries (name, last) VALUES (%s, 1) "
    "ON CONFLICT (name) DO UPDATE SET last = cases_caseseries.last + 1 RETURNING last"
)
PLAIN = "BJ-{year}-{n:06}"
"""The number of a case whose procedure names none."""


def asked(procedure: Procedure, at: datetime.datetime) -> Asked:
    """Return the question for the next number of the procedure's series for the year. Needs a transaction."""
    # Who comes second waits here until the first one's transaction ends.
    return Asked(None, _NEXT, [_series(procedure, at)])


def read(procedure: Procedure, at: datetime.datetime, n: int) -> str:
    """Return the number that was given; E_SERIES_FULL."""
    pattern, year = procedure.number or PLAIN, local(at).year
    width = next((int(match[1]) for match in _N.finditer(pattern) if match[1]), 0)
    if width and n >= 10**width:
        raise LuoshiError("E_SERIES_FULL", f"{year}年“{procedure.title}”的编号已用完。请联系系统管理员加长编号。")
    return _N.sub(f"{n:0{width}d}", pattern).replace("{year}", str(year))


def _series(procedure: Procedure, at: datetime.datetime) -> str:
    return _N.sub("#", procedure.number or PLAIN).replace("{year}", str(local(at).year))
