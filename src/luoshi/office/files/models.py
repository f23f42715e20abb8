"""A file kept as evidence, and on which records it is used."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class StoredFile(models.Model):
    """One content, named by its SM3 `digest`; the bytes lie in the store of the data directory, never changed.

    `state` is kept, or quarantined with a `reason`: what is not what its name says is never given out.
    """

    class State(models.TextChoices):
        """Whether it may be given out."""

        KEPT = "kept", "已存"
        QUARANTINED = "quarantined", "已隔离"

    digest = models.CharField(max_length=64, unique=True)
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    size_bytes = models.BigIntegerField()
    media_type = models.CharField(max_length=100)
    state = models.CharField(max_length=12, choices=State.choices)
    reason = models.CharField(max_length=200, default="")
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=100)
    received_by_id = models.BigIntegerField(null=True)

    class Meta:
        """What is quarantined says why."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state="kept", reason="") | (Q(state="quarantined") & ~Q(reason="")), name="file_state"
            ),
            models.CheckConstraint(condition=Q(size_bytes__gte=0), name="file_size"),
        )

    def __str__(self) -> str:
        return self.name


class FileUse(models.Model):
    """A file used as evidence of a record (`subject`, `kind:id`), under the name it was given there."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="uses")
    subject = models.CharField(max_length=200)
    name = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    by_id = models.BigIntegerField(null=True)

    class Meta:
        """A content is used once by a record; a record's files are found by subject."""

        constraints = (models.UniqueConstraint(fields=["file", "subject"], name="file_use_once"),)
        indexes = (models.Index(fields=["subject", "id"], name="file_use_subject"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.name}"
