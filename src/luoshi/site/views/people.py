"""People and their roles, as the administrator keeps them and others may look at them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import actions, passwords, queries
from luoshi.office.accounts.models import User
from luoshi.office.accounts.organs import choices, slug_of, titles
from luoshi.office.permissions import may
from luoshi.office.roles import PERMISSIONS, ROLE_TITLES, SECOND_HAND, SEPARATIONS, Reach, Role
from luoshi.site.access import actor_of, needs
from luoshi.site.addresses import Address, page_links
from luoshi.site.pages import page

_SIZE = 50


def roles_offered() -> list[tuple[str, str]]:
    """Return the roles that can be given, as (value, title)."""
    return [(role.value, title) for role, title in ROLE_TITLES.items() if role is not Role.PUBLIC]


@needs("user.see")
def people(request: HttpRequest) -> HttpResponse:
    """List the accounts; the administrator opens new ones here."""
    errors: dict[str, str] = {}
    actor = actor_of(request)
    if request.method == "POST":
        try:
            user, first = actions.open_account(
                actor=actor,
                login=request.POST.get("login", ""),
                name=request.POST.get("name", ""),
                email=request.POST.get("email", ""),
            )
            return _person(request, user, shown={"first_password": first}, status=201)
        except LuoshiError as error:
            errors = _refusal(error)
    query = request.GET
    organ = query.get("organ", "").strip()[:80]
    found, total = queries.people_page(
        actor,
        q=query.get("q", "").strip()[:60],
        role=query.get("role", "") if query.get("role", "") in ROLE_TITLES else "",
        organ=slug_of(organ) if organ else "",
        closed=query.get("closed") == "1",
        size=_SIZE,
        after=query.get("after", ""),
        before=query.get("before", ""),
    )
    names = titles({row.organ for user in found.rows for row in user.held})
    context = {
        "page_title": _("人员"),
        "crumbs": [{"title": _("系统"), "href": reverse("system")}],
        "rows": [
            {
                "user": user,
                "roles": [f"{names[row.organ]} · {Role(row.role).title}" for row in user.held],
            }
            for user in found.rows
        ],
        "total": total,
        "page": page_links(Address(request), found, total),
        "roles": [("", _("全部角色")), *roles_offered()],
        "wanted": {name: query.get(name, "") for name in ("q", "role", "organ", "closed")},
        "errors": errors,
        "typed": request.POST,
        "may_manage": may(actor, "user.manage"),
    }
    return page(request, "site/people.html", context, status=422 if errors else 200)


@needs("user.see")
@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one person with all roles ever held."""
    return _person(request, queries.person(actor_of(request), pk))


def _person(
    request: HttpRequest,
    user: User,
    errors: dict[str, str] | None = None,
    shown: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    from luoshi.site.views.accounts import delegation_rows, role_rows

    actor = actor_of(request)
    context = {
        "page_title": user.name,
        "crumbs": [
            {"title": _("系统"), "href": reverse("system")},
            {"title": _("人员"), "href": reverse("people")},
        ],
        "user_shown": user,
        "roles": role_rows(queries.assignments_of(user)),
        "given": delegation_rows(queries.delegations_given(user.pk)),
        "taken": delegation_rows(queries.delegations_taken(user.pk)),
        "errors": errors or {},
        "typed": request.POST if errors else {},
        "today": CLOCK.today(),
        "may_manage": may(actor, "user.manage") and user.pk not in actor.hands,
        "oneself": user.pk in actor.hands,
        "role_choices": [("", _("请选择")), *roles_offered()],
        "organ_choices": choices(),
        "first_password": "",
    } | (shown or {})
    return page(request, "site/user.html", context, status=422 if errors else status)


@needs("user.manage")
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a role."""
    from luoshi.site.views.accounts import day_of

    user = queries.person(actor_of(request), pk)
    begin, end = request.POST.get("valid_from", ""), request.POST.get("valid_to", "")
    try:
        actions.assign_role(
            actor=actor_of(request),
            user_id=pk,
            role=request.POST.get("role", ""),
            organ=slug_of(request.POST.get("organ", "")[:80]),
            valid_from=day_of(begin, "valid_from") if begin else None,
            valid_to=day_of(end, "valid_to") if end else None,
            post=request.POST.get("post", ""),
        )
    except LuoshiError as error:
        return _person(request, user, _refusal(error))
    return HttpResponseRedirect(reverse("people-person", args=[pk]), status=303)


@needs("user.manage")
@require_POST
def end_role(request: HttpRequest, pk: int, assignment: int) -> HttpResponse:
    """End a role, at once or after a day."""
    from luoshi.site.views.accounts import day_of

    user = queries.person(actor_of(request), pk)
    last = request.POST.get("last_day", "")
    try:
        actions.end_role(
            actor=actor_of(request),
            assignment_id=assignment,
            last_day=day_of(last, f"last_day_{assignment}") if last else None,
            reason=request.POST.get("reason", ""),
        )
    except LuoshiError as error:
        return _person(request, user, _refusal(error))
    return HttpResponseRedirect(reverse("people-person", args=[pk]), status=303)


@needs("user.manage")
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Close or open an account, reset its password, correct its name."""
    user, act, actor = queries.person(actor_of(request), pk), request.POST.get("act", ""), actor_of(request)
    reason = request.POST.get("reason", "")
    try:
        if act == "close":
            actions.close_account(actor=actor, user_id=pk, reason=reason)
        elif act == "reopen":
            user, first = actions.reopen_account(actor=actor, user_id=pk, reason=reason)
            return _person(request, user, shown={"first_password": first})
        elif act == "password":
            user, first = passwords.reset_password(actor=actor, user_id=pk)
            return _person(request, user, shown={"first_password": first})
        elif act == "correct":
            actions.correct_person(
                actor=actor, user_id=pk, name=request.POST.get("name", ""), email=request.POST.get("email", "")
            )
        else:
            raise LuoshiError("E_INPUT", "没有这项操作。")
    except LuoshiError as error:
        return _person(request, user, _refusal(error))
    return HttpResponseRedirect(reverse("people-person", args=[pk]), status=303)


@needs("desk.see")
@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Print the table of permissions, the acts that need a second person, the roles that exclude each other."""
    words = {Reach.NONE: "—", Reach.OWN: _("本单位"), Reach.ALL: _("全部")}
    columns = list(ROLE_TITLES)
    context = {
        "page_title": _("角色与权限"),
        "crumbs": [{"title": _("系统"), "href": reverse("system")}],
        "columns": [role.title for role in columns],
        "rows": [
            {"key": row.key, "title": row.title, "cells": [words[row.reach[role]] for role in columns]}
            for row in PERMISSIONS.values()
        ],
        "seconds": [
            {"first": PERMISSIONS[first].title, "then": PERMISSIONS[then].title} for then, first in SECOND_HAND.items()
        ],
        "separations": SEPARATIONS,
    }
    return page(request, "site/roles.html", context)


def _refusal(error: LuoshiError) -> dict[str, str]:
    from luoshi.site.views.accounts import refusal

    return refusal(error)


urlpatterns: list[URLPattern] = [
    path("system/people/", people, name="people"),
    path("system/people/<int:pk>/", person, name="people-person"),
    path("system/people/<int:pk>/roles/", assign, name="people-assign"),
    path("system/people/<int:pk>/roles/<int:assignment>/end/", end_role, name="people-end-role"),
    path("system/people/<int:pk>/change/", change, name="people-change"),
    path("system/roles/", roles, name="roles"),
]
