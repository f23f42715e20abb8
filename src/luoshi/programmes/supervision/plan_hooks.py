"""What the plan does when its smallest tasks change."""

from __future__ import annotations

from luoshi.office.duties import hooks
from luoshi.office.duties.matter_models import Matter
from luoshi.programmes.supervision import plan_actions
from luoshi.programmes.supervision.models import Node


@hooks.on(plan_actions.MODULE, "changed")
def follow_due(matter: Matter, act: str) -> None:
    """Keep the due day of a node with that of its matter: an approved extension moves both."""
    if act not in ("push", "plan") and matter.due_on is not None:
        Node.objects.filter(leaf__matter=matter).exclude(due=matter.due_on).update(due=matter.due_on)
