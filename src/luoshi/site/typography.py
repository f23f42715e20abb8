"""How the words of a document are shown: full-width punctuation, dates as offices write them."""

from __future__ import annotations

import re
from datetime import date

from django.utils.translation import gettext as _

FULL_WIDTH = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！"}
_MARKS = re.compile(r"[,:;?!)]")


def _is_chinese(char: str) -> bool:
    """Say whether `char` is a Chinese character or a mark that only stands in Chinese text."""
    return char >= "\u2e80" or char in "“”‘’…—·①②③④⑤⑥⑦⑧⑨⑩"


def typeset(text: str) -> str:
    """Return canonical text with the punctuation of Chinese print: `，：；（）`.

    Marks between two Latin letters or digits stay half-width (`12,400`, `15:00`), and so do brackets that hold only
    letters and digits and follow one (`3.1.3(4)`): those belong to numbers, codes and clause paths.
    """
    if not _MARKS.search(text):
        return text
    chars = list(text)
    last = len(chars) - 1
    brackets: list[int] = []
    for index, char in enumerate(text):
        if char in FULL_WIDTH:
            before = text[index - 1] if index else ""
            after = text[index + 1] if index < last else ""
            if not (before and before < "\u0080" and before not in ")" and after and after < "\u0080" and after != "("):
                chars[index] = FULL_WIDTH[char]
        elif char == "(":
            brackets.append(index)
        elif char == ")" and brackets:
            opening = brackets.pop()
            follows_code = opening > 0 and "!" < text[opening - 1] < "\u007f"
            holds_chinese = any(_is_chinese(inner) for inner in text[opening + 1 : min(index, opening + 40)])
            if holds_chinese or not follows_code:
                chars[opening], chars[index] = "（", "）"
    return "".join(chars)


def date_words(day: date | str | None, today: date | None = None) -> str:
    """Return `10月17日` within the year of `today`, else `2018年3月8日`; `未注明` where the text gives none."""
    if not day:
        return _("未注明")
    if isinstance(day, str):
        day = date.fromisoformat(day)
    if today is not None and day.year == today.year:
        return _("{month}月{day}日").format(month=day.month, day=day.day)
    return _("{year}年{month}月{day}日").format(year=day.year, month=day.month, day=day.day)
