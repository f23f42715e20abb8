"""Idempotency for the API (header `Idempotency-Key`) and for forms (hidden field `_key`, tag `{% once_key %}`)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from luoshi.kernel.errors import LuoshiError
from luoshi.office.accounts.queries import user_of_token
from luoshi.office.actors import Actor
from luoshi.office.repetition import Answer, once
from luoshi.site.errors import refused

Next = Callable[[HttpRequest], HttpResponse]

HEADER = "Idempotency-Key"
FIELD = "_key"
_KEPT_HEADERS = ("Content-Type", "Location", "HX-Location", "HX-Redirect", "HX-Trigger")
_KEPT_BYTES = 256 * 1024


class Repetition:
    """Carries out a write that came with a key once, and answers a repetition with the first answer.

    Only for people who are logged in or have a token: a visitor's login stays outside.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return self.get_response(request)
        api = request.path_info.startswith("/api/")
        key = request.headers.get(HEADER, "") or ("" if api else request.POST.get(FIELD, ""))
        # A form that only asks what would come of it has done nothing: its key stays for the act itself.
        asks = request.path_info.endswith("/preview/")
        asker = _asker(request) if key and not asks else None
        if asker is None:
            return self.get_response(request)
        answered: list[HttpResponse] = []

        def carry_out() -> Answer:
            response = self.get_response(request)
            answered.append(response)
            headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
            body = None
            # What a script is told is short and is told again; a page is not.
            plain = api or response.status_code >= 300 or response.get("Content-Type", "") == "application/json"
            if not response.streaming and plain:
                body = response.content if len(response.content) <= _KEPT_BYTES else None
            return Answer(response.status_code, body, headers)

        try:
            answer = once(actor=asker, key=key, body_digest=_digest(request, api), function=carry_out)
        except LuoshiError as error:
            return refused(request, error)
        return answered[0] if answered else _again(request, answer)


def _asker(request: HttpRequest) -> Actor | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        user = user_of_token(token.strip())
        return Actor(user.name, "api", user.pk) if user is not None else None
    return Actor(request.user.name, "web", request.user.pk) if request.user.is_authenticated else None


def _digest(request: HttpRequest, api: bool) -> str:
    """Return the digest of what was sent: address, fields and files, without the form's own tokens."""
    state = hashlib.new("sm3", f"{request.method} {request.get_full_path()}\0".encode())
    if api:
        state.update(request.body)
        return state.hexdigest()
    for name, values in sorted(request.POST.lists()):
        if name not in (FIELD, "csrfmiddlewaretoken"):
            state.update(repr((name, values)).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            state.update(repr((name, file.name, file.size)).encode())
            for piece in file.chunks():
                state.update(piece)
            file.seek(0)
    return state.hexdigest()


def _again(request: HttpRequest, answer: Answer) -> HttpResponse:
    if answer.body is None:
        return refused(request, LuoshiError("E_DUPLICATE", "这张表单已经交过并办好，没有再办一次。请回到列表查看。"))
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.headers.items():
        response[name] = value
    response["Idempotent-Replayed"] = "true"
    return response
