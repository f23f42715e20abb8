"""Who held which post: the decision `organs.holder` asked with the evidence of the library, put into shapes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q

import luoshi.office.organs.decisions  # noqa: F401  registers the decisions
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.organs import library, shapes
from luoshi.office.organs.models import Evidence, Organ, Post
from luoshi.office.organs.naming import canonical
from luoshi.office.organs.wording import evidence_view, organ_ref
from luoshi.office.parameters.book import decide
from luoshi.office.permissions import may


def holder(organ: str, post: str, on: datetime.date, *, reader: Actor | None = None) -> shapes.HolderAnswer:
    """Who held the post (title as printed: 局长, 党组书记) of an organ (slug or name), and how we know.

    A post that is not public is answered to a `reader` only who may see it; without one another room asks.
    """
    slug = library.slug_in_library(organ)
    row = Organ.objects.filter(slug=slug).first()
    known = Post.objects.filter(organ__slug=slug, title=canonical(post)).first()
    hidden = known is not None and not known.is_public and reader is not None and not may(reader, "person.see")
    rows = [] if hidden else list(library.evidence_rows(library.of_post(slug, post)))
    name = organ_ref(row) if row else shapes.OrganName(slug, slug)
    return answer(name, post, known.seats if known else None, rows, on)


def head_post(slug: str) -> str:
    """The title of an organ's head as its evidence prints it most; E_NOT_FOUND where none is known."""
    heads = Post.objects.filter(organ__slug=slug, kind=Post.Kind.HEAD, ended_on__isnull=True)
    titles = heads.annotate(rows=Count("evidence")).order_by("-rows", "id").values_list("title", flat=True)
    if (title := titles.first()) is None:
        raise LuoshiError("E_NOT_FOUND", "没有这个单位正职的记录。请写明职务，如局长。", fields={"organ": slug})
    return str(title)


def holders_of_posts(posts: Sequence[Post], organ: Organ, on: datetime.date) -> list[shapes.PostRow]:
    """The posts of an organ with their holders, heads first, in one query."""
    by_post: dict[int, list[Evidence]] = {post.pk: [] for post in posts}
    for row in library.evidence_rows(Q(post__in=[post.pk for post in posts])):
        by_post[row.post_id].append(row)
    rank = {kind: place for place, kind in enumerate(Post.Kind.values)}
    return [
        shapes.PostRow(
            id=post.pk,
            title=post.title,
            kind=post.kind,
            kind_title=post.get_kind_display(),
            seats=post.seats,
            is_public=post.is_public,
            ended_on=post.ended_on,
            evidence_count=len(by_post[post.pk]),
            answer=answer(organ_ref(organ), post.title, post.seats, by_post[post.pk], on),
        )
        for post in sorted(posts, key=lambda post: (rank[post.kind], post.pk))
    ]


def answer(
    organ: shapes.OrganName, post: str, seats: int | None, rows: Sequence[Evidence], on: datetime.date
) -> shapes.HolderAnswer:
    """Ask the decision and put its answer into shapes; every row named in it leads back to its evidence."""
    facts: dict[str, Any] = {"organ": organ.slug, "post": post, "on": on, "evidence": library.evidence_facts(rows)}
    if seats is not None:
        facts["seats"] = seats
    taken = decide("organs.holder", facts, on)
    value = taken.value
    views = {_key_of(fact): evidence_view(row) for fact, row in zip(facts["evidence"], rows, strict=True)}
    people = {view.person.id: view.person for row in rows if (view := evidence_view(row)).person}
    found = value.get("holders", [value])
    return shapes.HolderAnswer(
        organ=organ,
        post=post,
        on=on,
        seats=value["seats"],
        is_list="holders" in value,
        holdings=[_holding(one, views, people) for one in found],
        ended=_views(value["ended"] if isinstance(value["ended"], list) else [], views),
        supporting=_views(value["supporting"], views),
        reasons=[reason.as_dict() for reason in taken.reasons],
        outcome=taken.outcome.value,
        value=value,
    )


def _key_of(fact: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(fact.get(name) for name in ("kind", "person_id", "date", "instrument", "clause", "remark"))


def _views(
    rows: Iterable[Mapping[str, Any]], views: Mapping[tuple[Any, ...], shapes.EvidenceView]
) -> list[shapes.EvidenceView]:
    return [views[_key_of(row)] for row in rows]


def _holding(
    one: Mapping[str, Any],
    views: Mapping[tuple[Any, ...], shapes.EvidenceView],
    people: Mapping[int, shapes.PersonRef],
) -> shapes.Holding:
    ids = [one["person_id"]] if one["person_id"] else [row["person_id"] for row in one["candidates"]]
    interval = one["interval"] or {}
    return shapes.Holding(
        result=one["result"],
        badge=one["badge"],
        persons=[people[int(pk)] for pk in ids],
        since=one["since"],
        interval_from=interval.get("from"),
        interval_to=interval.get("to"),
        last_known=one["last_known"],
        first_evidence=one["first_evidence"],
        stale=one["stale"],
        basis=_views(one["basis"], views),
        conflicts=_views(one["conflicts"], views),
    )
