"""Maps as SVG made on the server, from the coordinates of the registers: no tiles, no scripts.

Beside each map stands the list it was drawn from: that is its accessible form. Until the surveyed boundary is loaded
the frame is the rectangle the CAP messages name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from luoshi.programmes.heavy_pollution import air
from luoshi.programmes.heavy_pollution.cap import RECTANGLE
from luoshi.programmes.heavy_pollution.models import VehicleScheme
from luoshi.programmes.heavy_pollution.words_shown import SHORT_CLASSES

WIDTH, HEIGHT, EDGE = 360, 314, 10
MOST_POINTS = 2_000
"""More points than these are told by town only."""
_SOUTH, _NORTH = min(lat for lat, _lon in RECTANGLE), max(lat for lat, _lon in RECTANGLE)
_WEST, _EAST = min(lon for _lat, lon in RECTANGLE), max(lon for _lat, lon in RECTANGLE)
STATES = {"failed": "#BE2A1E", "going": "#B77F00", "in_place": "#2A7F4C", "none": "#7C8E95"}
"""Colours of states; each has its shape too: a cross, a ring, a disc, a dot."""


@dataclass(frozen=True, slots=True)
class Point:
    """An object on the map: where, in which state, what it is called."""

    lat: float
    lon: float
    state: str
    title: str = ""


def built_up(day: Any = None) -> list[tuple[float, float]]:
    """Return the outline of the built-up area by the traffic scheme in force on a day; empty without one."""
    rows = VehicleScheme.objects.order_by("-effective_from")
    row = (rows if day is None else rows.filter(effective_from__lte=day)).first()
    return [(float(lat), float(lon)) for lat, lon in row.area] if row else []


def place(lat: float, lon: float) -> tuple[float, float]:
    """Return where a place lies on the picture."""
    x = EDGE + (lon - _WEST) / (_EAST - _WEST) * (WIDTH - 2 * EDGE)
    y = EDGE + (_NORTH - lat) / (_NORTH - _SOUTH) * (HEIGHT - 2 * EDGE)
    return round(x, 1), round(y, 1)


def _outline(corners: Sequence[tuple[float, float]], style: str) -> SafeString:
    points = " ".join(f"{x},{y}" for x, y in (place(lat, lon) for lat, lon in corners))
    return format_html('<polygon class="{}" points="{}"/>', style, points)


def _frame(
    parts: Iterable[SafeString],
    finding: str,
    area: Sequence[tuple[float, float]],
    taken: Sequence[tuple[float, float]],
) -> SafeString:
    """Return the whole picture; what is named lies above what is drawn, beside the places `taken` where it can."""
    drawn, words = [_outline(RECTANGLE, "hp-map-city")], []
    if area:
        drawn.append(_outline(area, "hp-map-area"))
        x, y = word_place(area, taken)
        words.append(format_html('<text class="hp-map-word" x="{}" y="{}">{}</text>', x, y, _("建成区")))
    body = format_html_join("", "{}", ((part,) for part in [*drawn, *parts, *words]))
    return format_html(
        '<svg class="hp-map" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}</svg>',
        WIDTH, HEIGHT, finding, body,
    )  # fmt: skip


_WORD = 40.0, 14.0
"""Room the word for the built-up area takes: wide and high."""


def word_place(area: Sequence[tuple[float, float]], taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return where the area is named: left edge and base line, around its outline, where it covers the fewest places.

    `taken` are places on the picture. Of places as good the first of above, below, right, left is chosen.
    """
    corners = [place(lat, lon) for lat, lon in area]
    left, right = min(x for x, _y in corners), max(x for x, _y in corners)
    top, bottom = min(y for _x, y in corners), max(y for _x, y in corners)
    wide, high = _WORD
    across, down = (left + right - wide) / 2, (top + bottom + high) / 2
    chosen, fewest = (across, top - 4), len(taken) + 1
    over, under = top - 4, bottom + high
    beside = ((across, over), (across, under), (right + 4, down), (left - 4 - wide, down))
    for x, y in (*beside, (left, over), (right - wide, over), (left, under), (right - wide, under)):
        if x < 0 or x + wide > WIDTH or y - high < 0 or y > HEIGHT:
            continue
        covered = sum(x - 4 <= one <= x + wide + 4 and y - high <= level <= y + 6 for one, level in taken)
        if covered < fewest:
            chosen, fewest = (x, y), covered
    return round(chosen[0], 1), round(chosen[1], 1)


def stations(found: Sequence[tuple[Any, int | None]], area: Sequence[tuple[float, float]]) -> SafeString:
    """Draw the stations with their index; the class stands in words in the list beside it."""
    parts: list[SafeString] = []
    taken: list[tuple[float, float]] = []
    for row, aqi in found:
        if row.lat is None or row.lon is None:
            continue
        x, y = place(float(row.lat), float(row.lon))
        fill = f"#{air.class_of(aqi).rgb}" if aqi is not None else "#FFFFFF"
        words = f"{aqi} {SHORT_CLASSES[air.class_of(aqi).number]}" if aqi is not None else "—"
        side, level = _free(x, y, taken)
        taken.append((side, level))
        at, anchor = (side, "start") if side > x else (side + _LABEL, "end")
        parts.append(
            format_html(
                '<circle cx="{}" cy="{}" r="7" fill="{}" stroke="#10262E"/>'
                '<text class="hp-map-aqi" x="{}" y="{}" text-anchor="{}">{}</text>'
                '<text x="{}" y="{}" text-anchor="{}">{}</text>',
                x, y, fill, at, level - 1, anchor, words, at, level + 12, anchor, row.name,
            )
        )  # fmt: skip
    # A station's words are as long as they are: what lies along them is taken too.
    written = [(edge + step, level + line) for edge, level in taken for step in range(0, 85, 12) for line in (-6, 8)]
    dots = [place(float(row.lat), float(row.lon)) for row, _aqi in found if row.lat is not None and row.lon is not None]
    return _frame(parts, _("示意图：%(n)s个监测站和建成区的位置") % {"n": len(parts)}, area, [*written, *dots])


_LABEL, _LINES = 84.0, 27.0
"""Room the words of a station take: wide and high."""


def _free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return where the words of a point stand: left edge and base line, beside it, clear of those already written."""
    right, left = x + 10, x - 10 - _LABEL
    for shift in (0.0, _LINES, -_LINES, 2 * _LINES, -2 * _LINES):
        for edge in (right, left):
            if edge < 0 or edge + _LABEL > WIDTH:
                continue
            if all(abs(edge - one) >= _LABEL or abs(y + shift - level) >= _LINES for one, level in taken):
                return edge, y + shift
    return right, y


def objects(points: Sequence[Point], area: Sequence[tuple[float, float]], finding: str) -> SafeString:
    """Draw objects by state, the worst on top; each state has a shape of its own."""
    order = list(STATES)[::-1]
    parts = [_mark(one) for one in sorted(points, key=lambda one: order.index(one.state))]
    return _frame(parts, finding, area, [place(one.lat, one.lon) for one in points])


def _mark(one: Point) -> SafeString:
    x, y = place(one.lat, one.lon)
    colour = STATES[one.state]
    if one.state == "failed":
        return format_html(
            '<path d="M{} {}l7 7m0 -7l-7 7" stroke="{}" stroke-width="2.6" fill="none"/>', x - 3.5, y - 3.5, colour
        )
    if one.state == "going":
        return format_html('<circle cx="{}" cy="{}" r="3" fill="#fff" stroke="{}" stroke-width="1.8"/>', x, y, colour)
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" fill="{}"/>', x, y, 2.6 if one.state == "in_place" else 1.6, colour
    )
