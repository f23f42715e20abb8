"""Old and new words of a Chinese text in one line: what went is struck out, what came is underlined."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from luoshi.site.typography import typeset

_LONG = 1500
_PIECES = re.compile(r"[^，。；：、！？\n]*[，。；：、！？\n]?")
_CHARS = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?%?|.", re.DOTALL)
_FEW = 2


def _pieces(text: str, long: bool) -> list[str]:
    """Return characters, figures and words whole; of a long text the stretches between its stops."""
    return [piece for piece in (_PIECES if long else _CHARS).findall(text) if piece]


def spans(old: str, new: str) -> list[tuple[str, str, str]]:
    """Return (op, old, new) with op equal, delete, insert or replace; the parts joined are the two texts.

    A single character that happens to stand in both, between two changes, belongs to the change.
    """
    long = max(len(old), len(new)) > _LONG
    before, after = _pieces(old, long), _pieces(new, long)
    found: list[tuple[str, str, str]] = []
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for place, (op, a, b, c, d) in enumerate(codes):
        inner = 0 < place < len(codes) - 1
        changed = op != "equal" or (inner and not long and b - a < _FEW)
        one = ("replace" if changed else "equal", "".join(before[a:b]), "".join(after[c:d]))
        if changed and found and found[-1][0] == "replace":
            one = ("replace", found[-1][1] + one[1], found.pop()[2] + one[2])
        found.append(one)
    return [(_op(op, x, y), x, y) for op, x, y in found]


def _op(op: str, old: str, new: str) -> str:
    if op == "equal":
        return op
    return "replace" if old and new else "delete" if old else "insert"


def word_diff(old: str, new: str) -> SafeString:
    """Return the difference as escaped HTML with `del` and `ins`."""
    parts: Sequence[tuple[SafeString]] = [(_shown(op, x, y),) for op, x, y in spans(old, new)]
    return format_html_join("", "{}", parts)


def _shown(op: str, old: str, new: str) -> SafeString:
    if op == "equal":
        return format_html("{}", typeset(old))
    gone = format_html("<del>{}</del>", typeset(old)) if old else SafeString("")
    return format_html("{}<ins>{}</ins>", gone, typeset(new)) if new else gone
