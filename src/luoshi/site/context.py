"""What the shell shows on every page: places, who acts, as-of date, demonstration mark, language and size."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

import luoshi
from luoshi.kernel.clock import CLOCK
from luoshi.office.accounts.organs import titles
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.programme import Emergency
from luoshi.office.roles import Role
from luoshi.site import places, switching
from luoshi.site.registry import manifests

ACTING = "acting"
"""Where the session keeps the id of the delegation acted under."""
UNTIL = "until"
"""Where the session keeps until when it lasts, in seconds since 1970."""

_EARLIEST = datetime.date(1949, 10, 1)
_LATEST = datetime.date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day a page is seen as of: `on` as asked by ?on=, None for today."""

    on: datetime.date | None
    today: datetime.date
    clear_href: str
    error: str

    @property
    def date(self) -> datetime.date:
        """The day itself."""
        return self.on or self.today

    @property
    def active(self) -> bool:
        """Whether another day than today is looked at."""
        return self.on is not None and self.on != self.today


def as_of(request: HttpRequest) -> AsOf:
    """Read ?on=YYYY-MM-DD; a date that is none, or far off, is said and today taken."""
    text = request.GET.get("on", "").strip()
    rest = request.GET.copy()
    rest.pop("on", None)
    rest.pop("after", None)
    rest.pop("before", None)
    clear = request.path + (f"?{rest.urlencode()}" if rest else "")
    on, error = None, ""
    if text:
        try:
            on = datetime.date.fromisoformat(text)
        except ValueError:
            error = _("“%(text)s”不是日期，应如 2018-03-08；现按今天显示。") % {"text": text[:20]}
        if on and not _EARLIEST <= on <= _LATEST:
            on, error = None, _("日期应在 1949 年到 2100 年之间；现按今天显示。")
    return AsOf(on, CLOCK.today(), clear, error)


def emergency() -> Emergency | None:
    """Return the warning in force with the highest level, None when there is none.

    None, too, while the database does not answer: the page that says so has the same head.
    """
    providers = (room.emergency for room in manifests() if room.emergency is not None)
    try:
        found = [one for provider in providers if (one := provider()) is not None]
    except DatabaseFault:
        return None
    return max(found, key=lambda one: one.level, default=None)


@dataclass(frozen=True, slots=True)
class Person:
    """Who is logged in, as the top bar shows it."""

    name: str
    post: str
    acting_for: str
    until: datetime.date | None
    shortcuts: bool
    acting: int
    others: tuple[tuple[int, str], ...]


def person_of(request: HttpRequest, actor: Actor) -> Person | None:
    """Return the person the bar names, with the roles held today and those they may act with for others."""
    if actor.user_id is None:
        return None
    standing = request.standing  # type: ignore[attr-defined]
    names = titles({grant.organ for grant in actor.grants} | {row.assignment.organ for row in standing.delegations})
    posts = [f"{names[grant.organ]} · {grant.role.title}" for grant in actor.grants]
    shown = posts[0] + (_(" 等 {n} 项").format(n=len(posts)) if len(posts) > 1 else "") if posts else _("没有角色")
    audits = [row.valid_to for row in standing.assignments if row.role == Role.AUDITOR]
    others = tuple(
        (row.pk, f"{row.giver.name}（{names[row.assignment.organ]} · {Role(row.assignment.role).title}）")
        for row in standing.delegations
    )
    return Person(
        name=actor.name,
        post=shown,
        acting_for=actor.for_name,
        until=max((day for day in audits if day), default=None) if Role.AUDITOR in actor.roles else None,
        shortcuts=standing.user.shortcuts,
        acting=request.session.get(ACTING, 0) if actor.for_id is not None else 0,
        others=others,
    )


def unread_of(actor: Actor) -> int:
    """Return how many messages the person has not read."""
    from luoshi.office.messages.queries import unread

    return unread(actor.user_id) if actor.user_id is not None else 0


def seconds_left(request: HttpRequest) -> int | None:
    """Return how long the login still lasts; None for a visitor, or a login that nobody began on the login page."""
    until = request.session.get(UNTIL) if actor_in(request).user_id is not None else None
    return None if until is None else max(int(until - CLOCK.now().timestamp()), 0)


def actor_in(request: HttpRequest) -> Actor:
    """Return who sends the request; a visitor where nobody has asked yet."""
    found: Actor = getattr(request, "actor", VISITOR)
    return found


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template needs. What costs a query is asked for only where the shell is drawn."""
    asof, actor = as_of(request), actor_in(request)
    nav = cache(lambda: places.rail(actor, request.path, switching.carrying("", switching.present(request))))
    size = request.COOKIES.get("ls_size", "")
    return {
        "nav": nav,
        "switch": cache(lambda: switching.choices(request, actor, nav())),
        "bar": lambda: places.bar(actor, request.path),
        "demo": settings.DEMO,
        "asof": asof,
        "readonly": asof.active,
        "actor": actor,
        "person": SimpleLazyObject(lambda: person_of(request, actor)),
        "unread": cache(lambda: unread_of(actor)),
        "messages_href": places.address("messages"),
        "session_left": lambda: seconds_left(request),
        "emergency": cache(emergency),
        "search_href": places.address("search") or places.address("policy"),
        "version": luoshi.__version__,
        "incident": getattr(request, "incident", ""),
        "lang": "en" if request.COOKIES.get("ls_lang") == "en" else "zh-hans",
        "size": size if size in SIZES else "",
        "large": size in SIZES,
        "next_size": NEXT_SIZE.get(size, "large"),
        "query": request.GET,
    }


SIZES = ("large", "largest")
NEXT_SIZE = {"large": "largest", "largest": "normal"}
