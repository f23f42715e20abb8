"""What pages and API show of a plan: its items, who answers, targets in the words of the text, the tree, history."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from django.db.models import Count
from django.urls import reverse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.actors import Actor
from luoshi.office.duties import concern, lights, workdays
from luoshi.office.duties.matter_models import Evidence, Matter
from luoshi.office.instruments.models import Instrument
from luoshi.office.permissions import may
from luoshi.programmes.supervision import plan_import, seeing
from luoshi.programmes.supervision.models import EVIDENCE, ItemOrgan, KeyItem, LetterLeaf, Node, Plan, Target, of_code
from luoshi.programmes.supervision.plan_sheets import percent

_MOST_FILES = 24
_PICTURES = ("image/jpeg", "image/png", "image/webp")


def item_of(actor: Actor, code: str) -> KeyItem:
    """Return the item of an address (2019-24, 2019-Z024); E_NOT_FOUND also for what the actor may not see."""
    named = of_code(code)
    rows = KeyItem.objects.select_related("plan", "plan__instrument", "chapter")
    item = rows.filter(named).first() if named is not None else None
    if item is None or not sees(actor, item):
        raise LuoshiError("E_NOT_FOUND", f"没有重点事项“{code[:20]}”。")
    return item


def sees(actor: Actor, item: KeyItem) -> bool:
    """Tell whether somebody may see an item: what concerns the organ, or is led from it."""
    reach = seeing.organs(actor)
    return reach is None or item.leader_organ in reach or item.concerns.filter(organ__in=reach).exists()


def plan_of(year: int) -> Plan:
    """Return the plan of a year; E_NOT_FOUND."""
    rows = Plan.objects.select_related("instrument").filter(kind=Plan.Kind.WORK_POINTS)
    row = rows.filter(year=year).first()
    if row is None:
        raise LuoshiError("E_NOT_FOUND", f"没有{year}年的年度计划。")
    return row


def items_seen(actor: Actor, plan: Plan) -> list[KeyItem]:
    """Return the items of a plan that somebody may see, with the counts the list shows."""
    rows = KeyItem.objects.filter(plan=plan).select_related("plan", "chapter").order_by("seq")
    return list(seeing.items(actor, rows))


def loadable() -> list[Instrument]:
    """Return the work points in the library that no plan was read from."""
    known = Plan.objects.values_list("instrument_key", flat=True)
    rows = Instrument.objects.filter(is_current=True, kind="work_points").exclude(key__in=known)
    return list(rows.order_by("-sort_on", "-id")[:20])


def overview(actor: Actor, plan: Plan) -> list[dict[str, Any]]:
    """Return the chapters of a plan with their items, each with organs, targets, state of the tree; few queries."""
    items = items_seen(actor, plan)
    ids = [item.pk for item in items]
    organs: dict[int, list[ItemOrgan]] = {}
    for one in ItemOrgan.objects.filter(item__in=ids).order_by("item", "seq"):
        organs.setdefault(one.item_id, []).append(one)
    counts = dict(Target.objects.filter(item__in=ids).values_list("item").annotate(n=Count("id")))
    leaves = dict(
        Node.objects.filter(item__in=ids, ended_at=None, kind=Node.Kind.LEAF)
        .values_list("item")
        .annotate(n=Count("id"))
    )
    names = concern.titles(one.organ for rows in organs.values() for one in rows if one.organ)
    chapters: dict[int, dict[str, Any]] = {}
    for item in items:
        chapter = chapters.setdefault(
            item.chapter_id, {"no": item.chapter.no, "title": item.chapter.title, "items": []}
        )
        mine = organs.get(item.pk, [])
        chapter["items"].append(
            {
                "item": item,
                "code": item.code,
                "lead": [entry_shown(one, names) for one in mine if one.role == ItemOrgan.Role.LEAD],
                "coop": [entry_shown(one, names) for one in mine if one.role == ItemOrgan.Role.COOP],
                "targets": counts.get(item.pk, 0),
                "leaves": leaves.get(item.pk, 0),
            }
        )
    return sorted(chapters.values(), key=lambda one: int(one["no"]))


def entry_shown(one: ItemOrgan, names: Mapping[str, str]) -> dict[str, Any]:
    """Return an entry of a mark as pages and API show it."""
    return {
        "id": one.pk,
        "role": one.role,
        "raw": one.raw,
        "organ": one.organ,
        "token": one.token,
        "name": names.get(one.organ, one.raw) if one.organ else one.raw,
        "resolution": one.resolution,
        "word": str(one.get_resolution_display()),
        "proposal": one.proposal,
        "members": one.members,
        "none_reason": one.none_reason,
        "designated": one.designated_at is not None,
        "chosen": one.token in plan_import.CHOSEN,
    }


def organs_of(item: KeyItem) -> list[dict[str, Any]]:
    """Return the entries of an item's mark in order, with the names of members and open proposals."""
    rows = list(item.organs.order_by("seq").prefetch_related("decisions"))
    names = concern.titles([slug for one in rows for slug in (one.organ, one.proposal, *one.members)])
    found = []
    for one in rows:
        shown = entry_shown(one, names)
        shown["member_names"] = [names[slug] for slug in one.members]
        shown["proposal_name"] = names.get(one.proposal, "")
        waiting = next((made for made in one.decisions.all() if not made.decision), None)
        shown["waiting"] = (
            {
                "reading": waiting.reading,
                "name": concern.title(waiting.reading),
                "reason": waiting.reason,
                "by": waiting.proposed_name,
                "user": waiting.proposed_by_id,
            }
            if waiting
            else None
        )
        found.append(shown)
    return found


def target_shown(one: Target) -> dict[str, Any]:
    """Return a target as pages and API show it."""
    return {
        "code": one.code,
        "name": one.name,
        "comparator": one.comparator,
        "word": str(one.get_comparator_display()),
        "printed": one.printed,
        "value": None if one.value is None else f"{one.value.normalize():f}",
        "upper": None if one.upper is None else f"{one.upper.normalize():f}",
        "unit": one.unit,
        "scope": one.scope,
        "due": one.due,
        "kind": one.kind,
        "kind_word": str(one.get_kind_display()),
        "context": one.context,
        "start": one.start,
        "end": one.end,
        "added_by": one.added_by,
    }


def text_of(item: KeyItem) -> tuple[str, int]:
    """Return the item's own words from the library's file and where they begin; empty without an instrument."""
    instrument = item.plan.instrument
    if instrument is None or item.end <= item.start:
        return "", 0
    text = instrument.issue.source.text
    return text[item.start : item.end], item.start


def marked(item: KeyItem, targets: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return the item's words cut where a target begins or ends: text, and code and name of the target it is.

    Targets printed in the same words share them: their codes stand together.
    """
    text, begin = text_of(item)
    places: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for one in targets:
        if begin <= one["start"] < one["end"] <= begin + len(text):
            places.setdefault((one["start"] - begin, one["end"] - begin), []).append(one)
    found, at = [], 0
    for (start, end), ones in sorted(places.items()):
        if start < at:
            continue
        found.append({"text": text[at:start], "code": "", "name": ""})
        codes, names = (" ".join(str(one[key]) for one in ones) for key in ("code", "name"))
        found.append({"text": text[start:end], "code": codes, "name": names})
        at = end
    return [one for one in [*found, {"text": text[at:], "code": "", "name": ""}] if one["text"]]


def shown_percent(text: str) -> str:
    """Return a fraction kept as num/den in percent with at most two decimals."""
    return lights.shown(Fraction(text))


def _letters(item: KeyItem) -> dict[int, list[tuple[int, str]]]:
    """Return the signed supervision letters about the tasks of an item, by matter: id and number, in their order."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = LetterLeaf.objects.filter(matter__work_leaf__node__item=item).exclude(letter__number="")
    for matter, letter, number in rows.order_by("letter").values_list("matter", "letter", "letter__number"):
        found[matter].append((letter, number))
    return found


def tree_of(item: KeyItem, day: datetime.date) -> list[dict[str, Any]]:
    """Return the nodes of an item in the order of codes: indent, weight, days, organ, light, plan, progress.

    A smallest task with who holds it, the working days it is overdue, and the signed letters about it.
    """
    nodes = list(
        Node.objects.filter(item=item, ended_at=None)
        .select_related("leaf__matter__holder", "leaf__target")
        .order_by("code")
    )
    letters = _letters(item)
    names = concern.titles(node.leaf.organ for node in nodes if node.kind == Node.Kind.LEAF)
    found = []
    for node in nodes:
        row: dict[str, Any] = {
            "node": node,
            "code": node.code,
            "level": node.level,
            "title": node.title,
            "kind": node.kind,
            "word": str(node.get_kind_display()),
            "weight": percent(node.weight_bp),
            "start": node.start,
            "due": node.due,
            "percent": shown_percent(node.actual),
            "light": "",
            "leaf": None,
        }
        if node.kind == Node.Kind.LEAF:
            leaf = node.leaf
            row |= {
                "leaf": leaf,
                "organ": names.get(leaf.organ, leaf.organ),
                "post": leaf.post,
                "proofs": [EVIDENCE.get(one, one) for one in leaf.evidence_types],
                "matter": leaf.matter_id,
            }
            if leaf.matter is not None:
                lamp = lights.lamp(leaf.matter, day)
                row |= {
                    "light": str(lamp.light),
                    "words": lamp.word,
                    "percent": lights.shown(lamp.done),
                    "done": float(lamp.done),
                    "planned": None if lamp.planned is None else float(lamp.planned),
                    "state": str(leaf.matter.get_state_display()),
                    "holder": leaf.matter.holder.name if leaf.matter.holder is not None else "",
                    "late": workdays.after(leaf.matter.due_on, day) if lamp.overdue and leaf.matter.due_on else None,
                    "letters": letters.get(leaf.matter_id or 0, []),
                }
        found.append(row)
    return found


def evidence_of(item: KeyItem) -> list[dict[str, Any]]:
    """Return the newest files of evidence of an item's tasks."""
    matters = Matter.objects.filter(work_leaf__node__item=item).values("pk")
    rows = Evidence.objects.filter(matter__in=matters, quarantined=False).select_related("matter").order_by("-id")
    found = []
    for one in rows[:_MOST_FILES]:
        href = reverse("matter-evidence", args=[one.matter_id, one.pk])
        found.append(
            {
                "title": one.name,
                "href": href,
                "note": one.matter.external_id,
                "at": one.kept_at,
                "digest": one.digest,
                "picture": f"{href}?show=1" if one.media_type in _PICTURES else "",
                "flags": [],
            }
        )
    return found


def log_of(item: KeyItem, most: int = 60) -> Sequence[Any]:
    """Return the newest lines of an item's history."""
    return list(item.events.order_by("-id")[:most])


def may_lead(actor: Actor, item: KeyItem) -> bool:
    """Tell whether somebody is the leader in charge of an item."""
    return may(actor, "work.lead", [item.leader_organ])


def as_data(item: KeyItem, day: datetime.date) -> dict[str, Any]:
    """Return an item as plain data for programs."""
    tree = tree_of(item, day)
    keys = ("code", "level", "title", "kind", "weight", "start", "due", "percent", "light", "matter", "organ", "post")
    return {
        "code": item.code,
        "year": item.plan.year,
        "kind_of_plan": item.plan.kind,
        "profile": item.plan.profile.key,
        "seq": item.seq,
        "chapter": {"no": item.chapter.no, "title": item.chapter.title},
        "title": item.title,
        "kind": item.kind,
        "state": item.state,
        "begins_on": item.begins_on,
        "due": item.due,
        "due_text": item.due_text,
        "words": item.words,
        "basis": item.basis,
        "actual": item.actual,
        "percent": shown_percent(item.actual),
        "decomposition": item.decomposition,
        "version": item.version,
        "span": [item.start, item.end],
        "raw_lead": item.raw_lead,
        "raw_coop": item.raw_coop,
        "leader_organ": item.leader_organ,
        "organs": [
            {key: one[key] for key in ("id", "role", "raw", "organ", "token", "resolution", "proposal", "members")}
            for one in organs_of(item)
        ],
        "targets": [target_shown(one) for one in item.targets.order_by("seq")],
        "waivers": list(item.waivers.values("organ", "reason", "given_by")),
        "nodes": [
            {key: row[key] for key in keys if key in row}
            | (
                {
                    "deliverable": row["leaf"].deliverable,
                    "role": row["leaf"].role,
                    "target": row["leaf"].target.code if row["leaf"].target else "",
                    "evidence_types": row["leaf"].evidence_types,
                    "cycle": row["leaf"].cycle,
                    "planned_points": row["leaf"].planned_points,
                    "latitude": row["leaf"].latitude,
                    "longitude": row["leaf"].longitude,
                }
                if row["leaf"]
                else {}
            )
            for row in tree
        ],
    }
