"""Orders to the bank and what it says of them: tested again, confirmed, failed, returned (J6 to J8, J10).

They are drafted by one hand and checked by another; what the decisions refuse is refused again under the lock of the
sale when it is checked.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.accounts.models import Assignment
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.duties import workdays
from luoshi.office.funds import hooks, payments
from luoshi.office.funds.models import Book, PaymentInstruction, Sheet
from luoshi.office.parameters import book as parameters
from luoshi.office.permissions import require
from luoshi.office.roles import Role
from luoshi.programmes.home_escrow import common, course, incoming, releasing, suspense
from luoshi.programmes.home_escrow.common import ORGAN, OWN, ROOM, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale


def owed(sale: Sale, kind: str) -> list[PaymentInstruction]:
    """Return the payments of a kind that came back, or whose repetition failed, and wait to be paid; newest first."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type=kind)
    back = Q(state="returned") | Q(state="failed", replaces__isnull=False)
    return list(rows.filter(back, replaced_by__isnull=True).order_by("-pk"))


def of_loan(payment: PaymentInstruction) -> bool:
    """Tell whether a payment is of loan money."""
    return any(code == "2002" for code, _sale, _fen in payment.lines)


def pay_interest(
    *, actor: Actor, agreement_no: str, payee: payments.Payee | None = None
) -> list[PaymentInstruction]:  # fmt: skip
    """Draft the payment of interest that came after a sale was over, to those its money went to (6.12).

    Several of them share it by what each got, to the fen, less what each was paid of it before. Where nothing was paid
    out (all was deducted, the agreement cancelled) it goes to `payee`, a buyer. Errors: E_FORBIDDEN, E_STATE (not over,
    nothing to pay, a payment is not settled), E_RULE (too small, not a buyer), E_INCOMPLETE (no account).
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=Lock.BOOK)
        fen = course.money(sale)["2006"]
        if sale.live or not fen or course.open_payment(sale):
            raise LuoshiError("E_STATE", f"{agreement_no} 没有办结后待付的利息。", fields={"state": sale.state})
        least = int(parameters.current().values(ROOM, CLOCK.today())["interest_min"])
        if fen < least:
            raise LuoshiError(
                "E_RULE", f"利息 {Money(fen)} 元，不足 {Money(least)} 元，暂不付出。", citation=f"{RULES} 第十条"
            )
        kind = "RELEASE" if sale.released else "REFUND"
        count = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
        drafted = []
        for to, part in _interest_parts(sale, fen, kind, payee):
            count += 1
            drafted.append(payments.draft_payment(
                actor=actor, book=sale.book.key, claim=sale.agreement_no, part=count, account="1001", payee=to,
                lines=[("2006", sale.agreement_no, part)], transit="2003" if sale.released else "2004", purpose="利息",
                basis=f"{RULES} 第十条", case=sale.agreement_no, type=kind,
                events=payments.Events(*("J5 J6 J7 J8" if sale.released else "J9 J10 J10 J10").split()),
                meta={"sale": sale.agreement_no, "interest": True},
            ))  # fmt: skip
        return drafted


def _interest_parts(sale: Sale, fen: int, kind: str, payee: payments.Payee | None) -> list[tuple[payments.Payee, int]]:
    """Return whom late interest is paid to, each with a part of it."""
    found = receivers(sale)
    if found:
        paid = [row for row in releasing.settled_of(sale, kind) if row.meta.get("interest")]
        weights = [(row.payee_name, weight) for row, weight in found]
        parts = releasing.parts_of(sale, fen, weights, codes=("2006",), before=paid)
        to = [payments.Payee(row.payee_name, payments.payee_number(row), row.payee_bank) for row, _weight in found]
        return [(one, part) for one, part in zip(to, parts, strict=True) if part]
    if payee is None or not all(payee):
        raise LuoshiError("E_INCOMPLETE", f"{sale.agreement_no} 没有付过款，请写买受人的收款账户。",
                          fields={"fields": {"owner": "请写买受人的账户"}})  # fmt: skip
    if incoming.payer_of(sale, payee.name, []) != "buyer":
        raise LuoshiError("E_RULE", "利息付给买受人本人的账户。", fields={"fields": {"owner": "不是买受人"}},
                          citation=f"{RULES} 第十条")  # fmt: skip
    return [(payee, fen)]


def receivers(sale: Sale) -> list[tuple[PaymentInstruction, int]]:
    """Return who got the money that interest follows: what sellers were released, what buyers got back.

    Of each the newest payment, whose account is paid to again, and the principal got in all (fen). Never a lender.
    """
    rows = PaymentInstruction.objects.filter(book=sale.book, case=sale.agreement_no, state="confirmed")
    wanted = rows.filter(type="RELEASE" if sale.released else "REFUND")
    wanted = wanted.exclude(payee_name__in=sale.lines.exclude(lender="").values("lender"))
    newest: dict[str, PaymentInstruction] = {}
    got: dict[str, int] = {}
    for row in wanted.order_by("pk"):
        principal = sum(int(fen) for code, _sale, fen in row.lines if code in OWN)
        if principal:
            newest[row.payee_name] = row
            got[row.payee_name] = got.get(row.payee_name, 0) + principal
    return [(newest[name], weight) for name, weight in got.items()]


def withdraw_drafts(*, sale: Sale, reason: str) -> int:
    """Withdraw drafted payments of a sale whose money has not moved; return how many."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, state="drafted")
    return rows.update(state="cancelled", reason=reason[:200], version=F("version") + 1)


def send_back(*, actor: Actor, book: Book, amount: int, key: str, payee: payments.Payee) -> PaymentInstruction:
    """Draft sending unidentified money back to its payer (J4); another hand checks it."""
    return payments.draft_payment(
        actor=actor, book=book.key, claim=key, lines=[("2005", "", amount)], transit="2004", account="1001",
        payee=payee, purpose="来款退回", basis=f"{RULES} 第九条", events=payments.Events("J4", "J4", "J4", "J10"),
        type="SEND_BACK",
    )  # fmt: skip


def _of(told: hooks.Told) -> Sale | None:
    number = told.payment.meta.get("sale") if told.payment is not None else None
    return None if number is None else course.sale_of(str(number), lock=Lock.BOOK)


def _principal(told: hooks.Told) -> int:
    """Return what of a payment is deposits, without interest."""
    payment = told.payment
    return 0 if payment is None else sum(int(fen) for code, _sale, fen in payment.lines if code in OWN)


@hooks.on(ROOM, "payment.instructed")
def instructed(told: hooks.Told) -> None:
    """Tested again under the sale's lock: the state, and that what is frozen stays."""
    sale, payment = _of(told), told.payment
    if payment is not None and (hold := course.frozen(told.book)) is not None:
        raise LuoshiError("E_STATE", f"监管账户被{hold.authority}冻结，不执行任何指令。", citation=f"{RULES} 第十条")
    if payment is not None:
        _reconciled(payment)
    if sale is None or payment is None or payment.replaces_id is not None or payment.meta.get("interest"):
        return
    releases = payment.type == "RELEASE"
    wanted = (State.REGISTERED, State.RELEASING) if releases else (State.TERMINATING,)
    if sale.state not in wanted:
        raise common.misplaced(sale, "付款")
    kept = course.money(sale)
    if kept["2001"] + kept["2002"] < course.held(sale):
        raise LuoshiError("E_CAPACITY", "被冻结的钱不能付出，请退回重拟。", citation=f"{RULES} 第十条")
    if releases:
        sale.state = State.RELEASING
        sale.save()


def _reconciled(payment: PaymentInstruction) -> None:
    """Refuse an order while the last working day's sheet of the account is missing or unexplained (8.4).

    The leader may let it go by checking it. An account that was never reconciled has no sheet to wait for yet.
    """
    sheets = Sheet.objects.filter(account=payment.account_id)
    if payment.checked_by_id is None or not sheets.exists():
        return
    try:
        day = workdays.shift(CLOCK.today(), -1)
    except LuoshiError:
        return
    last = sheets.filter(on__gte=day).order_by("-on", "-number").first()
    if last is not None and last.difference == 0:
        return
    held = Assignment.objects.filter(user=payment.checked_by_id, role=Role.LEADER, organ=payment.book.organ)
    if any(row.held_on(CLOCK.today()) for row in held):
        return
    raise LuoshiError(
        "E_RULE", f"{day} 的余额调节表还没有编制或有差额，付款须由负责人复核放行。", citation=f"{RULES} 第七条"
    )


@hooks.on(ROOM, "payment.confirmed")
def confirmed(told: hooks.Told) -> None:
    """The bank has paid: released or refunded; the sale is closed when nothing is left of it."""
    sale, payment = _of(told), told.payment
    if payment is not None and payment.type == "SEND_BACK":
        case = Case.objects.filter(procedure=suspense.PROCEDURE, number=payment.claim).first()
        if case is not None:
            suspense.settled(told.book, case)
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    if payment.type == "RELEASE":
        sale.released += _principal(told)
    else:
        sale.refunded += _principal(told)
    waiting = course.open_payment(sale, besides=payment.pk)
    if sale.state == State.RELEASING and not waiting:
        sale.state = State.REGISTERED
    sale.save()
    course.settle(sale, besides=payment.pk)
    if not waiting:
        _paid(sale)
    elif not _on_way(sale, payment) and owed(sale, payment.type):
        # Another payment came back before: its account is to be put right next.
        course.advance(
            course.case_of(sale.agreement_no) if payment.type == "RELEASE" else course.ending_of(sale.agreement_no),
            "come_back",
        )


def _on_way(sale: Sale, besides: PaymentInstruction) -> bool:
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no)
    return rows.filter(state__in=("drafted", "checked", "sent", "unknown")).exclude(pk=besides.pk).exists()


def _paid(sale: Sale) -> None:
    """Move the cases on after the last payment on its way was made."""
    case, ending = course.case_of(sale.agreement_no), course.ending_of(sale.agreement_no)
    closed = sale.state == State.CLOSED
    if ending is not None and ending.is_open and sale.state in (State.TERMINATING, State.CLOSED):
        course.advance(ending, "paid" if closed else "part")
    if case is not None:
        course.advance(case, "pay" if closed else "pay_part")
        if closed:
            course.advance(case, "ended")


@hooks.on(ROOM, "payment.failed")
def failed(told: hooks.Told) -> None:
    """The bank refused: the money is the sale's again, a new instruction may be drafted."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    if payment.replaces_id is not None:
        course.advance(
            course.ending_of(sale.agreement_no) if payment.type == "REFUND" else course.case_of(sale.agreement_no),
            "fail_again",
        )
        return
    if course.open_payment(sale, besides=payment.pk):
        return
    if sale.state == State.RELEASING:
        sale.state = State.REGISTERED
        sale.save()
        course.advance(course.case_of(sale.agreement_no), "fail")
    elif sale.state == State.TERMINATING:
        course.advance(course.ending_of(sale.agreement_no), "part")


@hooks.on(ROOM, "payment.returned")
def returned(told: hooks.Told) -> None:
    """The payee's bank sent the money back: owed again, to an account to be corrected; the sale is open again."""
    sale, payment = _of(told), told.payment
    if sale is None or payment is None or payment.meta.get("interest"):
        return
    releases = payment.type == "RELEASE"
    if releases:
        sale.released -= _principal(told)
    else:
        sale.refunded -= _principal(told)
    sale.state, sale.live = (State.RELEASING if releases else State.TERMINATING), True
    sale.save()
    if releases:
        course.advance(course.case_of(sale.agreement_no), "come_back")
    else:
        course.advance(course.case_of(sale.agreement_no), "reopened")
        course.advance(course.ending_of(sale.agreement_no), "come_back")
