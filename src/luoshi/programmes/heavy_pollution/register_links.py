"""What stands beside a firm, a site, a school in its register: its plan, and its tasks in the response.

Only what the reader may see, by a number of queries that does not grow with what there is.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from luoshi.office.actors import Actor
from luoshi.office.permissions import may
from luoshi.office.registers.declaration import Link
from luoshi.programmes.heavy_pollution import board, site_plans, tasks
from luoshi.programmes.heavy_pollution.models import Enterprise, MeasureTask, SitePlan

Links = Callable[[Any, datetime.date, Actor], Iterable[Link]]


def of_firm(record: Enterprise, day: datetime.date, actor: Actor) -> Iterator[Link]:
    """Yield a firm's newest plan, or that it has none for the year of its list, and its tasks."""
    reach = site_plans.reach_of(actor)
    if may(actor, "pollution.see") and (reach is None or record.town in reach):
        yield _plan(record)
    yield from of_object("firm", "credit_code")(record, day, actor)


def _plan(record: Enterprise) -> Link:
    title = _("减排操作方案")
    row = SitePlan.objects.filter(enterprise=record).order_by("-year", "-edition").first()
    if row is None:
        words = _("%(year)s年还没有方案") % {"year": record.list_year}
        query = urlencode({"year": record.list_year, "q": record.credit_code})
        return Link(title, words, f"{reverse('pollution-plans')}?{query}")
    words = _("%(year)s年第%(n)s版，%(state)s") % {
        "year": row.year, "n": row.edition, "state": row.get_state_display(),
    }  # fmt: skip
    return Link(title, words, reverse("pollution-plan", args=[row.pk]))


def of_object(kind: str, key: str = "code") -> Links:
    """Return what yields the tasks of a kind of object, whose number stands in the column `key`."""

    def links(record: Any, _day: datetime.date, actor: Actor) -> Iterator[Link]:
        if not may(actor, "pollution.see"):
            return
        warning = board.warning_of()
        if warning is None:
            return
        number = getattr(record, key)
        rows = MeasureTask.objects.filter(response=warning.response, object_kind=kind, object_id=number)
        if (reach := tasks.reach_of(actor)) is not None:
            rows = rows.filter(Q(organ__in=reach) | Q(town__in=reach))
        state = tasks.State
        counts = rows.aggregate(
            all=Count("id"), done=Count("id", filter=Q(state=state.IN_PLACE)),
            failed=Count("id", filter=Q(state=state.FAILED)),
        )  # fmt: skip
        if not counts["all"]:
            return
        words = _("%(case)s %(all)s项，已落实%(done)s项") % {"case": warning.case.number, **counts}
        if counts["failed"]:
            words += _("，未落实%(n)s项") % {"n": counts["failed"]}
        query = urlencode({"object": f"{kind}:{number}"})
        yield Link(_("措施任务"), words, f"{reverse('pollution-tasks')}?{query}")

    return links
