"""Holders, appointment lists and groups in words: what the decisions on posts answer with (organs D6, D9, D10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from luoshi.kernel.decisions import Outcome, Reason, Rule, Verdict
from luoshi.office.organs.facts import Act, AppointmentFacts, EvidenceRow, MemberChange, MemberFacts, Seat
from luoshi.office.organs.history import Finding, Point, find_holder, find_holders
from luoshi.office.organs.naming import canonical, cite, organ_name, slug_of

# --- holders ----------------------------------------------------------------------------------------------------------

_BADGES = {
    "appointed": "任命",
    "attested": "名单",
    "bracketed": "推定",
    "uncertain": "待核",
    "last_known": "待核",
    "vacant_or_unknown": "待核",
    "unknown": "待核",
}
_HOLDER_OUTCOMES = {
    "appointed": Outcome.ALLOW,
    "attested": Outcome.ALLOW,
    "bracketed": Outcome.ALLOW_WITH_CONDITION,
}
RANK = tuple(_BADGES)
_SEVERAL = re.compile(r".*副.*|.*(?:科员|调研员|巡视员|委员|常委|成员|队员|顾问|职级)")


def seats_of(post: str, seats: int | None) -> int | None:
    """Number of seats of a post: as given, 1 for a head, None (several) for deputies and non-leading ranks."""
    return seats if seats is not None else None if _SEVERAL.fullmatch(canonical(post)) else 1


def rows_of(rows: Iterable[EvidenceRow], organ: str, post: str) -> list[EvidenceRow]:
    """The rows of one post; a row that names no organ or post is of the one asked about."""
    slug, title = slug_of(organ), canonical(post)
    return [
        row
        for row in rows
        if (row.organ is None or slug_of(row.organ) == slug) and (row.post is None or canonical(row.post) == title)
    ]


def several_holders(
    rows: Sequence[EvidenceRow], post: str, day: date, seats: int | None, years: int, value: dict[str, Any]
) -> Verdict:
    """A post of several seats: one finding for each person."""
    findings = find_holders(rows, day).values()
    sitting = sorted(
        (found for found in findings if found.holders),
        key=lambda found: (RANK.index(found.result), found.basis[0].day, found.basis[0].key),
    )
    ended = sorted((found.ended for found in findings if found.ended), key=lambda row: (row.day or date.min, row.key))
    firsts = [found.first_evidence for found in findings if found.first_evidence is not None]
    reasons = [reason for found in sitting for reason in holder_reasons(found, post, day)]
    reasons += [
        Rule(cite(row.instrument, row.clause), "{person}已于{day}免去{post}").reason(None, row.person, row.day, post)
        for row in ended
    ]
    outcomes = {holder_outcome(found, day, years) for found in sitting} or {Outcome.UNDETERMINED}
    if seats is not None and len(sitting) > seats:
        reasons.append(Rule(None, "有依据的{count}人多于职数{seats}").reason(False, len(sitting), seats))
        outcomes.add(Outcome.UNDETERMINED)
    if not sitting:
        reasons.append(Rule(None, "{day}没有{post}的在任依据").reason(False, day, post))
    value |= {
        "result": "list" if sitting or ended else "unknown",
        "holders": [finding_value(found, day, years) for found in sitting],
        "ended": [row_value(row) | {"ended_on": row.day} for row in ended],
        "first_evidence": min(firsts, default=None),
        "stale": any(found.is_stale(day, years) for found in sitting),
    }
    worst = (Outcome.UNDETERMINED, Outcome.ALLOW_WITH_CONDITION, Outcome.ALLOW)
    return Verdict(value, next(outcome for outcome in worst if outcome in outcomes), reasons)


def holder_outcome(found: Finding, day: date, years: int) -> Outcome:
    """ALLOW only for proof that is neither stale nor contradicted; between two proofs ALLOW_WITH_CONDITION."""
    outcome = _HOLDER_OUTCOMES.get(found.result, Outcome.UNDETERMINED)
    if outcome is Outcome.ALLOW and (found.conflicts or found.is_stale(day, years)):
        return Outcome.ALLOW_WITH_CONDITION
    return outcome


def finding_value(found: Finding, day: date, years: int) -> dict[str, Any]:
    """A finding as the answer shows it, with basis, interval and candidates."""
    alone = found.holders[0] if len(found.holders) == 1 else None
    return {
        "result": found.result,
        "badge": _BADGES[found.result],
        "person": None if alone is None else alone.person,
        "person_id": None if alone is None else alone.person_id,
        "since": found.first if found.result == "appointed" else None,
        "interval": None if found.first is None else {"from": found.first, "to": found.last},
        "candidates": [{"person": row.person, "person_id": row.person_id} for row in found.holders]
        if alone is None
        else [],
        "basis": [_point_value(point) for point in found.basis],
        "last_known": found.basis[-1].day if found.result == "last_known" else None,
        "first_evidence": found.first_evidence,
        "ended": None if found.ended is None else row_value(found.ended) | {"ended_on": found.ended.day},
        "conflicts": [_point_value(point) for point in found.conflicts],
        "stale": found.is_stale(day, years),
    }


def row_value(row: EvidenceRow) -> dict[str, Any]:
    """A row of evidence as answers show it."""
    return {
        "kind": row.kind,
        "person": row.person,
        "person_id": row.person_id,
        "date": row.day,
        "instrument": row.instrument,
        "clause": row.clause,
        "remark": row.remark,
    }


def _point_value(point: Point) -> dict[str, Any]:
    return row_value(point.row) | {"proves": point.day, "by_removal": point.row.kind == "remove"}


_POINT_SAYS = {
    "appoint": "{person}自{day}起任{post}",
    "attest": "{day}的文件载明{person}为{post}",
    "remove": "{person}于{day}免去{post},前一日仍在任",
}
_RESULT_SAYS = {
    "appointed": "{day}，按任命由{names}担任",
    "attested": "{day}，由{names}担任",
    "bracketed": "{day}前后的依据均为{names},推定由其担任",
    "uncertain": "{day}可能为{names}，不能确定",
    "last_known": "{day}前最后的依据为{names}，其后无依据，待核",
    "vacant_or_unknown": "{day}前最后的任职人已免职，其后无依据{names}",
    "unknown": "{day}没有依据可据以认定{names}",
}


def holder_reasons(found: Finding, post: str, day: date) -> list[Reason]:
    """What a finding rests on, row by row with its instrument, and what follows."""

    def say(point: Point, ok: bool | None) -> Reason:
        row = point.row
        rule = Rule(cite(row.instrument, row.clause), _POINT_SAYS[row.kind])
        return rule.reason(ok, *(part for part in _in_sentence(rule, row, post)))

    named = found.result in ("appointed", "attested", "bracketed")
    reasons = [say(point, None) for point in found.basis]
    if found.ended is not None and all(point.row != found.ended for point in found.basis):
        reasons.append(say(Point(day, found.ended), None))
    if found.first_evidence is not None:
        reasons.append(Rule(None, "最早的依据在{day}").reason(None, found.first_evidence))
    reasons += [say(point, False) for point in found.conflicts]
    names = "、".join(row.person for row in found.holders)
    last = found.basis[-1].row if found.basis else None
    rule = Rule(None if last is None else cite(last.instrument, last.clause), _RESULT_SAYS[found.result])
    return [*reasons, rule.reason(named, day, names)]


def _in_sentence(rule: Rule, row: EvidenceRow, post: str) -> list[Any]:
    data = {"person": row.person, "day": row.day, "post": post}
    return [data[name] for name in rule.names]


# --- appointments -----------------------------------------------------------------------------------------------------


def _post_of(item: Act | EvidenceRow | Seat) -> tuple[str, str]:
    return slug_of(item.organ or ""), canonical(item.post or "")


def occupied(facts: AppointmentFacts, day: date) -> list[dict[str, Any]]:
    """Appointments to a post of one seat that somebody else holds, by what was known before or by this very list."""
    warnings = []
    for index, act in enumerate(facts.acts):
        if act.action != "appoint" or seats_of(act.post, act.seats) != 1:
            continue
        post = _post_of(act)
        same_post = [other for other in facts.acts if _post_of(other) == post]
        removed = {other.key for other in same_post if other.action == "remove"}
        before = [row for row in facts.evidence if _post_of(row) == post and row.day is not None and row.day <= day]
        found = find_holder(before, day)
        sitting = {row.key: row.person for row in found.holders}
        sitting |= {other.key: other.person for other in same_post if other.action == "appoint"}
        holders = [name for key, name in sitting.items() if key not in removed | {act.key}]
        if holders:
            message = f"{organ_name(post[0])}{act.post}已由{'、'.join(holders)}担任，未见免职，拟任{act.person}应说明"
            warnings.append(_warning("occupied", index, message, act.explanation))
    return warnings


def _warning(code: str, index: int, message: str, explanation: str | None) -> dict[str, Any]:
    return {
        "code": code,
        "act": index + 1,
        "message": message,
        "explanation": explanation,
        "needs_explanation": not explanation,
    }


def never_seen(facts: AppointmentFacts) -> list[dict[str, Any]]:
    """Removals from posts nothing was known of: accepted, with an unknown start."""
    known = {(row.key, *_post_of(row)) for row in facts.evidence}
    return [
        {
            "code": "start_unknown",
            "act": index + 1,
            "message": f"{act.person}的{organ_name(slug_of(act.organ))}{act.post}此前未见，免职照收，任职起始不详",
            "explanation": act.explanation,
            "needs_explanation": False,
        }
        for index, act in enumerate(facts.acts)
        if act.action == "remove" and (act.key, *_post_of(act)) not in known
    ]


def transfers_of(facts: AppointmentFacts) -> list[dict[str, Any]]:
    """Persons removed from one post and appointed to another by the same list."""
    transfers = []
    for key in dict.fromkeys(act.key for act in facts.acts):
        own = [act for act in facts.acts if act.key == key]
        new = [act for act in own if act.action == "appoint"]
        old = [act for act in own if act.action == "remove" and _post_of(act) not in map(_post_of, new)]
        if old and new:
            transfers.append({"person": own[0].person, "from": _posts_value(old), "to": _posts_value(new)})
    return transfers


def _posts_value(acts: Iterable[Act]) -> list[dict[str, Any]]:
    return [{"organ": slug_of(act.organ), "post": act.post, "remark": act.remark} for act in acts]


def posts_text(posts: Iterable[Mapping[str, Any]]) -> str:
    """The posts of a transfer in words."""
    return "、".join(f"{organ_name(post['organ'])}{post['post']}" for post in posts)


def namesakes(facts: AppointmentFacts) -> list[dict[str, Any]]:
    """The same name printed at another organ before: perhaps the same person, to be confirmed by two."""
    suggestions = []
    for person in dict.fromkeys(act.person for act in facts.acts):
        here = {_post_of(act) for act in facts.acts if act.person == person}
        elsewhere = sorted(
            {_post_of(row) for row in facts.evidence if row.person == person and row.organ and row.post} - here
        )
        if elsewhere:
            posts = "、".join(f"{organ_name(organ)}{post}" for organ, post in elsewhere)
            message = f"“{person}”此前另见于{posts}，是否同一人须经两人确认"
            suggestions.append({"code": "same_name", "person": person, "posts": elsewhere, "message": message})
    return suggestions


# --- groups -----------------------------------------------------------------------------------------------------------


def is_named(found: Finding) -> bool:
    """Whether the finding proves or brackets one holder."""
    return found.result in ("appointed", "attested", "bracketed")


def evidence_of_list(facts: MemberFacts) -> list[EvidenceRow]:
    """The evidence given, and what the list itself attests on its date."""
    own = [
        EvidenceRow(
            kind="attest",
            person=seat.person,
            person_id=seat.person_id,
            day=facts.issued_on,
            instrument=facts.instrument,
            organ=seat.organ,
            post=seat.post,
        )
        for seat in facts.members or ()
        if seat.person and seat.organ and seat.post
    ]
    return [row for row in facts.evidence if row.organ and row.post] + own


def _is_applied(change: MemberChange, facts: MemberFacts) -> bool:
    """Whether the organ where the office sits has confirmed the change."""
    if not change.confirmed_by or facts.office is None:
        return False
    return slug_of(change.confirmed_by) == slug_of(facts.office)


def seat_value(seat: Seat, facts: MemberFacts, day: date, reasons: list[Reason]) -> dict[str, Any]:
    """A seat on the day: confirmed changes applied in order of their dates, the earlier members kept as history."""
    entry: dict[str, Any] = {
        "order": seat.order,
        "role": seat.role,
        "person": seat.person,
        "key": seat.key,
        "organ": slug_of(seat.organ) if seat.organ else None,
        "post": seat.post,
        "from": facts.issued_on,
        "history": [],
    }
    changes = sorted((change for change in facts.changes if change.order == seat.order), key=lambda change: change.on)
    for change in changes:
        if not _is_applied(change, facts):
            text = f"{change.order}号席位改为{change.person}未经办公室所在单位确认，不适用"
            reasons.append(Rule(cite(change.instrument), "{text}").reason(False, text))
        elif change.on <= day:
            entry["history"].append({"person": entry["person"], "from": entry["from"], "to": change.on})
            entry |= {"person": change.person, "key": change.person_id or change.person, "from": change.on}
            rule = Rule(cite(change.instrument or facts.instrument), "{order}号席位自{day}起由{person}接任")
            reasons.append(rule.reason(True, change.order, change.on, change.person))
    return entry


def proposal_for(seat: Seat, entry: dict[str, Any], rows: Sequence[EvidenceRow], day: date) -> dict[str, Any] | None:
    """Succession by post: another person is proved to hold the member's post of one seat on the day."""
    if entry["person"] is None or not seat.organ or not seat.post or seats_of(seat.post, None) != 1 or not seat.person:
        return None
    found = find_holder(rows_of(rows, seat.organ, seat.post), day)
    if not found.holders or found.result == "uncertain" or found.holders[0].key == entry["key"]:
        return None
    basis = found.basis[-1].row
    return {
        "order": seat.order,
        "from": entry["person"],
        "to": found.holders[0].person,
        "basis": found.result,
        "date": basis.day,
        "instrument": basis.instrument,
    }
