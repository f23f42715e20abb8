"""The papers of the room: agreement, notice of release, notice of the end, certificate, proof of nature, order."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.office.notices.sandbox import day_words
from luoshi.programmes.home_escrow import course, refunding, releasing
from luoshi.programmes.home_escrow.decisions.scope import EXCLUSIONS, PROOFS
from luoshi.programmes.home_escrow.models import Hold, Outside, Payout, Sale, Supplement


def words(fen: int) -> str:
    """Return an amount in figures and in capital characters."""
    return f"{Money(fen)}元（{Money(fen).capitals()}）"


def agreement(turn: Turn, sale: Sale) -> None:
    """Draw up the agreement of the three."""
    lines = _lines(sale)
    fields = {
        "number": sale.agreement_no, "contract": sale.contract_no, "buyer": sale.buyer, "seller": sale.seller,
        "home": f"{sale.address}（{sale.title_no}，{sale.unit_code}）", "price": words(sale.price),
        "mode": "全额监管" if sale.supervised == sale.price else "部分监管", "supervised": words(sale.supervised),
        "lines": lines, "plan": sale.get_plan_display(), "account": sale.book.title, "code": sale.code or "—",
    }  # fmt: skip
    _drafted(turn, "agreement", fields)


def _lines(sale: Sale) -> list[dict[str, Any]]:
    return [
        {"n": one.n, "kind": one.kind, "payer": one.lender or sale.buyer, "amount": f"{Money(one.amount)}",
         "due": "备案前" if one.before_filing else "登记后"}
        for one in sale.lines.all()
    ]  # fmt: skip


def supplement(turn: Turn, sale: Sale, row: Supplement) -> None:
    """Draw up the supplementary agreement of the three."""
    fields = {
        "number": sale.agreement_no, "n": str(row.n), "contract": sale.contract_no, "buyer": sale.buyer,
        "seller": sale.seller, "price": words(sale.price), "supervised": words(sale.supervised),
        "before": words(int(row.before["supervised"])), "lines": _lines(sale),
    }  # fmt: skip
    _drafted(turn, "supplement", fields)


def release_notice(turn: Turn, sale: Sale, rows: Sequence[Payout]) -> None:
    """Draw up the notice by which the bank is told whom to pay, how much each; interest goes with the last of it."""
    kept = course.money(sale)
    fen = releasing.whole_release(sale) if rows[0].amount is None else rows[0].amount
    shares = {one.name: one.share for one in sale.parties.filter(side="seller")}
    parts = releasing.parts_of(sale, fen, [(one.seller, shares.get(one.seller, 1)) for one in rows])
    interest = kept["2006"] if fen == kept["2001"] + kept["2002"] else 0
    fields = {
        "number": sale.agreement_no, "contract": sale.contract_no, "buyer": sale.buyer, "seller": sale.seller,
        "amount": words(fen), "interest": words(interest) if interest else "",
        "payees": [{"owner": one.owner, "bank": one.bank, "tail": one.tail, "amount": f"{Money(part)}",
                    "basis": one.get_basis_display(), "paper": one.paper_no}
                   for one, part in zip(rows, parts, strict=True)],
        "registered": day_words(sale.registered_on) if sale.registered_on else "—",
    }  # fmt: skip
    _drafted(turn, "release_notice", fields)


def ending_notice(turn: Turn, sale: Sale) -> None:
    """Draw up the notice that ends the supervision: what goes to the buyer, what to each lender, as is free now."""
    told, kept = refunding.refund_of(sale).value, course.money(sale)
    interest = kept["2006"] if kept["2001"] and told["buyer"] == kept["2001"] else 0
    fields = {
        "number": sale.agreement_no, "ground": _GROUNDS[str(turn.facts["ground"])], "buyer": sale.buyer,
        "seller": sale.seller, "papers": _proof_of(turn), "interest": words(interest) if interest else "",
        "refunds": [{"to": "买受人指定的账户" if one["to"] == "buyer" else f"{one['name']}原付款账户",
                     "amount": words(int(one["amount"]))} for one in told["instructions"]],
    }  # fmt: skip
    _drafted(turn, "ending_notice", fields)


_GROUNDS = {"1": "协商一致或登记机构不予登记", "2": "生效法律文书终止交易和登记", "3": "法律规定的其他情形"}


def _proof_of(turn: Turn) -> str:
    """Return on what paper the end rests, by its kind."""
    told = turn.facts
    if told.get("document_no"):
        return f"生效法律文书{told['document_no']}"
    if told.get("print_on"):
        return f"双方申请和{day_words(datetime.date.fromisoformat(str(told['print_on'])))}出具的登记簿或权属查询证明"
    return str(told.get("citation") or "—")


def certificate(turn: Turn, row: Outside) -> None:
    """Draw up the certificate by which a contract is filed without supervision."""
    fields = {
        "number": row.certificate, "contract": row.contract_no, "unit": row.unit_code, "buyer": row.buyer,
        "seller": row.seller, "price": words(row.price), "route": row.get_route_display(),
        "ground": (EXCLUSIONS | PROOFS).get(row.ground, "双方声明自行划转，已读风险提示"),
    }  # fmt: skip
    _drafted(turn, "certificate", fields)


def order(turn: Turn) -> None:
    """Draw up the order to correct by a day."""
    told = turn.facts | turn.data
    fields = {"who": told["who"], "finding": told["finding"], "measures": told["measures"],
              "correct_by": told["correct_by"]}  # fmt: skip
    _drafted(turn, "order", fields)


def proof(*, actor: Actor, hold: Hold) -> Notice:
    """Draft the proof of the money's nature for a freeze: whose it is, under which agreement; once a day."""
    sale = hold.sale
    rows = (
        [sale]
        if sale is not None
        else list(Sale.objects.filter(book=hold.book, live=True).select_related("book")[:200])
    )
    fields = {
        "authority": hold.authority, "document": hold.document_no,
        "sales": [{"number": one.agreement_no, "buyer": one.buyer, "seller": one.seller,
                   "amount": f"{Money(sum(course.money(one).values()))}"} for one in rows],
    }  # fmt: skip
    return notices.draft(actor=actor, kind="home_escrow.proof", fields=fields, subject=f"hold:{hold.pk}",
                         key=f"he-proof:{hold.pk}:{CLOCK.today()}")  # fmt: skip


def _drafted(turn: Turn, kind: str, fields: dict[str, Any]) -> None:
    number = turn.case.events_count + 1
    paper = notices.draft(
        actor=PROGRAM, kind=f"home_escrow.{kind}", fields=fields, case=turn.case.pk, subject=turn.case.subject,
        key=f"he-{kind}:{turn.case.number}:{number}",
    )  # fmt: skip
    if turn.case.pk:
        CasePaper.objects.create(case=turn.case, kind=kind, title=paper.title[:200], notice_id=paper.pk, event=number,
                                 at=turn.at)  # fmt: skip
    if turn.papers is not None:
        turn.papers.add(kind)
