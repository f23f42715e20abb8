"""Money: whole fen, no floats, explicit rounding (conventions section 2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from luoshi.kernel.errors import LuoshiError


class Rounding(Enum):
    """How a fraction of a fen becomes whole; every rule says which."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    FLOOR = "floor"
    CEILING = "ceiling"

    def apply(self, value: Fraction) -> int:
        """Return the whole number; half-up rounds a half away from zero."""
        if self is Rounding.FLOOR:
            return value.numerator // value.denominator
        if self is Rounding.CEILING:
            return -(-value.numerator // value.denominator)
        if self is Rounding.HALF_EVEN:
            return round(value)
        whole = (2 * abs(value.numerator) + value.denominator) // (2 * value.denominator)
        return whole if value >= 0 else -whole


_YUAN = re.compile(r"(-?)(\d{1,3}(?:,\d{3}){1,5}|\d{1,16})(?:\.(\d{1,2}))?")
_UNITS = (("亿元", 10_000_000_000), ("万元", 1_000_000), ("元", 100), ("", 100))
_CAPITALS = "零壹贰叁肆伍陆柒捌玖"


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in whole fen; negative where a ledger needs it."""

    fen: int

    @classmethod
    def yuan(cls, text: str | int) -> Money:
        """Read yuan: `1,234.56`, `1234.5元`, `￥10`, `500万元`; parts of a fen are refused (E_AMOUNT)."""
        body = str(text).strip().replace("，", ",").lstrip("￥¥")
        for unit, fen in _UNITS:
            number = body.removesuffix(unit)
            if (not unit or number != body) and (match := _YUAN.fullmatch(number)) is not None:
                sign, whole, part = match.groups()
                value = Fraction(f"{whole.replace(',', '')}.{part or 0}") * fen
                if value.denominator == 1:
                    return cls(-value.numerator if sign else value.numerator)
        raise LuoshiError("E_AMOUNT", f"“{text}”不是金额：请写元，最多两位小数", fields={"value": str(text)})

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __neg__(self) -> Money:
        return Money(-self.fen)

    def times(self, factor: Fraction | int, rounding: Rounding) -> Money:
        """Return the product, rounded to the fen in the stated way."""
        return Money(rounding.apply(self.fen * Fraction(factor)))

    def allocate(self, weights: Sequence[int | Fraction]) -> list[Money]:
        """Split without gain or loss by largest remainder, ties to the part listed first. Not for negative amounts."""
        total = sum(map(Fraction, weights), Fraction(0))
        if self.fen < 0 or total <= 0 or any(weight < 0 for weight in weights):
            raise LuoshiError("E_AMOUNT", "分配的金额和权重不得为负，权重之和应大于零")
        exact = [self.fen * Fraction(weight) / total for weight in weights]
        parts = [share.numerator // share.denominator for share in exact]
        by_remainder = sorted(range(len(parts)), key=lambda index: (parts[index] - exact[index], index))
        for index in by_remainder[: self.fen - sum(parts)]:
            parts[index] += 1
        return [Money(part) for part in parts]

    def __str__(self) -> str:
        """Yuan with two decimals and thousands: `1,234.56`."""
        whole, part = divmod(abs(self.fen), 100)
        return f"{'-' if self.fen < 0 else ''}{whole:,}.{part:02d}"

    def capitals(self) -> str:
        """Return the capital characters of a cheque or notice: `壹佰贰拾元叁角整`."""
        whole, part = divmod(abs(self.fen), 100)
        if whole >= 10**16:
            raise LuoshiError("E_AMOUNT", "金额过大，无法写成大写")
        jiao, fen = divmod(part, 10)
        text = _capital_integer(whole) + "元" if whole else ""
        if jiao:
            text += _CAPITALS[jiao] + "角"
        elif fen and whole:
            text += "零"
        text += _CAPITALS[fen] + "分" if fen else "整"
        if not self.fen:
            text = "零元整"
        return ("负" if self.fen < 0 else "") + text


def _capital_integer(number: int) -> str:
    """Capital characters of a positive whole number, groups of four digits, one 零 for any run of noughts."""
    groups: list[int] = []
    while number:
        number, group = divmod(number, 10_000)
        groups.append(group)
    text, gap = "", False
    for power in range(len(groups) - 1, -1, -1):
        if not (group := groups[power]):
            gap = bool(text)
            if power == 2 and text:  # 万亿: the 亿 is still owed
                text += "亿"
            continue
        for place, unit in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
            digit = group // place % 10
            if digit:
                text += ("零" if gap else "") + _CAPITALS[digit] + unit
                gap = False
            else:
                gap = bool(text)
        text += ("", "万", "亿", "万")[power]
    return text
