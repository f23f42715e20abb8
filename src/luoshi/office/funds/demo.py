"""The bank's side of a demonstration: orders it has had, a statement to yesterday, the sheet, the nightly proof."""

from __future__ import annotations

import datetime
import hashlib

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.funds import proof, reconcile, statements
from luoshi.office.funds.models import Account, BankMessage, Book, PaymentInstruction, Posting

_OPEN = ("drafted", "checked", "sent", "unknown")


def with_the_bank(*, maker: Actor, book: Book, fee: int = 0) -> None:
    """Let the bank tell of everything booked to yesterday and take `fee` fen that nobody has booked yet.

    The fee stands on the list of differences, with the keeper's name on it; the sheet agrees but for that line.
    """
    today = CLOCK.today()
    until = today - datetime.timedelta(days=1)
    for account in Account.objects.select_related("book").filter(book=book, part="bank"):
        moved = Posting.objects.filter(account=account, value_on__lte=until).exclude(bank_txn_no="").order_by("pk")
        rows = [
            statements.Row(n, one.value_on, one.bank_txn_no, "C" if one.debit else "D", one.debit or one.credit)
            for n, one in enumerate(moved, 1)
        ]
        if fee:
            rows.append(statements.Row(len(rows) + 1, until, f"F{until:%Y%m%d}001", "D", fee, memo="账户管理费"))
        first = min((one.on for one in rows), default=until)
        closing = sum(one.amount if one.direction == "C" else -one.amount for one in rows)
        digest = hashlib.sha256(f"demo {book.key} {account.code} {until}".encode()).hexdigest()
        statements.take(actor=maker, account=account, source="xlsx",
                        parsed=statements.Parsed(first, until, 0, closing, rows, digest))  # fmt: skip
        reconcile.make_sheet(actor=maker, account=account, on=until)
        under_way = PaymentInstruction.objects.filter(book=book, state__in=_OPEN).values("pk")
        BankMessage.objects.filter(account=account, way="out", state="waiting").exclude(
            instruction__in=under_way
        ).update(state="sent")
    proof.prove(book)
