"""Two at the same moment: appends follow each other in one chain, a repeated write is done once. PostgreSQL."""

from __future__ import annotations

from django.db import transaction

from luoshi.office.actors import Actor
from luoshi.office.audit import proof
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry
from luoshi.office.messages.actions import tell
from luoshi.office.messages.models import Message
from luoshi.office.repetition import Answer, once
from tests.office.people import person
from tests.office.test_two_at_once import at_once

ACTOR = Actor.system("测试甲", "test")


def test_appends_at_once_make_one_chain(transactional_db, settings, tmp_path):
    settings.DATA_DIR = tmp_path

    def write():
        for number in range(20):
            with transaction.atomic():
                append(actor=ACTOR, act="test.act", subject=f"x:{number}")

    at_once(*[write] * 4)
    assert AuditEntry.objects.count() == 80
    assert proof.verify().whole


def test_write_repeated_at_once_is_done_once(transactional_db):
    def write():
        def function():
            append(actor=ACTOR, act="test.act", subject="x:1")
            return Answer(201, b"first")

        return once(actor=ACTOR, key="k", body_digest="b", function=function).repeated

    assert sorted(at_once(*[write] * 4)) == [False, True, True, True]
    assert AuditEntry.objects.count() == 1


def test_person_told_at_once_is_told_once(transactional_db):
    user = person("a")
    at_once(*[lambda: tell(key="k", users=[user.pk], kind="k", text="t", href="/desk")] * 4)
    assert Message.objects.count() == 1
