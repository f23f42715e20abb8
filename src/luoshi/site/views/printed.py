"""The duties as printed (条文责任): list, Excel, one duty."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from luoshi.kernel.errors import LuoshiError
from luoshi.office.duties import export, queries
from luoshi.office.duties.models import RECURRING, Duty
from luoshi.office.duties.queries import Ledger, LedgerFilter
from luoshi.office.instruments.models import Instrument
from luoshi.office.instruments.validity import judge
from luoshi.office.permissions import may
from luoshi.office.web import attachment
from luoshi.site import present
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, chips, facet, page_links
from luoshi.site.context import as_of
from luoshi.site.pages import page
from luoshi.site.views.known import library_addresses

PAGE_SIZE = 40
_MAX_CHOICES = 20
_MAX_QUERY = 60


def read_filter(query: QueryDict, on: datetime.date | None) -> LedgerFilter:
    """Read the ledger's conditions from an address; values that mean nothing are left out."""
    origins = {value for value, _label in Duty.Origin.choices}
    return LedgerFilter(
        organs=tuple(name.strip() for name in query.getlist("organ")[:_MAX_CHOICES] if name.strip()),
        any_role=query.get("role") == "any",
        documents=tuple(key.strip() for key in query.getlist("document")[:_MAX_CHOICES] if key.strip()),
        origins=tuple(value for value in query.getlist("origin") if value in origins),
        month=_month(query.get("month", "")),
        local=query.get("local") == "1",
        q=query.get("q", "").replace("\0", "").strip()[:_MAX_QUERY],
        on=on,
    )


def _month(text: str) -> datetime.date | None:
    try:
        month = datetime.date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if 1949 <= month.year <= 2100 else None


@needs("duty.see")
@require_safe
def printed(request: HttpRequest) -> HttpResponse:
    """Show one page of the printed duties with their facets."""
    seen, address = as_of(request), Address(request)
    wanted = read_filter(request.GET, seen.on)
    asked = Ledger(wanted, actor=actor_of(request))
    found = asked.page(size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    targets = queries.targets_by_clause(found.rows)
    rows = [present.duty_row(duty, seen.date, targets) for duty in found.rows]
    facets = asked.facets()
    names = {item.value: item.label for item in facets.documents}
    no_data = not rows and not Instrument.objects.exists()
    context: dict[str, Any] = {
        "page_title": _("责任台账 · 条文责任"),
        "crumbs": [{"title": _("台账"), "href": ""}],
        "matters_href": reverse("duties") if may(actor_of(request), "matter.see") else "",
        "groups": _groups(found.rows, rows, seen.date),
        "facets": [
            facet(address, "organ", _("单位"), [(o.value, o.label, o.count) for o in facets.organs], wanted.organs, 12),
            facet(
                address,
                "document",
                _("文件"),
                [(d.value, d.label, d.count) for d in facets.documents],
                wanted.documents,
            ),
            facet(
                address,
                "origin",
                _("期限怎么来"),
                [(o.value, o.label, o.count) for o in facets.origins],
                wanted.origins,
            ),
        ],
        "chips": chips(address, _conditions(wanted, names)),
        "tabs": _tabs(address, wanted, seen.date),
        "page": page_links(address, found, facets.total),
        "q": wanted.q,
        "month": wanted.month.strftime("%Y-%m") if wanted.month else "",
        "months": _months(wanted.month, seen.date),
        "any_role": wanted.any_role,
        "role_href": address.having(role="" if wanted.any_role else "any"),
        "export_href": reverse("printed-export") + address.having()[len(request.path) :],
        "export_limit": export.LIMIT,
        "empty_reason": "" if rows or no_data else _empty_reason(wanted),
        "reset_href": request.path,
        "no_data": no_data,
        "upload_href": reverse("upload"),
        "hidden": address.hidden("q", "month"),
        "density": "loose" if request.GET.get("d") == "loose" else "dense",
        "density_href": address.having(d="" if request.GET.get("d") == "loose" else "loose"),
        "foot": describe(wanted, names),
    }
    return page(request, "site/duties_printed.html", context, fragment="results")


def _groups(duties: Sequence[Duty], rows: Sequence[present.DutyRow], on: datetime.date) -> list[dict[str, Any]]:
    def title(pair: tuple[Duty, present.DutyRow]) -> str:
        day = pair[0].due_sort
        if day < on.replace(day=1):
            return _("%(year)d年（期限已过）") % {"year": day.year}
        if day < RECURRING:
            return _("%(year)d年%(month)d月") % {"year": day.year, "month": day.month}
        return _("周期") if day == RECURRING else _("未写日期")

    return [
        {"title": _("%(name)s · %(n)d 条") % {"name": name, "n": len(some)}, "rows": [row for _duty, row in some]}
        for name, group in groupby(zip(duties, rows, strict=True), title)
        if (some := list(group))
    ]


def _tabs(address: Address, wanted: LedgerFilter, today: datetime.date) -> list[dict[str, Any]]:
    this = today.strftime("%Y-%m")
    following = (today.replace(day=1) + datetime.timedelta(days=32)).strftime("%Y-%m")
    month = wanted.month.strftime("%Y-%m") if wanted.month else ""
    plain = {"month": "", "origin": "", "local": ""}
    every = wanted.origins == ("every",)
    tabs = (
        (_("全部"), plain, not (month or every or wanted.local)),
        (_("本月到期"), plain | {"month": this}, month == this),
        (_("下月到期"), plain | {"month": following}, month == following),
        (_("周期性"), plain | {"origin": "every"}, every),
        (_("镇区任务"), plain | {"local": "1"}, wanted.local),
    )
    return [
        {"label": label, "href": address.having(**conditions), "count": None, "current": current}
        for label, conditions, current in tabs
    ]


def _months(chosen: datetime.date | None, today: datetime.date) -> list[dict[str, Any]]:
    around = chosen or today
    first = around.year * 12 + around.month - 1 - 6
    months = [(index // 12, index % 12 + 1) for index in range(first, first + 13)]
    return [
        {
            "value": f"{year}-{month:02}",
            "label": _("%(year)d年%(month)d月") % {"year": year, "month": month},
            "selected": chosen is not None and (year, month) == (chosen.year, chosen.month),
        }
        for year, month in months
    ]


def _conditions(wanted: LedgerFilter, names: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    role = _("参与") if wanted.any_role else _("牵头")
    found = [("organ", name, role, name) for name in wanted.organs]
    found += [("document", key, _("文件"), names.get(key, key)) for key in wanted.documents]
    found += [("origin", value, _("期限"), str(Duty.Origin(value).label)) for value in wanted.origins]
    if wanted.month:
        text = wanted.month.strftime("%Y-%m")
        found.append(("month", text, _("到期月份"), text))
    if wanted.local:
        found.append(("local", "1", _("范围"), _("镇区任务")))
    if wanted.q:
        found.append(("q", wanted.q, _("含"), wanted.q))
    return found


def describe(wanted: LedgerFilter, names: Mapping[str, str]) -> str:
    """Return the filter in words, for the foot of a print or an export."""
    parts = [f"{label} {words}" for _name, _value, label, words in _conditions(wanted, names)]
    return "；".join(parts) or _("全部责任")


def _empty_reason(wanted: LedgerFilter) -> str:
    return (
        _("没有符合条件的责任：%s。可去掉一个条件再看。") % describe(wanted, {})
        if not wanted.empty
        else _("库里的文件没有写责任。")
    )


@needs("duty.see")
@require_safe
def printed_export(request: HttpRequest) -> HttpResponse:
    """Send the rows of the present filter as an Excel file."""
    seen = as_of(request)
    wanted = read_filter(request.GET, seen.on)
    if queries.duties(queries.scoped(wanted, actor_of(request))).order_by()[: export.LIMIT + 1].count() > export.LIMIT:
        raise LuoshiError(
            "E_TOO_LARGE", _("符合条件的超过 %s 条，请加上单位、文件或月份条件后再导出。") % f"{export.LIMIT:,}"
        )
    names = queries.names_of(wanted.documents)
    body = export.workbook(wanted, actor=actor_of(request), as_of=seen.date, described=describe(wanted, names))
    return attachment(body, f"责任台账-{seen.date:%Y%m%d}.xlsx")


@needs("duty.see")
@require_safe
def duty_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one duty with its clause and how its limits were read."""
    seen = as_of(request)
    found = queries.visible(actor_of(request)).filter(pk=pk)
    rows = list(queries.complete(found).select_related("clause", "instrument__issue"))
    if not rows:
        raise LuoshiError("E_NOT_FOUND", _("台账里没有第 %d 号责任。") % pk)
    duty = rows[0]
    row = present.duty_row(duty, seen.date, queries.targets_by_clause(rows))
    validity = judge([duty.instrument], seen.date, estimate=True)[duty.instrument_id]
    context = {
        "page_title": row.summary,
        "crumbs": [
            {"title": _("条文责任"), "href": reverse("printed-duties")},
            {"title": row.cite.text, "href": row.cite.href},
        ],
        "duty": row,
        "clause": {"heading": duty.clause.heading, "text": duty.clause.text, "cite": row.cite} if duty.clause else None,
        "validity": present.shown_validity(validity, library_addresses([validity])),
        "derivation": [
            _("“%(text)s”读作：%(words)s") % {"text": limit.text, "words": limit.words} for limit in row.limits
        ],
        "superseded": not duty.is_current,
    }
    return page(request, "site/duty.html", context, fragment="drawer")
