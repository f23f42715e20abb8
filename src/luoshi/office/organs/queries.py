"""Read organs: names and titles, who answers for what, lists, pages, charts, the finder.

The rules are those of `decisions`; the database gives them their facts (`library`). `on` is always the day asked about.
A function that takes `reader` tells what that actor may confirm. Holders are in `holding`, persons in `people`, groups
in `gatherings`, queues in `queues`; their functions stand here too.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties.models import Duty, DutyOrgan
from luoshi.office.instruments.models import Instrument
from luoshi.office.organs import library, shapes
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.office.organs.facts import RelationFact
from luoshi.office.organs.gatherings import group_list, group_page, seats_where
from luoshi.office.organs.history import MOVING, follow, is_effective
from luoshi.office.organs.holding import head_post, holder, holders_of_posts
from luoshi.office.organs.models import LeadingGroup, Organ, OrganName, OrganRelation, Post, PrintNote, Proposal
from luoshi.office.organs.naming import canonical, organ_name
from luoshi.office.organs.people import person_list, person_page
from luoshi.office.organs.queues import indicators, open_queues, proposal, proposal_rows, proposals, seen_by
from luoshi.office.organs.wording import CONFIRMATIONS, LEVEL_TITLES, is_staff, relation_row
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.parameters.book import decide
from luoshi.office.permissions import may

__all__ = (
    "expand",
    "group_list",
    "group_page",
    "head_post",
    "holder",
    "indicators",
    "open_queues",
    "organ_list",
    "organ_page",
    "person_list",
    "person_page",
    "print_notes",
    "proposal",
    "proposals",
    "resolve",
    "served_by",
    "succession",
    "succession_graph",
    "successor_of",
    "title_of",
    "titles",
)

ORDER = (Key("slug", str),)


# --- names ------------------------------------------------------------------------------------------------------------

_BURDENS = 60


def title_of(slug: str, on: datetime.date) -> str:
    """The canonical name of an organ; the slug itself where nobody knows it."""
    return titles([slug], on)[slug]


def titles(slugs: Iterable[str], on: datetime.date) -> dict[str, str]:
    """The canonical names of organs by slug, in one query; an unknown slug is its own name.

    Identity does not depend on the date (organs D3): `on` is the day for which the caller shows them.
    """
    wanted = set(slugs)
    known = dict(Organ.objects.filter(slug__in=wanted).values_list("slug", "name"))
    return {slug: known.get(slug) or organ_name(slug) for slug in wanted}


def _names(slugs: Iterable[str], on: datetime.date) -> dict[str, shapes.OrganName]:
    return {slug: shapes.OrganName(slug, title) for slug, title in titles(slugs, on).items()}


def expand(name: str) -> list[str]:
    """The slugs a wildcard stands for (各镇区 17, 各镇 14, 各镇(街道) 15); empty for one chosen case by case.

    各金融机构 means the organs of kind bank, those registered since included.
    """
    text = canonical(name)
    if text == "各金融机构":
        banks = Organ.objects.filter(kind=Organ.Kind.BANK, is_active=True).order_by("slug")
        return list(banks.values_list("slug", flat=True)) or list(load_directory().expand(text))
    return list(load_directory().expand(text))


def resolve(text: str, on: datetime.date) -> shapes.Found:
    """What a printed name means and who answers for it on the day: the 'then and now' finder. Wildcards expand."""
    if members := expand(text):
        names = _names(members, on)
        return shapes.Found(
            text, on, "wildcard", None, "", (), None, "", tuple(names[slug] for slug in members),
            {"status": "wildcard", "members": members, "count": len(members)}, (), "allow",
        )  # fmt: skip
    taken = decide("organs.resolve", {"text": text, "on": on} | library.facts_of_name({"text": text}, on), on)
    value = taken.value
    successor = value["successor"] or {}
    organ = value["organ"] and value["organ"]["slug"]
    follower = (successor.get("successor") or {}).get("slug")
    candidates = [row["slug"] for row in (value["candidates"] or successor.get("candidates") or ())]
    names = _names([slug for slug in (organ, follower, *candidates) if slug], on)
    return shapes.Found(
        text=text,
        on=on,
        status=value["status"],
        organ=names.get(organ or ""),
        basis=(value["basis"] or {}).get("rule") or "",
        candidates=tuple(names[slug] for slug in dict.fromkeys(candidates)),
        successor=names.get(follower or ""),
        note=successor.get("note") or "",
        wildcard=(),
        value=value,
        reasons=[reason.as_dict() for reason in taken.reasons],
        outcome=taken.outcome.value,
    )


# --- succession -------------------------------------------------------------------------------------------------------


def succession(slug: str, on: datetime.date) -> shapes.SuccessionView:
    """Where the duties of an organ lie, with path, candidates and reasons."""
    facts = {"organ": slug, "on": on} | library.facts_of_successor({"organ": slug}, on)
    taken = decide("organs.successor", facts, on)
    value = taken.value
    target = (value["successor"] or {}).get("slug")
    candidates = [row["slug"] for row in value.get("candidates") or ()]
    names = _names([*([target] if target else []), *candidates], on)
    return shapes.SuccessionView(
        status=value["status"],
        on=on,
        successor=names.get(target or ""),
        path=value.get("path") or (),
        candidates=tuple(names[one] for one in dict.fromkeys(candidates)),
        note=value.get("note") or "",
        reasons=[reason.as_dict() for reason in taken.reasons],
        value=value,
        outcome=taken.outcome.value,
    )


def successor_of(slug: str, on: datetime.date) -> str | None:
    """The organ that holds the duties of `slug`: itself while it lives, None while 承接单位待定."""
    return _follow(slug, on, [RelationFact(**fact) for fact in library.relations_from(slug)])


def _follow(slug: str, on: datetime.date, relations: Sequence[RelationFact]) -> str | None:
    found = follow(slug, on, relations, confirmations=CONFIRMATIONS)
    return found.organ


def served_by(slug: str, on: datetime.date) -> frozenset[str]:
    """The organs whose duties `slug` answers for: itself, its sub-units, those taken over by confirmed relations."""
    relations = [RelationFact(**fact) for fact in library.relations_towards(slug)]
    origins = {relation.origin for relation in relations} - {slug}
    taken_over = {origin for origin in origins if _follow(origin, on, relations) == slug}
    served = {slug} | taken_over
    return frozenset(served | _sub_units(served))


def _sub_units(parents: Iterable[str]) -> set[str]:
    """Sub-units of organs, and theirs: two levels are all a city's directory has."""
    found: set[str] = set()
    level = set(parents)
    for _ in range(2):
        level = set(Organ.objects.filter(parent__in=level).values_list("slug", flat=True)) - found
        found |= level
        if not level:
            break
    return found


def succession_graph(on: datetime.date) -> shapes.SuccessionGraph:
    """The chart of all relations that move duties, from old organs to new ones."""
    relations = list(library.live_relations().filter(kind__in=MOVING))
    rows = [relation_row(relation) for relation in relations]
    slugs = {name.slug: name for row in rows for name in (row.origin, row.target)}
    years: dict[str, set[int]] = {}
    forms = OrganName.objects.filter(organ__slug__in=slugs).values_list("organ__slug", "years")
    for slug, seen in forms:
        years.setdefault(slug, set()).update(seen)
    boundary = load_data()["reform_window"]["until"].year
    nodes = []
    for slug, name in sorted(slugs.items()):
        seen = years.get(slug, set())
        before, after = any(year < boundary for year in seen), any(year >= boundary for year in seen)
        nodes.append(shapes.Node(slug, name.title, "both" if before and after else "before" if before else "after"))
    edges = [
        shapes.Edge(row, is_effective(RelationFact(**fact), on))
        for row, fact in zip(rows, library.relation_facts(relations), strict=True)
    ]
    return shapes.SuccessionGraph(on, nodes, edges)


# --- organs -----------------------------------------------------------------------------------------------------------


def organ_list(
    *, on: datetime.date, kind: str = "", q: str = "", after: str = "", before: str = "", size: int = 50
) -> shapes.OrganList:
    """A page of organs by slug; `q` finds any written form, `kind` one sort."""
    rows = Organ.objects.all()
    if q:
        text = canonical(q)
        forms = OrganName.objects.filter(text__contains=text).values("organ")
        rows = rows.filter(Q(pk__in=forms) | Q(name__contains=text) | Q(slug=q.strip()))
    kinds = dict(rows.order_by().values_list("kind").annotate(Count("id")))
    if kind:
        rows = rows.filter(kind=kind)
    page = keyset_page(rows.select_related("town"), ORDER, size=size, after=after, before=before)
    total = bounded_total(rows)
    slugs = [row.slug for row in page.rows]
    counts = dict(
        OrganName.objects.filter(organ__in=[row.pk for row in page.rows], ended=False)
        .values_list("organ")
        .annotate(Count("id"))
    )
    relations = [RelationFact(**fact) for fact in library.relation_facts(_relations_of(slugs))]
    states = {slug: follow(slug, on, relations, confirmations=CONFIRMATIONS) for slug in slugs}
    named = {row.parent for row in page.rows if row.parent}
    for state in states.values():
        named |= {relation.target for relation in state.candidates} | ({state.organ} if state.organ else set())
    names = _names(named, on)
    return shapes.OrganList(
        rows=[_organ_row(row, counts.get(row.pk, 0), states[row.slug], names) for row in page.rows],
        kinds=[shapes.Count(value, Organ.Kind(value).label, count) for value, count in sorted(kinds.items())],
        total=total.value,
        exact=total.exact,
        previous=page.previous,
        next=page.next,
    )


def _relations_of(slugs: Sequence[str]) -> Iterable[OrganRelation]:
    """The relations that move duties on from organs, and two steps further: lists show where duties lie."""
    first = list(library.live_relations().filter(origin__slug__in=slugs, kind__in=MOVING))
    second = library.live_relations().filter(origin__in=[row.target_id for row in first], kind__in=MOVING)
    return list({row.pk: row for row in (*first, *second)}.values())


def _organ_row(row: Organ, forms: int, state: Any, names: Mapping[str, shapes.OrganName]) -> shapes.OrganRow:
    town = getattr(row, "town", None)
    return shapes.OrganRow(
        slug=row.slug,
        title=row.name,
        english=row.english,
        kind=row.kind,
        kind_title=row.get_kind_display(),
        level=row.level,
        parent=names.get(row.parent),
        division_code=town.division_code if town else "",
        form_count=forms,
        status=state.status,
        successor=names.get(state.organ) if state.organ and state.organ != row.slug else None,
        candidates=tuple(names[one.target] for one in state.candidates),
    )


def organ_page(slug: str, on: datetime.date, *, reader: Actor = VISITOR) -> shapes.OrganPage:
    """Everything of one organ; E_NOT_FOUND for an unknown slug."""
    organ = Organ.objects.select_related("town").filter(slug=slug).first()
    if organ is None:
        raise LuoshiError("E_NOT_FOUND", f"没有代号为“{slug}”的单位。请从单位列表中查找，或用印出的名称检索。")
    relations = list(library.live_relations().filter(Q(origin=organ) | Q(target=organ)))
    waiting = _open_relations(organ.slug, reader)
    rows = [relation_row(row, waiting, names_hands=is_staff(reader)) for row in relations]
    posts = list(Post.objects.filter(organ=organ).order_by("id"))
    if not may(reader, "person.see"):
        posts = [post for post in posts if post.is_public]
    served = served_by(slug, on) - {slug}
    children = list(Organ.objects.filter(parent=slug).order_by("slug").values_list("slug", flat=True))
    names = _names([*served, *children, *([organ.parent] if organ.parent else [])], on)
    town = getattr(organ, "town", None)
    burdens = _burdens(slug)
    open_rows = Proposal.objects.filter(seen_by(reader), state=Proposal.State.OPEN, organ=slug).order_by("-id")[:50]
    offices = LeadingGroup.objects.filter(office=organ, withdrawn_at__isnull=True)
    return shapes.OrganPage(
        slug=slug,
        title=organ.name,
        english=organ.english,
        kind=organ.kind,
        kind_title=organ.get_kind_display(),
        level=organ.level,
        level_title=LEVEL_TITLES.get(organ.level, organ.level),
        parent=names.get(organ.parent),
        children=tuple(names[one] for one in children),
        division_code=town.division_code if town else "",
        division_confirmed=bool(town and town.is_confirmed),
        uscc=organ.uscc,
        not_before=organ.not_before,
        not_after=organ.not_after,
        ambiguous=organ.ambiguous,
        note=organ.note,
        version=organ.version,
        on=on,
        names=[
            shapes.NameBand(
                row.text, row.kind, row.get_kind_display(), tuple(row.years), row.seen_first, row.seen_last,
                row.instrument, row.ambiguous, row.ended,
            )
            for row in OrganName.objects.filter(organ=organ).order_by("ended", "id")
        ],
        relations_out=[row for row in rows if row.origin.slug == slug],
        relations_in=[row for row in rows if row.target.slug == slug],
        succession=succession(slug, on),
        serves=tuple(names[one] for one in sorted(served)),
        posts=holders_of_posts(posts, organ, on),
        seats=seats_where(Q(organ=organ), on),
        offices=group_list(on=on, rows=offices),
        burdens=burdens,
        duty_count=sum(row.duties for row in burdens),
        open_proposals=proposal_rows(open_rows, reader),
    )  # fmt: skip


def _open_relations(slug: str, reader: Actor) -> dict[tuple[str, str, str], int]:
    """Open proposals on relations of an organ that the reader sees, by (from, to, kind)."""
    rows = Proposal.objects.filter(seen_by(reader), state=Proposal.State.OPEN, kind=Proposal.Kind.RELATION, organ=slug)
    return {(row.payload["from"], row.payload["to"], row.payload["kind"]): row.pk for row in rows}


def _burdens(slug: str) -> list[shapes.Burden]:
    """The current instruments that bind an organ, by how many duties; the sixty that bind it most."""
    bound = DutyOrgan.objects.filter(slug=slug, is_current=True)
    duties = Duty.objects.filter(is_current=True, pk__in=bound.values("duty")).order_by().values_list("instrument")
    most = dict(duties.annotate(n=Count("pk")).order_by("-n", "instrument")[:_BURDENS])
    # How many of them it leads is counted for those that are shown.
    led = Duty.objects.filter(instrument__in=most, is_current=True, organs__slug=slug, organs__leads=True)
    leads = dict(led.order_by().values_list("instrument").annotate(n=Count("pk", distinct=True)))
    instruments = Instrument.objects.in_bulk(list(most))
    return [
        shapes.Burden(found.key, found.title, found.issued_on, count, leads.get(pk, 0))
        for pk, count in most.items()
        if (found := instruments.get(pk)) is not None
    ]


def print_notes(number: str) -> list[dict[str, Any]]:
    """The notes on print errors of an instrument: clause, printed, note, noted_by, noted_at."""
    rows = PrintNote.objects.filter(instrument=number, superseded=False).order_by("id")
    return list(rows.values("id", "clause", "printed", "note", "noted_by", "noted_at"))
