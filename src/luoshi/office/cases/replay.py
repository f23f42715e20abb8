"""One case whole: as it stands, or as it stood at a moment, with the derivation of every limit.

The story is append-only and clocks keep what was taken out and added, and when. So the state of any minute can be told
again: which state, whose turn, which limits ran until when by the calendar of then, which papers lay in the case.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import day_of, local
from luoshi.kernel.dues import Due
from luoshi.kernel.dues import Step as DueStep
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import OPEN, Limit, Procedure, State
from luoshi.office.actors import Actor
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import actions, clocks, offers
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CasePaper, CaseParty, CaseVoice, ClockChange
from luoshi.office.cases.offers import Acts, Offer
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.files.queries import used_elsewhere
from luoshi.office.notices.queries import readable

LONGEST_STORY = 500
"""So many events of a case are read for its page; the trail has all of them."""
_GOING = (CaseClock.State.RUNNING, CaseClock.State.PAUSED)


@dataclass(frozen=True, slots=True)
class ClockView:
    """A limit at a moment: how far it was, until when it ran, how that was counted (None where it no longer runs)."""

    row: CaseClock
    limit: Limit | None
    state: str
    until: datetime.datetime
    inclusive: bool
    provisional: bool
    due: Due | None
    pauses: Sequence[Mapping[str, Any]]
    extensions: Sequence[Mapping[str, Any]]
    changes: Sequence[ClockChange]

    @property
    def going(self) -> bool:
        """Whether it runs, or rests for a while."""
        return self.state in _GOING


@dataclass(frozen=True, slots=True)
class PartyView:
    """A party at a moment: its organ then, and whether it was its turn."""

    key: str
    title: str
    organ: str
    role: str
    acts: bool


@dataclass(frozen=True, slots=True)
class Whole:
    """One case with all that belongs to it, at a moment (`at`; None: now).

    `events` are those up to the moment, in their order, `story` all of them; `facts` what the opening and the steps
    had said by then; `offers` and `acts` are empty for a moment that is past.
    """

    case: Case
    procedure: Procedure
    at: datetime.datetime | None
    now: datetime.datetime
    calendar: WorkingCalendar
    state: State
    is_open: bool
    entered_at: datetime.datetime
    story: Sequence[CaseEvent]
    events: Sequence[CaseEvent]
    clocks: Sequence[ClockView]
    parties: Sequence[PartyView]
    voices: Sequence[CaseVoice]
    papers: Sequence[CasePaper]
    readable: frozenset[int]
    """The ids of the notices among the papers that who looks may read."""
    reused: Mapping[int, int]
    """By the id of a file: how many other records use it too."""
    facts: Mapping[str, Any]
    organs: Mapping[str, str]
    parent: Case | None = None
    parts: Sequence[Case] = ()
    offers: Sequence[Offer] = ()
    acts: Acts = field(default_factory=Acts)
    turn: Turn | None = None

    @property
    def moment(self) -> datetime.datetime:
        """The moment looked at."""
        return self.at or self.now

    @property
    def running(self) -> list[ClockView]:
        """The limits that run or rest, the one that ends first in front."""
        return sorted((clock for clock in self.clocks if clock.going), key=lambda clock: clock.until)

    @property
    def acting(self) -> list[PartyView]:
        """Whose turn it is."""
        return [party for party in self.parties if party.acts]


def whole(actor: Actor, pk: int, at: datetime.datetime | None = None) -> Whole:
    """Return one case as the actor may see it, as it stood at a moment when one is given.

    Errors: E_NOT_FOUND for what is not there or not to be seen; E_INPUT for a moment before its opening.
    """
    turn = actions.opened(actor, pk, lock=False)
    case = turn.case
    if at is not None and (at := min(local(at), turn.now)) < case.opened_at:
        raise LuoshiError(
            "E_INPUT",
            f"{case.number}于{local(case.opened_at):%Y-%m-%d %H:%M}立案，{local(at):%Y-%m-%d %H:%M}还没有这件。",
            fields={"at": at.isoformat(), "opened_at": local(case.opened_at).isoformat()},
        )
    story = list(CaseEvent.objects.filter(case=case).select_related("acted_for").order_by("-n")[:LONGEST_STORY])[::-1]
    events = story if at is None else [event for event in story if event.at <= at]
    rows = CasePaper.objects.filter(case=case).select_related("file").order_by("id")
    voices = CaseVoice.objects.filter(case=case).order_by("id")
    if at is not None:
        rows, voices = rows.filter(at__lte=at), voices.filter(at__lte=at)
    papers = list(rows)
    state = turn.procedure.states[events[-1].to_state if at is not None and events else case.state]
    calendar = turn.calendar if at is None else calendar_book.calendar(at)
    spoken = list(voices)
    entered = _entered(events, case, at)
    parties = _parties(turn, state, entered, spoken, story, at)
    found = Whole(
        case=case,
        procedure=turn.procedure,
        at=at,
        now=turn.now,
        calendar=calendar,
        state=state,
        is_open=not state.ends,
        entered_at=case.entered_at if at is None or entered is None else entered.at,
        story=story,
        events=events,
        clocks=_clocks(turn, at, calendar),
        parties=parties,
        voices=spoken,
        papers=papers,
        readable=readable(actor, [one.notice_id for one in papers if one.notice_id]),
        reused=used_elsewhere([one.file_id for one in papers if one.file_id], f"case:{pk}"),
        facts=case.facts if at is None else _facts(turn.procedure, events),
        organs=concern.titles({party.organ for party in parties} | {case.organ}, day_of(at or turn.now)),
        parent=next(iter(_seen(actor, [case.parent] if case.parent is not None else [])), None),
        parts=_seen(actor, list(case.parts.defer("facts").order_by("id")[:50])),
        turn=turn,
    )
    if at is not None:
        return found
    return replace(found, offers=offers.offers(turn, story), acts=offers.acts(turn))


def _seen(actor: Actor, found: list[Case]) -> list[Case]:
    """Return of cases those the actor may see: the others do not exist for him."""
    parties: dict[int, list[CaseParty]] = {}
    for one in CaseParty.objects.filter(case__in=found) if found else ():
        parties.setdefault(one.case_id, []).append(one)
    return [one for one in found if actions.visible(actor, one, parties.get(one.pk, []))]


def _entered(events: Sequence[CaseEvent], case: Case, at: datetime.datetime | None) -> CaseEvent | None:
    """Return the event with which the state of the moment was entered."""
    if at is None:
        return next((event for event in events if event.n == case.entered_event), None)
    moved = [event for event in events if event.act == OPEN or event.from_state not in ("", event.to_state)]
    return moved[-1] if moved else None


def _facts(procedure: Procedure, events: Sequence[CaseEvent]) -> dict[str, Any]:
    """Return what the opening and the steps had said, as far as the story tells it."""
    kept = {ask.name for ask in procedure.asks}
    kept |= {ask.name for step in procedure.steps.values() for ask in step.asks if ask.keep}
    found: dict[str, Any] = {}
    for event in events:
        found |= {name: value for name, value in dict(event.data or {}).items() if name in kept}
    return found


def _parties(
    turn: Turn,
    state: State,
    entered: CaseEvent | None,
    voices: Sequence[CaseVoice],
    story: Sequence[CaseEvent],
    at: datetime.datetime | None,
) -> list[PartyView]:
    titles = {key: party.title for key, party in turn.procedure.parties.items()}
    if at is None:
        return [
            PartyView(one.party, titles.get(one.party, one.party), one.organ, one.role, one.acts)
            for one in turn.parties
        ]
    spoken = {(voice.step, voice.party) for voice in voices if entered is not None and voice.round >= entered.n}
    done = {event.act for event in story if entered is not None and event.n >= entered.n and event.at <= at}
    acting = {
        party
        for step in turn.procedure.steps_from(state.key)
        if step.by_person and not step.counter_of and not step.aside and not state.ends
        for party in step.by
        if (step.key, party) not in spoken and (party not in step.voice_after or step.voice_after[party] in done)
    }
    # What was handed over later was still with the one it came from.
    later = [event.data for event in reversed(story) if event.act == "reassign" and event.at > at and event.data]
    found = []
    for one in turn.parties:
        organ = one.organ
        for move in later:
            organ = move["from"] if organ == move["to"] else organ
        found.append(PartyView(one.party, titles.get(one.party, one.party), organ, one.role, one.party in acting))
    return found


# --- limits -----------------------------------------------------------------------------------------------------------


def _clocks(turn: Turn, at: datetime.datetime | None, calendar: WorkingCalendar) -> list[ClockView]:
    changes: dict[int, list[ClockChange]] = {}
    for change in ClockChange.objects.filter(clock__case=turn.case).order_by("id"):
        changes.setdefault(change.clock_id, []).append(change)
    # A turn has only the limits that still run.
    rows = CaseClock.objects.filter(case=turn.case).order_by("id")
    return [
        _view(turn, clock, changes.get(clock.pk, []), calendar, at)
        for clock in (rows if at is None else rows.filter(started_at__lte=at))
    ]  # fmt: skip


def _view(
    turn: Turn,
    clock: CaseClock,
    changes: Sequence[ClockChange],
    calendar: WorkingCalendar,
    at: datetime.datetime | None,
) -> ClockView:
    limit = turn.procedure.limits.get(clock.limit)
    titles = {key: rule.title for key, rule in turn.procedure.pauses.items()}
    if at is None:
        due = derivation(clock, calendar, day_of(turn.now), titles) if clock.state in _GOING else None
        return ClockView(clock, limit, clock.state, clock.until, clock.inclusive, clock.provisional, due,
                         clock.pauses, clock.extensions, changes)  # fmt: skip
    pauses = [
        one if not one["ends"] or _moment(one["ends"]) <= at else {**one, "ends": ""}
        for one in clock.pauses
        if _moment(one["begins"]) <= at
    ]
    extensions = [one for one in clock.extensions if _moment(one["at"]) <= at]
    known = [change for change in changes if change.at <= at]
    ended = clock.ended_at is not None and clock.ended_at <= at
    state = clock.state if ended else CaseClock.State.PAUSED if any(not p["ends"] for p in pauses) else "running"
    due = _counted(clock, calendar, pauses, extensions, day_of(at), titles)
    moved = [_moment(one["at"]) for one in extensions] + [_moment(one["begins"]) for one in pauses]
    moved += [_moment(one["ends"]) for one in pauses if one["ends"]]
    # A change of the calendar may hold an end where the bare count would have it earlier.
    if known and all(moment <= known[-1].at for moment in moved):
        due = _held(due, known[-1].new_until)
    return ClockView(clock, limit, str(state), due.until, due.inclusive, due.provisional, None if ended else due,
                     pauses, extensions, known)  # fmt: skip


def _counted(
    clock: CaseClock,
    calendar: WorkingCalendar,
    pauses: Sequence[Mapping[str, Any]],
    extensions: Sequence[Mapping[str, Any]],
    day: datetime.date,
    titles: Mapping[str, str],
) -> Due:
    """Return the end of a clock with its derivation, which calls pauses by their names.

    A limit that rests is not provisional for that: what may not be known is only the calendar.
    """
    named = [{**one, "kind": titles.get(one["kind"], one["kind"])} for one in pauses]
    due = clocks.due_of(clock.rule, clock.started_at, calendar, pauses=named, extensions=extensions, as_of=day)
    rests = any(not one["ends"] for one in pauses)
    return replace(due, provisional=calendar.is_provisional(due.due_on)) if rests else due


def derivation(clock: CaseClock, calendar: WorkingCalendar, day: datetime.date, titles: Mapping[str, str]) -> Due:
    """Return how the end of a clock is counted; where it is held otherwise, the end it has, and a step that says so."""
    due = _counted(clock, calendar, clock.pauses, clock.extensions, day, titles)
    # While it rests it is counted as if the rest ended today; the end it had when it was stopped says nothing.
    if clock.state == CaseClock.State.PAUSED:
        return due
    return replace(_held(due, clock.until), provisional=clock.provisional)


def _held(due: Due, until: datetime.datetime) -> Due:
    if due.until == until:
        return due
    held = replace(due, until=local(until))
    words = f"现行截止 {held.text}（按现行历表重数为 {due.text}；历表变更后未结期限不提前，或尚待重算）"
    return replace(held, steps=(*due.steps, DueStep("revision", words)), cells=())


def _moment(text: str) -> datetime.datetime:
    return local(datetime.datetime.fromisoformat(text))


# --- who is next ------------------------------------------------------------------------------------------------------


def next_hands(found: Whole) -> list[list[str]]:
    """Return whom the plain way leads to after the present hand, and whom then: titles of parties, or of the end."""
    hands: list[list[str]] = []
    here, seen = found.state.key, {found.state.key}
    while len(hands) < 2:
        onward = next(
            (
                step.to
                for step in found.procedure.steps_from(here)
                if step.to and step.to not in seen and not step.aside and not step.counter_of
            ),
            "",
        )
        if not onward:
            break
        here = onward
        seen.add(here)
        state = found.procedure.states[here]
        keys = dict.fromkeys(
            party
            for step in found.procedure.steps_from(here)
            if step.by_person and not step.aside and not step.counter_of
            for party in step.by
        )
        hands.append([found.procedure.parties[key].title for key in keys] or [state.title])
        if state.ends:
            break
    return hands


def expiry_words(found: Whole, limit: Limit) -> str:
    """Return in words what the end of a limit brings about."""
    kind, step = limit.expiry.kind, limit.expiry.step
    words = kind.title
    if step:
        words += f"：自动“{found.procedure.steps[step].title}”，不需人办"
    if limit.expiry.to:
        words += f"，报{found.procedure.parties[limit.expiry.to].title}"
    return words


__all__ = ["ClockView", "PartyView", "Whole", "derivation", "expiry_words", "next_hands", "whole"]
