"""A case on a room's own pages: its way, the steps it offers and to whom, its story, and taking a step."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Ask
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case, CaseEvent
from luoshi.office.cases.offers import offers
from luoshi.office.cases.procedures import version
from luoshi.office.cases.way import way

_INPUT = {"date": "date", "moment": "datetime-local", "integer": "number", "file": "file"}


def field(ask: Ask, value: Any = "") -> dict[str, Any]:
    """Return a field of a form as a template shows it."""
    return {
        "name": ask.name, "title": ask.title, "type": ask.type, "input": _INPUT.get(ask.type, "text"),
        "required": ask.required and ask.type != "tick", "choices": list(ask.choices.items()), "help": ask.help,
        "value": value,
    }  # fmt: skip


def offered(actor: Actor, case: Case | None, typed: Any = None, *, besides: str = "") -> dict[str, Any]:
    """Return what a page shows of a case: its way and state, whose turn it is, the steps for the actor, its story.

    `open` are the steps the actor may take now, `blocked` those that something stands against; the story is newest
    first. `typed` is a refused form; `besides` a party that is a program and is not shown.
    """
    if case is None:
        return {}
    try:
        turn = cases.opened(actor, case.pk, lock=False)
    except LuoshiError as refusal:
        if refusal.code != "E_NOT_FOUND":
            raise
        # Who sees the record need not be a party to its case.
        return {}
    events = list(CaseEvent.objects.filter(case=case).order_by("n"))
    state = turn.procedure.states[turn.case.state]
    found = [
        {
            "key": one.step.key, "title": one.step.title, "aside": one.step.aside, "note": one.step.note,
            "against": [why.text for why in one.whys if why.ok is False],
            "asks": [field(ask, typed.get(ask.name, "") if typed else "") for ask in one.step.asks],
        }
        for one in offers(turn, events)
        if one.party is not None and one.party.party != besides
    ]  # fmt: skip
    free = [one for one in found if not one["against"]]
    plain = next((one for one in free if not one["aside"]), None)
    for one in free:
        one["first"] = one is plain
    holders = [turn.procedure.parties[one.party].title for one in turn.parties if one.acts and one.party != besides]
    return {
        "case": turn.case, "state": state.title, "ends": state.ends, "offers": found, "holders": holders,
        "open": free, "blocked": [one for one in found if one["against"]],
        "way": way(turn.procedure, turn.case.state, day_of(turn.case.entered_at), events),
        "events": [{"at": local(one.at), "who": one.who, "text": one.text, "hand": one.hand}
                   for one in reversed(events)],
    }  # fmt: skip


class Tried(NamedTuple):
    """What became of the step that a page posted: done, or refused and why; neither where none was posted."""

    done: bool = False
    error: LuoshiError | None = None


def posted(request: HttpRequest, actor: Actor, case: Case | None) -> Tried:
    """Take the step that a page posted, if it did; E_NOT_FOUND goes through, for then there is no page to show."""
    if request.method != "POST" or case is None:
        return Tried()
    try:
        take(request, actor, case)
    except LuoshiError as refusal:
        if refusal.code == "E_NOT_FOUND":
            raise
        return Tried(error=refusal)
    return Tried(done=True)


def take(request: HttpRequest, actor: Actor, case: Case) -> None:
    """Take the step that a page posted; refusals go through."""
    key = request.POST.get("step", "")
    step = version(case.procedure, case.version).steps.get(key)
    data: dict[str, Any] = {}
    for ask in step.asks if step is not None else ():
        upload = request.FILES.get(ask.name)
        if upload is not None:
            data[ask.name] = (str(upload.name), upload.read())
        elif request.POST.get(ask.name, "") != "":
            data[ask.name] = request.POST[ask.name]
    revision = request.POST.get("revision", "")
    cases.act(actor=actor, case=case.pk, step=key, data=data, revision=int(revision) if revision.isdecimal() else None)
