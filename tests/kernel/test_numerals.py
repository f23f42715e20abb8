"""Chinese numerals: every number comes back from its words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.numerals import from_chinese, to_chinese


@given(st.integers(1, 9999))
def test_numeral_round_trip(number: int) -> None:
    assert from_chinese(to_chinese(number)) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("十", 10), ("二十", 20), ("一百零五", 105), ("一百一十", 110), ("二〇一八", 2018), ("两", 2), ("零", 0)],
)
def test_numeral_is_read_as_printed(text: str, number: int) -> None:
    assert from_chinese(text) == number


@pytest.mark.parametrize("text", ["", "一二", "十百", "甲", "百十千", "一十二三", "零百"])
def test_numeral_refuses_what_is_none(text: str) -> None:
    assert from_chinese(text) is None
