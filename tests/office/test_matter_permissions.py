"""Every act on a matter by every role, in the organ that owes it, in another, as the table of roles says."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties import versions
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Extension, Matter
from luoshi.office.roles import PERMISSIONS, Reach, Role
from tests.office.matters import DONE, clerk, handed_in, moment, proof, pushed, reported, supervisor
from tests.office.people import actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(moment("2019-10-08T09:00"))
    yield
    CLOCK.release()


def open_matter() -> Matter:
    return pushed()


def filed() -> Matter:
    row = pushed()
    reported(row, clerk(name="first"))
    return row


def submitted() -> Matter:
    row = pushed()
    handed_in(row, clerk(name="first"))
    return row


def crossed() -> Matter:
    row = submitted()
    work.accept_and_cross_off(actor=supervisor("first"), matter=row.pk)
    return row


def paused() -> Matter:
    row = pushed()
    steps.pause(actor=supervisor("first"), matter=row.pk, kind="superior", reason="等批复")
    return row


def asked() -> Matter:
    row = pushed()
    new_due = datetime.date(2019, 11, 1)
    steps.ask_extension(actor=clerk(name="first"), matter=row.pk, new_due=new_due, reason="汛期")
    return row


ACTS = {
    "report": (
        "matter.report", open_matter,
        lambda who, pk: work.report_progress(actor=who, matter=pk, percent=9, narrative=DONE, evidence=proof()),
    ),
    "submit": ("matter.report", filed, lambda who, pk: work.submit_for_check(actor=who, matter=pk)),
    "return": ("matter.check", submitted, lambda who, pk: work.return_matter(actor=who, matter=pk, reason="缺")),
    "cross_off": ("matter.check", submitted, lambda who, pk: work.accept_and_cross_off(actor=who, matter=pk)),
    "reopen": ("matter.reopen", crossed, lambda who, pk: work.reopen(actor=who, matter=pk, reason="不实")),
    "remind": ("matter.remind", open_matter, lambda who, pk: steps.remind(actor=who, matter=pk)),
    "pause": (
        "matter.check", open_matter,
        lambda who, pk: steps.pause(actor=who, matter=pk, kind="superior", reason="等批复"),
    ),
    "resume": ("matter.check", paused, lambda who, pk: steps.resume(actor=who, matter=pk)),
    "ask": (
        "matter.report", open_matter,
        lambda who, pk: steps.ask_extension(
            actor=who, matter=pk, new_due=datetime.date(2019, 11, 1), reason="汛期"
        ),
    ),
    "decide": ("matter.check", asked, lambda who, pk: steps.decide_extension(actor=who, matter=pk, grant=True)),
    "assign": (
        "matter.assign", open_matter,
        lambda who, pk: steps.assign(actor=who, matter=pk, user=clerk(name="first").user_id),
    ),
}  # fmt: skip


def outcome(function, *arguments) -> str:
    try:
        function(*arguments)
    except LuoshiError as error:
        return error.code
    return "done"


def expected(act: str, key: str, role: Role, organ: str) -> str:
    """Return what the table of roles, visibility and the other-organ rule say."""

    def reaches(name: str) -> bool:
        reach = PERMISSIONS[name].reach[role]
        return reach is Reach.ALL or (reach is Reach.OWN and organ == "finance")

    if not reaches("matter.see"):
        return "E_NOT_FOUND"
    if not reaches(key):
        return "E_FORBIDDEN"
    return "E_SELF" if act in ("return", "cross_off", "decide") and organ == "finance" else "done"


@pytest.mark.parametrize("organ", ["finance", "agriculture"])
@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_each_act_is_open_to_whom_the_table_names(role, organ):
    who = actor("one", (role, organ))
    found = {name: outcome(do, who, make().pk) for name, (_key, make, do) in ACTS.items()}
    assert found == {name: expected(name, key, role, organ) for name, (key, _make, _do) in ACTS.items()}


@pytest.mark.parametrize("act", ACTS)
def test_a_visitor_is_told_there_is_nothing(act):
    _key, make, do = ACTS[act]
    assert outcome(do, VISITOR, make().pk) == "E_NOT_FOUND"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PUBLIC])
def test_pushing_and_settling_follow_the_table(role):
    who = actor("one", (role, "government-office"))
    body = {"module": "heating", "external_id": "H-1", "kind": "meeting", "title": "事", "organ": "finance"}
    allowed = PERMISSIONS["matter.push"].reach[role] is not Reach.NONE
    assert outcome(lambda: push_matter(actor=who, **body)) == ("done" if allowed else "E_FORBIDDEN")
    row = pushed()
    found = outcome(lambda: versions.settle_changed_matter(actor=who, matter=row.pk, decision="keep", reason="照旧"))
    sees = PERMISSIONS["matter.see"].reach[role] is Reach.ALL
    decides = PERMISSIONS["review.decide"].reach[role] is not Reach.NONE
    assert found == ("E_NOT_FOUND" if not sees else "E_STATE" if decides else "E_FORBIDDEN")


def test_a_program_reports_but_is_no_second_hand():
    program = Actor.system("测试程序", "test")
    row = submitted()
    assert outcome(lambda: work.accept_and_cross_off(actor=program, matter=row.pk)) == "E_SELF"
    assert Extension.objects.count() == 0
