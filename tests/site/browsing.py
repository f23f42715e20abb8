"""The browser of the tests: one Chromium for each worker, pages of somebody, and what is wrong with an open page."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from luoshi.office.accounts.models import User
from tests import databases
from tests.office.people import client_of, everybody

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE = 30_000
"""Milliseconds a page may take on a busy machine."""

WIDE, PHONE = 1440, 390
WIDTHS = (WIDE, 1280, 1024, 768, PHONE, 320)
SIZES = ("large", "largest")
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PLACED = ("target-size", "scrollable-region-focusable")
"""The rules that turn on where things are drawn: in larger type only these can answer differently."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start Chromium, once a process (the fixture `browser`); the test is skipped where the machine has none."""
    if not CHROMIUM.exists():
        pytest.skip("no Chromium on this machine")
    # Playwright keeps an event loop in this thread, which Django would take for an asynchronous caller.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield opened
        opened.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def served(django_db_blocker) -> Iterator[str]:
    """Serve a site whose database stays as it is for all tests of a module, which only read; give its address.

    A test marked `django_db` puts the database back at its end: it belongs into another module.
    """
    with django_db_blocker.unblock():
        server = LiveServer("localhost")
        try:
            yield server.url
        finally:
            server.stop()
            databases.put_back()


def office() -> User:
    """Return the account with every role, made when there is none."""
    return User.objects.filter(login="office").first() or everybody()


def page_of(browser: Browser, url: str, who: User | Client | None, width: int = WIDE, **options) -> Page:
    """Return a page of a fresh browser, logged in as an account or as a client is; None is a visitor."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN", **options)
    client = client_of(who) if isinstance(who, User) else who
    cookies = client.cookies.items() if client else ()
    context.add_cookies([{"name": name, "value": morsel.value, "url": str(url)} for name, morsel in cookies])
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    return page


def complaints(page: Page) -> list[str]:
    """Return a list that from now on takes every error of the page's scripts and of its content policy."""
    told: list[str] = []
    page.on("console", lambda message: "Content Security" in message.text and told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    return told


def followed(link: Locator) -> None:
    """Click what leads to another page and wait until that has been loaded, scripts and all."""
    with link.page.expect_navigation():
        link.click()


def sized(page: Page, width: int) -> None:
    """Make the page's window as wide as `width` and go to the top, where nothing lies under the bar.

    A click returns as soon as the next page has begun, when it may still be without any element: it is waited for.
    """
    page.wait_for_load_state()
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate("scrollTo(0, 0)")


def set_type(page: Page, size: str) -> None:
    """Have this page's site in type of this size."""
    page.context.add_cookies([{"name": "ls_size", "value": size, "url": page.url}])


def overflow(page: Page) -> int:
    """Return by how many pixels the page is wider than its window, once it has been loaded."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


BEYOND_ITS_CARD = """() => [...document.querySelectorAll(".ls-card table")].filter((table) => {
  const card = table.closest(".ls-card").getBoundingClientRect();
  let held = table;
  while (!held.matches(".ls-card") && getComputedStyle(held).overflowX === "visible") held = held.parentElement;
  const own = table.getBoundingClientRect();
  return held.matches(".ls-card") && own.width && own.right > card.right + 1;
}).map((table) => table.className + " +" + Math.round(table.getBoundingClientRect().right)
  + " beyond " + Math.round(table.closest(".ls-card").getBoundingClientRect().right))"""
"""Names the tables that reach over the right edge of their card without a place to scroll them."""


STICKING_OUT = """() => {
  const edge = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > edge + 1);
  return out.slice(-1).map((one) => one.outerHTML.slice(0, 120)).join();
}"""
"""Names the innermost element that reaches over the right edge of the window."""


_coloured: set[str] = set()


def _first_seen(url: str) -> bool:
    """Whether no address like this one, numbers apart, has been asked about before."""
    parts = urlsplit(url)
    like = re.sub(r"[^/]*\d[^/]*", "#", parts.path) + "?" + parts.query
    new = like not in _coloured
    _coloured.add(like)
    return new


def violations(page: Page, rules: Iterable[str] = ()) -> list[str]:
    """Return what axe finds on the page, each with the first place; `rules` asks only these.

    Contrast takes axe longer than all else and does not turn on the width or on the record shown: it is measured the
    first time a process sees a page. The promised pairs of colours are computed in test_contrast.
    """
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": TAGS}
    # Only faults are asked for, without the way to each: a half of the time axe takes otherwise.
    options = {"runOnly": only, "resultTypes": ["violations"], "selectors": False, "preload": False}
    if not rules:
        options["rules"] = {"color-contrast": {"enabled": _first_seen(page.url)}}
    found = page.evaluate("options => axe.run(options).then((told) => told.violations)", options)
    return [f"{item['id']}: {item['nodes'][0]['html'][:160]}" for item in found]


def too_wide(page: Page, name: str, widths: Iterable[int] = WIDTHS) -> list[str]:
    """Return at which widths the page is wider than its window, or a table wider than its card."""
    found = []
    for width in widths:
        sized(page, width)
        if wide := overflow(page):
            found.append(f"{name} at {width}: {wide} px too wide: {page.evaluate(STICKING_OUT)}")
        found += [f"{name} at {width}: {table}" for table in page.evaluate(BEYOND_ITS_CARD)]
    return found


def faults(page: Page, name: str = "page") -> list[str]:
    """Return what is wrong with the page as it stands: axe's findings wide and on a phone, overflow at any width.

    The page is wide afterwards.
    """
    found = too_wide(page, name)
    for width in (WIDE, PHONE):
        sized(page, width)
        found += [f"{name} at {width}: {fault}" for fault in violations(page)]
    sized(page, WIDE)
    return found


def faults_in_every_size(page: Page, name: str = "page") -> list[str]:
    """Return the faults of the page, then those of the same address in large and in largest type."""
    found = faults(page, name)
    for size in SIZES:
        set_type(page, size)
        page.reload()
        assert page.locator("html").get_attribute("data-size") == size
        found += too_wide(page, f"{name}, {size},")
    sized(page, PHONE)
    return found + [f"{name} at {PHONE}, {size}: {fault}" for fault in violations(page, PLACED)]
