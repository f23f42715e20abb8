"""The guards of the approval chain as anybody may ask them: Chinese words, missing facts, a second too late."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

import luoshi.programmes.heavy_pollution.decisions.chain
from luoshi.kernel.decisions import Decision, decide
from luoshi.kernel.errors import LuoshiError

assert luoshi.programmes.heavy_pollution.decisions.chain


def decided(key: str, facts: dict[str, Any]) -> Decision:
    return decide(f"heavy_pollution.{key}", facts, date(2018, 1, 12))


BOTH = {"participants": ["环保局", "气象局"], "hours": 72, "computed": "黄色", "proposed": "黄色"}
SIGNED = {"proposed": "橙色", "consented": "orange"}


@pytest.mark.parametrize(
    ("key", "facts", "outcome"),
    [
        ("consultation", BOTH, "allow"),
        ("consultation", BOTH | {"participants": ["environment", "weather"]}, "allow"),
        ("consultation", BOTH | {"participants": ["市环保局"]}, "refuse"),
        ("consultation", BOTH | {"hours": 0}, "refuse"),
        ("consultation", BOTH | {"proposed": "橙色"}, "refuse"),
        ("consultation", BOTH | {"proposed": "橙色", "reason": "威海建议提高"}, "allow"),
        ("consultation", BOTH | {"participants": None}, "undetermined"),
        ("consultation", {}, "undetermined"),
        ("fresh_consultation", {"closed_at": "2018-01-12T08:00", "now": "2018-01-13T08:00"}, "allow"),
        ("fresh_consultation", {"closed_at": "2018-01-12T08:00", "now": "2018-01-13T08:00:01"}, "refuse"),
        ("fresh_consultation", {"now": "2018-01-13T08:00"}, "undetermined"),
        ("signable", SIGNED, "allow"),
        ("signable", SIGNED | {"consented": "黄色"}, "refuse"),
        ("signable", SIGNED | {"proposer": "测试甲", "signer": "测试甲"}, "refuse"),
        ("signable", SIGNED | {"proposer": "测试甲", "signer": "测试乙"}, "allow"),
        ("signable", SIGNED | {"newest_run_at": "2018-01-12T10:00", "considered_run_at": "2018-01-12T10:00"}, "allow"),
        ("signable", SIGNED | {"newest_run_at": "2018-01-12T10:01", "considered_run_at": "2018-01-12T10:00"}, "refuse"),
        ("signable", {}, "undetermined"),
        ("by_chain", {"approval": "HS-2018-0002", "issued": True}, "allow"),
        ("by_chain", {"approval": "HS-2018-0002", "issued": False}, "refuse"),
        ("by_chain", {"approval": "", "issued": True}, "refuse"),
        ("by_chain", {}, "refuse"),
        ("exercise_only", {"exercise": True}, "allow"),
        ("exercise_only", {"exercise": False}, "refuse"),
        ("exercise_only", {}, "undetermined"),
        ("closable", {"missing": []}, "allow"),
        ("closable", {"missing": ["评估"]}, "refuse"),
        ("closable", {}, "undetermined"),
    ],
)
def test_guards(key: str, facts: dict[str, Any], outcome: str) -> None:
    assert decided(key, facts).outcome == outcome


def test_nothing_is_signed_without_consent() -> None:
    assert decided("signable", {"proposed": "橙色"}).reasons[0].text == "未经市应急委同意不得签发"


@pytest.mark.parametrize(
    ("key", "facts", "words"),
    [
        ("fresh_consultation", {"closed_at": "2018-01-13T08:00", "now": "2018-01-12T08:00"}, "晚于现在"),
        ("signable", {"proposed": "紫色"}, "不是级别"),
        ("dust", {"hour": 9, "records": [{"grade": "沙尘暴", "from": 10, "to": 8, "confirmed": True}]}, "不晚于开始"),
        ("dust", {"hour": 9, "records": [3]}, "应为一组事实"),
    ],
)
def test_facts_that_contradict_are_named(key: str, facts: dict[str, Any], words: str) -> None:
    with pytest.raises(LuoshiError, match=words):
        decided(key, facts)


def test_humidity_is_not_shown_across_the_limit() -> None:
    found = decided("road_water", {"level": "Ⅲ", "rh": "69.999", "frost": False}).value
    assert (found["rh"], found["runs"]) == ("69.999", 2)
