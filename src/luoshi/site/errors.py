"""Every refusal and defect becomes one page, one fragment or one RFC 9457 problem."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import incident_of
from luoshi.site.pages import page

PROBLEM = "application/problem+json"


def problem(request: HttpRequest, error: LuoshiError, *, status: int | None = None) -> JsonResponse:
    """Return the RFC 9457 answer for `error`; `status` where HTTP itself asks for another than the code's."""
    request.refusal = error  # type: ignore[attr-defined]
    status = status or error.http_status
    body = error.as_problem() | {"status": status, "instance": f"urn:luoshi:request:{incident_of(request)}"}
    return JsonResponse(body, status=status, content_type=PROBLEM, json_dumps_params={"ensure_ascii": False})


def error_page(request: HttpRequest, error: LuoshiError, *, remedy: str = "") -> HttpResponse:
    """Return the page for `error`, or the problem when the API was asked."""
    if request.path.startswith("/api/"):
        return problem(request, error)
    request.refusal = error  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "page_title": error.definition.title,
        "status": error.http_status,
        "code": error.code,
        "title": error.definition.title,
        "message": error.message,
        "remedy": remedy,
        "fields": [{"field": name, "message": value, "href": ""} for name, value in error.fields.items()],
        "incident": incident_of(request),
        "crumbs": [],
    }
    return page(request, "site/error.html", context, fragment="error", status=error.http_status)


def refused(request: HttpRequest, error: LuoshiError) -> HttpResponse:
    """Return the page for `error`; the problem when the API was asked, or by a program that reads only JSON."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return problem(request, error)
    return error_page(request, error)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    error = LuoshiError("E_NOT_FOUND", _("没有这个页面：地址可能抄错，或文件还没有导入。"))
    return error_page(request, error, remedy=_("可从“公报与政策”按文号查找。"))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer a request that cannot be read."""
    return error_page(request, LuoshiError("E_INPUT", _("请求的内容不完整或格式不对，没有办理。请返回上一页重试。")))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with the number under which the log has the defect."""
    message = _("系统出了差错，这次操作没有留下任何改动。请记下编号 %(id)s 告诉管理员。") % {"id": incident_of(request)}
    return error_page(request, LuoshiError("E_INTERNAL", message))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that does not come from this site's own page."""
    message = _("这张表单已失效（页面打开太久，或浏览器不收 Cookie），没有提交。请刷新页面后重填。")
    return error_page(request, LuoshiError("E_FORBIDDEN", message))
