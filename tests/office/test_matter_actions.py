"""Work on matters: every act, its refusals, what it leaves behind; spec supervision 5-7, 12, 14."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, connection, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import CrossOff, Evidence, Matter, MatterEvent, MatterOrgan, ProgressReport
from luoshi.office.messages.models import Message
from luoshi.office.roles import Role
from tests.office.matters import DONE, PROGRAM, clerk, handed_in, moment, proof, pushed, reported, supervisor
from tests.office.people import actor, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(moment("2019-10-08T09:00"))
    yield
    CLOCK.release()


def refused(code: str, function, **arguments) -> LuoshiError:
    with pytest.raises(LuoshiError) as caught:
        function(**arguments)
    assert caught.value.code == code, caught.value
    return caught.value


def test_a_matter_is_reported_handed_in_and_crossed_off():
    matter, clerk_, sup = pushed(), clerk(), supervisor()
    report = work.report_progress(
        actor=clerk_, matter=matter.pk, percent="40.5", narrative=DONE, version=1, evidence=proof()
    )
    matter.refresh_from_db()
    assert (matter.state, matter.percent_bp, matter.version, matter.holder_id) == (
        "in_progress",
        4050,
        2,
        clerk_.user_id,
    )
    assert (report.period, report.version, report.organ) == ("2019-10", 1, "finance")
    second = reported(matter, clerk_)
    report.refresh_from_db()
    assert (report.state, second.state, second.version) == ("superseded", "filed", 2)
    check = work.submit_for_check(actor=clerk_, matter=matter.pk, version=3)
    assert {one["digest"] for one in check.snapshot} == set(Evidence.objects.values_list("digest", flat=True))
    CLOCK.set(moment("2019-10-16T09:00"))
    done = work.accept_and_cross_off(actor=sup, matter=matter.pk, version=4)
    matter.refresh_from_db()
    second.refresh_from_db()
    assert (done.decision, done.late, done.late_wd, second.state) == ("accepted", False, 0, "accepted")
    assert (matter.state, matter.is_open, matter.completed_late) == ("crossed_off", False, False)
    assert matter.completed_at == check.submitted_at
    assert matter.crossed_off_at == CLOCK.now()
    acts = list(MatterEvent.objects.filter(matter=matter).order_by("id").values_list("act", flat=True))
    assert acts == ["push", "report", "report", "submit", "cross_off"]
    assert AuditEntry.objects.filter(act="matter.cross_off", subject=f"matter:{matter.pk}").count() == 1
    assert MatterOrgan.objects.filter(matter=matter, is_open=True).count() == 0


@pytest.mark.parametrize(
    ("at", "late", "late_wd"),
    [("2019-04-26T23:59:59", False, 0), ("2019-04-27T00:00:00", True, 0), ("2019-05-07T10:00", True, 6)],
)
def test_lateness_is_judged_by_the_moment_of_receipt(at, late, late_wd):
    # Worked example 10 of supervision.md.
    CLOCK.set(moment("2019-04-10T09:00"))
    matter = pushed(due="2019-04-26")
    CLOCK.set(moment(at))
    handed_in(matter, clerk())
    CLOCK.set(moment("2019-05-08T09:00"))
    check = work.accept_and_cross_off(actor=supervisor(), matter=matter.pk)
    assert (check.late, check.late_wd) == (late, late_wd)


@pytest.mark.parametrize(("formal", "late", "late_wd"), [(False, True, 6), (True, False, 0)])
def test_a_return_for_form_only_keeps_the_first_receipt(formal, late, late_wd):
    CLOCK.set(moment("2019-04-10T09:00"))
    matter, clerk_, sup = pushed(due="2019-04-26"), clerk(), supervisor()
    CLOCK.set(moment("2019-04-25T09:00"))
    handed_in(matter, clerk_)
    CLOCK.set(moment("2019-05-06T09:00"))
    work.return_matter(actor=sup, matter=matter.pk, reason="缺章", formal=formal)
    CLOCK.set(moment("2019-05-07T09:00"))
    handed_in(matter, clerk_)
    CLOCK.set(moment("2019-05-08T09:00"))
    check = work.accept_and_cross_off(actor=sup, matter=matter.pk)
    assert (check.late, check.late_wd) == (late, late_wd)


def test_a_return_before_reopening_does_not_excuse_the_next_submission():
    matter, clerk_, sup = pushed(), clerk(), supervisor()
    handed_in(matter, clerk_)
    work.return_matter(actor=sup, matter=matter.pk, reason="缺章", formal=True)
    handed_in(matter, clerk_)
    work.accept_and_cross_off(actor=sup, matter=matter.pk)
    CLOCK.set(moment("2019-11-01T09:00"))
    work.reopen(actor=sup, matter=matter.pk, reason="抽查不实")
    matter.refresh_from_db()
    assert (matter.state, matter.is_open, matter.crossed_off_at) == ("in_progress", True, None)
    handed_in(matter, clerk_)
    check = work.accept_and_cross_off(actor=sup, matter=matter.pk)
    assert check.late is True


def test_a_target_is_judged_by_its_exact_value():
    # Worked example 5: 4,999 of 5,000 is 99.98 %, not reached.
    matter, clerk_ = pushed(target_value=5000, target_unit="人次"), clerk()
    work.report_progress(actor=clerk_, matter=matter.pk, value=4999, narrative=DONE, evidence=proof())
    matter.refresh_from_db()
    assert matter.percent_bp == 9998
    error = refused("E_INCOMPLETE", work.submit_for_check, actor=clerk_, matter=matter.pk)
    assert error.fields["missing"] == ["完成99.98%，没有达到目标"]
    work.report_progress(actor=clerk_, matter=matter.pk, value=5000, narrative=DONE)
    work.submit_for_check(actor=clerk_, matter=matter.pk)
    assert work.accept_and_cross_off(actor=supervisor(), matter=matter.pk).decision == "accepted"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"narrative": "太短", "percent": 10}, "E_INPUT"),
        ({"narrative": "字" * 2001, "percent": 10}, "E_INPUT"),
        ({}, "E_INPUT"),
        ({"percent": 101}, "E_INPUT"),
        ({"percent": "12.345"}, "E_INPUT"),
        ({"percent": "NaN"}, "E_INPUT"),
        ({"value": 3}, "E_INPUT"),
        ({"percent": 10, "value": -1}, "E_INPUT"),
        ({"percent": 10, "period": "2019-11"}, "E_FUTURE"),
        ({"percent": 10, "period": "2019-Q5"}, "E_INPUT"),
        ({"percent": 10, "help_from": "no-such-organ"}, "E_INPUT"),
        ({"percent": 10, "evidence": [("a.txt", b"")]}, "E_FILE"),
        ({"percent": 10, "evidence": [("a.pdf", b"not a pdf at all")]}, "E_FILE"),
        ({"percent": 10, "version": 7}, "E_VERSION"),
    ],
)
def test_what_is_wrong_with_a_report_is_said_and_nothing_is_kept(more, code):
    matter = pushed()
    refused(code, work.report_progress, **({"actor": clerk(), "matter": matter.pk, "narrative": DONE} | more))
    assert not ProgressReport.objects.exists()
    assert Matter.objects.get(pk=matter.pk).version == 1


def test_a_smaller_or_a_far_too_large_value_asks_for_a_reason():
    matter, clerk_ = pushed(target_value=10), clerk()
    reported(matter, clerk_, percent=None, value=8)
    for value in (7, 16):
        refused("E_IMPLAUSIBLE", work.report_progress, actor=clerk_, matter=matter.pk, value=value, narrative=DONE)
    work.report_progress(actor=clerk_, matter=matter.pk, value=7, narrative=DONE, reason="上次多计1处")
    matter.refresh_from_db()
    assert matter.percent_bp == 7000


def test_a_file_used_elsewhere_needs_a_reason_and_is_marked():
    one, other, clerk_ = pushed(), pushed(), clerk()
    same = [("表.txt", "同一份".encode())]
    reported(one, clerk_, evidence=same)
    error = refused(
        "E_DUPLICATE", work.report_progress, actor=clerk_, matter=other.pk, percent=9, narrative=DONE, evidence=same
    )
    assert error.fields["matter"] == one.pk
    report = work.report_progress(
        actor=clerk_, matter=other.pk, percent=9, narrative=DONE, evidence=same, reason="两项合并验收"
    )
    assert report.evidence.get().reused_from_id == one.pk


def test_nothing_is_handed_in_without_report_and_evidence():
    matter, clerk_ = pushed(), clerk()
    error = refused("E_INCOMPLETE", work.submit_for_check, actor=clerk_, matter=matter.pk)
    assert error.fields["missing"] == ["没有填报进展，请先填报", "没有证据，请上传文件"]


def test_the_same_key_gives_the_first_answer_and_another_body_is_a_conflict():
    matter, clerk_ = pushed(), clerk()
    body = {"actor": clerk_, "matter": matter.pk, "percent": 10, "narrative": DONE, "key": "k1", "version": 1}
    first = work.report_progress(**body)
    assert work.report_progress(**body).pk == first.pk
    refused("E_CONFLICT", work.report_progress, **(body | {"percent": 11}))
    assert ProgressReport.objects.count() == 1
    assert MatterEvent.objects.filter(matter=matter, act="report").count() == 1
    # Another person's key of the same name is another key.
    other = clerk(name="clerk2")
    assert work.report_progress(**(body | {"actor": other, "version": None})).pk != first.pk


def test_a_stale_version_shows_both():
    matter = pushed()
    reported(matter, clerk())
    error = refused(
        "E_VERSION", work.report_progress, actor=clerk(name="b"), matter=matter.pk, percent=1, narrative=DONE, version=1
    )
    assert (error.fields["yours"], error.fields["now"]) == (1, 2)
    assert error.fields["matter"]["percent_bp"] == 10000


def test_the_hand_that_reported_never_checks():
    matter = pushed()
    both = actor("both", (Role.CLERK, "finance"), (Role.SUPERVISOR, "party-office"))
    handed_in(matter, both)
    refused("E_SELF", work.accept_and_cross_off, actor=both, matter=matter.pk)
    refused("E_SELF", work.return_matter, actor=both, matter=matter.pk, reason="不实")
    refused("E_SELF", work.accept_and_cross_off, actor=PROGRAM, matter=matter.pk)


def test_a_checker_is_not_of_an_organ_that_owes_it():
    matter = pushed(organ="finance", co_leads=["housing-construction"])
    handed_in(matter, clerk())
    refused("E_SELF", work.accept_and_cross_off, actor=supervisor("s1", "finance"), matter=matter.pk)
    refused("E_SELF", work.accept_and_cross_off, actor=supervisor("s2", "housing-construction"), matter=matter.pk)
    assert work.accept_and_cross_off(actor=supervisor(), matter=matter.pk).checker_organ == "government-office"


def test_who_acts_for_the_reporter_does_not_check_either():
    matter, clerk_ = pushed(), clerk()
    handed_in(matter, clerk_)
    from dataclasses import replace

    deputy = replace(supervisor(), for_id=clerk_.user_id, for_name=clerk_.name)
    refused("E_SELF", work.accept_and_cross_off, actor=deputy, matter=matter.pk)


def test_the_database_itself_refuses_a_check_by_the_reporter():
    matter, clerk_ = pushed(), clerk()
    check = handed_in(matter, clerk_)
    check.decision, check.decided_at, check.checker_id, check.checker_organ = (
        "accepted",
        CLOCK.now(),
        clerk_.user_id,
        "x",
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        check.save()


@pytest.mark.parametrize(
    "change",
    [
        {"percent_bp": 10001},
        {"state": "lost"},
        {"state": "crossed_off", "is_open": False},
        {"is_open": False},
        {"crossed_off_at": datetime.datetime(2019, 1, 1, tzinfo=datetime.UTC)},
        {"due_sort": datetime.date(2019, 1, 1)},
        {"start": datetime.date(2020, 1, 1)},
        {"title": ""},
        {"version": 0},
        {"provisional": True},
    ],
)
def test_the_database_refuses_what_must_never_be(change):
    matter = pushed()
    with pytest.raises(IntegrityError), transaction.atomic():
        Matter.objects.filter(pk=matter.pk).update(**change)


def test_the_history_cannot_be_changed_or_removed():
    pushed()
    for statement in ("UPDATE duties_matterevent SET text = 'x'", "DELETE FROM duties_matterevent"):
        with pytest.raises(Exception, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_second_push_updates_and_each_is_an_audit_entry():
    # Worked example 15: one matter, two audit entries.
    first = pushed(external_id="H-17")
    again = pushed(external_id="H-17", due="2019-12-01", title="修补长椅（改期）")
    assert (first.pk, Matter.objects.count()) == (again.pk, 1)
    assert (again.due_on, again.title) == (datetime.date(2019, 12, 1), "修补长椅（改期）")
    assert AuditEntry.objects.filter(act="matter.push", subject=f"matter:{first.pk}").count() == 2


@pytest.mark.parametrize(
    "more",
    [
        {"module": "duties"}, {"module": "Heating"}, {"external_id": ""}, {"external_id": " x"}, {"kind": "x"},
        {"title": " "}, {"organ": "nobody"}, {"due_time": datetime.time(15)}, {"start": datetime.date(2030, 1, 1)},
    ],
)  # fmt: skip
def test_a_push_says_what_is_wrong(more):
    body = {"module": "heating", "external_id": "1", "kind": "meeting", "title": "事", "organ": "finance"}
    if "start" in more:
        body["due_on"] = datetime.date(2029, 1, 1)
    refused("E_INPUT", push_matter, actor=PROGRAM, **(body | more))


def test_a_pause_takes_out_the_days_after_it_began():
    CLOCK.set(moment("2019-10-08T09:00"))
    matter, sup = pushed(due="2019-10-14"), supervisor()
    refused("E_INPUT", steps.pause, actor=sup, matter=matter.pk, kind="holiday", reason="休假")
    steps.pause(actor=sup, matter=matter.pk, kind="superior", reason="等市里批复")
    matter.refresh_from_db()
    assert (matter.state, matter.late_on.year) == ("paused", 9999)
    refused("E_STATE", work.report_progress, actor=clerk(), matter=matter.pk, percent=1, narrative=DONE)
    CLOCK.set(moment("2019-10-18T09:00"))
    steps.resume(actor=sup, matter=matter.pk)
    matter.refresh_from_db()
    assert (matter.state, matter.due_on) == ("open", datetime.date(2019, 10, 24))


def test_a_pause_is_recorded_before_the_limit_ends():
    matter, sup = pushed(), supervisor()
    CLOCK.set(moment("2019-10-15T00:00"))
    refused("E_EXPIRED", steps.pause, actor=sup, matter=matter.pk, kind="superior", reason="等市里批复")


@pytest.mark.parametrize(
    ("asked", "until", "code"),
    [
        ("2019-06-30T20:00", "2019-08-29", None),
        ("2019-06-30T20:00", "2019-08-30", "E_RULE"),
        ("2019-07-01T00:00", "2019-08-29", "E_EXPIRED"),
        ("2019-06-30T20:00", "2019-06-30", "E_INPUT"),
    ],
)
def test_an_extension_is_asked_in_time_and_not_too_far(asked, until, code):
    # Worked example 11.
    CLOCK.set(moment("2019-06-01T09:00"))
    matter, clerk_, sup = pushed(due="2019-06-30"), clerk(), supervisor()
    CLOCK.set(moment(asked))
    body = {"actor": clerk_, "matter": matter.pk, "new_due": datetime.date.fromisoformat(until), "reason": "汛期停工"}
    if code:
        refused(code, steps.ask_extension, **body)
        return
    steps.ask_extension(**body)
    refused("E_DUPLICATE", steps.ask_extension, **body)
    CLOCK.set(moment("2019-07-03T09:00"))
    steps.decide_extension(actor=sup, matter=matter.pk, grant=True)
    matter.refresh_from_db()
    assert matter.due_on == datetime.date.fromisoformat(until)
    refused("E_RULE", steps.ask_extension, **(body | {"new_due": datetime.date(2019, 9, 20)}))


def test_who_asks_for_more_time_does_not_grant_it():
    matter = pushed()
    both = actor("both", (Role.CLERK, "finance"), (Role.SUPERVISOR, "party-office"))
    steps.ask_extension(actor=both, matter=matter.pk, new_due=datetime.date(2019, 10, 20), reason="等批复")
    refused("E_SELF", steps.decide_extension, actor=both, matter=matter.pk, grant=True)
    refused("E_INPUT", steps.decide_extension, actor=supervisor(), matter=matter.pk, grant=False)


def test_a_matter_is_given_to_a_person_of_the_organ_only():
    matter, head = pushed(), actor("head", (Role.LEADER, "finance"))
    own, other = person("own", (Role.CLERK, "finance")), person("other", (Role.CLERK, "housing-construction"))
    refused("E_INPUT", steps.assign, actor=head, matter=matter.pk, user=other.pk)
    CLOCK.set(moment("2019-10-09T11:00"))
    steps.assign(actor=head, matter=matter.pk, user=own.pk)
    matter.refresh_from_db()
    assert (matter.holder_id, matter.handed_at, matter.worked) == (own.pk, CLOCK.now(), True)
    assert [row.user_id for row in steps.candidates(matter)] == [head.user_id, own.pk]
    assert Message.objects.filter(user=own, text__startswith="交您办理").count() == 1


def test_a_reminder_is_counted_and_upsets_no_form():
    matter, sup = pushed(), supervisor()
    clerk_ = clerk()
    steps.remind(actor=sup, matter=matter.pk, text="请本周内报送")
    steps.remind(actor=sup, matter=matter.pk)
    matter.refresh_from_db()
    assert (matter.reminders, matter.version) == (2, 1)
    assert Message.objects.filter(user=clerk_.user_id, kind="remind").count() == 2


def test_what_one_may_not_see_answers_like_what_is_not_there():
    matter = pushed()
    stranger = clerk("housing-construction")
    seen = refused("E_NOT_FOUND", work.report_progress, actor=stranger, matter=matter.pk, percent=1, narrative=DONE)
    absent = refused("E_NOT_FOUND", work.report_progress, actor=stranger, matter=10**9, percent=1, narrative=DONE)
    assert seen.message.replace(str(matter.pk), "") == absent.message.replace(str(10**9), "")
    helper = pushed(cooperating=["housing-construction"])
    refused("E_FORBIDDEN", work.report_progress, actor=stranger, matter=helper.pk, percent=1, narrative=DONE)


def test_an_audit_trail_that_cannot_be_written_undoes_the_act(monkeypatch):
    matter = pushed()

    def broken(**_more):
        raise RuntimeError("full")

    monkeypatch.setattr("luoshi.office.duties.acts.append", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        reported(matter, clerk())
    assert not ProgressReport.objects.exists()
    assert CrossOff.objects.count() == 0
