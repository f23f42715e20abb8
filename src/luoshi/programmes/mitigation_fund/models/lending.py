"""Applications of firms through a bank, and the loans that came of them. Amounts in fen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from luoshi.programmes.mitigation_fund.models.fund import Agreement
from luoshi.programmes.mitigation_fund.models.registers import Firm


class Application(models.Model):
    """A firm's application to a bank. `live` until it ends or is disbursed: one a firm, over all banks.

    `approved` is set when three organs passed it; approved and live, it uses the bank's capacity. The case is known by
    its number: a row is made while its case is being opened.
    """

    case = models.OneToOneField("cases.Case", to_field="number", on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="applications")
    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="applications", db_index=False)
    amount = models.BigIntegerField()
    purpose = models.CharField(max_length=300)
    filed_on = models.DateField()
    approved = models.BigIntegerField(null=True)
    passed_at = models.DateTimeField(null=True)
    rejected = models.BooleanField(default=False)
    live = models.BooleanField(default=True)

    class Meta:
        """One live application a firm; what is approved has the moment at which it was."""

        constraints = (
            models.UniqueConstraint(fields=["firm"], condition=Q(live=True), name="mf_application_one"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="mf_application_amount"),
            models.CheckConstraint(
                condition=Q(approved__isnull=True) | Q(approved__gt=0, approved__lte=F("amount"),
                                                       passed_at__isnull=False),
                name="mf_application_approved",
            ),
        )  # fmt: skip
        indexes = (
            models.Index(fields=["agreement", "live"], name="mf_application_live"),
            models.Index(fields=["-filed_on", "-id"], name="mf_application_newest"),
            models.Index(fields=["firm", "-id"], name="mf_application_firm"),
        )

    def __str__(self) -> str:
        return f"{self.case_id}: {self.amount}"


class Loan(models.Model):
    """A loan under the programme, from its contract on. `outstanding` is the principal not repaid.

    `uncovered` says why the fund does not cover it (empty: it does), `breaches` what was found wrong besides;
    `unpaid_since` is the day since when something due is unpaid. `rate` in percent.
    """

    application = models.OneToOneField(Application, on_delete=models.PROTECT, related_name="loan")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="loans")
    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="loans", db_index=False)
    contract_no = models.CharField(max_length=60)
    approved = models.BigIntegerField()
    disbursed = models.BigIntegerField(null=True)
    outstanding = models.BigIntegerField(default=0)
    interest_owed = models.BooleanField(default=False)
    rate = models.DecimalField(max_digits=7, decimal_places=4)
    start = models.DateField()
    end = models.DateField()
    disbursed_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)
    repaid_at = models.DateTimeField(null=True)
    unpaid_since = models.DateField(null=True)
    reported_on = models.DateField(null=True)
    uncovered = models.CharField(max_length=300, default="", blank=True)
    breaches = models.JSONField(default=list, blank=True)

    class Meta:
        """A contract number is unique with its bank; principal is owed only of what was disbursed."""

        constraints = (
            models.UniqueConstraint(fields=["agreement", "contract_no"], name="mf_contract"),
            models.CheckConstraint(
                condition=Q(disbursed__isnull=True, outstanding=0)
                | Q(disbursed__gt=0, outstanding__gte=0, outstanding__lte=F("disbursed")),
                name="mf_loan_outstanding",
            ),
            models.CheckConstraint(condition=Q(approved__gt=0) & Q(end__gt=F("start")), name="mf_loan_terms"),
        )
        indexes = (
            models.Index(fields=["agreement", "outstanding"], name="mf_loan_use"),
            models.Index(fields=["firm", "start"], name="mf_loan_line"),
            models.Index(fields=["unpaid_since"], name="mf_loan_unpaid", condition=Q(unpaid_since__isnull=False)),
        )

    def __str__(self) -> str:
        return self.contract_no
