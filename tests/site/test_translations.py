"""The English texts are complete, compiled, and keep the placeholders of the Chinese ones.

Texts are collected from the whole product, programmes included, as `makemessages` would: calls of gettext in modules,
translate and blocktranslate in templates. A new text without English words fails here and names the file it is in.
"""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

import luoshi
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
ROOT = Path(luoshi.__file__).parent
"""The whole product: the site, the office, every programme."""
MARKS = {"gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
"""How many texts each function takes: one, or singular and plural."""
QUOTED = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATE = re.compile(rf"\b(ngettext|gettext|_)\(\s*u?({QUOTED})(?:\s*,\s*u?({QUOTED}))?", re.DOTALL)
PLACEHOLDER = re.compile(r"%\(\w+\)[0-9]*[sd]|%[sd]|\{\w+\}")


@pytest.fixture(scope="module")
def compiled() -> gettext.GNUTranslations:
    with (FOLDER / "django.mo").open("rb") as stream:
        return gettext.GNUTranslations(stream)


def texts_of_module(source: str) -> Iterator[tuple[str, ...]]:
    """Yield the texts a module has translated; those given by variables are the caller's affair."""
    tree = ast.parse(source)
    marks = {
        name.asname or name.name: MARKS[name.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.name in MARKS
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in marks:
            given = node.args[: marks[node.func.id]]
            texts = [word.value for word in given if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            if texts and len(texts) == len(given):
                yield tuple(texts)


def texts_of_template(source: str) -> Iterator[tuple[str, ...]]:
    for mark, one, many in IN_TEMPLATE.findall(templatize(source)):
        yield tuple(ast.literal_eval(text) for text in ((one, many) if mark == "ngettext" else (one,)))


def texts_of(path: Path) -> Iterator[tuple[str, ...]]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return texts_of_module(source) if "django.utils.translation" in source else iter(())
    return texts_of_template(source)


def test_every_text_of_the_product_is_in_the_catalogue():
    paths = [path for suffix in ("py", "html", "txt") for path in sorted(ROOT.rglob(f"*.{suffix}"))]
    assert any("programmes" in path.parts for path in paths)
    found = {(str(path.relative_to(ROOT)), *texts) for path in paths for texts in texts_of(path)}
    assert sorted(row for row in found if row[1] not in (COUNTS if len(row) == 3 else TEXTS)) == []


def test_texts_are_read_from_modules_and_templates():
    module = "from django.utils.translation import gettext as _, gettext_lazy as lazy\n_('甲')\nlazy('乙')\n_(word)\n"
    assert list(texts_of_module(module)) == [("甲",), ("乙",)]
    template = (
        '{% load i18n %}{% translate "丙" as x %}{% blocktranslate with n=y %}第 {{ n }} 个{% endblocktranslate %}'
        '{{ z|default:_("丁") }}{% blocktranslate count n=y %}戊{% plural %}己{% endblocktranslate %}'
    )
    assert list(texts_of_template(template)) == [("丙",), ("第 %(n)s 个",), ("丁",), ("戊", "己")]


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
