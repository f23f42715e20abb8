"""Duties, the organs they bind, their time limits, and the targets organs are measured on."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import F, Q

RECURRING = datetime.date(9998, 12, 31)
UNDATED = datetime.date(9999, 12, 31)

# The ledger shows current duties only, so its indexes hold no others. A partial index also serves the bare condition
# `WHERE is_current`, which SQLite does not look up in an index that begins with the column.
CURRENT = Q(is_current=True)


class Duty(models.Model):
    """One clause's statement that an organ must do something.

    `due_sort` orders the ledger: the last printed date, when all is due; `RECURRING` for a duty that only comes
    round, `UNDATED` for one without a date. `origin` says how the limit arose: by, within, every or none.
    `is_current` follows the instrument's version.
    """

    class Origin(models.TextChoices):
        """How a duty's time limit arose."""

        BY = "by", "文件写明日期"
        WITHIN = "within", "文件写明时长"
        EVERY = "every", "周期生成"
        NONE = "none", "未写时限"

    instrument = models.ForeignKey("instruments.Instrument", on_delete=models.CASCADE, related_name="duties")
    clause = models.ForeignKey("instruments.Clause", on_delete=models.CASCADE, null=True, related_name="duties")
    seq = models.PositiveIntegerField()
    is_current = models.BooleanField()
    clause_path = models.CharField(max_length=600)
    action = models.TextField()
    summary = models.CharField(max_length=400)
    basis = models.CharField(max_length=12)
    confidence = models.FloatField()
    open_ended = models.BooleanField()
    local = models.BooleanField()
    local_text = models.JSONField(default=list)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    due_sort = models.DateField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        """Every filter of the ledger ends in the order (due_sort, id)."""

        constraints = (
            models.UniqueConstraint(fields=["instrument", "seq"], name="duty_order"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="duty_span"),
            models.CheckConstraint(condition=Q(confidence__gte=0, confidence__lte=1), name="duty_confidence"),
            models.CheckConstraint(condition=Q(origin__in=["by", "within", "every", "none"]), name="duty_origin_known"),
        )
        indexes = (
            models.Index(fields=["due_sort", "id"], name="duty_ledger", condition=CURRENT),
            models.Index(fields=["origin", "due_sort", "id"], name="duty_by_origin", condition=CURRENT),
            models.Index(fields=["due_sort", "id"], name="duty_by_local", condition=CURRENT & Q(local=True)),
            models.Index(fields=["instrument", "due_sort", "id"], name="duty_by_document", condition=CURRENT),
        )

    def __str__(self) -> str:
        return self.summary


class DutyOrgan(models.Model):
    """An organ a duty binds: `leads` or cooperates; `name` as printed, `slug` from the directory or empty."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="organs")
    leads = models.BooleanField()
    seq = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    slug = models.CharField(max_length=80, default="", blank=True)
    is_current = models.BooleanField()

    class Meta:
        """The facet of organs is counted from the index alone."""

        constraints = (models.UniqueConstraint(fields=["duty", "leads", "seq"], name="duty_organ_order"),)
        indexes = (
            models.Index(fields=["name", "duty"], name="duty_organ_lead", condition=CURRENT & Q(leads=True)),
            models.Index(fields=["name", "duty"], name="duty_organ_any", condition=CURRENT),
            models.Index(fields=["slug", "duty"], name="duty_organ_slug", condition=CURRENT),
        )

    def __str__(self) -> str:
        return self.name


class TimeLimit(models.Model):
    """One time limit of a duty, as printed (`text`), normalised (`kind`, `value`) and made ready for the ledger.

    `due_on` is the last day of a dated limit. For a recurring one bit m of `months` is set when an occurrence ends in
    month m, and `day` is the day of that month (31: its last day).
    """

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="limits")
    seq = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=60)
    text = models.CharField(max_length=400)
    due_on = models.DateField(null=True)
    months = models.PositiveSmallIntegerField(default=0)
    day = models.PositiveSmallIntegerField(default=31)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        """Months are found by date and by recurrence."""

        constraints = (
            models.UniqueConstraint(fields=["duty", "seq"], name="limit_order"),
            models.CheckConstraint(
                condition=Q(kind__in=["by", "from", "between", "within", "every"]), name="limit_kind"
            ),
            models.CheckConstraint(condition=Q(months__lte=8190) & Q(day__gte=1, day__lte=31), name="limit_recurrence"),
        )
        indexes = (
            models.Index(fields=["due_on", "duty"], name="limit_due"),
            models.Index(fields=["months", "duty"], name="limit_months"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class Target(models.Model):
    """A printed figure an organ is measured on; `value` and `unit` as printed."""

    instrument = models.ForeignKey("instruments.Instrument", on_delete=models.CASCADE, related_name="targets")
    clause = models.ForeignKey("instruments.Clause", on_delete=models.CASCADE, null=True, related_name="targets")
    seq = models.PositiveIntegerField()
    clause_path = models.CharField(max_length=600)
    subject = models.CharField(max_length=300)
    op = models.CharField(max_length=2)
    value = models.CharField(max_length=40)
    unit = models.CharField(max_length=40, default="", blank=True)
    by = models.DateField(null=True)
    baseline = models.CharField(max_length=200, default="", blank=True)
    aspiration = models.BooleanField()
    lead = models.JSONField(default=list)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        """In the order of the text."""

        constraints = (models.UniqueConstraint(fields=["instrument", "seq"], name="target_order"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.op} {self.value}{self.unit}"


from luoshi.office.duties.matter_models import (  # noqa: E402 - they refer to Duty, which stands above
    CrossOff,
    Evidence,
    Extension,
    Fired,
    Matter,
    MatterEvent,
    MatterOrgan,
    MatterPause,
    OnceKey,
    ProgressReport,
)

__all__ = [
    "RECURRING",
    "UNDATED",
    "CrossOff",
    "Duty",
    "DutyOrgan",
    "Evidence",
    "Extension",
    "Fired",
    "Matter",
    "MatterEvent",
    "MatterOrgan",
    "MatterPause",
    "OnceKey",
    "ProgressReport",
    "Target",
    "TimeLimit",
]
