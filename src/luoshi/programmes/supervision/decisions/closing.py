"""D8, D11 to D13: crossing off and the day that counts, the year's categories, accountability, integrity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, model_validator

from luoshi.kernel.answers import answer, undetermined
from luoshi.kernel.clock import local
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Moment, Number, Text, at, not_after, plain
from luoshi.office.duties import curve
from luoshi.programmes.supervision.decisions.course import ProgressFacts, _state_of
from luoshi.programmes.supervision.decisions.scoring import tau_of
from luoshi.programmes.supervision.decisions.settings import (
    CROSSING,
    INSPECT,
    INTEGRITY,
    PARAMETERS,
    PERSONS,
    Comparator,
    Measure,
    Percent,
    iso,
    number,
    organ_key,
    whole,
    working_after,
    working_between,
)

# --- D8: the day that counts ------------------------------------------------------------------------------------------

IN_TIME = Rule(CROSSING, "有效完成{done}，不晚于最后一日{due}")
IS_LATE = Rule(CROSSING, "有效完成{done}，晚于最后一日{due}，晚{days}个工作日")
RETURNED_FORM = Rule(CROSSING, "只因形式退回，以第一次送出的{moment}为准")
RETURNED_WHOLE = Rule(CROSSING, "因内容退回，以被接受的那次送出的{moment}为准")
NOT_ACCEPTED = Rule(CROSSING, "还没有被接受的销号申请")
_Return = Annotated[
    Any,
    Choice(
        {"substance": "实质 内容 实质性 substantive", "formal": "形式 formal_only form 形式性", "none": "无 accepted"}
    ),
]


class Submission(Facts):
    """一次销号申请：送出，退回或接受。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "submitted": "submitted_at", "at": "submitted_at", "accepted": "accepted_at", "accepted_on": "accepted_at",
        "returned": "returned_at", "returned_on": "returned_at", "submitted_on": "submitted_at",
        "reason": "return_kind",
        "return_reason": "return_kind", "returned_for": "return_kind", "kind": "return_kind",
    }  # fmt: skip
    submitted_at: Moment = Field(None, description="送出的日子或时刻 / submitted")
    returned_at: Moment = Field(None, description="退回的日子或时刻 / returned")
    return_kind: _Return = Field(None, description="退回原因：substance 内容、formal 形式 / why returned")
    accepted_at: Moment = Field(None, description="接受的日子或时刻 / accepted")

    @model_validator(mode="after")
    def _in_order(self) -> Submission:
        for word, when in (("退回", self.returned_at), ("接受", self.accepted_at)):
            if when is not None and self.submitted_at is not None and not not_after(self.submitted_at, when):
                raise ValueError(f"{word}的时间早于送出，请核对")
        return self


@dataclass(frozen=True, slots=True)
class Completion:
    """The effective completion of a leaf and what it is worth."""

    at: date | datetime
    on_time: bool
    late_wd: int
    tau: Fraction


def effective(submissions: Sequence[Submission]) -> tuple[date | datetime | None, Reason]:
    """Return the moment of completion and why; None while nothing was accepted.

    The accepted submission's time; earlier ones whose returns since were all formal only pass theirs on.
    """
    rows = [one for one in submissions if one.submitted_at is not None]
    accepted = next((place for place, one in enumerate(rows) if one.accepted_at is not None), None)
    if accepted is None:
        return None, NOT_ACCEPTED.reason(False)
    first = accepted
    while first > 0 and rows[first - 1].return_kind == "formal":
        first -= 1
    moment = rows[first].submitted_at
    rule = RETURNED_FORM if first < accepted else RETURNED_WHOLE
    return moment, rule.reason(None, _said(moment))


def _said(moment: date | datetime) -> str:
    return local(moment).strftime("%Y-%m-%d %H:%M:%S") if isinstance(moment, datetime) else moment.isoformat()


def completion_of(context: Context, due: date, moment: date | datetime) -> Completion:
    """Return what a moment of completion is worth against a due day that ends at 24:00."""
    day = at(moment)
    late = working_between(context, due, day)
    return Completion(moment, day <= due, late, tau_of(due, moment, late, number(context, "late_half_credit")))


class CompletionFacts(Facts):
    """最后一日和历次销号申请。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "due": "2019-04-26",
                    "submissions": [
                        {"submitted_at": "2019-04-25", "returned_at": "2019-05-06", "return_kind": "substance"},
                        {"submitted_at": "2019-05-07", "accepted_at": "2019-05-08"},
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {"due_on": "due", "due_date": "due", "extended_due": "due"}
    due: Day = Field(None, description="最后一日（含批准的延期） / due day, extended if approved")
    submissions: list[Submission] | None = Field(None, description="历次申请，先后为序 / submissions in order")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One submission may stand by itself."""
        return _one_submission(data)


def _one_submission(data: dict[str, Any]) -> dict[str, Any]:
    names = ("submitted_at", "submitted", "submitted_on", "accepted_at", "accepted", "accepted_on", "returned_at")
    if "submissions" not in data and any(name in data for name in names):
        data["submissions"] = [{name: data.pop(name) for name in names if name in data}]
    return data


def _completed(facts: Any, context: Context) -> tuple[dict[str, Any], list[Reason]]:
    moment, reason = effective(facts.submissions or ())
    if moment is None:
        return {"completion": None, "tau": 0}, [reason]
    value: dict[str, Any] = {"completion": _said(moment), "completed_on": iso(at(moment))}
    reasons = [reason]
    if facts.due is not None:
        done = completion_of(context, facts.due, moment)
        value |= {"on_time": done.on_time, "late_wd": done.late_wd, "tau": plain(done.tau)}
        words = (_said(moment), iso(facts.due))
        reasons.append(IN_TIME.reason(True, *words) if done.on_time else IS_LATE.reason(False, *words, done.late_wd))
    return value, reasons


@decision(
    key="supervision.completion",
    title="按时完成了吗",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("late_half_credit",),
    uses_calendar=True,
    also=("supervision.effective_completion", "supervision.timeliness"),
)
def completion(facts: CompletionFacts, context: Context) -> Verdict:
    """以被接受的那次送出为完成；只因形式退回的，以第一次送出为完成；晚10个工作日以内记一半。

    Value: `result` ON_TIME, LATE or OPEN, `completion`, `late_wd`, `tau` (1, 0.5, 0).
    """
    words = {"submissions": "销号申请", "due": "最后一日"}
    if missing := {name: word for name, word in words.items() if getattr(facts, name) is None}:
        return undetermined(missing, CROSSING)
    value, reasons = _completed(facts, context)
    if value["completion"] is None:
        return answer("OPEN", Outcome.UNDETERMINED, reasons, **value)
    good = value["on_time"]
    return answer("ON_TIME" if good else "LATE", Outcome.ALLOW if good else Outcome.REFUSE, reasons, **value)


# --- D8: crossing off -------------------------------------------------------------------------------------------------

TARGET_MET = Rule(CROSSING, "目标已按精确值达到")
TARGET_NOT = Rule(CROSSING, "目标没有按精确值达到")
PAPERS = Rule(CROSSING, "佐证齐全：{kinds}")
NO_PAPERS = Rule(CROSSING, "缺少佐证：{kinds}")
REUSED = Rule(PERSONS, "佐证“{name}”在别的事项用过，没有写明理由")
REUSED_WHY = Rule(PERSONS, "佐证“{name}”在别的事项用过，理由：{reason}")
TWICE = Rule(PERSONS, "两份佐证是同一个文件：{digest}")
SIGNED = Rule(CROSSING, "责任单位主要负责人已签字")
UNSIGNED = Rule(CROSSING, "责任单位主要负责人没有签字")
COOP_YES = Rule(CROSSING, "配合单位“{organ}”已确认")
COOP_SILENT = Rule(CROSSING, "配合单位“{organ}”{days}个工作日没有表态，视为同意")
COOP_WAIT = Rule(CROSSING, "配合单位“{organ}”到{day}止还可表态")
COOP_NO = Rule(CROSSING, "配合单位“{organ}”有异议")
COOP_OVER = Rule(CROSSING, "配合单位“{organ}”的异议，市政府办不予采纳：{reason}")
COOP_OVER_BARE = Rule(CROSSING, "配合单位“{organ}”的异议不予采纳须写明理由")
OTHER_HAND = Rule(CROSSING, "核验人属“{organ}”，不是责任单位")
SAME_HAND = Rule(CROSSING, "核验人不得为责任单位人员")
NO_LETTER = Rule(INSPECT, "没有未办结的督办函")
LETTER = Rule(INSPECT, "还有{count}份督办函没有办结")
LEAVES = Rule(CROSSING, "{count}个最小颗粒全部销号")
LEAVES_OPEN = Rule(CROSSING, "{count}个最小颗粒中还有{left}个没有销号")
LEADER_YES = Rule(CROSSING, "分包领导已批准")
LEADER_NO = Rule(CROSSING, "分包领导没有批准")
UNDESIGNATED = Rule(CROSSING, "各相关镇区还没有确定成员，事项不能销号")
_Answer = Annotated[
    Any,
    Choice({"confirmed": "确认 同意 confirm yes agreed", "silent": "沉默 未表态 none waiting no_answer",
            "objected": "异议 objection objects 不同意", "overruled": "不采纳 overruled_by_office 驳回"}),
]  # fmt: skip


class Paper(Facts):
    """一份佐证。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "type": "kind", "digest": "hash", "sha256": "hash", "reused": "reused_elsewhere",
        "used_elsewhere": "reused_elsewhere",
        "reason": "reuse_reason", "reused_reason": "reuse_reason",
    }  # fmt: skip
    kind: Text = Field(None, description="种类 / kind")
    hash: Text = Field(None, description="文件的摘要 / digest")
    name: Text = Field(None, description="名称 / name")
    reused_elsewhere: Flag = Field(False, description="在别的最小颗粒用过 / already used on another leaf")
    reuse_reason: Text = Field(None, description="再用的理由 / why it is used again")


class Coop(Facts):
    """一个配合单位的意见。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "state": "answer", "response": "answer", "asked_at": "asked_on", "asked": "asked_on", "why": "reason",
        "sent_on": "asked_on", "name": "organ",
    }  # fmt: skip
    organ: Text = Field(None, description="单位 / organ")
    answer: _Answer = Field("silent", description="意见：confirmed、silent、objected、overruled / answer")
    asked_on: Day = Field(None, description="送达之日 / day on which it was asked")
    overruled: Flag = Field(False, description="异议经市政府办不予采纳 / overruled")
    reason: Text = Field(None, description="不采纳的理由 / reason")


class CrossOffFacts(Facts):
    """销号的条件：目标、佐证、签字、配合单位、核验人、督办函；事项另看各最小颗粒和分包领导。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "value": 5000,
                    "target": 5000,
                    "evidence_required": ["statistics"],
                    "evidence": [{"kind": "statistics", "hash": "ab12"}],
                    "head_signed": True,
                    "coops": [{"organ": "education-sports", "answer": "confirmed"}],
                    "verifier_organ": "government-office",
                    "responsible_organ": "human-resources",
                    "open_letters": 0,
                },
                {"level": "item", "leaves": ["crossed_off", "crossed_off"], "leader_approved": True},
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "reached": "target_reached", "evidence_types": "evidence_required", "required": "evidence_required",
        "signed": "head_signed", "cooperating": "coops", "coop": "coops", "verifier": "verifier_organ",
        "organ": "responsible_organ", "lead_organ": "responsible_organ", "letters": "open_letters", "on": "day",
        "today": "day", "date": "day", "due_on": "due", "leader": "leader_approved", "base": "baseline",
        "target_value": "target", "responsible": "responsible_organ", "open_letter": "open_letters", "actual": "value",
        "confirmations": "coops", "holder_organ": "responsible_organ", "cmp": "comparator", "op": "comparator",
    }  # fmt: skip

    level: Annotated[Any, Choice({"leaf": "最小颗粒", "item": "事项 key_item"})] = Field(
        "leaf", description="leaf 或 item"
    )
    target_reached: Flag = Field(None, description="目标达到；不写则按完成值算 / reached")
    value: Measure = Field(None, description="完成值 / measured value")
    target: Measure = Field(None, description="目标值 / target")
    baseline: Measure = Field(0, description="基期值 / baseline")
    upper: Measure = Field(None, description="区间上限 / upper bound")
    comparator: Comparator = Field(None, description="比较：>=（默认）、<=、=、range、event / comparator")
    measured: Number = Field(None, description="比例的分子 / numerator")
    of: Number = Field(None, description="比例的分母 / denominator")
    evidence_required: list[Text] | None = Field(None, description="应有的佐证种类 / evidence types")
    evidence: list[Paper] = Field(default_factory=list, description="佐证 / evidence")
    head_signed: Flag = Field(None, description="主要负责人签字 / signed by the head")
    coops: list[Coop] = Field(default_factory=list, description="配合单位 / cooperating organs")
    verifier_organ: Text = Field(None, description="核验人所属单位 / organ of the verifier")
    responsible_organ: Text = Field(None, description="责任单位 / responsible organ")
    open_letters: Number = Field(0, description="未办结的督办函，默认没有 / open letters")
    day: Day = Field(None, description="看哪一天 / day")
    leaves: list[Text] | None = Field(None, description="事项：各最小颗粒的状态 / states of the leaves")
    leader_approved: Flag = Field(None, description="事项：分包领导批准 / approved by the leader in charge")
    designated: Flag = Field(True, description="各相关镇区已确定成员 / wildcard members are designated")
    due: Day = Field(None, description="最后一日 / due day")
    submissions: list[Submission] | None = Field(None, description="历次申请 / submissions")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Whether there is an open letter may be said by yes or no; evidence by its kinds."""
        for name in ("open_letters", "open_letter", "letters"):
            if isinstance(data.get(name), bool):
                data[name] = int(data[name])
        rows = data.get("evidence")
        if isinstance(rows, list):
            data["evidence"] = [one if isinstance(one, dict) else {"kind": one} for one in rows]
        rows = data.get("leaves")
        if isinstance(rows, list):
            data["leaves"] = [one.get("state") if isinstance(one, dict) else one for one in rows]
        return _one_submission(data)


def _evidence(facts: CrossOffFacts) -> list[Reason]:
    needed = facts.evidence_required
    reasons: list[Reason] = []
    if needed is not None:
        there = {one.kind for one in facts.evidence}
        lacking = [kind for kind in dict.fromkeys(needed) if kind not in there]
        reasons.append(NO_PAPERS.reason(False, "、".join(lacking)) if lacking
                       else PAPERS.reason(True, "、".join(dict.fromkeys(needed)) or "不要求"))  # fmt: skip
    seen: set[str] = set()
    for one in facts.evidence:
        if one.hash and one.hash in seen:
            reasons.append(TWICE.reason(False, one.hash[:16]))
        seen |= {one.hash} if one.hash else set()
        if one.reused_elsewhere:
            name = one.name or one.kind or (one.hash or "")[:16]
            reasons.append(REUSED_WHY.reason(None, name, one.reuse_reason) if one.reuse_reason
                           else REUSED.reason(False, name))  # fmt: skip
    return reasons


def _coops(facts: CrossOffFacts, context: Context, day: date) -> tuple[list[Reason], list[str]]:
    reasons: list[Reason] = []
    waiting: list[str] = []
    days = whole(context, "coop_confirm")
    for one in facts.coops:
        organ = one.organ or "配合单位"
        if one.answer == "confirmed":
            reasons.append(COOP_YES.reason(True, organ))
        elif one.answer == "overruled" or (one.answer == "objected" and one.overruled):
            reasons.append(COOP_OVER.reason(True, organ, one.reason) if one.reason
                           else COOP_OVER_BARE.reason(False, organ))  # fmt: skip
        elif one.answer == "objected":
            reasons.append(COOP_NO.reason(False, organ))
        else:
            until = None if one.asked_on is None else working_after(context, one.asked_on, days)
            if until is not None and day > until:
                reasons.append(COOP_SILENT.reason(True, organ, days))
            else:
                waiting.append(organ)
                reasons.append(COOP_WAIT.reason(False, organ, iso(until) or f"送达后第{days}个工作日"))
    return reasons, waiting


@decision(
    key="supervision.cross_off",
    title="可以销号吗",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("coop_confirm", "late_half_credit"),
    uses_calendar=True,
    also=("supervision.crossoff", "supervision.cross_off_leaf", "supervision.cross_off_item"),
)
def cross_off(facts: CrossOffFacts, context: Context) -> Verdict:
    """目标按精确值达到，佐证齐全不重复，主要负责人签字，配合单位确认或不表态或异议不采纳，核验人不属责任单位，没有督办函。

    Value: `result` ALLOWED, REFUSED or UNDETERMINED with `missing`; with submissions `completion`, `late_wd`, `tau`.
    An item: all its leaves crossed off, the leader in charge approved.
    """
    day = facts.day or context.on
    missing: dict[str, str] = {}
    reasons: list[Reason] = []
    waiting: list[str] = []
    if facts.level == "item" or (facts.leaves is not None and facts.head_signed is None and facts.value is None):
        reasons, missing = _item(facts)
    else:
        met = facts.target_reached
        if met is None and (facts.value is not None or facts.measured is not None):
            found, _why, _more = _state_of(ProgressFacts(**{
                name: getattr(facts, name) for name in ("value", "target", "baseline", "upper", "comparator",
                    "measured", "of")}))  # fmt: skip
            met = None if found is None else found.reached
        if met is None:
            missing["target_reached"] = "目标达到没有"
        else:
            reasons.append(TARGET_MET.reason(True) if met else TARGET_NOT.reason(False))
        if facts.evidence_required is None and not facts.evidence:
            missing["evidence"] = "佐证"
        reasons += _evidence(facts)
        if facts.head_signed is None:
            missing["head_signed"] = "主要负责人签字"
        else:
            reasons.append(SIGNED.reason(True) if facts.head_signed else UNSIGNED.reason(False))
        asked, waiting = _coops(facts, context, day)
        reasons += asked
        if facts.verifier_organ and facts.responsible_organ:
            same = organ_key(facts.verifier_organ) == organ_key(facts.responsible_organ)
            reasons.append(SAME_HAND.reason(False) if same else OTHER_HAND.reason(True, facts.verifier_organ))
        else:
            missing["verifier_organ"] = "核验人和责任单位"
        letters = facts.open_letters or Fraction(0)
        reasons.append(LETTER.reason(False, plain(letters)) if letters > 0 else NO_LETTER.reason(True))
        if not facts.designated:
            reasons.append(UNDESIGNATED.reason(False))
    more: dict[str, Any] = {"waiting": waiting}
    if facts.submissions is not None:
        value, why = _completed(facts, context)
        more |= value
        reasons += [one.rule.reason(None, *one.values) for one in why]
    refused = [one.text for one in reasons if one.ok is False]
    more["refusals"] = refused
    if refused:
        return answer("REFUSED", Outcome.REFUSE, reasons, code="E_RULE", allowed=False, missing=list(missing), **more)
    if missing:
        lacks = Rule(CROSSING, "缺少：{names}").reason(None, "、".join(missing.values()))
        return answer(
            "UNDETERMINED", Outcome.UNDETERMINED, [*reasons, lacks], allowed=None, missing=list(missing), **more
        )
    return answer("ALLOWED", Outcome.ALLOW, reasons, allowed=True, missing=[], **more)


_OFF = {"crossed_off", "crossed off", "销号", "已销号", "done", "withdrawn", "撤回", "调整", "完成"}


def _item(facts: CrossOffFacts) -> tuple[list[Reason], dict[str, str]]:
    missing: dict[str, str] = {}
    reasons: list[Reason] = []
    if not facts.leaves:
        missing["leaves"] = "各最小颗粒的状态"
    else:
        left = sum((one or "").lower() not in _OFF for one in facts.leaves)
        count = len(facts.leaves)
        reasons.append(LEAVES_OPEN.reason(False, count, left) if left else LEAVES.reason(True, count))
    if facts.leader_approved is None:
        missing["leader_approved"] = "分包领导批准"
    else:
        reasons.append(LEADER_YES.reason(True) if facts.leader_approved else LEADER_NO.reason(False))
    if not facts.designated:
        reasons.append(UNDESIGNATED.reason(False))
    return reasons, missing


# --- D11 --------------------------------------------------------------------------------------------------------------

DONE, BASIC, UNDONE, CHANGED = "完成", "基本完成", "未完成", "调整"
IS = Rule(CROSSING, "第{place}个最小颗粒：{category}（{why}）")
ITEM = Rule(CROSSING, "事项：{category}")
_LeafState = Annotated[
    Any,
    Choice({"open": "running in_progress 进行中 not_crossed_off submitted returned planned paused 未销号",
            "crossed_off": "销号 已销号 done finished", "withdrawn": "撤回 调整 adjusted"}),
]  # fmt: skip


class Judged(Facts):
    """一个最小颗粒：状态和进度。"""

    SPELLINGS: ClassVar[dict[str, str]] = {"a": "actual", "percent": "actual", "progress": "actual", "status": "state"}
    state: _LeafState = Field(None, description="状态：crossed_off、withdrawn、open / state")
    crossed_off: Flag = Field(False, description="已销号 / crossed off")
    withdrawn: Flag = Field(False, description="已由文件撤回 / withdrawn by an instrument")
    actual: Percent = Field(None, description="进度（百分数），精确值 / progress, exact")


class CategoryFacts(Judged):
    """一个最小颗粒，或一个事项的各最小颗粒。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"leaves": [{"crossed_off": True}, {"actual": 90}, {"withdrawn": True}]},
                {"actual": "89.99"},
            ]
        },
    )
    leaves: list[Judged] | None = Field(None, description="事项的各最小颗粒 / leaves of an item")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A leaf may be its state or its progress alone."""
        rows = data.get("leaves")
        if isinstance(rows, list):
            data["leaves"] = [one if isinstance(one, dict) else _bare(one) for one in rows]
        return data


def _bare(one: Any) -> dict[str, Any]:
    text = str(one)
    return {"actual": one} if text[:1].isdecimal() else {"state": one}


def category_of(state: str, actual: Fraction, basic: Fraction) -> str:
    """Return the year's category of a leaf (D11): `state` crossed_off, withdrawn or anything else."""
    if state == "withdrawn":
        return CHANGED
    return DONE if state == "crossed_off" else BASIC if actual >= basic else UNDONE


def category_of_item(leaves: Sequence[str]) -> str:
    """Return the year's category of an item from those of its leaves; one with nothing left in it was changed."""
    kept = [one for one in leaves if one != CHANGED]
    if not kept:
        return CHANGED if leaves else UNDONE
    return DONE if set(kept) == {DONE} else BASIC if UNDONE not in kept else UNDONE


@decision(
    key="supervision.category",
    title="年度评价：完成、基本完成、未完成、调整",
    citation=CROSSING,
    parameters=PARAMETERS,
    reads=("pass_basic",),
    also=("supervision.annual", "supervision.annual_category"),
)
def category(facts: CategoryFacts, context: Context) -> Verdict:
    """销号为完成，进度不少于90%没有销号为基本完成，由文件撤回的为调整；事项看没有撤回的各最小颗粒。

    Value: `result` 完成, 基本完成, 未完成 or 调整, `category` the same, `leaves` of each leaf.
    """
    rows: Sequence[Judged] = facts.leaves if facts.leaves is not None else [facts]
    basic = number(context, "pass_basic")
    given = [
        one.state or ("withdrawn" if one.withdrawn else "crossed_off" if one.crossed_off else "open") for one in rows
    ]
    if not rows or any(state == "open" and one.actual is None for state, one in zip(given, rows, strict=True)):
        return undetermined({"actual": "进度"}, CROSSING)
    found = [category_of(state, one.actual or Fraction(0), basic) for state, one in zip(given, rows, strict=True)]
    whys = [{"crossed_off": "已销号", "withdrawn": "已撤回"}.get(state)
            or f"进度{curve.shown(one.actual, basic)}%，没有销号" for state, one in zip(given, rows,
                strict=True)]  # fmt: skip
    result = found[0] if facts.leaves is None else category_of_item(found)
    reasons = [IS.reason(None, place, *words) for place, words in enumerate(zip(found, whys, strict=True), 1)]
    reasons += [] if facts.leaves is None else [ITEM.reason(None, result)]
    outcome = {DONE: Outcome.ALLOW, BASIC: Outcome.ALLOW_WITH_CONDITION, UNDONE: Outcome.REFUSE}
    return answer(result, outcome.get(result, Outcome.NOT_APPLICABLE), reasons, category=result, leaves=found)


# --- D12 --------------------------------------------------------------------------------------------------------------

HEADINGS = {
    "non_execution": "不落实",
    "falsified": "弄虚作假",
    "own_policy": "上有政策、下有对策",
    "harm": "损害群众利益",
}
FOUND = Rule(INSPECT, "{organ}：{heading}{count}件，都有登记")
UNREGISTERED = Rule(INSPECT, "“{what}”没有登记的来源，不列")
DRAFT = Rule(INSPECT, "只是草稿，供有权机关决定，不是处分")
NOTHING = Rule(INSPECT, "没有登记的事实")
_Heading = Annotated[
    Any,
    Choice({
        "non_execution": "不落实 letter unanswered_letter letter_unanswered 督办函 nonexecution overdue",
        "falsified": "弄虚作假 failed_spot_check spot_check reopened reopened_cross_off 抽查不合格 reopening",
        "own_policy": "上有政策下有对策 own_policy_against_policy policy_against_policy",
        "harm": "损害群众利益 harm_to_residents residents",
    }),
]  # fmt: skip


class Registered(Facts):
    """一件登记的事实。"""

    SPELLINGS: ClassVar[dict[str, str]] = {
        "kind": "heading", "type": "heading", "record": "source", "id": "source", "ref": "source", "text": "facts",
        "fact": "facts", "what": "facts",
    }  # fmt: skip
    organ: Text = Field(None, description="单位 / organ")
    heading: _Heading = Field(None, description="哪一种：不落实、弄虚作假、上有政策下有对策、损害群众利益 / heading")
    source: Text = Field(None, description="登记：督办函号、抽查、重开的销号 / the record it stands in")
    facts: Text = Field(None, description="事实 / facts")


class AccountabilityFacts(Facts):
    """登记的事实。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "records": [
                        {"organ": "housing-construction", "kind": "unanswered_letter", "source": "letter:3"},
                        {"organ": "housing-construction", "kind": "failed_spot_check", "source": "check:7"},
                    ]
                }
            ]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {"facts": "records", "registered": "records"}
    records: list[Registered] | None = Field(None, description="登记的事实 / registered facts")


@decision(
    key="supervision.accountability",
    title="问责的事实",
    citation=INSPECT,
    parameters=PARAMETERS,
    also=("supervision.accountability_facts",),
)
def accountability(facts: AccountabilityFacts, context: Context) -> Verdict:
    """按单位列出不落实、弄虚作假、上有政策下有对策、损害群众利益，只列登记的事实；是供人决定的草稿，不是处分。

    Value: `result` DRAFT or NONE, `organs`: per organ and heading the records, `sanction` always none.
    """
    if facts.records is None:
        return undetermined({"records": "登记的事实"}, INSPECT)
    names: dict[str, str] = {}
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    reasons: list[Reason] = []
    for one in facts.records:
        if not one.source or not one.organ or one.heading is None:
            reasons.append(UNREGISTERED.reason(False, (one.facts or one.source or "一件事")[:40]))
            continue
        organ = names.setdefault(organ_key(one.organ), one.organ)
        rows = found.setdefault(organ, {}).setdefault(one.heading, [])
        if all(row["source"] != one.source for row in rows):
            rows.append({"source": one.source, "facts": one.facts})
    organs = [
        {"organ": organ, "headings": [{"key": key, "title": HEADINGS[key], "records": rows, "count": len(rows)}
                                      for key, rows in sorted(heads.items(),
                                          key=lambda pair: list(HEADINGS).index(pair[0]))]}
        for organ, heads in found.items()
    ]  # fmt: skip
    for organ, heads in found.items():
        reasons += [FOUND.reason(None, organ, HEADINGS[key], len(rows)) for key, rows in heads.items()]
    more: dict[str, Any] = {"organs": organs, "draft": True, "sanction": None}
    if not found:
        return answer("NONE", Outcome.NOT_APPLICABLE, [*reasons, NOTHING.reason(None)], **more)
    return answer("DRAFT", Outcome.UNDETERMINED, [*reasons, DRAFT.reason(None)], **more)


# --- D13 --------------------------------------------------------------------------------------------------------------

LONG = Rule(INTEGRITY, "{due}到期，还有{days}天，多于{limit}天，不预警")
SOON = Rule(INTEGRITY, "{due}到期，还有{days}天，预警")
BREACH = Rule(INTEGRITY, "{due}到期，已过{days}天，失信，列入{level}红榜")
EXECUTED = Rule(INTEGRITY, "{day}已履行，有凭证，销号")
NO_VOUCHER = Rule(INTEGRITY, "写已履行，没有凭证，不能销号")
SANCTION = Rule(INTEGRITY, "失信{days}天，多于{limit}天，建议市发改局信用惩戒")
LEVELS = {"city": "市级", "town": "镇级", "village": "村级"}
_Level = Annotated[Any, Choice({"city": "市 市级", "town": "镇 镇级", "village": "村 村级"})]


class IntegrityFacts(Facts):
    """政务承诺或判决：到期日、履行、凭证、层级。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"due": "2019-06-30", "day": "2019-06-01"}, {"due": "2019-06-30", "day": "2019-09-29"}]
        },
    )
    SPELLINGS: ClassVar[dict[str, str]] = {
        "due_on": "due", "due_date": "due", "today": "day", "on": "day", "date": "day", "as_of": "day",
        "executed": "executed_on",
        "paid_on": "executed_on", "proof": "voucher",
    }  # fmt: skip
    due: Day = Field(None, description="承诺或判决的到期日 / due day")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / day")
    executed_on: Day = Field(None, description="履行之日 / executed on")
    voucher: Flag = Field(None, description="有履行凭证 / with a voucher")
    level: _Level = Field("city", description="层级：city、town、village / level")
    amount: Fen = Field(None, description="金额（分） / amount")


@decision(
    key="supervision.integrity",
    title="政务诚信：预警、失信、销号",
    citation=INTEGRITY,
    parameters=PARAMETERS,
    reads=("integrity_warn", "integrity_sanction"),
    also=("supervision.integrity_case",),
)
def integrity(facts: IntegrityFacts, context: Context) -> Verdict:
    """到期前30天内预警；过期失信，列入本级红榜；履行有凭证销号；失信超过90天建议信用惩戒。

    Value: `result` NONE, WARNED, IN_BREACH or CROSSED_OFF, `days` to the due day or in breach, `red_list`, `sanction`.
    """
    if facts.due is None:
        return undetermined({"due": "到期日"}, INTEGRITY)
    day = facts.day or context.on
    reasons: list[Reason] = []
    if facts.executed_on is not None and facts.executed_on <= day:
        if facts.voucher is None:
            return undetermined({"voucher": "履行凭证"}, INTEGRITY)
        if facts.voucher:
            return answer("CROSSED_OFF", Outcome.ALLOW, [EXECUTED.reason(True, iso(facts.executed_on))],
                state="crossed_off",
                          days=max((facts.executed_on - facts.due).days, 0), red_list=None, sanction=False)  # fmt: skip
        reasons.append(NO_VOUCHER.reason(False))
    left = (facts.due - day).days
    level = facts.level or "city"
    if left < 0:
        reasons.append(BREACH.reason(False, iso(facts.due), -left, LEVELS[level]))
        limit = whole(context, "integrity_sanction")
        sanction = -left > limit
        reasons += [SANCTION.reason(None, -left, limit)] if sanction else []
        return answer("IN_BREACH", Outcome.REFUSE, reasons, state="in_breach", days=-left, red_list=level,
                      sanction=sanction, proposal_to="development-reform" if sanction else None)  # fmt: skip
    limit = whole(context, "integrity_warn")
    warned = left <= limit
    words = (iso(facts.due), left)
    reasons.append(SOON.reason(None, *words) if warned else LONG.reason(None, *words, limit))
    outcome = Outcome.ALLOW_WITH_CONDITION if warned else Outcome.NOT_APPLICABLE
    return answer("WARNED" if warned else "NONE", outcome, reasons, state="warned" if warned else "open", days=left,
                  red_list=None, sanction=False, warn_from=iso(_before(facts.due, limit)))  # fmt: skip


def _before(day: date, days: int) -> date:
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return date.min
