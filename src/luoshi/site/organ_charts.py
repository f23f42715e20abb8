"""Drawings of the organ pages: when a name was seen, how duties moved, how long a person is known on a post.

SVG by the server with attributes only. Each drawing says its finding in words for those who do not see it.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from luoshi.office.organs.shapes import Edge, NameBand, SuccessionGraph, Tenure

_ROW = 30
_LEFT, _WIDTH = 220, 760


@dataclass(frozen=True, slots=True)
class Axis:
    """Years across a drawing: `first` and `last` included."""

    first: int
    last: int

    def x(self, day: datetime.date) -> float:
        """Return the place of a day."""
        start = datetime.date(self.first, 1, 1).toordinal()
        end = datetime.date(self.last + 1, 1, 1).toordinal()
        share = (min(max(day.toordinal(), start), end) - start) / (end - start)
        return round(_LEFT + share * (_WIDTH - _LEFT - 10), 1)

    def drawn(self, height: int) -> SafeString:
        """Draw the year lines with their numbers."""
        step = max((self.last - self.first) // 8, 1)
        years = range(self.first, self.last + 1, step)
        return format_html_join(
            "",
            '<path d="M{0} 18V{1}" stroke="#DDE4E5"/><text x="{2}" y="13" font-size="12" fill="#566970">{3}</text>',
            ((self.x(datetime.date(y, 1, 1)), height, self.x(datetime.date(y, 1, 1)) + 3, y) for y in years),
        )


def _svg(height: int, label: str, *parts: SafeString) -> SafeString:
    return format_html(
        '<svg class="ls-chart" viewBox="0 0 {} {}" role="img" aria-label="{}" width="{}" height="{}">{}</svg>',
        _WIDTH,
        height,
        label,
        _WIDTH,
        height,
        format_html_join("", "{}", ((part,) for part in parts)),
    )


def _clipped(text: str, size: int) -> str:
    return text if len(text) <= size else f"{text[: size - 1]}…"


def name_bands(names: Sequence[NameBand], reform: tuple[datetime.date, datetime.date] | None) -> SafeString | str:
    """Draw in which years each written form was printed; `reform` is the window hatched between them."""
    seen = [band for band in names if band.years]
    if not seen:
        return ""
    years = sorted({year for band in seen for year in band.years})
    axis = Axis(years[0], max(years[-1], reform[1].year) if reform else years[-1])
    height = 24 + _ROW * len(seen) + 16
    window: SafeString | str = ""
    if reform and axis.first <= reform[1].year and reform[0].year <= axis.last:
        left, right = axis.x(reform[0]), axis.x(reform[1])
        window = format_html(
            '<rect x="{}" y="18" width="{}" height="{}" fill="#F4ECD8"/><text x="{}" y="{}" font-size="12" '
            'fill="#4A3C22" text-anchor="middle">{}</text>',
            left,
            right - left,
            height - 18,
            (left + right) / 2,
            height - 4,
            _("改革窗口"),
        )
    rows = []
    for place, band in enumerate(seen):
        top = 24 + place * _ROW
        bars = format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="10" rx="2" fill="#1E8091"/>',
            (
                (
                    axis.x(datetime.date(y, 1, 1)) + 2,
                    top + 4,
                    axis.x(datetime.date(y, 12, 31)) - axis.x(datetime.date(y, 1, 1)) - 4,
                )
                for y in band.years
            ),
        )
        rows.append(
            format_html(
                '<text x="0" y="{}" font-size="14" fill="#14232A"><title>{}</title>{}</text>{}',
                top + 14,
                band.text,
                _clipped(band.text, 14),
                bars,
            )
        )
    label = "；".join(
        _("“%(text)s”见于%(years)s年") % {"text": band.text, "years": "、".join(map(str, band.years))} for band in seen
    )
    return _svg(height, label, format_html("{}", window), axis.drawn(height), *rows)


def tenure_bars(tenures: Sequence[Tenure], today: datetime.date) -> SafeString | str:
    """Draw how long a person is known on each post: solid where an act begins or ends it, open where it does not."""
    drawn = [tenure for tenure in tenures if tenure.start]
    if not drawn:
        return ""
    last = max([*(tenure.end or tenure.start or today for tenure in drawn)])
    axis = Axis(min(tenure.start.year for tenure in drawn if tenure.start), max(last.year, drawn[0].start.year))  # type: ignore[union-attr]
    height = 24 + _ROW * len(drawn)
    rows, words = [], []
    for place, tenure in enumerate(drawn):
        assert tenure.start is not None
        top, end = 24 + place * _ROW, tenure.end or tenure.start
        left = axis.x(tenure.start)
        width = max(axis.x(end) - left, 6)
        name = f"{tenure.organ.title}{tenure.post}"
        rows.append(
            format_html(
                '<text x="0" y="{0}" font-size="14" fill="#14232A"><title>{1}</title>{2}</text>'
                '<rect x="{3}" y="{4}" width="{5}" height="12" rx="2" fill="{6}" stroke="#126374"{7}/>',
                top + 14,
                name,
                _clipped(name, 14),
                left,
                top + 3,
                width,
                "#1E8091" if tenure.start_known else "#B7D8DC",
                "" if tenure.end_known else format_html(' stroke-dasharray="{}"', "3 3"),
            )
        )
        words.append(_("%(post)s：%(start)s起") % {"post": name, "start": tenure.start.isoformat()})
    return _svg(height, "；".join(words), axis.drawn(height), *rows)


def succession_flow(graph: SuccessionGraph) -> SafeString | str:
    """Draw the bands from old organs to new ones; whole when two persons confirmed, dashed while nobody did."""
    edges = [edge for edge in graph.edges if edge.relation.moves or edge.relation.kind in _MOVING]
    if not edges:
        return ""
    targets: dict[str, list[Edge]] = {}
    for edge in edges:
        targets.setdefault(edge.relation.target.slug, []).append(edge)
    left_y: dict[str, int] = {}
    parts: list[SafeString] = []
    y = 26
    for slug in sorted(targets):
        group = targets[slug]
        fresh = [edge for edge in group if edge.relation.origin.slug not in left_y]
        for edge in fresh:
            left_y[edge.relation.origin.slug] = y
            y += _ROW
        if not fresh:
            y += _ROW
        middle = sum(left_y[edge.relation.origin.slug] for edge in group) / len(group)
        for edge in group:
            parts.append(_band(left_y[edge.relation.origin.slug], middle, edge))
            parts.append(_node(0, left_y[edge.relation.origin.slug], edge.relation.origin))
        parts.append(_node(520, middle, group[0].relation.target))
        y += 6
    label = _("承接关系 %(n)d 条，其中已由两人确认 %(sure)d 条") % {
        "n": len(edges),
        "sure": sum(edge.relation.confirmed for edge in edges),
    }
    return _svg(y + 6, label, *parts)


_MOVING = ("renamed", "merged_into", "functions_moved", "split")


def _band(y_from: float, y_to: float, edge: Edge) -> SafeString:
    return format_html(
        '<path d="M232 {0}C360 {0} 380 {1} 512 {1}" fill="none" stroke="{2}" stroke-width="{3}"{4}>'
        "<title>{5}</title></path>",
        y_from,
        y_to,
        "#1E8091" if edge.relation.confirmed else "#7F9098",
        6 if edge.relation.confirmed else 2,
        "" if edge.relation.confirmed else format_html(' stroke-dasharray="{}"', "5 4"),
        f"{edge.relation.origin.title} → {edge.relation.target.title}（{edge.relation.kind_title}）",
    )


def _node(x: int, y: float, organ: object) -> SafeString:
    title = str(getattr(organ, "title", ""))
    return format_html(
        '<text x="{}" y="{}" font-size="14" fill="#14232A"><title>{}</title>{}</text>',
        x,
        y + 5,
        title,
        _clipped(title, 15),
    )
