"""What the board shows: every item with its light, plan and progress, what is red and who holds it, the year's course.

All of it is read in a handful of queries, however many items and tasks there are, from the sums kept with every change
(`rollup`): no task is read but those that are named. An item's plan is the sum of its
tasks' plans by their weight on the path, its light that of D6 by plan and progress of the whole item.
"""

from __future__ import annotations

import calendar as months
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import day_of
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, curve, lights, workdays
from luoshi.office.duties.curve import Profile
from luoshi.office.duties.matter_models import FAR, Matter
from luoshi.office.organs.directory import load_data
from luoshi.programmes.supervision import rollup, seeing
from luoshi.programmes.supervision.alike import TOTAL_BP, WHOLE
from luoshi.programmes.supervision.models import (
    Chapter,
    ItemConcern,
    ItemDay,
    ItemOrgan,
    KeyItem,
    Leaf,
    LeafSums,
    Plan,
)

ROOM = "supervision"
WEEK = datetime.timedelta(days=7)
LIGHTS = ("blue", "green", "yellow", "red", "paused", "grey")
"""In the order of the distribution bar."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader of the board asks for; empty means no condition. `month`: an item or one of its tasks is due.

    `kind` is the plan's: the work points, or the key works set outside them.
    """

    year: int | None = None
    kind: str = str(Plan.Kind.WORK_POINTS)
    organ: str = ""
    leader: str = ""
    light: str = ""
    month: str = ""
    chapter: int | None = None
    q: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing but, perhaps, a year and a kind of plan is asked for."""
        return self == Wanted(year=self.year, kind=self.kind)


@dataclass(slots=True)
class Task:
    """A smallest task on the board: its matter, the part of its item it makes up (of `WHOLE`), its post."""

    matter: Matter
    part: int
    post: str
    code: str

    @property
    def share(self) -> Fraction:
        """Return the share of its item it makes up, 0 to 1."""
        return Fraction(self.part, WHOLE)

    def plan(self, day: datetime.date) -> Fraction:
        """Return what its plan asks for by the end of a day, in percent of the task."""
        return lights.planned(self.matter, day) or curve.NONE


@dataclass(frozen=True, slots=True)
class Sums:
    """Tasks of an item that are alike (`LeafSums`): days, corners of the plan, how they stand; how many, what part."""

    pk: int
    start: datetime.date
    due: datetime.date
    points: tuple[tuple[str, str], ...]
    open: bool
    paused: bool
    late: bool
    month: str
    count: int
    part: int

    def overdue(self, day: datetime.date) -> bool:
        """Tell whether they are overdue on a day."""
        return self.open and self.late and self.due < day


class Plans:
    """The plans of an item's tasks together: those alike are added up once, then any day can be asked for.

    Their profile says from which day a line rises.
    """

    __slots__ = ("_bent", "_straight")

    def __init__(self, sums: Iterable[Sums], profile: Profile = curve.WORKPOINTS) -> None:
        self._straight: dict[tuple[datetime.date, datetime.date], int] = defaultdict(int)
        self._bent: dict[tuple[datetime.date, datetime.date, tuple[tuple[str, str], ...]], int] = defaultdict(int)
        for one in sums:
            start = profile.from_day(one.start)
            if one.points:
                self._bent[start, one.due, one.points] += one.part
            else:
                self._straight[start, one.due] += one.part

    def about(self, day: datetime.date) -> float:
        """Return the same for a picture."""
        if self._bent:
            return float(self.at(day))
        gone = (
            part * min(max((day - start).days / max((due - start).days, 1), 0.0), 1.0) if day < due else part
            for (start, due), part in self._straight.items()
        )
        return 100 * sum(gone) / WHOLE

    def at(self, day: datetime.date) -> Fraction:
        """Return what they ask for by the end of a day, in percent, exactly (D5)."""
        full, by_span = 0, dict[int, int]()
        for (start, due), part in self._straight.items():
            if day >= due:
                full += part
            elif day > start:
                span = (due - start).days
                by_span[span] = by_span.get(span, 0) + part * (day - start).days
        total = Fraction(full, WHOLE) + sum(
            (Fraction(part, span * WHOLE) for span, part in by_span.items()), Fraction(0)
        )
        total *= 100
        for (start, due, points), part in self._bent.items():
            corners = [(datetime.date.fromisoformat(at), Fraction(percent)) for at, percent in points]
            total += Fraction(part, WHOLE) * curve.planned(start, due, corners, day)
        return total


@dataclass(slots=True)
class Tile:
    """An item on the board: light of the day, plan and progress in percent, its lead, its tasks added up."""

    item: KeyItem
    number: str
    light: str
    word: str
    planned: Fraction
    actual: Fraction
    lead: str
    leads: tuple[str, ...]
    organs: frozenset[str]
    sums: list[Sums] = field(default_factory=list)
    plans: Plans = field(default_factory=lambda: Plans(()))

    @property
    def count(self) -> int:
        """Return how many smallest tasks it has."""
        return sum(one.count for one in self.sums)

    @property
    def start(self) -> datetime.date | None:
        """Return the first day of its tasks, None when it has none."""
        return min((one.start for one in self.sums), default=None)

    @property
    def last(self) -> datetime.date:
        """Return the last due day of it and its tasks."""
        return max([self.item.due, *(one.due for one in self.sums)])

    def overdue(self, day: datetime.date) -> bool:
        """Tell whether one of its tasks is overdue on a day."""
        return any(one.overdue(day) for one in self.sums)

    @property
    def months(self) -> set[str]:
        """Return the months in which it or one of its tasks is due."""
        return {f"{day:%Y-%m}" for day in {self.item.due, *(one.due for one in self.sums)}}

    @property
    def gap(self) -> Fraction:
        """How far it is behind its plan, in percentage points."""
        return self.planned - self.actual

    @property
    def percent(self) -> str:
        """Return the progress as tiles show it: whole percent, never 100 before it is done."""
        return curve.written(min(self.actual, Fraction(99)) if self.actual < curve.ALL else self.actual, 0)

    @property
    def done(self) -> float:
        """Return the progress for the bar."""
        return float(self.actual)

    @property
    def tick(self) -> float | None:
        """Return the plan of the day for the bar's tick."""
        return float(self.planned) if self.item.state == KeyItem.State.OPEN else None


@dataclass(slots=True)
class Board:
    """The board of a year on a day: chapters with their tiles, what fits the question, and what stands above them."""

    plan: Plan | None
    day: datetime.date
    chapters: list[tuple[Chapter, list[Tile]]]
    tiles: list[Tile]
    everything: list[Tile]
    names: Mapping[str, str]
    tasks: int = 0
    history: dict[int, list[tuple[datetime.date, Fraction]]] | None = None

    @property
    def actual(self) -> Fraction:
        """Return the progress of all that is shown, by the items' weight."""
        return mean((tile.item, tile.actual) for tile in self.tiles)

    @property
    def planned(self) -> Fraction:
        """Return the plan of the day of all that is shown."""
        return mean((tile.item, tile.planned) for tile in self.tiles)

    @property
    def spread(self) -> dict[str, int]:
        """Return how many tiles show each light."""
        found = Counter(tile.light for tile in self.tiles)
        return {light: found.get(light, 0) for light in LIGHTS}


def mean(rows: Iterable[tuple[KeyItem, Fraction]]) -> Fraction:
    """Return the mean by weight: the weights set, when all are and they make 10,000, else equal; withdrawn left out."""
    held = [(item, value) for item, value in rows if item.state != KeyItem.State.WITHDRAWN]
    if not held:
        return curve.NONE
    weights = [item.weight_bp for item, _value in held]
    if None not in weights and sum(weight or 0 for weight in weights) == TOTAL_BP:
        return curve.rolled([(weight or 0, value) for weight, (_item, value) in zip(weights, held, strict=True)])
    return sum((value for _item, value in held), curve.NONE) / len(held)


def plan_of(year: int | None = None, kind: str = Plan.Kind.WORK_POINTS) -> Plan | None:
    """Return the plan of a year, or the newest one that is active, or the newest at all."""
    rows = Plan.objects.filter(kind=kind)
    if year is not None:
        return rows.filter(year=year).first()
    return rows.exclude(status=Plan.Status.LOADING).order_by("-year").first() or rows.order_by("-year").first()


def items_for(actor: Actor, plan: Plan) -> list[KeyItem]:
    """Return the plan's items the actor may see: all, or what concerns or is led from an organ of the actor."""
    rows = KeyItem.objects.filter(plan=plan).order_by("seq")
    return list(seeing.items(actor, rows))


def board(actor: Actor, day: datetime.date, wanted: Wanted | None = None) -> Board:
    """Return the board of a day as the actor may see it."""
    asked = wanted or Wanted()
    plan = plan_of(asked.year, asked.kind)
    if plan is None:
        return Board(None, day, [], [], [], {})
    return board_of(plan, items_for(actor, plan), day, asked)


def board_of(plan: Plan, items: Sequence[KeyItem], day: datetime.date, wanted: Wanted | None = None) -> Board:
    """Return the board of these items of a plan."""
    asked = wanted or Wanted()
    ids = [item.pk for item in items]
    if unknown := rollup.not_summed(ids):
        for pk in unknown:
            rollup.recompute(pk)
        fresh = dict(KeyItem.objects.filter(pk__in=unknown).values_list("pk", "actual"))
        for item in items:
            item.actual = fresh.get(item.pk, item.actual)
    sums = sums_of(ids)
    leads: dict[int, list[str]] = defaultdict(list)
    concerned: dict[int, set[str]] = defaultdict(set)
    raw: dict[int, str] = {}
    for pk, organ, text in (
        ItemOrgan.objects.filter(item__in=ids, role="lead").order_by("item", "seq").values_list("item", "organ", "raw")
    ):
        raw.setdefault(pk, text)
        if organ:
            leads[pk].append(organ)
    for pk, organ in ItemConcern.objects.filter(item__in=ids).values_list("item", "organ"):
        concerned[pk].add(organ)
    names = concern.titles(set[str]().union(*leads.values(), *concerned.values()))
    below = behind_below(plan, ids, day)
    everything = []
    for item in items:
        own = sums.get(item.pk, [])
        plans = Plans(own, plan.profile)
        planned = planned_of(plan, item, plans, bool(own), day)
        actual = Fraction(item.actual)
        light = light_of(plan, item, own, planned, actual, day, behind_below=item.pk in below)
        lead = leads[item.pk][0] if leads[item.pk] else ""
        everything.append(
            Tile(
                item, plan.number(item.seq), light, str(WORDS[light]), planned, actual,
                short(names.get(lead, raw.get(item.pk, "")), lead), tuple(leads[item.pk]),
                frozenset(concerned[item.pk] | set(leads[item.pk])), own, plans,
            )
        )  # fmt: skip
    named = _named(ids, asked.q)
    tiles = [tile for tile in everything if fits(tile, asked, named)]
    by_chapter: dict[int, list[Tile]] = defaultdict(list)
    for tile in tiles:
        by_chapter[tile.item.chapter_id].append(tile)
    rows = Chapter.objects.filter(plan=plan).order_by("no")
    chapters = [(one, by_chapter[one.pk]) for one in rows if one.pk in by_chapter]
    count = sum(tile.count for tile in tiles)
    return Board(plan, day, chapters, tiles, everything, names, count)


WORDS = {
    "blue": gettext_lazy("销号"),
    "green": gettext_lazy("正常"),
    "yellow": gettext_lazy("滞后"),
    "red": gettext_lazy("滞后"),
    "grey": gettext_lazy("未开始"),
    "paused": gettext_lazy("暂停"),
}


def short(name: str, slug: str = "") -> str:
    """Return an organ's name as a tile has room for it: the short one it goes by, without the city."""
    name = _short_names().get(slug, name).removeprefix("乳山市")
    return name if len(name) <= 3 or name.startswith(("市委", "市场")) else name.removeprefix("市")


@cache
def _short_names() -> Mapping[str, str]:
    found = {}
    for organ in load_data()["organs"]:
        known = [str(one["text"]) for one in organ.get("names", ()) if one.get("kind") == "short"]
        if known:
            found[str(organ["slug"])] = min(known, key=len)
    return found


def sums_of(items: Sequence[int]) -> dict[int, list[Sums]]:
    """Return the tasks of items, those alike added up."""
    found: dict[int, list[Sums]] = defaultdict(list)
    names = ("pk", "start", "due", "bend", "open", "paused", "late", "month", "count", "part")
    rows = LeafSums.objects.filter(item__in=items, count__gt=0)
    # Most plans are straight: their corners are not read.
    bent = dict(rows.exclude(bend="").values_list("pk", "points"))
    for item, pk, start, due, bend, *rest in rows.order_by("item", "pk").values_list("item", *names):
        points = tuple((str(at), str(percent)) for at, percent in bent[pk]) if bend else ()
        found[item].append(Sums(pk, start, due, points, *rest))
    return found


def tasks_of(items: Sequence[int], limit: int) -> dict[int, list[Task]]:
    """Return the smallest tasks of items, at most so many, in the order of codes."""
    rows = Leaf.objects.filter(item__in=items, sums__isnull=False).select_related("node", "matter", "matter__holder")
    found: dict[int, list[Task]] = defaultdict(list)
    for leaf in rows.order_by("item", "node__code")[:limit]:
        if leaf.matter is not None and leaf.item_id is not None:
            found[leaf.item_id].append(Task(leaf.matter, leaf.part, leaf.post, leaf.node.code))
    return found


def _planned_about(plan: Plan, tile: Tile, day: datetime.date) -> float:
    return tile.plans.about(day) if tile.sums else float(planned_of(plan, tile.item, tile.plans, False, day))


def planned_of(plan: Plan, item: KeyItem, plans: Plans, decomposed: bool, day: datetime.date) -> Fraction:
    """Return what the item's tasks together should have reached by a day; without tasks a straight line to its due."""
    if decomposed:
        return plans.at(day)
    return curve.planned(plan.profile.from_day(item.begins_on or plan.issued_on), item.due, (), day)


def behind_below(plan: Plan, items: Sequence[int], day: datetime.date) -> frozenset[int]:
    """Return the items a task of which is yellow or red on a day, where the plan's profile asks: one query, else none.

    Past days are asked by the tasks as they stand today.
    """
    if plan.profile.grace is None:
        return frozenset()
    rows = Leaf.objects.filter(item__in=items, sums__isnull=False, matter__is_open=True, matter__yellow_on__lte=day)
    return frozenset(rows.exclude(item=None).order_by().values_list("item", flat=True).distinct())


def light_of(
    plan: Plan,
    item: KeyItem,
    sums: Sequence[Sums],
    planned: Fraction,
    actual: Fraction,
    day: datetime.date,
    *,
    behind_below: bool = False,
) -> str:
    """Return the light of an item on a day (D6); with all its open tasks paused it is."""
    running = [one for one in sums if one.open]
    last = max([item.due, *(one.due for one in sums)])
    found = curve.light(
        day, min([one.start for one in sums] or [item.begins_on or plan.issued_on]), last, planned, actual,
        done=item.state in (KeyItem.State.CROSSED_OFF, KeyItem.State.WITHDRAWN),
        paused=bool(running) and all(one.paused for one in running),
        profile=plan.profile, working_days=workdays.after(last, day) if day > last else 0, behind_below=behind_below,
    )  # fmt: skip
    return "paused" if found == "hollow" else found


def _named(items: Sequence[int], q: str) -> frozenset[int]:
    """Return the items one of whose tasks has the word in its title."""
    if not q:
        return frozenset()
    rows = Leaf.objects.filter(item__in=items, sums__isnull=False, matter__title__icontains=q)
    return frozenset(pk for pk in rows.order_by().values_list("item", flat=True).distinct() if pk is not None)


def fits(tile: Tile, wanted: Wanted, named: frozenset[int] = frozenset()) -> bool:
    """Tell whether a tile is among what is asked for; `named` are the items a task of which has the word."""
    item = tile.item
    if wanted.light and tile.light != wanted.light:
        return False
    if wanted.organ and wanted.organ not in tile.organs:
        return False
    if wanted.leader and wanted.leader != item.leader_post:
        return False
    if wanted.chapter is not None and wanted.chapter != item.chapter_id:
        return False
    if wanted.month and wanted.month not in tile.months:
        return False
    if wanted.q:
        word = wanted.q.strip().lower()
        return item.pk in named or any(word in text.lower() for text in (item.title, tile.number))
    return True


# --- what is red, and with whom --------------------------------------------------------------------------------------

STEPS = {
    6: gettext_lazy("已起草移送"),
    5: gettext_lazy("已报分包领导，列入下期通报"),
    4: gettext_lazy("已起草督办函，送主任"),
    3: gettext_lazy("已提醒单位主要负责人"),
    2: gettext_lazy("已进入督办"),
    1: gettext_lazy("已提醒办理人"),
}
"""What was done at each step of the ladder a task has taken (D7)."""
_LETTER = 4


@dataclass(frozen=True, slots=True)
class Red:
    """A red item: how late or how far behind in words, where its longest overdue tasks are added up."""

    tile: Tile
    words: str
    first: list[int]
    sort: tuple[int, Fraction]


def reds(found: Board) -> list[Red]:
    """Return the red items, the longest overdue first, then those furthest behind."""
    rows = []
    for tile in found.tiles:
        if tile.light != "red":
            continue
        late = [one for one in tile.sums if one.overdue(found.day)]
        since = min((one.due for one in late), default=None)
        if since is None and tile.item.due < found.day:
            since = tile.item.due
        days = workdays.after(since, found.day) if since else 0
        words = _("逾期 %d 个工作日") % days if since else _("差 %s 个百分点") % curve.written(tile.gap, 0)
        first = [one.pk for one in late if one.due == since]
        rows.append(Red(tile, words, first, (-days, -tile.gap)))
    return sorted(rows, key=lambda row: row.sort)


def stands(found: Board, rows: Sequence[Red]) -> list[tuple[str, str]]:
    """Return of each red item who holds the task that makes it red, and the last step the ladder took on it.

    It is the task longest overdue, else the one longest red. The step is the one taken, not the one the days would ask
    for: an extension ends an episode, a step waits for a working day.
    """
    sums = [pk for row in rows for pk in row.first]
    # Tasks added up together are alike: all of them are open.
    firsts = dict(
        Leaf.objects.filter(sums__in=sums).order_by().values_list("sums").annotate(first=Min("pk")) if sums else ()
    )
    chosen = [min((firsts[pk] for pk in row.first if pk in firsts), default=None) for row in rows]
    for n, row in enumerate(rows):
        if not row.first:
            behind = Leaf.objects.filter(item=row.tile.item, red_on__lte=found.day, matter__is_open=True)
            chosen[n] = behind.order_by("red_on", "pk").values_list("pk", flat=True).first()
    leaves = Leaf.objects.select_related("matter__holder").in_bulk([pk for pk in chosen if pk is not None])
    return [
        _stands(found, row, leaves.get(pk) if pk is not None else None) for row, pk in zip(rows, chosen, strict=True)
    ]


def _stands(found: Board, row: Red, leaf: Leaf | None) -> tuple[str, str]:
    if leaf is None or leaf.matter is None:
        return row.tile.lead, ""
    matter = leaf.matter
    who = matter.holder.name if matter.holder is not None else leaf.post
    organ = short(found.names.get(matter.organ, row.tile.lead), matter.organ)
    return " · ".join(part for part in (organ, who) if part), _step(matter)


def _step(matter: Matter) -> str:
    """Return the last step the ladder took on a task; of a letter that is out, its number and what it waits for."""
    from luoshi.programmes.supervision.models.running import SupervisionLetter

    words = str(STEPS.get(matter.escalated, ""))
    if matter.escalated != _LETTER:
        return words
    rows = SupervisionLetter.objects.filter(leaves__matter=matter).exclude(state__in=["drafted", "dropped", "void"])
    letter = rows.order_by("-pk").first()
    return words if letter is None else f"{letter.number} {letter.get_state_display()}"


# --- the year's course, the months, last week ------------------------------------------------------------------------


def reached_by_item(found: Board, day: datetime.date) -> dict[int, Fraction]:
    """Return how far each item was at the end of a day, exactly, by the reports that counted until then."""
    history = _known(found)
    values = {}
    for tile in found.tiles:
        upto = [value for at, value in history.get(tile.item.pk, ()) if at <= day]
        values[tile.item.pk] = upto[-1] if upto else curve.NONE
    return values


def _known(found: Board) -> dict[int, list[tuple[datetime.date, Fraction]]]:
    """Return how far each item was, by the days on which it moved."""
    if found.history is None:
        found.history = defaultdict(list)
        rows = ItemDay.objects.filter(item__in=[tile.item.pk for tile in found.tiles]).order_by("item", "day")
        for item, day, gained in rows.values_list("item", "day", "gained"):
            known = found.history[item]
            known.append((day, (known[-1][1] if known else curve.NONE) + Fraction(gained)))
    return found.history


@dataclass(frozen=True, slots=True)
class Course:
    """One day of the year's picture, in percent: plan, and progress where the day is not ahead."""

    day: datetime.date
    planned: float
    actual: float | None


def course(found: Board) -> list[Course]:
    """Return plan and progress at the end of each month of the plan's year, and today."""
    if found.plan is None or not found.tiles:
        return []
    first = first_day(found, found.plan)
    last = max(tile.item.due for tile in found.tiles)
    days = sorted({first, *_month_ends(first, last), *([found.day] if first <= found.day <= last else [])})
    shares = _shares(found)
    known = {}
    for day in (day for day in days if day < found.day):
        values = reached_by_item(found, day)
        known[day] = sum(share * float(values[tile.item.pk]) for tile, share in shares)
    rows = []
    for day in days:
        planned = sum(share * _planned_about(found.plan, tile, day) for tile, share in shares)
        actual = float(found.actual) if day == found.day else known.get(day)
        rows.append(Course(day, planned, actual))
    return rows


def first_day(found: Board, plan: Plan) -> datetime.date:
    """Return the day the picture of a year begins: the issue of the plan, or the first begin of what stands alone."""
    return min((tile.item.begins_on for tile in found.tiles if tile.item.begins_on), default=plan.issued_on)


def _shares(found: Board) -> list[tuple[Tile, float]]:
    """Return what each tile counts in the whole, as `mean` has it."""
    held = [tile for tile in found.tiles if tile.item.state != KeyItem.State.WITHDRAWN]
    weights = [tile.item.weight_bp for tile in held]
    if None not in weights and sum(weight or 0 for weight in weights) == TOTAL_BP:
        return [(tile, (weight or 0) / TOTAL_BP) for tile, weight in zip(held, weights, strict=True)]
    return [(tile, 1 / len(held)) for tile in held]


def _month_ends(first: datetime.date, last: datetime.date) -> list[datetime.date]:
    found: list[datetime.date] = []
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month) and len(found) < 36:
        found.append(min(datetime.date(year, month, months.monthrange(year, month)[1]), last))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def by_month(found: Board) -> list[dict[str, Any]]:
    """Return the tasks due in each month: crossed off, overdue, not due yet."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for tile in found.tiles:
        for one in tile.sums:
            state = "done" if not one.open else "late" if one.overdue(found.day) else "open"
            counts[f"{one.due:%Y-%m}"][state] += one.count
    states = ("done", "late", "open")
    return [{"month": month} | {state: counts[month][state] for state in states} for month in sorted(counts)]


def last_week(found: Board) -> dict[str, Any]:
    """Return what changed within seven days: crossed off, turned red, from red to yellow or green; and the reports.

    Plans and due days are today's; progress then is that of the reports accepted until then.
    """
    if found.plan is None:
        return {}
    then = found.day - WEEK
    before, below = reached_by_item(found, then), behind_below(found.plan, [one.item.pk for one in found.tiles], then)
    changes = {"off": 0, "red": 0, "better": 0}
    for tile in found.tiles:
        item = tile.item
        if item.crossed_off_at is not None:
            changes["off"] += day_of(item.crossed_off_at) > then
            continue
        planned = planned_of(found.plan, item, tile.plans, bool(tile.sums), then)
        was = light_of(
            found.plan, item, tile.sums, planned, before[item.pk], then, behind_below=item.pk in below
        )  # fmt: skip
        changes["red"] += tile.light == "red" and was != "red"
        changes["better"] += was == "red" and tile.light in ("yellow", "green")
    month = f"{found.day:%Y-%m}"
    owing = [tile for tile in found.tiles if any(one.open for one in tile.sums)]
    filed = [tile for tile in owing if all(one.month >= month for one in tile.sums if one.open)]
    return changes | {"filed": len(filed), "owing": len(owing)}


# --- beside the tiles ------------------------------------------------------------------------------------------------


def letters(actor: Actor, day: datetime.date) -> dict[str, Any]:
    """Return the newest supervision letters that are not closed, with what each waits for."""
    from luoshi.programmes.supervision.models.running import LetterLeaf, SupervisionLetter

    rows = SupervisionLetter.objects.exclude(state__in=["closed", "void", "dropped"])
    organs = seeing.organs(actor)
    if organs is not None:
        rows = rows.filter(organ__in=organs).exclude(state="drafted")
    found = list(rows.order_by("-id")[:5])
    names = concern.titles({one.organ for one in found})
    about: dict[int, list[str]] = defaultdict(list)
    tasks = LetterLeaf.objects.filter(letter__in=found).order_by("-late_wd", "pk")
    for letter, title in tasks.values_list("letter", "matter__title"):
        about[letter].append(title)
    shown = []
    for one in found:
        tone, words = "", one.get_state_display()
        if one.state == "drafted":
            tone = "orange"
        elif one.state == "delivered" and one.reply_due is not None:
            left = workdays.after(day, one.reply_due)
            tone = "red" if one.reply_due < day else ""
            words = (
                _("逾期 %d 个工作日") % workdays.after(one.reply_due, day) if tone else _("剩 %d 个工作日回复") % left
            )
        shown.append(
            {
                "row": one,
                "name": short(names.get(one.organ, one.organ), one.organ),
                "tone": tone,
                "words": words,
                "about": about_words(about[one.pk]),
            }
        )
    return {"rows": shown, "total": rows.count() if len(found) == 5 else len(found)}


def about_words(titles: Sequence[str]) -> str:
    """Return what a letter is about: its task longest overdue, and how many there are when there are more."""
    if len(titles) < 2:
        return "".join(titles)
    return _("%(first)s等 %(n)d 件") % {"first": titles[0], "n": len(titles)}


WORST = 5
"""Overdue matters of other rooms that are named."""


def elsewhere(actor: Actor, day: datetime.date) -> dict[str, Any]:
    """Return what other rooms' matters are overdue: how many by kind, and the longest overdue of them.

    They are counted from an index that begins with the room (`matter_open_module`): below this room's name and above
    it, so that its own tasks, of which there may be millions, are not walked over.
    """
    from luoshi.office.duties.matter_queries import visible

    late = visible(actor).filter(is_open=True, late_on__lte=day, backlog=False)
    grouped = late.order_by().values_list("late_on", "module", "kind").annotate(n=Count("id"))
    rows = grouped.filter(module__lt=ROOM).union(grouped.filter(module__gt=ROOM), all=True)
    days = {(late_on, module, kind): n for late_on, module, kind, n in rows}
    kinds = dict(Matter._meta.get_field("kind").choices or ())
    numbers: Counter[str] = Counter()
    for (_late, _module, kind), n in days.items():
        numbers[kind] += n
    counts = [{"kind": kind, "words": kinds.get(kind, kind), "n": n} for kind, n in numbers.most_common()]
    worst = _worst(late, days)
    names = concern.titles({one.organ for one in worst})
    return {
        "counts": counts,
        "rows": [
            {
                "pk": one.pk,
                "title": one.title,
                "organ": short(names.get(one.organ, one.organ_name), one.organ),
                "days": workdays.after(one.due_on, day) if one.due_on else 0,
            }
            for one in worst
        ],
    }


def _worst(late: QuerySet[Matter], days: Mapping[tuple[datetime.date, str, str], int]) -> list[Matter]:
    """Return the matters longest overdue, looked for only among those of the first days on which any became so."""
    asked, enough = Q(), 0
    for late_on, module, kind in sorted(days):
        if enough >= WORST:
            break
        asked |= Q(late_on=late_on, module=module, kind=kind)
        enough += days[late_on, module, kind]
    if not asked:
        return []
    rows = late.filter(asked).order_by("late_on", F("id") + 0)
    return list(rows.only("id", "title", "due_on", "organ", "organ_name")[:WORST])


DUE_A_DAY = 6
"""Tasks a day of the calendar names; of more it tells how many there are."""


def due_dates(found: Board, month: datetime.date) -> dict[datetime.date, tuple[int, list[tuple[str, Matter]]]]:
    """Return by day how many tasks are due in a month, and the first of them."""
    counts: Counter[datetime.date] = Counter()
    for tile in found.tiles:
        for one in tile.sums:
            if (one.due.year, one.due.month) == (month.year, month.month):
                counts[one.due] += one.count
    ids = {tile.item.pk: tile.number for tile in found.tiles}
    rows: dict[datetime.date, tuple[int, list[tuple[str, Matter]]]] = {}
    for day, count in counts.items():
        due = Leaf.objects.filter(sums__item__in=list(ids), sums__due=day)
        some = due.select_related("matter").order_by("pk")[:DUE_A_DAY]
        rows[day] = (count, [(ids[leaf.item_id or 0], leaf.matter) for leaf in some if leaf.matter is not None])
    return rows


PLACES = 2000
"""Tasks the map shows at most, those longest red first."""


def places_of(found: Board) -> list[Leaf]:
    """Return the tasks whose place is known, those longest red first."""
    rows = Leaf.objects.filter(item__in=[tile.item.pk for tile in found.tiles], latitude__isnull=False)
    rows = rows.filter(sums__isnull=False).select_related("matter", "node")
    return list(rows.order_by("red_on", "pk")[:PLACES])


__all__ = ["FAR", "Board", "Tile", "Wanted", "board", "board_of", "course", "reds"]
