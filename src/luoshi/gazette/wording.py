"""Alternations of many words as patterns that a matcher decides quickly: common beginnings are shared."""

from __future__ import annotations

import re
from typing import Any

_TOKEN = re.compile(r"\(\?.*|(?:\\.|\[[^\]]*\]|.)[?*+]?")

_Tree = dict[str, Any]


def any_of(words: str) -> str:
    """Return a pattern that matches one of the words, divided by blanks; of two that begin alike the longer one.

    A word may end in a guard, as in `应(?!急)`, and hold a repeated character, as in `不?含`.
    """
    tree: _Tree = {}
    for word in words.split():
        node = tree
        for token in _TOKEN.findall(word):
            node = node.setdefault(token, {})
        node[""] = {}
    return f"(?:{_pattern(tree)})"


def _pattern(tree: _Tree) -> str:
    """Return the branches of a tree of words: longer words first, then those that end here with a guard or without."""
    branches = [token + _pattern(rest) for token, rest in tree.items() if token and not token.startswith("(?")]
    branches += [token for token in tree if token.startswith("(?")]
    if branches and "" in tree:
        branches.append("")
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})" if branches else ""


def words_of(text: str) -> tuple[str, ...]:
    """Return words divided by blanks as a tuple."""
    return tuple(text.split())


def first_of(words: str) -> str:
    """Return the class of the characters that the words begin with."""
    return f"[{''.join(sorted({word[0] for word in words.split()}))}]"


def last_of(words: str) -> str:
    """Return the class of the characters that the words end with."""
    return f"[{''.join(sorted({word[-1] for word in words.split()}))}]"


def ends_in(words: str) -> str:
    """Return a look-behind for text that ends in one of the words, which may hold escaped signs but no guards."""
    lengths: dict[int, list[str]] = {}
    for word in dict.fromkeys(words.split()):
        lengths.setdefault(len(word.replace("\\", "")), []).append(word)
    behind = (f"(?<={any_of(' '.join(same))})" for _, same in sorted(lengths.items()))
    return f"(?:{'|'.join(behind)})"
