"""What happens around every request: an id, the language, the upload bound, refusals turned into pages."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from luoshi.kernel.errors import LuoshiError
from luoshi.site.errors import PROBLEM, error_page, problem

Next = Callable[[HttpRequest], HttpResponse]

log = logging.getLogger("luoshi.request")


class RequestId:
    """Gives each request a short id, shown on error pages and in the header X-Request-Id.

    It stands outermost, so it also takes down who was refused what, after every transaction of the request has ended.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        request.incident = secrets.token_hex(4)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.incident  # type: ignore[attr-defined]
        if (error := getattr(request, "refusal", None)) is not None:
            _take_down(request, error)
        return response


def _take_down(request: HttpRequest, error: LuoshiError) -> None:
    from luoshi.office.actors import VISITOR
    from luoshi.office.audit.refusals import CODES, refused

    if error.code not in CODES:
        return
    actor = getattr(request, "actor", VISITOR)
    address = request.META.get("REMOTE_ADDR", "")
    refused(actor=actor, error=error, subject=f"{request.method} {request.path}", address=address)


class Language:
    """Chinese, unless the reader has chosen English (cookie `ls_lang`)."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        language = "en" if request.COOKIES.get("ls_lang") == "en" else settings.LANGUAGE_CODE
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class UploadBound:
    """Refuses a body above the upload bound by its length, before any of it is read."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            bound = settings.UPLOAD_BYTES // (1024 * 1024)
            message = (
                f"文件有 {int(length) / 1024 / 1024:.0f} MB，超过上限 {bound} MB，没有接收。"
                "请拆分成几个文件（表格按日期、公报按期）再传；有图片的，先缩小或去掉图片。"
            )
            request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
            return error_page(request, LuoshiError("E_TOO_LARGE", message))
        return self.get_response(request)


class Readable:
    """Refuses addresses with a NUL character: no text has one, and no database stores it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return error_page(request, LuoshiError("E_INPUT", "地址里有不能识别的字符，请核对链接。"))
        return self.get_response(request)


class ApiGuard:
    """Refuses writes that another site's page sends to the API, and turns every plain error there into a problem."""

    _CODES: ClassVar[dict[int, tuple[str, str]]] = {
        400: ("E_INPUT", "请求的内容读不出，请对照接口说明改正。"),
        403: ("E_FORBIDDEN", "不允许这样访问接口。"),
        404: ("E_NOT_FOUND", "没有这个接口地址。"),
        405: ("E_INPUT", "这个接口地址不支持此方法。"),
    }

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.path_info.startswith("/api/"):
            return self.get_response(request)
        if request.method not in ("GET", "HEAD", "OPTIONS") and self._from_elsewhere(request):
            return problem(request, LuoshiError("E_FORBIDDEN", "这个请求来自别的网站的页面，没有办理。"))
        response = self.get_response(request)
        if response.status_code in self._CODES and not response.headers.get("Content-Type", "").startswith(PROBLEM):
            code, message = self._CODES[response.status_code]
            answer = problem(request, LuoshiError(code, message), status=response.status_code)
            if "Allow" in response:
                answer["Allow"] = response["Allow"]
            return answer
        return response

    @staticmethod
    def _from_elsewhere(request: HttpRequest) -> bool:
        origin = request.headers.get("Origin", "")
        own = f"{request.scheme}://{request.get_host()}"
        return bool(origin) and origin != own and origin not in settings.CSRF_TRUSTED_ORIGINS


class Refusals:
    """Turns a refusal raised in a page's view into its page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a `LuoshiError`; defects go on to the 500 page and the log."""
        if isinstance(exception, LuoshiError):
            return error_page(request, exception)
        log.error("request %s %s failed", getattr(request, "incident", ""), request.path)
        return None
