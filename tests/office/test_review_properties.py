"""Whatever is decided, a later import of the same or of edited words loses no correction."""

from __future__ import annotations

import copy
from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.gazette import records as r
from luoshi.office.actors import Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments import queries, review_actions, review_queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import ReviewRecord
from luoshi.office.instruments.review_actions import Tick
from luoshi.office.instruments.review_readings import anchor_of
from luoshi.office.roles import Role
from tests.office import sample
from tests.office.people import OFFICE, actor

pytestmark = pytest.mark.django_db
PROGRAM = Actor.system("测试程序", "test")
KEY = sample.NUMBER
WORDS = ("修补长椅", "清理水沟", "登记路灯", "公布名单", "巡查堤坝", "补种行道树")

texts = st.text(alphabet="甲乙丙丁，。 \n（）12", min_size=1, max_size=20)
actions = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5)
decisions = st.lists(st.sampled_from(("confirmed", "changed", "excluded", "split", "doubtful")), min_size=5, max_size=5)
edits = st.lists(st.sampled_from(("keep", "edit", "drop", "move")), min_size=5, max_size=5)


@given(texts, texts, st.sampled_from(("duty", "limit")), st.integers(0, 3))
def test_an_anchor_depends_on_the_words_and_not_on_blanks_or_stops(clause, words, kind, ordinal):
    anchor = anchor_of(clause, kind, words, ordinal)
    spaced = " ".join(words) + "。\n"
    assert anchor == anchor_of(clause, kind, spaced, ordinal)
    assert anchor != anchor_of(clause, kind, words + "戊", ordinal)
    assert anchor != anchor_of(clause, kind, words, ordinal + 1)
    assert anchor != anchor_of(clause, "target", words, ordinal)


@contextmanager
def emptied():
    """Let each example begin with the same empty library."""
    with transaction.atomic():
        try:
            yield
        finally:
            transaction.set_rollback(True)


def document(words, text):
    item = sample.instrument(text=text)
    item.targets = []
    item.clauses = [
        r.Clause("一", "一", "cn", "总要求", text, 10, 40),
        r.Clause("二", "二", "cn", "其他", "另有。", 40, 60),
    ]
    item.duties = [
        sample.duty(action=f"{word}，由第{n}组办理。", lead=(f"市{word[:1]}局",)) for n, word in enumerate(words)
    ]
    return item


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(actions, decisions, edits, st.booleans())
def test_no_correction_is_lost_by_a_later_import(words, wanted, changes, confirmed):
    with pytest.MonkeyPatch.context() as patch, emptied():
        first, second = actor("甲", (Role.ARCHIVIST, OFFICE)), actor("乙", (Role.ARCHIVIST, OFFICE))
        old = document(words, "第一版条文。")
        sample.compiled(patch, old, warnings=0)
        import_gazette("第一版", actor=PROGRAM, filename="一.txt")
        duties = [one for one in review_queries.items(queries.instrument(KEY)) if one.kind == "duty"]
        for one, decision in zip(duties, wanted, strict=False):
            _decide(first, one, decision)
        if confirmed:
            waiting = [
                Tick(one.anchor, one.version)
                for one in review_queries.to_confirm(review_queries.items(queries.instrument(KEY)))
                if one.decision != "doubtful"
            ]
            if waiting:
                review_actions.confirm(actor=second, key=KEY, ticks=waiting)
        before = {record.pk: (record.decision, record.content) for record in ReviewRecord.objects.all()}
        new = copy.deepcopy(old)
        new.clauses[0].text = "第二版条文。"
        _edit(new, changes)
        sample.compiled(patch, new, warnings=0)
        import_gazette("第二版", actor=PROGRAM, filename="二.txt")

        assert {record.pk: (record.decision, record.content) for record in ReviewRecord.objects.all()} == before
        shown = review_queries.items(queries.instrument(KEY))
        assert len({one.anchor for one in shown}) == len(shown)
        held = {one.record.pk: one for one in shown if one.record is not None}
        for pk, (decision, _content) in before.items():
            if decision != "confirmed":
                assert pk in held
        kept = [one for one in shown if one.kind == "duty" and one.reading and not one.conflict and one.decision]
        for one in kept:
            rows = Duty.objects.filter(instrument=queries.instrument(KEY), is_current=True)
            if confirmed and one.decision == "changed":
                assert rows.filter(summary=one.content["summary"]).exists()
            if confirmed and one.decision == "excluded":
                assert not rows.filter(pk=one.reading.row).exists()
            if confirmed and one.decision == "split":
                assert rows.filter(summary__in=[part["summary"] for part in one.content]).count() >= 2


def _decide(by, one, decision):
    content = {name: value for name, value in one.original.items() if name != "limits"}
    said = None
    if decision == "changed":
        said = content | {"summary": f"改{one.anchor[:4]}"}
    if decision == "split":
        said = [content | {"summary": f"甲{one.anchor[:4]}"}, content | {"summary": f"乙{one.anchor[:4]}"}]
    review_actions.decide(
        actor=by, key=KEY, anchor=one.anchor, decision=decision, version=one.version, content=said
    )  # fmt: skip


def _edit(item, changes):
    kept = []
    for duty, change in zip(item.duties, changes, strict=False):
        if change == "edit":
            duty.action = duty.action.replace("办理", "从速办理")
        if change == "move":
            duty.clause = "二"
        if change != "drop":
            kept.append(duty)
    item.duties = kept
