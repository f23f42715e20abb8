"""The public API, version 1: OpenAPI 3.1 at /api/v1/openapi.json, every error an RFC 9457 problem."""

from __future__ import annotations

import logging
from functools import cached_property
from importlib import import_module
from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

import luoshi
from luoshi.kernel.errors import LuoshiError
from luoshi.office.web import incident_of
from luoshi.site.api import (
    accounts,
    audit,
    calendar,
    cases,
    coverage,
    decisions,
    duties,
    funds,
    gazettes,
    indicators,
    instruments,
    matters,
    notices,
    organs,
    parameters,
    procedures,
    registers,
    review,
    search,
)
from luoshi.site.errors import PROBLEM, problem
from luoshi.site.registry import load_programmes

log = logging.getLogger("luoshi.request")


class ChineseJSON(JSONRenderer):
    """JSON with its ideographs as they are, not as escapes."""

    def __init__(self) -> None:
        self.json_dumps_params = {"ensure_ascii": False}


class LuoshiAPI(NinjaAPI):
    """The API root; its schema says that errors are problems, and is made once: that takes more than a second."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """Return the OpenAPI document, errors with their media type; it is shared, not to be changed."""
        return self._schema(**kwargs) if any(kwargs.values()) else self._whole_schema

    @cached_property
    def _whole_schema(self) -> OpenAPISchema:
        return self._schema()

    def _schema(self, **kwargs: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**kwargs)
        for operations in schema["paths"].values():
            for operation in operations.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        response["description"] = "问题（RFC 9457）"
                        response["content"] = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return schema


api = LuoshiAPI(
    title="落实",
    renderer=ChineseJSON(),
    version=luoshi.__version__,
    description=(
        "公报编译、文件与条款、责任台账、单位、参数、决定。公开的文件、单位、参数和试算不需登录，"
        "其余用令牌（Authorization: Bearer）；每个错误都是 RFC 9457 问题，code 见错误表。"
    ),
    docs_url=None,
    openapi_url="openapi.json",
    urls_namespace="api-1",
)
api.add_router("", gazettes.router, tags=["公报"])
api.add_router("", instruments.router, tags=["文件"])
api.add_router("", duties.router, tags=["责任"])
api.add_router("", decisions.router, tags=["决定"])
api.add_router("", review.router, tags=["核对"])
api.add_router("", matters.router, tags=["事项"])
api.add_router("", cases.router, tags=["办件"])
api.add_router("", calendar.router, tags=["工作日历"])
api.add_router("", organs.router, tags=["单位"])
api.add_router("", parameters.router, tags=["参数"])
api.add_router("", procedures.router, tags=["办件程序"])
api.add_router("", coverage.router, tags=["条款覆盖"])
api.add_router("", registers.router, tags=["台账"])
api.add_router("", indicators.router, tags=["指标"])
api.add_router("", funds.router, tags=["资金"])
api.add_router("", accounts.router, tags=["账号"])
api.add_router("", audit.router, tags=["审计"])
api.add_router("", search.router, tags=["检索"])
api.add_router("", notices.router, tags=["文书"])
for room in load_programmes():
    if room.api:
        api.add_router("", import_module(room.api).router, tags=[room.title])


@api.exception_handler(LuoshiError)
def _refused(request: HttpRequest, error: LuoshiError) -> HttpResponse:
    return problem(request, error)


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    faults = [
        {"field": ".".join(str(part) for part in fault["loc"]), "fault": fault["msg"], "type": fault["type"]}
        for fault in error.errors
    ]
    names = "、".join(f"“{fault['field']}”" for fault in faults[:5])
    return problem(
        request, LuoshiError("E_INPUT", f"填写有误：{names}。请对照接口说明改正。", fields={"faults": faults})
    )


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    return problem(request, LuoshiError("E_INPUT", "请求的内容读不出：应是 UTF-8 编码的有效 JSON 对象。"))


@api.exception_handler(RequestDataTooBig)
@api.exception_handler(TooManyFilesSent)
def _too_big(request: HttpRequest, error: Exception) -> HttpResponse:
    return problem(request, LuoshiError("E_TOO_LARGE", "请求的内容过大，没有接收。"))


@api.exception_handler(Http404)
def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, LuoshiError("E_NOT_FOUND", "没有这个接口地址。"))


@api.exception_handler(Exception)
def _defect(request: HttpRequest, error: Exception) -> HttpResponse:
    log.exception("request %s %s failed", incident_of(request), request.path, exc_info=error)
    return problem(request, LuoshiError("E_INTERNAL", f"系统出了差错，没有留下任何改动。编号 {incident_of(request)}。"))
