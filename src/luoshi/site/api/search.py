"""One search over numbers, clauses, organs, matters."""

from __future__ import annotations

import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router, Schema
from pydantic import Field

from luoshi.kernel.clock import CLOCK
from luoshi.office.instruments.finder import LONGEST, find
from luoshi.site.access import Needs, actor_of
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.views.search import href_of

router = Router()


class HitOut(Schema):
    """One thing found."""

    kind: str = Field(description="instrument、clause、organ、duty、matter")
    id: str
    title: str
    number: str | None = None
    clause: str | None = None
    snippet: str | None = None
    exact: bool = Field(description="按名称或文号正好找到")
    href: str


class HitGroup(Schema):
    """Hits of one kind, best first; `count` and more where it is not exact."""

    kind: str
    count: int
    exact: bool
    items: list[HitOut]


class SearchOut(Schema):
    """What a question finds, groups in the order of the page."""

    q: str
    groups: list[HitGroup]


@router.get("/search", auth=Needs("search.use"), response={200: SearchOut, ERRORS: Problem}, summary="检索")
def search(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=LONGEST, description="文号、条款、单位（新旧名称）、编号、词语")],
    on: Annotated[datetime.date | None, Query(description="按哪一天看，默认今天")] = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> SearchOut:
    """Find instruments, clauses, organs and duties; what the reader may not see is neither listed nor counted."""
    found = find(q, actor=actor_of(request), on=on or CLOCK.today(), size=limit)
    groups = [
        HitGroup(
            kind=group.kind,
            count=group.count,
            exact=group.exact,
            items=[
                HitOut(
                    kind=hit.kind,
                    id=hit.id,
                    title=hit.title,
                    number=hit.number or None,
                    clause=hit.path or None,
                    snippet=hit.snippet or None,
                    exact=hit.exact,
                    href=href_of(hit),
                )
                for hit in group.hits
            ],
        )
        for group in found.groups
    ]
    return SearchOut(q=found.q, groups=groups)
