"""Canonical text is stored half-width; what people read must look like Chinese print, and codes must stay codes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.site.typography import FULL_WIDTH, date_words, typeset

SHOWN = [
    ("各镇区,市直有关部门:", "各镇区，市直有关部门："),
    ("(责任单位:市甲局;配合单位:乙局)", "（责任单位：市甲局；配合单位：乙局）"),
    ("按3.1.3(4)执行,金额12,400元", "按3.1.3(4)执行，金额12,400元"),
    ("每日15:00前报送", "每日15:00前报送"),
    ("(一)登记", "（一）登记"),
    ("(1)登记", "（1）登记"),
    ("2019年,10月底前", "2019年，10月底前"),
    ("甲部(乙办(丙处))", "甲部（乙办（丙处））"),
    ("多出一个)的括号", "多出一个)的括号"),
    ("何时施行?", "何时施行？"),
]


@pytest.mark.parametrize(("canon", "shown"), SHOWN)
def test_typeset_shows_chinese_punctuation(canon, shown):
    assert typeset(canon) == shown


@given(st.text(alphabet="甲乙12aB,:;()?。 ", max_size=60))
def test_typeset_changes_only_punctuation(text):
    back = {wide: narrow for narrow, wide in FULL_WIDTH.items()} | {"（": "(", "）": ")"}
    assert "".join(back.get(char, char) for char in typeset(text)) == text


def test_typeset_takes_linear_time_on_brackets():
    assert len(typeset("(" * 50_000 + "甲" + ")" * 50_000)) == 100_001


@pytest.mark.parametrize(
    ("day", "today", "shown"),
    [
        (date(2018, 3, 8), None, "2018年3月8日"),
        ("2018-03-08", date(2018, 1, 1), "3月8日"),
        (date(2018, 3, 8), date(2019, 1, 1), "2018年3月8日"),
        (None, None, "未注明"),
    ],
)
def test_date_words_follow_office_style(day, today, shown):
    assert date_words(day, today) == shown
