"""The papers of an application and of a claim: drafted by the step they belong to, signed by people of the Centre."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.office.registers.models import standing
from luoshi.programmes.mitigation_fund import fund
from luoshi.programmes.mitigation_fund.models import Agreement, Application, Claim, Listing, Loan


def _yuan(fen: int) -> str:
    return f"{Money(fen)}元"


def _drafted(turn: Turn, kind: str, fields: dict[str, Any]) -> Notice:
    paper = notices.draft(
        actor=PROGRAM, kind=f"mitigation_fund.{kind}", fields=fields, case=turn.case.pk, exercise=turn.case.exercise,
        key=f"mf-{kind}:{turn.case.pk}:{turn.case.events_count}",
    )  # fmt: skip
    CasePaper.objects.create(
        case=turn.case, kind=kind, title=paper.title[:200], notice_id=paper.pk, event=turn.case.events_count + 1,
        at=turn.at,
    )  # fmt: skip
    if turn.papers is not None:
        turn.papers.add(kind)
    return paper


def six_factors(told: Mapping[str, Any]) -> str:
    """Return what the bank found of the six factors (M 10)."""
    sums = (("纳税", "tax_paid", "tax_source"), ("结算流量", "settlement", "settlement_source"),
            ("外贸订单", "export_orders", "export_source"), ("POS机流水", "pos_volume", "pos_source"),
            ("股权估值", "share_valuation", "valuation_source"))  # fmt: skip
    found = [f"{word} {Money(int(told[sum_]))}元（{told[source]}）" for word, sum_, source in sums if sum_ in told]
    return "；".join([*found, f"股权结构：{told.get('share_structure', '')}"])


def review_slip(turn: Turn, row: Application) -> None:
    """The annexed form with what is known of firm and loan (M 附件)."""
    told = turn.facts | turn.data
    day = day_of(turn.at)
    rows = row.firm.listings.filter(standing(day), listed_on__lte=day).order_by("listed_on")
    rows = rows.filter(Q(delisted_on=None) | Q(delisted_on__gt=day))
    boards = [f"{one.listed_on} {Listing.Board(one.board).label}" for one in rows]
    _drafted(turn, "review_slip", {
        "firm": row.firm.name, "address": row.firm.address or "—", "listed": "；".join(boards) or "无",
        "amount": _yuan(row.amount), "purpose": row.purpose, "grounds": six_factors(told)[:900],
        "bank": row.agreement.name, "list_no": str(told["list_no"]),
    })  # fmt: skip


def result(turn: Turn, row: Application, *, passed: bool) -> None:
    """The joint result; of a rejection the bank learns that it failed, never why."""
    _drafted(turn, "joint_result", {
        "bank": row.agreement.name, "firm": row.firm.name, "number": turn.case.number, "amount": _yuan(row.amount),
        "result": "通过" if passed else "未通过",
    })  # fmt: skip


def filing_receipt(turn: Turn, loan: Loan) -> None:
    """The receipt for the copies of contract and papers (M 12)."""
    _drafted(turn, "filing_receipt", {
        "bank": loan.agreement.name, "firm": loan.firm.name, "contract_no": loan.contract_no,
        "amount": _yuan(loan.disbursed or 0), "term": f"{loan.start} 至 {loan.end}",
        "rate": f"{loan.rate.normalize():f}%", "at": turn.at,
    })  # fmt: skip


def overdue_report(turn: Turn, loan: Loan) -> None:
    """The bank's report on an overdue loan (M 14)."""
    told, due = turn.facts | turn.data, loan.unpaid_since
    if due is None:
        return
    _drafted(turn, "overdue_report", {
        "bank": loan.agreement.name, "firm": loan.firm.name, "contract_no": loan.contract_no,
        "outstanding": _yuan(loan.outstanding), "due": due.isoformat(), "days": str((day_of(turn.at) - due).days),
        "situation": str(told["overdue_situation"])[:900], "recourse": str(told["recourse"])[:900],
    })  # fmt: skip


def computation(turn: Turn, row: Claim, balance: int) -> None:
    """How the loss and its half were reckoned (M 15, M 16)."""
    _drafted(turn, "computation", {
        "number": turn.case.number, "firm": row.firm, "contract_no": row.contract_no,
        "principal": _yuan(row.principal), "recovered": _yuan(row.recovered), "loss": _yuan(row.loss),
        "half": _yuan(row.half), "balance": _yuan(max(balance, 0)),
    })  # fmt: skip


def decision(turn: Turn, row: Claim) -> None:
    """The committee's decision on a claim."""
    _drafted(turn, "decision", {
        "bank": row.agreement.name, "firm": row.firm, "number": turn.case.number, "loss": _yuan(row.loss),
        "half": _yuan(row.half),
    })  # fmt: skip


def circular(*, actor: Actor) -> Notice:
    """Draft the circular to the members on how the fund stands today (M 13). Errors: E_FORBIDDEN."""
    rows = list(Agreement.objects.select_related("book").order_by("bank"))
    stands = [(one, fund.figures(one.book), fund.use_of(one), fund.capacity(one).value) for one in rows]
    loans = Loan.objects.filter(outstanding__gt=0)
    late = loans.filter(unpaid_since__isnull=False)
    day = CLOCK.today()
    return notices.draft(
        actor=actor, kind="mitigation_fund.circular", key=f"mf-circular:{day}", fields={
            "upto": day.isoformat(), "balance": _yuan(sum(now.balance for _one, now, _used, _cap in stands)),
            "loans": f"{loans.count()}笔 {_yuan(sum(loans.values_list('outstanding', flat=True)))}",
            "overdue": f"{late.count()}笔 {_yuan(sum(late.values_list('outstanding', flat=True)))}",
            "paid": _yuan(sum(now.accounts["3101"] for _one, now, _used, _cap in stands)),
            "banks": [
                {"name": one.name, "fund": str(Money(now.balance)), "used": str(Money(used)),
                 "cap": str(Money(cap["cap"]))}
                for one, now, used, cap in stands
            ],
        },
    )  # fmt: skip
