"""Plans of the city, its departments and towns: editions, their filing within 20 days, publication by 31 July.

The ways are `procedures/city_plan.yaml` and `procedures/plan.yaml`; when a city plan is approved, every member organ
and town owes a plan of its own (D18, A19).
"""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from luoshi.kernel.clock import CLOCK, day_of, local, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.calendar import book as calendar_book
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.programmes.heavy_pollution import plan, tasks
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import PlanVersion

CITY, ORGAN = "heavy_pollution.city_plan", "heavy_pollution.plan"
Kind = PlanVersion.Kind
NAMED = frozenset(
    {
        "publicity-dept", "development-reform", "economy-it", "education", "public-security", "housing-construction",
        "enforcement", "transport", "weather", "highway",
    }
)  # fmt: skip
"""The ten of whom 2.1.2 asks a plan by name; 3.1.1(2) and 6.4 ask all (A19)."""
STATES = {
    "draft": "制订中", "approved": "已批准", "filed": "已备案", "published": "已公布", "superseded": "已被新版替代",
}  # fmt: skip


def owing() -> list[tuple[str, str]]:
    """Return who owes a plan of its own: kind and organ, members first."""
    members = [(Kind.DEPARTMENT.value, one) for one in plan.MEMBERS]
    return members + [(Kind.TOWN.value, one) for one in sorted(concern.towns())]


def title_of(kind: str, organ: str) -> str:
    """Return what an organ's plan is called."""
    return f"{concern.title(organ)}重污染天气应急{'专项实施方案' if kind == Kind.DEPARTMENT else '方案'}"


def _next_edition(kind: str, organ: str) -> int:
    return (PlanVersion.objects.filter(kind=kind, organ=organ).aggregate(n=Max("edition"))["n"] or 0) + 1


def propose(*, actor: Actor, why: str, changes: str) -> PlanVersion:
    """Propose a revision of the city's plan: the office's draft begins. E_FORBIDDEN, E_INPUT, E_DUPLICATE."""
    with transaction.atomic():
        case = cases.open_case(
            actor=actor, procedure=CITY, organ=plan.COMMAND, subject="hp-plan:city",
            title=f"{CLOCK.today().year}年重污染天气应急预案修订", facts={"why": why, "changes": changes},
        )  # fmt: skip
        return PlanVersion.objects.create(
            kind=Kind.CITY, organ=plan.COMMAND, edition=_next_edition(Kind.CITY, plan.COMMAND),
            title="乳山市重污染天气应急预案", issued_on=CLOCK.today(), changes=changes.strip()[:2000], case=case,
        )  # fmt: skip


def begin(
    *, actor: Actor, organ: str, parent: PlanVersion | None = None, issued_on: datetime.date | None = None
) -> PlanVersion:
    """Begin an organ's plan: owed because of a city plan issued on a day, or of its own accord without a limit.

    Errors: E_FORBIDDEN, E_INPUT for an organ that has none to make, E_DUPLICATE while one is under way.
    """
    kind = Kind.TOWN if organ in concern.towns() else Kind.DEPARTMENT if organ in plan.MEMBERS else None
    if kind is None:
        raise LuoshiError("E_INPUT", f"“{concern.title(organ) or organ[:40]}”不是指挥部成员单位或镇区，不用制订方案。")
    title = title_of(kind, organ)
    facts = {"organ": organ} | ({"issued_on": issued_on.isoformat()} if issued_on else {})
    with transaction.atomic():
        row = PlanVersion.objects.create(
            kind=kind, organ=organ, edition=_next_edition(kind, organ), title=title, named=organ in NAMED,
            issued_on=issued_on or CLOCK.today(), parent=parent,
        )  # fmt: skip
        row.case = cases.open_case(
            actor=actor, procedure=ORGAN, title=title, organ=organ, subject=f"hp-plan:{organ}", facts=facts
        )
        if issued_on is not None:
            due = row.case.due_at - datetime.timedelta(seconds=1)
            row.due_on = day_of(due)
        row.save(update_fields=["case", "due_on"])
        append(actor=actor, act="pollution.plan_begin", subject=f"hp-organ-plan:{row.pk}", permission="case.open",
               after={"organ": organ, "edition": row.edition, "due": row.due_on and row.due_on.isoformat()},
               basis=f"{PLAN} 6.4")  # fmt: skip
    return row


def owe(*, actor: Actor, parent: PlanVersion, issued_on: datetime.date) -> int:
    """Let every member and town owe a plan because of a city plan; who has one under way goes on with it."""
    busy = set(PlanVersion.objects.filter(case__is_open=True).exclude(kind=Kind.CITY).values_list("organ", flat=True))
    wanted = [organ for _kind, organ in owing() if organ not in busy]
    for organ in wanted:
        begin(actor=actor, organ=organ, parent=parent, issued_on=issued_on)
    return len(wanted)


# --- the steps --------------------------------------------------------------------------------------------------------


def _row(turn: Turn) -> PlanVersion:
    row: PlanVersion = PlanVersion.objects.select_for_update().get(case=turn.case)
    return row


@effect("heavy_pollution.plan_text")
def _text(turn: Turn) -> None:
    row = _row(turn)
    row.changes = str(turn.data.get("changes") or "").strip()[:2000]
    if (paper := turn.data.get("file")) is not None:
        row.file = CasePaper.objects.get(pk=paper).file
    row.save(update_fields=["changes", "file"])


@effect("heavy_pollution.plan_approved_by_head")
def _approved(turn: Turn) -> None:
    row = _row(turn)
    row.state, row.approved_at = "approved", turn.at
    row.save(update_fields=["state", "approved_at"])


@effect("heavy_pollution.plan_filed_by_organ")
def _filed(turn: Turn) -> None:
    row = _row(turn)
    row.state, row.filed_at = "filed", turn.at
    row.save(update_fields=["state", "filed_at"])


@effect("heavy_pollution.plan_filing_returned")
def _returned(turn: Turn) -> None:
    row = _row(turn)
    row.state, row.filed_at, row.approved_at = "draft", None, None
    row.save(update_fields=["state", "filed_at", "approved_at"])


@effect("heavy_pollution.city_plan_approved")
def _city_approved(turn: Turn) -> None:
    """The approved plan takes its number; publication falls due, and every member and town owes its own."""
    row = _row(turn)
    issued = datetime.date.fromisoformat(str(turn.data["issued_on"]))
    if issued > day_of(turn.at):
        raise LuoshiError(
            "E_FUTURE", f"印发日期{issued}晚于今天，请核对。", fields={"fields": {"issued_on": "不能晚于今天"}}
        )
    found = book.decide("heavy_pollution.deadlines", {"plan_issued_on": issued.isoformat()}, issued,
                        calendar=calendar_book.calendar())  # fmt: skip
    row.state, row.approved_at, row.number, row.issued_on = "approved", turn.at, str(turn.data["number"])[:60], issued
    row.publish_by = datetime.date.fromisoformat(found.value["publication"]["due"][:10])
    row.save()
    last = start_of(row.publish_by + datetime.timedelta(days=1)) - datetime.timedelta(seconds=1)
    turn.case.facts["publish_until"] = last.isoformat()
    owe(actor=Actor.system("市预案", "case", user_id=turn.actor.user_id), parent=row, issued_on=issued)


@effect("heavy_pollution.plan_published")
def _published(turn: Turn) -> None:
    row = _row(turn)
    before = PlanVersion.objects.filter(kind=row.kind, organ=row.organ, state="published").exclude(pk=row.pk)
    before.update(state="superseded")
    row.state, row.published_at = "published", turn.at
    row.save(update_fields=["state", "published_at"])


# --- looking ----------------------------------------------------------------------------------------------------------


def seen(actor: Actor) -> QuerySet[PlanVersion]:
    """Return the plans the actor sees: its own, all for the command, its office and supervisors; published for all."""
    rows = PlanVersion.objects.select_related("case")
    reach = tasks.reach_of(actor)
    return rows if reach is None else rows.filter(Q(organ__in=reach) | Q(published_at__isnull=False))


def visible(actor: Actor, pk: int) -> PlanVersion:
    """Return one of them. E_NOT_FOUND."""
    row = seen(actor).filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号方案。")
    return row


def late(row: PlanVersion, today: datetime.date) -> bool:
    """Whether a plan was filed, or is still to be filed, after its day."""
    return row.due_on is not None and (day_of(local(row.filed_at)) if row.filed_at else today) > row.due_on


def counts(parent: PlanVersion | None) -> dict[str, int]:
    """Return how many plans a city plan brought, how many are filed, in time, late, missing."""
    if parent is None:
        return {"owed": 0, "filed": 0, "in_time": 0, "missing": 0, "overdue": 0}
    rows, today = list(parent.parts.all()), CLOCK.today()
    filed = [row for row in rows if row.filed_at is not None]
    return {
        "owed": len(rows),
        "filed": len(filed),
        "in_time": sum(not late(row, today) for row in filed),
        "missing": len(rows) - len(filed),
        "overdue": sum(late(row, today) for row in rows if row.filed_at is None),
    }


def current() -> PlanVersion | None:
    """Return the city plan that was approved last."""
    return PlanVersion.objects.filter(kind=Kind.CITY, approved_at__isnull=False).order_by("-edition").first()


def require_office(actor: Actor) -> None:
    """Refuse whoever is not of the command's office."""
    require(actor, "pollution.command", [plan.COMMAND])
