"""The manifest of key-work supervision."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from luoshi.office.programme import Page, Programme, register

_ROOM = "luoshi.programmes.supervision"
_HOOKS: tuple[str, ...] = (
    "correcting",
    "crossing",
    "ladder",
    "matter_block",
    "photos",
    "plan_hooks",
    "plan_jobs",
    "reporting",
    "rollup",
    "scenes",
    "scenes_works",
    "signing",
)


def _demo() -> Iterator[str]:
    from luoshi.programmes.supervision import demo

    return demo.load()


PROGRAMME = register(
    Programme(
        key="supervision",
        title="重点工作督办",
        instruments=("乳政发〔2019〕2号",),
        root=Path(__file__).parent,
        decisions=(f"{_ROOM}.decisions",),
        urls=f"{_ROOM}.urls",
        api=f"{_ROOM}.api",
        pages=(
            Page("tasks", "supervision", "重点工作看板", "work.see", "各项到哪了、谁红灯、比计划差多少"),
            Page("tasks", "supervision-plans", "年度计划和分解", "work.see", "导入要点、认读名称、分解、启用"),
            Page("tasks", "supervision-works", "计划外重点工作", "work.see", "设立、分解、谁的灯红了、纠偏"),
            Page("tasks", "supervision-due", "到期日历", "work.see", "最小任务哪天到期"),
            Page("tasks", "supervision-posts", "我的岗位", "work.see", "您的岗位上有哪些任务"),
            Page("tasks", "supervision-scores", "效能评估", "work.see", "各单位得分、排名、异议，怎么算的"),
            Page("tasks", "supervision-checks", "抽查", "work.score", "每季抽取销号的任务，查到什么"),
            Page("tasks", "field", "现场填报", "matter.report", "手机上报进展，没有网络也能报"),
            Page("tasks", "supervision-letters", "督办函", "work.see", "督办函、通报、销号意见，政务诚信，会议交办"),
            Page("publish", "open-supervision", "重点工作公众页", "open.see", "答应了什么、谁负责、到哪了"),
        ),
        demo=_demo,
        senders={"proposals": "建议提案登记", "headquarters": "指挥部", "integrity": "政务诚信登记"},
        hooks=tuple(f"{_ROOM}.{one}" for one in _HOOKS),
    )
)
