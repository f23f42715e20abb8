"""What every act on a matter has in common: open it, compare versions, write, tell the history, the audit, people."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Collection, Iterable
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern, hooks
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_models import Matter, MatterEvent, MatterOrgan, OnceKey, State
from luoshi.office.permissions import require
from luoshi.office.roles import Role

AUDITED = ("state", "organ", "holder_id", "due_on", "percent_bp", "value", "title", "duty_id", "version")
"""What the audit trail keeps of a matter, before and after."""


def href(pk: int) -> str:
    """Return the address of a matter's page."""
    return f"/tasks/{pk}/"


def picture(matter: Matter) -> dict[str, Any]:
    """Return what the audit trail keeps of `matter`, as plain JSON data."""
    return {
        name: value if isinstance(value := getattr(matter, name), int | str | type(None)) else str(value)
        for name in AUDITED
    }


def concerned(matter: Matter) -> frozenset[str]:
    """Return the slugs of every organ the matter concerns; for a local one also the towns."""
    found = set(matter.organs.values_list("organ", flat=True)) | {matter.organ}
    return frozenset(found - {""}) | (concern.towns() if matter.local else frozenset())


def answering(matter: Matter) -> frozenset[str]:
    """Return the organs that answer for it: the holding lead and the other leads."""
    leads = matter.organs.exclude(role=MatterOrgan.Role.COOP).values_list("organ", flat=True)
    return frozenset((set(leads) | {matter.organ}) - {""})


def require_for(actor: Actor, key: str, organs: Collection[str]) -> None:
    """Refuse with E_FORBIDDEN unless `key` reaches one of `organs`, or an organ that serves one of them."""
    reach = concern.organs_for(actor, key)
    if reach is None or not reach.isdisjoint(organs):
        return
    require(actor, key, organs)


def reaches(actor: Actor, key: str, organs: Collection[str]) -> bool:
    """Tell whether `key` reaches one of `organs`."""
    reach = concern.organs_for(actor, key)
    return reach is None or not reach.isdisjoint(organs)


def opened(actor: Actor, pk: int) -> Matter:
    """Return the matter locked for writing; E_NOT_FOUND for what the actor may not see. Needs a transaction."""
    matter = Matter.objects.select_for_update(of=("self",)).select_related("holder").filter(pk=pk).first()
    if matter is None or not (reaches(actor, "matter.see", concerned(matter)) or hooks.also_sees(matter, actor)):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号事项。")
    return matter


def expect(matter: Matter, version: int | None) -> None:
    """Refuse with E_VERSION, both versions and the last act in the fields, when somebody wrote since it was opened."""
    if version is None or version == matter.version:
        return
    last = MatterEvent.objects.filter(matter=matter).order_by("-id").first()
    by = f"{last.who} {last.at.astimezone(CLOCK.now().tzinfo):%H:%M} {last.text}" if last else "他人已更新"
    raise LuoshiError(
        "E_VERSION",
        f"{by}。您打开以后内容有变化，没有保存。您填的还在，请比对后再报。",
        fields={"yours": version, "now": matter.version, "state": matter.state, "matter": picture(matter)},
    )


def in_state(matter: Matter, states: Iterable[str], what: str) -> None:
    """Refuse with E_STATE when the matter is in another state."""
    allowed = list(states)
    if matter.state in allowed:
        return
    now = State(matter.state).label
    then = "、".join(str(State(state).label) for state in allowed)
    raise LuoshiError(
        "E_STATE",
        f"这件事项现在是“{now}”，不能{what}；“{then}”时可以。",
        fields={"state": matter.state, "open": allowed},
    )


def written(
    matter: Matter,
    *,
    actor: Actor,
    act: str,
    text: str,
    before: dict[str, Any],
    data: dict[str, Any] | None = None,
    bump: bool = True,
) -> MatterEvent:
    """Store the matter with its derived days and its next version, a line of its history and an audit entry."""
    now = CLOCK.now()
    derive(matter)
    if bump:
        matter.version += 1
    matter.updated_at = now
    matter.save()
    MatterOrgan.objects.filter(matter=matter).exclude(is_open=matter.is_open, due_sort=matter.due_sort).update(
        is_open=matter.is_open, due_sort=matter.due_sort
    )
    event = record(matter, actor=actor, act=act, text=text, data=data, at=now)
    append(
        actor=actor,
        act=f"matter.{act}",
        subject=f"matter:{matter.pk}",
        before=before,
        after=picture(matter) | (data or {}),
    )
    hooks.call(matter, "changed", act)
    return event


def record(
    matter: Matter,
    *,
    actor: Actor,
    act: str,
    text: str,
    data: dict[str, Any] | None = None,
    at: datetime.datetime | None = None,
) -> MatterEvent:
    """Append one line to the history of `matter`."""
    who = f"{actor.name}（代{actor.for_name}）" if actor.for_name else actor.name
    return MatterEvent.objects.create(
        matter=matter,
        at=at or CLOCK.now(),
        act=act,
        text=text[:400],
        who=who[:100],
        user_id=actor.user_id,
        organ=matter.organ,
        data=data or {},
        version=matter.version,
    )


# --- idempotency -------------------------------------------------------------------------------------------------


def _who(actor: Actor) -> str:
    return f"user:{actor.user_id}" if actor.user_id is not None else f"{actor.via}:{actor.name}"[:100]


def _digest(body: Any) -> str:
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def answered(actor: Actor, key: str, act: str, body: Any) -> dict[str, Any] | None:
    """Return the first answer given to this key, None when it is new; E_CONFLICT for a key with another body."""
    if not key:
        return None
    found = OnceKey.objects.filter(who=_who(actor), key=key[:100]).first()
    if found is None:
        return None
    if (found.act, found.body) != (act, _digest(body)):
        raise LuoshiError(
            "E_CONFLICT", "这个幂等键已经用于别的内容，没有再次办理。新的内容请换一个键。", fields={"key": key[:100]}
        )
    answer: dict[str, Any] = found.answer
    return answer


def answer(actor: Actor, key: str, act: str, body: Any, result: dict[str, Any]) -> None:
    """Keep what a key was answered."""
    if key:
        OnceKey.objects.create(
            who=_who(actor), key=key[:100], act=act, body=_digest(body), answer=result, at=CLOCK.now()
        )


# --- people ------------------------------------------------------------------------------------------------------


def tell_holder(matter: Matter, *, key: str, text: str, kind: str = "matter") -> None:
    """Tell the holder, or when nobody is named the clerks and heads of the holding organ; once per key."""
    if matter.holder_id is not None:
        tell([matter.holder_id], key=key, text=text, kind=kind, pk=matter.pk)
    elif matter.organ:
        tell_organ(matter.organ, (Role.CLERK, Role.LEADER), key=key, text=text, kind=kind, pk=matter.pk)


def tell(users: Iterable[int | None], *, key: str, text: str, pk: int, kind: str = "matter") -> None:
    """Tell accounts, once per key."""
    room = _messages()
    wanted = sorted({user for user in users if user is not None})
    if room is not None and wanted:
        room.tell(key=key, users=wanted, kind=kind, text=text, href=href(pk))


def tell_organ(organ: str, roles: Iterable[Role], *, key: str, text: str, pk: int, kind: str = "matter") -> None:
    """Tell the holders of roles at an organ, once per key."""
    room = _messages()
    if room is not None and organ:
        room.tell_organ(key=key, organ=organ, roles=tuple(roles), kind=kind, text=text, href=href(pk))


def tell_supervision(*, key: str, text: str, pk: int, kind: str = "matter") -> None:
    """Tell the supervision clerks of the Government Office."""
    tell_organ(concern.GOVERNMENT_OFFICE, (Role.SUPERVISOR,), key=key, text=text, pk=pk, kind=kind)


def _messages() -> Any:
    try:
        from luoshi.office.messages import actions
    except ImportError:
        return None
    return actions


def account(login: str) -> User:
    """Return the active account of a login; E_NOT_FOUND when there is none."""
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账号“{login}”，或已停用。")
    return user
