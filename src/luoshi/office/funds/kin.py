"""Whether who decides on money stands close to whom it goes to, by identity codes, not by names."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import User
from luoshi.office.funds.models import Kin
from luoshi.office.registers.models import standing


def declared(people: Collection[int]) -> dict[str, Kin]:
    """Return {identity code: declaration} of persons (by user id: `Actor.hands`); nothing for a program."""
    if not people:
        return {}
    logins = User.objects.filter(pk__in=people).values("login")
    return {one.code.upper(): one for one in Kin.objects.filter(standing(CLOCK.today()), login__in=logins)}


def near(own: dict[str, Kin], codes: Iterable[str]) -> Kin | None:
    """Return the first declaration that names one of the identities."""
    return next((own[code.upper()] for code in codes if code and code.upper() in own), None)


def known(own: dict[str, Kin]) -> bool:
    """Tell whether the person's own identity is declared: then a name that is the same proves nothing."""
    return any(one.relation == Kin.Relation.SELF for one in own.values())
