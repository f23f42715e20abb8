"""What scenarios can do and look at in this room: the fund's book, the bank's messages, claims and halts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.funds import actions as ledger
from luoshi.office.funds import bank, envelope, links, openings, payments, reconcile
from luoshi.office.funds.models import Account, Book, PaymentInstruction
from luoshi.office.funds.orders import Hand, credit, debit
from luoshi.office.notices.models import Notice
from luoshi.office.registers import actions as records
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.agri_guarantee import archive, archiving, fund, recovery, registers
from luoshi.programmes.agri_guarantee.models import Claim, Halt, Loan, Operator, Receipt

BANK, NUMBER, _KEY = "313465000019", "37050000000000000172", "scenario-key-" + "0" * 32
_SYSTEM = Actor.system("场景", "scenario")


@verb("agri_guarantee.open_fund", "开立基金账簿", on="开立日", amount="随即到账的预算拨款，分")
def open_fund(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Open the fund's book with its bank; `amount` fen from the city's budget come in at once."""
    opened = moment(given["on"]).date() if "on" in given else day_of(CLOCK.now())
    fund.open_fund(actor=actor, opened_on=opened, bank=(BANK, NUMBER))
    links.set_link(actor=Actor.system("场景", "scenario"), bank=BANK, name="场景银行", key=_KEY)
    if given.get("amount"):
        _post(actor, "J1", int(given["amount"]), {"txn": "OPEN"})


@verb(
    "agri_guarantee.delegate",
    "登记省农担公司对办事处的授权",
    acts="all、contract 或 claim",
    on="自哪天起",
    until="至哪天",
    document="授权书",
)
def delegate(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Register that the company lets its office act: `acts` all, contract or claim, `on` from a day, `until` a day."""
    begins = moment(given["on"]).date() if "on" in given else day_of(CLOCK.now())
    records.enter(
        actor=_SYSTEM, register=registers.DELEGATIONS,
        rows=[{"document": str(given.get("document", "场景授权书")), "grantor": "agri-guarantee",
               "delegate": "agri-guarantee--office", "acts": str(given.get("acts", "all")), "starts_on": begins,
               "ends_on": moment(given["until"]).date() if "until" in given else None}],
    )  # fmt: skip


@verb(
    "agri_guarantee.operator",
    "登记经营主体，默认已建档、七有齐全",
    more="经营主体台账的其他各栏",
    code="编号",
    name="名称",
    town="镇街",
    mechanised_on="机械化认定日",
    surveyed_on="调查日",
)
def operator(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> str:
    """Register an operator: `code`, `name`, `town` and any column; archived with all haves unless said otherwise."""
    day = day_of(CLOCK.now())
    row: dict[str, Any] = {
        "category": "FAMILY_FARM", "scope": "GRAIN", "town": "xiacun", "village": "测试村", "surveyed_on": day,
        "round": day.year, "status": "archived", **dict.fromkeys(("creditworthy", "has_scale", "experience", "profit",
        "main_business", "need", "wide_reach", "strong_pull", "close_links"), "yes"), "scale": Decimal(1), "unit": "mu",
        "revenue": 0, "income": 0, "wanted": 0, "households": 0, **given,
    }  # fmt: skip
    for name in ("mechanised_on", "surveyed_on"):
        if isinstance(row.get(name), str):
            row[name] = moment(row[name]).date()
    records.enter(actor=_SYSTEM, register=registers.OPERATORS, rows=[row])
    return str(given["code"])


@verb(
    "agri_guarantee.loan",
    "登记一笔已放款的在保贷款",
    number="编号",
    operator="经营主体编号",
    amount="金额，分",
    project_type="ORDINARY 或 FARMLAND_INFRA",
)
def loan(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> str:
    """Register a loan that runs: `number`, `operator` (code), `amount` fen, all of it disbursed; `project_type`."""
    day, found = day_of(CLOCK.now()), Operator.objects.get(code=given["operator"])
    number, fen = str(given["number"]), int(given["amount"])
    records.enter(
        actor=_SYSTEM, register=registers.LOANS,
        rows=[{"number": number, "borrower": found.name, "operator": found.pk, "town": found.town,
               "bank": "rural-commercial-bank", "project_type": str(given.get("project_type", "ORDINARY")),
               "entrusted_no": f"WT-{number}", "guarantee_no": f"BZ-{number}", "contract_no": f"JK-{number}",
               "signed_on": day, "amount": fen, "rate": Decimal("5.2"), "fee": Decimal(1), "starts_on": day,
               "ends_on": day.replace(year=day.year + 1, day=min(day.day, 28)), "disbursed": fen, "disbursed_on": day,
               "repaid": 0, "covered": 0, "interest": 0, "overdue_days": 0, "level": "normal", "status": "active"}],
    )  # fmt: skip
    return number


def _post(actor: Actor, event: str, amount: int, given: Mapping[str, Any]) -> None:
    more = {name: int(given[name]) for name in ("surplus", "principal") if name in given}
    lines = fund.lines_of(event, amount, loan=str(given.get("loan", "")), account=str(given.get("account", "")),
                          txn=str(given.get("txn", "")), **more)  # fmt: skip
    fund.post(actor=actor, event=event, key=str(given.get("key") or f"{event}:{CLOCK.now():%Y%m%d%H%M}:{amount}"),
              value_on=day_of(CLOCK.now()), lines=lines, memo=event)  # fmt: skip


@verb(
    "agri_guarantee.post",
    "按过账表记一行 J1–J13、S1–S3；要付款的行由托管经办、托管复核办理并由银行答复",
    event="行号",
    amount="金额，分",
    loan="贷款编号",
    account="对方科目：J1 3001–3003，J7 1002、1003，J10、J12 查明后的科目",
    principal="J7 到期收回的本金，分",
    surplus="J2 暂记 2003 的部分，分",
    back="J12 退回付款人",
    payment="J4–J6、S3 所答复的付款（as 起的名）；不写是最近一笔",
    txn="银行流水号",
    key="记账编号；同号只记一次",
)
def post(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> Any:
    """Post a row of the table; what is paid is drafted and checked by two hands, its instruction's id returned."""
    event, amount = str(given["event"]).split()[0].upper(), int(given.get("amount") or 0)
    match event:
        case "J3" | "J3+J4":
            paid = compensate(scene, actor, given)
            if event == "J3+J4":
                _answer(paid, "success", given)
            return paid
        case "J4" | "J5" | "J6" | "S3":
            return _answer(given.get("payment"), {"J5": "failed", "J6": "returned"}.get(event, "success"), given)
        case "J9":
            return _answer(hand_over(scene, actor, given), "success", given)
        case "J12" if given.get("back") or str(given["event"]).endswith("back"):
            clerk, head = _hands(scene)
            row = fund.send_back(actor=clerk, amount=amount, key=f"J12:{CLOCK.now():%Y%m%d%H%M%S}:{amount}",
                                 payee=payments.Payee("测试付款人", "6222000000000000003", "测试银行"))  # fmt: skip
            payments.check_payment(actor=head, payment=row.pk)
            return _answer(row.instr_id, "success", given)
        case "S1":
            _subsidy_book(actor)
            ledger.post(book=fund.SUBSIDY, actor=actor, key=str(given.get("key") or f"S1:{CLOCK.now():%Y%m%d%H%M}"),
                        value_on=day_of(CLOCK.now()), event="S1", memo="预算拨款", basis="乳政发〔2018〕5号 三(二)",
                        lines=[debit("S1001", amount, bank_txn_no=str(given.get("txn", ""))), credit("S3001", amount)],
                        )  # fmt: skip
        case _:
            _post(actor, event, amount, given)
    return None


def _subsidy_book(actor: Actor) -> None:
    if not Book.objects.filter(key=fund.SUBSIDY).exists():
        openings.open_at_once(actor=actor, plan=fund.SUBSIDY, opened_on=day_of(CLOCK.now()),
                              values={"bank": BANK, "number": "37050000000000000180"})  # fmt: skip


def _answer(instruction: Any, result: str, given: Mapping[str, Any]) -> str:
    """Let the bank answer an instruction, the last one where none is named; return its id."""
    rows = PaymentInstruction.objects.filter(book__plan__startswith="agri_guarantee/")
    row = rows.filter(instr_id=instruction).first() if instruction else rows.order_by("-pk").first()
    locked = payments.locked(row.instr_id) if row is not None else None
    if row is None or locked is None:
        raise LuoshiError("E_NOT_FOUND", "没有这条指令。")
    hand, on, txn = Hand("场景银行", "scenario"), day_of(CLOCK.now()), str(given.get("txn") or f"T{row.pk}:{result}")
    if result == "returned":
        payments.apply_return(locked, txn=txn, on=on, reason="收款账户已销户", hand=hand)
    else:
        payments.apply_result(locked, result, txn=txn if result == "success" else "", on=on, reason="", hand=hand)
    return str(row.instr_id)


def _hands(scene: Scene) -> tuple[Actor, Actor]:
    """Return who drafts and who checks: people of the scenario called 托管经办 and 托管复核."""
    for name in ("托管经办", "托管复核"):
        if name not in scene.people:
            raise LuoshiError("E_INPUT", f"场景的 people 里要有“{name}”：付款由两人办理。")
    return scene.people["托管经办"], scene.people["托管复核"]


@verb(
    "agri_guarantee.compensate", "拟并复核一笔补偿付款（J3）", loan="贷款编号", amount="金额，分", claim="补偿申请编号"
)
def compensate(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> str:
    """Instruct compensation of `amount` fen for `loan` by 托管经办 and 托管复核 (J3); returns the instruction's id."""
    clerk, head = _hands(scene)
    row = payments.draft_payment(
        actor=clerk, book=fund.BOOK, claim=str(given.get("claim") or given["loan"]),
        lines=[("3101", str(given["loan"]), int(given["amount"]))], transit="2001", account="1001",
        payee=payments.Payee("省农担公司", "6222000000000000001", "测试银行"), basis="乳政办发〔2018〕7号 第十二条",
        events=payments.Events("J3", "J4", "J5", "J6"),
    )  # fmt: skip
    payments.check_payment(actor=head, payment=row.pk)
    return str(row.instr_id)


@verb("agri_guarantee.hand_over", "拟并复核利息划转（J9）", amount="金额，分")
def hand_over(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> str:
    """Hand interest over to the cooperation's expenses by 托管经办 and 托管复核 (J9); returns the instruction's id."""
    clerk, head = _hands(scene)
    row = fund.hand_over(actor=clerk, amount=int(given["amount"]), key=f"J9:{CLOCK.now():%Y%m%d%H%M}",
                         payee=payments.Payee("合作业务经费", "6222000000000000002", "测试银行"))  # fmt: skip
    payments.check_payment(actor=head, payment=row.pk)
    return str(row.instr_id)


@verb(
    "agri_guarantee.bank_says",
    "银行发来一份报文",
    more="报文的其他各项",
    type="报文种类，默认 MOVEMENT",
    msg_id="报文号",
    bank_txn_no="银行流水号",
    direction="C 收 D 付",
    amount_fen="金额，分",
    ref="附言里的编号",
    instr_id="指令号",
    claim="补偿申请办件（代替指令号）",
    result="RESULT 的结果：success、failed、unknown",
    counter_name="对方户名",
)
def bank_says(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> dict[str, Any]:
    """Let the bank send a message: `type`, `msg_id`, and its fields; `result` and `claim` stand for a RESULT."""
    told = dict(given)
    body: dict[str, Any] = {
        "v": 1, "bank": BANK, "account": NUMBER, "msg_id": "M", "type": "MOVEMENT",
        "created_at": CLOCK.now().isoformat(), "business_date": str(CLOCK.today()), "bank_txn_no": "",
        "direction": "", "currency": "CNY", "counter_account": "", "counter_name": "", "ref": "", "memo": "",
    }  # fmt: skip
    if "claim" in told:
        payment = Claim.objects.get(case=told.pop("claim")).payment
        told["instr_id"] = "" if payment is None else payment.instr_id
    if "instr_id" in told:
        body["ref"] = told["instr_id"]
        ordered = PaymentInstruction.objects.get(instr_id=told["instr_id"])
        if told.get("bank_txn_no"):
            body |= {"amount_fen": ordered.amount, "direction": "D"}
    data = json.dumps(envelope.signed(body | told, _KEY), ensure_ascii=False).encode()
    return bank.receive(data).as_json()


@verb(
    "agri_guarantee.check_payment",
    "复核补偿申请的付款",
    claim="补偿申请办件",
    accept="false 为退回",
    reason="退回的理由",
)
def check_payment(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Check the payment of a claim's case with another hand; `accept: false` sends it back."""
    claim = Claim.objects.get(case=given["claim"])
    payments.check_payment(actor=actor, payment=claim.payment_id or 0, accept=bool(given.get("accept", True)),
                           reason=str(given.get("reason", "")))  # fmt: skip


@check("answer", "对报文的答复")
def answer(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """What the bank was told."""
    return subject


@check("fund", "基金：balance（F）、paid（S）、existing（E）、placed（P）、accounts、halted、faults")
def fund_figures(_scene: Scene, _subject: Any, asked: Any) -> Any:
    """The fund: balance (F), paid (S), existing (E), placed (P), accounts by code, halted, what does not hold."""
    book = fund.fund()
    found = fund.summary(book)
    found |= {"halted": found["halted_at"] is not None, "faults": fund.faults(book)}
    if isinstance(asked, Mapping) and isinstance(asked.get("accounts"), Mapping):
        found["accounts"] = {str(code): fen for code, fen in found["accounts"].items()}
    return found


@check("halts", "停办：count、live")
def halts(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """How many halts there were, and whether one is in force."""
    return {"count": Halt.objects.count(), "live": fund.live_halt() is not None}


@verb("agri_guarantee.recovery_of", "取某笔贷款的追偿办件", loan="贷款编号")
def recovery_of(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Return the open recovery of a `loan`: it was opened with the payout."""
    case = Case.objects.get(procedure=recovery.RECOVERY, subject=recovery.subject_of(str(given["loan"])), is_open=True)
    return int(case.pk)


@verb("agri_guarantee.lapse", "到期未续的建档失效")
def lapse(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> None:
    """Let archives lapse that were not renewed, as the timer does at night."""
    archiving.lapse()


@check("drawn_up", "已制发的文书，按种类计数")
def drawn_up(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """The papers of this room drawn up so far, by kind."""
    rows = Notice.objects.filter(kind__startswith="agri_guarantee.").values_list("kind", flat=True)
    return dict(sorted(Counter(rows).items()))


@check("recovery", "最近一笔追偿所得怎么分：city、bank、guarantor、to_fund、moved")
def recovery_shared(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The last receipt of a recovery's case, shared; amounts in fen."""
    row = Receipt.objects.filter(case=subject).order_by("-pk")[0]
    return {"city": row.city, "bank": row.bank, "guarantor": row.guarantor, "to_fund": row.to_fund,
            "moved": row.moved}  # fmt: skip


@check("operator", "经营主体：status、mechanised_on、round")
def operator_kept(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The archive of a case's operator."""
    row = archive.of_case(Case.objects.get(pk=subject))
    return None if row is None else {"status": row.status, "mechanised_on": row.mechanised_on, "round": row.round}


@check("loan", "贷款：disbursed、repaid、covered、outstanding、status")
def loan_kept(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The loan of a number or of a case: amounts in fen, status."""
    rows = Loan.objects.filter(number=subject) if isinstance(subject, str) else Loan.objects.filter(
        number=Case.objects.get(pk=subject).number)  # fmt: skip
    row = rows.get()
    return {"amount": row.amount, "disbursed": row.disbursed, "repaid": row.repaid, "covered": row.covered,
            "outstanding": row.outstanding, "overdue_days": row.overdue_days, "status": row.status}  # fmt: skip


@check("claim", "补偿申请：loss、payout、compensation、settled、received_on、tacit、paid_on、payment")
def claim(_scene: Scene, subject: Any, _asked: Any) -> Any:
    """The claim of a case: amounts in fen, receipt, tacit, payment."""
    row = Claim.objects.select_related("payment").get(case=subject)
    return {
        "loss": row.loss, "payout": row.payout, "compensation": row.compensation, "part": row.part, "flags": row.flags,
        "settled": row.settled, "received_on": row.received_on, "tacit": row.tacit, "paid_on": row.paid_on,
        "live": row.live, "payment": None if row.payment is None else row.payment.state,
    }  # fmt: skip


@check("reconciliation", "当天对账等式两边")
def reconciliation(_scene: Scene, _subject: Any, _asked: Any) -> Any:
    """Both sides of the equation today."""
    account = Account.objects.filter(book__key=fund.BOOK, code="1001").select_related("book").first()
    if account is None:
        raise LuoshiError("E_STATE", "基金的账簿还没有开立。")
    return reconcile.figures(account, CLOCK.today())["sums"]
