"""Tables of tasks: 序号 | 工作任务 | 牵头单位 | 责任单位 | 完成时限 become one clause a row, with its mark behind it.

A table is known by its header: nothing but names of columns, one of them a column of organs. It may be printed with
bars, tabs or blanks between the cells, in a box of drawn lines, or, as text layers of pages give it, with each cell on
a line of its own; the header may stand again on the next page. A row reads as a clerk would write it out: the task,
then in brackets what the header calls each further cell, `任务(牵头单位:甲局;责任单位:乙局;完成时限:6月底前)`; every
printed character keeps its place in the file. From there on rows are read like any other clause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from luoshi.gazette.labels import read_label
from luoshi.gazette.marks import ORGANS, column_role
from luoshi.gazette.organs import Level, is_local, is_organ, split_organs
from luoshi.gazette.text import Line, Row, compact, fold
from luoshi.gazette.wording import any_of

_NUMBER, _TEXT = "number", "text"
_NUMBER_NAME = re.compile("序号|编号|项次|No[.]?")
_KIND_OF_TEXT = any_of(
    """工作 重点 主要 具体 目标 年度 任务 改革 整改 建设 分解 整治 创建 治理 行动 项目 考核 量化 序时 阶段 落实 二级
    一级 三级 实施 细化 存在 问题 反馈 责任 推进 类 专项 措施 预期 实事 民生 全年 20\\d\\d年"""
)
_TEXT_NAME = re.compile(
    rf"{_KIND_OF_TEXT}{{0,4}}"
    + any_of(
        """任务 内容 事项 项目 措施 目标 要求 举措 指标 名称 工作 类别 类型 领域 要点 建议 问题 分工 环节 阶段 步骤 清单
        条款 政策 成果 情况 规模 地点 标准 方向 板块 成效 形式 计划 进度"""
    )
    + any_of("名称 内容 分解 清单 要求 及要求 和措施 及措施 及标准 标准 值 类别")
    + "?"
)
_BOX_OPENS = "┐"
_NAME_ENDS = frozenset("┐)位门限间度人导排点注室关体构区号次容务施标项目明话式况")
"""What columns are called ends with one of these."""
_GROUP = re.compile("(?:责任|任务|工作)?分工|责任(?:落实|单位|部门|主体)?|单位|部门")
"""What a header calls several columns together that a second line of it names one by one."""
_HINT = re.compile("(?:[位门体室关构区](?:及(?=[ 主]))?|分工|责任(?:落实)?)(?=[ |\t(主]|$)")
_GROUP_OF_ROWS = frozenset(("大类", "类别", "类型", "分类", "板块", "领域", "方面"))
"""What a first column is called whose cells each stand beside several rows and are printed in the first of them."""
_WITH_HEAD = re.compile("[及和与、/](?:主要)?(?:负责人|责任人)")
_NOTHING = frozenset(("", "—", "——", "-", "--", "/", "无", "\\", "―"))
_ROW_NUMBER = re.compile(r"\(?(\d{1,3})\)?[.、]?")
_GROUP_NUMBER = re.compile(r"\(?[一二三四五六七八九十]{1,3}\)?[、.]?")
_LONE_NUMBER = re.compile(r"(?:^|[\n>])[ \t\u3000\r]*(\d{1,3})[ \t\u3000\r.、|]*(?=[\n<]|$)")
_NUMBER_BELOW = re.compile(
    r"[ \t\u3000\r|]*(?:\n[ \t\u3000\r]*|<[^\u4e00-\u9fff]{1,80}>)\d{1,3}[ \t\u3000\r.、|]*(?=[\n<]|$)"
)
"""A number alone on the line after a name: the first row begins."""
_RULE = re.compile(r"[-=:|+ ]*")
_BLANKS = re.compile(r"[^ ](?:[^ ]| (?! ))*")
_WORDS = re.compile(r"[^ ]+")
_OPEN_END = "、,和与及("
_DATE = re.compile(r"\d{1,4}年|\d{1,2}月|年底|全年|长期|持续|季度|常态|每[年月季]|立即|即时|^-?\d{4}[./-]\d")
_SENTENCE_END = "。;!?"
_UNKNOWN_NAME = re.compile(r"[\u4e00-\u9fff\d\-/、“”]{2,12}")
_MOST_UNKNOWN = 4
_MOST_LINES_OF_A_ROW = 24
_MOST_LINES_OF_A_HEADING = 3
_LONGEST_HEADING = 50
_LONGEST_NAME = 16
"""No column has a longer name."""
_MOST_COLUMNS = 16
_MOST_LINES_WRAPPED = 6
_MOST_IDLE = 40
"""So many lines that belong to no row (a header printed again, pages' numbers) may stand between two rows."""
_LONGEST_LINE = 4000


class _Cell(NamedTuple):
    """Characters of one cell: its text, folded and without outer blanks, and where each of its parts begins."""

    text: str
    pieces: tuple[tuple[int, int], ...]

    @property
    def end(self) -> int:
        """Offset in the file after the last character."""
        here, there = self.pieces[-1]
        return there + len(self.text) - here


class _Column(NamedTuple):
    """A column of a table: its printed name, its role and, where blanks divide the cells, how far from the left."""

    name: str
    role: str
    left: int


def with_rows(source: str, lines: list[Line]) -> list[Line]:
    """Return the lines of a file with the rows of its tables of tasks in the place of the lines that print them."""
    kept: list[Line] = []
    done = 0
    for index in [index for index, line in enumerate(lines) if line.text[-1] in _NAME_ENDS and len(line.text) < 140]:
        if index < done or not _may_be_header(lines[index].text):
            continue
        if lines[index].text[-1] == _BOX_OPENS:
            found = _boxed(source, lines, index)
        else:
            found = _divided(source, lines, index) or _one_cell_a_line(source, lines, index)
        if found is not None:
            kept += lines[done:index]
            kept += found[0]
            done = found[1]
    return [*kept, *lines[done:]] if done else lines


def _may_be_header(text: str) -> bool:
    if text[-1] == _BOX_OPENS:
        return text[0] == "┌"
    if len(text) <= 16 and " " not in text:
        return _column(text) is not None
    return _HINT.search(text) is not None


def _column(printed: str) -> str | None:
    """Return the role of the column a printed name stands over, None where it names none."""
    name = _name(printed)
    if not 2 <= len(name) <= 16:
        return None
    if _NUMBER_NAME.fullmatch(name):
        return _NUMBER
    return column_role(name) or (_TEXT if _TEXT_NAME.fullmatch(name) else None)


def _name(printed: str) -> str:
    return re.sub(r"\([^()]*\)|\*", "", compact(printed)).replace(" ", "")


def _columns(cells: Sequence[tuple[str, int]], *, barred: bool = False) -> list[_Column] | None:
    """Return the columns of a header; None where a cell names no column, or none of them holds organs.

    `barred` says that bars or tabs divide the cells: under a first column of numbers a few of them may then have names
    that are not known, and hold text.
    """
    columns: list[_Column] = []
    unknown = _MOST_UNKNOWN if barred and cells and _column(cells[0][0]) == _NUMBER else 0
    for printed, left in cells:
        role = _column(printed)
        if role is None and unknown and _UNKNOWN_NAME.fullmatch(_name(printed)):
            role, unknown = _TEXT, unknown - 1
        if role is None:
            return None
        columns.append(_Column(compact(printed).replace(" ", "").replace("*", ""), role, left))
    roles = [column.role for column in columns]
    whole = len(columns) >= 3 or (len(columns) == 2 and roles[0] == _TEXT)
    return columns if whole and any(role in ORGANS for role in roles) and _TEXT in roles else None


# --- cells divided on one line --------------------------------------------------------------------------------------


def _physical(source: str, line: Line) -> tuple[str, int]:
    """Return the whole line of the file that a printed line stands in, and where it begins."""
    start = source.rfind("\n", max(line.start - _LONGEST_LINE, 0), line.start) + 1
    start = start if start or line.start < _LONGEST_LINE else line.start
    end = source.find("\n", line.start, line.start + _LONGEST_LINE)
    return source[start : line.start + _LONGEST_LINE if end < 0 else end], start


def _split(raw: str, divider: str) -> list[tuple[str, int]]:
    """Return the cells of a line, each with its offset; `divider` is a bar, a tab, two blanks or one."""
    if divider in ("|", "\t"):
        cells: list[tuple[str, int]] = []
        place = 0
        for part in raw.split(divider):
            cells.append((part, place))
            place += len(part) + 1
        if divider == "|":
            cells = cells[1:] if cells and not cells[0][0].strip() else cells
            cells = cells[:-1] if cells and not cells[-1][0].strip() else cells
        return cells
    pattern = _BLANKS if divider == "  " else _WORDS
    return [(match[0], match.start()) for match in pattern.finditer(raw)]


def _divider(raw: str) -> str:
    folded = fold(raw)
    if folded.count("|") >= 2:
        return "|"
    return "\t" if raw.strip().count("\t") >= 1 else "  " if "  " in folded.strip() else " "


def _cells(raw: str, divider: str) -> list[tuple[str, int]]:
    text = raw if divider == "\t" else fold(raw)
    return [(fold(part), place) for part, place in _split(text, divider)]


def _width(text: str) -> int:
    """How far text reaches in print: a letter or digit counts one, any other character two."""
    return sum(1 if char < "\u0100" else 2 for char in text)


def _divided(source: str, lines: list[Line], index: int) -> tuple[list[Line], int] | None:
    """Read the table whose header is the line at `index`: (its rows, the first line after it)."""
    header = _header(source, lines, index)
    if header is None:
        return None
    columns, divider, end = header
    printed = [compact(line.text) for line in lines[index:end]]
    width = _repeated(columns)
    tables = [_Table(columns[:width]) for _ in range(0, len(columns), width)]
    grouped = divider == "|" and _name(_cells(*_physical(source, lines[index])[:1], divider)[0][0]) in _GROUP_OF_ROWS
    table = tables[0]
    group = ""
    while end < len(lines):
        line = lines[end]
        if compact(line.text) in printed:
            if table.empty:
                break
            end += 1
            continue
        raw, start = _physical(source, line)
        if not _RULE.fullmatch(raw.strip()):
            if divider == " " and len(tables) == 1 and (wrapped := _wrapped(source, lines, end, columns)) is not None:
                table.cells.append(wrapped[0])
                end = wrapped[1]
                continue
            titled = _titled_row(raw, start, len(columns)) if grouped else None
            if titled is not None and titled[0].text != group:
                group = titled[0].text
                table.title(titled[0])
            cells = titled[1] if titled is not None else _row_cells(raw, divider, columns, first=table.empty)
            if cells is None and _heads_row(source, lines, end, columns, divider):
                cells = []
            if cells is None:
                break
            if not cells:
                table.title(_group_title(raw, start, divider) or line)
            else:
                for side, beside in enumerate(tables):
                    row = cells[side * width : (side + 1) * width]
                    if any(part.strip() for part, _ in row):
                        goes_on = _goes_on(row, columns, divider)
                        beside.add([(part, start + place) for part, place in row], goes_on=goes_on)
        while end + 1 < len(lines) and lines[end + 1].start < start + len(raw):
            end += 1  # items of one cell that were read as lines of their own
        end += 1
    rows = [row for beside in tables for row in beside.rows()]
    return (rows, end) if rows else None


def _titled_row(raw: str, start: int, count: int) -> tuple[Line, list[tuple[str, int]]] | None:
    """Divide a row that begins with the cell of its group: (the group as a heading, the cells of the row)."""
    cells = _cells(raw, "|")
    if len(cells) != count + 1 or not _ROW_NUMBER.fullmatch(cells[1][0].strip()):
        return None
    group = _cell([(cells[0][0], start + cells[0][1])])
    return (_group_line([group]), cells[1:]) if group is not None else None


def _heads_row(source: str, lines: list[Line], index: int, columns: Sequence[_Column], divider: str) -> bool:
    """Whether a numbered title stands alone between rows that blanks divide: the next line is a row."""
    text = lines[index].text
    label = read_label(text) if len(text) <= _LONGEST_HEADING and divider in ("  ", " ") else None
    if label is None or label.kind not in ("cn", "cn_paren") or text[-1] in _SENTENCE_END or index + 1 >= len(lines):
        return False
    raw, _ = _physical(source, lines[index + 1])
    return bool(_row_cells(raw, divider, columns, first=True))


def _group_title(raw: str, start: int, divider: str) -> Line | None:
    """Return the line of a group whose number stands in a cell of its own: `一 | 甲类工作` heads as 一、甲类工作."""
    cells = [cell for part, place in _cells(raw, divider) if (cell := _cell([(part, start + place)])) is not None]
    return _group_line(cells) if len(cells) > 1 and _GROUP_NUMBER.fullmatch(cells[0].text) else None


def _group_line(cells: Sequence[_Cell]) -> Line:
    """Write out the cells of a heading between rows; a number in a cell of its own becomes its label."""
    number = cells[0].text.strip("()、.")
    written = _Written()
    alone = len(cells) > 1 and _GROUP_NUMBER.fullmatch(cells[0].text) is not None
    for place, cell in enumerate(cells):
        written.put(cell)
        if not place and alone and cell.text[-1] not in "、.":
            written.say("、", cell.end - 1)
    if not alone and len(cells) == 1:
        return Line(cells[0].pieces[0][1], written.text, 0)
    skip = written.text.index(number) + len(number) + 1 if alone else 0
    label = number if alone else ""
    return Line(written.pieces[0][1], written.text, 0, row=Row(label, skip, tuple(written.pieces)))


def _header(source: str, lines: list[Line], index: int) -> tuple[list[_Column], str, int] | None:
    """Read the header at a line, on one line or on two: (its columns, what divides cells, the first line after it)."""
    raw, _ = _physical(source, lines[index])
    divider = _divider(raw)
    below = _second_line(source, lines, index, divider)
    for kind in dict.fromkeys((divider, " ") if divider == "  " else (divider,)):
        cells = [(part, _width(raw[:place])) for part, place in _cells(raw, kind)]
        if below and (columns := _columns(_in_two_lines(cells, below))) is not None:
            return columns, divider, index + 2
        named = [cell for cell in cells if cell[0].strip()]
        if (columns := _columns(named, barred=kind in "|\t")) is not None:
            return columns, divider, index + 1
        if kind == "|" and _name(named[0][0]) in _GROUP_OF_ROWS and _column(named[1][0]) == _NUMBER:
            columns = _columns(named[1:], barred=True)
            return (columns, divider, index + 1) if columns is not None else None
    return None


def _second_line(source: str, lines: list[Line], index: int, divider: str) -> list[tuple[str, int]]:
    """Return the cells of the line after a header where they name columns of organs too, else none."""
    if index + 1 >= len(lines):
        return []
    raw, _ = _physical(source, lines[index + 1])
    cells = [(part, _width(raw[:place])) for part, place in _cells(raw, divider)]
    roles = [_column(part) for part, _ in cells if part.strip()]
    named = len(roles) > 1 and _NUMBER not in roles and None not in roles
    return cells if named and any(role in ORGANS for role in roles) else []


def _in_two_lines(cells: Sequence[tuple[str, int]], below: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put the names of a second line in the place of the one that groups them, or of the cells they stand under."""
    if len(cells) == len(below):
        return [under if under[0].strip() else above for above, under in zip(cells, below, strict=True)]
    above = [cell for cell in cells if cell[0].strip()]
    group = next((place for place, (printed, _) in enumerate(above) if _GROUP.fullmatch(_name(printed))), None)
    if group is None:
        return above
    return [*above[:group], *[cell for cell in below if cell[0].strip()], *above[group + 1 :]]


def _repeated(columns: Sequence[_Column]) -> int:
    """How many columns one table has where a page prints two or three with the same header side by side."""
    names = [_name(column.name) for column in columns]
    for count in (2, 3):
        width = len(names) // count
        if width > 1 and names == names[:width] * count:
            return width
    return len(names)


def _row_cells(raw: str, divider: str, columns: Sequence[_Column], *, first: bool) -> list[tuple[str, int]] | None:
    """Return a cell for each column, empty ones too; [] for a line between rows, None where the table has ended."""
    count = len(columns)
    if divider in ("|", "\t"):
        if divider not in fold(raw) and divider not in raw:
            return None
        cells = _cells(raw, divider)
        if len([part for part, _ in cells if part.strip()]) == 1 and cells[0][0].strip() and columns[0].role == _NUMBER:
            return [] if not _ROW_NUMBER.fullmatch(cells[0][0].strip()) else None
        if columns[0].role == _NUMBER and _GROUP_NUMBER.fullmatch(cells[0][0].strip()) and len(cells) <= count:
            organs = [place for place, column in enumerate(columns) if column.role in ORGANS and place < len(cells)]
            if not any(cells[place][0].strip() for place in organs):
                return []
        cells += [("", cells[-1][1] + len(cells[-1][0]))] * (count - len(cells))
        return cells[:count]
    folded = fold(raw)
    numbered = columns[0].role == _NUMBER
    opens = bool(re.match(r" *\(?\d{1,3}[.、)]? ", folded)) if numbered else True
    for kind in ("  ", " "):
        cells = _cells(raw, kind)
        if len(cells) == count and opens:
            return cells
    cells = _cells(raw, "  ")
    words = folded.split()
    if numbered and len(words) == 2 and _GROUP_NUMBER.fullmatch(words[0]) and len(folded) < 40:
        return []
    if not cells or (not opens and (first or read_label(folded.strip()) or not folded.startswith(" "))):
        return None
    if not numbered or len(cells) > count:
        return None
    return _by_place(raw, cells, columns)


def _wrapped(
    source: str, lines: list[Line], index: int, columns: Sequence[_Column]
) -> tuple[list[list[tuple[str, int]]], int] | None:
    """Read a row whose text goes on over the ends of lines: (its cells, the first line after it).

    The last cell of a line and the first one of the next are one; the row ends with the line that makes the cells as
    many as there are columns.
    """
    cells: list[list[tuple[str, int]]] = []
    for place in range(index, min(index + _MOST_LINES_WRAPPED, len(lines))):
        raw, start = _physical(source, lines[place])
        parts = [(part, start + at) for part, at in _cells(raw, " ")]
        opens = parts and _ROW_NUMBER.fullmatch(parts[0][0]) is not None
        if bool(opens) != (place == index) or (place > index and read_label(lines[place].text)):
            return None
        if place > index:
            cells[-1].append(parts[0])
            parts = parts[1:]
        cells += [[part] for part in parts]
        if len(cells) >= len(columns):
            return (cells, place + 1) if len(cells) == len(columns) and place > index else None
    return None


def _by_place(raw: str, cells: Sequence[tuple[str, int]], columns: Sequence[_Column]) -> list[tuple[str, int]] | None:
    """Give the cells of a line that leaves some out to the columns they stand under."""
    row: list[tuple[str, int]] = [("", len(raw))] * len(columns)
    lefts = [column.left for column in columns]
    least = 0
    for part, place in cells:
        left = _width(raw[:place])
        nearest = min(range(least, len(columns)), key=lambda at: abs(lefts[at] - left), default=None)
        if nearest is None:
            return None
        row[nearest] = (part, place)
        least = nearest + 1
    return row


def _goes_on(cells: Sequence[tuple[str, int]], columns: Sequence[_Column], divider: str) -> bool:
    """Whether a line goes on with the cells of the row above it: under blanks, where its number is left out."""
    return divider in ("  ", " ") and columns[0].role == _NUMBER and not cells[0][0].strip()


# --- one cell a line ------------------------------------------------------------------------------------------------


class _Piece(NamedTuple):
    text: str
    start: int
    line: int


def _pieces(source: str, lines: list[Line], index: int) -> Iterator[_Piece]:
    """Yield the cells from a line on: the lines, and the lone numbers between them that a page's number looks like."""
    before = lines[index].start
    for place in range(index, len(lines)):
        line = lines[place]
        gap = source[before : line.start]
        if len(gap) < 400:
            for match in _LONE_NUMBER.finditer(gap):
                yield _Piece(match[1], before + match.start(1), place)
        yield _Piece(line.text, line.start, place)
        before = line.end


def _one_cell_a_line(source: str, lines: list[Line], index: int) -> tuple[list[Line], int] | None:
    """Read a table each of whose cells stands on a line of its own: (its rows, the first line after it)."""
    names = _names_below(source, lines, index)
    columns = _columns(_out_of_group(names), barred=True)
    if columns is None or columns[0].role != _NUMBER or len(columns) < 3:
        return None
    reader = _CellReader(columns)
    skip = len(names)
    end = index + skip
    for piece in _pieces(source, lines, index):
        if skip:
            skip -= 1
            continue
        lone = piece.line < len(lines) and lines[piece.line].start != piece.start
        if not reader.take(piece, lone=lone):
            end = piece.line
            break
        end = max(end, reader.end)
    else:
        end = len(lines)
    rows = reader.rows()
    return (rows, min(end, reader.end)) if rows else None


def _names_below(source: str, lines: list[Line], index: int) -> list[tuple[str, int]]:
    """The names of columns from a line on, one a line; where bars end the lines a few may be names not known."""
    names: list[tuple[str, int]] = []
    unknown = _MOST_UNKNOWN
    for line in lines[index : index + _MOST_COLUMNS]:
        if len(line.text) > _LONGEST_NAME:
            break
        if _column(line.text) is None:
            barred = unknown and source.startswith("|", _after_blanks(source, line.end))
            if not barred or not _UNKNOWN_NAME.fullmatch(_name(line.text)) or read_label(line.text):
                break
            unknown -= 1
        elif names and _column(line.text) == _NUMBER and _name(line.text) != _name(names[0][0]):
            break
        names.append((line.text, 0))
        if _NUMBER_BELOW.match(source, line.end):
            break
    return names


def _after_blanks(source: str, place: int) -> int:
    while source[place : place + 1] in (" ", "\t", "\u3000"):
        place += 1
    return place


class _CellReader:
    """Takes the cells of a table one by one; tables that stand side by side give their rows in turn.

    A row begins with the number after the one above it; a heading between two rows is kept as a line.
    """

    def __init__(self, columns: Sequence[_Column]) -> None:
        self.header = [_name(column.name) for column in columns]
        self.width = _repeated(columns)
        self.tables = [_Table(columns[: self.width]) for _ in range(0, len(columns), self.width)]
        self.ordinals = [0] * len(self.tables)
        self.side = 0
        self.row: list[_Piece] = []
        self.heading: list[_Piece] = []
        self.idle = 0
        self.end = 0

    def take(self, piece: _Piece, *, lone: bool) -> bool:
        """Take a cell; False where the table has ended before it. `lone`: a number that is no line of its own."""
        text, short = piece.text, self.idle < _MOST_IDLE
        self.idle += 1
        if self.row and short and len(text) <= _LONGEST_NAME and _name(text) in self.header:
            return True
        number = _ROW_NUMBER.fullmatch(text)
        if number and self._opens(int(number[1])):
            self.row, self.idle, self.end = [piece], 0, piece.line + (not lone)
            return True
        if number and short and text.isdigit() and lone:
            return True  # a page's number
        if self._heads(text):
            self.heading.append(piece)
            return len(self.heading) <= _MOST_LINES_OF_A_HEADING
        if not self.row or _ends_table(text, self.row, self.width):
            return False
        self.row.append(piece)
        self.idle, self.end = 0, piece.line + 1
        return True

    def _opens(self, number: int) -> bool:
        """Whether a number opens a row of one of the tables; the row before it is then complete."""
        full = not self.row or len(_joined(self.row)) >= self.width
        count = len(self.tables)
        for step in range(1, count + 1):
            side = (self.side + step) % count if self.row else 0
            begun = self.ordinals[side]
            first = not begun and (full if side else not self.row)
            if number == begun + 1 or first or (number == 1 and self.heading):
                self._finish()
                self.side, self.ordinals[side] = side, number
                return True
        return False

    def _heads(self, text: str) -> bool:
        """Whether a line heads the rows after it: the number of a group in a cell of its own, or a numbered title."""
        if self.heading and len(text) <= _LONGEST_HEADING and text[-1] not in _SENTENCE_END:
            return True
        if len(text) > _LONGEST_HEADING or (self.row and len(_joined(self.row)) < self.width - 1):
            return False
        label = read_label(text)
        titled = label is not None and label.kind in ("cn", "cn_paren") and text[-1] not in _SENTENCE_END
        return titled or _GROUP_NUMBER.fullmatch(text) is not None

    def _finish(self) -> None:
        table = self.tables[self.side]
        table.place(self.row)
        self.row = []
        if self.heading:
            table.title(_group_line([_Cell(piece.text, ((0, piece.start),)) for piece in self.heading]))
            self.heading = []

    def rows(self) -> list[Line]:
        """Return the lines of the tables, one table after the other."""
        self.heading = []
        self._finish()
        return [row for table in self.tables for row in table.rows()]


def _out_of_group(names: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put columns of organs that a header names last, one a line, in the place of the name that groups them."""
    last = len(names)
    while last and _column(names[last - 1][0]) in ORGANS:
        last -= 1
    group = next((place for place, (printed, _) in enumerate(names[:last]) if _GROUP.fullmatch(_name(printed))), None)
    if group is None or len(names) - last < 2:
        return [*names]
    return [*names[:group], *names[last:], *names[group + 1 : last]]


def _ends_table(text: str, row: Sequence[_Piece], count: int) -> bool:
    """Whether a line stands no longer in the table: a clause begins, or the row has all its cells."""
    label = read_label(text)
    if label is not None and label.kind in ("annex", "chapter", "section", "article", "cn", "part"):
        return True
    if len(row) >= _MOST_LINES_OF_A_ROW:
        return True
    return len(_joined(row)) >= count and row[-1].text[-1] not in _OPEN_END and text[-1] in _SENTENCE_END


def _joined(row: Sequence[_Piece]) -> list[list[_Piece]]:
    """Put together the lines of one cell where the line before is open: it ends with 、 or inside brackets."""
    cells: list[list[_Piece]] = []
    for piece in row:
        last = cells[-1] if cells else None
        if last and len(cells) > 1:
            text = "".join(part.text for part in last)
            if text[-1] in _OPEN_END or text.count("(") > text.count(")") or piece.text[0] in "、,;。)":
                last.append(piece)
                continue
        cells.append([piece])
    return cells


# --- cells in a drawn box ------------------------------------------------------------------------------------------

_EDGES = re.compile("[│├┤┼┬┴┌┐└┘]")
_DRAWN = re.compile("[—─━ ]*[—─━][—─━ ]*")


class _BoxCell(NamedTuple):
    """A cell of a box: the lines of the box it reaches over and its printed parts."""

    lines: list[int]
    parts: list[tuple[str, int]]


def _boxed(source: str, lines: list[Line], index: int) -> tuple[list[Line], int] | None:
    """Read a table in a box of drawn lines: (its rows, the first line after it).

    A row is a cell of the first column that holds tasks; of the other columns it has the cell that stands beside it,
    which may stand beside several rows.
    """
    end = index + 1
    while end < len(lines) and lines[end].text[0] in "│├└":
        end += 1
        if lines[end - 1].text[0] == "└":
            break
    found = _box_columns(source, lines[index:end])
    heads = [cells[0] if cells else _BoxCell([], []) for cells in found]
    names = [("".join(part for part, _ in head.parts), 0) for head in heads]
    columns = _columns(names, barred=True) if names else None
    if columns is None:
        return None
    table = _Table(columns)
    main = next(place for place, column in enumerate(columns) if column.role == _TEXT)
    for cell in found[main][1:]:
        beside = [_beside(cell, cells[1:]) for cells in found]
        table.cells.append([cell.parts if place == main else parts for place, parts in enumerate(beside)])
    rows = table.rows()
    return (rows, end) if rows else None


def _box_columns(source: str, lines: Sequence[Line]) -> list[list[_BoxCell]]:
    """Return the cells of each column of a box, from above; a line with other columns than the first is left out."""
    columns: list[list[_BoxCell]] = []
    open_cells: list[bool] = []
    for number, line in enumerate(lines):
        raw, start = _physical(source, line)
        edges = [match.start() for match in _EDGES.finditer(raw)]
        columns = columns or [[] for _ in edges[1:]]
        open_cells = open_cells or [False] * len(columns)
        if len(edges) != len(columns) + 1:
            continue
        for place, (left, right) in enumerate(pairwise(edges)):
            printed = raw[left + 1 : right]
            if _DRAWN.fullmatch(printed):
                open_cells[place] = False
                continue
            if not open_cells[place]:
                columns[place].append(_BoxCell([], []))
                open_cells[place] = True
            cell = columns[place][-1]
            cell.lines.append(number)
            if text := printed.strip(" \u3000"):
                cell.parts.append((fold(text), start + left + 1 + printed.index(text)))
    return columns


def _beside(row: _BoxCell, cells: Sequence[_BoxCell]) -> list[tuple[str, int]]:
    """The parts of the cell that stands beside most lines of a row."""
    own = set(row.lines)
    best = max(cells, key=lambda cell: len(own.intersection(cell.lines)), default=None)
    return best.parts if best is not None and own.intersection(best.lines) else []


# --- rows -----------------------------------------------------------------------------------------------------------


def _without_person(cell: tuple[str, int]) -> tuple[str, int]:
    """A cell that prints an organ and who heads it, without the person."""
    words = cell[0].split()
    if len(words) < 2 or not is_organ(words[0]) or any(len(word) > 4 or is_organ(word) for word in words[1:]):
        return cell
    return cell[0][: cell[0].index(words[0]) + len(words[0])], cell[1]


class _Table:
    """The rows of one table as far as they are read."""

    def __init__(self, columns: Sequence[_Column]) -> None:
        self.columns = columns
        self.cells: list[list[list[tuple[str, int]]]] = []
        self.done: list[Line] = []

    @property
    def empty(self) -> bool:
        """Whether no row has been read."""
        return not self.cells and not self.done

    def add(self, cells: Sequence[tuple[str, int]], *, goes_on: bool) -> None:
        """Add a row of one cell a column, or go on with the cells of the last one."""
        if goes_on and self.cells:
            for parts, part in zip(self.cells[-1], cells, strict=True):
                if part[0].strip():
                    parts.append(part)
            return
        row = [[part] if part[0].strip() else [] for part in cells]
        for place, column in enumerate(self.columns):
            if row[place] and _WITH_HEAD.search(column.name):
                row[place] = [_without_person(row[place][0])]
        if self.cells:
            self._inherit(row)
        self.cells.append(row)

    def _inherit(self, row: list[list[tuple[str, int]]]) -> None:
        """Give a row that prints no organ at all those of the row above, whose cell covers it."""
        organs = [place for place, column in enumerate(self.columns) if column.role in ORGANS]
        if not any(row[place] for place in organs):
            for place in organs:
                row[place] = self.cells[-1][place]

    def title(self, line: Line) -> None:
        """Keep a line between two rows that heads those after it."""
        self._finish()
        self.done.append(line)

    def place(self, row: Sequence[_Piece]) -> None:
        """Add a row whose cells came one a line, wrapped ones on several: as many as there are columns."""
        if not row:
            return
        cells = _joined(row)
        count = len(self.columns)
        if len(cells) != count:
            cells = self._by_kind(cells)
        self.cells.append([[(part.text, part.start) for part in cell] for cell in cells])

    def _by_kind(self, cells: list[list[_Piece]]) -> list[list[_Piece]]:
        """Find the columns of a row with too few cells or too many by what they look like: organs, dates, or text."""
        row: list[list[_Piece]] = [[] for _ in self.columns]
        places: dict[str, list[int]] = {}
        for place, column in enumerate(self.columns):
            places.setdefault(_sort(column.role), []).append(place)
        row[0] = cells[0]
        taken = dict.fromkeys(places, 0)
        for number, cell in enumerate(cells[1:]):
            first = not number and self.columns[1].role == _TEXT
            kind = _TEXT if first else _kind("".join([part.text for part in cell]))
            if kind == _TEXT and any(taken.get(other, 0) for other in ("organs", "times")):
                kind = "times"
            open_to = places.get(kind) or places[_TEXT]
            at = open_to[min(taken.get(kind, 0), len(open_to) - 1)]
            if row[at] and kind == "organs":
                row[at] = [*row[at], _Piece("、", cell[0].start, cell[0].line)]
            row[at] = [*row[at], *cell]
            taken[kind] = taken.get(kind, 0) + 1
        return row

    def _finish(self) -> None:
        self.done += [line for cells in self.cells if (line := self._line(cells)) is not None]
        self.cells = []

    def rows(self) -> list[Line]:
        """Return the lines of the table: its rows, and what stands between them."""
        self._finish()
        return self.done if any(line.row for line in self.done) else []

    def _line(self, cells: Sequence[Sequence[tuple[str, int]]]) -> Line | None:
        """Write a row out as a line: its number, the text, and the rest in brackets as a mark."""
        label = ""
        texts: list[_Cell] = []
        marks: list[tuple[str, _Cell]] = []
        for column, parts in zip(self.columns, cells, strict=True):
            cell = _cell(parts)
            if cell is None:
                continue
            if column.role == _NUMBER:
                number = _ROW_NUMBER.fullmatch(cell.text)
                label = number[1] if number else ""
                first = cell
            elif column.role == _TEXT:
                texts.append(cell)
            else:
                marks.append((column.name, cell))
        if not texts and not marks:
            return None
        written = _Written()
        if label:
            written.put(first)
            written.say("、", first.end - 1)
        skip = len(written.text)
        for place, cell in enumerate(texts):
            if place and written.text[-1] not in _SENTENCE_END:
                written.say("。", cell.pieces[0][1])
            written.put(cell)
        for place, (name, cell) in enumerate(marks):
            written.say(f"{';' if place else '('}{name}:", cell.pieces[0][1])
            written.put(cell)
        if marks:
            written.say(")", marks[-1][1].end - 1)
        return Line(written.pieces[0][1], written.text, 0, row=Row(label, skip, tuple(written.pieces)))


def _sort(role: str) -> str:
    """The sort of column a role makes: a number, text, organs, or the rest, which is dates as a rule."""
    return "organs" if role in ORGANS else role if role in (_NUMBER, _TEXT) else "times"


def _kind(text: str) -> str:
    """What a cell looks like: organs, a date, or text."""
    if _DATE.search(text) and len(text) < 30:
        return "times"
    run = split_organs(text, Level.CITY)
    names = (*run.names, *run.local)
    return "organs" if names and all(is_organ(name) or is_local(name, Level.CITY) for name in names) else _TEXT


def _cell(parts: Sequence[tuple[str, int]]) -> _Cell | None:
    """Put the printed parts of a cell together, blanks and line breaks of its markup taken out."""
    text = ""
    pieces: list[tuple[int, int]] = []
    for printed, start in parts:
        for match in _WORDS.finditer(printed.replace("<br>", "    ").replace("<br/>", "     ").replace("**", "  ")):
            pieces.append((len(text), start + match.start()))
            text += match[0]
    return _Cell(text, tuple(pieces)) if text not in _NOTHING else None


class _Written:
    """A row being written out; what is not printed stands at the place of what it goes with."""

    def __init__(self) -> None:
        self.text = ""
        self.pieces: list[tuple[int, int]] = []

    def put(self, cell: _Cell) -> None:
        """Write a cell."""
        self.pieces += [(len(self.text) + here, there) for here, there in cell.pieces]
        self.text += cell.text

    def say(self, words: str, place: int) -> None:
        """Write words that stand nowhere in the file."""
        self.pieces += [(len(self.text) + offset, place) for offset in range(len(words))]
        self.text += words
