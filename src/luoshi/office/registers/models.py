"""What every record of a register has, the imports, and the history of every record.

A programme's model inherits `Record`. Its rows are written by `actions` alone: each change makes a `RegisterChange`,
which a trigger keeps from being altered (migration 0002). Nothing is removed: a record ends on a day, or is void.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q


class Record(models.Model):
    """A row of a register. `version` counts its changes; `ended_on` is the last day on which it stands (inclusive).

    `void` marks what should never have been entered: its number stays, with a pointer in its history.
    """

    version = models.PositiveIntegerField(default=1, editable=False)
    ended_on = models.DateField(null=True, editable=False)
    void = models.BooleanField(default=False, editable=False)

    class Meta:
        """A base of programmes' models, no table of its own."""

        abstract = True

    def stands(self, on: datetime.date) -> bool:
        """Tell whether the record is neither void nor ended on the day."""
        return not self.void and (self.ended_on is None or self.ended_on >= on)


def standing(on: datetime.date) -> Q:
    """Return the condition under which a record is neither void nor ended on the day."""
    return Q(void=False) & (Q(ended_on__isnull=True) | Q(ended_on__gte=on))


class RegisterImport(models.Model):
    """One file taken into a register: what it was, what it did, who confirmed it; `undone_*` when it was taken back.

    `plan` is the digest of what the person saw in the preview and confirmed. The same content is taken in once, unless
    the import has been undone.
    """

    class Mode(models.TextChoices):
        """Which rows were taken."""

        ALL = "all", "全部通过才导"
        VALID_ROWS = "valid_rows", "只导合格行"
        BY_GROUP = "by_group", "只导整组合格的"

    register = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    mode = models.CharField(max_length=10, choices=Mode.choices)
    plan = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    new = models.PositiveIntegerField()
    restored = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField()
    unchanged = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=100, default="", blank=True)
    undone_reason = models.CharField(max_length=300, default="", blank=True)
    undone_count = models.PositiveIntegerField(default=0)

    class Meta:
        """The same content is taken in once; an undone import says when."""

        constraints = (
            models.UniqueConstraint(
                fields=["register", "digest"], condition=Q(undone_at__isnull=True), name="register_import_once"
            ),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_by="") | Q(undone_at__isnull=False) & ~Q(undone_by=""),
                name="register_import_undone",
            ),
            models.CheckConstraint(
                condition=Q(mode__in=["all", "valid_rows", "by_group"]), name="register_import_mode"
            ),
        )
        indexes = (models.Index(fields=["register", "-id"], name="register_import_newest"),)

    def __str__(self) -> str:
        return f"{self.register} {self.name}"


class RegisterChange(models.Model):
    """One change of one record: `before` holds the old values of what changed, `after` the record as it stood then.

    `before` is null for a record's first line. Both hold plain JSON by column, with `ended_on` and `void` among them.
    """

    class Kind(models.TextChoices):
        """What was done."""

        NEW = "new", "登记"
        CHANGE = "change", "更正"
        END = "end", "终止"
        RESTORE = "restore", "恢复"
        VOID = "void", "作废"
        UNDO = "undo", "对冲"

    register = models.CharField(max_length=40)
    record_id = models.BigIntegerField()
    version = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    before = models.JSONField(null=True)
    after = models.JSONField()
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    for_name = models.CharField(max_length=100, default="", blank=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    taken = models.ForeignKey(RegisterImport, models.PROTECT, null=True, related_name="changes", db_index=False)
    row = models.PositiveIntegerField(null=True)

    class Meta:
        """A record has each version once; the changes of an import and of a register are found in order."""

        constraints = (
            models.UniqueConstraint(fields=["register", "record_id", "version"], name="register_change_version"),
            models.CheckConstraint(condition=Q(version__gte=1), name="register_change_counts"),
            models.CheckConstraint(
                condition=Q(kind__in=["new", "change", "end", "restore", "void", "undo"]), name="register_change_kind"
            ),
            models.CheckConstraint(condition=Q(kind="new") | Q(before__isnull=False), name="register_change_before"),
        )
        indexes = (
            models.Index(fields=["taken", "id"], condition=Q(taken__isnull=False), name="register_change_taken"),
            models.Index(fields=["register", "at"], name="register_change_at"),
        )

    def __str__(self) -> str:
        return f"{self.register}:{self.record_id} v{self.version}"
