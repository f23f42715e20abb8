"""The demonstration gazette: an invented city's issue, damaged the way scanned gazettes are.

Everything in it is invented: city, organs, figures and persons (测试甲, 测试乙 and so on). The corrected edition prints
one of its documents again, same number, amended text.
"""

from __future__ import annotations

from importlib.resources import files

ISSUE = "cezhou-2024-1.txt"
CORRECTED = "cezhou-2024-1-corrected.txt"


def demo_texts() -> dict[str, str]:
    """Return the texts by file name, in the order in which they are to be imported: the issue, then its correction."""
    folder = files(__name__)
    return {name: (folder / name).read_text(encoding="utf-8") for name in (ISSUE, CORRECTED)}
