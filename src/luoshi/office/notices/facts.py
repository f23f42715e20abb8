"""The fields of a kind of paper: what they are, how they are checked, how they print.

A field's value comes as plain JSON or Python data, is checked and kept as plain JSON, and given to the words of the
paper typed, so that a day prints as `2026年1月12日` without being told to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.organs.queries import titles

TYPES = {
    "text": "一行文字",
    "long": "多段文字",
    "integer": "整数",
    "decimal": "小数",
    "money": "金额（分）",
    "date": "日期",
    "moment": "时刻",
    "boolean": "是否",
    "choice": "选一项",
    "organ": "单位",
    "organs": "多个单位",
    "list": "多行表",
}
"""The types a field may have."""
MOST_ROWS = 5_000
_LENGTH = {"text": 500, "long": 20_000}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Field:
    """One field: name for programs, Chinese title, type; `columns` are the fields of a row of a list."""

    name: str
    title: str
    type: str = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    columns: tuple[Field, ...] = ()
    unit: str = ""
    hint: str = ""
    sample: Any = None


@dataclass(slots=True)
class _Check:
    """What is wrong so far, by field; a place in a list is `rows.3.name`."""

    on: date
    faults: dict[str, str] = field(default_factory=dict)

    def fault(self, place: str, words: str) -> None:
        self.faults.setdefault(place, words)


def clean(text: str) -> str:
    """Return text that every paper can hold: composed, without control characters."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def plain(fields: Sequence[Field], given: Mapping[str, Any], on: date | None = None) -> dict[str, Any]:
    """Return the values as plain JSON, checked; E_INPUT lists every fault by field, an unknown field among them."""
    check = _Check(on or CLOCK.today())
    found = _row(fields, given, "", check)
    if check.faults:
        raise LuoshiError(
            "E_INPUT",
            "；".join(words.removesuffix("。") for words in list(check.faults.values())[:5]) + "。",
            fields={"faults": [{"field": place, "fault": words} for place, words in check.faults.items()]},
        )
    return found


def _row(fields: Sequence[Field], given: Mapping[str, Any], before: str, check: _Check) -> dict[str, Any]:
    known = {one.name for one in fields}
    for name in given:
        if name not in known:
            check.fault(f"{before}{name}", f"没有“{str(name)[:40]}”这一项。")
    found: dict[str, Any] = {}
    for one in fields:
        value = given.get(one.name)
        if isinstance(value, str):
            value = clean(value).strip()
        if value is None or value == "" or value == []:
            if one.required and one.type != "boolean":
                check.fault(f"{before}{one.name}", f"“{one.title}”没有填。")
            found[one.name] = None
            continue
        try:
            found[one.name] = _value(one, value, f"{before}{one.name}", check)
        except (ValueError, InvalidOperation, TypeError):
            check.fault(f"{before}{one.name}", f"“{one.title}”应是{TYPES[one.type]}，现为“{str(value)[:30]}”。")
    return found


def _value(one: Field, value: Any, place: str, check: _Check) -> Any:
    kind = one.type
    if kind in _LENGTH:
        text = str(value) if isinstance(value, (str, int, Decimal)) and not isinstance(value, bool) else _refuse()
        if kind == "text":
            text = " ".join(text.split("\n"))
        if len(text) > _LENGTH[kind]:
            check.fault(place, f"“{one.title}”最多 {_LENGTH[kind]} 字，现有 {len(text)} 字。")
        return text
    if kind == "choice":
        if value not in one.choices:
            check.fault(place, f"“{one.title}”应是{'、'.join(one.choices)}之一，现为“{str(value)[:30]}”。")
        return value
    if kind == "list":
        rows = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else _refuse()
        if len(rows) > MOST_ROWS:
            check.fault(place, f"“{one.title}”最多 {MOST_ROWS} 行，现有 {len(rows)} 行。")
            return []
        return [_line(one, row, number, place, check) for number, row in enumerate(rows)]
    return _SCALARS[kind](one, value, place, check)


def _line(one: Field, row: Any, number: int, place: str, check: _Check) -> dict[str, Any]:
    """Return one row of a list, checked; its faults say which row it is."""
    own = _Check(check.on)
    found = _row(one.columns, row if isinstance(row, Mapping) else _refuse(), f"{place}.{number}.", own)
    for where, words in own.faults.items():
        check.fault(where, f"“{one.title}”第 {number + 1} 行：{words}")
    return found


def _refuse() -> Any:
    raise ValueError


def _integer(one: Field, value: Any, place: str, check: _Check) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        _refuse()
    return int(str(value).replace(",", "")) if isinstance(value, str) else int(value)


def _decimal(one: Field, value: Any, place: str, check: _Check) -> str:
    if isinstance(value, (bool, float)):
        _refuse()
    number = Decimal(str(value).replace(",", "").strip())
    if not number.is_finite() or abs(number) >= Decimal(10) ** 18:
        _refuse()
    return f"{number:f}"


def _money(one: Field, value: Any, place: str, check: _Check) -> int:
    if isinstance(value, Money):
        return value.fen
    return Money.yuan(value).fen if isinstance(value, str) else _integer(one, value, place, check)


def _date(one: Field, value: Any, place: str, check: _Check) -> str:
    if isinstance(value, datetime):
        value = local(value).date()
    return value.isoformat() if isinstance(value, date) else date.fromisoformat(str(value)[:10]).isoformat()


def _moment(one: Field, value: Any, place: str, check: _Check) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return local(found).isoformat()


def _boolean(one: Field, value: Any, place: str, check: _Check) -> bool:
    words = {"true": True, "1": True, "是": True, "on": True, "false": False, "0": False, "否": False}
    return value if isinstance(value, bool) else words.get(str(value).lower(), False)


def _organ(one: Field, value: Any, place: str, check: _Check) -> str:
    slug = str(value)
    if titles([slug], check.on)[slug] == slug:
        check.fault(place, f"“{one.title}”：没有单位“{slug[:60]}”，请从单位名册里选。")
    return slug


def _organs(one: Field, value: Any, place: str, check: _Check) -> list[str]:
    slugs = [slug.strip() for slug in value.split(",")] if isinstance(value, str) else [str(slug) for slug in value]
    known = titles(slugs, check.on)
    for slug in slugs:
        if known[slug] == slug:
            check.fault(place, f"“{one.title}”：没有单位“{slug[:60]}”，请从单位名册里选。")
    return slugs


_SCALARS = {
    "integer": _integer,
    "decimal": _decimal,
    "money": _money,
    "date": _date,
    "moment": _moment,
    "boolean": _boolean,
    "organ": _organ,
    "organs": _organs,
}


# --- typed values for the words ---------------------------------------------------------------------------------------


def typed(fields: Sequence[Field], values: Mapping[str, Any], on: date) -> dict[str, Any]:
    """Return the kept values as the words of a paper use them; organs by the names they bear on the day."""
    slugs = {slug for one in fields for slug in _slugs(one, values.get(one.name))}
    names = titles(slugs, on) if slugs else {}
    return {one.name: _typed(one, values.get(one.name), names) for one in fields}


def _slugs(one: Field, value: Any) -> list[str]:
    if value is None:
        return []
    if one.type == "organ":
        return [value]
    if one.type == "organs":
        return list(value)
    if one.type == "list":
        return [slug for row in value for column in one.columns for slug in _slugs(column, row.get(column.name))]
    return []


def _typed(one: Field, value: Any, names: Mapping[str, str]) -> Any:
    if value is None:
        return None
    if one.type == "list":
        return [{column.name: _typed(column, row.get(column.name), names) for column in one.columns} for row in value]
    if one.type == "organs":
        return [names[slug] for slug in value]
    if one.type == "organ":
        return names[value]
    convert: dict[str, Callable[[Any], Any]] = {
        "date": date.fromisoformat,
        "moment": datetime.fromisoformat,
        "decimal": Decimal,
        "money": Money,
    }
    return convert[one.type](value) if one.type in convert else value


def samples(fields: Sequence[Field], *, required_only: bool = False) -> dict[str, Any]:
    """Return values to try the words with: every field, or only those that must be there."""
    return {one.name: _sample(one) for one in fields if one.required or not required_only}


def _sample(one: Field) -> Any:
    if one.sample is not None:
        return one.sample
    if one.type == "list":
        row = {column.name: _sample(column) for column in one.columns}
        return [row, row]
    return {
        "text": f"（{one.title}）",
        "long": f"（{one.title}第一段）\n（{one.title}第二段）",
        "integer": 3,
        "decimal": "12.5",
        "money": 1_234_500,
        "date": "2026-01-12",
        "moment": "2026-01-12T16:00:00+08:00",
        "boolean": True,
        "choice": one.choices[0] if one.choices else "",
        "organ": "government-office",
        "organs": ["government-office", "finance"],
    }[one.type]
