"""A sale begins and goes to its transfer: account opened, agreement signed or cancelled, filed, registered."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.office.actors import Actor
from luoshi.office.funds import openings
from luoshi.office.funds.models import Book
from luoshi.office.organs.sealing import blind, seal
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course
from luoshi.programmes.home_escrow.common import ORGAN, OWN, PLAN, Home, Person, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import EscrowAccount, Party, Sale, SaleLine


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
    common.refuse(common.decide("agreement", {"agreement_on": str(day), "filed": filed}), "不能签订监管协议")
    common.refuse(common.decide("scope", {"unit_code": unit_code}), "不在监管范围")
    if parties:
        told_parties = {f"{side}s": [one.number for one in parties if one.side == side] for side in ("buyer", "seller")}
        common.refuse(common.decide("party", told_parties), "证件号码有误")
    facts = {"mode": mode or ("FULL" if total == price else "PARTIAL"), "price": price, "supervised": total,
             "lines": list(lines)}  # fmt: skip
    told = {} if contract_supervised is None else {"contract_supervised": contract_supervised}
    common.refuse(common.decide("amount", facts | told), "监管资金不符")
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
            common.note(actor, sale, "escrow.sign", {"price": price, "supervised": total})
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "该房屋已有在办监管，或合同、协议编号已用过。") from None
    return sale


def usable(book: Book) -> None:
    """Refuse an account that takes no new sale: without the Department's seal, out of use, frozen; E_STATE."""
    row = EscrowAccount.objects.select_related("bank").filter(book=book).first()
    if row is not None and (row.status != "active" or row.bank.stage != "active"):
        raise LuoshiError("E_STATE", f"监管账户（尾号{row.tail}）{row.get_status_display()}，不能用于新的交易。",
                          citation=f"{RULES} 第八条")  # fmt: skip
    if (hold := course.frozen(book)) is not None:
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
        sale = course.sale_of(agreement_no, lock=lock)
        kept = course.money(sale)
        there = sale.deposits - sale.reversed - sale.deducted or any(kept[code] for code in OWN)
        if sale.state not in (State.FUNDING, State.FILED) or there or course.open_payment(sale):
            raise LuoshiError("E_STATE", f"{agreement_no} 监管账户里有钱或已过户，不能取消，请办理解除。",
                              fields={"state": sale.state})  # fmt: skip
        sale.state, sale.live = State.CANCELLED, False
        sale.save()
        common.note(actor, sale, "escrow.cancel", {})
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
        sale = course.sale_of(agreement_no, lock=lock)
        if sale.state != State.FUNDING:
            raise common.misplaced(sale, "备案")
        common.refuse(common.decide("filing", {"route": "SUPERVISED", "lines": lines_told(sale)}), "不能备案")
        sale.state, sale.filed_on = State.FILED, on or CLOCK.today()
        sale.save()
        common.note(actor, sale, "escrow.file", {"filed_on": str(sale.filed_on)})
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
        sale = course.sale_of(agreement_no, lock=lock)
        if sale.state != State.FILED:
            raise common.misplaced(sale, "登记过户")
        if sale.filed_on is not None and on < sale.filed_on:
            raise LuoshiError("E_RULE", f"登记日 {on} 早于备案日 {sale.filed_on}。", citation=f"{RULES} 第十五条(四)")
        sale.state, sale.registered_on = State.REGISTERED, on
        sale.save()
        common.note(actor, sale, "escrow.register", {"registered_on": str(on)})
    return sale
