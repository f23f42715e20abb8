"""Turns into the database: any number at once, a few statements each kind of row, the audit trail last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office import rows, search
from luoshi.office.audit.actions import Act, append_all
from luoshi.office.cases.models import SEARCH_TABLE, CaseEvent
from luoshi.office.cases.turns import PROGRAM, Turn, picture
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.rows import OvertakenError, Writing

_CASE = ("title", "state", "status", "is_open", "facts", "entered_at", "entered_event", "closed_at", "due_at",
         "due_limit", "events_count", "revision")  # fmt: skip
_CLOCK = ("state", "until", "inclusive", "provisional", "calendar", "pauses", "extensions", "fires_at", "stage",
          "expired", "ended_at")  # fmt: skip


def flush(turns: Sequence[Turn]) -> None:
    """Write what turns have left. Needs a transaction. E_VERSION when a case was written by another meanwhile."""
    old = [turn for turn in turns if turn.case.id is not None]
    new = [turn for turn in turns if turn.case.id is None]
    # What may have to wait for another's new case comes before the head of the trail, for which all wait.
    for turn in new:
        rows.add(turn.case)
        for party in turn.parties:
            party.case_id = turn.case.id
    for turn in turns:
        for clock in turn.clocks:
            clock.case_id = turn.case.id
        for event in turn.events:
            event.case_id = turn.case.id
    for turn in old:
        turn.case.revision += 1
    renamed = [(turn.case, title) for turn in old if (title := rows.was(turn.case, "title")) != turn.case.title]
    writing = Writing()
    writing.update([turn.case for turn in old], _CASE, guard="revision")
    writing.insert([party for turn in new for party in turn.parties])
    moved = [party for turn in old for party in turn.parties if party.standing != party.__dict__.get("_was")]
    writing.update(moved, ("acts", "is_open", "due_at"))
    # What ends goes first: one running clock of a limit is a constraint.
    touched = [clock for turn in turns for clock in turn.clocks if clock.id is not None and clock.limit in turn.touched]
    writing.update(touched, _CLOCK)
    writing.insert([clock for turn in turns for clock in turn.clocks if clock.id is None])
    writing.insert([event for turn in turns for event in turn.events])
    if new:
        writing.tell(
            search.indexing(SEARCH_TABLE, [(turn.case.id, (turn.case.number, turn.case.title)) for turn in new])
        )
    tell_organs([telling for turn in turns for telling in _told(turn)], writing=writing)
    append_all([act for turn in turns for act in _acts(turn)], writing=writing)
    try:
        writing.send()
    except OvertakenError:
        raise LuoshiError("E_VERSION", "这件事刚被他人办过，没有重复办理。请刷新后再办。") from None
    for case, title in renamed:
        search.reindex(SEARCH_TABLE, case.id, (case.number, title), (case.number, case.title))


def _acts(turn: Turn) -> Iterable[Act]:
    """Yield the audit entries of a turn: one for each event, the state before and after with the first and last."""
    after = picture(turn.case)
    for number, event in enumerate(turn.events):
        yield Act(
            turn.actor if event.hand == CaseEvent.Hand.PERSON or event.who == turn.actor.name else PROGRAM,
            f"case.{event.act}"[:60],
            f"case:{turn.case.id}",
            before=turn.before if number == 0 else None,
            after=after | {"n": event.n, "hand": str(event.hand), "text": event.text},
            basis=_basis(turn, event),
            permission="case.open" if event.act == "open" else "case.act",
            at=event.at,
        )


def _basis(turn: Turn, event: CaseEvent) -> str:
    step = turn.procedure.steps.get(event.act)
    return (step.citation if step else "") or turn.procedure.citation


def _told(turn: Turn) -> list[Telling]:
    """Return who is to be told: those whose turn it is now, and whom the room or a limit named."""
    case = turn.case
    said: dict[tuple[str, str], str] = {}
    due = f"，期限{local(case.due_at):%Y-%m-%d %H:%M}" if case.due_limit else ""
    for party in turn.parties:
        if party.acts and party.party != turn.party and turn.step is not None:
            title = turn.procedure.parties[party.party].title
            said[party.organ, party.role] = f"{case.number} {case.title}：轮到{title}办理{due}"
    for key, text in turn.messages:
        for party in turn.parties:
            if party.party == key:
                said[party.organ, party.role] = text
    return [
        Telling(f"case:{case.id}:{case.revision}:{organ}:{role}", organ, role, "case", text, f"/cases/{case.id}/")
        for (organ, role), text in said.items()
    ]
