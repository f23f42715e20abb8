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
_APART = 15

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
    most = max([*values, Fraction(0)]) or Fraction(1)
    steps = _steps(ceiling if ceiling is not None and most <= ceiling else most)
    top = steps[-1]
    count = max(len(points) - 1, 1)

    def x(place: int) -> str:
        return f"{LEFT + (WIDTH - LEFT - RIGHT) * place / count:.1f}"

    def y(value: Fraction) -> str:
        return f"{TOP + (HEIGHT - TOP - BOTTOM) * (1 - float(value / top)):.1f}"

    parts = [_grid(step, y) for step in steps]
    parts += _target(points, x, y)
    parts += _run(points, x, y)
    parts += _ends(points, y, target_words)
    return _drawn(parts + _labels(points, x), finding)


def _steps(most: Fraction) -> list[Fraction]:
    """Return four or five even marks from zero to above `most`: 0 50 100 150 200, never 0 72 144."""
    size = Fraction(10) ** (len(str(int(most))) - 1) if most >= 1 else Fraction(1)
    while size > most:
        size /= 10
    for factor in (Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(2), Fraction(5, 2), Fraction(5)):
        step = size * factor
        if step * 5 >= most:
            count = -(-most // step)
            return [step * place for place in range(int(count) + 1)]
    return [Fraction(0), size * 5, size * 10]


def _grid(value: Fraction, y: Up) -> SafeString:
    at = y(value)
    return format_html(
        '<line x1="{}" x2="{}" y1="{}" y2="{}" stroke="{}"/>'
        '<text x="{}" y="{}" text-anchor="end" fill="{}">{}</text>',
        LEFT, WIDTH - RIGHT, at, at, GRID if value else MUTED, LEFT - 6, float(at) + 4, MUTED, _mark(value),
    )  # fmt: skip


def _mark(value: Fraction) -> str:
    return f"{float(value):,.3g}" if value < 1000 else f"{float(value):,.0f}"


def _target(points: Sequence[Point], x: Across, y: Up) -> list[SafeString]:
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
    return [format_html('<path d="{}" fill="none" stroke="{}" stroke-width="1.2"/>', path, INK)]


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
    return parts


def _ends(points: Sequence[Point], y: Up, target_words: str) -> list[SafeString]:
    """Return the words at the right end: the target at its line, the last value at its own, one above the other."""
    held = [point.target for point in points if point.target is not None]
    known = [point for point in points if point.value is not None]
    ends: list[tuple[float, str, str, int]] = []
    if held:
        ends.append((float(y(held[-1])) + 4, target_words, INK, 400))
    if known and known[-1].value is not None:
        up = float(y(known[-1].value)) + 4
        if ends and abs(up - ends[0][0]) < _APART:
            up = ends[0][0] + (_APART if up > ends[0][0] else -_APART)
        ends.append((up, known[-1].words, SEA, 700))
    return [
        format_html(
            '<text x="{}" y="{}" fill="{}" font-weight="{}">{}</text>',
            WIDTH - RIGHT + 8, f"{min(max(up, 12.0), float(HEIGHT)):.1f}", colour, weight, words,
        )
        for up, words, colour, weight in ends
    ]  # fmt: skip


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
