"""Cut a text at the ends of overlapping spans, so that each stretch knows every kind of record it belongs to."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from django.utils.safestring import SafeString

_RUN = 12
_SKIPPED = 40
_SHORTEST_NAME = 2
_SHARED = "省市县区镇"
_BLANKS = frozenset(" \n\r\t\0")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, `end` exclusive, that belongs to one kind of record."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters that lie in the same spans, the outermost first."""

    text: str
    spans: tuple[Span, ...] = ()


def united(spans: Iterable[Span]) -> list[Span]:
    """Return the spans with those of one kind that overlap made one, empty ones left out, in the order of nesting."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.kind, one.start, one.end)):
        last = found[-1] if found else None
        if span.end <= span.start:
            continue
        if last is not None and last.kind == span.kind and span.start < last.end:
            found[-1] = Span(span.kind, last.start, max(last.end, span.end))
        else:
            found.append(span)
    return sorted(found, key=lambda one: (one.start, -one.end, one.kind))


def segments(text: str, spans: Iterable[Span]) -> list[Segment]:
    """Cut `text` wherever a span begins or ends; spans reach no further than the text."""
    size = len(text)
    inside = united(Span(one.kind, min(max(one.start, 0), size), min(one.end, size)) for one in spans)
    cuts = sorted({0, size, *(one.start for one in inside), *(one.end for one in inside)})
    found: list[Segment] = []
    active: list[Span] = []
    waiting = 0
    for start, end in pairwise(cuts):
        active = [one for one in active if one.end > start]
        while waiting < len(inside) and inside[waiting].start == start:
            active.append(inside[waiting])
            waiting += 1
        found.append(Segment(text[start:end], tuple(active)))
    return found


def tags(words: Mapping[str, str]) -> dict[str, str]:
    """Return the opening tag of each kind, from the word a reader gets for it."""
    return {kind: f'<span class="ls-m ls-m-{escape(kind)}" title="{escape(word)}">' for kind, word in words.items()}


def html(cut: Sequence[Segment], opening: Mapping[str, str]) -> SafeString:
    """Return the segments as nested elements, escaped; a span that crosses another is closed and opened again.

    `opening` is what `tags` gives.
    """
    parts: list[str] = []
    opened: tuple[Span, ...] = ()
    for segment in cut:
        spans, kept = segment.spans, 0
        while kept < len(opened) and kept < len(spans) and opened[kept] is spans[kept]:
            kept += 1
        parts.append("</span>" * (len(opened) - kept))
        parts += [opening[span.kind] for span in spans[kept:]]
        parts.append(escape(segment.text))
        opened = spans
    parts.append("</span>" * len(opened))
    return SafeString("".join(parts))


def widened(span: Span, text: str) -> Span:
    """Return the span with the nearest printed character on each side, so that a mark on blanks can be seen."""
    start, end = min(max(span.start, 0), len(text)), min(max(span.end, 0), len(text))
    if text[start:end].strip():
        return span
    before, after = start - 1, end
    while before >= 0 and text[before].isspace():
        before -= 1
    while after < len(text) and text[after].isspace():
        after += 1
    return Span(span.kind, max(before, 0), min(after + 1, len(text)))


def origins(text: str, source: str, start: int = 0) -> list[int]:
    """Return where in `source`, from `start` on, each character of `text` stands.

    Blanks of the source are passed over freely, other characters only a few at a time: a label, a stop after a
    heading. A character that is not found (one the text supplies) gets the place of the one after the last found.
    """
    found: list[int] = []
    at, size = start, len(source)
    while len(found) < len(text):
        here = len(found)
        if source.startswith(text[here : here + _RUN], at):
            after = min(at + _RUN, at + len(text) - here)
            found.extend(range(at, after))
            at = after
            continue
        char = text[here]
        probe, skipped = at, 0
        while probe < size and source[probe] != char and skipped < _SKIPPED:
            skipped += source[probe] not in _BLANKS
            probe += 1
        if probe < size and source[probe] == char:
            found.append(probe)
            at = probe + 1
        else:
            found.append(at)
    return found


def projected(span: Span, places: Sequence[int]) -> Span:
    """Return the span of the source as one of the text whose characters stand at `places`."""
    return Span(span.kind, bisect_left(places, span.start), bisect_left(places, span.end))


def located(names: Iterable[str], source: str, *, last: bool) -> dict[str, tuple[int, int]]:
    """Return where each name is printed in `source`, if it is; blanks are passed over, and no two places overlap.

    Longer names come first. Lists print a prefix once (`市甲局、乙局`), so a name is also looked for without it.
    `last` looks from the end, where a responsibility mark stands.
    """
    places = [place for place, char in enumerate(source) if not char.isspace()]
    plain = "".join(source[place] for place in places)
    found: dict[str, tuple[int, int]] = {}
    ordered = sorted(set(names), key=lambda name: (-len(name), name))
    for short in (0, 1):
        for name in ordered:
            printed = name[short:]
            if name in found or len(printed) < _SHORTEST_NAME or (short and name[0] not in _SHARED):
                continue
            at = plain.rfind(printed) if last else plain.find(printed)
            if at >= 0:
                found[name] = places[at], places[at + len(printed) - 1] + 1
                plain = f"{plain[:at]}{chr(0) * len(printed)}{plain[at + len(printed) :]}"
    return found
