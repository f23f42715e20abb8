"""Charts made on the server: a line over periods with its target; SVG with attributes only.

Lines start at zero. A chart is a picture with a sentence that gives its finding; the same figures stand beside it in a
table. It is drawn at one size and scrolls in its box where that is narrower, so that its text stays legible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

INK, MUTED, GRID, SEA = "#14232A", "#566970", "#EAEFEF", "#126374"
WIDTH, HEIGHT = 760, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 96, 16, 30
_LABELS = 8

Across = Callable[[int], str]
Up = Callable[[Fraction], str]


@dataclass(frozen=True, slots=True)
class Point:
    """One period of a line: what it is called, its value (None: no data), the value in words, the target there."""

    label: str
    value: Fraction | None
    words: str
    target: Fraction | None = None


def line(
    points: Sequence[Point], *, finding: str, target_words: str = "", ceiling: Fraction | None = None
) -> SafeString:
    """Return a line over periods; where a period has no data the line is broken.

    `ceiling` is the top of the scale where the unit has one (100 for %). The target is a line labelled at its end.
    """
    values = [point.value for point in points if point.value is not None]
    values += [point.target for point in points if point.target is not None]
    top = max([*values, Fraction(0)]) or Fraction(1)
    top = ceiling if ceiling is not None and top <= ceiling else top * Fraction(11, 10)
    count = max(len(points) - 1, 1)

    def x(place: int) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * place / count:.1f}"

    def y(value: Fraction) -> str:
        return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - float(value / top)):.1f}"

    parts = [_grid(step, y) for step in (Fraction(0), top / 4, top / 2, top * 3 / 4, top)]
    parts += _target(points, x, y, target_words)
    parts += _run(points, x, y)
    return _drawn(parts + _labels(points, x), finding)


def _grid(value: Fraction, y: Up) -> SafeString:
    at = y(value)
    return format_html(
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>'
        '<text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        LEFT, WIDTH - RIGHT, at, at, GRID if value else MUTED, LEFT - 6, float(at) + 4, MUTED, _mark(value),
    )  # fmt: skip


def _mark(value: Fraction) -> str:
    return f"{float(value):,.3g}" if value < 1000 else f"{float(value):,.0f}"


def _target(points: Sequence[Point], x: Across, y: Up, words: str) -> list[SafeString]:
    held = [(place, point.target) for place, point in enumerate(points) if point.target is not None]
    if not held:
        return []
    path, before = f"M{x(held[0][0])} {y(held[0][1])}", held[0][1]
    for place, target in held[1:]:
        # A target holds until the next one: steps, not slopes.
        path += f"L{x(place)} {y(before)}L{x(place)} {y(target)}"
        before = target
    if len(held) == 1:
        path = f"M{LEFT} {y(before)}L{WIDTH - RIGHT} {y(before)}"
    right = format_html(
        '<text x="{}" y="{}" fill="{}">{}</text>', WIDTH - RIGHT + 6, float(y(held[-1][1])) + 4, INK, words
    )  # fmt: skip
    drawn = format_html('<path d="{}" fill="none" stroke="{}" stroke-width="1.2"/>', path, INK)
    return [drawn, right]


def _run(points: Sequence[Point], x: Across, y: Up) -> list[SafeString]:
    path, dots, drawing = "", [], False
    for place, point in enumerate(points):
        if point.value is None:
            drawing = False
            continue
        at = (x(place), y(point.value))
        path += f"{'L' if drawing else 'M'}{at[0]} {at[1]}"
        drawing = True
        dots.append((at[0], at[1], "3.5", SEA))
    parts = [format_html('<path d="{}" fill="none" stroke="{}" stroke-width="2"/>', path, SEA)]
    parts.append(format_html_join("", '<circle cx="{}" cy="{}" r="{}" fill="{}"/>', dots))
    if dots:
        across, up, _radius, _colour = dots[-1]
        words = [point.words for point in points if point.value is not None][-1]
        anchor = "end" if len(dots) > 1 else "start"
        parts.append(
            format_html(
                '<text x="{}" y="{}" text-anchor="{}" fill="{}" font-weight="700">{}</text>',
                across, max(float(up) - 9, 12), anchor, SEA, words,
            )
        )  # fmt: skip
    return parts


def _labels(points: Sequence[Point], x: Across) -> list[SafeString]:
    step = max(-(-len(points) // _LABELS), 1)
    shown = range(len(points) - 1, -1, -step)
    return [
        format_html(
            '<text x="{}" y="{}" text-anchor="{}" fill="{}">{}</text>',
            x(place),
            HEIGHT - 8,
            "start" if not place else "middle",
            MUTED,
            points[place].label,
        )
        for place in shown
    ]


def _drawn(parts: Sequence[SafeString], finding: str) -> SafeString:
    return format_html(
        '<svg class="ls-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}</svg>',
        WIDTH,
        HEIGHT,
        finding,
        mark_safe("".join(parts)),  # noqa: S308 - each part is escaped
    )
