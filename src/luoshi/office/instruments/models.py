"""What the library keeps: files, issues, instruments by version, clauses, and what else a gazette prints.

Nothing here is changed after its import but `Instrument.is_current` and the derived `ends_on`; a corrected file makes
new versions. Spans (`start`, `end`) count characters of the file's text, `end` exclusive.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from luoshi.office.instruments.review_models import Review, ReviewRecord, ReviewStep

FAR_FUTURE = "9999-12-31"


class SourceFile(models.Model):
    """One file as it was taken in; `digest` is SM3 over its text, which is what makes two files the same."""

    digest = models.CharField(max_length=64, unique=True)
    filename = models.CharField(max_length=200)
    size_bytes = models.PositiveIntegerField()
    text = models.TextField()
    received_at = models.DateTimeField()
    received_by = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.filename


class GazetteIssue(models.Model):
    """What one file holds: an issue of the gazette, or a single document without cover."""

    source = models.OneToOneField(SourceFile, on_delete=models.PROTECT, related_name="issue_read")
    title = models.CharField(max_length=300, default="", blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    issue = models.PositiveSmallIntegerField(null=True)
    publisher = models.CharField(max_length=200, default="", blank=True)
    contract_version = models.PositiveSmallIntegerField()
    instrument_count = models.PositiveIntegerField()
    clause_count = models.PositiveIntegerField()
    duty_count = models.PositiveIntegerField()
    limit_count = models.PositiveIntegerField()
    target_count = models.PositiveIntegerField()
    warning_count = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.title or self.source.filename


class Instrument(models.Model):
    """One version of one document; `key` is its number, or a key of its own when the text prints none.

    `sort_on` orders lists: the date of issue, else what comes nearest to it. `begins_on` and `ends_on` (both inclusive)
    are what lists filter by: effective or issued date, and the earlier of the printed end and the day before a repeal;
    the reasoned answer for one document is the decision `instruments.validity`.
    """

    issue = models.ForeignKey(GazetteIssue, on_delete=models.PROTECT, related_name="instruments")
    seq = models.PositiveIntegerField()
    key = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField()
    is_current = models.BooleanField()
    digest = models.CharField(max_length=64)
    number = models.CharField(max_length=120, default="", blank=True)
    issuer_word = models.CharField(max_length=60, default="", blank=True)
    year = models.PositiveSmallIntegerField(null=True)
    serial = models.PositiveIntegerField(null=True)
    title = models.CharField(max_length=400, default="", blank=True)
    covering_title = models.CharField(max_length=400, default="", blank=True)
    kind = models.CharField(max_length=20)
    trial = models.BooleanField()
    issuer = models.CharField(max_length=300, default="", blank=True)
    addressees = models.JSONField(default=list)
    signed_by = models.CharField(max_length=200, default="", blank=True)
    issued_on = models.DateField(null=True)
    disclosure = models.CharField(max_length=200, default="", blank=True)
    effective_from = models.DateField(null=True)
    expires_on = models.DateField(null=True)
    begins_on = models.DateField(null=True)
    ends_on = models.DateField(default=FAR_FUTURE)
    sort_on = models.DateField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    clause_count = models.PositiveIntegerField()
    duty_count = models.PositiveIntegerField()
    limit_count = models.PositiveIntegerField()
    target_count = models.PositiveIntegerField()
    warning_count = models.PositiveIntegerField()

    class Meta:
        """One current version a key; every filter of the list ends in the order (sort_on, id), newest first."""

        constraints = (
            models.UniqueConstraint(fields=["key", "version"], name="instrument_version"),
            models.UniqueConstraint(fields=["key"], condition=Q(is_current=True), name="instrument_one_current"),
            models.CheckConstraint(condition=Q(version__gte=1), name="instrument_version_positive"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="instrument_span"),
        )
        indexes = (
            models.Index(fields=["-sort_on", "-id"], name="instrument_list", condition=Q(is_current=True)),
            models.Index(fields=["issuer", "-sort_on", "-id"], name="instrument_issuer", condition=Q(is_current=True)),
            models.Index(fields=["year", "-sort_on", "-id"], name="instrument_year", condition=Q(is_current=True)),
            models.Index(fields=["kind", "-sort_on", "-id"], name="instrument_kind", condition=Q(is_current=True)),
            models.Index(fields=["serial", "year", "-sort_on"], name="instrument_serial", condition=Q(is_current=True)),
            models.Index(fields=["-duty_count", "-id"], name="instrument_duties", condition=Q(is_current=True)),
            models.Index(fields=["expires_on", "id"], name="instrument_expiry", condition=Q(is_current=True)),
            models.Index(fields=["title"], name="instrument_title"),
            models.Index(fields=["covering_title"], name="instrument_covering"),
            models.Index(fields=["begins_on", "ends_on"], name="instrument_validity", condition=Q(is_current=True)),
        )

    def __str__(self) -> str:
        return f"{self.key} 第{self.version}版"

    @property
    def name(self) -> str:
        """The title a reader knows it by."""
        return self.title or self.covering_title or self.number or "（无标题）"


class _Placed(models.Model):
    """A record read from a span of the file's text, inside one instrument."""

    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, related_name="%(class)ss")
    seq = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()

    class Meta:
        """Not a table of its own."""

        abstract = True


class Clause(_Placed):
    """One clause; `path` is its permanent address within the version, `text` is its own without its children's."""

    path = models.CharField(max_length=600)
    label = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    heading = models.CharField(max_length=400, default="", blank=True)
    text = models.TextField()

    class Meta:
        """Path and order are unique within a version."""

        constraints = (
            models.UniqueConstraint(fields=["instrument", "path"], name="clause_path"),
            models.UniqueConstraint(fields=["instrument", "seq"], name="clause_order"),
            models.CheckConstraint(condition=Q(end__gte=F("start")), name="clause_span"),
        )

    def __str__(self) -> str:
        return self.path

    @property
    def depth(self) -> int:
        """How many clauses it lies in."""
        return self.path.count("/")


class Relation(_Placed):
    """What an instrument says about another: repeals, based_on, cites, implements, amends."""

    type = models.CharField(max_length=12)
    target_number = models.CharField(max_length=120, default="", blank=True)
    target_title = models.CharField(max_length=400, default="", blank=True)
    clause_path = models.CharField(max_length=600, default="", blank=True)

    class Meta:
        """What points at a number is looked up from the other side."""

        constraints = (models.UniqueConstraint(fields=["instrument", "seq"], name="relation_order"),)
        indexes = (
            models.Index(fields=["target_number", "type"], name="relation_target"),
            models.Index(fields=["target_title", "type"], name="relation_target_title"),
        )

    def __str__(self) -> str:
        return f"{self.type} {self.target_number or self.target_title}"


class PolicyParameter(_Placed):
    """A figure of the policy itself, which nobody is measured on."""

    clause_path = models.CharField(max_length=600)
    subject = models.CharField(max_length=300)
    op = models.CharField(max_length=2)
    value = models.CharField(max_length=40)
    unit = models.CharField(max_length=40, default="", blank=True)

    class Meta:
        """In the order of the text."""

        constraints = (models.UniqueConstraint(fields=["instrument", "seq"], name="parameter_order"),)

    def __str__(self) -> str:
        return f"{self.subject} {self.op} {self.value}{self.unit}"


class Membership(_Placed):
    """One seat of a leading group."""

    clause_path = models.CharField(max_length=600)
    group = models.CharField(max_length=300)
    role = models.CharField(max_length=60)
    person = models.CharField(max_length=60, default="", blank=True)
    post = models.CharField(max_length=300, default="", blank=True)
    organ_name = models.CharField(max_length=200, default="", blank=True)
    organ_slug = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        """In the order of the text."""

        constraints = (models.UniqueConstraint(fields=["instrument", "seq"], name="membership_order"),)

    def __str__(self) -> str:
        return f"{self.group} {self.role}"


class Appointment(_Placed):
    """One act of an appointment order."""

    action = models.CharField(max_length=8)
    person = models.CharField(max_length=60)
    post = models.CharField(max_length=300)
    organ_name = models.CharField(max_length=200)
    organ_slug = models.CharField(max_length=80, default="", blank=True)
    title = models.CharField(max_length=200)
    remark = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """`action` is one of two words."""

        constraints = (
            models.UniqueConstraint(fields=["instrument", "seq"], name="appointment_order"),
            models.CheckConstraint(condition=Q(action__in=["appoint", "remove"]), name="appointment_action"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.post}"


class Repair(models.Model):
    """What the compiler mended in a file, and where."""

    issue = models.ForeignKey(GazetteIssue, on_delete=models.CASCADE, related_name="repairs")
    kind = models.CharField(max_length=30)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    before = models.TextField()
    after = models.TextField()

    class Meta:
        """Read by place."""

        indexes = (models.Index(fields=["issue", "start"], name="repair_place"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.start}"


class CompilerWarning(models.Model):
    """What a reader should check; `excerpt` is the text at the place, `line` its line in the file."""

    issue = models.ForeignKey(GazetteIssue, on_delete=models.CASCADE, related_name="warnings")
    instrument = models.ForeignKey(Instrument, on_delete=models.CASCADE, null=True, related_name="warnings")
    code = models.CharField(max_length=40)
    message = models.CharField(max_length=500)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    excerpt = models.CharField(max_length=80, default="", blank=True)

    class Meta:
        """Read by place."""

        indexes = (models.Index(fields=["issue", "start"], name="warning_place"),)

    def __str__(self) -> str:
        return f"{self.code} {self.message}"


__all__ = [
    "FAR_FUTURE",
    "Appointment",
    "Clause",
    "CompilerWarning",
    "GazetteIssue",
    "Instrument",
    "Membership",
    "PolicyParameter",
    "Relation",
    "Repair",
    "Review",
    "ReviewRecord",
    "ReviewStep",
    "SourceFile",
]
