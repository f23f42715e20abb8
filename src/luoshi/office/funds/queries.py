"""The reads. Each costs the same however many postings there are: kept balances, days, ranges of primary keys."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import Case, Count, F, Max, Min, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, TruncMonth

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import plans
from luoshi.office.funds.models import (
    BOOK,
    LINE,
    WITH_CASE,
    WITH_SUBJECT,
    Account,
    Balance,
    Book,
    Day,
    Difference,
    Draft,
    Entry,
    Kind,
    Opening,
    Part,
    PaymentInstruction,
    Period,
    Posting,
    Proof,
    Seal,
    Sheet,
    Side,
    Statement,
)
from luoshi.office.paging import Key, KeysetPage, keyset_page
from luoshi.office.permissions import require_visible, scope_of

PAGE = 50
ONE_DAY = datetime.timedelta(days=1)


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


# --- books and balances -----------------------------------------------------------------------------------------------


def visible_books(actor: Actor) -> QuerySet[Book]:
    """Return the books the actor may see, by room and key."""
    scope = scope_of(actor, "fund.see")
    rows = Book.objects.order_by("room", "key")
    if scope.everywhere:
        return rows
    return rows.filter(Q(organ__in=scope.organs) | Q(plan__in=plans.seen_by(scope.organs)))


def visible_book(actor: Actor, key: str) -> Book:
    """Return a book the actor may see; E_NOT_FOUND otherwise."""
    found = Book.objects.filter(key=key).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这本账簿。")
    require_visible(actor, "fund.see", found.seen_by, "这本账簿")
    return found


class First(NamedTuple):
    """How many wait (bounded), and the page of the first."""

    many: int
    href: str


class Awaited(NamedTuple):
    """What waits for the actor as the second hand."""

    drafts: First
    payments: First
    openings: First


def awaited(actor: Actor, bound: int) -> Awaited:
    """Return what others prepared and the actor may decide, each counted up to `bound`; three queries."""
    hands = sorted(actor.hands)
    checks, opens = scope_of(actor, "fund.check"), scope_of(actor, "fund.open")
    drafts = Draft.objects.filter(state=Draft.State.PROPOSED)
    payments = PaymentInstruction.objects.filter(state=PaymentInstruction.State.DRAFTED)
    openings = Opening.objects.filter(state=Opening.State.PROPOSED).exclude(maker__in=hands)
    drafts, payments = drafts.exclude(maker__in=hands), payments.exclude(drafted_by__in=hands)
    if not checks.everywhere:
        drafts, payments = drafts.filter(book__organ__in=checks.organs), payments.filter(book__organ__in=checks.organs)
    if not opens.everywhere:
        openings = openings.filter(organ__in=opens.organs)

    def first(rows: QuerySet[Any], where: str) -> First:
        found = list(rows.order_by("pk").values_list("pk", flat=True)[:bound])
        return First(len(found), f"/funds/{where}/{found[0]}/" if found else "")

    return Awaited(first(drafts, "drafts"), first(payments, "payments"), first(openings, "openings"))


def account_of(book: Book, code: str) -> Account:
    """Return an account by its code; E_NOT_FOUND."""
    found = Account.objects.filter(book=book, code=code).select_related("book").first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"账簿里没有科目 {code[:30]}。")
    return found


def balance(account: Account, subject: str = "") -> int:
    """Return the balance now, in the account's own direction (fen)."""
    row = Balance.objects.filter(account=account, subject=subject).values_list("net", flat=True).first()
    return int(row or 0)


def balances(book: Book) -> dict[str, int]:
    """Return the balance now of every account of a book by its code; an account without postings has 0."""
    rows = Account.objects.filter(book=book).order_by("seq", "code").values_list("code", "pk")
    kept = dict(Balance.objects.filter(account__book=book, subject="").values_list("account_id", "net"))
    return {code: kept.get(pk, 0) for code, pk in rows}


def _nets_on(books: Sequence[int], day: datetime.date) -> dict[int, int]:
    """Return the balance of every account of the books at the end of `day`, by its key; what had none is left out."""
    rows = Day.objects.filter(account__book__in=books, subject="", value_on__lte=day)
    told = rows.values_list("account_id", "account__normal").annotate(d=Sum("debit"), c=Sum("credit")).order_by()
    return {pk: int(d - c) * (1 if normal == Side.DEBIT else -1) for pk, normal, d, c in told}


def balance_on(account: Account, day: datetime.date, subject: str = "") -> int:
    """Return the balance at the end of `day` by value dates: the balance now less what came later."""
    later = Day.objects.filter(account=account, subject=subject, value_on__gt=day)
    told = later.aggregate(d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0))
    return balance(account, subject) - account.sign * int(told["d"] - told["c"])


def first_day(book: Book) -> datetime.date:
    """Return the first value date of a book, the day it was opened where nothing lies before."""
    first = Day.objects.filter(account__book=book).aggregate(first=Min("value_on"))["first"]
    return min(first or book.opened_on, book.opened_on)


def days_of(book: Book, since: datetime.date) -> Iterator[tuple[datetime.date, dict[str, int]]]:
    """Yield the balances by account code at the end of `since` and of every later value date on which one changed.

    Two queries over kept days: the cost grows with days, not with postings.
    """
    accounts = {one.pk: one for one in Account.objects.filter(book=book)}
    rows = Day.objects.filter(account__book=book, subject="")
    before = rows.filter(value_on__lte=since).values_list("account_id").annotate(d=Sum("debit"), c=Sum("credit"))
    stands = dict.fromkeys(sorted(one.code for one in accounts.values()), 0)
    for pk, owed, had in before:
        stands[accounts[pk].code] = accounts[pk].sign * (owed - had)
    yield since, dict(stands)
    later = (
        rows.filter(value_on__gt=since).order_by("value_on").values_list("value_on", "account_id", "debit", "credit")
    )
    for on, moved in groupby(later, key=lambda row: row[0]):
        for _on, pk, owed, had in moved:
            stands[accounts[pk].code] += accounts[pk].sign * (owed - had)
        yield on, dict(stands)


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One account of a trial balance: opening, turnover of the span, of the year so far, closing.

    Opening and closing are in the account's direction; the year is that of the span's last day.
    """

    account: Account
    opening: int
    debit: int
    credit: int
    year_debit: int
    year_credit: int

    @property
    def closing(self) -> int:
        """The balance at the end."""
        return self.opening + self.account.sign * (self.debit - self.credit)


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial balance (试算平衡表): debits and credits of openings, turnovers and closings are equal, or it says so."""

    first_on: datetime.date
    last_on: datetime.date
    rows: Sequence[TrialRow]

    def _sides(self, of: str) -> tuple[int, int]:
        sides = {"D": 0, "C": 0}
        for row in self.rows:
            value = getattr(row, of)
            # A balance on the other side is shown there, not as a negative one.
            normal = row.account.normal
            other = "C" if normal == "D" else "D"
            sides[normal if value >= 0 else other] += abs(value)
        return sides["D"], sides["C"]

    @property
    def opening(self) -> tuple[int, int]:
        """Debit and credit openings."""
        return self._sides("opening")

    @property
    def turnover(self) -> tuple[int, int]:
        """Debit and credit turnover."""
        return sum(row.debit for row in self.rows), sum(row.credit for row in self.rows)

    @property
    def year(self) -> tuple[int, int]:
        """Debit and credit turnover of the year so far (本年累计)."""
        return sum(row.year_debit for row in self.rows), sum(row.year_credit for row in self.rows)

    @property
    def closing(self) -> tuple[int, int]:
        """Debit and credit closings."""
        return self._sides("closing")

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """The four pairs of sums in the order of the sheet: opening, turnover, year so far, closing."""
        return self.opening, self.turnover, self.year, self.closing

    @property
    def balances(self) -> bool:
        """Tell whether all four pairs are equal."""
        return all(d == c for d, c in self.pairs)


def trial_balance(book: Book, first_on: datetime.date, last_on: datetime.date) -> Trial:
    """Return the trial balance of the span, both days included, by value dates."""
    before, within = Q(value_on__lt=first_on), Q(value_on__gte=first_on)
    this_year = Q(value_on__gte=last_on.replace(month=1, day=1))
    rows = (
        Day.objects.filter(account__book=book, subject="", value_on__lte=last_on)
        .values("account_id")
        .annotate(
            od=Coalesce(Sum("debit", filter=before), 0),
            oc=Coalesce(Sum("credit", filter=before), 0),
            d=Coalesce(Sum("debit", filter=within), 0),
            c=Coalesce(Sum("credit", filter=within), 0),
            yd=Coalesce(Sum("debit", filter=this_year), 0),
            yc=Coalesce(Sum("credit", filter=this_year), 0),
        )
    )
    told = {row["account_id"]: row for row in rows}
    found = []
    for account in Account.objects.filter(book=book).select_related("book").order_by("seq", "code"):
        row = told.get(account.pk, dict.fromkeys(("od", "oc", "d", "c", "yd", "yc"), 0))
        opening = account.sign * (row["od"] - row["oc"])
        found.append(TrialRow(account, opening, row["d"], row["c"], row["yd"], row["yc"]))
    return Trial(first_on, last_on, found)


# --- statements -------------------------------------------------------------------------------------------------------

_STATEMENT_KEYS = (Key("value_on", _day, descending=True), Key("id", int, descending=True))
_STATEMENT_KEYS_UP = (Key("value_on", _day), Key("id", int))


@dataclass(slots=True)
class StatementRow:
    """A line of an account's statement with the balance after it, by value dates."""

    posting: Posting
    entry: Entry
    others: list[str]
    after: int


@dataclass(frozen=True, slots=True)
class MonthSums:
    """What a bound book writes under a month: its turnover (本月合计), the year's so far (本年累计), the balance."""

    until: datetime.date
    debit: int
    credit: int
    year_debit: int
    year_credit: int
    after: int


@dataclass(slots=True)
class AccountStatement:
    """A page of an account's statement (明细账), the balance at either end of the span and its turnover.

    `before` is the balance before the page's first line in time: what a page of a bound book carries forward, with
    `brought`, the turnover of the span before it. `ends` has the sums of each month that ends on the page, by the key
    of its last posting.
    """

    page: KeysetPage[Posting]
    rows: list[StatementRow]
    opening: int
    closing: int
    debit: int
    credit: int
    before: int
    brought: tuple[int, int]
    ends: dict[int, MonthSums]

    @property
    def carried(self) -> tuple[int, int]:
        """The turnover of the span up to the last line of the page."""
        return (
            self.brought[0] + sum(one.posting.debit for one in self.rows),
            self.brought[1] + sum(one.posting.credit for one in self.rows),
        )


def account_statement(
    account: Account,
    *,
    subject: str = "",
    first_on: datetime.date | None = None,
    last_on: datetime.date | None = None,
    after: str = "",
    before: str = "",
    size: int = PAGE,
    oldest_first: bool = False,
) -> AccountStatement:
    """Return a page of the statement of an account, or of one subject of it, within a span of value dates.

    Newest first, or `oldest_first` as in a bound book.
    """
    rows = Posting.objects.filter(account=account)
    if subject:
        rows = rows.filter(WITH_SUBJECT, subject=subject)
    if first_on:
        rows = rows.filter(value_on__gte=first_on)
    if last_on:
        rows = rows.filter(value_on__lte=last_on)
    keys = _STATEMENT_KEYS_UP if oldest_first else _STATEMENT_KEYS
    page = keyset_page(rows, keys, size=size, after=after, before=before)
    found = sorted(page.rows, key=lambda one: (one.value_on, one.pk), reverse=True)
    entries = {one.pk: one for one in Entry.objects.filter(pk__in={one.entry_id for one in found})}
    others = _other_sides(found, entries.values())
    opening = balance_on(account, first_on - ONE_DAY, subject) if first_on else 0
    told, stands = [], opening
    if found:
        top = found[0]
        same = Posting.objects.filter(account=account, value_on=top.value_on, id__gt=top.pk)
        if subject:
            same = same.filter(WITH_SUBJECT, subject=subject)
        step = same.aggregate(d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0))
        stands = balance_on(account, top.value_on, subject) - account.sign * int(step["d"] - step["c"])
        for one in found:
            told.append(StatementRow(one, entries[one.entry_id], others.get(one.pk, []), stands))
            stands -= account.sign * (one.debit - one.credit)
    closing = balance_on(account, last_on, subject) if last_on else balance(account, subject)
    turned = Day.objects.filter(account=account, subject=subject)
    if first_on:
        turned = turned.filter(value_on__gte=first_on)
    if last_on:
        turned = turned.filter(value_on__lte=last_on)
    sums = turned.aggregate(d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0))
    ends = _month_ends(account, subject, found, rows, last_on, bool(page.next if oldest_first else page.previous))
    brought = _brought(turned, rows, found[-1]) if oldest_first and page.previous and found else (0, 0)
    rows_told = told[::-1] if oldest_first else told
    return AccountStatement(page, rows_told, opening, closing, int(sums["d"]), int(sums["c"]), stands, brought, ends)


def _brought(days: QuerySet[Day], rows: QuerySet[Posting], first: Posting) -> tuple[int, int]:
    """Return the turnover of a span before a posting of it: kept days, and the earlier postings of its own day."""
    sums = (
        days.filter(value_on__lt=first.value_on).aggregate(d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0)),
        rows.filter(value_on=first.value_on, id__lt=first.pk).aggregate(
            d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0)
        ),
    )
    return sum(int(one["d"]) for one in sums), sum(int(one["c"]) for one in sums)


def _month_ends(
    account: Account,
    subject: str,
    found: Sequence[Posting],
    rows: QuerySet[Posting],
    last_on: datetime.date | None,
    more: bool,
) -> dict[int, MonthSums]:
    """Return the sums of the months whose last posting is among `found` (newest first); `more` are later ones."""
    if not found:
        return {}
    lasts: dict[datetime.date, Posting] = {}
    for one in found:
        lasts.setdefault(one.value_on.replace(day=1), one)
    newest = max(lasts)
    later = Q(value_on__gt=found[0].value_on) | Q(value_on=found[0].value_on, id__gt=found[0].pk)
    if more and rows.filter(later, value_on__lt=_next_month(newest)).exists():
        del lasts[newest]
    years = {month.year for month in lasts}
    if not years:
        return {}
    first = datetime.date(min(years), 1, 1)
    until = min(_next_month(max(lasts)) - ONE_DAY, last_on or datetime.date.max)
    days = Day.objects.filter(account=account, subject=subject, value_on__gte=first, value_on__lte=until)
    months = days.annotate(month=TruncMonth("value_on")).values_list("month").order_by("month")
    stands, ends = balance_on(account, first - ONE_DAY, subject), {}
    year, owed, had = 0, 0, 0
    for month, debit, credit in months.annotate(d=Sum("debit"), c=Sum("credit")):
        if month.year != year:
            year, owed, had = month.year, 0, 0
        owed, had, stands = owed + debit, had + credit, stands + account.sign * (debit - credit)
        if month in lasts:
            end = min(_next_month(month) - ONE_DAY, until)
            ends[lasts[month].pk] = MonthSums(end, debit, credit, owed, had, stands)
    return ends


def _next_month(day: datetime.date) -> datetime.date:
    return (day.replace(day=28) + datetime.timedelta(days=4)).replace(day=1)


_SHOWN_LINES = 100
"""A page of entries shows so many lines of each; the page of one entry shows all."""


def lines_of(entries: Iterable[Entry], most: int = LINE) -> dict[int, list[Posting]]:
    """Return the postings of entries by entry with their accounts, at most `most` of each; by primary keys."""
    wanted = [one.pk * LINE + n for one in entries for n in range(1, min(one.lines, most) + 1)]
    found: dict[int, list[Posting]] = {}
    for start in range(0, len(wanted), 500):
        rows = Posting.objects.filter(pk__in=wanted[start : start + 500]).select_related("account__book")
        for one in sorted(rows, key=lambda row: row.pk):
            found.setdefault(one.entry_id, []).append(one)
    return found


def _other_sides(rows: Sequence[Posting], entries: Iterable[Entry]) -> dict[int, list[str]]:
    lines = lines_of(entries, _SHOWN_LINES)
    return {
        one.pk: sorted(
            {f"{line.account.code} {line.account.title}" for line in lines.get(one.entry_id, ())
             if bool(line.debit) != bool(one.debit)}
        )
        for one in rows
    }  # fmt: skip


_SUBJECT_KEYS = (Key("subject", str),)


def subjects(
    account: Account, *, text: str = "", open_only: bool = True, after: str = "", before: str = "", size: int = PAGE
) -> KeysetPage[Balance]:
    """Return a page of the subjects of an account with their balances; `text` is how the subject begins."""
    rows = Balance.objects.filter(account=account).exclude(subject="")
    if text:
        rows = rows.filter(subject__gte=text, subject__lt=text + "\U0010ffff")
    if open_only:
        rows = rows.exclude(net=0)
    return keyset_page(rows, _SUBJECT_KEYS, size=size, after=after, before=before)


def subjects_on(account: Account, found: Sequence[Balance], day: datetime.date) -> list[Balance]:
    """Return what a page of subjects had at the end of `day` by value dates; those without postings by then not."""
    wanted = [one.subject for one in found]
    rows = Posting.objects.filter(WITH_SUBJECT, account=account, subject__in=wanted, value_on__lte=day)
    told = rows.values_list("subject").order_by("subject")
    sums = told.annotate(d=Sum("debit"), c=Sum("credit"), n=Count("pk"), last=Max("value_on"))
    return [_balance_of(account, *one) for one in sums]


def sums_of(account: Account, day: datetime.date | None = None) -> Balance | None:
    """Return the sums of an account as a whole, now or at the end of `day`; None before its first posting."""
    if day is None:
        return Balance.objects.filter(account=account, subject="").first()
    told = Day.objects.filter(account=account, subject="", value_on__lte=day).aggregate(
        d=Sum("debit"), c=Sum("credit"), last=Max("value_on")
    )
    return _balance_of(account, "", told["d"], told["c"], 0, told["last"]) if told["last"] else None


def _balance_of(account: Account, subject: str, debit: int, credit: int, count: int, last_on: datetime.date) -> Balance:
    """Return sums in the form in which they are kept; it is not saved."""
    return Balance(
        account=account, subject=subject, sign=account.sign, guarded=account.guarded, debit=debit, credit=credit,
        net=account.sign * (debit - credit), count=count, last_on=last_on,
    )  # fmt: skip


def balances_of_subject(book: Book, subject: str) -> dict[str, int]:
    """Return what a subject has on every account of the book that has subjects, by code."""
    rows = Balance.objects.filter(account__book=book, account__by_subject=True, subject=subject)
    return dict(rows.order_by("account__seq").values_list("account__code", "net"))


# --- the journal ------------------------------------------------------------------------------------------------------

_JOURNAL_KEYS = (Key("id", int, descending=True),)
_JOURNAL_KEYS_UP = (Key("id", int),)


@dataclass(slots=True)
class JournalRow:
    """An entry with its postings, who made and checked it, and the entry that undid it."""

    entry: Entry
    lines: list[Posting]
    seal: Seal
    countered: Entry | None = None
    total: int | None = None

    @property
    def amount(self) -> int:
        """The sum of one side."""
        return self.total if self.total is not None else sum(one.debit for one in self.lines)

    @property
    def debits(self) -> list[Posting]:
        """The lines on the debit side."""
        return [one for one in self.lines if one.debit]

    @property
    def credits(self) -> list[Posting]:
        """The lines on the credit side."""
        return [one for one in self.lines if one.credit]


EVENT_ENTRIES = 50_000
"""A journal of one event looks at so many of the latest entries: no index is kept for it at every posting."""


def journal(
    book: Book,
    *,
    case: str = "",
    event: str = "",
    first_on: datetime.date | None = None,
    last_on: datetime.date | None = None,
    after: str = "",
    before: str = "",
    size: int = PAGE,
    oldest_first: bool = False,
) -> tuple[KeysetPage[Entry], list[JournalRow]]:
    """Return a page of the entries of a book, newest first or `oldest_first`, within a span of value dates.

    `case` is a business number, `event` a row of its table: of an event those among the latest `EVENT_ENTRIES` entries.
    """
    rows = _entries(book, case, event, first_on, last_on)
    keys = _JOURNAL_KEYS_UP if oldest_first else _JOURNAL_KEYS
    page = keyset_page(rows, keys, size=size, after=after, before=before)
    return page, journal_rows(page.rows)


def _entries(
    book: Book, case: str, event: str, first_on: datetime.date | None, last_on: datetime.date | None
) -> QuerySet[Entry]:
    rows = Entry.objects.filter(pk__gt=book.pk * BOOK, pk__lt=(book.pk + 1) * BOOK)
    if case:
        rows = Entry.objects.filter(WITH_CASE, book=book, case=case)
    if event:
        rows = rows.filter(event=event)
        if not case:
            rows = rows.filter(pk__gt=book.pk * BOOK + max(book.last_no - EVENT_ENTRIES, 0))
    if first_on:
        rows = rows.filter(value_on__gte=first_on)
    if last_on:
        rows = rows.filter(value_on__lte=last_on)
        # A closed month takes nothing any more: its entries have at most the number reached when it was closed.
        closed = Period.objects.filter(book=book, last_on__gte=last_on).order_by("last_on").first()
        if closed is not None:
            rows = rows.filter(pk__lte=book.pk * BOOK + closed.last_no)
    return rows


def turnover(
    book: Book, first_on: datetime.date, last_on: datetime.date, case: str = "", event: str = ""
) -> tuple[int, int]:
    """Return debits and credits of the entries of a span, or of those of a business number or an event in it."""
    rows: QuerySet[Any] = Day.objects.filter(
        account__book=book, subject="", value_on__gte=first_on, value_on__lte=last_on
    )
    if case or event:
        rows = Posting.objects.filter(entry__in=_entries(book, case, event, first_on, last_on).values("pk"))
    sums = rows.aggregate(d=Coalesce(Sum("debit"), 0), c=Coalesce(Sum("credit"), 0))
    return int(sums["d"]), int(sums["c"])


def journal_rows(entries: Sequence[Entry], whole: bool = False) -> list[JournalRow]:
    """Return entries with lines, hands and counter-entries, in three queries; of many the first lines each, or all."""
    shown = LINE if whole or len(entries) <= 3 else _SHOWN_LINES
    lines = lines_of(entries, shown)
    cut = [one.pk for one in entries if one.lines > shown]
    sums = {pk: _sum_of(pk) for pk in cut[:PAGE]}
    seals = {one.pk: one for one in Seal.objects.filter(pk__in={one.seal_id for one in entries})}
    undone = {one.counter_of_id: one for one in Entry.objects.filter(counter_of__in=[one.pk for one in entries])}
    return [
        JournalRow(one, lines.get(one.pk, []), seals[one.seal_id], undone.get(one.pk), sums.get(one.pk))
        for one in entries
    ]


RUNNING_ENTRIES = 5_000
"""How far back from the latest entry a page says what the book held after each: balances are kept by day."""


def running(book: Book, entries: Sequence[Entry]) -> dict[int, int]:
    """Return what the book held after each entry of a page of its whole journal, newest first: fen by the entry's key.

    Held are its net assets; in a book that has none, the money in its bank accounts. Empty beyond `RUNNING_ENTRIES`.
    """
    if not entries or book.last_no - entries[-1].no > RUNNING_ENTRIES:
        return {}
    accounts = Account.objects.filter(Q(kind=Kind.FUND) | Q(part=Part.BANK), book=book)
    kinds = dict(accounts.values_list("pk", "kind"))
    funds = [pk for pk, kind in kinds.items() if kind == Kind.FUND]
    held, grown = (funds, F("credit") - F("debit")) if funds else (list(kinds), F("debit") - F("credit"))
    kept = Balance.objects.filter(account__in=held, subject="").order_by().values("subject").annotate(n=Sum(grown))
    # In one statement: what is posted meanwhile is in both or in neither.
    rows = Posting.objects.filter(pk__gt=entries[-1].pk * LINE, pk__lt=(book.pk + 1) * BOOK * LINE, account__in=held)
    moved = list(rows.order_by().values_list("entry").annotate(n=Sum(grown), kept=Subquery(kept.values("n"))))
    now = moved[0][2] if moved else next(iter(kept.values_list("n", flat=True)), 0)
    later = sorted(((entry, change) for entry, change, _kept in moved), reverse=True)
    found, place = {}, 0
    for entry in entries:
        while place < len(later) and later[place][0] > entry.pk:
            now -= later[place][1]
            place += 1
        found[entry.pk] = now
    return found


def journal_within(
    book: Book, first_on: datetime.date, last_on: datetime.date, most: int, case: str = "", event: str = ""
) -> list[JournalRow] | None:
    """Return the entries of a span of value dates, oldest first; None when they have more than `most` lines.

    `case` and `event` as in `journal`.
    """
    rows = _entries(book, case, event, first_on, last_on)
    found = list(rows.order_by("pk")[: most + 1])
    if sum(one.lines for one in found) > most:
        return None
    return [row for start in range(0, len(found), 500) for row in journal_rows(found[start : start + 500], whole=True)]


def _sum_of(entry: int) -> int:
    rows = Posting.objects.filter(pk__gt=entry * LINE, pk__lt=(entry + 1) * LINE)
    return int(rows.aggregate(d=Coalesce(Sum("debit"), 0))["d"])


# --- the book's page --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Overview:
    """What the page of a book shows at once."""

    book: Book
    accounts: list[tuple[Account, int]]
    payments: dict[str, tuple[int, int]]
    drafts: int
    differences: int
    sheets: list[tuple[Account, Sheet | None, Statement | None]] = field(default_factory=list)
    proof: Proof | None = None

    def of(self, code: str) -> int:
        """The balance of one account."""
        return next((net for account, net in self.accounts if account.code == code), 0)

    @property
    def money(self) -> int:
        """What lies in bank accounts."""
        return sum(net for account, net in self.accounts if account.part == Part.BANK)

    @property
    def in_transit(self) -> int:
        """What is on its way out."""
        return sum(net for account, net in self.accounts if account.part == Part.TRANSIT)

    @property
    def suspense(self) -> int:
        """What nobody has claimed yet."""
        return sum(net for account, net in self.accounts if account.part == Part.SUSPENSE)


def overview(book: Book, on: datetime.date | None = None) -> Overview:
    """Return what the page of a book shows, in a constant number of queries; `on`: at the end of that value date.

    Of a day that is past the balances and sheets are told; what waits, waits now, and is left out.
    """
    if on is None:
        kept = dict(Balance.objects.filter(account__book=book, subject="").values_list("account_id", "net"))
    else:
        kept = _nets_on([book.pk], on)
    accounts = [
        (one, kept.get(one.pk, 0))
        for one in Account.objects.filter(book=book).select_related("book").order_by("seq", "code")
    ]
    if on is not None:
        held = [one for one, _ in accounts if one.part == Part.BANK][:20]
        papers = [(one, _latest(Sheet, one, on), _latest_statement(one, on)) for one in held]
        return Overview(book, accounts, {}, 0, 0, papers)
    waiting = (
        PaymentInstruction.objects.filter(book=book, state__in=["drafted", "checked", "sent", "unknown", "returned"])
        .exclude(state="returned", replaced_by__isnull=False)
        .values_list("state", "amount")
    )
    payments: dict[str, tuple[int, int]] = {}
    for state, amount in waiting[:2000]:
        count, fen = payments.get(state, (0, 0))
        payments[state] = (count + 1, fen + amount)
    banks = [one for one, _ in accounts if one.part == Part.BANK]
    return Overview(
        book,
        accounts,
        payments,
        Draft.objects.filter(book=book, state=Draft.State.PROPOSED).count(),
        Difference.objects.filter(account__in=banks, open=True).count(),
        [(one, _latest(Sheet, one), _latest_statement(one)) for one in banks[:20]],
        Proof.objects.filter(book=book).order_by("-number").first(),
    )


def _latest(model: Any, account: Account, on: datetime.date = datetime.date.max) -> Any:
    return model.objects.filter(account=account, on__lte=on).order_by("-on", "-number").first()


def _latest_statement(account: Account, on: datetime.date = datetime.date.max) -> Statement | None:
    return Statement.objects.filter(account=account, last_on__lte=on).order_by("-last_on", "-id").first()


def rows_of_books(books: Sequence[Book], on: datetime.date | None = None) -> list[dict[str, Any]]:
    """Return for each book what the list shows: money, transit, open differences, waiting papers; four queries.

    `on`: the money at the end of that value date.
    """
    ids = [one.pk for one in books]
    parts: dict[tuple[int, str], int] = {}
    if on is None:
        sums = (
            Balance.objects.filter(account__book__in=ids, subject="")
            .exclude(account__part="")
            .values_list("account__book_id", "account__part")
            .annotate(net=Sum("net"))
        )
        parts = {(book, part): net for book, part, net in sums}
    else:
        nets = _nets_on(ids, on)
        for pk, book, part in Account.objects.filter(pk__in=nets).values_list("pk", "book_id", "part"):
            parts[book, part] = parts.get((book, part), 0) + nets[pk]
    return [
        {
            "book": one,
            "bank": parts.get((one.pk, "bank"), 0),
            "transit": parts.get((one.pk, "transit"), 0),
            "suspense": parts.get((one.pk, "suspense"), 0),
            "drafts": counts.get(one.pk, 0),
            "payments": pays.get(one.pk, 0),
            "differences": odd.get(one.pk, 0),
        }
        for counts, pays, odd in [_waiting(ids)]
        for one in books
    ]


def _waiting(ids: Sequence[int]) -> tuple[dict[int, int], dict[int, int], dict[int, int]]:
    one = Sum(Case(When(pk__isnull=False, then=Value(1))))
    drafts = Draft.objects.filter(book__in=ids, state="proposed").values_list("book_id").annotate(n=one)
    pays = PaymentInstruction.objects.filter(book__in=ids, state="drafted").values_list("book_id").annotate(n=one)
    odd = (
        Difference.objects.filter(account__book__in=ids, open=True)
        .annotate(of=F("account__book_id"))
        .values_list("of")
        .annotate(n=one)
    )
    return dict(drafts), dict(pays), dict(odd)
