"""Review of what was read: readings with their decisions, deciding, the second person."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from luoshi.office.instruments import review_actions, review_queries
from luoshi.office.instruments.models import Review
from luoshi.office.instruments.review_actions import Tick
from luoshi.office.instruments.review_queries import Item, QueueFilter
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem

router = Router()

Content = dict[str, Any] | list[dict[str, Any]] | None
Key = Annotated[str, Field(max_length=120)]


class ChoiceOut(Schema):
    """One way to settle a doubt."""

    key: str
    words: str
    why: str
    decision: str
    content: Content = None


class ItemOut(Schema):
    """One reading with its decision; `anchor` is its address in every version of the instrument."""

    anchor: str
    kind: str
    clause: str
    state: str
    decision: str | None = None
    version: int
    reading: dict[str, Any] | None = Field(None, description="编译读出的原样；补录的没有")
    content: Content = Field(None, description="按现在的结论应是什么")
    quote: str = ""
    basis: str | None = None
    confidence: float | None = None
    doubt: str | None = None
    conflict: str | None = None
    waits: bool = Field(description="在等第二人")
    note: str | None = None
    decided_by: str | None = None
    decided_at: datetime.datetime | None = None
    second_by: str | None = None
    choices: list[ChoiceOut] = Field(default_factory=list)


class SignatureOut(Schema):
    """Who signed, and when."""

    name: str
    at: datetime.datetime


class ReviewOut(Schema):
    """How far a review is."""

    instrument: str
    stage: str
    total: int
    decided: int
    doubtful: int
    waiting: int
    conflicts: int
    version: int
    first: SignatureOut | None = None
    second: SignatureOut | None = None
    voided: str | None = None


class ReviewDetail(ReviewOut):
    """A review with its items."""

    items: list[ItemOut]


class ReviewPage(Schema):
    """A page of reviews, newest instrument first."""

    items: list[ReviewOut]
    next: str | None = None
    total: int
    exact: bool


class DecisionIn(Schema):
    """A decision on one reading, as it was seen (`version`, 0 for a reading without decision)."""

    anchor: Annotated[str, Field(max_length=40)]
    decision: Literal["confirmed", "changed", "split", "excluded", "doubtful", "undo", "settle", "send_back"]
    version: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    content: Content = None
    choice: Annotated[str, Field(max_length=20)] | None = Field(None, description="按给出的选项定读，代替 content")
    settle_as: Literal["confirmed", "changed", "split", "excluded"] | None = None
    note: Annotated[str, Field(max_length=500)] = ""


class AdditionIn(Schema):
    """A record the compiler did not read."""

    clause: Annotated[str, Field(max_length=600)] = ""
    kind: Annotated[str, Field(max_length=20)]
    content: dict[str, Any]
    note: Annotated[str, Field(max_length=500)] = ""


class TickIn(Schema):
    """A correction the second person agrees to, as it was seen."""

    anchor: Annotated[str, Field(max_length=40)]
    version: Annotated[int, Field(ge=0, le=2**31 - 1)]


class ConfirmIn(Schema):
    """What the second person ticked."""

    ticks: Annotated[list[TickIn], Field(default_factory=list, max_length=2000)]


def _review(key: str, review: Review, total: int | None = None) -> dict[str, Any]:
    first = SignatureOut(name=review.first_name, at=review.first_at) if review.first_at else None
    second = SignatureOut(name=review.second_name, at=review.second_at) if review.second_at else None
    return {
        "instrument": key,
        "stage": review.stage,
        "total": review.total if total is None else total,
        "decided": review.decided,
        "doubtful": review.doubtful,
        "waiting": review.waiting,
        "conflicts": review.conflicts,
        "version": review.version,
        "first": first,
        "second": second,
        "voided": review.voided or None,
    }


def _item(one: Item) -> ItemOut:
    record, reading = one.record, one.reading
    offered = review_queries.choices(one) if one.doubtful or one.conflict else []
    return ItemOut(
        anchor=one.anchor,
        kind=one.kind,
        clause=one.clause,
        state=one.state,
        decision=one.decision or None,
        version=one.version,
        reading=one.original,
        content=one.content,
        quote=reading.quote if reading else record.quote if record else "",
        basis=reading.basis or None if reading else None,
        confidence=reading.confidence if reading else None,
        doubt=reading.doubt or None if reading else None,
        conflict=one.conflict or None,
        waits=one.waits,
        note=record.note or None if record else None,
        decided_by=record.decided_name or None if record else None,
        decided_at=record.decided_at if record else None,
        second_by=record.second_name or None if record else None,
        choices=[_choice(choice) for choice in offered],
    )


def _choice(choice: review_queries.Choice) -> ChoiceOut:
    return ChoiceOut(
        key=choice.key, words=choice.words, why=choice.why, decision=choice.decision, content=choice.content
    )


@router.get("/reviews", auth=Needs("review.see"), response={200: ReviewPage, ERRORS: Problem}, summary="核对的进度")
def reviews(
    request: HttpRequest,
    state: Annotated[str, Query(description="untouched、open、doubtful、conflicts、waiting、sent、done")] = "",
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> ReviewPage:
    """List the current instruments with how far their review is."""
    wanted = QueueFilter(state=state if state in review_queries.STATES else "")
    found = review_queries.queue_page(wanted, size=limit, after=after)
    total = review_queries.queue_total(wanted)
    rows = [ReviewOut(**_review(row.item.key, row.review, row.total)) for row in review_queries.queue_rows(found.rows)]
    return ReviewPage(items=rows, next=found.next or None, total=total.value, exact=total.exact)


@router.get(
    "/instruments/{key}/review",
    auth=Needs("review.see"),
    response={200: ReviewDetail, ERRORS: Problem},
    summary="一件文件的核对",
)
def review(
    request: HttpRequest, key: str, clause: Annotated[str | None, Query(description="只看这一条款")] = None
) -> ReviewDetail:
    """Return the readings of an instrument with what was decided on each."""
    item = review_queries.reviewed(key)
    found = review_queries.items(item)
    stored = review_queries.review_of(item)
    review_actions.note(stored, found)
    shown = [one for one in found if clause is None or one.clause == clause]
    return ReviewDetail(**_review(item.key, stored), items=[_item(one) for one in shown])


@router.post(
    "/instruments/{key}/review/decisions",
    auth=Needs("review.see"),
    response={200: ItemOut, ERRORS: Problem},
    summary="核对一处：确认、改、拆、排除、存疑、撤销；第二人定读、退回",
)
def decide(request: HttpRequest, key: str, data: DecisionIn) -> ItemOut:
    """Decide on one reading; what may be decided by whom is the same as on the page."""
    common: dict[str, Any] = {
        "actor": actor_of(request), "key": key, "anchor": data.anchor, "version": data.version,
    }  # fmt: skip
    decision, content = data.decision, data.content
    if data.choice is not None:
        from luoshi.site.reviewing import chosen

        one = review_queries.item_of(review_queries.items(review_queries.reviewed(key)), data.anchor)
        chosen_as, content = chosen(Item(one.reading, None) if decision == "settle" else one, data.choice)
    else:
        chosen_as = data.settle_as or "confirmed"
    if decision == "undo":
        done = review_actions.undo(**common)
    elif decision == "settle":
        done = review_actions.settle(**common, decision=chosen_as, content=content)
    elif decision == "send_back":
        done = review_actions.send_back(**common, note_text=data.note)
    else:
        decided = chosen_as if data.choice is not None else decision
        done = review_actions.decide(**common, decision=decided, content=content, note_text=data.note)
    anchor = done.record.anchor
    found = next((one for one in done.items if one.anchor == anchor), None) or Item(None, done.record)
    return _item(found)


@router.post(
    "/instruments/{key}/review/additions",
    auth=Needs("review.decide"),
    response={200: ItemOut, ERRORS: Problem},
    summary="补一条没有读出的记录",
)
def add(request: HttpRequest, key: str, data: AdditionIn) -> ItemOut:
    """Add a record to a clause; it waits for a second person."""
    done = review_actions.add(
        actor=actor_of(request), key=key, clause=data.clause, kind=data.kind, content=data.content, note_text=data.note
    )
    return _item(review_queries.item_of(done.items, done.record.anchor))


@router.post(
    "/instruments/{key}/review/send",
    auth=Needs("review.decide"),
    response={200: ReviewOut, ERRORS: Problem},
    summary="签字并送第二人确认",
)
def send(request: HttpRequest, key: str) -> ReviewOut:
    """Sign first and send to the second person."""
    done = review_actions.send(actor=actor_of(request), key=key)
    return ReviewOut(**_review(done.key, done))


@router.post(
    "/instruments/{key}/review/confirm",
    auth=Needs("review.confirm"),
    response={200: ReviewOut, ERRORS: Problem},
    summary="第二人确认",
)
def confirm(request: HttpRequest, key: str, data: ConfirmIn) -> ReviewOut:
    """Confirm what was ticked; sign when the review was sent and nothing is left."""
    ticks = [Tick(tick.anchor, tick.version) for tick in data.ticks]
    done = review_actions.confirm(actor=actor_of(request), key=key, ticks=ticks)
    return ReviewOut(**_review(done.key, done))
