"""Progress carried upward (supervision D4): from a smallest task to its node, and up the path to the item; exactly.

Only the path of the task that changed is reckoned anew; fractions of percent are kept as "num/den".
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

from django.db import transaction

from luoshi.office.duties import curve, hooks, lights
from luoshi.office.duties.matter_models import Matter
from luoshi.programmes.supervision.models import KeyItem, Leaf, Node


def text(value: Fraction) -> str:
    """Return a fraction as it is kept: "num/den", in lowest terms."""
    return f"{value.numerator}/{value.denominator}"


@hooks.on("supervision", "changed")
def changed(matter: Matter, _act: str) -> None:
    """Carry what a smallest task reached to its item; nothing is written above a node that stays as it was."""
    leaf = Leaf.objects.select_related("node").filter(matter=matter).first()
    if leaf is None:
        return
    with transaction.atomic():
        # Two tasks of one item reported at once are reckoned one after the other.
        KeyItem.objects.select_for_update().filter(pk=leaf.node.item_id).values_list("pk").first()
        _up(leaf.node, lights.progress(matter))


def _up(node: Node, value: Fraction) -> None:
    above: int | None = node.pk
    parent = node.parent_id
    while above is not None:
        if not Node.objects.filter(pk=above).exclude(actual=text(value)).update(actual=text(value)):
            return
        siblings = Node.objects.filter(item=node.item_id, parent=parent, ended_at__isnull=True)
        rows = siblings.values_list("weight_bp", "actual")
        value = curve.rolled([(weight, Fraction(actual)) for weight, actual in rows])
        if parent is None:
            KeyItem.objects.filter(pk=node.item_id).update(actual=text(value))
            return
        above, parent = parent, Node.objects.values_list("parent_id", flat=True).get(pk=parent)


def recompute(item: int) -> Fraction:
    """Reckon a whole item anew, from all its tasks, and return how far it is; after its tree was changed."""
    with transaction.atomic():
        KeyItem.objects.select_for_update().filter(pk=item).values_list("pk").first()
        nodes = list(Node.objects.filter(item=item, ended_at__isnull=True).order_by("-level"))
        leaves = Leaf.objects.filter(node__item=item, matter__isnull=False).select_related("matter")
        reached = {leaf.node_id: lights.progress(leaf.matter) for leaf in leaves if leaf.matter is not None}
        children: dict[int | None, list[tuple[int, Fraction]]] = defaultdict(list)
        for node in nodes:
            value = curve.rolled(children[node.pk]) if node.pk in children else reached.get(node.pk, curve.NONE)
            children[node.parent_id].append((node.weight_bp, value))
            if node.actual != text(value):
                Node.objects.filter(pk=node.pk).update(actual=text(value))
        total = curve.rolled(children[None])
        KeyItem.objects.filter(pk=item).update(actual=text(total))
    return total
