"""What a step is given: checked against what it asks for, turned into plain JSON data."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.kernel.procedures import Ask

LONGEST = 4000
TRUE = frozenset({"1", "true", "on", "yes", "是"})


def clean(asks: Sequence[Ask], given: Mapping[str, Any], at: datetime.datetime) -> dict[str, Any]:
    """Return what was given at `at`, checked; E_INPUT names every faulty field and what to do, and unknown ones.

    E_FUTURE where nothing is wrong but that what has happened would be later than the step.
    """
    faults: dict[str, str] = {}
    ahead: dict[str, str] = {}
    found: dict[str, Any] = {}
    known = {ask.name for ask in asks}
    for name in given.keys() - known:
        faults[name] = f"这一步不要“{name}”"
    for ask in asks:
        value = given.get(ask.name)
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            if ask.required and ask.type != "tick":
                faults[ask.name] = f"请填“{ask.title}”"
            elif ask.type == "tick":
                found[ask.name] = False
            continue
        try:
            found[ask.name] = _read(ask, value)
        except (ValueError, InvalidOperation, TypeError):
            faults[ask.name] = f"“{ask.title}”{_SHAPES[ask.type]}"
        except LuoshiError as error:
            faults[ask.name] = f"“{ask.title}”：{error.message}"
        else:
            if ask.past and found[ask.name][:10] > day_of(at).isoformat():
                ahead[ask.name] = f"“{ask.title}”{found[ask.name][:10]}晚于今天，请核对"
    if ahead and not faults:
        raise LuoshiError("E_FUTURE", "；".join(ahead.values()) + "。", fields={"fields": ahead})
    if faults := faults | ahead:
        raise LuoshiError("E_INPUT", "；".join(faults.values()) + "。", fields={"fields": faults})
    return found


def readable(asks: Sequence[Ask], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what can be read of a form that is not filled in yet; nothing is asked for and nothing refused."""
    found: dict[str, Any] = {}
    for ask in asks:
        value = given.get(ask.name)
        if value is None or value == [] or (isinstance(value, str) and not value.strip()):
            continue
        try:
            found[ask.name] = _read(ask, value)
        except (ValueError, InvalidOperation, TypeError, LuoshiError):
            continue
    return found


_SHAPES = {
    "text": "应是文字",
    "long": "应是文字",
    "date": "应是日期，如 2018-01-12",
    "moment": "应是时刻，如 2018-01-12 16:00",
    "integer": "应是整数",
    "decimal": "应是数",
    "money": "应是金额，单位元，至多两位小数",
    "choice": "应从所列中选一项",
    "tick": "应是“是”或“否”",
    "file": "应是文件",
    "list": "应是列表",
}


def _read(ask: Ask, value: Any) -> Any:
    match ask.type:
        case "text" | "long":
            text = str(value).replace("\0", "").strip()
            bound = LONGEST if ask.type == "long" else 400
            if len(text) > bound:
                raise LuoshiError("E_INPUT", f"至多{bound:,}字，现在是{len(text):,}字")
            return text
        case "date":
            return (value if type(value) is datetime.date else datetime.date.fromisoformat(str(value))).isoformat()
        case "moment":
            read = value if isinstance(value, datetime.datetime) else datetime.datetime.fromisoformat(str(value))
            return local(read).isoformat()
        case "integer":
            return int(str(value))
        case "decimal":
            number = Decimal(str(value))
            if not number.is_finite():
                raise ValueError
            return format(number.normalize(), "f")
        case "money":
            return Money.yuan(str(value)).fen
        case "choice":
            return _choice(ask, str(value))
        case "tick":
            return value is True or str(value).lower() in TRUE
        case "list":
            if not isinstance(value, list):
                raise TypeError
            return value
    return value


def _choice(ask: Ask, value: str) -> str:
    if value in ask.choices:
        return value
    for key, title in ask.choices.items():
        if title == value:
            return key
    raise LuoshiError("E_INPUT", "应是" + "、".join(ask.choices.values()) + "之一")
