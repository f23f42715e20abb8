"""The eight steps of a guarantee (P2): what guards them, the contract tested again, the halt looked at under lock."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from luoshi.kernel.clock import day_of, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import CaseEvent
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.funds.models import Book
from luoshi.office.parameters import book as parameters
from luoshi.programmes.agri_guarantee import archive, fund, lending, reports
from luoshi.programmes.agri_guarantee.decisions.granting import MERITS
from luoshi.programmes.agri_guarantee.decisions.settings import POLICY
from luoshi.programmes.agri_guarantee.models import Loan

GUARANTEE = "agri_guarantee.guarantee"
_PASSED = ("allow", "allow_with_condition")


@effect("agri_guarantee.applied")
def applied(turn: Turn) -> None:
    """Take who applies from the archive, which must be live and of the station's own town; give the case its number."""
    told = turn.facts
    # What another town has archived is not told.
    towns = None if turn.actor.trusted else concern.served_by(turn.case.organ)
    operator = archive.find(str(told["archive"]), towns)
    archive.require_live(operator)
    requested = int(told["requested"])
    if requested <= 0 or requested % 100:
        raise LuoshiError("E_AMOUNT", "申请金额应大于零，且为整元。", fields={"fields": {"requested": "应为整元"}})
    told |= archive.facts_of(operator)
    turn.case.subject = archive.subject_of(operator)
    year = str(local(turn.at).year)
    if turn.case.number.startswith(f"LD{year}000"):
        turn.case.number = f"LD{year}{archive.town_part(operator.town)}{turn.case.number[len(year) + 5 :]}"


@facts("agri_guarantee.applicant")
def applicant(turn: Turn) -> dict[str, Any]:
    """Who applies and what for: the archive's findings, where the station has not found otherwise."""
    told = turn.facts | turn.data
    operator = archive.of_case(turn.case)
    known = {} if operator is None else {name: getattr(operator, field) for name, field in archive.HAVES.items()}
    merits = {} if operator is None else {name: getattr(operator, name) for name in MERITS}
    live = operator is not None and operator.status == "archived" and operator.stands(day_of(turn.at))
    inside = told.get("in_rushan") or ("yes" if operator is not None else None)
    return {
        "category": told["category"], "scope": told["scope"], "in_rushan": inside,
        "haves": {"archived": "yes" if live else "no", **{one: told.get(one) or said for one, said in known.items()}},
        "merits": {name: told.get(name) or said for name, said in merits.items()},
    }  # fmt: skip


@facts("agri_guarantee.request")
def request(turn: Turn) -> dict[str, Any]:
    """What is asked for and what the household owes already."""
    return _amount(turn, int(turn.facts["requested"]))


@effect("agri_guarantee.unrelated")
def unrelated(turn: Turn) -> None:
    """Nobody examines a case of the own household or firm."""
    archive.require_unrelated(turn)


@effect("agri_guarantee.rechecked")
def rechecked(turn: Turn) -> None:
    """The Office looks again at who applies: what was fit at the station must be fit today."""
    archive.require_unrelated(turn)
    taken = parameters.decide("agri_guarantee.eligibility", applicant(turn), day_of(turn.at))
    if taken.outcome.value not in _PASSED:
        against = [one.text for one in taken.reasons if one.ok is not True]
        raise LuoshiError("E_RULE", f"还不能推荐：{'；'.join(against)}。", fields={"decision": taken.definition.key},
                          citation=str(taken.definition.citation))  # fmt: skip


def _amount(turn: Turn, amount: int) -> dict[str, Any]:
    told = turn.facts | turn.data
    operator = archive.of_case(turn.case)
    if operator is None:
        raise LuoshiError("E_STATE", "这件申请没有建档，请退回补正。")
    certified = operator.mechanised_on
    return {
        "category": told["category"], "requested": amount, "project_type": told["project_type"],
        "mechanised": certified is not None,
        "mechanised_certified_on": None if certified is None else certified.isoformat(),
        "decided_on": day_of(turn.at).isoformat(), **archive.owed(operator, turn.case),
    }  # fmt: skip


# --- the halt ---------------------------------------------------------------------------------------------------------


_REVIEWED = 6


def _step(number: int) -> Callable[[Turn], dict[str, Any]]:
    def gather(turn: Turn) -> dict[str, Any]:
        """The step, the halt as an act finds it under the fund's lock, and when the guarantee contract was signed."""
        archive.require_unrelated(turn)
        if number == _REVIEWED:
            reports.require_passed(turn.case)
        book = Book.objects.filter(key=fund.BOOK).first()
        if book is not None and not turn.looks:
            # Whoever commits second finds what the first one posted.
            fund.state_of(book, lock=True)
            fund.watch(book, actor=Actor.system("系统", "case"), trigger=f"办件 {turn.case.number}")
        halt = fund.live_halt()
        signed = CaseEvent.objects.filter(case=turn.case, act="contract").order_by("n").first()
        return {
            "step": number,
            "halted_at": None if halt is None else local(halt.halted_at).isoformat(),
            "signed_at": None if signed is None else local(signed.at).isoformat(),
        }

    return gather


for _number, _name in ((4, "fourth"), (5, "fifth"), (6, "sixth"), (7, "seventh"), (8, "eighth")):
    facts(f"agri_guarantee.{_name}")(_step(_number))


# --- contract and disbursement ----------------------------------------------------------------------------------------


@effect("agri_guarantee.contract")
def contract(turn: Turn) -> None:
    """Test amount, term and cost again on what is being signed; what needs a reason must have one."""
    told, amount = turn.data, int(turn.data["amount"])
    archive.require_delegation(turn.organ, "contract", day_of(turn.at))
    if amount > int(turn.facts["requested"]):
        raise LuoshiError("E_INPUT", "合同金额大于推荐的申请金额。", fields={"fields": {"amount": "大于申请金额"}})
    passed = reports.least_passed(turn.case)
    if passed is not None and amount > passed:
        raise LuoshiError("E_INPUT", f"合同金额大于评审通过的 {Money(passed)} 元。",
                          fields={"fields": {"amount": "大于评审金额"}}, citation=f"{POLICY} 二(二)3")  # fmt: skip
    if amount % 100:
        raise LuoshiError("E_INPUT", "合同金额应为整元。", fields={"fields": {"amount": "应为整元"}})
    numbers = [told["entrusted_no"], told["guarantee_no"], told["loan_no"]]
    if len(set(numbers)) < len(numbers):
        raise LuoshiError("E_INPUT", "三份合同的编号不能相同。", fields={"fields": {"loan_no": "与另一份相同"}})
    asked = {
        "amount": _amount(turn, amount),
        "term": {"start": told["start"], "end": told["end"], "ground": told.get("ground")},
        "cost": {"category": turn.facts["category"], "grain": turn.facts["scope"] == "GRAIN", "rate": told["rate"],
                 "fee": told["fee"], "start": told["start"], "end": told["end"]},
    }  # fmt: skip
    words: list[str] = []
    for name, given in asked.items():
        taken = parameters.decide(f"agri_guarantee.{name}", given, day_of(turn.at))
        against = [one.text for one in taken.reasons if one.ok is False]
        if taken.outcome.value not in _PASSED:
            raise LuoshiError(
                "E_RULE", f"还不能签订合同：{'；'.join(against) or taken.definition.title}。",
                fields={"decision": taken.definition.key}, citation=str(taken.definition.citation),
            )  # fmt: skip
        if taken.value["result"] in ("REASON_REQUIRED", "OK_WITH_REASON"):
            words.append(taken.reasons[-1].text if name == "term" else taken.reasons[0].text)
        if name == "cost":
            turn.case.facts |= {"all_in": taken.value["all_in"], "rate_result": taken.value["rate_result"]}
    if words and not str(told.get("rate_reason") or "").strip():
        raise LuoshiError(
            "E_INCOMPLETE", f"请写明理由：{'；'.join(words)}。", fields={"fields": {"rate_reason": "请写明理由"}}
        )
    lending.sign(turn)


@effect("agri_guarantee.disburse")
def disburse(turn: Turn) -> None:
    """No more than the contract, not before it, not in the future."""
    told = turn.data
    if int(told["disbursed"]) > int(turn.facts["amount"]):
        raise LuoshiError("E_INPUT", "放款金额大于合同金额。", fields={"fields": {"disbursed": "大于合同金额"}})
    day = datetime.date.fromisoformat(str(told["disbursed_on"]))
    lending.disbursed(turn, int(told["disbursed"]), day)


@effect("agri_guarantee.overdue")
def overdue(turn: Turn) -> None:
    """The bank says that the borrower is late."""
    lending.change(turn.case.number, "逾期", overdue_days=int(turn.data["overdue_days"]), status=Loan.Status.OVERDUE)


@effect("agri_guarantee.cured")
def cured(turn: Turn) -> None:
    """The borrower has caught up."""
    lending.change(turn.case.number, "已还清逾期", overdue_days=0, status=Loan.Status.ACTIVE)


@effect("agri_guarantee.settled")
def settled(turn: Turn) -> None:
    """Nothing is owed any more."""
    row = lending.loan_of(turn.case.number)
    if row is not None:
        lending.change(row.number, "结清", repaid=row.disbursed - row.covered, interest=0, overdue_days=0,
                       status=Loan.Status.CLOSED)  # fmt: skip
