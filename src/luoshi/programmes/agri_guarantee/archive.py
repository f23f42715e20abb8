"""Operators' archives as cases use them: found by number, code or name, live or not, and what a household owes."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection
from functools import cache
from typing import Any

from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import Turn
from luoshi.office.funds import kin
from luoshi.office.organs.directory import load_data
from luoshi.office.registers.models import standing
from luoshi.programmes.agri_guarantee.decisions.settings import FUND, POLICY
from luoshi.programmes.agri_guarantee.models import Delegation, Loan, Operator

GUARANTEE = "agri_guarantee.guarantee"
PREFIX = "LD-371083-"
HAVES = {"creditworthy": "creditworthy", "scale": "has_scale", "experience": "experience", "profit": "profit",
         "main_business": "main_business", "need": "need"}  # fmt: skip
"""The 'haves' as decisions name them, and the archive's columns; the seventh is the archive itself."""
MERITS = ("wide_reach", "strong_pull", "close_links")
MOST = 20


def subject_of(operator: Operator) -> str:
    """Return what a case of an operator is about."""
    return f"ag-operator:{operator.pk}"


def search(text: str, towns: Collection[str] | None = None) -> list[Operator]:
    """Return archives by number, identity code or part of the name, at most `MOST`; of some towns where given."""
    words = clean(text)
    if not words:
        return []
    rows = Operator.objects.filter(standing(CLOCK.today()))
    if towns is not None:
        rows = rows.filter(town__in=towns)
    if words.startswith(PREFIX) and words.removeprefix(PREFIX).isdecimal():
        return list(rows.filter(pk=int(words.removeprefix(PREFIX)[:12])))
    if len(words) == 18 and words.isascii():
        return list(rows.filter(code=words))
    return list(rows.filter(name__contains=text.strip()[:100]).order_by("name", "pk")[:MOST])


def find(text: str, towns: Collection[str] | None = None) -> Operator:
    """Return the one archive a text means. Errors: E_STATE without an archive, E_INPUT where several have the name."""
    found = search(text, towns)
    if len(found) > 1:
        exact = [one for one in found if one.name == text.strip()]
        found = exact if len(exact) == 1 else found
    if not found:
        raise LuoshiError(
            "E_STATE", f"没有“{text.strip()[:30]}”的建档，没有建档不能申请。请先建档。",
            fields={"fields": {"archive": "没有建档"}}, citation=f"{POLICY} 二(二)2",
        )  # fmt: skip
    if len(found) > 1:
        raise LuoshiError("E_INPUT", f"“{text.strip()[:30]}”有{len(found)}户，请写建档编号或证件号。",
                          fields={"fields": {"archive": "有多户同名"}})  # fmt: skip
    return found[0]


def require_live(operator: Operator) -> None:
    """Refuse an archive that is not archived or has lapsed (E_STATE)."""
    if operator.status != Operator.Status.ARCHIVED or not operator.stands(CLOCK.today()):
        raise LuoshiError(
            "E_STATE", f"{operator.name}的建档是“{operator.get_status_display()}”，没有有效的建档不能申请。",
            fields={"fields": {"archive": str(operator.get_status_display())}}, citation=f"{POLICY} 二(二)2",
        )  # fmt: skip


def of_case(case: Case) -> Operator | None:
    """Return the operator a guarantee is for."""
    pk = str(case.subject).removeprefix("ag-operator:")
    return Operator.objects.filter(pk=int(pk)).first() if pk.isdecimal() else None


def require_unrelated(turn: Turn) -> None:
    """Refuse who would examine or approve a case of the own household or firm (E_SELF); a program has none.

    The household: who applies, its representative, whoever names the same head. Identity codes are compared with what
    the person declared (register `kin`); names too, except where the person's own identity is declared and the other's
    code shows somebody else. A colleague decides instead.
    """
    actor, known = turn.actor, turn.facts
    if actor.user_id is None:
        return
    names = {str(known.get("operator") or ""), str(known.get("borrower") or "")}
    operator = of_case(turn.case)
    if operator is None:
        loan = Loan.objects.filter(number=str(known.get("loan") or ""), void=False).select_related("operator").first()
        operator = loan.operator if loan is not None else None
    group = members(operator) if operator is not None else []
    declared = kin.declared(actor.hands)
    if (found := kin.near(declared, [code for one in group for code in (one.code, one.household)])) is not None:
        raise LuoshiError(
            "E_SELF",
            f"申请人家庭或企业中有您登记为“{found.get_relation_display()}”的人或单位：应当回避，请另一人办理。",
            fields={"actor": actor.name},
        )
    if group and kin.known(declared):
        names = set()
    for one in group:
        names |= {one.represent} if kin.known(declared) else {one.name, one.represent}
    own = {actor.name.strip(), actor.for_name.strip()} & {one.strip() for one in names if one.strip()}
    if own:
        raise LuoshiError(
            "E_SELF", f"申请人家庭或企业中的“{'、'.join(sorted(own))}”与您同名：自家的件应当回避，请另一人办理。",
            fields={"actor": actor.name},
        )  # fmt: skip


# --- the household ----------------------------------------------------------------------------------------------------


def members(operator: Operator) -> list[Operator]:
    """Return the household group: who names the same head, and the head."""
    return list(Operator.objects.filter(Q(household=operator.group) | Q(code=operator.group) | Q(pk=operator.pk)))


def owed(operator: Operator, besides: Case | None = None) -> dict[str, int]:
    """Return what the household owes (fen): outstanding and approved, not yet disbursed, by project type.

    `besides` is the case that is being decided; it does not count against itself.
    """
    group = {one.pk: one for one in members(operator)}
    found: Counter[str] = Counter(outstanding=0, outstanding_infra=0, undisbursed=0, undisbursed_infra=0)
    loans = Loan.objects.filter(standing(CLOCK.today()), operator__in=group).exclude(status=Loan.Status.CLOSED)
    for loan in loans:
        if besides is not None and loan.number == besides.number:
            continue
        ending = "_infra" if loan.project_type == "FARMLAND_INFRA" else ""
        if loan.status == Loan.Status.SIGNED:
            found[f"undisbursed{ending}"] += loan.amount
        else:
            found[f"outstanding{ending}"] += loan.outstanding
    subjects = [subject_of(one) for one in group.values()]
    rows = Case.objects.filter(procedure=GUARANTEE, subject__in=subjects, state="approved", is_open=True)
    for case in rows if besides is None else rows.exclude(pk=besides.pk):
        ending = "_infra" if case.facts.get("project_type") == "FARMLAND_INFRA" else ""
        found[f"undisbursed{ending}"] += int(case.facts.get("requested") or 0)
    return dict(found)


# --- the town, the delegation -----------------------------------------------------------------------------------------


@cache
def _codes() -> dict[str, str]:
    return {one["slug"]: one["division_code"][6:9] for one in load_data()["organs"] if one.get("division_code")}


def town_part(organ: str) -> str:
    """Return the three figures of a town in a case's number; 000 where the organ is none."""
    return _codes().get(organ, "000")


def require_delegation(organ: str, act: str, on: datetime.date) -> None:
    """Refuse an act of the company's office without a live delegation (E_NO_DELEGATION). `act`: contract or claim."""
    if organ != "agri-guarantee--office":
        return
    rows = Delegation.objects.filter(standing(on), delegate=organ, acts__in=("all", act), starts_on__lte=on)
    if not rows.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on)).exists():
        words = {"contract": "签订担保合同", "claim": "代偿和申请补偿"}[act]
        raise LuoshiError(
            "E_NO_DELEGATION", f"办事处代省公司“{words}”要有在期的授权，台账里没有。请先登记授权书。",
            fields={"act": act}, citation=f"{FUND} 第十七条",
        )  # fmt: skip


def facts_of(operator: Operator) -> dict[str, Any]:
    """Return what a case keeps of an archive when it is opened."""
    return {
        "operator": operator.name, "archive_no": operator.number, "category": operator.category,
        "scope": operator.scope, "town": operator.town, "village": operator.village,
        "mechanised": operator.mechanised_on is not None,
    }  # fmt: skip
