"""The fund's books, one a cooperating bank: its balance F, what may be paid of it, the events J1 to J11.

A book is opened with the bank's agreement. Compensation (J3 to J5) goes through `claims`; what leaves the account at
all goes through `funds.payments`, by two hands. Interest and unidentified money are in the account and not the fund's.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision, Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact, plain
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import actions, hooks, openings, payments, plans, queries
from luoshi.office.funds.gauge import Gauge, Headline, Mark, gauges, headlines
from luoshi.office.funds.models import Balance, Book, Day, Entry, PaymentInstruction
from luoshi.office.funds.orders import credit, debit
from luoshi.office.funds.writing import Posted
from luoshi.office.locks import serialise
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import require
from luoshi.programmes.mitigation_fund.decisions.settings import RULES, in_fen
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Claim, Loan

ROOM = "mitigation_fund"
PLAN = f"{ROOM}/bank"
ORGAN = "local-finance-center"
QUOTA_YEAR = 2019
plans.load(Path(__file__).parent / "books.yaml")


def decide(key: str, facts: Mapping[str, Any], on: datetime.date | None = None) -> Decision:
    """Take a decision of this room on a day's parameters, from the book in force."""
    return parameters.decide(f"{ROOM}.{key}", dict(facts), on or CLOCK.today())


def refuse(taken: Decision, what: str) -> None:
    """Raise E_RULE (or the decision's own code) with its reasons unless it allows."""
    if taken.outcome is Outcome.ALLOW:
        return
    against = [reason for reason in taken.reasons if reason.ok is False]
    reasons = [reason.text for reason in against or taken.reasons if reason.ok is not True]
    cited = next((str(reason.citation) for reason in taken.reasons if reason.ok is False), None)
    raise LuoshiError(
        str(taken.value.get("code") or "E_RULE"), f"{what}：{'；'.join(reasons)}。",
        fields={"reasons": reasons, **taken.value}, citation=cited,
    )  # fmt: skip


def wrong(code: str, message: str, field: str, *, citation: str | None = None, **more: Any) -> LuoshiError:
    """Return a refusal that stands beside the field of the form it is about, in the same words."""
    return LuoshiError(code, message, citation=citation, fields={"fields": {field: message}, **more})


# --- figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """The balances of a bank's book by account, in fen."""

    accounts: Mapping[str, int]

    @property
    def balance(self) -> int:
        """The fund balance F_b: the account less what is in transit, interest or unidentified."""
        return self.accounts["1001"] - sum(self.accounts[code] for code in ("2001", "2002", "2003"))

    @property
    def sources(self) -> int:
        """The same from the other side (W3)."""
        of = self.accounts
        return of["3001"] + of["3002"] + of["3003"] - of["3101"] - of["1101"] - of["1201"]


def figures(book: Book) -> Figures:
    """Return the figures of a book now."""
    return Figures(queries.balances(book))


def committed(book: Book, besides: int | None = None) -> int:
    """Return compensation that a first instruction fixed and that is not in transit or paid (fen)."""
    rows = Claim.objects.filter(agreement__book=book, state=Claim.State.PASSED, compensation__isnull=False)
    rows = rows if besides is None else rows.exclude(pk=besides)
    return int(rows.aggregate(n=Sum("compensation"))["n"] or 0)


def available(book: Book, besides: int | None = None) -> int:
    """Return A_b, what later claims and the bank's capacity may use."""
    return figures(book).balance - committed(book, besides)


def agreement_of(bank: str) -> Agreement:
    """Return a bank's agreement; E_NOT_FOUND."""
    found = Agreement.objects.filter(bank=bank).select_related("book").first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有与行号“{bank[:20]}”的银行签订合作协议。")
    return found


def use_of(agreement: Agreement, besides: int | None = None) -> int:
    """Return u_b (fen): of each firm what is larger, its outstanding loan or what is approved and not yet disbursed.

    `besides`: a firm that is left out.
    """
    owed: dict[int, int] = {}
    for firm, fen in Loan.objects.filter(agreement=agreement, outstanding__gt=0).values_list("firm", "outstanding"):
        owed[firm] = owed.get(firm, 0) + fen
    waiting = Application.objects.filter(agreement=agreement, live=True, approved__isnull=False)
    for firm, approved in waiting.values_list("firm", "approved"):
        owed[firm] = max(owed.get(firm, 0), approved or 0)
    return sum(fen for firm, fen in owed.items() if firm != besides)


def capacity(
    agreement: Agreement, use: int | None = None, amount: int | None = None, firm: int | None = None
) -> Decision:
    """Decide what a bank may lend on its fund now.

    `use` is what is lent or approved (what stands here unless given), `amount` what is asked for by `firm`.
    """
    facts: dict[str, Any] = {
        "balance": max(figures(agreement.book).balance, 0), "committed": committed(agreement.book),
        "multiple": plain(Fraction(agreement.multiple, 100)),
        "use": use_of(agreement, firm) if use is None else use,
    }  # fmt: skip
    if amount is not None and firm is not None:
        own = Loan.objects.filter(agreement=agreement, firm=firm).aggregate(n=Sum("outstanding"))["n"] or 0
        amount = max(amount, int(own))
    return decide("capacity", facts | ({} if amount is None else {"amount": amount}))


def lock(agreement: Agreement) -> None:
    """Hold a bank's book until the end of the transaction: what is tested under it cannot shrink meanwhile."""
    Book.objects.select_for_update().get(pk=agreement.book_id)


# --- agreements and postings ------------------------------------------------------------------------------------------


def open_bank(
    *, actor: Actor, bank: str, name: str, number: str, multiple: str | Decimal, signed_on: datetime.date,
    organ: str = "", demo: bool = False,
) -> Agreement:  # fmt: skip
    """Sign a bank and open the book of its special account; one that is open stays.

    Errors: E_RULE (multiple), those of `funds.openings.open_at_once`.
    """
    told = {"bank": bank, "name": name, "number": number, "multiple": str(multiple), "bank_organ": organ}
    book = openings.open_at_once(actor=actor, plan=PLAN, opened_on=signed_on, values=told, demo=demo)
    return Agreement.objects.select_related("book").get(book=book)


@openings.checks(PLAN)
def may_open(told: openings.Told) -> None:
    """A bank's agreement and the book of its special account are one act: the multiple is within its bounds."""
    refuse(decide("agreement", {"multiple": told.values["multiple"]}, told.opened_on), "协议不能签")
    organ = told.values["bank_organ"]
    others = Agreement.objects.filter(organ=organ, ended_on__isnull=True).exclude(bank=told.values["bank"])
    if organ and others.exists():
        raise LuoshiError("E_DUPLICATE", "这家银行已有未终止的合作协议。", fields={"field": "bank_organ"})


@openings.opened(PLAN)
def signed(told: openings.Told) -> None:
    """Keep the agreement of the bank whose book was opened."""
    if told.book is None:
        return
    values = told.values
    Agreement.objects.create(
        book=told.book, bank=values["bank"], name=values["name"], signed_on=told.opened_on,
        multiple=int(exact(values["multiple"]) * 100), organ=values["bank_organ"],
    )  # fmt: skip
    audit.append(
        actor=told.actor, act="mitigation.agreement", subject=f"book:{told.book.key}", permission="fund.open",
        after={"bank": values["bank"], "multiple": values["multiple"]}, basis=f"{RULES} 第五条",
    )  # fmt: skip


def allocate(
    *, actor: Actor, agreement: Agreement, amount: int, value_on: datetime.date, key: str, txn: str = "",
    identified: bool = False,
) -> Posted:  # fmt: skip
    """Book money of the treasury (J1); `identified`: it lies in suspense already (J10). The quota is tested under lock.

    Errors: E_FORBIDDEN, E_RULE (total or quota of 2019), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        serialise(f"{ROOM}.quota")
        lines = [
            debit("2003", amount) if identified else debit("1001", amount, bank_txn_no=txn),
            credit("3001", amount),
        ]
        if not known(agreement.book, key):
            total, year = allocated()
            facts = {"amount": amount, "value_on": str(value_on), "total": total, "total_2019": year}
            refuse(decide("allocation", facts, max(value_on, agreement.signed_on)), "拨款超过规模")
        return _post(
            actor,
            agreement,
            "J10" if identified else "J1",
            key,
            value_on,
            lines,
            f"财政拨款 {Money(amount)}元",
            "第六条",
        )


def allocated() -> tuple[int, int]:
    """Return what the treasury allocated, net of returns: in all, and with value dates in the year of the quota."""
    rows = Balance.objects.filter(account__book__plan=PLAN, account__code="3001", subject="")
    total = int(rows.aggregate(n=Sum("net"))["n"] or 0)
    year = Day.objects.filter(
        account__book__plan=PLAN, account__code="3001", subject="", value_on__year=QUOTA_YEAR
    ).aggregate(c=Sum("credit"), d=Sum("debit"))
    return total, int(year["c"] or 0) - int(year["d"] or 0)


def move(
    *, actor: Actor, source: Agreement, target: Agreement, amount: int, value_on: datetime.date, key: str, txn: str = ""
) -> Posted:
    """Take money from one bank's account for another's (J2, first half): it is under way (1201) until it arrives.

    Errors: E_FORBIDDEN, E_CAPACITY (more than A_b), those of posting.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        lock(source)
        if not known(source.book, key) and amount > available(source.book):
            raise _short(source, amount)
        lines = [debit("1201", amount), credit("1001", amount, bank_txn_no=txn)]
        return _post(actor, source, "J2", key, value_on, lines, f"调往{target.name}", "第二条")


def arrive(
    *, actor: Actor, source: Agreement, target: Agreement, amount: int, value_on: datetime.date, key: str, txn: str = ""
) -> Posted:
    """Book what arrived from another bank's account (J2, second half): both books, or neither."""
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        lines = [debit("3001", amount), credit("1201", amount)]
        _post(actor, source, "J2", key, value_on, lines, f"已到{target.name}", "第二条")
        lines = [debit("1001", amount, bank_txn_no=txn), credit("3001", amount)]
        return _post(actor, target, "J2", key, value_on, lines, f"{source.name}调来", "第二条")


def interest(
    *, actor: Actor, agreement: Agreement, amount: int, value_on: datetime.date, key: str, txn: str = ""
) -> Posted:
    """Book interest (J7): it waits for Finance's instruction and is not the fund's."""
    require(actor, "fund.post", [ORGAN])
    lines = [debit("1001", amount, bank_txn_no=txn), credit("2002", amount)]
    return _post(actor, agreement, "J7", key, value_on, lines, "利息入账", "第二条")


def keep_interest(*, actor: Actor, agreement: Agreement, amount: int, key: str, document: str) -> Posted:
    """Move interest to the fund by Finance's written instruction `document` (J8). Errors: E_INCOMPLETE, E_CAPACITY."""
    require(actor, "fund.post", [ORGAN])
    if not document.strip():
        raise LuoshiError("E_INCOMPLETE", "利息归基金须有财政局的书面通知，请写明文号。", fields={"field": "document"})
    lines = [debit("2002", amount), credit("3003", amount)]
    return _post(actor, agreement, "J8", key, CLOCK.today(), lines, f"利息归基金 {document}"[:150], "第二条")


def pay_out(
    *, actor: Actor, agreement: Agreement, what: str, amount: int, key: str, payee: payments.Payee, document: str
) -> PaymentInstruction:
    """Draft a payment that is no compensation; another hand checks it.

    `what`: interest (J8, to the treasury), suspense (J10, back to its payer), treasury (J11, money of the
    fund returned, never more than A_b). Errors: E_FORBIDDEN, E_INPUT, E_CAPACITY, those of drafting.
    """
    rows = {"interest": ("2002", "J8", "利息上缴"), "suspense": ("2003", "J10", "退回来款"),
            "treasury": ("3001", "J11", "退回财政")}  # fmt: skip
    if what not in rows:
        raise LuoshiError("E_INPUT", "应为 interest、suspense 或 treasury。", fields={"field": "what"})
    code, event, word = rows[what]
    with transaction.atomic():
        lock(agreement)
        if what == "treasury" and amount > available(agreement.book):
            raise _short(agreement, amount)
        return payments.draft_payment(
            actor=actor, book=agreement.book.key, claim=key, lines=[(code, "", amount)], transit="2001", account="1001",
            payee=payee, purpose=word, basis=f"{RULES} 第二条 {document}"[:200],
            events=payments.Events(event, event, event, "R"),
        )  # fmt: skip


def _post(
    actor: Actor,
    agreement: Agreement,
    event: str,
    key: str,
    value_on: datetime.date,
    lines: Any,
    memo: str,
    clause: str,
) -> Posted:
    return actions.post(book=agreement.book.key, actor=actor, key=key, value_on=value_on, event=event, lines=lines,
                        memo=memo, basis=f"{RULES} {clause}")  # fmt: skip


def known(book: Book, key: str) -> bool:
    """Tell whether an entry of that key is booked: what is asked again is not tested again."""
    return Entry.objects.filter(book=book, key=key).exists()


def _short(agreement: Agreement, amount: int) -> LuoshiError:
    room = max(available(agreement.book), 0)
    return LuoshiError(
        "E_CAPACITY", f"{agreement.name}的基金余额 {Money(room)} 元，不够 {Money(amount)} 元。", fields={"room": room}
    )


# --- told by the bank -------------------------------------------------------------------------------------------------


@hooks.on(ROOM, "bank.movement")
def moved(told: hooks.Told) -> hooks.Booking | None:
    """Interest is booked as such, money for a paid claim as its later recovery (J6); the rest is unidentified."""
    body = told.message
    if body.get("direction") != "C" or told.book.plan != PLAN:
        return None
    fen, ref = int(body.get("amount_fen") or 0), str(body.get("ref", ""))
    if str(body.get("purpose", "")) == "interest" or "结息" in str(body.get("memo", "")):
        return hooks.Booking([credit("2002", fen)], "J7", "利息入账", f"{RULES} 第二条")
    paid = Claim.objects.filter(state__in=[Claim.State.PAID, Claim.State.CLOSED], compensation__gt=0)
    claim = paid.filter(number=ref, agreement__book=told.book).first()
    if claim is None:
        return None
    from luoshi.programmes.mitigation_fund import claims

    part, rest = claims.recovered(claim, fen)
    lines = [*([credit("3002", part, claim.number)] if part else []), *([credit("2003", rest)] if rest else [])]
    return hooks.Booking(lines, "J6", f"追回 {claim.number}", f"{RULES} 第十五条", claim.number)


# --- booked by hand ---------------------------------------------------------------------------------------------------


@hooks.on(ROOM, "entry.proposed")
def may_be_booked(told: hooks.Told) -> None:
    """An entry two hands book obeys what the acts obey: allocations within the size, committed compensation kept."""
    if told.book.plan != PLAN or told.order is None:
        return
    moved: dict[str, int] = {}
    for line in told.order.lines:
        moved[line.account] = moved.get(line.account, 0) + line.debit - line.credit
    agreement = Agreement.objects.select_related("book").filter(book=told.book).first()
    if agreement is None:
        return
    # What leaves the fund, except what the bank took and owes (J9): that is booked whatever is left.
    change = sum(moved.get(code, 0) for code in ("1001", "1101", "2001", "2002", "2003"))
    if -change > available(told.book):
        raise _short(agreement, -change)
    granted = -moved.get("3001", 0)
    if granted > 0 and "1201" not in moved:
        serialise(f"{ROOM}.quota")
        total, year = allocated()
        facts = {"amount": granted, "value_on": str(told.order.value_on), "total": total, "total_2019": year}
        refuse(decide("allocation", facts, max(told.order.value_on, agreement.signed_on)), "拨款超过规模")


# --- what must hold ---------------------------------------------------------------------------------------------------


def faults() -> list[str]:
    """Return what does not hold over all books (W2, W3, W5 to W7 that are not the ledger's own doing)."""
    found: list[str] = []
    for one in Agreement.objects.select_related("book"):
        now = figures(one.book)
        found += [f"{one.bank} {code} 为负：{net}" for code, net in now.accounts.items() if net < 0]
        if now.balance != now.sources:
            found.append(f"{one.bank} 基金余额 {now.balance}，来源 {now.sources}")
        rows = Balance.objects.filter(account__book=one.book, account__code__in=["3101", "3002"]).exclude(subject="")
        nets = {(code, subject): net for code, subject, net in rows.values_list("account__code", "subject", "net")}
        claims = {claim.number: claim for claim in Claim.objects.filter(agreement=one)}
        for (code, subject), net in nets.items():
            claim = claims.get(subject)
            if not net:
                continue
            if claim is None or claim.votes.filter(passes=True).count() != 3:
                found.append(f"{subject} 没有三家通过，却有 {code} {net}")
            elif code == "3101" and net > claim.half:
                found.append(f"{subject} 补偿 {net} 超过损失的一半 {claim.half}")
            elif code == "3002" and net > nets.get(("3101", subject), 0):
                found.append(f"{subject} 追回归基金 {net} 超过补偿")
    total, year = allocated()
    on = CLOCK.today()
    values = parameters.current().values(ROOM, on)
    if total > in_fen(values, "fund_total") or year > in_fen(values, "fund_2019"):
        found.append(f"拨款净额 {total}、2019年 {year} 超过规模")
    return found


@headlines(PLAN)
def said(book: Book) -> list[Headline]:
    """What a bank's book says first: F_b, what was paid, what the bank may still lend on it."""
    row = Agreement.objects.select_related("book").filter(book=book).first()
    if row is None:
        return []
    now, room = figures(book), capacity(row).value
    return [
        Headline("基金余额 F", now.balance, note=f"待财政处理的利息 {Money(now.accounts['2002'])} 元另列"),
        Headline("已付补偿", now.accounts["3101"], note=f"已定未付 {Money(committed(book))} 元"),
        Headline("可贷上限", room["cap"], note=f"余额 × {plain(Fraction(row.multiple, 100))} 倍"),
        Headline("还可贷", room["free"], note=f"在贷和已通过 {Money(room['use'])} 元"),
    ]


@gauges(PLAN)
def shown(book: Book) -> list[Gauge]:
    """What the page of a bank's book shows at its top: the whole fund against its size, losses against allocations."""
    values = parameters.current().values(ROOM, CLOCK.today())
    total, _year = allocated()
    now = figures(book)
    waiting = now.accounts["2001"] + committed(book)
    return [
        Gauge("拨款占总规模", total, in_fen(values, "fund_total"), marks=(Mark("总规模", Fraction(1), stop=True),),
              drains=False, citation=f"{RULES} 第六条", part_title="各行专户拨款合计", whole_title="总规模"),
        Gauge("补偿占拨款", now.accounts["3101"], now.accounts["3001"], pending=committed(book), drains=False,
              citation=f"{RULES} 第十五条", part_title=f"已付补偿（在途和已定未付 {Money(waiting)} 元）",
              whole_title="本行专户拨款"),
    ]  # fmt: skip
