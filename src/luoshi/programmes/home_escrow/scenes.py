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
from luoshi.office.funds import actions as ledger
from luoshi.office.funds import bank, envelope, links, payments, queries
from luoshi.office.funds.models import Account, Book, PaymentInstruction
from luoshi.office.funds.orders import Hand, credit, debit
from luoshi.office.notices.models import Notice
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.home_escrow import (
    common,
    contracts,
    course,
    earning,
    freezing,
    incoming,
    paying,
    proving,
    refunding,
    releasing,
    signing,
)
from luoshi.programmes.home_escrow.models import Agency, Bank, Hold, Sale

BANK, NUMBER = "313465000019", "37050000000000000291"
_KEY = "scenario-key-" + "0" * 32
BUYER, SELLER, LENDER = "测试甲", "测试乙", "测试银行"
_LINES = [{"kind": "首付款", "amount": 32_000_000}, {"kind": "按揭贷款", "amount": 48_000_000, "lender": LENDER}]


def _book() -> Book:
    found = Book.objects.filter(plan=common.PLAN).first()
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


@verb("home_escrow.open", "开立监管账户")
def open_account(_scene: Scene, actor: Actor, _given: Mapping[str, Any]) -> None:
    """Open the supervised account."""
    signing.open_account(actor=actor, bank=BANK, name="测试银行", number=NUMBER, opened_on=_today())


@verb(
    "home_escrow.sign",
    "三方签监管协议",
    agreement="协议编号",
    price="房价款，分",
    lines="款项：kind、amount，贷款另写 lender",
    plan="SINGLE 一次、STAGED 分次",
    unit="不动产单元代码",
    contract_supervised="合同写明的监管资金，分",
)
def sign(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> str:
    """Sign the `agreement` of a sale: `price`, `lines`, `plan`, `unit`; returns its number."""
    number = str(given.get("agreement", "JG2018010000001"))
    lines = [dict(one) for one in given.get("lines", _LINES)]
    price = int(given.get("price", sum(int(one["amount"]) for one in lines)))
    signing.sign(
        actor=actor, book=_book(), agreement_no=number, contract_no=f"HT{number}", price=price, lines=lines,
        unit_code=str(given.get("unit", f"371083001001GB00001F{int(number[-8:]):08d}")), buyer=BUYER, seller=SELLER,
        plan=str(given.get("plan", "SINGLE")), contract_supervised=given.get("contract_supervised"),
    )  # fmt: skip
    return number


@verb(
    "home_escrow.deposit",
    "银行收到存款（J1、J2）",
    sale="协议编号",
    amount="金额，分",
    payer="buyer、lender 或户名",
    txn="银行流水号",
)
def deposit(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank book `amount` in for `sale` from `payer` (buyer, lender or a name); `txn`."""
    payer = {"buyer": BUYER, "lender": LENDER}.get(str(given.get("payer", "buyer")), str(given.get("payer")))
    account = Account.objects.select_related("book").get(book=_book(), code="1001")
    body = {"direction": "C", "amount_fen": int(given["amount"]), "counter_name": payer, "memo": "",
            "ref": str(given.get("sale", "")), "bank_txn_no": str(given["txn"])}  # fmt: skip
    bank.book_movement(account, "C", int(given["amount"]), str(given["txn"]), _today(), body)


@verb(
    "home_escrow.post", "按过账表办一行 J1–J14；付款的行由 clerk、reviewer 办理",
    event="行号", sale="协议编号", amount="金额，分", payer="J1–J4 付款人",
    payment="J6–J8、J10 所答复的付款（as 起的名）；不写是最近一笔",
    result="J4、J10 的结果：success（默认）、failed、returned，none 为先不答复", identified="J3 认领到交易",
    hold="J12 所执行的冻结（as 起的名）", account="J12 2001 或 2002", made_good="J13 已补回", loan="J14 冲回的是贷款",
    first_on="J11 计息自", last_on="J11 计息至", txn="银行流水号", key="记账编号；同号只记一次",
)  # fmt: skip
def post(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Carry out a row of the table as the room does; what is paid is drafted and checked, its payment returned."""
    words = str(given["event"]).split()
    event, fen, number = words[0].upper(), int(given.get("amount") or 0), str(given.get("sale", ""))
    told = {"made_good": "good" in words, "identified": "identified" in words, **given}
    count = int(scene.things.get("_keys", 0)) + 1
    scene.things["_keys"] = count
    key = str(told.get("key") or f"scene:{event}:{count}")
    txn = str(told.get("txn") or f"S{count}")
    came = {"sale": number, "amount": fen, "txn": txn}
    match event:
        case "J1" | "J2":
            deposit(scene, actor, came | {"payer": told.get("payer", "buyer" if event == "J1" else "lender")})
        case "J3" if told["identified"]:
            clerk, head = _hands(scene)
            incoming.identify(actor=clerk, checker=head, agreement_no=number, amount=fen, key=key,
                           payer=str(told.get("payer", "测试丙")))  # fmt: skip
        case "J3":
            deposit(scene, actor, came | {"payer": told.get("payer", "测试丙")})
        case "J4":
            clerk, head = _hands(scene)
            payee = payments.Payee(str(told.get("payer", "测试丙")), "6222000000000042", "测试银行")
            row = paying.send_back(actor=clerk, book=_book(), amount=fen, key=key, payee=payee)
            payments.check_payment(actor=head, payment=row.pk)
            return _said(row.pk, str(told.get("result", "success")))
        case "J5":
            return release(scene, actor, {"sale": number, **({"amount": fen} if fen else {})})
        case "J6" | "J7" | "J8":
            return _said(told.get("payment"), {"J6": "success", "J7": "failed", "J8": "returned"}[event])
        case "J9":
            return refund(scene, actor, {"sale": number, "result": "none"})
        case "J10":
            return _said(told.get("payment"), str(told.get("result", "success")))
        case "J11":
            first, last = (moment(told[name]).date() for name in ("first_on", "last_on"))
            earning.interest(actor=actor, book=_book(), amount=fen, first_on=first, last_on=last, key=key, txn=txn)
        case "J12":
            clerk, head = _hands(scene)
            incoming.deduct(actor=clerk, checker=head, hold=int(told["hold"]), amount=fen, key=key, txn=txn,
                         account=str(told.get("account", "2001")))  # fmt: skip
        case "J13" if told["made_good"]:
            ledger.post(book=_book().key, actor=actor, key=key, value_on=_today(), event="J13", memo="银行补回",
                        lines=[debit("1001", fen, bank_txn_no=txn), credit("1101", fen)],
                        basis="乳政办发〔2018〕10号 第二十条")  # fmt: skip
        case "J13":
            bank_debit(scene, actor, {"amount": fen, "txn": txn})
        case "J14":
            clerk, head = _hands(scene)
            incoming.reverse(actor=clerk, checker=head, agreement_no=number, amount=fen, key=key, txn=txn,
                          loan=bool(told.get("loan")))  # fmt: skip
        case _:
            raise LuoshiError("E_INPUT", f"过账表没有“{event}”这一行，有 J1 至 J14。", fields={"event": event})
    return None


def _said(payment: Any, result: str) -> int:
    """Let the bank answer a payment, the last one where none is named, unless `result` is none; return it."""
    found = int(payment) if payment is not None else PaymentInstruction.objects.order_by("-pk").values_list(
        "pk", flat=True).first()  # fmt: skip
    if found is None:
        raise LuoshiError("E_NOT_FOUND", "没有这条指令。")
    if result not in ("none", "不答复"):
        _answer(found, result, f"T{found}")
    return int(found)


@verb("home_escrow.file", "合同备案", sale="协议编号")
def file(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """File the contract of `sale`."""
    signing.file(actor=actor, agreement_no=str(given["sale"]))


@verb("home_escrow.register", "登记到买受人名下，当天", sale="协议编号")
def register(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Note that the home of `sale` is in the buyer's name, today."""
    signing.register(actor=actor, agreement_no=str(given["sale"]), on=_today())


@verb(
    "home_escrow.release",
    "放款给出卖人，两人办理（J5）",
    sale="协议编号",
    amount="金额，分",
    owner="收款户名",
    number="收款账号",
    applied_by="谁申请：buyer、seller",
    paper="notarial 或 law_firm",
    paper_number="文书指定的账号",
)
def release(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Release `amount` of `sale` to the seller, or to `owner` with `paper` and `paper_number`; by two hands."""
    clerk, head = _hands(scene)
    payee = payments.Payee(str(given.get("owner", SELLER)), str(given.get("number", "6222000000000018")), "测试银行")
    row = releasing.release(
        actor=clerk, agreement_no=str(given["sale"]), payee=payee, amount=given.get("amount"),
        applied_by=list(given.get("applied_by", ["buyer", "seller"])), paper=given.get("paper"),
        paper_number=given.get("paper_number"),
    )  # fmt: skip
    payments.check_payment(actor=head, payment=row.pk)
    return int(row.pk)


@verb("home_escrow.reissue", "付后退回的再付，两人办理", payment="付款", number="收款账号")
def reissue(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Pay again what came back, to the account `number`; by two hands."""
    clerk, head = _hands(scene)
    payee = payments.Payee(SELLER, str(given.get("number", "6222000000000026")), "测试银行")
    row = payments.reissue(actor=clerk, payment=int(given["payment"]), payee=payee, reason="更正账户")
    payments.check_payment(actor=head, payment=row.pk)
    return int(row.pk)


@verb(
    "home_escrow.terminate",
    "出具解除通知单",
    more="解除的事实，见 luoshi decide home_escrow.termination",
    sale="协议编号",
)
def terminate(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Issue the notice that ends the supervision of `sale`; the rest are facts of `home_escrow.termination`."""
    facts = {name: value for name, value in given.items() if name != "sale"}
    refunding.terminate(actor=actor, agreement_no=str(given["sale"]), facts=facts)


@verb(
    "home_escrow.refund",
    "退款给买受人和贷款银行，两人办理，银行随即付清（J9、J10）",
    sale="协议编号",
    result="银行的答复，none 为先不答复",
)
def refund(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> list[int]:
    """Refund a terminated `sale` to the buyer and the lender; by two hands; the bank pays at once."""
    clerk, head = _hands(scene)
    rows = refunding.refund(
        actor=clerk, agreement_no=str(given["sale"]), buyer=payments.Payee(BUYER, "6222000000000034", "测试银行"),
        lenders={LENDER: payments.Payee(LENDER, "3705000000000007", "测试银行")},
    )  # fmt: skip
    for row in rows:
        payments.check_payment(actor=head, payment=row.pk)
        _said(row.pk, str(given.get("result", "success")))
    return [row.pk for row in rows]


def _answer(pk: int, result: str, txn: str) -> None:
    row = payments.locked(PaymentInstruction.objects.get(pk=pk).instr_id)
    assert row is not None
    hand = Hand("场景银行", "scenario")
    if result == "returned":
        payments.apply_return(row, txn=f"R{txn}", on=_today(), reason="收款账户已销户", hand=hand)
    else:
        payments.apply_result(row, result, txn=txn if result == "success" else "", on=_today(), reason="", hand=hand)


@verb(
    "home_escrow.bank_says",
    "银行答复付款",
    payment="付款",
    result="success、failed、unknown、returned",
    txn="银行流水号",
)
def bank_says(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank answer `payment`: `result` success, failed, unknown or returned."""
    _answer(int(given["payment"]), str(given["result"]), str(given.get("txn", f"T{given['payment']}")))


@verb(
    "home_escrow.settle",
    "复核某笔交易待付的款并由银行答复",
    sale="协议编号",
    result="success、failed、unknown、returned",
)
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


@verb("home_escrow.bank", "登记监管银行", code="代号", name="名称")
def known_bank(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Enter the supervising bank of the account into the register: `code`, `name`."""
    Bank.objects.create(code=str(given["code"]), name=str(given["name"]), number=BANK)


@verb("home_escrow.agency", "登记中介机构", name="名称")
def agency(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Enter an agency called `name`."""
    body = "91371083MA3CTXYT1"
    Agency.objects.create(credit_code=body + uscc_check(body), name=str(given["name"]))


@verb(
    "home_escrow.bank_sends",
    "银行发来一份签名的报文",
    more="报文的其他各项",
    type="报文种类",
    msg_id="报文号",
    bank_txn_no="银行流水号",
    direction="C 收 D 付",
    amount_fen="金额，分",
    ref="协议编号或指令号",
    counter_name="对方户名",
)
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


@verb("home_escrow.freeze", "法院冻结", sale="协议编号", amount="金额，分")
def freeze(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Freeze `amount` of `sale` for a court."""
    return int(freezing.freeze(actor=actor, agreement_no=str(given["sale"]), authority="某法院", document_no="测试1号",
                            amount=int(given["amount"])).pk)  # fmt: skip


@verb("home_escrow.deduct", "法院扣划（J12）", hold="冻结", amount="金额，分")
def deduct(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Deduct `amount` by the freeze `hold`."""
    clerk, head = _hands(scene)
    incoming.deduct(actor=clerk, checker=head, hold=int(given["hold"]), amount=int(given["amount"]),
                 key=f"deduct:{given['hold']}:{given['amount']}")  # fmt: skip


@verb("home_escrow.bank_debit", "银行未经指令扣款（J13）", amount="金额，分", txn="银行流水号")
def bank_debit(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank debit `amount` without an instruction: it owes it (J13)."""
    account = Account.objects.select_related("book").get(book=_book(), code="1001")
    bank.book_movement(account, "D", int(given["amount"]), str(given["txn"]), _today(), {"direction": "D"})


@check("escrow", "账户各科目和 faults（应为空）")
def escrow(_scene: Scene, _thing: Any, _asked: Any) -> Any:
    """What the account's book has by account, and what does not hold of it (`faults`)."""
    book = _book()
    return {**queries.balances(book), "faults": proving.faults(book)}


@check("sales", "按协议编号：state、2001、2002、balance、free、held、deposits、released、refunded、deducted、vouchers")
def sales_seen(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """What came of sales by agreement number: state, balance, free, held, flows, vouchers."""
    found = {}
    for row in Sale.objects.filter(agreement_no__in=[str(one) for one in asked]).select_related("book"):
        kept = course.money(row)
        found[row.agreement_no] = {
            "state": row.state, **kept, "balance": kept["2001"] + kept["2002"], "free": course.free(row),
            "held": course.held(row), "deposits": row.deposits, "released": row.released, "refunded": row.refunded,
            "deducted": row.deducted, "vouchers": row.vouchers.count(), "holds": Hold.objects.filter(sale=row).count(),
        }  # fmt: skip
    return found


@check("answer", "对报文的答复")
def answer(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """What the bank was told."""
    return subject


@check("drawn", "办件制发的文书种类")
def drawn(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The kinds of paper a case drew up, in order."""
    return list(Notice.objects.filter(case=subject).order_by("pk").values_list("kind", flat=True))


@check("payments", "各笔付款的金额")
def paid(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The amounts of payments, in the order in which they were drafted."""
    return [PaymentInstruction.objects.get(pk=pk).amount for pk in subject]


@check("findings", "对谁立了核查")
def findings(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """Against whom findings were opened."""
    return [row.facts["who"] for row in Case.objects.filter(procedure=contracts.DISCIPLINE).order_by("pk")]
