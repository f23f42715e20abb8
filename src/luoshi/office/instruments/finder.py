"""One search over everything: numbers and clauses as people cite them, organs of then and now, titles, words, duties.

What is found exactly by its name comes first, the newest before the older. Words are found as substrings, of any
length. Duties and matters are looked for only among those the reader may see; so are their counts.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from luoshi.kernel.citation import Citation, DocumentNumber, Locator
from luoshi.kernel.citation import fold as fold_number
from luoshi.office import search
from luoshi.office.actors import Actor
from luoshi.office.duties import concern
from luoshi.office.duties.actions import SEARCH_TABLE as DUTY_SEARCH
from luoshi.office.duties.models import Duty, DutyOrgan
from luoshi.office.instruments.actions import SEARCH_TABLE, TITLE_TABLE
from luoshi.office.instruments.models import Clause, Instrument
from luoshi.office.organs.directory import load_data

LONGEST = 60
"""Characters of a question that are looked at."""
BOUND = 200
"""Hits are counted up to here; beyond, they are said to be more."""
_AROUND = (20, 40)
_NUMBERED = re.compile(
    r"第?(?P<word>[\u4e00-\u9fff]{0,10}?)\s*[〔\[(【]?\s*(?P<year>(?:19|20)\d\d)?\s*(?:[〕\])】]|年|[-—])?\s*"
    r"第?0{0,6}(?P<serial>[1-9]\d{0,3})\s*号(?P<rest>.*)",
    re.DOTALL,
)
_BARE = re.compile(
    r"(?P<word>[\u4e00-\u9fff]{2,10})\s*[〔\[(【]?\s*(?P<year>(?:19|20)\d\d)\s*[〕\])】\s—-]\s*第?0{0,6}"
    r"(?P<serial>[1-9]\d{0,3})(?P<rest>(?:\s.*)?)",
    re.DOTALL,
)
_LEDGER = re.compile(r"(?P<room>责任|台账|事项|任务|#)?\s*(?:第|编号)?\s*(?P<id>[1-9]\d{0,8})\s*(?:条|号)?")
_MOST_NUMBERS = 30


class Hit(NamedTuple):
    """One thing found, with what leads to it.

    `kind`: instrument, clause, organ, duty or matter; `id`: its key, slug or number; `path`: that of a clause.
    """

    kind: str
    id: str
    title: str
    number: str = ""
    path: str = ""
    snippet: str = ""
    exact: bool = False


@dataclass(slots=True)
class Group:
    """Hits of one kind; `count` of them there are, or `count` and more where it is not `exact`."""

    kind: str
    hits: list[Hit] = field(default_factory=list)
    count: int = 0
    exact: bool = True


@dataclass(slots=True)
class Found:
    """What a question found, in the order it is shown: `groups` without empty ones."""

    q: str
    groups: list[Group]

    @property
    def first(self) -> Hit | None:
        """The hit that opens with Enter."""
        return self.groups[0].hits[0] if self.groups else None


def find(q: str, *, actor: Actor, on: datetime.date, size: int = 8) -> Found:
    """Return what `q` finds for `actor` on the day, `size` hits of each kind."""
    q = " ".join(q.replace("\0", "").split())[:LONGEST]
    if not search.fold(q):
        return Found(q, [])
    direct = by_number(q, size)
    groups = [_group("direct", direct), _group("record", _by_id(q, actor)), _group("organ", _organs(q, on, size))]
    groups += [_titles(q, size), _clauses(q, size), _duties(q, actor, size)]
    return Found(q, [group for group in groups if group.hits])


def _group(kind: str, hits: Sequence[Hit]) -> Group:
    return Group(kind, list(hits), len(hits))


# --- numbers and clauses ----------------------------------------------------------------------------------------------


def by_number(q: str, size: int = 8) -> list[Hit]:
    """Return the instruments, or their clauses, that a question cites by number, however leniently."""
    citation = Citation.parse(q)
    if citation is not None and isinstance(citation.instrument, DocumentNumber):
        number, rest = citation.instrument, citation.locator.path
        exact = Instrument.objects.filter(is_current=True).filter(Q(key=str(number)) | Q(number=str(number)))
        if hits := _placed(list(exact[:size]), rest, size):
            return hits
    folded = fold_number(q).strip()
    match = _NUMBERED.fullmatch(folded) or _BARE.fullmatch(folded)
    if match is None:
        return []
    rows = Instrument.objects.filter(is_current=True, serial=int(match["serial"]))
    if match["year"]:
        rows = rows.filter(year=int(match["year"]))
    if match["word"]:
        rows = rows.filter(issuer_word__contains=match["word"])
    locator = Locator.parse(match["rest"]).path if match["rest"].strip() else ""
    return _placed(list(rows.order_by("-sort_on", "-id")[:_MOST_NUMBERS]), locator, size)


def _placed(rows: Sequence[Instrument], path: str, size: int) -> list[Hit]:
    """Return the clause at `path` of each of `rows`; of those without it nothing, unless none has it."""
    if not path:
        return [_instrument(row, exact=True) for row in rows[:size]]
    exact = Clause.objects.filter(instrument__in=rows, path=path).select_related("instrument")
    found = list(exact) or list(
        Clause.objects.filter(instrument__in=rows, path__endswith=f"/{path}")
        .select_related("instrument")
        .order_by("instrument_id", "seq")[:size]
    )
    order = {row.pk: place for place, row in enumerate(rows)}
    found.sort(key=lambda clause: order[clause.instrument_id])
    hits = [_clause(clause, "", exact=True) for clause in found[:size]]
    return hits or [_instrument(row, exact=True) for row in rows[:size]]


def _instrument(row: Instrument, *, exact: bool = False) -> Hit:
    return Hit("instrument", row.key, row.name, row.number, exact=exact)


def _clause(clause: Clause, q: str, *, exact: bool = False) -> Hit:
    row, text = clause.instrument, " ".join(filter(None, (clause.heading, clause.text)))
    return Hit("clause", row.key, row.name, row.number, clause.path, around(text, q), exact)


def around(text: str, q: str) -> str:
    """Return some text around `q`, or its beginning."""
    place = max(text.find(q), 0) if q else 0
    before, after = _AROUND
    return text[max(place - before, 0) : place + len(q) + after]


# --- records by their number ------------------------------------------------------------------------------------------


def _by_id(q: str, actor: Actor) -> list[Hit]:
    match = _LEDGER.fullmatch(fold_number(q).strip())
    if match is None:
        return []
    wanted, room, hits = int(match["id"]), match["room"] or "", []
    if room not in ("事项", "任务"):
        hits += [_duty(row) for row in _seen(Duty.objects.filter(is_current=True, pk=wanted), actor)]
    if room not in ("责任", "台账"):
        from luoshi.office.duties.matter_queries import visible

        hits += [Hit("matter", str(row.pk), row.title, exact=True) for row in visible(actor).filter(pk=wanted)[:1]]
    return hits


def _seen(rows: QuerySet[Duty], actor: Actor) -> QuerySet[Duty]:
    """Leave the duties the reader may see."""
    organs = concern.organs_for(actor, "duty.see")
    rows = rows.select_related("instrument")
    if organs is None:
        return rows
    own = Exists(DutyOrgan.objects.filter(duty=OuterRef("pk"), is_current=True, slug__in=organs))
    return rows.filter(own | Q(local=True)) if concern.sees_local(organs) else rows.filter(own)


def _duty(row: Duty, q: str = "") -> Hit:
    item = row.instrument
    return Hit("duty", str(row.pk), row.summary, item.number or item.name, row.clause_path, around(row.action, q))


# --- organs -----------------------------------------------------------------------------------------------------------


@cache
def _names() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """Return each organ of the directory with its names, printed and folded."""
    found = []
    for organ in load_data()["organs"]:
        names = (organ["name"], *(name["text"] for name in organ.get("names", ())))
        found.append((organ["slug"], organ["name"], [(name, search.fold(name)) for name in names]))
    return found


def _organs(q: str, on: datetime.date, size: int) -> list[Hit]:
    """Return the organs a name means, exact names first, then those that contain it; a former name says what is now."""
    from luoshi.office.organs import queries

    found: dict[str, Hit] = {}
    if len(q) > 1:
        resolved = queries.resolve(q, on)
        if resolved.organ is not None and resolved.organ.slug:
            now = resolved.successor
            moved = f"职责现由{now.title}承接" if now and now.slug != resolved.organ.slug else ""
            found[resolved.organ.slug] = Hit(
                "organ", resolved.organ.slug, resolved.organ.title, snippet=moved, exact=True
            )
            if now and now.slug and now.slug != resolved.organ.slug:
                found[now.slug] = Hit("organ", now.slug, now.title, exact=True)
    plain = search.fold(q)
    for slug, title, names in _names():
        hit = next((name for name, folded in names if plain in folded), None)
        if hit is not None and slug not in found:
            found[slug] = Hit("organ", slug, title, snippet="" if hit == title else f"又作{hit}")
        if len(found) >= size:
            break
    return list(found.values())[:size]


# --- words ------------------------------------------------------------------------------------------------------------


def _titles(q: str, size: int) -> Group:
    ids = search.newest_matching(TITLE_TABLE, q, BOUND + 1)
    rows = Instrument.objects.filter(pk__in=search.among(ids), is_current=True).order_by("-sort_on", "-id")
    hits = [_instrument(row, exact=q in row.name) for row in rows[:BOUND]]
    hits.sort(key=lambda hit: not hit.exact)
    return Group("title", hits[:size], min(len(hits), BOUND), len(ids) <= BOUND)


def _clauses(q: str, size: int) -> Group:
    """Return clauses that contain `q` of the newest instruments that do."""
    ids = search.newest_matching(SEARCH_TABLE, q, BOUND + 1)
    rows = Instrument.objects.filter(pk__in=search.among(ids), is_current=True).order_by("-sort_on", "-id")
    chosen = list(rows.values_list("pk", flat=True)[:size])
    holding = Clause.objects.filter(Q(text__contains=q) | Q(heading__contains=q), instrument__in=chosen)
    order = {pk: place for place, pk in enumerate(chosen)}
    found: dict[int, Clause] = {}
    for clause in holding.select_related("instrument").order_by("instrument_id", "seq")[: BOUND * 2]:
        found.setdefault(clause.instrument_id, clause)
    hits = [_clause(clause, q, exact=True) for clause in sorted(found.values(), key=lambda c: order[c.instrument_id])]
    total = len(ids) if len(ids) > BOUND else rows.count()
    return Group("clause", hits, min(total, BOUND) if hits else 0, len(ids) <= BOUND)


def _duties(q: str, actor: Actor, size: int) -> Group:
    organs = concern.organs_for(actor, "duty.see")
    if organs is None:
        ids = search.newest_matching(DUTY_SEARCH, q, BOUND + 1)
        rows = list(
            _seen(Duty.objects.filter(pk__in=search.among(ids), is_current=True), actor).order_by("-pk")[:BOUND]
        )
        exact = len(ids) <= BOUND
    elif not organs:
        return Group("duty")
    else:
        own = Duty.objects.filter(is_current=True, pk__in=search.all_matching(DUTY_SEARCH, q))
        rows = list(_seen(own, actor).order_by("-pk")[: BOUND + 1])
        exact = len(rows) <= BOUND
    hits = [_duty(row, q) for row in rows[:BOUND]]
    hits.sort(key=lambda hit: q not in hit.title)
    return Group("duty", hits[:size], min(len(hits), BOUND), exact)
