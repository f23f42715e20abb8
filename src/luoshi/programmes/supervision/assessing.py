"""Effectiveness assessment (D9, D10, P8): what is counted of every organ in a period, the run, objections, freezing.

Everything is gathered in a handful of queries, however many organs and tasks there are, as it stood at the end of the
period: reports filed, checks effective and papers signed after it do not count. A run keeps what it was reckoned from.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of, end_of, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact, plain
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern, curve, lights, workdays
from luoshi.office.duties.matter_models import CrossOff, Matter, ProgressReport, State
from luoshi.office.messages.actions import tell_organ
from luoshi.office.organs.directory import load_data
from luoshi.office.parameters import book
from luoshi.office.permissions import may, require, require_other_hand, scope_of
from luoshi.office.roles import Role
from luoshi.programmes.supervision.decisions.course import due_of_period, periods_of
from luoshi.programmes.supervision.decisions.scoring import (
    SCORED,
    Counted,
    Score,
    Weighed,
    ranks_of,
    score_of,
    shown,
    tau_of,
)
from luoshi.programmes.supervision.models import (
    AssessmentLine,
    AssessmentRun,
    CircularLine,
    ItemConcern,
    KeyItem,
    Leaf,
    Node,
    Plan,
    SpotCheckLine,
    SupervisionLetter,
)

ROOM = "supervision"
WHOLE = 10_000
ALL_SCORES = frozenset(
    {"city-government", "government-office", "party-office", "organization-dept", "appraisal-office"}
)
"""Whose people see every organ's score before it is published (section 3)."""
_LOCAL = {"town", "subdistrict", "zone"}
_OTHER = {"enterprise", "bank", "hospital", "external"}
_COUNTS = ("reports_due", "reports_good", "returned", "spot_failed", "letters", "circulars", "falsified", "bonuses")


@cache
def _kinds() -> Mapping[str, str]:
    return {organ["slug"]: organ.get("kind", "") for organ in load_data()["organs"]}


def group_of(organ: str) -> str:
    """Return with whom an organ is ranked: departments, towns and zones, enterprises and others."""
    kind = _kinds().get(organ, "")
    return "local" if kind in _LOCAL else "other" if kind in _OTHER else "city"


# --- gathering --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Task:
    """A smallest task as it stood at the end of the period; `weight` is item weight times path, before the role."""

    code: str
    matter: int
    organ: str
    role: str
    weight: Fraction
    actual: Fraction
    due: datetime.date
    completed_on: datetime.date | None
    late_wd: int

    def row(self, tau: Fraction) -> dict[str, Any]:
        """Return it as a run keeps it."""
        return {
            "code": self.code, "matter": self.matter, "role": self.role, "weight": plain(self.weight),
            "actual": plain(self.actual), "due": str(self.due), "late_wd": self.late_wd, "tau": plain(tau),
            "completed_on": None if self.completed_on is None else str(self.completed_on),
        }  # fmt: skip


@dataclass(slots=True)
class Gathered:
    """What is counted of a period: tasks by organ, counts by organ, every organ the plan names."""

    organs: set[str] = field(default_factory=set)
    tasks: dict[str, list[Task]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(lambda: dict.fromkeys(_COUNTS, 0)))


def weights(plan: Plan) -> dict[int, Fraction]:
    """Return the weight of every leaf node of a plan in basis points: the item's times those on the path, exactly."""
    items = list(
        KeyItem.objects.filter(plan=plan).exclude(state=KeyItem.State.WITHDRAWN).values_list("pk", "weight_bp")
    )
    set_ = [weight for _pk, weight in items]
    equal = None in set_ or sum(weight or 0 for weight in set_) != WHOLE
    of_item = {pk: Fraction(WHOLE, len(items)) if equal else Fraction(weight or 0) for pk, weight in items}
    rows = {
        pk: (item, parent, weight, kind)
        for pk, item, parent, weight, kind in Node.objects.filter(plan=plan, ended_at=None).values_list(
            "pk", "item_id", "parent_id", "weight_bp", "kind"
        )
    }
    found: dict[int, Fraction] = {}
    for pk, (item, _parent, _weight, kind) in rows.items():
        if kind != Node.Kind.LEAF or item not in of_item:
            continue
        share, above = of_item[item], pk
        while above in rows:
            share = share * rows[above][2] / WHOLE
            above = rows[above][1]
        found[pk] = share
    return found


def gather(plan: Plan, after: datetime.date, until: datetime.date, values: Mapping[str, Any]) -> Gathered:
    """Return what is counted of every organ from the day after `after` to the end of `until`."""
    from_, to = start_of(after + ONE_DAY), end_of(until)
    found = Gathered(set(ItemConcern.objects.filter(item__plan=plan).values_list("organ", flat=True)))
    share = weights(plan)
    leaves = list(
        Leaf.objects.filter(node__plan=plan, node__ended_at=None, matter__isnull=False)
        .exclude(matter__state=State.WITHDRAWN)
        .select_related("matter", "node")
    )
    matters = [leaf.matter_id for leaf in leaves]
    reports: dict[int, list[ProgressReport]] = defaultdict(list)
    rows = ProgressReport.objects.filter(matter__work_leaf__node__plan=plan, filed_at__lt=to).order_by("id")
    for one in rows.only("matter_id", "period", "state", "value", "percent_bp", "filed_at", "decided_at"):
        reports[one.matter_id].append(one)
    checks = {
        check.matter_id: check
        for check in CrossOff.objects.filter(
            matter__work_leaf__node__plan=plan, decision="accepted", reopened_at=None, effective_at__lt=to
        ).only("matter_id", "effective_at", "late_wd")
    }
    dues: dict[str, datetime.date | None] = {}
    holders = Holders()
    for leaf in leaves:
        if leaf.matter is not None and leaf.node_id in share:
            _count(found, leaf, share[leaf.node_id], reports[leaf.matter.pk], checks.get(leaf.matter.pk), dues,
                   (after, until, from_, to), int(values["report_due_day"]), holders)  # fmt: skip
    _papers(found, from_, to, set(matters))
    return found


class Holders:
    """Who held a smallest task on a day: the organ it was given to until that renamed or merged, then its successor.

    So the score of each organ counts from the day of the transfer (section 12); asked only of tasks that moved.
    """

    def __init__(self) -> None:
        self._days: dict[datetime.date, concern.Successors] = {}

    def of(self, leaf: Leaf, day: datetime.date) -> str:
        """Return the organ by slug."""
        now = leaf.matter.organ if leaf.matter is not None else ""
        if not now or now == leaf.organ:
            return now or leaf.organ
        if self._on(leaf.organ, CLOCK.today()) != now:
            # Given to another organ by hand: whoever holds it answers for it.
            return now
        return self._on(leaf.organ, day) or leaf.organ

    def _on(self, organ: str, day: datetime.date) -> str | None:
        if day not in self._days:
            self._days[day] = concern.Successors(day)
        return self._days[day].of(organ)


def _count(
    found: Gathered, leaf: Leaf, weight: Fraction, reports: Sequence[ProgressReport], check: CrossOff | None,
    dues: dict[str, datetime.date | None], period: tuple[datetime.date, datetime.date, Any, Any], report_day: int,
    holders: Holders,
) -> None:  # fmt: skip
    after, until, from_, _to = period
    matter = leaf.matter
    assert matter is not None
    if matter.due_on is None:
        return
    completed = None if check is None else day_of(check.effective_at)
    inside = matter.due_on <= until and (matter.due_on > after or completed is None or completed > after)
    if inside:
        organ = holders.of(leaf, matter.due_on if matter.due_on > after else completed or until)
        found.organs.add(organ)
        late = check.late_wd if check is not None else 0
        found.tasks[organ].append(
            Task(leaf.node.code, matter.pk, organ, leaf.role, weight, _actual(matter, reports), matter.due_on,
                 completed, late)
        )  # fmt: skip
    else:
        found.organs.add(holders.of(leaf, until))
    good: dict[str, datetime.date] = {}
    for one in reports:
        if one.state == ProgressReport.State.ACCEPTED:
            good.setdefault(one.period, day_of(one.filed_at))
        if one.state == ProgressReport.State.RETURNED and one.decided_at is not None and from_ <= one.decided_at:
            found.counts[holders.of(leaf, day_of(one.decided_at))]["returned"] += 1
    last = min(until, matter.due_on)
    for name in periods_of(leaf.cycle, max(matter.start, after + ONE_DAY), last):
        if name not in dues:
            dues[name] = due_of_period(name, report_day, workdays.calendar())
        due = dues[name]
        if due is None or not (max(after + ONE_DAY, matter.start) <= due <= last):
            continue
        if completed is not None and completed < due:
            continue
        organ = holders.of(leaf, due)
        found.organs.add(organ)
        counts = found.counts[organ]
        counts["reports_due"] += 1
        counts["reports_good"] += name in good and good[name] <= due


def _actual(matter: Matter, reports: Sequence[ProgressReport]) -> Fraction:
    """Return how far a task was by the last report that was accepted."""
    last = next((one for one in reversed(reports) if one.state == ProgressReport.State.ACCEPTED), None)
    if last is None:
        return curve.NONE
    measured = lights.measured(matter, last.value)
    return Fraction(last.percent_bp, 100) if measured is None else measured.percent


def _papers(found: Gathered, from_: datetime.datetime, to: datetime.datetime, matters: set[int | None]) -> None:
    """Count letters, circulars, praise and spot checks of the period."""
    void = (SupervisionLetter.State.VOID, SupervisionLetter.State.DROPPED)
    for organ in SupervisionLetter.objects.filter(signed_at__gte=from_, signed_at__lt=to).exclude(
        state__in=void).values_list("organ", flat=True):  # fmt: skip
        found.counts[organ]["letters"] += 1
    named: set[tuple[str, int | None, bool]] = set()
    rows = CircularLine.objects.filter(circular__signed_at__gte=from_, circular__signed_at__lt=to)
    for organ, circular, kind in rows.exclude(circular__state__in=("void", "dropped")).values_list(
        "organ", "circular_id", "kind"
    ):
        praise = kind == CircularLine.Kind.PRAISE
        # Named twice in one circular is criticised once.
        if (organ, circular, praise) not in named:
            named.add((organ, circular, praise))
            found.counts[organ]["bonuses" if praise else "circulars"] += 1
    spots = SpotCheckLine.objects.filter(result="failed", recorded_at__gte=from_, recorded_at__lt=to)
    for organ, matter, falsified in spots.values_list("organ", "matter_id", "falsified"):
        if matter in matters:
            found.counts[organ]["spot_failed"] += 1
            found.counts[organ]["falsified"] += falsified


# --- reckoning --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reckoned:
    """One organ's line before it is stored."""

    organ: str
    leaves: list[dict[str, Any]]
    counts: dict[str, int]
    score: Score | None


def reckon(gathered: Gathered, values: Mapping[str, Fraction]) -> list[Reckoned]:
    """Return the score of every organ, by slug."""
    found = []
    factor = {"lead": values["role_factor_lead"], "coop": values["role_factor_coop"]}
    for organ in sorted(gathered.organs):
        rows, weighed = [], []
        for task in sorted(gathered.tasks.get(organ, ()), key=lambda one: one.code):
            tau = tau_of(task.due, task.completed_on, task.late_wd, values["late_half_credit"])
            rows.append(task.row(tau))
            weighed.append(Weighed(task.weight * factor[task.role], task.actual, tau))
        counts = dict(gathered.counts[organ])
        counted = Counted(**{name: Fraction(number) for name, number in counts.items()})
        found.append(Reckoned(organ, rows, counts, score_of(weighed, counted, values)))
    return found


def snapshot(day: datetime.date) -> tuple[dict[str, Any], dict[str, Fraction]]:
    """Return the parameters of a day: as a run keeps them, with where they come from, and as numbers."""
    values = book.current().values(ROOM, day)
    rows = {row["name"]: row for row in values.rows}
    kept = {
        name: {"value": plain(exact(values[name])), "title": rows[name]["title"], "from": rows[name]["from"],
               "citation": rows[name]["citation"], "source": rows[name]["source"]}
        for name in (*SCORED, "report_due_day")
    }  # fmt: skip
    return kept, {name: exact(values[name]) for name in SCORED}


def span(kind: str, until: datetime.date) -> datetime.date:
    """Return the day after which a period begins: a month, half a year, a year that end on `until`. E_INPUT."""
    last = until + ONE_DAY
    if last.day != 1 or (kind == "half" and last.month not in (1, 7)) or (kind == "year" and last.month != 1):
        raise LuoshiError("E_INPUT", "期间的最后一日应是月末、6月30日或12月31日。", fields={"field": "until"})
    months = {"month": 1, "half": 6, "year": 12}.get(kind)
    if months is None:
        raise LuoshiError("E_INPUT", "评估种类应为月度、半年或年度。", fields={"field": "kind"})
    year, month = divmod(last.year * 12 + last.month - 1 - months, 12)
    return datetime.date(year, month + 1, 1) - ONE_DAY


def plan_for(until: datetime.date) -> Plan:
    """Return the plan under which a period that ends on a day is judged: that of its year, else the last one before.

    The next year's plan may run already while the old year is judged. E_NOT_FOUND when there was none yet.
    """
    rows = Plan.objects.filter(kind="work_points", year__lte=until.year, issued_on__lt=until)
    found = rows.exclude(status=Plan.Status.LOADING).order_by("-year").first()
    if found is None:
        words = f"{until}以前没有执行中的年度计划，这一期没有可评估的。"
        raise LuoshiError("E_NOT_FOUND", words, fields={"field": "until"})
    return found


def offered(kind: str, until: datetime.date) -> bool:
    """Tell whether a period is worth offering: there was a plan, and of half a year or a year the plan of that year."""
    try:
        plan = plan_for(until)
    except LuoshiError:
        return False
    return kind == AssessmentRun.Kind.MONTH or plan.year == until.year


def run(*, actor: Actor, plan: int, kind: str, until: datetime.date, reason: str = "") -> AssessmentRun:
    """Reckon every organ's score of a period and keep it as a new run; what is there stays.

    Side effects: the run with its lines, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_INPUT (period, reason missing for
    another run of half a year or a year), E_NOT_YET (the period is not over).
    """
    require(actor, "work.score")
    after = span(kind, until)
    reason = reason.replace("\0", "").strip()[:1000]
    if until >= CLOCK.today():
        raise LuoshiError("E_NOT_YET", f"这一期到{until}才结束，之后才能评估。", fields={"from": str(until + ONE_DAY)})
    with transaction.atomic():
        held = Plan.objects.select_for_update().filter(pk=plan).first()
        if held is None or held.status == Plan.Status.LOADING:
            raise LuoshiError("E_NOT_FOUND", "没有这个执行中的年度计划。")
        before = AssessmentRun.objects.filter(plan=held, kind=kind, until=until).aggregate(Max("seq"))["seq__max"] or 0
        if before and kind != AssessmentRun.Kind.MONTH and not reason:
            raise LuoshiError("E_INPUT", "这一期已经评估过，再评估须写明理由；原来的保留。", fields={"field": "reason"})
        kept, values = snapshot(until)
        lines = reckon(gather(held, after, until, {"report_due_day": kept["report_due_day"]["value"]}), values)
        made = AssessmentRun.objects.create(
            plan=held, kind=kind, after=after, until=until, seq=before + 1, parameters=kept, digest=_digest(kept,
                lines),
            reason=reason, made_at=CLOCK.now(), made_by_id=actor.user_id, made_name=actor.name[:100],
        )  # fmt: skip
        AssessmentLine.objects.bulk_create(_lines(made, lines))
        audit.append(
            actor=actor, act="work.score", subject=f"assessment:{made.pk}", permission="work.score",
            after={"kind": kind, "until": str(until), "organs": len(lines), "digest": made.digest, "reason": reason},
        )  # fmt: skip
    return made


def _digest(kept: Mapping[str, Any], lines: Sequence[Reckoned]) -> str:
    data = [kept, [[one.organ, one.leaves, one.counts, None if one.score is None else plain(one.score.exact)]
                   for one in lines]]  # fmt: skip
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _lines(made: AssessmentRun, lines: Sequence[Reckoned]) -> list[AssessmentLine]:
    names = concern.titles([one.organ for one in lines], made.until)
    groups: dict[str, list[Reckoned]] = defaultdict(list)
    for one in lines:
        groups[group_of(one.organ)].append(one)
    found = []
    for group, rows in groups.items():
        ranks = ranks_of([None if one.score is None else one.score.exact for one in rows])
        for one, rank in zip(rows, ranks, strict=True):
            score = one.score
            found.append(
                AssessmentLine(
                    run=made, organ=one.organ, name=names.get(one.organ, one.organ)[:100], group=group,
                    leaves=len(one.leaves), inputs={"leaves": one.leaves, "counts": one.counts},
                    parts={} if score is None else shown(score),
                    exact="" if score is None else str(plain(score.exact)),
                    score=None if score is None else Decimal(curve.written(score.exact)), rank=rank,
                )
            )  # fmt: skip
    return found


# --- objections, freezing, publishing (P8) ----------------------------------------------------------------------------


def _locked(pk: int, version: int | None) -> AssessmentRun:
    found = AssessmentRun.objects.select_for_update(of=("self",)).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这次评估。")
    if version is not None and version != found.version:
        raise LuoshiError("E_VERSION", "您打开以后有人办过这次评估，没有保存，请看过再办。",
                          fields={"yours": version, "now": found.version})  # fmt: skip
    return found


def _wrote(actor: Actor, row: AssessmentRun, act: str, permission: str, **more: Any) -> AssessmentRun:
    row.version += 1
    row.save()
    audit.append(actor=actor, act=f"work.score_{act}", subject=f"assessment:{row.pk}", permission=permission,
                 after={"state": row.state, **more})  # fmt: skip
    return row


def _state(row: AssessmentRun, state: str, what: str) -> None:
    if row.state != state:
        now = AssessmentRun.State(row.state).label
        raise LuoshiError("E_STATE", f"这次评估现在是“{now}”，不能{what}。", fields={"state": row.state})


def address(row: AssessmentRun) -> str:
    """Return the page of a run."""
    return f"/supervision/scores/{row.pk}/"


def open_objections(*, actor: Actor, pk: int, version: int | None = None) -> AssessmentRun:
    """Show every organ its score and let it object for some working days (`objection_wd`); silence is no objection.

    Side effects: state, audit, a message to every organ that is ranked. Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE (a
    month is a trial only), E_VERSION.
    """
    require(actor, "work.score")
    with transaction.atomic():
        row = _locked(pk, version)
        _state(row, AssessmentRun.State.TRIAL, "开始异议期")
        if row.kind == AssessmentRun.Kind.MONTH:
            raise LuoshiError("E_STATE", "月度只是试算，不定稿。")
        days = int(book.current().values(ROOM, CLOCK.today())["objection_wd"])
        row.objections_until = workdays.shift(CLOCK.today(), days)
        row.state = AssessmentRun.State.OBJECTIONS
        _wrote(actor, row, "objections", "work.score", until=str(row.objections_until))
        for organ, score in row.lines.exclude(score=None).values_list("organ", "score"):
            tell_organ(
                organ=organ, roles=(Role.CLERK, Role.LEADER), key=f"assessment:{row.pk}:{organ}", kind="matter",
                text=f"{row.get_kind_display()}得分{score}，{row.objections_until}前可提异议", href=address(row),
            )  # fmt: skip
        return row


def object_to(*, actor: Actor, pk: int, organ: str, text: str) -> AssessmentLine:
    """Object to an organ's own score, once, while objections are open. E_FORBIDDEN, E_STATE, E_EXPIRED, E_INPUT."""
    require(actor, "work.reply", [organ])
    text = _said(text, "异议的理由")
    with transaction.atomic():
        row = _locked(pk, None)
        _state(row, AssessmentRun.State.OBJECTIONS, "提异议")
        if row.objections_until is not None and CLOCK.today() > row.objections_until:
            raise LuoshiError("E_EXPIRED", f"异议期到{row.objections_until}为止，已经过了。")
        line = row.lines.select_for_update().filter(organ=organ).first()
        if line is None:
            raise LuoshiError("E_NOT_FOUND", "这次评估没有这个单位。")
        if line.objected_at is not None:
            raise LuoshiError("E_STATE", "已经提过异议，等市政府办答复。")
        line.objected_at, line.objected_name, line.objection = CLOCK.now(), actor.name[:100], text
        line.save()
        audit.append(actor=actor, act="work.score_objected", subject=f"assessment:{row.pk}", permission="work.reply",
                     after={"organ": organ, "text": text[:400]})  # fmt: skip
        return line


def answer_objection(*, actor: Actor, pk: int, organ: str, text: str) -> AssessmentLine:
    """Answer an objection; what has to change is changed in the records, and a new run made. E_FORBIDDEN, E_STATE."""
    require(actor, "work.score")
    text = _said(text, "答复")
    with transaction.atomic():
        row = _locked(pk, None)
        _state(row, AssessmentRun.State.OBJECTIONS, "答复异议")
        line = row.lines.select_for_update().filter(organ=organ, objected_at__isnull=False).first()
        if line is None or line.answered_at is not None:
            raise LuoshiError("E_STATE", "没有待答复的异议。")
        line.answered_at, line.answered_name, line.answer = CLOCK.now(), actor.name[:100], text
        line.save()
        audit.append(actor=actor, act="work.score_answered", subject=f"assessment:{row.pk}", permission="work.score",
                     after={"organ": organ, "text": text[:400]})  # fmt: skip
        tell_organ(organ=organ, roles=(Role.CLERK, Role.LEADER), key=f"assessment:answer:{line.pk}", kind="matter",
                   text=f"{row.get_kind_display()}的异议已答复", href=address(row))  # fmt: skip
        return line


def _said(text: str, what: str) -> str:
    text = text.replace("\0", "").strip()
    if not 1 <= len(text) <= 2000:
        raise LuoshiError("E_INPUT", f"请写明{what}，至多2,000字。", fields={"field": "text"})
    return text


def freeze(*, actor: Actor, pk: int, version: int | None = None) -> AssessmentRun:
    """Freeze the ranking, as another person than who reckoned it, after the objections are over and answered.

    Errors: E_FORBIDDEN, E_SELF, E_STATE, E_NOT_YET (objections still open), E_INCOMPLETE (one not answered), E_VERSION.
    """
    require(actor, "work.freeze", ["government-office"])
    with transaction.atomic():
        row = _locked(pk, version)
        _state(row, AssessmentRun.State.OBJECTIONS, "定稿")
        require_other_hand(actor, [row.made_by_id], "评估定稿")
        if row.objections_until is None or CLOCK.today() <= row.objections_until:
            raise LuoshiError("E_NOT_YET", f"异议期到{row.objections_until}为止，之后才能定稿。")
        waiting = list(row.lines.filter(objected_at__isnull=False, answered_at=None).values_list("name", flat=True))
        if waiting:
            raise LuoshiError("E_INCOMPLETE", f"{'、'.join(waiting[:5])}的异议还没有答复，不能定稿。")
        row.state, row.frozen_at, row.frozen_name = AssessmentRun.State.FROZEN, CLOCK.now(), actor.name[:100]
        return _wrote(actor, row, "frozen", "work.freeze", digest=row.digest)


def publish(*, actor: Actor, pk: int, version: int | None = None) -> AssessmentRun:
    """Show the frozen ranking to every organ. E_FORBIDDEN, E_STATE, E_VERSION."""
    require(actor, "work.freeze", ["government-office"])
    with transaction.atomic():
        row = _locked(pk, version)
        _state(row, AssessmentRun.State.FROZEN, "公布")
        row.state, row.published_at, row.published_name = AssessmentRun.State.PUBLISHED, CLOCK.now(), actor.name[:100]
        return _wrote(actor, row, "published", "work.freeze")


# --- reading ----------------------------------------------------------------------------------------------------------


def sees_all(actor: Actor) -> bool:
    """Tell whether somebody sees every organ's score before it is published."""
    scope = scope_of(actor, "work.see")
    return scope.everywhere or not scope.organs.isdisjoint(ALL_SCORES) or may(actor, "work.score")


def runs(actor: Actor) -> QuerySet[AssessmentRun]:
    """Return the runs somebody sees, newest period first: all, else those with a line of its own and published ones."""
    rows = AssessmentRun.objects.select_related("plan").order_by("-until", "-pk")
    if sees_all(actor):
        return rows
    organs = scope_of(actor, "work.see").organs
    mine = AssessmentLine.objects.filter(organ__in=organs).values("run")
    return rows.filter(pk__in=mine) | rows.filter(state=AssessmentRun.State.PUBLISHED)


def one(actor: Actor, pk: int) -> AssessmentRun:
    """Return a run; E_NOT_FOUND for what is not there or not seen."""
    found = runs(actor).filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 次评估。")
    return found


def lines(actor: Actor, row: AssessmentRun) -> QuerySet[AssessmentLine]:
    """Return the lines of a run somebody sees: all once it is published, before that those of the own organs."""
    found = row.lines.defer("inputs").order_by("group", "rank", "organ")
    if row.state == AssessmentRun.State.PUBLISHED or sees_all(actor):
        return found
    return found.filter(organ__in=scope_of(actor, "work.see").organs)


def line(actor: Actor, pk: int, organ: str) -> AssessmentLine:
    """Return one organ's line with what it was reckoned from: the own one, or whoever sees all. E_NOT_FOUND."""
    row = one(actor, pk)
    found = row.lines.filter(organ=organ).first()
    if found is None or not (sees_all(actor) or organ in scope_of(actor, "work.see").organs):
        raise LuoshiError("E_NOT_FOUND", "这次评估没有这个单位，或者您看不到它的明细。")
    return found
