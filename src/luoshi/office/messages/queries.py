"""What a person has been told."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from luoshi.office.messages.models import Message
from luoshi.office.paging import Key, KeysetPage, Total, bounded_total, keyset_page


def unread(user_id: int) -> int:
    """Return how many messages the person has not read."""
    return Message.objects.filter(user=user_id, read_at__isnull=True).count()


def since(user_id: int, moment: datetime.datetime, limit: int) -> Sequence[Message]:
    """Return what the person was told after `moment`, newest first, at most `limit`."""
    return list(Message.objects.filter(user=user_id, at__gt=moment).order_by("-id")[:limit])


def messages_page(
    user_id: int, *, only_unread: bool = False, size: int = 30, after: str = "", before: str = ""
) -> KeysetPage[Message]:
    """Return one page of the person's messages, newest first."""
    rows = Message.objects.filter(user=user_id)
    if only_unread:
        rows = rows.filter(read_at__isnull=True)
    return keyset_page(rows, (Key("id", int, descending=True),), size=size, after=after, before=before)


def total(user_id: int) -> Total:
    """Count the person's messages, up to the bound."""
    return bounded_total(Message.objects.filter(user=user_id))


def own(user_id: int, pk: int) -> Message | None:
    """Return one of the person's own messages."""
    return Message.objects.filter(user=user_id, pk=pk).first()
