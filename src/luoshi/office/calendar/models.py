"""Changes of the working calendar that came after the delivered table: a late notice, an extra day off."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class CalendarChange(models.Model):
    """Days turned off or worked by a notice. Proposed by one hand, in force from the other's approval on."""

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", "待批准"
        APPROVED = "approved", "已生效"
        REFUSED = "refused", "不同意"

    off = models.JSONField(default=list)
    worked = models.JSONField(default=list)
    whole_year = models.PositiveSmallIntegerField(null=True)
    source = models.CharField(max_length=200)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=100)
    proposed_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=100, default="", blank=True)
    decided_by_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    position = models.PositiveIntegerField(null=True, unique=True)

    class Meta:
        """An approved change has its place in the order of changes."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state="approved", position__isnull=False) | ~Q(state="approved"),
                name="approved_change_has_place",
            ),
        )

    def __str__(self) -> str:
        return self.source
