"""Matters for tests: one of an invented duty, people of its organ and of supervision."""

from __future__ import annotations

import datetime
import itertools

from luoshi.kernel.clock import SHANGHAI
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Matter
from luoshi.office.roles import Role
from tests.office.people import OFFICE, actor

PROGRAM = Actor.system("测试程序", "test")
DONE = "已逐处核对台账并修补完毕，结果登记在册。"
_numbers = itertools.count(1)


def moment(text: str) -> datetime.datetime:
    """Return a moment in Shanghai time."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def pushed(organ: str = "finance", due: str | None = "2019-10-14", **more) -> Matter:
    """Return a matter another room pushed."""
    row, _new = push_matter(
        actor=PROGRAM,
        module="test",
        external_id=more.pop("external_id", f"T-{next(_numbers)}"),
        kind=more.pop("kind", "meeting"),
        title=more.pop("title", "修补街边长椅"),
        organ=organ,
        due_on=datetime.date.fromisoformat(due) if due else None,
        **more,
    )
    return row


def clerk(organ: str = "finance", name: str = "clerk") -> Actor:
    """Return a clerk of an organ."""
    return known(f"{name}-{organ}") or actor(f"{name}-{organ}", (Role.CLERK, organ))


def supervisor(name: str = "sup", organ: str = OFFICE) -> Actor:
    """Return a supervision clerk."""
    return known(f"{name}-{organ}") or actor(f"{name}-{organ}", (Role.SUPERVISOR, organ))


def known(login: str) -> Actor | None:
    """Return who acts as an account made before in the test."""
    user = User.objects.filter(login=login).first()
    return standing(user).actor("test") if user else None


def proof(text: str = "证据") -> list[tuple[str, bytes]]:
    """Return one file of evidence, of its own content each time it is asked for another text."""
    return [(f"{text[:20]}.txt", f"{text} {next(_numbers)}".encode())]


def reported(matter: Matter, by: Actor, percent: int = 100, **more):
    """Report progress with one file."""
    return work.report_progress(
        actor=by, matter=matter.pk, percent=percent, narrative=DONE, evidence=more.pop("evidence", proof()), **more
    )


def handed_in(matter: Matter, by: Actor, **more):
    """Report and hand in."""
    reported(matter, by, **more)
    return work.submit_for_check(actor=by, matter=matter.pk)
