"""Freezes noted by hand: held from the note on, confirmed and lifted by another hand; the bank is told (6.11).

A freeze that the bank's message brought is in force at once; its case is opened when somebody wants to lift it here.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import links
from luoshi.office.funds.models import Account, Book
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course, freezing
from luoshi.programmes.home_escrow.common import HOLD, ORGAN
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Hold


def case_of(hold: int) -> Case | None:
    """Return the case of a freeze, None while it has none."""
    return course.hold_case(hold)


def open_hold(*, actor: Actor, told: Mapping[str, Any]) -> Case:
    """Note a freeze by hand; `told` are the asks of `procedures/hold.yaml`. The money is held from now on.

    Errors: those of `cases.open_case`, E_INCOMPLETE (no sale and no account, no amount), E_NOT_FOUND.
    """
    given = {name: value for name, value in told.items() if value not in (None, "")}
    title = f"冻结 {given.get('agreement_no') or given.get('account') or ''} {given.get('document_no', '')}".strip()
    return cases.open_case(actor=actor, procedure=HOLD, title=title, facts=given, organ=ORGAN)


def ask_lift(*, actor: Actor, hold: int, document_no: str) -> Case:
    """Ask for the lifting of a freeze by a document; another hand lifts it. Errors: E_FORBIDDEN, E_INCOMPLETE."""
    require(actor, "fund.post", [ORGAN])
    if not document_no.strip():
        raise LuoshiError("E_INCOMPLETE", "解除冻结须有文书。", fields={"fields": {"document_no": "请写文书号"}},
                          citation=f"{RULES} 第十条")  # fmt: skip
    with transaction.atomic():
        row = Hold.objects.select_for_update(of=("self",)).filter(pk=hold).first()
        if row is None:
            raise LuoshiError("E_NOT_FOUND", "没有这道冻结。")
        found = case_of(hold) or _adopted(row)
        return cases.act(actor=actor, case=found.pk, step="ask_lift", data={"lift_no": document_no.strip()[:80]})


def _adopted(row: Hold) -> Case:
    """Open the case of a freeze that the bank reported: it is in force already."""
    told = {"hold": row.pk, "authority": row.authority, "document_no": row.document_no}
    found = cases.open_case(actor=PROGRAM, procedure=HOLD, title=f"冻结 {row.document_no}", facts=told, organ=ORGAN)
    return cases.act(actor=PROGRAM, case=found.pk, step="known", data={})


def lapse() -> int:
    """End the cases of freezes whose last day is past; return how many."""
    past = Hold.objects.filter(to_on__lt=CLOCK.today()).values_list("pk", flat=True)
    rows = Case.objects.filter(procedure=HOLD, is_open=True, subject__in=[f"hold:{pk}" for pk in past])
    for row in rows:
        course.advance(row, "lapse")
    return len(rows)


def tell_bank(row: Hold, act: str, basis: str) -> None:
    """Tell the bank of a freeze noted here, or of its end (HOLD_INFO); nothing where the account has no bank."""
    book = row.sale.book if row.sale is not None else row.book
    account = Account.objects.filter(book=book, code="1001").first()
    if account is not None:
        links.queue(account, "HOLD_INFO", fields={
            "ref": row.sale.agreement_no if row.sale is not None else "", "act": act, "amount_fen": row.amount,
            "authority": row.authority, "document_no": row.document_no, "party": row.party, "basis": basis,
            "from": str(row.from_on), "to": row.to_on and str(row.to_on),
        })  # fmt: skip


# --- the steps of the case --------------------------------------------------------------------------------------------


def _of(turn: Turn) -> Hold:
    return (
        Hold.objects.select_for_update(of=("self",))
        .select_related("sale__book", "book")
        .get(pk=int(turn.facts["hold"]))
    )


@effect("home_escrow.hold_noted")
def hold_noted(turn: Turn) -> None:
    """Hold the money of the sale, or the whole account, and tell the bank."""
    told = turn.facts
    if told.get("hold") and turn.actor.trusted:
        turn.case.subject = f"hold:{told['hold']}"
        return
    turn.case.facts.pop("hold", None)
    to_on = datetime.date.fromisoformat(str(told["to_on"])) if told.get("to_on") else None
    words = {name: str(told.get(name) or "").strip()[:length] for name, length in
             (("authority", 100), ("document_no", 80), ("party", 100))}  # fmt: skip
    number = str(told.get("agreement_no") or "").strip()
    if number:
        if not told.get("amount"):
            raise LuoshiError("E_INCOMPLETE", "冻结一笔交易要写金额。", fields={"fields": {"amount": "请写金额"}})
        row = freezing.freeze(actor=PROGRAM, agreement_no=number, amount=int(told["amount"]), to_on=to_on, **words)
    else:
        book = Book.objects.filter(key=str(told.get("account") or ""), plan=common.PLAN).first()
        if book is None:
            wanted = {"agreement_no": "请写协议编号", "account": "或写账簿编号"}
            raise LuoshiError("E_INCOMPLETE", "请写监管协议编号，或要冻结的账户。", fields={"fields": wanted})
        row = freezing.freeze_account(actor=PROGRAM, book=book, to_on=to_on, **words)
    turn.case.subject = f"hold:{row.pk}"
    turn.case.facts["hold"] = row.pk
    tell_bank(row, "FREEZE", turn.case.number)
    turn.tell("reviewer", f"{turn.case.number} 已先行冻结，请复核")


@effect("home_escrow.hold_confirmed")
def hold_confirmed(turn: Turn) -> None:
    """The order was noted as it stands; the proof of the money's nature is to be shown."""
    turn.tell("clerk", f"{turn.case.number} 冻结已复核，请向执行机关出示资金性质证明")


@effect("home_escrow.hold_refused")
def hold_refused(turn: Turn) -> None:
    """There is no such order: the money is free again."""
    row = _of(turn)
    freezing.lift(actor=PROGRAM, hold=row.pk, document_no=f"{turn.case.number} 登记有误")
    tell_bank(row, "UNFREEZE", turn.case.number)


@effect("home_escrow.hold_lifted")
def hold_lifted(turn: Turn) -> None:
    """The document frees the money."""
    row = _of(turn)
    freezing.lift(actor=PROGRAM, hold=row.pk, document_no=str(turn.facts["lift_no"]))
    tell_bank(row, "UNFREEZE", str(turn.facts["lift_no"]))
