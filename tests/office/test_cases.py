"""Cases: who may do which step when, what silence does and when, that all of it is written once and provable."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import read_procedure
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.audit.proof import first_broken
from luoshi.office.calendar import actions as calendars
from luoshi.office.cases import actions, procedures
from luoshi.office.cases.expiry import fire, load
from luoshi.office.cases.models import SEARCH_TABLE, Case, CaseClock, CaseEvent, CaseParty, CaseVoice, ClockChange
from luoshi.office.cases.recount import recount
from luoshi.office.cases.turns import settle
from luoshi.office.messages.models import Message
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.people import actor

pytestmark = pytest.mark.django_db
FILES = Path(__file__).parent / "procedures"
PROGRAM = Actor.system("测试程序", "test")


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """The two procedures of these tests, and a clock that stands still in September 2018."""
    monkeypatch.setattr(procedures, "_MORE", {})
    for file in FILES.glob("*.yaml"):
        for one in procedures.read_file(file):
            procedures.add(one)
    CLOCK.set(moment("2018-09-20T10:00"))
    yield
    CLOCK.release()


@pytest.fixture
def people():
    return {
        "applicant": actor("a", (Role.CLERK, "finance")),
        "officer": actor("o", (Role.REVIEWER, "agriculture")),
        "head": actor("h", (Role.LEADER, "agriculture")),
        "payer": actor("p", (Role.CLERK, "audit")),
        "supervisor": actor("s", (Role.SUPERVISOR, "government-office")),
    }


def opened(people, **more):
    given = {"title": "测试一号", "facts": {"amount": "97300.00"}, "subject": "loan:1"} | more
    return actions.open_case(actor=people["applicant"], procedure="test.guarantee", **given)


def clock(case, limit="review"):
    return CaseClock.objects.filter(case=case, limit=limit).latest("id")


def local_text(value):
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def test_silence_approves_on_the_eleventh_working_day_and_not_a_minute_earlier(people):
    case = opened(people)
    assert (case.number, case.state, case.facts["amount"]) == ("CS-2018-0001", "review", 9730000)
    assert local_text(clock(case).until) == "2018-10-11 00:00"
    CLOCK.set(moment("2018-10-10T23:59"))
    tick()
    case.refresh_from_db()
    assert case.state == "review"
    CLOCK.set(moment("2018-10-12T09:00"))
    tick()
    case.refresh_from_db()
    assert (case.state, case.status) == ("approved", "approved")
    event = case.events.get(act="tacit")
    assert (event.hand, event.user_id, local_text(event.at)) == ("timer", None, "2018-10-11 00:00")
    assert "非人工办理" in event.text
    assert local_text(event.received_at) == "2018-10-12 09:00"
    # Two working days to pay, counted from the day on which silence spoke, not from the late tick.
    assert local_text(clock(case, "pay").until) == "2018-10-16 00:00"
    assert clock(case).state == CaseClock.State.EXPIRED


def test_ticks_however_many_and_late_do_everything_once(people):
    case = opened(people)
    CLOCK.set(moment("2018-10-08T09:00"))
    tick()
    tick()
    assert Message.objects.filter(user__login="o", text__contains="审查期限").count() == 1
    CLOCK.set(moment("2018-12-01T09:00"))
    tick()
    tick()
    case.refresh_from_db()
    assert list(case.events.values_list("act", flat=True)) == ["open", "tacit", "expire"]
    assert clock(case, "pay").expired
    actions.act(actor=people["payer"], case=case.pk, step="pay")
    case.refresh_from_db()
    assert (case.is_open, clock(case, "pay").state) == (False, CaseClock.State.LATE)


def test_a_person_in_time_stops_the_clock(people):
    case = opened(people)
    actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    case = actions.act(actor=people["head"], case=case.pk, step="approve", revision=2)
    assert (case.state, clock(case).state) == ("approved", CaseClock.State.MET)
    CLOCK.set(moment("2018-11-30T09:00"))
    tick()
    assert not CaseEvent.objects.filter(act="tacit").exists()


def test_who_may_do_what(people):
    case = opened(people)
    refusals = {}
    for who, step in (("applicant", "approve"), ("payer", "note"), ("officer", "pay"), ("head", "tacit")):
        with pytest.raises(LuoshiError) as refused:
            actions.act(actor=people[who], case=case.pk, step=step)
        refusals[who] = refused.value.code
    assert refusals == {
        "applicant": "E_FORBIDDEN", "payer": "E_FORBIDDEN", "officer": "E_STATE", "head": "E_FORBIDDEN"
    }  # fmt: skip
    stranger = actor("x", (Role.LEADER, "education"))
    with pytest.raises(LuoshiError) as unseen:
        actions.act(actor=stranger, case=case.pk, step="approve")
    assert unseen.value.code == "E_NOT_FOUND"


def test_the_hand_that_prepared_does_not_approve(people):
    both = actor("b", (Role.REVIEWER, "agriculture"), (Role.LEADER, "agriculture"))
    case = opened(people)
    actions.act(actor=both, case=case.pk, step="note", data={"opinion": "相符"})
    with pytest.raises(LuoshiError) as refused:
        actions.act(actor=both, case=case.pk, step="approve")
    assert refused.value.code == "E_SELF"
    case.refresh_from_db()
    assert case.state == "review"
    assert actions.act(actor=people["head"], case=case.pk, step="approve").state == "approved"


def test_a_step_needs_the_steps_before_it_in_this_visit(people):
    case = opened(people)
    with pytest.raises(LuoshiError, match="出具审查意见") as refused:
        actions.act(actor=people["head"], case=case.pk, step="approve")
    assert refused.value.code == "E_INCOMPLETE"
    actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    actions.act(actor=people["officer"], case=case.pk, step="send_back", data={"reason": "缺合同"})
    actions.act(actor=people["applicant"], case=case.pk, step="resubmit")
    with pytest.raises(LuoshiError, match="出具审查意见"):
        actions.act(actor=people["head"], case=case.pk, step="approve")


def test_two_people_at_once_one_wins_and_the_other_is_told(people):
    case = opened(people)
    actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"}, revision=1)
    with pytest.raises(LuoshiError, match="出具审查意见") as late:
        actions.act(actor=people["officer"], case=case.pk, step="send_back", data={"reason": "缺"}, revision=1)
    assert (late.value.code, late.value.fields["now"]) == ("E_VERSION", 2)


def test_one_open_case_a_subject(people):
    first = opened(people)
    with pytest.raises(LuoshiError, match=first.number) as second:
        opened(people)
    assert second.value.code == "E_DUPLICATE"
    actions.act(actor=people["head"], case=first.pk, step="refuse", data={"reason": "不在范围"})
    assert opened(people).number == "CS-2018-0002"


def test_a_return_starts_a_fresh_limit_and_a_counter_step_opens_again(people):
    case = opened(people)
    CLOCK.set(moment("2018-09-27T10:00"))
    actions.act(actor=people["officer"], case=case.pk, step="send_back", data={"reason": "缺合同"})
    assert clock(case).state == CaseClock.State.STOPPED
    CLOCK.set(moment("2018-10-08T10:00"))
    case = actions.act(actor=people["applicant"], case=case.pk, step="resubmit")
    assert local_text(clock(case).until) == "2018-10-23 00:00"
    case = actions.act(actor=people["head"], case=case.pk, step="refuse", data={"reason": "不在范围"})
    assert not case.is_open
    case = actions.act(actor=people["head"], case=case.pk, step="reopen", data={"reason": "新证据"})
    assert (case.is_open, case.closed_at, case.state) == (True, None, "review")
    assert clock(case).state == CaseClock.State.RUNNING


def test_pause_takes_its_days_out_and_extension_adds_once(people):
    case = opened(people)
    CLOCK.set(moment("2018-09-25T10:00"))
    with pytest.raises(LuoshiError) as wrong:
        actions.pause(actor=people["head"], case=case.pk, kind="expert", reason="评审")
    assert wrong.value.code == "E_FORBIDDEN"
    actions.pause(actor=people["officer"], case=case.pk, kind="expert", reason="送专家评审")
    CLOCK.set(moment("2018-11-01T10:00"))
    tick()
    case.refresh_from_db()
    assert (case.state, clock(case).state) == ("review", CaseClock.State.PAUSED)
    case = actions.resume(actor=people["officer"], case=case.pk, kind="expert")
    # Two working days had passed by 25 September; eight more after 1 November.
    assert local_text(clock(case).until) == "2018-11-14 00:00"
    case = actions.extend(actor=people["head"], case=case.pk, limit="review", reason="情况复杂")
    assert local_text(clock(case).until) == "2018-11-21 00:00"
    with pytest.raises(LuoshiError, match="最多延长1次"):
        actions.extend(actor=people["head"], case=case.pk, limit="review", reason="仍复杂")


def test_a_joint_step_waits_for_all_and_silence_waits_for_ever():
    first, second, third = (actor(name, (Role.LEADER, organ)) for name, organ in
                            (("f", "finance"), ("g", "agriculture"), ("t", "audit")))  # fmt: skip
    case = actions.open_case(actor=PROGRAM, procedure="test.votes", title="会签一")
    actions.act(actor=first, case=case.pk, step="sign")
    actions.act(actor=second, case=case.pk, step="sign")
    with pytest.raises(LuoshiError) as twice:
        actions.act(actor=second, case=case.pk, step="sign")
    assert twice.value.code == "E_DUPLICATE"
    CLOCK.set(moment("2018-12-28T10:00"))
    tick()
    case.refresh_from_db()
    assert case.state == "voting"
    assert list(CaseParty.objects.filter(case=case, acts=True).values_list("party", flat=True)) == ["third"]
    case = actions.act(actor=third, case=case.pk, step="sign")
    assert (case.state, case.is_open) == ("done", False)
    assert [event.hand for event in case.events.order_by("n")][-1] == "auto"


def test_a_party_that_waits_for_an_opinion_speaks_after_it():
    """A leader signs on what the own organ's reviewer found; a no before it would be as blind as a yes."""
    reads, first, second = (actor(name, (role, organ)) for name, role, organ in (
        ("r", Role.REVIEWER, "finance"), ("f", Role.LEADER, "finance"), ("g", Role.LEADER, "agriculture")))  # fmt: skip
    case = actions.open_case(actor=PROGRAM, procedure="test.opinions", title="先审后签一")

    def turn_of() -> list[str]:
        return sorted(CaseParty.objects.filter(case=case, acts=True).values_list("party", flat=True))

    assert turn_of() == ["reads", "second"]
    for agrees in ({}, {"agrees": "no", "remark": "不妥"}):
        with pytest.raises(LuoshiError, match="甲局负责人对“会签”表态之前，要先办“甲局审核”") as early:
            actions.act(actor=first, case=case.pk, step="sign", data=dict(agrees))
        assert early.value.code == "E_INCOMPLETE"
    actions.act(actor=second, case=case.pk, step="sign")
    actions.act(actor=reads, case=case.pk, step="read")
    assert turn_of() == ["first", "reads"]
    assert actions.act(actor=first, case=case.pk, step="sign").state == "agreed"


def test_an_order_of_voices_names_steps_and_parties_that_are_there():
    written = procedures.version("test.opinions", "2018-01-01").model_dump(by_alias=True, mode="json")
    for wrong, words in (({"first": "red"}, "没有步骤“red”"), ({"reads": "read"}, "“reads”不是共同办理这一步的一方")):
        with pytest.raises(LuoshiError, match=words):
            read_procedure(
                written | {"steps": written["steps"] | {"sign": written["steps"]["sign"] | {"voice_after": wrong}}}
            )


def test_one_that_refuses_needs_a_reason_and_ends_the_vote():
    third = actor("t", (Role.LEADER, "audit"))
    case = actions.open_case(actor=PROGRAM, procedure="test.votes", title="会签一")
    with pytest.raises(LuoshiError, match="理由"):
        actions.act(actor=third, case=case.pk, step="sign", data={"agrees": "no"})
    with pytest.raises(LuoshiError):
        actions.act(actor=third, case=case.pk, step="reject", data={"reason": "人不能代系统"})
    assert CaseVoice.objects.count() == 0


def test_a_changed_holiday_recounts_open_limits_keeps_both_dates_and_tells(people):
    case = opened(people)
    done = opened(people, subject="loan:2")
    actions.act(actor=people["head"], case=done.pk, step="refuse", data={"reason": "不在范围"})
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    change = calendars.propose(actor=archivist, source="测试通知〔2018〕1号", off=[datetime.date(2018, 9, 21)])
    with pytest.raises(LuoshiError) as own:
        calendars.approve(actor=archivist, change=change.pk)
    assert own.value.code == "E_SELF"
    calendars.approve(actor=people["supervisor"], change=change.pk)
    tick()
    case.refresh_from_db()
    assert local_text(clock(case).until) == "2018-10-12 00:00"
    assert local_text(case.due_at) == "2018-10-12 00:00"
    moved = ClockChange.objects.get()
    assert (local_text(moved.old_until), local_text(moved.new_until)) == ("2018-10-11 00:00", "2018-10-12 00:00")
    assert Message.objects.filter(user__login="o", text__contains="放假安排变更").count() == 1
    assert local_text(clock(done).until) == "2018-10-11 00:00"
    tick()
    assert ClockChange.objects.count() == 1


def test_of_two_limits_of_one_case_both_move_and_each_is_a_line_of_the_story(people):
    """The story is numbered on, the case follows the end that comes first, people are told once, the trail holds."""
    given = {"until": "done", "remind": ["2wd"], "expiry": {"kind": "mark_late"}}
    procedures.add(
        read_procedure(
            {
                "key": "test.two", "title": "测试两限", "from": "2018-01-01",
                "parties": {"officer": {"title": "经办", "organ": "agriculture", "role": "reviewer"}},
                "states": {
                    "open": {"title": "在办", "status": "in_review"},
                    "done": {"title": "办结", "status": "closed", "ends": True},
                },
                "start": "open",
                "steps": {"done": {"title": "办结", "from": "open", "to": "done", "by": "officer"}},
                "limits": {
                    "long": given | {"title": "长限", "within": "10wd"},
                    "short": given | {"title": "短限", "within": "5wd"},
                    "days": {"title": "日限", "within": "60d", "until": "done", "expiry": {"kind": "mark_late"}},
                },
            }
        )
    )  # fmt: skip
    case = actions.open_case(actor=PROGRAM, procedure="test.two", title="两个期限")
    was = {one.limit: one for one in case.clocks.all()}
    archivist = actor("arch", (Role.ARCHIVIST, "government-office"))
    change = calendars.propose(actor=archivist, source="测试通知〔2018〕1号", off=[datetime.date(2018, 9, 21)])
    calendars.approve(actor=people["supervisor"], change=change.pk)
    assert recount() == 2
    case.refresh_from_db()
    now = {one.limit: one for one in case.clocks.all()}
    assert {name: local_text(one.until) for name, one in now.items()} == {
        "long": "2018-10-12 00:00", "short": "2018-09-30 00:00", "days": local_text(was["days"].until)
    }  # fmt: skip
    assert [local_text(one.until) for one in (was["long"], was["short"])] == ["2018-10-11 00:00", "2018-09-29 00:00"]
    assert (case.due_limit, local_text(case.due_at)) == ("short", "2018-09-30 00:00")
    assert set(case.parties.values_list("due_at", flat=True)) == {case.due_at}
    assert local_text(now["short"].fires_at) == "2018-09-27 00:00"
    moved = list(case.events.filter(act="calendar").order_by("n"))
    assert [(one.n, one.data["limit"]) for one in moved] == [(2, "long"), (3, "short")]
    assert (case.events_count, case.revision) == (3, 2)
    assert Message.objects.filter(user__login="o", text__contains="放假安排变更").count() == 1
    trail = list(AuditEntry.objects.filter(subject=f"case:{case.pk}", act="case.calendar").order_by("position"))
    assert [(one.before is None, one.after["n"]) for one in trail] == [(False, 2), (True, 3)]
    assert first_broken() is None


def test_nothing_is_decided_by_silence_on_a_provisional_date(people):
    CLOCK.set(moment("2031-03-03T10:00"))
    case = opened(people)
    assert clock(case).provisional
    CLOCK.set(moment("2031-06-03T10:00"))
    tick()
    tick()
    case.refresh_from_db()
    assert case.state == "review"
    assert [event.data for event in case.events.filter(act="calendar")] == [{"code": "E_CALENDAR_MISSING"}]


def test_an_open_case_keeps_its_version_until_somebody_moves_it(people):
    case = opened(people)
    newer = procedures.version("test.guarantee", "2018-01-01").model_copy(
        update={"effective_from": datetime.date(2018, 9, 25)}
    )
    procedures.add(newer)
    CLOCK.set(moment("2018-09-26T10:00"))
    case = actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    assert case.version == "2018-01-01"
    assert opened(people, subject="loan:9").version == "2018-09-25"
    with pytest.raises(LuoshiError):
        actions.move(actor=people["head"], case=case.pk, version="2018-09-25", reason="新程序")
    moved = actions.move(actor=people["supervisor"], case=case.pk, version="2018-09-25", reason="按新程序办")
    assert moved.version == "2018-09-25"


def test_the_story_cannot_be_changed_and_the_trail_holds(people):
    case = opened(people)
    actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    for change in (lambda: case.events.update(text="别的"), lambda: case.events.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    acts = list(AuditEntry.objects.filter(subject=f"case:{case.pk}").values_list("act", flat=True))
    assert acts == ["case.open", "case.note"]
    assert first_broken() is None


def test_a_step_that_is_refused_leaves_nothing(people):
    case = opened(people)
    entries = AuditEntry.objects.count()
    with pytest.raises(LuoshiError, match="意见"):
        actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": " "})
    with pytest.raises(LuoshiError, match="不要"):
        actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "好", "more": 1})
    case.refresh_from_db()
    assert (case.revision, case.events.count(), AuditEntry.objects.count()) == (1, 1, entries)


def test_queries_of_a_step_and_of_a_tick_do_not_grow(people):
    case = opened(people)
    with CaptureQueriesContext(connection) as one:
        actions.act(actor=people["officer"], case=case.pk, step="note", data={"opinion": "相符"})
    assert len(one) <= 22
    CLOCK.set(moment("2018-11-20T09:00"))
    fire(CLOCK.now())

    def cycle(count, begins, ends):
        """Open cases, let reminder, silence and late payment pass, and count the queries of that."""
        CLOCK.set(moment(begins))
        for number in range(count):
            opened(people, subject=f"loan:{begins}:{number}")
        CLOCK.set(moment(ends))
        with CaptureQueriesContext(connection) as asked:
            assert fire(CLOCK.now()) == 3 * count
        return len(asked)

    few, many = cycle(3, "2019-03-01T09:00", "2019-04-01T09:00"), cycle(60, "2019-05-06T09:00", "2019-06-04T09:00")
    assert Case.objects.filter(state="approved").count() == 64
    # Rows go in by the handful (SQLite bounds the values of a statement), never one by one.
    assert many <= few + 10


def test_parties_know_whether_their_case_is_open_and_titles_are_found(people):
    case, title = opened(people), SEARCH_TABLE
    ids = search.newest_matching
    assert ids(title, "测试一号", 5) == ids(title, case.number, 5) == [case.pk]
    actions.act(actor=people["head"], case=case.pk, step="refuse", data={"reason": "不在范围"})
    assert set(case.parties.values_list("is_open", flat=True)) == {False}
    actions.act(actor=people["head"], case=case.pk, step="reopen", data={"reason": "新证据"})
    assert set(case.parties.values_list("is_open", flat=True)) == {True}


def test_who_has_spoken_is_not_asked_again_whatever_happens_in_between():
    first = actor("f", (Role.LEADER, "finance"))
    case = actions.open_case(actor=PROGRAM, procedure="test.votes", title="会签一")
    actions.act(actor=first, case=case.pk, step="sign")
    newer = procedures.version("test.votes", "2018-01-01").model_copy(
        update={"effective_from": datetime.date(2018, 9, 2)}
    )
    procedures.add(newer)
    actions.move(actor=PROGRAM, case=case.pk, version="2018-09-02", reason="按新程序办")
    waiting = CaseParty.objects.filter(case=case, acts=True).order_by("party")
    assert list(waiting.values_list("party", flat=True)) == ["second", "third"]
    # The timer sees the same.
    turn = load([case.pk])[0]
    settle(turn)
    assert [party.party for party in turn.parties if party.acts] == ["second", "third"]


def permit(**more):
    """A permit that wants a contract, and may not be refused after three days."""
    return procedures.add(
        read_procedure(
            {
                "key": "test.permit",
                "title": "测试许可",
                "from": "2018-01-01",
                "parties": {"clerk": {"title": "经办", "organ": "case"}},
                "asks": [{"name": "plan", "title": "方案", "type": "file", "required": False}],
                "states": {
                    "review": {"title": "审查", "status": "in_review"},
                    "done": {"title": "已办", "status": "closed", "ends": True},
                },
                "start": "review",
                "steps": {
                    "grant": {
                        "title": "许可", "from": "review", "to": "done", "by": "clerk", "needs": ["contract"],
                        "asks": [{"name": "contract", "title": "合同", "type": "file", "required": False}],
                    },
                    "refuse": {"title": "不许", "from": "review", "to": "done", "by": "clerk"},
                },
                "limits": {
                    "review": {"title": "审查期限", "within": "3h", "until": ["refuse"], "expiry": {"kind": "block"}}
                },
            }
            | more
        )
    )  # fmt: skip


def test_a_file_is_a_file_of_this_case_and_nothing_else_passes_for_one(people):
    permit()
    clerk = people["applicant"]
    case = actions.open_case(
        actor=clerk, procedure="test.permit", title="一", facts={"plan": ("方案.txt", "四至".encode())}
    )
    assert case.facts == {"plan": "方案.txt"}
    assert [(paper.kind, paper.title, paper.event) for paper in case.papers.all()] == [("plan", "方案", 1)]
    for forged in (4711, "4711", True):
        with pytest.raises(LuoshiError) as refused:
            actions.act(actor=clerk, case=case.pk, step="grant", data={"contract": forged})
        assert "contract" in refused.value.fields["fields"]
    with pytest.raises(LuoshiError) as faulty:
        actions.act(actor=clerk, case=case.pk, step="grant", data={"contract": ("合同.jpg", b"no picture")})
    assert faulty.value.code == "E_FILE"
    with pytest.raises(LuoshiError, match="还缺"):
        actions.act(actor=clerk, case=case.pk, step="grant")
    done = actions.act(actor=clerk, case=case.pk, step="grant", data={"contract": ("合同.txt", "一式两份".encode())})
    assert (done.is_open, done.papers.count()) == (False, 2)


def test_a_limit_that_blocks_says_when_it_ended_in_the_time_of_the_city(people):
    permit()
    case = actions.open_case(actor=people["applicant"], procedure="test.permit", title="一")
    CLOCK.set(moment("2018-09-20T13:01"))
    with pytest.raises(LuoshiError, match="2018-09-20 13:00届满") as late:
        actions.act(actor=people["applicant"], case=case.pk, step="refuse")
    assert late.value.code == "E_EXPIRED"
