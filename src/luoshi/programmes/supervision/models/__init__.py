"""What key-work supervision keeps; smallest tasks are matters of the office with what the plan adds to them."""

from luoshi.programmes.supervision.models.plan import (
    EVIDENCE,
    Chapter,
    ItemConcern,
    ItemEvent,
    ItemOrgan,
    KeyItem,
    Leaf,
    NamingDecision,
    Node,
    Plan,
    Target,
    Waiver,
)

__all__ = [
    "EVIDENCE",
    "Chapter",
    "ItemConcern",
    "ItemEvent",
    "ItemOrgan",
    "KeyItem",
    "Leaf",
    "NamingDecision",
    "Node",
    "Plan",
    "Target",
    "Waiver",
]
