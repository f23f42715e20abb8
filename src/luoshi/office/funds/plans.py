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
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from luoshi.kernel.errors import LuoshiError

_GROWS_BY_DEBIT = ("asset", "expense")
_KINDS = ("asset", "liability", "fund", "income", "expense")
_PARTS = ("", "bank", "transit", "suspense", "receivable")


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """One account. `normal` is its growing side (by kind unless given); see `models.Account` for the rest."""

    code: str
    title: str
    kind: str
    normal: str = ""
    by_subject: bool = False
    guarded: bool = True
    part: str = ""

    @property
    def side(self) -> str:
        """The side on which it grows."""
        return self.normal or ("D" if self.kind in _GROWS_BY_DEBIT else "C")


@dataclass(frozen=True, slots=True)
class BookPlan:
    """A kind of book: its accounts and the titles of its events (rows of the spec's posting table)."""

    key: str
    title: str
    organ: str
    accounts: Sequence[AccountPlan]
    basis: str = ""
    events: Mapping[str, str] = field(default_factory=dict)

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
    if _PLANS.get(plan.key, plan) != plan:
        raise ValueError(f"two books are called {plan.key}")
    _PLANS[plan.key] = plan
    return plan


def load(path: Path) -> list[BookPlan]:
    """Declare every book of a YAML file (one document a book) and return them."""
    return [declare(_read(body)) for body in yaml.safe_load_all(path.read_text(encoding="utf-8")) if body]


def _read(body: Mapping[str, Any]) -> BookPlan:
    accounts = [AccountPlan(str(code), **told) for code, told in body["accounts"].items()]
    return BookPlan(
        body["plan"], body["title"], body["organ"], tuple(accounts), body.get("basis", ""), dict(body.get("events", {}))
    )


def plan_of(key: str) -> BookPlan:
    """Return a declared plan; E_NOT_FOUND names the known ones."""
    if key not in _PLANS:
        raise LuoshiError("E_NOT_FOUND", f"没有声明账簿“{key[:80]}”。", fields={"known": sorted(_PLANS)})
    return _PLANS[key]


def known_plans() -> list[BookPlan]:
    """Return every declared plan, by key."""
    return [_PLANS[key] for key in sorted(_PLANS)]


def event_title(plan: str, event: str) -> str:
    """Return the title of an event of a book's plan, the event itself where none is declared."""
    found = _PLANS.get(plan)
    return str(found.events.get(event, event)) if found else event
