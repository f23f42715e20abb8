"""What people do with cases: open one, take a step, speak in a joint step, stop and prolong limits, correct.

Each act opens the case under a lock, compares the revision the caller saw, checks who it is, takes its turn and writes
case, clocks, story, audit trail and messages in one transaction.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import OPEN, Procedure, Step, read_span
from luoshi.office import rows
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import asks, clocks, numbers, procedures, turns
from luoshi.office.cases.models import Case, CaseClock, CaseEvent, CasePaper, CaseParty, CaseVoice
from luoshi.office.cases.turns import Turn, picture
from luoshi.office.cases.writes import flush
from luoshi.office.duties import concern
from luoshi.office.files import actions as files
from luoshi.office.permissions import require, require_other_hand, scope_of
from luoshi.office.rows import Question

Upload = tuple[str, bytes]
"""A file as it comes: its name and its bytes."""


# --- opening ----------------------------------------------------------------------------------------------------------


def open_case(
    *,
    actor: Actor,
    procedure: str,
    title: str,
    facts: Mapping[str, Any] | None = None,
    subject: str = "",
    organ: str = "",
    at: datetime.datetime | None = None,
    exercise: bool = False,
    parent: Case | None = None,
    number: str = "",
) -> Case:
    """Open a case under the procedure's version of the day and return it.

    `facts` are what the opening asks for (a file as name and bytes: it becomes a paper); `subject` what it is about
    (`kind:id`); `organ` whose case it is (the actor's); `at` when it was received, if that is not now. Side effects:
    case, parties, clocks, story, audit, messages, and the effects of the procedure. Errors: E_FORBIDDEN, E_INPUT,
    E_DUPLICATE with the number of the open case of the same subject, E_NOT_IN_FORCE, E_FUTURE, E_FILE.
    """
    now = CLOCK.now()
    moment = local(at) if at is not None else now
    if moment > now:
        raise LuoshiError("E_FUTURE", f"收到时间{moment:%Y-%m-%d %H:%M}晚于现在，请核对。", fields={"field": "at"})
    chosen = procedures.procedure(procedure, day_of(moment))
    whose, about = organ or actor.organ, subject
    try:
        with transaction.atomic():
            require(actor, "case.open", [whose] if whose else None)
            given = dict(facts or {})
            uploads = [(ask, given[ask.name]) for ask in chosen.asks if isinstance(given.get(ask.name), tuple)]
            given |= {ask.name: upload[0] for ask, upload in uploads}
            turn = new_turn(
                chosen, actor=actor, title=title, facts=given, subject=subject, organ=whose, at=moment, now=now,
                exercise=exercise, parent=parent, number=number,
            )  # fmt: skip
            _require_opener(turn)
            turns.begin(turn)
            about = turn.case.subject  # an effect may have said what the case is about
            flush([turn])
            for ask, upload in uploads:
                keep_paper(turn, ask.name, ask.title, upload, event=1)
    except IntegrityError:
        _refuse_second(chosen, about)
        raise
    return turn.case


def new_turn(
    procedure: Procedure,
    *,
    actor: Actor,
    title: str,
    facts: dict[str, Any],
    subject: str,
    organ: str,
    at: datetime.datetime,
    now: datetime.datetime,
    exercise: bool = False,
    parent: Case | None = None,
    number: str = "",
) -> Turn:
    """Return the turn that opens a case: its row and its parties, not yet begun nor written."""
    if not title.strip():
        raise LuoshiError("E_INPUT", "请写明办件的名称。", fields={"field": "title"})
    known = {ask.name for ask in procedure.asks}
    asked = {name: value for name, value in facts.items() if name in known}
    told = asks.clean(procedure.asks, asked, at)
    approved, *given = rows.ask(calendar_book.APPROVED.of(), *([] if number else [numbers.asked(procedure, at)]))
    case = rows.made(
        Case,
        number=number or numbers.read(procedure, at, given[0][0][0]),
        procedure=procedure.key,
        version=procedure.version,
        programme=procedure.programme,
        title=title.strip()[:300],
        subject=subject[:120],
        one_open=procedure.one_open and bool(subject),
        organ=organ,
        state=procedure.start,
        facts=facts | told,
        rules_on=day_of(at),
        opened_at=at,
        entered_at=at,
        due_at=clocks.FAR,
        exercise=exercise,
        parent_id=parent.pk if parent is not None else None,
    )
    parties = [
        rows.made(CaseParty, party=key, organ=_organ_of(party.organ, case), role=party.role, due_at=clocks.FAR)
        for key, party in procedure.parties.items()
    ]
    return Turn(
        procedure,
        case,
        [],
        parties,
        actor,
        at,
        now,
        calendar_book.read(approved),
        data=told,
        organ=organ,
    )


def _organ_of(written: str, case: Case) -> str:
    if written == "case":
        return case.organ
    if written.startswith("fact:"):
        name = written.removeprefix("fact:")
        if not (found := case.facts.get(name)):
            raise LuoshiError("E_INPUT", f"请先写明由哪个单位办理（{name}）。", fields={"field": name})
        return str(found)
    return written


def _require_opener(turn: Turn) -> None:
    if turn.procedure.opened_by:
        party = _party_among(turn, turn.procedure.opened_by)
        if party is None:
            _refuse_hand(turn, turn.procedure.opened_by, f"{turn.procedure.title}立案")
        else:
            turn.party, turn.organ = party.party, party.organ


def _refuse_second(procedure: Procedure, subject: str) -> None:
    open_one = Case.objects.filter(procedure=procedure.key, subject=subject, is_open=True).first()
    if open_one is not None:
        raise LuoshiError(
            "E_DUPLICATE",
            f"已有未办结的“{procedure.title}”：{open_one.number}。请在那一件里继续办理。",
            fields={"case": open_one.pk, "number": open_one.number},
        )


# --- a step -----------------------------------------------------------------------------------------------------------


_CASE = Question(Case, "id = %s", lock=True)
_CASE_UNLOCKED = Question(Case, "id = %s")
_PARTIES = Question(CaseParty, "case_id = %s ORDER BY id")
_CLOCKS = Question(CaseClock, "case_id = %s AND state IN ('running', 'paused') ORDER BY id")


def opened(
    actor: Actor, pk: int, *, revision: int | None = None, at: datetime.datetime | None = None, lock: bool = True
) -> Turn:
    """Return the turn on a case, locked: E_NOT_FOUND for what the actor may not see, E_VERSION when it has moved on."""
    # The case first: what is asked after it has been locked is as the lock found it.
    wanted = (_CASE if lock else _CASE_UNLOCKED).of(pk), _PARTIES.of(pk), _CLOCKS.of(pk), calendar_book.APPROVED.of()
    found, parties, running, approved = rows.ask(*wanted)
    if not found or not visible(actor, found[0], parties):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号办件。")
    case = found[0]
    for party in parties:
        party.__dict__["_was"] = party.standing
    now = CLOCK.now()
    turn = Turn(
        procedures.version(case.procedure, case.version),
        case,
        running,
        parties,
        actor,
        local(at) if at is not None else now,
        now,
        calendar_book.read(approved),
        before=picture(case),
        looks=not lock,
    )
    if revision is not None and revision != case.revision:
        last = CaseEvent.objects.filter(case=case).order_by("-n").first()
        by = f"{last.who} {local(last.received_at):%H:%M} {last.text}" if last else "他人已办"
        raise LuoshiError(
            "E_VERSION",
            f"{by}。您打开以后这件事已有变化，没有办理。您填的还在，请比对后再办。",
            fields={"yours": revision, "now": case.revision, "state": case.state},
        )
    return turn


def visible(actor: Actor, case: Case, parties: list[CaseParty]) -> bool:
    """Tell whether the actor may see the case: its organ's, a party's, or everywhere."""
    if turns_public(case):
        return True
    scope, concerned = scope_of(actor, "case.see"), {case.organ, *(party.organ for party in parties)}
    if scope.covers(concerned):
        return True
    reach = concern.organs_within(scope)
    return reach is None or not reach.isdisjoint(concerned)


def turns_public(case: Case) -> bool:
    """Tell whether everybody may see cases of this kind."""
    return procedures.version(case.procedure, case.version).public


def act(
    *,
    actor: Actor,
    case: int,
    step: str,
    data: Mapping[str, Any] | None = None,
    revision: int | None = None,
    at: datetime.datetime | None = None,
) -> Case:
    """Take a step of a case for the party the actor is, and return the case as it stands then.

    In a joint step this is that party's voice: the step is taken when the last of them has agreed. Side effects: see
    the module; the room's effects. Errors: E_NOT_FOUND, E_VERSION, E_STATE, E_FORBIDDEN (not a party), E_SELF (the
    same hand as a step before), E_INPUT, E_INCOMPLETE, E_EXPIRED, E_RULE with reasons.
    """
    with transaction.atomic():
        turn = opened(actor, case, revision=revision, at=at)
        chosen = _step_of(turn, step)
        turns.require_open(turn, chosen)
        _require_party(turn, chosen)
        _require_other_hand(turn, chosen)
        given = _keep_files(turn, chosen, data or {})
        if chosen.kind == "joint":
            _speak(turn, chosen, given)
        else:
            turns.take(turn, chosen, given, _hand(actor))
        flush([turn])
    return turn.case


def _hand(actor: Actor) -> CaseEvent.Hand:
    return CaseEvent.Hand.PERSON if actor.user_id is not None else CaseEvent.Hand.SYSTEM


def _step_of(turn: Turn, name: str) -> Step:
    step = turn.procedure.steps.get(name)
    if step is None:
        known = [one.key for one in turn.procedure.steps_from(turn.case.state)]
        raise LuoshiError("E_NOT_FOUND", f"“{turn.procedure.title}”没有“{name}”这一步。", fields={"known": known})
    if not step.by_person:
        raise LuoshiError("E_FORBIDDEN", f"“{step.title}”由系统自动办理，不由人办。", fields={"step": name})
    return step


def _party_among(turn: Turn, keys: tuple[str, ...]) -> CaseParty | None:
    """Return the party of `keys` that the actor is, by role and organ; a trusted program is any of them."""
    candidates = [party for party in turn.parties if party.party in keys]
    if turn.actor.trusted:
        return candidates[0] if candidates else None
    for party in candidates:
        for grant in turn.actor.grants:
            if grant.role == party.role and grant.organ == party.organ:
                return party
    for party in candidates:
        for grant in turn.actor.grants:
            if grant.role == party.role and party.organ in concern.served_by(grant.organ):
                return party
    return None


def _refuse_hand(turn: Turn, keys: tuple[str, ...], what: str) -> None:
    who = "、".join(turn.procedure.parties[key].title for key in keys)
    raise LuoshiError(
        "E_FORBIDDEN",
        f"“{what}”由{who}办理，您现在没有这个身份。可请其办理，或由其书面授权后代办。",
        fields={"parties": list(keys), "actor": turn.actor.name},
    )


def _require_party(turn: Turn, step: Step) -> None:
    party = _party_among(turn, step.by)
    if party is None:
        _refuse_hand(turn, step.by, step.title)
    else:
        turn.party, turn.organ = party.party, party.organ


def _require_other_hand(turn: Turn, step: Step) -> None:
    if not step.other_hand_than:
        return
    rows = CaseEvent.objects.filter(case=turn.case, act__in=step.other_hand_than, n__gte=1)
    makers = {one for pair in rows.values_list("user_id", "acted_for_id") for one in pair}
    voices = CaseVoice.objects.filter(case=turn.case, step__in=step.other_hand_than)
    makers |= set(voices.values_list("user_id", flat=True))
    require_other_hand(turn.actor, makers, f"“{step.title}”")


def _keep_files(turn: Turn, step: Step, data: Mapping[str, Any]) -> dict[str, Any]:
    """Store the files a step was given and put their ids into its data, as papers of the case.

    A paper that is in the case already may be given by its id; E_INPUT for any other.
    """
    given = dict(data)
    for ask in step.asks:
        value = given.get(ask.name)
        if ask.type != "file" or value in (None, ""):
            continue
        if isinstance(value, tuple):
            name, content = value
            given[ask.name] = keep_paper(turn, ask.name, ask.title, (name, content)).pk
        elif type(value) is not int or not turn.case.papers.filter(pk=value).exists():
            fault = f"“{ask.title}”应是文件，或卷内材料的编号"
            raise LuoshiError("E_INPUT", f"{fault}。", fields={"fields": {ask.name: fault}})
    return given


def keep_paper(turn: Turn, kind: str, title: str, upload: Upload, *, event: int = 0) -> CasePaper:
    """Keep a file as a paper of the case, with the step under way or the event of that number; E_FILE, E_TOO_LARGE."""
    stored = files.keep(actor=turn.actor, name=upload[0], data=upload[1])
    files.attach(actor=turn.actor, file=stored, subject=f"case:{turn.case.pk}", name=upload[0])
    if turn.papers is not None:
        turn.papers.add(kind)
    return CasePaper.objects.create(
        case=turn.case, kind=kind, title=title, file=stored, event=event or turn.case.events_count + 1, at=turn.at
    )


# --- joint steps ------------------------------------------------------------------------------------------------------


def disagrees(data: Mapping[str, Any]) -> bool:
    """Say whether what a party told in a joint step is a no; who says nothing agrees."""
    return str(data.get("agrees", "yes")).lower() in ("no", "false", "0", "否", "不同意")


def _speak(turn: Turn, step: Step, data: dict[str, Any]) -> None:
    """Take down one party's voice; the last one that agrees takes the step, one that refuses takes `on_refusal`."""
    agrees = not disagrees(data)
    data.pop("agrees", None)
    remark = str(data.pop("remark", "") or "")[:600]
    given = asks.clean(step.asks, data, turn.at) if agrees else {}
    turns.require_voice_after(turn, step, turn.party)
    if agrees:
        # The step itself is judged when the last one agrees; what has to be done before is nobody's to agree to.
        turns.require_after(turn, step)
        turns.require_not_blocked(turn, step)
    elif not remark.strip():
        raise LuoshiError("E_INPUT", "不同意请写明理由。", fields={"fields": {"remark": "请写明理由"}})
    try:
        with transaction.atomic():
            CaseVoice.objects.create(
                case=turn.case,
                step=step.key,
                round=turn.case.entered_event,
                party=turn.party,
                agrees=agrees,
                text=remark,
                who=turn.actor.name[:100],
                user_id=turn.actor.user_id,
                data=given,
                at=turn.at,
            )
    except IntegrityError:
        title = turn.procedure.parties[turn.party].title
        raise LuoshiError("E_DUPLICATE", f"{title}已对“{step.title}”表过态，不能再改。") from None
    turns.voices(turn).add((turn.case.entered_event, step.key, turn.party))
    voices = list(CaseVoice.objects.filter(case=turn.case, step=step.key, round=turn.case.entered_event))
    who = turn.procedure.parties[turn.party].title
    if not agrees:
        words = f"{who}不同意“{step.title}”：{remark}"
        turns.say(turn, f"{step.key}.no", turn.case.state, words, hand=_hand(turn.actor))
        if step.on_refusal:
            refusal = turn.procedure.steps[step.on_refusal]
            turns.take(turn, refusal, {"reason": remark} if refusal.asks else {}, CaseEvent.Hand.AUTO)
        else:
            turns.settle(turn)
        return
    waiting = [party for party in step.by if party not in {voice.party for voice in voices if voice.agrees}]
    if waiting:
        names = "、".join(turn.procedure.parties[party].title for party in waiting)
        turns.say(turn, f"{step.key}.yes", turn.case.state, f"{who}同意“{step.title}”，还等{names}",
                  hand=_hand(turn.actor), data=given)  # fmt: skip
        turns.settle(turn)
        return
    together: dict[str, Any] = {}
    for voice in voices:
        together |= voice.data
    turns.take(turn, step, together | given, _hand(turn.actor))


# --- limits -----------------------------------------------------------------------------------------------------------


def pause(
    *, actor: Actor, case: int, kind: str, reason: str, revision: int | None = None,
    at: datetime.datetime | None = None,
) -> Case:  # fmt: skip
    """Stop the limits that this kind of pause stops. Errors: E_FORBIDDEN, E_INPUT, E_STATE when it stops none."""
    with transaction.atomic():
        turn = opened(actor, case, revision=revision, at=at)
        rule = turn.procedure.pauses.get(kind)
        if rule is None:
            known = "、".join(one.title for one in turn.procedure.pauses.values()) or "没有可中止的情形"
            raise LuoshiError("E_INPUT", f"这种办件不能因“{kind}”停表。可以的：{known}。", fields={"kind": kind})
        _require_one_of(turn, rule.by, f"{rule.title}停表")
        _require_reason(reason)
        if not (stopped := turns.pause(turn, kind, turn.at)):
            raise LuoshiError("E_STATE", f"现在没有因“{rule.title}”可停的期限。")
        names = "、".join(turn.procedure.limits[clock.limit].title for clock in stopped)
        turns.say(turn, "pause", turn.case.state, f"{rule.title}：{names}停表。{reason}", data={"kind": kind})
        turns.settle(turn)
        flush([turn])
    return turn.case


def resume(
    *, actor: Actor, case: int, kind: str, reason: str = "", revision: int | None = None,
    at: datetime.datetime | None = None,
) -> Case:  # fmt: skip
    """Let the limits run again that this kind of pause has stopped. Errors: E_FORBIDDEN, E_INPUT, E_STATE."""
    with transaction.atomic():
        turn = opened(actor, case, revision=revision, at=at)
        rule = turn.procedure.pauses.get(kind)
        if rule is None:
            raise LuoshiError("E_INPUT", f"没有“{kind}”这种停表。", fields={"kind": kind})
        _require_one_of(turn, rule.by, f"{rule.title}恢复计时")
        if not (going := turns.resume(turn, kind, turn.at)):
            raise LuoshiError("E_STATE", f"没有因“{rule.title}”停着的期限。")
        names = "、".join(f"{turn.procedure.limits[c.limit].title}至{local(c.until):%Y-%m-%d %H:%M}" for c in going)
        turns.say(turn, "resume", turn.case.state, f"{rule.title}结束，恢复计时：{names}。{reason}".rstrip("。") + "。",
                  data={"kind": kind})  # fmt: skip
        turns.settle(turn)
        flush([turn])
    return turn.case


def extend(*, actor: Actor, case: int, limit: str, reason: str, revision: int | None = None) -> Case:
    """Prolong a limit as its rule allows, from its old end on.

    Errors: E_FORBIDDEN, E_STATE (not running), E_RULE (may not be prolonged, or no more), E_EXPIRED.
    """
    with transaction.atomic():
        turn = opened(actor, case, revision=revision)
        rule = turn.procedure.limits.get(limit)
        clock = next((one for one in turns.running(turn.clocks) if one.limit == limit), None)
        if rule is None or clock is None:
            raise LuoshiError("E_STATE", "没有正在计算的这个期限。", fields={"limit": limit})
        if rule.extension is None:
            raise LuoshiError("E_RULE", f"“{rule.title}”不得延长。", citation=rule.citation or None)
        _require_one_of(turn, rule.extension.who, f"延长{rule.title}")
        _require_reason(reason)
        if len(clock.extensions) >= rule.extension.most:
            raise LuoshiError(
                "E_RULE", f"“{rule.title}”最多延长{rule.extension.most}次，已经用完。", citation=rule.citation or None
            )
        if turn.at >= clock.until:
            raise LuoshiError("E_EXPIRED", f"“{rule.title}”已于{local(clock.until):%Y-%m-%d %H:%M}届满，不能再延长。")
        n, unit = read_span(rule.extension.by)
        old = clock.until
        clock.extensions = [*clock.extensions, {"n": n, "unit": unit, "at": turn.at.isoformat(), "reason": reason}]
        clocks.set_due(clock, rule, turn.calendar, turn.now)
        turn.touched.add(limit)
        before, after = f"{local(old):%Y-%m-%d %H:%M}", f"{local(clock.until):%Y-%m-%d %H:%M}"
        words = f"“{rule.title}”延长：原至{before}，现至{after}。{reason}"
        turns.say(turn, "extend", turn.case.state, words, data={"limit": limit})
        turns.settle(turn)
        flush([turn])
    return turn.case


def _require_one_of(turn: Turn, keys: tuple[str, ...], what: str) -> None:
    if keys:
        party = _party_among(turn, keys)
        if party is None:
            _refuse_hand(turn, keys, what)
        else:
            turn.party, turn.organ = party.party, party.organ
        return
    acting = tuple(party.party for party in turn.parties if party.acts)
    party = _party_among(turn, acting)
    if party is None:
        require(turn.actor, "case.manage")
    else:
        turn.party, turn.organ = party.party, party.organ


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < 2:
        raise LuoshiError("E_INPUT", "请写明理由。", fields={"fields": {"reason": "请写明理由"}})


# --- moving a case by hand --------------------------------------------------------------------------------------------


def move(*, actor: Actor, case: int, version: str, reason: str, revision: int | None = None) -> Case:
    """Put an open case under another version of its procedure. Its state must exist there; its limits go on.

    Errors: E_FORBIDDEN (case.manage), E_NOT_FOUND, E_STATE (closed, or no such state in that version), E_INPUT.
    """
    with transaction.atomic():
        require(actor, "case.manage")
        turn = opened(actor, case, revision=revision)
        _require_reason(reason)
        to = procedures.version(turn.case.procedure, version)
        if not turn.case.is_open:
            raise LuoshiError("E_STATE", "已办结的办件不换版本。")
        if turn.case.state not in to.states:
            raise LuoshiError("E_STATE", f"{version}这一版没有“{turn.procedure.states[turn.case.state].title}”状态。")
        old, turn.procedure, turn.case.version = turn.case.version, to, version
        Case.objects.filter(pk=turn.case.pk).update(version=version)
        known = {party.party for party in turn.parties}
        added = [
            CaseParty(case=turn.case, party=key, organ=_organ_of(party.organ, turn.case), role=party.role,
                      due_at=clocks.FAR)
            for key, party in to.parties.items() if key not in known
        ]  # fmt: skip
        turn.parties += CaseParty.objects.bulk_create(added)
        turns.say(turn, "move", turn.case.state, f"改按{version}版程序办理（原{old}版）。{reason}", data={"from": old})
        turns.settle(turn)
        flush([turn])
    return turn.case


def reassign(*, actor: Actor, cases: list[int], origin: str, target: str, reason: str) -> int:
    """Hand every part of `origin` in the given open cases to `target`, at one instant; return how many were moved.

    For reforms of organs. Errors: E_FORBIDDEN (case.manage), E_INPUT.
    """
    with transaction.atomic():
        require(actor, "case.manage")
        _require_reason(reason)
        if not concern.known(target):
            raise LuoshiError("E_INPUT", f"没有单位“{target[:60]}”，请从单位名册里选。", fields={"field": "target"})
        rows = CaseParty.objects.filter(case__in=cases, organ=origin, case__is_open=True)
        touched = sorted(set(rows.values_list("case_id", flat=True)))
        rows.update(organ=target)
        Case.objects.filter(pk__in=touched, organ=origin).update(organ=target)
        turned = [opened(actor, pk) for pk in touched]
        names = concern.titles([origin, target])
        for turn in turned:
            turns.say(turn, "reassign", turn.case.state, f"由{names[origin]}转{names[target]}办理。{reason}",
                      data={"from": origin, "to": target})  # fmt: skip
        flush(turned)
    return len(touched)


def add_paper(*, actor: Actor, case: int, kind: str, title: str, upload: Upload) -> CasePaper:
    """Put a file into the case. Errors: E_NOT_FOUND, E_FORBIDDEN (no party), E_FILE, E_TOO_LARGE."""
    with transaction.atomic():
        turn = opened(actor, case)
        if _party_among(turn, tuple(turn.procedure.parties)) is None:
            _refuse_hand(turn, tuple(turn.procedure.parties), "存入材料")
        paper = keep_paper(turn, kind[:60], title[:200] or upload[0][:200], upload)
        append(actor=actor, act="case.paper", subject=f"case:{case}", after={"kind": kind, "file": paper.file_id},
               permission="case.act")  # fmt: skip
    return paper


party_among = _party_among

__all__ = ["OPEN", "act", "add_paper", "extend", "move", "open_case", "party_among", "pause", "reassign", "resume"]
