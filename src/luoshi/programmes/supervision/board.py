"""What the board shows: every item with its light, plan and progress, what is red and who holds it, the year's course.

All of it is read in a handful of queries, however many items and tasks there are. An item's plan is the sum of its
tasks' plans by their weight on the path, its light that of D6 by plan and progress of the whole item.
"""

from __future__ import annotations

import calendar as months
import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from luoshi.kernel.clock import day_of, end_of
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, curve, lights, workdays
from luoshi.office.duties.matter_models import FAR, Matter, ProgressReport, State
from luoshi.office.organs.directory import load_data
from luoshi.programmes.supervision.models import (
    Chapter,
    ItemConcern,
    ItemOrgan,
    KeyItem,
    Leaf,
    Node,
    Plan,
)

Accepted = tuple[datetime.datetime, Any, int]
"""A report that counts: when it was accepted, its value, its percentage in 1/10,000."""
WEEK = datetime.timedelta(days=7)
LIGHTS = ("blue", "green", "yellow", "red", "paused", "grey")
"""In the order of the distribution bar."""
TOTAL_BP = 10_000
WHOLE = TOTAL_BP**4
"""An item in the smallest parts a tree of four levels of weights can divide it into."""
_MATTER = (
    "id", "organ", "holder", "start", "due_on", "state", "is_open", "late_on", "escalated", "planned_points",
    "target_value", "comparator", "baseline", "upper", "value", "percent_bp", "accepted_only", "title", "external_id",
    "crossed_off_at", "due_sort", "version",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader of the board asks for; empty means no condition. `month`: an item or one of its tasks is due."""

    year: int | None = None
    organ: str = ""
    leader: str = ""
    light: str = ""
    month: str = ""
    chapter: int | None = None
    q: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing but, perhaps, a year is asked for."""
        return self == Wanted(year=self.year)


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


class Plans:
    """The plans of an item's tasks together: those alike are added up once, then any day can be asked for."""

    __slots__ = ("_bent", "_straight")

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._straight: dict[tuple[datetime.date, datetime.date], int] = defaultdict(int)
        self._bent: dict[tuple[datetime.date, datetime.date, tuple[tuple[str, str], ...]], int] = defaultdict(int)
        for task in tasks:
            matter = task.matter
            if matter.due_on is None:
                continue
            if matter.planned_points:
                points = tuple((str(at), str(percent)) for at, percent in matter.planned_points)
                self._bent[matter.start, matter.due_on, points] += task.part
            else:
                self._straight[matter.start, matter.due_on] += task.part

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
    """An item on the board: light of the day, plan and progress in percent, its lead, its tasks."""

    item: KeyItem
    light: str
    word: str
    planned: Fraction
    actual: Fraction
    lead: str
    leads: tuple[str, ...]
    organs: frozenset[str]
    tasks: list[Task] = field(default_factory=list)
    plans: Plans = field(default_factory=lambda: Plans(()))

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
    history: dict[int, list[Accepted]] | None = None

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


def plan_of(year: int | None = None) -> Plan | None:
    """Return the plan of a year, or the newest one that is active, or the newest at all."""
    rows = Plan.objects.filter(kind="work_points")
    if year is not None:
        return rows.filter(year=year).first()
    return rows.exclude(status=Plan.Status.LOADING).order_by("-year").first() or rows.order_by("-year").first()


def items_for(actor: Actor, plan: Plan) -> list[KeyItem]:
    """Return the plan's items the actor may see: all, or those that concern an organ of the actor."""
    rows = KeyItem.objects.filter(plan=plan).order_by("seq")
    organs = concern.organs_for(actor, "work.see")
    if organs is not None:
        rows = rows.filter(pk__in=ItemConcern.objects.filter(organ__in=organs).values("item"))
    return list(rows)


def board(actor: Actor, day: datetime.date, wanted: Wanted | None = None) -> Board:
    """Return the board of a day as the actor may see it."""
    asked = wanted or Wanted()
    plan = plan_of(asked.year)
    if plan is None:
        return Board(None, day, [], [], [], {})
    return board_of(plan, items_for(actor, plan), day, asked)


def board_of(plan: Plan, items: Sequence[KeyItem], day: datetime.date, wanted: Wanted | None = None) -> Board:
    """Return the board of these items of a plan."""
    asked = wanted or Wanted()
    ids = [item.pk for item in items]
    tasks = tasks_of(ids)
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
    everything = []
    for item in items:
        own = tasks.get(item.pk, [])
        plans = Plans(own)
        planned = planned_of(plan, item, plans, bool(own), day)
        actual = Fraction(item.actual)
        light = light_of(plan, item, own, planned, actual, day)
        lead = leads[item.pk][0] if leads[item.pk] else ""
        everything.append(
            Tile(
                item, light, str(WORDS[light]), planned, actual, short(names.get(lead, raw.get(item.pk, "")), lead),
                tuple(leads[item.pk]), frozenset(concerned[item.pk] | set(leads[item.pk])), own, plans,
            )
        )  # fmt: skip
    tiles = [tile for tile in everything if fits(tile, asked)]
    by_chapter: dict[int, list[Tile]] = defaultdict(list)
    for tile in tiles:
        by_chapter[tile.item.chapter_id].append(tile)
    rows = Chapter.objects.filter(plan=plan).order_by("no")
    chapters = [(one, by_chapter[one.pk]) for one in rows if one.pk in by_chapter]
    count = sum(len(tile.tasks) for tile in tiles)
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
    return name.removeprefix("市") if len(name) > 3 else name


@cache
def _short_names() -> Mapping[str, str]:
    found = {}
    for organ in load_data()["organs"]:
        known = [str(one["text"]) for one in organ.get("names", ()) if one.get("kind") == "short"]
        if known:
            found[str(organ["slug"])] = min(known, key=len)
    return found


def tasks_of(items: Sequence[int]) -> dict[int, list[Task]]:
    """Return the smallest tasks of items with the share each makes up of its item, in two queries."""
    nodes = {
        pk: (parent, weight)
        for pk, parent, weight in Node.objects.filter(item__in=items, ended_at__isnull=True).values_list(
            "id", "parent_id", "weight_bp"
        )
    }
    parts: dict[int, int] = {}

    def part(pk: int) -> int:
        """Return what a node makes up of its item: the product of the weights on its path."""
        if pk not in parts:
            parent, weight = nodes[pk]
            parts[pk] = (part(parent) if parent in nodes else WHOLE) * weight // TOTAL_BP
        return parts[pk]

    matters = {
        one.pk: one
        for one in Matter.objects.filter(work_leaf__node__item__in=items, work_leaf__node__ended_at__isnull=True)
        .select_related("holder")
        .only("holder__name", *_MATTER)
    }
    rows = Leaf.objects.filter(node__item__in=items, node__ended_at__isnull=True, matter__isnull=False)
    found: dict[int, list[Task]] = defaultdict(list)
    names = ("node__item", "node", "node__code", "post", "matter")
    for item, node, code, post, matter in rows.order_by("node__code").values_list(*names):
        if matter in matters:
            found[item].append(Task(matters[matter], part(node), post, code))
    return found


def _planned_about(plan: Plan, tile: Tile, day: datetime.date) -> float:
    if not tile.tasks:
        return float(curve.planned(plan.issued_on, tile.item.due, (), day))
    return tile.plans.about(day)


def planned_of(plan: Plan, item: KeyItem, plans: Plans, decomposed: bool, day: datetime.date) -> Fraction:
    """Return what the item's tasks together should have reached by a day; without tasks a straight line to its due."""
    return plans.at(day) if decomposed else curve.planned(plan.issued_on, item.due, (), day)


def light_of(
    plan: Plan, item: KeyItem, tasks: Sequence[Task], planned: Fraction, actual: Fraction, day: datetime.date
) -> str:
    """Return the light of an item on a day (D6)."""
    starts = [task.matter.start for task in tasks] or [plan.issued_on]
    dues = [task.matter.due_on for task in tasks if task.matter.due_on is not None]
    running = [task for task in tasks if task.matter.is_open]
    found = curve.light(
        day, min(starts), max([item.due, *dues]), planned, actual,
        done=item.state in (KeyItem.State.CROSSED_OFF, KeyItem.State.WITHDRAWN),
        paused=bool(running) and all(task.matter.state == State.PAUSED for task in running),
    )  # fmt: skip
    return "paused" if found == "hollow" else found


def fits(tile: Tile, wanted: Wanted) -> bool:
    """Tell whether a tile is among what is asked for."""
    item = tile.item
    if wanted.light and tile.light != wanted.light:
        return False
    if wanted.organ and wanted.organ not in tile.organs:
        return False
    if wanted.leader and wanted.leader != item.leader_post:
        return False
    if wanted.chapter is not None and wanted.chapter != item.chapter_id:
        return False
    if wanted.month:
        dues = {f"{item.due:%Y-%m}"} | {f"{task.matter.due_on:%Y-%m}" for task in tile.tasks if task.matter.due_on}
        if wanted.month not in dues:
            return False
    if wanted.q:
        word = wanted.q.strip().lower()
        texts = [item.title, f"{item.seq:02d}", *(task.matter.title for task in tile.tasks)]
        return any(word in text.lower() for text in texts)
    return True


# --- what is red, and with whom --------------------------------------------------------------------------------------

STEPS = (
    (30, gettext_lazy("已起草移送")),
    (15, gettext_lazy("已报分包领导，列入下期通报")),
    (7, gettext_lazy("督办函待主任签发")),
    (3, gettext_lazy("已提醒单位主要负责人")),
    (0, gettext_lazy("已提醒办理人")),
)
"""Working days late from which each step of the ladder has been taken (D7), and what was done then."""


@dataclass(frozen=True, slots=True)
class Red:
    """A red item: how late or how far behind in words, who holds the task that makes it red, the ladder's step."""

    tile: Tile
    words: str
    holder: str
    step: str
    sort: tuple[int, Fraction]


def reds(found: Board) -> list[Red]:
    """Return the red items, the longest overdue first, then those furthest behind."""
    rows = []
    for tile in found.tiles:
        if tile.light != "red":
            continue
        late = [task for task in tile.tasks if task.matter.is_open and task.matter.late_on <= found.day]
        worst = min(late, key=lambda task: task.matter.due_sort, default=None)
        days = workdays.after(worst.matter.due_on, found.day) if worst and worst.matter.due_on else 0
        if worst is None and tile.item.due < found.day:
            days = workdays.after(tile.item.due, found.day)
        overdue = worst is not None or tile.item.due < found.day
        slow = worst or max((task for task in tile.tasks if task.matter.is_open), key=_lag(found.day), default=None)
        words = _("逾期 %d 个工作日") % days if overdue else _("差 %s 个百分点") % curve.written(tile.gap, 0)
        step = _step(days) if overdue else ""
        rows.append(Red(tile, words, _holder(tile, slow, found.names), step, (-days, -tile.gap)))
    return sorted(rows, key=lambda row: row.sort)


def _lag(day: datetime.date) -> Any:
    return lambda task: task.share * (task.plan(day) - lights.progress(task.matter))


def _holder(tile: Tile, task: Task | None, names: Mapping[str, str]) -> str:
    if task is None:
        return tile.lead
    matter = task.matter
    who = matter.holder.name if matter.holder is not None else task.post
    return " · ".join(part for part in (short(names.get(matter.organ, tile.lead), matter.organ), who) if part)


def _step(days: int) -> str:
    return next(str(words) for least, words in STEPS if days >= least)


# --- the year's course, the months, last week ------------------------------------------------------------------------


def reached(found: Board, moments: Sequence[datetime.datetime]) -> list[float]:
    """Return how far all that is shown was at each moment, by the reports accepted until then: for a picture."""
    history, totals = _known(found), [0.0] * len(moments)
    for tile, of_all in _shares(found):
        for task in tile.tasks:
            n, last = 0, 0.0
            share = of_all * task.part / WHOLE
            for at, value, percent in history.get(task.matter.pk, ()):
                while n < len(moments) and moments[n] < at:
                    totals[n] += share * last
                    n += 1
                last = _about(task.matter, value, percent)
            for later in range(n, len(moments)):
                totals[later] += share * last
    return totals


def _about(matter: Matter, value: Any, percent_bp: int) -> float:
    """Return a report's percentage for a picture; what counts is reckoned exactly elsewhere."""
    if value is None or matter.target_value is None:
        return percent_bp / 100
    target, from_ = float(matter.target_value), float(matter.baseline or 0)
    if target == from_:
        return percent_bp / 100
    return 100 * min(max((float(value) - from_) / (target - from_), 0.0), 1.0)


def reached_by_item(found: Board, moment: datetime.datetime) -> dict[int, Fraction]:
    """Return how far each item was at a moment, exactly, by the reports accepted until then."""
    history = _known(found)
    values: dict[int, Fraction] = {}
    for tile in found.tiles:
        sums: dict[int, int] = defaultdict(int)
        for task in tile.tasks:
            last = next((row for row in reversed(history.get(task.matter.pk, ())) if row[0] <= moment), None)
            if last is not None:
                percent = _percent(task.matter, *last[1:])
                sums[percent.denominator] += task.part * percent.numerator
        values[tile.item.pk] = sum((Fraction(up, down * WHOLE) for down, up in sums.items()), Fraction(0))
    return values


def _known(found: Board) -> dict[int, list[Accepted]]:
    if found.history is None:
        found.history = _history([task.matter for tile in found.tiles for task in tile.tasks])
    return found.history


def _history(matters: Sequence[Matter]) -> dict[int, list[Accepted]]:
    rows = ProgressReport.objects.filter(
        Q(matter__accepted_only=False) & ~Q(state="returned") | Q(state="accepted"), matter__module="supervision"
    )
    if len(matters) < 200:
        rows = rows.filter(matter__in=[one.pk for one in matters])
    found: dict[int, list[Accepted]] = defaultdict(list)
    for matter, decided, filed, value, percent in rows.order_by("id").values_list(
        "matter", "decided_at", "filed_at", "value", "percent_bp"
    ):
        found[matter].append((decided or filed, value, percent))
    for known in found.values():
        known.sort(key=lambda row: row[0])
    return found


def _percent(matter: Matter, value: Any, percent_bp: int) -> Fraction:
    measured = lights.measured(matter, value)
    return Fraction(percent_bp, 100) if measured is None else measured.percent


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
    first = found.plan.issued_on
    last = max(tile.item.due for tile in found.tiles)
    days = sorted({first, *_month_ends(first, last), *([found.day] if first <= found.day <= last else [])})
    past = [day for day in days if day < found.day]
    known = dict(zip(past, reached(found, [end_of(day) for day in past]), strict=True))
    shares = _shares(found)
    rows = []
    for day in days:
        planned = sum(share * _planned_about(found.plan, tile, day) for tile, share in shares)
        actual = float(found.actual) if day == found.day else known.get(day)
        rows.append(Course(day, planned, actual))
    return rows


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
        for task in tile.tasks:
            matter = task.matter
            if matter.due_on is not None:
                state = "done" if not matter.is_open else "late" if matter.late_on <= found.day else "open"
                counts[f"{matter.due_on:%Y-%m}"][state] += 1
    states = ("done", "late", "open")
    return [{"month": month} | {state: counts[month][state] for state in states} for month in sorted(counts)]


def last_week(found: Board) -> dict[str, Any]:
    """Return what changed within seven days: crossed off, turned red, from red to yellow or green; and the reports.

    Plans and due days are today's; progress then is that of the reports accepted until then.
    """
    if found.plan is None:
        return {}
    then = found.day - WEEK
    before = reached_by_item(found, end_of(then))
    changes = {"off": 0, "red": 0, "better": 0}
    for tile in found.tiles:
        item = tile.item
        if item.crossed_off_at is not None:
            changes["off"] += day_of(item.crossed_off_at) > then
            continue
        planned = planned_of(found.plan, item, tile.plans, bool(tile.tasks), then)
        was = light_of(found.plan, item, tile.tasks, planned, before[item.pk], then)
        changes["red"] += tile.light == "red" and was != "red"
        changes["better"] += was == "red" and tile.light in ("yellow", "green")
    month = f"{found.day:%Y-%m}"
    open_tasks = {task.matter.pk: tile.item.pk for tile in found.tiles for task in tile.tasks if task.matter.is_open}
    filed = set(
        ProgressReport.objects.filter(period=month, matter__module="supervision")
        .exclude(state="returned")
        .values_list("matter", flat=True)
    )
    owing = set(open_tasks.values())
    behind = {item for matter, item in open_tasks.items() if matter not in filed}
    return changes | {"filed": len(owing - behind), "owing": len(owing)}


# --- beside the tiles ------------------------------------------------------------------------------------------------


def letters(actor: Actor, day: datetime.date) -> dict[str, Any]:
    """Return the newest supervision letters that are not closed, with what each waits for."""
    from luoshi.programmes.supervision.models.running import SupervisionLetter

    rows = SupervisionLetter.objects.exclude(state__in=["closed", "void", "dropped"])
    organs = concern.organs_for(actor, "work.see")
    if organs is not None:
        rows = rows.filter(organ__in=organs).exclude(state="drafted")
    found = list(rows.order_by("-id")[:5])
    names = concern.titles({one.organ for one in found})
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
            {"row": one, "name": short(names.get(one.organ, one.organ), one.organ), "tone": tone, "words": words}
        )
    return {"rows": shown, "total": rows.count() if len(found) == 5 else len(found)}


def elsewhere(actor: Actor, day: datetime.date) -> dict[str, Any]:
    """Return what other rooms' matters are overdue: how many by kind, and the longest overdue of them."""
    from luoshi.office.duties.matter_queries import visible

    rows = visible(actor).filter(is_open=True, late_on__lte=day, backlog=False).exclude(module="supervision")
    kinds = dict(Matter._meta.get_field("kind").choices or ())
    counts = [
        {"kind": kind, "words": kinds.get(kind, kind), "n": n}
        for kind, n in rows.order_by().values_list("kind").annotate(n=Count("id")).order_by("-n")
    ]
    worst = list(rows.order_by("due_sort", "id").only("id", "title", "due_on", "organ", "organ_name")[:5])
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


def due_dates(found: Board, month: datetime.date) -> dict[datetime.date, list[tuple[Tile, Task]]]:
    """Return the tasks due in a month, by day."""
    rows: dict[datetime.date, list[tuple[Tile, Task]]] = defaultdict(list)
    for tile in found.tiles:
        for task in tile.tasks:
            due = task.matter.due_on
            if due is not None and (due.year, due.month) == (month.year, month.month):
                rows[due].append((tile, task))
    return rows


def with_light(wanted: Wanted, light: str) -> Wanted:
    """Return the same question for another light."""
    return replace(wanted, light=light)


__all__ = ["FAR", "Board", "Tile", "Wanted", "board", "board_of", "course", "reds"]
