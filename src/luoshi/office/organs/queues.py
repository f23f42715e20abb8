"""What waits for somebody, and how the room stands: proposals, unresolved names, open duties, indicators."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping

from django.db.models import Count, Q

from luoshi.gazette.organs import Level, is_local, is_vague
from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties.models import DutyOrgan
from luoshi.office.instruments.models import Instrument
from luoshi.office.organs import library, shapes
from luoshi.office.organs.directory import load_data
from luoshi.office.organs.facts import ConfirmedReading, NameFact, RelationFact
from luoshi.office.organs.history import MOVING, follow
from luoshi.office.organs.models import Organ, OrganRelation, Person, Proposal
from luoshi.office.organs.naming import canonical, organ_name, read_name
from luoshi.office.organs.wording import CONFIRMATIONS, is_staff, organ_ref, relation_row
from luoshi.office.permissions import may, scope_of

LONGEST = 200
"""Rows of a queue that are shown; the counts are whole."""

Kind = Proposal.Kind
PERMISSIONS: Mapping[str, tuple[str, str]] = {
    Kind.ORGAN: ("organ.edit", "organ.confirm"),
    Kind.NAME: ("organ.edit", "organ.confirm"),
    Kind.RELATION: ("organ.edit", "organ.confirm"),
    Kind.BATCH: ("organ.edit", "organ.confirm"),
    Kind.READING: ("name.decide", "name.confirm"),
    Kind.POST: ("post.edit", "post.confirm"),
    Kind.APPOINTMENTS: ("post.edit", "post.confirm"),
    Kind.MERGE: ("person.merge", "person.confirm"),
    Kind.UNMERGE: ("person.merge", "person.confirm"),
    Kind.MEMBER: ("group.propose", "group.confirm"),
    Kind.DISSOLVE: ("group.propose", "group.confirm"),
}
"""By kind of proposal: who prepares, who confirms. The last two concern the organ where the office sits."""


# --- proposals --------------------------------------------------------------------------------------------------------


def proposals(*, reader: Actor, state: str = "open", kind: str = "", limit: int = LONGEST) -> list[shapes.ProposalRow]:
    """The proposals in a state that the reader may prepare or confirm, newest first; an auditor sees all."""
    rows = Proposal.objects.filter(seen_by(reader))
    if state:
        rows = rows.filter(state=state)
    if kind:
        rows = rows.filter(kind=kind)
    return proposal_rows(rows.order_by("-id")[:limit], reader)


def proposal(proposal_id: int, *, reader: Actor) -> shapes.ProposalRow:
    """One proposal; E_NOT_FOUND for one the reader has no hand in."""
    row = Proposal.objects.filter(seen_by(reader), pk=proposal_id).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", "没有这份拟办，或不由您经办、确认。")
    return proposal_rows([row], reader)[0]


def seen_by(reader: Actor) -> Q:
    """The condition that a proposal is the reader's affair: what he may prepare or confirm; all for an auditor."""
    if reader.trusted or may(reader, "audit.see"):
        return Q()
    condition = Q(pk__in=[])
    for kind, keys in PERMISSIONS.items():
        for key in keys:
            scope = scope_of(reader, key)
            if scope.everywhere:
                condition |= Q(kind=kind)
            elif scope.organs:
                condition |= Q(kind=kind, organ__in=scope.organs)
    return condition


def proposal_rows(rows: Iterable[Proposal], reader: Actor) -> list[shapes.ProposalRow]:
    """Proposals as queues show them."""
    return [
        shapes.ProposalRow(
            id=row.pk,
            kind=row.kind,
            kind_title=row.get_kind_display(),
            title=row.title,
            organ=row.organ,
            state=row.state,
            state_title=row.get_state_display(),
            proposed_by=row.proposed_name,
            proposed_at=row.proposed_at,
            decided_by=row.decided_name,
            decided_at=row.decided_at,
            reason=row.reason,
            warnings=row.warnings,
            explanation=row.explanation,
            payload=row.payload,
            version=row.version,
            may_confirm=may_confirm(row, reader),
        )
        for row in rows
    ]


def may_confirm(row: Proposal, reader: Actor) -> bool:
    """Whether the reader is the other hand this proposal needs."""
    if row.state != Proposal.State.OPEN or not reader.hands:
        return False
    makers = {row.proposed_by_id, row.proposed_for_id}
    return may(reader, PERMISSIONS[row.kind][1], [row.organ]) and not reader.hands & makers


# --- names ------------------------------------------------------------------------------------------------------------


def unresolved_names(limit: int = LONGEST) -> list[shapes.UnresolvedName]:
    """Printed names of current duties that no rule and no reading resolves, the most frequent first."""
    return _unresolved()[:limit]


def _unresolved() -> list[shapes.UnresolvedName]:
    open_names = DutyOrgan.objects.filter(slug="", is_current=True)
    counts = dict(open_names.values_list("name").annotate(Count("id")))
    given = [NameFact(**fact) for fact in library.names_beside_directory()]
    readings = [ConfirmedReading(**fact) for fact in library.confirmed_readings()]
    found: dict[str, tuple[int, tuple[str, ...]]] = {}
    for text, mentions in counts.items():
        if not is_mention(text):
            continue
        reading = read_name(text, readings, CONFIRMATIONS, given)
        if reading.slug is None:
            found[text] = (mentions, tuple(slug for slug, _ in reading.candidates))
    ranked = sorted(found, key=lambda text: (-found[text][0], text))[:LONGEST]
    where: dict[str, list[str]] = {}
    places = open_names.filter(name__in=ranked).values_list("name", "duty__instrument__key").distinct()
    for text, key in places.order_by("name", "duty__instrument__key"):
        where.setdefault(text, []).append(key)
    candidates = {slug for text in ranked for slug in found[text][1]}
    names = dict(Organ.objects.filter(slug__in=candidates).values_list("slug", "name"))
    return [
        shapes.UnresolvedName(
            text,
            found[text][0],
            tuple(where.get(text, ())[:5]),
            tuple(shapes.OrganName(slug, names.get(slug, organ_name(slug))) for slug in found[text][1]),
        )
        for text in ranked
    ]


def is_mention(text: str) -> bool:
    """Whether a printed text names an organ: not a wildcard, a place class or nobody in particular (有关部门)."""
    name = canonical(text)
    return not (name in load_data()["wildcards"] or is_vague(name) or is_local(name, Level.CITY))


# --- duties -----------------------------------------------------------------------------------------------------------


def pending_duties(on: datetime.date) -> list[shapes.PendingDuty]:
    """Organs that owe duties and have no live successor on the day, by number of duties: 承接单位待定."""
    owed = dict(
        DutyOrgan.objects.filter(is_current=True)
        .exclude(slug="")
        .values_list("slug")
        .annotate(Count("duty", distinct=True))
    )
    relations = list(library.live_relations().filter(kind__in=MOVING))
    facts = [RelationFact(**fact) for fact in library.relation_facts(relations)]
    known = {row.slug: organ_ref(row) for relation in relations for row in (relation.origin, relation.target)}
    found = []
    for slug in sorted(owed.keys() & known.keys()):
        state = follow(slug, on, facts, confirmations=CONFIRMATIONS)
        if state.organ is None:
            targets = dict.fromkeys(one.target for one in state.candidates)
            candidates = tuple(known[target] for target in targets)
            found.append(shapes.PendingDuty(known[slug], owed[slug], state.status, candidates))
    return sorted(found, key=lambda row: (-row.duties, row.organ.slug))


# --- everything -------------------------------------------------------------------------------------------------------


def open_queues(on: datetime.date, *, reader: Actor) -> shapes.OpenQueues:
    """What waits: unresolved names, unconfirmed relations, duties without a live organ, proposals, namesakes."""
    from luoshi.office.organs.people import namesakes_of

    unconfirmed = library.live_relations().filter(proposal__isnull=True)[:LONGEST]
    alike = (
        Person.objects.filter(merged_into__isnull=True)
        .order_by()
        .values_list("name", flat=True)
        .annotate(bearers=Count("id"))
        .filter(bearers__gt=1)[:LONGEST]
    )
    suggestions = namesakes_of(list(alike)) if may(reader, "person.see") or may(reader, "person.merge") else {}
    return shapes.OpenQueues(
        names=unresolved_names(),
        relations=[relation_row(row, names_hands=is_staff(reader)) for row in unconfirmed],
        duties=pending_duties(on),
        proposals=proposals(reader=reader),
        suggestions=[suggestions[name] for name in sorted(suggestions)],
    )


def indicators(on: datetime.date) -> list[shapes.Indicator]:
    """The four indicators of organs 10."""
    mentions = sum(
        count
        for text, count in DutyOrgan.objects.filter(is_current=True).values_list("name").annotate(Count("id"))
        if is_mention(text)
    )
    unresolved = sum(row.mentions for row in _unresolved())
    current = Instrument.objects.filter(is_current=True)
    instruments, known = current.count(), current.filter(begins_on__isnull=False).count()
    homeless = sum(row.duties for row in pending_duties(on))
    unconfirmed = OrganRelation.objects.filter(superseded=False, proposal__isnull=True).count()
    return [
        _ratio("resolved_names", "名称已识别", mentions - unresolved, mentions, "100%", "文书"),
        shapes.Indicator(
            "known_start",
            "文件起始日已知",
            f"{known} / {instruments}" if instruments else "无数据",
            "全部",
            "文书",
            known == instruments if instruments else None,
            known,
            instruments,
        ),
        shapes.Indicator(
            "homeless_duties", "承接单位待定的责任", str(homeless), "0", "市委编办", homeless == 0, homeless, None
        ),
        shapes.Indicator(
            "unconfirmed_relations", "未确认的承接关系", str(unconfirmed), "0", "市委编办", unconfirmed == 0,
            unconfirmed, None,
        ),
    ]  # fmt: skip


def _ratio(key: str, title: str, part: int, whole: int, target: str, owner: str) -> shapes.Indicator:
    if not whole:
        return shapes.Indicator(key, title, "无数据", target, owner, None, part, whole)
    # Half up to two places; a share that is not whole is never shown as whole.
    hundredths = min((part * 20000 + whole) // (2 * whole), 10000 if part == whole else 9999)
    shown = f"{hundredths // 100}.{hundredths % 100:02d}%"
    return shapes.Indicator(key, title, shown, target, owner, part == whole, part, whole)
