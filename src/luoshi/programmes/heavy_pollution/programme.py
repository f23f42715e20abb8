"""The manifest of heavy pollution weather."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Programme, register

_ROOM = "luoshi.programmes.heavy_pollution"


def _demo() -> Iterator[str]:
    from luoshi.programmes.heavy_pollution import demo

    return demo.load()


PROGRAMME = register(
    Programme(
        key="heavy_pollution",
        title="重污染天气应急",
        instruments=("乳政办发〔2018〕2号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions", f"{_ROOM}.decisions.chain"),
        demo=_demo,
        hooks=(f"{_ROOM}.episodes", f"{_ROOM}.registers", f"{_ROOM}.scenes"),
    )
)
