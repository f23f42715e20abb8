"""A slip in a scenario of this room never passes in silence: unknown and missing fields are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luoshi.office import scenarios

PEOPLE = {"clerk": ["supervisor", "government-office"]}
PLAN = {"issued": "2019-04-10", "items": [{"text": "年内改造公路97公里", "lead": "市交通局"}]}


def test_every_verb_and_check_has_a_chinese_line() -> None:
    bare = [
        one.name
        for one in scenarios.words("supervision")
        if not one.title or not all(one.fields.values()) or not one.needs <= set(one.fields)
    ]
    assert bare == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("do", "given", "words"),
    [
        ("report", {"leaf": "2019-01.01", "valeu": 3}, "不要“valeu”"),
        ("report", {"value": 3}, "还要写：leaf"),
        ("propose_reading", {"raw": "市发政局", "reading": "市发改局"}, "还要写：item"),
        ("cross_off", {"note": "同意"}, "还要写：leaf"),
        ("plan", {"items": [{"text": "某事", "leed": "市交通局"}]}, "items第1行不要“leed”"),
        ("plan", {"items": [{"text": "某事"}]}, "items第1行还要写“lead”"),
        ("plan", {"items": ["某事"]}, "items第1行应写成"),
        ("decompose", {"item": 1, "nodes": [{"title": "某事", "wieght": 5000}]}, "nodes第1行不要“wieght”"),
    ],
)
def test_a_slip_is_refused_by_name(do: str, given: dict[str, Any], words: str) -> None:
    steps = [
        {"who": "clerk", "do": "supervision.plan", "with": PLAN},
        {"who": "clerk", "do": f"supervision.{do}", "with": given, "expect": {"refused": "E_INPUT", "text": words}},
    ]
    data = {"title": "错字", "start": "2019-04-11 09:00", "people": PEOPLE, "steps": steps}
    went = scenarios.run(Path("slip.yaml"), data)
    assert [one.faults for one in went.steps] == [[], []]
