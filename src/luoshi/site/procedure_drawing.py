"""The drawing of a procedure for our own pages: SVG by the server with attributes only, placed as its BPMN is.

Shapes are BPMN's, so that who knows them reads both; a state is told by its word, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from luoshi.kernel.procedures import Procedure
from luoshi.office.drawing.flow import Flow, Kind, Node, flow_of
from luoshi.office.drawing.layout import (
    FONT,
    LANE_HEAD,
    LINE,
    POOL_HEAD,
    TASK_PAD,
    Box,
    Layout,
    Point,
    lay_out,
    text_lines,
)

_INK, _MUTED, _LINE, _BAND = "#14232A", "#566970", "#7F9098", "#DDE4E5"
_SEA, _SEA_TINT, _SYSTEM_TINT = "#126374", "#E6F1F2", "#F7F9F9"
_NOW = "#FFF5D1"
_HEAD = 96
"""Width of a lane's title, which we write across where BPMN turns it."""
_SHIFT = _HEAD - LANE_HEAD - POOL_HEAD
_EDGE = 8

_PERSON = mark_safe('<circle cx="6" cy="3.6" r="2.8"/><path d="M.8 12c0-3.4 2-5 5.2-5s5.2 1.6 5.2 5z"/>')
_GEAR = mark_safe(
    '<circle cx="6" cy="6" r="3.6"/><circle cx="6" cy="6" r="1.2"/>'
    '<path d="M6 .4v2M6 9.6v2M.4 6h2M9.6 6h2M2 2l1.4 1.4M8.6 8.6L10 10M2 10l1.4-1.4M8.6 3.4L10 2"/>'
)
_CLOCK = mark_safe('<circle r="10"/><path d="M0 -7V0L5 3"/>')
_INNER = {
    Kind.CHOICE: mark_safe('<path d="M-8 -8L8 8M8 -8L-8 8" stroke-width="3"/>'),
    Kind.SPLIT: mark_safe('<path d="M0 -11V11M-11 0H11" stroke-width="3"/>'),
    Kind.JOIN: mark_safe('<path d="M0 -11V11M-11 0H11" stroke-width="3"/>'),
    Kind.RACE: mark_safe('<circle r="12"/><circle r="9.5"/><path d="M0 -6L6 -1.6L3.6 5H-3.6L-6 -1.6z"/>'),
}


def draw(procedure: Procedure, here: str = "") -> SafeString:
    """Draw a procedure; the state `here` is marked as where a case stands now."""
    flow = flow_of(procedure)
    layout = lay_out(flow)
    width, height = layout.pool.width + _SHIFT + 2 * _EDGE, layout.pool.height + 2 * _EDGE
    now = flow.states[here] if here else ""
    shapes = [_shape(flow, node, layout.shapes[node.id], now=node.id == now) for node in _painted(flow)]
    return format_html(
        '<svg class="ls-procedure" viewBox="{} {} {} {}" width="{}rem" height="{}rem" role="img" aria-label="{}" '
        'font-size="{}" fill="{}">{}{}{}{}{}</svg>',
        -_SHIFT - _EDGE,
        -_EDGE,
        width,
        height,
        f"{width / 16:g}",
        f"{height / 16:g}",
        told(procedure, here),
        FONT,
        _INK,
        _ARROWHEAD,
        _bands(flow, layout),
        format_html_join("", "{}", ((_arrow(layout.lines[arrow.id]),) for arrow in flow.arrows)),
        format_html_join("", "{}", ((part,) for part in shapes)),
        _words(flow, layout, here),
    )


def told(procedure: Procedure, here: str = "") -> str:
    """Return what the drawing shows as a sentence."""
    ends = [state.title for state in procedure.states.values() if state.ends]
    parts = [
        _("%(title)s的程序图：从%(start)s开始，%(steps)d 个步骤，%(limits)d 个期限")
        % {
            "title": procedure.title,
            "start": procedure.states[procedure.start].title,
            "steps": len(procedure.steps),
            "limits": len(procedure.limits),
        }
    ]
    if ends:
        parts.append(_("到%(ends)s为止") % {"ends": "、".join(ends)})
    if here:
        parts.append(_("现在是%(state)s") % {"state": procedure.states[here].title})
    return "，".join(parts) + "。"


_ARROWHEAD = mark_safe(
    '<defs><marker id="ls-flow" viewBox="0 0 10 10" refX="9.5" refY="5" markerWidth="9" markerHeight="9" '
    'orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 1L10 5L0 9z" fill="#33464E"/></marker></defs>'
)


def _painted(flow: Flow) -> Iterable[Node]:
    """Return the nodes in painting order: timers over the tasks on whose border they sit."""
    yield from (node for node in flow.nodes.values() if not node.kind.on_border)
    yield from (node for node in flow.nodes.values() if node.kind.on_border)


def _bands(flow: Flow, layout: Layout) -> SafeString:
    return format_html_join(
        "",
        '<rect x="{}" y="{}" width="{}" height="{}" fill="{}" stroke="{}"/>'
        '<rect x="{}" y="{}" width="{}" height="{}" fill="#EDF1F2" stroke="{}"/>{}',
        (
            (
                -_SHIFT, box.y, layout.pool.width + _SHIFT, box.height, _SYSTEM_TINT if key == "" else "#FFFFFF", _BAND,
                -_SHIFT, box.y, _HEAD, box.height, _BAND,
                _text(title, Box(-_SHIFT + 4, box.y, _HEAD - 8, box.height), middle=True, weight=700),
            )
            for (key, title), box in zip(flow.lanes, layout.lanes.values(), strict=True)
        ),
    )  # fmt: skip


def _arrow(points: list[Point]) -> SafeString:
    """Draw a line with its corners rounded."""
    words = [f"M{points[0].x} {points[0].y}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        words.append(f"L{_towards(corner, before)}Q{corner.x} {corner.y} {_towards(corner, after)}")
    words.append(f"L{points[-1].x} {points[-1].y}")
    return format_html(
        '<path d="{}" fill="none" stroke="#33464E" stroke-width="1.2" marker-end="url(#ls-flow)"/>', "".join(words)
    )


def _towards(corner: Point, other: Point) -> str:
    """Return the point a few pixels from a corner on the way to another point."""
    dx, dy = other.x - corner.x, other.y - corner.y
    reach = min(5.0, (abs(dx) + abs(dy)) / 2)
    x = corner.x + (reach if dx > 0 else -reach if dx < 0 else 0)
    y = corner.y + (reach if dy > 0 else -reach if dy < 0 else 0)
    return f"{x:g} {y:g}"


def _shape(flow: Flow, node: Node, box: Box, *, now: bool) -> SafeString:
    middle = box.middle
    fill = _NOW if now else "#FFFFFF"
    if node.kind in (Kind.TASK, Kind.SERVICE):
        return _task(flow.procedure, node, box, timed=bool(flow.timers_of(node.id)))
    if node.kind in _INNER:
        return format_html(
            '<g transform="translate({} {})" fill="none" stroke="{}"><path d="M0 -25L25 0L0 25L-25 0z" fill="{}" '
            'stroke-width="{}"/>{}</g>',
            middle.x, middle.y, _SEA if now else _INK, fill, "4" if now else "1.6", _INNER[node.kind],
        )  # fmt: skip
    heavy = now or node.kind in (Kind.END, Kind.NOTICE)
    dashed = mark_safe(' stroke-dasharray="4 2.5"') if node.kind is Kind.TIMER and not node.interrupts else ""
    ring = format_html('<circle r="14" {}/>', dashed) if node.kind in (Kind.STATE, Kind.WAIT, Kind.TIMER) else ""
    return format_html(
        '<g transform="translate({} {})" fill="none" stroke="{}" stroke-width="1.4"><circle r="{}" fill="{}" '
        'stroke-width="{}"{}/>{}{}</g>',
        middle.x,
        middle.y,
        _SEA if now else _INK,
        "16.5" if heavy else "17.5",
        fill,
        "3.5" if heavy else "1.4",
        dashed,
        ring,
        _CLOCK if node.kind in (Kind.WAIT, Kind.TIMER) else "",
    )


def _task(procedure: Procedure, node: Node, box: Box, *, timed: bool) -> SafeString:
    person = node.kind is Kind.TASK
    parties = [procedure.parties[party].title for party in node.parties]
    who = "、".join(parties)
    if len(text_lines(who, box.width - 10)) > 1 and len(parties) > 1:
        who = _("%(first)s等%(n)d方") % {"first": parties[0], "n": len(parties)}
    step = procedure.steps[node.step]
    lines = text_lines(node.title, box.width - TASK_PAD)
    room = box.height - (14 if timed else 0)
    first = box.y + (room - LINE * (len(lines) + bool(who))) // 2 + LINE - 3
    return format_html(
        '<g><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="8" fill="{}" stroke="{}" '
        'stroke-width="1.6"/><g transform="translate({} {})" fill="none" stroke="{}">{}</g>{}{}{}</g>',
        "；".join(filter(None, (step.title, "、".join(parties), step.citation))),
        *box,
        _SEA_TINT if person else "#FFFFFF",
        _SEA if person else _LINE,
        box.x + 5,
        box.y + 5,
        _MUTED,
        _PERSON if person else _GEAR,
        _lines(lines, box.middle.x, first, weight=700),
        _lines([_clipped(who, box.width - 10)], box.middle.x, first + LINE * len(lines), fill=_MUTED)
        if who else "",
        format_html('<path d="M{} {}v7m4 -7v7m4 -7v7" stroke="{}"/>', box.middle.x - 4, box.bottom - 10, _INK)
        if node.at_once else "",
    )  # fmt: skip


def _clipped(words: str, width: int) -> str:
    lines = text_lines(words, width)
    return words if len(lines) < 2 else lines[0][:-1] + "…"


def _lines(
    lines: Iterable[str], x: int, y: int, *, anchor: str = "middle", weight: int = 400, fill: str = _INK
) -> SafeString:
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}" font-weight="{}" fill="{}">{}</text>',
        ((x, y + LINE * n, anchor, weight, fill, line) for n, line in enumerate(lines)),
    )


def _text(words: str, box: Box, *, middle: bool = False, anchor: str = "middle", weight: int = 400) -> SafeString:
    lines = text_lines(words, box.width)
    top = box.y + (max(box.height - LINE * len(lines), 0) // 2 if middle else 0)
    x = box.middle.x if anchor == "middle" else box.x
    return _lines(lines, x, top + LINE - 3, anchor=anchor, weight=weight)


def _words(flow: Flow, layout: Layout, here: str) -> SafeString:
    parts = []
    for key, box in layout.labels.items():
        node = flow.nodes[key]
        beside = node.kind.on_border
        parts.append(_text(node.title, box, anchor="start" if beside else "middle", middle=node.kind is Kind.NOTICE))
    if here:
        box = layout.shapes[flow.states[here]]
        parts.append(
            format_html(
                '<g transform="translate({} {})"><path d="M-20 -19H20V-2H4L0 3L-4 -2H-20z" fill="{}"/>'
                '<text y="-6" text-anchor="middle" fill="#FFFFFF" font-weight="700">{}</text></g>',
                box.middle.x, box.y - 3, _SEA, _("现在"),
            )
        )  # fmt: skip
    return format_html_join("", "{}", ((part,) for part in parts))
