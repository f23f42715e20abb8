"""The plan of a year out of an instrument of the library: chapters, items, who answers (D1), targets (spec 4.1)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.parameters import Parameter
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern
from luoshi.office.duties.models import Duty
from luoshi.office.duties.models import Target as CompiledTarget
from luoshi.office.instruments.models import Clause, Instrument
from luoshi.office.locks import serialise
from luoshi.office.organs.directory import load_directory
from luoshi.office.permissions import require
from luoshi.programmes.supervision.decisions import marks
from luoshi.programmes.supervision.decisions.settings import PARAMETERS
from luoshi.programmes.supervision.models import (
    Chapter,
    ItemConcern,
    ItemEvent,
    ItemOrgan,
    KeyItem,
    Plan,
    Target,
)

KIND = "work_points"
CHOSEN = ("各相关镇区", "各有关镇区")
"""Wildcards whose members the lead organ designates case by case (D2)."""
_TITLE = 40
_NUMBER = re.compile(r"(\d+)$")
_FACTORS: Mapping[str, tuple[str, int]] = {
    "亿元": ("分", 10**10), "万元": ("分", 10**6), "元": ("分", 100), "万平方米": ("平方米", 10**4),
    "万亩": ("亩", 10**4),
}  # fmt: skip


class Judged(NamedTuple):
    """How a figure of the plan is judged where the figure alone does not say: comparator, scope, own due day."""

    comparator: str = ">="
    scope: str = ""
    due: str = ""
    valued: bool = True


_JUDGED: Mapping[str, Mapping[str, Judged]] = {
    "乳政发〔2019〕2号": {
        "T15.1": Judged("range"),
        "T21.2": Judged(scope="镇"),
        "T24.2": Judged(scope="村"),
        "T24.5": Judged(scope="镇"),
        "T24.6": Judged(scope="村"),
        "T24.7": Judged("event", "300户以上的村", valued=False),
        "T27.2": Judged("event"),
        "T31.7": Judged("event", due="06-30"),
        "T31.8": Judged("event"),
        "T33.1": Judged("event"),
        "T34.4": Judged(scope="每村每年"),
        "T34.5": Judged(scope="每村每月"),
        "T35.1": Judged(scope="逐步"),
        "T38.1": Judged("<="),
        "T39.1": Judged("="),
        "T40.2": Judged(scope="重大决策"),
        "T47.1": Judged(scope="五个程序"),
    }
}
_STANDING: Mapping[str, frozenset[int]] = {"乳政发〔2019〕2号": frozenset((38, 41, 42, 44, 47, 48, 49, 51, 52))}
"""Items that are continuous work, judged at the end of each period."""


def load_plan(*, actor: Actor, key: str, year: int | None = None) -> Plan:
    """Read the current version of an instrument of work points into a plan of its year (P1, loading) and return it.

    Organs in the order of the mark, what nobody can read stays unresolved with a proposal; figures that the compiler
    read, and those of the parameter book that it did not, marked as added. Side effects: the plan and all it holds,
    audit. Errors: E_FORBIDDEN, E_NOT_FOUND (no such instrument), E_INPUT (no work points), E_DUPLICATE (year loaded).
    """
    require(actor, "work.plan")
    found = Instrument.objects.select_related("issue").filter(key=key.strip(), is_current=True).first()
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"文库里没有“{key[:60]}”。请先导入公报，再从中导入工作要点。")
    issued = found.issued_on or found.sort_on
    chosen = year or found.year or issued.year
    with transaction.atomic():
        serialise(f"plan:{chosen}")
        if (known := Plan.objects.filter(year=chosen, kind=KIND).first()) is not None:
            raise LuoshiError(
                "E_DUPLICATE",
                f"{chosen}年的工作要点已经导入（{known.title}），一年只有一个计划。",
                fields={"plan": known.pk, "year": chosen},
            )
        clauses = list(Clause.objects.filter(instrument=found).order_by("seq"))
        rows = _items(clauses)
        if not rows:
            raise LuoshiError("E_INPUT", f"“{found.name}”不是工作要点：没有逐项写明责任单位的条目。")
        plan = Plan.objects.create(
            year=chosen,
            kind=KIND,
            instrument=found,
            instrument_key=found.key,
            title=found.name,
            issued_on=issued,
            loaded_at=CLOCK.now(),
            loaded_by=actor.name[:100],
        )
        _store(plan, clauses, rows, actor)
        counts = load_check(plan)
        append(
            actor=actor,
            act="work.load",
            subject=f"plan:{plan.pk}",
            after={"year": chosen, "instrument": found.key, "version": found.version, **counts},
        )
        return plan


def _items(clauses: Sequence[Clause]) -> list[tuple[int, Clause]]:
    """Return the numbered clauses that name a responsible unit, with their numbers, in the order of the text."""
    found = []
    for clause in clauses:
        number = _NUMBER.search(clause.path)
        if number is not None and marks.split(clause.text) is not None:
            found.append((int(number[1]), clause))
    return found


def _store(plan: Plan, clauses: Sequence[Clause], rows: Sequence[tuple[int, Clause]], actor: Actor) -> None:
    tops = {clause.path: clause for clause in clauses if not clause.depth}
    chapters: dict[str, Chapter] = {}
    compiled: dict[int, list[CompiledTarget]] = {}
    for one in CompiledTarget.objects.filter(instrument=plan.instrument_id).order_by("seq"):
        compiled.setdefault(one.clause_id or 0, []).append(one)
    limits = _limits(plan)
    standing = _STANDING.get(plan.instrument_key, frozenset())
    for number, clause in rows:
        top = clause.path.partition("/")[0]
        if top not in chapters:
            head = tops.get(top, clause)
            title = (head.heading or head.text or head.label)[:300] if head is not clause else plan.title[:300]
            chapters[top] = Chapter.objects.create(plan=plan, no=len(chapters) + 1, title=title)
        due, said = limits.get(clause.pk, (None, ""))
        item = KeyItem.objects.create(
            plan=plan,
            chapter=chapters[top],
            seq=number,
            title=short_title(clause.heading or clause.text),
            start=clause.start,
            end=clause.end,
            due=due or year_end(plan),
            due_text="长期" if number in standing else said,
            kind=KeyItem.Kind.STANDING if number in standing else KeyItem.Kind.DELIVERABLE,
        )
        _store_organs(item, clause.text)
        spread(item)
        _store_targets(item, compiled.get(clause.pk, ()), actor)
        ItemEvent.objects.create(
            item=item, at=plan.loaded_at, act="load", text=f"由{plan.instrument_key}导入", who=actor.name[:100]
        )


def short_title(text: str) -> str:
    """Return the first words of an item, cut from its text."""
    first = re.split("[,，;；。:：]", text.strip(), maxsplit=1)[0]
    return first if len(first) <= _TITLE else first[: _TITLE - 1] + "…"


def year_end(plan: Plan) -> datetime.date:
    """Return the day by which what prints no day is due: the parameter in its year, else the year's last day."""
    last = datetime.date(plan.year, 12, 31)
    known = PARAMETERS["plan_year_end"]
    for value in known.values:
        day = datetime.date.fromisoformat(str(value.value))
        if day.year == plan.year:
            return day
    return last


def _limits(plan: Plan) -> dict[int, tuple[datetime.date, str]]:
    """Return the last printed day of each clause, and the words that print it."""
    found: dict[int, tuple[datetime.date, str]] = {}
    rows = Duty.objects.filter(instrument=plan.instrument_id, limits__due_on__isnull=False)
    for clause, day, text in rows.values_list("clause", "limits__due_on", "limits__text"):
        if clause is not None and day is not None and (clause not in found or day > found[clause][0]):
            found[clause] = (day, text[:40])
    return found


# --- who answers ------------------------------------------------------------------------------------------------------


def _store_organs(item: KeyItem, text: str) -> None:
    lists = marks.split(text) or ([], [])
    item.raw_lead, item.raw_coop = ("、".join(names)[:400] for names in lists)
    item.save(update_fields=["raw_lead", "raw_coop"])
    entries: list[ItemOrgan] = []
    for role, names in zip((ItemOrgan.Role.LEAD, ItemOrgan.Role.COOP), lists, strict=True):
        for printed, read in zip(names, marks.resolve(names), strict=True):
            wildcard = read.resolution == ItemOrgan.Resolution.WILDCARD
            entries.append(
                ItemOrgan(
                    item=item,
                    seq=len(entries) + 1,
                    role=role,
                    raw=printed,
                    organ=read.organ,
                    token=printed if wildcard else "",
                    resolution=read.resolution,
                    proposal="" if read.organ else slug_of(read.proposal),
                    members=concern.expand(printed) if wildcard and printed not in CHOSEN else [],
                )
            )
    ItemOrgan.objects.bulk_create(entries)


def slug_of(name: str) -> str:
    """Return the organ a name means, empty for none."""
    directory = load_directory()
    return (directory.resolve(name) or directory.resolve(f"市{name}") or "") if name else ""


def spread(item: KeyItem) -> None:
    """Write anew whom an item concerns, from its entries: wildcards spread out, an organ once, as lead if it leads."""
    found: dict[str, tuple[str, bool]] = {}
    for entry in item.organs.order_by("seq"):
        for slug in [entry.organ] if entry.organ else entry.members:
            role, named = found.get(slug, (entry.role, False))
            lead = ItemOrgan.Role.LEAD in (role, entry.role)
            found[slug] = (ItemOrgan.Role.LEAD if lead else role, named or bool(entry.organ))
    ItemConcern.objects.filter(item=item).delete()
    ItemConcern.objects.bulk_create(
        ItemConcern(item=item, organ=slug, role=role, named=named) for slug, (role, named) in found.items()
    )


# --- targets ----------------------------------------------------------------------------------------------------------


class _Figure(NamedTuple):
    """A figure as it will stand: of the compiler (`printed` its comparator) or of the parameter book alone."""

    name: str
    comparator: str
    printed: str
    value: Decimal
    upper: Decimal | None
    unit: str
    due: datetime.date | None
    start: int
    end: int


def _store_targets(item: KeyItem, compiled: Iterable[CompiledTarget], actor: Actor) -> None:
    """Store the figures of an item under the codes of the parameter book, else numbered in the order of the text."""
    plan = item.plan
    figures = _figures(compiled)
    judged = _JUDGED.get(plan.instrument_key, {})
    book = _book(plan, item.seq)
    rows: list[Target] = []
    for code, parameter in book.items():
        rule = judged.get(code, Judged())
        value, unit = Decimal(str(parameter.values[0].value)), parameter.unit
        figure = _taken(figures, value, unit)
        due = datetime.date.fromisoformat(f"{plan.year}-{rule.due}") if rule.due else None
        rows.append(
            Target(
                item=item,
                seq=len(rows) + 1,
                code=code,
                name=parameter.title.removesuffix("，下限"),
                comparator=rule.comparator,
                printed=figure.printed if figure else "",
                value=(figure.value if figure else value) if rule.valued else None,
                upper=_upper(plan, code) if rule.comparator == "range" else None,
                unit=(figure.unit if figure else unit) if rule.valued else "",
                scope=rule.scope,
                due=due or (figure.due if figure else None) or item.due,
                kind=Target.Kind.PRINTED if figure else Target.Kind.ADDED,
                start=figure.start if figure else 0,
                end=figure.end if figure else 0,
                added_by="" if figure else actor.name[:100],
            )
        )
    for figure in figures:
        rows.append(
            Target(
                item=item,
                seq=len(rows) + 1,
                code=f"T{item.seq}.{len(rows) + 1}",
                name=figure.name,
                comparator=figure.comparator,
                printed=figure.printed,
                value=figure.value,
                upper=figure.upper,
                unit=figure.unit,
                due=figure.due or item.due,
                start=figure.start,
                end=figure.end,
            )
        )
    Target.objects.bulk_create(rows)
    if rows and item.kind == KeyItem.Kind.DELIVERABLE:
        item.kind = KeyItem.Kind.QUANTIFIED
        item.save(update_fields=["kind"])


def _figures(compiled: Iterable[CompiledTarget]) -> list[_Figure]:
    """Return the compiler's figures; two ends printed as one range are one figure, a plain figure is a floor."""
    found: list[_Figure] = []
    for one in compiled:
        last = found[-1] if found else None
        if last and one.op == "<=" and last.printed == ">=" and (one.start, one.end) == (last.start, last.end):
            found[-1] = last._replace(comparator="range", upper=Decimal(one.value))
            continue
        comparator = "<=" if one.op in ("<=", "<") else ">="
        found.append(
            _Figure(one.subject, comparator, one.op, Decimal(one.value), None, one.unit, one.by, one.start, one.end)
        )
    return found


def _book(plan: Plan, seq: int) -> dict[str, Parameter]:
    """Return the figures that the parameter book has for an item of this instrument, by code."""
    wanted = re.compile(rf"T{seq}\.\d+")
    return {
        name: parameter
        for name, parameter in PARAMETERS.items()
        if wanted.fullmatch(name) and str(parameter.values[0].citation).startswith(plan.instrument_key)
        and plan.instrument_key
    }  # fmt: skip


def _upper(plan: Plan, code: str) -> Decimal:
    return Decimal(str(PARAMETERS[f"{code}.max"].values[0].value))


def plain(value: Decimal, unit: str) -> tuple[Decimal, str]:
    """Return an amount in the unit of the parameter book: 23.7亿元 in fen, 2万亩 in mu."""
    unit, factor = _FACTORS.get(unit, (unit, 1))
    return value * factor, unit


def _taken(figures: list[_Figure], value: Decimal, unit: str) -> _Figure | None:
    """Take the figure that is this amount out of those left; None when the compiler read none."""
    for place, figure in enumerate(figures):
        amount, measured = plain(figure.value, figure.unit)
        if amount == value and ((measured == "分") == (unit == "分")):
            return figures.pop(place)
    return None


# --- the check of the load --------------------------------------------------------------------------------------------


def load_check(plan: Plan) -> dict[str, int]:
    """Return the figures of what was loaded: items, organs and mentions on both sides, wildcards, what is open."""
    leads: list[str] = []
    coops: list[str] = []
    tokens: list[str] = []
    several, without = 0, 0
    items = list(plan.items.prefetch_related("organs"))
    for item in items:
        entries = list(item.organs.all())
        lead = [one.organ or one.proposal or one.raw for one in entries if one.role == ItemOrgan.Role.LEAD]
        coop = [one for one in entries if one.role == ItemOrgan.Role.COOP]
        leads += lead
        coops += [one.organ or one.proposal or one.raw for one in coop if not one.token]
        tokens += [one.token for one in coop if one.token]
        several += len(lead) > 1
        without += not coop
    return {
        "chapters": plan.chapters.count(),
        "items": len(items),
        "lead_organs": len(set(leads)),
        "lead_mentions": len(leads),
        "coop_organs": len(set(coops)),
        "wildcards": len(set(tokens)),
        "coop_mentions": len(coops) + len(tokens),
        "several_leads": several,
        "without_coop": without,
        "targets": Target.objects.filter(item__plan=plan).count(),
        "unresolved": ItemOrgan.objects.filter(item__plan=plan, resolution="unresolved").count(),
    }


def load_faults(plan: Plan) -> list[str]:
    """Return in words why what was loaded is not whole: a number missing, an item nobody leads, a name unread."""
    found = []
    numbers = sorted(plan.items.values_list("seq", flat=True))
    missing = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    if missing:
        found.append("缺第" + "、".join(map(str, missing)) + "项")
    for item in plan.items.prefetch_related("organs").order_by("seq"):
        entries = list(item.organs.all())
        if not any(one.role == ItemOrgan.Role.LEAD for one in entries):
            found.append(f"第{item.seq}项没有责任单位")
        found += [
            f"第{item.seq}项的“{one.raw}”没有认定（{one.get_role_display()}）"
            for one in entries
            if one.resolution == ItemOrgan.Resolution.UNRESOLVED
        ]
    return found
