"""D11 and D12: the response level that goes with a warning, and the measures of a level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict, decision
from luoshi.programmes.heavy_pollution.catalogue import Measure, measures_at
from luoshi.programmes.heavy_pollution.decisions.air import undetermined
from luoshi.programmes.heavy_pollution.decisions.fields import Colour, Flag, Instant, Level, Strict
from luoshi.programmes.heavy_pollution.decisions.settings import PARAMETERS, PLAN
from luoshi.programmes.heavy_pollution.moments import named, written
from luoshi.programmes.heavy_pollution.words import COLOUR_WORDS, COLOURS, LEVELS, ROMAN, SEVERITIES

_LEVELS = {rank: f"{PLAN} 3.2.{rank}.1" for rank in range(1, 5)}
"""The clause of each level's condition."""
_LEVEL = "{colour}预警对应{level}级（{severity}）响应"
_SAME = "预警与响应同时于{at}开始"
NOTHING = Rule(f"{PLAN} 3.2", "没有预警，不启动响应")
REPLACED = "{old}由{new}代替"
ADDED = "{level}级起：{title}"
AT_LEAST = Rule(f"{PLAN} 3.2", "以上是至少应采取的措施，指挥部可以另加")


# --- D11 --------------------------------------------------------------------------------------------------------------


class LevelFacts(Strict):
    """The colour of a warning."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"colour": "orange"}, {"colour": "红色", "issued_at": "2018-01-12T16:00"}]}
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"color": "colour", "grade": "colour", "warning": "colour"}

    colour: Colour = Field(None, description="预警颜色：蓝、黄、橙、红 / colour of the warning")
    issued_at: Instant = Field(None, description="预警发布时刻 / when it was issued")


@decision(key="heavy_pollution.level", title="预警对应的响应级别", citation=f"{PLAN} 3.2", parameters=PARAMETERS)
def level(facts: LevelFacts, context: Context) -> Verdict:
    """预警颜色对应的响应级别：蓝Ⅳ、黄Ⅲ、橙Ⅱ、红Ⅰ，与预警同时开始。

    `level` (Ⅳ to Ⅰ), `roman`, `number`, `severity`, and `started_at` = when the warning was issued.
    """
    rank = facts.colour
    if rank is None:
        return undetermined({"level": None}, "预警颜色", f"{PLAN} 3.2")
    if rank == 0:
        return Verdict(level_value(0), Outcome.NOT_APPLICABLE, [NOTHING.reason(False)])
    reasons = [Rule(_LEVELS[rank], _LEVEL).reason(True, COLOUR_WORDS[rank], LEVELS[rank], SEVERITIES[rank])]
    value = level_value(rank)
    if facts.issued_at is not None:
        value |= {"started_at": written(facts.issued_at)}
        reasons.append(Rule(_LEVELS[rank], _SAME).reason(None, named(facts.issued_at)))
    return Verdict(value, Outcome.ALLOW, reasons)


def level_value(rank: int) -> dict[str, Any]:
    """Return a level as a decision answers it."""
    return {
        "level": LEVELS[rank],
        "roman": ROMAN[rank],
        "number": 5 - rank if rank else None,
        "severity": SEVERITIES[rank],
        "colour": COLOURS[rank],
        "colour_name": COLOUR_WORDS[rank],
    }


# --- D12 --------------------------------------------------------------------------------------------------------------


class MeasuresFacts(Strict):
    """A level, and the one before it where it changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"level": "Ⅲ"}, {"level": "Ⅰ", "from_level": "Ⅱ"}]})
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "colour": "level", "grade": "level", "response_level": "level", "previous": "from_level",
        "before": "from_level",
    }  # fmt: skip

    level: Level = Field(None, description="响应级别：Ⅳ、Ⅲ、Ⅱ、Ⅰ / response level: IV, III, II, I")
    from_level: Level = Field(None, description="调整前的级别，据以列出增减 / level before a change")
    brief: Flag = Field(None, description="只列编号 / ids only")


@decision(key="heavy_pollution.measures", title="响应措施", citation=f"{PLAN} 3.2", parameters=PARAMETERS)
def measures(facts: MeasuresFacts, context: Context) -> Verdict:
    """某级响应至少应采取的措施：本级及以下各级的全部措施，去掉被代替的；级别调整时列出增加、结束和保留的。

    `ids` in the plan's order, `measures` with every column (organs, objects, evidence, citations); with `from_level`
    also `added`, `closed` and `kept`.
    """
    rank = facts.level
    if rank is None:
        return undetermined({"ids": None}, "响应级别", f"{PLAN} 3.2")
    found = measures_at(rank)
    ids = [row.id for row in found]
    value: dict[str, Any] = level_value(rank) | {"ids": ids, "count": len(ids)}
    if not facts.brief:
        value["measures"] = [measure_value(row) for row in found]
    if facts.from_level is not None:
        before = [row.id for row in measures_at(facts.from_level)]
        value |= {
            "from_level": LEVELS[facts.from_level],
            "added": [one for one in ids if one not in before],
            "closed": [one for one in before if one not in ids],
            "kept": [one for one in ids if one in before],
        }
    if rank == 0:
        return Verdict(value, Outcome.NOT_APPLICABLE, [NOTHING.reason(False)])
    return Verdict(value, Outcome.ALLOW, _measure_reasons(found))


def measure_value(row: Measure) -> dict[str, Any]:
    """Return a measure as a decision answers it."""
    return {
        "id": row.id,
        "level": row.level,
        "class": row.group,
        "title": row.title,
        "text": row.text,
        "lead": list(row.lead),
        "lead_as": row.lead_as or None,
        "with": list(row.supporting),
        "objects": list(row.objects),
        "sectors": list(row.sectors),
        "other_heavy": row.other_heavy,
        "audiences": list(row.audiences),
        "evidence": list(row.evidence),
        "citations": list(row.citations),
        "replaces": row.replaces or None,
        "note": row.note or None,
    }


@lru_cache(maxsize=256)
def _rule(citation: str, sentence: str) -> Rule:
    return Rule(citation, sentence)


def _measure_reasons(found: Sequence[Measure]) -> list[Reason]:
    reasons = []
    for row in found:
        reasons.append(_rule(row.citations[0], ADDED).reason(True, row.level, f"{row.id} {row.title}"))
        if row.replaces:
            reasons.append(_rule(row.citations[0], REPLACED).reason(None, row.replaces, row.id))
    return [*reasons, AT_LEAST.reason(None)]
