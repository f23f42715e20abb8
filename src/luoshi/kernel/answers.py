"""Verdicts of decisions that answer in a word: `{"result": "OK", ...}`, with a code where they refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import wraps
from typing import Any

from luoshi.kernel.decisions import Context, Definition, Outcome, Reason, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import ParameterTable


def rulebook(rules: str, begins: date, parameters: ParameterTable) -> Callable[..., Callable[..., Definition]]:
    """Return `decision` for the rules of one document: asked for a day before their first, they are E_NOT_IN_FORCE."""

    def ruled(**options: Any) -> Callable[..., Definition]:
        def register(function: Callable[[Any, Context], Verdict]) -> Definition:
            @wraps(function)
            def taken(facts: Any, context: Context) -> Verdict:
                if context.on < begins:
                    raise LuoshiError(
                        "E_NOT_IN_FORCE",
                        f"{rules}自{begins}起施行，{context.on}还没有施行，请按施行后的日期办理。",
                        fields={"on": context.on.isoformat(), "begins": begins.isoformat()},
                    )
                return function(facts, context)

            return decision(parameters=parameters, **options)(taken)

        return register

    return ruled


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
