"""The registers of the guarantee: what a row may not say. Pure checks; no database."""

from __future__ import annotations

import datetime

import pytest

from luoshi.programmes.agri_guarantee.registers import (
    BANK_SCORES,
    CHARGES,
    CUSTODY,
    DELEGATIONS,
    LOANS,
    OPERATORS,
    PLACEMENTS,
    PUBLICITY,
    RULINGS,
    TOWN_SCORES,
)

DAY = datetime.date(2018, 5, 2)
FARM = {"code": "11010519491231002X", "town": "xiacun", "category": "FAMILY_FARM"}
LOAN = {"amount": 100_00, "disbursed": 100_00, "repaid": 0, "covered": 0, "disbursed_on": DAY, "starts_on": DAY,
        "ends_on": DAY + datetime.timedelta(days=365)}  # fmt: skip


def faults(register, row):
    return [(one.column, one.warning, one.message) for check in register.checks for one in check(row)]


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (FARM, "", ""),
        (FARM | {"code": "110105194912310021"}, "code", "身份证号校验位不符"),
        (FARM | {"code": "91350100M000100Y43"}, "", ""),
        (FARM | {"code": "91350100M000100Y44"}, "code", "校验位不符"),
        (FARM | {"code": "123"}, "code", "18位"),
        (FARM | {"town": "finance"}, "town", "镇"),
        (FARM | {"posted_from": DAY, "posted_to": DAY}, "posted_to", "晚于"),
    ],
)
def test_an_operator_is_who_the_number_says(row, column, words):
    found = [one for one in faults(OPERATORS, row) if not one[1]]
    assert [one[0] for one in found] == ([column] if column else [])
    assert not column or words in found[0][2]


@pytest.mark.django_db
@pytest.mark.parametrize(("fen", "warned"), [(499_999_999, False), (500_000_000, True)])
def test_a_micro_enterprise_of_medium_income_is_remarked_not_refused(fen, warned):
    found = faults(OPERATORS, FARM | {"category": "MICRO_ENT", "revenue": fen})
    assert [one[:2] for one in found] == ([("revenue", True)] if warned else [])


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({}, ""), ({"amount": 100_01}, "amount"), ({"disbursed": 100_01}, "disbursed"),
        ({"repaid": 60_00, "covered": 40_01}, "repaid"), ({"ends_on": DAY}, "ends_on"),
        ({"disbursed_on": None}, "disbursed_on"),
    ],
)  # fmt: skip
def test_a_loan_adds_up(change, column):
    assert [one[0] for one in faults(LOANS, LOAN | change)] == ([column] if column else [])


def test_the_registers_are_declared_by_their_keys():
    keys = {one.key for one in (OPERATORS, LOANS, DELEGATIONS, CHARGES, PUBLICITY, TOWN_SCORES, BANK_SCORES, CUSTODY,
                                PLACEMENTS, RULINGS)}  # fmt: skip
    assert keys == {
        "agri_guarantee.operators", "agri_guarantee.loans", "agri_guarantee.delegations", "agri_guarantee.charges",
        "agri_guarantee.publicity", "agri_guarantee.town_scores", "agri_guarantee.bank_scores",
        "agri_guarantee.custody", "agri_guarantee.placements", "agri_guarantee.rulings",
    }  # fmt: skip
    assert faults(TOWN_SCORES, {"town": "xiacun", "score": 31, "weight": 30})[0][0] == "score"
    assert faults(CHARGES, {"town": "court"})[0][0] == "town"
    ended = {"starts_on": DAY, "ends_on": DAY - datetime.timedelta(days=1)}
    assert faults(DELEGATIONS, ended)[0][0] == faults(CUSTODY, ended)[0][0] == "ends_on"
