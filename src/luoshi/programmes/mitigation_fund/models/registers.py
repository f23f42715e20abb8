"""Registers: listed firms, their listings, application windows, benchmark rates, the banks' monthly reports."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from luoshi.office.registers.models import Record

LARGEST = 10**15


class Firm(Record):
    """A firm of the city that is, was or may be listed. `sme` is shown, never a condition."""

    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=100)
    address = models.CharField(max_length=200, default="", blank=True)
    town = models.CharField(max_length=80)
    sme = models.BooleanField(null=True, blank=True)
    legal_person = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        """Lists are read by name."""

        indexes = (models.Index(fields=["name"], name="mf_firm_name"),)

    def __str__(self) -> str:
        return self.name


class Holder(Record):
    """Who stands behind a firm: a holder of shares, its head, its controller; `share` in percent."""

    class Role(models.TextChoices):
        """What the holder is to the firm."""

        SHARE = "share", "股东"
        HEAD = "head", "法定代表人"
        CONTROL = "control", "实际控制人"
        BOARD = "board", "董事、监事、高管"

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="holders")
    code = models.CharField(max_length=18)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=7, choices=Role.choices)
    share = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)

    class Meta:
        """One place of a kind in a firm; found by the identity too."""

        constraints = (
            models.UniqueConstraint(fields=["firm", "code", "role"], name="mf_holder_once"),
            models.CheckConstraint(
                condition=Q(share__isnull=True) | Q(share__gte=0, share__lte=100), name="mf_holder_share"
            ),
        )
        indexes = (models.Index(fields=["code"], name="mf_holder_code"),)

    def __str__(self) -> str:
        return f"{self.name} {self.get_role_display()}"


class Listing(Record):
    """A firm's listing on one board, from a day to the day it is delisted; `checked_on`: when it was last looked up."""

    class Board(models.TextChoices):
        """The three boards of the rules."""

        NEEQ = "NEEQ", "新三板"
        QILU = "QILU", "齐鲁股权交易中心"
        BLUE_OCEAN = "BLUE_OCEAN", "青岛蓝海股权交易中心"

    firm = models.ForeignKey(Firm, on_delete=models.PROTECT, related_name="listings", db_index=False)
    board = models.CharField(max_length=12, choices=Board.choices)
    code = models.CharField(max_length=20)
    listed_on = models.DateField()
    delisted_on = models.DateField(null=True, blank=True)
    proof = models.CharField(max_length=200, default="", blank=True)
    checked_on = models.DateField(null=True, blank=True)

    class Meta:
        """One open listing a board; history is kept."""

        constraints = (
            models.UniqueConstraint(fields=["firm", "board", "listed_on"], name="mf_listing"),
            models.UniqueConstraint(
                fields=["firm", "board"],
                condition=Q(delisted_on__isnull=True, void=False, ended_on__isnull=True),
                name="mf_listing_open",
            ),
            models.CheckConstraint(
                condition=Q(delisted_on__isnull=True) | Q(delisted_on__gte=F("listed_on")), name="mf_listing_days"
            ),
        )

    def __str__(self) -> str:
        return f"{self.firm_id} {self.board}"


class Window(Record):
    """Days in which firms may apply, both included."""

    code = models.CharField(max_length=20, unique=True)
    opens_on = models.DateField()
    closes_on = models.DateField()
    note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """It ends on or after its first day."""

        constraints = (models.CheckConstraint(condition=Q(closes_on__gte=F("opens_on")), name="mf_window_days"),)

    def __str__(self) -> str:
        return self.code


class Benchmark(Record):
    """A benchmark rate from a day on, in percent."""

    class Series(models.TextChoices):
        """Which rate."""

        LOAN_1Y = "LOAN_1Y", "一年期贷款基准利率"
        LPR_1Y = "LPR_1Y", "一年期贷款市场报价利率"

    series = models.CharField(max_length=10, choices=Series.choices)
    day = models.DateField()
    rate = models.DecimalField(max_digits=7, decimal_places=4)

    class Meta:
        """One rate a series and day."""

        constraints = (
            models.UniqueConstraint(fields=["series", "day"], name="mf_benchmark"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="mf_benchmark_rate"),
        )

    def __str__(self) -> str:
        return f"{self.series} {self.day}"


class MonthlyReport(Record):
    """What a bank reports on a loan for a month (its first day); contract `-` is a nil report. Amounts in fen."""

    class Class(models.TextChoices):
        """The loan's class."""

        NORMAL = "normal", "正常"
        SPECIAL = "special", "关注"
        SUBSTANDARD = "substandard", "次级"
        DOUBTFUL = "doubtful", "可疑"
        LOSS = "loss", "损失"

    bank = models.CharField(max_length=80)
    month = models.DateField()
    contract_no = models.CharField(max_length=60)
    outstanding = models.BigIntegerField()
    interest_paid = models.BooleanField(default=True)
    money_use = models.CharField(max_length=200, default="", blank=True)
    business = models.CharField(max_length=300, default="", blank=True)
    loan_class = models.CharField(max_length=12, choices=Class.choices, default=Class.NORMAL)
    remark = models.CharField(max_length=300, default="", blank=True)
    received_on = models.DateField(null=True, blank=True)

    class Meta:
        """One line a loan and month."""

        constraints = (
            models.UniqueConstraint(fields=["bank", "month", "contract_no"], name="mf_report"),
            models.CheckConstraint(
                condition=Q(outstanding__gte=0, outstanding__lte=LARGEST), name="mf_report_outstanding"
            ),
        )
        indexes = (models.Index(fields=["month", "bank"], name="mf_report_month"),)

    def __str__(self) -> str:
        return f"{self.bank} {self.month:%Y-%m} {self.contract_no}"
