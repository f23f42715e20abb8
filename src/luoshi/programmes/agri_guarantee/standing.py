"""What stands around claims: placements (P6), replenishment (P7), audits (P8); each act of money by two hands."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.money import Money
from luoshi.kernel.procedures import OPEN
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.turns import Turn, prepared_by
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind as MatterKind
from luoshi.office.registers import actions as records
from luoshi.programmes.agri_guarantee import board, fund, lending
from luoshi.programmes.agri_guarantee.decisions.settings import FUND
from luoshi.programmes.agri_guarantee.models import Custody, Placement
from luoshi.programmes.agri_guarantee.registers import PLACEMENTS

PLACING, REPLENISH, AUDIT = (f"agri_guarantee.{one}" for one in ("placing", "replenish", "audit"))
_PROGRAM = Actor.system("系统", "case")
_CODES = {"TIME_DEPOSIT": "1003", "PRINCIPAL_GUARANTEED": "1002"}


# --- P6 ---------------------------------------------------------------------------------------------------------------


@facts("agri_guarantee.placement_facts")
def placement_facts(turn: Turn) -> dict[str, Any]:
    """The fund as an act finds it under its lock, what claims still need, and what is to be placed."""
    told, book = turn.facts, fund.fund()
    now = fund.figures(book, fund.state_of(book, lock=not turn.looks))
    return {
        "fund": max(now.balance, 0), "placed": now.placed, "amount": int(told["principal"]),
        "demand_free": max(now.free, 0), "committed": fund.committed(), "product": told["product"],
        "at_account_bank": "yes" if told.get("at_account_bank") else "no", "standing_authorisation": "yes",
        "placed_on": day_of(turn.at).isoformat(),
    }  # fmt: skip


@effect("agri_guarantee.placed")
def placed(turn: Turn) -> None:
    """Book the placement and enter it in the register."""
    told, day = turn.facts, day_of(turn.at)
    matures = datetime.date.fromisoformat(str(told["matures_on"]))
    if matures <= day:
        raise LuoshiError("E_INPUT", "到期日应晚于存入之日。")
    account, fen = _CODES[str(told["product"])], int(told["principal"])
    fund.post(actor=turn.actor, maker=prepared_by(turn, OPEN), event="J7", key=f"placing:{turn.case.number}",
              value_on=day, lines=fund.lines_of("J7", fen, account=account, txn=str(turn.data["bank_txn_no"])),
              memo=f"存放 {turn.case.number}", basis=f"{FUND} 第九条", case=turn.case.number)  # fmt: skip
    custody = Custody.objects.filter(void=False, ended_on=None).order_by("-starts_on").first()
    records.enter(
        actor=_PROGRAM, register=PLACEMENTS, reason=f"{turn.case.number}存入",
        rows=[{"number": turn.case.number, "product": told["product"],
               "bank": custody.bank if custody else "rural-commercial-bank", "contract_no": told["contract_no"],
               "principal": fen, "rate": Decimal(told["rate"]), "starts_on": day, "matures_on": matures,
               "interest": 0, "ended": None, "status": Placement.Status.PLACED}],
    )  # fmt: skip


@effect("agri_guarantee.placement_ended")
def placement_ended(turn: Turn) -> None:
    """Book principal and yield back; the yield stands apart and pays no compensation."""
    told, data = turn.facts, turn.data
    interest = int(data.get("interest") or 0)
    ended = datetime.date.fromisoformat(str(data["ended_on"]))
    principal = int(told["principal"])
    fund.post(actor=turn.actor, event="J7", key=f"placing:{turn.case.number}:end", value_on=day_of(turn.at),
              lines=fund.lines_of("J7", principal + interest, principal=principal, txn=str(data["end_txn_no"]),
                                  account=_CODES[str(told["product"])]),
              memo=f"收回存放 {turn.case.number}", basis=f"{FUND} 第九条", case=turn.case.number)  # fmt: skip
    row = Placement.objects.filter(number=turn.case.number).first()
    if row is not None:
        records.correct(actor=_PROGRAM, register=PLACEMENTS, record_id=row.pk, version=row.version, reason="收回",
                        given={"interest": lending.yuan(interest), "ended": ended,
                               "status": Placement.Status.ENDED})  # fmt: skip


# --- P7 ---------------------------------------------------------------------------------------------------------------


@effect("agri_guarantee.figured")
def figured(turn: Turn) -> None:
    """Keep the figures the proposal rests on: balance, exposure, coverage, what should be added."""
    now, owed = fund.figures(fund.fund()), board.outstanding()
    taken = fund.decide("agri_guarantee.replenishment", {"fund": max(now.balance, 0), "outstanding": owed})
    turn.case.facts |= {
        "balance": now.balance, "outstanding": owed, "exposure": taken.value["exposure"],
        "coverage": taken.value["coverage"], "proposal": taken.value["proposal"],
        "grounds": [one.text for one in taken.reasons],
    }  # fmt: skip
    turn.case.title = f"{turn.case.title}（应补充 {Money(taken.value['proposal'])} 元）"[:300]


@effect("agri_guarantee.replenished")
def replenished(turn: Turn) -> None:
    """Book what has come in, from the source it came from."""
    data, fen = turn.data, int(turn.data["received"])
    if fen <= 0:
        raise LuoshiError("E_AMOUNT", "到账金额应大于零。", fields={"fields": {"received": "应大于零"}})
    fund.post(actor=turn.actor, event="J1", key=f"replenish:{turn.case.number}", value_on=day_of(turn.at),
              lines=fund.lines_of("J1", fen, account=str(data["source"]), txn=str(data["bank_txn_no"])),
              memo=f"基金补充 {turn.case.number}", basis=f"{FUND} 第五条", case=turn.case.number)  # fmt: skip


# --- P8 ---------------------------------------------------------------------------------------------------------------


@effect("agri_guarantee.audit_window")
def audit_window(turn: Turn) -> None:
    """The agency may look from one day to another; it is noted who let it."""
    told = turn.facts
    begins, ends = (datetime.date.fromisoformat(str(told[name])) for name in ("starts_on", "ends_on"))
    if ends < begins:
        raise LuoshiError("E_INPUT", "查阅的止日早于起日。")
    audit.append(actor=turn.actor, act="agri.audit_window", subject=f"case:{turn.case.pk}", permission="case.act",
                 after={"agency": told["agency"], "from": begins.isoformat(), "to": ends.isoformat()},
                 basis=f"{FUND} 第十五条")  # fmt: skip


@effect("agri_guarantee.rectify")
def rectify(turn: Turn) -> None:
    """Every finding becomes a matter with a day."""
    due = datetime.date.fromisoformat(str(turn.data["due_on"]))
    lines = [line.strip() for line in str(turn.facts["findings"]).splitlines() if line.strip()]
    for number, line in enumerate(lines, 1):
        push_matter(
            actor=_PROGRAM, module="agri-guarantee", external_id=f"audit:{turn.case.number}:{number}",
            kind=MatterKind.INSPECTION_RECTIFICATION, title=f"整改基金审计发现：{line}"[:200],
            organ=str(turn.data["organ"]), due_on=due, basis=f"{FUND} 第十五条", href=f"/cases/{turn.case.pk}/",
        )  # fmt: skip
