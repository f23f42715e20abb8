"""The decisions of the guarantee policy: edges the worked examples do not reach, and what holds of any amounts."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import REGISTRY, Outcome, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.agri_guarantee.arithmetic import Receipt, distribute, instalments
from luoshi.programmes.agri_guarantee.decisions.granting import HAVES, MERITS
from tests.programmes.agri_guarantee.facts import ON, take, value

KEYS = sorted(key for key in REGISTRY if key.startswith("agri_guarantee."))
ALL_YES = dict.fromkeys(HAVES, "yes")
FEN = st.integers(1, 10**12)


@pytest.mark.parametrize("key", KEYS)
def test_every_example_of_a_schema_is_decided(key: str) -> None:
    for example in REGISTRY[key].schema()["facts"]["examples"]:
        assert take(key.partition(".")[2], example).reasons


@pytest.mark.parametrize("key", KEYS)
def test_without_facts_nothing_is_allowed(key: str) -> None:
    assert take(key.partition(".")[2], {}).outcome in (Outcome.UNDETERMINED, Outcome.NOT_APPLICABLE)


def refused(name: str, facts: Any, on: date = ON) -> str:
    with pytest.raises(LuoshiError) as error:
        take(name, facts, on)
    return error.value.code


# --- eligibility ------------------------------------------------------------------------------------------------------


def applicant(**more: Any) -> dict[str, Any]:
    return {"category": "COOP", "scope": "GRAIN", "in_rushan": "yes", "haves": ALL_YES} | more


@pytest.mark.parametrize(
    ("facts", "result", "failing", "unknown"),
    [
        (applicant(), "ELIGIBLE", [], []),
        (applicant(category="农民专业合作社", scope="粮食", in_rushan=True, haves="yes"), "ELIGIBLE", [], []),
        (applicant(haves=ALL_YES | {"profit": "unknown"}), "INCOMPLETE", [], ["profit"]),
        (applicant(haves={}), "INCOMPLETE", [], list(HAVES)),
        (applicant(haves=ALL_YES | {"need": "no", "profit": "unknown"}), "INELIGIBLE", ["need"], ["profit"]),
        (applicant(category="贸易公司", scope="房地产", in_rushan="no"), "INELIGIBLE",
         ["category", "scope", "in_rushan"], []),
        (applicant(category="LEADING_ENT"), "INCOMPLETE", [], list(MERITS)),
        (applicant(category="LEADING_ENT", wide_reach="yes", strong_pull="yes", close_links="no"), "INELIGIBLE",
         ["close_links"], []),
        (applicant(category="LEADING_ENT", merits=dict.fromkeys(MERITS, True)), "ELIGIBLE", [], []),
        (applicant(haves=["有建档", "有信用", "有规模", "有经验", "有效益", "有主业", "有需求"]), "ELIGIBLE", [], []),
        ({"category": "COOP", "scope": "LEISURE", "town_code": "371083100", **ALL_YES}, "ELIGIBLE", [], []),
        ({"category": "COOP", "scope": "LEISURE", "town_code": "371082100", **ALL_YES}, "INELIGIBLE",
         ["in_rushan"], []),
    ],
)  # fmt: skip
def test_eligibility_lists_what_fails_and_what_is_unknown(facts, result, failing, unknown) -> None:
    found = value("eligibility", facts)
    assert (found["result"], found["failing"], found["unknown"]) == (result, failing, unknown)


# --- how facts may be written -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss", [100_000_000, "100000000", "1000000.00", "1,000,000.00", "100万元", "100万", "1000000元", "￥1,000,000.00"]
)
def test_amounts_are_fen_and_yuan_says_so(loss: Any) -> None:
    assert value("sharing", {"loss": loss})["payout"] == 80_000_000


def test_a_fact_named_yuan_is_yuan() -> None:
    assert value("sharing", {"loss_yuan": 1_000_000})["payout"] == 80_000_000
    assert value("sharing", {"loss_base_yuan": 123456.79})["payout"] == 9_876_543
    assert value("compensation", {"payouts_yuan": ["333.33", 333.33, 333.34]})["schedule"] == [8333, 8333, 8334]


@pytest.mark.parametrize("loss", [0.5, "1,000,000", "0.001", True, -1, "元", "abc", 10**20, [1]])
def test_what_is_no_amount_is_refused(loss: Any) -> None:
    assert refused("sharing", {"loss": loss}) == "E_INPUT"


def test_nothing_is_no_amount() -> None:
    assert refused("sharing", {"loss": 0}) == "E_AMOUNT"
    assert refused("amount", {"category": "COOP", "requested": 0}) == "E_AMOUNT"
    assert refused("compensation", {"payouts": [0]}) == "E_AMOUNT"


def test_a_fact_given_twice_is_refused() -> None:
    assert refused("sharing", {"loss": 1, "L": 1}) == "E_INPUT"


# --- amount, term, cost -----------------------------------------------------------------------------------------------


@given(
    outstanding=st.integers(0, 1_200_000_000),
    infra=st.integers(0, 1_200_000_000),
    requested=st.integers(1, 1_200_000_000),
    category=st.sampled_from(["COOP", "LEADING_ENT", "STATE_FARM_UNIT"]),
    project=st.sampled_from(["ORDINARY", "FARMLAND_INFRA"]),
    mechanised=st.booleans(),
)
def test_the_most_that_is_named_passes_and_one_fen_more_does_not(
    outstanding: int, infra: int, requested: int, category: str, project: str, mechanised: bool
) -> None:
    facts = {"category": category, "outstanding": outstanding, "outstanding_infra": infra, "project_type": project,
             "mechanised": mechanised, "requested": requested}  # fmt: skip
    found = value("amount", facts)
    assert (found["result"] == "OK") == (found["most"] >= requested >= found["least"] > 0)
    if found["most"]:
        assert value("amount", facts | {"requested": found["most"]})["result"] == "OK"
        assert value("amount", facts | {"requested": found["most"] + 1})["result"] == "REFUSE"


def test_a_repayment_may_leave_less_than_the_floor() -> None:
    facts = {"category": "COOP", "outstanding": 5_000_000, "requested": 0, "granting": False}
    assert value("amount", facts)["result"] == "OK"


def test_ordinary_balance_over_its_ceiling_stops_infrastructure_too() -> None:
    facts = {"category": "COOP", "outstanding": 200_000_001, "requested": 100, "project_type": "FARMLAND_INFRA"}
    assert value("amount", facts)["result"] == "REFUSE"


def test_a_reversed_term_is_refused() -> None:
    assert refused("term", {"start": "2018-04-02", "end": "2018-04-02"}) == "E_INPUT"
    assert refused("term", {"start": "2018-04-02", "end": "2019-02-30"}) == "E_INPUT"


@pytest.mark.parametrize(
    ("end", "band"),
    [("2019-02-28", "4.35"), ("2019-03-01", "4.75"), ("2023-02-28", "4.75"), ("2023-03-01", "4.9")],
)
def test_benchmark_band_is_chosen_by_the_end_of_the_contract(end: str, band: str) -> None:
    facts = {"category": "COOP", "grain": False, "start": "2018-02-28", "end": end, "rate": 4, "fee": 1}
    assert value("cost", facts)["benchmark"] == band


def test_cost_without_the_class_of_the_applicant_is_open_only_where_it_matters() -> None:
    assert take("cost", {"fee": "1.2"}).outcome is Outcome.UNDETERMINED
    assert value("cost", {"fee": "2.01"})["result"] == "REFUSE"
    assert value("cost", {"fee": "1.00"})["result"] == "OK"


@given(rate=st.decimals(0, 20, places=4), more=st.decimals(0, 5, places=4))
def test_a_dearer_loan_is_never_judged_better(rate: Any, more: Any) -> None:
    order = {"OK": 0, "REASON_REQUIRED": 1}
    facts = {"category": "COOP", "grain": True, "months": 12, "fee": "1"}
    cheap = value("cost", facts | {"rate": str(rate)})["rate_result"]
    dear = value("cost", facts | {"rate": str(rate + more)})["rate_result"]
    assert order[cheap] <= order[dear]


# --- sharing, compensation, recovery ----------------------------------------------------------------------------------


@given(FEN)
def test_a_loss_is_shared_to_the_fen(loss: int) -> None:
    found = value("sharing", {"loss": loss})
    assert found["bank"] + found["compensation"] + found["guarantor"] == loss
    assert 0 <= Fraction(loss, 5) - found["compensation"] < 2
    assert found["bank"] >= found["compensation"]
    assert not found["deviation"]


@pytest.mark.parametrize(
    ("payout", "deviation"), [(79_999_999, False), (80_000_001, False), (79_999_998, True), (80_000_002, True)]
)
def test_a_payout_one_fen_off_is_no_deviation(payout: int, deviation: bool) -> None:
    assert value("sharing", {"loss": 100_000_000, "payout": payout})["deviation"] is deviation


def test_the_clerk_sees_a_deviation_once() -> None:
    facts = {"loss": 100_000_000, "payout": 75_000_000}
    assert value("sharing", facts | {"deviation_seen": True})["result"] == "OK"
    assert refused("sharing", {"loss": 100, "payout": 101}) == "E_INPUT"


@given(st.lists(FEN, min_size=1, max_size=12))
def test_instalments_never_gain_or_lose_a_fen(paid: list[int]) -> None:
    found = instalments(Fraction(25), paid)
    assert all(one >= 0 for one in found)
    for count in range(1, len(paid) + 1):
        assert sum(found[:count]) == sum(paid[:count]) // 4


RECEIPTS = st.lists(st.builds(Receipt, st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=12)


@given(RECEIPTS, st.booleans())
def test_what_is_recovered_is_given_out_once_and_never_taken_back(receipts: list[Receipt], pool: bool) -> None:
    city, bank = (Fraction(20), Fraction(20)) if pool else (Fraction(25), Fraction(0))
    found = distribute(receipts, city, bank)
    gross = costs = most = 0
    for count, one in enumerate(receipts, start=1):
        gross, costs = gross + one.gross, costs + one.costs
        most = max(most, gross - costs)
        given_out = found[:count]
        assert all(part >= 0 for part in found[count - 1])
        assert sum(shares.total for shares in given_out) == max(most, 0)
        assert sum(shares.city for shares in given_out) == (city * max(most, 0) / 100).__floor__()
        assert sum(shares.bank for shares in given_out) == (bank * max(most, 0) / 100).__floor__()


@given(RECEIPTS, st.integers(0, 10**9))
def test_the_fund_never_gets_more_of_a_loan_than_it_paid(receipts: list[Receipt], compensation: int) -> None:
    into_fund = into_suspense = 0
    rows = [one._asdict() for one in receipts]
    for count in range(1, len(rows) + 1):
        facts = {"receipts": rows[:count], "base": "POOL", "compensation": compensation}
        found = value("recovery", facts)
        into_fund, into_suspense = into_fund + found["to_fund"], into_suspense + found["to_suspense"]
        assert into_fund == min(found["cumulative"]["city"], compensation)
        assert into_fund + into_suspense == found["cumulative"]["city"]


def test_conditions_of_a_claim() -> None:
    facts = {"payouts": [80_000_000], "in_programme": "yes", "paid": "yes", "papers": "yes", "claimed_before": "yes"}
    assert value("compensation", facts)["failing"] == ["not_claimed_before"]
    assert value("compensation", {"payouts": [3]})["failing"] == ["amount"]
    flagged = take("compensation", facts | {"claimed_before": "no", "over_limit": True})
    assert flagged.value["flags"] == ["over_limit"]
    assert flagged.outcome is Outcome.ALLOW_WITH_CONDITION


# --- time -------------------------------------------------------------------------------------------------------------


def test_a_new_receipt_after_a_return_begins_ten_fresh_days() -> None:
    facts = {"received_on": "2018-09-20", "returned_at": "2018-09-25T10:00", "resubmitted_on": "2018-09-26"}
    assert value("tacit", facts)["last"] == date(2018, 10, 15)


def test_a_return_after_the_last_day_does_not_stop_payment() -> None:
    facts = {"received_on": "2018-09-20", "returned_at": "2018-10-11T00:00", "notice_at": "2018-10-11T10:00"}
    assert value("tacit", facts)["result"] == "TACIT"
    inside = facts | {"returned_at": "2018-10-10T23:59:59"}
    assert value("tacit", inside)["result"] == "RETURNED"


def test_approval_after_the_notice_changes_nothing() -> None:
    facts = {"received_on": "2018-09-20", "notice_at": "2018-10-11T08:00", "approved_at": "2018-10-11T09:00"}
    assert value("tacit", facts)["result"] == "TACIT"


def test_nothing_becomes_tacit_in_a_year_without_calendar() -> None:
    facts = {"received_on": "2049-09-20", "now": "2049-12-31T09:00"}
    assert value("tacit", facts)["result"] == "E_CALENDAR_MISSING"
    assert take("pay_deadline", {"received_on": "2049-09-20", "now": "2049-12-31"}).outcome is Outcome.UNDETERMINED


def test_an_act_at_a_moment_stands_for_its_field() -> None:
    asked = {"receipt_date": "2018-09-20", "act": "notify"}
    assert value("tacit", asked | {"at": "2018-10-10 23:59"})["result"] == "E_NOT_YET"
    assert value("tacit", asked | {"at": "2018-10-11 00:00"})["result"] == "TACIT"
    assert refused("tacit", asked | {"act": "sleep", "at": "2018-10-11"}) == "E_INPUT"


def test_the_remaining_working_days_count_today() -> None:
    assert value("tacit", {"received_on": "2018-09-20", "now": "2018-10-10T23:59"})["remaining"] == 1
    assert value("tacit", {"received_on": "2018-09-20", "now": "2018-09-20T10:00"})["remaining"] == 11
    assert value("tacit", {"received_on": "2018-09-20", "now": "2018-10-11T00:00"})["remaining"] is None


def test_payment_in_time_is_judged_by_the_banks_day() -> None:
    assert value("pay_deadline", {"received_on": "2018-10-11", "paid_on": "2018-10-15"})["met"] is True
    assert value("pay_deadline", {"received_on": "2018-10-11", "paid_on": "2018-10-16"})["met"] is False
    assert refused("pay_deadline", {"received_on": "2018-10-11", "paid_on": "2018-10-10"}) == "E_INPUT"


# --- fund -------------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_halt_is_exact_and_a_larger_payout_never_opens(paid: int, existing: int) -> None:
    found = value("halt", {"paid": paid, "existing_fund": existing})
    assert (found["result"] == "HALT") == (5 * paid > existing)
    more = value("halt", {"paid": paid + 1, "existing_fund": max(existing - 1, 0)})
    assert (found["result"], more["result"]) != ("HALT", "OPEN")


def test_the_ratio_shown_never_contradicts_the_verdict() -> None:
    assert value("halt", {"paid": 166_666_667, "existing_fund": 833_333_333})["ratio"] == ">20"
    assert value("halt", {"paid": 200_001, "existing_fund": 1_000_000})["ratio"] == "20.0001"
    assert value("halt", {"paid": 150_001, "existing_fund": 1_000_000})["light"] == "amber"


def test_halt_counts_from_the_last_resume_where_that_is_the_base() -> None:
    facts = {"paid": 250_000_000, "existing_fund": 800_000_000, "paid_at_resume": 200_000_000}
    on = {"halt_base": "last_resume"}
    assert decide("agri_guarantee.halt", facts, ON).value["result"] == "HALT"
    assert decide("agri_guarantee.halt", facts, ON, on).value["result"] == "OPEN"


@pytest.mark.parametrize(("step", "result"), [(1, "OK"), (3, "OK"), (4, "REFUSE"), (7, "REFUSE"), (8, "REFUSE")])
def test_a_halt_stops_steps_from_the_fourth(step: int, result: str) -> None:
    assert value("step", {"step": step, "halted_at": "2018-09-20T09:00"})["result"] == result
    late = {"step": step, "halted_at": "2018-09-20T09:00", "signed_at": "2018-09-20T09:00"}
    assert value("step", late)["result"] == result


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(1, 10**12))
def test_placement_is_allowed_to_exactly_the_cap(fund: int, placed: int, amount: int) -> None:
    found = value("placement", {"fund": fund, "placed": placed, "amount": amount})
    assert (found["result"] == "OK") == (5 * (placed + amount) <= 4 * fund)
    assert (found["result"] == "OK") == (amount <= found["room"])
    assert (found["state"] == "PASSIVE_OVER") == (found["over"] > 0)


def test_placing_leaves_the_claims_that_wait() -> None:
    facts = {"accounts": {"1001": 1_000_000_000, "2002": 500}, "amount": 700_000_000, "product": "定期存款",
             "at_account_bank": "yes", "standing_authorisation": "yes"}  # fmt: skip
    assert take("placement", facts).outcome is Outcome.ALLOW
    assert value("placement", facts | {"committed": 299_999_500})["result"] == "OK"
    assert value("placement", facts | {"committed": 299_999_501})["result"] == "REFUSE"
    for wrong in ({"product": "OTHER"}, {"at_account_bank": "no"}, {"standing_authorisation": "no"}):
        assert value("placement", facts | wrong)["result"] == "REFUSE"


def test_a_target_may_ask_for_more_than_the_first_size() -> None:
    facts = {"fund": 925_000_000, "outstanding": 18_000_000_000, "target": 30}
    assert value("replenishment", facts)["proposal"] == 155_000_000
    assert value("replenishment", {"fund": 1, "outstanding": 0})["coverage"] is None


@pytest.mark.parametrize(
    ("facts", "ground"),
    [
        ({"use": "COMPENSATION", "office_authorised": "yes", "company_authorised": "yes"}, "a"),
        ({"use": "COMPENSATION", "office_authorised": "yes", "company_authorised": "no"}, None),
        ({"use": "COMPENSATION", "office_authorised": "yes"}, None),
        ({"use": "COMPENSATION", "tacit": "yes"}, "b"),
        ({"use": "PLACEMENT", "standing_authorisation": "yes"}, "c"),
        ({"use": "PLACEMENT"}, None),
        ({"use": "INTEREST_HANDOVER"}, "c"),
        ({"use": "SEND_BACK"}, "d"),
        ({"use": "SEND_BACK", "to_payer": "no"}, None),
        ({"use": "OWN_DEBT", "joint_authorisation": "yes"}, None),
        ({"use": "OTHER"}, None),
    ],
)
def test_the_fund_is_drawn_on_only_with_a_ground(facts, ground) -> None:
    found = value("authority", facts)
    assert (found["ground"], found["result"]) == (ground, "REFUSE" if ground is None else "VALID")


def test_subsidy_is_capped_by_the_interest_really_paid() -> None:
    facts = {"principal": 50_000_000, "benchmark": "4.75", "days": 365, "rules_active": True}
    assert value("subsidy", facts | {"interest_paid": 2_000_001})["interest_part"] == 1_000_000
    assert value("subsidy", facts | {"interest_paid": 3_000_000})["interest_part"] == 1_203_993


# --- any facts --------------------------------------------------------------------------------------------------------

WORDS = ["yes", "unknown", "COOP", "POOL", "2018-09-20", "2018-10-10T24:00", "100万元", "4.35%", "9999-12-31", "GRAIN"]
NUMBERS = st.integers(-(10**20), 10**20) | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(max_size=4) | st.sampled_from(WORDS)
ANYTHING = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.sampled_from(["gross", "off", "need"]), SCALARS)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_facts_are_answered_or_refused_by_a_code(key: str, data: st.DataObject) -> None:
    names = list(REGISTRY[key].facts_model.model_fields)
    facts = data.draw(st.dictionaries(st.sampled_from([*names, "accounts", "nothing"]), ANYTHING, max_size=6))
    try:
        taken = decide(key, json.dumps(facts), ON)
    except LuoshiError as error:
        code = error.code
    else:
        assert all(reason.text for reason in taken.reasons)
        assert taken.receipt["sha256"]
        return
    assert code in ("E_INPUT", "E_AMOUNT", "E_SUM", "E_CALENDAR_MISSING")
