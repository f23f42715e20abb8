"""The JSON Schema of the public contract, packaged with the code that fulfils it."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any


@cache
def load_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a compilation, contract version 1; do not change what is returned."""
    text = resources.files(__name__).joinpath("gazette-v1.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
