"""Passwords: how good one must be, a fresh one to hand over, changing one's own, setting one for another."""

from __future__ import annotations

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import sessions
from luoshi.office.accounts.models import User
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.permissions import require

# Letters that are not taken for one another when a slip of paper is read.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_LONGEST = 200


def fresh_password() -> str:
    """Return a first password to hand over on paper: four groups of four, 79 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def check_strength(password: str, user: User) -> None:
    """Refuse with E_INPUT a password that is short, common, all digits, or holds the login."""
    try:
        if len(password) > _LONGEST:
            raise ValidationError(f"口令不超过 {_LONGEST} 位。")
        if user.login in password.lower():
            raise ValidationError("口令里不要有账号本身。")
        validate_password(password, user)
    except ValidationError as error:
        message = "口令太弱：" + "".join(error.messages) + "建议用几个不相干的词连起来。"
        raise LuoshiError("E_INPUT", message, fields={"field": "password"}) from None


def change_password(*, actor: Actor, old: str, new: str, keep_session: str = "") -> User:
    """Change the actor's own password; every other session of theirs ends. The trail never holds a password.

    Appends `user.password`. E_INPUT when `old` is wrong, or `new` is weak or the same.
    """
    if actor.user_id is None:
        raise LuoshiError("E_LOGIN", "请先登录。")
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=actor.user_id)
        if not user.check_password(old):
            raise LuoshiError("E_INPUT", "现在的口令不对，没有更换。", fields={"field": "old"})
        check_strength(new, user)
        if new == old:
            raise LuoshiError("E_INPUT", "新口令与现在的相同，请换一个。", fields={"field": "password"})
        user.set_password(new)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        sessions.end_all(user, CLOCK.now(), but=keep_session)
        audit.append(actor=actor, act="user.password", subject=f"user:{user.pk}")
    return user


def reset_password(*, actor: Actor, user_id: int, password: str = "") -> tuple[User, str]:
    """Give a person a new first password, shown once and changed at the next login; the second factor is taken off.

    Needs `user.manage`. Side effects: all sessions of the person end. Appends `user.reset_password`.
    """
    require(actor, "user.manage")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id).first()
        if user is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个账号。")
        if user.pk in actor.hands:
            raise LuoshiError("E_SELF", "自己的口令在“我的账号”里更换，不能自己重置。")
        first = password or fresh_password()
        check_strength(first, user)
        had_totp = bool(user.totp)
        user.set_password(first)
        user.must_change_password, user.totp, user.totp_step = True, "", 0
        user.save(update_fields=["password", "must_change_password", "totp", "totp_step"])
        sessions.end_all(user, CLOCK.now())
        audit.append(
            actor=actor,
            act="user.reset_password",
            subject=f"user:{user.pk}",
            before={"totp": had_totp},
            after={"totp": False},
            permission="user.manage",
        )
    return user, first
