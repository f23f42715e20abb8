"""Verdicts of decisions that answer in a word: `{"result": "OK", ...}`, with a code where they refuse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luoshi.kernel.decisions import Outcome, Reason, Rule, Verdict


def answer(result: str, outcome: Outcome, reasons: Sequence[Reason], *, code: str = "", **more: Any) -> Verdict:
    """Return a verdict: `result` in the rules' word, `code` of the refusal, and the figures."""
    value: dict[str, Any] = {"result": result, **({"code": code} if code else {}), **more}
    return Verdict(value, outcome, reasons)


def judged(reasons: Sequence[Reason], *, good: str = "OK", bad: str = "REFUSE", code: str = "", **more: Any) -> Verdict:
    """Return the verdict of reasons that must all hold."""
    refused = any(reason.ok is False for reason in reasons)
    outcome = Outcome.REFUSE if refused else Outcome.ALLOW
    return answer(bad if refused else good, outcome, reasons, code=code if refused else "", **more)


def undetermined(missing: Mapping[str, str], citation: str) -> Verdict:
    """Return the verdict where facts are missing: which, by name and Chinese word."""
    rule = Rule(citation, "缺少：{names}")
    return answer(
        "UNDETERMINED", Outcome.UNDETERMINED, [rule.reason(None, "、".join(missing.values()))], missing=list(missing)
    )
