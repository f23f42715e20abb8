"""The plan's tables as data: measures of the response (6.4), what stands at any time, sectors of the reduction list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.programmes.heavy_pollution.words import LEVELS, folded

PLAN = "乳政办发〔2018〕2号"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: the rank of the level that brings it, what it replaces, who leads, its objects and what proves it."""

    id: str
    rank: int
    group: str
    title: str
    text: str
    lead: tuple[str, ...]
    lead_as: str
    supporting: tuple[str, ...]
    objects: tuple[str, ...]
    sectors: tuple[str, ...]
    other_heavy: bool
    audiences: tuple[str, ...]
    evidence: tuple[str, ...]
    citations: tuple[str, ...]
    replaces: str
    note: str

    @property
    def level(self) -> str:
        """The level that brings the measure."""
        return LEVELS[self.rank]


@dataclass(frozen=True, slots=True)
class Standing:
    """What an organ does at any time, response or not."""

    id: str
    lead: tuple[str, ...]
    text: str
    citations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sector:
    """A sector: the parameter with its ratios by level, or the process that stops; neither: its firms' own plans."""

    name: str
    also: tuple[str, ...]
    ratio: str = ""
    stop: str = ""


def _read(name: str) -> Any:
    return yaml_text.read((Path(__file__).parent / "data" / name).read_text("utf-8"))


def _cited(row: Any) -> tuple[str, ...]:
    return tuple(f"{PLAN} {place}" for place in row["citations"])


@lru_cache(maxsize=1)
def measures() -> tuple[Measure, ...]:
    """Return every measure, by class as the plan has them, then by number."""
    rows = _read("measures.yaml")["measures"]
    letters = list(dict.fromkeys(row["id"][0] for row in rows))
    return tuple(
        Measure(
            id=row["id"],
            rank=LEVELS.index(row["level"]),
            group=row["class"],
            title=row["title"],
            text=row["text"],
            lead=tuple(row["lead"]),
            lead_as=row.get("lead_as", ""),
            supporting=tuple(row["with"]),
            objects=tuple(row["objects"]),
            sectors=tuple(row.get("sectors", ())),
            other_heavy=row.get("other_heavy", False),
            audiences=tuple(row["audiences"]),
            evidence=tuple(row["evidence"]),
            citations=_cited(row),
            replaces=row.get("replaces", ""),
            note=row.get("note", ""),
        )
        for row in sorted(rows, key=lambda row: (letters.index(row["id"][0]), int(row["id"][1:] or 0)))
    )


@lru_cache(maxsize=1)
def standing() -> tuple[Standing, ...]:
    """Return what stands at any time."""
    return tuple(
        Standing(row["id"], tuple(row["lead"]), row["text"], _cited(row)) for row in _read("measures.yaml")["standing"]
    )


def measure(wanted: str) -> Measure:
    """Return a measure by id; KeyError for another."""
    return {row.id: row for row in measures()}[wanted]


def measures_at(rank: int) -> tuple[Measure, ...]:
    """Return the measures of a level: all brought in at it or below, without those that another of them replaces."""
    known = [row for row in measures() if 0 < row.rank <= rank]
    replaced = {row.replaces for row in known}
    return tuple(row for row in known if row.id not in replaced)


@lru_cache(maxsize=1)
def sectors() -> tuple[Sector, ...]:
    """Return the sectors."""
    return tuple(Sector(**{**row, "also": tuple(row.get("also", ()))}) for row in _read("sectors.yaml"))


def sector_of(name: str) -> Sector | None:
    """Return a sector by its name in any writing, None for an unknown one."""
    wanted = folded(name).replace("_", "")
    for row in sectors():
        if wanted in {folded(word).replace("_", "") for word in (row.name, *row.also)}:
            return row
    return None
