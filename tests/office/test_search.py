"""The one search: numbers as people write them, clauses, organs, words of any length, and only what may be seen."""

from __future__ import annotations

import datetime

import pytest

from luoshi.gazette import records as r
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties.models import Duty
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.finder import find
from luoshi.office.roles import Role
from tests.office import sample
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
