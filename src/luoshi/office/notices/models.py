"""Numbers, papers, their templates, and where they were published. Triggers guard them (migration 0002).

A number and a signed paper never change and are never removed; what is wrong is marked void and stays in the register.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import models
from django.db.models import F, Q

GATEWAYS = ("feed", "mail", "sms", "wechat", "weibo", "tv", "radio", "screen", "press", "hand", "post")
"""Every channel that leads out of the office: a drill reaches none of them."""
INSIDE = ("web", "inside", "board")
"""Channels a drill may use: its papers say on every line what they are."""


def other_hand(makers: tuple[str, ...], seconds: tuple[str, ...]) -> Q:
    """The condition that none of `seconds` is one of `makers`; an empty one is nobody."""
    condition = Q()
    for maker in makers:
        for second in seconds:
            empty = Q(**{f"{maker}__isnull": True}) | Q(**{f"{second}__isnull": True})
            condition &= empty | ~Q(**{maker: F(second)})
    return condition


class NumberSeries(models.Model):
    """One run of numbers: an issuer's word (乳环函) or the mark of a kind of case (RSZWR) in one year.

    `part` parts a run further (a town), `year` is 0 for a run that goes on over the years. A `gapless` run begins with
    `first` (a register kept on paper until then is continued) and leaves out no number; `maximum` is its last one.
    """

    word = models.CharField(max_length=40)
    year = models.PositiveSmallIntegerField()
    part = models.CharField(max_length=20, default="", blank=True)
    organ = models.CharField(max_length=80, default="", blank=True)
    gapless = models.BooleanField()
    first = models.PositiveIntegerField(default=1)
    maximum = models.PositiveIntegerField(null=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=100)
    reason = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        """A word is counted once a year."""

        constraints = (
            models.UniqueConstraint(fields=["word", "year", "part"], name="notice_series_once"),
            models.CheckConstraint(condition=Q(first__gte=1), name="notice_series_first"),
        )
        indexes = (models.Index(fields=["organ", "-year"], name="notice_series_organ"),)

    def __str__(self) -> str:
        return f"{self.word} {self.year or ''}{self.part}"


class TakenNumber(models.Model):
    """A number that was taken: `n` of its series, as it is printed, and what bears it (`kind:id`).

    It is taken in the transaction of what bears it. A void one stays here with its reason and is not given again.
    """

    class State(models.TextChoices):
        """Whether it counts."""

        LIVE = "live", "有效"
        VOID = "void", "作废"

    series = models.ForeignKey(NumberSeries, on_delete=models.PROTECT, related_name="taken")
    n = models.PositiveIntegerField()
    text = models.CharField(max_length=80, unique=True)
    subject = models.CharField(max_length=200, default="", blank=True)
    taken_at = models.DateTimeField()
    state = models.CharField(max_length=4, choices=State.choices, default=State.LIVE)
    void_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        """A number is taken once; what is void says why."""

        constraints = (
            models.UniqueConstraint(fields=["series", "n"], name="notice_number_once"),
            models.CheckConstraint(
                condition=Q(state="live", void_at__isnull=True, void_reason="")
                | Q(state="void", void_at__isnull=False) & ~Q(void_reason=""),
                name="notice_number_void",
            ),
        )

    def __str__(self) -> str:
        return self.text


class TemplateEdition(models.Model):
    """One edition of the words of a kind of paper, proposed by one person and approved or refused by another.

    `parts` are the words by part (title, to, body ...). It holds from `valid_from` until the next approved edition.
    `delivered` is the digest of the delivered words it was written against, so that an upgrade that brings other words
    is seen. A row that is no longer proposed never changes again.
    """

    class State(models.TextChoices):
        """Where an edition stands."""

        PROPOSED = "proposed", "待批准"
        APPROVED = "approved", "已批准"
        REFUSED = "refused", "不予批准"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField(max_length=120)
    parts = models.JSONField()
    delivered = models.CharField(max_length=64)
    owner = models.CharField(max_length=80)
    valid_from = models.DateField()
    reason = models.CharField(max_length=500, default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    version = models.PositiveIntegerField(default=1)
    proposed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    proposed_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    proposed_name = models.CharField(max_length=130)
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_name = models.CharField(max_length=130, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=500, default="", blank=True)

    class Meta:
        """One edition of a kind from a day waits at a time."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True, decided_by__isnull=True)
                | Q(state="approved", decided_at__isnull=False, decided_by__isnull=False)
                | Q(state="refused", decided_at__isnull=False, decided_by__isnull=False) & ~Q(answer="")
                | Q(state="withdrawn", decided_at__isnull=False),
                name="notice_edition_state",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | other_hand(("proposed_by", "proposed_for"), ("decided_by", "decided_for")),
                name="notice_edition_other_hand",
            ),
            models.UniqueConstraint(
                fields=["kind", "valid_from"], condition=Q(state="proposed"), name="notice_edition_one_waiting"
            ),
        )
        indexes = (models.Index(fields=["kind", "state", "-valid_from"], name="notice_edition_of"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.valid_from} {self.state}"


class Notice(models.Model):
    """One paper: drafted, perhaps checked, signed by another, issued; void in the end, or taken back as a draft.

    `content` is the text in structured paragraphs (see `content`), from which page, PDF and DOCX are made. `fields` are
    the facts it was written from. `slug` is its address and cannot be guessed. `subject` and `case` say what it belongs
    to. `drafted_by` wrote it last, `hands` are all who ever did. `digest` (SHA-256) covers all that is printed; after
    the signature a trigger keeps it all as it is.
    """

    class State(models.TextChoices):
        """Where a paper stands."""

        DRAFT = "draft", "草稿"
        CHECKED = "checked", "已核稿"
        SIGNED = "signed", "已签发"
        ISSUED = "issued", "已印发"
        VOID = "void", "作废"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField(max_length=120)
    title = models.CharField(max_length=300)
    organ = models.CharField(max_length=80)
    slug = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=150, null=True, unique=True)
    case = models.BigIntegerField(null=True)
    subject = models.CharField(max_length=200, default="", blank=True)
    exercise = models.BooleanField(default=False)
    demo = models.BooleanField(default=False)
    public = models.BooleanField(default=False)
    series = models.CharField(max_length=40, default="", blank=True)
    fields = models.JSONField(default=dict)
    content = models.JSONField()
    edition = models.ForeignKey(TemplateEdition, on_delete=models.PROTECT, null=True, related_name="+")
    edited = models.BooleanField(default=False)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    drafted_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    drafted_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    drafted_name = models.CharField(max_length=130)
    drafted_at = models.DateTimeField()
    hands = models.JSONField(default=list)
    checked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    checked_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    checked_name = models.CharField(max_length=130, default="", blank=True)
    checked_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    signed_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    signed_name = models.CharField(max_length=130, default="", blank=True)
    signed_at = models.DateTimeField(null=True)
    dated = models.DateField(null=True)
    number = models.OneToOneField(TakenNumber, on_delete=models.PROTECT, null=True, related_name="notice")
    number_text = models.CharField(max_length=80, default="", blank=True)
    digest = models.CharField(max_length=64, default="", blank=True)
    issued_at = models.DateTimeField(null=True)
    void_asked_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    void_asked_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    void_asked_name = models.CharField(max_length=130, default="", blank=True)
    void_asked_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=500, default="", blank=True)
    void_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    void_for = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    void_name = models.CharField(max_length=130, default="", blank=True)
    void_at = models.DateTimeField(null=True)

    class Meta:
        """Lists are entered newest first, by whatever they are filtered by."""

        constraints = (
            models.CheckConstraint(
                condition=Q(state__in=["draft", "checked", "withdrawn"], signed_at__isnull=True, number__isnull=True)
                & Q(digest="", number_text="")
                | Q(state__in=["signed", "issued", "void"], signed_at__isnull=False, dated__isnull=False)
                & ~Q(digest=""),
                name="notice_signed_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True) | Q(series="") | Q(number__isnull=False) & ~Q(number_text=""),
                name="notice_signed_is_numbered",
            ),
            models.CheckConstraint(
                condition=~Q(state="checked") | Q(checked_at__isnull=False), name="notice_checked_is_dated"
            ),
            models.CheckConstraint(
                condition=~Q(state="issued") | Q(issued_at__isnull=False), name="notice_issued_is_dated"
            ),
            models.CheckConstraint(
                condition=~Q(state="void") | Q(void_at__isnull=False) & ~Q(void_reason=""), name="notice_void_says_why"
            ),
            models.CheckConstraint(
                condition=other_hand(("drafted_by", "drafted_for"), ("signed_by", "signed_for")),
                name="notice_signed_by_another",
            ),
            models.CheckConstraint(
                condition=other_hand(("drafted_by", "drafted_for"), ("checked_by", "checked_for")),
                name="notice_checked_by_another",
            ),
            models.CheckConstraint(
                condition=other_hand(("void_asked_by", "void_asked_for"), ("void_by", "void_for")),
                name="notice_void_by_another",
            ),
        )
        indexes = (
            models.Index(fields=["organ", "-id"], name="notice_of_organ"),
            models.Index(fields=["kind", "-id"], name="notice_of_kind"),
            models.Index(fields=["state", "-id"], name="notice_of_state"),
            models.Index(fields=["dated", "-id"], name="notice_of_day"),
            models.Index(fields=["subject", "id"], name="notice_of_subject"),
            models.Index(fields=["case", "id"], name="notice_of_case"),
        )

    def __str__(self) -> str:
        return f"{self.number_text or self.get_state_display()} {self.title}"

    @property
    def signed(self) -> bool:
        """Whether it was signed, be it void since."""
        return self.signed_at is not None

    @property
    def marks(self) -> list[str]:
        """What must stand on every page: 演练, 演示数据."""
        return [*(["演练"] if self.exercise else []), *(["演示数据"] if self.demo else [])]


class NoticeCopy(models.Model):
    """A file made of a signed paper and kept, so that whoever asks gets the same bytes; `mark` is 作废 or nothing."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="copies")
    form = models.CharField(max_length=4)
    mark = models.CharField(max_length=10, default="", blank=True)
    file = models.ForeignKey("files.StoredFile", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    class Meta:
        """One copy of a form."""

        constraints = (models.UniqueConstraint(fields=["notice", "form", "mark"], name="notice_copy_once"),)

    def __str__(self) -> str:
        return f"{self.notice_id} {self.form} {self.mark}"


class Publication(models.Model):
    """A paper on one channel: the public page, a feed, e-mail, SMS, an organ within, or a medium served by hand.

    `target` tells several of one channel apart (the organ served). `proof` is what shows that it was delivered: address
    and digest, the gateway's answers, the receipt, the person's record of a broadcast. `exercise` repeats the paper's:
    a drill is `withheld` from every gateway.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "待发"
        SENT = "sent", "已送出"
        DONE = "done", "已送达"
        FAILED = "failed", "未送出"
        WITHHELD = "withheld", "演练未发"
        WITHDRAWN = "withdrawn", "已撤下"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="publications")
    channel = models.CharField(max_length=10)
    target = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    exercise = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("accounts.User", on_delete=models.PROTECT, null=True, related_name="+")
    made_name = models.CharField(max_length=130)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=300, default="", blank=True)
    proof = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """A drill reaches no gateway; a paper is on a channel once for each target."""

        constraints = (
            models.UniqueConstraint(fields=["notice", "channel", "target"], name="publication_once"),
            models.CheckConstraint(condition=Q(channel__in=[*INSIDE, *GATEWAYS]), name="publication_channel_known"),
            models.CheckConstraint(
                condition=Q(exercise=False) | ~Q(channel__in=GATEWAYS) | Q(state="withheld"),
                name="publication_drill_stays_in",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "done"]) | Q(sent_at__isnull=False), name="publication_sent_is_dated"
            ),
        )
        indexes = (
            models.Index(fields=["channel", "target", "-id"], name="publication_to"),
            models.Index(fields=["state", "next_try_at"], name="publication_due"),
        )

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel} {self.target} {self.state}"


class Sending(models.Model):
    """One parcel of a publication for a gateway: an e-mail to one address, an SMS text to at most 5,000 numbers.

    `key` is sent with each try, so that a gateway that knows it does not deliver twice. The addresses are sealed, and
    dropped when the gateway has them: count, digest and answer stay.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", "待发"
        SENT = "sent", "已发"
        FAILED = "failed", "未发出"
        WITHDRAWN = "withdrawn", "已撤下"

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="sendings")
    place = models.PositiveIntegerField()
    key = models.CharField(max_length=60, unique=True)
    count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    addresses = models.TextField(default="", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answer = models.JSONField(default=dict)
    error = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        """What is due next is found by time."""

        constraints = (
            models.UniqueConstraint(fields=["publication", "place"], name="sending_place"),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="sending_is_dated"),
        )
        indexes = (models.Index(fields=["next_try_at", "id"], name="sending_due", condition=Q(state="waiting")),)

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


def printed_fields(notice: Notice) -> dict[str, Any]:
    """Return what the digest of a signed paper covers, as plain JSON."""
    return {
        "kind": notice.kind,
        "organ": notice.organ,
        "number": notice.number_text,
        "dated": notice.dated.isoformat() if notice.dated else "",
        "title": notice.title,
        "content": notice.content,
        "marks": notice.marks,
        "signed": notice.signed_name,
        "slug": notice.slug,
    }


def digest_of(notice: Notice) -> str:
    """Return the SHA-256 over all that is printed of a signed paper."""
    text = json.dumps(printed_fields(notice), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
