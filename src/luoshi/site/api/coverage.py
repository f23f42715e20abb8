"""Coverage: what carries each clause of a programme's documents."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from luoshi.office.coverage import as_data
from luoshi.site.access import Needs
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.coverage_look import programme_of, reports
from luoshi.site.registry import load_programmes

router = Router()


class CarrierOut(Schema):
    """What carries a clause. `exists` and `exercised` are null where this installation cannot tell."""

    kind: str
    name: str
    title: str
    href: str
    exists: bool | None
    exercised: bool | None
    where: str


class CoveredClause(Schema):
    """A clause and how it stands; `from` is the clause above at which it is written."""

    path: str
    locator: str
    heading: str
    state: Literal["missing", "unknown", "untested", "carried", "judgement", "exhortation"]
    above: str = Field(serialization_alias="from")
    carried_by: list[CarrierOut]
    exhortation: str = ""
    judgement: str = ""


class CoverageOut(Schema):
    """A document of a programme; `library`: its text is here, otherwise only what the coverage file names is listed."""

    programme: str
    instrument: str
    title: str
    library: bool
    complete: bool
    figures: dict[str, int]
    stray: list[str]
    clauses: list[CoveredClause] = Field(default_factory=list)


def _out(programme: str, data: dict[str, Any], *, clauses: bool) -> CoverageOut:
    rows = [CoveredClause(**{"above" if key == "from" else key: value for key, value in row.items()})
            for row in data.pop("clauses")]  # fmt: skip
    return CoverageOut(programme=programme, clauses=rows if clauses else [], **data)


@router.get(
    "/coverage/", auth=Needs("procedure.see"), response={200: list[CoverageOut], ERRORS: Problem}, by_alias=True,
    summary="各领域的条款覆盖",
)  # fmt: skip
def coverages(request: HttpRequest) -> list[CoverageOut]:
    """List every programme's documents with the figures of their coverage, without the clauses."""
    return [_out(room.key, as_data(report), clauses=False) for room in load_programmes() for report in reports(room)]


@router.get(
    "/coverage/{programme}", auth=Needs("procedure.see"), response={200: list[CoverageOut], ERRORS: Problem},
    by_alias=True, summary="一个领域的条款覆盖",
)  # fmt: skip
def coverage_of(request: HttpRequest, programme: str, missing: bool = False) -> list[CoverageOut]:
    """Return a programme's documents clause by clause; `missing`: only clauses with something left to do."""
    found = reports(programme_of(programme))
    return [_out(programme, as_data(report, only_open=missing), clauses=True) for report in found]
