"""Ask for a decision: value, reasons with their clauses, receipt."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import find
from luoshi.office.library_facts import complete
from luoshi.office.parameters.book import decide
from luoshi.site.access import Needs
from luoshi.site.api.schemas import ERRORS, DecideIn, DecisionName, Problem
from luoshi.site.registry import load_decisions

router = Router()


@router.get(
    "/decisions", auth=Needs("decision.run"), response={200: list[DecisionName], ERRORS: Problem}, summary="可作的决定"
)
def decisions(request: HttpRequest) -> list[DecisionName]:
    """List the decisions that can be asked for."""
    return [
        DecisionName(key=key, title=item.title, citation=str(item.citation) if item.citation else None)
        for key, item in sorted(load_decisions().items())
    ]


@router.get(
    "/decisions/{key}/schema",
    auth=Needs("decision.run"),
    response={200: dict[str, Any], ERRORS: Problem},
    summary="决定要的事实",
)
def decision_schema(request: HttpRequest, key: str) -> dict[str, Any]:
    """Return the JSON schema of a decision's facts and the parameters it reads."""
    load_decisions()
    return find(key).schema()


@router.post(
    "/decisions/{key}",
    auth=Needs("decision.run"),
    response={200: dict[str, Any], ERRORS: Problem},
    summary="作一次决定",
)
def take_decision(request: HttpRequest, key: str, body: DecideIn) -> dict[str, Any]:
    """Decide on given facts; with `set` the answer is a what-if and binds nobody.

    A thing that is only named (an organ and a post, a group) is decided on what the library knows of it.
    """
    load_decisions()
    on = body.on or CLOCK.today()
    return decide(key, complete(key, body.facts, on, body.set), on, body.set).as_dict()
