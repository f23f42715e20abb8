"""How a loss is shared, what the fund pays of it, how what is recovered is distributed."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.agri_guarantee.arithmetic import Receipt, cut, distribute, instalments
from luoshi.programmes.agri_guarantee.decisions.fields import (
    BASES,
    Amounts,
    Base,
    Fen,
    Flag,
    Strict,
    Tri,
    plain,
    require_positive,
    shown,
)
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, POLICY, percent, ruled, ruled_fund, undetermined

_SHARING, _RATE, _PAPERS, _RECOVERY = f"{POLICY} 三(二)", f"{FUND} 第三条", f"{FUND} 第十一条", f"{FUND} 第十三条"

# --- 6.5 sharing ------------------------------------------------------------------------------------------------------

SHARED = Rule(_SHARING, "损失{loss}：省农担公司先代偿{payout}，银行承担{bank}")
PAID = Rule(_RATE, "基金补偿代偿金额的{rate}%即{compensation}，省农担公司自担{guarantor}")
DEVIATES = Rule(_SHARING, "实际代偿{payout}是损失的{share}%，市里将承担损失的{city}%，而不是{wanted}%")
SEEN = Rule(_SHARING, "经办人已看到这一偏差")
_NEAR = 1
"""Fen by which a payout may differ from the share without a remark."""


def two_places(number: Fraction) -> str:
    """Return a percentage with two decimals, rounded half up, without trailing noughts."""
    whole = (number * 200 + 1).numerator // ((number * 200 + 1).denominator * 2)
    return plain(Fraction(whole, 100))


class SharingFacts(Strict):
    """A loss, and what was really paid out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"loss": 100_000_000}, {"loss": 100_000_000, "payout": 75_000_000}]}
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "L": "loss", "l": "loss", "loss_base": "loss", "D": "payout", "d": "payout", "paid": "payout",
        "paid_out": "payout", "actual_payout": "payout", "amount_paid": "payout", "seen": "deviation_seen",
    }  # fmt: skip

    loss: Fen = Field(
        None, description="损失基数（分） / loss base L: what the borrower owes and the guarantee covers, fen"
    )
    payout: Fen = Field(None, description="实际代偿（分），默认为应代偿 / amount really paid by the guarantor, fen")
    deviation_seen: Flag = Field(None, description="已看到偏差 / the clerk has seen the deviation")


@ruled(
    key="agri_guarantee.sharing",
    title="代偿损失分担",
    citation=_SHARING,
    reads=("share_guarantor", "share_city", "share_bank", "comp_rate"),
    also=("agri_guarantee.loss_sharing",),
)
def sharing(facts: SharingFacts, context: Context) -> Verdict:
    """一笔损失由省农担公司、市政府、合作银行按比例分担，精确到分；实际代偿与应代偿不同时给出偏差。

    In fen: `payout` (D), `bank`, `compensation` (C, the city's part), `guarantor` (D - C); their sum is `loss`.
    `deviation` tells that D is not the share of L; `result` OK, or SEE_DEVIATION until the clerk has seen it.
    """
    if facts.loss is None:
        return undetermined({"result": None}, "损失基数", _SHARING)
    require_positive(facts.loss, "损失基数", "loss")
    values = context.parameters
    guarantor, city = percent(values, "share_guarantor"), percent(values, "share_city")
    if guarantor + city + percent(values, "share_bank") != 100:
        raise LuoshiError("E_SUM", "三方分担比例之和应为100%。", fields={"parameter": "share_bank"})
    due = cut(guarantor + city, facts.loss)
    payout = due if facts.payout is None else facts.payout
    if due:
        require_positive(payout, "实际代偿", "payout")
    if payout > facts.loss:
        raise LuoshiError(
            "E_INPUT", f"代偿{shown(payout)}大于损失{shown(facts.loss)}，请核对。", fields={"field": "payout"}
        )
    rate = percent(values, "comp_rate")
    compensation = cut(rate, payout)
    deviation = abs(payout - due) > _NEAR
    value: dict[str, Any] = {
        "result": "OK",
        "loss": facts.loss,
        "payout": payout,
        "bank": facts.loss - payout,
        "compensation": compensation,
        "city": compensation,
        "guarantor": payout - compensation,
        "payout_due": due,
        "deviation": deviation,
    }
    reasons = [
        SHARED.reason(None, shown(facts.loss), shown(payout), shown(facts.loss - payout)),
        PAID.reason(None, plain(rate), shown(compensation), shown(payout - compensation)),
    ]
    if not deviation:
        return Verdict(value, Outcome.ALLOW, reasons)
    share = Fraction(payout * 100, facts.loss)
    value |= {"payout_share": two_places(share), "city_share": two_places(share * rate / 100)}
    reasons.append(DEVIATES.reason(facts.deviation_seen or None, shown(payout), value["payout_share"],
                                   value["city_share"], plain(city)))  # fmt: skip
    if facts.deviation_seen:
        reasons.append(SEEN.reason(True))
        return Verdict(value, Outcome.ALLOW, reasons)
    return Verdict(value | {"result": "SEE_DEVIATION"}, Outcome.ALLOW_WITH_CONDITION, reasons)


# --- 6.6 compensation -------------------------------------------------------------------------------------------------

COMPUTED = Rule(_RATE, "累计代偿{paid}的{rate}%为{whole}，此前已补偿{before}，本次补偿{amount}")
NOTHING = Rule(_RATE, "本次补偿为零，没有可以申请的")
NEEDED = {
    "in_programme": Rule(f"{FUND} 第二条", "属于鲁担惠农贷的贷款：{said}"),
    "paid": Rule(_RATE, "代偿款已经支付：{said}"),
    "payment_form": Rule(_PAPERS, "盖章的拨款单：{said}"),
    "payout_notice": Rule(_PAPERS, "代偿通知书复印件：{said}"),
    "payout_certificate": Rule(_PAPERS, "代偿证明书复印件：{said}"),
    "not_claimed_before": Rule(_RATE, "以前没有申请过补偿：{said}"),
}
FLAGGED = Rule(f"{FUND} 第十二条", "{what}：文件没有排除，请办公室在审查期内把握")
_SAID = {True: "是", False: "否", None: "不详"}


class CompensationFacts(Strict):
    """The payouts of a loan, what was compensated before, and what a claim needs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"payouts": [80_000_000]},
                {"payouts": [33_333, 33_333, 33_334], "compensated": [8_333, 8_333], "in_programme": "yes",
                 "paid": "yes", "payment_form": "yes", "payout_notice": "yes", "payout_certificate": "yes",
                 "not_claimed_before": "yes"},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "previous_C": "compensated", "C_previous": "compensated", "compensated_before": "compensated",
        "payout": "payouts", "D": "payouts", "d": "payouts", "paid_amounts": "payouts", "previous": "compensated",
        "previous_compensation": "compensated", "previous_claims": "compensated", "C": "compensated",
        "already_compensated": "compensated", "claims": "compensated", "programme_loan": "in_programme",
        "certificate": "payout_certificate", "notice": "payout_notice", "form": "payment_form",
        "sealed": "payment_form", "over_limit_loan": "over_limit", "in_halt": "halt_period",
        "halt_period_loan": "halt_period",
    }  # fmt: skip

    payouts: Amounts = Field(
        None, description="各次代偿（分），最后一笔为本次 / payouts in order, the last is asked about, fen"
    )
    compensated: Amounts = Field(
        None, description="以前各次补偿（分），默认按公式 / compensated before; default: as computed"
    )
    in_programme: Tri = Field(None, description="属于鲁担惠农贷 / a loan of the programme")
    paid: Tri = Field(None, description="代偿款已经支付 / the payout is paid")
    payment_form: Tri = Field(None, description="有盖章的拨款单 / sealed payment form")
    payout_notice: Tri = Field(None, description="有代偿通知书 / copy of the payout notice")
    payout_certificate: Tri = Field(None, description="有代偿证明书 / copy of the payout certificate")
    not_claimed_before: Tri = Field(None, description="以前没有申请过 / not claimed before")
    over_limit: Flag = Field(False, description="超过限额的贷款 / loan over the limit")
    halt_period: Flag = Field(False, description="暂停期间的贷款 / loan of a halt period")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """`papers` stands for all three papers, `claimed_before` for its opposite."""
        if "papers" in data:
            papers = data.pop("papers")
            data |= dict.fromkeys(("payment_form", "payout_notice", "payout_certificate"), papers)
        for name in ("claimed_before", "already_claimed"):
            if name in data:
                said = data.pop(name)
                data["not_claimed_before"] = None if said is None else said in (False, "no", "否", 0)
        return data


@ruled_fund(
    key="agri_guarantee.compensation",
    title="基金补偿金额",
    citation=_RATE,
    reads=("comp_rate",),
)
def compensation(facts: CompensationFacts, context: Context) -> Verdict:
    """某笔代偿可得的补偿：累计代偿的25%减去以前的补偿，分期代偿既不多也不少一分；并核对申请的条件。

    `amount` in fen, `schedule` that of every payout, `cumulative`; `result` OK, REFUSE (a condition fails, or nothing
    is due); `missing`: conditions not known, `flags`: over_limit, halt_period.
    """
    if not facts.payouts:
        return undetermined({"result": None}, "代偿金额", _RATE)
    for paid in facts.payouts:
        require_positive(paid, "代偿金额", "payouts")
    rate = percent(context.parameters, "comp_rate")
    schedule = instalments(rate, facts.payouts)
    whole = cut(rate, sum(facts.payouts))
    before = sum(schedule[:-1]) if facts.compensated is None else sum(facts.compensated)
    amount = max(whole - before, 0)
    failing = [name for name in NEEDED if getattr(facts, name) is False]
    missing = [name for name in NEEDED if getattr(facts, name) is None]
    reasons = [
        COMPUTED.reason(None, shown(sum(facts.payouts)), plain(rate), shown(whole), shown(before), shown(amount))
    ]
    reasons += [rule.reason(getattr(facts, name), _SAID[getattr(facts, name)]) for name, rule in NEEDED.items()]
    flags = [name for name in ("over_limit", "halt_period") if getattr(facts, name)]
    words = {"over_limit": "超过限额的贷款", "halt_period": "暂停期间的贷款"}
    reasons += [FLAGGED.reason(None, words[name]) for name in flags]
    if amount == 0:
        failing.append("amount")
        reasons.append(NOTHING.reason(False))
    value = {
        "result": "REFUSE" if failing else "OK",
        "amount": amount,
        "cumulative": whole,
        "compensated_before": before,
        "schedule": schedule,
        "failing": failing,
        "missing": missing,
        "flags": flags,
    }
    conditional = Outcome.ALLOW_WITH_CONDITION if missing or flags else Outcome.ALLOW
    return Verdict(value, Outcome.REFUSE if failing else conditional, reasons)


# --- 6.12 recovery ----------------------------------------------------------------------------------------------------

NET = Rule(_RECOVERY, "追回{gross}，费用{costs}，净额{net}；超过追回的费用不由基金负担")
DISTRIBUTED = Rule(f"{FUND} 第四条", "{base}：市里{city}，银行{bank}，省农担公司{guarantor}")
TO_FUND = Rule(f"{FUND} 第四条", "市里部分全部转入基金：本次{now}，每笔贷款累计不超过基金已补偿的{paid}")
WAITS = Rule(f"{FUND} 第四条", "{amount}在待查款项中，等补偿支付或三方商定")
CAP_UNKNOWN = Rule(f"{FUND} 第四条", "没有给出基金已补偿的金额，不能确定多少转入基金")


class ReceiptFacts(Strict):
    """Money recovered and what it cost."""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"R": "gross", "r": "gross", "received": "gross", "amount": "gross",
                                              "K": "costs", "k": "costs", "cost": "costs"}  # fmt: skip

    gross: Fen = Field(0, description="追回（分） / gross, fen")
    costs: Fen = Field(0, description="费用（分） / costs, fen")


class RecoveryFacts(Strict):
    """A recovery of a loan, those before it, and what the fund paid for the loan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"gross": 30_000_000, "costs": 1_234_567, "base": "POOL", "compensation": 20_000_000},
                {"receipts": [{"gross": 10_000_000}, {"gross": 20_000_000, "costs": 1_234_567}], "base": "SUBROGATED",
                 "compensation": 20_000_000},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "R": "gross", "r": "gross", "received": "gross", "recovered": "gross", "K": "costs", "k": "costs",
        "cost": "costs", "C_paid": "compensation", "compensated": "compensation", "claim_base": "base",
        "C": "compensation", "compensation_paid": "compensation",
        "c_paid": "compensation", "paid": "compensation", "recoveries": "receipts", "before": "previous",
        "in_fund": "in_fund_before", "recovered_before": "in_fund_before",
    }  # fmt: skip

    gross: Fen = Field(None, description="追回 R（分） / gross recovered, fen")
    costs: Fen = Field(0, description="费用 K（分） / costs, fen")
    base: Base = Field(None, description="债权范围：POOL 全部损失，SUBROGATED 代偿形成的债权 / claim base")
    previous: tuple[ReceiptFacts, ...] = Field((), description="同一贷款、同一债权以前的追回 / earlier ones, same base")
    receipts: tuple[ReceiptFacts, ...] = Field((), description="或全部追回，最后一笔为本次 / or all of them in order")
    compensation: Fen = Field(None, description="基金已为这笔贷款补偿（分） / what the fund has paid for the loan, fen")
    in_fund_before: Fen = Field(None, description="以前已转入基金的市里部分（分） / city's share in the fund already")
    city_before: Fen = Field(0, description="另一债权范围以前分给市里的（分） / city's share by the other base, fen")


@ruled_fund(
    key="agri_guarantee.recovery",
    title="追偿款分配",
    citation=_RECOVERY,
    reads=("share_city", "share_bank", "comp_rate"),
)
def recovery(facts: RecoveryFacts, context: Context) -> Verdict:
    """追回的钱减去费用，按债权范围分给市里、银行和省农担公司；市里部分转入基金，累计不超过已补偿的。

    In fen: `net`; `city`, `bank`, `guarantor` of this receipt (cumulative shares less what was given before);
    `to_fund` (account 3004), `to_suspense` (2003: waits for compensation or a three-party decision).
    """
    receipts = [Receipt(one.gross, one.costs) for one in (*facts.previous, *facts.receipts)]
    if facts.gross is not None:
        receipts.append(Receipt(facts.gross, facts.costs))
    if not receipts or facts.base is None:
        return undetermined({"result": None}, "债权范围" if receipts else "追回金额", _RECOVERY)
    values = context.parameters
    if facts.base == "POOL":
        shares = distribute(receipts, percent(values, "share_city"), percent(values, "share_bank"))
    else:
        shares = distribute(receipts, percent(values, "comp_rate"), Fraction(0))
    now = shares[-1]
    gross, costs = sum(one.gross for one in receipts), sum(one.costs for one in receipts)
    net = max(receipts[-1].gross - receipts[-1].costs, 0) if len(receipts) == 1 else now.total
    reasons: list[Reason] = [
        NET.reason(None, shown(gross), shown(costs), shown(max(gross - costs, 0))),
        DISTRIBUTED.reason(None, BASES.titles[facts.base], shown(now.city), shown(now.bank), shown(now.guarantor)),
    ]
    value: dict[str, Any] = {
        "result": "OK", "net": net, "city": now.city, "bank": now.bank, "guarantor": now.guarantor,
        "cumulative": {"gross": gross, "costs": costs, "net": max(gross - costs, 0),
                       "city": sum(one.city for one in shares), "bank": sum(one.bank for one in shares),
                       "guarantor": sum(one.guarantor for one in shares)},
        "to_fund": None, "to_suspense": None,
    }  # fmt: skip
    if facts.compensation is None:
        reasons.append(CAP_UNKNOWN.reason(None))
        return Verdict(value, Outcome.ALLOW_WITH_CONDITION, reasons)
    before = sum(one.city for one in shares[:-1]) + facts.city_before
    in_fund = min(before, facts.compensation) if facts.in_fund_before is None else facts.in_fund_before
    to_fund = max(min(now.city, facts.compensation - in_fund), 0)
    value |= {"to_fund": to_fund, "to_suspense": now.city - to_fund}
    reasons.append(TO_FUND.reason(None, shown(to_fund), shown(facts.compensation)))
    if now.city > to_fund:
        reasons.append(WAITS.reason(None, shown(now.city - to_fund)))
    return Verdict(value, Outcome.ALLOW, reasons)
