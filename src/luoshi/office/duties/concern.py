"""Whom a matter or a duty concerns: the organs behind a person's roles, organs' names, towns."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import Actor
from luoshi.office.organs import library
from luoshi.office.organs.directory import load_data, load_directory
from luoshi.office.organs.facts import RelationFact
from luoshi.office.organs.history import MOVING, follow
from luoshi.office.organs.wording import CONFIRMATIONS
from luoshi.office.permissions import Scope, scope_of

GOVERNMENT_OFFICE = "government-office"
"""The organ that supervises (市政府办公室)."""


def _ask(question: str, *arguments: Any) -> Any:
    """Return what the room of organs answers, None where it does not answer yet."""
    try:
        from luoshi.office.organs import queries

        return getattr(queries, question)(*arguments)
    except (ImportError, AttributeError, NotImplementedError):
        return None


_MEMO: ContextVar[dict[str, frozenset[str]] | None] = ContextVar("served_by", default=None)


@contextmanager
def remembered(memo: dict[str, frozenset[str]] | None = None) -> Iterator[None]:
    """Ask the room of organs once for each organ within the block; `memo` carries the answers to another block.

    Within another such block the outer one remembers.
    """
    outer = _MEMO.get()
    token = _MEMO.set(outer if outer is not None else memo if memo is not None else {})
    try:
        yield
    finally:
        _MEMO.reset(token)


def served_by(slug: str, on: datetime.date | None = None) -> frozenset[str]:
    """Return the organ, its sub-units and the organs whose duties it has taken over by a confirmed relation."""
    memo, day = _MEMO.get(), on or CLOCK.today()
    known = memo.get(f"{slug} {day}") if memo is not None else None
    if known is None:
        known = frozenset(_ask("served_by", slug, day) or ()) | {slug}
        if memo is not None:
            memo[f"{slug} {day}"] = known
    return known


class Successors:
    """Who holds organs' work on `day`: the relations are read once, at the first question."""

    def __init__(self, day: datetime.date) -> None:
        self._day = day
        self._onward: dict[str, list[RelationFact]] | None = None

    def of(self, slug: str) -> str | None:
        """Return who holds the organ's work: itself, its confirmed successor, None when it has ended without."""
        if self._onward is None:
            self._onward = {}
            for fact in library.relation_facts(library.live_relations().filter(kind__in=MOVING)):
                relation = RelationFact(**fact)
                self._onward.setdefault(relation.origin, []).append(relation)
        # Only what leads on from it, step by step: what other organs' relations say is not its affair.
        reached, on_the_way = {slug}, [slug]
        relations: list[RelationFact] = []
        while on_the_way:
            found = self._onward.get(on_the_way.pop(), [])
            relations += found
            further = {relation.target for relation in found} - reached
            reached |= further
            on_the_way += further
        return follow(slug, self._day, relations, confirmations=CONFIRMATIONS).organ if relations else slug


def expand(name: str) -> list[str]:
    """Return the organs a wildcard stands for (各镇区: 17); empty for what is none or is named case by case."""
    return list(_ask("expand", name) or ()) or list(load_directory().expand(name))


@cache
def towns() -> frozenset[str]:
    """The organs of towns and zones (镇区)."""
    return frozenset(load_directory().expand("各镇区"))


@cache
def _printed() -> Mapping[str, str]:
    found = {}
    for organ in load_data()["organs"]:
        short = [name["text"] for name in organ.get("names", ()) if name.get("kind") == "short"]
        found[organ["slug"]] = short[0] if short else organ["name"]
    return found


def titles(slugs: Iterable[str], on: datetime.date | None = None) -> dict[str, str]:
    """Return the names organs bear on the day, by slug; the slug itself for one nobody knows."""
    wanted = [slug for slug in dict.fromkeys(slugs) if slug]
    found = (_ask("titles", wanted, on or CLOCK.today()) if wanted else None) or {}
    return {slug: found.get(slug) or _printed().get(slug, slug) for slug in wanted}


def title(slug: str, on: datetime.date | None = None) -> str:
    """Return the name of one organ."""
    return titles([slug], on).get(slug, "")


def organs_within(scope: Scope) -> frozenset[str] | None:
    """Return the organs a scope reaches, with those they serve; None for everywhere."""
    if scope.everywhere:
        return None
    return frozenset().union(*(served_by(slug) for slug in scope.organs)) if scope.organs else frozenset()


def organs_for(actor: Actor, key: str) -> frozenset[str] | None:
    """Return the organs the permission `key` reaches for `actor`; None for everywhere."""
    return organs_within(scope_of(actor, key))


def own_organs(actor: Actor) -> frozenset[str]:
    """Return the organs the actor holds any role at, with those they serve."""
    return frozenset().union(*(served_by(grant.organ) for grant in actor.grants)) if actor.grants else frozenset()


def sees_local(organs: Collection[str] | None) -> bool:
    """Tell whether what every town owes (镇区任务) is among what `organs` see."""
    return organs is None or not towns().isdisjoint(organs)


def known(slug: str) -> bool:
    """Tell whether there is such an organ."""
    return slug in _printed() or (_ask("titles", [slug], CLOCK.today()) or {}).get(slug, slug) != slug
