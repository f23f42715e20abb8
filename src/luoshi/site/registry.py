"""What this installation is made of: the modules whose decisions it offers. A new one is registered in one line."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from luoshi.kernel.decisions import REGISTRY, Definition

DECISION_MODULES = (
    "luoshi.office.calendar.decisions",
    "luoshi.office.instruments.decisions",
    "luoshi.office.organs.decisions",
)


@lru_cache(maxsize=1)
def load_decisions() -> dict[str, Definition]:
    """Import every module of decisions and return them by key, for command line, API and calculator pages."""
    for module in DECISION_MODULES:
        import_module(module)
    return REGISTRY
