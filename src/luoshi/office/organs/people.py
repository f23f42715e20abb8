"""Read persons: list, page, tenures; the namesakes of a person are suggestions and never findings."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Count, Max, Q

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.organs import library, shapes
from luoshi.office.organs.gatherings import seats_where
from luoshi.office.organs.models import Evidence, Person, PersonIdentifier, PersonMerge, Proposal
from luoshi.office.organs.queues import proposal_rows, seen_by
from luoshi.office.organs.wording import evidence_view, is_staff, organ_ref, person_ref
from luoshi.office.paging import Key, bounded_total, keyset_page
from luoshi.office.permissions import may

ORDER = (Key("name", str), Key("id", int))


def person_list(*, q: str = "", after: str = "", before: str = "", size: int = 50) -> shapes.PersonList:
    """A page of persons by name, those merged into another left out."""
    rows = Person.objects.filter(merged_into__isnull=True)
    if q:
        rows = rows.filter(name__contains=q.strip())
    page = keyset_page(rows, ORDER, size=size, after=after, before=before)
    total = bounded_total(rows)
    ids = [row.pk for row in page.rows]
    proved = Evidence.objects.filter(withdrawn_at__isnull=True)
    seen = dict(proved.filter(person__in=ids).values_list("person").annotate(Max("day")))
    for kept, day in proved.filter(person__merged_into__in=ids).values_list("person__merged_into").annotate(Max("day")):
        seen[kept] = max(filter(None, (seen.get(kept), day)), default=None)
    alike = rows.model.objects.filter(merged_into__isnull=True, name__in={row.name for row in page.rows})
    namesakes = dict(alike.order_by().values_list("name").annotate(Count("id")))
    return shapes.PersonList(
        rows=[
            shapes.PersonRow(row.pk, row.name, row.disambiguator, seen.get(row.pk), namesakes[row.name] - 1)
            for row in page.rows
        ],
        total=total.value,
        exact=total.exact,
        previous=page.previous,
        next=page.next,
    )


def person_page(person_id: int, *, reader: Actor = VISITOR) -> shapes.PersonPage:
    """A person with tenures and seats; E_NOT_FOUND for an unknown id. Identifiers are read by an action.

    Namesakes, mergers and proposals are shown to staff, posts that are not public to those with person.see.
    """
    person = Person.objects.select_related("merged_into").filter(pk=person_id).first()
    if person is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个人员。请从单位的职务或名单进入。")
    own = Q(person=person) | Q(person__merged_into=person)
    condition = own if may(reader, "person.see") else own & Q(post__is_public=True)
    rows = list(library.evidence_rows(condition))
    sees = may(reader, "person.see")
    identifiers = PersonIdentifier.objects.filter(person=person, superseded=False) if sees else ()
    merges = PersonMerge.objects.filter(Q(kept=person) | Q(merged=person)).select_related("kept", "merged", "proposal")
    merges = merges if is_staff(reader) else merges.none()
    open_rows = Proposal.objects.filter(
        seen_by(reader), state=Proposal.State.OPEN, subject__contains=f"person:{person.pk};"
    )
    return shapes.PersonPage(
        id=person.pk,
        name=person.name,
        disambiguator=person.disambiguator,
        merged_into=person_ref(person) if person.merged_into else None,
        version=person.version,
        tenures=tenures(rows),
        seats=seats_where(Q(person=person) | Q(person__merged_into=person)),
        transfers=_transfers(rows),
        namesakes=namesakes_of([person.name], but=person.pk).get(person.name, []) if is_staff(reader) else [],
        merges=[_merge_row(row) for row in merges.order_by("id")],
        has_identifiers=sorted(row.kind for row in identifiers),
        open_proposals=proposal_rows(open_rows, reader),
    )


def _merge_row(row: PersonMerge) -> shapes.MergeRow:
    def ref(person: Person) -> shapes.PersonRef:
        return shapes.PersonRef(person.pk, person.name, person.disambiguator)

    return shapes.MergeRow(
        id=row.pk,
        kept=ref(row.kept),
        merged=ref(row.merged),
        proposed_by=row.proposal.proposed_name,
        confirmed_by=row.proposal.decided_name,
        confirmed_at=row.proposal.decided_at,
        undone=row.undone_id is not None,
    )


def tenures(rows: Iterable[Evidence]) -> list[shapes.Tenure]:
    """The stretches in which evidence of one person reaches, post by post, oldest first; undated rows by themselves."""
    by_post: dict[int, list[Evidence]] = {}
    for row in rows:
        by_post.setdefault(row.post_id, []).append(row)
    found = [tenure for own in by_post.values() for tenure in _stretches(own)]
    return sorted(found, key=lambda one: (one.start or datetime.date.min, one.organ.slug, one.post))


def _stretches(rows: Sequence[Evidence]) -> list[shapes.Tenure]:
    dated = sorted((row for row in rows if row.day), key=lambda row: (row.day, row.kind == "remove", row.pk))
    stretches: list[list[Evidence]] = [[]]
    for row in dated:
        stretches[-1].append(row)
        if row.kind == Evidence.Kind.REMOVE:
            stretches.append([])
    found = [_tenure(stretch) for stretch in stretches if stretch]
    undated = [row for row in rows if row.day is None]
    return [*found, _tenure(undated)] if undated else found


def _tenure(rows: Sequence[Evidence]) -> shapes.Tenure:
    views = tuple(evidence_view(row) for row in rows)
    first, last = rows[0], rows[-1]
    return shapes.Tenure(
        organ=organ_ref(first.post.organ),
        post=first.post.title,
        start=views[0].proves,
        end=views[-1].proves,
        start_known=first.kind == Evidence.Kind.APPOINT,
        end_known=last.kind == Evidence.Kind.REMOVE,
        evidence=views,
    )


def _transfers(rows: Iterable[Evidence]) -> list[dict[str, Any]]:
    """Lists that remove the person from one post and appoint to another (organs D9)."""
    by_list: dict[tuple[str, datetime.date | None], list[Evidence]] = {}
    for row in rows:
        by_list.setdefault((row.number, row.day), []).append(row)
    found = []
    for (number, day), own in by_list.items():
        old = [row for row in own if row.kind == Evidence.Kind.REMOVE]
        new = [row for row in own if row.kind == Evidence.Kind.APPOINT]
        if old and new:
            found.append({"instrument": number, "day": day, "from": _posts(old), "to": _posts(new)})
    return found


def _posts(rows: Iterable[Evidence]) -> list[dict[str, str]]:
    return [{"organ": row.post.organ.slug, "title": row.post.organ.name, "post": row.post.title} for row in rows]


def namesakes_of(names: Iterable[str], but: int | None = None) -> dict[str, list[shapes.PersonPosts]]:
    """By name: the persons who bear it, each with the posts printed beside it."""
    people = list(Person.objects.filter(merged_into__isnull=True, name__in=set(names)).exclude(pk=but).order_by("id"))
    posts: dict[int, list[str]] = {}
    ids = [row.pk for row in people]
    proved = library.evidence_rows(Q(person__in=ids) | Q(person__merged_into__in=ids))
    for row in proved.filter(post__is_public=True):
        own = posts.setdefault(library.person_of(row.person).pk, [])
        text = f"{row.post.organ.name}{row.post.title}"
        if text not in own:
            own.append(text)
    found: dict[str, list[shapes.PersonPosts]] = {}
    for row in people:
        own_posts = tuple(posts.get(row.pk) or ([row.disambiguator] if row.disambiguator else []))
        found.setdefault(row.name, []).append(shapes.PersonPosts(person_ref(row), own_posts))
    return found
