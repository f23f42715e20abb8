"""A supplementary agreement: price, supervised amount, lines or parties of a sale change, signed by all three (6.4).

It is tested when it is asked for and again, under the sale's lock, when another hand agrees. What lies in the account
stays what it is: no line falls below what is in it, and money of a buyer who leaves is refunded first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import Turn
from luoshi.office.organs.sealing import seal, unseal
from luoshi.programmes.home_escrow import common, contracts, course, papers, signing
from luoshi.programmes.home_escrow.common import ORGAN, ROOM, Person
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Sale, SaleLine, Supplement

SUPPLEMENT = f"{ROOM}.supplement"
_CLAUSE = f"{RULES} 第十二条"
_OPEN = (Sale.State.FUNDING, Sale.State.FILED)


class Terms(NamedTuple):
    """What a sale would be: amounts in fen, lines as `home_escrow.amount` takes them, parties where they change."""

    contract_no: str
    price: int
    supervised: int
    lines: list[dict[str, Any]]
    people: list[Person]


def open_supplement(*, actor: Actor, told: Mapping[str, Any]) -> Case:
    """Ask for a supplementary agreement; `told` are the asks of `procedures/supplement.yaml`.

    Errors: those of `cases.open_case`, of `terms`, E_NOT_FOUND.
    """
    given = {name: value for name, value in told.items() if value not in (None, "")}
    number = str(given.get("agreement_no", "")).strip()
    sale = course.sale_of(number)
    given["bank_organ"] = contracts.organ_of(sale.book)
    return cases.open_case(actor=actor, procedure=SUPPLEMENT, title=f"补充协议 {number}", facts=given,
                           subject=f"sale:{number}", organ=actor.organ or ORGAN)  # fmt: skip


def terms(sale: Sale, told: Mapping[str, Any], people: Sequence[Person]) -> Terms:
    """Return what the sale becomes; E_STATE (transferred, being ended), E_RULE (amounts, money in), E_CHECK_DIGIT."""
    if sale.state not in _OPEN or contracts.termination_open(sale.agreement_no):
        raise LuoshiError("E_STATE", f"{sale.agreement_no} {sale.get_state_display()}，不能再变更。",
                          fields={"state": sale.state}, citation=_CLAUSE)  # fmt: skip
    lines = contracts.lines_of(told)
    supervised = sum(int(one["amount"]) for one in lines)
    price = int(told["price"])
    facts = {"mode": "FULL" if supervised == price else "PARTIAL", "price": price, "supervised": supervised,
             "lines": lines, "contract_supervised": int(told["contract_supervised"])}  # fmt: skip
    common.refuse(common.decide("amount", facts), "监管资金不符")
    inside = {one.lender: one.deposited for one in sale.lines.all() if one.lender}
    inside[""] = sum(one.deposited for one in sale.lines.all() if not one.lender)
    agreed = {str(one.get("lender") or ""): int(one["amount"]) for one in lines}
    for lender, fen in inside.items():
        if fen > agreed.get(lender, 0):
            raise LuoshiError(
                "E_RULE", f"{lender or '买受人'}已存入 {Money(fen)} 元，变更后只有 {Money(agreed.get(lender, 0))} 元。",
                fields={"fields": {"loan" if lender else "own": "少于已存入的"}}, citation=_CLAUSE,
            )  # fmt: skip
    if sale.state == Sale.State.FILED and inside[""] < agreed.get("", 0):
        raise LuoshiError("E_RULE", "合同已备案，备案前的款项要先存足，不能再增加自有资金。", citation=_CLAUSE)
    _parties(sale, people, inside[""])
    return Terms(str(told.get("contract_no") or sale.contract_no)[:60], price, supervised, lines, list(people))


def _parties(sale: Sale, people: Sequence[Person], inside: int) -> None:
    """Refuse parties that cannot be: numbers that are wrong, one on both sides, a buyer gone whose money is in."""
    if not people:
        return
    told = {f"{side}s": [one.number for one in people if one.side == side] for side in ("buyer", "seller")}
    common.refuse(common.decide("party", {name: numbers for name, numbers in told.items() if numbers}), "证件号码有误")
    numbers = {side: {clean(one.number) for one in people if one.side == side} for side in ("buyer", "seller")}
    for side, kept in numbers.items():
        if not kept:
            kept |= {_number(sale, one.side, one.n, one.suite, one.sealed) for one in sale.parties.filter(side=side)}
    if numbers["buyer"] & numbers["seller"]:
        raise LuoshiError("E_INPUT", "买受人和出卖人是同一人。", fields={"fields": {"buyers": "与出卖人相同"}})
    names = {one.name for one in people if one.side == "buyer"}
    if inside and names and not names & set(sale.parties.filter(side="buyer").values_list("name", flat=True)):
        raise LuoshiError("E_RULE", "原买受人已存入资金，不能整个换人，请先办理解除退款。", citation=_CLAUSE)


def _number(sale: Sale, side: str, n: int, suite: str, sealed: str) -> str:
    return unseal(suite, sealed, f"home_escrow_party.{sale.agreement_no}.{side}.{n}")


# --- the steps of the case --------------------------------------------------------------------------------------------


@effect("home_escrow.supplement_asked")
def supplement_asked(turn: Turn) -> None:
    """Test what is asked for; the numbers of persons are sealed and masked in the case."""
    told = turn.data
    if not told.get("all_signed"):
        raise LuoshiError("E_INCOMPLETE", "补充协议须三方都签字。", fields={"fields": {"all_signed": "请勾选"}},
                          citation=_CLAUSE)  # fmt: skip
    sale = course.sale_of(str(told["agreement_no"]).strip())
    if turn.facts.get("bank_organ") != contracts.organ_of(sale.book):
        raise LuoshiError("E_NOT_FOUND", f"没有监管协议“{sale.agreement_no}”。")
    people = [one for side in ("buyer", "seller") for one in contracts.people_of(str(told.get(f"{side}s") or ""), side)]
    terms(sale, told, people)
    turn.case.subject, turn.case.one_open = f"sale:{sale.agreement_no}", True
    turn.case.facts["sealed"] = [
        [one.side, one.name, *seal(clean(one.number), f"home_escrow_supplement.{turn.case.number}.{n}"), one.share]
        for n, one in enumerate(people)
    ]
    for side in ("buyers", "sellers"):
        if told.get(side):
            shown = "\n".join(f"{one.name} 尾号{clean(one.number)[-4:]}" for one in people if f"{one.side}s" == side)
            turn.data[side] = turn.case.facts[side] = shown
    turn.tell("reviewer", f"{turn.case.number} 补充协议待复核")


@effect("home_escrow.supplement_agreed")
def supplement_agreed(turn: Turn) -> None:
    """The sale is what the supplementary agreement says; what it was before is kept beside it."""
    told = turn.facts
    sale = course.sale_of(str(told["agreement_no"]).strip(), lock=Lock.CASE)
    people = [
        Person(side, name, unseal(suite, sealed, f"home_escrow_supplement.{turn.case.number}.{n}"), share)
        for n, (side, name, suite, sealed, share) in enumerate(told.get("sealed") or [])
    ]
    agreed = terms(sale, told, people)
    before = picture(sale)
    try:
        with transaction.atomic():
            _write(sale, agreed)
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "变更后的合同编号已在另一笔监管里，或同一人写了两次。") from None
    n = Supplement.objects.filter(sale=sale).count() + 1
    row = Supplement.objects.create(sale=sale, n=n, case_no=turn.case.number, on=day_of(turn.at), before=before,
                                    after=picture(sale))  # fmt: skip
    audit.append(actor=turn.actor, act="escrow.supplement", subject=f"sale:{sale.agreement_no}",
                 before=shown(before), after=shown(row.after), basis=_CLAUSE)  # fmt: skip
    course.follow(sale)
    papers.supplement(turn, sale, row)


def _write(sale: Sale, agreed: Terms) -> None:
    sale.contract_no, sale.price, sale.supervised = agreed.contract_no, agreed.price, agreed.supervised
    for side in ("buyer", "seller"):
        rows = [one for one in agreed.people if one.side == side]
        if rows:
            sale.parties.filter(side=side).delete()
            for one in rows:
                signing.add_party(sale, one)
            setattr(sale, side, "、".join(one.name for one in rows)[:100])
    sale.save()
    inside = {one.lender: 0 for one in sale.lines.all()}
    for old in sale.lines.all():
        inside[old.lender] += old.deposited
    SaleLine.objects.filter(sale=sale).delete()
    for n, line in enumerate(agreed.lines, 1):
        lender = str(line.get("lender") or "")
        SaleLine.objects.create(sale=sale, n=n, amount=int(line["amount"]), kind=str(line["kind"]), lender=lender,
                                deposited=inside.get(lender, 0), before_filing=not lender)  # fmt: skip


def picture(sale: Sale) -> dict[str, Any]:
    """Return what a supplementary agreement may change of a sale; numbers stay sealed."""
    return {
        "contract_no": sale.contract_no, "price": sale.price, "supervised": sale.supervised, "buyer": sale.buyer,
        "seller": sale.seller,
        "lines": [{"kind": one.kind, "lender": one.lender, "amount": one.amount, "deposited": one.deposited}
                  for one in sale.lines.all()],
        "parties": [[one.side, one.n, one.name, one.suite, one.sealed, one.share] for one in sale.parties.all()],
    }  # fmt: skip


def shown(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a picture without the sealed numbers."""
    return {name: value for name, value in told.items() if name != "parties"}
