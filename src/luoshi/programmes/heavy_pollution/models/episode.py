"""An episode: consultations, the warning and its changes, the response, its tasks, duties, publicity, CAP messages."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

COLOURS = (("blue", "蓝色"), ("yellow", "黄色"), ("orange", "橙色"), ("red", "红色"))
LEVEL_CHOICES = (("IV", "Ⅳ级"), ("III", "Ⅲ级"), ("II", "Ⅱ级"), ("I", "Ⅰ级"))


class PollutionWarning(models.Model):
    """A warning, one for each process of pollution; at most one is live in the city.

    `case` is its case, whose number is the warning's. `onset`, `expected_end` as announced; `issued_at` is the start of
    the response too; `late_s` by how many seconds it was issued later than the plan asks; `released_at` when it ends.
    """

    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, related_name="+")
    basis = models.CharField(max_length=10, default="forecast")
    colour = models.CharField(max_length=8, choices=COLOURS)
    highest = models.CharField(max_length=8, choices=COLOURS)
    onset = models.DateTimeField()
    expected_end = models.DateTimeField()
    duration_h = models.PositiveIntegerField(null=True)
    daily = models.JSONField(default=list)
    max_aqi = models.PositiveSmallIntegerField(null=True)
    issued_at = models.DateTimeField()
    late_s = models.PositiveIntegerField(default=0)
    late_reason = models.CharField(max_length=300, default="", blank=True)
    filed_at = models.DateTimeField(null=True)
    release_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    live = models.BooleanField(default=True)
    exercise = models.BooleanField(default=False)

    class Meta:
        """One live warning, one live drill."""

        constraints = (
            models.UniqueConstraint(fields=["exercise"], condition=Q(live=True), name="hp_one_live_warning"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.colour}"


class WarningChange(models.Model):
    """One issue, adjustment or release of a warning: colour, when, by which chain of approval."""

    class Kind(models.TextChoices):
        """What was signed."""

        ISSUE = "issue", "发布"
        UPGRADE = "upgrade", "提高等级"
        DOWNGRADE = "downgrade", "降低等级"
        RELEASE = "release", "解除"
        CORRECTION = "correction", "更正"

    warning = models.ForeignKey(PollutionWarning, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    colour = models.CharField(max_length=8)
    approval = models.ForeignKey("cases.Case", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    effective_at = models.DateTimeField()
    reasons = models.JSONField(default=list)
    text = models.CharField(max_length=600, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.kind} {self.colour}"


class Consultation(models.Model):
    """A consultation: who sat, on which runs, the series adopted, what was computed and what was proposed.

    `series` as the decisions read it; `computed` the decision's value with its reasons. Nothing changes once closed.
    """

    approval = models.OneToOneField("cases.Case", on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=10, default="issue")
    warning = models.ForeignKey(PollutionWarning, on_delete=models.PROTECT, null=True, related_name="consultations")
    held_at = models.DateTimeField()
    now = models.DateTimeField()
    participants = models.JSONField(default=list)
    runs = models.JSONField(default=list)
    newest_run_at = models.DateTimeField(null=True)
    series = models.JSONField(default=dict)
    edits = models.JSONField(default=list)
    weihai = models.CharField(max_length=200, default="", blank=True)
    with_weihai = models.BooleanField(default=False)
    dust = models.CharField(max_length=300, default="", blank=True)
    computed = models.JSONField(default=dict)
    grade = models.CharField(max_length=8, default="none")
    proposed = models.CharField(max_length=8, default="", blank=True)
    reason = models.CharField(max_length=600, default="", blank=True)
    minutes = models.TextField(default="", blank=True)
    closed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.held_at} {self.grade}"


class Response(models.Model):
    """The response to a warning: starts and ends with it, at the level that belongs to its colour."""

    warning = models.OneToOneField(PollutionWarning, on_delete=models.PROTECT, related_name="response")
    level = models.CharField(max_length=4, choices=LEVEL_CHOICES)
    highest = models.CharField(max_length=4, choices=LEVEL_CHOICES)
    started_at = models.DateTimeField()
    levels = models.JSONField(default=list)
    measures = models.JSONField(default=list)
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.level} {self.started_at}"


class MeasureTask(models.Model):
    """One measure on one object: sent to its organ, received, in place, failed or excused, with its evidence.

    A task of a measure that another replaced, or whose response ended, is closed and says why.
    """

    class State(models.TextChoices):
        """How far it is."""

        SENT = "sent", "已下达"
        RECEIVED = "received", "已接收"
        IN_PLACE = "in_place", "已落实"
        FAILED = "failed", "未落实"
        EXCUSED = "excused", "经批准免除"
        CLOSED = "closed", "已结束"

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    measure = models.CharField(max_length=8)
    organ = models.CharField(max_length=80)
    town = models.CharField(max_length=80, default="", blank=True)
    object_kind = models.CharField(max_length=20, default="", blank=True)
    object_id = models.CharField(max_length=60, default="", blank=True)
    object_name = models.CharField(max_length=120, default="", blank=True)
    text = models.CharField(max_length=300)
    sent_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.SENT)
    state_at = models.DateTimeField()
    by = models.CharField(max_length=100, default="", blank=True)
    note = models.CharField(max_length=600, default="", blank=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    acted_at = models.DateTimeField(null=True)
    flagged = models.CharField(max_length=200, default="", blank=True)
    evidence = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    closed = models.CharField(max_length=60, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Once a measure and object while it is open; lists by organ and state; counts read the index alone."""

        constraints = (
            models.UniqueConstraint(
                fields=["response", "measure", "organ", "object_kind", "object_id"],
                condition=Q(closed=""),
                name="hp_one_open_task",
            ),
        )
        indexes = (
            models.Index(fields=["response", "organ", "state", "id"], name="hp_task_organ"),
            models.Index(fields=["response", "measure", "state"], name="hp_task_measure"),
            models.Index(fields=["response", "closed", "measure", "organ", "town", "state"], name="hp_task_tally"),
            models.Index(fields=["object_kind", "object_id"], name="hp_task_object"),
        )

    def __str__(self) -> str:
        return f"{self.measure} {self.object_name}"


class EpisodeDuty(models.Model):
    """What an organ owes an episode by a moment: lists, publicity, daily reports, implementation, evaluation, filings.

    What comes later than `due_at`, by the server's clock, is late for ever.
    """

    class Kind(models.TextChoices):
        """What is owed."""

        LISTS = "lists", "限产停产和停工名单"
        PUBLICITY = "publicity", "向社会发布"
        DAILY = "daily", "每日落实情况报告"
        COMPILED = "compiled", "汇总日报"
        IMPLEMENTATION = "implementation", "落实情况报告"
        EVALUATION = "evaluation", "应急响应评估报告"
        UPWARD = "upward", "评估上报"
        FILING = "filing", "向省备案"

    class State(models.TextChoices):
        """Whether it came, and in time."""

        DUE = "due", "待报"
        DONE = "done", "按时"
        LATE = "late", "迟报"
        VOID = "void", "不再需要"

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="duties", db_index=False)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    organ = models.CharField(max_length=80)
    period = models.CharField(max_length=30)
    due_at = models.DateTimeField()
    state = models.CharField(max_length=6, choices=State.choices, default=State.DUE)
    content = models.JSONField(default=dict)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=100, default="", blank=True)
    overdue_told = models.BooleanField(default=False)
    citation = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Once an organ, kind and period."""

        constraints = (models.UniqueConstraint(fields=["response", "kind", "organ", "period"], name="hp_duty_once"),)
        indexes = (
            models.Index(fields=["organ", "state", "due_at"], name="hp_duty_organ"),
            models.Index(fields=["due_at"], condition=Q(state="due"), name="hp_duty_due"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.organ}"


class Publicity(models.Model):
    """One publication of a warning on a channel, with its proof."""

    response = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="publicity")
    channel = models.CharField(max_length=40)
    text = models.CharField(max_length=600, default="", blank=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()
    reach = models.PositiveIntegerField(null=True)
    by = models.CharField(max_length=100)
    proof = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.channel} {self.sent_at}"


class CapMessage(models.Model):
    """A CAP 1.2 message, as sent; never changed."""

    warning = models.ForeignKey(PollutionWarning, on_delete=models.PROTECT, related_name="messages")
    identifier = models.CharField(max_length=60, unique=True)
    sender = models.CharField(max_length=100)
    sent = models.DateTimeField()
    status = models.CharField(max_length=10)
    msg_type = models.CharField(max_length=10)
    expires = models.DateTimeField(null=True)
    xml = models.TextField()

    def __str__(self) -> str:
        return self.identifier
