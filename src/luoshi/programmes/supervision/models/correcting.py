"""Orders to explain or to put right what is behind its plan (纠偏)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Correction(models.Model):
    """An order on one task: yellow asks for an explanation, red for a plan with dates (services-governance 4.3, 7.1).

    `steps` of the new plan are [day, words]. `ended_at`: the light is no longer of this level, or another order has
    taken its place. `again`: the task was red before, so that the leader talks to whom it concerns.
    """

    class Level(models.TextChoices):
        """What is asked."""

        YELLOW = "yellow", "说明"
        RED = "red", "纠偏"

    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, related_name="corrections", db_index=False)
    level = models.CharField(max_length=6, choices=Level.choices)
    words = models.CharField(max_length=1000)
    again = models.BooleanField(default=False)
    ordered_at = models.DateTimeField()
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    ordered_name = models.CharField(max_length=100)
    due_on = models.DateField()
    answer = models.CharField(max_length=2000, default="", blank=True)
    steps = models.JSONField(default=list, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    answered_name = models.CharField(max_length=100, default="", blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """One running order a task; an answer has its day, one to a red order its dated steps."""

        constraints = (
            models.UniqueConstraint(fields=["matter"], condition=Q(ended_at=None), name="correction_one_running"),
            models.CheckConstraint(condition=Q(level__in=["yellow", "red"]), name="correction_level"),
            models.CheckConstraint(condition=~Q(words=""), name="correction_words"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at__isnull=True) | ~Q(answer="") & Q(answered_at__isnull=False),
                name="correction_answered",
            ),
            models.CheckConstraint(
                condition=Q(level="yellow") | Q(answer="") | ~Q(steps=[]), name="correction_planned"
            ),
        )
        indexes = (
            models.Index(fields=["matter", "-id"], name="correction_of"),
            models.Index(fields=["due_on", "id"], name="correction_waiting", condition=Q(ended_at=None, answer="")),
        )

    def __str__(self) -> str:
        return f"{self.matter_id} {self.level}"


__all__ = ["Correction"]
