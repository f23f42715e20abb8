"""Whose hand stands under what: reports signed by the head, changes of a target by an instrument, the annual review."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ReportSignature(models.Model):
    """The signature of the head of the organ under a report (P3); a report without one is not accepted."""

    report = models.OneToOneField("duties.ProgressReport", on_delete=models.PROTECT, related_name="signature")
    organ = models.CharField(max_length=80)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    signed_name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.report_id} {self.signed_name}"


class Adjustment(models.Model):
    """A change of a smallest task by an instrument (调整, P6): another target value or due day, or it falls away.

    Both sides stay: `old_value`, `old_due`, `old_points` are what the plan was, so that both curves can be drawn.
    """

    class Kind(models.TextChoices):
        """What is changed."""

        TARGET = "target", "调整目标或期限"
        WITHDRAW = "withdraw", "取消任务"

    class Decision(models.TextChoices):
        """How a request ended."""

        APPROVED = "approved", "同意调整"
        REFUSED = "refused", "不同意调整"

    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, related_name="adjustments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    instrument = models.ForeignKey("instruments.Instrument", on_delete=models.PROTECT, related_name="+", db_index=False)
    citation = models.CharField(max_length=200)
    reason = models.CharField(max_length=1000)
    old_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    new_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    old_due = models.DateField()
    new_due = models.DateField()
    old_points = models.JSONField(default=list)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    asked_name = models.CharField(max_length=100)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_name = models.CharField(max_length=100, default="", blank=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, default="", blank=True)
    decision_reason = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        """One request at a time, each with its instrument; who asks does not decide; something is changed."""

        constraints = (
            models.UniqueConstraint(fields=["matter"], condition=Q(decision=""), name="adjustment_one_open"),
            models.CheckConstraint(condition=~Q(citation="") & ~Q(reason=""), name="adjustment_grounds"),
            models.CheckConstraint(
                condition=Q(kind="withdraw") | ~Q(new_due=F("old_due")) | Q(new_value__isnull=False),
                name="adjustment_changes",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="adjustment_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | Q(decision__in=["approved", "refused"], decided_at__isnull=False),
                name="adjustment_decided",
            ),
            models.CheckConstraint(
                condition=~Q(decision="refused") | ~Q(decision_reason=""), name="adjustment_refused_reason"
            ),
        )
        indexes = (models.Index(fields=["id"], name="adjustment_waiting", condition=Q(decision="")),)

    def __str__(self) -> str:
        return f"{self.matter_id} {self.citation}"


class ReviewSignature(models.Model):
    """The signature of an organ that signs the annual review with the others (P9, section 3)."""

    review = models.ForeignKey(
        "supervision.AnnualReview", on_delete=models.CASCADE, related_name="signatures", db_index=False
    )
    organ = models.CharField(max_length=80)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    signed_name = models.CharField(max_length=100)

    class Meta:
        """Once an organ."""

        constraints = (models.UniqueConstraint(fields=["review", "organ"], name="review_signature_once"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.signed_name}"


class CarriedTask(models.Model):
    """A task of a reviewed year that goes on as a node of the next one; the old one ends when the new one begins."""

    review = models.ForeignKey(
        "supervision.AnnualReview", on_delete=models.CASCADE, related_name="carried_tasks", db_index=False
    )
    matter = models.OneToOneField("duties.Matter", on_delete=models.PROTECT, related_name="carried")
    node = models.OneToOneField("supervision.Node", on_delete=models.CASCADE, related_name="carried_from")

    class Meta:
        """Found by the review."""

        indexes = (models.Index(fields=["review", "id"], name="carried_of_review"),)

    def __str__(self) -> str:
        return f"{self.matter_id} {self.node_id}"


__all__ = ["Adjustment", "CarriedTask", "ReportSignature", "ReviewSignature"]
