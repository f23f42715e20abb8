"""The board as the spreadsheet clerks know: a sheet of items, a sheet of their smallest tasks."""

from __future__ import annotations

import io

import xlsxwriter

from luoshi.kernel.clock import CLOCK
from luoshi.office.duties import curve, lights
from luoshi.office.workbook import plain
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
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": "重点工作", "created": CLOCK.now().replace(tzinfo=None)})
    head = book.add_format({"bold": True, "border": 1, "bg_color": "#F7F9F9"})
    cell = book.add_format({"border": 1, "text_wrap": True, "valign": "top"})
    day = book.add_format({"border": 1, "num_format": "yyyy-mm-dd", "valign": "top"})
    names = {one.pk: one.title for one, _tiles in found.chapters}

    def sheet(title: str, columns: tuple[tuple[str, int], ...], rows: list[list[object]]) -> None:
        made = book.add_worksheet(title)
        for column, (words, width) in enumerate(columns):
            made.write_string(0, column, words, head)
            made.set_column(column, column, width)
        made.freeze_panes(1, 0)
        for n, row in enumerate(rows[:LIMIT], 1):
            for column, value in enumerate(row):
                if hasattr(value, "isoformat"):
                    made.write_datetime(n, column, value, day)
                elif isinstance(value, float | int):
                    made.write_number(n, column, value, cell)
                else:
                    made.write_string(n, column, plain(str(value or "")), cell)
        year = found.plan.year if found.plan else ""
        made.write_string(min(len(rows), LIMIT) + 2, 0, f"{year}年度重点工作，数据截至{found.day}，导出人{reader}")

    items: list[list[object]] = []
    tasks: list[list[object]] = []
    known = tasks_of([tile.item.pk for tile in found.tiles], LIMIT)
    for tile in found.tiles:
        leads = "、".join(found.names.get(slug, slug) for slug in tile.leads) or tile.item.raw_lead
        numbers = [float(curve.half_up(tile.planned)), float(curve.half_up(tile.actual))]
        chapter = names.get(tile.item.chapter_id, "")
        items.append([tile.item.seq, chapter, tile.item.title, leads, str(tile.word), *numbers, tile.item.due])
        for task in known.get(tile.item.pk, ()):
            matter = task.matter
            tasks.append(
                [task.code, matter.title, found.names.get(matter.organ, matter.organ), task.post,
                 float(curve.half_up(task.share * 100)), float(curve.half_up(task.plan(found.day))),
                 float(curve.half_up(lights.progress(matter))), matter.start, matter.due_on or "",
                 str(matter.get_state_display())]
            )  # fmt: skip
    sheet("重点事项", ITEMS, items)
    sheet("最小颗粒", TASKS, tasks)
    book.close()
    return stream.getvalue()
