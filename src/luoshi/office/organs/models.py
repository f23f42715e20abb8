"""Organs, their names and successions; posts, persons and what proves who held them; groups and their members.

Nothing here is deleted: a correction supersedes, an end is dated, what a new edition of an instrument no longer says is
withdrawn. What takes two persons is a `Proposal`; a row that came of one points at it, a row without one came from the
packaged directory or from an imported gazette.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from luoshi.kernel.errors import LuoshiError


class KeptQuerySet(models.QuerySet[Any]):
    """Rows that are superseded, ended or withdrawn, never removed."""

    def delete(self) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise LuoshiError("E_RULE", "单位、名称、任职依据不能删除，只能更正或注明终止。")


class Kept(models.Model):
    """A row that stays; PostgreSQL refuses its removal by trigger as well (migration 0002)."""

    objects: ClassVar[models.Manager[Any]] = KeptQuerySet.as_manager()

    class Meta:
        """Not a table of its own."""

        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise LuoshiError("E_RULE", "单位、名称、任职依据不能删除，只能更正或注明终止。")


class Proposal(Kept):
    """What one person prepared and another confirms; `payload` is plain data of the act `kind`, applied then.

    `proposed_for` is whose hand it also was when prepared for another. `explanation` answers warnings.
    """

    class State(models.TextChoices):
        """Where a proposal stands."""

        OPEN = "open", "待确认"
        CONFIRMED = "confirmed", "已确认"
        REFUSED = "refused", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    class Kind(models.TextChoices):
        """What it would do."""

        ORGAN = "organ", "新设或更正单位"
        NAME = "name", "登记名称"
        RELATION = "relation", "承接关系"
        BATCH = "batch", "机构改革批次"
        READING = "reading", "误印、歧义读法"
        POST = "post", "登记职务"
        APPOINTMENTS = "appointments", "任免名单"
        MERGE = "merge", "合并同名人员"
        UNMERGE = "unmerge", "撤销合并"
        MEMBER = "member", "调整成员"
        DISSOLVE = "dissolve", "撤销小组"

    kind = models.CharField(max_length=16, choices=Kind.choices)
    subject = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    organ = models.CharField(max_length=80, default="", blank=True)
    payload = models.JSONField()
    warnings = models.JSONField(default=list)
    explanation = models.CharField(max_length=500, default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_for = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_name = models.CharField(max_length=100)
    proposed_at = models.DateTimeField()
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    decided_name = models.CharField(max_length=100, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Confirmed by another hand than the one that proposed; one open proposal on one subject of a kind."""

        constraints = (
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(proposed_by__isnull=True)
                | ~Q(confirmed_by=F("proposed_by")),
                name="organs_proposal_other_hand",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True)
                | Q(proposed_for__isnull=True)
                | ~Q(confirmed_by=F("proposed_for")),
                name="organs_proposal_not_for_self",
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_by__isnull=False), name="organs_proposal_confirmed_by"
            ),
            models.CheckConstraint(
                condition=Q(state="confirmed") | Q(confirmed_by__isnull=True), name="organs_proposal_confirmed_state"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "confirmed", "refused", "withdrawn"]), name="organs_proposal_state"
            ),
            models.UniqueConstraint(
                fields=["kind", "subject"], condition=Q(state="open"), name="organs_proposal_one_open"
            ),
        )
        indexes = (models.Index(fields=["state", "-id"], name="organs_proposal_queue"),)

    def __str__(self) -> str:
        return self.title


class Organ(Kept):
    """One organ, known by its slug for ever. `parent` is the slug of the organ it belongs to, `uscc` its credit code.

    `not_before` and `not_after` bound its life where known (both days inclusive). `note` is shown to everybody.
    """

    class Kind(models.TextChoices):
        """What sort of organ it is."""

        PARTY = "party", "党委机构"
        CONGRESS = "congress", "人大、政协"
        COURT = "court", "法院、检察院"
        MASS_ORG = "mass_org", "群团组织"
        GOV_DEPT = "gov_dept", "政府部门"
        GOV_AGENCY = "gov_agency", "政府直属单位"
        VERTICAL = "vertical", "垂直管理单位"
        ZONE = "zone", "开发区、新区"
        TOWN = "town", "镇"
        SUBDISTRICT = "subdistrict", "街道"
        COORDINATING_BODY = "coordinating_body", "议事协调机构"
        SUB_UNIT = "sub_unit", "内设、下属单位"
        ENTERPRISE = "enterprise", "企业"
        BANK = "bank", "金融机构"
        HOSPITAL = "hospital", "医院"
        EXTERNAL = "external", "外部单位"

    slug = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    english = models.CharField(max_length=200, default="", blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    level = models.CharField(max_length=10)
    parent = models.CharField(max_length=80, default="", blank=True)
    office = models.CharField(max_length=80, default="", blank=True)
    uscc = models.CharField(max_length=18, default="", blank=True)
    not_before = models.DateField(null=True)
    not_after = models.DateField(null=True)
    is_active = models.BooleanField(default=True)
    ambiguous = models.BooleanField(default=False)
    note = models.CharField(max_length=300, default="", blank=True)
    source = models.CharField(max_length=12, default="directory")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A credit code has one owner; lists go by kind and slug."""

        constraints = (
            models.CheckConstraint(condition=~Q(slug="") & ~Q(name=""), name="organ_named"),
            models.CheckConstraint(condition=Q(slug__regex=r"^[a-z][a-z0-9-]*$"), name="organ_slug_form"),
            models.CheckConstraint(
                condition=Q(level__in=["city", "town", "province", "weihai", "state"]), name="organ_level"
            ),
            models.CheckConstraint(
                condition=Q(not_after__isnull=True) | Q(not_before__isnull=True) | Q(not_after__gte=F("not_before")),
                name="organ_span",
            ),
            models.UniqueConstraint(fields=["uscc"], condition=~Q(uscc=""), name="organ_uscc"),
        )
        indexes = (
            models.Index(fields=["kind", "slug"], name="organ_kind"),
            models.Index(fields=["parent"], name="organ_parent"),
            models.Index(fields=["name"], name="organ_name"),
        )

    def __str__(self) -> str:
        return self.name


class OrganName(Kept):
    """A written form of an organ's name; `years` are those in which a gazette prints it.

    `ended` supersedes a form: it is kept and still found as history, but owns its text no longer.
    """

    class Kind(models.TextChoices):
        """How the form stands to the organ."""

        FULL = "full", "全称"
        SHORT = "short", "简称"
        ALIAS = "alias", "别称"
        GENERIC = "generic", "泛称"
        MISPRINT = "misprint", "误印"

    organ = models.ForeignKey(Organ, models.PROTECT, related_name="names")
    text = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    ambiguous = models.BooleanField(default=False)
    years = models.JSONField(default=list)
    seen_first = models.DateField(null=True)
    seen_last = models.DateField(null=True)
    instrument = models.CharField(max_length=120, default="", blank=True)
    ended = models.BooleanField(default=False)
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")

    class Meta:
        """A text has one owner unless it is flagged ambiguous."""

        constraints = (
            models.UniqueConstraint(
                fields=["text"], condition=Q(ambiguous=False, ended=False), name="organname_one_owner"
            ),
            models.UniqueConstraint(fields=["organ", "text"], condition=Q(ended=False), name="organname_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["full", "short", "alias", "generic", "misprint"]), name="organname_kind"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="organname_text"),
        )
        indexes = (models.Index(fields=["text"], name="organname_text_idx"),)

    def __str__(self) -> str:
        return self.text


class ReformBatch(Kept):
    """One act of reform: relations, organs and posts that end, on one day of effect, confirmed as a whole."""

    title = models.CharField(max_length=200)
    effective = models.DateField()
    instrument = models.CharField(max_length=120, default="", blank=True)
    director_note = models.CharField(max_length=300, default="", blank=True)
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="batch")

    def __str__(self) -> str:
        return self.title


class OrganRelation(Kept):
    """How one organ stands to another. Only one that came of a confirmed proposal moves duties.

    `effective` is its first day; where only bounds are known it lies after `effective_after`, by `effective_until`.
    `evidence`: stated, N name-evident, F function seen with the successor, P person moved, A assumed.
    """

    class Kind(models.TextChoices):
        """The four first move duties."""

        RENAMED = "renamed", "更名"
        MERGED_INTO = "merged_into", "并入"
        FUNCTIONS_MOVED = "functions_moved", "职能划转"
        SPLIT = "split", "分设"
        CO_LOCATED = "co_located", "合署办公"
        PLAQUE = "plaque", "加挂牌子"
        SUBORDINATE = "subordinate", "隶属"
        OFFICE_OF = "office_of", "承担办公室"

    origin = models.ForeignKey(Organ, models.PROTECT, related_name="relations_out")
    target = models.ForeignKey(Organ, models.PROTECT, related_name="relations_in")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    function = models.CharField(max_length=100, default="", blank=True)
    effective = models.DateField(null=True)
    effective_after = models.DateField(null=True)
    effective_until = models.DateField(null=True)
    evidence = models.JSONField(default=list)
    instrument = models.CharField(max_length=120, default="", blank=True)
    clause = models.CharField(max_length=200, default="", blank=True)
    superseded = models.BooleanField(default=False)
    batch = models.ForeignKey(ReformBatch, models.PROTECT, null=True, related_name="relations")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")

    class Meta:
        """One live relation of a kind between two organs for one function; none of an organ to itself."""

        constraints = (
            models.UniqueConstraint(
                fields=["origin", "target", "kind", "function"],
                condition=Q(superseded=False),
                name="organrelation_one_open",
            ),
            models.CheckConstraint(condition=~Q(origin=F("target")), name="organrelation_two_organs"),
            models.CheckConstraint(
                condition=Q(effective_after__isnull=True)
                | Q(effective_until__isnull=True)
                | Q(effective_until__gt=F("effective_after")),
                name="organrelation_interval",
            ),
        )

    def __str__(self) -> str:
        return f"{self.origin_id} {self.kind} {self.target_id}"


class Town(Kept):
    """A town or street: the 12 digits of its division code; zones have none."""

    organ = models.OneToOneField(Organ, models.PROTECT, related_name="town")
    division_code = models.CharField(max_length=12, unique=True)
    is_confirmed = models.BooleanField(default=False)

    class Meta:
        """Twelve digits."""

        constraints = (models.CheckConstraint(condition=Q(division_code__regex=r"^\d{12}$"), name="town_code_form"),)

    def __str__(self) -> str:
        return self.division_code


class NameReading(Kept):
    """How a misprinted or ambiguous text is to be read, confirmed by two persons."""

    text = models.CharField(max_length=200)
    organ = models.ForeignKey(Organ, models.PROTECT, related_name="readings")
    superseded = models.BooleanField(default=False)
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="reading")

    class Meta:
        """One reading of a text at a time."""

        constraints = (models.UniqueConstraint(fields=["text"], condition=Q(superseded=False), name="namereading_one"),)

    def __str__(self) -> str:
        return self.text


class PrintNote(Kept):
    """A print error an archivist noticed: where, what is printed, what is meant. The printed text stays as it is."""

    instrument = models.CharField(max_length=120)
    clause = models.CharField(max_length=600, default="", blank=True)
    printed = models.CharField(max_length=300)
    note = models.CharField(max_length=500)
    superseded = models.BooleanField(default=False)
    noted_by = models.CharField(max_length=100)
    noted_at = models.DateTimeField()

    class Meta:
        """Read beside an instrument."""

        indexes = (models.Index(fields=["instrument"], name="printnote_instrument"),)
        constraints = (models.CheckConstraint(condition=~Q(note=""), name="printnote_said"),)

    def __str__(self) -> str:
        return f"{self.instrument} {self.printed}"


class Post(Kept):
    """A post of an organ. `seats` is None where it has several of no fixed number."""

    class Kind(models.TextChoices):
        """The class of a post."""

        HEAD = "head", "正职"
        DEPUTY = "deputy", "副职"
        PARTY_SECRETARY = "party_secretary", "党组书记"
        NON_LEADING = "non_leading", "非领导职务"
        OTHER = "other", "其他职务"

    organ = models.ForeignKey(Organ, models.PROTECT, related_name="posts")
    title = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    seats = models.PositiveSmallIntegerField(null=True)
    is_public = models.BooleanField(default=True)
    ended_on = models.DateField(null=True)
    batch = models.ForeignKey(ReformBatch, models.PROTECT, null=True, related_name="posts_ended")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")

    class Meta:
        """One title once in an organ."""

        constraints = (
            models.UniqueConstraint(fields=["organ", "title"], name="post_once"),
            models.CheckConstraint(condition=~Q(title=""), name="post_titled"),
            models.CheckConstraint(condition=Q(seats__isnull=True) | Q(seats__gte=1), name="post_seats"),
        )

    def __str__(self) -> str:
        return self.title


class Person(Kept):
    """One person; the name is no key. `disambiguator` tells namesakes apart for a reader.

    `merged_into` is the person two officers found to be the same; the evidence stays where it was, so that a merger can
    be undone.
    """

    name = models.CharField(max_length=60)
    disambiguator = models.CharField(max_length=120, default="", blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Nobody is merged into himself; namesakes are looked up by name."""

        constraints = (
            models.CheckConstraint(condition=~Q(name=""), name="person_named"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | ~Q(merged_into=F("id")), name="person_not_into_self"
            ),
        )
        indexes = (models.Index(fields=["name"], name="person_name"),)

    def __str__(self) -> str:
        return self.name


class PersonIdentifier(Kept):
    """A private identifier of a person, encrypted with the suite named; `blind` finds it again without reading it."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="identifiers")
    kind = models.CharField(max_length=10, choices=[("id_number", "身份证件号码"), ("phone", "电话")])
    suite = models.CharField(max_length=16)
    sealed = models.CharField(max_length=400)
    blind = models.CharField(max_length=64)
    superseded = models.BooleanField(default=False)
    entered_at = models.DateTimeField()

    class Meta:
        """One live value of a kind for a person; an ID number belongs to one person."""

        constraints = (
            models.UniqueConstraint(
                fields=["person", "kind"], condition=Q(superseded=False), name="personidentifier_one"
            ),
            models.UniqueConstraint(
                fields=["blind"], condition=Q(superseded=False, kind="id_number"), name="personidentifier_unique"
            ),
        )
        indexes = (models.Index(fields=["kind", "blind"], name="personidentifier_blind"),)

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind}"


class PersonMerge(Kept):
    """Two persons found to be one, by two officers; `undone` is the proposal that took it back."""

    kept = models.ForeignKey(Person, models.PROTECT, related_name="+")
    merged = models.ForeignKey(Person, models.PROTECT, related_name="+")
    proposal = models.OneToOneField(Proposal, models.PROTECT, related_name="merge")
    undone = models.OneToOneField(Proposal, models.PROTECT, null=True, related_name="merge_undone")

    class Meta:
        """A person is merged away at most once at a time."""

        constraints = (
            models.UniqueConstraint(
                fields=["merged"], condition=Q(undone__isnull=True), name="personmerge_once_at_a_time"
            ),
            models.CheckConstraint(condition=~Q(kept=F("merged")), name="personmerge_two_persons"),
        )

    def __str__(self) -> str:
        return f"{self.merged_id}→{self.kept_id}"


class Evidence(Kept):
    """What proves or supports that a person held a post.

    `day` is the date of a point: appoint from that day, attest on it, remove holds the day before. Without `day`
    (an undated instrument; a date known only by `day_from`, `day_until`) it supports and proves nothing.
    `place` tells rows of one instrument apart: m (a seat) or a (an act), its number, the part of the printed post.
    """

    class Kind(models.TextChoices):
        """What the row says."""

        APPOINT = "appoint", "任命"
        REMOVE = "remove", "免职"
        ATTEST = "attest", "名单"
        BRACKET_NOTE = "bracket_note", "推定说明"

    person = models.ForeignKey(Person, models.PROTECT, related_name="evidence")
    post = models.ForeignKey(Post, models.PROTECT, related_name="evidence")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    day = models.DateField(null=True)
    day_from = models.DateField(null=True)
    day_until = models.DateField(null=True)
    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, null=True, related_name="evidence")
    number = models.CharField(max_length=120, default="", blank=True)
    clause = models.CharField(max_length=600, default="", blank=True)
    place = models.CharField(max_length=24)
    printed = models.CharField(max_length=300)
    remark = models.CharField(max_length=200, default="", blank=True)
    explanation = models.CharField(max_length=500, default="", blank=True)
    entered_at = models.DateTimeField()
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="evidence")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """One row for one place of one instrument; a row has a source."""

        constraints = (
            models.UniqueConstraint(fields=["instrument", "place"], name="evidence_place"),
            models.UniqueConstraint(
                fields=["proposal", "place"], condition=Q(instrument__isnull=True), name="evidence_place_entered"
            ),
            models.CheckConstraint(
                condition=Q(instrument__isnull=False) | Q(proposal__isnull=False), name="evidence_has_source"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["appoint", "remove", "attest", "bracket_note"]), name="evidence_kind"
            ),
            models.CheckConstraint(
                condition=Q(day_from__isnull=True) | Q(day_until__isnull=True) | Q(day_until__gte=F("day_from")),
                name="evidence_interval",
            ),
        )
        indexes = (
            models.Index(fields=["post", "day"], name="evidence_post", condition=Q(withdrawn_at__isnull=True)),
            models.Index(fields=["person", "day"], name="evidence_person", condition=Q(withdrawn_at__isnull=True)),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.printed}"


class LeadingGroup(Kept):
    """A leading group, joint conference, command post or commission as an instrument sets it up.

    `basis`: named (persons) or ex_officio (posts). `printed_entries` counts what is printed, repeats included.
    """

    instrument = models.ForeignKey("instruments.Instrument", models.PROTECT, related_name="leading_groups")
    number = models.CharField(max_length=120)
    name = models.CharField(max_length=300)
    seq = models.PositiveSmallIntegerField()
    clause = models.CharField(max_length=600, default="", blank=True)
    basis = models.CharField(max_length=12, choices=[("named", "具名"), ("ex_officio", "按职务")])
    issued_on = models.DateField(null=True)
    office = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="offices_held")
    office_clause = models.CharField(max_length=600, default="", blank=True)
    printed_entries = models.PositiveIntegerField()
    dissolved_on = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A group once an instrument's version."""

        constraints = (
            models.UniqueConstraint(fields=["instrument", "name"], name="leadinggroup_once"),
            models.UniqueConstraint(fields=["instrument", "seq"], name="leadinggroup_order"),
        )

    def __str__(self) -> str:
        return self.name


class Membership(Kept):
    """Somebody on a seat of a group, from `since` until before `until`; a change ends one row and begins the next.

    `order` is the printed order and names the seat; `replaces` is the row it came after.
    """

    group = models.ForeignKey(LeadingGroup, models.PROTECT, related_name="members")
    order = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=60)
    is_office_head = models.BooleanField(default=False)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="memberships")
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="memberships")
    organ = models.ForeignKey(Organ, models.PROTECT, null=True, related_name="memberships")
    printed = models.CharField(max_length=300, default="", blank=True)
    duties = models.TextField(default="", blank=True)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    replaces = models.OneToOneField("self", models.PROTECT, null=True, related_name="replaced_by")
    proposal = models.ForeignKey(Proposal, models.PROTECT, null=True, related_name="+")

    class Meta:
        """One printed row a seat, one open row a seat."""

        constraints = (
            models.UniqueConstraint(
                fields=["group", "order"], condition=Q(until__isnull=True), name="organs_membership_open"
            ),
            models.UniqueConstraint(
                fields=["group", "order"], condition=Q(replaces__isnull=True), name="organs_membership_printed"
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gte=F("since")),
                name="organs_membership_span",
            ),
        )

    def __str__(self) -> str:
        return f"{self.role} {self.printed}"


class ImportedSheet(Kept):
    """A spreadsheet taken in; `digest` (SM3 of its bytes) refuses the same file a second time."""

    digest = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    rows = models.PositiveIntegerField()
    proposal_ids = models.JSONField(default=list)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name
