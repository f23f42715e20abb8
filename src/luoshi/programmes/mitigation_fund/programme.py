"""The manifest of the capital market mitigation fund."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Page, Programme, register

_ROOM = "luoshi.programmes.mitigation_fund"
_HOOKS = (
    "fund",
    "claims",
    "lending",
    "recourse",
    "messages",
    "instructions",
    "switching",
    "registers",
    "indicators",
    "case_pages",
    "scenes",
)


def _demo() -> Iterator[str]:
    from luoshi.programmes.mitigation_fund import demo

    return demo.load()


PROGRAMME = register(
    Programme(
        key="mitigation_fund",
        title="资本市场缓释基金",
        instruments=("乳政办发〔2019〕5号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        pages=(
            Page("funds", "mitigation", "缓释基金", "mitigation.see", "额度、会签、逾期、补偿，各银行的专户"),
            Page("registers", "mitigation-firms", "挂牌企业", "mitigation.see", "谁符合条件、上限多少、三年用了多少"),
            Page(
                "publish", "open-mitigation", "挂牌企业贷款公众页", "open.see", "条件、上限、最高利率、合作银行、试算"
            ),
        ),
        demo=_demo,
        hooks=tuple(f"{_ROOM}.{one}" for one in _HOOKS),
    )
)
