"""Reconciliation: the sheet of a bank account, and differences settled by two hands.

bank + receipts booked not at bank - payments booked not at bank
  = book + bank receipts not booked - bank payments not booked
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import bank, by_hand, hooks, matching, queries, tasks
from luoshi.office.funds.drafts import drafted
from luoshi.office.funds.models import (
    WITH_TXN,
    Account,
    Difference,
    Draft,
    Entry,
    Match,
    Posting,
    Sheet,
    Statement,
    StatementLine,
)
from luoshi.office.funds.orders import Hand, Line, Order, credit, debit
from luoshi.office.funds.writing import ledger_of
from luoshi.office.permissions import require, require_other_hand, require_visible


def figures(account: Account, on: datetime.date) -> dict[str, Any]:
    """Return both sides of the equation at the end of `on` and what is open on either; E_STATE without a statement."""
    statement = Statement.objects.filter(account=account, last_on__lte=on).order_by("-last_on", "-pk").first()
    if statement is None:
        raise LuoshiError("E_STATE", f"{account.code} {account.title} 到 {on} 还没有对账单。")
    lines = list(StatementLine.objects.filter(account=account, matched=False, on__lte=on).order_by("on", "pk"))
    odd = Difference.objects.filter(account=account, open=True, sort=Difference.Sort.BOOK_ONLY, since_on__lte=on)
    postings = list(
        Posting.objects.filter(pk__in=odd.values("posting_id")).select_related("entry").order_by("value_on")
    )
    known = {one.pk for one in postings}
    newer = matching.unmatched_postings(account, _latest_no(account))
    postings += [one for one in newer if one.value_on <= on and one.pk not in known]
    postings = _standing(account, postings, on)
    # A pair whose sides lie on different sides of the day was open on that day.
    late = Match.objects.filter(account=account, line__on__gt=on, posting__value_on__lte=on).select_related("posting")
    postings += [pair.posting for pair in late]
    early = Match.objects.filter(account=account, line__on__lte=on, posting__value_on__gt=on).select_related("line")
    lines += [pair.line for pair in early]
    sums = {
        "bank": statement.closing,
        "book": queries.balance_on(account, on),
        "book_receipts": sum(one.debit for one in postings),
        "book_payments": sum(one.credit for one in postings),
        "bank_receipts": sum(one.amount for one in lines if one.direction == "C"),
        "bank_payments": sum(one.amount for one in lines if one.direction == "D"),
    }
    sums["difference"] = (
        sums["bank"] + sums["book_receipts"] - sums["book_payments"]
        - sums["book"] - sums["bank_receipts"] + sums["bank_payments"]
    )  # fmt: skip
    return {"statement": statement, "sums": sums, "lines": lines, "postings": postings}


def _standing(account: Account, postings: list[Posting], on: datetime.date) -> list[Posting]:
    """Leave out what was undone within the books by `on`; add what was undone after it, which stood open on the day."""
    pairs = matching.pairs_within(account, {one.entry_id for one in postings})
    inside = {one.pk for pair in pairs for one in pair if max(pair[0].value_on, pair[1].value_on) <= on}
    left = [one for one in postings if one.pk not in inside]
    known = {one.pk for one in left}
    later = Entry.objects.filter(book=account.book_id, counter_of__value_on__lte=on, value_on__gt=on)
    split = matching.pairs_within(account, list(later.values_list("pk", flat=True)))
    ids = {one.pk for pair in split for one in pair if one.value_on <= on} - known
    return left + list(Posting.objects.filter(pk__in=ids).select_related("entry").order_by("value_on"))


def _latest_no(account: Account) -> int:
    last = Statement.objects.filter(account=account).order_by("-pk").values_list("book_no", flat=True).first()
    return int(last or 0)


def make_sheet(*, actor: Actor, account: Account, on: datetime.date) -> Sheet:
    """Draw up the reconciliation sheet of an account at the end of `on`; a later one of the day gets the next number.

    Side effects: what does not agree beyond the listed items becomes a difference with a holder; audit. Errors:
    E_FORBIDDEN, E_FUTURE, E_STATE (no statement).
    """
    require_visible(actor, "fund.see", account.book.seen_by, "这个账户")
    require(actor, "fund.bank", [account.book.organ])
    if on > CLOCK.today():
        raise LuoshiError("E_FUTURE", "日期晚于今天。", fields={"field": "on"})
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        found = figures(account, on)
        number = (Sheet.objects.filter(account=account, on=on).aggregate(n=Max("number"))["n"] or 0) + 1
        items = [_line_item(one) for one in found["lines"]] + [_posting_item(one) for one in found["postings"]]
        sheet = Sheet.objects.create(
            account=account, on=on, number=number, statement=found["statement"], items=items, maker_id=actor.user_id,
            maker_name=actor.name, made_at=CLOCK.now(), **found["sums"],
        )  # fmt: skip
        _sum_difference(sheet)
        audit.append(
            actor=actor, act="fund.sheet", subject=f"account:{account.book.key}:{account.code}", permission="fund.bank",
            after={"on": on, "number": number, **found["sums"]},
        )  # fmt: skip
    return sheet


def sign_sheet(*, actor: Actor, sheet: int) -> Sheet:
    """Sign a sheet with another hand. Errors: E_FORBIDDEN, E_SELF, E_NOT_FOUND, E_STATE (signed, or does not agree)."""
    with transaction.atomic():
        row = Sheet.objects.select_for_update(of=("self",)).select_related("account__book").filter(pk=sheet).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这份调节表。")
        require_visible(actor, "fund.see", row.account.book.seen_by, "这份调节表")
        require(actor, "fund.check", [row.account.book.organ])
        if row.checked_at is not None:
            raise LuoshiError("E_STATE", "这份调节表已经复核。")
        if row.difference:
            raise LuoshiError("E_STATE", f"调节后还差 {Money(row.difference)} 元，查清以前不能签。")
        require_other_hand(actor, [row.maker_id], "调节表复核")
        row.checker_id, row.checker_name, row.checked_at = actor.user_id, actor.name, CLOCK.now()
        row.save(update_fields=["checker", "checker_name", "checked_at"])
        audit.append(actor=actor, act="fund.sign_sheet", subject=f"sheet:{row.pk}", permission="fund.check",
                     after={"on": row.on, "number": row.number})  # fmt: skip
    return row


def _sum_difference(sheet: Sheet) -> None:
    open_one = Difference.objects.filter(account=sheet.account, key="sum", open=True).first()
    if sheet.difference and open_one is None:
        Difference.objects.create(
            account=sheet.account, sort=Difference.Sort.SUM, key="sum", amount=abs(sheet.difference), since_on=sheet.on,
            organ=sheet.account.book.organ, due_on=tasks.due_after(sheet.on),
            text=f"调节后银行方比账面{'多' if sheet.difference > 0 else '少'}",
        )  # fmt: skip
    elif not sheet.difference and open_one is not None:
        matching.close(open_one, by=sheet.maker_name, how=f"{sheet.on} 调节表相符")


def _line_item(line: StatementLine) -> dict[str, Any]:
    return {"side": "bank", "direction": line.direction, "on": str(line.on), "no": line.bank_txn_no,
            "amount": line.amount, "text": f"{line.counter_name} {line.memo}".strip()}  # fmt: skip


def _posting_item(one: Posting) -> dict[str, Any]:
    entry = one.entry
    return {"side": "book", "direction": "C" if one.debit else "D", "on": str(one.value_on), "no": entry.number,
            "amount": one.debit or one.credit, "text": entry.memo}  # fmt: skip


# --- differences ------------------------------------------------------------------------------------------------------


def propose_settle(
    *, actor: Actor, difference: int, posting: int | None = None, lines: Sequence[Line] = (), text: str = ""
) -> Draft:
    """Prepare how a bank's line without an entry is settled: it is that `posting`, or booked against `lines`.

    With neither it goes to suspense or is owed by the bank, as a movement nobody knows. Errors: E_FORBIDDEN,
    E_NOT_FOUND, E_STATE, E_SUM, E_DUPLICATE (proposed already).
    """
    row = _open_difference(actor, difference, "fund.bank")
    if row.line is None:
        raise LuoshiError("E_STATE", "账上有、银行没有的，请等对账单，或对冲那笔分录。")
    if lines and sum(max(one.debit, one.credit) for one in lines) != row.amount:
        raise LuoshiError("E_SUM", "另一方的金额合计应等于这笔流水。")
    waiting = Draft.objects.filter(book=row.account.book, act=Draft.Act.SETTLE, state=Draft.State.PROPOSED)
    if any(one.content.get("difference") == row.pk for one in waiting[:500]):
        raise LuoshiError("E_DUPLICATE", "这笔差异的处理正待复核。")
    if lines:
        by_hand.refuse(actor, row.account.book, _order_of(row.account, row.line, lines, text))
    line = row.line
    content = {
        "difference": row.pk, "posting": posting, "lines": [list(one) for one in lines], "text": text[:150],
        "value_on": str(line.on), "memo": f"{line.counter_name} {line.memo}".strip(),
        "basis": f"银行流水 {line.bank_txn_no}"[:200],
    }  # fmt: skip
    return drafted(
        actor, row.account.book, Draft.Act.SETTLE, content, f"处理差异 {row.since_on} {Money(row.amount)} 元"
    )


def outlook(account: Account, lines: Sequence[StatementLine]) -> dict[int, hooks.Booking]:
    """Return by their keys the lines whose money the book's room knows, and how it would book them; nothing is kept."""
    if not hooks.knows(account.book.room, "bank.movement"):
        return {}
    found: dict[int, hooks.Booking] = {}
    with transaction.atomic():
        for line in lines:
            told = hooks.Told("bank.movement", account.book, account, None, _told(line))
            try:
                with transaction.atomic():
                    booking = hooks.fire(told)
            except LuoshiError:
                continue
            if booking is not None:
                found[line.pk] = booking
        transaction.set_rollback(True)
    return found


def as_it_would_be(draft: Draft) -> list[Line]:
    """Return the lines a settlement that waits would be booked in as things stand; none where it is another posting."""
    told = draft.content
    rows = Difference.objects.select_related("account__book", "line").filter(pk=told.get("difference"))
    row = rows.filter(line__isnull=False, open=True).first()
    if row is None or row.line is None or told.get("posting"):
        return []
    account, line = row.account, row.line
    make = debit if line.direction == "C" else credit
    own = make(account.code, line.amount, bank_txn_no=line.bank_txn_no)
    if told["lines"]:
        return [own, *(Line(*one) for one in told["lines"])]
    known = outlook(account, [line]).get(line.pk)
    return [own, *(known.lines if known is not None else bank.unclaimed_lines(account, line.direction, line.amount))]


def waiting(account: Account) -> dict[int, int]:
    """Return the papers in which differences of an account wait for another hand, by the difference."""
    rows = Draft.objects.filter(book=account.book_id, act=Draft.Act.SETTLE, state=Draft.State.PROPOSED)
    told = rows.order_by("pk").values_list("pk", "content__difference")[:500]
    return {int(difference): pk for pk, difference in told if difference is not None}


def _told(line: StatementLine) -> dict[str, Any]:
    """Return a line as the bank's message of the movement would have told it."""
    return {
        "direction": line.direction, "amount_fen": line.amount, "bank_txn_no": line.bank_txn_no,
        "business_date": str(line.on), "ref": line.ref, "memo": line.memo, "counter_name": line.counter_name,
        "counter_account": line.counter_account,
    }  # fmt: skip


def settle_drafted(actor: Actor, draft: Draft, hand: Hand) -> None:
    """Carry a checked settlement out: match or book, and match what was booked. Caller's transaction."""
    told = draft.content
    row = (
        Difference.objects.select_for_update(of=("self",))
        .select_related("account__book", "line")
        .get(pk=told["difference"])
    )
    if not row.open or row.line is None:
        raise LuoshiError("E_STATE", "这笔差异已经处理。")
    account, line = row.account, row.line
    if told["posting"]:
        posting = Posting.objects.filter(pk=told["posting"], account=account).first()
        if posting is None:
            raise LuoshiError("E_NOT_FOUND", "没有这笔分录。")
    else:
        entry = _book(actor, account, line, [Line(*one) for one in told["lines"]], told["text"], hand)
        draft.entry_id = entry
        posting = Posting.objects.get(WITH_TXN, account=account, bank_txn_no=line.bank_txn_no)
    matching.by_hand(account, line, posting, draft.maker_name, actor.name)


def _book(actor: Actor, account: Account, line: StatementLine, lines: list[Line], text: str, hand: Hand) -> int:
    known = Posting.objects.filter(WITH_TXN, account=account, bank_txn_no=line.bank_txn_no).first()
    if known is not None:
        raise LuoshiError("E_TXN_CONFLICT", "这个流水号在账上已有金额或方向不同的分录，请先对冲那一笔。")
    if not lines:
        return bank.book_movement(
            account, line.direction, line.amount, line.bank_txn_no, line.on, _told(line), hand
        )  # fmt: skip
    order = _order_of(account, line, lines, text)
    return by_hand.post(actor, ledger_of(account.book), order, hand).entry


def _order_of(account: Account, line: StatementLine, lines: Sequence[Line], text: str) -> Order:
    make = debit if line.direction == "C" else credit
    own = make(account.code, line.amount, bank_txn_no=line.bank_txn_no)
    day = account.book.open_day(line.on)
    return Order(f"bank:{account.pk}:{line.bank_txn_no}", day, [own, *lines], "", text or line.memo or "银行流水",
                 f"银行流水 {line.bank_txn_no}"[:200])  # fmt: skip


def assign(*, actor: Actor, difference: int, organ: str) -> Difference:
    """Hand a difference to another organ. Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE."""
    row = _open_difference(actor, difference, "fund.bank")
    with transaction.atomic():
        row.organ = organ
        row.save(update_fields=["organ"])
        audit.append(actor=actor, act="fund.assign", subject=f"difference:{row.pk}", after={"organ": organ},
                     permission="fund.bank")  # fmt: skip
        tasks.difference(row)
    return row


def _open_difference(actor: Actor, pk: int, permission: str) -> Difference:
    row = Difference.objects.select_related("account__book", "line").filter(pk=pk).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这笔差异。")
    require_visible(actor, "fund.see", row.account.book.seen_by, "这笔差异")
    require(actor, permission, [row.account.book.organ])
    if not row.open:
        raise LuoshiError("E_STATE", "这笔差异已经处理。")
    return row


def push_overdue() -> int:
    """Put differences older than three working days into the duties' ledger; return how many."""
    rows = Difference.objects.filter(open=True, due_on__lt=CLOCK.today()).select_related("account__book")
    count = 0
    for row in rows.order_by("pk")[:2000]:
        tasks.difference(row)
        count += 1
    return count
