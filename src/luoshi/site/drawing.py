"""The small pictures of the design system: SVG with attributes only, so that pages need no inline style."""

from __future__ import annotations

from functools import cache, lru_cache
from math import pi

from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

LAMP_SHAPES = {
    "red": mark_safe('<path fill="#BE2A1E" d="M8 1l7 7-7 7-7-7z"/>'),
    "yellow": mark_safe('<path fill="#F3C846" stroke="#6E5200" stroke-width="1.2" d="M8 2l6.5 12h-13z"/>'),
    "green": mark_safe('<circle fill="#2A7F4C" cx="8" cy="8" r="6.5"/>'),
    "blue": mark_safe(
        '<rect fill="#1F5FB8" x="1.5" y="1.5" width="13" height="13" rx="2.5"/>'
        '<path fill="none" stroke="#fff" stroke-width="2" d="M4.5 8.5l2.5 2.5 4.5-5.5"/>'
    ),
    "grey": mark_safe(
        '<circle fill="none" stroke="#566970" stroke-width="1.4" stroke-dasharray="2.2 1.9" cx="8" cy="8" r="6"/>'
    ),
    "paused": mark_safe(
        '<g fill="none" stroke="#566970" stroke-width="1.4"><circle cx="8" cy="8" r="6.3"/>'
        '<path d="M6.3 5.5v5M9.7 5.5v5"/></g>'
    ),
}
"""Diamond, triangle, disc, ticked square, dotted ring, ring with two bars: told apart without colour."""

_FULL = mark_safe('<circle cx="8" cy="8" r="4" fill="currentColor"/>')
_SIGNS = {
    "late": _FULL,
    "past": _FULL,
    "today": _FULL,
    "paused": mark_safe('<path d="M6.3 5.2v5.6M9.7 5.2v5.6" stroke="currentColor" stroke-width="1.5"/>'),
    "recurring": mark_safe('<path d="M8 4.2v4l2.6 1.6" fill="none" stroke="currentColor" stroke-width="1.3"/>'),
    "done": mark_safe('<path d="M5 8.2l2.2 2.2 3.8-4.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'),
}
"""What stands in the ring of a due chip whose state is not told by a share of time."""

_TONES = {"green": "#2A7F4C", "yellow": "#B8860B", "red": "#BE2A1E", "blue": "#1F5FB8", "sea": "#1E8091"}
_PIE_RADIUS = 2.25


@lru_cache(maxsize=512)
def icon(name: str, extra: str = "") -> SafeString:
    """Return one outline icon of the vendored sprite, hidden from screen readers: a word stands beside it."""
    return format_html(
        '<svg class="ls-icon{}" aria-hidden="true"><use href="{}#{}"/></svg>',
        f" {extra}" if extra else "",
        static("vendor/icons.svg"),
        name,
    )


@cache
def lamp(state: str) -> SafeString:
    """Return the shape of a lamp."""
    return format_html('<svg viewBox="0 0 16 16" aria-hidden="true">{}</svg>', LAMP_SHAPES[state])


def pie(state: str, elapsed: float | None) -> SafeString:
    """Return the drawing of a due chip: the share of time gone (0 to 1), or the sign of its state."""
    sign: SafeString | str = _SIGNS.get(state, "")
    if not sign and elapsed is not None:
        whole = 2 * pi * _PIE_RADIUS
        sign = format_html(
            '<circle cx="8" cy="8" r="{}" fill="none" stroke="currentColor" stroke-width="4.5" '
            'stroke-dasharray="{} {}" transform="rotate(-90 8 8)"/>',
            _PIE_RADIUS,
            f"{min(max(elapsed, 0.0), 1.0) * whole:.2f}",
            f"{whole:.2f}",
        )
    return format_html(
        '<svg viewBox="0 0 16 16" aria-hidden="true">'
        '<circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.3"/>{}</svg>',
        sign,
    )


@lru_cache(maxsize=1024)
def bar(done: float, planned: float | None, tone: str, label: str) -> SafeString:
    """Return an achieved/target bar in percent, with a tick where the plan should be."""
    tick = (
        ""
        if planned is None
        else format_html('<rect x="{}%" y="0" width="2" height="100%" fill="#14232A"/>', f"{min(planned, 99):g}")
    )
    return format_html(
        '<svg class="ls-progress" role="img" aria-label="{}"><rect width="100%" height="100%" rx="2" fill="#EDF1F2"/>'
        '<rect width="{}%" height="100%" rx="2" fill="{}"/>{}</svg>',
        label,
        f"{min(max(done, 0), 100):g}",
        _TONES[tone],
        tick,
    )


def level(bars: int) -> SafeString:
    """Return four bars of growing height of which `bars` are filled."""
    return format_html(
        '<svg viewBox="0 0 20 16" aria-hidden="true">{}</svg>',
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="3.5" height="{}" fill="{}" stroke="currentColor"/>',
            (
                (0.5 + 5 * place, 12 - 3 * place, 3.5 + 3 * place, "currentColor" if place < bars else "none")
                for place in range(4)
            ),
        ),
    )
