"""What the registers hold (spec section 4): operators, loans with their balances, and what stands around them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from luoshi.office.registers.models import Record


class Tri(models.TextChoices):
    """Yes, no, or not known."""

    YES = "yes", "是"
    NO = "no", "否"
    UNKNOWN = "unknown", "不详"


class Category(models.TextChoices):
    """Who may be served (A 二(一)1)."""

    FAMILY_FARM = "FAMILY_FARM", "家庭农场"
    LARGE_GROWER = "LARGE_GROWER", "种养大户"
    COOP = "COOP", "农民专业合作社"
    SERVICE_ORG = "SERVICE_ORG", "农业社会化服务组织"
    MICRO_ENT = "MICRO_ENT", "小微农业企业"
    STATE_FARM_UNIT = "STATE_FARM_UNIT", "国有农场中符合条件的主体"
    LEADING_ENT = "LEADING_ENT", "农业产业化龙头企业"


class Scope(models.TextChoices):
    """What for (A 二(一)1)."""

    GRAIN = "GRAIN", "粮食生产"
    BREEDING = "BREEDING", "畜牧水产养殖"
    SPECIAL = "SPECIAL", "菜果茶等特色农林业"
    SERVICES = "SERVICES", "农资农机农技等农业服务"
    FARMLAND_INFRA = "FARMLAND_INFRA", "农田基础设施"
    INTEGRATED = "INTEGRATED", "一二三产业融合发展"
    LEISURE = "LEISURE", "休闲农业观光农业等新业态"


class ProjectType(models.TextChoices):
    """Which ceiling a loan falls under (A 二(一)2)."""

    ORDINARY = "ORDINARY", "一般用途"
    FARMLAND_INFRA = "FARMLAND_INFRA", "农田基础设施"


def _tri() -> Any:
    return models.CharField(max_length=7, choices=Tri.choices, default=Tri.UNKNOWN)


def _fen() -> Any:
    return models.BigIntegerField(default=0)


class Operator(Record):
    """An operator's archive (建档立卡): who, where, how large, the seven 'haves', and how far its round has come."""

    class Status(models.TextChoices):
        """How far the archive is."""

        DRAFT = "draft", "已调查"
        POSTED = "posted", "公示中"
        SIGNED = "signed", "镇已签字"
        ARCHIVED = "archived", "已建档"
        LAPSED = "lapsed", "已失效"

    class Unit(models.TextChoices):
        """What the scale is counted in."""

        MU = "mu", "亩"
        HEAD = "head", "头"
        BIRD = "bird", "只"
        WATER = "m3", "立方米水体"
        MACHINE = "machine", "台"

    code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=100)
    category = models.CharField(max_length=16, choices=Category.choices)
    scope = models.CharField(max_length=16, choices=Scope.choices)
    town = models.CharField(max_length=80)
    village = models.CharField(max_length=60)
    represent = models.CharField(max_length=50, default="", blank=True)
    phone = models.CharField(max_length=20, default="", blank=True)
    scale = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    unit = models.CharField(max_length=8, choices=Unit.choices, default=Unit.MU)
    began = models.PositiveSmallIntegerField(null=True, blank=True)
    revenue, income, wanted = _fen(), _fen(), _fen()
    households = models.PositiveIntegerField(default=0)
    purpose = models.CharField(max_length=200, default="", blank=True)
    creditworthy, has_scale, experience, profit, main_business, need = _tri(), _tri(), _tri(), _tri(), _tri(), _tri()
    wide_reach, strong_pull, close_links = _tri(), _tri(), _tri()
    evidence = models.CharField(max_length=500, default="", blank=True)
    assessor = models.CharField(max_length=50, default="", blank=True)
    household = models.CharField(max_length=18, default="", blank=True)
    mechanised_on = models.DateField(null=True, blank=True)
    surveyed_on = models.DateField()
    surveyor = models.CharField(max_length=50, default="", blank=True)
    posted_from = models.DateField(null=True, blank=True)
    posted_to = models.DateField(null=True, blank=True)
    posted_at = models.CharField(max_length=100, default="", blank=True)
    objections = models.CharField(max_length=500, default="", blank=True)
    signed_on = models.DateField(null=True, blank=True)
    round = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)

    class Meta:
        """Searched by town and state, and by household."""

        indexes = (
            models.Index(fields=["town", "status"], name="ag_operator_town"),
            models.Index(fields=["household"], name="ag_operator_household"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        """The archive's number, never used again."""
        return f"LD-371083-{self.pk:06d}"

    @property
    def group(self) -> str:
        """The household whose balances are added up: the code of its head."""
        return self.household or self.code


class Loan(Record):
    """A guaranteed loan from the signing of its contracts on; amounts in fen.

    Outstanding = disbursed − repaid − covered (principal covered by payouts). Until it is disbursed its whole amount
    counts for the household.
    """

    class Status(models.TextChoices):
        """How it stands."""

        SIGNED = "signed", "已签约未放款"
        ACTIVE = "active", "正常"
        OVERDUE = "overdue", "逾期"
        SUBROGATED = "subrogated", "已代偿"
        CLOSED = "closed", "已结清"

    class Level(models.TextChoices):
        """The five classes of risk."""

        NORMAL = "normal", "正常"
        WATCH = "watch", "关注"
        SUBSTANDARD = "substandard", "次级"
        DOUBTFUL = "doubtful", "可疑"
        LOSS = "loss", "损失"

    number = models.CharField(max_length=40, unique=True)
    operator = models.ForeignKey(Operator, on_delete=models.PROTECT, related_name="loans")
    borrower = models.CharField(max_length=100)
    town = models.CharField(max_length=80)
    bank = models.CharField(max_length=80)
    project_type = models.CharField(max_length=16, choices=ProjectType.choices, default=ProjectType.ORDINARY)
    entrusted_no = models.CharField(max_length=60)
    guarantee_no = models.CharField(max_length=60)
    contract_no = models.CharField(max_length=60)
    signed_on = models.DateField()
    amount = models.BigIntegerField()
    rate = models.DecimalField(max_digits=7, decimal_places=4)
    fee = models.DecimalField(max_digits=7, decimal_places=4)
    starts_on = models.DateField()
    ends_on = models.DateField()
    disbursed, repaid, covered, interest = _fen(), _fen(), _fen(), _fen()
    disbursed_on = models.DateField(null=True, blank=True)
    reported_on = models.DateField(null=True, blank=True)
    overdue_days = models.PositiveIntegerField(default=0)
    level = models.CharField(max_length=12, choices=Level.choices, default=Level.NORMAL)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.SIGNED)

    class Meta:
        """A contract's number once an issuer; nothing is repaid that was not disbursed."""

        constraints = (
            models.UniqueConstraint(fields=["entrusted_no"], name="ag_loan_entrusted"),
            models.UniqueConstraint(fields=["guarantee_no"], name="ag_loan_guarantee"),
            models.UniqueConstraint(fields=["bank", "contract_no"], name="ag_loan_contract"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, disbursed__lte=models.F("amount"), repaid__gte=0, covered__gte=0,
                            disbursed__gte=models.F("repaid") + models.F("covered")),
                name="ag_loan_amounts",
            ),
        )  # fmt: skip
        indexes = (models.Index(fields=["town", "status"], name="ag_loan_town"),)

    def __str__(self) -> str:
        return f"{self.number} {self.borrower}"

    @property
    def outstanding(self) -> int:
        """Principal still owed to the bank (fen)."""
        return int(self.disbursed - self.repaid - self.covered)


class LoanBalance(models.Model):
    """What a bank reported of a loan for a day (fen); the same day twice is the same or refused."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="balances")
    on = models.DateField()
    principal = models.BigIntegerField()
    interest = models.BigIntegerField(default=0)
    overdue_days = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        """Once a day."""

        constraints = (
            models.UniqueConstraint(fields=["loan", "on"], name="ag_balance_once"),
            models.CheckConstraint(condition=Q(principal__gte=0, interest__gte=0), name="ag_balance_amounts"),
        )

    def __str__(self) -> str:
        return f"{self.loan_id} {self.on}"


class Delegation(Record):
    """What the provincial company lets its office do, from a day on, by a document (B 17)."""

    class Acts(models.TextChoices):
        """What is let."""

        ALL = "all", "合同、代偿、申请补偿"
        CONTRACT = "contract", "签订担保合同"
        CLAIM = "claim", "代偿和申请补偿"

    document = models.CharField(max_length=60, unique=True)
    grantor = models.CharField(max_length=80)
    delegate = models.CharField(max_length=80)
    acts = models.CharField(max_length=8, choices=Acts.choices, default=Acts.ALL)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.document


class VillageCharge(Record):
    """Who answers for a village (A 三(一))."""

    town = models.CharField(max_length=80)
    village = models.CharField(max_length=60)
    person = models.CharField(max_length=50)
    phone = models.CharField(max_length=20, default="", blank=True)
    starts_on = models.DateField()

    class Meta:
        """One a village and day."""

        constraints = (models.UniqueConstraint(fields=["town", "village", "starts_on"], name="ag_charge_once"),)

    def __str__(self) -> str:
        return f"{self.village} {self.person}"


class Publicity(Record):
    """An act of making the policy known (A 二(二)1)."""

    class Medium(models.TextChoices):
        """How."""

        TV = "tv", "电视"
        RADIO = "radio", "广播"
        BANNER = "banner", "标语横幅"
        LEAFLET = "leaflet", "明白纸"
        OTHER = "other", "其他"

    code = models.CharField(max_length=30, unique=True)
    on = models.DateField()
    medium = models.CharField(max_length=8, choices=Medium.choices)
    town = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    reach = models.PositiveIntegerField(default=0)
    photo = models.CharField(max_length=120, default="", blank=True)

    def __str__(self) -> str:
        return self.title


class TownScore(Record):
    """An item of a town's yearly assessment (A 三(三)); items and weights are those of the scoring rules."""

    year = models.PositiveSmallIntegerField()
    town = models.CharField(max_length=80)
    item = models.CharField(max_length=80)
    weight = models.DecimalField(max_digits=6, decimal_places=2)
    score = models.DecimalField(max_digits=6, decimal_places=2)
    note = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """An item once a year and town."""

        constraints = (models.UniqueConstraint(fields=["year", "town", "item"], name="ag_score_once"),)

    def __str__(self) -> str:
        return f"{self.year} {self.town} {self.item}"


class BankScore(Record):
    """A bank's yearly evaluation and what it was rewarded with (A 三(三))."""

    year = models.PositiveSmallIntegerField()
    bank = models.CharField(max_length=80)
    score = models.DecimalField(max_digits=6, decimal_places=2)
    reward = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """Once a year and bank."""

        constraints = (models.UniqueConstraint(fields=["year", "bank"], name="ag_bank_score_once"),)

    def __str__(self) -> str:
        return f"{self.year} {self.bank}"


class Custody(Record):
    """The custody agreement and the account, which must be at a cooperating bank (B 7)."""

    agreement_no = models.CharField(max_length=60, unique=True)
    custodian = models.CharField(max_length=80)
    bank = models.CharField(max_length=80)
    account = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.agreement_no


class Placement(Record):
    """Fund money placed for a time (B 9); amounts in fen."""

    class Product(models.TextChoices):
        """What may be bought."""

        TIME_DEPOSIT = "TIME_DEPOSIT", "定期存款"
        PRINCIPAL_GUARANTEED = "PRINCIPAL_GUARANTEED", "保本理财"

    class Status(models.TextChoices):
        """Whether it stands."""

        PLACED = "placed", "存放中"
        ENDED = "ended", "已收回"

    number = models.CharField(max_length=40, unique=True)
    product = models.CharField(max_length=20, choices=Product.choices)
    bank = models.CharField(max_length=80)
    contract_no = models.CharField(max_length=60)
    principal = models.BigIntegerField()
    rate = models.DecimalField(max_digits=7, decimal_places=4)
    starts_on = models.DateField()
    matures_on = models.DateField()
    interest = _fen()
    ended = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=6, choices=Status.choices, default=Status.PLACED)

    class Meta:
        """Something is placed, for a time."""

        constraints = (
            models.CheckConstraint(
                condition=Q(principal__gt=0, matures_on__gt=models.F("starts_on")), name="ag_placement_some"
            ),
        )

    def __str__(self) -> str:
        return self.number


class Ruling(Record):
    """A question about the fund's rules and how the Office and the company explain them (B 16)."""

    number = models.CharField(max_length=40, unique=True)
    clause = models.CharField(max_length=60)
    asked_on = models.DateField()
    asker = models.CharField(max_length=100)
    question = models.CharField(max_length=500)
    answered_on = models.DateField(null=True, blank=True)
    answer = models.CharField(max_length=1000, default="", blank=True)
    organ = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.number
