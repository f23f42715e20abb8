"""What the end of a limit does: carried out in bulk, in order, once, as of the moment at which it fell due.

A clock knows when it fires next; firing clears or moves that moment in the same transaction as what it does, so that
however often or late the timer runs, nothing is done twice and nothing is left out.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import nullcontext

from django.db import transaction

from luoshi.kernel.calendar import WorkingCalendar
from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.collecting import collector_paused
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Limit
from luoshi.office.actors import Actor
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import clocks, procedures, turns
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CaseParty, CaseVoice
from luoshi.office.cases.turns import PROGRAM, Turn, picture
from luoshi.office.cases.writes import flush
from luoshi.office.parameters import book
from luoshi.office.rows import Question, ask

BATCH = 2000
"""So many cases are written in one transaction."""


def fire(upto: datetime.datetime) -> int:
    """Carry out every reminder and every end of a limit due by `upto`; return how many there were."""
    total = 0
    with collector_paused():
        while count := _batch(upto):
            total += count
    return total


def _batch(upto: datetime.datetime) -> int:
    """Carry out one transaction's worth: of each case only the clock that fires first."""
    with transaction.atomic():
        calendar = calendar_book.calendar()
        # What was counted by a calendar no longer in force waits until it has been counted again.
        due = CaseClock.objects.filter(fires_at__lte=upto, calendar__in=("", calendar.version))
        first: dict[int, int] = {}
        for case, pk in due.order_by("fires_at", "id").values_list("case_id", "id")[: BATCH * 2]:
            first.setdefault(case, pk)
            if len(first) == BATCH:
                break
        if not first:
            return 0
        fired = 0
        loaded = load(sorted(first), calendar=calendar)
        for turn in loaded:
            clock = next((one for one in turn.clocks if one.pk == first[turn.case.pk]), None)
            # Another timer, or a person, may have been quicker.
            if clock is None or clock.fires_at is None or clock.fires_at > upto:
                continue
            _fire(turn, clock)
            fired += 1
        flush([turn for turn in loaded if turn.touched])
    # What was taken by another meanwhile is looked at again with the next batch.
    return max(fired, 1)


_CASES = Question(Case, "id IN %s ORDER BY id", lock=True)
_PARTIES = Question(CaseParty, "case_id IN %s ORDER BY id")
_CLOCKS = Question(CaseClock, "case_id IN %s AND state IN ('running', 'paused') ORDER BY id")


def load(pks: Sequence[int], actor: Actor = PROGRAM, calendar: WorkingCalendar | None = None) -> list[Turn]:
    """Return turns on the given cases, locked in the order of their numbers, with a constant number of queries."""
    now, calendar, edition = CLOCK.now(), calendar or calendar_book.calendar(), book.current()
    cases, parties, running = ask(_CASES.among(pks), _PARTIES.among(pks), _CLOCKS.among(pks))
    found = {
        case.pk: Turn(
            procedures.version(case.procedure, case.version), case, [], [], actor, now, now, calendar,
            before=picture(case), edition=edition,
        )
        for case in cases
    }  # fmt: skip
    for party in parties:
        party.__dict__["_was"] = party.standing
        found[party.case_id].parties.append(party)
    for clock in running:
        found[clock.case_id].clocks.append(clock)
    _load_voices(found)
    return list(found.values())


def _load_voices(turned: Mapping[int, Turn]) -> None:
    """Tell the turns that are at a joint step who has spoken, in one query for all of them."""
    joint = [
        pk for pk, turn in turned.items()
        if any(step.kind == "joint" for step in turn.procedure.steps_from(turn.case.state))
    ]  # fmt: skip
    for pk in joint:
        turned[pk].spoken = set()
    rows = CaseVoice.objects.filter(case__in=joint) if joint else CaseVoice.objects.none()
    for pk, turn_of, step, party in rows.values_list("case_id", "round", "step", "party"):
        spoken = turned[pk].spoken
        assert spoken is not None
        spoken.add((turn_of, step, party))


def _fire(turn: Turn, clock: CaseClock) -> None:
    limit = turn.procedure.limits.get(clock.limit)
    turn.touched.add(clock.limit)
    if limit is None:
        clock.fires_at = None
        return
    assert clock.fires_at is not None
    turn.at = min(local(clock.fires_at), turn.now)
    if clock.stage < len(limit.remind):
        _remind(turn, clock, limit)
    else:
        _end(turn, clock, limit)
    turns.settle(turn)


def _remind(turn: Turn, clock: CaseClock, limit: Limit) -> None:
    text = f"{turn.case.number} {turn.case.title}：{limit.title}至{_end_words(clock)}止，请按时办理。"
    for party in _told(turn, limit):
        turn.tell(party, text)
    due = clocks.due_of(
        clock.rule, clock.started_at, turn.calendar, pauses=clock.pauses, extensions=clock.extensions,
        as_of=turn.now.date(),
    )  # fmt: skip
    clock.fires_at, clock.stage = clocks.next_firing(limit, due, turn.calendar, turn.at)


def _end(turn: Turn, clock: CaseClock, limit: Limit) -> None:
    """Do what the limit's end does. On a provisional date nothing is decided or late: an alarm, and it waits."""
    kind = limit.expiry.kind
    clock.fires_at, clock.stage = None, len(limit.remind)
    if clock.provisional:
        text = (
            f"“{limit.title}”的截止日{_end_words(clock)}为暂定：该年度放假安排尚未公布，"
            "不得视为同意、失效或逾期，等日历公布后再算。"
        )
        data = {"code": "E_CALENDAR_MISSING"}
        turns.say(turn, "calendar", turn.case.state, text, hand=CaseEvent.Hand.SYSTEM, data=data)
        for party in _told(turn, limit):
            turn.tell(party, text)
        return
    turn.at = local(clock.until)
    clock.expired = True
    if limit.expiry.step:
        _take(turn, clock, limit)
        return
    text = f"“{limit.title}”{_end_words(clock)}届满，未见办理：{kind.title}"
    turns.say(turn, "expire", turn.case.state, text, hand=CaseEvent.Hand.TIMER, data={"limit": limit.key})
    for party in {*_told(turn, limit), *([limit.expiry.to] if limit.expiry.to else [])}:
        turn.tell(party, f"{turn.case.number} {turn.case.title}：{text}。")


def _take(turn: Turn, clock: CaseClock, limit: Limit) -> None:
    """Take the step that silence brings about; where it may not be taken, say why and tell people."""
    step = turn.procedure.steps[limit.expiry.step]
    text = f"{step.title}：“{limit.title}”{_end_words(clock)}届满，{limit.expiry.kind.title}（非人工办理）"
    was = len(turn.events), turn.case.events_count, dict(turn.case.facts)
    try:
        clock.state, clock.ended_at = CaseClock.State.EXPIRED, turn.at
        # Only effects write before the flush; without them there is nothing to undo.
        with transaction.atomic() if step.effects else nullcontext():
            turns.take(turn, step, {}, CaseEvent.Hand.TIMER, text=text)
    except LuoshiError as refusal:
        clock.state, clock.ended_at = CaseClock.State.RUNNING, None
        del turn.events[was[0] :]
        turn.case.events_count, turn.case.facts = was[1], was[2]
        said = f"“{limit.title}”届满，但不能“{step.title}”：{refusal.message}"
        turns.say(turn, "expire", turn.case.state, said, hand=CaseEvent.Hand.TIMER,
                  data={"limit": limit.key, "code": refusal.code})  # fmt: skip
        for party in _told(turn, limit):
            turn.tell(party, f"{turn.case.number} {said}")


def _told(turn: Turn, limit: Limit) -> list[str]:
    acting = [party.party for party in turn.parties if party.acts]
    return [limit.party] if limit.party else acting


def _end_words(clock: CaseClock) -> str:
    until = local(clock.until)
    if not clock.inclusive and (until.hour, until.minute) == (0, 0):
        return f"{until - datetime.timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{until:%Y-%m-%d %H:%M}"


def shown_until(clock: CaseClock) -> str:
    """Return the end of a clock as officials write it."""
    return _end_words(clock)
