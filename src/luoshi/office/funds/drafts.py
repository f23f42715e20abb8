"""What one hand prepares for another: stored, told to the checkers of the book's organ."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds.models import Book, Draft, Entry
from luoshi.office.messages.actions import tell_organ
from luoshi.office.roles import Role


def drafted(
    actor: Actor, book: Book, act: str, content: dict[str, Any], title: str, entry: Entry | None = None
) -> Draft:
    """Store what another hand is to decide, and tell the checkers of the book's organ."""
    with transaction.atomic():
        row = Draft.objects.create(
            book=book, act=act, content=content, title=title[:200], maker_id=actor.user_id, maker_for=actor.for_id,
            maker_name=actor.name, made_at=CLOCK.now(), entry=entry,
        )  # fmt: skip
        audit.append(
            actor=actor, act="fund.propose", subject=f"book:{book.key}", after={"draft": row.pk, "act": act, **content},
            permission="fund.post", basis=str(content.get("basis", ""))[:200],
        )  # fmt: skip
        tell_organ(key=f"fund.draft:{row.pk}", organ=book.organ, roles=(Role.REVIEWER, Role.LEADER), kind="fund.check",
                   text=f"{book.title}待复核：{row.title}", href=f"/funds/drafts/{row.pk}/")  # fmt: skip
    return row
