"""A supervised sale on its account's book: signed, paid in, filed, registered, released or ended (J1 to J14).

Money comes in by the bank's messages (`ref` = agreement number): `moved` books it to the sale, line by line, or to
suspense. It goes out by `funds.payments`, drafted by one hand and checked by another; what the decisions refuse is
refused again under the lock of the sale when it is checked. One sale's money never pays another's.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision, Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import actions, hooks, openings, payments, plans, queries
from luoshi.office.funds.models import Book, Entry, PaymentInstruction
from luoshi.office.funds.orders import Line, credit, debit
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Hold, Sale, SaleLine, Voucher

ROOM = "home_escrow"
PLAN = f"{ROOM}/account"
ORGAN = "housing-admin"
State = Sale.State
OWN = ("2001", "2002")
_WAITING = ("drafted", "checked", "sent", "unknown", "returned")
plans.load(Path(__file__).parent / "books.yaml")


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


def sale_of(agreement_no: str, *, lock: bool = False) -> Sale:
    """Return a sale by its agreement number, locked for a change (its book first); E_NOT_FOUND."""
    found = Sale.objects.select_related("book").filter(agreement_no=agreement_no).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有监管协议“{agreement_no[:40]}”。")
    if lock:
        Book.objects.select_for_update().get(pk=found.book_id)
        return Sale.objects.select_for_update(of=("self",)).select_related("book").get(pk=found.pk)
    return found


def money(sale: Sale) -> dict[str, int]:
    """Return what a sale has: 2001, 2002, 2006 (fen)."""
    kept = queries.balances_of_subject(sale.book, sale.agreement_no)
    return {code: kept.get(code, 0) for code in (*OWN, "2006")}


def held(sale: Sale, on: datetime.date | None = None) -> int:
    """Return what is frozen of a sale on a day (fen)."""
    day = on or CLOCK.today()
    rows = Hold.objects.filter(sale=sale, lifted_by="", from_on__lte=day).exclude(to_on__lt=day)
    told = rows.aggregate(a=Sum("amount"), u=Sum("used"))
    return int(told["a"] or 0) - int(told["u"] or 0)


def free(sale: Sale) -> int:
    """Return what of a sale may be paid (fen)."""
    kept = money(sale)
    return max(kept["2001"] + kept["2002"] - held(sale), 0)


def _open(sale: Sale, *, besides: int | None = None) -> str:
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
    contract_supervised: int | None = None,
) -> Sale:  # fmt: skip
    """Sign the agreement of a sale: in force, in scope, the amounts agree, the home in no other live sale.

    `lines`: kind, amount, lender, due, as in `home_escrow.amount`. Errors: E_FORBIDDEN, E_RULE, E_EXPIRED,
    E_DUPLICATE (该房屋已有在办监管).
    """
    require(actor, "fund.post", [ORGAN])
    total = supervised if supervised is not None else sum(int(one["amount"]) for one in lines)
    day = CLOCK.today()
    refuse(decide("agreement", {"agreement_on": str(day)}), "不能签订监管协议")
    refuse(decide("scope", {"unit_code": unit_code}), "不在监管范围")
    facts = {"mode": "FULL" if total == price else "PARTIAL", "price": price, "supervised": total, "lines": list(lines)}
    told = {} if contract_supervised is None else {"contract_supervised": contract_supervised}
    refuse(decide("amount", facts | told), "监管资金不符")
    if buyer == seller:
        raise LuoshiError("E_INPUT", "买受人和出卖人是同一人。", fields={"field": "buyer"})
    try:
        with transaction.atomic():
            sale = Sale.objects.create(
                book=book, agreement_no=agreement_no, contract_no=contract_no, unit_code=unit_code, buyer=buyer,
                seller=seller, price=price, supervised=total, plan=plan, signed_on=day,
            )  # fmt: skip
            for n, one in enumerate(lines, 1):
                loan = one.get("kind") in ("按揭贷款", "loan") or bool(one.get("lender"))
                due = one.get("due") or ("AFTER_REGISTRATION" if loan else "BEFORE_FILING")
                SaleLine.objects.create(
                    sale=sale, n=n, amount=int(one["amount"]),
                    kind="按揭贷款" if loan else str(one.get("kind", "首付款")),
                    lender=str(one.get("lender", "贷款银行")) if loan else "", before_filing=due == "BEFORE_FILING",
                )  # fmt: skip
            _note(actor, sale, "escrow.sign", {"price": price, "supervised": total})
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "该房屋已有在办监管，或合同、协议编号已用过。") from None
    return sale


def cancel(*, actor: Actor, agreement_no: str) -> Sale:
    """End an agreement under which nothing was ever paid in. Errors: E_FORBIDDEN, E_STATE."""
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if sale.state != State.FUNDING or sale.deposits:
            raise LuoshiError("E_STATE", "已有存款或已备案，不能取消，请办理解除。", fields={"state": sale.state})
        sale.state, sale.live = State.CANCELLED, False
        sale.save()
        _note(actor, sale, "escrow.cancel", {})
    return sale


def file(*, actor: Actor, agreement_no: str, on: datetime.date | None = None) -> Sale:
    """File the contract: what must be in before is in. Errors: E_FORBIDDEN, E_STATE, E_RULE."""
    require(actor, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if sale.state != State.FUNDING:
            raise _state(sale, "备案")
        lines = [
            {"kind": one.kind, "amount": one.amount, "deposited": one.deposited,
             "due": "BEFORE_FILING" if one.before_filing else "AFTER_REGISTRATION"}
            for one in sale.lines.all()
        ]  # fmt: skip
        refuse(decide("filing", {"route": "SUPERVISED", "lines": lines}), "不能备案")
        sale.state, sale.filed_on = State.FILED, on or CLOCK.today()
        sale.save()
        _note(actor, sale, "escrow.file", {"filed_on": str(sale.filed_on)})
    return sale


def register(*, actor: Actor, agreement_no: str, on: datetime.date) -> Sale:
    """Note that the home is in the buyer's name (the register's feed or the certificate). Errors: E_STATE, E_RULE."""
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if sale.state != State.FILED:
            raise _state(sale, "登记过户")
        if sale.filed_on is not None and on < sale.filed_on:
            raise LuoshiError("E_RULE", f"登记日 {on} 早于备案日 {sale.filed_on}。", citation=f"{RULES} 第十五条")
        sale.state, sale.registered_on = State.REGISTERED, on
        sale.save()
        _note(actor, sale, "escrow.register", {"registered_on": str(on)})
    return sale


# --- money in ---------------------------------------------------------------------------------------------------------


@hooks.on(ROOM, "bank.movement")
def moved(told: hooks.Told) -> hooks.Booking | None:
    """Book money that came in: to the sale named by `ref` as far as its payer's lines are open, the rest to suspense.

    The payer is known by name: the buyer, or the lender of a loan line. Everything else is unidentified.
    """
    body = told.message
    if body.get("direction") != "C" or told.book.plan != PLAN:
        return None
    found = Sale.objects.filter(agreement_no=str(body.get("ref", "")), book=told.book).values_list(
        "agreement_no", flat=True
    )
    if (agreement_no := found.first()) is None:
        return None
    sale = sale_of(agreement_no, lock=True)
    fen, name = int(body.get("amount_fen") or 0), str(body.get("counter_name", "")).strip()
    lines = list(sale.lines.all())
    lender = any(one.lender == name for one in lines if one.lender)
    taken = decide("deposit", {
        "payer": "lender" if lender else "buyer" if name == sale.buyer else "other", "amount": fen,
        "lines": [{"kind": one.kind, "lender": one.lender or None, "amount": one.amount, "deposited": one.deposited}
                  for one in lines if not lender or one.lender == name],
        "sale_state": "closed" if not sale.live else "terminating" if sale.state == State.TERMINATING else "open",
    })  # fmt: skip
    booked = int(taken.value.get("booked") or 0)
    if not booked:
        return None
    own = [one for one in lines if (one.lender == name if lender else not one.lender)]
    _fill(own, booked)
    sale.deposits += booked
    sale.save()
    _voucher(sale, name, booked, str(body.get("bank_txn_no", "")))
    rest = fen - booked
    code, event = ("2002", "J2") if lender else ("2001", "J1")
    booking = [credit(code, booked, sale.agreement_no), *([credit("2005", rest)] if rest else [])]
    return hooks.Booking(booking, event, f"{name}存入"[:200], f"{RULES} 第十五条", sale.agreement_no)


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
    return Voucher.objects.create(
        number=f"{sale.agreement_no}-{count:03d}", sale=sale, payer=payer[:100], amount=fen,
        bank_txn_no=txn or f"-{count}",
        at=CLOCK.now(),
    )  # fmt: skip


def identify(*, actor: Actor, checker: Actor, agreement_no: str, amount: int, key: str, payer: str) -> int:
    """Move unidentified money to the buyer's lines of a sale, signed for by buyer and payer (J3), by two hands.

    Errors: E_FORBIDDEN, E_SELF, E_STATE (the sale takes none), E_CAPACITY (more than is open), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if _known(sale.book, key):
            return amount
        if not sale.live or sale.state == State.TERMINATING:
            raise _state(sale, "认领来款")
        lines = [one for one in sale.lines.all() if not one.lender]
        room = sum(one.amount - one.deposited for one in lines)
        if amount > room:
            raise LuoshiError("E_CAPACITY", f"买受人待存 {room} 分，不能认领 {amount} 分。", fields={"room": room})
        _fill(lines, amount)
        sale.deposits += amount
        sale.save()
        _voucher(sale, payer, amount, f"K:{key}"[:60])
        moves = [debit("2005", amount), credit("2001", amount, sale.agreement_no)]
        _post(actor, sale, "J3", key, moves, "待查来款认领",
              checker=checker)  # fmt: skip
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
        sale = sale_of(agreement_no, lock=True)
        if sale.state not in (State.REGISTERED, State.RELEASING):
            raise _state(sale, "放款")
        if _open(sale):
            raise LuoshiError(
                "E_STATE", "前一条指令尚无最终结果，只能查询，不能另发指令。", citation=f"{RULES} 第十五条"
            )
        papers = {"paper": paper, "paper_number": paper_number}
        refuse(
            decide("payee", {"seller": sale.seller, "owner": payee.name, "number": payee.number, **papers}), "收款账户"
        )
        kept = money(sale)
        fen = amount if amount is not None else sum(kept[code] for code in OWN) if sale.plan == "SINGLE" else free(sale)
        facts = _release_facts(sale, fen)
        refuse(decide("release", {**facts, "applied_by": list(applied_by)}), "不能放款")
        lines = _taken(sale, kept, fen)
        number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count() + 1
        return payments.draft_payment(
            actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2003",
            account="1001", payee=payee, purpose="放款", basis=f"{RULES} 第十五条", case=sale.agreement_no,
            events=payments.Events("J5", "J6", "J7", "J8"), type="RELEASE", meta={"sale": sale.agreement_no},
        )  # fmt: skip


def _release_facts(sale: Sale, fen: int) -> dict[str, Any]:
    kept = money(sale)
    return {
        "plan": sale.plan, "supervised": sale.supervised, "deposits": sale.deposits, "reversed": sale.reversed,
        "deducted": sale.deducted, "balance": kept["2001"] + kept["2002"], "held": held(sale), "amount": fen,
        "registered_on": str(sale.registered_on), "filed_on": str(sale.filed_on),
    }  # fmt: skip


def _taken(sale: Sale, kept: Mapping[str, int], fen: int) -> list[tuple[str, str, int]]:
    """Return the debits of a release: the buyer's money first, then the loan's; interest with the last of it."""
    first = min(fen, kept["2001"])
    parts = [("2001", first), ("2002", fen - first)]
    if fen == kept["2001"] + kept["2002"]:
        parts.append(("2006", kept["2006"]))
    return [(code, sale.agreement_no, part) for code, part in parts if part]


def terminate(*, actor: Actor, agreement_no: str, facts: Mapping[str, Any]) -> Sale:
    """Issue the notice that ends supervision: the sale is locked for refunds. `facts`: `home_escrow.termination`.

    Errors: E_FORBIDDEN, E_STATE (a release is open, closed already), E_RULE.
    """
    require(actor, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if not sale.live or sale.state == State.TERMINATING:
            raise _state(sale, "解除")
        if sale.state == State.RELEASING or _open(sale):
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
    *, actor: Actor, agreement_no: str, buyer: payments.Payee | None = None,
    lenders: Mapping[str, payments.Payee] | None = None,
) -> list[PaymentInstruction]:  # fmt: skip
    """Draft the refunds of a terminated sale (J9): the buyer's part to the buyer, the loan part to its lender.

    Errors: E_FORBIDDEN, E_STATE (no notice; not settled), E_RULE (payee, nothing free), E_INCOMPLETE (no account).
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        if sale.state != State.TERMINATING:
            raise _state(sale, "退款")
        if _open(sale):
            raise LuoshiError("E_STATE", "前一条退款指令尚无最终结果。", citation=f"{RULES} 第十七条")
        kept = money(sale)
        names = [one.lender for one in sale.lines.all() if one.lender] or [""]
        taken = decide("refund", {
            "buyer_money": kept["2001"], "loan_money": kept["2002"], "lender": names[0] or None, "held": held(sale),
        })  # fmt: skip
        refuse(taken, "不能退款")
        drafted = []
        number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
        for one in taken.value["instructions"]:
            to_buyer = one["to"] == "buyer"
            payee = buyer if to_buyer else (lenders or {}).get(str(one["name"]))
            if payee is None:
                raise LuoshiError("E_INCOMPLETE", f"缺少{'买受人' if to_buyer else one['name']}的收款账户。")
            if payee.name != (sale.buyer if to_buyer else one["name"]):
                raise LuoshiError("E_RULE", "退款只能退给付款的一方。", citation=f"{RULES} 第十七条")
            lines = [(one["account"], sale.agreement_no, int(one["amount"]))]
            if to_buyer and kept["2006"] and one["amount"] == kept["2001"]:
                lines.append(("2006", sale.agreement_no, kept["2006"]))
            number += 1
            drafted.append(payments.draft_payment(
                actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2004",
                account="1001", payee=payee, purpose="解除监管退款", basis=f"{RULES} 第十七条", case=sale.agreement_no,
                events=payments.Events("J9", "J10", "J10", "J10"), type="REFUND", meta={"sale": sale.agreement_no},
            ))  # fmt: skip
        return drafted


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
    return None if number is None else sale_of(str(number), lock=True)


def _principal(told: hooks.Told) -> int:
    """Return what of a payment is deposits, without interest."""
    payment = told.payment
    return 0 if payment is None else sum(int(fen) for code, _sale, fen in payment.lines if code in OWN)


@hooks.on(ROOM, "payment.instructed")
def instructed(told: hooks.Told) -> None:
    """Tested again under the sale's lock: the state, and that what is frozen stays."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None or payment.replaces_id is not None:
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


@hooks.on(ROOM, "payment.confirmed")
def confirmed(told: hooks.Told) -> None:
    """The bank has paid: released or refunded; the sale is closed when nothing is left of it."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None:
        return
    if payment.type == "RELEASE":
        sale.released += _principal(told)
    else:
        sale.refunded += _principal(told)
    if sale.state == State.RELEASING:
        sale.state = State.REGISTERED
    complete = sale.deposits - sale.reversed >= sale.supervised or sale.state == State.TERMINATING
    if complete and not any(money(sale).values()) and not _open(sale, besides=payment.pk):
        sale.state, sale.live = State.CLOSED, False
    sale.save()


@hooks.on(ROOM, "payment.failed")
def failed(told: hooks.Told) -> None:
    """The bank refused: the money is the sale's again, a new instruction may be drafted."""
    sale, payment = _of(told), told.payment
    if sale is not None and payment is not None and payment.replaces_id is None and sale.state == State.RELEASING:
        sale.state = State.REGISTERED
        sale.save()


@hooks.on(ROOM, "payment.returned")
def returned(told: hooks.Told) -> None:
    """The payee's bank sent the money back: owed again, to an account to be corrected; the sale is open again."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None:
        return
    releases = payment.type == "RELEASE"
    if releases:
        sale.released -= _principal(told)
    else:
        sale.refunded -= _principal(told)
    sale.state, sale.live = (State.RELEASING if releases else State.TERMINATING), True
    sale.save()


# --- freezes, interest, errors ----------------------------------------------------------------------------------------


def freeze(
    *, actor: Actor, agreement_no: str, authority: str, document_no: str, amount: int,
    to_on: datetime.date | None = None,
) -> Hold:  # fmt: skip
    """Note an authority's freeze of a sale's money; the proof of its nature is to be shown. Errors: E_INCOMPLETE."""
    require(actor, "fund.post", [ORGAN])
    if not authority.strip() or not document_no.strip() or amount <= 0:
        raise LuoshiError("E_INCOMPLETE", "冻结要写明机关、文书号和金额。", citation=f"{RULES} 第十条")
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
        row = Hold.objects.create(
            sale=sale, authority=authority, document_no=document_no, amount=amount, from_on=CLOCK.today(), to_on=to_on
        )
        _note(actor, sale, "escrow.freeze", {"amount": amount, "document": document_no})
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
        _note(actor, row.sale, "escrow.lift", {"document": document_no})
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
        sale = sale_of(number or "", lock=True)
        if _known(sale.book, key):
            return sale
        row = Hold.objects.select_for_update(of=("self",)).get(pk=hold)
        if row.lifted_by or amount > row.amount - row.used or amount > money(sale)[account]:
            raise LuoshiError("E_CAPACITY", f"冻结尚余 {row.amount - row.used} 分，账上 {money(sale)[account]} 分。")
        row.used += amount
        row.proof_shown_at = row.proof_shown_at or CLOCK.now()
        row.save()
        sale.deducted += amount
        sale.save()
        _empty(sale, amount, loan=account == "2002")
        lines = [debit(account, amount, sale.agreement_no), credit("1001", amount, bank_txn_no=txn)]
        _post(actor, sale, "J12", key, lines, f"{row.authority}扣划 {row.document_no}"[:150], checker=checker)
    return sale


def reverse(
    *, actor: Actor, checker: Actor, agreement_no: str, amount: int, key: str, loan: bool = False, txn: str = ""
) -> Sale:
    """Book a deposit the bank reversed with ground (J14): as far as the money is still free, the rest it owes (J13)."""
    require(actor, "fund.post", [ORGAN])
    require(checker, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = sale_of(agreement_no, lock=True)
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
        rows = [
            {"sale": sale.agreement_no, "weight": _weight(sale, first_on, last_on)}
            for sale in Sale.objects.filter(book=book).select_related("book").order_by("agreement_no")
        ]
        rows = [one for one in rows if one["weight"]]
        taken = decide("interest", {"interest": amount, "sales": rows})
        if taken.value["result"] != "OK":
            raise LuoshiError("E_STATE", "这一期没有可分利息的交易。", citation=f"{RULES} 第十条")
        parts = {name: int(fen) for name, fen in taken.value["sales"].items() if fen}
        lines = [debit("1001", amount, bank_txn_no=txn), *(credit("2006", fen, name) for name, fen in parts.items())]
        actions.post(book=book.key, actor=actor, key=key, value_on=CLOCK.today(), event="J11", lines=lines,
                     memo=f"{first_on}至{last_on}利息", basis=f"{RULES} 第十条")  # fmt: skip
    return parts


def _weight(sale: Sale, first_on: datetime.date, last_on: datetime.date) -> int:
    """Return the sum of a sale's end-of-day balances in a period (fen times days)."""
    total = 0
    for code in OWN:
        account = queries.account_of(sale.book, code)
        day = first_on
        while day <= last_on:
            total += queries.balance_on(account, day, sale.agreement_no)
            day += queries.ONE_DAY
    return total


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
        moving = _moving(sale)
        gone = sale.released + sale.refunded + sale.deducted + sale.reversed
        if sale.deposits != kept["2001"] + kept["2002"] + moving + gone:
            found.append(f"{sale.agreement_no} 存入 {sale.deposits}，余额、在途和去向之和不等")
        if sum(one.deposited for one in sale.lines.all()) != sale.deposits - sale.reversed - sale.deducted:
            found.append(f"{sale.agreement_no} 各笔款项与存入不等")
        kinds = set(PaymentInstruction.objects.filter(
            book=book, case=sale.agreement_no, state__in=("checked", "sent", "unknown")
        ).values_list("type", flat=True))  # fmt: skip
        if len(kinds) > 1:
            found.append(f"{sale.agreement_no} 放款和退款同时在办")
    found += [f"{code} 分户之和 {fen} 与总账 {now[code]} 不符" for code, fen in total.items() if fen != now[code]]
    return found


def _moving(sale: Sale) -> int:
    """Return what of a sale's deposits is in transit (fen)."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type__in=("RELEASE", "REFUND"))
    rows = rows.filter(state__in=("checked", "sent", "unknown", "returned")).exclude(
        state="returned", replaced_by__state__in=("checked", "sent", "unknown", "confirmed", "returned")
    )
    return sum(int(fen) for row in rows for code, _sale, fen in row.lines if code in OWN)
