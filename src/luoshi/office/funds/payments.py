"""Payments out of a book: drafted by one hand, checked by another, sent, and what the bank says of them.

    drafted → checked → sent → confirmed → returned
                          ↘ failed, ↘ unknown → confirmed / failed

Checking takes the money out of its accounts into transit (events.instructed); the bank account moves only when the bank
has paid (events.confirmed). Failed: the counter-entry of the first. Returned: back into transit, owed again, and a new
instruction `reissue`d; when that one fails the money stays in transit. Unknown is asked (QUERY, same id), never paid
twice: the database refuses a second living instruction for a part of a claim.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import hooks, links
from luoshi.office.funds.models import Account, Book, Entry, Part, PaymentInstruction
from luoshi.office.funds.orders import Hand, Line, Order, credit, debit, mirrored
from luoshi.office.funds.writing import ledger_of, order_of, post_all
from luoshi.office.locks import serialise
from luoshi.office.messages.actions import tell, tell_organ
from luoshi.office.organs.sealing import seal, unseal
from luoshi.office.permissions import require, require_other_hand, require_visible
from luoshi.office.roles import Role

State = PaymentInstruction.State


class Payee(NamedTuple):
    """Who gets the money: name, account number (kept sealed), bank."""

    name: str
    number: str
    bank: str


class Events(NamedTuple):
    """The rows of the spec's posting table for the four moments of a payment."""

    instructed: str = ""
    confirmed: str = ""
    failed: str = ""
    returned: str = ""


_NO_EVENTS = Events()


def draft_payment(
    *,
    actor: Actor,
    book: str,
    claim: str,
    lines: Sequence[tuple[str, str, int]],
    payee: Payee,
    basis: str,
    account: str = "",
    transit: str = "",
    part: int = 1,
    purpose: str = "",
    case: str = "",
    events: Events = _NO_EVENTS,
    due_on: datetime.date | None = None,
    type: str = "PAY",  # noqa: A002 - the word of the bank's interface
    meta: Mapping[str, Any] | None = None,
) -> PaymentInstruction:
    """Draft a payment of `claim` (part `part` of it): each of `lines` is (account code, subject, fen) to be debited.

    `account` and `transit` name the bank account and the transit account where the book has several. `meta` is kept for
    the room. Side effects: audit, a message to the checkers. Errors: E_FORBIDDEN, E_NOT_FOUND, E_AMOUNT, E_INPUT,
    E_INCOMPLETE, E_DUPLICATE (that part of the claim is being paid or paid).
    """
    found = _book(actor, book, "fund.post")
    total = _total(lines)
    payer, passing = _one(found, account, Part.BANK), _one(found, transit, Part.TRANSIT)
    payee = Payee(*(value.strip() for value in payee))
    for value, word, most in (
        (claim, "付款事由编号", 80), (payee.name, "收款人", 100), (payee.number, "收款账号", 40),
        (payee.bank, "收款银行", 100), (basis, "依据", 200),
    ):  # fmt: skip
        if not value.strip() or len(value) > most or not value.isprintable():
            raise LuoshiError("E_INCOMPLETE", f"“{word}”要写，最多{most}字。", fields={"field": word})
    with transaction.atomic():
        row = _stored(
            actor, found, payer, passing, claim.strip(), part, type, total, payee, purpose, basis, case,
            [list(line) for line in lines], events._asdict(), dict(meta or {}), due_on, None,
        )  # fmt: skip
        _note(actor, row, "fund.pay", None)
        tell_organ(
            key=f"fund.pay:{row.pk}", organ=found.organ, roles=(Role.REVIEWER, Role.LEADER), kind="fund.check",
            text=f"{found.title}待复核付款 {Money(total)} 元：{row.claim}", href=f"/funds/payments/{row.pk}/",
        )  # fmt: skip
    return row


def reissue(*, actor: Actor, payment: int, payee: Payee | None = None, reason: str = "") -> PaymentInstruction:
    """Draft the payment again that came back (or whose repetition failed): its money is in transit and owed.

    Another `payee` may be named (the account was closed). Errors: E_STATE (nothing is owed), E_DUPLICATE.
    """
    with transaction.atomic():
        old = _locked(payment)
        _book(actor, old.book.key, "fund.post")
        if not (old.state == State.RETURNED or (old.state == State.FAILED and old.replaces_id is not None)):
            raise LuoshiError("E_STATE", "只有付后退回的款项才能重新付。", fields={"state": old.state})
        if PaymentInstruction.objects.filter(replaces=old).exclude(state=State.CANCELLED).exists():
            raise LuoshiError("E_DUPLICATE", "这笔退回的款项已经重新付过。")
        target = payee or Payee(old.payee_name, payee_number(old), old.payee_bank)
        meta = {**old.meta, "reissued": reason[:200]} if reason else old.meta
        row = _stored(
            actor, old.book, old.account, old.transit, old.claim, old.claim_part, old.type, old.amount, target,
            old.purpose, old.basis, old.case, old.lines, old.events, meta, None, old,
        )  # fmt: skip
        _note(actor, row, "fund.pay", {"replaces": old.instr_id})
    return row


def check_payment(
    *, actor: Actor, payment: int, accept: bool = True, reason: str = "", version: int | None = None
) -> PaymentInstruction:
    """Check a drafted payment with another hand: its money goes into transit and the order to the bank; or cancel it.

    Side effects: the entry, the message to the bank (sent by the timer or as a file), the room's hook
    `payment.instructed`, audit. Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_VERSION, E_STATE, E_CAPACITY (not covered).
    """
    with transaction.atomic():
        row = _locked(payment)
        require_visible(actor, "fund.see", row.book.seen_by, "这笔付款")
        require(actor, "fund.check", [row.book.organ])
        if row.state != State.DRAFTED:
            raise LuoshiError(
                "E_STATE", f"这笔付款{row.get_state_display()}，不在待复核。", fields={"state": row.state}
            )
        if version is not None and version != row.version:
            raise LuoshiError("E_VERSION", "这笔付款已被他人改过，请重新打开再看。", fields={"version": row.version})
        require_other_hand(actor, [row.drafted_by_id, row.drafted_for], "付款复核")
        if not accept and not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "退回要写明原因。", fields={"field": "reason"})
        row.checked_by_id, row.checked_name, row.checked_at = actor.user_id, actor.name, CLOCK.now()
        row.reason = reason.strip()[:200]
        if accept:
            if row.replaces_id is None:
                row.instructed_id = _instruct(row, actor)
            row.state = State.CHECKED
            _save(row)
            links.queue(row.account, row.type, instruction=row, fields=_order_fields(row))
            hooks.fire(hooks.Told("payment.instructed", row.book, row.account, row, entry=row.instructed_id))
        else:
            row.state = State.CANCELLED
            _save(row)
        _note(actor, row, "fund.check_payment", {"state": "drafted"}, "fund.check")
        if row.drafted_by_id is not None:
            word = "已复核，送银行" if accept else f"被退回：{row.reason}"
            tell(key=f"fund.pay:{row.pk}:{row.version}", users=[row.drafted_by_id], kind="fund.pay",
                 text=f"付款 {row.claim} {word}", href=f"/funds/payments/{row.pk}/")  # fmt: skip
    return row


def apply_result(
    row: PaymentInstruction, outcome: str, *, txn: str, on: datetime.date, reason: str, hand: Hand
) -> tuple[str, int | None]:
    """Take what the bank says of a locked payment; return (accepted or duplicate, id of the entry).

    `outcome`: success, failed, not_found, unknown. Errors: E_CONFLICT when a final result is contradicted, E_STATE
    before it was sent, those of posting.
    """
    final = {"success": State.CONFIRMED, "failed": State.FAILED, "not_found": State.FAILED}.get(outcome)
    if row.state in (State.DRAFTED, State.CANCELLED):
        raise LuoshiError("E_STATE", "这笔指令没有送出过。", fields={"instr_id": row.instr_id})
    stands = State.CONFIRMED if row.state == State.RETURNED else row.state
    if stands in (State.CONFIRMED, State.FAILED):
        if final is None:
            return "duplicate", row.settled_id
        if stands != final or (final == State.CONFIRMED and txn and txn != row.bank_txn_no):
            raise LuoshiError(
                "E_CONFLICT",
                f"指令 {row.instr_id} 的结果已定，与这份不同，没有改动。",
                fields={"instr_id": row.instr_id},
            )
        return "duplicate", row.settled_id
    row.result_at, row.reason = CLOCK.now(), reason[:200]
    if final is None:
        row.state = State.UNKNOWN
        _save(row)
        links.queue(row.account, "QUERY", instruction=row, fields={"instr_id": row.instr_id, "ref": row.instr_id})
        return "accepted", None
    if final == State.CONFIRMED:
        row.bank_txn_no = txn
        row.settled_id = _post(
            row, f"pay:{row.instr_id}:confirmed", "confirmed", f"银行确认付款 {row.claim}", on, hand,
            [debit(row.transit.code, row.amount), credit(row.account.code, row.amount, bank_txn_no=txn)],
        )  # fmt: skip
    elif row.replaces_id is None:
        row.settled_id = _undo(row, on, hand)
    row.state = final
    _save(row)
    event = "payment.confirmed" if final == State.CONFIRMED else "payment.failed"
    hooks.fire(hooks.Told(event, row.book, row.account, row, {"reason": reason, "outcome": outcome}, row.settled_id))
    _tell_result(row)
    return "accepted", row.settled_id


def apply_return(row: PaymentInstruction, *, txn: str, on: datetime.date, reason: str, hand: Hand) -> int:
    """Take back a paid payment whose money the payee's bank returned: into transit, owed again; return the entry's id.

    Errors: E_STATE unless it was paid, those of posting.
    """
    if row.state != State.CONFIRMED:
        raise LuoshiError(
            "E_STATE", "只有已支付的指令才会退回。", fields={"instr_id": row.instr_id, "state": row.state}
        )
    entry = row.returned_id = _post(
        row, f"pay:{row.instr_id}:returned", "returned", f"付后退回 {row.claim}", on, hand,
        [debit(row.account.code, row.amount, bank_txn_no=txn), credit(row.transit.code, row.amount)],
    )  # fmt: skip
    row.state, row.reason = State.RETURNED, reason[:200]
    _save(row)
    hooks.fire(hooks.Told("payment.returned", row.book, row.account, row, {"reason": reason}, entry))
    _tell_result(row)
    return entry


def payee_number(row: PaymentInstruction) -> str:
    """Return the account number of the payee."""
    return unseal(row.payee_suite, row.payee_sealed, f"funds_paymentinstruction.payee.{row.instr_id}")


def locked(instr_id: str) -> PaymentInstruction | None:
    """Return a payment by the bank's word for it, locked; None when there is none."""
    pk = PaymentInstruction.objects.filter(instr_id=instr_id).values_list("pk", flat=True).first()
    return None if pk is None else _locked(pk)


def fits(row: PaymentInstruction, amount: int | None, payee_number_told: str) -> bool:
    """Tell whether a movement is this payment: on its way, same amount, same payee."""
    on_way = row.state in (State.CHECKED, State.SENT, State.UNKNOWN)
    return on_way and amount == row.amount and payee_number_told == payee_number(row)


# --- helpers ----------------------------------------------------------------------------------------------------------


def _book(actor: Actor, key: str, permission: str) -> Book:
    found = Book.objects.filter(key=key).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账簿“{key[:80]}”。")
    require_visible(actor, "fund.see", found.seen_by, "这本账簿")
    require(actor, permission, [found.organ])
    return found


def _total(lines: Sequence[tuple[str, str, int]]) -> int:
    if not lines or any(type(fen) is not int or fen <= 0 for _code, _subject, fen in lines):
        raise LuoshiError("E_AMOUNT", "付款金额应为正整数（分）。")
    return sum(fen for _code, _subject, fen in lines)


def _one(book: Book, code: str, part: str) -> Account:
    rows = Account.objects.filter(book=book, part=part, closed_on__isnull=True)
    found = list(rows.filter(code=code) if code else rows[:2])
    if len(found) != 1:
        word = {"bank": "银行存款", "transit": "在途付款"}[part]
        raise LuoshiError("E_INPUT", f"请写明{word}科目：账簿里有几个或没有。", fields={"field": part})
    return found[0]


def _stored(
    actor: Actor, book: Book, payer: Account, passing: Account, claim: str, part: int, kind: str, total: int,
    payee: Payee, purpose: str, basis: str, case: str, lines: list[Any], events: dict[str, str], meta: dict[str, Any],
    due_on: datetime.date | None, replaces: PaymentInstruction | None,
) -> PaymentInstruction:  # fmt: skip
    serialise("funds.instructions")
    number = (PaymentInstruction.objects.aggregate(n=Max("pk"))["n"] or 0) + 1
    instr_id = f"P{CLOCK.today():%Y%m%d}-{number:07d}"
    suite, sealed = seal(payee.number, f"funds_paymentinstruction.payee.{instr_id}")
    try:
        with transaction.atomic():
            return PaymentInstruction.objects.create(
                book=book, account=payer, transit=passing, instr_id=instr_id, claim=claim, claim_part=part, type=kind,
                amount=total, payee_name=payee.name, payee_suite=suite, payee_sealed=sealed,
                payee_tail=payee.number[-4:], payee_bank=payee.bank, purpose=purpose[:100], basis=basis.strip(),
                case=case, lines=lines, events=events, meta=meta, due_on=due_on, replaces=replaces,
                drafted_by_id=actor.user_id, drafted_for=actor.for_id, drafted_name=actor.name, drafted_at=CLOCK.now(),
            )  # fmt: skip
    except IntegrityError:
        living = PaymentInstruction.objects.filter(book=book, claim=claim, claim_part=part).order_by("-pk").first()
        raise LuoshiError(
            "E_DUPLICATE",
            f"{claim} 第{part}笔已有付款指令 {living.instr_id if living else ''}，没有再拟。",
            fields={"instr_id": living.instr_id if living else ""},
        ) from None


def _locked(pk: int) -> PaymentInstruction:
    rows = PaymentInstruction.objects.select_for_update(of=("self",)).select_related("book", "account", "transit")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这笔付款。")
    return found


def _save(row: PaymentInstruction) -> None:
    row.version += 1
    row.save()


def _note(
    actor: Actor, row: PaymentInstruction, act: str, before: dict[str, Any] | None, permission: str = "fund.post"
) -> None:
    audit.append(
        actor=actor, act=act, subject=f"payment:{row.instr_id}", before=before, permission=permission, basis=row.basis,
        after={"state": row.state, "claim": row.claim, "amount": row.amount, "payee": row.payee_name,
               "tail": row.payee_tail, "reason": row.reason},
    )  # fmt: skip


def _instruct(row: PaymentInstruction, actor: Actor) -> int:
    lines = [Line(code, fen, 0, subject) for code, subject, fen in row.lines]
    lines.append(credit(row.transit.code, row.amount))
    hand = Hand(row.drafted_name, actor.via, row.drafted_by_id, actor.name, actor.user_id, actor.request_id)
    return _post(
        row, f"pay:{row.instr_id}:instructed", "instructed", f"付款指令 {row.claim}", CLOCK.today(), hand, lines
    )


def _post(
    row: PaymentInstruction, key: str, moment: str, memo: str, on: datetime.date, hand: Hand, lines: list[Line]
) -> int:
    order = Order(key, _day(row, on), lines, row.events.get(moment, ""), memo[:200], row.basis, row.case or row.claim)
    return post_all(ledger_of(row.book), [order], hand)[0].entry


def _undo(row: PaymentInstruction, on: datetime.date, hand: Hand) -> int:
    first = Entry.objects.get(pk=row.instructed_id)
    ledger = ledger_of(row.book)
    codes = {one.pk: code for code, one in ledger.accounts.items()}
    order = Order(
        f"pay:{row.instr_id}:failed", _day(row, on), mirrored(order_of(first, codes).lines),
        row.events.get("failed", ""), f"付款失败 {row.claim}"[:200], row.basis, row.case or row.claim, first.pk,
    )  # fmt: skip
    return post_all(ledger, [order], hand)[0].entry


def _day(row: PaymentInstruction, on: datetime.date) -> datetime.date:
    """Return the value date: the bank's day, but not before the money went into transit nor in a closed month."""
    first = row.instructed_id and Entry.objects.filter(pk=row.instructed_id).values_list("value_on", flat=True).first()
    return Book.objects.get(pk=row.book_id).open_day(max(on, first) if first else on)


def _order_fields(row: PaymentInstruction) -> dict[str, Any]:
    return {
        "instr_id": row.instr_id, "ref": row.instr_id, "amount_fen": row.amount, "direction": "D",
        "counter_account": payee_number(row), "counter_name": row.payee_name, "payee_bank": row.payee_bank,
        "purpose": row.purpose, "basis": row.basis, "memo": row.claim,
    }  # fmt: skip


def _tell_result(row: PaymentInstruction) -> None:
    tell_organ(
        key=f"fund.result:{row.pk}:{row.version}", organ=row.book.organ, roles=(Role.CLERK, Role.REVIEWER),
        kind="fund.pay", text=f"付款 {row.claim} {row.get_state_display()}，{Money(row.amount)} 元",
        href=f"/funds/payments/{row.pk}/",
    )  # fmt: skip
