"""A plan with two smallest tasks as matters, and the people about them, for tests."""

from __future__ import annotations

import datetime
from typing import Any

from luoshi.kernel.clock import CLOCK, start_of
from luoshi.office import timer
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import reminders
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Matter
from luoshi.office.roles import Role
from luoshi.programmes.supervision import timers
from luoshi.programmes.supervision.models import Chapter, KeyItem, Leaf, Node, Plan
from tests.office.matters import PROGRAM, known, moment, proof
from tests.office.people import OFFICE, actor

PLAIN = "已按方案完成，验收资料齐全并登记在册。"


def somebody(login: str, *grants: tuple[Role, str]) -> Any:
    return known(login) or actor(login, *grants)


def clerk(organ: str = "finance") -> Any:
    return somebody(f"clerk-{organ}", (Role.CLERK, organ))


def head(organ: str = "finance") -> Any:
    return somebody(f"head-{organ}", (Role.LEADER, organ))


def supervisor() -> Any:
    return somebody("ducha", (Role.SUPERVISOR, OFFICE))


def director() -> Any:
    return head(OFFICE)


def leader() -> Any:
    return head("city-government")


def commission() -> Any:
    return somebody("jianwei", (Role.LEADER, "supervisory-commission"))


def item(year: int = 2019) -> KeyItem:
    found = KeyItem.objects.filter(plan__year=year, plan__kind="work_points").first()
    if found is not None:
        return found
    day = datetime.date(year, 4, 10)
    plan = Plan.objects.create(
        year=year, title="测试工作要点", issued_on=day, status="active", loaded_at=CLOCK.now(), loaded_by="测试",
        activated_at=CLOCK.now(), activated_by="测试",
    )  # fmt: skip
    chapter = Chapter.objects.create(plan=plan, no=1, title="测试一章")
    return KeyItem.objects.create(plan=plan, chapter=chapter, seq=24, title="测试事项", due=datetime.date(year, 12, 31))


def leaf(due: str, organ: str = "finance", coop: tuple[str, ...] = (), **more: Any) -> Matter:
    """Return a smallest task as a matter, without a target, counted once accepted."""
    of, day = item(int(due[:4])), datetime.date.fromisoformat(due)
    n = of.nodes.count() + 1
    code, start = f"{of.code}.{n:02}", min(datetime.date(day.year, 4, 10), day)
    node = Node.objects.create(
        plan=of.plan, item=of, code=code, level=1, title=f"测试最小颗粒{n}", kind="leaf", weight_bp=5000, start=start,
        due=day,
    )  # fmt: skip
    matter, _new = push_matter(
        actor=PROGRAM, module="supervision", external_id=code, kind="work_point", title=node.title, organ=organ,
        start=start, due_on=day, cooperating=coop, basis="测政发〔2019〕2号 24",
    )  # fmt: skip
    Matter.objects.filter(pk=matter.pk).update(accepted_only=True)
    Leaf.objects.create(
        node=node, matter=matter, organ=organ, role="lead", post="测试岗", deliverable="测试成果",
        **({"evidence_types": ["document"]} | more),
    )  # fmt: skip
    return Matter.objects.get(pk=matter.pk)


def handed_in(matter: Matter, by: Any) -> Any:
    """Report all done with a file and hand in."""
    work.report_progress(actor=by, matter=matter.pk, percent=100, narrative=PLAIN, evidence=proof())
    return work.submit_for_check(actor=by, matter=matter.pk)


def at(text: str) -> datetime.datetime:
    CLOCK.set(moment(text))
    return CLOCK.now()


def days(first: str, last: str) -> None:
    """Tick just after each midnight from one day to another."""
    day, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    while day <= end:
        CLOCK.set(start_of(day) + datetime.timedelta(minutes=1))
        timer.tick()
        day += datetime.timedelta(days=1)


def step(*days_of: str) -> None:
    """Carry out what a day does by itself, on these days only: what was due before is made up for."""
    for text in days_of:
        moment_of = start_of(datetime.date.fromisoformat(text))
        CLOCK.set(moment_of + datetime.timedelta(minutes=1))
        for one in (
            reminders.mark_overdue, reminders.enter_supervision, reminders.climb_ladder, timers.unanswered_letters,
            timers.silence, timers.unverified,
        ):  # fmt: skip
            one(moment_of)
