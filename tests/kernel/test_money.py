"""Money: whole fen, exact rates, nothing gained or lost in a split."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money, Rounding


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("1,234.56", 123456),
        ("0.5", 50),
        ("￥10", 1000),
        ("-3元", -300),
        ("500万元", 500_000_000),
        ("1.5亿元", 15_000_000_000),
    ],
)
def test_money_reads_yuan(text: str, fen: int) -> None:
    assert Money.yuan(text) == Money(fen)


@pytest.mark.parametrize("text", ["1.234", "", "1,23", "abc", "1e3", "0.001万元元"])
def test_money_refuses_what_is_not_whole_fen(text: str) -> None:
    with pytest.raises(LuoshiError) as refusal:
        Money.yuan(text)
    assert refusal.value.code == "E_AMOUNT"


@given(st.integers(-(10**15), 10**15))
def test_money_print_and_back(fen: int) -> None:
    assert Money.yuan(str(Money(fen))) == Money(fen)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_money_allocation_loses_nothing_and_stays_within_a_fen(fen: int, weights: list[int]) -> None:
    parts = Money(fen).allocate(weights)
    assert sum(part.fen for part in parts) == fen
    assert all(
        abs(part.fen - Fraction(fen * weight, sum(weights))) < 1 for part, weight in zip(parts, weights, strict=True)
    )


def test_money_allocation_gives_the_odd_fen_to_the_largest_remainder_then_the_first() -> None:
    assert [part.fen for part in Money(30_000_030).allocate([200_000, 200_000, 300_001])] == [
        8_571_425,
        8_571_425,
        12_857_180,
    ]
    assert [part.fen for part in Money(10).allocate([1, 1, 1])] == [4, 3, 3]


@pytest.mark.parametrize(
    ("rounding", "fen"), [(Rounding.HALF_UP, 3), (Rounding.HALF_EVEN, 2), (Rounding.FLOOR, 2), (Rounding.CEILING, 3)]
)
def test_money_rounds_as_the_rule_says(rounding: Rounding, fen: int) -> None:
    assert Money(5).times(Fraction(1, 2), rounding) == Money(fen)


def test_money_half_up_rounds_away_from_zero() -> None:
    assert Money(-5).times(Fraction(1, 2), Rounding.HALF_UP) == Money(-3)


@pytest.mark.parametrize(
    ("yuan", "capitals"),
    [
        ("0", "零元整"),
        ("0.01", "壹分"),
        ("1.05", "壹元零伍分"),
        ("10.50", "壹拾元伍角整"),
        ("100,100.10", "壹拾万零壹佰元壹角整"),
        ("12,345,678.90", "壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元玖角整"),
        ("10,000,000,000", "壹佰亿元整"),
        ("1,000,000,000,000", "壹万亿元整"),
        ("100,000,001", "壹亿零壹元整"),
        ("-7", "负柒元整"),
    ],
)
def test_money_in_capital_characters(yuan: str, capitals: str) -> None:
    assert Money.yuan(yuan).capitals() == capitals
