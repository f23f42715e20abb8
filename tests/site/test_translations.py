"""The English texts are complete, compiled, and keep the placeholders of the Chinese ones."""

from __future__ import annotations

import ast
import gettext
import re
from pathlib import Path

import pytest

import luoshi.site

FOLDER = Path(luoshi.site.__file__).parent / "locale" / "en" / "LC_MESSAGES"
ENTRY = re.compile(r'^msgid (".*")\nmsgstr (".*")$', re.MULTILINE)
TEXTS = {
    ast.literal_eval(chinese): ast.literal_eval(english)
    for chinese, english in ENTRY.findall((FOLDER / "django.po").read_text(encoding="utf-8"))
    if chinese != '""'
}
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9]*[sd]|%[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as stream:
        return gettext.GNUTranslations(stream)


def test_every_text_has_english_words():
    assert [chinese for chinese, english in TEXTS.items() if not english] == []


def test_compiled_texts_are_those_of_the_source(compiled):
    assert {chinese: compiled.gettext(chinese) for chinese in TEXTS} == TEXTS


def names(text: str) -> list[str]:
    """Return the placeholders of a text, without the width of a number."""
    return sorted(re.sub(r"\)[0-9]+d", ")d", found) for found in PLACEHOLDER.findall(text))


def test_placeholders_survive_translation():
    assert [chinese for chinese, english in TEXTS.items() if names(chinese) != names(english)] == []
