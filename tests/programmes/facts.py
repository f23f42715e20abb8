"""Taking decisions in tests as the command line does: from JSON text, and again from the receipt."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

from luoshi.kernel.decisions import Decision, decide, rerun
from luoshi.site.registry import load_decisions

load_decisions()


def taking(programme: str, on: date) -> tuple[Callable[..., Decision], Callable[..., dict[str, Any]]]:
    """Return two functions of (name, facts, on): the decision `programme`.name, and what it decided.

    The receipt must give the same answer, every reason must read.
    """

    def take(name: str, facts: Any, on: date = on) -> Decision:
        taken = decide(f"{programme}.{name}", json.dumps(facts, ensure_ascii=False), on)
        assert rerun(json.loads(json.dumps(taken.receipt))).same
        for reason in taken.reasons:
            assert reason.text
            assert reason.citation is not None
        return taken

    def value(name: str, facts: Any, on: date = on) -> dict[str, Any]:
        found: dict[str, Any] = take(name, facts, on).value
        return found

    return take, value


def yuan(text: str) -> int:
    """Return yuan as a spec prints them in fen."""
    whole, _dot, part = text.replace(",", "").partition(".")
    return int(whole) * 100 + int((part or "0").ljust(2, "0"))


def within(taken: Decision, wanted: dict[str, Any], clause: str) -> None:
    """Check that a decision says at least `wanted`, on that clause among others."""
    said = json.loads(json.dumps(taken.value, default=str))
    assert {name: said.get(name) for name in wanted} == wanted
    assert any(clause in str(reason.citation) for reason in taken.reasons)
