"""The kinds of case: states, steps, limits; as data and as BPMN 2.0."""

from __future__ import annotations

import datetime
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Schema

from luoshi.kernel.procedures import Procedure
from luoshi.office.cases import procedures as known
from luoshi.office.drawing.bpmn import to_bpmn
from luoshi.office.drawing.mermaid import to_mermaid
from luoshi.site.access import Needs
from luoshi.site.api.schemas import ERRORS, Problem
from luoshi.site.procedure_words import as_data, row
from luoshi.site.registry import load_programmes

router = Router()


class ProcedureName(Schema):
    """A kind of case: its newest version, how many states, steps and limits it has."""

    key: str
    title: str
    programme: str
    version: datetime.date
    citation: str
    states: int
    steps: int
    limits: int
    href: str


class Which(Schema):
    """Which version: the one of that name, or the one in force on a day; today's unless given."""

    version: str = ""
    on: datetime.date | None = None


def _found(key: str, which: Which) -> Procedure:
    load_programmes()
    return known.version(key, which.version) if which.version else known.procedure(key, which.on)


@router.get(
    "/procedures/", auth=Needs("procedure.see"), response={200: list[ProcedureName], ERRORS: Problem},
    summary="办件程序",
)  # fmt: skip
def procedures(request: HttpRequest, programme: Annotated[str, Query(max_length=60)] = "") -> list[ProcedureName]:
    """List the kinds of case, of one programme or of all."""
    load_programmes()
    found = [one for one in known.all_procedures() if programme in ("", one.programme)]
    return [ProcedureName(**row(one)) for one in found]


@router.get(
    "/procedures/{key}", auth=Needs("procedure.see"), response={200: dict[str, Any], ERRORS: Problem},
    summary="一种办件的程序",
)  # fmt: skip
def procedure(request: HttpRequest, key: str, which: Query[Which]) -> dict[str, Any]:
    """Return a kind of case as it is written: parties, states, steps, limits, with the names of its versions."""
    found = _found(key, which)
    return as_data(found) | {"versions": [one.version for one in known.versions(key)]}


@router.get(
    "/procedures/{key}/bpmn", auth=Needs("procedure.see"), response={200: str, ERRORS: Problem},
    summary="程序的 BPMN 2.0",
)  # fmt: skip
def procedure_bpmn(request: HttpRequest, key: str, which: Query[Which]) -> HttpResponse:
    """Return a kind of case as BPMN 2.0 XML with its drawing."""
    return HttpResponse(to_bpmn(_found(key, which)), content_type="application/xml; charset=utf-8")


@router.get(
    "/procedures/{key}/mermaid", auth=Needs("procedure.see"), response={200: str, ERRORS: Problem},
    summary="程序的 Mermaid",
)  # fmt: skip
def procedure_mermaid(request: HttpRequest, key: str, which: Query[Which]) -> HttpResponse:
    """Return a kind of case as a Mermaid state diagram."""
    return HttpResponse(to_mermaid(_found(key, which)), content_type="text/plain; charset=utf-8")
