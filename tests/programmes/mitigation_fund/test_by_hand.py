"""Answers reckoned by hand: limits hit exactly and missed by a fen or a day, facts missing, contradictory or odd."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from luoshi.kernel.decisions import REGISTRY, decide
from luoshi.kernel.errors import LuoshiError
from tests.programmes.facts import within
from tests.programmes.mitigation_fund.facts import take

W = 1_000_000
"""Ten thousand yuan in fen."""
DAY = date(2021, 5, 6)
FIRM = {"board": "全国中小企业股份转让系统(新三板)", "listed_on": "2018-01-01"}
LOANS = [{"start": "2019-07-01", "end": "2020-07-01"}, {"start": "2020-07-08", "end": "2021-07-08"}]
PASSED = {"result": "PASS", "passed_on": "2020-01-10", "disbursed_on": "2020-01-10", "approved": 200 * W}
ENDED = {"judicial_end": "ruling ending enforcement"}
FIRMS = [{"firm": "甲", "outstanding": 500}, {"firm": "乙", "outstanding": 100, "approved": 500}]
ALLOCATED = [{"amount": 300 * W, "value_on": "2019-07-01"}, {"amount": 200 * W, "value_on": "2019-12-30"}]
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # listed on the day, both days, in the window
    ("eligible", FIRM | {"listed_on": "2021-05-06"}, {"result": "ELIGIBLE"}, "第二条"),
    ("eligible", FIRM | {"listed_on": "2021-05-07"}, {"result": "REFUSE"}, "第二条"),
    ("eligible", FIRM | {"delisted_on": "2021-05-07", "disbursed_on": "2021-05-07", "day": "2021-05-06"},
     {"result": "REFUSE"}, "第二条"),
    ("eligible", {"board": "QILU"}, {"result": "UNDETERMINED", "missing": ["listed_on"]}, "第二条"),
    ("eligible", {"board": "QILU", "delisted_on": "2021-05-07"}, {"result": "ELIGIBLE"}, "第二条"),
    ("eligible", FIRM | {"filed_on": "2021-05-01", "window": ["2021-04-01", "2021-04-30"]}, {"result": "REFUSE"},
     "第九条"),
    ("eligible", FIRM | {"disbursed_on": "2023-01-01"}, {"result": "REFUSE", "code": "E_EXPIRED"}, "第十八条"),
    ("ceiling", {"boards": ["齐鲁股权交易中心", "青岛蓝海股权交易中心"], "amount": 300 * W + 1},
     {"result": "REFUSE"}, "第四条"),
    ("ceiling", {"board": "NEEQ", "amount": "50000万元"}, {"result": "REFUSE"}, "第四条"),
    ("ceiling", {"board": "NEEQ", "amount": "500000000分"}, {"result": "OK"}, "第四条"),
    # what a bank may lend
    ("capacity", {"balance": 1, "multiple": "9.99"}, {"cap": 9}, "第四条"),
    ("capacity", {"balance": 150, "multiple": 8, "firms": FIRMS, "firm": "甲", "amount": 700},
     {"result": "OK", "use_after": 1200}, "第四条"),
    ("capacity", {"balance": 150, "multiple": 8, "firms": FIRMS, "firm": "甲", "amount": 701},
     {"result": "REFUSE", "code": "E_CAPACITY"}, "第四条"),
    ("agreement", {"multiple": "7.999"}, {"result": "REFUSE"}, "第四条"),
    ("agreement", {}, {"result": "UNDETERMINED"}, "第四条"),
    ("rate", {"rate": "7.4022", "bench": "4.60"}, {"result": "OK", "highest": "7.4022"}, "第四条"),
    ("rate", {"rate": "7.4023", "bench": "4.60"}, {"result": "REFUSE"}, "第四条"),
    ("rate", {"rate": "6.3412", "lpr": "3.85", "lpr_switch": "4.25", "cap": 7}, {"result": "REFUSE"}, "第四条"),
    # a year, the day before, the day after; leap years
    ("term", {"start": "2020-02-29", "end": "2021-02-26"}, {"result": "REFUSE"}, "第四条"),
    ("term", {"start": "2019-03-01", "end": "2020-02-29"}, {"result": "OK"}, "第四条"),
    ("term", {"start": "2019-02-28", "end": "2020-02-29"}, {"result": "REFUSE"}, "第四条"),
    ("term", {"start": "2021-07-15", "end": "2022-07-15", "loans": LOANS}, {"months_used": 36, "months_left": 0},
     "第四条"),
    ("term", {"start": "2021-07-08", "end": "2022-07-08", "loans": [LOANS[0], LOANS[1] | {"interest": 1}]},
     {"code": "E_OLD_NOT_REPAID"}, "第四条"),
    # votes
    ("review", {"credit_check": "clean", "centre": "pass", "finance": "pass", "silent_days": 600},
     {"result": "PENDING", "waiting": ["tax"]}, "第十一条"),
    ("review", {"credit_check": "clean", "centre": "通过", "finance": "通过", "tax": "通过",
                "queried_on": "2021-04-06"}, {"result": "PASS"}, "第十一条"),
    ("review", {"credit_check": "clean", "centre": "通过", "finance": "通过", "tax": "通过",
                "queried_on": "2021-04-05"}, {"result": "PENDING"}, "第七条"),
    # what is covered
    ("coverage", PASSED | {"disbursed": 200 * W}, {"result": "COVERED", "share": 1}, "第十六条"),
    ("coverage", PASSED | {"disbursed": 300 * W}, {"result": "PARTLY", "share": "2/3"}, "第十六条"),
    ("coverage", PASSED | {"passed_on": "2020-01-11"}, {"result": "UNCOVERED"}, "第十六条"),
    ("coverage", PASSED | {"kind": "其他贷款"}, {"result": "UNCOVERED"}, "第十六条"),
    ("coverage", {}, {"result": "UNDETERMINED"}, "第十六条"),
    ("overdue", {"due": "2020-01-31", "day": "2020-02-29"}, {"days": 29, "duty": False}, "第十四条"),
    ("overdue", {"due": "2021-01-31", "day": "2021-03-02"}, {"days": 30, "duty_from": "2021-03-02"}, "第十四条"),
    # loss and compensation
    ("loss", {"principal": 100, "approved": 200, "disbursed": 300, **ENDED}, {"loss": 66, "loss_all": 100}, "第十五条"),
    ("loss", {"principal": 100, "recovered": 100, **ENDED}, {"result": "REFUSE", "loss": 0}, "第十五条"),
    ("loss", {"principal": 100, "judicial_end": "终结本次执行程序裁定"}, {"result": "REFUSE"}, "第十五条"),
    ("compensation", {"loss": 3, "balance": 500 * W}, {"compensation": 1, "bank_share": 2}, "第十五条"),
    ("compensation", {"loss": 1, "balance": 500 * W}, {"result": "CLOSED", "compensation": 0}, "第十五条"),
    ("compensation", {"loss": 100, "balance": 50, "committed": 1}, {"compensation": 49}, "第十五条"),
    ("compensation", {"loss": 100, "balance": 50, "disbursed_on": "2023-01-01"}, {"compensation": 0}, "第十六条"),
    ("compensation", {"balance": 100, "claims": [
        {"claim": "10", "loss": 90, "passed_at": "2020-01-01T09:30"},
        {"claim": "2", "loss": 150, "passed_at": "2020-01-01T09:30"}]}, {"compensation": 100, "bank_share": 140},
     "第十五条"),
    ("recovery", {"compensation": 50, "loss": 100, "instalments": [1, 1, 1]}, {"fund": 1, "bank": 2}, "第十五条"),
    ("recovery", {"compensation": 50, "loss": 100, "recovered": 200}, {"fund": 50, "bank": 150}, "第十五条"),
    # the size of the fund
    ("allocation", {"amount": 1, "value_on": "2019-12-31", "allocations": ALLOCATED}, {"result": "REFUSE"}, "第六条"),
    ("allocation", {"amount": 1, "value_on": "2019-12-31", "allocations": ALLOCATED,
                    "returned": [{"amount": 1, "value_on": "2020-01-02"}]}, {"result": "REFUSE"}, "第六条"),
    ("allocation", {"amount": 500 * W, "value_on": "2020-01-01", "allocations": ALLOCATED},
     {"result": "OK", "total_after": 1000 * W}, "第六条"),
    ("allocation", {"amount": 1, "value_on": "2019-06-03"}, {"code": "E_NOT_IN_FORCE"}, "第十八条"),
    ("validity", {"passed_on": "2022-12-30", "disbursed_on": "2023-01-01"}, {"code": "E_EXPIRED"}, "第十八条"),
    # a fen or a day about every edge: the odd fen is the bank's, the thirtieth day, a year from the end of a month
    ("compensation", {"principal": 3, "recovered": 0, "balance": 100, "judicial_end": "enforcement_ended"},
     {"compensation": 1, "bank_share": 2}, "第十五条"),
    ("compensation", {"principal": 3000, "recovered": 0, "balance": 1000, "committed": 400,
                      "judicial_end": "enforcement_ended"}, {"compensation": 600, "bank_share": 2400}, "第十五条"),
    ("recovery", {"compensation": 1, "loss": 3, "instalments": [2, 1]}, {"fund": 1}, "第十五条"),
    ("term", {"start": "2019-06-30", "end": "2020-06-29"}, {"result": "OK"}, "第四条"),
    ("term", {"start": "2019-06-30", "end": "2020-07-01"}, {"result": "REFUSE"}, "第四条"),
    ("term", {"start": "2020-02-28", "end": "2021-02-28"}, {"result": "OK"}, "第四条"),
    ("term", {"start": "2020-02-28", "end": "2021-03-01"}, {"result": "REFUSE"}, "第四条"),
    ("overdue", {"due": "2019-12-31", "day": "2020-01-29"}, {"days": 29, "duty": False}, "第十四条"),
    ("overdue", {"due": "2020-02-01", "day": "2020-03-02"}, {"days": 30, "duty": True}, "第十四条"),
    ("rate", {"bench": "3.85", "rate": "6.1954"}, {"result": "OK", "highest": "6.1954"}, "第四条"),
    ("rate", {"bench": "3.85", "rate": "6.1955"}, {"result": "REFUSE"}, "第四条"),
    ("capacity", {"balance": 1, "multiple": "8.99", "use": 0, "amount": 8}, {"result": "OK", "cap": 8}, "第四条"),
    ("capacity", {"balance": 1, "multiple": "8.99", "use": 0, "amount": 9}, {"result": "REFUSE"}, "第四条"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "facts", "wanted", "clause"), ROWS)
def test_reckoned_by_hand(name: str, facts: dict[str, Any], wanted: dict[str, Any], clause: str) -> None:
    within(take(name, facts, DAY), wanted, clause)


def test_of_claims_that_passed_at_one_moment_the_lower_number_goes_first() -> None:
    rows = [{"claim": one, "loss": 150, "passed_at": "2020-01-01T09:30"} for one in ("10", "2")]
    shown = take("compensation", {"balance": 100, "claims": rows}, DAY).value["claims"]
    assert [(one["claim"], one["compensation"]) for one in shown] == [("2", 75), ("10", 25)]


@pytest.mark.parametrize(
    ("name", "facts", "code", "said"),
    [
        ("eligible", FIRM | {"delisted_on": "2017-12-31"}, "E_INPUT", "早于挂牌日"),
        ("eligible", FIRM | {"in_rushan": True, "town": "371082100"}, "E_INPUT", "371082100"),
        ("capacity", {"balance": 1, "multiple": 9, "outstanding": 1, "firms": FIRMS}, "E_INPUT", "只写一项"),
        ("rate", {"rate": "-1"}, "E_INPUT", "不得为负"),
        ("rate", {"rate": "7", "base": 0}, "E_INPUT", "应大于零"),
        ("term", {"start": "2020-07-01", "end": "2019-07-01"}, "E_INPUT", "不晚于起始日"),
        ("validity", {"applied_on": "2020-01-03", "passed_on": "2020-01-02"}, "E_INPUT", "早于申请日"),
        ("recovery", {"compensation": 51, "loss": 100, "recovered": 1}, "E_SUM", "0.50元"),
        ("allocation", {"amount": 1, "returned": [{"amount": 5}]}, "E_SUM", "多于拨入"),
        ("ledger", {"events": [{"event": "J99", "amount": 1}]}, "E_INPUT", "J99"),
        ("ledger", {"events": [{"event": "J1", "amount": 0}]}, "E_AMOUNT", "J1"),
    ],
)
def test_what_cannot_be_answered_says_why(name: str, facts: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide(f"mitigation_fund.{name}", facts, DAY)
    assert (refused.value.code, said in refused.value.message) == (code, True)


def test_amounts_among_the_parameters_are_yuan_as_the_rules_print_them() -> None:
    facts = {"amount": 600 * W, "value_on": "2019-12-31"}
    assert decide("mitigation_fund.allocation", facts, DAY).value["result"] == "REFUSE"
    assert decide("mitigation_fund.allocation", facts, DAY, {"fund_2019": 6_000_000}).value["result"] == "OK"
    assert (
        decide("mitigation_fund.ceiling", {"board": "NEEQ"}, DAY, {"cap_neeq": "5000000.5"}).value["ceiling"]
        == 500000050
    )


@pytest.mark.parametrize("key", sorted(key for key in REGISTRY if key.startswith("mitigation_fund.")))
def test_before_the_rules_began_nothing_is_decided_by_them(key: str) -> None:
    if key in ("mitigation_fund.eligible", "mitigation_fund.validity"):
        return  # They answer for each day told.
    with pytest.raises(LuoshiError) as refused:
        decide(key, REGISTRY[key].schema()["facts"]["examples"][0], date(2019, 6, 3))
    assert refused.value.code == "E_NOT_IN_FORCE"
