"""Section 8: the fund's accounts after a row of events, its balance and what the bank may lend on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from luoshi.kernel.answers import answer
from luoshi.kernel.decisions import Context, Outcome, Rule, Verdict
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import Facts, Fen, Number, Text, folded
from luoshi.programmes.mitigation_fund.decisions.settings import RULES, ruled, yuan
from luoshi.programmes.mitigation_fund.postings import ACCOUNTS, EVENTS, TITLES, balance_of, identity

_CLAUSE = f"{RULES} 第二条"
POSTED = Rule(_CLAUSE, "{event} {title}：{amount}")
SHORT = Rule(_CLAUSE, "{event}：{account}只有{net}，不能再减{amount}，没有入账")
_VARIANTS = {
    "FUND": "fund", "TOFUND": "fund", "归基金": "fund", "TREASURY": "treasury", "TOTREASURY": "treasury",
    "上缴": "treasury",
    "GOOD": "good", "MADEGOOD": "good", "补回": "good", "IDENTIFIED": "identified", "认领": "identified",
    "BACK": "back", "SENTBACK": "back", "SENDBACK": "back", "退回": "back",
}  # fmt: skip


_NEEDS_FUND = ("J2", "J3", "J11")
"""What is paid out of the fund itself: never more than its balance at that bank."""


class Event(Facts):
    """一件事：J1到J11，金额，哪家银行。"""

    SPELLINGS: ClassVar[Mapping[str, str]] = {
        "j": "event", "type": "event", "name": "event", "what": "variant", "instruction": "variant", "step": "variant",
        "to": "to", "from": "bank", "to_bank": "to", "b": "bank", "c": "to", "where": "variant", "option": "variant",
    }  # fmt: skip

    event: Text = Field(description="J1到J11；几件连着写作 J3+J4 / row of the posting table")
    amount: Fen = Field(description="金额（分） / amount")
    bank: Text = Field("1", description="银行：默认只有一家 / bank")
    to: Text = Field(None, description="J2的去向银行，或J8的去向 fund、treasury / other bank, or where interest goes")
    variant: Text = Field(None, description="J8 fund、treasury，J9 good，J10 identified、back / variant")


class LedgerFacts(Facts):
    """倍数和依次发生的事。"""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "multiple": 9,
                    "events": [
                        {"event": "J1", "amount": 300000000},
                        {"event": "J1", "amount": 200000000},
                        {"event": "J7", "amount": 432109},
                        {"event": "J3+J4", "amount": 85000000},
                        {"event": "J6", "amount": 10000000},
                        {"event": "J8", "to": "fund", "amount": 432109},
                    ],
                }
            ]
        },
    )
    SPELLINGS: ClassVar[Mapping[str, str]] = {"postings": "events", "entries": "events", "steps": "events"}

    events: list[Event] = Field(default_factory=list, description="依次发生的事 / events in order")
    multiple: Number = Field(None, description="放大倍数：写了就算可贷总额 / multiple, for the bank's capacity")

    @classmethod
    def spelt_out(cls, data: dict[str, Any]) -> dict[str, Any]:
        """An event may be a pair: `["J1", 300000000]`."""
        for name in ("events", "postings", "entries", "steps"):
            rows = data.get(name)
            if isinstance(rows, list):
                data[name] = [_object(one) for one in rows]
        return data


def _object(row: Any) -> Any:
    if isinstance(row, Sequence) and not isinstance(row, str) and 2 <= len(row) <= 3:
        return dict(zip(("event", "amount", "variant"), row, strict=False))
    return row


def _named(one: Event) -> list[str]:
    """Return the rows of the table an event stands for; ValueError-free: unknown ones give none."""
    found = []
    for word in str(one.event).replace("、", "+").split("+"):
        head, _blank, tail = word.strip().partition(" ")
        name = head.upper() if head.upper().startswith("J") else head.lower()
        hint = _VARIANTS.get(folded(tail or one.variant or one.to or ""), "")
        if name == "J8":
            hint = hint or "fund"
        keyed = f"{name} {hint}".strip()
        found.append(keyed if keyed in EVENTS else name)
    return found


def post(accounts: dict[str, int], event: str, bank: str, other: str, amount: int) -> str:
    """Post an event into balances by account; return the account that does not cover it, empty when all is booked."""
    if event in _NEEDS_FUND and balance_of(accounts, bank) < amount:
        return f"F.{bank}"
    for entry in EVENTS[event]:
        changed: dict[str, int] = {}
        for move in entry:
            code = move.account.replace(".b", f".{bank}").replace(".c", f".{other}")
            side = ACCOUNTS[code.partition(".")[0]][1]
            changed[code] = changed.get(code, accounts.get(code, 0)) + (
                amount if move.debit == (side == "D") else -amount
            )
        if short := next((code for code, net in changed.items() if net < 0), ""):
            return short
        accounts.update(changed)
    return ""


@ruled(
    key="mitigation_fund.ledger",
    title="专户账目",
    citation=_CLAUSE,
    also=("mitigation_fund.postings", "mitigation_fund.book"),
)
def ledger(facts: LedgerFacts, _context: Context) -> Verdict:
    """依次记账后各科目的余额、基金余额F和可贷总额；任何科目不得为负，F与来源恒等。

    Value: `balances` by account (without the bank's suffix where there is one bank), `fund` F, `cap`, `banks` with the
    same for each, `identity`. A posting that is not covered is refused and the rest goes on.
    """
    accounts: dict[str, int] = {}
    banks: dict[str, None] = {}
    reasons = []
    for one in facts.events:
        bank, other = one.bank or "1", one.to or ""
        for name in _named(one):
            if name not in EVENTS:
                raise LuoshiError("E_INPUT", f"账目表没有“{name[:20]}”，应为J1至J11。", fields={"field": "events"})
            banks[bank] = None
            if name == "J2":
                banks[other] = None
            if not one.amount:
                raise LuoshiError("E_AMOUNT", f"{name}的金额应大于零。", fields={"field": "amount"})
            short = post(accounts, name, bank, other, one.amount)
            title = TITLES.get(name.partition(" ")[0], "")
            if short:
                reasons.append(
                    SHORT.reason(
                        False,
                        name,
                        _called(short),
                        yuan(accounts.get(short, balance_of(accounts, bank))),
                        yuan(one.amount),
                    )
                )
            else:
                reasons.append(POSTED.reason(True, name, title, yuan(one.amount)))
    shown = {bank: _of(accounts, bank, facts.multiple) for bank in banks}
    single = len(shown) <= 1
    first: dict[str, Any] = next(iter(shown.values()), {"balances": {}, "fund": 0})
    total = sum(balance_of(accounts, bank) for bank in banks)
    value: dict[str, Any] = {
        "balances": first["balances"] if single else dict(sorted(accounts.items())),
        "fund": total,
        "F": total,
        "identity": identity(accounts),
        **({"cap": sum(one["cap"] for one in shown.values())} if facts.multiple is not None and shown else {}),
        **({} if single else {"banks": shown}),
    }
    refused = any(reason.ok is False for reason in reasons)
    return answer("REFUSE" if refused else "OK", Outcome.REFUSE if refused else Outcome.ALLOW, reasons,
                  code="E_CAPACITY" if refused else "", **value)  # fmt: skip


def _called(code: str) -> str:
    """Return an account, or the fund itself, as a sentence calls it."""
    head, _dot, bank = code.partition(".")
    word = "基金余额" if head == "F" else f"科目{head}"
    return word if bank in ("", "1") else f"{bank}的{word}"


def _of(accounts: Mapping[str, int], bank: str, multiple: Fraction | None) -> dict[str, Any]:
    own = {code.partition(".")[0]: net for code, net in sorted(accounts.items()) if code.endswith(f".{bank}")}
    fund = balance_of(accounts, bank)
    return {"balances": own, "fund": fund, **({"cap": int(fund * multiple // 1)} if multiple is not None else {})}
