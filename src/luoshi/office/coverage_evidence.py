"""Evidence: which test or scenario names a thing. Looks through the tests of a checkout and the rooms' scenarios."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import luoshi
from luoshi.office.coverage import Artefact
from luoshi.office.programme import programmes

CHECKOUT = Path(luoshi.__file__).parents[2]
"""The folder above `src` where this runs from a checkout."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The texts that count as tests, by name. `whole`: the tests are at hand, so that silence means something."""

    texts: tuple[tuple[str, str], ...]
    whole: bool

    def first(self, fits: Callable[[str], bool]) -> str:
        """Return the name of the first text that fits, empty for none."""
        return next((name for name, text in self.texts if fits(text)), "")


def evidence() -> Evidence:
    """Return the tests and scenarios of this installation, read once."""
    scenarios = tuple(path for room in programmes() for path in room.scenarios)
    return _read(CHECKOUT, scenarios)


@lru_cache(maxsize=2)
def _read(checkout: Path, scenarios: tuple[Path, ...]) -> Evidence:
    tests = checkout / "tests"
    whole = tests.is_dir() and (checkout / "pyproject.toml").is_file()
    files = [*scenarios, *(sorted(tests.rglob("test_*.py")) if whole else ())]
    return Evidence(
        tuple((_name(path, checkout), path.read_text("utf-8")) for path in files if "coverage" not in path.name), whole
    )


def _name(path: Path, checkout: Path) -> str:
    return str(path.relative_to(checkout)) if path.is_relative_to(checkout) else path.name


def has_word(text: str, wanted: str, before: str = ".") -> bool:
    """Whether text has the word, not as part of a longer name; `before`: signs that make it one."""
    at = text.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        left = text[at - 1] if at else " "
        right = text[end] if end < len(text) else " "
        if not (left.isalnum() or left in f"_{before}" or right.isalnum() or right == "_"):
            return True
        at = text.find(wanted, at + 1)
    return False


def names(artefact: Artefact) -> Callable[[str], bool]:
    """Return a test for texts that name a thing: by its whole name, or by its room and the rest of the name.

    `heavy_pollution.grade` is also named where `heavy_pollution` and `grade` both stand; a step or limit where its
    procedure and its own key do, a step also where a scenario of its room takes it.
    """
    whole, slash, part = artefact.name.partition("/")
    if slash:
        procedure, room, taken = names(Artefact("procedure", whole)), whole.partition(".")[0], f"step: {part}"
        return lambda text: (
            (has_word(text, part) and procedure(text))
            or (artefact.kind == "step" and has_word(text, taken) and has_word(text, room))
        )
    room, dot, rest = artefact.name.partition(".")
    if not dot or artefact.kind == "page":
        return lambda text: f'"{artefact.name}"' in text or f"'{artefact.name}'" in text
    return lambda text: has_word(text, artefact.name) or (has_word(text, rest) and has_word(text, room))
