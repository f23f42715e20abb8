"""The worked examples X1 to X15 as tables, and what must hold for any figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.mitigation_fund.decisions.settings import PARAMETERS
from luoshi.programmes.mitigation_fund.postings import EVENTS, identity
from luoshi.site.parameter_words import shown
from tests.programmes.mitigation_fund.facts import take, value, yuan

M = 1_000_000_00
"""A million yuan in fen."""


@pytest.mark.parametrize(
    ("board", "amount", "result"),
    [
        ("NEEQ", "5000000.00", "OK"),
        ("NEEQ", "5000000.01", "REFUSE"),
        ("QILU", "3000000.00", "OK"),
        ("QILU", "3000000.01", "REFUSE"),
        ("BLUE_OCEAN", "3000000.00", "OK"),
        ("蓝海", "3000000.01", "REFUSE"),
        ("SSE", "1.00", "REFUSE"),
        ("NEEQ", "0.00", "REFUSE"),
    ],
)
def test_x1_ceiling(board: str, amount: str, result: str) -> None:
    assert value("ceiling", {"board": board, "amount": yuan(amount)})["result"] == result
    assert value("ceiling", {"board": board, "amount_yuan": amount})["result"] == result
    assert value("ceiling", {"board": board, "amount": amount})["result"] == result


def test_x1_both_boards_take_the_higher() -> None:
    assert value("ceiling", {"boards": ["QILU", "NEEQ"], "amount": yuan("5000000.00")})["ceiling"] == 5 * M


def test_amounts_with_a_point_are_not_guessed() -> None:
    with pytest.raises(LuoshiError) as refused:
        take("ceiling", {"board": "NEEQ", "amount": 5000000.01})
    assert refused.value.code == "E_INPUT"


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"board": "NEEQ", "delisted_on": "2020-05-06", "disbursed_on": "2020-05-06"}, "REFUSE"),
        ({"board": "NEEQ", "delisted_on": "2020-05-07", "disbursed_on": "2020-05-06"}, "ELIGIBLE"),
        ({"board": "NEEQ", "listed_on": "2020-05-06", "day": "2020-05-06"}, "ELIGIBLE"),
        ({"board": "NEEQ", "listed_on": "2020-05-07", "day": "2020-05-06"}, "REFUSE"),
        ({"board": "NEEQ", "day": "2020-05-06", "disbursed_on": "2020-06-01", "delisted_on": "2020-05-20"}, "REFUSE"),
        ({"board": "上海证券交易所", "listed_on": "2019-01-01", "day": "2020-05-06"}, "REFUSE"),
        ({"board": "NEEQ", "listed_on": "2019-01-01", "in_rushan": False}, "REFUSE"),
        ({"board": "NEEQ", "listed_on": "2019-01-01", "town": "371082001"}, "REFUSE"),
        ({"board": "NEEQ", "listed_on": "2019-01-01", "sme": False}, "ELIGIBLE"),
        ({"board": "NEEQ", "filed_on": "2020-04-30", "window": ["2020-04-01", "2020-04-30"]}, "UNDETERMINED"),
        ({"board": "NEEQ", "listed_on": "2019-01-01", "filed_on": "2020-04-30",
          "window": ["2020-04-01", "2020-04-30"]}, "ELIGIBLE"),
        ({"board": "NEEQ", "filed_on": "2020-05-01", "window": ["2020-04-01", "2020-04-30"]}, "REFUSE"),
        ({"day": "2020-05-06"}, "UNDETERMINED"),
    ],
)  # fmt: skip
def test_x1_eligible(facts: dict[str, Any], result: str) -> None:
    assert value("eligible", facts)["result"] == result


@pytest.mark.parametrize(
    ("multiple", "result"), [("7.99", "REFUSE"), ("8.00", "OK"), ("10.00", "OK"), ("10.01", "REFUSE")]
)
def test_x2_multiple(multiple: str, result: str) -> None:
    assert value("agreement", {"multiple": multiple})["result"] == result


@pytest.mark.parametrize(("amount", "result"), [("2000000.00", "OK"), ("2000000.01", "REFUSE")])
def test_x2_capacity(amount: str, result: str) -> None:
    facts = {"balance": 5 * M, "multiple": "9.00", "outstanding": 42 * M, "approved": M, "amount": yuan(amount)}
    found = value("capacity", facts)
    assert (found["cap"], found["result"]) == (45 * M, result)
    assert found.get("code", "") == ("" if result == "OK" else "E_CAPACITY")


def test_x3_a_renewal_counts_once() -> None:
    firms = [{"firm": "甲", "outstanding": 2 * M, "approved": 3 * M}]
    assert value("capacity", {"balance": M, "multiple": 9, "firms": firms})["use"] == 3 * M
    facts = {"balance": M, "multiple": 9, "outstanding": 2 * M, "firm_outstanding": 2 * M, "amount": 3 * M}
    assert value("capacity", facts)["use_after"] == 3 * M


@pytest.mark.parametrize(
    ("old", "drawn", "code"),
    [
        ({"principal": 1}, "2020-07-08", "E_OLD_NOT_REPAID"),
        ({"interest": 1}, "2020-07-08", "E_OLD_NOT_REPAID"),
        ({"repaid_at": "2020-07-08T10:00"}, "2020-07-08T15:00", None),
        ({"repaid_at": "2020-07-08T15:00"}, "2020-07-08T10:00", "E_OLD_NOT_REPAID"),
        ({"repaid_at": "2020-07-08"}, "2020-07-08", None),
        ({"repaid_at": "2020-07-09"}, "2020-07-08", "E_OLD_NOT_REPAID"),
    ],
)
def test_x3_the_old_loan_first(old: dict[str, Any], drawn: str, code: str | None) -> None:
    new = {"start": "2020-07-08", "end": "2021-07-08", "drawn_at": drawn}
    assert value("term", new | {"loans": [{"start": "2019-07-01"} | old]}).get("code") == code
    assert value("term", new | old).get("code") == code  # what is owed may stand beside the new loan


def test_what_is_owed_beside_loans_listed_one_by_one_is_refused() -> None:
    loans = [{"start": "2019-07-01", "end": "2020-07-01"}]
    with pytest.raises(LuoshiError) as caught:
        take("term", {"start": "2020-07-08", "loans": loans, "principal": 1})
    assert caught.value.fields == {"field": "principal"}


@pytest.mark.parametrize(
    ("facts", "highest", "result"),
    [
        ({"bench": "4.35", "rate": "7.0000"}, "7.0000", "OK"),
        ({"bench": "4.35", "rate": "7.0001"}, "7.0000", "REFUSE"),
        ({"bench": "4.60", "rate": "7.4000"}, "7.4022", "OK"),
        ({"bench": "4.60", "rate": "7.4100"}, "7.4022", "REFUSE"),
        ({"bench": 4.10}, "6.5977", "OK"),
        ({"lpr": "3.85", "lpr_switch": "4.25", "cap": 7}, "6.3411", "OK"),
    ],
)
def test_x4_rate(facts: dict[str, Any], highest: str, result: str) -> None:
    found = value("rate", facts)
    assert (found["highest"], found["result"]) == (highest, result)


def test_x5_votes() -> None:
    asked = {"credit_check": "clean", "centre": "pass", "finance": "pass"}
    silent = take("review", {**asked, "tax": "silent", "silent_days": 60})
    assert (silent.value["result"], silent.value["waiting"], silent.outcome) == (
        "PENDING",
        ["tax"],
        Outcome.UNDETERMINED,
    )
    assert value("review", {**asked, "tax": "reject"})["result"] == "REJECTED"
    assert value("review", {**asked, "tax": "pass"})["result"] == "PASS"
    dishonest = value("review", {"credit_check": "dishonest"})
    assert (dishonest["result"], dishonest["circulated"], dishonest["waiting"]) == ("REJECTED", False, [])
    assert value("review", {**asked, "tax": "pass", "credit_check": "unreachable"})["result"] == "PENDING"
    assert value("review", {"credit_check": "clean"})["circulated"]
    paid = value("compensation", {"result": "REJECTED", "principal": M, "recovered": 0, "balance": 5 * M})
    assert (paid["result"], paid["compensation"], paid["bank_share"]) == ("CLOSED", 0, M)
    assert value("coverage", {"result": "REJECTED", "disbursed_on": "2020-03-05"})["result"] == "UNCOVERED"


def test_of_what_is_no_loan_the_platform_is_not_asked() -> None:
    three = dict.fromkeys(("centre", "finance", "tax"), "pass")
    taken = take("review", {"platform": False, **three})
    assert (taken.value["result"], [one.text for one in taken.reasons if "信用平台" in one.text]) == ("PASS", [])
    assert value("review", {"platform": False, **three, "tax": "silent"})["result"] == "PENDING"
    assert value("review", {"platform": False, "finance": "reject"})["result"] == "REJECTED"


def test_votes_out_of_order_or_twice_are_refused() -> None:
    check = {"credit_check": {"result": "clean", "queried_at": "2020-05-20T09:00"}}
    votes = [{"organ": "市财政局", "vote": "pass", "at": "2020-05-20T08:00"}]
    assert value("review", {**check, "votes": votes})["code"] == "E_STATE"
    twice = [{"organ": "tax", "vote": "pass"}, {"organ": "tax", "vote": "reject"}]
    assert value("review", {**check, "votes": twice})["code"] == "E_DUPLICATE"
    rounds = [{"organ": "tax", "vote": "reject"}] + [
        {"organ": organ, "vote": "pass", "round": 2} for organ in ("centre", "finance", "tax")
    ]
    assert value("review", {**check, "votes": rounds, "day": "2020-06-19"})["result"] == "PASS"
    assert value("review", {**check, "votes": rounds, "day": "2020-06-20"})["result"] == "PENDING"


def test_x6_line() -> None:
    three = [
        {"start": "2019-07-01", "end": "2020-07-01"},
        {"start": "2020-07-08", "end": "2021-07-08"},
        {"start": "2021-07-15", "end": "2022-07-15"},
    ]
    found = value("term", {"loans": three})
    assert (found["result"], [one["result"] for one in found["loans"]], found["months_used"]) == ("OK", ["OK"] * 3, 36)
    assert value("term", {**three[2], "loans": three[:2]})["months_used"] == 36
    fourth = {"start": "2022-07-20", "end": "2023-07-20"}
    assert value("term", {**fourth, "loans": three})["code"] == "E_LINE_FULL"
    assert value("line", {"loans": [*three, fourth]})["code"] == "E_LINE_FULL"


@pytest.mark.parametrize(
    ("start", "end", "result"),
    [
        ("2020-02-29", "2021-02-28", "OK"),
        ("2020-02-29", "2021-02-27", "OK"),
        ("2020-02-29", "2021-03-01", "REFUSE"),
        ("2019-07-01", "2020-06-01", "REFUSE"),
        ("2019-07-01", "2020-06-30", "OK"),
        ("2019-07-01", "2020-07-02", "REFUSE"),
    ],
)
def test_x6_term(start: str, end: str, result: str) -> None:
    assert value("term", {"start": start, "end": end})["result"] == result


def test_x6_eleven_months() -> None:
    assert value("term", {"months": 11})["result"] == "REFUSE"


def test_a_loan_begins_when_it_is_disbursed() -> None:
    given = {"start": "2020-07-08", "end": "2021-07-08"}
    assert value("term", {**given, "drawn_at": "2020-07-08T15:00"})["result"] == "OK"
    assert value("term", {**given, "drawn_at": "2020-07-09"})["result"] == "REFUSE"


@pytest.mark.parametrize(
    ("due", "day", "days", "duty", "duty_from"),
    [
        ("2020-03-10", "2020-04-08", 29, False, "2020-04-09"),
        ("2020-03-10", "2020-04-09", 30, True, "2020-04-09"),
        ("2020-01-31", "2020-03-01", 30, True, "2020-03-01"),
        ("2020-01-31", "2020-01-31", 0, False, "2020-03-01"),
    ],
)
def test_x7_overdue(due: str, day: str, days: int, duty: bool, duty_from: str) -> None:
    found = value("overdue", {"due": due, "day": day})
    assert (found["days"], found["duty"], found["duty_from"]) == (days, duty, duty_from)


def test_x7_the_report_is_reminded_of_five_working_days_after_the_thirtieth_day() -> None:
    # 2020-04-09 is a Thursday.
    assert value("overdue", {"due": "2020-03-10", "day": "2020-04-08"})["report_by"] == "2020-04-16"


X8 = {"principal": 240000001, "recovered": 70000000, "approved": 3 * M, "disbursed": 3 * M, "interest": 12345678,
      "judicial_end": "终结执行裁定"}  # fmt: skip


def test_x8_loss() -> None:
    assert value("loss", X8)["loss"] == yuan("1700000.01")
    found = value("compensation", {**X8, "balance": 5 * M})
    assert (found["compensation"], found["bank_share"], found["interest"]) == (yuan("850000.00"), yuan("850000.01"), 0)


def test_x9_cap() -> None:
    found = value("compensation", {**X8, "balance": yuan("600000.00"), "elsewhere": 4 * M})
    assert (found["compensation"], found["bank_share"], found["balance_after"]) == (60000000, yuan("1100000.01"), 0)
    assert value("compensation", {**X8, "balance": 5 * M, "fixed": 60000000})["compensation"] == 60000000


def test_x10_two_claims() -> None:
    claims = [
        {"claim": "2", "loss": yuan("900000.01"), "passed_at": "2021-05-06T09:30"},
        {"claim": "1", "loss": yuan("1500000.00"), "passed_at": "2021-05-06T09:00"},
    ]
    found = value("compensation", {"balance": M, "claims": claims})["claims"]
    assert [one["claim"] for one in found] == ["1", "2"]
    assert [(one["half"], one["compensation"], one["bank_share"]) for one in found] == [
        (yuan("750000.00"), yuan("750000.00"), yuan("750000.00")),
        (yuan("450000.00"), yuan("250000.00"), yuan("650000.01")),
    ]


def test_x11_overdraw() -> None:
    facts = {"approved": 2 * M, "disbursed": yuan("2500000.00"), "principal": yuan("2500000.00"), "recovered": M // 2}
    lost = value("loss", facts)
    assert (lost["loss"], lost["loss_all"]) == (yuan("1600000.00"), 2 * M)
    found = value("compensation", {**facts, "balance": 5 * M})
    assert found["compensation"] == yuan("800000.00")
    assert (found["loss_all"], found["bank_share"]) == (2 * M, yuan("1200000.00"))
    assert value("coverage", {**{k: facts[k] for k in ("approved", "disbursed")}, "passed": True})["share"] == "0.8"


@pytest.mark.parametrize(
    ("paid", "fund", "bank"),
    [("850000.00", "100000.00", "100000.01"), ("600000.00", "70588.23", "129411.78")],
)
def test_x12_later_recovery(paid: str, fund: str, bank: str) -> None:
    facts = {"compensation": yuan(paid), "loss": yuan("1700000.01"), "recovered": yuan("200000.01")}
    found = value("recovery", facts)
    assert (found["fund"], found["bank"]) == (yuan(fund), yuan(bank))


X13 = [["J1", 3 * M], ["J1", 2 * M], ["J7", 432109], ["J3+J4", 85000000], ["J6", 10000000]]


def test_x13_ledger() -> None:
    found = value("ledger", {"multiple": 9, "events": X13})
    assert found["balances"] == {
        "1001": yuan("4254321.09"), "2001": 0, "2002": 432109, "3001": 5 * M, "3002": yuan("100000.00"),
        "3101": yuan("850000.00"),
    }  # fmt: skip
    assert (found["F"], found["cap"]) == (yuan("4250000.00"), yuan("38250000.00"))
    after = value("ledger", {"multiple": 9, "events": [*X13, {"event": "J8", "to": "fund", "amount": 432109}]})
    assert (after["balances"]["2002"], after["balances"]["3003"]) == (0, 432109)
    assert (after["F"], after["cap"]) == (yuan("4254321.09"), yuan("38288889.81"))


def test_money_moves_between_banks_and_never_below_nothing() -> None:
    events = [
        {"event": "J1", "bank": "b", "amount": 500},
        {"event": "J2", "bank": "b", "to": "c", "amount": 300},
        {"event": "J3", "bank": "b", "amount": 200},
    ]
    found = value("ledger", {"events": events, "multiple": 8})
    assert (found["banks"]["b"]["fund"], found["banks"]["c"]["fund"], found["result"]) == (0, 300, "OK")
    spent = value("ledger", {"events": [*events, {"event": "J3", "bank": "b", "amount": 1}]})
    assert (spent["result"], spent["code"], spent["banks"]["b"]["fund"]) == ("REFUSE", "E_CAPACITY", 0)


@pytest.mark.parametrize(
    ("amount", "value_on", "earlier", "result"),
    [
        ("2000000.00", "2019-10-08", ["3000000.00"], "OK"),
        ("0.01", "2019-12-31", ["3000000.00", "2000000.00"], "REFUSE"),
        ("5000000.00", "2020-01-02", ["3000000.00", "2000000.00"], "OK"),
        ("0.00", "2020-01-02", [], "REFUSE"),
    ],
)
def test_x14_quota(amount: str, value_on: str, earlier: list[str], result: str) -> None:
    before = [{"amount": yuan(one), "value_on": "2019-07-01"} for one in earlier]
    assert (
        value("allocation", {"amount": yuan(amount), "value_on": value_on, "allocations": before})["result"] == result
    )


def test_x14_total() -> None:
    before = [{"amount": 5 * M, "value_on": "2019-07-01"}, {"amount": 5 * M, "value_on": "2020-01-02"}]
    full = {"amount": 1, "value_on": "2020-01-03", "allocations": before}
    assert value("allocation", full)["result"] == "REFUSE"
    assert value("allocation", {**full, "returned": [{"amount": 1, "value_on": "2020-01-02"}]})["result"] == "OK"


@pytest.mark.parametrize(
    ("facts", "result", "code"),
    [
        ({"passed_on": "2022-12-30", "disbursed_on": "2022-12-31", "claimed_on": "2024-03-01"}, "OK", None),
        ({"passed_on": "2022-12-30", "disbursed_on": "2023-01-01"}, "REFUSE", "E_EXPIRED"),
        ({"applied_on": "2019-06-03"}, "REFUSE", "E_NOT_IN_FORCE"),
        ({"applied_on": "2019-06-04"}, "OK", None),
        ({"claimed_on": "2024-03-01"}, "UNDETERMINED", None),
    ],
)
def test_x15_validity(facts: dict[str, Any], result: str, code: str | None) -> None:
    for on in (date(2018, 6, 3), date(2019, 6, 3), date(2026, 1, 5)):
        found = value("validity", facts, on)
        assert (found["result"], found.get("code")) == (result, code)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"last_balance": 240000000}, None),
        ({"judicial_end": "终结本次执行程序裁定"}, None),
        ({"paper_on": "2020-01-01", "sued_on": "2020-01-02"}, None),
        ({"earlier_claim": True}, "E_DUPLICATE"),
        ({"recovered": 240000001}, None),
    ],
)
def test_claims_that_are_refused(more: dict[str, Any], code: str | None) -> None:
    taken = take("compensation", {**X8, "balance": 5 * M, **more})
    assert (taken.outcome, taken.value["compensation"], taken.value.get("code")) == (Outcome.REFUSE, 0, code)


def test_a_covered_part_below_one_fen_is_no_loss() -> None:
    facts = {"principal": 1, "recovered": 0, "approved": 200, "disbursed": 250}
    taken = take("loss", facts)
    assert (taken.outcome, taken.value["loss"], taken.value["loss_all"]) == (Outcome.REFUSE, 0, 1)
    assert "不足一分" in taken.reasons[-1].text
    assert value("compensation", {**facts, "balance": M})["result"] == "CLOSED"
    # Two fen of which one is covered are a loss, though the fund's half of it is nothing.
    assert value("loss", {**facts, "principal": 2})["result"] == "OK"


def test_a_round_that_ended_may_be_accepted_expressly() -> None:
    facts = {**X8, "judicial_end": "round_ended", "round_accepted": True, "balance": 5 * M}
    assert value("compensation", facts)["compensation"] == yuan("850000.00")


FEN = st.integers(0, 10**12)


@settings(max_examples=150, deadline=None)
@given(principal=FEN, recovered=FEN, balance=FEN, committed=FEN)
def test_the_fund_never_pays_above_half_or_its_balance(
    principal: int, recovered: int, balance: int, committed: int
) -> None:
    facts = {"principal": principal, "recovered": recovered, "balance": balance, "committed": committed}
    found = value("compensation", facts)
    loss = max(principal - recovered, 0)
    assert found["compensation"] == min(loss // 2, max(balance - committed, 0))
    assert found["compensation"] + found["bank_share"] == loss == found["loss"]
    assert found["balance_after"] == balance - found["compensation"]


@settings(max_examples=100, deadline=None)
@given(
    paid=st.integers(1, 10**9),
    more=st.integers(0, 10**9),
    parts=st.lists(st.integers(0, 10**8), min_size=1, max_size=8),
)
def test_instalments_give_what_one_sum_gives(paid: int, more: int, parts: list[int]) -> None:
    facts = {"compensation": paid, "loss": 2 * paid + more}
    whole = value("recovery", {**facts, "recovered": sum(parts)})
    split = value("recovery", {**facts, "instalments": parts})
    assert (whole["fund"], whole["bank"]) == (split["fund"], split["bank"])
    assert split["fund"] + split["bank"] == sum(parts)
    assert split["fund_total"] <= paid


ANY_EVENT = st.tuples(st.sampled_from(sorted(EVENTS)), st.integers(1, 1000), st.sampled_from("bc"))


@settings(max_examples=100, deadline=None)
@given(events=st.lists(ANY_EVENT, max_size=25))
def test_any_row_of_events_keeps_the_identity(events: list[tuple[str, int, str]]) -> None:
    rows = [
        {"event": event, "amount": fen, "bank": bank, **({"to": "c" if bank == "b" else "b"} if event == "J2" else {})}
        for event, fen, bank in events
    ]
    found = value("ledger", {"events": rows})
    assert found["identity"]
    nets = [net for one in found.get("banks", {"1": found}).values() for net in one["balances"].values()]
    assert all(net >= 0 for net in nets)


def test_the_identity_can_be_wrong() -> None:
    assert not identity({"1001.b": 1})


def test_a_number_nobody_fixed_is_shown_as_open() -> None:
    parameter = PARAMETERS["vote_days"]
    assert shown(parameter.values[0].value, parameter.unit) == "未定"
    assert shown(5, "工作日") == "5 工作日"


def test_a_fact_that_is_nothing_is_not_given() -> None:
    facts = {"balance": 500, "multiple": 9, "committed": None, "outstanding": "", "firms": [None]}
    assert value("capacity", facts)["use"] == 0
