"""What is judged of the year: assessment runs with the line of every organ, spot checks, the annual review.

A run keeps a picture of everything it was reckoned from (`parameters`, `inputs`), so that anybody can reckon it again;
it is never changed: another run of the same period says why it was made, and both stay. Scores are exact fractions.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class AssessmentRun(models.Model):
    """One reckoning of a period: what is due after `after` up to `until`.

    A monthly one is a trial and stays one; half a year and a year go trial, objections, frozen, published (P8).
    """

    class Kind(models.TextChoices):
        """What is assessed."""

        MONTH = "month", "月度试算"
        HALF = "half", "半年评估"
        YEAR = "year", "年度评估"

    class State(models.TextChoices):
        """How far it is."""

        TRIAL = "trial", "试算"
        OBJECTIONS = "objections", "异议期"
        FROZEN = "frozen", "已定稿"
        PUBLISHED = "published", "已公布"

    plan = models.ForeignKey("supervision.Plan", on_delete=models.PROTECT, related_name="runs", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    after = models.DateField()
    until = models.DateField()
    seq = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.TRIAL)
    parameters = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    reason = models.CharField(max_length=1000, default="", blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    made_name = models.CharField(max_length=100)
    objections_until = models.DateField(null=True)
    frozen_at = models.DateTimeField(null=True)
    frozen_name = models.CharField(max_length=100, default="", blank=True)
    published_at = models.DateTimeField(null=True)
    published_name = models.CharField(max_length=100, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A second reckoning of a period has a reason, except of a month; what is frozen was open to objections."""

        constraints = (
            models.UniqueConstraint(fields=["plan", "kind", "until", "seq"], name="assessment_once"),
            models.CheckConstraint(condition=Q(until__gt=F("after")), name="assessment_span"),
            models.CheckConstraint(
                condition=Q(seq=1) | Q(kind="month") | ~Q(reason=""), name="assessment_again_reason"
            ),
            models.CheckConstraint(condition=~Q(kind="month") | Q(state="trial"), name="assessment_month_is_trial"),
            models.CheckConstraint(
                condition=Q(state__in=["trial", "objections"], frozen_at__isnull=True)
                | Q(state__in=["frozen", "published"], frozen_at__isnull=False, objections_until__isnull=False),
                name="assessment_frozen",
            ),
        )
        indexes = (models.Index(fields=["-until", "-id"], name="assessment_newest"),)

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """Return its name: period, kind, which one of several."""
        year, month = self.until.year, self.until.month
        name = {
            "month": f"{year}年{month}月试算",
            "half": f"{year}年{'上' if month <= 6 else '下'}半年评估",
            "year": f"{year}年度评估",
        }[self.kind]
        return name if self.seq == 1 else f"{name}（第{self.seq}次）"


class AssessmentLine(models.Model):
    """What one organ got in a run, and its objection, if it has one.

    `inputs`: leaves and counts from which it was reckoned; `parts`: C, T, R, Q, mean, deductions, bonus, exact;
    `score` is rounded half-up to two decimals, empty (with the rank) for an organ that has nothing due.
    """

    class Group(models.TextChoices):
        """With whom it is ranked (D10)."""

        CITY = "city", "市直部门"
        LOCAL = "local", "镇区"
        OTHER = "other", "企业及其他单位"

    run = models.ForeignKey(AssessmentRun, on_delete=models.CASCADE, related_name="lines", db_index=False)
    organ = models.CharField(max_length=80)
    name = models.CharField(max_length=100)
    group = models.CharField(max_length=5, choices=Group.choices)
    leaves = models.PositiveIntegerField()
    inputs = models.JSONField(default=dict)
    parts = models.JSONField(default=dict)
    exact = models.TextField(default="", blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    rank = models.PositiveSmallIntegerField(null=True)
    objected_at = models.DateTimeField(null=True)
    objected_name = models.CharField(max_length=100, default="", blank=True)
    objection = models.CharField(max_length=2000, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_name = models.CharField(max_length=100, default="", blank=True)
    answer = models.CharField(max_length=2000, default="", blank=True)

    class Meta:
        """Once a run; ranked exactly when scored."""

        constraints = (
            models.UniqueConstraint(fields=["run", "organ"], name="assessment_line_once"),
            models.CheckConstraint(
                condition=Q(score__isnull=True, rank__isnull=True) | Q(score__isnull=False, rank__isnull=False),
                name="assessment_line_ranked",
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True) | Q(score__gte=0, score__lte=100), name="assessment_line_score"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(objected_at__isnull=False), name="assessment_line_answer"
            ),
        )
        indexes = (models.Index(fields=["organ", "-run"], name="assessment_line_organ"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.score}"


class SpotCheck(models.Model):
    """The spot check of a quarter (P7): drawn from what every organ had crossed off, by a seed anybody can draw again.

    `ratio` in percent, per organ rounded up, at least one where there is any. `listed` is what it was drawn from, as
    [organ, code]; `digest` is its SHA-256, a line each with a bar between.
    """

    plan = models.ForeignKey("supervision.Plan", on_delete=models.PROTECT, related_name="spot_checks", db_index=False)
    quarter = models.CharField(max_length=7)
    seed = models.CharField(max_length=64)
    ratio = models.DecimalField(max_digits=5, decimal_places=2)
    population = models.PositiveIntegerField()
    listed = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    drawn_at = models.DateTimeField()
    drawn_name = models.CharField(max_length=100)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """One draw a quarter: nobody draws until it suits."""

        constraints = (models.UniqueConstraint(fields=["plan", "quarter"], name="spot_check_once"),)

    def __str__(self) -> str:
        return self.quarter


class SpotCheckLine(models.Model):
    """One task drawn: who went (two organs), what was found; failed, it was opened again.

    `reached` is the figure found, in the unit of the task's target or in percent: from then on it counts.
    """

    class Result(models.TextChoices):
        """What was found."""

        DRAWN = "drawn", "待抽查"
        PASSED = "passed", "合格"
        FAILED = "failed", "不合格"

    check_of = models.ForeignKey(SpotCheck, on_delete=models.CASCADE, related_name="lines", db_index=False)
    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, related_name="spot_checks")
    organ = models.CharField(max_length=80)
    order = models.PositiveIntegerField()
    result = models.CharField(max_length=6, choices=Result.choices, default=Result.DRAWN)
    falsified = models.BooleanField(default=False)
    reached = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    visited_on = models.DateField(null=True)
    with_organ = models.CharField(max_length=80, default="", blank=True)
    found = models.CharField(max_length=2000, default="", blank=True)
    recorded_at = models.DateTimeField(null=True)
    recorded_name = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        """Once a draw; a finding says where, with whom and what; the other organ is not the one that is checked."""

        constraints = (
            models.UniqueConstraint(fields=["check_of", "matter"], name="spot_check_line_once"),
            models.CheckConstraint(
                condition=Q(result="drawn")
                | Q(visited_on__isnull=False, recorded_at__isnull=False) & ~Q(with_organ="") & ~Q(found=""),
                name="spot_check_found",
            ),
            models.CheckConstraint(
                condition=Q(falsified=False) | Q(result="failed"), name="spot_check_falsified_failed"
            ),
            models.CheckConstraint(
                condition=Q(reached__isnull=True) | Q(result="failed"), name="spot_check_reached_failed"
            ),
            models.CheckConstraint(condition=~Q(with_organ=F("organ")), name="spot_check_other_organ"),
        )
        indexes = (models.Index(fields=["organ", "recorded_at"], name="spot_check_organ"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.result}"


class AnnualReview(models.Model):
    """The annual review of a plan (P9): the picture of the last day, categories, the leader's signature."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFTED = "drafted", "待签字"
        SIGNED = "signed", "已签字"

    plan = models.OneToOneField("supervision.Plan", on_delete=models.PROTECT, related_name="review")
    day = models.DateField()
    due = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFTED)
    digest = models.CharField(max_length=64)
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    drafted_name = models.CharField(max_length=100)
    signed_at = models.DateTimeField(null=True)
    signed_name = models.CharField(max_length=100, default="", blank=True)
    notice = models.OneToOneField("notices.Notice", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        """Signed by somebody."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state="drafted", signed_at__isnull=True) | Q(state="signed", signed_at__isnull=False),
                name="annual_review_signed",
            ),
        )

    def __str__(self) -> str:
        return f"{self.plan_id} {self.day}"


class AnnualLine(models.Model):
    """An item in the review: its category (D11), those of its tasks, what goes over into the next year."""

    review = models.ForeignKey(AnnualReview, on_delete=models.CASCADE, related_name="lines", db_index=False)
    item = models.ForeignKey("supervision.KeyItem", on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=4)
    actual = models.TextField(default="0/1")
    counts = models.JSONField(default=dict)
    carried = models.JSONField(default=list)

    class Meta:
        """Once a review."""

        constraints = (
            models.UniqueConstraint(fields=["review", "item"], name="annual_line_once"),
            models.CheckConstraint(
                condition=Q(category__in=["完成", "基本完成", "未完成", "调整"]), name="annual_line_category"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.category}"


__all__ = ["AnnualLine", "AnnualReview", "AssessmentLine", "AssessmentRun", "SpotCheck", "SpotCheckLine"]
