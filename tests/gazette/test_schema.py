"""The JSON Schema says what the records are, and every compilation fulfils it."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from luoshi.gazette import records
from luoshi.gazette.compiler import compile_text
from luoshi.gazette.schema import load_schema

REAL = sorted((Path(__file__).parents[2].parent / "shared" / "gazettes").glob("*.txt"))
TEXTS = (
    "",
    "一、加强河道巡查\n(一)市甲局于2018年底前完成90%以上的巡查。(责任单位：市甲局；配合单位：市乙局)\n",
    (
        "测试市人民政府\n任免名单\n\n测政任〔2018〕1号  2018年3月1日\n\n"
        "任命：\n测试甲为市甲局局长；\n免去：\n测试乙的市乙局副局长职务。\n"
    ),
    (
        "测试市人民政府关于印发测试办法的通知\n\n测政发〔2018〕9号\n\n第一章 总则\n"
        "第一条 根据《测试条例》，制定本办法。\n"
        "第二条 市甲局应当在10个工作日内办结，收费不超过50元。\n"
        "第三条 本办法自2018年4月1日起施行，有效期至2023年3月31日。"
        "《旧测试办法》(测政发〔2010〕1号)同时废止。\n\n测试市人民政府\n2018年3月1日\n"
    ),
    "附件\n测试领导小组\n组长：测试甲(副市长)\n成员：测试乙(市甲局局长)\n",
    "\x00\x01（【〔年月日12345“《《",
)

CLASSES = {
    value.__name__: value
    for value in vars(records).values()
    if isinstance(value, type) and dataclasses.is_dataclass(value)
}


def validator() -> Any:
    return Draft202012Validator(load_schema(), format_checker=FormatChecker())


def test_schema_is_one_of_json_schema_2020_12() -> None:
    Draft202012Validator.check_schema(load_schema())


def test_schema_describes_every_class_of_record() -> None:
    assert {*load_schema()["$defs"], "Compilation"} == set(CLASSES)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_schema_has_the_fields_of_the_record_in_their_order(name: str) -> None:
    schema = load_schema() if name == "Compilation" else load_schema()["$defs"][name]
    names = [field.name for field in dataclasses.fields(CLASSES[name])]
    assert (list(schema["properties"]), schema["required"]) == (names, names)
    assert schema["additionalProperties"] is False
    assert all(entry["description"] for entry in schema["properties"].values())


def test_schema_lists_the_kinds_of_the_records() -> None:
    definitions = load_schema()["$defs"]
    assert definitions["Instrument"]["properties"]["kind"]["enum"] == list(records.KINDS)
    assert definitions["Clause"]["properties"]["kind"]["enum"] == list(records.CLAUSE_KINDS)


def faults(text: str) -> list[str]:
    data = json.loads(json.dumps(records.to_json(compile_text(text))))
    return [f"{error.json_path}: {error.message}" for error in validator().iter_errors(data)]


@pytest.mark.parametrize("text", TEXTS)
def test_schema_accepts_what_is_compiled(text: str) -> None:
    assert faults(text) == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_schema_accepts_a_real_issue(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []


@settings(max_examples=60, deadline=None)
@given(
    st.text("一二三(（)）、。，；：《》〔〕年月日前内0123456789%市甲局负责要应当第条章附件任命为组长\n ", max_size=120)
)
def test_schema_accepts_what_is_compiled_from_any_text(text: str) -> None:
    assert faults(text) == []


def test_schema_refuses_a_field_too_many() -> None:
    data = records.to_json(compile_text(TEXTS[1])) | {"extra": 1}
    assert not validator().is_valid(data)
