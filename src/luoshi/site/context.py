"""What the shell shows on every page: places, as-of date, demonstration mark, language and size."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

import luoshi
from luoshi.kernel.clock import CLOCK
from luoshi.office.actors import VISITOR

_EARLIEST = datetime.date(1949, 10, 1)
_LATEST = datetime.date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The day a page is seen as of: `on` as asked by ?on=, None for today."""

    on: datetime.date | None
    today: datetime.date
    clear_href: str
    error: str

    @property
    def date(self) -> datetime.date:
        """The day itself."""
        return self.on or self.today

    @property
    def active(self) -> bool:
        """Whether another day than today is looked at."""
        return self.on is not None and self.on != self.today


def as_of(request: HttpRequest) -> AsOf:
    """Read ?on=YYYY-MM-DD; a date that is none, or far off, is said and today taken."""
    text = request.GET.get("on", "").strip()
    rest = request.GET.copy()
    rest.pop("on", None)
    rest.pop("after", None)
    rest.pop("before", None)
    clear = request.path + (f"?{rest.urlencode()}" if rest else "")
    on, error = None, ""
    if text:
        try:
            on = datetime.date.fromisoformat(text)
        except ValueError:
            error = _("“%(text)s”不是日期，应如 2018-03-08；现按今天显示。") % {"text": text[:20]}
        if on and not _EARLIEST <= on <= _LATEST:
            on, error = None, _("日期应在 1949 年到 2100 年之间；现按今天显示。")
    return AsOf(on, CLOCK.today(), clear, error)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return what the base template needs."""
    places = (
        ("desk", _("工作台"), "layout-dashboard", "/desk"),
        ("policy", _("公报与政策"), "book-2", "/policy/"),
        ("registers", _("台账"), "table", "/registers/duties/"),
        ("system", _("系统"), "settings", "/imports/"),
    )
    current = _place_of(request.path)
    asof = as_of(request)
    return {
        "nav": [
            {"key": key, "title": title, "icon": icon, "href": href, "current": key == current}
            for key, title, icon, href in places
        ],
        "demo": settings.DEMO,
        "asof": asof,
        "readonly": asof.active,
        "actor": getattr(request, "actor", VISITOR),
        "search_href": "/policy/",
        "version": luoshi.__version__,
        "incident": getattr(request, "incident", ""),
        "lang": "en" if request.COOKIES.get("ls_lang") == "en" else "zh-hans",
        "large": request.COOKIES.get("ls_size") == "large",
        "operator": settings.OPERATOR,
        "query": request.GET,
    }


def _place_of(path: str) -> str:
    for prefix, place in (
        ("/desk", "desk"),
        ("/policy", "policy"),
        ("/instruments", "policy"),
        ("/registers", "registers"),
        ("/imports", "system"),
        ("/jobs", "system"),
    ):
        if path.startswith(prefix):
            return place
    return ""
