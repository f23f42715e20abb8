"""The manifest of supervised money of existing-home sales."""

from __future__ import annotations

from pathlib import Path

from luoshi.office.programme import Programme, register

_ROOM = "luoshi.programmes.home_escrow"

PROGRAMME = register(
    Programme(
        key="home_escrow",
        title="存量房交易资金监管",
        instruments=("乳政办发〔2018〕10号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        hooks=(f"{_ROOM}.sales", f"{_ROOM}.contracts", f"{_ROOM}.registers", f"{_ROOM}.scenes"),
    )
)
