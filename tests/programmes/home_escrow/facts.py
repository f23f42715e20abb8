"""Taking the room's decisions in tests."""

from __future__ import annotations

from datetime import date

from tests.programmes.facts import taking, yuan

__all__ = ["ON", "take", "value", "yuan"]

ON = date(2018, 6, 20)

take, value = taking("home_escrow", ON)
