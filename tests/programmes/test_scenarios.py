"""Every scenario of every programme holds: the worked examples of the specifications as officers read them."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from luoshi.kernel.errors import LuoshiError
from luoshi.office.programme import programmes
from luoshi.office.scenarios import read, run, words
from luoshi.site.commands.scenario import command
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


def test_the_words_of_scenarios_are_told_with_every_field_they_need(capsys):
    funds = {"agri_guarantee", "mitigation_fund", "home_escrow"}
    for one in words():
        assert one.title or one.programme not in funds, f"{one.name} has no Chinese line"
        assert one.needs <= set(one.fields), f"{one.name} needs what it does not name: {one.needs - set(one.fields)}"
    told = CliRunner().invoke(command, ["words", "mitigation_fund"])
    assert told.exit_code == 0
    assert "mitigation_fund.post  按过账表记一行 J1–J11" in told.output
    assert "event* 行号" in told.output
    assert "agri_guarantee" not in told.output
    asked = CliRunner().invoke(command, ["words", "--format", "json"])
    assert {one["kind"] for one in json.loads(asked.output)} == {"verb", "check"}
    with pytest.raises(LuoshiError, match="没有场景动作，有的是"):
        words("nothing")


@pytest.mark.django_db
def test_a_field_nobody_reads_and_one_that_lacks_are_refused(tmp_path):
    slip = {"do": "mitigation_fund.post", "with": {"event": "J7", "amout": 5},
            "expect": {"refused": "E_INPUT", "text": "amout"}}  # fmt: skip
    lack = {
        "do": "mitigation_fund.post",
        "with": {"amount": 5},
        "expect": {"refused": "E_INPUT", "text": "event（行号）"},
    }
    outcome = run(tmp_path / "a.yaml", {"steps": [slip, lack]})
    assert outcome.ok, [step.faults for step in outcome.steps]
