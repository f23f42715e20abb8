"""Organs, names, relations, reform batches, readings: prepared by one staffing clerk, confirmed by another."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.identifiers import parse_uscc
from luoshi.office.actors import Actor
from luoshi.office.duties.models import DutyOrgan
from luoshi.office.instruments.models import Instrument
from luoshi.office.locks import serialise
from luoshi.office.organs import library
from luoshi.office.organs.decisions import STAFFING_OFFICE
from luoshi.office.organs.facts import ConfirmedReading, NameFact, RelationFact
from luoshi.office.organs.gathering import gather_evidence
from luoshi.office.organs.history import MOVING, find_cycle
from luoshi.office.organs.models import NameReading, Organ, OrganName, OrganRelation, Post, Proposal, ReformBatch
from luoshi.office.organs.naming import canonical, read_name, variants_of
from luoshi.office.organs.workflow import applies, propose
from luoshi.office.permissions import require
from luoshi.office.roles import Role

Kind = Proposal.Kind
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:-{1,2}[a-z0-9]+)*")
_LEVELS = ("city", "town", "province", "weihai", "state")
_EVIDENCE = ("stated", "N", "F", "P", "A")


def find_organ(text: str, field: str = "organ") -> Organ:
    """The organ given by slug or written name; E_INPUT naming the field where there is none."""
    slug = library.slug_in_library(text.strip()) if text.strip() else ""
    organ = Organ.objects.filter(slug=slug).first()
    if organ is None:
        said = f"“{text}”不在单位名录中" if text.strip() else "未写单位"
        raise LuoshiError("E_INPUT", f"{said}。请写代号或全称；新单位请先登记。", fields={field: text})
    found: Organ = organ
    return found


def _one_of(value: str, allowed: Sequence[str], field: str, what: str) -> None:
    if value not in allowed:
        raise LuoshiError("E_INPUT", f"{what}“{value}”不在范围内：{'、'.join(allowed)}。", fields={field: value})


# --- organs -----------------------------------------------------------------------------------------------------------


def propose_organ(
    *,
    actor: Actor,
    slug: str,
    name: str,
    kind: str,
    level: str = "city",
    english: str = "",
    parent: str = "",
    uscc: str = "",
    not_before: datetime.date | None = None,
    not_after: datetime.date | None = None,
    note: str = "",
    explanation: str = "",
) -> Proposal:
    """Propose a new organ, or a correction of the one with this slug. Permission organ.edit.

    E_INPUT for a slug, kind, level, parent or credit code that cannot be; E_CHECK_DIGIT; E_CONFLICT for an owned name.
    """
    with transaction.atomic():
        require(actor, "organ.edit")
        name = canonical(name)
        if not _SLUG.fullmatch(slug):
            raise LuoshiError("E_INPUT", f"代号“{slug}”应为小写字母、数字和连字符。", fields={"slug": slug})
        if not name:
            raise LuoshiError("E_INPUT", "未写单位全称。", fields={"name": ""})
        _one_of(kind, Organ.Kind.values, "kind", "单位类别")
        _one_of(level, _LEVELS, "level", "层级")
        if parent:
            parent = find_organ(parent, "parent").slug
        if kind == Organ.Kind.SUB_UNIT and not slug.startswith(f"{parent}--"):
            raise LuoshiError("E_INPUT", "内设、下属单位的代号应为“上级代号--本级代号”。", fields={"slug": slug})
        if not_before and not_after and not_after < not_before:
            raise LuoshiError("E_INPUT", "终止日早于设立日。", fields={"not_after": str(not_after)})
        known = Organ.objects.filter(slug=slug).first()
        _check_owner(name, known, ambiguous=False)
        payload = {
            "slug": slug,
            "name": name,
            "kind": kind,
            "level": level,
            "english": english.strip(),
            "parent": parent,
            "uscc": parse_uscc(uscc) if uscc.strip() else "",
            "not_before": not_before,
            "not_after": not_after,
            "note": note.strip(),
            "version": known.version if known else None,
        }
        if known and all(getattr(known, field) == payload[field] for field in _ORGAN_FIELDS):
            raise LuoshiError("E_DUPLICATE", f"{name}与已登记的相同，没有改动。", fields={"slug": slug})
        title = f"更正单位{name}" if known else f"新设单位{name}"
        return propose(
            actor=actor,
            kind=Kind.ORGAN,
            subject=f"organ:{slug}",
            title=title,
            payload=payload,
            organ=slug,
            explanation=explanation,
        )


_ORGAN_FIELDS = ("name", "english", "kind", "level", "parent", "uscc", "not_before", "not_after", "note")


@applies(Kind.ORGAN)
def _apply_organ(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    values = {field: said[field] for field in _ORGAN_FIELDS}
    organ = Organ.objects.select_for_update().filter(slug=said["slug"]).first()
    if (organ.version if organ else None) != said["version"]:
        raise LuoshiError("E_VERSION", "单位在拟办之后已被改动，请退回重拟。", fields={"slug": said["slug"]})
    _check_owner(said["name"], organ, ambiguous=False)
    if said["uscc"] and Organ.objects.filter(uscc=said["uscc"]).exclude(slug=said["slug"]).exists():
        raise LuoshiError("E_DUPLICATE", "这个统一社会信用代码已属于另一单位。", fields={"uscc": said["uscc"]})
    before = None
    if organ is None:
        organ = Organ.objects.create(slug=said["slug"], source="clerk", proposal=row, **values)
    else:
        before = {field: getattr(organ, field) for field in _ORGAN_FIELDS}
        Organ.objects.filter(pk=organ.pk).update(version=organ.version + 1, proposal=row, **values)
    if not OrganName.objects.filter(organ=organ, text=said["name"], ended=False).exists():
        OrganName.objects.create(organ=organ, text=said["name"], kind=OrganName.Kind.FULL, proposal=row)
    _read_again([said["name"]], organ)
    return before


# --- names ------------------------------------------------------------------------------------------------------------


def propose_name(
    *,
    actor: Actor,
    organ: str,
    text: str,
    kind: str,
    ambiguous: bool = False,
    instrument: str = "",
    end: bool = False,
) -> Proposal:
    """Propose a written form of an organ's name; with `end` that the form is no longer its. Permission organ.edit.

    E_CONFLICT 该简称已属于×,请标注歧义 when another organ owns the text and `ambiguous` is not set.
    """
    with transaction.atomic():
        require(actor, "organ.edit")
        owner = find_organ(organ)
        text = canonical(text)
        if not text:
            raise LuoshiError("E_INPUT", "未写名称。", fields={"text": ""})
        _one_of(kind, OrganName.Kind.values, "kind", "名称种类")
        own = OrganName.objects.filter(organ=owner, text=text, ended=False).first()
        if end and own is None:
            raise LuoshiError("E_NOT_FOUND", f"“{text}”不是{owner.name}的名称。", fields={"text": text})
        if not end and own is not None and own.ambiguous == ambiguous and own.kind == kind:
            raise LuoshiError("E_DUPLICATE", f"“{text}”已登记为{owner.name}的名称。", fields={"text": text})
        if not end:
            _check_owner(text, owner, ambiguous=ambiguous)
        return propose(
            actor=actor,
            kind=Kind.NAME,
            subject=f"name:{owner.slug}:{text}",
            title=f"{owner.name}{'停用' if end else '登记'}名称“{text}”",
            payload={
                "organ": owner.slug,
                "text": text,
                "kind": kind,
                "ambiguous": ambiguous,
                "instrument": instrument,
                "end": end,
            },
            organ=owner.slug,
        )


def _check_owner(text: str, owner: Organ | None, *, ambiguous: bool) -> None:
    other = (
        OrganName.objects.filter(text=text, ended=False)
        .exclude(organ=owner)
        .exclude(kind=OrganName.Kind.MISPRINT)
        .select_related("organ")
        .first()
    )
    if other is not None and not ambiguous:
        raise LuoshiError(
            "E_CONFLICT",
            f"该简称已属于{other.organ.name},请标注歧义",
            fields={"text": text, "owner": other.organ.slug},
        )


@applies(Kind.NAME)
def _apply_name(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    organ = Organ.objects.get(slug=said["organ"])
    serialise("organs.names")
    own = OrganName.objects.filter(organ=organ, text=said["text"], ended=False).first()
    before = {"kind": own.kind, "ambiguous": own.ambiguous} if own else None
    if said["end"]:
        # The text is now told by the database: who else owns it, or nobody.
        OrganName.objects.filter(organ=organ, text=said["text"], ended=False).update(ended=True, proposal=row)
        return before
    _check_owner(said["text"], organ, ambiguous=said["ambiguous"])
    if said["ambiguous"]:
        OrganName.objects.filter(text=said["text"], ended=False).update(ambiguous=True)
    OrganName.objects.filter(organ=organ, text=said["text"], ended=False).update(ended=True)
    OrganName.objects.create(
        organ=organ,
        text=said["text"],
        kind=said["kind"],
        ambiguous=said["ambiguous"],
        years=own.years if own else [],
        instrument=said["instrument"],
        proposal=row,
    )
    if not said["ambiguous"] and said["kind"] != OrganName.Kind.MISPRINT:
        _read_again([said["text"]], organ)
    return before


def _read_again(texts: Sequence[str], organ: Organ) -> None:
    """Let duties and lists that print a name nobody could read know its organ now."""
    DutyOrgan.objects.filter(name__in=texts, slug="").update(slug=organ.slug)
    seats = Q(memberships__organ_name__in=texts, memberships__organ_slug="")
    acts = Q(appointments__organ_name__in=texts, appointments__organ_slug="")
    gather_evidence(Instrument.objects.filter(seats | acts, is_current=True).distinct())


# --- readings ---------------------------------------------------------------------------------------------------------


def propose_reading(*, actor: Actor, text: str, organ: str) -> Proposal:
    """Propose how a misprinted or ambiguous name is to be read. Permission name.decide. E_RULE for a clear name."""
    with transaction.atomic():
        require(actor, "name.decide")
        meant = find_organ(organ)
        text = canonical(text)
        if not text:
            raise LuoshiError("E_INPUT", "未写印出的名称。", fields={"text": ""})
        given = [NameFact(**fact) for fact in library.names_beside_directory(variants_of(text))]
        standing = [ConfirmedReading(**fact) for fact in library.confirmed_readings(text)]
        reading = read_name(text, standing, 2, given)
        if reading.slug is not None and reading.basis != "confirmed":
            clear = Organ.objects.filter(slug=reading.slug).first()
            said = clear.name if clear else reading.slug
            raise LuoshiError("E_RULE", f"“{text}”不是误印，也无歧义，即{said}。", fields={"text": text})
        return propose(
            actor=actor,
            kind=Kind.READING,
            subject=f"reading:{text}",
            title=f"“{text}”读作{meant.name}",
            payload={"text": text, "organ": meant.slug},
            organ=meant.slug,
        )


@applies(Kind.READING)
def _apply_reading(row: Proposal, _actor: Actor) -> Mapping[str, Any] | None:
    text, organ = row.payload["text"], Organ.objects.get(slug=row.payload["organ"])
    serialise("organs.names")
    standing = NameReading.objects.filter(text=text, superseded=False).select_related("organ").first()
    NameReading.objects.filter(text=text, superseded=False).update(superseded=True)
    NameReading.objects.create(text=text, organ=organ, proposal=row)
    if standing is not None:
        DutyOrgan.objects.filter(name=text, slug=standing.organ.slug).update(slug=organ.slug)
    _read_again([text], organ)
    return {"organ": standing.organ.slug} if standing else None


# --- relations --------------------------------------------------------------------------------------------------------


def propose_relation(
    *,
    actor: Actor,
    origin: str,
    target: str,
    kind: str,
    effective: datetime.date | None = None,
    effective_after: datetime.date | None = None,
    effective_until: datetime.date | None = None,
    function: str = "",
    evidence: Sequence[str] = (),
    instrument: str = "",
    clause: str = "",
    director_note: str = "",
) -> Proposal:
    """Propose a relation, or take up one of the directory's. Permission organ.edit.

    A relation that moves duties needs its day of effect, or the bounds of it. E_RULE for a circle.
    """
    with transaction.atomic():
        require(actor, "organ.edit")
        said = _relation_payload(origin, target, kind, function, evidence)
        said |= {
            "effective": effective,
            "effective_after": effective_after,
            "effective_until": effective_until,
            "instrument": instrument.strip(),
            "clause": clause.strip(),
            "director_note": director_note.strip(),
        }
        if kind in MOVING and effective is None and effective_until is None:
            raise LuoshiError("E_INCOMPLETE", "转移职责的关系须写明生效日，或最迟生效日。", fields={"effective": ""})
        if effective_after and effective_until and effective_until <= effective_after:
            raise LuoshiError("E_INPUT", "最迟生效日应晚于最早界限。", fields={"effective_until": str(effective_until)})
        _refuse_circle([said])
        one, other = Organ.objects.get(slug=said["from"]), Organ.objects.get(slug=said["to"])
        word = OrganRelation.Kind(kind).label
        return propose(
            actor=actor,
            kind=Kind.RELATION,
            subject=f"relation:{one.slug}:{other.slug}:{function}",
            title=f"{one.name}{word}{other.name}" + (f"（{function}）" if function else ""),
            payload=said,
            organ=one.slug,
            warnings=_past(effective),
        )


def _relation_payload(origin: str, target: str, kind: str, function: str, evidence: Sequence[str]) -> dict[str, Any]:
    one, other = find_organ(origin, "from"), find_organ(target, "to")
    _one_of(kind, OrganRelation.Kind.values, "kind", "关系")
    for code in evidence:
        _one_of(code, _EVIDENCE, "evidence", "依据")
    if one.pk == other.pk:
        raise LuoshiError("E_RULE", "原单位与承接单位相同。", fields={"to": target})
    return {
        "from": one.slug,
        "to": other.slug,
        "kind": kind,
        "function": function.strip(),
        "evidence": list(evidence),
    }


def _past(effective: datetime.date | None) -> list[dict[str, Any]]:
    if effective is None or effective >= CLOCK.today():
        return []
    return [{"code": "past", "message": f"生效日{effective}已过，须由市委编办负责人确认，或写明负责人批示"}]


def _require_director(actor: Actor, effective: str | None, director_note: str) -> None:
    """A day of effect in the past needs the director: his own hand, or his approval named."""
    if effective is None or datetime.date.fromisoformat(effective) >= CLOCK.today() or director_note:
        return
    if any(grant.role is Role.LEADER and grant.organ == STAFFING_OFFICE for grant in actor.grants):
        return
    raise LuoshiError(
        "E_RULE",
        f"生效日{effective}已过，须由市委编办负责人确认，或在拟办时写明负责人批示。",
        fields={"effective": effective},
    )


def _refuse_circle(new: Sequence[Mapping[str, Any]]) -> None:
    pairs = {(said["from"], said["to"]) for said in new}
    standing = library.live_relations().filter(kind__in=MOVING, proposal__isnull=False)
    facts = [
        RelationFact(**fact) for fact in library.relation_facts(standing) if (fact["from"], fact["to"]) not in pairs
    ]
    facts += [RelationFact(origin=said["from"], target=said["to"], kind=said["kind"]) for said in new]
    if circle := find_cycle([fact for fact in facts if fact.kind in MOVING]):
        names = dict(Organ.objects.filter(slug__in=circle).values_list("slug", "name"))
        shown = "→".join(names.get(slug, slug) for slug in circle)
        raise LuoshiError("E_RULE", f"承接关系成环：{shown}，不予采用。", fields={"cycle": list(circle)})


def _store_relation(said: Mapping[str, Any], row: Proposal, batch: ReformBatch | None) -> dict[str, Any] | None:
    """Store a confirmed relation; it supersedes the same one, and what the directory only assumed of the pair."""
    pair = OrganRelation.objects.filter(origin__slug=said["from"], target__slug=said["to"], superseded=False)
    same = pair.filter(Q(proposal__isnull=True) | Q(kind=said["kind"], function=said["function"]))
    before = list(same.values("id", "kind", "effective", "effective_after", "effective_until"))
    same.update(superseded=True)
    OrganRelation.objects.create(
        origin=Organ.objects.get(slug=said["from"]),
        target=Organ.objects.get(slug=said["to"]),
        kind=said["kind"],
        function=said["function"],
        effective=said.get("effective"),
        effective_after=said.get("effective_after"),
        effective_until=said.get("effective_until"),
        evidence=said["evidence"],
        instrument=said.get("instrument", ""),
        clause=said.get("clause", ""),
        batch=batch,
        proposal=row,
    )
    return {"superseded": before} if before else None


@applies(Kind.RELATION)
def _apply_relation(row: Proposal, actor: Actor) -> Mapping[str, Any] | None:
    _require_director(actor, row.payload["effective"], row.payload["director_note"])
    serialise("organs.relations")
    _refuse_circle([row.payload])
    return _store_relation(row.payload, row, None)


# --- reform batches ---------------------------------------------------------------------------------------------------


def propose_batch(
    *,
    actor: Actor,
    title: str,
    effective: datetime.date,
    relations: Sequence[Mapping[str, Any]],
    ended_organs: Sequence[str] = (),
    instrument: str = "",
    director_note: str = "",
) -> Proposal:
    """Propose a reform batch: relations (from, to, kind, function, evidence), organs that end with their posts.

    Permission organ.edit. A past `effective` needs the director on confirmation, or `director_note` naming approval.
    """
    with transaction.atomic():
        require(actor, "organ.edit")
        if not title.strip() or not relations:
            raise LuoshiError("E_INCOMPLETE", "改革批次须有名称和至少一项关系。", fields={"title": title})
        said = [
            _relation_payload(
                str(one.get("from", "")),
                str(one.get("to", "")),
                str(one.get("kind", "")),
                str(one.get("function") or ""),
                list(one.get("evidence") or ["stated"]),
            )
            for one in relations
        ]
        _refuse_circle(said)
        ended = [find_organ(one, "ended_organs").slug for one in ended_organs]
        homeless = set(ended) - {one["from"] for one in said if one["kind"] in MOVING}
        warnings = _past(effective)
        if homeless:
            names = "、".join(Organ.objects.filter(slug__in=homeless).values_list("name", flat=True))
            warnings.append({"code": "homeless", "message": f"{names}撤销而无承接单位，其责任将列为承接单位待定"})
        return propose(
            actor=actor,
            kind=Kind.BATCH,
            subject=f"batch:{title.strip()}",
            title=f"{title.strip()}（{effective}起，{len(said)}项关系）",
            payload={
                "title": title.strip(),
                "effective": effective,
                "relations": said,
                "ended_organs": ended,
                "instrument": instrument.strip(),
                "director_note": director_note.strip(),
            },
            organ=STAFFING_OFFICE,
            warnings=warnings,
        )


@applies(Kind.BATCH)
def _apply_batch(row: Proposal, actor: Actor) -> Mapping[str, Any] | None:
    said = row.payload
    _require_director(actor, said["effective"], said["director_note"])
    serialise("organs.relations")
    _refuse_circle(said["relations"])
    day = datetime.date.fromisoformat(said["effective"])
    batch = ReformBatch.objects.create(
        title=said["title"],
        effective=day,
        instrument=said["instrument"],
        director_note=said["director_note"],
        proposal=row,
    )
    before = [
        _store_relation({**one, "effective": day, "instrument": said["instrument"]}, row, batch)
        for one in said["relations"]
    ]
    ended = Organ.objects.filter(slug__in=said["ended_organs"])
    for organ in ended:
        last = day - datetime.timedelta(days=1)
        Organ.objects.filter(pk=organ.pk).update(not_after=last, version=organ.version + 1)
    Post.objects.filter(organ__in=ended, ended_on__isnull=True).update(ended_on=day, batch=batch)
    return {"superseded": before}
