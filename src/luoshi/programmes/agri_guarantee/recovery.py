"""Recovery of what was paid out (P4): opened with the payout, receipts shared by the policy, the city's part booked."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.office.actors import Actor
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.models import Case
from luoshi.office.cases.turns import PROGRAM, Turn, prepared_by
from luoshi.office.funds.models import Posting
from luoshi.office.funds.orders import credit, debit
from luoshi.programmes.agri_guarantee import fund
from luoshi.programmes.agri_guarantee.decisions.settings import FUND
from luoshi.programmes.agri_guarantee.models import Claim, Receipt

RECOVERY = "agri_guarantee.recovery"


def subject_of(loan: str) -> str:
    """Return what a recovery is about."""
    return f"ag-loan:{loan}"


def begin(loan: str, borrower: str, parent: Case) -> Case:
    """Open the recovery of a loan with its payout; the one that is open goes on."""
    known = Case.objects.filter(procedure=RECOVERY, subject=subject_of(loan), is_open=True).first()
    if known is not None:
        return known
    return cases.open_case(actor=PROGRAM, procedure=RECOVERY, title=f"{borrower}代偿追偿", organ=parent.organ,
                           subject=subject_of(loan), facts={"loan": loan}, parent=parent)  # fmt: skip


def _compensated(loan: str) -> int:
    return int(Claim.objects.filter(loan=loan, live=True).aggregate(n=Sum("settled"))["n"] or 0)


@effect("agri_guarantee.recovered")
def recovered(turn: Turn) -> None:
    """Share what came in by the rule of its claim base; what was given before is never taken back."""
    told, loan = turn.data, str(turn.facts["loan"])
    received = datetime.date.fromisoformat(str(told["received_on"]))
    gross, costs = int(told["gross"]), int(told.get("costs") or 0)
    if gross <= 0 or costs < 0:
        raise LuoshiError("E_AMOUNT", "追回应大于零，费用不得为负。", fields={"fields": {"gross": "应大于零"}})
    rows = list(Receipt.objects.filter(loan=loan, withdrawn=False).order_by("pk"))
    same = [one for one in rows if one.base == told["base"]]
    taken = fund.decide(
        "agri_guarantee.recovery",
        {"gross": gross, "costs": costs, "base": told["base"], "compensation": _compensated(loan),
         "previous": [{"gross": one.gross, "costs": one.costs} for one in same],
         "city_before": sum(one.city for one in rows if one.base != told["base"]),
         "in_fund_before": sum(one.to_fund + one.moved for one in rows)},
    ).value  # fmt: skip
    try:
        with transaction.atomic():
            row = Receipt.objects.create(
                case=turn.case, loan=loan, base=told["base"], received_on=received, gross=gross, costs=costs,
                voucher=str(told.get("voucher") or "")[:120], bank_txn_no=str(told["bank_txn_no"])[:60],
                city=taken["city"], bank=taken["bank"], guarantor=taken["guarantor"], to_fund=taken["to_fund"],
                at=turn.at,
            )  # fmt: skip
    except IntegrityError:
        raise LuoshiError("E_DUPLICATE", "这个银行流水号已经登记过追回款。",
                          fields={"fields": {"bank_txn_no": "已经登记过"}}) from None  # fmt: skip
    turn.case.facts |= {"receipt": row.pk, "city": row.city, "to_fund": row.to_fund}
    turn.tell("custodian", f"{turn.case.number}追回款待核对入账：市里部分 {Money(row.city)} 元")


def _receipt(turn: Turn) -> Receipt:
    return Receipt.objects.select_for_update().get(pk=turn.facts["receipt"])


@effect("agri_guarantee.recovery_booked")
def booked(turn: Turn) -> None:
    """Book the city's part: out of suspense where the bank told of it, else as it came; what exceeds waits in 2003."""
    row = _receipt(turn)
    if not row.city:
        return
    known = Posting.objects.filter(account__book__key=fund.BOOK, account__code="1001", bank_txn_no=row.bank_txn_no)
    came = known.select_related("entry").first()
    key = f"recovery:{row.pk}"
    if came is None:
        lines = fund.lines_of("J2", row.city, loan=row.loan, txn=row.bank_txn_no, surplus=row.city - row.to_fund)
    elif came.debit != row.city:
        raise LuoshiError(
            "E_SUM", f"银行流水到账 {Money(came.debit)} 元，与市里部分 {Money(row.city)} 元不符，请核对。"
        )
    elif not row.to_fund:
        return
    else:
        lines = [debit("2003", row.to_fund), credit("3004", row.to_fund, row.loan)]
    fund.post(actor=turn.actor, maker=prepared_by(turn, "receive"), event="J2", key=key, value_on=day_of(turn.at),
              lines=lines, memo=f"追偿分得 {turn.case.number}", basis=f"{FUND} 第四条",
              case=turn.case.number)  # fmt: skip


@effect("agri_guarantee.recovery_wrong")
def wrong(turn: Turn) -> None:
    """What the bank does not show was not received: it is taken off before anything was booked."""
    Receipt.objects.filter(pk=_receipt(turn).pk).update(withdrawn=True)


def move_waiting(loan: str, actor: Actor) -> int:
    """Move what waits in suspense into the fund, now that compensation was paid; return how much (fen)."""
    valid = Receipt.objects.filter(loan=loan, withdrawn=False)
    rows = list(valid.select_for_update().filter(city__gt=F("to_fund") + F("moved")).order_by("pk"))
    done = {one.pk for one in rows if _in_suspense(one)}
    room = _compensated(loan) - sum(one.to_fund + one.moved for one in valid)
    moved = 0
    for one in rows:
        fen = min(one.city - one.to_fund - one.moved, room - moved)
        if one.pk not in done or fen <= 0:
            continue
        fund.post(actor=actor, event="J12", key=f"recovery:{one.pk}:{one.moved}", value_on=day_of(one.at),
                  lines=fund.lines_of("J12", fen, account="3004", loan=loan), memo=f"追偿款转入基金 {loan}",
                  basis=f"{FUND} 第四条")  # fmt: skip
        one.moved += fen
        one.save(update_fields=["moved"])
        moved += fen
    return moved


def _in_suspense(row: Receipt) -> bool:
    found = Posting.objects.filter(account__book__key=fund.BOOK, account__code="1001", bank_txn_no=row.bank_txn_no)
    return found.exists()
