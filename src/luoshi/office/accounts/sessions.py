"""Logins that are open: begun, seen, ended by oneself, from elsewhere, or with the account."""

from __future__ import annotations

import datetime

from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import OpenSession, User
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit

SEEN_EVERY = datetime.timedelta(minutes=5)
"""How exactly the trail of a session says when it was last used."""


def begin(*, actor: Actor, user: User, session_key: str, agent: str, address: str) -> OpenSession:
    """Note a login; keeps when the person was last here before. Appends `access.login` to the stream of access."""
    now = CLOCK.now()
    with transaction.atomic():
        row = OpenSession.objects.create(
            user=user, session_key=session_key, agent=agent[:200], address=address[:45], began_at=now, seen_at=now
        )
        User.objects.filter(pk=user.pk).update(left_at=user.seen_at, seen_at=now)
        audit.append(
            actor=actor,
            act="access.login",
            subject=f"user:{user.pk}",
            after={"address": address[:45]},
            stream="access",
        )
    return row


def seen(session_key: str, user_id: int) -> None:
    """Note that a session is in use; call it at most every `SEEN_EVERY`."""
    now = CLOCK.now()
    if OpenSession.objects.filter(session_key=session_key, ended_at__isnull=True).update(seen_at=now):
        User.objects.filter(pk=user_id).update(seen_at=now)


def end(*, actor: Actor, session_key: str) -> None:
    """Note that the person logged out. Appends `access.logout`."""
    now = CLOCK.now()
    with transaction.atomic():
        OpenSession.objects.filter(session_key=session_key, ended_at__isnull=True).update(ended_at=now)
        if actor.user_id is not None:
            User.objects.filter(pk=actor.user_id).update(seen_at=now)
            audit.append(actor=actor, act="access.logout", subject=f"user:{actor.user_id}", stream="access")


def end_elsewhere(*, actor: Actor, session_key: str, session_id: int | None = None) -> int:
    """End the actor's other sessions, or the one given; return how many. Appends `access.end_session`."""
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "请先登录。")
    now = CLOCK.now()
    with transaction.atomic():
        rows = OpenSession.objects.filter(user_id=actor.user_id, ended_at__isnull=True).exclude(session_key=session_key)
        if session_id is not None:
            rows = rows.filter(pk=session_id)
            if not rows.exists():
                raise LuoshiError("E_NOT_FOUND", "没有这次登录，或已经退出。")
        count = _end(list(rows), now)
        audit.append(
            actor=actor,
            act="access.end_session",
            subject=f"user:{actor.user_id}",
            after={"count": count},
            stream="access",
        )
    return count


def end_all(user: User, now: datetime.datetime, *, but: str = "") -> int:
    """End every open session of `user` except the one whose key is `but`; inside the caller's transaction."""
    return _end(list(OpenSession.objects.filter(user=user, ended_at__isnull=True).exclude(session_key=but)), now)


def _end(rows: list[OpenSession], now: datetime.datetime) -> int:
    for row in rows:
        SessionStore(session_key=row.session_key).delete()
        row.ended_at = now
    OpenSession.objects.bulk_update(rows, ["ended_at"])
    return len(rows)


def moved(old_key: str, new_key: str) -> None:
    """Note that a session goes on under another key, as it does when a password is changed."""
    OpenSession.objects.filter(session_key=old_key, ended_at__isnull=True).update(session_key=new_key)
