"""The books: accounts, sealed entries, postings, what is kept of them, periods, drafts of a second hand.

What must never be false is a constraint or a trigger (`guards`): an entry balances, nothing posted changes, a guarded
account is never on the wrong side at any posting or value date, a closed period takes nothing, kept balances are sums.
Numbers carry their place: entry id = book · 2³² + number, posting id = entry · 2¹⁶ + line, seal id = its first entry.
So the journal, an entry's lines and what one seal covers are ranges of a primary key and need no further index.
"""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import RawSQL

from luoshi.office.funds import plans
from luoshi.office.funds.keys import PlacedKey

BOOK = 1 << 32
"""Entries of one book lie in [book · BOOK, (book + 1) · BOOK)."""
LINE = 1 << 16
"""Postings of one entry lie in [entry · LINE, (entry + 1) · LINE)."""


def _written(column: str) -> RawSQL:
    return RawSQL(f"NOT ({column} = '')", (), output_field=models.BooleanField())  # noqa: S611 - our own words


WITH_SUBJECT, WITH_TXN, WITH_CASE = map(
    _written, ("funds_posting.subject", "funds_posting.bank_txn_no", 'funds_entry."case"')
)
"""Conditions to filter by beside the value sought, in the words of the partial indexes: a value bound to `?` does not
tell SQLite that it is not empty, and it would read the whole account instead."""


class Kind(models.TextChoices):
    """What an account is in the balance sheet."""

    ASSET = "asset", "资产"
    LIABILITY = "liability", "负债"
    FUND = "fund", "净资产"
    INCOME = "income", "收入"
    EXPENSE = "expense", "支出"


class Side(models.TextChoices):
    """Debit or credit."""

    DEBIT = "D", "借"
    CREDIT = "C", "贷"


class Part(models.TextChoices):
    """What an account is for in the dealings with the bank; a book has at most one suspense and one receivable."""

    NONE = "", "—"
    BANK = "bank", "银行存款"
    TRANSIT = "transit", "在途付款"
    SUSPENSE = "suspense", "待认领"
    RECEIVABLE = "receivable", "应收银行"


class Book(models.Model):
    """A set of accounts that balances by itself; no entry mixes books.

    `key` is `room/name`, `plan` the declaration it was opened from, `organ` the slug of who keeps it. `last_no` is the
    number of its last entry (without gaps) and only a seal moves it; `closed_through` the last day that takes no entry
    any more and only goes forward.
    """

    key = models.CharField(max_length=80, unique=True)
    room = models.CharField(max_length=40)
    plan = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    organ = models.CharField(max_length=80)
    basis = models.CharField(max_length=200, default="", blank=True)
    opened_on = models.DateField()
    closed_on = models.DateField(null=True)
    closed_through = models.DateField(null=True)
    last_no = models.BigIntegerField(default=0)
    demo = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        """Lists go by room and key."""

        constraints = (
            models.CheckConstraint(condition=Q(last_no__gte=0, last_no__lt=BOOK, id__lt=1 << 15), name="book_numbers"),
            models.CheckConstraint(condition=~Q(key="") & ~Q(title=""), name="book_named"),
        )
        indexes = (models.Index(fields=["room", "key"], name="book_room"),)

    def __str__(self) -> str:
        return self.key

    @property
    def short(self) -> str:
        """The part of its key after the room."""
        return self.key.partition("/")[2]

    def open_day(self, day: datetime.date) -> datetime.date:
        """Return the value date of what moved on a day: that day, or the first open one where its month is closed."""
        closed = self.closed_through
        return day if closed is None or day > closed else closed + datetime.timedelta(days=1)

    @property
    def seen_by(self) -> list[str]:
        """The organs that see it: who keeps it, and those its plan names."""
        return [self.organ, *plans.seers(self.plan)]


class Account(models.Model):
    """One account of a book.

    `normal` is the side on which it grows; a `guarded` account is never on the other. With `by_subject` every posting
    names a subject (a sale, a loan, a bank) and each subject has a balance of its own, guarded alike. `bank` (12
    digits) and `number` are of a bank account.
    """

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="accounts", db_index=False)
    code = models.CharField(max_length=30)
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    normal = models.CharField(max_length=1, choices=Side.choices)
    by_subject = models.BooleanField(default=False)
    guarded = models.BooleanField(default=True)
    part = models.CharField(max_length=12, choices=Part.choices, default="", blank=True)
    bank = models.CharField(max_length=12, default="", blank=True)
    number = models.CharField(max_length=40, default="", blank=True)
    seq = models.PositiveSmallIntegerField(default=0)
    closed_on = models.DateField(null=True)

    class Meta:
        """A bank account belongs to one account of one book."""

        constraints = (
            models.UniqueConstraint(fields=["book", "code"], name="account_code"),
            models.UniqueConstraint(fields=["bank", "number"], name="account_bank", condition=~Q(number="")),
            models.UniqueConstraint(fields=["book"], name="account_suspense", condition=Q(part="suspense")),
            models.UniqueConstraint(fields=["book"], name="account_receivable", condition=Q(part="receivable")),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="account_kind_known"),
            models.CheckConstraint(condition=Q(normal__in=Side.values), name="account_side_known"),
            models.CheckConstraint(condition=Q(part__in=Part.values), name="account_part_known"),
            models.CheckConstraint(condition=~Q(part="bank") | Q(normal="D"), name="account_bank_is_debit"),
        )

    def __str__(self) -> str:
        return f"{self.book_id}:{self.code}"

    @property
    def sign(self) -> int:
        """+1 where a debit makes it grow, -1 where a credit does."""
        return 1 if self.normal == Side.DEBIT else -1


class Seal(models.Model):
    """One act of posting: who made and who checked the entries `first_no` to `last_no` of a book, and when.

    It is what books them: inserting it checks its entries and adds them to the kept balances. `digest` is SM3 over all
    they hold (`content`); `Proof` chains the digests.
    """

    id = PlacedKey(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    first_no = models.BigIntegerField()
    last_no = models.BigIntegerField()
    booked_at = models.DateTimeField()
    maker = models.CharField(max_length=100)
    maker_id = models.BigIntegerField(null=True)
    checker = models.CharField(max_length=100, default="", blank=True)
    checker_id = models.BigIntegerField(null=True)
    via = models.CharField(max_length=20)
    request_id = models.CharField(max_length=40, default="", blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        """Seals of a book follow each other without gaps (trigger); maker and checker are two hands."""

        constraints = (
            models.CheckConstraint(
                condition=Q(id=F("book") * BOOK + F("first_no"), last_no__gte=F("first_no"), first_no__gte=1),
                name="seal_range",
            ),
            models.CheckConstraint(
                condition=Q(checker_id__isnull=True) | Q(maker_id__isnull=True) | ~Q(checker_id=F("maker_id")),
                name="seal_two_hands",
            ),
        )

    def __str__(self) -> str:
        return f"{self.book_id}:{self.first_no}-{self.last_no}"


class Entry(models.Model):
    """One entry (凭证): `event` is the row of the spec's posting table (J3), `case` the business number it belongs to.

    `key` makes it once: unique in its book. `lines` is how many postings it has; `counter_of` the entry it undoes.
    """

    id = PlacedKey(primary_key=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    seal = models.ForeignKey(
        Seal, on_delete=models.PROTECT, related_name="entries", db_index=False, db_constraint=False
    )
    key = models.CharField(max_length=120)
    value_on = models.DateField()
    event = models.CharField(max_length=20, default="", blank=True)
    memo = models.CharField(max_length=200, default="", blank=True)
    basis = models.CharField(max_length=200, default="", blank=True)
    case = models.CharField(max_length=80, default="", blank=True)
    counter_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="countered_by",
        db_index=False,
        db_constraint=False,
    )
    lines = models.PositiveIntegerField()

    class Meta:
        """A key once a book; an entry is undone at most once."""

        constraints = (
            models.UniqueConstraint(fields=["book", "key"], name="entry_key"),
            models.UniqueConstraint(
                fields=["counter_of"], name="entry_undone_once", condition=Q(counter_of__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(id__gt=F("book") * BOOK, id__lt=(F("book") + 1) * BOOK), name="entry_place"
            ),
            models.CheckConstraint(condition=Q(lines__gte=2, lines__lt=LINE) & ~Q(key=""), name="entry_lines"),
        )
        indexes = (models.Index(fields=["book", "case", "id"], name="entry_case", condition=~Q(case="")),)

    def __str__(self) -> str:
        return self.number

    @property
    def no(self) -> int:
        """The number in its book, from 1 without gaps."""
        return int(self.id % BOOK)

    @property
    def number(self) -> str:
        """The number as it is printed: `JZ-0027`."""
        return f"JZ-{self.no:04d}"


class Posting(models.Model):
    """One line of an entry: an amount in fen on one side of one account. Never changed, never removed.

    `value_on` repeats the entry's (checked). `bank_txn_no` is the bank's number of the movement, once an account.
    """

    id = PlacedKey(primary_key=True)
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, related_name="postings", db_index=False, db_constraint=False
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    subject = models.CharField(max_length=60, default="", blank=True)
    value_on = models.DateField()
    debit = models.BigIntegerField(default=0)
    credit = models.BigIntegerField(default=0)
    bank_txn_no = models.CharField(max_length=60, default="", blank=True)

    class Meta:
        """Statements are read by account, or account and subject, in the order of value dates."""

        constraints = (
            models.UniqueConstraint(
                fields=["account", "bank_txn_no"], name="posting_txn", condition=~Q(bank_txn_no="")
            ),
            models.CheckConstraint(
                condition=Q(debit__gt=0, credit=0) | Q(debit=0, credit__gt=0), name="posting_one_side"
            ),
            models.CheckConstraint(
                condition=Q(id__gt=F("entry") * LINE, id__lt=(F("entry") + 1) * LINE), name="posting_place"
            ),
        )
        indexes = (
            models.Index(fields=["account", "value_on", "id"], name="posting_account"),
            models.Index(
                fields=["account", "subject", "value_on", "id"], name="posting_subject", condition=~Q(subject="")
            ),
        )

    def __str__(self) -> str:
        return f"{self.entry_id}:{self.line}"

    @property
    def line(self) -> int:
        """Its line in the entry, from 1."""
        return int(self.id % LINE)


class Balance(models.Model):
    """What is kept of an account (`subject` empty) and of each subject of it: sums of postings, written by triggers.

    `net` is the balance in the account's own direction. `last_on` is the latest value date, `since_on` the earliest on
    which the last seal made it smaller (9999-12-31: on none): where that is earlier, every day since was tested too.
    """

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    subject = models.CharField(max_length=60, default="", blank=True)
    sign = models.SmallIntegerField()
    guarded = models.BooleanField()
    debit = models.BigIntegerField()
    credit = models.BigIntegerField()
    net = models.BigIntegerField()
    count = models.BigIntegerField()
    last_on = models.DateField()
    since_on = models.DateField()

    class Meta:
        """No overdraft is a CHECK on the kept row."""

        constraints = (
            models.UniqueConstraint(fields=["account", "subject"], name="balance_once"),
            models.CheckConstraint(condition=Q(guarded=False) | Q(net__gte=0), name="balance_no_overdraft"),
            models.CheckConstraint(condition=Q(net=F("sign") * (F("debit") - F("credit"))), name="balance_net"),
        )

    def __str__(self) -> str:
        return f"{self.account_id}:{self.subject} {self.net}"


class Day(models.Model):
    """What was posted to an account, or a subject of it, on one value date: the balance of any day is a short sum."""

    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    subject = models.CharField(max_length=60, default="", blank=True)
    value_on = models.DateField()
    debit = models.BigIntegerField()
    credit = models.BigIntegerField()

    class Meta:
        """One row a day."""

        constraints = (models.UniqueConstraint(fields=["account", "subject", "value_on"], name="day_once"),)

    def __str__(self) -> str:
        return f"{self.account_id}:{self.subject} {self.value_on}"


class Period(models.Model):
    """A month that was closed by two hands: its sums, the last entry at that moment. Inserting it closes the month."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="periods", db_index=False)
    first_on = models.DateField()
    last_on = models.DateField()
    last_no = models.BigIntegerField()
    figures = models.JSONField(default=dict)
    maker = models.CharField(max_length=100)
    maker_id = models.BigIntegerField(null=True)
    checker = models.CharField(max_length=100)
    checker_id = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField()

    class Meta:
        """Periods follow each other."""

        constraints = (
            models.UniqueConstraint(fields=["book", "first_on"], name="period_once"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="period_dates"),
            models.CheckConstraint(
                condition=Q(checker_id__isnull=True) | Q(maker_id__isnull=True) | ~Q(checker_id=F("maker_id")),
                name="period_two_hands",
            ),
        )

    def __str__(self) -> str:
        return f"{self.book_id} {self.first_on:%Y-%m}"


class Draft(models.Model):
    """What one hand prepared and another decides: an entry, a counter-entry, the close of a month, a settlement."""

    class Act(models.TextChoices):
        """What is asked for."""

        ENTRY = "entry", "记账"
        COUNTER = "counter", "对冲"
        CLOSE = "close", "结账"
        SETTLE = "settle", "处理差异"

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", "待复核"
        DONE = "done", "已入账"
        REFUSED = "refused", "已退回"

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    act = models.CharField(max_length=10, choices=Act.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    content = models.JSONField()
    title = models.CharField(max_length=200)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    maker_for = models.BigIntegerField(null=True)
    maker_name = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checker_name = models.CharField(max_length=100, default="", blank=True)
    checked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    entry = models.ForeignKey(
        Entry, on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """What waits is found by book."""

        constraints = (
            models.CheckConstraint(
                condition=Q(act__in=["entry", "counter", "close", "settle"]), name="draft_act_known"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", checked_at__isnull=True)
                | Q(state__in=["done", "refused"], checked_at__isnull=False),
                name="draft_decided",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | Q(maker__isnull=True) | ~Q(checker=F("maker")),
                name="draft_two_hands",
            ),
        )
        indexes = (
            models.Index(fields=["book", "state", "id"], name="draft_waiting"),
            models.Index(fields=["state", "id"], name="draft_state"),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.title}"

    @property
    def standing(self) -> str:
        """Where it stands, in words: what is done is in the books, or closed."""
        done = self.state == Draft.State.DONE
        return "已结账" if done and self.act == Draft.Act.CLOSE else Draft.State(self.state).label


class Opening(models.Model):
    """A book that one hand proposes and another opens: of which plan, under which key, with what was asked for."""

    class State(models.TextChoices):
        """Where it stands."""

        PROPOSED = "proposed", "待复核"
        DONE = "done", "已开立"
        REFUSED = "refused", "已退回"

    plan = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    organ = models.CharField(max_length=80)
    opened_on = models.DateField()
    told = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    maker_for = models.BigIntegerField(null=True)
    maker_name = models.CharField(max_length=100)
    made_at = models.DateTimeField()
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    checker_name = models.CharField(max_length=100, default="", blank=True)
    checked_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, default="", blank=True)
    book = models.ForeignKey(Book, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        """One proposal a book waits; what is open has its book, and was checked by another hand."""

        constraints = (
            models.UniqueConstraint(fields=["key"], name="opening_waits_once", condition=Q(state="proposed")),
            models.CheckConstraint(
                condition=Q(state="proposed", checked_at__isnull=True, book__isnull=True)
                | Q(state="refused", checked_at__isnull=False, book__isnull=True)
                | Q(state="done", checked_at__isnull=False, book__isnull=False),
                name="opening_decided",
            ),
            models.CheckConstraint(
                condition=Q(checker__isnull=True) | Q(maker__isnull=True) | ~Q(checker=F("maker")),
                name="opening_two_hands",
            ),
        )
        indexes = (models.Index(fields=["state", "id"], name="opening_state"),)

    def __str__(self) -> str:
        return f"{self.key} {self.state}"


class Proof(models.Model):
    """The nightly re-sum of a book: up to which entry, what it found, and the chain over the digests of its seals."""

    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    last_no = models.BigIntegerField()
    debit = models.BigIntegerField()
    credit = models.BigIntegerField()
    faults = models.JSONField(default=list)
    made_at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        """Numbered without gaps."""

        constraints = (models.UniqueConstraint(fields=["book", "number"], name="proof_number"),)

    def __str__(self) -> str:
        return f"{self.book_id} {self.number}"


from luoshi.office.funds.bank_models import (  # noqa: E402 - the app's models are found here
    Alarm,
    BankLink,
    BankMessage,
    Difference,
    Match,
    PaymentInstruction,
    Sheet,
    Statement,
    StatementLine,
)
from luoshi.office.funds.kin_models import Kin  # noqa: E402 - the app's models are found here

__all__ = [
    "Account", "Alarm", "Balance", "BankLink", "BankMessage", "Book", "Day", "Difference", "Draft", "Entry", "Kin",
    "Kind", "Match", "Opening", "Part", "PaymentInstruction", "Period", "Posting", "Proof", "Seal", "Sheet", "Side",
    "Statement", "StatementLine",
]  # fmt: skip
