"""The manifest of heavy pollution weather."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Emergency, Page, Programme, register

_ROOM = "luoshi.programmes.heavy_pollution"
_HOOKS = (
    "episodes",
    "site_plans",
    "organ_plans",
    "violations",
    "drills",
    "registers",
    "indicators",
    "publication",
    "scenes",
    "dossier_jobs",
    "case_pages",
)


def _demo() -> Iterator[str]:
    from luoshi.programmes.heavy_pollution import demo

    return demo.load()


def _emergency() -> Emergency | None:
    from luoshi.programmes.heavy_pollution import public_views

    return public_views.emergency()


PURSE = ("finance", "air-command", "environment")
"""Who sees the money of an emergency: the treasury, the command, and the bureau that runs its office."""

PROGRAMME = register(
    Programme(
        key="heavy_pollution",
        title="重污染天气应急",
        instruments=("乳政办发〔2018〕2号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions", f"{_ROOM}.decisions.chain", f"{_ROOM}.decisions.plans"),
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        pages=(
            Page("cases", "pollution", "重污染天气", "pollution.see", "预警、空气质量、定级、措施、日报"),
            Page("cases", "pollution-air", "监测与预报", "pollution.see", "导入监测和预报，沙尘、冰冻期"),
            Page("cases", "pollution-tasks", "措施任务", "pollution.see", "谁该落实什么，落实没有"),
            Page("cases", "pollution-duties", "应急报告", "pollution.see", "名单、日报、落实报告、评估"),
            Page("cases", "pollution-simulator", "减排模拟", "pollution.see", "各级能减多少，不够补谁"),
            Page("cases", "pollution-plans", "企业减排方案", "pollution.see", "哪家企业的方案就绪，哪家还没有"),
            Page("cases", "pollution-organ-plans", "预案和方案", "pollution.see", "市、部门、镇区的预案，备案和公布"),
            Page("cases", "pollution-inspections", "检查和违规", "pollution.see", "查到什么、责令、处罚、复查、线索"),
            Page("cases", "pollution-drills", "演练和培训", "pollution.see", "演练方案、总结、建议，培训计划"),
            Page("cases", "pollution-roster", "值班和通讯录", "pollution.see", "谁在值班，有没有空档，打印通讯录"),
            Page("cases", "pollution-budget", "应急经费", "pollution.see", "各用途的指标、承诺、支付", PURSE),
            Page("publish", "open-pollution", "重污染公众页", "open.see", "预警、空气、怎么做、我的车能否上路"),
        ),
        demo=_demo,
        emergency=_emergency,
        hooks=tuple(f"{_ROOM}.{one}" for one in _HOOKS),
    )
)
