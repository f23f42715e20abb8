"""Supervised sales: the agreement and its lines, vouchers of deposits, freezes. Amounts in fen."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Sale(models.Model):
    """A sale under supervision by an agreement of buyer, seller and bank.

    What came in and went out is kept beside the ledger and proven against it (Z4): `deposits` less `reversed`,
    `deducted`, `released`, `refunded` is what lies in the accounts or is on its way. `live`: not closed or cancelled.
    """

    class State(models.TextChoices):
        """How far it is."""

        FUNDING = "funding", "存入"
        FILED = "filed", "已备案"
        REGISTERED = "registered", "已过户"
        RELEASING = "releasing", "放款中"
        TERMINATING = "terminating", "解除中"
        CLOSED = "closed", "办结"
        CANCELLED = "cancelled", "已取消"

    class Plan(models.TextChoices):
        """Released at once, or in parts."""

        SINGLE = "SINGLE", "一次放款"
        STAGED = "STAGED", "分次放款"

    book = models.ForeignKey("funds.Book", on_delete=models.PROTECT, related_name="+")
    agreement_no = models.CharField(max_length=40, unique=True)
    contract_no = models.CharField(max_length=60)
    unit_code = models.CharField(max_length=28)
    buyer = models.CharField(max_length=100)
    seller = models.CharField(max_length=100)
    price = models.BigIntegerField()
    supervised = models.BigIntegerField()
    plan = models.CharField(max_length=6, choices=Plan.choices, default=Plan.SINGLE)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FUNDING)
    live = models.BooleanField(default=True)
    signed_on = models.DateField()
    filed_on = models.DateField(null=True)
    registered_on = models.DateField(null=True)
    deposits = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    deducted = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    refunded = models.BigIntegerField(default=0)

    class Meta:
        """One live sale a contract and a home; never more in than is supervised."""

        constraints = (
            models.UniqueConstraint(fields=["contract_no"], name="he_contract_live", condition=Q(live=True)),
            models.UniqueConstraint(fields=["unit_code"], name="he_home_live", condition=Q(live=True)),
            models.CheckConstraint(condition=Q(supervised__gt=0, supervised__lte=F("price")), name="he_supervised"),
            models.CheckConstraint(
                condition=Q(deposits__lte=F("supervised") + F("reversed") + F("deducted")), name="he_deposits"
            ),
            models.CheckConstraint(
                condition=Q(reversed__gte=0, deducted__gte=0, released__gte=0, refunded__gte=0), name="he_flows"
            ),
            models.CheckConstraint(
                condition=Q(registered_on__isnull=True) | Q(registered_on__gte=F("filed_on")), name="he_registered"
            ),
            models.CheckConstraint(
                condition=Q(live=True, state__in=["funding", "filed", "registered", "releasing", "terminating"])
                | Q(live=False, state__in=["closed", "cancelled"]),
                name="he_live",
            ),
        )
        indexes = (models.Index(fields=["book", "state", "agreement_no"], name="he_sale_state"),)

    def __str__(self) -> str:
        return self.agreement_no


class SaleLine(models.Model):
    """A part of the price: who pays it, how much, how much is in (deposits less reversals and deductions on it)."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="lines", db_index=False)
    n = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20)
    lender = models.CharField(max_length=100, default="", blank=True)
    amount = models.BigIntegerField()
    deposited = models.BigIntegerField(default=0)
    before_filing = models.BooleanField()

    class Meta:
        """Never more in than the line."""

        ordering = ("sale", "n")
        constraints = (
            models.UniqueConstraint(fields=["sale", "n"], name="he_line_n"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, deposited__gte=0, deposited__lte=F("amount")), name="he_line_amount"
            ),
        )

    def __str__(self) -> str:
        return f"{self.sale_id}/{self.n}"


class Voucher(models.Model):
    """The voucher of a booked deposit: one a bank transaction of a sale."""

    number = models.CharField(max_length=40, unique=True)
    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="vouchers", db_index=False)
    payer = models.CharField(max_length=100)
    amount = models.BigIntegerField()
    bank_txn_no = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        """Nothing without a deposit."""

        constraints = (
            models.UniqueConstraint(fields=["sale", "bank_txn_no"], name="he_voucher_once"),
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(bank_txn_no=""), name="he_voucher_deposit"),
        )

    def __str__(self) -> str:
        return self.number


class Hold(models.Model):
    """A freeze of a sale's money by an authority's order; `used` was deducted by it. Live until its end or lifted."""

    sale = models.ForeignKey(Sale, on_delete=models.PROTECT, related_name="holds")
    authority = models.CharField(max_length=100)
    document_no = models.CharField(max_length=80)
    amount = models.BigIntegerField()
    used = models.BigIntegerField(default=0)
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    proof_shown_at = models.DateTimeField(null=True)
    lifted_by = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        """No more is deducted than was frozen."""

        constraints = (
            models.CheckConstraint(
                condition=Q(amount__gt=0, used__gte=0, used__lte=F("amount")), name="he_hold_amount"
            ),
        )

    def __str__(self) -> str:
        return self.document_no
