"""The kinds of facts the decisions take: numbers, levels, moments, series; read leniently, given back one way.

What a field holds after reading is exact (integers, fractions, moments, series); what it gives back as JSON reads as
the same again, so that a receipt can be taken again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator

from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.heavy_pollution import air, series, words
from luoshi.programmes.heavy_pollution.moments import read_instant, read_moment, written
from luoshi.programmes.heavy_pollution.numbers import Exact, exact, plain
from luoshi.programmes.heavy_pollution.series import Series

_RESPONSE = frozenset({"response", "response_level", "warning_level"})
"""Names under which every decision takes the level of the response."""


class Strict(BaseModel):
    """A group of facts: unknown fields are refused; `SPELLINGS` are other names under which a field is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    SPELLINGS: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        renamed: dict[str, Any] = {}
        for name, value in data.items():
            own = cls.SPELLINGS.get(str(name), str(name))
            if own in _RESPONSE and "level" in cls.model_fields and own not in cls.model_fields:
                own = "level"
            if own in renamed:
                raise ValueError(f"“{own}”给出了两次")
            renamed[own] = value
        return cls.spelt_out(renamed)

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return facts written in a short form as fields; subclasses say which forms they take."""
        return data


# --- numbers ----------------------------------------------------------------------------------------------------------


def _not_negative(value: Any) -> Exact:
    number = exact(value)
    if number < 0:
        raise ValueError(f"不得为负，现为{value}")
    return number


def _percentage(value: Any) -> Exact:
    number = exact(str(value).strip().removesuffix("%") if isinstance(value, str) else value)
    if not 0 <= number <= 100:
        raise ValueError(f"应在0至100之间，现为{value}")
    return number


Number = Annotated[Any, Kind(exact, plain, {"type": "number"})]
Amount = Annotated[Any, Kind(_not_negative, plain, {"type": "number", "minimum": 0})]
Percentage = Annotated[Any, Kind(_percentage, plain, {"type": "number", "minimum": 0, "maximum": 100})]
AqiValue = Annotated[Any, Kind(series.index_value, plain, {"type": "number", "minimum": 0, "maximum": 500})]


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"TRUE": True, "YES": True, "是": True, "1": True, "FALSE": False, "NO": False, "否": False, "0": False}
    word = words.folded(value)
    if word not in known:
        raise ValueError("应为是或否")
    return known[word]


Flag = Annotated[Any, Kind(_flag, bool, {"type": "boolean"})]

# --- words ------------------------------------------------------------------------------------------------------------

_LEVEL_CHOICES = ["Ⅳ", "Ⅲ", "Ⅱ", "Ⅰ", "无"]
_COLOUR_CHOICES = list(words.COLOUR_WORDS)
"""What a form offers; every other writing is read as well (IV, 4, red, none)."""
Level = Annotated[
    Any, Kind(words.rank_of, words.LEVELS.__getitem__, {"type": "string", "enum": _LEVEL_CHOICES, "examples": ["IV"]})
]
Colour = Annotated[
    Any,
    Kind(words.rank_of, words.COLOURS.__getitem__, {"type": "string", "enum": _COLOUR_CHOICES, "examples": ["orange"]}),
]


def _standard(value: Any) -> str:
    year = "".join(sign for sign in words.folded(value).removeprefix("HJ").removeprefix("633") if sign.isdecimal())
    if year not in air.standards():
        raise ValueError(f"标准应为{'或'.join(air.standards())}，现为“{str(value)[:20]}”")
    return year


Edition = Annotated[Any, Kind(_standard, str, {"type": "string", "enum": ["2012", "2026"]})]


def _text(value: Any) -> str:
    if isinstance(value, bool | Mapping | list):
        raise ValueError("应为文字")
    return str(value).strip()[:200]


Text = Annotated[Any, Kind(_text, str, {"type": "string"})]


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(_text, value)) if isinstance(value, list | tuple) else (_text(value),)


Texts = Annotated[Any, Kind(_texts, list, {"type": "array", "items": {"type": "string"}})]

# --- moments ----------------------------------------------------------------------------------------------------------

Instant = Annotated[Any, Kind(read_instant, written, {"type": "string", "format": "date-time"})]


def _write_moment(value: date | datetime) -> str:
    return written(value) if isinstance(value, datetime) else value.isoformat()


Moment = Annotated[Any, Kind(read_moment, _write_moment, {"type": "string"})]


def _when(value: Any) -> Exact | datetime:
    """A place in a series: hours from its first hour, or a moment."""
    if isinstance(value, str) and ("-" in value[1:] or ":" in value):
        return read_instant(value)
    if isinstance(value, datetime | date):
        return read_instant(value)
    return exact(value)


def _write_when(value: Exact | datetime) -> Any:
    return written(value) if isinstance(value, datetime) else plain(value)


# A form has one line for it, so it is told as text; a whole number is taken as it is.
When = Annotated[Any, Kind(_when, _write_when, {"type": "string", "examples": ["48", "2018-01-14T09:30"]})]

# --- series -----------------------------------------------------------------------------------------------------------


def _dayed(value: Any) -> Series:
    return series.read(value, days=True)


_SERIES_SCHEMA = {
    "type": "array",
    "items": {},
    "description": "逐小时AQI、分段 [[小时数, AQI], …]、含浓度的对象，或对象 start+hours、days",
}
Hours = Annotated[Any, Kind(series.read, series.write, _SERIES_SCHEMA)]
Days = Annotated[Any, Kind(_dayed, series.write, {"type": "array", "items": {"type": "number"}})]


def hours_from(start: datetime | None, when: Exact | datetime) -> Fraction | int:
    """Return a place in a series in hours from its first hour; ValueError for a moment where there are no times."""
    if not isinstance(when, datetime):
        return when
    if start is None:
        raise ValueError("给出了时刻，但数据没有开始时间，请给出 start")
    return Fraction(int((when - start).total_seconds()), 3600)
