"""What the decisions of supervision share: citations, parameters, points of a plan, words for figures and answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

from luoshi.kernel import yaml_text
from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.decisions import Context
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Kind, _day, exact, folded, plain
from luoshi.kernel.money import Money
from luoshi.kernel.parameters import ParameterTable
from luoshi.office.duties.curve import Point
from luoshi.office.organs.naming import slug_of

ROOM = "supervision"
PLAN = "乳政发〔2019〕2号"
INSPECT, PLATFORM = "乳政发〔2018〕2号 39", "乳政发〔2018〕2号 40"
"""S-39 (inspection and accountability) and S-40 (the platform)."""
CROSSING, INTEGRITY = f"{PLAN} 51", f"{PLAN} 48"
PERSONS = "乳政发〔2018〕3号 24"
"""Z-24: down to a person, no faked statistics."""
PARAMETERS = ParameterTable.from_data(
    yaml_text.read((Path(__file__).parent.parent / "parameters.yaml").read_text("utf-8")), ROOM
)
TARGETS = tuple(name for name in PARAMETERS if name.startswith("T"))
WHOLE_BP = 10_000


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


def day_of(context: Context, name: str) -> date:
    """Return a parameter that is a date."""
    try:
        return date.fromisoformat(str(context.parameters[name]))
    except ValueError:
        raise LuoshiError("E_INPUT", f"参数“{name}”应为日期", fields={"parameter": name}) from None


def working_after(context: Context, day: date, number: int) -> date | None:
    """Return the number-th working day after a day; None where no calendar tells."""
    try:
        return context.calendar.shift(day, number)
    except (LuoshiError, OverflowError):
        return None


def working_between(context: Context, after: date, last: date) -> int:
    """Return the working days after one day up to and including another; E_CALENDAR_MISSING where none is known."""
    return context.calendar.working_days(after + ONE_DAY, last) if last > after else 0


def iso(day: date | None) -> str | None:
    """Return a day as JSON holds it."""
    return None if day is None else day.isoformat()


def organ_key(name: str | None) -> str:
    """Return the slug of an organ however it is written, or the name itself where the directory has none of it."""
    text = (name or "").strip()
    found = slug_of(text)
    return found if found != text or text.startswith("市") else slug_of(f"市{text}").removeprefix("市")


# --- kinds of facts ---------------------------------------------------------------------------------------------------


def _measure(value: Any) -> Fraction:
    """A number; text with 元 is money, in fen. Whether a thing has come about may be said by yes or no."""
    if isinstance(value, bool):
        return Fraction(int(value))
    text = value.strip() if isinstance(value, str) else ""
    if text.endswith("元"):
        try:
            return Fraction(Money.yuan(text).fen)
        except LuoshiError as error:
            raise ValueError(error.message) from None
    return exact(value)


def _percent(value: Any) -> Fraction:
    found = exact(value)
    if not 0 <= found <= 100:
        raise ValueError(f"应在0到100之间，现为{plain(found)}")
    return found


def _weight(value: Any) -> Fraction:
    found = exact(value) * (100 if isinstance(value, str) and value.strip().endswith(("%", "％")) else 1)
    if found < 0:
        raise ValueError(f"权重不得为负，现为{plain(found)}")
    return found


Measure = Annotated[Any, Kind(_measure, plain, {"type": "number"})]
Percent = Annotated[Any, Kind(_percent, plain, {"type": "number", "minimum": 0, "maximum": 100})]
Weight = Annotated[Any, Kind(_weight, plain, {"type": "number", "minimum": 0})]
_DAYS = ("day", "date", "on", "by", "due")
_SHARES = ("percent", "cumulative", "planned", "value", "cumulative_percent")


def _one_point(entry: Any) -> Point:
    if isinstance(entry, Mapping):
        days = [entry[name] for name in _DAYS if name in entry]
        shares = [entry[name] for name in _SHARES if name in entry]
        if len(days) != 1 or len(shares) != 1:
            raise ValueError("计划点应写日期和累计百分比，如 [2019-05-31, 20]")
        entry = (days[0], shares[0])
    if not isinstance(entry, list | tuple) or len(entry) != 2 or entry[0] is None or entry[1] is None:
        raise ValueError("计划点应写日期和累计百分比，如 [2019-05-31, 20]")
    percent = exact(entry[1])
    if not 0 <= percent <= 100:
        raise ValueError("计划点的累计百分比应在0到100之间")
    return _day(entry[0]), percent


def _points(value: Any) -> tuple[Point, ...]:
    rows = list(value.items()) if isinstance(value, Mapping) else value
    if not isinstance(rows, list | tuple) or len(rows) > 400:
        raise ValueError("计划点应为列表，如 [[2019-05-31, 20], [2019-08-31, 60]]")
    points = sorted(_one_point(row) for row in rows)
    if [one[1] for one in points] != sorted(one[1] for one in points):
        raise ValueError("计划点的累计百分比不得随日期变小")
    if len({one[0] for one in points}) != len(points):
        raise ValueError("同一天有两个计划点")
    return tuple(points)


def _written(points: tuple[Point, ...]) -> list[list[Any]]:
    return [[day.isoformat(), plain(percent)] for day, percent in points]


Points = Annotated[Any, Kind(_points, _written, {"type": "array", "items": {"type": "array"}})]

COMPARATORS = {">=": "≥ ≥＝ at_least min 不少于 不低于 以上 ge floor",
    "<=": "≤ at_most max 不超过 不多于 以下 le ceiling",
               "=": "== eq exactly 等于", "range": "区间 between", "event": "事件 once"}  # fmt: skip
Comparator = Annotated[Any, Choice(COMPARATORS)]
ROLES = {"lead": "责任 责任单位 牵头 leading co_lead 主办", "coop": "配合 配合单位 cooperating 协办 cooperation"}
Role = Annotated[Any, Choice(ROLES)]
KNOWN_ROLES = {folded(word): role for role, words in ROLES.items() for word in (role, *words.split())}
Profile = Annotated[
    Any, Choice({"workpoints": "work_points 工作要点 work_point plan", "governance": "政务 services_governance 督查"})
]
