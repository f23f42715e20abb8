"""The programme switcher: which programme the places are seen for, and the pages it adds to the place one is at.

The choice stays in the address (?p=agri_guarantee): the rail carries it to every place, and each list reads it. A page
of a programme's own needs no such word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from luoshi.office.actors import Actor
from luoshi.office.permissions import may
from luoshi.office.programme import Programme
from luoshi.site import places
from luoshi.site.addresses import Address
from luoshi.site.registry import manifests

PARAMETER = "p"
READS_IT = frozenset({"desk", "policy", "calculators", "procedures", "matters", "duties", "cases", "registers", "funds",
                      "indicators", "notices"})  # fmt: skip
"""Pages that show what the choice leaves, by url name; from others one gets to the place itself."""


def chosen(query: QueryDict) -> Programme | None:
    """Return the one programme an address asks for, None for all of them."""
    asked = query.getlist(PARAMETER)
    return next((room for room in manifests() if asked == [room.key]), None)


def documents(query: QueryDict) -> tuple[str, ...]:
    """Return the numbers of the documents the chosen programme runs; none for all programmes."""
    room = chosen(query)
    return tuple(room.instruments) if room is not None else ()


def condition(query: QueryDict) -> list[tuple[str, str, str, str]]:
    """Return the choice as a condition in force: (parameter, value, label, words), a list of one or none."""
    room = chosen(query)
    return [(PARAMETER, room.key, _("领域"), room.title)] if room is not None else []


def present(request: HttpRequest) -> Programme | None:
    """Return the programme a page is seen for: the one asked for, else the one the page belongs to."""
    match = request.resolver_match
    module = match.func.__module__ if match is not None else ""
    own = (room for room in manifests() if room.urls and module.startswith(room.urls.rpartition(".")[0] + "."))
    return chosen(request.GET) or next(own, None)


def carrying(href: str, room: Programme | None) -> str:
    """Return `href` with the choice in it; it has no query of its own."""
    return f"{href}?{urlencode({PARAMETER: room.key})}" if room is not None else href


def choices(request: HttpRequest, actor: Actor, rail: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what the switcher shows to who is logged in: the programme seen now, all of them as links, its pages."""
    if actor.user_id is None:
        return {}
    now, match = present(request), request.resolver_match
    here = next((place for place in rail if place["current"]), None)
    reads = match is not None and match.url_name in READS_IT
    at, door = Address(request), here["path"] if here else places.address("cases")

    def leading(room: Programme | None) -> str:
        return at.having(p=room.key if room else "") if reads else carrying(door, room)

    return {
        "now": now,
        "everything": leading(None),
        "rooms": [
            {"title": room.title, "href": leading(room), "current": room == now}
            for room in manifests()
        ],
        "pages": _pages(request, actor, now, here) if now is not None else [],
    }  # fmt: skip


def _pages(request: HttpRequest, actor: Actor, room: Programme, here: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the programme's pages at the place one is at, after the place's own list; on the desk all of them."""
    key = here["key"] if here else ""
    found = [
        {"label": page.title, "note": page.note, "href": href, "current": href == request.path, "count": None}
        for page in room.pages
        if (key == "desk" or page.place == key)
        and may(actor, page.permission, page.organs)
        and (href := places.address(page.name))
    ]
    if found and here is not None:
        found.insert(0, {"label": here["title"], "note": "", "href": carrying(here["path"], room),
                         "current": here["path"] == request.path, "count": None})  # fmt: skip
    return found
