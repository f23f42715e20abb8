"""Section 8: the accounts of a supervised account after a row of events and of the bank's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer
from luoshi.kernel.decisions import Context, Outcome, Reason, Rule, Verdict
from luoshi.kernel.fact_kinds import Facts, Fen, Text, folded
from luoshi.programmes.home_escrow.decisions.settings import RULES, ruled, yuan
from luoshi.programmes.home_escrow.escrow import ACCOUNTS, TITLES, Books, Refusal

_CLAUSE = f"{RULES} 第九条"
POSTED = Rule(_CLAUSE, "{event} {title}（{sale}）{amount}")
REFUSED = Rule(_CLAUSE, "{event}（{sale}）没有入账：{why}")
QUERIED = Rule(_CLAUSE, "{instr}结果不明：向银行查询，不再发新指令")
_VARIANTS = {
    "IDENTIFIED": "identified", "认领": "identified", "FAILED": "failed", "失败": "failed", "RETURNED": "returned",
    "GOOD": "good", "MADEGOOD": "good", "RESTITUTION": "good", "补回": "good", "LENDER": "lender", "LOAN": "lender",
    "BUYER": "buyer", "CONFIRMED": "confirmed", "SUCCESS": "confirmed", "INSTRUCTED": "instructed",
}  # fmt: skip
_WORDS = {
    "DEPOSIT": "J1", "LOAN": "J2", "RELEASE": "RELEASE", "RESULT": "RESULT", "RETURNED": "RETURNED", "REFUND": "J9",
    "DEDUCTION": "J12", "HOLD": "HOLD", "FREEZE": "HOLD", "UNFREEZE": "UNHOLD", "UNHOLD": "UNHOLD", "SENDBACK": "J4",
    "INTEREST": "J11", "FEE": "J13", "DEPOSITREVERSED": "J14", "QUERY": "QUERY",
}  # fmt: skip


class Event(Facts):
    """一件事：J1到J14，或 RELEASE、RESULT、RETURNED、HOLD；哪笔交易，多少。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "j": "event", "type": "event", "name": "event", "d": "sale", "agreement_no": "sale", "what": "variant",
        "to": "variant", "of": "variant", "instr_id": "instr", "instruction": "instr", "outcome": "result",
        "from": "account", "who": "variant",
    }  # fmt: skip

    event: Text = Field(description="J1到J14，连着写作 J5+J6；或 RELEASE、RESULT、RETURNED、HOLD / event")
    sale: Text = Field("1", description="交易：默认只有一笔 / sale")
    amount: Fen = Field(None, description="金额（分）：J5、J6、J9不写即全部 / amount")
    variant: Text = Field(None, description="J3 identified，J9 buyer、lender，J10 failed、returned，J13 good / variant")
    account: Text = Field(None, description="扣划、认领、冲回的科目 2001 或 2002 / account")
    excess: Fen = Field(0, description="存入中超出待存的（分），记2005 / what exceeds the open amount")
    parts: dict[str, Fen] = Field(default_factory=dict, description="J11各笔交易的利息 / interest by sale")
    instr: Text = Field(None, description="指令编号 / instruction id")
    result: Text = Field(None, description="RESULT：success、failed、unknown / result of an instruction")


class LedgerFacts(Facts):
    """依次发生的事。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "events": [
                        {"event": "J1", "amount": 32000000},
                        {"event": "J2", "amount": 48000000},
                        {"event": "J5+J6"},
                    ]
                },
                {
                    "events": [
                        {"event": "J1", "amount": 80000000},
                        {"event": "RELEASE", "instr": "i1"},
                        {"event": "RESULT", "instr": "i1", "result": "failed"},
                        {"event": "RELEASE", "instr": "i2"},
                        {"event": "RESULT", "instr": "i2", "result": "unknown"},
                        {"event": "RELEASE", "instr": "i3"},
                    ]
                },
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"postings": "events", "entries": "events", "steps": "events"}

    events: list[Event] = Field(default_factory=list, description="依次发生的事 / events in order")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """An event may be a pair: `["J1", 32000000]`."""
        for name in ("events", "postings", "entries", "steps"):
            rows = data.get(name)
            if isinstance(rows, list):
                data[name] = [_object(one) for one in rows]
        return data


def _object(row: Any) -> Any:
    if isinstance(row, str):
        return {"event": row}
    if isinstance(row, Sequence) and 1 <= len(row) <= 3:
        return dict(zip(("event", "amount", "variant"), row, strict=False))
    return row


class _Run:
    """Books with the instructions given on them."""

    def __init__(self) -> None:
        self.books = Books()
        self.instructions: dict[str, tuple[str, str]] = {}
        self.answers: list[str] = []
        self.reasons: list[Reason] = []

    def take(self, one: Event) -> None:
        """Take an event, row by row of what it stands for."""
        for word in str(one.event).replace("、", "+").split("+"):
            head, _blank, tail = word.strip().partition(" ")
            event = _WORDS.get(folded(head), head.upper())
            variant = _VARIANTS.get(folded(tail or one.variant or ""), (tail or one.variant or "").lower())
            sale = one.sale or "1"
            try:
                said = self._act(event, variant, sale, one)
            except Refusal as refused:
                self.answers.append(refused.code)
                self.reasons.append(REFUSED.reason(False, event, sale, refused.text))
            else:
                self.answers.append(said)
                shown = yuan(one.amount) if one.amount is not None else ""
                self.reasons.append(POSTED.reason(True, event, TITLES.get(event, ""), sale, shown))

    def _act(self, event: str, variant: str, sale: str, one: Event) -> str:
        if event in ("HOLD", "UNHOLD"):
            self.books.hold(sale, (one.amount or 0) if event == "HOLD" else -(one.amount or 0))
            return "accepted"
        if event == "RELEASE" or (event == "J5" and one.instr):
            return self._release(sale, one)
        if event in ("RESULT", "RETURNED", "QUERY"):
            return self._answered(event, one)
        if event == "J5" and any(
            of == sale and state in ("sent", "unknown", "returned") for of, state in self.instructions.values()
        ):
            raise Refusal("E_STATE", "前一条指令尚无最终结果")
        self.books.post(event, sale=sale, amount=one.amount, variant=variant, account=one.account or "",
                        excess=one.excess or 0, parts=one.parts)  # fmt: skip
        return "accepted"

    def _release(self, sale: str, one: Event) -> str:
        instr = one.instr or f"i{len(self.instructions) + 1}"
        if instr in self.instructions:
            return "duplicate"
        if any(of == sale and state in ("sent", "unknown") for of, state in self.instructions.values()):
            raise Refusal("E_STATE", "前一条指令尚无最终结果，只能查询，不能另发指令")
        if self.books.flow(sale).owed:
            # The money that came back is in transit still: the new instruction pays it, no new entry.
            self.instructions[instr] = (sale, "sent")
            return "accepted"
        self.books.post("J5", sale=sale, amount=one.amount)
        self.instructions[instr] = (sale, "sent")
        return "accepted"

    def _answered(self, event: str, one: Event) -> str:
        instr = one.instr or next(reversed(self.instructions), "")
        if instr not in self.instructions:
            raise Refusal("E_NOT_FOUND", f"没有指令{instr}")
        sale, state = self.instructions[instr]
        if event == "QUERY":
            return state
        if event == "RETURNED":
            if state != "success":
                raise Refusal("E_STATE", f"{instr}没有支付成功，不会退回")
            self.books.post("J8", sale=sale, amount=one.amount)
            self.instructions[instr] = (sale, "returned")
            return "accepted"
        result = (one.result or one.variant or "success").lower()
        if state in ("success", "failed", "returned"):
            if result in (
                "unknown",
                "returned" if state == "returned" else state,
                "success" if state == "returned" else state,
            ):
                return "duplicate"
            raise Refusal("E_CONFLICT", f"{instr}的结果已定")
        if result in ("failed", "not_found"):
            if not self.books.flow(sale).owed:
                self.books.post("J7", sale=sale)
            self.instructions[instr] = (sale, "failed")
        elif result == "success":
            self.books.post("J6", sale=sale)
            self.instructions[instr] = (sale, "success")
        else:
            self.instructions[instr] = (sale, "unknown")
            self.reasons.append(QUERIED.reason(None, instr))
            return "QUERY"
        return "accepted"


@ruled(key="home_escrow.ledger", title="监管账户账目", citation=_CLAUSE,
          also=("home_escrow.postings", "home_escrow.book"))  # fmt: skip
def ledger(facts: LedgerFacts, _context: Context) -> Verdict:
    """依次记账后各科目、各笔交易的余额；任何一笔交易的钱不抵另一笔，资产恒等于各方的钱。

    Value: `balances` by account, `sales` with their 2001, 2002, 2006, `free`, `deposits`, `released`, `refunded`,
    `deducted`, `reversed`; `answers` in order (accepted, duplicate, QUERY or a code); `vouchers`, `balanced` (Z2),
    `accounted` (Z4). What is refused is not booked, and the rest goes on.
    """
    run = _Run()
    for one in facts.events:
        run.take(one)
    books = run.books
    named = dict.fromkeys([*books.sales, *(sale for _code, sale in books.net if sale)])
    shown = {}
    for sale in named:
        flow = books.flow(sale)
        shown[sale] = {
            **{code: books.balance(code, sale) for code in ("2001", "2002", "2006")}, "balance": books.of(sale),
            "free": books.free(sale), "held": flow.holds, "owed": flow.owed, "deposits": flow.deposits,
            "released": flow.released, "refunded": flow.refunded, "deducted": flow.deducted, "reversed": flow.reversed,
        }  # fmt: skip
    refused = [one for one in run.answers if one.startswith("E_")]
    more = {
        "balances": {code: books.total(code) for code in ACCOUNTS}, "sales": shown, "answers": run.answers,
        "instructions": {name: state for name, (_sale, state) in run.instructions.items()},
        "vouchers": books.vouchers, "balanced": books.balanced, "accounted": all(map(books.accounted, named)),
    }  # fmt: skip
    return answer("REFUSE" if refused else "OK", Outcome.REFUSE if refused else Outcome.ALLOW, run.reasons,
                  code=refused[-1] if refused else "", **more)  # fmt: skip
