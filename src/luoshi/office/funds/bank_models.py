"""What passes between the books and a bank: links, messages, payments, statements, matches, differences, sheets."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from luoshi.office.funds.models import Account, Book, Entry, Posting

LIVE = ("drafted", "checked", "sent", "unknown", "confirmed")
"""States in which a claim's money is on its way or has arrived: there is one such payment of a part of a claim."""


class BankLink(models.Model):
    """A bank that speaks the interface: its 12-digit number, two sealed keys (the second valid during a change).

    `url` is where its messages go; without it they leave as files.
    """

    bank = models.CharField(max_length=12, unique=True)
    name = models.CharField(max_length=80)
    key_sealed = models.TextField()
    other_key_sealed = models.TextField(default="", blank=True)
    other_until = models.DateTimeField(null=True)
    url = models.CharField(max_length=200, default="", blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        """Twelve digits."""

        constraints = (models.CheckConstraint(condition=~Q(name=""), name="bank_named"),)

    def __str__(self) -> str:
        return f"{self.bank} {self.name}"


class PaymentInstruction(models.Model):
    """One payment out of a bank account: for part `claim_part` of `claim` there is at most one that lives.

    `lines` are the debits ([account code, subject, fen]) whose money goes into the account `transit` when a second hand
    has checked it. A `returned` payment leaves the money in transit, owed again: the next one `replaces` it and takes
    nothing from the accounts anew. `events` are the spec's rows: instructed, confirmed, failed, returned.
    """

    class State(models.TextChoices):
        """Where it stands; `unknown` is asked for again, never paid again."""

        DRAFTED = "drafted", "待复核"
        CHECKED = "checked", "待发送"
        SENT = "sent", "已发送"
        CONFIRMED = "confirmed", "已支付"
        FAILED = "failed", "支付失败"
        UNKNOWN = "unknown", "结果不明"
        RETURNED = "returned", "付后退回"
        CANCELLED = "cancelled", "已撤销"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="payments", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    transit = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    instr_id = models.CharField(max_length=40, unique=True)
    claim = models.CharField(max_length=80)
    claim_part = models.PositiveSmallIntegerField(default=1)
    type = models.CharField(max_length=20, default="PAY")
    amount = models.BigIntegerField()
    payee_name = models.CharField(max_length=100)
    payee_suite = models.CharField(max_length=20)
    payee_sealed = models.TextField()
    payee_tail = models.CharField(max_length=4)
    payee_bank = models.CharField(max_length=100)
    purpose = models.CharField(max_length=100, default="", blank=True)
    basis = models.CharField(max_length=200)
    case = models.CharField(max_length=80, default="", blank=True)
    lines = models.JSONField()
    events = models.JSONField(default=dict)
    meta = models.JSONField(default=dict)
    due_on = models.DateField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFTED)
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    drafted_for = models.BigIntegerField(null=True)
    drafted_name = models.CharField(max_length=100)
    drafted_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checked_name = models.CharField(max_length=100, default="", blank=True)
    checked_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    result_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    bank_txn_no = models.CharField(max_length=60, default="", blank=True)
    reason = models.CharField(max_length=200, default="", blank=True)
    instructed = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    settled = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    returned = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One living payment of a part of a claim; steps and fixed columns are guarded by a trigger."""

        constraints = (
            models.UniqueConstraint(
                fields=["book", "claim", "claim_part"], name="payment_once", condition=Q(state__in=LIVE)
            ),
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(claim="") & ~Q(basis=""), name="payment_amount"),
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True) | Q(drafted_by__isnull=True) | ~Q(checked_by=F("drafted_by")),
                name="payment_two_hands",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["drafted", "cancelled"]) | Q(checked_at__isnull=False), name="payment_checked"
            ),
        )
        indexes = (
            models.Index(fields=["book", "state", "id"], name="payment_state"),
            models.Index(fields=["book", "case", "id"], name="payment_case"),
            models.Index(
                fields=["state", "asked_at"],
                name="payment_asked",
                condition=Q(state__in=["checked", "sent", "unknown"]),
            ),
        )

    def __str__(self) -> str:
        return self.instr_id


class BankMessage(models.Model):
    """A message as it came or went. `answer` is what was said to it; a repetition gets it again.

    Going out, `state` is waiting until the bank has it; `next_try_at` and `attempts` are the sender's.
    """

    class Way(models.TextChoices):
        """Which way."""

        IN = "in", "收"
        OUT = "out", "发"

    class State(models.TextChoices):
        """What came of it."""

        ACCEPTED = "accepted", "已受理"
        WAITING = "waiting", "待发送"
        SENT = "sent", "已送达"
        FAILED = "failed", "未送达"

    way = models.CharField(max_length=3, choices=Way.choices)
    bank = models.CharField(max_length=12)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    msg_id = models.CharField(max_length=40)
    type = models.CharField(max_length=30)
    created_at = models.DateTimeField()
    business_date = models.DateField()
    bank_txn_no = models.CharField(max_length=60, default="", blank=True)
    direction = models.CharField(max_length=1, default="", blank=True)
    amount_fen = models.BigIntegerField(null=True)
    ref = models.CharField(max_length=80, default="", blank=True)
    body = models.TextField()
    digest = models.CharField(max_length=64)
    channel = models.CharField(max_length=8)
    state = models.CharField(max_length=10, choices=State.choices)
    answer = models.JSONField(default=dict)
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    instruction = models.ForeignKey(
        PaymentInstruction, on_delete=models.PROTECT, null=True, related_name="messages", db_index=False
    )
    at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)

    class Meta:
        """A message id once a bank and way; a movement once an account."""

        constraints = (
            models.UniqueConstraint(fields=["way", "bank", "msg_id"], name="bank_message_once"),
            models.UniqueConstraint(
                fields=["account", "bank_txn_no"], name="bank_movement_once", condition=Q(way="in") & ~Q(bank_txn_no="")
            ),
        )
        indexes = (
            models.Index(fields=["account", "id"], name="bank_message_account"),
            models.Index(fields=["instruction", "id"], name="bank_message_payment"),
            models.Index(fields=["next_try_at"], name="bank_message_due", condition=Q(state="waiting")),
        )

    def __str__(self) -> str:
        return f"{self.way} {self.bank} {self.msg_id}"


class Alarm(models.Model):
    """Something no bank should send: another content under a known number. Seen to by a person."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    bank = models.CharField(max_length=12)
    code = models.CharField(max_length=30)
    key = models.CharField(max_length=120, unique=True)
    text = models.CharField(max_length=300)
    at = models.DateTimeField()
    seen_by = models.CharField(max_length=100, default="", blank=True)
    seen_at = models.DateTimeField(null=True)

    class Meta:
        """Found by account."""

        indexes = (models.Index(fields=["account", "id"], name="alarm_account"),)

    def __str__(self) -> str:
        return f"{self.code} {self.key}"


class Statement(models.Model):
    """A bank statement: opening + credits - debits = closing, its opening the closing of the one before (`previous`).

    `book_no` is the book's last entry when it was taken: what is posted later is looked through with the next one.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    previous = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="following")
    first_on = models.DateField()
    last_on = models.DateField()
    opening = models.BigIntegerField()
    sum_c = models.BigIntegerField()
    sum_d = models.BigIntegerField()
    closing = models.BigIntegerField()
    count = models.PositiveIntegerField()
    book_no = models.BigIntegerField(default=0)
    source = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    maker = models.CharField(max_length=100)
    maker_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        """The same content once an account."""

        constraints = (
            models.UniqueConstraint(fields=["account", "digest"], name="statement_once"),
            models.UniqueConstraint(fields=["account"], name="statement_first", condition=Q(previous__isnull=True)),
            models.CheckConstraint(
                condition=Q(closing=F("opening") + F("sum_c") - F("sum_d"), last_on__gte=F("first_on")),
                name="statement_adds_up",
            ),
        )
        indexes = (models.Index(fields=["account", "-last_on", "-id"], name="statement_account"),)

    def __str__(self) -> str:
        return f"{self.account_id} {self.last_on}"


class StatementLine(models.Model):
    """A line of a statement. `direction` C is money in, as seen by the account; `matched` says that a match lives."""

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines", db_index=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    n = models.PositiveIntegerField()
    bank_txn_no = models.CharField(max_length=60)
    on = models.DateField()
    direction = models.CharField(max_length=1, choices=[("C", "收"), ("D", "付")])
    amount = models.BigIntegerField()
    counter_account = models.CharField(max_length=40, default="", blank=True)
    counter_name = models.CharField(max_length=100, default="", blank=True)
    ref = models.CharField(max_length=80, default="", blank=True)
    memo = models.CharField(max_length=200, default="", blank=True)
    matched = models.BooleanField(default=False)

    class Meta:
        """A movement is on one statement."""

        constraints = (
            models.UniqueConstraint(fields=["statement", "n"], name="statement_line_n"),
            models.UniqueConstraint(fields=["account", "bank_txn_no"], name="statement_line_txn"),
            models.CheckConstraint(condition=Q(amount__gt=0, direction__in=["C", "D"]), name="statement_line_amount"),
        )
        indexes = (
            models.Index(fields=["account", "on", "id"], name="statement_line_open", condition=Q(matched=False)),
        )

    def __str__(self) -> str:
        return f"{self.on} {self.direction} {self.amount}"


class Match(models.Model):
    """A statement's line and the posting it is. `how`: by the bank's number, accepted proposal, by hand (two hands)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    line = models.OneToOneField(StatementLine, on_delete=models.PROTECT, related_name="match")
    posting = models.OneToOneField(Posting, on_delete=models.PROTECT, related_name="match", db_constraint=False)
    how = models.CharField(max_length=10, choices=[("txn", "流水号"), ("like", "金额日期"), ("hand", "人工")])
    maker = models.CharField(max_length=100)
    checker = models.CharField(max_length=100, default="", blank=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.line_id}-{self.posting_id}"


class Difference(models.Model):
    """What the bank has and the books have not, or the other way round, with whom it lies and how it ended."""

    class Sort(models.TextChoices):
        """Which side has it."""

        BANK_ONLY = "bank_only", "银行有、账上无"
        BOOK_ONLY = "book_only", "账上有、银行无"
        SUM = "sum", "余额不符"

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    sort = models.CharField(max_length=10, choices=Sort.choices)
    key = models.CharField(max_length=80)
    line = models.ForeignKey(StatementLine, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    posting = models.ForeignKey(
        Posting, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    direction = models.CharField(max_length=1, default="", blank=True)
    amount = models.BigIntegerField()
    text = models.CharField(max_length=300, default="", blank=True)
    since_on = models.DateField()
    due_on = models.DateField(null=True)
    organ = models.CharField(max_length=80)
    open = models.BooleanField(default=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=100, default="", blank=True)
    how = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        """One open row for one thing."""

        constraints = (
            models.UniqueConstraint(fields=["account", "key"], name="difference_once", condition=Q(open=True)),
            models.CheckConstraint(
                condition=Q(open=True, settled_at__isnull=True) | Q(open=False, settled_at__isnull=False),
                name="difference_settled",
            ),
        )
        indexes = (models.Index(fields=["account", "open", "id"], name="difference_account"),)

    def __str__(self) -> str:
        return f"{self.sort} {self.key}"


class Sheet(models.Model):
    """A reconciliation (余额调节表) of one bank account at the end of a day: both sides, what is open, who signed.

    bank + receipts not at bank - payments not at bank = book + bank receipts not booked - bank payments not booked.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    on = models.DateField()
    number = models.PositiveSmallIntegerField(default=1)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    bank = models.BigIntegerField()
    book = models.BigIntegerField()
    book_receipts = models.BigIntegerField()
    book_payments = models.BigIntegerField()
    bank_receipts = models.BigIntegerField()
    bank_payments = models.BigIntegerField()
    difference = models.BigIntegerField()
    items = models.JSONField(default=list)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    maker_name = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checker_name = models.CharField(max_length=100, default="", blank=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        """A later one of the same day has the next number."""

        constraints = (
            models.UniqueConstraint(fields=["account", "on", "number"], name="sheet_once"),
            models.CheckConstraint(
                condition=Q(
                    difference=F("bank")
                    + F("book_receipts")
                    - F("book_payments")
                    - F("book")
                    - F("bank_receipts")
                    + F("bank_payments")
                ),
                name="sheet_equation",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | Q(maker__isnull=True) | ~Q(checker=F("maker")),
                name="sheet_two_hands",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account_id} {self.on}"
