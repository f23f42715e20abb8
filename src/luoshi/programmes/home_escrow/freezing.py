"""Freezes of a sale's money or a whole account: noted, proof shown, lifted; told by the bank (6.11)."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import hooks, queries
from luoshi.office.funds.models import Book
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course
from luoshi.programmes.home_escrow.common import ORGAN, ROOM
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Hold


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
    course.advance(course.hold_case(row.pk), "unfrozen")
    return {"hold": row.pk}


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
        sale = course.sale_of(agreement_no, lock=Lock.BOOK)
        row = Hold.objects.create(
            sale=sale, authority=authority, document_no=document_no, amount=amount, from_on=CLOCK.today(), to_on=to_on,
            party=party,
        )  # fmt: skip
        common.note(actor, sale, "escrow.freeze", {"amount": amount, "document": document_no})
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
