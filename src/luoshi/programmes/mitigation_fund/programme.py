"""The manifest of the capital market mitigation fund."""

from __future__ import annotations

from pathlib import Path

from luoshi.office.programme import Programme, register

_ROOM = "luoshi.programmes.mitigation_fund"

PROGRAMME = register(
    Programme(
        key="mitigation_fund",
        title="资本市场缓释基金",
        instruments=("乳政办发〔2019〕5号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        hooks=(f"{_ROOM}.fund", f"{_ROOM}.claims", f"{_ROOM}.scenes"),
    )
)
