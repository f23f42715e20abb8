"""The guards of the approval chain: may a consultation be closed, confirmed, signed; may an episode be closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from luoshi.kernel.clock import local
from luoshi.kernel.decisions import Context, Outcome, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN

Grade = Literal["none", "blue", "yellow", "orange", "red", "release", ""]
COLOURS = {
    "none": "不预警",
    "blue": "蓝色",
    "yellow": "黄色",
    "orange": "橙色",
    "red": "红色",
    "release": "解除",
    "": "未定",
}

_BOTH = Rule(f"{PLAN} 3.1.2", "会商须环保、气象双方参加，现有{present}")
_ADOPTED = Rule(f"{PLAN} 3.1.2", "已采用逐时预报序列，共{hours}小时")
_NOT_ADOPTED = Rule(f"{PLAN} 3.1.2", "还没有采用预报序列，请先在会商页采用")
_SAME = Rule(f"{PLAN} 3.1.3", "建议等级{proposed}与测算等级{computed}一致")
_REASONED = Rule(f"{PLAN} 3.1.2", "建议等级{proposed}与测算等级{computed}不同，理由：{reason}")
_UNREASONED = Rule(f"{PLAN} 3.1.2", "建议等级{proposed}与测算等级{computed}不同，须写明理由")
_FRESH = Rule(None, "会商于{closed}结束，距今{hours}小时，不超过24小时")
_STALE = Rule(None, "会商于{closed}结束，距今{hours}小时，超过24小时，须重新会商")
_CONSENTED = Rule(f"{PLAN} 3.1.4", "市应急委同意的等级为{consented}")
_OTHER = Rule(f"{PLAN} 3.1.4", "签发级别与批复不一致：拟签发{proposed}，批复为{consented}")
_NEWEST = Rule(f"{PLAN} 3.1.2", "会商采用的预报是最新的")
_NEWER = Rule(f"{PLAN} 3.1.2", "有更新的预报（{newest}），请复核；仍要签发须写明理由")
_OVERRIDDEN = Rule(f"{PLAN} 3.1.2", "有更新的预报（{newest}），仍签发的理由：{reason}")
_RELEASABLE = Rule(f"{PLAN} 3.1.5", "解除条件仍然满足：自{t0}起连续36小时不高于150")
_NOT_RELEASABLE = Rule(f"{PLAN} 3.1.5", "解除条件不满足：{why}")
_OWED = Rule(f"{PLAN} 3.4", "还缺：{missing}")
_COMPLETE = Rule(f"{PLAN} 3.4", "应报的报告都已收到")


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ConsultationFacts(_Facts):
    """会商的情况。"""

    participants: list[str] = Field(default_factory=list, description="参加单位（environment、weather）")
    hours: int = Field(0, description="采用序列的小时数")
    computed: Grade = Field("none", description="测算等级")
    proposed: Grade = Field("", description="建议等级")
    reason: str = Field("", description="不一致的理由")


@decision(key="heavy_pollution.consultation", title="会商能否结束", citation=f"{PLAN} 3.1.2")
def consultation(facts: ConsultationFacts, _context: Context) -> Verdict:
    """会商须环保、气象双方参加，采用一个序列；建议与测算不同须写理由。

    Whether a consultation may be closed; `value` is the grade proposed.
    """
    names = {"environment": "环保局", "weather": "气象局"}
    present = "、".join(title for key, title in names.items() if key in facts.participants) or "无"
    both = set(names) <= set(facts.participants)
    reasons = [_BOTH.reason(both, present)]
    adopted = facts.hours > 0
    reasons.append(_ADOPTED.reason(True, facts.hours) if adopted else _NOT_ADOPTED.reason(False))
    proposed, computed = COLOURS[facts.proposed], COLOURS[facts.computed]
    agreed = facts.proposed == facts.computed
    if agreed:
        reasons.append(_SAME.reason(True, proposed, computed))
    elif len(facts.reason.strip()) >= 4:
        reasons.append(_REASONED.reason(True, proposed, computed, facts.reason))
        agreed = True
    else:
        reasons.append(_UNREASONED.reason(False, proposed, computed))
    ok = both and adopted and agreed and facts.proposed not in ("", "none")
    return Verdict(facts.proposed, Outcome.ALLOW if ok else Outcome.REFUSE, reasons)


class FreshFacts(_Facts):
    """会商结束的时刻和现在。"""

    closed_at: datetime | None = Field(None, description="会商结束时刻")
    now: datetime = Field(description="现在")


@decision(key="heavy_pollution.fresh_consultation", title="会商是否在24小时内")
def fresh_consultation(facts: FreshFacts, _context: Context) -> Verdict:
    """确认须在会商结束后24小时内。Whether the consultation ended no more than 24 h ago."""
    if facts.closed_at is None:
        return Verdict(False, Outcome.UNDETERMINED, [_STALE.reason(None, "（未结束）", "?")])
    age = local(facts.now) - local(facts.closed_at)
    ok = age <= timedelta(hours=24)
    hours, closed = round(age.total_seconds() / 3600, 1), f"{local(facts.closed_at):%Y-%m-%d %H:%M}"
    rule = _FRESH if ok else _STALE
    return Verdict(ok, Outcome.ALLOW if ok else Outcome.REFUSE, [rule.reason(ok, closed, hours)])


class SignFacts(_Facts):
    """签发前核对的事实。"""

    proposed: Grade = Field("", description="拟签发等级")
    consented: Grade = Field("", description="批复等级")
    newest_run_at: datetime | None = Field(None, description="最新预报的发布时刻")
    considered_run_at: datetime | None = Field(None, description="会商采用的最新预报的发布时刻")
    override: str = Field("", description="有更新预报仍签发的理由")
    release_from: datetime | None = Field(None, description="解除时刻（仅解除）")
    release_refused: str = Field("", description="不能解除的原因（仅解除）")


@decision(key="heavy_pollution.signable", title="能否签发", citation=f"{PLAN} 3.1.4")
def signable(facts: SignFacts, _context: Context) -> Verdict:
    """签发的等级须与批复一致，采用的预报须是最新的；解除须仍满足36小时条件。

    Whether the commander may sign: consent matches, no newer forecast unexplained, release still possible.
    """
    matches = facts.proposed == facts.consented != ""
    rule = _CONSENTED.reason(True, COLOURS[facts.consented]) if matches else _OTHER.reason(
        False, COLOURS[facts.proposed], COLOURS[facts.consented]
    )  # fmt: skip
    reasons, ok = [rule], matches
    newer = facts.newest_run_at is not None and (
        facts.considered_run_at is None or local(facts.newest_run_at) > local(facts.considered_run_at)
    )
    if newer and facts.newest_run_at is not None:
        newest = f"{local(facts.newest_run_at):%Y-%m-%d %H:%M}"
        explained = len(facts.override.strip()) >= 4
        reasons.append(_OVERRIDDEN.reason(True, newest, facts.override) if explained else _NEWER.reason(False, newest))
        ok = ok and explained
    else:
        reasons.append(_NEWEST.reason(True))
    if facts.proposed == "release":
        if facts.release_from is not None:
            reasons.append(_RELEASABLE.reason(True, f"{local(facts.release_from):%Y-%m-%d %H:%M}"))
        else:
            reasons.append(_NOT_RELEASABLE.reason(False, facts.release_refused or "没有连续36小时"))
            ok = False
    return Verdict(facts.proposed, Outcome.ALLOW if ok else Outcome.REFUSE, reasons)


class CloseFacts(_Facts):
    """一次过程应报而未报的。"""

    missing: list[str] = Field(default_factory=list, description="还缺的报告")


@decision(key="heavy_pollution.closable", title="能否办结", citation=f"{PLAN} 3.4")
def closable(facts: CloseFacts, _context: Context) -> Verdict:
    """落实情况报告、评估和上报都收齐才能办结。Whether every report of the episode has come."""
    if facts.missing:
        return Verdict(False, Outcome.REFUSE, [_OWED.reason(False, "、".join(facts.missing[:10]))])
    return Verdict(True, Outcome.ALLOW, [_COMPLETE.reason(True)])
