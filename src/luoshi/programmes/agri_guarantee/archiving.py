"""Archiving an operator (P1): surveyed, posted, signed by the town, archived in the round; else it lapses."""

from __future__ import annotations

import datetime
from typing import Any

from luoshi.kernel.clock import CLOCK, day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.registers import actions as records
from luoshi.programmes.agri_guarantee import archive, fund
from luoshi.programmes.agri_guarantee.models import Operator
from luoshi.programmes.agri_guarantee.registers import OPERATORS

ARCHIVING = "agri_guarantee.archiving"
_PROGRAM = Actor.system("系统", "case")
_LAPSES = 500
Status = Operator.Status


def _change(row: Operator, reason: str, **given: Any) -> None:
    fresh = {name: value for name, value in given.items() if getattr(row, name) != value}
    if fresh:
        records.correct(actor=_PROGRAM, register=OPERATORS, record_id=row.pk, version=row.version, given=fresh,
                        reason=reason)  # fmt: skip


def _row(turn: Turn) -> Operator:
    row = archive.of_case(turn.case)
    if row is None:
        raise LuoshiError("E_STATE", "这件建档没有对应的台账记录。")
    return row


@effect("agri_guarantee.surveyed")
def surveyed(turn: Turn) -> None:
    """The survey is in the register; an archive that is live needs none, the next round begins anew."""
    towns = None if turn.actor.trusted else concern.served_by(turn.case.organ)
    row = archive.find(str(turn.facts["archive"]), towns)
    if row.status == Status.ARCHIVED and row.round >= day_of(turn.at).year:
        raise LuoshiError("E_STATE", f"{row.name}已在{row.round}年度建档，不用再办。")
    turn.case.subject = archive.subject_of(row)
    turn.case.one_open = True
    turn.case.facts |= {"operator": row.name, "archive_no": row.number, "village": row.village}
    _change(row, "重新调查", status=Status.DRAFT, posted_from=None, posted_to=None, signed_on=None)


@effect("agri_guarantee.posted")
def posted(turn: Turn) -> None:
    """The posting begins; its days run from the next one."""
    begins = datetime.date.fromisoformat(str(turn.data["posted_on"]))
    ends = begins + datetime.timedelta(days=int(fund.values()["posting_days"]))
    _change(_row(turn), "公示", status=Status.POSTED, posted_from=begins, posted_to=ends,
            posted_at=str(turn.data["place"])[:100])  # fmt: skip


@facts("agri_guarantee.posting_facts")
def posting_facts(turn: Turn) -> dict[str, Any]:
    """When the posting began, where, and whether what was objected is settled."""
    told = turn.facts | turn.data
    settled = not str(told.get("objections") or "").strip() or bool(str(told.get("settlement") or "").strip())
    return {"posted_on": told.get("posted_on"), "now": day_of(turn.at).isoformat(), "place": told.get("place"),
            "objections_settled": "yes" if settled else "no"}  # fmt: skip


@effect("agri_guarantee.posting_ended")
def posting_ended(turn: Turn) -> None:
    """What was objected and how it was settled stands in the archive."""
    words = "；".join(str(turn.data[name]) for name in ("objections", "settlement") if turn.data.get(name))
    if words:
        _change(_row(turn), "公示期满", objections=words[:500])


@effect("agri_guarantee.town_signed")
def town_signed(turn: Turn) -> None:
    """The mayor or the street's director has signed."""
    _change(_row(turn), "镇签字", status=Status.SIGNED, signed_on=day_of(turn.at))


@effect("agri_guarantee.archived")
def archived(turn: Turn) -> None:
    """The archive is live from now on; large-scale mechanised operators are certified here."""
    row = _row(turn)
    given: dict[str, Any] = {"status": Status.ARCHIVED, "round": int(turn.data["round"])}
    if turn.data.get("mechanised") and row.mechanised_on is None:
        given["mechanised_on"] = day_of(turn.at)
    _change(row, "建档", **given)


@effect("agri_guarantee.dropped")
def dropped(turn: Turn) -> None:
    """No archive comes of the survey."""
    _change(_row(turn), "不予建档", status=Status.LAPSED)


def lapse() -> int:
    """Let archives lapse whose round was not renewed in the years they stand; return how many."""
    year = CLOCK.today().year - int(fund.values()["archive_years"])
    rows = list(Operator.objects.filter(status=Status.ARCHIVED, round__lt=year, void=False).order_by("pk")[:_LAPSES])
    for row in rows:
        _change(row, f"{row.round}年度建档没有更新", status=Status.LAPSED)
    return len(rows)
