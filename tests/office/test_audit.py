"""The audit trail: appended only, chained, and a change is found."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from luoshi.office.actors import Actor
from luoshi.office.audit.actions import GENESIS, append, digest_of, first_broken
from luoshi.office.audit.models import AuditEntry

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("测试甲", "test")


def three():
    with transaction.atomic():
        return [
            append(actor=ACTOR, act="test.act", subject=f"thing:{n}", before=None, after={"数": n}) for n in range(3)
        ]


def test_entries_form_a_chain_that_holds():
    entries = three()
    assert [entry.previous for entry in entries] == [GENESIS, entries[0].digest, entries[1].digest]
    assert first_broken() is None


@pytest.mark.parametrize("statement", ["UPDATE audit_auditentry SET who = 'x'", "DELETE FROM audit_auditentry"])
def test_database_refuses_change_and_removal(statement):
    three()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.filter(who="测试甲").count() == 3


def test_forged_entry_is_found():
    entries = three()
    forged = AuditEntry(
        at=entries[2].at, who="测试乙", via="test", act="test.act", subject="thing:9", result="done", previous=GENESIS
    )
    forged.digest = digest_of(forged)
    forged.save()
    assert first_broken() == forged


def test_digest_depends_on_every_field():
    entry = three()[1]
    changed = {
        "who": "乙",
        "via": "y",
        "act": "z",
        "subject": "s",
        "result": "r",
        "previous": "p",
        "before": 1,
        "after": 0,
    }
    for field, value in changed.items():
        was = getattr(entry, field)
        setattr(entry, field, value)
        assert digest_of(entry) != entry.digest, field
        setattr(entry, field, was)
