"""Printed posts taken apart: `市财政局党组成员、非税收入管理处主任` is two posts at two organs. Pure, no database."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from luoshi.gazette.appointments import split_post
from luoshi.office.organs.naming import canonical
from luoshi.office.organs.posts import seats_of

_PARTS = re.compile(r"(?:[^、,;(]|\([^()]*\))+")
_NO_POST = re.compile(r".*(?:负责人|负责同志|领导|分管|相关|有关|主要|各).*")
_PLACE = re.compile(r"^(?:乳山)?市")


class PostPart(NamedTuple):
    """One post of a printed text: the slug of its organ (None if unknown), its title (empty if none is printed)."""

    organ: str | None
    title: str
    printed: str


class Reader:
    """Reads posts with the names the library knows: `resolve` a printed organ, `children` name to slug by parent."""

    def __init__(self, resolve: Callable[[str], str | None], children: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        self._resolve = resolve
        self._children = children
        self._known: dict[tuple[str, str | None], str | None] = {}

    def organ(self, text: str, base: str | None = None) -> str | None:
        """The organ a text names: a sub-unit of `base` first, then any, then a sub-unit printed with its parent."""
        key = (text, base)
        if key not in self._known:
            self._known[key] = self._look_up(canonical(text), base)
        return self._known[key]

    def posts(self, printed: str, slug: str = "") -> list[PostPart]:
        """The posts of a printed text, in order; `slug` is the organ of the first where it is known already."""
        found: list[PostPart] = []
        organ: str | None = slug or None
        base = organ
        for part in _PARTS.findall(canonical(printed)):
            organ_text, title = split_post(part)
            if organ_text and not (slug and not found):
                organ = self.organ(organ_text, base)
            elif organ_text and slug and not found:
                organ = self.organ(organ_text) or slug
            if base is None:
                base = organ
            found.append(PostPart(organ, title if is_post(title) else "", part))
        return found

    def _look_up(self, text: str, base: str | None) -> str | None:
        if base is not None and (child := self._child(base, text)) is not None:
            return child
        if (slug := self._resolve(text)) is not None:
            return slug
        for cut in range(len(text) - 2, 2, -1):
            parent = self._resolve(text[:cut])
            if parent is not None and (child := self._child(parent, text[cut:])) is not None:
                return child
        return None

    def _child(self, parent: str, text: str) -> str | None:
        names = self._children.get(parent, ())
        exact = [slug for name, slug in names if name == text]
        ending = {slug for name, slug in names if name.endswith(text)}
        return exact[0] if exact else ending.pop() if len(ending) == 1 else None


def is_post(title: str) -> bool:
    """Whether a title is a post: `负责人`, `分管副局长` name nobody's post."""
    return bool(title) and not _NO_POST.fullmatch(title)


def class_of(title: str) -> str:
    """The class of a post by its title: party_secretary, non_leading, deputy, head or other."""
    if re.fullmatch(r".*(?:党组|党委|党工委)书记", title):
        return "party_secretary"
    if re.search(r"科员|调研员|巡视员|职级", title):
        return "non_leading"
    if title.startswith(("副", "党组副", "党委副", "常务副")):
        return "deputy"
    return "head" if seats_of(title, None) == 1 else "other"


def group_key(name: str) -> str:
    """What makes two printed names of a group the same: the city in front of it does not count."""
    return _PLACE.sub("", canonical(name))
