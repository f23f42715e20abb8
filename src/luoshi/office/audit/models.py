"""The audit entry; a database trigger refuses its change and its removal (migration 0001)."""

from django.db import models


class AuditEntry(models.Model):
    """One act: who, by which way, what, on which record, before and after, and how it ended.

    `digest` is SM3 over the digest before it and this entry's own content (`actions.digest_of`).
    """

    at = models.DateTimeField()
    who = models.CharField(max_length=100)
    via = models.CharField(max_length=20)
    act = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    result = models.CharField(max_length=30)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        """Newest entries are read by id; a record's own by subject."""

        indexes = (models.Index(fields=["subject", "id"], name="audit_subject"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.act} {self.subject}"
