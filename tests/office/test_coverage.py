"""What carries a clause: the file, inheritance, states, figures; which tests count as evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.kernel.errors import LuoshiError
from luoshi.office.coverage import (
    KINDS,
    Artefact,
    ClauseRef,
    Found,
    State,
    as_data,
    clauses_of,
    declare,
    declared,
    parse,
    read,
    report,
)
from luoshi.office.coverage_evidence import names

NUMBER = "某政发〔2018〕1号"
CLAUSES = [
    ClauseRef("3", "总则"),
    ClauseRef("3/3.1", "预警"),
    ClauseRef("3/3.1/3.1.3", "分级"),
    ClauseRef("3/3.1/3.1.3/¶1", text="分为四级"),
    ClauseRef("3/3.1/3.1.3/(4)", "红色预警", "达到条件的"),
    ClauseRef("3/3.2", "响应", "启动"),
    ClauseRef("3/3.20", "另一条", "不在上一条之下"),
    ClauseRef("附件/某某细则/一", text="办公室负责"),
]
GOOD = Found("好", exercised=True)


def states(given, look=lambda *_: GOOD, clauses=CLAUSES) -> dict[str, str]:
    found = report(NUMBER, clauses, given, look)
    return {line.clause.path: line.state.value for line in found.lines if line.clause.counts}


def test_an_entry_holds_for_what_is_under_it_until_another_stands_nearer():
    written = {"3.1.3": ["decision:a.b"], "3.1.3(4)": {"exhortation": "不用执行"}, "附件 某某细则 一": ["page:x"]}
    given = parse({NUMBER: written})
    assert states(given[NUMBER]) == {
        "3/3.1/3.1.3/¶1": "carried", "3/3.1/3.1.3/(4)": "exhortation", "3/3.2": "missing", "3/3.20": "missing",
        "附件/某某细则/一": "carried",
    }  # fmt: skip
    lines = {line.clause.path: line for line in report(NUMBER, CLAUSES, given[NUMBER], lambda *_: GOOD).lines}
    assert lines["3/3.1/3.1.3/¶1"].above == "3/3.1/3.1.3"
    assert lines["3/3.1/3.1.3/(4)"].above == ""


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Found(exercised=True), State.CARRIED),
        (Found(exercised=None), State.CARRIED),
        (Found(exists=None), State.CARRIED),
        (Found(exercised=False), State.UNTESTED),
        (Found(exists=False), State.UNKNOWN),
    ],
)
def test_state_is_the_worst_of_what_is_named(found, state):
    given = parse({NUMBER: {"3.2": ["decision:good.one", "decision:this.one"]}})[NUMBER]
    seen = states(given, lambda artefact, *_: found if artefact.name == "this.one" else GOOD)
    assert seen["3/3.2"] == state.value


def test_figures_count_clauses_that_say_something_and_stray_entries_are_told():
    given = parse(
        {NUMBER: {"3.2": ["page:x"], "9.9": ["page:x"], "通知": ["page:x"], "3.1.3": {"judgement": "看情节"}}}
    )
    found = report(NUMBER, CLAUSES, given[NUMBER], lambda *_: GOOD)
    assert found.figures == {
        "clauses": 6, "missing": 2, "unknown": 0, "untested": 0, "carried": 2, "judgement": 2, "exhortation": 0,
    }  # fmt: skip
    assert [entry.written for entry in found.stray] == ["9.9"]
    assert not found.complete
    data = as_data(found, only_open=True)
    assert [row["path"] for row in data["clauses"]] == ["3/3.20", "附件/某某细则/一"]
    assert (data["stray"], data["complete"]) == (["9.9"], False)


def test_without_the_document_the_file_itself_is_counted():
    given = parse({NUMBER: {"3.2": ["page:x"], "3.1.3(4)": ["page:x"]}})[NUMBER]
    found = report(NUMBER, clauses_of(given), given, lambda *_: GOOD, library=False)
    assert [line.clause.path for line in found.lines] == ["3/3.2", "3/3.1/3.1.3/(4)"]
    assert found.complete


def test_names_are_looked_up_once_for_an_entry_however_many_clauses_it_holds_for():
    asked = []
    given = parse({NUMBER: {"3": ["decision:a.b", "page:x"]}})[NUMBER]
    report(NUMBER, CLAUSES, given, lambda artefact, number, path: asked.append((str(artefact), number, path)) or GOOD)
    assert asked == [("decision:a.b", NUMBER, "3"), ("page:x", NUMBER, "3")]


@pytest.mark.parametrize(
    ("clauses", "fault"),
    [
        ({"1.2": ["decision"]}, "1.2：“decision”应如"),
        ({"1.2": ["decisions:a.b"]}, "1.2：“decisions:a.b”应如"),
        ({"1.2": []}, "1.2：什么也没有写"),
        ({"1.2": None}, "1.2：“None”应如"),
        ({"1.2": {"exhortation": ""}}, "1.2：exhortation要写明理由"),
        ({"1.2": {"because": "x"}}, "应如 decision:名称"),
        ({1.2: ["page:x"]}, "1.2：条款要加引号"),
        ({"3.1.3(4)": ["page:x"], "3/3.1/3.1.3/(4)": ["page:x"]}, "写了两次"),
    ],
)
def test_faults_of_a_file_are_named(clauses, fault):
    with pytest.raises(LuoshiError, match=r"coverage\.yaml有误") as caught:
        parse({NUMBER: clauses})
    assert fault in caught.value.message


def test_a_file_that_is_no_table_is_refused_and_a_missing_one_is_empty(tmp_path):
    with pytest.raises(LuoshiError, match="应是：文号"):
        parse(["x"])
    (tmp_path / "coverage.yaml").write_text("a: [", "utf-8")
    with pytest.raises(LuoshiError, match="不是有效的YAML"):
        read(tmp_path / "coverage.yaml")
    assert read(tmp_path / "none.yaml") == {}


def test_rooms_declare_what_stands_in_no_registry():
    declare("measure", "trial.M1", "一项措施", "/x/")
    assert declared(Artefact("measure", "trial.M1")) == Found("一项措施", "/x/")
    assert declared(Artefact("duty", "trial.M1")) is None
    with pytest.raises(ValueError, match="knows no"):
        declare("idea", "x", "y")


_PATHS = st.lists(st.sampled_from([clause.path for clause in CLAUSES]), unique=True)


@given(_PATHS, st.lists(st.sampled_from([clause.path for clause in CLAUSES]), unique=True))
def test_every_clause_that_says_something_stands_in_exactly_one_state(carried, excused):
    data = {path: ["page:x"] for path in carried} | {path: {"exhortation": "无"} for path in excused}
    given = parse({NUMBER: {key if "/" in key else f"{key}/": value for key, value in data.items()}} if data else {})
    found = report(NUMBER, CLAUSES, given.get(NUMBER, []), lambda *_: GOOD)
    figures = found.figures
    assert figures.pop("clauses") == sum(figures.values()) == sum(clause.counts for clause in CLAUSES)
    assert found.complete == (figures["missing"] == 0)
    assert found.stray == ()


# --- evidence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("artefact", "text", "named"),
    [
        ("decision:pollution.grade", 'decide("pollution.grade", {})', True),
        ("decision:pollution.grade", "- decide: pollution.grade\n", True),
        ("decision:pollution.grade", "from programmes.x import pollution\nassert grade(x)", True),
        ("decision:pollution.grade", 'decide("pollution.grades", {})', False),
        ("decision:pollution.grade", "a downgrade of pollution", False),
        ("decision:pollution.grade", "grade of eggs", False),
        ("step:pollution.warning/sign", "open: pollution.warning\nstep: sign", True),
        ("step:pollution.warning/sign", "open: pollution.warning\nstep: resign", False),
        ("step:pollution.warning/sign", "step: sign", False),
        ("step:pollution.warning/sign", "do: pollution.open\nstep: sign", True),
        ("step:pollution.warning/sign", "do: pollution.open\nstep: signed", False),
        ("limit:pollution.warning/sign", "do: pollution.open\nstep: sign", False),
        ("measure:pollution.E1", "pollution E10", False),
        ("measure:pollution.E1", "pollution: [E1]", True),
        ("page:groups", 'reverse("groups")', True),
        ("page:groups", "two groups", False),
    ],
)
def test_what_counts_as_naming_a_thing(artefact, text, named):
    kind, _colon, name = artefact.partition(":")
    assert kind in KINDS
    assert names(Artefact(kind, name))(text) is named
