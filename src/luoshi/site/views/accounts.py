"""A person's own account: e-mail, password, second factor, tokens, delegations, logins, views of lists."""

from __future__ import annotations

import datetime
from io import BytesIO
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from luoshi.kernel.clock import CLOCK
from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts import credentials, delegations, own, passwords, queries, sessions
from luoshi.office.accounts.models import Assignment, Delegation, User
from luoshi.office.accounts.organs import titles
from luoshi.office.accounts.sealing import seal, unseal
from luoshi.office.actors import Actor
from luoshi.office.roles import Role
from luoshi.office.web import incident_of
from luoshi.site.access import OPEN, actor_of, needs
from luoshi.site.pages import page
from luoshi.site.places import system_pages
from luoshi.site.views import login as login_views
from luoshi.site.views import people as people_views
from luoshi.site.views.login import safe_next

_SECRET = "totp"  # noqa: S105 - the name under which the session keeps it


def oneself(request: HttpRequest) -> Actor:
    """Return the person at the keyboard as such, also while acting for another: one's own account stays one's own."""
    actor = actor_of(request)
    if actor.for_id is None:
        return actor
    found: Actor = request.standing.actor("web", request_id=incident_of(request))  # type: ignore[attr-defined]
    return found


def refusal(error: LuoshiError) -> dict[str, str]:
    """Return a refused form's fault under its field, as `ls_errors` shows it; what is about no field is raised on."""
    if error.http_status not in (404, 409, 422) and "field" not in error.fields:
        raise error
    return {str(error.fields.get("field", "")): error.message}


def day_of(text: str, field: str) -> datetime.date:
    """Return the day a date field says; E_INPUT for what is none."""
    try:
        return datetime.date.fromisoformat(text.strip())
    except ValueError:
        raise LuoshiError("E_INPUT", f"“{text[:20]}”不是日期，应如 2019-10-31。", fields={"field": field}) from None


def number_of(text: str, field: str = "") -> int:
    """Return the id a form says; E_INPUT for what is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise LuoshiError("E_INPUT", "没有这一项，请重选。", fields={"field": field})
    return int(text)


@needs("desk.see")
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Show one's own account."""
    return _account(request)


def _account(request: HttpRequest, errors: dict[str, str] | None = None, shown: Any = None) -> HttpResponse:
    user = _user(request)
    key = request.session.session_key
    secret, drawn = request.session.get(_SECRET), ""
    if secret and not user.totp:
        plain = unseal(secret, f"pending:{user.pk}")
        drawn, secret = qr(credentials.address_of(user, plain)), plain
    context = {
        "page_title": _("我的账号"),
        "crumbs": [],
        "user": user,
        "errors": errors or {},
        "held": role_rows(queries.standing(user).assignments),
        "tokens": queries.tokens_of(user.pk),
        "today": CLOCK.today(),
        "year_on": CLOCK.today() + datetime.timedelta(days=365),
        "sessions": [
            {"row": row, "agent": agent_words(row.agent), "here": row.session_key == key}
            for row in queries.sessions_of(user.pk)
        ],
        "given": delegation_rows(queries.delegations_given(user.pk)),
        "taken": delegation_rows(queries.delegations_taken(user.pk)),
        "secret": secret if drawn else "",
        "qr": drawn,
        "left_codes": user.recovery_codes.filter(used_at__isnull=True).count() if user.totp else 0,
        "typed": request.POST if errors else {},
        "token_text": "",
        "codes": [],
    } | (shown or {})
    return page(request, "site/account.html", context, status=422 if errors else 200)


@needs("desk.see")
@require_POST
def profile(request: HttpRequest) -> HttpResponse:
    """Change e-mail and shortcuts."""
    try:
        own.change_profile(
            actor=oneself(request),
            email=request.POST.get("email", "")[:254],
            shortcuts=request.POST.get("shortcuts") == "1",
        )
    except LuoshiError as error:
        return _account(request, refusal(error))
    return HttpResponseRedirect(reverse("account"), status=303)


@needs(OPEN)
@sensitive_post_parameters("old", "password", "again")
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password; a first one must be changed before anything else."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("login"))
    errors: dict[str, str] = {}
    if request.method == "POST":
        new, again = request.POST.get("password", "")[:300], request.POST.get("again", "")[:300]
        try:
            if new != again:
                raise LuoshiError("E_INPUT", _("两次填的新口令不一样，请重填。"), fields={"field": "again"})
            user = passwords.change_password(
                actor=oneself(request),
                old=request.POST.get("old", "")[:300],
                new=new,
                keep_session=request.session.session_key or "",
            )
            old_key = request.session.session_key or ""
            update_session_auth_hash(request, user)
            sessions.moved(old_key, request.session.session_key or "")
            return HttpResponseRedirect(safe_next(request, reverse("account")), status=303)
        except LuoshiError as error:
            errors = refusal(error)
    context = {
        "page_title": _("更换口令"),
        "crumbs": [],
        "errors": errors,
        "first": _user(request).must_change_password,
        "next": safe_next(request, ""),
    }
    return page(request, "site/password.html", context, status=422 if errors else 200)


@needs("desk.see")
@require_POST
def totp_begin(request: HttpRequest) -> HttpResponse:
    """Make a secret and show it; the second factor is on only once a code has come back."""
    user = _user(request)
    request.session[_SECRET] = seal(credentials.new_secret(), f"pending:{user.pk}")
    return HttpResponseRedirect(f"{reverse('account')}#totp", status=303)


@needs("desk.see")
@require_POST
def totp_confirm(request: HttpRequest) -> HttpResponse:
    """Turn the second factor on and show the recovery codes once."""
    user, kept = _user(request), request.session.get(_SECRET)
    if not kept:
        return HttpResponseRedirect(reverse("account"), status=303)
    try:
        codes = credentials.confirm_totp(
            actor=oneself(request),
            secret=unseal(kept, f"pending:{user.pk}"),
            code=request.POST.get("code", "").strip()[:20],
        )
    except LuoshiError as error:
        return _account(request, refusal(error))
    del request.session[_SECRET]
    return _account(request, shown={"codes": codes})


@needs("desk.see")
@require_POST
def totp_off(request: HttpRequest) -> HttpResponse:
    """Turn the second factor off, or take new recovery codes."""
    code = request.POST.get("code", "")[:40]
    try:
        if request.POST.get("act") == "codes":
            return _account(
                request, shown={"codes": credentials.renew_recovery_codes(actor=oneself(request), code=code)}
            )
        credentials.turn_totp_off(actor=oneself(request), code=code)
    except LuoshiError as error:
        return _account(request, refusal(error))
    return HttpResponseRedirect(f"{reverse('account')}#totp", status=303)


@needs("token.own")
@require_POST
def token_give(request: HttpRequest) -> HttpResponse:
    """Make an API token; its text is on this answer and nowhere else."""
    try:
        row, text = credentials.give_token(
            actor=oneself(request),
            label=request.POST.get("label", ""),
            expires_on=day_of(request.POST.get("expires_on", ""), "expires_on"),
        )
    except LuoshiError as error:
        return _account(request, refusal(error))
    return _account(request, shown={"token_text": text, "token_label": row.label})


@needs("token.own")
@require_POST
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a token."""
    credentials.revoke_token(actor=oneself(request), token_id=pk)
    return HttpResponseRedirect(f"{reverse('account')}#tokens", status=303)


@needs("desk.see")
@require_POST
def sessions_end(request: HttpRequest) -> HttpResponse:
    """End the other logins, or one of them."""
    asked = request.POST.get("session", "")
    sessions.end_elsewhere(
        actor=oneself(request),
        session_key=request.session.session_key or "",
        session_id=number_of(asked) if asked else None,
    )
    return HttpResponseRedirect(f"{reverse('account')}#sessions", status=303)


@needs("desk.see")
@require_POST
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the present conditions of a list under a name."""
    own.save_view(
        actor=oneself(request),
        name=request.POST.get("list", ""),
        words=request.POST.get("name", ""),
        query=request.POST.get("query", ""),
    )
    return HttpResponseRedirect(safe_next(request, reverse("desk")), status=303)


@needs("desk.see")
@require_POST
def view_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a kept view off the list."""
    own.drop_view(actor=oneself(request), view_id=pk)
    return HttpResponseRedirect(safe_next(request, reverse("desk")), status=303)


@needs("desk.see")
def delegations_page(request: HttpRequest) -> HttpResponse:
    """Show and give delegations."""
    user, errors = _user(request), {}
    actor = oneself(request)
    if request.method == "POST":
        try:
            delegations.give_delegation(
                actor=actor_of(request),
                taker_login=request.POST.get("taker_login", ""),
                assignment_id=number_of(request.POST.get("assignment_id", ""), "assignment_id"),
                valid_from=day_of(request.POST.get("valid_from", ""), "valid_from"),
                valid_to=day_of(request.POST.get("valid_to", ""), "valid_to"),
                basis=request.POST.get("basis", ""),
            )
            return HttpResponseRedirect(reverse("delegations"), status=303)
        except LuoshiError as error:
            errors = refusal(error)
    held = [row for row in queries.standing(user).assignments if row.role not in (Role.AUDITOR, Role.ADMINISTRATOR)]
    context = {
        "page_title": _("授权代行"),
        "crumbs": [],
        "errors": errors,
        "typed": request.POST,
        "given": delegation_rows(queries.delegations_given(user.pk)),
        "taken": delegation_rows(queries.delegations_taken(user.pk)),
        "held": [(row["pk"], f"{row['organ']} · {row['role']}") for row in role_rows(held)],
        "people": [(one.login, f"{one.name}（{one.login}）") for one in queries.colleagues(user)] if held else [],
        "today": CLOCK.today(),
        "acting": actor_of(request).for_name,
        "own": actor,
    }
    return page(request, "site/delegations.html", context, status=422 if errors else 200)


@needs("desk.see")
@require_POST
def delegation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation at once."""
    delegations.revoke_delegation(actor=oneself(request), delegation_id=pk, reason=request.POST.get("reason", ""))
    return HttpResponseRedirect(reverse("delegations"), status=303)


@needs("desk.see")
@require_safe
def system(request: HttpRequest) -> HttpResponse:
    """List what the person finds under 系统."""
    context = {"page_title": _("系统"), "crumbs": [], "pages": system_pages(actor_of(request))}
    return page(request, "site/system.html", context)


def role_rows(rows: list[Assignment] | Any) -> list[dict[str, Any]]:
    """Return roles as pages show them: organ by its name, state in words."""
    names, today = titles({row.organ for row in rows}), CLOCK.today()
    return [
        {
            "pk": row.pk,
            "role": Role(row.role).title,
            "organ": names[row.organ],
            "slug": row.organ,
            "post": row.post,
            "from": row.valid_from,
            "to": row.valid_to,
            "ended_at": row.ended_at,
            "live": row.held_on(today),
            "coming": row.ended_at is None and row.valid_from > today,
            "by": row.granted_by,
        }
        for row in rows
    ]


def delegation_rows(rows: Any) -> list[dict[str, Any]]:
    """Return delegations as pages show them; `state` live, coming, revoked or over."""
    names, today = titles({row.assignment.organ for row in rows}), CLOCK.today()
    return [
        {
            "pk": row.pk,
            "giver": row.giver.name,
            "taker": row.taker.name,
            "role": f"{names[row.assignment.organ]} · {Role(row.assignment.role).title}",
            "from": row.valid_from,
            "to": row.valid_to,
            "basis": row.basis,
            "state": _state_of(row, today),
            "revoked_at": row.revoked_at,
        }
        for row in rows
    ]


def _state_of(row: Delegation, today: datetime.date) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.valid_to < today or row.assignment.ended_at is not None or not row.giver.is_active:
        return "over"
    return "coming" if row.valid_from > today else "live"


def agent_words(agent: str) -> str:
    """Return browser and system in a word or two, from what the browser says of itself."""
    systems = (("Android", _("安卓手机")), ("iPhone", "iPhone"), ("Windows", "Windows"), ("Mac OS", "macOS"),
               ("Linux", "Linux"))  # fmt: skip
    browsers = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    found = [next((words for mark, words in marks if mark in agent), "") for marks in (browsers, systems)]
    return " · ".join(word for word in found if word) or _("未识别的程序")


def qr(text: str) -> SafeString:
    """Return a QR code as inline SVG, with attributes only."""
    import segno

    out = BytesIO()
    segno.make(text, error="m").save(
        out, kind="svg", scale=5, border=2, xmldecl=False, svgns=True, svgclass="la-qr", lineclass=None, omitsize=False
    )
    return mark_safe(out.getvalue().decode())  # noqa: S308 - drawn by segno from numbers


def _user(request: HttpRequest) -> User:
    user = request.user
    assert isinstance(user, User)
    return user


urlpatterns: list[URLPattern] = [
    *login_views.urlpatterns,
    path("account/", account, name="account"),
    path("account/profile/", profile, name="profile"),
    path("account/password/", password, name="password"),
    path("account/totp/", totp_begin, name="totp-begin"),
    path("account/totp/confirm/", totp_confirm, name="totp-confirm"),
    path("account/totp/off/", totp_off, name="totp-off"),
    path("account/tokens/", token_give, name="token-give"),
    path("account/tokens/<int:pk>/revoke/", token_revoke, name="token-revoke"),
    path("account/sessions/end/", sessions_end, name="sessions-end"),
    path("account/views/", view_save, name="view-save"),
    path("account/views/<int:pk>/drop/", view_drop, name="view-drop"),
    path("delegations/", delegations_page, name="delegations"),
    path("delegations/<int:pk>/revoke/", delegation_revoke, name="delegation-revoke"),
    path("system/", system, name="system"),
    *people_views.urlpatterns,
]
