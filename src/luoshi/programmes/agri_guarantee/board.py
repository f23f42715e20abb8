"""What the workbench shows: the fund's figures, the line of steps, loans by town, within what a person may see."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count, F, Q, Sum

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case
from luoshi.office.cases.queries import CaseFilter, CaseLedger
from luoshi.office.duties import concern
from luoshi.office.funds.gauge import Headline, headlines
from luoshi.office.funds.models import Book
from luoshi.office.registers import reach
from luoshi.office.registers.models import standing
from luoshi.programmes.agri_guarantee import fund
from luoshi.programmes.agri_guarantee.archive import GUARANTEE
from luoshi.programmes.agri_guarantee.models import Loan
from luoshi.programmes.agri_guarantee.registers import LOANS

ROOM = "agri_guarantee"
CLAIM = "agri_guarantee.claim"
ACCOUNTABILITY = "agri_guarantee.accountability"
SHOWN = 12
_OWED = F("disbursed") - F("repaid") - F("covered")


def loans_seen(actor: Actor) -> Any:
    """Return the loans that stand and that the actor may see."""
    scope = reach.reach(actor, LOANS)
    return Loan.objects.filter(standing(CLOCK.today())).filter(reach.within(LOANS, scope))


def ledger(actor: Actor, **wanted: Any) -> CaseLedger:
    """Return the cases of the programme that the actor may see."""
    return CaseLedger(CaseFilter(programmes=(ROOM,), **wanted), actor=actor, now=CLOCK.now())


def open_cases(actor: Actor, procedure: str, size: int = SHOWN) -> list[Case]:
    """Return the open cases of a kind, the one whose limit ends first in front."""
    return list(ledger(actor, procedures=(procedure,)).page(size=size).rows)


def my_turn(actor: Actor) -> list[Case]:
    """Return the cases of the programme that wait for a role of the actor."""
    return list(ledger(actor, mine=True).page(size=SHOWN).rows)


def steps(actor: Actor) -> list[dict[str, Any]]:
    """Return how many guarantees stand at each state on the way to the loan."""
    found = ledger(actor, procedures=(GUARANTEE,)).facets().states
    return [{"key": one.value, "title": one.label, "count": one.count or 0} for one in found if one.value != "draft"]


def outstanding() -> int:
    """Return the guaranteed principal and interest reported, of all loans (fen)."""
    rows = Loan.objects.filter(standing(CLOCK.today())).exclude(status__in=[Loan.Status.CLOSED, Loan.Status.SIGNED])
    found = rows.aggregate(n=Sum(_OWED + F("interest")))["n"]
    return int(found or 0)


def towns(actor: Actor) -> list[dict[str, Any]]:
    """Return loans by town: how many, outstanding, late; the largest first, with its share of the largest."""
    rows = loans_seen(actor).exclude(status__in=[Loan.Status.CLOSED, Loan.Status.SIGNED])
    found = list(
        rows.values("town").annotate(
            loans=Count("pk"), owed=Sum(_OWED), late=Count("pk", filter=Q(status__in=["overdue", "subrogated"])),
            late_owed=Sum(_OWED, filter=Q(status="overdue")),
        ).order_by("-owed", "town")
    )  # fmt: skip
    names = concern.titles([one["town"] for one in found])
    most = max((one["owed"] or 0 for one in found), default=0)
    return [
        one | {"title": names.get(one["town"], one["town"]), "owed": one["owed"] or 0,
               "late_owed": one["late_owed"] or 0, "share": (one["owed"] or 0) * 100 // most if most else 0}
        for one in found
    ]  # fmt: skip


def villages(actor: Actor, town: str) -> list[dict[str, Any]]:
    """Return the loans of a town by village of the operator's archive: how many, outstanding, late."""
    rows = loans_seen(actor).filter(town=town).exclude(status__in=[Loan.Status.CLOSED, Loan.Status.SIGNED])
    return list(
        rows.values(village=F("operator__village")).annotate(
            loans=Count("pk"), owed=Sum(_OWED), late=Count("pk", filter=Q(status__in=["overdue", "subrogated"])),
            late_owed=Sum(_OWED, filter=Q(status="overdue")),
        ).order_by("-owed", "village")
    )  # fmt: skip


def stale(actor: Actor) -> list[Loan]:
    """Return running loans whose balance no bank has reported for longer than the parameter says."""
    days = int(fund.values()["report_days"])
    since = CLOCK.today() - datetime.timedelta(days=days)
    rows = loans_seen(actor).filter(status__in=[Loan.Status.ACTIVE, Loan.Status.OVERDUE])
    late = Q(reported_on__lt=since) | Q(reported_on__isnull=True, disbursed_on__lt=since)
    return list(rows.filter(late).order_by("reported_on", "pk")[:SHOWN])


@headlines(fund.BOOK)
def said(_book: Book) -> list[Headline]:
    """What the fund's book says first: F, S, what the city stands for and how far the fund covers it."""
    found = picture()
    if found is None:
        return []
    now, open_claims = found["now"], found["committed"] + found["now"].moving
    return [
        Headline("基金余额 F", now.balance, note=f"利息 {Money(now.accounts['2002'])} 元另列，不作补偿"),
        Headline("累计已补偿 S", now.paid, note=f"待付 {Money(open_claims)} 元"),
        Headline("市里承担的敞口", found["exposure"], note=f"在保 {Money(found['outstanding'])} 元"),
        Headline("覆盖率", words=f"{found['coverage']}%" if found["coverage"] else "无数据", note="F ÷ 敞口"),
    ]


def picture() -> dict[str, Any] | None:
    """Return the fund's figures with exposure and coverage; None before the book is opened."""
    book = Book.objects.filter(key=fund.BOOK).first()
    if book is None:
        return None
    now = fund.figures(book)
    owed = outstanding()
    adequate = fund.decide(f"{ROOM}.replenishment", {"fund": max(now.balance, 0), "outstanding": owed}).value
    return {
        "book": book, "now": now, "outstanding": owed, "exposure": adequate["exposure"],
        "coverage": adequate["coverage"], "proposal": adequate["proposal"], "halt": fund.live_halt(book),
        "gauges": fund.shown(book), "committed": fund.committed(),
    }  # fmt: skip
