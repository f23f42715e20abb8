"""Names of persons and firms as banks write them: the same but for spaces, width of signs and capitals."""

from __future__ import annotations

import unicodedata


def folded(text: str | None) -> str:
    """Return a name for comparison: full-width signs made plain, spaces taken out, capitals made small."""
    return "".join(unicodedata.normalize("NFKC", text or "").split()).casefold()


def same(one: str | None, other: str | None) -> bool:
    """Tell whether two spellings name the same party; an empty name is nobody's."""
    return bool(folded(one)) and folded(one) == folded(other)
