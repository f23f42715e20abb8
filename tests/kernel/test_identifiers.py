"""Identifiers: a wrong check digit is refused; the numbers are invented, from reserved sequences."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel import identifiers
from luoshi.kernel.errors import LuoshiError

TODAY = date(2020, 1, 1)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("91371083201803141C", "91371083201803141C"),
        (" 9137 1083MA3TEJA008 ", "91371083MA3TEJA008"),
        ("９１３７１０８３００００００１１５Ｅ", "91371083000000115E"),
        ("913710830000000195", "913710830000000195"),
    ],
)
def test_credit_code_is_cleaned_and_checked(text: str, code: str) -> None:
    assert identifiers.parse_uscc(text) == code
    assert identifiers.organ_code_agrees(code)


@pytest.mark.parametrize(
    ("text", "code"),
    [("91371083201803141D", "E_CHECK_DIGIT"), ("91371083O00000115E", "E_INPUT"), ("9137108320180314", "E_INPUT")],
)
def test_credit_code_refuses(text: str, code: str) -> None:
    with pytest.raises(LuoshiError) as refusal:
        identifiers.parse_uscc(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("371083199001019819", "371083199001019819"),
        ("371083900101981", "371083199001019819"),
        ("37108319900101994x", "37108319900101994X"),
        ("37100019900101112X", "37100019900101112X"),
    ],
)
def test_id_number_is_stored_in_18_characters(text: str, number: str) -> None:
    assert identifiers.parse_id_number(text, TODAY) == number


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("371083199001019818", "E_CHECK_DIGIT"),
        ("371083198502290012", "E_INPUT"),
        ("371083198102290013", "E_INPUT"),
        ("37108320300101981X", "E_INPUT"),
        ("3710831990", "E_INPUT"),
    ],
)
def test_id_number_refuses(text: str, code: str) -> None:
    with pytest.raises(LuoshiError) as refusal:
        identifiers.parse_id_number(text, TODAY)
    assert refusal.value.code == code


def test_check_digits_of_the_standards() -> None:
    assert identifiers.luhn_check("0000001") == "8"
    assert identifiers.luhn_check("0451907") == "0"
    assert identifiers.gs1_check("0690000000001") == "4"
    assert identifiers.mod_11_10_check("37108320180312000123") == "2"
    assert identifiers.mod_11_10_check("0794") == "5"
    assert identifiers.mod_37_36_check("A12425GABC1234002") == "M"


@given(st.text("0123456789", min_size=4, max_size=30), st.data())
def test_check_digits_find_every_single_error(digits: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(digits) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != digits[place]]))
    spoilt = digits[:place] + other + digits[place + 1 :]
    for check in (
        identifiers.luhn_check,
        identifiers.gs1_check,
        identifiers.mod_11_10_check,
        identifiers.mod_37_36_check,
    ):
        assert check(digits) != check(spoilt)


def test_masks_show_what_the_table_allows() -> None:
    assert identifiers.mask_name("测试甲") == "测*"
    assert identifiers.mask_id("371083199001019819") == "371083********9819"
    assert identifiers.mask_phone("13800000000") == "138****0000"
    assert identifiers.mask_account("6222000000001234") == "1234"
