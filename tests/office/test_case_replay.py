"""One case as it stands and as it stood: offers with reasons, limits with both dates, the story minute by minute."""

from __future__ import annotations

import datetime

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.calendar import actions as calendars
from luoshi.office.calendar.days import named_days, read_days, with_change
from luoshi.office.cases import actions
from luoshi.office.cases.offers import may_open
from luoshi.office.cases.recount import foresee
from luoshi.office.cases.replay import expiry_words, next_hands, whole
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.cases_made import PROGRAM, guarantee, known_procedures, moment, people, votes
from tests.office.people import actor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known():
    with known_procedures():
        yield


@pytest.fixture
def who():
    return people()


def offered(one, case):
    return {offer.step.key: offer for offer in whole(one, case.pk).offers}


def test_offers_say_who_may_and_why_not(who):
    case = guarantee(who["applicant"])
    mine = offered(who["officer"], case)
    assert {key: offer.may for key, offer in mine.items()} == {
        "note": True, "approve": False, "send_back": True, "refuse": False
    }  # fmt: skip
    approve = offered(who["head"], case)["approve"]
    assert (approve.party.party, approve.may) == ("head", False)
    assert [(why.ok, why.text) for why in approve.whys] == [
        (False, "要先办“出具审查意见”"), (True, "与办“立案、出具审查意见”的不是同一人")
    ]  # fmt: skip
    actions.act(actor=who["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    approve = offered(who["head"], case)["approve"]
    assert (approve.may, approve.allowed) == (True, True)
    assert [event.act for event in approve.first_hand] == ["open", "note"]


def test_the_hand_that_prepared_is_told_beforehand(who):
    both = actor("b", (Role.REVIEWER, "agriculture"), (Role.LEADER, "agriculture"))
    case = guarantee(who["applicant"])
    actions.act(actor=both, case=case.pk, step="note", data={"opinion": "相符"})
    approve = offered(both, case)["approve"]
    assert not approve.may
    assert "须由另一人办" in approve.whys[-1].text
    assert not offered(PROGRAM, case)["approve"].may


def test_a_voice_is_given_once():
    first = actor("f", (Role.LEADER, "finance"))
    case = votes()
    assert offered(first, case)["sign"].may
    actions.act(actor=first, case=case.pk, step="sign")
    assert offered(first, case)["sign"].spoken
    assert not offered(first, case)["sign"].may
    assert [party.key for party in whole(first, case.pk).acting] == ["second", "third"]


def test_what_else_may_be_done_follows_rules_and_state(who):
    case = guarantee(who["applicant"])
    assert whole(who["officer"], case.pk).acts.pause == {"expert": "专家评审"}
    assert not whole(who["head"], case.pk).acts.pause
    assert whole(who["head"], case.pk).acts.extend == {"review": "审查期限"}
    actions.pause(actor=who["officer"], case=case.pk, kind="expert", reason="送专家评审")
    acts = whole(who["officer"], case.pk).acts
    assert (acts.pause, acts.resume) == ({}, {"expert": "专家评审"})
    assert whole(who["supervisor"], case.pk).acts.reassign
    assert not whole(who["officer"], case.pk).acts.reassign


def test_who_may_open(who):
    assert [name for name, one in who.items() if may_open(one, "test.guarantee")] == ["applicant"]
    assert may_open(who["head"], "test.votes")
    assert not may_open(actor("au", (Role.AUDITOR, "audit")), "test.votes")


def test_next_hands_and_what_silence_brings(who):
    found = whole(who["head"], guarantee(who["applicant"]).pk)
    assert next_hands(found) == [["托管方"], ["已支付"]]
    assert expiry_words(found, found.running[0].limit) == "期满视为同意：自动“视为同意”，不需人办"


def test_the_case_as_it_stood_at_every_minute_of_its_story(who):
    case = guarantee(who["applicant"])
    CLOCK.set(moment("2018-09-25T10:00"))
    actions.pause(actor=who["officer"], case=case.pk, kind="expert", reason="送专家评审")
    CLOCK.set(moment("2018-11-01T10:00"))
    actions.resume(actor=who["officer"], case=case.pk, kind="expert")
    actions.extend(actor=who["head"], case=case.pk, limit="review", reason="情况复杂")
    CLOCK.set(moment("2018-12-03T09:00"))
    tick()
    actions.add_paper(actor=who["payer"], case=case.pk, kind="slip", title="回单", upload=("回单.txt", "已付".encode()))
    CLOCK.set(moment("2018-12-20T09:00"))

    def at(text):
        found = whole(who["head"], case.pk, moment(text))
        clock = found.clocks[0]
        return found.state.key, clock.state, f"{clock.until.astimezone(CLOCK.now().tzinfo):%m-%d}", len(found.events)

    assert at("2018-09-20T10:00") == ("review", "running", "10-11", 1)
    assert at("2018-09-25T09:59") == ("review", "running", "10-11", 1)
    assert at("2018-09-25T10:00")[:2] == ("review", "paused")
    assert at("2018-11-01T09:59")[:2] == ("review", "paused")
    assert at("2018-11-01T10:00") == ("review", "running", "11-21", 4)
    # Silence spoke at midnight, though the tick came days later.
    assert at("2018-11-20T23:59")[0] == "review"
    assert at("2018-11-21T00:00")[:2] == ("approved", "expired")
    then = whole(who["head"], case.pk, moment("2018-11-21T00:00"))
    assert [party.key for party in then.acting] == ["payer"]
    assert (then.offers, then.papers, then.facts) == ((), [], {"amount": 9730000})
    assert [paper.title for paper in whole(who["head"], case.pk).papers] == ["回单"]
    with pytest.raises(LuoshiError, match="还没有这件"):
        whole(who["head"], case.pk, moment("2018-09-20T09:59"))


def test_a_limit_is_replayed_by_the_calendar_of_then_and_shows_both_dates(who):
    case = guarantee(who["applicant"])
    change = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕1号", off=[datetime.date(2018, 9, 21)])
    CLOCK.set(moment("2018-09-20T12:00"))
    calendars.approve(actor=who["supervisor"], change=change.pk)
    tick()
    now = whole(who["head"], case.pk).running[0]
    assert [(f"{one.old_until:%m-%d}", f"{one.new_until:%m-%d}") for one in now.changes] == [("10-10", "10-11")]
    assert (now.due.until, now.due.text) == (now.until, "2018-10-11 24:00")
    then = whole(who["head"], case.pk, moment("2018-09-20T11:00")).running[0]
    assert (then.due.text, list(then.changes)) == ("2018-10-10 24:00", [])


def test_a_case_handed_over_was_with_the_one_it_came_from(who):
    case = guarantee(who["applicant"])
    CLOCK.set(moment("2018-09-21T10:00"))
    actions.reassign(actor=who["supervisor"], cases=[case.pk], origin="agriculture", target="agri-rural", reason="改革")
    before, after = (whole(PROGRAM, case.pk, moment(text)) for text in ("2018-09-20T11:00", "2018-09-21T11:00"))
    assert {party.organ for party in before.acting} == {"agriculture"}
    assert {party.organ for party in after.acting} == {"agri-rural"}


def test_a_limit_that_rests_is_not_moved_by_a_change_of_the_calendar(who):
    case = guarantee(who["applicant"])
    actions.pause(actor=who["officer"], case=case.pk, kind="expert", reason="送专家评审")
    CLOCK.set(moment("2018-09-27T10:00"))
    change = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕2号", off=[datetime.date(2018, 10, 9)])
    calendars.approve(actor=who["supervisor"], change=change.pk)
    tick()
    assert whole(who["head"], case.pk).story[-1].act == "pause"
    actions.resume(actor=who["officer"], case=case.pk, kind="expert")
    assert whole(who["head"], case.pk).running[0].due.text == "2018-10-17 24:00"


def test_what_a_change_would_move_is_told_before_it_is_approved(who):
    pks = [guarantee(who["applicant"]).pk for _ in range(3)]
    votes()
    off = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕3号", off=[datetime.date(2018, 9, 21)])
    found = foresee(with_change(off), named_days(off))
    assert (found.later, found.earlier, found.exact, [pk for pk, _old, _new in found.samples]) == (3, 0, True, pks)
    far = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕4号", off=[datetime.date(2018, 12, 3)])
    assert foresee(with_change(far), named_days(far)).moved == 0
    worked = calendars.propose(actor=PROGRAM, source="测试通知〔2018〕5号", worked=[datetime.date(2018, 9, 22)])
    assert foresee(with_change(worked), named_days(worked)).earlier == 3
    assert not foresee(with_change(off), named_days(off), most=2).exact
    assert whole(who["head"], pks[0]).running[0].due.text == "2018-10-10 24:00"
    calendars.approve(actor=who["supervisor"], change=off.pk)
    assert tick()
    assert whole(who["head"], pks[0]).running[0].due.text == "2018-10-11 24:00"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2019-10-01至2019-10-03，2019-10-12", ["2019-10-01", "2019-10-02", "2019-10-03", "2019-10-12"]),
        ("2019年10月1日\n2019/10/2", ["2019-10-01", "2019-10-02"]),
        ("2019-10-02 2019-10-01..2019-10-02", ["2019-10-01", "2019-10-02"]),
        ("", []),
    ],
)
def test_days_are_read_as_people_write_them(text, wanted):
    assert [f"{day}" for day in read_days(text)] == wanted


@pytest.mark.parametrize("text", ["10月1日", "2019-13-01", "2019-10-05至2019-10-01", "2019-01-01至2029-01-01", "x"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(LuoshiError) as refused:
        read_days(text)
    assert refused.value.code == "E_INPUT"
