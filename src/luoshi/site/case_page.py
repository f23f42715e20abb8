"""What the page of one case shows, now or as it stood at a moment: bar, limits, reasons, papers, story, acts."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.decisions import REGISTRY
from luoshi.kernel.parameters import plain
from luoshi.kernel.procedures import OPEN, Ask, Procedure, Status, Step
from luoshi.office.actors import Actor
from luoshi.office.cases import hooks, queries
from luoshi.office.cases.models import CaseClock, CaseEvent, CasePaper
from luoshi.office.cases.offers import Offer, Why
from luoshi.office.cases.queries import working_days
from luoshi.office.cases.replay import ClockView, Whole, expiry_words, next_hands
from luoshi.office.cases.way import Place, way
from luoshi.office.duties import concern
from luoshi.office.funds import plans
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.queries import visible_books
from luoshi.site import case_acts, parameter_words
from luoshi.site.case_rows import (
    CLOCK_STATES,
    TONES,
    case_href,
    due_of_clock,
    limit_words,
    paused_due,
    role_title,
    until_words,
)
from luoshi.site.present import Cite, Due, day_words, size_words
from luoshi.site.views.calculators import OUTCOMES

_DECISIONS_SHOWN = 6
_MACHINE_KEY = re.compile(r"[a-z][a-z0-9_-]*:")
"""How a subject begins that tells machines what a case is about; people read the title."""
_HANDS = {"auto": "auto", "timer": "timer", "system": "system", "person": "person"}


def context(found: Whole, actor: Actor) -> dict[str, Any]:
    """Return what the page shows of a case; forms and refusals are added by the view."""
    case, kind, today = found.case, found.procedure, day_of(found.moment)
    cites = parameter_words.cites(_citations(found))
    chip, limit = head_due(found)
    return {
        "case": case,
        "href": case_href(case.pk),
        "kind": {"title": kind.title, "href": _kind_href(found), "version": kind.effective_from},
        "state": {
            "title": found.state.title, "tone": TONES.get(Status(found.state.status), ""), "note": found.state.note,
        },
        "due": chip,
        "due_limit": limit,
        "holder": holder(found) if found.is_open else None,
        "closed_words": _closed_words(found),
        "steps": step_bar(found),
        "limits": [_limit(found, view, cites) for view in found.running],
        "ended": [_ended(found, view) for view in found.clocks if not view.going],
        "decisions": _decisions(found, cites),
        "offers": [_offer(found, offer, cites) for offer in found.offers],
        "papers": [_paper(found, paper) for paper in found.papers],
        "voices": _voices(found),
        "facts": _facts(found),
        "future": _future(found),
        "story": [_event(found, event) for event in reversed(found.events)],
        "story_total": case.events_count,
        "parties": [
            {"title": party.title, "organ": found.organs.get(party.organ, party.organ), "role": role_title(party.role),
             "acts": party.acts}
            for party in found.parties
        ],
        "organ": found.organs.get(case.organ, case.organ),
        "cite": cites.get(kind.citation),
        "parent": found.parent,
        "parts": [{"href": case_href(part.pk), "number": part.number, "title": part.title} for part in found.parts],
        "opened": local(case.opened_at),
        "subject": "" if _MACHINE_KEY.match(case.subject) else case.subject,
        "room_links": [{"title": title, "href": href} for title, href in hooks.links_of(case)]
        + _payment(found, actor),
        "today": today,
    }  # fmt: skip


def _payment(found: Whole, actor: Actor) -> list[dict[str, str]]:
    """Return the way to the last payment of a case for whoever may see its book; no question where none are made."""
    room, number = found.case.programme, found.case.number
    if not any(plan.key.startswith(f"{room}/") for plan in plans.known_plans()):
        return []
    rows = PaymentInstruction.objects.filter(Q(case=number) | Q(claim=number), book__in=visible_books(actor))
    last = rows.order_by("-pk").first()
    if last is None:
        return []
    return [{"title": _("付款：%s") % last.get_state_display(), "href": reverse("fund-payment", args=[last.pk])}]


def _kind_href(found: Whole) -> str:
    href = reverse("procedure", args=[found.procedure.key])
    return f"{href}?{urlencode({'version': found.procedure.version})}"


def _citations(found: Whole) -> set[str]:
    cited = {found.procedure.citation}
    cited |= {view.limit.citation for view in found.running if view.limit is not None}
    for offer in found.offers:
        cited |= {why.citation for why in (*offer.whys, *offer.guard)} | {offer.step.citation}
    for event in found.events:
        for decision in event.decisions or ():
            cited |= {str(reason.get("citation") or "") for reason in decision.get("reasons", ())}
    return {text for text in cited if text}


# --- head -------------------------------------------------------------------------------------------------------------


def head_due(found: Whole) -> tuple[Due, str]:
    """Return the chip of the limit that ends first and its title; of a case that is closed, when that was."""
    if not found.is_open:
        last = found.events[-1] if found.events else None
        day = day_of(found.case.closed_at or (last.at if last else found.moment))
        return Due("done", _("办结"), day, day_words(day, day_of(found.moment))), ""
    going = next((view for view in found.running if view.state == CaseClock.State.RUNNING), None)
    if going is not None:
        title = going.limit.title if going.limit else ""
        return due_of_clock(going, found.moment, found.calendar, title=title), title
    if found.running:
        rests = found.running[0]
        return paused_due(rests.pauses, found.moment), rests.limit.title if rests.limit else ""
    return Due("none", _("没有在计的期限")), ""


def holder(found: Whole) -> dict[str, Any]:
    """Return who has the case, since when, and whom the plain way leads to, as `ls_holder` draws it."""
    today = day_of(found.moment)
    days = working_days(day_of(found.entered_at), today, found.calendar)
    since = _("已 %d 个工作日") % days if days else _("今天到手")
    following = [{"name": "、".join(names), "post": ""} for names in next_hands(found)]
    acting = found.acting
    if not acting:
        return {"automatic": True, "name": "", "since": since, "next": following}
    if len(acting) == 1:
        party = acting[0]
        organ = found.organs.get(party.organ, party.organ)
        people = queries.people_of([(party.organ, party.role)], today).get((party.organ, party.role), [])
        post = f"{organ} · {party.title}"
        if len(people) == 1:
            return {"name": people[0], "post": post, "since": since, "next": following}
        if not people:
            return {"vacant": True, "name": "", "post": post, "since": since, "next": following}
        return {"name": organ, "post": _("%(title)s（%(n)d 人）") % {"title": party.title, "n": len(people)},
                "since": since, "next": following}  # fmt: skip
    organs = list(dict.fromkeys(found.organs.get(party.organ, party.organ) for party in acting))
    post = "、".join(party.title for party in acting)
    return {"name": "、".join(organs), "post": post, "since": since, "next": following}


def _closed_words(found: Whole) -> str:
    if found.is_open:
        return ""
    return _("%(state)s，已离开在办清单；只能看，不能再改") % {"state": found.state.title}


def step_bar(found: Whole) -> list[dict[str, str]]:
    """Return the plain way: what is behind with its day, where it is now, what is ahead with its limit."""
    today = day_of(found.moment)
    places = way(found.procedure, found.state.key, day_of(found.entered_at), found.events)
    return [{"title": one.title, "note": _place_words(one, today), "state": one.mark} for one in places]


def _place_words(place: Place, today: datetime.date) -> str:
    if place.passed_by:
        return _("未经过")
    return place.limit or (day_words(place.day, today) if place.day else "")


# --- limits -----------------------------------------------------------------------------------------------------------


def _limit(found: Whole, view: ClockView, cites: Mapping[str, Cite]) -> dict[str, Any]:
    limit, today = view.limit, day_of(found.moment)
    going = view.state == CaseClock.State.RUNNING
    chip = due_of_clock(view, found.moment, found.calendar) if going else paused_due(view.pauses, found.moment)
    titles = {key: rule.title for key, rule in found.procedure.pauses.items()}
    return {
        "key": view.row.limit,
        "title": limit.title if limit else view.row.limit,
        "words": limit_words(view.row.rule, limit.words) if limit else "",
        "chip": chip,
        "derived": view.due,
        "silence": expiry_words(found, limit) if limit else "",
        "cite": cites.get(limit.citation) if limit else None,
        "outer": limit.outer if limit else False,
        "pauses": [
            {"title": titles.get(one["kind"], one["kind"]), "begins": _moment(one["begins"]),
             "ends": _moment(one["ends"]) if one["ends"] else None}
            for one in view.pauses
        ],
        "extensions": [
            {"words": f"{one['n']}{_unit(one['unit'])}", "at": _moment(one["at"]), "reason": one.get("reason", "")}
            for one in view.extensions
        ],
        "changes": [
            {"old": until_words(one.old_until, inclusive=view.inclusive, today=today),
             "new": until_words(one.new_until, inclusive=view.inclusive, today=today),
             "why": one.why, "at": local(one.at)}
            for one in view.changes
        ],
        "expired": view.row.expired and found.at is None,
    }  # fmt: skip


def _unit(text: str) -> str:
    from luoshi.kernel.limit_words import read_unit

    return read_unit(text).word


def _moment(text: str) -> datetime.datetime:
    return local(datetime.datetime.fromisoformat(text))


def _ended(found: Whole, view: ClockView) -> dict[str, Any]:
    word, tone = CLOCK_STATES[view.state]
    return {
        "title": view.limit.title if view.limit else view.row.limit,
        "until": until_words(view.until, inclusive=view.inclusive, today=day_of(found.moment)),
        "word": str(word),
        "tone": tone,
        "ended": local(view.row.ended_at) if view.row.ended_at else None,
    }


# --- reasons ----------------------------------------------------------------------------------------------------------


def _reason(why: Why, cites: Mapping[str, Cite]) -> dict[str, Any]:
    return {"ok": why.ok, "text": why.text, "cite": cites.get(why.citation) if why.citation else None}


def _offer(found: Whole, offer: Offer, cites: Mapping[str, Cite]) -> dict[str, Any]:
    """Return a step as the page offers it: who may take it, why it may or may not be taken now."""
    step = offer.step
    who = [found.procedure.parties[key].title for key in step.by]
    reasons = [_reason(why, cites) for why in (*offer.guard, *offer.whys)]
    if offer.spoken:
        reasons.insert(0, {"ok": None, "text": _("您已表过态，等其他各方"), "cite": None})
    decision = offer.decision
    word = OUTCOMES.get(decision.outcome.value) if decision is not None else None
    return {
        "key": step.key,
        "title": step.title,
        "who": "、".join(who),
        "joint": step.kind == "joint",
        "aside": step.aside or bool(step.counter_of),
        "mine": offer.party is not None,
        "may": offer.may,
        "allowed": offer.allowed,
        "reasons": reasons,
        "verdict": {"word": word[0], "tone": word[1]} if word else None,
        "guard": decision.definition.title if decision is not None else "",
        "cite": cites.get(step.citation),
        "href": f"{case_href(found.case.pk)}?{urlencode({'act': step.key})}",
        "elsewhere": hooks.elsewhere_of(found.case, step.key),
        "why_not": next((one["text"] for one in reasons if one["ok"] is False), ""),
    }


def reasons_of(whys: Sequence[Why]) -> list[dict[str, Any]]:
    """Return reasons with their chips, for a fragment that has nothing else."""
    cites = parameter_words.cites({why.citation for why in whys if why.citation})
    return [_reason(why, cites) for why in whys]


def _decisions(found: Whole, cites: Mapping[str, Cite]) -> list[dict[str, Any]]:
    """Return the decisions taken with the steps, newest first, each with reasons, parameters and receipt."""
    shown = []
    for event in reversed(found.events):
        for receipt in event.decisions or ():
            key = str(receipt.get("key", ""))
            definition = REGISTRY.get(key)
            shown.append(
                {
                    "title": definition.title if definition else key,
                    "step": _step_title(found.procedure, event.act),
                    "at": local(event.at),
                    "n": event.n,
                    "reasons": [
                        {"ok": one.get("ok"), "text": one.get("text", ""),
                         "cite": cites.get(str(one.get("citation") or ""))}
                        for one in receipt.get("reasons", ())
                    ],
                    "parameters": [
                        {"title": row.get("title", row.get("name", "")), "value": plain(row.get("value")),
                         "since": row.get("from", "")}
                        for row in receipt.get("parameters", ())
                    ],
                    "receipt": str(receipt.get("sha256", ""))[:16],
                    "on": receipt.get("on", ""),
                }
            )  # fmt: skip
    return shown[:_DECISIONS_SHOWN]


def _step_title(kind: Procedure, act: str) -> str:
    if act == OPEN:
        return _("立案")
    step = kind.steps.get(act.partition(".")[0])
    return step.title if step else act


# --- papers, voices, facts --------------------------------------------------------------------------------------------


def _paper(found: Whole, paper: CasePaper) -> dict[str, Any]:
    notice = reverse("notice", args=[paper.notice_id]) if paper.notice_id in found.readable else ""
    file = paper.file
    kept = file is not None and file.state == "kept"
    flags = [] if kept or file is None else [_("已隔离")]
    if uses := found.reused.get(paper.file_id or 0):
        flags.append(_("同一文件另用于 %d 处") % uses)
    return {
        "title": paper.title,
        "href": reverse("case-paper", args=[found.case.pk, paper.pk]) if kept else notice,
        "note": "" if file is None else " · ".join(filter(None, (file.name, size_words(file.size_bytes)))),
        "at": paper.at,
        "digest": file.digest if file is not None else "",
        "flags": flags,
        "picture": "",
    }


def _voices(found: Whole) -> list[dict[str, Any]]:
    """Return who has spoken in the joint step of the present state, and who has not; then of those before."""
    shown = []
    joint = [step for step in found.procedure.steps_from(found.state.key) if step.kind == "joint"]
    entered = _round(found)
    for step in joint:
        spoken = {voice.party: voice for voice in found.voices if voice.step == step.key and voice.round >= entered}
        shown.append({"title": step.title, "now": True, "rows": _round_rows(found, step, spoken)})
    earlier: dict[tuple[str, int], dict[str, Any]] = {}
    for voice in found.voices:
        if voice.step in {step.key for step in joint} and voice.round >= entered:
            continue
        earlier.setdefault((voice.step, voice.round), {})[voice.party] = voice
    for (key, _number), spoken in reversed(earlier.items()):
        if (past := found.procedure.steps.get(key)) is not None:
            shown.append({"title": past.title, "now": False, "rows": _round_rows(found, past, spoken)})
    return shown


def _round(found: Whole) -> int:
    if found.at is None:
        return found.case.entered_event
    moved = [event.n for event in found.events if event.act == OPEN or event.from_state not in ("", event.to_state)]
    return moved[-1] if moved else 1


def _round_rows(found: Whole, step: Step, spoken: Mapping[str, Any]) -> list[dict[str, Any]]:
    organs = {party.key: found.organs.get(party.organ, party.organ) for party in found.parties}
    rows = []
    for key in step.by:
        voice = spoken.get(key)
        title = found.procedure.parties[key].title
        rows.append({"title": title, "organ": organs.get(key, ""), "voice": voice,
                     "at": local(voice.at) if voice else None})  # fmt: skip
    return rows


def _asks(kind: Procedure) -> dict[str, Ask]:
    known = {ask.name: ask for ask in kind.asks}
    for step in kind.steps.values():
        known |= {ask.name: ask for ask in step.asks if ask.keep}
    return known


def _facts(found: Whole) -> list[dict[str, str]]:
    named = {party.organ.removeprefix("fact:") for party in found.procedure.parties.values()
             if party.organ.startswith("fact:")}  # fmt: skip
    rows = []
    for name, ask in _asks(found.procedure).items():
        if name not in found.facts or ask.type == "file":
            continue
        value = found.facts[name]
        words = concern.title(str(value)) or str(value) if name in named else case_acts.shown(ask, value)
        rows.append({"title": ask.title, "words": words})
    return rows


# --- the story --------------------------------------------------------------------------------------------------------


def _when(moment: datetime.datetime, today: datetime.date) -> str:
    at = local(moment)
    return _("今天 %s") % f"{at:%H:%M}" if at.date() == today else f"{day_words(at.date(), today)} {at:%H:%M}"


def _event(found: Whole, event: CaseEvent) -> dict[str, Any]:
    """Return a line of the story: a person's has a name, the case's own and silence's never look like one."""
    today = day_of(found.moment)
    kind = _HANDS[event.hand]
    title = next((party.title for party in found.parties if party.key == event.party), "")
    who = event.who if kind == "person" else ""
    if who and event.acted_for is not None:
        who = _("%(name)s代%(other)s") % {"name": who, "other": event.acted_for.name}
    notes = [title] if kind == "person" and title else []
    if kind == "system" and event.who:
        notes.append(event.who)
    late = event.received_at - event.at
    if late >= datetime.timedelta(minutes=1):
        notes.append(_("%s 记入") % _when(event.received_at, today))
    words = {"auto": _("自动"), "timer": _("期限届满"), "system": _("系统")}
    return {
        "n": event.n,
        "at": _when(event.at, today),
        "iso": local(event.at).isoformat(),
        "kind": kind,
        "word": words.get(kind, ""),
        "who": who,
        "words": event.text,
        "note": " · ".join(notes),
        "href": f"{case_href(found.case.pk)}?{urlencode({'at': replay_text(event.at)})}",
    }


def replay_text(moment: datetime.datetime) -> str:
    """Return a moment as the address of a replay has it: to the second, rounded up, so that its event is in."""
    at = local(moment)
    if at.microsecond:
        at = at.replace(microsecond=0) + datetime.timedelta(seconds=1)
    return f"{at:%Y-%m-%dT%H:%M:%S}"


def _future(found: Whole) -> list[dict[str, Any]]:
    """Return what will happen by itself, the last first, as the story shows it above the present."""
    today, coming = day_of(found.moment), []
    for view in found.running:
        if view.limit is None or view.state != CaseClock.State.RUNNING or view.until <= found.moment:
            continue
        end = until_words(view.until, inclusive=view.inclusive, today=today)
        words = _("“%(limit)s”期满：%(then)s") % {"limit": view.limit.title, "then": expiry_words(found, view.limit)}
        coming.append((view.until, {"at": end, "words": words, "note": _("暂定") if view.provisional else ""}))
    return [row for _until, row in sorted(coming, key=lambda pair: pair[0], reverse=True)]


# --- replay -----------------------------------------------------------------------------------------------------------


def replay(found: Whole) -> dict[str, Any]:
    """Return the control with which the story is gone through: its events, where it stands, a minute on and back."""
    href, moment = case_href(found.case.pk), local(found.moment)
    here = found.events[-1].n if found.events else 0
    stops: list[dict[str, Any]] = [
        {"n": event.n, "at": replay_text(event.at), "words": event.text[:60]} for event in found.story
    ]
    before = [stop for stop in stops if stop["n"] < here]
    after = [stop for stop in stops if stop["n"] > here]
    minute = datetime.timedelta(minutes=1)

    def to(text: str) -> str:
        return f"{href}?{urlencode({'at': text})}"

    opened = local(found.case.opened_at)
    return {
        "href": href,
        "moment": moment,
        "input": case_acts.local_input(moment),
        "earliest": case_acts.local_input(opened),
        "latest": case_acts.local_input(found.now),
        "n": len(found.events),
        "total": len(stops),
        "stops": stops,
        "previous": to(before[-1]["at"]) if before else "",
        "next": to(after[0]["at"]) if after else "",
        "minute_back": to(replay_text(moment - minute)) if moment - minute >= opened else "",
        "minute_on": to(replay_text(moment + minute)) if moment + minute <= found.now else "",
        "last": found.events[-1].text if found.events else "",
    }


# --- two hands --------------------------------------------------------------------------------------------------------


def two_hands(found: Whole, actor: Actor) -> dict[str, Any] | None:
    """Return the two slots of the first step on offer that wants another hand, None where there is none."""
    offer = next((one for one in found.offers if one.first_hand and not one.step.aside), None)
    if offer is None:
        return None
    first = offer.first_hand[-1]
    title = next((party.title for party in found.parties if party.key == first.party), "")
    own = offer.party.party if offer.may and offer.party is not None else offer.step.by[0]
    second = found.procedure.parties[own].title
    pair: dict[str, Any] = {
        "first": {"name": first.who, "post": title or _step_title(found.procedure, first.act), "at": first.at,
                  "you": first.user_id in actor.hands if first.user_id else False, "note": first.text},
        "second": {"name": actor.name if offer.may else "", "post": second, "at": None, "you": offer.may,
                   "note": _("看到全部内容后办“%s”") % offer.step.title},
    }  # fmt: skip
    if offer.may:
        pair["act"] = {"name": "act", "value": offer.step.key, "words": offer.step.title}
    return pair


__all__ = ["context", "head_due", "holder", "reasons_of", "replay", "step_bar", "two_hands"]
