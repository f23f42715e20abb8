"""Files of hours and forecasts: CSV, Excel or JSON in, checked rows or faults by line out. Nothing is written here."""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

import python_calamine

from luoshi.kernel.clock import start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.heavy_pollution.moments import read_full_hour, read_instant, read_moment
from luoshi.programmes.heavy_pollution.numbers import Exact
from luoshi.programmes.heavy_pollution.series import concentration, index_value

MAX_ROWS = 400_000
MAX_FAULTS = 200
SKEW = datetime.timedelta(minutes=10)
"""So far ahead of the server's clock a measuring instrument may be."""

FARTHEST_DAYS = 15
"""A forecast of a day farther ahead than this is a slip of the pen."""
_TABLES = ("xlsx", "xls", "ods")
_PACKED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How files of Excel begin, whatever they are called."""

_AMOUNTS = {
    "so2": ("so2", "二氧化硫"), "no2": ("no2", "二氧化氮"), "co": ("co", "一氧化碳"), "o3": ("o3", "臭氧"),
    "pm10": ("pm10", "颗粒物(pm10)"), "pm25": ("pm2.5", "pm25", "细颗粒物(pm2.5)"),
}  # fmt: skip
_SERIES = {"so2": "SO2", "no2": "NO2", "co": "CO", "o3": "O3", "pm10": "PM10", "pm25": "PM2.5"}
_COLUMNS = {
    "station": ("station", "code", "站点", "站点编码", "站点编号"),
    "time": ("time", "hour", "时间", "监测时间", "小时"),
    "date": ("date", "日期"),
    "issuer": ("issuer", "发布单位", "单位"),
    "issued_at": ("issued_at", "issued", "发布时间"),
    "aqi": ("aqi", "aqi_mid", "aqi中值", "中值"),
    "low": ("aqi_low", "low", "aqi低值", "aqi低", "低值", "aqi下限"),
    "high": ("aqi_high", "high", "aqi高值", "aqi高", "高值", "aqi上限"),
    "primary": ("primary", "首要污染物"),
    "rh": ("rh", "相对湿度", "湿度"),
    "temperature": ("temperature", "temp", "气温"),
    "wind": ("wind", "风速"),
    "rain": ("rain", "precipitation", "降水", "降水量"),
    **_AMOUNTS,
}
_KNOWN = {spelling: name for name, spellings in _COLUMNS.items() for spelling in spellings}


@dataclass(slots=True)
class Fault:
    """What is wrong in a row (its number in the file, the heading being row 1), and what to do."""

    row: int
    column: str
    text: str


@dataclass(slots=True)
class Rows:
    """What a file holds: checked rows and what is wrong."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def require_sound(self) -> None:
        """Refuse with E_INPUT, naming the first faults, a file that has any."""
        if self.faults:
            shown = "；".join(
                f"第 {one.row} 行{f'“{one.column}”' if one.column else ''}：{one.text}" for one in self.faults[:5]
            )
            more = f"等 {len(self.faults)} 处" if len(self.faults) > 5 else ""
            raise LuoshiError(
                "E_INPUT", f"{shown}{more}。请改好再导入，这次什么也没有写入。",
                fields={"faults": [{"row": f.row, "column": f.column, "text": f.text} for f in self.faults]},
            )  # fmt: skip


def hours(name: str, data: bytes, now: datetime.datetime) -> Rows:
    """Read measured hours: station, time, six concentrations."""

    def read(row: Mapping[str, Any]) -> dict[str, Any]:
        hour = _full_hour(row)
        if hour > now + SKEW:
            raise _Faulty("时间", "监测时间晚于现在")
        return {"station": str(_required(row, "station", "站点")).strip(), "hour": hour, **_amounts(row)}

    return _checked(name, data, read, needs=(("station",), ("time",), tuple(_AMOUNTS)))


def forecast(name: str, data: bytes, issued_at: datetime.datetime | None = None) -> Rows:
    """Read a forecast: hours (`time`) or days (`date`), concentrations or AQI with or without a range.

    `issued_at` is when rows were issued that do not say so themselves.
    """

    def read(row: Mapping[str, Any]) -> dict[str, Any]:
        daily = row.get("time") in (None, "")
        valid = _day(row) if daily else _full_hour(row)
        found: dict[str, Any] = {
            "kind": "daily" if daily else "hourly",
            "issuer": str(row.get("issuer") or "").strip(),
            "issued_at": _issued(row) or issued_at,
            "valid_from": valid,
            "aqi": _index(row, "aqi", "AQI"),
            "low": _index(row, "low", "AQI低值"),
            "high": _index(row, "high", "AQI高值"),
            "primary": str(row.get("primary") or "").strip()[:60],
            **_amounts(row),
        }
        if found["low"] is not None and found["high"] is not None and found["low"] > found["high"]:
            raise _Faulty("AQI低值", f"低值{found['low']}大于高值{found['high']}")
        if found["issued_at"] is not None:
            before = valid.date() < found["issued_at"].date() if daily else valid < found["issued_at"] - _HOUR
            if before:
                raise _Faulty("日期", f"预报的时间早于发布时间{found['issued_at']:%Y-%m-%d %H:%M}")
            if (ahead := (valid - found["issued_at"]).days) > FARTHEST_DAYS:
                raise _Faulty("日期", f"预报的时间比发布时间晚{ahead}天，最多{FARTHEST_DAYS}天，请核对年月")
        if found["aqi"] is None and found["low"] is None and all(found[one] is None for one in _AMOUNTS):
            raise _Faulty("AQI", "没有AQI，也没有浓度")
        return found

    return _checked(name, data, read, needs=(("date", "time"), ("aqi", "low", *_AMOUNTS)))


def weather(name: str, data: bytes, now: datetime.datetime) -> Rows:
    """Read hours of weather: time, relative humidity in %, air temperature in °C, wind in m/s, rain in mm."""

    def read(row: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {"hour": _full_hour(row)}
        if found["hour"] > now + SKEW:
            raise _Faulty("时间", "观测时间晚于现在")
        for column, title, least, most in (("rh", "相对湿度", 0, 100), ("temperature", "气温", -60, 60),
                                           ("wind", "风速", 0, 100), ("rain", "降水量", 0, 500)):  # fmt: skip
            value = row.get(column)
            found[column] = None if value in (None, "") else _number(title, value)
            if found[column] is not None and not least <= found[column] <= most:
                raise _Faulty(title, f"{value}应在{least}至{most}之间")
        return found

    return _checked(name, data, read, needs=(("time",), ("rh", "temperature", "wind", "rain")))


_HOUR = datetime.timedelta(hours=1)


class _Faulty(Exception):  # noqa: N818 - carries a fault to its row
    def __init__(self, column: str, text: str) -> None:
        super().__init__(text)
        self.column, self.text = column, text


def _checked(
    name: str, data: bytes, read: Callable[[Mapping[str, Any]], dict[str, Any]], *, needs: Iterable[tuple[str, ...]]
) -> Rows:
    found = Rows()
    for number, row in _table(name, data, tuple(needs)):
        if number > MAX_ROWS + 1:
            raise LuoshiError("E_TOO_LARGE", f"“{name}”超过 {MAX_ROWS:,} 行，请分开导入。")
        try:
            found.rows.append(read(row))
        except _Faulty as fault:
            found.faults.append(Fault(number, fault.column, fault.text))
        except (ValueError, ArithmeticError) as error:
            found.faults.append(Fault(number, "", str(error)))
        if len(found.faults) >= MAX_FAULTS:
            break
    if not found.rows and not found.faults:
        raise LuoshiError("E_ROWS", f"“{name}”里没有数据行。")
    return found


def _required(row: Mapping[str, Any], column: str, title: str) -> Any:
    if row.get(column) in (None, ""):
        raise _Faulty(title, "没有填")
    return row[column]


_CELLS = (str, int, float, type(None))
_known = lru_cache(maxsize=100_000, typed=True)(concentration)
"""A million cells of a year hold a few thousand different values."""
_known_hour = lru_cache(maxsize=20_000)(read_full_hour)


def _amounts(row: Mapping[str, Any]) -> dict[str, Exact | None]:
    found = {}
    for column, series in _SERIES.items():
        cell = row.get(column)
        try:
            found[column] = (_known if type(cell) in _CELLS else concentration)(series, cell)
        except ValueError as error:
            raise _Faulty(series, str(error)) from None
    return found


def _index(row: Mapping[str, Any], column: str, title: str) -> int | None:
    try:
        value = index_value(row.get(column))
    except ValueError as error:
        raise _Faulty(title, str(error)) from None
    return None if value is None else int(value)


def _number(title: str, value: Any) -> Decimal:
    try:
        return Decimal(str(value).strip())
    except ArithmeticError:
        raise _Faulty(title, f"“{str(value)[:20]}”不是数字") from None


def _full_hour(row: Mapping[str, Any]) -> datetime.datetime:
    cell = _required(row, "time", "时间")
    try:
        return _known_hour(cell) if type(cell) is str else read_full_hour(cell)
    except ValueError as error:
        raise _Faulty("时间", str(error)) from None


def _issued(row: Mapping[str, Any]) -> datetime.datetime | None:
    try:
        return read_instant(row["issued_at"]) if row.get("issued_at") not in (None, "") else None
    except ValueError as error:
        raise _Faulty("发布时间", str(error)) from None


def _day(row: Mapping[str, Any]) -> datetime.datetime:
    try:
        found = read_moment(_required(row, "date", "日期"))
    except ValueError as error:
        raise _Faulty("日期", str(error)) from None
    return start_of(found.date() if isinstance(found, datetime.datetime) else found)


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(name: str, data: bytes, needs: tuple[tuple[str, ...], ...]) -> Iterable[tuple[int, dict[str, Any]]]:
    """Yield row number and row by our column names; E_FILE for what is no table, E_HEADER for missing columns.

    `needs`: columns of which one of each group must be there.
    """
    ending = name.rsplit(".", 1)[-1].lower()
    if ending == "json":
        yield from _from_json(name, data)
        return
    rows = _from_excel(name, data) if ending in _TABLES or data.startswith(_PACKED) else _from_csv(name, data)
    iterator = iter(rows)
    cells = next(iterator, [])
    if not any(cell not in (None, "") for cell in cells):
        raise LuoshiError("E_ROWS", f"“{name}”是空的。")
    heading = [_KNOWN.get(_folded(cell), "") for cell in cells]
    missing = ["或".join(map(_title, need)) for need in needs if not set(need) & set(heading)]
    if missing:
        strange = "、".join(str(cell)[:20] for cell, known in zip(cells, heading, strict=False) if cell and not known)
        read = f"不认得的列：{strange}。" if strange else ""
        raise LuoshiError("E_HEADER", f"“{name}”的表头缺少：{'；'.join(missing)}。{read}请改列名再导入。")
    for number, row in enumerate(iterator, start=2):
        if any(cell not in (None, "") for cell in row):
            yield number, {column: cell for column, cell in zip(heading, row, strict=False) if column}


def _title(column: str) -> str:
    """Return a column as messages name it: AQI and pollutants by their sign, the rest by their Chinese word."""
    if column == "aqi":
        return "AQI"
    word = next((one for one in _COLUMNS[column] if not one.isascii()), column)
    return _SERIES.get(column) or word.replace("aqi", "AQI")


def _folded(cell: Any) -> str:
    return str(cell or "").strip().lower().replace("（", "(").replace("）", ")").replace(" ", "")


def _from_csv(name: str, data: bytes) -> Iterable[list[Any]]:
    text = _text(name, data)
    first = text.partition("\n")[0]
    try:
        yield from csv.reader(io.StringIO(text), delimiter="\t" if "\t" in first and "," not in first else ",")
    except csv.Error:
        raise LuoshiError("E_FILE", f"“{name}”里有一格长得不像数据，可能少了一个引号。请用 Excel 打开核对。") from None


def _text(name: str, data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 (Excel: Unicode text) or GB18030; E_FILE for what is none."""
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text and not text.startswith("%PDF"):
            return text
        break
    raise LuoshiError(
        "E_FILE",
        f"“{name}”读不出表格：不是 xlsx、xls、csv、json，或者文字编码不是 UTF-8、GB18030、UTF-16。"
        "请用 Excel 打开，另存为 xlsx 或“CSV UTF-8”再导入。",
    )


def _from_excel(name: str, data: bytes) -> Iterable[list[Any]]:
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return book.get_sheet_by_index(0).to_python()
    except Exception as error:
        raise LuoshiError("E_FILE", f"“{name}”不是能读的Excel文件。请另存为xlsx再导入。") from error


def _from_json(name: str, data: bytes) -> Iterable[tuple[int, dict[str, Any]]]:
    try:
        rows = json.loads(data, parse_float=Decimal)
    except json.JSONDecodeError as error:
        place = f"第 {error.lineno} 行第 {error.colno} 个字"
        raise LuoshiError("E_FILE", f"“{name}”不是有效的JSON，{place}起读不下去。") from None
    except (ValueError, RecursionError):
        raise LuoshiError("E_FILE", f"“{name}”不是有效的JSON：编码应为 UTF-8，层次不要太深。") from None
    common: dict[str, Any] = {}
    if isinstance(rows, dict):
        common = {key: value for key, value in rows.items() if not isinstance(value, list)}
        rows = next((value for value in rows.values() if isinstance(value, list)), [])
    if not isinstance(rows, list):
        raise LuoshiError("E_FILE", f"“{name}”应是一个列表，每个时段一项。")
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise LuoshiError("E_FILE", f"“{name}”第 {number} 项应为对象。")
        merged = common | row
        yield number, {_KNOWN.get(_folded(key), key): value for key, value in merged.items()}
