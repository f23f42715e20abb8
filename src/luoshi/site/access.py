"""Who asks, and may they: every page and every operation of the API names the permission it needs.

A page is decorated with `@needs("duty.see")`, an operation of the API has `auth=Needs("duty.see")`. What is not named
is not served: `tests/site/test_permissions.py` walks all addresses. Which records a person sees inside a page is the
query's affair (`permissions.scope_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import add_never_cache_headers, patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from ninja.security import HttpBearer

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import sessions
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing, user_of_token
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.duties.concern import remembered
from luoshi.office.permissions import may, require
from luoshi.site.context import ACTING, UNTIL
from luoshi.site.errors import error_page, incident_of
from luoshi.site.pages import page

View = TypeVar("View", bound=Callable[..., HttpResponseBase])
Next = Callable[[HttpRequest], HttpResponse]

OPEN = "open"
"""What a page needs that everybody may use, logged in or not: logging in, choosing the language, the health check."""


def needs(key: str) -> Callable[[View], View]:
    """Declare the permission a page needs; `OPEN` for none."""

    def mark(view: View) -> View:
        view.needs = key  # type: ignore[attr-defined]
        return view

    return mark


def actor_of(request: HttpRequest) -> Actor:
    """Return who sends the request; a visitor when nobody is logged in."""
    return request.actor  # type: ignore[attr-defined,no-any-return]


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
        if getattr(request, "restricted", False):
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


class Needs(HttpBearer):
    """The API's guard of one operation: a bearer token or the session of the page; visitors where the table lets them.

    E_LOGIN for a token that is none or for nobody at all, E_FORBIDDEN for a person without the permission.
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key

    def __call__(self, request: HttpRequest) -> Any:
        """Return who acts, or refuse."""
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if header:
            user = user_of_token(token.strip()) if scheme.lower() == "bearer" else None
            if user is None:
                raise LuoshiError("E_LOGIN", "令牌无效、已过期或已收回。请在“系统 / 我的账号”另发令牌。")
            request.user = user
            request.actor = standing(user).actor("api", request_id=incident_of(request))  # type: ignore[attr-defined]
        actor = actor_of(request)
        if not header and request.user.is_authenticated and request.user.must_change_password:
            raise LuoshiError("E_STATE", "首次登录须先更换口令，再用接口。")
        if not may(actor, self.key) and not actor.grants:
            raise LuoshiError("E_LOGIN", "这个接口须登录：请在请求头写 Authorization: Bearer 令牌。")
        require(actor, self.key)
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """Not used: `__call__` does all of it."""
        raise NotImplementedError
