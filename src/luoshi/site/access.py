"""Finds out who asks, and refuses the pages they may not use; what a page needs is said with `office.web.needs`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode

from luoshi.kernel.errors import LuoshiError
from luoshi.office import ready
from luoshi.office.accounts import sessions
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties.concern import remembered
from luoshi.office.permissions import may, require
from luoshi.office.web import OPEN, Needs, actor_of, incident_of, needs, page
from luoshi.site.context import ACTING, UNTIL
from luoshi.site.errors import error_page

__all__ = ["OPEN", "Access", "Needs", "actor_of", "needs"]

Next = Callable[[HttpRequest], HttpResponse]


class Access:
    """Sets `request.actor` and `request.standing`, and refuses pages the actor may not use."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        request.standing = SimpleLazyObject(lambda: _standing(request))  # type: ignore[attr-defined]
        request.actor = SimpleLazyObject(lambda: _actor(request))  # type: ignore[attr-defined]
        if request.method in ("GET", "HEAD"):
            # What a page reads of organs does not change while it is made: it is asked once.
            with remembered():
                response = self.get_response(request)
        else:
            response = self.get_response(request)
        _note_use(request)
        # What is the same for everybody may be kept by everybody.
        if getattr(request, "restricted", False) and ready.MARK not in response:
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        patch_vary_headers(response, ("Cookie",))
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse a page whose permission the actor lacks: to the login page, or E_FORBIDDEN."""
        key = getattr(view, "needs", None)
        if key is None or key == OPEN:
            return None
        request.restricted = True  # type: ignore[attr-defined]
        actor = actor_of(request)
        if request.user.is_authenticated and request.user.must_change_password and request.path not in _UNCHANGED:
            return HttpResponseRedirect(f"{reverse('password')}?{urlencode({'next': request.get_full_path()})}")
        if may(actor, key):
            return None
        if not actor.grants and not request.user.is_authenticated:
            return _to_login(request)
        try:
            require(actor, key)
        except LuoshiError as error:
            return error_page(request, error)
        return None


_UNCHANGED = ("/account/password/",)
"""Where a person with a first password may go before changing it."""


def _note_use(request: HttpRequest) -> None:
    # Only logins begun on the login page are followed; at most one write every few minutes.
    session = getattr(request, "session", None)
    if session is None or not session.accessed or UNTIL not in session or not session.session_key:
        return
    key = session.session_key
    if request.user.is_authenticated and cache.add(f"seen:{key}", 1, sessions.SEEN_EVERY.total_seconds()):
        sessions.seen(key, request.user.pk)


def _to_login(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        typed = [
            (name, value)
            for name, values in request.POST.lists()
            for value in values
            if value and name != "csrfmiddlewaretoken" and "password" not in name and name != "code"
        ]
        context = {"page_title": "登录已到期", "crumbs": [], "typed": typed, "incident": incident_of(request)}
        return page(request, "site/expired.html", context, fragment="expired", status=401)
    address = f"{reverse('login')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _standing(request: HttpRequest) -> Any:
    user = request.user
    return standing(user) if isinstance(user, User) else None


def _actor(request: HttpRequest) -> Actor:
    if not request.user.is_authenticated:
        return VISITOR
    acting = request.session.get(ACTING)
    try:
        return request.standing.actor("web", acting=acting, request_id=incident_of(request))  # type: ignore[attr-defined,no-any-return]
    except LuoshiError:
        request.session.pop(ACTING, None)
        return request.standing.actor("web", request_id=incident_of(request))  # type: ignore[attr-defined,no-any-return]
