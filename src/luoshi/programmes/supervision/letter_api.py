"""Operations on supervision letters, circulars, cross-offs, integrity cases, meetings and proposals."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import Needs, actor_of
from luoshi.programmes.supervision import (
    circulars,
    crossing,
    integrity,
    letters,
    meetings,
    plan_queries,
    referrals,
)
from luoshi.programmes.supervision.models import (
    ITEM_CODE,
    Circular,
    CoopConfirmation,
    CrossOffRequest,
    Referral,
    SupervisionLetter,
)

router = Router()
_PLAIN = r"^[^\x00]*$"
Long = Annotated[str, Field(max_length=2000, pattern=_PLAIN)]
Short = Annotated[str, Field(max_length=300, pattern=_PLAIN)]
Slug = Annotated[str, Field(max_length=80, pattern=_PLAIN)]
Id = Annotated[int, Field(ge=1, lt=2**63)]
Version = Annotated[int | None, Field(ge=1, lt=2**31)]
_REFUSALS = frozenset((400, 401, 403, 404, 405, 409, 422))


class Refused(Schema):
    """A refusal (RFC 9457)."""

    code: str
    detail: str


_ANSWERS: dict[Any, Any] = {200: dict[str, Any], _REFUSALS: Refused}


class LetterIn(Schema):
    """A letter drafted by hand: the organ and the ids of its overdue tasks."""

    organ: Slug
    matters: Annotated[list[Id], Field(min_length=1, max_length=200)]
    facts: Long = ""
    demands: Long = ""
    follows: Id | None = None


class LetterActIn(Schema):
    """What an act on a letter needs: `reason` to void or drop, `note` to close, the rest for a reply or a revision."""

    reason: Long = ""
    note: Long = ""
    facts: Long = ""
    demands: Long = ""
    done: Long = ""
    why: Long = ""
    following: Long = ""
    finish_by: datetime.date | None = None
    version: Version = None


def _moment(value: datetime.datetime | None) -> str | None:
    return value.isoformat() if value is not None else None


def _letter(row: SupervisionLetter, *, whole: bool = False) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": row.pk, "number": row.number, "organ": row.organ, "state": row.state, "auto": row.auto,
        "follows": row.follows_id, "notice": row.notice_id, "drafted_on": str(row.drafted_on),
        "signed_at": _moment(row.signed_at), "delivered_at": _moment(row.delivered_at), "read_at": _moment(row.read_at),
        "reply_due": str(row.reply_due) if row.reply_due else None, "unanswered_at": _moment(row.unanswered_at),
        "replied_at": _moment(row.replied_at), "closed_at": _moment(row.closed_at), "version": row.version,
    }  # fmt: skip
    if whole:
        told |= {
            "facts": row.facts, "demands": row.demands,
            "reply": {
                "done": row.done, "why": row.why, "following": row.following,
                "finish_by": str(row.finish_by) if row.finish_by else None,
            },
            "tasks": [
                {"matter": one.matter_id, "title": one.matter.title, "due_on": str(one.due_on), "late_wd": one.late_wd,
                 "percent": one.percent}
                for one in row.leaves.select_related("matter").order_by("due_on", "pk")
            ],
        }  # fmt: skip
    return told


@router.get("/supervision/letters", auth=Needs("work.see"), response=_ANSWERS, summary="督办函")
def letter_list(request: HttpRequest, state: str = "", organ: str = "", after: int = 0) -> dict[str, Any]:
    """Return the letters whoever asks sees, newest first, 200 at a time; `after` is the last id seen."""
    rows = letters.visible(actor_of(request))
    rows = rows.filter(state=state[:12]) if state else rows
    rows = rows.filter(organ=organ[:80]) if organ else rows
    rows = rows.filter(pk__lt=after) if 0 < after < 2**63 else rows
    found = list(rows.order_by("-pk")[:200])
    return {"letters": [_letter(row) for row in found], "next": found[-1].pk if len(found) == 200 else None}


@router.post("/supervision/letters", auth=Needs("work.letter"), response=_ANSWERS, summary="起草督办函")
def letter_draft(request: HttpRequest, body: LetterIn) -> dict[str, Any]:
    """Draft a letter; the director signs it."""
    return _letter(letters.draft(actor=actor_of(request), **body.dict()), whole=True)


@router.get("/supervision/letters/{id}", auth=Needs("work.see"), response=_ANSWERS, summary="一份督办函")
def letter_one(request: HttpRequest, id: Id) -> dict[str, Any]:  # noqa: A002
    """Return one letter with its tasks and its answer."""
    return _letter(letters.one(actor_of(request), id), whole=True)


@router.post("/supervision/letters/{id}/{act}", auth=Needs("work.see"), response=_ANSWERS, summary="办理督办函")
def letter_act(request: HttpRequest, id: Id, act: str, body: LetterActIn) -> dict[str, Any]:  # noqa: A002
    """Do an act: revise, drop, sign, deliver, read, reply, close, void (the second person's void confirms)."""
    kept: dict[str, Any] = {"actor": actor_of(request), "letter": id, "version": body.version}
    if act == "revise":
        row = letters.revise(**kept, facts=body.facts, demands=body.demands)
    elif act == "drop":
        row = letters.drop(**kept, reason=body.reason)
    elif act == "sign":
        row = letters.sign(**kept)
    elif act == "deliver":
        row = letters.deliver(**kept)
    elif act == "read":
        row = letters.read(actor=kept["actor"], letter=id)
    elif act == "reply":
        row = letters.reply(**kept, done=body.done, why=body.why, following=body.following, finish_by=body.finish_by)
    elif act == "close":
        row = letters.close(**kept, note=body.note)
    elif act == "void":
        row = letters.void(**kept, reason=body.reason)
    else:
        raise LuoshiError("E_NOT_FOUND", "没有这个办理动作。")
    return _letter(row, whole=True)


class CircularIn(Schema):
    """A circular; what waits on the red list goes into it by itself."""

    period: Short
    following: Long
    praised: Long = ""
    criticised: Long = ""
    praise: Annotated[list[Slug], Field(max_length=60, default_factory=list)]
    criticism: Annotated[list[Slug], Field(max_length=60, default_factory=list)]
    public: bool = False


class VersionIn(Schema):
    """The version as it was seen."""

    version: Version = None


def _circular(row: Circular) -> dict[str, Any]:
    return {
        "id": row.pk, "number": row.number, "period": row.period, "state": row.state, "public": row.public,
        "notice": row.notice_id, "version": row.version,
        "lines": [
            {"kind": one.kind, "organ": one.organ, "matter": one.matter_id,
             "due_on": str(one.due_on) if one.due_on else None, "late_wd": one.late_wd}
            for one in row.lines.order_by("kind", "organ", "pk")
        ],
    }  # fmt: skip


@router.get("/supervision/circulars", auth=Needs("work.see"), response=_ANSWERS, summary="通报")
def circular_list(request: HttpRequest, after: int = 0) -> dict[str, Any]:
    """Return the circulars, newest first, 100 at a time."""
    rows = circulars.visible(actor_of(request)).prefetch_related("lines")
    rows = rows.filter(pk__lt=after) if 0 < after < 2**63 else rows
    found = list(rows.order_by("-pk")[:100])
    return {"circulars": [_circular(row) for row in found], "next": found[-1].pk if len(found) == 100 else None}


@router.post("/supervision/circulars", auth=Needs("work.letter"), response=_ANSWERS, summary="起草通报")
def circular_draft(request: HttpRequest, body: CircularIn) -> dict[str, Any]:
    """Draft a circular; the director signs it."""
    return _circular(circulars.draft(actor=actor_of(request), **body.dict()))


@router.post("/supervision/circulars/{id}/sign", auth=Needs("work.sign"), response=_ANSWERS, summary="签发通报")
def circular_sign(request: HttpRequest, id: Id, body: VersionIn) -> dict[str, Any]:  # noqa: A002
    """Sign a circular and send it out."""
    return _circular(circulars.sign(actor=actor_of(request), circular=id, version=body.version))


class SpeakIn(Schema):
    """A word on a cross-off: for which organ, and why where it objects or is overruled."""

    organ: Slug = ""
    reason: Annotated[str, Field(max_length=1000, pattern=_PLAIN)] = ""


@router.post("/supervision/crossings/{id}/{act}", auth=Needs("work.see"), response=_ANSWERS, summary="销号意见")
def crossing_act(request: HttpRequest, id: Id, act: str, body: SpeakIn) -> dict[str, Any]:  # noqa: A002
    """Sign the request `id` (the id of a check) as the head, agree or object for an organ, overrule an objection."""
    actor = actor_of(request)
    if act == "sign":
        crossing.sign_request(actor=actor, check=id)
    elif act in ("agree", "object"):
        crossing.speak(actor=actor, check=id, organ=body.organ, agree=act == "agree", reason=body.reason)
    elif act == "overrule":
        crossing.overrule(actor=actor, check=id, organ=body.organ, reason=body.reason)
    else:
        raise LuoshiError("E_NOT_FOUND", "没有这个办理动作。")
    request_of = CrossOffRequest.objects.filter(check_of=id).first()
    said = CoopConfirmation.objects.filter(check_of=id).order_by("pk")
    return {
        "check": id,
        "signed_at": _moment(request_of.signed_at) if request_of is not None else None,
        "confirmations": [{"organ": one.organ, "state": one.state, "reason": one.reason} for one in said],
    }


class ItemIn(Schema):
    """A leader's word on an item."""

    note: Short = ""
    version: Version = None


@router.post("/supervision/items/{id}/cross-off", auth=Needs("work.lead"), response=_ANSWERS, summary="重点事项销号")
def item_cross_off(request: HttpRequest, id: Id, body: ItemIn) -> dict[str, Any]:  # noqa: A002
    """Cross an item off as its leader in charge."""
    row = crossing.cross_off_item(actor=actor_of(request), item=id, note=body.note, version=body.version)
    return {"id": row.pk, "code": row.code, "state": row.state, "version": row.version}


def _referral(row: Referral) -> dict[str, Any]:
    return {
        "id": row.pk, "organ": row.organ, "post": row.post, "matter": row.matter_id, "cause": row.cause,
        "clause": row.clause, "facts": row.facts, "state": row.state, "outcome": row.outcome, "version": row.version,
    }  # fmt: skip


@router.get("/supervision/referrals", auth=Needs("referral.see"), response=_ANSWERS, summary="移送建议")
def referral_list(request: HttpRequest) -> dict[str, Any]:
    """Return the referrals to the director and the commission; the look is taken down."""
    return {"referrals": [_referral(row) for row in referrals.listed(actor_of(request))]}


class DecideIn(Schema):
    """Send or not, with a reason; or what came of it."""

    send: bool | None = None
    reason: Annotated[str, Field(max_length=1000, pattern=_PLAIN)] = ""
    outcome: Long = ""
    version: Version = None


@router.post("/supervision/referrals/{id}", auth=Needs("referral.see"), response=_ANSWERS, summary="办理移送建议")
def referral_act(request: HttpRequest, id: Id, body: DecideIn) -> dict[str, Any]:  # noqa: A002
    """Decide with `send`, or register the `outcome`."""
    actor = actor_of(request)
    if (body.send is None) == (not body.outcome):
        raise LuoshiError("E_INPUT", "决定移送写 send，登记结果写 outcome，二者择一。")
    if body.send is None:
        return _referral(referrals.record_outcome(actor=actor, referral=id, outcome=body.outcome, version=body.version))
    return _referral(
        referrals.decide(actor=actor, referral=id, send=body.send, reason=body.reason, version=body.version)
    )


class IntegrityIn(Schema):
    """A promise or judgment an organ owes; `amount` in fen."""

    organ: Slug
    level: Slug
    basis: Slug
    reference: Short
    title: Short
    amount: Annotated[int, Field(ge=0, lt=10**15)]
    due: datetime.date


@router.get("/supervision/integrity", auth=Needs("work.see"), response=_ANSWERS, summary="政务诚信")
def integrity_list(request: HttpRequest) -> dict[str, Any]:
    """Return the cases whoever asks sees, 500 at most."""
    rows = integrity.visible(actor_of(request)).order_by("due", "pk")[:500]
    return {
        "cases": [
            {"id": row.pk, "organ": row.organ, "level": row.level, "basis": row.basis, "reference": row.reference,
             "amount": row.amount, "due": str(row.due), "state": row.state, "version": row.version}
            for row in rows
        ]
    }  # fmt: skip


@router.post("/supervision/integrity", auth=Needs("work.letter"), response=_ANSWERS, summary="登记政务诚信事项")
def integrity_enter(request: HttpRequest, body: IntegrityIn) -> dict[str, Any]:
    """Enter a case."""
    row = integrity.enter(actor=actor_of(request), **body.dict())
    return {"id": row.pk, "state": row.state, "matter": row.matter_id}


class MeetingIn(Schema):
    """What a session of a headquarters gave an organ to do."""

    session: Annotated[int, Field(ge=1, le=999)]
    title: Annotated[str, Field(max_length=400, pattern=_PLAIN)]
    organ: Slug
    due: datetime.date


@router.post(
    "/supervision/headquarters/{id}/tasks", auth=Needs("work.letter"), response=_ANSWERS, summary="指挥部会议交办"
)
def meeting_give(request: HttpRequest, id: Id, body: MeetingIn) -> dict[str, Any]:  # noqa: A002
    """Note a decision of a session as a matter."""
    made = meetings.give(actor=actor_of(request), headquarters=id, **body.dict())
    return {"matter": made.matter_id, "session": made.session, "seq": made.seq}


class LedIn(Schema):
    """The items a headquarters leads, by code (2019-24)."""

    items: Annotated[list[Annotated[str, Field(pattern=rf"^{ITEM_CODE}$")]], Field(max_length=200)]


@router.post(
    "/supervision/headquarters/{id}/items", auth=Needs("work.letter"), response=_ANSWERS, summary="指挥部负责的事项"
)
def meeting_items(request: HttpRequest, id: Id, body: LedIn) -> dict[str, Any]:  # noqa: A002
    """Say which items a headquarters leads; those left out it leads no more."""
    actor = actor_of(request)
    items = [plan_queries.item_of(actor, code).pk for code in dict.fromkeys(body.items)]
    row = meetings.choose_items(actor=actor, headquarters=id, items=items)
    return {"headquarters": row.pk, "items": [one.code for one in row.items.select_related("plan").order_by("pk")]}


class ProposalIn(Schema):
    """A deputy's suggestion or a member's proposal."""

    kind: Slug
    number: Slug
    title: Annotated[str, Field(max_length=400, pattern=_PLAIN)]
    organ: Slug
    cooperating: Annotated[list[Slug], Field(max_length=60, default_factory=list)]


@router.post("/supervision/proposals", auth=Needs("work.letter"), response=_ANSWERS, summary="登记建议、提案")
def proposal_receive(request: HttpRequest, body: ProposalIn) -> dict[str, Any]:
    """Take a suggestion or proposal in; to be answered within three months."""
    row = meetings.receive_proposal(actor=actor_of(request), **body.dict())
    return {"matter": row.pk, "due_on": str(row.due_on)}
