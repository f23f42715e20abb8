"""Taking decisions in tests as the command line does: from JSON text, and again from the receipt."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from luoshi.kernel.decisions import Decision, decide, rerun
from luoshi.programmes.agri_guarantee import decisions as _registered  # noqa: F401

ON = date(2018, 9, 20)


def take(name: str, facts: Any, on: date = ON) -> Decision:
    """Take `agri_guarantee.<name>`; the receipt must give the same answer, every reason must read."""
    taken = decide(f"agri_guarantee.{name}", json.dumps(facts, ensure_ascii=False), on)
    assert rerun(json.loads(json.dumps(taken.receipt))).same
    for reason in taken.reasons:
        assert reason.text
        assert reason.citation is not None
    return taken


def value(name: str, facts: Any, on: date = ON) -> dict[str, Any]:
    """Return what was decided."""
    found: dict[str, Any] = take(name, facts, on).value
    return found
