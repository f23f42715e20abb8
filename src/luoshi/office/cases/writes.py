"""Turns into the database: any number at once, a few statements each kind of row, the audit trail last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, models

from luoshi.kernel.clock import local
from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.audit.actions import Act, append_all
from luoshi.office.cases.models import SEARCH_TABLE, Case, CaseClock, CaseEvent, CaseParty
from luoshi.office.cases.turns import PROGRAM, Turn, picture
from luoshi.office.messages.actions import Telling, tell_organs

_CASE = ("title", "state", "status", "is_open", "facts", "entered_at", "entered_event", "closed_at", "due_at",
         "due_limit", "events_count", "revision")  # fmt: skip
_CLOCK = ("state", "rule", "until", "inclusive", "provisional", "calendar", "pauses", "extensions", "fires_at", "stage",
          "expired", "ended_at")  # fmt: skip


def flush(turns: Sequence[Turn]) -> None:
    """Write what turns have left. Needs a transaction. E_VERSION when a case was written by another meanwhile."""
    old = [turn for turn in turns if turn.case.pk is not None]
    new = [turn for turn in turns if turn.case.pk is None]
    for turn in new:
        turn.case.save(force_insert=True)
        for party in turn.parties:
            party.case = turn.case
    for turn in old:
        turn.case.revision += 1
    written = update_rows(Case, [turn.case for turn in old], _CASE, guard="revision")
    if written != len(old):
        raise LuoshiError("E_VERSION", "这件事刚被他人办过，没有重复办理。请刷新后再办。")
    if new:
        search.index(SEARCH_TABLE, [(turn.case.pk, (turn.case.number, turn.case.title)) for turn in new])
    for case in (turn.case for turn in old):
        if (before := case.__dict__.get("found_as", case.title)) != case.title:
            search.reindex(SEARCH_TABLE, case.pk, (case.number, before), (case.number, case.title))
            case.__dict__["found_as"] = case.title
    CaseParty.objects.bulk_create([party for turn in new for party in turn.parties], batch_size=500)
    moved = [party for turn in old for party in turn.parties if party.pk]
    _write_parties(moved)
    fresh = [clock for turn in turns for clock in turn.clocks if clock.pk is None]
    for turn in turns:
        for clock in turn.clocks:
            clock.case = turn.case
        for event in turn.events:
            event.case = turn.case
    touched = [clock for turn in turns for clock in turn.clocks if clock.pk is not None and clock.limit in turn.touched]
    # What ends goes first: one running clock of a limit is a constraint.
    update_rows(CaseClock, touched, _CLOCK)
    CaseClock.objects.bulk_create(fresh, batch_size=500)
    CaseEvent.objects.bulk_create([event for turn in turns for event in turn.events], batch_size=500)
    append_all([act for turn in turns for act in _acts(turn)])
    tell_organs([telling for turn in turns for telling in _told(turn)])


def _write_parties(rows: Sequence[CaseParty]) -> None:
    changed = [party for party in rows if party.standing != party.__dict__.get("_was")]
    update_rows(CaseParty, changed, ("acts", "is_open", "due_at"))


def update_rows(model: type[models.Model], rows: Sequence[models.Model], names: Sequence[str], guard: str = "") -> int:
    """Write the named fields of rows, one prepared statement for all; return how many rows there were.

    `guard` names a counter that must still be one less than the row's: a row another has written is not counted.
    """
    if not rows:
        return 0
    meta = model._meta
    fields = [meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    places = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    where = f"{quote(meta.pk.column)} = %s" + (f" AND {quote(guard)} = %s" if guard else "")
    sql = f"UPDATE {quote(meta.db_table)} SET {places} WHERE {where}"  # noqa: S608 - names of our own columns
    values = [
        [
            *(field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields),
            row.pk,
            *([getattr(row, guard) - 1] if guard else []),
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        if len(values) == 1:
            cursor.execute(sql, values[0])
        else:
            cursor.executemany(sql, values)
        return cursor.rowcount


def _acts(turn: Turn) -> Iterable[Act]:
    """Yield the audit entries of a turn: one for each event, the state before and after with the first and last."""
    after = picture(turn.case)
    for number, event in enumerate(turn.events):
        yield Act(
            turn.actor if event.hand == CaseEvent.Hand.PERSON or event.who == turn.actor.name else PROGRAM,
            f"case.{event.act}"[:60],
            f"case:{turn.case.pk}",
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
        Telling(
            f"case:{case.pk}:{case.events_count}:{organ}:{role}"[:160], organ, role, "case", text, f"/cases/{case.pk}/"
        )
        for (organ, role), text in said.items()
    ]
