"""Spans cut a text into segments that lose nothing, nest, and are escaped."""

from __future__ import annotations

import re
from html import unescape
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from luoshi.site import markup
from luoshi.site.markup import Segment, Span

KINDS = ("lead", "limit", "repair")
TAGS = markup.tags({kind: f"“{kind}”<&" for kind in KINDS})

texts = st.text(alphabet="甲乙丙，。<>&\"'\n 3", max_size=40)
places = st.integers(min_value=-3, max_value=45)
spans = st.lists(st.builds(Span, st.sampled_from(KINDS), places, places), max_size=8)


def covered(marks, kind, size):
    """Return the places that spans of a kind cover."""
    return {place for one in marks if one.kind == kind for place in range(one.start, one.end) if 0 <= place < size}


@given(texts, spans)
def test_segments_make_the_text_and_every_span_is_covered(text, marks):
    cut = markup.segments(text, marks)
    assert "".join(segment.text for segment in cut) == text
    found = {kind: set() for kind in KINDS}
    at = 0
    for segment in cut:
        kinds = [one.kind for one in segment.spans]
        assert len(kinds) == len(set(kinds))
        for kind in kinds:
            found[kind] |= set(range(at, at + len(segment.text)))
        at += len(segment.text)
    assert found == {kind: covered(marks, kind, len(text)) for kind in KINDS}


@given(texts, spans)
def test_html_nests_and_gives_the_text_back(text, marks):
    body = markup.html(markup.segments(text, marks), TAGS)
    depth = 0
    for tag in re.findall(r"<[^>]*>", body):
        assert tag in {"</span>", *TAGS.values()}
        depth += -1 if tag == "</span>" else 1
        assert depth >= 0
    assert depth == 0
    assert unescape(re.sub(r"<[^>]*>", "", body)) == text


@given(texts, spans)
def test_united_spans_of_one_kind_do_not_overlap(text, marks):
    found = markup.united(marks)
    for kind in KINDS:
        own = [one for one in found if one.kind == kind]
        assert all(one.end <= other.start for one, other in pairwise(own))
        assert all(one.start < one.end for one in own)


def test_crossing_spans_are_closed_and_opened_again():
    body = markup.html(
        markup.segments("甲乙丙", [Span("lead", 0, 2), Span("limit", 1, 3)]), {"lead": "<a>", "limit": "<b>"}
    )
    assert body == "<a>甲<b>乙</span></span><b>丙</span>"


def test_outer_span_stays_open_around_inner_ones():
    cut = markup.segments("甲乙丙", [Span("limit", 1, 2), Span("lead", 0, 3)])
    outer, inner = Span("lead", 0, 3), Span("limit", 1, 2)
    assert cut == [Segment("甲", (outer,)), Segment("乙", (outer, inner)), Segment("丙", (outer,))]


@given(texts, texts)
def test_places_never_go_back(text, source):
    found = markup.origins(text, source)
    assert len(found) == len(text)
    assert found == sorted(found)
    assert all(0 <= place <= len(source) for place in found)


@given(st.lists(st.sampled_from(["甲", "乙", "3", "。", " ", "\n"]), max_size=60))
def test_text_without_the_blanks_of_its_source_is_found_whole(chars):
    source = "".join(chars)
    text = "".join(char for char in chars if char.strip())
    found = markup.origins(text, source)
    assert "".join(source[place] for place in found) == text
    assert found == [place for place, char in enumerate(source) if char.strip()]


@given(texts, places, places)
def test_widened_span_reaches_at_least_as_far(text, start, end):
    span = Span("repair", min(max(start, 0), len(text)), min(max(end, start, 0), len(text)))
    wide = markup.widened(span, text)
    assert wide.start <= span.start <= span.end <= wide.end
    assert 0 <= wide.start <= wide.end <= len(text)


def test_mark_on_blanks_shows_on_the_characters_beside():
    assert markup.widened(Span("repair", 1, 3), "甲 \n乙") == Span("repair", 0, 4)
    assert markup.widened(Span("repair", 0, 1), "甲乙") == Span("repair", 0, 1)


def test_span_of_the_source_becomes_one_of_the_text():
    found = markup.origins("修补长椅", "(一)修 补\n长椅。")
    assert found == [3, 5, 7, 8]
    assert markup.projected(Span("limit", 5, 8), found) == Span("limit", 1, 3)
    assert markup.projected(Span("repair", 4, 5), found) == Span("repair", 1, 1)


@pytest.mark.parametrize(
    ("names", "source", "last", "expected"),
    [
        (["市甲局"], "由市甲局办。(市甲局负责)", True, {"市甲局": (7, 10)}),
        (["市甲局"], "由市甲局办。(市甲局负责)", False, {"市甲局": (1, 4)}),
        (["市甲局", "市乙局"], "市甲局、乙局负责", False, {"市甲局": (0, 3), "市乙局": (4, 6)}),
        (["市甲局", "市甲局丙站"], "市甲局丙站、市甲局", False, {"市甲局丙站": (0, 5), "市甲局": (6, 9)}),
        (["市甲局"], "市 甲\n局", False, {"市甲局": (0, 5)}),
        (["丙公司"], "某公司", False, {}),
        ([""], "市甲局", False, {}),
    ],
)
def test_names_are_found_where_they_are_printed(names, source, last, expected):
    assert markup.located(names, source, last=last) == expected
