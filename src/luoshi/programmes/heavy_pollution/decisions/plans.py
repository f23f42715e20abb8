"""Plans before an episode: is a firm's plan sound (spec 4), may it be approved, does a roster leave gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

from luoshi.kernel.clock import local
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN, whole

LEVELS = {"IV": "Ⅳ级", "III": "Ⅲ级", "II": "Ⅱ级", "I": "Ⅰ级"}
"""From the mildest up."""
POLLUTANTS = {"so2": "SO2", "nox": "NOx", "pm": "颗粒物", "vocs": "VOCs"}
_CLAUSE = f"{PLAN} 3.1.1(2)"
_NEGATIVE = Rule(_CLAUSE, "{level}{name}减排量{amount}千克/日，不得为负")
_ABOVE = Rule(_CLAUSE, "{level}{name}减排量{amount}千克/日大于基准{base}千克/日")
_FALLS = Rule(_CLAUSE, "{level}{name}减排量{amount}千克/日小于{milder}的{before}千克/日，应逐级不减")
_NO_STEPS = Rule(_CLAUSE, "{level}没有写明停限工序")
_SOUND = Rule(_CLAUSE, "四个等级都有停限工序，各污染物减排量不大于基准且逐级不减")
_REACHED = Rule(f"{PLAN} 3.2", "{level}达到行业减排要求")
_SHORT = Rule(f"{PLAN} 3.2", "{level}未达到行业减排要求：{why}")
_OPEN = Rule(f"{PLAN} 3.2", "{level}没有可比的行业比例，按方案执行")
_EXCUSED = Rule(f"{PLAN} 3.2", "未达到行业减排要求仍通过的理由：{reason}")
_COVERED = Rule(f"{PLAN} 4.4", "{begins}至{ends}值班没有空档")
_GAP = Rule(f"{PLAN} 4.4", "{begins}至{ends}无人值班，{minutes}分钟")
_DAY_SHORT = Rule(f"{PLAN} 4.4", "{day}只有{covered}分钟能联系到人，应为每日{hours}小时")
_REACHABLE = Rule(f"{PLAN} 4.4", "每日至少{hours}小时能联系到人")


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SitePlanFacts(_Facts):
    """方案：基准、各级减排量（千克/日）、各级工序数。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "base": {"pm": "100"},
                    "reductions": {"IV": {"pm": "10"}, "III": {"pm": "20"}, "II": {"pm": "30"}, "I": {"pm": "40"}},
                    "steps": {"IV": 1, "III": 1, "II": 1, "I": 1},
                }
            ]
        },
    )

    base: Mapping[str, Decimal] = Field(description="基准 so2、nox、pm、vocs / baseline in kg/d")
    reductions: Mapping[str, Mapping[str, Decimal]] = Field(description="各级 IV、III、II、I 的减排量 / by level")
    steps: Mapping[str, int] = Field(default_factory=dict, description="各级的工序数 / steps by level")


class Fault(NamedTuple):
    """What is wrong with a plan: at which level, with which pollutant (empty: its steps), the rule it breaks."""

    level: str
    pollutant: str
    reason: Reason


def faults(
    base: Mapping[str, Decimal], reductions: Mapping[str, Mapping[str, Decimal]], steps: Mapping[str, int]
) -> list[Fault]:
    """Return what is wrong with a plan, level by level from the mildest: pure, exact."""
    found = [
        Fault(level, "", _NO_STEPS.reason(False, words)) for level, words in LEVELS.items() if not steps.get(level)
    ]
    for name, title in POLLUTANTS.items():
        top, milder = Decimal(0), ""
        for level, words in LEVELS.items():
            amount = reductions.get(level, {}).get(name, Decimal(0))
            said = f"{amount.normalize():f}"
            most = base.get(name, Decimal(0))
            if amount < 0:
                found.append(Fault(level, name, _NEGATIVE.reason(False, words, title, said)))
            if amount > most:
                found.append(Fault(level, name, _ABOVE.reason(False, words, title, said, f"{most.normalize():f}")))
            if amount < top:
                before = f"{top.normalize():f}"
                found.append(Fault(level, name, _FALLS.reason(False, words, title, said, milder, before)))
            top, milder = max(top, amount), words if amount >= top else milder
    return found


@decision(key="heavy_pollution.site_plan", title="减排操作方案是否合规", citation=_CLAUSE)
def site_plan(facts: SitePlanFacts, _context: Context) -> Verdict:
    """每级都有停限工序；每种污染物的减排量不为负、不大于基准、从Ⅳ级到Ⅰ级不减。

    Whether a firm's plan is sound; the reasons name level and pollutant. Value: `ok`, `faults`.
    """
    found = faults(facts.base, facts.reductions, facts.steps)
    value = {"ok": not found, "faults": [{"level": one.level, "pollutant": one.pollutant} for one in found]}
    reasons = [one.reason for one in found] or [_SOUND.reason(True)]
    return Verdict(value, Outcome.REFUSE if found else Outcome.ALLOW, reasons)


class ReviewFacts(_Facts):
    """审核：各级是否达到行业要求、仍通过的理由。"""

    levels: Mapping[str, bool | None] = Field(
        description="各级是否达到 / whether each level reaches its sector's ratio"
    )
    why: Mapping[str, str] = Field(default_factory=dict, description="未达到的说明 / what is short")
    reason: str = Field("", description="未达到仍通过的理由 / why it is approved all the same")


@decision(key="heavy_pollution.plan_review", title="减排操作方案能否审核通过", citation=_CLAUSE)
def plan_review(facts: ReviewFacts, _context: Context) -> Verdict:
    """各级都达到行业减排要求；未达到的须写明理由才能通过。Whether a plan may be approved."""
    reasons, short = [], False
    for level, words in LEVELS.items():
        ok = facts.levels.get(level)
        if ok is False:
            reasons.append(_SHORT.reason(False, words, facts.why.get(level, "")))
            short = True
        else:
            reasons.append((_REACHED if ok else _OPEN).reason(ok, words))
    if short and len(facts.reason.strip()) >= 4:
        reasons.append(_EXCUSED.reason(True, facts.reason.strip()))
        return Verdict(True, Outcome.ALLOW_WITH_CONDITION, reasons)
    return Verdict(not short, Outcome.REFUSE if short else Outcome.ALLOW, reasons)


# --- the roster -------------------------------------------------------------------------------------------------------


class Gap(NamedTuple):
    """A stretch in which nobody is on duty."""

    begins: datetime
    ends: datetime

    @property
    def minutes(self) -> int:
        """Whole minutes, part of a minute counted as one."""
        return -int(-(self.ends - self.begins).total_seconds() // 60)


def gaps(shifts: Sequence[tuple[datetime, datetime]], begins: datetime, ends: datetime) -> list[Gap]:
    """Return where [begins, ends) is covered by no shift; shifts [from, to) in any order, overlaps allowed."""
    found, upto = [], begins
    for start, end in sorted(shifts):
        if end <= upto:
            continue
        if start >= ends:
            break
        if start > upto:
            found.append(Gap(upto, start))
        upto = end
    if upto < ends:
        found.append(Gap(upto, ends))
    return found


class RosterFacts(_Facts):
    """值班表：起止时刻和各班次。"""

    begins: datetime = Field(description="自 / from")
    ends: datetime = Field(description="至 / to")
    shifts: list[tuple[datetime, datetime]] = Field(description="班次起止 / shifts, from and to")

    @model_validator(mode="before")
    @classmethod
    def _spelt_out(cls, data: Any) -> Any:
        """`from` and `to` stand for begins and ends, of the stretch and of each shift."""
        if not isinstance(data, Mapping):
            return data
        found = {_ENDS.get(str(name), str(name)): part for name, part in data.items()}
        if isinstance(found.get("shifts"), list):
            found["shifts"] = [_pair(one) for one in found["shifts"]]
        return found


_ENDS = {"from": "begins", "start": "begins", "to": "ends", "end": "ends", "until": "ends"}


def _pair(shift: Any) -> Any:
    """Return a shift given as an object as its two moments."""
    if not isinstance(shift, Mapping):
        return shift
    named = {_ENDS.get(str(name), str(name)): part for name, part in shift.items()}
    return named.get("begins"), named.get("ends")


def _short_days(found: Sequence[Gap], begins: datetime, ends: datetime, hours: int) -> list[tuple[datetime, int]]:
    """Return the days, by their first moment, on which fewer minutes are covered than `hours`, and how many are."""
    short, day = [], begins.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < ends:
        start, end = max(day, begins), min(day + timedelta(days=1), ends)
        missed = sum(
            Gap(max(one.begins, start), min(one.ends, end)).minutes
            for one in found
            if one.begins < end and one.ends > start
        )
        # Of a day that is not whole within the stretch only its own minutes can be asked for.
        if missed > max(0, 24 - hours) * 60:
            short.append((day, Gap(start, end).minutes - missed))
        day += timedelta(days=1)
    return short


@decision(
    key="heavy_pollution.roster",
    title="值班有没有空档",
    citation=f"{PLAN} 4.4",
    parameters=PARAMETERS,
    reads=("hp.contact",),
)
def roster(facts: RosterFacts, context: Context) -> Verdict:
    """一段时间里没有人值班的分钟数，应为0；每日应有多少小时能联系到人由参数定。

    Uncovered minutes of a roster: `minutes`, `gaps`; `ok` when on every day at least `hours` (24) are covered.
    """
    begins, ends, hours = local(facts.begins), local(facts.ends), whole(context.parameters, "hp.contact", 1, 24)
    found = gaps([(local(start), local(end)) for start, end in facts.shifts], begins, ends)
    short = _short_days(found, begins, ends, hours)
    value: dict[str, Any] = {
        "ok": not short,
        "minutes": sum(one.minutes for one in found),
        "hours": hours,
        "gaps": [{"from": one.begins.isoformat(), "to": one.ends.isoformat(), "minutes": one.minutes} for one in found],
    }
    words = "%Y-%m-%d %H:%M"
    reasons = [_DAY_SHORT.reason(False, f"{day:%Y-%m-%d}", covered, hours) for day, covered in short]
    reasons += [
        _GAP.reason(False if short else None, f"{one.begins:{words}}", f"{one.ends:{words}}", one.minutes)
        for one in found
    ]
    if not found:
        reasons = [_COVERED.reason(True, f"{begins:{words}}", f"{ends:{words}}")]
    if not short:
        reasons.append(_REACHABLE.reason(True, hours))
    return Verdict(value, Outcome.REFUSE if short else Outcome.ALLOW, reasons)
