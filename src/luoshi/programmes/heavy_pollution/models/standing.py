"""What stands ready between episodes: plans of organs, drills, training, roster, gear, stock, forecasters, reports."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from luoshi.office.registers.models import Record


class PlanVersion(models.Model):
    """One edition of a plan: the city's, a department's (专项实施方案) or a town's; its way is its case.

    `named`: the organ is one of the ten whose plan 2.1.2 names (A19). `due_on`: the last day of filing.
    """

    class Kind(models.TextChoices):
        """Whose plan."""

        CITY = "city", "市预案"
        DEPARTMENT = "department", "部门专项实施方案"
        TOWN = "town", "镇区方案"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    organ = models.CharField(max_length=80)
    edition = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200)
    number = models.CharField(max_length=60, default="", blank=True)
    named = models.BooleanField(default=False)
    issued_on = models.DateField()
    changes = models.CharField(max_length=2000, default="", blank=True)
    due_on = models.DateField(null=True)
    publish_by = models.DateField(null=True)
    state = models.CharField(max_length=12, default="draft")
    approved_at = models.DateTimeField(null=True)
    filed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, null=True, related_name="+")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    case = models.OneToOneField("cases.Case", on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        """One edition of a number an organ; what is published was filed or is the city's."""

        constraints = (
            models.UniqueConstraint(fields=["kind", "organ", "edition"], name="hp_planversion_edition"),
            models.CheckConstraint(
                condition=Q(published_at=None) | Q(filed_at__isnull=False) | Q(kind="city"),
                name="hp_published_was_filed",
            ),
        )
        indexes = (models.Index(fields=["due_on", "id"], name="hp_planversion_due"),)

    def __str__(self) -> str:
        return f"{self.title} {self.edition}"


class CitizenReport(models.Model):
    """What somebody told of a violation on the public page. `origin`: a keyed digest of the day's address, no address.

    A telephone number is optional, seen only by those who work on it.
    """

    class State(models.TextChoices):
        """What came of it."""

        NEW = "new", "待核实"
        TAKEN = "taken", "已转检查"
        DISMISSED = "dismissed", "不受理"

    class Kind(models.TextChoices):
        """What was seen."""

        SMOKE = "smoke", "企业冒烟、异味"
        SITE = "site", "工地扬尘、未停工"
        TRUCK = "truck", "车辆违反限行"
        BURNING = "burning", "露天焚烧、烧烤"
        FIREWORKS = "fireworks", "燃放烟花爆竹"
        OTHER = "other", "其他"

    code = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    town = models.CharField(max_length=80)
    place = models.CharField(max_length=120)
    text = models.CharField(max_length=500)
    phone = models.CharField(max_length=20, default="", blank=True)
    at = models.DateTimeField()
    origin = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW)
    answer = models.CharField(max_length=300, default="", blank=True)
    answered_by = models.CharField(max_length=100, default="", blank=True)
    answered_at = models.DateTimeField(null=True)
    inspection = models.ForeignKey(
        "heavy_pollution.Inspection", on_delete=models.PROTECT, null=True, related_name="reports"
    )

    class Meta:
        """Listed newest first; counted by origin."""

        indexes = (
            models.Index(fields=["state", "-at"], name="hp_report_state"),
            models.Index(fields=["origin", "at"], name="hp_report_origin"),
        )

    def __str__(self) -> str:
        return self.code


class Drill(Record):
    """An exercise of the plan: drawn up, run with status Exercise, summed up."""

    class Mode(models.TextChoices):
        """How it is run."""

        DESK = "desk", "桌面推演"
        FIELD = "field", "实战演练"

    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=120)
    mode = models.CharField(max_length=6, choices=Mode.choices, default=Mode.DESK)
    season = models.PositiveSmallIntegerField()
    planned_on = models.DateField()
    aim = models.CharField(max_length=500)
    people = models.CharField(max_length=500)
    content = models.CharField(max_length=2000)
    rules = models.CharField(max_length=1000, default="", blank=True)
    scenario = models.CharField(max_length=1000, default="", blank=True)
    held_on = models.DateField(null=True, blank=True)
    summary = models.CharField(max_length=2000, default="", blank=True)
    suggestions = models.CharField(max_length=2000, default="", blank=True)
    case_number = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        """What is summed up was held."""

        constraints = (
            models.CheckConstraint(condition=Q(summary="") | Q(held_on__isnull=False), name="hp_drill_summed_was_held"),
        )

    def __str__(self) -> str:
        return self.title


class Training(Record):
    """A course for those who carry the plan out (5.2.2)."""

    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=120)
    organ = models.CharField(max_length=80)
    planned_on = models.DateField()
    held_on = models.DateField(null=True, blank=True)
    audience = models.CharField(max_length=200)
    hours = models.DecimalField(max_digits=5, decimal_places=1, default=0)
    attended = models.PositiveIntegerField(default=0)
    content = models.CharField(max_length=1000, default="", blank=True)

    def __str__(self) -> str:
        return self.title


class Shift(Record):
    """One shift of the duty roster, from (inclusive) to (exclusive); `organ`'s person with the leader on duty."""

    organ = models.CharField(max_length=80)
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    person = models.CharField(max_length=60)
    phone = models.CharField(max_length=20)
    leader = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        """A shift has a length; one person begins one shift at a moment."""

        constraints = (
            models.UniqueConstraint(fields=["organ", "begins", "person"], name="hp_one_shift"),
            models.CheckConstraint(condition=Q(ends__gt=F("begins")), name="hp_shift_has_length"),
        )
        indexes = (models.Index(fields=["organ", "ends"], name="hp_shift_organ"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.begins:%m-%d %H:%M} {self.person}"


class Supply(Record):
    """Gear of an organ: instruments, vehicles, protective gear; how it is given out (4.2)."""

    class Kind(models.TextChoices):
        """Kinds of gear."""

        INSTRUMENT = "instrument", "监测仪器"
        VEHICLE = "vehicle", "车辆"
        PROTECTIVE = "protective", "防护用品"
        OTHER = "other", "其他"

    class Condition(models.TextChoices):
        """Whether it can be used."""

        GOOD = "good", "完好"
        REPAIR = "repair", "待修"
        LACKING = "lacking", "不足"

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    organ = models.CharField(max_length=80)
    quantity = models.PositiveIntegerField()
    unit = models.CharField(max_length=10)
    condition = models.CharField(max_length=10, choices=Condition.choices, default=Condition.GOOD)
    allocation = models.CharField(max_length=300, default="", blank=True)
    checked_on = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name


class MedicalStock(Record):
    """What a medical institution keeps for an episode (4.5); `least` is what must be there."""

    institution = models.ForeignKey(
        "heavy_pollution.MedicalInstitution", on_delete=models.PROTECT, related_name="stock"
    )
    item = models.CharField(max_length=80)
    quantity = models.PositiveIntegerField()
    least = models.PositiveIntegerField(default=0)
    unit = models.CharField(max_length=10)
    town = models.CharField(max_length=80)
    checked_on = models.DateField(null=True, blank=True)

    class Meta:
        """One row an item and institution."""

        constraints = (models.UniqueConstraint(fields=["institution", "item"], name="hp_stock_once"),)

    def __str__(self) -> str:
        return self.item


class Forecaster(Record):
    """Somebody who forecasts at one of the two bureaus; the plan asks for full-time ones (4.3)."""

    code = models.CharField(max_length=20, unique=True)
    organ = models.CharField(max_length=80)
    name = models.CharField(max_length=60)
    full_time = models.BooleanField(default=True)
    phone = models.CharField(max_length=20, default="", blank=True)
    since = models.DateField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name
