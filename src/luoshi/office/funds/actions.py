"""Books and entries: open, post, undo; what a person prepares and another checks; the close of a month.

`post` and `post_many` are for a room's own actions, which have asked for permission and write their own audit entry:
the ledger itself is append-only, sealed and proven each night. What a person books by hand goes through `propose` and
`decide`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import by_hand, plans, queries, reconcile
from luoshi.office.funds.drafts import drafted
from luoshi.office.funds.models import BOOK, Account, Book, Draft, Entry, Period
from luoshi.office.funds.orders import Hand, Line, Order, faults, mirrored
from luoshi.office.funds.writing import Ledger, Posted, ledger_of, order_of, post_all
from luoshi.office.messages.actions import tell
from luoshi.office.permissions import require, require_other_hand, require_visible


def hand_of(actor: Actor, checker: Actor | None = None) -> Hand:
    """Return the hands of an act; E_SELF when checker and maker are one person."""
    if checker is not None:
        require_other_hand(checker, actor.hands, "复核")
    return Hand(
        actor.name, actor.via, actor.user_id, checker.name if checker else "", checker.user_id if checker else None,
        actor.request_id,
    )  # fmt: skip


_KEY = re.compile(r"[a-z0-9_-]{1,40}/[A-Za-z0-9._-]{1,39}")

# --- books ------------------------------------------------------------------------------------------------------------


def open_book(
    *,
    actor: Actor,
    plan: str,
    opened_on: datetime.date,
    key: str = "",
    title: str = "",
    organ: str = "",
    bank: Mapping[str, tuple[str, str]] | None = None,
    demo: bool = False,
) -> Book:
    """Open a book of a declared plan and return it; one that is open under `key` (the plan's own unless given) stays.

    `bank` names for a bank account's code the bank's 12-digit number and the account number. Side effects: accounts,
    audit. Errors: E_FORBIDDEN, E_NOT_FOUND (plan), E_INPUT, E_DUPLICATE (bank account of another book).
    """
    declared = plans.plan_of(plan)
    organ = organ or declared.organ
    require(actor, "fund.open", [organ])
    key = key or declared.key
    if (found := Book.objects.filter(key=key).first()) is not None:
        return found
    if not _KEY.fullmatch(key):
        raise LuoshiError("E_INPUT", "账簿的代号应为 领域/名称，用字母、数字、点、短横。", fields={"field": "key"})
    numbers = dict(bank or {})
    for code, (number, account) in numbers.items():
        if not (len(number) == 12 and number.isascii() and number.isdigit()) or not 1 <= len(account) <= 40:
            raise LuoshiError("E_INPUT", f"科目 {code}：行号应为12位数字，账号1到40位。", fields={"field": code})
        if Account.objects.filter(bank=number, number=account).exists():
            raise LuoshiError("E_DUPLICATE", f"银行账户 尾号{account[-4:]} 已属于另一本账。", fields={"field": code})
    with transaction.atomic():
        book = Book.objects.create(
            key=key, room=declared.room, plan=declared.key, title=title or declared.title, organ=organ,
            basis=declared.basis, opened_on=opened_on, demo=demo, created_at=CLOCK.now(),
        )  # fmt: skip
        for seq, one in enumerate(declared.accounts):
            _add(book, one, seq, numbers.get(one.code, ("", "")))
        audit.append(actor=actor, act="fund.open", subject=f"book:{book.key}", after={"plan": plan}, basis=book.basis)
    return book


def _add(book: Book, plan: plans.AccountPlan, seq: int, bank: tuple[str, str]) -> Account:
    return Account.objects.create(
        book=book, code=plan.code, title=plan.title, kind=plan.kind, normal=plan.side, by_subject=plan.by_subject,
        guarded=plan.guarded, part=plan.part, seq=seq, bank=bank[0], number=bank[1],
    )  # fmt: skip


def book_of(key: str) -> Book:
    """Return a book by its key; E_NOT_FOUND."""
    found = Book.objects.filter(key=key).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有账簿“{key[:80]}”。")
    return found


# --- entries ----------------------------------------------------------------------------------------------------------


def post(
    *,
    book: str | Ledger,
    actor: Actor,
    key: str,
    value_on: datetime.date,
    lines: Sequence[Line],
    event: str = "",
    memo: str = "",
    basis: str = "",
    case: str = "",
    checker: Actor | None = None,
) -> Posted:
    """Post one entry and return its place; the same `key` and body again give the first answer (`new` False).

    Errors: see `writing.post_all`.
    """
    ledger = ledger_of(book) if isinstance(book, str) else book
    order = Order(key, value_on, lines, event, memo, basis, case)
    return post_all(ledger, [order], hand_of(actor, checker))[0]


def post_many(
    *, book: str | Ledger, actor: Actor, orders: Sequence[Order], checker: Actor | None = None
) -> list[Posted]:
    """Post any number of entries as one act, all or none."""
    ledger = ledger_of(book) if isinstance(book, str) else book
    return post_all(ledger, orders, hand_of(actor, checker))


def counter(
    *,
    book: str | Ledger,
    actor: Actor,
    entry: int,
    key: str,
    value_on: datetime.date | None = None,
    event: str = "",
    memo: str = "",
    basis: str = "",
    checker: Actor | None = None,
) -> Posted:
    """Undo the entry (its id) by a linked counter-entry with the sides exchanged; today's date unless given.

    Errors: those of posting; E_DUPLICATE when it is undone already, E_NOT_FOUND, E_STATE for a counter-entry itself.
    """
    ledger = ledger_of(book) if isinstance(book, str) else book
    first = entry_of(ledger.book, entry)
    _refuse_undoing(first)
    codes = {one.pk: code for code, one in ledger.accounts.items()}
    order = order_of(first, codes)
    undo = Order(
        key, value_on or CLOCK.today(), mirrored(order.lines), event or first.event, memo or f"对冲 {first.number}",
        basis or first.basis, first.case, first.pk,
    )  # fmt: skip
    return post_all(ledger, [undo], hand_of(actor, checker))[0]


def _refuse_undoing(entry: Entry) -> None:
    if entry.counter_of_id is not None:
        raise LuoshiError("E_STATE", f"{entry.number} 本身是对冲分录，不能再对冲；请另记一笔。")
    if entry.key.startswith("pay:"):
        # What the bank was told and what it said cannot be undone in the books alone.
        raise LuoshiError("E_STATE", f"{entry.number} 是付款指令的分录，随付款的结果办理，不能单独对冲。")


def entry_of(book: Book, entry: int) -> Entry:
    """Return an entry of `book` by its id or its number; E_NOT_FOUND."""
    found = Entry.objects.filter(pk=entry if entry > BOOK else book.pk * BOOK + entry, book=book).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这笔分录。")
    return found


# --- two hands --------------------------------------------------------------------------------------------------------


def propose(
    *,
    actor: Actor,
    book: str,
    value_on: datetime.date,
    lines: Sequence[Line],
    memo: str,
    basis: str,
    event: str = "",
    case: str = "",
) -> Draft:
    """Prepare an entry for another hand to check. Side effects: the draft, audit, a message to who may check.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_SUM, E_AMOUNT, E_INPUT, E_INCOMPLETE (memo or basis missing).
    """
    found = _postable(actor, book)
    if not memo.strip() or not basis.strip():
        raise LuoshiError("E_INCOMPLETE", "摘要和依据都要写：依据写文号和条款，或单据名称和编号。")
    ledger = ledger_of(found)
    order = Order("draft", value_on, list(lines), event, memo.strip(), basis.strip(), case.strip())
    if (fault := faults(order, ledger.rules)) is not None:
        raise fault
    _refuse_closed(found, value_on)
    by_hand.refuse(actor, found, order)
    content = {
        "value_on": str(value_on), "event": event, "memo": order.memo, "basis": order.basis, "case": order.case,
        "lines": [list(one) for one in order.lines],
    }  # fmt: skip
    return drafted(actor, found, Draft.Act.ENTRY, content, order.memo)


def propose_counter(*, actor: Actor, book: str, entry: int, reason: str) -> Draft:
    """Prepare the counter-entry of an entry (id or number) for another hand; `reason` goes into its memo.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE (a counter-entry), E_DUPLICATE (undone or proposed already), E_INCOMPLETE.
    """
    found = _postable(actor, book)
    first = entry_of(found, entry)
    if not reason.strip():
        raise LuoshiError("E_INCOMPLETE", "请写明为什么对冲。", fields={"field": "reason"})
    _refuse_undoing(first)
    waiting = Draft.objects.filter(book=found, act=Draft.Act.COUNTER, state=Draft.State.PROPOSED, entry=first)
    if Entry.objects.filter(counter_of=first).exists() or waiting.exists():
        raise LuoshiError("E_DUPLICATE", f"{first.number} 已经对冲或正待复核对冲。")
    by_hand.refuse(actor, found, _undoing(ledger_of(found), first, "draft", reason.strip()))
    return drafted(
        actor,
        found,
        Draft.Act.COUNTER,
        {"reason": reason.strip()[:150]},
        f"对冲 {first.number}：{reason.strip()}",
        first,
    )


def propose_close(*, actor: Actor, book: str, month: datetime.date) -> Draft:
    """Prepare the close of the month of `month`: months are closed in order, only past ones.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_NOT_YET (the month has not ended), E_STATE (closed, an earlier one is open,
    papers wait, the trial balance does not balance), E_DUPLICATE (proposed already).
    """
    found = _postable(actor, book)
    first, last = month_of(month)
    _closable(found, first, last)
    if (waits := closing(found)) is not None:
        raise LuoshiError("E_DUPLICATE", f"{waits.title}正待复核。", fields={"draft": waits.pk})
    return drafted(actor, found, Draft.Act.CLOSE, {"month": f"{first:%Y-%m}"}, f"{month_word(first)}结账")


def decide(*, actor: Actor, draft: int, accept: bool, reason: str = "", version: int | None = None) -> Draft:
    """Check what another hand prepared: book it, or send it back with a reason; return the draft.

    Side effects: the entry or the closed month, audit, a message to who prepared it. Errors: E_FORBIDDEN, E_SELF,
    E_NOT_FOUND, E_VERSION, E_STATE (decided already), E_INCOMPLETE (no reason for sending back), those of posting.
    """
    with transaction.atomic():
        row = Draft.objects.select_for_update(of=("self",)).select_related("book").filter(pk=draft).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这份待复核。")
        book = row.book
        require_visible(actor, "fund.see", book.seen_by, "这份待复核")
        permission = "fund.close" if row.act == Draft.Act.CLOSE else "fund.check"
        require(actor, permission, [book.organ])
        if row.state != Draft.State.PROPOSED:
            raise LuoshiError("E_STATE", f"{row.title}：{row.standing}，不能再复核。")
        if version is not None and version != row.version:
            raise LuoshiError("E_VERSION", "这份待复核已被他人改过，请重新打开再看。", fields={"version": row.version})
        require_other_hand(actor, [row.maker_id, row.maker_for], "复核")
        if not accept and not reason.strip():
            raise LuoshiError("E_INCOMPLETE", "退回要写明原因。", fields={"field": "reason"})
        row.state = Draft.State.DONE if accept else Draft.State.REFUSED
        row.checker_id, row.checker_name, row.checked_at = actor.user_id, actor.name, CLOCK.now()
        row.reason, row.version = reason.strip()[:300], row.version + 1
        if accept:
            _carry_out(actor, row)
        row.save()
        audit.append(
            actor=actor, act="fund.decide", subject=f"book:{book.key}", before={"draft": row.pk, "state": "proposed"},
            after={"state": row.state, "entry": row.entry_id, "act": row.act}, permission=permission,
            basis=str(row.content.get("basis", ""))[:200],
        )  # fmt: skip
        if row.maker_id is not None:
            word = "已复核入账" if accept else f"被退回：{row.reason}"
            tell(key=f"fund.draft:{row.pk}:{row.version}", users=[row.maker_id], kind="fund.decide",
                 text=f"{book.title} {row.title}{word}", href=f"/funds/drafts/{row.pk}/")  # fmt: skip
    return row


def _carry_out(actor: Actor, row: Draft) -> None:
    told = row.content
    hand = Hand(row.maker_name, actor.via, row.maker_id, actor.name, actor.user_id, actor.request_id)
    ledger = ledger_of(row.book)
    if row.act == Draft.Act.ENTRY:
        order = Order(
            f"draft:{row.pk}", datetime.date.fromisoformat(told["value_on"]), [Line(*one) for one in told["lines"]],
            told["event"], told["memo"], told["basis"], told["case"],
        )  # fmt: skip
        row.entry_id = by_hand.post(actor, ledger, order, hand).entry
    elif row.act == Draft.Act.COUNTER:
        first = row.entry
        if first is None:
            raise LuoshiError("E_STATE", "要对冲的分录不在了。")
        row.entry_id = by_hand.post(
            actor, ledger, _undoing(ledger, first, f"draft:{row.pk}", told["reason"]), hand
        ).entry
    elif row.act == Draft.Act.CLOSE:
        _close(row, actor)
    else:
        reconcile.settle_drafted(actor, row, hand)


def _undoing(ledger: Ledger, first: Entry, key: str, reason: str) -> Order:
    """Return the counter-entry of an entry, on its own day while that month is open (no day between is wrong)."""
    order = order_of(first, {one.pk: code for code, one in ledger.accounts.items()})
    day = first.value_on if _open_on(ledger.book, first.value_on) else CLOCK.today()
    memo = f"对冲 {first.number}：{reason}"[:200]
    return Order(key, day, mirrored(order.lines), order.event, memo, order.basis, order.case, first.pk)


def month_of(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day of the month of `day`."""
    first = day.replace(day=1)
    following = (first + datetime.timedelta(days=31)).replace(day=1)
    return first, following - datetime.timedelta(days=1)


def month_word(day: datetime.date) -> str:
    """Return the month of `day` as it is written: 2019年3月."""
    return f"{day.year}年{day.month}月"


def closing(book: Book) -> Draft | None:
    """Return the close of a month that waits for its second hand."""
    return Draft.objects.filter(book=book, act=Draft.Act.CLOSE, state=Draft.State.PROPOSED).first()


def next_month(book: Book) -> datetime.date:
    """Return the first day of the earliest month that is open."""
    if book.closed_through is None:
        return book.opened_on.replace(day=1)
    return book.closed_through + datetime.timedelta(days=1)


def _closable(book: Book, first: datetime.date, last: datetime.date) -> None:
    if last >= CLOCK.today():
        raise LuoshiError(
            "E_NOT_YET", f"{month_word(first)}还没有过完，{last + datetime.timedelta(days=1)}起可以结账。"
        )
    expected = next_month(book)
    if first != expected:
        word = "已经结账" if first < expected else f"前面的{month_word(expected)}还没有结账"
        raise LuoshiError("E_STATE", f"{month_word(first)}不能结账：{word}。", fields={"next": f"{expected:%Y-%m}"})
    waiting = Draft.objects.filter(book=book, act__in=["entry", "counter"], state=Draft.State.PROPOSED)
    if any(row.content.get("value_on", str(last)) <= str(last) for row in waiting[:500]):
        raise LuoshiError("E_STATE", f"还有起息日在{month_word(first)}或更早的分录待复核，请先复核或退回。")


def _close(row: Draft, actor: Actor) -> None:
    first, last = month_of(datetime.date.fromisoformat(row.content["month"] + "-01"))
    book = Book.objects.select_for_update().get(pk=row.book_id)
    _closable(book, first, last)
    trial = queries.trial_balance(book, first, last)
    if not trial.balances:
        raise LuoshiError("E_STATE", "试算不平衡，不能结账。请先看夜间重算的结果。")
    figures = {one.account.code: [one.opening, one.debit, one.credit, one.closing] for one in trial.rows}
    Period.objects.create(
        book=book, first_on=first, last_on=last, last_no=book.last_no, figures=figures, maker=row.maker_name,
        maker_id=row.maker_id, checker=actor.name, checker_id=actor.user_id, closed_at=CLOCK.now(),
    )  # fmt: skip


def _postable(actor: Actor, key: str) -> Book:
    found = book_of(key)
    require_visible(actor, "fund.see", found.seen_by, "这本账簿")
    require(actor, "fund.post", [found.organ])
    if found.closed_on is not None:
        raise LuoshiError("E_STATE", f"账簿“{found.title}”已停用。")
    return found


def _open_on(book: Book, day: datetime.date) -> bool:
    return book.closed_through is None or day > book.closed_through


def _refuse_closed(book: Book, day: datetime.date) -> None:
    if day > CLOCK.today():
        raise LuoshiError("E_FUTURE", f"起息日 {day} 晚于今天。", fields={"field": "value_on"})
    if not _open_on(book, day):
        raise LuoshiError("E_STATE", f"{book.title}已结账至 {book.closed_through}，请记在未结账的日期。",
                          fields={"field": "value_on", "closed_through": str(book.closed_through)})  # fmt: skip
