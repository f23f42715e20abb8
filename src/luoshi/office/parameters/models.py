"""A change of the parameter book, and the spans that stand in it. Triggers guard both (migration 0002).

What is delivered with the software lies in each room's `parameters.yaml`; here lies what two persons changed since.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q

from luoshi.kernel.parameters import Provenance

_SOURCES = {
    Provenance.CLAUSE: "条款",
    Provenance.OUTSIDE_RULE: "外部规定",
    Provenance.DEFAULT: "默认值",
    Provenance.UNCONFIRMED: "待核实",
}


def _other_hand() -> Q:
    """The condition that nobody approves what was prepared by him or for him; `for` is empty when nobody is."""
    condition = Q()
    for maker in ("proposed_by", "proposed_for"):
        for second in ("decided_by", "decided_for"):
            empty = Q(**{f"{maker}__isnull": True}) | Q(**{f"{second}__isnull": True})
            condition &= empty | ~Q(**{maker: F(second)})
    return condition


class ParameterChange(models.Model):
    """One change of one parameter, proposed by one person and approved or refused by another.

    `value` is exact JSON: whole numbers, text, yes or no, lists; decimals are text. A `confirm` leaves the value as it
    is and confirms it by a document. `book` counts the approved changes: it is the edition of the book that this one
    made, and `digest` chains it to the edition before. A row that is no longer proposed never changes again.
    """

    class Kind(models.TextChoices):
        """What is changed."""

        VALUE = "value", "改值"
        CONFIRM = "confirm", "确认现值"

    class State(models.TextChoices):
        """Where a change stands."""

        PROPOSED = "proposed", "待批准"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "不予批准"
        WITHDRAWN = "withdrawn", "已撤回"

    room = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.JSONField()
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=16, choices=[(key.value, words) for key, words in _SOURCES.items()])
    citation = models.CharField(max_length=300, default="", blank=True)
    document = models.CharField(max_length=300, default="", blank=True)
    reason = models.TextField(default="", blank=True)
    owner = models.CharField(max_length=80)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    proposed_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    proposed_name = models.CharField(max_length=130)
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_name = models.CharField(max_length=130, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    book = models.PositiveIntegerField(null=True, unique=True)
    digest = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        """One change of a parameter from a date waits at a time; the newest edition is found by its number."""

        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="parameter_change_span"
            ),
            models.CheckConstraint(condition=Q(kind__in=["value", "confirm"]), name="parameter_change_kind"),
            models.CheckConstraint(
                condition=Q(source__in=[source.value for source in Provenance]), name="parameter_change_source"
            ),
            models.CheckConstraint(
                condition=(~Q(source__in=["clause", "outside_rule"]) | ~Q(citation=""))
                & (Q(kind="value") | ~Q(document="")),
                name="parameter_change_basis",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True, decided_by__isnull=True, book__isnull=True)
                | Q(state="approved", decided_at__isnull=False, decided_by__isnull=False, book__isnull=False)
                & ~Q(digest="")
                | Q(state="refused", decided_at__isnull=False, decided_by__isnull=False, book__isnull=True)
                & ~Q(answer="")
                | Q(state="withdrawn", decided_at__isnull=False, book__isnull=True),
                name="parameter_change_state",
            ),
            models.CheckConstraint(condition=Q(state="withdrawn") | _other_hand(), name="parameter_change_other_hand"),
            models.UniqueConstraint(
                fields=["room", "name", "valid_from"],
                condition=Q(state="proposed"),
                name="parameter_change_one_waiting",
            ),
        )
        indexes = (
            models.Index(fields=["room", "name", "id"], name="parameter_change_of"),
            models.Index(fields=["id"], name="parameter_change_waiting", condition=Q(state="proposed")),
        )

    def __str__(self) -> str:
        return f"{self.room}.{self.name} {self.valid_from}"

    @property
    def confirmed_by(self) -> str | None:
        """Who confirmed the value, when, by which document; None while it is not approved or no document is named."""
        if self.state != self.State.APPROVED or not self.document or self.decided_at is None:
            return None
        from luoshi.kernel.clock import local

        return f"{self.proposed_name}、{self.decided_name} {local(self.decided_at):%Y-%m-%d} {self.document}"

    @property
    def content(self) -> dict[str, Any]:
        """What is proposed, as plain JSON: for the audit trail, the digest and the second person's eyes."""
        return {
            "room": self.room,
            "name": self.name,
            "kind": self.kind,
            "value": self.value,
            "from": self.valid_from.isoformat(),
            "to": None if self.valid_to is None else self.valid_to.isoformat(),
            "source": self.source,
            "citation": self.citation,
            "document": self.document,
            "reason": self.reason,
        }


class ParameterSpan(models.Model):
    """The days for which an approved change holds: from edition `since` of the book, until edition `until` if any.

    On no day does a parameter have two spans that stand. A later change ends a span by closing it and writing the days
    that are left of it anew, so every edition of the book can be read again.
    """

    change = models.ForeignKey(ParameterChange, on_delete=models.PROTECT, related_name="spans")
    room = models.CharField(max_length=60)
    name = models.CharField(max_length=80)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    since = models.PositiveIntegerField()
    until = models.PositiveIntegerField(null=True)

    class Meta:
        """The spans that stand are read at once."""

        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")), name="parameter_span_days"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=F("since")), name="parameter_span_book"
            ),
            models.UniqueConstraint(
                fields=["room", "name", "valid_from"], condition=Q(until__isnull=True), name="parameter_span_one"
            ),
        )

    def __str__(self) -> str:
        return f"{self.room}.{self.name} {self.valid_from}–{self.valid_to or ''}"
