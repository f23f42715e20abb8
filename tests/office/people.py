"""People for tests: an account with roles, the actor behind it, a browser session of it."""

from __future__ import annotations

import datetime

from django.test import Client

from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.models import Assignment, User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.roles import Role

OFFICE = "government-office"


def person(login: str, *held: tuple[Role, str], name: str = "") -> User:
    """Return the account `login`, made with the roles `held` (role, slug of the organ) without a usable password."""
    user, made = User.objects.get_or_create(
        login=login, defaults={"name": name or f"测试{login}", "created_at": CLOCK.now(), "created_by": "测试"}
    )
    if made:
        user.set_unusable_password()
        user.save()
    for role, organ in held:
        Assignment.objects.create(
            user=user,
            role=role,
            organ=organ,
            valid_from=datetime.date(2018, 1, 1),
            granted_by="测试",
            granted_at=CLOCK.now(),
        )
    return user


def actor(login: str, *held: tuple[Role, str]) -> Actor:
    """Return who acts as `login` with the roles `held`."""
    return standing(person(login, *held)).actor("test")


def client_of(user: User) -> Client:
    """Return a client that is logged in as `user`."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def everybody() -> User:
    """Return an account of the Government Office with every role, for tests that are not about permissions."""
    roles = (role for role in Role if role is not Role.PUBLIC)
    return person("office", *((role, OFFICE) for role in roles), name="测试甲")
