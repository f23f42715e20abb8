"""6.9 to 6.11: the loss of principal, what the fund pays of it, and how later recoveries are shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, Any, ClassVar, NamedTuple

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Moment, Text, numbered, plain
from luoshi.programmes.mitigation_fund.decisions.review import CoverageFacts, covered
from luoshi.programmes.mitigation_fund.decisions.settings import FORCE, RULES, number, ruled, yuan

_LOSS = f"{RULES} 第十五条"
_SCOPE = f"{RULES} 第十六条"
ENDED = Rule(_LOSS, "司法程序已终结：{paper}")
NOT_ENDED = Rule(_LOSS, "{paper}不是最终的终结，三家未明示接受")
ACCEPTED = Rule(_LOSS, "{paper}不是最终的终结，三家表决明示接受")
NO_PAPER = Rule(_LOSS, "未给出司法终结文书，只算金额；申请补偿须有终结执行裁定或破产程序终结裁定")
PAPER_EARLY = Rule(_LOSS, "司法文书日期{paper}早于起诉日{sued}")
LOSS = Rule(_LOSS, "未还本金{principal}减追回{recovered}，本金损失{loss}")
LOSS_SHARE = Rule(_SCOPE, "放款{disbursed}、通过{approved}，保障的损失为{all}×{share}＝{loss}（舍去不足一分）")
INTEREST = Rule(_SCOPE, "欠息{interest}不在补偿之内")
NO_LOSS = Rule(_LOSS, "无本金损失")
NO_PART = Rule(_SCOPE, "保障内的本金损失不足一分，无本金损失")
OVER_BALANCE = Rule(_LOSS, "未还本金{principal}大于追偿前最后一次余额{balance}，多{more}，疑含利息")
SECOND = Rule(_LOSS, "这笔贷款已申请过补偿")
COVER = Rule(_SCOPE, "不在基金保障内，基金承担0.00元")
HALF = Rule(_LOSS, "本金损失{loss}的{share}%为{half}（舍去不足一分）")
CAPPED = Rule(_LOSS, "该行专户余额{balance}不足，基金承担{paid}；余额不足的部分不再补")
PAID = Rule(_LOSS, "基金承担{paid}，银行承担{bank}")
NOTHING = Rule(_LOSS, "补偿为0.00元，不记账，办结")
FIXED = Rule(_LOSS, "首次指令已定为{paid}，重付不再计算")
PAPERS = {
    "enforcement_ended": "终结执行裁定",
    "bankruptcy_ended": "破产程序终结裁定",
    "round_ended": "终结本次执行程序裁定",
}

Paper = Annotated[
    Any,
    Choice({
        "enforcement_ended": "终结执行 终结执行裁定 end_of_enforcement enforcement ruling_ending_enforcement",
        "bankruptcy_ended": "破产终结 破产程序终结裁定 终结破产程序裁定 bankruptcy ruling_ending_bankruptcy "
        "ruling_ending_bankruptcy_proceedings",
        "round_ended": "终结本次执行程序 终结本次执行程序裁定 终本 this_round present_round round "
        "ruling_that_only_ends_the_present_enforcement_round ruling_ending_the_present_enforcement_round",
    }),
]  # fmt: skip


class LossFacts(Facts):
    """未还本金、追回、放款与通过的金额、司法文书。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "principal": 240000001,
                    "recovered": 70000000,
                    "approved": 300000000,
                    "disbursed": 300000000,
                    "interest": 12345678,
                    "judicial_end": "enforcement_ended",
                },
                {"principal": 250000000, "recovered": 50000000, "approved": 200000000, "disbursed": 250000000},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "p": "principal", "P": "principal", "r": "recovered", "R": "recovered", "recoveries": "recovered",
        "unpaid_principal": "principal", "recovery": "recovered", "unpaid_interest": "interest",
        "approved_amount": "approved", "disbursed_amount": "disbursed", "paper": "judicial_end",
        "judicial_paper": "judicial_end", "paper_type": "judicial_end", "ruling": "judicial_end",
        "balance_before": "last_balance", "last_outstanding": "last_balance", "paper_date": "paper_on",
        "suit_on": "sued_on", "accepted": "round_accepted", "to_principal": "recovered_principal",
    }  # fmt: skip

    principal: Fen = Field(None, description="追偿开始时的未还本金（分） / principal unpaid when recourse began")
    recovered: Fen = Field(0, description="此后追回的全部款项（分） / everything recovered since, gross")
    interest: Fen = Field(0, description="欠息（分）：不在补偿之内 / unpaid interest, never compensated")
    approved: Fen = Field(None, description="通过的金额（分） / approved amount")
    disbursed: Fen = Field(None, description="放款金额（分） / disbursed amount")
    judicial_end: Paper = Field(None, description="司法终结文书的种类 / ruling that ends recourse")
    round_accepted: Flag = Field(
        False, description="三家明示接受终结本次执行 / votes accept a ruling that ends one round"
    )
    paper_on: Day = Field(None, description="文书日期 / date of the ruling")
    sued_on: Day = Field(None, description="起诉日 / date of the suit")
    last_balance: Fen = Field(
        None, description="追偿前最后一次余额（分） / outstanding in the last balance before recourse"
    )
    recovered_principal: Fen = Field(
        None, description="法院分配抵本金的（分）：按法院分配时用 / what the court set against principal"
    )
    earlier_claim: Flag = Field(False, description="已申请过补偿 / a claim was made before")


class Lost(NamedTuple):
    """A loss: all of it, the part the fund looks at, why, and the code of a refusal."""

    whole: int
    covered: int
    reasons: list[Reason]
    code: str


def lost(facts: LossFacts, context: Context, share: Fraction | None = None) -> Lost:
    """Return the loss of principal; `share` is the covered part where it is already known."""
    reasons: list[Reason] = []
    code = ""
    recovered = facts.recovered or 0
    if context.parameters["recovery_order"] == "as_court" and facts.recovered_principal is not None:
        recovered = facts.recovered_principal
    if facts.judicial_end is None:
        reasons.append(NO_PAPER.reason(None))
    elif facts.judicial_end == "round_ended":
        rule = ACCEPTED if facts.round_accepted else NOT_ENDED
        reasons.append(rule.reason(bool(facts.round_accepted), PAPERS["round_ended"]))
    else:
        reasons.append(ENDED.reason(True, PAPERS[facts.judicial_end]))
    if facts.paper_on is not None and facts.sued_on is not None and facts.paper_on < facts.sued_on:
        reasons.append(PAPER_EARLY.reason(False, facts.paper_on.isoformat(), facts.sued_on.isoformat()))
    if facts.earlier_claim:
        reasons.append(SECOND.reason(False))
        code = "E_DUPLICATE"
    if facts.last_balance is not None and facts.principal > facts.last_balance:
        more = facts.principal - facts.last_balance
        reasons.append(OVER_BALANCE.reason(False, yuan(facts.principal), yuan(facts.last_balance), yuan(more)))
    whole = max(facts.principal - recovered, 0)
    reasons.append(LOSS.reason(None, yuan(facts.principal), yuan(recovered), yuan(whole)))
    if share is None:
        share = Fraction(1)
        if facts.approved is not None and facts.disbursed and facts.disbursed > facts.approved:
            share = Fraction(facts.approved, facts.disbursed)
    part = int(whole * share // 1)
    if 0 < share < 1 and facts.disbursed:
        reasons.append(LOSS_SHARE.reason(
            None, yuan(facts.disbursed), yuan(facts.approved), yuan(whole), plain(share), yuan(part)))  # fmt: skip
    if facts.interest:
        reasons.append(INTEREST.reason(None, yuan(facts.interest)))
    if whole == 0:
        reasons.append(NO_LOSS.reason(False))
    elif part == 0 and share > 0:
        reasons.append(NO_PART.reason(False))
    return Lost(whole, part, reasons, code)


@ruled(
    key="mitigation_fund.loss",
    title="本金损失多少",
    citation=_LOSS,
    reads=("recovery_order",),
)
def loss(facts: LossFacts, context: Context) -> Verdict:
    """追偿开始时的未还本金，减此后追回的全部款项；多放的按通过金额与放款金额之比；利息和追偿费用不算。

    Value: `result` OK or REFUSE, `loss` that counts, `loss_all` of the whole loan, `interest` compensated (0), in fen.
    """
    if facts.principal is None:
        return undetermined({"principal": "未还本金"}, _LOSS)
    found = lost(facts, context)
    return judged(found.reasons, code=found.code, loss=found.covered, loss_all=found.whole, interest=0)


# --- 6.10 -------------------------------------------------------------------------------------------------------------


class OneClaim(LossFacts):
    """一件补偿申请：损失，或本金和追回。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **LossFacts.SPELLINGS, "id": "claim", "no": "claim", "number": "claim", "claim_no": "claim",
        "passed": "passed_at", "passed_on": "passed_at", "pass_time": "passed_at", "at": "passed_at",
        "instructed": "fixed", "g": "fixed", "already_fixed": "fixed",
    }  # fmt: skip

    claim: Text = Field(None, description="编号 / claim number")
    loss: Fen = Field(None, description="本金损失（分）：代替本金和追回 / loss, instead of principal and recovered")
    passed_at: Moment = Field(None, description="三家通过的时刻 / when it passed")
    fixed: Fen = Field(None, description="首次指令已定的补偿（分） / amount fixed by the first instruction")


class CompensationFacts(OneClaim):
    """专户余额，一件申请或几件。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "principal": 240000001,
                    "recovered": 70000000,
                    "approved": 300000000,
                    "disbursed": 300000000,
                    "balance": 60000000,
                },
                {
                    "balance": 100000000,
                    "claims": [
                        {"claim": "1", "loss": 150000000, "passed_at": "2021-05-06T09:00"},
                        {"claim": "2", "loss": 90000001, "passed_at": "2021-05-06T09:30"},
                    ],
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        **OneClaim.SPELLINGS, "f_b": "balance", "F_b": "balance", "fund": "balance", "fund_balance": "balance",
        "a_b": "balance", "f": "balance", "F": "balance", "commitments": "committed", "other_banks": "elsewhere",
        "balance_elsewhere": "elsewhere", "other_balance": "elsewhere", "other_bank_balance": "elsewhere",
        "drawn_on": "disbursed_on", "disbursed_at": "disbursed_on",
    }  # fmt: skip

    balance: Fen = Field(None, description="该行专户的基金余额（分） / fund balance at this bank")
    committed: Fen = Field(0, description="已定而未在途的补偿（分） / compensation committed, not in transit")
    elsewhere: Fen = Field(0, description="其他银行的余额（分）：不能用 / balance at other banks, of no help")
    covered: Flag = Field(None, description="在基金保障内：默认是 / covered by the fund")
    result: Annotated[Any, Choice({"PASS": "passed", "REJECTED": "reject rejected", "PENDING": ""})] = Field(
        None, description="联审结果：PASS 之外基金不承担 / result of the review"
    )
    disbursed_on: Moment = Field(None, description="放款的日子 / disbursed on")
    claims: list[OneClaim] = Field(
        default_factory=list, description="同一账户的几件申请 / several claims on one account"
    )


@ruled(
    key="mitigation_fund.compensation",
    title="基金补偿多少",
    citation=_LOSS,
    reads=("share_fund", "recovery_order", *FORCE),
    also=("mitigation_fund.claim", "mitigation_fund.compensate", "mitigation_fund.claims"),
)
def compensation(facts: CompensationFacts, context: Context) -> Verdict:
    """本金损失的一半（舍去不足一分），以该行专户的余额为限；余额不足的部分不再补，差额由银行承担。

    几件申请按三家通过的时刻、再按编号先后。Value: `result` PAY or CLOSED, `compensation`, `loss` that counts,
    `loss_all` of the whole loan, `bank_share` of it, `half`, `balance_after`, in fen; of several claims each one's in
    `claims`.
    """
    if facts.balance is None:
        return undetermined({"balance": "专户余额"}, _LOSS)
    rows: Sequence[OneClaim] = facts.claims or [facts]
    if any(one.principal is None and one.loss is None for one in rows):
        return undetermined({"principal": "未还本金或本金损失"}, _LOSS)
    order = sorted(range(len(rows)), key=lambda n: (str(rows[n].passed_at or ""), numbered(rows[n].claim), n))
    left, reasons, shown, code = facts.balance, [], [], ""
    committed = facts.committed or 0
    for n in order:
        one = rows[n]
        share, why, wrong = _share(facts, one, context)
        if one.loss is not None:
            found = Lost(one.loss, one.loss if share else 0, [] if one.loss else [NO_LOSS.reason(False)], "")
        else:
            found = lost(one, context, share)
        code = code or wrong or found.code
        available = max(left - committed, 0)
        paid, half, told = _paid(found, share, one.fixed, available, context)
        left -= paid
        reasons += [*why, *found.reasons, *told]
        shown.append(
            {"claim": one.claim, "loss": found.covered, "half": half, "compensation": paid,
             "bank_share": found.whole - paid, "loss_all": found.whole, "balance_after": left,
             "result": "PAY" if paid else "CLOSED"}
        )  # fmt: skip
    refused = any(reason.ok is False for reason in reasons) and not facts.claims
    if refused and shown[0]["compensation"]:
        left += shown[0]["compensation"]
        shown[0] |= {"compensation": 0, "bank_share": shown[0]["loss_all"], "balance_after": left, "result": "CLOSED"}
    total = sum(one["compensation"] for one in shown)
    outcome = Outcome.REFUSE if refused else Outcome.ALLOW
    if not total:
        reasons.append(NOTHING.reason(None))
    first = shown[0] if not facts.claims else {
        "loss": sum(one["loss"] for one in shown), "loss_all": sum(one["loss_all"] for one in shown),
        "half": sum(one["half"] for one in shown), "compensation": total,
        "bank_share": sum(one["bank_share"] for one in shown), "balance_after": left,
    }  # fmt: skip
    more = {name: value for name, value in first.items() if name not in ("claim", "result")} | {"interest": 0}
    more |= {"claims": shown} if facts.claims else {}
    return answer("PAY" if total else "CLOSED", outcome, reasons, code=code if refused else "", **more)


def _share(facts: CompensationFacts, one: OneClaim, context: Context) -> tuple[Fraction, list[Reason], str]:
    """Return the covered share of a claim's principal, why it is none, and a code."""
    given = {name: getattr(facts, name) for name in ("result", "disbursed_on") if getattr(facts, name) is not None}
    told = CoverageFacts(approved=one.approved, disbursed=one.disbursed, **given)
    share, reasons, code = covered(told, context)
    if facts.covered is False:
        share = Fraction(0)
    if share == 0:
        return share, [*(reason for reason in reasons if reason.ok is False), COVER.reason(False)], code
    return share, [], ""


def _paid(
    found: Lost, share: Fraction, fixed: int | None, available: int, context: Context
) -> tuple[int, int, list[Reason]]:
    """Return what the fund pays of a loss, the half, and why."""
    if share == 0:
        return 0, 0, []
    percent = number(context, "share_fund")
    half = int(found.covered * percent / 100 // 1)
    told = [HALF.reason(None, yuan(found.covered), plain(percent), yuan(half))]
    if fixed is not None:
        told += [FIXED.reason(None, yuan(fixed)), PAID.reason(True, yuan(fixed), yuan(found.whole - fixed))]
        return fixed, half, told
    paid = min(half, available)
    if paid < half:
        told.append(CAPPED.reason(None, yuan(available), yuan(paid)))
    if paid:
        told.append(PAID.reason(True, yuan(paid), yuan(found.whole - paid)))
    return paid, half, told


# --- 6.11 -------------------------------------------------------------------------------------------------------------

SHARED = Rule(_LOSS, "补偿后累计追回{total}，基金累计应得{total}×{paid}÷{loss}＝{fund}（舍去不足一分，不超过已补偿数）")
THIS_TIME = Rule(_LOSS, "此前已给基金{before}，本次给基金{fund}，归银行{bank}")


class RecoveryFacts(Facts):
    """补偿数、本金损失、补偿后追回的款项。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"compensation": 85000000, "loss": 170000001, "recovered": 20000001},
                {"compensation": 60000000, "loss": 170000001, "instalments": [10000000, 10000001]},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "g": "compensation", "G": "compensation", "paid": "compensation", "amount": "recovered",
        "recovery": "recovered", "recoveries": "instalments", "r": "recovered", "R": "recovered", "R'": "recovered",
        "earlier": "before", "recovered_before": "before", "given_before": "fund_before",
    }  # fmt: skip

    compensation: Fen = Field(None, description="基金已补偿（分） / compensation paid")
    loss: Fen = Field(None, description="本金损失（分） / loss")
    recovered: Fen = Field(None, description="本次追回（分） / recovered now")
    instalments: list[Fen] = Field(default_factory=list, description="逐次追回（分），代替本次 / instalments in order")
    before: Fen = Field(0, description="此前累计追回（分） / recovered before, in all")
    fund_before: Fen = Field(None, description="此前已给基金（分）：默认按累计算 / given to the fund before")


@ruled(
    key="mitigation_fund.recovery",
    title="补偿后追回的怎么分",
    citation=_LOSS,
    reads=("share_fund",),
    also=("mitigation_fund.later_recovery", "mitigation_fund.recoveries"),
)
def recovery(facts: RecoveryFacts, context: Context) -> Verdict:
    """基金累计得追回数×补偿数÷本金损失（舍去不足一分，不超过补偿数），其余归银行；每次给累计与已给之差。

    Value: `fund` and `bank` of this time (or of all instalments), `fund_total`, `instalments` one by one, in fen.
    """
    missing = {name: word for name, word in (("compensation", "基金已补偿"), ("loss", "本金损失"))
               if getattr(facts, name) is None}  # fmt: skip
    amounts = facts.instalments or ([] if facts.recovered is None else [facts.recovered])
    if not amounts:
        missing["recovered"] = "追回的款项"
    if missing or not facts.loss:
        return undetermined(missing or {"loss": "本金损失（应大于零）"}, _LOSS)
    most = facts.loss * number(context, "share_fund") / 100 // 1
    if facts.compensation > most:
        said = f"基金已补偿{yuan(facts.compensation)}，大于本金损失中应由基金承担的{yuan(int(most))}，请核对。"
        raise LuoshiError("E_SUM", said, fields={"field": "compensation"})
    total = facts.before or 0
    given = facts.fund_before if facts.fund_before is not None else _due(total, facts.compensation, facts.loss)
    shown, reasons = [], []
    for amount in amounts:
        total += amount
        due = _due(total, facts.compensation, facts.loss)
        part = min(max(due - given, 0), amount)
        reasons.append(SHARED.reason(True, yuan(total), yuan(facts.compensation), yuan(facts.loss), yuan(due)))
        reasons.append(THIS_TIME.reason(None, yuan(given), yuan(part), yuan(amount - part)))
        given += part
        shown.append({"recovered": amount, "fund": part, "bank": amount - part})
    fund = sum(one["fund"] for one in shown)
    bank = sum(one["bank"] for one in shown)
    return answer("OK", Outcome.ALLOW, reasons, fund=fund, bank=bank, fund_total=given, instalments=shown)


def _due(total: int, paid: int, loss: int) -> int:
    """Return the fund's cumulative part of what was recovered."""
    return min(total * paid // loss, paid)
