"""Taking decisions in tests as the command line does: from JSON text, and again from the receipt."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from luoshi.kernel.decisions import Decision, decide, rerun
from luoshi.programmes.home_escrow import decisions as _registered  # noqa: F401

ON = date(2018, 6, 20)


def take(name: str, facts: Any, on: date = ON) -> Decision:
    """Take `home_escrow.<name>`; the receipt must give the same answer, every reason must read."""
    taken = decide(f"home_escrow.{name}", json.dumps(facts, ensure_ascii=False), on)
    assert rerun(json.loads(json.dumps(taken.receipt))).same
    for reason in taken.reasons:
        assert reason.text
        assert reason.citation is not None
    return taken


def value(name: str, facts: Any, on: date = ON) -> dict[str, Any]:
    """Return what was decided."""
    found: dict[str, Any] = take(name, facts, on).value
    return found


def yuan(text: str) -> int:
    """Return yuan as a spec prints them in fen."""
    whole, _dot, part = text.replace(",", "").partition(".")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))
