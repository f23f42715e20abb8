"""Taking a file into the library: once, twice, corrected, refused."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, transaction

from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.audit.models import AuditEntry
from luoshi.office.duties.models import Duty, DutyOrgan, TimeLimit
from luoshi.office.instruments import queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.models import Clause, GazetteIssue, Instrument, SourceFile
from luoshi.office.instruments.plan import Places
from tests.office import sample

ACTOR = Actor.system("测试甲", "test")
QUERIES = {"修": 1, "长椅": 1, "街边长椅": 1, "旧": 1, "案总": 0, "长街": 0, "1号": 1, "，": 0, "椅。": 1, "": 0}

pytestmark = pytest.mark.django_db


def imported(text: str = "第一版全文"):
    return import_gazette(text, actor=ACTOR, filename="一期.txt")


def test_import_stores_everything_the_file_says(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    result = imported()
    assert (result.status, result.instruments, result.new, result.clauses, result.duties) == ("imported", 1, 1, 2, 2)
    row = queries.instrument(sample.NUMBER)
    assert (row.version, row.is_current, row.begins_on, row.duty_count) == (1, True, datetime.date(2018, 3, 1), 2)
    assert list(row.clauses.order_by("seq").values_list("path", flat=True)) == ["一", "一/(一)"]
    duty = Duty.objects.get(clause_path="一")
    assert (duty.due_sort, duty.origin) == (datetime.date(2018, 10, 31), "by")
    assert list(duty.organs.order_by("-leads", "seq").values_list("leads", "name")) == [
        (True, "市甲局"), (False, "市乙局"), (False, "丙公司"),
    ]  # fmt: skip
    assert row.warnings.get().line == 1
    assert AuditEntry.objects.get().after == {sample.NUMBER: 1}


def test_import_of_the_same_file_twice_changes_nothing_and_says_so(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    first = imported()
    counts = [model.objects.count() for model in (SourceFile, GazetteIssue, Instrument, Clause, Duty, AuditEntry)]
    second = imported()
    assert second.status == "unchanged"
    assert second.issue_id == first.issue_id
    assert "内容一字未变" in second.message
    assert [m.objects.count() for m in (SourceFile, GazetteIssue, Instrument, Clause, Duty, AuditEntry)] == counts


def test_import_of_a_corrected_text_makes_a_version_and_keeps_the_old(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    imported()
    sample.compiled(monkeypatch, sample.instrument(text="修补全市街边长椅和路灯。"))
    result = imported("第二版全文")
    assert (result.new, result.new_versions) == (0, 1)
    versions = queries.versions(sample.NUMBER)
    assert [(v.version, v.is_current) for v in versions] == [(2, True), (1, False)]
    assert queries.changed_clauses(*versions) == [
        ("一", "总要求\n修补全市街边长椅。", "总要求\n修补全市街边长椅和路灯。")
    ]
    assert Duty.objects.filter(is_current=True).count() == 2
    assert Duty.objects.count() == 4
    assert not DutyOrgan.objects.filter(duty__instrument=versions[1], is_current=True).exists()


def test_import_of_another_file_with_the_same_document_keeps_its_version(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    imported()
    result = imported("另一个文件，同一件文件")
    assert (result.status, result.same, result.new, result.new_versions) == ("imported", 1, 0, 0)
    assert Instrument.objects.count() == 1


def test_import_refuses_a_number_twice_with_different_texts_naming_both_places(monkeypatch):
    other = sample.instrument(text="另一段文字。", start=6, end=9)
    sample.compiled(monkeypatch, sample.instrument(end=5), other)
    with pytest.raises(LuoshiError, match="第 1 行和第 3 行") as refusal:
        imported("甲\n乙\n丙丁戊己庚")
    assert refusal.value.code == "E_CONFLICT"
    assert not SourceFile.objects.exists()


def test_import_takes_a_number_twice_with_the_same_text_once(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument(), sample.instrument())
    assert imported().instruments == 1


def test_import_refuses_paths_nested_too_deep_naming_the_line(monkeypatch):
    deep = sample.instrument()
    deep.clauses[1].path = "/".join(["(一)"] * 300)
    sample.compiled(monkeypatch, deep)
    with pytest.raises(LuoshiError, match="第 1 行的条款编号嵌套过深"):
        imported()


def test_import_leaves_nothing_behind_when_it_breaks_half_way(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())

    def broken(*_args):
        raise RuntimeError

    monkeypatch.setattr("luoshi.office.instruments.actions.record_duties", broken)
    with pytest.raises(RuntimeError):
        imported()
    assert not SourceFile.objects.exists()
    assert not Instrument.objects.exists()


def test_import_refuses_characters_no_database_keeps():
    with pytest.raises(LuoshiError, match="第 2 行有不能保存的字符"):
        import_gazette("甲\n乙\0丙", actor=ACTOR, filename="x.txt")


def test_repeal_ends_the_repealed_instrument_the_day_before(monkeypatch):
    from luoshi.gazette import records as r

    sample.compiled(monkeypatch, sample.instrument())
    imported()
    later = sample.instrument("测政发〔2018〕2号", text="新规定。", issued_on="2018-09-01", effective_from="2018-10-01")
    later.relations = [r.Relation("repeals", r.Reference(sample.NUMBER, None), "一", 10, 20)]
    sample.compiled(monkeypatch, later)
    imported("第二个文件")
    old = queries.instrument(sample.NUMBER)
    assert old.ends_on == datetime.date(2018, 9, 30)
    later.relations = []
    later.clauses[0].text = "新规定，不再废止。"
    imported("第二个文件的更正")
    old.refresh_from_db()
    assert old.ends_on == datetime.date(9999, 12, 31)


def test_constraints_refuse_a_second_current_version_and_a_second_path(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    imported()
    row = Instrument.objects.get()
    row.pk, row.version = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()
    clause = Clause.objects.first()
    clause.pk, clause.seq = None, 99
    with pytest.raises(IntegrityError), transaction.atomic():
        clause.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        TimeLimit.objects.update(kind="sometime")


def test_search_finds_substrings_of_any_length_and_nothing_else(monkeypatch):
    sample.compiled(monkeypatch, sample.instrument())
    imported()
    rows = Instrument.objects.all()
    found = {q: rows.filter(pk__in=search.all_matching("instruments_search", q)).count() for q in QUERIES}
    assert found == QUERIES


@pytest.mark.parametrize(("offset", "line"), [(0, 1), (1, 1), (2, 2), (4, 3), (9, 3)])
def test_places_count_lines_from_one(offset, line):
    assert Places("甲\n乙\n丙丁").line(offset) == line
