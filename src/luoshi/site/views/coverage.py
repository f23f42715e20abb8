"""Coverage on pages: every clause of a programme's documents with what carries it. No login."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.citation import clause_url
from luoshi.office.coverage import KINDS, NOTICE, REASONS, Line, Report, State, locator_words
from luoshi.office.programme import Programme
from luoshi.site import present
from luoshi.site.access import needs
from luoshi.site.addresses import Address
from luoshi.site.coverage_look import programme_of, reports
from luoshi.site.pages import page
from luoshi.site.registry import load_programmes

_SHOWN = 600
_BEGINNING = 30
LOOKS = {
    State.MISSING: ("circle-x", "red"),
    State.UNKNOWN: ("alert-circle", "red"),
    State.UNTESTED: ("alert-triangle", "yellow"),
    State.CARRIED: ("circle-check", "green"),
    State.JUDGEMENT: ("user-check", "grey"),
    State.EXHORTATION: ("message", "grey"),
}
"""Icon and tone of each state."""


@needs("procedure.see")
@require_safe
def coverage_list(request: HttpRequest) -> HttpResponse:
    """List the programmes with the figures of each document."""
    context = {
        "page_title": _("条款覆盖"),
        "crumbs": [{"title": _("公报与政策"), "href": reverse("policy")}],
        "groups": [
            {"title": room.title, "rows": [_document(room, report) for report in reports(room)]}
            for room in load_programmes()
        ],
    }
    return page(request, "site/coverage_list.html", context)


def _document(room: Programme, report: Report) -> dict[str, Any]:
    figures = report.figures
    done = sum(figures[state.value] for state in State if state.good)
    whole = figures["clauses"]
    return {
        "number": report.instrument,
        "title": report.title or report.instrument,
        "href": f"{reverse('coverage', args=[room.key])}?instrument={report.instrument}",
        "clauses": whole,
        "done": done,
        "percent": 100 * done // whole if whole else 0,
        "complete": report.complete,
        "library": report.library,
    }


@needs("procedure.see")
@require_safe
def coverage(request: HttpRequest, programme: str) -> HttpResponse:
    """Show one programme's documents clause by clause: state, what carries it, which test names that."""
    room = programme_of(programme)
    found, address = reports(room), Address(request)
    chosen = request.GET.get("instrument", "")
    report = next((one for one in found if one.instrument == chosen), found[0] if found else None)
    wanted = request.GET.get("state", "")
    states = {state.value: state for state in State}
    first = request.GET.get("from", "0")
    begin = int(first) if first.isascii() and first.isdigit() and len(first) < 7 else 0
    lines = [line for line in report.lines if line.clause.counts] if report else []
    if wanted in states:
        lines = [line for line in lines if line.state is states[wanted]]
    elif wanted == "open":
        lines = [line for line in lines if not line.state.good]
    figures = report.figures if report else {}
    left = sum(figures.get(state.value, 0) for state in State if not state.good)
    tabs = [("", _("全部"), figures.get("clauses", 0)), ("open", _("还有欠缺"), left)]
    tabs += [(state.value, state.title, figures.get(state.value, 0)) for state in State]
    context: dict[str, Any] = {
        "page_title": _("%s：条款覆盖") % room.title,
        "crumbs": [
            {"title": _("公报与政策"), "href": reverse("policy")},
            {"title": _("条款覆盖"), "href": reverse("coverages")},
        ],
        "documents": [
            {"words": one.instrument, "href": address.having(instrument=one.instrument, state="", **{"from": ""}),
             "shown": one is report}
            for one in found
        ],
        "document": _document(room, report) if report else None,
        "instrument_href": clause_url(report.instrument) if report and report.library else "",
        "stray": [entry.written for entry in report.stray] if report else [],
        "tabs": [
            {"key": key, "label": label, "count": n, "href": address.having(state=key, **{"from": ""}),
             "current": key == wanted or (not key and wanted not in {"open", *states})}
            for key, label, n in tabs
            if n or key in ("", "open")
        ],
        "rows": [_row(report, line) for line in lines[begin : begin + _SHOWN]] if report else [],
        "next_href": address.having(**{"from": str(begin + _SHOWN)}) if len(lines) > begin + _SHOWN else "",
    }  # fmt: skip
    return page(request, "site/coverage.html", context, fragment="clauses")


def _row(report: Report, line: Line) -> dict[str, Any]:
    clause, (icon, tone) = line.clause, LOOKS[line.state]
    linked = report.library and clause.path != NOTICE
    words = locator_words(clause.path)
    reasons = (line.entry.reasons if line.entry else None) or {}
    return {
        "cite": present.Cite(
            report.instrument, present.short_number(report.instrument), clause.path, words,
            clause_url(report.instrument, clause.path) if linked else "", f"{report.instrument} {words}",
        ),
        "words": words,
        "heading": clause.heading,
        "beginning": (clause.text[:_BEGINNING] + "…" if len(clause.text) > _BEGINNING else clause.text)
        if report.library and clause.path != NOTICE else "",
        "state": line.state.title,
        "icon": icon,
        "tone": tone,
        "above": locator_words(line.above),
        "carriers": [
            {
                "kind": KINDS[artefact.kind],
                "title": found.title or artefact.name,
                "name": artefact.name,
                "href": found.href,
                "exists": found.exists,
                "exercised": found.exercised,
            }
            for artefact, found in line.found
        ],
        "tests": _tests(line),
        "reasons": [
            {"kind": REASONS[kind], "why": why} for kind, why in reasons.items()
        ],
    }  # fmt: skip


def _tests(line: Line) -> list[dict[str, str]]:
    """Return the tests that name what carries a clause, each once."""
    return [
        {"name": where.rpartition("/")[2], "title": where}
        for where in dict.fromkeys(found.where for _artefact, found in line.found if found.where)
    ]


urlpatterns = [
    path("policy/coverage/", coverage_list, name="coverages"),
    path("policy/coverage/<str:programme>/", coverage, name="coverage"),
]
