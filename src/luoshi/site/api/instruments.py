"""Instruments, clauses, validity on a day."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from luoshi.kernel.clock import CLOCK
from luoshi.office.instruments import queries
from luoshi.office.instruments.models import Clause, Instrument
from luoshi.office.instruments.queries import LibraryFilter
from luoshi.office.instruments.validity import Validity, judge
from luoshi.office.paging import Key, keyset_page
from luoshi.site.access import Needs
from luoshi.site.api.schemas import (
    ERRORS,
    ClauseOut,
    ClausePage,
    InstrumentDetail,
    InstrumentOut,
    InstrumentPage,
    Problem,
    ReasonOut,
    RelationOut,
    ValidityOut,
)
from luoshi.site.present import instrument_href
from luoshi.site.words import KIND, STATE

router = Router()

Year = Annotated[int, Query(ge=1900, le=9999)]
Day = Annotated[datetime.date | None, Query(description="按哪一天看，默认今天")]
Version = Annotated[int | None, Query(ge=1, le=32767, description="版本，默认现行版本")]


@router.get(
    "/instruments", auth=Needs("instrument.see"), response={200: InstrumentPage, ERRORS: Problem}, summary="文件列表"
)
def instruments(
    request: HttpRequest,
    issuer: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006 - the framework copies it
    year: Annotated[list[Year], Query(max_length=20)] = [],  # noqa: B006
    kind: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    validity: Annotated[list[str], Query(max_length=20)] = [],  # noqa: B006
    q: Annotated[str, Query(max_length=60)] = "",
    expiring: Annotated[int, Query(ge=0, le=3660, description="多少天内到期")] = 0,
    on: Day = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> InstrumentPage:
    """List current instruments, newest first; kinds and states that do not exist are left out."""
    day = on or CLOCK.today()
    wanted = LibraryFilter(
        on=day,
        issuers=tuple(issuer),
        years=tuple(year),
        kinds=tuple(value for value in kind if value in KIND),
        states=tuple(value for value in validity if value in STATE),
        q=q.strip(),
        expiring=expiring,
    )
    found = queries.library_page(wanted, size=limit, after=after)
    judged = judge(found.rows, day)
    total = queries.total(wanted)
    return InstrumentPage(
        items=[InstrumentOut(**_fields(row, judged[row.pk])) for row in found.rows],
        next=found.next or None,
        total=total.value,
        exact=total.exact,
    )


@router.get(
    "/instruments/{key}",
    auth=Needs("instrument.see"),
    response={200: InstrumentDetail, ERRORS: Problem},
    summary="一件文件",
)
def instrument(request: HttpRequest, key: str, version: Version = None, on: Day = None) -> InstrumentDetail:
    """Return one instrument with its relations and the numbers of its versions."""
    row = queries.instrument(key, version)
    judged = judge([row], on or CLOCK.today(), estimate=True)[row.pk]
    relations = row.relations.order_by("seq")
    return InstrumentDetail(
        **_fields(row, judged),
        addressees=row.addressees,
        signed_by=row.signed_by or None,
        disclosure=row.disclosure or None,
        gazette=row.issue_id,
        relations=[
            RelationOut(type=r.type, number=r.target_number or None, title=r.target_title or None, clause=r.clause_path)
            for r in relations
        ],
        versions=[item.version for item in queries.versions(row.key)],
    )


@router.get(
    "/instruments/{key}/validity",
    auth=Needs("instrument.see"),
    response={200: ValidityOut, ERRORS: Problem},
    summary="某日是否有效",
)
def validity(request: HttpRequest, key: str, on: Day = None) -> ValidityOut:
    """Say whether the instrument is in force on a day, and why."""
    row = queries.instrument(key)
    return _validity(judge([row], on or CLOCK.today(), estimate=True)[row.pk])


@router.get(
    "/instruments/{key}/clauses",
    auth=Needs("instrument.see"),
    response={200: ClausePage, ERRORS: Problem},
    summary="条款",
)
def clauses(
    request: HttpRequest,
    key: str,
    version: Version = None,
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> ClausePage:
    """List an instrument's clauses in the order of the text."""
    row = queries.instrument(key, version)
    found = keyset_page(row.clauses.all(), (Key("seq", int),), size=limit, after=after)
    return ClausePage(
        items=[_clause(row, clause) for clause in found.rows], next=found.next or None, total=row.clause_count
    )


@router.get(
    "/instruments/{key}/clauses/{path:path}",
    auth=Needs("instrument.see"),
    response={200: ClauseOut, ERRORS: Problem},
    summary="一条条款",
)
def clause(request: HttpRequest, key: str, path: str, version: Version = None) -> ClauseOut:
    """Return one clause by its path."""
    row = queries.instrument(key, version)
    return _clause(row, queries.clause(row, path))


def _validity(judged: Validity) -> ValidityOut:
    reasons = [ReasonOut(ok=r.ok, text=r.text, citation=r.citation or None) for r in judged.reasons]
    return ValidityOut(state=judged.state, on=judged.on, estimated=judged.estimated, reasons=reasons)


def _fields(row: Instrument, judged: Validity) -> dict[str, Any]:
    return {
        "key": row.key,
        "number": row.number or None,
        "version": row.version,
        "is_current": row.is_current,
        "title": row.title or None,
        "covering_title": row.covering_title or None,
        "kind": row.kind,
        "trial": row.trial,
        "issuer": row.issuer or None,
        "issued_on": row.issued_on,
        "effective_from": row.effective_from,
        "expires_on": row.expires_on,
        "validity": _validity(judged),
        "clause_count": row.clause_count,
        "duty_count": row.duty_count,
        "target_count": row.target_count,
        "warning_count": row.warning_count,
        "href": instrument_href(row),
    }


def _clause(instrument: Instrument, clause: Clause) -> ClauseOut:
    return ClauseOut(
        path=clause.path,
        label=clause.label,
        kind=clause.kind,
        heading=clause.heading or None,
        text=clause.text,
        start=clause.start,
        end=clause.end,
        href=instrument_href(instrument, clause.path),
    )
