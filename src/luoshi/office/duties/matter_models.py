"""What is owed: matters (督办事项), their organs, reports, evidence, checks, extensions, pauses and history.

A matter is one dated thing one organ owes, whatever room it comes from: the common intake (supervision section 4,
SourceMatter). What must never be false is a constraint here; what is derived (overdue, light) is not stored as a state,
only as the days from which it holds, so that any day can be asked for.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

FAR = datetime.date(9999, 12, 31)
"""The day that never comes: of a limit that is not written, of a light that will not change by itself."""

OPEN = Q(is_open=True)
_CLOSED_STATES = ("crossed_off", "withdrawn")


class Kind(models.TextChoices):
    """Where a matter comes from."""

    INSTRUMENT_DUTY = "instrument_duty", "文件责任"
    WORK_POINT = "work_point", "工作要点"
    LEADER_INSTRUCTION = "leader_instruction", "领导批示"
    MEETING = "meeting", "会议议定"
    DEPUTY_SUGGESTION = "deputy_suggestion", "人大建议"
    CPPCC_PROPOSAL = "cppcc_proposal", "政协提案"
    INTEGRITY_CASE = "integrity_case", "政务失信"
    INSPECTION_RECTIFICATION = "inspection_rectification", "督查整改"


class State(models.TextChoices):
    """Where a matter stands; overdue is a flag beside it, never one of these."""

    OPEN = "open", "未开始"
    IN_PROGRESS = "in_progress", "进行中"
    SUBMITTED = "submitted", "待核验"
    RETURNED = "returned", "退回"
    CROSSED_OFF = "crossed_off", "销号"
    PAUSED = "paused", "暂停"
    WITHDRAWN = "withdrawn", "撤回"


class Light(models.TextChoices):
    """The lamp of a matter on a day (supervision D6): word first, colour after."""

    RED = "red", "红 逾期或严重滞后"
    YELLOW = "yellow", "黄 滞后"
    GREEN = "green", "绿 正常"
    GREY = "grey", "灰 未开始"
    PAUSED = "paused", "空 暂停"
    BLUE = "blue", "蓝 已销号"


class PauseKind(models.TextChoices):
    """The only grounds on which a matter's clock may be stopped."""

    SUPERIOR = "superior", "等待上级批复"
    LITIGATION = "litigation", "诉讼、复议或仲裁未结"
    FORCE_MAJEURE = "force_majeure", "不可抗力"
    SEASON = "season", "季节性停工"
    POLICY = "policy", "依据文件正在修订"


class Comparator(models.TextChoices):
    """How a value is held against a target."""

    LEAST = ">=", "不少于"
    EXACTLY = "=", "等于"
    MOST = "<=", "不超过"
    RANGE = "range", "区间"


class Matter(models.Model):
    """One thing one organ owes.

    `external_id` is the giving room's own id: a second push with the same (module, external_id) updates. `organ` is the
    slug of the lead that holds it (empty when the printed name `organ_name` is not resolved), `organ_pending` says that
    this organ has ended without a confirmed successor. `due_sort` is `due_on` or `FAR`; `due_time` the hour at which it
    ends, else 24:00. `percent_bp` is progress in 1/10,000; `value` is measured against `target_value`.
    `green_on`, `yellow_on`, `red_on`, `late_on` are the first days on which it is begun, behind, far behind or overdue,
    and overdue: `FAR` for never; `escalated` is the step of the ladder reached in this episode of being overdue.
    `planned_points`: days and the share in percent due by then ([["2019-05-31", "20"], …]); without them the plan is a
    straight line. `comparator` (empty: >=), `baseline` (empty: 0) and `upper` say how a value is held against the
    target. `accepted_only`: what is reported counts once the report is accepted. `profile`: how it is judged
    (`curve.PROFILES`); `silent_on` the day after so many reports in a row were missed as its profile says.
    `backlog`: its due day was past when it was entered, so being late says nothing of the organ yet. `worked`: a person
    has done something on it, so no import may change it silently; `pending_duty` is then the changed duty that waits
    for a clerk's decision (the old duty itself, when the new version has none in its place).
    """

    Kind = Kind
    State = State
    Light = Light

    module = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    kind = models.CharField(max_length=24, choices=Kind.choices)
    duty = models.ForeignKey("duties.Duty", on_delete=models.PROTECT, null=True, related_name="matters")
    instrument = models.ForeignKey(
        "instruments.Instrument", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    origin = models.CharField(max_length=8, default="none")
    period = models.CharField(max_length=40, default="", blank=True)
    title = models.CharField(max_length=400)
    basis = models.CharField(max_length=300, default="", blank=True)
    href = models.CharField(max_length=300, default="", blank=True)
    organ = models.CharField(max_length=80, default="", blank=True)
    organ_name = models.CharField(max_length=200, default="", blank=True)
    organ_pending = models.BooleanField(default=False)
    local = models.BooleanField(default=False)
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    handed_at = models.DateTimeField()
    start = models.DateField()
    due_on = models.DateField(null=True)
    due_time = models.TimeField(null=True)
    due_sort = models.DateField(default=FAR)
    derivation = models.JSONField(default=dict)
    provisional = models.BooleanField(default=False)
    backlog = models.BooleanField(default=False)
    profile = models.CharField(max_length=16, default="workpoints")
    silent_on = models.DateField(default=FAR)
    weight_bp = models.PositiveIntegerField(null=True)
    target_text = models.CharField(max_length=300, default="", blank=True)
    target_value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    target_unit = models.CharField(max_length=40, default="", blank=True)
    planned_points = models.JSONField(default=list, blank=True)
    comparator = models.CharField(max_length=5, choices=Comparator.choices, default="", blank=True)
    baseline = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    upper = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    accepted_only = models.BooleanField(default=False)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    percent_bp = models.PositiveIntegerField(default=0)
    stage = models.CharField(max_length=60, default="", blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    is_open = models.BooleanField(default=True)
    worked = models.BooleanField(default=False)
    green_on = models.DateField(default=FAR)
    yellow_on = models.DateField(default=FAR)
    red_on = models.DateField(default=FAR)
    late_on = models.DateField(default=FAR)
    supervised_at = models.DateTimeField(null=True)
    escalated = models.PositiveSmallIntegerField(default=0)
    reminders = models.PositiveIntegerField(default=0)
    last_progress_at = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    crossed_off_at = models.DateTimeField(null=True)
    crossed_off_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    completed_at = models.DateTimeField(null=True)
    completed_late = models.BooleanField(null=True)
    pending_duty = models.ForeignKey(
        "duties.Duty", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        """Lists are of open matters unless asked otherwise, so the indexes of their filters hold the open ones."""

        constraints = (
            models.UniqueConstraint(fields=["module", "external_id"], name="matter_once"),
            models.CheckConstraint(condition=~Q(module="") & ~Q(external_id="") & ~Q(title=""), name="matter_named"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="matter_kind_known"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="matter_state_known"),
            models.CheckConstraint(
                condition=Q(is_open=True) & ~Q(state__in=_CLOSED_STATES)
                | Q(is_open=False) & Q(state__in=_CLOSED_STATES),
                name="matter_open_as_state",
            ),
            models.CheckConstraint(
                condition=Q(state="crossed_off", crossed_off_at__isnull=False, completed_at__isnull=False)
                | ~Q(state="crossed_off") & Q(crossed_off_at__isnull=True),
                name="matter_crossed_off_dated",
            ),
            models.CheckConstraint(
                condition=~Q(state="submitted") | Q(submitted_at__isnull=False), name="matter_submission_dated"
            ),
            models.CheckConstraint(
                condition=Q(due_on__isnull=True, due_sort=FAR) | Q(due_on__gte=F("start"), due_sort=F("due_on")),
                name="matter_dates",
            ),
            models.CheckConstraint(condition=Q(due_time__isnull=True) | Q(due_on__isnull=False), name="matter_hour"),
            models.CheckConstraint(condition=Q(percent_bp__lte=10000), name="matter_percent"),
            models.CheckConstraint(condition=Q(profile__in=["workpoints", "governance"]), name="matter_profile"),
            models.CheckConstraint(condition=Q(version__gte=1), name="matter_version"),
            models.CheckConstraint(
                condition=Q(late_on=FAR) | Q(due_on__isnull=False, provisional=False), name="matter_late_has_due"
            ),
        )
        indexes = (
            models.Index(fields=["due_sort", "id"], name="matter_due"),
            # The city's and an organ's open matters in the order of lists, with all that desk and lamps ask of them.
            models.Index(
                fields=["due_sort", "id", "red_on", "yellow_on", "green_on", "late_on", "state"],
                name="matter_open_lamp",
                condition=OPEN,
            ),
            models.Index(
                fields=["organ", "due_sort", "id", "late_on", "state", "holder"],
                name="matter_open_organ",
                condition=OPEN,
            ),
            models.Index(fields=["organ", "due_sort", "id"], name="matter_organ"),
            models.Index(fields=["state", "due_sort", "id"], name="matter_state"),
            models.Index(
                fields=["submitted_at", "id", "organ"], name="matter_submitted", condition=Q(state="submitted")
            ),
            models.Index(fields=["late_on", "id"], name="matter_open_late", condition=OPEN),
            models.Index(fields=["red_on", "id"], name="matter_open_red", condition=OPEN),
            models.Index(fields=["yellow_on", "red_on"], name="matter_open_yellow", condition=OPEN),
            # What each night is looked at of the key works outside the plan, whatever else is open.
            models.Index(
                fields=["yellow_on", "late_on", "id"],
                name="matter_open_governed",
                condition=OPEN & Q(profile="governance"),
            ),
            models.Index(fields=["holder", "due_sort", "id"], name="matter_open_holder", condition=OPEN),
            models.Index(fields=["instrument", "due_sort", "id"], name="matter_instrument"),
            models.Index(fields=["origin", "due_sort", "id"], name="matter_open_origin", condition=OPEN),
            models.Index(fields=["kind", "due_sort", "id"], name="matter_open_kind", condition=OPEN),
            models.Index(fields=["due_sort", "id"], name="matter_open_local", condition=OPEN & Q(local=True)),
            models.Index(fields=["due_sort", "id"], name="matter_open_current", condition=OPEN & Q(backlog=False)),
            # What is overdue of one programme, or of all others, is counted without a look at the rows.
            models.Index(
                fields=["module", "kind", "late_on", "id"],
                name="matter_open_module",
                condition=OPEN & Q(backlog=False),
            ),
            models.Index(fields=["due_sort", "id"], name="matter_open_backlog", condition=OPEN & Q(backlog=True)),
            models.Index(fields=["organ", "id"], name="matter_organ_backlog", condition=OPEN & Q(backlog=True)),
            # An organ's search asks which of its open matters rest on the duties that hold the word.
            models.Index(fields=["duty", "id"], name="matter_open_duty", condition=OPEN),
            models.Index(fields=["pending_duty", "id"], name="matter_pending", condition=Q(pending_duty__isnull=False)),
        )

    def __str__(self) -> str:
        return self.title


class MatterOrgan(models.Model):
    """An organ that answers for a matter besides or as its holder; `is_open` and `due_sort` follow the matter."""

    class Role(models.TextChoices):
        """How an organ is concerned."""

        LEAD = "lead", "牵头"
        CO_LEAD = "co_lead", "共同牵头"
        COOP = "coop", "配合"

    matter = models.ForeignKey(Matter, on_delete=models.CASCADE, related_name="organs", db_index=False)
    seq = models.PositiveSmallIntegerField()
    organ = models.CharField(max_length=80, default="", blank=True)
    name = models.CharField(max_length=200)
    role = models.CharField(max_length=8, choices=Role.choices)
    is_open = models.BooleanField(default=True)
    due_sort = models.DateField(default=FAR)

    class Meta:
        """An organ's matters are found in the order of lists."""

        constraints = (
            models.UniqueConstraint(fields=["matter", "seq"], name="matter_organ_order"),
            models.UniqueConstraint(fields=["matter", "organ"], condition=~Q(organ=""), name="matter_organ_once"),
            models.CheckConstraint(condition=Q(role__in=["lead", "co_lead", "coop"]), name="matter_organ_role"),
        )
        indexes = (
            models.Index(fields=["organ", "due_sort", "matter"], name="matter_organ_open", condition=OPEN),
            models.Index(fields=["organ", "matter"], name="matter_organ_any"),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.role}"


class ProgressReport(models.Model):
    """What an organ reported (进展填报): never edited; the next one of the same period has the next `version`.

    `value` or `percent_bp` (or both), `stage`, a narrative of 10 to 2,000 characters. `decided_*` says who accepted or
    returned it and why; `tacit`: nobody did within the working days there were, so it counts as accepted, and shows it.
    """

    class State(models.TextChoices):
        """What became of a report; one per matter is open (`filed`)."""

        FILED = "filed", "已填报"
        SUPERSEDED = "superseded", "已有更新的填报"
        ACCEPTED = "accepted", "已接受"
        RETURNED = "returned", "已退回"

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="reports", db_index=False)
    period = models.CharField(max_length=16)
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.FILED)
    value = models.DecimalField(max_digits=20, decimal_places=6, null=True)
    percent_bp = models.PositiveIntegerField()
    stage = models.CharField(max_length=60, default="", blank=True)
    narrative = models.CharField(max_length=2000)
    obstacles = models.CharField(max_length=2000, default="", blank=True)
    help_from = models.CharField(max_length=80, default="", blank=True)
    help_text = models.CharField(max_length=1000, default="", blank=True)
    reason = models.CharField(max_length=1000, default="", blank=True)
    filed_at = models.DateTimeField()
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    filed_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    filed_name = models.CharField(max_length=100)
    organ = models.CharField(max_length=80, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decision_reason = models.CharField(max_length=1000, default="", blank=True)
    tacit = models.BooleanField(default=False)

    class Meta:
        """Newest first by id."""

        constraints = (
            models.UniqueConstraint(fields=["matter", "period", "version"], name="report_once"),
            models.UniqueConstraint(fields=["matter"], condition=Q(state="filed"), name="report_one_open"),
            models.CheckConstraint(condition=Q(percent_bp__lte=10000), name="report_percent"),
            models.CheckConstraint(condition=Q(value__isnull=True) | Q(value__gte=0), name="report_value"),
            models.CheckConstraint(
                condition=Q(state__in=["filed", "superseded", "accepted", "returned"]), name="report_state_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.period}.{self.version}"


class Evidence(models.Model):
    """One file behind a report, by its digest in the room of files; `reused_from` is another matter it was used on."""

    report = models.ForeignKey(ProgressReport, on_delete=models.PROTECT, related_name="evidence")
    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="evidence", db_index=False)
    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    size_bytes = models.PositiveBigIntegerField()
    media_type = models.CharField(max_length=100, default="", blank=True)
    quarantined = models.BooleanField(default=False)
    reused_from = models.ForeignKey(Matter, on_delete=models.PROTECT, null=True, related_name="+")
    kept_at = models.DateTimeField()

    class Meta:
        """A file counts once in a report and is found wherever else it was used."""

        constraints = (models.UniqueConstraint(fields=["report", "digest"], name="evidence_once"),)
        indexes = (
            models.Index(fields=["digest", "matter"], name="evidence_digest"),
            models.Index(fields=["matter", "id"], name="evidence_matter"),
        )

    def __str__(self) -> str:
        return self.name


class CrossOff(models.Model):
    """One submission for check (销号核验) and what came of it; `snapshot` lists the digests of the evidence then.

    `effective_at` is the receipt by which being in time is judged: this submission's, or that of the first one when all
    returns since were formal only. `late_wd`: working days after the due day, 0 when in time.
    """

    class Decision(models.TextChoices):
        """How a check ended."""

        ACCEPTED = "accepted", "核验通过，销号"
        FORMAL = "formal", "退回（形式）"
        SUBSTANCE = "substance", "退回（实质）"

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="checks")
    report = models.ForeignKey(ProgressReport, on_delete=models.PROTECT, related_name="checks")
    snapshot = models.JSONField(default=list)
    submitted_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    submitter = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    organ = models.CharField(max_length=80, default="", blank=True)
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checker_organ = models.CharField(max_length=80, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, choices=Decision.choices, default="", blank=True)
    reason = models.CharField(max_length=1000, default="", blank=True)
    late = models.BooleanField(null=True)
    late_wd = models.PositiveIntegerField(default=0)
    reopened_at = models.DateTimeField(null=True)
    reopened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    reopened_why = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        """The hand that checks is not the hand that reported, and not of the organ that owes."""

        indexes = (models.Index(fields=["submitter", "id"], name="check_waiting", condition=Q(decision="")),)
        constraints = (
            models.UniqueConstraint(fields=["matter"], condition=Q(decision=""), name="check_one_open"),
            models.UniqueConstraint(
                fields=["matter"], condition=Q(decision="accepted", reopened_at__isnull=True), name="check_one_standing"
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("reporter")) | Q(reporter__isnull=True),
                name="check_other_than_reporter",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker=F("submitter")) | Q(submitter__isnull=True),
                name="check_other_than_submitter",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | ~Q(checker_organ=F("organ")), name="check_other_organ"
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True, checker__isnull=True)
                | Q(decision__in=["accepted", "formal", "substance"], decided_at__isnull=False, checker__isnull=False),
                name="check_decided",
            ),
            models.CheckConstraint(
                condition=~Q(decision__in=["formal", "substance"]) | ~Q(reason=""), name="check_return_has_reason"
            ),
            models.CheckConstraint(
                condition=Q(reopened_at__isnull=True) | (Q(decision="accepted") & ~Q(reopened_why="")),
                name="check_reopened",
            ),
        )

    def __str__(self) -> str:
        return f"{self.matter_id} {self.decision or 'waiting'}"


class Extension(models.Model):
    """A request for more time: asked before the limit ends, granted or refused by a second person."""

    class Decision(models.TextChoices):
        """How a request ended."""

        GRANTED = "granted", "同意延期"
        REFUSED = "refused", "不同意延期"

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="extensions")
    old_due = models.DateField()
    new_due = models.DateField()
    reason = models.CharField(max_length=1000)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    decision = models.CharField(max_length=8, choices=Decision.choices, default="", blank=True)
    decision_reason = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        """One request at a time; who asks does not grant."""

        indexes = (models.Index(fields=["asked_by", "id"], name="extension_waiting", condition=Q(decision="")),)
        constraints = (
            models.UniqueConstraint(fields=["matter"], condition=Q(decision=""), name="extension_one_open"),
            models.CheckConstraint(condition=Q(new_due__gt=F("old_due")), name="extension_longer"),
            models.CheckConstraint(condition=~Q(reason=""), name="extension_reason"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | Q(asked_by__isnull=True) | ~Q(decided_by=F("asked_by")),
                name="extension_second_person",
            ),
            models.CheckConstraint(
                condition=Q(decision="", decided_at__isnull=True)
                | Q(decision__in=["granted", "refused"]) & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="extension_decided",
            ),
        )

    def __str__(self) -> str:
        return f"{self.old_due}→{self.new_due} {self.decision}"


class MatterPause(models.Model):
    """A stop of the clock (停表): takes out the days after `begins` up to and including `ends`."""

    Kind = PauseKind

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="pauses")
    kind = models.CharField(max_length=16, choices=PauseKind.choices)
    reason = models.CharField(max_length=1000)
    state_before = models.CharField(max_length=12)
    begins = models.DateField()
    expected_end = models.DateField(null=True)
    ends = models.DateField(null=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        """One pause at a time."""

        constraints = (
            models.UniqueConstraint(fields=["matter"], condition=Q(ends__isnull=True), name="pause_one_open"),
            models.CheckConstraint(condition=Q(ends__isnull=True) | Q(ends__gte=F("begins")), name="pause_span"),
            models.CheckConstraint(condition=Q(kind__in=PauseKind.values) & ~Q(reason=""), name="pause_grounds"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.begins}–{self.ends or ''}"


class MatterEvent(models.Model):
    """One line of a matter's history, appended only (a trigger refuses change and removal).

    `text` is the sentence people read, `data` what changed; `organ` the holder at that moment; `user` None: automatic.
    """

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="events", db_index=False)
    at = models.DateTimeField()
    act = models.CharField(max_length=24)
    text = models.CharField(max_length=400)
    who = models.CharField(max_length=100)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    organ = models.CharField(max_length=80, default="", blank=True)
    data = models.JSONField(default=dict)
    version = models.PositiveIntegerField()

    class Meta:
        """A matter's history by id; what happened at an organ since somebody left by organ and id."""

        indexes = (
            models.Index(fields=["matter", "id"], name="event_matter"),
            models.Index(fields=["organ", "id"], name="event_organ"),
            models.Index(fields=["at", "id"], name="event_at"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.who} {self.text}"


class OnceKey(models.Model):
    """An idempotency key: same key and body give the first answer, another body E_CONFLICT."""

    who = models.CharField(max_length=100)
    key = models.CharField(max_length=100)
    act = models.CharField(max_length=40)
    body = models.CharField(max_length=64)
    answer = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        """A key is one person's own."""

        constraints = (
            models.UniqueConstraint(fields=["who", "key"], name="once_key"),
            models.CheckConstraint(condition=~Q(key=""), name="once_key_given"),
        )

    def __str__(self) -> str:
        return self.key


class Fired(models.Model):
    """What the timer has carried out: a kind of step on a subject, for the moment at which it fell due, once."""

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=120)
    moment = models.DateTimeField()
    at = models.DateTimeField()

    class Meta:
        """Exactly once, however many tick at once."""

        constraints = (models.UniqueConstraint(fields=["kind", "subject", "moment"], name="fired_once"),)
        indexes = (models.Index(fields=["kind", "moment"], name="fired_kind"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.moment:%Y-%m-%d %H:%M}"
