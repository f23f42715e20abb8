"""What the decisions share: the rules' number, the parameters, words for amounts and answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from luoshi.kernel import yaml_text
from luoshi.kernel.answers import rulebook
from luoshi.kernel.decisions import Context, Reason, Rule
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact
from luoshi.kernel.money import Money
from luoshi.kernel.parameters import ParameterTable

ROOM = "home_escrow"
RULES = "乳政办发〔2018〕10号"
PARAMETERS = ParameterTable.from_data(
    yaml_text.read((Path(__file__).parent.parent / "parameters.yaml").read_text("utf-8")), ROOM
)
FORCE = ("valid_from", "valid_to")
ruled = rulebook(RULES, date.fromisoformat(str(PARAMETERS["valid_from"].values[0].value)), PARAMETERS)
SUCCESSOR = ("successor_from", "successor_to")
_NOT_YET = Rule(f"{RULES} 第二十三条", "{what}{day}早于施行日{first}")
_OVER = Rule(f"{RULES} 第二十三条", "{what}{day}晚于有效期最后一天{last}")
_SUCCEEDED = Rule(f"{RULES} 第二十三条", "{what}{day}在后继文件的有效期{first}至{last}内")
_IN_FORCE = Rule(f"{RULES} 第二十三条", "{what}{day}在有效期{first}至{last}内")


def yuan(fen: int) -> str:
    """Return an amount for a sentence."""
    return f"{Money(fen)}元"


def positive(fen: int, what: str, field: str) -> None:
    """Refuse an amount of nothing (E_AMOUNT)."""
    if fen <= 0:
        raise LuoshiError("E_AMOUNT", f"“{what}”应大于零，以分为单位的整数。", fields={"field": field})


def whole(context: Context, name: str) -> int:
    """Return a parameter that is a whole number; a what-if value of another kind is E_INPUT."""
    try:
        found = exact(context.parameters[name])
    except ValueError:
        found = exact("1/2")
    if found.denominator != 1:
        raise LuoshiError("E_INPUT", f"参数“{name}”应为整数", fields={"parameter": name})
    return found.numerator


def force(context: Context) -> tuple[date, date]:
    """Return the first and the last day of the rules."""
    try:
        first, last = (date.fromisoformat(str(context.parameters[name])) for name in FORCE)
    except ValueError:
        raise LuoshiError("E_INPUT", "施行日和有效期的参数应为日期") from None
    return first, last


def _successor(context: Context) -> tuple[date, date] | None:
    """Return the first and last day of a successor that was recorded; None where none was."""
    words = [context.parameters.get(name) for name in SUCCESSOR]
    if not all(words):
        return None
    try:
        first, last = (date.fromisoformat(str(one)) for one in words)
    except ValueError:
        raise LuoshiError("E_INPUT", "后继文件施行日和有效期的参数应为日期") from None
    return first, last


def in_force(context: Context, what: str, day: date) -> tuple[Reason, str]:
    """Return the reason whether `day` lies in the rules' validity, and the code of its refusal (empty: it does)."""
    first, last = force(context)
    if day < first:
        return _NOT_YET.reason(False, what, day.isoformat(), first.isoformat()), "E_NOT_IN_FORCE"
    if day > last:
        if (then := _successor(context)) and then[0] <= day <= then[1]:
            return _SUCCEEDED.reason(True, what, day.isoformat(), *(one.isoformat() for one in then)), ""
        return _OVER.reason(False, what, day.isoformat(), last.isoformat()), "E_EXPIRED"
    return _IN_FORCE.reason(True, what, day.isoformat(), first.isoformat(), last.isoformat()), ""
