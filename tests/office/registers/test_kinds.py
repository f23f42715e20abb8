"""What cells are read as, kind by kind; nothing is guessed, nothing rounded."""

from __future__ import annotations

import contextlib
import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.office.registers.declaration import Column
from luoshi.office.registers.kinds import KINDS, Fault, Reading, blank, masked, narrow
from tests.office.registers.trial import uscc

TODAY = datetime.date(2019, 3, 4)
ON = Reading(today=TODAY)


def column(kind, **more):
    words = {"a": "甲类", 2: "乙类"}
    given = {"longest": 20, "places": 3, "digits": 12, "words_of": words,
             "by_word": {narrow(str(k)): value for value, word in words.items() for k in (value, word)}}  # fmt: skip
    return Column("x", "列", kind, **(given | more))


def read(kind, cell, **more):
    one = column(kind, **more)
    return KINDS[kind].read(one, cell, ON)


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("text", " 测试　甲\u200b ", "测试 甲"),
        ("text", "Ａ１（甲），乙", "A1（甲），乙"),
        ("text", "'=1+1", "=1+1"),
        ("text", 12.0, "12"),
        ("text", True, "是"),
        ("code", "ａ-１ 2", "A-12"),
        ("integer", "１，２３４", 1234),
        ("integer", "1,234", 1234),
        ("integer", 7.0, 7),
        ("integer", "−3", -3),
        ("decimal", "１２．５", Decimal("12.500")),
        ("decimal", 0.1 + 0.2, Decimal("0.300")),
        ("decimal", "1e2", Decimal("100.000")),
        ("money", "1,234.5", 123450),
        ("money", 0.07, 7),
        ("date", "2018-3-8", datetime.date(2018, 3, 8)),
        ("date", "2018/03/08", datetime.date(2018, 3, 8)),
        ("date", "２０１８年３月８日", datetime.date(2018, 3, 8)),
        ("date", "20180308", datetime.date(2018, 3, 8)),
        ("date", "2018.3.8", datetime.date(2018, 3, 8)),
        ("date", 43167.0, datetime.date(2018, 3, 8)),
        ("date", "43167", datetime.date(2018, 3, 8)),
        ("date", datetime.datetime(2018, 3, 8, 12), datetime.date(2018, 3, 8)),  # noqa: DTZ001
        ("boolean", "是", True),
        ("boolean", "√", True),
        ("boolean", "无", False),
        ("boolean", 0.0, False),
        ("choice", "甲类", "a"),
        ("choice", "ａ", "a"),
        ("choice", 2.0, 2),
        ("uscc", f" {uscc(1).lower()} ", uscc(1)),
        ("phone", "138 0000 0000", "13800000000"),
        ("phone", 13800000000.0, "13800000000"),
        ("phone", "0631-6651234", "0631-6651234"),
        ("latitude", "36.9", Decimal("36.900")),
        ("moment", "2018-3-8 9:05", "2018-03-08T09:05:00+08:00"),
        ("moment", 43167.5, "2018-03-08T12:00:00+08:00"),
    ],
)
def test_cell_is_read(kind, cell, value):
    found = read(kind, cell)
    assert (found.isoformat() if kind == "moment" else found) == value


@pytest.mark.parametrize(
    ("kind", "cell", "code", "says", "more"),
    [
        ("text", "甲" * 21, "E_INPUT", "最多 20 字", {}),
        ("integer", "1.5", "E_INPUT", "不是整数", {}),
        ("integer", "12abc", "E_INPUT", "不是数字", {}),
        ("integer", "1,23", "E_INPUT", "不是数字", {}),
        ("integer", "NaN", "E_INPUT", "不是数字", {}),
        ("integer", 3, "E_INPUT", "小于 5", {"least": 5}),
        ("integer", 10**30, "E_INPUT", "太大", {}),
        ("decimal", "1.2345", "E_INPUT", "多于 3 位", {}),
        ("decimal", "1000000000", "E_INPUT", "太大", {}),
        ("decimal", datetime.date(2018, 1, 2), "E_INPUT", "是日期", {}),
        ("decimal", True, "E_INPUT", "应写数字", {}),
        ("money", "1.005", "E_AMOUNT", "不是整分", {}),
        ("money", "-1", "E_INPUT", "小于 0", {"least": 0}),
        ("date", "2018-02-30", "E_INPUT", "没有“2018-02-30”这一天", {}),
        ("date", "去年", "E_INPUT", "不是日期", {}),
        ("date", "2019-03-05", "E_FUTURE", "晚于今天", {"past": True}),
        ("boolean", "也许", "E_INPUT", "是或否", {}),
        ("choice", "丙类", "E_INPUT", "甲类、乙类", {}),
        ("uscc", uscc(1)[:-1] + "0", "E_CHECK_DIGIT", "校验位", {}),
        ("uscc", 9.1371083e17, "E_ID_MANGLED", "末几位已丢失", {}),
        ("uscc", "9.1371E+17", "E_ID_MANGLED", "末几位已丢失", {}),
        ("id_number", "371083190013010000", "E_INPUT", "出生日期", {}),
        ("phone", "abc", "E_INPUT", "不是电话号码", {}),
        ("latitude", "121.5", "E_INPUT", "写反了", {}),
        ("latitude", "30", "E_INPUT", "本市之外", {}),
        ("longitude", "36.9", "E_INPUT", "写反了", {}),
        ("latitude", "36.5", "E_IMPLAUSIBLE", "市界边缘", {}),
        ("moment", "2018-3-8 25:00", "E_INPUT", "不是时刻", {}),
    ],
)
def test_cell_is_refused(kind, cell, code, says, more):
    with pytest.raises(Fault) as refused:
        read(kind, cell, **more)
    assert refused.value.code == code
    assert says in refused.value.message


def test_near_the_border_is_a_warning_and_keeps_the_value():
    with pytest.raises(Fault) as told:
        read("latitude", "36.5")
    assert told.value.warning
    assert told.value.value == Decimal("36.5")


@given(st.decimals(min_value=-(10**8), max_value=10**8, places=3))
def test_decimals_come_back_from_history_as_they_went(number):
    kind = KINDS["decimal"]
    value = read("decimal", f"{number:f}")
    assert kind.restore(kind.keep(value)) == number == value


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_fen_are_shown_and_read_alike(fen):
    shown = KINDS["money"].show(column("money"), fen, ON)
    assert read("money", shown) == fen


@given(st.dates(min_value=datetime.date(1900, 3, 1), max_value=datetime.date(2100, 1, 1)))
def test_a_day_is_the_same_however_it_is_written(day):
    serial = (day - datetime.date(1899, 12, 30)).days
    forms = [f"{day}", f"{day:%Y/%m/%d}", f"{day:%Y%m%d}", f"{day.year}年{day.month}月{day.day}日", float(serial)]
    assert {read("date", form) for form in forms} == {day}


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_never_worse(text):
    for kind in KINDS:
        if kind in ("organ", "reference"):
            continue
        with contextlib.suppress(Fault):
            read(kind, text)
            assert kind not in ("uscc", "id_number")


@pytest.mark.parametrize("cell", ["", None, "  ", "\u3000", "'", "\ufeff"])
def test_blank(cell):
    assert blank(cell)


@pytest.mark.parametrize(
    ("kind", "value", "seen"),
    [
        ("person", "测试甲", "测*"),
        ("phone", "13812345678", "138****5678"),
        ("id_number", "371083190001010000", "371083********0000"),
        ("account", "6222000011112222", "****2222"),
        ("text", "某处", "某***"),
    ],
)
def test_masks(kind, value, seen):
    assert masked(column(kind), value) == seen
