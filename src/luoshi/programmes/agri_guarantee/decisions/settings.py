"""The policy's numbers of a day as the decisions take them. A what-if value of the wrong kind is E_INPUT by name."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.answers import rulebook
from luoshi.kernel.citation import Citation
from luoshi.kernel.decisions import Outcome, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import ParameterTable

ROOM = "agri_guarantee"
POLICY = "乳政发〔2018〕5号"
FUND = "乳政办发〔2018〕7号"
PARAMETERS = ParameterTable.from_data(
    yaml_text.read((Path(__file__).parent.parent / "parameters.yaml").read_text("utf-8")), ROOM
)
BEGINS = PARAMETERS["base_max"].values[0].valid_from
"""Both documents bear this day."""
ruled = rulebook(POLICY, BEGINS, PARAMETERS)
ruled_fund = rulebook(FUND, BEGINS, PARAMETERS)
MISSING = "缺少{what}，不能判断"


def wrong(name: str, value: Any, should: str) -> LuoshiError:
    """Return the error for a parameter of the wrong kind."""
    return LuoshiError("E_INPUT", f"参数“{name}”的值“{str(value)[:40]}”应为{should}", fields={"parameter": name})


def percent(values: Mapping[str, Any], name: str, most: int = 100) -> Fraction:
    """Return a parameter that is a percentage."""
    return _percent(name, values[name], most)


def optional_percent(values: Mapping[str, Any], name: str, most: int = 10_000) -> Fraction | None:
    """Return a percentage that may be empty."""
    value = values.get(name)
    return None if value is None else _percent(name, value, most)


def _percent(name: str, value: Any, most: int) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str | Fraction):
        raise wrong(name, value, "百分数")
    try:
        number = Fraction(value)
    except (ValueError, ZeroDivisionError):
        raise wrong(name, value, "百分数") from None
    if not 0 <= number <= most:
        raise wrong(name, value, f"0至{most}的百分数")
    return number


def whole(values: Mapping[str, Any], name: str, least: int = 0, most: int = 10_000) -> int:
    """Return a parameter that is a whole number."""
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise wrong(name, value, f"{least}至{most}的整数")
    return value


def fen(values: Mapping[str, Any], name: str) -> int:
    """Return a parameter in yuan as fen."""
    return whole(values, name, 0, 10**11) * 100


def word(values: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """Return a parameter that is one of some words."""
    if values[name] not in known:
        raise wrong(name, values[name], "、".join(known))
    return str(values[name])


def benchmarks(values: Mapping[str, Any]) -> tuple[Fraction, ...]:
    """Return the benchmark rates: to one year, to five years, longer."""
    found = values["benchmark"]
    if isinstance(found, str) or not hasattr(found, "__len__") or len(found) != 3:
        raise wrong("benchmark", found, "三档利率")
    return tuple(_percent("benchmark", one, 100) for one in found)


def undetermined(value: Any, what: str, citation: str | Citation | None) -> Verdict:
    """Return the verdict where something needed was not given: never allow, never a guess."""
    return Verdict(value, Outcome.UNDETERMINED, [Rule(citation, MISSING).reason(None, what)])
