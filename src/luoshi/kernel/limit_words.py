"""Reads limits written in words: the compiler's values (`10 working days`, `yearly by 10-31`) and `10个工作日内`.

`read_limit` gives the facts of `calendar.limit`; `read_unit` one unit. Tables, no grammar.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Any

from luoshi.kernel.dues import Unit
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.numerals import from_chinese
from luoshi.kernel.periods import clamped

UNIT_WORDS: dict[str, Unit] = {
    word: unit
    for unit, words in {
        Unit.WORKING_DAY: "wd working_day working_days workday workdays business_day business_days 工作日 个工作日",
        Unit.DAY: "d day days natural_day natural_days calendar_day calendar_days cd 日 天 自然日 个自然日 日历日",
        Unit.WEEK: "w week weeks 周 星期 个星期",
        Unit.MONTH: "mo month months 月 个月",
        Unit.YEAR: "y year years 年 周年",
        Unit.HOUR: "h hour hours hr hrs 时 小时 个小时",
        Unit.MINUTE: "min minute minutes mins 分 分钟",
        Unit.WORKING_HOUR: "wh working_hour working_hours business_hours 工作小时 个工作小时 工作时",
    }.items()
    for word in words.split()
}
"""Every accepted word for a unit."""

_PERIODS = {
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "half-yearly": "half_year",
    "yearly": "year",
    "每周": "week",
    "每月": "month",
    "每季度": "quarter",
    "每半年": "half_year",
    "每年": "year",
}
_COUNT = re.compile(r"(\d{1,5}|[零一二两三四五六七八九十百]{1,6}) ?([a-z_ ]{1,20}|[\u4e00-\u9fff]{1,6})")
_AFTER_WORDS = ("after", "within", "以内", "之内", "内", "后")
_BEFORE_WORDS = ("before", "之前", "以前", "前")
_DATE = re.compile(r"(?:by )?(\d{4}-\d\d-\d\d)")
_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")
_YEARLY = re.compile(r"yearly by (\d\d)-(\d\d)")
_MONTHLY = re.compile(r"monthly by (\d{1,2})")
_DAILY = re.compile(r"daily by (\d\d:\d\d)")
_ONCE = re.compile(r"(每(?:周|月|季度|半年|年))(?:至少)?一次")
_PRINTED: tuple[tuple[re.Pattern[str], Callable[..., dict[str, Any]]], ...] = (
    (re.compile(r"每年(\d{1,2})月(\d{1,2})日(?:之|以)?前"), lambda m, d: {"form": "yearly", "month": m, "day": d}),
    (re.compile(r"每年(\d{1,2})月(?:份)?底(?:之|以)?前"), lambda m: {"form": "yearly", "month": m}),
    (re.compile(r"每年(\d{1,2})月(?:份)?(?:之|以)?前"), lambda m: {"form": "yearly", "before_month": m}),
    (re.compile(r"每月(\d{1,2})日(?:之|以)?前"), lambda d: {"form": "monthly", "day": d}),
    (re.compile(r"每[日天](\d{1,2})[时点](?:之|以)?前"), lambda h: {"form": "clock", "at": f"{h:02}:00"}),
    (
        re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日(?:之|以)?前?"),
        lambda y, m, d: {"form": "fixed", "due_on": date(y, m, d).isoformat()},
    ),
    (re.compile(r"(\d{4})年(\d{1,2})月(?:份)?底(?:之|以)?前"), lambda y, m: _fixed(y, m, 31)),
    (re.compile(r"(\d{4})年(\d{1,2})月(?:份)?(?:之|以)?前"), lambda y, m: _fixed(y - (m == 1), (m - 2) % 12 + 1, 31)),
    (re.compile(r"(\d{4})年(?:年)?底(?:之|以)?前"), lambda y: _fixed(y, 12, 31)),
    (re.compile(r"年内|当年内|年底(?:之|以)?前"), lambda: {"form": "period", "period": "year"}),
)
"""Limits as documents print them. 底前 and 日前 include the day named, 某月前 ends on the day before that month."""


def _on(day: date) -> dict[str, Any]:
    return {"form": "fixed", "due_on": day.isoformat()}


def _fixed(year: int, month: int, day: int) -> dict[str, Any]:
    return _on(clamped(year, month, day))


def read_unit(word: str) -> Unit:
    """Return the unit a word names (`wd`, `working days`, `个工作日`); E_UNIT if none."""
    key = "_".join(word.strip().lower().split())
    if key not in UNIT_WORDS:
        known = "、".join(unit.value for unit in Unit)
        raise LuoshiError(
            "E_UNIT", f"单位“{word}”未知，可用 {known} 或工作日、日、月、年、小时等", fields={"unit": word}
        )
    return UNIT_WORDS[key]


def read_limit(text: str) -> dict[str, Any]:
    """Return the facts a limit in words stands for: form, n, unit and so on. E_INPUT if it cannot be read."""
    words = " ".join(unicodedata.normalize("NFKC", text).split())
    if match := _ONCE.fullmatch(words):
        words = match[1]
    for pattern, facts in _PRINTED:
        if match := pattern.fullmatch(words.replace(" ", "")):
            try:
                return facts(*map(int, match.groups()))
            except ValueError:
                raise LuoshiError("E_INPUT", f"期限“{text}”里没有这一天", fields={"limit": text}) from None
    if match := _SPAN.fullmatch(words):
        return {"form": "window", "opens": match[1], "closes": match[2]}
    if match := _DATE.fullmatch(words):
        return {"form": "fixed", "due_on": match[1]}
    if match := _YEARLY.fullmatch(words):
        return {"form": "yearly", "month": int(match[1]), "day": int(match[2])}
    if match := _MONTHLY.fullmatch(words):
        return {"form": "monthly", "day": int(match[1])}
    if match := _DAILY.fullmatch(words):
        return {"form": "clock", "at": match[1]}
    if words in _PERIODS:
        return {"form": "period", "period": _PERIODS[words]}
    if words in ("daily", "每日", "每天"):
        return {"form": "after", "n": 0, "unit": "d"}
    if "/" in words:
        opens, _, closes = words.partition("/")
        return {"form": "window", "opens": _counted(opens, text), "closes": _counted(closes, text)}
    if words.startswith("提前"):
        return {"form": "before", **_counted(words.removeprefix("提前").removesuffix("以上"), text)}
    for form, endings in (("before", _BEFORE_WORDS), ("after", _AFTER_WORDS)):
        for ending in endings:
            if words.endswith(ending):
                return {"form": form, **_counted(words.removesuffix(ending), text)}
    return {"form": "after", **_counted(words.removeprefix("within "), text)}


def _counted(words: str, whole: str) -> dict[str, Any]:
    match = _COUNT.fullmatch(words.strip())
    number = None if match is None else int(match[1]) if match[1].isdecimal() else from_chinese(match[1])
    if match is None or number is None:
        raise LuoshiError(
            "E_INPUT", f"读不懂期限“{whole}”，应如“10 working days”“3个月内”“yearly by 10-31”", fields={"limit": whole}
        )
    return {"n": number, "unit": read_unit(match[2])}
