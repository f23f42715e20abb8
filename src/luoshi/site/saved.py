"""The tabs of a list: those it always has, and the views a person keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, QueryDict

_LEFT_OUT = ("after", "before", "view", "on")


def conditions(query: QueryDict) -> str:
    """Return the conditions of an address in one order, without paging and the day looked at."""
    kept = query.copy()
    for name in _LEFT_OUT:
        kept.pop(name, None)
    pairs = sorted((key, value) for key, values in kept.lists() for value in values if value)
    ordered = QueryDict(mutable=True)
    for key, value in pairs:
        ordered.appendlist(key, value)
    return ordered.urlencode()


def tabs_of(request: HttpRequest | None, name: str, tabs: Sequence[Any]) -> dict[str, Any]:
    """Return the tabs with the person's own views after them, and what is needed to save the present conditions."""
    shown = list(tabs)
    if request is None or not getattr(getattr(request, "user", None), "is_authenticated", False):
        return {"tabs": shown, "name": name, "can_save": False, "current_view": 0}
    from luoshi.office.accounts.queries import saved_views

    query = conditions(request.GET)
    current = 0
    for view in saved_views(request.user.pk or 0, name):
        same = view.query == query
        current = view.pk if same else current
        href = f"{request.path}?{view.query}" if view.query else request.path
        shown.append({"label": view.name, "href": href, "current": same, "count": None})
    return {
        "tabs": shown,
        "name": name,
        "can_save": True,
        "query": query,
        "path": request.path,
        "here": request.get_full_path(),
        "current_view": current,
    }
