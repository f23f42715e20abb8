"""The worked examples G1 to G14 as tables, and what must hold for any figures."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import Outcome
from tests.programmes.home_escrow.facts import take, value, yuan

FULL = yuan("800000.00")
OWN, LOAN = yuan("320000.00"), yuan("480000.00")
LINES = [
    {"kind": "首付款", "amount": OWN, "due": "BEFORE_FILING"},
    {"kind": "按揭贷款", "amount": LOAN, "lender": "测试银行", "due": "AFTER_REGISTRATION"},
]


def test_the_test_buyers_number() -> None:
    assert value("party", {"buyer": "371083197001010014"})["result"] == "OK"
    assert value("party", {"buyer": "371083197001010015"})["code"] == "E_CHECK_DIGIT"
    same = {"buyers": ["371083197001010014"], "sellers": ["371083197001010014"]}
    assert value("party", same)["result"] == "REFUSE"


# --- G1 ---------------------------------------------------------------------------------------------------------------


def test_g1_deposit_and_filing() -> None:
    found = value("deposit", {"payer": "buyer", "amount": OWN, "lines": LINES})
    assert (found["result"], found["accounts"], found["voucher"]) == ("BOOKED", {"2001": OWN, "2005": 0}, True)
    lines = [{**LINES[0], "deposited": OWN}, LINES[1]]
    assert value("filing", {"route": "SUPERVISED", "lines": lines})["result"] == "OK"
    short = value("filing", {"route": "SUPERVISED", "lines": [{**LINES[0], "deposited": OWN - 1}, LINES[1]]})
    assert (short["result"], short["open"]) == ("REFUSE", 1)
    papers = {"route": "SUPERVISED", "lines": lines, "papers": ["agreement", "vouchers", "identity"]}
    assert value("filing", papers)["missing"] == ["title"]


def test_g1_release() -> None:
    facts = {"plan": "SINGLE", "supervised": FULL, "registered_on": "2018-06-20", "filed_on": "2018-05-30"}
    early = value("release", {**facts, "deposits": OWN})
    assert (early["result"], early["amount"]) == ("REFUSE", 0)
    found = value("release", {**facts, "deposits": FULL, "buyer_money": OWN, "loan_money": LOAN})
    assert (found["result"], found["amount"], found["from_buyer"], found["from_loan"]) == ("OK", FULL, OWN, LOAN)


def test_g1_ledger() -> None:
    events = [["J1", OWN], {"event": "J2", "amount": LOAN}, "J5"]
    before = value("ledger", {"events": events[:1]})
    assert (before["balances"]["1001"], before["balances"]["2001"], before["vouchers"]) == (OWN, OWN, 1)
    transit = value("ledger", {"events": events})
    assert (transit["balances"]["2003"], transit["balances"]["2001"], transit["balances"]["2002"]) == (FULL, 0, 0)
    after = value("ledger", {"events": [*events, "J6"]})
    assert set(after["balances"].values()) == {0}
    assert (after["sales"]["1"]["released"], after["balanced"], after["accounted"]) == (FULL, True, True)


# --- G2 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "supervised", "contract", "result"),
    [
        ("FULL", "799999.99", None, "REFUSE"),
        ("FULL", "800000.00", None, "OK"),
        ("PARTIAL", "500000.00", "500000.00", "OK"),
        ("PARTIAL", "500000.00", "480000.00", "REFUSE"),
        ("PARTIAL", "800000.00", None, "REFUSE"),
        ("PARTIAL", "0.00", None, "REFUSE"),
    ],
)
def test_g2_mode(mode: str, supervised: str, contract: str | None, result: str) -> None:
    facts: dict[str, Any] = {"mode": mode, "price": FULL, "s": yuan(supervised)}
    facts |= {"contract_s": yuan(contract)} if contract else {}
    found = value("amount", facts)
    assert found["result"] == result
    if contract == "480000.00":
        assert found["differences"][0]["difference"] == yuan("20000.00")
    if supervised == "800000.00" and mode == "PARTIAL":
        assert found["advice"] == "choose FULL"


def test_g2_commission_is_no_price() -> None:
    lines = [*LINES, {"kind": "commission", "amount": yuan("8000.00")}]
    assert value("amount", {"mode": "FULL", "price": FULL, "s": FULL, "lines": lines})["result"] == "REFUSE"
    assert value("amount", {"mode": "FULL", "price": FULL, "s": FULL, "lines": LINES})["result"] == "OK"
    assert value("scope", {"land": "state", "lines": ["commission"]})["result"] == "OUT_OF_SCOPE"


# --- G3 ---------------------------------------------------------------------------------------------------------------


def test_g3_excess_and_strangers() -> None:
    found = value("deposit", {"payer": "buyer", "amount": yuan("350000.00"), "open": OWN})
    assert (found["booked"], found["suspense"], found["accounts"]["2005"]) == (OWN, yuan("30000.00"), yuan("30000.00"))
    stranger = value("deposit", {"payer": "stranger", "amount": yuan("100000.00"), "lines": LINES})
    assert (stranger["result"], stranger["suspense"], stranger["task"], stranger["report"]) == (
        "SUSPENSE", yuan("100000.00"), True, False,
    )  # fmt: skip
    agency = value("deposit", {"payer": "agency", "amount": 1, "lines": LINES})
    assert (agency["result"], agency["send_back"], agency["report"], agency["voucher"]) == (
        "SUSPENSE",
        True,
        True,
        False,
    )
    events = [{"event": "J1", "amount": yuan("350000.00"), "excess": yuan("30000.00")}, ["J4", yuan("30000.00")]]
    assert value("ledger", {"events": events})["balances"]["1001"] == OWN
    signed = {"payer": "stranger", "identified": True, "amount": 5, "open": 10}
    assert value("deposit", signed)["result"] == "BOOKED"
    ending = {"payer": "buyer", "amount": 5, "open": 10, "sale_state": "terminating"}
    assert value("deposit", ending)["send_back"]


# --- G4 ---------------------------------------------------------------------------------------------------------------


def test_g4_replay() -> None:
    rows = [
        {"msg_id": msg, "bank_txn_no": "t1", "amount": OWN + more, "business_date": "2018-05-21"}
        for msg, more in (("m1", 0), ("m1", 0), ("m2", 0), ("m1", 1), ("m3", 1))
    ]
    found = value("messages", {"messages": rows})
    assert found["answers"] == ["accepted", "duplicate", "duplicate", "E_CONFLICT", "E_TXN_CONFLICT"]
    assert found["balance"] == OWN


# --- G5 ---------------------------------------------------------------------------------------------------------------


def test_g5_termination() -> None:
    both = {"ground": 1, "applied_by": ["buyer", "seller"], "title_in": "seller", "print_on": "2018-06-15"}
    assert value("termination", {**both, "day": "2018-06-20"})["result"] == "OK"
    assert value("termination", {**both, "day": "2018-06-22"})["result"] == "REFUSE"
    assert value("termination", {"applied_by": ["buyer"]})["result"] == "REFUSE"
    assert value("termination", {"applied_by": ["buyer"], "legal_document": True})["result"] == "OK"
    assert value("termination", {**both, "day": "2018-06-20", "title_in": "buyer"})["result"] == "REFUSE"
    assert value("termination", {"joint": True, "balance": 0})["result"] == "REFUSE"
    assert value("termination", {"joint": True, "release_open": True})["code"] == "E_STATE"


def test_g5_refunds() -> None:
    found = value("refund", {"buyer_money": OWN, "loan_money": LOAN, "lender": "L"})
    assert [(one["to"], one["amount"]) for one in found["instructions"]] == [("buyer", OWN), ("lender", LOAN)]
    events = [["J1", OWN], ["J2", LOAN], "J9", "J10"]
    after = value("ledger", {"events": events})
    assert (set(after["balances"].values()), after["sales"]["1"]["refunded"]) == ({0}, FULL)
    assert value("refund", {"buyer_money": 0})["result"] == "REFUSE"
    held = value("refund", {"buyer_money": OWN, "loan_money": LOAN, "held": OWN + 1})
    assert (held["buyer"], held["lender"], held["free"]) == (0, LOAN - 1, LOAN - 1)


# --- G6 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"owner": "测试 甲"}, "OK"),
        ({"owner": "测试乙", "paper": "notarial", "paper_number": "6222000000000018"}, "OK"),
        ({"owner": "测试乙", "paper": "notarial", "paper_number": "6222000000000026"}, "REFUSE_PAYEE"),
        ({"owner": "测试乙", "paper": "private_letter", "paper_number": "6222000000000018"}, "REFUSE_PAYEE"),
        ({"owner": "测试乙", "paper": "law_firm", "paper_number": "6222000000000018"}, "OK"),
        ({"owner": "测试乙"}, "REFUSE_PAYEE"),
        ({"owner": "测试甲", "agency": True}, "REFUSE_PAYEE"),
    ],
)
def test_g6_payee(facts: dict[str, Any], result: str) -> None:
    assert value("payee", {"seller": "测试甲", "number": "6222000000000018", **facts})["result"] == result


# --- G7 ---------------------------------------------------------------------------------------------------------------


def test_g7_hold() -> None:
    held = yuan("200000.00")
    facts = {"supervised": FULL, "deposits": FULL, "held": held, "registered_on": "2018-06-20"}
    single = value("release", {**facts, "plan": "SINGLE"})
    assert (single["result"], single["code"], single["free"]) == ("REFUSE", "E_CAPACITY", yuan("600000.00"))
    staged = value("release", {**facts, "plan": "STAGED", "applied_by": ["buyer", "seller"]})
    assert (staged["result"], staged["amount"]) == ("OK", yuan("600000.00"))
    unsaid = take("release", {"plan": "STAGED", "deposits": FULL, "held": held})
    assert (unsaid.outcome, unsaid.value["amount"]) == (Outcome.UNDETERMINED, yuan("600000.00"))
    assert take("release", {**facts, "plan": "STAGED", "registered": False}).outcome is Outcome.REFUSE
    alone = value("release", {**facts, "plan": "STAGED", "applied_by": ["buyer"]})
    assert alone["result"] == "REFUSE"
    assert value("hold", {"balance": FULL, "hold": held})["free"] == yuan("600000.00")
    cut = value("hold", {"balance": FULL, "hold": held, "deduction": held, "proof_shown": True})
    assert (cut["balance_after"], cut["held"], cut["free"]) == (yuan("600000.00"), 0, yuan("600000.00"))
    events: list[Any] = [
        ["J1", FULL], {"event": "HOLD", "amount": held}, ["J5", yuan("600000.00")], "J6", ["J12", held],
    ]  # fmt: skip
    sale = value("ledger", {"events": events})["sales"]["1"]
    assert (sale["balance"], sale["released"], sale["deducted"]) == (0, yuan("600000.00"), held)
    above = value("ledger", {"events": [*events[:2], "J5"]})
    assert above["answers"][-1] == "E_CAPACITY"


def test_a_hold_lapses_and_a_whole_account_stands_still() -> None:
    row = {"amount": 30, "to": "2018-06-19"}
    assert value("hold", {"balance": 100, "holds": [row], "day": "2018-06-19"})["free"] == 70
    assert value("hold", {"balance": 100, "holds": [row], "day": "2018-06-20"})["free"] == 100
    assert value("hold", {"balance": 100, "holds": [{"whole_account": True}]})["result"] == "FROZEN"


# --- G8 ---------------------------------------------------------------------------------------------------------------


def test_g8_failed_unknown_returned() -> None:
    events: list[dict[str, Any]] = [
        {"event": "J1", "amount": FULL},
        {"event": "RELEASE", "instr": "i1"},
        {"event": "RESULT", "instr": "i1", "result": "failed"},
        {"event": "RELEASE", "instr": "i2"},
        {"event": "RESULT", "instr": "i2", "result": "unknown"},
        {"event": "RELEASE", "instr": "i3"},
        {"event": "RESULT", "instr": "i2", "result": "success"},
        {"event": "RETURNED", "instr": "i2"},
        {"event": "RELEASE", "instr": "i4"},
        {"event": "RESULT", "instr": "i4", "result": "success"},
    ]
    assert value("ledger", {"events": events[:3]})["sales"]["1"]["balance"] == FULL
    found = value("ledger", {"events": events[:6]})
    assert found["answers"] == ["accepted", "accepted", "accepted", "accepted", "QUERY", "E_STATE"]
    back = value("ledger", {"events": events[:8]})
    assert (back["balances"]["1001"], back["balances"]["2003"], back["sales"]["1"]["owed"]) == (FULL, FULL, FULL)
    end = value("ledger", {"events": events})
    assert (set(end["balances"].values()), end["sales"]["1"]["released"], end["accounted"]) == ({0}, FULL, True)
    conflict = value("ledger", {"events": [*events, {"event": "RESULT", "instr": "i4", "result": "failed"}]})
    assert conflict["answers"][-1] == "E_CONFLICT"


# --- G9 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "voucher", "result"),
    [
        ("2018-03-26", "2018-03-26", "EXEMPT"),
        ("2018-03-26", "2018-03-27", "REFUSE"),
        ("2018-03-27", "2018-03-26", "REFUSE"),
    ],
)
def test_g9_exemption(contract: str, voucher: str, result: str) -> None:
    facts = {"contract_on": contract, "paid_on": "2018-03-26", "proofs": [{"kind": "bank_voucher", "on": voucher}]}
    assert value("exemption", facts)["result"] == result
    assert value("exemption", {"contract_on": contract, "paid": True, "bank_voucher_on": voucher})["result"] == result
    assert value("exemption", {**facts, "paid_on": "2018-03-27"})["result"] == "REFUSE"


@pytest.mark.parametrize(
    ("day", "code"), [("2020-03-26", None), ("2020-03-27", "E_EXPIRED"), ("2018-03-26", "E_NOT_IN_FORCE")]
)
def test_g9_agreement(day: str, code: str | None) -> None:
    for on in (date(2018, 3, 1), date(2026, 1, 5)):
        found = value("agreement", {"agreement_on": day, "released_on": "2020-05-08"}, on)
        assert found.get("code") == code
    assert value("agreement", {"agreement_on": "2019-01-08", "live_sale": True})["code"] == "E_DUPLICATE"
    assert value("agreement", {"agreement_on": "2019-01-08", "filed": True})["code"] == "E_STATE"


# --- G10 to G13 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amount", "facts", "parts"),
    [
        ("1000000.00", {"sellers": 3}, ["333333.34", "333333.33", "333333.33"]),
        ("800000.00", {"sellers": 3}, ["266666.67", "266666.67", "266666.66"]),
        ("777777.77", {"shares": [50, 30, 20]}, ["388888.89", "233333.33", "155555.55"]),
        ("777777.77", {"shares": "50/30/20"}, ["388888.89", "233333.33", "155555.55"]),
    ],
)
def test_g10_sellers(amount: str, facts: dict[str, Any], parts: list[str]) -> None:
    assert value("shares", {"amount": yuan(amount), **facts})["parts"] == list(map(yuan, parts))


def test_g11_interest() -> None:
    sales = [
        {"sale": "1", "balance": yuan("500000.00"), "days": 30},
        {"sale": "2", "balance": yuan("800000.00"), "days": 45},
        {"sale": "3", "balance": yuan("333333.33"), "days": 92},
    ]
    found = value("interest", {"interest": yuan("1234.57"), "sales": sales})
    assert found["parts"] == list(map(yuan, ("226.76", "544.22", "463.59")))
    turned = value("interest", {"interest": yuan("1234.57"), "sales": sales[::-1]})
    assert turned["sales"] == found["sales"]
    equal = [{"sale": name, "weight": 7} for name in ("JG201801000002", "JG201801000001", "JG201801000003")]
    assert value("interest", {"interest": 100, "sales": equal})["parts"] == [33, 34, 33]


@pytest.mark.parametrize(("closing", "result", "difference"), [("5050000.00", "HOLDS", 0), ("5050000.01", "DEFECT", 1)])
def test_g12_reconciliation(closing: str, result: str, difference: int) -> None:
    facts = {
        "book": yuan("5300000.00"), "bank_closing": yuan(closing), "receipts_not_at_bank": yuan("320000.00"),
        "bank_receipts_not_booked": yuan("120000.00"), "bank_payments_not_booked": yuan("50000.00"),
    }  # fmt: skip
    found = value("reconciliation", facts)
    assert (found["result"], found["difference"], found["book_side"]) == (result, difference, yuan("5370000.00"))
    assert found["after_booking"] == {"1001": yuan("5370000.00"), "2005": 12000000, "1101": 5000000}


def test_g13_bank_error() -> None:
    events: list[Any] = [
        {"event": "J1", "sale": "1", "amount": FULL}, {"event": "J1", "sale": "2", "amount": FULL},
        {"event": "J5+J6", "sale": "1"}, {"event": "J13", "amount": FULL},
    ]  # fmt: skip
    found = value("ledger", {"events": events})
    assert (found["balances"]["1101"], found["sales"]["2"]["balance"], found["balanced"]) == (FULL, FULL, True)
    good = value("ledger", {"events": [*events, {"event": "J13", "amount": FULL, "variant": "made good"}]})
    assert (good["balances"]["1101"], good["balances"]["1001"]) == (0, FULL)
    assert value("liability", {"cause": "paid twice", "amount": FULL})["receivable"] == FULL
    assert value("liability", {"cause": "careless", "amount": FULL})["receivable"] == 0


# --- G14 --------------------------------------------------------------------------------------------------------------


def test_g14_route() -> None:
    related = value("route", {"exclusion": "lineal relatives", "proof": True})
    assert (related["result"], related["filing"]) == ("EXCLUDED", True)
    still = value("route", {"exclusion": "relatives", "proof": True, "agreement": True})
    assert (still["result"], still["possible"]) == ("SUPERVISED", ["SUPERVISED", "EXCLUDED"])
    assert value("route", {"exclusion": "relatives"})["result"] == "REFUSE"
    alone = value("route", {"opt_out": ["buyer"]})
    assert (alone["result"], alone["filing"]) == ("REFUSE", False)
    assert value("route", {"opt_out": ["buyer", "seller"]})["result"] == "OPT_OUT"
    assert value("route", {})["filing"] is False
    assert value("filing", {})["result"] == "REFUSE"
    assert value("scope", {"unit_code": "371083001001JC00001F00010001"})["result"] == "OUT_OF_SCOPE"
    assert value("scope", {"unit_code": "371083001001GB00001F00010001"})["result"] == "IN_SCOPE"
    assert value("scope", {"unit_code": "371083001001GB00001F0001000"})["result"] == "OUT_OF_SCOPE"
    assert value("scope", {"land": "collective"})["result"] == "OUT_OF_SCOPE"
    assert value("scope", {"land": "state", "mortgaged": True})["result"] == "OUT_OF_SCOPE"
    assert take("status", {"online_signed": True}).outcome is Outcome.REFUSE


# --- any figures ------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(total=st.integers(0, 10**12), weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=9).filter(any))
def test_splits_neither_gain_nor_lose(total: int, weights: list[int]) -> None:
    parts = value("shares", {"amount": total, "shares": weights})["parts"]
    assert sum(parts) == total
    assert all(
        abs(part - total * weight / sum(weights)) <= 1 + total * 1e-12
        for part, weight in zip(parts, weights, strict=True)
    )


NAMES = ("J1", "J2", "J3", "J3 identified", "J4", "J5", "J6", "J7", "J8", "J9", "J9 buyer", "J10", "J10 failed", "J11",
         "J12", "J13", "J13 good", "J14", "HOLD", "UNHOLD", "RELEASE", "RETURNED")  # fmt: skip
EVENTS = st.builds(
    lambda name, fen, sale, result: {"event": name, "amount": fen, "sale": sale}
    | ({"event": "RESULT", "result": result} if result else {}),
    st.sampled_from(NAMES), st.none() | st.integers(1, 300), st.sampled_from(("甲", "乙")),
    st.none() | st.sampled_from(("success", "failed", "unknown")),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(events=st.lists(EVENTS, max_size=40))
def test_any_row_of_events_keeps_the_invariants(events: list[dict[str, Any]]) -> None:
    rows = [{"event": "J1", "amount": 500, "sale": "甲"}, {"event": "J2", "amount": 300, "sale": "乙"}, *events]
    found = value("ledger", {"events": rows})
    assert found["balanced"]
    assert found["accounted"]
    assert min(found["balances"].values()) >= 0
    for sale in found["sales"].values():
        assert min(sale[code] for code in ("2001", "2002", "2006", "released", "refunded", "owed")) >= 0
