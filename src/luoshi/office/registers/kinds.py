"""What a cell may hold, by kind of column: how it is read, kept in history, shown, masked, given to a spreadsheet.

A cell comes from Excel (text, number, date, truth), from CSV or from a form (text). Reading it gives the value the
model keeps or a `Fault` that says what is wrong and what to do; nothing is guessed and nothing rounded silently.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from luoshi.kernel import identifiers
from luoshi.kernel.clock import CLOCK, SHANGHAI, local
from luoshi.kernel.errors import LuoshiError

if TYPE_CHECKING:
    from luoshi.office.registers.declaration import Column

Plain = str | int | bool | None
"""A value as JSON keeps it: decimals, dates and moments as text."""


class Fault(Exception):  # noqa: N818 - told to people, row by row
    """What is wrong with a cell: a code of the table of errors, what to do; `warning` does not stop the row."""

    def __init__(self, code: str, message: str, *, warning: bool = False, value: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.warning, self.value = code, message, warning, value


@dataclass(slots=True)
class Reading:
    """What reading cells needs to know of the world: the day, organs by name, records other registers know."""

    today: datetime.date = field(default_factory=CLOCK.today)
    organ: Callable[[str], str] = lambda text: text
    reference: Callable[[Column, str], int | None] = lambda column, text: None
    titles: Callable[[str], str] = lambda slug: slug
    names: Callable[[Column, int], str] = lambda column, pk: str(pk)


class Kind(NamedTuple):
    """How a kind of column behaves; `right` aligns figures."""

    title: str
    read: Callable[[Column, Any, Reading], Any]
    show: Callable[[Column, Any, Reading], str]
    keep: Callable[[Any], Plain]
    restore: Callable[[Any], Any]
    right: bool = False


# --- text -------------------------------------------------------------------------------------------------------------

_WIDE = {
    ord("\u3000"): " ",
    **{code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))},
}
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_LONG = re.compile(r"[0-9.]+[eE]\+[0-9]+")
_DIGITS = 15
"""A spreadsheet keeps so many digits of a number and loses the rest."""


def fold(text: str) -> str:
    """Return running text as kept: full-width digits and letters narrow, nothing unseen, no blanks at the ends."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _UNSEEN.sub("", text).translate(_WIDE).strip()


def narrow(text: str) -> str:
    """Return a number, a date or a code as read: NFKC, nothing unseen, no blanks at the ends."""
    if text.isascii() and text.isprintable():
        return text.strip()
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).strip()


def as_text(cell: Any) -> str:
    """Return a cell as text: whole numbers without a point, dates as ISO text; an apostrophe in front is dropped."""
    if type(cell) is str:
        return cell[1:] if cell[:1] == "'" else cell
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else format(cell, ".15g")
    if isinstance(cell, datetime.datetime):
        return cell.date().isoformat() if cell.time() == datetime.time() else cell.isoformat(" ", "minutes")
    return str(cell)


def blank(cell: Any) -> bool:
    """Tell whether nothing was written into a cell."""
    return cell is None or (type(cell) is str and not cell.strip("\u3000\u200b\ufeff \t\r\n'"))


def _text(column: Column, cell: Any, _on: Reading) -> str:
    text = fold(as_text(cell))
    if len(text) > column.longest:
        raise Fault("E_INPUT", f"最多 {column.longest} 字，现有 {len(text)} 字，请缩短")
    if column.kind != "area" and ("\n" in text or "\r" in text):
        text = " ".join(text.split())
    if column.pattern and not re.fullmatch(column.pattern, text):
        raise Fault("E_INPUT", f"“{_short(text)}”写法不对{f'，{column.note}' if column.note else '，请核对'}")
    return text


def _code(column: Column, cell: Any, on: Reading) -> str:
    _whole_digits(cell)
    return _text(column, identifiers.clean(as_text(cell)), on)


def _whole_digits(cell: Any) -> None:
    mangled = isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= 10**_DIGITS
    if mangled or (type(cell) is str and _LONG.fullmatch(cell.strip())):
        raise Fault("E_ID_MANGLED", "号码被表格当成数字，末几位已丢失。请把这一列设为文本格式，按原件重填")


def _short(text: str) -> str:
    return text if len(text) <= 30 else text[:29] + "…"


# --- numbers ----------------------------------------------------------------------------------------------------------


def _number(cell: Any) -> Decimal:
    if isinstance(cell, bool):
        raise Fault("E_INPUT", "应写数字，不是“是”或“否”")
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        return Decimal(format(cell, f".{_DIGITS}g"))
    if not isinstance(cell, str):
        raise Fault("E_INPUT", f"“{as_text(cell)}”是日期，应写数字。请把这一列设为数值格式")
    text = narrow(as_text(cell)).replace("−", "-")
    bare = text.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", text) else text
    try:
        number = Decimal(bare)
    except InvalidOperation:
        raise Fault("E_INPUT", f"“{_short(text)}”不是数字。只写数，单位见表头") from None
    if not number.is_finite():
        raise Fault("E_INPUT", f"“{_short(text)}”不是数字。只写数，单位见表头")
    return number


def _within(column: Column, number: Decimal) -> None:
    least, most = column.least, column.most
    if isinstance(least, (int, Decimal)) and number < least:
        raise Fault("E_INPUT", f"{number:f} 小于 {least}，请核对{_unit(column)}")
    if isinstance(most, (int, Decimal)) and number > most:
        raise Fault("E_INPUT", f"{number:f} 大于 {most}，请核对{_unit(column)}")


def _unit(column: Column) -> str:
    return f"（单位 {column.unit}）" if column.unit else ""


def _integer(column: Column, cell: Any, _on: Reading) -> int:
    number = _number(cell)
    if number != number.to_integral_value():
        raise Fault("E_INPUT", f"{number:f} 不是整数，请写整数{_unit(column)}")
    if abs(number) >= 2**63:
        raise Fault("E_INPUT", f"{number:.3g} 太大，请核对{_unit(column)}")
    _within(column, number)
    return int(number)


def _decimal(column: Column, cell: Any, _on: Reading) -> Decimal:
    number = _number(cell)
    exponent = number.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent > column.places:
        raise Fault("E_INPUT", f"{number:f} 的小数多于 {column.places} 位，系统不代为舍入，请改写")
    if number.adjusted() >= column.digits - column.places:
        raise Fault("E_INPUT", f"{number:.3g} 太大，请核对{_unit(column)}")
    _within(column, number)
    return number.quantize(Decimal(1).scaleb(-column.places))


def _money(column: Column, cell: Any, _on: Reading) -> int:
    number = _number(cell)
    fen = number * 100
    if fen != fen.to_integral_value():
        raise Fault("E_AMOUNT", f"{number:f} 元不是整分，请写到分为止")
    _within(column, number)
    return int(fen)


_COORDINATES = {
    "latitude": ("纬度", (Decimal("36.4"), Decimal("37.3")), (Decimal("36.6"), Decimal("37.2"))),
    "longitude": ("经度", (Decimal("121.0"), Decimal("122.1")), (Decimal("121.1"), Decimal("121.9"))),
}
"""Bounds of the city (conventions 7): outside the first refused, outside the second asked about."""


def _coordinate(column: Column, cell: Any, on: Reading) -> Decimal:
    number = _decimal(column, cell, on)
    word, (low, high), (inner_low, inner_high) = _COORDINATES[column.kind]
    if not low <= number <= high:
        other = next(value for key, value in _COORDINATES.items() if key != column.kind)
        if other[1][0] <= number <= other[1][1]:
            raise Fault("E_INPUT", f"{number:f} 像是{other[0]}，经度和纬度写反了，请对调")
        raise Fault("E_INPUT", f"{word} {number:f} 在本市之外（{low}–{high}），请核对")
    if not inner_low <= number <= inner_high:
        message = f"{word} {number:f} 在市界边缘之外（{inner_low}–{inner_high}），请核对；确实如此可以导入"
        raise Fault("E_IMPLAUSIBLE", message, warning=True, value=number)
    return number


# --- dates ------------------------------------------------------------------------------------------------------------

_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_SERIAL_ZERO = datetime.date(1899, 12, 30)
_EARLIEST, _LATEST = datetime.date(1900, 1, 1), datetime.date(2100, 12, 31)


def _date(column: Column, cell: Any, on: Reading) -> datetime.date:
    day = _day_of(cell)
    first = column.least if isinstance(column.least, datetime.date) else _EARLIEST
    last = column.most if isinstance(column.most, datetime.date) else _LATEST
    if column.past and day > on.today:
        raise Fault("E_FUTURE", f"{day} 晚于今天，请核对")
    if not first <= day <= last:
        raise Fault("E_INPUT", f"{day} 应在 {first} 到 {last} 之间，请核对")
    return day


def _day_of(cell: Any) -> datetime.date:
    if isinstance(cell, datetime.datetime):
        return cell.date()
    if isinstance(cell, datetime.date):
        return cell
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if 1 <= cell < 80_000:
            return _SERIAL_ZERO + datetime.timedelta(days=int(cell))
        cell = as_text(cell)
    text = narrow(as_text(cell))
    found = _DAY.fullmatch(text.partition(" ")[0].partition("T")[0])
    try:
        if found:
            return datetime.date(int(found[1]), int(found[2]), int(found[3]))
        if len(text) == 8 and text.isdecimal():
            return datetime.date(int(text[:4]), int(text[4:6]), int(text[6:]))
        if text.isdecimal() and 20_000 <= int(text) < 80_000:
            return _SERIAL_ZERO + datetime.timedelta(days=int(text))
    except ValueError:
        raise Fault("E_INPUT", f"没有“{text}”这一天，请核对年月日") from None
    raise Fault("E_INPUT", f"“{_short(text)}”不是日期，应如 2018-03-08")


def _moment(column: Column, cell: Any, on: Reading) -> datetime.datetime:
    if isinstance(cell, datetime.datetime):
        return local(cell)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 1 <= cell < 80_000:
        days = Decimal(format(cell, f".{_DIGITS}g"))
        seconds = int((days * 86_400).to_integral_value())
        return datetime.datetime(1899, 12, 30, tzinfo=SHANGHAI) + datetime.timedelta(seconds=seconds)
    text = narrow(as_text(cell)).replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    day, _, clock = text.replace("T", " ").partition(" ")
    parts = "-".join(part.zfill(2) for part in day.split("-"))
    hour, colon, rest = clock.strip().partition(":")
    try:
        return local(datetime.datetime.fromisoformat(f"{parts}T{hour.zfill(2)}{colon}{rest}" if clock else parts))
    except ValueError:
        raise Fault("E_INPUT", f"“{_short(text)}”不是时刻，应如 2018-03-08 14:00") from None


# --- choices, organs, references --------------------------------------------------------------------------------------

_TRUE = frozenset(("是", "有", "√", "对", "1", "y", "yes", "true", "t"))
_FALSE = frozenset(("否", "无", "×", "x", "0", "n", "no", "false", "f", "没有"))


def _boolean(_column: Column, cell: Any, _on: Reading) -> bool:
    if isinstance(cell, bool):
        return cell
    text = narrow(as_text(cell)).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Fault("E_INPUT", f"“{_short(text)}”应写是或否")


def _choice(column: Column, cell: Any, _on: Reading) -> Any:
    text = narrow(as_text(cell))
    found = column.by_word.get(text)
    if found is None:
        words = "、".join(column.words_of.values())
        raise Fault("E_INPUT", f"“{_short(text)}”不在可选之列，应为：{words}")
    return found


def _organ(_column: Column, cell: Any, on: Reading) -> str:
    return on.organ(narrow(as_text(cell)))


def _reference(column: Column, cell: Any, on: Reading) -> int:
    _whole_digits(cell)
    text = narrow(as_text(cell))
    found = on.reference(column, text)
    if found is None:
        raise Fault("E_NOT_FOUND", f"没有登记“{_short(text)}”，请先登记，或改正")
    return found


# --- identifiers ------------------------------------------------------------------------------------------------------


def _told(parse: Callable[[str], str]) -> Callable[[Column, Any, Reading], str]:
    def read(_column: Column, cell: Any, _on: Reading) -> str:
        _whole_digits(cell)
        try:
            return parse(as_text(cell))
        except LuoshiError as error:
            raise Fault(error.code, error.message) from None

    return read


_USCC_AT = tuple(
    {char: value * pow(3, place, 31) % 31 for value, char in enumerate(identifiers.USCC_ALPHABET)}
    for place in range(17)
)
_INNER_AT = tuple(
    {char: value * weight for value, char in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    for weight in (3, 7, 9, 10, 5, 8, 4, 2)
)


def _sound(code: str) -> bool:
    """Tell fast whether a text is a credit code with both check characters right; the slow way says what is wrong."""
    try:
        total = sum([values[char] for values, char in zip(_USCC_AT, code, strict=False)])
        inner = sum([values[char] for values, char in zip(_INNER_AT, code[8:16], strict=True)])
    except (KeyError, ValueError):
        return False
    return (
        len(code) == 18
        and identifiers.USCC_ALPHABET[-total % 31] == code[17]
        and "0123456789X0"[11 - inner % 11] == code[16]
    )


def _uscc(column: Column, cell: Any, on: Reading) -> str:
    if type(cell) is str and _sound(cell):
        return cell
    code = _told(identifiers.parse_uscc)(column, cell, on)
    if code[0] in "159" and not identifiers.organ_code_agrees(code):
        message = "第9–17位的机构代码校验位不符，请核对执照；确实如此可以导入"
        raise Fault("E_CHECK_DIGIT", message, warning=True, value=code)
    return code


def _id_number(column: Column, cell: Any, on: Reading) -> str:
    return _told(lambda text: identifiers.parse_id_number(text, on.today))(column, cell, on)


_PHONE = re.compile(r"1[3-9]\d{9}|(0\d{2,3})?[2-9]\d{6,7}(-\d{1,6})?|(400|800)\d{7}|1\d{2,4}")


def _phone(_column: Column, cell: Any, _on: Reading) -> str:
    if type(cell) is str and len(cell) == 11 and cell.isascii() and cell.isdigit() and cell[0] == "1" and cell[1] > "2":
        return cell
    text = (
        narrow(as_text(cell)).replace(" ", "").removeprefix("+86").replace("—", "-").replace("(", "").replace(")", "-")
    )
    joined = re.sub(r"^(0\d{2,3})-", r"\1", text)
    if not _PHONE.fullmatch(joined) and not _PHONE.fullmatch(joined.replace("-", "")):
        raise Fault("E_INPUT", f"“{_short(text)}”不是电话号码，手机 11 位，座机如 0631-6651234")
    return text


# --- out --------------------------------------------------------------------------------------------------------------


def _shown(_column: Column, value: Any, _on: Reading) -> str:
    return str(value)


def _grouped(_column: Column, value: Any, _on: Reading) -> str:
    return f"{value:,}"


def _exact(column: Column, value: Any, _on: Reading) -> str:
    return f"{Decimal(value).quantize(Decimal(1).scaleb(-column.places)):,f}".replace("-", "−")


def _degrees(_column: Column, value: Any, _on: Reading) -> str:
    return f"{Decimal(value).normalize():f}"


def _yuan(_column: Column, value: Any, _on: Reading) -> str:
    sign = "−" if value < 0 else ""
    return f"{sign}{abs(value) // 100:,}.{abs(value) % 100:02d}"


def _shown_day(_column: Column, value: datetime.date, _on: Reading) -> str:
    return f"{value.year}年{value.month}月{value.day}日"


def _shown_moment(_column: Column, value: datetime.datetime, _on: Reading) -> str:
    at = local(value)
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _same(value: Any) -> Any:
    return value


def _to_decimal(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def _to_day(value: Any) -> datetime.date | None:
    return None if value is None else datetime.date.fromisoformat(value)


def _to_moment(value: Any) -> datetime.datetime | None:
    return None if value is None else datetime.datetime.fromisoformat(value)


def _keep_text(value: Any) -> Plain:
    return None if value is None else str(value)


def _keep_decimal(value: Any) -> Plain:
    # One figure has one text, however many zeros a database adds.
    text = "" if value is None else f"{Decimal(value):f}"
    return None if value is None else text.rstrip("0").rstrip(".") if "." in text else text


def _keep_iso(value: Any) -> Plain:
    return None if value is None else value.isoformat()


def _keep_moment(value: Any) -> Plain:
    return None if value is None else value.astimezone(datetime.UTC).isoformat()


KINDS: Mapping[str, Kind] = {
    "text": Kind("文字", _text, _shown, _same, _same),
    "area": Kind("长文字", _text, _shown, _same, _same),
    "code": Kind("代码", _code, _shown, _same, _same),
    "integer": Kind("整数", _integer, _grouped, _same, _same, True),
    "year": Kind("年份", _integer, _shown, _same, _same, True),
    "decimal": Kind("小数", _decimal, _exact, _keep_decimal, _to_decimal, True),
    "money": Kind("金额（元）", _money, _yuan, _same, _same, True),
    "latitude": Kind("纬度", _coordinate, _degrees, _keep_decimal, _to_decimal, True),
    "longitude": Kind("经度", _coordinate, _degrees, _keep_decimal, _to_decimal, True),
    "date": Kind("日期", _date, _shown_day, _keep_iso, _to_day),
    "moment": Kind("时刻", _moment, _shown_moment, _keep_moment, _to_moment),
    "boolean": Kind("是否", _boolean, lambda _c, value, _on: "是" if value else "否", _same, _same),
    "choice": Kind("选项", _choice, lambda column, value, _on: column.words_of.get(value, str(value)), _same, _same),
    "organ": Kind("单位", _organ, lambda _c, value, on: on.titles(value), _same, _same),
    "reference": Kind("所属记录", _reference, lambda column, value, on: on.names(column, value), _same, _same),
    "uscc": Kind("统一社会信用代码", _uscc, _shown, _same, _same),
    "id_number": Kind("身份证号", _id_number, _shown, _same, _same),
    "phone": Kind("电话", _phone, _shown, _same, _same),
    "account": Kind("账号", _code, _shown, _same, _same),
    "person": Kind("姓名", _text, _shown, _same, _same),
}
"""Every kind a column may be of."""


def masked(column: Column, value: str) -> str:
    """Return a sensitive value as people without a purpose see it (conventions 6)."""
    if column.kind == "person":
        return identifiers.mask_name(value)
    if column.kind == "id_number":
        return identifiers.mask_id(value)
    if column.kind == "phone":
        return identifiers.mask_phone(value) if len(value) >= 8 else "****"
    if column.kind == "account":
        return "****" + identifiers.mask_account(value)
    return value[:1] + "***" if value else ""
