"""The parameters delivered with the software: each room's `parameters.yaml`, found by where it lies."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import luoshi
from luoshi.kernel import yaml_text
from luoshi.kernel.decisions import REGISTRY, Definition
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import Parameter, ParameterTable

OFFICE = "government-office"
"""The organ that keeps a parameter whose file names no owner."""
FLOORS = ("office", "programmes")
_TITLES = {
    "calendar": "日历与期限",
    "organs": "单位与任职",
    "duties": "责任与事项",
    "instruments": "文件与效力",
    "heavy_pollution": "重污染天气应急",
    "mitigation_fund": "资本市场缓释基金",
    "home_escrow": "存量房交易资金监管",
    "agri_guarantee": "鲁担惠农贷风险补偿",
    "supervision": "重点工作督办",
}


class Room(NamedTuple):
    """A room with parameters: its key, its Chinese title, what it brings."""

    key: str
    title: str
    table: ParameterTable


@lru_cache(maxsize=1)
def rooms() -> Mapping[str, Room]:
    """Return every room that has parameters, by key; a fault in a file is E_INPUT and names the parameter."""
    found = {}
    for floor in FLOORS:
        for file in sorted((Path(luoshi.__file__).parent / floor).glob("*/parameters.yaml")):
            key = file.parent.name
            found[key] = read_room(key, file.read_text("utf-8"))
    return found


def read_room(key: str, text: str) -> Room:
    """Return the room `key` from the text of its `parameters.yaml`."""
    return Room(key, title_of(key), ParameterTable.from_data(yaml_text.read(text) or {}, key))


def title_of(key: str) -> str:
    """Return the Chinese title of a room, its key where nobody gave one."""
    return _TITLES.get(key, key)


def parameter(room: str, name: str) -> Parameter:
    """Return a parameter as delivered; E_NOT_FOUND where there is none."""
    found = rooms().get(room)
    if found is None or name not in found.table:
        raise LuoshiError(
            "E_NOT_FOUND", f"参数簿里没有“{room[:60]}.{name[:80]}”。", fields={"room": room, "name": name}
        )
    return found.table[name]


def owner_of(wanted: Parameter) -> str:
    """Return the slug of the organ that keeps a parameter."""
    return wanted.owner or OFFICE


def room_of(definition: Definition, name: str) -> str:
    """Return the room of a parameter that a decision reads: the one it was read for, else that of the decision."""
    return definition.parameters[name].room or definition.key.partition(".")[0]


def readers(room: str, name: str) -> list[Definition]:
    """Return the registered decisions that read a parameter, by key."""
    return [
        definition
        for _key, definition in sorted(REGISTRY.items())
        if name in definition.parameters and room_of(definition, name) == room
    ]
