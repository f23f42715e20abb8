"""What a person sees before an import: counts, every fault, what would change from what to what. Nothing is written.

An uploaded file waits for a day in the data directory (`instruments.spool`), its preview beside it; a preview is of the
person who asked for it, because what a row may do depends on who does it.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.instruments import spool
from luoshi.office.registers import actions, plan, reach, sheets
from luoshi.office.registers.declaration import Register
from luoshi.office.registers.plan import CHANGED, FAULTY, NEW, RESTORED, Plan, Planned, Report

IN_REQUEST = 5_000
"""So many rows are looked through while the person waits; more are a job."""
IN_REQUEST_BYTES = 2 * 1024 * 1024
KEPT_FAULTS = 10_000
SHOWN_ROWS = 100
_KEPT_S = 24 * 3600


@dataclass(slots=True)
class Preview:
    """What taking a file in would do.

    `counts` by operation, `faults` of {row, column, title, code, message, cell, warning} (at most `KEPT_FAULTS`, of
    `fault_total`), `rows` of {number, kind, cells: [{value, fault}]} to look at: the faulty first, then new ones,
    `changes` of {number, name, record, rows: [{label, old, new}]}. `plan` is the digest a confirmation names.
    """

    register: str
    name: str
    size_bytes: int
    digest: str
    rows_total: int
    counts: dict[str, int]
    columns: list[str]
    ignored: list[str]
    left_columns: list[str]
    faults: list[dict[str, Any]]
    fault_total: int
    warnings: int
    rows: list[dict[str, Any]]
    changes: list[dict[str, Any]]
    already: int | None
    plan: str
    at: datetime.datetime
    seconds: float
    groups_left: list[str] = field(default_factory=list)

    @property
    def writes(self) -> int:
        """How many rows would be written by leaving the faulty ones out."""
        return self.counts[NEW] + self.counts[CHANGED] + self.counts[RESTORED]


def preview(*, actor: Actor, register: Register, name: str, data: bytes, report: Report | None = None) -> Preview:
    """Look a file through; faulty rows are told. E_FILE, E_HEADER, E_TOO_LARGE, E_FORBIDDEN, E_NOT_FOUND."""
    reach.require_act(actor, register, "take_in")
    began = time.perf_counter()
    table = sheets.read(register, name, data)
    planned = Plan(register, table, actor=actor, on=CLOCK.today(), report=report)
    at, digest = CLOCK.now(), actions.digest_of(data)
    gathered = _Gathered(register, planned)
    for batch in planned.batches():
        for row in batch:
            gathered.take(row)
    known = actions.taken_before(register, digest)
    given = {column.name for column in table.columns.values()}
    return Preview(
        register=register.key,
        name=name[:200],
        size_bytes=len(data),
        digest=digest,
        rows_total=planned.total,
        counts=planned.counts,
        columns=[column.header for column in register.columns if column.name in given],
        ignored=table.ignored,
        left_columns=[column.header for column in register.columns if column.name not in given],
        faults=gathered.faults,
        fault_total=gathered.fault_total,
        warnings=planned.warnings,
        rows=gathered.shown(),
        changes=gathered.changes,
        already=known.pk if known is not None else None,
        plan=planned.digest,
        at=at,
        seconds=round(time.perf_counter() - began, 3),
    )


class _Gathered:
    """What of the rows is kept to be looked at, within bounds."""

    def __init__(self, register: Register, planned: Plan) -> None:
        self._register, self._planned = register, planned
        self._given = [c for c in register.columns if c in planned.table.columns.values()]
        self._faulty: list[dict[str, Any]] = []
        self._new: list[dict[str, Any]] = []
        self.faults: list[dict[str, Any]] = []
        self.fault_total = 0
        self.changes: list[dict[str, Any]] = []

    def take(self, row: Planned) -> None:
        for fault in row.faults:
            self.fault_total += not fault.warning
            if len(self.faults) < KEPT_FAULTS:
                column = self._register.by_name.get(fault.column)
                title = column.header if column is not None else ""
                self.faults.append({"row": row.number, "title": title} | asdict(fault))
        if row.op == FAULTY and len(self._faulty) < SHOWN_ROWS:
            self._faulty.append(self._cells(row, "faulty"))
        elif row.op in (NEW, RESTORED) and len(self._new) < SHOWN_ROWS // 4:
            self._new.append(self._cells(row, "new"))
        elif row.op == CHANGED and len(self.changes) < SHOWN_ROWS:
            self.changes.append(self._change(row))

    def shown(self) -> list[dict[str, Any]]:
        return self._faulty + self._new

    def _words(self, column: Any, value: Any) -> str:
        return actions.shown(column, value, self._planned.books.reading, mask=True)

    def _cells(self, row: Planned, kind: str) -> dict[str, Any]:
        told: dict[str, plan.CellFault | None] = {}
        for one in row.faults:
            told.setdefault(one.column, one)
        cells = []
        for column in self._given:
            fault = told.pop(column.name, None)
            value = row.given.get(column.name)
            if fault is not None and fault.cell:
                words = fault.cell
            elif isinstance(value, plan.Masked):
                words = value.text
            else:
                words = self._words(column, value)
            cells.append({"value": words, "fault": "" if fault is None or fault.warning else fault.message})
        if rest := [left.message for left in told.values() if left is not None and not left.warning]:
            # What is wrong with the whole row stands at its first cell.
            cells[0]["fault"] = "；".join([*([cells[0]["fault"]] if cells[0]["fault"] else []), *rest])
        return {"number": row.number, "kind": kind, "cells": cells}

    def _change(self, row: Planned) -> dict[str, Any]:
        assert row.known is not None
        old = row.known.values
        return {
            "number": row.number,
            "record": row.known.pk,
            "name": str(row.values[self._register.name]),
            "rows": [
                {"label": c.title, "old": self._words(c, old[c.name]), "new": self._words(c, row.values[c.name])}
                for c in self._register.columns
                if old[c.name] != row.values[c.name]
            ],
        }


def faults_sheet(register: Register, found: Preview) -> bytes:
    """Return the faults as an Excel file: row, column, what stood there, what to do."""
    stream = io.BytesIO()
    columns = [
        ("行", 8, True),
        ("列", 22, False),
        ("原内容", 24, False),
        ("问题和改法", 60, False),
        ("代码", 16, False),
    ]
    book = sheets.Book(stream, title="错误清单", columns=columns)
    for fault in found.faults:
        note = "（提醒，可以导入）" if fault["warning"] else ""
        book.add((fault["row"], fault["title"], fault["cell"], f"{fault['message']}{note}", fault["code"]))
    left = found.fault_total + found.warnings - len(found.faults)
    book.close([["台账", register.title], ["文件", found.name], ["未列出", f"{max(left, 0)} 处"]])
    return stream.getvalue()


# --- waiting --------------------------------------------------------------------------------------------------------


def _folder() -> Path:
    folder = Path(settings.DATA_DIR) / "previews"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _path(actor: Actor, register: Register, key: str) -> Path:
    owner = f"{actor.user_id}:{actor.for_id}:{register.key}:{key}"
    return _folder() / f"{hashlib.sha256(owner.encode()).hexdigest()}.json"


def keep(actor: Actor, key: str, found: Preview) -> None:
    """Put a preview aside for the person who asked for it; drops those older than a day."""
    from luoshi.office.registers.declaration import find

    for old in _folder().iterdir():
        if old.stat().st_mtime < time.time() - _KEPT_S:
            old.unlink(missing_ok=True)
    path = _path(actor, find(found.register), key)
    written = path.with_suffix(f".{os.getpid()}.part")
    written.write_text(json.dumps(asdict(found) | {"at": found.at.isoformat()}, ensure_ascii=False), encoding="utf-8")
    written.replace(path)


def kept(actor: Actor, register: Register, key: str) -> Preview | None:
    """Return the preview of a waiting file, None when it has not been made or has been dropped."""
    try:
        data: Mapping[str, Any] = json.loads(_path(actor, register, key).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return Preview(**{**data, "at": datetime.datetime.fromisoformat(data["at"])})


def forget(actor: Actor, register: Register, key: str) -> None:
    """Drop a preview."""
    _path(actor, register, key).unlink(missing_ok=True)


def waiting(key: str) -> spool.Upload:
    """Return a waiting file; E_NOT_FOUND when it has been dropped."""
    return spool.take(key)


def is_long(register: Register, name: str, data: bytes) -> bool:
    """Tell whether looking a file through is a job; refuses at once what cannot be read."""
    if len(data) > IN_REQUEST_BYTES:
        return True
    return sheets.read(register, name, data).size > IN_REQUEST
