"""What may be done with a case now, by whom, and why a step may or may not be taken: for pages, the API, the clerk.

Nothing is written and nothing promised: the step asks everything again under its lock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from luoshi.kernel.decisions import Decision, Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import OPEN, Limit, Step
from luoshi.office.actors import Actor
from luoshi.office.cases import actions, asks, turns
from luoshi.office.cases.models import CaseClock, CaseEvent, CaseParty, CaseVoice
from luoshi.office.cases.turns import Turn
from luoshi.office.permissions import may


@dataclass(frozen=True, slots=True)
class Why:
    """One reason why a step may be taken (`ok`), may not, or (None) cannot be told yet."""

    ok: bool | None
    text: str
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A step of the present state: as whom the actor may take it (None: not at all), the obstacles, the guard.

    `first_hand` are the events another hand has to be found for.
    """

    step: Step
    party: CaseParty | None
    whys: tuple[Why, ...] = ()
    decision: Decision | None = None
    guard: tuple[Why, ...] = ()
    first_hand: tuple[CaseEvent, ...] = ()
    spoken: bool = False

    @property
    def may(self) -> bool:
        """Whether the actor may try it; the guard is asked with what the form says."""
        return self.party is not None and not self.spoken and all(why.ok is not False for why in self.whys)

    @property
    def allowed(self) -> bool | None:
        """Whether the guard allows it and nothing else stands against it; None: it hangs on what the form will say."""
        if any(why.ok is False for why in self.whys):
            return False
        if self.decision is not None:
            return self.decision.outcome in turns.PASSED
        return False if any(why.ok is False for why in self.guard) else None if self.guard else True


@dataclass(frozen=True, slots=True)
class Acts:
    """What else may be done: grounds on which limits may be stopped, go on, limits that may be prolonged; by right."""

    pause: Mapping[str, str] = field(default_factory=dict)
    resume: Mapping[str, str] = field(default_factory=dict)
    extend: Mapping[str, str] = field(default_factory=dict)
    move: Sequence[str] = ()
    reassign: bool = False
    paper: bool = False


def offers(turn: Turn, events: Sequence[CaseEvent]) -> list[Offer]:
    """Return the steps persons may take in the present state, in the order of the procedure; `events`: its story."""
    papers = set(turn.case.papers.values_list("kind", flat=True)) if _wants_papers(turn) else set()
    turn.papers = papers
    return [
        _offer(turn, step, events, papers)
        for step in turn.procedure.steps_from(turn.case.state)
        if step.by_person
    ]  # fmt: skip


def _wants_papers(turn: Turn) -> bool:
    return any(step.needs for step in turn.procedure.steps_from(turn.case.state))


def _offer(turn: Turn, step: Step, events: Sequence[CaseEvent], papers: set[str]) -> Offer:
    party = actions.party_among(turn, step.by)
    spoken = step.kind == "joint" and party is not None
    spoken = spoken and (turn.case.entered_event, step.key, party.party) in turns.voices(turn)  # type: ignore[union-attr]
    first = tuple(event for event in events if event.act in step.other_hand_than)
    whys = [*_steps_before(turn, step, party), *_papers(step, papers), *_not_blocked(turn, step)]
    whys += _other_hand(turn, step, first)
    decision, guard = judge(turn, step, {})
    return Offer(step, party, tuple(whys), decision, guard, first, spoken)


def judge(turn: Turn, step: Step, typed: Mapping[str, Any]) -> tuple[Decision | None, tuple[Why, ...]]:
    """Return what the guard of a step says to what a form holds so far, and what it still needs to say anything."""
    if not step.guard:
        return None, ()
    before = turn.step, turn.data
    turn.step, turn.data = step, asks.readable(step.asks, typed)
    try:
        found = turns.decisions(turn, step)
    except LuoshiError as error:
        if error.code == "E_INPUT":
            return None, (Why(None, _still_open(step, error)),)
        return None, (Why(False, error.message, str(error.citation or "")),)
    except (KeyError, TypeError, ValueError):
        # A room's facts may hang on what the form has not told yet.
        return None, (Why(None, "填好这一步要填的内容以后才能判断"),)
    finally:
        turn.step, turn.data = before
    decision = found[0]
    reasons = tuple(Why(one.ok, one.text, str(one.citation or "")) for one in decision.reasons)
    return decision, reasons or (Why(decision.outcome in turns.PASSED, decision.definition.title),)


def _still_open(step: Step, error: LuoshiError) -> str:
    titles = {ask.name: ask.title for ask in step.asks}
    faults = error.fields.get("faults", ())
    names = [str(one.get("field", "")) for one in faults if isinstance(one, Mapping)] if faults else []
    told = [titles[name] for name in names if name in titles]
    return f"填好{'、'.join(f'“{title}”' for title in told)}以后才能判断" if told else f"还不能判断：{error.message}"


def _steps_before(turn: Turn, step: Step, party: CaseParty | None) -> list[Why]:
    own = step.voice_after.get(party.party) if party is not None else None
    before = (*step.after, own) if own else step.after
    done = turns.done(turn) if before else set()
    titles = {key: turn.procedure.steps[key].title if key != OPEN else "立案" for key in before}
    return [
        Why(key in done, f"“{title}”已办" if key in done else f"要先办“{title}”", step.citation)
        for key, title in titles.items()
    ]


def _papers(step: Step, papers: set[str]) -> list[Why]:
    asked = {ask.name: ask.title for ask in step.asks if ask.type == "file"}
    found = []
    for kind in step.needs:
        if kind in papers:
            found.append(Why(True, f"卷内已有“{asked.get(kind, kind)}”"))
        elif kind in asked:
            found.append(Why(None, f"办这一步时要附“{asked[kind]}”"))
        else:
            found.append(Why(False, f"卷内还缺“{kind}”", step.citation))
    return found


def _not_blocked(turn: Turn, step: Step) -> list[Why]:
    try:
        turns.require_not_blocked(turn, step)
    except LuoshiError as error:
        return [Why(False, error.message, str(error.citation or ""))]
    return []


def _other_hand(turn: Turn, step: Step, first: Sequence[CaseEvent]) -> list[Why]:
    if not step.other_hand_than:
        return []
    made: set[int | None] = {one for event in first for one in (event.user_id, event.acted_for_id)}
    joint = [key for key in step.other_hand_than if key != OPEN and turn.procedure.steps[key].kind == "joint"]
    if joint:
        spoken = CaseVoice.objects.filter(case=turn.case, step__in=joint)
        made |= set(spoken.values_list("user_id", flat=True))
    names = "、".join("立案" if key == OPEN else turn.procedure.steps[key].title for key in step.other_hand_than)
    if turn.actor.hands & made or not turn.actor.hands:
        return [Why(False, f"办过“{names}”的人不能办这一步，须由另一人办", step.citation)]
    return [Why(True, f"与办“{names}”的不是同一人", step.citation)]


# --- what else --------------------------------------------------------------------------------------------------------


def acts(turn: Turn) -> Acts:
    """Return what the actor may do with a case besides its steps."""
    procedure, actor, running = turn.procedure, turn.actor, turns.running(turn.clocks)
    manages = may(actor, "case.manage")
    stopped = {one["kind"] for clock in running for one in clock.pauses if not one["ends"]}
    going = [clock for clock in running if clock.state == CaseClock.State.RUNNING]
    limits = {clock.limit: procedure.limits[clock.limit] for clock in running if clock.limit in procedure.limits}
    pause, resume = {}, {}
    for key, rule in procedure.pauses.items():
        if not _one_of(turn, rule.by):
            continue
        if any(_stops(limits.get(clock.limit), key, turn, clock) for clock in going):
            pause[key] = rule.title
        if key in stopped:
            resume[key] = rule.title
    prolonged = {
        key: limit.title
        for key, limit in limits.items()
        if limit.extension is not None and _one_of(turn, limit.extension.who) and _room_left(limit, running, turn)
    }
    versions = _other_versions(turn) if manages and turn.case.is_open else []
    takes_part = actions.party_among(turn, tuple(procedure.parties)) is not None
    return Acts(pause, resume, prolonged, versions, manages and turn.case.is_open, takes_part and turn.case.is_open)


def _stops(limit: Limit | None, kind: str, turn: Turn, clock: CaseClock) -> bool:
    return limit is not None and kind in limit.pauses and (turn.now < clock.until or clock.provisional)


def _room_left(limit: Limit, running: Sequence[CaseClock], turn: Turn) -> bool:
    clock = next(one for one in running if one.limit == limit.key)
    return limit.extension is not None and len(clock.extensions) < limit.extension.most and turn.now < clock.until


def _one_of(turn: Turn, keys: tuple[str, ...]) -> bool:
    if keys:
        return actions.party_among(turn, keys) is not None
    acting = tuple(party.party for party in turn.parties if party.acts)
    return actions.party_among(turn, acting) is not None or may(turn.actor, "case.manage")


def _other_versions(turn: Turn) -> list[str]:
    from luoshi.office.cases import procedures

    return [
        one.version
        for one in procedures.versions(turn.case.procedure)
        if one.version != turn.case.version and turn.case.state in one.states
    ]


def may_open(actor: Actor, key: str) -> bool:
    """Tell whether the actor may open cases of a kind: a role of those who open them, at their organ or at any."""
    from luoshi.office.cases import procedures
    from luoshi.office.duties import concern

    if not may(actor, "case.open"):
        return False
    procedure = procedures.procedure(key)
    if actor.trusted or not procedure.opened_by:
        return True
    for party in (procedure.parties[one] for one in procedure.opened_by):
        anywhere = party.organ == "case" or party.organ.startswith("fact:")
        for grant in actor.grants:
            if grant.role == party.role and (anywhere or party.organ in concern.served_by(grant.organ)):
                return True
    return False


def undetermined(decision: Decision | None) -> bool:
    """Tell whether a guard lacks facts."""
    return decision is not None and decision.outcome is Outcome.UNDETERMINED
