"""D16: how often main roads are watered beyond routine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Flag, Level, Number, Strict
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, number, table, whole
from luoshi.programmes.heavy_pollution.numbers import Exact, exact, plain, rounded
from luoshi.programmes.heavy_pollution.series import is_missing_code
from luoshi.programmes.heavy_pollution.words import LEVELS, ROMAN

_CLAUSES = {rank: f"{PLAN} 3.2.{rank}.3(3)③" for rank in range(1, 5)}
_DRY = "相对湿度{rh}%低于{limit}%，主干道每天比平时多洒水{runs}次"
_HUMID = "相对湿度{rh}%不低于{limit}%，主干道不增加洒水"
_FROST = "冰冻期，主干道不增加洒水"
_NO_FROST = "非冰冻期"
_RH_UNKNOWN = "相对湿度不详，主干道仍须每天比平时多洒水{runs}次"
_FROST_UNKNOWN = "是否冰冻期不详，不能确定"
SITES = Rule(f"{PLAN} 3.2.1.3(3)④", "施工工地每天比平时多洒水{runs}次，不看湿度；冰冻期可说明情况")
SUGGESTED = Rule(_CLAUSES[1], "最低气温{temp}℃，不高于{limit}℃，提示可能是冰冻期，由气象局确定")
NO_RESPONSE = Rule(f"{PLAN} 3.2", "没有响应，不增加洒水")


def _humidity(value: Any) -> tuple[Exact, ...]:
    """One value, or those of the day's hours so far, missing ones left out."""
    given = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    given = [one.strip().removesuffix("%") if isinstance(one, str) else one for one in given]
    found = tuple(exact(one) for one in given if not is_missing_code(one))
    if any(not 0 <= one <= 100 for one in found):
        raise ValueError("相对湿度应在0至100之间")
    return found


def _write_humidity(values: tuple[Exact, ...]) -> Any:
    return plain(values[0]) if len(values) == 1 else list(map(plain, values))


Humidity = Annotated[Any, Kind(_humidity, _write_humidity, {"type": "number", "minimum": 0, "maximum": 100})]


class RoadWaterFacts(Strict):
    """Level, humidity, frost."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"level": "Ⅲ", "rh": "69.9", "frost": False},
                {"level": "Ⅰ", "rh": [72, 68, 61], "frost": False},
                {"level": "Ⅰ", "rh": None, "frost": False},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "humidity": "rh", "RH": "rh", "is_frost": "frost", "colour": "level", "temp": "min_temp",
    }  # fmt: skip

    level: Level = Field(
        None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ，无响应写无或null / response level: IV, III, II, I, none or null"
    )
    rh: Humidity = Field(None, description="相对湿度（%）：一个值，或当日各小时的列表，取均值 / relative humidity")
    frost: Flag = Field(None, description="冰冻期，由气象局确定 / frost period, as the weather bureau says")
    min_temp: Number = Field(None, description="当日最低气温（℃），只作提示 / daily minimum, only a hint")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A level that is given as null is no response; one that is not given is not known."""
        return data | {"level": "none"} if "level" in data and data["level"] is None else data


@decision(
    key="heavy_pollution.road_water",
    title="主干道增加洒水",
    also=("heavy_pollution.water", "heavy_pollution.watering"),
    citation=f"{PLAN} 3.2.1.3(3)③",
    parameters=PARAMETERS,
    reads=("hp.water.rh", "hp.water.extra", "hp.site.water", "hp.frost.temp"),
)
def road_water(facts: RoadWaterFacts, context: Context) -> Verdict:
    """主干道每天比平时多洒水几次：非冰冻期且相对湿度低于70%的，Ⅳ级1次、Ⅲ级2次、Ⅱ级3次、Ⅰ级4次；湿度不详的照洒。

    `runs` a day beyond routine (they replace each other, they do not add up); `sites`: runs at building sites.
    """
    if facts.level is None:
        return undetermined({"runs": None}, "响应级别", f"{PLAN} 3.2.1.3(3)③")
    sites = whole(context.parameters, "hp.site.water") if facts.level else 0
    rh = Fraction(sum(facts.rh)) / len(facts.rh) if facts.rh else None
    suggested = facts.min_temp is not None and facts.min_temp <= number(context.parameters, "hp.frost.temp")
    value: dict[str, Any] = {
        "runs": 0,
        "required": False,
        "sites": sites,
        "rh": None if rh is None else _told(rh, number(context.parameters, "hp.water.rh")),
        "frost": facts.frost,
        "frost_suggested": suggested,
        "level": LEVELS[facts.level],
    }
    if facts.level == 0:
        return Verdict(value, Outcome.NOT_APPLICABLE, [NO_RESPONSE.reason(False)])
    clause = _CLAUSES[facts.level]
    limit = number(context.parameters, "hp.water.rh")
    runs = table(context.parameters, "hp.water.extra").get(ROMAN[facts.level], 0)
    reasons: list[Reason] = []
    if suggested:
        temp, bound = plain(facts.min_temp), plain(number(context.parameters, "hp.frost.temp"))
        reasons.append(SUGGESTED.reason(None, temp, bound))
    if facts.frost:
        outcome, said = Outcome.NOT_APPLICABLE, Rule(clause, _FROST).reason(False)
    elif rh is not None and rh >= limit:
        outcome, said = Outcome.NOT_APPLICABLE, Rule(clause, _HUMID).reason(False, _shown(rh), plain(limit))
    elif facts.frost is None:
        value |= {"runs": None, "required": None}
        outcome, said = Outcome.UNDETERMINED, Rule(clause, _FROST_UNKNOWN).reason(None)
    else:
        value |= {"runs": plain(runs), "required": runs > 0}
        reasons.append(Rule(clause, _NO_FROST).reason(True))
        outcome = Outcome.ALLOW if rh is not None else Outcome.ALLOW_WITH_CONDITION
        if rh is None:
            said = Rule(clause, _RH_UNKNOWN).reason(None, plain(runs))
        else:
            said = Rule(clause, _DRY).reason(True, _shown(rh), plain(limit), plain(runs))
    return Verdict(value, outcome, [*reasons, said, SITES.reason(None, sites)])


def _told(rh: Fraction, limit: Exact) -> str:
    """Two decimals, four where two would say the other side of the limit (conventions 2), else only the side."""
    for places in (2, 4):
        text = rounded(rh, places)
        if (Fraction(text) < limit) == (rh < limit):
            return text if places == 2 else text.rstrip("0")
    return f"<{rounded(Fraction(limit))}"


def _shown(rh: Fraction) -> Any:
    """A humidity as a sentence shows it: exact where that is short."""
    return plain(rh) if "/" not in str(plain(rh)) else rounded(rh)
