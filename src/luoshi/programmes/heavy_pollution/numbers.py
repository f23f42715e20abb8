"""Exact numbers: from JSON as they are printed, to JSON without loss, cut or rounded for people to read."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

Exact = int | Fraction
"""A number of a decision. Whole numbers are plain integers: sums of them are quick."""

_NUMBER = re.compile(r"[-+]?\d{1,18}(\.\d{1,18})?")


def exact(value: Any) -> Exact:
    """Return a number given as integer, decimal, text or float (taken as it prints); ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | Fraction | str):
        raise ValueError("应为数字")
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if isinstance(value, int) and abs(value) < 10**18:
        return value
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip().replace(",", "")
    elif value == 0:
        text = "0"
    else:
        text = format(Decimal(str(value)), "f") if 1e-18 < abs(float(value)) < 1e18 else str(value)[:60]
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"“{text[:30]}”不是数字")
    number = Fraction(text)
    return number.numerator if number.denominator == 1 else number


def plain(number: Exact | None) -> int | str | None:
    """Return a number as JSON holds it without loss: an integer, else a decimal in text, else numerator/denominator."""
    if number is None or isinstance(number, int):
        return number
    if number.denominator == 1:
        return number.numerator
    rest, places = number.denominator, 0
    for factor in (2, 5):
        power = 0
        while rest % factor == 0:
            rest //= factor
            power += 1
        places = max(places, power)
    return cut(number, places) if rest == 1 else f"{number.numerator}/{number.denominator}"


def cut(number: Exact, places: int) -> str:
    """Return a number with so many decimals, the rest cut off: 9.99 reads 9.9 and fails visibly."""
    scaled = abs(number) * 10**places
    whole = scaled.numerator // scaled.denominator
    return _written(number < 0 and whole > 0, whole, places)


def rounded(number: Exact, places: int = 2) -> str:
    """Return a number with so many decimals, rounded half up."""
    scaled = abs(number) * 10**places * 2 + 1
    whole = scaled.numerator // (scaled.denominator * 2)
    return _written(number < 0 and whole > 0, whole, places)


def _written(negative: bool, whole: int, places: int) -> str:
    digits = str(whole).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if negative else text


def ceiling(numerator: int, denominator: int) -> int:
    """Return a quotient rounded up."""
    return -(-numerator // denominator)


class Rounding(NamedTuple):
    """How concentrations are rounded before anything is looked up: method, decimals of µg/m³ and of CO in mg/m³."""

    method: str = "half-even"
    ug: int = 0
    co: int = 1

    def places(self, pollutant: str) -> int:
        """Return the decimals a pollutant keeps."""
        return self.co if pollutant == "CO" else self.ug

    def units(self, numerator: int, denominator: int, pollutant: str) -> int:
        """Return a concentration (a quotient, not negative) in units of its last decimal."""
        scale: int = 10 ** self.places(pollutant)
        whole, rest = divmod(numerator * scale, denominator)
        if self.method == "truncate":
            return whole
        if self.method == "half-up":
            return whole + (2 * rest >= denominator)
        return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))
