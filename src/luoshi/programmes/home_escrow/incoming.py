"""Money the bank moved: deposits line by line (J1, J2), identified (J3), deducted (J12), reversed (J14).

It comes by the bank's messages (`ref` = agreement number): `moved` books it to the sale, or to suspense. One sale's
money never pays another's.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.funds import hooks
from luoshi.office.funds.models import Book
from luoshi.office.funds.orders import Line, credit, debit
from luoshi.office.organs.sealing import blind
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course, earning, suspense
from luoshi.programmes.home_escrow.common import ORGAN, OWN, PLAN, ROOM, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Agency, Hold, Sale, SaleLine, Voucher
from luoshi.programmes.home_escrow.names import same


@hooks.on(ROOM, "bank.movement")
def moved(told: hooks.Told) -> hooks.Booking | None:
    """Book money that moved without an order of ours where it belongs; None: suspense, or owed by the bank (J3, J13).

    In: to the sale named by `ref` as far as its payer's lines are open, interest split over the sales. Out: a court's
    deduction and a deposit reversed with ground go against the sale named, whatever else against the bank.
    """
    if told.book.plan != PLAN:
        return None
    body = told.message
    act = _MOVES.get((str(body.get("type") or "MOVEMENT"), str(body.get("direction"))))
    return None if act is None else act(told.book, body)


def _named(book: Book, body: Mapping[str, Any]) -> Sale | None:
    """Return the sale a message names by `ref`, locked; None where it names none of this account."""
    number = str(body.get("ref", "")).strip()
    if not Sale.objects.filter(agreement_no=number, book=book).exists():
        return None
    return course.sale_of(number, lock=Lock.BOOK)


def payer_of(sale: Sale, name: str, lines: Sequence[SaleLine]) -> str:
    """Return what the payer of that name is to a sale: lender, buyer, agency, guarantee or other."""
    if any(same(one.lender, name) for one in lines):
        return "lender"
    buyers = sale.parties.filter(side="buyer").values_list("name", flat=True)
    if any(same(one, name) for one in (sale.buyer, *buyers)):
        return "buyer"
    return agency_kind(name) or "other"


def agency_kind(name: str) -> str:
    """Return what an agency or guarantee firm of that name is, empty where the register has none."""
    rows = Agency.objects.filter(void=False).values_list("name", "kind")
    return next((str(kind) for known, kind in rows if same(known, name)), "")


def _deposited(book: Book, body: Mapping[str, Any]) -> hooks.Booking | None:
    fen, name = int(body.get("amount_fen") or 0), str(body.get("counter_name", "")).strip()
    if kind := agency_kind(name):
        for listen in ON_AGENCY:
            listen(book, body, kind)
        return None
    if (sale := _named(book, body)) is None:
        return None
    lines = list(sale.lines.all())
    payer = payer_of(sale, name, lines)
    lender = payer == "lender"
    taken = common.decide("deposit", {
        "payer": payer, "amount": fen,
        "lines": [{"kind": one.kind, "lender": one.lender or None, "amount": one.amount, "deposited": one.deposited}
                  for one in lines if not lender or same(one.lender, name)],
        "sale_state": "closed" if not sale.live else "terminating" if sale.state == State.TERMINATING else "open",
    })  # fmt: skip
    booked = int(taken.value.get("booked") or 0)
    if not booked:
        return None
    own = [one for one in lines if (same(one.lender, name) if lender else not one.lender)]
    _fill(own, booked)
    sale.deposits += booked
    sale.save()
    _voucher(sale, name, booked, str(body.get("bank_txn_no", "")))
    course.follow(sale)
    rest = fen - booked
    code, event = ("2002", "J2") if lender else ("2001", "J1")
    booking = [credit(code, booked, sale.agreement_no), *([credit("2005", rest)] if rest else [])]
    return hooks.Booking(booking, event, f"{name}存入"[:200], f"{RULES} 第十五条(二)", sale.agreement_no)


ON_AGENCY: list[Callable[[Book, Mapping[str, Any], str], None]] = []
"""Who is told when an agency or guarantee firm paid in (article 9)."""


def _credited(book: Book, body: Mapping[str, Any]) -> hooks.Booking | None:
    """Split interest the bank credited (J11); without a period, or where no sale had money, it is unidentified."""
    try:
        first, last = (datetime.date.fromisoformat(str(body.get(name))) for name in ("period_from", "period_to"))
    except ValueError:
        return None
    Book.objects.select_for_update().get(pk=book.pk)
    parts = earning.split(book, int(body.get("amount_fen") or 0), first, last)
    if not parts:
        return None
    lines = [credit("2006", fen, name) for name, fen in parts.items()]
    return hooks.Booking(lines, "J11", f"{first}至{last}利息", f"{RULES} 第十条")


def _reversed(book: Book, body: Mapping[str, Any]) -> hooks.Booking | None:
    """Take back a deposit the bank reversed with ground (J14): what of it lies in suspense, then what of the sale's
    money is free; the rest the bank owes. `reversed_txn` names the deposit; without it payer and amount do.
    """
    if not (ground := str(body.get("ground", "")).strip()):
        return None
    Book.objects.select_for_update().get(pk=book.pk)
    fen, payer = int(body.get("amount_fen") or 0), str(body.get("counter_name", "")).strip()
    waiting = suspense.to_reverse(book, payer, fen, str(body.get("reversed_txn") or "").strip())
    lines: list[Line] = []
    left = fen
    if waiting is not None:
        part = min(left, waiting.left)
        left -= part
        lines.append(debit("2005", part))
        suspense.note_reversed(waiting, part, ground)
    sale, code = _named(book, body), "2001"
    if sale is not None and left:
        loan = payer_of(sale, payer, list(sale.lines.all())) == "lender"
        code = "2002" if loan else "2001"
        part = min(left, course.money(sale)[code], course.free(sale))
        if part:
            left -= part
            sale.reversed += part
            sale.save()
            _empty(sale, part, loan=loan)
            course.follow(sale)
            lines.insert(0, debit(code, part, sale.agreement_no))
    if not lines:
        return None
    lines += [debit("1101", left)] if left else []
    named = sale.agreement_no if sale is not None else ""
    return hooks.Booking(lines, "J14", f"存款冲回：{ground[:80]}", f"{RULES} 第十五条(二)", named)


def _deducted(book: Book, body: Mapping[str, Any]) -> hooks.Booking | None:
    """Book a court's deduction against the sale named (J12), the named party's money first; never another sale's."""
    if (sale := _named(book, body)) is None:
        return None
    fen, kept = int(body.get("amount_fen") or 0), course.money(sale)
    of_loan = any(same(one.lender, str(body.get("party", ""))) for one in sale.lines.all())
    lines: list[Line] = []
    left = fen
    for code in reversed(OWN) if of_loan else OWN:
        part = min(left, kept[code])
        left -= part
        if part:
            lines.append(debit(code, part, sale.agreement_no))
            _empty(sale, part, loan=code == "2002")
    if not lines:
        return None
    number = str(body.get("document_no", "")).strip()
    hold = course.live_holds().select_for_update(of=("self",)).filter(sale=sale, document_no=number).first()
    if hold is not None:
        hold.used += min(fen - left, hold.amount - hold.used)
        hold.proof_shown_at = hold.proof_shown_at or CLOCK.now()
        hold.save()
    sale.deducted += fen - left
    sale.save()
    course.follow(sale)
    course.settle(sale)
    lines += [debit("1101", left)] if left else []
    memo = f"{str(body.get('authority', ''))[:60]}扣划 {number}".strip()
    return hooks.Booking(lines, "J12", memo[:200], f"{RULES} 第十条", sale.agreement_no)


_MOVES: Mapping[tuple[str, str], Callable[[Book, Mapping[str, Any]], hooks.Booking | None]] = {
    ("MOVEMENT", "C"): _deposited, ("DEPOSIT", "C"): _deposited, ("INTEREST", "C"): _credited,
    ("DEPOSIT_REVERSED", "D"): _reversed, ("DEDUCTION", "D"): _deducted,
}  # fmt: skip


def _fill(lines: Sequence[SaleLine], fen: int) -> None:
    for one in lines:
        part = min(fen, one.amount - one.deposited)
        if part > 0:
            one.deposited += part
            one.save(update_fields=["deposited"])
            fen -= part


def _empty(sale: Sale, fen: int, *, loan: bool) -> None:
    """Take back what is no longer in: from the line paid last."""
    for one in sorted(sale.lines.all(), key=lambda row: -row.n):
        part = min(fen, one.deposited) if bool(one.lender) == loan else 0
        if part:
            one.deposited -= part
            one.save(update_fields=["deposited"])
            fen -= part


def _voucher(sale: Sale, payer: str, fen: int, txn: str) -> Voucher:
    count = sale.vouchers.count() + 1
    number = f"{sale.agreement_no}-{count:03d}"
    return Voucher.objects.create(
        number=number, sale=sale, payer=payer[:100], amount=fen, bank_txn_no=txn or f"-{count}", at=CLOCK.now(),
        code=voucher_code(number, fen),
    )  # fmt: skip


def voucher_code(number: str, fen: int) -> str:
    """Return the check code of a voucher: nobody can make one without the office's key."""
    return blind("escrow.voucher", f"{number}|{fen}")[:8].upper()


def identify(
    *, actor: Actor, checker: Actor, agreement_no: str, amount: int, key: str, payer: str, lender: str = "",
    txn: str = "",
) -> int:  # fmt: skip
    """Move unidentified money to the buyer's lines of a sale, or to `lender`'s loan (J3).

    Signed for by buyer and payer, by two hands; `txn` is the bank's number of the transaction, printed on the voucher.
    Errors: E_FORBIDDEN, E_SELF, E_STATE (the sale takes none), E_CAPACITY (more than is open), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=Lock.BOOK)
        if common.known(sale.book, key):
            return amount
        if not sale.live or sale.state == State.TERMINATING:
            raise common.misplaced(sale, "认领来款")
        lines = [one for one in sale.lines.all() if (same(one.lender, lender) if lender else not one.lender)]
        room = sum(one.amount - one.deposited for one in lines)
        if amount > room:
            raise LuoshiError("E_CAPACITY", f"{lender or '买受人'}待存 {Money(room)} 元，不能认领 {Money(amount)} 元。",
                              fields={"room": room})  # fmt: skip
        _fill(lines, amount)
        sale.deposits += amount
        sale.save()
        used = not txn or sale.vouchers.filter(bank_txn_no=txn).exists()
        _voucher(sale, payer, amount, f"K:{key}"[:60] if used else txn)
        course.follow(sale)
        moves = [debit("2005", amount), credit("2002" if lender else "2001", amount, sale.agreement_no)]
        common.post(actor, sale, "J3", key, moves, "待查来款认领", checker=checker)
    return amount


@hooks.on(ROOM, "bank.DEPOSIT")
def deposit_told(told: hooks.Told) -> dict[str, Any]:
    """Answer a deposit with the voucher it made. Money must have moved: E_INPUT without a transaction number."""
    txn = _moved(told, "C")
    row = Voucher.objects.filter(sale__book=told.book, bank_txn_no=txn).select_related("sale").first()
    return {} if row is None else {"agreement_no": row.sale.agreement_no, "voucher": row.number}


@hooks.on(ROOM, "bank.INTEREST")
def interest_told(told: hooks.Told) -> dict[str, Any]:
    """Interest is booked as it moved (`period_from`, `period_to`); E_INPUT where no money moved."""
    _moved(told, "C")
    return {}


@hooks.on(ROOM, "bank.DEPOSIT_REVERSED")
def reversal_told(told: hooks.Told) -> dict[str, Any]:
    """A reversal is booked as it moved: with `ground` against the sale, without it against the bank."""
    _moved(told, "D")
    return {}


@hooks.on(ROOM, "bank.DEDUCTION")
def deduction_told(told: hooks.Told) -> dict[str, Any]:
    """A deduction is booked as it moved: `ref` agreement, `document_no`, `authority`, `party`."""
    _moved(told, "D")
    return {}


@hooks.on(ROOM, "bank.FEE")
def fee_told(told: hooks.Told) -> dict[str, Any]:
    """A fee has no ground (article 4): the bank owes it (J13)."""
    _moved(told, "D")
    return {"owed_by": "bank"}


def _moved(told: hooks.Told, direction: str) -> str:
    txn = str(told.message.get("bank_txn_no") or "")
    if not txn or told.message.get("direction") != direction:
        raise LuoshiError("E_INPUT", f"{told.message.get('type')} 要有流水号、金额，方向为 {direction}，没有受理。",
                          fields={"field": "bank_txn_no" if not txn else "direction"})  # fmt: skip
    return txn


def deduct(
    *, actor: Actor, checker: Actor, hold: int, amount: int, key: str, account: str = "2001", txn: str = ""
) -> Sale:  # fmt: skip
    """Book a court's deduction that carries out a freeze (J12), from the named party's part of that sale only.

    Errors: E_FORBIDDEN, E_SELF, E_CAPACITY (more than frozen or than there is), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        number = Hold.objects.filter(pk=hold).values_list("sale__agreement_no", flat=True).first()
        sale = course.sale_of(number or "", lock=Lock.BOOK)
        if common.known(sale.book, key):
            return sale
        row = Hold.objects.select_for_update(of=("self",)).get(pk=hold)
        if row.lifted_by or amount > row.amount - row.used or amount > course.money(sale)[account]:
            raise LuoshiError(
                "E_CAPACITY",
                f"冻结尚余 {Money(row.amount - row.used)} 元，账上 {Money(course.money(sale)[account])} 元。",
            )
        row.used += amount
        row.proof_shown_at = row.proof_shown_at or CLOCK.now()
        row.save()
        sale.deducted += amount
        sale.save()
        _empty(sale, amount, loan=account == "2002")
        lines = [debit(account, amount, sale.agreement_no), credit("1001", amount, bank_txn_no=txn)]
        common.post(actor, sale, "J12", key, lines, f"{row.authority}扣划 {row.document_no}"[:150], checker=checker)
        course.follow(sale)
        course.settle(sale)
    return sale


def reverse(
    *, actor: Actor, checker: Actor, agreement_no: str, amount: int, key: str, loan: bool = False, txn: str = ""
) -> Sale:
    """Book a deposit the bank reversed with ground (J14): as far as the money is still free, the rest it owes (J13)."""
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=Lock.BOOK)
        if common.known(sale.book, key):
            return sale
        code = "2002" if loan else "2001"
        part = min(amount, course.money(sale)[code], course.free(sale))
        lines: list[Line] = [debit(code, part, sale.agreement_no)] if part else []
        lines += [debit("1101", amount - part)] if amount > part else []
        sale.reversed += part
        sale.save()
        _empty(sale, part, loan=loan)
        common.post(
            actor, sale, "J14", key, [*lines, credit("1001", amount, bank_txn_no=txn)], "存款冲回", checker=checker
        )
        course.follow(sale)
    return sale
