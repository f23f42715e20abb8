"""What everybody may read without logging in: published papers, the Atom feed, the check page of a QR code."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import path, reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from luoshi.kernel.clock import local
from luoshi.office.notices import content, paper, queries
from luoshi.office.notices.kinds import kinds
from luoshi.office.notices.models import Notice
from luoshi.site.access import needs
from luoshi.site.addresses import Address
from luoshi.site.pages import page
from luoshi.site.typography import date_words

PAGE_SIZE = 30
MAX_AGE_S = 30


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=MAX_AGE_S)
def open_list(request: HttpRequest) -> HttpResponse:
    """Show the published papers, newest first."""
    at = Address(request)
    found = queries.public(size=PAGE_SIZE, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "page_title": _("公开文书"),
        "rows": [_row(one) for one in found.rows],
        "previous": at.having(before=found.previous) if found.previous else "",
        "next": at.having(after=found.next) if found.next else "",
    }
    return page(request, "site/notice_open_list.html", context)


def _row(row: Notice) -> dict[str, Any]:
    kind = kinds().get(row.kind)
    return {
        "href": reverse("open-notice", args=[row.slug]),
        "title": ("【演练】" if row.exercise else "") + row.title,
        "number": row.number_text,
        "kind": kind.title if kind else "",
        "day": row.dated,
        "void": row.state == Notice.State.VOID,
        "demo": row.demo,
    }


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=MAX_AGE_S)
def open_notice(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one published paper."""
    row = queries.public_notice(slug)
    follower = queries.follower_of(row)
    tag = f'"{row.digest[:20]}-{row.version}-{follower.pk if follower else 0}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified()
    context = {
        "page_title": row.title,
        "row": row,
        "paper": paper.html(content.printed(row), heading="h1"),
        "follower": follower,
        "file_href": reverse("open-notice-file", args=[row.slug]),
        "verify_href": reverse("open-verify", args=[row.slug]) + f"?d={row.digest[:16]}",
    }
    response = page(request, "site/notice_open.html", context)
    response["ETag"] = tag
    return response


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=MAX_AGE_S)
def open_file(request: HttpRequest, slug: str) -> HttpResponse:
    """Give out a published paper as PDF."""
    from luoshi.site.views.notices import send

    return send(queries.public_notice(slug), "pdf", inline=True)


@needs("open.see")
@require_safe
@cache_control(public=True, max_age=MAX_AGE_S)
def feed(request: HttpRequest) -> HttpResponse:
    """Give out the newest published papers as Atom; a void one says so and stays."""
    origin = settings.CSRF_TRUSTED_ORIGINS[0] if settings.CSRF_TRUSTED_ORIGINS else request.build_absolute_uri("/")[:-1]
    atom = Atom1Feed(
        title="公开文书", link=origin + reverse("open-notices"), description="已公开的文书", language="zh-CN",
        feed_url=origin + request.path,
    )  # fmt: skip
    for row in queries.fed():
        found = content.printed(row)
        marks = "".join(f"【{mark}】" for mark in found.marks)
        void = "【作废】" if row.state == Notice.State.VOID else ""
        issued = row.issued_at or row.drafted_at
        atom.add_item(
            title=f"{void}{marks}{row.title}",
            link=origin + reverse("open-notice", args=[row.slug]),
            description="\n".join(content.lines_of(found)),
            unique_id=f"urn:luoshi:notice:{row.slug}",
            pubdate=local(issued),
            updateddate=local(row.void_at or issued),
            author_name=found.issuer,
            categories=(row.number_text,) if row.number_text else (),
        )
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")


@needs("open.see")
@require_safe
def verify_form(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a printed paper."""
    code = "".join(request.GET.get("code", "").lower().split())[:20]
    if code:
        return _verdict(request, code, request.GET.get("d", ""))
    return page(request, "site/notice_verify.html", {"page_title": _("核验文书"), "asked": False, "code": ""})


@needs("open.see")
@require_safe
def verify(request: HttpRequest, slug: str) -> HttpResponse:
    """Tell whether a printed paper is genuine: what its QR code leads to."""
    return _verdict(request, slug[:20], request.GET.get("d", ""))


def _verdict(request: HttpRequest, slug: str, digest: str) -> HttpResponse:
    found = queries.verdict(slug, digest[:80])
    context = {
        "page_title": _("核验文书"),
        "asked": True,
        "code": slug,
        "digest": digest[:80],
        "found": found,
        "day": date_words(found.dated) if found and found.dated else "",
    }
    # Who looks for a code that is none gets the same page as who looks at a genuine one, with another answer.
    return page(request, "site/notice_verify.html", context, status=200 if found else 404)


urlpatterns = [
    path("open/notices/", open_list, name="open-notices"),
    path("open/notices.atom", feed, name="open-notices-feed"),
    path("open/notices/<str:slug>/", open_notice, name="open-notice"),
    path("open/notices/<str:slug>.pdf", open_file, name="open-notice-file"),
    path("open/verify/", verify_form, name="open-verify-form"),
    path("open/verify/<str:slug>/", verify, name="open-verify"),
]
