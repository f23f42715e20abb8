"""6.3, 6.4, 6.12: what a bank may lend on the fund, at what rate at most, and how large the fund may be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Day, Facts, Fen, Number, Text, cut, plain
from luoshi.programmes.mitigation_fund.decisions.settings import FORCE, RULES, in_fen, in_force, number, ruled, yuan

_TERMS = f"{RULES} 第四条"
_MULTIPLE = Rule(_TERMS, "放大倍数{multiple}在{least}至{most}倍之内")
_BAD_MULTIPLE = Rule(_TERMS, "放大倍数{multiple}不在{least}至{most}倍之内")
_CAP = Rule(_TERMS, "基金余额{balance}减已承诺{committed}，乘以{multiple}倍，可贷总额{cap}")
_FITS = Rule(_TERMS, "加上本笔共用{used}，不超过可贷总额{cap}")
_EXCEEDS = Rule(_TERMS, "加上本笔共用{used}，超过可贷总额{cap}，多{more}")
_NOTHING = Rule(_TERMS, "金额应大于零")


class MultipleFacts(Facts):
    """合作协议的放大倍数。"""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [{"multiple": "9.00"}]})

    multiple: Number = Field(None, description="放大倍数 / credit per yuan of fund")


@ruled(
    key="mitigation_fund.agreement",
    title="合作协议的倍数是否可签",
    citation=_TERMS,
    reads=("multiple_min", "multiple_max"),
    also=("mitigation_fund.multiple", "mitigation_fund.bank_agreement"),
)
def agreement(facts: MultipleFacts, context: Context) -> Verdict:
    """倍数在最低和最高之间（含两端）才可签。Value: `result` OK or REFUSE."""
    if facts.multiple is None:
        return undetermined({"multiple": "放大倍数"}, _TERMS)
    return judged([_within(facts.multiple, context)])


def _within(multiple: Fraction, context: Context) -> Any:
    least, most = number(context, "multiple_min"), number(context, "multiple_max")
    good = least <= multiple <= most
    return (_MULTIPLE if good else _BAD_MULTIPLE).reason(good, plain(multiple), plain(least), plain(most))


class FirmUse(Facts):
    """一家企业在这家银行占用的额度。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "name": "firm",
        "approved_undisbursed": "approved",
        "undisbursed": "approved",
    }

    firm: Text = Field(None, description="企业 / firm")
    outstanding: Fen = Field(0, description="贷款余额（分） / outstanding")
    approved: Fen = Field(0, description="已通过未放款（分） / approved but undisbursed")


class CapacityFacts(Facts):
    """银行专户的基金、倍数、已用额度、要放的这一笔。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "balance": 500000000,
                    "multiple": "9.00",
                    "outstanding": 4200000000,
                    "approved": 100000000,
                    "amount": 200000000,
                },
                {
                    "balance": 500000000,
                    "multiple": 9,
                    "firms": [{"firm": "甲", "outstanding": 200000000}],
                    "firm": "甲",
                    "amount": 300000000,
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "fund": "balance", "fund_balance": "balance", "f_b": "balance", "f": "balance", "a_b": "balance",
        "available": "balance", "F_b": "balance", "F": "balance", "commitments": "committed",
        "committed_compensation": "committed", "approved_undisbursed": "approved", "undisbursed": "approved",
        "new": "amount", "new_loan": "amount", "loan": "amount", "requested": "amount", "used": "use", "u_b": "use",
        "in_use": "use", "multiple_b": "multiple", "own_outstanding": "firm_outstanding",
        "renewal_of": "firm_outstanding",
        "old_outstanding": "firm_outstanding",
    }  # fmt: skip

    balance: Fen = Field(None, description="该行专户的基金余额（分） / fund balance at this bank, in fen")
    multiple: Number = Field(None, description="放大倍数 / multiple")
    committed: Fen = Field(0, description="已承诺未在途的补偿（分） / compensation committed, not in transit")
    outstanding: Fen = Field(0, description="贷款余额合计（分） / outstanding of all firms")
    approved: Fen = Field(0, description="已通过未放款合计（分） / approved but undisbursed of all firms")
    use: Fen = Field(None, description="已用额度（分）：直接给出 / use, instead of the two above")
    firms: list[FirmUse] = Field(default_factory=list, description="逐户的占用，代替合计 / use by firm")
    firm: Text = Field(None, description="本笔的企业 / the firm of this loan")
    firm_outstanding: Fen = Field(
        0, description="本企业要先还的旧贷（分）：已含在余额里 / its old loan, among the outstanding"
    )
    amount: Fen = Field(None, description="本笔（分）：不写只算额度 / this loan")


@ruled(
    key="mitigation_fund.capacity",
    title="银行还能放多少",
    citation=_TERMS,
    reads=("multiple_min", "multiple_max"),
    also=("mitigation_fund.bank_capacity", "mitigation_fund.leverage"),
)
def capacity(facts: CapacityFacts, context: Context) -> Verdict:
    """可贷总额为（基金余额减已承诺的补偿）乘倍数，舍去不足一分；每户取余额和已通过未放款中较大的，续贷不重复计。

    Value: `result` OK or REFUSE (`code` E_CAPACITY), `cap`, `use` before, `use_after`, `free`, in fen.
    """
    missing = {name: word for name, word in (("balance", "基金余额"), ("multiple", "放大倍数"))
               if getattr(facts, name) is None}  # fmt: skip
    if missing:
        return undetermined(missing, _TERMS)
    free_fund = max(facts.balance - (facts.committed or 0), 0)
    cap = int(free_fund * facts.multiple // 1)
    by_firm = {one.firm or f"#{n}": max(one.outstanding or 0, one.approved or 0) for n, one in enumerate(facts.firms)}
    use = facts.use
    if by_firm and (facts.outstanding or facts.approved or use is not None):
        raise LuoshiError("E_INPUT", "逐户的占用和合计只写一项，否则重复计算。", fields={"field": "firms"})
    if use is None:
        use = sum(by_firm.values()) + (facts.outstanding or 0) + (facts.approved or 0)
    own = by_firm.get(facts.firm or "", 0) or (facts.firm_outstanding or 0)
    after = use - own + max(own, facts.amount or 0)
    reasons = [
        _within(facts.multiple, context),
        _CAP.reason(None, yuan(facts.balance), yuan(facts.committed or 0), plain(facts.multiple), yuan(cap)),
    ]
    if facts.amount is not None and facts.amount <= 0:
        reasons.append(_NOTHING.reason(False))
    elif facts.amount is not None or use > cap:
        fits = after <= cap
        words = (yuan(after), yuan(cap)) if fits else (yuan(after), yuan(cap), yuan(after - cap))
        reasons.append((_FITS if fits else _EXCEEDS).reason(fits, *words))
    return judged(
        reasons, code="E_CAPACITY" if after > cap else "", cap=cap, use=use, use_after=after, free=max(cap - use, 0)
    )


# --- 6.4 --------------------------------------------------------------------------------------------------------------

_HIGHEST = Rule(_TERMS, "最高年利率{cap}%随一年期基准浮动：{cap}×{bench}÷{base}＝{highest}%")
_RATE_FITS = Rule(_TERMS, "年利率{rate}%不超过最高利率")
_RATE_ABOVE = Rule(_TERMS, "年利率{rate}%超过最高利率{highest}%")
_BENCH_KEPT = Rule(_TERMS, "未给出当日基准，按{bench}%计")


class RateFacts(Facts):
    """利率和当日的一年期基准。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"rate": "7.0000", "bench": "4.35"}, {"bench": "3.85", "base": "4.25", "cap": "7"}]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "benchmark": "bench", "lpr": "bench", "bench_t": "bench", "r": "rate", "rate_base": "base",
        "lpr_switch": "base", "lpr_at_switch": "base", "switch_lpr": "base", "switch_bench": "base",
        "chain_base": "base", "rate_cap": "cap", "cap_at_switch": "cap", "switch_cap": "cap", "chained_at": "base",
    }  # fmt: skip

    rate: Number = Field(None, description="年利率（%）：不写只算最高利率 / yearly rate in percent")
    bench: Number = Field(None, description="当日一年期基准（%） / one-year benchmark of the day, in percent")
    base: Number = Field(
        None, description="所依的基准（%）：改随报价利率时写转换日的 / base, or the one of the switch day"
    )
    cap: Number = Field(
        None, description="所依的最高利率（%）：改随报价利率时写转换日的 / cap, or the one of the switch day"
    )


@ruled(
    key="mitigation_fund.rate",
    title="最高可收多高的利率",
    citation=_TERMS,
    reads=("rate_cap", "rate_base"),
    also=("mitigation_fund.interest_rate", "mitigation_fund.rate_cap", "mitigation_fund.highest_rate"),
)
def rate(facts: RateFacts, context: Context) -> Verdict:
    """最高利率随一年期基准浮动，按准确值比较，显示时舍到万分之一个百分点。

    Value: `result` OK or REFUSE, `highest` in percent (text, cut to four decimals).
    """
    cap = facts.cap if facts.cap is not None else number(context, "rate_cap")
    base = facts.base if facts.base is not None else number(context, "rate_base")
    bench = facts.bench if facts.bench is not None else number(context, "rate_base")
    for name, what, number_ in (("rate", "年利率", facts.rate), ("bench", "当日基准", bench), ("cap", "最高利率", cap)):
        if number_ is not None and number_ < 0:
            raise LuoshiError("E_INPUT", f"“{what}”不得为负，请核对。", fields={"field": name})
    if base <= 0:
        raise LuoshiError("E_INPUT", "“所依的基准”应大于零，请核对。", fields={"field": "base"})
    highest = cap * bench / base
    reasons = [] if facts.bench is not None else [_BENCH_KEPT.reason(None, plain(bench))]
    reasons.append(_HIGHEST.reason(None, plain(cap), plain(bench), plain(base), cut(highest, 4)))
    if facts.rate is None:
        return answer("OK", Outcome.ALLOW, reasons, highest=cut(highest, 4))
    if facts.rate * base <= cap * bench:
        reasons.append(_RATE_FITS.reason(True, plain(facts.rate)))
    else:
        reasons.append(_RATE_ABOVE.reason(False, plain(facts.rate), cut(highest, 4)))
    return judged(reasons, highest=cut(highest, 4))


# --- 6.12 -------------------------------------------------------------------------------------------------------------

_SIZE = f"{RULES} 第六条"
_TOTAL = Rule(_SIZE, "加上本次共拨{total}，不超过总规模{most}")
_TOTAL_OVER = Rule(_SIZE, "加上本次共拨{total}，超过总规模{most}，多{more}")
_YEAR = Rule(_SIZE, "加上本次2019年共拨{total}，不超过当年额度{most}")
_YEAR_OVER = Rule(_SIZE, "加上本次2019年共拨{total}，超过当年额度{most}，多{more}")
_QUOTA_YEAR = 2019


class Transfer(Facts):
    """一次拨入或退回。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "on": "value_on",
        "date": "value_on",
        "value_date": "value_on",
        "day": "value_on",
    }

    amount: Fen = Field(description="金额（分） / amount")
    value_on: Day = Field(None, description="起息日 / value date")

    @property
    def counts_in_quota(self) -> bool:
        """Whether it belongs to the year that has a quota; without a day it does not."""
        return isinstance(self.value_on, date) and self.value_on.year == _QUOTA_YEAR


class AllocationFacts(Facts):
    """本次拨款，和此前的拨入、退回。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "amount": 200000000,
                    "value_on": "2019-09-02",
                    "allocations": [{"amount": 300000000, "value_on": "2019-07-01"}],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "a": "amount", "on": "value_on", "date": "value_on", "value_date": "value_on", "day": "value_on",
        "earlier": "allocations", "previous": "allocations", "allocated": "allocations", "before": "allocations",
        "returns": "returned",
    }  # fmt: skip

    amount: Fen = Field(None, description="本次拨款（分） / this allocation")
    value_on: Day = Field(None, description="起息日：默认按哪一天 / value date")
    allocations: list[Transfer] = Field(default_factory=list, description="此前的拨入 / earlier allocations")
    returned: list[Transfer] = Field(default_factory=list, description="已退回财政的 / money returned to the treasury")
    total: Fen = Field(0, description="此前拨入净额（分）：代替逐笔 / earlier allocations, net, as one figure")
    total_2019: Fen = Field(0, description="其中2019年的（分） / of them with a value date in 2019")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Amounts may stand bare in the lists."""
        for name in ("allocations", "earlier", "previous", "allocated", "before", "returned", "returns"):
            rows = data.get(name)
            if isinstance(rows, list):
                data[name] = [one if isinstance(one, Mapping | Transfer) else {"amount": one} for one in rows]
        return data


@ruled(
    key="mitigation_fund.allocation",
    title="还能拨多少",
    citation=_SIZE,
    reads=("fund_total", "fund_2019", *FORCE),
    also=("mitigation_fund.fund_size", "mitigation_fund.quota", "mitigation_fund.allocate"),
)
def allocation(facts: AllocationFacts, context: Context) -> Verdict:
    """拨入净额加本次不超过总规模；起息日在2019年的，当年净额加本次不超过当年额度。

    Value: `result` OK or REFUSE, `total_after`, `year_after` (2019), `room` before this one, in fen.
    """
    if facts.amount is None:
        return undetermined({"amount": "本次拨款"}, _SIZE)
    day = facts.value_on or context.on
    most, year_most = in_fen(context.parameters, "fund_total"), in_fen(context.parameters, "fund_2019")
    net = facts.total + sum(one.amount for one in facts.allocations) - sum(one.amount for one in facts.returned)
    year = facts.total_2019 + sum(one.amount for one in facts.allocations if one.counts_in_quota)
    year -= sum(one.amount for one in facts.returned if one.counts_in_quota)
    if net < 0:
        raise LuoshiError("E_SUM", f"退回财政的多于拨入的，多{yuan(-net)}，请核对。", fields={"field": "returned"})
    reasons = []
    early, code = in_force(context, "起息日", day)
    if code == "E_NOT_IN_FORCE":
        reasons.append(early)
    else:
        code = ""
    if facts.amount <= 0:
        reasons.append(Rule(_SIZE, "拨款应大于零").reason(False))
    total, in_year = net + facts.amount, year
    good = total <= most
    words = (yuan(total), yuan(most)) if good else (yuan(total), yuan(most), yuan(total - most))
    reasons.append((_TOTAL if good else _TOTAL_OVER).reason(good, *words))
    room = max(most - net, 0)
    if day.year == _QUOTA_YEAR:
        in_year += facts.amount
        good = in_year <= year_most
        words = (
            (yuan(in_year), yuan(year_most)) if good else (yuan(in_year), yuan(year_most), yuan(in_year - year_most))
        )
        reasons.append((_YEAR if good else _YEAR_OVER).reason(good, *words))
        room = min(room, max(year_most - year, 0))
    return judged(reasons, code=code, total_after=total, year_after=in_year, room=room)
