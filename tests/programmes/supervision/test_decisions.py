"""The worked examples 1 to 14 as tables, and what must hold for any figures."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.kernel.calendar import announced_calendar
from luoshi.kernel.decisions import Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.supervision.decisions.scoring import SCORED, Counted, Weighed, ranks_of, score_of
from luoshi.programmes.supervision.decisions.settings import PARAMETERS
from tests.programmes.supervision.facts import take, value

ITEM_23 = """某事若干(责任单位不详)。(责任单位：市海洋发展局；配合单位:市发

政局、工信局、科技局、市场监管局、文旅局、教体局、商务局、地方金融服务中心、国运公司)"""
ITEM_38 = "某事。（责任单位:市自然资源;配合单位:市农业农村局、综合执法局、各镇区）"


# --- 1, 2: who answers ------------------------------------------------------------------------------------------------


def test_1_a_misprint_waits_for_two_people() -> None:
    read = take("parse_mark", {"text": ITEM_23})
    assert read.value["lead"] == ["海洋发展局"]
    assert len(read.value["coop"]) == 9
    assert [(one["raw"], one["proposal"], one["status"]) for one in read.value["queue"]] == [
        ("市发政局", "发改局", "unresolved")
    ]
    assert (read.outcome, read.value["may_activate"]) == (Outcome.REFUSE, False)


@pytest.mark.parametrize(
    ("by", "resolution"),
    [(["测试甲"], "unresolved"), (["测试甲", "测试甲"], "unresolved"), (["测试甲", "测试乙"], "misprint_confirmed")],
)
def test_1_two_different_people_confirm(by: list[str], resolution: str) -> None:
    readings = [{"raw": "市发政局", "organ": "市发改局", "by": by}]
    read = value("parse_mark", {"text": ITEM_23, "confirmations": readings})
    entry = next(one for one in read["entries"] if one["raw"] == "市发政局")
    assert entry["resolution"] == resolution
    assert read["may_activate"] is (resolution != "unresolved")


def test_2_a_name_cut_short_and_a_wildcard() -> None:
    read = value("parse_mark", {"text": ITEM_38})
    assert [(one["raw"], one["proposal"]) for one in read["queue"]] == [("市自然资源", "自然资源局")]
    assert (read["coop"], read["wildcards"]) == (["农业农村局", "综合执法局"], ["各镇区"])


@pytest.mark.parametrize(
    ("facts", "count", "result", "allowed"),
    [
        ({"token": "各镇区"}, 17, "EXPANDED", True),
        ({"token": "各镇"}, 14, "EXPANDED", True),
        ({"token": "各相关镇区"}, 0, "UNDESIGNATED", False),
        ({"token": "各有关镇区", "members": ["乳山口镇", "滨海新区", "滨海新区"]}, 2, "DESIGNATED", True),
        ({"token": "各相关镇区", "none_concerned": True}, 0, "UNDESIGNATED", False),
        ({"token": "各相关镇区", "none_concerned": True, "reason": "不涉及"}, 0, "NONE_CONCERNED", True),
        ({"token": "各金融机构"}, 1, "EXPANDED", True),
    ],
)
def test_2_wildcards(facts: dict[str, Any], count: int, result: str, allowed: bool) -> None:
    found = value("expand", facts)
    assert (found["count"], found["result"], found["cross_off_allowed"]) == (count, result, allowed)


# --- 3 to 8: progress, plan, light ------------------------------------------------------------------------------------

LEAVES_24 = [
    {"weight": 3000, "value": 120, "target": 151},
    {"weight": 4500, "value": 61, "target": 97},
    {"weight": 2500, "value": 6, "target": 6},
]


def test_3_item_24() -> None:
    found = value("rollup", {"children": LEAVES_24})
    assert (found["A"], [one["A"] for one in found["children"]]) == ("77.14", ["79.47", "62.89", "100.00"])


def test_3_weights_of_99_are_refused() -> None:
    found = take("rollup", {"children": [*LEAVES_24[:2], LEAVES_24[2] | {"weight": 2400}]})
    assert (found.outcome, found.value["code"]) == (Outcome.REFUSE, "E_SUM")
    assert "现为99%" in found.value["message"]


@pytest.mark.parametrize(
    ("facts", "figure", "reached"),
    [
        ({"code": "T24.2", "measured": 150}, "24.96", False),
        ({"code": "T24.2", "measured": 151}, "25.12", True),
        ({"code": "T28.2", "value": 4999}, "99.98", False),
        ({"code": "T28.2", "value": 5000}, "100.00", True),
        ({"code": "T40.1", "measured": 1200, "of": 1500}, "80.00", True),
        ({"code": "T40.1", "measured": 1199, "of": 1499}, "79.99", False),
        ({"code": "T40.1", "measured": 15999, "of": 20000}, "79.995", False),
        ({"code": "T38.1", "value": 1}, "0.00", False),
        ({"code": "T38.1", "value": 0}, "100.00", True),
        ({"code": "T15.1", "value": 31}, "100.00", False),
        ({"code": "T15.1", "value": 30}, "100.00", True),
        ({"code": "T39.1", "value": 27}, "100.00", False),
    ],
)
def test_4_to_6_targets_of_the_plan(facts: dict[str, Any], figure: str, reached: bool) -> None:
    found = value("target", facts)
    assert (found.get("measured", found["A"]), found["reached"]) == (figure, reached)


def test_5_crossing_off_needs_the_last_one() -> None:
    asked = {
        "target": 5000, "evidence_required": ["statistics"], "evidence": [{"kind": "statistics", "hash": "a"}],
        "head_signed": True, "verifier_organ": "government-office", "responsible_organ": "human-resources",
    }  # fmt: skip
    assert value("cross_off", asked | {"value": 4999})["result"] == "REFUSED"
    assert value("cross_off", asked | {"value": 5000})["result"] == "ALLOWED"
    assert value("cross_off", asked)["result"] == "UNDETERMINED"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"verifier_organ": "human-resources"}, "核验人不得为责任单位人员"),
        ({"head_signed": False}, "没有签字"),
        ({"open_letters": 1}, "督办函没有办结"),
        ({"evidence": []}, "缺少佐证"),
        ({"evidence": [{"kind": "statistics", "hash": "a"}, {"kind": "photo", "hash": "a"}]}, "同一个文件"),
        ({"evidence": [{"kind": "statistics", "hash": "a", "reused_elsewhere": True}]}, "没有写明理由"),
        ({"coops": [{"organ": "甲", "answer": "objected"}]}, "有异议"),
        ({"coops": [{"organ": "甲", "answer": "silent", "asked_on": "2019-07-29"}], "day": "2019-08-01"}, "表态"),
        ({"coops": [{"organ": "甲", "answer": "overruled"}]}, "须写明理由"),
        ({"designated": False}, "不能销号"),
    ],
)
def test_d8_each_condition_refuses_alone(change: dict[str, Any], words: str) -> None:
    asked = {
        "target_reached": True, "evidence_required": ["statistics"], "evidence": [{"kind": "statistics", "hash": "a"}],
        "head_signed": True, "verifier_organ": "government-office", "responsible_organ": "human-resources",
        "coops": [{"organ": "甲", "answer": "silent", "asked_on": "2019-07-29"}], "day": "2019-08-02",
    }  # fmt: skip
    assert value("cross_off", asked)["result"] == "ALLOWED"
    refused = value("cross_off", asked | change)
    assert refused["result"] == "REFUSED"
    assert [one for one in refused["refusals"] if words in one]


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"leaves": ["crossed_off", "crossed_off"], "leader_approved": True}, "ALLOWED"),
        ({"leaves": ["crossed_off", "running"], "leader_approved": True}, "REFUSED"),
        ({"leaves": ["crossed_off"], "leader_approved": False}, "REFUSED"),
        ({"leaves": ["crossed_off"]}, "UNDETERMINED"),
    ],
)
def test_d8_an_item(facts: dict[str, Any], result: str) -> None:
    assert value("cross_off", facts | {"level": "item"})["result"] == result


PLAIN = {"start": "2019-04-10", "due": "2019-12-31"}
STEPS = {"start": "2019-04-11", "due": "2019-10-31", "points": [["2019-05-31", 20], ["2019-08-31", 60]]}


@pytest.mark.parametrize(
    ("facts", "day", "exact", "text"),
    [
        (PLAIN, "2019-06-30", "1620/53", "30.57"),
        (STEPS, "2019-05-01", 8, "8.00"),
        (STEPS, "2019-05-31", 20, "20.00"),
        (STEPS, "2019-07-16", 40, "40.00"),
        (STEPS, "2019-09-30", "4860/61", "79.67"),
        ({"start": "2019-04-10", "due": "2019-04-19", "profile": "governance"}, "2019-04-10", 10, "10.00"),
    ],
)
def test_7_and_8_plan(facts: dict[str, Any], day: str, exact: Any, text: str) -> None:
    found = value("planned", facts | {"day": day})
    assert (found["planned"], found["P"]) == (exact, text)


@pytest.mark.parametrize(
    ("facts", "light"),
    [
        (PLAIN | {"day": "2019-06-30", "actual": "1090/53"}, "yellow"),
        ({"planned": 50, "actual": 25}, "red"),
        ({"planned": 50, "actual": "25.01"}, "yellow"),
        ({"planned": 50, "actual": "40.01"}, "green"),
        ({"planned": 50, "actual": 40}, "yellow"),
        (PLAIN | {"day": "2020-01-01", "actual": 100}, "red"),
        (PLAIN | {"day": "2020-01-01", "actual": 10, "done": True}, "blue"),
        (PLAIN | {"day": "2019-04-09", "actual": 0}, "grey"),
        (PLAIN | {"day": "2019-12-01", "actual": 0, "state": "paused"}, "hollow"),
    ],
)
def test_7_lights(facts: dict[str, Any], light: str) -> None:
    assert value("light", facts)["light"] == light


@pytest.mark.parametrize(
    ("facts", "light"),
    [
        ({"planned": 50, "actual": 45}, "green"),
        ({"planned": 50, "actual": "44.99"}, "yellow"),
        ({"planned": 50, "actual": 35}, "yellow"),
        ({"planned": 50, "actual": "34.99"}, "red"),
        ({"planned": 50, "actual": 50, "children": ["green", "red"]}, "yellow"),
        ({"start": "2019-04-10", "due": "2019-04-26", "day": "2019-05-06", "actual": 100}, "yellow"),
        ({"start": "2019-04-10", "due": "2019-04-26", "day": "2019-05-07", "actual": 100}, "red"),
    ],
)
def test_lights_of_the_governance_profile(facts: dict[str, Any], light: str) -> None:
    assert value("light", facts | {"profile": "governance"})["light"] == light


# --- 9 to 11: late, done, longer --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "days"),
    [
        ("2019-04-26", ["2019-04-27", "2019-04-30", "2019-05-08", "2019-05-20", "2019-06-11"]),
        ("2019-09-27", ["2019-09-28", "2019-10-08", "2019-10-12", "2019-10-23", "2019-11-13"]),
    ],
)
def test_9_ladder(due: str, days: list[str]) -> None:
    steps = ("holder", "head", "letter", "leader", "referral")
    for place, day in enumerate(days):
        found = value("escalation", {"due": due, "day": day})
        assert [found[step] for step in steps] == days
        assert found["step"] == steps[place]
        before = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
        assert value("escalation", {"due": due, "day": before})["step"] == (steps[place - 1] if place else None)


def test_9_what_ends_or_stops_the_ladder() -> None:
    late = {"due": "2019-04-26", "day": "2019-06-11"}
    assert value("escalation", late | {"extended_due": "2019-06-25"})["result"] == "NONE"
    done = value("escalation", late | {"completed_on": "2019-05-06"})
    assert (done["result"], done["head"], done["letter"]) == ("NONE", "2019-04-30", None)
    stopped = value("escalation", late | {"pauses": [{"start": "2019-04-29", "end": "2019-05-06"}]})
    assert stopped["head"] == "2019-05-07"
    assert value("escalation", late | {"day": "2019-05-10", "unanswered_letters": 2})["step"] == "referral"


SUBMITTED = {"submitted_at": "2019-04-25T10:00", "returned_at": "2019-05-06T10:00"}
AGAIN = {"submitted_at": "2019-05-07T10:00", "accepted_at": "2019-05-08T10:00"}


@pytest.mark.parametrize(
    ("submissions", "day", "late", "tau"),
    [
        ([{"submitted_at": "2019-04-26T23:59:59", "accepted_at": "2019-05-06"}], "2019-04-26", 0, 1),
        ([{"submitted_at": "2019-04-27T00:00:00", "accepted_at": "2019-05-06"}], "2019-04-27", 0, "0.5"),
        ([SUBMITTED | {"return_kind": "substance"}, AGAIN], "2019-05-07", 6, "0.5"),
        ([SUBMITTED | {"return_kind": "formal"}, AGAIN], "2019-04-25", 0, 1),
    ],
)
def test_10_the_day_that_counts(submissions: list[dict[str, Any]], day: str, late: int, tau: Any) -> None:
    for name in ("completion", "cross_off"):
        found = value(name, {"due": "2019-04-26", "submissions": submissions})
        assert (found["completed_on"], found["late_wd"], found["tau"]) == (day, late, tau)


@pytest.mark.parametrize(
    ("facts", "result"),
    [
        ({"filed_on": "2019-06-30", "new_due": "2019-08-29"}, "MAY_APPROVE"),
        ({"filed_on": "2019-06-30", "new_due": "2019-08-30"}, "REFUSE"),
        ({"filed_on": "2019-07-01", "new_due": "2019-08-29"}, "REFUSE"),
        ({"filed_on": "2019-06-30T23:59:59", "new_due": "2019-08-29"}, "MAY_APPROVE"),
        ({"filed_on": "2019-06-30", "new_due": "2019-08-29", "approved_before": 1}, "REFUSE"),
        ({"due": "2019-12-01", "filed_on": "2019-12-01", "new_due": "2020-01-10"}, "REFUSE"),
        ({"due": "2019-12-01", "filed_on": "2019-12-01", "new_due": "2020-01-10", "plan_closing": True}, "MAY_APPROVE"),
        ({"kind": "adjustment"}, "REFUSE"),
    ],
)
def test_11_extension(facts: dict[str, Any], result: str) -> None:
    assert value("extension", {"due": "2019-06-30"} | facts)["result"] == result


# --- 12 to 14: score, rank, category ----------------------------------------------------------------------------------

X = {
    "leaves": [
        {"role": "lead", "w": 2500, "A": 100, "tau": 1},
        {"role": "lead", "w": 4000, "A": 90, "tau": 0},
        {"role": "coop", "w": 3000, "A": 100, "tau": 0.5},
    ],
    "reports_due": 12, "reports_on_time": 11, "returned": 1, "letters": 1,
}  # fmt: skip
Y = {"leaves": [{"w": 10000, "A": 100, "tau": 1}], "reports": "6/6", "bonuses": 1}
Z = {
    "leaves": [{"w": 5000, "A": 80, "tau": 0}, {"w": 5000, "A": 100, "tau": 1}],
    "reports_due": 0, "spot_failed": 1, "circulars": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (X, {"C": "94.59", "T": "39.86", "R": "91.67", "Q": "90.00", "score": "81.90", "exact": "18181/222"}),
        (Y, {"score": "100.00", "bonus": 2}),
        (Z, {"C": "90.00", "T": "50.00", "R": None, "Q": "80.00", "mean": "80.00", "score": "77.00"}),
    ],
)
def test_12_scores(facts: dict[str, Any], expected: dict[str, Any]) -> None:
    found = value("score", facts)
    assert {name: found[name] for name in expected} == expected


def test_d9_one_leaf_counts_once_and_nothing_due_is_not_ranked() -> None:
    both = [{"leaf": "1", "role": "coop", "w": 100, "A": 0}, {"leaf": "1", "role": "lead", "w": 100, "A": 50}]
    assert value("score", {"leaves": both})["C"] == "50.00"
    assert value("score", {"leaves": []})["result"] == "NOT_RANKED"
    dated = {"start": "2019-06-30", "end": "2019-12-31"}
    old = {"w": 1, "A": 100, "due": "2019-06-30", "completed_on": "2019-06-30"}
    assert value("score", dated | {"leaves": [old]})["result"] == "NOT_RANKED"
    carried = value("score", dated | {"leaves": [old | {"completed_on": "2019-07-01"}]})
    assert (carried["result"], carried["T"]) == ("SCORED", "50.00")
    assert value("score", dated | {"leaves": [old | {"due": "2020-01-01"}]})["result"] == "NOT_RANKED"


def test_13_ranks() -> None:
    found = value("rank", {"scores": ["95.00", "92.31", "92.31", "80.00", "80.00", "79.99"]})
    assert found["ranks"] == [1, 2, 2, 4, 4, 6]
    rows = [{"organ": "a", "group": "镇区", "score": 1}, {"organ": "b", "score": 2}, {"organ": "c", "group": "镇区"}]
    assert value("rank", {"scores": rows})["ranks"] == [1, 1, None]


@pytest.mark.parametrize(
    ("leaves", "result"),
    [
        ([{"crossed_off": True}, {"actual": "90.00"}, {"withdrawn": True}], "基本完成"),
        ([{"crossed_off": True}, {"actual": "89.99"}, {"withdrawn": True}], "未完成"),
        ([{"state": "crossed_off"}, {"state": "withdrawn"}], "完成"),
        (["withdrawn"], "调整"),
    ],
)
def test_14_categories(leaves: list[Any], result: str) -> None:
    assert value("category", {"leaves": leaves})["category"] == result


# --- the others -------------------------------------------------------------------------------------------------------

LEAF = {
    "code": "2019-24.01", "weight_bp": 10000, "organ": "transport", "post": "公路科科长", "deliverable": "改造公路",
    "evidence": ["acceptance"], "target": "T24.3", "start": "2019-04-10", "due": "2019-07-11",
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weight_bp": 9900}, "现为99%"),
        ({"post": []}, "缺少岗位"),
        ({"organ": ["transport", "finance"]}, "只能有一个"),
        ({"evidence": []}, "佐证种类"),
        ({"target": "T24.4"}, "T24.3"),
        ({"start": "2019-07-12"}, "晚于最后一日"),
        ({"start": "2019-04-09"}, "须有计划点"),
        ({"due": "2020-01-01", "points": [["2019-08-01", 50]]}, "分包领导没有批准"),
        ({"organ": "finance"}, "没有最小颗粒"),
    ],
)
def test_d3_each_fault_is_named(change: dict[str, Any], words: str) -> None:
    item = {"item": "2019-24", "targets": ["T24.3"], "lead": ["transport"], "coop": ["x"], "waivers": ["x"]}
    assert value("decomposition", item | {"leaves": [LEAF]})["complete"] is True
    found = value("decomposition", item | {"leaves": [LEAF | change]})
    assert [one for one in found["failures"] if words in one["text"]]
    assert value("decomposition", item | {"leaves": [LEAF], "waivers": []})["complete"] is False


@pytest.mark.parametrize(
    ("day", "state", "sanction"),
    [
        ("2019-05-30", "open", False),
        ("2019-05-31", "warned", False),
        ("2019-06-30", "warned", False),
        ("2019-07-01", "in_breach", False),
        ("2019-09-28", "in_breach", False),
        ("2019-09-29", "in_breach", True),
    ],
)
def test_d13_integrity(day: str, state: str, sanction: bool) -> None:
    found = value("integrity", {"due": "2019-06-30", "day": day})
    assert (found["state"], found["sanction"]) == (state, sanction)
    done = value("integrity", {"due": "2019-06-30", "day": day, "executed_on": "2019-05-01", "voucher": True})
    assert done["state"] == "crossed_off"
    assert value("integrity", {"due": "2019-06-30", "day": day, "executed_on": "2019-05-01", "voucher": False})[
        "state"
    ] == (state)


def test_d12_only_what_is_registered() -> None:
    rows = [
        {"organ": "a", "kind": "unanswered_letter", "source": "letter:1"},
        {"organ": "a", "kind": "failed_spot_check", "source": "check:1"},
        {"organ": "a", "kind": "harm", "facts": "听说"},
    ]
    found = value("accountability", {"records": rows})
    assert [one["key"] for one in found["organs"][0]["headings"]] == ["non_execution", "falsified"]
    assert (found["result"], found["sanction"]) == ("DRAFT", None)


@pytest.mark.parametrize(
    ("period", "due"),
    [("2019-04", "2019-04-25"), ("2019-05", "2019-05-27"), ("2019-Q2", "2019-06-25"), ("2019-W18", "2019-05-05")],
)
def test_reports_fall_due_on_working_days(period: str, due: str) -> None:
    assert value("report_due", {"period": period})["due"] == due


def test_reports_of_a_span() -> None:
    found = value("report_due", {"start": "2019-04-26", "due": "2019-07-24"})
    assert [one["due"] for one in found["dues"]] == ["2019-05-27", "2019-06-25"]


def test_every_number_says_where_it_is_from() -> None:
    for name, parameter in PARAMETERS.items():
        for dated in parameter.values:
            assert dated.citation is not None or dated.source != "clause", name
            if name.startswith("T"):
                assert dated.valid_from == date(2019, 4, 10)
                assert str(dated.citation).endswith(f" {name[1:].split('.')[0]}")


# --- for any figures --------------------------------------------------------------------------------------------------

DAYS = st.dates(date(2018, 3, 1), date(2019, 10, 31))
PERCENT = st.fractions(0, 100, max_denominator=50)
LEAF_ROWS = st.lists(
    st.tuples(
        st.integers(0, 5000), st.sampled_from(["lead", "coop"]), PERCENT, st.sampled_from([0, Fraction(1, 2), 1])
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(LEAF_ROWS, st.integers(0, 6), st.integers(0, 6), st.lists(st.integers(0, 5), min_size=6, max_size=6))
def test_score_is_what_a_slow_sum_says(
    rows: list[tuple[int, str, Fraction, Any]], good: int, more: int, counts: list[int]
) -> None:
    returned, failed, letters, circulars, falsified, bonuses = counts
    facts = {
        "leaves": [{"w": w, "role": role, "A": str(a), "tau": str(tau)} for w, role, a, tau in rows],
        "reports_due": good + more, "reports_on_time": good, "returned": returned, "spot_failed": failed,
        "letters": letters, "circulars": circulars, "falsified": falsified, "bonuses": bonuses,
    }  # fmt: skip
    found = value("score", facts)
    weights = [Fraction(w) * (1 if role == "lead" else Fraction(3, 10)) for w, role, _a, _tau in rows]
    if sum(weights) == 0:
        assert found["result"] == "NOT_RANKED"
        return
    c = sum(w * row[2] for w, row in zip(weights, rows, strict=True)) / sum(weights)
    t = 100 * sum(w * row[3] for w, row in zip(weights, rows, strict=True)) / sum(weights)
    q = max(0, 100 - 10 * returned - 20 * failed)
    total = 60 * c + 20 * t + 10 * q + (Fraction(1000 * good, good + more) if good + more else 0)
    mean = total / (100 if good + more else 90)
    exact = mean - letters - 3 * circulars - 10 * falsified + min(2 * bonuses, 4)
    assert Fraction(found["exact"]) == max(Fraction(0), min(Fraction(100), exact))
    assert abs(Fraction(found["score"]) - Fraction(found["exact"])) <= Fraction(1, 200)


@settings(max_examples=60, deadline=None)
@given(LEAF_ROWS, st.integers(0, 5), st.data())
def test_more_done_never_scores_less(rows: list[Any], letters: int, data: st.DataObject) -> None:
    values = {name: Fraction(str(PARAMETERS[name].on(date(2019, 8, 1)).value)) for name in SCORED}
    leaves = [Weighed(Fraction(w), a, Fraction(tau)) for w, _role, a, tau in rows]
    before = score_of(leaves, Counted(letters=Fraction(letters)), values)
    if before is None:
        return
    place = data.draw(st.integers(0, len(leaves) - 1))
    leaves[place] = Weighed(leaves[place].weight, Fraction(100), Fraction(1))
    after = score_of(leaves, Counted(letters=Fraction(letters)), values)
    assert after is not None
    assert after.exact >= before.exact


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.fractions(0, 100, max_denominator=1000), max_size=8))
def test_rank_is_one_more_than_those_better(scores: list[Fraction | None]) -> None:
    def rounded(one: Fraction) -> Fraction:
        return Fraction(int(one * 100 + Fraction(1, 2)), 100)

    slow = [
        None if one is None else 1 + sum(rounded(other) > rounded(one) for other in scores if other is not None)
        for one in scores
    ]
    assert ranks_of(scores) == slow


@settings(max_examples=40, deadline=None)
@given(DAYS, st.integers(0, 60))
def test_ladder_counts_working_days_one_by_one(due: date, ahead: int) -> None:
    day = due + timedelta(days=ahead)
    calendar = announced_calendar()
    slow = sum(calendar.is_working(due + timedelta(days=step)) for step in range(1, ahead + 1))
    found = value("escalation", {"due": due.isoformat(), "day": day.isoformat()}, date(2019, 8, 1))
    assert (found["overdue"], found["k"]) == (ahead > 0, slow)
    for step, limit in (("head", 3), ("letter", 7), ("leader", 15), ("referral", 30)):
        assert (found[step] <= day.isoformat()) is (slow >= limit)


# --- at the edges: other writings, contradictions, nothing to divide by -----------------------------------------------

OFF = {
    "target_reached": True, "evidence_required": ["statistics"], "evidence": [{"kind": "statistics", "hash": "a"}],
    "head_signed": True, "verifier_organ": "government-office", "responsible_organ": "human-resources",
}  # fmt: skip
ROAD = {
    "code": "2019-24.01", "organ": "市交通运输局", "post": "科长", "deliverable": "公路", "evidence_types": ["photo"],
    "start": "2019-04-10", "due": "2019-06-30", "weight_bp": 10000,
}  # fmt: skip
TWO = [{"weight": "30%", "percent": 100}, {"weight": "70%", "percent": 0}]


@pytest.mark.parametrize(
    ("key", "facts", "wanted"),
    [
        ("cross_off", OFF | {"verifier_organ": "市人力资源和社会保障局"}, {"result": "REFUSED"}),
        ("cross_off", OFF | {"verifier_organ": "人社局", "responsible_organ": "市人社局"}, {"result": "REFUSED"}),
        ("cross_off", OFF | {"verifier_organ": "市财政局"}, {"result": "ALLOWED"}),
        ("cross_off", OFF | {"day": "2019-08-01", "coops": [{"organ": "市财政局", "asked_on": "2019-07-29"}]},
         {"refusals": ["配合单位“市财政局”到2019-08-01止还可表态"]}),
        ("cross_off", OFF | {"day": "2019-08-02", "coops": [{"organ": "市财政局", "asked_on": "2019-07-29"}]},
         {"result": "ALLOWED"}),
        ("progress", {"measured": 0, "of": 0, "target": 80}, {"result": "NO_DATA", "A": None}),
        ("progress", {"value": "0.75亿元", "target": "1.5亿元"}, {"A": "50.00"}),
        ("progress", {"comparator": "event", "value": True}, {"reached": True}),
        ("target", {"code": "T1.2", "value": "23.69亿元"}, {"reached": False}),
        ("target", {"code": "T1.2", "value": "23.7亿元"}, {"reached": True}),
        ("rollup", {"children": TWO}, {"A": "30.00"}),
        ("rollup", {"children": [{"percent": 5}]}, {"result": "UNDETERMINED", "missing": ["weight"]}),
        ("decomposition", {"lead": ["transport"], "leaves": [ROAD]}, {"complete": True}),
        ("decomposition", {"lead": ["市财政局"], "leaves": [ROAD]}, {"complete": False}),
        ("decomposition", {"lead": ["transport"], "nodes": [{"code": "2019-24.02", "weight_bp": 10000}],
                           "leaves": [ROAD | {"parent": "2019-24.03"}]}, {"complete": False}),
        ("escalation", {"due": "2026-12-25", "day": "2027-03-01"}, {"step": "head", "provisional": True}),
        ("escalation", {"due": "2018-12-28", "day": "2019-02-20"}, {"referral": "2019-02-14", "provisional": False}),
        ("extension", {"due": "2019-06-30", "new_due": "2019-08-01"}, {"missing": ["filed_on"]}),
        ("integrity", {"due": "2019-06-30", "day": "2019-09-29", "executed_on": "2019-09-28"},
         {"missing": ["voucher"]}),
        ("integrity", {"due": "2019-06-30", "day": "2019-09-29", "executed_on": "2019-09-28", "voucher": False},
         {"result": "IN_BREACH"}),
        ("accountability", {"records": [{"organ": "市财政局", "heading": "harm", "source": "a"},
                                        {"organ": "finance", "heading": "harm", "source": "b"}]}, {"result": "DRAFT"}),
    ],
)  # fmt: skip
def test_edges(key: str, facts: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = value(key, facts)
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("key", "facts", "words"),
    [
        ("rollup", {"children": [{"weight": -1, "percent": 5}, {"weight": 10001, "percent": 5}]}, "权重不得为负"),
        ("planned", {"start": "2019-04-11", "due": "2019-10-31", "points": [["2019-11-01", 20]]}, "不在开始日"),
        ("escalation", {"due": "2019-04-26", "pauses": [{"start": "2019-05-06", "end": "2019-05-01"}]}, "早于决定之日"),
        ("completion", {"due": "2019-04-26", "submissions": [
            {"submitted_at": "2019-04-25", "accepted_at": "2019-04-20"}]}, "早于送出"),
        ("score", {"leaves": [{"weight": 1, "actual": 100, "tau": 2}]}, "1、0.5或0"),
        ("score", {"leaves": [{"weight": 1, "actual": 101, "tau": 1}]}, "0到100之间"),
        ("category", {"actual": 101}, "0到100之间"),
    ],
)  # fmt: skip
def test_facts_that_cannot_be_are_named(key: str, facts: dict[str, Any], words: str) -> None:
    with pytest.raises(LuoshiError, match=words):
        value(key, facts)


def test_one_organ_written_twice_is_one_organ() -> None:
    records = [{"organ": name, "heading": "harm", "source": name} for name in ("市财政局", "finance", "财政局")]
    assert [len(one["headings"][0]["records"]) for one in value("accountability", {"records": records})["organs"]] == [
        3
    ]


# --- key works outside the yearly plan: services-governance 6.1 to 6.3, 7.5 -------------------------------------------


def works(day: str, first: Any, second: Any, **more: Any) -> dict[str, Any]:
    leaves = [
        {"name": "L1", "weight": 60, "start": "2018-03-01", "due": "2018-03-31", "verified": first},
        {"name": "L2", "weight": 40, "start": "2018-03-11", "due": "2018-04-09", "verified": second},
    ]
    return {"day": day, "leaves": leaves, **more}


@pytest.mark.parametrize(
    ("day", "planned"),
    [("2018-02-28", "0.00"), ("2018-03-01", "1.94"), ("2018-03-10", "19.35"), ("2018-03-31", "88.00"),
     ("2018-04-09", "100.00"), ("2018-04-10", "100.00")],
)  # fmt: skip
def test_governance_plan_counts_both_end_days(day: str, planned: str) -> None:
    assert value("governance", works(day, 0, 0))["planned"] == planned


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        (works("2018-03-31", 80, 50), {"actual": "68.00", "deviation": -20, "level": "red"}),
        (works("2018-03-31", 95, 65), {"actual": "83.00", "deviation": -5, "level": "green"}),
        (works("2018-03-31", 95, "64.99"), {"by_number": "yellow", "level": "yellow"}),
        (works("2018-03-31", 75, 70), {"deviation": -15, "by_number": "yellow", "level": "yellow"}),
        (works("2018-03-31", 75, "69.99"), {"level": "red"}),
        (works("2018-04-09", 99, 100), {"by_number": "green", "level": "yellow"}),
        (works("2018-04-09", 100, 100), {"level": "green"}),
        ({"day": "2018-04-09", "leaves": [{"weight": "50%", "start": "2018-03-01", "due": "2018-03-31"},
            {"weight": "50%", "start": "2018-03-01", "due": "2018-03-31", "done": True}]}, {"actual": "50.00"}),
    ],
)  # fmt: skip
def test_governance_levels(facts: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = value("governance", facts)
    assert {name: found.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(("day", "days", "level"), [("2018-04-01", 0, "yellow"), ("2018-04-09", 5, "yellow"),
                                                    ("2018-04-10", 6, "red")])  # fmt: skip
def test_governance_overdue_leaf(day: str, days: int, level: str) -> None:
    leaf = value("governance", works(day, 99, 100))["leaves"][0]
    assert (leaf["overdue_wd"], leaf["level"]) == (days, level)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"leaves": [{"weight": w, "start": "2018-03-01", "due": "2018-03-31"} for w in (50, 30, 19)]}, "现为99%"),
        ({"leaves": [{"weight": 100, "start": "2018-03-01", "due": "2018-03-31", "persons": ["测试甲", "测试乙"]}]},
         "正好一个责任人"),
        ({"leaves": [{"weight": 100, "start": "2018-03-31", "due": "2018-03-01"}]}, "晚于最后一日"),
        ({"due": "2018-04-08"}, "不在上级的起止日之内"),
    ],
)  # fmt: skip
def test_governance_refuses_a_wrong_tree(change: dict[str, Any], words: str) -> None:
    found = take("governance", works("2018-03-31", 0, 0) | change)
    assert found.outcome == Outcome.REFUSE
    assert words in found.value["message"]


@pytest.mark.parametrize(
    ("facts", "false"),
    [({"reported": 60, "found": 54}, True), ({"reported": 60, "found": 55}, False), ({"reported": 60, "found": 70},
      False), ({"reported": 60, "found": "54.99"}, True), ({"evidence": "地点不符"}, True)],
)  # fmt: skip
def test_governance_false_report(facts: dict[str, Any], false: bool) -> None:
    assert value("false_report", facts)["false_report"] is false


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"transferred_on": "2018-11-30", "day": "2019-02-28"},
         {"due": "2019-02-28", "latest": "2019-05-30", "result": "RUNNING"}),
        ({"transferred_on": "2018-11-30", "day": "2019-03-01"}, {"result": "OVERDUE"}),
        ({"transferred_on": "2018-11-30", "extended": True, "day": "2019-05-30"},
         {"due": "2019-05-30", "result": "RUNNING"}),
        ({"transferred_on": "2019-11-29", "replied_on": "2020-02-29T23:59:59"}, {"due": "2020-02-29", "on_time": True}),
        ({"transferred_on": "2019-11-29", "replied_on": "2020-03-01"}, {"result": "LATE"}),
        ({"transferred_on": "2018-03-01", "replied_on": "2018-05-02", "rating": "不满意", "rated_on": "2018-05-10"},
         {"result": "REDO", "redo_by": "2018-06-09"}),
        ({"received_on": "2018-02-10"}, {"assign_by": "2018-02-22"}),
        ({}, {"result": "UNDETERMINED"}),
    ],
)  # fmt: skip
def test_proposals(facts: dict[str, Any], wanted: dict[str, Any]) -> None:
    found = value("proposal", facts)
    assert {name: found.get(name) for name in wanted} == wanted
