"""What the decisions of the fund share: the rules' number, the parameters, words for amounts and answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from luoshi.kernel import yaml_text
from luoshi.kernel.answers import rulebook
from luoshi.kernel.decisions import Context, Reason, Rule
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Kind, exact, folded
from luoshi.kernel.money import Money
from luoshi.kernel.parameters import ParameterTable

ROOM = "mitigation_fund"
RULES = "乳政办发〔2019〕5号"
PARAMETERS = ParameterTable.from_data(
    yaml_text.read((Path(__file__).parent.parent / "parameters.yaml").read_text("utf-8")), ROOM
)
FORCE = ("valid_from", "valid_to")
ruled = rulebook(RULES, date.fromisoformat(str(PARAMETERS["valid_from"].values[0].value)), PARAMETERS)
BOARDS = {"NEEQ": "新三板", "QILU": "齐鲁股权交易中心", "BLUE_OCEAN": "青岛蓝海股权交易中心"}
OTHER = "OTHER"
_BOARD_READ = {
    folded(word): board
    for board, words in {
        "NEEQ": "NEEQ 新三板 全国中小企业股份转让系统 全国中小企业股份转让系统(新三板) 全国股转系统",
        "QILU": "QILU 齐鲁 齐鲁股权 齐鲁股权交易中心 QILU_EXCHANGE",
        "BLUE_OCEAN": "BLUE_OCEAN BLUEOCEAN 蓝海 青岛蓝海 青岛蓝海股权交易中心",
    }.items()
    for word in words.split()
}
_NOT_YET = Rule(f"{RULES} 第十八条", "{what}{day}早于施行日{first}")
_OVER = Rule(f"{RULES} 第十八条", "{what}{day}晚于有效期最后一天{last}")
_IN_FORCE = Rule(f"{RULES} 第十八条", "{what}{day}在有效期{first}至{last}内")


def _board(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("应为挂牌场所，如 NEEQ、QILU、BLUE_OCEAN")
    return _BOARD_READ.get(folded(value), OTHER)


Board = Annotated[Any, Kind(_board, str, {"type": "string", "examples": ["NEEQ"]})]


def board_words(boards: Sequence[str]) -> str:
    """Return boards as they are called."""
    return "、".join(BOARDS.get(one, "其他场所") for one in boards) or "没有挂牌"


def yuan(fen: int) -> str:
    """Return an amount for a sentence."""
    return f"{Money(fen)}元"


def number(context: Context, name: str) -> Fraction:
    """Return a parameter that is a number; a what-if value of another kind is E_INPUT."""
    try:
        return exact(context.parameters[name])
    except ValueError:
        raise LuoshiError("E_INPUT", f"参数“{name}”应为数字", fields={"parameter": name}) from None


def whole(context: Context, name: str) -> int:
    """Return a parameter that is a whole number."""
    found = number(context, name)
    if found.denominator != 1:
        raise LuoshiError("E_INPUT", f"参数“{name}”应为整数", fields={"parameter": name})
    return found.numerator


def in_fen(values: Mapping[str, Any], name: str) -> int:
    """Return a parameter in yuan as fen; a what-if value of another kind is E_INPUT."""
    try:
        found = exact(values[name]) * 100
    except ValueError:
        found = Fraction(-1)
    if found.denominator != 1 or found < 0:
        raise LuoshiError("E_INPUT", f"参数“{name}”应为金额（元）", fields={"parameter": name})
    return found.numerator


def switch(context: Context, name: str) -> bool:
    """Return a parameter that is on or off."""
    found = context.parameters[name]
    if not isinstance(found, bool):
        raise LuoshiError("E_INPUT", f"参数“{name}”应为是或否", fields={"parameter": name})
    return found


def force(context: Context) -> tuple[date, date]:
    """Return the first and the last day of the rules."""
    try:
        first, last = (date.fromisoformat(str(context.parameters[name])) for name in FORCE)
    except ValueError:
        raise LuoshiError("E_INPUT", "施行日和有效期的参数应为日期") from None
    return first, last


def in_force(context: Context, what: str, day: date) -> tuple[Reason, str]:
    """Return the reason whether `day` lies in the rules' validity, and the code of its refusal (empty: it does)."""
    first, last = force(context)
    if day < first:
        return _NOT_YET.reason(False, what, day.isoformat(), first.isoformat()), "E_NOT_IN_FORCE"
    if day > last:
        return _OVER.reason(False, what, day.isoformat(), last.isoformat()), "E_EXPIRED"
    return _IN_FORCE.reason(True, what, day.isoformat(), first.isoformat(), last.isoformat()), ""
