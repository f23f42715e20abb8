"""The pictures of this room: hours of AQI against their lines, as SVG made on the server."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import local
from luoshi.programmes.heavy_pollution.words_shown import SHORT_CLASSES

WIDTH, HEIGHT = 860, 300
LEFT, RIGHT, TOP, BOTTOM = 34, 66, 22, 26
CEILING = 520
AIR_HEAVY = 200
"""Above it the highest running mean is named in the chart."""
LINES = (
    (500, gettext_lazy("500 即红色"), "#A11A12"),
    (300, gettext_lazy("300 严重"), "#A11A12"),
    (200, gettext_lazy("200 重度"), "#2B3F46"),
    (150, gettext_lazy("150 可解除"), "#2A7F4C"),
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
        parts.append(_text(WIDTH - RIGHT + 6, y(value) + 4, str(words), colour))
    parts += [_text(LEFT - 6, y(value) + 4, str(value), "#566970", "end") for value in (0, 100, 200, 300, 400)]
    for one in hours:
        when = _when(one)
        if when.hour == 0:
            parts.append(_text(x(when), HEIGHT - 8, _day(when), "#566970"))
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
    drawn = {at: mean for key, mean in means.items() if (at := datetime.datetime.fromisoformat(key)) >= first}
    peak = max(drawn, key=lambda at: drawn[at], default=first)
    if drawn.get(peak, 0) > AIR_HEAVY:
        top, told = y(drawn[peak]), _("24小时均值最高 %(aqi)s") % {"aqi": drawn[peak]}
        parts.append(format_html('<circle cx="{}" cy="{}" r="4" fill="#B8480B"/>', f"{x(peak):.1f}", f"{top:.1f}"))
        parts.append(_halo(min(max(x(peak), LEFT + 60), WIDTH - RIGHT - 60), top - 10, told, "700"))
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


def _day(when: datetime.date) -> str:
    return _("%(m)d月%(d)d日") % {"m": when.month, "d": when.day}


_DAYS_WIDTH, _DAYS_HEIGHT, _DAYS_LEFT, _DAYS_TOP, _DAYS_BOTTOM = 360, 230, 4, 36, 22


def daily_chart(days: Sequence[Mapping[str, Any]], finding: str, width: int = _DAYS_WIDTH) -> SafeString:
    """Return the days as bars in the colours of their classes, each with its index and word; forecasts are dashed.

    `days` with `day`, `aqi`, `class` (an `AirClass`) and `forecast`. Lines at 150, 200 and 300, with their numbers.
    `width` is of a phone unless said otherwise.
    """
    step = (width - _DAYS_LEFT - 26) / max(len(days), 1)
    gap = 3 if width == _DAYS_WIDTH else 10
    top = max([320, *(int(one["aqi"]) for one in days)])

    def y(aqi: float) -> float:
        return _DAYS_TOP + (_DAYS_HEIGHT - _DAYS_TOP - _DAYS_BOTTOM) * (1 - aqi / top)

    parts: list[SafeString] = []
    edge = width - 24
    for value in (150, 200, 300):
        parts.append(_line(_DAYS_LEFT, y(value), edge, y(value), "#9DB0B6"))
        parts.append(_text(edge + 3, y(value) + 4, str(value), "#33474E"))
    parts.append(_line(_DAYS_LEFT, y(0), edge, y(0), "#10262E"))
    for place, one in enumerate(days):
        x, middle = _DAYS_LEFT + place * step, _DAYS_LEFT + (place + 0.5) * step
        height = y(0) - y(float(one["aqi"]))
        parts.append(
            format_html(
                '<rect x="{}" y="{}" width="{}" height="{}" fill="#{}" stroke="#10262E"{}/>',
                f"{x + gap:.1f}", f"{y(float(one['aqi'])):.1f}", f"{step - 2 * gap:.1f}", f"{height:.1f}",
                one["class"].rgb,
                mark_safe(' stroke-dasharray="4 3" fill-opacity=".55"') if one["forecast"] else "",
            )
        )  # fmt: skip
        word = SHORT_CLASSES[one["class"].number]
        parts.append(_halo(middle, y(float(one["aqi"])) - 18, str(one["aqi"]), "700"))
        parts.append(_halo(middle, y(float(one["aqi"])) - 5, str(word), "400"))
        parts.append(_text(middle, _DAYS_HEIGHT - 6, str(one["words"]), "#33474E", "middle"))
    return format_html(
        '<svg class="hp-days-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" font-size="12">{}</svg>',
        width, _DAYS_HEIGHT, finding, format_html_join("", "{}", ((part,) for part in parts)),
    )  # fmt: skip


def _halo(x: float, y: float, words: str, weight: str) -> SafeString:
    """Return words that stay readable where a line runs through them."""
    return format_html(
        '<text x="{}" y="{}" text-anchor="middle" font-weight="{}" fill="#10262E" stroke="#fff" stroke-width="3"'
        ' paint-order="stroke">{}</text>', f"{x:.1f}", f"{y:.1f}", weight, words,
    )  # fmt: skip


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
