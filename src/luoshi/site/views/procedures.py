"""The kinds of case: how each goes, drawn and in tables, as BPMN and Mermaid to take along. No login."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.kernel.procedures import Procedure
from luoshi.office.cases import procedures as known
from luoshi.office.drawing.bpmn import to_bpmn
from luoshi.office.drawing.mermaid import to_mermaid
from luoshi.office.web import attachment
from luoshi.site import parameter_words, switching
from luoshi.site import procedure_words as words
from luoshi.site.access import needs
from luoshi.site.addresses import Address
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.procedure_drawing import draw
from luoshi.site.registry import load_decisions, load_programmes


@needs("procedure.see")
@require_safe
def procedure_list(request: HttpRequest) -> HttpResponse:
    """List the kinds of case, by programme."""
    named = {room.key: room.title for room in load_programmes()}
    room = switching.chosen(request.GET)
    found = [words.row(one) for one in known.all_procedures() if room is None or one.programme == room.key]
    cites = parameter_words.cites({row["citation"] for row in found if row["citation"]})
    for row in found:
        row["cite"] = cites.get(row["citation"])
    found.sort(key=lambda row: list(named).index(row["programme"]) if row["programme"] in named else len(named))
    context = {
        "page_title": _("办件程序"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}],
        "groups": [
            {"title": named.get(room, room), "rows": list(rows)}
            for room, rows in groupby(found, lambda row: row["programme"])
        ],
    }
    return page(request, "site/procedures.html", context)


def _version(request: HttpRequest, key: str) -> Procedure:
    """Return the version asked for: by name, else the one in force on the day, else the first that will be."""
    load_programmes()
    if name := request.GET.get("version", ""):
        return known.version(key, name)
    try:
        return known.procedure(key, as_of(request).date)
    except LuoshiError as error:
        if error.code != "E_NOT_IN_FORCE":
            raise
        return known.versions(key)[-1]


@needs("procedure.see")
@require_safe
def procedure(request: HttpRequest, key: str) -> HttpResponse:
    """Show one kind of case: its drawing, who may do what on which condition, limits and what their end does."""
    found, today = _version(request, key), as_of(request).date
    versions, address = known.versions(key), Address(request)
    cites = parameter_words.cites(words.citations(found))
    calculators = load_decisions()
    who = words.parties(found)
    asked = f"?version={found.version}"
    context: dict[str, Any] = {
        "page_title": found.title,
        "crumbs": [
            {"title": _("公报与政策"), "href": reverse("policy")},
            {"title": _("办件程序"), "href": reverse("procedures")},
        ],
        "key": found.key,
        "note": found.note,
        "cite": cites.get(found.citation),
        "version": found.effective_from,
        "not_yet": found.effective_from > today,
        "replaced": next((one.effective_from for one in reversed(versions)
                          if found.effective_from < one.effective_from <= today), None),
        "drawing": draw(found),
        "whole": request.GET.get("drawing") == "whole",
        "whole_href": address.having(drawing="whole"),
        "plain_href": address.having(drawing=""),
        "parties": [{"title": party.title, "who": who[name]} for name, party in found.parties.items()],
        "states": [
            {"title": state.title, "status": state.status.title, "ends": state.ends, "note": state.note}
            for state in found.states.values()
        ],
        "steps": words.step_rows(found, cites, calculators),
        "limits": words.limit_rows(found, cites),
        "pauses": [
            {"title": rule.title, "by": [found.parties[party].title for party in rule.by if party in found.parties],
             "cite": cites.get(rule.citation)}
            for rule in found.pauses.values()
        ],
        "versions": [
            {"day": one.effective_from, "href": address.having(version=one.version), "shown": one == found,
             "now": one == next((v for v in versions if v.effective_from <= today), None)}
            for one in versions
        ],
        "bpmn_href": reverse("procedure-bpmn", args=[key]) + asked,
        "mermaid_href": reverse("procedure-mermaid", args=[key]) + asked,
        "mermaid": to_mermaid(found),
    }  # fmt: skip
    return page(request, "site/procedure.html", context)


@needs("procedure.see")
@require_safe
def procedure_bpmn(request: HttpRequest, key: str) -> HttpResponse:
    """Give a procedure out as a BPMN 2.0 file."""
    found = _version(request, key)
    return attachment(to_bpmn(found), f"{found.key}-{found.version}.bpmn", "application/xml; charset=utf-8")


@needs("procedure.see")
@require_safe
def procedure_mermaid(request: HttpRequest, key: str) -> HttpResponse:
    """Give a procedure out as a Mermaid file."""
    found = _version(request, key)
    return attachment(to_mermaid(found).encode(), f"{found.key}-{found.version}.mmd", "text/plain; charset=utf-8")


urlpatterns = [
    path("procedures/", procedure_list, name="procedures"),
    path("procedures/<str:key>/", procedure, name="procedure"),
    path("procedures/<str:key>/bpmn/", procedure_bpmn, name="procedure-bpmn"),
    path("procedures/<str:key>/mermaid/", procedure_mermaid, name="procedure-mermaid"),
]
