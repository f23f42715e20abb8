"""The objects of the response: firms and their plans, sites, roads, schools, hospitals, port; contacts, inspections."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from luoshi.office.registers.models import Record

LEVELS = ("IV", "III", "II", "I")
"""Response levels from the mildest up."""


def kilograms() -> models.DecimalField[object, object]:
    """Return the column of an amount in kg a day."""
    return models.DecimalField(max_digits=12, decimal_places=3, default=0)


class Enterprise(Record):
    """A firm that limits or stops production. Baselines in kg/d; `reserve`: called only to close a gap."""

    class Sector(models.TextChoices):
        """Trades of the plan."""

        RUBBER = "rubber", "橡胶"
        CASTING = "casting", "铸造"
        CEMENT = "cement_grinding", "水泥粉磨"
        PRINTING = "printing", "印刷"
        CHEMICAL = "chemical", "化工"
        METAL = "metal_products", "金属制品"
        EQUIPMENT = "equipment", "设备制造"
        SPRAYING = "voc_spraying", "喷涂烤漆"
        CONCRETE = "concrete_mixing", "混凝土搅拌"
        OTHER = "other", "其他"

    class Exempt(models.TextChoices):
        """Why a firm need not stop."""

        NONE = "none", "不豁免"
        LIVELIHOOD = "livelihood", "群众基本生活"
        SAFETY = "safety", "生产安全"

    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200, default="", blank=True)
    town = models.CharField(max_length=80, db_index=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    sector = models.CharField(max_length=20, choices=Sector.choices, db_index=True)
    other_heavy = models.BooleanField(default=False)
    so2, nox, pm, vocs = kilograms(), kilograms(), kilograms(), kilograms()
    sensitivity = models.PositiveSmallIntegerField(default=1)
    priority = models.PositiveIntegerField(null=True, blank=True, unique=True)
    reserve = models.BooleanField(default=False)
    exempt = models.CharField(max_length=12, choices=Exempt.choices, default=Exempt.NONE)
    max_load = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    power_account = models.CharField(max_length=30, default="", blank=True)
    contact = models.CharField(max_length=60, default="", blank=True)
    phone = models.CharField(max_length=20, default="", blank=True)
    list_year = models.PositiveSmallIntegerField()
    published = models.BooleanField(default=False)

    class Meta:
        """An exempt firm has an approved load; amounts are not negative."""

        constraints = (
            models.CheckConstraint(condition=Q(exempt="none") | Q(max_load__isnull=False), name="hp_exempt_has_load"),
            models.CheckConstraint(
                condition=Q(so2__gte=0, nox__gte=0, pm__gte=0, vocs__gte=0), name="hp_firm_baseline_positive"
            ),
            models.CheckConstraint(condition=Q(sensitivity__gte=1, sensitivity__lte=5), name="hp_sensitivity"),
        )

    def __str__(self) -> str:
        return self.name


class SitePlan(models.Model):
    """A firm's plan of a year: for each level what it does and how much it saves; reviewed, approved, filed.

    `steps` {level: [{process, action, limit, hours, safety, evidence}]}, `reductions` {level: {so2, nox, pm, vocs}} as
    decimal text in kg/d.
    """

    class State(models.TextChoices):
        """From draft to filing."""

        DRAFT = "draft", "草稿"
        SUBMITTED = "submitted", "待审核"
        RETURNED = "returned", "退回"
        APPROVED = "approved", "已审核"
        FILED = "filed", "已备案"
        WITHDRAWN = "withdrawn", "已撤回"

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="plans")
    year = models.PositiveSmallIntegerField()
    edition = models.PositiveSmallIntegerField(default=1)
    steps = models.JSONField(default=dict)
    reductions = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    drawn_by = models.CharField(max_length=100)
    drawn_by_user_id = models.BigIntegerField(null=True)
    reviewed_by = models.CharField(max_length=100, default="", blank=True)
    reviewed_at = models.DateTimeField(null=True)
    comment = models.CharField(max_length=600, default="", blank=True)
    filed_at = models.DateTimeField(null=True)
    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One edition of a number a firm and year."""

        constraints = (models.UniqueConstraint(fields=["enterprise", "year", "edition"], name="hp_plan_edition"),)
        indexes = (models.Index(fields=["year", "state"], name="hp_plan_year_state"),)

    def __str__(self) -> str:
        return f"{self.enterprise_id} {self.year}-{self.edition}"


class Pledge(Record):
    """A signed pledge (应急责任承诺书) of a firm, site or school for a year."""

    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=120)
    year = models.PositiveSmallIntegerField()
    signed_on = models.DateField()
    signatory = models.CharField(max_length=60)

    class Meta:
        """One a year."""

        constraints = (models.UniqueConstraint(fields=["object_id", "year"], name="hp_pledge_once"),)

    def __str__(self) -> str:
        return f"{self.object_name} {self.year}"


class ConstructionSite(Record):
    """A building, road or demolition site; `organ` supervises it."""

    class Kind(models.TextChoices):
        """What is built or torn down."""

        BUILDING = "building", "建筑"
        ROAD = "road", "道路"
        DEMOLITION = "demolition", "拆迁"

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    builder_code = models.CharField(max_length=18, default="", blank=True)
    builder = models.CharField(max_length=120, default="", blank=True)
    area_m2 = models.PositiveIntegerField(default=0)
    town = models.CharField(max_length=80, db_index=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    built_up = models.BooleanField(default=True)
    organ = models.CharField(max_length=80, default="housing-construction")
    earthwork = models.BooleanField(default=False)
    waterings = models.PositiveSmallIntegerField(default=0)
    pm = kilograms()
    pm_iv, pm_iii, pm_ii, pm_i = kilograms(), kilograms(), kilograms(), kilograms()
    priority = models.PositiveIntegerField(null=True, blank=True, unique=True)
    reserve = models.BooleanField(default=False)
    contact = models.CharField(max_length=60, default="", blank=True)
    phone = models.CharField(max_length=20, default="", blank=True)

    def __str__(self) -> str:
        return self.name


class EmissionInventory(Record):
    """The society-wide base of a year: baseline and reduction by level of one category."""

    class Source(models.TextChoices):
        """Classes of sources."""

        INDUSTRY = "industry", "工业源"
        MOBILE = "mobile", "移动源"
        DUST = "dust", "扬尘源"

    year = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=10, choices=Source.choices)
    category = models.CharField(max_length=60)
    so2, nox, pm, vocs = kilograms(), kilograms(), kilograms(), kilograms()
    so2_iv, so2_iii, so2_ii, so2_i = kilograms(), kilograms(), kilograms(), kilograms()
    nox_iv, nox_iii, nox_ii, nox_i = kilograms(), kilograms(), kilograms(), kilograms()
    pm_iv, pm_iii, pm_ii, pm_i = kilograms(), kilograms(), kilograms(), kilograms()
    vocs_iv, vocs_iii, vocs_ii, vocs_i = kilograms(), kilograms(), kilograms(), kilograms()
    measure = models.CharField(max_length=8, default="", blank=True)

    class Meta:
        """One row a category and year."""

        constraints = (models.UniqueConstraint(fields=["year", "source", "category"], name="hp_inventory_once"),)

    def __str__(self) -> str:
        return f"{self.year} {self.category}"


class VehicleScheme(models.Model):
    """The traffic scheme of the police: area, odd and even, who is exempt. Signed, versioned by its first day."""

    effective_from = models.DateField(unique=True)
    area = models.JSONField(default=list)
    exempt = models.JSONField(default=list)
    odd_even = models.CharField(max_length=12, default="same_parity")
    signed_by = models.CharField(max_length=100)
    text = models.CharField(max_length=600, default="", blank=True)

    def __str__(self) -> str:
        return f"{self.effective_from}"


class RoadSection(Record):
    """A main road: how often it is cleaned and watered on ordinary days, by whom; its middle stands for it on a map."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    organ = models.CharField(max_length=80)
    town = models.CharField(max_length=80)
    km = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    waterings = models.PositiveSmallIntegerField(default=1)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class PortBerth(Record):
    """A berth of the port; `bulk`: loose goods are loaded there."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    town = models.CharField(max_length=80)
    bulk = models.BooleanField(default=False)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class School(Record):
    """A school or kindergarten."""

    class Stage(models.TextChoices):
        """Stages."""

        KINDERGARTEN = "kindergarten", "幼儿园"
        PRIMARY = "primary", "小学"
        MIDDLE = "middle", "初中"
        HIGH = "high", "高中"

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    stage = models.CharField(max_length=12, choices=Stage.choices)
    town = models.CharField(max_length=80, db_index=True)
    students = models.PositiveIntegerField(default=0)
    flexible = models.BooleanField(default=True)
    suspendable = models.BooleanField(default=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class MedicalInstitution(Record):
    """A hospital and what it has ready."""

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    level = models.CharField(max_length=20)
    town = models.CharField(max_length=80)
    beds = models.PositiveIntegerField(default=0)
    on_call = models.PositiveIntegerField(default=0)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class Contact(Record):
    """An organ's responsible person and liaison of the emergency; one of each, who they were before is history."""

    class Kind(models.TextChoices):
        """Which of the two."""

        RESPONSIBLE = "responsible", "责任人"
        LIAISON = "liaison", "联络员"

    organ = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    name = models.CharField(max_length=60)
    phone = models.CharField(max_length=20)

    class Meta:
        """One current of each an organ."""

        constraints = (models.UniqueConstraint(fields=["organ", "kind"], name="hp_one_contact_of_each"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.name}"


class Inspection(models.Model):
    """What an inspection found on an object, and what followed."""

    class Finding(models.TextChoices):
        """Findings."""

        NONE = "none", "未见问题"
        SECRET = "secret", "偷排偷放"
        REPEATED = "repeated", "屡查屡犯"
        NOT_DONE = "not_done", "未落实减排"
        OTHER = "other", "其他"

    class Kind(models.TextChoices):
        """What was inspected; an organ: its failing leads to a proposal of accountability."""

        FIRM = "firm", "企业"
        SITE = "site", "工地"
        VEHICLE = "vehicle", "车辆"
        PLACE = "place", "场所"
        ORGAN = "organ", "单位履职"

    response = models.ForeignKey("Response", on_delete=models.PROTECT, null=True, related_name="inspections")
    object_kind = models.CharField(max_length=20)
    object_id = models.CharField(max_length=60)
    object_name = models.CharField(max_length=120)
    organ = models.CharField(max_length=80)
    finding = models.CharField(max_length=12, choices=Finding.choices)
    text = models.CharField(max_length=1000)
    order = models.CharField(max_length=300, default="", blank=True)
    penalty = models.CharField(max_length=100, default="", blank=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=100)
    town = models.CharField(max_length=80, default="", blank=True)
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lon = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    photo = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    flagged = models.CharField(max_length=200, default="", blank=True)
    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, null=True, related_name="+")
    rechecked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        """Listed newest first; what was found makes a case, what was not does not."""

        constraints = (
            models.CheckConstraint(condition=~Q(finding="none") | Q(case=None), name="hp_no_case_without_finding"),
        )
        indexes = (models.Index(fields=["-at", "id"], name="hp_inspection_at"),)

    def __str__(self) -> str:
        return f"{self.object_name} {self.finding}"
