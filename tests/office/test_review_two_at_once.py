"""Two reviewers at the same moment; needs a database with more than one connection, so PostgreSQL."""

from __future__ import annotations

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments import queries, review_actions, review_queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import ReviewRecord, ReviewStep
from luoshi.office.instruments.review_actions import Tick
from luoshi.office.roles import Role
from tests.office import sample
from tests.office.people import OFFICE, actor
from tests.office.test_two_at_once import at_once

KEY = sample.NUMBER


def codes(*functions):
    """Run at once; return the code of each refusal, '' for what went through."""

    def tried(function):
        try:
            function()
        except LuoshiError as error:
            return error.code
        return ""

    return sorted(at_once(*[lambda function=function: tried(function) for function in functions]))


@pytest.fixture
def duty(transactional_db, monkeypatch):
    """A duty under review."""
    sample.compiled(monkeypatch, sample.instrument(), warnings=0)
    import_gazette("第一版", actor=Actor.system("测试程序", "test"), filename="a.txt")
    return next(one for one in review_queries.items(queries.instrument(KEY)) if one.kind == "duty")


def decide(by, one, decision, version=0):
    return lambda: review_actions.decide(actor=by, key=KEY, anchor=one.anchor, decision=decision, version=version)


def test_of_two_decisions_on_one_reading_one_is_refused(duty):
    first, second = actor("甲", (Role.ARCHIVIST, OFFICE)), actor("乙", (Role.ARCHIVIST, OFFICE))
    assert codes(decide(first, duty, "confirmed"), decide(second, duty, "excluded")) == ["", "E_VERSION"]
    assert ReviewStep.objects.count() == 1


def test_of_two_confirmations_one_takes_effect(duty):
    first = actor("甲", (Role.ARCHIVIST, OFFICE))
    others = [actor(name, (Role.SUPERVISOR, OFFICE)) for name in ("乙", "丙")]
    decide(first, duty, "excluded")()
    ticks = [Tick(duty.anchor, 1)]
    confirming = [lambda by=by: review_actions.confirm(actor=by, key=KEY, ticks=ticks) for by in others]
    assert codes(*confirming) == ["", "E_VERSION"]
    assert Duty.objects.filter(is_current=True).count() == 1


def test_a_decision_and_an_import_stand_in_either_order(duty, monkeypatch):
    first = actor("甲", (Role.ARCHIVIST, OFFICE))
    sample.compiled(monkeypatch, sample.instrument(text="另一段文字。"), warnings=0)

    def later():
        return import_gazette("第二版", actor=Actor.system("测试程序", "test"), filename="b.txt")

    assert set(codes(decide(first, duty, "excluded"), later)) <= {"", "E_VERSION"}
    assert queries.instrument(KEY).version == 2
    record = ReviewRecord.objects.first()
    assert record is not None
    assert record.decision == "excluded"
