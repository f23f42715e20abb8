"""What a book is made of, declared by a room in code or YAML, and opened once in the database.

plan: agri_guarantee/fund
title: 风险补偿基金
organ: finance
basis: 乳政办发〔2018〕7号 四
accounts:
  "1001": {title: 托管活期, kind: asset, part: bank}
  "2001": {title: 在途付款, kind: liability, part: transit}
  "2003": {title: 待认领, kind: liability, part: suspense}
  "3101": {title: 已补偿, kind: fund, normal: D, by_subject: true}
events:
  J1: 收到拨款
sees: [audit-office]              # organs beside `organ` that see the book
opening:                          # how one is opened on the page; left out: bank and number of its bank account
  key: "{bank}"                   # after the room; left out: the plan's own key, so that there is one book
  title: 专户（{name}）
  fields: [{name: bank, title: 开户银行行号, kind: bank}, {name: number, title: 银行账号, kind: account}, …]
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luoshi.kernel import yaml_text
from luoshi.kernel.errors import LuoshiError

_GROWS_BY_DEBIT = ("asset", "expense")
_KINDS = ("asset", "liability", "fund", "income", "expense")
_PARTS = ("", "bank", "transit", "suspense", "receivable")
_FIELD_KINDS = ("text", "bank", "account", "number", "date", "organ", "choice")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account. `normal` is its growing side (by kind unless given); see `models.Account` for the rest.

    Without `by_hand` only payments and the room's own acts move it; so it is with every transit account.
    """

    code: str
    title: str
    kind: str
    normal: str = ""
    by_subject: bool = False
    guarded: bool = True
    part: str = ""
    by_hand: bool = True

    @property
    def side(self) -> str:
        """The side on which it grows."""
        return self.normal or ("D" if self.kind in _GROWS_BY_DEBIT else "C")


@dataclass(frozen=True, slots=True)
class Field:
    """What is asked for when a book is opened.

    `kind`: text, bank (12 digits), account (a bank account's number), number (a decimal), date, organ (slug: who keeps
    the book), choice (one of `choices`, key to words). `of` is the code of the bank account that a `bank` or `account`
    belongs to: the plan's first unless given.
    """

    name: str
    title: str
    kind: str = "text"
    hint: str = ""
    optional: bool = False
    of: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OpeningPlan:
    """How books of a plan are opened: what is asked for, what key and title come of it (`{name}` of a field)."""

    key: str = ""
    title: str = ""
    fields: Sequence[Field] = ()


@dataclass(frozen=True, slots=True)
class BookPlan:
    """A kind of book: its accounts and the titles of its events (rows of the spec's posting table).

    `organ` keeps it unless another is named when it is opened; `sees` are the organs that see it beside its keeper.
    """

    key: str
    title: str
    organ: str
    accounts: Sequence[AccountPlan]
    basis: str = ""
    events: Mapping[str, str] = field(default_factory=dict)
    sees: Sequence[str] = ()
    opening: OpeningPlan = field(default_factory=OpeningPlan)

    @property
    def asked(self) -> Sequence[Field]:
        """What is asked for when one is opened: bank and number of its bank account unless the plan says more."""
        if self.opening.fields:
            return self.opening.fields
        if all(one.part != "bank" for one in self.accounts):
            return ()
        return (Field("bank", "开户银行行号", "bank"), Field("number", "银行账号", "account"))

    @property
    def many(self) -> bool:
        """Tell whether there may be several books of it."""
        return bool(self.opening.key)

    @property
    def room(self) -> str:
        """The programme it belongs to."""
        return self.key.partition("/")[0]

    def account(self, code: str) -> AccountPlan:
        """Return one account of the plan; KeyError."""
        return next(one for one in self.accounts if one.code == code)


_PLANS: dict[str, BookPlan] = {}


def declare(plan: BookPlan) -> BookPlan:
    """Make a plan known; mistakes in it are the programmer's (ValueError)."""
    codes = [one.code for one in plan.accounts]
    if len(set(codes)) != len(codes) or "/" not in plan.key:
        raise ValueError(f"book {plan.key}: account codes repeat, or the key is not room/name")
    for one in plan.accounts:
        if one.kind not in _KINDS or one.part not in _PARTS or one.side not in ("D", "C"):
            raise ValueError(f"book {plan.key}: account {one.code} has an unknown kind, part or side")
        if one.part == "bank" and (one.side != "D" or one.by_subject):
            raise ValueError(f"book {plan.key}: bank account {one.code} grows by debit and has no subjects")
    for part in ("suspense", "receivable"):
        if sum(one.part == part for one in plan.accounts) > 1:
            raise ValueError(f"book {plan.key}: more than one account for {part}")
    names = [one.name for one in plan.asked]
    if len(set(names)) != len(names) or any(one.kind not in _FIELD_KINDS for one in plan.asked):
        raise ValueError(f"book {plan.key}: what is asked for when it is opened repeats or has an unknown kind")
    if _PLANS.get(plan.key, plan) != plan:
        raise ValueError(f"two books are called {plan.key}")
    _PLANS[plan.key] = plan
    return plan


def load(path: Path) -> list[BookPlan]:
    """Declare every book of a YAML file (one document a book) and return them."""
    return [declare(_read(body)) for body in yaml_text.read_all(path.read_text(encoding="utf-8")) if body]


def _read(body: Mapping[str, Any]) -> BookPlan:
    accounts = [AccountPlan(str(code), **told) for code, told in body["accounts"].items()]
    told = body.get("opening", {})
    opening = OpeningPlan(
        told.get("key", ""), told.get("title", ""), tuple(Field(**one) for one in told.get("fields", ()))
    )
    return BookPlan(
        body["plan"], body["title"], body["organ"], tuple(accounts), body.get("basis", ""),
        dict(body.get("events", {})), tuple(body.get("sees", ())), opening,
    )  # fmt: skip


def plan_of(key: str) -> BookPlan:
    """Return a declared plan; E_NOT_FOUND names the known ones."""
    if key not in _PLANS:
        raise LuoshiError("E_NOT_FOUND", f"没有声明账簿“{key[:80]}”。", fields={"known": sorted(_PLANS)})
    return _PLANS[key]


def known_plans() -> list[BookPlan]:
    """Return every declared plan, by key."""
    return [_PLANS[key] for key in sorted(_PLANS)]


def not_by_hand(plan: str) -> dict[str, str]:
    """Return the accounts of a plan that are not booked by hand, code to title."""
    found = _PLANS.get(plan)
    return {one.code: one.title for one in found.accounts if not one.by_hand or one.part == "transit"} if found else {}


def seers(plan: str) -> Sequence[str]:
    """Return the organs that see the books of a plan beside their keeper."""
    found = _PLANS.get(plan)
    return found.sees if found else ()


def seen_by(organs: Collection[str]) -> list[str]:
    """Return the keys of the plans whose books some of `organs` see beside their keeper."""
    return [key for key, one in _PLANS.items() if any(organ in organs for organ in one.sees)]


def event_title(plan: str, event: str) -> str:
    """Return the title of an event of a book's plan, the event itself where none is declared."""
    found = _PLANS.get(plan)
    return str(found.events.get(event, event)) if found else event
