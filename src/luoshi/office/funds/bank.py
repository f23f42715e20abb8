"""What a bank sends (conventions section 4): one message, or a file of them. Never a posting that should not be.

Checks in this order: unknown bank or account E_ACCOUNT; signature E_SIG; (bank, msg_id) seen: same digest -> duplicate
with the first answer, other -> E_CONFLICT and an alarm; (account, bank_txn_no) seen: same direction, amount, date ->
duplicate, else E_TXN_CONFLICT and an alarm; by API more than ten minutes ahead or a day old E_STALE; else accepted.
What is accepted but cannot be booked (no cover, no suspense account) is kept with an alarm and becomes a difference.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import envelope, hooks, links, payments, statements, tasks
from luoshi.office.funds.envelope import Envelope
from luoshi.office.funds.models import WITH_TXN, Account, Alarm, BankMessage, Book, Part, PaymentInstruction, Posting
from luoshi.office.funds.orders import Hand, Line, Order, credit, debit
from luoshi.office.funds.writing import ledger_of, post_all
from luoshi.office.locks import serialise
from luoshi.office.messages.actions import tell_organ
from luoshi.office.permissions import require
from luoshi.office.roles import Role

OUTCOMES = ("success", "failed", "not_found", "unknown")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to the bank: accepted or duplicate, with the entry's number where something was booked."""

    result: str
    msg_id: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"result": self.result, "msg_id": self.msg_id, **self.data}


class _AlarmError(LuoshiError):
    """A refusal that is also an alarm."""


def receive(data: bytes, *, channel: str = "api") -> Answer:
    """Take one message and return the answer; a refusal is a LuoshiError with its code, its alarm is kept.

    Side effects: the message kept, entries, payments moved on, statements, hooks of the room, tasks, audit.
    """
    try:
        return _receive(data, channel)
    except _AlarmError as alarm:
        _raise_alarm(alarm)
        raise LuoshiError(alarm.code, alarm.message, fields=alarm.fields) from None


def _receive(data: bytes, channel: str) -> Answer:
    body = envelope.parse(data)
    bank, number = envelope.address(body)
    account = Account.objects.filter(bank=bank, number=number).exclude(number="").select_related("book").first()
    keys = links.keys_of(bank) if account is not None else []
    if account is None or not keys:
        raise LuoshiError("E_ACCOUNT", "没有这个银行或账户，没有受理。")
    envelope.verify(body, keys)
    message = envelope.read(body)
    with transaction.atomic():
        serialise(f"funds.account:{account.pk}")
        if (seen := _seen(account, message)) is not None:
            return seen
        if channel == "api":
            envelope.refuse_stale(message, CLOCK.now())
        if message.business_date > CLOCK.today():
            raise LuoshiError("E_FUTURE", "报文的业务日期晚于今天，没有受理。", fields={"field": "business_date"})
        act = _TYPES.get(message.type, _other)
        row = _kept(account, message, data, channel)
        row.answer = act(account, message, row)
        row.save(update_fields=["answer", "entry", "instruction"])
        audit.append(
            actor=_actor(account), act="fund.bank_message", subject=f"account:{account.book.key}:{account.code}",
            after={"msg_id": message.msg_id, "type": message.type, "amount": message.amount_fen, **row.answer},
            permission="fund.receive",
        )  # fmt: skip
        return Answer("accepted", message.msg_id, row.answer)


def _seen(account: Account, message: Envelope) -> Answer | None:
    """Return the answer to what was there before, None for something new; other content of the same number alarms."""
    known = BankMessage.objects.filter(way="in", bank=message.bank, msg_id=message.msg_id).first()
    if known is not None:
        if known.digest == message.digest:
            return Answer("duplicate", message.msg_id, {"first": known.answer})
        raise _AlarmError("E_CONFLICT", f"报文号 {message.msg_id} 已收过内容不同的报文，没有受理。",
                          fields={"msg_id": message.msg_id, "account": account.pk})  # fmt: skip
    if not message.bank_txn_no:
        return None
    moved = BankMessage.objects.filter(way="in", account=account, bank_txn_no=message.bank_txn_no).first()
    if moved is not None:
        same = (moved.direction, moved.amount_fen, moved.business_date) == (
            message.direction, message.amount_fen, message.business_date,
        )  # fmt: skip
        first = moved.answer
    else:
        posting = Posting.objects.filter(WITH_TXN, account=account, bank_txn_no=message.bank_txn_no).first()
        if posting is None:
            return None
        same = (posting.credit if message.direction == "D" else posting.debit) == message.amount_fen
        first = {"entry": posting.entry.no}
    if same:
        return Answer("duplicate", message.msg_id, {"first": first})
    raise _AlarmError("E_TXN_CONFLICT", f"流水 {message.bank_txn_no} 已有方向、金额或日期不同的记录，没有受理。",
                      fields={"bank_txn_no": message.bank_txn_no, "account": account.pk})  # fmt: skip


def _kept(account: Account, message: Envelope, data: bytes, channel: str) -> BankMessage:
    return BankMessage.objects.create(
        way="in", bank=message.bank, account=account, msg_id=message.msg_id, type=message.type,
        created_at=message.created_at, business_date=message.business_date, bank_txn_no=message.bank_txn_no,
        direction=message.direction, amount_fen=message.amount_fen, ref=message.ref, body=data.decode(),
        digest=message.digest, channel=channel, state=BankMessage.State.ACCEPTED, at=CLOCK.now(),
    )  # fmt: skip


# --- the types --------------------------------------------------------------------------------------------------------


def _movement(account: Account, message: Envelope, row: BankMessage) -> dict[str, Any]:
    if not message.bank_txn_no:
        raise LuoshiError("E_INPUT", "MOVEMENT 要有流水号、方向和金额，没有受理。", fields={"field": "bank_txn_no"})
    payment = _payment(message)
    if payment is not None and message.direction == "D" and payments.fits(
        payment, message.amount_fen, message.counter_account
    ):  # fmt: skip
        return _settle(payment, "success", message, row, "")
    return _booked(
        row,
        lambda: book_movement(
            account, message.direction, int(message.amount_fen or 0), message.bank_txn_no, message.business_date,
            dict(message.body),
        ),
    )  # fmt: skip


def _result(account: Account, message: Envelope, row: BankMessage) -> dict[str, Any]:
    payment = _payment(message)
    if payment is None or payment.account_id != account.pk:
        raise LuoshiError("E_NOT_FOUND", "没有这条指令，没有受理。", fields={"field": "instr_id"})
    outcome = message.body.get("result")
    if outcome not in OUTCOMES:
        raise LuoshiError("E_INPUT", f"RESULT 的 result 应为 {'、'.join(OUTCOMES)}。", fields={"field": "result"})
    if outcome == "success":
        if not message.bank_txn_no:
            raise LuoshiError("E_INPUT", "支付成功要有流水号，没有受理。", fields={"field": "bank_txn_no"})
        if message.amount_fen != payment.amount or message.direction != "D":
            raise _AlarmError(
                "E_CONFLICT",
                f"指令 {payment.instr_id} 金额 {Money(payment.amount)} 元，回执不同，没有受理。",
                fields={"instr_id": payment.instr_id, "msg_id": message.msg_id, "account": account.pk},
            )
    elif message.bank_txn_no:
        raise LuoshiError("E_INPUT", "没有付出的结果不能有流水号，没有受理。", fields={"field": "bank_txn_no"})
    return _settle(payment, str(outcome), message, row, _words(message, "reason"))


def _settle(
    payment: PaymentInstruction, outcome: str, message: Envelope, row: BankMessage, reason: str
) -> dict[str, Any]:
    row.instruction = payment
    state = ""

    def act() -> int | None:
        nonlocal state
        state, entry = payments.apply_result(
            payment,
            outcome,
            txn=message.bank_txn_no,
            on=message.business_date,
            reason=reason,
            hand=_hand(payment.account),
        )
        return entry

    told = _booked(row, act)
    return {
        **told,
        "instr_id": payment.instr_id,
        "state": payment.state,
        **({"repeat": True} if state == "duplicate" else {}),
    }


def _returned(account: Account, message: Envelope, row: BankMessage) -> dict[str, Any]:
    payment = _payment(message)
    if payment is None or payment.account_id != account.pk:
        raise LuoshiError("E_NOT_FOUND", "没有这条指令，没有受理。", fields={"field": "instr_id"})
    if not message.bank_txn_no or message.direction != "C":
        raise LuoshiError("E_INPUT", "RETURNED 要有流水号，方向为 C，没有受理。", fields={"field": "direction"})
    if message.amount_fen != payment.amount:
        raise _AlarmError(
            "E_CONFLICT",
            f"指令 {payment.instr_id} 的退回金额与付款不同，没有受理。",
            fields={"instr_id": payment.instr_id, "msg_id": message.msg_id, "account": account.pk},
        )
    row.instruction = payment
    told = _booked(row, lambda: payments.apply_return(
        payment, txn=message.bank_txn_no, on=message.business_date, reason=_words(message, "reason"),
        hand=_hand(account)))  # fmt: skip
    return {**told, "instr_id": payment.instr_id, "state": payment.state}


def _statement(account: Account, message: Envelope, _row: BankMessage) -> dict[str, Any]:
    found = statements.of_message(account, message)
    stored = statements.take(actor=_actor(account), account=account, parsed=found, source="message")
    return {"statement": stored.pk, "lines": stored.count}


def _query(account: Account, message: Envelope, _row: BankMessage) -> dict[str, Any]:
    payment = _payment(message)
    if payment is None or payment.account_id != account.pk:
        return {"instr_id": _words(message, "instr_id") or message.ref, "state": "not_found"}
    return {"instr_id": payment.instr_id, "state": payment.state}


def _other(account: Account, message: Envelope, row: BankMessage) -> dict[str, Any]:
    """A type of the room's own. When money moved with it, it is booked as a movement first."""
    book = account.book
    if not hooks.knows(book.room, f"bank.{message.type}"):
        raise LuoshiError("E_INPUT", f"这个账户不收“{message.type}”类报文，没有受理。", fields={"field": "type"})
    told: dict[str, Any] = {}
    if message.bank_txn_no:
        told = _movement(account, message, row)
    said = hooks.fire(hooks.Told(f"bank.{message.type}", book, account, None, dict(message.body), row.entry_id))
    return {**told, **(said if isinstance(said, dict) else {})}


_TYPES: Mapping[str, Callable[[Account, Envelope, BankMessage], dict[str, Any]]] = {
    "MOVEMENT": _movement, "RESULT": _result, "RETURNED": _returned, "STATEMENT": _statement, "QUERY": _query,
}  # fmt: skip


def book_movement(
    account: Account, direction: str, fen: int, txn: str, on: datetime.date, message: Mapping[str, Any],
    hand: Hand | None = None,
) -> int:  # fmt: skip
    """Book money that moved without an order of ours where the room says, else in suspense or as owed by the bank.

    `hand`: who books it, the bank itself unless given. Returns the entry's id. Errors: E_STATE when the book has no
    account for it, those of posting.
    """
    book = Book.objects.get(pk=account.book_id)
    booking: hooks.Booking | None = hooks.fire(hooks.Told("bank.movement", book, account, None, message))
    unknown = booking is None
    if booking is None:
        word = "来款待查" if direction == "C" else "未经指令的扣款"
        who = str(message.get("counter_name", ""))[:60]
        lines = unclaimed_lines(account, direction, fen)
        booking = hooks.Booking(lines, memo=f"{word} {who} {str(message.get('memo', ''))[:80]}".strip())
    own = debit(account.code, fen, bank_txn_no=txn) if direction == "C" else credit(account.code, fen, bank_txn_no=txn)
    both = [own, *booking.lines] if direction == "C" else [*booking.lines, own]
    order = Order(
        f"bank:{account.pk}:{txn}", book.open_day(on), both, booking.event, booking.memo or "银行流水",
        booking.basis or f"银行流水 {txn}"[:200], booking.case,
    )  # fmt: skip
    posted = post_all(ledger_of(book), [order], hand or _hand(account))[0]
    if waits := fen if unknown else _waits(book, booking.lines, direction):
        tasks.unclaimed(book, posted.entry, direction, waits, on)
    return posted.entry


def unclaimed_lines(account: Account, direction: str, fen: int) -> list[Line]:
    """Return where money nobody knows is booked: in suspense, or as owed by the bank. Errors: E_STATE."""
    part = Part.SUSPENSE if direction == "C" else Part.RECEIVABLE
    other = Account.objects.filter(book=account.book_id, part=part).first()
    if other is None or other.by_subject:
        raise LuoshiError("E_STATE", f"账簿没有“{part.label}”科目，这笔钱没有地方记。")
    return [credit(other.code, fen) if direction == "C" else debit(other.code, fen)]


def _waits(book: Book, lines: Sequence[Line], direction: str) -> int:
    """Return what of a movement the room could not place: what it left in suspense, or for the bank to answer for."""
    part = Part.SUSPENSE if direction == "C" else Part.RECEIVABLE
    code = Account.objects.filter(book=book, part=part).values_list("code", flat=True).first()
    return sum(one.credit if direction == "C" else one.debit for one in lines if one.account == code)


def _booked(row: BankMessage, act: Callable[[], int | None]) -> dict[str, Any]:
    """Carry `act` out and note its entry; what cannot be booked is kept with an alarm and becomes a difference."""
    try:
        with transaction.atomic():
            row.entry_id = act()
    except LuoshiError as refused:
        if refused.code in ("E_CONFLICT", "E_STATE") and row.instruction_id is not None:
            told = {**refused.fields, "msg_id": row.msg_id, "account": row.account_id}
            raise _AlarmError(refused.code, refused.message, fields=told) from refused
        _alarm(
            row.account_id, row.bank, refused.code, f"{row.bank}:{row.msg_id}", f"收到的报文没有入账：{refused.message}"
        )
        return {"booked": False, "reason": refused.code}
    return {"booked": row.entry_id is not None, **({"entry": row.entry_id % (1 << 32)} if row.entry_id else {})}


def _payment(message: Envelope) -> PaymentInstruction | None:
    """Return the payment a message is about, locked: by `instr_id`, else by `ref`."""
    word = _words(message, "instr_id") or message.ref
    return payments.locked(word) if word else None


def _words(message: Envelope, name: str) -> str:
    value = message.body.get(name, "")
    return value[:200] if isinstance(value, str) else ""


def _hand(account: Account) -> Hand:
    return Hand(_name(account), "bank")


def _actor(account: Account) -> Actor:
    return Actor.system(_name(account), "bank")


def _name(account: Account) -> str:
    return f"银行 {account.bank}"


# --- alarms -----------------------------------------------------------------------------------------------------------


def _raise_alarm(error: LuoshiError) -> None:
    account = error.fields.get("account")
    found = Account.objects.filter(pk=account).first() if account else None
    named = (error.fields.get(name) for name in ("msg_id", "bank_txn_no", "instr_id"))
    key = f"{error.code}:{account}:{next(filter(None, named), None)}"
    with transaction.atomic():
        _alarm(account, found.bank if found else "", error.code, key, error.message)


def _alarm(account: int | None, bank: str, code: str, key: str, text: str) -> None:
    """Keep an alarm once and tell the book's people."""
    try:
        with transaction.atomic():
            row = Alarm.objects.create(
                account_id=account, bank=bank, code=code, key=key[:120], text=text[:300], at=CLOCK.now()
            )
    except IntegrityError:
        return
    found = Account.objects.select_related("book").filter(pk=account or 0).first()
    if found is not None:
        tell_organ(
            key=f"fund.alarm:{row.pk}", organ=found.book.organ, roles=(Role.REVIEWER, Role.LEADER), kind="fund.alarm",
            text=f"银行报文告警：{text}"[:300], href=f"/funds/{found.book.key}/bank/",
        )  # fmt: skip


def see_alarm(*, actor: Actor, alarm: int) -> Alarm:
    """Note that a person has seen to an alarm. Errors: E_FORBIDDEN, E_NOT_FOUND."""
    with transaction.atomic():
        row = Alarm.objects.select_for_update(of=("self",)).select_related("account__book").filter(pk=alarm).first()
        if row is None or row.account is None:
            raise LuoshiError("E_NOT_FOUND", "没有这条告警。")
        require(actor, "fund.bank", [row.account.book.organ])
        if not row.seen_at:
            row.seen_by, row.seen_at = actor.name, CLOCK.now()
            row.save(update_fields=["seen_by", "seen_at"])
            audit.append(actor=actor, act="fund.alarm", subject=f"alarm:{row.pk}", after={"seen": True},
                         permission="fund.bank")  # fmt: skip
    return row


# --- files ------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class FileReport:
    """What came of a file: how many lines were taken, known before, refused; the faults by line number."""

    name: str
    accepted: int = 0
    duplicate: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)


def receive_file(*, name: str, data: bytes, channel: str = "file") -> FileReport:
    """Take a file: nothing of it when name or trailer are wrong; else line by line, faulty lines reported by number.

    Errors: E_FILE, E_HASH, E_ROWS, E_SUM, E_TOO_LARGE, E_ACCOUNT (the name's account is not known).
    """
    lines = envelope.split(name, data)
    bank, number = name.split("_")[:2]
    if not Account.objects.filter(bank=bank, number=number).exclude(number="").exists() or not links.keys_of(bank):
        raise LuoshiError("E_ACCOUNT", "没有这个银行或账户，整份没有受理。")
    report = FileReport(name)
    for n, line in enumerate(lines, 1):
        try:
            body = envelope.parse(line)
            if envelope.address(body) != (bank, number):
                raise LuoshiError("E_ACCOUNT", "这一行是另一个账户的，没有入账。")
            answer = receive(line, channel=channel)
            if answer.result == "accepted":
                report.accepted += 1
            else:
                report.duplicate += 1
        except LuoshiError as refused:
            report.faults.append({"line": n, "code": refused.code, "message": refused.message})
    return report
