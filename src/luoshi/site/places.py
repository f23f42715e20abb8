"""Where things are: the places of the rail and of a phone's bar, as far as the actor may use them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from luoshi.office.actors import Actor
from luoshi.office.permissions import may
from luoshi.office.programme import Page
from luoshi.office.roles import Role
from luoshi.site.registry import manifests


@dataclass(frozen=True, slots=True)
class Place:
    """One place: its doors are tried in order, the first that exists and that the actor may use is where it leads."""

    key: str
    title: str | Promise
    icon: str
    doors: tuple[tuple[str, str], ...]
    under: tuple[str, ...]


PLACES = (
    Place("desk", _("工作台"), "layout-dashboard", (("desk", "desk.see"),), ("/desk",)),
    Place("policy", _("公报与政策"), "book-2", (("policy", "instrument.see"),),
          ("/policy", "/instruments", "/organs", "/persons", "/groups", "/calc", "/procedures")),
    Place("tasks", _("任务督办"), "target-arrow", (("matters", "matter.see"),), ("/tasks",)),
    Place("cases", _("办件"), "briefcase", (("cases", "case.see"),), ("/cases",)),
    Place("registers", _("台账"), "table", (("duties", "duty.see"),), ("/registers",)),
    Place("funds", _("资金"), "coin-yuan", (("funds", "fund.see"),), ("/funds",)),
    Place("indicators", _("指标"), "chart-histogram", (("indicators", "indicator.see"),), ("/indicators",)),
    Place("publish", _("公开发布"), "speakerphone", (("notices", "notice.see"),), ("/publish",)),
    Place("system", _("系统"), "settings", (("system", "desk.see"),),
          ("/system", "/imports", "/jobs", "/delegations", "/account")),
)  # fmt: skip
"""The places that exist, in the order everybody sees them; one a role cannot use is left out."""

BARS: dict[str, tuple[tuple[str, str | Promise, str], ...]] = {
    "leader": (("desk", _("今日"), "home-2"), ("desk#desk-second", _("签批"), "pencil"),
               ("matters", _("督办"), "target-arrow"), ("organs", _("找人"), "users")),
    "staff": (("desk", _("工作台"), "layout-dashboard"), ("duties", _("台账"), "table"),
              ("policy", _("政策"), "book-2"), ("account", _("我"), "user")),
    "visitor": (("policy", _("政策"), "book-2"), ("duties", _("台账"), "table"), ("login", _("登录"), "login-2")),
}  # fmt: skip
"""A phone's bar: url name with its part of the page, word and icon; what is not there is left out."""

SYSTEM: tuple[tuple[str, str | Promise, str, str, str | Promise], ...] = (
    ("people", _("人员"), "users", "user.see", _("账号、角色、起止日期")),
    ("roles", _("角色与权限"), "shield-lock", "desk.see", _("谁能做什么，哪些角色不能兼任")),
    ("delegations", _("授权代行"), "exchange", "desk.see", _("谁可代谁办理，到哪一天")),
    ("account", _("我的账号"), "user-circle", "desk.see", _("口令、动态口令、接口令牌、登录记录")),
    ("calendar", _("工作日历"), "calendar-event", "desk.see", _("休息、调休上班，变更由两人办")),
    ("imports", _("导入记录"), "file-import", "import.see", _("每期公报读出了什么，修补与存疑")),
    ("parameters", _("参数簿"), "calculator", "parameter.see", _("每个数从哪天起是多少，依据哪条")),
    ("audit", _("审计记录"), "clipboard-check", "audit.see", _("谁在什么时候做了什么")),
    ("audit-verify", _("校验审计链"), "shield-check", "audit.verify", _("有没有被改、被删、被换序")),
    ("jobs", _("后台任务"), "list-check", "job.see", _("做到哪一步，失败的为什么")),
    ("health-page", _("运行状况"), "activity-heartbeat", "health.see", _("数据库、任务、备份、磁盘")),
    ("api-docs", _("接口说明"), "link", "desk.see", _("供其他系统调用的接口")),
    ("design", _("设计样张"), "table", "design.see", _("每个部件各列一次")),
)
"""What is found under 系统: url name, title, icon, permission, what it answers."""


def address(name: str) -> str:
    """Return the address of a page by its url name, empty while there is no such page."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def rail(actor: Actor, path: str, query: str = "") -> list[dict[str, Any]]:
    """Return the places `actor` may use; the one `path` lies in is current, `query` is carried to each of them."""
    current = place_of(path)
    shown = []
    for place in PLACES:
        doors: list[tuple[str, str, tuple[str, ...] | None]] = [(name, key, None) for name, key in place.doors]
        doors += [(one.name, one.permission, one.organs) for one in _added() if one.place == place.key]
        href = next((found for name, key, organs in doors if may(actor, key, organs) and (found := address(name))), "")
        if href:
            shown.append(
                {"key": place.key, "title": place.title, "icon": place.icon, "path": href, "href": href + query,
                 "current": place.key == current}
            )  # fmt: skip
    return shown


def bar(actor: Actor, path: str) -> list[dict[str, Any]]:
    """Return a phone's bar for what `actor` mostly does."""
    kind = "visitor" if actor.user_id is None else "leader" if Role.LEADER in actor.roles else "staff"
    shown = []
    for name, title, icon in BARS[kind]:
        page, _mark, part = name.partition("#")
        if href := address(page):
            whole = f"{href}#{part}" if part else href
            shown.append({"title": title, "icon": icon, "href": whole, "current": whole == path})
    return shown


def system_pages(actor: Actor) -> list[dict[str, Any]]:
    """Return what `actor` finds under 系统."""
    return [
        {"title": title, "icon": icon, "href": href, "note": note}
        for name, title, icon, key, note in SYSTEM
        if may(actor, key) and (href := address(name))
    ]


def landing(actor: Actor) -> str:
    """Return where a person lands after logging in."""
    first: Sequence[str] = ()
    if actor.roles == {Role.AUDITOR}:
        first = ("audit",)
    elif actor.roles == {Role.ARCHIVIST}:
        first = ("review-queue", "policy")
    elif actor.roles == {Role.ADMINISTRATOR}:
        first = ("people",)
    last = ("desk", "policy") if may(actor, "desk.see") else ("policy",)
    return next((href for name in (*first, *last) if (href := address(name))), "/")


def place_of(path: str) -> str:
    """Return the key of the place an address lies in, empty for none."""
    own = next((place.key for place in PLACES if path.startswith(place.under)), "")
    return own or next(
        (page.place for page in _added() if (under := address(page.name)) and path.startswith(under)), ""
    )


@cache
def _added() -> tuple[Page, ...]:
    """The pages that programmes add for who works there, those with the longest addresses first."""
    pages = (page for room in manifests() for page in room.pages if page.permission != "open.see")
    return tuple(sorted(pages, key=lambda page: len(address(page.name)), reverse=True))
