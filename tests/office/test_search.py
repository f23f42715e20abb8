"""The one search: numbers as people write them, clauses, organs, words of any length, and only what may be seen."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from luoshi.gazette import records as r
from luoshi.office import search
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties import matter_queries
from luoshi.office.duties import queries as duty_queries
from luoshi.office.duties.lights import lamp
from luoshi.office.duties.matter_models import Matter
from luoshi.office.duties.matter_queries import MatterFilter, MatterLedger
from luoshi.office.duties.models import Duty
from luoshi.office.duties.queries import LedgerFilter
from luoshi.office.instruments import queries
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.finder import find
from luoshi.office.paging import Total
from luoshi.office.roles import Role
from tests.office import sample
from tests.office.matters import pushed
from tests.office.people import OFFICE, actor

pytestmark = pytest.mark.django_db
PROGRAM = Actor.system("测试程序", "test")
DAY = datetime.date(2019, 6, 1)


@pytest.fixture(autouse=True)
def library(monkeypatch):
    """Two instruments of one serial, one of them with decimals and an article."""
    plan = sample.instrument()
    office = sample.instrument("测政办发〔2018〕1号", "公园长椅应急预案", text="雪后先扫路。", issued_on="2018-02-01")
    office.number_parts = r.NumberParts("测政办发", 2018, 1)
    office.clauses += [
        r.Clause("3", "3", "num", "处置", "", 60, 62),
        r.Clause("3/3.1", "3.1", "decimal", None, "分级。", 62, 64),
        r.Clause("3/3.1/3.1.3", "3.1.3", "decimal", None, "公交绕行。", 64, 66),
        r.Clause("第三十九条", "第三十九条", "article", None, "结冰时封闭。", 66, 68),
    ]
    office.duties = []
    sample.compiled(monkeypatch, plan, office)
    import_gazette("第一期全文", actor=PROGRAM, filename="一期.txt")


def groups(q, by=PROGRAM):
    return {group.kind: [(hit.id, hit.path) for hit in group.hits] for group in find(q, actor=by, on=DAY).groups}


PLAN, OFFICE_KEY = "测政发〔2018〕1号", "测政办发〔2018〕1号"


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("测政发〔2018〕1号", [(PLAN, "")]),
        ("测政发[2018] 第 01 号", [(PLAN, "")]),
        ("测政发（2018）1", [(PLAN, "")]),
        ("测政发2018-1号", [(PLAN, "")]),
        ("政办发〔2018〕1号", [(OFFICE_KEY, "")]),
        ("1号", [(PLAN, ""), (OFFICE_KEY, "")]),
        ("2018年1号", [(PLAN, ""), (OFFICE_KEY, "")]),
        ("1号 3.1.3", [(OFFICE_KEY, "3/3.1/3.1.3")]),
        ("测政办发〔2018〕1号 3.1.3", [(OFFICE_KEY, "3/3.1/3.1.3")]),
        ("测政办发〔2018〕1号第39条", [(OFFICE_KEY, "第三十九条")]),
        ("测政发〔2018〕1号 一(一)", [(PLAN, "一/(一)")]),
        ("测政发〔2018〕1号 九十九", [(PLAN, "")]),
        ("8号", None),
    ],
)
def test_a_number_is_found_however_it_is_written(q, found):
    assert groups(q).get("direct") == found


def test_what_is_cited_comes_first_and_opens():
    assert find("1号 3.1.3", actor=PROGRAM, on=DAY).first[:2] == ("clause", OFFICE_KEY)


@pytest.mark.parametrize("q", ["椅", "长椅", "公园长椅", "雪", "冰时", "公交绕行"])
def test_words_of_any_length_are_found_where_they_stand(q):
    found = groups(q)
    assert any(OFFICE_KEY in [key for key, _path in found.get(kind, ())] for kind in ("title", "clause"))


def test_clauses_name_the_clause_and_show_the_words():
    hit = next(group for group in find("公交绕行", actor=PROGRAM, on=DAY).groups if group.kind == "clause").hits[0]
    assert (hit.path, hit.snippet) == ("3/3.1/3.1.3", "公交绕行。")


@pytest.mark.parametrize("q", ["", "  ", "，。", "\0", "无此词语"])
def test_nothing_is_found_for_nothing(q):
    assert groups(q) == {}


def test_an_organ_is_found_by_a_former_name():
    assert "organ" in groups("市环保局")


def test_duties_are_found_and_counted_only_for_those_who_may_see_them():
    Duty.objects.get(clause_path="一").organs.filter(leads=True).update(slug="finance")
    seen = {
        "all": actor("督", (Role.SUPERVISOR, OFFICE)),
        "own": actor("财", (Role.CLERK, "finance")),
        "other": actor("水", (Role.CLERK, "water")),
        "nobody": VISITOR,
    }
    counts = {name: len(groups("长椅", by).get("duty", ())) for name, by in seen.items()}
    assert counts == {"all": 2, "own": 1, "other": 0, "nobody": 0}
    pk = Duty.objects.get(clause_path="一").pk
    numbered = {name: groups(f"责任{pk}", by).get("record") for name, by in seen.items()}
    assert numbered == {"all": [(str(pk), "一")], "own": [(str(pk), "一")], "other": None, "nobody": None}


@pytest.mark.parametrize("common", [False, True])
def test_lists_find_a_common_word_as_they_find_a_rare_one(monkeypatch, common):
    """A word in very many texts is looked up in another way; what it finds is the same, only not counted."""
    matters = Matter.objects.count()
    assert matters > 1
    if common:
        monkeypatch.setattr(search, "COMMON", 2)
        for module in (queries, matter_queries, duty_queries):
            monkeypatch.setattr(module, "COUNT_BOUND", 1)
    words = queries.looked_up(queries.LibraryFilter(on=DAY, q="长椅"))
    assert (words.many, words.texts is None) == (common, common)
    page = queries.library_page(words, size=9)
    assert {item.key for item in page.rows} == {PLAN, OFFICE_KEY}
    assert {item.count for item in queries.kind_facet(words)} == ({None} if common else {2})
    assert {item.count for item in queries.state_facet(words)} == ({None} if common else {2, 0})
    for q, found in (("按月登记", 2), ("没有的词", 0)):
        printed = duty_queries.Ledger(LedgerFilter(q=q), actor=PROGRAM)
        assert len(printed.page(size=9).rows) == found
        assert printed.total() == (Total(1, False) if common and found else Total(found, True))
        owed = MatterLedger(MatterFilter(q=q, closed=True), actor=PROGRAM, day=DAY)
        assert len(owed.page(size=9).rows) == (matters if found else 0)
        assert owed.facets().total.exact == (not common or not found)
    # With other conditions it is counted, but not again without one of them.
    narrow = MatterFilter(q="按月登记", organs=("市丁局",), closed=True)
    (row,) = MatterLedger(narrow, actor=PROGRAM, day=DAY).page(size=9).rows
    assert row.organ_name == "市丁局"
    spread = MatterLedger(replace(narrow, lights=(lamp(row, DAY).light,)), actor=PROGRAM, day=DAY).facets()
    assert spread.total == Total(1, True)
    assert {item.count for item in spread.lights} == ({None} if common else {0, 1})


def test_a_matter_another_room_sent_is_found_by_its_own_words():
    row = pushed(title="巡查长椅")
    found = MatterLedger(MatterFilter(q="巡查长椅", closed=True), actor=PROGRAM, day=DAY)
    assert [one.pk for one in found.page(size=9).rows] == [row.pk]
    walked = matter_queries.matters(MatterFilter(q="长椅", closed=True), actor=PROGRAM, day=DAY, walking=True)
    assert row.pk in set(walked.values_list("pk", flat=True))
