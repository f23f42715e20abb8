"""Firms' plans (减排操作方案): drawn up and changed until they are submitted; what their steps do; who is not ready.

The way is `procedures/site_plan.yaml`. A firm has no account: its town, the industry or the environment bureau enters
what it hands in, and who entered it may not review it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.decisions import decide
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.cases import actions as cases
from luoshi.office.cases.hooks import effect, facts
from luoshi.office.cases.turns import Turn
from luoshi.office.duties import concern
from luoshi.office.duties.intake import push_matter
from luoshi.office.duties.matter_models import Kind as MatterKind
from luoshi.office.parameters import book
from luoshi.office.permissions import may, require
from luoshi.programmes.heavy_pollution import plan
from luoshi.programmes.heavy_pollution.air_actions import ROOM
from luoshi.programmes.heavy_pollution.decisions.plans import LEVELS, POLLUTANTS, faults
from luoshi.programmes.heavy_pollution.decisions.settings import PLAN
from luoshi.programmes.heavy_pollution.models import Enterprise, SitePlan

PROCEDURE = "heavy_pollution.site_plan"
State = SitePlan.State
READY = (State.APPROVED, State.FILED)
"""A plan in one of these states is one to work by."""
OVERSEERS = (plan.COMMAND, "environment", "economy-it")
"""Who sees the plans of every town and may enter any firm's."""
STEP_FIELDS = {
    "process": "工序", "action": "停或限", "limit": "限产比例", "hours": "所需时间", "safety": "安全要求",
    "evidence": "应交凭证",
}  # fmt: skip
_ACTIONS = ("停产", "限产")
MOST_STEPS = 30
_NAMES = {value: key for key, value in POLLUTANTS.items()} | {"PM": "pm"}
_SECTOR_FACTS = {"so2": "SO2", "nox": "NOx", "pm": "PM", "vocs": "VOCs"}


# --- who --------------------------------------------------------------------------------------------------------------


def reach_of(actor: Actor) -> frozenset[str] | None:
    """Return the towns whose firms' plans the actor sees; None for all."""
    served = concern.own_organs(actor)
    if not served.isdisjoint(OVERSEERS):
        return None
    return concern.organs_for(actor, "pollution.see")


def drawer_of(actor: Actor, firm: Enterprise) -> str:
    """Return the organ from which the actor enters the firm's plan. E_FORBIDDEN when there is none."""
    if actor.trusted:
        return firm.town
    for organ in (firm.town, "economy-it", "environment"):
        if may(actor, "pollution.plan", [organ]) or any(
            organ in concern.served_by(grant.organ) and may(actor, "pollution.plan", [grant.organ])
            for grant in actor.grants
        ):
            return organ
    require(actor, "pollution.plan", [firm.town])
    raise AssertionError


def visible(actor: Actor, pk: int) -> SitePlan:
    """Return a plan the actor sees, with its firm and case. E_NOT_FOUND."""
    row = SitePlan.objects.select_related("enterprise", "case").filter(pk=pk).first()
    reach = reach_of(actor)
    if row is None or (reach is not None and row.enterprise.town not in reach):
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号减排操作方案。")
    return row


# --- drawing up -------------------------------------------------------------------------------------------------------


def read_steps(given: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Return steps by level as they are kept; lines without a process are left out. E_INPUT by place."""
    found: dict[str, list[dict[str, str]]] = {}
    wrong: dict[str, str] = {}
    for level in LEVELS:
        rows = given.get(level) or []
        kept = []
        for number, row in enumerate(rows if isinstance(rows, Sequence) and not isinstance(rows, str) else []):
            line = {name: str(row.get(name) or "").strip()[:200] for name in STEP_FIELDS}
            if not any(line.values()):
                continue
            place = f"{level}-{number}"
            if not line["process"]:
                wrong[f"process-{place}"] = f"{LEVELS[level]}第{number + 1}行：请写工序"
            if line["action"] not in _ACTIONS:
                wrong[f"action-{place}"] = f"{LEVELS[level]}第{number + 1}行：请选停产或限产"
            if line["action"] == "限产" and not _percent(line["limit"]):
                wrong[f"limit-{place}"] = f"{LEVELS[level]}第{number + 1}行：限产比例应是1到100的数"
            if line["hours"] and not _number(line["hours"], 240):
                wrong[f"hours-{place}"] = f"{LEVELS[level]}第{number + 1}行：所需时间应是小时数"
            kept.append(line)
        if len(kept) > MOST_STEPS:
            wrong[f"process-{level}-0"] = f"{LEVELS[level]}最多 {MOST_STEPS} 行"
        found[level] = kept
    if wrong:
        raise LuoshiError("E_INPUT", "；".join(list(wrong.values())[:5]) + "。", fields={"fields": wrong})
    return found


def _percent(text: str) -> bool:
    return _number(text.rstrip("%％"), 100)


def _number(text: str, most: int) -> bool:
    try:
        return 0 < Decimal(text) <= most
    except InvalidOperation:
        return False


def read_reductions(given: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return reductions by level and pollutant as decimal text in kg/d, nothing as 0. E_INPUT by place."""
    found: dict[str, dict[str, str]] = {}
    wrong: dict[str, str] = {}
    for level, words in LEVELS.items():
        row = given.get(level) or {}
        found[level] = {}
        for name, title in POLLUTANTS.items():
            text = str(row.get(name) if row.get(name) is not None else "").replace(",", "").strip() or "0"
            try:
                amount = Decimal(text)
                if not amount.is_finite() or abs(amount) >= 10**9 or -amount.as_tuple().exponent > 3:  # type: ignore[operator]
                    raise InvalidOperation
            except InvalidOperation:
                wrong[f"{name}-{level}"] = f"{words}{title}减排量“{text[:20]}”应是数字，最多三位小数"
                continue
            found[level][name] = f"{amount:f}"
    if wrong:
        raise LuoshiError("E_INPUT", "；".join(list(wrong.values())[:5]) + "。", fields={"fields": wrong})
    return found


def base_of(firm: Enterprise) -> dict[str, Decimal]:
    """Return the baseline of a firm by pollutant, kg/d."""
    return {name: getattr(firm, name) for name in POLLUTANTS}


def soundness(row: SitePlan) -> Any:
    """Return the decision whether a plan is sound."""
    return book.decide("heavy_pollution.site_plan", _sound_facts(row), CLOCK.today())


def _sound_facts(row: SitePlan) -> dict[str, Any]:
    return {
        "base": {name: str(amount) for name, amount in base_of(row.enterprise).items()},
        "reductions": row.reductions,
        "steps": {level: len(lines) for level, lines in row.steps.items()},
    }


def sector_results(row: SitePlan, on: datetime.date | None = None, edition: book.Book | None = None) -> dict[str, Any]:
    """Return, by level, the decision whether the plan reaches what the firm's trade owes (D14).

    `edition`: the book in force, for who asks of many plans. Nothing for a plan whose amounts are not sound: what is
    above its baseline or falls has no ratio.
    """
    firm = row.enterprise
    amounts = {level: {name: Decimal(text) for name, text in one.items()} for level, one in row.reductions.items()}
    if any(fault.pollutant for fault in faults(base_of(firm), amounts, {})):
        return {}
    facts: dict[str, Any] = {
        "sector": firm.get_sector_display(), "other_heavy": firm.other_heavy,
        "base": {_SECTOR_FACTS[name]: str(amount) for name, amount in base_of(firm).items()},
        "plan": {
            level: {_SECTOR_FACTS[name]: amount for name, amount in amounts.items()}
            for level, amounts in row.reductions.items()
        },
        # Being reviewed is what is asked here: the plan's own approval cannot be its condition.
        "plan_state": "审核通过",
    }  # fmt: skip
    if firm.exempt != Enterprise.Exempt.NONE:
        facts |= {"exempt_basis": firm.get_exempt_display(), "max_load": str(firm.max_load), "load": str(firm.max_load)}
    found = {}
    definition = (edition or book.current()).definition("heavy_pollution.sector")
    for level in LEVELS:
        stops = any(line["action"] == "停产" for line in row.steps.get(level, []))
        found[level] = decide(definition, {"level": level, "firm": facts | {"stops": stops}}, on or CLOCK.today())
    return found


def draft(
    *,
    actor: Actor,
    firm: str,
    year: int | None = None,
    steps: Mapping[str, Any] | None = None,
    reductions: Mapping[str, Any] | None = None,
) -> SitePlan:
    """Begin a plan of a firm (its credit code) for a list year, as an edition after those there are; opens its case.

    Without steps and reductions the last edition's are taken over. Errors: E_NOT_FOUND, E_FORBIDDEN, E_INPUT,
    E_DUPLICATE while another edition of the year is under way.
    """
    found = Enterprise.objects.filter(credit_code=firm, void=False, ended_on=None).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"名单里没有信用代码为“{firm[:18]}”的企业。请先在应急减排企业台账登记。")
    chosen = int(year or found.list_year)
    if not 2018 <= chosen <= 2100:
        raise LuoshiError("E_INPUT", "年度应在2018至2100之间。", fields={"fields": {"year": "请核对年度"}})
    drawer = drawer_of(actor, found)
    with transaction.atomic():
        last = SitePlan.objects.filter(enterprise=found, year__lte=chosen).order_by("-year", "-edition").first()
        edition = last.edition + 1 if last is not None and last.year == chosen else 1
        row = SitePlan(
            enterprise=found, year=chosen, edition=edition, drawn_by=actor.name[:100],
            drawn_by_user_id=actor.user_id,
            steps=read_steps(steps if steps is not None else last.steps if last else {}),
            reductions=read_reductions(reductions if reductions is not None else last.reductions if last else {}),
        )  # fmt: skip
        row.save()
        row.case = cases.open_case(
            actor=actor, procedure=PROCEDURE, organ=drawer, subject=f"hp-site-plan:{firm}:{chosen}",
            title=f"{found.name}{chosen}年减排操作方案（第{edition}版）", facts={"drawer": drawer, "plan": row.pk},
        )  # fmt: skip
        row.save(update_fields=["case"])
        append(actor=actor, act="pollution.plan_draft", subject=f"hp-plan:{row.pk}", permission="pollution.plan",
               after={"firm": firm, "year": chosen, "edition": edition, "reductions": row.reductions},
               basis=f"{PLAN} 3.1.1(2)")  # fmt: skip
    return row


def require_open(row: SitePlan) -> None:
    """Refuse with E_STATE a plan that is no draft and was not returned: its form is not offered."""
    if row.state not in (State.DRAFT, State.RETURNED):
        raise LuoshiError(
            "E_STATE",
            f"这份方案已是“{row.get_state_display()}”，不能再改。要改请另起一版。",
            fields={"state": row.state},
        )


def change(
    *, actor: Actor, pk: int, steps: Mapping[str, Any], reductions: Mapping[str, Any], version: int | None = None
) -> SitePlan:
    """Change a plan that is a draft or was returned. E_NOT_FOUND, E_FORBIDDEN, E_STATE, E_VERSION, E_INPUT."""
    visible(actor, pk)
    with transaction.atomic():
        row = SitePlan.objects.select_for_update(of=("self",)).select_related("enterprise").get(pk=pk)
        drawer_of(actor, row.enterprise)
        require_open(row)
        if version is not None and version != row.version:
            raise LuoshiError("E_VERSION", f"{row.drawn_by}已改过这份方案，请刷新后再改。您填的还在。",
                              fields={"yours": version, "now": row.version})  # fmt: skip
        before = {"steps": row.steps, "reductions": row.reductions}
        row.steps, row.reductions = read_steps(steps), read_reductions(reductions)
        row.drawn_by, row.drawn_by_user_id, row.version = actor.name[:100], actor.user_id, row.version + 1
        row.save()
        append(actor=actor, act="pollution.plan_change", subject=f"hp-plan:{pk}", permission="pollution.plan",
               before=before, after={"steps": row.steps, "reductions": row.reductions})  # fmt: skip
    return row


# --- the steps --------------------------------------------------------------------------------------------------------


def _plan(turn: Turn) -> SitePlan:
    return turn.held(SitePlan.objects.select_related("enterprise")).get(pk=turn.case.facts["plan"])


@facts("heavy_pollution.site_plan")
def _sound(turn: Turn) -> dict[str, Any]:
    return _sound_facts(_plan(turn))


@facts("heavy_pollution.plan_review")
def _review(turn: Turn) -> dict[str, Any]:
    row = _plan(turn)
    found = sector_results(row, turn.case.rules_on)
    if not found:
        # The baseline was corrected after the plan had been handed in.
        why = "；".join(reason.text for reason in soundness(row).reasons)
        return {"levels": dict.fromkeys(LEVELS, False), "why": dict.fromkeys(LEVELS, why)}
    return {
        "levels": {level: one.value.get("ok") for level, one in found.items()},
        "why": {
            level: "；".join(reason.text for reason in one.reasons if reason.ok is False)
            for level, one in found.items()
        },
        "reason": str(turn.data.get("reason") or ""),
    }


@effect("heavy_pollution.plan_submitted")
def _submitted(turn: Turn) -> None:
    row = _plan(turn)
    row.state, row.comment = State.SUBMITTED, ""
    row.save(update_fields=["state", "comment"])


@effect("heavy_pollution.plan_approved")
def _approved(turn: Turn) -> None:
    row = _plan(turn)
    # Whoever changed the draft had a hand in it, also without having submitted it.
    if row.drawn_by_user_id is not None and row.drawn_by_user_id in turn.actor.hands:
        raise LuoshiError("E_SELF", "填报这份方案的人不能审核它，请由另一人审核。", fields={"actor": turn.actor.name})
    row.state, row.reviewed_by, row.reviewed_at = State.APPROVED, turn.actor.name[:100], turn.at
    row.comment = str(turn.data.get("reason") or "")[:600]
    row.save(update_fields=["state", "reviewed_by", "reviewed_at", "comment"])


@effect("heavy_pollution.plan_returned")
def _returned(turn: Turn) -> None:
    row = _plan(turn)
    row.state, row.reviewed_by, row.reviewed_at = State.RETURNED, turn.actor.name[:100], turn.at
    row.comment = str(turn.data.get("comment") or "")[:600]
    row.save(update_fields=["state", "reviewed_by", "reviewed_at", "comment"])


@effect("heavy_pollution.plan_filed")
def _filed(turn: Turn) -> None:
    row = _plan(turn)
    row.state, row.filed_at = State.FILED, turn.at
    row.save(update_fields=["state", "filed_at"])


@effect("heavy_pollution.plan_withdrawn")
def _withdrawn(turn: Turn) -> None:
    row = _plan(turn)
    row.state, row.comment = State.WITHDRAWN, str(turn.data.get("reason") or "")[:600]
    row.save(update_fields=["state", "comment"])


# --- readiness --------------------------------------------------------------------------------------------------------


def year_of(text: str) -> int:
    """Return the list year asked for, or the newest."""
    if text.isdecimal() and 2018 <= int(text) <= 2100:
        return int(text)
    newest_year = Enterprise.objects.order_by("-list_year").values_list("list_year", flat=True).first()
    return newest_year or CLOCK.today().year


def listed(year: int) -> QuerySet[Enterprise]:
    """Return the firms on the list of a year that stand."""
    return Enterprise.objects.filter(list_year=year, void=False, ended_on=None)


def with_readiness(rows: QuerySet[Enterprise], year: int) -> QuerySet[Any]:
    """Return the firms with `ready`: whether a plan of the year is approved or filed."""
    plans = SitePlan.objects.filter(enterprise=OuterRef("pk"), year=year, state__in=READY)
    return rows.annotate(ready=Exists(plans))


def newest(firms: Iterable[Enterprise], year: int) -> dict[int, SitePlan]:
    """Return, by firm, the newest edition of its plan of a year."""
    rows = SitePlan.objects.filter(enterprise__in=[one.pk for one in firms], year=year).select_related("case")
    return {row.enterprise_id: row for row in rows.order_by("edition")}


def publish_list(*, actor: Actor, year: int | None = None) -> dict[str, int]:
    """Publish the list of a year: firms without an approved plan stand in it as not ready, and are supervised (督办).

    For each of them a matter of its town is pushed, once however often the list is published. Returns how many are
    listed, ready, not ready, and how many matters are new. Errors: E_FORBIDDEN, E_STATE without a list.
    """
    require(actor, "pollution.plan", [plan.COMMAND, "environment"])
    chosen = year or Enterprise.objects.order_by("-list_year").values_list("list_year", flat=True).first() or 0
    rows = list(with_readiness(listed(chosen), chosen).order_by("town", "pk"))
    if not rows:
        raise LuoshiError("E_STATE", "还没有这一年的应急减排企业名单，不能公布。请先导入企业台账。")
    program, today = Actor.system("减排方案", "job", user_id=actor.user_id), CLOCK.today()
    season = _season(today)
    new = 0
    with transaction.atomic():
        for firm in (one for one in rows if not one.ready):
            _matter, fresh = push_matter(
                actor=program, module="heavy-pollution", external_id=f"site-plan:{chosen}:{firm.credit_code}",
                kind=MatterKind.INSPECTION_RECTIFICATION, title=f"督促{firm.name}报审{chosen}年减排操作方案",
                organ=firm.town, cooperating=["environment"], due_on=season, basis=f"{PLAN} 3.1.1(2)",
                href=f"/pollution/plans/?year={chosen}&q={firm.credit_code}",
            )  # fmt: skip
            new += fresh
        ready = sum(one.ready for one in rows)
        counts = {"listed": len(rows), "ready": ready, "not_ready": len(rows) - ready, "matters": new}
        append(actor=actor, act="pollution.list_publish", subject=f"hp-list:{chosen}", after=counts,
               permission="pollution.plan", basis=f"{PLAN} 3.5.1")  # fmt: skip
    return counts


def _season(today: datetime.date) -> datetime.date:
    """Return the first day of the next heating season."""
    month, day = map(int, str(book.current().values(ROOM, today)["hp.heating.start"]).split("-"))
    start = datetime.date(today.year, month, day)
    return start if start >= today else start.replace(year=today.year + 1)


def comparison(row: SitePlan, other: SitePlan) -> list[dict[str, str]]:
    """Return what differs between two editions: reductions by level and pollutant, steps by level."""
    found = []
    for level, words in LEVELS.items():
        for name, title in POLLUTANTS.items():
            old, new = (one.reductions.get(level, {}).get(name, "0") for one in (other, row))
            if Decimal(old) != Decimal(new):
                found.append({"title": f"{words} {title}", "old": f"{old} kg/d", "new": f"{new} kg/d"})
        before, after = (step_words(one.steps.get(level, [])) for one in (other, row))
        if before != after:
            found.append({"title": f"{words} 停限工序", "old": before, "new": after})
    return found


def step_words(lines: Iterable[Mapping[str, str]]) -> str:
    """Return steps in words, a line each."""
    return "\n".join(
        f"{one['process']}{one['action']}{one['limit'] if one['action'] == '限产' else ''}"
        + (f"，{one['hours']}小时内" if one.get("hours") else "")
        for one in lines
    )
