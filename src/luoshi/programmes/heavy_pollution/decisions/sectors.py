"""D14: whether a firm's plan reaches what its sector owes at a level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.identifiers import parse_uscc
from luoshi.programmes.heavy_pollution.catalogue import Sector, sector_of, sectors
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Flag, Level, Percentage, Strict, Text
from luoshi.programmes.heavy_pollution.decisions.laying import refusal
from luoshi.programmes.heavy_pollution.decisions.reduction import Amounts, AmountsField, PlanField, at_level, ratio
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, table
from luoshi.programmes.heavy_pollution.numbers import Exact, cut, plain
from luoshi.programmes.heavy_pollution.words import EMITTED, LEVELS, ROMAN, folded

RATIOS = tuple(sector.ratio for sector in sectors() if sector.ratio)
_CLAUSES = {rank: f"{PLAN} 3.2.{rank}.3(3)①" for rank in range(1, 5)}
_PLANS = f"{PLAN} 3.1.1(2)"
_EXEMPT = f"{PLAN} 3.2.4.3(3)①"
_RATIO = "{sector}{name}基数{base}千克/日，方案减{reduced}千克/日，占{ratio}%，须{needed}%以上"
_UNPLANNED = "{sector}{name}基数{base}千克/日，方案未列减排，须{needed}%以上"
_STOPS = "{sector}自Ⅳ级起停止{process}，方案{said}"
NO_RATIO = "{sector}在{level}级没有规定比例，按经审核的操作方案执行"
APPROVED = Rule(_PLANS, "该行业没有规定比例，操作方案已审核，按方案执行")
NOT_APPROVED = Rule(_PLANS, "该行业没有规定比例，须有经审核的操作方案，现为{state}")
NO_STATE = Rule(_PLANS, "该行业没有规定比例，操作方案是否经审核不详")
LOAD = Rule(_EXEMPT, "因{basis}豁免，生产负荷{load}%，核定最大负荷{most}%")
NO_LOAD = Rule(_EXEMPT, "因{basis}豁免，生产负荷不详，核定最大负荷{most}%")
LISTED = Rule(_EXEMPT, "豁免企业仍列入名单")
NO_PLAN = "{sector}企业没有{level}级的减排方案，不能判断"
NO_BASE = "{sector}企业没有大于0的基数，没有可比的比例"
NO_RESPONSE = Rule(f"{PLAN} 3.2", "没有响应，没有行业减排要求")
_BASES = {
    "群众基本生活": "群众基本生活", "基本生活": "群众基本生活", "LIVELIHOOD": "群众基本生活", "生产安全": "生产安全",
    "安全": "生产安全", "SAFETY": "生产安全",
}  # fmt: skip
_NOT_EXEMPT = frozenset({"", "NONE", "无", "NO", "FALSE", "否"})
_APPROVED = frozenset({"APPROVED", "FILED", "审核通过", "已审核", "已备案", "备案", "通过", "审核", "TRUE", "是"})


class FirmFacts(Strict):
    """企业：行业、基数、方案、豁免。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "baseline": "base", "baselines": "base", "reduction": "plan", "red": "plan", "site_plan": "plan",
        "exempt": "exempt_basis", "approved_max_load": "max_load", "approved_load": "max_load", "planned_load": "load",
        "credit_code": "code", "uscc": "code", "id": "code", "state": "plan_state", "approved": "plan_state",
        "stopped": "stops",
    }  # fmt: skip

    name: Text = Field(None, description="名称 / name")
    code: Text = Field(None, description="统一社会信用代码 / credit code, checked")
    sector: Text = Field(None, description="行业 / sector")
    other_heavy: Flag = Field(None, description="指定的其他大气重污染行业，按铸造 / designated heavy: as casting")
    base: AmountsField = Field(None, description="基数（千克/日） / base in kg/d by pollutant")
    plan: PlanField = Field(None, description="方案减排量（千克/日），可分级别 / planned reduction in kg/d")
    stops: Flag = Field(None, description="方案停止粉磨或喷涂烤漆 / the plan stops grinding, or spraying and baking")
    plan_state: Text = Field(None, description="方案状态，如审核通过、备案 / state of the plan")
    exempt_basis: Text = Field(None, description="豁免依据：群众基本生活、生产安全 / basis of exemption")
    max_load: Percentage = Field(None, description="核定最大生产负荷（%） / approved maximum load")
    load: Percentage = Field(None, description="实际或计划生产负荷（%） / load as run or planned")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A plan may say `stop` beside its reductions; base amounts may not stand beside the other facts."""
        plan = data.get("plan")
        if isinstance(plan, Mapping):
            said = {name: part for name, part in plan.items() if str(name) in ("stop", "stops", "action")}
            if said:
                data["plan"] = {name: part for name, part in plan.items() if name not in said} or None
                word = next(iter(said.values()))
                data.setdefault("stops", word if isinstance(word, bool) else folded(word) in ("STOP", "停", "停产"))
        if isinstance(data.get("plan_state"), bool):
            data["plan_state"] = "审核通过" if data["plan_state"] else "未审核"
        if isinstance(data.get("exempt_basis"), bool):
            if data["exempt_basis"]:
                raise ValueError("请写明豁免依据：群众基本生活或生产安全")
            data["exempt_basis"] = None
        return data


class SectorFacts(Strict):
    """A firm and a level."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "level": "Ⅱ",
                    "firm": {
                        "code": "913710830000000195",
                        "sector": "化工",
                        "base": {"PM": 100, "VOCs": 250, "SO2": 0},
                        "plan": {"Ⅱ": {"PM": 20, "VOCs": 49}},
                    },
                },
                {"level": "Ⅳ", "firm": {"sector": "水泥粉磨", "stops": True}},
                {"level": "Ⅰ", "firm": {"sector": "橡胶", "exempt_basis": "生产安全", "max_load": 60, "load": 55}},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"enterprise": "firm", "colour": "level"}

    level: Level = Field(None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ / response level: IV, III, II, I")
    firm: FirmFacts | None = Field(None, description="企业 / the firm")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """The firm's facts may stand beside the level."""
        own = {name: data.pop(name) for name in list(data) if name not in ("level", "firm")}
        if own:
            if "firm" in data:
                raise ValueError(f"没有“{next(iter(own))}”这个字段")
            data["firm"] = own
        return data


@decision(
    key="heavy_pollution.sector",
    title="行业减排要求",
    citation=f"{PLAN} 3.2",
    parameters=PARAMETERS,
    reads=RATIOS,
)
def sector(facts: SectorFacts, context: Context) -> Verdict:
    """企业的方案是否达到其行业在该级的减排比例（每种有基数的污染物分别看）；水泥粉磨和喷涂烤漆停产，豁免企业看负荷。

    `ok` with one test a pollutant; `rule` is ratio, stop, plan (no ratio: the approved plan), load (exempt), or none. A
    reduction above its base or falling with the level is E_INPUT.
    """
    firm = facts.firm
    if facts.level is None or firm is None or (firm.sector is None and not firm.other_heavy):
        return undetermined({"ok": None}, "企业的行业和响应级别", f"{PLAN} 3.2")
    if facts.level == 0:
        return Verdict({"ok": None, "rule": "none"}, Outcome.NOT_APPLICABLE, [NO_RESPONSE.reason(None)])
    if firm.code is not None:
        parse_uscc(firm.code)
    own = _sector_of(firm)
    _check_plan(firm)
    value: dict[str, Any] = {"level": LEVELS[facts.level], "sector": own.name, "tests": []}
    reasons: list[Reason] = []
    outcomes: list[Outcome] = []
    exempt = _exemption(firm)
    if exempt is not None:
        value |= {"exempt_basis": exempt, "listed": True}
        outcomes.append(_judge_load(firm, exempt, reasons))
        reasons.append(LISTED.reason(None))
    if exempt is not None and facts.level == len(LEVELS) - 1:
        value["rule"] = "load"
    elif own.stop:
        value["rule"] = "stop"
        outcomes.append(_judge_stop(firm, own, facts.level, reasons))
    elif (needed := _needed(own, firm, context, facts.level)) is not None:
        value |= {"rule": "ratio", "required": plain(needed)}
        outcomes.append(_judge_ratio(firm, own, facts.level, needed, value["tests"], reasons))
    elif own.ratio or firm.other_heavy:
        value["rule"] = "plan"
        reasons.append(Rule(_CLAUSES[facts.level], NO_RATIO).reason(None, own.name, LEVELS[facts.level]))
        outcomes.append(Outcome.NOT_APPLICABLE)
    else:
        value["rule"] = "plan"
        outcomes.append(_judge_plan(firm, reasons))
    outcome = _together(outcomes)
    value["ok"] = {Outcome.ALLOW: True, Outcome.REFUSE: False}.get(outcome)
    return Verdict(value, outcome, reasons)


def _together(outcomes: list[Outcome]) -> Outcome:
    """Return what several judgements come to: the worst, unknown before allowed, allowed before not applicable."""
    order = (Outcome.REFUSE, Outcome.UNDETERMINED, Outcome.ALLOW, Outcome.NOT_APPLICABLE)
    return next(outcome for outcome in order if outcome in outcomes)


def _sector_of(firm: FirmFacts) -> Sector:
    name = firm.sector or "其他"
    found = sector_of(name)
    if found is None:
        raise refusal(f"没有“{name[:20]}”这个行业，应为{'、'.join(row.name for row in sectors())}", "sector")
    return found


def _needed(own: Sector, firm: FirmFacts, context: Context, rank: int) -> Exact | None:
    """The percentage owed: of the sector, and for a designated heavy firm that of casting, whichever is more."""
    names = [own.ratio] if own.ratio else []
    if firm.other_heavy:
        names.append("hp.sector.casting")
    found = [part for name in names if (part := table(context.parameters, name).get(ROMAN[rank])) is not None]
    return max(found, default=None)


def _exemption(firm: FirmFacts) -> str | None:
    """The basis of exemption; an exempt firm without an approved maximum load is refused."""
    if firm.exempt_basis is None or folded(firm.exempt_basis) in _NOT_EXEMPT:
        return None
    basis = _BASES.get(folded(firm.exempt_basis))
    if basis is None:
        raise refusal(f"“{firm.exempt_basis[:20]}”不是豁免依据，应为群众基本生活或生产安全", "exempt_basis")
    if firm.max_load is None:
        raise refusal("豁免企业须有核定的最大生产负荷", "max_load")
    return basis


def _judge_load(firm: FirmFacts, basis: str, reasons: list[Reason]) -> Outcome:
    if firm.load is None:
        reasons.append(NO_LOAD.reason(None, basis, plain(firm.max_load)))
        return Outcome.UNDETERMINED
    ok = firm.load <= firm.max_load
    reasons.append(LOAD.reason(ok, basis, plain(firm.load), plain(firm.max_load)))
    return Outcome.ALLOW if ok else Outcome.REFUSE


def _judge_stop(firm: FirmFacts, own: Sector, rank: int, reasons: list[Reason]) -> Outcome:
    said = {True: "停止", False: "没有停止", None: "是否停止不详"}[firm.stops]
    reasons.append(Rule(_CLAUSES[1], _STOPS).reason(firm.stops, own.name, own.stop, said))
    return {True: Outcome.ALLOW, False: Outcome.REFUSE, None: Outcome.UNDETERMINED}[firm.stops]


def _judge_plan(firm: FirmFacts, reasons: list[Reason]) -> Outcome:
    if firm.plan_state is None:
        reasons.append(NO_STATE.reason(None))
        return Outcome.UNDETERMINED
    if folded(firm.plan_state) in _APPROVED:
        reasons.append(APPROVED.reason(True))
        return Outcome.ALLOW
    reasons.append(NOT_APPROVED.reason(False, firm.plan_state))
    return Outcome.REFUSE


def _judge_ratio(
    firm: FirmFacts, own: Sector, rank: int, needed: Exact, rows: list[dict[str, Any]], reasons: list[Reason]
) -> Outcome:
    clause = _CLAUSES[rank]
    base: Amounts = firm.base or {}
    counted = {name: amount for name, amount in base.items() if amount > 0}
    planned = None if firm.plan is None else at_level(firm.plan, rank)
    if firm.base is None or planned is None:
        reasons.append(Rule(clause, NO_PLAN).reason(None, own.name, LEVELS[rank]))
        return Outcome.UNDETERMINED
    if not counted:
        reasons.append(Rule(clause, NO_BASE).reason(None, own.name))
        return Outcome.NOT_APPLICABLE
    outcome = Outcome.ALLOW
    for name in (one for one in EMITTED if one in counted):
        reached = ratio(counted[name], planned.get(name, 0))
        ok = reached >= needed
        rows.append(
            {"name": name, "required": plain(needed), "ratio": cut(reached, 1), "exact": plain(reached), "ok": ok}
        )
        amounts = plain(counted[name]), plain(planned.get(name, 0))
        if name in planned:
            said = Rule(clause, _RATIO).reason(ok, own.name, name, *amounts, cut(reached, 1), plain(needed))
        else:
            said = Rule(clause, _UNPLANNED).reason(ok, own.name, name, amounts[0], plain(needed))
        reasons.append(said)
        outcome = outcome if ok else Outcome.REFUSE
    return outcome


def _check_plan(firm: FirmFacts) -> None:
    """Refuse amounts below nothing, above their base, or falling as the level rises; names pollutant and level."""
    base: Amounts = firm.base or {}
    for name, amount in base.items():
        if amount < 0:
            raise refusal(f"{name}的基数不得为负", "base")
    plan: Mapping[int, Amounts] = firm.plan or {}
    highest: dict[str, tuple[Exact, int]] = {}
    for rank in sorted(plan):
        at = f"{LEVELS[rank]}级" if rank else ""
        for name, amount in plan[rank].items():
            if amount < 0:
                raise refusal(f"{at}{name}的减排量不得为负", "plan")
            if name in base and amount > base[name]:
                raise refusal(f"{at}{name}的减排量{plain(amount)}超过基数{plain(base[name])}", "plan")
            before, lower = highest.get(name, (0, 0))
            if amount < before:
                raise refusal(f"{at}{name}的减排量{plain(amount)}小于{LEVELS[lower]}级的{plain(before)}", "plan")
            highest[name] = amount, rank
