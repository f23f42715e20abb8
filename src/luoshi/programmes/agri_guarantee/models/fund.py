"""The fund's running figures, its halts, payouts, claims and recoveries, the account claims are paid to."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class FundState(models.Model):
    """What is kept of a fund book besides its balances: `paid` (S) is compensation really paid, gross of recoveries.

    It may fall below nothing where a payee gave money back and the bank returned it as well.

    `seen_paid` and `seen_existing` are S and E at the last look; a posting is judged against them after a resume.
    """

    book = models.OneToOneField("funds.Book", primary_key=True, on_delete=models.PROTECT, related_name="+")
    paid = models.BigIntegerField(default=0)
    seen_paid = models.BigIntegerField(default=0)
    seen_existing = models.BigIntegerField(default=0)
    resumed = models.BooleanField(default=False)
    paid_at_resume = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.book_id}: {self.paid}"


class Halt(models.Model):
    """A suspension of new guarantees: the figures that brought it, what was found, the decision that ended it."""

    book = models.ForeignKey("funds.Book", on_delete=models.PROTECT, related_name="+")
    halted_at = models.DateTimeField()
    paid = models.BigIntegerField()
    existing = models.BigIntegerField()
    trigger = models.CharField(max_length=60, default="", blank=True)
    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=1000, default="", blank=True)
    measures = models.CharField(max_length=1000, default="", blank=True)
    decision_no = models.CharField(max_length=60, default="", blank=True)
    resumed_at = models.DateTimeField(null=True)
    resumed_by = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        """One halt at a time; what is resumed has its decision."""

        constraints = (
            models.UniqueConstraint(fields=["book"], name="ag_halt_one", condition=Q(resumed_at__isnull=True)),
            models.CheckConstraint(
                condition=Q(resumed_at__isnull=True) | (~Q(decision_no="") & ~Q(cause="") & ~Q(measures="")),
                name="ag_halt_resumed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.book_id}: {self.halted_at:%Y-%m-%d}"


class PayeeAccount(models.Model):
    """The guarantor's account that claims are paid to, from the moment both sides approved it; the newest holds."""

    name = models.CharField(max_length=100)
    bank = models.CharField(max_length=100)
    suite = models.CharField(max_length=20)
    sealed = models.TextField()
    tail = models.CharField(max_length=4)
    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} {self.tail}"


class Claim(models.Model):
    """A payout of the guarantor and its claim on the fund: the `part`-th of its loan, paid once, live once.

    Amounts in fen: loss base L, payout D, compensation C, of which the bank has paid `settled` (in parts where the fund
    was short). `ready_at`: approved, or the custodian was told; claims are paid in that order. `live` is false once it
    is given up.
    """

    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, related_name="+")
    loan = models.CharField(max_length=60)
    part = models.PositiveSmallIntegerField()
    borrower = models.CharField(max_length=100)
    bank = models.CharField(max_length=80)
    loss = models.BigIntegerField()
    payout = models.BigIntegerField()
    compensation = models.BigIntegerField()
    paid_out_on = models.DateField()
    notice_no = models.CharField(max_length=60)
    certificate_no = models.CharField(max_length=60)
    deviates = models.BooleanField(default=False)
    flags = models.JSONField(default=list)
    delivered_at = models.DateTimeField()
    received_on = models.DateField()
    tacit = models.BooleanField(default=False)
    payment = models.OneToOneField("funds.PaymentInstruction", null=True, on_delete=models.PROTECT, related_name="+")
    settled = models.BigIntegerField(default=0)
    ready_at = models.DateTimeField(null=True)
    paid_on = models.DateField(null=True)
    live = models.BooleanField(default=True)

    class Meta:
        """One claim a payout, a certificate once a bank, nothing paid out beyond the loss nor claimed beyond that."""

        constraints = (
            models.UniqueConstraint(fields=["loan", "part"], name="ag_claim_once", condition=Q(live=True)),
            models.UniqueConstraint(fields=["bank", "certificate_no"], name="ag_certificate_once",
                                    condition=Q(live=True)),
            models.CheckConstraint(
                condition=Q(loss__gt=0, payout__gt=0, payout__lte=F("loss"), compensation__gt=0,
                            compensation__lte=F("payout")),
                name="ag_claim_amounts",
            ),
            models.CheckConstraint(
                condition=Q(settled__gte=0, settled__lte=F("compensation")), name="ag_claim_settled"
            ),
        )  # fmt: skip
        indexes = (models.Index(fields=["-delivered_at"], name="ag_claim_newest"),)

    def __str__(self) -> str:
        return f"{self.loan}/{self.part}"


class DueReport(models.Model):
    """What one side found (尽职调查报告) or decided (评审结果) on a guarantee; filed once."""

    class Kind(models.TextChoices):
        """Which paper."""

        REPORT = "report", "尽职调查报告"
        REVIEW = "review", "评审结果"

    class Side(models.TextChoices):
        """Whose."""

        GUARANTOR = "guarantor", "省农担公司"
        BANK = "bank", "合作银行"

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    side = models.CharField(max_length=9, choices=Side.choices)
    passed = models.BooleanField()
    amount = models.BigIntegerField()
    opinion = models.CharField(max_length=4000)
    conditions = models.CharField(max_length=2000, default="", blank=True)
    on = models.DateField()
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """One of a kind a side; what passes is more than nothing."""

        constraints = (
            models.UniqueConstraint(fields=["case", "kind", "side"], name="ag_due_once"),
            models.CheckConstraint(condition=Q(amount__gt=0) | Q(passed=False, amount__gte=0), name="ag_due_amount"),
        )

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind} {self.side}"


class Receipt(models.Model):
    """Money recovered for a loan (追偿): gross, costs, and how it was shared; amounts in fen.

    `to_fund` of the city's part went into the fund, the rest waits in suspense; `moved` is what of that rest has gone
    into the fund since. One that the bank does not show is `withdrawn` before anything is booked.
    """

    class Base(models.TextChoices):
        """Whose claim the money was recovered on."""

        POOL = "POOL", "全部损失"
        SUBROGATED = "SUBROGATED", "代偿形成的债权"

    case = models.ForeignKey("cases.Case", on_delete=models.PROTECT, related_name="+")
    loan = models.CharField(max_length=60)
    base = models.CharField(max_length=10, choices=Base.choices)
    received_on = models.DateField()
    gross = models.BigIntegerField()
    costs = models.BigIntegerField(default=0)
    voucher = models.CharField(max_length=120, default="", blank=True)
    bank_txn_no = models.CharField(max_length=64)
    city = models.BigIntegerField()
    bank = models.BigIntegerField()
    guarantor = models.BigIntegerField()
    to_fund = models.BigIntegerField()
    moved = models.BigIntegerField(default=0)
    withdrawn = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        """Nothing is shared that was not recovered."""

        constraints = (
            models.CheckConstraint(
                condition=Q(gross__gt=0, costs__gte=0, bank__gte=0, guarantor__gte=0, to_fund__gte=0, moved__gte=0,
                            city__gte=F("to_fund") + F("moved")),
                name="ag_receipt_amounts",
            ),
            models.UniqueConstraint(fields=["bank_txn_no"], name="ag_receipt_once", condition=Q(withdrawn=False)),
        )  # fmt: skip
        indexes = (models.Index(fields=["loan", "base"], name="ag_receipt_loan"),)

    def __str__(self) -> str:
        return f"{self.loan} {self.received_on}"
