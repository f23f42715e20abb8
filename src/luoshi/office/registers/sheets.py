"""Tables in and out: Excel and CSV files read cell by cell within bounds, templates and lists written.

Reading is lenient about form (byte order mark, GB18030, full-width digits, order of columns, columns left out) and
strict about what would be a guess: merged cells, cells in error, two columns of one title are refused with their place.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.files import content
from luoshi.office.registers.declaration import Column, Register
from luoshi.office.registers.kinds import blank, narrow
from luoshi.office.workbook import plain

MAX_ROWS = 1_000_000
MAX_BYTES = 512 * 1024 * 1024
HEAD_ROWS = 10
"""The header stands within so many rows of the top."""

NUMBER, VERSION = "编号", "版本"
"""Columns of our own exports: the record's number and the version that was exported."""


@dataclass(slots=True)
class Table:
    """A file as read: its columns by place, titles nobody knows, the rows that follow the header."""

    columns: dict[int, Column]
    version_at: int | None
    ignored: list[str]
    rows: Iterator[tuple[int, Sequence[Any]]]
    size: int
    """How many rows follow the header, blank ones included."""


def read(register: Register, name: str, data: bytes) -> Table:
    """Read a file as a table of the register. E_FILE, E_HEADER, E_TOO_LARGE."""
    rows, size = cells_of(name, data)
    head: list[Sequence[Any]] = []
    for _place, cells in zip(range(HEAD_ROWS), rows, strict=False):
        head.append(cells)
    best = max(range(len(head)), key=lambda place: len(_matched(register, head[place])[0]), default=0)
    columns, version_at, ignored = _header(register, head[best] if head else [])

    def following() -> Iterator[tuple[int, Sequence[Any]]]:
        yield from enumerate(head[best + 1 :], best + 2)
        yield from enumerate(rows, len(head) + 1)

    return Table(columns, version_at, ignored, following(), max(size - best - 1, 0))


def cells_of(name: str, data: bytes) -> tuple[Iterator[Sequence[Any]], int]:
    """Return the rows of an Excel or CSV file as they stand, and how many there are. E_FILE, E_TOO_LARGE."""
    name = content.clean_name(name)
    if not data:
        raise LuoshiError("E_FILE", f"“{name}”是空的。请重新选择文件。")
    if len(data) > MAX_BYTES:
        raise LuoshiError("E_TOO_LARGE", f"“{name}”超过 {MAX_BYTES // 1024**2} MB，请拆分后再导入。")
    if name.lower().endswith(".csv"):
        rows, size = _csv_rows(name, data)
    elif name.lower().endswith(".xlsx"):
        rows, size = _excel_rows(name, data)
    else:
        raise LuoshiError("E_FILE", f"“{name}”不是 Excel（.xlsx）或 CSV 文件。请用本页的模板填写。")
    if size > MAX_ROWS + HEAD_ROWS:
        raise LuoshiError("E_TOO_LARGE", f"“{name}”有 {size:,} 行，超过 {MAX_ROWS:,} 行，请拆分后再导入。")
    return rows, size


def _excel_rows(name: str, data: bytes) -> tuple[Iterator[Sequence[Any]], int]:
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    verdict = content.examine(name, data)
    if verdict.reason:
        raise LuoshiError("E_FILE", f"“{name}”不能导入：{verdict.reason}。", fields={"name": name})
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        sheet = book.get_sheet_by_name(shown[0])
    except (CalamineError, ValueError, OSError, IndexError) as error:
        raise LuoshiError(
            "E_FILE", f"“{name}”读不出，应为 Excel（.xlsx）文件。", fields={"fault": str(error)}
        ) from None
    if merged := sheet.merged_cell_ranges:
        (top, left), (bottom, right) = merged[0]
        place = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
        raise LuoshiError(
            "E_FILE",
            f"“{name}”的 {place} 是合并单元格（共 {len(merged)} 处），读不准哪一行。请取消合并，逐行填写后再导入。",
            fields={"place": place, "count": len(merged)},
        )
    if faulty := _cells_in_error(data, shown[0]):
        raise LuoshiError(
            "E_FILE",
            f"“{name}”的 {'、'.join(faulty[:5])} 是公式的错误值（如 #REF!）。请改正公式，或粘贴为数值后再导入。",
            fields={"cells": faulty[:50]},
        )
    return iter(sheet.iter_rows()), sheet.total_height + 1


def _letters(column: int) -> str:
    text, column = "", column + 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


_ERROR_CELL = re.compile(rb'<c r="([A-Z]{1,3}\d{1,7})"[^>]*? t="e"')


def _cells_in_error(data: bytes, sheet: str) -> list[str]:
    """Return where a formula has no value but an error: the reader would take such a cell for a blank one."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        try:
            book = etree.fromstring(archive.read("xl/workbook.xml"), parser)
            targets = etree.fromstring(archive.read("xl/_rels/workbook.xml.rels"), parser)
            found = next(one for one in book.iter("{*}sheet") if one.get("name") == sheet)
            number = next(str(value) for key, value in found.attrib.items() if str(key).endswith("}id"))
            target = next(str(one.get("Target")) for one in targets.iter("{*}Relationship") if one.get("Id") == number)
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            cells: list[str] = []
            rest = b""
            with archive.open(part) as stream:
                while piece := stream.read(1 << 20):
                    block = rest + piece
                    # A cell cut in two by the block's end is looked at again with the next.
                    cut = block.rfind(b"<c ") if len(piece) == 1 << 20 else len(block)
                    cut = cut if cut > 0 else len(block)
                    if b't="e"' in block:
                        cells += [one.decode() for one in _ERROR_CELL.findall(block[:cut])]
                    rest = block[cut:]
            return cells
        except (KeyError, StopIteration, etree.XMLSyntaxError):
            return []


def _csv_rows(name: str, data: bytes) -> tuple[Iterator[Sequence[Any]], int]:
    text = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise LuoshiError("E_FILE", f"“{name}”的编码读不出，应为 UTF-8 或 GB18030。请另存为 CSV UTF-8 后再导入。")
    if "\0" in text:
        raise LuoshiError("E_FILE", f"“{name}”扩展名是 CSV，内容却不是文本。")
    first = text[:4000].splitlines()[0] if text.strip() else ""
    mark = max(",\t;", key=first.count)

    def rows() -> Iterator[Sequence[Any]]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
        try:
            yield from reader
        except csv.Error as error:
            message = f"“{name}”第 {reader.line_num} 行读不出（{error}）。请检查引号是否成对。"
            raise LuoshiError("E_FILE", message, fields={"line": reader.line_num}) from None

    return rows(), text.count("\n") + (not text.endswith("\n"))


# --- the header -------------------------------------------------------------------------------------------------------

_UNIT = re.compile(r"[(].*[)]$")


def _key(title: Any) -> str:
    return "".join(narrow(str(title)).split()).strip("*：:").lower()


def _known(register: Register) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for column in register.columns:
        for title in (column.header, column.title, column.name):
            found.setdefault(_key(title), column)
            found.setdefault(_UNIT.sub("", _key(title)), column)
    return found


def _matched(register: Register, cells: Sequence[Any]) -> tuple[dict[int, Column], int | None, list[str]]:
    known, columns, ignored, version_at = _known(register), {}, [], None
    for place, cell in enumerate(cells):
        if blank(cell):
            continue
        key = _key(cell)
        found = known.get(key) or known.get(_UNIT.sub("", key))
        if found is not None:
            columns[place] = found
        elif key == VERSION:
            version_at = place
        elif key != NUMBER:
            ignored.append(str(cell).strip()[:40])
    return columns, version_at, ignored


def _header(register: Register, cells: Sequence[Any]) -> tuple[dict[int, Column], int | None, list[str]]:
    columns, version_at, ignored = _matched(register, cells)
    named = [column.name for column in columns.values()]
    twice = [column.title for column in register.columns if named.count(column.name) > 1]
    lacking = [register.by_name[name].header for name in register.natural_key if name not in named]
    titles = "、".join(column.header for column in register.columns)
    if lacking:
        raise LuoshiError(
            "E_HEADER",
            f"表头缺“{'”“'.join(lacking)}”，认不出每行是哪一条记录。表头应为：{titles}。请用本页的模板填写。",
            fields={"missing": lacking, "head": [str(cell)[:40] for cell in cells[:40]]},
        )
    if twice:
        raise LuoshiError(
            "E_HEADER", f"表头有两列“{'”“'.join(twice)}”，不知以哪列为准。请去掉一列。", fields={"twice": twice}
        )
    return columns, version_at, ignored


# --- out --------------------------------------------------------------------------------------------------------------


class Book:
    """An Excel file being written row by row; `target` is a path or a stream."""

    def __init__(self, target: Any, *, title: str, columns: Sequence[tuple[str, int, bool]]) -> None:
        import xlsxwriter

        self._book = xlsxwriter.Workbook(
            target, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self._book.set_properties({"title": title, "created": CLOCK.now().replace(tzinfo=None)})
        self._sheet = self._book.add_worksheet(re.sub(r"[\[\]:*?/\\']", "·", title)[:31])
        head = self._book.add_format({"bold": True, "border": 1, "valign": "vcenter", "bg_color": "#F7F9F9"})
        self._cell = self._book.add_format({"border": 1, "valign": "top", "num_format": "@"})
        self._figure = self._book.add_format({"border": 1, "valign": "top"})
        self._money = self._book.add_format({"border": 1, "valign": "top", "num_format": "#,##0.00"})
        for place, (_header, width, right) in enumerate(columns):
            # Text columns are of format text, so that a long number typed into them keeps its digits.
            self._sheet.set_column(place, place, width, None if right else self._cell)
        self._sheet.freeze_panes(1, 0)
        self._sheet.repeat_rows(0)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)
        for place, (header, _width, _right) in enumerate(columns):
            self._sheet.write_string(0, place, header, head)
        self._row = 1
        self._width = len(columns)

    def add(self, cells: Iterable[Any]) -> None:
        """Write one row: numbers as numbers, money in yuan with two decimals, text as text, never as a formula."""
        for place, value in enumerate(cells):
            if value is None or value == "":
                self._sheet.write_blank(self._row, place, None, self._cell)
            elif isinstance(value, Money):
                self._sheet.write_number(self._row, place, value.fen / 100, self._money)
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                self._sheet.write_number(self._row, place, value, self._figure)
            else:
                self._sheet.write_string(self._row, place, plain(str(value)), self._cell)
        self._row += 1

    def choose(self, place: int, words: Sequence[str]) -> None:
        """Offer `words` for the cells of a column, where they fit into a list."""
        if words and len(",".join(words)) <= 255 and not any("," in word for word in words):
            self._sheet.data_validation(1, place, 5000, place, {"validate": "list", "source": list(words)})

    def close(self, foot: Sequence[Sequence[str]], *, filtered: bool = True) -> None:
        """Finish the file with a second sheet that says what it is."""
        if filtered:
            self._sheet.autofilter(0, 0, max(self._row - 1, 1), self._width - 1)
        said = self._book.add_worksheet("说明")
        wrap = self._book.add_format({"text_wrap": True, "valign": "top"})
        said.set_column(0, 0, 22, wrap)
        said.set_column(1, 5, 30, wrap)
        for row, cells in enumerate(foot):
            for place, text in enumerate(cells):
                said.write_string(row, place, plain(text), wrap)
        self._book.close()


def template(register: Register) -> bytes:
    """Return an empty file with the register's own columns, its choices to pick from, and how each is filled in."""
    stream = io.BytesIO()
    book = Book(stream, title=register.title, columns=[(c.header, width(c), False) for c in register.columns])
    for place, column in enumerate(register.columns):
        words = list(column.words_of.values()) if column.kind == "choice" else []
        book.choose(place, words or (["是", "否"] if column.kind == "boolean" else []))
    how = [["列", "必填", "怎么填"]]
    how += [[c.header, "必填" if c.required else "", hint(c)] for c in register.columns]
    same = "、".join(register.by_name[name].title for name in register.natural_key)
    how += [["", "", ""], ["同一条记录", "", f"按“{same}”认：已登记的更正，没有的新登记；没有的列不动，空着的格清空。"]]
    book.close(how, filtered=False)
    return stream.getvalue()


def hint(column: Column) -> str:
    """Return how a column is filled in."""
    parts = [column.note] if column.note else []
    if column.kind == "choice":
        parts.append("、".join(column.words_of.values()))
    form = {
        "date": "如 2018-03-08", "moment": "如 2018-03-08 14:00", "boolean": "是 或 否", "money": "元，两位小数",
        "organ": "单位全称或简称", "uscc": "18 位，设为文本格式", "id_number": "18 位，设为文本格式",
        "phone": "手机 11 位，座机带区号", "latitude": "度，小数", "longitude": "度，小数",
        "decimal": f"最多 {column.places} 位小数",
    }  # fmt: skip
    if column.kind in form:
        parts.append(form[column.kind])
    if column.least is not None or column.most is not None:
        low = f"不小于 {column.least}" if column.least is not None else ""
        high = f"不大于 {column.most}" if column.most is not None else ""
        parts.append("，".join(part for part in (low, high) if part))
    return "；".join(parts)


def width(column: Column) -> int:
    """Return the width of a column in a spreadsheet, in characters."""
    wide = {"text": 22, "area": 40, "uscc": 22, "id_number": 22, "organ": 16, "moment": 18, "reference": 22}
    return max(wide.get(column.kind, 12), min(2 * len(column.header) + 2, 30))
