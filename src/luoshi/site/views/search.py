"""One search over numbers, clauses, organs, words and duties; the first hit has the focus, so Enter opens it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from luoshi.kernel.citation import clause_url
from luoshi.office.instruments.finder import Found, Group, Hit, find
from luoshi.site import present
from luoshi.site.access import actor_of, needs
from luoshi.site.context import as_of
from luoshi.site.pages import page

GROUP = {
    "direct": lazy("文号和条款"),
    "record": lazy("编号"),
    "organ": lazy("单位"),
    "title": lazy("标题里有"),
    "clause": lazy("条文里有"),
    "duty": lazy("责任里有"),
}


def href_of(hit: Hit) -> str:
    """Return the address of what was found."""
    if hit.kind in ("instrument", "clause"):
        return clause_url(hit.id, hit.path)
    if hit.kind == "organ":
        return _reversed("organ", hit.id) or present.organ_link(hit.title, hit.id).href
    return _reversed(hit.kind, int(hit.id)) or f"/registers/duties/{hit.id}/"


def _reversed(name: str, argument: Any) -> str:
    try:
        return reverse(name, args=[argument])
    except NoReverseMatch:
        return ""


@needs("search.use")
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what a question finds, best first."""
    q = request.GET.get("q", "")
    found = find(q, actor=actor_of(request), on=as_of(request).date)
    context = {
        "page_title": _("检索“%s”") % found.q if found.q else _("检索"),
        "crumbs": [],
        "q": found.q,
        "groups": [_shown(group, found) for group in found.groups],
        "more_href": {
            "title": f"{reverse('policy')}?q={found.q}",
            "duty": f"{reverse('duties')}?q={found.q}",
        },
    }
    return page(request, "site/search.html", context, fragment="results")


def _shown(group: Group, found: Found) -> dict[str, Any]:
    more = {"title": reverse("policy"), "clause": reverse("policy"), "duty": reverse("duties")}.get(group.kind, "")
    return {
        "kind": group.kind,
        "title": GROUP[group.kind],
        "count": _("%s 件") % f"{group.count:,}" if group.exact else _("%s 件以上") % f"{group.count:,}",
        "more": f"{more}?q={found.q}" if more and (group.count > len(group.hits) or not group.exact) else "",
        "hits": [
            {
                "href": href_of(hit),
                "title": hit.title,
                "number": hit.number,
                "path": present.path_words(hit.path) if hit.path else "",
                "snippet": hit.snippet,
                "first": hit is found.first,
                "serif": hit.kind in ("instrument", "clause"),
            }
            for hit in group.hits
        ],
    }


urlpatterns: list[URLPattern] = [path("search", search, name="search")]
