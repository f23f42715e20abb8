"""A slip in a scenario of this room never passes in silence: unknown, missing, misshapen fields are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luoshi.office import scenarios

PEOPLE = {"forecaster": ["clerk", "environment"]}


def test_every_verb_and_check_has_a_chinese_line() -> None:
    bare = [
        one.name
        for one in scenarios.words("heavy_pollution")
        if not one.title or not all(one.fields.values()) or not one.needs <= set(one.fields)
    ]
    assert bare == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("do", "given", "words"),
    [
        ("measured", {"hours": [[24, 90]], "util": "2018-01-12 09:00"}, "不要“util”，可写：hours、until"),
        ("measured", {"until": "2018-01-12 09:00"}, "还要写：hours（[[小时数, AQI], …]）"),
        ("measured", {"hours": [[24, 90], [24]]}, "hours第2行应写成[小时数, AQI]"),
        ("measured", {"hours": [[24, 501]]}, "hours第1行应写成[小时数, AQI]，AQI为0到500的整数"),
        ("measured", {"hours": [[0, 90]]}, "hours第1行的小时数“0”应为正整数"),
        ("measured", {"hours": [["一天", 90]]}, "hours第1行的小时数“一天”应为正整数"),
        ("forecast", {"issued": "2018-01-12 09:00"}, "还要写：days 或 hours"),
        ("forecast", {"days": [["2018-01-13", 90]], "hours": [[24, 90]]}, "days 或 hours，只写一个"),
        ("forecast", {"days": [["2018-01-13", -1]]}, "days第1行应写成[日期, AQI]"),
        ("forecast", {"days": [["2018-01-13", 90]], "issuer": "rushan"}, "issuer没有“rushan”，可写："),
        ("dust", {"grade": "扬沙", "begins": "2018-01-12"}, "还要写：ends（结束时刻）"),
        ("confirm_dust", {}, "还要写：dust"),
        ("hold", {"purpose": "upgrade"}, "purpose没有“upgrade”"),
        ("hold", {"puprose": "issue"}, "不要“puprose”"),
        ("adopt", {"edits": []}, "还要写：consultation（会商办件）"),
        ("adopt", {"consultation": 1, "minutes": "无"}, "不要“minutes”"),
        ("report_task", {"measure": "P1"}, "还要写：state"),
        ("report_task", {"measure": "P1", "state": "done"}, "state没有“done”，可写：sent、"),
        ("hand_in", {"kind": "dialy"}, "kind没有“dialy”，可写：lists、"),
        ("firm", {"code": "913710830000000195", "name": "某厂", "town": "xiacun", "sector": "rubber"}, "还要写：year"),
        ("draft_plan", {"pm": [1, 2, 3, 4]}, "还要写：firm"),
        ("draft_plan", {"firm": "913710830000000195", "pm": [1, 2, 3]}, "pm应写四个减排量"),
        ("draft_plan", {"firm": "913710830000000195", "pm25": [1, 2, 3, 4]}, "不要“pm25”"),
        ("change_plan", {"pm": [1, 2, 3, 4]}, "还要写：case"),
        ("publish_list", {}, "还要写：year（年度）"),
        ("inspect", {"kind": "firm", "text": "未停产"}, "还要写：finding"),
        ("inspect", {"kind": "firm", "finding": "none", "text": "", "object": "GD-1"}, "不要“object”"),
        ("citizen", {"kind": "smoke", "town": "xiacun", "place": "村口"}, "还要写：text（情况）"),
        ("draw_up_drill", {"title": "推演", "planned_on": "2018-10-20"}, "还要写：aim（目的）、people"),
        ("exercise_case", {"number": 1}, "不要“number”，可写：（没有）"),
        ("warning_case", {"number": 1}, "不要“number”"),
        ("propose_plan", {"why": "上级修订"}, "还要写：changes（修订内容）"),
        ("organ_plan", {"organ": "environment", "year": 2018}, "不要“year”"),
    ],
)  # fmt: skip
def test_a_slip_is_refused_by_name(do: str, given: dict[str, Any], words: str) -> None:
    step = {"who": "forecaster", "do": f"heavy_pollution.{do}", "with": given,
            "expect": {"refused": "E_INPUT", "text": words}}  # fmt: skip
    went = scenarios.run(
        Path("slip.yaml"), {"title": "错字", "start": "2018-01-12 09:00", "people": PEOPLE, "steps": [step]}
    )
    assert [one.faults for one in went.steps] == [[]]
