"""The benchmark decides what it says it decides: ten cited reasons on validated facts and dated parameters."""

from datetime import date

from luoshi.site.bench.decisions import DAY, PARAMETERS, RULES, SWITCH, eligibility, subjects


def test_benchmark_decision_has_ten_cited_reasons_and_twelve_dated_parameters() -> None:
    taken = eligibility()(subjects(1)[0], DAY)
    assert len(taken.reasons) == len(RULES) == 10
    assert all(reason.citation for reason in taken.reasons)
    assert [row["from"] for row in taken.parameters] == [SWITCH.isoformat()] * len(PARAMETERS)


def test_benchmark_parameters_change_with_the_day() -> None:
    definition = eligibility()
    young = subjects(1)[0] | {"age": 19}
    before, after = (definition(young, day).reasons[0] for day in (date(2018, 6, 30), SWITCH))
    assert (before.ok, before.text) == (True, "年龄19周岁，不低于18周岁")
    assert (after.ok, after.text) == (False, "年龄19周岁，不低于20周岁")


def test_benchmark_subjects_are_mixed() -> None:
    definition = eligibility()
    answers = [definition(subject, DAY).value for subject in subjects(300)]
    assert 0 < sum(answers) < len(answers)
