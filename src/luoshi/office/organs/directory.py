"""The packaged organ directory: names, aliases, successions, wildcards. Plain data; persons come with a gazette."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from luoshi.gazette.organs import Directory
from luoshi.kernel import yaml_text


@cache
def load_data() -> Mapping[str, Any]:
    """The directory file as plain data: `place`, `issuers`, `organs`, `wildcards`; read once per process."""
    text = resources.files("luoshi.office.organs").joinpath("data/rushan.yaml").read_text(encoding="utf-8")
    data: Mapping[str, Any] = yaml_text.read(text)
    return data


@cache
def load_directory() -> Directory:
    """The directory that resolves printed names to slugs."""
    return Directory.from_data(load_data())


def issuer_slug(word: str) -> str | None:
    """The organ behind the issuer word of a document number (`乳政办发`), None if the word is unknown."""
    slug: str | None = load_data()["issuers"].get(word)
    return slug
