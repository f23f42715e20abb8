"""Load the gazettes that ship with luoshi, so that a stranger sees the main job at work."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from luoshi.office.audit.actions import Actor
from luoshi.office.instruments.actions import import_gazette


def load_demonstration() -> Iterator[str]:
    """Import every file of `luoshi/site/demo_data`, yielding what was done in words; a second time changes nothing."""
    folder = files("luoshi.site") / "demo_data"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        if file.name.endswith((".txt", ".md")):
            result = import_gazette(file.read_bytes(), actor=Actor("演示", "cli"), filename=file.name)
            yield f"{file.name}：{result.message}"
