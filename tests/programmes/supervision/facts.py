"""Taking the room's decisions in tests."""

from __future__ import annotations

from datetime import date

from tests.programmes.facts import taking

__all__ = ["ON", "take", "value"]

ON = date(2019, 8, 1)

take, value = taking("supervision", ON)
