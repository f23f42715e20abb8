"""What reviewers decided, as hand-made labels: the form `luoshi gazette evaluate` measures a compiler with.

A clause is covered where everything of the measure in it has been decided; persons stand by their place in the file,
never by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from luoshi.kernel.errors import LuoshiError
from luoshi.office.instruments.models import Instrument, SourceFile
from luoshi.office.instruments.review_queries import Item, items, reviewed

_MEASURES = {"duties": "duty", "limits": "limit", "targets": "target", "memberships": "membership"}


def labels(keys: Sequence[str]) -> dict[str, Any]:
    """Return the labels of instruments of one file; E_INPUT for several files, E_INCOMPLETE where none is decided."""
    found = [reviewed(key) for key in keys]
    sources = {item.issue.source_id for item in found}
    if len(sources) > 1:
        raise LuoshiError("E_INPUT", "这些文件不在同一份公报里。标注按公报文件写，请分开导出。")
    text = SourceFile.objects.values_list("text", flat=True).get(pk=sources.pop())
    written = [_instrument(item, text) for item in found]
    return {"file": found[0].issue.source.filename, "instruments": written}


def _instrument(item: Instrument, text: str) -> dict[str, Any]:
    every = items(item)
    label: dict[str, Any] = _head(every)
    covers: dict[str, Any] = {}
    rows: dict[str, list[Any]] = {}
    for measure, kind in _MEASURES.items():
        own = [one for one in every if one.kind == kind]
        left = sorted({_path(one) for one in own if not one.settled})
        if not any(one.settled for one in own):
            continue
        covers[measure] = {"except": left} if left else "all"
        kept = [one for one in own if one.settled and one.decision != "excluded" and _path(one) not in left]
        rows[measure] = [row for one in kept for row in _ROWS[kind](one, text)]
    acts = [one for one in every if one.kind == "appointment"]
    if acts and all(one.settled for one in acts):
        covers["appointments"] = "all"
        rows["appointments"] = [_appointment(one, text) for one in acts if one.decision != "excluded"]
    if not covers and len(label) == 1:
        raise LuoshiError("E_INCOMPLETE", f"{item.key} 还没有核对过的记录，没有可导出的标注。")
    return label | {"covers": covers} | rows


def _path(one: Item) -> str:
    return one.reading.path if one.reading else one.clause


def _head(every: Iterable[Item]) -> dict[str, Any]:
    fields = [one for one in every if one.kind == "head" and (one.settled or one.original["field"] == "number")]
    found: dict[str, Any] = {}
    for one in fields:
        content = one.content or {}
        found[one.original["field"]] = None if one.decision == "excluded" else content.get("value")
    return {"number": found.pop("number", None), **found}


def _contents(one: Item) -> list[Mapping[str, Any]]:
    return list(one.content) if isinstance(one.content, list) else [one.content]


def _duty(one: Item, _text: str) -> list[dict[str, Any]]:
    basis = (one.reading.basis if one.reading else "") or "subject"
    return [
        {
            "clause": _path(one),
            "lead": [organ["name"] for organ in content["lead"]],
            "cooperating": [organ["name"] for organ in content["cooperating"]],
            "basis": basis,
        }
        for content in _contents(one)
    ]


def _limit(one: Item, _text: str) -> list[dict[str, Any]]:
    return [{"clause": _path(one), "kind": one.content["kind"], "value": one.content["value"]}]


def _target(one: Item, _text: str) -> list[dict[str, Any]]:
    content = one.content
    return [{"clause": _path(one), **{name: content[name] for name in ("op", "value", "unit")}}]


def _person(one: Item, name: str, text: str) -> list[int] | None:
    """Return the span where the text prints the person's name, None where there is none."""
    if not name or one.reading is None:
        return None
    place = text.find(name, one.reading.start, one.reading.end)
    return [place, place + len(name)] if place >= 0 else [one.reading.start, one.reading.end]


def _membership(one: Item, text: str) -> list[dict[str, Any]]:
    content = one.content
    return [
        {
            "role": content["role"],
            "person": _person(one, content["person"], text),
            "post": content["post"] or None,
        }
    ]


def _appointment(one: Item, text: str) -> dict[str, Any]:
    content = one.content
    return {
        "action": content["action"],
        "person": _person(one, content["person"], text),
        "post": content["post"],
        "remark": content["remark"] or None,
    }


_ROWS = {"duty": _duty, "limit": _limit, "target": _target, "membership": _membership}
