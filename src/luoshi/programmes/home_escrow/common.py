"""What the modules on sales share: names of plan and cases, decisions taken and refused, entries and notes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import Decision, Outcome
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.funds import actions, plans
from luoshi.office.funds.models import Book, Entry
from luoshi.office.funds.orders import Line
from luoshi.office.parameters import book as parameters
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale

ROOM = "home_escrow"
PLAN = f"{ROOM}/account"
ORGAN = "housing-admin"
SALE, ENDING, HOLD = f"{ROOM}.sale", f"{ROOM}.termination", f"{ROOM}.hold"
"""The kinds of case: a supervised sale, the end of its supervision, a freeze noted by hand."""
State = Sale.State
OWN = ("2001", "2002")
plans.load(Path(__file__).parent / "books.yaml")


class Person(NamedTuple):
    """A buyer or a seller as the agreement names them; `share` among sellers."""

    side: str
    name: str
    number: str
    share: int = 1


class Home(NamedTuple):
    """What the title certificate says: number, address, area in 0.01 m²."""

    title_no: str = ""
    address: str = ""
    area: int | None = None


def decide(key: str, facts: Mapping[str, Any], on: datetime.date | None = None) -> Decision:
    """Take a decision of this room on a day's parameters, from the book in force."""
    return parameters.decide(f"{ROOM}.{key}", dict(facts), on or CLOCK.today())


def refuse(taken: Decision, what: str) -> None:
    """Raise E_RULE (or the decision's own code) with its reasons unless it allows."""
    if taken.outcome in (Outcome.ALLOW, Outcome.ALLOW_WITH_CONDITION):
        return
    reasons = [reason.text for reason in taken.reasons if reason.ok is not True]
    cited = next((str(reason.citation) for reason in taken.reasons if reason.ok is False), None)
    code = str(taken.value.get("code") or "E_RULE")
    raise LuoshiError(code if code.startswith("E_") else "E_RULE", f"{what}：{'；'.join(reasons)}。",
                      fields={"reasons": reasons}, citation=cited)  # fmt: skip


def misplaced(sale: Sale, what: str) -> LuoshiError:
    """Return the refusal of something that does not fit the state of a sale; E_STATE."""
    return LuoshiError(
        "E_STATE", f"{sale.agreement_no} {sale.get_state_display()}，不能{what}。", fields={"state": sale.state}
    )


def known(book: Book, key: str) -> bool:
    """Tell whether an entry of that key is booked."""
    return Entry.objects.filter(book=book, key=key).exists()


def post(actor: Actor, sale: Sale, event: str, key: str, lines: Sequence[Line], memo: str, checker: Actor) -> None:
    """Book an entry of a sale by two hands; errors are those of posting."""
    actions.post(book=sale.book.key, actor=actor, checker=checker, key=key, value_on=CLOCK.today(), event=event,
                 lines=lines, memo=memo, basis=f"{RULES} 第十条", case=sale.agreement_no)  # fmt: skip


def note(actor: Actor, sale: Sale, act: str, after: dict[str, Any]) -> None:
    """Keep in the audit what was done with a sale."""
    audit.append(actor=actor, act=act, subject=f"sale:{sale.agreement_no}", permission="fund.post",
                 after={"state": sale.state, **after}, basis=f"{RULES} 第十五条")  # fmt: skip
