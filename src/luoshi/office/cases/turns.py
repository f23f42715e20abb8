"""One turn of a case: a step is tried, and if all holds the case, its clocks and its story say so.

A turn works on rows in memory and writes nothing but what the room's effects write; `writes.flush` puts any number of
turns into the database at once. A person's step, the end of a limit and a step that a case takes by itself all pass
through here, so that none can do what the procedure does not say.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, local
from luoshi.kernel.decisions import Decision, Outcome, decide
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import OPEN, Ask, Expiry, Limit, Procedure, Step
from luoshi.office import rows
from luoshi.office.actors import Actor
from luoshi.office.cases import asks, clocks, hooks
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CaseParty, CaseVoice
from luoshi.office.parameters import book
from luoshi.office.parameters.book import Book

PASSED = (Outcome.ALLOW, Outcome.ALLOW_WITH_CONDITION)
_RUNNING = (CaseClock.State.RUNNING, CaseClock.State.PAUSED)
_CHAIN = 20
"""So many steps a case may take by itself after one act; more is a procedure that turns in a circle."""


Voice = tuple[int, str, str]
"""Who has spoken: the round, the joint step, the party."""

M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class Turn:
    """What a step works with, and what it leaves to be written.

    `case`, `clocks`, `parties` are rows in memory; `at` is when the act takes effect, `now` when it is written;
    `data` what the step was given. Effects read these and may change `case.title` and `case.facts`, and call `tell`.
    `looks` where somebody only looks at what could be done: facts are then gathered without a lock, and write nothing.
    """

    procedure: Procedure
    case: Case
    clocks: list[CaseClock]
    parties: list[CaseParty]
    actor: Actor
    at: datetime.datetime
    now: datetime.datetime
    calendar: WorkingCalendar
    step: Step | None = None
    data: dict[str, Any] = field(default_factory=dict)
    party: str = ""
    organ: str = ""
    events: list[CaseEvent] = field(default_factory=list)
    done: set[str] | None = None
    touched: set[str] = field(default_factory=set)
    messages: list[tuple[str, str]] = field(default_factory=list)
    before: dict[str, Any] = field(default_factory=dict)
    papers: set[str] | None = None
    spoken: set[Voice] | None = None
    edition: Book | None = None
    looks: bool = False

    @property
    def book(self) -> Book:
        """The parameter book in force, read at the first question."""
        if self.edition is None:
            self.edition = book.current()
        return self.edition

    @property
    def facts(self) -> dict[str, Any]:
        """The facts of the case."""
        found: dict[str, Any] = self.case.facts
        return found

    def held(self, rows: QuerySet[M]) -> QuerySet[M]:
        """Lock rows, so that whoever commits second finds what the first one wrote; who only looks locks nothing."""
        return rows if self.looks else rows.select_for_update(of=("self",))

    def tell(self, party: str, text: str) -> None:
        """Have the people of a party told when the turn is written."""
        self.messages.append((party, text))

    def organ_of(self, party: str) -> str:
        """Return the organ that is a party, empty when there is none."""
        return next((one.organ for one in self.parties if one.party == party), "")


def picture(case: Case) -> dict[str, Any]:
    """Return what the audit trail keeps of a case."""
    return {"state": case.state, "revision": case.revision, "due": case.due_at.isoformat(), "events": case.events_count}


# --- opening ----------------------------------------------------------------------------------------------------------


def begin(turn: Turn) -> None:
    """Put a new case into its first state, start the clocks of its opening and let it go on by itself."""
    case, procedure = turn.case, turn.procedure
    case.state, case.status = procedure.start, procedure.states[procedure.start].status.value
    case.opened_at = case.entered_at = turn.at
    for name in procedure.effects:
        hooks.find_effect(name)(turn)
    _say(turn, OPEN, "", f"{procedure.title}立案", data=turn.data)
    case.entered_event = case.events_count
    _move_clocks(turn, OPEN)
    _settle(turn)


# --- a step -----------------------------------------------------------------------------------------------------------


def take(turn: Turn, step: Step, given: Mapping[str, Any], hand: CaseEvent.Hand, *, text: str = "") -> None:
    """Take a step with what it was given, then what follows by itself.

    Errors: E_STATE, E_INPUT, E_INCOMPLETE (papers, steps before it, undetermined), E_EXPIRED (a limit that blocks),
    E_RULE with the reasons of the decision that refuses, and what effects refuse with.
    """
    _one(turn, step, given, hand, text)
    for _ in range(_CHAIN):
        if not _goes_on(turn):
            break
    else:
        raise LuoshiError("E_INTERNAL", f"“{turn.procedure.title}”的自动步骤不停地循环，请联系系统管理员。")
    _settle(turn)


def _one(turn: Turn, step: Step, given: Mapping[str, Any], hand: CaseEvent.Hand, text: str) -> None:
    turn.step = step
    require_open(turn, step)
    turn.data = asks.clean(step.asks, given, turn.at)
    _require_after(turn, step)
    _require_papers(turn, step)
    _require_not_blocked(turn, step)
    decisions = [one.receipt | {"reasons": [reason.as_dict() for reason in one.reasons]} for one in _guard(turn, step)]
    turn.case.facts |= {ask.name: turn.data[ask.name] for ask in step.asks if ask.keep and ask.name in turn.data}
    came_from = turn.case.state
    for name in step.effects:
        hooks.find_effect(name)(turn)
    if step.to:
        turn.case.state = step.to
    state = turn.procedure.states[turn.case.state]
    _say(turn, step.key, came_from, text or _words(step, turn.data), hand=hand, data=turn.data, decisions=decisions)
    if step.to and (step.to != came_from or step.by_person):
        turn.case.status = state.status.value
        turn.case.entered_at, turn.case.entered_event, turn.done = turn.at, turn.case.events_count, set()
    elif turn.done is not None:
        turn.done.add(step.key)
    if step.pauses:
        pause(turn, step.pauses, turn.at)
    if step.resumes:
        resume(turn, step.resumes, turn.at)
    _move_clocks(turn, step.key)
    if state.ends and turn.case.is_open:
        turn.case.is_open, turn.case.closed_at = False, turn.at
    elif not state.ends and not turn.case.is_open:
        turn.case.is_open, turn.case.closed_at = True, None


def _goes_on(turn: Turn) -> bool:
    """Take the first step that the case may take by itself; False when there is none."""
    for step in turn.procedure.steps_from(turn.case.state):
        if step.kind != "auto":
            continue
        done = _done(turn)
        if not all(one in done for one in step.after):
            continue
        if step.to == turn.case.state or (not step.to and step.key in done):
            continue
        if step.guard and any(one.outcome not in PASSED for one in _decisions(turn, step)):
            continue
        actor, turn.actor, party, turn.party = turn.actor, PROGRAM, turn.party, ""
        data, turn.data = turn.data, {}
        _one(turn, step, {}, CaseEvent.Hand.AUTO, "")
        turn.actor, turn.party, turn.data = actor, party, data
        return True
    return False


PROGRAM = Actor.system("系统", "case")
"""Who takes the steps that no person takes."""


def require_open(turn: Turn, step: Step) -> None:
    """Refuse with E_STATE, naming what may be done now, a step that the present state does not offer."""
    if turn.case.state in step.sources:
        return
    state = turn.procedure.states[turn.case.state].title
    offered = [one.title for one in turn.procedure.steps_from(turn.case.state) if one.by_person]
    then = "现在可以：" + "、".join(offered) if offered else "这件事已经办结"
    raise LuoshiError(
        "E_STATE",
        f"{turn.case.number}现在是“{state}”，不能“{step.title}”。{then}。",
        fields={"state": turn.case.state, "step": step.key},
    )


def _done(turn: Turn) -> set[str]:
    """Return the steps done since the present state was entered."""
    if turn.done is None:
        stored = CaseEvent.objects.filter(case=turn.case, n__gte=turn.case.entered_event) if turn.case.pk else []
        turn.done = {event.act for event in stored} | {event.act for event in turn.events}
    return turn.done


def _require_after(turn: Turn, step: Step) -> None:
    missing = [turn.procedure.steps[one].title for one in step.after if one not in _done(turn)] if step.after else []
    if missing:
        raise LuoshiError(
            "E_INCOMPLETE", f"“{step.title}”之前还要先办：" + "、".join(missing) + "。", fields={"missing": missing}
        )


def require_voice_after(turn: Turn, step: Step, party: str) -> None:
    """Refuse (E_INCOMPLETE) a party's voice in a joint step before what has to be done for it is done."""
    first = step.voice_after.get(party)
    if first and first not in _done(turn):
        title, who = turn.procedure.steps[first].title, turn.procedure.parties[party].title
        raise LuoshiError(
            "E_INCOMPLETE", f"{who}对“{step.title}”表态之前，要先办“{title}”。", fields={"missing": [title]}
        )


def _require_papers(turn: Turn, step: Step) -> None:
    if not step.needs:
        return
    if turn.papers is None:
        turn.papers = set(turn.case.papers.values_list("kind", flat=True)) if turn.case.pk else set()
    missing = [one for one in step.needs if one not in turn.papers and not turn.data.get(one)]
    if missing:
        titles = "、".join(missing)
        raise LuoshiError("E_INCOMPLETE", f"“{step.title}”还缺：{titles}。请先存入卷内。", fields={"papers": missing})


def _require_not_blocked(turn: Turn, step: Step) -> None:
    for clock in turn.clocks:
        limit = turn.procedure.limits.get(clock.limit)
        if limit is None or clock.state not in _RUNNING or step.key not in limit.until:
            continue
        if limit.expiry.kind is Expiry.BLOCK and turn.at >= clock.until and not clock.provisional:
            raise LuoshiError(
                "E_EXPIRED",
                f"“{limit.title}”已于{local(clock.until):%Y-%m-%d %H:%M}届满，逾期不得再“{step.title}”。",
                citation=limit.citation or None,
            )


def _guard(turn: Turn, step: Step) -> list[Decision]:
    """Return the decisions a step rests on, all of which allow it; E_RULE or E_INCOMPLETE with reasons otherwise."""
    found = _decisions(turn, step)
    for one in found:
        if one.outcome in PASSED:
            continue
        reasons = [reason.as_dict() for reason in one.reasons]
        against = [reason["text"] for reason in reasons if reason["ok"] is not True] or [one.definition.title]
        undetermined = one.outcome is Outcome.UNDETERMINED
        raise LuoshiError(
            "E_INCOMPLETE" if undetermined else "E_RULE",
            f"还不能“{step.title}”：" + "；".join(against) + "。",
            fields={"decision": one.definition.key, "outcome": one.outcome.value, "reasons": reasons},
            citation=step.citation or None,
        )
    return found


def _decisions(turn: Turn, step: Step) -> list[Decision]:
    """Take the decision that guards a step: by the parameters of the case, on the day of the step.

    A decision that asks for the `day` it looks at is told the day of the act, where the room does not say another.
    """
    if not step.guard:
        return []
    definition = turn.book.definition(step.guard)
    known = definition.facts_model.model_fields
    if step.facts:
        given = hooks.find_facts(step.facts)(turn)
    else:
        given = {name: value for name, value in (turn.case.facts | turn.data).items() if name in known}
    if "day" in known:
        given = {"day": day_of(turn.at).isoformat()} | given
    return [decide(definition, given, turn.case.rules_on, calendar=turn.calendar)]


# --- clocks -----------------------------------------------------------------------------------------------------------


def _move_clocks(turn: Turn, act: str) -> None:
    """Stop what the act stops, start afresh what it resets, start what it starts."""
    state = turn.case.state
    ends = turn.procedure.states[state].ends
    for clock in list(turn.clocks):
        if clock.state not in _RUNNING:
            continue
        limit = turn.procedure.limits.get(clock.limit)
        if limit is None:
            continue
        if act in limit.until:
            in_time = turn.at < clock.until or (clock.inclusive and turn.at == clock.until) or clock.provisional
            _end(turn, clock, CaseClock.State.MET if in_time else CaseClock.State.LATE)
        elif act in limit.resets or (act in limit.starts and act != OPEN):
            _end(turn, clock, CaseClock.State.STOPPED)
            start_clock(turn, limit, act)
        elif ends or (limit.during and state not in limit.during):
            _end(turn, clock, CaseClock.State.STOPPED)
    running = {clock.limit for clock in turn.clocks if clock.state in _RUNNING}
    for limit in turn.procedure.limits.values():
        starts = act in limit.starts and limit.key not in running and not ends
        if starts and (not limit.during or state in limit.during):
            start_clock(turn, limit, act)


def start_clock(turn: Turn, limit: Limit, act: str) -> CaseClock | None:
    """Start the clock of a limit; None when the fact it hangs on is not known yet."""
    needed = [name for name in (limit.at_fact, limit.event_fact) if name]
    if any(turn.case.facts.get(name) in (None, "") for name in needed):
        return None
    parameters = _parameters(turn, limit)
    rule = clocks.rule_of(limit, parameters, turn.case.facts)
    clock = rows.made(CaseClock, case_id=turn.case.pk, limit=limit.key, rule=rule, started_at=turn.at, event=act)
    clocks.set_due(clock, limit, turn.calendar, turn.at)
    turn.clocks.append(clock)
    turn.touched.add(limit.key)
    return clock


def _parameters(turn: Turn, limit: Limit) -> Mapping[str, Any]:
    if not limit.parameter:
        return {}
    return turn.book.values(turn.procedure.programme, turn.case.rules_on)


def _end(turn: Turn, clock: CaseClock, state: CaseClock.State) -> None:
    clock.state, clock.ended_at, clock.fires_at = state, turn.at, None
    turn.touched.add(clock.limit)


def pause(turn: Turn, kind: str, begins: datetime.datetime) -> list[CaseClock]:
    """Stop the running clocks that this kind of pause stops, from `begins` on; a clock that has ended is left alone."""
    stopped = []
    for clock in turn.clocks:
        limit = turn.procedure.limits.get(clock.limit)
        if limit is None or clock.state != CaseClock.State.RUNNING or kind not in limit.pauses:
            continue
        if begins >= clock.until and not clock.provisional:
            continue
        clock.pauses = [*clock.pauses, {"kind": kind, "begins": begins.isoformat(), "ends": ""}]
        clock.state = CaseClock.State.PAUSED
        clocks.set_due(clock, limit, turn.calendar, turn.now)
        turn.touched.add(limit.key)
        stopped.append(clock)
    return stopped


def resume(turn: Turn, kind: str, ends: datetime.datetime) -> list[CaseClock]:
    """Let the clocks go on that this kind of pause holds; another pause that is still on keeps its clock stopped."""
    going = []
    for clock in turn.clocks:
        limit = turn.procedure.limits.get(clock.limit)
        if limit is None or clock.state != CaseClock.State.PAUSED:
            continue
        if not any(one["kind"] == kind and not one["ends"] for one in clock.pauses):
            continue
        clock.pauses = [
            one | {"ends": ends.isoformat()} if one["kind"] == kind and not one["ends"] else one for one in clock.pauses
        ]
        if all(one["ends"] for one in clock.pauses):
            clock.state = CaseClock.State.RUNNING
        clocks.set_due(clock, limit, turn.calendar, turn.now)
        turn.touched.add(limit.key)
        going.append(clock)
    return going


# --- what the turn leaves ---------------------------------------------------------------------------------------------


def _settle(turn: Turn) -> None:
    """Work out from clocks and state when the case is due, and whose turn it is."""
    case = turn.case
    running = [clock for clock in turn.clocks if clock.state == CaseClock.State.RUNNING]
    first = min(running, key=lambda clock: clock.until, default=None)
    case.due_at = first.until if first else clocks.FAR
    case.due_limit = first.limit if first else ""
    offered = turn.procedure.steps_from(case.state) if case.is_open else []
    spoken = voices(turn) if any(step.kind == "joint" for step in offered) else frozenset()
    acting = {
        party
        for step in offered
        if step.by_person and not step.counter_of and not step.aside
        for party in step.by
        if (case.entered_event, step.key, party) not in spoken
        and (party not in step.voice_after or step.voice_after[party] in _done(turn))
    }
    for party in turn.parties:
        party.acts, party.is_open, party.due_at = party.party in acting, case.is_open, case.due_at


settle = _settle


def prepared_by(turn: Turn, act: str) -> Actor | None:
    """Return the person who last did `act` where another one acts now: whose work this step checks."""
    row = CaseEvent.objects.filter(case=turn.case, act=act).order_by("-n").first()
    if row is None or row.user_id is None or not turn.actor.hands or row.user_id in turn.actor.hands:
        return None
    return Actor(row.who, turn.actor.via, row.user_id, for_id=row.acted_for_id, request_id=turn.actor.request_id)


def voices(turn: Turn) -> set[Voice]:
    """Return who has spoken in the joint steps of the case, read at the first question."""
    if turn.spoken is None:
        said = CaseVoice.objects.filter(case=turn.case) if turn.case.pk else CaseVoice.objects.none()
        turn.spoken = set(said.values_list("round", "step", "party"))
    return turn.spoken


def _say(
    turn: Turn,
    act: str,
    came_from: str,
    text: str,
    *,
    hand: CaseEvent.Hand | None = None,
    data: Mapping[str, Any] | None = None,
    decisions: Sequence[Any] = (),
    corrects: int | None = None,
) -> CaseEvent:
    case, actor = turn.case, turn.actor
    case.events_count += 1
    person = actor.user_id is not None
    given: Any = dict(data) if data else None
    receipts: Any = list(decisions) or None
    event = rows.made(
        CaseEvent,
        case_id=case.pk,
        n=case.events_count,
        at=turn.at,
        received_at=turn.now,
        hand=hand or (CaseEvent.Hand.PERSON if person else CaseEvent.Hand.SYSTEM),
        act=act,
        from_state=came_from,
        to_state=case.state,
        text=text[:600],
        who=actor.name[:100],
        user_id=actor.user_id,
        acted_for_id=actor.for_id,
        party=turn.party,
        organ=turn.organ or actor.organ,
        data=given,
        decisions=receipts,
        corrects=corrects,
    )
    turn.events.append(event)
    return event


say = _say


def _words(step: Step, data: Mapping[str, Any]) -> str:
    """Return the line of the story: the step, and what it was given in few words; a tick left out denies nothing."""
    given = [(ask, data.get(ask.name)) for ask in step.asks]
    told = [
        (ask, value) for ask, value in given if value not in (None, "") and not (value is False and not ask.required)
    ]
    parts = [f"{ask.title}：{_shown(ask, value)}" for ask, value in told]
    return step.title + ("（" + "；".join(parts) + "）" if parts else "")


def _shown(ask: Ask, value: Any) -> str:
    if ask.type == "choice":
        return ask.choices.get(str(value), str(value))
    if ask.type == "tick":
        return "是" if value else "否"
    if ask.type == "money":
        return f"{int(value) / 100:,.2f}元"
    if ask.type == "list":
        return f"{len(value)}项"
    if ask.type == "moment":
        return str(value)[:16].replace("T", " ")
    return str(value)[:80]


def running(clock_rows: Iterable[CaseClock]) -> list[CaseClock]:
    """Return the clocks that run or are stopped for a while, the one that ends first in front."""
    return sorted((clock for clock in clock_rows if clock.state in _RUNNING), key=lambda clock: clock.until)


done, decisions, require_after, require_not_blocked = _done, _decisions, _require_after, _require_not_blocked
"""For whoever tells beforehand what a step would say (`offers`)."""
