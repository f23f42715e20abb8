"""The manifest of key-work supervision."""

from __future__ import annotations

from pathlib import Path

from luoshi.office.programme import Programme, register

_ROOM = "luoshi.programmes.supervision"
_HOOKS: tuple[str, ...] = ("crossing", "ladder")

PROGRAMME = register(
    Programme(
        key="supervision",
        title="重点工作督办",
        instruments=("乳政发〔2019〕2号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        hooks=tuple(f"{_ROOM}.{one}" for one in _HOOKS),
    )
)
