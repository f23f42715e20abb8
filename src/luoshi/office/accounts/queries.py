"""Who is this, with which roles, for whom."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, SavedView, User
from luoshi.office.actors import Actor, Grant
from luoshi.office.roles import Role


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
    """Return the standing of `user` on `day` (today unless given), in two queries."""
    day = day or CLOCK.today()
    held = [row for row in user.assignments.order_by("id") if row.held_on(day)]
    taken = (
        Delegation.objects.filter(taker=user, valid_to__gte=day, valid_from__lte=day, revoked_at__isnull=True)
        .select_related("assignment", "giver")
        .order_by("id")
    )
    return Standing(user, held, [row for row in taken if row.assignment.held_on(day) and row.giver.is_active])


def token_digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def user_of_token(token: str) -> User | None:
    """Return the active account behind a bearer token, None when there is none today."""
    row = ApiToken.objects.select_related("user").filter(digest=token_digest(token), revoked_at__isnull=True).first()
    if row is None or row.expires_on < CLOCK.today() or not row.user.is_active:
        return None
    return row.user


def actor_named(login: str, via: str) -> Actor:
    """Return the actor behind a login, for `--as` of the command line; E_NOT_FOUND when there is none."""
    user = User.objects.filter(login=login, is_active=True).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账号“{login}”，或已停用。")
    return standing(user).actor(via)


def saved_views(user_id: int, name: str) -> Sequence[SavedView]:
    """Return the views a person keeps of the list `name`, oldest first."""
    return list(SavedView.objects.filter(user_id=user_id, list=name, dropped_at__isnull=True).order_by("id"))
