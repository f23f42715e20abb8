"""D15: whether a vehicle or a machine may be used in the built-up area today."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Flag, Level, Moment, Strict, Text
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, word
from luoshi.programmes.heavy_pollution.numbers import Exact, exact, plain
from luoshi.programmes.heavy_pollution.words import LEVELS, folded

_AREA = f"{PLAN} 3.2.1.3(3)②"
OUTSIDE = Rule(_AREA, "在城市建成区以外，不受限制")
EXEMPT = Rule(f"{PLAN} 2.1.2(5)", "临时限行方案规定的豁免车辆，不受限制")
NO_RESPONSE = Rule(f"{PLAN} 3.2", "没有响应，不限行")
FREE = Rule(_AREA, "{level}级响应的各项限制都不适用于该车")
PLACE_UNKNOWN = Rule(_AREA, "是否在城市建成区内不详，区内{said}")
LOOSE = Rule(_AREA, "建成区内，运{use}的车自Ⅳ级起不得上路，不论燃料")
ENGINEERING = Rule(f"{PLAN} 3.2.2.3(3)②", "建成区内，工程运输车自Ⅲ级起禁行")
MACHINE = Rule(f"{PLAN} 3.2.2.3(3)②", "建成区内，柴油非道路机械自Ⅲ级起停用")
ODD_EVEN = Rule(
    f"{PLAN} 3.2.3.3(3)②", "建成区内，柴油货车Ⅱ级单双号限行：车牌末位数字{digit}为{own}，{day}日为{today}，{said}"
)
NO_DIGIT = Rule(f"{PLAN} 3.2.3.3(3)②", "车牌没有数字，由现场执勤人员确定")
BANNED = Rule(f"{PLAN} 3.2.4.3(3)②", "建成区内，柴油货车Ⅰ级一律禁行")
UNKNOWN = "{what}不详，不能确定是否受“{rule}”限制"

_LOOSE = {
    "渣土": "渣土",
    "SLAG": "渣土",
    "MUCK": "渣土",
    "建筑垃圾": "建筑垃圾",
    "CONSTRUCTIONWASTE": "建筑垃圾",
    "散装建": "散装建材",
    "LOOSE": "散装建材",
}
_ENGINEERING = ("工程运输", "ENGINEERING")
_CATEGORIES = {
    word: category
    for category, words in {
        "载货": "载货 货车 载货汽车 卡车 FREIGHT TRUCK LORRY GOODS",
        "载客": "载客 客车 载客汽车 轿车 小客车 公交车 PASSENGER CAR BUS",
        "非道路": "非道路 非道路机械 工程机械 挖掘机 装载机 平地机 铺路机 压路机 叉车 NONROAD OFFROAD MACHINE "
        "MACHINERY EXCAVATOR LOADER GRADER PAVER ROLLER FORKLIFT",
        "其他": "其他 OTHER",
    }.items()
    for word in words.split()
}
_INSIDE = {
    word: inside
    for inside, words in {
        True: "INSIDE IN BUILTUP BUILTUPAREA INSIDEBUILTUP 建成区 建成区内 城市建成区 城市建成区内 区内 内 TRUE 是",
        False: "OUTSIDE OUT 建成区外 城市建成区外 区外 外 FALSE 否",
    }.items()
    for word in words.split()
}

# --- place ------------------------------------------------------------------------------------------------------------


class Point(NamedTuple):
    """A point in degrees, exact."""

    lat: Exact
    lon: Exact


def _point(value: Any) -> Point:
    if isinstance(value, Mapping) and {"lat", "lon"} <= set(value):
        return Point(exact(value["lat"]), exact(value["lon"]))
    if isinstance(value, Sequence) and not isinstance(value, str) and len(value) == 2:
        return Point(exact(value[0]), exact(value[1]))
    raise ValueError('应为 {"lat": 36.9, "lon": 121.5}')


def _place(value: Any) -> bool | Point:
    """Inside or outside the built-up area, in words, or a point."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        found = _INSIDE.get(folded(value).replace("-", "").replace("_", ""))
        if found is None:
            raise ValueError(f"“{value[:20]}”应为建成区内、建成区外，或经纬度")
        return found
    return _point(value)


def _write_place(place: bool | Point) -> Any:
    return {"lat": plain(place.lat), "lon": plain(place.lon)} if isinstance(place, Point) else place


def _polygon(value: Any) -> tuple[Point, ...]:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) < 3 or len(value) > 5_000:
        raise ValueError("建成区边界应为至少三个 [纬度, 经度] 点")
    return tuple(map(_point, value))


def contains(polygon: Sequence[Point], point: Point) -> bool:
    """Whether a point lies inside a polygon, in exact arithmetic; its boundary is inside: the stricter side."""
    inside = False
    for first, second in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        cross = (second.lon - first.lon) * (point.lat - first.lat) - (second.lat - first.lat) * (point.lon - first.lon)
        within = min(first.lat, second.lat) <= point.lat <= max(first.lat, second.lat) and min(
            first.lon, second.lon
        ) <= point.lon <= max(first.lon, second.lon)
        if cross == 0 and within:
            return True
        if (first.lat > point.lat) != (second.lat > point.lat) and (cross > 0) == (second.lat > first.lat):
            inside = not inside
    return inside


PlaceField = Annotated[Any, Kind(_place, _write_place, {"type": "string", "enum": ["建成区内", "建成区外"]})]
PolygonField = Annotated[
    Any, Kind(_polygon, lambda points: [[plain(point.lat), plain(point.lon)] for point in points], {"type": "array"})
]

# --- vehicles ---------------------------------------------------------------------------------------------------------


def _category(value: Any) -> str:
    found = _CATEGORIES.get(folded(value).replace("-", "").replace("_", ""))
    if found is None:
        raise ValueError(f"“{str(value)[:20]}”应为载货、载客、非道路或其他")
    return found


CategoryField = Annotated[Any, Kind(_category, str, {"type": "string", "enum": ["载货", "载客", "非道路", "其他"]})]


class VehicleFacts(Strict):
    """A vehicle or machine, where, when, and the level in force."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "category": "载货",
                    "fuel": "柴油",
                    "plate": "鲁K12A4B",
                    "place": "建成区内",
                    "t": "2018-01-15T09:00",
                    "level": "Ⅱ",
                },
                {"vehicle": {"use": "渣土", "fuel": "燃气"}, "place": "inside", "t": "2018-01-15", "level": "IV"},
                {"category": "非道路", "fuel": "柴油", "place": "建成区内", "t": "2018-01-15", "level": "Ⅲ"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "time": "t", "date": "t", "at": "t", "day": "t", "colour": "level", "inside": "place", "in_built_up": "place",
        "built_up": "place", "type": "category", "area": "polygon", "location": "place", "purpose": "use",
    }  # fmt: skip

    category: CategoryField = Field(None, description="类别：载货、载客、非道路、其他 / kind of vehicle")
    fuel: Text = Field(None, description="燃料：柴油、汽油、燃气、电 / fuel")
    use: Text = Field(None, description="用途：渣土、建筑垃圾、散装建材、工程运输；一般用途不写 / what it carries")
    plate: Text = Field(None, description="车牌号码 / number plate")
    exempt: Flag = Field(None, description="临时限行方案豁免 / exempt by the police scheme; default: no")
    place: PlaceField = Field(None, description="地点：建成区内、外，或经纬度 / inside or outside the built-up area")
    t: Moment = Field(None, description="日期或时刻 / day or moment")
    level: Level = Field(None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ，无响应写无 / response level in force, or none")
    polygon: PolygonField = Field(None, description="建成区边界：[[纬度, 经度], …]，地点为经纬度时 / its boundary")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The vehicle's facts may stand in an object of their own; of the day its number in the month is enough."""
        day = str(data.get("t"))
        if re.fullmatch(r"0?[1-9]|[12]\d|3[01]", day):
            data["t"] = f"2018-01-{int(day):02}"
        if "level" in data and data["level"] is None:
            data["level"] = "none"
        vehicle = data.pop("vehicle", None)
        if vehicle is None:
            return data
        if not isinstance(vehicle, Mapping):
            raise ValueError("“vehicle”应为车辆的对象")
        for name, part in vehicle.items():
            own = cls.SPELLINGS.get(str(name), str(name))
            if name == "type" and "category" in vehicle:
                # The type of a machine (excavator, fork lift) beside its category decides nothing.
                continue
            if own in data:
                raise ValueError(f"“{own}”给出了两次")
            data[own] = part
        return data


def last_digit(plate: str) -> int | None:
    """Return the last digit of a plate, None where it has none."""
    return next((int(sign) for sign in reversed(folded(plate)) if sign in "0123456789"), None)


PARITIES = ("双号", "单号")


class Judged(NamedTuple):
    """A rule tried on a vehicle: whether it forbids (None: not known), and why."""

    forbids: bool | None
    reason: Reason


def _is_diesel(fuel: str | None) -> bool | None:
    return None if fuel is None else "柴油" in fuel or "DIESEL" in folded(fuel)


def _all(*parts: bool | None) -> bool | None:
    """Whether all hold: one that does not settles it, one that is unknown leaves it open."""
    if any(part is False for part in parts):
        return False
    return None if any(part is None for part in parts) else True


def judge(facts: VehicleFacts, rank: int, parity: str) -> list[Judged]:
    """Return every rule of a level that forbids the vehicle inside the built-up area, or may."""
    found: list[Judged] = []
    use = folded(facts.use or "").replace("_", "").replace("-", "")
    loose = next((name for sign, name in _LOOSE.items() if sign in use), None)
    if rank >= 1 and loose is not None:
        found.append(Judged(True, LOOSE.reason(False, loose)))
    if rank >= 2 and any(sign in use for sign in _ENGINEERING):
        found.append(Judged(True, ENGINEERING.reason(False)))
    diesel = _is_diesel(facts.fuel)
    category = facts.category
    if rank >= 2:
        found += _may_be(_all(_is(category, "非道路"), diesel), MACHINE, "柴油非道路机械停用", facts)
    freight = _all(_is(category, "载货"), diesel)
    if rank == 3:
        found += _odd_even(facts, freight, parity)
    if rank == 4:
        found += _may_be(freight, BANNED, "柴油货车禁行", facts)
    return found


def _is(given: str | None, wanted: str) -> bool | None:
    return None if given is None else given == wanted


def _may_be(holds: bool | None, rule: Rule, name: str, facts: VehicleFacts) -> list[Judged]:
    if holds is False:
        return []
    if holds:
        return [Judged(True, rule.reason(False))]
    what = "类别" if facts.category is None else "燃料"
    return [Judged(None, Rule(rule.citation, UNKNOWN).reason(None, what, name))]


def _odd_even(facts: VehicleFacts, freight: bool | None, parity: str) -> list[Judged]:
    """Odd and even numbers: the parity of the plate's last digit against that of the day of the month."""
    if freight is False:
        return []
    if facts.plate is None or facts.t is None:
        if freight is None and facts.category is None and facts.fuel is None:
            return []
        what = "车牌" if facts.plate is None else "日期"
        return [Judged(None, Rule(ODD_EVEN.citation, UNKNOWN).reason(None, what, "单双号"))]
    digit = last_digit(facts.plate)
    if digit is None:
        return [Judged(None, NO_DIGIT.reason(None))]
    same = digit % 2 == facts.t.day % 2
    forbids = same != (parity == "same")
    if freight is None:
        return _may_be(None, ODD_EVEN, "单双号", facts) if forbids else []
    said = "不可行驶" if forbids else "可以行驶"
    reason = ODD_EVEN.reason(not forbids, digit, PARITIES[digit % 2], facts.t.day, PARITIES[facts.t.day % 2], said)
    return [Judged(forbids, reason)]


@decision(
    key="heavy_pollution.vehicle",
    title="车辆和机械能否使用",
    citation=f"{PLAN} 3.2",
    parameters=PARAMETERS,
    reads=("hp.vehicle.parity",),
    also=("heavy_pollution.may_drive",),
)
def vehicle(facts: VehicleFacts, context: Context) -> Verdict:
    """某车某日能否在城市建成区内行驶，柴油机械能否使用；列出全部不允许的规定。车牌没有数字的由现场人员确定。

    `may_drive` (None: not known) and `answer`: yes, no, stop (machines), officer_decides or unknown; `digit` and
    `parity` of the plate, `rules` that forbid it.
    """
    if facts.level is None:
        return undetermined({"may_drive": None, "answer": "unknown"}, "响应级别", f"{PLAN} 3.2")
    digit = None if facts.plate is None else last_digit(facts.plate)
    value: dict[str, Any] = {
        "may_drive": True,
        "answer": "yes",
        "level": LEVELS[facts.level],
        "digit": digit,
        "parity": None if digit is None else ("even", "odd")[digit % 2],
        "rules": [],
    }
    if facts.level == 0:
        return Verdict(value, Outcome.ALLOW, [NO_RESPONSE.reason(True)])
    if facts.exempt:
        return Verdict(value, Outcome.ALLOW, [EXEMPT.reason(True)])
    inside = facts.place
    if isinstance(inside, Point):
        inside = None if facts.polygon is None else contains(facts.polygon, inside)
    if inside is False:
        return Verdict(value, Outcome.ALLOW, [OUTSIDE.reason(True)])
    if facts.category is None and facts.fuel is None and facts.use is None:
        return undetermined(value | {"may_drive": None, "answer": "unknown"}, "车辆的类别、燃料、用途", _AREA)
    found = judge(facts, facts.level, word(context.parameters, "hp.vehicle.parity", ("same", "opposite")))
    forbidding = [one for one in found if one.forbids]
    reasons = [one.reason for one in found]
    value["rules"] = [str(one.reason.citation) for one in forbidding]
    if forbidding:
        reasons = [one.reason for one in forbidding]
        answer, outcome = "stop" if facts.category == "非道路" else "no", Outcome.REFUSE
    elif any(one.forbids is None for one in found):
        by_officer = any(one.reason.rule is NO_DIGIT for one in found)
        answer, outcome = "officer_decides" if by_officer else "unknown", Outcome.UNDETERMINED
    else:
        answer, outcome = "yes", Outcome.ALLOW
        reasons = reasons or [FREE.reason(True, LEVELS[facts.level])]
    if inside is None and outcome is not Outcome.ALLOW:
        said = {"no": "不可行驶", "stop": "须停用"}.get(answer, "不能确定")
        reasons.append(PLACE_UNKNOWN.reason(None, said))
        answer, outcome = "unknown", Outcome.UNDETERMINED
    value |= {"answer": answer, "may_drive": {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome)}
    return Verdict(value, outcome, reasons)
