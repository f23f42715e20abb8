"""Every scenario of every programme holds: the worked examples of the specifications as officers read them."""

from __future__ import annotations

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.office.programme import programmes
from luoshi.office.scenarios import read, run
from luoshi.site.registry import load_decisions

load_decisions()
FILES = [path for one in programmes() for path in one.scenarios]


@pytest.mark.django_db
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_scenario_holds(path):
    outcome = run(path)
    faults = [f"第 {step.number} 步 {step.text}：{fault}" for step in outcome.steps for fault in step.faults]
    assert not faults, "\n".join(faults)


@pytest.mark.django_db
def test_a_scenario_that_does_not_hold_says_where(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(
        """
title: 错
start: 2018-01-12 09:00
steps:
  - decide: calendar.limit
    facts: {limit: 10 working days, event: 2018-09-20}
    expect: {value: {due: 2018-10-09}}
  - who: 无人
    do: tick
  - do: nothing
    expect: {refused: E_STATE}
"""
    )
    steps = run(path, read(path)).steps
    assert [len(step.faults) for step in steps] == [1, 1, 1]
    assert "应为 2018-10-09，实为 2018-10-10" in steps[0].faults[0]
    assert "people" in steps[1].faults[0]


@pytest.mark.django_db
def test_people_and_verbs_of_a_scenario_may_be_chinese_and_what_is_unknown_is_told(tmp_path):
    step = {"who": "甲", "do": "supervision.decompse", "expect": {"refused": "E_INPUT", "text": "decompose"}}
    scenario = {"people": {"甲": ["督查", "市政府办公室"]}, "steps": [step]}
    assert run(tmp_path / "a.yaml", scenario).ok
    with pytest.raises(LuoshiError, match="supervisor 督查"):
        run(tmp_path / "b.yaml", {"people": {"甲": ["督察员", "市政府办公室"]}, "steps": []})
