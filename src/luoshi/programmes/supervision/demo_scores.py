"""The demonstration's assessments: a trial of every month, half a year published, a spot check of the last quarter."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import Actor
from luoshi.programmes.supervision import assessing, checking
from luoshi.programmes.supervision.models import AssessmentRun, Plan, SpotCheck

SEED = "0123456789abcdef"
"""A demonstration draws the same every time."""


def load(moment: datetime.datetime) -> Iterator[str]:
    """Reckon what lies between the plan's issue and `moment`; a second time does nothing. Yields what was done."""
    plan = Plan.objects.filter(kind=Plan.Kind.WORK_POINTS).exclude(status=Plan.Status.LOADING).order_by("-year").first()
    people = {user.login: user for user in User.objects.filter(login__in=["ducha1", "zhuren1"])}
    if plan is None or AssessmentRun.objects.exists() or "ducha1" not in people:
        return
    clerk = standing(people["ducha1"]).actor("demo")
    try:
        months = _months(plan.issued_on, day_of(moment))
        for until in months:
            _at(until + ONE_DAY)
            assessing.run(actor=clerk, plan=plan.pk, kind="month", until=until)
            if (until.month, until.day) in ((6, 30), (12, 31)) and day_of(moment) - until > datetime.timedelta(days=20):
                _half(plan, clerk, people.get("zhuren1"), until)
        checked = _spot(plan, clerk, day_of(moment))
    finally:
        CLOCK.release()
    runs = AssessmentRun.objects.filter(plan=plan).count()
    yield f"重点工作：效能评估{runs}次" + (f"，抽查{checked.lines.count()}件。" if checked else "。")


def _at(day: datetime.date) -> None:
    CLOCK.set(datetime.datetime.combine(day, datetime.time(10), SHANGHAI))


def _months(issued: datetime.date, today: datetime.date) -> list[datetime.date]:
    """Return the last days of the months from the issue on that are over."""
    found, day = [], today.replace(day=1) - ONE_DAY
    while day >= issued:
        found.append(day)
        day = day.replace(day=1) - ONE_DAY
    return found[::-1]


def _half(plan: Plan, clerk: Actor, director: User | None, until: datetime.date) -> None:
    run = assessing.run(actor=clerk, plan=plan.pk, kind="half", until=until)
    run = assessing.open_objections(actor=clerk, pk=run.pk)
    if director is not None and run.objections_until is not None:
        _at(run.objections_until + ONE_DAY)
        signer = standing(director).actor("demo")
        assessing.freeze(actor=signer, pk=run.pk)
        assessing.publish(actor=signer, pk=run.pk)


def _spot(plan: Plan, clerk: Actor, today: datetime.date) -> SpotCheck | None:
    """Draw the newest quarter that is over and has something to draw; the first task passed."""
    year, quarter = divmod(today.year * 4 + (today.month - 1) // 3 - 1, 4)
    for _back in range(2):
        name = f"{year}-Q{quarter + 1}"
        _first, last = checking.quarter_days(name)
        _at(last + ONE_DAY)
        try:
            made = checking.draw(actor=clerk, plan=plan.pk, quarter=name, seed=SEED)
        except LuoshiError:
            year, quarter = divmod(year * 4 + quarter - 1, 4)
            continue
        line = made.lines.order_by("order").first()
        if line is not None:
            checking.record(
                actor=clerk, line=line.pk, passed=True, visited_on=last + ONE_DAY, found="现场与销号资料一致。",
                with_organ="finance" if line.organ != "finance" else "audit",
            )  # fmt: skip
        return made
    return None
