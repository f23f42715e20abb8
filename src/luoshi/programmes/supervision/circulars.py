"""Circulars (通报): lists of a period, signed by the director; the red list is what waits since the last one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.notices import actions as notices
from luoshi.office.notices import numbers
from luoshi.office.permissions import may, require
from luoshi.programmes.supervision.letters import OFFICE, ROOM, sees_all
from luoshi.programmes.supervision.models import Circular, CircularLine

State, Kind = Circular.State, CircularLine.Kind


def address(row: Circular) -> str:
    """Return the page of a circular."""
    return f"/supervision/circulars/{row.pk}/"


def visible(actor: Actor) -> QuerySet[Circular]:
    """Return the circulars somebody sees: drafts only who writes or signs them."""
    rows = Circular.objects.select_related("notice").annotate(red=Count("lines", filter=Q(lines__kind="red")))
    return rows if sees_all(actor) else rows.filter(state__in=[State.ISSUED, State.VOID])


def one(actor: Actor, pk: int) -> Circular:
    """Return one circular; E_NOT_FOUND."""
    found = visible(actor).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号通报。")
    return found


def waiting_lines() -> QuerySet[CircularLine]:
    """Return what waits for the next circular; a task crossed off meanwhile still was late, and stays."""
    return CircularLine.objects.filter(circular=None).select_related("matter").order_by("organ", "due_on", "pk")


def draft(
    *,
    actor: Actor,
    period: str,
    following: str,
    praised: str = "",
    criticised: str = "",
    praise: Sequence[str] = (),
    criticism: Sequence[str] = (),
    public: bool = False,
) -> Circular:
    """Draft a circular; what waits on the red list goes into it. `praise`, `criticism` are organs on these lists.

    An organ criticised loses points in the assessment of the period. Errors: E_FORBIDDEN, E_INPUT.
    """
    require(actor, "work.letter")
    words = [one.replace("\0", "").strip() for one in (period, praised, criticised, following)]
    period, praised, criticised, following = words
    for name, text, least, most in (
        ("period", period, 2, 40), ("following", following, 4, 2000), ("praised", praised, 0, 2000),
        ("criticised", criticised, 0, 2000),
    ):  # fmt: skip
        if not least <= len(text) <= most:
            raise LuoshiError("E_INPUT", f"这一栏应写 {least} 至 {most} 字。", fields={"field": name})
    if unknown := [slug for slug in (*praise, *criticism) if not concern.known(slug)]:
        raise LuoshiError("E_INPUT", f"没有单位“{unknown[0][:60]}”。", fields={"field": "criticism"})
    if both := set(praise) & set(criticism):
        raise LuoshiError("E_INPUT", f"{concern.title(min(both))}不能既表扬又批评。", fields={"field": "criticism"})
    with transaction.atomic():
        row = Circular.objects.create(
            period=period, praised=praised, criticised=criticised, following=following, public=public,
            drafted_at=CLOCK.now(), drafted_name=actor.name[:100],
        )  # fmt: skip
        waiting_lines().update(circular=row)
        today = CLOCK.today()
        CircularLine.objects.bulk_create(
            CircularLine(circular=row, kind=kind, organ=slug, entered_on=today)
            for kind, slugs in ((Kind.PRAISE, praise), (Kind.CRITICISM, criticism)) for slug in dict.fromkeys(slugs)
        )  # fmt: skip
        row.notice = notices.draft(
            actor=actor, kind=f"{ROOM}.circular", fields=_fields(row), subject=f"circular:{row.pk}",
            key=f"circular:{row.pk}",
        )  # fmt: skip
        row.save()
        _note(actor, row, "draft")
    return row


def _fields(row: Circular) -> dict[str, Any]:
    lines = list(row.lines.select_related("matter").order_by("organ", "due_on", "pk"))
    named = {
        kind: "、".join(concern.titles([one.organ for one in lines if one.kind == kind]).values())
        for kind in (Kind.PRAISE, Kind.CRITICISM)
    }
    return {
        "period": row.period,
        "praised": _told(row.praised, "表扬", named[Kind.PRAISE]),
        "criticised": _told(row.criticised, "批评", named[Kind.CRITICISM]),
        "red": [
            {"organ": one.organ, "title": one.matter.title[:120], "due": one.due_on, "late": one.late_wd}
            for one in lines if one.kind == Kind.RED and one.matter is not None
        ],
        "following": row.following,
    }  # fmt: skip


def _told(words: str, verb: str, names: str) -> str:
    return "\n".join(part for part in (words, f"{verb}：{names}。" if names else "") if part)


def sign(*, actor: Actor, circular: int, version: int | None = None) -> Circular:
    """Sign a circular as the director and send it out: to every organ it names, to the public where it is public.

    Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE.
    """
    require(actor, "work.sign", [OFFICE])
    with transaction.atomic():
        row = _opened(actor, circular, version)
        if row.state != State.DRAFTED or row.notice is None:
            raise LuoshiError("E_STATE", f"这份通报现在是“{row.get_state_display()}”，不能签发。")
        paper = notices.sign(actor=actor, notice=row.notice.pk)
        row.notice, row.number = paper, paper.number_text
        row.state, row.signed_at, row.signed_name = State.ISSUED, paper.signed_at, paper.signed_name[:100]
        row.version += 1
        row.save()
        named = sorted(set(row.lines.values_list("organ", flat=True)) - {""}) or [OFFICE]
        channels: dict[str, Any] = {"inside": named} | ({"web": True, "feed": True} if row.public else {})
        notices.publish(actor=actor, notice=paper.pk, channels=channels)
        _note(actor, row, "sign")
        return row


def drop(*, actor: Actor, circular: int, version: int | None = None) -> Circular:
    """Take a draft back; its red list waits for the next one. Errors: E_FORBIDDEN, E_NOT_FOUND, E_VERSION, E_STATE."""
    if not may(actor, "work.sign", [OFFICE]):
        require(actor, "work.letter")
    with transaction.atomic():
        row = _opened(actor, circular, version)
        if row.state != State.DRAFTED or row.notice is None:
            raise LuoshiError("E_STATE", f"这份通报现在是“{row.get_state_display()}”，不能撤稿。")
        notices.withdraw(actor=actor, notice=row.notice.pk)
        row.lines.filter(kind=Kind.RED).update(circular=None)
        row.state, row.version = State.DROPPED, row.version + 1
        row.save()
        _note(actor, row, "drop")
        return row


def _opened(actor: Actor, pk: int, version: int | None) -> Circular:
    numbers.lock()
    one(actor, pk)
    row = Circular.objects.select_for_update(of=("self",)).select_related("notice").get(pk=pk)
    if version is not None and row.version != version:
        raise LuoshiError("E_VERSION", "您打开以后，这份通报有变化。请重新看过再办。", fields={"now": row.version})
    return row


def _note(actor: Actor, row: Circular, verb: str) -> None:
    audit.append(
        actor=actor, act=f"circular.{verb}", subject=f"circular:{row.pk}", after={"state": row.state},
        basis=row.number, permission="work.sign" if verb == "sign" else "work.letter",
    )  # fmt: skip
