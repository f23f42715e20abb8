"""What accounts need to know of organs: whether a slug is one, and its name."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from luoshi.kernel.clock import CLOCK
from luoshi.office.organs.directory import load_data, load_directory


def is_known(slug: str) -> bool:
    """Tell whether `slug` is an organ of the directory or of the register."""
    return bool(slug) and titles([slug])[slug] != slug


def slug_of(words: str) -> str:
    """Return the slug of an organ given by slug or by any of its names; the words themselves when nobody knows it."""
    words = words.strip()
    if is_known(words):
        return words
    return load_directory().resolve(words) or words


def titles(slugs: Iterable[str], on: datetime.date | None = None) -> dict[str, str]:
    """Return the names of organs on the day; an unknown slug is its own name."""
    from luoshi.office.organs import queries

    wanted = set(slugs)
    packaged = _packaged()
    try:
        found = queries.titles(wanted, on or CLOCK.today())
    except NotImplementedError:
        found = {}
    return {slug: name if (name := found.get(slug, slug)) != slug else packaged.get(slug, slug) for slug in wanted}


def choices() -> list[tuple[str, str]]:
    """Return every organ of the directory as (slug, name), in its order."""
    return list(_packaged().items())


def _packaged() -> dict[str, str]:
    return {organ["slug"]: organ["name"] for organ in load_data()["organs"]}
