"""What a person keeps for themselves: e-mail, shortcuts, views of lists."""

from __future__ import annotations

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.actions import check_email
from luoshi.office.accounts.models import SavedView, User
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit

MOST_VIEWS = 20


def change_profile(*, actor: Actor, email: str, shortcuts: bool) -> User:
    """Change the actor's e-mail and whether single keys do things. Appends `user.profile`. E_INPUT for no address."""
    email = email.strip()
    check_email(email)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=_person(actor))
        before = {"email": user.email, "shortcuts": user.shortcuts}
        user.email, user.shortcuts = email, shortcuts
        user.save(update_fields=["email", "shortcuts"])
        audit.append(
            actor=actor,
            act="user.profile",
            subject=f"user:{user.pk}",
            before=before,
            after={"email": email, "shortcuts": shortcuts},
        )
    return user


def save_view(*, actor: Actor, name: str, words: str, query: str) -> SavedView:
    """Keep the conditions `query` of the list `name` under `words`; the same words again replace them.

    Appends `view.save`. E_INPUT without words, or for conditions that are too long; E_CAPACITY beyond 20 of a list.
    """
    user_id, words = _person(actor), words.strip()[:40]
    if not words:
        raise LuoshiError("E_INPUT", "请给视图写个名称。", fields={"field": "name"})
    if not name or len(name) > 40 or len(query) > 1000:
        raise LuoshiError("E_INPUT", "条件太长，存不下。请减少几个条件。", fields={"field": "query"})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user_id)
        kept = SavedView.objects.filter(user_id=user_id, list=name, dropped_at__isnull=True)
        same = kept.filter(name=words).first()
        if same is not None:
            same.dropped_at = CLOCK.now()
            same.save(update_fields=["dropped_at"])
        elif kept.count() >= MOST_VIEWS:
            raise LuoshiError("E_CAPACITY", f"一个列表最多存 {MOST_VIEWS} 个视图。请先撤掉不用的。")
        row = SavedView.objects.create(user_id=user_id, list=name, name=words, query=query, made_at=CLOCK.now())
        audit.append(
            actor=actor, act="view.save", subject=f"view:{row.pk}", after={"list": name, "name": words, "query": query}
        )
    return row


def drop_view(*, actor: Actor, view_id: int) -> SavedView:
    """Take one of the actor's views off the list. Appends `view.drop`."""
    with transaction.atomic():
        row = SavedView.objects.filter(pk=view_id, user_id=_person(actor), dropped_at__isnull=True).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个视图。")
        row.dropped_at = CLOCK.now()
        row.save(update_fields=["dropped_at"])
        audit.append(actor=actor, act="view.drop", subject=f"view:{row.pk}")
    return row


def _person(actor: Actor) -> int:
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "请先登录。")
    return actor.user_id
