"""The annual review (D11, P9): every item's category on the last day of the year, the leader's signature, what is left.

The picture is taken once the year is over, signed by the leader in charge; what is neither done nor withdrawn is on the
list that is carried over.
"""

from __future__ import annotations

import datetime
import hashlib
import json
from collections import Counter, defaultdict
from fractions import Fraction
from typing import Any

from django.db import transaction

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.fact_kinds import exact
from luoshi.office.actors import Actor
from luoshi.office.audit import actions as audit
from luoshi.office.duties import lights, workdays
from luoshi.office.duties.matter_models import State
from luoshi.office.parameters import book
from luoshi.office.permissions import require, require_other_hand
from luoshi.programmes.supervision.decisions.closing import (
    BASIC,
    CHANGED,
    DONE,
    UNDONE,
    category_of,
    category_of_item,
)
from luoshi.programmes.supervision.models import AnnualLine, AnnualReview, KeyItem, Leaf, Plan

CATEGORIES = (DONE, BASIC, UNDONE, CHANGED)
LEADER = "city-government"


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


def sign(*, actor: Actor, plan: int) -> AnnualReview:
    """Sign the review as the leader in charge, another person than who took the picture; the plan is closed.

    Errors: E_FORBIDDEN, E_NOT_FOUND, E_STATE, E_SELF.
    """
    require(actor, "work.lead", [LEADER])
    with transaction.atomic():
        review = AnnualReview.objects.select_for_update(of=("self",)).select_related("plan").filter(plan=plan).first()
        if review is None:
            raise LuoshiError("E_NOT_FOUND", "还没有年度评价。")
        if review.state != AnnualReview.State.DRAFTED:
            raise LuoshiError("E_STATE", "年度评价已经签字。")
        require_other_hand(actor, [review.drafted_by_id], "年度评价")
        review.state, review.signed_at = AnnualReview.State.SIGNED, CLOCK.now()
        review.signed_name = actor.name[:100]
        review.save()
        review.plan.status = Plan.Status.CLOSED
        review.plan.save()
        audit.append(actor=actor, act="work.review_sign", subject=f"work_plan:{plan}", permission="work.lead",
                     after={"digest": review.digest})  # fmt: skip
    return review
