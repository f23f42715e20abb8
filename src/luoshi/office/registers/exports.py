"""A list as an Excel file: same rows, order and columns; sensitive columns masked; who took it out, by which filter."""

from __future__ import annotations

import datetime
import io
import json
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.registers import sheets
from luoshi.office.registers.declaration import Column, Register
from luoshi.office.registers.plan import Report
from luoshi.office.registers.queries import RecordRow, RegisterFilter, RegisterList

IN_REQUEST = 5_000
"""So many rows are written while the person waits; more are a job."""
_KEPT_S = 7 * 24 * 3600
_KEY = re.compile(r"[0-9a-f]{32}")


def workbook(found: RegisterList, *, columns: Sequence[Column], actor: Actor, described: str) -> bytes:
    """Return the list as an Excel file. Side effect: one audit entry."""
    stream = io.BytesIO()
    _write(stream, found, columns, actor, described, None)
    return stream.getvalue()


def columns_of(register: Register, names: Sequence[str]) -> list[Column]:
    """Return the columns named, in the register's order; those of the list when none is."""
    chosen = [column for column in register.columns if column.name in names]
    return chosen or [column for column in register.columns if column.listed]


def _write(
    target: Any, found: RegisterList, columns: Sequence[Column], actor: Actor, described: str, report: Report | None
) -> int:
    register = found.register
    # What the record is found by again always stands in the file, so that it can be brought back corrected.
    keys = [register.by_name[name] for name in register.natural_key]
    shown = [*(c for c in keys if c not in columns), *columns]
    head = [(sheets.NUMBER, 8, True), (sheets.VERSION, 6, True)]
    book = sheets.Book(
        target, title=register.title, columns=[*head, *((c.header, sheets.width(c), c.right) for c in shown)]
    )
    count = 0
    for row in found.every():
        book.add([row.pk, row.version, *(cell(found, row, column) for column in shown)])
        count += 1
        if report is not None and count % 1000 == 0:
            report("exporting", count, 0)
    who = f"{actor.name}（代{actor.for_name}）" if actor.for_name else actor.name
    foot = [
        ["台账", f"{'演示数据；' if settings.DEMO else ''}{register.title}"],
        ["条件", described],
        ["数据截至", f"{found.day:%Y-%m-%d}"],
        ["行数", f"{count:,}"],
        ["导出", f"{CLOCK.now():%Y-%m-%d %H:%M} {who}"],
        ["说明", "敏感列已遮盖；改好后可在本台账导入，遮盖的格不动即不改。"],
    ]
    book.close(foot)
    append(
        actor=actor,
        act="register.export",
        subject=f"register:{register.key}",
        after={"rows": count, "filter": described, "on": found.day.isoformat()},
        permission=register.see,
    )
    return count


def cell(found: RegisterList, row: RecordRow, column: Column) -> Any:
    """Return what stands in a cell: figures as numbers where a spreadsheet keeps them whole, else the words."""
    value = row.values[column.name]
    if value is None or value == "":
        return None
    if column.kind in ("integer", "year") and abs(value) < 10**15:
        return value
    if column.kind == "money" and abs(value) < 10**14:
        return Money(value)
    if column.kind in ("decimal", "latitude", "longitude") and len(Decimal(value).as_tuple().digits) <= 15:
        return float(value)
    if column.kind == "date":
        return value.isoformat()
    return found.words(column, value)


def write_to_folder(
    register: Register,
    asked: Mapping[str, Any],
    *,
    actor: Actor,
    described: str,
    report: Report | None = None,
) -> tuple[str, int]:
    """Write a list to a file that waits a week for `actor`; return its key and the number of rows."""
    wanted = RegisterFilter.from_data(asked["filter"])
    day = datetime.date.fromisoformat(asked["on"])
    found = RegisterList(register, wanted, actor=actor, day=day)
    folder = _folder()
    for old in folder.iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    key = secrets.token_hex(16)
    count = _write(
        str(folder / f"{key}.xlsx"), found, columns_of(register, asked.get("columns", ())), actor, described, report
    )
    told = {"register": register.key, "user": actor.user_id, "for": actor.for_id, "on": day.isoformat()}
    (folder / f"{key}.json").write_text(json.dumps(told), encoding="utf-8")
    return key, count


def waiting(actor: Actor, register: Register, key: str) -> Path:
    """Return the file of an export; E_NOT_FOUND for anybody but who asked for it."""
    refused = LuoshiError("E_NOT_FOUND", "没有这个导出文件，或已过保留期（7 天）。请重新导出。")
    if not _KEY.fullmatch(key):
        raise refused
    try:
        told = json.loads((_folder() / f"{key}.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise refused from None
    own = told["user"] == actor.user_id and told["for"] == actor.for_id and told["register"] == register.key
    path = _folder() / f"{key}.xlsx"
    if not own or not path.exists():
        raise refused
    return path


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
