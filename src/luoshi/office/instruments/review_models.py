"""What the review of a gazette keeps: for each reading its present decision, every step that led to it, two hands.

A reading is addressed by the instrument's key and an anchor made of printed words (`review_readings`), never by the row
it was stored in: so a decision finds its reading again in every later version. Nothing here is ever deleted.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

KINDS = ("head", "duty", "limit", "target", "membership", "appointment", "relation", "repair", "warning")
"""Kinds of reading that are reviewed."""

CORRECTIONS = ("changed", "split", "excluded", "added")
"""Decisions that change what the library and the ledger say: they wait for a second person."""

DECISIONS = ("confirmed", *CORRECTIONS, "doubtful")
"""What a reviewer can say of a reading: 确认, 改, 拆, 不是, 补一条, 存疑."""


class Review(models.Model):
    """How far the review of one instrument has come.

    `total` counts its readings and what was added to them, `decided` those with a decision that is no doubt,
    `doubtful` the open doubts (the compiler's and the reviewers'), `waiting` what waits for a second person,
    `conflicts` decisions whose words a later version changed. `stage` is open, sent (first signature) or done (both).
    """

    class Stage(models.TextChoices):
        """Where the two signatures stand."""

        OPEN = "open", "在核"
        SENT = "sent", "等第二人"
        DONE = "done", "核完"

    key = models.CharField(max_length=120, unique=True)
    stage = models.CharField(max_length=4, choices=Stage.choices, default=Stage.OPEN)
    total = models.PositiveIntegerField(default=0)
    decided = models.PositiveIntegerField(default=0)
    doubtful = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    conflicts = models.PositiveIntegerField(default=0)
    first_by = models.BigIntegerField(null=True)
    first_name = models.CharField(max_length=60, default="", blank=True)
    first_at = models.DateTimeField(null=True)
    second_by = models.BigIntegerField(null=True)
    second_name = models.CharField(max_length=60, default="", blank=True)
    second_at = models.DateTimeField(null=True)
    voided = models.CharField(max_length=200, default="", blank=True)
    last_name = models.CharField(max_length=60, default="", blank=True)
    last_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """A signed review names its signers, and they are two."""

        constraints = (
            models.CheckConstraint(condition=Q(stage__in=["open", "sent", "done"]), name="review_stage_known"),
            models.CheckConstraint(condition=Q(stage="open") | Q(first_at__isnull=False), name="review_first_signed"),
            models.CheckConstraint(
                condition=~Q(stage="done") | Q(second_at__isnull=False, waiting=0, doubtful=0, conflicts=0),
                name="review_done_is_settled",
            ),
            models.CheckConstraint(
                condition=Q(second_by__isnull=True) | Q(first_by__isnull=True) | ~Q(second_by=models.F("first_by")),
                name="review_two_hands",
            ),
        )
        indexes = (models.Index(fields=["stage", "-last_at"], name="review_stage"),)

    def __str__(self) -> str:
        return f"{self.key} {self.decided}/{self.total}"


class ReviewRecord(models.Model):
    """The present decision on one reading; `decision` is empty where a decision was undone.

    `reading` is what the compiler read when it was decided, `content` what the reviewer says instead: one object, or a
    list of them for a split. `effective` is what the ledger shows through this record: the content a second person
    confirmed last, null where it is the reading itself; `rows` are the primary keys, in the library's version
    `applied_to`, of the rows it shows it in. `conflict` says what a later version did: text, reading, gone, or ''.
    """

    key = models.CharField(max_length=120)
    anchor = models.CharField(max_length=24)
    kind = models.CharField(max_length=12)
    clause = models.CharField(max_length=600, default="", blank=True)
    quote = models.TextField(default="", blank=True)
    decision = models.CharField(max_length=10, default="", blank=True)
    reading = models.JSONField(null=True)
    content = models.JSONField(null=True)
    effective = models.JSONField(null=True)
    rows = models.JSONField(default=list)
    applied_to = models.BigIntegerField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    needs_second = models.BooleanField(default=False)
    decided_by = models.BigIntegerField(null=True)
    decided_name = models.CharField(max_length=60, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    second_by = models.BigIntegerField(null=True)
    second_name = models.CharField(max_length=60, default="", blank=True)
    second_at = models.DateTimeField(null=True)
    conflict = models.CharField(max_length=8, default="", blank=True)
    conflict_with = models.JSONField(null=True)
    version = models.PositiveIntegerField(default=0)

    class Meta:
        """One record a reading; four eyes on what waits for a second person."""

        constraints = (
            models.UniqueConstraint(fields=["key", "anchor"], name="review_record_anchor"),
            models.CheckConstraint(condition=Q(kind__in=KINDS), name="review_record_kind"),
            models.CheckConstraint(condition=Q(decision__in=("", *DECISIONS)), name="review_record_decision"),
            models.CheckConstraint(
                condition=Q(conflict__in=("", "text", "reading", "gone")), name="review_record_conflict"
            ),
            models.CheckConstraint(
                condition=Q(second_by__isnull=True) | Q(decided_by__isnull=True) | ~Q(second_by=models.F("decided_by")),
                name="review_record_two_hands",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=("changed", "split", "added")) | Q(content__isnull=False),
                name="review_record_content",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} {self.kind} {self.decision}"

    @property
    def waits(self) -> bool:
        """Whether a second person has still to look at it."""
        return self.needs_second and self.second_at is None

    @property
    def settled(self) -> bool:
        """Whether a decision stands that is no open doubt and no open conflict."""
        return bool(self.decision) and not self.conflict and not (self.decision == "doubtful" and self.waits)


class ReviewStep(models.Model):
    """One act on a record: `act` is decide, undo, confirm, return or carry; the record's state after it."""

    record = models.ForeignKey(ReviewRecord, on_delete=models.PROTECT, related_name="steps")
    version = models.PositiveIntegerField()
    act = models.CharField(max_length=8)
    decision = models.CharField(max_length=10, default="", blank=True)
    content = models.JSONField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    by = models.BigIntegerField(null=True)
    by_name = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        """Steps of a record are numbered by its version."""

        constraints = (
            models.UniqueConstraint(fields=["record", "version"], name="review_step_version"),
            models.CheckConstraint(
                condition=Q(act__in=("decide", "undo", "confirm", "return", "carry")), name="review_step_act"
            ),
        )

    def __str__(self) -> str:
        return f"{self.record_id}.{self.version} {self.act}"
