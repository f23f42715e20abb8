"""The pictures of the board, as SVG made on the server: the year's plan and progress, the tasks due in each month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from luoshi.office.duties import curve
from luoshi.programmes.supervision.board import Course, Tile

WIDTH, NARROW, HEIGHT = 560, 420, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 70, 14, 24
INK, MUTED, GRID, SEA = "#14232A", "#566970", "#EAEFEF", "#126374"
BLUE, RED, PALE = "#1F5FB8", "#BE2A1E", "#C5D3D5"


def _drawn(parts: Sequence[SafeString], finding: str, width: int = WIDTH) -> SafeString:
    return format_html(
        '<svg class="sv-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}</svg>',
        width, HEIGHT, finding, mark_safe("".join(parts)),  # noqa: S308 - each part is escaped
    )  # fmt: skip


def _text(x: float, y: float, words: str, colour: str = MUTED, anchor: str = "middle", weight: int = 400) -> SafeString:
    return format_html(
        '<text x="{}" y="{}" fill="{}" text-anchor="{}" font-weight="{}">{}</text>',
        f"{x:.1f}", f"{y:.1f}", colour, anchor, weight, words,
    )  # fmt: skip


def year_chart(rows: Sequence[Course], finding: str) -> SafeString:
    """Return the year: the plan dashed, the progress as a line to today; days are drawn to scale."""
    if not rows:
        return SafeString("")
    first, span = rows[0].day, max((rows[-1].day - rows[0].day).days, 1)

    def at(row: Course, value: float) -> tuple[float, float]:
        x = LEFT + (WIDTH - LEFT - RIGHT) * (row.day - first).days / span
        return x, TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / 100)

    parts = []
    for mark in (0, 25, 50, 75, 100):
        y = TOP + (HEIGHT - TOP - BOTTOM) * (1 - mark / 100)
        parts.append(
            format_html('<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>', LEFT, WIDTH - RIGHT, y, y, GRID)
        )
        parts.append(_text(LEFT - 6, y + 4, str(mark), anchor="end"))
    for row in rows[1:]:
        x, _y = at(row, 0)
        if (row.day - first).days % 31 and row.actual is not None and row is rows[-1]:
            continue
        if row.day.day >= 28:
            parts.append(_text(x, HEIGHT - 6, _("%d月") % row.day.month))
    plan = " ".join("{:.1f},{:.1f}".format(*at(row, row.planned)) for row in rows)
    parts.append(format_html('<polyline fill="none" stroke="{}" stroke-dasharray="5 4" points="{}"/>', MUTED, plan))
    known = [row for row in rows if row.actual is not None]
    points = [at(row, row.actual or 0) for row in known]
    parts.append(
        format_html(
            '<polyline fill="none" stroke="{}" stroke-width="2.4" points="{}"/>',
            SEA, " ".join("{:.1f},{:.1f}".format(*point) for point in points),
        )
    )  # fmt: skip
    x, y = at(rows[-1], rows[-1].planned)
    parts.append(_text(x + 6, y + 4, _("计划"), anchor="start"))
    if points:
        x, y = points[-1]
        words = _("实际 %s") % f"{known[-1].actual or 0:.1f}"
        parts.append(_text(min(x + 8, WIDTH - RIGHT + 6), y + 16, words, SEA, "start", 700))
    return _drawn(parts, finding)


def month_chart(rows: Sequence[Mapping[str, Any]], finding: str) -> SafeString:
    """Return the tasks due in each month as bars of three parts: crossed off, overdue, not due yet."""
    if not rows:
        return SafeString("")
    most = max(row["done"] + row["late"] + row["open"] for row in rows) or 1
    step = (NARROW - 8) / len(rows)
    floor = HEIGHT - BOTTOM
    high = floor - TOP - 12
    parts = [format_html('<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>', 4, NARROW - 4, floor, floor, INK)]
    for n, row in enumerate(rows):
        x, y = 4 + n * step, float(floor)
        for state, colour in (("done", BLUE), ("late", RED), ("open", PALE)):
            height = high * row[state] / most
            y -= height
            if height:
                parts.append(
                    format_html(
                        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>',
                        f"{x + step * 0.18:.1f}", f"{y:.1f}", f"{step * 0.64:.1f}", f"{height:.1f}", colour,
                    )
                )  # fmt: skip
        total = row["done"] + row["late"] + row["open"]
        parts.append(_text(x + step / 2, y - 5, str(total), INK))
        parts.append(_text(x + step / 2, HEIGHT - 6, _("%d月") % int(row["month"][5:])))
    return _drawn(parts, finding, NARROW)


def timeline(tile: Tile, day: Any, first: Any, last: Any) -> SafeString:
    """Return an item's line: from its first start to its last due, filled as far as it is, the plan's tick, today."""
    span = max((last - first).days, 1)
    start = tile.start or first
    left = max((start - first).days, 0) * 1000 / span
    width = max((tile.last - start).days * 1000 / span, 6)
    now = min(max((day - first).days, 0), span) * 1000 / span
    colour = {"red": RED, "yellow": "#B8860B", "blue": BLUE, "green": "#2A7F4C"}.get(tile.light, SEA)
    boxes = format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>',
        (
            (f"{left:.0f}", 6, f"{width:.0f}", 12, "#DDE4E5"),
            (f"{left:.0f}", 6, f"{width * float(tile.actual) / 100:.0f}", 12, colour),
            (f"{left + width * float(tile.planned) / 100:.0f}", 2, 4, 20, INK),
            (f"{now:.0f}", 0, 2, 24, "#B84A0B"),
        ),
    )
    told = {"a": curve.written(tile.actual, 1), "p": curve.written(tile.planned, 1)}
    words = _("完成 %(a)s%%，按计划应为 %(p)s%%") % told
    return format_html(
        '<svg class="sv-line" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        words, boxes,
    )  # fmt: skip


def spread(parts: Sequence[tuple[str, int]]) -> SafeString:
    """Return the distribution bar: a part a light, as wide as there are items; its words stand below it."""
    colours = {"blue": (BLUE, "#fff"), "green": ("#2A7F4C", "#fff"), "yellow": ("#F3C846", INK), "red": (RED, "#fff")}
    total = max(sum(count for _light, count in parts), 1)
    boxes, at = [], 0.0
    for light, count in parts:
        if not count:
            continue
        width = count * 100 / total
        fill, ink = colours.get(light, ("#fff", INK))
        dashed = mark_safe(f' stroke="{MUTED}" stroke-dasharray="3 3"') if fill == "#fff" else ""  # noqa: S308 - own
        boxes.append(
            format_html(
                '<rect x="{}%" y="1" width="{}%" height="26" rx="3" fill="{}"{}/>'
                '<text x="{}%" y="19" text-anchor="middle" font-size="14" font-weight="700" fill="{}">{}</text>',
                f"{at + 0.1:.2f}", f"{max(width - 0.2, 0.1):.2f}", fill, dashed, f"{at + width / 2:.2f}", ink, count,
            )
        )  # fmt: skip
        at += width
    return format_html(
        '<svg class="sv-spread" width="100%" height="28" aria-hidden="true">{}</svg>',
        mark_safe("".join(boxes)),  # noqa: S308 - each part is escaped
    )
