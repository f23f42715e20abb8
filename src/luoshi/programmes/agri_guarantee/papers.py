"""The papers of section 11: drafted at the step they belong to and filed in the case; who issues one signs it."""

from __future__ import annotations

from typing import Any

from luoshi.kernel.clock import day_of
from luoshi.office.calendar.book import calendar
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import CasePaper
from luoshi.office.cases.turns import PROGRAM, Turn
from luoshi.office.duties import concern
from luoshi.office.notices import actions as notices
from luoshi.office.notices.models import Notice
from luoshi.programmes.agri_guarantee import archive, fund
from luoshi.programmes.agri_guarantee.models import Claim, Halt, PayeeAccount
from luoshi.programmes.agri_guarantee.registers import OPERATORS

ROOM = "agri_guarantee"
_NUMBERS = ("base_min", "base_max", "mech_max", "big_max")


def _drafted(turn: Turn, kind: str, fields: dict[str, Any], key: str = "") -> Notice:
    """Draft a paper once and file it."""
    paper = notices.draft(
        actor=PROGRAM, kind=f"{ROOM}.{kind}", fields=fields, case=turn.case.pk, exercise=turn.case.exercise,
        key=f"ag-{kind}:{turn.case.pk}{key and ':'}{key}",
    )  # fmt: skip
    if not CasePaper.objects.filter(case=turn.case, notice_id=paper.pk).exists():
        CasePaper.objects.create(case=turn.case, kind=kind, title=paper.title[:200], notice_id=paper.pk,
                                 event=turn.case.events_count + 1, at=turn.at)  # fmt: skip
    return paper


# --- the eight steps --------------------------------------------------------------------------------------------------


@effect("agri_guarantee.application_paper")
def application(turn: Turn) -> None:
    """The application form, with what the archive says of the seven haves."""
    told, row = turn.facts, archive.of_case(turn.case)
    if row is None:
        return
    titles = OPERATORS.by_name
    haves = [{"title": "有建档", "said": row.get_status_display()}]
    words = {"yes": "是", "no": "否", "unknown": "不详"}
    haves += [{"title": titles[field].title, "said": words[getattr(row, field)]} for field in archive.HAVES.values()]
    fields = {
        "case": turn.case.number, "operator": row.name, "archive": row.number, "category": row.get_category_display(),
        "scope": row.get_scope_display(), "place": f"{concern.title(row.town)}{row.village}",
        "scale": f"{row.scale.normalize():f}{row.get_unit_display()}", "amount": int(told["requested"]),
        "purpose": str(told["purpose"])[:1000], "term": f"{told['months']}个月" if told.get("months") else "面议",
        "bank": concern.title(turn.organ_of("bank")), "haves": haves,
    }  # fmt: skip
    _drafted(turn, "application", fields)


@effect("agri_guarantee.review_paper")
def first_review(turn: Turn) -> None:
    """The first-review sheet: the station's opinion and what was checked, line by line."""
    from luoshi.programmes.agri_guarantee.guarantees import applicant

    taken = fund.decide("agri_guarantee.eligibility", applicant(turn))
    fields = {
        "case": turn.case.number, "operator": turn.facts["operator"], "amount": int(turn.facts["requested"]),
        "integrity": str(turn.data["integrity"])[:1000], "reasons": [{"text": one.text[:200]} for one in taken.reasons],
    }  # fmt: skip
    _drafted(turn, "first_review", fields, str(turn.case.events_count))


@effect("agri_guarantee.recommendation_paper")
def recommendation(turn: Turn) -> None:
    """The Office's letter of recommendation."""
    row = archive.of_case(turn.case)
    owed = archive.owed(row, turn.case) if row is not None else {}
    fields = {
        "case": turn.case.number, "operator": turn.facts["operator"], "amount": int(turn.facts["requested"]),
        "balance": sum(owed.values()), "bank": concern.title(turn.organ_of("bank")),
        "purpose": str(turn.facts["purpose"])[:1000],
    }  # fmt: skip
    _drafted(turn, "recommendation", fields, str(turn.case.events_count))


# --- claims -----------------------------------------------------------------------------------------------------------


@effect("agri_guarantee.delivery_papers")
def delivery(turn: Turn) -> None:
    """The payment form, and the receipt for the Office to sign; its date is the server's, whenever it is signed."""
    row = Claim.objects.get(case=turn.case)
    account = PayeeAccount.objects.order_by("-pk").first()
    fields = {
        "case": turn.case.number, "loan": row.loan, "borrower": row.borrower, "bank": row.bank, "loss": row.loss,
        "payout": row.payout, "rate": str(fund.values()["comp_rate"]), "compensation": row.compensation,
        "account": f"{account.name}，尾号{account.tail}" if account else "", "notice_no": row.notice_no,
        "certificate_no": row.certificate_no,
    }  # fmt: skip
    key = str(turn.case.events_count)
    _drafted(turn, "payment_form", fields, key)
    last = calendar().shift(row.received_on, int(fund.values()["review_days"]))
    told = {"case": turn.case.number, "borrower": row.borrower, "compensation": row.compensation,
            "received_on": row.received_on, "last": last}  # fmt: skip
    _drafted(turn, "receipt", told, key)
    turn.tell("leader", f"{turn.case.number}的收到回执已拟好，请签；审查期限自今日起算，与签字早晚无关")


@effect("agri_guarantee.payment_paper")
def payment_notice(turn: Turn) -> None:
    """The notice to the custodian: on what it rests and until when it is to be paid."""
    row = Claim.objects.get(case=turn.case)
    ground = "审查期满无异议，凭拨款单和收到回执" if turn.step and turn.step.key == "notify" else "领导小组办公室已同意"
    due = calendar().shift(day_of(turn.at), int(fund.values()["pay_days"]))
    _drafted(turn, "payment_notice", {"case": turn.case.number, "borrower": row.borrower, "due": due,
                                      "compensation": row.compensation, "ground": ground})  # fmt: skip


# --- the halt, the leaflet --------------------------------------------------------------------------------------------


def halted(row: Halt) -> Notice:
    """Draft the notice of a suspension."""
    return notices.draft(
        actor=PROGRAM, kind=f"{ROOM}.halt_notice", key=f"ag-halt:{row.pk}",
        fields={"at": row.halted_at, "paid": max(row.paid, 0), "existing": max(row.existing, 0),
                "line": str(fund.values()["halt_line"])},
    )  # fmt: skip


@effect("agri_guarantee.resume_paper")
def resumed(turn: Turn) -> None:
    """Draft the notice that business goes on."""
    told = turn.facts | turn.data
    _drafted(turn, "resume_notice", {name: str(told.get(name) or "")[:1000]
                                     for name in ("cause", "measures", "decision_no")})  # fmt: skip


def leaflet(actor: Any) -> Notice:
    """Draft the leaflet with the limits, fees and steps of today; the same numbers give the same draft."""
    known = fund.values()
    fields: dict[str, Any] = {name: int(known[name]) * 100 for name in _NUMBERS}
    fields |= {name: int(known[name]) for name in ("term_min", "term_max")}
    fields |= {name: str(known[name]) for name in ("float_max", "fee_grain", "fee_other", "fee_leading")}
    return notices.draft(actor=actor, kind=f"{ROOM}.leaflet", fields=fields,
                         key="ag-leaflet:" + ":".join(str(one) for one in fields.values()))  # fmt: skip
