"""Pages everybody asks for, made ahead and given out as they are: in a red warning 50,000 are asked for in an hour.

A copy holds for `AGE_S` seconds and for the day on which it was made, its name says which: an older one, or
yesterday's, is never given out. Who asks first after that makes the next, the others wait for it; where many ask, one
of them makes it before the old one ends (`office/ready.py`) and nobody else waits. What happens to a
warning drops every copy at once in this process; other processes follow within `AGE_S`. The timer makes them ahead.
Copies lie in `public/` of the data folder, so that all processes share them, and in memory; answers made of them are
given again without asking Django (`office/ready.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from luoshi.kernel.clock import CLOCK, end_of
from luoshi.office.ready import AHEAD_S, forget, keep
from luoshi.programmes.heavy_pollution.models import CapMessage, PollutionWarning, WarningChange

AGE_S = 20.0
"""Seconds for which a copy is given out; the plan's pages are to follow an event within thirty."""

Build = Callable[[], str]


class Copy(NamedTuple):
    """A page as given out: when it was made (seconds of the epoch), its bytes plain and compressed, its tag."""

    made: float
    body: bytes
    packed: bytes
    tag: str


_copies: dict[str, Copy] = {}
_lock = threading.Lock()


def _age() -> float:
    return float(getattr(settings, "PUBLIC_AGE_S", AGE_S))


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "public"


def _fresh(made: float, ahead: float = 0) -> bool:
    return 0 <= time.time() - made < _age() - ahead


def copy_of(name: str, build: Build, *, renewal: bool = False) -> Copy:
    """Return the copy `name` of today, made anew where it is too old, for a `renewal` where it soon will be."""
    ahead = AHEAD_S if renewal else 0
    key = f"{CLOCK.today():%Y%m%d}-{name}"
    held = _copies.get(key)
    if held is not None and _fresh(held.made, ahead):
        return held
    with _lock:
        held = _copies.get(key)
        if held is not None and _fresh(held.made, ahead):
            return held
        found = _read(key, ahead) or _made(key, build)
        for old in [one for one in _copies if not one.startswith(key[:9])]:
            _copies.pop(old, None)
        _copies[key] = found
        return found


def _read(key: str, ahead: float) -> Copy | None:
    """Return what another process made, while it holds."""
    file = _folder() / key
    try:
        made = file.stat().st_mtime
        return _copy(made, file.read_bytes()) if _fresh(made, ahead) else None
    except OSError:
        return None


def _copy(made: float, body: bytes) -> Copy:
    return Copy(made, body, gzip.compress(body, 6, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def _made(key: str, build: Build) -> Copy:
    """Make a page and keep it; that it cannot be written is no reason not to answer."""
    made = time.time()
    body = build().encode()
    if _age() > 0:
        try:
            folder = _folder()
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
                file.write(body)
            os.utime(file.name, (made, made))
            Path(file.name).replace(folder / key)
            for old in folder.iterdir():
                if not old.name.startswith(key[:9]):
                    old.unlink(missing_ok=True)
        except OSError:
            pass
    return _copy(made, body)


def drop() -> None:
    """Forget every copy: something has happened that everybody should see."""
    with _lock:
        _copies.clear()
        forget()
        folder = _folder()
        if folder.is_dir():
            for file in folder.iterdir():
                file.unlink(missing_ok=True)


def answer(request: HttpRequest, copy: Copy, content_type: str) -> HttpResponse:
    """Answer with a copy: compressed where the reader takes it, "not modified" where he has it."""
    response: HttpResponse
    if copy.tag in request.headers.get("If-None-Match", ""):
        response = HttpResponseNotModified()
    elif "gzip" in request.headers.get("Accept-Encoding", ""):
        response = HttpResponse(copy.packed, content_type=content_type, headers={"Content-Encoding": "gzip"})
    else:
        response = HttpResponse(copy.body, content_type=content_type)
    response["ETag"] = copy.tag
    response["Cache-Control"] = f"public, max-age={int(_age())}"
    response["Vary"] = "Accept-Encoding, Cookie"
    midnight = end_of(CLOCK.today()).timestamp()
    return keep(response, min(copy.made + _age(), time.time() + midnight - CLOCK.now().timestamp()))


@receiver(post_save, sender=PollutionWarning)
@receiver(post_save, sender=WarningChange)
@receiver(post_save, sender=CapMessage)
def _happened(**_given: object) -> None:
    transaction.on_commit(drop)
