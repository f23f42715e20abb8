"""The manifest of the agricultural credit guarantee."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Page, Programme, register

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
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        pages=(
            Page("funds", "guarantee", "惠农贷工作台", "case.see", "基金停办线、补偿倒计时、担保八步、各镇在保"),
            Page("publish", "open-guarantee", "惠农贷公众页", "open.see", "谁能贷、贷多少、怎么办，试算"),
        ),
        hooks=tuple(
            f"{_ROOM}.{one}"
            for one in (
                "fund",
                "claims",
                "guarantees",
                "archiving",
                "recovery",
                "reports",
                "subsidies",
                "standing",
                "papers",
                "indicators",
                "registers",
                "scenes",
            )
        ),
        demo=_demo,
    )
)
