"""What runs beside the tree: letters, circulars, consent to cross-offs, referrals, integrity cases, headquarters.

The words of letters and circulars are papers of the office (`notice`): number, signature, service and invalidity are
kept there; here stands which tasks they are about and what came of them.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class SupervisionLetter(models.Model):
    """A supervision letter (督办函) to one organ about its overdue tasks.

    Drafted by the ladder (`auto`: one an organ a day) or by hand, signed only by the director. `reply_due` is counted
    from delivery; `unanswered_at` is set when it passed without a reply, for good. `follows`: the letter that stayed
    unanswered, this is the second one.
    """

    class State(models.TextChoices):
        """How far it is (P4); what is void stays in the register of numbers."""

        DRAFTED = "drafted", "待签发"
        SIGNED = "signed", "已签发"
        DELIVERED = "delivered", "待回复"
        REPLIED = "replied", "已回复"
        CLOSED = "closed", "办结"
        VOID = "void", "作废"
        DROPPED = "dropped", "撤稿"

    organ = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFTED)
    auto = models.BooleanField(default=False)
    follows = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="second")
    notice = models.OneToOneField("notices.Notice", on_delete=models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=60, default="", blank=True)
    facts = models.CharField(max_length=2000)
    demands = models.CharField(max_length=2000)
    drafted_on = models.DateField()
    drafted_at = models.DateTimeField()
    drafted_name = models.CharField(max_length=100)
    signed_at = models.DateTimeField(null=True)
    signed_name = models.CharField(max_length=100, default="", blank=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    read_name = models.CharField(max_length=100, default="", blank=True)
    reply_due = models.DateField(null=True)
    unanswered_at = models.DateTimeField(null=True)
    done = models.CharField(max_length=2000, default="", blank=True)
    why = models.CharField(max_length=2000, default="", blank=True)
    following = models.CharField(max_length=2000, default="", blank=True)
    finish_by = models.DateField(null=True)
    replied_at = models.DateTimeField(null=True)
    replied_name = models.CharField(max_length=100, default="", blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_name = models.CharField(max_length=100, default="", blank=True)
    close_note = models.CharField(max_length=1000, default="", blank=True)
    void_reason = models.CharField(max_length=500, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One draft of the ladder an organ and day; what is signed bears a number."""

        constraints = (
            models.UniqueConstraint(
                fields=["organ", "drafted_on"], condition=Q(auto=True, follows__isnull=True), name="letter_one_a_day"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["drafted", "dropped"], number="", signed_at__isnull=True)
                | Q(state__in=["signed", "delivered", "replied", "closed", "void"], signed_at__isnull=False)
                & ~Q(number=""),
                name="letter_signed_numbered",
            ),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True, reply_due__isnull=True)
                | Q(delivered_at__isnull=False, reply_due__isnull=False),
                name="letter_reply_due",
            ),
            models.CheckConstraint(
                condition=Q(replied_at__isnull=True) | Q(delivered_at__isnull=False) & ~Q(done=""), name="letter_reply"
            ),
        )
        indexes = (
            models.Index(fields=["state", "-id"], name="letter_state"),
            models.Index(fields=["organ", "-id"], name="letter_organ"),
            models.Index(fields=["reply_due", "id"], name="letter_waiting", condition=Q(state="delivered")),
        )

    def __str__(self) -> str:
        return self.number or f"{self.organ} {self.drafted_on}"


class LetterLeaf(models.Model):
    """A task a letter is about, as it stood when the letter was drafted."""

    letter = models.ForeignKey(SupervisionLetter, on_delete=models.CASCADE, related_name="leaves", db_index=False)
    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, related_name="letters")
    due_on = models.DateField()
    late_wd = models.PositiveIntegerField()
    percent = models.CharField(max_length=12)

    class Meta:
        """Once a letter."""

        constraints = (models.UniqueConstraint(fields=["letter", "matter"], name="letter_leaf_once"),)

    def __str__(self) -> str:
        return f"{self.letter_id} {self.matter_id}"


class Circular(models.Model):
    """A circular (通报) of a period; `public`: it also goes to the public pages."""

    class State(models.TextChoices):
        """How far it is."""

        DRAFTED = "drafted", "待签发"
        SIGNED = "signed", "已签发"
        ISSUED = "issued", "已印发"
        VOID = "void", "作废"
        DROPPED = "dropped", "撤稿"

    period = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFTED)
    notice = models.OneToOneField("notices.Notice", on_delete=models.PROTECT, null=True, related_name="+")
    number = models.CharField(max_length=60, default="", blank=True)
    public = models.BooleanField(default=False)
    praised = models.CharField(max_length=2000, default="", blank=True)
    criticised = models.CharField(max_length=2000, default="", blank=True)
    following = models.CharField(max_length=2000)
    drafted_at = models.DateTimeField()
    drafted_name = models.CharField(max_length=100)
    signed_at = models.DateTimeField(null=True)
    signed_name = models.CharField(max_length=100, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """What is signed bears a number."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["drafted", "dropped"], number="")
                | ~Q(state__in=["drafted", "dropped"], number=""),
                name="circular_numbered",
            ),
        )

    def __str__(self) -> str:
        return self.number or self.period


class CircularLine(models.Model):
    """One entry of a circular's lists; without a circular it waits for the next one."""

    class Kind(models.TextChoices):
        """On which list."""

        RED = "red", "红色榜：逾期满15个工作日"
        PRAISE = "praise", "表扬"
        CRITICISM = "criticism", "批评"

    circular = models.ForeignKey(Circular, on_delete=models.SET_NULL, null=True, related_name="lines")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    organ = models.CharField(max_length=80)
    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, null=True, related_name="+")
    due_on = models.DateField(null=True)
    late_wd = models.PositiveIntegerField(default=0)
    text = models.CharField(max_length=400, default="", blank=True)
    entered_on = models.DateField()

    class Meta:
        """A task enters once an episode; the day it entered tells the episodes apart."""

        constraints = (
            models.UniqueConstraint(
                fields=["matter", "due_on", "entered_on"], condition=Q(kind="red"), name="circular_line_once"
            ),
        )
        indexes = (models.Index(fields=["id"], name="circular_line_next", condition=Q(circular__isnull=True)),)

    def __str__(self) -> str:
        return f"{self.organ} {self.kind}"


class Referral(models.Model):
    """A draft that somebody be held to account (问责移送): facts for people to decide on, never a sanction.

    Only the director and the supervisory commission see it; every look is taken down.
    """

    class State(models.TextChoices):
        """How far it is."""

        DRAFTED = "drafted", "待审"
        SENT = "sent", "已移送"
        DROPPED = "dropped", "不移送"
        ANSWERED = "answered", "已反馈结果"

    class Cause(models.TextChoices):
        """Why it was drafted."""

        LATE = "late", "逾期满30个工作日"
        LETTERS = "letters", "两次督办函未回复"

    organ = models.CharField(max_length=80)
    post = models.CharField(max_length=100, default="", blank=True)
    matter = models.ForeignKey("duties.Matter", on_delete=models.PROTECT, related_name="referrals")
    episode = models.DateField()
    cause = models.CharField(max_length=8, choices=Cause.choices)
    facts = models.JSONField(default=dict)
    clause = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFTED)
    drafted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_name = models.CharField(max_length=100, default="", blank=True)
    decision_reason = models.CharField(max_length=1000, default="", blank=True)
    sent_to = models.CharField(max_length=80, default="", blank=True)
    outcome = models.CharField(max_length=2000, default="", blank=True)
    outcome_at = models.DateTimeField(null=True)
    outcome_name = models.CharField(max_length=100, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """Once for a task and its episode of being overdue (named by the due day), whatever the cause."""

        constraints = (
            models.UniqueConstraint(fields=["matter", "episode"], name="referral_once"),
            models.CheckConstraint(condition=~Q(state="dropped") | ~Q(decision_reason=""), name="referral_reason"),
        )
        indexes = (models.Index(fields=["state", "-id"], name="referral_state"),)

    def __str__(self) -> str:
        return f"{self.organ} {self.matter_id}"


class CrossOffRequest(models.Model):
    """What a cross-off of a smallest task needs besides the check: the signature of the lead organ's head (D8)."""

    check_of = models.OneToOneField("duties.CrossOff", on_delete=models.PROTECT, related_name="request")
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    signed_name = models.CharField(max_length=100, default="", blank=True)
    escalated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.check_of_id} {self.signed_name}"


class CoopConfirmation(models.Model):
    """What a cooperating organ says to a cross-off; silent until the end of `due_on` it has no objection (tacit)."""

    class State(models.TextChoices):
        """What it said."""

        WAITING = "waiting", "等回话"
        CONFIRMED = "confirmed", "同意"
        OBJECTED = "objected", "有异议"
        TACIT = "tacit", "未回话，视为同意"
        OVERRULED = "overruled", "异议不采纳"

    check_of = models.ForeignKey(
        "duties.CrossOff", on_delete=models.PROTECT, related_name="confirmations", db_index=False
    )
    organ = models.CharField(max_length=80)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    asked_at = models.DateTimeField()
    due_on = models.DateField()
    answered_at = models.DateTimeField(null=True)
    answered_name = models.CharField(max_length=100, default="", blank=True)
    reason = models.CharField(max_length=1000, default="", blank=True)
    overruled_at = models.DateTimeField(null=True)
    overruled_name = models.CharField(max_length=100, default="", blank=True)
    overruled_why = models.CharField(max_length=1000, default="", blank=True)

    class Meta:
        """An organ answers once; an objection and its dismissal have reasons."""

        constraints = (
            models.UniqueConstraint(fields=["check_of", "organ"], name="coop_confirmation_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["objected", "overruled"]) | ~Q(reason=""), name="coop_objection_reason"
            ),
            models.CheckConstraint(
                condition=~Q(state="overruled") | ~Q(overruled_why="") & Q(overruled_at__isnull=False),
                name="coop_overruled_reason",
            ),
        )
        indexes = (
            models.Index(fields=["due_on", "id"], name="coop_waiting", condition=Q(state="waiting")),
            models.Index(fields=["organ", "id"], name="coop_organ_waiting", condition=Q(state="waiting")),
        )

    def __str__(self) -> str:
        return f"{self.organ} {self.state}"


class IntegrityCase(models.Model):
    """A promise or judgment a public organ has not kept (政务失信, D13); amounts in fen."""

    class Level(models.TextChoices):
        """Whose red list it is on."""

        CITY = "city", "市级"
        TOWN = "town", "镇级"
        VILLAGE = "village", "村级"

    class Basis(models.TextChoices):
        """What was not kept."""

        PROMISE = "promise", "承诺"
        JUDGMENT = "judgment", "生效判决"

    class State(models.TextChoices):
        """How far it is."""

        WATCHED = "watched", "未到期"
        WARNED = "warned", "临期预警"
        IN_BREACH = "in_breach", "失信"
        CROSSED_OFF = "crossed_off", "销号"
        SANCTIONED = "sanctioned", "已建议联合惩戒"

    level = models.CharField(max_length=8, choices=Level.choices)
    organ = models.CharField(max_length=80)
    basis = models.CharField(max_length=10, choices=Basis.choices)
    reference = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    amount = models.BigIntegerField()
    due = models.DateField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.WATCHED)
    matter = models.OneToOneField("duties.Matter", on_delete=models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField()
    entered_name = models.CharField(max_length=100)
    warned_on = models.DateField(null=True)
    breached_on = models.DateField(null=True)
    proposed_on = models.DateField(null=True)
    executed_on = models.DateField(null=True)
    voucher = models.CharField(max_length=200, default="", blank=True)
    voucher_digest = models.CharField(max_length=64, default="", blank=True)
    closed_name = models.CharField(max_length=100, default="", blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One a number and organ; crossed off only with a voucher."""

        constraints = (
            models.UniqueConstraint(fields=["organ", "reference"], name="integrity_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="integrity_amount"),
            models.CheckConstraint(
                condition=~Q(state="crossed_off") | Q(executed_on__isnull=False) & ~Q(voucher_digest=""),
                name="integrity_voucher",
            ),
        )
        indexes = (models.Index(fields=["state", "due"], name="integrity_state"),)

    def __str__(self) -> str:
        return self.reference


class Headquarters(models.Model):
    """A headquarters (指挥部) for a set of items: chief, members (organs), until it is dissolved (P11)."""

    name = models.CharField(max_length=200)
    organ = models.CharField(max_length=80)
    chief_post = models.CharField(max_length=100)
    members = models.JSONField(default=list)
    items = models.ManyToManyField("supervision.KeyItem", related_name="headquarters", blank=True)
    set_up_on = models.DateField()
    dissolved_on = models.DateField(null=True)
    made_name = models.CharField(max_length=100)

    class Meta:
        """One of a name at a time."""

        constraints = (
            models.UniqueConstraint(fields=["name"], condition=Q(dissolved_on__isnull=True), name="headquarters_once"),
            models.CheckConstraint(
                condition=Q(dissolved_on__isnull=True) | Q(dissolved_on__gte=F("set_up_on")), name="headquarters_days"
            ),
        )

    def __str__(self) -> str:
        return self.name


class MeetingTask(models.Model):
    """What a session of a headquarters gave an organ to do: a matter with a due day."""

    headquarters = models.ForeignKey(Headquarters, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    session = models.PositiveSmallIntegerField()
    seq = models.PositiveSmallIntegerField()
    held_on = models.DateField()
    matter = models.OneToOneField("duties.Matter", on_delete=models.PROTECT, related_name="meeting_task")

    class Meta:
        """Numbered within the session."""

        constraints = (models.UniqueConstraint(fields=["headquarters", "session", "seq"], name="meeting_task_once"),)

    def __str__(self) -> str:
        return f"{self.session}.{self.seq}"


__all__ = [
    "Circular",
    "CircularLine",
    "CoopConfirmation",
    "CrossOffRequest",
    "Headquarters",
    "IntegrityCase",
    "LetterLeaf",
    "MeetingTask",
    "Referral",
    "SupervisionLetter",
]
