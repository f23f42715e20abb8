"""What taking a table in would do, row by row: new, changed, restored, unchanged or faulty, and why; writes nothing.

The preview and the import itself run through the same rows; the digest over all of them proves that what is written is
what was seen. Rows come in batches, so that a million of them need no more memory than a thousand.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.registers import reach
from luoshi.office.registers.declaration import Column, Register, RowFault
from luoshi.office.registers.kinds import KINDS, Fault, as_text, blank, masked
from luoshi.office.registers.models import standing
from luoshi.office.registers.reading import Books
from luoshi.office.registers.sheets import Table

BATCH = 1_000
_MEMO = 20_000
"""So many different texts of a column are read once; beyond, each cell is read."""

NEW, CHANGED, RESTORED, UNCHANGED, FAULTY = "new", "changed", "restored", "unchanged", "faulty"
OPS = (NEW, CHANGED, RESTORED, UNCHANGED, FAULTY)

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CellFault:
    """What is wrong with a row: the column's name (empty: the row), code, what to do; what stood in the cell."""

    column: str
    code: str
    message: str
    warning: bool = False
    cell: str = ""


@dataclass(slots=True)
class Known:
    """A record as the database has it."""

    pk: int
    version: int
    stands: bool
    ended_on: datetime.date | None
    void: bool
    values: dict[str, Any]


@dataclass(slots=True)
class Planned:
    """One row: its number in the file, what it would do, the record's values afterwards, what is wrong with it."""

    number: int
    op: str
    values: dict[str, Any]
    known: Known | None = None
    faults: list[CellFault] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    version: int | None = None

    def refuse(self, fault: CellFault) -> None:
        """Note a fault; without being a warning it stops the row."""
        self.faults.append(fault)
        if not fault.warning:
            self.op = FAULTY


class Masked:
    """A sensitive value as exports show it, brought back unread."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


_Cell = tuple[Any, CellFault | None]


class Plan:
    """The rows of a table against a register, for one person on one day."""

    def __init__(
        self,
        register: Register,
        table: Table,
        *,
        actor: Actor,
        on: datetime.date,
        report: Report | None = None,
    ) -> None:
        self.register, self.table, self._on, self._report = register, table, on, report
        self.books = Books(register, on)
        self._scope = reach.reach(actor, register, "take_in")
        self._memos: dict[str, dict[str, _Cell]] = {column.name: {} for column in register.columns}
        self._seen: dict[Any, int] = {}
        self.counts = dict.fromkeys(OPS, 0)
        self.warnings = 0
        self._digest = hashlib.new("sm3")
        given = {column.name for column in table.columns.values()}
        self._lacking = [c for c in register.columns if c.required and c.name not in given]
        self._unique = [c for c in register.columns if c.unique]
        self._places = [(p, c.name, c, self._memos[c.name]) for p, c in table.columns.items()]

    @property
    def digest(self) -> str:
        """The digest of every row gone through so far."""
        return self._digest.hexdigest()

    @property
    def total(self) -> int:
        """How many rows have been gone through."""
        return sum(self.counts.values())

    def batches(self, *, hold: bool = False) -> Iterator[list[Planned]]:
        """Yield the planned rows in order, in batches; `hold` yields them at once, when all are known.

        Rows of a register with unique columns are held: which row clashes is known only when all have been read.
        """
        if not hold and not self._unique:
            for batch in self._planned():
                yield self._settled(batch)
            return
        rows = [row for batch in self._planned() for row in batch]
        self._test_unique(rows)
        yield self._settled(rows)

    def _settled(self, batch: list[Planned]) -> list[Planned]:
        for row in batch:
            self.counts[row.op] += 1
            self.warnings += sum(fault.warning for fault in row.faults)
            known = row.known
            self._digest.update(
                repr(
                    (row.number, row.op, known.pk if known else 0, known.version if known else 0)
                    + ((tuple(row.values.values()),) if row.op != FAULTY else (tuple(f.message for f in row.faults),))
                ).encode()
            )
        return batch

    # --- reading ----------------------------------------------------------------------------------------------------

    def _planned(self) -> Iterator[list[Planned]]:
        batch: list[tuple[int, Sequence[Any]]] = []
        done = 0
        for number, cells in self.table.rows:
            # Most rows are told by their first cell; only what looks empty is looked at whole.
            if blank(cells[0] if cells else None) and all(blank(cell) for cell in cells):
                continue
            batch.append((number, cells))
            if len(batch) == BATCH:
                yield self._batch(batch)
                done += len(batch)
                if self._report is not None:
                    self._report("checking", done, self.table.size)
                batch = []
        if batch:
            yield self._batch(batch)

    def _batch(self, cells: list[tuple[int, Sequence[Any]]]) -> list[Planned]:
        self._look_up_references(cells)
        rows = [self._read(number, row) for number, row in cells]
        self._match(rows)
        for row in rows:
            self._merge(row)
        self._test(rows)
        return rows

    def _look_up_references(self, rows: list[tuple[int, Sequence[Any]]]) -> None:
        for place, column in self.table.columns.items():
            if column.kind == "reference":
                texts = (as_text(cells[place]).strip() for _number, cells in rows if place < len(cells))
                self.books.learn_cells(column, texts)

    def _read(self, number: int, cells: Sequence[Any]) -> Planned:
        row = Planned(number, NEW, {})
        given, width = row.given, len(cells)
        for place, name, column, memo in self._places:
            cell = cells[place] if place < width else ""
            if type(cell) is str:
                found = memo.get(cell)
                if found is None:
                    found = self._cell(column, cell)
                    if len(memo) < _MEMO:
                        memo[cell] = found
            else:
                found = self._cell(column, cell)
            given[name] = found[0]
            if found[1] is not None:
                row.refuse(found[1])
        at = self.table.version_at
        if at is not None and at < width and not blank(cells[at]):
            text = as_text(cells[at]).strip()
            row.version = int(text) if text.isdecimal() and len(text) < 10 else None
        return row

    def _cell(self, column: Column, cell: Any) -> _Cell:
        if blank(cell):
            if column.required:
                return None, CellFault(column.name, "E_INCOMPLETE", "必填，不能空着")
            return column.empty, None
        if column.sensitive and type(cell) is str and "*" in cell:
            return Masked(cell.strip()), None
        try:
            return KINDS[column.kind].read(column, cell, self.books.reading), None
        except Fault as fault:
            shown = as_text(cell)[:60]
            if column.sensitive and not fault.warning:
                shown = "（敏感内容，不显示）"
            return fault.value, CellFault(column.name, fault.code, fault.message, fault.warning, shown)

    # --- against what is registered -----------------------------------------------------------------------------------

    def _key(self, given: Mapping[str, Any]) -> tuple[Any, ...] | None:
        key = tuple(given.get(name) for name in self.register.natural_key)
        return None if any(part is None or part == "" or isinstance(part, Masked) for part in key) else key

    def _match(self, rows: list[Planned]) -> None:
        """Find the record of each row by its natural key; the second row of one key is faulty."""
        keys = {}
        for row in rows:
            key = self._key(row.given)
            if key is None:
                if not any(fault.column in self.register.natural_key for fault in row.faults):
                    names = "、".join(self.register.by_name[name].title for name in self.register.natural_key)
                    row.refuse(CellFault(self.register.natural_key[0], "E_INCOMPLETE", f"须写明{names}"))
                continue
            first = self._seen.setdefault(key, row.number)
            if first != row.number:
                names = "、".join(self.register.by_name[name].title for name in self.register.natural_key)
                message = f"{names}与第 {first} 行相同，同一条记录只能有一行"
                row.refuse(CellFault(self.register.natural_key[0], "E_DUPLICATE", message))
            keys[row.number] = key
        known = known_records(self.register, keys.values(), self._on)
        for row in rows:
            if (key := keys.get(row.number)) is not None:
                row.known = known.get(key)

    def _merge(self, row: Planned) -> None:
        """Say what the record would hold afterwards, and what that makes of the row."""
        known, register = row.known, self.register
        base = known.values if known is not None else {column.name: column.empty for column in register.columns}
        row.values = {**base, **row.given}
        for name, value in row.given.items():
            if isinstance(value, Masked):
                column = register.by_name[name]
                old = base.get(name)
                if known is not None and old and masked(column, str(old)) == value.text:
                    row.values[name] = old
                else:
                    row.values[name] = None
                    message = "带 * 号的是遮盖后的内容，不能导入。不改就照导出的样子留着，要改请写完整"
                    row.refuse(CellFault(name, "E_ID_MANGLED", message))
        if known is None:
            for column in self._lacking:
                row.refuse(CellFault("", "E_INCOMPLETE", f"新登记须有“{column.header}”，文件里没有这一列"))
        elif not reach.covers(register, self._scope, known.values):
            row.refuse(CellFault("", "E_FORBIDDEN", "已在别的单位名下登记，由其所属单位或主管单位更正"))
            row.known = None
        if row.op == FAULTY:
            return
        if not reach.covers(register, self._scope, row.values):
            title = register.by_name[register.organ_fields[0]].title if register.organ_fields else "单位"
            message = f"“{title}”不是您所在的单位，不能替其登记"
            row.refuse(CellFault(register.organ_fields[0] if register.organ_fields else "", "E_FORBIDDEN", message))
            return
        if known is None:
            row.op = NEW
        elif not known.stands:
            row.op = RESTORED
        else:
            row.op = UNCHANGED if row.values == known.values else CHANGED
        if row.op == CHANGED and known is not None and row.version not in (None, known.version):
            differing = "、".join(c.title for c in register.columns if row.values[c.name] != known.values[c.name])
            message = f"导出的是第 {row.version} 版，现在是第 {known.version} 版，不同处：{differing}。请重新导出后再改"
            row.refuse(CellFault("", "E_VERSION", message))

    def _test(self, rows: list[Planned]) -> None:
        """Run the register's own checks on the rows that are sound by themselves and change something."""
        sound = [row for row in rows if row.op in (NEW, CHANGED, RESTORED)]
        for row in sound:
            for fault in faults_of(self.register, row.values):
                row.refuse(fault)
        by_number = {row.number: row for row in sound if row.op != FAULTY}
        for check in self.register.batch_checks:
            for number, found in check([(number, row.values) for number, row in by_number.items()]):
                by_number[number].refuse(_cell_fault(self.register, found))

    def _test_unique(self, rows: list[Planned]) -> None:
        touched = {row.known.pk for row in rows if row.known is not None and row.op != FAULTY}
        for column in self._unique:
            first: dict[Any, int] = {}
            for row in rows:
                value = row.values.get(column.name)
                if row.op == FAULTY or value in (None, ""):
                    continue
                if (other := first.setdefault(value, row.number)) != row.number:
                    row.refuse(CellFault(column.name, "E_DUPLICATE", f"与第 {other} 行相同，不得重复"))
            taken = holders(self.register, column, first, touched, self._on)
            by_number = {row.number: row for row in rows}
            for value, called in taken.items():
                row = by_number[first[value]]
                row.refuse(CellFault(column.name, "E_DUPLICATE", f"“{called}”已用，不得重复"))


def faults_of(register: Register, values: Mapping[str, Any]) -> list[CellFault]:
    """Return what the register's checks of single rows say of a record's values."""
    return [_cell_fault(register, found) for check in register.checks for found in check(values)]


def _cell_fault(register: Register, found: RowFault | tuple[str, str]) -> CellFault:
    fault = found if isinstance(found, RowFault) else RowFault(*found)
    if fault.column and fault.column not in register.by_name:
        raise ValueError(f"{register.key}: a check names the unknown column {fault.column!r}")
    return CellFault(fault.column, fault.code, fault.message, fault.warning)


def known_records(
    register: Register, keys: Iterable[tuple[Any, ...]], on: datetime.date
) -> dict[tuple[Any, ...], Known]:
    """Return the records of natural keys, in one query."""
    wanted = set(keys)
    if not wanted:
        return {}
    natural = [register.by_name[name] for name in register.natural_key]
    rows = register.model._default_manager.filter(**{f"{natural[0].attname}__in": {key[0] for key in wanted}})
    for place, column in enumerate(natural[1:], 1):
        values = {key[place] for key in wanted}
        if len(values) == 1:
            rows = rows.filter(**{column.attname: values.pop()})
    names = [column.name for column in register.columns]
    attnames = [column.attname for column in register.columns]
    at = [names.index(name) for name in register.natural_key]
    found = {}
    for pk, version, ended_on, void, *values in rows.values_list("pk", "version", "ended_on", "void", *attnames):
        key = tuple(values[place] for place in at)
        if key in wanted:
            stands = not void and (ended_on is None or ended_on >= on)
            found[key] = Known(pk, version, stands, ended_on, void, dict(zip(names, values, strict=True)))
    return found


def holders(
    register: Register, column: Column, values: Iterable[Any], but: Iterable[int], on: datetime.date
) -> dict[Any, str]:
    """Return which of `values` other standing records than `but` hold in a unique column, with their names."""
    wanted, own = list(values), set(but)
    called = register.by_name[register.name].attname
    found: dict[Any, str] = {}
    for start in range(0, len(wanted), BATCH):
        condition = Q(**{f"{column.attname}__in": wanted[start : start + BATCH]}) & standing(on)
        rows = register.model._default_manager.filter(condition).values_list("pk", column.attname, called)
        found |= {value: str(name) for pk, value, name in rows if pk not in own}
    return found


def require_share(register: Register, plan: Plan) -> None:
    """Refuse with E_ROWS a table of which more is faulty than the register lets pass."""
    bound = register.most_faulty_bp
    if bound is not None and plan.counts[FAULTY] * 10_000 > bound * plan.total:
        raise LuoshiError(
            "E_ROWS",
            f"{plan.total:,} 行中有 {plan.counts[FAULTY]:,} 行有错，超过允许的 {bound / 100:g} %，整份不导。"
            "请改正后再导入。",
            fields={"faulty": plan.counts[FAULTY], "rows": plan.total},
        )
