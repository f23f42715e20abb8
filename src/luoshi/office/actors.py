"""Who acts: a person with the roles held today, or a program that is trusted."""

from __future__ import annotations

from dataclasses import dataclass

from luoshi.office.roles import Role


@dataclass(frozen=True, slots=True)
class Grant:
    """One role at one organ (its slug)."""

    role: Role
    organ: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does an act, by which way (`web`, `api`, `cli`, `job`, `timer`), with which roles.

    A person who acts for another has the other's grants, and `for_id`, `for_name` say whose. `trusted` is a program or
    the operator of the machine: every act is allowed, and named in the audit trail.
    """

    name: str
    via: str
    user_id: int | None = None
    grants: tuple[Grant, ...] = ()
    for_id: int | None = None
    for_name: str = ""
    request_id: str = ""
    trusted: bool = False

    @classmethod
    def system(cls, name: str, via: str, user_id: int | None = None) -> Actor:
        """Return the actor of a program: a command, a job whose asker was checked, the timer."""
        return cls(name, via, user_id=user_id, trusted=True)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held, at whatever organ; a visitor's is `public`."""
        return frozenset(grant.role for grant in self.grants) or frozenset({Role.PUBLIC})

    @property
    def organ(self) -> str:
        """The slug of the organ acted from, empty when there is none."""
        return self.grants[0].organ if self.grants else ""

    @property
    def hands(self) -> frozenset[int]:
        """The persons whose hand this act is: who does it, and whom it is done for."""
        return frozenset(one for one in (self.user_id, self.for_id) if one is not None)


VISITOR = Actor("访客", "web")
"""Anybody who has not logged in."""
