"""The demonstration gazette compiles as accurately as real ones must: hand labels, expected warnings, exact places."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.evaluate import Report, evaluate
from luoshi.gazette.organs import Directory
from luoshi.gazette.records import Compilation, Instrument
from luoshi.gazette.text import compact, fold
from luoshi.office.instruments.demo import CORRECTED, ISSUE, demo_texts

LABELS = Path(__file__).parents[1] / "data" / "labels" / "cezhou-2024-1.yaml"
TEXT = demo_texts()[ISSUE]
THRESHOLDS = {
    "heads": 1.0,
    "clauses": 0.99,
    "starts": 0.99,
    "marks": 0.97,
    "duties": 0.88,
    "limits": 0.93,
    "targets": 0.90,
    "memberships": 1.0,
    "appointments": 1.0,
}


@cache
def compiled() -> Compilation:
    return compile_text(TEXT)


@cache
def report() -> Report:
    return evaluate(compiled(), yaml.safe_load(LABELS.read_text(encoding="utf-8")), TEXT)


def instrument(number: str, compilation: Compilation | None = None) -> Instrument:
    return next(i for i in (compilation or compiled()).instruments if i.number == number)


def plain(text: str) -> str:
    return compact(fold(text)).replace(" ", "")


def readable(text: str) -> str:
    """What is left of a place in the file when blanks, line breaks and bold marks are taken out."""
    return plain(text.replace("\n", "").replace("**", ""))


def warned(code: str) -> list[str | None]:
    return [warning.instrument for warning in compiled().warnings if warning.code == code]


@pytest.mark.parametrize("measure", THRESHOLDS)
def test_compiler_reaches_the_accuracy_it_promises(measure: str) -> None:
    found = report().measures[measure]
    assert found.expected, "nothing was labelled"
    assert (found.f1 or 0) >= THRESHOLDS[measure], "\n".join([*found.misses, *found.extras])


def test_labels_cover_every_instrument_and_every_measure() -> None:
    labels = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    assert labels["complete"]
    assert len(labels["instruments"]) == 10
    assert all(set(wanted["covers"].values()) == {"all"} for wanted in labels["instruments"])


def test_labelled_starts_and_persons_point_at_what_they_name() -> None:
    labels = yaml.safe_load(LABELS.read_text(encoding="utf-8"))
    for wanted in labels["instruments"]:
        for clause in wanted["clauses"]:
            label = clause["path"].rpartition("/")[2]
            if (wanted["number"], label) != ("测政发〔2024〕2号", "一"):
                assert plain(TEXT[clause["start"] : clause["start"] + 24]).startswith(label), clause
        for person in (*wanted["memberships"], *wanted["appointments"]):
            if person["person"]:
                start, end = person["person"]
                assert plain(TEXT[start:end]).startswith("测")


def test_contents_page_makes_no_instruments_and_the_cover_names_the_issue() -> None:
    gazette = compiled().gazette
    assert (gazette.title, gazette.year, gazette.issue) == ("测州市人民政府公报", 2024, 1)
    assert gazette.publisher == "测州市人民政府办公室"
    assert len(compiled().instruments) == 10


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ("missing_date", "测政发〔2024〕3号"),
        ("truncated", "测政办发〔2024〕3号"),
        ("interleaved_fragment", "测政办发〔2024〕3号"),
        ("supplied_label", "测政发〔2024〕2号"),
        ("displaced_label", "测政办发〔2024〕5号"),
        ("repeated_person", "测政办发〔2024〕5号"),
        ("split_office_sentence", "测政办发〔2024〕5号"),
    ],
)
def test_damage_that_changes_the_reading_is_warned_of_once(code: str, number: str) -> None:
    assert warned(code) == [number]


def test_organ_that_the_directory_does_not_know_is_warned_of_and_has_no_slug() -> None:
    known = {"slug": "finance", "name": "测州市财政局", "names": [{"text": "市财政局", "kind": "alias"}]}
    result = compile_text(TEXT, Directory.from_data({"place": "测州市", "organs": [known]}))
    unknown = [warning.message for warning in result.warnings if warning.code == "unknown_organ"]
    assert any("没有“市综合执法局”" in message for message in unknown)
    assert not any("没有“市财政局”" in message for message in unknown)
    slugs = {organ.name: organ.slug for i in result.instruments for duty in i.duties for organ in duty.lead}
    assert slugs["市财政局"] == "finance"
    assert slugs["市综合执法局"] is None


def test_closing_block_inside_a_sentence_is_a_repair_that_shows_what_was_moved() -> None:
    moved = [repair for repair in compiled().repairs if repair.kind == "moved_block"]
    assert "(此件公开发布)" in {repair.before for repair in moved}
    assert all(fold(TEXT[repair.start : repair.end]) == repair.before for repair in moved)


def test_every_skipped_number_is_warned_of_and_kept_as_printed() -> None:
    assert Counter(warned("skipped_number")) == {
        "测政发〔2024〕1号": 1,
        "测政发〔2024〕2号": 1,
        "测政办发〔2024〕1号": 1,
        "测政办发〔2024〕2号": 2,
    }


def test_article_that_lost_its_word_keeps_its_place() -> None:
    paths = [clause.path for clause in instrument("测政办发〔2024〕2号").clauses]
    assert paths.index("第四章/第九条") < paths.index("第四章/第十") < paths.index("第四章/第十一条")


def test_every_clause_stands_where_its_label_is_printed() -> None:
    for document in compiled().instruments:
        supplied = {"一"} if document.number in warned("supplied_label") else set()
        for clause in document.clauses:
            assert 0 <= clause.start <= clause.end <= len(TEXT)
            if clause.kind in ("dash", "paragraph"):
                assert readable(TEXT[clause.start : clause.end]).lstrip("—").startswith(plain(clause.text)[:6])
            elif clause.path not in supplied:
                assert readable(TEXT[clause.start : clause.start + 40]).startswith(clause.label), clause.path


def test_every_other_span_holds_the_words_of_its_record() -> None:
    for document in compiled().instruments:
        for duty in document.duties:
            for limit in duty.time_limits:
                assert readable(TEXT[limit.start : limit.end]) == plain(limit.text), duty.clause
        for figure in (*document.targets, *document.parameters):
            printed = readable(TEXT[figure.start : figure.end])
            assert figure.value in printed or figure.value.isdigit(), figure.clause
        for seat in document.memberships:
            assert plain(seat.person or seat.post or "") in readable(TEXT[seat.start : seat.end])
        for act in document.appointments:
            assert act.person in readable(TEXT[act.start : act.end])


def test_every_span_lies_within_the_file() -> None:
    def spans(record: Any) -> list[tuple[int, int]]:
        return [(item.start, item.end) for item in record]

    result = compiled()
    places = [*spans(result.instruments), *spans(result.warnings), *spans(result.repairs)]
    for document in result.instruments:
        places += [*spans(document.clauses), *spans(document.duties), *spans(document.relations)]
    assert all(0 <= start <= end <= len(TEXT) for start, end in places)


def test_declarations_bind_the_towns_and_make_the_first_unit_lead() -> None:
    lighting = instrument("测政发〔2024〕1号")
    marked = [duty for duty in lighting.duties if duty.basis == "mark"]
    assert len(marked) > 15
    assert all(duty.local for duty in marked)
    heating = next(duty for duty in instrument("测政办发〔2024〕4号").duties if duty.clause == "二/(三)")
    assert [organ.name for organ in heating.lead] == ["市住房城乡建设局"]
    assert len(heating.cooperating) == 3


def test_repeal_by_the_covering_notice_and_by_the_last_article_are_read() -> None:
    for number, repealed in (
        ("测政办发〔2024〕1号", "测政办发〔2019〕21号"),
        ("测政办发〔2024〕2号", "测政办发〔2018〕33号"),
    ):
        found = [r.target.number for r in instrument(number).relations if r.type == "repeals"]
        assert found == [repealed]


def test_corrected_edition_is_the_same_instrument_with_other_limits() -> None:
    corrected = compile_text(demo_texts()[CORRECTED])
    assert [i.number for i in corrected.instruments] == ["测政办发〔2024〕5号"]
    first, second = instrument("测政办发〔2024〕5号"), corrected.instruments[0]
    assert (first.title, first.issued_on, first.issuer) == (second.title, second.issued_on, second.issuer)

    def limits(document: Instrument, clause: str) -> list[str]:
        return [limit.value for duty in document.duties if duty.clause == clause for limit in duty.time_limits]

    assert limits(first, "二/(一)") == ["2024-04-20"]
    assert limits(second, "二/(一)") == ["2024-05-10"]
    assert [seat.person for seat in second.memberships] == [seat.person for seat in first.memberships]
    assert not [w.code for w in corrected.warnings if w.code in ("displaced_label", "split_office_sentence")]
