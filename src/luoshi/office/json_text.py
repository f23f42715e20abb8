"""JSON as text, by an encoder that is kept: `json` makes one anew for every call, which takes longer than its work."""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import c_make_encoder, encode_basestring, encode_basestring_ascii  # type: ignore[attr-defined]
from typing import Any


def encoder(
    *,
    escaped: bool = False,
    compact: bool = False,
    sort_keys: bool = False,
    allow_nan: bool = False,
    default: Callable[[Any], Any] | None = None,
) -> Callable[[Any], str]:
    """Return what writes plain data as JSON. `escaped`: in ASCII; `default` makes plain what is not."""
    item, key = (",", ":") if compact else (", ", ": ")
    if c_make_encoder is None:
        return json.JSONEncoder(
            ensure_ascii=escaped, separators=(item, key), sort_keys=sort_keys, allow_nan=allow_nan, default=default
        ).encode
    text = encode_basestring_ascii if escaped else encode_basestring
    encode = c_make_encoder(None, default or _refuse, text, None, key, item, sort_keys, False, allow_nan)
    return lambda value: "".join(encode(value, 0))


def _refuse(value: Any) -> Any:
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
