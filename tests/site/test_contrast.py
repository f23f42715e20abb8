"""The promised contrasts, recomputed from tokens.css, so that a changed colour cannot quietly become unreadable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[2] / "src" / "luoshi" / "site" / "static" / "ls" / "tokens.css"
COLOURS = dict(re.findall(r"--ls-([a-z0-9-]+): #([0-9A-F]{6});", TOKENS.read_text(encoding="utf-8")))

PAIRS = [
    ("ink-900", "surface", 16.11), ("ink-700", "surface", 9.87), ("ink-500", "surface", 5.75),
    ("ink-500", "page", 5.25), ("ink-500", "sea-50", 4.99),
    ("surface", "sea-600", 6.86), ("surface", "sea-700", 9.16), ("surface", "sea-900", 14.22),
    ("sea-600", "surface", 6.86), ("sea-600", "page", 6.25),
    ("paper-ink", "paper-50", 10.01), ("paper-ink", "paper-100", 9.10), ("paper-ctl", "paper-50", 3.34),
    ("control", "surface", 3.31), ("control", "page", 3.02),
    ("red-text", "surface", 8.02), ("red-text", "red-tint", 6.95), ("surface", "red", 5.93),
    ("orange-text", "surface", 7.51), ("orange-text", "orange-tint", 6.66), ("surface", "orange", 5.22),
    ("yellow-text", "surface", 7.32), ("yellow-text", "yellow-tint", 6.70), ("ink-900", "yellow", 10.10),
    ("blue-text", "surface", 8.32), ("blue-text", "blue-tint", 7.24), ("surface", "blue", 6.20),
    ("green-text", "surface", 6.60), ("green-text", "green-tint", 5.81), ("surface", "green", 4.95),
    ("focus", "ink-900", 7.94),
]  # fmt: skip
"""Foreground, ground, and the ratio promised."""

NON_TEXT = {"paper-ctl", "control", "focus"}


def luminance(colour: str) -> float:
    """Return the relative luminance of a token (WCAG 2.2)."""
    channels = [int(COLOURS[colour][place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two tokens."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("foreground", "ground", "promised"), PAIRS)
def test_contrast_is_the_promised_one(foreground, ground, promised):
    assert contrast(foreground, ground) == pytest.approx(promised, abs=0.02)


@pytest.mark.parametrize(("foreground", "ground", "_promised"), PAIRS)
def test_contrast_meets_wcag_aa(foreground, ground, _promised):
    assert contrast(foreground, ground) >= (3 if foreground in NON_TEXT else 4.5)


def test_own_stylesheet_uses_no_colour_outside_the_tokens():
    """A colour written twice drifts; only soft borders of tinted chips and shadows may be literal."""
    sheet = (TOKENS.parent / "ls.css").read_text(encoding="utf-8")
    literal = set(re.findall(r"#[0-9A-Fa-f]{6}\b", sheet))
    assert literal == {"#E9B48F", "#E7ABA5", "#B9CFEE"}
