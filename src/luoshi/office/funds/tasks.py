"""Work the books make: money nobody claimed, differences, faults of the re-sum; matters in the duties' ledger."""

from __future__ import annotations

import datetime

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.duties import workdays
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind
from luoshi.office.funds.models import BOOK, Book, Difference

WORKING_DAYS = 3
ACTOR = Actor.system("资金账簿", "timer")


def due_after(day: datetime.date, working: int = WORKING_DAYS) -> datetime.date | None:
    """Return the last of `working` working days after `day`; None where the calendar is not announced."""
    try:
        return workdays.shift(day, working)
    except LuoshiError:
        return None


def unclaimed(book: Book, entry: int, direction: str, fen: int, on: datetime.date) -> None:
    """Ask the book's organ to find out whose money came, or why it went."""
    word = "来款待认领" if direction == "C" else "扣款无指令"
    _push(
        book,
        f"unclaimed:{entry}",
        f"{book.title}：{on} {word} {Money(fen)} 元",
        due_after(on),
        f"/funds/{book.key}/entries/{entry % BOOK}/",
    )


def claimed(book: Book, entry: int, fen: int, on: datetime.date) -> None:
    """Withdraw the matter of money that came: it is known whose it is, or it went back."""
    _push(book, f"unclaimed:{entry}", f"{book.title}：{on} 来款待认领 {Money(fen)} 元", due_after(on),
          f"/funds/{book.key}/entries/{entry % BOOK}/", withdrawn=True)  # fmt: skip


def difference(row: Difference) -> None:
    """Put an open difference before its holder."""
    book = row.account.book
    _push(book, f"difference:{row.pk}", _words(row), row.due_on, _place(row), organ=row.organ)


def settled(row: Difference) -> None:
    """Withdraw the matter of a difference that is settled."""
    book = row.account.book
    _push(book, f"difference:{row.pk}", _words(row), row.due_on, _place(row), organ=row.organ, withdrawn=True)


def _words(row: Difference) -> str:
    return f"{row.account.book.title}：{row.get_sort_display()} {Money(row.amount)} 元（{row.since_on}）"


def _place(row: Difference) -> str:
    return f"/funds/{row.account.book.key}/bank/{row.account.code}/"


def fault(book: Book, number: int, words: list[str]) -> None:
    """Put what the re-sum found before the book's organ."""
    _push(
        book,
        f"proof:{book.pk}:{number}",
        f"{book.title}重算不符：{words[0]}"[:300],
        CLOCK.today(),
        f"/funds/{book.key}/",
    )


def _push(
    book: Book,
    key: str,
    title: str,
    due_on: datetime.date | None,
    href: str,
    *,
    organ: str = "",
    withdrawn: bool = False,
) -> None:
    try:
        push_matter(
            actor=ACTOR, module="funds", external_id=key, kind=Kind.INSTRUMENT_DUTY, title=title[:400],
            organ=organ or book.organ, due_on=due_on, basis=book.basis, href=href, withdrawn=withdrawn,
        )  # fmt: skip
    except LuoshiError as refused:
        # A matter a person has crossed off stays so; an organ the library does not know has no ledger.
        if refused.code not in ("E_STATE", "E_INPUT"):
            raise
