"""Facts from the library: a decision asked about a thing by name gets what the database knows of it.

The table says for a decision what a question must name and what the library then supplies. Facts that are given are
never replaced, and where any of them is given nothing is read: the answer then rests on what was handed in alone.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

Supply = Callable[[Mapping[str, Any], datetime.date], Mapping[str, Any]]


class Supplier(NamedTuple):
    """What a question must name (`needs`), what it may then lack (`gives`), and who supplies it (module:function)."""

    needs: tuple[str, ...]
    gives: tuple[str, ...]
    function: str


_ORGANS = "luoshi.office.organs.library:"
SUPPLIERS: Mapping[str, Supplier] = {
    "organs.holder": Supplier(("organ", "post"), ("evidence",), _ORGANS + "facts_of_holder"),
    "organs.resolve": Supplier(("text",), ("relations", "readings", "names"), _ORGANS + "facts_of_name"),
    "organs.list": Supplier(("text",), ("readings", "names"), _ORGANS + "facts_of_list"),
    "organs.successor": Supplier(("organ",), ("relations",), _ORGANS + "facts_of_successor"),
    "organs.members": Supplier(("group",), ("members", "changes", "evidence"), _ORGANS + "facts_of_group"),
    "organs.appointments": Supplier(("acts",), ("evidence",), _ORGANS + "facts_of_appointments"),
    "organs.citation": Supplier(("text",), ("paths",), _ORGANS + "facts_of_citation"),
}
"""The decisions the library has facts for. A room adds one line and the function."""


def lacks_facts(key: str, facts: Mapping[str, Any] | str, assumed: Mapping[str, Any] | None = None) -> bool:
    """Whether a question names what it asks about and brings none of the facts the library would supply.

    `assumed` are what-if values, which count as given. Needs no database.
    """
    return _asked(key, facts, assumed) is not None


def complete(
    key: str, facts: Mapping[str, Any] | str, on: datetime.date, assumed: Mapping[str, Any] | None = None
) -> Mapping[str, Any] | str:
    """Return the facts with those of the library, or as they are where any was given or there is no library yet."""
    asked = _asked(key, facts, assumed)
    if asked is None or not _has_library():
        return facts
    module, name = SUPPLIERS[key].function.split(":")
    supply: Supply = getattr(import_module(module), name)
    found = supply(asked, on)
    return {**asked, **{name: value for name, value in found.items() if value is not None}}


def _asked(key: str, facts: Mapping[str, Any] | str, assumed: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """The question with its what-if values if the library has something to add, else None."""
    if key not in SUPPLIERS:
        return None
    given: Any = facts
    if isinstance(facts, str):
        try:
            given = json.loads(facts)
        except ValueError:
            return None  # the decision refuses it
    if not isinstance(given, Mapping):
        return None
    supplier, asked = SUPPLIERS[key], {**given, **(assumed or {})}
    named = all(asked.get(name) for name in supplier.needs)
    return given if named and all(asked.get(name) is None for name in supplier.gives) else None


def _has_library() -> bool:
    """Whether there is a database with tables: a question is answered without one as well."""
    from django.db import connection

    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        if "memory" not in name and not Path(name).exists():
            return False
    return "organs_organ" in connection.introspection.table_names()
