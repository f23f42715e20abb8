"""Citations: `乳政办发〔2018〕2号 3.1.3(4)` is a document number, a blank and a locator as printed.

A locator is a run of labels. In data it is a path, labels joined by `/` with every decimal's ancestors spelt out
(`3/3.1/3.1.3/(4)`); on paper it is printed without them (`3.1.3(4)`). `Locator.parse` reads either, `path` and `str`
write them. Numbers are read leniently and written canonically (organs D1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.numerals import from_chinese, to_chinese

_FOLD = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BLANKS = re.compile(r"\s+")
_CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_PAREN_IDEOGRAPHS = {0x3220 + value: f"({to_chinese(value + 1)})" for value in range(10)}


def fold(text: str) -> str:
    """Return the text with full-width ASCII turned half-width and ㈠ turned (一); circles and dashes stay."""
    return text.translate(_FOLD).translate(_PAREN_IDEOGRAPHS)


# --- document numbers -------------------------------------------------------------------------------------------------

_NUMBER = re.compile(r"([\u4e00-\u9fff]{2,10})[〔\[(【]((?:19|20)\d\d)[〕\])】]第?0{0,6}([1-9]\d{0,3})号")


@dataclass(frozen=True, slots=True, order=True)
class DocumentNumber:
    """A document number, `issuer〔year〕serial号`; serial 1-9999."""

    issuer: str
    year: int
    serial: int

    @classmethod
    def parse(cls, text: str) -> DocumentNumber | None:
        """Read a number leniently (any bracket, blanks, 第, leading noughts); None if the text is none."""
        match = _NUMBER.fullmatch(_BLANKS.sub("", fold(text)))
        return cls(match[1], int(match[2]), int(match[3])) if match else None

    @classmethod
    def of(cls, text: str) -> DocumentNumber:
        """Read a number that must be one; E_INPUT otherwise."""
        if (number := cls.parse(text)) is None:
            raise LuoshiError("E_INPUT", f"“{text}”不是文号，应如“某政发〔2018〕1号”", fields={"value": text})
        return number

    def __str__(self) -> str:
        return f"{self.issuer}〔{self.year}〕{self.serial}号"


# --- locators ---------------------------------------------------------------------------------------------------------

_CN = r"[〇零一二三四五六七八九十百千]{1,9}"
_LABEL = re.compile(
    rf"""
      (?P<annex>附件(?:\d{{1,3}}|{_CN})?)
    | 第(?P<article>{_CN}|\d{{1,4}})(?P<level>编|章|节|条|款)(?:之(?P<insert>{_CN}))?
    | (?P<bare_article>\d{{1,4}})条
    | 第\(?(?P<item>{_CN}|\d{{1,3}})\)?项
    | 第(?P<point>\d{{1,3}})目
    | \((?P<paren>{_CN}|\d{{1,4}})\)
    | (?P<circle>[{_CIRCLES}])
    | (?P<decimal>\d{{1,4}}(?:\.\d{{1,4}}){{1,7}})
    | (?P<num>\d{{1,4}})
    | (?P<cn>{_CN})
    | [—]{{1,2}}(?P<dash>\d{{1,4}})
    | ¶(?P<paragraph>\d{{1,5}})
    """,
    re.VERBOSE,
)
_REPEAT = re.compile(r"~(\d{1,4})")
_STOPS = re.compile(r"[、.,:;]")
_LEVEL_KIND = {"编": "book", "章": "chapter", "节": "section", "条": "article", "款": "subparagraph"}


class Label(NamedTuple):
    """One label of a locator: `text` as printed, its `kind`, its `order` among its siblings (0 where it has none)."""

    kind: str
    text: str
    order: int

    @property
    def ancestors(self) -> tuple[Label, ...]:
        """The labels a decimal implies: 3.1.3 -> 3, 3.1."""
        if self.kind != "decimal":
            return ()
        parts = self.text.partition("~")[0].split(".")
        return tuple(
            Label("decimal" if depth > 1 else "num", ".".join(parts[:depth]), int(parts[depth - 1]))
            for depth in range(1, len(parts))
        )


def _label(match: re.Match[str], repeat: str) -> Label | None:
    """Turn a match into a label, or None where a Chinese numeral is not one (一二)."""
    kind = match.lastgroup or ""
    text = match[0]
    digits = match[kind]
    if kind in ("level", "insert"):
        kind, digits = _LEVEL_KIND[match["level"]], match["article"]
    elif kind == "bare_article":
        kind = "article"
    elif kind == "annex":
        digits = text.removeprefix("附件") or "0"
    order = int(digits.rpartition(".")[2]) if digits[-1].isdecimal() else from_chinese(digits)
    if kind == "circle":
        order = _CIRCLES.index(digits) + 1
    if order is None or (order == 0 and kind != "annex"):
        return None
    if kind in _LEVEL_KIND.values():
        level = match["level"] or "条"
        text = f"第{to_chinese(order)}{level}" + (f"之{match['insert']}" if match["insert"] else "")
    elif kind == "item":
        kind, text = "paren", f"({to_chinese(order)})"
    elif kind == "point":
        kind, text = "num", str(order)
    elif kind == "dash":
        text = f"—{digits}"
    return Label(kind, text + repeat, order)


def _labels(run: str) -> list[Label] | None:
    """Split a run without blanks into labels, or None if it is not wholly made of them."""
    found: list[Label] = []
    place = 0
    while place < len(run):
        if (match := _LABEL.match(run, place)) is None:
            return None
        place = match.end()
        if (again := _REPEAT.match(run, place)) is not None:
            place = again.end()
        if (label := _label(match, again[0] if again else "")) is None:
            return None
        found.append(label)
        if stop := _STOPS.match(run, place):
            place = stop.end()
    return found


@dataclass(frozen=True, slots=True)
class Locator:
    """The place of a clause in its instrument."""

    labels: tuple[Label, ...]

    @classmethod
    def parse(cls, text: str) -> Locator:
        """Read a printed locator, or a path (it has a `/`): only there every label is already spelt out.

        What is no label is the title of a part (附件/某某细则/一).
        """
        folded = fold(text).strip()
        is_path = "/" in folded
        labels: list[Label] = []
        for run in filter(None, folded.split("/") if is_path else folded.split()):
            for label in _labels(run) or [Label("part", run, 0)]:
                if not is_path:
                    labels += [part for part in label.ancestors if part not in labels]
                labels.append(label)
        return cls(tuple(labels))

    @property
    def path(self) -> str:
        """The path of the clause in the records: `二/(一)/1`."""
        return "/".join(label.text for label in self.labels)

    def __str__(self) -> str:
        """The locator as printed, or its path where the short form could be misread (1/2)."""
        short = _short(self.labels)
        return short if Locator.parse(short) == self else self.path

    @property
    def sort_key(self) -> tuple[tuple[int, str], ...]:
        """Key that puts the clauses of one instrument in the order of their numbers."""
        return tuple((label.order, label.text) for label in self.labels)


def _short(labels: tuple[Label, ...]) -> str:
    """Labels without a decimal's ancestors, run together; a blank after an annex and around the title of a part."""
    shown: list[Label] = []
    for label in labels:
        ancestors = label.ancestors
        while shown and shown[-1] in ancestors:
            shown.pop()
        shown.append(label)
    spaced = (f" {label.text} " if label.kind in ("annex", "part") else label.text for label in shown)
    return " ".join("".join(spaced).split())


# --- citations --------------------------------------------------------------------------------------------------------

_TITLED = re.compile(r"(《[^《》]{1,80}》)(.*)", re.DOTALL)
_NUMBERED = re.compile(r"([^号]{1,40}号)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Citation:
    """A clause of an instrument. The instrument is named by its number, or a law by its title in 《》."""

    instrument: DocumentNumber | str
    locator: Locator

    @classmethod
    def parse(cls, text: str) -> Citation | None:
        """Read `乳政办发〔2018〕2号 3.1.3(4)` or `《民法总则》第二百零三条`; None if the text names no instrument."""
        folded = fold(text).strip()
        if (titled := _TITLED.match(folded)) is not None:
            return cls(titled[1], Locator.parse(titled[2]))
        match = _NUMBERED.match(folded)
        number = DocumentNumber.parse(match[1]) if match else None
        return cls(number, Locator.parse(match[2])) if match and number else None

    @classmethod
    def of(cls, text: str) -> Citation:
        """Read a citation that must be one; E_INPUT otherwise."""
        if (citation := cls.parse(text)) is None:
            raise LuoshiError(
                "E_INPUT", f"“{text}”不是条款引用，应如“某政发〔2018〕1号 三(五)”", fields={"value": text}
            )
        return citation

    def __str__(self) -> str:
        if isinstance(self.instrument, str):
            return f"{self.instrument}{self.locator}"
        return f"{self.instrument} {self.locator}".rstrip()

    @property
    def url(self) -> str | None:
        """Permanent address of the clause's page, or None for an instrument known by its title only."""
        return None if isinstance(self.instrument, str) else clause_url(self.instrument, self.locator.path)

    @property
    def sort_key(self) -> tuple[str, int, int, tuple[tuple[int, str], ...]]:
        """Key that orders citations by issuer, year, serial, clause; titled laws come by title."""
        if isinstance(self.instrument, str):
            return (self.instrument, 0, 0, self.locator.sort_key)
        return (self.instrument.issuer, self.instrument.year, self.instrument.serial, self.locator.sort_key)


def clause_url(number: DocumentNumber | str, path: str = "") -> str:
    """Return `/instruments/<number>/<path>`, percent-encoded; without a path the instrument's own page."""
    return f"/instruments/{quote(str(number))}/" + (f"{quote(path)}" if path else "")
