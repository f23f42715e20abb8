"""6.6 to 6.8: the joint review by three organs, what the fund covers, when a loan counts as overdue."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Moment, Text, at, moment_words, not_after, plain
from luoshi.programmes.mitigation_fund.decisions.settings import FORCE, RULES, in_force, ruled, whole, yuan

_MEMBERS = f"{RULES} 第三条"
_CHECKS = f"{RULES} 第七条"
_RESULT = f"{RULES} 第十一条"
ORGANS = {"centre": "市地方金融服务中心", "finance": "市财政局", "tax": "市税务局"}
CHECKED = {"centre": "失信", "finance": "政府债务", "tax": "欠税、偷逃税、欠缴社保"}
CLEAN = Rule(_CHECKS, "信用平台查询无失信记录（{day}）")
DISHONEST = Rule(_CHECKS, "信用平台有失信记录，不再送财政、税务会签")
UNREACHABLE = Rule(_CHECKS, "信用平台查询不到，不作无失信，等待")
NOT_QUERIED = Rule(_CHECKS, "尚未查询信用平台")
STALE = Rule(_CHECKS, "信用平台查询于{day}，到{on}已超过{days}天，须重新查询")
PASSED = Rule(_RESULT, "{organ}通过")
REJECTED = Rule(_RESULT, "{organ}不通过：{why}")
SILENT = Rule(_MEMBERS, "{organ}尚未表决；沉默不作通过")
TWICE = Rule(_MEMBERS, "{organ}在同一轮表决了两次")
TOO_EARLY = Rule(_CHECKS, "{organ}的表决早于信用平台查询")
UNANIMOUS = Rule(_MEMBERS, "{count}家全部通过")

Organ = Annotated[
    Any,
    Choice({
        "centre": "center 中心 金融服务中心 地方金融服务中心 市地方金融服务中心 local-finance-center",
        "finance": "财政 财政局 市财政局",
        "tax": "税务 税务局 市税务局 taxation",
    }),
]  # fmt: skip
Ballot = Annotated[
    Any,
    Choice({"pass": "通过 同意 yes agree approved passed ok", "reject": "不通过 不同意 no rejected refuse against"}),
]
Credit = Annotated[
    Any,
    Choice({
        "clean": "无失信 正常 pass ok 无", "dishonest": "失信 有失信 dishonesty",
        "unreachable": "查询失败 unavailable 不可用",
    }),
]  # fmt: skip


class Vote(Facts):
    """一票：单位、通过与否、理由、时刻、第几轮。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "verdict": "vote",
        "result": "vote",
        "time": "at",
        "why": "reason",
        "findings": "reason",
    }

    organ: Organ = Field(description="单位：centre、finance、tax / organ")
    vote: Ballot = Field(None, description="通过或不通过：没有即沉默 / pass or reject")
    reason: Text = Field(None, description="理由 / reason")
    at: Moment = Field(None, description="时刻 / when")
    round: int = Field(1, description="轮次 / round")


class ReviewFacts(Facts):
    """信用平台查询和三家的表决。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"credit_check": "clean", "centre": "pass", "finance": "pass", "tax": "reject"},
                {"credit_check": "clean", "centre": "pass", "finance": "pass"},
                {"credit_check": "dishonest"},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "credit": "credit_check", "credit_result": "credit_check", "center": "centre", "taxation": "tax",
        "credit_checked_on": "queried_on", "credit_queried_on": "queried_on",
        "result_on": "day", "on": "day", "today": "day", "date": "day", "waited": "silent_days",
        "days_silent": "silent_days", "working_days": "silent_days",
    }  # fmt: skip

    credit_check: Credit = Field(None, description="信用平台：clean、dishonest、unreachable / credit check")
    platform: Flag = Field(
        True,
        description="先查信用平台：补偿申请、处置方案、退回财政写否 / a loan, which the platform is asked about first",
    )
    queried_on: Day = Field(None, description="查询日 / queried on")
    queried_at: Moment = Field(None, description="查询时刻 / queried at")
    centre: Ballot = Field(None, description="金融服务中心：通过或不通过 / the Centre's vote")
    finance: Ballot = Field(None, description="财政局：通过或不通过 / Finance's vote")
    tax: Ballot = Field(None, description="税务局：通过或不通过 / Tax's vote")
    votes: list[Vote] = Field(default_factory=list, description="逐票写，代替以上三项 / votes one by one")
    round: int | None = Field(None, description="看第几轮：默认最后一轮 / the round looked at")
    silent_days: int | None = Field(None, description="已等的工作日：不影响结果 / working days waited, changes nothing")
    day: Day = Field(None, description="出结果之日：默认按哪一天 / the day of the result")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Votes may be an object by organ; the credit check an object with its day."""
        votes = data.get("votes")
        if isinstance(votes, Mapping):
            del data["votes"]
            data["votes"] = [
                {"organ": organ, **(vote if isinstance(vote, Mapping) else {"vote": _spoken(vote)})}
                for organ, vote in votes.items()
            ]
        for name in ("credit_check", "credit"):
            if isinstance(check := data.get(name), Mapping):
                data[name] = check.get("result")
                asked = check.get("queried_at") or check.get("queried_on") or check.get("on")
                if asked is not None:
                    data["queried_at"] = asked
        for organ in ("centre", "center", "finance", "tax"):
            if organ in data:
                data[organ] = _spoken(data[organ])
        return data


def _spoken(vote: Any) -> Any:
    """Return a vote as it is read; words for silence are none."""
    if isinstance(vote, bool):
        return "pass" if vote else "reject"
    return None if isinstance(vote, str) and vote.strip().lower() in ("silent", "pending", "none", "沉默") else vote


@ruled(
    key="mitigation_fund.review",
    title="联合审查通过了吗",
    citation=_RESULT,
    reads=("members", "credit_check_days"),
    also=("mitigation_fund.joint_review", "mitigation_fund.votes", "mitigation_fund.vote"),
)
def review(facts: ReviewFacts, context: Context) -> Verdict:
    """先查信用平台，无失信才送会签；三家全部通过才通过，一家不通过即不通过，沉默永远是等待。

    Value: `result` PASS, REJECTED or PENDING (REFUSE where votes are out of order), `circulated`: whether Finance and
    Tax are asked, `waiting`: who has not voted, `lights` by organ.
    """
    votes = [*facts.votes]
    votes += [Vote(organ=name, vote=getattr(facts, name)) for name in ORGANS if getattr(facts, name) is not None]
    last = facts.round or max([one.round for one in votes], default=1)
    votes = [one for one in votes if one.round == last and one.vote is not None]
    lights: dict[str, str] = dict.fromkeys(ORGANS, "waiting")
    faults: list[Reason] = []
    code = ""
    queried = facts.queried_at or facts.queried_on
    for one in votes:
        if lights[one.organ] != "waiting":
            faults.append(TWICE.reason(False, ORGANS[one.organ]))
            code = "E_DUPLICATE"
        if one.at is not None and queried is not None and not not_after(queried, one.at):
            faults.append(TOO_EARLY.reason(False, ORGANS[one.organ]))
            code = "E_STATE"
        lights[one.organ] = one.vote
    if faults:
        return judged(faults, code=code, circulated=False, waiting=[], lights=lights)
    check = facts.credit_check if facts.platform is not False else "clean"
    if check is None and lights["centre"] == "pass":
        # The Centre's own pass is what it found on the platform.
        check = "clean"
    waiting = [name for name, light in lights.items() if light == "waiting"]
    shown: dict[str, Any] = {"circulated": check == "clean", "waiting": waiting, "lights": lights}
    reasons: list[Reason] = []
    if check == "dishonest":
        shown |= {"waiting": []}
        return answer("REJECTED", Outcome.REFUSE, [DISHONEST.reason(False)], **shown)
    rejected = [one for one in votes if one.vote == "reject"]
    if check != "clean":
        reasons.append((UNREACHABLE if check == "unreachable" else NOT_QUERIED).reason(None))
        if not rejected:
            return answer("PENDING", Outcome.UNDETERMINED, reasons, **shown)
    elif facts.platform is not False:
        reasons.append(CLEAN.reason(True, at(queried).isoformat() if queried else "未写日期"))
    for name, organ in ORGANS.items():
        if lights[name] == "pass":
            reasons.append(PASSED.reason(True, organ))
        elif lights[name] == "reject":
            why = next((one.reason for one in rejected if one.organ == name), None)
            reasons.append(REJECTED.reason(False, organ, why or CHECKED[name]))
        else:
            reasons.append(SILENT.reason(None, organ))
    if rejected:
        return answer("REJECTED", Outcome.REFUSE, reasons, **shown)
    if waiting or len(votes) < whole(context, "members"):
        return answer("PENDING", Outcome.UNDETERMINED, reasons, **shown)
    day, kept = facts.day or context.on, whole(context, "credit_check_days")
    if queried is not None and (day - at(queried)).days > kept:
        reasons.append(STALE.reason(None, at(queried).isoformat(), day.isoformat(), kept))
        return answer("PENDING", Outcome.UNDETERMINED, reasons, **shown)
    return answer("PASS", Outcome.ALLOW, [*reasons, UNANIMOUS.reason(True, len(votes))], **shown)


# --- 6.7 --------------------------------------------------------------------------------------------------------------

_COVERED = f"{RULES} 第十六条"
PASSED_FIRST = Rule(_COVERED, "联审全票通过（{passed}），在放款（{drawn}）之前")
NOT_PASSED = Rule(_COVERED, "未经联审全票通过，不在基金保障内")
PASSED_LATE = Rule(_COVERED, "联审通过（{passed}）晚于放款（{drawn}），不在基金保障内")
WRONG_KIND = Rule(_COVERED, "{kind}不是信用贷款，不在基金保障内")
WRONG_BANK = Rule(_COVERED, "放款银行不是报送的银行，不在基金保障内")
OLD_UNPAID = Rule(_COVERED, "放款时旧贷尚未还清，不在基金保障内")
OVERDRAWN = Rule(_COVERED, "放款{disbursed}多于通过的{approved}，按{approved}÷{disbursed}保障")
ALL_COVERED = Rule(_COVERED, "放款{disbursed}不多于通过的{approved}，全部本金在保障内")
ONLY_PRINCIPAL = Rule(_COVERED, "只保障本金；逾期利息、复利、罚息不在内")
BREACH = Rule(_COVERED, "放款后发现{what}不合要求，由决策委员会决定，标红")
BREACHES = {"ceiling": "贷款上限", "capacity": "银行额度", "rate": "利率", "term": "期限", "listing": "挂牌"}
LoanKind = Annotated[
    Any,
    Choice({
        "credit": "信用贷款 unsecured credit_loan 信用",
        "secured": "抵押 担保 抵押贷款 保证贷款 其他贷款 guaranteed mortgage other 其他 other_loan",
        "bill": "票据 票据融资 bill_financing",
        "interest": "逾期利息 复利 罚息 overdue_interest compound_interest penalty_interest penalty",
    }),
]  # fmt: skip
_KINDS = {"secured": "其他贷款", "bill": "票据融资", "interest": "利息、复利、罚息"}


class CoverageFacts(Facts):
    """一笔贷款：通过、放款、金额、种类。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "passed_on": "2020-03-01",
                    "disbursed_on": "2020-03-05",
                    "approved": 200000000,
                    "disbursed": 250000000,
                },
                {"passed": False, "disbursed_on": "2020-03-05", "approved": 0, "disbursed": 100000000},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "passed_at": "passed_on", "pass_date": "passed_on", "disbursed_at": "disbursed_on", "drawn_on": "disbursed_on",
        "drawn_at": "disbursed_on", "approved_amount": "approved", "disbursed_amount": "disbursed", "type": "kind",
        "loan_type": "kind", "credit_type": "kind", "review": "result", "old_paid": "old_repaid", "breach": "breaches",
        "bank_submitted": "same_bank", "disbursement_date": "disbursed_on",
    }  # fmt: skip

    passed: Flag = Field(None, description="联审通过了：默认看通过日 / passed unanimously")
    result: Annotated[Any, Choice({"PASS": "通过 passed", "REJECTED": "不通过 reject rejected", "PENDING": "等待"})] = (
        Field(None, description="联审结果：PASS、REJECTED、PENDING / result of the review")
    )
    passed_on: Moment = Field(None, description="通过的日子或时刻 / when it passed")
    disbursed_on: Moment = Field(None, description="放款的日子或时刻 / when it was disbursed")
    approved: Fen = Field(None, description="通过的金额（分） / approved amount")
    disbursed: Fen = Field(None, description="放款金额（分） / disbursed amount")
    kind: LoanKind = Field("credit", description="种类：信用贷款、其他、票据、利息 / kind of claim")
    same_bank: Flag = Field(True, description="放款银行就是报送的银行 / by the bank that submitted it")
    old_repaid: Flag = Field(True, description="放款时旧贷已还清 / earlier loans were repaid")
    breaches: list[Annotated[Any, Choice(dict.fromkeys(BREACHES, ""))]] = Field(
        default_factory=list, description="事后发现的：ceiling、capacity、rate、term、listing / breaches found later"
    )


def covered(facts: CoverageFacts, context: Context) -> tuple[Fraction, list[Reason], str]:
    """Return the covered share of a loan's principal (0: not covered), why, and the code of what is not in force."""
    reasons: list[Reason] = []
    code = ""
    passed = facts.passed if facts.passed is not None else (facts.result or "PASS") == "PASS"
    if facts.result is not None and facts.result != "PASS":
        passed = False
    if not passed:
        reasons.append(NOT_PASSED.reason(False))
    elif facts.passed_on is not None and facts.disbursed_on is not None:
        first, then = (moment_words(one) for one in (facts.passed_on, facts.disbursed_on))
        if not not_after(facts.passed_on, facts.disbursed_on):
            reasons.append(PASSED_LATE.reason(False, first, then))
        else:
            reasons.append(PASSED_FIRST.reason(True, first, then))
    if facts.kind not in (None, "credit"):
        reasons.append(WRONG_KIND.reason(False, _KINDS[facts.kind]))
    if facts.same_bank is False:
        reasons.append(WRONG_BANK.reason(False))
    if facts.old_repaid is False:
        reasons.append(OLD_UNPAID.reason(False))
    if facts.disbursed_on is not None:
        force, code = in_force(context, "放款日", at(facts.disbursed_on))
        reasons += [force] if code else []
    if any(reason.ok is False for reason in reasons):
        return Fraction(0), reasons, code
    share = Fraction(1)
    if facts.approved is not None and facts.disbursed:
        if facts.disbursed > facts.approved:
            share = Fraction(facts.approved, facts.disbursed)
            reasons.append(OVERDRAWN.reason(None, yuan(facts.disbursed), yuan(facts.approved)))
        else:
            reasons.append(ALL_COVERED.reason(True, yuan(facts.disbursed), yuan(facts.approved)))
    return share, [*reasons, ONLY_PRINCIPAL.reason(None)], code


@ruled(
    key="mitigation_fund.coverage",
    title="基金保不保这笔贷款",
    citation=_COVERED,
    reads=FORCE,
    also=("mitigation_fund.covered",),
)
def coverage(facts: CoverageFacts, context: Context) -> Verdict:
    """放款前全票通过、由报送银行发放的信用贷款的本金；多放的按通过金额与放款金额之比；利息一概不保。

    Value: `result` COVERED, PARTLY, UNCOVERED or COMMITTEE (a breach found later), `share` of the principal as an exact
    number, `flag`: uncovered or breach.
    """
    share, reasons, code = covered(facts, context)
    # An amount that was passed says that there was a pass.
    if share > 0 and facts.passed is None and facts.result is None and not (facts.passed_on or facts.approved):
        return undetermined({"result": "联审结果或通过日"}, _COVERED)
    more: dict[str, Any] = {"covered": share > 0, "share": plain(share)}
    if share == 0:
        return answer("UNCOVERED", Outcome.REFUSE, reasons, code=code, flag="uncovered", **more)
    if facts.breaches:
        reasons += [BREACH.reason(None, BREACHES[one]) for one in facts.breaches]
        return answer("COMMITTEE", Outcome.UNDETERMINED, reasons, flag="breach", breaches=list(facts.breaches), **more)
    if share < 1:
        return answer("PARTLY", Outcome.ALLOW_WITH_CONDITION, reasons, **more)
    return answer("COVERED", Outcome.ALLOW, reasons, **more)


# --- 6.8 --------------------------------------------------------------------------------------------------------------

_OVERDUE = f"{RULES} 第十四条"
NOT_DUE = Rule(_OVERDUE, "到期日{due}，{day}尚未逾期")
DAYS = Rule(_OVERDUE, "到期日{due}，到{day}逾期{days}天，不满{limit}天")
REACHED = Rule(_OVERDUE, "到期日{due}，到{day}逾期{days}天，满{limit}天，须报告并启动追偿")
PAID = Rule(_OVERDUE, "已于{paid}还清，逾期{days}天")


class OverdueFacts(Facts):
    """到期日和要看的日子。"""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"due": "2020-03-10", "day": "2020-04-09"}]}
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "due_on": "due", "due_date": "due", "today": "day", "on": "day", "date": "day", "as_of": "day",
        "paid": "paid_on", "paid_at": "paid_on",
    }  # fmt: skip

    due: Day = Field(None, description="合同到期日：任何未还的本金或利息 / contractual due date of what is unpaid")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")
    paid_on: Day = Field(None, description="还清日 / paid on")


@ruled(
    key="mitigation_fund.overdue",
    title="逾期多少天，要不要报告",
    citation=_OVERDUE,
    reads=("overdue_days", "overdue_report_days"),
)
def overdue(facts: OverdueFacts, context: Context) -> Verdict:
    """逾期天数按自然日计，遇节假日不顺延；第30天当天就要报告并启动追偿。

    Value: `result` REPORT or NONE, `days`, `duty`, `duty_from`: the day on which the duty arises, `report_by`: the last
    day of the reminder's working days after it (none where the calendar is not known).
    """
    if facts.due is None:
        return undetermined({"due": "到期日"}, _OVERDUE)
    limit = whole(context, "overdue_days")
    day = facts.day or context.on
    if facts.paid_on is not None and facts.paid_on <= day:
        days = max((facts.paid_on - facts.due).days, 0)
        value: dict[str, Any] = {"days": days, "duty": False, "duty_from": None, "report_by": None}
        return answer("NONE", Outcome.NOT_APPLICABLE, [PAID.reason(None, facts.paid_on.isoformat(), days)], **value)
    days = max((day - facts.due).days, 0)
    from_ = _plus(facts.due, limit)
    words = (facts.due.isoformat(), day.isoformat())
    more: dict[str, Any] = {"days": days, "duty": days >= limit, "duty_from": from_.isoformat()}
    more["report_by"] = _working(context, from_, whole(context, "overdue_report_days"))
    if days >= limit:
        return answer("REPORT", Outcome.ALLOW, [REACHED.reason(True, *words, days, limit)], **more)
    reason = NOT_DUE.reason(None, *words) if days == 0 else DAYS.reason(None, *words, days, limit)
    return answer("NONE", Outcome.NOT_APPLICABLE, [reason], **more)


def _plus(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max


def _working(context: Context, day: date, days: int) -> str | None:
    """Return the last of some working days after a day; None where no calendar tells."""
    try:
        return context.calendar.shift(day, days).isoformat()
    except (LuoshiError, OverflowError):
        return None
