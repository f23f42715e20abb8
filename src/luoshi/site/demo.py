"""Load the gazette that ships with luoshi, so that a stranger sees the main job at work."""

from __future__ import annotations

from collections.abc import Iterator

from luoshi.office.actors import Actor
from luoshi.office.instruments.actions import import_gazette
from luoshi.office.instruments.demo import demo_texts


def load_demonstration() -> Iterator[str]:
    """Import the demonstration gazette and its corrected edition, yielding in words what was done; twice is as once."""
    for name, text in demo_texts().items():
        result = import_gazette(text.encode("utf-8"), actor=Actor.system("演示", "cli"), filename=name)
        yield f"{name}：{result.message}"
