"""Plain text into the structured paragraphs of a paper: what page, PDF and DOCX are all made from.

A line is a paragraph. Labels make headings as GB/T 9704-2012 7.3.3 sets them: `一、` black, `（一）` regular script,
`1.` and `（1）` as the text; a heading that runs into its text ends with its first full stop. Lines that begin with `|`
are rows of a table, the first its head. `# ` centres a line.

A block is plain JSON: {"k": "p", "t": text, "level": 0..4, "head": text}, {"k": "c", "t": text},
{"k": "table", "head": [...], "rows": [[...]]}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

Block = dict[str, Any]

_LEVELS = (
    re.compile(r"[一二三四五六七八九十百]+、"),
    re.compile(r"[（(][一二三四五六七八九十百]+[）)]"),
    re.compile(r"\d{1,3}[.．](?!\d)"),
    re.compile(r"[（(]\d{1,3}[）)]"),
)
_BLANKS = " \t\u3000\xa0"
_LONGEST_HEAD = 60


def blocks(text: str) -> list[Block]:
    """Return the paragraphs and tables of `text`."""
    found: list[Block] = []
    rows: list[list[str]] = []
    for line in [*text.split("\n"), ""]:
        line = line.strip(_BLANKS)
        if line.startswith("|"):
            cells = [cell.strip(_BLANKS) for cell in line.strip("|").split("|")]
            if not all(cell and set(cell) <= set("-:") for cell in cells):
                rows.append(cells)
            continue
        if rows:
            found.append(_table(rows))
            rows = []
        if line:
            found.append(_paragraph(line))
    return found


def _table(rows: list[list[str]]) -> Block:
    width = max(len(row) for row in rows)
    even = [row + [""] * (width - len(row)) for row in rows]
    return {"k": "table", "head": even[0], "rows": even[1:]}


def _paragraph(line: str) -> Block:
    if line.startswith("# "):
        return {"k": "c", "t": line[2:].strip(_BLANKS)}
    for level, label in enumerate(_LEVELS, 1):
        if label.match(line):
            head, rest = _split(line)
            return {"k": "p", "t": rest, "level": level, "head": head}
    return {"k": "p", "t": line, "level": 0, "head": ""}


def _split(line: str) -> tuple[str, str]:
    """Return the heading of a labelled line and the text that runs on; a whole sentence is text, not a heading."""
    stop = line.find("。")
    if stop < 0:
        return (line, "") if len(line) <= _LONGEST_HEAD else ("", line)
    if stop + 1 < len(line) and stop <= _LONGEST_HEAD:
        return line[: stop + 1], line[stop + 1 :]
    return "", line


def source(found: Sequence[Block]) -> str:
    """Return text that reads as these blocks again, for a clerk to edit."""
    return "\n".join(line for block in found for line in _lines(block))


def _lines(block: Block) -> Iterator[str]:
    if block["k"] == "table":
        for row in [block["head"], *block["rows"]]:
            yield "|" + "|".join(row) + "|"
    elif block["k"] == "c":
        yield f"# {block['t']}"
    else:
        yield f"{block['head']}{block['t']}"


def plain(found: Sequence[Block]) -> Iterator[str]:
    """Yield the blocks as lines of text, cells of a row parted by blanks: for e-mail, feed and search."""
    for block in found:
        if block["k"] == "table":
            yield from ("\u3000".join(row) for row in [block["head"], *block["rows"]])
        else:
            yield f"{block.get('head', '')}{block['t']}"
