"""6.7, 6.8, 6.11: when the money is released, to whom, and what a freeze leaves free."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, judged, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Day, Facts, Fen, Flag, Text
from luoshi.programmes.home_escrow.decisions.settings import RULES, ruled, yuan

_RELEASE = f"{RULES} 第十五条(四)"
_HOLD = f"{RULES} 第十条"
OWNER = Rule(_RELEASE, "收款账户户名与出卖人一致")
NAMED = Rule(_RELEASE, "{paper}指定的账号与收款账号一致")
OTHER_NUMBER = Rule(_RELEASE, "{paper}指定的账号尾号{named}，收款账号尾号{number}，不一致")
NO_PAPER = Rule(_RELEASE, "收款账户户名不是出卖人，没有公证书或律师见证书，{basis}不能作为依据")
AGENCY = Rule(f"{RULES} 第九条", "中介机构、担保机构的账户不能收款")
Paper = Annotated[
    Any,
    Choice({
        "notarial": "公证 公证书 公证机关公证 notarial_deed notarised notarized deed NOTARISED",
        "law_firm": "律师 律师见证 律师见证书 律师鉴证 律师事务所鉴证 律师事务所见证 attestation law_firm_attestation",
        "private": "私人 委托书 private_letter letter 自书 seller_says seller_says_so oral "
        "口头 pay_off payoff power_of_attorney", "none": "无 own",
    }),
]  # fmt: skip
_PAPERS = {"notarial": "公证书", "law_firm": "律师见证书", "private": "私人信函", "none": "无文书"}


class PayeeFacts(Facts):
    """户名、账号、依据。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"seller": "测试甲", "owner": "测试甲", "number": "6222000000000018"},
                {
                    "seller": "测试甲",
                    "owner": "测试乙",
                    "number": "6222000000000018",
                    "paper": "notarial",
                    "paper_number": "6222000000000018",
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "seller_name": "seller", "account_owner": "owner", "payee": "number", "payee_name": "owner",
        "payee_number": "number", "account": "number", "payee_account": "number", "basis": "paper",
        "document": "paper", "named_account": "paper_number", "designated_account": "paper_number",
        "deed_account": "paper_number", "document_account": "paper_number", "designated": "paper_number",
        "paper_account": "paper_number", "attestation_account": "paper_number",
        "payee_owner": "owner", "named": "paper_number",
    }  # fmt: skip

    seller: Text = Field(None, description="出卖人 / seller")
    owner: Text = Field(None, description="收款账户户名 / owner of the account")
    number: Text = Field(None, description="收款账号 / payee's account number")
    paper: Paper = Field(None, description="依据：notarial 公证书、law_firm 律师见证书、private / document")
    paper_number: Text = Field(None, description="文书指定的账号 / account number the document names")
    agency: Flag = Field(False, description="中介或担保机构的账户 / an agency's account")


def _name(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())


@ruled(key="home_escrow.payee", title="可以付到这个账户吗", citation=_RELEASE)
def payee(facts: PayeeFacts, _context: Context) -> Verdict:
    """户名就是出卖人（去空格后完全一致）；否则只凭公证书或律师见证书，且其指定的账号就是收款账号。

    Value: `result` OK or REFUSE_PAYEE.
    """
    if (facts.owner is None or facts.seller is None) and facts.paper is None and not facts.agency:
        return undetermined({"seller": "出卖人", "owner": "收款账户户名"}, _RELEASE)
    reasons: list[Reason] = []
    if facts.agency:
        reasons.append(AGENCY.reason(False))
    elif facts.owner is not None and _name(facts.owner) == _name(facts.seller):
        reasons.append(OWNER.reason(True))
    elif facts.paper in ("notarial", "law_firm"):
        paper = _PAPERS[facts.paper]
        number, named = _name(facts.number), _name(facts.paper_number)
        if number and number == named:
            reasons.append(NAMED.reason(True, paper))
        else:
            reasons.append(OTHER_NUMBER.reason(False, paper, named[-4:] or "未写", number[-4:] or "未写"))
    else:
        reasons.append(NO_PAPER.reason(False, _PAPERS[facts.paper or "none"]))
    return judged(reasons, bad="REFUSE_PAYEE", code="REFUSE_PAYEE")


# --- 6.7 --------------------------------------------------------------------------------------------------------------

NEW_TITLE = Rule(_RELEASE, "新证已登记在买受人名下（{day}）")
TITLE_UNKNOWN = Rule(_RELEASE, "没有写新证是否已登记在买受人名下")
NO_TITLE = Rule(_RELEASE, "新证尚未登记在买受人名下，登记前不放款")
FUTURE_TITLE = Rule(_RELEASE, "登记日{registered}晚于办理之日{day}，请核对")
TOO_SOON = Rule(_RELEASE, "登记日{registered}早于备案日{filed}")
ALL_APPLIED = Rule(_RELEASE, "买卖双方都已申请")
NOT_ALL = Rule(_RELEASE, "{who}没有申请，须双方共同申请")
TERMINATING = Rule(_RELEASE, "解除正在办理，不能放款")
FROZEN = Rule(_HOLD, "监管账户被冻结，不执行任何指令")
NOT_FULL = Rule(_RELEASE, "已存入{deposits}，监管资金{supervised}，还差{more}，不能一次放款")
FULL = Rule(_RELEASE, "监管资金{supervised}已全部存入")
WHOLE_ONLY = Rule(_RELEASE, "一次放款应为全部余额{balance}，不应为{amount}")
ABOVE_FREE = Rule(_HOLD, "放款{amount}超过可用余额{free}（余额{balance}，冻结{held}）")
WITHIN_FREE = Rule(_HOLD, "放款{amount}不超过可用余额{free}")
EMPTY = Rule(_RELEASE, "没有可放的余额")
BAD_PAYEE = Rule(_RELEASE, "收款账户不合规定")
_PLAN = Annotated[Any, Choice({"SINGLE": "一次 一次放款", "STAGED": "分次 分次放款 分期"})]


class ReleaseFacts(Facts):
    """放款方案、存入和余额、登记、申请、冻结、解除。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "plan": "SINGLE",
                    "supervised": 80000000,
                    "deposits": 80000000,
                    "buyer_money": 32000000,
                    "loan_money": 48000000,
                    "registered_on": "2018-06-20",
                },
                {"plan": "STAGED", "supervised": 80000000, "deposits": 80000000, "held": 20000000, "amount": 60000000},
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "s": "supervised", "supervised_amount": "supervised", "release_plan": "plan", "mode": "plan",
        "deposited": "deposits", "hold": "held", "holds": "held", "reversals": "reversed", "deductions": "deducted",
        "termination": "termination_open", "registered_at": "registered_on", "registration": "registered_on",
        "registration_date": "registered_on", "title_registered": "registered", "both_applied": "applied",
        "filed": "filed_on", "applied_by_all": "applied", "applicants": "applied_by", "account_frozen": "frozen",
        "released": "released_before", "2001": "buyer_money", "2002": "loan_money",
    }  # fmt: skip

    plan: _PLAN = Field("SINGLE", description="方案：SINGLE 一次、STAGED 分次 / release plan")
    supervised: Fen = Field(None, description="监管资金s（分） / supervised amount")
    deposits: Fen = Field(None, description="已存入合计（分） / deposits")
    reversed: Fen = Field(0, description="银行冲回（分） / reversals")
    deducted: Fen = Field(0, description="法院扣划（分） / court deductions")
    released_before: Fen = Field(0, description="已放（分） / released before")
    balance: Fen = Field(None, description="余额（分）：默认由上几项算 / balance of the sale")
    buyer_money: Fen = Field(None, description="2001 余额（分） / buyer's money")
    loan_money: Fen = Field(None, description="2002 余额（分） / loan money")
    held: Fen = Field(0, description="冻结合计（分） / live holds")
    amount: Fen = Field(None, description="申请放款（分）：默认一次为全部余额、分次为可用余额 / amount asked for")
    registered: Flag = Field(None, description="新证已登记在买受人名下：默认看登记日 / new title in the buyers' names")
    registered_on: Day = Field(None, description="登记日 / registration date")
    filed_on: Day = Field(None, description="备案日 / filing date")
    day: Day = Field(None, description="办理之日：写了的，登记日不得晚于它 / the day of the act")
    applied: Flag = Field(None, description="双方都已申请：默认是 / applied for by all")
    applied_by: list[Text] | None = Field(None, description="谁申请了：buyer、seller / who applied")
    termination_open: Flag = Field(False, description="正在解除 / a termination is open")
    frozen: Flag = Field(False, description="监管账户冻结 / the whole account is frozen")
    payee_ok: Flag = Field(True, description="收款账户合规 / payee valid")


@ruled(key="home_escrow.release", title="可以放款吗", citation=_RELEASE)
def release(facts: ReleaseFacts, _context: Context) -> Verdict:
    """新证登记在买受人名下、双方共同申请、没有在办的解除、收款账户合规；一次放款须存足并付清，分次的不超过可用余额。

    Value: `result` OK or REFUSE, `amount`, `free`, `balance`, `from_buyer` (2001), `from_loan` (2002), in fen.
    """
    deposits = facts.deposits
    parts = None if facts.buyer_money is None and facts.loan_money is None else (
        facts.buyer_money or 0, facts.loan_money or 0)  # fmt: skip
    balance = facts.balance if facts.balance is not None else None if parts is None else sum(parts)
    if deposits is None and balance is not None:
        deposits = balance + (facts.reversed or 0) + (facts.deducted or 0) + (facts.released_before or 0)
    if deposits is None:
        return undetermined({"deposits": "已存入合计"}, _RELEASE)
    if balance is None:
        balance = max(deposits - facts.reversed - facts.deducted - facts.released_before, 0)
    free = max(balance - facts.held, 0)
    supervised = facts.supervised if facts.supervised is not None else deposits
    if deposits - facts.reversed - facts.deducted > supervised:
        over = deposits - facts.reversed - facts.deducted - supervised
        raise LuoshiError("E_SUM", f"已存入的比监管资金{yuan(supervised)}多{yuan(over)}，请核对。")
    reasons: list[Reason] = []
    code = ""
    registered = facts.registered if facts.registered is not None else facts.registered_on is not None or None
    if registered is None:
        reasons.append(TITLE_UNKNOWN.reason(None))
    elif not registered:
        reasons.append(NO_TITLE.reason(False))
        code = "E_NOT_YET"
    elif facts.registered_on is not None and facts.day is not None and facts.registered_on > facts.day:
        reasons.append(FUTURE_TITLE.reason(False, facts.registered_on.isoformat(), facts.day.isoformat()))
        code = "E_FUTURE"
    elif facts.registered_on is not None and facts.filed_on is not None and facts.registered_on < facts.filed_on:
        reasons.append(TOO_SOON.reason(False, facts.registered_on.isoformat(), facts.filed_on.isoformat()))
    else:
        reasons.append(NEW_TITLE.reason(True, facts.registered_on.isoformat() if facts.registered_on else "日期未写"))
    lacking = []
    if facts.applied_by is not None:
        said = {str(one).lower() for one in facts.applied_by}
        sides = (("买受人", {"buyer", "买受人"}), ("出卖人", {"seller", "出卖人"}))
        lacking = [title for title, names in sides if not said & names]
    elif facts.applied is False:
        lacking = ["有一方"]
    reasons.append(NOT_ALL.reason(False, "、".join(lacking)) if lacking else ALL_APPLIED.reason(True))
    if facts.termination_open:
        reasons.append(TERMINATING.reason(False))
        code = code or "E_STATE"
    if facts.frozen:
        reasons.append(FROZEN.reason(False))
    if facts.payee_ok is False:
        reasons.append(BAD_PAYEE.reason(False))
        code = code or "REFUSE_PAYEE"
    single = facts.plan == "SINGLE"
    asked = facts.amount if facts.amount is not None else balance if single else free
    if single:
        came = deposits - facts.reversed
        full = came >= supervised
        reasons.append(FULL.reason(True, yuan(supervised)) if full else
                       NOT_FULL.reason(False, yuan(came), yuan(supervised), yuan(supervised - came)))  # fmt: skip
        if asked != balance:
            reasons.append(WHOLE_ONLY.reason(False, yuan(balance), yuan(asked)))
    if asked == 0:
        reasons.append(EMPTY.reason(False))
    elif asked > free:
        reasons.append(ABOVE_FREE.reason(False, yuan(asked), yuan(free), yuan(balance), yuan(facts.held)))
        code = code or "E_CAPACITY"
    else:
        reasons.append(WITHIN_FREE.reason(True, yuan(asked), yuan(free)))
    good = all(reason.ok is not False for reason in reasons)
    first = min(asked, parts[0]) if parts is not None else None
    taken: dict[str, Any] = (
        {} if first is None else {"from_buyer": first if good else 0, "from_loan": asked - first if good else 0}
    )
    more = {"amount": asked if good else 0, "free": free, "balance": balance, **taken}
    if good and registered is None:
        return answer("UNDETERMINED", Outcome.UNDETERMINED, reasons, missing=["registered_on"], **more)
    return judged(reasons, code=code, **more)


# --- 6.11 -------------------------------------------------------------------------------------------------------------

LIVE = Rule(_HOLD, "{who}冻结{amount}，{span}有效")
NO_HOLD = Rule(_HOLD, "没有冻结，余额{balance}都可用")
LAPSED = Rule(_HOLD, "{who}冻结{amount}，{day}届满未续，已失效")
LIFTED = Rule(_HOLD, "{who}冻结{amount}，已凭文书解除")
ACCOUNT_HOLD = Rule(_HOLD, "{who}冻结整个监管账户：不执行指令，新存款改往他户")
PROOF = Rule(_HOLD, "须向执行机关出示资金性质证明：资金属于交易双方")
DEDUCT = Rule(_HOLD, "扣划{amount}，冲减所执行的冻结{used}")
DEDUCT_MORE = Rule(_HOLD, "扣划{amount}超过余额{balance}")


class HoldRow(Facts):
    """一道冻结。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {"from": "from_on", "to": "to_on", "until": "to_on", "end": "to_on"}

    amount: Fen = Field(None, description="金额（分）；整户冻结不写 / amount")
    authority: Text = Field(None, description="机关 / authority")
    from_on: Day = Field(None, description="自 / from")
    to_on: Day = Field(None, description="至（含） / to, inclusive")
    lifted: Flag = Field(False, description="已凭文书解除 / lifted by a document")
    whole_account: Flag = Field(False, description="冻结整个账户 / on the whole account")


class HoldFacts(Facts):
    """余额、冻结、扣划。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"balance": 80000000, "holds": [{"amount": 20000000, "authority": "某法院"}], "day": "2018-07-02"}
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "on": "day", "today": "day", "date": "day", "deduct": "deduction", "deducted": "deduction",
    }  # fmt: skip

    balance: Fen = Field(None, description="余额（分） / balance of the sale")
    holds: list[HoldRow] = Field(default_factory=list, description="各道冻结 / holds")
    deduction: Fen = Field(0, description="扣划（分）：执行第一道冻结 / deduction that carries out the first hold")
    proof_shown: Flag = Field(False, description="已出示资金性质证明 / proof of nature shown")
    day: Day = Field(None, description="看哪一天：默认按哪一天 / the day looked at")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """One amount may stand for one hold."""
        for name in ("hold", "held"):
            if name in data:
                data["holds"] = [{"amount": data.pop(name)}]
        if isinstance(data.get("holds"), list):
            data["holds"] = [one if isinstance(one, Mapping) else {"amount": one} for one in data["holds"]]
        elif isinstance(data.get("holds"), int | str):
            data["holds"] = [{"amount": data["holds"]}]
        return data


@ruled(key="home_escrow.hold", title="冻结之后可用多少", citation=_HOLD,
          also=("home_escrow.freeze", "home_escrow.free_balance"))  # fmt: skip
def hold(facts: HoldFacts, context: Context) -> Verdict:
    """可用余额为余额减有效冻结；扣划先冲减所执行的冻结；到期未续的失效；整户冻结时什么都不执行。

    Value: `result` FREE, HELD or FROZEN, `held`, `free`, `balance_after` a deduction, in fen.
    """
    if facts.balance is None:
        return undetermined({"balance": "余额"}, _HOLD)
    day = facts.day or context.on
    reasons: list[Reason] = []
    live: list[int] = []
    frozen = False
    if not facts.holds:
        reasons.append(NO_HOLD.reason(True, yuan(facts.balance)))
    for one in facts.holds:
        if one.from_on is not None and one.to_on is not None and one.to_on < one.from_on:
            raise LuoshiError("E_INPUT", f"冻结至{one.to_on}早于自{one.from_on}，请核对。", fields={"field": "holds"})
        who, fen = one.authority or "有权机关", one.amount or 0
        if one.lifted:
            reasons.append(LIFTED.reason(None, who, yuan(fen)))
        elif one.to_on is not None and one.to_on < day:
            reasons.append(LAPSED.reason(None, who, yuan(fen), one.to_on.isoformat()))
        elif one.whole_account:
            frozen = True
            reasons.append(ACCOUNT_HOLD.reason(False, who))
        elif one.from_on is None or one.from_on <= day:
            live.append(fen)
            reasons.append(LIVE.reason(True, who, yuan(fen), f"至{one.to_on}" if one.to_on else "未写终止日，"))
    if facts.holds or facts.deduction:
        reasons.append(PROOF.reason(True if facts.proof_shown else None))
    balance, deducted = facts.balance, facts.deduction or 0
    if deducted > balance:
        reasons.append(DEDUCT_MORE.reason(False, yuan(deducted), yuan(balance)))
        return answer("REFUSE", Outcome.REFUSE, reasons, code="E_CAPACITY", held=sum(live),
                      free=max(balance - sum(live), 0), balance_after=balance)  # fmt: skip
    if deducted:
        used = min(deducted, live[0]) if live else 0
        if live:
            live[0] -= used
        balance -= deducted
        reasons.append(DEDUCT.reason(True, yuan(deducted), yuan(used)))
    held = sum(live)
    free = 0 if frozen else max(balance - held, 0)
    word = "FROZEN" if frozen else "HELD" if held else "FREE"
    return answer(
        word, Outcome.REFUSE if frozen else Outcome.ALLOW, reasons, held=held, free=free, balance_after=balance
    )
