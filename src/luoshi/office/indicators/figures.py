"""Figures of indicators: exact ratios, targets, verdicts, and how they are shown (conventions 2). Pure functions.

A comparison is made on the exact value, never on what is shown. What is shown never says otherwise than the verdict.
Without a denominator there is no value: neither 0 % nor 100 %.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import StrEnum
from fractions import Fraction

Number = int | Decimal
_DIGITS = 400
"""Sums are made with so many digits: what is added is never rounded."""


class Direction(StrEnum):
    """How a value is held against its target; the bound is included but for above and below."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    ABOVE = "above"
    BELOW = "below"
    EQUAL = "equal"


SIGNS = {
    Direction.AT_LEAST: "≥",
    Direction.AT_MOST: "≤",
    Direction.ABOVE: ">",
    Direction.BELOW: "<",
    Direction.EQUAL: "=",
}


class Verdict(StrEnum):
    """What became of a target; an aim (力争) that is not reached is open, never failed."""

    MET = "met"
    NOT_MET = "not_met"
    AIM_MET = "aim_met"
    AIM_OPEN = "aim_open"
    NO_DATA = "no_data"
    NO_TARGET = "no_target"


@dataclass(frozen=True, slots=True)
class Held:
    """A target on a day: the exact bound in the indicator's unit, the direction, whether it is an aim only."""

    value: Decimal
    direction: Direction
    aim: bool = False
    citation: str = ""


SCALES = {"%": 100, "‰": 1000}
"""Ratios are held against targets in these units."""


def scale_of(unit: str) -> int:
    """Return by how much a ratio is multiplied to stand in its unit."""
    return SCALES.get(unit, 1)


def ratio(numerator: Number | None, denominator: Number | None, *, whole: bool) -> Fraction | None:
    """Return the exact value: the numerator over the denominator, or alone where `whole` says there is none.

    None where nothing was measured or the denominator is zero.
    """
    if numerator is None:
        return None
    if whole:
        return Fraction(numerator)
    if not denominator:
        return None
    return Fraction(numerator) / Fraction(denominator)


def in_unit(value: Fraction, unit: str) -> Fraction:
    """Return a ratio in the unit of its indicator."""
    return value * scale_of(unit)


def reaches(value: Fraction, target: Held) -> bool:
    """Tell whether an exact value, in the unit, reaches its target."""
    bound = Fraction(target.value)
    if target.direction is Direction.AT_LEAST:
        return value >= bound
    if target.direction is Direction.AT_MOST:
        return value <= bound
    if target.direction is Direction.ABOVE:
        return value > bound
    if target.direction is Direction.BELOW:
        return value < bound
    return value == bound


def judge(value: Fraction | None, target: Held | None) -> Verdict:
    """Return the verdict on a value in its unit."""
    if value is None:
        return Verdict.NO_DATA
    if target is None:
        return Verdict.NO_TARGET
    met = reaches(value, target)
    if target.aim:
        return Verdict.AIM_MET if met else Verdict.AIM_OPEN
    return Verdict.MET if met else Verdict.NOT_MET


def half_up(value: Fraction, places: int) -> Decimal:
    """Return an exact value rounded half up (away from zero) to so many places."""
    step = Decimal(1).scaleb(-places)
    # A hundred more digits than are kept: an unending fraction is never taken for a half.
    whole, rest = divmod(abs(value.numerator) * 10**places, value.denominator)
    rounded = whole + (1 if 2 * rest >= value.denominator else 0)
    return (Decimal(rounded) * step).copy_sign(Decimal(1 if value >= 0 else -1)).quantize(step)


def shown(value: Fraction | None, target: Held | None = None, *, places: int = 2) -> str:
    """Return a value in its unit as people read it, without the unit; empty where there is none.

    Two places half up; where that would say otherwise than the verdict, four with trailing zeros dropped; where that
    would still, the bound it misses with its sign: `<80.00`, `>10.00`.
    """
    if value is None:
        return ""
    short = half_up(value, places)
    if target is None or _agrees(short, value, target):
        return f"{short:,f}"
    longer = half_up(value, places + 2)
    if _agrees(longer, value, target):
        text = f"{longer:,f}".rstrip("0")
        return text if not text.endswith(".") else text[:-1]
    bound = half_up(Fraction(target.value), places)
    return f"{'<' if value < Fraction(target.value) else '>'}{bound:,f}"


def _agrees(shown_value: Decimal, value: Fraction, target: Held) -> bool:
    return reaches(Fraction(shown_value), target) is reaches(value, target)


def exact(value: Number) -> str:
    """Return a numerator or denominator as it is kept: all its digits."""
    return str(value) if isinstance(value, int) else _bare(f"{value:f}")


def _bare(text: str) -> str:
    """Drop zeros behind the point; text, because a Decimal's own way rounds to the digits of its context."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def number(text: str) -> Number:
    """Read a kept numerator or denominator."""
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() and "." not in text else value


def plain(value: Number) -> str:
    """Return a numerator or denominator as people read it."""
    return f"{value:,}" if isinstance(value, int) else _bare(f"{value:,f}")


def gap(value: Fraction, target: Held) -> Fraction:
    """Return by how much a value misses its target, in its unit; negative for what is over."""
    bound = Fraction(target.value)
    return value - bound if target.direction in (Direction.AT_MOST, Direction.BELOW) else bound - value


def summed(parts: Iterable[Number | None]) -> Number | None:
    """Return the sum of what was measured; None where nothing was."""
    found = [part for part in parts if part is not None]
    if not found:
        return None
    if all(isinstance(part, int) for part in found):
        return sum(int(part) for part in found)
    with localcontext(prec=_DIGITS):
        return sum((Decimal(part) for part in found), Decimal(0))


def rolled(parts: Sequence[tuple[Number | None, Number | None]], over: str) -> tuple[Number | None, Number | None]:
    """Return numerator and denominator of a longer period from those of its parts in order.

    `over` is sum (what flows), last (what stands at the end), most (the peak).
    """
    known = [part for part in parts if part[0] is not None]
    if not known:
        return None, None
    if over == "last":
        return known[-1]
    if over == "most":
        return max(known, key=_size)
    return summed(part[0] for part in known), summed(part[1] for part in known)


def _size(part: tuple[Number | None, Number | None]) -> Fraction:
    above, below = part
    return Fraction(above or 0) / Fraction(below) if below else Fraction(above or 0)


def ranked(values: Sequence[Fraction | None], *, most_first: bool = True) -> list[int | None]:
    """Return ranks: equal values share one and the next is skipped (1, 2, 2, 4); None has none."""
    known = sorted((value for value in values if value is not None), reverse=most_first)
    return [None if value is None else known.index(value) + 1 for value in values]
