"""Books and entries: open, post, undo; what a person prepares and another checks; the close of a month.

`post` and `post_many` are for a room's own actions, which have asked for permission and write their own audit entry: the
ledger itself is append-only, sealed and proven each night. What a person books by hand goes through `propose` and `decide`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import plans
from luoshi.office.funds.models import BOOK, Account, Book, Draft, Entry, Period
from luoshi.office.funds.orders import Hand, Line, Order, mirrored
from luoshi.office.funds.writing import Ledger, Posted, ledger_of, order_of, post_all
from luoshi.office.permissions import require, require_other_hand, require_visible


def hand_of(actor: Actor, checker: Actor | None = None) -> Hand:
    """Return the hands of an act; E_SELF when checker and maker are one person."""
    if checker is not None:
        require_other_hand(checker, actor.hands, "复核")
    return Hand(
        actor.name, actor.via, actor.user_id, checker.name if checker else "", checker.user_id if checker else None,
        actor.request_id,
    )  # fmt: skip


# --- books ------------------------------------------------------------------------------------------------------------


def open_book(
    *,
    actor: Actor,
    plan: str,
    opened_on: datetime.date,
    key: str = "",
    title: str = "",
    organ: str = "",
    bank: Mapping[str, tuple[str, str]] | None = None,
    demo: bool = False,
) -> Book:
    """Open a book of a declared plan and return it; one that is open under `key` (the plan's own unless given) stays.

    `bank` names for a bank account's code the bank's 12-digit number and the account number. Side effects: accounts,
    audit. Errors: E_FORBIDDEN, E_NOT_FOUND (plan), E_INPUT, E_DUPLICATE (bank account of another book).
    """
    declared = plans.plan_of(plan)
    organ = organ or declared.organ
    require(actor, "fund.open", [organ])
    key = key or declared.key
    if (found := Book.objects.filter(key=key).first()) is not None:
        return found
    numbers = dict(bank or {})
    for code, (number, account) in numbers.items():
        if not (len(number) == 12 and number.isascii() and number.isdigit()) or not 1 <= len(account) <= 40:
            raise LuoshiError("E_INPUT", f"科目 {code}：行号应为12位数字，账号1到40位。", fields={"field": code})
        if Account.objects.filter(bank=number, number=account).exists():
            raise LuoshiError("E_DUPLICATE", f"银行账户 尾号{account[-4:]} 已属于另一本账。", fields={"field": code})
    with transaction.atomic():
        book = Book.objects.create(
            key=key, room=declared.room, plan=declared.key, title=title or declared.title, organ=organ,
            basis=declared.basis, opened_on=opened_on, demo=demo, created_at=CLOCK.now(),
        )  # fmt: skip
        for seq, one in enumerate(declared.accounts):
            _add(book, one, seq, numbers.get(one.code, ("", "")))
        audit.append(actor=actor, act="fund.open", subject=f"book:{book.key}", after={"plan": plan}, basis=book.basis)
    return book


def add_account(*, actor: Actor, book: str, account: plans.AccountPlan, bank: tuple[str, str] = ("", "")) -> Account:
    """Add an account to an open book (a further bank); one that is there stays. Errors: E_FORBIDDEN, E_NOT_FOUND."""
    found = book_of(book)
    require(actor, "fund.open", [found.organ])
    known = Account.objects.filter(book=found, code=account.code).first()
    if known is not None:
        return known
    with transaction.atomic():
        seq = Account.objects.filter(book=found).count()
        row = _add(found, account, seq, bank)
        audit.append(actor=actor, act="fund.open", subject=f"book:{found.key}", after={"account": account.code})
    return row


def _add(book: Book, plan: plans.AccountPlan, seq: int, bank: tuple[str, str]) -> Account:
    return Account.objects.create(
        book=book, code=plan.code, title=plan.title, kind=plan.kind, normal=plan.side, by_subject=plan.by_subject,
        guarded=plan.guarded, part=plan.part, seq=seq, bank=bank[0], number=bank[1],
    )  # fmt: skip


def book_of(key: str) -> Book:
    """Return a book by its key; E_NOT_FOUND."""
    found = Book.objects.filter(key=key).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账簿“{key[:80]}”。")
    return found


# --- entries ----------------------------------------------------------------------------------------------------------


def post(
    *,
    book: str | Ledger,
    actor: Actor,
    key: str,
    value_on: datetime.date,
    lines: Sequence[Line],
    event: str = "",
    memo: str = "",
    basis: str = "",
    case: str = "",
    checker: Actor | None = None,
) -> Posted:
    """Post one entry and return its place; the same `key` and body again give the first answer (`new` False).

    Errors: see `writing.post_all`.
    """
    ledger = ledger_of(book) if isinstance(book, str) else book
    order = Order(key, value_on, lines, event, memo, basis, case)
    return post_all(ledger, [order], hand_of(actor, checker))[0]


def post_many(
    *, book: str | Ledger, actor: Actor, orders: Sequence[Order], checker: Actor | None = None
) -> list[Posted]:
    """Post any number of entries as one act, all or none."""
    ledger = ledger_of(book) if isinstance(book, str) else book
    return post_all(ledger, orders, hand_of(actor, checker))


def counter(
    *,
    book: str | Ledger,
    actor: Actor,
    entry: int,
    key: str,
    value_on: datetime.date | None = None,
    event: str = "",
    memo: str = "",
    basis: str = "",
    checker: Actor | None = None,
) -> Posted:
    """Undo the entry (its id) by a linked counter-entry with the sides exchanged; today's date unless given.

    Errors: those of posting; E_DUPLICATE when it is undone already, E_NOT_FOUND, E_STATE for a counter-entry itself.
    """
    ledger = ledger_of(book) if isinstance(book, str) else book
    first = entry_of(ledger.book, entry)
    if first.counter_of_id is not None:
        raise LuoshiError("E_STATE", f"{first.number} 本身是对冲分录，不能再对冲；请另记一笔。")
    codes = {one.pk: code for code, one in ledger.accounts.items()}
    order = order_of(first, codes)
    undo = Order(
        key, value_on or CLOCK.today(), mirrored(order.lines), event or first.event, memo or f"对冲 {first.number}",
        basis or first.basis, first.case, first.pk,
    )  # fmt: skip
    return post_all(ledger, [undo], hand_of(actor, checker))[0]


def entry_of(book: Book, entry: int) -> Entry:
    """Return an entry of `book` by its id or its number; E_NOT_FOUND."""
    found = Entry.objects.filter(pk=entry if entry > BOOK else book.pk * BOOK + entry, book=book).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这笔分录。")
    return found
