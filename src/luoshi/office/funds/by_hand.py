"""What a person books by hand passes the programme's own rules before it is posted, in the same transaction.

A room's own acts know what they book; an entry typed in by a person could take money out of transit or give away what
a sale owns. So each asks three things: accounts that move by payments and the room's acts only (`by_hand: false` in
the plan, every transit account), the room's rule (`entry.proposed`), and after posting the room's own figures
(`entry.posted`).
"""

from __future__ import annotations

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import hooks, plans
from luoshi.office.funds.models import Book
from luoshi.office.funds.orders import Hand, Order
from luoshi.office.funds.writing import Ledger, Posted, post_all


def refuse(actor: Actor, book: Book, order: Order) -> None:
    """Refuse an order the plan or the room does not allow by hand. Errors: E_RULE, those of the room's rule."""
    closed = plans.not_by_hand(book.plan)
    touched = sorted({line.account for line in order.lines} & closed.keys())
    if touched:
        raise LuoshiError(
            "E_RULE",
            f"科目 {touched[0]} {closed[touched[0]]}只随付款和业务办理增减，不能手工记账。请在业务或付款里办理。",
            fields={"account": touched[0]}, citation=book.basis or None,
        )  # fmt: skip
    hooks.fire(hooks.Told("entry.proposed", book, order=order, actor=actor))


def post(actor: Actor, ledger: Ledger, order: Order, hand: Hand) -> Posted:
    """Post an order of two hands under the book's lock, between the room's rules. The caller's transaction.

    Errors: those of `refuse` and of posting.
    """
    book = Book.objects.select_for_update().get(pk=ledger.book.pk)
    refuse(actor, book, order)
    done = post_all(ledger, [order], hand)[0]
    if done.new:
        hooks.fire(hooks.Told("entry.posted", book, order=order, actor=actor, entry=done.entry))
    return done
