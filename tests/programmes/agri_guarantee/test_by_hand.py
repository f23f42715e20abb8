"""Answers reckoned by hand: limits hit exactly and missed by a fen or a day, facts missing, contradictory or odd."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from luoshi.kernel.decisions import REGISTRY, decide
from luoshi.kernel.errors import LuoshiError
from tests.programmes.agri_guarantee.facts import ON, take
from tests.programmes.facts import within

W = 1_000_000
"""Ten thousand yuan in fen."""
HAVES = {"有建档": "是", "有信用": "是", "有规模": "是", "有经验": "是", "有效益": "是", "有主业": "是", "有需求": "是"}
APPLICANT = {"category": "农民合作社", "in_rushan": "是", "haves": HAVES}
PAPERS = dict.fromkeys(
    ("in_programme", "paid", "payment_form", "payout_notice", "payout_certificate", "not_claimed_before"), "yes"
)
PLACED = {"product": "定期存款", "at_account_bank": "yes", "standing_authorisation": "yes", "demand_free": 1000 * W}
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # who, and what for: words of the document and of a stranger
    ("eligibility", APPLICANT | {"scope": "菜果茶等农林优势特色产业"}, {"result": "ELIGIBLE"}, "二(一)1"),
    ("eligibility", APPLICANT | {"scope": "农资、农机、农技等农业社会化服务"}, {"result": "ELIGIBLE"}, "二(一)1"),
    ("eligibility", APPLICANT | {"scope": "农村新业态"}, {"result": "ELIGIBLE"}, "二(一)1"),
    ("eligibility", APPLICANT | {"scope": "GRAIN", "haves": HAVES | {"有效益": "否", "有需求": "不详"}},
     {"result": "INELIGIBLE", "failing": ["profit"], "unknown": ["need"]}, "二(一)2"),
    # how much
    ("amount", {"category": "COOP", "requested": 10 * W - 1}, {"result": "REFUSE"}, "二(一)2"),
    ("amount", {"category": "COOP", "requested": "10000000分"}, {"result": "OK"}, "二(一)2"),
    ("amount", {"category": "COOP", "requested": 200 * W + 1}, {"result": "REFUSE"}, "二(一)2"),
    ("amount", {"category": "COOP", "requested": "1.5万元", "outstanding": "9万元"}, {"result": "OK"}, "二(一)2"),
    ("amount", {"category": "COOP", "requested": 10 * W, "household": [{"outstanding": 190 * W + 1}]},
     {"result": "REFUSE"}, "二(一)2"),
    ("amount", {"category": "COOP", "mechanised": True, "certified_on": "2018-09-20", "requested": 300 * W},
     {"result": "OK"}, "二(一)2"),
    ("amount", {"category": "COOP", "mechanised": True, "certified_on": "2018-09-21", "requested": 300 * W},
     {"result": "REFUSE"}, "二(一)2"),
    ("amount", {"category": "COOP", "mechanised": True, "outstanding": 300 * W, "requested": 700 * W,
                "project_type": "农田基础设施等提高粮食生产能力的项目"}, {"result": "OK"}, "二(一)2"),
    ("amount", {"category": "LEADING_ENT", "requested": 1}, {"result": "OK"}, "二(一)2"),
    # how long
    ("term", {"start": "2020-02-29", "end": "2023-02-28"}, {"result": "OK"}, "二(一)2"),
    ("term", {"start": "2020-02-29", "end": "2023-03-01"}, {"result": "REFUSE"}, "二(一)2"),
    ("term", {"start": "2019-02-28", "end": "2020-02-27"}, {"result": "OK_WITH_REASON"}, "二(一)2"),
    ("term", {"start": "2018-03-08", "end": "2021-03-09", "ground": "大型农业机具购置项目"},
     {"result": "OK_EXTENDED"}, "二(一)2"),
    ("term", {"start": "2018-03-08", "years": 3}, {"result": "OK", "end": "2021-03-08"}, "二(一)2"),
    ("term", {"months": 37}, {"result": "REFUSE", "start": "2018-09-20"}, "二(一)2"),
    # at what cost: sixty months and a day take the third band
    ("cost", {"category": "COOP", "grain": False, "rate": "5.88", "fee": "1.5", "start": "2019-06-10",
              "end": "2024-06-11"}, {"result": "OK", "rate_ceiling": "5.88"}, "二(一)3"),
    ("cost", {"category": "COOP", "grain": False, "rate": "5.7001", "fee": "1.5", "start": "2019-06-10",
              "end": "2024-06-10"}, {"result": "REASON_REQUIRED", "rate_ceiling": "5.7"}, "二(一)3"),
    ("cost", {"category": "COOP", "rate": "4.35", "fee": "1.2", "months": 12}, {"result": None}, "二(一)3"),
    ("cost", {"category": "COOP", "rate": "4.35", "fee": "1.6", "months": 12},
     {"result": "REFUSE", "fee_ceiling": "1.5"}, "二(一)3"),
    # who bears what
    ("sharing", {"loss": 1}, {"payout": 0, "bank": 1, "compensation": 0, "guarantor": 0}, "三(二)"),
    ("sharing", {"loss": 9}, {"payout": 7, "bank": 2, "compensation": 1, "guarantor": 6}, "第三条"),
    ("sharing", {"loss": 100 * W, "payout": 80 * W + 1}, {"result": "OK", "guarantor": 60 * W + 1}, "三(二)"),
    ("sharing", {"loss": 100 * W, "payout": 80 * W + 2}, {"result": "SEE_DEVIATION"}, "三(二)"),
    ("compensation", {"payouts": [3, 1], **PAPERS}, {"result": "OK", "amount": 1}, "第三条"),
    ("compensation", {"payouts": [3], **PAPERS}, {"result": "REFUSE", "amount": 0}, "第三条"),
    ("compensation", {"payouts": [4], **PAPERS, "in_programme": "no"}, {"result": "REFUSE"}, "第二条"),
    # time: holidays, worked weekends, the last second
    ("tacit", {"received_on": "2019-02-01", "now": "2019-02-03"}, {"last": "2019-02-20"}, "第十二条"),
    ("tacit", {"received_on": "2018-12-28", "now": "2019-01-02"}, {"last": "2019-01-14"}, "第十二条"),
    ("tacit", {"received_on": "2020-04-26", "now": "2020-04-30"}, {"last": "2020-05-12"}, "第十二条"),
    ("tacit", {"received_on": "2018-09-20", "notice_at": "2018-10-10T23:59:59"}, {"result": "E_NOT_YET"}, "第十二条"),
    ("tacit", {"received_on": "2018-09-20", "returned_at": "2018-10-10T16:00", "resubmitted_on": "2018-10-11",
               "now": "2018-10-20"}, {"result": "WAITING", "last": "2018-10-25"}, "第十二条"),
    ("tacit", {"received_on": "2018-09-20", "returned_at": "2018-10-11T09:00", "notice_at": "2018-10-12T09:00"},
     {"result": "TACIT", "payment_due": "2018-10-16"}, "第十二条"),
    ("pay_deadline", {"received_on": "2019-02-01", "paid_on": "2019-02-03"}, {"result": "IN_TIME"}, "第十二条"),
    ("pay_deadline", {"received_on": "2018-12-30"}, {"due": "2019-01-03"}, "第十二条"),
    ("pay_deadline", {"received_on": "2020-09-30"}, {"due": "2020-10-10"}, "第十二条"),
    # halt
    ("halt", {"S": 1, "E": 0}, {"result": "HALT"}, "第十四条"),
    ("halt", {"S": 0, "E": 0}, {"result": "OPEN"}, "第十四条"),
    ("halt", {"S": 15 * W + 1, "E": 100 * W}, {"result": "OPEN", "light": "amber"}, "第十四条"),
    ("halt", {"S": 30 * W, "E": 100 * W - 1, "resumed": True, "paid_before": 30 * W, "existing_before": 100 * W},
     {"result": "HALT"}, "第十四条"),
    ("step", {"step": 8, "halted_at": "2019-06-03T10:00", "signed_at": "2019-06-03T10:00"}, {"result": "REFUSE"},
     "第十四条"),
    # placements, recovery, replenishment, subsidy
    ("placement", {"fund": 980 * W, "placed": 800 * W, "maturing": 17 * W, "amount": W, **PLACED},
     {"result": "OK"}, "第九条"),
    ("placement", {"fund": 980 * W, "placed": 800 * W, "maturing": 16 * W, "amount": 1, **PLACED},
     {"result": "REFUSE"}, "第九条"),
    ("placement", {"fund": 1000 * W, "placed": 800 * W}, {"state": "WITHIN", "room": 0}, "第九条"),
    ("recovery", {"gross": 1, "previous": [{"gross": 4}], "base": "POOL", "compensation": 100},
     {"city": 1, "bank": 0, "guarantor": 0}, "第四条"),
    ("recovery", {"gross": 100 * W + 5, "base": "全部损失", "compensation": 20 * W},
     {"to_fund": 20 * W, "to_suspense": 1}, "第四条"),
    ("replenishment", {"F": 925 * W, "outstanding": 4}, {"exposure": 0, "coverage": None, "proposal": 75 * W},
     "第五条"),
    ("subsidy", {"principal": 50 * W, "days": 365, "months": 24, "interest_paid": 2407985, "rules_active": True},
     {"interest_part": 1203992}, "三(二)"),
    # the book: a city's share waits in suspense until there is compensation, and for what is above it
    ("ledger", {"events": [["J1", 1000], ["J2", 25]]}, {"fund": 1000, "identity": True}, "第三条"),
    ("ledger", {"events": [["J1", 100], ["J3+J4", 17]]}, {"halt": True, "existing_fund": 83, "paid": 17}, "第三条"),
    ("ledger", {"events": [["J1", 100], ["J3", 17]]}, {"halt": False, "existing_fund": 100, "fund": 83}, "第三条"),
    ("ledger", {"events": [["J1", 1000], ["J7", 801]]}, {"result": "REFUSE", "placed": 0}, "第三条"),
    ("ledger", {"events": [["J1", 1000], ["J7", 800], ["J3", 201]]}, {"result": "REFUSE", "free": 200}, "第三条"),
    ("ledger", {"events": [["J1", 1000], ["J3+J4", 20], ["J2", 15], ["J13", 10]]}, {"paid": 10, "fund": 1000},
     "第三条"),
    # who may draw on it: what has nothing to do with the fund's purpose nobody may sign for
    ("authority", {"use": "清偿自身债务", "authorised": "yes"}, {"result": "REFUSE", "booked_to": "1101"}, "第八条"),
    ("authority", {"use": "OTHER", "authorised": "yes"}, {"result": "REFUSE", "booked_to": "1101"}, "第八条"),
    ("authority", {"use": "COMPENSATION", "office": "yes", "company": "no"}, {"result": "REFUSE"}, "第八条"),
    # a fen or a day about every edge: the odd fen, a holiday behind the receipt, the end of a month
    ("sharing", {"loss": 1}, {"payout": 0, "bank": 1, "compensation": 0, "guarantor": 0}, "三(二)"),
    ("sharing", {"loss": 99}, {"payout": 79, "bank": 20, "compensation": 19, "guarantor": 60}, "三(二)"),
    ("sharing", {"loss": 33_333_333}, {"payout": 26_666_666, "bank": 6_666_667, "compensation": 6_666_666}, "三(二)"),
    ("compensation", PAPERS | {"payouts": [1, 1, 1, 1], "compensated": [0, 0, 0]},
     {"amount": 1, "schedule": [0, 0, 0, 1]}, "第三条"),
    ("tacit", {"received_on": "2018-12-27"}, {"last": "2019-01-11"}, "第十二条"),
    ("tacit", {"received_on": "2020-01-26"}, {"last": "2020-02-14"}, "第十二条"),
    ("pay_deadline", {"received_on": "2020-09-30"}, {"due": "2020-10-10"}, "第十二条"),
    ("pay_deadline", {"received_on": "2019-04-26"}, {"due": "2019-04-29"}, "第十二条"),
    ("halt", {"paid": 1, "existing_fund": 5}, {"result": "OPEN"}, "第十四条"),
    ("halt", {"paid": 1, "existing_fund": 4}, {"result": "HALT"}, "第十四条"),
    ("placement", PLACED | {"fund": 99, "placed": 0, "amount": 79}, {"result": "OK"}, "第九条"),
    ("placement", PLACED | {"fund": 99, "placed": 0, "amount": 80}, {"result": "REFUSE"}, "第九条"),
    ("recovery", {"gross": 3, "costs": 0, "base": "SUBROGATED"}, {"city": 0, "guarantor": 3}, "第十三条"),
    ("term", {"start": "2018-03-31", "end": "2021-03-31"}, {"result": "OK"}, "二(一)2"),
    ("term", {"start": "2018-03-31", "end": "2021-04-01"}, {"result": "REFUSE"}, "二(一)2"),
    ("subsidy", {"principal": 30_000_000, "days": 365, "benchmark": "4.35", "interest_paid": 1_000_001,
                 "fee_paid": 450_001, "rules_active": True},
     {"interest_part": 500_000, "fee_part": 225_000, "total": 725_000}, "三(二)"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "facts", "wanted", "clause"), ROWS)
def test_reckoned_by_hand(name: str, facts: dict[str, Any], wanted: dict[str, Any], clause: str) -> None:
    within(take(name, facts), wanted, clause)


@pytest.mark.parametrize(
    ("name", "facts", "code", "said"),
    [
        ("term", {"start": "2018-03-08", "months": 12, "end": "2020-03-08"}, "E_INPUT", "只写一项"),
        ("cost", {"rate": "5", "months": 12, "years": 2}, "E_INPUT", "只写一项"),
        ("sharing", {"loss": 100, "payout": 101}, "E_INPUT", "大于损失"),
        ("sharing", {"loss": 100, "payout": 0}, "E_AMOUNT", "应大于零"),
        ("subsidy", {"principal": 0, "days": 1, "months": 12}, "E_AMOUNT", "应大于零"),
        ("eligibility", {"haves": HAVES | {"有效益": "也许"}}, "E_INPUT", "有效益"),
        ("tacit", {"received_on": "2018-09-20", "approved_at": "2018-09-19"}, "E_INPUT", "早于收到回执"),
        ("ledger", {"events": [["J99", 1]]}, "E_INPUT", "J99"),
        ("ledger", {"events": [["J1", 0]]}, "E_AMOUNT", "J1"),
        ("ledger", {"events": [{"event": "J1", "amount": 1, "account": "1001"}]}, "E_INPUT", "3001"),
        ("pay_deadline", {"received_on": "2003-12-28"}, "E_CALENDAR_MISSING", "2003年"),
    ],
)
def test_what_cannot_be_answered_says_why(name: str, facts: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide(f"agri_guarantee.{name}", facts, ON)
    assert (refused.value.code, said in refused.value.message) == (code, True)


def test_counted_from_the_last_resume_what_is_above_the_line_halts() -> None:
    facts = {"paid": 40 * W + 1, "existing_fund": 100 * W, "resumed": True, "paid_at_resume": 20 * W}
    base = {"halt_base": "last_resume"}
    assert decide("agri_guarantee.halt", facts, ON, base).value["result"] == "HALT"
    assert decide("agri_guarantee.halt", facts | {"paid": 40 * W}, ON, base).value["result"] == "OPEN"


def test_e13_the_book_of_the_fund() -> None:
    events = [
        ["J1", 1_000_000_000], {"event": "J7", "amount": 800_000_000, "account": "定期存款"}, ["J3+J4", 20_000_000],
        ["J8", 123_456], ["J10", 2_000], ["J11", 2_000], ["J2", 5_753_086],
        {"event": "J7", "variant": "到期", "principal": 800_000_000, "yield": 12_000_000}, ["J9", 12_123_456],
    ]  # fmt: skip
    after_interest = take("ledger", {"events": events[:4]}).value
    shown = {code: net for code, net in after_interest["balances"].items() if code in ("1001", "1003", "2002")}
    assert shown == {"1001": 180_123_456, "1003": 800_000_000, "2002": 123_456}
    assert take("ledger", {"events": events[:5]}).value["fund"] == 979_998_000
    end = take("ledger", {"events": events}).value
    assert {code: net for code, net in end["balances"].items() if net} == {
        "1001": 985_753_086, "3001": 1_000_000_000, "3004": 5_753_086, "3101": 20_000_000,
    }  # fmt: skip
    assert (end["fund"], end["paid"], end["identity"]) == (985_753_086, 20_000_000, True)


@pytest.mark.parametrize("key", sorted(key for key in REGISTRY if key.startswith("agri_guarantee.")))
def test_before_the_rules_began_nothing_is_decided_by_them(key: str) -> None:
    facts = REGISTRY[key].schema()["facts"]["examples"][0]
    with pytest.raises(LuoshiError) as refused:
        decide(key, facts, date(2018, 3, 7))
    assert refused.value.code == "E_NOT_IN_FORCE"
    assert decide(key, facts, date(2018, 3, 8)).reasons
