"""The text of a word processor's document as a reader of its print sees it, line by line.

python-docx opens the package; what it hands out as a paragraph's text leaves out what stands in content controls, in
tagged dates and in revisions not yet accepted, and the numbers that the word processor draws itself. Here every text
run counts except what is struck out or hidden, and an automatic number (第一条, 一、, (一), 1.) stands before its
paragraph as in print.

Source: ECMA-376-1:2016, 17.3 (paragraphs, runs), 17.4 (tables), 17.9 (numbering), 17.13.5 (revisions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lxml import etree

from luoshi.kernel.numerals import to_chinese

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH_TEXT = "{http://schemas.openxmlformats.org/officeDocument/2006/math}t"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NUMBERING = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/numbering"
_P, _R, _TBL, _TR, _TC, _BOX = (_W + name for name in ("p", "r", "tbl", "tr", "tc", "txbxContent"))
_STRUCK = frozenset((_W + "del", _W + "moveFrom", _FALLBACK))
"""What is struck out; a picture's fallback repeats its text box."""
_DRAWN = {_W + "tab": "\t", _W + "ptab": "\t", _W + "br": "\n", _W + "cr": "\n", _W + "noBreakHyphen": "-"}
_LEVELS = 9


def lines_of(document: Any) -> Iterator[str]:
    """Yield the paragraphs of a python-docx document and the rows of its tables, the cells of a row divided by tabs."""
    numbers = _Numbers(document)
    for block in _blocks(document.element.body):
        if block.tag == _TBL:
            yield from _rows(block, numbers)
        else:
            yield from _paragraph(block, numbers)


def _blocks(parent: Any) -> Iterator[Any]:
    """Yield the paragraphs and tables in `parent`, through content controls and the like."""
    for child in parent:
        if child.tag in (_P, _TBL):
            yield child
        elif child.tag not in _STRUCK and isinstance(child.tag, str):
            yield from _blocks(child)


def _paragraph(paragraph: Any, numbers: _Numbers) -> Iterator[str]:
    """Yield the lines of the text boxes that hang on a paragraph, then its own."""
    parts: list[str] = []
    boxes: list[Any] = []
    _gather(paragraph, parts, boxes)
    for box in boxes:
        for block in _blocks(box):
            yield from _rows(block, numbers) if block.tag == _TBL else _paragraph(block, numbers)
    text = "".join(parts)
    label = numbers.label(paragraph)
    if label and text.strip():
        text = label + (" " if label[-1].isalnum() and not text[0].isspace() else "") + text
    yield text


def _gather(parent: Any, parts: list[str], boxes: list[Any]) -> None:
    for child in parent:
        tag = child.tag
        if tag in (_W + "t", _MATH_TEXT):
            parts.append(child.text or "")
        elif tag in _DRAWN:
            # A break of the page or the column is none of the text.
            parts.append(_DRAWN[tag] if child.get(_W + "type", "textWrapping") == "textWrapping" else "")
        elif tag == _BOX:
            boxes.append(child)
        elif tag not in _STRUCK and isinstance(tag, str) and not (tag == _R and _is_hidden(child)):
            _gather(child, parts, boxes)


def _is_hidden(run: Any) -> bool:
    vanish = run.find(f"{_W}rPr/{_W}vanish")
    return vanish is not None and vanish.get(_W + "val", "1") not in ("0", "false", "off")


def _rows(table: Any, numbers: _Numbers) -> Iterator[str]:
    above: dict[int, str] = {}
    for row in _within(table, _TR):
        if row.find(f"{_W}trPr/{_W}del") is not None:
            continue
        place = _number(row.find(f"{_W}trPr/{_W}gridBefore"), 0)
        cells: list[str] = []
        for cell in _within(row, _TC):
            merged = cell.find(f"{_W}tcPr/{_W}vMerge")
            text = " ".join(" ".join(_cell(cell, numbers)).split())
            if merged is not None and merged.get(_W + "val", "continue") == "continue":
                # A cell that reaches down over several rows is read in each of them.
                text = above.get(place, "")
            above[place] = text
            cells.append(text)
            place += _number(cell.find(f"{_W}tcPr/{_W}gridSpan"), 1)
        yield "\t".join(cells).rstrip("\t")


def _within(parent: Any, tag: str) -> Iterator[Any]:
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag not in _STRUCK and child.tag not in (_P, _TBL) and isinstance(child.tag, str):
            yield from _within(child, tag)


def _cell(cell: Any, numbers: _Numbers) -> Iterator[str]:
    for block in _blocks(cell):
        yield from _rows(block, numbers) if block.tag == _TBL else _paragraph(block, numbers)


def _number(element: Any, default: int) -> int:
    value = "" if element is None else element.get(_W + "val", "")
    return int(value) if value.isdecimal() else default


# --- automatic numbers ------------------------------------------------------------------------------------------------


class _Level(NamedTuple):
    """One level of a list: how its number is written, in which words, from where; whether it begins anew."""

    form: str
    words: str
    start: int
    restarts: bool
    legal: bool
    style: str


_PLAIN = _Level("none", "", 1, True, False, "")


class _Numbers:
    """Draws the numbers of paragraphs in the order they are asked for."""

    def __init__(self, document: Any) -> None:
        self._styles: dict[str, Any] = {
            style.get(_W + "styleId"): style for style in document.styles.element.iterchildren(_W + "style")
        }
        self._lists: dict[str, dict[int, _Level]] = {}
        self._nums: dict[str, tuple[str, dict[int, int], dict[int, _Level]]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[str] = set()
        links: dict[str, str] = {}
        parts = [link.target_part for link in document.part.rels.values() if link.reltype == _NUMBERING]
        for root in [etree.fromstring(part.blob, _PARSER) for part in parts[:1]]:
            for one in root.iterchildren(_W + "abstractNum"):
                key = one.get(_W + "abstractNumId", "")
                self._lists[key] = dict(map(_level, one.iterchildren(_W + "lvl")))
                if (link := one.find(_W + "numStyleLink")) is not None:
                    links[key] = link.get(_W + "val", "")
            for one in root.iterchildren(_W + "num"):
                self._add(one)
        for key, name in links.items():
            num, _depth = self._of_style(name)
            if num in self._nums:
                self._lists[key] = self._lists.get(self._nums[num][0], {})

    def _add(self, num: Any) -> None:
        kind = num.find(_W + "abstractNumId")
        starts, levels = {}, {}
        for own in num.iterchildren(_W + "lvlOverride"):
            depth = int(own.get(_W + "ilvl", "0"))
            if (start := own.find(_W + "startOverride")) is not None:
                starts[depth] = _number(start, 1)
            if (level := own.find(_W + "lvl")) is not None:
                levels[depth] = _level(level)[1]
        self._nums[num.get(_W + "numId")] = ("" if kind is None else kind.get(_W + "val", ""), starts, levels)

    def label(self, paragraph: Any) -> str:
        """Count a paragraph and return its number as printed; empty for one without, and for bullets."""
        num, depth = self._of(paragraph)
        if num not in self._nums or not 0 <= depth < _LEVELS:
            return ""
        kind, starts, own = self._nums[num]
        levels = {**self._lists.get(kind, {}), **own}
        counts = self._counts.setdefault(kind, [None] * _LEVELS)
        if num not in self._begun:
            self._begun.add(num)
            for place in starts:
                counts[place] = None
        level = levels.get(depth, _PLAIN)
        stood = counts[depth]
        counts[depth] = starts.get(depth, level.start) if stood is None else stood + 1
        for deeper in range(depth + 1, _LEVELS):
            if levels.get(deeper, _PLAIN).restarts:
                counts[deeper] = None
        if level.form == "bullet":
            return ""

        def written(match: re.Match[str]) -> str:
            place = int(match[1]) - 1
            asked = levels.get(place, _PLAIN)
            count = counts[place]
            form = "decimal" if level.legal and asked.form != "none" else asked.form
            return _written(form, asked.start if count is None else count)

        return re.sub(r"%([1-9])", written, level.words).strip()

    def _of(self, paragraph: Any) -> tuple[str, int]:
        """Return the list and the level of a paragraph, its style's where it says none itself."""
        own = paragraph.find(f"{_W}pPr/{_W}numPr")
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        num, depth = self._of_style("" if style is None else style.get(_W + "val", ""))
        if own is not None:
            told = own.find(_W + "numId")
            num = num if told is None else told.get(_W + "val", "")
            depth = _number(own.find(_W + "ilvl"), 0 if told is not None else depth)
        return num, depth

    def _of_style(self, name: str) -> tuple[str, int]:
        for _ in range(20):
            style = self._styles.get(name)
            if style is None:
                break
            told = style.find(f"{_W}pPr/{_W}numPr")
            if told is not None and (num := told.find(_W + "numId")) is not None:
                key = num.get(_W + "val", "")
                levels = self._lists.get(self._nums[key][0], {}) if key in self._nums else {}
                linked = [depth for depth, level in levels.items() if level.style == name]
                return key, linked[0] if linked else _number(told.find(_W + "ilvl"), 0)
            base = style.find(_W + "basedOn")
            name = "" if base is None else base.get(_W + "val", "")
        return "", 0


_PARSER = etree.XMLParser(resolve_entities=False, no_network=True)


def _level(element: Any) -> tuple[int, _Level]:
    told = {name: element.find(_W + name) for name in ("numFmt", "lvlText", "lvlRestart", "isLgl", "pStyle")}
    said = {name: "" if one is None else one.get(_W + "val", "") for name, one in told.items()}
    level = _Level(
        said["numFmt"] or "decimal", said["lvlText"], _number(element.find(_W + "start"), 0), said["lvlRestart"] != "0",
        told["isLgl"] is not None and said["isLgl"] not in ("0", "false", "off"), said["pStyle"],
    )  # fmt: skip
    return int(element.get(_W + "ilvl", "0")), level


def _chinese(number: int) -> str:
    return to_chinese(number) if 1 <= number <= 9999 else str(number)


def _one_of(characters: str) -> Callable[[int], str]:
    """Return a writer of single characters, of digits beyond the last of them."""
    return lambda number: characters[number - 1] if 1 <= number <= len(characters) else str(number)


def _roman(number: int) -> str:
    places = zip(
        (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1),
        ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I"),
        strict=True,
    )
    text, rest = "", number if 0 < number < 4000 else 0
    for value, letters in places:
        text += letters * (rest // value)
        rest %= value
    return text or str(number)


def _letters(number: int) -> str:
    return chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1) if 0 < number < 1_000 else str(number)


_LEGAL = str.maketrans("零一二三四五六七八九十百千", "零壹贰叁肆伍陆柒捌玖拾佰仟")
_DIGITAL = str.maketrans("0123456789", "〇一二三四五六七八九")
_FORMS: dict[str, Callable[[int], str]] = {
    "none": lambda _number: "",
    "decimalZero": lambda number: f"{number:02d}",
    "chineseCounting": _chinese,
    "chineseCountingThousand": _chinese,
    "japaneseCounting": _chinese,
    "taiwaneseCounting": _chinese,
    "taiwaneseCountingThousand": _chinese,
    "chineseLegalSimplified": lambda number: _chinese(number).translate(_LEGAL),
    "ideographLegalTraditional": lambda number: _chinese(number).translate(_LEGAL),
    "ideographDigital": lambda number: str(number).translate(_DIGITAL),
    "taiwaneseDigital": lambda number: str(number).translate(_DIGITAL),
    "ideographTraditional": _one_of("甲乙丙丁戊己庚辛壬癸"),
    "ideographZodiac": _one_of("子丑寅卯辰巳午未申酉戌亥"),
    "decimalEnclosedCircle": _one_of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    "decimalEnclosedCircleChinese": _one_of("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"),
    "decimalEnclosedParen": _one_of("⑴⑵⑶⑷⑸⑹⑺⑻⑼⑽⑾⑿⒀⒁⒂⒃⒄⒅⒆⒇"),
    "decimalEnclosedFullstop": _one_of("⒈⒉⒊⒋⒌⒍⒎⒏⒐⒑⒒⒓⒔⒕⒖⒗⒘⒙⒚⒛"),
    "ideographEnclosedCircle": _one_of("㊀㊁㊂㊃㊄㊅㊆㊇㊈㊉"),
    "upperRoman": _roman,
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperLetter": _letters,
    "lowerLetter": lambda number: _letters(number).lower(),
}


def _written(form: str, number: int) -> str:
    return _FORMS.get(form, str)(number)
