"""6.5, 6.10, 6.12: where a deposit goes, whom a refund goes to, how interest and prices are split to the fen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer, undetermined
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Choice, Facts, Fen, Flag, Number, Text, numbered
from luoshi.kernel.money import Money
from luoshi.programmes.home_escrow.decisions.scope import PayLine
from luoshi.programmes.home_escrow.decisions.settings import RULES, positive, ruled, whole, yuan

_DEPOSIT = f"{RULES} 第十五条(二)"
_OTHERS = f"{RULES} 第九条"
BOOKED = Rule(_DEPOSIT, "{who}存入{amount}，{booked}记入本笔交易，凭证一张")
EXCESS = Rule(_DEPOSIT, "超过待存金额的{excess}转待查，办理退回")
STRANGER = Rule(_DEPOSIT, "付款人既不是买受人也不是贷款银行，{amount}转待查，须核实")
AGENCY = Rule(_OTHERS, "{who}不得代收代付，{amount}转待查、退回，并按规定报告")
UNKNOWN = Rule(_DEPOSIT, "{why}，{amount}转待查，须核实")
NO_LINE = Rule(_DEPOSIT, "{who}没有待存的款项")

Payer = Annotated[
    Any,
    Choice({
        "buyer": "买受人 买方", "lender": "贷款银行 lending_bank", "agency": "中介 中介机构 agent",
        "guarantee": "担保 担保机构 guarantee_firm 置业担保", "other": "第三人 stranger third_party 他人 none person",
    }),
]  # fmt: skip
SaleState = Annotated[
    Any,
    Choice({
        "open": "在办 signed funding funded filed registered live active", "terminating": "解除中 termination",
        "closed": "办结 已办结 released refunded",
    }),
]  # fmt: skip
_WHO = {"buyer": "买受人", "lender": "贷款银行", "agency": "中介机构", "guarantee": "担保机构", "other": "他人"}


class DepositFacts(Facts):
    """来款：谁付、多少、哪份协议；协议的款项。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"payer": "buyer", "amount": 35000000, "open": 32000000},
                {
                    "payer": "lender",
                    "amount": 48000000,
                    "lines": [{"kind": "首付款", "amount": 32000000}, {"kind": "按揭贷款", "amount": 48000000}],
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "payer_role": "payer", "role": "payer", "by": "payer", "open_amount": "open", "line_open": "open",
        "own_open": "open", "agreement": "agreement_known", "known": "agreement_known", "ref_known": "agreement_known",
        "state": "sale_state", "sale": "sale_state", "loan": "loan_open", "deposit": "amount",
    }  # fmt: skip

    payer: Payer = Field(None, description="付款人：buyer、lender、agency、guarantee、other / payer")
    amount: Fen = Field(None, description="金额（分） / amount")
    open: Fen = Field(None, description="买受人待存金额（分），代替逐笔 / open amount of the buyer's lines")
    loan_open: Fen = Field(None, description="贷款待存金额（分），代替逐笔 / open amount of the loan line")
    lines: list[PayLine] = Field(default_factory=list, description="各笔款项和已存入 / lines with what is in")
    agreement_known: Flag = Field(True, description="协议编号查得到 / the agreement number is known")
    sale_state: SaleState = Field("open", description="交易：open、terminating、closed / state of the sale")
    identified: Flag = Field(
        False, description="第三人代付，买受人和付款人已签字认领 / a third party's money, signed for"
    )


@ruled(key="home_escrow.deposit", title="来款记到哪里", citation=_DEPOSIT)
def deposit(facts: DepositFacts, _context: Context) -> Verdict:
    """买受人的钱依次记各笔自有款，贷款银行的记贷款；超出的、来路不明的转待查；中介、担保机构的退回并报告。

    Value: `result` BOOKED, PARTLY or SUSPENSE, `booked`, `suspense`, `accounts` (2001, 2002, 2005) in fen, `lines` with
    what each got, `voucher`, `task`, `send_back`, `report`.
    """
    missing = {name: word for name, word in (("payer", "付款人"), ("amount", "金额"))
               if getattr(facts, name) is None}  # fmt: skip
    if missing:
        return undetermined(missing, _DEPOSIT)
    payer, who, total = facts.payer, _WHO[facts.payer], facts.amount
    positive(total, "金额", "amount")
    reasons: list[Reason] = []
    if payer in ("agency", "guarantee"):
        reasons.append(AGENCY.reason(False, who, yuan(total)))
        return _suspended(total, reasons, send_back=True, report=True)
    if facts.agreement_known is False:
        return _suspended(total, [UNKNOWN.reason(False, "没有或查不到协议编号", yuan(total))])
    if facts.sale_state != "open":
        why = "交易已办结" if facts.sale_state == "closed" else "交易正在解除"
        return _suspended(total, [UNKNOWN.reason(False, why, yuan(total))], send_back=True)
    if payer == "other" and not facts.identified:
        return _suspended(total, [STRANGER.reason(False, yuan(total))])
    loan = payer == "lender"
    lines = list(facts.lines)
    if not lines:
        given = facts.loan_open if loan and facts.loan_open is not None else facts.open
        if given is None:
            return undetermined({"open": "待存金额或款项"}, _DEPOSIT)
        lines = [PayLine(kind="按揭贷款" if loan else "首付款", amount=given)]
    left, shown = total, []
    for n, one in enumerate(lines, 1):
        if one.is_loan != loan:
            continue
        part = min(left, max((one.amount or 0) - (one.deposited or 0), 0))
        left -= part
        if part:
            shown.append({"line": n, "booked": part, "open": (one.amount or 0) - (one.deposited or 0) - part})
    booked = total - left
    if not booked:
        return _suspended(total, [NO_LINE.reason(False, who), EXCESS.reason(None, yuan(total))], send_back=True)
    reasons.append(BOOKED.reason(True, who, yuan(total), yuan(booked)))
    reasons += [EXCESS.reason(None, yuan(left))] if left else []
    accounts = {"2002" if loan else "2001": booked, "2005": left}
    return answer(
        "PARTLY" if left else "BOOKED", Outcome.ALLOW_WITH_CONDITION if left else Outcome.ALLOW, reasons, booked=booked,
        suspense=left, accounts=accounts, lines=shown, voucher=True, task=bool(left),
        send_back=bool(left), report=False,
    )  # fmt: skip


def _suspended(total: int, reasons: Sequence[Reason], *, send_back: bool = False, report: bool = False) -> Verdict:
    return answer(
        "SUSPENSE", Outcome.REFUSE, reasons, booked=0, suspense=total, accounts={"2005": total}, lines=[],
        voucher=False, task=True, send_back=send_back, report=report,
    )  # fmt: skip


# --- 6.10 -------------------------------------------------------------------------------------------------------------

_REFUND = f"{RULES} 第十七条"
TO_BUYER = Rule(_REFUND, "买受人存入部分{amount}退买受人指定的本人账户")
TO_LENDER = Rule(_REFUND, "贷款部分{amount}退{lender}原付款账户")
NOTHING_LEFT = Rule(_REFUND, "没有可退的余额")
HELD = Rule(_REFUND, "被冻结{held}，可退{free}")
FORFEIT = Rule(_REFUND, "定金等争议由双方自行解决，除法院要求外不改变退款去向")


class LoanPart(Facts):
    """一家贷款银行的钱。"""

    lender: Text = Field(None, description="贷款银行 / lender")
    amount: Fen = Field(description="金额（分） / amount")


class RefundFacts(Facts):
    """两部分余额，冻结。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [{"buyer_money": 32000000, "loan_money": 48000000, "lender": "测试银行"}]},
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "2001": "buyer_money", "2002": "loan_money", "buyer": "buyer_money", "loan": "loan_money",
        "buyer_part": "buyer_money", "loan_part": "loan_money", "hold": "held", "holds": "held",
        "forfeited": "forfeited_deposit",
    }  # fmt: skip

    buyer_money: Fen = Field(0, description="2001 买受人的钱（分） / buyer's money")
    loan_money: Fen = Field(0, description="2002 贷款的钱（分） / loan money")
    lender: Text = Field(None, description="贷款银行 / lender")
    loans: list[LoanPart] = Field(default_factory=list, description="几家贷款银行 / several lenders")
    held: Fen = Field(0, description="冻结（分） / held")
    forfeited_deposit: Fen = Field(0, description="一方主张没收的定金（分）：不影响 / claimed forfeit, changes nothing")


@ruled(key="home_escrow.refund", title="退款退给谁", citation=_REFUND,
          also=("home_escrow.refund_split",))  # fmt: skip
def refund(facts: RefundFacts, _context: Context) -> Verdict:
    """贷款的钱退贷款银行原账户，买受人的钱退其指定的本人账户；冻结的不退。

    Value: `result` OK or REFUSE, `buyer`, `lender` (sums in fen), `instructions` one for each recipient, `free`.
    """
    loans = [(one.lender or "贷款银行", one.amount) for one in facts.loans]
    loans = loans or ([(facts.lender or "贷款银行", facts.loan_money)] if facts.loan_money else [])
    total = (facts.buyer_money or 0) + sum(amount for _name, amount in loans)
    held = min(facts.held or 0, total)
    if total == 0:
        return answer(
            "REFUSE", Outcome.REFUSE, [NOTHING_LEFT.reason(False)], buyer=0, lender=0, instructions=[], free=0
        )
    reasons: list[Reason] = [HELD.reason(None, yuan(held), yuan(total - held))] if held else []
    # What is held stays with the buyer's part first: the order is against a party.
    buyer = max((facts.buyer_money or 0) - held, 0)
    over = max(held - (facts.buyer_money or 0), 0)
    instructions = []
    if buyer:
        instructions.append({"to": "buyer", "name": None, "account": "2001", "amount": buyer})
        reasons.append(TO_BUYER.reason(True, yuan(buyer)))
    lender = 0
    for name, amount in loans:
        part = max(amount - over, 0)
        over = max(over - amount, 0)
        if part:
            lender += part
            instructions.append({"to": "lender", "name": name, "account": "2002", "amount": part})
            reasons.append(TO_LENDER.reason(True, yuan(part), name))
    reasons += [FORFEIT.reason(None)] if facts.forfeited_deposit else []
    good = bool(instructions)
    reasons += [] if good else [NOTHING_LEFT.reason(False)]
    return answer("OK" if good else "REFUSE", Outcome.ALLOW if good else Outcome.REFUSE, reasons, buyer=buyer,
                  lender=lender, instructions=instructions, free=total - held)  # fmt: skip


# --- splits -----------------------------------------------------------------------------------------------------------

_SPLIT = f"{RULES} 第十五条(四)"
_OWNED = f"{RULES} 第十条"
BY_SHARES = Rule(_SPLIT, "{total}按份额分给{count}人，各舍去不足一分，余下的分按余数从大到小、相同的按先后补足")
BY_DAYS = Rule(
    _OWNED, "利息{total}按各笔交易每日余额之和分，各舍去不足一分，余下的分按余数从大到小、相同的按协议编号补足"
)
KEPT = Rule(_OWNED, "按合作协议，利息留存待定，不分给各笔交易")
SMALL = Rule(_OWNED, "{name}的利息{part}不足{least}，暂不付出")


class SharesFacts(Facts):
    """要分的金额和份额。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [{"amount": 100000000, "sellers": 3}, {"amount": 77777777, "shares": [50, 30, 20]}]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "total": "amount",
        "count": "sellers",
        "n": "sellers",
        "weights": "shares",
    }

    amount: Fen = Field(None, description="金额（分） / amount")
    sellers: int | None = Field(None, ge=1, le=1000, description="人数，份额相等 / number of sellers, equal shares")
    shares: list[Number] = Field(default_factory=list, description="各人份额 / shares in order")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """Shares may be one text `50/30/20`, or an object by name."""
        shares = data.get("shares")
        if isinstance(shares, str):
            data["shares"] = shares.split("/")
        elif isinstance(shares, Mapping):
            data["shares"] = list(shares.values())
        if isinstance(data.get("sellers"), list):
            data["sellers"] = len(data["sellers"])
        return data


@ruled(key="home_escrow.shares", title="几个出卖人怎么分", citation=_SPLIT,
          also=("home_escrow.sellers", "home_escrow.split"))  # fmt: skip
def shares(facts: SharesFacts, _context: Context) -> Verdict:
    """按份额分，不多不少一分。Value: `result` OK, `parts` in the order given, in fen."""
    weights = facts.shares or [1] * (facts.sellers or 0)
    missing = {"amount": "金额"} if facts.amount is None else {}
    if missing or not weights:
        return undetermined(missing if weights else missing | {"shares": "份额"}, _SPLIT)
    if sum(weights) <= 0 or min(weights) < 0:
        raise LuoshiError("E_INPUT", "份额不得为负，其和应大于零。", fields={"field": "shares"})
    if facts.shares and facts.sellers not in (None, len(weights)):
        raise LuoshiError("E_INPUT", f"{facts.sellers}人却有{len(weights)}个份额，请核对。", fields={"field": "shares"})
    parts = [one.fen for one in Money(facts.amount).allocate(weights)]
    return answer("OK", Outcome.ALLOW, [BY_SHARES.reason(True, yuan(facts.amount), len(parts))], parts=parts)


class SaleBalance(Facts):
    """一笔交易的余额和天数。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "agreement_no": "sale", "agreement": "sale", "id": "sale", "no": "sale", "w": "weight", "sum": "weight",
        "daily": "balances", "amount": "balance",
    }  # fmt: skip

    sale: Text = Field(None, description="协议编号 / agreement number")
    balance: Fen = Field(None, description="每日余额（分） / end-of-day balance")
    days: Number = Field(None, description="天数 / days")
    balances: list[Fen] = Field(
        default_factory=list, description="逐日余额（分），代替余额和天数 / balance of each day"
    )
    weight: Number = Field(None, description="每日余额之和，直接给出 / sum of daily balances")


class InterestFacts(Facts):
    """利息和各笔交易的每日余额。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "interest": 123457,
                    "sales": [
                        {"sale": "1", "balance": 50000000, "days": 30},
                        {"sale": "2", "balance": 80000000, "days": 45},
                        {"sale": "3", "balance": 33333333, "days": 92},
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"amount": "interest", "i": "interest", "total": "interest"}

    interest: Fen = Field(None, description="利息（分） / interest credited")
    sales: list[SaleBalance] = Field(default_factory=list, description="各笔交易 / sales")


@ruled(
    key="home_escrow.interest",
    title="利息怎么分",
    citation=_OWNED,
    reads=("interest_mode", "interest_min"),
    also=("home_escrow.interest_split",),
)
def interest(facts: InterestFacts, context: Context) -> Verdict:
    """按每日余额之和分到各笔交易，不多不少一分；随本金走：放款归出卖人，退款归买受人。

    Value: `result` OK or KEPT, `parts` in the order of the sales given, `sales` by number, in fen.
    """
    if context.parameters["interest_mode"] == "none":
        return answer("KEPT", Outcome.NOT_APPLICABLE, [KEPT.reason(None)], parts=[], kept=facts.interest)
    weights = [_weight(one) for one in facts.sales]
    if facts.interest is None or not weights or any(one is None for one in weights) or sum(weights) <= 0:
        return undetermined({"interest": "利息", "sales": "各笔交易的每日余额（其和大于零）"}, _OWNED)
    # Ties go to the lower agreement number; sales without one stand in the order given.
    order = sorted(range(len(weights)), key=lambda n: (numbered(facts.sales[n].sale), n))
    split = Money(facts.interest).allocate([weights[n] for n in order])
    parts = [0] * len(weights)
    for place, n in enumerate(order):
        parts[n] = split[place].fen
    reasons = [BY_DAYS.reason(True, yuan(facts.interest))]
    least = whole(context, "interest_min")
    shown = {}
    for n, one in enumerate(facts.sales):
        name = one.sale or str(n + 1)
        shown[name] = parts[n]
        if 0 < parts[n] < least:
            reasons.append(SMALL.reason(None, name, yuan(parts[n]), yuan(least)))
    return answer("OK", Outcome.ALLOW, reasons, parts=parts, sales=shown)


def _weight(one: SaleBalance) -> Any:
    if one.weight is not None:
        return max(one.weight, 0)
    if one.balances:
        return sum(one.balances)
    return None if one.balance is None or one.days is None else one.balance * max(one.days, 0)
