"""What is done to the trail behind the software's back is found and named: each kind of damage, on both databases."""

from __future__ import annotations

import datetime
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from luoshi.kernel.clock import CLOCK, SHANGHAI
from luoshi.office.actors import Actor
from luoshi.office.audit import chain, key, proof, seals
from luoshi.office.audit.actions import append
from luoshi.office.audit.models import AuditEntry, AuditHead, AuditSeal
from luoshi.office.audit.triggers import PROTECTED, append_only, unguarded

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("测试甲", "test")
BEGIN = datetime.datetime(2019, 3, 1, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def elsewhere(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    yield
    CLOCK.release()


@pytest.fixture
def trail():
    """Three days of four entries, the first two days sealed."""
    for day in range(3):
        for hour in range(4):
            CLOCK.set(BEGIN + datetime.timedelta(days=day, hours=hour))
            append(actor=ACTOR, act="test.act", subject=f"thing:{day}{hour}", before={"n": 1}, after={"n": 2})
    made = seals.seal_due()
    seals.repeat_outside(made)  # in a test nothing is committed
    return made


@contextmanager
def unprotected():
    """Do what someone with the database's password can do: take the triggers off, and put them back."""

    class Editor:
        def __init__(self):
            self.connection = connection

        def execute(self, statement):
            with connection.cursor() as cursor:
                cursor.execute(statement)

    for table in PROTECTED:
        append_only(table)[1](None, Editor())
    yield
    for table in PROTECTED:
        append_only(table)[0](None, Editor())


def tamper(*statements):
    with transaction.atomic(), unprotected(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def found():
    return [(finding.kind, finding.position) for finding in proof.verify().findings]


def test_untouched_trail_is_whole(trail):
    told = proof.verify()
    assert told.whole
    assert (told.signatures, told.unguarded) == (True, [])
    assert [(stream.stream, stream.entries) for stream in told.streams] == [
        ("office", 12),
        ("sensitive", 0),
        ("access", 0),
    ]
    assert told.streams[0].digest == AuditHead.objects.get(pk="office").digest


@pytest.mark.parametrize(
    "change",
    [
        "who = '测试乙'",
        "after = '{\"n\":3}'",
        "after = '{\"n\": 2}'",
        "before = NULL",
        "at = '2019-03-01 01:00:00.000001'",
        "purpose = ' '",
        "user_id = 3",
        "result = 'refused'",
        "role = 'clerk'",
        "version = 1",
        "version = 3",
    ],
)
def test_flipped_bit_is_found_at_its_entry(trail, change):
    tamper(f"UPDATE audit_auditentry SET {change} WHERE position = 6")
    assert found() == [("changed", 6)]


def test_removed_entry_is_found_by_its_position(trail):
    tamper("DELETE FROM audit_auditentry WHERE position = 6")
    assert found() == [("missing", 6)]


def test_removed_stretch_is_found(trail):
    tamper("DELETE FROM audit_auditentry WHERE position IN (1, 2, 3)")
    finding = proof.verify().findings[0]
    assert (finding.kind, finding.position) == ("missing", 1)
    assert "1–3" in finding.message


def test_entries_that_changed_places_are_named(trail):
    tamper(
        "UPDATE audit_auditentry SET position = -1 WHERE position = 6",
        "UPDATE audit_auditentry SET position = 6 WHERE position = 7",
        "UPDATE audit_auditentry SET position = 7 WHERE position = -1",
    )
    findings = proof.verify().findings
    assert {(finding.kind, finding.position) for finding in findings} == {("order", 6), ("order", 7)}
    assert "第 6 条原在第 7 条的位置" in findings[0].message


def test_swapped_numbers_of_rows_are_found(trail):
    first, second = AuditEntry.objects.filter(position__in=(6, 7)).order_by("position").values_list("id", flat=True)
    tamper(
        f"UPDATE audit_auditentry SET id = -1 WHERE id = {first}",
        f"UPDATE audit_auditentry SET id = {first} WHERE id = {second}",
        f"UPDATE audit_auditentry SET id = {second} WHERE id = -1",
    )
    assert found() == [("order", 7)]


@pytest.mark.parametrize("head_too", [False, True])
def test_cut_tail_is_found_by_head_and_by_seals(trail, head_too):
    statements = ["DELETE FROM audit_auditentry WHERE position > 6"]
    if head_too:
        digest = AuditEntry.objects.get(position=6).digest
        statements.append(f"UPDATE audit_audithead SET position = 6, digest = '{digest}'")
    tamper(*statements)
    told = found()
    assert ("cut", 7) in told
    assert {kind for kind, _ in told} == {"cut"}


def test_everything_removed_is_found_by_the_file_outside(trail):
    tamper("DELETE FROM audit_auditentry", "DELETE FROM audit_audithead", "DELETE FROM audit_auditseal")
    assert [kind for kind, _ in found()] == ["seal", "seal"]


def rewrite(after):
    """Change an entry and make every digest behind it anew, the head's too: a chain whole in itself."""
    statements, previous = [], None
    for entry in AuditEntry.objects.filter(position__gte=after).order_by("position"):
        if previous is None:
            entry.who = "测试乙"
        else:
            entry.previous = previous
        entry.digest = chain.digest_of(chain.columns_of(entry))
        previous = entry.digest
        statements.append(
            f"UPDATE audit_auditentry SET who = '{entry.who}', previous = '{entry.previous}', "
            f"digest = '{entry.digest}' WHERE id = {entry.pk}"
        )
    return [*statements, f"UPDATE audit_audithead SET digest = '{previous}'"]


def test_rewritten_history_is_found_by_the_seals(trail):
    tamper(*rewrite(6))
    told = proof.verify().findings
    assert [(finding.kind, finding.position) for finding in told] == [("rewritten", 8)]
    assert "第 5–8 条" in told[0].message


def test_rewritten_seals_are_found_by_their_signature(trail):
    tamper(*rewrite(6))
    first, second = AuditSeal.objects.order_by("number")
    second.head = AuditEntry.objects.get(position=8).digest
    second.digest = chain.seal_digest_of(seals.columns_of(second))
    second.signature = key.sign(second.digest, b"another key")
    tamper(
        f"UPDATE audit_auditseal SET head = '{second.head}', digest = '{second.digest}', "
        f"signature = '{second.signature}' WHERE id = {second.pk}"
    )
    told = proof.verify().findings
    assert {finding.kind for finding in told} == {"seal"}
    assert "签名" in told[0].message
    assert first.previous == chain.GENESIS


def test_changed_seal_is_found(trail):
    tamper("UPDATE audit_auditseal SET day = '2019-03-09' WHERE number = 1")
    assert ("seal", 4) in found()


def test_entry_added_behind_the_back_is_found(trail):
    last = AuditEntry.objects.get(position=12)
    forged = AuditEntry(**{name: getattr(last, name) for name in (*chain.COLUMNS, "version")})
    forged.position, forged.previous, forged.who = 13, last.digest, "测试乙"
    forged.digest = chain.digest_of(chain.columns_of(forged))
    forged.save(force_insert=True)
    assert found() == [("rewritten", 13)]


def test_missing_trigger_is_told(trail):
    with transaction.atomic():
        with unprotected():
            assert len(unguarded()) == 4
            assert len(proof.verify().unguarded) == 4
        assert unguarded() == []


def test_parts_read_one_by_one_give_the_same(trail, monkeypatch):
    monkeypatch.setattr(proof, "_PART", 5)
    monkeypatch.setattr(proof, "BATCH", 2)
    assert proof.verify().whole
    tamper(
        "DELETE FROM audit_auditentry WHERE position IN (5, 6)", "UPDATE audit_auditentry SET who='' WHERE position=11"
    )
    assert found() == [("missing", 5), ("changed", 11)]


def test_entries_of_the_first_form_still_hold():
    at = datetime.datetime(2018, 2, 1, 8, 0, tzinfo=datetime.UTC)
    previous = chain.GENESIS
    for position in (1, 2, 3):
        entry = AuditEntry(
            version=1, position=position, at=at, received_at=at, who="测试甲", via="cli", act="old.act",
            subject=f"x:{position}", before=None, after={"名": "乙", "a": 1}, result="done", previous=previous,
        )  # fmt: skip
        entry.digest = previous = chain.old_digest_of(
            previous, at, "测试甲", "cli", "old.act", entry.subject, None, {"a": 1, "名": "乙"}, "done"
        )
        entry.save(force_insert=True)
    AuditHead.objects.create(stream="office", position=3, digest=previous, received_at=at)
    append(actor=ACTOR, act="test.act", subject="x:4")
    assert proof.verify().whole
    tamper("UPDATE audit_auditentry SET organ = 'finance' WHERE position = 2")
    assert found() == [("changed", 2)]
    tamper("UPDATE audit_auditentry SET organ = '', who = 'x' WHERE position = 2")
    assert found() == [("changed", 2)]


def test_days_are_sealed_once_each_however_late(trail):
    assert [(seal.day.day, seal.position, seal.count) for seal in trail] == [(1, 4, 4), (2, 8, 4)]
    assert seals.seal_due() == []
    CLOCK.set(BEGIN + datetime.timedelta(days=30))
    assert [(seal.number, seal.day.day, seal.position) for seal in seals.seal_due()] == [(3, 3, 12)]


NASTY = '引号"反斜\\ 制表\t换行\n\x01\x1f\x7f\u2028 😀 é́ </script> 0.10'


def test_the_text_read_for_a_proof_is_the_text_that_was_hashed(trail):
    actor = Actor(NASTY[:40], "test", user_id=7)
    append(actor=actor, act="test.act", subject="thing:1", before={"词": NASTY}, after=[NASTY, None, 1.5, True, 10**20])
    last = AuditEntry.objects.latest("id")
    row = list(proof._rows("office", 0, last.position))[-1]
    assert row.text == chain.text_of(chain.columns_of(last))
    assert proof.verify().whole


def test_a_column_that_holds_bytes_is_named_like_any_change(trail):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL takes no bytes for text")
    tamper("UPDATE audit_auditentry SET purpose = x'00ff' WHERE position = 5")
    assert found() == [("changed", 5)]
