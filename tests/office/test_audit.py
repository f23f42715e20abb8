"""The audit trail: appended only, chained, and a change is found."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.audit.chain import GENESIS
from luoshi.office.audit.models import AuditEntry
from luoshi.office.audit.proof import first_broken

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
