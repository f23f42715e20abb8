"""Whatever facts are handed in, a decision answers or refuses by a code; what it answers can be taken again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from luoshi.kernel.decisions import REGISTRY, find
from luoshi.kernel.errors import LuoshiError
from tests.programmes.heavy_pollution.facts import take

KEYS = sorted(key for key in REGISTRY if key.startswith("heavy_pollution."))
NAMES = [key.partition(".")[2] for key in KEYS if "examples" in REGISTRY[key].schema()["facts"]]
REFUSALS = ("E_INPUT", "E_CHECK_DIGIT", "E_PARAMETER_MISSING", "E_CALENDAR_MISSING")
WORDS = [
    "",
    "Ⅱ",
    "red",
    "无",
    "24×200",
    "[201]d",
    "2018-01-14",
    "2018-01-14T09:30",
    "2018-01-14T24:00",
    "9999-12-31",
    "PM2.5",
    "O3_8h",
    "沙尘暴",
    "-999",
    "1e5",
    "150.5",
    "９",
    "%",
    "化工",
    "NaN",
    "0x10",
    "建成区内",
    "柴油",
    "upgrade",
    "年",
]
NUMBERS = st.integers(-(10**20), 10**20) | st.integers(-5, 600) | st.floats()
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(WORDS) | st.text(max_size=4)
INNER = [
    "n",
    "aqi",
    "hour",
    "date",
    "PM2.5",
    "CO",
    "O3",
    "flat",
    "dust",
    "from",
    "to",
    "grade",
    "level",
    "Ⅱ",
    "PM",
    "lat",
    "lon",
    "hours",
    "days",
    "start",
    "name",
    "priority",
    "red",
    "event",
    "at",
    "工业源",
    "plan",
    "stop",
    "reason",
]
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(INNER), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_facts_are_answered_or_refused(name: str, data: st.DataObject) -> None:
    model = find(f"heavy_pollution.{name}").facts_model
    fields = sorted({*model.model_fields, *getattr(model, "SPELLINGS", ())})
    examples: list[Any] = list(model.model_json_schema()["examples"])
    facts = dict(data.draw(st.sampled_from([{}, *examples])))
    facts |= data.draw(st.dictionaries(st.sampled_from(fields), ANYTHING, max_size=3))
    text = json.dumps(facts, ensure_ascii=False)
    if "Infinity" in text or "NaN" in text:
        text = text.replace("-Infinity", "-1e999").replace("Infinity", "1e999")
    try:
        take(name, json.loads(text))
    except LuoshiError as refused:
        if refused.code not in REFUSALS:
            raise
