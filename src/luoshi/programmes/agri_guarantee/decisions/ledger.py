"""Section 8.1: the fund's accounts after a row of events, its balance, what is paid and where the halt line is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.programmes.agri_guarantee.arithmetic import exceeds
from luoshi.programmes.agri_guarantee.decisions.fields import Fen, Strict, Text, folded, require_positive, shown
from luoshi.programmes.agri_guarantee.decisions.fund import ACCOUNTS, balance
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, percent, ruled_fund

_CLAUSE, _PLACE, _USE = f"{FUND} 第三条", f"{FUND} 第九条", f"{FUND} 第八条"
POSTED = Rule(_CLAUSE, "{event} {title}：{amount}")
REFUSED = Rule(_CLAUSE, "{event} {title}没有入账：{why}")
TITLES: Mapping[str, str] = {
    "J1": "资金到账", "J2": "市里追偿份额到账", "J3": "补偿指令", "J4": "银行支付成功", "J5": "银行退回指令",
    "J6": "付后退回", "J7": "存放或到期", "J8": "活期利息", "J9": "利息划转业务经费", "J10": "损失、收费、扣划",
    "J11": "托管机构赔付", "J12": "不明来款及处理", "J13": "错付补偿收回",
}  # fmt: skip
_DEBIT = ("1001", "1002", "1003", "1101", "3101")
_SOURCES = {"CITY": "3001", "市级预算": "3001", "UPPER": "3002", "上级专项": "3002", "CREDIT": "3003", "增信": "3003",
            "RECOVERY": "3004", "追偿": "3004", "PRODUCT": "1002", "保本理财": "1002", "TIMEDEPOSIT": "1003",
            "定期存款": "1003", "定期": "1003"}  # fmt: skip
_VARIANTS = {"MATURE": "mature", "MATURITY": "mature", "MATURED": "mature", "到期": "mature", "PLACE": "",
             "IDENTIFIED": "identified", "认领": "identified", "BACK": "back", "SENTBACK": "back",
             "退回": "back"}  # fmt: skip


class Event(Strict):
    """One event of the posting table."""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "j": "event", "type": "event", "name": "event", "what": "variant", "source": "account", "interest": "yield_",
        "yield": "yield_", "product": "account", "to": "account",
    }  # fmt: skip

    event: Text = Field(None, description="J1至J13，连着写作 J3+J4 / row of the posting table")
    amount: Fen = Field(None, description="金额（分）；J7到期写本金和收益之和，或本金另写收益 / amount, fen")
    account: Text = Field(
        None, description="J1来源3001至3003，J7存放1002、1003，J10损失的科目，J12认领的科目 / account"
    )
    variant: Text = Field(None, description="J7 mature，J12 identified、back / variant")
    principal: Fen = Field(None, description="J7到期的本金（分） / principal that matures, fen")
    yield_: Fen = Field(None, description="J7到期的收益（分） / yield, fen")
    loan: Text = Field("1", description="贷款：默认只有一笔 / loan")


class LedgerFacts(Strict):
    """Events in order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"events": [["J1", 1_000_000_000], {"event": "J7", "amount": 800_000_000, "account": "1003"},
                            ["J3+J4", 20_000_000], ["J8", 123_456], ["J10", 2_000], ["J11", 2_000], ["J2", 5_753_086],
                            {"event": "J7", "variant": "mature", "principal": 800_000_000, "yield": 12_000_000},
                            ["J9", 12_123_456]]},
            ]
        }
    )  # fmt: skip
    SPELLINGS: ClassVar[Mapping[str, str]] = {"postings": "events", "entries": "events", "steps": "events"}

    events: tuple[Event, ...] = Field((), description="依次发生的事 / events in order")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """An event may be a pair: `["J1", 1000000000]`."""
        for name in ("events", "postings", "entries", "steps"):
            if isinstance(data.get(name), list | tuple):
                data[name] = [_object(one) for one in data[name]]
        return data


def _object(row: Any) -> Any:
    if isinstance(row, Sequence) and not isinstance(row, str) and 2 <= len(row) <= 3:
        return dict(zip(("event", "amount", "variant"), row, strict=False))
    return row


class _Short(Exception):  # noqa: N818 - it is an answer, not a fault
    """Why an event is not booked."""


class _Books:
    """Balances by account, and what each loan had of compensation and of recoveries."""

    def __init__(self, cap: Fraction) -> None:
        self.cap = cap
        self.net: dict[str, int] = dict.fromkeys(ACCOUNTS, 0)
        self.paid = 0
        self.loans: dict[str, list[int]] = {}

    @property
    def free(self) -> int:
        """Demand money that is neither in transit, interest nor suspense."""
        return self.net["1001"] - self.net["2001"] - self.net["2002"] - self.net["2003"]

    def move(self, *lines: tuple[str, str, int]) -> None:
        """Book pairs (debited account, credited account, fen) as one entry; _Short where one would be overdrawn."""
        changed = dict(self.net)
        for debit, credit, fen in lines:
            changed[debit] += fen if debit in _DEBIT else -fen
            changed[credit] += -fen if credit in _DEBIT else fen
            short = next((code for code in (debit, credit) if changed[code] < 0), None)
            if short:
                raise _Short(f"科目{short}只有{shown(self.net[short])}")
        self.net = changed

    def book(self, name: str, one: Event) -> None:
        """Book one row of the table."""
        acts: dict[str, Callable[[Event, int], None]] = {
            "J1": lambda e, fen: self.move(("1001", _account(e, "3001", ("3001", "3002", "3003")), fen)),
            "J2": self._recovered, "J3": self._instructed, "J4": self._confirmed,
            "J5": self._rejected, "J6": self._came_back, "J7": self._placed,
            "J8": lambda _e, fen: self.move(("1001", "2002", fen)),
            "J9": lambda _e, fen: self.move(("2002", "2001", fen), ("2001", "1001", fen)),
            "J10": lambda e, fen: self.move(("1101", _account(e, "1001", ("1001", "1002", "1003")), fen)),
            "J11": lambda _e, fen: self.move(("1001", "1101", fen)),
            "J12": self._unknown, "J13": self._given_back,
        }  # fmt: skip
        fen = one.amount or 0
        if name == "J7" and one.principal is not None:
            fen = fen or one.principal + (one.yield_ or 0)
        require_positive(fen, f"{name}的金额", "amount")
        acts[name](one, fen)

    def _loan(self, one: Event) -> list[int]:
        """What of a loan was instructed (3101) and came back into the fund (3004)."""
        return self.loans.setdefault(one.loan or "1", [0, 0])

    def _recovered(self, one: Event, fen: int) -> None:
        loan = self._loan(one)
        part = min(fen, max(loan[0] - loan[1], 0))
        self.move(("1001", "3004", part), ("1001", "2003", fen - part))
        loan[1] += part

    def _instructed(self, one: Event, fen: int) -> None:
        if fen > self.free:
            raise _Short(f"可动用活期只有{shown(max(self.free, 0))}")
        self.move(("3101", "2001", fen))
        self._loan(one)[0] += fen

    def _confirmed(self, _one: Event, fen: int) -> None:
        self.move(("2001", "1001", fen))
        self.paid += fen

    def _rejected(self, one: Event, fen: int) -> None:
        loan = self._loan(one)
        if fen > loan[0]:
            raise _Short(f"这笔贷款的补偿只有{shown(loan[0])}")
        self.move(("2001", "3101", fen))
        loan[0] -= fen

    def _came_back(self, _one: Event, fen: int) -> None:
        if fen > self.paid:
            raise _Short(f"已支付的补偿只有{shown(self.paid)}")
        self.move(("1001", "2001", fen))
        self.paid -= fen

    def _placed(self, one: Event, fen: int) -> None:
        code = _account(one, "1003", ("1002", "1003"))
        if one.principal is not None or _variant(one) == "mature":
            gain = one.yield_ if one.yield_ is not None else fen - (one.principal or fen)
            principal = one.principal if one.principal is not None else fen
            if gain < 0:
                raise _Short("到期的本息少于本金，损失另记J10")
            self.move(("1001", code, principal), ("1001", "2002", gain))
            return
        placed, fund = self.net["1002"] + self.net["1003"] + fen, balance(self.net)
        if exceeds(placed, fund, self.cap):
            raise _Short(f"存放共{shown(placed)}，超过基金余额{shown(fund)}的{self.cap}%")
        if fen > self.free:
            raise _Short(f"可动用活期只有{shown(max(self.free, 0))}")
        self.move((code, "1001", fen))

    def _unknown(self, one: Event, fen: int) -> None:
        if (variant := _variant(one)) == "identified":
            self.move(("2003", _account(one, "3001", ("3001", "3002", "3003", "3004")), fen))
        elif variant == "back":
            self.move(("2003", "2001", fen), ("2001", "1001", fen))
        else:
            self.move(("1001", "2003", fen))

    def _given_back(self, one: Event, fen: int) -> None:
        loan = self._loan(one)
        if fen > min(loan[0], self.paid):
            raise _Short(f"这笔贷款已支付的补偿只有{shown(min(loan[0], self.paid))}")
        over = max(loan[1] - (loan[0] - fen), 0)
        self.move(("3004", "2003", over), ("1001", "3101", fen))
        loan[0], loan[1] = loan[0] - fen, loan[1] - over
        self.paid -= fen


def _account(one: Event, default: str, known: Sequence[str]) -> str:
    word = _SOURCES.get(folded(one.account or ""), one.account or default)
    if word not in known:
        raise LuoshiError("E_INPUT", f"{one.event}的科目应为{'、'.join(known)}之一。", fields={"field": "account"})
    return str(word)


def _variant(one: Event) -> str:
    word = folded(one.variant or "")
    if word and word not in _VARIANTS:
        raise LuoshiError("E_INPUT", f"{one.event}没有“{one.variant}”这一种。", fields={"field": "variant"})
    return _VARIANTS.get(word, "")


@ruled_fund(
    key="agri_guarantee.ledger",
    title="基金账目",
    citation=_CLAUSE,
    reads=("place_cap", "halt_line"),
    also=("agri_guarantee.postings", "agri_guarantee.book"),
)
def ledger(facts: LedgerFacts, context: Context) -> Verdict:
    """依次记账后各科目的余额、基金余额、已支付的补偿和停办线；任何科目不得为负，存放不超过上限。

    `balances` of every account in fen; `fund` F, `existing_fund` E, `paid` S, `placed`, `free`; `identity`: F equals
    the sources less what was compensated and what is to be restored; `halt`: whether S is above the line of E. An event
    that is not covered is refused and the rest goes on.
    """
    books = _Books(percent(context.parameters, "place_cap"))
    reasons: list[Reason] = []
    for one in facts.events:
        for word in (one.event or "").upper().replace("、", "+").split("+"):
            name = word.strip()
            if name not in TITLES:
                raise LuoshiError("E_INPUT", f"账目表没有“{name[:20]}”，应为J1至J13。", fields={"field": "events"})
            try:
                books.book(name, one)
            except _Short as short:
                reasons.append(REFUSED.reason(False, name, TITLES[name], str(short)))
            else:
                reasons.append(POSTED.reason(True, name, TITLES[name], shown(one.amount or one.principal or 0)))
    net = books.net
    fund = balance(net)
    existing = fund + net["3101"] - books.paid
    equity = sum(net[code] for code in ("3001", "3002", "3003", "3004")) - net["3101"] - net["1101"]
    refused = any(reason.ok is False for reason in reasons)
    value: dict[str, Any] = {
        "result": "REFUSE" if refused else "OK", **({"code": "E_CAPACITY"} if refused else {}), "balances": net,
        "fund": fund, "F": fund, "existing_fund": existing, "paid": books.paid, "placed": net["1002"] + net["1003"],
        "free": books.free, "identity": fund == equity,
        "halt": exceeds(books.paid, existing, percent(context.parameters, "halt_line")),
    }  # fmt: skip
    if not facts.events:
        return Verdict(value, Outcome.UNDETERMINED, [Rule(_CLAUSE, "没有写发生的事").reason(None)])
    return Verdict(value, Outcome.REFUSE if refused else Outcome.ALLOW, reasons)
