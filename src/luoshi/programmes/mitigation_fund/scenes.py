"""What scenarios can do and look at in this room: a bank's book, claims, what the bank says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from luoshi.kernel.clock import CLOCK, SHANGHAI, day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.models import Case
from luoshi.office.funds import actions as ledger
from luoshi.office.funds import hooks, payments
from luoshi.office.funds.models import PaymentInstruction
from luoshi.office.funds.orders import Hand, credit, debit
from luoshi.office.scenarios import Scene, check, moment, verb
from luoshi.programmes.mitigation_fund import claims, committee, fund, lending
from luoshi.programmes.mitigation_fund.models import Agreement, Claim, Firm, Listing, Loan, Window

_BANKS = {"1": "313465000019", "2": "313465000027", "3": "313465000035"}
_PAYEE = payments.Payee("测试银行", "6222000000000000018", "测试银行")


def _bank(given: Mapping[str, Any], name: str = "bank") -> Agreement:
    word = str(given.get(name, "1"))
    return fund.agreement_of(_BANKS.get(word, word))


@verb(
    "mitigation_fund.open", "与银行签协议并开立专户账簿", bank="1、2 或 3", multiple="放大倍数", organ="银行的单位代码"
)
def open_bank(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Sign `bank` (1, 2 or 3) with its `multiple` and `organ`, and open its book."""
    word = str(given.get("bank", "1"))
    fund.open_bank(
        actor=actor, bank=_BANKS[word], name=f"测试银行{word}", number=f"3705000000000000{word:0>4}",
        multiple=str(given.get("multiple", 9)), signed_on=day_of(CLOCK.now()), organ=str(given.get("organ", "")),
    )  # fmt: skip


def _key(scene: Scene, event: str) -> str:
    """Return a key of its own for each step; the same for a step that is run again from a file."""
    count = int(scene.things.get("_keys", 0)) + 1
    scene.things["_keys"] = count
    return f"scene:{event}:{count}"


@verb(
    "mitigation_fund.post",
    "按过账表记一行 J1–J11；付款的行由 clerk、reviewer 办理并由银行答复",
    event="行号",
    amount="金额，分",
    bank="哪家银行，默认 1",
    to="J2 调入银行；J8 fund 归基金、treasury 上缴",
    claim="J3–J6 的补偿申请（as 起的名）",
    payment="J4、J5 所答复的付款（as 起的名）；不写是最近一笔",
    made_good="J9 已补回",
    identified="J10 查明是拨款",
    back="J10 退回付款人",
    result="付款的结果：success（默认）、failed、unknown，none 为先不答复",
    value_on="起息日",
    txn="银行流水号",
    document="财政通知文号",
    key="记账编号；同号只记一次",
)
def post(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Post a row of the table; what is paid is drafted, checked and answered, and its payment returned."""
    event, amount = str(given["event"]).split()[0].upper(), int(given.get("amount") or 0)
    told = {**_AS_PRINTED.get(" ".join(str(given["event"]).split()[1:]), {}), **given}
    day = moment(told["value_on"]).date() if "value_on" in told else day_of(CLOCK.now())
    row, key, txn = _bank(told), str(told.get("key") or _key(scene, event)), str(told.get("txn", ""))
    common: dict[str, Any] = {"actor": actor, "agreement": row, "amount": amount, "key": key}
    match event:
        case "J1":
            fund.allocate(**common, value_on=day, txn=txn)
        case "J2":
            between: dict[str, Any] = {"source": row, "target": _bank(told, "to"), "actor": actor}
            fund.move(**between, amount=amount, value_on=day, key=f"{key}:out")
            fund.arrive(**between, amount=amount, value_on=day, key=f"{key}:in")
        case "J3" | "J3+J4":
            paid: int | None = pay(scene, actor, told)
            if paid is not None and event == "J3+J4":
                _answered(paid, "success", txn)
            return paid
        case "J4" | "J5":
            return _answered(told.get("payment"), "success" if event == "J4" else "failed", txn)
        case "J6":
            claims.recover(actor=actor, claim=int(told["claim"]), amount=amount, key=key)
        case "J7":
            fund.interest(**common, value_on=day, txn=txn)
        case "J8" if told.get("to", "fund") in ("fund", "归基金"):
            fund.keep_interest(**common, document=str(told.get("document", "测试通知")))
        case "J8":
            return _paid_out(scene, told, "interest", key)
        case "J10" if told.get("back"):
            return _paid_out(scene, told, "suspense", key)
        case "J10" if told.get("identified"):
            fund.allocate(**common, value_on=day, identified=True)
        case "J9" | "J10":
            own, other_code = ("D", "2003") if event == "J10" else ("D" if told.get("made_good") else "C", "1101")
            line = debit("1001", amount, bank_txn_no=txn) if own == "D" else credit("1001", amount, bank_txn_no=txn)
            against = credit(other_code, amount) if own == "D" else debit(other_code, amount)
            ledger.post(book=row.book.key, actor=actor, key=key, value_on=day, event=event, lines=[line, against],
                        memo="场景", basis="乳政办发〔2019〕5号 第二条")  # fmt: skip
        case "J11":
            return _paid_out(scene, told, "treasury", key)
        case _:
            raise LuoshiError("E_INPUT", f"过账表没有“{event}”这一行，有 J1 至 J11。", fields={"event": event})
    return None


_AS_PRINTED: Mapping[str, Mapping[str, Any]] = {
    "fund": {"to": "fund"}, "treasury": {"to": "treasury"}, "good": {"made_good": True},
    "identified": {"identified": True}, "back": {"back": True},
}  # fmt: skip
"""What a word behind the row's number stands for: `J8 treasury` is J8 with `to: treasury`."""


def _hands(scene: Scene) -> tuple[Actor, Actor]:
    for name in ("clerk", "reviewer"):
        if name not in scene.people:
            raise LuoshiError("E_INPUT", f"场景的 people 里要有“{name}”：付款由两人办理。")
    return scene.people["clerk"], scene.people["reviewer"]


def _paid_out(scene: Scene, given: Mapping[str, Any], what: str, key: str) -> int:
    """Draft and check a payment that is no compensation, and let the bank answer it unless `result` is none."""
    clerk, head = _hands(scene)
    row = fund.pay_out(actor=clerk, agreement=_bank(given), what=what, amount=int(given["amount"]), key=key,
                       payee=_PAYEE, document=str(given.get("document", "测试通知")))  # fmt: skip
    payments.check_payment(actor=head, payment=row.pk)
    result = str(given.get("result", "success"))
    return int(row.pk) if result in ("none", "不答复") else _answered(row.pk, result, str(given.get("txn", "")))


def _answered(payment: Any, result: str, txn: str = "") -> int:
    """Let the bank answer a payment, the last one where none is named; return it."""
    rows = PaymentInstruction.objects.filter(book__plan=fund.PLAN)
    row = rows.get(pk=int(payment)) if payment is not None else rows.order_by("-pk").first()
    locked = payments.locked(row.instr_id) if row is not None else None
    if row is None or locked is None:
        raise LuoshiError("E_NOT_FOUND", "没有这条指令。")
    hand, number = Hand("场景银行", "scenario"), txn or f"T{row.pk}"
    if result == "returned":
        payments.apply_return(locked, txn=f"R{number}", on=day_of(CLOCK.now()), reason="收款账户已销户", hand=hand)
    else:
        payments.apply_result(locked, result, txn=number if result == "success" else "", on=day_of(CLOCK.now()),
                              reason="", hand=hand)  # fmt: skip
    return int(row.pk)


@verb(
    "mitigation_fund.firm",
    "登记企业及其挂牌",
    code="统一社会信用代码",
    name="名称",
    town="镇街",
    board="NEEQ、QILU、BLUE_OCEAN",
    listed_on="挂牌日",
    delisted_on="摘牌日",
)
def firm(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Register a firm `code`, `name`, `town` with a listing: `board`, `listed_on`, `delisted_on`; looked up today."""
    code = str(given["code"])
    row, _new = Firm.objects.get_or_create(
        credit_code=code,
        defaults={"name": str(given.get("name", "测试公司")), "town": str(given.get("town", "xiacun"))},
    )
    days = {name: moment(given[name]).date() for name in ("listed_on", "delisted_on") if given.get(name)}
    Listing.objects.update_or_create(
        firm=row, board=str(given.get("board", "NEEQ")), listed_on=days.pop("listed_on", day_of(CLOCK.now())),
        defaults={"code": "830001", "checked_on": day_of(CLOCK.now()), **days},
    )  # fmt: skip


@verb("mitigation_fund.window", "设申请窗口", code="编号", opens_on="自", closes_on="至")
def window(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Set an application window `code` with its days `opens_on` and `closes_on`."""
    opens, closes = (moment(given[name]).date() for name in ("opens_on", "closes_on"))
    Window.objects.create(code=str(given.get("code", "1")), opens_on=opens, closes_on=closes)


@verb("mitigation_fund.review", "取某办件的三家会签", case="办件")
def review(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Return the committee's case of `case`, to be named by `as`."""
    found = Case.objects.filter(parent=int(given["case"]), procedure=committee.REVIEW).order_by("-pk").first()
    if found is None:
        raise LuoshiError("E_STATE", "还没有送三家会签。")
    return int(found.pk)


@verb(
    "mitigation_fund.examine",
    "中心、财政、税务审核人出具意见",
    case="会签办件",
    organs="centre、finance、tax，默认三家",
)
def examine(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the reviewers called 中心审核, 财政审核, 税务审核 give their opinions on `case`, or the `organs` named."""
    for organ, who in (("centre", "中心审核"), ("finance", "财政审核"), ("tax", "税务审核")):
        if organ in given.get("organs", ("centre", "finance", "tax")):
            cases.act(
                actor=scene.people[who], case=int(given["case"]), step=f"{organ}_opinion",
                data={f"{organ}_checks": "已核查", f"{organ}_proposes": "pass", "unrelated": True},
            )  # fmt: skip


@verb(
    "mitigation_fund.lend",
    "一笔贷款从申请办到备案",
    firm="统一社会信用代码",
    amount="金额，分",
    contract="合同编号",
    name="名称",
    upto="contract 为只办到签合同",
)
def lend(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int:
    """Take a loan of `amount` fen by `firm` to its filing, or `upto: contract` (`contract`, from today): its case.

    By the people of the scenario: 银行, 中心, the three reviewers and 中心负责人, 财政负责人, 税务负责人.
    """
    people, today = scene.people, day_of(CLOCK.now())
    yuan = f"{Money(int(given['amount']))}".replace(",", "")
    case = cases.open_case(
        actor=people["银行"], procedure="mitigation_fund.application", title=str(given.get("name", "测试公司")),
        facts={"firm": str(given["firm"]), "amount": yuan, "purpose": "购买原材料", "material": True},
    ).pk  # fmt: skip
    _steps(scene, case, [("银行", "screen", SCREENED), ("银行", "list", {"list_no": "MD1"}),
                         ("中心", "credit_clean", {"credit_reference": "XY1"}), ("中心", "circulate", {})])  # fmt: skip
    asked = review(scene, people["中心"], {"case": case})
    examine(scene, people["中心"], {"case": asked})
    _steps(scene, asked, [(who, "vote", {}) for who in ("中心负责人", "财政负责人", "税务负责人")])
    end = today.replace(year=today.year + 1)
    contract = {"contract_no": str(given["contract"]), "rate": "5.22", "start": str(today), "end": str(end)}
    _steps(scene, case, [("中心", "notify", {}), ("银行", "contract", contract)])
    if given.get("upto") != "contract":
        _steps(scene, case, [("银行", "disburse", {"disbursed": yuan, "voucher": "P1"}),
                             ("银行", "file", {"contract_copy": True, "papers_copy": True})])  # fmt: skip
    return int(case)


SCREENED = {
    "tax_paid": "120000", "tax_source": "2018年度，税务局", "settlement": "9000000",
    "settlement_source": "2018年度，本行", "export_orders": "0", "export_source": "无外贸", "pos_volume": "0",
    "pos_source": "无", "share_structure": "自然人持股", "share_valuation": "8000000",
    "valuation_source": "2018年末，评估报告",
}  # fmt: skip
"""The six factors as a bank fills them in."""


def _steps(scene: Scene, case: int, steps: Iterable[tuple[str, str, Mapping[str, Any]]]) -> None:
    for who, step, data in steps:
        cases.act(actor=scene.people[who], case=case, step=step, data=data)


@verb("mitigation_fund.screen", "填写六项因素并列入名单", case="申请办件")
def screen(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Fill in the six factors of an application and put it on the list."""
    _steps(scene, int(given["case"]), [("银行", "screen", SCREENED), ("银行", "list", {"list_no": "MD1"})])


@verb("mitigation_fund.look", "到期未还的转为逾期")
def look(_scene: Scene, _actor: Actor, _given: Mapping[str, Any]) -> int:
    """Do what the timer does every hour: loans whose last day has passed unpaid are overdue."""
    return lending.note_overdue(day_of(CLOCK.now()))


@verb("mitigation_fund.check_payment", "复核补偿办件的最近一笔付款", case="补偿办件")
def check_payment(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """Check the last payment of a claim's `case` by another hand; returns it."""
    number = Case.objects.get(pk=int(given["case"])).number
    row = PaymentInstruction.objects.filter(claim=number).order_by("-pk").first()
    if row is None:
        raise LuoshiError("E_STATE", "还没有付款指令。")
    payments.check_payment(actor=actor, payment=row.pk)
    return int(row.pk)


@check("bank_loans", "按合同编号：outstanding、disbursed、uncovered、breaches")
def bank_loans(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """Loans by contract number: what is outstanding, since when something is unpaid, covered or not, breaches."""
    return {
        one.contract_no: {
            "outstanding": one.outstanding, "disbursed": one.disbursed, "uncovered": one.uncovered,
            "unpaid_since": one.unpaid_since, "breaches": one.breaches,
        }
        for one in Loan.objects.filter(contract_no__in=[str(word) for word in asked])
    }  # fmt: skip


@check("bank_use", "各行：use、cap、free")
def bank_use(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """What each bank has lent or promised (`use`), may lend (`cap`) and has left (`free`)."""
    return {str(word): fund.capacity(fund.agreement_of(_BANKS[str(word)])).value for word in asked}


@verb(
    "mitigation_fund.claim",
    "申请补偿",
    more="损失的事实，见 luoshi decide mitigation_fund.loss",
    number="编号",
    bank="哪家银行",
    firm="企业",
)
def claim(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> int:
    """File a claim `number` for the facts of `mitigation_fund.loss`; returns it."""
    facts = {name: value for name, value in given.items() if name not in ("number", "bank", "firm")}
    facts.setdefault("judicial_end", "enforcement_ended")
    number = str(given["number"])
    return int(claims.file_claim(actor=actor, agreement=_bank(given), number=number, contract_no=f"合同{number}",
                                 firm=str(given.get("firm", "测试公司")), facts=facts).pk)  # fmt: skip


@verb(
    "mitigation_fund.vote",
    "各家对补偿表决",
    claim="补偿申请",
    organs="单位，默认三家",
    passes="false 为不通过",
    reason="理由",
)
def vote(_scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Let `organs` (all three unless given) vote on `claim`: `passes`, `reason`."""
    organs = given.get("organs") or ["local-finance-center", "finance", "tax"]
    for organ in organs:
        claims.vote(actor=actor, claim=int(given["claim"]), organ=str(organ), passes=bool(given.get("passes", True)),
                    reason=str(given.get("reason", "")))  # fmt: skip


@verb("mitigation_fund.pay", "拟并复核补偿付款（J3）", claim="补偿申请")
def pay(scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> int | None:
    """Instruct a claim by the people `clerk` and `reviewer`; nothing where there is nothing to pay."""
    clerk, head = _hands(scene)
    row = claims.instruct(actor=clerk, claim=int(given["claim"]), payee=_PAYEE)
    if row is None:
        return None
    payments.check_payment(actor=head, payment=row.pk)
    return int(row.pk)


@verb(
    "mitigation_fund.bank_says",
    "银行答复付款",
    payment="付款",
    result="success、failed、unknown、returned",
    txn="银行流水号",
)
def bank_says(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> None:
    """Let the bank answer `payment`: `result` success, failed, unknown or returned; `txn`."""
    _answered(given["payment"], str(given["result"]), str(given.get("txn", "")))


@verb(
    "mitigation_fund.bank_tells",
    "银行报送贷款情况",
    more="报文的其他各项",
    type="LOAN_DISBURSED、LOAN_REPAID、LOAN_BALANCE、RATE_SET、OVERDUE、RECOVERY",
    bank="哪家银行",
)
def bank_tells(_scene: Scene, _actor: Actor, given: Mapping[str, Any]) -> Any:
    """Let a bank tell of a loan: `type` LOAN_DISBURSED, LOAN_REPAID, LOAN_BALANCE, RATE_SET, OVERDUE, RECOVERY."""
    body = {name: value for name, value in given.items() if name not in ("bank", "type")}
    return hooks.fire(hooks.Told(f"bank.{given['type']}", _bank(given).book, None, None, body))


@check("answer_to_bank", "对银行报送的答复")
def answer_to_bank(_scene: Scene, thing: Any, _asked: Any) -> Any:
    """What the bank was answered."""
    return thing


@verb("mitigation_fund.recover", "补偿后又追回（J6）", claim="补偿申请", amount="金额，分")
def recover(scene: Scene, actor: Actor, given: Mapping[str, Any]) -> None:
    """Book `amount` recovered after payment of `claim`."""
    claims.recover(actor=actor, claim=int(given["claim"]), amount=int(given["amount"]), key=_key(scene, "J6"))


@check("bank_accounts", "各行账户：科目、F、cap；不分银行的是一行")
def accounts(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """What a bank's book has: {bank: {account: fen, F: fen, cap: fen}}, or the accounts of bank 1."""
    if asked and all(isinstance(value, Mapping) for value in asked.values()):
        return {str(word): _of(fund.agreement_of(_BANKS[str(word)])) for word in asked}
    return _of(fund.agreement_of(_BANKS["1"]))


def _of(row: Agreement) -> dict[str, Any]:
    now = fund.figures(row.book)
    return {**now.accounts, "F": now.balance, "cap": fund.capacity(row).value["cap"]}


@check("loss_claims", "补偿申请：state、loss、half、compensation、recovered、passed_at")
def claims_seen(_scene: Scene, _thing: Any, asked: Any) -> Any:
    """What came of claims by number: state, loss, half, compensation, when they passed."""
    rows = {row.number: row for row in Claim.objects.filter(number__in=[str(one) for one in asked])}
    return {
        number: {
            "state": row.state, "loss": row.loss, "half": row.half, "compensation": row.compensation,
            "recovered": row.recovered_after,
            "passed_at": row.passed_at and f"{local(row.passed_at).astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        }
        for number, row in rows.items()
    }  # fmt: skip


@check("fund_faults", "不成立的等式，应为空")
def fund_faults(_scene: Scene, _thing: Any, _asked: Any) -> Any:
    """What does not hold of the fund: nothing."""
    return fund.faults()
