"""What scenarios can do with key works outside the plan, and with orders to explain and to put right.

- {who: mayor, do: supervision.work, with: {title: 步道贯通, lead: 市住建局, begins_on: 2018-03-01, due: 2018-04-09}}
- {who: clerk, do: supervision.decompose, with: {item: 2018-Z001, nodes: [{title: 一段, organ: ...}]}}
- expect: {work: {2018-Z001: {light: red, planned: 88}}, correction: {2018-Z001.01: {level: red}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.scenarios import Scene, check, verb
from luoshi.programmes.supervision import board, correcting, plan_actions, works
from luoshi.programmes.supervision.decisions.settings import organ_key
from luoshi.programmes.supervision.scenes import day_said, item_named, matter_named, organs_said

_SAID = {
    "title": "名称", "lead": "责任单位", "coop": "配合单位", "begins_on": "开始日", "due": "完成日",
    "source": "clause、meeting、report、leader", "basis": "依据", "words": "内容",
}  # fmt: skip


def _work(given: Mapping[str, Any]) -> works.Work:
    return works.Work(
        title=str(given["title"]), lead=organ_key(str(given["lead"])), coop=organs_said(given.get("coop")),
        begins_on=day_said(given["begins_on"]), due=day_said(given["due"]),
        source=str(given.get("source", "meeting")), basis=str(given.get("basis", "市政府常务会议（场景）")),
        words=str(given.get("words", "")), leader_post="副市长",
    )  # fmt: skip


@verb("supervision.work", "设立计划外重点工作", **_SAID)
def work(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Set a key work outside the plan; its code."""
    return works.set_work(actor=actor, work=_work(given)).code


@verb("supervision.change_work", "改计划外重点工作", item="编号，如2018-Z001", reason="为什么改", **_SAID)
def change_work(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Change what is said of a key work."""
    top = item_named(given["item"])
    works.change_work(actor=actor, item=top.pk, work=_work(given), reason=str(given.get("reason", "")))


@verb("supervision.withdraw_work", "撤销计划外重点工作", item="编号，如2018-Z001", reason="理由")
def withdraw_work(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Withdraw a key work with its open tasks."""
    works.withdraw_work(actor=actor, item=item_named(given["item"]).pk, reason=str(given["reason"]))


@verb("supervision.ask_correction", "办理单位请改正任务", leaf="任务编号", reason="要怎么改、为什么")
def ask_correction(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Ask to have a task corrected, for the organ that got it."""
    works.object_to(actor=actor, matter=matter_named(given["leaf"]).pk, reason=str(given["reason"]))


@verb("supervision.order", "要求说明或纠偏", leaf="任务编号", level="yellow 说明、red 纠偏", words="要求什么")
def order(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Order by hand that a task is explained or put right."""
    return correcting.order(
        actor=actor, matter=matter_named(given["leaf"]).pk, level=str(given.get("level", "red")),
        words=str(given.get("words", "进度落后，请核实。")),
    ).pk  # fmt: skip


@verb("supervision.answer", "说明或报纠偏安排", leaf="任务编号", words="原因和下步", steps="各步：[[日期, 做到什么]]")
def answer(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Answer the order that runs on a task: `words`, of a red one `steps`."""
    running = correcting.running(matter_named(given["leaf"]))
    correcting.answer(
        actor=actor, correction=running.pk if running else 0,
        words=str(given.get("words", "材料晚到，已加派一个班组赶工。")),
        steps=[(day_said(day), str(words)) for day, words in given.get("steps", ())],
    )  # fmt: skip


@check("work", "重点工作：灯、计划、实际、应在哪天前分解")
def _work_check(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """Key works by code: light, plan and progress in percent, state, last day to be decomposed."""
    found = {}
    for name in asked:
        row = item_named(name)
        tile = board.board_of(row.plan, [row], CLOCK.today()).everything[0]
        found[str(name)] = {
            "light": tile.light, "planned": round(tile.planned, 4), "actual": round(tile.actual, 4),
            "state": row.state, "decomposition": row.decomposition, "decompose_by": plan_actions.decompose_by(row),
        }  # fmt: skip
    return found


@check("correction", "任务上正在等的说明、纠偏")
def _correction_check(_scene: Scene, _subject: Any, asked: Mapping[Any, Any]) -> dict[str, Any]:
    """The order that runs on tasks by code: level, last day, whether answered, whether red again; null for none."""
    found: dict[str, Any] = {}
    for name in asked:
        row = correcting.running(matter_named(name))
        found[str(name)] = None if row is None else {
            "level": row.level, "due": row.due_on, "answered": bool(row.answer), "again": row.again,
            "steps": len(row.steps),
        }  # fmt: skip
    return found
