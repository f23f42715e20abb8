"""Read organs: names and titles, who answers for what, who held which post, groups, charts, queues, indicators.

The rules are those of `decisions`; the database gives them their facts (`library`). `on` is always the day asked about.
A function that takes `reader` shows and counts only what that actor may see, and tells what he may confirm.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence

from luoshi.office.actors import VISITOR, Actor
from luoshi.office.organs import shapes


def title_of(slug: str, on: datetime.date) -> str:
    """The canonical name of an organ; the slug itself where nobody knows it."""
    return titles([slug], on)[slug]


def titles(slugs: Iterable[str], on: datetime.date) -> dict[str, str]:
    """The canonical names of organs by slug, in one query; an unknown slug is its own name."""
    raise NotImplementedError


def served_by(slug: str, on: datetime.date) -> frozenset[str]:
    """The organs whose duties `slug` answers for: itself, its sub-units, those taken over by confirmed relations."""
    raise NotImplementedError


def successor_of(slug: str, on: datetime.date) -> str | None:
    """The organ that holds the duties of `slug`: itself while it lives, None while 承接单位待定."""
    raise NotImplementedError


def succession(slug: str, on: datetime.date) -> shapes.SuccessionView:
    """Where the duties of an organ lie, with path, candidates and reasons."""
    raise NotImplementedError


def expand(name: str) -> list[str]:
    """The slugs a wildcard stands for (各镇区 17, 各镇 14, 各镇(街道) 15); empty for one chosen case by case."""
    raise NotImplementedError


def resolve(text: str, on: datetime.date) -> shapes.Found:
    """What a printed name means and who answers for it on the day: the 'then and now' finder. Wildcards expand."""
    raise NotImplementedError


def holder(organ: str, post: str, on: datetime.date) -> shapes.HolderAnswer:
    """Who held the post (title as printed: 局长, 党组书记) of an organ (slug or name), and how we know."""
    raise NotImplementedError


def organ_list(
    *, on: datetime.date, kind: str = "", q: str = "", after: str = "", before: str = "", size: int = 50
) -> shapes.OrganList:
    """A page of organs by slug; `q` finds any written form, `kind` one sort."""
    raise NotImplementedError


def organ_page(slug: str, on: datetime.date, *, reader: Actor = VISITOR) -> shapes.OrganPage:
    """Everything of one organ; E_NOT_FOUND for an unknown slug."""
    raise NotImplementedError


def person_list(*, q: str = "", after: str = "", before: str = "", size: int = 50) -> shapes.PersonList:
    """A page of persons by name, those merged into another left out."""
    raise NotImplementedError


def person_page(person_id: int, *, reader: Actor = VISITOR) -> shapes.PersonPage:
    """A person with tenures, seats, namesakes; E_NOT_FOUND for an unknown id. Identifiers are read by an action."""
    raise NotImplementedError


def group_list(*, on: datetime.date, number: str = "") -> list[shapes.GroupRow]:
    """The groups of the instruments in the library, newest first; with `number` those of one instrument."""
    raise NotImplementedError


def group_page(group_id: int, on: datetime.date, *, reader: Actor = VISITOR) -> shapes.GroupPage:
    """A group on a day; E_NOT_FOUND for an unknown id."""
    raise NotImplementedError


def succession_graph(on: datetime.date) -> shapes.SuccessionGraph:
    """The chart of all relations that move duties, from old organs to new ones."""
    raise NotImplementedError


def proposals(*, reader: Actor, state: str = "open", kind: str = "", limit: int = 200) -> list[shapes.ProposalRow]:
    """The proposals in a state that the reader may prepare or confirm, newest first."""
    raise NotImplementedError


def proposal(proposal_id: int, *, reader: Actor) -> shapes.ProposalRow:
    """One proposal; E_NOT_FOUND for one the reader has no hand in."""
    raise NotImplementedError


def open_queues(on: datetime.date, *, reader: Actor) -> shapes.OpenQueues:
    """What waits: unresolved names, unconfirmed relations, duties without a live organ, proposals, namesakes."""
    raise NotImplementedError


def indicators(on: datetime.date) -> list[shapes.Indicator]:
    """The four indicators of organs 10."""
    raise NotImplementedError


def print_notes(number: str) -> Sequence[Mapping[str, object]]:
    """The notes on print errors of an instrument: clause, printed, note, noted_by, noted_at."""
    raise NotImplementedError
