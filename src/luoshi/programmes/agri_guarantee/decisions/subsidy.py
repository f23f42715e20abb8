"""Interest and fee subsidy: from a budget line of its own, never from the risk fund."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.agri_guarantee.arithmetic import cut
from luoshi.programmes.agri_guarantee.decisions.fields import (
    Count,
    Day,
    Fen,
    Flag,
    Percent,
    Strict,
    plain,
    require_positive,
    shown,
)
from luoshi.programmes.agri_guarantee.decisions.granting import benchmark_of, months_of
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY, percent, ruled, undetermined, whole

_CLAUSE = f"{POLICY} 三(二)"
INACTIVE = Rule(_CLAUSE, "领导小组的补助办法尚未登记，暂不办理补助")
INTEREST = Rule(_CLAUSE, "本金{principal}按基准利率{benchmark}%计{days}天，利息{interest}，补助{rate}%即{part}")
CAPPED = Rule(_CLAUSE, "不超过实付利息{paid}的{rate}%即{part}")
FEE = Rule(_CLAUSE, "实付担保费{fee}，补助{rate}%即{part}")
BOOK = Rule(_CLAUSE, "由专门的预算安排支付，不动用风险补偿基金")


class SubsidyFacts(Strict):
    """A loan, the days really borne, and the fee paid."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"principal": 50_000_000, "months": 24, "days": 365, "fee_paid": 500_000, "rules_active": True},
            ]
        }
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "loan": "principal", "amount": "principal", "b": "benchmark", "benchmark_rate": "benchmark",
        "fee": "fee_paid",
        "guarantee_fee": "fee_paid", "guarantee_fee_paid": "fee_paid", "interest": "interest_paid",
        "active": "rules_active", "rules": "rules_active", "rules_recorded": "rules_active",
        "term_months": "months", "tenor_years": "years", "term_years": "years", "tenor_months": "months",
        "signing_date": "signed_on", "days_borne": "days",
    }  # fmt: skip

    principal: Fen = Field(None, description="本金（分） / principal, fen")
    days: Count = Field(None, description="没有逾期的实际用款天数 / days really borne without overdue")
    benchmark: Percent = Field(None, description="基准利率（%），默认按期限查表 / benchmark; default: by the tenor")
    months: Count = Field(None, description="期限几个月 / tenor in months")
    years: Count = Field(None, description="期限几年 / tenor in years")
    start: Day = Field(None, description="贷款开始之日 / first day")
    end: Day = Field(None, description="到期之日 / maturity")
    signed_on: Day = Field(None, description="签约之日，默认为所问之日 / signing")
    interest_paid: Fen = Field(None, description="实付利息（分） / interest really paid, fen")
    fee_paid: Fen = Field(None, description="实付担保费（分），默认0 / guarantee fee paid, fen")
    rules_active: Flag = Field(None, description="补助办法已登记，默认查参数 / rules recorded; default: the parameter")


@ruled(
    key="agri_guarantee.subsidy",
    title="贴息和担保费补助",
    citation=_CLAUSE,
    reads=("subsidy_rate", "subsidy_rules", "day_count", "benchmark"),
)
def subsidy(facts: SubsidyFacts, context: Context) -> Verdict:
    """按基准利率计的利息补助一半，实付担保费补助一半，从专门预算支付；补助办法登记之前不办理。

    In fen: `benchmark_interest`, `interest_part`, `fee_part`, `total`; `book` SUBSIDY; `result` OK or INACTIVE (what it
    would be then stands under `would_be`).
    """
    values = context.parameters
    active = facts.rules_active if facts.rules_active is not None else values.get("subsidy_rules") is not None
    months = months_of(facts.months, facts.years)
    benchmark = facts.benchmark
    if benchmark is None:
        benchmark = benchmark_of(facts.start, facts.end, months, context, facts.signed_on or context.on)
    if facts.principal is None or facts.days is None or benchmark is None:
        if not active:
            return Verdict({"result": "INACTIVE"}, Outcome.NOT_APPLICABLE, [INACTIVE.reason(False)])
        missing = "本金" if facts.principal is None else "用款天数" if facts.days is None else "期限"
        return undetermined({"result": None}, missing, _CLAUSE)
    require_positive(facts.principal, "本金", "principal")
    rate, year = percent(values, "subsidy_rate"), whole(values, "day_count", 1, 366)
    if facts.days > 40_000:
        raise LuoshiError("E_INPUT", "用款天数过大，请核对。", fields={"field": "days"})
    interest = Fraction(facts.principal) * benchmark / 100 * facts.days / year
    share = interest * rate / 100
    part = share.numerator // share.denominator
    borne = interest.numerator // interest.denominator
    reasons: list[Reason] = [
        INTEREST.reason(
            None, shown(facts.principal), plain(benchmark), facts.days, shown(borne), plain(rate), shown(part)
        )
    ]
    if facts.interest_paid is not None:
        most = cut(rate, facts.interest_paid)
        if most < part:
            part = most
            reasons.append(CAPPED.reason(None, shown(facts.interest_paid), plain(rate), shown(most)))
    fee = facts.fee_paid or 0
    fee_part = cut(rate, fee)
    reasons += [FEE.reason(None, shown(fee), plain(rate), shown(fee_part)), BOOK.reason(None)]
    amounts: dict[str, Any] = {
        "benchmark": plain(benchmark), "benchmark_interest": borne, "interest_part": part, "fee_part": fee_part,
        "total": part + fee_part, "book": "SUBSIDY",
    }  # fmt: skip
    if not active:
        reasons.append(INACTIVE.reason(False))
        return Verdict({"result": "INACTIVE", "would_be": amounts}, Outcome.NOT_APPLICABLE, reasons)
    return Verdict({"result": "OK", **amounts}, Outcome.ALLOW, reasons)
