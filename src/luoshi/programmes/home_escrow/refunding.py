"""The end of supervision and the refund of what is left (J9): to the buyer, to each lender."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from luoshi.kernel.decisions import Decision
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course
from luoshi.programmes.home_escrow.common import ORGAN, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale


def terminate(*, actor: Actor, agreement_no: str, facts: Mapping[str, Any], lock: Lock = Lock.BOOK) -> Sale:
    """Issue the notice that ends supervision: the sale is locked for refunds. `facts`: `home_escrow.termination`.

    Errors: E_FORBIDDEN, E_STATE (a release is open, closed already), E_RULE.
    """
    require(actor, "fund.check", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=lock)
        if not sale.live or sale.state == State.TERMINATING:
            raise common.misplaced(sale, "解除")
        if sale.state == State.RELEASING or course.open_payment(sale):
            raise LuoshiError(
                "E_STATE", "放款正在办理，不能同时解除。", fields={"state": sale.state}, citation=f"{RULES} 第十六条"
            )
        kept = course.money(sale)
        title = "buyer" if sale.state == State.REGISTERED else facts.get("title_in", "seller")
        told = {**facts, "title_in": title, "balance": kept["2001"] + kept["2002"]}
        common.refuse(common.decide("termination", told), "不能解除")
        sale.state = State.TERMINATING
        sale.save()
        common.note(actor, sale, "escrow.terminate", {"ground": str(facts.get("ground", ""))})
    return sale


def refund(
    *, actor: Actor, agreement_no: str, buyer: payments.Payee | None = None, paper: tuple[str, str] | None = None,
    lenders: Mapping[str, payments.Payee] | None = None, lock: Lock = Lock.BOOK,
) -> list[PaymentInstruction]:  # fmt: skip
    """Draft the refunds of a terminated sale (J9): the buyer's part to the buyer, the loan part to its lender.

    Errors: E_FORBIDDEN, E_STATE (no notice; not settled), E_RULE (payee, nothing free), E_INCOMPLETE (no account).
    """
    require(actor, "fund.post", [ORGAN])
    with transaction.atomic():
        sale = course.sale_of(agreement_no, lock=lock)
        if sale.state != State.TERMINATING:
            raise common.misplaced(sale, "退款")
        if course.open_payment(sale):
            raise LuoshiError("E_STATE", "前一条退款指令尚无最终结果。", citation=f"{RULES} 第十七条")
        kept, taken = course.money(sale), refund_of(sale)
        common.refuse(taken, "不能退款")
        drafted = []
        number = PaymentInstruction.objects.filter(book=sale.book, claim=sale.agreement_no).count()
        buyers = {sale.buyer, *sale.parties.filter(side="buyer").values_list("name", flat=True)}
        for told in taken.value["instructions"]:
            to_buyer = told["to"] == "buyer"
            payee = buyer if to_buyer else (lenders or {}).get(str(told["name"]))
            if payee is None:
                raise LuoshiError("E_INCOMPLETE", f"缺少{'买受人' if to_buyer else told['name']}的收款账户。")
            if to_buyer and payee.name not in buyers and paper is not None:
                common.refuse(common.decide("payee", {"seller": sale.buyer, "owner": payee.name, "number": payee.number,
                                        "paper": paper[0], "paper_number": paper[1]}), "退款账户")  # fmt: skip
            elif payee.name not in (buyers if to_buyer else {told["name"]}):
                raise LuoshiError("E_RULE", "退款只能退给付款的一方。", citation=f"{RULES} 第十七条")
            lines = [(told["account"], sale.agreement_no, int(told["amount"]))]
            if to_buyer and kept["2006"] and told["amount"] == kept["2001"]:
                lines.append(("2006", sale.agreement_no, kept["2006"]))
            number += 1
            drafted.append(payments.draft_payment(
                actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2004",
                account="1001", payee=payee, purpose="解除监管退款", basis=f"{RULES} 第十七条", case=sale.agreement_no,
                events=payments.Events("J9", "J10", "J10", "J10"), type="REFUND", meta={"sale": sale.agreement_no},
            ))  # fmt: skip
        return drafted


def refund_of(sale: Sale) -> Decision:
    """Return how what is left of a sale goes back: the buyer's part, each lender's, less what is frozen."""
    kept, loans = course.money(sale), []
    left = kept["2002"]
    for one in sale.lines.all():
        part = min(left, one.deposited) if one.lender else 0
        left -= part
        loans += [{"lender": one.lender, "amount": part}] if part else []
    return common.decide("refund", {"buyer_money": kept["2001"], "loans": loans, "held": course.held(sale)})
