"""Answers reckoned by hand: limits hit exactly and missed by a fen or a day, facts missing, contradictory or odd."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from luoshi.kernel.decisions import REGISTRY, decide
from luoshi.kernel.errors import LuoshiError
from tests.programmes.facts import within
from tests.programmes.home_escrow.facts import take

W = 1_000_000
"""Ten thousand yuan in fen."""
DAY = date(2018, 7, 6)
UNIT = "371083001001GB00001F00010001"
OWN = {"kind": "首付款", "amount": 32 * W}
LOAN = {"kind": "按揭贷款", "amount": 48 * W, "lender": "测试银行", "due": "AFTER_REGISTRATION"}
IN = [OWN | {"deposited": 32 * W}, LOAN]
FULL = {"mode": "全额监管", "price": 80 * W, "supervised": 80 * W}
OLD = {"contract_on": "2018-03-26", "paid_on": "2018-03-26"}
RELEASE = {"plan": "SINGLE", "supervised": 80 * W, "deposits": 80 * W, "registered_on": "2018-06-20",
           "filed_on": "2018-06-01", "applied_by": ["买受人", "出卖人"]}  # fmt: skip
OTHER = {"seller": "测试甲", "owner": "测试乙", "number": "6222 0018", "paper_number": "62220018"}
END = {"ground": 1, "applied_by": ["buyer", "seller"], "title_in": "seller"}
ROWS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    # scope: which clause says what
    ("scope", {"unit_code": UNIT}, {"result": "IN_SCOPE"}, "第三条"),
    ("scope", {"unit_code": UNIT.replace("GB", "JC"), "land": "state"}, {"result": "OUT_OF_SCOPE"}, "第二条"),
    ("scope", {"unit_code": UNIT.replace("F0", "L0")}, {"result": "OUT_OF_SCOPE"}, "第二条"),
    ("scope", {"unit_code": UNIT[:-1]}, {"result": "OUT_OF_SCOPE"}, "第二条"),
    ("scope", {"land": "国有", "in_rushan": False}, {"result": "OUT_OF_SCOPE"}, "第三条"),
    ("scope", {"land": "国有", "lines": ["首付款", "佣金"]}, {"result": "OUT_OF_SCOPE"}, "第二条"),
    ("scope", {}, {"result": "UNDETERMINED"}, "第二条"),
    # route: the six kinds in the words of the document
    ("route", {"exclusion": "等价交换", "proof": True}, {"result": "EXCLUDED"}, "第十三条(一)"),
    ("route", {"exclusion": "拍卖", "proof": True}, {"result": "EXCLUDED"}, "第十三条(二)"),
    ("route", {"exclusion": "投资入股", "proof": True}, {"result": "EXCLUDED"}, "第十三条(三)"),
    ("route", {"exclusion": "房屋共有人之间", "proof": True}, {"result": "EXCLUDED"}, "第十三条(四)"),
    ("route", {"exclusion": "(五)", "proof": True}, {"result": "EXCLUDED"}, "第十三条(五)"),
    ("route", {"exclusion": "other", "proof": True}, {"result": "REFUSE"}, "第十三条"),
    ("route", {"exemption": {"contract_on": "2018-03-26", "proofs": {"公证": "2018-03-01"}}}, {"result": "REFUSE"},
     "第十四条"),
    # exemption: contract, price and proof before the first day
    ("exemption", OLD | {"proofs": {"交割房款的银行凭据": "2018-03-26"}}, {"result": "EXEMPT"}, "第十四条(三)"),
    ("exemption", OLD | {"proofs": {"税务发票": "2018-03-27"}}, {"result": "REFUSE"}, "第十四条"),
    ("exemption", {"contract_on": "2018-03-26", "proofs": {"公证": "2018-03-01"}}, {"result": "UNDETERMINED"},
     "第十四条"),
    ("exemption", OLD | {"paid_on": "2018-03-27", "proofs": {"公证": "2018-03-01"}}, {"result": "REFUSE"},
     "第十四条"),
    # amount
    ("amount", FULL | {"supervised": 80 * W + 1}, {"result": "REFUSE"}, "第十二条"),
    ("amount", FULL | {"mode": "部分", "supervised": 80 * W - 1}, {"result": "OK"}, "第十二条"),
    ("amount", FULL | {"lines": [{"kind": "首付款", "amount": 79 * W}, {"kind": "契税", "amount": W}]},
     {"result": "REFUSE"}, "第二条"),
    ("amount", FULL | {"home": "鲁(2018)乳山市不动产权第0000001号",
                       "contract_home": "鲁（2018）乳山市不动产权第0000001号"},
     {"result": "OK", "differences": []}, "第十二条"),
    # agreement
    ("agreement", {"agreement_on": "2018-03-26"}, {"code": "E_NOT_IN_FORCE"}, "第二十三条"),
    ("agreement", {"agreement_on": "2018-07-01", "signed_online": False}, {"code": "E_STATE"}, "第十五条(一)"),
    # deposits
    ("deposit", {"payer": "买受人", "amount": "350000.00", "open": "320000.00"},
     {"result": "PARTLY", "accounts": {"2001": 32 * W, "2005": 3 * W}}, "第十五条(二)"),
    ("deposit", {"payer": "buyer", "amount": 5, "lines": IN, "sale_state": "terminating"}, {"result": "SUSPENSE"},
     "第十五条(二)"),
    ("deposit", {"payer": "担保机构", "amount": 5, "lines": IN, "identified": True},
     {"result": "SUSPENSE", "send_back": True, "report": True}, "第九条"),
    # filing
    ("filing", {"route": "SUPERVISED", "lines": IN, "papers": ["监管协议", "收款凭证", "有效身份证明", "权利证书"]},
     {"result": "OK"}, "第十五条(三)"),
    ("filing", {"route": "SUPERVISED", "lines": IN, "papers": ["监管协议", "收款凭证", "有效身份证明"]},
     {"result": "REFUSE", "missing": ["title"]}, "第十五条(三)"),
    ("filing", {"route": "SUPERVISED"}, {"result": "UNDETERMINED"}, "第十五条(三)"),
    # release
    ("release", RELEASE, {"result": "OK", "amount": 80 * W}, "第十五条(四)"),
    ("release", RELEASE | {"registered": False}, {"code": "E_NOT_YET"}, "第十五条(四)"),
    ("release", RELEASE | {"registered_on": None}, {"result": "UNDETERMINED"}, "第十五条(四)"),
    ("release", RELEASE | {"deducted": 20 * W}, {"result": "OK", "amount": 60 * W}, "第十五条(四)"),
    ("release", RELEASE | {"reversed": 1}, {"result": "REFUSE"}, "第十五条(四)"),
    ("release", RELEASE | {"plan": "STAGED", "held": 20 * W, "amount": 60 * W + 1}, {"code": "E_CAPACITY"}, "第十条"),
    # payee
    ("payee", OTHER | {"paper": "律师事务所鉴证"}, {"result": "OK"}, "第十五条(四)"),
    ("payee", OTHER | {"paper": "公证", "number": "62220026"}, {"result": "REFUSE_PAYEE"}, "第十五条(四)"),
    ("payee", OTHER | {"paper": "公证", "agency": True}, {"result": "REFUSE_PAYEE"}, "第九条"),
    ("shares", {"amount": 1, "sellers": 3}, {"parts": [1, 0, 0]}, "第十五条(四)"),
    ("shares", {"amount": 1, "shares": [1, 2]}, {"parts": [0, 1]}, "第十五条(四)"),
    # ending: three working days over Qingming
    ("termination", END | {"print_on": "2018-04-04", "day": "2018-04-10"}, {"result": "OK"}, "第十六条(一)"),
    ("termination", END | {"print_on": "2018-04-04", "day": "2018-04-11"}, {"result": "REFUSE"}, "第十六条(一)"),
    ("termination", END | {"print_on": "2018-04-12", "day": "2018-04-11"}, {"code": "E_FUTURE"}, "第十六条(一)"),
    ("termination", {"ground": 2, "applied_by": ["seller"], "legal_document": True}, {"result": "OK"}, "第十六条(二)"),
    ("termination", {"ground": 3, "applied_by": ["seller"]}, {"result": "REFUSE"}, "第十六条(三)"),
    ("refund", {"buyer_money": 10 * W, "loan_money": 48 * W, "held": 20 * W}, {"buyer": 0, "lender": 38 * W},
     "第十七条"),
    # holds
    ("hold", {"balance": 80 * W}, {"result": "FREE", "free": 80 * W}, "第十条"),
    ("hold", {"balance": 80 * W, "holds": [{"amount": 20 * W, "to_on": "2018-07-06"}]}, {"free": 60 * W}, "第十条"),
    ("hold", {"balance": 80 * W, "holds": [{"amount": 20 * W, "to_on": "2018-07-05"}]}, {"free": 80 * W}, "第十条"),
    ("liability", {"cause": "保管不善", "amount": 5}, {"result": "PARTY", "receivable": 0}, "第十八条"),
    ("status", {"online_signed": True, "filed_on": "2018-07-07"}, {"result": "REFUSE", "filed": False}, "第五条"),
    ("party", {"buyers": ["护照E1234567"], "sellers": ["护照E1234567"]}, {"code": "E_INTEREST"}, "第十五条"),
    # the book: money goes back to whom it came from
    ("ledger", {"events": [["J1", 32 * W], ["J2", 48 * W], ["J9", 80 * W], ["J10", 80 * W]]},
     {"result": "OK", "answers": ["accepted"] * 4}, "第九条"),
    ("ledger", {"events": [["J1", 32 * W], ["J2", 48 * W], ["J9", 20 * W]]}, {"code": "E_INPUT"}, "第九条"),
    ("ledger", {"events": [["J1", 32 * W], ["J9", 20 * W]]}, {"result": "OK"}, "第九条"),
    # a fen or a day about every edge: largest remainders, a hold's last day, three working days over a holiday
    ("shares", {"amount": 10_001, "shares": [50, 30, 20]}, {"parts": [5001, 3000, 2000]}, "第十五条(四)"),
    ("shares", {"amount": 100, "shares": [1] * 6}, {"parts": [17, 17, 17, 17, 16, 16]}, "第十五条(四)"),
    ("hold", {"balance": 100, "holds": [{"amount": 40, "to_on": "2018-06-20"}], "day": "2018-06-20"}, {"free": 60},
     "第十条"),
    ("hold", {"balance": 100, "holds": [{"amount": 40, "to_on": "2018-06-20"}], "day": "2018-06-21"}, {"free": 100},
     "第十条"),
    ("termination", {"ground": "1", "applied_by": ["buyer", "seller"], "title_in": "seller", "print_on": "2018-12-28",
                     "day": "2019-01-03"}, {"result": "OK"}, "第十六条"),
    ("termination", {"ground": "1", "applied_by": ["buyer", "seller"], "title_in": "seller", "print_on": "2018-12-28",
                     "day": "2019-01-04"}, {"result": "REFUSE"}, "第十六条"),
    ("release", RELEASE | {"registered_on": "2018-06-20", "day": "2018-06-19"}, {"code": "E_FUTURE"}, "第十五条(四)"),
    ("amount", {"mode": "PARTIAL", "price": 2, "supervised": 1, "contract_supervised": 1}, {"result": "OK"},
     "第十二条"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "facts", "wanted", "clause"), ROWS)
def test_reckoned_by_hand(name: str, facts: dict[str, Any], wanted: dict[str, Any], clause: str) -> None:
    within(take(name, facts, DAY), wanted, clause)


def test_agreement_numbers_are_ordered_as_numbers() -> None:
    sales = [{"sale": name, "weight": 1} for name in ("10", "9", "11")]
    assert take("interest", {"interest": 1, "sales": sales}, DAY).value["parts"] == [0, 1, 0]


@pytest.mark.parametrize(
    ("name", "facts", "code", "said"),
    [
        ("amount", {"mode": "FULL", "price": 0, "supervised": 0}, "E_AMOUNT", "房价款"),
        ("agreement", {"agreement_on": "2019-01-02", "released_on": "2019-01-01"}, "E_INPUT", "早于签订协议"),
        ("exemption", OLD | {"price": 5, "paid_amount": 6}, "E_SUM", "大于房价款"),
        ("deposit", {"payer": "buyer", "amount": 0, "open": 5}, "E_AMOUNT", "应大于零"),
        ("release", RELEASE | {"deposits": 80 * W + 1}, "E_SUM", "0.01元"),
        ("shares", {"amount": 5, "shares": [-1, 2]}, "E_INPUT", "不得为负"),
        ("shares", {"amount": 5, "sellers": 2, "shares": [1, 1, 1]}, "E_INPUT", "3个份额"),
        ("hold", {"balance": 1, "holds": [{"from": "2018-07-07", "to": "2018-07-01"}]}, "E_INPUT", "早于"),
        ("messages", {"messages": [{"msg_id": "m 1", "amount": 1}]}, "E_INPUT", "m 1"),
        ("messages", {"messages": [{"msg_id": "m1", "amount": 0}]}, "E_AMOUNT", "应大于零"),
    ],
)
def test_what_cannot_be_answered_says_why(name: str, facts: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide(f"home_escrow.{name}", facts, DAY)
    assert (refused.value.code, said in refused.value.message) == (code, True)


@pytest.mark.parametrize("key", sorted(key for key in REGISTRY if key.startswith("home_escrow.")))
def test_before_the_rules_began_nothing_is_decided_by_them(key: str) -> None:
    if key.partition(".")[2] in ("agreement", "exemption", "route", "party", "messages"):
        return  # They answer for days told, or have nothing to do with a day.
    with pytest.raises(LuoshiError) as refused:
        decide(key, REGISTRY[key].schema()["facts"]["examples"][0], date(2018, 3, 26))
    assert refused.value.code == "E_NOT_IN_FORCE"
