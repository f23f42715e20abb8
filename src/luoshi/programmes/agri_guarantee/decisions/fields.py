"""The kinds of facts the decisions take: fen, percentages, yes/no/unknown, days; read leniently, given back one way.

Amounts are whole fen. Text with a decimal point or a unit is yuan (`2,000,000.00`, `200万元`), and so is a fact whose
name ends in `_yuan`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from luoshi.kernel.clock import local, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Kind
from luoshi.kernel.money import Money

MOST = 10**16
"""No amount is larger (fen)."""


def folded(value: Any) -> str:
    """Return a word as it is compared: half-width, upper case, without blanks and joining signs."""
    text = unicodedata.normalize("NFKC", str(value)).upper()
    return re.sub(r"[\s_\-—·./,、]", "", text)


class Strict(BaseModel):
    """A group of facts: unknown fields are refused; `SPELLINGS` are other names under which a field is taken."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    SPELLINGS: ClassVar[Mapping[str, str]] = {}

    @model_validator(mode="before")
    @classmethod
    def _rename(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        renamed: dict[str, Any] = {}
        # YAML takes an unquoted `on` or `off` for true or false.
        named = {{True: "on", False: "off"}.get(name, str(name)): value for name, value in data.items()}
        for name, value in cls.spelt_out(named).items():
            own, read = cls._own(name)
            if (value is None or value == "") and own in cls.model_fields:
                continue  # Nothing is as if it had not been given.
            if own in renamed:
                raise ValueError(f"“{own}”给出了两次")
            renamed[own] = read(value)
        return renamed

    @classmethod
    def _own(cls, name: str) -> tuple[str, Callable[[Any], Any]]:
        """Return the field a name stands for, and how its value is read: `_yuan` says the unit."""
        for ending, read in (("", _same), ("_fen", _same), ("_yuan", yuan)):
            stem = name.removesuffix(ending) if ending else name
            if ending and stem == name:
                continue
            own = cls.SPELLINGS.get(stem, stem)
            if own in cls.model_fields:
                return own, read
        return name, _same

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Return facts written in a short form as fields; subclasses say which forms they take."""
        return data


def _same(value: Any) -> Any:
    return value


# --- money ------------------------------------------------------------------------------------------------------------


def yuan(value: Any) -> Any:
    """Return fen from yuan; nothing and lists are passed on."""
    if value is None or value == "":
        return None
    if isinstance(value, list | tuple):
        return [yuan(one) for one in value]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("应为金额（元）")
    return Money.yuan(format(Decimal(str(value)), "f") if isinstance(value, float | Decimal) else value).fen


def read_fen(value: Any) -> int:
    """Return an amount in fen, not negative; ValueError for anything else, a part of a fen included."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("应为金额：整数分，或写明元的文字，如 1,234.56元")
    if isinstance(value, str):
        text = unicodedata.normalize("NFKC", value).strip()
        if re.fullmatch(r"[-+]?\d{1,18}分?", text):
            number = int(text.removesuffix("分"))
        elif "." in text or "元" in text or "万" in text or "亿" in text:
            try:
                number = Money.yuan(
                    text if text.endswith("元") else text.replace("万", "万元").replace("亿", "亿元")
                ).fen
            except LuoshiError as error:
                raise ValueError(error.message) from None
        else:
            raise ValueError(f"“{text[:30]}”不知是分还是元：请写整数分，或写明元")
    else:
        believable = not isinstance(value, float) or abs(value) < MOST
        exact = Fraction(value) if believable and (not isinstance(value, Decimal) or value.is_finite()) else None
        if exact is None or exact.denominator != 1:
            raise ValueError("应为整数分")
        number = exact.numerator
    if not 0 <= number < MOST:
        raise ValueError("金额不得为负，也不得过大")
    return number


def read_amounts(value: Any) -> tuple[int, ...]:
    """Return a list of amounts; one amount is a list of one."""
    given = value if isinstance(value, list | tuple) else [value]
    if len(given) > 1_000:
        raise ValueError("最多1000笔")
    return tuple(read_fen(_amount_in(one)) for one in given)


def _amount_in(row: Any) -> Any:
    """Return the amount of a row given as an object: `{"D": 33333}`."""
    if not isinstance(row, Mapping):
        return row
    return next((row[name] for name in ("D", "C", "payout", "compensation", "amount", "paid") if name in row), None)


_FEN = {"type": "integer", "minimum": 0}
Fen = Annotated[Any, Kind(read_fen, int, _FEN)]
Amounts = Annotated[Any, Kind(read_amounts, list, {"type": "array", "items": _FEN})]


def require_positive(amount: int, what: str, field: str) -> None:
    """Refuse an amount of nothing (E_AMOUNT)."""
    if amount <= 0:
        raise LuoshiError("E_AMOUNT", f"“{what}”应大于零，以分为单位的整数。", fields={"field": field})


# --- numbers and words ------------------------------------------------------------------------------------------------


def read_percent(value: Any) -> Fraction:
    """Return a percentage as printed: `5.22`, `"5.2200"`, `"5.22%"`."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError("应为百分数，如 5.22")
    text = unicodedata.normalize("NFKC", str(value)).strip().removesuffix("%").strip()
    if not re.fullmatch(r"\d{1,6}(\.\d{1,12})?", text):
        raise ValueError(f"“{text[:20]}”不是百分数，应如 5.22")
    return Fraction(text)


def plain(number: Fraction) -> str:
    """Return an exact decimal as text, without trailing noughts; a fraction that has no end keeps six places, cut."""
    scaled = number * 10**12
    if scaled.denominator == 1:
        return format((Decimal(scaled.numerator) / Decimal(10**12)).normalize(), "f")
    whole = number.numerator * 10**6 // number.denominator
    return format(Decimal(whole) / Decimal(10**6), "f")


Percent = Annotated[Any, Kind(read_percent, plain, {"type": "number", "minimum": 0})]


def _count(value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"\d{1,6}", text):
        raise ValueError("应为不小于零的整数")
    return int(text)


Count = Annotated[Any, Kind(_count, int, {"type": "integer", "minimum": 0})]

_YES = {"TRUE", "YES", "Y", "1", "是", "有", "OK"}
_NO = {"FALSE", "NO", "N", "0", "否", "无", "没有"}
_UNKNOWN = {"UNKNOWN", "?", "未知", "不详", "NULL", "NONE"}


def read_flag(value: Any) -> bool:
    """Return yes or no."""
    found = tri(value)
    if found is None:
        raise ValueError("应为是或否")
    return found


def tri(value: Any) -> bool | None:
    """Return yes, no, or None for unknown."""
    if value is None or isinstance(value, bool):
        return value
    word = folded(value)
    if word in _YES or word in _NO:
        return word in _YES
    if word in _UNKNOWN or not word:
        return None
    raise ValueError(f"“{str(value)[:20]}”应为是（yes）、否（no）或不详（unknown）")


def _write_tri(value: Any) -> Any:
    return value


Flag = Annotated[Any, Kind(read_flag, bool, {"type": "boolean"})]
Tri = Annotated[Any, Kind(tri, _write_tri, {"type": "string", "enum": ["yes", "no", "unknown"]})]


def _text(value: Any) -> str:
    if isinstance(value, bool | Mapping | list):
        raise ValueError("应为文字")
    return str(value).strip()[:200]


Text = Annotated[Any, Kind(_text, str, {"type": "string"})]


class Words:
    """A closed list of words with their other spellings; `read` gives the spec's word, ValueError for any other."""

    def __init__(self, what: str, table: Mapping[str, str]) -> None:
        self.what, self.titles = what, {}
        self._known: dict[str, str] = {}
        for own, spellings in table.items():
            names = spellings.split()
            self.titles[own] = names[0]
            for one in (own, *names):
                self._known[folded(one)] = own

    def find(self, value: Any) -> str | None:
        """Return the word, None for one that is not on the list."""
        return self._known.get(folded(value))

    def read(self, value: Any) -> str:
        """Return the word."""
        found = None if isinstance(value, bool | Mapping | list) else self.find(value)
        if found is None:
            raise ValueError(f"“{str(value)[:20]}”不是{self.what}，应为{'、'.join(self.titles)}")
        return found

    def kind(self) -> Kind:
        """Return the kind of field."""
        return Kind(self.read, str, {"type": "string", "enum": list(self.titles)})


CATEGORIES = Words(
    "经营主体类别",
    {
        "FAMILY_FARM": "家庭农场 FAMILY_FARMS",
        "LARGE_GROWER": "种养大户 LARGE_GROWERS LARGE_BREEDER",
        "COOP": "农民专业合作社 农民合作社 合作社 COOPERATIVE FARMER_COOPERATIVE FARMERS_COOPERATIVE",
        "SERVICE_ORG": "农业社会化服务组织 社会化服务组织 SERVICE_ORGANIZATION SERVICE_ORGANISATION",
        "MICRO_ENT": "小微农业企业 小微企业 MICRO_ENTERPRISE",
        "STATE_FARM_UNIT": "国有农场中符合条件的主体 国有农场 国有农场主体 STATE_FARM "
        "国有农场中符合条件的农业适度规模经营主体 国有农场中符合条件的适度规模经营主体",
        "LEADING_ENT": "农业产业化龙头企业 龙头企业 LEADING_ENTERPRISE LEADING",
    },
)
SCOPES = Words(
    "服务范围",
    {
        "GRAIN": "粮食生产 粮食 种粮",
        "BREEDING": "畜牧水产养殖 畜牧 水产 养殖 畜禽养殖 LIVESTOCK AQUATIC LIVESTOCK_AND_AQUATIC_BREEDING "
        "AQUACULTURE LIVESTOCK_BREEDING AQUATIC_BREEDING",
        "SPECIAL": "菜果茶等特色农林业 菜果茶等农林优势特色产业 农林优势特色产业 菜果茶 蔬菜 水果 果树 茶 林业 "
        "特色农业 VEGETABLE VEGETABLES FRUIT TEA FORESTRY "
        "SPECIAL_FARMING VEGETABLE_FRUIT_TEA VEGETABLE_FRUIT_TEA_AND_OTHER_SPECIAL_FARMING_AND_FORESTRY",
        "SERVICES": "农资农机农技等农业服务 农资农机农技等农业社会化服务 农业社会化服务 农资 农机 农技 农业服务 "
        "FARM_INPUT MACHINERY TECHNIQUE INPUTS "
        "FARM_SERVICES FARM_INPUT_MACHINERY_OR_TECHNIQUE_SERVICES TECHNIQUE_SERVICES MACHINERY_SERVICES",
        "FARMLAND_INFRA": "农田基础设施 基础设施 FARMLAND_INFRASTRUCTURE INFRASTRUCTURE",
        "INTEGRATED": "一二三产业融合发展 一二三产业融合发展项目 与农业生产直接相关的一二三产业融合发展项目 "
        "产业融合 一二三产融合 INTEGRATION INTEGRATED_PROJECT "
        "INTEGRATED_PROJECTS INTEGRATED_PRIMARY_SECONDARY_TERTIARY_PROJECTS "
        "INTEGRATED_PRIMARY_SECONDARY_TERTIARY_PROJECTS_DIRECTLY_TIED_TO_FARMING",
        "LEISURE": "家庭休闲农业观光农业等新业态 家庭休闲农业 休闲农业 观光农业 新业态 SIGHTSEEING LEISURE_FARMING "
        "HOME_LEISURE_FARMING SIGHTSEEING_FARMING NEW_FORMS 农村新业态 家庭休闲农业观光农业等农村新业态 "
        "HOME_LEISURE_FARMING_SIGHTSEEING_FARMING_AND_LIKE_NEW_FORMS",
    },
)
PROJECTS = Words(
    "项目类型",
    {
        "ORDINARY": "一般 普通 一般用途 ORDINARY_PURPOSE",
        "FARMLAND_INFRA": "农田基础设施 提高粮食产能项目 提高粮食生产能力的项目 "
        "农田基础设施等提高粮食生产能力的项目 基础设施 FARMLAND_INFRASTRUCTURE INFRASTRUCTURE INFRA "
        "GRAIN_CAPACITY",
    },
)
GROUNDS = Words(
    "延长期限的理由",
    {
        "LONG_PAYBACK_PLANTING": "投资回收期长的种植业 回收期较长的种植业 回收期较长的种植 种植业 种植 PLANTING "
        "LONGPAYBACKPLANTING",
        "LONG_PAYBACK_BREEDING": "投资回收期长的养殖业 回收期较长的养殖业 回收期较长的养殖 养殖业 养殖 BREEDING",
        "FARMLAND_INFRA": "农田基础设施 农田基础设施建设 农田基础设施建设项目 基础设施 FARMLAND_INFRASTRUCTURE "
        "INFRASTRUCTURE",
        "LARGE_FARM_MACHINERY": "大型农机具 大型农业机具 大型农业机具购置 大型农业机具购置项目 大型农机 农机 "
        "LARGE_MACHINERY MACHINERY FARM_MACHINERY",
    },
)
BASES = Words(
    "追偿的债权范围", {"POOL": "全部损失 全部债权 WHOLE WHOLE_LOSS", "SUBROGATED": "代偿形成的债权 代位 SUBROGATION"}
)

Category = Annotated[Any, CATEGORIES.kind()]
Project = Annotated[Any, PROJECTS.kind()]
Ground = Annotated[Any, GROUNDS.kind()]
Base = Annotated[Any, BASES.kind()]

# --- days -------------------------------------------------------------------------------------------------------------


def read_moment(value: Any) -> date | datetime:
    """Return a day (text without an hour) or a moment in Shanghai; `24:00` is the start of the next day."""
    if isinstance(value, datetime):
        return _believable(local(value))
    if isinstance(value, date):
        return _believable(value)
    if not isinstance(value, str):
        raise ValueError("应为日期或时刻，如 2018-09-20 或 2018-09-20T09:30")
    text = value.strip().replace(" ", "T", 1).replace("Z", "+00:00")
    try:
        if len(text) <= 10:
            return _believable(date.fromisoformat(text))
        midnight = text[10:16] == "T24:00"
        moment = local(datetime.fromisoformat(text.replace("T24:", "T00:") if midnight else text))
        return _believable(moment + timedelta(days=1) if midnight else moment)
    except (ValueError, OverflowError):
        raise ValueError(f"“{value[:40]}”不是日期或时刻，应如 2018-09-20 或 2018-09-20T09:30") from None


_When = TypeVar("_When", date, datetime)


def _believable(value: _When) -> _When:
    if not 1990 <= value.year < 2100:
        raise ValueError("年份应在1990年至2099年之间")
    return value


def read_day(value: Any) -> date:
    """Return a day; of a moment its Shanghai day."""
    found = read_moment(value)
    return found.date() if isinstance(found, datetime) else found


def read_instant(value: Any) -> datetime:
    """Return a moment; a day counts from its 00:00."""
    found = read_moment(value)
    return found if isinstance(found, datetime) else start_of(found)


def written(value: date | datetime) -> str:
    """Return a day or moment as it is exchanged."""
    return local(value).isoformat(timespec="minutes") if isinstance(value, datetime) else value.isoformat()


def _exactly(value: date | datetime) -> str:
    return local(value).isoformat() if isinstance(value, datetime) else value.isoformat()


def _days(value: Any) -> tuple[date, ...]:
    given: Iterable[Any] = value if isinstance(value, list | tuple) else [value]
    return tuple(read_day(one) for one in given)


Day = Annotated[Any, Kind(read_day, _exactly, {"type": "string", "format": "date"})]
Instant = Annotated[Any, Kind(read_instant, _exactly, {"type": "string", "format": "date-time"})]
Moment = Annotated[Any, Kind(read_moment, _exactly, {"type": "string"})]
Days = Annotated[Any, Kind(_days, lambda found: [one.isoformat() for one in found], {"type": "array"})]


def shown(fen: int) -> str:
    """Return an amount as sentences show it: yuan."""
    return f"{Money(fen)}元"
