"""What the indicators count: warnings, reports, pledges, plans, tasks, drills, shifts; each part in one query or two.

A part answers for all places of a period at once (`office/indicators/declaration.py`); the records behind it are those
the reader may see. Exercises never count.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.urls import reverse

from luoshi.kernel.clock import CLOCK, day_of, end_of, local, start_of
from luoshi.office.indicators.declaration import CITY, Behind, Records
from luoshi.office.indicators.spans import Span
from luoshi.programmes.heavy_pollution import drills, plan, site_plans, tasks
from luoshi.programmes.heavy_pollution.decisions.plans import gaps
from luoshi.programmes.heavy_pollution.models import (
    ConstructionSite,
    Drill,
    Enterprise,
    EpisodeDuty,
    MeasureTask,
    PlanVersion,
    Pledge,
    PollutionWarning,
    Shift,
    SitePlan,
)

Counts = dict[str, Any]
Rows = QuerySet[Any]
STANDING = {"void": False, "ended_on": None}
_REPLACED = "措施已被替代"
_DAY = datetime.timedelta(days=1)


def by(rows: Rows, field: str) -> Counts:
    """Return how many rows there are by a column."""
    return dict(rows.order_by().values_list(field).annotate(n=Count("pk")))


def within(rows: Rows, actor: Any, *fields: str) -> Rows:
    """Return the rows of the organs and towns whose tasks the actor sees."""
    reach = tasks.reach_of(actor)
    if reach is None:
        return rows
    wanted = Q(pk__in=[])
    for field in fields:
        wanted |= Q(**{f"{field}__in": reach})
    return rows.filter(wanted)


# --- episodes ---------------------------------------------------------------------------------------------------------


def episodes(first: datetime.date, last: datetime.date) -> Iterator[Span]:
    """Yield the processes that had a warning between two days, in order; a live one is running."""
    rows = PollutionWarning.objects.filter(exercise=False, issued_at__lt=end_of(last)).select_related("case")
    rows = rows.filter(Q(released_at=None) | Q(released_at__gte=start_of(first)))
    for row in rows.order_by("issued_at", "pk"):
        ends = row.released_at or max(row.expected_end, CLOCK.now())
        title = f"{row.case.number} {row.get_highest_display()}"
        yield Span("episode", row.case.number, day_of(local(row.issued_at)), day_of(local(ends)), title)


def warnings(span: Span) -> Rows:
    """Return the warnings first issued in a period that were not issued because it was heavy already (K1)."""
    rows = PollutionWarning.objects.filter(exercise=False, issued_at__gte=span.begins, issued_at__lt=span.ends)
    return rows.exclude(basis="nowcast")


def ahead(span: Span) -> Counts:
    """K1: those issued as long ahead as the plan asks."""
    return {CITY: warnings(span).filter(late_s=0).count()}


def issued(span: Span) -> Counts:
    """K1: all of them."""
    return {CITY: warnings(span).count()}


def _shown_warning(row: PollutionWarning) -> Behind:
    hours, minutes = divmod(row.late_s // 60, 60)
    late = f"晚{hours}小时{minutes}分（{row.late_reason}）" if row.late_s else "提前量足够"
    when = f"{local(row.issued_at):%Y年%m月%d日 %H:%M}发布"
    return Behind(row.case.number, reverse("pollution-warning", args=[row.pk]), f"{when}，{late}")


def warnings_behind(*, in_time: bool) -> Callable[[Any, Span, str], Records]:
    """Return what lists the warnings behind K1."""

    def rows(_actor: Any, span: Span, _place: str) -> Records:
        found = warnings(span).select_related("case")
        return Records(found.filter(late_s=0) if in_time else found, _shown_warning)

    return rows


# --- what is reported -------------------------------------------------------------------------------------------------


def _reports(span: Span, kinds: Sequence[str]) -> Rows:
    rows = EpisodeDuty.objects.filter(response__warning__case__number=span.key, kind__in=kinds)
    due = Q(received_at__isnull=False) | Q(due_at__lte=CLOCK.now())
    return rows.exclude(state=EpisodeDuty.State.VOID).filter(due)


class Reports:
    """K2 to K5: what was due of some kinds, and what came in time, by organ."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = kinds

    def due(self, span: Span) -> Counts:
        """What was due by now."""
        return by(_reports(span, self._kinds), "organ")

    def in_time(self, span: Span) -> Counts:
        """What came by its moment, by the server's clock."""
        return by(_reports(span, self._kinds).filter(state=EpisodeDuty.State.DONE), "organ")

    def due_rows(self, actor: Any, span: Span, place: str) -> Records:
        """The reports due."""
        rows = within(_reports(span, self._kinds), actor, "organ")
        return Records(rows.filter(organ=place) if place else rows, _shown_report, self._link())

    def in_time_rows(self, actor: Any, span: Span, place: str) -> Records:
        """The reports that came in time."""
        found = self.due_rows(actor, span, place)
        return Records(found.rows.filter(state=EpisodeDuty.State.DONE), found.shown, found.link)

    def _link(self) -> str:
        return f"{reverse('pollution-duties')}?kind={self._kinds[0]}&state="


def _shown_report(row: EpisodeDuty) -> Behind:
    came = f"{local(row.received_at):%m月%d日 %H:%M}报" if row.received_at else "未报"
    note = f"{row.get_state_display()}：应于{local(row.due_at):%m月%d日 %H:%M}前，{came}"
    title = f"{row.get_kind_display()} {row.period}".strip()
    return Behind(title, f"{reverse('pollution-duties')}?kind={row.kind}&state=&open={row.pk}", note, row.organ)


# --- tasks ------------------------------------------------------------------------------------------------------------


def _tasks(span: Span) -> Rows:
    rows = MeasureTask.objects.filter(response__warning__case__number=span.key)
    return rows.exclude(state=MeasureTask.State.EXCUSED).exclude(closed=_REPLACED)


def _verified(rows: Rows) -> Rows:
    """Keep those in place with evidence: a file, or a reading or log that was written down."""
    return rows.filter(state=MeasureTask.State.IN_PLACE).exclude(evidence=None, note="")


def _placed(rows: Rows) -> Counts:
    """Count by organ and by town; the city counts each task once."""
    found: Counts = {CITY: 0}
    for organ, town, count in rows.order_by().values_list("organ", "town").annotate(n=Count("pk")):
        for place in {CITY, organ, town or CITY}:
            found[place] = found.get(place, 0) + count
    return found


def tasks_verified(span: Span) -> Counts:
    """K14: tasks in place with evidence."""
    return _placed(_verified(_tasks(span)))


def tasks_given(span: Span) -> Counts:
    """K14: tasks given, less those excused by a decision and those another measure replaced."""
    return _placed(_tasks(span))


def tasks_behind(*, verified: bool) -> Callable[[Any, Span, str], Records]:
    """Return what lists the tasks behind K14."""

    def rows(actor: Any, span: Span, place: str) -> Records:
        found = within(_tasks(span), actor, "organ", "town")
        if place:
            found = found.filter(Q(organ=place) | Q(town=place))
        return Records(_verified(found) if verified else found, _shown_task, reverse("pollution-tasks"))

    return rows


def _shown_task(row: MeasureTask) -> Behind:
    title = f"{row.measure} {row.object_name or row.text}"
    note = "：".join(one for one in (row.get_state_display(), row.note) if one)
    return Behind(title, f"{reverse('pollution-tasks')}?measure={row.measure}&open={row.pk}", note, row.organ)


# --- firms, sites, plans ----------------------------------------------------------------------------------------------


def _listed(span: Span) -> tuple[Rows, Rows]:
    """Return the firms and sites on the list of a year, each with whether its pledge is signed (3.1.1(2))."""
    year = span.first.year
    signed = Pledge.objects.filter(year=year, void=False)
    firms = site_plans.listed(year).annotate(signed=Exists(signed.filter(object_id=OuterRef("credit_code"))))
    sites = ConstructionSite.objects.filter(**STANDING)
    return firms, sites.annotate(signed=Exists(signed.filter(object_id=OuterRef("code"))))


def _together(parts: Iterable[Counts]) -> Counts:
    found: Counts = {}
    for part in parts:
        for place, count in part.items():
            found[place] = found.get(place, 0) + count
    return found


def _pledgers(span: Span) -> tuple[Rows, ...]:
    firms, sites = _listed(span)
    # Sites have no list of a year: they are counted with the list that stands.
    return (firms, sites) if span.first.year == CLOCK.today().year else (firms,)


def pledged(span: Span) -> Counts:
    """K6: pledges signed, by town."""
    return _together(by(rows.filter(signed=True), "town") for rows in _pledgers(span))


def pledging(span: Span) -> Counts:
    """K6: firms and sites on the list, by town."""
    return _together(by(rows, "town") for rows in _pledgers(span))


def pledges_behind(*, signed: bool) -> Callable[[Any, Span, str], Records]:
    """Return what lists the firms and sites behind K6; those that lack their pledge first."""

    def rows(actor: Any, span: Span, place: str) -> Records:
        found: list[Behind] = []
        for one in _pledgers(span):
            chosen = within(one.filter(signed=True) if signed else one, actor, "town")
            chosen = chosen.filter(town=place) if place else chosen
            pairs = chosen.order_by("signed", "pk").values_list("name", "town", "signed")
            found += [Behind(name, "", "已签" if done else "未签", town) for name, town, done in pairs[:5000]]
        link = reverse("register", args=["heavy_pollution.pledges"])
        return Records(sorted(found, key=lambda one: one.note == "已签"), lambda one: one, link)

    return rows


def _ready(span: Span) -> Rows:
    return site_plans.with_readiness(site_plans.listed(span.first.year), span.first.year)


def plans_approved(span: Span) -> Counts:
    """K7: firms whose plan of the year is approved or filed, by town."""
    return by(_ready(span).filter(ready=True), "town")


def plans_owed(span: Span) -> Counts:
    """K7: firms on the list of the year, by town."""
    return by(site_plans.listed(span.first.year), "town")


def plans_behind(*, ready: bool) -> Callable[[Any, Span, str], Records]:
    """Return what lists the firms behind K7."""

    def rows(actor: Any, span: Span, place: str) -> Records:
        found = within(_ready(span), actor, "town")
        found = found.filter(town=place) if place else found
        link = f"{reverse('pollution-plans')}?year={span.first.year}"
        return Records(found.filter(ready=True) if ready else found, _shown_firm, link)

    return rows


def _shown_firm(row: Any) -> Behind:
    href = f"{reverse('pollution-plans')}?year={row.list_year}&q={row.credit_code}"
    return Behind(row.name, href, "方案已审核" if row.ready else "没有经审核的方案", row.town)


def firms_with_plan(span: Span) -> list[tuple[Enterprise, SitePlan | None]]:
    """Return the firms on the list of a year with the plan of that year in force, None where there is none."""
    year = span.first.year
    firms = list(site_plans.listed(year).order_by("pk"))
    plans = SitePlan.objects.filter(year=year, state__in=site_plans.READY).order_by("edition")
    found = {one.enterprise_id: one for one in plans}
    for firm in firms:
        if firm.pk in found:
            found[firm.pk].enterprise = firm
    return [(firm, found.get(firm.pk)) for firm in firms]


# --- plans of organs --------------------------------------------------------------------------------------------------


def _organ_plans(span: Span) -> Rows:
    return PlanVersion.objects.filter(due_on__gte=span.first, due_on__lte=span.last).exclude(parent=None)


def _filed_in_time(span: Span) -> list[PlanVersion]:
    rows = _organ_plans(span).filter(filed_at__isnull=False)
    return [row for row in rows if not organ_late(row)]


def organ_late(row: PlanVersion) -> bool:
    """Whether a plan was filed after its day."""
    return row.filed_at is not None and row.due_on is not None and day_of(local(row.filed_at)) > row.due_on


def organ_plans_filed(span: Span) -> Counts:
    """K8: plans filed by their day, by organ."""
    found: Counts = {}
    for row in _filed_in_time(span):
        found[row.organ] = found.get(row.organ, 0) + 1
    return found


def organ_plans_owed(span: Span) -> Counts:
    """K8: plans members owed in the year."""
    return by(_organ_plans(span), "organ")


def organ_plans_behind(*, in_time: bool) -> Callable[[Any, Span, str], Records]:
    """Return what lists the plans behind K8."""

    def rows(actor: Any, span: Span, place: str) -> Records:
        found = within(_organ_plans(span), actor, "organ")
        found = found.filter(organ=place) if place else found
        if in_time:
            found = found.filter(pk__in=[row.pk for row in _filed_in_time(span)])
        return Records(found, _shown_organ_plan, reverse("pollution-organ-plans"))

    return rows


def _shown_organ_plan(row: PlanVersion) -> Behind:
    filed = f"{local(row.filed_at):%Y年%m月%d日}备案" if row.filed_at else "未备案"
    note = f"限{row.due_on:%Y年%m月%d日}，{filed}{'，迟' if organ_late(row) else ''}"
    return Behind(row.title, reverse("pollution-organ-plan", args=[row.pk]), note, row.organ)


# --- drills and the roster --------------------------------------------------------------------------------------------


def drills_held(span: Span) -> Counts:
    """K11: drills of the year held before the heating season began."""
    return {CITY: drills.held_before_season(span.first.year)}


def drills_behind(_actor: Any, span: Span, _place: str) -> Records:
    """Return the drills of the season."""
    rows = Drill.objects.filter(season=span.first.year, void=False)
    return Records(rows, _shown_drill, reverse("pollution-drills"))


def _shown_drill(row: Drill) -> Behind:
    held = f"{row.held_on:%Y年%m月%d日}举行" if row.held_on else f"计划{row.planned_on:%Y年%m月%d日}"
    return Behind(row.title, reverse("pollution-drill", args=[row.pk]), held)


def roster_organs() -> list[str]:
    """Return who keeps a roster: the command's office and its members (4.4)."""
    return [plan.COMMAND, *plan.MEMBERS]


def _uncovered(span: Span, organs: Sequence[str]) -> list[tuple[str, Any]]:
    """Return the gaps of rosters in a period, as far as it has passed; one query for all organs."""
    ends = min(span.ends, CLOCK.now())
    if ends <= span.begins:
        return []
    kept: dict[str, list[tuple[datetime.datetime, datetime.datetime]]] = {organ: [] for organ in organs}
    rows = Shift.objects.filter(organ__in=organs, begins__lt=ends, ends__gt=span.begins, **STANDING)
    for organ, begin, end in rows.values_list("organ", "begins", "ends"):
        kept[organ].append((local(begin), local(end)))
    return [(organ, gap) for organ in organs for gap in gaps(kept[organ], local(span.begins), local(ends))]


def roster_gaps(span: Span) -> Counts:
    """K12: minutes nobody was on duty, by organ."""
    found: Counts = dict.fromkeys(roster_organs(), 0)
    for organ, gap in _uncovered(span, roster_organs()):
        found[organ] += gap.minutes
    return found


def roster_behind(actor: Any, span: Span, place: str) -> Records:
    """Return the gaps of the rosters the actor sees."""
    reach = tasks.reach_of(actor)
    organs = [one for one in roster_organs() if (not place or one == place) and (reach is None or one in reach)]

    def shown(one: tuple[str, Any]) -> Behind:
        organ, gap = one
        title = f"{gap.begins:%m月%d日 %H:%M}–{gap.ends:%m月%d日 %H:%M}"
        return Behind(title, f"{reverse('pollution-roster')}?organ={organ}", f"{gap.minutes:,}分钟无人值班", organ)

    return Records(_uncovered(span, organs), shown, reverse("pollution-roster"))
