"""Text with memory: lines and paragraphs that know where in the original file each character stood.

Reading folds full-width ASCII to half-width one to one, so that a folded line has the offsets of the original. Joining
lines and taking out blanks is recorded as pieces: runs of characters that stand together in both texts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_ASCII = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS = dict.fromkeys(map(ord, "\t\u3000\xa0\u2002\u2003\u2009\u200b\ufeff\x0b\x0c\r"), " ")
_VARIANTS = {
    ord("﹝"): "〔", ord("﹞"): "〕", ord("﹙"): "(", ord("﹚"): ")", ord("〖"): "【", ord("〗"): "】", ord("︰"): ":", ord("∶"): ":",
    ord("•"): "·", ord("―"): "—", ord("–"): "—", ord("─"): "—",
}  # fmt: skip
FOLD = str.maketrans({**_ASCII, **_BLANKS, **_VARIANTS})
"""Character table of the canonical text; every replacement is one character long."""

_REMOVABLE = re.compile(r" +(?![A-Za-z])|(?<![A-Za-z,.;:]) +")
_MARKDOWN = re.compile(r"(?:#{1,6} +|[-*+·] +(?=[^ \-*])|> ?)+")
_TAG = re.compile(r"<(?P<block>/?(?:p|div|br|tr|li|h\d|table|td|th)\b)?[^<>\n]{0,200}>")
_GLUED_DATE = re.compile(r" (?:(?:19|20)\d\d|[二一][〇○零OoΟ一二三四五六七八九]{3})年[\d一二三四五六七八九十]{1,2}月[\d一二三四五六七八九十]{1,3}日 ")
_BETWEEN_WORDS = re.compile(r"(?<=[\u4e00-\u9fff。:;)】》]) +(?=[\u4e00-\u9fff《(\d])")
_GLUED = re.compile(r"(?<=[。:;]) +(?=(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\)|第[一二三四五六七八九十百]{1,4}[章条]|\d{1,2}[.、]|《|现将|为))")
_RULE = re.compile(r"[-=_*. |·—…]*$")
_PAGE_NUMBER = re.compile(r"[-—·.]{0,3} ?(?:第 ?)?\d{1,4}(?: ?页)? ?[-—·.]{0,3}$")

TERMINAL = frozenset("。!?;:")
"""Characters after which a paragraph may end."""


@dataclass(slots=True)
class Line:
    """One printed line, folded and stripped; `text[i]` stands at `start + i` of the file. `gap` counts blank lines before it."""

    start: int
    text: str
    gap: int
    marked: bool = False

    @property
    def end(self) -> int:
        """Offset after the last character."""
        return self.start + len(self.text)


@dataclass(slots=True)
class Paragraph:
    """Canonical text of one paragraph; `pieces` are (offset here, offset in the file) where a run of characters begins."""

    text: str
    pieces: list[tuple[int, int]] = field(default_factory=list)

    def origin(self, offset: int) -> int:
        """Return where the character at `offset` stands in the file."""
        if not self.pieces:
            return 0
        here, there = self.pieces[max(bisect_right(self.pieces, (offset, 1 << 62)) - 1, 0)]
        return there + offset - here

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the file's span of `text[start:end]`."""
        if end <= start:
            place = self.origin(start)
            return place, place
        return self.origin(start), self.origin(end - 1) + 1

    @property
    def start(self) -> int:
        """Offset in the file of the first character."""
        return self.pieces[0][1] if self.pieces else 0

    @property
    def end(self) -> int:
        """Offset in the file after the last character."""
        return self.origin(len(self.text) - 1) + 1 if self.text else self.start

    def slice(self, start: int, end: int) -> Paragraph:
        """Return the part between two offsets as a paragraph of its own."""
        inner = [(here - start, there) for here, there in self.pieces if start < here < end]
        return Paragraph(self.text[start:end], [(0, self.origin(start)), *inner])


def fold(source: str) -> str:
    """Return `source` in canonical characters, same length."""
    return source.translate(FOLD)


def read_lines(source: str) -> list[Line]:
    """Return the printed lines of a file without blank lines, rules, page numbers and Markdown marks."""
    lines: list[Line] = []
    offset = gap = 0
    folded = fold(source)
    if "</" in folded or "<br" in folded:
        folded = _TAG.sub(lambda tag: ("\n" if tag["block"] else " ") + " " * (len(tag[0]) - 1), folded)
    if "。 " in folded or ": " in folded or "; " in folded or "日 " in folded:
        folded = _unglue(folded)
    for raw in folded.split("\n"):
        text = raw.strip(" ")
        if not text:
            gap += 1
            offset += len(raw) + 1
            continue
        start = offset + raw.index(text[0])
        offset += len(raw) + 1
        marked = text[0] in "#*"
        if text[0] in "#-*+>|=_—…·.0123456789第" or "**" in text or "|" in text:
            if "**" in text:
                text = text.replace("**", "  ")
            if "|" in text:
                text = text.replace("|", " ")
            mark = _MARKDOWN.match(text)
            skip = mark.end() if mark else 0
            rest = text[skip:]
            start += skip + len(rest) - len(rest.lstrip(" "))
            text = rest.strip(" ")
            if not text or _RULE.match(text) or (len(text) < 12 and _PAGE_NUMBER.match(text)):
                gap += 1
                continue
        lines.append(Line(start, text, gap, marked))
        gap = 0
    return lines


def _unglue(folded: str) -> str:
    """Break lines into which a web page glued several paragraphs, at the blanks it left between them."""
    return "\n".join(_unglue_line(line) if len(line) > 160 else line for line in folded.split("\n"))


def _unglue_line(line: str) -> str:
    if _GLUED_DATE.search(line):
        return _BETWEEN_WORDS.sub(_break, line)
    return _GLUED.sub(_break, line)


def _break(blanks: re.Match[str]) -> str:
    return "\n" + " " * (len(blanks[0]) - 1)


def compact(text: str) -> str:
    """Return `text` without the blanks that stand between Chinese characters, digits and punctuation."""
    return _REMOVABLE.sub("", text) if " " in text else text


def join(lines: Iterable[Line], skip: int = 0) -> Paragraph:
    """Join printed lines into one canonical paragraph, leaving out the first `skip` characters of the first line."""
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    for line in lines:
        text, start = line.text, line.start
        if skip:
            text, start, skip = text[skip:], start + skip, 0
        if parts and parts[-1][-1:].isascii() and parts[-1][-1:].isalpha() and text[:1].isascii() and text[:1].isalpha():
            parts.append(" ")
            pieces.append((length, start - 1))
            length += 1
        if " " not in text:
            pieces.append((length, start))
            parts.append(text)
            length += len(text)
            continue
        cursor = 0
        for blank in _REMOVABLE.finditer(text):
            if blank.start() > cursor:
                pieces.append((length, start + cursor))
                parts.append(text[cursor : blank.start()])
                length += blank.start() - cursor
            cursor = blank.end()
        if cursor < len(text):
            pieces.append((length, start + cursor))
            parts.append(text[cursor:])
            length += len(text) - cursor
    return Paragraph("".join(parts), pieces)


def spaced(line: Line) -> Paragraph:
    """Return a line as a paragraph that keeps its inner blanks (lists align names with them)."""
    return Paragraph(line.text, [(0, line.start)])


def text_of(lines: Sequence[Line]) -> str:
    """Return the canonical text of some lines joined."""
    return join(lines).text
