"""The tiles of the towns: each town once, on a place of its own; shaded by balance, marked where loans are late."""

from __future__ import annotations

import pytest

from luoshi.office.organs.directory import load_data
from luoshi.programmes.agri_guarantee.town_map import TILES, draw, shade


def test_every_town_has_a_place_of_its_own():
    towns = {one["slug"] for one in load_data()["organs"] if one.get("division_code")}
    assert set(TILES) == towns
    assert len(set(TILES.values())) == len(TILES)


@pytest.mark.parametrize(
    ("owed", "most", "wanted"),
    [(0, 0, "#FFFFFF"), (0, 9, "#FFFFFF"), (1, 9, "#E6F1F2"), (4, 9, "#D5E8EA"), (9, 9, "#B7D8DC"), (-5, 9, "#FFFFFF")],
)
def test_the_shade_follows_the_balance(owed, most, wanted):
    assert shade(owed, most) == wanted


def test_a_tile_says_what_it_shows_and_leads_to_its_villages():
    rows = [{"town": "xiachu", "loans": 3, "owed": 100, "late": 2, "owed_yuan": "1.00"}]
    drawn = draw(rows, {"xiachu": "下初<镇>"}, "?town=")
    assert drawn.count("<a ") == len(TILES)
    assert 'href="?town=xiachu"><title>下初&lt;镇&gt;：3 笔，本金余额 1.00 元，逾期、代偿 2 笔' in drawn
    assert drawn.count("<circle") == 1
