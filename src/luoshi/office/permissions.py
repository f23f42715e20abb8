"""Ask the table of `roles`: may this actor, how far does it reach, is it another hand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.roles import PERMISSIONS, Reach, Role


@dataclass(frozen=True, slots=True)
class Scope:
    """What an actor may see or do by one permission: everything, or what concerns `organs` (slugs)."""

    everywhere: bool
    organs: frozenset[str] = frozenset()

    def covers(self, organs: Iterable[str]) -> bool:
        """Tell whether something that concerns any of `organs` is inside."""
        return self.everywhere or not self.organs.isdisjoint(organs)

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.organs)


def scope_of(actor: Actor, key: str) -> Scope:
    """Return how far the permission `key` reaches for `actor`; lists filter by it, once a query."""
    permission = PERMISSIONS[key]
    if actor.trusted or permission.reach[Role.PUBLIC] is Reach.ALL:
        return Scope(True)
    organs = set()
    for grant in actor.grants:
        reach = permission.reach[grant.role]
        if reach is Reach.ALL:
            return Scope(True)
        if reach is Reach.OWN:
            organs.add(grant.organ)
    return Scope(False, frozenset(organs))


def may(actor: Actor, key: str, organs: Iterable[str] | None = None) -> bool:
    """Tell whether `actor` may do `key`; with `organs`, on something that concerns one of these organs."""
    scope = scope_of(actor, key)
    return bool(scope) if organs is None else scope.covers(organs)


def require(actor: Actor, key: str, organs: Iterable[str] | None = None) -> None:
    """Refuse with E_FORBIDDEN, naming the roles that may, unless `actor` may do `key`."""
    if may(actor, key, organs):
        return
    permission = PERMISSIONS[key]
    holders = "、".join(role.title for role, reach in permission.reach.items() if reach is not Reach.NONE)
    own = any(reach is Reach.OWN for reach in permission.reach.values())
    where = "（限本单位事项）" if own else ""
    raise LuoshiError(
        "E_FORBIDDEN",
        f"“{permission.title}”须由{holders}办理{where}，您现在没有这个权限。可请有此角色的人办理，或由其书面授权后代办。",
        fields={"permission": key, "actor": actor.name},
    )


def require_visible(actor: Actor, key: str, organs: Iterable[str], what: str) -> None:
    """Refuse with E_NOT_FOUND what `actor` may not see: the same answer as for what does not exist."""
    if not may(actor, key, organs):
        raise LuoshiError("E_NOT_FOUND", f"没有{what}。")


def require_other_hand(actor: Actor, makers: Iterable[int | None], what: str) -> None:
    """Refuse with E_SELF when one of `makers` (ids of users) is the actor or acted for; four eyes.

    A trusted program without a person behind it is no second person: it is refused too where a person prepared it.
    """
    made = {maker for maker in makers if maker is not None}
    if actor.hands & made or not actor.hands:
        raise LuoshiError(
            "E_SELF", f"{what}须由另一人办理：拟办的人不能自己确认，代其办理也不行。", fields={"actor": actor.name}
        )
