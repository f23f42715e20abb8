"""Whether a guarantee may be given: who and what for, how much, how long, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.counting import add_months
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Kind
from luoshi.programmes.agri_guarantee.decisions.fields import (
    CATEGORIES,
    GROUNDS,
    SCOPES,
    Category,
    Count,
    Day,
    Fen,
    Flag,
    Ground,
    Percent,
    Project,
    Strict,
    Text,
    Tri,
    folded,
    plain,
    require_positive,
    shown,
    tri,
)
from luoshi.programmes.agri_guarantee.decisions.settings import (
    POLICY,
    benchmarks,
    fen,
    percent,
    ruled,
    undetermined,
    whole,
)

_WHO, _HOW_MUCH, _COST = f"{POLICY} 二(一)1", f"{POLICY} 二(一)2", f"{POLICY} 二(一)3"

# --- 6.1 who, and what for --------------------------------------------------------------------------------------------

HAVES: Mapping[str, str] = {
    "archived": "有建档",
    "creditworthy": "有信用",
    "scale": "有规模",
    "experience": "有经验",
    "profit": "有效益",
    "main_business": "有主业",
    "need": "有需求",
}
MERITS: Mapping[str, str] = {"wide_reach": "辐射面广", "strong_pull": "带动力强", "close_links": "与农户利益联结紧密"}
_HAVE_NAMES = {
    folded(name): own for own, title in HAVES.items() for name in (own, title, title[1:], f"has_{own}", f"have_{own}")
} | {folded("credit"): "creditworthy", folded("archive"): "archived", folded("benefit"): "profit"}
_MERIT_NAMES = {folded(name): own for own, title in MERITS.items() for name in (own, title)} | {
    "BENEFITLINKS": "close_links", "CLOSEBENEFITLINKS": "close_links", "REACH": "wide_reach", "PULL": "strong_pull",
    "LINKS": "close_links", "与农户利益连接紧密": "close_links", "利益联结紧密": "close_links",
}  # fmt: skip

LISTED = Rule(_WHO, "经营主体类别：{category}")
NOT_LISTED = Rule(_WHO, "“{category}”不在服务对象之列")
SCOPED = Rule(_WHO, "服务范围：{scope}")
NOT_SCOPED = Rule(_WHO, "“{scope}”不在服务范围之列")
PLACED = Rule(_WHO, "经营地点{said}乳山市")
HAVE = Rule(_HOW_MUCH, "“七有”之“{have}”：{said}")
MERIT = Rule(_WHO, "龙头企业择优：{merit}：{said}")
_SAID = {True: "符合", False: "不符合", None: "不详"}


def _named(names: Mapping[str, str], what: str) -> Kind:
    """Yes, no or unknown by name; a list names those that are yes."""

    def read(value: Any) -> dict[str, bool | None]:
        if isinstance(value, str | bool | int):
            return dict.fromkeys(names.values(), tri(value))
        given = dict.fromkeys(value, True) if isinstance(value, list | tuple) else value
        if not isinstance(given, Mapping):
            raise ValueError(f"{what}应为“名称: yes/no/unknown”的对象")
        found: dict[str, bool | None] = {}
        for name, said in given.items():
            own = names.get(folded(name))
            if own is None:
                raise ValueError(f"{what}里没有“{str(name)[:20]}”，应为{'、'.join(dict.fromkeys(names.values()))}")
            try:
                found[own] = tri(said)
            except ValueError as error:
                raise ValueError(f"之“{str(name)[:20]}”：{error}") from None
        return found

    return Kind(read, dict, {"type": "object", "additionalProperties": {"enum": ["yes", "no", "unknown"]}})


Haves = Annotated[Any, _named(_HAVE_NAMES, "“七有”")]
Merits = Annotated[Any, _named(_MERIT_NAMES, "择优条件")]


class EligibilityFacts(Strict):
    """An applicant."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"category": "FAMILY_FARM", "scope": "GRAIN", "in_rushan": "yes", "haves": dict.fromkeys(HAVES, "yes")},
                {"category": "LEADING_ENT", "scope": "SERVICES", "in_rushan": "yes",
                 "haves": dict.fromkeys(HAVES, "yes"), "merits": dict.fromkeys(MERITS, "yes")},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "located_in_rushan": "in_rushan", "in_city": "in_rushan", "local": "in_rushan", "rushan": "in_rushan",
        "located": "in_rushan", "place": "in_rushan", "location": "in_rushan",
        "seven_haves": "haves", "business": "scope", "main_scope": "scope", "leading": "merits", "merit": "merits",
    }  # fmt: skip

    category: Text = Field(None, description="经营主体类别：" + "、".join(CATEGORIES.titles) + " / kind of operator")
    scope: Text = Field(None, description="服务范围：" + "、".join(SCOPES.titles) + " / what the loan is for")
    in_rushan: Tri = Field(None, description="经营地点在乳山市 / located in Rushan: yes, no, unknown")
    haves: Haves = Field({}, description="“七有”：" + "、".join(HAVES) + " / each yes, no or unknown")
    merits: Merits = Field({}, description="龙头企业择优：" + "、".join(MERITS) + " / leading enterprises only")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A have or a merit may stand by itself; a town of the city says where the farm lies."""
        for field, names in (("haves", _HAVE_NAMES), ("merits", _MERIT_NAMES)):
            loose = [name for name in data if folded(name) in names and name not in cls.model_fields]
            if not loose:
                continue
            given = data.get(field) or data.get("seven_haves") or {}
            if not isinstance(given, Mapping):
                raise ValueError(f"“{field}”和单独的条件不能同时给出")
            data.pop("seven_haves", None)
            data[field] = {**given, **{name: data.pop(name) for name in loose}}
        code = data.pop("town_code", data.pop("division_code", None))
        if code is not None and "in_rushan" not in data:
            data["in_rushan"] = str(code).startswith("371083")
        return data


@ruled(
    key="agri_guarantee.eligibility",
    title="能否申请鲁担惠农贷",
    citation=f"{POLICY} 二(一)",
    also=("agri_guarantee.eligible",),
)
def eligibility(facts: EligibilityFacts, context: Context) -> Verdict:
    """主体类别、服务范围、地点和“七有”是否符合；龙头企业另看择优三条。列出全部不符合的和不详的。

    `result` ELIGIBLE, INELIGIBLE (`failing` lists every one that fails, `unknown` is a remark) or INCOMPLETE.
    """
    found: list[tuple[str, bool | None, Reason]] = []
    category = CATEGORIES.find(facts.category) if facts.category else None
    if facts.category is None:
        found.append(("category", None, LISTED.reason(None, "不详")))
    elif category is None:
        found.append(("category", False, NOT_LISTED.reason(False, facts.category)))
    else:
        found.append(("category", True, LISTED.reason(True, CATEGORIES.titles[category])))
    scope = SCOPES.find(facts.scope) if facts.scope else None
    if facts.scope is None:
        found.append(("scope", None, SCOPED.reason(None, "不详")))
    elif scope is None:
        found.append(("scope", False, NOT_SCOPED.reason(False, facts.scope)))
    else:
        found.append(("scope", True, SCOPED.reason(True, SCOPES.titles[scope])))
    where = {True: "在", False: "不在", None: "不详是否在"}[facts.in_rushan]
    found.append(("in_rushan", facts.in_rushan, PLACED.reason(facts.in_rushan, where)))
    for have, title in HAVES.items():
        said = facts.haves.get(have)
        found.append((have, said, HAVE.reason(said, title, _SAID[said])))
    if category == "LEADING_ENT":
        for merit, title in MERITS.items():
            said = facts.merits.get(merit)
            found.append((merit, said, MERIT.reason(said, title, _SAID[said])))
    failing = [name for name, said, _reason in found if said is False]
    unknown = [name for name, said, _reason in found if said is None]
    result = "INELIGIBLE" if failing else "INCOMPLETE" if unknown else "ELIGIBLE"
    outcome = {"INELIGIBLE": Outcome.REFUSE, "INCOMPLETE": Outcome.UNDETERMINED, "ELIGIBLE": Outcome.ALLOW}[result]
    value = {"result": result, "category": category, "scope": scope, "failing": failing, "unknown": unknown}
    return Verdict(value, outcome, [reason for _name, _said, reason in found])


# --- 6.2 how much -----------------------------------------------------------------------------------------------------

SUMMED = Rule(
    _HOW_MUCH, "本户（含家庭成员和控制的主体）担保余额加本次申请：一般用途{ordinary}，基础设施项目{infra}，合计{total}"
)
LEADING_CAP = Rule(_HOW_MUCH, "龙头企业合计{total}，上限{cap}")
ORDINARY_CAP = Rule(_HOW_MUCH, "一般用途{ordinary}，上限{cap}（{whose}）")
TOTAL_CAP = Rule(_HOW_MUCH, "合计{total}，上限{cap}")
FLOOR = Rule(_HOW_MUCH, "合计{total}，下限{floor}")
NO_FLOOR = Rule(_HOW_MUCH, "下限只在发放时看，还款后可以低于{floor}")
NOT_CERTIFIED = Rule(_HOW_MUCH, "规模化机械化的认定{said}，按一般上限")


class MemberFacts(Strict):
    """What a member of the household group owes already."""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "balance": "outstanding", "amount": "outstanding", "ordinary": "outstanding", "infra": "outstanding_infra",
        "approved_undisbursed": "undisbursed", "project": "project_type", "purpose": "project_type",
        "relation": "name", "member": "name", "operator": "name",
    }  # fmt: skip

    name: Text = Field(None, description="成员 / who")
    outstanding: Fen = Field(0, description="担保余额（分） / outstanding guaranteed balance, fen")
    outstanding_infra: Fen = Field(0, description="其中另计的基础设施项目余额（分） / of infrastructure projects, fen")
    undisbursed: Fen = Field(0, description="已批未放的贷款（分） / approved, not yet disbursed, fen")
    project_type: Project = Field("ORDINARY", description="余额的项目类型 / project type of the balance")


class AmountFacts(Strict):
    """A request and what the household group owes already, in fen."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"category": "FAMILY_FARM", "outstanding": 120_000_000, "requested": 80_000_000},
                {"category": "COOP", "outstanding": 200_000_000, "requested": 800_000_000,
                 "project_type": "FARMLAND_INFRA"},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "asks": "requested", "O": "outstanding", "I": "outstanding_infra", "asked": "requested",
        "request_type": "project_type", "requested_project_type": "project_type", "requested_type": "project_type",
         "ask": "requested", "request": "requested", "amount": "requested",
        "requested_amount": "requested", "balance": "outstanding", "outstanding_balance": "outstanding",
        "outstanding_ordinary": "outstanding", "ordinary_outstanding": "outstanding", "ordinary": "outstanding",
        "infra_outstanding": "outstanding_infra", "outstanding_farmland_infra": "outstanding_infra",
        "infra": "outstanding_infra", "approved_undisbursed": "undisbursed", "project": "project_type",
        "purpose": "project_type", "type": "project_type", "mechanized": "mechanised", "mechanised_flag": "mechanised",
        "mechanized_flag": "mechanised", "certified_on": "mechanised_certified_on",
        "mechanized_certified_on": "mechanised_certified_on", "group": "household", "household_group": "household",
        "members": "household", "on": "decided_on", "decision_date": "decided_on",
    }  # fmt: skip

    category: Category = Field(None, description="经营主体类别 / kind of operator")
    requested: Fen = Field(None, description="本次申请（分） / amount asked for, fen")
    project_type: Project = Field("ORDINARY", description="本次的项目类型 / ORDINARY or FARMLAND_INFRA")
    outstanding: Fen = Field(0, description="一般用途担保余额（分） / outstanding balance, ordinary purposes, fen")
    outstanding_infra: Fen = Field(0, description="基础设施项目担保余额（分） / outstanding of infrastructure, fen")
    undisbursed: Fen = Field(0, description="已批未放的一般用途贷款（分） / approved, not yet disbursed, fen")
    undisbursed_infra: Fen = Field(0, description="已批未放的基础设施贷款（分） / the same of infrastructure, fen")
    household: tuple[MemberFacts, ...] = Field((), description="家庭成员和控制的主体：各自的余额 / other members")
    mechanised: Flag = Field(False, description="规模化机械化经营 / large-scale mechanised operator")
    mechanised_certified_on: Day = Field(None, description="农业局认定之日 / day of certification; default: certified")
    granting: Flag = Field(
        True, description="是否发放：还款等不看下限 / whether a grant is asked; repayments have no floor"
    )
    decided_on: Day = Field(None, description="决定之日，默认为所问之日 / day of the decision")


@ruled(
    key="agri_guarantee.amount",
    title="可担保的金额",
    citation=_HOW_MUCH,
    reads=("base_min", "base_max", "mech_max", "big_max"),
)
def amount(facts: AmountFacts, context: Context) -> Verdict:
    """本户余额加本次申请是否在上下限之内：一般用途、基础设施项目和合计分别看；同一家庭的各户合并计算。

    `result` OK or REFUSE; `ordinary`, `infra`, `total` in fen with the request in them; `most` is the largest request
    of that project type that would pass (0: none), `least` the smallest.
    """
    if facts.category is None or facts.requested is None:
        missing = "经营主体类别" if facts.category is None else "本次申请金额"
        return undetermined({"result": None}, missing, _HOW_MUCH)
    if facts.granting:
        require_positive(facts.requested, "本次申请", "requested")
    values = context.parameters
    held = {"ORDINARY": facts.outstanding + facts.undisbursed,
            "FARMLAND_INFRA": facts.outstanding_infra + facts.undisbursed_infra}  # fmt: skip
    for member in facts.household:
        held[member.project_type] += member.outstanding + member.undisbursed
        held["FARMLAND_INFRA"] += member.outstanding_infra
    before = sum(held.values())
    after = dict(held)
    after[facts.project_type] += facts.requested
    ordinary, infra, total = after["ORDINARY"], after["FARMLAND_INFRA"], sum(after.values())
    big, floor = fen(values, "big_max"), fen(values, "base_min")
    reasons = [SUMMED.reason(None, shown(ordinary), shown(infra), shown(total))]
    most = big - before
    if facts.category == "LEADING_ENT":
        checks = [(total <= big, LEADING_CAP.reason(total <= big, shown(total), shown(big)))]
        least = 1
    else:
        cap, whose = _ordinary_cap(facts, context, reasons)
        checks = [
            (ordinary <= cap, ORDINARY_CAP.reason(ordinary <= cap, shown(ordinary), shown(cap), whose)),
            (total <= big, TOTAL_CAP.reason(total <= big, shown(total), shown(big))),
        ]
        if facts.granting:
            checks.append((total >= floor, FLOOR.reason(total >= floor, shown(total), shown(floor))))
        else:
            reasons.append(NO_FLOOR.reason(None, shown(floor)))
        most = min(most, cap - held["ORDINARY"]) if facts.project_type == "ORDINARY" else most
        most = most if held["ORDINARY"] <= cap else 0
        least = max(floor - before, 1)
    ok = all(passed for passed, _reason in checks)
    most = most if most >= least else 0
    value = {
        "result": "OK" if ok else "REFUSE",
        "ordinary": ordinary,
        "infra": infra,
        "total": total,
        "most": max(most, 0),
        "least": least if most > 0 else 0,
    }
    return Verdict(value, Outcome.ALLOW if ok else Outcome.REFUSE, [*reasons, *(reason for _ok, reason in checks)])


def _ordinary_cap(facts: AmountFacts, context: Context, reasons: list[Reason]) -> tuple[int, str]:
    base = fen(context.parameters, "base_max"), "一般主体"
    if not facts.mechanised:
        return base
    day = facts.decided_on or context.on
    if facts.mechanised_certified_on is not None and facts.mechanised_certified_on > day:
        reasons.append(NOT_CERTIFIED.reason(None, f"在{facts.mechanised_certified_on}，晚于决定之日{day}"))
        return base
    return fen(context.parameters, "mech_max"), "规模化机械化主体"


# --- 6.3 how long -----------------------------------------------------------------------------------------------------

TERM_OK = Rule(_HOW_MUCH, "自{start}至{end}，在{least}个月（{first}）和{most}个月（{last}）之间")
TERM_LONG = Rule(_HOW_MUCH, "至{end}，超过{most}个月（{last}），理由：{ground}")
TERM_NO_GROUND = Rule(_HOW_MUCH, "至{end}，超过{most}个月（{last}），没有可以延长的理由")
TERM_SHORT = Rule(_HOW_MUCH, "至{end}，不足{least}个月（{first}）：“一般”的期限，须写明按生产周期的理由")


class TermFacts(Strict):
    """The term of a guarantee."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"start": "2020-02-29", "end": "2021-02-28"},
                {"start": "2018-04-01", "end": "2022-04-01", "ground": "LARGE_FARM_MACHINERY"},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "from": "start", "start_date": "start", "starts_on": "start", "to": "end", "end_date": "end", "ends_on": "end",
        "maturity": "end", "term_months": "months", "tenor_months": "months", "tenor": "months", "reason": "ground",
        "term_years": "years", "tenor_years": "years", "grounds": "ground", "extension_ground": "ground",
    }  # fmt: skip

    start: Day = Field(None, description="担保开始之日 / first day")
    end: Day = Field(None, description="到期之日 / maturity")
    months: Count = Field(None, description="或几个月 / or a number of months instead of the end")
    years: Count = Field(None, description="或几年 / or a number of years")
    ground: Ground = Field(
        None, description="超过一般期限的理由：" + "、".join(GROUNDS.titles) + " / ground for longer"
    )

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A list of grounds stands for its first; none for nothing."""
        for name in ("ground", "grounds", "extension_ground", "reason"):
            value = data.get(name)
            if isinstance(value, list | tuple):
                data[name] = value[0] if value else None
            elif isinstance(value, str) and folded(value) in ("NONE", "无", "NO"):
                data[name] = None
        return data


@ruled(
    key="agri_guarantee.term",
    title="担保期限",
    citation=_HOW_MUCH,
    reads=("term_min", "term_max"),
)
def term(facts: TermFacts, context: Context) -> Verdict:
    """期限是否在一般期限之内；更长要有四种理由之一，更短要写明理由。加月份取同日，没有的取该月最后一日。

    `result` OK, OK_EXTENDED, OK_WITH_REASON or REFUSE; `earliest` and `latest` are the ends of the ordinary term.
    """
    months = months_of(facts.months, facts.years)
    start = facts.start if facts.start is not None or facts.end is not None else context.on
    if start is None or (facts.end is None and months is None):
        return undetermined({"result": None}, "担保的起止日期", _HOW_MUCH)
    end = ended(start, facts.end, months)
    least, most = whole(context.parameters, "term_min"), whole(context.parameters, "term_max")
    first, last = add_months(start, least), add_months(start, most)
    if end < first:
        result, outcome = "OK_WITH_REASON", Outcome.ALLOW_WITH_CONDITION
        reason = TERM_SHORT.reason(None, end, least, first)
    elif end <= last:
        result, outcome = "OK", Outcome.ALLOW
        reason = TERM_OK.reason(True, start, end, least, first, most, last)
    elif facts.ground is not None:
        result, outcome = "OK_EXTENDED", Outcome.ALLOW
        reason = TERM_LONG.reason(True, end, most, last, GROUNDS.titles[facts.ground])
    else:
        result, outcome = "REFUSE", Outcome.REFUSE
        reason = TERM_NO_GROUND.reason(False, end, most, last)
    value = {"result": result, "start": start, "end": end, "earliest": first, "latest": last}
    return Verdict(value, outcome, [reason])


def ended(start: date, end: date | None, months: int | None) -> date:
    """Return the end of a term; E_INPUT for one that is reversed, or not so many months long as is said."""
    if end is None and (months is None or months > 1_200):
        raise LuoshiError("E_INPUT", "期限应为1200个月以内。", fields={"field": "months"})
    reckoned = None if months is None else add_months(start, months)
    end = end or reckoned or start
    if end <= start:
        raise LuoshiError("E_INPUT", f"到期日{end}不晚于开始日{start}，请核对起止日期。", fields={"field": "end"})
    if reckoned not in (None, end, end + timedelta(days=1)):
        raise LuoshiError(
            "E_INPUT", f"自{start}起{months}个月到{reckoned}，与到期日{end}不符，请只写一项。", fields={"field": "end"}
        )
    return end


def months_of(months: int | None, years: int | None) -> int | None:
    """Return a tenor in months; E_INPUT where months and years are given and differ."""
    if years is None:
        return months
    if months not in (None, years * 12):
        raise LuoshiError("E_INPUT", f"期限{years}年与{months}个月不符，请只写一项。", fields={"field": "years"})
    return years * 12


# --- 6.4 at what cost -------------------------------------------------------------------------------------------------

RATE_OK = Rule(_COST, "贷款利率{rate}%，不超过基准{benchmark}%上浮{float}%即{ceiling}%")
RATE_HIGH = Rule(_COST, "贷款利率{rate}%，超过基准{benchmark}%上浮{float}%即{ceiling}%：须由银行说明理由，办公室备注")
FEE = Rule(_COST, "担保费率{fee}%，上限{ceiling}%（{whose}）")
ALL_IN = Rule(_COST, "综合成本：利率加担保费率{all_in}%")
NOT_ASKED = Rule(_COST, "没有给出{what}，这一项没有判断")


class CostFacts(Strict):
    """A loan's rate and fee, in percent a year."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"category": "FAMILY_FARM", "grain": True, "start": "2018-04-01", "end": "2019-04-01",
                 "rate": "5.22", "fee": "1.00"},
                {"category": "LEADING_ENT", "months": 24, "rate": "5.70", "fee": "2.00"},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "r": "rate", "loan_rate": "rate", "interest_rate": "rate", "rate_percent": "rate", "q": "fee",
        "fee_rate": "fee", "guarantee_fee": "fee", "fee_percent": "fee", "b": "benchmark",
        "benchmark_rate": "benchmark", "from": "start", "start_date": "start", "to": "end", "end_date": "end",
        "maturity": "end",
        "tenor_years": "years", "term_years": "years",
        "term_months": "months", "tenor_months": "months", "tenor": "months", "grain_flag": "grain",
        "is_grain": "grain", "signed_on": "signed_on", "signing_date": "signed_on", "contract_date": "signed_on",
    }  # fmt: skip

    category: Category = Field(None, description="经营主体类别 / kind of operator")
    grain: Flag = Field(None, description="粮食适度规模经营主体 / grows grain")
    scope: Text = Field(None, description="服务范围，没有给出粮食与否时据此判断 / scope, tells grain where not given")
    rate: Percent = Field(None, description="贷款年利率（%） / loan rate, percent a year")
    fee: Percent = Field(None, description="担保年费率（%） / guarantee fee, percent a year")
    start: Day = Field(None, description="贷款开始之日 / first day of the loan")
    end: Day = Field(None, description="到期之日 / maturity")
    months: Count = Field(None, description="或几个月 / or a number of months")
    years: Count = Field(None, description="或几年 / or a number of years")
    signed_on: Day = Field(None, description="签约之日，默认为所问之日 / signing")
    benchmark: Percent = Field(None, description="基准利率（%），默认查表 / benchmark rate; default: the table")


@ruled(
    key="agri_guarantee.cost",
    title="贷款利率和担保费率",
    citation=_COST,
    reads=("float_max", "fee_grain", "fee_other", "fee_leading", "benchmark"),
)
def cost(facts: CostFacts, context: Context) -> Verdict:
    """利率是否超过基准上浮的幅度（超过要说明理由），担保费率是否超过上限（超过不得办理），综合成本是多少。

    `result` OK, REASON_REQUIRED or REFUSE: the worse of `rate_result` and `fee_result`; `rate_ceiling`, `fee_ceiling`,
    `benchmark`, `all_in` in percent.
    """
    if facts.rate is None and facts.fee is None:
        return undetermined({"result": None}, "利率和担保费率", _COST)
    value: dict[str, Any] = {"result": None, "rate_result": None, "fee_result": None, "benchmark": None,
                             "rate_ceiling": None, "fee_ceiling": None, "all_in": None}  # fmt: skip
    reasons: list[Reason] = []
    missing: list[str] = []
    if facts.rate is not None:
        _judge_rate(facts, context, value, reasons, missing)
    if facts.fee is not None:
        _judge_fee(facts, context, value, reasons, missing)
    if facts.rate is not None and facts.fee is not None:
        value["all_in"] = plain(facts.rate + facts.fee)
        reasons.append(ALL_IN.reason(None, value["all_in"]))
    else:
        reasons.append(NOT_ASKED.reason(None, "利率" if facts.rate is None else "担保费率"))
    found = [value["rate_result"], value["fee_result"]]
    value["result"] = next((one for one in ("REFUSE", "REASON_REQUIRED", "OK") if one in found), None)
    if value["result"] == "REFUSE":
        outcome = Outcome.REFUSE
    elif missing:
        value["result"], outcome = None, Outcome.UNDETERMINED
    elif value["result"] == "OK" and None not in found:
        outcome = Outcome.ALLOW
    else:
        outcome = Outcome.ALLOW_WITH_CONDITION
    return Verdict(value, outcome, reasons)


def benchmark_of(
    start: date | None, end: date | None, months: int | None, context: Context, signed_on: date
) -> Fraction | None:
    """Return the benchmark rate of a tenor on the day of signing; None where the tenor is not known."""
    if months is None and (start is None or end is None):
        return None
    known = context.parameters
    there = "benchmark" in context.overrides
    bands = benchmarks(known if there else {"benchmark": known.parameters["benchmark"].on(signed_on).value})
    if start is not None and end is not None:
        ended(start, end, months)
        return bands[0 if end <= add_months(start, 12) else 1 if end <= add_months(start, 60) else 2]
    assert months is not None
    return bands[0 if months <= 12 else 1 if months <= 60 else 2]


def _judge_rate(
    facts: CostFacts, context: Context, value: dict[str, Any], reasons: list[Reason], missing: list[str]
) -> None:
    months = months_of(facts.months, facts.years)
    day = facts.signed_on or context.on
    if facts.benchmark is not None:
        benchmark = facts.benchmark
    else:
        benchmark = benchmark_of(facts.start, facts.end, months, context, day)
    if benchmark is None:
        missing.append("期限")
        reasons.append(Rule(_COST, "缺少期限，查不到基准利率").reason(None))
        return
    above = percent(context.parameters, "float_max", 1_000)
    ceiling = benchmark * (100 + above) / 100
    ok = facts.rate <= ceiling
    value |= {"rate_result": "OK" if ok else "REASON_REQUIRED", "benchmark": plain(benchmark),
              "rate_ceiling": plain(ceiling)}  # fmt: skip
    rule = RATE_OK if ok else RATE_HIGH
    reasons.append(rule.reason(ok or None, plain(facts.rate), plain(benchmark), plain(above), plain(ceiling)))


def _judge_fee(
    facts: CostFacts, context: Context, value: dict[str, Any], reasons: list[Reason], missing: list[str]
) -> None:
    grain = facts.grain
    if grain is None and facts.scope is not None:
        grain = SCOPES.find(facts.scope) == "GRAIN"
    ceilings = {name: percent(context.parameters, f"fee_{name}", 100) for name in ("leading", "grain", "other")}
    possible = (
        ["leading"] if facts.category == "LEADING_ENT"
        else ["grain"] if grain and facts.category is not None
        else ["other"] if grain is False and facts.category is not None
        else ["grain", "other"] if facts.category is not None
        else ["grain", "leading"] if grain
        else ["other", "leading"] if grain is False
        else ["grain", "other", "leading"]
    )  # fmt: skip
    verdicts = {facts.fee <= ceilings[name] for name in possible}
    if len(verdicts) > 1:
        missing.append("类别")
        reasons.append(Rule(_COST, "缺少主体类别或是否种粮，不能确定担保费率上限").reason(None))
        return
    ok = verdicts.pop()
    # Not sure which: where all refuse, the highest ceiling says so; where all allow, the lowest.
    name = sorted(possible, key=lambda one: ceilings[one])[0 if ok else -1]
    whose = {"leading": "龙头企业", "grain": "粮食适度规模经营", "other": "其他适度规模经营"}[name]
    value |= {"fee_result": "OK" if ok else "REFUSE", "fee_ceiling": plain(ceilings[name])}
    reasons.append(FEE.reason(ok, plain(facts.fee), plain(ceilings[name]), whose))
