"""Which pages of this room belong to a case: its page links to them, so that nobody is stuck there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.office.cases.hooks import elsewhere, links, reading
from luoshi.office.cases.models import Case
from luoshi.programmes.heavy_pollution import episodes, papers
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.models import (
    Consultation,
    Drill,
    Inspection,
    PlanVersion,
    PollutionWarning,
    SitePlan,
)

Pages = Sequence[tuple[str, str]]
_OWN: dict[str, tuple[Any, str, Any]] = {
    "heavy_pollution.site_plan": (gettext_lazy("减排方案"), "pollution-plan", SitePlan),
    "heavy_pollution.plan": (gettext_lazy("方案"), "pollution-organ-plan", PlanVersion),
    "heavy_pollution.city_plan": (gettext_lazy("预案"), "pollution-organ-plan", PlanVersion),
    "heavy_pollution.violation": (gettext_lazy("检查记录"), "pollution-inspection", Inspection),
    "heavy_pollution.accountability": (gettext_lazy("检查记录"), "pollution-inspection", Inspection),
}
"""By procedure: the title and name of the page, and whose records have the case."""


@links(ROOM)
def of_case(case: Case) -> Pages:
    """Return the consultation, board, whole file, plan, inspection or drill of a case."""
    kind = case.procedure
    if kind == episodes.APPROVAL:
        held = Consultation.objects.filter(approval=case).values_list("warning", flat=True)[:1]
        return [page for warning in held for page in _of_approval(case, warning)]
    if kind == episodes.WARNING:
        return [
            (_("预警看板"), reverse("pollution-warning", args=[pk]))
            for pk in PollutionWarning.objects.filter(case=case).values_list("pk", flat=True)
        ]
    if kind == episodes.DRILL:
        rows = Drill.objects.filter(case_number=case.number).values_list("pk", flat=True)[:1]
        return [(_("演练"), reverse("pollution-drill", args=[pk])) for pk in rows]
    if kind not in _OWN:
        return ()
    title, name, model = _OWN[kind]
    rows = model.objects.filter(case=case).values_list("pk", flat=True)
    return [(str(title), reverse(name, args=[pk])) for pk in rows]


@reading(ROOM)
def to_sign(case: Case, step: str) -> int | None:
    """Return the announcement that committee, commander and office agree to, sign and send out."""
    if case.procedure != episodes.APPROVAL or step not in ("consent", "sign", "issue"):
        return None
    drafted = case.facts.get(papers.DRAFT)
    return int(drafted) if drafted is not None else None


_AT_BOARD = {
    "adjust": gettext_lazy("到看板开调整会商"),
    "announce_release": gettext_lazy("到看板开解除会商"),
}


@elsewhere(ROOM)
def of_step(case: Case, step: str) -> tuple[str, str] | None:
    """Return where a warning is adjusted or released: in the chain of approval (3.1.5), which the board opens.

    While a chain is open this is its page. A real warning never ends as a drill.
    """
    if case.procedure != episodes.WARNING or step not in (*_AT_BOARD, "end_exercise"):
        return None
    if step == "end_exercise":
        return None if case.exercise else ("", "")
    going = Case.objects.filter(procedure=episodes.APPROVAL, parent=case, is_open=True).order_by("-id").first()
    if going is not None:
        wanted = episodes.RELEASE if step == "announce_release" else episodes.ADJUST
        same = going.facts.get("purpose") == wanted
        return (going.number, reverse("pollution-consultation", args=[going.pk])) if same else ("", "")
    if step == "announce_release" and case.state != "live":
        return "", ""
    pk = PollutionWarning.objects.filter(case=case).values_list("pk", flat=True).first()
    return (str(_AT_BOARD[step]), f"{reverse('pollution-warning', args=[pk])}#hp-grade") if pk is not None else None


def _of_approval(case: Case, warning: int | None) -> Pages:
    own = (_("会商页"), reverse("pollution-consultation", args=[case.pk]))
    return [own] if warning is None else [own, (_("预警看板"), reverse("pollution-warning", args=[warning]))]
