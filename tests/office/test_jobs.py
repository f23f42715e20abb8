"""Jobs: carried out in order, a refusal and a defect are told apart, progress is seen while it runs."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.jobs.actions import Progress, enqueue, handler, run_next
from luoshi.office.jobs.models import Job

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
