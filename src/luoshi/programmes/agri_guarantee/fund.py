"""The fund's book: its figures (F, S, E, P), what must hold of it, and the halt line watched after every posting."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.kernel.parameters import Values
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases.models import Case
from luoshi.office.duties import concern
from luoshi.office.funds import actions, hooks, openings, payments, plans, queries
from luoshi.office.funds.gauge import Gauge, Mark, Point, course_of, gauges
from luoshi.office.funds.models import Balance, Book, PaymentInstruction, Posting
from luoshi.office.funds.orders import Line, Order, credit, debit
from luoshi.office.funds.writing import Posted
from luoshi.office.messages.actions import Telling, tell_organs
from luoshi.office.parameters import book as parameters
from luoshi.office.parameters.book import current
from luoshi.programmes.agri_guarantee.arithmetic import cut
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, percent
from luoshi.programmes.agri_guarantee.models import Claim, FundState, Halt

ROOM = "agri_guarantee"
BOOK, SUBSIDY = f"{ROOM}/fund", f"{ROOM}/subsidy"
SOURCES = ("3001", "3002", "3003")
PLACED = ("1002", "1003")
plans.load(Path(__file__).parent / "books.yaml")


def values() -> Values:
    """Return the policy's parameters of today, from the book in force."""
    return current().values(ROOM, CLOCK.today())


def decide(key: str, facts: Mapping[str, Any]) -> Decision:
    """Take a decision on today's parameters, from the book in force."""
    return parameters.decide(key, dict(facts), CLOCK.today())


@dataclass(frozen=True, slots=True)
class Figures:
    """The balances of the fund by account, in fen, and what was really paid (S)."""

    accounts: Mapping[str, int]
    paid: int

    @property
    def balance(self) -> int:
        """The fund balance F."""
        return self.held - self.owed

    @property
    def held(self) -> int:
        """Money at the bank, placements included."""
        return sum(self.accounts[code] for code in ("1001", *PLACED))

    @property
    def owed(self) -> int:
        """What of it is no longer the fund's: in transit, interest, suspense."""
        return sum(self.accounts[code] for code in ("2001", "2002", "2003"))

    @property
    def moving(self) -> int:
        """The part of what is in transit that is compensation not yet paid."""
        return self.accounts["3101"] - self.paid

    @property
    def existing(self) -> int:
        """The existing fund E: compensation in transit still counts."""
        return self.balance + self.moving

    @property
    def placed(self) -> int:
        """What is placed, P."""
        return sum(self.accounts[code] for code in PLACED)

    @property
    def free(self) -> int:
        """Demand money that is neither in transit, interest nor suspense; below nothing where these take it all."""
        return self.accounts["1001"] - self.owed

    @property
    def equity(self) -> int:
        """F from the other side: sources less what was compensated, less what is to be restored."""
        accounts = self.accounts
        return sum(accounts[code] for code in (*SOURCES, "3004")) - accounts["3101"] - accounts["1101"]


def open_fund(*, actor: Actor, opened_on: datetime.date, bank: tuple[str, str], demo: bool = False) -> Book:
    """Open the fund's book (one that is open stays). Errors: those of `funds.openings.open_at_once`."""
    told = {"bank": bank[0], "number": bank[1]}
    return openings.open_at_once(actor=actor, plan=BOOK, opened_on=opened_on, values=told, demo=demo)


@openings.opened(BOOK)
def opened(told: openings.Told) -> None:
    """Begin what is kept of the fund beside its balances."""
    FundState.objects.get_or_create(book=told.book)


def fund() -> Book:
    """Return the fund's book; E_STATE before it is opened."""
    found = Book.objects.filter(key=BOOK).first()
    if found is None:
        raise LuoshiError("E_STATE", "风险补偿基金的账簿还没有开立，请先在资金页开立。")
    return found


def state_of(book: Book, *, lock: bool = False) -> FundState:
    """Return what is kept of the fund; locked for a change, the book first, as every posting locks it."""
    if not lock:
        return FundState.objects.filter(book=book).first() or FundState(book=book)
    FundState.objects.get_or_create(book=book)
    Book.objects.select_for_update().get(pk=book.pk)
    return FundState.objects.select_for_update().get(book=book)


def figures(book: Book, state: FundState | None = None) -> Figures:
    """Return the figures now, from kept balances: the same cost at any number of postings."""
    return Figures(queries.balances(book), (state or state_of(book)).paid)


# --- the halt line ----------------------------------------------------------------------------------------------------


def live_halt(book: Book | None = None) -> Halt | None:
    """Return the halt in force, None while new guarantees may be given."""
    rows = Halt.objects.filter(resumed_at__isnull=True).select_related("case")
    return (rows.filter(book=book) if book else rows.filter(book__key=BOOK)).first()


def judged(book: Book, state: FundState, now: Figures) -> Decision:
    """Return the decision on the halt line for the figures."""
    halted = Halt.objects.filter(book=book, resumed_at__isnull=True).exists()
    facts = {
        "paid": max(now.paid, 0), "existing_fund": max(now.existing, 0), "halted": halted,
        "resumed": state.resumed and not halted,
        "paid_at_resume": None if state.paid_at_resume is None else max(state.paid_at_resume, 0),
        "paid_before": max(state.seen_paid, 0), "existing_before": max(state.seen_existing, 0),
    }  # fmt: skip
    return decide(f"{ROOM}.halt", facts)


def watch(book: Book, *, actor: Actor, trigger: str, state: FundState | None = None, ahead: int = 0) -> Halt | None:
    """Look at the halt line after a posting and suspend new guarantees when it is passed; return a new halt.

    `ahead` is money that leaves the fund by the entry about to be booked. Side effects: the halt, audit.
    """
    with transaction.atomic():
        state = state or state_of(book, lock=True)
        now = figures(book, state)
        if ahead:
            accounts = dict(now.accounts)
            accounts["1001"] -= ahead
            now = Figures(accounts, now.paid)
        taken = judged(book, state, now)
        state.seen_paid, state.seen_existing = now.paid, now.existing
        if not taken.value["above"]:
            # Back under the line: what was resumed is over, the next time it is passed halts at once.
            state.resumed = False
        state.save()
        if taken.value["result"] != "HALT" or Halt.objects.filter(book=book, resumed_at__isnull=True).exists():
            return None
        row = Halt.objects.create(
            book=book, halted_at=CLOCK.now(), paid=now.paid, existing=now.existing, trigger=trigger[:60]
        )
        audit.append(
            actor=actor, act="agri.halt", subject=f"book:{book.key}", permission="fund.see",
            after={"paid": now.paid, "existing": now.existing, "trigger": trigger}, basis=f"{FUND} 第十四条",
        )  # fmt: skip
        _tell_halt(row)
        return row


def _tell_halt(row: Halt) -> None:
    """Draft the notice of a suspension and tell the Office, the company, the banks and the towns."""
    from luoshi.programmes.agri_guarantee import papers

    papers.halted(row)
    told = ("fin-agri-group", "agri-guarantee", "agri-guarantee--office", "rural-commercial-bank", "finance")
    tell_organs(
        [
            Telling(f"ag-halt:{row.pk}:{organ}:{role}", organ, role, "agri.halt",
                    f"累计代偿 {Money(max(row.paid, 0))} 元超过停办线，即时起暂停新增惠农贷担保", "/guarantee/")
            for organ in (*told, *sorted(concern.towns())) for role in ("clerk", "reviewer", "leader")
        ]
    )  # fmt: skip


def resume(*, actor: Actor, cause: str, measures: str, decision_no: str) -> Halt:
    """End the halt by a decision with cause and measures. The caller has asked for permission.

    Errors: E_STATE when nothing is halted, E_INCOMPLETE.
    """
    with transaction.atomic():
        book = fund()
        state = state_of(book, lock=True)
        row = Halt.objects.select_for_update().filter(book=book, resumed_at__isnull=True).first()
        if row is None:
            raise LuoshiError("E_STATE", "业务没有暂停，不需要恢复。")
        if not (cause.strip() and measures.strip() and decision_no.strip()):
            raise LuoshiError("E_INCOMPLETE", "恢复业务要写明原因、措施和恢复决定的文号。")
        row.cause, row.measures, row.decision_no = (
            cause.strip()[:1000],
            measures.strip()[:1000],
            decision_no.strip()[:60],
        )
        row.resumed_at, row.resumed_by = CLOCK.now(), actor.name[:100]
        row.save()
        now = figures(book, state)
        state.resumed, state.paid_at_resume = True, now.paid
        state.seen_paid, state.seen_existing = now.paid, now.existing
        state.save()
        audit.append(
            actor=actor, act="agri.resume", subject=f"book:{book.key}", basis=decision_no[:200],
            after={"cause": row.cause, "measures": row.measures}, permission="case.act",
        )  # fmt: skip
    return row


# --- postings ---------------------------------------------------------------------------------------------------------


def post(
    *,
    actor: Actor,
    maker: Actor | None = None,
    event: str,
    key: str,
    value_on: datetime.date,
    lines: list[Line],
    memo: str = "",
    basis: str = "",
    case: str = "",
) -> Posted:
    """Post one row of the table J1 to J13 and look at the halt line; the same key again changes nothing.

    `maker` prepared it where `actor` only checks and books.

    Payments (J3 to J6) go through `funds.payments`. Errors: those of posting, E_STATE for J3 to J6, E_RULE where the
    placement, the recovery or the authority is refused.
    """
    if event in ("J3", "J4", "J5", "J6"):
        raise LuoshiError("E_STATE", "补偿付款要走付款指令，不能直接记账。", fields={"event": event})
    with transaction.atomic():
        book = fund()
        state = state_of(book, lock=True)
        _refuse(book, state, event, lines)
        done = actions.post(
            book=book.key, actor=maker or actor, checker=actor if maker else None, key=key, value_on=value_on,
            event=event, lines=lines, memo=memo, basis=basis or f"{FUND} 第四条", case=case,
        )  # fmt: skip
        if done.new:
            if event == "J13":
                state.paid -= sum(line.credit for line in lines if line.account == "3101")
                state.save()
            watch(book, actor=actor, trigger=f"{event} {key}", state=state)
    return done


def _refuse(book: Book, state: FundState, event: str, lines: list[Line]) -> None:
    """Refuse an entry the fund's rules do not allow: 3101 outside a payment, a recovery beyond it, too much placed."""
    if any(line.account == "3101" and line.debit for line in lines):
        raise LuoshiError("E_RULE", "已付补偿只能由补偿付款增加。", citation=f"{FUND} 第八条")
    for line in lines:
        if line.account == "3004" and line.credit:
            # What is only instructed may still fail: a share that comes before the payment waits in suspense.
            room = _really(book, line.subject) - _of_loan(book, "3004", line.subject)
            if line.credit > room:
                raise LuoshiError(
                    "E_RULE",
                    f"贷款 {line.subject} 的追偿款转入基金最多 {Money(max(room, 0))} 元，余款留在待查款项。",
                    fields={"room": max(room, 0)}, citation=f"{FUND} 第四条",
                )  # fmt: skip
        if line.account == "3101" and line.credit:
            really = _really(book, line.subject)
            if line.credit > really:
                raise LuoshiError(
                    "E_RULE", f"贷款 {line.subject} 已经支付的补偿是 {Money(really)} 元，不能收回更多。",
                    fields={"paid": really}, citation=f"{FUND} 第三条",
                )  # fmt: skip
            left = _of_loan(book, "3101", line.subject) - line.credit
            over = _of_loan(book, "3004", line.subject) - left
            given_back = sum(one.debit for one in lines if one.account == "3004" and one.subject == line.subject)
            if over > given_back:
                raise LuoshiError(
                    "E_RULE", f"贷款 {line.subject} 的追偿款将超过已付补偿，请先把 {Money(over)} 元转入待查款项。",
                    fields={"excess": over}, citation=f"{FUND} 第四条",
                )  # fmt: skip
    placed = sum(line.debit for line in lines if line.account in PLACED)
    if event == "J7" and placed:
        now = figures(book, state)
        facts = {"fund": max(now.balance, 0), "placed": now.placed, "amount": placed, "demand_free": max(now.free, 0),
                 "committed": committed()}  # fmt: skip
        taken = decide(f"{ROOM}.placement", facts)
        if taken.value["result"] != "OK":
            reasons = [one.text for one in taken.reasons if one.ok is False]
            raise LuoshiError("E_RULE", f"不能存放：{'；'.join(reasons)}。", fields={"reasons": reasons},
                              citation=f"{FUND} 第九条")  # fmt: skip


def hand_over(*, actor: Actor, amount: int, key: str, payee: payments.Payee) -> PaymentInstruction:
    """Draft the payment of interest to the cooperation's expenses (J9); another hand checks it."""
    return payments.draft_payment(
        actor=actor, book=BOOK, claim=key, lines=[("2002", "", amount)], transit="2001", account="1001", payee=payee,
        purpose="利息划转", basis=f"{FUND} 第九条", events=payments.Events("J9", "J9", "J9", "J9"),
    )  # fmt: skip


def send_back(*, actor: Actor, amount: int, key: str, payee: payments.Payee) -> PaymentInstruction:
    """Draft sending an unidentified receipt back to its payer (J12); another hand checks it."""
    return payments.draft_payment(
        actor=actor, book=BOOK, claim=key, lines=[("2003", "", amount)], transit="2001", account="1001", payee=payee,
        purpose="退回来款", basis=f"{FUND} 第八条", events=payments.Events("J12", "J12", "J12", "J12"),
    )  # fmt: skip


def _really(book: Book, loan: str) -> int:
    """Return what the bank has paid of a loan's compensation."""
    return _of_loan(book, "3101", loan) - moving_of(book, loan)


def moving_of(book: Book, loan: str) -> int:
    """Return what of a loan's compensation is instructed but not paid, or came back and is owed again (fen)."""
    state = PaymentInstruction.State
    rows = PaymentInstruction.objects.filter(book=book, events__instructed="J3")
    replaced = rows.filter(replaces__isnull=False).exclude(state=state.CANCELLED).values("replaces")
    on_way = Q(state__in=[state.CHECKED, state.SENT, state.UNKNOWN, state.RETURNED])
    heads = rows.filter(on_way | Q(state=state.FAILED, replaces__isnull=False)).exclude(pk__in=replaced)
    return sum(
        fen for lines in heads.values_list("lines", flat=True) for code, subject, fen in lines if subject == loan
    )


def committed() -> int:
    """Return what approved or tacit claims still wait to be instructed for (fen)."""
    rows = Claim.objects.filter(live=True, case__state__in=["approved", "tacit", "notified", "failed", "queued"])
    # What came back is in transit still: it is owed there, not here.
    rows = rows.exclude(case__state="failed", payment__state=PaymentInstruction.State.RETURNED)
    found = rows.aggregate(whole=Sum("compensation"), paid=Sum("settled"))
    return int((found["whole"] or 0) - (found["paid"] or 0))


def _of_loan(book: Book, code: str, loan: str) -> int:
    row = Balance.objects.filter(account__book=book, account__code=code, subject=loan)
    return int(row.values_list("net", flat=True).first() or 0)


def lines_of(event: str, amount: int, *, loan: str = "", account: str = "", txn: str = "", **more: int) -> list[Line]:
    """Return the lines of a plain row of the table: what came or went, against which account.

    J1 `account` 3001 to 3003; J2 `loan`, `surplus` what of it waits in 2003; J7 `account` 1002 or 1003, with `yield_`
    a maturity (`principal` given back); J12 `account` what a receipt turned out to be; J13 `loan`.
    """
    surplus, principal = more.get("surplus", 0), more.get("principal", 0)
    if event == "J1":
        return [debit("1001", amount, bank_txn_no=txn), credit(account or "3001", amount)]
    if event == "J2":
        parts = [credit("3004", amount - surplus, loan)] if amount > surplus else []
        rest = [credit("2003", surplus)] if surplus else []
        return [debit("1001", amount, bank_txn_no=txn), *parts, *rest]
    if event == "J7" and principal:
        gain = [credit("2002", amount - principal)] if amount > principal else []
        return [debit("1001", amount, bank_txn_no=txn), credit(account or "1003", principal), *gain]
    if event == "J7":
        return [debit(account or "1003", amount), credit("1001", amount, bank_txn_no=txn)]
    if event == "J8":
        return [debit("1001", amount, bank_txn_no=txn), credit("2002", amount)]
    if event == "J10":
        return [debit("1101", amount), credit(account or "1001", amount, bank_txn_no=txn)]
    if event == "J11":
        return [debit("1001", amount, bank_txn_no=txn), credit("1101", amount)]
    if event == "J12" and account:
        return [debit("2003", amount), credit(account, amount, loan)]
    if event == "J12":
        return [debit("1001", amount, bank_txn_no=txn), credit("2003", amount)]
    if event == "J13":
        return [debit("1001", amount, bank_txn_no=txn), credit("3101", amount, loan)]
    raise LuoshiError("E_INPUT", f"“{event}”不是可以直接记账的业务。", fields={"field": "event"})


# --- told by the bank -------------------------------------------------------------------------------------------------

_BANK = Actor.system("银行", "bank")


def _compensates(told: hooks.Told) -> bool:
    return told.payment is not None and told.book.key == BOOK and told.payment.events.get("instructed") == "J3"


@hooks.on(ROOM, "payment.instructed")
def instructed(told: hooks.Told) -> None:
    """Interest and suspense never pay compensation: what is left of demand money after the instruction covers them."""
    if not _compensates(told):
        return
    now = figures(told.book, state_of(told.book, lock=True))
    if now.free < 0:
        room = max(now.free + told.payment.amount, 0) if told.payment else 0
        raise LuoshiError(
            "E_CAPACITY",
            f"可动用活期 {Money(room)} 元，不够支付；利息和待查款项不能用于补偿。请提前支取存放或补充基金。",
            fields={"room": room}, citation=f"{FUND} 第九条",
        )  # fmt: skip


@hooks.on(ROOM, "payment.confirmed")
def confirmed(told: hooks.Told) -> None:
    """Compensation is really paid: S grows, the halt line is looked at, the claim is closed."""
    _tell_subsidy(told, "pay")
    if not _compensates(told) or told.payment is None:
        return
    _move_paid(told, told.payment.amount)
    _tell_claim(told, "pay")


@hooks.on(ROOM, "payment.failed")
def failed(told: hooks.Told) -> None:
    """The bank refused before it debited: the claim is to be instructed again."""
    _tell_subsidy(told, "fail")
    if _compensates(told):
        _tell_claim(told, "fail")


@hooks.on(ROOM, "payment.returned")
def returned(told: hooks.Told) -> None:
    """The payee's bank sent the money back: it is owed again."""
    _tell_subsidy(told, "come_back")
    if not _compensates(told) or told.payment is None:
        return
    _move_paid(told, -told.payment.amount)
    _tell_claim(told, "come_back")


def _move_paid(told: hooks.Told, fen: int) -> None:
    state = state_of(told.book, lock=True)
    state.paid += fen
    state.save()
    watch(told.book, actor=_BANK, trigger=f"付款 {told.payment.claim}" if told.payment else "付款", state=state)


def _tell_subsidy(told: hooks.Told, step: str) -> None:
    """Pass what the bank said of a subsidy's payment to its case."""
    from luoshi.programmes.agri_guarantee import subsidies

    if told.book.key == SUBSIDY and told.payment is not None:
        subsidies.bank_said(told.payment, step)


def _tell_claim(told: hooks.Told, step: str) -> None:
    from luoshi.programmes.agri_guarantee import claims

    if told.payment is not None:
        claims.bank_said(told.payment, step)


@hooks.on(ROOM, "bank.movement")
def moved(told: hooks.Told) -> None:
    """Money the bank took by itself makes the existing fund smaller: the line is looked at; it is booked as owed."""
    if told.book.key == BOOK and told.message.get("direction") == "D":
        watch(told.book, actor=_BANK, trigger="银行扣划", ahead=int(told.message.get("amount_fen") or 0))


# --- booked by hand ---------------------------------------------------------------------------------------------------


@hooks.on(ROOM, "entry.proposed")
def may_be_booked(told: hooks.Told) -> None:
    """An entry two hands book obeys what `post` does (V5, V7, V10): compensation by payment only, placements capped."""
    if told.book.key != BOOK or told.order is None:
        return
    if told.order.event in ("J3", "J4", "J5", "J6"):
        raise LuoshiError("E_RULE", "补偿付款要走付款指令，不能直接记账。", fields={"event": told.order.event},
                          citation=f"{FUND} 第十二条")  # fmt: skip
    lines = list(told.order.lines)
    placing = any(line.account in PLACED and line.debit for line in lines) and told.order.counter_of is None
    if told.order.counter_of is None:
        _authorised(lines, placing=placing)
    _refuse(told.book, state_of(told.book), "J7" if placing else told.order.event, lines)


def _authorised(lines: list[Line], *, placing: bool) -> None:
    """Refuse money out of the custody account that rests on nothing (6.15); what the bank took is owed, in 1101."""
    taken = sum(line.credit for line in lines if line.account == "1001")
    owed = sum(line.debit for line in lines if line.account == "1101")
    if taken <= owed:
        return
    facts: dict[str, Any] = {"use": "OTHER", "office_authorised": "no", "company_authorised": "no"}
    if placing:
        # Both signatures on file: of a placement that Office and company authorised together.
        signed = Case.objects.filter(procedure=f"{ROOM}.placing", state__in=("authorised", "placed", "ended"))
        facts |= {"use": "PLACEMENT", "standing_authorisation": "yes" if signed.exists() else "no"}
    taken_as = decide(f"{ROOM}.authority", facts)
    if taken_as.value["result"] != "VALID":
        words = "；".join(one.text for one in taken_as.reasons if one.ok is not True)
        raise LuoshiError("E_RULE", f"不能动用基金：{words}。银行已经扣划的记应收。",
                          fields={"decision": taken_as.definition.key}, citation=f"{FUND} 第八条")  # fmt: skip


@hooks.on(ROOM, "entry.posted")
def booked(told: hooks.Told) -> None:
    """What was booked by hand moves the figures and the halt line as any other posting does."""
    if told.book.key != BOOK or told.order is None or told.actor is None:
        return
    state = state_of(told.book, lock=True)
    given_back = sum(line.credit for line in told.order.lines if line.account == "3101")
    if given_back:
        state.paid -= given_back
        state.save()
    watch(told.book, actor=told.actor, trigger=f"记账 {told.order.memo}", state=state)


# --- what must hold ---------------------------------------------------------------------------------------------------


def faults(book: Book | None = None) -> list[str]:
    """Return what does not hold of the fund (V2 to V11 that are not the ledger's own doing); empty when all does."""
    book = book or fund()
    state = state_of(book)
    now = figures(book, state)
    found = [f"{code} 为负：{net}" for code, net in now.accounts.items() if net < 0]
    if now.balance != now.equity:
        found.append(f"基金余额 {now.balance}，来源减补偿 {now.equity}")
    if not 0 <= now.moving <= now.accounts["2001"]:
        found.append(f"在途补偿 {now.moving}，在途付款 {now.accounts['2001']}")
    loans = {code: dict(_subjects(book, code)) for code in ("3101", "3004")}
    if sum(loans["3101"].values()) != now.accounts["3101"]:
        found.append("分户补偿之和与总账不符")
    found += [
        f"{loan}：追偿转入 {fen} 超过补偿" for loan, fen in loans["3004"].items() if fen > loans["3101"].get(loan, 0)
    ]
    found += _over_claimed(loans["3101"])
    missing = Posting.objects.filter(account__book=book, account__code="1001", bank_txn_no="", entry__event="J4")
    found += [f"{one.entry.number} 没有银行流水号" for one in missing.select_related("entry")[:20]]
    return found


def _subjects(book: Book, code: str) -> Iterable[tuple[str, int]]:
    rows = Balance.objects.filter(account__book=book, account__code=code).exclude(subject="")
    return rows.values_list("subject", "net")


def _over_claimed(compensated: Mapping[str, int]) -> list[str]:
    """Per loan: what was compensated is at most the share of what was paid out."""
    rate = percent(values(), "comp_rate") if compensated else Fraction(0)
    payouts = dict(
        Claim.objects.filter(live=True, loan__in=list(compensated)).values_list("loan").annotate(n=Sum("payout"))
    )
    return [
        f"{loan}：补偿 {fen} 超过累计代偿的 {rate}%"
        for loan, fen in compensated.items()
        if loan in payouts and fen > cut(rate, payouts[loan])
    ]


# --- the gauge --------------------------------------------------------------------------------------------------------


def _course(book: Book) -> list[Point]:
    """Return a year of the share by value dates, what was in transit on a day counted as paid."""

    def share(accounts: Mapping[str, int]) -> tuple[int, int]:
        return max(accounts["3101"], 0), max(Figures(accounts, 0).balance, 0)

    return course_of(queries.days_of(book, max(CLOCK.today() - datetime.timedelta(days=365), book.opened_on)), share)


@gauges(BOOK)
def shown(book: Book) -> list[Gauge]:
    """What the page of the fund shows at its top: payouts against the halt line, placements against their ceiling."""
    now, line = figures(book), values()
    cap = percent(line, "place_cap")
    waiting = committed() + now.moving
    marks = (
        Mark("提醒", percent(line, "halt_warn") / 100),
        Mark("暂停新增", percent(line, "halt_line") / 100, stop=True),
    )
    return [
        Gauge("累计代偿占现有基金", now.paid, max(now.existing, 0), pending=waiting, marks=marks,
              citation=f"{FUND} 第十四条", part_title="累计代偿", whole_title="现有基金", course=_course(book)),
        Gauge("存放占基金余额", now.placed, max(now.balance, 0), marks=(Mark("上限", cap / 100, stop=True),),
              drains=False, citation=f"{FUND} 第九条", whole_title="基金余额",
              part_title="存放"),
    ]  # fmt: skip


def demand(rows: Iterable[Order]) -> int:
    """Return what orders change demand money by (fen); for tests and bulk loading."""
    return sum(line.debit - line.credit for order in rows for line in order.lines if line.account == "1001")


def summary(book: Book) -> dict[str, Any]:
    """Return the figures of the fund as data: F, S, E, P, accounts, halted since when."""
    now, halt = figures(book), live_halt(book)
    return {
        "balance": now.balance, "paid": now.paid, "existing": now.existing, "placed": now.placed, "free": now.free,
        "accounts": dict(now.accounts), "halted_at": None if halt is None else halt.halted_at,
    }  # fmt: skip
