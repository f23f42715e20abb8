"""Chinese numerals and date phrases (`2018年1月底`, `十月`, `上半年`, `第三季度末`), resolved to first and last day."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from luoshi.kernel.numerals import from_chinese

DIGITS = "0-9〇○零一二三四五六七八九十百两"
"""Characters that may stand in a number, for use inside a character class."""

YEAR = r"(?:(?:19|20)[0-9]{2}|[一二][〇○零一二三四五六七八九]{3})"
SMALL = r"(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"

RELATIVE_YEARS = {"今年": 0, "本年度": 0, "本年": 0, "明年": 1, "后年": 2}
RECURRING_YEARS = ("次年", "翌年", "下一年度", "下一年", "下年度", "下年", "当年")
"""Years counted from a yearly act; a date in one of them comes back every year."""

_RELATIVE = "|".join((*RELATIVE_YEARS, *RECURRING_YEARS))
# A part of a year. `年底` and `月底` alone need a boundary on their left: 三年底 and 个月底 are something else.
_PART = (
    rf"{SMALL}月份?(?:{SMALL}[日号]|[上中下]旬|月?[底末])?"
    r"|[上下]半年[底末]?|第?[一二三四1-4]季度[底末]?"
)
_END = r"年?[底末]"
_DATE = re.compile(
    rf"(?<![0-9一二三四五六七八九十〇])(?:"
    rf"(?P<year>{YEAR}年(?:度(?=[,:内底末前]))?|{_RELATIVE})(?:的?(?P<part>{_PART}|{_END}))?"
    rf"|(?P<bare>{_PART})"
    rf"|(?<![半个每周学近多数今明去当个两几])(?P<close>年[底末]|本?月[底末]|年(?=内))"
    r")"
)
_PARTS = re.compile(
    rf"(?P<month>{SMALL})月份?(?:(?P<day>{SMALL})[日号]|(?P<third>[上中下])旬|(?P<monthend>月?[底末]))?"
    r"|(?P<half>[上下])半年(?P<halfend>[底末]?)|第?(?P<quarter>[一二三四1-4])季度(?P<quarterend>[底末]?)"
    r"|(?P<yearend>年?[底末])"
)


class Period(NamedTuple):
    """Days `first`..`last` that a phrase names; `unit` is year, half, quarter, month, third or day.

    `at_end` is true where the phrase itself says the end (底, 末); `recurring` where its year is counted from a yearly
    act (次年); `has_year` where a year is printed.
    """

    first: date
    last: date
    unit: str
    at_end: bool
    recurring: bool
    has_year: bool


class Phrase(NamedTuple):
    """A date phrase in a text, before it is resolved: the words of its year and of its part, '' where not printed."""

    start: int
    end: int
    year: str
    part: str


@lru_cache(maxsize=4096)
def number(text: str) -> int | None:
    """Value of an Arabic or Chinese numeral below 1000 or of year digits (`二〇一九`); None if it is neither."""
    if text.isascii():
        return int(text) if text.isdigit() else None
    text = text.replace("○", "〇")
    if "十" in text or "百" in text:
        return from_chinese(text)
    digits = [from_chinese(char) for char in text]
    return None if None in digits else int("".join(map(str, digits)))


def find_phrase(text: str, start: int, end: int) -> Phrase | None:
    """First date phrase that begins at or after `start` and ends before `end`."""
    m = _DATE.search(text, start, end)
    return _phrase(m) if m else None


def match_phrase(text: str, start: int) -> Phrase | None:
    """The date phrase that begins exactly at `start`."""
    m = _DATE.match(text, start, start + 16)
    return _phrase(m) if m else None


def _phrase(m: re.Match[str]) -> Phrase:
    year, part, bare, close = m.groups("")
    return Phrase(m.start(), m.end(), year, part or bare or close)


def resolve(phrase: Phrase, year: int | None, issued_on: date | None) -> Period | None:
    """Days of a phrase; `year` stands in for one that is not printed. None where that is unknown or no such day."""
    return _resolve(phrase.year, phrase.part, year, issued_on)


@lru_cache(maxsize=4096)
def _resolve(printed: str, part: str, year: int | None, issued_on: date | None) -> Period | None:
    """Resolve the words of a phrase; an issue says 12月底 and 今年 again and again."""
    recurring = printed in RECURRING_YEARS
    if printed in RELATIVE_YEARS:
        year = None if year is None else year + RELATIVE_YEARS[printed]
    elif printed and not recurring:
        year = number(printed.rstrip("年度"))
    if year is None or not 1900 <= year <= 2100:
        return None
    has_year = bool(printed)
    if part in ("", "年"):
        return Period(date(year, 1, 1), date(year, 12, 31), "year", False, recurring, has_year)
    if part in ("月底", "月末", "本月底", "本月末"):
        if issued_on is None:
            return None
        return Period(issued_on.replace(day=1), month_end(issued_on.year, issued_on.month), "month", True, False, False)
    m = _PARTS.fullmatch(part)
    if m is None:
        return None
    first, last, unit = date(year, 1, 1), date(year, 12, 31), "year"
    at_end = bool(m["monthend"] or m["halfend"] or m["quarterend"] or m["yearend"])
    if m["month"]:
        month = number(m["month"])
        if month is None or not 1 <= month <= 12:
            return None
        first, last, unit = date(year, month, 1), month_end(year, month), "month"
        if m["day"]:
            day = number(m["day"])
            if day is None or not 1 <= day <= last.day:
                return None
            first = last = first.replace(day=day)
            unit = "day"
        elif m["third"]:
            bounds = {"上": (1, 10), "中": (11, 20), "下": (21, last.day)}[m["third"]]
            first, last, unit = first.replace(day=bounds[0]), first.replace(day=bounds[1]), "third"
    elif m["half"]:
        first, last = (first, date(year, 6, 30)) if m["half"] == "上" else (date(year, 7, 1), last)
        unit = "half"
    elif m["quarter"]:
        quarter = number(m["quarter"]) or 1
        first, last, unit = date(year, quarter * 3 - 2, 1), month_end(year, quarter * 3), "quarter"
    return Period(first, last, unit, at_end, recurring, has_year)


def month_end(year: int, month: int) -> date:
    """Last day of a month."""
    return date(year, month, monthrange(year, month)[1])
