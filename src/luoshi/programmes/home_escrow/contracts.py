"""The steps of the room's cases: a sale from signing to the seller's account, its end, sales outside, banks, findings.

The ways are `procedures/*.yaml`; the money is `sales`. A step of a sale's case holds the case and takes the sale after
it; what is approved is tested again when it is instructed, and again by `sales.instructed` when another hand checks it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import clean
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.funds import hooks, payments
from luoshi.office.funds.models import Book, PaymentInstruction
from luoshi.office.locks import serialise
from luoshi.office.organs.sealing import blind, seal, unseal
from luoshi.office.permissions import require
from luoshi.programmes.home_escrow import (
    common,
    course,
    incoming,
    papers,
    paying,
    refunding,
    releasing,
    signing,
    suspense,
)
from luoshi.programmes.home_escrow.common import ENDING, ORGAN, ROOM, SALE, Home, Person
from luoshi.programmes.home_escrow.course import Lock
from luoshi.programmes.home_escrow.decisions.settings import RULES
from luoshi.programmes.home_escrow.models import Agency, Bank, EscrowAccount, Outside, Payout, Sale, StatusCheck
from luoshi.programmes.home_escrow.names import same

OUTSIDE, BANK, DISCIPLINE = f"{ROOM}.outside", f"{ROOM}.bank", f"{ROOM}.discipline"
SUSPENSE = suspense.PROCEDURE
RELEASING = ("approved", "releasing", "owed")
"""Where a release is open: from its approval until the bank has paid."""
_PAPERS = {"paper_agreement": "agreement", "paper_vouchers": "vouchers", "paper_identity": "identity",
           "paper_title": "title"}  # fmt: skip


# --- signing ----------------------------------------------------------------------------------------------------------


def open_sale(*, actor: Actor, told: Mapping[str, Any]) -> Case:
    """Open the case of a sale whose agreement was signed at the bank; `told` are the asks of `procedures/sale.yaml`.

    Errors: those of `cases.open_case` and of `sales.sign`.
    """
    book = Book.objects.filter(key=str(told.get("account", "")), plan=common.PLAN).first()
    given = {name: value for name, value in told.items() if value not in (None, "")}
    if book is not None:
        given.setdefault("bank_organ", organ_of(book))
    title = str(told.get("address") or told.get("contract_no") or "")[:100]
    return cases.open_case(actor=actor, procedure=SALE, title=title, facts=given, organ=actor.organ or ORGAN)


_SIGNED = ("contract_no", "contract_on", "unit_code", "title_no", "address", "area", "buyers", "sellers", "mode",
           "lender", "more_loans", "plan")  # fmt: skip
_AMOUNTS = ("price", "contract_supervised", "own", "loan")


@hooks.on(ROOM, "bank.AGREEMENT_SIGNED")
def agreement_signed(told: hooks.Told) -> dict[str, Any]:
    """Open a sale whose agreement the bank's teller signed with the parties; amounts as `price_fen`, `own_fen` ...

    What the decisions refuse is refused to the bank: the message is not kept and may be sent again, put right.
    """
    body = told.message
    given: dict[str, Any] = {name: str(body.get(name) or "")[:2000] for name in _SIGNED}
    for name in _AMOUNTS:
        fen = body.get(f"{name}_fen")
        if fen is not None and (type(fen) is not int or not 0 <= fen < 10**15):
            raise LuoshiError("E_AMOUNT", f"{name}_fen 应为整数分，没有受理。", fields={"field": f"{name}_fen"})
        given[name] = str(Money(fen)) if fen else ""
    case = open_sale(actor=PROGRAM, told=given | {"account": told.book.key})
    return {"agreement_no": case.number}


def organ_of(book: Book) -> str:
    """Return the organ whose tellers work on an account; the Department's own where the register names none."""
    row = EscrowAccount.objects.select_related("bank").filter(book=book).first()
    return (row.bank.organ if row is not None else "") or ORGAN


def href_of(case: Case) -> str:
    """Return the address of a case's page: a sale's own, else the case's."""
    return f"/escrow/sales/{case.number}/" if case.procedure == SALE else f"/cases/{case.pk}/"


_PERSON = re.compile(
    r"(?P<name>.+?)[\s,，]+(?P<number>(?:(?:护照|通行证|居住证|居留证|军官证)\s*)?[^\s,，]+)(?:[\s,，]+(?P<share>[0-9]{1,5}))?"
)


def people_of(text: str, side: str) -> list[Person]:
    """Read `name number [share]` line by line, the name with its blanks; E_INPUT names the line."""
    found = []
    for n, line in enumerate((one for one in re.split(r"[\n；;]+", text) if one.strip()), 1):
        words = _PERSON.fullmatch(line.strip())
        if words is None or not 0 < int(words["share"] or 1) <= 10_000:
            raise LuoshiError("E_INPUT", f"第 {n} 行应写“姓名 证件号码”，出卖人可再写份额（整数）。",
                              fields={"fields": {f"{side}s": f"第 {n} 行写法不对"}})  # fmt: skip
        found.append(Person(side, " ".join(words["name"].split()), words["number"], int(words["share"] or 1)))
    return found


def lines_of(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a price: the buyer's own money, a loan, loans of further lenders (`bank yuan` a line).

    Errors: E_INPUT (nothing named, a loan without lender, a line that cannot be read, a lender twice).
    """
    lines: list[dict[str, Any]] = []
    if told.get("own"):
        lines.append({"kind": "首付款" if told.get("loan") else "一次性付款", "amount": int(told["own"])})
    if told.get("loan"):
        if not told.get("lender"):
            raise LuoshiError("E_INPUT", "有按揭贷款的要写明贷款银行。", fields={"fields": {"lender": "请写贷款银行"}})
        lines.append({"kind": "按揭贷款", "amount": int(told["loan"]), "lender": str(told["lender"]).strip()[:100]})
    for n, words in enumerate(_rows_of(str(told.get("more_loans") or "")), 1):
        if len(words) != 2:
            raise LuoshiError("E_INPUT", f"第 {n} 行应写“贷款银行 金额（元）”。",
                              fields={"fields": {"more_loans": f"第 {n} 行写法不对"}})  # fmt: skip
        lines.append({"kind": "按揭贷款", "amount": Money.yuan(words[1]).fen, "lender": words[0][:100]})
    if not lines:
        raise LuoshiError("E_INPUT", "请写明自有资金或按揭贷款。", fields={"fields": {"own": "请写金额"}})
    lenders = [one["lender"] for one in lines if one.get("lender")]
    if len(set(lenders)) < len(lenders):
        raise LuoshiError("E_INPUT", "同一贷款银行写了两次。", fields={"fields": {"more_loans": "银行重复"}})
    return lines


def _rows_of(text: str) -> list[list[str]]:
    """Return the words of each line that is not empty."""
    return [re.split(r"[\s，]+", one.strip()) for one in re.split(r"[\n；;]+", text) if one.strip()]


def next_number(book: Book, day: datetime.date) -> str:
    """Return the next agreement number of a bank and a year: `JG{yyyy}{bank 2}{serial 6}`. E_SERIES_FULL."""
    row = EscrowAccount.objects.select_related("bank").filter(book=book).first()
    head = f"JG{day.year}{row.bank.code if row is not None else '01'}"
    serialise(f"home_escrow.number:{head}")
    rows = Sale.objects.filter(agreement_no__startswith=head, agreement_no__regex=rf"^{head}\d{{6}}$")
    last = rows.order_by("-agreement_no").values_list("agreement_no", flat=True).first()
    serial = int(last[-6:]) + 1 if last else 1
    if serial > 999_999:
        raise LuoshiError("E_SERIES_FULL", f"{head} 的协议编号已用完。")
    return f"{head}{serial:06d}"


@effect("home_escrow.signed")
def signed(turn: Turn) -> None:
    """Sign the agreement; the numbers of persons are sealed and masked in the case."""
    told, day = turn.data, day_of(turn.at)
    book = Book.objects.filter(key=str(told["account"]), plan=common.PLAN).first()
    if book is None:
        raise LuoshiError("E_INPUT", "没有这个监管账户。", fields={"fields": {"account": "请从已启用的账户里选"}})
    if told.get("area") and not 0 < Decimal(str(told["area"])) < 10**7:
        raise LuoshiError("E_INPUT", "建筑面积不对。", fields={"fields": {"area": "请核对建筑面积"}})
    for name, title in (("price", "房价款"), ("contract_supervised", "合同写明的监管资金")):
        if int(told[name]) <= 0:
            raise LuoshiError("E_AMOUNT", f"{title}应大于零。", fields={"fields": {name: f"{title}应大于零"}})
    people = [*people_of(told["buyers"], "buyer"), *people_of(told["sellers"], "seller")]
    lines = lines_of(told)
    names = {side: "、".join(one.name for one in people if one.side == side)[:100] for side in ("buyer", "seller")}
    number = next_number(book, day)
    signing.sign(
        actor=PROGRAM, book=book, agreement_no=number, contract_no=str(told["contract_no"])[:60],
        unit_code=clean(str(told["unit_code"])), buyer=names["buyer"], seller=names["seller"],
        price=int(told["price"]), lines=lines, plan=str(told["plan"]), mode=str(told["mode"]),
        contract_supervised=int(told["contract_supervised"]), filed=bool(told.get("filed_already")), parties=people,
        home=Home(str(told["title_no"]).replace("（", "(").replace("）", ")")[:80], str(told["address"])[:200],
                  int(Decimal(str(told["area"])) * 100) if told.get("area") else None),
        contract_on=datetime.date.fromisoformat(str(told["contract_on"])),
    )  # fmt: skip
    turn.case.number, turn.case.subject = number, f"sale:{number}"
    for side in ("buyers", "sellers"):
        shown = "\n".join(f"{one.name} 尾号{clean(one.number)[-4:]}" for one in people if f"{one.side}s" == side)
        turn.data[side] = turn.case.facts[side] = shown
    papers.agreement(turn, course.sale_of(number))


# --- filing and transfer ----------------------------------------------------------------------------------------------


@facts("home_escrow.filing_facts")
def filing_facts(turn: Turn) -> dict[str, Any]:
    """The lines with what is in, and the papers ticked."""
    told = turn.facts | turn.data
    ticked = [paper for name, paper in _PAPERS.items() if told.get(name)]
    return {"route": "SUPERVISED", "lines": signing.lines_told(course.sale_of(turn.case.number)), "papers": ticked}


@effect("home_escrow.file")
def file(turn: Turn) -> None:
    """File the contract, today."""
    signing.file(actor=turn.actor, agreement_no=turn.case.number, on=day_of(turn.at), lock=Lock.SALE)


@effect("home_escrow.registry_checked")
def registry_checked(turn: Turn) -> None:
    """Keep that the registry's counter looked the filing up."""
    _checked(turn, "land-resources")


@effect("home_escrow.tax_checked")
def tax_checked(turn: Turn) -> None:
    """Keep that the tax counter looked the filing up."""
    _checked(turn, "tax")


def _checked(turn: Turn, organ: str) -> None:
    sale = course.sale_of(turn.case.number)
    StatusCheck.objects.create(asked=sale.contract_no, organ=organ, by=turn.actor.name[:100], at=turn.at, sale=sale,
                               answer=status_of(sale.contract_no))  # fmt: skip


@effect("home_escrow.register")
def register(turn: Turn) -> None:
    """The home is in the buyers' names."""
    day = datetime.date.fromisoformat(str(turn.data["registered_on"]))
    signing.register(actor=PROGRAM, agreement_no=turn.case.number, on=day, lock=Lock.SALE)
    turn.tell("clerk", f"{turn.case.number} 已登记到买受人名下，可以申请划转")


@effect("home_escrow.cancel")
def cancel(turn: Turn) -> None:
    """End an agreement nothing was paid under, as all three agree."""
    if not turn.data.get("all_agree"):
        raise LuoshiError("E_INCOMPLETE", "取消须三方都同意。", fields={"fields": {"all_agree": "请勾选"}})
    signing.cancel(actor=PROGRAM, agreement_no=turn.case.number, lock=Lock.SALE)


def status_of(asked: str) -> dict[str, Any]:
    """Return what a contract number or a unit code finds: signed online, filed, when, by which route, the price.

    The live sale first, then the last one; then contracts that go another way; what is unknown is not signed.
    """
    word = clean(asked)
    sale = Sale.objects.filter(Q(contract_no=asked.strip()) | Q(unit_code=word)).exclude(state="cancelled")
    if (row := sale.order_by("-live", "-pk").first()) is not None:
        told = {"online_signed": True, "filed_on": row.filed_on and str(row.filed_on), "route": "SUPERVISED",
                "price": row.price}  # fmt: skip
        found = {"contract_no": row.contract_no, "unit_code": row.unit_code, "agreement_no": row.agreement_no,
                 "state": row.state}  # fmt: skip
    else:
        other = Outside.objects.filter(Q(contract_no=asked.strip()) | Q(unit_code=word)).order_by("-pk").first()
        if other is None:
            told, found = {"online_signed": False, "filed_on": None, "route": None, "price": None}, {}
        else:
            told = {"online_signed": True, "filed_on": str(other.filed_on), "route": other.route, "price": other.price}
            found = {"contract_no": other.contract_no, "unit_code": other.unit_code, "certificate": other.certificate}
    taken = common.decide("status", told)
    return {**taken.value, **found, "reasons": [one.text for one in taken.reasons]}


def check_status(*, actor: Actor, asked: str) -> StatusCheck:
    """Answer registry or tax whether a contract is signed online and filed, and keep the answer with who asked (P7).

    Errors: E_FORBIDDEN, E_INPUT (nothing asked).
    """
    require(actor, "escrow.check")
    if not asked.strip() or len(asked) > 60:
        raise LuoshiError("E_INPUT", "请写合同编号或不动产单元代码。", fields={"field": "asked"})
    answer = status_of(asked)
    with transaction.atomic():
        sale = Sale.objects.filter(agreement_no=answer.get("agreement_no", "")).first()
        row = StatusCheck.objects.create(asked=asked.strip(), organ=actor.organ[:80], by=actor.name[:100], sale=sale,
                                         at=CLOCK.now(), answer=answer)  # fmt: skip
        audit.append(actor=actor, act="escrow.check", subject=f"contract:{asked.strip()}", permission="escrow.check",
                     after={"filed": answer["filed"], "route": answer["route"]}, basis=f"{RULES} 第五条")  # fmt: skip
    return row


# --- release ----------------------------------------------------------------------------------------------------------


def termination_open(number: str) -> bool:
    """Tell whether an ending stands against a release: a court's document that is not verified yet does not."""
    case = course.ending_of(number)
    if case is None or not case.is_open:
        return False
    return not (case.facts.get("ground") == "2" and case.state == "requested")


@facts("home_escrow.release_facts")
def release_facts(turn: Turn) -> dict[str, Any]:
    """The sale as it stands, who has applied, the amount, whether an ending is open."""
    sale = course.sale_of(turn.case.number)
    told = turn.facts | turn.data
    row = Payout.objects.filter(sale=sale, purpose="release", live=True).first()
    if row is None or turn.data.get("owner") or turn.data.get("by_shares"):
        amount = int(turn.data["amount"]) if turn.data.get("amount") else None
    else:
        amount = row.amount
    applied = [side for side, name in (("buyer", "buyer_applied"), ("seller", "seller_applied")) if told.get(name)]
    given = releasing.release_facts(sale, amount)
    return given | {"applied_by": applied, "termination_open": termination_open(turn.case.number)}


_ACCOUNT = re.compile(r"(.+?)[\s,，]+(\S*[0-9]\S*)[\s,，]+(.+)")
"""Owner (blanks and all), account number, bank."""


@effect("home_escrow.requested")
def requested(turn: Turn) -> None:
    """Keep where the money shall go; an account that is not the seller's needs one of the two papers."""
    sale = course.sale_of(turn.case.number, lock=Lock.SALE)
    told = turn.data
    shares = str(told.get("by_shares") or "").strip()
    wanted = {"owner": "请写收款户名", "number": "请写收款账号", "payee_bank": "请写开户银行"}
    if not shares and (lacking := {name: text for name, text in wanted.items() if not told.get(name)}):
        raise LuoshiError("E_INCOMPLETE", f"{'、'.join(lacking.values())}；按份额的填“分别收款”。",
                          fields={"fields": lacking}, citation=f"{RULES} 第十五条(四)")  # fmt: skip
    sellers = list(sale.parties.filter(side="seller"))
    Payout.objects.filter(sale=sale, purpose="release", live=True).update(live=False)
    amount = int(told["amount"]) if told.get("amount") else None
    if shares:
        found = [_ACCOUNT.fullmatch(line.strip()) for line in shares.splitlines() if line.strip()]
        rows = [one.groups() for one in found if one is not None]
        if len(rows) != len(sellers) or len(rows) != len(found):
            raise LuoshiError("E_INPUT", f"按份额收款要写 {len(sellers)} 行，每行“户名 账号 开户银行”。",
                              fields={"fields": {"by_shares": "行数或写法不对"}})  # fmt: skip
        for seller, (owner, number, bank) in zip(sellers, rows, strict=True):
            _payee(sale, seller.name, owner, number, "own", "")
            _payout(turn, sale, "release", (owner, number, bank), "own", "", "", amount, seller.name)
    else:
        basis = str(told.get("basis") or "own")
        # One account for several sellers is one all of them designated: by a deed, or it is the only seller's own.
        _payee(sale, sale.seller, told["owner"], told["number"], basis, str(told.get("paper_number") or ""))
        _payout(turn, sale, "release", (told["owner"], told["number"], told["payee_bank"]), basis,
                str(told.get("paper_no") or ""), str(told.get("paper_number") or ""), amount, "")  # fmt: skip
    _mask(turn)


def _payee(sale: Sale, seller: str, owner: str, number: str, basis: str, paper_number: str) -> None:
    paper = None if basis == "own" else basis
    told = {"seller": seller, "owner": owner, "number": number, "paper": paper, "paper_number": paper_number or None,
            "agency": bool(incoming.agency_kind(owner))}  # fmt: skip
    taken = common.decide("payee", told)
    if taken.outcome.value == "refuse":
        against = "；".join(one.text for one in taken.reasons if one.ok is False)
        raise LuoshiError("E_RULE", f"不能付到这个账户：{against}。",
                          fields={"fields": {"owner": against}, "result": "REFUSE_PAYEE"},
                          citation=f"{RULES} 第十五条(四)")  # fmt: skip
    common.refuse(taken, "不能付到这个账户")


def _payout(
    turn: Turn, sale: Sale, purpose: str, account: tuple[str, str, str], basis: str, paper_no: str, paper_number: str,
    amount: int | None, seller: str,
) -> Payout:  # fmt: skip
    owner, number, bank = (str(one).strip() for one in account)
    if basis != "own" and not paper_no:
        raise LuoshiError("E_INCOMPLETE", "请写公证书或见证书的编号。", fields={"fields": {"paper_no": "请写编号"}})
    place = f"{sale.agreement_no}.{Payout.objects.filter(sale=sale).count() + 1}"
    suite, sealed = seal(number, f"home_escrow_payout.{place}")
    return Payout.objects.create(
        sale=sale, purpose=purpose, owner=owner[:100], suite=suite, sealed=sealed, tail=number[-4:], bank=bank[:100],
        blind=blind("escrow.payee", clean(number)), basis=basis, paper_no=paper_no[:80], paper_tail=paper_number[-4:],
        amount=amount, seller=seller, place=place, at=turn.at,
    )  # fmt: skip


def _mask(turn: Turn) -> None:
    """Leave of account numbers in the case's story what pages may show."""
    for name in ("number", "paper_number", "lender_number"):
        if turn.data.get(name):
            turn.data[name] = f"尾号{str(turn.data[name]).strip()[-4:]}"
    for name in ("by_shares", "lender_accounts", "buyer_accounts"):
        if turn.data.get(name):
            turn.data[name] = re.sub(r"\d{8,}(?=\d{4})", "尾号", str(turn.data[name]))


def account_of(row: Payout) -> payments.Payee:
    """Return the account money goes to, with its number."""
    return payments.Payee(row.owner, unseal(row.suite, row.sealed, f"home_escrow_payout.{row.place}"), row.bank)


@effect("home_escrow.approved")
def approved(turn: Turn) -> None:
    """Another hand approves payee and amount; what is changed after it must be approved again."""
    sale = course.sale_of(turn.case.number, lock=Lock.SALE)
    rows = Payout.objects.filter(sale=sale, purpose="release", live=True)
    if not rows.update(approved=True):
        raise LuoshiError("E_INCOMPLETE", "没有写明收款账户，请退回重新申请。")
    papers.release_notice(turn, sale, list(rows))
    turn.tell("clerk", f"{turn.case.number} 划转已批准，请拟指令")


@effect("home_escrow.request_void")
def request_void(turn: Turn) -> None:
    """The application is void: so is the review of its payee, and an instruction whose money has not moved."""
    sale = course.sale_of(turn.case.number, lock=Lock.SALE)
    Payout.objects.filter(sale=sale, purpose="release", live=True).update(live=False, approved=False)
    paying.withdraw_drafts(sale=sale, reason="划转批准作废")


@effect("home_escrow.instruct")
def instruct(turn: Turn) -> None:
    """Draft the order to the bank, to whom and for what was approved; each seller's part where they share."""
    sale = course.sale_of(turn.case.number, lock=Lock.SALE)
    rows = list(Payout.objects.filter(sale=sale, purpose="release", live=True, approved=True).order_by("pk"))
    if not rows:
        raise LuoshiError("E_INCOMPLETE", "收款账户没有经批准。")
    if termination_open(turn.case.number):
        raise LuoshiError("E_STATE", "解除正在办理，不能放款。", citation=f"{RULES} 第十六条")
    amount = rows[0].amount
    if amount is not None:
        # What was approved is released once: a part of it may have been paid before the rest failed.
        known = {row.pk for row in rows}
        done = [one for one in releasing.settled_of(sale, "RELEASE") if one.meta.get("payout") in known]
        amount -= sum(int(fen) for one in done for code, _sale, fen in one.lines if code in common.OWN)
    fen = releasing.releasable(sale, amount, ["buyer", "seller"])
    weights = {one.name: one.share for one in sale.parties.filter(side="seller")}
    shares = [releasing.Share(account_of(row), weights.get(row.seller, 1), row.seller, row.pk) for row in rows]
    releasing.draft_release(turn.actor, sale, fen, shares)
    turn.tell("reviewer", f"{turn.case.number} 的划转指令待复核")


@effect("home_escrow.settled")
def settled(turn: Turn) -> None:
    """What was approved is used up; the rest is applied for again."""
    Payout.objects.filter(sale__agreement_no=turn.case.number, purpose="release", live=True).update(live=False)


@effect("home_escrow.redraft")
def redraft(turn: Turn) -> None:
    """Only where nothing is on its way: the other hand has sent the draft back."""
    number = turn.case.number if turn.case.procedure == SALE else str(turn.facts["agreement_no"])
    if course.open_payment(course.sale_of(number)):
        clause = "第十五条(四)" if turn.case.procedure == SALE else "第十七条"
        raise LuoshiError("E_STATE", "指令还在办理，不能重拟。", citation=f"{RULES} {clause}")


@effect("home_escrow.reissue")
def reissue(turn: Turn) -> None:
    """Pay again what came back, to an account decided anew: the seller's whose part it is."""
    told = turn.data
    sale = course.sale_of(turn.case.number, lock=Lock.SALE)
    rows = paying.owed(sale, "RELEASE")
    rows.sort(key=lambda one: not same(releasing.whose(one) or sale.seller, str(told["owner"])))
    known = set(sale.parties.filter(side="seller").values_list("name", flat=True))
    seller = releasing.whose(rows[0]) if rows and releasing.whose(rows[0]) in known else ""
    _payee(sale, seller or sale.seller, told["owner"], told["number"], told["basis"],
           str(told.get("paper_number") or ""))  # fmt: skip
    _again(turn, rows)


def _again(turn: Turn, rows: Sequence[PaymentInstruction]) -> None:
    told = turn.data
    if not rows:
        raise LuoshiError("E_STATE", "没有退回待付的款项。")
    payee = payments.Payee(str(told["owner"]), str(told["number"]), str(told["payee_bank"]))
    payments.reissue(actor=turn.actor, payment=rows[0].pk, payee=payee, reason="更正账户")
    _mask(turn)


# --- the end of supervision -------------------------------------------------------------------------------------------


def open_ending(*, actor: Actor, told: Mapping[str, Any]) -> Case:
    """Open the case that ends a sale's supervision. Errors: those of `cases.open_case`, E_NOT_FOUND, E_STATE."""
    number = str(told.get("agreement_no", "")).strip()
    given = {name: value for name, value in told.items() if value not in (None, "")}
    return cases.open_case(actor=actor, procedure=ENDING, title=f"解除监管 {number}", facts=given,
                           subject=f"sale:{number}")  # fmt: skip


@effect("home_escrow.ending_opened")
def ending_opened(turn: Turn) -> None:
    """Never beside an open release: who locks the sale's case first wins; a court's document is recorded meanwhile."""
    told = turn.data
    sale = course.sale_of(str(told["agreement_no"]).strip(), lock=Lock.CASE)
    case = course.case_of(sale.agreement_no)
    if not sale.live or sale.state == Sale.State.TERMINATING:
        raise LuoshiError("E_STATE", f"{sale.agreement_no} {sale.get_state_display()}，不能解除。",
                          fields={"state": sale.state})  # fmt: skip
    open_release = sale.state == Sale.State.RELEASING or (case is not None and case.state in RELEASING)
    if open_release and told["ground"] != "2":
        state = case.state if case is not None else sale.state
        raise LuoshiError("E_STATE", f"{sale.agreement_no} 划转正在办理，不能同时申请解除。", fields={"state": state},
                          citation=f"{RULES} 第十六条")  # fmt: skip
    turn.case.subject, turn.case.one_open = f"sale:{sale.agreement_no}", True
    turn.case.facts |= {"agreement_no": sale.agreement_no,
                        "fresh_from": str(told.get("print_on") or day_of(turn.at).isoformat())}  # fmt: skip


@effect("home_escrow.print_renewed")
def print_renewed(turn: Turn) -> None:
    """A register print made anew takes the place of the old one; its limit runs afresh. Never an older one."""
    old, new = str(turn.case.facts["fresh_from"]), str(turn.data["print_on"])
    if new < old:
        raise LuoshiError("E_INPUT", f"新证明的出具日 {new} 早于原来的 {old}。",
                          fields={"fields": {"print_on": "早于原来的证明"}})  # fmt: skip
    turn.case.facts |= {"print_on": new, "title_in": turn.data["title_in"], "fresh_from": new}


@facts("home_escrow.ending_facts")
def ending_facts(turn: Turn) -> dict[str, Any]:
    """Who applied, on what ground, whose the title is, what is left."""
    told = turn.facts
    sale = course.sale_of(str(told["agreement_no"]))
    kept = course.money(sale)
    registered = sale.registered_on is not None
    case = course.case_of(sale.agreement_no)
    given: dict[str, Any] = {
        "ground": told["ground"], "title_in": "buyer" if registered else told.get("title_in") or "seller",
        "applied_by": [side for side in ("buyer", "seller") if told.get(f"{side}_applied")],
        "legal_document": bool(told.get("document_no")), "citation": told.get("citation"),
        "balance": kept["2001"] + kept["2002"], "released": sale.released,
        "release_open": case is not None and case.state in RELEASING,
        "print_given": bool(told.get("print_on")), "day": day_of(turn.at).isoformat(),
    }  # fmt: skip
    return given | ({"print_on": told["print_on"]} if told.get("print_on") else {})


@effect("home_escrow.ending_verified")
def ending_verified(turn: Turn) -> None:
    """A verified court's document voids the approval of a release whose money is not on its way."""
    sale = course.sale_of(str(turn.facts["agreement_no"]), lock=Lock.CASE)
    case = course.case_of(sale.agreement_no)
    moving = PaymentInstruction.objects.filter(book=sale.book_id, case=sale.agreement_no)
    if moving.filter(state__in=("checked", "sent", "unknown")).exists():
        raise LuoshiError("E_STATE", "放款已在途，等银行结果以后再核实。", fields={"state": sale.state},
                          citation=f"{RULES} 第十六条")  # fmt: skip
    paying.withdraw_drafts(sale=sale, reason=f"{turn.case.number} 已核实，划转作废")
    course.advance(case, "void_request")


@effect("home_escrow.ending_issued")
def ending_issued(turn: Turn) -> None:
    """Issue the notice: the sale is locked for its refunds."""
    told = ending_facts(turn)
    given = {name: told[name] for name in ("ground", "applied_by", "title_in", "legal_document", "print_given", "day")}
    given |= {name: told[name] for name in ("print_on", "citation") if told.get(name)}
    sale = refunding.terminate(
        actor=turn.actor, agreement_no=str(turn.facts["agreement_no"]), facts=given, lock=Lock.CASE
    )
    course.advance(course.case_of(sale.agreement_no), "terminate")
    papers.ending_notice(turn, sale)


@effect("home_escrow.refund")
def refund(turn: Turn) -> None:
    """Draft the refunds: the buyer's part to the account the buyer named, the loan to its lender."""
    told, number = turn.data, str(turn.facts["agreement_no"])
    sale = course.sale_of(number, lock=Lock.CASE)
    buyer = None
    if told.get("number"):
        buyer = payments.Payee(
            str(told.get("owner") or sale.buyer), str(told["number"]), str(told.get("payee_bank") or "")
        )
    lenders: dict[str, payments.Payee] = {}
    names = list(sale.lines.exclude(lender="").values_list("lender", flat=True))
    if told.get("lender_number"):
        if len(names) > 1:
            raise LuoshiError("E_INPUT", f"有 {len(names)} 家贷款银行，请每家一行写明账户。",
                              fields={"fields": {"lender_accounts": "请逐家写明"}})  # fmt: skip
        lenders |= {name: payments.Payee(name, str(told["lender_number"]), str(told.get("lender_bank") or name))
                    for name in names}  # fmt: skip
    for n, words in enumerate(_rows_of(str(told.get("lender_accounts") or "")), 1):
        if len(words) not in (2, 3) or words[0] not in names:
            raise LuoshiError("E_INPUT", f"第 {n} 行应写“贷款银行 账号 开户银行”，银行是本笔交易的贷款银行。",
                              fields={"fields": {"lender_accounts": f"第 {n} 行写法不对"}})  # fmt: skip
        lenders[words[0]] = payments.Payee(words[0], words[1], words[-1] if len(words) == 3 else words[0])
    paper = (
        None if str(told.get("basis") or "own") == "own" else (str(told["basis"]), str(told.get("paper_number") or ""))
    )
    words = [one.strip() for one in re.split(r"[\n；;]+", str(told.get("buyer_accounts") or "")) if one.strip()]
    found = [_ACCOUNT.fullmatch(one) for one in words]
    if not all(found):
        raise LuoshiError("E_INPUT", "买受人分别退款，每行应写“户名 账号 开户银行”。",
                          fields={"fields": {"buyer_accounts": "写法不对"}})  # fmt: skip
    refunding.refund(
        actor=turn.actor, agreement_no=number, buyer=buyer, lenders=lenders, paper=paper, lock=Lock.CASE,
        buyers=[payments.Payee(*one.groups()) for one in found if one is not None],
    )  # fmt: skip
    _mask(turn)
    turn.tell("reviewer", f"{turn.case.number} 的退款指令待复核")


@effect("home_escrow.refund_again")
def refund_again(turn: Turn) -> None:
    """Refund again what came back, to the same party: the buyer's part to a buyer, a loan to its lender."""
    sale = course.sale_of(str(turn.facts["agreement_no"]), lock=Lock.CASE)
    buyers = [sale.buyer, *sale.parties.filter(side="buyer").values_list("name", flat=True)]
    owner, rows = str(turn.data["owner"]), paying.owed(sale, "REFUND")

    def parties(row: PaymentInstruction) -> list[str]:
        if paying.of_loan(row):
            return [row.payee_name]
        return [str(row.meta["buyer"])] if row.meta.get("buyer") else buyers

    mine = [row for row in rows if any(same(name, owner) for name in parties(row))]
    if rows and not mine:
        whose = "、".join("、".join(parties(row)[:1]) for row in rows)
        faults = {"fields": {"owner": f"不是付款的一方：{whose}"}}
        raise LuoshiError("E_RULE", f"退款只能退给付款的一方：{whose}。", fields=faults, citation=f"{RULES} 第十七条")
    _again(turn, mine)


# --- money nobody was known for ---------------------------------------------------------------------------------------


@effect("home_escrow.suspense_asked")
def suspense_asked(turn: Turn) -> None:
    """Tie the case to the transaction it disposes of: who paid it, and that so much of it is left."""
    told = turn.data
    book = _book_of(told)
    if int(told["amount"]) <= 0:
        raise LuoshiError("E_AMOUNT", "金额应大于零。", fields={"fields": {"amount": "应大于零"}})
    Book.objects.select_for_update().get(pk=book.pk)
    found = suspense.inflow_of(book, str(told["payer"]), int(told["amount"]), str(told.get("txn") or "").strip())
    number = str(told.get("agreement_no") or "").strip()
    if number:
        course.sale_of(number)
    turn.case.subject = found.subject
    turn.case.facts["txn"] = found.txn


def _book_of(told: Mapping[str, Any]) -> Book:
    book = Book.objects.filter(key=str(told["account"]), plan=common.PLAN).first()
    if book is None:
        raise LuoshiError("E_INPUT", "没有这个监管账户。", fields={"fields": {"account": "没有这个账户"}})
    return book


@effect("home_escrow.identified")
def identified(turn: Turn) -> None:
    """Book unidentified money to a line of a sale; what an agency paid never can be (article 9)."""
    told = turn.facts
    if not told.get("agreement_no") or not told.get("both_signed"):
        raise LuoshiError(
            "E_INCOMPLETE", "认领要写明监管协议，并由买受人和付款人签字。", citation=f"{RULES} 第十五条(二)"
        )
    if incoming.agency_kind(str(told["payer"]).strip()):
        raise LuoshiError("E_RULE", "中介机构、担保机构代付的款项不能认领，应当退回。", citation=f"{RULES} 第九条")
    number = str(told["agreement_no"]).strip()
    sale = course.sale_of(number)
    if sale.book.key != str(told["account"]):
        raise LuoshiError("E_RULE", f"{number} 的钱在另一个监管账户，这笔来款只能退回。",
                          citation=f"{RULES} 第十五条(二)")  # fmt: skip
    incoming.identify(
        actor=PROGRAM, checker=turn.actor, agreement_no=number, amount=int(told["amount"]),
        key=f"suspense:{turn.case.number}", payer=str(told["payer"]), lender=_lender(sale, told),
        txn=str(told.get("txn") or ""),
    )  # fmt: skip
    suspense.settled(sale.book, turn.case)


def _lender(sale: Sale, told: Mapping[str, Any]) -> str:
    """Return the lender for whose loan the money came; empty for the buyer's own."""
    if told.get("line") != "loan":
        return ""
    names = list(sale.lines.exclude(lender="").values_list("lender", flat=True))
    wanted = str(told.get("lender") or "").strip()
    found = [one for one in names if same(one, wanted)] if wanted else names
    if len(found) != 1:
        raise LuoshiError("E_INPUT", f"请写明是哪家贷款银行的贷款：{'、'.join(names) or '本笔交易没有贷款'}。",
                          fields={"fields": {"lender": "请写贷款银行"}})  # fmt: skip
    return found[0]


@effect("home_escrow.sent_back")
def sent_back(turn: Turn) -> None:
    """Draft sending the money back to its payer."""
    told = turn.facts
    payee = payments.Payee(str(told["payer"]), str(turn.data["number"]), str(turn.data["payee_bank"]))
    paying.send_back(actor=turn.actor, book=_book_of(told), amount=int(told["amount"]), key=turn.case.number,
                    payee=payee)  # fmt: skip
    _mask(turn)


# --- sales outside supervision ----------------------------------------------------------------------------------------


@facts("home_escrow.route_facts")
def route_facts(turn: Turn) -> dict[str, Any]:
    """What the declaration, the exclusion or the exemption rests on."""
    told = turn.facts | turn.data
    if told["route"] == "OPT_OUT":
        signed_by = [side for side in ("buyer", "seller") if told.get(f"{side}_signed")]
        return {"opt_out": signed_by if told.get("risk_read") else []}
    if told["route"] == "EXCLUDED":
        return {"exclusion": told.get("exclusion"), "proof": bool(told.get("proof_no")),
                "citation": told.get("citation")}  # fmt: skip
    proofs = [{"kind": told["proof_kind"], "obtained_on": told["proof_on"]}] if told.get("proof_on") else []
    return {"exemption": {"contract_on": told.get("contract_on"), "paid_on": told.get("paid_on"),
                          "paid": bool(told.get("paid_on")), "proofs": proofs}}  # fmt: skip


@effect("home_escrow.outside_asked")
def outside_asked(turn: Turn) -> None:
    """Refuse at once what could never be filed: a home out of scope or in a live sale, a contract filed already."""
    _outside(turn.data)


def _outside(told: Mapping[str, Any]) -> tuple[str, str]:
    """Return the unit code and the contract number of a sale outside supervision, if it may be filed as one."""
    unit, contract = clean(str(told["unit_code"])), str(told["contract_no"]).strip()
    common.refuse(common.decide("scope", {"unit_code": unit}), "不能办理")
    if int(told["price"]) <= 0:
        raise LuoshiError("E_AMOUNT", "房价款应大于零。", fields={"fields": {"price": "房价款应大于零"}})
    if same(str(told["buyer"]), str(told["seller"])):
        raise LuoshiError("E_INPUT", "买受人和出卖人是同一人。", fields={"fields": {"buyer": "买受人和出卖人是同一人"}})
    if Sale.objects.filter(Q(contract_no=contract) | Q(unit_code=unit), live=True).exists():
        words = "该房屋已有在办监管，或这份合同已纳入监管"
        raise LuoshiError("E_DUPLICATE", f"{words}。", fields={"fields": {"contract_no": words}},
                          citation=f"{RULES} 第四条")  # fmt: skip
    if Outside.objects.filter(contract_no=contract).exists():
        raise LuoshiError("E_DUPLICATE", f"合同 {contract} 已备案，请核对合同编号。",
                          fields={"fields": {"contract_no": f"合同 {contract} 已备案，请核对合同编号"}})  # fmt: skip
    return unit, contract


@effect("home_escrow.outside_filed")
def outside_filed(turn: Turn) -> None:
    """Issue the certificate and file the contract by it."""
    told = turn.facts
    unit, contract = _outside(told)
    try:
        with transaction.atomic():
            row = Outside.objects.create(
                contract_no=contract[:60], unit_code=unit[:28], route=told["route"], price=int(told["price"]),
                ground=str(told.get("exclusion") or told.get("proof_kind") or ""), buyer=str(told["buyer"])[:100],
                seller=str(told["seller"])[:100], certificate=turn.case.number, filed_on=day_of(turn.at),
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", f"合同 {contract} 已备案，请核对合同编号。") from None
    papers.certificate(turn, row)


# --- banks and accounts -----------------------------------------------------------------------------------------------


def _bank(turn: Turn) -> Bank:
    found = (
        Bank.objects.select_for_update().filter(code=str((turn.facts | turn.data)["code"]).strip(), void=False).first()
    )
    if found is None:
        raise LuoshiError(
            "E_INPUT", "监管银行台账里没有这个代号，请先登记。", fields={"fields": {"code": "没有这家银行"}}
        )
    return found


@effect("home_escrow.bank_known")
def bank_known(turn: Turn) -> None:
    """The bank stands in the register, with what it was compared by."""
    _bank(turn)


@effect("home_escrow.bank_agreed")
def bank_agreed(turn: Turn) -> None:
    """The cooperation agreement holds from a day to a day."""
    row, told = _bank(turn), turn.data
    first, last = (datetime.date.fromisoformat(str(told[name])) for name in ("from_on", "to_on"))
    if last < first:
        raise LuoshiError("E_INPUT", "合作协议的止日早于起日。", fields={"fields": {"to_on": "早于起日"}})
    Bank.objects.filter(pk=row.pk).update(stage="agreed", agreement_no=str(told["agreement_no"])[:80], from_on=first,
                                          to_on=last, version=F("version") + 1)  # fmt: skip


@effect("home_escrow.account_opened")
def account_opened(turn: Turn) -> None:
    """The book of the bank's account is open: it waits for the seal."""
    row = _bank(turn)
    if not link_accounts(row):
        raise LuoshiError("E_STATE", f"{row.name}的账簿还没有开立，请先在“资金”开立。", citation=f"{RULES} 第八条")


def link_accounts(row: Bank) -> int:
    """Take the books of a bank's accounts into the register of supervised accounts; return how many are new."""
    known = EscrowAccount.objects.values("book")
    books = Book.objects.filter(plan=common.PLAN, accounts__bank=row.number).exclude(pk__in=known).distinct()
    for book in books:
        number = str(book.accounts.exclude(number="").values_list("number", flat=True).first() or "")
        EscrowAccount.objects.create(book=book, bank=row, tail=number[-4:])
    return len(books)


@effect("home_escrow.account_sealed")
def account_sealed(turn: Turn) -> None:
    """The seal card bears the Department's seal: bank and account are in use."""
    row, day = _bank(turn), datetime.date.fromisoformat(str(turn.data["seal_card_on"]))
    rows = EscrowAccount.objects.filter(bank=row, status="opened")
    if not rows.update(status="active", seal_card_on=day):
        raise LuoshiError("E_STATE", "没有待留印鉴的账户。")
    Bank.objects.filter(pk=row.pk).update(stage="active", version=F("version") + 1)


@effect("home_escrow.account_published")
def account_published(turn: Turn) -> None:
    """Bank and account stand on the public page from now on."""
    EscrowAccount.objects.filter(bank=_bank(turn), status="active").update(published_on=day_of(turn.at))


@effect("home_escrow.bank_ended")
def bank_ended(turn: Turn) -> None:
    """No new sales; those that run run to their end."""
    Bank.objects.filter(pk=_bank(turn).pk).update(stage="ended", version=F("version") + 1)


# --- findings ---------------------------------------------------------------------------------------------------------


def _agency(turn: Turn) -> Agency | None:
    if turn.facts["kind"] not in ("agency", "guarantee", "staff"):
        return None
    return Agency.objects.select_for_update().filter(name=str(turn.facts["who"]).strip(), void=False).first()


@effect("home_escrow.credit_noted")
def credit_noted(turn: Turn) -> None:
    """A finding against an agency goes into its credit file as well."""
    _note(_agency(turn), f"{turn.case.number} {turn.data['record']}")


def _note(row: Agency | None, words: str, **more: Any) -> None:
    if row is not None:
        Agency.objects.filter(pk=row.pk).update(violations=F("violations") + 1, credit_note=words[:300],
                                                version=F("version") + 1, **more)  # fmt: skip


@effect("home_escrow.ordered")
def ordered(turn: Turn) -> None:
    """Order the correction by a day; the credit file is told."""
    day = datetime.date.fromisoformat(str(turn.data["correct_by"]))
    if day < day_of(turn.at):
        raise LuoshiError("E_INPUT", "改正期限早于今天。", fields={"fields": {"correct_by": "早于今天"}})
    # The day named is the last one: the limit ends with it.
    turn.case.facts["correct_until"] = f"{day}T23:59:59+08:00"
    _note(_agency(turn), f"{turn.case.number} 责令改正：{turn.data['measures']}")
    papers.order(turn)


@effect("home_escrow.right_withdrawn")
def right_withdrawn(turn: Turn) -> None:
    """Filing and the right to sign online are withdrawn."""
    _note(_agency(turn), f"{turn.case.number} 取消备案和网签资格：{turn.data['penalty']}", online_sign=False)


def agency_paid(book: Book, body: Mapping[str, Any], kind: str) -> None:
    """Report an agency or guarantee firm that paid for a party (article 9): the money waits to be sent back."""
    who = str(body.get("counter_name", "")).strip()
    number = str(body.get("ref", "")).strip()
    finding = f"代付 {Money(int(body.get('amount_fen') or 0))} 元到{book.title}，附言协议 {number or '无'}"
    told = {"kind": kind, "who": who, "finding": finding} | ({"agreement_no": number} if number else {})
    cases.open_case(actor=PROGRAM, procedure=DISCIPLINE, title=f"{who}代付交易资金", organ=ORGAN, facts=told)


incoming.ON_AGENCY.append(agency_paid)
