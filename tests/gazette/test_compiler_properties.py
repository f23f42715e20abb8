"""Whatever a file holds: the compiler answers, its places lie within the file, and it answers the same again."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luoshi.gazette.compiler import compile_text
from luoshi.gazette.records import CLAUSE_KINDS, KINDS, Compilation, to_json

HEADS = (
    "测州市人民政府\n", "# 测州市人民政府办公室\n\n", "关于印发测州市甲事工作方案的通知\n",
    "关于加强乙事管理的意见\n", "测政发〔2024〕1号\n",
    "测政办发〔2024〕2 号\n", "2024年2月28日测政任〔2024〕1号\n", "各镇人民政府,市政府各部门:\n",
    "现将《测州市甲事工作方案》印发给你们。\n",
    "2024年1月9日\n", "(此件公开发布)\n", "目 录\n", "(测政发〔2024〕1 号) ..... (2)\n", "附件\n", "附件2:\n",
    "甲组行动细则\n", "文号: 测政发〔2024〕3号\n",
    "发布日期: 2024-01-02\n", "标题: 关于做好丙事的通知\n", "---\n", "任命:\n", "免去:\n",
)  # fmt: skip
LABELS = (
    "一、", "二、", "十九、", "(一)", "（三）", "1.", "2、", "(1)", "(4)", "①", "②", "③", "第一章 ", "第四章 ",
    "第一条 ", "第二条 ", "第十  ", "3.1 ",
    "3.1.2", "3.", "——", "- ", "**", "## ", "第〇条", "第百十条 ", "(百)", "999.", "附件：",
)  # fmt: skip
WORDS = (
    "市甲局负责甲事", "市财政局、审计局应当加强监督", "各镇区要抓好落实", "2024年底前", "每年10月底前",
    "自受理之日起5个工作日内", "2月30日前", "到2030年",
    "达到98%以上", "投资1.5亿元改造97公里", "不低于", "20—30家", "(市甲局牵头,市乙局、丙局等参与)",
    "(责任单位:市甲局;配合单位:市乙局)", "(责任单位:", "以下均需各镇区落实",
    "首个责任单位为牵头单位,下同", "组 长:测试甲(副市长)", "副组长：测试乙（市甲局局长）", "成 员:",
    "测 丙 (市乙局局长)", "测试甲为测州市甲局局长;", "测试乙的测州市乙局局长职务",
    "同志兼任办公室主任", "《测州市旧办法》(测政发〔2019〕3号)同时废止", "自2024年3月10日起施行,有效期至2029年3月9日",
    "根据《测州市丁事条例》,", "一是甲,二是乙",
    "。", ";", ",", ":", "：", "（", ")", "）", "《", "》", "“", " ", "　", "\n", "\n\n", "\n\n\n", "\r\n", "\t",
    "\x00", "𠀀", "A b", "0", "<p>", "</p>", "|",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(HEADS + LABELS + WORDS) | st.text(max_size=6), max_size=60).map("".join)
ANYTHING = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


def places(record: Any, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every (start, end) in the plain data of a compilation, at any depth."""
    if isinstance(record, list):
        for item in record:
            places(item, found)
    elif isinstance(record, dict):
        if "start" in record:
            found.append((record["start"], record["end"]))
        for item in record.values():
            places(item, found)
    return found


def check(text: str, compilation: Compilation) -> None:
    assert all(0 <= start <= end <= len(text) for start, end in places(to_json(compilation), []))
    for instrument in compilation.instruments:
        assert instrument.kind in KINDS
        paths = [clause.path for clause in instrument.clauses]
        assert len(paths) == len(set(paths))
        assert {clause.kind for clause in instrument.clauses} <= set(CLAUSE_KINDS)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_text_of_gazette_fragments_compiles_with_every_place_inside_it(text: str) -> None:
    check(text, compile_text(text))


@settings(max_examples=80, deadline=None)
@given(ANYTHING)
def test_any_text_at_all_compiles(text: str) -> None:
    check(text, compile_text(text))


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_compilation_is_the_same_every_time(text: str) -> None:
    assert to_json(compile_text(text)) == to_json(compile_text(text))


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from(["\n", "\n\n\n", "---\n"]))
def test_empty_lines_before_a_text_only_move_its_places(text: str, blank: str) -> None:
    first, second = compile_text(text), compile_text(blank + text)

    def words(compilation: Compilation) -> list[tuple[str | None, list[str]]]:
        return [(i.number, [clause.path for clause in i.clauses]) for i in compilation.instruments]

    assert words(first) == words(second)


@settings(max_examples=60, deadline=None)
@given(TEXTS)
def test_duties_and_figures_are_filed_under_clauses_that_exist(text: str) -> None:
    for instrument in compile_text(text).instruments:
        paths = {clause.path for clause in instrument.clauses}
        records = [*instrument.duties, *instrument.targets, *instrument.parameters]
        assert {record.clause for record in records} <= paths


def test_empty_text_gives_one_empty_instrument_or_none() -> None:
    for text in ("", "\n\n", "   ", "---\n"):
        assert all(not instrument.clauses for instrument in compile_text(text).instruments)


_HEAD = "测试市人民政府\n关于印发测试方案的通知\n测政发〔2019〕1号\n\n各镇人民政府:\n\n一、测试。\n"


@pytest.mark.parametrize(
    "piece",
    [
        "(【〔",
        "《",
        "(责任单位:",
        "各镇要把巡查列入日程,明确专人,市甲局应当于2019年底前完成3处整改,",
        "一、测试\n(一)测试\n1.测试\n",
        "。①测试;②测试",
        "达到90%和",
        "2018年1月、",
        "市甲局、乙局和丙局牵头,",
        "责任单位:\n",
        "责任单位:市甲局\n完成时限:6月底前\n",
        "市甲局负责甲。每月5日前报送。",
        "市甲局牵头,市乙局配合,会同市丙局下达,",
        "测州市人民政府令\n第45号\n",
        "序号 工作任务 责任单位\n",
        "序号\n工作任务\n责任单位\n1\n",
        "|序号|工作任务|责任单位|\n|1|建设|市甲局|\n",
        "组长:测试甲(市甲局局长)\n成员:",
        "。\n",
    ],
)
def test_work_grows_with_the_length_of_hostile_text_and_no_faster(piece: str) -> None:
    """Eight times the text asks about eight times as many calls; a quadratic step would ask 64 times as many."""

    def calls(size: int) -> int:
        text, count = _HEAD + piece * (size // len(piece)), 0

        def counted(*_event: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(counted)
        try:
            compile_text(text)
        finally:
            sys.setprofile(None)
        return count

    calls(1_000)
    assert calls(16_000) < 12 * calls(2_000)
