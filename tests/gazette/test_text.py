"""Folding, blanks and Markdown marks come out of the text, and every character keeps its place in the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.gazette.text import compact, fold, join, read_lines, spaced, text_of

FRAGMENTS = st.lists(
    st.sampled_from(
        [
            "# ",
            "## ",
            "**",
            "- ",
            "---",
            "　",
            " ",
            "\n",
            "\n\n",
            "市甲局",
            "（责任单位：",
            "）",
            "，",
            "。",
            "2024 年",
            "３.５％",
            "GB 3095",
            "A B",
            "———",
            "12",
            "\r\n",
        ]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("（市甲局，乙局：９０％）", "(市甲局,乙局:90%)"),
        ("﹝2024﹞〖测〗∶", "〔2024〕【测】:"),
        ("“测”、《试》〈甲〉—…", "“测”、《试》〈甲〉—…"),
        ("测\u3000试\xa0甲", "测 试 甲"),
    ],
)
def test_fold_turns_characters_one_to_one(printed: str, canonical: str) -> None:
    assert fold(printed) == canonical
    assert len(fold(printed)) == len(printed)


@pytest.mark.parametrize(
    ("printed", "canonical"),
    [
        ("2024 年 3 月", "2024年3月"),
        ("管理和服 务", "管理和服务"),
        ("通 知", "通知"),
        ("达到 98 %以上", "达到98%以上"),
        ("符合 GB 3095 标准", "符合GB3095标准"),
        ("use of land", "use of land"),
    ],
)
def test_compact_keeps_a_blank_only_between_latin_words(printed: str, canonical: str) -> None:
    assert compact(printed) == canonical


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("# 一、总体要求", "一、总体要求"),
        ("**二、任务**", "二、任务"),
        ("- 1 总则", "1 总则"),
        ("　　正文。", "正文。"),
    ],
)
def test_line_begins_behind_its_markdown_marks(printed: str, text: str) -> None:
    (line,) = read_lines(printed)
    assert line.text == text
    assert printed[line.start : line.end] == text


@pytest.mark.parametrize("rule", ["---", "***", "- 12 -", "— 3 —", "第 4 页", ". . . . ."])
def test_rules_and_page_numbers_are_no_lines(rule: str) -> None:
    assert [line.text for line in read_lines(f"前文,\n{rule}\n后文。")] == ["前文,", "后文。"]


def test_line_counts_the_blank_lines_before_it() -> None:
    assert [line.gap for line in read_lines("甲\n乙\n\n\n丙")] == [0, 0, 2]


def test_joined_lines_remember_where_they_stood() -> None:
    source = "市甲局负责 2024 年\n\n  底前完成。"
    paragraph = join(read_lines(source))
    assert paragraph.text == "市甲局负责2024年底前完成。"
    start, end = paragraph.span(5, 12)
    assert source[start:end].replace(" ", "").replace("\n", "") == "2024年底前"
    assert source[paragraph.start] == "市"
    assert source[paragraph.end - 1] == "。"


def test_slice_of_a_paragraph_keeps_its_places() -> None:
    source = "甲事 办理。\n乙事办 理。"
    part = join(read_lines(source)).slice(5, 10)
    assert part.text == "乙事办理。"
    assert source[part.start : part.end] == "乙事办 理。"


def test_latin_words_cut_by_a_line_break_stay_two_words() -> None:
    assert text_of(read_lines("采用 open\nsource 软件")) == "采用open source软件"


def test_spaced_line_keeps_the_blanks_that_align_names() -> None:
    (line,) = read_lines("成 员：测 甲 (市甲局局长)")
    assert spaced(line).text == "成 员:测 甲 (市甲局局长)"


@given(FRAGMENTS)
def test_every_character_of_a_paragraph_is_the_folded_character_at_its_origin(source: str) -> None:
    folded = fold(source)
    paragraph = join(read_lines(source))
    for offset, char in enumerate(paragraph.text):
        place = paragraph.origin(offset)
        assert folded[place] == char or char == " "
