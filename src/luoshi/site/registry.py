"""What this installation is made of: the office's decisions and the programmes. A new room is one line here."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module

from luoshi.kernel.decisions import REGISTRY, Definition
from luoshi.office.programme import Programme, programmes

DECISION_MODULES = (
    "luoshi.office.calendar.decisions",
    "luoshi.office.instruments.decisions",
    "luoshi.office.organs.decisions",
)

PROGRAMMES = (
    "luoshi.programmes.heavy_pollution",
    "luoshi.programmes.agri_guarantee",
    "luoshi.programmes.mitigation_fund",
    "luoshi.programmes.home_escrow",
    "luoshi.programmes.supervision",
)
"""The rooms of this installation; each has a module `programme` with its manifest."""


@lru_cache(maxsize=1)
def manifests() -> list[Programme]:
    """Import the manifest of every room; needs no Django."""
    for room in PROGRAMMES:
        import_module(f"{room}.programme")
    return programmes()


@lru_cache(maxsize=1)
def load_programmes() -> list[Programme]:
    """Import every room with what it registers of procedures, registers and indicators. Needs Django's apps."""
    for found in manifests():
        for module in found.hooks:
            import_module(module)
    return manifests()


@lru_cache(maxsize=1)
def load_decisions() -> dict[str, Definition]:
    """Import every module of decisions and return them by key, for command line, API and calculator pages."""
    for module in DECISION_MODULES:
        import_module(module)
    for found in manifests():
        for module in found.decisions:
            import_module(module)
    return REGISTRY
