"""The map of smallest tasks as SVG made on the server, from the places of the tree: no tiles, no scripts.

Beside it stands the list it was drawn from: that is its accessible form. The frame is the rectangle that stands in for
the city's surveyed boundary; what lies outside it is told below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, EDGE = 720, 628, 24
SOUTH, NORTH, WEST, EAST = 36.68, 37.14, 121.19, 121.85
COLOURS = {
    "red": "#BE2A1E",
    "yellow": "#B77F00",
    "green": "#2A7F4C",
    "blue": "#1F5FB8",
    "paused": "#566970",
    "grey": "#7C8E95",
}
"""Colours of lights, the worst first; each has a shape of its own."""


@dataclass(frozen=True, slots=True)
class Place:
    """A smallest task on the map: where, its light, what it is called, where its page is."""

    lat: float
    lon: float
    light: str
    title: str
    href: str

    @property
    def inside(self) -> bool:
        """Whether it lies in the frame."""
        return SOUTH <= self.lat <= NORTH and WEST <= self.lon <= EAST


def _at(lat: float, lon: float) -> tuple[float, float]:
    x = EDGE + (lon - WEST) / (EAST - WEST) * (WIDTH - 2 * EDGE)
    y = EDGE + (NORTH - lat) / (NORTH - SOUTH) * (HEIGHT - 2 * EDGE)
    return round(x, 1), round(y, 1)


def drawn(places: Sequence[Place], finding: str) -> SafeString:
    """Return the map; the worst lights lie on top. A mark is a link to its task."""
    order = list(COLOURS)
    marks = sorted((one for one in places if one.inside), key=lambda one: -order.index(one.light))
    lines = [(*_at(lat / 10, WEST), *_at(lat / 10, EAST), f"{lat / 10:.1f}°N") for lat in range(367, 372)]
    lines += [(*_at(SOUTH, lon / 10), *_at(NORTH, lon / 10), f"{lon / 10:.1f}°E") for lon in range(1212, 1219)]
    (left, top), (right, bottom) = _at(NORTH, WEST), _at(SOUTH, EAST)
    grid = format_html_join(
        "",
        '<path class="sv-map-grid" d="M{} {}L{} {}"/><text class="sv-map-deg" x="{}" y="{}">{}</text>',
        ((x, y, to_x, to_y, x + 3, y - 3, words) for x, y, to_x, to_y, words in lines),
    )
    return format_html(
        '<svg class="sv-map" viewBox="0 0 {} {}" role="group" aria-label="{}">{}'
        '<rect class="sv-map-frame" x="{}" y="{}" width="{}" height="{}"/>{}</svg>',
        WIDTH, HEIGHT, finding, grid, left, top, right - left, bottom - top,
        format_html_join("", "{}", ((_mark(one),) for one in marks)),
    )  # fmt: skip


def _mark(one: Place) -> SafeString:
    x, y = _at(one.lat, one.lon)
    return format_html(
        '<a href="{}" tabindex="-1"><title>{}</title>{}</a>', one.href, one.title, shape(one.light, x, y)
    )


def shape(light: str, x: float, y: float) -> SafeString:
    """Return the mark of a light: diamond, triangle, disc, square, ring, dot."""
    colour = COLOURS[light]
    if light == "red":
        path = f"M{x:.1f} {y - 9:.1f}l9 9l-9 9l-9 -9z"
        return format_html('<path d="{}" fill="{}" stroke="#fff"/>', path, colour)
    if light == "yellow":
        path = f"M{x:.1f} {y - 8:.1f}l8 14h-16z"
        return format_html('<path d="{}" fill="{}" stroke="#fff"/>', path, colour)
    if light == "blue":
        return format_html(
            '<rect x="{}" y="{}" width="11" height="11" fill="{}" stroke="#fff"/>', f"{x - 5.5:.1f}", f"{y - 5.5:.1f}",
            colour,
        )  # fmt: skip
    if light == "paused":
        return format_html('<circle cx="{}" cy="{}" r="6" fill="#fff" stroke="{}" stroke-width="3"/>', x, y, colour)
    return format_html(
        '<circle cx="{}" cy="{}" r="{}" fill="{}" stroke="#fff"/>', x, y, 6.5 if light == "green" else 4, colour
    )


def sample(light: str) -> SafeString:
    """Return the mark of a light for the legend."""
    return format_html('<svg width="20" height="20" aria-hidden="true">{}</svg>', shape(light, 10, 10))
