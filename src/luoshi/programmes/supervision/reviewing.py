"""The annual review (D11, P9): every item's category on the last day of the year, the signatures, what is left.

The picture is taken once the year is over; the government office, the party office and the organization department
sign it together (section 3), then the leader in charge, with which the report is a paper of the office. What is neither
done nor withdrawn is on the list that is carried over (`carrying`).
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import concern, curve, lights, workdays
from luoshi.office.duties.matter_models import State
from luoshi.office.messages.actions import tell_organ
from luoshi.office.notices import actions as notices
from luoshi.office.notices import numbers
from luoshi.office.parameters import book
from luoshi.office.permissions import may, require, require_other_hand
from luoshi.office.roles import Role
from luoshi.programmes.supervision.decisions.closing import (
    BASIC,
    CHANGED,
    DONE,
    UNDONE,
    category_of,
    category_of_item,
)
from luoshi.programmes.supervision.models import (
    AnnualLine,
    AnnualReview,
    KeyItem,
    Leaf,
    Plan,
    ReviewSignature,
)

CATEGORIES = (DONE, BASIC, UNDONE, CHANGED)
LEADER = "city-government"
CO_SIGNERS = ("government-office", "party-office", "organization-dept")
"""Whose heads sign the review together before the leader does."""
SYSTEM = Actor.system("年度评价", "work")
ADDRESS = "/supervision/review/"


def year_end(plan: Plan) -> datetime.date:
    """Return the last day of a plan's year."""
    return datetime.date(plan.year, 12, 31)


def draft(*, actor: Actor, plan: int) -> AnnualReview:
    """Take the picture of a year that is over: the category of every item, what is carried over.

    Side effects: the review with its lines, the plan under review, audit. Errors: E_FORBIDDEN, E_NOT_FOUND, E_NOT_YET,
    E_STATE (taken already, the plan is not active).
    """
    require(actor, "work.score")
    with transaction.atomic():
        held = Plan.objects.select_for_update().filter(pk=plan).first()
        if held is None:
            raise LuoshiError("E_NOT_FOUND", "没有这个年度计划。")
        day = year_end(held)
        if CLOCK.today() <= day:
            raise LuoshiError("E_NOT_YET", f"{held.year}年到{day}才结束，之后才能做年度评价。")
        if held.status != Plan.Status.ACTIVE:
            raise LuoshiError("E_STATE", "年度计划不在执行中，或者已经做过年度评价。")
        values = book.current().values("supervision", day)
        rows = _lines(held, exact(values["pass_basic"]))
        review = AnnualReview.objects.create(
            plan=held, day=day, due=workdays.shift(day, int(values["annual_wd"])), digest=_digest(rows),
            drafted_at=CLOCK.now(), drafted_by_id=actor.user_id, drafted_name=actor.name[:100],
        )  # fmt: skip
        AnnualLine.objects.bulk_create(AnnualLine(review=review, **row) for row in rows)
        held.status = Plan.Status.REVIEWING
        held.save()
        for organ in CO_SIGNERS:
            tell_organ(
                key=f"review.cosign:{review.pk}:{organ}", organ=organ, roles=(Role.LEADER,), kind="matter",
                text=f"{held.year}年度评价等您会签", href=ADDRESS,
            )  # fmt: skip
        audit.append(actor=actor, act="work.review_draft", subject=f"work_plan:{held.pk}", permission="work.score",
                     after={"digest": review.digest, **Counter(row["category"] for row in rows)})  # fmt: skip
    return review


def _lines(plan: Plan, basic: Fraction) -> list[dict[str, Any]]:
    leaves: dict[int, list[tuple[str, str]]] = defaultdict(list)
    rows = Leaf.objects.filter(node__plan=plan, matter__isnull=False).select_related("matter", "node")
    for leaf in rows.order_by("node__code"):
        if leaf.matter is not None:
            state = {State.CROSSED_OFF: "crossed_off", State.WITHDRAWN: "withdrawn"}.get(
                State(leaf.matter.state), "open"
            )
            leaves[leaf.node.item_id].append((leaf.node.code, category_of(state, lights.progress(leaf.matter), basic)))
    found = []
    for item in KeyItem.objects.filter(plan=plan).order_by("seq"):
        held = leaves[item.pk]
        withdrawn = item.state == KeyItem.State.WITHDRAWN
        found.append({
            "item": item,
            "category": CHANGED if withdrawn else category_of_item([one for _code, one in held]),
            "actual": item.actual,
            "counts": Counter(one for _code, one in held),
            "carried": [] if withdrawn else [code for code, one in held if one in (BASIC, UNDONE)],
        })  # fmt: skip
    return found


def _digest(rows: list[dict[str, Any]]) -> str:
    data = [[row["item"].seq, row["category"], row["actual"], dict(row["counts"]), row["carried"]] for row in rows]
    return hashlib.sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _locked(plan: int) -> AnnualReview:
    review = AnnualReview.objects.select_for_update(of=("self",)).select_related("plan").filter(plan=plan).first()
    if review is None:
        raise LuoshiError("E_NOT_FOUND", "还没有年度评价。")
    if review.state != AnnualReview.State.DRAFTED:
        raise LuoshiError("E_STATE", "年度评价已经签字。")
    return review


def missing(review: AnnualReview) -> list[str]:
    """Return the organs whose head has not signed a review yet, in their order."""
    done = set(review.signatures.values_list("organ", flat=True))
    return [organ for organ in CO_SIGNERS if organ not in done]


def heads(actor: Actor) -> list[str]:
    """Return the organs for which somebody may sign the review with the others."""
    return [organ for organ in CO_SIGNERS if any(g.role == Role.LEADER and g.organ == organ for g in actor.grants)]


def co_sign(*, actor: Actor, plan: int) -> ReviewSignature:
    """Sign the review with the others as the head of one of the organs that do; again changes nothing.

    Side effects: the signature, audit; the last one tells the leader in charge. Errors: E_FORBIDDEN, E_NOT_FOUND,
    E_STATE (signed by the leader already), E_SELF (who took the picture).
    """
    with transaction.atomic():
        own = heads(actor)
        if not own:
            names = "、".join(concern.titles(CO_SIGNERS).values())
            raise LuoshiError("E_FORBIDDEN", f"年度评价由{names}主要负责人会签。")
        review = _locked(plan)
        require_other_hand(actor, [review.drafted_by_id], "年度评价")
        made = None
        for organ in own:
            made, new = ReviewSignature.objects.get_or_create(
                review=review, organ=organ,
                defaults={"signed_at": CLOCK.now(), "signed_by_id": actor.user_id, "signed_name": actor.name[:100]},
            )  # fmt: skip
            if new:
                audit.append(actor=actor, act="work.review_cosign", subject=f"work_plan:{plan}",
                             after={"organ": organ, "digest": review.digest})  # fmt: skip
        assert made is not None
        if not missing(review):
            tell_organ(
                key=f"review.sign:{review.pk}", organ=LEADER, roles=(Role.LEADER,), kind="matter",
                text=f"{review.plan.year}年度评价会签齐了，等您签字", href=ADDRESS,
            )  # fmt: skip
        return made


def sign(*, actor: Actor, plan: int) -> AnnualReview:
    """Sign the review as the leader in charge, after the organs that sign it together; the plan is closed.

    With the signature the report is a paper of the office (`notice`), in the leader's name. Errors: E_FORBIDDEN,
    E_NOT_FOUND, E_STATE, E_SELF (who took the picture or signed for an organ), E_INCOMPLETE (a signature is missing).
    """
    require(actor, "work.lead", [LEADER])
    with transaction.atomic():
        numbers.lock()
        review = _locked(plan)
        require_other_hand(
            actor, [review.drafted_by_id, *review.signatures.values_list("signed_by_id", flat=True)], "年度评价"
        )
        if waits := missing(review):
            names = list(concern.titles(waits).values())
            raise LuoshiError("E_INCOMPLETE", f"{'、'.join(names)}还没有会签。", fields={"missing": names})
        paper = notices.draft(
            actor=SYSTEM, kind="supervision.annual_review", fields=fields_of(review), subject=f"work_plan:{plan}",
            key=f"annual_review:{review.pk}",
        )  # fmt: skip
        review.notice = notices.sign(actor=actor, notice=paper.pk)
        review.state, review.signed_at = AnnualReview.State.SIGNED, CLOCK.now()
        review.signed_name = actor.name[:100]
        review.save()
        review.plan.status = Plan.Status.CLOSED
        review.plan.save()
        audit.append(actor=actor, act="work.review_sign", subject=f"work_plan:{plan}", permission="work.lead",
                     after={"digest": review.digest, "notice": paper.pk})  # fmt: skip
    return review


def fields_of(review: AnnualReview) -> dict[str, Any]:
    """Return what the printed report of a review says."""
    lines = list(review.lines.select_related("item").prefetch_related("item__organs").order_by("item__seq"))
    leads = {
        line.pk: [one.organ for one in line.item.organs.all() if one.role == "lead" and one.organ] for line in lines
    }
    names = concern.titles({organ for some in leads.values() for organ in some} | set(CO_SIGNERS))
    counts = Counter(line.category for line in lines)
    signed = review.signatures.order_by("signed_at", "pk")
    return {
        "year": str(review.plan.year), "plan": review.plan.title, "day": review.day, "done": counts[DONE],
        "basic": counts[BASIC], "undone": counts[UNDONE], "changed": counts[CHANGED],
        "carried": sum(len(line.carried) for line in lines),
        "items": [
            {"number": str(line.item.seq), "title": line.item.title[:120],
             "lead": "、".join(names.get(one, one) for one in leads[line.pk]) or "—", "category": line.category,
             "percent": f"{curve.shown(Fraction(line.actual), 100)}%", "carried": "、".join(line.carried) or "—"}
            for line in lines
        ],
        "signatures": "\n".join(
            f"{names.get(one.organ, one.organ)}：{one.signed_name}，{local(one.signed_at):%Y-%m-%d}" for one in signed
        ),
    }  # fmt: skip


def waits_for(actor: Actor) -> bool:
    """Tell whether a review waits for somebody's signature."""
    own, leads = heads(actor), may(actor, "work.lead", [LEADER])
    if not own and not leads:
        return False
    review = AnnualReview.objects.filter(state=AnnualReview.State.DRAFTED).order_by("-plan__year").first()
    if review is None or review.drafted_by_id in actor.hands:
        return False
    waits = missing(review)
    return bool(set(own) & set(waits)) or (leads and not waits)
