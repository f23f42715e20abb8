"""The manifest of supervised money of existing-home sales."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Page, Programme, register

_ROOM = "luoshi.programmes.home_escrow"
_HOOKS = ("incoming", "paying", "freezing", "contracts", "holds", "supplements", "registers", "indicators", "scenes")


def _demo() -> Iterator[str]:
    from luoshi.programmes.home_escrow import demo

    return demo.load()


PROGRAMME = register(
    Programme(
        key="home_escrow",
        title="存量房交易资金监管",
        instruments=("乳政办发〔2018〕10号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        pages=(
            Page("funds", "escrow", "房款监管", "escrow.see", "监管中的钱、各步骤排队、交易和账户"),
            Page("funds", "escrow-check", "核对合同备案", "escrow.check", "登记、税务窗口受理前先查"),
            Page("publish", "open-escrow", "房款监管公众页", "open.see", "查我的交易、验存款凭证、监管银行和账户"),
        ),
        demo=_demo,
        hooks=tuple(f"{_ROOM}.{one}" for one in _HOOKS),
    )
)
