"""The budget control ledger (spec 8): an account a purpose and year, postings never altered; amounts in fen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class BudgetAccount(models.Model):
    """What is appropriated for a purpose and year, and where it stands: available, committed, paid."""

    class Purpose(models.TextChoices):
        """Purposes of 4.1."""

        MONITORING = "monitoring", "监测"
        WARNING = "warning", "预警"
        RESPONSE = "response", "应急处置"
        INSPECTION = "inspection", "监督检查"
        BUILDING = "building", "基础设施建设"
        OPERATION = "operation", "运行维护"
        SUPPORT = "support", "技术支持"

    year = models.PositiveSmallIntegerField()
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    appropriated = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    committed = models.BigIntegerField(default=0)
    paid = models.BigIntegerField(default=0)

    class Meta:
        """Nothing is below zero, and the parts are the whole."""

        constraints = (
            models.UniqueConstraint(fields=["year", "purpose"], name="hp_budget_once"),
            models.CheckConstraint(
                condition=Q(available__gte=0, committed__gte=0, paid__gte=0), name="hp_budget_not_overdrawn"
            ),
            models.CheckConstraint(
                condition=Q(appropriated=F("available") + F("committed") + F("paid")), name="hp_budget_adds_up"
            ),
        )

    def __str__(self) -> str:
        return f"{self.year} {self.get_purpose_display()}"


class BudgetPosting(models.Model):
    """One posting; what is paid, refunded or released cites the commitment it draws on. Append-only."""

    class Kind(models.TextChoices):
        """Postings of spec 8; each but a release has its counter-entry."""

        APPROPRIATION = "appropriation", "下达指标"
        REDUCTION = "reduction", "核减指标"
        COMMITMENT = "commitment", "承诺"
        RELEASE = "release", "解除承诺"
        PAYMENT = "payment", "支付"
        REFUND = "refund", "退回支付"

    account = models.ForeignKey(BudgetAccount, on_delete=models.PROTECT, related_name="postings")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    fen = models.BigIntegerField()
    commitment = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="drawn")
    text = models.CharField(max_length=300)
    basis = models.CharField(max_length=120, default="", blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)

    class Meta:
        """Amounts are positive; what draws on a commitment names it."""

        constraints = (
            models.CheckConstraint(condition=Q(fen__gt=0), name="hp_posting_positive"),
            models.CheckConstraint(
                condition=Q(kind__in=("payment", "release", "refund"), commitment__isnull=False)
                | Q(kind__in=("appropriation", "reduction", "commitment"), commitment=None),
                name="hp_posting_cites_commitment",
            ),
        )
        indexes = (models.Index(fields=["account", "-id"], name="hp_posting_account"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.fen}"
