"""Two writers at the same moment, each with a connection of his own."""

from __future__ import annotations

import threading

from django.db import connections

from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.audit.proof import first_broken
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Instrument
from luoshi.office.jobs.actions import enqueue, handler, run_next
from luoshi.office.jobs.models import Job
from tests.office import sample

ACTOR = Actor.system("测试甲", "test")


def at_once(*functions):
    """Run the functions at the same moment and return their results."""
    barrier, results = threading.Barrier(len(functions)), []

    def run(function):
        try:
            barrier.wait(60)
            results.append(function())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(function,)) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def test_two_imports_of_one_file_store_it_once(transactional_db, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    results = at_once(*[lambda: import_gazette("全文", actor=ACTOR, filename="a.txt").status] * 2)
    assert sorted(results) == ["imported", "unchanged"]
    assert Instrument.objects.count() == 1


def test_two_files_with_one_number_make_two_versions_in_turn(transactional_db, monkeypatch):
    def compiled(text):
        return sample.compilation(sample.instrument(text=text))

    monkeypatch.setattr("luoshi.office.instruments.plan.compile_for_library", compiled)
    texts = ("第一种条文。", "第二种条文。", "第三种条文。")
    at_once(*[lambda text=text: import_gazette(text, actor=ACTOR, filename="a.txt") for text in texts])
    assert sorted(Instrument.objects.values_list("version", "is_current")) == [(1, False), (2, False), (3, True)]
    assert AuditEntry.objects.count() == 3
    assert first_broken() is None


def test_two_workers_carry_out_a_job_once(transactional_db):
    done = []
    handler("once")(lambda progress, actor: done.append(1))
    enqueue("once", actor=ACTOR, arguments={})
    at_once(run_next, run_next)
    assert done == [1]
    assert Job.objects.get().state == "done"
