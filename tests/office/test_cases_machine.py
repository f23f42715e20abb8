"""Cases under random acts of random people, a running clock and changing holidays: what must hold after every step."""

from __future__ import annotations

import datetime
import os

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from luoshi.kernel.clock import CLOCK, day_of, local, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.audit.models import AuditEntry
from luoshi.office.audit.proof import first_broken
from luoshi.office.calendar import actions as calendars
from luoshi.office.calendar import book
from luoshi.office.cases import actions
from luoshi.office.cases.clocks import FAR
from luoshi.office.cases.models import Case, CaseClock, CaseEvent
from luoshi.office.roles import Role
from luoshi.office.timer import tick
from tests.office.cases_made import guarantee, known_procedures, people
from tests.office.people import OFFICE, actor

EXAMPLES = int(os.environ.get("LUOSHI_EXAMPLES", "6"))
"""Runs; by chance where the environment asks for a number, the same ones every time in the suite."""
WHO = st.sampled_from(["applicant", "officer", "head", "payer", "supervisor"])
WHICH = st.integers(0, 2)
STEPS = {
    "note": {"opinion": "相符"}, "approve": {}, "send_back": {"reason": "缺回单"}, "resubmit": {},
    "refuse": {"reason": "不符"}, "reopen": {"reason": "重审"}, "pay": {},
}  # fmt: skip
MAY = {
    "note": "officer", "approve": "head", "send_back": "officer", "resubmit": "applicant", "refuse": "head",
    "reopen": "head", "pay": "payer",
}  # fmt: skip
LIMIT_OF = {"review": "review", "approved": "pay"}


class Cases(RuleBasedStateMachine):
    """Three guarantees; a person for each party, a supervisor, two people who change the calendar."""

    @initialize()
    def city(self):
        self.people = people()
        self.calendar = actor("ar", (Role.ARCHIVIST, OFFICE)), actor("su", (Role.SUPERVISOR, OFFICE))
        self.rows = [guarantee(self.people["applicant"], subject=f"loan:{n}").pk for n in range(3)]
        self.told: list[tuple] = []

    def attempt(self, function, **more) -> bool:
        try:
            with transaction.atomic():
                function(**more)
        except LuoshiError:
            return False
        return True

    @rule(who=WHO, which=WHICH, step=st.sampled_from(sorted(STEPS)))
    def take(self, who, which, step):
        case = self.rows[which]
        if self.attempt(actions.act, actor=self.people[who], case=case, step=step, data=dict(STEPS[step])):
            assert MAY[step] == who

    @rule(which=WHICH)
    def stop(self, which):
        self.attempt(
            actions.pause, actor=self.people["officer"], case=self.rows[which], kind="expert", reason="专家评审"
        )

    @rule(which=WHICH)
    def go_on(self, which):
        self.attempt(actions.resume, actor=self.people["officer"], case=self.rows[which], kind="expert")

    @rule(who=st.sampled_from(["head", "applicant"]), which=WHICH)
    def prolong(self, who, which):
        done = self.attempt(
            actions.extend, actor=self.people[who], case=self.rows[which], limit="review", reason="案情复杂"
        )
        assert not done or who == "head"

    @rule(hours=st.sampled_from([1, 7, 24, 72, 200]))
    def later(self, hours):
        CLOCK.advance(datetime.timedelta(hours=hours))
        tick()
        waiting = CaseClock.objects.filter(fires_at__lte=CLOCK.now())
        assert not waiting.exists()

    @rule(ahead=st.integers(1, 12))
    def holiday(self, ahead):
        day = CLOCK.today() + datetime.timedelta(days=ahead)
        days = {"off": [day]} if book.calendar().is_working(day) else {"worked": [day]}
        change = calendars.propose(actor=self.calendar[0], source="测试通知〔2018〕9号", **days)
        calendars.approve(actor=self.calendar[1], change=change.pk)
        tick()

    @invariant()
    def a_limit_runs_exactly_where_it_should(self):
        for case in Case.objects.prefetch_related("clocks"):
            going = [one for one in case.clocks.all() if one.state in ("running", "paused")]
            assert [one.limit for one in going] == ([LIMIT_OF[case.state]] if case.state in LIMIT_OF else [])
            running = [one.until for one in going if one.state == "running" and not one.expired]
            assert case.due_at == min(running, default=case.due_at)
            assert bool(case.due_limit) == (case.due_at != FAR)
            assert case.is_open == (case.state not in ("paid", "refused"))

    @invariant()
    def silence_speaks_after_ten_working_days_and_not_before(self):
        """Counted day by day here, where nothing was stopped or prolonged and no holiday came after the fact."""
        calendar = book.calendar()
        plain = CaseClock.objects.filter(limit="review", pauses=[], extensions=[], calendar=calendar.version)
        for clock in plain:
            day, counted = day_of(clock.started_at), 0
            while counted < 10:
                day += datetime.timedelta(days=1)
                counted += calendar.is_working(day)
            if clock.state == "running":
                assert local(clock.until) == start_of(day + datetime.timedelta(days=1))
            said = CaseEvent.objects.filter(case=clock.case_id, act="tacit", at__gte=clock.started_at)
            assert all(one.at >= clock.until and one.user_id is None for one in said if clock.state == "expired")

    @invariant()
    def the_story_only_grows_and_has_no_gap(self):
        now = list(CaseEvent.objects.order_by("id").values_list("pk", "case", "n", "act", "text", "at"))
        assert now[: len(self.told)] == self.told
        self.told = now
        for case in Case.objects.all():
            events = list(CaseEvent.objects.filter(case=case).order_by("n"))
            assert [one.n for one in events] == list(range(1, case.events_count + 1))
            assert events[-1].to_state == case.state
        assert AuditEntry.objects.filter(act__startswith="case.").count() == len(now)

    @invariant()
    def four_eyes_saw_every_consent(self):
        for consent in CaseEvent.objects.filter(act="approve"):
            before = CaseEvent.objects.filter(case=consent.case_id, act__in=("open", "note"), n__lt=consent.n)
            assert consent.user_id not in set(before.values_list("user_id", flat=True))

    def teardown(self):
        assert first_broken() is None


@pytest.mark.django_db
def test_random_acts_clocks_and_holidays_keep_what_must_hold():
    class Undone(Cases):
        """Each run in a transaction of its own that is undone."""

        def __init__(self):
            super().__init__()
            self.known = known_procedures()
            self.known.__enter__()
            self.undo = transaction.atomic()
            self.undo.__enter__()

        def teardown(self):
            super().teardown()
            transaction.set_rollback(True)
            self.undo.__exit__(None, None, None)
            self.known.__exit__(None, None, None)

    run_state_machine_as_test(
        Undone,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
            derandomize="LUOSHI_EXAMPLES" not in os.environ,
        ),
    )  # fmt: skip
