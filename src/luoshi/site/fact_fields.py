"""The form of a decision's facts, made from their schema: a field a fact, typed, with the words of its description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from luoshi.kernel.decisions import Definition

_SCOPE = re.compile(r"^([a-z][a-z_, ]*[a-z_]):\s*")
_LABEL_ENDS = re.compile(r"[：:；，（(。]")
_INTEGER = re.compile(r"[-+]?\d{1,18}")
_LONGEST_LABEL = 16
MAX_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class FactField:
    """One fact: `kind` is integer, number, boolean, choice, date, text or json; `first` fields stand in front."""

    name: str
    label: str
    hint: str
    kind: str
    required: bool
    options: tuple[tuple[str, str], ...]
    example: str
    first: bool


class FactError(ValueError):
    """What was typed into some fields cannot be read: sentence by field."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("；".join(faults.values()))
        self.faults = dict(faults)


def fields_of(definition: Definition) -> list[FactField]:
    """Return the fields of a decision's facts: those of its examples first, then the rest, in the order declared."""
    schema = definition.facts_model.model_json_schema()
    examples = [example for example in schema.get("examples", ()) if isinstance(example, Mapping)]
    known, required = schema.get("$defs", {}), set(schema.get("required", ()))
    shown = set(examples[0]) if examples else set(schema.get("properties", {}))
    fields = [
        _field(name, _resolved(part, known), name in required, name in shown | required, _example_of(name, examples))
        for name, part in schema.get("properties", {}).items()
    ]
    return sorted(fields, key=lambda field: not field.first)


def _resolved(part: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a property with its reference followed and the possible absence left out, its own words kept."""
    if "$ref" in part:
        part = {**known.get(str(part["$ref"]).rpartition("/")[2], {}), **part}
    choices = [choice for choice in part.get("anyOf", ()) if choice.get("type") != "null"]
    if len(choices) == 1:
        return _resolved({**choices[0], **{key: value for key, value in part.items() if key != "anyOf"}}, known)
    if choices and all(choice.get("type") == "string" for choice in choices):
        return {**part, "type": "string"}
    return part


def _field(name: str, part: Mapping[str, Any], required: bool, first: bool, example: str) -> FactField:
    label, hint = _words(name, str(part.get("description", "")))
    return FactField(name, label, hint, _kind(part), required, _options(part), example, first)


def _kind(part: Mapping[str, Any]) -> str:
    if "enum" in part or "const" in part:
        return "choice"
    found = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}.get(
        str(part.get("type", "")), "json"
    )
    return "date" if found == "text" and part.get("format") == "date" else found


def _options(part: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    values = part.get("enum", [part["const"]] if "const" in part else [])
    return tuple((str(value), str(value)) for value in values if value is not None)


def _words(name: str, description: str) -> tuple[str, str]:
    """Return label and hint: a description reads `form: 称谓：补充 / in English`."""
    chinese = description.partition(" / ")[0].strip()
    scope = _SCOPE.match(chinese)
    rest = chinese[scope.end() :] if scope else chinese
    end = _LABEL_ENDS.search(rest)
    label, extra = (rest[: end.start()], rest[end.start() :]) if end and end.start() else (rest, "")
    if not label or len(label) > _LONGEST_LABEL:
        label, extra = name, rest
    hint = extra.strip("：:；，。 ")
    if hint.startswith(("（", "(")) and hint.endswith(("）", ")")):
        hint = hint[1:-1]
    if scope:
        hint = _("用于 {scope}").format(scope=scope[1]) + (f"；{hint}" if hint else "")
    return label, hint


def _example_of(name: str, examples: Iterable[Mapping[str, Any]]) -> str:
    value = next((example[name] for example in examples if name in example), None)
    return "" if value is None else as_text(value)


def as_text(value: Any) -> str:
    """Return a fact as it is typed into its field."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, indent=1) if isinstance(value, (list, dict)) else str(value)


def read_facts(fields: Iterable[FactField], typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the facts that were typed, left out where nothing was; FactError names the fields that cannot be read.

    What the schema says of a fact is checked by the decision itself: here only text becomes JSON.
    """
    facts: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for field in fields:
        text = typed.get(field.name, "").strip()
        if not text:
            continue
        if len(text) > MAX_TEXT or "\0" in text:
            faults[field.name] = _("“%s”过长。") % field.label
            continue
        try:
            facts[field.name] = _read(field, text)
        except (ValueError, RecursionError):
            faults[field.name] = _("“%s”不是有效的 JSON，请照样例的格式写。") % field.label
    if faults:
        raise FactError(faults)
    return facts


def _read(field: FactField, text: str) -> Any:
    if field.kind == "boolean":
        return {"true": True, "false": False}.get(text, text)
    if field.kind in ("integer", "number"):
        return int(text) if _INTEGER.fullmatch(text) else text
    return json.loads(text, parse_float=Decimal) if field.kind == "json" else text
