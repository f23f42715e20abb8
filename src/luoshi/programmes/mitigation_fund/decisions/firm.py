"""6.1, 6.2, 6.5: which firm may borrow, how much, how long, after which earlier loans; when the rules are in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.counting import add_months
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Day, Facts, Fen, Flag, Moment, Number, Text, at, exact, not_after, plain
from luoshi.programmes.mitigation_fund.decisions.settings import (
    FORCE,
    OTHER,
    PARAMETERS,
    RULES,
    Board,
    board_words,
    in_fen,
    in_force,
    ruled,
    switch,
    whole,
    yuan,
)

_LISTED = f"{RULES} 第二条"
_APPLIES = f"{RULES} 第九条"
_TERMS = f"{RULES} 第四条"
_PLACE = Rule(_LISTED, "企业在乳山市内")
_PLACE_ASSUMED = Rule(_LISTED, "未写所在地，按在乳山市内计")
_NOT_PLACE = Rule(_LISTED, "企业不在乳山市内")
_BOARD = Rule(_LISTED, "挂牌于{board}")
_NO_BOARD = Rule(_LISTED, "{board}不是办法所指的三个挂牌场所之一")
_ON_LIST = Rule(_LISTED, "{what}{day}仍在挂牌（{listed}挂牌）")
_NOT_LISTED_YET = Rule(_LISTED, "{what}{day}尚未挂牌（{listed}挂牌）")
_DELISTED = Rule(_LISTED, "{what}{day}已摘牌（{delisted}摘牌）")
_LISTED_BEFORE = Rule(_LISTED, "{what}{day}尚未摘牌，未写挂牌日")
_LISTED_UNKNOWN = Rule(_LISTED, "未写挂牌日，{what}{day}是否挂牌不能判断")
_IN_WINDOW = Rule(_APPLIES, "申请日{day}在申报窗口{first}至{last}内")
_OUT_OF_WINDOW = Rule(_APPLIES, "申请日{day}不在申报窗口{first}至{last}内")
_SME = Rule(f"{RULES} 第一条", "中小微企业：{sme}（宗旨，不作条件）")


class Listing(Facts):
    """一处挂牌：场所、挂牌日、摘牌日。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"listed": "listed_on", "delisted": "delisted_on", "exchange": "board"}

    board: Board = Field(description="挂牌场所：NEEQ 新三板、QILU 齐鲁、BLUE_OCEAN 蓝海 / board")
    listed_on: Day = Field(None, description="挂牌日 / listed on")
    delisted_on: Day = Field(None, description="摘牌日 / delisted on")


class EligibleFacts(Facts):
    """企业、挂牌情况、要看的日子。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"board": "NEEQ", "listed_on": "2019-03-01", "day": "2020-05-06", "disbursed_on": "2020-05-20"},
                {"board": "QILU", "listed_on": "2018-03-01", "delisted_on": "2020-05-06", "day": "2020-05-06"},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "on": "day", "date": "day", "today": "day", "decision_day": "day", "decided_on": "day", "as_of": "day",
        "decision_date": "day", "disbursement": "disbursed_on", "disbursement_day": "disbursed_on",
        "disbursement_date": "disbursed_on", "disbursement_on": "disbursed_on", "listed": "listed_on",
        "delisted": "delisted_on", "exchange": "board", "located_in_rushan": "in_rushan", "rushan": "in_rushan",
        "applied_on": "filed_on", "filed_at": "filed_on", "application_date": "filed_on", "town_code": "town",
        "window_start": "window_from", "window_end": "window_to",
    }  # fmt: skip

    board: Board = Field(None, description="挂牌场所：NEEQ 新三板、QILU 齐鲁、BLUE_OCEAN 蓝海 / board")
    listed_on: Day = Field(None, description="挂牌日 / listed on")
    delisted_on: Day = Field(None, description="摘牌日 / delisted on")
    listings: list[Listing] = Field(default_factory=list, description="几处挂牌时逐处写 / several listings")
    day: Day = Field(None, description="审查之日：默认按哪一天 / decision day, default the day asked for")
    disbursed_on: Day = Field(None, description="放款日 / disbursement day")
    in_rushan: Flag = Field(None, description="在乳山市内：默认是 / located in Rushan")
    town: Text = Field(None, description="镇街代码：371083开头即在乳山 / town code")
    filed_on: Day = Field(None, description="申请日 / filed on")
    window_from: Day = Field(None, description="申报窗口自 / application window from")
    window_to: Day = Field(None, description="申报窗口至 / application window to")
    sme: Flag = Field(None, description="中小微企业：只显示，不作条件 / shown, not tested")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A window may be an object or a pair; boards a list."""
        window = data.pop("window", None)
        if isinstance(window, Mapping):
            data |= {"window_from": window.get("from"), "window_to": window.get("to")}
        elif isinstance(window, Sequence) and not isinstance(window, str) and len(window) == 2:
            data |= {"window_from": window[0], "window_to": window[1]}
        elif window is not None:
            data["window"] = window
        boards = data.pop("boards", None)
        if isinstance(boards, list | tuple):
            shared = {name: data.get(name) for name in ("listed_on", "delisted_on") if name in data}
            data["listings"] = [{"board": one, **shared} for one in boards]
        elif boards is not None:
            data["boards"] = boards
        return data


def listed(listings: Sequence[Listing], what: str, day: Any) -> list[Reason]:
    """Return why a firm counts as listed on a day, or why not: one good listing is enough."""
    found = []
    for one in listings:
        if one.board == OTHER:
            found.append(_NO_BOARD.reason(False, board_words([one.board])))
        elif one.listed_on is not None and one.listed_on > day:
            found.append(_NOT_LISTED_YET.reason(False, what, day.isoformat(), one.listed_on.isoformat()))
        elif one.delisted_on is not None and one.delisted_on <= day:
            found.append(_DELISTED.reason(False, what, day.isoformat(), one.delisted_on.isoformat()))
        elif one.listed_on is None:
            rule = _LISTED_UNKNOWN if one.delisted_on is None else _LISTED_BEFORE
            return [_BOARD.reason(True, board_words([one.board])), rule.reason(None, what, day.isoformat())]
        else:
            on_list = _ON_LIST.reason(True, what, day.isoformat(), one.listed_on.isoformat())
            return [_BOARD.reason(True, board_words([one.board])), on_list]
    return found


@decision(
    key="mitigation_fund.eligible",
    title="企业是否符合条件",
    citation=_LISTED,
    parameters=PARAMETERS,
    reads=FORCE,
    also=("mitigation_fund.eligibility", "mitigation_fund.firm_eligible", "mitigation_fund.firm"),
)
def eligible(facts: EligibleFacts, context: Context) -> Verdict:
    """在乳山、在三个场所之一挂牌（审查日和放款日都在挂牌）、在窗口内申请、办法有效，即为符合。

    Value: `result` ELIGIBLE or REFUSE, `code` where the rules are not in force; UNDETERMINED where nothing tells
    whether the firm was listed.
    """
    _sound(facts)
    listings = [*facts.listings]
    if facts.board is not None:
        listings.append(Listing(board=facts.board, listed_on=facts.listed_on, delisted_on=facts.delisted_on))
    if not listings:
        return undetermined({"board": "挂牌场所"}, _LISTED)
    day = facts.day or facts.disbursed_on or context.on
    force, code = in_force(context, "审查日", day)
    reasons = [force]
    if facts.in_rushan is None and facts.town is None:
        reasons.append(_PLACE_ASSUMED.reason(None))
    else:
        place = facts.in_rushan if facts.in_rushan is not None else _local(facts.town)
        reasons.append(_PLACE.reason(True) if place else _NOT_PLACE.reason(False))
    reasons += listed(listings, "审查日", day)
    if facts.disbursed_on is not None and facts.disbursed_on != day:
        late, late_code = in_force(context, "放款日", facts.disbursed_on)
        code = code or late_code
        reasons += [late, *listed(listings, "放款日", facts.disbursed_on)]
    if facts.filed_on is not None:
        filed, filed_code = in_force(context, "申请日", facts.filed_on)
        code = code or filed_code
        reasons += [filed] if filed_code else []
    if facts.window_from is not None or facts.window_to is not None:
        filed_on = facts.filed_on or day
        first, last = facts.window_from or filed_on, facts.window_to or filed_on
        inside = first <= filed_on <= last
        rule = _IN_WINDOW if inside else _OUT_OF_WINDOW
        reasons.append(rule.reason(inside, filed_on.isoformat(), first.isoformat(), last.isoformat()))
    if facts.sme is not None:
        reasons.append(_SME.reason(None, "是" if facts.sme else "否"))
    if any(reason.rule is _LISTED_UNKNOWN for reason in reasons) and all(reason.ok is not False for reason in reasons):
        return answer("UNDETERMINED", Outcome.UNDETERMINED, reasons, missing=["listed_on"])
    return judged(reasons, good="ELIGIBLE", code=code)


def _sound(facts: EligibleFacts) -> None:
    """Refuse facts that contradict each other (E_INPUT)."""
    spans = [(facts.listed_on, facts.delisted_on), *((one.listed_on, one.delisted_on) for one in facts.listings)]
    for first, last in spans:
        if first is not None and last is not None and last < first:
            raise LuoshiError("E_INPUT", f"摘牌日{last}早于挂牌日{first}，请核对。")
    if facts.town is not None and facts.in_rushan is not None and facts.in_rushan != _local(facts.town):
        raise LuoshiError("E_INPUT", f"镇街代码{facts.town}与“在乳山市内”的填写不符，请核对。")


def _local(town: str) -> bool:
    return town.startswith("371083")


# --- 6.2 --------------------------------------------------------------------------------------------------------------

_CEILING = Rule(_TERMS, "{board}，每户贷款不超过{cap}")
_HIGHER = Rule(_TERMS, "两类场所都有挂牌，取较高的上限")
_WITHIN = Rule(_TERMS, "申请{amount}，不超过上限{cap}")
_ABOVE = Rule(_TERMS, "申请{amount}，超过上限{cap}，多{more}")
_NOTHING = Rule(_TERMS, "申请金额应大于零")


class CeilingFacts(Facts):
    """挂牌场所和申请金额。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"board": "NEEQ", "amount": 500000000}, {"boards": ["QILU", "NEEQ"]}]},
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "exchange": "board", "loan": "amount", "requested": "amount", "loan_amount": "amount", "ask": "amount",
    }  # fmt: skip

    board: Board = Field(None, description="挂牌场所：NEEQ 新三板、QILU 齐鲁、BLUE_OCEAN 蓝海 / board")
    boards: list[Board] = Field(default_factory=list, description="几处挂牌 / several boards")
    amount: Fen = Field(None, description="申请金额（分）：不写只算上限 / amount asked for, in fen")


@ruled(
    key="mitigation_fund.ceiling",
    title="可贷多少",
    citation=_TERMS,
    reads=("cap_neeq", "cap_regional"),
    also=("mitigation_fund.loan_ceiling", "mitigation_fund.cap", "mitigation_fund.amount"),
)
def ceiling(facts: CeilingFacts, context: Context) -> Verdict:
    """新三板企业、区域股权市场企业各有上限，两处都挂牌取较高的；上限本身可以贷。

    Value: `result` OK or REFUSE, `ceiling` in fen.
    """
    boards = [*facts.boards, *([facts.board] if facts.board is not None else [])]
    if not boards:
        return undetermined({"board": "挂牌场所"}, _TERMS)
    known = [one for one in boards if one != OTHER]
    if not known:
        return judged([_NO_BOARD.reason(False, board_words(boards))], ceiling=0)
    caps = {in_fen(context.parameters, "cap_neeq" if one == "NEEQ" else "cap_regional") for one in known}
    cap = max(caps)
    reasons = [_CEILING.reason(True, board_words(sorted(set(known))), yuan(cap))]
    reasons += [_HIGHER.reason(None)] if len(caps) > 1 else []
    if facts.amount is not None:
        if facts.amount <= 0:
            reasons.append(_NOTHING.reason(False))
        elif facts.amount <= cap:
            reasons.append(_WITHIN.reason(True, yuan(facts.amount), yuan(cap)))
        else:
            reasons.append(_ABOVE.reason(False, yuan(facts.amount), yuan(cap), yuan(facts.amount - cap)))
    return judged(reasons, ceiling=cap)


# --- 6.5 --------------------------------------------------------------------------------------------------------------

_YEAR = Rule(_TERMS, "自{start}起{months}个月，到期日{end}")
_NOT_YEAR = Rule(_TERMS, "自{start}起{months}个月，到期日应为{ends}，不应为{end}")
_MONTHS = Rule(_TERMS, "期限{given}个月，应为{months}个月")
_LINE = Rule(_TERMS, "本笔之后已用{used}个月，授信共{line}个月")
_LINE_FULL = Rule(_TERMS, "加上本笔共{used}个月，超过授信的{line}个月")
_OTHER_START = Rule(_TERMS, "借款起始日{start}不是放款日{drawn}")
_OWES = Rule(_TERMS, "此前的贷款（{start}起）还欠本金{principal}、利息{interest}，应先还清")
_REPAID_LATER = Rule(_TERMS, "此前的贷款（{start}起）{repaid}才还清，晚于本笔支用{drawn}")
_REPAID = Rule(_TERMS, "此前的贷款都已还清")


class LoanFacts(Facts):
    """一笔贷款：起止，还欠多少，何时还清。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "from": "start", "to": "end", "start_on": "start", "end_on": "end", "outstanding": "principal",
        "unpaid": "principal", "balance": "principal", "unpaid_principal": "principal", "repaid_on": "repaid_at",
        "repaid": "repaid_at", "unpaid_interest": "interest", "starts": "start", "ends": "end", "term": "months",
    }  # fmt: skip

    start: Day = Field(None, description="起 / start")
    end: Day = Field(None, description="止 / end")
    months: Number = Field(None, description="月数，默认按起止 / months")
    principal: Fen = Field(0, description="还欠本金（分） / principal unpaid")
    interest: Fen = Field(0, description="还欠利息（分） / interest unpaid")
    repaid_at: Moment = Field(None, description="还清的日子或时刻 / when it was repaid")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Repaid may be told by yes or no."""
        repaid = data.pop("repaid") if isinstance(data.get("repaid"), bool) else True
        amount = data.pop("amount", None)
        return data if repaid or data.get("principal") else data | {"principal": amount or 1}


class TermFacts(LoanFacts):
    """这一笔的起止，和企业此前的贷款；只给一列贷款则逐笔判断。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "start": "2020-07-08",
                    "end": "2021-07-08",
                    "loans": [{"start": "2019-07-01", "end": "2020-07-01", "principal": 0}],
                },
                {"start": "2020-02-29", "end": "2021-02-28"},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **LoanFacts.SPELLINGS, "earlier": "loans", "earlier_loans": "loans", "previous": "loans", "old": "loans",
        "drawn": "drawn_at", "drawn_on": "drawn_at", "disbursed_at": "drawn_at", "disbursed_on": "drawn_at",
        "old_loans": "loans", "prior": "loans", "prior_loans": "loans", "existing": "loans", "history": "loans",
    }  # fmt: skip

    drawn_at: Moment = Field(None, description="支用的日子或时刻：默认起日 / when it is drawn")
    loans: list[LoanFacts] = Field(default_factory=list, description="此前的贷款，按先后 / earlier loans in order")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """What one earlier loan still owes may stand by itself; the new loan may be an object."""
        new = data.pop("new", None)
        if isinstance(new, Mapping):
            data = {**new, **data}
        elif new is not None:
            data["new"] = new
        for name in ("loans", "earlier", "earlier_loans", "previous", "old", "old_loans", "prior", "existing"):
            if isinstance(data.get(name), Mapping):
                data[name] = [data[name]]
        owed = {name: data.pop(name) for name in ("old_principal", "old_outstanding", "old_unpaid") if name in data}
        if owed and not isinstance(data.get("loans"), list):
            data["loans"] = [{"principal": next(iter(owed.values()))}]
        return data

    def earlier(self) -> list[LoanFacts]:
        """Return the loans before this one; what is owed without any of them named is that of one such loan.

        Raises: LuoshiError (E_INPUT: owed is told beside the loans, so that nobody knows by which).
        """
        own = {name: value for name in ("principal", "interest", "repaid_at") if (value := getattr(self, name))}
        if own and self.loans:
            said = "此前的贷款已逐笔列出，还欠的本金、利息和还清日请写在那一笔里。"
            raise LuoshiError("E_INPUT", said, fields={"field": next(iter(own))})
        return [LoanFacts.model_construct(**own)] if own else self.loans


def _one(facts: LoanFacts, drawn_at: Any, earlier: Sequence[LoanFacts], context: Context) -> tuple[list[Reason], str]:
    """Return the reasons of one loan after others, and the code of its refusal."""
    term, line = whole(context, "loan_months"), whole(context, "line_months")
    reasons: list[Reason] = []
    code = ""
    if facts.months is not None and facts.months != term:
        reasons.append(_MONTHS.reason(False, plain(facts.months), term))
    if facts.start is not None:
        ends = add_months(facts.start, term)
        right = (ends - timedelta(days=1), ends)
        if facts.end is None or facts.end in right:
            reasons.append(_YEAR.reason(True, facts.start.isoformat(), term, (facts.end or ends).isoformat()))
        else:
            words = "或".join(day.isoformat() for day in reversed(right))
            reasons.append(_NOT_YEAR.reason(False, facts.start.isoformat(), term, words, facts.end.isoformat()))
    if drawn_at is not None and facts.start is not None and at(drawn_at) != facts.start:
        reasons.append(_OTHER_START.reason(False, facts.start.isoformat(), at(drawn_at).isoformat()))
    drawn = drawn_at or facts.start
    if not switch(context, "parallel_loans"):
        sound = True
        for one in earlier:
            start = one.start.isoformat() if one.start else "日期不详"
            if one.principal or one.interest:
                sound, code = False, "E_OLD_NOT_REPAID"
                reasons.append(_OWES.reason(False, start, yuan(one.principal or 0), yuan(one.interest or 0)))
            elif one.repaid_at is not None and drawn is not None and not not_after(one.repaid_at, drawn):
                sound, code = False, "E_OLD_NOT_REPAID"
                reasons.append(_REPAID_LATER.reason(False, start, str(one.repaid_at), str(drawn)))
        if earlier and sound:
            reasons.append(_REPAID.reason(True))
    used = _months([*earlier, facts], term)
    if used <= line:
        reasons.append(_LINE.reason(True, plain(used), line))
    else:
        code = code or "E_LINE_FULL"
        reasons.append(_LINE_FULL.reason(False, plain(used), line))
    return reasons, code


def _months(loans: Sequence[LoanFacts], term: int) -> Fraction:
    """Return the months of loans together; gaps between them do not count."""
    return sum((exact(one.months if one.months is not None else term) for one in loans), Fraction(0))


@ruled(
    key="mitigation_fund.term",
    title="期限、还旧和三年授信",
    citation=_TERMS,
    reads=("loan_months", "line_months", "parallel_loans"),
    also=("mitigation_fund.line", "mitigation_fund.sequence", "mitigation_fund.renewal", "mitigation_fund.drawing"),
)
def term(facts: TermFacts, context: Context) -> Verdict:
    """一笔一年，此前的贷款本息先还清，全部贷款合计不超过三年。

    Value: `result` OK or REFUSE with `code` E_OLD_NOT_REPAID or E_LINE_FULL, `months_used` with this loan and
    `months_left` after it; of a bare list of loans, each one's answer in `loans`, and the last one's as a whole.
    """
    line, length = whole(context, "line_months"), whole(context, "loan_months")
    if facts.start is not None and facts.end is not None and facts.end <= facts.start:
        raise LuoshiError("E_INPUT", f"到期日{facts.end}不晚于起始日{facts.start}，请核对起止日期。")
    given = facts.start is not None or facts.months is not None or facts.drawn_at is not None
    if not given and len(facts.loans) > 0 and all(not one.principal and not one.interest for one in facts.loans):
        steps: list[dict[str, Any]] = []
        reasons: list[Reason] = []
        code = ""
        granted: list[LoanFacts] = []
        for one in facts.loans:
            # A loan that was repaid later than the next began is known by its own day.
            reasons, code = _one(one, one.start, granted, context)
            refused = any(reason.ok is False for reason in reasons)
            steps.append({"start": one.start and one.start.isoformat(), "result": "REFUSE" if refused else "OK",
                          **({"code": code} if code else {})})  # fmt: skip
            granted += [] if refused else [one]
        used = _months(granted, length)
        return judged(
            reasons, code=code, months_used=plain(used), months_left=plain(max(line - used, Fraction(0))), loans=steps
        )
    loans = facts.earlier()
    if not given and facts.end is None and not loans:
        return undetermined({"start": "起始日", "end": "到期日"}, _TERMS)
    reasons, code = _one(facts, facts.drawn_at, loans, context)
    used = _months([*loans, facts], length)
    more: dict[str, Any] = {"months_used": plain(used), "months_left": plain(max(line - used, Fraction(0)))}
    if facts.start is not None:
        end = add_months(facts.start, length)
        more["ends"] = [end.isoformat(), (end - timedelta(days=1)).isoformat()]
    return judged(reasons, code=code, **more)


# --- validity ---------------------------------------------------------------------------------------------------------

_KEPT = Rule(f"{RULES} 第十八条", "{what}{day}：放款在有效期内，承诺在有效期满后仍须履行")
_UNPROMISED = Rule(f"{RULES} 第十八条", "{what}{day}：未给出放款日，不能判断承诺是否在有效期内作出")


class ValidityFacts(Facts):
    """申请、通过、放款、索赔、追偿的日子。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"passed_on": "2022-12-30", "disbursed_on": "2022-12-31", "claimed_on": "2024-03-01"}]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "applied": "applied_on", "application_date": "applied_on", "applied_at": "applied_on", "filed_on": "applied_on",
        "application": "applied_on", "passed": "passed_on", "pass": "passed_on", "passed_at": "passed_on",
        "pass_date": "passed_on", "approved_on": "passed_on", "disbursed": "disbursed_on",
        "disbursed_at": "disbursed_on", "disbursement": "disbursed_on", "disbursement_date": "disbursed_on",
        "claimed": "claimed_on", "claim": "claimed_on", "claim_date": "claimed_on", "claimed_at": "claimed_on",
    }  # fmt: skip

    applied_on: Day = Field(None, description="申请日 / applied on")
    passed_on: Day = Field(None, description="联审通过日 / passed on")
    disbursed_on: Day = Field(None, description="放款日 / disbursed on")
    claimed_on: Day = Field(None, description="申请补偿日 / claimed on")


@decision(
    key="mitigation_fund.validity",
    title="办法在这些日子是否有效",
    citation=f"{RULES} 第十八条",
    parameters=PARAMETERS,
    reads=FORCE,
    also=("mitigation_fund.in_force",),
)
def validity(facts: ValidityFacts, context: Context) -> Verdict:
    """申请、通过、放款都要在有效期内；放款在有效期内的，满期后仍可申请补偿和追偿。

    Value: `result` OK or REFUSE, `code` E_NOT_IN_FORCE or E_EXPIRED.
    """
    reasons, code = [], ""
    named = (("申请日", facts.applied_on), ("通过日", facts.passed_on), ("放款日", facts.disbursed_on))
    known = [(what, day) for what, day in (*named, ("申请补偿日", facts.claimed_on)) if day is not None]
    for (what, day), (then, later) in pairwise(known):
        if later < day and then != "放款日":
            raise LuoshiError("E_INPUT", f"{then}{later}早于{what}{day}，请核对。")
    for what, day in named:
        if day is not None:
            reason, wrong = in_force(context, what, day)
            reasons.append(reason)
            code = code or wrong
    if facts.claimed_on is not None:
        if facts.disbursed_on is None:
            reasons.append(_UNPROMISED.reason(None, "申请补偿日", facts.claimed_on.isoformat()))
            if not code:
                return answer("UNDETERMINED", Outcome.UNDETERMINED, reasons, missing=["disbursed_on"])
        elif not in_force(context, "放款日", facts.disbursed_on)[1]:
            reasons.append(_KEPT.reason(True, "申请补偿日", facts.claimed_on.isoformat()))
    if not reasons:
        return undetermined({"disbursed_on": "要看的日子"}, f"{RULES} 第十八条")
    return judged(reasons, code=code)
