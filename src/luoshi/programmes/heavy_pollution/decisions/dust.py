"""D5: which hours of dust are out of the plan's scope (1.3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from pydantic import Field, model_validator

from luoshi.kernel.decisions import Reason, Rule
from luoshi.programmes.heavy_pollution.decisions.fields import Amount, Strict, Text, Texts, When, hours_from
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.numbers import Exact
from luoshi.programmes.heavy_pollution.words import DUST_GRADES

_SCOPE = f"{PLAN} 1.3"
EXCLUDED = Rule(_SCOPE, "{grade}经气象局、环保局确认，{first}至{last}的小时不适用预案，不计入分级")
NOT_EXCLUDED = Rule(_SCOPE, "{grade}不在不适用的沙尘等级（{excluded}）之列，照常计入")
UNCONFIRMED = Rule(_SCOPE, "{grade}记录未经{organs}确认，不能据以排除，照常计入")
UNGRADED = Rule(_SCOPE, "沙尘记录没有等级，不能据以排除")
_ORGANS = {"weather": "气象局", "environment": "环保局"}
_ORGAN_WORDS = (("weather", ("气象", "weather", "meteo")), ("environment", ("环保", "环境", "environment")))
_ORGAN_KEYS = {
    "weather": ("weather", "met", "meteo", "qixiang"), "environment": ("environment", "env", "epb", "huanbao"),
}  # fmt: skip
"""How a field names an organ that confirmed: `env_confirmed`, `confirmed_met`."""
_ENGLISH = {
    "floating dust": "浮尘", "blowing dust": "扬沙", "blowing sand": "扬沙", "sandstorm": "沙尘暴",
    "dust storm": "沙尘暴", "severe sandstorm": "强沙尘暴", "strong sandstorm": "强沙尘暴",
    "extreme sandstorm": "特强沙尘暴",
}  # fmt: skip
_VISIBILITY = ((50, "特强沙尘暴"), (500, "强沙尘暴"), (1000, "沙尘暴"))
"""Visibility in metres below which a grade begins; above it, 扬沙 and 浮尘 are not told apart by visibility."""


def organs_named(said: Iterable[str]) -> set[str]:
    """Return which of the two organs of the consultation are named: `weather`, `environment`."""
    text = " ".join(said).lower()
    return {organ for organ, names in _ORGAN_WORDS if any(name in text for name in names)}


class DustRecord(Strict):
    """沙尘记录：等级、起止、两部门是否确认。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "from": "begins", "start": "begins", "first": "begins", "to": "ends", "end": "ends", "until": "ends",
        "n": "hours", "count": "hours", "level": "grade", "kind": "grade", "confirmed_by": "confirmed",
        "visibility": "visibility_km",
    }  # fmt: skip

    grade: Text = Field(None, description="等级：浮尘、扬沙、沙尘暴、强沙尘暴、特强沙尘暴（GB/T 20480） / dust grade")
    visibility_km: Amount = Field(None, description="能见度（公里），没有等级时据以定级 / visibility, gives the grade")
    begins: When = Field(None, description="开始：第几小时（自0）或时刻 / from: hour index or moment")
    ends: When = Field(None, description="结束（不含）：第几小时或时刻 / to, excluded")
    hours: Amount = Field(None, description="持续小时数，代替结束 / length in hours, instead of an end")
    entered_by: Text = Field(None, description="录入单位 / organ that entered it")
    confirmed: Texts = Field(
        None, description="确认单位：气象局、环保局；是即两家均已确认 / organs that confirmed; true: both"
    )

    @model_validator(mode="after")
    def _in_order(self) -> DustRecord:
        begins, ends = self.begins, self.ends
        told = begins is not None and ends is not None and isinstance(begins, datetime) == isinstance(ends, datetime)
        if told and ends <= begins:
            raise ValueError("沙尘记录的结束不晚于开始，请核对")
        return self

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """A single yes or no stands for both organs; `weather_confirmed` and the like for one."""
        span = data.get("hours")
        if isinstance(span, list | tuple) and len(span) == 2 and "begins" not in data:
            data["begins"], data["ends"] = data.pop("hours")
        named, told = [], False
        for organ, words in _ORGAN_KEYS.items():
            for key in [one for word in words for one in (f"{word}_confirmed", f"confirmed_{word}") if one in data]:
                told = True
                if _said(data.pop(key)):
                    named.append(organ)
        given = data.get("confirmed")
        if isinstance(given, bool):
            named += list(_ORGANS) if given else []
            given = None
        listed = [] if given is None else list(given) if isinstance(given, list | tuple) else [given]
        if listed or named or told or "confirmed" in data:
            data["confirmed"] = listed + named
        return data

    @property
    def graded(self) -> str | None:
        """The grade as recorded, else by visibility where that settles it."""
        if self.grade:
            known = _ENGLISH.get(self.grade.lower(), str(self.grade))
            return next((name for name in reversed(DUST_GRADES) if name in known), known)
        if self.visibility_km is not None:
            return next((name for metres, name in _VISIBILITY if self.visibility_km * 1000 < metres), None)
        return None

    @property
    def lacking(self) -> list[str]:
        """The organs whose confirmation is missing. Who entered it confirmed it."""
        found = organs_named([*(self.confirmed or ()), self.entered_by or ""])
        return [name for organ, name in _ORGANS.items() if organ not in found]

    def span(self, start: datetime | None) -> tuple[Exact, Exact] | None:
        """Return the hours it covers, from and to, counted from the first hour of the series; None without a span."""
        if self.begins is None:
            return None
        first = hours_from(start, self.begins)
        if self.ends is not None:
            return first, hours_from(start, self.ends)
        return None if self.hours is None else (first, first + self.hours)


def _said(value: Any) -> bool:
    return value is True or str(value) in ("true", "True", "是")


class Ruling(NamedTuple):
    """Whether a record excludes its hours (None: cannot be said), and why."""

    excludes: bool | None
    reason: Reason


def rule_on(record: DustRecord, excluded: Collection[str], span: tuple[Any, Any] = ("", "")) -> Ruling:
    """Return whether a dust record takes its hours out of scope: graded so, and confirmed by both organs."""
    grade = record.graded
    if grade is None:
        return Ruling(None, UNGRADED.reason(False))
    if grade not in excluded:
        return Ruling(False, NOT_EXCLUDED.reason(False, grade, "、".join(excluded)))
    if lacking := record.lacking:
        return Ruling(False, UNCONFIRMED.reason(False, grade, "、".join(lacking)))
    return Ruling(True, EXCLUDED.reason(True, grade, *span))
