"""The decision committee's cases: three organs on an application, a claim or a plan; what comes of their votes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case, CaseVoice
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import kin
from luoshi.office.permissions import require
from luoshi.office.registers.models import standing
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ORGAN, wrong
from luoshi.programmes.mitigation_fund.models import Firm, Holder

REVIEW = "mitigation_fund.review"
MEMBERS = {"centre": ORGAN, "finance": "finance", "tax": "tax"}
"""Parties and organs of the three members."""
_CARRIED: ContextVar[tuple[int, str]] = ContextVar("mitigation_fund_result", default=(0, ""))
"""The review whose result is being carried into what it was asked about, while it is."""
KINDS = {"application": "贷款申请", "claim": "补偿申请", "plan": "风险处置方案", "release": "退回财政"}


def open_review(turn: Turn, about: str, summary: str, told: Mapping[str, Any]) -> Case:
    """Open the committee's case for a case under way and keep its number there; only the three organs see it."""
    opened = cases.open_case(
        actor=PROGRAM, procedure=REVIEW, title=f"{KINDS[about]}：{turn.case.title}"[:300],
        facts={"about": about, "summary": summary[:2000], **told}, organ=ORGAN, parent=turn.case,
        subject=f"mf-review:{turn.case.number}", exercise=turn.case.exercise,
    )  # fmt: skip
    turn.facts["review"] = opened.number
    return opened


def review_of(turn: Turn) -> Case:
    """Return the committee's newest case for this one; E_STATE without one."""
    found = Case.objects.filter(parent=turn.case, procedure=REVIEW).order_by("-pk").first()
    if found is None:
        raise LuoshiError("E_STATE", "还没有送三家会签。")
    return found


def require_result(turn: Turn, state: str) -> Case:
    """Refuse a result that the committee did not give: nobody types it in. Return the committee's case."""
    found = review_of(turn)
    if _CARRIED.get() != (found.pk, state):
        raise LuoshiError(
            "E_STATE", f"结果由会签 {found.number} 产生，不能填写。会签结束时自动办理。", citation=f"{RULES} 第十一条"
        )
    return found


@effect("mitigation_fund.review_opened")
def review_opened(turn: Turn) -> None:
    """Only the programme opens a review, for a case that is under way."""
    if turn.actor.user_id is not None or turn.case.parent_id is None:
        raise LuoshiError("E_STATE", "会签由贷款申请、补偿申请或处置方案送来，不能单独立案。")


@effect("mitigation_fund.opinion")
def opinion(turn: Turn) -> None:
    """A reviewer's finding: by who may vote for the organ and is not related to the firm."""
    require(turn.actor, "mitigation.vote", [turn.organ])
    if not turn.data.get("unrelated"):
        raise wrong("E_INTEREST", "与企业有利害关系的人应当回避，请由本单位另一人审核。", "unrelated")
    require_unrelated(turn, turn.actor.hands, turn.actor.name)


def require_unrelated(turn: Turn, hands: Collection[int], name: str) -> None:
    """Refuse a voter who declared an identity that is, or stands behind, a firm the case is about (E_INTEREST)."""
    own = kin.declared(hands)
    parent = turn.case.parent if own else None
    if parent is None:
        return
    told = parent.facts | turn.facts
    firms = Firm.objects.filter(Q(credit_code=str(told.get("firm") or "")) | Q(name=str(told.get("firm_name") or "")))
    codes = set(firms.values_list("credit_code", flat=True))
    codes |= set(Holder.objects.filter(standing(CLOCK.today()), firm__in=firms).values_list("code", flat=True))
    if (found := kin.near(own, codes)) is not None:
        raise LuoshiError(
            "E_INTEREST",
            f"企业或其股东、负责人中有{name}登记为“{found.get_relation_display()}”的人或单位："
            "应当回避，请本单位另一人办理。已表决的请撤回会签，重新送审。",
            fields={"actor": name},
        )


def voices(case: Case) -> list[CaseVoice]:
    """Return the votes of a review in the order given."""
    return list(CaseVoice.objects.filter(case=case, step="vote").order_by("at", "pk"))


def ballots(case: Case) -> dict[str, str]:
    """Return the votes by member: pass or reject; who has not voted is left out."""
    return {one.party.removesuffix("_head"): "pass" if one.agrees else "reject" for one in voices(case)}


@facts("mitigation_fund.votes")
def votes(turn: Turn) -> dict[str, Any]:
    """The three votes, each upon its own reviewer's opinion, and when the credit platform was queried."""
    told = turn.facts
    lacking = [party for party in MEMBERS if not told.get(f"{party}_checks")]
    if lacking:
        names = "、".join(turn.procedure.parties[one].title for one in lacking)
        raise LuoshiError("E_INCOMPLETE", f"还没有审核意见：{names}。每家先审核、再表决，两人办理。")
    for one in voices(turn.case):
        require_unrelated(turn, [one.user_id] if one.user_id is not None else [], one.who)
    asked, loan = told.get("queried_at"), told["about"] == "application"
    if loan and turn.case.parent_id is not None:
        asked = Case.objects.get(pk=turn.case.parent_id).facts.get("credit_queried_at") or asked
    return {
        **({"credit_check": "clean"} if loan else {"platform": False}), "day": day_of(turn.at).isoformat(),
        "votes": [{"organ": one, "vote": vote} for one, vote in ballots(turn.case).items()],
        **({"queried_at": asked} if asked else {}),
    }  # fmt: skip


@effect("mitigation_fund.review_passed")
def review_passed(turn: Turn) -> None:
    """Carry the committee's pass into the case it was asked about, in the same transaction."""
    _tell(turn, "pass")


@effect("mitigation_fund.review_rejected")
def review_rejected(turn: Turn) -> None:
    """Carry the committee's rejection into the case it was asked about; the finding stays here."""
    _tell(turn, "reject")


Passed = Callable[[Turn], None]
_BEFORE: dict[str, Passed] = {}


def before_result(about: str) -> Callable[[Passed], Passed]:
    """Register what is done with the votes of a review before its result is carried over."""

    def register(function: Passed) -> Passed:
        _BEFORE[about] = function
        return function

    return register


def _tell(turn: Turn, step: str) -> None:
    about = str(turn.facts["about"])
    if about in _BEFORE:
        _BEFORE[about](turn)
    if turn.case.parent_id is None:
        return
    carried = _CARRIED.set((turn.case.pk, "passed" if step == "pass" else "rejected"))
    try:
        cases.act(actor=PROGRAM, case=turn.case.parent_id, step=step)
    finally:
        _CARRIED.reset(carried)


@effect("mitigation_fund.recalled")
def recalled(turn: Turn) -> None:
    """A review is taken back only with what it is about."""
    if turn.actor.user_id is not None:
        raise LuoshiError("E_STATE", "会签随原件撤回，请在原件办理。")
