"""An instrument and its clauses, at permanent addresses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.office.duties.models import Duty, Target
from luoshi.office.duties.queries import complete, targets_by_clause
from luoshi.office.instruments import queries
from luoshi.office.instruments.models import Clause, Instrument
from luoshi.office.instruments.review_queries import summary_of
from luoshi.office.instruments.validity import judge
from luoshi.office.permissions import may
from luoshi.site import present
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address
from luoshi.site.comparison import Unit, compare
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.registry import load_programmes
from luoshi.site.reviewing import STAGE
from luoshi.site.templatetags.ls import ls_label
from luoshi.site.typography import typeset
from luoshi.site.views.known import library_addresses
from luoshi.site.worddiff import word_diff
from luoshi.site.words import INCOMING, KIND, OPERATOR, RELATION, REPAIR

_CLAUSES_SHOWN = 400
_ROWS_SHOWN = 500
_OUTLINE = (
    '<a class="ls-act ls-unit ls-d{0}" id="{1}" href="{2}" hx-get="{2}"{3}>'
    '<span class="ls-grow ls-clip">{4}</span>{5}{6}</a>'
)


def _version(request: HttpRequest) -> int | None:
    text = request.GET.get("v", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else None


def _head(item: Instrument) -> dict[str, Any]:
    return {
        "key": item.key,
        "number": item.number,
        "number_short": present.short_number(item.number),
        "title": item.name,
        "covering_title": item.covering_title,
        "kind_word": KIND.get(item.kind, item.kind),
        "trial": item.trial,
        "issuer": item.issuer,
        "addressees": item.addressees,
        "signed_by": item.signed_by,
        "issued_on": item.issued_on,
        "effective_from": item.effective_from,
        "expires_on": item.expires_on,
        "disclosure": item.disclosure,
        "version": item.version,
        "is_current": item.is_current,
        "gazette_title": item.issue.title or item.issue.source.filename,
        "imported_at": item.issue.source.received_at,
        "href": present.instrument_href(item),
    }


def _review(request: HttpRequest, item: Instrument) -> dict[str, Any] | None:
    """Return how far the review is, for those who may see it and for the current version."""
    if not item.is_current or not may(actor_of(request), "review.see"):
        return None
    found = summary_of(item.key)
    word = STAGE[found["stage"]] if found else _("没开始核对")
    return dict(found) | {"href": reverse("review", args=[item.key]), "word": word}


def _validity(item: Instrument, on: Any) -> present.ShownValidity:
    judged = judge([item], on, estimate=True)[item.pk]
    return present.shown_validity(judged, library_addresses([judged]))


def _coverage(item: Instrument) -> str:
    """Return where it is shown what carries the clauses, for a document that a programme runs."""
    room = next((one for one in load_programmes() if item.number in one.instruments), None)
    return f"{reverse('coverage', args=[room.key])}?{urlencode({'instrument': item.number})}" if room else ""


def _old_version(item: Instrument) -> dict[str, str] | None:
    if item.is_current:
        return None
    current = queries.instrument(item.key)
    return {
        "words": _("您在看第 %(old)d 版，现行的是第 %(new)d 版") % {"old": item.version, "new": current.version},
        "current_href": present.instrument_href(current),
    }


@needs("instrument.see")
@require_safe
def instrument(request: HttpRequest, key: str) -> HttpResponse:
    """Show one instrument: its head, validity on the day, and one tab."""
    seen, item = as_of(request), queries.instrument(key, _version(request))
    version_count = Instrument.objects.filter(key=item.key).count()
    incoming = queries.incoming(item)
    lists = item.memberships.count() + item.appointments.count()
    tabs = (
        ("clauses", _("条款"), item.clause_count),
        ("compare", _("对照"), None),
        ("duties", _("责任"), item.duty_count),
        ("targets", _("目标"), item.target_count),
        ("lists", _("名单"), lists),
        ("relations", _("关系"), item.relations.count() + len(incoming)),
        ("versions", _("版本"), version_count),
        ("repairs", _("修补与存疑"), item.warning_count),
    )
    tab = request.GET.get("tab", "")
    tab = (
        tab
        if tab in {name for name, _label, _n in tabs}
        else ("lists" if lists and not item.clause_count else "clauses")
    )
    address = Address(request)
    context: dict[str, Any] = {
        "page_title": item.name,
        "crumbs": [
            {"title": _("公报与政策"), "href": reverse("policy")},
            {"title": item.number or item.key, "href": ""},
        ],
        "instrument": _head(item),
        "validity": _validity(item, seen.date),
        "tabs": [
            {
                "key": name,
                "label": label,
                "count": n,
                "href": address.having(tab=name, clause="", text="", **{"from": ""}),
                "current": name == tab,
            }
            for name, label, n in tabs
        ],
        "tab": tab,
        "review": _review(request, item),
        "old_version": _old_version(item),
        "coverage_href": _coverage(item),
    }
    if tab == "relations":
        context |= _relations(item, incoming)
    else:
        context |= _TABS[tab](request, item)
    return page(request, "site/instrument.html", context, fragment="tab")


def _clause(item: Instrument, clause: Clause) -> dict[str, Any]:
    return {
        "path": clause.path,
        "label": clause.label,
        "kind": clause.kind,
        "heading": clause.heading,
        "text": clause.text,
        "depth": clause.depth,
        "href": present.instrument_href(item, clause.path),
        "cite": present.cite(item, clause.path),
        "anchor": f"c{clause.seq}",
    }


def _clauses(request: HttpRequest, item: Instrument) -> dict[str, Any]:
    text = request.GET.get("from", "0")
    first = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    rows = list(item.clauses.filter(seq__gte=first).order_by("seq")[: _CLAUSES_SHOWN + 1])
    more, rows = len(rows) > _CLAUSES_SHOWN, rows[:_CLAUSES_SHOWN]
    shown = [_clause(item, row) for row in rows]
    return {
        "clauses": shown,
        "outline": [row for row in shown if row["kind"] not in ("dash", "paragraph") and row["depth"] <= 1],
        "truncated": more,
        "next_href": Address(request).having(**{"from": str(first + _CLAUSES_SHOWN)}) if more else "",
    }


def _compare(request: HttpRequest, item: Instrument) -> dict[str, Any]:
    wanted, raw = request.GET.get("clause", ""), request.GET.get("text") == "raw"
    found = compare(item, wanted, raw=raw, on=as_of(request).date)
    address = Address(request)

    bases = {text: address.having(tab="compare", clause="", text=text) for text in ("", "raw")}
    base = bases["raw" if raw else ""]

    def to(path: str, clause: Clause | None = None, base: str = base) -> str:
        return f"{base}&{urlencode({'clause': path})}" + (f"#c{clause.seq}" if clause else "")

    outside = _("文头与落款") if item.clause_count else _("全文")
    doubt = format_html('<span class="ls-t-red">?<span class="visually-hidden"> {}</span></span>', _("有存疑"))
    counted = format_html(' <span class="visually-hidden">{}</span>', _("条记录"))

    def shown(unit: Unit) -> tuple[Any, ...]:
        row = unit.clause
        words = ls_label(row) + typeset(row.heading or row.text[:16]) if row else outside
        count = format_html('<span class="ls-num ls-muted">{}{}</span>', unit.count, counted) if unit.count else ""
        return (
            min(row.depth, 3) if row else 0,
            f"o{row.seq}" if row else "o-head",
            to(unit.path, row),
            SafeString(' aria-current="true"') if unit is found.chosen else "",
            words,
            doubt if unit.doubtful else "",
            count,
        )

    chosen = found.chosen
    return {
        "compared": found,
        "outline": format_html_join(
            "\n", _OUTLINE, [shown(unit) for unit in found.units if unit.clause or unit.count or unit is chosen]
        ),
        "chosen_words": present.path_words(chosen.path) if chosen.clause else outside,
        "raw": raw,
        "repaired_href": to(chosen.path, chosen.clause, bases[""]),
        "raw_href": to(chosen.path, chosen.clause, bases["raw"]),
        "before_href": to(found.before) if found.before else "",
        "after_href": to(found.after) if found.after else "",
    }


def _duties(request: HttpRequest, item: Instrument) -> dict[str, Any]:
    own = Duty.objects.filter(instrument=item)
    # What a review took out of the ledger is no duty of a current instrument.
    own = own.filter(is_current=True) if item.is_current else own
    rows = list(complete(own).order_by("seq")[:_ROWS_SHOWN])
    targets = targets_by_clause(rows)
    on = as_of(request).date
    return {"rows": [present.duty_row(row, on, targets) for row in rows], "rows_total": item.duty_count}


def _targets(_request: HttpRequest, item: Instrument) -> dict[str, Any]:
    return {
        "rows": [
            present.target_row(row, item)
            for row in Target.objects.filter(instrument=item).order_by("seq")[:_ROWS_SHOWN]
        ],
        "rows_total": item.target_count,
        "parameters": [
            {
                "subject": row.subject,
                "op_word": str(OPERATOR[row.op]),
                "value": row.value,
                "unit": row.unit,
                "cite": present.cite(item, row.clause_path),
            }
            for row in item.policyparameters.order_by("seq")[:_ROWS_SHOWN]
        ],
    }


def _lists(_request: HttpRequest, item: Instrument) -> dict[str, Any]:
    seats = item.memberships.order_by("seq")[:_ROWS_SHOWN]
    words = {"appoint": _("任命"), "remove": _("免去")}
    return {
        "groups": [
            {
                "group": name,
                "rows": [
                    {
                        "role": seat.role,
                        "person": seat.person,
                        "post": seat.post,
                        "organ_name": seat.organ_name,
                        "cite": present.cite(item, seat.clause_path),
                    }
                    for seat in some
                ],
            }
            for name, some in groupby(seats, lambda seat: seat.group)
        ],
        "appointments": [
            {
                "action_word": words[act.action],
                "person": act.person,
                "post": act.post,
                "organ_name": act.organ_name,
                "title": act.title,
                "remark": act.remark,
            }
            for act in item.appointments.order_by("seq")[:_ROWS_SHOWN]
        ],
    }


def _relations(item: Instrument, incoming: Sequence[Any]) -> dict[str, Any]:
    rows = list(item.relations.order_by("seq")[:_ROWS_SHOWN])
    numbers = [row.target_number for row in rows if row.target_number]
    titles = dict(Instrument.objects.filter(is_current=True, key__in=numbers).values_list("key", "title"))
    return {
        "rows": [
            {
                "type": row.type,
                "type_word": str(RELATION[row.type]),
                "number": row.target_number,
                "title": row.target_title or titles.get(row.target_number, ""),
                "href": reverse("instrument", args=[row.target_number]) if row.target_number in titles else "",
                "cite": present.cite(item, row.clause_path),
            }
            for row in rows
        ],
        "incoming": [
            {
                "type": row.type,
                "type_word": str(INCOMING[row.type]),
                "number": row.instrument.number,
                "title": row.instrument.name,
                "href": present.instrument_href(row.instrument),
                "cite": present.cite(row.instrument, row.clause_path),
            }
            for row in incoming[:_ROWS_SHOWN]
        ],
    }


def _asked(request: HttpRequest, name: str, rows: Sequence[Instrument], default: int) -> Instrument | None:
    text = request.GET.get(name, "")
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else default
    return next((row for row in rows if row.version == wanted), None)


def _versions(request: HttpRequest, item: Instrument) -> dict[str, Any]:
    """Show all versions, and by clause what changed between two of them: the one looked at and the one before."""
    rows = queries.versions(item.key)
    new = _asked(request, "new", rows, item.version) or item
    before = _asked(request, "old", rows, new.version - 1)
    if before is not None and before.version > new.version:
        before, new = new, before
    changes = queries.changed_clauses(new, before) if before else []
    return {
        "numbers": [row.version for row in rows] if len(rows) > 1 else [],
        "old": before.version if before else 0,
        "new": new.version,
        "hidden": [(name, value) for name, value in (("tab", "versions"), ("v", request.GET.get("v", ""))) if value],
        "changed": len(changes),
        "rows": [
            {
                "version": row.version,
                "current": row.is_current,
                "at": row.issue.source.received_at,
                "filename": row.issue.source.filename,
                "href": present.instrument_href(row),
                "note": _("现行") if row.is_current else _("已被第 %d 版取代") % (row.version + 1),
                "shown": row.pk == item.pk,
            }
            for row in rows
        ],
        "diff": [
            {
                "path": path,
                "path_words": present.path_words(path),
                "field": present.path_words(path),
                "kind": "added" if not old else "removed" if not new else "changed",
                "words": word_diff(old, new),
            }
            for path, old, new in changes[:_ROWS_SHOWN]
        ],
    }


def _repairs(_request: HttpRequest, item: Instrument) -> dict[str, Any]:
    repairs = item.issue.repairs.filter(start__gte=item.start, start__lt=max(item.end, item.start + 1))
    return {
        "warnings": [
            present.warning_row(row)
            for row in item.warnings.select_related("instrument").order_by("start")[:_ROWS_SHOWN]
        ],
        "warnings_total": item.warning_count,
        "repairs": [
            {
                "kind_word": str(REPAIR.get(row.kind, _("修补"))),
                "before": row.before,
                "after": row.after,
                "place": _("字符 %(start)d–%(end)d") % {"start": row.start, "end": row.end},
            }
            for row in repairs.order_by("start")[:_ROWS_SHOWN]
        ],
        "repairs_total": repairs.count(),
    }


_TABS: dict[str, Callable[[HttpRequest, Instrument], dict[str, Any]]] = {
    "clauses": _clauses,
    "compare": _compare,
    "duties": _duties,
    "targets": _targets,
    "lists": _lists,
    "versions": _versions,
    "repairs": _repairs,
}


def _neighbours(item: Instrument, row: Clause) -> tuple[Clause | None, Clause | None]:
    """Return the clauses around one: not what it stands under, nor what stands under it."""
    before = item.clauses.filter(seq=row.seq - 1).first()
    if before is not None and row.path.startswith(f"{before.path}/"):
        before = None
    after = item.clauses.filter(seq__gt=row.seq).exclude(path__startswith=f"{row.path}/").order_by("seq").first()
    return before, after


@needs("instrument.see")
@require_safe
def clause(request: HttpRequest, key: str, path: str) -> HttpResponse:
    """Show one clause between its neighbours, with the validity on the day and what rests on it."""
    seen, item = as_of(request), queries.instrument(key, _version(request))
    row = queries.clause(item, path)
    parts = row.path.split("/")
    before, after = _neighbours(item, row)
    parents = item.clauses.filter(path__in=["/".join(parts[:n]) for n in range(1, len(parts))]).order_by("seq")
    children = [
        c
        for c in item.clauses.filter(path__startswith=f"{row.path}/").order_by("seq")[:200]
        if c.depth == row.depth + 1
    ]
    duties = list(complete(Duty.objects.filter(clause=row)).order_by("seq"))
    targets = targets_by_clause(duties) or {row.pk: list(row.targets.order_by("seq"))}
    cited_by = [found for found in queries.incoming(item) if found.instrument_id != item.pk][:20]
    context = {
        "page_title": f"{item.number or item.name} {present.path_words(row.path)}",
        "crumbs": [
            {"title": _("公报与政策"), "href": reverse("policy")},
            {"title": item.name, "href": present.instrument_href(item)},
        ],
        "instrument": _head(item),
        "clause": _clause(item, row),
        "before": _clause(item, before) if before else None,
        "after": _clause(item, after) if after else None,
        "parents": [_clause(item, parent) for parent in parents],
        "children": [_clause(item, child) for child in children],
        "validity": _validity(item, seen.date),
        "duties": [present.duty_row(duty, seen.date, targets) for duty in duties],
        "targets": [present.target_row(target, item) for target in targets.get(row.pk, [])],
        "cited_by": [
            {"title": found.instrument.name, "href": present.instrument_href(found.instrument, found.clause_path),
             "cite": present.cite(found.instrument, found.clause_path)}
            for found in cited_by
        ],
        "permalink": request.build_absolute_uri(present.instrument_href(item, row.path)),
        "old_version": _old_version(item),
        "coverage_href": _coverage(item),
    }  # fmt: skip
    return page(request, "site/clause.html", context, fragment="drawer")
