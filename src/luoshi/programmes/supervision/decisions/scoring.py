"""D9 and D10: the effectiveness score of an organ in a period, exactly, and the ranking within the three groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Flag, Kind, Moment, Number, Text, at, exact, plain
from luoshi.office.duties import curve
from luoshi.programmes.supervision.decisions.settings import (
    CROSSING,
    INSPECT,
    PARAMETERS,
    PERSONS,
    Percent,
    Role,
    Weight,
    number,
    working_between,
)

SCORED = (
    "w_completion", "w_timely", "w_report", "w_quality", "role_factor_lead", "role_factor_coop", "late_half_credit",
    "quality_return", "quality_spot", "deduct_letter", "deduct_circular", "deduct_falsified", "bonus_each", "bonus_cap",
)  # fmt: skip
"""The parameters a score depends on: what an assessment run keeps a picture of."""

HALF = Fraction(1, 2)

# --- the arithmetic ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weighed:
    """One leaf of an organ: its weight with the role's factor, progress in percent, credit for time (0, 1/2, 1)."""

    weight: Fraction
    actual: Fraction
    tau: Fraction


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of an organ in a period besides its leaves."""

    reports_due: Fraction = Fraction(0)
    reports_good: Fraction = Fraction(0)
    returned: Fraction = Fraction(0)
    spot_failed: Fraction = Fraction(0)
    letters: Fraction = Fraction(0)
    circulars: Fraction = Fraction(0)
    falsified: Fraction = Fraction(0)
    bonuses: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Score:
    """A score in its parts, all exact; `report` is None where no report was due."""

    completion: Fraction
    timely: Fraction
    report: Fraction | None
    quality: Fraction
    mean: Fraction
    deductions: Fraction
    bonus: Fraction
    exact: Fraction
    rounded: Fraction


def tau_of(due: date, completed: date | datetime | None, late_wd: int | None, half: Fraction) -> Fraction:
    """Return the credit for time: 1 in time, one half up to `half` working days late, else none."""
    if completed is None:
        return Fraction(0)
    if at(completed) <= due:
        return Fraction(1)
    return HALF if late_wd is not None and late_wd <= half else Fraction(0)


def score_of(leaves: Sequence[Weighed], counted: Counted, values: Mapping[str, Fraction]) -> Score | None:
    """Return the score of an organ (D9); None where it has no leaf of weight in the period: not ranked."""
    total = sum((leaf.weight for leaf in leaves), Fraction(0))
    if total <= 0:
        return None
    completion = sum((leaf.weight * leaf.actual for leaf in leaves), Fraction(0)) / total
    timely = 100 * sum((leaf.weight * leaf.tau for leaf in leaves), Fraction(0)) / total
    report = 100 * counted.reports_good / counted.reports_due if counted.reports_due > 0 else None
    lost = values["quality_return"] * counted.returned + values["quality_spot"] * counted.spot_failed
    quality = max(Fraction(0), 100 - lost)
    parts = [(values["w_completion"], completion), (values["w_timely"], timely), (values["w_quality"], quality)]
    if report is not None:
        parts.append((values["w_report"], report))
    weights = sum((weight for weight, _part in parts), Fraction(0))
    mean = sum((weight * part for weight, part in parts), Fraction(0)) / weights if weights > 0 else Fraction(0)
    deductions = (
        values["deduct_letter"] * counted.letters
        + values["deduct_circular"] * counted.circulars
        + values["deduct_falsified"] * counted.falsified
    )
    bonus = min(values["bonus_each"] * counted.bonuses, values["bonus_cap"])
    exact = min(max(mean - deductions + bonus, Fraction(0)), Fraction(100))
    return Score(completion, timely, report, quality, mean, deductions, bonus, exact, curve.half_up(exact))


def ranks_of(scores: Sequence[Fraction | None]) -> list[int | None]:
    """Return the competition ranks (1, 2, 2, 4) of rounded scores; none for what has no score."""
    rounded = [None if one is None else curve.half_up(one) for one in scores]
    better = sorted((one for one in rounded if one is not None), reverse=True)
    first: dict[Fraction, int] = {}
    for place, one in enumerate(better, 1):
        first.setdefault(one, place)
    return [None if one is None else first[one] for one in rounded]


# --- D9 ---------------------------------------------------------------------------------------------------------------

COMPLETION = Rule(CROSSING, "完成情况{shown}：{count}个最小颗粒按权重的进度")
TIMELY = Rule(CROSSING, "按时完成{shown}：按时记1，晚{half}个工作日以内记一半")
REPORTS = Rule(CROSSING, "填报{shown}：应填{due}次，按时且被接受{good}次")
NO_REPORTS = Rule(CROSSING, "本期没有应填的填报，这一项不计，其余各项按权重折算")
QUALITY = Rule(CROSSING, "质量{shown}：退回{returned}次，抽查不合格{failed}次")
DEDUCTED = Rule(INSPECT, "扣{points}分：督办函{letters}份、通报{circulars}次、弄虚作假{falsified}次")
BONUS = Rule(CROSSING, "加{points}分：表扬{count}次，最多{cap}分")
TOTAL = Rule(CROSSING, "加权平均{mean}，得分{score}（0到100之间，两位小数）")
EMPTY = Rule(CROSSING, "本期没有到期的最小颗粒，不参加排名")
ONCE = Rule(CROSSING, "“{leaf}”既责任又配合，只算责任一次")
OUTSIDE = Rule(CROSSING, "{count}个最小颗粒不在本期，没有计")
FALSE_REPORTS = Rule(PERSONS, "按时且被接受的填报{good}次多于应填的{due}次")


def _credit(value: Any) -> Fraction:
    found = exact(value)
    if found not in (0, HALF, 1):
        raise ValueError(f"应为1、0.5或0，现为{plain(found)}")
    return found


_Tau = Annotated[Any, Kind(_credit, plain, {"type": "number", "enum": [1, 0.5, 0]})]


class ScoredLeaf(Facts):
    """一个最小颗粒：角色、权重、进度、按时与否。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "w": "weight", "weight_bp": "weight", "a": "actual", "percent": "actual", "progress": "actual", "τ": "tau",
        "timeliness": "tau", "completed_at": "completed_on", "completion": "completed_on", "id": "leaf", "code": "leaf",
        "effective_completion": "completed_on", "extended_due": "due", "factor": "role_factor", "late_days": "late_wd",
    }  # fmt: skip

    leaf: Text = Field(None, description="编号：同一编号只算一次 / code, counted once")
    role: Role = Field("lead", description="角色：lead 责任、coop 配合 / role")
    weight: Weight = Field(None, description="权重（基点），未乘角色系数 / weight before the role's factor")
    item_weight: Number = Field(None, description="事项权重，与各级权重相乘 / weight of the item")
    path_weights: list[Number] = Field(default_factory=list, description="各级权重（基点） / weights along the path")
    role_factor: Number = Field(None, description="角色系数，默认按参数 / the role's factor")
    actual: Percent = Field(None, description="进度（百分数） / progress in percent")
    tau: _Tau = Field(None, description="按时：1、0.5、0；不写则按完成日算 / credit for time")
    due: Day = Field(None, description="最后一日（含批准的延期） / due day, extended if approved")
    completed_on: Moment = Field(None, description="有效完成的日子或时刻 / effective completion")
    late_wd: Number = Field(None, description="晚几个工作日 / working days late")
    on_time: Flag = Field(None, description="按时完成 / completed in time")


class ScoreFacts(Facts):
    """一个单位在一个期间的最小颗粒、填报、退回、抽查、督办函、通报。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "leaves": [
                        {"role": "lead", "weight": 2500, "actual": 100, "tau": 1},
                        {"role": "lead", "weight": 4000, "actual": 90, "tau": 0},
                        {"role": "coop", "weight": 3000, "actual": 100, "tau": 0.5},
                    ],
                    "reports_due": 12,
                    "reports_on_time": 11,
                    "returned": 1,
                    "letters": 1,
                },
                {
                    "leaves": [{"weight": 5000, "actual": 80, "tau": 0}, {"weight": 5000, "actual": 100, "tau": 1}],
                    "reports_due": 0,
                    "spot_failed": 1,
                    "circulars": 1,
                },
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "reports_good": "reports_on_time", "reports_ok": "reports_on_time", "on_time_reports": "reports_on_time",
        "reports_on_time_and_accepted": "reports_on_time", "returns": "returned", "returned_reports": "returned",
        "failed_spot_checks": "spot_failed", "spot_checks_failed": "spot_failed", "failed_checks": "spot_failed",
        "spot_check_failed": "spot_failed", "circular": "circulars", "letter": "letters", "bonus": "bonuses",
        "from": "start", "to": "end", "bonus_count": "bonuses", "praise": "bonuses", "criticisms": "circulars",
        "reports_returned": "returned", "reports_accepted": "reports_on_time",
    }  # fmt: skip

    organ: Text = Field(None, description="单位 / organ")
    start: Day = Field(None, description="期间：这一天之后 / period: after this day")
    end: Day = Field(None, description="期间：到这一天 / period: up to this day")
    leaves: list[ScoredLeaf] | None = Field(None, description="本期的最小颗粒 / leaves of the period")
    reports_due: Number = Field(0, description="应填次数 / reports due")
    reports_on_time: Number = Field(0, description="按时且被接受的次数 / reports on time and accepted")
    returned: Number = Field(0, description="退回次数 / returned reports")
    spot_failed: Number = Field(0, description="抽查不合格次数 / failed spot checks")
    letters: Number = Field(0, description="督办函 / supervision letters")
    circulars: Number = Field(0, description="通报批评 / circulars")
    falsified: Number = Field(0, description="弄虚作假 / falsified")
    bonuses: Number = Field(0, description="通报表扬 / praises")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Reports may be written `11/12`; a period as two days."""
        if isinstance(data.get("reports"), str) and data["reports"].count("/") == 1:
            data["reports_on_time"], data["reports_due"] = data.pop("reports").split("/")
        elif isinstance(data.get("reports"), dict):
            rows = data.pop("reports")
            data |= {"reports_due": rows.get("due"), "reports_on_time": rows.get("on_time", rows.get("accepted"))}
        if isinstance(data.get("period"), list | tuple) and len(data["period"]) == 2:
            data["start"], data["end"] = data.pop("period")
        return data


def _within(leaf: ScoredLeaf, facts: ScoreFacts) -> bool:
    """Tell whether a leaf is of the period: due in it, or carried into it overdue; what has no dates is."""
    if facts.start is None or facts.end is None or leaf.due is None:
        return True
    if leaf.due > facts.end:
        return False
    return leaf.due > facts.start or leaf.completed_on is None or at(leaf.completed_on) > facts.start


def _weighed(leaf: ScoredLeaf, context: Context) -> Weighed | None:
    """Return a leaf as it is counted; None where weight or progress is missing."""
    weight = leaf.weight
    if weight is None and leaf.item_weight is not None:
        weight = leaf.item_weight
    if weight is None or leaf.actual is None:
        return None
    for part in leaf.path_weights:
        weight = weight * part / 10_000
    factor = leaf.role_factor if leaf.role_factor is not None else number(context, f"role_factor_{leaf.role or 'lead'}")
    tau = leaf.tau
    if tau is None and leaf.on_time is not None:
        tau = Fraction(1) if leaf.on_time else None
    if tau is None:
        late = leaf.late_wd
        if late is None and leaf.due is not None and leaf.completed_on is not None:
            late = working_between(context, leaf.due, at(leaf.completed_on))
        if leaf.due is not None:
            whole = None if late is None else int(late)
            tau = tau_of(leaf.due, leaf.completed_on, whole, number(context, "late_half_credit"))
        elif late is not None:
            # Late by no working day is late all the same: only a date can say that it was in time.
            tau = HALF if late <= number(context, "late_half_credit") else Fraction(0)
        else:
            tau = Fraction(0)
    return Weighed(weight * factor, leaf.actual, tau)


@decision(
    key="supervision.score",
    title="效能评估得分",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=SCORED,
    uses_calendar=True,
    also=("supervision.effectiveness", "supervision.assessment"),
)
def score(facts: ScoreFacts, context: Context) -> Verdict:
    """本期到期和带入的最小颗粒按权重算完成、按时，加上填报、质量，加权平均，减扣分、加加分，在0到100之间。

    Value: `score` (two decimals, half-up), `exact`, `C`, `T`, `R`, `Q` as shown, `mean`, `deductions`, `bonus`;
    `result` NOT_RANKED where no leaf is due.
    """
    if facts.leaves is None:
        return undetermined({"leaves": "最小颗粒"}, CROSSING)
    reasons: list[Reason] = []
    rows: dict[str, ScoredLeaf] = {}
    for place, leaf in enumerate(facts.leaves):
        name = leaf.leaf or f"#{place}"
        if name in rows:
            reasons.append(ONCE.reason(None, name))
            if rows[name].role == "lead" or leaf.role != "lead":
                continue
        rows[name] = leaf
    inside = [leaf for leaf in rows.values() if _within(leaf, facts)]
    if len(inside) < len(rows):
        reasons.append(OUTSIDE.reason(None, len(rows) - len(inside)))
    weighed = [_weighed(leaf, context) for leaf in inside]
    if any(one is None for one in weighed):
        return undetermined({"leaves": "最小颗粒的权重和进度"}, CROSSING)
    names = ("reports_due", "returned", "spot_failed", "letters", "circulars", "falsified", "bonuses")
    figures = {name: max(getattr(facts, name) or Fraction(0), Fraction(0)) for name in names}
    good = max(facts.reports_on_time or Fraction(0), Fraction(0))
    if good > figures["reports_due"] > 0:
        reasons.append(FALSE_REPORTS.reason(False, plain(good), plain(figures["reports_due"])))
        return answer("REFUSE", Outcome.REFUSE, reasons, code="E_SUM")
    values = {name: number(context, name) for name in SCORED}
    found = score_of([one for one in weighed if one is not None], Counted(reports_good=good, **figures), values)
    if found is None:
        return answer("NOT_RANKED", Outcome.NOT_APPLICABLE, [*reasons, EMPTY.reason(None)], ranked=False, score=None)
    reasons += _why(found, len(inside), figures, good, values)
    return answer("SCORED", Outcome.ALLOW, reasons, ranked=True, organ=facts.organ, leaves=len(inside), **shown(found))


def shown(found: Score) -> dict[str, Any]:
    """Return a score as JSON holds it: parts as shown, and exact."""
    parts = {"C": found.completion, "T": found.timely, "R": found.report, "Q": found.quality, "mean": found.mean}
    return {
        "score": curve.written(found.exact),
        "exact": plain(found.exact),
        **{name: None if part is None else curve.written(part) for name, part in parts.items()},
        "exact_parts": {name: None if part is None else plain(part) for name, part in parts.items()},
        "deductions": plain(found.deductions),
        "bonus": plain(found.bonus),
    }


def _why(
    found: Score, count: int, figures: Mapping[str, Fraction], good: Fraction, values: Mapping[str, Fraction]
) -> list[Reason]:
    text = curve.written
    said = {name: plain(figure) for name, figure in figures.items()}
    reasons = [
        COMPLETION.reason(None, text(found.completion), count),
        TIMELY.reason(None, text(found.timely), plain(values["late_half_credit"])),
        NO_REPORTS.reason(None) if found.report is None
        else REPORTS.reason(None, text(found.report), said["reports_due"], plain(good)),
        QUALITY.reason(None, text(found.quality), said["returned"], said["spot_failed"]),
    ]  # fmt: skip
    if found.deductions:
        reasons.append(
            DEDUCTED.reason(None, plain(found.deductions), said["letters"], said["circulars"], said["falsified"])
        )
    if found.bonus:
        reasons.append(BONUS.reason(None, plain(found.bonus), said["bonuses"], plain(values["bonus_cap"])))
    return [*reasons, TOTAL.reason(True, text(found.mean), text(found.exact))]


# --- D10 --------------------------------------------------------------------------------------------------------------

GROUPS = {"city": "市直部门", "local": "镇区", "other": "企业及其他单位"}
RANKED = Rule(CROSSING, "{group}：{count}家，同分同名次，其后顺延")
UNRANKED = Rule(CROSSING, "{organ}没有得分，不参加排名")
_Group = Annotated[
    Any,
    Choice({
        "city": "市直部门 市直 department departments gov_dept", "local": "镇区 town towns zone",
        "other": "企业及其他单位 企业 enterprise others enterprises",
    }),
]  # fmt: skip


class Ranked(Facts):
    """一家单位的得分。"""

    SPELLINGS: ClassVar[dict[str, str]] = {"name": "organ", "value": "score", "kind": "group", "id": "organ"}
    organ: Text = Field(None, description="单位 / organ")
    score: Number = Field(None, description="得分；没有的不排 / score, none: not ranked")
    group: _Group = Field("city", description="组：city 市直部门、local 镇区、other 企业及其他单位 / group")


class RankFacts(Facts):
    """各单位的得分。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"scores": ["95.00", "92.31", "92.31", "80.00", "80.00", "79.99"]}]},
    )
    SPELLINGS: ClassVar[dict[str, str]] = {"organs": "scores", "rows": "scores"}
    scores: list[Ranked] | None = Field(None, description="得分，或单位、组、得分 / scores")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Scores may stand by themselves, or by organ."""
        rows = data.get("scores")
        if isinstance(rows, dict):
            rows = [{"organ": name, "score": one} for name, one in rows.items()]
        if isinstance(rows, list):
            data["scores"] = [one if isinstance(one, dict) else {"score": one} for one in rows]
        return data


@decision(
    key="supervision.rank",
    title="排名",
    citation=CROSSING,
    parameters=PARAMETERS,
    also=("supervision.ranking", "supervision.ranks"),
)
def rank(facts: RankFacts, context: Context) -> Verdict:
    """三组分别按两位小数的得分排名，同分同名次，其后顺延（1、2、2、4），不设加赛。

    Value: `ranks` in the order given, `rows`, `groups`.
    """
    if not facts.scores:
        return undetermined({"scores": "得分"}, CROSSING)
    ranks: list[int | None] = [None] * len(facts.scores)
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(facts.scores):
        groups.setdefault(one.group or "city", []).append(place)
    reasons: list[Reason] = []
    for group, places in groups.items():
        found = ranks_of([facts.scores[place].score for place in places])
        for place, got in zip(places, found, strict=True):
            ranks[place] = got
        reasons.append(RANKED.reason(None, GROUPS[group], sum(got is not None for got in found)))
    rows = [
        {"organ": one.organ, "group": one.group or "city", "rank": got,
         "score": None if one.score is None else curve.written(one.score)}
        for one, got in zip(facts.scores, ranks, strict=True)
    ]  # fmt: skip
    reasons += [UNRANKED.reason(None, one["organ"] or "一家单位") for one in rows if one["rank"] is None][:20]
    return answer("RANKED", Outcome.ALLOW, reasons, ranks=ranks, rows=rows, groups=list(groups))
