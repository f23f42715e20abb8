"""D13 and D17: whether the city's reductions reach the level's targets, and which reserve objects close a gap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Level, Number, Strict, Text
from luoshi.programmes.heavy_pollution.decisions.laying import refusal
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, switch, table
from luoshi.programmes.heavy_pollution.numbers import Exact, cut, exact, plain
from luoshi.programmes.heavy_pollution.words import EMITTED, JOINT, LEVELS, ROMAN, rank_of, read_emitted

TARGETS = ("hp.red.IV", "hp.red.III", "hp.red.II", "hp.red.I", "hp.red.joint")
_CLAUSES = {rank: f"{PLAN} 3.2.{rank}.3(3)" for rank in range(1, 5)}
_ONE = "{name}减排{reduced}千克/日，占{base}的{ratio}%，须{needed}%以上"
_BOTH = "SO2减{first}%、NOx减{second}%，合计{ratio}%，须{needed}%以上，代替两项单独的比例"
_UNKNOWN = "没有{name}的基数或减排量，不能判断须{needed}%以上的目标"
NO_RESPONSE = Rule(f"{PLAN} 3.2", "没有响应，没有减排目标")
_CLASSES = {
    "industrial": "工业源", "industry": "工业源", "工业源": "工业源", "mobile": "移动源", "移动源": "移动源",
    "dust": "扬尘源", "fugitive": "扬尘源", "扬尘源": "扬尘源",
}  # fmt: skip

# --- amounts ----------------------------------------------------------------------------------------------------------

Amounts = Mapping[str, Exact]


def read_amounts(value: Any) -> dict[str, Exact]:
    """Return kg/d by pollutant; ValueError for other names. Amounts may be negative here: the decision names those."""
    if not isinstance(value, Mapping):
        raise ValueError('应为“污染物: 千克/日”的对象，如 {"SO2": 240}')
    found: dict[str, Exact] = {}
    for name, amount in value.items():
        if (pollutant := read_emitted(name)) is None:
            raise ValueError(f"没有“{str(name)[:20]}”这种污染物，应为{'、'.join(EMITTED)}")
        if pollutant in found:
            raise ValueError(f"{pollutant}给出了两次")
        if amount is not None:
            found[pollutant] = exact(amount)
    return found


def write_amounts(amounts: Amounts) -> dict[str, Any]:
    """Return amounts as JSON."""
    return {name: plain(amount) for name, amount in amounts.items()}


class Society(NamedTuple):
    """Amounts of the whole of society: one object, or parts (source classes, firms) to be added up."""

    parts: tuple[tuple[str, dict[str, Exact]], ...]

    @property
    def total(self) -> dict[str, Exact]:
        """The sum of the parts; a pollutant no part names is unknown."""
        found: dict[str, Exact] = {}
        for _, amounts in self.parts:
            for name, amount in amounts.items():
                found[name] = found.get(name, 0) + amount
        return found


def read_society(value: Any) -> Society:
    """Return amounts given as one object, by source class, or as a list of objects."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Society(tuple(("", read_amounts(part)) for part in value))
    if isinstance(value, Mapping) and any(str(name) in _CLASSES for name in value):
        parts = []
        for name, part in value.items():
            if str(name) not in _CLASSES:
                raise ValueError(f"没有“{str(name)[:20]}”这类源，应为工业源、移动源、扬尘源")
            parts.append((_CLASSES[str(name)], read_amounts(part)))
        return Society(tuple(parts))
    return Society((("", read_amounts(value)),))


def write_society(society: Society) -> Any:
    """Return them as JSON."""
    if all(name for name, _ in society.parts):
        return {name: write_amounts(part) for name, part in society.parts}
    rows = [write_amounts(part) for _, part in society.parts]
    return rows[0] if len(rows) == 1 else rows


AMOUNTS_SCHEMA = {"type": "object", "additionalProperties": {"type": "number"}}
AmountsField = Annotated[Any, Kind(read_amounts, write_amounts, AMOUNTS_SCHEMA)]
SocietyField = Annotated[Any, Kind(read_society, write_society, AMOUNTS_SCHEMA)]


def levelled(value: Any) -> dict[int, dict[str, Exact]]:
    """Return a plan's reductions by rank of level; amounts without levels stand under 0: whatever level is asked."""
    if not isinstance(value, Mapping):
        raise ValueError("应为“污染物: 千克/日”的对象，或分级别的对象")
    if value and all(isinstance(part, Mapping) for part in value.values()):
        return {rank_of(name): read_amounts(part) for name, part in value.items()}
    return {0: read_amounts(value)}


def write_levelled(plan: Mapping[int, Amounts]) -> dict[str, Any]:
    """Return them as JSON."""
    if set(plan) == {0}:
        return write_amounts(plan[0])
    return {LEVELS[rank]: write_amounts(amounts) for rank, amounts in plan.items()}


PlanField = Annotated[Any, Kind(levelled, write_levelled, {"type": "object"})]


def at_level(plan: Mapping[int, Amounts], rank: int) -> Amounts | None:
    """Return what a plan does at a level, None where it does not say."""
    return plan.get(rank, plan.get(0))


# --- tests ------------------------------------------------------------------------------------------------------------


class Target(NamedTuple):
    """A target tested: `ratio` None where a base or reduction is unknown; `parts` are the ratios a joint one adds."""

    name: str
    needed: Exact
    ratio: Exact | None
    parts: tuple[Exact, ...] = ()

    @property
    def ok(self) -> bool | None:
        """Whether the target is met, on exact values."""
        return None if self.ratio is None else self.ratio >= self.needed

    @property
    def pollutants(self) -> tuple[str, ...]:
        """The pollutants it concerns."""
        return ("SO2", "NOx") if self.name == JOINT else (self.name,)


def targets_of(values: Mapping[str, Any], rank: int) -> dict[str, Exact]:
    """Return the targets of a level in percent; the joint one takes the place of its two where it exists."""
    found = table(values, f"hp.red.{ROMAN[rank]}")
    if JOINT in found and switch(values, "hp.red.joint"):
        found = {name: needed for name, needed in found.items() if name not in ("SO2", "NOx")}
    return found


def ratio(base: Exact, reduced: Exact) -> Exact:
    """Return a reduction in percent of its base, exact."""
    found = Fraction(100) * reduced / base
    return found.numerator if found.denominator == 1 else found


def tested(targets: Mapping[str, Exact], base: Amounts, reduced: Amounts) -> list[Target]:
    """Return every target tested, single pollutants first."""
    found = []
    for name in (*EMITTED, JOINT):
        if name not in targets:
            continue
        needs = ("SO2", "NOx") if name == JOINT else (name,)
        if any(one not in base or one not in reduced for one in needs):
            found.append(Target(name, targets[name], None))
            continue
        parts = tuple(ratio(base[one], reduced[one]) for one in needs)
        found.append(Target(name, targets[name], sum(parts), parts if len(parts) > 1 else ()))
    return found


def checked(base: Amounts, reduced: Amounts, field: str = "red") -> None:
    """Refuse a base that is not positive, a reduction below nothing or above its base: E_INPUT names the pollutant."""
    for name, amount in base.items():
        if amount <= 0:
            raise refusal(f"{name}的基数应大于0，现为{plain(amount)}", "base")
    for name, amount in reduced.items():
        if amount < 0:
            raise refusal(f"{name}的减排量不得为负，现为{plain(amount)}", field)
        if name in base and amount > base[name]:
            raise refusal(f"{name}的减排量{plain(amount)}超过基数{plain(base[name])}", field)


def target_value(test: Target, base: Amounts) -> dict[str, Any]:
    """Return a test as a decision answers it: the ratio cut to one decimal, and exact."""
    short = None if test.ratio is None or test.ok else test.needed - test.ratio
    value: dict[str, Any] = {
        "name": test.name,
        "required": plain(test.needed),
        "ratio": None if test.ratio is None else cut(test.ratio, 1),
        "exact": plain(test.ratio),
        "ok": test.ok,
        "shortfall": plain(short),
    }
    if short is not None and test.name in base:
        value["shortfall_kg"] = plain(short * base[test.name] / Fraction(100))
    if test.parts:
        value["parts"] = {name: cut(part, 1) for name, part in zip(test.pollutants, test.parts, strict=True)}
    return value


def target_reason(test: Target, rank: int, base: Amounts, reduced: Amounts) -> Reason:
    """Return why a target is met or not."""
    clause, needed = _CLAUSES[rank], plain(test.needed)
    if test.ratio is None:
        return Rule(clause, _UNKNOWN).reason(None, test.name, needed)
    if test.parts:
        first, second = (cut(part, 1) for part in test.parts)
        return Rule(clause, _BOTH).reason(test.ok, first, second, cut(test.ratio, 1), needed)
    amounts = plain(reduced[test.name]), plain(base[test.name])
    return Rule(clause, _ONE).reason(test.ok, test.name, *amounts, cut(test.ratio, 1), needed)


def verdict_of(found: Sequence[Target]) -> Outcome:
    """Return what tests come to: one that fails refuses, one that is unknown leaves it open."""
    if any(test.ok is False for test in found):
        return Outcome.REFUSE
    return Outcome.UNDETERMINED if any(test.ok is None for test in found) else Outcome.ALLOW


_RESULTS = {Outcome.ALLOW: "pass", Outcome.REFUSE: "fail", Outcome.UNDETERMINED: None}

# --- D13 --------------------------------------------------------------------------------------------------------------

_BASE: Any = {"SO2": 4000, "NOx": 6000, "PM": 9000, "VOCs": 5000}


class ReductionFacts(Strict):
    """A level, the society-wide base, and what is or will be reduced."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"level": "Ⅱ", "base": _BASE, "red": {"SO2": 440, "NOx": 1740, "PM": 1800, "VOCs": 750}},
                {"level": "Ⅳ", "base": _BASE, "red": {"PM": 450, "VOCs": 250}},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "reduction": "red", "reductions": "red", "reduced": "red", "baseline": "base", "colour": "level",
    }  # fmt: skip

    level: Level = Field(None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ / response level: IV, III, II, I")
    base: SocietyField = Field(
        None, description="基数（千克/日）：按污染物，或按工业源、移动源、扬尘源 / base in kg/d, one object or by class"
    )
    red: SocietyField = Field(
        None, description="减排量（千克/日）：写法同上，也可为多项之列表 / reduction in kg/d, or a list to be added up"
    )

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """An inventory may be given source by source (`sources`): each with its class, base and reduction."""
        data = super().spelt_out(data)
        if (sources := data.pop("sources", None)) is not None:
            data |= {"base": [], "red": []}
            for source in sources if isinstance(sources, list) else [sources]:
                base, red = _of_source(source)
                data["base"].append(base)
                data["red"].append(red)
        return data


_SOURCE = {
    "base": ("base", "baseline", "baseline_kg_d", "emission", "基数"),
    "red": ("red", "reduction", "reduced", "reduction_kg_d", "减排", "减排量"),
}


def _of_source(source: Any) -> tuple[Any, Any]:
    """Return base and reduction of one line of an inventory; ValueError when it has neither."""
    found = [
        next((source[name] for name in names if name in source), None) if isinstance(source, Mapping) else None
        for names in _SOURCE.values()
    ]
    if found[0] is None and found[1] is None:
        raise ValueError('每个源应写明基数和减排量，如 {"class": "工业源", "base": {"PM": 900}, "red": {"PM": 90}}')
    return found[0] or {}, found[1] or {}


@decision(
    key="heavy_pollution.reduction",
    title="全社会减排比例",
    citation=f"{PLAN} 3.2",
    parameters=PARAMETERS,
    reads=TARGETS,
    also=("heavy_pollution.targets",),
)
def reduction(facts: ReductionFacts, context: Context) -> Verdict:
    """全社会减排是否达到本级比例；二氧化硫与氮氧化物合计达到的，不再看单项。按精确值判断，显示截到一位小数。

    `result` pass or fail, `tests` with required and reached percent (`ratio` cut to one decimal, `exact`), `ratios` of
    every pollutant. A base that is not positive, a negative reduction or one above its base is E_INPUT.
    """
    if facts.level is None or facts.base is None or facts.red is None:
        return undetermined({"result": None, "ok": None}, "级别、基数和减排量", f"{PLAN} 3.2")
    if facts.level == 0:
        return Verdict({"result": None, "ok": None, "tests": []}, Outcome.NOT_APPLICABLE, [NO_RESPONSE.reason(None)])
    base, reduced = facts.base.total, facts.red.total
    for society, field in ((facts.base, "base"), (facts.red, "red")):
        for _, part in society.parts:
            for name, amount in part.items():
                if amount < 0:
                    raise refusal(f"{name}不得为负，现为{plain(amount)}", field)
    checked(base, reduced)
    found = tested(targets_of(context.parameters, facts.level), base, reduced)
    outcome = verdict_of(found)
    ratios = {name: ratio(base[name], reduced[name]) for name in EMITTED if name in base and name in reduced}
    value: dict[str, Any] = {
        "level": LEVELS[facts.level],
        "result": _RESULTS[outcome],
        "ok": {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome),
        "tests": [target_value(test, base) for test in found],
        "ratios": {name: cut(part, 1) for name, part in ratios.items()},
        "exact": {name: plain(part) for name, part in ratios.items()},
    }
    if any(name for name, _ in facts.base.parts):
        value["classes"] = {
            name: {"base": write_amounts(part), "red": write_amounts(dict(facts.red.parts).get(name, {}))}
            for name, part in facts.base.parts
        }
    return Verdict(value, outcome, [target_reason(test, facts.level, base, reduced) for test in found])


# --- D17 --------------------------------------------------------------------------------------------------------------

_PRIORITY = f"{PLAN} 3.1.1(2)"
TAKEN = Rule(_PRIORITY, "按优先次序调用{name}（第{priority}位），减少未达标的{pollutants}")
SKIPPED = Rule(_PRIORITY, "{name}（第{priority}位）不减少未达标的污染物，不调用")
NOT_NEEDED = Rule(_PRIORITY, "已全部达标，{names}不需调用")
_NAMED = 6
"""So many of those not needed are named, the others counted."""
SHORT = Rule(_PRIORITY, "备用的企业和工地全部可用的已调用，仍有{names}未达标")


class ReserveObject(Strict):
    """备用名单中的企业或工地：优先次序和减排量。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "id": "name", "reduction": "red", "reductions": "red", "plan": "red", "priority_no": "priority",
        "no": "priority",
    }  # fmt: skip

    name: Text = Field(None, description="名称 / name")
    priority: Number = Field(None, description="优先次序，小的在前 / priority, lowest first")
    red: PlanField = Field(None, description="减排量（千克/日），可分级别 / reduction in kg/d, may be by level")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Reductions may stand beside name and priority."""
        own = [name for name in data if name not in ("name", "priority", "red") and read_emitted(name)]
        if own and "red" not in data:
            data["red"] = {name: data.pop(name) for name in own}
        return data


class FillGapFacts(Strict):
    """A level, the base, what is mandatory, and the reserve."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "level": "Ⅱ",
                    "base": _BASE,
                    "mandatory": {"SO2": 520, "NOx": 1500, "PM": 1750, "VOCs": 760},
                    "reserve": [
                        {"name": "甲", "priority": 1, "red": {"VOCs": 100}},
                        {"name": "乙", "priority": 2, "red": {"PM": 40}},
                        {"name": "丙", "priority": 3, "red": {"SO2": 60, "PM": 20}},
                        {"name": "丁", "priority": 4, "red": {"NOx": 30}},
                        {"name": "戊", "priority": 5, "red": {"SO2": 500, "PM": 500}},
                    ],
                }
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "baseline": "base", "red": "mandatory", "reserves": "reserve", "objects": "reserve", "colour": "level",
        "current": "mandatory", "reductions": "mandatory", "reduction": "mandatory", "candidates": "reserve",
    }  # fmt: skip

    level: Level = Field(None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ / response level: IV, III, II, I")
    base: SocietyField = Field(None, description="基数（千克/日） / base in kg/d")
    mandatory: SocietyField = Field(None, description="必须采取的减排量（千克/日） / mandatory reductions in kg/d")
    reserve: tuple[ReserveObject, ...] = Field((), description="备用的企业和工地 / reserve firms and sites")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The reserve may be an object from name to reduction, in order of priority."""
        reserve = data.get("reserve")
        if isinstance(reserve, Mapping):
            data["reserve"] = [
                {"name": name, "red": part} if not isinstance(part, Mapping) or "red" not in part
                else {"name": name, **part} for name, part in reserve.items()
            ]  # fmt: skip
        elif reserve is None:
            data.pop("reserve", None)
        return data


@decision(
    key="heavy_pollution.fill_gap",
    title="按优先次序补足减排缺口",
    also=("heavy_pollution.gap",),
    citation=_PRIORITY,
    parameters=PARAMETERS,
    reads=TARGETS,
)
def fill_gap(facts: FillGapFacts, context: Context) -> Verdict:
    """必须采取的减排仍不达标时，按优先次序逐个调用备用企业和工地，只调用能减少未达标污染物的，达标即止。

    `order` of those called, `skipped`, final `ratios` and `tests`, and `shortfall` where the reserve does not suffice.
    """
    if facts.level is None or facts.base is None or facts.mandatory is None:
        return undetermined({"order": None}, "级别、基数和必须采取的减排量", _PRIORITY)
    if facts.level == 0:
        return Verdict({"order": [], "tests": []}, Outcome.NOT_APPLICABLE, [NO_RESPONSE.reason(None)])
    base, reduced = facts.base.total, facts.mandatory.total
    checked(base, reduced, "mandatory")
    targets = targets_of(context.parameters, facts.level)
    reserve = _ordered(facts.reserve)
    order: list[str] = []
    skipped: list[str] = []
    reasons: list[Reason] = []
    found = tested(targets, base, reduced)
    while reserve and any(test.ok is False for test in found):
        priority, one = reserve.pop(0)
        own = at_level(one.red or {}, facts.level) or {}
        for name, amount in own.items():
            if amount < 0:
                raise refusal(f"{one.name}的{name}减排量不得为负", "reserve")
        helps = [
            name
            for name in EMITTED
            if own.get(name, 0) > 0 and any(test.ok is False and name in test.pollutants for test in found)
        ]
        if not helps:
            skipped.append(str(one.name or plain(priority)))
            reasons.append(SKIPPED.reason(None, one.name, plain(priority)))
            continue
        order.append(str(one.name or plain(priority)))
        reasons.append(TAKEN.reason(True, one.name, plain(priority), "、".join(helps)))
        reduced = {name: amount + own.get(name, 0) for name, amount in reduced.items()}
        checked(base, reduced, "reserve")
        found = tested(targets, base, reduced)
    outcome = verdict_of(found)
    rest = [str(one.name or plain(priority)) for priority, one in reserve]
    if outcome is Outcome.ALLOW and rest:
        more = f"等{len(rest)}个" if len(rest) > _NAMED else ""
        reasons.append(NOT_NEEDED.reason(None, "、".join(rest[:_NAMED]) + more))
    failing = [test for test in found if test.ok is False]
    if failing:
        reasons.append(SHORT.reason(False, "、".join(test.name for test in failing)))
    ratios = {name: ratio(base[name], reduced[name]) for name in EMITTED if name in base and name in reduced}
    value = {
        "level": LEVELS[facts.level],
        "order": order,
        "skipped": skipped,
        "not_needed": rest,
        "result": _RESULTS[outcome],
        "ok": {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome),
        "ratios": {name: cut(part, 1) for name, part in ratios.items()},
        "exact": {name: plain(part) for name, part in ratios.items()},
        "reduced": write_amounts(reduced),
        "tests": [target_value(test, base) for test in found],
        "shortfall": {test.name: plain(test.needed - test.ratio) for test in failing if test.ratio is not None},
    }
    said = [target_reason(test, facts.level, base, reduced) for test in found]
    return Verdict(value, outcome, [*reasons, *said])


def _ordered(reserve: Sequence[ReserveObject]) -> list[tuple[Exact, ReserveObject]]:
    """Return the reserve by priority; those without one keep their place in the list. Equal ones are refused."""
    rows = [(place if one.priority is None else one.priority, one) for place, one in enumerate(reserve, start=1)]
    seen: set[Exact] = set()
    for priority, one in rows:
        if priority in seen:
            raise refusal(f"优先次序{plain(priority)}重复（{one.name}）", "reserve")
        seen.add(priority)
    return sorted(rows, key=lambda row: row[0])
