"""The procedures of this installation: read from the rooms' YAML once, found by key and day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import yaml

from luoshi.kernel import yaml_text
from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure, read_procedure
from luoshi.office.programme import programmes

_FILES: dict[Path, list[Procedure]] = {}
_MORE: dict[str, list[Procedure]] = {}


def read_file(path: Path) -> list[Procedure]:
    """Return the procedures of a YAML file (one document a version); E_INPUT names file, place and fault."""
    if path not in _FILES:
        try:
            documents = list(yaml_text.read_all(path.read_text("utf-8")))
        except yaml.YAMLError as error:
            raise LuoshiError("E_INPUT", f"{path.name}不是有效的YAML：{error}") from None
        _FILES[path] = [read_procedure(data, path.name) for data in documents if data]
    return _FILES[path]


def add(procedure: Procedure) -> Procedure:
    """Make a procedure known that stands in no room's file: of a test, of a benchmark."""
    known = [one for one in _MORE.get(procedure.key, []) if one.version != procedure.version]
    _MORE[procedure.key] = [*known, procedure]
    return procedure


def versions(key: str) -> list[Procedure]:
    """Return every version of a procedure, newest first; E_NOT_FOUND names the known ones."""
    found = [one for one in _all() if one.key == key]
    if not found:
        known = sorted({one.key for one in _all()})
        raise LuoshiError("E_NOT_FOUND", f"没有“{key}”这种办件。", fields={"known": known})
    return sorted(found, key=lambda one: one.effective_from, reverse=True)


def procedure(key: str, on: datetime.date | None = None) -> Procedure:
    """Return the version in force on the day (today); E_NOT_IN_FORCE before the first."""
    day = on or CLOCK.today()
    found = versions(key)
    for one in found:
        if one.effective_from <= day:
            return one
    first = found[-1].effective_from
    raise LuoshiError("E_NOT_IN_FORCE", f"“{found[-1].title}”自{first}起施行，{day}还没有这种办件。")


def version(key: str, name: str) -> Procedure:
    """Return the version of that name; E_NOT_FOUND when its file is gone."""
    known: list[Procedure] = [*_MORE.get(key, ()), *_delivered().get(key, ())]
    for one in known:
        if one.version == name:
            return one
    raise LuoshiError("E_NOT_FOUND", f"程序“{key}”没有{name}这一版，不能继续办理。请联系系统管理员恢复该版文件。")


def all_procedures() -> list[Procedure]:
    """Return the newest version of every procedure, in the order of the programmes."""
    newest: dict[str, Procedure] = {}
    for one in _all():
        if one.key not in newest or newest[one.key].effective_from < one.effective_from:
            newest[one.key] = one
    return list(newest.values())


def _all() -> list[Procedure]:
    return [one for known in (_delivered(), _MORE) for group in known.values() for one in group]


def _delivered() -> Mapping[str, Sequence[Procedure]]:
    return _read(tuple([room.key for room in programmes()]))


@cache
def _read(_rooms: Sequence[str]) -> Mapping[str, Sequence[Procedure]]:
    """Return what stands in the files of the rooms, by key; they are read once, and again when a room has joined."""
    found: dict[str, list[Procedure]] = {}
    for path in (path for room in programmes() for path in room.procedures):
        for one in read_file(path):
            found.setdefault(one.key, []).append(one)
    return found
