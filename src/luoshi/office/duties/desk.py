"""The desk (工作台): what an actor owes today, what changed, whom it waits for; a fixed number of queries."""

from __future__ import annotations

import calendar as months
import datetime
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet, prefetch_related_objects

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import start_of
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, workdays
from luoshi.office.duties.matter_models import FAR, CrossOff, Extension, Matter, MatterEvent, State
from luoshi.office.duties.matter_queries import complete, to_check
from luoshi.office.paging import Total, bounded_totals
from luoshi.office.permissions import may

COUNT_BOUND = 500
"""The desk counts exactly up to here; more than that nobody does from a desk, and counting would take long."""
GROUP_ROWS = 25
"""Rows shown of one group; the rest is a link."""
_CHANGES = 100
_SHOWN = 10
_ALIKE = 3
"""From so many automatic changes of the same words on they are one line."""
_UNNOTICED = ("move",)
"""What happens by itself and changes nothing for a reader: the same duty in a new version of its document."""

VIEWS = ("mine", "organ", "check", "all")


@dataclass(frozen=True, slots=True)
class Group:
    """One group of the desk: key overdue|today|soon|month|paused, its title, how many, the first rows."""

    key: str
    title: str
    total: Total
    rows: list[Matter]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that lies with somebody else: what, with whom, since when, working days."""

    matter: Matter
    what: str
    holder: str
    since: datetime.datetime
    working_days: int


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the desk shows.

    The six counts; `groups` in the order 已逾期, 今天到期, 三个工作日内, 本月, 停表; `months` maps each day of the
    month to how many matters are due; `changes` are events by others since `since`, newest first, at most 10: what went
    over to a new version unchanged is left out, and automatic ones of the same words are one, the newest;
    `backlog`: matters whose day was past when they were entered and that nobody has taken up; `next_due`: the first
    matter due after this month, when nothing is due before.
    """

    view: str
    views: dict[str, Total]
    since: datetime.datetime
    overdue: Total
    today: Total
    soon: Total
    checking: Total
    waiting: Total
    changed: Total
    groups: list[Group]
    months: dict[datetime.date, int]
    changes: list[MatterEvent]
    waiting_rows: list[Waiting]
    backlog: Total
    undated: Total
    next_due: Matter | None


def desk(
    actor: Actor,
    day: datetime.date,
    *,
    view: str = "mine",
    since: datetime.datetime | None = None,
    fold_at: int | None = None,
    documents: Collection[str] = (),
) -> Desk:
    """Return the desk of `actor` on `day`.

    `view` mine: what the actor holds, and what nobody yet holds in organs for which the actor reports (for a person who
    reports for none: everything visible); organ: all of the actor's organs; check: what waits for the actor's check;
    all: everything visible. `since`: when the actor left, midnight before `day` unless given. A group comes without its
    rows where it and those before it are more than `fold_at`, but for the first; with 0 every group does. With
    `documents` only what these ask for.
    """
    with concern.remembered():
        return _desk(actor, day, view, since or start_of(day - ONE_DAY), fold_at, documents)


def _desk(
    actor: Actor,
    day: datetime.date,
    view: str,
    since: datetime.datetime,
    fold_at: int | None,
    documents: Collection[str],
) -> Desk:
    def owed_in(view: str) -> QuerySet[Matter]:
        rows = _owed(actor, view)
        return rows.filter(instrument__key__in=documents) if documents else rows

    owed = owed_in(view)
    third = workdays.shift(day, 3)
    month_end = day.replace(day=months.monthrange(day.year, day.month)[1])
    running = owed.exclude(state__in=[State.PAUSED, State.SUBMITTED]) if view != "check" else owed
    parts = {
        # What is overdue was due before: said too, because the indexes are in the order of the due day.
        "overdue": ("已逾期", running.filter(late_on__lte=day, due_sort__lt=day)),
        "today": ("今天到期", running.filter(due_sort=day, backlog=False)),
        "soon": ("三个工作日内", running.filter(due_sort__gt=day, due_sort__lte=third)),
        "month": ("本月", running.filter(due_sort__gt=third, due_sort__lte=month_end)),
        "paused": ("停表", owed.filter(state=State.PAUSED)),
    }
    groups = _groups(parts, fold_at)
    totals = {group.key: group.total for group in groups}
    waiting_rows, waiting = _waiting(actor, day)
    changes, changed = _changes(actor, since)
    mine, checking, organ, backlog, undated = bounded_totals(
        [
            owed_in("mine"),
            owed_in("check"),
            owed_in("organ"),
            owed.filter(backlog=True, state=State.OPEN),
            running.filter(due_sort=FAR),
        ],
        COUNT_BOUND,
    )
    nothing = not any(group.total.value for group in groups)
    following = running.filter(due_sort__gt=month_end, due_sort__lt=FAR).order_by("due_sort", "id")
    return Desk(
        view=view,
        views={"mine": mine, "check": checking, "organ": organ},
        since=since,
        overdue=totals["overdue"],
        today=totals["today"],
        soon=totals["soon"],
        checking=checking,
        waiting=waiting,
        changed=changed,
        groups=groups,
        months=_month_counts(running, day.replace(day=1), month_end),
        changes=changes,
        waiting_rows=waiting_rows,
        backlog=backlog,
        undated=undated,
        next_due=following.first() if nothing else None,
    )


def _groups(parts: Mapping[str, tuple[str, QuerySet[Matter]]], fold_at: int | None) -> list[Group]:
    # First the ids: joined first, all of a long group would be read and sorted for its first rows.
    totals, ids, before = {}, {}, 0
    for key, (_title, rows) in parts.items():
        found = list(rows.order_by("due_sort", "id").values_list("pk", flat=True)[: COUNT_BOUND + 1])
        totals[key] = Total(min(len(found), COUNT_BOUND), len(found) <= COUNT_BOUND)
        folded = fold_at is not None and (before > 0 or not fold_at) and before + totals[key].value > fold_at
        ids[key] = [] if folded else found[:GROUP_ROWS]
        before += totals[key].value
    shown = Matter.objects.filter(pk__in={pk for some in ids.values() for pk in some})
    known = {row.pk: row for row in complete(shown)}
    return [
        Group(key, title, totals[key], [known[pk] for pk in ids[key] if pk in known])
        for key, (title, _rows) in parts.items()
    ]


def _owed(actor: Actor, view: str) -> QuerySet[Matter]:
    rows = Matter.objects.filter(is_open=True)
    if view == "check":
        return rows.filter(to_check(actor))
    own = concern.own_organs(actor) if view == "organ" else concern.organs_for(actor, "matter.report")
    if view == "all" or own is None or (view == "mine" and not own):
        return _visible(rows, actor)
    rows = rows.filter(organ__in=sorted(own))
    return rows.filter(Q(holder__in=sorted(actor.hands)) | Q(holder__isnull=True)) if view == "mine" else rows


def _visible(rows: QuerySet[Matter], actor: Actor) -> QuerySet[Matter]:
    organs = concern.organs_for(actor, "matter.see")
    return rows if organs is None else rows.filter(organ__in=sorted(organs))


def _month_counts(rows: QuerySet[Matter], first: datetime.date, last: datetime.date) -> dict[datetime.date, int]:
    found = rows.filter(due_sort__gte=first, due_sort__lte=last).order_by()
    return dict(found.values_list("due_sort").annotate(n=Count("pk")).values_list("due_sort", "n"))


def _changes(actor: Actor, since: datetime.datetime) -> tuple[list[MatterEvent], Total]:
    organs = concern.organs_for(actor, "matter.see")
    if not may(actor, "matter.see"):
        return [], Total(0, True)
    first = MatterEvent.objects.filter(at__gt=since).order_by("at", "id").values_list("pk", flat=True).first()
    if first is None:
        return [], Total(0, True)
    rows = MatterEvent.objects.filter(pk__gte=first, at__gt=since).exclude(user__in=sorted(actor.hands))
    rows = rows.exclude(user__isnull=True, act__in=_UNNOTICED)
    if organs is not None:
        rows = rows.filter(organ__in=sorted(organs))
    found = list(rows.defer("data").order_by("-pk")[: _CHANGES + 1])
    shown = _alike(found)[:_SHOWN]
    prefetch_related_objects(shown, Prefetch("matter", Matter.objects.only("title")))
    return shown, Total(min(len(found), _CHANGES), len(found) <= _CHANGES)


def _alike(events: list[MatterEvent]) -> list[MatterEvent]:
    """Put automatic events of the same words into one line that says how many they are."""
    counts = Counter((event.act, event.text) for event in events if event.user_id is None)
    found, told = [], set()
    for event in events:
        same = (event.act, event.text)
        if event.user_id is None and counts[same] >= _ALIKE:
            if same in told:
                continue
            told.add(same)
            event.text = f"{event.text}，连同此件共{counts[same]}件"
        found.append(event)
    return found


def _waiting(actor: Actor, day: datetime.date) -> tuple[list[Waiting], Total]:
    hands = sorted(actor.hands)
    checks = CrossOff.objects.filter(decision="", submitter__in=hands).select_related("matter").order_by("id")
    asked = Extension.objects.filter(decision="", asked_by__in=hands).select_related("matter").order_by("id")
    office = f"{concern.title(concern.GOVERNMENT_OFFICE)}·督查"
    found = [_waits(row.matter, "核验销号", office, row.submitted_at, day) for row in checks[:201]]
    found += [_waits(row.matter, "批延期", office, row.asked_at, day) for row in asked[:201]]
    found.sort(key=lambda one: one.since)
    return found[:5], Total(min(len(found), 200), len(found) <= 200)


def _waits(matter: Matter, what: str, holder: str, since: datetime.datetime, day: datetime.date) -> Waiting:
    from luoshi.kernel.clock import day_of

    return Waiting(matter, what, holder, since, workdays.after(day_of(since), day))
