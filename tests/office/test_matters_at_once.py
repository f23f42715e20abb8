"""Two people on one matter at the same moment; needs PostgreSQL."""

from __future__ import annotations

import pytest

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties.matter_models import CrossOff, Matter, MatterEvent, ProgressReport
from luoshi.office.duties.schedule import materialise
from luoshi.office.instruments.actions import import_gazette
from tests.office import sample
from tests.office.matters import DONE, clerk, handed_in, moment, proof, pushed, supervisor
from tests.office.test_matter_schedule import ACTOR, duty
from tests.office.test_two_at_once import at_once


@pytest.fixture(autouse=True)
def clock():
    CLOCK.set(moment("2019-10-08T09:00"))
    yield
    CLOCK.release()


def tried(function, **arguments):
    """Return a function that gives what an act came to: `done` or its code."""

    def run() -> str:
        try:
            function(**arguments)
        except LuoshiError as error:
            return error.code
        return "done"

    return run


def test_two_checkers_at_once_one_wins(transactional_db):
    row, one, other = pushed(), supervisor("one"), supervisor("other")
    handed_in(row, clerk())
    version = Matter.objects.get(pk=row.pk).version
    found = at_once(
        tried(work.accept_and_cross_off, actor=one, matter=row.pk, version=version),
        tried(work.return_matter, actor=other, matter=row.pk, reason="不实", version=version),
    )
    assert sorted(found) == ["E_VERSION", "done"]
    check = CrossOff.objects.get()
    assert check.checker_id in (one.user_id, other.user_id)
    assert Matter.objects.get(pk=row.pk).state == ("crossed_off" if check.decision == "accepted" else "returned")
    assert MatterEvent.objects.filter(act__in=["cross_off", "return"]).count() == 1


def test_two_reports_of_one_version_one_is_shown_the_other(transactional_db):
    row, one, other = pushed(), clerk(name="one"), clerk(name="other")
    body = {"matter": row.pk, "percent": 10, "narrative": DONE, "version": 1}
    found = at_once(
        tried(work.report_progress, actor=one, evidence=proof(), **body),
        tried(work.report_progress, actor=other, evidence=proof(), **body),
    )
    assert sorted(found) == ["E_VERSION", "done"]
    assert ProgressReport.objects.count() == 1


def test_a_double_click_files_once(transactional_db):
    row, one = pushed(), clerk()
    body = {"actor": one, "matter": row.pk, "percent": 10, "narrative": DONE, "version": 1, "key": "k"}
    assert at_once(tried(work.report_progress, **body), tried(work.report_progress, **body)) == ["done", "done"]
    assert ProgressReport.objects.count() == 1
    assert AuditEntry.objects.filter(act="matter.report").count() == 1


def test_two_pushes_at_once_are_one_matter(transactional_db):
    at_once(*[lambda: pushed(external_id="H-17").pk] * 2)
    assert Matter.objects.count() == 1
    assert AuditEntry.objects.filter(act="matter.push").count() == 2


def test_two_runs_at_once_make_each_matter_once(transactional_db, monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(duties=[duty(limits=(("every", "monthly", "每月"),))]))
    import_gazette("全文", actor=ACTOR, filename="a.txt")
    Matter.objects.all().delete()
    results = at_once(materialise, materialise)
    assert sorted(found.made > 0 for found in results) == [False, True]
    assert Matter.objects.values("external_id").distinct().count() == Matter.objects.count()
