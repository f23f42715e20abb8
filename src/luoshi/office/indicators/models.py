"""What was measured: numerator and denominator of a place in a period, kept exactly, every version of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Measurement(models.Model):
    """One figure of an indicator: exact `numerator` and `denominator` (text of an integer or decimal).

    Computing again with the same result leaves the row as it is (`checked_at` says when); another result makes the next
    version, and `superseded_at` of the old one says when. `data_version` names the state of the registers that were
    read. `place` is an organ's slug, empty for the whole city. A missing numerator means that nothing was measured.
    """

    indicator = models.CharField(max_length=60)
    period_kind = models.CharField(max_length=8)
    period = models.CharField(max_length=40)
    title = models.CharField(max_length=80, default="", blank=True)
    first = models.DateField()
    last = models.DateField()
    place = models.CharField(max_length=80, default="", blank=True)
    numerator = models.CharField(max_length=60, null=True)
    denominator = models.CharField(max_length=60, null=True)
    version = models.PositiveIntegerField(default=1)
    computed_at = models.DateTimeField()
    checked_at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True)
    data_version = models.CharField(max_length=200, default="", blank=True)
    by = models.CharField(max_length=100)
    by_user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        """One current figure a place and period; versions count up; figures of an indicator are found in time."""

        constraints = (
            models.UniqueConstraint(
                fields=["indicator", "period_kind", "period", "place"],
                condition=Q(superseded_at__isnull=True),
                name="measurement_one_current",
            ),
            models.UniqueConstraint(
                fields=["indicator", "period_kind", "period", "place", "version"], name="measurement_version"
            ),
            models.CheckConstraint(condition=Q(last__gte=models.F("first")), name="measurement_days"),
            models.CheckConstraint(
                condition=Q(denominator__isnull=True) | Q(numerator__isnull=False), name="measurement_parts"
            ),
        )
        indexes = (models.Index(fields=["indicator", "period_kind", "last", "place"], name="measurement_in_time"),)

    def __str__(self) -> str:
        return f"{self.indicator} {self.period} {self.place}"
