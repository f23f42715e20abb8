"""The plan's words: levels, warning colours, pollutants, averaging times, dust grades; read leniently, written one way.

Warning colours (blue to red) and class colours (green to maroon) are two scales; none is ever shown without its word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

COLOURS = ("none", "blue", "yellow", "orange", "red")
"""Grades of a warning by rank: 0 none, 1 blue (Ⅳ) to 4 red (Ⅰ)."""
LEVELS = ("none", "Ⅳ", "Ⅲ", "Ⅱ", "Ⅰ")
"""Levels of the response by the same rank."""
ROMAN = ("none", "IV", "III", "II", "I")
"""The levels in ASCII, as parameters and CAP messages have them."""
COLOUR_WORDS = ("无", "蓝色", "黄色", "橙色", "红色")
SEVERITIES = ("", "一般", "较大", "重大", "特别重大")
POLLUTANTS = ("PM2.5", "PM10", "SO2", "NO2", "CO", "O3")
"""The six of the index, in the order in which they are listed."""
EMITTED = ("SO2", "NOx", "PM", "VOCs")
"""What reductions are counted in."""
JOINT = "SO2+NOx"
DUST_GRADES = ("浮尘", "扬沙", "沙尘暴", "强沙尘暴", "特强沙尘暴")

_NONE = frozenset({"", "NONE", "NO", "无", "无预警", "未预警", "0", "NULL"})
_LEVEL_WORDS = {
    word: rank
    for rank, words in enumerate(("IV 4 四", "III 3 三", "II 2 二", "I 1 一"), start=1)
    for word in words.split()
}
_COLOUR_READ = {
    word: rank
    for rank, words in enumerate(("BLUE 蓝", "YELLOW 黄", "ORANGE 橙", "RED 红"), start=1)
    for word in words.split()
}
_TRIMMED = re.compile(r"级|响应|应急|预警|色|LEVEL|RESPONSE|WARNING|[\s_-]")


def folded(value: Any) -> str:
    """Return a word as it is compared: half-width, no blanks, upper case."""
    return "".join(unicodedata.normalize("NFKC", str(value)).split()).upper()


def rank_of(value: Any) -> int:
    """Return the rank of a level or colour in any writing (Ⅳ, IV, 4, 四级, blue, 蓝色); ValueError for another word."""
    if isinstance(value, bool):
        raise ValueError("应为级别或颜色，如 Ⅲ 或 黄色")
    if value is None or folded(value) in _NONE:
        return 0
    word = _TRIMMED.sub("", folded(value))
    rank = _LEVEL_WORDS.get(word, _COLOUR_READ.get(word))
    if rank is None:
        raise ValueError(f"“{str(value)[:20]}”不是级别或预警颜色，应如 Ⅳ、Ⅲ、Ⅱ、Ⅰ 或 蓝色、黄色、橙色、红色")
    return rank


# --- series of concentrations -----------------------------------------------------------------------------------------

_NAMES: Mapping[str, str] = {
    word: name
    for name, words in {
        "PM2.5": "PM2.5 PM25 PM2_5 细颗粒物",
        "PM10": "PM10 可吸入颗粒物",
        "SO2": "SO2 二氧化硫",
        "NO2": "NO2 二氧化氮",
        "CO": "CO 一氧化碳",
        "O3": "O3 臭氧",
    }.items()
    for word in words.split()
}
_SERIES = re.compile(
    rf"({'|'.join(sorted(map(re.escape, _NAMES), key=len, reverse=True))})[_\-()]*"
    r"(?:(?:MAX|最大)?(24|8|1)(?:HOURS?|HR|H|小时)(?:MAX|MEAN|AVG|平均|均值|滑动平均)?)?[()]*"
)


@lru_cache(maxsize=2_048)
def read_series(name: str) -> tuple[str, str] | None:
    """Return pollutant and averaging time (24h, 8h, 1h, empty where none is named), None for what names no series."""
    found = _SERIES.fullmatch(folded(name))
    return (_NAMES[found[1]], f"{found[2]}h" if found[2] else "") if found else None


_EMITTED_READ = {
    "SO2": "SO2",
    "二氧化硫": "SO2",
    "NOX": "NOx",
    "氮氧化物": "NOx",
    "PM": "PM",
    "颗粒物": "PM",
    "VOCS": "VOCs",
    "VOC": "VOCs",
    "挥发性有机物": "VOCs",
}


def read_emitted(name: Any) -> str | None:
    """Return one of SO2, NOx, PM, VOCs, None for another word."""
    return _EMITTED_READ.get(folded(name).replace("_", ""))
