"""A supervised sale on its account's book: signed, paid in, filed, registered, released or ended (J1 to J14).

Money comes in by the bank's messages (`ref` = agreement number): `moved` books it to the sale, line by line, or to
suspense. It goes out by `funds.payments`, drafted by one hand and checked by another; what the decisions refuse is
refused again under the lock of the sale when it is checked. One sale's money never pays another's.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet, Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision, Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.kernel.money import Money
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases import actions as cases
from luoshi.office.cases import procedures
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM
from luoshi.office.duties import workdays
from luoshi.office.funds import actions, hooks, openings, payments, plans, queries
from luoshi.office.funds.models import Book, Entry, PaymentInstruction, Posting, Sheet
from luoshi.office.funds.orders import Line, credit, debit
from luoshi.office.organs.sealing import blind, seal
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import require
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import suspense
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Agency, EscrowAccount, Hold, Party, Sale, SaleLine, Voucher
from luoshi.programmes.home_escrow.names import same

ROOM = "home_escrow"
PLAN = f"{ROOM}/account"
ORGAN = "housing-admin"
SALE, ENDING, HOLD = f"{ROOM}.sale", f"{ROOM}.termination", f"{ROOM}.hold"
"""The kinds of case: a supervised sale, the end of its supervision, a freeze noted by hand."""
State = Sale.State
OWN = ("2001", "2002")
_WAITING = ("drafted", "checked", "sent", "unknown", "returned")
plans.load(Path(__file__).parent / "books.yaml")


class Person(NamedTuple):
    """A buyer or a seller as the agreement names them; `share` among sellers."""

    side: str
    name: str
    number: str
    share: int = 1


class Home(NamedTuple):
    """What the title certificate says: number, address, area in 0.01 m²."""

    title_no: str = ""
    address: str = ""
    area: int | None = None


def decide(key: str, facts: Mapping[str, Any], on: datetime.date | None = None) -> Decision:
    """Take a decision of this room on a day's parameters, from the book in force."""
    return parameters.decide(f"{ROOM}.{key}", dict(facts), on or CLOCK.today())


def refuse(taken: Decision, what: str) -> None:
    """Raise E_RULE (or the decision's own code) with its reasons unless it allows."""
    if taken.outcome in (Outcome.ALLOW, Outcome.ALLOW_WITH_CONDITION):
        return
    reasons = [reason.text for reason in taken.reasons if reason.ok is not True]
    cited = next((str(reason.citation) for reason in taken.reasons if reason.ok is False), None)
    code = str(taken.value.get("code") or "E_RULE")
    raise LuoshiError(code if code.startswith("E_") else "E_RULE", f"{what}：{'；'.join(reasons)}。",
                      fields={"reasons": reasons}, citation=cited)  # fmt: skip


# --- reading ----------------------------------------------------------------------------------------------------------


class Lock(IntEnum):
    """How much is locked with a sale. The order is always: book, termination's case, sale's case, sale.

    A step of the sale's case holds that case already and takes the sale alone; a step of a termination takes the sale's
    case too; what posts takes the book first, so that nobody waits for somebody who waits for him.
    """

    NONE = 0
    SALE = 1
    CASE = 2
    BOOK = 3


def sale_of(agreement_no: str, *, lock: Lock = Lock.NONE) -> Sale:
    """Return a sale by its agreement number, locked for a change; E_NOT_FOUND."""
    found = Sale.objects.select_related("book").filter(agreement_no=agreement_no).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有监管协议“{agreement_no[:40]}”。")
    if not lock:
        return found
    if lock >= Lock.BOOK:
        Book.objects.select_for_update().get(pk=found.book_id)
        list(Case.objects.select_for_update().filter(procedure=ENDING, subject=f"sale:{agreement_no}", is_open=True))
    if lock >= Lock.CASE:
        list(Case.objects.select_for_update().filter(procedure=SALE, number=agreement_no))
    return Sale.objects.select_for_update(of=("self",)).select_related("book").get(pk=found.pk)


def case_of(agreement_no: str) -> Case | None:
    """Return the case of a sale: it bears the agreement's number."""
    return Case.objects.filter(procedure=SALE, number=agreement_no).first()


def ending_of(agreement_no: str) -> Case | None:
    """Return the open case that would end the supervision of a sale, else the last one."""
    rows = Case.objects.filter(procedure=ENDING, subject=f"sale:{agreement_no}")
    return rows.order_by("-is_open", "-pk").first()


def hold_case(hold: int) -> Case | None:
    """Return the case of a freeze: the open one, else the last one."""
    return Case.objects.filter(procedure=HOLD, subject=f"hold:{hold}").order_by("-is_open", "-pk").first()


def advance(case: Case | None, step: str) -> None:
    """Let a case take a step by what the bank did; nothing where there is no case or it stands elsewhere."""
    if case is None:
        return
    found = procedures.version(case.procedure, case.version).steps[step]
    state = Case.objects.filter(pk=case.pk).values_list("state", flat=True).get()
    if state in found.sources:
        cases.act(actor=PROGRAM, case=case.pk, step=step, data={})


def follow(sale: Sale) -> None:
    """Move the case of a sale to what is paid in: begun, complete for filing, or short again."""
    case = case_of(sale.agreement_no)
    if case is None or sale.state != State.FUNDING:
        return
    if sale.deposits > sale.reversed:
        advance(case, "deposit")
    lacking = any(one.amount > one.deposited for one in sale.lines.all() if one.before_filing)
    advance(case, "unfund" if lacking else "fund")


def money(sale: Sale) -> dict[str, int]:
    """Return what a sale has: 2001, 2002, 2006 (fen)."""
    kept = queries.balances_of_subject(sale.book, sale.agreement_no)
    return {code: kept.get(code, 0) for code in (*OWN, "2006")}


def live_holds(on: datetime.date | None = None) -> QuerySet[Hold]:
    """Return the freezes that hold on a day: begun, not past their end, not lifted."""
    day = on or CLOCK.today()
    return Hold.objects.filter(lifted_by="", from_on__lte=day).exclude(to_on__lt=day)


def held(sale: Sale, on: datetime.date | None = None) -> int:
    """Return what is frozen of a sale on a day (fen)."""
    told = live_holds(on).filter(sale=sale).aggregate(a=Sum("amount"), u=Sum("used"))
    return int(told["a"] or 0) - int(told["u"] or 0)


def frozen(book: Book, on: datetime.date | None = None) -> Hold | None:
    """Return the freeze of a whole account, None when there is none."""
    return live_holds(on).filter(book=book).first()


def free(sale: Sale) -> int:
    """Return what of a sale may be paid (fen)."""
    kept = money(sale)
    return max(kept["2001"] + kept["2002"] - held(sale), 0)


def open_payment(sale: Sale, *, besides: int | None = None) -> str:
    """Return the kind of a payment of the sale that is not settled, empty when there is none."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, state__in=_WAITING)
    rows = rows.exclude(state="returned", replaced_by__isnull=False)
    rows = rows if besides is None else rows.exclude(pk=besides)
    return rows.values_list("type", flat=True).first() or ""


# --- opening, signing, filing -----------------------------------------------------------------------------------------


def open_account(
    *, actor: Actor, bank: str, name: str, number: str, opened_on: datetime.date, demo: bool = False
) -> Book:
    """Open the book of a supervised account; one that is open stays. Errors: those of `funds.openings.open_at_once`."""
    told = {"bank": bank, "name": name, "number": number}
    return openings.open_at_once(actor=actor, plan=PLAN, opened_on=opened_on, values=told, demo=demo)


def sign(
    *, actor: Actor, book: Book, agreement_no: str, contract_no: str, unit_code: str, buyer: str, seller: str,
    price: int, lines: Sequence[Mapping[str, Any]], supervised: int | None = None, plan: str = "SINGLE",
    contract_supervised: int | None = None, mode: str = "", filed: bool = False, parties: Sequence[Person] = (),
    home: Home | None = None, contract_on: datetime.date | None = None,
) -> Sale:  # fmt: skip
    """Sign the agreement of a sale: in force, in scope, the amounts agree, the home in no other live sale.

    `lines`: kind, amount, lender, due, as in `home_escrow.amount`; `filed`: the contract was filed before. Errors:
    E_FORBIDDEN, E_RULE, E_EXPIRED, E_STATE (account not in use), E_CHECK_DIGIT, E_DUPLICATE (该房屋已有在办监管).
    """
    require(actor, "fund.post", [ORGAN])
    total = supervised if supervised is not None else sum(int(one["amount"]) for one in lines)
    day = CLOCK.today()
    usable(book)
    refuse(decide("agreement", {"agreement_on": str(day), "filed": filed}), "不能签订监管协议")
    refuse(decide("scope", {"unit_code": unit_code}), "不在监管范围")
    if parties:
        told_parties = {f"{side}s": [one.number for one in parties if one.side == side] for side in ("buyer", "seller")}
        refuse(decide("party", told_parties), "证件号码有误")
    facts = {"mode": mode or ("FULL" if total == price else "PARTIAL"), "price": price, "supervised": total,
             "lines": list(lines)}  # fmt: skip
    told = {} if contract_supervised is None else {"contract_supervised": contract_supervised}
    refuse(decide("amount", facts | told), "监管资金不符")
    if buyer == seller:
        raise LuoshiError("E_INPUT", "买受人和出卖人是同一人。", fields={"field": "buyer"})
    try:
        with transaction.atomic():
            sale = Sale.objects.create(
                book=book, agreement_no=agreement_no, contract_no=contract_no, unit_code=unit_code, buyer=buyer,
                seller=seller, price=price, supervised=total, plan=plan, signed_on=day, contract_on=contract_on,
                code=blind("escrow.sale", agreement_no)[:8].upper(), **(home._asdict() if home else {}),
            )  # fmt: skip
            for one in parties:
                add_party(sale, one)
            for n, line in enumerate(lines, 1):
                loan = line.get("kind") in ("按揭贷款", "loan") or bool(line.get("lender"))
                due = line.get("due") or ("AFTER_REGISTRATION" if loan else "BEFORE_FILING")
                SaleLine.objects.create(
                    sale=sale, n=n, amount=int(line["amount"]),
                    kind="按揭贷款" if loan else str(line.get("kind", "首付款")),
                    lender=str(line.get("lender", "贷款银行")) if loan else "", before_filing=due == "BEFORE_FILING",
                )  # fmt: skip
            _note(actor, sale, "escrow.sign", {"price": price, "supervised": total})
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "该房屋已有在办监管，或合同、协议编号已用过。") from None
    return sale


def usable(book: Book) -> None:
    """Refuse an account that takes no new sale: without the Department's seal, out of use, frozen; E_STATE."""
    row = EscrowAccount.objects.select_related("bank").filter(book=book).first()
    if row is not None and (row.status != "active" or row.bank.stage != "active"):
        raise LuoshiError("E_STATE", f"监管账户（尾号{row.tail}）{row.get_status_display()}，不能用于新的交易。",
                          citation=f"{RULES} 第八条")  # fmt: skip
    if (hold := frozen(book)) is not None:
        raise LuoshiError("E_STATE", f"监管账户被{hold.authority}冻结，请改用其他监管账户。",
                          citation=f"{RULES} 第十条")  # fmt: skip


def add_party(sale: Sale, one: Person) -> Party:
    """Keep a party of a sale, the number sealed."""
    number = clean(one.number)
    n = Party.objects.filter(sale=sale, side=one.side).count() + 1
    suite, sealed = seal(number, f"home_escrow_party.{sale.agreement_no}.{one.side}.{n}")
    return Party.objects.create(
        sale=sale, side=one.side, n=n, name=one.name.strip()[:100], suite=suite, sealed=sealed,
        blind=blind("escrow.person", number), tail=number[-4:], share=one.share,
    )  # fmt: skip


def cancel(*, actor: Actor, agreement_no: str, lock: Lock = Lock.BOOK) -> Sale:
    """End an agreement before the transfer of whose money nothing is there: never paid in, reversed, or deducted.

    Errors: E_FORBIDDEN, E_STATE.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=lock)
        kept = money(sale)
        there = sale.deposits - sale.reversed - sale.deducted or any(kept[code] for code in OWN)
        if sale.state not in (State.FUNDING, State.FILED) or there or open_payment(sale):
            raise LuoshiError("E_STATE", f"{agreement_no} 监管账户里有钱或已过户，不能取消，请办理解除。",
                              fields={"state": sale.state})  # fmt: skip
        sale.state, sale.live = State.CANCELLED, False
        sale.save()
        _note(actor, sale, "escrow.cancel", {})
    return sale


def lines_told(sale: Sale) -> list[dict[str, Any]]:
    """Return the lines of a sale as facts of `home_escrow.filing` and `home_escrow.deposit`."""
    return [
        {"kind": one.kind, "lender": one.lender or None, "amount": one.amount, "deposited": one.deposited,
         "due": "BEFORE_FILING" if one.before_filing else "AFTER_REGISTRATION"}
        for one in sale.lines.all()
    ]  # fmt: skip


def file(*, actor: Actor, agreement_no: str, on: datetime.date | None = None, lock: Lock = Lock.BOOK) -> Sale:
    """File the contract: what must be in before is in. Errors: E_FORBIDDEN, E_STATE, E_RULE."""
    require(actor, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=lock)
        if sale.state != State.FUNDING:
            raise _state(sale, "备案")
        refuse(decide("filing", {"route": "SUPERVISED", "lines": lines_told(sale)}), "不能备案")
        sale.state, sale.filed_on = State.FILED, on or CLOCK.today()
        sale.save()
        _note(actor, sale, "escrow.file", {"filed_on": str(sale.filed_on)})
    return sale


def register(*, actor: Actor, agreement_no: str, on: datetime.date, lock: Lock = Lock.BOOK) -> Sale:
    """Note that the home is in the buyer's name (the register's feed or the certificate).

    Errors: E_STATE, E_RULE (before the filing), E_FUTURE.
    """
    require(actor, "fund.post", [ORGAN])
    if on > CLOCK.today():
        raise LuoshiError("E_FUTURE", f"登记日 {on} 晚于今天，请核对。", fields={"field": "registered_on"},
                          citation=f"{RULES} 第十五条(四)")  # fmt: skip
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=lock)
        if sale.state != State.FILED:
            raise _state(sale, "登记过户")
        if sale.filed_on is not None and on < sale.filed_on:
            raise LuoshiError("E_RULE", f"登记日 {on} 早于备案日 {sale.filed_on}。", citation=f"{RULES} 第十五条(四)")
        sale.state, sale.registered_on = State.REGISTERED, on
        sale.save()
        _note(actor, sale, "escrow.register", {"registered_on": str(on)})
    return sale


# --- money in ---------------------------------------------------------------------------------------------------------


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
    return sale_of(number, lock=Lock.BOOK)


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
    taken = decide("deposit", {
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
    follow(sale)
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
    parts = _interest_parts(book, int(body.get("amount_fen") or 0), first, last)
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
        part = min(left, money(sale)[code], free(sale))
        if part:
            left -= part
            sale.reversed += part
            sale.save()
            _empty(sale, part, loan=loan)
            follow(sale)
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
    fen, kept = int(body.get("amount_fen") or 0), money(sale)
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
    hold = live_holds().select_for_update(of=("self",)).filter(sale=sale, document_no=number).first()
    if hold is not None:
        hold.used += min(fen - left, hold.amount - hold.used)
        hold.proof_shown_at = hold.proof_shown_at or CLOCK.now()
        hold.save()
    sale.deducted += fen - left
    sale.save()
    follow(sale)
    settle(sale)
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
        sale = sale_of(agreement_no, lock=Lock.BOOK)
        if _known(sale.book, key):
            return amount
        if not sale.live or sale.state == State.TERMINATING:
            raise _state(sale, "认领来款")
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
        follow(sale)
        moves = [debit("2005", amount), credit("2002" if lender else "2001", amount, sale.agreement_no)]
        _post(actor, sale, "J3", key, moves, "待查来款认领", checker=checker)
    return amount


# --- money out --------------------------------------------------------------------------------------------------------


def release(
    *, actor: Actor, agreement_no: str, payee: payments.Payee, amount: int | None = None, applied_by: Sequence[str],
    paper: str | None = None, paper_number: str | None = None,
) -> PaymentInstruction:  # fmt: skip
    """Draft the release to the seller (J5); another hand checks it, and all is tested again then.

    Errors: E_FORBIDDEN, E_STATE (not registered; a payment is not settled), E_RULE (not by both, payee), E_CAPACITY.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=Lock.BOOK)
        fen = releasable(sale, amount, applied_by)
        told = {"owner": payee.name, "number": payee.number, "paper": paper, "paper_number": paper_number}
        refuse(decide("payee", {"seller": sale.seller, **told}), "收款账户")
        return draft_release(actor, sale, fen, [Share(payee)])[0]


def releasable(sale: Sale, amount: int | None, applied_by: Sequence[str]) -> int:
    """Return what may be released of a locked sale: all of it, or the amount asked for; E_STATE, E_RULE, E_CAPACITY."""
    if sale.state not in (State.REGISTERED, State.RELEASING):
        raise _state(sale, "放款")
    if open_payment(sale):
        raise LuoshiError(
            "E_STATE", "前一条指令尚无最终结果，只能查询，不能另发指令。", citation=f"{RULES} 第十五条(四)"
        )
    fen = whole_release(sale) if amount is None else amount
    told = {**release_facts(sale, fen), "applied_by": list(applied_by), "day": CLOCK.today().isoformat()}
    refuse(decide("release", told), "不能放款")
    return fen


def whole_release(sale: Sale) -> int:
    """Return what a release without an amount comes to (fen): all there is, of a staged one what is free."""
    kept = money(sale)
    return sum(kept[code] for code in OWN) if sale.plan == "SINGLE" else free(sale)


class Share(NamedTuple):
    """An account a release goes to: whose part it is (empty: all sellers'), its weight, the row that named it."""

    payee: payments.Payee
    weight: int = 1
    seller: str = ""
    payout: int = 0


def draft_release(actor: Actor, sale: Sale, fen: int, shares: Sequence[Share]) -> list[PaymentInstruction]:
    """Draft a release of `fen` to each account by its share, to the fen; the interest with the last of it.

    What a seller was given before counts: whose order failed or was sent back gets his part, nobody gets his twice.
    """
    kept = money(sale)
    weights = [(one.seller, one.weight) for one in shares]
    whole = fen == sum(kept[code] for code in OWN)
    parts = parts_of(sale, fen, weights)
    interest = parts_of(sale, kept["2006"] if whole else 0, weights, codes=("2006",))
    number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
    left, drafted = {code: kept[code] for code in OWN}, []
    for one, part, extra in zip(shares, parts, interest, strict=True):
        lines = []
        for code in OWN:
            taken = min(part, left[code])
            left[code] -= taken
            part -= taken
            lines += [(code, sale.agreement_no, taken)] if taken else []
        lines += [("2006", sale.agreement_no, extra)] if extra else []
        if not lines:
            continue
        number += 1
        meta = {"sale": sale.agreement_no, "seller": one.seller, "payout": one.payout}
        drafted.append(payments.draft_payment(
            actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2003",
            account="1001", payee=one.payee, purpose="放款", basis=f"{RULES} 第十五条(四)", case=sale.agreement_no,
            events=payments.Events("J5", "J6", "J7", "J8"), type="RELEASE", meta=meta,
        ))  # fmt: skip
    return drafted


def parts_of(
    sale: Sale, fen: int, weights: Sequence[tuple[str, int]], codes: Sequence[str] = OWN
) -> list[int]:  # fmt: skip
    """Return each seller's part of a release: of all that is released, by shares, less what he was given before."""
    if len(weights) == 1 or not fen:
        return [fen] if len(weights) == 1 else [0] * len(weights)
    had = dict.fromkeys((name for name, _weight in weights), 0)
    for row in releases_of(sale):
        if (name := seller_of(row)) in had:
            had[name] += sum(int(part) for code, _sale, part in row.lines if code in codes)
    due = shared(fen + sum(had.values()), [weight for _name, weight in weights])
    wanted = [max(part - had[name], 0) for (name, _weight), part in zip(weights, due, strict=True)]
    return wanted if sum(wanted) == fen else shared(fen, wanted)


def releases_of(sale: Sale) -> list[PaymentInstruction]:
    """Return the releases of a sale that were paid, are on their way or are owed again."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type="RELEASE")
    rows = rows.exclude(state__in=("drafted", "cancelled")).exclude(state="failed", replaces__isnull=True)
    return list(rows.filter(replaced_by__isnull=True))


def owed(sale: Sale, kind: str) -> list[PaymentInstruction]:
    """Return the payments of a kind that came back, or whose repetition failed, and wait to be paid; newest first."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type=kind)
    back = Q(state="returned") | Q(state="failed", replaces__isnull=False)
    return list(rows.filter(back, replaced_by__isnull=True).order_by("-pk"))


def seller_of(payment: PaymentInstruction) -> str:
    """Return whose part a release is, empty for all sellers'; one without the note is its payee's."""
    return str(payment.meta.get("seller", payment.payee_name))


def of_loan(payment: PaymentInstruction) -> bool:
    """Tell whether a payment is of loan money."""
    return any(code == "2002" for code, _sale, _fen in payment.lines)


def shared(fen: int, weights: Sequence[int]) -> list[int]:
    """Return an amount divided by shares, to the fen."""
    if len(weights) == 1:
        return [fen]
    return [int(part) for part in decide("shares", {"amount": fen, "shares": list(weights)}).value["parts"]]


def release_facts(sale: Sale, fen: int | None) -> dict[str, Any]:
    """Return the facts of `home_escrow.release` as the sale stands."""
    kept = money(sale)
    return {
        "plan": sale.plan, "supervised": sale.supervised, "deposits": sale.deposits, "reversed": sale.reversed,
        "deducted": sale.deducted, "balance": kept["2001"] + kept["2002"], "held": held(sale), "amount": fen,
        "registered": sale.registered_on is not None, "frozen": frozen(sale.book) is not None,
        "registered_on": sale.registered_on and str(sale.registered_on),
        "filed_on": sale.filed_on and str(sale.filed_on),
        "buyer_money": kept["2001"], "loan_money": kept["2002"],
    }  # fmt: skip


def terminate(*, actor: Actor, agreement_no: str, facts: Mapping[str, Any], lock: Lock = Lock.BOOK) -> Sale:
    """Issue the notice that ends supervision: the sale is locked for refunds. `facts`: `home_escrow.termination`.

    Errors: E_FORBIDDEN, E_STATE (a release is open, closed already), E_RULE.
    """
    require(actor, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=lock)
        if not sale.live or sale.state == State.TERMINATING:
            raise _state(sale, "解除")
        if sale.state == State.RELEASING or open_payment(sale):
            raise LuoshiError(
                "E_STATE", "放款正在办理，不能同时解除。", fields={"state": sale.state}, citation=f"{RULES} 第十六条"
            )
        kept = money(sale)
        title = "buyer" if sale.state == State.REGISTERED else facts.get("title_in", "seller")
        told = {**facts, "title_in": title, "balance": kept["2001"] + kept["2002"]}
        refuse(decide("termination", told), "不能解除")
        sale.state = State.TERMINATING
        sale.save()
        _note(actor, sale, "escrow.terminate", {"ground": str(facts.get("ground", ""))})
    return sale


def refund(
    *, actor: Actor, agreement_no: str, buyer: payments.Payee | None = None, paper: tuple[str, str] | None = None,
    lenders: Mapping[str, payments.Payee] | None = None, lock: Lock = Lock.BOOK,
) -> list[PaymentInstruction]:  # fmt: skip
    """Draft the refunds of a terminated sale (J9): the buyer's part to the buyer, the loan part to its lender.

    Errors: E_FORBIDDEN, E_STATE (no notice; not settled), E_RULE (payee, nothing free), E_INCOMPLETE (no account).
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=lock)
        if sale.state != State.TERMINATING:
            raise _state(sale, "退款")
        if open_payment(sale):
            raise LuoshiError("E_STATE", "前一条退款指令尚无最终结果。", citation=f"{RULES} 第十七条")
        kept, taken = money(sale), refund_of(sale)
        refuse(taken, "不能退款")
        drafted = []
        number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
        buyers = {sale.buyer, *sale.parties.filter(side="buyer").values_list("name", flat=True)}
        for told in taken.value["instructions"]:
            to_buyer = told["to"] == "buyer"
            payee = buyer if to_buyer else (lenders or {}).get(str(told["name"]))
            if payee is None:
                raise LuoshiError("E_INCOMPLETE", f"缺少{'买受人' if to_buyer else told['name']}的收款账户。")
            if to_buyer and payee.name not in buyers and paper is not None:
                refuse(decide("payee", {"seller": sale.buyer, "owner": payee.name, "number": payee.number,
                                        "paper": paper[0], "paper_number": paper[1]}), "退款账户")  # fmt: skip
            elif payee.name not in (buyers if to_buyer else {told["name"]}):
                raise LuoshiError("E_RULE", "退款只能退给付款的一方。", citation=f"{RULES} 第十七条")
            lines = [(told["account"], sale.agreement_no, int(told["amount"]))]
            if to_buyer and kept["2006"] and told["amount"] == kept["2001"]:
                lines.append(("2006", sale.agreement_no, kept["2006"]))
            number += 1
            drafted.append(payments.draft_payment(
                actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2004",
                account="1001", payee=payee, purpose="解除监管退款", basis=f"{RULES} 第十七条", case=sale.agreement_no,
                events=payments.Events("J9", "J10", "J10", "J10"), type="REFUND", meta={"sale": sale.agreement_no},
            ))  # fmt: skip
        return drafted


def refund_of(sale: Sale) -> Decision:
    """Return how what is left of a sale goes back: the buyer's part, each lender's, less what is frozen."""
    kept, loans = money(sale), []
    left = kept["2002"]
    for one in sale.lines.all():
        part = min(left, one.deposited) if one.lender else 0
        left -= part
        loans += [{"lender": one.lender, "amount": part}] if part else []
    return decide("refund", {"buyer_money": kept["2001"], "loans": loans, "held": held(sale)})


def pay_interest(
    *, actor: Actor, agreement_no: str, payee: payments.Payee | None = None
) -> PaymentInstruction:  # fmt: skip
    """Draft the payment of interest that came after a sale was over, to whom its last money went (6.12).

    Where nothing was paid out (all was deducted, the agreement cancelled) it goes to `payee`, a buyer. Errors:
    E_FORBIDDEN, E_STATE (not over, nothing to pay, a payment is not settled), E_RULE (too small, not a buyer),
    E_INCOMPLETE (no account).
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=Lock.BOOK)
        fen = money(sale)["2006"]
        if sale.live or not fen or open_payment(sale):
            raise LuoshiError("E_STATE", f"{agreement_no} 没有办结后待付的利息。", fields={"state": sale.state})
        least = int(parameters.current().values(ROOM, CLOCK.today())["interest_min"])
        if fen < least:
            raise LuoshiError(
                "E_RULE", f"利息 {Money(fen)} 元，不足 {Money(least)} 元，暂不付出。", citation=f"{RULES} 第十条"
            )
        last = last_paid(sale)
        if last is not None:
            payee = payments.Payee(last.payee_name, payments.payee_number(last), last.payee_bank)
        elif payee is None or not all(payee):
            raise LuoshiError("E_INCOMPLETE", f"{agreement_no} 没有付过款，请写买受人的收款账户。",
                              fields={"fields": {"owner": "请写买受人的账户"}})  # fmt: skip
        elif payer_of(sale, payee.name, []) != "buyer":
            raise LuoshiError("E_RULE", "利息付给买受人本人的账户。", fields={"fields": {"owner": "不是买受人"}},
                              citation=f"{RULES} 第十条")  # fmt: skip
        count = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
        return payments.draft_payment(
            actor=actor, book=sale.book.key, claim=sale.agreement_no, part=count + 1, account="1001", payee=payee,
            lines=[("2006", sale.agreement_no, fen)], transit="2003" if sale.released else "2004", purpose="利息",
            basis=f"{RULES} 第十条", case=sale.agreement_no, type="RELEASE" if sale.released else "REFUND",
            events=payments.Events(*("J5 J6 J7 J8" if sale.released else "J9 J10 J10 J10").split()),
            meta={"sale": sale.agreement_no, "interest": True},
        )  # fmt: skip


def last_paid(sale: Sale) -> PaymentInstruction | None:
    """Return the last payment of a sale that interest follows: what the seller was released, what a buyer got back."""
    rows = PaymentInstruction.objects.filter(book=sale.book, case=sale.agreement_no, state="confirmed")
    wanted = rows.filter(type="RELEASE") if sale.released else rows.filter(type="REFUND")
    # Never to a lender.
    return wanted.exclude(payee_name__in=sale.lines.exclude(lender="").values("lender")).order_by("-pk").first()


def withdraw_drafts(*, sale: Sale, reason: str) -> int:
    """Withdraw drafted payments of a sale whose money has not moved; return how many."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, state="drafted")
    return rows.update(state="cancelled", reason=reason[:200], version=F("version") + 1)


def send_back(*, actor: Actor, book: Book, amount: int, key: str, payee: payments.Payee) -> PaymentInstruction:
    """Draft sending unidentified money back to its payer (J4); another hand checks it."""
    return payments.draft_payment(
        actor=actor, book=book.key, claim=key, lines=[("2005", "", amount)], transit="2004", account="1001",
        payee=payee, purpose="来款退回", basis=f"{RULES} 第九条", events=payments.Events("J4", "J4", "J4", "J10"),
        type="SEND_BACK",
    )  # fmt: skip


# --- told by the bank -------------------------------------------------------------------------------------------------


def _of(told: hooks.Told) -> Sale | None:
    number = told.payment.meta.get("sale") if told.payment is not None else None
    return None if number is None else sale_of(str(number), lock=Lock.BOOK)


def _principal(told: hooks.Told) -> int:
    """Return what of a payment is deposits, without interest."""
    payment = told.payment
    return 0 if payment is None else sum(int(fen) for code, _sale, fen in payment.lines if code in OWN)


@hooks.on(ROOM, "payment.instructed")
def instructed(told: hooks.Told) -> None:
    """Tested again under the sale's lock: the state, and that what is frozen stays."""
    sale, payment = _of(told), told.payment
    if payment is not None and (hold := frozen(told.book)) is not None:
        raise LuoshiError("E_STATE", f"监管账户被{hold.authority}冻结，不执行任何指令。", citation=f"{RULES} 第十条")
    if payment is not None:
        _reconciled(payment)
    if sale is None or payment is None or payment.replaces_id is not None or payment.meta.get("interest"):
        return
    releases = payment.type == "RELEASE"
    wanted = (State.REGISTERED, State.RELEASING) if releases else (State.TERMINATING,)
    if sale.state not in wanted:
        raise _state(sale, "付款")
    kept = money(sale)
    if kept["2001"] + kept["2002"] < held(sale):
        raise LuoshiError("E_CAPACITY", "被冻结的钱不能付出，请退回重拟。", citation=f"{RULES} 第十条")
    if releases:
        sale.state = State.RELEASING
        sale.save()


def _reconciled(payment: PaymentInstruction) -> None:
    """Refuse an order while the last working day's sheet of the account is missing or unexplained (8.4).

    The leader may let it go by checking it. An account that was never reconciled has no sheet to wait for yet.
    """
    sheets = Sheet.objects.filter(account=payment.account_id)
    if payment.checked_by_id is None or not sheets.exists():
        return
    try:
        day = workdays.shift(CLOCK.today(), -1)
    except LuoshiError:
        return
    last = sheets.filter(on__gte=day).order_by("-on", "-number").first()
    if last is not None and last.difference == 0:
        return
    held = Assignment.objects.filter(user=payment.checked_by_id, role=Role.LEADER, organ=payment.book.organ)
    if any(row.held_on(CLOCK.today()) for row in held):
        return
    raise LuoshiError(
        "E_RULE", f"{day} 的余额调节表还没有编制或有差额，付款须由负责人复核放行。", citation=f"{RULES} 第七条"
    )


@hooks.on(ROOM, "payment.confirmed")
def confirmed(told: hooks.Told) -> None:
    """The bank has paid: released or refunded; the sale is closed when nothing is left of it."""
    sale, payment = _of(told), told.payment
    if payment is not None and payment.type == "SEND_BACK":
        case = Case.objects.filter(procedure=suspense.PROCEDURE, number=payment.claim).first()
        if case is not None:
            suspense.settled(told.book, case)
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    if payment.type == "RELEASE":
        sale.released += _principal(told)
    else:
        sale.refunded += _principal(told)
    waiting = open_payment(sale, besides=payment.pk)
    if sale.state == State.RELEASING and not waiting:
        sale.state = State.REGISTERED
    sale.save()
    settle(sale, besides=payment.pk)
    if not waiting:
        _paid(sale)
    elif not _on_way(sale, payment) and owed(sale, payment.type):
        # Another payment came back before: its account is to be put right next.
        advance(case_of(sale.agreement_no) if payment.type == "RELEASE" else ending_of(sale.agreement_no), "come_back")


def _on_way(sale: Sale, besides: PaymentInstruction) -> bool:
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no)
    return rows.filter(state__in=("drafted", "checked", "sent", "unknown")).exclude(pk=besides.pk).exists()


def settle(sale: Sale, besides: int | None = None) -> None:
    """Close a sale of which nothing is left: all came in and went out again, or its supervision ended.

    Interest that came while the last money was on its way does not keep it open: it is paid after (`pay_interest`).
    """
    case = case_of(sale.agreement_no)
    complete = sale.deposits - sale.reversed >= sale.supervised or sale.state == State.TERMINATING
    gone = sale.released + sale.refunded > 0 or sale.registered_on is not None
    kept = money(sale)
    if complete and gone and not any(kept[code] for code in OWN) and not open_payment(sale, besides=besides):
        sale.state, sale.live = State.CLOSED, False
        sale.save()
        # What a court deducted leaves nothing to apply for.
        if case is not None and case.state in ("requested", "approved"):
            advance(case, "void_request")
        advance(case, "pay")


def _paid(sale: Sale) -> None:
    """Move the cases on after the last payment on its way was made."""
    case, ending = case_of(sale.agreement_no), ending_of(sale.agreement_no)
    closed = sale.state == State.CLOSED
    if ending is not None and ending.is_open and sale.state in (State.TERMINATING, State.CLOSED):
        advance(ending, "paid" if closed else "part")
    if case is not None:
        advance(case, "pay" if closed else "pay_part")
        if closed:
            advance(case, "ended")


@hooks.on(ROOM, "payment.failed")
def failed(told: hooks.Told) -> None:
    """The bank refused: the money is the sale's again, a new instruction may be drafted."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    if payment.replaces_id is not None:
        advance(ending_of(sale.agreement_no) if payment.type == "REFUND" else case_of(sale.agreement_no), "fail_again")
        return
    if open_payment(sale, besides=payment.pk):
        return
    if sale.state == State.RELEASING:
        sale.state = State.REGISTERED
        sale.save()
        advance(case_of(sale.agreement_no), "fail")
    elif sale.state == State.TERMINATING:
        advance(ending_of(sale.agreement_no), "part")


@hooks.on(ROOM, "payment.returned")
def returned(told: hooks.Told) -> None:
    """The payee's bank sent the money back: owed again, to an account to be corrected; the sale is open again."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    releases = payment.type == "RELEASE"
    if releases:
        sale.released -= _principal(told)
    else:
        sale.refunded -= _principal(told)
    sale.state, sale.live = (State.RELEASING if releases else State.TERMINATING), True
    sale.save()
    if releases:
        advance(case_of(sale.agreement_no), "come_back")
    else:
        advance(case_of(sale.agreement_no), "reopened")
        advance(ending_of(sale.agreement_no), "come_back")


# --- types of messages of this room -----------------------------------------------------------------------------------


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


@hooks.on(ROOM, "bank.FREEZE")
def freeze_told(told: hooks.Told) -> dict[str, Any]:
    """Note a freeze the bank was ordered: of the sale named by `ref`, of the whole account where `ref` is empty.

    `authority`, `document_no`, `party`, `to`; `amount_fen` for a sale.
    """
    body, actor = told.message, Actor.system(f"银行 {told.message.get('bank', '')}", "bank")
    words = {name: str(body.get(name) or "").strip()[:100] for name in ("authority", "document_no", "party")}
    try:
        to_on = datetime.date.fromisoformat(str(body["to"])) if body.get("to") else None
    except ValueError:
        raise LuoshiError("E_INPUT", "FREEZE 的 to 应为日期，没有受理。", fields={"field": "to"}) from None
    number = str(body.get("ref", "")).strip()
    if number:
        row = freeze(actor=actor, agreement_no=number, amount=int(body.get("amount_fen") or 0), to_on=to_on, **words)
    else:
        row = freeze_account(actor=actor, book=told.book, to_on=to_on, **words)
    return {"hold": row.pk, "proof": "须向执行机关出示资金性质证明"}


@hooks.on(ROOM, "bank.UNFREEZE")
def unfreeze_told(told: hooks.Told) -> dict[str, Any]:
    """End the freeze of `document_no` by the document `lift_no`; E_NOT_FOUND where there is none."""
    body, actor = told.message, Actor.system(f"银行 {told.message.get('bank', '')}", "bank")
    rows = Hold.objects.filter(document_no=str(body.get("document_no", "")).strip(), lifted_by="")
    row = rows.filter(Q(sale__book=told.book) | Q(book=told.book)).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这道冻结，没有受理。", fields={"field": "document_no"})
    lift(actor=actor, hold=row.pk, document_no=str(body.get("lift_no") or ""))
    advance(hold_case(row.pk), "unfrozen")
    return {"hold": row.pk}


# --- freezes, interest, errors ----------------------------------------------------------------------------------------


def freeze(
    *, actor: Actor, agreement_no: str, authority: str, document_no: str, amount: int,
    to_on: datetime.date | None = None, party: str = "",
) -> Hold:  # fmt: skip
    """Note an authority's freeze of a sale's money; the proof of its nature is to be shown. Errors: E_INCOMPLETE."""
    require(actor, "fund.post", [ORGAN])
    if not authority.strip() or not document_no.strip() or amount <= 0:
        raise LuoshiError("E_INCOMPLETE", "冻结要写明机关、文书号和金额。", citation=f"{RULES} 第十条")
    _ahead(to_on)
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=Lock.BOOK)
        row = Hold.objects.create(
            sale=sale, authority=authority, document_no=document_no, amount=amount, from_on=CLOCK.today(), to_on=to_on,
            party=party,
        )  # fmt: skip
        _note(actor, sale, "escrow.freeze", {"amount": amount, "document": document_no})
    return row


def freeze_account(
    *, actor: Actor, book: Book, authority: str, document_no: str, to_on: datetime.date | None = None, party: str = ""
) -> Hold:
    """Note the freeze of a whole account: nothing is executed, new sales go to another. Errors: E_INCOMPLETE."""
    require(actor, "fund.post", [ORGAN])
    if not authority.strip() or not document_no.strip():
        raise LuoshiError("E_INCOMPLETE", "冻结要写明机关和文书号。", citation=f"{RULES} 第十条")
    _ahead(to_on)
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=book.pk)
        row = Hold.objects.create(book=book, authority=authority, document_no=document_no, from_on=CLOCK.today(),
                                  amount=max(queries.balances(book)["1001"], 1), to_on=to_on, party=party)  # fmt: skip
        audit.append(actor=actor, act="escrow.freeze_account", subject=f"book:{book.key}", permission="fund.post",
                     after={"authority": authority, "document": document_no}, basis=f"{RULES} 第十条")  # fmt: skip
    return row


def _ahead(to_on: datetime.date | None) -> None:
    if to_on is not None and to_on < CLOCK.today():
        raise LuoshiError("E_INPUT", "冻结的止日早于今天。", fields={"fields": {"to_on": "早于今天"}, "field": "to"})


def show_proof(*, actor: Actor, hold: int, to: str) -> Hold:
    """Note when and to whom the proof of the money's nature was shown. Errors: E_INCOMPLETE, E_NOT_FOUND."""
    require(actor, "fund.post", [ORGAN])
    if not to.strip():
        raise LuoshiError("E_INCOMPLETE", "请写明向谁出示。", fields={"field": "to"}, citation=f"{RULES} 第十条")
    with transaction.atomic():
        row = Hold.objects.select_for_update(of=("self",)).filter(pk=hold).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这道冻结。")
        row.proof_shown_at, row.proof_shown_to = CLOCK.now(), to.strip()[:100]
        row.save()
        audit.append(actor=actor, act="escrow.show_proof", subject=f"hold:{row.pk}", permission="fund.post",
                     after={"to": row.proof_shown_to}, basis=f"{RULES} 第十条")  # fmt: skip
    return row


def lift(*, actor: Actor, hold: int, document_no: str) -> Hold:
    """End a freeze by a document. Errors: E_INCOMPLETE, E_NOT_FOUND."""
    require(actor, "fund.post", [ORGAN])
    if not document_no.strip():
        raise LuoshiError("E_INCOMPLETE", "解除冻结须有文书。", citation=f"{RULES} 第十条")
    with transaction.atomic():
        row = Hold.objects.select_for_update(of=("self",)).select_related("sale").filter(pk=hold).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这道冻结。")
        row.lifted_by = document_no[:80]
        row.save()
        audit.append(actor=actor, act="escrow.lift", subject=f"hold:{row.pk}", permission="fund.post",
                     after={"document": document_no}, basis=f"{RULES} 第十条")  # fmt: skip
    return row


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
        sale = sale_of(number or "", lock=Lock.BOOK)
        if _known(sale.book, key):
            return sale
        row = Hold.objects.select_for_update(of=("self",)).get(pk=hold)
        if row.lifted_by or amount > row.amount - row.used or amount > money(sale)[account]:
            raise LuoshiError(
                "E_CAPACITY", f"冻结尚余 {Money(row.amount - row.used)} 元，账上 {Money(money(sale)[account])} 元。"
            )
        row.used += amount
        row.proof_shown_at = row.proof_shown_at or CLOCK.now()
        row.save()
        sale.deducted += amount
        sale.save()
        _empty(sale, amount, loan=account == "2002")
        lines = [debit(account, amount, sale.agreement_no), credit("1001", amount, bank_txn_no=txn)]
        _post(actor, sale, "J12", key, lines, f"{row.authority}扣划 {row.document_no}"[:150], checker=checker)
        follow(sale)
        settle(sale)
    return sale


def reverse(
    *, actor: Actor, checker: Actor, agreement_no: str, amount: int, key: str, loan: bool = False, txn: str = ""
) -> Sale:
    """Book a deposit the bank reversed with ground (J14): as far as the money is still free, the rest it owes (J13)."""
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=Lock.BOOK)
        if _known(sale.book, key):
            return sale
        code = "2002" if loan else "2001"
        part = min(amount, money(sale)[code], free(sale))
        lines: list[Line] = [debit(code, part, sale.agreement_no)] if part else []
        lines += [debit("1101", amount - part)] if amount > part else []
        sale.reversed += part
        sale.save()
        _empty(sale, part, loan=loan)
        _post(actor, sale, "J14", key, [*lines, credit("1001", amount, bank_txn_no=txn)], "存款冲回", checker=checker)
        follow(sale)
    return sale


def interest(
    *, actor: Actor, book: Book, amount: int, first_on: datetime.date, last_on: datetime.date, key: str, txn: str = ""
) -> dict[str, int]:  # fmt: skip
    """Book interest for a period, split over the sales by the sums of their end-of-day balances (J11); return parts.

    Errors: E_FORBIDDEN, E_STATE (no sale had money), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        Book.objects.select_for_update().get(pk=book.pk)
        parts = _interest_parts(book, amount, first_on, last_on)
        if not parts:
            raise LuoshiError("E_STATE", "这一期没有可分利息的交易。", citation=f"{RULES} 第十条")
        lines = [debit("1001", amount, bank_txn_no=txn), *(credit("2006", fen, name) for name, fen in parts.items())]
        actions.post(book=book.key, actor=actor, key=key, value_on=CLOCK.today(), event="J11", lines=lines,
                     memo=f"{first_on}至{last_on}利息", basis=f"{RULES} 第十条")  # fmt: skip
    return parts


UNSPLIT = "ACCOUNT"
"""The subject under which interest is kept that is not split (interest_mode none)."""


def _interest_parts(book: Book, amount: int, first: datetime.date, last: datetime.date) -> dict[str, int]:
    """Return what of an interest belongs to each sale: by the sums of end-of-day balances; empty: no sale had money."""
    rows = [{"sale": name, "weight": weight} for name, weight in weights_of(book, first, last).items()]
    taken = decide("interest", {"interest": amount, "sales": rows})
    if taken.value["result"] == "KEPT":
        return {UNSPLIT: amount}
    if taken.value["result"] != "OK":
        return {}
    return {name: int(fen) for name, fen in taken.value["sales"].items() if fen}


def weights_of(book: Book, first: datetime.date, last: datetime.date) -> dict[str, int]:
    """Return the sums of the sales' end-of-day balances in a period (fen times days), what is on its way included.

    The money of sale d lies in 2001.d and 2002.d, on its way in 2003 and 2004 under entries that bear its number.
    """
    lines = Posting.objects.filter(account__book=book, account__code__in=(*OWN, "2003", "2004"), value_on__lte=last)
    moves = lines.exclude(entry__case="").values_list("entry__case", "value_on").annotate(
        net=Sum("credit") - Sum("debit")
    )  # fmt: skip
    found: dict[str, int] = {}
    for name, day, net in moves:
        found[name] = found.get(name, 0) + net * ((last - max(day, first)).days + 1)
    known = set(Sale.objects.filter(book=book).values_list("agreement_no", flat=True))
    return {name: weight for name, weight in sorted(found.items()) if weight > 0 and name in known}


# --- helpers, what must hold ------------------------------------------------------------------------------------------


def _state(sale: Sale, what: str) -> LuoshiError:
    return LuoshiError(
        "E_STATE", f"{sale.agreement_no} {sale.get_state_display()}，不能{what}。", fields={"state": sale.state}
    )


def _known(book: Book, key: str) -> bool:
    return Entry.objects.filter(book=book, key=key).exists()


def _post(actor: Actor, sale: Sale, event: str, key: str, lines: Sequence[Line], memo: str, checker: Actor) -> None:
    actions.post(book=sale.book.key, actor=actor, checker=checker, key=key, value_on=CLOCK.today(), event=event,
                 lines=lines, memo=memo, basis=f"{RULES} 第十条", case=sale.agreement_no)  # fmt: skip


def _note(actor: Actor, sale: Sale, act: str, after: dict[str, Any]) -> None:
    audit.append(actor=actor, act=act, subject=f"sale:{sale.agreement_no}", permission="fund.post",
                 after={"state": sale.state, **after}, basis=f"{RULES} 第十五条")  # fmt: skip


def faults(book: Book) -> list[str]:
    """Return what does not hold of a book (Z2 to Z6 that are not the ledger's own doing); empty when all does."""
    now = queries.balances(book)
    found = [f"{code} 为负：{net}" for code, net in now.items() if net < 0]
    if now["1001"] + now["1101"] != sum(net for code, net in now.items() if code.startswith("2")):
        found.append("资产与各方的钱不等")
    total = {"2001": 0, "2002": 0, "2006": 0}
    for sale in Sale.objects.filter(book=book).select_related("book"):
        kept = money(sale)
        for code in total:
            total[code] += kept[code]
        on_way = moving(sale)
        gone = sale.released + sale.refunded + sale.deducted + sale.reversed
        if sale.deposits != kept["2001"] + kept["2002"] + on_way + gone:
            found.append(f"{sale.agreement_no} 存入 {sale.deposits}，余额、在途和去向之和不等")
        if sum(one.deposited for one in sale.lines.all()) != sale.deposits - sale.reversed - sale.deducted:
            found.append(f"{sale.agreement_no} 各笔款项与存入不等")
        kinds = set(PaymentInstruction.objects.filter(
            book=book, case=sale.agreement_no, state__in=("checked", "sent", "unknown")
        ).values_list("type", flat=True))  # fmt: skip
        if len(kinds) > 1:
            found.append(f"{sale.agreement_no} 放款和退款同时在办")
    total["2006"] += queries.balances_of_subject(book, UNSPLIT).get("2006", 0)
    found += [f"{code} 分户之和 {fen} 与总账 {now[code]} 不符" for code, fen in total.items() if fen != now[code]]
    return found


def moving(sale: Sale) -> int:
    """Return what of a sale's deposits is in transit (fen)."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type__in=("RELEASE", "REFUND"))
    rows = rows.filter(state__in=("checked", "sent", "unknown", "returned")).exclude(
        state="returned", replaced_by__state__in=("checked", "sent", "unknown", "confirmed", "returned")
    )
    return sum(int(fen) for row in rows for code, _sale, fen in row.lines if code in OWN)
