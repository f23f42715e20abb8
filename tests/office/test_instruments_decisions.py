"""`instruments.validity` on the worked examples of the directory; only numbers and dates are theirs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import luoshi.office.instruments.decisions  # noqa: F401  registers the decision
from luoshi.kernel.decisions import Decision, decide

TERM = {"number": "乳政办发〔2018〕10号", "issued_on": "2018-03-27", "from_issue": True, "expires_on": "2020-03-26"}
DATED = {
    "number": "乳政办发〔2018〕11号",
    "issued_on": "2018-03-29",
    "effective_from": "2018-04-01",
    "expires_on": "2020-03-31",
}
REPEALED = {
    "number": "乳政办发〔2016〕30号",
    "issued_on": "2016-09-19",
    "repeals": [{"by": "乳政办发〔2018〕2号", "issued_on": "2018-01-08"}],
}
FUND = {"number": "乳政办发〔2019〕5号", "issued_on": "2019-06-04", "from_issue": True, "expires_on": "2022-12-31"}
UNDATED = {"number": "乳政发〔2018〕4号", "neighbours": {"before": "2018-02-13", "after": "2018-03-08"}}


def ask(facts: dict[str, Any], on: str) -> Decision:
    return decide("instruments.validity", facts, date.fromisoformat(on))


@pytest.mark.parametrize(
    ("facts", "on", "status"),
    [
        (TERM, "2020-03-26", "in_force"),
        (TERM, "2020-03-27", "expired"),
        (DATED, "2018-03-31", "not_yet"),
        (DATED, "2018-04-01", "in_force"),
        (DATED, "2020-03-31", "in_force"),
        (DATED, "2020-04-01", "expired"),
        (REPEALED, "2018-01-07", "in_force"),
        (REPEALED, "2018-01-08", "repealed"),
        (FUND, "2022-12-31", "in_force"),
        (FUND, "2023-01-01", "expired"),
        (UNDATED, "2018-02-20", "unknown"),
    ],
)
def test_validity_of_the_worked_examples(facts: dict[str, Any], on: str, status: str) -> None:
    assert ask(facts, on).value["status"] == status
    assert ask(facts | {"on": on}, "2030-01-01").value["status"] == status


@pytest.mark.parametrize(
    ("on", "status"),
    [("2018-02-12", "not_yet"), ("2018-02-13", "unknown"), ("2018-03-08", "unknown"), ("2018-03-09", "in_force")],
)
def test_undated_number_lies_between_its_neighbours(on: str, status: str) -> None:
    taken = ask(UNDATED, on)
    assert (taken.value["status"], taken.value["estimated"]) == (status, True)
    assert taken.value["validity_source"] == "unknown"


def test_nothing_known_is_undetermined() -> None:
    taken = ask({"number": "测政发〔2018〕9号"}, "2020-01-01")
    assert (taken.value["status"], taken.outcome) == ("unknown", "undetermined")


def test_silent_text_starts_on_its_signing_date_by_default() -> None:
    value = ask({"number": "测政发〔2018〕1号", "issued_on": "2018-01-12"}, "2018-01-12").value
    assert (value["status"], value["validity_source"], value["note"]) == ("in_force", "default", "未注明有效期")
    assert ask(TERM, "2018-03-27").value["note"] is None


def test_publication_counts_where_it_is_known() -> None:
    facts = TERM | {"published_on": "2018-04-02"}
    assert ask(facts, "2018-04-01").value["status"] == "not_yet"
    assert ask(facts, "2018-04-02").value["status"] == "in_force"


def test_repeal_starts_with_the_repealing_instrument() -> None:
    later = REPEALED | {
        "repeals": [{"by": "乳政办发〔2018〕2号", "issued_on": "2018-01-08", "effective_from": "2018-02-01"}]
    }
    assert ask(later, "2018-01-31").value["status"] == "in_force"
    assert ask(later, "2018-02-01").value["status"] == "repealed"


@pytest.mark.parametrize("repeal", [{"kind": "part", "on": "2017-01-01"}, {"by": "乳政办发〔2018〕2号"}])
def test_partial_or_undated_repeal_ends_nothing_but_is_told(repeal: dict[str, Any]) -> None:
    taken = ask(REPEALED | {"repeals": [repeal]}, "2019-01-01")
    assert taken.value["status"] == "in_force"
    assert any("废止" in reason.text for reason in taken.reasons)


def test_annulment_and_the_first_of_several_ends() -> None:
    facts = TERM | {"annulled_on": "2019-05-01", "annulled_by": "测政法〔2019〕3号", "repeals": [{"on": "2019-08-01"}]}
    taken = ask(facts, "2021-01-01")
    assert (taken.value["status"], taken.value["ends_on"]) == ("annulled", date(2019, 4, 30))
    assert ask(facts, "2019-04-30").value["status"] == "in_force"


def test_reasons_cite_the_clauses() -> None:
    taken = ask(TERM | {"start_clause": "第十八条", "expiry_clause": "第十八条"}, "2020-03-27")
    assert str(taken.reasons[0].citation) == "乳政办发〔2018〕10号 第十八条"
    assert taken.reasons[-1].ok is False


@pytest.mark.parametrize(("word", "status"), [("部分", "in_force"), ("全部", "repealed"), ("替代", "repealed")])
def test_a_repeal_may_be_told_in_chinese(word: str, status: str) -> None:
    repeal = {"by": "乳政办发〔2019〕9号", "kind": word, "on": "2019-05-01"}
    assert ask(TERM | {"repeals": [repeal]}, "2019-05-01").value["status"] == status
    assert ask(TERM | {"repeals": [repeal]}, "2019-04-30").value["status"] == "in_force"


def test_an_end_before_the_start_is_told() -> None:
    found = ask({"effective_from": "2019-01-01", "expires_on": "2018-12-31"}, "2018-06-01")
    assert any("请核对原件" in reason.text for reason in found.reasons if reason.ok is False)
