"""Accounts and the roles they hold: opened, closed, assigned, ended. Everything is dated, nothing is deleted."""

from __future__ import annotations

import datetime
import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import sessions
from luoshi.office.accounts.models import ApiToken, Assignment, Delegation, User
from luoshi.office.accounts.passwords import check_strength, fresh_password
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.permissions import require
from luoshi.office.roles import Role, separation_of

_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}")
_ONE_DAY = datetime.timedelta(days=1)


def open_account(
    *, actor: Actor, login: str, name: str, email: str = "", password: str = "", must_change: bool = True
) -> tuple[User, str]:
    """Open an account and return it with its first password, which is shown once and changed at the first login.

    Needs `user.manage`. Appends `user.open`. E_INPUT for a login, name or address that is none, E_DUPLICATE for one
    taken.
    """
    require(actor, "user.manage")
    login, name, email = login.strip().lower(), name.strip(), email.strip()
    if not _LOGIN.fullmatch(login):
        raise _input("login", "账号用小写字母、数字和 . _ -，2 到 60 位，例如 caiwu01。")
    if not 1 <= len(name) <= 60:
        raise _input("name", "姓名要写，不超过 60 字。")
    check_email(email)
    user = User(login=login, name=name, email=email, created_at=CLOCK.now(), created_by=actor.name[:100])
    first = password or fresh_password()
    check_strength(first, user)
    with transaction.atomic():
        if User.objects.filter(login=login).exists():
            raise LuoshiError("E_DUPLICATE", f"账号“{login}”已有。请换一个。", fields={"login": login})
        user.set_password(first)
        user.must_change_password = must_change
        user.save(force_insert=True)
        audit.append(
            actor=actor,
            act="user.open",
            subject=f"user:{user.pk}",
            after={"login": login, "name": name, "email": email},
            permission="user.manage",
        )
    return user, first


def close_account(*, actor: Actor, user_id: int, reason: str) -> User:
    """Close an account: sessions and tokens end at once, roles and delegations with it. It stays on record.

    Needs `user.manage`. Appends `user.close`. E_SELF for one's own, E_STATE for the last administrator's or a closed
    one.
    """
    require(actor, "user.manage")
    reason = _reason(reason)
    with transaction.atomic():
        user = _locked(user_id)
        _not_oneself(actor, user, "停用")
        if not user.is_active:
            raise LuoshiError("E_STATE", f"账号“{user.login}”已经停用。")
        now = CLOCK.now()
        held = [row for row in user.assignments.all() if row.ended_at is None]
        _keep_one_administrator(user, [row for row in held if row.role == Role.ADMINISTRATOR])
        user.is_active = False
        user.save(update_fields=["is_active"])
        for row in held:
            _end_now(row, now)
        ApiToken.objects.filter(user=user, revoked_at__isnull=True).update(revoked_at=now)
        Delegation.objects.filter(Q(giver=user) | Q(taker=user), revoked_at__isnull=True).update(revoked_at=now)
        sessions.end_all(user, now)
        audit.append(
            actor=actor,
            act="user.close",
            subject=f"user:{user.pk}",
            before={"active": True},
            after={"active": False, "reason": reason},
            permission="user.manage",
        )
    return user


def reopen_account(*, actor: Actor, user_id: int, reason: str) -> tuple[User, str]:
    """Open a closed account again, without roles and with a new first password, which is returned.

    Needs `user.manage`. Appends `user.reopen`. E_STATE for one that is open.
    """
    require(actor, "user.manage")
    reason = _reason(reason)
    with transaction.atomic():
        user = _locked(user_id)
        _not_oneself(actor, user, "重新启用")
        if user.is_active:
            raise LuoshiError("E_STATE", f"账号“{user.login}”没有停用。")
        first = fresh_password()
        user.is_active, user.must_change_password = True, True
        user.set_password(first)
        user.save(update_fields=["is_active", "must_change_password", "password"])
        audit.append(
            actor=actor,
            act="user.reopen",
            subject=f"user:{user.pk}",
            before={"active": False},
            after={"active": True, "reason": reason},
            permission="user.manage",
        )
    return user, first


def correct_person(*, actor: Actor, user_id: int, name: str, email: str) -> User:
    """Correct the name and e-mail of an account. Needs `user.manage`. Appends `user.correct`."""
    require(actor, "user.manage")
    name, email = name.strip(), email.strip()
    if not 1 <= len(name) <= 60:
        raise _input("name", "姓名要写，不超过 60 字。")
    check_email(email)
    with transaction.atomic():
        user = _locked(user_id)
        before = {"name": user.name, "email": user.email}
        user.name, user.email = name, email
        user.save(update_fields=["name", "email"])
        audit.append(
            actor=actor,
            act="user.correct",
            subject=f"user:{user.pk}",
            before=before,
            after={"name": name, "email": email},
            permission="user.manage",
        )
    return user


def assign_role(
    *,
    actor: Actor,
    user_id: int,
    role: str,
    organ: str,
    valid_from: datetime.date | None = None,
    valid_to: datetime.date | None = None,
    post: str = "",
) -> Assignment:
    """Give `user` a role at an organ from `valid_from` (today) to `valid_to` (open), both included.

    Needs `user.manage`. Appends `user.assign`. E_INPUT for an unknown role or organ, an end before the beginning, an
    auditor without an end (audit access is for a time); E_SELF for oneself; E_STATE for a closed account; E_DUPLICATE
    when it is held already in that time; E_RULE when `SEPARATIONS` forbids it beside another role of that time.
    """
    require(actor, "user.manage")
    from luoshi.office.accounts.organs import is_known

    if role not in {one.value for one in Role if one is not Role.PUBLIC}:
        raise _input("role", f"没有角色“{role}”。请从角色表里选。")
    if not is_known(organ):
        raise _input("organ", f"机构名录里没有“{organ}”。请写名录里的名称或代码。")
    begin = valid_from or CLOCK.today()
    if valid_to is not None and valid_to < begin:
        raise _input("valid_to", "结束日期早于开始日期，请改正。")
    if role == Role.AUDITOR and valid_to is None:
        raise _input("valid_to", "审计访问有期限，请写结束日期。")
    with transaction.atomic():
        user = _locked(user_id)
        _not_oneself(actor, user, "授角色给")
        if not user.is_active:
            raise LuoshiError("E_STATE", f"账号“{user.login}”已停用，不能授角色。请先重新启用。")
        _check_beside(user, Role(role), organ, begin, valid_to)
        row = Assignment.objects.create(
            user=user,
            role=role,
            organ=organ,
            post=post.strip()[:100],
            valid_from=begin,
            valid_to=valid_to,
            granted_by=actor.name[:100],
            granted_at=CLOCK.now(),
        )
        audit.append(
            actor=actor,
            act="user.assign",
            subject=f"user:{user.pk}",
            after={
                "assignment": row.pk,
                "role": role,
                "organ": organ,
                "from": begin.isoformat(),
                "to": valid_to and valid_to.isoformat(),
            },
            permission="user.manage",
        )
    return row


def end_role(
    *, actor: Actor, assignment_id: int, last_day: datetime.date | None = None, reason: str = ""
) -> Assignment:
    """End a role: at once, or after `last_day`. Delegations given from it end with it.

    Needs `user.manage`. Appends `user.end_role`. E_STATE for one ended already or the last administrator's, E_INPUT for
    a day that is past or later than its end.
    """
    require(actor, "user.manage")
    with transaction.atomic():
        row = Assignment.objects.filter(pk=assignment_id).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这项角色。")
        user = _locked(row.user_id)
        row.refresh_from_db()
        today = CLOCK.today()
        if row.ended_at is not None or (row.valid_to is not None and row.valid_to < today):
            raise LuoshiError("E_STATE", "这项角色已经结束。")
        if last_day is not None and (last_day < today or (row.valid_to is not None and last_day > row.valid_to)):
            raise _input("last_day", "最后一天应在今天到原定结束日之间；现在就结束，请不填日期。")
        if row.role == Role.ADMINISTRATOR:
            _keep_one_administrator(user, [row])
        before = {"to": row.valid_to and row.valid_to.isoformat()}
        if last_day is None:
            _end_now(row, CLOCK.now())
        else:
            row.valid_to = max(last_day, row.valid_from)
            row.save(update_fields=["valid_to"])
        audit.append(
            actor=actor,
            act="user.end_role",
            subject=f"user:{user.pk}",
            before=before,
            after={
                "assignment": row.pk,
                "role": row.role,
                "organ": row.organ,
                "last_day": last_day and last_day.isoformat(),
                "reason": reason.strip()[:200],
            },
            permission="user.manage",
        )
    return row


def overlapping(user: User, begin: datetime.date, end: datetime.date | None) -> list[Assignment]:
    """Return the roles `user` holds on any day from `begin` to `end` (open when None)."""
    rows = user.assignments.filter(ended_at__isnull=True).exclude(valid_to__lt=begin)
    return list(rows if end is None else rows.filter(valid_from__lte=end))


def check_separation(user: User, role: Role, organ: str, begin: datetime.date, end: datetime.date | None) -> None:
    """Refuse with E_RULE a role that may not be held beside another of the same days."""
    for row in overlapping(user, begin, end):
        rule = separation_of((role, organ), (Role(row.role), row.organ))
        if rule is not None:
            raise LuoshiError(
                "E_RULE",
                f"{user.name}在这段时间担任“{Role(row.role).title}”，不能同时担任“{role.title}”：{rule.reason}。"
                "请先结束原角色，或授给另一人。",
                fields={"role": role.value, "held": row.role, "organ": row.organ},
            )


def _check_beside(user: User, role: Role, organ: str, begin: datetime.date, end: datetime.date | None) -> None:
    for row in overlapping(user, begin, end):
        if row.role == role and row.organ == organ:
            raise LuoshiError("E_DUPLICATE", f"{user.name}在这段时间已在这个单位担任“{role.title}”。")
    check_separation(user, role, organ, begin, end)
    taken = Delegation.objects.filter(taker=user, revoked_at__isnull=True, valid_to__gte=begin)
    for given in taken.select_related("assignment"):
        rule = separation_of((role, organ), (Role(given.assignment.role), given.assignment.organ))
        if rule is not None and (end is None or given.valid_from <= end):
            raise LuoshiError(
                "E_RULE",
                f"{user.name}正受托代行“{Role(given.assignment.role).title}”，不能同时担任“{role.title}”：{rule.reason}。",
                fields={"role": role.value, "held": given.assignment.role},
            )


def _end_now(row: Assignment, now: datetime.datetime) -> None:
    # The last day goes back as well, so that what reads only the dates sees the end too.
    day = now.date() - _ONE_DAY
    row.ended_at = now
    row.valid_to = max(row.valid_from, day if row.valid_to is None else min(row.valid_to, day))
    row.save(update_fields=["ended_at", "valid_to"])


def _keep_one_administrator(user: User, going: list[Assignment]) -> None:
    if not going:
        return
    today = CLOCK.today()
    others = Assignment.objects.filter(
        role=Role.ADMINISTRATOR, ended_at__isnull=True, valid_from__lte=today, user__is_active=True
    ).exclude(pk__in=[row.pk for row in going])
    if not others.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today)).exists():
        raise LuoshiError("E_STATE", f"{user.name}是最后一名系统管理，结束后无人能管账号。请先另授一人。")


def _locked(user_id: int) -> User:
    # Two changes to one person's roles wait for each other: else each would miss the other's separation.
    user = User.objects.select_for_update().filter(pk=user_id).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个账号。")
    return user


def _not_oneself(actor: Actor, user: User, what: str) -> None:
    if user.pk in actor.hands:
        raise LuoshiError("E_SELF", f"不能{what}自己的账号。请另一名系统管理办理。")


def check_email(email: str) -> None:
    """Refuse with E_INPUT what is no e-mail address; none at all is allowed."""
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise _input("email", f"“{email[:60]}”不是电子邮箱地址，应如 ceshi@example.cn。") from None


def _reason(reason: str) -> str:
    reason = reason.strip()[:200]
    if not reason:
        raise _input("reason", "请写明理由。")
    return reason


def _input(field: str, message: str) -> LuoshiError:
    return LuoshiError("E_INPUT", message, fields={"field": field})
