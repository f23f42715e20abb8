"""Answers that are the same for everybody, given again without asking Django: public pages in a rush.

A view marks its answer with `keep(response, until)`. In front of Django stands `Ready` (`site/wsgi.py`): it keeps such
an answer whole, with the headers all middleware gave it, and gives it to whoever asks for the same address, host,
language, size of type and compression, until the moment named. `forget` drops all of them. Only GET without a query is
kept, and nothing that sets a cookie. Times are seconds of the epoch.

Shortly before that moment one request is let through, marked `RENEWAL`, to have the next answer made, while all others
still get this one: in a rush nobody waits for it but that one.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.http import HttpResponse

MARK = "X-Luoshi-Ready"
"""The header by which a view asks; it never leaves the house."""
RENEWAL = "luoshi.renewal"
"""What the request's environment holds when its answer is to be made anew before the one that is kept has ended."""
AHEAD_S = 5.0
"""So long before its end an answer is made anew."""
MOST = 400
_CHOICES = re.compile(r"(?:^|; ?)(ls_(?:lang|size)=[a-z-]{1,12})(?=;|$)")
Start = Callable[..., Any]


class Kept(NamedTuple):
    """An answer that is kept: how long, its status, headers and body, and its tag."""

    until: float
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    tag: str


_kept: dict[tuple[str, ...], Kept] = {}
_paths: set[str] = set()
_renewed: dict[tuple[str, ...], float] = {}
"""Which answers are being made anew, or were, each with the end of the one it follows: once for each."""
_round = [0]
"""How often everything was dropped: an answer begun before is not kept after."""
_lock = threading.Lock()


def keep(response: HttpResponse, until: float) -> HttpResponse:
    """Mark an answer as the same for everybody until a moment, cut to the millisecond: never kept past it."""
    response[MARK] = f"{math.floor(until * 1000) / 1000:.3f}"
    return response


def forget() -> None:
    """Drop everything kept; an answer that is being made is not kept either."""
    with _lock:
        _kept.clear()
        _paths.clear()
        _renewed.clear()
        _round[0] += 1


class Ready:
    """Answers from what is kept, else asks `application` and keeps what it marks."""

    def __init__(self, application: Callable[[dict[str, Any], Start], Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        """Answer a request."""
        if environ.get("REQUEST_METHOD") != "GET" or environ.get("QUERY_STRING"):
            return self.application(environ, start)
        if environ.get("PATH_INFO") in _paths:
            kept = _kept.get(key := _key(environ))
            if kept is not None and (left := kept.until - time.time()) > 0:
                if left > AHEAD_S or not _first(key, kept.until):
                    return _given(kept, environ.get("HTTP_IF_NONE_MATCH", ""), start)
                environ[RENEWAL] = True
        return self._asked(environ, start)

    def _asked(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        told: list[tuple[str, list[tuple[str, str]], float]] = []
        begun = _round[0]

        def listen(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            until = next((value for name, value in headers if name == MARK), "")
            rid = [(name, value) for name, value in headers if name != MARK]
            if until and status.startswith("200") and not any(name.lower() == "set-cookie" for name, _v in rid):
                told.append((status, rid, float(until)))
            return start(status, rid, *rest)

        body = self.application(environ, listen)
        if not told:
            return body
        whole = b"".join(body)
        if hasattr(body, "close"):
            body.close()
        status, headers, until = told[0]
        headers = [(name, value) for name, value in headers if name != "X-Request-Id"]
        tag = next((value for name, value in headers if name == "ETag"), "")
        with _lock:
            if begun == _round[0] and (len(_kept) < MOST or _key(environ) in _kept):
                _kept[_key(environ)] = Kept(until, status, headers, whole, tag)
                _paths.add(str(environ.get("PATH_INFO")))
        return [whole]


def _first(key: tuple[str, ...], until: float) -> bool:
    """Tell whether nobody has been let through yet to make anew the answer that ends at `until`."""
    if _renewed.get(key) == until:
        return False
    with _lock:
        mine = _renewed.get(key) != until
        _renewed[key] = until
    return mine


def _key(environ: dict[str, Any]) -> tuple[str, ...]:
    """Return what two requests must have in common to get the same answer."""
    packed = "gzip" if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "") else ""
    scheme = environ.get("HTTP_X_FORWARDED_PROTO", "") + environ.get("wsgi.url_scheme", "")
    chosen = _CHOICES.findall(environ.get("HTTP_COOKIE", ""))
    return (environ["PATH_INFO"], environ.get("HTTP_HOST", ""), scheme, packed, *sorted(chosen))


_OF_BODY = ("Content-Length", "Content-Encoding")


def _given(kept: Kept, known: str, start: Start) -> Iterable[bytes]:
    if kept.tag and kept.tag in known:
        start("304 Not Modified", [pair for pair in kept.headers if pair[0] not in _OF_BODY])
        return []
    start(kept.status, kept.headers)
    return [kept.body]
