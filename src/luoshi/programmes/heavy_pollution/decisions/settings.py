"""The plan's numbers of a day as the engine takes them. A what-if value of the wrong kind is E_INPUT by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import ParameterTable, Values
from luoshi.programmes.heavy_pollution.numbers import Exact, Rounding, exact
from luoshi.programmes.heavy_pollution.processes import Limits
from luoshi.programmes.heavy_pollution.windows import Validity

ROOM = "heavy_pollution"
PLAN = "乳政办发〔2018〕2号"
ISSUED = date(2018, 1, 8)
"""The day of issue, from which the plan is in force (6.3)."""
PARAMETERS = ParameterTable.from_data(
    yaml_text.read((Path(__file__).parent.parent / "parameters.yaml").read_text("utf-8")), ROOM
)

ROUNDING = ("hp.round", "hp.round.ug", "hp.round.co")
LAYING = (*ROUNDING, "hp.window", "hp.valid.24h", "hp.valid.8h", "hp.valid.8h.windows", "hp.dust.excluded")
"""What a series is laid out with."""
GRADING = (
    "hp.aqi.heavy", "hp.aqi.severe", "hp.aqi.top", "hp.yellow.h", "hp.orange.h", "hp.orange.severe", "hp.red.h",
    "hp.red.severe.h", "hp.release.aqi", "hp.release.h", "hp.merge.gap_counts", "hp.elapsed_counts",
)  # fmt: skip
_METHODS = ("half-even", "half-up", "truncate")


def _wrong(name: str, value: Any, should: str) -> LuoshiError:
    return LuoshiError("E_INPUT", f"参数“{name}”的值“{str(value)[:40]}”应为{should}", fields={"parameter": name})


def number(values: Mapping[str, Any], name: str) -> Exact:
    """Return a parameter that is a number."""
    try:
        return exact(values[name])
    except ValueError:
        raise _wrong(name, values[name], "数字") from None


def whole(values: Mapping[str, Any], name: str, least: int = 0, most: int = 10_000) -> int:
    """Return a parameter that is a whole number."""
    found = number(values, name)
    if not isinstance(found, int) or not least <= found <= most:
        raise _wrong(name, values[name], f"{least}至{most}的整数")
    return found


def switch(values: Mapping[str, Any], name: str) -> bool:
    """Return a parameter that is on or off."""
    found = values[name]
    if not isinstance(found, bool):
        raise _wrong(name, found, "是或否")
    return found


def word(values: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """Return a parameter that is one of some words."""
    found = values[name]
    if found not in known:
        raise _wrong(name, found, "、".join(known))
    return str(found)


def table(values: Mapping[str, Any], name: str) -> dict[str, Exact]:
    """Return a parameter that is a table of numbers."""
    found = values[name]
    if not isinstance(found, Mapping):
        raise _wrong(name, found, "“名称: 值”的对象")
    try:
        return {str(key): exact(value) for key, value in found.items()}
    except ValueError:
        raise _wrong(name, found, "数字的对象") from None


def clock(values: Mapping[str, Any], name: str) -> time:
    """Return a parameter that is a time of day."""
    try:
        return time.fromisoformat(str(values[name]))
    except ValueError:
        raise _wrong(name, values[name], "时刻，如 15:00") from None


def rounding(values: Values) -> Rounding:
    """Return how concentrations are rounded."""
    return Rounding(
        word(values, "hp.round", _METHODS), whole(values, "hp.round.ug", most=6), whole(values, "hp.round.co", most=6)
    )


def validity(values: Values) -> Validity:
    """Return what a mean must rest on."""
    window = whole(values, "hp.window", 8, 240)
    return Validity(
        window,
        whole(values, "hp.valid.24h", 1, window),
        whole(values, "hp.valid.8h", 1, 8),
        whole(values, "hp.valid.8h.windows", 1, window - 7),
    )


def limits(values: Values) -> Limits:
    """Return the numbers of grading and release."""
    return Limits(
        heavy=whole(values, "hp.aqi.heavy"),
        severe=whole(values, "hp.aqi.severe"),
        top=whole(values, "hp.aqi.top"),
        yellow_hours=whole(values, "hp.yellow.h"),
        orange_hours=whole(values, "hp.orange.h"),
        orange_severe=whole(values, "hp.orange.severe"),
        red_hours=whole(values, "hp.red.h"),
        red_severe_hours=whole(values, "hp.red.severe.h"),
        release=whole(values, "hp.release.aqi"),
        release_hours=whole(values, "hp.release.h", 1),
        gap_counts=switch(values, "hp.merge.gap_counts"),
        elapsed_counts=switch(values, "hp.elapsed_counts"),
    )
