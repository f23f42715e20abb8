"""Lines of a statement and postings of the account: which are the same; what is left on either side is a difference.

By the bank's number for certain. A line that names an instruction of ours on its way, with its payee and amount, is
that payment's success and posts it. The rest is proposed (direction, amount, date within a working day) and accepted by
a person, or settled by two.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import workdays
from luoshi.office.funds import payments, tasks
from luoshi.office.funds.models import (
    BOOK,
    LINE,
    WITH_TXN,
    Account,
    Difference,
    Entry,
    Match,
    Posting,
    Statement,
    StatementLine,
)
from luoshi.office.funds.orders import Hand
from luoshi.office.permissions import require, require_visible

_T = TypeVar("_T")
_MOST = 5_000
"""Of open lines so many are looked at for proposals."""


def match(account: Account, statement: Statement) -> dict[str, int]:
    """Match the open lines of an account after `statement` was taken, in the caller's transaction; count each kind."""
    lines = list(StatementLine.objects.filter(account=account, matched=False).order_by("on", "pk"))
    settled = sum(_settles(account, line) for line in lines if line.direction == "D" and line.ref)
    found = _by_number(account, lines)
    _difference_rows(account, statement)
    return {"matched": found, "settled": settled, "open": Difference.objects.filter(account=account, open=True).count()}


def _settles(account: Account, line: StatementLine) -> bool:
    """Post the payment a line is the success of; tell whether it was one."""
    if Posting.objects.filter(WITH_TXN, account=account, bank_txn_no=line.bank_txn_no).exists():
        return False
    row = payments.locked(line.ref)
    if row is None or row.account_id != account.pk or not payments.fits(row, line.amount, line.counter_account):
        return False
    try:
        with transaction.atomic():
            payments.apply_result(
                row,
                "success",
                txn=line.bank_txn_no,
                on=line.on,
                reason="",
                hand=Hand(f"银行 {account.bank} 对账单", "bank"),
            )
    except LuoshiError:
        return False
    return True


def _by_number(account: Account, lines: Sequence[StatementLine]) -> int:
    numbers = {line.bank_txn_no: line for line in lines}
    count = 0
    for piece in _pieces(list(numbers), 500):
        postings = Posting.objects.filter(account=account, bank_txn_no__in=piece)
        fitting = [
            (numbers[one.bank_txn_no], one) for one in postings if fits(numbers[one.bank_txn_no], one)
        ]  # fmt: skip
        _join(account, fitting, "txn", "对账")
        count += len(fitting)
    return count


def fits(line: StatementLine, posting: Posting) -> bool:
    """Tell whether direction and amount agree; a bank's credit is the account's debit."""
    return line.amount == (posting.debit if line.direction == "C" else posting.credit)


def _join(
    account: Account, pairs: Sequence[tuple[StatementLine, Posting]], how: str, maker: str, checker: str = ""
) -> None:
    now = CLOCK.now()
    Match.objects.bulk_create(
        [
            Match(account=account, line=line, posting=one, how=how, maker=maker, checker=checker, at=now)
            for line, one in pairs
        ],
        batch_size=500,
    )
    StatementLine.objects.filter(pk__in=[line.pk for line, _ in pairs]).update(matched=True)
    keys = [f"line:{line.pk}" for line, _ in pairs] + [f"posting:{one.pk}" for _, one in pairs]
    for piece in _pieces(keys, 500):
        for row in Difference.objects.filter(account=account, open=True, key__in=piece).select_related("account__book"):
            close(row, by=maker, how="已勾对")


def close(row: Difference, *, by: str, how: str) -> None:
    """Close a difference and withdraw its matter."""
    row.open, row.settled_at, row.settled_by, row.how = False, CLOCK.now(), by[:100], how[:200]
    row.save(update_fields=["open", "settled_at", "settled_by", "how"])
    if row.due_on is not None and row.due_on < CLOCK.today():
        tasks.settled(row)


def unmatched_postings(account: Account, since_no: int) -> list[Posting]:
    """Return postings of the account without a match, of entries after number `since_no`."""
    lower = (account.book_id * BOOK + since_no + 1) * LINE
    rows = Posting.objects.filter(pk__gt=lower, pk__lt=(account.book_id + 1) * BOOK * LINE, account=account)
    return list(rows.filter(match__isnull=True).order_by("pk"))


Pair = tuple[Posting, Posting]


def pairs_within(account: Account, entries: Iterable[int]) -> list[Pair]:
    """Return of these entries (ids) what was booked and undone on the account before the bank had any of it.

    A posting and its mirror in the counter-entry, neither matched: one pair within the books, no difference.
    """
    ids = list(entries)
    found: list[Entry] = []
    for piece in _pieces(ids, 500):
        own = Q(pk__in=piece, counter_of__isnull=False) | Q(counter_of__in=piece)
        found += Entry.objects.filter(own, book=account.book_id)
    undoing = {one.counter_of_id: one.pk for one in found if one.counter_of_id is not None}
    postings: dict[int, list[Posting]] = {}
    for piece in _pieces([*undoing.keys(), *undoing.values()], 500):
        rows = Posting.objects.filter(account=account, entry__in=piece, match__isnull=True).order_by("pk")
        for one in rows:
            postings.setdefault(one.entry_id, []).append(one)
    pairs: list[Pair] = []
    for first, second in undoing.items():
        mirrors = list(postings.get(second, ()))
        for one in postings.get(first, ()):
            mirror = next((two for two in mirrors if (two.debit, two.credit) == (one.credit, one.debit)), None)
            if mirror is not None:
                mirrors.remove(mirror)
                pairs.append((one, mirror))
    return pairs


def latest_pairs(account: Account, most: int) -> list[Pair]:
    """Return the latest pairs within the books of an account."""
    undone = Entry.objects.filter(book=account.book_id, counter_of__isnull=False).order_by("-pk")
    return pairs_within(account, list(undone.values_list("pk", flat=True)[:most]))


def _difference_rows(account: Account, statement: Statement) -> None:
    """Open a difference for what has no other side yet: lines now, postings since the statement before.

    What was undone before the bank had it is a pair within the books: both are left out, an earlier difference ends.
    """
    organ = account.book.organ
    known = set(Difference.objects.filter(account=account, open=True).values_list("key", flat=True))
    found = [
        Difference(
            account=account, sort=Difference.Sort.BANK_ONLY, key=f"line:{line.pk}", line=line,
            direction=line.direction, amount=line.amount, since_on=line.on, organ=organ,
            due_on=tasks.due_after(line.on), text=f"{line.counter_name} {line.memo}".strip()[:300],
        )
        for line in StatementLine.objects.filter(account=account, matched=False)
        if f"line:{line.pk}" not in known
    ]  # fmt: skip
    before = statement.previous.book_no if statement.previous is not None else 0
    postings = unmatched_postings(account, before)
    pairs = pairs_within(account, {one.entry_id for one in postings})
    inside = {one.pk: Entry(pk=pair[1].entry_id).number for pair in pairs for one in pair}
    keys = [f"posting:{pk}" for pk in inside]
    for piece in _pieces(keys, 500):
        for row in Difference.objects.filter(account=account, open=True, key__in=piece).select_related("account__book"):
            close(row, by="对账", how=f"账内已由 {inside[row.posting_id or 0]} 对冲")
    found += [
        Difference(
            account=account, sort=Difference.Sort.BOOK_ONLY, key=f"posting:{one.pk}", posting=one,
            direction="C" if one.debit else "D", amount=one.debit or one.credit, since_on=one.value_on,
            organ=organ, due_on=tasks.due_after(one.value_on), text=one.bank_txn_no,
        )
        for one in postings
        if f"posting:{one.pk}" not in known and one.pk not in inside
    ]  # fmt: skip
    Difference.objects.bulk_create(found, batch_size=500)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A line and the one posting that may be it."""

    line: StatementLine
    posting: Posting


def proposals(account: Account) -> list[Proposal]:
    """Return pairs that agree in direction, amount and date within a working day, and have no other candidate."""
    lines = list(StatementLine.objects.filter(account=account, matched=False).order_by("on", "pk")[:_MOST])
    ids = Difference.objects.filter(account=account, open=True, sort=Difference.Sort.BOOK_ONLY)
    postings = list(Posting.objects.filter(pk__in=ids.values("posting_id"))[:_MOST])
    by_amount: dict[tuple[str, int], list[Posting]] = {}
    for one in postings:
        by_amount.setdefault(("C" if one.debit else "D", one.debit or one.credit), []).append(one)
    wanted: dict[int, list[StatementLine]] = {}
    candidates: dict[int, list[Posting]] = {}
    for line in lines:
        near = [one for one in by_amount.get((line.direction, line.amount), ())
                if not one.bank_txn_no and _near(line.on, one.value_on)]  # fmt: skip
        candidates[line.pk] = near
        for one in near:
            wanted.setdefault(one.pk, []).append(line)
    return [
        Proposal(line, candidates[line.pk][0])
        for line in lines
        if len(candidates[line.pk]) == 1 and len(wanted[candidates[line.pk][0].pk]) == 1
    ]


def _near(one: datetime.date, other: datetime.date) -> bool:
    early, late = sorted((one, other))
    return workdays.after(early, late) <= 1


def accept(*, actor: Actor, account: Account, lines: Iterable[int]) -> int:
    """Accept the proposals of these lines (ids); return how many. What is no proposal any more is left out.

    Side effects: matches, differences closed, audit. Errors: E_FORBIDDEN, E_NOT_FOUND.
    """
    require_visible(actor, "fund.see", account.book.seen_by, "这个账户")
    require(actor, "fund.bank", [account.book.organ])
    wanted = set(lines)
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        pairs = [(one.line, one.posting) for one in proposals(account) if one.line.pk in wanted]
        _join(account, pairs, "like", actor.name)
        audit.append(
            actor=actor, act="fund.match", subject=f"account:{account.book.key}:{account.code}", permission="fund.bank",
            after={"pairs": [[line.bank_txn_no, one.pk] for line, one in pairs[:100]], "count": len(pairs)},
        )  # fmt: skip
    return len(pairs)


def by_hand(account: Account, line: StatementLine, posting: Posting, maker: str, checker: str) -> None:
    """Match a line and a posting two persons say are the same. Errors: E_SUM, E_STATE. Caller's transaction."""
    if not fits(line, posting) or line.account_id != account.pk or posting.account_id != account.pk:
        raise LuoshiError("E_SUM", "流水和分录的方向或金额不同，不能勾对。")
    if Match.objects.filter(Q(line=line) | Q(posting=posting)).exists():
        raise LuoshiError("E_STATE", "流水或分录已经勾对过。")
    _join(account, [(line, posting)], "hand", maker, checker)


def _pieces(values: list[_T], size: int) -> Iterable[list[_T]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def known_numbers(account: Account, numbers: Sequence[str]) -> set[str]:
    """Return which of the bank's numbers are booked on the account."""
    found: set[str] = set()
    for piece in _pieces(list(numbers), 500):
        rows = Posting.objects.filter(account=account, bank_txn_no__in=piece)
        found |= set(rows.values_list("bank_txn_no", flat=True))
    return found
