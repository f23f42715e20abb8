"""The number of queries does not grow with the city; two at once confirm, register and seed once (PostgreSQL)."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.organs import actions, queries
from luoshi.office.organs.demo import fill
from luoshi.office.organs.models import Evidence, Organ, OrganRelation, Proposal
from luoshi.office.roles import Role
from tests.office.people import actor
from tests.office.test_two_at_once import at_once

D = datetime.date.fromisoformat
ON = D("2019-06-01")
SYSTEM = Actor.system("测试甲", "test")
ASKS = {
    "resolve": lambda: queries.resolve("测试第0局", ON),
    "holder": lambda: queries.holder("test-0", "局长", ON),
    "organs": lambda: queries.organ_list(on=ON, size=50),
    "organ": lambda: queries.organ_page("test-0", ON),
    "served": lambda: queries.served_by("test-1", ON),
    "persons": lambda: queries.person_list(size=50),
    "groups": lambda: queries.group_list(on=ON),
    "graph": lambda: queries.succession_graph(ON),
    "queues": lambda: queries.open_queues(ON, reader=SYSTEM),
    "indicators": lambda: queries.indicators(ON),
}


def counts(scale: float) -> dict[str, int]:
    """How many queries each question takes in a city of that size, which is taken back afterwards."""
    found = {}
    with transaction.atomic():
        fill(scale)
        for name, ask in ASKS.items():
            with CaptureQueriesContext(connection) as asked:
                ask()
            found[name] = len(asked)
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
def test_as_many_queries_in_a_large_city_as_in_a_small_one():
    small, large = counts(0.1), counts(1.0)
    assert small == large
    assert max(large.values()) <= 40
    assert (large["resolve"] <= 8, large["holder"] <= 5) == (True, True)


def both_hands() -> tuple[Actor, Actor, Actor]:
    one, two, three = (actor(f"s{n}", (Role.STAFFING, "staffing-office")) for n in range(3))
    return one, two, three


def attempt(act):
    """Do it and return what came of it: done, or the code of the refusal."""
    try:
        act()
    except LuoshiError as error:
        return error.code
    return "done"


def test_two_confirm_at_once_and_one_does(transactional_db):
    actions.load_directory_into_database(actor=SYSTEM)
    one, two, three = both_hands()
    row = actions.propose_relation(
        actor=one, origin="food-drug", target="market-supervision", kind="merged_into",
        effective=D("2019-03-04"), director_note="批示",
    )  # fmt: skip
    confirm = [
        lambda by=by: attempt(lambda: actions.confirm(actor=by, proposal_id=row.pk, version=1)) for by in (two, three)
    ]
    assert sorted(at_once(*confirm)) == ["E_STATE", "done"]
    assert OrganRelation.objects.filter(proposal=row).count() == 1


def test_two_enter_one_number_at_once_and_one_does(transactional_db):
    actions.load_directory_into_database(actor=SYSTEM)
    officers = [actor(f"p{n}", (Role.PERSONNEL, "organization-dept")) for n in range(2)]
    acts = [{"action": "appoint", "person": "测试乙", "organ": "water", "post": "局长"}]

    def enter(by):
        return lambda: attempt(
            lambda: actions.propose_appointments(
                actor=by, number="乳政任〔2019〕9号", issued_on=D("2019-09-01"), acts=acts
            )
        )

    assert sorted(at_once(*map(enter, officers)))[-1] == "done"
    assert Proposal.objects.filter(kind="appointments").count() == 1


def test_two_circles_at_once_leave_none(transactional_db):
    actions.load_directory_into_database(actor=SYSTEM)
    one, two, three = both_hands()
    pair = (("food-drug", "market-supervision", two), ("market-supervision", "food-drug", three))
    rows = [
        actions.propose_relation(
            actor=one, origin=origin, target=target, kind="merged_into", effective=D("2019-03-04"), director_note="批示"
        )
        for origin, target, _ in pair
    ]
    acts = [
        lambda row=row, by=by: attempt(lambda: actions.confirm(actor=by, proposal_id=row.pk, version=1))
        for row, (_, _, by) in zip(rows, pair, strict=True)
    ]
    assert sorted(at_once(*acts)) == ["E_RULE", "done"]


def test_two_seed_at_once_and_each_organ_is_there_once(transactional_db):
    at_once(*[lambda: actions.load_directory_into_database(actor=SYSTEM)] * 2)
    assert Organ.objects.count() == 170
    assert Evidence.objects.count() == 0
