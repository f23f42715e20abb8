"""6.13, 8.3, 8.4: what the bank answers for, which messages are taken, whether book and bank agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Rule, Verdict, decision
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Text
from luoshi.programmes.home_escrow.decisions.settings import PARAMETERS, RULES, positive, ruled, yuan

_LOSS = f"{RULES} 第二十条"
_CARELESS = f"{RULES} 第十八条"
_LINK = f"{RULES} 第七条"
BANK_PAYS = Rule(_LOSS, "{why}，银行先行赔付{amount}；各笔交易的余额不减")
PARTY_BEARS = Rule(_CARELESS, "因当事人保管不善造成的损失由其自行承担，只作记录，不记账")
NO_FAULT = Rule(_LOSS, "按指令办理，没有违规")
_CAUSES = {
    "no_instruction": "没有指令付款",
    "different": "与指令不同",
    "wrong_account": "付错账户",
    "taken_in": "违规收存",
    "careless": "",
    "none": "",
}
Cause = Annotated[
    Any,
    Choice({
        "no_instruction": "没有指令 未按指令 无指令 without_instruction no_or_different_instruction twice paid_twice",
        "different": "与指令不同 different_instruction",
        "wrong_account": "付错账户", "taken_in": "违规收存", "careless": "当事人保管不善 保管不善 party carelessness",
        "none": "按指令",
    }),
]  # fmt: skip


class LiabilityFacts(Facts):
    """原因和金额。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"cause": "no_instruction", "amount": 80000000}]},
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"loss": "amount", "reason": "cause"}

    cause: Cause = Field(
        None, description="原因：no_instruction、different、wrong_account、taken_in、careless、none / cause"
    )
    amount: Fen = Field(None, description="损失（分） / loss")


@ruled(key="home_escrow.liability", title="损失由谁承担", citation=_LOSS,
          also=("home_escrow.bank_liability",))  # fmt: skip
def liability(facts: LiabilityFacts, _context: Context) -> Verdict:
    """银行违规收付造成的损失由银行先行赔付，交易余额不减；当事人保管不善的自行承担。

    Value: `result` BANK, PARTY or NONE, `receivable` (1101) in fen.
    """
    missing = {name: word for name, word in (("cause", "原因"), ("amount", "损失")) if getattr(facts, name) is None}
    if missing:
        return undetermined(missing, _LOSS)
    if facts.cause == "careless":
        return answer("PARTY", Outcome.NOT_APPLICABLE, [PARTY_BEARS.reason(None)], receivable=0)
    if facts.cause == "none":
        return answer("NONE", Outcome.NOT_APPLICABLE, [NO_FAULT.reason(None)], receivable=0)
    reasons = [BANK_PAYS.reason(True, _CAUSES[facts.cause], yuan(facts.amount))]
    return answer("BANK", Outcome.ALLOW, reasons, receivable=facts.amount)


# --- messages ---------------------------------------------------------------------------------------------------------

_MSG_ID = re.compile(r"[A-Za-z0-9-]{1,40}")
_LINKED = Rule(_LINK, "报文{msg}（流水{txn}）：{answer}")


class MessageRow(Facts):
    """一条报文：报文号、流水号、方向、金额、业务日期。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "msg": "msg_id", "id": "msg_id", "txn": "bank_txn_no", "txn_no": "bank_txn_no", "date": "business_date",
    }  # fmt: skip

    msg_id: Text = Field(description="报文号 / message id")
    bank_txn_no: Text = Field(None, description="流水号 / bank's transaction number")
    amount: Fen = Field(description="金额（分） / amount")
    direction: Text = Field("C", description="方向：C、D / direction")
    business_date: Day = Field(None, description="业务日期 / business date")


class MessageFacts(Facts):
    """依次收到的报文。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "messages": [
                        {"msg_id": "m1", "bank_txn_no": "t1", "amount": 32000000},
                        {"msg_id": "m2", "bank_txn_no": "t1", "amount": 32000000},
                    ]
                }
            ]
        },
    )

    messages: list[MessageRow] = Field(default_factory=list, description="依次收到的报文 / messages in order")


@decision(key="home_escrow.messages", title="报文是否受理", citation=_LINK, parameters=PARAMETERS,
          also=("home_escrow.message", "home_escrow.replay"))  # fmt: skip
def messages(facts: MessageFacts, _context: Context) -> Verdict:
    """同一报文号、同样内容是重复，内容不同拒收；同一流水号、同样方向金额日期是重复，不同拒收。

    Value: `answers` in order (accepted, duplicate, E_CONFLICT, E_TXN_CONFLICT), `balance` of 1001 in fen.
    """
    seen: dict[str, MessageRow] = {}
    moved: dict[str, tuple[Any, ...]] = {}
    answers, reasons, balance = [], [], 0
    for one in facts.messages:
        if not _MSG_ID.fullmatch(one.msg_id):
            raise LuoshiError("E_INPUT", f"报文号“{one.msg_id[:40]}”应为40位以内的字母、数字和-。")
        positive(one.amount, "金额", "amount")
        if one.direction not in ("C", "D"):
            raise LuoshiError("E_INPUT", f"报文{one.msg_id}的方向“{one.direction[:10]}”应为C或D。")
        move = (one.direction, one.amount, one.business_date)
        if one.msg_id in seen:
            found = "duplicate" if seen[one.msg_id] == one else "E_CONFLICT"
        elif one.bank_txn_no and one.bank_txn_no in moved:
            found = "duplicate" if moved[one.bank_txn_no] == move else "E_TXN_CONFLICT"
        else:
            found = "accepted"
            seen[one.msg_id] = one
            if one.bank_txn_no:
                moved[one.bank_txn_no] = move
                balance += one.amount if one.direction != "D" else -one.amount
        answers.append(found)
        ok = None if found == "duplicate" else found == "accepted"
        reasons.append(_LINKED.reason(ok, one.msg_id, one.bank_txn_no or "无", found))
    refused = any(one.startswith("E_") for one in answers)
    last = answers[-1] if answers else "accepted"
    return answer(last, Outcome.REFUSE if refused else Outcome.ALLOW, reasons, answers=answers, balance=balance)


# --- 8.4 --------------------------------------------------------------------------------------------------------------

HOLDS = Rule(
    _LINK,
    "银行余额{closing}＋已记未达的收{r_book}－已记未达的付{p_book}＝账面{book}＋未记的收{r_bank}－未记的付{p_bank}",
)
DEFECT = Rule(_LINK, "两边相差{difference}，不在未达账项之内，须查明")


class ReconciliationFacts(Facts):
    """账面余额、银行余额和四种未达账项。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "book": 530000000,
                    "bank_closing": 505000000,
                    "receipts_not_at_bank": 32000000,
                    "bank_receipts_not_booked": 12000000,
                    "bank_payments_not_booked": 5000000,
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "book_balance": "book", "book_1001": "book", "closing": "bank_closing", "bank": "bank_closing",
        "bank_balance": "bank_closing", "booked_receipts_not_at_bank": "receipts_not_at_bank",
        "receipts_booked_not_at_bank": "receipts_not_at_bank", "booked_payments_not_at_bank": "payments_not_at_bank",
        "payments_booked_not_at_bank": "payments_not_at_bank", "receipts_not_booked": "bank_receipts_not_booked",
        "receipts_at_bank_not_booked": "bank_receipts_not_booked", "bank_receipts": "bank_receipts_not_booked",
        "payments_not_booked": "bank_payments_not_booked", "debits_not_booked": "bank_payments_not_booked",
        "payments_at_bank_not_booked": "bank_payments_not_booked", "bank_payments": "bank_payments_not_booked",
        "bank_debits_not_booked": "bank_payments_not_booked",
    }  # fmt: skip

    book: Fen = Field(None, description="账面余额1001（分） / book balance")
    bank_closing: Fen = Field(None, description="银行对账单余额（分） / closing balance of the statement")
    receipts_not_at_bank: Fen = Field(0, description="企业已收银行未收（分） / receipts booked, not at the bank")
    payments_not_at_bank: Fen = Field(0, description="企业已付银行未付（分） / payments booked, not at the bank")
    bank_receipts_not_booked: Fen = Field(0, description="银行已收企业未收（分） / receipts at the bank, not booked")
    bank_payments_not_booked: Fen = Field(0, description="银行已付企业未付（分） / payments at the bank, not booked")


@ruled(key="home_escrow.reconciliation", title="账面与银行对得上吗", citation=_LINK,
          also=("home_escrow.reconcile",))  # fmt: skip
def reconciliation(facts: ReconciliationFacts, _context: Context) -> Verdict:
    """银行余额调整后与账面余额调整后相等；不等的差额是错账。未达账项入账后：收记2005，付记1101。

    Value: `result` HOLDS or DEFECT, `bank_side`, `book_side`, `difference` (bank less book), `after_booking`.
    """
    missing = {name: word for name, word in (("book", "账面余额"), ("bank_closing", "银行余额"))
               if getattr(facts, name) is None}  # fmt: skip
    if missing:
        return undetermined(missing, _LINK)
    bank_side = facts.bank_closing + facts.receipts_not_at_bank - facts.payments_not_at_bank
    book_side = facts.book + facts.bank_receipts_not_booked - facts.bank_payments_not_booked
    difference = bank_side - book_side
    words = (facts.bank_closing, facts.receipts_not_at_bank, facts.payments_not_at_bank, facts.book,
             facts.bank_receipts_not_booked, facts.bank_payments_not_booked)  # fmt: skip
    reasons = [HOLDS.reason(difference == 0, *map(yuan, words))]
    reasons += [DEFECT.reason(False, yuan(abs(difference)))] if difference else []
    after = {"1001": book_side, "2005": facts.bank_receipts_not_booked, "1101": facts.bank_payments_not_booked}
    return judged(
        reasons, good="HOLDS", bad="DEFECT", bank_side=bank_side, book_side=book_side, difference=difference,
        after_booking=after,
    )  # fmt: skip


# --- 6.5, 13: vouchers and status -------------------------------------------------------------------------------------

_CHECK = f"{RULES} 第五条"
ASKED = Rule(_CHECK, "合同{signed}、{filed}，路径{route}")


class StatusFacts(Facts):
    """登记或税务来查的合同。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"online_signed": True, "filed_on": "2018-05-30", "route": "SUPERVISED"}]},
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"signed_online": "online_signed"}

    online_signed: Flag = Field(None, description="已网上签订 / signed online")
    filed_on: Day = Field(None, description="备案日 / filed on")
    route: Text = Field(None, description="路径 / route")
    price: Fen = Field(None, description="房价款（分） / price")


@ruled(key="home_escrow.status", title="合同签订和备案了吗", citation=_CHECK)
def status(facts: StatusFacts, context: Context) -> Verdict:
    """登记和税务受理时先查：已网签并备案的才受理。Value: `result` OK or REFUSE, `filed`, `filed_on`."""
    if facts.online_signed is None:
        return undetermined({"online_signed": "是否网签"}, _CHECK)
    filed = facts.filed_on is not None and facts.filed_on <= context.on
    reason = ASKED.reason(
        bool(facts.online_signed and filed), "已网签" if facts.online_signed else "未网签",
        f"{facts.filed_on}备案" if filed else "未备案", facts.route or "未写",
    )  # fmt: skip
    return judged(
        [reason], online_signed=facts.online_signed, filed=filed,
        filed_on=facts.filed_on.isoformat() if filed else None,
        route=facts.route, price=facts.price,
    )  # fmt: skip
