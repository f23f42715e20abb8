"""What a programme adds to its books in Python: told of what the bank did, asked where a movement belongs.

    @on("agri_guarantee", "payment.confirmed")
    def paid(told: Told) -> None: ...

    @on("home_escrow", "bank.movement")
    def deposit(told: Told) -> Booking | None: ...

    @on("agri_guarantee", "entry.proposed")
    def may_be_booked(told: Told) -> None: ...

`entry.proposed` is asked of every entry a person books by hand (an entry, a counter-entry, the settlement of a
difference): when it is prepared and again under the book's lock just before it is posted, so that what changed between
the two hands counts. `entry.posted` is told after it, in the same transaction. Both have the order; a refusal of either
undoes all. A room's own postings have its own guards and are not asked here.

Other events: `payment.instructed`, `payment.confirmed`, `payment.failed`, `payment.returned`; `bank.movement` (money
that moved without an instruction of ours: return where it belongs, None for suspense); `bank.<TYPE>` for the types of a
room's own (LOAN_BALANCE, FREEZE): what is returned goes into the answer to the bank. A hook runs in the transaction of
what it is told, after it was booked; a refusal it raises undoes everything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from luoshi.office.actors import Actor
from luoshi.office.funds.orders import Line, Order

if TYPE_CHECKING:
    from luoshi.office.funds.models import Account, Book, PaymentInstruction


@dataclass(frozen=True, slots=True)
class Told:
    """What a hook is told: the book, and what there is of payment, account, message (as plain data), order, entry."""

    event: str
    book: Book
    account: Account | None = None
    payment: PaymentInstruction | None = None
    message: Mapping[str, Any] = field(default_factory=dict)
    entry: int | None = None
    order: Order | None = None
    actor: Actor | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """Where money belongs: the lines on the other side of the bank account, and what the entry says."""

    lines: Sequence[Line]
    event: str = ""
    memo: str = ""
    basis: str = ""
    case: str = ""


Hook = Callable[[Told], Any]
_HOOKS: dict[tuple[str, str], Hook] = {}


def on(room: str, event: str) -> Callable[[Hook], Hook]:
    """Register the decorated function for an event of the books of `room`; one function an event."""

    def register(function: Hook) -> Hook:
        _HOOKS[room, event] = function
        return function

    return register


def fire(told: Told) -> Any:
    """Call what the book's room registered for the event; None where there is nothing."""
    hook = _HOOKS.get((told.book.room, told.event))
    return None if hook is None else hook(told)


def knows(room: str, event: str) -> bool:
    """Tell whether a room listens to an event."""
    return (room, event) in _HOOKS
