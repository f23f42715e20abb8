"""Text with memory: lines and paragraphs that know where in the original file each character stood.

Reading folds full-width ASCII to half-width one to one, so that a folded line has the offsets of the original. Joining
lines and taking out blanks is recorded as pieces: runs of characters that stand together in both texts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, compress, count
from string import ascii_letters
from typing import NamedTuple

_PLAIN = (
    {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys("\t\u3000\xa0\u2002\u2003\u2009\u200b\ufeff\x0b\x0c\r", " ")
    | dict(zip("﹝﹞﹙﹚〖〗︰∶•―–─", "〔〕()【】::·———", strict=True))
)
"""Printed characters and the canonical one, of the same length, that stands for each."""
_COMMON = "，：；（）\u3000\r"
_RARE = re.compile(f"[{re.escape(''.join(set(_PLAIN).difference(_COMMON)))}]")

_LATIN = re.compile("[A-Za-z]")
_LETTERS = frozenset(ascii_letters)
_REMOVABLE = re.compile(r" +(?![A-Za-z])|(?<![A-Za-z,.;:]) +")
_MARKDOWN = re.compile(r"(?:#{1,6} +|[-*+·] +(?=[^ \-*])|> ?)+")
_TAG = re.compile(r"<(?P<block>/?(?:p|div|br|tr|li|h\d|table|td|th)\b)?[^<>\n]{0,200}>")
_GLUED_DATE = re.compile(
    r" (?:(?:19|20)\d\d|[二一][〇○零OoΟ一二三四五六七八九]{3})"
    r"年[\d一二三四五六七八九十]{1,2}月[\d一二三四五六七八九十]{1,3}日 "
)
_BETWEEN_WORDS = re.compile(r"(?<=[\u4e00-\u9fff。:;)】》]) +(?=[\u4e00-\u9fff《(\d])")
_GLUED = re.compile(
    r"(?<=[。:;]) +(?=(?:[一二三四五六七八九十]{1,3}、|\([一二三四五六七八九十]{1,3}\)|"
    r"第[一二三四五六七八九十百]{1,4}[章条]|\d{1,2}[.、]|《|现将|为))"
)
_RULE = re.compile(r"[-=_*. |·—…]*$")
_PAGE_NUMBER = re.compile(r"[-—·.]{0,3} ?(?:第 ?)?\d{1,4}(?: ?页)? ?[-—·.]{0,3}$")

TERMINAL = frozenset("。!?;:")
"""Characters after which a paragraph may end."""


_BEYOND = 1 << 62
_LONGEST_ENTRY = 400
"""An entry of a list that a print breaks is not longer than this."""


class Row(NamedTuple):
    """What a line that writes out the row of a table has besides its text.

    `label` is the printed number of the row or empty, `skip` the offset after it, and `pieces` tells where each run of
    the text's characters stands in the file, as in a `Paragraph`.
    """

    label: str
    skip: int
    pieces: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Line:
    """A printed line, folded and stripped: `text[i]` stands at `start + i` of the file; `gap` blank lines before it.

    The row of a table is a line too; its characters stand where its `row` says.
    """

    start: int
    text: str
    gap: int
    marked: bool = False
    row: Row | None = None

    @property
    def end(self) -> int:
        """Offset after the last character."""
        if self.row is not None:
            here, there = self.row.pieces[-1]
            return there + len(self.text) - here
        return self.start + len(self.text)


@dataclass(slots=True)
class Paragraph:
    """Canonical text of a paragraph; `pieces`: (offset here, offset in the file) where a run of characters begins."""

    text: str
    pieces: list[tuple[int, int]] = field(default_factory=list)

    def origin(self, offset: int) -> int:
        """Return where the character at `offset` stands in the file."""
        if len(self.pieces) < 2:
            return self.pieces[0][1] + offset if self.pieces else 0
        here, there = self.pieces[max(bisect_right(self.pieces, (offset, _BEYOND)) - 1, 0)]
        return there + offset - here

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the file's span of `text[start:end]`."""
        if len(self.pieces) == 1:
            shift = self.pieces[0][1]
            return shift + start, shift + (end if end > start else start)
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
        first, last = bisect_right(self.pieces, (start, _BEYOND)), bisect_left(self.pieces, (end, -1))
        inner = [(here - start, there) for here, there in self.pieces[first:last]]
        return Paragraph(self.text[start:end], [(0, self.origin(start)), *inner])


def fold(source: str) -> str:
    """Return `source` in canonical characters, same length."""
    for printed in _COMMON:
        source = source.replace(printed, _PLAIN[printed])
    found = _RARE.search(source)
    while found is not None:
        source = source.replace(found[0], _PLAIN[found[0]])
        found = _RARE.search(source, found.end())
    return source


def read_lines(source: str) -> list[Line]:
    """Return the printed lines of a file without blank lines, rules, page numbers and Markdown marks."""
    folded = fold(source)
    if "</" in folded or "<br" in folded:
        folded = _TAG.sub(lambda tag: ("\n" if tag["block"] else " ") + " " * (len(tag[0]) - 1), folded)
    barred = "**" in folded or "|" in folded
    lines: list[Line] = []
    begin, breaks = 0, 0
    for printed in _unglued(folded.split("\n")):
        text = printed.strip(" ")
        if text:
            first = text[0]
            start = begin + printed.index(first)
            marked = first in _MARKS or (barred and ("**" in text or "|" in text))
            if marked or (first in _PAGES and len(text) < _SHORT):
                text, skipped = _unmarked(text)
                start += skipped
            if text:
                lines.append(Line(start, text, breaks - 1 if lines else breaks, first in "#*"))
                breaks = 0
        breaks += 1
        begin += len(printed) + 1
    return lines


_MARKS = frozenset("#-*+>|=_—…·.")
_PAGES = frozenset("0123456789第")
_SHORT, _LONG = 12, 160


def _unmarked(text: str) -> tuple[str, int]:
    """Return a line without Markdown marks (a rule or page number: empty), and how many characters went before it."""
    if text[0] in _PAGES and "|" not in text and "**" not in text:
        return ("", 0) if _PAGE_NUMBER.match(text) and len(text) < _SHORT else (text, 0)
    text = text.replace("**", "  ").replace("|", " ")
    mark = _MARKDOWN.match(text)
    rest = text[mark.end() :] if mark else text
    body = rest.strip(" ")
    if _RULE.match(body) or (len(body) < _SHORT and _PAGE_NUMBER.match(body)):
        return "", 0
    return body, len(text) - len(rest.lstrip(" "))


def _unglued(lines: list[str]) -> list[str]:
    """Break lines into which a web page glued several paragraphs, at the blanks it left between them; same length."""
    glued = False
    for place in [*compress(count(), map(_LONG.__lt__, map(len, lines)))]:
        whole = lines[place]
        lines[place] = _unglue_line(whole)
        glued = glued or lines[place] is not whole
    return "\n".join(lines).split("\n") if glued else lines


def _unglue_line(line: str) -> str:
    if "日 " in line and _GLUED_DATE.search(line):
        return _BETWEEN_WORDS.sub(_break, line)
    if "。 " in line or ": " in line or "; " in line:
        return _GLUED.sub(_break, line)
    return line


def _break(blanks: re.Match[str]) -> str:
    return "\n" + " " * (len(blanks[0]) - 1)


def compact(text: str) -> str:
    """Return `text` without the blanks that stand between Chinese characters, digits and punctuation."""
    if " " not in text:
        return text
    return _REMOVABLE.sub("", text) if _LATIN.search(text) else text.replace(" ", "")


def join(lines: Sequence[Line], skip: int = 0) -> Paragraph:
    """Join printed lines into one canonical paragraph, leaving out the first `skip` characters of the first line."""
    if len(lines) == 1:
        line = lines[0]
        if line.row is not None:
            return Paragraph(line.text, list(line.row.pieces)).slice(skip, len(line.text))
        text = line.text[skip:] if skip else line.text
        if " " not in text:
            return Paragraph(text, [(0, line.start + skip)])
    parts: list[str] = []
    pieces: list[tuple[int, int]] = []
    length = 0
    for line in lines:
        text, start = line.text, line.start
        if skip:
            text, start, skip = text[skip:], start + skip, 0
        if parts and text[:1] in _LETTERS and parts[-1][-1:] in _LETTERS:
            parts.append(" ")
            pieces.append((length, start - 1))
            length += 1
        if " " not in text:
            pieces.append((length, start))
            parts.append(text)
            length += len(text)
            continue
        if _LATIN.search(text):
            for place, part in _unbroken(text):
                pieces.append((length, start + place))
                parts.append(part)
                length += len(part)
            continue
        for part in text.split(" "):
            if part:
                pieces.append((length, start))
                parts.append(part)
                length += len(part)
            start += len(part) + 1
    return Paragraph(parts[0] if len(parts) == 1 else "".join(parts), pieces)


def _unbroken(text: str) -> Iterator[tuple[int, str]]:
    """Yield (offset, characters) of the stretches between the blanks that `compact` takes out of text with letters."""
    cursor = 0
    for blanks in _REMOVABLE.finditer(text):
        if blanks.start() > cursor:
            yield cursor, text[cursor : blanks.start()]
        cursor = blanks.end()
    if cursor < len(text):
        yield cursor, text[cursor:]


def places_in(texts: Sequence[str], sign: re.Pattern[str]) -> dict[int, list[int]]:
    """Return where a sign stands in each text that bears it, by the text's index.

    One search over all texts costs less than one in each; the sign may not reach over the end of a line.
    """
    ends = list(accumulate(map(len, texts), lambda end, length: end + length + 1, initial=0))
    found: dict[int, list[int]] = {}
    end = -1
    for place in map(re.Match.start, sign.finditer("\n".join(texts))):
        if place >= end:
            index = bisect_right(ends, place)
            begin, end = ends[index - 1], ends[index]
            places = found[index - 1] = []
        places.append(place - begin)
    return found


def spaced(line: Line) -> Paragraph:
    """Return a line as a paragraph that keeps its inner blanks (lists align names with them)."""
    return Paragraph(line.text, [(0, line.start)])


def entries(lines: Sequence[Line]) -> list[Paragraph]:
    """Return the entries of a list with their inner blanks: a line whose bracket is open goes on in the next one."""
    found: list[Paragraph] = []
    open_brackets = 0
    for line in lines:
        if open_brackets > 0 and len(found[-1].text) < _LONGEST_ENTRY:
            last = found[-1]
            last.pieces.append((len(last.text), line.start))
            last.text += line.text
        else:
            open_brackets = 0
            found.append(spaced(line))
        open_brackets += line.text.count("(") - line.text.count(")")
    return found


def text_of(lines: Sequence[Line]) -> str:
    """Return the canonical text of some lines joined."""
    return join(lines).text
