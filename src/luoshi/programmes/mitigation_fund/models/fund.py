"""A bank's agreement and account, claims for lost principal, the votes on them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Agreement(models.Model):
    """A cooperating bank: the book of its special account and the multiple it lends by (in hundredths).

    `organ` is the bank's slug among the organs, empty where nobody of the bank works here; `score` the last review's.
    """

    book = models.OneToOneField("funds.Book", primary_key=True, on_delete=models.PROTECT, related_name="+")
    bank = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=100)
    multiple = models.PositiveSmallIntegerField()
    signed_on = models.DateField()
    ended_on = models.DateField(null=True)
    organ = models.CharField(max_length=80, default="", blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    scored_on = models.DateField(null=True)

    class Meta:
        """A multiple is between 8 and 10 times by the rules of today; the database keeps it plausible."""

        constraints = (
            models.CheckConstraint(condition=Q(multiple__gte=100), name="mf_multiple"),
            models.UniqueConstraint(fields=["organ"], condition=~Q(organ="") & Q(ended_on__isnull=True),
                                    name="mf_agreement_one"),
        )  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Score(models.Model):
    """A bank's performance in a quarter (`2020Q1`), of a hundred; a second one of the quarter takes the first's place.

    The one that counts is the newest: nothing is overwritten.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="scores", db_index=False)
    quarter = models.CharField(max_length=6)
    score = models.DecimalField(max_digits=5, decimal_places=2)
    remarks = models.CharField(max_length=500, default="", blank=True)
    by = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """Between nothing and a hundred."""

        constraints = (models.CheckConstraint(condition=Q(score__gte=0, score__lte=100), name="mf_score"),)
        indexes = (models.Index(fields=["agreement", "quarter"], name="mf_score_quarter"),)

    def __str__(self) -> str:
        return f"{self.quarter} {self.score}"


class UnknownLoan(models.Model):
    """Money a bank says it lent under a contract nobody here passed: a fact, never covered by the fund (6.7, 8.3)."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="unknown_loans", db_index=False)
    contract_no = models.CharField(max_length=60)
    disbursed = models.BigIntegerField()
    repaid = models.BigIntegerField(default=0)
    firm = models.CharField(max_length=100, default="", blank=True)
    msg_id = models.CharField(max_length=80, default="", blank=True)
    at = models.DateTimeField()

    class Meta:
        """Once a contract of a bank."""

        constraints = (
            models.UniqueConstraint(fields=["agreement", "contract_no"], name="mf_unknown_once"),
            models.CheckConstraint(condition=Q(disbursed__gt=0, repaid__gte=0), name="mf_unknown_amount"),
        )

    def __str__(self) -> str:
        return self.contract_no


class Claim(models.Model):
    """A bank's claim for the principal it lost on one loan. Amounts in fen.

    `loss` is what counts (6.9), `half` the fund's share of it, `compensation` what the first instruction fixed (null
    before it), `recovered_all` what was recovered after payment, `recovered_after` the fund's part of it. One
    claim a loan; a claim that passed has the moment at which it did.
    """

    class State(models.TextChoices):
        """How far it is."""

        FILED = "filed", "待表决"
        PASSED = "passed", "已通过"
        REJECTED = "rejected", "不予补偿"
        INSTRUCTED = "instructed", "已发指令"
        PAID = "paid", "已补偿"
        CLOSED = "closed", "办结"

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="claims")
    number = models.CharField(max_length=40, unique=True)
    contract_no = models.CharField(max_length=60)
    firm = models.CharField(max_length=100)
    principal = models.BigIntegerField()
    recovered = models.BigIntegerField()
    approved = models.BigIntegerField()
    disbursed = models.BigIntegerField()
    loss = models.BigIntegerField()
    half = models.BigIntegerField()
    compensation = models.BigIntegerField(null=True)
    recovered_all = models.BigIntegerField(default=0)
    recovered_after = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.FILED)
    receipt = models.JSONField(default=dict)
    filed_at = models.DateTimeField()
    passed_at = models.DateTimeField(null=True)
    closing = models.CharField(max_length=200, default="", blank=True)
    case = models.OneToOneField("cases.Case", to_field="number", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """One claim a loan, never more than half of the loss."""

        constraints = (
            models.UniqueConstraint(fields=["agreement", "contract_no"], name="mf_claim_loan"),
            models.CheckConstraint(
                condition=Q(principal__gt=0, recovered__gte=0, loss__gt=0, loss__lte=F("principal")),
                name="mf_claim_amounts",
            ),
            models.CheckConstraint(condition=Q(half__lte=F("loss")), name="mf_claim_half"),
            models.CheckConstraint(
                condition=Q(compensation__isnull=True) | Q(compensation__gte=0, compensation__lte=F("half")),
                name="mf_claim_compensation",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["filed", "rejected"]) | Q(passed_at__isnull=False), name="mf_claim_passed"
            ),
        )
        indexes = (models.Index(fields=["agreement", "state", "passed_at", "number"], name="mf_claim_turn"),)

    def __str__(self) -> str:
        return self.number


class ClaimVote(models.Model):
    """An organ's vote on a claim; one an organ, never changed."""

    class Organ(models.TextChoices):
        """The three members."""

        CENTRE = "local-finance-center", "市地方金融服务中心"
        FINANCE = "finance", "市财政局"
        TAX = "tax", "市税务局"

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="votes", db_index=False)
    organ = models.CharField(max_length=40, choices=Organ.choices)
    passes = models.BooleanField()
    reason = models.CharField(max_length=300, default="", blank=True)
    voter = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        """One vote an organ; who rejects says why."""

        constraints = (
            models.UniqueConstraint(fields=["claim", "organ"], name="mf_vote_once"),
            models.CheckConstraint(condition=Q(passes=True) | ~Q(reason=""), name="mf_vote_reason"),
        )

    def __str__(self) -> str:
        return f"{self.claim_id} {self.organ}"
