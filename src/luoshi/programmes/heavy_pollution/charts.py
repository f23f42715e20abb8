"""The pictures of this room: hours of AQI against their lines, as SVG made on the server."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from luoshi.kernel.clock import local

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 34, 66, 22, 26
CEILING = 520
LINES = (
    (500, "500 即红色", "#A11A12"),
    (300, "300 严重", "#A11A12"),
    (200, "200 重度", "#2B3F46"),
    (150, "150 可解除", "#2A7F4C"),
)
"""Lines drawn across, with their words at the right end."""


def air_chart(
    hours: Sequence[Mapping[str, Any]],
    means: Mapping[str, int],
    now: datetime.datetime,
    span: tuple[datetime.datetime, datetime.datetime] | None,
    finding: str,
) -> SafeString:
    """Return the chart: a bar an hour (measured dark, forecast pale), the running mean, the lines, now, the process.

    `hours` with `hour` and `aqi`; `means` the running mean by the hour at which it is shown; `finding` one sentence.
    """
    count = max(len(hours), 1)
    step = (WIDTH - LEFT - RIGHT) / count
    first = _when(hours[0]) if hours else now

    def x(moment: datetime.datetime) -> float:
        return LEFT + (moment - first).total_seconds() / 3600 * step

    def y(aqi: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (1 - min(aqi, CEILING) / CEILING)

    parts: list[SafeString] = []
    if span is not None:
        begin, end = max(x(span[0]), LEFT), min(x(span[1]), WIDTH - RIGHT)
        parts.append(_rect(begin, TOP, max(end - begin, 0), HEIGHT - TOP - BOTTOM, "#F9EFEA"))
    for one in hours:
        if one.get("aqi") is None:
            continue
        top, done = y(float(one["aqi"])), one.get("origin") == "measured"
        parts.append(
            _rect(x(_when(one)), top, max(step - 0.7, 0.6), HEIGHT - BOTTOM - top, "#8FA9AF" if done else "#D7E2E4")
        )
    for value, words, colour in LINES:
        parts.append(_line(LEFT, y(value), WIDTH - RIGHT, y(value), colour))
        parts.append(_text(WIDTH - RIGHT + 6, y(value) + 4, words, colour))
    parts += [_text(LEFT - 6, y(value) + 4, str(value), "#566970", "end") for value in (0, 100, 200, 300, 400)]
    for one in hours:
        when = _when(one)
        if when.hour == 0:
            parts.append(_text(x(when), HEIGHT - 8, f"{when.month}月{when.day}日", "#566970"))
    for dashed in (False, True):
        points = [
            f"{x(moment):.1f},{y(mean):.1f}"
            for moment, mean in ((datetime.datetime.fromisoformat(key), value) for key, value in means.items())
            if (moment >= now) == dashed and moment >= first
        ]
        if len(points) > 1:
            parts.append(
                format_html(
                    '<polyline fill="none" stroke="#B8480B" stroke-width="2.4"{} points="{}"/>',
                    mark_safe(' stroke-dasharray="5 4"') if dashed else "",
                    " ".join(points),
                )
            )
    parts.append(_line(x(now), TOP - 8, x(now), HEIGHT - BOTTOM, "#10262E"))
    parts.append(_text(x(now), TOP - 10, _("现在 %(clock)s") % {"clock": f"{local(now):%H:%M}"}, "#10262E", "middle"))
    return format_html(
        '<svg class="hp-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}</svg>',
        WIDTH,
        HEIGHT,
        finding,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _when(one: Mapping[str, Any]) -> datetime.datetime:
    return local(datetime.datetime.fromisoformat(str(one["hour"])))


def _rect(x: float, y: float, width: float, height: float, colour: str) -> SafeString:
    sizes = (f"{one:.1f}" for one in (x, y, width, max(height, 0)))
    return format_html('<rect x="{}" y="{}" width="{}" height="{}" fill="{}"/>', *sizes, colour)


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> SafeString:
    ends = (f"{one:.1f}" for one in (x, y, to_x, to_y))
    return format_html('<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"/>', *ends, colour)


def _text(x: float, y: float, words: str, colour: str, anchor: str = "start") -> SafeString:
    place = f"{x:.1f}", f"{y:.1f}"
    return format_html('<text x="{}" y="{}" fill="{}" text-anchor="{}">{}</text>', *place, colour, anchor, words)


def share_bar(done: int, going: int, failed: int) -> SafeString:
    """Return a thin bar of three parts: in place, received or sent, failed; the figures stand beside it."""
    total = max(done + going + failed, 1)
    parts, at = [], 0.0
    for count, colour in ((done, "#2A7F4C"), (going, "#F3C846"), (failed, "#BE2A1E")):
        width = 100 * count / total
        if count:
            parts.append((f"{at:.1f}", f"{width:.1f}", colour))
        at += width
    bars = format_html_join("", '<rect x="{}" y="0" width="{}" height="8" fill="{}"/>', parts)
    return format_html(
        '<svg class="hp-share" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>', bars
    )
