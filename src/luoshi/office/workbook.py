"""Tables as the spreadsheets clerks know: one look for every list that is taken away as a file."""

from __future__ import annotations

import datetime
import io
from collections.abc import Container, Iterable, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter

from luoshi.kernel.clock import CLOCK

EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LINED = {"border": 1, "valign": "top"}


def plain(text: str) -> str:
    """Return `text` so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


class Workbook:
    """An Excel file made in memory, a sheet a table.

    A cell is what its value is: text (never a formula), an integer, an amount (`Decimal`, two places), a day; `None`
    is an empty cell. So amounts can be added up and days compared at once.
    """

    def __init__(self, title: str) -> None:
        self._stream = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(self._stream, options)
        self._book.set_properties({"title": title, "created": CLOCK.now().replace(tzinfo=None)})
        self._head = self._book.add_format(
            {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "bg_color": "#F7F9F9"}
        )
        self._heading = self._book.add_format({"bold": True, "font_size": 14})
        self._formats = {
            bold: {
                str: self._book.add_format({**_LINED, "bold": bold, "text_wrap": True}),
                Decimal: self._book.add_format({**_LINED, "bold": bold, "num_format": "#,##0.00"}),
                datetime.date: self._book.add_format({**_LINED, "bold": bold, "num_format": "yyyy-mm-dd"}),
            }
            for bold in (False, True)
        }

    def table(
        self,
        name: str,
        columns: Sequence[tuple[str, int]],
        rows: Iterable[Sequence[Any]],
        *,
        heading: Sequence[str] = (),
        sums: Sequence[Any] = (),
        foot: str = "",
        strong: Container[int] = (),
    ) -> None:
        """Write a sheet: lines of `heading`, the columns (title, width), the rows, a bold line of sums, a last line.

        The rows at the places `strong` are bold, too. Printed pages are numbered.
        """
        sheet: Any = self._book.add_worksheet(name)
        top = len(heading)
        for place, line in enumerate(heading):
            sheet.write_string(place, 0, line, self._heading if not place else None)
        for column, (title, width) in enumerate(columns):
            sheet.set_column(column, column, width)
            sheet.write_string(top, column, title, self._head)
        last = top
        for last, row in enumerate(rows, top + 1):
            self._write(sheet, last, row, bold=last - top - 1 in strong)
        if not sums:
            sheet.autofilter(top, 0, max(last, top + 1), len(columns) - 1)
        else:
            last += 1
            self._write(sheet, last, [*sums, *[""] * (len(columns) - len(sums))], bold=True)
        if foot:
            sheet.write_string(last + 1, 0, foot)
        sheet.freeze_panes(top + 1, 0)
        sheet.repeat_rows(0, top)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&C第 &P 页，共 &N 页")

    def _write(self, sheet: Any, place: int, row: Sequence[Any], *, bold: bool) -> None:
        formats = self._formats[bold]
        for column, value in enumerate(row):
            if isinstance(value, Decimal):
                sheet.write_number(place, column, value, formats[Decimal])
            elif isinstance(value, int):
                sheet.write_number(place, column, value, formats[str])
            elif isinstance(value, datetime.date):
                sheet.write_datetime(place, column, value, formats[datetime.date])
            else:
                sheet.write_string(place, column, "" if value is None else plain(str(value)), formats[str])

    def data(self) -> bytes:
        """Return the finished file."""
        self._book.close()
        return self._stream.getvalue()
