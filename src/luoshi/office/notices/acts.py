"""What every act on a paper does: open it under the lock, ask at its organ, compare, write, take down."""

from __future__ import annotations

from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern
from luoshi.office.notices import numbers, queries
from luoshi.office.notices.models import Notice
from luoshi.office.permissions import require, scope_of


def address(row: Notice) -> str:
    """Return the page of a paper."""
    return f"/publish/notices/{row.pk}/"


def opened(actor: Actor, pk: int, version: int | None) -> Notice:
    """Return a paper under lock, as the actor may see it; E_NOT_FOUND, E_VERSION."""
    numbers.lock()
    rows = Notice.objects.select_for_update(of=("self",)).select_related("number", "replaces")
    row = rows.filter(pk=pk).first()
    if row is None or not queries.sees(actor, row):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号文书。")
    if version is not None and row.version != version:
        raise LuoshiError(
            "E_VERSION",
            f"您打开以后，“{row.title}”有变化（现为{row.get_state_display()}）。请重新看过再办。",
            fields={"yours": version, "current": row.version, "state": row.state},
        )
    return row


def may_at(actor: Actor, key: str, organ: str) -> bool:
    """Tell whether the actor may do `key` at `organ`, or at an organ that has taken over its duties."""
    scope = scope_of(actor, key)
    if scope.covers([organ]):
        return True
    return organ in (concern.organs_within(scope) or ())


def require_at(actor: Actor, key: str, organ: str) -> None:
    """Refuse with E_FORBIDDEN unless `may_at`."""
    if not may_at(actor, key, organ):
        require(actor, key, [organ])


def in_state(row: Notice, states: tuple[Notice.State, ...], what: str) -> None:
    """Refuse with E_STATE unless the paper is in one of `states`."""
    if row.state in states:
        return
    remedy = "已签发的文书不改：请另拟一件替代，或提出作废。" if row.signed else ""
    raise LuoshiError(
        "E_STATE", f"“{row.title}”{row.get_state_display()}，不能{what}。{remedy}", fields={"state": row.state}
    )


def written(row: Notice) -> None:
    """Write a paper with its next version."""
    row.version += 1
    row.save()


def name_of(actor: Actor) -> str:
    """Return how an actor is named on a record."""
    return (f"{actor.name}（代{actor.for_name}）" if actor.for_name else actor.name)[:130]


def note(actor: Actor, row: Notice, verb: str, *, before: Any = None, after: Any = None, permission: str = "") -> None:
    """Append the act to the audit trail."""
    audit.append(
        actor=actor,
        act=f"notice.{verb}",
        subject=f"notice:{row.pk}",
        before=before,
        after=after if after is not None else {"state": row.state, "version": row.version},
        permission=permission or f"notice.{verb}",
        basis=row.number_text,
    )
