"""What the pages show: how banks stand on the fund, files before the committee, overdue loans, a firm's line."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.urls import reverse

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.counting import add_months
from luoshi.kernel.fact_kinds import plain
from luoshi.office.actors import Actor
from luoshi.office.cases.models import Case, CaseVoice
from luoshi.office.funds.models import Balance
from luoshi.office.parameters import book as parameters
from luoshi.programmes.mitigation_fund import committee, fund, lending, monitoring
from luoshi.programmes.mitigation_fund.decisions.review import BREACHES
from luoshi.programmes.mitigation_fund.fund import ROOM, decide
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Claim, Firm, Listing, Loan

MOST = 200
STATES = {
    "applied": "待银行筛选", "screened": "银行已筛选", "listed": "待信用查询", "credit_checked": "待送会签",
    "circulated": "三家会签中", "passed": "会签通过", "returned_to_bank": "已反馈银行", "contracted": "已签合同",
    "disbursed": "已放款，待报备", "filed": "贷后管理", "overdue": "逾期", "reported": "追偿中", "repaid": "已还清",
    "closed": "追偿终结", "bank_rejected": "未列入名单", "rejected": "审查不通过", "declined": "不再放款",
}  # fmt: skip
"""States of an application in few words."""


@dataclass(slots=True)
class Stand:
    """How a bank stands: the fund F and what is committed of it, what may be lent, is lent, is free (fen)."""

    row: Agreement
    accounts: dict[str, int] = field(default_factory=dict)
    committed: int = 0
    outstanding: int = 0
    loans: int = 0
    overdue: int = 0
    overdue_loans: int = 0
    used: int = 0
    cap: int = 0
    reasons: Sequence[Any] = ()

    @property
    def balance(self) -> int:
        """The fund balance F_b."""
        of = self.accounts.get
        return of("1001", 0) - of("2001", 0) - of("2002", 0) - of("2003", 0)

    @property
    def free(self) -> int:
        """What may still be lent."""
        return max(self.cap - self.used, 0)

    @property
    def over(self) -> int:
        """What is lent beyond what the fund carries now: running loans stay, new ones wait."""
        return max(self.used - self.cap, 0)

    @property
    def share(self) -> int:
        """Used of what may be lent, in whole percent, at most 100."""
        return min(100, self.used * 100 // self.cap) if self.cap else (100 if self.used else 0)

    @property
    def leverage(self) -> str:
        """Loans per yuan of fund, two decimals cut; empty without a fund."""
        return f"{self.used * 100 // self.balance / 100:.2f}" if self.balance > 0 else ""

    @property
    def multiple(self) -> str:
        """The multiple of the agreement."""
        return str(plain(Fraction(self.row.multiple, 100)))


def stands(rows: Iterable[Agreement]) -> list[Stand]:
    """Return how banks stand, in a few questions for all of them."""
    found = {row.pk: Stand(row) for row in rows}
    if not found:
        return []
    balances = Balance.objects.filter(account__book__in=found, subject="")
    for book, code, net in balances.values_list("account__book", "account__code", "net"):
        found[book].accounts[code] = net
    waiting = Claim.objects.filter(agreement__in=found, state=Claim.State.PASSED, compensation__isnull=False)
    for pk, fen in waiting.values_list("agreement").annotate(n=Sum("compensation")):
        found[pk].committed = fen
    use: dict[tuple[int, int], int] = {}
    running = Loan.objects.filter(agreement__in=found, outstanding__gt=0)
    for pk, firm, fen, since in running.values_list("agreement", "firm", "outstanding", "unpaid_since"):
        one = found[pk]
        one.loans, one.outstanding = one.loans + 1, one.outstanding + fen
        if since is not None:
            one.overdue_loans, one.overdue = one.overdue_loans + 1, one.overdue + fen
        use[pk, firm] = use.get((pk, firm), 0) + fen
    approved = Application.objects.filter(agreement__in=found, live=True, approved__isnull=False)
    for pk, firm, amount in approved.values_list("agreement", "firm", "approved"):
        use[pk, firm] = max(use.get((pk, firm), 0), amount or 0)
    for (pk, _firm), fen in use.items():
        found[pk].used += fen
    for one in found.values():
        facts = {"balance": max(one.balance, 0), "committed": one.committed, "multiple": one.multiple, "use": one.used}
        taken = decide("capacity", facts)
        one.cap, one.reasons = taken.value["cap"], taken.reasons
    return list(found.values())


# --- the committee ----------------------------------------------------------------------------------------------------

LIGHTS = (("centre", "金融中心"), ("finance", "财政局"), ("tax", "税务局"))


def files(actor: Actor) -> list[dict[str, Any]]:
    """Return what lies before the committee with three lights each; nothing for who is not of it."""
    if monitoring.reach_of(actor) is not None:
        return []
    rows = list(Case.objects.filter(procedure=committee.REVIEW, is_open=True).order_by("opened_at", "pk")[:MOST])
    votes: dict[int, dict[str, bool]] = {}
    for case, party, agrees in CaseVoice.objects.filter(case__in=rows, step="vote").values_list(
        "case_id", "party", "agrees"
    ):
        votes.setdefault(case, {})[party.removesuffix("_head")] = agrees
    return [
        {
            "case": one, "about": committee.KINDS.get(str(one.facts.get("about")), ""),
            "summary": str(one.facts.get("summary", "")), "href": f"/cases/{one.pk}/",
            "lights": [
                {"title": title, "state": _light(votes.get(one.pk, {}).get(key), bool(one.facts.get(f"{key}_checks")))}
                for key, title in LIGHTS
            ],
        }
        for one in rows
    ]  # fmt: skip


def _light(vote: bool | None, examined: bool) -> str:
    if vote is None:
        return "examined" if examined else "waiting"
    return "pass" if vote else "reject"


# --- loans ------------------------------------------------------------------------------------------------------------


def applications(actor: Actor) -> QuerySet[Application]:
    """Return the applications an actor sees, the newest first."""
    rows = Application.objects.select_related("firm", "agreement", "case").order_by("-filed_on", "-pk")
    reach = monitoring.reach_of(actor)
    return rows if reach is None else rows.filter(agreement__organ__in=reach)


def loans(actor: Actor) -> QuerySet[Loan]:
    """Return the loans an actor sees, those past their day first."""
    rows = Loan.objects.select_related("firm", "agreement", "application__case").filter(disbursed__isnull=False)
    reach = monitoring.reach_of(actor)
    return rows if reach is None else rows.filter(agreement__organ__in=reach)


def overdue(actor: Actor, day: datetime.date) -> list[dict[str, Any]]:
    """Return loans with something unpaid, counted up to the thirtieth day."""
    rows = loans(actor).filter(unpaid_since__isnull=False, unpaid_since__lt=day).order_by("unpaid_since", "pk")[:MOST]
    limit = int(parameters.current().values(ROOM, max(day, lending.FIRST_DAY))["overdue_days"])
    found = []
    for one in rows:
        assert one.unpaid_since is not None
        days = (day - one.unpaid_since).days
        found.append(
            {"loan": one, "days": days, "limit": limit, "duty": days >= limit, "share": min(100, days * 100 // limit),
             "href": f"/cases/{one.application.case.pk}/"}
        )  # fmt: skip
    return found


def totals(actor: Actor) -> dict[str, int]:
    """Return the counts of the workbench."""
    rows = applications(actor).order_by()
    by_state = dict(rows.filter(case__is_open=True).values_list("case__state").annotate(n=Count("pk")))
    return {
        "at_bank": by_state.get("applied", 0) + by_state.get("screened", 0),
        "at_centre": by_state.get("listed", 0) + by_state.get("credit_checked", 0) + by_state.get("passed", 0),
        "circulated": by_state.get("circulated", 0),
        "to_lend": by_state.get("returned_to_bank", 0) + by_state.get("contracted", 0),
        "to_file": by_state.get("disbursed", 0),
        "overdue": by_state.get("overdue", 0) + by_state.get("reported", 0),
    }


_FLAGS = {**BREACHES, "related": "付给关联方", "bridge": "还旧后几日内放款"}
"""What is shown of a loan besides its state; what the committee decides on is `BREACHES`."""


def flags(one: Loan) -> list[dict[str, Any]]:
    """Return what is shown of a loan: not covered, a breach the committee decides on, what is to be looked into."""
    found = [{"word": "不在基金保障内", "why": one.uncovered, "red": True}] if one.uncovered else []
    return found + [
        {"word": f"{_FLAGS[key]}不合要求" if key in BREACHES else _FLAGS[key],
         "why": "由决策委员会决定" if key in BREACHES else "请核查", "red": key != "bridge"}
        for key in one.breaches if key in _FLAGS
    ]  # fmt: skip


def flagged(actor: Actor) -> list[dict[str, Any]]:
    """Return loans still running that are not covered or break a rule, the newest first."""
    rows = loans(actor).filter(outstanding__gt=0).exclude(uncovered="", breaches=[]).order_by("-start", "-pk")[:MOST]
    return [{"loan": one, "flags": flags(one), "href": f"/cases/{one.application.case.pk}/"} for one in rows]


# --- a firm -----------------------------------------------------------------------------------------------------------


def firms(actor: Actor, query: str = "", board: str = "") -> QuerySet[Firm]:
    """Return firms of the register by name; a bank sees them all: they are listed firms, not its files."""
    del actor
    rows = Firm.objects.filter(void=False, ended_on__isnull=True).order_by("name", "pk")
    if query:
        rows = rows.filter(Q(name__contains=query) | Q(credit_code=query.upper()) | Q(listings__code=query)).distinct()
    if board:
        rows = rows.filter(listings__board=board, listings__delisted_on__isnull=True, listings__void=False).distinct()
    return rows


@dataclass(slots=True)
class Line:
    """A firm's three years: its loans drawn on a strip of months (per mille of the strip), months used and left."""

    used: str
    left: str
    months: int
    loans: list[dict[str, Any]]


def line_of(firm: Firm, day: datetime.date) -> Line:
    """Return a firm's line: loans one after another, gaps left out, over all banks."""
    values = parameters.current().values(ROOM, max(day, lending.FIRST_DAY))
    months, each = int(values["line_months"]), int(values["loan_months"])
    rows = list(Loan.objects.filter(firm=firm, disbursed__isnull=False).order_by("start", "pk"))
    found, at = [], 0
    for one in rows:
        found.append({"loan": one, "from": at * 1000 // months, "width": each * 1000 // months, "months": each})
        at += each
    return Line(str(at), str(max(months - at, 0)), months, found)


def firm_stand(firm: Firm, day: datetime.date) -> dict[str, Any]:
    """Return whether a firm qualifies on a day, its ceiling, the highest rate, with reasons."""
    within = max(day, lending.FIRST_DAY)
    told = lending.firm_facts(firm, day)
    eligible = decide("eligible", told | lending.window_on(day), within)
    boards = lending.boards_of(firm, day)
    ceiling = decide("ceiling", {"boards": boards or ["OTHER"]}, within)
    return {
        "eligible": eligible, "boards": [Listing.Board(one).label for one in boards], "ceiling": ceiling,
        "highest": lending.highest_rate(day), "benchmark": lending.benchmark(day), "line": line_of(firm, day),
    }  # fmt: skip


# --- a claim ----------------------------------------------------------------------------------------------------------


def claims(actor: Actor) -> QuerySet[Claim]:
    """Return the claims an actor sees, the newest first."""
    rows = Claim.objects.select_related("agreement__book", "case").order_by("-filed_at", "-pk")
    reach = monitoring.reach_of(actor)
    return rows if reach is None else rows.filter(agreement__organ__in=reach)


def claim_steps(row: Claim) -> dict[str, Any]:
    """Return how a claim is reckoned, step by step: P, R, loss, half, the balance that caps it, G."""
    available = max(fund.available(row.agreement.book, row.pk), 0)
    # The facts the claim was filed with say how its loss came about; the balance is that of now.
    told = dict(row.receipt.get("inputs") or {"loss": row.loss}) | {"balance": available}
    if told.get("judicial_end") == "round_ended":
        told |= {"round_accepted": True}
    if row.compensation is not None:
        told |= {"fixed": row.compensation}
    taken = decide("compensation", told)
    whole = max(row.principal - row.recovered, 0)
    paid = int(taken.value["compensation"])
    return {
        "whole": whole, "available": available, "paid": paid, "bank": whole - paid,
        "fixed": row.compensation is not None, "capped": paid < row.half, "reasons": taken.reasons,
    }  # fmt: skip


def next_month(day: datetime.date) -> datetime.date:
    """Return the same day a month on."""
    return add_months(day, 1)


def shown_href(row: Application) -> str:
    """Return where an application is worked on."""
    return f"/cases/{row.case.pk}/" if row.case_id else reverse("mitigation")


def bank_name(organ: str) -> str:
    """Return what a bank's agreement calls it."""
    return Agreement.objects.filter(organ=organ).values_list("name", flat=True).first() or organ


def today() -> datetime.date:
    """Return the day the pages are about."""
    return CLOCK.today()
