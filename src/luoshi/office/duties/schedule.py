"""Make matters of duties: one per current duty, period and lead organ; idempotent, in bulk, in constant memory.

Several named leads: the first holds it, the others lead with it. A wildcard among the leads (各镇区) makes one matter
for each organ it stands for. The holder is whoever has the organ's work today by confirmed relations; an organ that
ended without a successor keeps it, marked 承接单位待定.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from luoshi.gazette.ledger import OPERATORS
from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.audit.actions import append
from luoshi.office.duties import concern, workdays
from luoshi.office.duties.lights import derive
from luoshi.office.duties.matter_models import Kind, Matter, MatterOrgan
from luoshi.office.duties.models import Duty, DutyOrgan, Target, TimeLimit
from luoshi.office.duties.owed import Limit, Slot, period_words, slots
from luoshi.office.locks import serialise

MODULE = "duties"
HORIZON_DAYS = 31
"""A period's matter is there this many days before the period begins."""
TIMER = Actor.system("系统", "timer")
_CHUNK = 1000
_READ = (
    "action", "summary", "clause_id", "local", "instrument__kind", "instrument__begins_on", "instrument__ends_on",
)  # fmt: skip
_FLOORS = (">=", "=", "~", ">")

Report = Callable[[str, int, int], None]


@dataclass(slots=True)
class Made:
    """What was made: matters made now, those there before, duties looked at."""

    made: int = 0
    known: int = 0
    duties: int = 0


def _silent(_phase: str, _n: int = 0, _total: int = 0) -> None:
    """Report to nobody."""


def materialise(
    first: datetime.date | None = None,
    last: datetime.date | None = None,
    *,
    actor: Actor = TIMER,
    duties: QuerySet[Duty] | None = None,
    recurring_only: bool = False,
    audited: bool = True,
    report: Report = _silent,
) -> Made:
    """Make the matters that current duties owe and that are not there yet; twice is as once.

    Dated and standing ones are made whatever the window is; of recurring ones those whose period meets `first` to
    `last` (today to today and `HORIZON_DAYS`); with `recurring_only` no others are looked at. What is owed
    by a day that is past when it is made is `backlog`. Side effects: rows of matters and their organs, one audit entry
    when anything was made and no caller
    writes its own. One transaction a thousand duties: a break leaves what was made, the next run the rest.
    """
    first = first or CLOCK.today()
    last = last or first + datetime.timedelta(days=HORIZON_DAYS)
    wanted = (Duty.objects.all() if duties is None else duties).filter(is_current=True)
    if recurring_only:
        wanted = wanted.filter(Exists(TimeLimit.objects.filter(duty=OuterRef("pk"), months__gt=0)))
    total, done, after = (wanted.count() if report is not _silent else 0), Made(), 0
    holders = _Holders(CLOCK.today())
    while True:
        with transaction.atomic():
            serialise("matters.materialise")
            rows = list(wanted.filter(pk__gt=after).select_related("instrument").only(*_READ).order_by("pk")[:_CHUNK])
            if not rows:
                break
            _make(rows, first, last, holders, done)
            after = rows[-1].pk
            done.duties += len(rows)
        report("matters", done.duties, total)
    if done.made and audited:
        with transaction.atomic():
            append(
                actor=actor,
                act="matter.materialise",
                subject=f"window:{first}/{last}",
                after={"made": done.made, "duties": done.duties},
            )
    return done


class Named(NamedTuple):
    """An organ as a duty names it: whether it leads, its name as printed, its slug or nothing."""

    leads: bool
    name: str
    slug: str


class _Holders:
    """Who holds an organ's work on the day, asked once for all."""

    def __init__(self, day: datetime.date) -> None:
        self._day, self._successors = day, concern.Successors(day)
        self._known: dict[str, tuple[str, bool]] = {}
        self._wild: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}

    def of(self, slug: str) -> tuple[str, bool]:
        """Return the holding organ, and whether it is one that ended without a successor."""
        if slug not in self._known:
            now = self._successors.of(slug)
            self._known[slug] = (slug, True) if now is None else (now, False)
        return self._known[slug]

    def expand(self, name: str) -> list[str]:
        """Return the organs a name stands for when it is a wildcard."""
        if name not in self._wild:
            self._wild[name] = concern.expand(name) if name[:1] in "各市" else []
        return self._wild[name]

    def name(self, slug: str) -> str:
        """Return the organ's name."""
        if slug not in self._names:
            self._names[slug] = concern.title(slug, self._day)
        return self._names[slug]


def _make(
    rows: Sequence[Duty],
    first: datetime.date,
    last: datetime.date,
    holders: _Holders,
    done: Made,
) -> None:
    ids = [row.pk for row in rows]
    limits: dict[int, list[Limit]] = defaultdict(list)
    for duty, kind, value, text in (
        TimeLimit.objects.filter(duty__in=ids)
        .order_by("duty_id", "seq")
        .values_list("duty_id", "kind", "value", "text")
    ):
        limits[duty].append(Limit(kind, value, text))
    organs: dict[int, list[Named]] = defaultdict(list)
    named = DutyOrgan.objects.filter(duty__in=ids).order_by("duty_id", "-leads", "seq")
    for duty, leads, name, slug in named.values_list("duty_id", "leads", "name", "slug"):
        organs[duty].append(Named(leads, name, slug))
    targets: dict[int, list[Target]] = defaultdict(list)
    clauses = {row.clause_id for row in rows if row.clause_id is not None}
    for target in Target.objects.filter(clause__in=clauses).order_by("seq"):
        targets[target.clause_id or 0].append(target)
    known = set(Matter.objects.filter(module=MODULE, duty__in=ids).values_list("external_id", flat=True))
    # What waits for a clerk's decision is made, or not, when that is taken.
    waiting = set(Matter.objects.filter(pending_duty__in=ids).values_list("pending_duty_id", flat=True))
    made: list[Matter] = []
    sides: list[list[MatterOrgan]] = []
    for row in rows:
        if row.pk in waiting:
            continue
        begins, ends = row.instrument.begins_on, row.instrument.ends_on
        for slot in slots(limits[row.pk], begins, ends, first, last):
            for head in _heads(organs[row.pk], holders):
                known_as = external_id(row.pk, slot.period, head.printed or head.name)
                if known_as in known:
                    done.known += 1
                    continue
                known.add(known_as)
                matter, side = _matter(row, slot, known_as, head, targets[row.clause_id or 0], holders)
                made.append(matter)
                sides.append(side)
    Matter.objects.bulk_create(made, batch_size=_CHUNK)
    rest: list[MatterOrgan] = []
    for matter, side in zip(made, sides, strict=True):
        for one in side:
            one.matter, one.due_sort = matter, matter.due_sort
        rest += side
    MatterOrgan.objects.bulk_create(rest, batch_size=_CHUNK)
    done.made += len(made)


def external_id(duty: int, period: str, printed: str) -> str:
    """Return the id under which the matter of a duty, a period and a lead as printed is known."""
    return f"{duty}/{period}/{printed[:100]}"


class _Head(NamedTuple):
    """The lead one matter is made for: slug and name as printed, who leads and who cooperates with it."""

    printed: str
    name: str
    co_leads: Sequence[Named]
    cooperating: Sequence[Named]


def _heads(organs: Sequence[Named], holders: _Holders) -> Iterator[_Head]:
    """Yield the first named lead with the others beside it, then each organ a wildcard among the leads stands for."""
    leads = [organ for organ in organs if organ.leads]
    others = [organ for organ in organs if not organ.leads]
    named = [organ for organ in leads if organ.slug or not holders.expand(organ.name)]
    wild = [slug for organ in leads if not organ.slug for slug in holders.expand(organ.name)]
    if named or not wild:
        yield _Head(named[0].slug, named[0].name, named[1:], others) if named else _Head("", "", (), others)
    heads = {organ.slug for organ in named}
    for slug in dict.fromkeys(wild):
        if slug not in heads:
            yield _Head(slug, holders.name(slug), (), [*named, *others])


def _matter(
    duty: Duty, slot: Slot, known_as: str, head: _Head, targets: Sequence[Target], holders: _Holders
) -> tuple[Matter, list[MatterOrgan]]:
    now = CLOCK.now()
    organ, pending = holders.of(head.printed) if head.printed else ("", False)
    matter = Matter(
        module=MODULE,
        external_id=known_as,
        kind=Kind.WORK_POINT if duty.instrument.kind == "work_points" else Kind.INSTRUMENT_DUTY,
        duty=duty,
        instrument_id=duty.instrument_id,
        origin=slot.origin,
        period=slot.period,
        title=title_of(duty, slot.period),
        organ=organ,
        organ_name=head.name,
        organ_pending=pending,
        local=duty.local,
        handed_at=now,
        start=slot.start,
        due_on=slot.due_on,
        derivation=derivation(slot),
        backlog=slot.due_on is not None and slot.due_on < now.date(),
        created_at=now,
        updated_at=now,
        **target_of(targets),
    )
    derive(matter)
    sides = [MatterOrgan(seq=0, organ=organ, name=head.name or "未写明", role=MatterOrgan.Role.LEAD)]
    seen = {organ}
    for role, some in ((MatterOrgan.Role.CO_LEAD, head.co_leads), (MatterOrgan.Role.COOP, head.cooperating)):
        for other in some:
            slug = holders.of(other.slug)[0] if other.slug else ""
            if not slug or slug not in seen:
                sides.append(MatterOrgan(seq=len(sides), organ=slug, name=other.name, role=role))
                seen.add(slug)
    return matter, sides


def title_of(duty: Duty, period: str) -> str:
    """Return the title of a duty's matter: its summary, with the period it is owed for."""
    words = period_words(period)
    return f"{(duty.summary or duty.action)[:370]}（{words}）" if words else (duty.summary or duty.action)[:400]


def derivation(slot: Slot) -> dict[str, object]:
    """Return how the due day arose, as kept with the matter: rule, steps, calendar version."""
    return {
        "rule": slot.rule,
        "text": slot.text,
        "steps": [{"rule": slot.rule, "text": slot.text}],
        "calendar": workdays.calendar().version,
        "provisional": False,
    }


def _in_words(target: Target) -> str:
    parts = (target.subject, OPERATORS.get(target.op, target.op), f"{target.value}{target.unit}")
    return " ".join(part for part in parts if part)


def target_of(targets: Sequence[Target]) -> Mapping[str, object]:
    """Return what a matter is measured against: one floor as a figure, anything else in words."""
    if not targets:
        return {}
    text = "；".join(map(_in_words, targets))[:300]
    if len(targets) == 1 and targets[0].op in _FLOORS and not targets[0].aspiration:
        try:
            value = Decimal(targets[0].value.replace(",", ""))
        except InvalidOperation:
            return {"target_text": text}
        if value.is_finite() and 0 < value < Decimal(10) ** 13 and value == round(value, 6):
            return {"target_text": text, "target_value": value, "target_unit": targets[0].unit[:40]}
    return {"target_text": text}
