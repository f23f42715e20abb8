"""What scenarios can do and look at in this room: an account's book, sales, money in and out, what the bank says."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import uscc_check
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.funds import bank, envelope, links, payments, queries
from luoshi.office.funds.models import Account, Book, PaymentInstruction
from luoshi.office.funds.orders import Hand
from luoshi.office.notices.models import Notice
from luoshi.office.scenarios import Scene, check, verb
from luoshi.programmes.home_escrow import contracts, sales
from luoshi.programmes.home_escrow.models import Agency, Bank, Hold, Sale

BANK, NUMBER = "313465000019", "37050000000000000291"
_KEY = "scenario-key-" + "0" * 32
BUYER, SELLER, LENDER = "测试甲", "测试乙", "测试银行"
_LINES = [{"kind": "首付款", "amount": 32_000_000}, {"kind": "按揭贷款", "amount": 48_000_000, "lender": LENDER}]


def _book() -> Book:
    found = Book.objects.filter(plan=sales.PLAN).first()
    if found is None:
        raise LuoshiError("E_STATE", "场景里还没有开立监管账户。")
    return found


def _today() -> datetime.date:
    return day_of(CLOCK.now())


def _hands(scene: Scene) -> tuple[Actor, Actor]:
    for name in ("clerk", "reviewer"):
        if name not in scene.people:
            raise LuoshiError("E_INPUT", f"场景的 people 里要有“{name}”：收付由两人办理。")
    return scene.people["clerk"], scene.people["reviewer"]


@verb("home_escrow.open")
def open_account(_scene: Scene, actor: Actor, _given: Mapping[str, Any]) -> None:
    """Open the supervised account."""
    sales.open_account(actor=actor, bank=BANK, name="测试银行", number=NUMBER, opened_on=_today())


@verb("home_escrow.sign")
def sign(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Sign the `agreement` of a sale: `price`, `lines`, `plan`, `unit`; returns its number."""
    number = str(given.get("agreement", "JG2018010000001"))
    lines = [dict(one) for one in given.get("lines", _LINES)]
    price = int(given.get("price", sum(int(one["amount"]) for one in lines)))
    sales.sign(
        actor=actor, book=_book(), agreement_no=number, contract_no=f"HT{number}", price=price, lines=lines,
        unit_code=str(given.get("unit", f"371083001001GB00001F{int(number[-8:]):08d}")), buyer=BUYER, seller=SELLER,
        plan=str(given.get("plan", "SINGLE")), contract_supervised=given.get("contract_supervised"),
    )  # fmt: skip
    return number


@verb("home_escrow.deposit")
def deposit(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank book `amount` in for `sale` from `payer` (buyer, lender or a name); `txn`."""
    payer = {"buyer": BUYER, "lender": LENDER}.get(str(given.get("payer", "buyer")), str(given.get("payer")))
    account = Account.objects.select_related("book").get(book=_book(), code="1001")
    body = {"direction": "C", "amount_fen": int(given["amount"]), "counter_name": payer, "memo": "",
            "ref": str(given.get("sale", "")), "bank_txn_no": str(given["txn"])}  # fmt: skip
    bank.book_movement(account, "C", int(given["amount"]), str(given["txn"]), _today(), body)


@verb("home_escrow.file")
def file(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """File the contract of `sale`."""
    sales.file(actor=actor, agreement_no=str(given["sale"]))


@verb("home_escrow.register")
def register(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Note that the home of `sale` is in the buyer's name, today."""
    sales.register(actor=actor, agreement_no=str(given["sale"]), on=_today())


@verb("home_escrow.release")
def release(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Release `amount` of `sale` to the seller, or to `owner` with `paper` and `paper_number`; by two hands."""
    clerk, head = _hands(scene)
    payee = payments.Payee(str(given.get("owner", SELLER)), str(given.get("number", "6222000000000018")), "测试银行")
    row = sales.release(
        actor=clerk, agreement_no=str(given["sale"]), payee=payee, amount=given.get("amount"),
        applied_by=list(given.get("applied_by", ["buyer", "seller"])), paper=given.get("paper"),
        paper_number=given.get("paper_number"),
    )  # fmt: skip
    payments.check_payment(actor=head, payment=row.pk)
    return int(row.pk)


@verb("home_escrow.reissue")
def reissue(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Pay again what came back, to the account `number`; by two hands."""
    clerk, head = _hands(scene)
    payee = payments.Payee(SELLER, str(given.get("number", "6222000000000026")), "测试银行")
    row = payments.reissue(actor=clerk, payment=int(given["payment"]), payee=payee, reason="更正账户")
    payments.check_payment(actor=head, payment=row.pk)
    return int(row.pk)


@verb("home_escrow.terminate")
def terminate(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Issue the notice that ends the supervision of `sale`; the rest are facts of `home_escrow.termination`."""
    facts = {name: value for name, value in given.items() if name != "sale"}
    sales.terminate(actor=actor, agreement_no=str(given["sale"]), facts=facts)


@verb("home_escrow.refund")
def refund(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> list[int]:
    """Refund a terminated `sale` to the buyer and the lender; by two hands; the bank pays at once."""
    clerk, head = _hands(scene)
    rows = sales.refund(
        actor=clerk, agreement_no=str(given["sale"]), buyer=payments.Payee(BUYER, "6222000000000034", "测试银行"),
        lenders={LENDER: payments.Payee(LENDER, "3705000000000007", "测试银行")},
    )  # fmt: skip
    for row in rows:
        payments.check_payment(actor=head, payment=row.pk)
        _answer(row.pk, "success", f"T{row.pk}")
    return [row.pk for row in rows]


def _answer(pk: int, result: str, txn: str) -> None:
    row = payments.locked(PaymentInstruction.objects.get(pk=pk).instr_id)
    assert row is not None
    hand = Hand("场景银行", "scenario")
    if result == "returned":
        payments.apply_return(row, txn=f"R{txn}", on=_today(), reason="收款账户已销户", hand=hand)
    else:
        payments.apply_result(row, result, txn=txn if result == "success" else "", on=_today(), reason="", hand=hand)


@verb("home_escrow.bank_says")
def bank_says(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank answer `payment`: `result` success, failed, unknown or returned."""
    _answer(int(given["payment"]), str(given["result"]), str(given.get("txn", f"T{given['payment']}")))


@verb("home_escrow.settle")
def settle(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> list[int]:
    """Let the reviewer check the drafted payments of `sale` and the bank answer all that are open with `result`."""
    _clerk, head = _hands(scene)
    rows = PaymentInstruction.objects.filter(case=str(given["sale"])).order_by("pk")
    for row in rows.filter(state="drafted"):
        payments.check_payment(actor=head, payment=row.pk)
    wanted = ("confirmed",) if given["result"] == "returned" else ("checked", "sent", "unknown")
    found = [row.pk for row in rows.filter(state__in=wanted, replaced_by__isnull=True)]
    for pk in found:
        _answer(pk, str(given["result"]), f"T{pk}")
    return found


@verb("home_escrow.bank")
def known_bank(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Enter the supervising bank of the account into the register: `code`, `name`."""
    Bank.objects.create(code=str(given["code"]), name=str(given["name"]), number=BANK)


@verb("home_escrow.agency")
def agency(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Enter an agency called `name`."""
    body = "91371083MA3CTXYT1"
    Agency.objects.create(credit_code=body + uscc_check(body), name=str(given["name"]))


@verb("home_escrow.bank_sends")
def bank_sends(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Let the bank send a signed message: its fields; money comes in unless `direction` says D."""
    links.set_link(actor=Actor.system("场景", "scenario"), bank=BANK, name="场景银行", key=_KEY)
    body = {
        "v": 1, "bank": BANK, "account": NUMBER, "created_at": CLOCK.now().isoformat(),
        "business_date": str(_today()), "bank_txn_no": "", "direction": "C" if "bank_txn_no" in given else "",
        "currency": "CNY", "counter_account": "", "counter_name": "", "ref": "", "memo": "",
    }  # fmt: skip
    told = {name: str(one) if name in ("to", "period_from", "period_to") else one for name, one in given.items()}
    return bank.receive(json.dumps(envelope.signed(body | told, _KEY), ensure_ascii=False).encode()).as_json()


@verb("home_escrow.freeze")
def freeze(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Freeze `amount` of `sale` for a court."""
    return int(sales.freeze(actor=actor, agreement_no=str(given["sale"]), authority="某法院", document_no="测试1号",
                            amount=int(given["amount"])).pk)  # fmt: skip


@verb("home_escrow.deduct")
def deduct(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Deduct `amount` by the freeze `hold`."""
    clerk, head = _hands(scene)
    sales.deduct(actor=clerk, checker=head, hold=int(given["hold"]), amount=int(given["amount"]),
                 key=f"deduct:{given['hold']}:{given['amount']}")  # fmt: skip


@verb("home_escrow.bank_debit")
def bank_debit(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank debit `amount` without an instruction: it owes it (J13)."""
    account = Account.objects.select_related("book").get(book=_book(), code="1001")
    bank.book_movement(account, "D", int(given["amount"]), str(given["txn"]), _today(), {"direction": "D"})


@check("escrow")
def escrow(_scene: Scene, _thing: Any, _asked: Any) -> Any:
    """What the account's book has by account, and what does not hold of it (`faults`)."""
    book = _book()
    return {**queries.balances(book), "faults": sales.faults(book)}


@check("sales")
def sales_seen(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """What came of sales by agreement number: state, balance, free, held, flows, vouchers."""
    found = {}
    for row in Sale.objects.filter(agreement_no__in=[str(one) for one in asked]).select_related("book"):
        kept = sales.money(row)
        found[row.agreement_no] = {
            "state": row.state, **kept, "balance": kept["2001"] + kept["2002"], "free": sales.free(row),
            "held": sales.held(row), "deposits": row.deposits, "released": row.released, "refunded": row.refunded,
            "deducted": row.deducted, "vouchers": row.vouchers.count(), "holds": Hold.objects.filter(sale=row).count(),
        }  # fmt: skip
    return found


@check("answer")
def answer(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """What the bank was told."""
    return subject


@check("drawn")
def drawn(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The kinds of paper a case drew up, in order."""
    return list(Notice.objects.filter(case=subject).order_by("pk").values_list("kind", flat=True))


@check("payments")
def paid(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The amounts of payments, in the order in which they were drafted."""
    return [PaymentInstruction.objects.get(pk=pk).amount for pk in subject]


@check("findings")
def findings(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """Against whom findings were opened."""
    return [row.facts["who"] for row in Case.objects.filter(procedure=contracts.DISCIPLINE).order_by("pk")]
