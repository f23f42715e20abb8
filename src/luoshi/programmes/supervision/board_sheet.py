"""The board as the spreadsheet clerks know: a sheet of items, a sheet of their smallest tasks."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from luoshi.office.duties import curve, lights
from luoshi.office.workbook import Workbook
from luoshi.programmes.supervision.board import Board, tasks_of

ITEMS = (
    ("序号", 6),
    ("章", 24),
    ("重点事项", 46),
    ("责任单位", 30),
    ("灯", 10),
    ("计划%", 9),
    ("实际%", 9),
    ("期限", 12),
)
TASKS = (
    ("编码", 16), ("最小颗粒", 46), ("责任单位", 24), ("岗位", 18), ("占事项%", 9), ("计划%", 9), ("实际%", 9),
    ("开始", 12), ("期限", 12), ("状态", 10),
)  # fmt: skip
LIMIT = 20_000


def workbook(found: Board, reader: str) -> bytes:
    """Return the file; its foot says the plan, the day and who took it."""
    names = {one.pk: one.title for one, _tiles in found.chapters}
    items: list[list[object]] = []
    tasks: list[list[object]] = []
    known = tasks_of([tile.item.pk for tile in found.tiles], LIMIT)
    for tile in found.tiles:
        leads = "、".join(found.names.get(slug, slug) for slug in tile.leads) or tile.item.raw_lead
        numbers = [_points(tile.planned), _points(tile.actual)]
        chapter = names.get(tile.item.chapter_id, "")
        number = tile.number if found.plan is not None and found.plan.outside else tile.item.seq
        items.append([number, chapter, tile.item.title, leads, str(tile.word), *numbers, tile.item.due])
        for task in known.get(tile.item.pk, ()):
            matter = task.matter
            tasks.append(
                [task.code, matter.title, found.names.get(matter.organ, matter.organ), task.post,
                 _points(task.share * 100), _points(task.plan(found.day)),
                 _points(lights.progress(matter)), matter.start, matter.due_on,
                 str(matter.get_state_display())]
            )  # fmt: skip
    year = found.plan.year if found.plan else ""
    foot = f"{year}年度重点工作，数据截至{found.day}，导出人{reader}"
    book = Workbook("重点工作")
    book.table("重点事项", ITEMS, items[:LIMIT], foot=foot)
    book.table("最小颗粒", TASKS, tasks[:LIMIT], foot=foot)
    return book.data()


def _points(value: Fraction) -> Decimal:
    """Return percent points with two decimals."""
    return Decimal(int(curve.half_up(value) * 100)).scaleb(-2)
