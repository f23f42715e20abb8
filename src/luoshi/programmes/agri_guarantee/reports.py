"""Due-diligence reports and review results (4.3) of guarantor and bank; neither reads the other's before both are in.

A side files its own; what it wrote stands here, in the case's story only that it was filed.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case, CaseParty
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.permissions import scope_of
from luoshi.programmes.agri_guarantee import archive
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY
from luoshi.programmes.agri_guarantee.models import DueReport

COMPANY = ("agri-guarantee", "agri-guarantee--office")
SIDES = ("guarantor", "bank")
RUNNING = ("established", "investigated", "approved")
"""Where reports and results are filed and read."""
_CLAUSE = f"{POLICY} 二(二)3"


def visible_case(actor: Actor, number: str) -> Case:
    """Return a guarantee's case an actor sees; E_NOT_FOUND else."""
    found = Case.objects.filter(procedure=archive.GUARANTEE, number=number[:40]).first()
    reach = concern.organs_within(scope_of(actor, "case.see"))
    if found is None or not (reach is None or reach & _organs(found)):
        raise LuoshiError("E_NOT_FOUND", f"没有办件“{number[:40]}”。")
    return found


def _organs(case: Case) -> set[str]:
    return {case.organ, *CaseParty.objects.filter(case=case).values_list("organ", flat=True)}


def side_of(actor: Actor, case: Case) -> str:
    """Return whose reports an actor may read before both are filed: the guarantor's, the bank's, nobody's."""
    organs = {grant.organ for grant in actor.grants}
    if organs & set(COMPANY):
        return "guarantor"
    bank = CaseParty.objects.filter(case=case, party="bank").values_list("organ", flat=True).first()
    return "bank" if bank in organs else ""


def read(actor: Actor, case: Case) -> list[dict[str, Any]]:
    """Return report and result of each side as the actor may read them: `row` is None while it is closed or missing."""
    rows = {(one.kind, one.side): one for one in DueReport.objects.filter(case=case)}
    side, found = side_of(actor, case), []
    for kind in DueReport.Kind:
        both = all((kind, one) in rows for one in SIDES)
        for one in SIDES:
            row = rows.get((kind, one))
            opened = row is not None and (both or actor.trusted or side == one)
            found.append({"kind": kind.label, "side": DueReport.Side(one).label, "filed": row is not None,
                          "row": row if opened else None})  # fmt: skip
    return found


def least_passed(case: Case) -> int | None:
    """Return the smallest amount the reviews passed (fen), None where none names one."""
    rows = DueReport.objects.filter(case=case, kind=DueReport.Kind.REVIEW, passed=True)
    return rows.order_by("amount").values_list("amount", flat=True).first()


def require_passed(case: Case) -> None:
    """Refuse (E_RULE) to approve what either side's review rejects (P2 6)."""
    against = DueReport.objects.filter(case=case, kind=DueReport.Kind.REVIEW, passed=False).order_by("side")
    if sides := [row.get_side_display() for row in against]:
        raise LuoshiError(
            "E_RULE", f"{'、'.join(sides)}的评审结果是不同意，请办“不予担保”。", citation=_CLAUSE
        )  # fmt: skip


def _file(turn: Turn, kind: str, side: str) -> None:
    told = turn.data
    archive.require_unrelated(turn)
    amount, day = int(told["amount"]), datetime.date.fromisoformat(str(told["on"]))
    if day > day_of(turn.at):
        raise LuoshiError("E_FUTURE", "日期晚于今天。", fields={"fields": {"on": "晚于今天"}})
    passed = told.get("result", "pass") == "pass"
    if passed and not 0 < amount <= int(turn.facts["requested"]):
        raise LuoshiError("E_INPUT", f"金额应大于零，不超过申请的 {Money(int(turn.facts['requested']))} 元。",
                          fields={"fields": {"amount": "大于申请金额"}}, citation=_CLAUSE)  # fmt: skip
    try:
        with transaction.atomic():
            DueReport.objects.create(
                case=turn.case, kind=kind, side=side, passed=passed, amount=max(amount, 0), on=day, at=turn.at,
                opinion=str(told["opinion"])[:4000], conditions=str(told.get("conditions") or "")[:2000],
                by=turn.actor.name[:100],
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "这一方已经提交过，不能再改。", citation=_CLAUSE) from None
    # The other side reads it when both are filed: the case's story says only that it is there.
    turn.data.clear()


@effect("agri_guarantee.report_guarantor")
def report_guarantor(turn: Turn) -> None:
    """The guarantor's office files its due-diligence report."""
    _file(turn, DueReport.Kind.REPORT, "guarantor")


@effect("agri_guarantee.report_bank")
def report_bank(turn: Turn) -> None:
    """The bank files its due-diligence report."""
    _file(turn, DueReport.Kind.REPORT, "bank")


@effect("agri_guarantee.review_guarantor")
def review_guarantor(turn: Turn) -> None:
    """The provincial company files its review result."""
    _file(turn, DueReport.Kind.REVIEW, "guarantor")


@effect("agri_guarantee.review_bank")
def review_bank(turn: Turn) -> None:
    """The bank files its review result."""
    _file(turn, DueReport.Kind.REVIEW, "bank")
