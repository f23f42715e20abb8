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
