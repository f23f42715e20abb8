"""The plan of the year: chapters, key items, who answers for them, targets, and the tree down to smallest tasks.

What an item says stays in the library: `start` and `end` count characters of the instrument's file, nothing is typed
again. Key works set outside the yearly plan (services-governance 4.1) are items of a plan of their own kind: what they
say is in `words`, and they are judged by another profile. A smallest task (`Leaf`) becomes a matter of the office when
the decomposition is approved; until then `matter` is empty. Progress is an exact fraction of percent, "num/den".
"""

from __future__ import annotations

import datetime
import re

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import curve
from luoshi.office.duties.curve import Profile
from luoshi.office.duties.matter_models import FAR

SOURCES: dict[str, tuple[str, str]] = {
    "clause": ("文件条款", "instrument_duty"),
    "meeting": ("会议决定", "meeting"),
    "report": ("政府工作报告", "work_point"),
    "leader": ("领导交办", "leader_instruction"),
}
"""What sets a key work outside the plan, and the kind its tasks have as matters; each is a chapter, in this order."""

ITEM_CODE = r"(\d{4})-(Z?)(\d{1,4})"
"""Year, mark of the plan's kind, number: 2019-24 of the work points, 2019-Z024 of the key works outside the plan."""
_ITEM_CODE = re.compile(ITEM_CODE)


class Plan(models.Model):
    """The work points of one year, read from an instrument of the library (`instrument`, one version of it).

    Of the kind `key_works` it holds the key works of a year that were set outside the work points, one by one.
    """

    class Kind(models.TextChoices):
        """Where its items come from."""

        WORK_POINTS = "work_points", "年度工作要点"
        KEY_WORKS = "key_works", "计划外重点工作"

    class Status(models.TextChoices):
        """How far the plan's year is."""

        LOADING = "loading", "导入中"
        ACTIVE = "active", "执行中"
        REVIEWING = "reviewing", "年度评价中"
        CLOSED = "closed", "已结束"

    year = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.WORK_POINTS)
    instrument = models.ForeignKey(
        "instruments.Instrument", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    instrument_key = models.CharField(max_length=120, default="", blank=True)
    title = models.CharField(max_length=400)
    issued_on = models.DateField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.LOADING)
    version = models.PositiveIntegerField(default=1)
    loaded_at = models.DateTimeField()
    loaded_by = models.CharField(max_length=100)
    activated_at = models.DateTimeField(null=True)
    activated_by = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        """One plan a year and kind; an active one says who activated it."""

        constraints = (
            models.UniqueConstraint(fields=["year", "kind"], name="plan_once"),
            models.CheckConstraint(
                condition=Q(status__in=["loading", "active", "reviewing", "closed"]), name="plan_status_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=["work_points", "key_works"]), name="plan_kind_known"),
            models.CheckConstraint(
                condition=Q(status="loading", activated_at__isnull=True)
                | ~Q(status="loading") & Q(activated_at__isnull=False),
                name="plan_activated",
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def outside(self) -> bool:
        """Whether it holds what was set outside the work points."""
        return self.kind == self.Kind.KEY_WORKS

    @property
    def profile(self) -> Profile:
        """Return how its tasks are judged: a task keeps the profile of its root."""
        return curve.GOVERNANCE if self.outside else curve.WORKPOINTS

    def number(self, seq: int) -> str:
        """Return an item's number in two places, or with its mark: 04 or Z004."""
        return f"Z{seq:03d}" if self.outside else f"{seq:02d}"

    def code(self, seq: int) -> str:
        """Return year and number of an item, as addresses and node codes have it: 2019-04 or 2019-Z004."""
        return f"{self.year}-{self.number(seq)}"


class Chapter(models.Model):
    """A chapter of the plan; `title` as the library has it."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="chapters", db_index=False)
    no = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=300)

    class Meta:
        """In the order of the text."""

        constraints = (models.UniqueConstraint(fields=["plan", "no"], name="plan_chapter_once"),)

    def __str__(self) -> str:
        return f"{self.no} {self.title}"


class KeyItem(models.Model):
    """One key item (重点事项): `seq` is its number in the plan, `actual` how far it is in percent, exactly.

    `leader_organ` and `leader_post` say where the leader in charge (分包领导) sits. `decomposition` says how far the
    tree is: changed after approval it is `drafted` again, while the tasks approved before go on. Of a key work outside
    the plan `words` say what it is, `basis` which clause, meeting or report set it (its chapter is of which of these),
    `begins_on` its first day.
    """

    class Kind(models.TextChoices):
        """How it is judged."""

        QUANTIFIED = "quantified", "量化"
        DELIVERABLE = "deliverable", "成果"
        STANDING = "standing", "长期"

    class State(models.TextChoices):
        """Whether it is done."""

        OPEN = "open", "进行中"
        CROSSED_OFF = "crossed_off", "销号"
        WITHDRAWN = "withdrawn", "调整"

    class Decomposition(models.TextChoices):
        """How far its tree is."""

        NONE = "none", "未分解"
        DRAFTED = "drafted", "分解中"
        PROPOSED = "proposed", "待分包领导批准"
        APPROVED = "approved", "已批准"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="items", db_index=False)
    chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="items")
    seq = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    raw_lead = models.CharField(max_length=400, default="", blank=True)
    raw_coop = models.CharField(max_length=400, default="", blank=True)
    leader_organ = models.CharField(max_length=80, default="city-government", blank=True)
    leader_post = models.CharField(max_length=100, default="", blank=True)
    weight_bp = models.PositiveIntegerField(null=True)
    public = models.BooleanField(default=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.DELIVERABLE)
    due = models.DateField()
    due_text = models.CharField(max_length=40, default="", blank=True)
    begins_on = models.DateField(null=True)
    words = models.TextField(default="", blank=True)
    basis = models.CharField(max_length=200, default="", blank=True)
    actual = models.TextField(default="0/1")
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    crossed_off_at = models.DateTimeField(null=True)
    decomposition = models.CharField(max_length=10, choices=Decomposition.choices, default=Decomposition.NONE)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    proposed_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Numbered within the plan."""

        constraints = (
            models.UniqueConstraint(fields=["plan", "seq"], name="key_item_once"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="key_item_span"),
            models.CheckConstraint(
                condition=Q(begins_on__isnull=True) | Q(due__gte=F("begins_on")), name="key_item_days"
            ),
            models.CheckConstraint(
                condition=Q(weight_bp__isnull=True) | Q(weight_bp__lte=10000), name="key_item_weight"
            ),
            models.CheckConstraint(
                condition=Q(state="crossed_off", crossed_off_at__isnull=False)
                | ~Q(state="crossed_off") & Q(crossed_off_at__isnull=True),
                name="key_item_crossed_off",
            ),
            models.CheckConstraint(
                condition=Q(decomposition__in=["none", "drafted", "proposed", "approved"]), name="key_item_decomposed"
            ),
        )

    def __str__(self) -> str:
        return f"{self.seq} {self.title}"

    @property
    def code(self) -> str:
        """Return year and number, as addresses and node codes have it: 2019-24."""
        return self.plan.code(self.seq)

    def require_within(self, due: datetime.date, what: str) -> None:
        """Refuse with E_RULE a task's day beyond the plan's year; outside the plan beyond the item's own last day."""
        last = self.due if self.plan.outside else datetime.date(self.plan.year, 12, 31)
        if due <= last:
            return
        words = f"{what}不能超过计划年度（{last}），年度评价时另定。"
        if self.plan.outside:
            words = f"{what}不能超过本项重点工作的完成日（{last}），须先由设立的领导改完成日。"
        raise LuoshiError("E_RULE", words, fields={"latest": str(last)})

    @property
    def matter_kind(self) -> str:
        """Return the kind its tasks have as matters: of what was set outside the plan that of its source."""
        return list(SOURCES.values())[self.chapter.no - 1][1] if self.plan.outside else "work_point"

    @property
    def number(self) -> str:
        """Return its number as people read it: 4, or Z004 outside the plan."""
        return self.plan.number(self.seq) if self.plan.outside else str(self.seq)


def of_code(code: str) -> models.Q | None:
    """Return what finds the item of a code (2019-24, 2019-Z024), None for what is no code."""
    match = _ITEM_CODE.fullmatch(code)
    if match is None:
        return None
    kind = Plan.Kind.KEY_WORKS if match[2] else Plan.Kind.WORK_POINTS
    return Q(plan__year=int(match[1]), plan__kind=kind, seq=int(match[3]))


class ItemOrgan(models.Model):
    """One entry of the responsibility mark, in the order printed; `organ` is a slug, or empty for what is not settled.

    A wildcard (各镇区 …) keeps its word in `token` and its organs in `members`; one that has to be designated case by
    case says in `none_reason` why none is concerned, when none is. `proposal` is the reading proposed for a misprint.
    """

    class Role(models.TextChoices):
        """On which side of the mark it stands."""

        LEAD = "lead", "责任单位"
        COOP = "coop", "配合单位"

    class Resolution(models.TextChoices):
        """How the printed name was read."""

        EXACT = "exact", "全称"
        ALIAS = "alias", "简称"
        WILDCARD = "wildcard", "统称"
        MISPRINT = "misprint_confirmed", "误印，已两人确认"
        UNRESOLVED = "unresolved", "未认定"

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="organs", db_index=False)
    seq = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=4, choices=Role.choices)
    raw = models.CharField(max_length=100)
    organ = models.CharField(max_length=80, default="", blank=True)
    token = models.CharField(max_length=20, default="", blank=True)
    resolution = models.CharField(max_length=20, choices=Resolution.choices)
    proposal = models.CharField(max_length=80, default="", blank=True)
    members = models.JSONField(default=list, blank=True)
    none_reason = models.CharField(max_length=400, default="", blank=True)
    designated_by = models.CharField(max_length=100, default="", blank=True)
    designated_at = models.DateTimeField(null=True)

    class Meta:
        """In the order of the mark; what is settled names an organ or a wildcard."""

        constraints = (
            models.UniqueConstraint(fields=["item", "seq"], name="item_organ_order"),
            models.CheckConstraint(condition=Q(role__in=["lead", "coop"]), name="item_organ_role"),
            models.CheckConstraint(
                condition=Q(resolution="unresolved", organ="", token="")
                | Q(resolution="wildcard", organ="") & ~Q(token="")
                | Q(resolution__in=["exact", "alias", "misprint_confirmed"], token="") & ~Q(organ=""),
                name="item_organ_settled",
            ),
        )

    def __str__(self) -> str:
        return self.raw


class ItemConcern(models.Model):
    """Whom an item concerns, every wildcard spread out: what lists filter by. An organ that leads stands as lead."""

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="concerns", db_index=False)
    organ = models.CharField(max_length=80)
    role = models.CharField(max_length=4, choices=ItemOrgan.Role.choices)
    named = models.BooleanField(default=True)

    class Meta:
        """`named`: the mark names it; otherwise a wildcard includes it."""

        constraints = (models.UniqueConstraint(fields=["item", "organ"], name="item_concern_once"),)
        indexes = (models.Index(fields=["organ", "role", "item"], name="item_concern_organ"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.role}"


class Target(models.Model):
    """One figure an item is judged by; `printed` ones the compiler read, `added` ones a clerk entered at loading.

    `comparator` is that of judgement: a plain figure is a floor; `printed` is the one the compiler read from the text.
    `upper` is the other end of a range. `start` and `end` are the words in the library's file, both 0 for none.
    `context`: it is told, no task has to cover it.
    """

    class Kind(models.TextChoices):
        """Where it comes from."""

        PRINTED = "printed", "编译读出"
        ADDED = "added", "人工补录"

    class Comparator(models.TextChoices):
        """How a value is held against it."""

        LEAST = ">=", "不少于"
        EXACTLY = "=", "等于"
        MOST = "<=", "不超过"
        RANGE = "range", "区间"
        EVENT = "event", "事件"

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="targets", db_index=False)
    seq = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=12)
    name = models.CharField(max_length=300)
    comparator = models.CharField(max_length=5, choices=Comparator.choices, default=Comparator.LEAST)
    printed = models.CharField(max_length=2, default="", blank=True)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    upper = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    unit = models.CharField(max_length=40, default="", blank=True)
    scope = models.CharField(max_length=300, default="", blank=True)
    due = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PRINTED)
    context = models.BooleanField(default=False)
    start = models.PositiveIntegerField(default=0)
    end = models.PositiveIntegerField(default=0)
    added_by = models.CharField(max_length=100, default="", blank=True)

    class Meta:
        """Numbered within the item; a range has both ends, an event needs no value."""

        constraints = (
            models.UniqueConstraint(fields=["item", "seq"], name="item_target_order"),
            models.UniqueConstraint(fields=["item", "code"], name="item_target_code"),
            models.CheckConstraint(
                condition=Q(comparator="event") | Q(value__isnull=False), name="item_target_has_value"
            ),
            models.CheckConstraint(
                condition=Q(comparator="range", upper__gte=F("value")) | ~Q(comparator="range") & Q(upper__isnull=True),
                name="item_target_range",
            ),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Node(models.Model):
    """A node of an item's tree, at most four levels under the item; `code` is 2019-24.03.02.

    `actual` as in the item. A node taken out is dated in `ended_at`, its code is not given again.
    """

    class Kind(models.TextChoices):
        """What stands there."""

        MILESTONE = "milestone", "节点"
        TASK = "task", "任务"
        LEAF = "leaf", "最小颗粒"

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="nodes", db_index=False)
    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="nodes", db_index=False)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    code = models.CharField(max_length=30)
    level = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    weight_bp = models.PositiveIntegerField()
    start = models.DateField(null=True)
    due = models.DateField(null=True)
    actual = models.TextField(default="0/1")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        """A code is given once; a leaf has both its days."""

        constraints = (
            models.UniqueConstraint(fields=["plan", "code"], name="plan_node_code"),
            models.CheckConstraint(condition=Q(level__gte=1, level__lte=4), name="plan_node_level"),
            models.CheckConstraint(
                condition=Q(level=1, parent__isnull=True) | Q(level__gt=1, parent__isnull=False),
                name="plan_node_parent",
            ),
            models.CheckConstraint(condition=Q(weight_bp__lte=10000), name="plan_node_weight"),
            models.CheckConstraint(
                condition=~Q(kind="leaf") | Q(start__isnull=False, due__gte=F("start")), name="plan_node_leaf_days"
            ),
        )
        indexes = (models.Index(fields=["item", "code"], name="plan_node_item"),)

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


EVIDENCE = {
    "photo": "照片（时间、地点）",
    "document": "文件",
    "statistics": "统计表",
    "acceptance": "验收证书",
    "voucher": "付款凭证",
    "record": "其他模块的记录",
}
"""What a smallest task may be proved by."""


class Leaf(models.Model):
    """What the plan adds to a smallest task (最小颗粒); `matter` is the office's matter once the tree is approved.

    `post` is the post that holds it. `planned_points` are [day, cumulative percent] as the matter has them. The place
    where the work is done is in degrees (CGCS2000, the same as WGS 84 within a metre), both or none. What follows is
    derived for the board (`rollup`): its item, the sums it is counted in, the part of its item it makes up (of 10,000
    to the fourth), the day from which it is red.
    """

    class Cycle(models.TextChoices):
        """How often a report is due."""

        WEEKLY = "weekly", "每周"
        MONTHLY = "monthly", "每月"
        QUARTERLY = "quarterly", "每季"
        EVENT = "event", "按节点"

    node = models.OneToOneField(Node, on_delete=models.CASCADE, related_name="leaf")
    matter = models.OneToOneField("duties.Matter", on_delete=models.PROTECT, null=True, related_name="work_leaf")
    organ = models.CharField(max_length=80)
    role = models.CharField(max_length=4, choices=ItemOrgan.Role.choices)
    post = models.CharField(max_length=100)
    deliverable = models.CharField(max_length=400)
    target = models.ForeignKey(Target, on_delete=models.PROTECT, null=True, related_name="leaves")
    baseline = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    target_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    upper = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    comparator = models.CharField(max_length=5, default="", blank=True)
    unit = models.CharField(max_length=40, default="", blank=True)
    evidence_types = models.JSONField(default=list)
    cycle = models.CharField(max_length=10, choices=Cycle.choices, default=Cycle.MONTHLY)
    planned_points = models.JSONField(default=list, blank=True)
    latitude = models.DecimalField(max_digits=8, decimal_places=6, null=True)
    longitude = models.DecimalField(max_digits=9, decimal_places=6, null=True)
    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, null=True, related_name="leaves", db_index=False)
    sums = models.ForeignKey("LeafSums", on_delete=models.PROTECT, null=True, related_name="leaves", db_index=False)
    part = models.BigIntegerField(default=0)
    red_on = models.DateField(default=FAR)

    class Meta:
        """What is measured from its target is refused; a place has both its degrees."""

        constraints = (
            models.CheckConstraint(condition=Q(role__in=["lead", "coop"]), name="leaf_role"),
            models.CheckConstraint(
                condition=Q(target_value__isnull=True) | Q(baseline__isnull=True) | ~Q(target_value=F("baseline")),
                name="leaf_target_not_baseline",
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True, longitude__isnull=True)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="leaf_place",
            ),
        )
        indexes = (
            models.Index(fields=["organ", "node"], name="leaf_organ"),
            models.Index(fields=["item", "red_on", "id"], name="leaf_red"),
            models.Index(fields=["sums", "id"], name="leaf_alike"),
            models.Index(fields=["item", "id"], name="leaf_placed", condition=Q(latitude__isnull=False)),
        )

    def __str__(self) -> str:
        return self.deliverable


class LeafSums(models.Model):
    """How many smallest tasks of an item are alike for the board, and the part of the item they make up together.

    Alike: same days, same corners of the plan (`bend` is the digest of `points`), open or closed, paused, able to be
    late, and with the same newest month reported on (`month`, 2019-10). Derived, written with every change of a task.
    """

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="sums", db_index=False)
    start = models.DateField()
    due = models.DateField()
    bend = models.CharField(max_length=32, default="", blank=True)
    points = models.JSONField(default=list, blank=True)
    open = models.BooleanField()
    paused = models.BooleanField()
    late = models.BooleanField()
    month = models.CharField(max_length=7, default="", blank=True)
    count = models.IntegerField(default=0)
    part = models.BigIntegerField(default=0)

    class Meta:
        """One row for what is alike."""

        constraints = (
            models.UniqueConstraint(
                fields=["item", "start", "due", "bend", "open", "paused", "late", "month"], name="leaf_sums_once"
            ),
            models.CheckConstraint(condition=Q(count__gte=0), name="leaf_sums_count"),
        )

    def __str__(self) -> str:
        return f"{self.item_id} {self.start} {self.due} {self.count}"


class ItemDay(models.Model):
    """What the reports that began to count on one day added to an item, in percent, exactly ("num/den"); derived.

    The sum up to a day is how far the item was at its end, by today's tree and targets. `reports` of them there were.
    """

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="days", db_index=False)
    day = models.DateField()
    gained = models.TextField(default="0/1")
    reports = models.PositiveIntegerField(default=0)

    class Meta:
        """One row an item and day."""

        constraints = (models.UniqueConstraint(fields=["item", "day"], name="item_day_once"),)

    def __str__(self) -> str:
        return f"{self.item_id} {self.day}"


class NamingDecision(models.Model):
    """How a misprinted name of the mark is read: one proposes, another person confirms or refuses."""

    entry = models.ForeignKey(ItemOrgan, on_delete=models.CASCADE, related_name="decisions", db_index=False)
    raw = models.CharField(max_length=100)
    reading = models.CharField(max_length=80)
    reason = models.CharField(max_length=400)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    proposed_name = models.CharField(max_length=100)
    proposed_at = models.DateTimeField()
    decision = models.CharField(max_length=10, default="", blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_name = models.CharField(max_length=100, default="", blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        """One open proposal an entry; two hands are two persons."""

        constraints = (
            models.UniqueConstraint(fields=["entry"], condition=Q(decision=""), name="naming_one_open"),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | Q(decision__in=["confirmed", "refused"], decided_at__isnull=False),
                name="naming_decided",
            ),
            models.CheckConstraint(
                condition=~Q(decision="confirmed")
                | Q(proposed_by__isnull=True)
                | Q(decided_by__isnull=True)
                | ~Q(proposed_by=F("decided_by")),
                name="naming_two_hands",
            ),
        )

    def __str__(self) -> str:
        return f"{self.raw} {self.reading}"


class Waiver(models.Model):
    """A written exemption of a cooperating organ from having a task of its own in an item."""

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="waivers", db_index=False)
    organ = models.CharField(max_length=80)
    reason = models.CharField(max_length=400)
    given_by = models.CharField(max_length=100)
    given_at = models.DateTimeField()

    class Meta:
        """One an organ and item, with its reason."""

        constraints = (
            models.UniqueConstraint(fields=["item", "organ"], name="waiver_once"),
            models.CheckConstraint(condition=~Q(reason=""), name="waiver_reason"),
        )

    def __str__(self) -> str:
        return f"{self.organ} {self.reason}"


class ItemEvent(models.Model):
    """One line of an item's history."""

    item = models.ForeignKey(KeyItem, on_delete=models.CASCADE, related_name="events", db_index=False)
    at = models.DateTimeField()
    act = models.CharField(max_length=30)
    text = models.CharField(max_length=400)
    who = models.CharField(max_length=100)

    class Meta:
        """Read newest first."""

        indexes = (models.Index(fields=["item", "-id"], name="item_event_order"),)

    def __str__(self) -> str:
        return self.text


__all__ = [
    "EVIDENCE",
    "ITEM_CODE",
    "SOURCES",
    "Chapter",
    "ItemConcern",
    "ItemDay",
    "ItemEvent",
    "ItemOrgan",
    "KeyItem",
    "Leaf",
    "LeafSums",
    "NamingDecision",
    "Node",
    "Plan",
    "Target",
    "Waiver",
    "of_code",
]
