"""Read what is owed: the ledger of matters, one matter with its history, who holds it.

Everything here asks `actor` and shows no more than `matter.see` reaches: lists, counts, facets, search, one matter.
The desk is in `desk`, the light in `lights`.
"""

from __future__ import annotations

import calendar as months
import datetime
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Model, OuterRef, Prefetch, Q, QuerySet, Value, When
from django.db.models.functions import Cast

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, hooks, whole, workdays
from luoshi.office.duties.actions import SEARCH_TABLE
from luoshi.office.duties.lights import Lamp, lamp
from luoshi.office.duties.matter_models import (
    FAR,
    CrossOff,
    Evidence,
    Extension,
    Kind,
    Light,
    Matter,
    MatterEvent,
    MatterOrgan,
    MatterPause,
    ProgressReport,
    State,
)
from luoshi.office.duties.models import Duty
from luoshi.office.duties.queries import FacetCount
from luoshi.office.instruments.models import Instrument
from luoshi.office.paging import COUNT_BOUND, Key, KeysetPage, Total, bounded_totals, keyset_page
from luoshi.office.permissions import may

ORDER = (Key("due_sort", datetime.date.fromisoformat), Key("id", int))
MATTER_SEARCH = "duties_matter_search"
ORIGINS: Mapping[str, str] = {str(value): str(label) for value, label in Duty.Origin.choices} | {"given": "送入时写明"}
_FACET_NAMES = 60


@dataclass(frozen=True, slots=True)
class MatterFilter:
    """What a reader of the ledger of matters asks for; empty means no condition, and only open matters are listed.

    `organs` are slugs (or printed names) of the holding lead, with `any_role` of anyone concerned; `documents` keys of
    instruments; `month` the first day of a month, `due_from`/`due_to` a span of due days, both included; `lights` and
    `overdue` hold on the day asked about; `mine`: held by the actor; `checking`: waits for the actor's check; `towns`:
    what every town owes too; `backlog`: its day was past when it was entered, `current`: not so; `changed`: worked on,
    and its duty was changed by a new version; `closed`: crossed off and withdrawn ones too; `duty`: those of one duty.
    """

    organs: tuple[str, ...] = ()
    any_role: bool = False
    documents: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    lights: tuple[str, ...] = ()
    overdue: bool = False
    month: datetime.date | None = None
    due_from: datetime.date | None = None
    due_to: datetime.date | None = None
    mine: bool = False
    checking: bool = False
    towns: bool = False
    backlog: bool = False
    current: bool = False
    changed: bool = False
    closed: bool = False
    duty: int | None = None
    q: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for but, perhaps, closed ones too, or only current ones."""
        return self == MatterFilter(any_role=self.any_role, closed=self.closed, current=self.current)

    @property
    def span(self) -> tuple[datetime.date | None, datetime.date | None]:
        """The due days asked for, of the month and of the span."""
        first, last = self.due_from, self.due_to
        if self.month:
            end = self.month.replace(day=months.monthrange(self.month.year, self.month.month)[1])
            first, last = max(first or self.month, self.month), min(last or end, end)
        return first, last

    @property
    def closed_too(self) -> bool:
        """Whether crossed off and withdrawn ones may be among what is asked for."""
        closed = {State.CROSSED_OFF, State.WITHDRAWN} & set(self.states)
        return self.closed or bool(closed) or Light.BLUE in self.lights


def visible(actor: Actor, *, walking: bool = False, key: str = "matter.see") -> QuerySet[Matter]:
    """Return every matter the actor may see: those whose organs the permission reaches, for towns the local ones."""
    return _within(Matter.objects.all(), concern.organs_for(actor, key), walking)


def _within(rows: QuerySet[Matter], organs: Collection[str] | None, walking: bool) -> QuerySet[Matter]:
    if organs is None:
        return rows
    concerned = MatterOrgan.objects.filter(organ__in=organs)
    seen = Q(Exists(concerned.filter(matter=OuterRef("pk")))) if walking else Q(pk__in=concerned.values("matter"))
    return rows.filter(seen | Q(local=True)) if concern.sees_local(organs) else rows.filter(seen)


def matters(
    wanted: MatterFilter, *, actor: Actor, day: datetime.date, walking: bool = False, texts: int | None = None
) -> QuerySet[Matter]:
    """Return the matters that fit `wanted` and that `actor` may see: the one place that decides what a list shows.

    With `walking` the conditions are written so that the database reads in the list's order and tests row by row;
    without, so that it starts from the few rows that fit. With `texts` only so many texts with the word are looked at.
    """
    rows = Matter.objects.all()
    if not wanted.closed_too:
        rows = rows.filter(is_open=True)
    organs = concern.organs_for(actor, "matter.see")
    if organs is not None and not (wanted.organs and _only_own(wanted, organs)):
        concerned = _having(_parts(wanted, day).filter(organ__in=organs), walking)
        rows = rows.filter(concerned | Q(local=True) if concern.sees_local(organs) else concerned)
    if wanted.organs:
        rows = _of_organs(rows, wanted, day, walking)
    if wanted.documents:
        known = Instrument.objects.filter(key__in=wanted.documents)
        rows = rows.filter(instrument__in=list(known.values_list("pk", flat=True)))
    if wanted.origins:
        rows = rows.filter(origin__in=wanted.origins)
    if wanted.kinds:
        rows = rows.filter(kind__in=wanted.kinds)
    if wanted.states:
        rows = rows.filter(state__in=wanted.states)
    if wanted.lights:
        rows = rows.filter(_any(light_condition(light, day) for light in wanted.lights))
    if wanted.overdue:
        rows = rows.filter(is_open=True, late_on__lte=day)
    first, last = wanted.span
    if first:
        rows = rows.filter(due_sort__gte=first)
    if last:
        rows = rows.filter(due_sort__lte=last)
    if wanted.mine:
        rows = rows.filter(holder__in=sorted(actor.hands))
    if wanted.checking:
        rows = rows.filter(to_check(actor))
    if wanted.towns:
        rows = rows.filter(local=True)
    if wanted.backlog:
        rows = rows.filter(backlog=True)
    if wanted.current:
        rows = rows.filter(backlog=False)
    if wanted.changed:
        # Greater than nothing rather than not null: a bound is what makes SQLite enter the index of the few.
        rows = rows.filter(pending_duty__gt=0)
    if wanted.duty is not None:
        rows = rows.filter(duty=wanted.duty)
    if wanted.q:
        of_duties = search.all_matching(SEARCH_TABLE, wanted.q, texts)
        own = search.all_matching(MATTER_SEARCH, wanted.q)
        if walking:
            rows = rows.annotate(of=F("duty_id") + 0, row=F("id") + 0)
        found = Q(**{"of__in" if walking else "duty__in": of_duties})
        # Most words are in no matter that another room sent, and an OR of two searches keeps databases from an index.
        if search.some_matching(MATTER_SEARCH, wanted.q, 1):
            found |= Q(**{"row__in" if walking else "pk__in": own})
        rows = rows.filter(found)
    return rows


def _any(conditions: Any) -> Q:
    found = Q()
    for condition in conditions:
        found |= condition
    return found


def _only_own(wanted: MatterFilter, organs: Collection[str]) -> bool:
    """Tell whether the organs asked for are all the actor's own, so that the scope adds nothing."""
    return set(wanted.organs) <= set(organs)


def _parts(wanted: MatterFilter, day: datetime.date) -> QuerySet[MatterOrgan]:
    """Return the organs' parts in what is asked for, as far as an organ's row knows its matter."""
    rows = MatterOrgan.objects.all()
    if not wanted.closed_too:
        rows = rows.filter(is_open=True)
    first, last = wanted.span
    if first:
        rows = rows.filter(due_sort__gte=first)
    if last:
        rows = rows.filter(due_sort__lte=last)
    # What is overdue was due before the day, what was past when it was entered before today.
    if wanted.backlog:
        rows = rows.filter(due_sort__lt=CLOCK.today())
    return rows.filter(due_sort__lt=day) if wanted.overdue else rows


def _having(parts: QuerySet[MatterOrgan], walking: bool) -> Q:
    if walking:
        # With the due day the test is made in an index of open parts alone.
        return Q(Exists(parts.filter(matter=OuterRef("pk"), due_sort=OuterRef("due_sort"))))
    return Q(pk__in=parts.values("matter"))


def _of_organs(rows: QuerySet[Matter], wanted: MatterFilter, day: datetime.date, walking: bool) -> QuerySet[Matter]:
    slugs = [name for name in wanted.organs if name.isascii()]
    names = [name for name in wanted.organs if not name.isascii()]
    if not wanted.any_role:
        named = Q(organ_name__in=names) if names else Q()
        return rows.filter(Q(organ__in=slugs) | named if slugs else named)
    parts = _parts(wanted, day)
    parts = parts.filter(Q(organ__in=slugs) | Q(name__in=names) if names else Q(organ__in=slugs))
    return rows.filter(_having(parts, walking))


def light_condition(light: str, day: datetime.date) -> Q:
    """Return the condition under which a matter shows `light` on `day`; the same answer as `lights.lamp`."""
    if light == Light.BLUE:
        return Q(is_open=False)
    if light == Light.PAUSED:
        return Q(is_open=True, state=State.PAUSED)
    if light == Light.RED:
        return Q(is_open=True, red_on__lte=day)
    if light == Light.YELLOW:
        return Q(is_open=True, yellow_on__lte=day, red_on__gt=day)
    running = Q(is_open=True, yellow_on__gt=day, red_on__gt=day) & ~Q(state=State.PAUSED)
    return running & (Q(green_on__lte=day) if light == Light.GREEN else Q(green_on__gt=day))


def to_check(actor: Actor) -> Q:
    """Return the condition of what waits for the actor's check: submitted, not of the actor's own organs."""
    if not may(actor, "matter.check") or actor.trusted:
        return Q(state=State.SUBMITTED) if actor.trusted else Q(pk__in=[])
    return Q(state=State.SUBMITTED) & ~Q(organ__in=sorted(concern.own_organs(actor)))


def complete(rows: QuerySet[Matter]) -> QuerySet[Matter]:
    """Let `rows` be read for a list, in one query more however many they are: holder, duty, document, organs.

    Of what they are joined with only what lists show comes along; the derivation stays behind too.
    """
    return _whole_rows(rows).defer("derivation", *_unlisted())


def _whole_rows(rows: QuerySet[Matter]) -> QuerySet[Matter]:
    return rows.select_related("holder", "duty", "instrument").prefetch_related(
        Prefetch("organs", queryset=MatterOrgan.objects.order_by("matter_id", "seq"))
    )


@lru_cache(maxsize=1)
def _unlisted() -> tuple[str, ...]:
    kept = {
        "holder": ("id", "name"),
        "duty": ("id", "clause_path"),
        "instrument": ("id", "key", "version", "is_current", "number", "title", "covering_title", "kind"),
    }
    found = []
    for relation, names in kept.items():
        model = Matter._meta.get_field(relation).related_model
        assert isinstance(model, type)
        assert issubclass(model, Model)
        found += [f"{relation}__{field.name}" for field in model._meta.concrete_fields if field.name not in names]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class MatterFacets:
    """How many matters fit, and how they spread; each facet is counted without its own condition.

    A count is None where counting would be long.
    """

    total: Total
    lights: list[FacetCount]
    states: list[FacetCount]
    organs: list[FacetCount]
    documents: list[FacetCount]
    origins: list[FacetCount]
    kinds: list[FacetCount]


class MatterLedger:
    """One question to the ledger of matters: its pages, its count, its facets, asked by `actor` about `day`."""

    def __init__(self, wanted: MatterFilter, *, actor: Actor, day: datetime.date) -> None:
        self._wanted, self._actor, self._day = wanted, actor, day
        self._spreads: dict[MatterFilter, _Matched] = {}
        self._memo: dict[str, frozenset[str]] = {}

    def _matched(self, **without: Any) -> _Matched:
        """Return what fits, or what fits without one of the conditions."""
        of = replace(self._wanted, **without)
        if of not in self._spreads:
            # What is too much to count is so without the condition too, unless that shuts out what is crossed off.
            wider = of != self._wanted and of.closed_too >= self._wanted.closed_too
            beyond = wider and (not self._matched().exact or self._common)
            common = not beyond and self._whole_city(of) and self._common
            self._spreads[of] = _Matched(of, self._actor, self._day, beyond=beyond, common=common)
        return self._spreads[of]

    def _whole_city(self, of: MatterFilter) -> bool:
        """Tell whether nothing but a word narrows what is asked, and whoever asks sees everything."""
        return replace(of, q="").empty and concern.organs_for(self._actor, "matter.see") is None

    @cached_property
    def _common(self) -> bool:
        return bool(self._wanted.q) and search.common(SEARCH_TABLE, self._wanted.q)

    def page(self, *, size: int, after: str = "", before: str = "") -> KeysetPage[Matter]:
        """Return one page in the order (due day, id), complete with organs, holder, duty and document."""
        with concern.remembered(self._memo):
            found = self._matched()
            if found.exact:
                rows = Matter.objects.filter(pk__in=search.among(found.around(size, after, before)))
                return keyset_page(complete(rows), ORDER, size=size, after=after, before=before)
            # First ids and days: those that are passed over on the way are tested in the index alone.
            rows = matters(self._wanted, actor=self._actor, day=self._day, walking=True).only("due_sort")
            page = keyset_page(rows, ORDER, size=size, after=after, before=before)
            known = complete(Matter.objects.all()).in_bulk([row.pk for row in page.rows])
            return replace(page, rows=[known[row.pk] for row in page.rows if row.pk in known])

    def total(self) -> Total:
        """Count what fits, up to the bound."""
        with concern.remembered(self._memo):
            return self._matched().total()

    def facets(self) -> MatterFacets:
        """Count what fits by value."""
        with concern.remembered(self._memo):
            return self._facets()

    def _facets(self) -> MatterFacets:
        lights = self._matched(lights=(), overdue=False).lights()
        states = self._matched(states=()).spread("state")
        organs = self._matched(organs=()).organs()
        documents = self._matched(documents=()).documents()
        origins = self._matched(origins=()).spread("origin")
        kinds = self._matched(kinds=()).spread("kind")
        named = concern.titles(organs, self._day)
        rows = Instrument.objects.filter(pk__in=list(documents)).values_list("pk", "key", "title", "covering_title")
        known = {pk: (key, title or covering or key) for pk, key, title, covering in rows}
        return MatterFacets(
            self.total(),
            [FacetCount(value, str(label), lights.get(value)) for value, label in Light.choices],
            [FacetCount(value, str(label), states.get(value)) for value, label in State.choices],
            [FacetCount(slug, named.get(slug, slug), n) for slug, n in organs.items() if slug],
            [FacetCount(*known[pk], n) for pk, n in documents.items() if pk in known],
            [FacetCount(value, label, origins.get(value)) for value, label in ORIGINS.items()],
            [FacetCount(value, str(label), kinds.get(value)) for value, label in Kind.choices],
        )


_FIELDS = ("pk", "state", "organ", "instrument_id", "origin", "kind", "lit", "due_text")
_FEW_LIGHTS = (Light.RED, Light.YELLOW, Light.PAUSED)
_LIGHT_BOUND = 500
_SPREAD = {"light": Light.values, "state": State.values, "origin": list(ORIGINS), "kind": Kind.values}


class _Matched:
    """What fits a filter: up to the bound, fetched once and counted here. What is `beyond` it is not asked for."""

    def __init__(
        self, wanted: MatterFilter, actor: Actor, day: datetime.date, *, beyond: bool, common: bool = False
    ) -> None:
        self._wanted, self._actor, self._day = wanted, actor, day
        self._ids: list[int] = []
        # Nothing but a word in very many texts: it is found too often within the first of them already.
        if common:
            beyond = len(self._found(search.COMMON)) > COUNT_BOUND
        if not beyond:
            self._ids = self._found(None)
        self.exact = not beyond and len(self._ids) <= COUNT_BOUND

    def _found(self, texts: int | None) -> list[int]:
        # Ids only, which mostly stand in an index: what is counted is read only where it is little.
        rows = matters(self._wanted, actor=self._actor, day=self._day, texts=texts)
        return list(rows.order_by().values_list("pk", flat=True)[: COUNT_BOUND + 1])

    @cached_property
    def _rows(self) -> list[tuple[Any, ...]]:
        lit = [When(light_condition(light, self._day), then=Value(light.value)) for light in Light if light != "grey"]
        # The lamp and the order come as text: thousands of dates made here would cost more than the query.
        rows = Matter.objects.filter(pk__in=search.among(self._ids)).annotate(
            lit=Case(*lit, default=Value(Light.GREY.value)), due_text=Cast("due_sort", CharField())
        )
        return list(rows.values_list(*_FIELDS))

    def around(self, size: int, after: str, before: str) -> list[int]:
        """Return the ids a page needs: its rows and one more, so that no more is read and sorted than is shown."""
        order = sorted((row[7], row[0]) for row in self._rows)
        parts = (after or before).split(".")
        try:
            at = (str(datetime.date.fromisoformat(parts[0])), int(parts[1])) if parts[0] else None
        except (ValueError, IndexError):
            at = None
        if at is None:
            chosen = order[: size + 1]
        elif after:
            chosen = order[bisect_right(order, at) :][: size + 1]
        else:
            chosen = order[: bisect_left(order, at)][-size - 1 :]
        return [pk for _due, pk in chosen]

    def total(self) -> Total:
        return Total(COUNT_BOUND, False) if not self.exact else Total(len(self._ids), True)

    def spread(self, facet: str) -> Mapping[str, int | None]:
        if not self.exact:
            return dict.fromkeys(_SPREAD[facet])
        place = _FIELDS.index("lit" if facet == "light" else facet)
        counts = Counter(row[place] for row in self._rows)
        return {str(value): counts[str(value)] for value in _SPREAD[facet]}

    def lights(self) -> Mapping[str, int | None]:
        """Count the lamps; of too much those that are few, where an index holds just these and nothing else is asked.

        Crossed-off ones are not in a list of open matters, and most of what is open is green.
        """
        counts = dict(self.spread("light"))
        if not self.exact and self._wanted.empty and concern.organs_for(self._actor, "matter.see") is None:
            few = [replace(self._wanted, lights=(light.value,)) for light in _FEW_LIGHTS]
            rows = [matters(only, actor=self._actor, day=self._day) for only in few]
            for light, total in zip(_FEW_LIGHTS, bounded_totals(rows, _LIGHT_BOUND), strict=True):
                counts[light.value] = total.value if total.exact else None
        return counts

    def organs(self) -> Mapping[str, int | None]:
        if self.exact:
            return dict(Counter(row[2] for row in self._rows).most_common(_FACET_NAMES))
        if (own := concern.organs_for(self._actor, "matter.see")) is not None:
            return dict.fromkeys(sorted(own))
        counts = whole.counted("open matters by organ", _by_organ)
        # They are of all that is open: of any part of it only the names are told.
        everything = self._wanted.empty and not self._wanted.closed and not self._wanted.current
        return counts if everything else dict.fromkeys(counts)

    def documents(self) -> Mapping[int, int | None]:
        if self.exact:
            return dict(Counter(row[3] for row in self._rows if row[3] is not None).most_common(_FACET_NAMES))
        # The library changes with its newest instrument only.
        return dict.fromkeys(_longest(Instrument.objects.order_by("-id").values_list("pk", "key", "digest").first()))


def _by_organ() -> dict[str, int]:
    rows = Matter.objects.filter(is_open=True).order_by().values("organ").annotate(n=Count("pk"))
    return {row["organ"]: row["n"] for row in rows.order_by("-n", "organ")[:_FACET_NAMES]}


@lru_cache(maxsize=8)
def _longest(_newest: tuple[int, str, str] | None) -> tuple[int, ...]:
    rows = Instrument.objects.filter(is_current=True, duty_count__gt=0).order_by("-duty_count", "-id")
    return tuple(rows.values_list("pk", flat=True)[:_FACET_NAMES])


# --- one matter --------------------------------------------------------------------------------------------------


def get(actor: Actor, pk: int) -> Matter:
    """Return one matter, complete; E_NOT_FOUND for what is not there or not visible to `actor`."""
    found = _whole_rows(visible(actor, walking=True).filter(pk=pk)).first()
    if found is None:
        led = _whole_rows(Matter.objects.filter(pk=pk)).first()
        found = led if led is not None and hooks.also_sees(led, actor) else None
    if found is None:
        raise LuoshiError("E_NOT_FOUND", f"没有第 {pk} 号事项。")
    return found


@dataclass(frozen=True, slots=True)
class MatterDetail:
    """One matter with all that belongs to it, newest first; `may` are the acts open to the reader now."""

    matter: Matter
    lamp: Lamp
    holding: Holding
    organs: list[MatterOrgan]
    reports: list[ProgressReport]
    evidence: dict[int, list[Evidence]]
    checks: list[CrossOff]
    extensions: list[Extension]
    pauses: list[MatterPause]
    events: list[MatterEvent]
    may: frozenset[str]


def detail(actor: Actor, pk: int, day: datetime.date) -> MatterDetail:
    """Return one matter with organs, reports, evidence, checks, extensions, pauses and history, in ten queries."""
    with concern.remembered():
        return _detail(actor, get(actor, pk), day)


def _detail(actor: Actor, matter: Matter, day: datetime.date) -> MatterDetail:
    evidence: dict[int, list[Evidence]] = {}
    for row in Evidence.objects.filter(matter=matter).order_by("id"):
        evidence.setdefault(row.report_id, []).append(row)
    checks = list(CrossOff.objects.filter(matter=matter).select_related("checker", "submitter").order_by("-id"))
    extensions = list(Extension.objects.filter(matter=matter).select_related("asked_by", "decided_by").order_by("-id"))
    return MatterDetail(
        matter=matter,
        lamp=lamp(matter, day),
        holding=who_holds([matter], day)[matter.pk],
        organs=list(matter.organs.all()),
        reports=list(ProgressReport.objects.filter(matter=matter).select_related("filed_by").order_by("-id")),
        evidence=evidence,
        checks=checks,
        extensions=extensions,
        pauses=list(MatterPause.objects.filter(matter=matter).order_by("-id")),
        events=history(matter),
        may=acts_open(actor, matter, checks=checks, extensions=extensions),
    )


def history(matter: Matter, limit: int = 200) -> list[MatterEvent]:
    """Return what happened to the matter, newest first."""
    return list(MatterEvent.objects.filter(matter=matter).order_by("-id")[:limit])


def concerned(matter: Matter) -> frozenset[str]:
    """Return the slugs of every organ the matter concerns; for a local one also the towns."""
    found = frozenset(row.organ for row in matter.organs.all() if row.organ) | frozenset({matter.organ} - {""})
    return found | concern.towns() if matter.local else found


def acts_open(
    actor: Actor,
    matter: Matter,
    *,
    checks: Sequence[CrossOff] | None = None,
    extensions: Sequence[Extension] | None = None,
) -> frozenset[str]:
    """Return the acts the matter's state and the actor's roles leave open, by the names of `matter_actions`.

    For buttons; each act asks again. `check`: `accept_and_cross_off` and `return_matter`.
    """
    from luoshi.office.duties.matter_acts_open import open_to

    return open_to(actor, matter, checks=checks, extensions=extensions)


# --- who holds it ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has a matter now (在谁手上), since when, and who is next.

    `person` is empty when nobody of the organ is named; `note` says why it rests (停表, 承接单位待定) or is empty.
    """

    person: str
    organ: str
    organ_title: str
    role: str
    since: datetime.datetime
    working_days: int
    next_hand: str
    note: str

    @property
    def text(self) -> str:
        """The line as it is shown."""
        who = "·".join(part for part in (self.person, self.organ_title, self.role) if part)
        return f"{who} 已{self.working_days}个工作日" if self.working_days else who


def who_holds(rows: Sequence[Matter], day: datetime.date) -> dict[int, Holding]:
    """Return who holds each of `rows` on `day`, by id; no query per row."""
    slugs = {row.organ for row in rows if row.organ} | {concern.GOVERNMENT_OFFICE}
    names = concern.titles(slugs, day)
    return {row.pk: _holding(row, names, day) for row in rows}


def _holding(row: Matter, names: Mapping[str, str], day: datetime.date) -> Holding:
    office = names.get(concern.GOVERNMENT_OFFICE, "市政府办")
    organ = row.organ_name if not row.organ else names.get(row.organ, row.organ_name)
    person = row.holder.name if row.holder is not None else ""
    since = row.handed_at
    if row.state == State.SUBMITTED:
        return _held(
            "", concern.GOVERNMENT_OFFICE, office, "督查", row.submitted_at or since, day, "核验通过即销号", ""
        )
    if not row.is_open:
        when = row.crossed_off_at or row.updated_at
        return _held("", row.organ, organ, "", when, day, "", "已销号" if row.crossed_off_at else "已撤回", done=True)
    note = "承接单位待定" if row.organ_pending else "停表" if row.state == State.PAUSED else ""
    if row.pending_duty_id is not None:
        note = "文件已有新版，等文书决定"
    role = "经办" if person else "未指定办理人"
    return _held(person, row.organ, organ or "未写明责任单位", role, since, day, f"{office}·督查", note)


def _held(
    person: str,
    slug: str,
    title: str,
    role: str,
    since: datetime.datetime,
    day: datetime.date,
    following: str,
    note: str,
    *,
    done: bool = False,
) -> Holding:
    from luoshi.kernel.clock import day_of

    days = 0 if done else workdays.after(day_of(since), day)
    return Holding(person, slug, title, role, since, days, following, note)


# --- clerks' queue of changed duties -------------------------------------------------------------------------------


def changed_matters(actor: Actor, *, size: int = 50, after: str = "") -> KeysetPage[Matter]:
    """Return the matters somebody worked on whose duty a new version changed: each waits for a clerk's decision."""
    rows = visible(actor, walking=True).filter(pending_duty__gt=0).select_related("pending_duty__instrument")
    return keyset_page(complete(rows), (Key("id", int),), size=size, after=after)


def of_duty(actor: Actor, duty: int, limit: int = 60) -> list[Matter]:
    """Return the matters made from one duty, open ones first by due day, at most `limit`."""
    rows = visible(actor, walking=True).filter(duty=duty).order_by("-is_open", "due_sort", "id")
    return list(complete(rows)[:limit])


__all__ = [
    "FAR",
    "Holding",
    "Lamp",
    "MatterDetail",
    "MatterFacets",
    "MatterFilter",
    "MatterLedger",
    "acts_open",
    "changed_matters",
    "complete",
    "concerned",
    "detail",
    "get",
    "history",
    "lamp",
    "light_condition",
    "matters",
    "of_duty",
    "visible",
    "who_holds",
]
