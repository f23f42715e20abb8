"""Kinds of facts that decisions about money and dates take: read leniently, held exact, given back one way.

    class ClaimFacts(Facts):
        SPELLINGS = {"p": "principal"}
        principal: Fen = Field(None, description="未还本金 / unpaid principal")
        day: Day = Field(None, description="所问之日 / day")

What a field gives back as JSON reads as the same again, so that a receipt can be taken again. A field of money is
whole fen; `<field>_yuan` and text with a decimal point or a unit (`3,000,000.00`, `500万元`) are yuan.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money

MOST_FEN = 10**17
_NUMBER = re.compile(r"[-+]?\d{1,18}(\.\d{1,18})?(/\d{1,18})?")
_TIDY = re.compile(r"[\s_\-]")


class Facts(BaseModel):
    """A group of facts: unknown fields are refused; `SPELLINGS` are other names under which a field is taken.

    A fact that is nothing is one not given: its default holds; nothing among the items of a list is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    SPELLINGS: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        renamed: dict[str, Any] = {}
        for name, value in cls.spelt_out(dict(data)).items():
            own, read = cls._own(str(name), value)
            if own in cls.model_fields and (read is None or read == ""):
                continue
            if own in renamed:
                raise ValueError(f"“{own}”给出了两次")
            renamed[own] = [one for one in read if one is not None and one != ""] if isinstance(read, list) else read
        return renamed

    @classmethod
    def _own(cls, name: str, value: Any) -> tuple[str, Any]:
        """Return a field's own name and its value; `_fen` and `_yuan` behind a name say the unit."""
        fields = cls.model_fields
        for spelt in (name, name.strip().lower().replace("-", "_").replace(" ", "_")):
            own = cls.SPELLINGS.get(spelt, spelt)
            if own in fields:
                return own, value
            for unit in ("_fen", "_yuan"):
                base = spelt.removesuffix(unit)
                base = cls.SPELLINGS.get(base, base)
                if spelt.endswith(unit) and base in fields:
                    return base, value if unit == "_fen" or value is None else _yuan(value)
        return name, value

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return facts written in a short form as fields; subclasses say which forms they take."""
        return data


class Kind:
    """A kind of field, for `Annotated`: nothing stays nothing, all else is read and written by the two functions."""

    def __init__(self, read: Callable[[Any], Any], write: Callable[[Any], Any], schema: Mapping[str, Any]) -> None:
        self._read, self._write, self._schema = read, write, schema

    def _reading(self, value: Any) -> Any:
        return None if value is None or value == "" else self._read(value)

    def _writing(self, value: Any) -> Any:
        return None if value is None else self._write(value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        writing = core_schema.plain_serializer_function_ser_schema(self._writing)
        return core_schema.no_info_plain_validator_function(self._reading, serialization=writing)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(self._schema)


def folded(value: Any) -> str:
    """Return a word as it is compared: half-width, upper case, no blanks, underscores or hyphens."""
    return _TIDY.sub("", unicodedata.normalize("NFKC", str(value))).upper()


class Choice(Kind):
    """One of some words; each with other writings under which it is taken (`{"NEEQ": "新三板 全国股转"}`)."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._known = {folded(one): word for word, more in words.items() for one in (word, *more.split())}
        self._names = list(words)
        super().__init__(self._word, str, {"type": "string", "enum": self._names})

    def _word(self, value: Any) -> str:
        found = self._known.get(folded(value)) if isinstance(value, str | int) else None
        if found is None:
            raise ValueError(f"应为{'、'.join(self._names)}之一，现为“{str(value)[:20]}”")
        return found


# --- numbers ----------------------------------------------------------------------------------------------------------


def exact(value: Any) -> Fraction:
    """Return a number given as integer, decimal, text or float (taken as it prints); ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction | str):
        raise ValueError("应为数字")
    if isinstance(value, Fraction):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip().replace(",", "").removesuffix("%")
    if not isinstance(value, str) and "E" in text.upper():
        small = 1e-17 < abs(float(value)) < 1e17
        text = format(Decimal(text), "f") if small else "0" if value == 0 else text
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"“{text[:30]}”不是数字")
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"“{text[:30]}”不是数字") from None


def plain(number: Fraction | int) -> int | str:
    """Return a number as JSON holds it without loss: an integer, else a decimal in text, else numerator/denominator."""
    number = Fraction(number)
    if number.denominator == 1:
        return number.numerator
    for places in range(1, 19):
        if (number * 10**places).denominator == 1:
            return cut(number, places)
    return f"{number.numerator}/{number.denominator}"


def cut(number: Fraction, places: int) -> str:
    """Return a number with so many decimals, the rest cut off."""
    scaled = abs(number) * 10**places
    digits = str(scaled.numerator // scaled.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 and digits.strip("0") else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def _yuan(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("应为金额（元）")
    text = value if isinstance(value, str) else format(Decimal(str(value)), "f")
    try:
        return Money.yuan(text).fen
    except LuoshiError as error:
        raise ValueError(error.message) from None


def _fen(value: Any) -> int:
    if isinstance(value, bool):
        raise ValueError("应为金额（整数分）")
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        value = int(text.removesuffix("分")) if re.fullmatch(r"[-+]?\d{1,18}分?", text) else _yuan(text)
    if not isinstance(value, int):
        raise ValueError("金额应为整数分；要写元，请写成文本，如“3,000,000.00”")
    if not 0 <= value < MOST_FEN:
        raise ValueError("金额不得为负，也不得大于一千万亿元")
    return value


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"TRUE": True, "YES": True, "是": True, "有": True, "1": True}
    known |= {"FALSE": False, "NO": False, "否": False, "无": False, "0": False}
    if (word := folded(value)) not in known:
        raise ValueError("应为是或否")
    return known[word]


def _text(value: Any) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ValueError("应为文字")
    return str(value).strip()[:300]


Fen = Annotated[Any, Kind(_fen, int, {"type": "integer", "minimum": 0, "x-unit": "fen"})]
Number = Annotated[Any, Kind(exact, plain, {"type": "number"})]
Flag = Annotated[Any, Kind(_flag, bool, {"type": "boolean"})]
Text = Annotated[Any, Kind(_text, str, {"type": "string"})]

# --- days and moments -------------------------------------------------------------------------------------------------


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        return local(value).date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise ValueError(f"“{str(value)[:20]}”不是日期，应如 2019-07-01") from None


def _moment(value: Any) -> date | datetime:
    """A day, or a moment where an hour is given; `24:00` is the start of the next day."""
    if isinstance(value, datetime):
        return local(value)
    if isinstance(value, date):
        return value
    text = str(value).strip().replace(" ", "T")
    try:
        if len(text) == 10:
            return date.fromisoformat(text)
        midnight = text[10:16] == "T24:00"
        found = local(datetime.fromisoformat(text.replace("T24:", "T00:") if midnight else text))
        return found + timedelta(days=1) if midnight else found
    except (ValueError, OverflowError):
        raise ValueError(f"“{str(value)[:20]}”不是日期或时刻，应如 2019-07-01 或 2019-07-01T15:00") from None


Day = Annotated[Any, Kind(_day, date.isoformat, {"type": "string", "format": "date"})]
Moment = Annotated[
    Any, Kind(_moment, lambda when: when.isoformat(), {"type": "string", "examples": ["2019-07-01T15:00"]})
]


def not_after(earlier: date | datetime, later: date | datetime) -> bool:
    """Tell whether one moment is not after another; a day without an hour is compared as a day."""
    if isinstance(earlier, datetime) and isinstance(later, datetime):
        return earlier <= later
    return _day(earlier) <= _day(later)


def moment_words(value: date | datetime) -> str:
    """Return a day or moment as sentences say it: `2018-10-11 00:00`."""
    return local(value).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value.isoformat()


def numbered(text: str | None) -> tuple[tuple[int, str], ...]:
    """Return what orders numbers of cases as people do: `2` before `10`."""
    return tuple((len(part), part) if part.isdecimal() else (0, part) for part in re.findall(r"\d+|\D+", text or ""))


def at(value: date | datetime) -> date:
    """Return the day of a moment."""
    return _day(value)
