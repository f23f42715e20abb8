"""The decisions `heavy_pollution.*`: pure functions of facts and dated parameters, one module a part of the plan."""

from __future__ import annotations

from luoshi.programmes.heavy_pollution.decisions import air, assembly, grading, issuing

__all__ = ["air", "assembly", "grading", "issuing"]
