"""Spot checks (P7): a quarter's draw from what every organ had crossed off, and what was found there.

The draw is by organ: the tasks in the order of SHA-256 of seed and code, the first ones of each organ as many as the
ratio says. Whoever has the seed and the list draws the same.
"""

from __future__ import annotations

import datetime
import hashlib
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from luoshi.kernel.calendar import ONE_DAY
from luoshi.kernel.clock import CLOCK, day_of, end_of, start_of
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern, lights, matter_actions, matter_reports
from luoshi.office.duties.matter_models import CrossOff, Matter, State
from luoshi.office.parameters import book
from luoshi.office.permissions import require
from luoshi.programmes.supervision.models import Plan, SpotCheck, SpotCheckLine


def quarter_days(quarter: str) -> tuple[datetime.date, datetime.date]:
    """Return the first and the last day of a quarter written 2019-Q2; E_INPUT."""
    year, _dash, part = quarter.partition("-Q")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and year > "1900" and part in ("1", "2", "3", "4")):
        raise LuoshiError("E_INPUT", "季度应如 2019-Q2。", fields={"field": "quarter"})
    month = int(part) * 3 - 2
    after = datetime.date(int(year) + (month == 10), (month + 2) % 12 + 1, 1)
    return datetime.date(int(year), month, 1), after - ONE_DAY


HOW = (
    "名单按单位分开；单位内按 SHA-256(种子|编号) 的十六进制从小到大排列，取前 ⌈个数×比例÷100⌉ 个；单位按代号排列。",
    "名单摘要是各行“单位|编号”以换行连接后的 SHA-256。",
)


def exported(row: SpotCheck) -> dict[str, Any]:
    """Return a draw as a record from which anybody can draw it again: seed, list, ratio, what was drawn, how."""
    lines = row.lines.select_related("matter").order_by("order")
    return {
        "quarter": row.quarter, "seed": row.seed, "ratio": str(row.ratio.normalize()), "digest": row.digest,
        "drawn_at": row.drawn_at.isoformat(), "list": [list(one) for one in row.listed],
        "drawn": [[one.organ, one.matter.external_id] for one in lines], "how": list(HOW),
    }  # fmt: skip


def redraw(record: Mapping[str, Any]) -> tuple[list[tuple[str, str]], list[str]]:
    """Draw an exported record again; return what its seed draws and in what the record disagrees with it. E_INPUT."""
    try:
        listed = [(str(organ), str(code)) for organ, code in record["list"]]
        told = [(str(organ), str(code)) for organ, code in record["drawn"]]
        seed, ratio, digest = str(record["seed"]), Fraction(str(record["ratio"])), str(record["digest"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as wrong:
        raise LuoshiError("E_INPUT", f"这不是抽查的导出记录：{wrong}。") from None
    again, odd = drawn(listed, seed, ratio), []
    if digest_of(listed) != digest:
        odd.append("名单与摘要不符")
    if again != told:
        odd.append("抽中的与种子抽出的不符")
    return again, odd


def digest_of(listed: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of a list, a line each."""
    return hashlib.sha256("\n".join(f"{organ}|{code}" for organ, code in listed).encode()).hexdigest()


def drawn(population: Iterable[tuple[str, str]], seed: str, ratio: Fraction) -> list[tuple[str, str]]:
    """Return what a seed draws from (organ, code): of each organ `ratio` percent, rounded up, in the order drawn."""
    by_organ: dict[str, list[str]] = defaultdict(list)
    for organ, code in population:
        by_organ[organ].append(code)
    found = []
    for organ, codes in sorted(by_organ.items()):
        codes.sort(key=lambda code: hashlib.sha256(f"{seed}|{code}".encode()).hexdigest())
        found += [(organ, code) for code in codes[: ceil(len(codes) * ratio / 100)]]
    return found


def population_of(plan: Plan, quarter: str) -> dict[str, Matter]:
    """Return the plan's tasks that were crossed off in a quarter and still are, by code."""
    first, last = quarter_days(quarter)
    checks = CrossOff.objects.filter(
        decision="accepted", reopened_at=None, decided_at__gte=start_of(first), decided_at__lt=end_of(last),
        matter__state=State.CROSSED_OFF, matter__work_leaf__node__plan=plan,
    ).select_related("matter")  # fmt: skip
    return {check.matter.external_id: check.matter for check in checks.order_by("matter__external_id")}


def draw(*, actor: Actor, plan: int, quarter: str, seed: str = "") -> SpotCheck:
    """Draw the spot check of a quarter that is over, once; the seed is made here and kept.

    Side effects: the check with its lines, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_INPUT, E_NOT_YET, E_STATE (drawn
    already, nothing was crossed off).
    """
    require(actor, "work.score")
    _first, last = quarter_days(quarter)
    if CLOCK.today() <= last:
        raise LuoshiError("E_NOT_YET", f"{quarter}到{last}才结束，之后才能抽取。", fields={"from": str(last + ONE_DAY)})
    with transaction.atomic():
        held = Plan.objects.select_for_update().filter(pk=plan).exclude(status=Plan.Status.LOADING).first()
        if held is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个执行中的年度计划。")
        if SpotCheck.objects.filter(plan=held, quarter=quarter).exists():
            raise LuoshiError("E_STATE", f"{quarter}已经抽过，不重抽。")
        rows = population_of(held, quarter)
        if not rows:
            raise LuoshiError("E_STATE", f"{quarter}没有销号的最小颗粒，不用抽查。")
        ratio = exact(book.current().values("supervision", last)["spot_ratio"])
        seed = seed or secrets.token_hex(16)
        listed = [(matter.organ, code) for code, matter in rows.items()]
        picked = drawn(listed, seed, ratio)
        digest = digest_of(listed)
        made = SpotCheck.objects.create(
            plan=held, quarter=quarter, seed=seed, ratio=Decimal(ratio.numerator) / ratio.denominator,
                population=len(rows), listed=listed, digest=digest,
            drawn_at=CLOCK.now(), drawn_name=actor.name[:100],
        )  # fmt: skip
        SpotCheckLine.objects.bulk_create(
            SpotCheckLine(check_of=made, matter=rows[code], organ=organ, order=place)
            for place, (organ, code) in enumerate(picked, 1)
        )
        audit.append(
            actor=actor, act="work.spot_draw", subject=f"spot_check:{made.pk}", permission="work.score",
            after={"quarter": quarter, "seed": seed, "population": len(rows), "drawn": len(picked), "digest": digest},
        )  # fmt: skip
    return made


def record(
    *,
    actor: Actor,
    line: int,
    passed: bool,
    visited_on: datetime.date,
    with_organ: str,
    found: str,
    falsified: bool = False,
    reached: str = "",
) -> SpotCheckLine:
    """Record what was found at one task, with one other organ; failed, the task is opened again.

    `reached` is the figure found at one that failed, in the unit of its target or in percent: its progress falls back
    to it, and found more than five points below what was reported it is a false report (services-governance 6.3).
    Side effects: the line, audit; failed: the matter reopened and put right (its own history, messages). Errors:
    E_FORBIDDEN, E_NOT_FOUND, E_STATE (recorded already), E_INPUT (day, organ, words, figure), those of reopening.
    """
    require(actor, "work.score")
    found = found.replace("\0", "").strip()
    if not 1 <= len(found) <= 2000:
        raise LuoshiError("E_INPUT", "请写明查到什么，至多2,000字。", fields={"field": "found"})
    with transaction.atomic():
        row = SpotCheckLine.objects.select_for_update(of=("self",)).select_related("matter", "check_of")
        one = row.filter(pk=line).first()
        if one is None:
            raise LuoshiError("E_NOT_FOUND", "没有这件抽查。")
        if one.result != SpotCheckLine.Result.DRAWN:
            raise LuoshiError("E_STATE", "这件抽查已经登记，不能再改。")
        if not concern.known(with_organ):
            raise LuoshiError("E_INPUT", "请选一同抽查的单位。", fields={"field": "with_organ"})
        if with_organ == one.organ:
            raise LuoshiError("E_INPUT", "一同抽查的不得是被抽查的单位。", fields={"field": "with_organ"})
        if not day_of(one.check_of.drawn_at) <= visited_on <= CLOCK.today():
            raise LuoshiError("E_INPUT", "抽查的日子应在抽取以后、今天以前。", fields={"field": "visited_on"})
        if passed and reached.strip():
            raise LuoshiError(
                "E_INPUT", "合格的不填查到的进度；查到的少于填报的，为不合格。", fields={"field": "reached"}
            )
        if reached.strip():
            falsified = _reached(one, reached) or falsified
        one.result = SpotCheckLine.Result.PASSED if passed else SpotCheckLine.Result.FAILED
        one.falsified = falsified and not passed
        one.visited_on, one.with_organ, one.found = visited_on, with_organ, found
        one.recorded_at, one.recorded_name = CLOCK.now(), actor.name[:100]
        one.save()
        if not passed and one.matter.state == State.CROSSED_OFF:
            matter_actions.reopen(actor=actor, matter=one.matter_id, reason=f"抽查不合格：{found}"[:1000])
        if one.reached is not None:
            matter_reports.put_right(actor=actor, matter=one.matter_id, reached=one.reached, words=f"抽查查到：{found}")
        if not one.check_of.lines.filter(result=SpotCheckLine.Result.DRAWN).exists():
            one.check_of.closed_at = CLOCK.now()
            one.check_of.save()
        audit.append(
            actor=actor, act="work.spot_record", subject=f"spot_check:{one.check_of_id}", permission="work.score",
            after={"matter": one.matter_id, "result": one.result, "falsified": one.falsified, "with": with_organ,
                   "reached": None if one.reached is None else str(one.reached)},
        )  # fmt: skip
    return one


def _reached(one: SpotCheckLine, text: str) -> bool:
    """Keep the figure found at a task with its line; return whether it makes what was reported false."""
    row = one.matter
    given = {"value": text} if row.target_value is not None else {"percent": text}
    try:
        done, value = matter_actions.figures_of(row, **given)
    except LuoshiError as refusal:
        raise LuoshiError(refusal.code, refusal.message, fields={"field": "reached"}) from None
    measured = lights.measured(row, value)
    found, reported = Fraction(done, 100) if measured is None else measured.percent, lights.progress(row)
    if found >= reported:
        raise LuoshiError(
            "E_INPUT", f"查到的{lights.shown(found)}%不少于填报的{lights.shown(reported)}%，不填；别的不合格请写明。",
            fields={"field": "reached"},
        )  # fmt: skip
    one.reached = Decimal(str(text).strip().replace(",", "").removesuffix("%"))
    return reported - found > exact(book.current().values("supervision", CLOCK.today())["gov_false"])


def checks() -> QuerySet[SpotCheck]:
    """Return the draws, newest quarter first."""
    return SpotCheck.objects.select_related("plan").order_by("-quarter", "-pk")
