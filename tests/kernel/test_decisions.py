"""Parameters never fall through; decisions cite, explain themselves and give the same answer again."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from luoshi.kernel import decisions
from luoshi.kernel.decisions import Context, Definition, Outcome, Rule, Verdict, decide, decision, rerun
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import ParameterTable, Provenance

CLAUSE = "测政发〔2018〕1号 三(一)"
DATA: dict[str, Any] = {
    "minimum_age": {
        "title": "最低年龄",
        "unit": "周岁",
        "values": [
            {"value": 18, "from": "2018-01-01", "to": "2018-06-30", "citation": CLAUSE},
            {"value": 20, "from": date(2018, 7, 1), "to": "2018-12-31", "citation": CLAUSE},
        ],
    },
    "share": {"title": "比例", "unit": "%", "values": [{"value": "12.5", "from": "2018-01-01", "source": "default"}]},
}
TABLE = ParameterTable.from_data(DATA)
OLD_ENOUGH = Rule(CLAUSE, "申请人{age}周岁，应满{minimum}周岁")


class Applicant(BaseModel):
    model_config = ConfigDict(extra="forbid")

    age: int


def grown_up(facts: Applicant, context: Context) -> Verdict:
    """是否成年。"""
    minimum = context.parameters["minimum_age"]
    ok = facts.age >= minimum
    return Verdict(ok, Outcome.ALLOW if ok else Outcome.REFUSE, [OLD_ENOUGH.reason(ok, facts.age, minimum)])


@pytest.fixture
def adult() -> Iterator[Definition]:
    register = decision(
        key="test.adult", title="是否成年", citation=CLAUSE, parameters=TABLE, reads=("minimum_age", "share")
    )
    yield register(grown_up)
    del decisions.REGISTRY["test.adult"]


def code_of(refused: pytest.ExceptionInfo[LuoshiError]) -> str:
    return refused.value.code


# --- parameters -------------------------------------------------------------------------------------------------------


def test_parameter_has_the_value_of_its_day() -> None:
    minimum = TABLE["minimum_age"]
    assert [minimum.on(date(2018, month, 30)).value for month in (6, 7)] == [18, 20]
    assert str(minimum.on(date(2018, 6, 30)).citation) == CLAUSE


@pytest.mark.parametrize("day", [date(2017, 12, 31), date(2019, 1, 1)])
def test_parameter_without_value_names_itself_and_its_dates(day: date) -> None:
    with pytest.raises(LuoshiError) as refused:
        TABLE["minimum_age"].on(day)
    assert code_of(refused) == "E_PARAMETER_MISSING"
    assert "minimum_age" in refused.value.message
    assert refused.value.fields["known"] == ["2018-01-01至2018-06-30", "2018-07-01至2018-12-31"]


def test_parameter_keeps_decimals_exact_and_shows_what_is_unconfirmed() -> None:
    share = TABLE["share"].on(date(2030, 1, 1))
    assert (share.value, share.source, share.needs_confirmation) == (Decimal("12.5"), Provenance.DEFAULT, True)
    assert not TABLE["minimum_age"].on(date(2018, 1, 1)).needs_confirmation


@pytest.mark.parametrize(
    "row",
    [
        {"value": 0.1, "from": "2018-01-01", "citation": CLAUSE},
        {"value": 1, "from": "2018-01-01"},
        {"value": 1, "from": "2018-02-30", "citation": CLAUSE},
        {"value": 1, "citation": CLAUSE},
        {"value": 1, "from": "2018-02-01", "to": "2018-01-31", "citation": CLAUSE},
        {"value": 1, "from": "2018-01-01", "citation": "某处"},
    ],
)
def test_parameter_table_refuses_a_bad_row(row: dict[str, Any]) -> None:
    with pytest.raises(LuoshiError) as refused:
        ParameterTable.from_data({"p": {"title": "某数", "unit": "", "values": [row]}})
    assert code_of(refused) == "E_INPUT"


def test_parameter_refuses_two_values_for_one_day() -> None:
    rows = [{"value": n, "from": f"2018-0{n}-01", "citation": CLAUSE} for n in (1, 2)]
    with pytest.raises(LuoshiError) as refused:
        ParameterTable.from_data({"p": {"title": "某数", "unit": "", "values": rows}})
    assert "2018-02-01" in refused.value.message


# --- decisions --------------------------------------------------------------------------------------------------------


def test_decision_cites_and_explains(adult: Definition) -> None:
    taken = decide("test.adult", {"age": 19}, date(2018, 7, 1)).as_dict()
    assert (taken["value"], taken["outcome"]) == (False, "refuse")
    assert taken["reasons"] == [
        {"citation": CLAUSE, "text": "申请人19周岁，应满20周岁", "ok": False, "data": {"age": 19, "minimum": 20}}
    ]
    assert [row["name"] for row in taken["parameters"]] == ["minimum_age", "share"]
    assert taken["parameters"][0]["from"] == "2018-07-01"
    assert json.loads(decide("test.adult", '{"age": 19}', date(2018, 6, 30)).to_json())["value"] is True


def test_decision_without_a_parameter_for_its_day_is_refused(adult: Definition) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide("test.adult", {"age": 19}, date(2019, 1, 1))
    assert code_of(refused) == "E_PARAMETER_MISSING"


@pytest.mark.parametrize(
    ("facts", "word"),
    [({}, "缺少"), ({"age": "x"}, "整数"), ({"age": 1, "b": 2}, "没有这个字段"), ("[1]", "对象"), ("{", "JSON")],
)
def test_bad_facts_are_refused_in_chinese(adult: Definition, facts: Any, word: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide("test.adult", facts, date(2018, 7, 1))
    assert code_of(refused) == "E_INPUT"
    assert word in refused.value.message


class Anything(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: date | None = None
    moment: datetime | None = None
    hour: time | None = None
    kind: Literal["whole", "part"] = "whole"
    count: int = Field(1, ge=1, le=9)
    name: str = Field("甲", min_length=1, max_length=3)
    month: str = Field("2018-07", pattern=r"^\d{4}-\d{2}$")
    rows: tuple[Applicant, ...] = ()
    share: Decimal = Decimal(1)
    event: date | datetime | None = None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"day": "x"}, "“day”应为日期"),
        ({"moment": [1]}, "“moment”应为时刻"),
        ({"hour": "25:00"}, "“hour”应为钟点"),
        ({"kind": "half"}, "“kind”应为whole、part之一"),
        ({"count": 0}, "“count”过小，不得小于1"),
        ({"count": 10}, "“count”过大，不得大于9"),
        ({"count": "9" * 5000}, "“count”过大"),
        ({"name": ""}, "“name”不得为空"),
        ({"name": "甲乙丙丁"}, "“name”过长"),
        ({"month": "7月"}, "“month”写法不对，应如 2018-07"),
        ({"rows": 3}, "“rows”应为列表"),
        ({"rows": [3]}, "“rows.0”应为一组事实"),
        ({"rows": [{}]}, "“rows.0.age”缺少此项"),
        ({"share": "NaN"}, "“share”应为数字"),
        ({"event": "x"}, "“event”应为日期，如 2019-07-01，或应为时刻"),
    ],
)
def test_every_kind_of_fault_is_told_in_chinese(facts: dict[str, Any], words: str) -> None:
    taken = decision(key="test.anything", title="各种事实")
    try:
        with pytest.raises(LuoshiError) as refused:
            taken(anything)(facts, date(2018, 6, 30))
    finally:
        del decisions.REGISTRY["test.anything"]
    assert words in refused.value.message
    assert not re.search(r"Input|should|valid", refused.value.message)


def anything(facts: Anything, context: Context) -> Verdict:
    """各种事实。"""
    return Verdict(str(context.on + timedelta(days=facts.count)), Outcome.ALLOW, [])


def test_a_date_beyond_the_last_year_is_refused_not_a_defect(adult: Definition) -> None:
    with pytest.raises(LuoshiError, match="超出可以计算的范围"):
        decision(key="test.anything", title="各种事实")(anything)({"count": 9}, date(9999, 12, 31))
    del decisions.REGISTRY["test.anything"]


def test_unknown_key_lists_the_known_ones(adult: Definition) -> None:
    with pytest.raises(LuoshiError) as refused:
        decide("test.nothing", {}, date(2018, 7, 1))
    assert code_of(refused) == "E_NOT_FOUND"
    assert "test.adult" in refused.value.fields["known"]


def test_what_if_is_informal(adult: Definition) -> None:
    assumed = decide("test.adult", {"age": 19}, date(2018, 7, 1), {"minimum_age": 19})
    assert (assumed.value, assumed.informal) == (True, True)
    assert decide("test.adult", {"age": 19}, date(2018, 7, 1), {"age": 30}).value is True
    assert not decide("test.adult", {"age": 19}, date(2018, 7, 1)).informal
    with pytest.raises(LuoshiError) as refused:
        decide("test.adult", {"age": 19}, date(2018, 7, 1), {"minimum": 19})
    assert code_of(refused) == "E_INPUT"


def test_receipt_gives_the_same_answer_again(adult: Definition) -> None:
    receipt = decide("test.adult", {"age": 19}, date(2018, 7, 1)).receipt
    again = rerun(json.loads(json.dumps(receipt)))
    assert (again.same, again.differences) == (True, ())
    assert receipt["inputs"] == {"age": 19}


def test_receipt_uses_the_values_of_its_time(adult: Definition) -> None:
    receipt = decide("test.adult", {"age": 19}, date(2018, 7, 1)).receipt
    values = [{"value": 15, "from": "2018-01-01", "citation": CLAUSE}]
    changed = ParameterTable.from_data(DATA | {"minimum_age": {"title": "最低年龄", "unit": "周岁", "values": values}})
    register = decision(
        key="test.adult", title="是否成年", citation=CLAUSE, parameters=changed, reads=("minimum_age", "share")
    )
    register(grown_up)
    again = rerun(receipt)
    assert again.same
    assert again.differences == ("参数“minimum_age”现为15",)


def test_altered_receipt_is_refused(adult: Definition) -> None:
    receipt = decide("test.adult", {"age": 19}, date(2018, 7, 1)).receipt
    with pytest.raises(LuoshiError) as refused:
        rerun(receipt | {"inputs": {"age": 30}})
    assert code_of(refused) == "E_HASH"


def test_one_key_belongs_to_one_module(adult: Definition) -> None:
    def other(facts: Applicant, context: Context) -> Verdict:
        raise NotImplementedError

    other.__module__ = "somewhere.else"
    with pytest.raises(ValueError, match="登记了两次"):
        decision(key="test.adult", title="另一项")(other)


def test_other_names_find_the_decision_and_are_not_listed(adult: Definition) -> None:
    register = decision(
        key="test.adult", title="是否成年", parameters=TABLE, reads=("minimum_age",), also=("test.of_age",)
    )
    definition = register(grown_up)
    try:
        assert decisions.find("test.of_age") is definition
        assert "test.of_age" not in decisions.REGISTRY
        assert decide("test.of_age", {"age": 18}, date(2018, 6, 30)).receipt["key"] == "test.adult"
        with pytest.raises(ValueError, match="已被占用"):
            decision(key="test.other", title="另一项", also=("test.of_age",))(grown_up)
    finally:
        del decisions.ALIASES["test.of_age"]


class Measured(BaseModel):
    value: Any


def test_numbers_of_a_json_text_are_taken_as_printed() -> None:
    def measured(facts: Measured, context: Context) -> Verdict:
        return Verdict(str(facts.value), Outcome.ALLOW, [])

    measured.__annotations__ = {"facts": Measured, "context": Context, "return": Verdict}
    definition = decision(key="test.measured", title="读数")(measured)
    try:
        for printed in ("24.1500000000000000001", "0.1", "-3.50"):
            assert decide(definition, f'{{"value": {printed}}}', date(2018, 1, 8)).value == printed
        assert decide(definition, '{"value": 1e999999999}', date(2018, 1, 8)).value == "inf"
    finally:
        del decisions.REGISTRY["test.measured"]


def test_schema_describes_facts_and_parameters(adult: Definition) -> None:
    schema = adult.schema()
    assert schema["facts"]["required"] == ["age"]
    assert schema["parameters"][0] == {"name": "minimum_age", "title": "最低年龄", "unit": "周岁"}
