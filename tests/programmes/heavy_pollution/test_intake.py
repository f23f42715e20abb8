"""A file that cannot be taken in is refused by the row and column at fault, and tells which heading it did not know."""

from __future__ import annotations

import pytest

from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution import intake
from luoshi.programmes.heavy_pollution.moments import read_instant

NOW = read_instant("2018-01-12 09:00")


def words(read, text: str) -> str:
    with pytest.raises(LuoshiError) as refused:
        read("文件.csv", text.encode()).require_sound()
    return refused.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "的表头缺少：日期或时间；AQI或AQI低值或SO2或NO2或CO或O3或PM10或PM2.5。不认得的列：a、b。"),
        ("日期,指数\n2018-01-13,90\n", "的表头缺少：AQI或AQI低值或SO2"),
        ("日期,AQI\n2018-01-13,abc\n", "第 2 行“AQI”：“abc”不是数字"),
        ("日期,AQI\n2018-01-13,90\n2018-01-14,-3\n", "第 3 行“AQI”：AQI应在0至500之间，现为-3"),
        ("日期,低值,高值\n2018-01-13,300,200\n", "第 2 行“AQI低值”：低值300大于高值200"),
        ("日期,AQI高值,AQI\n2018-01-13,很高,90\n", "第 2 行“AQI高值”：“很高”不是数字"),
        ("日期,AQI\n明天,90\n", "第 2 行“日期”："),
        ("时间,AQI\n2018-01-13 08:30,90\n", "第 2 行“时间”："),
        ("日期,AQI,发布时间\n2018-01-13,90,上午\n", "第 2 行“发布时间”："),
        ("日期,AQI\n2018-01-13,\n", "第 2 行“AQI”：没有AQI，也没有浓度"),
        ("日期,PM2.5\n2018-01-13,-1\n", "第 2 行“PM2.5”："),
        ("", "“文件.csv”是空的"),
        ("日期,AQI\n", "里没有数据行"),
    ],
)
def test_a_forecast_that_cannot_be_read(text: str, said: str) -> None:
    assert said in words(intake.forecast, text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "日期,AQI,备注\n2018-01-12,90,无\n",
            "的表头缺少：站点；时间；SO2或NO2或CO或O3或PM10或PM2.5。不认得的列：备注",
        ),
        ("站点,时间,PM2.5\n1,2018-01-12 08:00,6000\n", "第 2 行“PM2.5”："),
        ("站点,时间,PM2.5\n1,2018-01-13 08:00,60\n", "第 2 行“时间”：监测时间晚于现在"),
        ("站点,时间,PM2.5\n1,早上,60\n", "第 2 行“时间”："),
        ("站点,时间,PM2.5\n,2018-01-12 08:00,60\n", "第 2 行“站点”：没有填"),
    ],
)
def test_hours_that_cannot_be_read(text: str, said: str) -> None:
    assert said in words(lambda name, data: intake.hours(name, data, NOW), text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("时间,相对湿度\n2018-01-12 08:00,潮\n", "第 2 行“相对湿度”：“潮”不是数字"),
        ("时间,相对湿度\n2018-01-12 08:00,101\n", "第 2 行“相对湿度”：101应在0至100之间"),
        ("时间,相对湿度\n2018-01-12 10:00,60\n", "第 2 行“时间”：观测时间晚于现在"),
        ("时间\n2018-01-12 08:00\n", "的表头缺少：相对湿度或气温或风速或降水"),
    ],
)
def test_weather_that_cannot_be_read(text: str, said: str) -> None:
    assert said in words(lambda name, data: intake.weather(name, data, NOW), text)


@pytest.mark.parametrize(
    "heading", ["日期,AQI低,AQI高", "日期,低值,高值", "日期,AQI低值,AQI高值", "date,aqi_low,aqi_high"]
)
def test_a_range_is_read_in_any_usual_heading(heading: str) -> None:
    (row,) = intake.forecast("文件.csv", f"{heading}\n2018-01-13,200,300\n".encode()).rows
    assert (row["low"], row["high"], row["aqi"]) == (200, 300, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", "\t"])
def test_files_as_excel_writes_them_are_read(encoding: str, between: str) -> None:
    text = f"日期{between}AQI\n2018-01-13{between}90\n"
    (row,) = intake.forecast("文件.csv", text.encode(encoding)).rows
    assert row["aqi"] == 90


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("文件.csv", b"\x00\x01\x02\xff" * 40, "读不出表格"),
        ("文件.csv", b"\x89PNG\r\n\x1a\n\x00\x00", "读不出表格"),
        ("文件.pdf", b"%PDF-1.4 abc", "另存为 xlsx 或“CSV UTF-8”再导入"),
        ("文件.csv", b"PK\x03\x04abc", "不是能读的Excel文件"),
        ("文件.csv", b'date,AQI\n2018-01-13,"' + b"9" * 200_000, "可能少了一个引号"),
        ("文件.json", b"5", "应是一个列表"),
        ("文件.json", b"[{]", "第 1 行第 3 个字起读不下去"),
        ("文件.json", '["中文"]'.encode("gbk"), "编码应为 UTF-8"),
        ("文件.json", b"[" * 100_000, "层次不要太深"),
    ],
)
def test_what_is_no_table_is_refused_with_what_to_do(name: str, data: bytes, said: str) -> None:
    with pytest.raises(LuoshiError) as refused:
        intake.forecast(name, data)
    assert refused.value.code == "E_FILE"
    assert said in refused.value.message


def test_a_forecast_lies_behind_its_issue_and_not_far_ahead_of_it() -> None:
    """When a file does not say when it was issued the form does: its days are held against that too."""

    def said(day: str) -> str:
        found = intake.forecast("文件.csv", f"日期,AQI\n{day},90\n".encode(), NOW)
        return "；".join(one.text for one in found.faults)

    assert said("2018-01-11") == "预报的时间早于发布时间2018-01-12 09:00"
    assert said("2018-01-12") == ""
    assert said("2018-01-27") == ""
    assert said("2019-01-13") == "预报的时间比发布时间晚365天，最多15天，请核对年月"
