"""The type of a parameter's value, told by its delivered values; what a person or a program gives is checked by it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import DECIMAL_UNITS, Parameter, exact, plain

MAX_CHARS = 20_000
_MAX_TEXT = 2_000
_MAX_DEPTH = 6
_LARGEST = 10**15
_IMPLAUSIBLE = 10
_INTEGER = re.compile(r"[-+]?\d{1,16}")
_DECIMAL = re.compile(r"[-+]?\d{1,16}(\.\d{1,12})?")


def kind_of(parameter: Parameter) -> str:
    """Return `integer`, `decimal`, `boolean`, `choice`, `text` or `json` (lists and tables)."""
    if parameter.choices:
        return "choice"
    value = parameter.values[-1].value if parameter.values else 0
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Decimal) or (parameter.unit in DECIMAL_UNITS and isinstance(value, int)):
        return "decimal"
    if isinstance(value, int):
        return "integer"
    return "text" if isinstance(value, str) else "json"


def from_text(parameter: Parameter, text: str) -> Any:
    """Return the exact value somebody typed; E_INPUT says what should have been typed.

    Thousands separators and full-width digits are taken; no exponent, no float.
    """
    kind, typed = kind_of(parameter), text.strip()
    if not typed:
        raise _fault(parameter, "请填写新值。")
    if kind in ("integer", "decimal"):
        typed = typed.translate(_HALF_WIDTH).replace(",", "")
        pattern, words = (_INTEGER, "整数，如 12") if kind == "integer" else (_DECIMAL, "数字，如 12.5")
        if not pattern.fullmatch(typed):
            raise _fault(parameter, f"“{text[:40]}”不是{words}。")
        return checked(parameter, int(typed) if kind == "integer" else typed)
    if kind == "boolean":
        if typed not in _BOOLEANS:
            raise _fault(parameter, "请选“是”或“否”。")
        return _BOOLEANS[typed]
    if kind in ("choice", "text"):
        return checked(parameter, typed)
    if len(typed) > MAX_CHARS:
        raise _fault(parameter, f"内容过长，最多 {MAX_CHARS} 字。")
    try:
        given = json.loads(typed, parse_float=_no_float)
    except (ValueError, RecursionError) as error:
        words = str(error) if isinstance(error, _FloatError) else "不是有效的 JSON，请照现值的格式改。"
        raise _fault(parameter, words) from None
    return checked(parameter, given)


_HALF_WIDTH = str.maketrans("０１２３４５６７８９．－＋，", "0123456789.-+,")
_BOOLEANS = {"是": True, "true": True, "1": True, "否": False, "false": False, "0": False}


class _FloatError(ValueError):
    pass


def _no_float(text: str) -> Any:
    raise _FloatError(f"“{text}”是浮点数，请加引号写成文本。")


def checked(parameter: Parameter, value: Any) -> Any:
    """Return a value as a parameter holds it; E_INPUT where it is of another type or shape than the delivered ones."""
    if kind_of(parameter) == "decimal" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = str(value)
    try:
        if len(json.dumps(plain(value), ensure_ascii=False)) > MAX_CHARS:
            raise _fault(parameter, f"内容过长，最多 {MAX_CHARS} 字。")
        held = exact(parameter.name, parameter.unit, value)
    except (TypeError, ValueError, RecursionError):
        raise _fault(parameter, "不是 JSON 能写的值。") from None
    except LuoshiError as error:
        raise _fault(parameter, error.message) from None
    if parameter.choices and held not in parameter.choices:
        known = "、".join(f"{key}（{meaning}）" for key, meaning in parameter.choices.items())
        raise _fault(parameter, f"应是下列之一：{known}。")
    example = parameter.values[-1].value if parameter.values else None
    if example is not None and (words := _unlike(example, held, kind_of(parameter) == "decimal")):
        raise _fault(parameter, words)
    return held


def _unlike(example: Any, value: Any, decimals: bool, depth: int = 0) -> str:
    """Return in what `value` has another shape than `example`, empty where it has the same."""
    if depth > _MAX_DEPTH:
        return "嵌套过深。"
    if isinstance(example, bool) or isinstance(value, bool):
        return "" if isinstance(example, bool) and isinstance(value, bool) else "应为是或否，不能与数字互换。"
    if isinstance(example, Decimal) or (decimals and isinstance(example, int)):
        good = isinstance(value, int | Decimal) and -_LARGEST < value < _LARGEST
        return "" if good else '应为数字，写成文本，如 "12.5"。'
    if isinstance(example, int):
        return "" if isinstance(value, int) and -_LARGEST < value < _LARGEST else "应为整数。"
    if isinstance(example, str):
        if not isinstance(value, str) or not value.strip() or "\0" in value:
            return "应为文字。"
        return "" if len(value) <= _MAX_TEXT else f"文字过长，最多 {_MAX_TEXT} 字。"
    if isinstance(example, Mapping):
        if not isinstance(value, Mapping) or not value:
            return "应为“名称: 值”的对象。"
        model = next(iter(example.values()), None)
        parts = [(example.get(key, model), part) for key, part in value.items()]
    elif isinstance(example, Sequence):
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            return "应为列表，至少一项。"
        parts = [(example[min(place, len(example) - 1)] if example else None, part) for place, part in enumerate(value)]
    else:
        return ""
    return next(
        (words for model, part in parts if model is not None and (words := _unlike(model, part, decimals, depth + 1))),
        "",
    )


def is_implausible(old: Any, new: Any) -> bool:
    """Whether a number moves so far that it is believed with a reason only: by more than ten times, or past zero."""
    if isinstance(old, bool) or not isinstance(old, int | Decimal) or not isinstance(new, int | Decimal):
        return False
    if old in (0, new):
        return False
    return not Fraction(1, _IMPLAUSIBLE) <= Fraction(new) / Fraction(old) <= _IMPLAUSIBLE


def as_text(value: Any) -> str:
    """Return a value as it is typed and shown: 是 or 否, digits as they are, lists as JSON."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, (list, tuple, Mapping)):
        return json.dumps(plain(value), ensure_ascii=False)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _fault(parameter: Parameter, words: str) -> LuoshiError:
    return LuoshiError(
        "E_INPUT",
        f"参数“{parameter.title}”的新值有误：{words}",
        fields={"faults": [{"field": "value", "fault": words}]},
    )
