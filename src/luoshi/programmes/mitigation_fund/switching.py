"""The benchmark the highest rate floats with is changed from a day on, as one change (6.4); nothing before it moves."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from luoshi.kernel.clock import day_of
from luoshi.kernel.errors import LuoshiError
from luoshi.office.cases.hooks import effect
from luoshi.office.cases.turns import Turn
from luoshi.office.parameters import actions as parameters
from luoshi.office.parameters.models import ParameterChange
from luoshi.office.registers.models import standing
from luoshi.programmes.mitigation_fund import lending
from luoshi.programmes.mitigation_fund.decisions.settings import RULES
from luoshi.programmes.mitigation_fund.fund import ROOM, wrong
from luoshi.programmes.mitigation_fund.models import Benchmark

SWITCH = f"{ROOM}.rate_switch"
SERIES = Benchmark.Series.LPR_1Y
_CLAUSE = f"{RULES} 第四条"


def terms(day: datetime.date) -> dict[str, str]:
    """Return the parameters from a day on: series, the cap of that day, the prime rate it is tied to. E_STATE."""
    rows = Benchmark.objects.filter(standing(day), series=SERIES, day__lte=day).order_by("-day")
    base: Decimal | None = rows.values_list("rate", flat=True).first()
    if base is None:
        said = f"{day} 还没有登记一年期贷款市场报价利率，请先在基准利率台账登记。"
        raise wrong("E_STATE", said, "from_on", citation=_CLAUSE)
    return {"bench_series": SERIES.value, "rate_cap": lending.highest_rate(day), "rate_base": f"{base.normalize():f}"}


@effect("mitigation_fund.switch_proposed")
def switch_proposed(turn: Turn) -> None:
    """Propose the three values as they are on the day; they hold only when the Centre's head has decided."""
    told = turn.facts
    day = datetime.date.fromisoformat(str(told["from_on"]))
    if day < day_of(turn.at):
        raise wrong("E_PAST", "转换日早于今天：已经过去的最高利率不改。", "from_on")
    values = terms(day)
    changes = [
        parameters.propose(
            actor=turn.actor, room=ROOM, name=name, value=value, valid_from=day, source="clause", citation=_CLAUSE,
            document=str(told["document"])[:200], reason=str(told["why"])[:500],
        )
        for name, value in values.items()
    ]  # fmt: skip
    turn.case.facts["changes"] = [one.pk for one in changes]
    turn.case.facts["terms"] = values
    turn.tell("finance", f"{turn.case.number} 最高利率拟自 {day} 起改随报价利率，请表示意见")


def _changes(turn: Turn) -> list[ParameterChange]:
    rows: Any = ParameterChange.objects.filter(pk__in=turn.facts.get("changes") or [])
    return list(rows.filter(state=ParameterChange.State.PROPOSED).order_by("pk"))


@effect("mitigation_fund.switch_decided")
def switch_decided(turn: Turn) -> None:
    """Approve the three values together; the cap of the switch day must still be what was proposed."""
    day = datetime.date.fromisoformat(str(turn.facts["from_on"]))
    if terms(day) != turn.facts.get("terms"):
        raise LuoshiError("E_STATE", "转换日的基准利率已有变化，请退回重拟。", citation=_CLAUSE)
    for one in _changes(turn):
        one.refresh_from_db()
        parameters.approve(actor=turn.actor, change_id=one.pk, version=one.version)


@effect("mitigation_fund.switch_refused")
def switch_refused(turn: Turn) -> None:
    """Refuse the three values together."""
    for one in _changes(turn):
        parameters.refuse(actor=turn.actor, change_id=one.pk, version=one.version,
                          answer=str(turn.data["refused_because"]))  # fmt: skip
