"""Whatever facts are handed in, a decision answers or refuses by a code; what it answers can be taken again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import REGISTRY, find
from luoshi.kernel.errors import LuoshiError
from tests.programmes.home_escrow.facts import take as take_escrow
from tests.programmes.mitigation_fund.facts import take as take_fund
from tests.programmes.supervision.facts import take as take_supervision

TAKERS = {"home_escrow": take_escrow, "mitigation_fund": take_fund, "supervision": take_supervision}
KEYS = sorted(key for key in REGISTRY if key.partition(".")[0] in TAKERS)
REFUSALS = ("E_INPUT", "E_PARAMETER_MISSING", "E_CALENDAR_MISSING")
WORDS = [
    "", "2019-07-01", "2020-02-29T24:00", "9999-12-31", "0001-01-01", "5,000,000.00", "500万元", "-1",
    "1e5", "７", "NaN", "1/0", "50/30/20", "NEEQ", "pass", "buyer", "J1", "J5+J6", "RELEASE", "是",
    "both", "371083001001JC00001F00010001",
]  # fmt: skip
NUMBERS = st.integers(-(10**20), 10**20) | st.integers(-5, 600) | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=4)
INNER = [
    "amount", "event", "sale", "on", "value_on", "organ", "vote", "kind", "board", "start", "end",
    "principal", "loss", "claim", "balance", "days", "msg_id", "firm", "result", "instr", "variant",
    "from", "to",
]  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize("key", KEYS)
@settings(
    max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_any_facts_are_answered_or_refused(key: str, data: st.DataObject) -> None:
    room, _dot, name = key.partition(".")
    model = find(key).facts_model
    fields = sorted({*model.model_fields, *getattr(model, "SPELLINGS", ())})
    examples: list[Any] = list(model.model_json_schema()["examples"])
    facts = dict(data.draw(st.sampled_from([{}, *examples])))
    facts |= data.draw(st.dictionaries(st.sampled_from(fields), ANYTHING, max_size=3))
    text = json.dumps(facts, ensure_ascii=False)
    if "Infinity" in text or "NaN" in text:
        text = text.replace("-Infinity", "-1e999").replace("Infinity", "1e999").replace("NaN", "null")
    try:
        TAKERS[room](name, json.loads(text))
    except LuoshiError as refused:
        if refused.code not in REFUSALS:
            raise
