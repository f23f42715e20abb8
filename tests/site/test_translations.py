"""The English texts are complete, compiled, and keep the placeholders of the Chinese ones."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

import luoshi.site

FOLDER = Path(luoshi.site.__file__).parent / "locale" / "en" / "LC_MESSAGES"
SOURCE = (FOLDER / "django.po").read_text(encoding="utf-8")
ENTRY = re.compile(r'^msgid (".*")\nmsgstr (".*")$', re.MULTILINE)
COUNTED = re.compile(r'^msgid (".*")\nmsgid_plural ".*"\nmsgstr\[0\] (".*")\nmsgstr\[1\] (".*")$', re.MULTILINE)
TEXTS = {
    ast.literal_eval(chinese): ast.literal_eval(english)
    for chinese, english in ENTRY.findall(SOURCE)
    if chinese != '""'
}
COUNTS = {ast.literal_eval(chinese): tuple(map(ast.literal_eval, words)) for chinese, *words in COUNTED.findall(SOURCE)}
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9]*[sd]|%[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as stream:
        return gettext.GNUTranslations(stream)


def test_every_text_has_english_words():
    assert [chinese for chinese, english in TEXTS.items() if not english] == []
    assert [chinese for chinese, english in COUNTS.items() if not all(english)] == []


def test_every_entry_is_read_and_none_is_a_guess():
    assert len(TEXTS) + len(COUNTS) == len(re.findall(r"^msgid ", SOURCE, re.MULTILINE)) - 1
    assert "fuzzy" not in SOURCE


def test_compiled_texts_are_those_of_the_source(compiled):
    assert {chinese: compiled.gettext(chinese) for chinese in TEXTS} == TEXTS
    counted = {chinese: tuple(compiled.ngettext(chinese, chinese, n) for n in (1, 2)) for chinese in COUNTS}
    assert counted == COUNTS


def names(text: str) -> list[str]:
    """Return the placeholders of a text, without the width of a number."""
    return sorted(re.sub(r"\)[0-9]+d", ")d", found) for found in PLACEHOLDER.findall(text))


def test_placeholders_survive_translation():
    assert [chinese for chinese, english in TEXTS.items() if names(chinese) != names(english)] == []
    counted = [(chinese, english) for chinese, both in COUNTS.items() for english in both]
    assert [chinese for chinese, english in counted if names(chinese) != names(english)] == []
