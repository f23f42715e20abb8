"""The SMS gateway: one HTTP POST for each parcel, signed, with a key by which a gateway knows a repetition.

The gateway gets, at LUOSHI_SMS_URL,

    POST  Content-Type: application/json; charset=utf-8
    Idempotency-Key: ls-<paper>-sms-<place>          the same at every try
    X-Luoshi-Time: 1547280000                        seconds since 1970
    X-Luoshi-Signature: v1=<hex>                     HMAC-SHA-256 with LUOSHI_SMS_KEY over
                                                     time "\\n" key "\\n" SHA-256 of the body in hex
    {"id": key, "text": words, "count": n, "numbers": ["13800000000", ...]}

and answers 2xx when it has taken the parcel; a repeated key gets the first answer. 408, 425, 429 and 5xx, silence and a
broken line are tried again; any other answer is final. Redirects are not followed: the address is the one configured.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings

from luoshi.kernel.clock import CLOCK, local
from luoshi.kernel.errors import LuoshiError

TIMEOUT_S = 20
_AGAIN = (408, 425, 429)
_KEPT = 500
_MOST = 64 * 1024


class Answer(NamedTuple):
    """What came of a try: `taken`, or `again` when it may be tried later; `proof` is kept, `wait_s` was asked for."""

    taken: bool
    again: bool
    proof: dict[str, Any]
    error: str
    wait_s: int = 0


def configured() -> bool:
    """Tell whether there is a gateway."""
    return bool(settings.SMS_URL and settings.SMS_KEY)


def signature(key: str, time: str, idempotency: str, body: bytes) -> str:
    """Return the signature of a body: what a gateway compares."""
    words = f"{time}\n{idempotency}\n{hashlib.sha256(body).hexdigest()}"
    return "v1=" + hmac.new(key.encode(), words.encode(), hashlib.sha256).hexdigest()


def post(idempotency: str, text: str, numbers: list[str]) -> Answer:
    """Hand one parcel over and return what came of it; E_INPUT when no gateway is set."""
    url = urlsplit(settings.SMS_URL)
    if not configured() or url.scheme not in ("http", "https") or not url.hostname:
        raise LuoshiError("E_INPUT", "没有设短信网关：请设 LUOSHI_SMS_URL（http 或 https 地址）和 LUOSHI_SMS_KEY。")
    told = {"id": idempotency, "text": text, "count": len(numbers), "numbers": numbers}
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    time = str(int(CLOCK.now().timestamp()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Idempotency-Key": idempotency,
        "X-Luoshi-Time": time,
        "X-Luoshi-Signature": signature(settings.SMS_KEY, time, idempotency, body),
        "User-Agent": "luoshi",
    }
    line: http.client.HTTPConnection
    if url.scheme == "https":
        line = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=TIMEOUT_S, context=ssl.create_default_context()
        )
    else:
        line = http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        line.request("POST", path, body=body, headers=headers)
        return _read(line.getresponse())
    except (OSError, http.client.HTTPException) as fault:
        return Answer(False, True, {}, f"{type(fault).__name__}: {fault}"[:300])
    finally:
        line.close()


def _read(response: http.client.HTTPResponse) -> Answer:
    text = response.read(_MOST).decode("utf-8", "replace")
    status = response.status
    proof = {"status": status, "at": local(CLOCK.now()).isoformat(), "body": text[:_KEPT].replace("\0", "")}
    if 200 <= status < 300:
        return Answer(True, False, proof, "")
    wait = response.getheader("Retry-After", "")
    again = status in _AGAIN or status >= 500
    return Answer(False, again, proof, f"HTTP {status} {text[:120]}".replace("\0", "").strip(),
                  min(int(wait), 3600) if wait.isascii() and wait.isdecimal() else 0)  # fmt: skip
