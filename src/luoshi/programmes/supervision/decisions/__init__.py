"""The rules of key-work supervision as decisions (supervision section 6); importing the package registers them."""

from __future__ import annotations

from luoshi.programmes.supervision.decisions import closing, course, governance, marks, scoring

__all__ = ["closing", "course", "governance", "marks", "scoring"]
