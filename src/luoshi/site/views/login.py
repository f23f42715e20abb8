"""Coming in and going out: password, second factor, demonstration accounts, acting for another, the login's end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth import login as log_in
from django.contrib.auth import logout as log_out
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import sessions
from luoshi.office.accounts.credentials import second_factor_fits
from luoshi.office.accounts.models import User
from luoshi.office.accounts.queries import standing
from luoshi.office.actors import VISITOR, Actor
from luoshi.office.audit import actions as audit
from luoshi.office.audit.refusals import refused
from luoshi.office.web import incident_of
from luoshi.site.access import OPEN, actor_of, needs
from luoshi.site.context import ACTING, UNTIL
from luoshi.site.pages import page
from luoshi.site.places import landing

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_SECOND = "second"
_SECOND_MINUTES = 5
_WRONG = "账号或口令不对。请核对大小写后重填；忘记口令，请找系统管理重置。"


def safe_next(request: HttpRequest, fallback: str) -> str:
    """Return the address asked for in `next` when it is one of this site's, else `fallback`."""
    target = request.POST.get("next") or request.GET.get("next", "")
    ok = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
    return target if ok and target.startswith("/") and not target.startswith(reverse("login")) else fallback


@needs(OPEN)
@sensitive_post_parameters("password")
def login(request: HttpRequest) -> HttpResponse:
    """Ask for login and password; lead back to where the person came from, or to the second step."""
    if request.method != "POST":
        return _login_page(request)
    name = request.POST.get("login", "").strip().lower()[:60].replace("\0", "")
    if not AxesProxyHandler.is_allowed(request, {"login": name}):
        return _locked(request, name)
    user = authenticate(request, login=name, password=request.POST.get("password", "")[:200])
    if getattr(request, "axes_locked_out", False):
        return _locked(request, name)
    if not isinstance(user, User):
        _note_failure(request, name)
        return _login_page(request, {"login": _(_WRONG)}, name)
    if user.totp:
        request.session[_SECOND] = {"id": user.pk, "at": int(time.time()), "next": safe_next(request, "")}
        request.session.cycle_key()
        return HttpResponseRedirect(reverse("login-second"))
    return _enter(request, user, safe_next(request, ""))


@needs(OPEN)
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the six digits of the device, or a recovery code; wrong ones count like wrong passwords."""
    waiting = request.session.get(_SECOND)
    if not waiting or time.time() - waiting["at"] > _SECOND_MINUTES * 60:
        request.session.pop(_SECOND, None)
        return HttpResponseRedirect(reverse("login"))
    user = User.objects.filter(pk=waiting["id"], is_active=True).first()
    if user is None:
        return HttpResponseRedirect(reverse("login"))
    errors: dict[str, str] = {}
    if request.method == "POST":
        if not AxesProxyHandler.is_allowed(request, {"login": user.login}):
            return _locked(request, user.login)
        if second_factor_fits(user, request.POST.get("code", "")[:40]):
            del request.session[_SECOND]
            return _enter(request, user, waiting["next"])
        user_login_failed.send(sender=__name__, credentials={"login": user.login}, request=request)
        _note_failure(request, user.login)
        if getattr(request, "axes_locked_out", False):
            return _locked(request, user.login)
        errors["code"] = _("数字不对或已过时。请看手机上现在的六位数字，或用一个没用过的恢复码。")
    context = {"page_title": _("登录：第二步"), "crumbs": [], "errors": errors}
    return page(request, "site/login_second.html", context, status=422 if errors else 200)


@needs(OPEN)
@require_POST
def enter_demo(request: HttpRequest) -> HttpResponse:
    """Let a visitor of the demonstration in as one of its invented people; refused anywhere else."""
    from luoshi.office.accounts.demo import PEOPLE

    name = request.POST.get("login", "")
    if not settings.DEMO or name not in {one.login for one in PEOPLE}:
        raise LuoshiError("E_FORBIDDEN", "这里不是演示，不能免口令进入。请用自己的账号登录。")
    user = User.objects.filter(login=name, is_active=True).first()
    if user is None:
        raise LuoshiError("E_NOT_FOUND", "演示账号还没有装入。请运行 luoshi demo。")
    return _enter(request, user, safe_next(request, ""))


@needs(OPEN)
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the login."""
    if request.user.is_authenticated and request.session.session_key:
        sessions.end(actor=_own(request), session_key=request.session.session_key)
    log_out(request)
    return HttpResponseRedirect(reverse("login"))


@needs("desk.see")
@require_POST
def extend(request: HttpRequest) -> HttpResponse:
    """Let the login last another full time."""
    request.session[UNTIL] = int(CLOCK.now().timestamp()) + settings.SESSION_COOKIE_AGE
    if request.headers.get("X-Requested-With"):
        return HttpResponse(status=204)
    return HttpResponseRedirect(safe_next(request, reverse("desk")))


@needs(OPEN)
def done(request: HttpRequest) -> HttpResponse:
    """Say, in the window in which somebody logged in again, that the other page can go on."""
    context = {"page_title": _("已登录"), "crumbs": []}
    return page(request, "site/session_done.html", context)


@needs(OPEN)
@require_POST
def act_for(request: HttpRequest) -> HttpResponse:
    """Begin to act under a delegation, or go back to oneself; what may be done from then on is the giver's."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("login"))
    text = request.POST.get("delegation", "")
    own = _own(request)
    if text:
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise LuoshiError("E_INPUT", "没有这份授权。")
        acting = request.standing.actor("web", acting=int(text), request_id=incident_of(request))  # type: ignore[attr-defined]
        request.session[ACTING] = int(text)
        after: Any = {"delegation": int(text), "for": acting.for_name}
    else:
        request.session.pop(ACTING, None)
        after = {"delegation": None}
    audit.append(actor=own, act="access.act_for", subject=f"user:{own.user_id}", after=after, stream="access")
    return HttpResponseRedirect(safe_next(request, reverse("desk")))


@needs(OPEN)
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys, for who has no scripts."""
    return page(request, "site/keys.html", {"page_title": _("快捷键"), "crumbs": []})


def _login_page(request: HttpRequest, errors: dict[str, str] | None = None, name: str = "") -> HttpResponse:
    samples: Sequence[Any] = ()
    if settings.DEMO:
        from luoshi.office.accounts import demo

        samples = demo.samples()
    context = {
        "page_title": _("登录"),
        "crumbs": [],
        "errors": errors or {},
        "login": name,
        "next": safe_next(request, ""),
        "samples": samples,
    }
    return page(request, "site/login.html", context, status=422 if errors else 200)


def _locked(request: HttpRequest, name: str) -> HttpResponse:
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    # The middleware of axes would answer in English.
    request.axes_locked_out = False  # type: ignore[attr-defined]
    refused(
        actor=_somebody(request, name),
        error=LuoshiError("E_LOGIN", "连错多次，暂停登录。"),
        subject=f"login:{name}",
        address=_address(request),
    )
    context = {"page_title": _("暂停登录"), "crumbs": [], "minutes": minutes, "tries": settings.AXES_FAILURE_LIMIT}
    response = page(request, "site/login_locked.html", context, status=429)
    response["Retry-After"] = str(minutes * 60)
    return response


def _enter(request: HttpRequest, user: User, target: str) -> HttpResponse:
    log_in(request, user, backend=_BACKEND)
    request.session[UNTIL] = int(CLOCK.now().timestamp()) + settings.SESSION_COOKIE_AGE
    request.session.pop(ACTING, None)
    if not request.session.session_key:
        request.session.save()
    actor = standing(user).actor("web", request_id=incident_of(request))
    sessions.begin(
        actor=actor,
        user=user,
        session_key=request.session.session_key or "",
        agent=request.headers.get("User-Agent", ""),
        address=_address(request),
    )
    if user.must_change_password:
        asked = f"?{urlencode({'next': target})}" if target else ""
        return HttpResponseRedirect(reverse("password") + asked)
    return HttpResponseRedirect(target or landing(actor))


def _note_failure(request: HttpRequest, name: str) -> None:
    refused(
        actor=_somebody(request, name),
        error=LuoshiError("E_LOGIN", _WRONG),
        subject=f"login:{name}",
        address=_address(request),
    )


def _somebody(request: HttpRequest, name: str) -> Actor:
    return Actor(name or VISITOR.name, "web", request_id=incident_of(request))


def _own(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if actor.for_id is None:
        return actor
    own: Actor = request.standing.actor("web", request_id=incident_of(request))  # type: ignore[attr-defined]
    return own


def _address(request: HttpRequest) -> str:
    return str(get_client_ip_address(request) or "")


urlpatterns: list[URLPattern] = [
    path("login/", login, name="login"),
    path("login/second/", second_step, name="login-second"),
    path("login/demo/", enter_demo, name="login-demo"),
    path("logout/", logout, name="logout"),
    path("session/extend/", extend, name="session-extend"),
    path("session/done/", done, name="session-done"),
    path("account/act-for/", act_for, name="act-for"),
    path("keys/", keys, name="keys"),
]
