"""Cases: one subject's way through a procedure, with its parties, clocks, signatures, papers and story.

What must never be false is a constraint here: one open case a subject where the procedure says so, one event of a
number, one running clock of a limit, one voice of a party in a joint step. The story is append-only by trigger.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from luoshi.office.audit.models import CanonicalJSON


class Case(models.Model):
    """One case. `version` of the procedure is the day from which it held; `rules_on` the day whose parameters decide.

    `state` is the procedure's, `status` the shared one; `revision` rises with every act. `organ` is whose case it is,
    `subject` what it is about, as `kind:id`. `due_at` is the end of the running limit that comes first (the far future
    for none), `since` when it came to those who have it now. `exercise`: a drill, nothing of it leaves the house.
    """

    number = models.CharField(max_length=60, unique=True)
    procedure = models.CharField(max_length=80)
    version = models.CharField(max_length=10)
    programme = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    subject = models.CharField(max_length=120, default="", blank=True)
    one_open = models.BooleanField(default=False)
    organ = models.CharField(max_length=80, default="", blank=True)
    state = models.CharField(max_length=40)
    status = models.CharField(max_length=16)
    is_open = models.BooleanField(default=True)
    facts = models.JSONField(default=dict)
    rules_on = models.DateField()
    opened_at = models.DateTimeField()
    entered_at = models.DateTimeField()
    entered_event = models.PositiveIntegerField(default=1)
    closed_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    due_limit = models.CharField(max_length=40, default="", blank=True)
    exercise = models.BooleanField(default=False)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    events_count = models.PositiveIntegerField(default=0)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        """Lists are of open cases by their end, of one kind, or of everything by its opening."""

        constraints = (
            models.UniqueConstraint(
                fields=["procedure", "subject"],
                condition=Q(is_open=True, one_open=True),
                name="one_open_case_a_subject",
            ),
            models.CheckConstraint(
                condition=Q(is_open=True, closed_at=None) | Q(is_open=False, closed_at__isnull=False),
                name="case_closed_when_closed",
            ),
        )
        indexes = (
            models.Index(fields=["due_at", "id"], condition=Q(is_open=True), name="case_open_due"),
            models.Index(fields=["procedure", "due_at", "id"], condition=Q(is_open=True), name="case_open_kind_due"),
            models.Index(fields=["procedure", "state", "id"], name="case_kind_state"),
            models.Index(fields=["opened_at", "id"], name="case_opened"),
            models.Index(fields=["subject"], name="case_subject"),
            models.Index(fields=["organ", "due_at", "id"], condition=Q(is_open=True), name="case_open_organ_due"),
            models.Index(fields=["organ", "id"], name="case_organ"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


SEARCH_TABLE = "cases_search"
"""Where titles and numbers are searched (`office.search`)."""


class CaseParty(models.Model):
    """Who takes part, under the procedure's key of the party. `acts`: it is this party's turn.

    `due_at` and `is_open` are the case's, so that the list of an organ stands in one index.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="parties", db_index=False)
    party = models.CharField(max_length=40)
    organ = models.CharField(max_length=80)
    role = models.CharField(max_length=12)
    acts = models.BooleanField(default=False)
    is_open = models.BooleanField(default=True)
    due_at = models.DateTimeField()

    class Meta:
        """A worklist is: whose turn, at which organ, in which role, by when."""

        constraints = (models.UniqueConstraint(fields=["case", "party"], name="one_organ_a_party"),)
        indexes = (
            models.Index(fields=["organ", "role", "due_at", "case"], condition=Q(acts=True), name="case_worklist"),
            models.Index(fields=["organ", "due_at", "case"], condition=Q(is_open=True), name="case_party_open"),
            models.Index(fields=["organ", "case"], name="case_party_organ"),
        )

    def __str__(self) -> str:
        return f"{self.party} {self.organ}"

    @property
    def standing(self) -> tuple[bool, bool, datetime.datetime]:
        """What a turn may change of a party."""
        return self.acts, self.is_open, self.due_at


class CaseClock(models.Model):
    """A limit of a case that runs, or ran. `rule` is the limit resolved, so that it can be counted again exactly.

    In time is what happens before `until`, where `inclusive` at it too. `fires_at` is when the timer must act next:
    a reminder (`stage` counts those given) or the end. `pauses`, `extensions`: what was taken out or added, with who.
    `calendar` is the version it was counted by, empty where no working day is counted.
    """

    class State(models.TextChoices):
        """How a limit ended."""

        RUNNING = "running", "进行中"
        PAUSED = "paused", "停表"
        MET = "met", "按期"
        LATE = "late", "逾期办成"
        EXPIRED = "expired", "期满"
        STOPPED = "stopped", "不再计算"

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="clocks")
    limit = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    rule = models.JSONField()
    started_at = models.DateTimeField()
    event = models.CharField(max_length=40)
    until = models.DateTimeField()
    inclusive = models.BooleanField(default=False)
    provisional = models.BooleanField(default=False)
    calendar = models.CharField(max_length=40)
    pauses = models.JSONField(default=list)
    extensions = models.JSONField(default=list)
    fires_at = models.DateTimeField(null=True)
    stage = models.PositiveSmallIntegerField(default=0)
    expired = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """At most one clock of a limit runs in a case; the timer looks for what fires."""

        constraints = (
            models.UniqueConstraint(
                fields=["case", "limit"], condition=Q(state__in=("running", "paused")), name="one_running_clock"
            ),
        )
        indexes = (
            models.Index(fields=["fires_at", "id"], condition=Q(fires_at__isnull=False), name="clock_fires"),
            models.Index(
                fields=["calendar", "id"], condition=Q(state__in=("running", "paused")), name="clock_calendar"
            ),
        )

    def __str__(self) -> str:
        return f"{self.limit} {self.until:%Y-%m-%d %H:%M}"


class ClockChange(models.Model):
    """A limit that was counted again because the calendar changed: both dates, both calendars. Append-only."""

    clock = models.ForeignKey(CaseClock, on_delete=models.PROTECT, related_name="changes")
    old_until = models.DateTimeField()
    new_until = models.DateTimeField()
    old_calendar = models.CharField(max_length=40)
    new_calendar = models.CharField(max_length=40)
    why = models.CharField(max_length=200)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.old_until} -> {self.new_until}"


class CaseEvent(models.Model):
    """One line of a case's story. `at` is when it took effect, `received_at` when it was written. Append-only.

    `hand` says what did it: a person, the case by itself, the end of a limit, a program. `decisions` are the receipts
    of the guards; `corrects` the number of the event it takes back.
    """

    class Hand(models.TextChoices):
        """What did it; silence never looks like a person."""

        PERSON = "person", "人"
        AUTO = "auto", "自动"
        TIMER = "timer", "期限届满"
        SYSTEM = "system", "系统"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events", db_index=False)
    n = models.PositiveIntegerField()
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    hand = models.CharField(max_length=8, choices=Hand.choices)
    act = models.CharField(max_length=40)
    from_state = models.CharField(max_length=40, default="", blank=True)
    to_state = models.CharField(max_length=40)
    text = models.CharField(max_length=600)
    who = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    acted_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    party = models.CharField(max_length=40, default="", blank=True)
    organ = models.CharField(max_length=80, default="", blank=True)
    data = CanonicalJSON(null=True)
    decisions = CanonicalJSON(null=True)
    corrects = models.PositiveIntegerField(null=True)

    class Meta:
        """The story of a case is numbered without a gap."""

        constraints = (models.UniqueConstraint(fields=["case", "n"], name="case_event_number"),)

    def __str__(self) -> str:
        return f"{self.n} {self.act}"


class CaseVoice(models.Model):
    """One party's voice in a joint step, in the round that began with event `round`. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="voices", db_index=False)
    step = models.CharField(max_length=40)
    round = models.PositiveIntegerField()
    party = models.CharField(max_length=40)
    agrees = models.BooleanField()
    text = models.CharField(max_length=600, default="", blank=True)
    who = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        """A party speaks once a round."""

        constraints = (models.UniqueConstraint(fields=["case", "step", "round", "party"], name="one_voice_a_party"),)

    def __str__(self) -> str:
        return f"{self.party} {'+' if self.agrees else '-'}"


class CasePaper(models.Model):
    """A paper of a case: a file that was handed in, or a notice that was made, under the procedure's name of it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="papers")
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    notice_id = models.PositiveBigIntegerField(null=True)
    event = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        """Papers are listed by case."""

        constraints = (
            models.CheckConstraint(
                condition=Q(file__isnull=False) | Q(notice_id__isnull=False), name="paper_is_something"
            ),
        )

    def __str__(self) -> str:
        return self.title


class CaseSeries(models.Model):
    """The last number given of a series of case numbers."""

    name = models.CharField(max_length=60, primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name
