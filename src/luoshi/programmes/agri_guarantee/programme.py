"""The manifest of the agricultural credit guarantee."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Programme, register

_ROOM = "luoshi.programmes.agri_guarantee"


def _demo() -> Iterator[str]:
    from luoshi.programmes.agri_guarantee import demo

    return demo.load()


PROGRAMME = register(
    Programme(
        key="agri_guarantee",
        title="鲁担惠农贷风险补偿",
        instruments=("乳政发〔2018〕5号", "乳政办发〔2018〕7号"),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        hooks=(f"{_ROOM}.fund", f"{_ROOM}.claims", f"{_ROOM}.guarantees", f"{_ROOM}.registers", f"{_ROOM}.scenes"),
        demo=_demo,
    )
)
