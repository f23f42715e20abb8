"""The release to the sellers (J5): what may be released, whose part is how much, the orders drafted for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course
from luoshi.programmes.home_escrow.common import ORGAN, OWN, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale


def release(
    *, actor: Actor, agreement_no: str, payee: payments.Payee, amount: int | None = None, applied_by: Sequence[str],
    paper: str | None = None, paper_number: str | None = None,
) -> PaymentInstruction:  # fmt: skip
    """Draft the release to the seller (J5); another hand checks it, and all is tested again then.

    Errors: E_FORBIDDEN, E_STATE (not registered; a payment is not settled), E_RULE (not by both, payee), E_CAPACITY.
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=Lock.BOOK)
        fen = releasable(sale, amount, applied_by)
        told = {"owner": payee.name, "number": payee.number, "paper": paper, "paper_number": paper_number}
        common.refuse(common.decide("payee", {"seller": sale.seller, **told}), "收款账户")
        return draft_release(actor, sale, fen, [Share(payee)])[0]


def releasable(sale: Sale, amount: int | None, applied_by: Sequence[str]) -> int:
    """Return what may be released of a locked sale: all of it, or the amount asked for; E_STATE, E_RULE, E_CAPACITY."""
    if sale.state not in (State.REGISTERED, State.RELEASING):
        raise common.misplaced(sale, "放款")
    if course.open_payment(sale):
        raise LuoshiError(
            "E_STATE", "前一条指令尚无最终结果，只能查询，不能另发指令。", citation=f"{RULES} 第十五条(四)"
        )
    fen = whole_release(sale) if amount is None else amount
    told = {**release_facts(sale, fen), "applied_by": list(applied_by), "day": CLOCK.today().isoformat()}
    common.refuse(common.decide("release", told), "不能放款")
    return fen


def whole_release(sale: Sale) -> int:
    """Return what a release without an amount comes to (fen): all there is, of a staged one what is free."""
    kept = course.money(sale)
    return sum(kept[code] for code in OWN) if sale.plan == "SINGLE" else course.free(sale)


class Share(NamedTuple):
    """An account a release goes to: whose part it is (empty: all sellers'), its weight, the row that named it."""

    payee: payments.Payee
    weight: int = 1
    seller: str = ""
    payout: int = 0


def draft_release(actor: Actor, sale: Sale, fen: int, shares: Sequence[Share]) -> list[PaymentInstruction]:
    """Draft a release of `fen` to each account by its share, to the fen; the interest with the last of it.

    What a seller was given before counts: whose order failed or was sent back gets his part, nobody gets his twice.
    """
    kept = course.money(sale)
    weights = [(one.seller, one.weight) for one in shares]
    whole = fen == sum(kept[code] for code in OWN)
    parts = parts_of(sale, fen, weights)
    interest = parts_of(sale, kept["2006"] if whole else 0, weights, codes=("2006",))
    number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
    left, drafted = {code: kept[code] for code in OWN}, []
    for one, part, extra in zip(shares, parts, interest, strict=True):
        lines = []
        for code in OWN:
            taken = min(part, left[code])
            left[code] -= taken
            part -= taken
            lines += [(code, sale.agreement_no, taken)] if taken else []
        lines += [("2006", sale.agreement_no, extra)] if extra else []
        if not lines:
            continue
        number += 1
        meta = {"sale": sale.agreement_no, "seller": one.seller, "payout": one.payout}
        drafted.append(payments.draft_payment(
            actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2003",
            account="1001", payee=one.payee, purpose="放款", basis=f"{RULES} 第十五条(四)", case=sale.agreement_no,
            events=payments.Events("J5", "J6", "J7", "J8"), type="RELEASE", meta=meta,
        ))  # fmt: skip
    return drafted


def parts_of(
    sale: Sale, fen: int, weights: Sequence[tuple[str, int]], codes: Sequence[str] = OWN,
    before: Sequence[PaymentInstruction] | None = None,
) -> list[int]:  # fmt: skip
    """Return each party's part of a payment: of all that is paid, by weights, less what each was given `before`."""
    if len(weights) == 1 or not fen:
        return [fen] if len(weights) == 1 else [0] * len(weights)
    had = dict.fromkeys((name for name, _weight in weights), 0)
    for row in settled_of(sale, "RELEASE") if before is None else before:
        if (name := whose(row)) in had:
            had[name] += sum(int(part) for code, _sale, part in row.lines if code in codes)
    due = shared(fen + sum(had.values()), [weight for _name, weight in weights])
    wanted = [max(part - had[name], 0) for (name, _weight), part in zip(weights, due, strict=True)]
    return wanted if sum(wanted) == fen else shared(fen, wanted)


def settled_of(sale: Sale, kind: str) -> list[PaymentInstruction]:
    """Return the payments of a kind that were made, are on their way or are owed again."""
    rows = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no, type=kind)
    rows = rows.exclude(state__in=("drafted", "cancelled")).exclude(state="failed", replaces__isnull=True)
    return list(rows.filter(replaced_by__isnull=True))


def whose(payment: PaymentInstruction) -> str:
    """Return whose part a payment is, empty for all sellers'; one without the note is its payee's."""
    return str(payment.meta.get("seller", payment.meta.get("buyer", payment.payee_name)))


def shared(fen: int, weights: Sequence[int]) -> list[int]:
    """Return an amount divided by shares, to the fen."""
    if len(weights) == 1:
        return [fen]
    return [int(part) for part in common.decide("shares", {"amount": fen, "shares": list(weights)}).value["parts"]]


def release_facts(sale: Sale, fen: int | None) -> dict[str, Any]:
    """Return the facts of `home_escrow.release` as the sale stands."""
    kept = course.money(sale)
    return {
        "plan": sale.plan, "supervised": sale.supervised, "deposits": sale.deposits, "reversed": sale.reversed,
        "deducted": sale.deducted, "balance": kept["2001"] + kept["2002"], "held": course.held(sale), "amount": fen,
        "registered": sale.registered_on is not None, "frozen": course.frozen(sale.book) is not None,
        "registered_on": sale.registered_on and str(sale.registered_on),
        "filed_on": sale.filed_on and str(sale.filed_on),
        "buyer_money": kept["2001"], "loan_money": kept["2002"],
    }  # fmt: skip
