"""The end of supervision and the refund of what is left (J9): to the buyer, to each lender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from luoshi.kernel.decisions import Decision
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.funds import payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import common, course, releasing
from luoshi.programmes.home_escrow.common import ORGAN, State
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale
from luoshi.programmes.home_escrow.names import same


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
    buyers: Sequence[payments.Payee] = (), lenders: Mapping[str, payments.Payee] | None = None, lock: Lock = Lock.BOOK,
) -> list[PaymentInstruction]:  # fmt: skip
    """Draft the refunds of a terminated sale (J9): the buyer's part to the buyer, the loan part to its lender.

    Several `buyers` each get their part by what each has paid in, to the fen. Errors: E_FORBIDDEN, E_STATE (no notice;
    not settled), E_RULE (payee, nothing free), E_INCOMPLETE (no account), E_INPUT (buyers whose parts nobody knows).
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
        for told in taken.value["instructions"]:
            fen, to_buyer = int(told["amount"]), told["to"] == "buyer"
            interest = kept["2006"] if to_buyer and fen == kept["2001"] else 0
            if to_buyer and buyers:
                parts = _by_buyer(sale, buyers, fen, interest)
            else:
                payee = buyer if to_buyer else (lenders or {}).get(str(told["name"]))
                if payee is None:
                    raise LuoshiError("E_INCOMPLETE", f"缺少{'买受人' if to_buyer else told['name']}的收款账户。")
                _refuse_payee(sale, payee, "" if to_buyer else str(told["name"]), paper)
                parts = [("", payee, fen, interest)]
            for whose, payee, part, extra in parts:
                lines = [(told["account"], sale.agreement_no, part)] if part else []
                lines += [("2006", sale.agreement_no, extra)] if extra else []
                if not lines:
                    continue
                number += 1
                meta = {"sale": sale.agreement_no} | ({"buyer": whose} if whose else {})
                drafted.append(payments.draft_payment(
                    actor=actor, book=sale.book.key, claim=sale.agreement_no, part=number, lines=lines, transit="2004",
                    account="1001", payee=payee, purpose="解除监管退款", basis=f"{RULES} 第十七条", meta=meta,
                    events=payments.Events("J9", "J10", "J10", "J10"), type="REFUND", case=sale.agreement_no,
                ))  # fmt: skip
        return drafted


def _refuse_payee(sale: Sale, payee: payments.Payee, lender: str, paper: tuple[str, str] | None) -> None:
    """Refuse an account that is not the party's who paid; a buyer may name another's by one of the two papers."""
    names = [lender] if lender else [sale.buyer, *sale.parties.filter(side="buyer").values_list("name", flat=True)]
    if any(same(one, payee.name) for one in names):
        return
    if lender or paper is None:
        raise LuoshiError("E_RULE", "退款只能退给付款的一方。", citation=f"{RULES} 第十七条")
    told = {"seller": sale.buyer, "owner": payee.name, "number": payee.number, "paper": paper[0],
            "paper_number": paper[1]}  # fmt: skip
    common.refuse(common.decide("payee", told), "退款账户")


def _by_buyer(
    sale: Sale, buyers: Sequence[payments.Payee], fen: int, interest: int
) -> list[tuple[str, payments.Payee, int, int]]:  # fmt: skip
    """Return each buyer's part of a refund by what each has paid in, less what was refunded to each before."""
    names = list(sale.parties.filter(side="buyer").values_list("name", flat=True))
    accounts = {name: [one for one in buyers if same(one.name, name)] for name in names}
    if len(buyers) != len(names) or any(len(found) != 1 for found in accounts.values()):
        raise LuoshiError("E_INPUT", f"分别退款要写明 {len(names)} 个买受人各自本人的账户：{'、'.join(names)}。",
                          fields={"fields": {"buyer_accounts": "每个买受人一行，户名是本人"}},
                          citation=f"{RULES} 第十七条")  # fmt: skip
    lenders = list(sale.lines.exclude(lender="").values_list("lender", flat=True))
    paid = dict.fromkeys(names, 0)
    for payer, amount in sale.vouchers.values_list("payer", "amount"):
        if whose := next((name for name in names if same(name, payer)), None):
            paid[whose] += amount
        elif not any(same(one, payer) for one in lenders):
            raise LuoshiError("E_INPUT", f"有“{payer}”代付的款项，分不清是哪个买受人的，请退到一个买受人的账户。",
                              fields={"fields": {"buyer_accounts": "有他人代付的款项"}})  # fmt: skip
    weights = [(name, amount) for name, amount in paid.items()]
    before = releasing.settled_of(sale, "REFUND")
    parts = releasing.parts_of(sale, fen, weights, before=before)
    extra = releasing.parts_of(sale, interest, weights, codes=("2006",), before=before)
    return [(name, accounts[name][0], part, more) for name, part, more in zip(names, parts, extra, strict=True)]


def refund_of(sale: Sale) -> Decision:
    """Return how what is left of a sale goes back: the buyer's part, each lender's, less what is frozen."""
    kept, loans = course.money(sale), []
    left = kept["2002"]
    for one in sale.lines.all():
        part = min(left, one.deposited) if one.lender else 0
        left -= part
        loans += [{"lender": one.lender, "amount": part}] if part else []
    return common.decide("refund", {"buyer_money": kept["2001"], "loans": loans, "held": course.held(sale)})
