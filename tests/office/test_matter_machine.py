"""Matters under random acts of random people: what must hold after every one of them."""

from __future__ import annotations

import datetime

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import matter_actions as work
from luoshi.office.duties import matter_steps as steps
from luoshi.office.duties.desk import desk
from luoshi.office.duties.matter_models import CrossOff, Matter, MatterEvent, MatterOrgan, ProgressReport
from luoshi.office.duties.matter_queries import MatterFilter, MatterLedger, acts_open
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.matters import DONE, PROGRAM, moment, proof, pushed
from tests.office.people import OFFICE, actor

NAMES = st.sampled_from(["clerk", "head", "other", "both", "sup", "sup2", "own_sup"])
WHICH = st.integers(0, 2)


class Matters(RuleBasedStateMachine):
    """Three matters of one bureau; a clerk, a head, a stranger, somebody who is clerk and supervisor, supervisors."""

    @initialize()
    def city(self):
        CLOCK.set(moment("2019-10-08T09:00"))
        self.people = {
            "clerk": actor("clerk", (Role.CLERK, "finance")),
            "head": actor("head", (Role.LEADER, "finance")),
            "other": actor("other", (Role.CLERK, "agriculture")),
            "both": actor("both", (Role.CLERK, "finance"), (Role.SUPERVISOR, "party-office")),
            "sup": actor("sup", (Role.SUPERVISOR, OFFICE)),
            "sup2": actor("sup2", (Role.SUPERVISOR, "party-office")),
            "own_sup": actor("own_sup", (Role.SUPERVISOR, "finance")),
        }
        self.rows = [pushed(due=due).pk for due in ("2019-10-10", "2019-10-21", None)]
        self.events: list[tuple] = []

    def attempt(self, function, who: str, which: int, **more) -> bool:
        """Try an act; whether it is allowed must be what `acts_open` said where it says so."""
        try:
            with transaction.atomic():
                function(actor=self.people[who], matter=self.rows[which], **more)
        except LuoshiError:
            return False
        return True

    def offered(self, who: str, which: int) -> frozenset[str]:
        person, row = self.people[who], Matter.objects.get(pk=self.rows[which])
        return acts_open(person, row)

    @rule(who=NAMES, which=WHICH, percent=st.sampled_from([30, 70, 100, 100]))
    def report(self, who, which, percent):
        offered = "report" in self.offered(who, which)
        done = self.attempt(
            work.report_progress, who, which, percent=percent, narrative=DONE, evidence=proof(), reason="如实"
        )
        assert done == (offered and who != "other")

    @rule(who=NAMES, which=WHICH)
    def submit(self, who, which):
        offered = "submit" in self.offered(who, which)
        assert not self.attempt(work.submit_for_check, who, which) or offered

    @rule(who=NAMES, which=WHICH, formal=st.booleans())
    def send_back(self, who, which, formal):
        offered = "check" in self.offered(who, which)
        assert self.attempt(work.return_matter, who, which, reason="请补", formal=formal) == offered

    @rule(who=NAMES, which=WHICH)
    def cross_off(self, who, which):
        offered = "check" in self.offered(who, which)
        assert self.attempt(work.accept_and_cross_off, who, which) == offered

    @rule(who=NAMES, which=WHICH)
    def reopen(self, who, which):
        offered = "reopen" in self.offered(who, which)
        assert self.attempt(work.reopen, who, which, reason="抽查不实") == offered

    @rule(who=NAMES, which=WHICH)
    def pause(self, who, which):
        offered = "pause" in self.offered(who, which)
        assert self.attempt(steps.pause, who, which, kind="superior", reason="等批复") == offered

    @rule(who=NAMES, which=WHICH)
    def resume(self, who, which):
        offered = "resume" in self.offered(who, which)
        assert self.attempt(steps.resume, who, which) == offered

    @rule(who=NAMES, which=WHICH, days=st.integers(1, 70))
    def ask(self, who, which, days):
        due = Matter.objects.get(pk=self.rows[which]).due_on or datetime.date(2019, 12, 1)
        more = {"new_due": due + datetime.timedelta(days=days), "reason": "汛期"}
        if self.attempt(steps.ask_extension, who, which, **more):
            assert days <= 60

    @rule(who=NAMES, which=WHICH, grant=st.booleans())
    def decide(self, who, which, grant):
        self.attempt(steps.decide_extension, who, which, grant=grant, reason="理由")

    @rule(who=NAMES, which=WHICH, to=NAMES)
    def assign(self, who, which, to):
        if self.attempt(steps.assign, who, which, user=self.people[to].user_id):
            assert who == "head"
            assert to in ("clerk", "head", "both")

    @rule(who=NAMES, which=WHICH)
    def remind(self, who, which):
        assert self.attempt(steps.remind, who, which) == ("remind" in self.offered(who, which))

    @rule(hours=st.integers(1, 60))
    def later(self, hours):
        CLOCK.advance(datetime.timedelta(hours=hours))
        tick()

    @invariant()
    def nobody_checks_what_they_reported(self):
        for check in CrossOff.objects.exclude(decision=""):
            hands = set(
                ProgressReport.objects.filter(matter=check.matter_id, pk__lte=check.report_id).values_list(
                    "filed_by", flat=True
                )
            )
            assert check.checker_id not in hands | {check.submitter_id}
            assert check.checker_organ != check.organ

    @invariant()
    def histories_only_grow(self):
        now = list(MatterEvent.objects.order_by("id").values_list("pk", "act", "text", "at"))
        assert now[: len(self.events)] == self.events
        self.events = now

    @invariant()
    def no_matter_is_lost_and_counts_are_sums(self):
        assert set(Matter.objects.values_list("pk", flat=True)) == set(self.rows)
        day = CLOCK.today()
        asked = MatterLedger(MatterFilter(closed=True), actor=PROGRAM, day=day)
        facets = asked.facets()
        assert asked.total().value == 3
        for facet in (facets.lights, facets.states, facets.organs):
            assert sum(item.count for item in facet) == 3
        shown = desk(PROGRAM, day, view="all")
        assert shown.overdue.value == Matter.objects.filter(is_open=True, late_on__lte=day).count()

    @invariant()
    def what_is_derived_agrees_with_the_state(self):
        for row in Matter.objects.all():
            standing = CrossOff.objects.filter(matter=row, decision="accepted", reopened_at__isnull=True).count()
            assert standing == (row.state == "crossed_off")
            assert CrossOff.objects.filter(matter=row, decision="").count() == (row.state == "submitted")
            assert row.pauses.filter(ends__isnull=True).count() == (row.state == "paused")
            sides = MatterOrgan.objects.filter(matter=row)
            assert all((side.is_open, side.due_sort) == (row.is_open, row.due_sort) for side in sides)
            bumps = MatterEvent.objects.filter(matter=row).exclude(act="remind").exclude(who="系统").count()
            assert row.version == bumps


@pytest.mark.django_db
def test_random_acts_of_random_people_keep_what_must_hold():
    class Fresh(Matters):
        """Each run in a transaction of its own, undone at its end."""

        def __init__(self):
            super().__init__()
            self.around = transaction.atomic()
            self.around.__enter__()

        def teardown(self):
            transaction.set_rollback(True)
            self.around.__exit__(None, None, None)
            CLOCK.release()

    try:
        run_state_machine_as_test(
            Fresh,
            settings=settings(
                max_examples=6, stateful_step_count=25, deadline=None, derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
    finally:
        CLOCK.release()
