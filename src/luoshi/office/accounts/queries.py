"""Who is this, with which roles, for whom."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, OpenSession, SavedView, User
from luoshi.office.actors import Actor, Grant
from luoshi.office.paging import Key, KeysetPage, Total, bounded_total, keyset_page
from luoshi.office.permissions import scope_of
from luoshi.office.roles import Role
from luoshi.office.rows import Question, ask

_HELD = Question(Assignment, "user_id = %s ORDER BY id")
_TAKEN = Question(
    Delegation, "taker_id = %s AND valid_to >= %s AND valid_from <= %s AND revoked_at IS NULL ORDER BY id"
)
_TOKEN = Question(ApiToken, "digest = %s AND revoked_at IS NULL")
_USER = Question(User, "id = %s")


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as it stands today: the roles it holds itself, and those it may act with for others."""

    user: User
    assignments: Sequence[Assignment]
    delegations: Sequence[Delegation]

    def actor(self, via: str, *, acting: int | None = None, request_id: str = "") -> Actor:
        """Return who acts: the person, or with `acting` (id of a delegation) for its giver.

        E_NO_DELEGATION when that delegation is not live today.
        """
        if acting is None:
            grants = tuple(Grant(Role(row.role), row.organ) for row in self.assignments)
            return Actor(self.user.name, via, self.user.pk, grants, request_id=request_id)
        found = next((row for row in self.delegations if row.pk == acting), None)
        if found is None:
            raise LuoshiError("E_NO_DELEGATION", "这份授权不在有效期内或已收回，不能再代办。请以本人身份继续。")
        grant = Grant(Role(found.assignment.role), found.assignment.organ)
        return Actor(
            self.user.name,
            via,
            self.user.pk,
            (grant,),
            for_id=found.giver_id,
            for_name=found.giver.name,
            request_id=request_id,
        )


def standing(user: User, day: datetime.date | None = None) -> Standing:
    """Return the standing of `user` on `day` (today unless given), in two queries: every request asks for it."""
    day = day or CLOCK.today()
    held, taken = ask(_HELD.of(user.pk), _TAKEN.of(user.pk, str(day), str(day)))
    prefetch_related_objects(taken, "assignment", "giver")
    return Standing(
        user,
        [row for row in held if row.held_on(day)],
        [row for row in taken if row.assignment.held_on(day) and row.giver.is_active],
    )


def token_digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_of_token(token: str) -> User | None:
    """Return the active account behind a bearer token, None when there is none today."""
    for row in _TOKEN.rows(token_digest(token)):
        (user,) = _USER.rows(row.user_id)
        return user if row.expires_on >= CLOCK.today() and user.is_active else None
    return None


def actor_named(login: str, via: str) -> Actor:
    """Return the actor behind a login, for `--as` of the command line; E_NOT_FOUND when there is none."""
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账号“{login}”，或已停用。")
    return standing(user).actor(via)


def saved_views(user_id: int, name: str) -> Sequence[SavedView]:
    """Return the views a person keeps of the list `name`, oldest first."""
    return list(SavedView.objects.filter(user_id=user_id, list=name, dropped_at__isnull=True).order_by("id"))


_PEOPLE = (Key("login", str),)


def people_page(
    actor: Actor,
    *,
    q: str = "",
    role: str = "",
    organ: str = "",
    closed: bool = False,
    size: int = 50,
    after: str = "",
    before: str = "",
) -> tuple[KeysetPage[Any], Total]:
    """Return one page of the accounts `actor` may see (`user.see`) by login, each with its roles, and their number.

    `q` is looked for in login and name; `role` and `organ` (a slug) are held today; closed accounts only if asked.
    """
    rows = _visible(actor)
    if not closed:
        rows = rows.filter(is_active=True)
    if q:
        rows = rows.filter(Q(login__icontains=q) | Q(name__icontains=q))
    if role or organ:
        held = _held_today()
        held = held.filter(role=role) if role else held
        held = held.filter(organ=organ) if organ else held
        rows = rows.filter(pk__in=held.values("user_id"))
    found = keyset_page(
        rows.prefetch_related(Prefetch("assignments", queryset=_held_today().order_by("id"), to_attr="held")),
        _PEOPLE,
        size=size,
        after=after,
        before=before,
    )
    return found, bounded_total(rows)


def person(actor: Actor, user_id: int) -> User:
    """Return one account `actor` may see; E_NOT_FOUND otherwise, and where there is none."""
    found = _visible(actor).filter(pk=user_id).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个账号。")
    return found


def _visible(actor: Actor) -> QuerySet[User]:
    scope = scope_of(actor, "user.see")
    if scope.everywhere:
        return User.objects.all()
    return User.objects.filter(pk__in=_held_today().filter(organ__in=scope.organs).values("user_id"))


def _held_today() -> QuerySet[Assignment]:
    today = CLOCK.today()
    return Assignment.objects.filter(ended_at__isnull=True, valid_from__lte=today).filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today)
    )


def assignments_of(user: User) -> Sequence[Assignment]:
    """Return every role ever held, newest first."""
    return list(user.assignments.order_by("-valid_from", "-id"))


def delegations_given(user_id: int) -> Sequence[Delegation]:
    """Return what a person gave, newest first."""
    rows = Delegation.objects.filter(giver_id=user_id).select_related("taker", "giver", "assignment")
    return list(rows.order_by("-given_at", "-id")[:100])


def delegations_taken(user_id: int) -> Sequence[Delegation]:
    """Return what a person was given, newest first."""
    rows = Delegation.objects.filter(taker_id=user_id).select_related("taker", "giver", "assignment")
    return list(rows.order_by("-given_at", "-id")[:100])


def tokens_of(user_id: int) -> Sequence[ApiToken]:
    """Return a person's API tokens, newest first."""
    return list(ApiToken.objects.filter(user_id=user_id).order_by("-id")[:100])


def sessions_of(user_id: int) -> Sequence[OpenSession]:
    """Return a person's logins of late, newest first."""
    return list(OpenSession.objects.filter(user_id=user_id).order_by("-began_at")[:20])


def colleagues(user: User) -> Sequence[User]:
    """Return the active people who hold a role today, whom `user` could let act; by name."""
    rows = User.objects.filter(is_active=True, pk__in=_held_today().values("user_id")).exclude(pk=user.pk)
    return list(rows.order_by("name", "login")[:500])
