"""The decisions `heavy_pollution.*`: pure functions of facts and dated parameters, one module a part of the plan."""

from __future__ import annotations

from luoshi.programmes.heavy_pollution.decisions import (
    air,
    assembly,
    chain,
    deadlines,
    grading,
    issuing,
    reduction,
    response,
    roads,
    sectors,
    vehicles,
)

__all__ = [
    "air",
    "assembly",
    "chain",
    "deadlines",
    "grading",
    "issuing",
    "reduction",
    "response",
    "roads",
    "sectors",
    "vehicles",
]
