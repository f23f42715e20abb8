"""A programme's manifest: what one room contributes to the house. The site reads manifests and nothing else of a room.

    PROGRAMME = register(Programme(
        key="heavy_pollution",
        title="重污染天气应急",
        instruments=("乳政办发〔2018〕2号",),
        ...
    ))

Navigation, calculators, procedures, registers, indicators, coverage and the public site are made from what stands here:
a room that is named in one line of `site/registry.py` works everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from luoshi.kernel.errors import LuoshiError


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a room: the place of the rail it belongs to, its url name, title, permission and what it answers.

    `organs`: the organs it concerns; None where everybody with the permission finds something of theirs on it.
    """

    place: str
    name: str
    title: str
    permission: str
    note: str = ""
    organs: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Emergency:
    """What pushes every page down while it lasts: level 1 (blue) to 4 (red), words, where to."""

    level: int
    words: str
    href: str


@dataclass(frozen=True, slots=True)
class Programme:
    """What a room contributes.

    `instruments` are the numbers of the documents it runs, `root` its folder (procedures/*.yaml, scenarios/*.yaml,
    coverage.yaml, notices/), `decisions` the modules whose import registers its decisions, `hooks` the modules whose
    import registers facts and effects of procedures, registers and indicators; `urls` the module of its pages, `api`
    of its router; `public_urls` of pages without login; `demo` fills the demonstration; `emergency` returns the
    warning in force, for every page; `senders` names its registers that send matters under a name of their own;
    `keys` are the prefixes of decision keys that belong to it, its own key unless given.
    """

    key: str
    title: str
    instruments: Sequence[str]
    root: Path
    decisions: Sequence[str] = ()
    hooks: Sequence[str] = ()
    pages: Sequence[Page] = ()
    urls: str = ""
    api: str = ""
    public_urls: str = ""
    demo: Callable[[], Iterable[str]] | None = None
    emergency: Callable[[], Emergency | None] | None = None
    titles: Mapping[str, str] = field(default_factory=dict)
    senders: Mapping[str, str] = field(default_factory=dict)

    @property
    def procedures(self) -> list[Path]:
        """The files of its kinds of case."""
        return sorted((self.root / "procedures").glob("*.yaml"))

    @property
    def scenarios(self) -> list[Path]:
        """The files of its worked examples."""
        return sorted((self.root / "scenarios").glob("*.yaml"))

    @property
    def coverage(self) -> Path:
        """The file that says what carries each clause."""
        return self.root / "coverage.yaml"


_PROGRAMMES: dict[str, Programme] = {}


def register(programme: Programme) -> Programme:
    """Make a programme known; a second one of the same key is a mistake of the programmer."""
    if programme.key in _PROGRAMMES and _PROGRAMMES[programme.key].root != programme.root:
        raise ValueError(f"two programmes are called {programme.key!r}")
    _PROGRAMMES[programme.key] = programme
    return programme


def programmes() -> list[Programme]:
    """Return every programme of this installation, in the order of registration."""
    return list(_PROGRAMMES.values())


def programme(key: str) -> Programme:
    """Return one programme; E_NOT_FOUND names the known ones."""
    if key not in _PROGRAMMES:
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这个领域。", fields={"known": sorted(_PROGRAMMES)})
    return _PROGRAMMES[key]
