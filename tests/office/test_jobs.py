"""Jobs: carried out in order, a refusal and a defect are told apart, progress is seen while it runs."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor, Grant
from luoshi.office.audit.models import AuditEntry
from luoshi.office.jobs import liveness
from luoshi.office.jobs.actions import MAX_ATTEMPTS, Progress, enqueue, handler, run_next, stop
from luoshi.office.jobs.models import Job
from luoshi.office.roles import Role

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("测试甲", "test")


def test_jobs_run_oldest_first_with_their_arguments():
    seen = []
    handler("note")(lambda progress, actor, word: seen.append((actor.name, word)))
    for word in "甲乙":
        enqueue("note", actor=ACTOR, arguments={"word": word})
    while run_next():
        pass
    assert seen == [("测试甲", "甲"), ("测试甲", "乙")]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}


def test_refusal_is_kept_with_its_code():
    def refuse(progress, actor):
        raise LuoshiError("E_FILE", "读不出。")

    handler("refuse")(refuse)
    enqueue("refuse", actor=ACTOR, arguments={})
    assert run_next().error == {"code": "E_FILE", "message": "读不出。"}


def test_defect_ends_the_job_and_says_its_number():
    handler("break")(lambda progress, actor: 1 / 0)
    job = enqueue("break", actor=ACTOR, arguments={})
    run_next()
    job.refresh_from_db()
    assert (job.state, job.error["code"]) == ("failed", "E_INTERNAL")
    assert str(job.pk) in job.error["message"]


def test_progress_is_seen_at_once_even_inside_a_transaction():
    seen = []

    def work(progress, actor):
        progress("storing", 3, 10)
        seen.append(Progress.of(Job.objects.get()))

    handler("work")(work)
    enqueue("work", actor=ACTOR, arguments={})
    job = run_next()
    assert seen == [("storing", 3, 10)]
    assert Progress.of(job) == ("", 0, 0)


def test_job_lost_by_a_stopped_process_is_taken_up_again():
    handler("again")(lambda progress, actor: "done")
    job = enqueue("again", actor=ACTOR, arguments={})
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    Job.objects.update(state="running", seen_at=long_ago, started_at=long_ago)
    run_next()
    job.refresh_from_db()
    assert job.state == "done"


def lose(job, **values):
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    Job.objects.filter(pk=job.pk).update(state="running", seen_at=long_ago, started_at=long_ago, **values)


def test_job_that_was_lost_too_often_is_not_begun_again():
    done = []
    handler("deadly")(lambda progress, actor: done.append(1))
    job = enqueue("deadly", actor=ACTOR, arguments={})
    lose(job, attempts=MAX_ATTEMPTS)
    assert run_next() is None
    job.refresh_from_db()
    assert (job.state, done) == ("failed", [])


def test_job_is_not_lost_while_its_process_lives():
    told = []

    def work(progress, actor):
        row = Job.objects.get()
        told.append((row.state, liveness.lost(row), run_next()))

    handler("living")(work)
    enqueue("living", actor=ACTOR, arguments={})
    run_next()
    assert told == [("running", False, None)]


def test_result_of_a_run_that_was_taken_over_is_not_kept():
    handler("taken")(lambda progress, actor: Job.objects.update(worker="another") and "mine")
    job = enqueue("taken", actor=ACTOR, arguments={})
    run_next()
    job.refresh_from_db()
    assert (job.state, job.result) == ("running", None)


def test_asker_needs_the_permission_of_the_kind_and_stays_the_hand():
    hands = []
    handler("guarded", "audit.verify")(lambda progress, actor: hands.append((actor.name, actor.hands, actor.for_name)))
    clerk = Actor("测试乙", "web", user_id=5, grants=(Grant(Role.CLERK, "finance"),))
    with pytest.raises(LuoshiError) as refused:
        enqueue("guarded", actor=clerk, arguments={})
    assert refused.value.code == "E_FORBIDDEN"
    auditor = Actor(
        "测试丙", "web", user_id=6, grants=(Grant(Role.AUDITOR, "audit-office"),), for_id=8, for_name="测试丁"
    )
    enqueue("guarded", actor=auditor, arguments={})
    run_next()
    assert hands == [("测试丙", {6, 8}, "测试丁")]


def test_waiting_job_is_stopped_at_once():
    handler("wait")(lambda progress, actor: 1 / 0)
    job = stop(actor=ACTOR, job_id=enqueue("wait", actor=ACTOR, arguments={}).pk)
    assert (job.state, run_next()) == ("cancelled", None)
    assert AuditEntry.objects.get(act="job.stop").after == {"state": "cancelled", "stop_asked_by": "测试甲"}
    with pytest.raises(LuoshiError) as refused:
        stop(actor=ACTOR, job_id=job.pk)
    assert refused.value.code == "E_STATE"


def test_running_job_is_stopped_at_its_next_report_and_leaves_nothing():
    from django.db import transaction

    def work(progress, actor):
        with transaction.atomic():
            enqueue("never", actor=ACTOR, arguments={})
            stop(actor=ACTOR, job_id=Job.objects.get(kind="stoppable").pk)
            progress("storing", 1, 2)

    handler("stoppable")(work)
    enqueue("stoppable", actor=ACTOR, arguments={})
    job = run_next()
    assert (job.state, Job.objects.count()) == ("cancelled", 1)


def test_only_asker_and_administrator_may_stop():
    job = enqueue("again", actor=Actor("测试乙", "web", user_id=5), arguments={})
    other = Actor("测试丙", "web", user_id=6, grants=(Grant(Role.CLERK, "finance"),))
    with pytest.raises(LuoshiError) as refused:
        stop(actor=other, job_id=job.pk)
    assert refused.value.code == "E_FORBIDDEN"
    administrator = Actor("测试丁", "web", user_id=7, grants=(Grant(Role.ADMINISTRATOR, "government-office"),))
    assert stop(actor=administrator, job_id=job.pk).state == "cancelled"
