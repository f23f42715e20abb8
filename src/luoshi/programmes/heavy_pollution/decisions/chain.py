"""The guards of the approval chain: may a consultation be closed, confirmed, signed; may an episode be closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import Field, model_validator

from luoshi.kernel.decisions import Context, Outcome, Rule, Verdict, decision
from luoshi.kernel.fact_kinds import Kind, plain
from luoshi.programmes.heavy_pollution import words
from luoshi.programmes.heavy_pollution.decisions.dust import organs_named
from luoshi.programmes.heavy_pollution.decisions.fields import Amount, Flag, Instant, Strict, Text, Texts
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN

COLOURS = {
    "none": "不预警",
    "blue": "蓝色",
    "yellow": "黄色",
    "orange": "橙色",
    "red": "红色",
    "release": "解除",
    "": "未定",
}


def _grade(value: Any) -> str:
    return "release" if words.folded(value) in ("RELEASE", "解除") else words.COLOURS[words.rank_of(value)]


Grade = Annotated[
    Any,
    Kind(
        _grade, str, {"type": "string", "enum": ["无", "蓝色", "黄色", "橙色", "红色", "解除"], "examples": ["orange"]}
    ),
]


def _grades(value: Any) -> list[str]:
    return [_grade(one) for one in (value if isinstance(value, list | tuple) else [value])]


Grades = Annotated[Any, Kind(_grades, list, {"type": "array", "items": {"type": "string"}, "examples": [["orange"]]})]

_BOTH = Rule(f"{PLAN} 3.1.2", "会商须环保、气象双方参加，现有{present}")
_ADOPTED = Rule(f"{PLAN} 3.1.2", "已采用逐时预报序列，共{hours}小时")
_NOT_ADOPTED = Rule(f"{PLAN} 3.1.2", "还没有采用预报序列，请先在会商页采用")
_SAME = Rule(f"{PLAN} 3.1.3", "建议等级{proposed}与测算等级{computed}一致")
_UNPROPOSED = Rule(f"{PLAN} 3.1.2", "还没有写建议等级，测算等级为{computed}")
_REASONED = Rule(f"{PLAN} 3.1.2", "建议等级{proposed}与测算等级{computed}不同，理由：{reason}")
_UNREASONED = Rule(f"{PLAN} 3.1.2", "建议等级{proposed}与测算等级{computed}不同，须写明理由")
_APART = Rule(
    f"{PLAN} 3.1.2", "另一方已提出{other}，与{proposed}不同，请先商定；不能一致的选“不同意”并写明理由，重新会商"
)
_FRESH = Rule(None, "会商于{closed}结束，距今{hours}，不超过24小时")
_STALE = Rule(None, "会商于{closed}结束，距今{hours}，超过24小时，须重新会商")
_NOT_CLOSED = Rule(None, "会商还没有结束")
_NO_CONSENT = Rule(f"{PLAN} 3.1.4", "未经市应急委同意不得签发")
_SAME_HAND = Rule(f"{PLAN} 3.1.4", "拟稿人不得签发：{signer}")
_CONSENTED = Rule(f"{PLAN} 3.1.4", "市应急委同意的等级为{consented}")
_OTHER = Rule(f"{PLAN} 3.1.4", "签发级别与批复不一致：拟签发{proposed}，批复为{consented}")
_NEWEST = Rule(f"{PLAN} 3.1.2", "会商采用的预报是最新的")
_NEWER = Rule(f"{PLAN} 3.1.2", "有更新的预报（{newest}），请复核；仍要签发须写明理由")
_OVERRIDDEN = Rule(f"{PLAN} 3.1.2", "有更新的预报（{newest}），仍签发的理由：{reason}")
_RELEASABLE = Rule(f"{PLAN} 3.1.5", "解除条件仍然满足：自{t0}起连续36小时不高于150")
_NOT_RELEASABLE = Rule(f"{PLAN} 3.1.5", "解除条件不满足：{why}")
_CHAINED = Rule(f"{PLAN} 3.1.5", "经审批{approval}发布")
_UNCHAINED = Rule(f"{PLAN} 3.1.5", "调整、解除须经会商、确认、同意、签发，请在预警看板开会商，不能在这里直接办")
_DRILL = Rule(f"{PLAN} 5.1", "这是演练的预警")
_REAL = Rule(f"{PLAN} 5.1", "这是真实的预警，不能按演练结束，请会商提出解除")
_OWED = Rule(f"{PLAN} 3.4", "还缺：{missing}")
_COMPLETE = Rule(f"{PLAN} 3.4", "应报的报告都已收到")


def _unknown(value: Any, what: str, citation: str | None) -> Verdict:
    return Verdict(value, Outcome.UNDETERMINED, [Rule(citation, "未提供{what}，不能确定").reason(False, what)])


class ConsultationFacts(Strict):
    """会商的情况。"""

    participants: Texts = Field(None, description="参加单位：环保局、气象局 / organs present: environment, weather")
    hours: Amount = Field(None, description="采用序列的小时数 / hours of the adopted series")
    computed: Grade = Field(None, description="测算等级 / grade found")
    proposed: Grade = Field(None, description="建议等级 / grade proposed")
    reason: Text = Field(None, description="不一致的理由 / why another grade is proposed")
    others: Grades = Field(None, description="另一方已提出的等级 / grades the other bureau has proposed")


@decision(key="heavy_pollution.consultation", title="会商能否结束", citation=f"{PLAN} 3.1.2")
def consultation(facts: ConsultationFacts, _context: Context) -> Verdict:
    """会商须环保、气象双方参加，采用一个序列；建议与测算不同须写理由。

    Whether a consultation may be closed; `value` is the grade proposed.
    """
    lacking = [title for title, given in (("参加单位", facts.participants), ("采用的序列", facts.hours),
                                          ("测算等级", facts.computed)) if given is None]  # fmt: skip
    if lacking:
        return _unknown(facts.proposed or "", "、".join(lacking), f"{PLAN} 3.1.2")
    names = {"environment": "环保局", "weather": "气象局"}
    found = organs_named(facts.participants)
    present = "、".join(title for key, title in names.items() if key in found) or "无"
    both = set(names) <= found
    reasons = [_BOTH.reason(both, present)]
    adopted = facts.hours > 0
    reasons.append(_ADOPTED.reason(True, plain(facts.hours)) if adopted else _NOT_ADOPTED.reason(False))
    proposed, computed = COLOURS[facts.proposed or ""], COLOURS[facts.computed]
    agreed = facts.proposed == facts.computed
    if not facts.proposed:
        reasons.append(_UNPROPOSED.reason(False, computed))
    elif agreed:
        reasons.append(_SAME.reason(True, proposed, computed))
    elif len((facts.reason or "").strip()) >= 4:
        reasons.append(_REASONED.reason(True, proposed, computed, facts.reason))
        agreed = True
    else:
        reasons.append(_UNREASONED.reason(False, proposed, computed))
    apart = [one for one in facts.others or () if facts.proposed not in (None, one)]
    if apart:
        reasons.append(_APART.reason(False, COLOURS[apart[0]], proposed))
    ok = both and adopted and agreed and not apart and facts.proposed not in (None, "none")
    return Verdict(facts.proposed or "", Outcome.ALLOW if ok else Outcome.REFUSE, reasons)


class FreshFacts(Strict):
    """会商结束的时刻和现在。"""

    closed_at: Instant = Field(None, description="会商结束时刻 / when the consultation was closed")
    now: Instant = Field(None, description="现在 / now")

    @model_validator(mode="after")
    def _in_order(self) -> FreshFacts:
        if self.closed_at is not None and self.now is not None and self.closed_at > self.now:
            raise ValueError("会商结束的时刻晚于现在，请核对")
        return self


@decision(key="heavy_pollution.fresh_consultation", title="会商是否在24小时内")
def fresh_consultation(facts: FreshFacts, _context: Context) -> Verdict:
    """确认须在会商结束后24小时内。Whether the consultation ended no more than 24 h ago."""
    if facts.now is None:
        return _unknown(False, "现在的时刻", None)
    if facts.closed_at is None:
        return Verdict(False, Outcome.UNDETERMINED, [_NOT_CLOSED.reason(False)])
    age = facts.now - facts.closed_at
    ok = age <= timedelta(hours=24)
    hours = f"{age // timedelta(hours=1)}小时{age // timedelta(minutes=1) % 60}分{age // timedelta(seconds=1) % 60}秒"
    rule = _FRESH if ok else _STALE
    return Verdict(
        ok, Outcome.ALLOW if ok else Outcome.REFUSE, [rule.reason(ok, f"{facts.closed_at:%Y-%m-%d %H:%M}", hours)]
    )


class SignFacts(Strict):
    """签发前核对的事实。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"colour": "proposed", "grade": "proposed", "consent": "consented"}

    proposed: Grade = Field(None, description="拟签发等级 / grade to be signed")
    consented: Grade = Field(None, description="批复等级；没有批复不写 / grade consented to; none yet: left out")
    proposer: Text = Field(None, description="拟稿人 / who proposed it")
    signer: Text = Field(None, description="签发人 / who signs")
    newest_run_at: Instant = Field(None, description="最新预报的发布时刻 / issue of the newest forecast")
    considered_run_at: Instant = Field(None, description="会商采用的最新预报的发布时刻 / newest forecast considered")
    override: Text = Field(None, description="有更新预报仍签发的理由 / why it is signed all the same")
    release_from: Instant = Field(None, description="解除时刻（仅解除） / start of the release, releases only")
    release_refused: Text = Field(None, description="不能解除的原因（仅解除） / why no release, releases only")


@decision(key="heavy_pollution.signable", title="能否签发", citation=f"{PLAN} 3.1.4")
def signable(facts: SignFacts, _context: Context) -> Verdict:
    """签发的等级须与批复一致，采用的预报须是最新的；拟稿人不得签发；解除须仍满足36小时条件。

    Whether the commander may sign: consent matches, no newer forecast unexplained, another hand than the proposer's,
    release still possible.
    """
    if facts.proposed is None:
        return _unknown("", "拟签发等级", f"{PLAN} 3.1.4")
    ok = facts.proposed == facts.consented
    if facts.consented is None:
        reasons = [_NO_CONSENT.reason(False)]
    elif ok:
        reasons = [_CONSENTED.reason(True, COLOURS[facts.consented])]
    else:
        reasons = [_OTHER.reason(False, COLOURS[facts.proposed], COLOURS[facts.consented])]
    if facts.signer and facts.signer == facts.proposer:
        reasons.append(_SAME_HAND.reason(False, facts.signer))
        ok = False
    newer = facts.newest_run_at is not None and (
        facts.considered_run_at is None or facts.newest_run_at > facts.considered_run_at
    )
    if newer:
        newest = f"{facts.newest_run_at:%Y-%m-%d %H:%M}"
        explained = len((facts.override or "").strip()) >= 4
        reasons.append(_OVERRIDDEN.reason(True, newest, facts.override) if explained else _NEWER.reason(False, newest))
        ok = ok and explained
    else:
        reasons.append(_NEWEST.reason(True))
    if facts.proposed == "release":
        if facts.release_from is not None:
            reasons.append(_RELEASABLE.reason(True, f"{facts.release_from:%Y-%m-%d %H:%M}"))
        else:
            reasons.append(_NOT_RELEASABLE.reason(False, facts.release_refused or "没有连续36小时"))
            ok = False
    return Verdict(facts.proposed, Outcome.ALLOW if ok else Outcome.REFUSE, reasons)


class ChainFacts(Strict):
    """调整、解除是否出自会商、同意、签发的审批。"""

    approval: Text = Field(None, description="审批号 / number of the approval")
    issued: Flag = Field(None, description="是否由该审批的发布一步办理 / whether the approval's issue takes it")


@decision(key="heavy_pollution.by_chain", title="是否经会商和审批", citation=f"{PLAN} 3.1.5")
def by_chain(facts: ChainFacts, _context: Context) -> Verdict:
    """预警的调整和解除须经会商、确认、同意、签发，由审批的发布一步办理，不能直接办。

    Whether an adjustment or release comes out of the whole chain of approval; by hand it is refused.
    """
    if facts.issued and facts.approval:
        return Verdict(True, Outcome.ALLOW, [_CHAINED.reason(True, facts.approval)])
    return Verdict(False, Outcome.REFUSE, [_UNCHAINED.reason(False)])


class ExerciseFacts(Strict):
    """是不是演练。"""

    exercise: Flag = Field(None, description="是否演练的预警 / whether the warning is a drill's")


@decision(key="heavy_pollution.exercise_only", title="是否演练", citation=f"{PLAN} 5.1")
def exercise_only(facts: ExerciseFacts, _context: Context) -> Verdict:
    """只有演练的预警可以按演练结束。Only the warning of a drill may be ended as a drill."""
    if facts.exercise is None:
        return _unknown(False, "是否演练", f"{PLAN} 5.1")
    if facts.exercise:
        return Verdict(True, Outcome.ALLOW, [_DRILL.reason(True)])
    return Verdict(False, Outcome.REFUSE, [_REAL.reason(False)])


class CloseFacts(Strict):
    """一次过程应报而未报的。"""

    missing: Texts = Field(None, description="还缺的报告，没有缺的写空列表 / reports still owed, [] for none")


@decision(key="heavy_pollution.closable", title="能否办结", citation=f"{PLAN} 3.4")
def closable(facts: CloseFacts, _context: Context) -> Verdict:
    """落实情况报告、评估和上报都收齐才能办结。Whether every report of the episode has come."""
    if facts.missing is None:
        return _unknown(False, "还缺的报告", f"{PLAN} 3.4")
    if facts.missing:
        return Verdict(False, Outcome.REFUSE, [_OWED.reason(False, "、".join(facts.missing[:10]))])
    return Verdict(True, Outcome.ALLOW, [_COMPLETE.reason(True)])
