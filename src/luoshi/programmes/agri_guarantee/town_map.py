"""The towns as tiles, each where it lies towards the others: shaded by balance, marked where loans are late.

A schematic map: a tile says the direction, not the outline. The table beside it is its accessible form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

TILES = {
    "yazi": (0, 0), "wuji": (3, 0), "xiachu": (4, 0),
    "zhuwang": (1, 1), "yuli": (2, 1), "fengjia": (4, 1), "nanhuang": (5, 1),
    "rushanzhai": (1, 2), "xiacun": (2, 2), "chengqu-subdistrict": (3, 2), "dagushan": (4, 2), "xujia": (5, 2),
    "rushankou": (2, 3), "baishatan": (4, 3),
    "haiyangsuo": (3, 4),
}  # fmt: skip
"""Column and row of each town, north above."""
WIDE, HIGH, GAP = 76, 46, 4
SHADES = ("#FFFFFF", "#E6F1F2", "#D5E8EA", "#B7D8DC")
"""Nothing owed, then thirds of the largest balance; dark words are readable on all."""


def shade(owed: int, most: int) -> str:
    """Return the shade of a balance (fen) among balances of at most `most`."""
    return SHADES[0] if owed <= 0 or most <= 0 else SHADES[min(1 + owed * 3 // (most + 1), 3)]


def draw(rows: Sequence[Mapping[str, Any]], names: Mapping[str, str], href: str) -> SafeString:
    """Draw the tiles. `rows` are `board.towns`; `names` say what a town is called; a tile leads to `href` + slug."""
    found = {one["town"]: one for one in rows}
    most = max((one["owed"] for one in rows), default=0)
    parts = []
    for town, (column, level) in TILES.items():
        row = found.get(town, {"loans": 0, "owed": 0, "late": 0, "owed_yuan": "0"})
        x, y, name = column * (WIDE + GAP), level * (HIGH + GAP), names.get(town, town)
        title = _("%(town)s：%(n)s 笔，本金余额 %(y)s 元，逾期、代偿 %(late)s 笔") % {
            "town": name, "n": row["loans"], "y": row["owed_yuan"], "late": row["late"],
        }  # fmt: skip
        late = format_html(
            '<circle cx="{}" cy="{}" r="9" fill="#BE2A1E"/><text class="ag-map-late" x="{}" y="{}" '
            'text-anchor="middle">{}</text>',
            x + WIDE - 12, y + HIGH - 12, x + WIDE - 12, y + HIGH - 8, row["late"],
        ) if row["late"] else ""  # fmt: skip
        parts.append(
            format_html(
                '<a href="{}{}"><title>{}</title><rect x="{}" y="{}" width="{}" height="{}" rx="3" fill="{}" '
                'stroke="#7F9098"/><text x="{}" y="{}">{}</text><text class="ag-map-sum" x="{}" y="{}">{}</text>{}</a>',
                href, town, title, x, y, WIDE, HIGH, shade(row["owed"], most), x + 6, y + 19, name, x + 6, y + 37,
                _("%(n)s 笔") % {"n": row["loans"]} if row["loans"] else "—", late,
            )
        )  # fmt: skip
    columns = 1 + max(column for column, _level in TILES.values())
    levels = 1 + max(level for _column, level in TILES.values())
    return format_html(
        '<svg class="ag-map" viewBox="-1 -1 {} {}" role="group" aria-label="{}" font-size="13">{}</svg>',
        columns * (WIDE + GAP) - GAP + 2, levels * (HIGH + GAP) - GAP + 2,
        _("各镇方位示意：颜色越深余额越大，红点是逾期、代偿笔数"),
        format_html_join("", "{}", ((one,) for one in parts)),
    )  # fmt: skip
