"""Tell people, exactly once per key and person, in the page and by e-mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import Assignment, User
from luoshi.office.actors import Actor
from luoshi.office.messages.models import Mail, Message
from luoshi.office.rows import Asked, Writing, ask, made


def tell(*, key: str, users: Iterable[int], kind: str, text: str, href: str) -> int:
    """Put a message before each of `users` (ids of accounts) who was not told under `key`; return how many were.

    Side effects: one row a person, and where e-mail is set up one waiting e-mail to each with an address. The e-mail
    says only that there is something to read: what it is stays inside. Call it in the action's transaction.
    `key` names the event (`matter.due:12:2026-03-01`), `kind` its sort, `href` is an address of this site.
    """
    if href and not (href.startswith("/") and not href.startswith("//")):
        raise ValueError(f"not an address of this site: {href!r}")
    wanted = set(users)
    with transaction.atomic():
        told = set(Message.objects.filter(key=key, user__in=wanted).values_list("user_id", flat=True))
        people = User.objects.filter(pk__in=wanted - told, is_active=True).order_by("id")
        now = CLOCK.now()
        found = list(people)
        Message.objects.bulk_create(
            [Message(user=user, key=key, kind=kind, text=_fit(text), href=href[:300], at=now) for user in found],
            ignore_conflicts=True,
        )
        if getattr(settings, "SMTP_URL", ""):
            Mail.objects.bulk_create([_mail(user, key) for user in found if user.email], ignore_conflicts=True)
    return len(found)


def tell_organ(*, key: str, organ: str, roles: Iterable[str], kind: str, text: str, href: str) -> int:
    """Tell everybody who today holds one of `roles` at `organ` (its slug); return how many were told now."""
    today = CLOCK.today()
    held = Assignment.objects.filter(organ=organ, role__in=[str(role) for role in roles], valid_from__lte=today)
    users = {row.user_id for row in held.select_related("user") if row.held_on(today) and row.user.is_active}
    return tell(key=key, users=users, kind=kind, text=text, href=href)


class Telling(NamedTuple):
    """Something to be told to everybody who holds `role` at `organ`; see `tell` for the other fields."""

    key: str
    organ: str
    role: str
    kind: str
    text: str
    href: str


class _Holder(NamedTuple):
    """Somebody who holds a role at an organ."""

    organ: str
    role: str
    pk: int
    name: str
    email: str


_HOLDERS = """
SELECT DISTINCT a.organ, a.role, u.id, u.name, u.email
FROM accounts_assignment a JOIN accounts_user u ON u.id = a.user_id
WHERE a.organ IN (%s) AND a.role IN (%s) AND a.ended_at IS NULL AND u.is_active
AND a.valid_from <= %%s AND (a.valid_to IS NULL OR a.valid_to >= %%s) ORDER BY u.id
"""


def _holders(tellings: Iterable[Telling]) -> Asked:
    """Return the question who holds the roles today."""
    organs, roles, today = {one.organ for one in tellings}, {one.role for one in tellings}, str(CLOCK.today())
    sql = _HOLDERS % tuple(", ".join(["%s"] * len(some)) for some in (organs, roles))
    return Asked(None, sql, [*organs, *roles, today, today])


def tell_organs(tellings: Sequence[Telling], *, writing: Writing | None = None) -> int:
    """Tell any number of things to any number of organs with a constant number of queries; return how many were told.

    Keys must be new: what the transaction it is called in does, it does once. With `writing` people are told when it
    is sent, and nothing is counted.
    """
    if not tellings:
        return 0
    if writing is not None:

        def go_on(held: list[Any]) -> None:
            _tell_all(tellings, held, writing)

        writing.ask(_holders(tellings), go_on)
        return 0
    with transaction.atomic(savepoint=False):
        own = Writing()
        count = _tell_all(tellings, ask(_holders(tellings))[0], own)
        own.send()
    return count


def _tell_all(tellings: Sequence[Telling], held: Iterable[Sequence[Any]], writing: Writing) -> int:
    now = CLOCK.now()
    holders: dict[tuple[str, str], list[_Holder]] = {}
    for one in map(_Holder._make, held):
        holders.setdefault((one.organ, one.role), []).append(one)
    found = [(one, user) for one in tellings for user in holders.get((one.organ, one.role), ())]
    writing.insert(
        [
            made(Message, user_id=user.pk, key=one.key, kind=one.kind, text=_fit(one.text), href=one.href[:300], at=now)
            for one, user in found
        ]
    )
    if getattr(settings, "SMTP_URL", ""):
        writing.insert([_mail(user, one.key) for one, user in found if user.email])
    return len(found)


def mark_read(*, actor: Actor, ids: Iterable[int] | None = None) -> int:
    """Mark the actor's own messages as read, all of them without `ids`; return how many were unread."""
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "消息是个人的，请先登录。")
    rows = Message.objects.filter(user=actor.user_id, read_at__isnull=True)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return rows.update(read_at=CLOCK.now())


def _mail(user: User | _Holder, key: str) -> Mail:
    now = CLOCK.now()
    origin = settings.CSRF_TRUSTED_ORIGINS[0] if settings.CSRF_TRUSTED_ORIGINS else ""
    where = f"请打开 {origin}/messages/ 查看。" if origin else "请登录后在“消息”里查看。"
    return Mail(
        key=f"{key}@{user.pk}"[:180],
        to=user.email,
        subject="落实：您有一条新消息",
        body=f"{user.name}：\n\n落实系统里有一条与您有关的新消息。{where}\n\n（此邮件由系统发出，请勿回复。）\n",
        made_at=now,
        next_at=now,
    )


def _fit(text: str) -> str:
    text = text.replace("\0", "")
    return text if len(text) <= 300 else text[:299] + "…"
