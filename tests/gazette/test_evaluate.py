"""Evaluation counts what a careful reader labelled, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from luoshi.gazette.evaluate import Measure, Report, evaluate

LABELS = sorted((Path(__file__).parents[1] / "data" / "labels").glob("*.yaml"))
TEXT = "一、测试。市甲局负责。组长:测试甲(副市长)"


def instrument(**changes: Any) -> dict[str, Any]:
    record: dict[str, Any] = {
        "number": "测政发〔2018〕1号",
        "title": "测试方案",
        "covering_title": None,
        "issuer": "测试市人民政府",
        "issued_on": "2018-01-02",
        "effective_from": None,
        "expires_on": None,
        "relations": [
            {"type": "repeals", "target": {"number": "测政发〔2016〕9号", "title": "旧方案"}, "clause": "一"}
        ],
        "clauses": [
            {"path": "一", "start": 0, "kind": "cn"},
            {"path": "一/¶1", "start": 5, "kind": "paragraph"},
        ],
        "duties": [
            {
                "clause": "一",
                "lead": [{"name": "市甲局", "slug": None}],
                "cooperating": [],
                "basis": "mark",
                "time_limits": [{"kind": "by", "value": "2018-12-31", "text": "年底前"}],
            }
        ],
        "targets": [{"clause": "一", "op": ">=", "value": "98", "unit": "%"}],
        "memberships": [
            {"role": "组长", "person": "测试甲", "post": "副市长", "clause": "附件", "start": 11, "end": 22}
        ],
        "appointments": [],
    }
    return record | changes


def labels(**changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "number": "测政发〔2018〕1号",
        "title": "测试 方案",
        "issuer": "测试市人民政府",
        "repeals": ["测政发〔2016〕9号"],
        "covers": dict.fromkeys(("clauses", "duties", "marks", "limits", "targets", "memberships"), "all"),
        "clauses": [{"path": "一", "start": 0}],
        "duties": [{"clause": "一", "lead": ["市甲局"], "cooperating": [], "basis": "mark"}],
        "limits": [{"clause": "一", "kind": "by", "value": "2018-12-31"}],
        "targets": [{"clause": "一", "op": ">=", "value": 98, "unit": "％"}],
        "memberships": [{"role": "组长", "person": [14, 17], "post": "副市长"}],
    }
    return {"instruments": [wanted | changes]}


def test_evaluate_counts_a_perfect_reading_as_perfect() -> None:
    report = evaluate({"instruments": [instrument()]}, labels(), TEXT)
    assert {m.f1 for m in report.measures.values()} == {1.0, None}
    assert report.measures["heads"].expected == 4
    assert report.details() == ""


def test_evaluate_compares_names_without_blanks_and_width() -> None:
    record = instrument(issuer="测试市 人民政府", title="测试方案")
    assert evaluate({"instruments": [record]}, labels(), TEXT).measures["heads"].f1 == 1.0


def test_evaluate_separates_the_wrong_organ_into_miss_and_extra() -> None:
    wanted = labels(duties=[{"clause": "一", "lead": ["市乙局"], "cooperating": [], "basis": "mark"}])
    measure = evaluate({"instruments": [instrument()]}, wanted, TEXT).measures["duties"]
    assert (measure.expected, measure.found, measure.correct) == (1, 1, 0)
    assert "市乙局" in measure.misses[0]
    assert "市甲局" in measure.extras[0]


def test_evaluate_counts_only_covered_clauses_and_measures() -> None:
    wanted = labels(covers={"duties": ["二"]}, duties=[])
    report = evaluate({"instruments": [instrument()]}, wanted, TEXT)
    assert report.measures["duties"].found == 0
    assert report.measures["targets"].f1 is None


def test_evaluate_leaves_out_the_clauses_a_scope_excepts() -> None:
    wanted = labels(covers={"duties": {"except": ["一"]}, "targets": {"except": ["二"]}}, duties=[])
    report = evaluate({"instruments": [instrument()]}, wanted, TEXT)
    assert report.measures["duties"].f1 is None
    assert report.measures["targets"].f1 == 1.0


def test_evaluate_judges_a_start_only_where_the_label_gives_one() -> None:
    moved = instrument(clauses=[{"path": "一", "start": 7, "kind": "cn"}])
    report = evaluate({"instruments": [moved]}, labels(), TEXT)
    assert (report.measures["clauses"].f1, report.measures["starts"].f1) == (1.0, 0.0)
    report = evaluate({"instruments": [moved]}, labels(clauses=["一"]), TEXT)
    assert report.measures["starts"].f1 is None


def test_evaluate_counts_equal_figures_as_often_as_they_are_printed() -> None:
    twice = instrument()["targets"] * 2
    report = evaluate({"instruments": [instrument()]}, labels(targets=twice), TEXT)
    assert report.measures["targets"].recall == 0.5


def test_evaluate_reads_a_person_through_the_span_and_prints_no_name() -> None:
    other = instrument()
    other["memberships"][0]["person"] = "测试乙"
    report = evaluate({"instruments": [other]}, labels(), TEXT)
    assert report.measures["memberships"].correct == 0
    assert "测试乙" not in report.details()


def test_evaluate_counts_only_the_seats_of_covered_clauses() -> None:
    wanted = labels(covers={"memberships": ["二"]}, memberships=[])
    assert evaluate({"instruments": [instrument()]}, wanted, TEXT).measures["memberships"].found == 0


def test_evaluate_counts_a_missing_instrument_as_missed_heads() -> None:
    report = evaluate({"instruments": []}, labels(), TEXT)
    assert report.measures["heads"].recall == 0.0
    assert report.measures["clauses"].misses


def test_evaluate_counts_a_further_instrument_only_where_labels_are_complete() -> None:
    both = {"instruments": [instrument(), instrument(number="测政发〔2018〕2号", title="另一方案")]}
    assert evaluate(both, labels(), TEXT).measures["heads"].precision == 1.0
    precision = evaluate(both, labels() | {"complete": True}, TEXT).measures["heads"].precision
    assert precision is not None
    assert precision < 1.0


def test_report_adds_up_and_prints_a_line_for_each_counted_measure() -> None:
    total = Report()
    for _ in range(2):
        total.add(evaluate({"instruments": [instrument()]}, labels(), TEXT))
    assert total.measures["duties"] == Measure(2, 2, 2)
    lines = total.table().splitlines()
    assert lines[0].split()[0] == "measure"
    assert not any(line.startswith("appointments") for line in lines)
    assert total.to_json()["duties"]["f1"] == 1.0


@pytest.mark.parametrize("path", LABELS, ids=lambda path: path.stem)
def test_label_files_stay_within_their_own_clauses_and_name_nobody(path: Path) -> None:
    for wanted in yaml.safe_load(path.read_text(encoding="utf-8"))["instruments"]:
        paths = [clause["path"] for clause in wanted["clauses"]]
        assert len(paths) == len(set(paths)), wanted["number"]
        for name in ("duties", "limits", "targets"):
            assert {record["clause"] for record in wanted.get(name, [])} <= set(paths), wanted["number"]
        for record in [*wanted.get("memberships", []), *wanted.get("appointments", [])]:
            if record["person"] is not None:
                start, end = record["person"]
                assert 2 <= end - start <= 4, wanted["number"]
