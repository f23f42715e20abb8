"""The shapes in which queries about organs, posts, persons and groups answer; plain, frozen, ready for page and API."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class OrganName:
    """An organ as lists and links show it: `title` is its canonical name, the slug where the directory has none."""

    slug: str
    title: str


@dataclass(frozen=True, slots=True)
class OrganRow:
    """One line of the list of organs. `successor` is set where confirmed relations moved its duties on the day.

    `status`: same, moved, pending (承接单位待定), undetermined, cycle.
    """

    slug: str
    title: str
    english: str
    kind: str
    kind_title: str
    level: str
    parent: OrganName | None
    division_code: str
    form_count: int
    status: str
    successor: OrganName | None
    candidates: Sequence[OrganName]


@dataclass(frozen=True, slots=True)
class Count:
    """One value of a facet: `value`, its Chinese `title`, how many."""

    value: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class OrganList:
    """A page of organs, the facet of kinds, how many fit; `previous`, `next` are cursors, empty without neighbour."""

    rows: Sequence[OrganRow]
    kinds: Sequence[Count]
    total: int
    exact: bool
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class NameBand:
    """One written form and when it was seen: `years` of the gazettes, for the band chart 2018 | reform | 2019."""

    text: str
    kind: str
    kind_title: str
    years: Sequence[int]
    seen_first: datetime.date | None
    seen_last: datetime.date | None
    instrument: str
    ambiguous: bool
    ended: bool


@dataclass(frozen=True, slots=True)
class RelationRow:
    """A relation between two organs. `confirmed` tells whether two persons confirmed it; only then it `moves` duties.

    `evidence` are codes (stated, N, F, P, A), `evidence_titles` the words for them; `confirmers` are names of staff.
    """

    id: int
    origin: OrganName
    target: OrganName
    kind: str
    kind_title: str
    function: str
    effective: datetime.date | None
    effective_after: datetime.date | None
    effective_until: datetime.date | None
    evidence: Sequence[str]
    evidence_titles: Sequence[str]
    instrument: str
    clause: str
    confirmed: bool
    moves: bool
    confirmers: Sequence[str]
    open_proposal: int | None


@dataclass(frozen=True, slots=True)
class PersonRef:
    """A person as shown: `id` opens the page, `label` adds what tells namesakes apart."""

    id: int
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One row of evidence: what is printed, where, and what it proves. `proves` is None for one that only supports."""

    id: int | None
    kind: str
    kind_title: str
    person: PersonRef | None
    day: datetime.date | None
    proves: datetime.date | None
    instrument: str
    clause: str
    printed: str
    remark: str
    entered_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Holding:
    """One answer to 'who held the post on the day'.

    `result`: appointed, attested, bracketed, uncertain, vacant_or_unknown, last_known, unknown. `badge`: 任命, 名单,
    推定, 待核. `persons` is one, or the candidates of an uncertain answer, or none.
    """

    result: str
    badge: str
    persons: Sequence[PersonRef]
    since: datetime.date | None
    interval_from: datetime.date | None
    interval_to: datetime.date | None
    last_known: datetime.date | None
    first_evidence: datetime.date | None
    stale: bool
    basis: Sequence[EvidenceView]
    conflicts: Sequence[EvidenceView]


@dataclass(frozen=True, slots=True)
class HolderAnswer:
    """Who held a post on a day: one holding for a post of one seat, one a person for a post of several.

    `is_list` tells which; `ended` lists those whose removal the day lies after; `reasons` are sentences with citations
    (`text`, `citation`, `ok`), `value` the whole answer of the decision `organs.holder`, `outcome` its outcome.
    """

    organ: OrganName
    post: str
    on: datetime.date
    seats: int | None
    is_list: bool
    holdings: Sequence[Holding]
    ended: Sequence[EvidenceView]
    supporting: Sequence[EvidenceView]
    reasons: Sequence[Mapping[str, Any]]
    outcome: str
    value: Mapping[str, Any]

    @property
    def first(self) -> Holding:
        """The holding of a post of one seat."""
        return self.holdings[0]


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post of an organ and who holds it on the day asked about."""

    id: int
    title: str
    kind: str
    kind_title: str
    seats: int | None
    is_public: bool
    ended_on: datetime.date | None
    evidence_count: int
    answer: HolderAnswer


@dataclass(frozen=True, slots=True)
class SuccessionView:
    """Where an organ's duties lie on a day; `note` is 承接单位待定 while open, `path` the relations followed."""

    status: str
    on: datetime.date
    successor: OrganName | None
    path: Sequence[Mapping[str, Any]]
    candidates: Sequence[OrganName]
    note: str
    reasons: Sequence[Mapping[str, Any]]
    value: Mapping[str, Any]
    outcome: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One line of the list of groups. `state`: in_force, undated, not_yet, dissolved on the day."""

    id: int
    name: str
    number: str
    instrument_title: str
    issued_on: datetime.date | None
    basis: str
    basis_title: str
    member_count: int
    printed_entries: int
    office: OrganName | None
    state: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One seat on the day. `history` are earlier members; `proposal` says who holds the seat's post by now, if another.

    `membership` is the id of the row that stands on the day.
    """

    membership: int
    order: int
    role: str
    person: PersonRef | None
    organ: OrganName | None
    post: str
    printed: str
    duties: str
    since: datetime.date | None
    history: Sequence[Mapping[str, Any]]
    proposal: Mapping[str, Any] | None
    open_proposal: int | None


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A group on a day: members by seat, office and its head, proposals of succession by post."""

    row: GroupRow
    on: datetime.date
    clause: str
    office_head: MemberRow | None
    office_clause: str
    members: Sequence[MemberRow]
    roles: Sequence[Count]
    proposals: Sequence[Mapping[str, Any]]
    reasons: Sequence[Mapping[str, Any]]
    value: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SeatOfOrgan:
    """A seat an organ has in a group."""

    group: int
    group_name: str
    number: str
    role: str
    person: PersonRef | None
    post: str


@dataclass(frozen=True, slots=True)
class Burden:
    """An instrument that burdens an organ: how many current duties, how many of them it leads."""

    key: str
    title: str
    issued_on: datetime.date | None
    duties: int
    leads: int


@dataclass(frozen=True, slots=True)
class OrganPage:
    """Everything of one organ on a day.

    `title` its name; `names` the band chart; `relations_out`/`relations_in`; `succession`; `serves` the organs whose
    duties it answers for; `posts` with holders; `seats` in groups; `offices` of groups it keeps; `burdens`.
    """

    slug: str
    title: str
    english: str
    kind: str
    kind_title: str
    level: str
    level_title: str
    parent: OrganName | None
    children: Sequence[OrganName]
    division_code: str
    division_confirmed: bool
    uscc: str
    not_before: datetime.date | None
    not_after: datetime.date | None
    ambiguous: bool
    note: str
    version: int
    on: datetime.date
    names: Sequence[NameBand]
    relations_out: Sequence[RelationRow]
    relations_in: Sequence[RelationRow]
    succession: SuccessionView
    serves: Sequence[OrganName]
    posts: Sequence[PostRow]
    seats: Sequence[SeatOfOrgan]
    offices: Sequence[GroupRow]
    burdens: Sequence[Burden]
    duty_count: int
    open_proposals: Sequence[ProposalRow]


@dataclass(frozen=True, slots=True)
class Tenure:
    """A stretch in which a person is known on a post, for the bars of the person page.

    `start`/`end` are the days the evidence reaches; `start_known` and `end_known` tell whether an act began or ended it
    there; `end` None: no end known.
    """

    organ: OrganName
    post: str
    start: datetime.date | None
    end: datetime.date | None
    start_known: bool
    end_known: bool
    evidence: Sequence[EvidenceView]


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of the list of persons: name, what tells namesakes apart, where last seen."""

    id: int
    name: str
    label: str
    last_seen: datetime.date | None
    namesakes: int


@dataclass(frozen=True, slots=True)
class PersonList:
    """A page of persons; `previous` and `next` are cursors, empty without neighbour."""

    rows: Sequence[PersonRow]
    total: int
    exact: bool
    previous: str
    next: str


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merger of two persons: who stays, who went in, who proposed and confirmed, whether undone."""

    id: int
    kept: PersonRef
    merged: PersonRef
    proposed_by: str
    confirmed_by: str
    confirmed_at: datetime.datetime | None
    undone: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person: tenures, seats, transfers (removed and appointed by one list), namesakes that may be the same."""

    id: int
    name: str
    disambiguator: str
    merged_into: PersonRef | None
    version: int
    tenures: Sequence[Tenure]
    seats: Sequence[SeatOfOrgan]
    transfers: Sequence[Mapping[str, Any]]
    namesakes: Sequence[PersonPosts]
    merges: Sequence[MergeRow]
    has_identifiers: Sequence[str]
    open_proposals: Sequence[ProposalRow]


@dataclass(frozen=True, slots=True)
class PersonPosts:
    """A namesake and the posts it is printed with: a suggestion, never a finding."""

    person: PersonRef
    posts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Node:
    """An organ in the chart of succession; `era`: before, after, both (by the years its names were seen)."""

    slug: str
    title: str
    era: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A relation in the chart; `confirmed` draws it whole, otherwise dashed; `in_effect` on the day asked about."""

    relation: RelationRow
    in_effect: bool | None


@dataclass(frozen=True, slots=True)
class SuccessionGraph:
    """The chart from old organs to new ones on a day."""

    on: datetime.date
    nodes: Sequence[Node]
    edges: Sequence[Edge]


@dataclass(frozen=True, slots=True)
class Found:
    """What a printed name means and who answers for it today: the 'then and now' finder.

    `status`: resolved, candidates, none. `value`, `reasons`, `outcome` are those of the decision `organs.resolve`.
    """

    text: str
    on: datetime.date
    status: str
    organ: OrganName | None
    basis: str
    candidates: Sequence[OrganName]
    successor: OrganName | None
    note: str
    wildcard: Sequence[OrganName]
    value: Mapping[str, Any]
    reasons: Sequence[Mapping[str, Any]]
    outcome: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal as queues show it. `may_confirm` is the reader's own right (never for what he proposed himself)."""

    id: int
    kind: str
    kind_title: str
    title: str
    organ: str
    state: str
    state_title: str
    proposed_by: str
    proposed_at: datetime.datetime
    decided_by: str
    decided_at: datetime.datetime | None
    reason: str
    warnings: Sequence[Mapping[str, Any]]
    explanation: str
    payload: Mapping[str, Any]
    version: int
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class UnresolvedName:
    """A printed name nobody resolved: where it is printed, how often, what it may mean."""

    text: str
    mentions: int
    instruments: Sequence[str]
    candidates: Sequence[OrganName]


@dataclass(frozen=True, slots=True)
class PendingDuty:
    """An organ with duties but without a live holder of them: 承接单位待定."""

    organ: OrganName
    duties: int
    status: str
    candidates: Sequence[OrganName]


@dataclass(frozen=True, slots=True)
class OpenQueues:
    """What waits for somebody: names, relations, duties without a live organ, proposals, namesakes."""

    names: Sequence[UnresolvedName]
    relations: Sequence[RelationRow]
    duties: Sequence[PendingDuty]
    proposals: Sequence[ProposalRow]
    suggestions: Sequence[Sequence[PersonPosts]]


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator of organs 10: `shown` is what a page prints, 无数据 without a denominator."""

    key: str
    title: str
    value: str
    target: str
    owner: str
    met: bool | None
    numerator: int
    denominator: int | None

    @property
    def shown(self) -> str:
        """The value in words."""
        return self.value
