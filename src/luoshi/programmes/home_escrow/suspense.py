"""Money in suspense, transaction by transaction: who paid it, what of it is left, who has asked for it (6.5, J3, J4).

What the books keep is one sum (2005); what each payer's part of it is follows from the bank's transactions and from the
cases that dispose of them, so that nobody is given what another has paid in.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM
from luoshi.office.funds import tasks
from luoshi.office.funds.models import Account, BankMessage, Book, PaymentInstruction, Posting, StatementLine
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.names import same

PROCEDURE = "home_escrow.suspense"
_MOST = 500
"""How many transactions the list reads; older ones are found by their number."""


@dataclass(slots=True)
class Inflow:
    """A transaction of which money lies, or lay, in suspense: `amount` came, `left` nobody has disposed of (fen)."""

    entry: int
    book: Book
    txn: str
    on: datetime.date
    amount: int
    left: int
    payer: str = ""
    ref: str = ""
    memo: str = ""
    case: Case | None = None

    @property
    def subject(self) -> str:
        """Return what a case about it is about."""
        return f"suspense:{self.entry}"


def inflows(books: Iterable[Book], *, txn: str = "") -> list[Inflow]:
    """Return what the bank brought into suspense, oldest first: the last few hundred, or one transaction's."""
    kept = list(books)
    rows = Posting.objects.filter(account__book__in=kept, account__part="suspense", credit__gt=0)
    rows = rows.select_related("entry", "account__book")
    if txn:
        banks = Account.objects.filter(book__in=kept, code="1001").values_list("pk", flat=True)
        rows = rows.filter(entry__key__in=[f"bank:{pk}:{txn}" for pk in banks])
    else:
        rows = rows.filter(entry__key__startswith="bank:")
    found = [
        Inflow(one.entry_id, one.account.book, one.entry.key.split(":", 2)[2], one.value_on, one.credit, one.credit)
        for one in rows.order_by("-value_on", "-pk")[:_MOST]
    ]
    _name(found)
    _dispose(found)
    return sorted(found, key=lambda one: (one.on, one.entry))


def _name(rows: Sequence[Inflow]) -> None:
    """Fill in who paid, and for what, from the bank's message or its statement."""
    account = {one.book_id: one.pk for one in Account.objects.filter(book__in={row.book for row in rows}, code="1001")}
    numbers = [row.txn for row in rows]
    told: dict[tuple[int | None, str], tuple[str, str, str]] = {}
    lines = StatementLine.objects.filter(account__in=account.values(), bank_txn_no__in=numbers, direction="C")
    for line in lines:
        told[line.account_id, line.bank_txn_no] = (line.counter_name, line.ref, line.memo)
    messages = BankMessage.objects.filter(way="in", account__in=account.values(), bank_txn_no__in=numbers)
    for message in messages:
        body = json.loads(message.body)
        payer, ref, memo = (str(body.get(name) or "").strip() for name in ("counter_name", "ref", "memo"))
        told[message.account_id, message.bank_txn_no] = (payer, ref, memo)
    for row in rows:
        row.payer, row.ref, row.memo = told.get((account.get(row.book.pk), row.txn), ("", "", ""))


def _dispose(rows: Sequence[Inflow]) -> None:
    """Take off what cases have disposed of; a payment that failed or was withdrawn gives it back."""
    by_subject = {row.subject: row for row in rows}
    known = list(Case.objects.filter(procedure=PROCEDURE, subject__in=list(by_subject)).order_by("pk"))
    undone = set(
        PaymentInstruction.objects.filter(
            type="SEND_BACK", claim__in=[one.number for one in known], state__in=("failed", "cancelled"),
            replaces__isnull=True,
        ).values_list("claim", flat=True)
    )  # fmt: skip
    for case in known:
        if case.state == "refused" or (case.state == "returning" and case.number in undone):
            continue
        row = by_subject[case.subject]
        row.left -= int(case.facts["amount"])
        row.case = case if case.is_open else row.case


def inflow_of(book: Book, payer: str, amount: int, txn: str = "") -> Inflow:
    """Return the transaction of which `amount` of `payer` may be disposed of; the oldest that has so much left.

    Errors: E_NOT_FOUND (no such transaction, nothing of that payer), E_CAPACITY (less is left).
    """
    rows = inflows([book], txn=txn)
    if not rows:
        what = f"流水“{txn[:60]}”" if txn else "钱"
        raise LuoshiError("E_NOT_FOUND", f"这个账户的待查来款里没有这笔{what}。",
                          fields={"fields": {"txn": f"这个账户的待查来款里没有这笔{what}"}})  # fmt: skip
    mine = [one for one in rows if same(one.payer, payer)] or [one for one in rows if not one.payer]
    if not mine:
        told = {"fields": {"payer": f"待查来款里没有“{payer[:60]}”付的钱，请核对付款人"}}
        raise LuoshiError("E_NOT_FOUND", f"待查来款里没有“{payer[:60]}”付的钱，请核对付款人。", fields=told,
                          citation=f"{RULES} 第九条")  # fmt: skip
    if (row := next((one for one in mine if one.left >= amount), None)) is None:
        most = max(one.left for one in mine)
        told = {"fields": {"amount": f"这笔来款最多还有 {Money(most)} 元"}}
        raise LuoshiError("E_CAPACITY", f"“{payer[:60]}”的待查来款单笔最多还有 {Money(most)} 元，请按流水逐笔办理。",
                          fields=told, citation=f"{RULES} 第九条")  # fmt: skip
    return row


def of_case(book: Book, case: Case) -> Inflow | None:
    """Return the transaction a case disposes of, None where the case names none."""
    return next((one for one in inflows([book], txn=str(case.facts.get("txn") or "")) if one.subject == case.subject),
                None)  # fmt: skip


def to_reverse(book: Book, payer: str, amount: int, txn: str) -> Inflow | None:
    """Return the transaction in suspense that a reversal takes back: the one it names, else one of payer and amount."""
    rows = [one for one in inflows([book], txn=txn) if one.left > 0]
    if txn:
        return rows[0] if rows else None
    wholes = {one.entry_id: one.debit for one in Posting.objects.filter(
        entry__in=[row.entry for row in rows], account__code="1001")}  # fmt: skip
    return next((one for one in rows if same(one.payer, payer) and wholes.get(one.entry) == amount), None)


def note_reversed(row: Inflow, amount: int, reason: str) -> None:
    """Note that the bank has taken so much of a transaction back: a case that is over when it begins."""
    told = {"account": row.book.key, "payer": row.payer or "未写", "amount": str(Money(amount)), "txn": row.txn}
    case = cases.open_case(actor=PROGRAM, procedure=PROCEDURE, title=f"{row.payer}来款冲回"[:100], facts=told,
                           organ=row.book.organ)  # fmt: skip
    cases.act(actor=PROGRAM, case=case.pk, step="reversed", data={"reason": reason[:200]})


def settled(book: Book, case: Case) -> None:
    """Withdraw the matter of a transaction of which nothing is left to find out."""
    row = of_case(book, case)
    if row is not None and row.left <= 0:
        tasks.claimed(book, row.entry, row.amount, row.on)
