"""Logging in, own account, people and roles, delegations."""

from __future__ import annotations

from django.contrib.auth import authenticate
from django.contrib.auth import login as log_in
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from luoshi.site.access import OPEN, needs
from luoshi.site.pages import page


@needs(OPEN)
def login(request: HttpRequest) -> HttpResponse:
    """Ask for login and password; lead back to where the person came from."""
    error = ""
    if request.method == "POST":
        user = authenticate(
            request, username=request.POST.get("login", "")[:60], password=request.POST.get("password", "")[:200]
        )
        if user is not None:
            log_in(request, user)
            target = request.GET.get("next", "")
            ok = url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure())
            return HttpResponseRedirect(target if ok else "/desk")
        error = _("账号或口令不对。")
    return page(
        request,
        "site/login.html",
        {"page_title": _("登录"), "crumbs": [], "error": error},
        status=422 if error else 200,
    )


@needs("desk.see")
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the present conditions of a list under a name."""
    raise NotImplementedError


urlpatterns: list[URLPattern] = [
    path("login/", login, name="login"),
    path("account/views/", view_save, name="view-save"),
    path("account/views/<int:pk>/drop/", view_save, name="view-drop"),
]
