"""Cases for tests: the procedures of `tests/office/procedures`, people for each of their parties, cases opened."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.cases import actions, hooks, procedures
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import Turn
from luoshi.office.notices import actions as notices
from luoshi.office.roles import Role
from tests.office import notices_made
from tests.office.people import actor

FILES = Path(__file__).parent / "procedures"
PROGRAM = Actor.system("测试程序", "test")
NOW = "2018-09-20T10:00"
"""A Thursday, ten days before the holidays of October."""


def moment(text: str) -> datetime.datetime:
    """Return a moment of the city."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@contextmanager
def known_procedures(now: str = NOW) -> Iterator[None]:
    """Know the procedures of the tests and no other of theirs, with the clock standing still."""
    before = procedures._MORE
    procedures._MORE = {}
    for file in sorted(FILES.glob("*.yaml")):
        for one in procedures.read_file(file):
            procedures.add(one)
    CLOCK.set(moment(now))
    try:
        yield
    finally:
        CLOCK.release()
        procedures._MORE = before


def people() -> dict[str, Actor]:
    """Return somebody for each party of the test procedures."""
    return {
        "applicant": actor("a", (Role.CLERK, "finance")),
        "officer": actor("o", (Role.REVIEWER, "agriculture")),
        "head": actor("h", (Role.LEADER, "agriculture")),
        "payer": actor("p", (Role.CLERK, "audit")),
        "supervisor": actor("s", (Role.SUPERVISOR, "government-office")),
    }


def guarantee(who: Actor = PROGRAM, **more: Any) -> Case:
    """Open a case of the guarantee procedure: finance applies, agriculture decides, audit pays."""
    given: dict[str, Any] = {
        "title": "测试甲家庭农场补偿", "facts": {"amount": "97300.00"}, "organ": "finance", "subject": ""
    }  # fmt: skip
    return actions.open_case(actor=who, procedure="test.guarantee", **given | more)


def votes(title: str = "会签一", **more: Any) -> Case:
    """Open a case on which finance, agriculture and audit vote."""
    return actions.open_case(actor=PROGRAM, procedure="test.votes", title=title, **more)


@hooks.effect("test.sign_letter")
def _sign_letter(turn: Turn) -> None:
    """Sign the case's letter with the step: it takes its number, as a warning does."""
    turn.case.facts["number"] = notices.sign(actor=turn.actor, notice=turn.case.facts["letter"]).number_text


def letter_to_sign() -> Case:
    """Open a case whose one step signs a numbered letter of its own."""
    facts = {"letter": notices_made.letter().pk}
    return actions.open_case(actor=PROGRAM, procedure="test.letters", title="签发测试函", facts=facts)
