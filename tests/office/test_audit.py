"""The audit trail: appended only, chained, and a change is found."""

from __future__ import annotations

import datetime
import hashlib
import json

import pytest
from django.db import DatabaseError, connection, transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor, Grant
from luoshi.office.audit import refusals
from luoshi.office.audit.actions import append, digest_of, read_sensitive
from luoshi.office.audit.chain import COLUMNS, GENESIS
from luoshi.office.audit.models import AuditEntry, AuditHead
from luoshi.office.roles import Role

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("测试甲", "test")


@pytest.fixture
def clock():
    CLOCK.set(datetime.datetime(2019, 3, 1, 9, 30, 15, 250, tzinfo=SHANGHAI))
    yield CLOCK
    CLOCK.release()


def some(count=3, **rest):
    with transaction.atomic():
        return [
            append(actor=ACTOR, act="test.act", subject=f"thing:{n}", before=None, after={"数": n}, **rest)
            for n in range(count)
        ]


def test_entries_form_a_chain_in_each_stream():
    entries = some()
    other = some(2, stream="access")
    assert [entry.previous for entry in entries] == [GENESIS, entries[0].digest, entries[1].digest]
    assert [(entry.stream, entry.position) for entry in other] == [("access", 1), ("access", 2)]
    heads = {head.stream: (head.position, head.digest) for head in AuditHead.objects.all()}
    assert heads == {"office": (3, entries[2].digest), "access": (2, other[1].digest)}


def test_entry_says_who_as_what_for_whom_and_why(clock):
    actor = Actor(
        "测试乙",
        "web",
        user_id=7,
        grants=(Grant(Role.CLERK, "finance"), Grant(Role.AUDITOR, "audit-office")),
        for_id=9,
        for_name="测试丙",
        request_id="abcd1234",
    )
    entry = append(actor=actor, act="audit.see", subject="x:1", purpose="抽查", basis="乳政办发〔2018〕2号 三")
    entry.refresh_from_db()
    # The role is the one whose permission allows the act, not the first that is held.
    told = (entry.who, entry.user_id, entry.role, entry.organ, entry.for_id, entry.for_name, entry.request_id)
    assert told == ("测试乙", 7, "auditor", "audit-office", 9, "测试丙", "abcd1234")
    assert (entry.purpose, entry.basis, entry.at) == ("抽查", "乳政办发〔2018〕2号 三", clock.now())


@pytest.mark.parametrize("table", ["audit_auditentry", "audit_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET digest = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_database_refuses_change_and_removal(table, statement):
    from luoshi.office.audit.seals import seal_day

    some()
    seal_day(CLOCK.today())
    if statement.startswith("TRUNCATE") and connection.vendor == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert AuditEntry.objects.filter(who="测试甲").count() == 3


def test_two_entries_cannot_take_one_position():
    entry = some(1)[0]
    entry.pk = None
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.save(force_insert=True)


def test_digest_depends_on_every_column(clock):
    entry = some()[1]
    for name in COLUMNS:
        was = getattr(entry, name)
        other = {int: 99, datetime.datetime: datetime.datetime(2000, 1, 1, tzinfo=SHANGHAI)}.get(type(was), "另")
        setattr(entry, name, other)
        assert digest_of(entry) != entry.digest, name
        setattr(entry, name, was)
    hashed = {*COLUMNS, "id", "version", "digest"}
    assert hashed == {field.column for field in AuditEntry._meta.concrete_fields}


def test_digest_is_the_documented_one(clock):
    entry = some(1)[0]
    at = "2019-03-01 01:30:15.000250"
    content = ["office", 1, GENESIS, at, at, "测试甲", None, "", "", None, "", "test", "test.act", "thing:0"]
    content += [None, '{"数":0}', "", "", "", "", "done"]
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    assert entry.digest == hashlib.new("sm3", b"\x02" + text.encode()).hexdigest()


def test_clock_put_back_does_not_put_the_trail_back(clock):
    first = append(actor=ACTOR, act="test.act", subject="x:1")
    clock.set(datetime.datetime(2018, 1, 1, tzinfo=SHANGHAI))
    second = append(actor=ACTOR, act="test.act", subject="x:2")
    assert second.received_at == first.received_at
    assert second.at == clock.now()


def test_act_fails_when_the_trail_cannot_be_written(monkeypatch):
    from luoshi.office.files.actions import keep
    from luoshi.office.files.models import StoredFile

    def full(*args, **kwargs):
        raise DatabaseError("disk full")

    monkeypatch.setattr(type(AuditEntry.objects), "bulk_create", full)
    with pytest.raises(DatabaseError), transaction.atomic():
        keep(actor=ACTOR, name="一.txt", data="进展".encode())
    assert not StoredFile.objects.exists()


def test_what_no_database_keeps_does_not_make_an_act_fail():
    entry = append(actor=ACTOR, act="test.act", subject="名" * 300, after={"text": "a\0b"}, purpose="x\0y")
    entry.refresh_from_db()
    assert (len(entry.subject), entry.subject[-1], entry.purpose) == (200, "…", "x�y")
    assert entry.after == {"text": "a\0b"}


def test_sensitive_reading_needs_a_purpose_and_has_its_own_stream():
    with pytest.raises(LuoshiError, match="用途"):
        read_sensitive(actor=ACTOR, subject="person:1", fields=["phone"], purpose=" ")
    entry = read_sensitive(actor=ACTOR, subject="person:1", fields=["phone"], purpose="电话核实")
    assert (entry.stream, entry.after, entry.purpose) == ("sensitive", {"fields": ["phone"]}, "电话核实")


def test_refusals_are_taken_down_and_bounded():
    refusals.forget()
    person = Actor("测试丁", "web", user_id=4, grants=(Grant(Role.CLERK, "finance"),))
    error = LuoshiError("E_FORBIDDEN", "不行。", fields={"permission": "user.manage"})
    written = [refusals.refused(actor=person, error=error, subject="GET /x") for _ in range(50)]
    rows = AuditEntry.objects.filter(stream="access", act="access.refused", result="refused", user_id=4)
    assert (written.count(True), rows.count()) == (20, 20)
    assert rows.first().after == {"code": "E_FORBIDDEN", "address": "", "permission": "user.manage"}


def test_refusals_that_are_not_about_the_asker_are_not_taken_down():
    refusals.forget()
    visitor = Actor("访客", "web")
    for actor, code in ((ACTOR, "E_INPUT"), (visitor, "E_NOT_FOUND")):
        assert not refusals.refused(actor=actor, error=LuoshiError(code, "…"), subject="GET /x")
    assert not AuditEntry.objects.exists()


def test_many_left_out_refusals_are_told_with_the_next_one(monkeypatch):
    refusals.forget()
    now = [100.0]
    monkeypatch.setattr("luoshi.office.audit.refusals.time.monotonic", lambda: now[0])
    error = LuoshiError("E_LOGIN", "…")
    visitor = Actor("访客", "web")
    for _ in range(25):
        refusals.refused(actor=visitor, error=error, subject="GET /x", address="10.0.0.1")
    now[0] += 61
    refusals.refused(actor=visitor, error=error, subject="GET /x", address="10.0.0.1")
    assert AuditEntry.objects.order_by("-id").first().after["left_out"] == 5
