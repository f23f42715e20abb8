"""The fund's arithmetic: pure, in fen, exact. Shares are cut down to the fen; what is cut off is never lost or doubled.

Instalments are cumulative: what is due by now less what was given before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple


def cut(percent: Fraction, fen: int) -> int:
    """Return a percentage of an amount, the fraction of a fen dropped."""
    share = percent * fen / 100
    return share.numerator // share.denominator


def instalments(percent: Fraction, paid: Iterable[int]) -> list[int]:
    """Return the compensation of each payout of a loan: their sum is always the share of all payouts so far."""
    found: list[int] = []
    whole = given = 0
    for fen in paid:
        whole += fen
        found.append(cut(percent, whole) - given)
        given += found[-1]
    return found


def exceeds(part: int, whole: int, percent: Fraction) -> bool:
    """Tell whether a part is more than a percentage of a whole; equality is not."""
    return 100 * part > percent * whole


def exposure(outstanding: int, percent: Fraction) -> int:
    """Return what the city answers for of an outstanding balance."""
    return cut(percent, outstanding)


class Receipt(NamedTuple):
    """Money recovered: gross, and the costs of getting it."""

    gross: int
    costs: int


class Shares(NamedTuple):
    """A recovery distributed, in fen."""

    city: int
    bank: int
    guarantor: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.city + self.bank + self.guarantor


def distribute(receipts: Sequence[Receipt], city: Fraction, bank: Fraction) -> list[Shares]:
    """Return how each receipt of a loan and claim base is shared; nothing that was given is taken back.

    Gross and costs are summed; each share is the percentage of the net sum less what was given before, the guarantor
    has the rest.
    """
    found: list[Shares] = []
    gross = costs = 0
    given = Shares(0, 0, 0)
    for one in receipts:
        gross, costs = gross + one.gross, costs + one.costs
        net = max(gross - costs, 0)
        fresh = max(net - given.total, 0)
        to_city = min(max(cut(city, net) - given.city, 0), fresh)
        to_bank = min(max(cut(bank, net) - given.bank, 0), fresh - to_city)
        found.append(Shares(to_city, to_bank, fresh - to_city - to_bank))
        given = Shares(*(before + now for before, now in zip(given, found[-1], strict=True)))
    return found


class Room(NamedTuple):
    """What may still be placed."""

    cap: int
    room: int
    over: int


def placing(fund: int, placed: int, percent: Fraction) -> Room:
    """Return the ceiling of placements, what is left of it, and by how much it is passed."""
    cap = cut(percent, max(fund, 0))
    return Room(cap, max(cap - placed, 0), max(placed - cap, 0))
