"""Printed labels of clauses: 第一章, 第十二条, 一、, (一), 1., (1), ①, 3.1.3, 附件1, ——.

A label is recognised at the start of a folded line (inner blanks still there) or, for labels that were run into a
paragraph, inside canonical text. Labels are written as the conventions ask: half-width, without blanks and closing
punctuation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from luoshi.gazette.dates import number

_CN = "[一二三四五六七八九十百零〇○ ]"
CIRCLES = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"


class Label(NamedTuple):
    """A label: its kind (see records.CLAUSE_KINDS), canonical text, ordinal and the offset after it."""

    kind: str
    text: str
    ordinal: int
    end: int


def numeral(text: str) -> int:
    """Return the value of a Chinese or Arabic numeral below 1000; 0 where it is none."""
    return number(text) or 0


_ORDERED = re.compile(
    rf"第 ?((?:{_CN}|\d){{1,7}}) ?(章|节|条|部分|编|篇)((?:之[一二三四五六七八九十])?)(?=[^例款规目件]|$)[ 、:]?"
)
_AMENDED = re.compile(
    r"(?:第[^,。;]{1,8}[款项目])*(?:中|后|之后|前|改为第[^,。;]{1,8}条)?[,,]?"
    r"(?:修改为|改为|修改后|增加一|增加第|删去|删除|调整为|作为第|作如下修改|的规定)"
)
"""What a decision does with an article of another document: `第三条第二款修改为…` is no article of its own."""
_ARTICLE_WITHOUT_WORD = re.compile(rf"第({_CN}{{1,5}}) +")
_CN_LABEL = re.compile(r"([一二三四五六七八九十百]{1,4}) ?(?:、|[.,:](?!\d))")
_PAREN = re.compile(rf"\( ?(?:({_CN}{{1,5}})|(\d{{1,3}})) ?\) ?[、.,:]?")
_HALF_PAREN = re.compile(r"(?:([一二三四五六七八九十]{1,3})|(\d{1,2})) ?\) ?[、.]?")
_NUM = re.compile(r"(\d{1,3}) ?(?:、|[.,](?!\d)|\.(?=(?:19|20)\d\d ?年))")
_DECIMAL = re.compile(r"(\d{1,2}(?: ?\. ?\d{1,2}){1,5})(?![\d.]|[ ]?[%‰万亿元倍个米吨公里平至])[. 、]?")
_TOP_DECIMAL = re.compile(r"(\d{1,2})(?: +| ?[、.] ?)?(?=[\u4e00-\u9fff])(?![年月日个家项%万亿元])")
_DASH = re.compile(r"—{1,3} ?(?=[^—\d])")
_ANNEX = re.compile(
    r"附 ?(?:件|表|录)? ?((?:[一二三四五六七八九十]{1,2}|\d{1,2})(?: ?[-—] ?\d{1,2})?)? ?(?:[:.、]|$| (?=\S))"
)
_WORD_OF = {"章": "chapter", "节": "section", "条": "article", "部分": "part", "编": "part", "篇": "part"}
_LONGEST_PART = 40
_DIGITS = frozenset("0123456789")
LABEL_STARTS = frozenset("第(附—0123456789一二三四五六七八九十百" + CIRCLES)


def read_label(text: str, *, decimals: bool = False, articles: bool = False) -> Label | None:
    """Return the label at the start of a folded line, or None.

    `decimals` says that the document numbers its headings 1, 1.1, 1.1.1; `articles` that it consists of 第N条, so that
    an article whose 条 the print lost is still read.
    """
    if not text or (first := text[0]) not in LABEL_STARTS:
        return None
    if first == "第":
        return _ordered(text, articles=articles)
    if first == "(":
        match = _PAREN.match(text)
        return _bracketed(match[0]) if match else None
    if first == "附":
        return _annex(text)
    if first == "—":
        match = _DASH.match(text)
        return Label("dash", "—", 0, match.end()) if match else None
    if first in CIRCLES:
        end = 2 if text[1:2] in ("、", ".") else 1
        return Label("circle", first, CIRCLES.index(first) + 1, end)
    if first.isdigit():
        return _arabic(text, decimals=decimals)
    if match := _CN_LABEL.match(text):
        return Label("cn", match[1], numeral(match[1]), match.end())
    if match := _HALF_PAREN.match(text):
        return Label("cn_paren", f"({match[1]})", numeral(match[1]), match.end())
    return None


@lru_cache(maxsize=1024)
def _bracketed(printed: str) -> Label | None:
    """The label of a printed `(一)` or `( 1 )、`; the same few are printed again and again."""
    name = printed[1 : printed.index(")")].replace(" ", "")
    ordinal = numeral(name)
    return Label("num_paren" if name.isascii() else "cn_paren", f"({name})", ordinal, len(printed)) if ordinal else None


def _ordered(text: str, *, articles: bool) -> Label | None:
    if match := _ORDERED.match(text):
        name = match[1].replace(" ", "")
        ordinal, kind = numeral(name), _WORD_OF[match[2]]
        if kind == "article" and _AMENDED.match(text, match.end(3)):
            return None
        if not ordinal or (kind == "part" and (len(text) > _LONGEST_PART or "," in text or text[-1] in "。;")):
            return None
        return Label(kind, f"第{name}{match[2]}{match[3]}", ordinal, match.end())
    if articles and (match := _ARTICLE_WITHOUT_WORD.match(text)):
        name = match[1].replace(" ", "")
        return Label("article", f"第{name}", numeral(name), match.end()) if numeral(name) else None
    return None


def _annex(text: str) -> Label | None:
    match = _ANNEX.match(text)
    if not match or (len(text) > 1 and text[1] not in "件表录: " and match.end() < len(text)):
        return None
    alone = match.end() == len(text) and match[1] is not None
    if text.replace(" ", "").startswith("附件") or len(text) < 3 or alone:
        name = (match[1] or "").replace(" ", "").replace("—", "-")
        return Label("annex", f"附件{name}", numeral(name) if name else 1, match.end())
    return None


def _arabic(text: str, *, decimals: bool) -> Label | None:
    if decimals:
        if match := _DECIMAL.match(text):
            name = match[1].replace(" ", "")
            return Label("decimal", name, int(name.rpartition(".")[2]), match.end())
        if match := _TOP_DECIMAL.match(text):
            return Label("decimal", match[1], int(match[1]), match.end())
    if match := _NUM.match(text):
        return Label("num", match[1], int(match[1]), match.end())
    if match := _HALF_PAREN.match(text):
        return Label("num_paren", f"({match[2]})", int(match[2]), match.end())
    return None


_DECIMAL_HEADING = re.compile(
    r"\d{1,2}\.\d{1,2}(?:\.\d{1,2})?[ 、.]*[\u4e00-\u9fff]{2}|\d{1,2} +[\u4e00-\u9fff]{2,12}$|1总则$"
)
_NOT_A_HEADING = re.compile(r"\d{1,2}\.\d{1,2} ?[个万亿倍元米吨公千平百年月日]")


def numbers_by_decimals(lines: list[str]) -> bool:
    """Return whether these folded lines use decimal headings (1.1, 3.1.3) rather than decimal figures."""
    found = 0
    for text in lines:
        if text[0] in _DIGITS and len(text) > 3 and _DECIMAL_HEADING.match(text) and not _NOT_A_HEADING.match(text):
            found += 1
            if found >= 2:
                return True
    return False


INLINE_GATE = re.compile(rf"[。;:!)][(0-9一二三四五六七八九十{CIRCLES}]")
"""A closing mark and the first character of a label: without one a text holds no label."""
_INLINE = re.compile(
    r"(?:(?P<cn_paren>\([一二三四五六七八九十]{1,3}\))|(?P<num_paren>\(\d{1,2}\))|(?P<num>\d{1,2}[.、](?!\d))"
    r"|(?P<cn>[一二三四五六七八九十]{1,3}、))"
)


def inline_labels(text: str) -> list[Label]:
    """Return labels that stand inside canonical text after a closing mark; `end` is the offset *before* the label.

    Whether one of them opens a clause depends on its neighbours; the caller decides.
    """
    found: list[Label] = []
    circles: list[Label] = []
    for gate in INLINE_GATE.finditer(text):
        place = gate.start() + 1
        first = text[place]
        if first in CIRCLES:
            if text[place - 1] != ")":
                circles.append(Label("circle", first, CIRCLES.index(first) + 1, place))
            continue
        match = _INLINE.match(text, place)
        if match is None:
            continue
        kind = match.lastgroup or ""
        name = match[0].rstrip("、.")
        found.append(Label(kind, name, numeral(name.strip("()")), match.start()))
    return circles + found if circles and ("②" in text or "③" in text or "④" in text) else found
