"""Two people, or a person and the timer, at one case at the same moment: one wins, the other is told why."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.proof import first_broken
from luoshi.office.cases import actions
from luoshi.office.cases.expiry import fire
from luoshi.office.cases.models import Case, CaseEvent, CaseVoice
from luoshi.office.cases.recount import recount
from tests.office.cases_made import guarantee, known_procedures, moment, people, votes
from tests.office.test_two_at_once import at_once


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


def outcome(function):
    """Return what calls `function` and gives its result, or the code with which it was refused."""

    def run():
        try:
            return function()
        except LuoshiError as refusal:
            return refusal.code

    return run


def acts(case) -> list[str]:
    return list(CaseEvent.objects.filter(case=case).order_by("n").values_list("act", flat=True))


def test_of_two_people_at_one_step_one_wins_and_the_other_is_told(transactional_db):
    who, case = people(), guarantee()
    case = actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})

    def consent():
        return actions.act(actor=who["head"], case=case.pk, step="approve", revision=case.revision).state

    def refuse():
        given = {"reason": "材料不符"}
        return actions.act(actor=who["head"], case=case.pk, step="refuse", data=given, revision=case.revision).state

    found = at_once(outcome(consent), outcome(refuse))
    assert sorted(found) in (["E_VERSION", "approved"], ["E_VERSION", "refused"])
    now = Case.objects.get(pk=case.pk)
    assert now.state in found
    assert now.revision == case.revision + 1
    assert len(acts(case)) == 3
    assert first_broken() is None


def test_a_subject_has_one_open_case_however_many_open_it_at_once(transactional_db):
    who = people()["applicant"]
    found = at_once(*[outcome(lambda: guarantee(who, subject="loan:1").number)] * 4)
    assert sorted(found) == ["CS-2018-0001", "E_DUPLICATE", "E_DUPLICATE", "E_DUPLICATE"]
    assert Case.objects.count() == 1


def test_numbers_have_no_gap_when_many_are_opened_at_once(transactional_db):
    who = people()["applicant"]
    at_once(*[lambda n=n: guarantee(who, subject=f"loan:{n}") for n in range(12)])
    assert sorted(Case.objects.values_list("number", flat=True)) == [f"CS-2018-{n:04}" for n in range(1, 13)]


def test_a_person_and_the_end_of_the_limit_do_not_both_consent(transactional_db):
    who, case = people(), guarantee()
    actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    CLOCK.set(moment("2018-10-11T00:00"))
    found = at_once(
        outcome(lambda: actions.act(actor=who["head"], case=case.pk, step="approve").state),
        outcome(lambda: fire(CLOCK.now())),
    )
    assert "approved" in found or "E_EXPIRED" in found or "E_STATE" in found
    assert Case.objects.get(pk=case.pk).state == "approved"
    assert sum(act in ("approve", "tacit") for act in acts(case)) == 1


def test_two_timers_carry_out_each_end_once(transactional_db):
    cases = [guarantee(subject=f"loan:{n}") for n in range(20)]
    CLOCK.set(moment("2018-10-11T00:00"))
    at_once(*[lambda: fire(CLOCK.now())] * 3)
    assert [acts(case).count("tacit") for case in cases] == [1] * 20
    assert first_broken() is None


def test_the_last_voice_is_heard_once_when_all_speak_at_once(transactional_db):
    from luoshi.office.roles import Role
    from tests.office.people import actor

    case = votes()
    speakers = [party.organ for party in case.parties.order_by("id") if party.acts]
    roles = {party.organ: party.role for party in case.parties.all()}
    who = [actor(f"v-{organ}", (Role(roles[organ]), organ)) for organ in speakers]
    step = next(iter(actions.procedures.version(case.procedure, case.version).steps_from(case.state))).key
    at_once(*[lambda one=one: actions.act(actor=one, case=case.pk, step=step) for one in who])
    assert CaseVoice.objects.filter(case=case).count() == len(who) > 1
    assert acts(case).count(step) == 1
    assert Case.objects.get(pk=case.pk).state != case.state


def test_a_step_while_limits_are_counted_again_is_neither_lost_nor_late(transactional_db):
    from luoshi.office.calendar import actions as calendars
    from luoshi.office.roles import Role
    from tests.office.people import OFFICE, actor

    who, cases = people(), [guarantee(subject=f"loan:{n}") for n in range(8)]
    first, second = actor("ar", (Role.ARCHIVIST, OFFICE)), actor("su", (Role.SUPERVISOR, OFFICE))
    change = calendars.propose(actor=first, source="测试通知〔2018〕1号", off=[datetime.date(2018, 9, 28)])
    calendars.approve(actor=second, change=change.pk)

    def work():
        for case in cases:
            actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})
        return "worked"

    found = at_once(outcome(work), outcome(recount))
    assert "worked" in found
    for case in cases:
        assert acts(case).count("note") == 1
        assert acts(case).count("calendar") == 1
        running = case.clocks.get(state="running")
        assert running.until == moment("2018-10-12T00:00")
